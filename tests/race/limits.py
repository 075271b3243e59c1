"""Loops that are free of races, and that the check does not see through: each is refused, for now."""

from snek import Array1D, Array2D, f64, i64, prange


def same_value(a: Array1D[i64], index: Array1D[i64]) -> None:
    for i in prange(len(index)):
        a[int(index[i])] = 1  # limit: R001


def even_rows(a: Array2D[f64], n: int) -> None:
    for i in prange(n):
        if i % 2 == 0 and i + 1 < n:
            for x in range(a.shape[1]):
                a[i, x] = a[i + 1, x]  # limit: R001


def exclusive_or(a: Array1D[f64]) -> None:
    for i in prange(64):
        a[i ^ 1] = 1.0  # limit: R001


def rows_between_offsets(start: Array1D[i64], a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        for k in range(int(start[i]), int(start[i + 1])):
            a[k] = 1.0  # limit: R001
