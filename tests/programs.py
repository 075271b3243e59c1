"""Builds a program and runs it both ways, in a process of its own: for the tests that do so."""

import json
import os
import platform
import subprocess
import sys
import sysconfig
from pathlib import Path

TESTS = Path(__file__).parent
# Not `python -m snek`, which puts the programs' folder on the path, where `types.py` is.
SNEKC = Path(sysconfig.get_path("scripts")) / "snekc"
TIMEOUT = 120
MACHINE = platform.machine()


def run(
    path,
    directory,
    levels,
    *,
    options=(),
    python=sys.executable,
    known=None,
    environment=None,
    timeout=TIMEOUT,
):
    """What is wrong with the program as a whole, or None; and the outcome of each case.

    `levels` are how it is compiled, with the name of each outcome. `options` are further ones of
    `snekc`; `python` runs the program, with what is set in `environment`. `known` is a file of
    what CPython gives: see `interpret`.
    """
    modules = []
    reports = []
    for level in levels:
        built = subprocess.run(
            [SNEKC, "build", level, *options, "-o", directory / level, path],
            # The compiler checks its own work after every pass.
            env={**os.environ, "SNEK_VERIFY": "1"},
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
        )
        if built.returncode != 0:
            status = f"status {built.returncode}:\n{built.stderr}"
            return f"snekc build {level} failed with {status}", {}
        modules.append(directory / level / f"{path.stem}.so")
        reports.append(built.stderr)
    output = directory / "outcomes.jsonl"
    error = None
    try:
        ways = [modules[0], output, *modules[1:]]
        ran = subprocess.run(
            [python, TESTS / "both_ways.py", *(["--known", known] if known else []), path, *ways],
            env={**os.environ, **(environment or {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            timeout=timeout,
        )
        if ran.returncode != 0:
            error = f"status {ran.returncode}:\n{ran.stderr}\n{reports[0]}"
    except subprocess.TimeoutExpired:
        error = f"still running after {timeout} s"
    outcomes = {}
    if output.exists():
        lines = output.read_text().splitlines()
        outcomes = {o["index"]: o for o in map(json.loads, lines)}
    native = outcomes.pop("native", None)
    if error is None and native is not None:
        error = native["error"] and f"{native['error']}\n{reports[0]}"
    return error, outcomes


def interpret(path, output, environment):
    """Writes down what CPython gives, for a Python that is slow because it is emulated."""
    command = [sys.executable, TESTS / "both_ways.py", "--interpreted", path, output]
    subprocess.run(command, env={**os.environ, **environment}, check=True, timeout=TIMEOUT)


def disagreement(outcome, levels):
    """Where the ways of a case differ, as text; None if they agree."""
    first = outcome["interpreted"]
    lines = []
    for level, way in levels.items():
        second = outcome[way]
        for key in first:
            if first[key] != second[key]:
                lines += [f"  {key}, {level}"]
                lines += [f"    CPython: {first[key]}", f"    snek:    {second[key]}"]
    return "\n".join([outcome["case"], *lines]) if lines else None
