"""Parallel loops that do next to nothing, and one that keeps all cores busy."""

import math

from snek import Array1D, f64, parallel, prange


@parallel(auto=False)
def empty(times: int, pieces: int, nothing: int, out: Array1D[f64]) -> None:
    for _ in range(times):
        for i in prange(pieces):
            # What has a loop in it is worth a piece of its own.
            for _ in range(nothing):
                out[i] += 1.0


@parallel
def busy(n: int) -> float:
    total = 0.0
    for i in prange(n):
        x = 0.0
        for _ in range(50):
            x += math.sin(i + x)
        total += x
    return total
