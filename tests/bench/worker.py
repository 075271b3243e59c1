"""Times programs in one way, in a process of its own, one row at a time as `bench.py` asks.

worker.py WAY: reads a JSON object a line, {"program", "module", "function", "inputs", "seconds"},
and answers with {"times", "right"} or {"error"}.  The ways are those of `load`.  Loops that are to
run in parallel have "threads", too, and "schedule", which is "static" or "dynamic"; "peer" is what
is called in the place of the function in other ways than snek's.  A request with a "sampler", the
file of `sampler.c`, is answered with what `sampled` gives.
"""

import ctypes
import importlib.util
import inspect
import json
import os
import sys
import time
import types
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import ExtensionFileLoader, SourceFileLoader
from multiprocessing import get_context

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


def numba_stand_in(kind):
    if kind in ("", "fast"):
        import numba

        native = numba.njit(fastmath=bool(kind))
        stand_in(native, native, range)
        return native
    os.environ["NUMBA_THREADING_LAYER"] = kind
    import numba

    # Both layers run one code, which takes seconds to compile: it is kept.
    native = numba.njit(cache=True)
    stand_in(native, numba.njit(parallel=True, cache=True), numba.prange)
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
    """Those of Mojo are passed the number of threads as well, as the last argument."""
    function = getattr(library, name)
    function.restype = {int: ctypes.c_int64, float: ctypes.c_double}.get(annotations["return"])
    return lambda *arguments: function(*flattened(arguments), ctypes.c_int64(THREADS))


def load(way, path, source, name):
    """The function `name` of the program `source`, as `way` compiles it."""
    if way in ("snek", "threads", "processes"):
        function = getattr(load_file(path, ExtensionFileLoader, register=False), name)
        return function if way == "snek" else by_pool(way, program(source), function)
    module = program(source)
    match way.split("-")[0]:
        case "numba":
            function = getattr(module, name)
            # Helpers without decorators are compiled too.
            for key, value in list(vars(module).items()):
                if isinstance(value, types.FunctionType) and value.__annotations__:
                    setattr(module, key, COMPILE(value))
            return function
        case "c" | "mojo":
            annotations = inspect.get_annotations(getattr(module, name))
            return c_function(ctypes.CDLL(path), name, annotations)
        case "numpy":
            return module.numpy_form
        case "pythran":
            return getattr(load_file(path, ExtensionFileLoader, register=False), name)
        case "cython":
            file = f"{way.replace('-', '_')}_programs"
            compiled = sys.modules.get(file) or load_file(path, ExtensionFileLoader, file)
            return getattr(compiled, name)


POOLS = {}
# The program and its compiled function, for the processes that are forked.
OF_POOL = None


def one(task):
    module, function = OF_POOL
    return module.one_row(function, *task)


def by_pool(way, module, function):
    """Calls of a compiled function from the threads or the processes of a pool of Python's."""
    global OF_POOL
    OF_POOL = module, function
    for pool in POOLS.values():
        pool.shutdown() if way == "threads" else pool.terminate()
    POOLS.clear()

    def call(*arguments):
        if THREADS not in POOLS:
            make = ThreadPoolExecutor if way == "threads" else get_context("fork").Pool
            POOLS[THREADS] = make(THREADS)
        if way == "threads":
            return module.by_threads(POOLS[THREADS], function, *arguments)
        return module.by_processes(POOLS[THREADS], one, *arguments)

    return call


THREADS = 1


def set_threads(way, count, schedule):
    """How many threads parallel loops have from here on; nothing is started anew."""
    global THREADS
    THREADS = count
    match way:
        case "snek":
            import snek

            snek.set_num_threads(count)
        case "numba-omp" | "numba-workqueue":
            import numba

            numba.set_num_threads(count)
        case "cython-parallel" | "pythran-parallel":
            openmp = ctypes.CDLL("libgomp.so.1")
            openmp.omp_set_num_threads(count)
            # Pieces of 16 iterations, or one piece for each thread.
            openmp.omp_set_schedule(*((2, 16) if schedule == "dynamic" else (1, 0)))


