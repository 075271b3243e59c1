"""Times functions of `programs.py`, compiled by snek or by Numba, in a process of its own.

worker.py snek MODULE NAME... | worker.py numba SOURCE NAME...
Prints a JSON object: the times in seconds and the result of each name.
"""

import importlib.util
import json
import sys
import time
import types
from importlib.machinery import ExtensionFileLoader, SourceFileLoader

import numpy as np

REPEAT = 5


def bodies():
    """The sun and the outer planets, at rest as a whole: positions, velocities, masses."""
    sun = 4 * np.pi**2
    p = np.array(
        [
            [0, 0, 0],
            [4.84143144246472090, -1.16032004402742839, -0.103622044471123109],
            [8.34336671824457987, 4.12479856412430479, -0.403523417114321381],
            [12.8943695621391310, -15.1111514016986312, -0.223307578892655734],
            [15.3796971148509165, -25.9193146099879641, 0.179258772950371181],
        ]
    )
    v = 365.24 * np.array(
        [
            [0, 0, 0],
            [0.00166007664274403694, 0.00769901118419740425, -0.0000690460016972063023],
            [-0.00276742510726411, 0.00499852801234917238, 0.0000230417297573763929],
            [0.00296460137564761618, 0.00237847173959480950, -0.0000296589568540237556],
            [0.00268067772490389322, 0.00162824170038242295, -0.000095159225451971587],
        ]
    )
    m = sun * np.array(
        [1, 0.000954791938424326609, 0.000285885980666130812]
        + [0.0000436624404335156298, 0.0000515138902046611451]
    )
    v[0] = -(m[1:, None] * v[1:]).sum(axis=0) / sun
    return p, v, m


def arguments(name):
    match name.split("_")[0]:
        case "mandelbrot":
            return np.zeros((700, 700), np.int32), 100
        case "sieve":
            return (np.zeros(10_000_000, np.uint8),)
        case "collatz":
            return (300_000,)
        case "nbody":
            return *bodies(), 300_000


def load(way, path):
    loader = {"snek": ExtensionFileLoader, "numba": SourceFileLoader}[way]("programs", path)
    if way == "numba":
        sys.modules["snek"] = numbas_snek()
    spec = importlib.util.spec_from_file_location("programs", path, loader=loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def numbas_snek():
    """Stands for `snek` where Numba compiles: Numba's decorators, NumPy's scalars."""
    import numba

    class Inert:
        def __class_getitem__(cls, parameters):
            return cls

    module = types.ModuleType("snek")
    module.native = numba.njit
    module.parallel = numba.njit(parallel=True)
    module.prange = numba.prange
    for rank in range(1, 5):
        setattr(module, f"Array{rank}D", Inert)
    names = {"i": "int", "u": "uint", "f": "float"}
    for kind, bits in [("u", 8), ("i", 32), ("i", 64), ("f", 64)]:
        setattr(module, f"{kind}{bits}", getattr(np, f"{names[kind]}{bits}"))
    return module


def main():
    way, path, *names = sys.argv[1:]
    module = load(way, path)
    results = {}
    for name in names:
        function = getattr(module, name)
        value = function(*arguments(name))  # Numba compiles here
        times = []
        for _ in range(REPEAT):
            fresh = arguments(name)
            start = time.perf_counter()
            function(*fresh)
            times.append(time.perf_counter() - start)
        results[name] = {"times": times, "value": value}
    json.dump(results, sys.stdout)


main()
