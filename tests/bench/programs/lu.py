"""Gaussian elimination in place."""

import numpy as np
from snek import Array2D, f64, native


@native
def lu(a: Array2D[f64]) -> None:
    n = len(a)
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]


def inputs(n):
    return (np.random.default_rng(n).random((n, n)) + n * np.eye(n),)


def right(value, given, after):
    (a,) = after
    return np.allclose((np.tril(a, -1) + np.eye(len(a))) @ np.triu(a), given[0])


ROWS = [{"what": "LU", "inputs": (300,), "targets": {"best": 1.0}}]
SIZES = range(0, 34)
CASES = ["a = np.zeros((5, 5)); lu(a)", "a = np.ones((7, 5)); lu(a)"]
