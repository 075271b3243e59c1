"""`fastmath=True`: other orders and fewer roundings. Here all sums are exact, so the results are the same."""

import numpy as np
from snek import Array1D, Array2D, f32, f64, native, parallel, prange


@native(fastmath=True)
def dot(a: Array1D[f64], b: Array1D[f64]) -> float:
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@native(fastmath=True)
def dot32(a: Array1D[f32], b: Array1D[f32]) -> f32:
    total = f32(0)
    for i in range(len(a)):
        total -= a[i] * b[i]
    return total


@native(fastmath=True)
def product(a: Array1D[f64]) -> float:
    result = 1.0
    for x in a:
        result *= x
    return result


@native(fastmath=True)
def matmul(a: Array2D[f64], b: Array2D[f64], out: Array2D[f64]) -> None:
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            out[i, j] = 0.0
            for k in range(a.shape[1]):
                out[i, j] += a[i, k] * b[k, j]


@parallel(fastmath=True)
def shapes(a: Array1D[f64], b: Array1D[f64], out: Array2D[f64]) -> float:
    total = 0.0
    for i in prange(len(a)):
        out[0, i] = a[i] * b[i] + 3.0
        out[1, i] = a[i] * b[i] - 3.0
        out[2, i] = 3.0 - a[i] * b[i]
        out[3, i] = a[i] + -a[i] * b[i]
        out[4, i] = a[i] * b[i] + a[i] * a[i]
        square = a[i] * a[i]
        out[5, i] = square + 1.0
        out[6, i] = square
        total += square
    return total


def strict(a: Array1D[f64]) -> float:
    total = 0.0
    for x in a:
        total += x
    return total


@native(fastmath=True)
def calls_strict(a: Array1D[f64]) -> float:
    # Keeps the order of its sum: each 1.0 is lost in 1e16.
    return strict(a)


@native
def calls_fast(a: Array1D[f64], b: Array1D[f64]) -> float:
    return dot(a, b) + 1.0


@native(fastmath=True)
def division(a: Array1D[f64], x: float) -> float:
    total = 0.0
    for v in a:
        total += 1.0 / x * v
    return total


def whole(n, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).integers(-9, 10, n).astype(dtype)


def matrices(m, k, n):
    return whole(m * k).reshape(m, k), whole(k * n, 1).reshape(k, n), np.ones((m, n))


CASES = [f"dot(whole({n}), whole({n}, 1))" for n in range(68)]
CASES += [
    f"dot32(whole({n}, 0, np.float32), whole({n}, 1, np.float32))" for n in (0, 1, 7, 8, 9, 31, 67)
]
CASES += [f"product(np.full({n}, 2.0))" for n in (0, 1, 2, 3, 31, 64, 67)]
CASES += [
    f"(matmul(*(given := matrices{shape})), given)"
    for shape in [(0, 0, 0), (1, 1, 1), (3, 5, 7), (33, 17, 40), (70, 66, 67)]
]
CASES += [
    f"(shapes(whole({n}), whole({n}, 1), out := np.zeros((7, {n}))), out)"
    for n in (0, 1, 5, 8, 33, 1000)
]
CASES += [f"division(whole(9), {x})" for x in (0.5, 0.0, -0.25)]
CASES += [
    "dot(whole(200)[::-2], whole(200, 3)[::2][:100])",
    "dot(whole(9), whole(8))",
    "calls_strict(np.array([1e16] + [1.0] * 32 + [-1e16]))",
    "calls_fast(whole(40), whole(40, 1))",
    "dot(np.array([np.inf, 1.0]), np.array([0.0, 1.0]))",
    "dot(np.array([np.nan] * 9), np.ones(9))",
]
