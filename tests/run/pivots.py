"""Loops in which one element stays where it is and others move: before it, behind it, and over it."""

from snek import Array1D, Array2D, f64, i32, i64


def lu(a: Array2D[f64]) -> None:
    n = len(a)
    for k in range(n):
        for i in range(k + 1, n):
            a[i, k] /= a[k, k]
            for j in range(k + 1, n):
                a[i, j] -= a[i, k] * a[k, j]


def before(a: Array1D[i64], k: int) -> None:
    for j in range(k):
        a[j] = a[j] * 3 + a[k]


def behind(a: Array1D[i64], k: int) -> None:
    for j in range(k + 1, len(a)):
        a[j] = a[j] - a[k]


def downwards(a: Array1D[i64], k: int) -> None:
    for j in range(k - 1, -1, -1):
        a[j] += a[k]


def over(a: Array1D[i64], k: int) -> None:
    for j in range(len(a)):
        a[j] = a[k] - a[j]


def over_from(a: Array1D[i32], first: int, k: int) -> int:
    least = 1000
    for j in range(first, len(a)):
        a[j] = i32(a[j] + a[k])
        if a[j] < least:
            least = int(a[j])
    return least


def swaps(a: Array2D[f64], k: int) -> None:
    for i in range(len(a)):
        for j in range(a.shape[1]):
            a[i, j] = a[k, j] + 2.0 * a[i, k]


def shortest(d: Array2D[f64]) -> None:
    n = len(d)
    for k in range(n):
        for i in range(n):
            for j in range(n):
                through = d[i, k] + d[k, j]
                if through < d[i, j]:
                    d[i, j] = through


def into(a: Array1D[f64], b: Array1D[f64], k: int) -> None:
    for j in range(min(len(a), len(b))):
        if a[j] > 2.0:
            a[j] = b[j] - a[k]


def two(a: Array1D[i64], k: int, m: int) -> None:
    for j in range(len(a)):
        a[j] = a[k] + a[m] - a[j]


_V = "np.arange({n}) * 7 % 23"
CASES = [
    f"({f}(a := {_V.format(n=n)}, {k}), a)"
    for f in ("before", "behind", "downwards", "over")
    for n in (1, 5, 9, 16, 33, 67)
    for k in sorted({0, 1, n // 2, n - 1})
]
CASES += [f"(over(a := {_V.format(n=n)}, {n // 3}), a)" for n in range(1, 68)]
CASES += [f"(over(a := {_V.format(n=37)}, {k}), a)" for k in range(-2, 38)]
CASES += [
    f"({f}(a := ({_V.format(n=40)})[{s}], {k}), a)"
    for f in ("before", "behind", "over")
    for s in ("::-1", "::2", "3:")
    for k in (0, 7, 17)
]
CASES += [
    f"(over_from(a := ({_V.format(n=n)}).astype(np.int32), {first}, {k}), a)"
    for n in (0, 9, 41)
    for first in (-3, 0, 2, 9, 50)
    for k in (0, 1, 8, 20, 40, 41)
]
CASES += [
    f"(swaps(a := np.arange({n * m}).reshape({n}, {m}) % 11 / 4, {k}), a)"
    for n, m in ((3, 19), (5, 8), (12, 33))
    for k in (0, 1, n - 1, n)
]
_D = "(np.arange({n} * {n}) * 37 % 101 / 8 + 0.1).reshape({n}, {n})"
CASES += [f"(shortest(d := {_D.format(n=n)}), d)" for n in (0, 1, 2, 7, 8, 9, 17, 24)]
CASES += [
    # With cycles of negative length the diagonal changes, and so does what others load.
    *(f"(shortest(d := {_D.format(n=n)} - 4), d)" for n in (3, 9, 18)),
    f"(shortest(d := np.where({_D.format(n=18)} < 6, {_D.format(n=18)}, np.inf)), d)",
    f"(shortest(d := np.where({_D.format(n=18)} < 6, {_D.format(n=18)}, np.nan)), d)",
    f"(shortest(d := ({_D.format(n=18)}).T), d)",
]
CASES += [f"(lu(a := {_D.format(n=n)} + 9 * np.eye({n})), a)" for n in (*range(12), 17, 24, 35)]
CASES += [f"(lu(a := ({_D.format(n=19)} + 9 * np.eye(19))[::-1, ::-1]), a)"]
CASES += [
    f"(b := np.arange(90) % 13 / 2, into({x}, {y}, {k}), b)"
    for x in ("b[:40]", "b[:80:2]", "b[39::-1]")
    for y in ("b[:40]", "b[1:41]", "b[45:]", "b[::2]")
    for k in (0, 3, 24, 39, 40)
]
CASES += [f"(two(a := {_V.format(n=35)}, {k}, {m}), a)" for k in (0, 9) for m in (0, 9, 34)]
