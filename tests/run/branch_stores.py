"""Branches whose sides store to one place: as choices, or as they are where a side loads what only its condition allows."""

import numpy as np
from snek import Array1D, Array2D, f64, i32, i64, u8


def lcs(a: Array1D[u8], b: Array1D[u8], d: Array2D[i32]) -> int:
    n = len(a)
    m = len(b)
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            if a[i - 1] == b[j - 1]:
                d[i, j] = d[i - 1, j - 1] + i32(1)
            else:
                d[i, j] = max(d[i - 1, j], d[i, j - 1])
    return int(d[n, m])


def distance(a: Array1D[u8], b: Array1D[u8], d: Array2D[i64]) -> int:
    n = len(a)
    m = len(b)
    for i in range(n + 1):
        for j in range(m + 1):
            if i == 0:
                d[i, j] = j
            elif j == 0:
                d[i, j] = i
            elif a[i - 1] == b[j - 1]:
                d[i, j] = d[i - 1, j - 1]
            else:
                d[i, j] = 1 + min(int(d[i - 1, j]), int(d[i, j - 1]), int(d[i - 1, j - 1]))
    return int(d[n, m])


def behind_a_test(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(out)):
        if i < len(x):
            out[i] = x[i]
        else:
            out[i] = -1.0


def before_the_first(x: Array1D[f64]) -> None:
    for i in range(len(x)):
        if i > 0:
            x[i] = x[i - 1] * 0.5
        else:
            x[i] = 1.0


def from_the_end(x: Array1D[i64], at: int) -> None:
    for i in range(len(x)):
        if x[i] > 3:
            x[at] = x[i]
        else:
            x[at] = -x[i]


def clamped(x: Array1D[f64], low: Array1D[f64], high: Array1D[f64]) -> None:
    for i in range(len(x)):
        if x[i] < low[i]:
            x[i] = low[i]
        elif x[i] > high[i]:
            x[i] = high[i]
        else:
            x[i] = x[i] + 0.0


def stores_elsewhere_first(x: Array1D[i64], y: Array1D[i64]) -> None:
    for i in range(1, len(x)):
        if x[i] % 2 == 0:
            y[0] = i
            x[i] = x[i - 1]
        else:
            x[i] = int(y[0])


def may_overflow(x: Array1D[i64], y: Array1D[i64]) -> None:
    for i in range(len(x)):
        if x[i] > 5:
            y[i] = int(x[i]) + 1
        else:
            y[i] = int(x[i]) * 2


def letters(n, seed):
    return np.random.default_rng(seed).integers(97, 100, n).astype(np.uint8)


CASES = [
    *(
        f"a, b = letters({n}, 1), letters({m}, 2); d = np.zeros(({n + 1}, {m + 1}), np.int{bits}); {function}(a, b, d), d"
        for n, m in ((0, 0), (0, 3), (5, 0), (1, 1), (7, 9), (20, 13))
        for function, bits in (("lcs", 32), ("distance", 64))
    ),
    "a = np.arange(5, dtype=np.uint8); lcs(a, a, np.zeros((5, 6), np.int32))",
    "a = np.arange(5, dtype=np.uint8); d = np.zeros((6, 5), np.int32)\ntry: lcs(a, a, d)\nexcept IndexError: pass\nd",
    *(
        f"x = np.arange({n}.0); out = np.zeros({m}); behind_a_test(x, out); out"
        for n in (0, 1, 5, 40)
        for m in (0, 4, 40, 41)
    ),
    *(f"x = np.arange({n}.0); before_the_first(x); x" for n in (0, 1, 2, 20)),
    *(f"x = np.arange(8); from_the_end(x, {at}); x" for at in (0, 3, 7, -1, -8, 8, -9)),
    "x = np.arange(20.0) - 5; clamped(x, np.zeros(20), np.full(20, 9.0)); x",
    "x = np.array([nan, -0.0, 0.0, inf, -inf]); clamped(x, np.zeros(5), np.ones(5)); x",
    "x = np.arange(20.0); clamped(x, x, x); x",
    "x = np.arange(20.0); clamped(x, np.zeros(19), x)",
    "x = np.arange(20) % 7; y = np.zeros(3, np.int64); stores_elsewhere_first(x, y); x, y",
    "x = np.arange(20) % 7; stores_elsewhere_first(x, x); x",
    "x = np.arange(12); y = x * 0; may_overflow(x, y); y",
    "x = np.arange(12); x[9] = 2**63 - 1; y = x * 0\ntry: may_overflow(x, y)\nexcept OverflowError: pass\ny",
    "x = np.arange(12); x[4] = -(2**62) - 1; y = x * 0\ntry: may_overflow(x, y)\nexcept OverflowError: pass\ny",
]
