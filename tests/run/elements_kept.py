"""Elements that stay at their place while a loop runs: read and written in each iteration, and seen by others, or not."""

import numpy as np
from snek import Array1D, Array2D, c128, f64, i64, native, u8


@native
def rows_of(a: Array2D[f64], out: Array1D[f64]) -> None:
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[i] += a[i, j]


@native
def rows_backwards(a: Array2D[f64], out: Array1D[f64]) -> None:
    for i in range(a.shape[0]):
        for j in range(a.shape[1] - 1, -1, -1):
            out[i] = out[i] * 0.5 + a[i, j]


@native
def pairs(p: Array2D[f64], v: Array2D[f64]) -> None:
    n = p.shape[0]
    for i in range(n):
        for j in range(i + 1, n):
            d = p[i, 0] - p[j, 0]
            v[i, 0] -= d / (1.0 + abs(d))
            v[i, 1] += d
            v[j, 0] += d / (1.0 + abs(d))
            v[j, 1] -= d * p[i, 1]


@native
def before(a: Array1D[f64], k: int) -> None:
    for i in range(k):
        a[k] += a[i] * 0.5


@native
def around(a: Array1D[f64], k: int) -> None:
    for i in range(len(a)):
        a[k] = a[k] * 0.5 + a[i]


@native
def last_of(a: Array1D[i64], out: Array1D[i64]) -> None:
    for i in range(len(a)):
        out[0] = a[i]
        out[1] += a[i] % 7
        if a[i] > 3:
            out[2] = i


@native
def until(a: Array1D[i64], out: Array1D[i64]) -> None:
    for i in range(len(a) + 1):
        out[0] = i
        out[1] += a[i]


@native
def bytes_of(a: Array1D[u8], out: Array1D[u8]) -> None:
    for i in range(len(a)):
        out[0] += a[i] * a[i]
        out[1] = out[0] ^ a[i]


@native
def complexes(a: Array1D[c128], out: Array1D[c128]) -> None:
    for i in range(len(a)):
        out[0] = out[0] * a[i] + out[1]


@native
def flags(a: Array1D[f64], out: Array1D[bool]) -> None:
    for i in range(len(a)):
        out[0] = out[0] ^ (a[i] > 0.5)


@native
def pivot(a: Array2D[f64], k: int) -> float:
    total = 0.0
    for i in range(k + 1, a.shape[0]):
        a[k, k] += a[i, k] * 0.125
        total += a[k, k]
    return total


def numbers(*shape):
    return np.random.default_rng(len(shape)).random(shape)


def whole(n):
    return np.arange(n) * 5 % 11


CASES = []
for name in ("rows_of", "rows_backwards"):
    CASES += [
        f"({name}(numbers({n}, {m}), out := np.ones({n})), out)"
        for n, m in [(0, 0), (3, 0), (1, 1), (2, 5), (9, 8), (13, 67)]
    ]
    CASES += [
        f"({name}(a := numbers(6, 6), a[2]), a)",
        f"({name}(a := numbers(6, 6), a[:, 3]), a)",
        f"({name}(a := numbers(6, 6), a.reshape(-1)[30:24:-1]), a)",
        f"({name}(numbers(12, 9)[::-2, ::3], out := np.ones(6)), out)",
        f"({name}(numbers(5, 4), out := np.ones(4)), out)",
        f"({name}(numbers(3, 4), np.lib.stride_tricks.as_strided(z := np.ones(1), (3,), (0,))), z)",
    ]
CASES += [f"(pairs(numbers({n}, 2), v := np.ones(({n}, 2))), v)" for n in (0, 1, 2, 5, 17)]
CASES += [
    "(pairs(a := numbers(7, 2), a), a)",
    "(pairs(a := numbers(7, 3), a[:, 1:]), a)",
    "(pairs(numbers(7, 2), v := np.ones((7, 1))), v)",
    "(pairs(numbers(5, 2), v := np.ones((3, 2))), v)",
    "(pairs(numbers(5, 2)[::-1], v := np.ones((10, 4))[::-2, ::2]), v)",
]
CASES += [f"(before(a := numbers(9), {k}), a)" for k in (0, 1, 8, -1)] + ["before(numbers(3), 3)"]
CASES += [f"(around(a := numbers(9), {k}), a)" for k in (0, 4, 8, -1)]
CASES += [
    f"({name}(whole({n}), out := np.zeros(3, int)), out)"
    for name in ("last_of", "until")
    for n in (0, 1, 2, 40)
]
CASES += [
    "(last_of(a := whole(9), a), a)",
    "(last_of(a := whole(9), a[3:]), a)",
    "(last_of(a := whole(9), a[::-1]), a)",
    "(last_of(whole(9), out := np.zeros(2, int)), out)",
    "(last_of(whole(0), np.zeros(0, int)))",
    "(bytes_of(np.arange(200, dtype=np.uint8), out := np.zeros(2, np.uint8)), out)",
    "(bytes_of(a := np.arange(200, dtype=np.uint8), a[100:]), a)",
    "(complexes(numbers(9) + 0.5j, out := np.ones(2, complex)), out)",
    "(complexes(a := numbers(9) + 0.5j, a[1:]), a)",
    "(flags(numbers(40), out := np.array([True])), out)",
    "(flags(numbers(0), out := np.array([True])), out)",
]
CASES += [f"(pivot(a := numbers(6, 6), {k}), a)" for k in (0, 3, 5, -1)]
CASES += ["(pivot(a := numbers(9, 9).T, 2), a)"]
