"""One `.so` in a free-threaded CPython, where there is one: `make test-freethreaded` builds it."""

import os
import subprocess

import freethreaded
import pytest

FOUND = freethreaded.find()
pytestmark = pytest.mark.skipif(
    FOUND is None, reason="no free-threaded Python (make test-freethreaded builds one)"
)

MODULE = '''
"""Compiled functions of all kinds, and plain ones."""

from snek import Array1D, Array2D, Lock, atomic, f64, i64, parallel, prange

lock = Lock()


def fib(n: int) -> int:
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def mean(a: Array1D[f64]) -> float:
    total = 0.0
    for x in a:
        total += float(x)
    return total / len(a)


def scaled(a: Array1D[f64], by: float = 2.0, *, offset: float = 0.5) -> Array1D[f64]:
    for i in range(len(a)):
        a[i] = a[i] * by + offset
    return a


def pair(x: float, n: int) -> tuple[float, int]:
    return x * n, n // 3


def inverse(n: int) -> float:
    if n < 0:
        raise ValueError("negative", n)
    return 1 / n


def element(a: Array1D[f64], i: int) -> float:
    return float(a[i])


def shout(n: int) -> None:
    for i in range(n):
        print("line", i)


@parallel
def harmonic(n: int) -> float:
    total = 0.0
    for i in prange(n):
        total += 1.0 / (i + 1)
    return total


@parallel
def apart(a: Array1D[f64], shift: float) -> None:
    for i in prange(len(a)):
        a[i] = i * shift


@parallel
def table(a: Array2D[f64]) -> float:
    total = 0.0
    for i in prange(a.shape[0]):
        for j in prange(a.shape[1]):
            total += float(a[i, j])
    return total


@parallel
def counted(bins: Array1D[i64], n: int) -> None:
    for i in prange(n):
        atomic.add(bins, i % 4, 1)


@parallel
def guarded(seen: Array1D[i64], n: int) -> None:
    for i in prange(n):
        with lock:
            seen[0] += i


@parallel
def failing(n: int, at: int) -> int:
    total = 0
    for i in prange(n):
        if i >= at:
            raise KeyError("at", i)
        total += i
    return total


def plain(words):
    return sorted({word.upper() for word in words})
'''

# What every thread does, with arrays of its own: the outcome must not depend on the others.
USE = """
import array, sys, threading, traceback
import shapes
import snek  # what the module carries

assert shapes.__file__.endswith(".so") and not sys._is_gil_enabled()
assert type(shapes.fib).__name__ == "native_function"
try:
    import numpy as np
    assert not sys._is_gil_enabled()
except ImportError:
    np = None
# `print` writes here, each thread to its own.
class Written(threading.local):
    text = ""
    def write(self, text):
        self.text += text
    def flush(self):
        pass

def failure(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        frames = [(f.name, f.lineno) for f in traceback.extract_tb(error.__traceback__)]
        return type(error).__name__, error.args, frames

def run(seed, out):
    results = []
    for k in range(seed, seed + 3):
        a = array.array("d", [(i * k) % 17 / 4 for i in range(50 + k)])
        whole = memoryview(a)
        results += [shapes.fib(10 + k % 5), shapes.pair(0.5 * k, k)]
        results += [shapes.mean(a), shapes.mean(whole[::2])]
        assert shapes.scaled(a) is a
        shapes.scaled(whole[1::3], 0.5, offset=k)
        results += [list(a), shapes.harmonic(1000 + k), shapes.plain(["a", "b" * k])]
        shapes.apart(a, 0.25)
        results += [list(a), failure(shapes.inverse, -k), failure(shapes.inverse, 0)]
        results += [failure(shapes.element, a, 10**6), failure(shapes.failing, 5000, 3 * k)]
        results += [failure(shapes.fib, "x"), failure(shapes.mean, [1.0]), failure(shapes.scaled)]
        bins, seen = array.array("q", [0] * 4), array.array("q", [0])
        shapes.counted(bins, 4 * k + 2)
        shapes.guarded(seen, 100 + k)
        results += [list(bins), list(seen), failure(shapes.scaled, b"bytes")]
        if np is not None:
            grid = np.arange(60.0 * k).reshape(-1, 20)
            results += [shapes.table(grid), shapes.table(grid[:, ::-2]), shapes.mean(grid[0])]
            results += [failure(shapes.mean, grid), failure(shapes.mean, grid[0].astype("f4"))]
        results += [snek.spawn(shapes.fib, k).join(), snek.parallel_map(shapes.fib, range(k))]
        results += [failure(snek.spawn(shapes.inverse, 0).join)]
        shapes.shout(k)
        results.append(out.text)
        out.text = ""
    return repr(results)

kept, sys.stdout = sys.stdout, Written()
expected = {seed: run(seed, sys.stdout) for seed in range(1, 9)}
bad = []
start = threading.Barrier(8)
def work(seed):
    start.wait()
    for _ in range(ROUNDS):
        try:
            got = run(seed, sys.stdout)
        except BaseException as error:
            got = "".join(traceback.format_exception(error))
        if got != expected[seed]:
            bad.append((seed, got, expected[seed]))
            return
threads = [threading.Thread(target=work, args=(seed,)) for seed in expected]
for thread in threads: thread.start()
for thread in threads: thread.join()
sys.stdout = kept
for seed, got, wanted in bad[:2]:
    print(seed, got, wanted, sep="\\n")
assert not bad
assert not sys._is_gil_enabled()
"""

