"""The distance of Levenshtein between two texts."""

import numpy as np
from snek import Array1D, i64, native, u8


@native
def levenshtein(a: Array1D[u8], b: Array1D[u8], row: Array1D[i64]) -> int:
    for j in range(len(b) + 1):
        row[j] = j
    for i in range(len(a)):
        diagonal = int(row[0])
        row[0] = i + 1
        for j in range(len(b)):
            change = diagonal if a[i] == b[j] else diagonal + 1
            diagonal = int(row[j + 1])
            row[j + 1] = min(change, diagonal + 1, int(row[j]) + 1)
    return int(row[len(b)])


def inputs(n):
    random = np.random.default_rng(n)
    texts = random.integers(97, 101, n, np.uint8), random.integers(97, 101, n + n // 3, np.uint8)
    return *texts, np.zeros(n + n // 3 + 1, np.int64)


def right(value, given, after):
    a, b, _ = given
    row = np.arange(len(b) + 1)
    for i, letter in enumerate(a):
        change = row[:-1] + (b != letter)
        row = np.concatenate([[i + 1], np.minimum(change, row[1:] + 1)])
        steps = np.arange(len(row))
        row = np.minimum.accumulate(row - steps) + steps
    return value == row[-1]


ROWS = [{"what": "Levenshtein", "inputs": (2000,), "targets": {"best": 1.0}}]
SIZES = range(0, 34)
