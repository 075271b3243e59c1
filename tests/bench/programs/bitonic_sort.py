"""A sorting network."""

import numpy as np
from snek import Array1D, i32, native


@native
def bitonic_sort(a: Array1D[i32]) -> None:
    n = len(a)
    k = 2
    while k <= n:
        j = k // 2
        while j > 0:
            for i in range(n):
                other = i ^ j
                if other > i:
                    ascending = i & k == 0
                    if (a[i] > a[other]) == ascending:
                        a[i], a[other] = a[other], a[i]
            j //= 2
        k *= 2


def inputs(n):
    return (np.random.default_rng(n).integers(-(2**31), 2**31, n, np.int32),)


def right(value, given, after):
    return np.array_equal(after[0], np.sort(given[0]))


ROWS = [{"what": "bitonic sort", "inputs": (2**17,), "targets": {"best": 1.0}}]
SIZES = range(0, 68)
