"""The product of matrices as it is defined: three loops."""

import numpy as np
from snek import Array2D, f64, native


@native
def matmul(a: Array2D[f64], b: Array2D[f64], out: Array2D[f64]) -> None:
    for i in range(a.shape[0]):
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


def numpy_form(a, b, out):
    np.matmul(a, b, out=out)


ROWS = [
    {"what": "matmul, n = 48", "inputs": (48,), "targets": {"best": 0.5}},
    {"what": "matmul, n = 240", "inputs": (240,), "targets": {"best": None}},
    {"what": "matmul, n = 512", "inputs": (512,), "targets": {"best": 0.06}},
    {"what": "matmul, n = 768", "inputs": (768,), "targets": {"numpy": 2.2}},
    {
        "what": "matmul, n = 768, `fastmath=True`",
        "inputs": (768,),
        "options": "fastmath=True",
        "targets": {"numpy": 1.3},
    },
]
SIZES = range(0, 34)
