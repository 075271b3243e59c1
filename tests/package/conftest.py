"""What the tests of the installed wheel share."""

import importlib.util
import os
import subprocess
import sys
import sysconfig
from importlib.machinery import ExtensionFileLoader
from pathlib import Path

import pytest

SNEKC = Path(sysconfig.get_path("scripts")) / "snekc"


@pytest.fixture
def snekc(tmp_path):
    """Runs the installed command in a folder of the test; returns what subprocess.run does."""

    def run(*arguments, **options):
        options = {"cwd": tmp_path, "capture_output": True, "text": True, "timeout": 120} | options
        environment = options.pop("environment", {})
        options["env"] = {**os.environ, **environment}
        return subprocess.run([SNEKC, *arguments], **options)

    return run


@pytest.fixture
def write(tmp_path):
    """Writes a source file and returns its path."""

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write


@pytest.fixture
def compiled(snekc, write, tmp_path):
    """Compiles source text and imports the module."""

    def compiled(text, name="compiled"):
        built = snekc("build", "-o", tmp_path, write(f"{name}.py", text))
        assert built.returncode == 0, built.stderr
        path = tmp_path / f"{name}.so"
        loader = ExtensionFileLoader(name, str(path))
        spec = importlib.util.spec_from_file_location(name, path, loader=loader)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        loader.exec_module(module)
        return module

    return compiled
