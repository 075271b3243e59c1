"""The command `snekc`: what it writes, what it says, how it ends."""

import json
import os
import resource
import subprocess
import sys

import pytest

TYPED = "def twice(x: int) -> int:\n    return 2 * x\n"


def only(directory, *names):
    """The folder holds these names and nothing else: no litter."""
    return sorted(p.name for p in directory.iterdir()) == sorted(names)


def test_version_and_help(snekc):
    version = snekc("--version")
    assert (version.returncode, version.stdout) == (0, "snekc 0.1.0\n")
    text = snekc("--help")
    assert text.returncode == 0
    assert "Examples:" in text.stdout


@pytest.mark.parametrize(
    "arguments",
    [[], ["build"], ["frobnicate"], ["build", "-O1", "x.py"], ["build", "--emit", "foo", "x.py"]],
)
def test_wrong_usage(snekc, arguments):
    result = snekc(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert "Usage:" in result.stderr or "--help" in result.stderr


def test_build_writes_beside_the_source(snekc, write, tmp_path):
    write("twice.py", TYPED)
    result = snekc("build", "twice.py")
    assert result.returncode == 0, result.stderr
    assert only(tmp_path, "twice.py", "twice.so")
    assert result.stdout == ""
    assert "1 native · 0 Python" in result.stderr
    assert "native" in result.stderr.splitlines()[1]
    imported = subprocess.run(
        [sys.executable, "-c", "import twice; print(twice.__file__, twice.twice(21))"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert imported.stdout.split() == [str(tmp_path / "twice.so"), "42"]


def test_quiet(snekc, write):
    write("twice.py", TYPED)
    result = snekc("build", "--quiet", "twice.py")
    assert (result.returncode, result.stderr) == (0, "")


def test_builds_are_deterministic(snekc, write, tmp_path):
    write("twice.py", TYPED)
    for directory in ("one", "two"):
        assert snekc("build", "twice.py", "-o", directory).returncode == 0
    assert (tmp_path / "one/twice.so").read_bytes() == (tmp_path / "two/twice.so").read_bytes()


def test_build_a_package(snekc, write, tmp_path):
    for name in ("pkg/__init__.py", "pkg/sub/__init__.py", "pkg/data/notes.py"):
        write(name, "")
    write("pkg/a.py", TYPED)
    write("pkg/sub/b.py", "from ..a import twice\n\ndef four(x: int) -> int:\n    return x * 4\n")
    result = snekc("build", "pkg")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "pkg/a.so").exists()
    assert (tmp_path / "pkg/sub/b.so").exists()
    assert only(tmp_path / "pkg/data", "notes.py")
    result = snekc("build", "pkg", "-o", "out")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "out/pkg/sub/b.so").exists()
    code = "import pkg.sub.b as b; print(b.four(2), b.twice(4), b.__name__, b.__package__)"
    imported = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert imported.stdout == "8 8 pkg.sub.b pkg.sub\n"


def test_the_name_of_a_module(snekc, write, tmp_path):
    write("twice.py", TYPED)
    result = snekc("build", "--module", "pkg.twice", "-o", "out/pkg", "twice.py")
    assert result.returncode == 0, result.stderr
    code = "import pkg.twice as t; print(t.__name__, t.__file__.endswith('.so'), t.twice(4))"
    imported = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "out", capture_output=True, text=True
    )
    assert imported.stdout == "pkg.twice True 8\n", imported.stderr


@pytest.mark.parametrize("name", ["other", "pkg.other", ".twice", "a b.twice", "", "twice."])
def test_a_wrong_name_of_a_module(snekc, write, tmp_path, name):
    write("twice.py", TYPED)
    result = snekc("build", "--module", name, "twice.py")
    assert refused(result, "D005", "--module", f"`{name}`", "`twice`")
    assert only(tmp_path, "twice.py")


def test_one_name_for_two_modules(snekc, write, tmp_path):
    write("twice.py", TYPED)
    write("again.py", TYPED)
    result = snekc("build", "--module", "twice", "twice.py", "again.py")
    assert refused(result, "D005", "one file with `--module`")
    assert only(tmp_path, "again.py", "twice.py")


