"""Collects programs: `tests/run`, `tests/bench/programs` and `tests/diag`, see README.md."""

import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# Not `python -m snek`, which puts the programs' folder on the path, where `types.py` is.
SNEKC = Path(sysconfig.get_path("scripts")) / "snekc"
TIMEOUT = 120


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
            self._results = self._run(directory)
        return self._results

    def _run(self, directory):
        modules = []
        reports = []
        for level in self.levels:
            built = subprocess.run(
                [SNEKC, "build", level, "-o", directory / level, self.path],
                # The compiler checks its own work after every pass.
                env={**os.environ, "SNEK_VERIFY": "1"},
                capture_output=True,
                text=True,
                timeout=TIMEOUT,
            )
            if built.returncode != 0:
                status = f"status {built.returncode}:\n{built.stderr}"
                return f"snekc build {level} failed with {status}", {}
            modules.append(directory / level / f"{self.path.stem}.so")
            reports.append(built.stderr)
        output = directory / "outcomes.jsonl"
        error = None
        try:
            ways = [modules[0], output, *modules[1:]]
            ran = subprocess.run(
                [sys.executable, TESTS / "both_ways.py", self.path, *ways],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                timeout=TIMEOUT,
            )
            if ran.returncode != 0:
                error = f"status {ran.returncode}:\n{ran.stderr}\n{reports[0]}"
        except subprocess.TimeoutExpired:
            error = f"still running after {TIMEOUT} s"
        outcomes = {}
        if output.exists():
            lines = output.read_text().splitlines()
            outcomes = {o["index"]: o for o in map(json.loads, lines)}
        native = outcomes.pop("native", None)
        if error is None and native is not None:
            error = native["error"] and f"{native['error']}\n{reports[0]}"
        return error, outcomes


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
        first = outcome["interpreted"]
        lines = []
        for level, way in self.parent.levels.items():
            second = outcome[way]
            for key in first:
                if first[key] != second[key]:
                    lines += [f"  {key}, {level}"]
                    lines += [f"    CPython: {first[key]}", f"    snek:    {second[key]}"]
        if lines:
            raise Disagreement("\n".join([outcome["case"], *lines]))


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
