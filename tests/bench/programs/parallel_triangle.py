"""Coprime pairs of numbers: later iterations have more to do."""

import numpy as np
from snek import parallel, prange


@parallel
def parallel_triangle(n: int) -> int:
    found = 0
    for i in prange(n):
        for j in range(i):
            a = i
            b = j
            while b != 0:
                t = a % b
                a = b
                b = t
            if a == 1:
                found += 1
    return found


def inputs(n):
    return (n,)


def right(value, given, after):
    numbers = np.arange(given[0])
    return value == (np.tril(np.gcd.outer(numbers, numbers), -1) == 1).sum()


ROWS = [{"what": "triangular loop", "inputs": (900,), "targets": {"balance": 0.95}}]
SIZES = range(-1, 67)
