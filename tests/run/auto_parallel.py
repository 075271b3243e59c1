"""Plain loops of `@parallel` functions: large enough to be made parallel, and those that must not be."""

import hashlib
import math

import numpy as np

from snek import Array1D, Array2D, f64, i64, native, parallel, prange, u8, u32


@parallel
def saxpy(a: float, x: Array1D[f64], y: Array1D[f64]) -> None:
    for i in range(len(x)):
        y[i] = a * x[i] + y[i]


@parallel
def mixed(x: Array1D[f64], y: Array1D[f64]) -> None:
    n = min(len(x), len(y))
    for i in range(n):
        y[i] = math.fabs(x[i]) * 3.0 + abs(x[i] - 0.25)


@parallel
def shifted(x: Array1D[f64], y: Array1D[f64], k: int) -> None:
    for i in range(len(x) - 8):
        y[i + k] = x[i] * 2.0


@parallel
def recurrence(x: Array1D[f64]) -> None:
    for i in range(1, len(x)):
        x[i] = x[i - 1] * 0.5 + x[i]


@parallel
def float_sum(x: Array1D[f64]) -> float:
    s = 0.0
    for i in range(len(x)):
        s += x[i]
    return s


@parallel
def wrapping_sum(x: Array1D[u32]) -> tuple[int, int]:
    s = u32(0)
    m = u32(0)
    for i in range(len(x)):
        s += x[i] * u32(2654435761)
        m = max(m, x[i])
    return int(s), int(m)


@parallel
def checksum(x: Array1D[i64]) -> int:
    s = 0
    for i in range(len(x)):
        s ^= int(x[i]) >> 3
    return s


@parallel
def may_overflow(x: Array1D[i64]) -> int:
    s = 0
    for i in range(len(x)):
        s += int(x[i])
    return s


@parallel
def row_sums(a: Array2D[f64], out: Array1D[f64]) -> None:
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j]
        out[i] = s


@parallel
def jacobi(a: Array2D[f64], b: Array2D[f64], times: int) -> None:
    n, m = a.shape
    for _ in range(times):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                b[i, j] = 0.25 * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                a[i, j] = b[i, j]


@parallel
def matmul(a: Array2D[f64], b: Array2D[f64], c: Array2D[f64]) -> None:
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            c[i, j] = s


@parallel
def raises_in_the_middle(x: Array1D[i64], y: Array1D[i64], k: int) -> None:
    for i in range(len(x)):
        if x[i] == k:
            raise ValueError(i)
        y[i] = x[i]


@parallel
def out_of_bounds(x: Array1D[i64], y: Array1D[i64]) -> None:
    for i in range(len(x)):
        y[i + 1] = x[i]


@parallel
def scatter(x: Array1D[i64], where: Array1D[i64]) -> None:
    for i in range(len(where)):
        x[int(where[i])] = i


@parallel
def prints(x: Array1D[i64]) -> None:
    for i in range(len(x)):
        if i % 100000 == 5:
            print(i)
        x[i] = i


@parallel
def last_value(x: Array1D[i64]) -> int:
    last = 0
    for i in range(len(x)):
        last = int(x[i]) + i
        x[i] = last
    return last


@parallel
def negative_start(x: Array1D[f64], k: int) -> None:
    for i in range(k, len(x)):
        x[i] = i


@native
def helper(x: Array1D[f64], i: int) -> float:
    return x[i] * 2.0 if 0 <= i < len(x) else 0.0


@parallel
def calls(x: Array1D[f64], y: Array1D[f64]) -> None:
    for i in range(len(y)):
        y[i] = helper(x, i) + 1.0


@parallel
def fill(x: Array1D[f64], v: float) -> None:
    for i in range(len(x)):
        x[i] = v * i


@parallel
def inside_of_prange(a: Array2D[f64]) -> None:
    for i in prange(a.shape[0]):
        fill(a[i], i * 1.0)


@parallel(auto=False)
def left_alone(x: Array1D[f64]) -> None:
    for i in range(len(x)):
        x[i] = x[i] * 2.0


@parallel
def downwards(x: Array1D[u8], y: Array1D[u8]) -> None:
    for i in range(len(x) - 1, -1, -1):
        y[i] = x[i] ^ u8(255)


@parallel
def reads_the_end(x: Array1D[f64]) -> None:
    for i in range(len(x) - 1):
        x[i] = x[i] + x[len(x) - 1]


