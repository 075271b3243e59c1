"""The product of matrices, its rows on all cores."""

import numpy as np
from snek import Array2D, f64, parallel, prange


@parallel
def parallel_matmul(a: Array2D[f64], b: Array2D[f64], out: Array2D[f64]) -> None:
    for i in prange(a.shape[0]):
        for j in range(b.shape[1]):
            total = 0.0
            for k in range(a.shape[1]):
                total += a[i, k] * b[k, j]
            out[i, j] = total


def inputs(n):
    random = np.random.default_rng(n)
    return random.random((n, n)), random.random((n, n)), np.zeros((n, n))


def right(value, given, after):
    a, b, _ = given
    return np.allclose(after[2], a @ b)


ROWS = [{"what": "matmul, n = 384", "inputs": (384,), "targets": {"speedup": 1.85}}]
SIZES = range(0, 34)
OVERLAPPING = False
