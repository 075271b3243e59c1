"""Sums that may be reordered, because they are declared: reductions of `prange`."""

import numpy as np
from snek import Array1D, f64, native, parallel, prange


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


@native
def dot_often(a: Array1D[f64], b: Array1D[f64], times: int) -> float:
    total = 0.0
    for k in range(times):
        a[k % len(a)] += 1.0
        total += dot(a, b)
    return total


@native
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
    steps = np.arange(times)
    # What is added to an element counts in this and all later sums.
    counts = times - steps
    totals = times * (a @ b) + counts @ b[steps % len(b)], times * a.sum() + counts.sum()
    return any(np.isclose(value, total) for total in totals)


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
# What does not fit the caches waits for memory, which a second core does not make faster.
ROWS += [
    {
        "what": f"{what}, {place}",
        "function": f"{function}_often",
        "inputs": shape,
        "targets": {"speedup": limit},
    }
    for what, function in (("dot", "dot"), ("sum", "array_sum"))
    for place, shape, limit in (("L2", (40_000, 100), 1.85), ("memory", (4_000_000, 3), None))
]
SIZES = range(1, 68)
# Where one array is written, loops that run in parallel refuse others that overlap it.
OVERLAPPING = False
