"""Times calls from Python: calls.py SNEK_MODULE [CYTHON_MODULE].  Prints nanoseconds as JSON."""

import importlib.util
import json
import statistics
import sys
import timeit
from importlib.machinery import ExtensionFileLoader

import numpy as np

NUMBER = 200_000


def load(name, path):
    loader = ExtensionFileLoader(name, path)
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def nanoseconds(statement, **names):
    """Of one execution, without the loop around it."""
    loop = min(timeit.repeat("pass", number=NUMBER, repeat=5))
    times = timeit.repeat(statement, globals=names, number=NUMBER, repeat=9)
    return (statistics.median(times) - loop) / NUMBER * 1e9


def main():
    results = {}
    a = np.zeros(1_000_000)
    for way, name, path in zip(("snek", "cython"), ("calls_snek", "calls"), sys.argv[1:]):
        module = load(name, path)
        scalar, array = module.scalar, module.array
        results[f"{way} scalar"] = nanoseconds("scalar(2.5)", scalar=scalar)
        results[f"{way} array"] = nanoseconds("array(a, 2.5)", array=array, a=a)
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
