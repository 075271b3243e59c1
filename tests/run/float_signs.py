"""Floats whose signs are known from how loops make them: roots that cannot raise, and those that can."""

from math import sqrt

import numpy as np
from snek import Array1D, Array2D, f64


def distances(x: Array2D[f64], out: Array2D[f64]) -> None:
    n, d = x.shape
    for i in range(n):
        for j in range(n):
            total = 0.0
            for k in range(d):
                t = x[i, k] - x[j, k]
                total += t * t
            out[i, j] = sqrt(total)


def root_of_sum(x: Array1D[f64], first: float) -> float:
    total = first
    for i in range(len(x)):
        total += x[i] * x[i]
    return sqrt(total)


def root_of_difference(x: Array1D[f64]) -> float:
    total = 0.0
    for i in range(len(x)):
        total -= x[i] * x[i]
    return sqrt(total)


def with_break(x: Array1D[f64]) -> float:
    total = 1.0
    for i in range(len(x)):
        if x[i] > 5.0:
            total = -2.0
            break
        total += x[i] * x[i]
    return sqrt(total)


def in_turn(x: Array1D[f64]) -> float:
    a = 0.0
    b = -1.0
    for i in range(len(x)):
        a, b = b, a + x[i] * x[i]
    return sqrt(a)


def of_two_ways(x: Array1D[f64], flip: bool) -> float:
    total = 0.0
    for i in range(len(x)):
        step = x[i] * x[i] if x[i] > 1.0 else abs(x[i])
        if flip:
            total = total + step
        else:
            total = total - step
    return sqrt(total)


def nested(x: Array2D[f64]) -> float:
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            total += x[i, j] * x[i, j]
        total *= 0.5
    return sqrt(total)


def over_a_root(x: Array1D[f64], y: Array1D[f64]) -> float:
    return sqrt(x[0] * x[0] / f64(sqrt(y[0])))


def over_a_sum(x: Array1D[f64], first: float) -> float:
    total = f64(first)
    for i in range(len(x)):
        total += f64(sqrt(x[i]))
    return sqrt(f64(1.0) / total)


def over_a_positive_sum(x: Array1D[f64]) -> float:
    total = 0.25
    for i in range(len(x)):
        total += x[i] * x[i] + 0.5
    return sqrt(1.0 / (total + 0.125))


CASES = [
    *(
        f"x = np.arange({n * d}.0).reshape({n}, {d}) % 7; out = np.zeros(({n}, {n})); distances(x, out); out"
        for n in (0, 1, 5, 9, 17, 20)
        for d in (0, 1, 3, 16)
    ),
    "x = np.ones((9, 3)); out = np.zeros((9, 8)); distances(x, out)",
    "x = np.ones((9, 3)); out = np.zeros((9, 8))\ntry: distances(x, out)\nexcept IndexError: pass\nout",
    "x = np.ones((9, 3)); x[4, 1] = nan; x[5, 2] = inf; out = np.zeros((9, 9)); distances(x, out); out",
    "x = np.arange(24.0).reshape(8, 3); distances(x, x[:, :2])",
    *(
        f"root_of_sum(np.arange({n}.0), {first})"
        for n in (0, 1, 9)
        for first in (0.0, -0.0, 2.5, -3.0, "nan", "inf", "-inf")
    ),
    *(f"root_of_difference(np.arange({n}.0))" for n in (0, 1, 2)),
    *(f"with_break(np.arange({n}.0))" for n in (0, 5, 9)),
    *(f"in_turn(np.full({n}, 0.5))" for n in range(5)),
    *(f"of_two_ways(np.arange({n}.0), {flip})" for n in (0, 1, 3) for flip in (True, False)),
    *(f"nested(np.arange(6.0).reshape({shape}))" for shape in ("2, 3", "6, 1", "1, 6")),
    "nested(np.zeros((0, 3)))",
    # A root may be -0.0, and then the quotient is below all numbers.
    *(
        f"over_a_root(np.array([{x}]), np.array([{y}]))"
        for x in (0.0, 2.0, "nan")
        for y in (0.0, -0.0, 4.0, "inf")
    ),
    *(
        f"over_a_sum(np.array([{x}]), {first})"
        for x in ("", -0.0, 0.0, 9.0)
        for first in (0.0, -0.0, 1.0)
    ),
    *(f"over_a_positive_sum(np.array([{x}]))" for x in ("", -0.0, 1e200, "nan")),
]
