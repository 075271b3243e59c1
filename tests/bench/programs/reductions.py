"""Sums that may be reordered, because they are declared: reductions of `prange`."""

import numpy as np
from snek import Array1D, f64, parallel, prange


@parallel
def dot(a: Array1D[f64], b: Array1D[f64]) -> float:
    total = 0.0
    for i in prange(len(a)):
        total += a[i] * b[i]
    return total


@parallel
def array_sum(a: Array1D[f64], b: Array1D[f64]) -> float:
    total = 0.0
    for i in prange(len(a)):
        total += a[i]
    return total


@parallel
def dot_often(a: Array1D[f64], b: Array1D[f64], times: int) -> float:
    total = 0.0
    for k in range(times):
        a[k % len(a)] += 1.0
        total += dot(a, b)
    return total


@parallel
def array_sum_often(a: Array1D[f64], b: Array1D[f64], times: int) -> float:
    total = 0.0
    for k in range(times):
        a[k % len(a)] += 1.0
        total += array_sum(a, b)
    return total


def inputs(n, times=3):
    # Eighths: their sums are exact in any order.
    random = np.random.default_rng(n)
    return random.integers(0, 999, n) / 8, random.integers(0, 999, n) / 8, times


def right(value, given, after):
    a, b, times = given
    totals = {"dot": 0.0, "sum": 0.0}
    for k in range(times):
        a[k % len(a)] += 1.0
        if k < 3 or times - k < 3:
            totals = {"dot": a @ b, "sum": a.sum()}
    # Each total is between the first and the last, which are close to each other.
    return any(abs(value / times - mean) < 0.01 * mean for mean in totals.values())


IN_CACHE = {"best": 0.5, "fast": 1.0}
ROWS = [
    {
        "what": f"{what}, `prange`, {place}",
        "function": f"{function}_often",
        "inputs": shape,
        "targets": {"best": 0.5, "fast": 1.0} if place == "L1" else {"fast": 1.0},
    }
    for what, function in (("dot", "dot"), ("sum", "array_sum"))
    for place, shape in (("L1", (1_500, 2000)), ("L2", (10_000, 300)), ("memory", (4_000_000, 1)))
]
SIZES = range(1, 68)
