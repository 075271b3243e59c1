"""Running sums."""

import numpy as np
from snek import Array1D, i64, native


@native
def prefix_sum(a: Array1D[i64], out: Array1D[i64]) -> None:
    total = 0
    for i in range(len(a)):
        total += int(a[i])
        out[i] = total


def inputs(n):
    return np.random.default_rng(n).integers(-9, 10, n), np.zeros(n, np.int64)


def right(value, given, after):
    return np.array_equal(after[1], given[0].cumsum())


ROWS = [{"what": "prefix sum", "inputs": (1_000_000,), "targets": {"best": 1.0}}]
# Sums of sums: with arrays that overlap, longer ones would not fit.
SIZES = range(58)
CASES = [
    "a = np.arange(9); out = np.zeros(5, np.int64); prefix_sum(a, out)",
]
