"""Runs the filters on a photograph: interpreted, in a process pool, in NumPy, and compiled.

All must give the same pixels.  Prints a table of times and writes pictures to `out/`.
The photograph is of Grace Hopper, who wrote the first compiler; matplotlib ships it.
"""

import importlib.util
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from importlib.machinery import ExtensionFileLoader
from pathlib import Path

import filters
import numpy as np
import reference

HERE = Path(__file__).parent
BUILD = HERE / "build"
OUT = HERE / "out"

RADIUS = 2
LIMIT = 60
STEPS = ("greyscale", "box blur", "Sobel edges", "histogram", "mandelbrot")
CORES = len(os.sched_getaffinity(0))


def photograph():
    import matplotlib.cbook
    from PIL import Image

    path = matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).copy()


def run(module, rgb, repeat=1):
    """Runs each step with the functions of `module`; gives the results and the median times."""
    h, w, _ = rgb.shape
    grey, blurred, edges, fractal = (np.zeros((h, w), np.uint8) for _ in range(4))
    bins = np.zeros(256, np.int64)
    answers = {}
    work = {
        "greyscale": lambda: module.greyscale(rgb, grey),
        "box blur": lambda: module.box_blur(grey, blurred, RADIUS),
        "Sobel edges": lambda: module.sobel(grey, edges),
        "histogram": lambda: module.histogram(grey, bins),
        "mandelbrot": lambda: module.mandelbrot(fractal, 0, h, LIMIT),
    }
    times = {}
    for step, function in work.items():
        taken = []
        for _ in range(repeat):
            bins[:] = 0
            start = time.perf_counter()
            answers[step] = function()
            taken.append(time.perf_counter() - start)
            if step == "histogram":
                answers[step] = bins.copy()
        times[step] = statistics.median(taken)
    pictures = {"grey": grey, "blur": blurred, "edges": edges, "mandelbrot": fractal}
    return pictures, answers, times


# The pool: each worker gets a band of rows, with the rows that the filter looks at beyond it.


def band(task):
    step, data, first_row, rows, skip, keep = task
    out = np.zeros(data.shape[:2], np.uint8)
    match step:
        case "greyscale":
            filters.greyscale(data, out)
        case "box blur":
            filters.box_blur(data, out, RADIUS)
        case "Sobel edges":
            filters.sobel(data, out)
        case "histogram":
            bins = np.zeros(256, np.int64)
            filters.histogram(data, bins)
            return bins
        case "mandelbrot":
            filters.mandelbrot(out, first_row, rows, LIMIT)
    return out[skip : skip + keep]


def run_pool(rgb, grey):
    """Times the interpreted filters in a pool with a process for each core."""
    h, w, _ = rgb.shape
    halos = {"box blur": RADIUS, "Sobel edges": 1}
    results, times = {}, {}
    with multiprocessing.Pool(CORES) as pool:
        for step in STEPS:
            data = {"greyscale": rgb, "mandelbrot": np.zeros((h, w), np.uint8)}.get(step, grey)
            start = time.perf_counter()
            halo = halos.get(step, 0)
            tasks = []
            for low in range(0, h, -(-h // CORES)):
                high = min(h, low + -(-h // CORES))
                top, bottom = max(0, low - halo), min(h, high + halo)
                tasks.append((step, data[top:bottom], top, h, low - top, high - low))
            parts = pool.map(band, tasks)
            results[step] = sum(parts) if step == "histogram" else np.concatenate(parts)
            times[step] = time.perf_counter() - start
    return results, times


def compiled():
    """The compiled module; `import filters` gives the interpreted one."""
    path = BUILD / "filters.so"
    spec = importlib.util.spec_from_file_location(
        "filters", path, loader=ExtensionFileLoader("filters", str(path))
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_snek(threads):
    """Times the compiled filters in a process that uses `threads` threads."""
    done = subprocess.run(
        [sys.executable, __file__, "--time-compiled"],
        env={**os.environ, "SNEK_NUM_THREADS": str(threads)},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


def check(name, expected, found):
    pictures, answers, _ = expected
    other_pictures, other_answers, _ = found
    for key, picture in pictures.items():
        differing = int((picture != other_pictures[key]).sum())
        if differing:
            sys.exit(f"{name}: {differing} pixels of `{key}` are not what CPython computes")
    for key, answer in answers.items():
        if not np.array_equal(answer, other_answers[key]):
            sys.exit(f"{name}: {key} gives {other_answers[key]!r}, CPython gives {answer!r}")


def show_table(columns):
    names = list(columns)
    print(f"{'ms':14}" + "".join(f"{name:>16}" for name in names))
    for step in (*STEPS, "all"):
        cells = []
        for times in columns.values():
            value = sum(times.values()) if step == "all" else times[step]
            cells.append(f"{value * 1e3:16.2f}")
        print(f"{step:14}" + "".join(cells))


def write_pictures(rgb, pictures, columns):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from PIL import Image

    OUT.mkdir(exist_ok=True)
    for name, picture in pictures.items():
        Image.fromarray(picture).save(OUT / f"{name}.png")
    strip = [rgb] + [np.repeat(p[:, :, None], 3, axis=2) for p in pictures.values()]
    Image.fromarray(np.hstack(strip)).resize((1280, 300)).save(OUT / "filters.png")

    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    base = columns["CPython"]
    others = [name for name in columns if name != "CPython"]
    width = 0.8 / len(others)
    for index, name in enumerate(others):
        places = np.arange(len(STEPS)) + (index - (len(others) - 1) / 2) * width
        speedups = [base[step] / columns[name][step] for step in STEPS]
        bars = axes.bar(places, speedups, width, label=name)
        labels = [f"{s:.0f}" if s >= 10 else f"{s:.1f}" for s in speedups]
        axes.bar_label(bars, labels, fontsize=6)
    axes.set_xticks(range(len(STEPS)), STEPS)
    axes.set_yscale("log")
    axes.set_ylabel("times as fast as CPython")
    axes.axhline(1, color="grey", linewidth=0.8)
    axes.legend(fontsize=8)
    figure.savefig(OUT / "speedups.png", dpi=150)


def main():
    rgb = photograph()
    if sys.argv[1:] == ["--time-compiled"]:
        json.dump(run(compiled(), rgb, repeat=7)[2], sys.stdout)
        return

    print("building", flush=True)
    command = [sys.executable, "-m", "snek", "build", "-o", BUILD.name, "filters.py"]
    subprocess.run(command, check=True, cwd=HERE)
    print(f"\nrunning on a photograph of {rgb.shape[1]} x {rgb.shape[0]} pixels", flush=True)
    interpreted = run(filters, rgb)
    numpy_way = run(reference, rgb, repeat=3)
    snek_way = run(compiled(), rgb)
    check("snek", interpreted, snek_way)
    check("NumPy", interpreted, numpy_way)
    pooled, pool_times = run_pool(rgb, interpreted[0]["grey"])
    for step, key in (("box blur", "blur"), ("mandelbrot", "mandelbrot")):
        assert np.array_equal(pooled[step], interpreted[0][key]), step

    columns = {
        "CPython": interpreted[2],
        f"Pool, {CORES}": pool_times,
        "NumPy": numpy_way[2],
        "snek, 1 thread": run_snek(1),
        f"snek, {CORES}": run_snek(CORES),
    }
    print("CPython, NumPy and snek agree on every pixel\n")
    show_table(columns)
    write_pictures(rgb, snek_way[0], columns)
    print(f"\npictures are in {os.path.relpath(OUT)}")


if __name__ == "__main__":
    main()
