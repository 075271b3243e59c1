"""Projects that are built with the setuptools hook: `examples/package`, and wrong ones."""

import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples/package"


def build(command, project, *arguments, **environment):
    """`python -m pip ...` without a network: the build tools are the ones of this environment."""
    return subprocess.run(
        [sys.executable, "-m", "pip", command, "--no-build-isolation", "--no-deps", "--no-index"]
        + [*arguments, str(project)],
        capture_output=True,
        text=True,
        cwd=project.parent,
        env={**os.environ, **environment},
    )


@pytest.fixture
def example(tmp_path):
    return shutil.copytree(
        EXAMPLE, tmp_path / "project", ignore=shutil.ignore_patterns("*.so", "build", "*.egg-info")
    )


def make_wheel(project, **environment):
    out = project.parent / "wheels"
    done = build("wheel", project, "-w", out, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = out.iterdir()
    return wheel


@pytest.fixture
def environment(tmp_path):
    """An empty environment that sees the packages of this one behind its own."""
    directory = tmp_path / "environment"
    venv.create(directory, symlinks=True)
    site = next((directory / "lib").glob("python*/site-packages"))
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (site / "outer.pth").write_text("\n".join(ours))
    return directory / "bin/python", site


CODE = """
import types, numpy as np, imgstats
from imgstats import moments
from imgstats.colour import balance
image = np.arange(24, dtype=np.uint8).reshape(4, 6)
print(imgstats.describe(image), imgstats.describe(np.dstack([image] * 3)))
print(isinstance(moments.mean, types.FunctionType), isinstance(balance.means, types.FunctionType))
print(moments.__file__)
"""
ANSWER = "mean 11.5, variance 47.9 red 11.5, green 11.5, blue 11.5"


def answers(python, *, native, cwd):
    done = subprocess.run([python, "-c", CODE], capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == [ANSWER, f"{not native} {not native}"]
    return Path(lines[2])


def test_wheel(example, environment, tmp_path):
    wheel = make_wheel(example)
    assert re.fullmatch(r"imgstats-1\.0-cp311-abi3-\w+\.whl", wheel.name)
    names = set(zipfile.ZipFile(wheel).namelist())
    for module in ("imgstats/moments", "imgstats/colour/balance"):
        assert {f"{module}.so", f"{module}.py"} <= names
    assert "imgstats/report.so" not in names
    assert "imgstats/__init__.so" not in names
    python, site = environment
    zipfile.ZipFile(wheel).extractall(site)
    assert answers(python, native=True, cwd=tmp_path) == site / "imgstats/moments.so"
    # The source is the fallback.
    (site / "imgstats/moments.so").unlink()
    (site / "imgstats/colour/balance.so").unlink()
    assert answers(python, native=False, cwd=tmp_path) == site / "imgstats/moments.py"


def test_wheel_for_another_machine(example):
    """As cross builds do it: they tell Python what it is to build for."""
    other, machine = {"x86_64": ("aarch64", 183), "aarch64": ("x86_64", 62)}[platform.machine()]
    out = example.parent / "wheels"
    done = build("wheel", example, "-w", out, _PYTHON_HOST_PLATFORM=f"linux-{other}")
    if "error[L003]" in done.stdout + done.stderr:
        pytest.skip(f"this snekc was built without the runtime for {other}")
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = out.iterdir()
    assert wheel.name == f"imgstats-1.0-cp311-abi3-linux_{other}.whl"
    module = zipfile.ZipFile(wheel).read("imgstats/moments.so")
    assert int.from_bytes(module[18:20], "little") == machine


def test_pure_wheel(example):
    wheel = make_wheel(example, SNEK_PURE="1")
    assert wheel.name == "imgstats-1.0-py3-none-any.whl"
    assert not [n for n in zipfile.ZipFile(wheel).namelist() if n.endswith(".so")]


def test_editable_install(example, environment, tmp_path):
    python, site = environment
    # What `pip install -e` asks of a project, without touching this environment.
    code = "import setuptools.build_meta as b, sys; print(b.build_editable(sys.argv[1]))"
    built = subprocess.run(
        [sys.executable, "-c", code, tmp_path], cwd=example, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    zipfile.ZipFile(tmp_path / built.stdout.splitlines()[-1]).extractall(site)
    assert (example / "src/imgstats/moments.so").exists()
    assert answers(python, native=True, cwd=tmp_path) == example / "src/imgstats/moments.so"


def test_sdist(example, tmp_path):
    code = "import setuptools.build_meta as b, sys; print(b.build_sdist(sys.argv[1]))"
    built = subprocess.run(
        [sys.executable, "-c", code, tmp_path], cwd=example, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    with tarfile.open(tmp_path / "imgstats-1.0.tar.gz") as archive:
        names = archive.getnames()
        assert "imgstats-1.0/src/imgstats/moments.py" in names
        assert "imgstats-1.0/pyproject.toml" in names
        assert not [name for name in names if name.endswith(".so")]
        archive.extractall(tmp_path / "unpacked", filter="data")
    wheel = make_wheel(tmp_path / "unpacked/imgstats-1.0")
    assert "imgstats/moments.so" in zipfile.ZipFile(wheel).namelist()


def change(project, old, new):
    path = project / "pyproject.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    "old, new, words",
    [
        ('"src/imgstats/*.py"', '"src/nowhere/*.py"', "no file matches 'src/nowhere/*.py'"),
        ('"src/imgstats/*.py"', '"pyproject.toml"', "no Python module"),
        ('"src/imgstats/*.py"', '"/etc/*.py"', "relative to the project"),
        ("modules =", "module =", "unknown key `module`"),
        ("strict = true", 'strict = "yes"', "`strict` must be true or false"),
        ('modules = ["src/imgstats/*.py", "src/imgstats/colour/*.py"]', "", "`modules` is missing"),
    ],
)
def test_wrong_tables(example, old, new, words):
    change(example, old, new)
    done = build("wheel", example)
    assert done.returncode != 0
    assert words in done.stdout + done.stderr


def test_a_module_outside_of_the_packages(example):
    (example / "stray.py").write_text("X = 1\n")
    change(example, '"src/imgstats/*.py"', '"stray.py"')
    done = build("wheel", example)
    assert done.returncode != 0
    assert "stray.py is in no package" in done.stdout + done.stderr


def test_a_module_that_does_not_compile(example):
    path = example / "src/imgstats/moments.py"
    path.write_text(path.read_text() + "\n\ndef f(x: int) -> int:\n    return eval('x')\n")
    done = build("wheel", example)
    output = done.stdout + done.stderr
    assert done.returncode != 0
    assert "snek cannot compile src/imgstats/moments.py" in output
    assert "error[N" in output and "eval" in output
    change(example, "strict = true", "strict = false")
    assert "imgstats/moments.so" in zipfile.ZipFile(make_wheel(example)).namelist()


def test_other_projects_are_left_alone(tmp_path):
    project = tmp_path / "plain"
    project.mkdir()
    (project / "plain.py").write_text("X = 1\n")
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "plain"\nversion = "1"\n[tool.setuptools]\npy-modules = ["plain"]\n'
    )
    assert make_wheel(project).name == "plain-1-py3-none-any.whl"