# Functions whose parts change while others call them, and modules that come and go.
CHANGES = """
import gc, importlib, sys, threading
import array, shapes

errors = []
def guarded(function):
    def run():
        try:
            for _ in range(ROUNDS): function()
        except BaseException as error:
            errors.append(error)
    return run
def call():
    a = array.array("d", [1.0])
    shapes.scaled(a)
    assert a[0] in (2.5, 4.0, 5.0), a
    try: shapes.inverse(-1)
    except ValueError: pass
def change():
    # Floats that nothing else holds. A new dictionary in its place would crash CPython 3.13's own
    # functions, too.
    for offset in ("2.0", "3.0", "0.5"):
        shapes.scaled.__kwdefaults__["offset"] = float(offset)
    shapes.scaled.note = object()
    del shapes.scaled.note
def collect():
    gc.collect()
def look():
    repr(shapes.fib), shapes.fib.__name__, shapes.fib.__doc__, shapes.fib.__dict__
once = threading.Lock()
def renew():
    # Imports go one by one, as they would for one name.
    with once:
        kept = sys.modules.pop("shapes")
        again = importlib.import_module("shapes")
        assert again is not kept and again.fib(10) == 55
        sys.modules["shapes"] = kept
work = call, call, call, call, change, look, collect, renew
threads = [threading.Thread(target=guarded(function)) for function in work]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not errors, errors
assert not sys._is_gil_enabled()
"""

# Two modules that are imported at once share one pool.
IMPORTS = """
import sys, threading
start = threading.Barrier(3)
found = []
def load(name):
    start.wait()
    found.append(__import__(name).harmonic(10_000))
threads = [threading.Thread(target=load, args=(name,)) for name in ("shapes", "copy1", "copy2")]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(set(found)) == 1 and len(found) == 3, found
import os
names = [open(f"/proc/self/task/{task}/comm").read() for task in os.listdir("/proc/self/task")]
assert sum(name.startswith("snek-") for name in names) <= 2, names
assert not sys._is_gil_enabled()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    import sysconfig

    folder = tmp_path_factory.mktemp("shapes")
    snekc = os.path.join(sysconfig.get_path("scripts"), "snekc")
    for name in ("shapes", "copy1", "copy2"):
        (folder / f"{name}.py").write_text(MODULE)
    subprocess.run(
        [snekc, "build", *(f"{n}.py" for n in ("shapes", "copy1", "copy2"))], cwd=folder, check=True
    )
    return folder


def python(folder, text, rounds=0):
    interpreter, packages = FOUND
    # Neither the GIL nor a package of this interpreter's.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [interpreter, "-c", f"ROUNDS = {rounds}\n{text}"],
        cwd=folder,
        env={
            **kept,
            "SNEK_NUM_THREADS": "3",
            "PYTHONPATH": str(packages),
            "PYTHONFAULTHANDLER": "1",
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_eight_threads_agree_with_one(folder):
    python(folder, USE, 20)


def test_changes_meanwhile(folder):
    python(folder, CHANGES, 200)


def test_imports_at_once(folder):
    for _ in range(10):
        python(folder, IMPORTS)


def test_the_gil_stays_off_without_a_word(folder):
    text = "import shapes, sys; print(sys._is_gil_enabled(), shapes.fib(20), shapes.harmonic(0))"
    assert python(folder, text) == "False 6765 0.0\n"
