"""The spectral norm of an infinite matrix, of which no element is stored."""

from math import sqrt

import numpy as np
from snek import Array1D, f64, native


def element(i: int, j: int) -> float:
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


@native
def multiply(v: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(out)):
        total = 0.0
        for j in range(len(v)):
            total += element(i, j) * v[j]
        out[i] = total


@native
def multiply_transposed(v: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(out)):
        total = 0.0
        for j in range(len(v)):
            total += element(j, i) * v[j]
        out[i] = total


@native
def spectral_norm(u: Array1D[f64], v: Array1D[f64], w: Array1D[f64], steps: int) -> float:
    for _ in range(steps):
        multiply(u, w)
        multiply_transposed(w, v)
        multiply(v, w)
        multiply_transposed(w, u)
    uv = 0.0
    vv = 0.0
    for i in range(len(u)):
        uv += u[i] * v[i]
        vv += v[i] * v[i]
    return sqrt(uv / vv)


def inputs(n, steps=1):
    return np.ones(n), np.zeros(n), np.zeros(n), steps


def right(value, given, after):
    return abs(value - 1.274224) < 1e-5


ROWS = [{"what": "spectral norm", "inputs": (500, 10), "targets": {"best": 1.0}}]
SIZES = range(1, 40)