def test_messages_as_json(snekc, write):
    write("wrong.py", "def f(:\n    pass\n")
    result = snekc("check", "--message-format", "json", "wrong.py")
    assert result.returncode == 1
    messages = [json.loads(line) for line in result.stderr.splitlines()]
    assert messages[0]["code"].startswith("P")
    assert messages[0]["span"]["line"] == 1
    write("twice.py", TYPED)
    result = snekc("build", "--message-format", "json", "twice.py")
    report = json.loads(result.stderr.splitlines()[-1])
    assert report["functions"][0]["name"] == "twice"
    assert report["functions"][0]["native"] is True


LOOPS = """
from snek import Array1D, f64

def scale(x: Array1D[f64], y: Array1D[f64]) -> None:
    for i in range(len(x)):
        y[i] = 2.0 * x[i]

def total(x: Array1D[f64]) -> f64:
    s = f64(0.0)
    for i in range(len(x)):
        s += x[i]
    return s
"""


def test_report_of_loops(snekc, write):
    write("loops.py", LOOPS)
    result = snekc("build", "--report", "loops", "loops.py")
    assert result.returncode == 0
    assert "lanes" in result.stderr
    assert "not vectorised: the sum of floats keeps its order" in result.stderr
    result = snekc("build", "--report", "loops", "--message-format", "json", "loops.py")
    scale, total = json.loads(result.stderr.splitlines()[-1])["loops"]
    assert (scale["function"], scale["line"], scale["reason"]) == ("scale", 5, None)
    assert scale["lanes"] >= 2
    assert (total["function"], total["lanes"]) == ("total", None)
    assert total["places"][0]["line"] == 11
    assert json.loads(snekc("build", "--message-format", "json", "loops.py").stderr)["loops"] == []


SHAPES = """
from snek import Array1D, Array2D, f64, i64, native, u8

@native
def neighbours(a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in range(len(a)):
        b[i] = a[i] * 2.0
    for i in range(len(a)):
        a[i] = b[i] + 1.0

@native
def scatter(a: Array1D[f64], at: Array1D[i64], out: Array1D[f64]) -> None:
    for i in range(len(a)):
        out[at[i]] += a[i] / (a[i] * a[i] + 1.0) / (a[i] + 3.0) / (a[i] + 5.0)

@native
def sweep(a: Array2D[f64]) -> None:
    for i in range(1, a.shape[0] - 1):
        for j in range(1, a.shape[1] - 1):
            a[i, j] = a[i - 1, j] + a[i, j - 1] + a[i + 1, j]

@native
def solve(a: Array2D[f64], x: Array1D[f64]) -> None:
    for i in range(len(x)):
        s = x[i]
        for j in range(i):
            s -= a[i, j] * x[j]
        x[i] = s / a[i, i]

@native
def life(a: Array2D[u8], b: Array2D[u8]) -> None:
    for i in range(1, a.shape[0] - 1):
        for j in range(1, a.shape[1] - 1):
            n = int(a[i, j - 1]) + int(a[i, j + 1]) + int(a[i - 1, j]) + int(a[i + 1, j])
            b[i, j] = 1 if n == 3 or (n == 2 and a[i, j] == 1) else 0
"""


def test_report_of_loops_that_are_no_longer_what_they_were(snekc, write):
    write("shapes.py", SHAPES)
    result = snekc("build", "--report", "loops", "shapes.py")
    for words in (
        "one loop with that of line 6",
        "one loop with that of line 8",
        "two loops, block by block",
        "several rows at a time, one column apart",
        "sums of several iterations at a time",
        "integers of 16 bits",
    ):
        assert words in result.stderr
    result = snekc("build", "--report", "loops", "--message-format", "json", "shapes.py")
    loops = json.loads(result.stderr.splitlines()[-1])["loops"]
    shapes = [(loop["line"], loop["shape"], loop["fused_with"]) for loop in loops]
    assert [shape for shape in shapes if shape[1]] == [
        (6, "fused", 8),
        (8, "fused", 6),
        (13, "split", None),
        (18, "skewed", None),
        (24, "abreast", None),
        (33, "narrow", None),
    ]


