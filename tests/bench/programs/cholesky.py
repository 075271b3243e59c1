"""The factor of Cholesky, row by row."""

from math import sqrt

import numpy as np
from snek import Array2D, f64, native


@native
def cholesky(a: Array2D[f64], factor: Array2D[f64]) -> None:
    n = len(a)
    for i in range(n):
        for j in range(i + 1):
            rest = a[i, j]
            for k in range(j):
                rest -= factor[i, k] * factor[j, k]
            if i == j:
                factor[i, i] = sqrt(rest)
            else:
                factor[i, j] = rest / factor[j, j]


def inputs(n):
    a = np.random.default_rng(n).random((n, n))
    return a @ a.T + n * np.eye(n), np.zeros((n, n))


def right(value, given, after):
    factor = after[1]
    return np.allclose(factor @ factor.T, given[0])


ROWS = [{"what": "Cholesky", "inputs": (400,), "targets": {"best": 1.0}}]
SIZES = range(0, 34)
CASES = ["a = -np.eye(4); f = np.zeros((4, 4)); cholesky(a, f)"]
