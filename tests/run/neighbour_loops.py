"""Loops that follow each other and go through the same arrays: they may become one, but nobody must notice."""

import numpy as np
from snek import Array1D, Array2D, f64, i64, native


@native
def produce_consume(a: Array1D[f64], b: Array1D[f64], c: Array1D[f64]) -> None:
    for i in range(len(a)):
        b[i] = 2.0 * a[i] + 1.0
    for i in range(len(a)):
        c[i] = b[i] * a[i]


@native
def own_lengths(a: Array1D[f64], b: Array1D[f64], c: Array1D[f64]) -> None:
    for i in range(len(a)):
        b[i] = a[i] - 0.5
    for i in range(len(b)):
        c[i] = b[i] * 3.0


@native
def ahead(a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in range(len(a) - 1):
        b[i] = a[i] + 1.0
    for i in range(len(a) - 1):
        a[i] = b[i + 1] + b[i]


@native
def behind(a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in range(1, len(a)):
        b[i] = a[i] * 0.5
    for i in range(1, len(a)):
        a[i] = b[i - 1] + b[i]


@native
def two_sums(a: Array1D[f64], b: Array1D[i64]) -> tuple[float, float, int]:
    total = 0.0
    for i in range(len(a)):
        total += a[i]
    squares = 1.0
    for i in range(len(a)):
        squares += a[i] * a[i]
    count = 0
    for i in range(len(b)):
        count += b[i]
    return total, squares, count


@native
def sum_used(a: Array1D[f64]) -> float:
    total = 0.0
    for i in range(len(a)):
        total += a[i]
    rest = 0.0
    for i in range(len(a)):
        rest += a[i] * total
    return rest


@native
def extremes(a: Array1D[i64]) -> tuple[int, int]:
    least = 1 << 40
    for i in range(len(a)):
        least = min(least, int(a[i]))
    most = -(1 << 40)
    for i in range(len(a)):
        most = max(most, int(a[i]))
    return least, most


@native
def planes(a: Array2D[f64], b: Array2D[f64], c: Array2D[f64]) -> None:
    h, w = a.shape
    for i in range(h):
        for j in range(w):
            b[i, j] = a[i, j] * 2.0
    for i in range(h):
        for j in range(w):
            c[i, j] = b[i, j] + a[i, j]


@native
def own_widths(a: Array2D[f64], b: Array1D[f64], c: Array1D[f64]) -> None:
    for i in range(len(a)):
        for j in range(len(b)):
            a[i, j] += 1.0
    for i in range(len(a)):
        for j in range(len(c)):
            a[i, j] *= 2.0


@native
def rows_above(a: Array2D[f64], b: Array2D[f64], c: Array2D[f64]) -> None:
    h, w = a.shape
    for i in range(1, h):
        for j in range(w):
            b[i, j] = a[i, j] * 2.0
    for i in range(1, h):
        for j in range(w):
            c[i, j] = b[i - 1, j] + b[i, j]


@native
def columns_against(a: Array2D[f64], b: Array2D[f64]) -> None:
    n = len(a)
    for i in range(n):
        for j in range(n):
            b[i, j] = a[i, j] * 2.0
    for i in range(n):
        for j in range(n):
            a[j, i] = b[j, i] + 1.0


@native
def three(a: Array1D[f64], b: Array1D[f64], c: Array1D[f64]) -> None:
    for i in range(len(a)):
        b[i] = a[i] * 2.0
    for i in range(len(a)):
        c[i] = b[i] - a[i]
    for i in range(len(a)):
        a[i] = c[i] * b[i]


@native
def stops(a: Array1D[i64], b: Array1D[i64], n: int) -> None:
    for i in range(n):
        b[i] = a[i] + 1
    for i in range(n):
        a[i] = b[i] * 2


@native
def downwards(a: Array1D[i64], b: Array1D[i64]) -> None:
    for i in range(len(a) - 1, -1, -2):
        b[i] = a[i] ^ 3
    for i in range(len(a) - 1, -1, -2):
        a[i] = b[i] + 7


def data(n, kind="f8"):
    return (np.arange(n) * 7 % 11 - 3).astype(kind)


THREE = "a, b, c = data({n}), data({n})[::-1].copy(), np.zeros({n}); "
CASES = [
    *(THREE.format(n=n) + "produce_consume(a, b, c)" for n in (0, 1, 7, 40, 67)),
    *(THREE.format(n=n) + "own_lengths(a, b, c)" for n in (0, 1, 40)),
    "a, b, c = data(40), data(50), np.zeros(60); own_lengths(a, b, c)",
    "a, b, c = data(40), data(30), np.zeros(60); own_lengths(a, b, c)",
    "a, b, c = data(40), data(50), np.zeros(45); own_lengths(a, b, c)",
    "a, b, c = data(40), data(40), np.zeros(33); produce_consume(a, b, c)",
    # Arrays that share memory.
    "a = data(60); produce_consume(a[:40], a[1:41], a[2:42])",
    "a = data(60); produce_consume(a[1:41], a[:40], a[20:])",
    "a = data(60); produce_consume(a[::-1], a, a)",
    "a = data(60); own_lengths(a[:20], a[1:21], a[:20])",
    "a = data(60); three(a[2:42], a[1:41], a[:40])",
    "a, b, c = data(80)[::2], data(120)[::3], np.zeros(40)[::-1]; produce_consume(a, b, c)",
    *(THREE.format(n=n) + f"{f}(a, b)" for n in (0, 1, 2, 40) for f in ("ahead", "behind")),
    "a = data(50); ahead(a[:40], a[1:41])",
    "a = data(50); behind(a[:40], a[1:41])",
    *(f"two_sums(data({n}), data({m}, 'i8'))" for n in (0, 1, 40) for m in (0, 40)),
    *(f"sum_used(data({n}))" for n in (0, 1, 40)),
    *(f"extremes(data({n}, 'i8'))" for n in (0, 1, 40)),
    *(
        f"a, b, c = data(20 * 24).reshape(20, 24), np.ones({shape}), np.ones((20, 24)); {f}(a, b, c)"
        for shape in ((20, 24), (20, 30), (20, 20), (19, 24))
        for f in ("planes", "rows_above")
    ),
    *(
        f"a = np.ones((20, 24)); own_widths(a, np.zeros({n}), np.zeros({m}))"
        for n, m in ((24, 24), (24, 20), (20, 24), (25, 24))
    ),
    "a = data(900).reshape(30, 30); planes(a[:20], a[1:21], a[2:22])",
    "a = data(900).reshape(30, 30); planes(a.T, a, a.T)",
    "a = data(400).reshape(20, 20); b = a.copy(); columns_against(a, b)",
    "a = data(400).reshape(20, 20); columns_against(a, a.T)",
    *(THREE.format(n=n) + "three(a, b, c)" for n in (0, 5, 40)),
    *(f"a, b = data(40, 'i8'), data(30, 'i8'); stops(a, b, {n})" for n in (0, 20, 30, 35, 50)),
    *(f"a, b = data({n}, 'i8'), data({n}, 'i8'); downwards(a, b)" for n in (0, 1, 2, 67, 68)),
    "a = data(60, 'i8'); downwards(a[:40], a[3:43])",
]
