"""`b * exp(-a * a)`: one function of the mathematics library for each element."""

from math import exp

import numpy as np
from snek import Array1D, f64, native


@native
def gauss(a: Array1D[f64], b: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(a)):
        out[i] = b[i] * exp(-a[i] * a[i])


def inputs(n):
    random = np.random.default_rng(n)
    return random.normal(size=n), random.random(n), np.zeros(n)


def right(value, given, after):
    a, b, _ = given
    return np.allclose(after[2], b * np.exp(-a * a), rtol=1e-14)


ROWS = [{"what": "`b * exp(-a * a)`", "inputs": (1_000_000,), "targets": {"best": 0.35}}]
SIZES = range(68)
EXACT = False
