"""Calls the functions of a module of the fuzzer, and writes down what can be seen of each call.

run_module.py SEED COUNT KIND OUTPUT WAY=PATH... [--only NAME] [--number N] [--skip NAME,...]: the
ways are `interpreted` (a source file) and any others (modules).  OUTPUT gets a JSON object a line,
{"case", "way", "outcome"}.
"""

import ast
import importlib.util
import json
import math
import random
import sys
import traceback
import warnings
from importlib.machinery import ExtensionFileLoader
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

import generate  # noqa: E402
import layouts  # noqa: E402

DTYPES = {"u8": "u1", "i32": "i4", "i64": "i8", "f32": "f4", "f64": "f8", "bool": "?"}
SPECIAL = (math.nan, math.inf, -math.inf, -0.0)
# In a sum whose order is not CPython's these would decide alone.
EXTREME = (1e300, -1e300, 5e-324)
SIZES = {1: (0, 1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 64, 67), 2: (0, 1, 2, 3, 7, 9, 16, 19)}
SIZES[3] = (0, 1, 2, 4, 7, 9)
CALLS = 5


def beyond(value):
    """Raises what compiled code raises where CPython's `int` goes on."""
    if type(value) is int and not -(2**63) <= value < 2**63:
        raise OverflowError("int result does not fit in 64 bits")
    return value


class Bounded(ast.NodeTransformer):
    """Puts `beyond` around arithmetic."""

    def around(self, node):
        node = self.generic_visit(node)
        return ast.copy_location(ast.Call(ast.Name("beyond", ast.Load()), [node], []), node)

    visit_BinOp = visit_UnaryOp = around

    def visit_Call(self, node):
        if isinstance(node.func, ast.Name) and node.func.id == "abs":
            return self.around(node)
        return self.generic_visit(node)

    def visit_AugAssign(self, node):
        node = self.generic_visit(node)
        if not isinstance(node.target, ast.Name):
            return node
        value = ast.BinOp(ast.Name(node.target.id, ast.Load()), node.op, node.value)
        call = ast.Call(ast.Name("beyond", ast.Load()), [value], [])
        return ast.copy_location(ast.Assign([node.target], call), node)


def load(way, path):
    name = Path(path).stem
    if way == "interpreted":
        tree = ast.fix_missing_locations(Bounded().visit(ast.parse(Path(path).read_text())))
        names = {"beyond": beyond, "__name__": name}
        exec(compile(tree, f"{name}.py", "exec"), names)
        return names
    loader = ExtensionFileLoader(name, path)
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return vars(module)


def contents(source, dtype, shape, name, special):
    """Of an array: small values mostly, and edges of its type."""
    if name == "at":
        low = 0 if source.random() < 0.5 else -shape[0]
        values = [source.randrange(low, max(shape[0], low + 1)) for _ in range(math.prod(shape))]
        if values and source.random() < 0.15:
            values[source.randrange(len(values))] = shape[0] + source.randrange(3)
        return np.array(values, "i8")
    edges = source.random() < 0.3
    found = np.zeros(math.prod(shape), DTYPES[dtype])
    for k in range(len(found)):
        if dtype == "bool":
            found[k] = source.random() < 0.6
        elif dtype in generate.FLOATS:
            value = source.choice((source.gauss(0, 10), float(source.randint(-9, 9))))
            with np.errstate(all="ignore"):
                found[k] = source.choice(special) if edges and source.random() < 0.1 else value
        else:
            info = np.iinfo(DTYPES[dtype])
            small = source.randint(max(info.min, -100), 100)
            found[k] = (
                source.choice((info.min, info.max)) if edges and source.random() < 0.1 else small
            )
    return found.reshape(shape)


def arguments(function, number):
    """Of the call with this number: (layout, the arguments before they are laid out)."""
    source = random.Random(function.seed * 100 + number)
    size = source.choice(SIZES[function.depth])
    given = []
    for array in function.arrays:
        extra = source.choice((0, 0, 0, 0, 1, -1, 3)) if not function.is_parallel else 0
        shape = tuple(max(size + (extra if k == 0 else 0), 0) for k in range(array.rank))
        special = SPECIAL if function.is_parallel else SPECIAL + EXTREME
        given.append(contents(source, array.dtype, shape, array.name, special))
    given += [source.choice((size, size, size, 3, -1)), source.choice((0.5, -2.0, 1e3))]
    choices = [
        name for name in layouts.LAYOUTS if name != "overlapping" or not function.is_parallel
    ]
    return source.choice(("plain", *choices)), given


def bits(value):
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value.hex()
    if isinstance(value, (tuple, list)):
        return [bits(v) for v in value]
    return repr(value)


def outcome(function, module, number):
    layout, given = arguments(function, number)
    passed = layouts.laid(layout, *given)
    result = {"value": None, "raised": None}
    try:
        result["value"] = bits(module[function.name](*passed))
    except Exception as error:
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.name == function.name
        ]
        result["raised"] = f"{type(error).__name__}: {error} at line {lines[-1:]}"
    for array, value in zip(function.arrays, passed):
        result[array.name] = f"{value.dtype} {bits(value.ravel().tolist())}"
    return result


def main():
    warnings.simplefilter("ignore")
    words, options = [], {}
    for word in (given := iter(sys.argv[1:])):
        if word.startswith("--"):
            options[word] = next(given)
        else:
            words.append(word)
    skipped = options.get("--skip", "").split(",")
    numbers = [int(options["--number"])] if "--number" in options else range(CALLS)
    seed, count, kind, output, *ways = words
    modules = dict(way.split("=") for way in ways)
    loaded = {way: load(way, path) for way, path in modules.items()}
    found = generate.functions(int(seed), int(count), kind == "parallel")
    with open(output, "w") as file:
        for function in found:
            if options.get("--only", function.name) != function.name or function.name in skipped:
                continue
            for number in numbers:
                for way, module in loaded.items():
                    if function.name not in module:
                        continue
                    record = {"case": [function.name, number], "way": way}
                    # Before the call: if it crashes, this says which it was.
                    print(json.dumps(record), file=file, flush=True)
                    record["outcome"] = outcome(function, module, number)
                    print(json.dumps(record), file=file, flush=True)


if __name__ == "__main__":
    main()
