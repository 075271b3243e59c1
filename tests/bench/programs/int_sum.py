"""A sum of integers, checked for overflow."""

import numpy as np
from snek import Array1D, i64, native


@native
def int_sum(a: Array1D[i64]) -> int:
    total = 0
    for i in range(len(a)):
        total += int(a[i])
    return total


def inputs(n):
    return (np.random.default_rng(n).integers(-(2**40), 2**40, n),)


def right(value, given, after):
    return value == given[0].sum()


ROWS = [{"what": "`i64` sum, checked", "inputs": (1_000_000,), "targets": {"best": 1.0}}]
SIZES = range(68)
CASES = [
    # The sum fits, though sums of lanes do not.
    *(f"int_sum(np.array([2**63 - 1, -5, {x}, 1] * {n}))" for x in (-1, 0) for n in (1,)),
    "int_sum(np.array([2**62, -(2**62), 0, 0] * 16))",
    "int_sum(np.array([2**62, 0, 0, 0, -(2**62), 0, 0, 0] * 8))",
    "int_sum(np.array([2**63 - 1, -(2**63)] * 9))",
]
