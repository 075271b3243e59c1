"""Times programs in one way, in a process of its own, one row at a time as `bench.py` asks.

worker.py WAY: reads a JSON object a line, {"program", "module", "function", "inputs", "seconds"},
and answers with {"times", "right"} or {"error"}.  The ways are those of `load`.
"""

import ctypes
import importlib.util
import inspect
import json
import os
import sys
import time
import types
from importlib.machinery import ExtensionFileLoader, SourceFileLoader

import numpy as np

NAMES = {"i": "int", "u": "uint", "f": "float"}
SCALARS = [("i", 32), ("i", 64), ("u", 8), ("u", 32), ("f", 32), ("f", 64)]


def stand_in(native, parallel, prange):
    """A module in the place of `snek`, where another compiler reads the programs."""

    class Inert:
        def __class_getitem__(cls, parameters):
            return parameters

    module = types.ModuleType("snek")
    module.native, module.parallel, module.prange = native, parallel, prange
    for rank in range(1, 5):
        setattr(module, f"Array{rank}D", Inert)
    for kind, bits in SCALARS:
        setattr(module, f"{kind}{bits}", getattr(np, f"{NAMES[kind]}{bits}"))
    sys.modules["snek"] = module


def numba_stand_in(threads, **options):
    import numba

    native = numba.njit(**options)
    if threads > 1:
        stand_in(native, numba.njit(parallel=True, **options), numba.prange)
    else:
        stand_in(native, native, range)
    return native


def load_file(path, loader=SourceFileLoader, name=None, register=True):
    name = name or os.path.basename(path).split(".")[0]
    spec = importlib.util.spec_from_file_location(name, path, loader=loader(name, str(path)))
    module = importlib.util.module_from_spec(spec)
    if register:
        sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def program(path):
    """The program as CPython sees it, loaded once."""
    name = os.path.basename(path).split(".")[0]
    return sys.modules.get(name) or load_file(path)


def flattened(arguments):
    """What a C function is passed: of an array its address and its extents."""
    for argument in arguments:
        if isinstance(argument, np.ndarray):
            yield ctypes.c_void_p(argument.ctypes.data)
            yield from map(ctypes.c_int64, argument.shape)
        else:
            kind = ctypes.c_double if isinstance(argument, float) else ctypes.c_int64
            yield kind(argument)


def c_function(library, name, annotations):
    function = getattr(library, name)
    function.restype = {int: ctypes.c_int64, float: ctypes.c_double}.get(annotations["return"])
    return lambda *arguments: function(*flattened(arguments))


def load(way, path, source, name):
    """The function `name` of the program `source`, as `way` compiles it."""
    if way == "snek":
        return getattr(load_file(path, ExtensionFileLoader, register=False), name)
    module = program(source)
    match way.split("-")[0]:
        case "numba":
            function = getattr(module, name)
            # Helpers without decorators are compiled too.
            for key, value in list(vars(module).items()):
                if isinstance(value, types.FunctionType) and value.__annotations__:
                    setattr(module, key, COMPILE(value))
            return function
        case "c":
            annotations = inspect.get_annotations(getattr(module, name))
            return c_function(ctypes.CDLL(path), name, annotations)
        case "numpy":
            return module.numpy_form
        case _:
            compiled = sys.modules.get("cython_programs")
            compiled = compiled or load_file(path, ExtensionFileLoader, "cython_programs")
            return getattr(compiled, name)


def copies(arguments):
    return [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]


CACHE = {}
COMPILE = None


def answer(way, request):
    key = request["program"], request["module"], request["function"], str(request["inputs"])
    if key not in CACHE:
        path = request["module"]
        function = load(way, path, request["program"], request["function"])
        module = program(request["program"])
        given = module.inputs(*request["inputs"])
        after = copies(given)
        value = function(*after)  # Numba compiles here.
        CACHE.clear()
        CACHE[key] = function, given, bool(module.right(value, copies(given), after))
    function, given, right = CACHE[key]
    times = []
    end = time.perf_counter() + request["seconds"]
    while len(times) < 2 or (time.perf_counter() < end and len(times) < 50):
        fresh = copies(given)
        start = time.perf_counter()
        function(*fresh)
        times.append(time.perf_counter() - start)
        if times[0] > 1.0:
            break
    return {"times": times, "right": right}


def main():
    global COMPILE
    way = sys.argv[1]
    if way.startswith("numba"):
        threads = int(os.environ.get("NUMBA_NUM_THREADS", "1"))
        COMPILE = numba_stand_in(threads, **({"fastmath": True} if way.endswith("fast") else {}))
    elif way != "snek":
        same = lambda function: function  # noqa: E731
        stand_in(same, same, range)
    # What programs print must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        try:
            result = answer(way, json.loads(line))
        except Exception as error:
            result = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps(result), file=answers, flush=True)


main()