# Bytes of a line of the cache.
LINE = 64


def aligned(array):
    """A copy that begins with a line of the cache, in every process: where vectors straddle lines,
    loops take half as long again, and NumPy leaves it to chance."""
    room = np.empty(array.nbytes + LINE, np.uint8)
    start = -room.ctypes.data % LINE
    copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def copies(arguments):
    return [aligned(a) if isinstance(a, np.ndarray) else a for a in arguments]


CACHE = {}
COMPILE = None


def prepared(way, request):
    """The function of a request, its arguments, and by number of threads whether it is right."""
    name = request.get("peer", request["function"]) if way != "snek" else request["function"]
    key = request["program"], request["module"], name, str(request["inputs"])
    module = program(request["program"])
    threads = request.get("threads")
    if threads:
        set_threads(way, threads, request["schedule"])
    if key not in CACHE:
        function = load(way, request["module"], request["program"], name)
        other = name != request["function"] and hasattr(module, "peer_inputs")
        given = (module.peer_inputs if other else module.inputs)(*request["inputs"])
        CACHE.clear()
        CACHE[key] = function, given, {}
    function, given, rights = CACHE[key]
    if threads not in rights:
        after = copies(given)
        value = function(*after)  # Numba compiles here.
        rights[threads] = bool(module.right(value, copies(given), after))
    return function, given, rights[threads]


def answer(way, request):
    function, given, right = prepared(way, request)
    if "sampler" in request:
        return sampled(function, given, request)
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


# Between samples, in microseconds; most systems interrupt less often.
INTERVAL = 500
# Of these, few tell where the time goes.
ENOUGH = 150
# So far around the address that is met most often, the code is given.
AROUND = 8192


def sampled(function, given, request):
    """Where a function spends its time: {"file", "start", "code", "samples", "count"}: some of its
    code as bytes from an address on, how often each address in it was met, and all samples."""
    sampler = ctypes.CDLL(request["sampler"])
    counting = ctypes.c_int32.in_dll(sampler, "counting")
    taken = ctypes.c_int32.in_dll(sampler, "taken")
    taken.value = 0
    if sampler.every(ctypes.c_int64(INTERVAL)) != 0:
        raise OSError("there is no such timer")
    end = time.perf_counter() + request["seconds"]
    while taken.value < ENOUGH and time.perf_counter() < end:
        fresh = copies(given)
        counting.value = 1
        function(*fresh)
        counting.value = 0
    sampler.every(ctypes.c_int64(0))
    most = ctypes.c_int32.in_dll(sampler, "most").value
    addresses = (ctypes.c_uint64 * min(taken.value, most)).in_dll(sampler, "addresses")
    if not addresses:
        raise OSError("the timer did not interrupt it")
    counts = Counter(addresses)
    # A loop is met at some of its instructions: those near to each other count as one place.
    places = Counter(address // 256 for address in addresses)
    hottest = max(a for a in counts if a // 256 == places.most_common(1)[0][0])
    first, last, file = mapping(hottest)
    start, stop = max(first, hottest - AROUND), min(last, hottest + AROUND)
    return {
        "file": os.path.basename(file) or "code made at run time",
        "start": start,
        "code": ctypes.string_at(start, stop - start).hex(),
        "samples": {a: n for a, n in counts.items() if start <= a < stop},
        "count": len(addresses),
    }


def mapping(address):
    """The part of the memory in which an address is, and the file that is there."""
    with open("/proc/self/maps") as lines:
        for line in lines:
            bounds, *_, file = (*line.split(maxsplit=5), "")[:6]
            first, last = (int(bound, 16) for bound in bounds.split("-"))
            if first <= address < last:
                return first, last, file.strip()
    raise OSError("nothing was met")


def main():
    global COMPILE
    way = sys.argv[1]
    if way.startswith("numba"):
        COMPILE = numba_stand_in(way.removeprefix("numba").removeprefix("-"))
    elif way not in ("snek", "threads", "processes"):
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
