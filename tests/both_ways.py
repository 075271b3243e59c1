"""Runs the cases of a program interpreted and compiled, and writes down both outcomes.

both_ways.py --list PROGRAM                print the cases
both_ways.py PROGRAM MODULE OUTPUT         write an outcome a line to OUTPUT, as JSON
both_ways.py PROGRAM MODULE OUTPUT MODULE  the same, also for a module that is not optimised
both_ways.py --interpreted PROGRAM OUTPUT  the same without a module
both_ways.py --known FILE PROGRAM ...      takes what that has written, on another machine, for what
                                           CPython gives; where a module differs CPython runs here,
                                           too: the C library may give other bits
"""

import array
import ast
import contextlib
import hashlib
import importlib.util
import json
import math
import os
import re
import struct
import sys
import tempfile
import traceback
import warnings
from importlib.machinery import ExtensionFileLoader, SourceFileLoader
from pathlib import Path

try:
    import layouts
    import numpy as np
except ModuleNotFoundError:
    np = None


def load(path, loader):
    name = Path(path).stem
    spec = importlib.util.spec_from_file_location(name, path, loader=loader(name, str(path)))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def not_native(program, module):
    """Why the functions of the compiled module are not what the program wants, or None."""
    source = program.read_text(encoding="utf-8")
    listed = re.findall(r"^# python: (.*)$", source, re.MULTILINE)
    python = {name.strip() for line in listed for name in line.split(",")}
    for statement in ast.parse(source).body:
        if not isinstance(statement, ast.FunctionDef):
            continue
        name = statement.name
        arguments = statement.args
        parameters = arguments.posonlyargs + arguments.args + arguments.kwonlyargs
        typed = statement.returns or any(p.annotation for p in parameters)
        native = type(getattr(module, name)).__name__ == "native_function"
        if native and name in python:
            return f"`{name}` is native, but is listed as Python"
        if typed and not native and name not in python:
            return f"`{name}` is not native"
    return None


def cases(program):
    """The cases that a program lists, and those that its sizes stand for."""
    listed = list(getattr(program, "CASES", ()))
    return listed + list(layouts.cases(program)) if hasattr(program, "SIZES") else listed


def describe(value):
    """A value as text: equal texts mean equal types and equal bits."""
    if np is not None and isinstance(value, np.generic):
        value = value.item()
    match value:
        case float():
            if math.isnan(value):
                return "float nan"
            return f"float {value!r} {struct.pack('>d', value).hex()}"
        case complex():
            return f"complex({describe(value.real)}, {describe(value.imag)})"
        case tuple() | list():
            return f"{type(value).__name__}({', '.join(map(describe, value))})"
        case array.array():
            return f"array {value.typecode} {describe(value.tolist())}"
    if np is not None and isinstance(value, np.ndarray):
        return f"ndarray {value.dtype.str} {value.shape} {elements(value)}"
    return f"{type(value).__name__} {value!r}"


def elements(value):
    """The elements of an array as text; of many a digest: their text takes long."""
    if value.size <= 1000 or value.dtype.kind not in "iufc":
        return describe(value.tolist())
    value = value.copy()
    if value.dtype.kind in "fc":
        floats = value.view(value.real.dtype)
        floats[np.isnan(floats)] = np.nan
    return f"sha256 {hashlib.sha256(value).hexdigest()}"


@contextlib.contextmanager
def captured(result):
    """Puts what is written to stdout, by Python or by others, into `result`."""
    sys.stdout.flush()
    saved = os.dup(1)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 1)
        try:
            yield
        finally:
            sys.stdout.flush()
            os.dup2(saved, 1)
            os.close(saved)
            file.seek(0)
            result["printed"] = file.read().decode()


def outcome(case, module, program):
    """All that can be seen of a case."""
    tree = ast.parse(case)
    last = None
    if isinstance(tree.body[-1], ast.Expr):
        last = ast.Expression(tree.body.pop().value)
    names = {"np": np, "array": array, "math": math, "nan": math.nan, "inf": math.inf}
    if np is not None:
        names["laid"] = layouts.laid
    names.update((k, v) for k, v in vars(module).items() if not k.startswith("__"))
    given = dict(names)
    result = {}
    with captured(result):
        try:
            exec(compile(tree, "<case>", "exec"), names)
            value = eval(compile(last, "<case>", "eval"), names) if last else None
            result["value"] = describe(value)
            result["raised"] = None
        except Exception as error:
            result["value"] = None
            frames = [
                f"{frame.name}:{frame.lineno}"
                for frame in traceback.extract_tb(error.__traceback__)
                if Path(frame.filename).name == program.name
            ]
            if isinstance(error, RecursionError):
                frames = ["..."]
            result["raised"] = f"{type(error).__name__}: {error} at {' > '.join(frames)}"
    names.pop("__builtins__", None)
    result["variables"] = {
        name: describe(value)
        for name, value in names.items()
        if name not in given or given[name] is not value
    }
    return result


def interpret(path, output):
    """Writes down what CPython makes of each case."""
    program = load(path, SourceFileLoader)
    with output.open("w") as file:
        for case in cases(program):
            record = {"case": case, "interpreted": outcome(case, program, path)}
            file.write(json.dumps(record) + "\n")


def main():
    warnings.simplefilter("ignore")
    if sys.argv[1] == "--list":
        json.dump(cases(load(sys.argv[2], SourceFileLoader)), sys.stdout)
        return
    if sys.argv[1] == "--interpreted":
        interpret(*map(Path, sys.argv[2:]))
        return
    arguments = sys.argv[1:]
    known = {}
    if arguments[0] == "--known":
        records = map(json.loads, Path(arguments[1]).read_text().splitlines())
        known = {record["case"]: record["interpreted"] for record in records}
        arguments = arguments[2:]
    program, compiled_path, output, *unoptimised_path = map(Path, arguments)
    source = load(program, SourceFileLoader)
    modules = {"compiled": load(compiled_path, ExtensionFileLoader)}
    if unoptimised_path:
        modules["unoptimised"] = load(unoptimised_path[0], ExtensionFileLoader)
    with output.open("w") as file:

        def write(record):
            file.write(json.dumps(record) + "\n")
            file.flush()

        for index, case in enumerate(cases(source)):
            first = known.get(case) or outcome(case, source, program)
            outcomes = {way: outcome(case, module, program) for way, module in modules.items()}
            if case in known and any(second != first for second in outcomes.values()):
                first = outcome(case, source, program)
            write({"index": index, "case": case, "interpreted": first, **outcomes})
        write({"index": "native", "error": not_native(program, modules["compiled"])})


main()
