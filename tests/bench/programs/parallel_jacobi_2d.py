"""A stencil of five points, to and fro between two arrays, each time on all cores."""

import numpy as np
from snek import Array2D, f64, parallel, prange


@parallel
def parallel_jacobi_2d(a: Array2D[f64], b: Array2D[f64], steps: int) -> None:
    h, w = a.shape
    for _ in range(steps):
        for i in prange(1, h - 1):
            for j in range(1, w - 1):
                b[i, j] = 0.2 * (a[i, j] + a[i, j - 1] + a[i, j + 1] + a[i + 1, j] + a[i - 1, j])
        for i in prange(1, h - 1):
            for j in range(1, w - 1):
                a[i, j] = 0.2 * (b[i, j] + b[i, j - 1] + b[i, j + 1] + b[i + 1, j] + b[i - 1, j])


def inputs(n, steps=2):
    a = np.random.default_rng(n).random((n, n + 3))
    return a, a.copy(), steps


def right(value, given, after):
    a, b, steps = given
    for _ in range(steps):
        for x, y in ((a, b), (b, a)):
            around = x[1:-1, :-2] + x[1:-1, 2:] + x[2:, 1:-1] + x[:-2, 1:-1]
            y[1:-1, 1:-1] = 0.2 * (x[1:-1, 1:-1] + around)
    return np.allclose(after[0], a)


# Four arrays of this size fit the caches of two cores, so it is the arithmetic that is measured.
ROWS = [{"what": "jacobi-2d", "inputs": (400, 30), "targets": {"speedup": 1.85}}]
SIZES = range(0, 24)
OVERLAPPING = False
