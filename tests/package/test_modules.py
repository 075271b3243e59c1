"""Compiled modules as Python sees them: attributes, pickling, threads, other interpreters."""

import inspect
import os
import pickle
import shutil
import subprocess
import sys
import threading
import traceback
from pathlib import Path

import pytest

SOURCE = '''
"""A module's docstring."""

from snek import parallel, prange

LIMIT = 3


def half(n: int, *, up: bool = False) -> float:
    """Half of `n`."""
    if n < 0:
        raise ValueError("negative")
    return (n + 1) / 2 if up else n / 2


def outer(n: int) -> float:
    return half(n) * 2.0


@parallel
def count(n: int) -> int:
    total = 0
    for i in prange(n):
        total += i % 7
    return total


def python(text):
    return text.upper()
'''


def test_attributes(compiled):
    module = compiled(SOURCE)
    assert module.__doc__ == "A module's docstring."
    half = module.half
    assert (half.__name__, half.__qualname__, half.__module__) == ("half", "half", "compiled")
    assert half.__doc__ == "Half of `n`."
    assert half.__kwdefaults__ == {"up": False}
    assert str(inspect.signature(half)) == "(n: int, *, up: bool = False) -> float"
    assert inspect.getsource(half.__wrapped__).startswith("def half")
    assert pickle.loads(pickle.dumps(half)) is half
    assert module.LIMIT == 3
    assert module.python("a") == "A"


def test_tracebacks_show_the_source(compiled):
    module = compiled(SOURCE)
    with pytest.raises(ValueError, match="negative") as error:
        module.outer(-1)
    frames = traceback.extract_tb(error.value.__traceback__)[1:]
    assert [(f.name, f.lineno, f.line) for f in frames] == [
        ("outer", 17, "return half(n) * 2.0"),
        ("half", 12, 'raise ValueError("negative")'),
    ]
    assert all(Path(f.filename).name == "compiled.py" for f in frames)


def test_threads(compiled):
    module = compiled(SOURCE)
    expected = sum(i % 7 for i in range(100_000))
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(module.count(100_000))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert results == [expected] * 8


def test_fork(compiled):
    module = compiled(SOURCE)
    expected = module.count(100_000)
    child = os.fork()
    if child == 0:
        os._exit(module.count(100_000) != expected)
    _, status = os.waitpid(child, 0)
    assert status == 0


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_the_number_of_threads_does_not_change_results(snekc, write, tmp_path, threads):
    write(
        "sums.py",
        "from snek import parallel, prange\n\n@parallel\ndef f(n: int) -> float:\n"
        "    s = 0.0\n    for i in prange(n):\n        s += 1.0 / (i + 1)\n    return s\n",
    )
    assert snekc("build", "sums.py").returncode == 0
    results = set()
    for count in (1, threads):
        environment = {**os.environ, "SNEK_NUM_THREADS": str(count)}
        command = [sys.executable, "-c", "import sums; print(sums.f(1_000_003).hex())"]
        results.add(subprocess.check_output(command, cwd=tmp_path, env=environment))
    assert len(results) == 1


def interpreters():
    """Each CPython from 3.11 on that this machine has, one of each version."""
    places = [Path("/usr/bin"), Path("/usr/local/bin"), *Path.home().glob(".pyenv/versions/*/bin")]
    found = {}
    for place in places:
        for minor in range(11, 20):
            path = place / f"python3.{minor}"
            if path.exists():
                found.setdefault(minor, path)
    return [pytest.param(path, id=path.name) for path in found.values()]


@pytest.mark.parametrize("installed", [True, False], ids=["snek", "no snek"])
@pytest.mark.parametrize("python", interpreters())
def test_one_module_for_every_python(snekc, write, tmp_path, python, installed):
    write("everywhere.py", SOURCE)
    write(
        "counts.py",
        "from snek import Array1D, atomic, i64, parallel, prange\n\n@parallel\n"
        "def count(bins: Array1D[i64], n: int) -> None:\n"
        "    for i in prange(n):\n        atomic.add(bins, i % 4, 1)\n",
    )
    assert snekc("build", "everywhere.py", "counts.py").returncode == 0
    if installed:
        # The module's own `import snek` finds the package, which needs no compiler to run.
        # Without it, the compiled module stands in for the package.
        package = tmp_path / "snek"
        package.mkdir()
        import snek

        for name in ("__init__.py", "_types.py", "atomic.py"):
            shutil.copy(Path(snek.__file__).parent / name, package)
    code = (
        "import everywhere as m, inspect; assert m.__file__.endswith('.so')\n"
        "print(m.half(3), m.half(3, up=True), m.count(1000), inspect.signature(m.half))\n"
        "try: m.half(-1)\nexcept ValueError as e: print(e)\n"
        "import array, counts; bins = array.array('q', [0] * 4)\n"
        "counts.count(bins, 1000); print(counts.__file__[-3:], list(bins))"
    )
    ran = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == (
        "1.5 2.0 2997 (n: int, *, up: bool = False) -> float\nnegative\n.so [250, 250, 250, 250]\n"
    )
