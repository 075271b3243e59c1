"""The spectral norm of an infinite matrix, its products with vectors on all cores."""

from math import sqrt

import numpy as np
from snek import Array1D, f64, native, parallel, prange


def element_of_matrix(i: int, j: int) -> float:
    return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)


@parallel
def parallel_multiply(v: Array1D[f64], out: Array1D[f64]) -> None:
    for i in prange(len(out)):
        total = 0.0
        for j in range(len(v)):
            total += element_of_matrix(i, j) * v[j]
        out[i] = total


@parallel
def parallel_multiply_transposed(v: Array1D[f64], out: Array1D[f64]) -> None:
    for i in prange(len(out)):
        total = 0.0
        for j in range(len(v)):
            total += element_of_matrix(j, i) * v[j]
        out[i] = total


@native
def parallel_spectral_norm(u: Array1D[f64], v: Array1D[f64], w: Array1D[f64], steps: int) -> float:
    for _ in range(steps):
        parallel_multiply(u, w)
        parallel_multiply_transposed(w, v)
        parallel_multiply(v, w)
        parallel_multiply_transposed(w, u)
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


ROWS = [{"what": "spectral norm", "inputs": (500, 10), "targets": {"speedup": 1.85}}]
SIZES = range(1, 40)
OVERLAPPING = False
