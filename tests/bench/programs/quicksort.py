"""Sorting by parts, with recursion."""

import numpy as np
from snek import Array1D, f64, native


@native
def quicksort(a: Array1D[f64], low: int, high: int) -> None:
    i = low
    j = high
    pivot = a[(low + high) // 2]
    while i <= j:
        while a[i] < pivot:
            i += 1
        while a[j] > pivot:
            j -= 1
        if i <= j:
            a[i], a[j] = a[j], a[i]
            i += 1
            j -= 1
    if low < j:
        quicksort(a, low, j)
    if i < high:
        quicksort(a, i, high)


def inputs(n):
    return np.random.default_rng(n).random(n), 0, n - 1


def right(value, given, after):
    return np.array_equal(after[0], np.sort(given[0]))


ROWS = [{"what": "quicksort", "inputs": (500_000,), "targets": {"best": 1.0}}]
SIZES = range(0, 68)
CASES = ["a = np.ones(9); a[3] = nan; quicksort(a, 0, 8)", "a = np.ones(3); quicksort(a, 0, 3)"]
