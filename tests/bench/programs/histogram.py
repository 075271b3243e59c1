"""How often each byte occurs."""

import numpy as np
from snek import Array1D, i64, native, u8


@native
def histogram(data: Array1D[u8], bins: Array1D[i64]) -> None:
    for i in range(len(bins)):
        bins[i] = 0
    for i in range(len(data)):
        bins[data[i]] += 1


def inputs(n):
    return np.random.default_rng(n).integers(0, 256, n, np.uint8), np.zeros(256, np.int64)


def right(value, given, after):
    return np.array_equal(after[1], np.bincount(given[0], minlength=256))


ROWS = [{"what": "histogram", "inputs": (2_000_000,), "targets": {"best": 1.0}}]
SIZES = range(68)
CASES = ["a = np.arange(9, dtype=np.uint8); bins = np.ones(5, np.int64); histogram(a, bins)"]
