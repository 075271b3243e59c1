"""The package `snek` in CPython, and as type checkers see it."""

import json
import subprocess
import sys
import typing

import numpy
import pytest
import snek

BLUR = """
from typing import Annotated

import numpy
from numpy.typing import NDArray
from snek import Array1D, Array2D, Array3D, Array4D, c128, f32, f64, i32, u8
from snek import Lock, Task, join, native, parallel, parallel_map, prange, reduction, run, spawn


@parallel
def blur(src: Array2D[u8], out: Array2D[u8], radius: int) -> float:
    h, w = src.shape
    total = 0.0
    for y in prange(h):
        for x in range(w):
            s = 0
            n = 0
            for v in range(max(0, y - radius), min(h, y + radius + 1)):
                for u in range(max(0, x - radius), min(w, x + radius + 1)):
                    s += int(src[v, u])
                    n += 1
            out[y, x] = s // n
            total += s / n
    return total


@native()
def scale(a: Array1D[f64], k: float = 2.0) -> None:
    for i in prange(0, len(a), 2):
        a[i] *= k


@parallel()
def planes(a: Array3D[f32], b: Array4D[c128], c: NDArray[numpy.float64]) -> int:
    return a.shape[2] + b.shape[3] + c.size


def extents(a: Annotated[Array2D[f64], "n m"]) -> i32:
    return i32(a.shape[0])


def use() -> float:
    image = numpy.zeros((4, 4), numpy.uint8)
    out = numpy.zeros_like(image)
    scale(numpy.zeros(3), k=1.0)
    return blur(image, out, radius=1)


def longer(a: int, b: int) -> int:
    return max(a, b)


longest = reduction(0, longer)
lock = Lock()


@parallel(auto=False)
def reduced(a: Array1D[f64]) -> int:
    best = 0
    for i in prange(len(a), collapse=1):
        best = longest(best, int(a[i]))
        with lock:
            a[0] += 1.0
    return best + longest.identity


def fib(n: int) -> int:
    if n < 2:
        return n
    a, b = join(lambda: fib(n - 1), lambda: fib(n - 2), unchecked=True)
    return a + b


async def tasks() -> int:
    task: Task[int] = spawn(fib, 10)
    found: list[int] = parallel_map(fib, [1, 2, 3])
    value: int = await run(fib, n=3)
    return task.join() + task.join(timeout=1.0) + sum(found) + value + int(task.done())
"""

WRONG = """
from snek import parallel, prange


@parallel
def f(n: int) -> int:
    return n


x: str = f(1)
f("text")
for i in prange(3):
    i.upper()
"""


def test_decorators_hand_functions_through():
    def f(x: int) -> int:
        return x

    for decorator in (snek.native, snek.parallel):
        assert decorator(f) is f
        assert decorator()(f) is f


def test_prange_is_range():
    assert snek.prange(4) == range(4)
    assert snek.prange(1, 4) == range(1, 4)
    assert snek.prange(9, 0, -2) == range(9, 0, -2)
    with pytest.raises(ValueError, match="must not be zero"):
        snek.prange(1, 2, 0)


def test_types_are_numpys():
    assert snek.i32 is numpy.int32
    assert snek.c128 is numpy.complex128
    alias = numpy.ndarray[tuple[int, int], numpy.dtype[numpy.float64]]
    assert snek.Array2D[snek.f64] == alias == snek.Array[snek.f64, 2]

    def f(a: snek.Array1D[snek.u8], b: "snek.Array[snek.f32, 3]"): ...

    hints = typing.get_type_hints(f)
    assert hints["a"] == numpy.ndarray[tuple[int], numpy.dtype[numpy.uint8]]
    assert hints["b"] == numpy.ndarray[tuple[int, int, int], numpy.dtype[numpy.float32]]


def test_everything_that_is_promised_is_there():
    for name in snek.__all__:
        assert getattr(snek, name) is not None
    assert set(snek.__all__) <= set(dir(snek))
    assert snek.__doc__ and snek.prange.__doc__ and snek.parallel.__doc__
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        snek.nonsense  # noqa: B018


def python(code, *options):
    return subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, text=True, check=True
    ).stdout


def test_import_is_cheap():
    loaded = python("import sys; a = set(sys.modules); import snek; print(*(set(sys.modules) - a))")
    assert loaded.split() == ["snek"]
    timed = "import time; t = time.perf_counter(); import snek; print(time.perf_counter() - t)"
    assert min(float(python(timed)) for _ in range(10)) < 0.002


def test_works_without_numpy(tmp_path):
    (tmp_path / "numpy.py").write_text("raise ModuleNotFoundError('gone', name='numpy')")
    code = f"""
import sys; sys.path.insert(0, {str(tmp_path)!r})
import array
from snek import Array1D, f64, prange
def total(a: Array1D[f64], b: Array1D[f64] | None = None) -> float:
    return sum(a[i] for i in prange(len(a)))
print(total(array.array("d", [1.0, 2.0])))
try: f64(1)
except ModuleNotFoundError as error: print(error)
"""
    assert python(code) == "3.0\nsnek.f64 needs NumPy to make values: pip install numpy\n"


def test_mypy_is_content(tmp_path):
    (tmp_path / "blur.py").write_text(BLUR)
    (tmp_path / "wrong.py").write_text(WRONG)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary"]
    good = subprocess.run([*command, "blur.py"], cwd=tmp_path, capture_output=True, text=True)
    assert (good.returncode, good.stdout) == (0, ""), good.stdout
    bad = subprocess.run([*command, "wrong.py"], cwd=tmp_path, capture_output=True, text=True)
    assert [int(line.split(":")[1]) for line in bad.stdout.splitlines()] == [10, 11, 13]


def test_pyright_is_content(tmp_path):
    (tmp_path / "blur.py").write_text(BLUR)
    (tmp_path / "wrong.py").write_text(WRONG)
    settings = {"typeCheckingMode": "strict", "include": ["."]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    found = json.loads(done.stdout)["generalDiagnostics"]
    places = {(d["file"].rsplit("/", 1)[1], d["range"]["start"]["line"] + 1) for d in found}
    assert places == {("wrong.py", 10), ("wrong.py", 11), ("wrong.py", 13)}, found
