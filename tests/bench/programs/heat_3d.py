"""The equation of heat in three dimensions."""

import numpy as np
from snek import Array3D, f64, native


@native
def heat_3d(a: Array3D[f64], b: Array3D[f64], steps: int) -> None:
    d, h, w = a.shape
    for _ in range(steps):
        for i in range(1, d - 1):
            for j in range(1, h - 1):
                for k in range(1, w - 1):
                    b[i, j, k] = (
                        0.125 * (a[i + 1, j, k] - 2.0 * a[i, j, k] + a[i - 1, j, k])
                        + 0.125 * (a[i, j + 1, k] - 2.0 * a[i, j, k] + a[i, j - 1, k])
                        + 0.125 * (a[i, j, k + 1] - 2.0 * a[i, j, k] + a[i, j, k - 1])
                        + a[i, j, k]
                    )
        for i in range(1, d - 1):
            for j in range(1, h - 1):
                for k in range(1, w - 1):
                    a[i, j, k] = (
                        0.125 * (b[i + 1, j, k] - 2.0 * b[i, j, k] + b[i - 1, j, k])
                        + 0.125 * (b[i, j + 1, k] - 2.0 * b[i, j, k] + b[i, j - 1, k])
                        + 0.125 * (b[i, j, k + 1] - 2.0 * b[i, j, k] + b[i, j, k - 1])
                        + b[i, j, k]
                    )


def inputs(n, steps=1):
    a = np.random.default_rng(n).random((n, n + 1, n + 2))
    return a, a.copy(), steps


def right(value, given, after):
    a, b, steps = given
    inner = (slice(1, -1),) * 3
    for _ in range(steps):
        for x, y in ((a, b), (b, a)):
            change = np.zeros_like(x[inner])
            for axis in range(3):
                move = [np.roll(x, s, axis)[inner] for s in (1, -1)]
                change += 0.125 * (move[0] - 2.0 * x[inner] + move[1])
            y[inner] = x[inner] + change
    return np.allclose(after[0], a)


ROWS = [{"what": "heat-3d", "inputs": (80, 10), "targets": {"best": 1.0}}]
SIZES = range(0, 13)