# Of each of these, passes make more loops: over panels, bins, blocks, rounds around a pivot.
MADE = """
from snek import Array1D, Array2D, f64, i64, parallel, prange, u8

@parallel
def product(a: Array2D[f64], b: Array2D[f64], out: Array2D[f64]) -> None:
    for i in prange(a.shape[0]):
        for j in range(b.shape[1]):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            out[i, j] = s

@parallel
def count(data: Array1D[u8], bins: Array1D[i64]) -> None:
    for n in prange(len(data)):
        bins[data[n]] += 1

def least(x: Array1D[f64]) -> int:
    place = 0
    for at in range(1, len(x)):
        if x[at] < x[place]:
            place = at
    return place

def reduce(a: Array2D[f64], k: int) -> None:
    for row in range(a.shape[0]):
        for column in range(a.shape[1]):
            a[row, column] = min(a[row, column], a[k, column] + 1.0)
"""


def test_reports_name_loops_of_the_source(snekc, write):
    write("made.py", MADE)
    result = snekc("build", "made.py")
    words = " ".join(result.stderr.split())
    assert "product native parallel over `i`" in words
    assert "count native parallel over `n`" in words
    result = snekc("build", "--report", "loops", "--message-format", "json", "made.py")
    loops = json.loads(result.stderr.splitlines()[-1])["loops"]
    found = {(loop["function"], loop["variable"]) for loop in loops}
    assert found == {
        *(("product", name) for name in "ijk"),
        ("count", "n"),
        ("least", "at"),
        ("reduce", "row"),
        ("reduce", "column"),
    }


PARALLEL = """
from snek import Array1D, f64, parallel, prange, reduction

def longer(a: int, b: int) -> int:
    return max(a, b)

longest = reduction(0, longer)

def find(x: Array1D[f64]) -> tuple[float, int, int]:
    best = 1e300
    where = -1
    length = 0
    total = 0.0
    for i in prange(len(x), schedule="static"):
        d = abs(x[i])
        if d < best:
            best, where = d, i
        length = longest(length, int(d))
        total += d
    return best + total, where, length

def nest(n: int, m: int) -> int:
    total = 0
    for i in prange(n):
        for j in prange(m):
            total += i * j
    return total

@parallel
def plain(x: Array1D[f64], y: Array1D[f64]) -> float:
    for i in range(len(x)):
        y[i] = x[i] * 2.0
    s = 0.0
    for j in range(len(x)):
        s += x[j]
    return s

@parallel(auto=False)
def alone(x: Array1D[f64]) -> None:
    for i in range(len(x)):
        x[i] = 1.0
"""


def test_report_of_parallel_loops(snekc, write):
    write("find.py", PARALLEL)
    result = snekc("build", "--report", "parallel", "--message-format", "json", "find.py")
    loop, outer, inner, taken, left = json.loads(result.stderr.splitlines()[-1])["loops"]
    assert (taken["function"], taken["kind"], taken["reason"]) == ("plain", "auto", None)
    assert (left["kind"], left["variable"]) == ("serial", "j")
    assert left["reason"].startswith("it carries floats")
    assert (outer["collapse"], inner["collapse"]) == (["i", "j"], [])
    assert (loop["kind"], loop["schedule"]) == ("parallel", "static")
    wanted = ["`total` (+)", "`best` (min, with `where`)", "`length` (longest)"]
    assert loop["reductions"] == wanted
    assert loop["privates"] == ["`i`", "`d`"]


@pytest.mark.parametrize("stage", ["ast", "hir", "mir", "clif", "asm"])
def test_emit_prints_a_stage(snekc, write, tmp_path, stage):
    write("twice.py", TYPED)
    result = snekc("build", "--emit", stage, "twice.py")
    assert result.returncode == 0, result.stderr
    assert "twice" in result.stdout
    assert only(tmp_path, "twice.py")


def test_emit_mir_after_a_pass(snekc, write):
    write("twice.py", TYPED)
    wrong = snekc("build", "--emit", "mir:after=nonsense", "twice.py")
    assert wrong.returncode == 1
    assert "D004" in wrong.stderr and "nonsense" in wrong.stderr


