"""Conway's game of life."""

import numpy as np
from snek import Array2D, native, u8


@native
def life(a: Array2D[u8], b: Array2D[u8]) -> None:
    h, w = a.shape
    for i in range(1, h - 1):
        for j in range(1, w - 1):
            above = int(a[i - 1, j - 1]) + int(a[i - 1, j]) + int(a[i - 1, j + 1])
            below = int(a[i + 1, j - 1]) + int(a[i + 1, j]) + int(a[i + 1, j + 1])
            around = above + below + int(a[i, j - 1]) + int(a[i, j + 1])
            b[i, j] = 1 if around == 3 or (around == 2 and a[i, j] == 1) else 0


def inputs(n):
    a = np.random.default_rng(n).integers(0, 2, (n, n + 5), np.uint8)
    return a, np.zeros_like(a)


def right(value, given, after):
    a = given[0].astype(int)
    around = sum(
        a[1 + y : len(a) - 1 + y, 1 + x : a.shape[1] - 1 + x]
        for y in (-1, 0, 1)
        for x in (-1, 0, 1)
        if (y, x) != (0, 0)
    )
    alive = (around == 3) | ((around == 2) & (a[1:-1, 1:-1] == 1))
    return np.array_equal(after[1][1:-1, 1:-1], alive)


ROWS = [{"what": "game of life", "inputs": (2000,), "targets": {"best": 1.0}}]
SIZES = range(0, 34)
