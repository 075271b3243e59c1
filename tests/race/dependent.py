"""Loops whose iterations meet, or cannot be proved not to."""

from snek import Array1D, Array2D, f64, i64, prange


def previous(a: Array1D[f64]) -> None:
    for i in prange(1, len(a)):
        a[i] = 0.5 * (a[i - 1] + a[i])  # race: R001


def next_one(a: Array1D[f64]) -> None:
    for i in prange(len(a) - 1):
        a[i] = a[i + 1]  # race: R001


def fixed(a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in prange(len(b)):
        a[0] = b[i]  # race: R003


def row_above(a: Array2D[f64]) -> None:
    for y in prange(1, a.shape[0]):
        for x in range(a.shape[1]):
            a[y, x] = a[y - 1, x]  # race: R001


def inner_only(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        for j in range(len(a)):
            a[j] = float(i)  # race: R003


def indirect(a: Array1D[f64], index: Array1D[i64]) -> None:
    for i in prange(len(index)):
        a[int(index[i])] = 1.0  # race: R001


def mirrored(a: Array1D[f64]) -> None:
    n = len(a)
    for i in prange(n):
        a[i] = a[n - 1 - i]  # race: R001


def window(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        for j in range(i, i + 3):
            a[j] = 1.0  # race: R001


def modulo(a: Array1D[f64]) -> None:
    for i in prange(100):
        a[i % 10] = 1.0  # race: R001


def fill(row: Array1D[f64], value: float) -> None:
    for i in range(len(row)):
        row[i] = value


def whole_array_to_a_function(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        fill(a, float(i))  # race: R001


def first_row_to_a_function(a: Array2D[f64], n: int) -> None:
    for i in prange(n):
        fill(a[0], float(i))  # race: R001


def either(a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in prange(1, len(a)):
        target = a if i % 2 == 0 else b
        target[i] = a[i - 1]  # race: R001
