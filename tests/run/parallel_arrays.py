"""`prange`: elements of arrays folded over the iterations (histograms), of every kind and element type."""

import numpy as np
from snek import (
    Array1D,
    Array2D,
    c128,
    f32,
    f64,
    i16,
    i64,
    parallel,
    prange,
    u8,
    u32,
)


@parallel
def histogram(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        hist[int(data[i])] += 1


@parallel
def of_image(image: Array2D[u8], hist: Array1D[u32]) -> None:
    for y in prange(image.shape[0]):
        for x in range(image.shape[1]):
            hist[int(image[y, x])] += 1


@parallel
def two_dimensions(x: Array1D[u8], y: Array1D[u8], hist: Array2D[i16]) -> None:
    for i in prange(len(x)):
        hist[int(x[i]) % 7, int(y[i]) % 5] -= 3


@parallel
def weighted(data: Array1D[u8], w: Array1D[f64], hist: Array1D[f64], low: Array1D[f32]) -> None:
    for i in prange(len(data)):
        hist[int(data[i])] += w[i]
        low[int(data[i]) // 2] -= f32(2.0)


@parallel
def products(data: Array1D[u8], out: Array1D[i64]) -> None:
    for i in prange(len(data)):
        out[int(data[i]) % 3] *= 3


@parallel
def extremes(data: Array1D[u8], w: Array1D[f64], low: Array1D[f64], high: Array1D[f64]) -> None:
    for i in prange(len(data)):
        b = int(data[i])
        low[b] = min(low[b], w[i])
        if w[i] > high[b]:
            high[b] = w[i]


@parallel
def bits(
    data: Array1D[u8], w: Array1D[i64], a: Array1D[i64], b: Array1D[i64], c: Array1D[i64]
) -> None:
    for i in prange(len(data)):
        a[int(data[i])] |= w[i]
        b[int(data[i])] &= w[i]
        c[int(data[i])] ^= w[i]


@parallel
def complex_sums(data: Array1D[u8], w: Array1D[c128], out: Array1D[c128]) -> None:
    for i in prange(len(data)):
        out[int(data[i]) % 4] += w[i]


@parallel
def column_sums(a: Array2D[f64], out: Array1D[f64]) -> None:
    for y in prange(a.shape[0]):
        for x in range(a.shape[1]):
            out[x] += a[y, x]


@parallel
def first_element(a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in prange(len(b)):
        a[0] += b[i]


@parallel
def from_the_end(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        hist[-1 - int(data[i])] += 1


@parallel
def until_it_fails(data: Array1D[i64], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        hist[int(data[i])] += 1


@parallel
def with_a_sum(data: Array1D[u8], hist: Array1D[i64]) -> int:
    total = 0
    for i in prange(len(data)):
        hist[int(data[i])] += 1
        total += int(data[i])
    return total


@parallel
def twice(data: Array1D[u8], hist: Array1D[i64]) -> int:
    for i in prange(len(data)):
        hist[int(data[i])] += 1
    first = int(hist[3])
    for i in prange(len(data)):
        hist[int(data[i]) // 2] += first
    return first + int(hist[0])


@parallel
def loops_in_loops(data: Array2D[u8], hist: Array1D[i64]) -> None:
    for y in prange(data.shape[0]):
        for x in prange(data.shape[1]):
            hist[int(data[y, x])] += 1


def _bytes(n):
    return (np.arange(n) * 7919 % 251).astype(np.uint8)


LENGTHS = (0, 1, 2, 255, 1000, 5000)
CASES = [f"(histogram(_bytes({n}), h := np.arange(256)), h)" for n in LENGTHS]
CASES += [
    "(histogram(_bytes(3000), h := np.arange(512)[::2]), h)",
    "(histogram(_bytes(3000), h := np.arange(512)[::-2]), h)",
    "(histogram(_bytes(3000)[::3], h := np.zeros(256, int)), h)",
    "histogram(_bytes(3000), np.zeros(100, int))",
    "(of_image(_bytes(6000).reshape(60, 100), h := np.zeros(256, np.uint32)), h)",
    "(of_image(_bytes(6000).reshape(60, 100).T, h := np.zeros(256, np.uint32)), h)",
    "(of_image(np.zeros((0, 5), np.uint8), h := np.zeros(3, np.uint32)), h)",
]
CASES += [
    f"(two_dimensions(_bytes({n}), _bytes({n})[::-1], h := np.ones({shape}, np.int16){view}), h)"
    for n in LENGTHS
    for shape, view in (("(7, 5)", ""), ("(5, 7)", ".T"))
]
CASES += [
    f"(weighted(_bytes({n}), np.arange({n}) * 0.5, h := np.zeros(256), g := np.ones(256, np.float32)), h, g)"
    for n in LENGTHS
]
CASES += [f"(products(_bytes({n}), o := np.array([1, -2, 5])), o)" for n in (0, 5, 40)]
CASES += [
    f"(extremes(_bytes({n}), np.arange({n}) * 31 % 97 - 40.0, a := np.zeros(256), b := np.zeros(256)), a, b)"
    for n in LENGTHS
]
CASES += [
    f"(bits(_bytes({n}), np.arange({n}) * 12345, a := np.zeros(256, int), b := np.full(256, -1), "
    "c := np.zeros(256, int)), a, b, c)"
    for n in LENGTHS
]
CASES += [
    f"(complex_sums(_bytes({n}), np.arange({n}) * (1 + 0.5j), o := np.ones(4, complex)), o)"
    for n in LENGTHS
]
CASES += [
    f"(column_sums(np.arange(600.0).reshape({shape}), o := np.zeros({n})), o)"
    for shape, n in (("(20, 30)", 30), ("(600, 1)", 1), ("(1, 600)", 600), ("(3, 200)", 100))
]
CASES += [f"(first_element(a := np.ones(3), np.arange({n}) * 0.5), a)" for n in LENGTHS]
CASES += ["first_element(np.ones(0), np.ones(9))"]
CASES += ["(from_the_end(_bytes(4000), h := np.zeros(256, int)), h)"]
CASES += [
    "(with_a_sum(_bytes(4000), h := np.zeros(256, int)), h)",
    "(twice(_bytes(4000), h := np.zeros(256, int)), h)",
    "(loops_in_loops(_bytes(6000).reshape(60, 100), h := np.zeros(256, int)), h)",
]
CASES += [
    f"(h := np.zeros(10, int), d := np.arange(1000) % 10, d.__setitem__({at}, 99), "
    "fails(until_it_fails, d, h), h)"
    for at in (0, 1, 500, 999)
]


def fails(function, *arguments):
    try:
        function(*arguments)
    except IndexError as error:
        return str(error)