def large(n, seed=1):
    # Not too slow in CPython, and with all kinds of values.
    x = (np.arange(n, dtype=np.float64) * 0.6180339887 * seed) % 1.0 - 0.5
    x[5::1000] = 0.0
    x[6::1000] = -0.0
    return x


def digest(*values):
    """What the arrays hold, in short: these are large."""
    return [hashlib.sha256(np.ascontiguousarray(v).tobytes()).hexdigest()[:16] for v in values]


# python: large, digest

CASES = []
for n in (0, 1, 2, 100, 60_000):
    CASES += [
        f"x = large({n}); y = large({n}, 2); saxpy(0.7, x, y); x = digest(x); y = digest(y)",
        f"x = large({n}); saxpy(0.7, x, x); x = digest(x)",
        f"x = large({n} + 7); saxpy(0.7, x[:-7], x[7:]); x = digest(x)",
        f"x = large({n} + 7); saxpy(0.7, x[7:], x[:-7]); x = digest(x)",
        f"x = large(2 * {n}); saxpy(0.7, x[::2], x[1::2]); x = digest(x)",
        f"x = large({n}); saxpy(0.7, x[::-1], x); x = digest(x)",
        f"x = large({n}); y = large({n}, 2); mixed(x, y); x = digest(x); y = digest(y)",
        *(f"x = large({n}); y = np.zeros({n}); shifted(x, y, {k}); x = digest(x); y = digest(y)" for k in (0, 8)),
        f"x = large({n}); y = np.zeros({n}); shifted(x, y, -1)",
        f"x = large({n}); shifted(x, x, 1); x = digest(x)",
        f"x = large({n}); recurrence(x); x = digest(x)",
        f"float_sum(large({n}, 3))",
        f"wrapping_sum(np.arange({n}, dtype=np.uint32))",
        f"checksum(np.arange({n}) * 7919)",
        f"may_overflow(np.arange({n}) * 7919)",
        f"may_overflow(np.where(np.arange({n}) % 2 == 0, 2**62, -2**62) + np.arange({n}))",
        f"x = np.arange({n}); y = np.zeros({n}, np.int64); raises_in_the_middle(x, y, 20000); x = y = None",
        f"x = np.zeros({n}, np.int64); scatter(x, np.arange({n}) * 17 % (len(x) or 1)); x = digest(x)",
        f"x = np.zeros({n}, np.int64); scatter(x, np.arange({n}) // 2); x = digest(x)",
        f"x = np.zeros({n}, np.int64); prints(x); x = digest(x)",
        f"x = np.arange({n}); v = last_value(x); x = digest(x); v",
        *(f"x = np.zeros({n}); negative_start(x, {k}); x = digest(x)" for k in (0, 3)),
        f"x = large({n} // 4); y = np.zeros({n}); calls(x, y); x = digest(x); y = digest(y)",
        f"x = large({n}); left_alone(x); x = digest(x)",
        f"x = np.arange({n}).astype(np.uint8); y = x * 0; downwards(x, y); x = digest(x); y = digest(y)",
        f"x = large({n}); reads_the_end(x); x = digest(x)",
    ]
for n, m in ((0, 5), (5, 0), (3, 4), (120, 500), (2, 30_000), (9_000, 7)):
    CASES += [
        f"a = large({n * m}).reshape({n}, {m}); s = np.zeros({n}); row_sums(a, s); a = digest(a); s = digest(s)",
        f"a = large({n * m}).reshape({n}, {m}).T; s = np.zeros({m}); row_sums(a, s); a = digest(a); s = digest(s)",
        f"a = large({n * m}).reshape({n}, {m}); jacobi(a, np.zeros(({n}, {m})), 2); a = digest(a)",
        f"a = large({n * m}).reshape({n}, {m}); jacobi(a, a, 2); a = digest(a)",
        f"a = large({n * m}).reshape({n}, {m}); inside_of_prange(a); a = digest(a)",
    ]
CASES += [
    "a = large(3600).reshape(60, 60); c = np.zeros((60, 60)); matmul(a, a, c); c = digest(c); a = digest(a)",
    "a = large(3600).reshape(60, 60); matmul(a, a, a); a = digest(a)",
    "a = np.arange(6.0).reshape(2, 3); c = np.zeros((2, 2)); matmul(a, a.T, c); c",
    "x = np.arange(3); y = np.zeros(3, np.int64); raises_in_the_middle(x, y, 1)",
    "x = np.arange(9); y = np.zeros(9, np.int64); out_of_bounds(x, y)",
    "x = np.zeros(9); negative_start(x, -3); x",
]
