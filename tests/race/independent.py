"""Loops whose iterations touch memory of their own."""

from snek import Array1D, Array2D, Array3D, f64, i64, prange, u8


def own_element(a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in prange(len(a)):
        a[i] = 2.0 * a[i] + b[len(b) - 1 - i]


def stencil(a: Array2D[f64], b: Array2D[f64]) -> None:
    h, w = a.shape
    for y in prange(1, h - 1):
        for x in range(1, w - 1):
            b[y, x] = 0.25 * (a[y - 1, x] + a[y + 1, x] + a[y, x - 1] + a[y, x + 1])


def swapped(a: Array2D[f64], b: Array2D[f64], steps: int) -> None:
    h, w = a.shape
    for _ in range(steps):
        for y in prange(1, h - 1):
            for x in range(w):
                b[y, x] = 0.5 * (a[y - 1, x] + a[y + 1, x])
        a, b = b, a


def along_the_row(a: Array2D[f64]) -> None:
    for y in prange(a.shape[0]):
        for x in range(1, a.shape[1]):
            a[y, x] = a[y, x] + a[y, x - 1]


def by_columns(a: Array2D[f64]) -> None:
    for x in prange(a.shape[1]):
        for y in range(1, a.shape[0]):
            a[y, x] += a[y - 1, x]


def flat(out: Array1D[u8], h: int, w: int) -> None:
    for y in prange(h):
        for x in range(w):
            out[y * w + x] = u8(x & 255)


def pixels(out: Array1D[u8], n: int) -> None:
    for i in prange(n):
        out[3 * i] = u8(1)
        out[3 * i + 1] = u8(2)
        out[3 * i + 2] = u8(3)


def even_and_odd(a: Array1D[i64]) -> None:
    for i in prange(len(a) // 2):
        a[2 * i] = a[2 * i + 1]


def chunks(a: Array1D[f64], n: int) -> None:
    for c in prange(n):
        for i in range(c * 64, c * 64 + 64):
            a[i] = 0.0


def rows_of_its_own(hist: Array2D[i64], data: Array2D[u8]) -> None:
    for y in prange(data.shape[0]):
        for x in range(data.shape[1]):
            hist[y, int(data[y, x])] += 1


def total(a: Array1D[f64]) -> float:
    s = 0.0
    for i in prange(len(a)):
        s += float(a[i])
    return s


def fill(row: Array1D[f64], value: float) -> None:
    for i in range(len(row)):
        row[i] = value


def rows_to_a_function(a: Array2D[f64]) -> None:
    for y in prange(a.shape[0]):
        fill(a[y], float(y))


def planes(a: Array3D[f64]) -> None:
    for z in prange(a.shape[0]):
        for y in range(a.shape[1]):
            for x in range(a.shape[2]):
                a[z, y, x] = float(x)


def from_anywhere(a: Array1D[f64], low: int, high: int) -> None:
    for i in prange(low, high):
        a[i] = 1.0


def backwards(a: Array1D[f64]) -> None:
    n = len(a)
    for i in prange(n - 1, -1, -1):
        a[i] = float(i)


def nested(a: Array2D[f64]) -> None:
    for y in prange(a.shape[0]):
        for x in prange(a.shape[1]):
            a[y, x] = float(y * x)
