"""`snekc run`: as `python script.py ARGS`, but compiled."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = '''
"""A script."""
import sys

def total(n: int) -> int:
    result = 0
    for i in range(n):
        result += i
    return result

class Box:
    """Can be pickled, because it is in `__main__`."""

if __name__ == "__main__":
    import pickle, types
    print(sys.argv, total(int(sys.argv[1])))
    print(__file__, __name__, __spec__, __doc__)
    print(sys.modules["__main__"].total is total, pickle.loads(pickle.dumps(Box)) is Box)
    NATIVE = not isinstance(total, types.FunctionType)
    if "--native" in sys.argv:
        print(NATIVE)
'''


@pytest.fixture
def run(snekc, tmp_path):
    def run(*arguments, **options):
        return snekc(
            "run", *arguments, environment={"SNEK_CACHE_DIR": str(tmp_path / "cache")}, **options
        )

    return run


def as_python(tmp_path, *arguments, **options):
    return subprocess.run(
        [sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, **options
    )


def test_as_python_runs_it(run, write, tmp_path):
    write("sub/script.py", SCRIPT)
    arguments = ("sub/script.py", "10", "--strict", "-x", "a b")
    expected = as_python(tmp_path, *arguments)
    assert expected.returncode == 0, expected.stderr
    for _ in ("built", "cached"):
        found = run(*arguments)
        assert (found.returncode, found.stdout, found.stderr) == (0, expected.stdout, "")


def test_the_python_that_runs_it(snekc, write, tmp_path):
    write("script.py", "import sys\nprint(sys.executable)\n")
    cache = {"SNEK_CACHE_DIR": str(tmp_path / "cache")}
    # The one of the environment that `snekc` is installed in, whatever is on the path.
    found = snekc("run", "script.py", environment={**cache, "PATH": ""})
    assert Path(found.stdout.strip()).parent == Path(sys.executable).parent, found.stderr
    chosen = snekc("run", "script.py", environment={**cache, "SNEK_PYTHON": "/nowhere/python"})
    assert chosen.returncode == 1
    assert "error[D007]: /nowhere/python: cannot be started" in chosen.stderr
    module = [sys.executable, "-m", "snek", "run", "script.py"]
    found = subprocess.run(module, cwd=tmp_path, capture_output=True, text=True)
    assert found.stdout == f"{sys.executable}\n", found.stderr


def test_its_functions_are_native(run, write):
    write("script.py", SCRIPT)
    result = run("script.py", "10", "--native")
    assert result.stdout.splitlines()[-1] == "True", result.stderr


def test_modules_in_the_current_folder_are_not_found(run, write):
    write("types.py", "1 / 0\n")
    write("sub/script.py", "import inspect, types\nprint(types.__name__)\n")
    assert run("sub/script.py").stdout == "types\n"


def test_modules_beside_the_script_are_found(run, write, tmp_path):
    write("sub/helper.py", "VALUE = 7\n")
    write("sub/script.py", "import sys, helper\nprint(helper.VALUE, sys.path[0])\n")
    assert run("sub/script.py").stdout == f"7 {tmp_path / 'sub'}\n"


@pytest.mark.parametrize(
    "ending",
    [
        "raise SystemExit(7)",
        "raise SystemExit('words')",
        "1 / 0",
        "raise KeyboardInterrupt",
        "import nowhere",
    ],
)
def test_ends_as_python_does(run, write, tmp_path, ending):
    write("script.py", f"def f(x: int) -> int:\n    return 1 // x\n\nprint('begun')\n{ending}\n")
    expected = as_python(tmp_path, "script.py")
    found = run("script.py")
    assert (found.returncode, found.stdout) == (expected.returncode, expected.stdout)
    assert found.stderr == expected.stderr


def test_traceback_through_native_code(run, write, tmp_path):
    write("script.py", "def f(x: int) -> int:\n    return 1 // x\n\n\nprint(f(0))\n")
    expected = as_python(tmp_path, "-X", "no_debug_ranges", "script.py")
    found = run("script.py")
    assert found.returncode == 1
    lines = [line for line in found.stderr.splitlines() if set(line) - set(" ^~")]
    assert lines == expected.stderr.splitlines()


def test_signals_end_it(run, write, tmp_path):
    write("script.py", "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n")
    assert run("script.py").returncode == -signal.SIGTERM


def test_a_script_that_does_not_compile(run, write, tmp_path):
    write(
        "script.py",
        "from snek import native\n\n@native\ndef f(x: int) -> int:\n    return eval('x')\n",
    )
    result = run("script.py")
    assert result.returncode == 1
    assert "error[" in result.stderr


def test_missing_script(run):
    result = run("nope.py")
    assert result.returncode == 1
    assert "error[D001]: nope.py" in result.stderr


def test_an_unwritable_cache(snekc, write):
    write("script.py", "print('hello')\n")
    result = snekc("run", "script.py", environment={"SNEK_CACHE_DIR": "/proc/nowhere"})
    assert result.returncode == 1
    assert "error[D002]" in result.stderr and "/proc/nowhere" in result.stderr


def test_modules_beside_the_script_are_native(run, write, tmp_path):
    native = "import types\ndef f(x: int) -> int:\n    return x + 1\n"
    native += "NATIVE = not isinstance(f, types.FunctionType)\n"
    write("sub/one.py", "from pkg import two\nimport pkg.sub.three as three\n" + native)
    write("sub/pkg/__init__.py", "def plain(x: int) -> int:\n    return x\n")
    write("sub/pkg/two.py", "from .sub import three\nfrom . import sub\n" + native)
    write("sub/pkg/sub/__init__.py", "")
    write("sub/pkg/sub/three.py", native)
    write("sub/unused.py", "this is not Python\n")
    script = "import one, pkg.two\nfor m in (one, one.two, one.three, pkg.two):\n"
    write("sub/script.py", script + "    print(m.__name__, m.__file__, m.f(1), m.NATIVE)\n")
    where = tmp_path / "sub"
    want = [
        f"one {where}/one.py 2 True",
        f"pkg.two {where}/pkg/two.py 2 True",
        f"pkg.sub.three {where}/pkg/sub/three.py 2 True",
        f"pkg.two {where}/pkg/two.py 2 True",
    ]
    for _ in ("built", "cached"):
        result = run("sub/script.py")
        assert (result.stdout.splitlines(), result.stderr) == (want, "")


def test_a_module_beside_the_script_that_does_not_compile(run, write):
    write(
        "racy.py",
        "from snek import parallel, prange\n\n\n@parallel\ndef f(n: int) -> int:\n"
        "    last = 0\n    for i in prange(n):\n        last = i\n    return last\n",
    )
    write("script.py", "print('begun')\nimport racy\n")
    result = run("script.py")
    assert result.returncode == 1
    assert "racy.py" in result.stderr and result.stdout == ""
