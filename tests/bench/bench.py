"""`make bench`: measures what docs/performance.md promises and writes its table.

The peers are installed into `.bench/peers`.  Everything that is compared runs in this one session,
in turns and pinned to one core (or as many as a row says); a figure is the median.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WORK = ROOT / ".bench"
PEERS = WORK / "peers"
PEER_PACKAGES = ["numba==0.68.1", "cython==3.3.1", "numpy", "setuptools"]
PAGE = ROOT / "docs/performance.md"
MARKS = "<!-- make bench writes from here -->", "<!-- to here -->"

SNEKC = Path(sysconfig.get_path("scripts")) / "snekc"
CORES = sorted(os.sched_getaffinity(0))
ROUNDS = 3


def run(*command, cores=1, **environment):
    """Runs a command on the first cores and returns what it prints."""

    def pin():
        os.sched_setaffinity(0, CORES[:cores])

    limits = {"SNEK_NUM_THREADS": str(cores), "NUMBA_NUM_THREADS": str(cores)}
    done = subprocess.run(
        [*map(str, command)],
        stdout=subprocess.PIPE,
        check=True,
        preexec_fn=pin,
        env={**os.environ, **limits, **environment},
    )
    return done.stdout


def install_peers():
    marker = PEERS / ".installed"
    if marker.exists() and marker.read_text() == " ".join(PEER_PACKAGES):
        return
    print("installing the peers", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", PEERS], check=True)
    subprocess.run([PEERS / "bin/pip", "install", "--quiet", *PEER_PACKAGES], check=True)
    marker.write_text(" ".join(PEER_PACKAGES))


def build_cython():
    path = WORK / "calls.so"
    source = HERE / "calls.pyx"
    if not path.exists() or path.stat().st_mtime < source.stat().st_mtime:
        built = WORK / "cython"
        built.mkdir(exist_ok=True)
        (built / "calls.pyx").write_text(source.read_text())
        command = [PEERS / "bin/cythonize", "--inplace", "-3", "calls.pyx"]
        environment = {**os.environ, "CFLAGS": "-O2"}
        done = subprocess.run(command, cwd=built, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stdout + done.stderr)
        next(built.glob("calls.*.so")).replace(path)
    return path


def measure_build():
    """Milliseconds and bytes of a build of a module of 100 lines."""
    source = HERE / "hundred.py"
    assert len(source.read_text().splitlines()) == 100
    times = []
    for _ in range(15):
        start = time.perf_counter()
        subprocess.run([SNEKC, "build", "--quiet", "-o", WORK, source], check=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3, (WORK / "hundred.so").stat().st_size


class Timings:
    """Times of programs, gathered in rounds."""

    def __init__(self):
        self.times = {}
        self.values = {}

    def gather(self, way, names, cores=1):
        python, path = {
            "snek": (sys.executable, WORK / "programs.so"),
            "numba": (PEERS / "bin/python", HERE / "programs.py"),
        }[way]
        output = run(python, HERE / "worker.py", way, path, *names, cores=cores)
        for name, found in json.loads(output).items():
            self.times.setdefault((way, name, cores), []).extend(found["times"])
            expected = self.values.setdefault(name, found["value"])
            same = abs(expected - found["value"]) <= 1e-9 * abs(expected)
            assert same, f"{name}: {way} gives {found['value']}, not {expected}"

    def median(self, way, name, cores=1):
        return statistics.median(self.times[way, name, cores]) * 1e3

    def ratio(self, a, b):
        return self.median(*a) / self.median(*b)


SERIAL = ("mandelbrot", "sieve", "collatz", "nbody")
PARALLEL = ("mandelbrot_parallel", "collatz_parallel")
CHECKS = ("sieve_checked", "sieve_wrapping", "nbody_checked", "nbody_wrapping")


def main():
    WORK.mkdir(exist_ok=True)
    install_peers()
    cython = build_cython()
    run(SNEKC, "build", "--quiet", "-o", WORK, HERE / "programs.py")

    rows = []

    def row(what, value, target, met):
        rows.append(f"| {what} | {value} | {target} | {'yes' if met else 'no'} |")
        print(rows[-1], file=sys.stderr)

    build, size = measure_build()
    row("`snekc build` of 100 lines, wall time", f"{build:.0f} ms", "≤ 60 ms", build <= 60)
    row("size of its `.so`", f"{size / 1000:.0f} kB", "≤ 600 kB", size <= 600_000)

    rounds = [
        json.loads(run(sys.executable, HERE / "calls.py", WORK / "programs.so", cython))
        for _ in range(ROUNDS)
    ]
    calls = {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
    own, peer = calls["snek scalar"], calls["cython scalar"]
    row(
        "call of `f(x: float) -> float`",
        f"{own:.0f} ns (Cython {peer:.0f} ns)",
        "≤ 50 ns or ≤ 1.1 × Cython",
        own <= max(50, 1.1 * peer),
    )
    own = calls["snek array"] - calls["snek scalar"]
    peer = calls["cython array"] - calls["cython scalar"]
    row("passing a NumPy array", f"{own:.0f} ns (Cython {peer:.0f} ns)", "≤ 150 ns", own <= 150)

    timings = Timings()
    for _ in range(ROUNDS):
        timings.gather("snek", SERIAL)
        timings.gather("numba", SERIAL)
        timings.gather("snek", CHECKS)
        timings.gather("snek", PARALLEL)
        if len(CORES) > 1:
            timings.gather("snek", PARALLEL, cores=2)
            timings.gather("numba", PARALLEL, cores=2)
    for name in SERIAL:
        own, peer = timings.median("snek", name), timings.median("numba", name)
        row(
            f"{name}, one thread",
            f"{own:.1f} ms, Numba {peer:.1f} ms: {own / peer:.2f} ×",
            "≤ 1.1 × Numba",
            own / peer <= 1.1,
        )
    for name in PARALLEL if len(CORES) > 1 else ():
        speedup = timings.ratio(("snek", name, 1), ("snek", name, 2))
        own, peer = timings.median("snek", name, 2), timings.median("numba", name, 2)
        row(
            f"{name.removesuffix('_parallel')}, `prange`, two threads",
            f"{own:.1f} ms: {speedup:.2f} × one thread (Numba {peer:.1f} ms)",
            "≥ 1.8 × one thread",
            speedup >= 1.8,
        )
    for name in ("sieve", "nbody"):
        ratio = timings.ratio(("snek", f"{name}_checked"), ("snek", f"{name}_wrapping"))
        cost = (ratio - 1) * 100
        row(f"checked `int` against unchecked, {name}", f"{cost:+.1f} %", "≤ 3 %", cost <= 3)

    write_page(rows)


def write_page(rows):
    machine = f"{cpu()}, {len(CORES)} cores, CPython {platform.python_version()}"
    head = ["| what | measured | target | met |", "|---|---|---|---|"]
    table = "\n".join([f"Measured on {machine}.", "", *head, *rows])
    text = PAGE.read_text()
    before, rest = text.split(MARKS[0])
    _, after = rest.split(MARKS[1])
    PAGE.write_text(f"{before}{MARKS[0]}\n\n{table}\n\n{MARKS[1]}{after}")
    print(f"written to {PAGE.relative_to(ROOT)}", file=sys.stderr)


def cpu():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


main()
