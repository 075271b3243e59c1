"""The place of the least element."""

import numpy as np
from snek import Array1D, f64, native


@native
def argmin(a: Array1D[f64]) -> int:
    best = 0
    for i in range(1, len(a)):
        if a[i] < a[best]:
            best = i
    return best


def inputs(n):
    return (np.random.default_rng(n).random(n),)


def right(value, given, after):
    return value == given[0].argmin()


ROWS = [{"what": "argmin", "inputs": (1_000_000,), "targets": {"best": 1.0}}]
SIZES = range(68)
CASES = [
    *(f"a = np.ones(40); a[{i}] = nan; argmin(a)" for i in (0, 7, 39)),
    "a = np.ones(40); a[5] = 0.0; a[9] = -0.0; a[30] = 0.0; argmin(a)",
]