def test_emit_an_object(snekc, write, tmp_path):
    write("twice.py", TYPED)
    assert snekc("build", "--emit", "obj", "twice.py").returncode == 0
    assert (tmp_path / "twice.o").read_bytes()[:4] == b"\x7fELF"
    assert only(tmp_path, "twice.py", "twice.o")


def test_levels_of_optimisation(snekc, write, tmp_path):
    write("twice.py", TYPED)
    for level in ("-O0", "-O2"):
        assert snekc("build", level, "twice.py", "-o", "out").returncode == 0
        code = "import twice; print(twice.twice(4))"
        out = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path / "out")
        assert out == b"8\n"


def test_the_linker_needs_no_path(snekc, write):
    write("twice.py", TYPED)
    result = snekc("build", "twice.py", environment={"PATH": ""})
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("linker, status", [("wild", 0), ("cc", 0), ("auto", 0), ("gold", 1)])
def test_the_linker_can_be_chosen(snekc, write, linker, status):
    write("twice.py", TYPED)
    result = snekc("build", "twice.py", environment={"SNEK_LINKER": linker})
    assert result.returncode == status, result.stderr
    if status:
        assert "D004" in result.stderr and "SNEK_LINKER" in result.stderr


# Bad input.


def refused(result, code, *words):
    assert result.returncode == 1, result.stderr
    assert f"error[{code}]" in result.stderr, result.stderr
    assert "help:" in result.stderr
    for word in words:
        assert word in result.stderr, result.stderr
    return True


def test_missing_file(snekc):
    assert refused(snekc("build", "nope.py"), "D001", "nope.py", "no such file")


def test_unreadable_file(snekc, write):
    path = write("secret.py", TYPED)
    path.chmod(0)
    if os.access(path, os.R_OK):  # root reads everything
        path.unlink()
        path.symlink_to("/proc/self/mem")
    assert refused(snekc("build", "secret.py"), "D001", "secret.py")


def test_directory_named_as_a_module(snekc, tmp_path):
    (tmp_path / "dir.py").mkdir()
    assert refused(snekc("build", "dir.py"), "D003", "dir.py")


def test_directory_without_modules(snekc, tmp_path):
    (tmp_path / "empty").mkdir()
    assert refused(snekc("build", "empty"), "D003", "empty")


@pytest.mark.parametrize("name", ["my-script.py", "2d.py", "class.py", "a.b.py"])
def test_no_name_for_a_module(snekc, write, name):
    write(name, TYPED)
    assert refused(snekc("build", name), "D005", "name of a module")


@pytest.mark.parametrize("name", ["notes.txt", "module.so", "plain"])
def test_no_python_source(snekc, write, name):
    write(name, "")
    assert refused(snekc("build", name), "D005", "not a Python source")


def test_two_modules_for_one_output(snekc, write, tmp_path):
    write("a/same.py", TYPED)
    write("b/same.py", TYPED)
    result = snekc("build", "a/same.py", "b/same.py", "-o", "out")
    assert refused(result, "D006", "out/same.so", "a/same.py", "b/same.py")


def test_the_same_input_twice(snekc, write):
    write("twice.py", TYPED)
    result = snekc("build", "twice.py", "twice.py")
    assert result.returncode == 0
    assert result.stderr.count("1 native") == 1


def test_output_is_no_directory(snekc, write):
    write("twice.py", TYPED)
    write("file", "")
    assert refused(snekc("build", "twice.py", "-o", "file"), "D002", "not a directory")
    assert refused(snekc("build", "twice.py", "-o", "file/below"), "D002", "not a directory")


def test_unwritable_output(snekc, write):
    write("twice.py", TYPED)
    result = snekc("build", "twice.py", "-o", "/proc/self")
    assert refused(result, "D002", "/proc/self/twice.so", "cannot be written")


def test_output_is_a_directory(snekc, write, tmp_path):
    write("twice.py", TYPED)
    (tmp_path / "twice.so").mkdir()
    assert refused(snekc("build", "twice.py"), "D002", "is a directory")
    assert only(tmp_path, "twice.py", "twice.so")


