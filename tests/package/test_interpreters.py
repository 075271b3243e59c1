"""Compiled modules in several interpreters of one process, and modules that come and go."""

import os
import subprocess
import sys

import freethreaded
import pytest
from test_modules import interpreters

SOURCE = """
from snek import Array1D, f64, parallel, prange


@parallel
def harmonic(n: int) -> float:
    total = 0.0
    for i in prange(n):
        total += 1.0 / (i + 1)
    return total


def scaled(a: Array1D[f64], *, by: float = 2.0) -> Array1D[f64]:
    if len(a) == 0:
        raise ValueError("empty")
    for i in range(len(a)):
        a[i] *= by
    return a


def shout(n: int) -> None:
    print("line", n)


def plain(words):
    return sorted(words)
"""

# What each interpreter does; `outcome()` must be the same everywhere.
USE = """
import array, io, sys
import shared

def outcome():
    a = array.array("d", [1.0, 2.0])
    assert shared.scaled(a, by=3.0) is a
    kept, sys.stdout = sys.stdout, io.StringIO()
    try:
        shared.shout(7)
        printed = sys.stdout.getvalue()
    finally:
        sys.stdout = kept
    try:
        shared.scaled(array.array("d"))
    except ValueError as error:
        line = error.__traceback__.tb_next.tb_lineno
    return repr((list(a), printed, line, shared.harmonic(10_000), shared.plain("cab")))

for _ in range(ROUNDS):
    assert outcome() == EXPECTED, (outcome(), EXPECTED)
"""

# Each in a thread of its own, with a GIL of its own where there is one.
OWN_GIL = """
import sys, threading
sys.path.insert(0, "")
if sys.version_info < (3, 13):
    import _xxsubinterpreters as interpreters
    run = interpreters.run_string
else:
    import _interpreters as interpreters
    run = interpreters.exec
ROUNDS, EXPECTED = 0, None
exec(USE)
expected = outcome()
text = f"import sys; sys.path.insert(0, '')\\nROUNDS, EXPECTED = 20, {expected!r}\\n{USE}"
failures = []
start = threading.Barrier(4)
def work():
    for _ in range(2):
        other = interpreters.create()
        start.wait()
        try:
            failed = run(other, text)
        except BaseException as error:
            failed = error
        if failed is not None:
            failures.append(failed)
        interpreters.destroy(other)
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for _ in range(50): assert outcome() == expected
for thread in threads: thread.join()
assert not failures, failures
assert outcome() == expected
"""

# Growth while it goes on: what is allocated at first are caches, which are full after a while.
RENEWED = """
import array, gc, importlib, sys
def allocated():
    gc.collect()
    with open("/proc/self/statm") as file:
        return sys.getallocatedblocks(), int(file.read().split()[1]) * 4
kept = []
def renew():
    shared = importlib.import_module("shared")
    shared.scaled(array.array("d", [1.0]))
    try:
        shared.scaled(array.array("d"))
    except ValueError:
        pass
    kept.append(shared.harmonic)
    assert kept[0](100) == shared.harmonic(100)
    # A function keeps its module alive.
    del kept[:-2], sys.modules["shared"]
for _ in range(500): renew()
before = allocated()
for _ in range(500): renew()
growth = [now - then for now, then in zip(allocated(), before)]
assert growth[0] < 250 and growth[1] < 1000, growth
"""

# All interpreters of a 3.11 share its GIL.
PYTHONS = [python for python in interpreters() if python.id != "python3.11"]
if freethreaded.find():
    PYTHONS.append(pytest.param(freethreaded.find()[0], id="free-threaded"))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    import sysconfig

    folder = tmp_path_factory.mktemp("shared")
    snekc = os.path.join(sysconfig.get_path("scripts"), "snekc")
    (folder / "shared.py").write_text(SOURCE)
    subprocess.run([snekc, "build", "shared.py"], cwd=folder, check=True)
    (folder / "shared.py").unlink()

    def run(python, text):
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(
            [python, "-c", f"USE = {USE!r}\n{text}"],
            cwd=folder,
            env={**kept, "SNEK_NUM_THREADS": "3", "PYTHONFAULTHANDLER": "1"},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return run


@pytest.mark.parametrize("python", PYTHONS)
def test_four_interpreters_at_once(run, python):
    run(python, OWN_GIL)


def test_a_module_that_is_imported_a_thousand_times(run):
    run(sys.executable, RENEWED)
