"""Counting: loops that add to the element that another array chooses."""

import numpy as np
from snek import Array1D, Array2D, f32, i16, i64, native, parallel, prange, u8, u32


@native
def count(data: Array1D[u8], bins: Array1D[i64]) -> None:
    for x in data:
        bins[x] += 1


@native
def count_between(data: Array1D[u8], bins: Array1D[i64], start: int, stop: int) -> None:
    for i in range(start, stop):
        bins[data[i]] += 1


@native
def weigh(image: Array2D[u8], weights: Array2D[u32], bins: Array1D[u32]) -> None:
    h, w = image.shape
    for y in range(h):
        for x in range(w):
            bins[image[y, x] // 4] += weights[y, x]


@native
def narrow(data: Array1D[i16], bins: Array1D[u8]) -> None:
    for i in range(len(data)):
        bins[data[i]] += 3


@native
def floats(data: Array1D[u8], bins: Array1D[f32]) -> None:
    for i in range(len(data)):
        bins[data[i]] += 0.1


@native
def chain(bins: Array1D[i64], n: int) -> None:
    for i in range(n):
        bins[bins[i % len(bins)] % len(bins)] += 1


@native
def ranks(data: Array1D[u8], bins: Array1D[i64], out: Array1D[i64]) -> None:
    for i in range(len(data)):
        bins[data[i]] += 1
        out[i] = bins[data[i]]


@parallel
def rows(image: Array2D[u8], bins: Array1D[i64]) -> None:
    for y in prange(image.shape[0]):
        for x in range(image.shape[1]):
            bins[image[y, x]] += 1


@parallel
def flat(data: Array1D[u8], bins: Array1D[i64]) -> None:
    for i in prange(len(data)):
        bins[data[i]] += 2


def bytes_of(n, most=256):
    return np.random.default_rng(n).integers(0, most, n).astype(np.uint8)


LENGTHS = (0, 1, 3, 67, 2047, 2048, 2049, 2050, 2051, 5000)
CASES = [f"b = np.zeros(256, np.int64); count(bytes_of({n}), b); b" for n in LENGTHS]
CASES += [
    "b = np.arange(256) * 3; count(bytes_of(9000), b); b",
    "b = np.arange(256) * 3; count(bytes_of(9001)[::-2], b); b",
    "b = np.arange(512)[::-2]; count(bytes_of(9001), b); b",
    # Too few bins, negative ones, too many.
    "b = np.zeros(200, np.int64); count(bytes_of(9000), b)",
    "b = np.zeros(200, np.int64); count(bytes_of(9000, 200), b); b",
    "b = np.zeros(1, np.int64); count(bytes_of(9000, 1), b); b",
    "b = np.zeros(5000, np.int64); count(bytes_of(30000), b); b",
    "b = np.full(256, 2**63 - 5); count(bytes_of(9000, 2), b); b",
    # The array that is counted is the one that counts.
    "b = np.zeros(2048, np.int64); count(b.view(np.uint8), b); b",
    "b = np.zeros(1024, np.int64); b[:] = 77; count(b.view(np.uint8)[1024:6000], b[:256]); b",
    "b = np.zeros(256, np.int64); count_between(bytes_of(9000), b, 7, 8999); b",
    "b = np.zeros(256, np.int64); count_between(bytes_of(9000), b, -5000, 4001); b",
    "b = np.zeros(256, np.int64); count_between(bytes_of(9000), b, 8000, 10); b",
    "b = np.zeros(256, np.int64); count_between(bytes_of(9000), b, 2**62, -2**62); b",
    "b = np.zeros(256, np.int64); count_between(bytes_of(9000), b, 0, 9001)",
    "b = np.zeros(300, np.uint8); narrow(np.arange(9000, dtype=np.int16) % 300, b); b",
    "b = np.zeros(300, np.uint8); narrow(np.arange(9000, dtype=np.int16) % 300 - 300, b); b",
    "b = np.zeros(256, np.float32); floats(bytes_of(9000), b); b",
    "b = np.arange(40); chain(b, 9000); b",
    "b = np.zeros(256, np.int64); o = np.zeros(4000, np.int64); ranks(bytes_of(4000), b, o); b, o",
]
CASES += [
    f"i = bytes_of({h * w}).reshape({h}, {w}); b = np.zeros(64, np.uint32); "
    f"weigh(i, i.astype(np.uint32) * 2**25, b); b"
    for h, w in ((0, 5), (5, 0), (1, 3000), (3000, 1), (61, 67), (100, 3), (3, 1001))
]
CASES += [
    f"i = bytes_of({h * w}).reshape({h}, {w}); b = np.ones(256, np.int64); rows(i, b); b"
    for h, w in ((0, 5), (1, 3000), (3000, 1), (61, 67), (300, 101))
]
CASES += [
    f"b = np.ones(256, np.int64); flat(bytes_of({n}), b); b" for n in (0, 5, 5000, 70000, 300001)
]
