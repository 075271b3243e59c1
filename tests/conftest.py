"""Collects programs: `tests/run`, `tests/bench/programs` and `tests/diag`, see README.md."""

import json
import os
import re
import subprocess
import sys

import programs
import pytest
from programs import SNEKC, TESTS, TIMEOUT


def pytest_collect_file(file_path, parent):
    if file_path.suffix != ".py" or file_path.name.startswith(("_", "conftest")):
        return None
    if file_path.parent == TESTS / "run":
        return Program.from_parent(parent, path=file_path)
    if file_path.parent == TESTS / "bench/programs":
        return Measured.from_parent(parent, path=file_path)
    if file_path.parent == TESTS / "diag":
        return Refused.from_parent(parent, path=file_path)
    return None


class Disagreement(Exception):
    """What the two ways gave is not the same, or is not what was expected."""


class TextItem(pytest.Item):
    """An item whose failure is told in its own words."""

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, Disagreement):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, None, self.name


class Program(pytest.File):
    """A program that is run both ways; its cases run together, in one process."""

    # How it is compiled, and the name of the outcome.
    levels = {"-O2": "compiled"}
    _results = None

    def collect(self):
        yield Build.from_parent(self, name="native")
        for index, case in enumerate(self.cases()):
            yield Case.from_parent(self, name=f"{index}: {case}", index=index)

    def cases(self):
        done = subprocess.run(
            [sys.executable, TESTS / "both_ways.py", "--list", self.path],
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        if done.returncode != 0:
            raise self.CollectError(f"CPython cannot run {self.path.name}:\n{done.stderr}")
        return json.loads(done.stdout)

    def results(self, directory):
        """The outcome of building the program, and of each case: (interpreted, compiled)."""
        if self._results is None:
            self._results = programs.run(self.path, directory, self.levels)
        return self._results


class Build(TextItem):
    """The program builds, its functions are native, and the process ends well."""

    def runtest(self):
        error, _ = self.parent.results(directory(self))
        if error:
            raise Disagreement(error)


class Case(TextItem):
    """One case, run both ways."""

    def __init__(self, *, index, **kwargs):
        super().__init__(**kwargs)
        self.index = index

    def runtest(self):
        _, outcomes = self.parent.results(directory(self))
        outcome = outcomes.get(self.index)
        if outcome is None:
            raise Disagreement("did not run (see the item `native` of this program)")
        different = programs.disagreement(outcome, self.parent.levels)
        if different:
            raise Disagreement(different)


class Measured(Program):
    """A program of the benchmark, both ways and optimised or not; its sizes make its cases."""

    levels = {"-O2": "compiled", "-O0": "unoptimised"}


def directory(item):
    """A folder for the files of a program."""
    factory = item.config._tmp_path_factory
    path = factory.getbasetemp() / "run" / item.path.stem
    path.mkdir(parents=True, exist_ok=True)
    return path


class Refused(pytest.File):
    """A program with what the compiler says about it."""

    def collect(self):
        yield Messages.from_parent(self, name="messages")


class Messages(TextItem):
    """The messages are the expected ones."""

    def runtest(self):
        first, _, _ = self.path.read_bytes().partition(b"\n")
        arguments = re.match(rb"# args: (.*)", first)
        arguments = arguments[1].decode().split() if arguments else []
        done = subprocess.run(
            [SNEKC, "check", *arguments, self.path.name],
            cwd=self.path.parent,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        found = f"status {done.returncode}\n{done.stdout}{done.stderr}"
        expected = self.path.with_suffix(".expected")
        if done.returncode > 1 or "Traceback" in found:
            raise Disagreement(f"not what a user should see:\n{found}")
        if os.environ.get("SNEK_UPDATE"):
            expected.write_text(found)
        elif not expected.exists():
            raise Disagreement(f"{expected.name} is missing; SNEK_UPDATE=1 writes it:\n{found}")
        elif expected.read_text() != found:
            texts = f"--- expected\n{expected.read_text()}\n+++ found\n{found}"
            raise Disagreement(f"{texts}\nSNEK_UPDATE=1 accepts it")