def test_full_disk_leaves_the_old_module(snekc, write, tmp_path):
    write("twice.py", TYPED)
    assert snekc("build", "twice.py").returncode == 0
    before = (tmp_path / "twice.so").read_bytes()
    write("twice.py", TYPED.replace("2", "3"))

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    result = snekc("build", "twice.py", preexec_fn=small_files)
    assert refused(result, "D002", "twice.so", "file too large")
    assert (tmp_path / "twice.so").read_bytes() == before
    assert only(tmp_path, "twice.py", "twice.so")


def test_a_module_in_use_keeps_working(snekc, write, tmp_path):
    write("twice.py", TYPED)
    assert snekc("build", "twice.py").returncode == 0
    code = (
        "import twice\nprint(twice.twice(4), flush=True)\ninput()\n"
        "print([twice.twice(i) for i in range(5)])\n"
    )
    user = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert user.stdout.readline() == "8\n"
    write("twice.py", TYPED.replace("2", "3"))
    assert snekc("build", "twice.py").returncode == 0
    rest, _ = user.communicate("\n", timeout=60)
    assert rest == "[0, 2, 4, 6, 8]\n"
    assert user.returncode == 0
    again = subprocess.check_output(
        [sys.executable, "-c", "import twice; print(twice.twice(4))"], cwd=tmp_path
    )
    assert again == b"12\n"


def test_errors_leave_nothing(snekc, write, tmp_path):
    write("wrong.py", "def f(:\n")
    write("right.py", TYPED)
    result = snekc("build", "wrong.py", "right.py")
    assert result.returncode == 1
    assert only(tmp_path, "wrong.py", "right.py", "right.so")


def test_empty_file(snekc, write, tmp_path):
    write("empty.py", "")
    assert snekc("build", "empty.py").returncode == 0
    subprocess.run([sys.executable, "-c", "import empty"], cwd=tmp_path, check=True)


def test_sources_that_are_no_utf8(snekc, tmp_path):
    (tmp_path / "latin.py").write_bytes(b"# coding: latin-1\nNAME = '\xe9'\n")
    assert snekc("build", "latin.py").returncode == 0
    code = "import latin; print(ascii(latin.NAME))"
    out = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path)
    assert out == b"'\\xe9'\n"
    (tmp_path / "bad.py").write_bytes(b"NAME = '\xe9'\n")
    result = snekc("build", "bad.py")
    assert result.returncode == 1
    assert "error[P002]" in result.stderr


def test_all_syntax_errors_are_shown(snekc, write):
    write("wrong.py", "x = = 1\n\ndef f(a, a):\n    pass\n\ny = 2 +\n")
    result = snekc("check", "wrong.py")
    assert result.returncode == 1
    for line in (1, 6):
        assert f"wrong.py:{line}:" in result.stderr


@pytest.mark.parametrize(
    "text", ["(" * 100_000, "x = " + "-" * 100_000 + "1", "[" * 100_000 + "]" * 100_000]
)
def test_deep_nesting(snekc, write, text):
    write("deep.py", text)
    result = snekc("build", "deep.py")
    assert result.returncode == 1, result.stderr[-300:]
    assert "error[P" in result.stderr


def test_stdin_and_stdout_closed(snekc, write, tmp_path):
    write("twice.py", TYPED)

    def close():
        for descriptor in (0, 1, 2):
            os.close(descriptor)

    result = snekc("build", "twice.py", capture_output=False, text=False, preexec_fn=close)
    assert result.returncode == 0
    assert (tmp_path / "twice.so").exists()


def test_a_reader_that_goes_away(snekc, write):
    write("long.py", "\n".join(f"x{i} = {i}" for i in range(20_000)))
    read, written = os.pipe()
    os.close(read)
    result = snekc(
        "build",
        "--emit",
        "ast",
        "long.py",
        capture_output=False,
        stdout=written,
        stderr=subprocess.PIPE,
    )
    os.close(written)
    assert (result.returncode, result.stderr) == (0, "")


def test_a_full_stdout(snekc, write):
    write("twice.py", TYPED)
    with open("/dev/full", "w") as full:
        result = snekc(
            "build",
            "--emit",
            "ast",
            "twice.py",
            capture_output=False,
            stdout=full,
            stderr=subprocess.PIPE,
        )
    assert result.returncode == 1
    assert "error[D002]: stdout" in result.stderr
