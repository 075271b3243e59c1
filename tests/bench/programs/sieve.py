"""The sieve of Eratosthenes."""

import numpy as np
from snek import Array1D, native, u8


@native
def sieve(flags: Array1D[u8]) -> int:
    n = len(flags)
    for i in range(n):
        flags[i] = 1
    i = 2
    while i * i < n:
        if flags[i] != 0:
            j = i * i
            while j < n:
                flags[j] = 0
                j += i
        i += 1
    count = 0
    for i in range(2, n):
        count += int(flags[i])
    return count


def inputs(n):
    return (np.zeros(n, np.uint8),)


def right(value, given, after):
    return value == {5_000_000: 348_513}[len(after[0])]


ROWS = [{"what": "sieve", "inputs": (5_000_000,), "targets": {"best": 1.0, "numba": 1.1}}]
SIZES = range(0, 300, 4)
