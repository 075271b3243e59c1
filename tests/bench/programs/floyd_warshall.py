"""Shortest ways between all pairs."""

import numpy as np
from snek import Array2D, f64, native


@native
def floyd_warshall(distance: Array2D[f64]) -> None:
    n = len(distance)
    for k in range(n):
        for i in range(n):
            for j in range(n):
                through = distance[i, k] + distance[k, j]
                if through < distance[i, j]:
                    distance[i, j] = through


def inputs(n):
    random = np.random.default_rng(n)
    distance = np.where(random.random((n, n)) < 0.2, random.random((n, n)), np.inf)
    np.fill_diagonal(distance, 0.0)
    return (distance,)


def right(value, given, after):
    (d,) = given
    for k in range(len(d)):
        d = np.minimum(d, d[:, k : k + 1] + d[k])
    return np.array_equal(after[0], d)


ROWS = [{"what": "Floyd-Warshall", "inputs": (300,), "targets": {"best": 1.0}}]
SIZES = range(0, 24)
CASES = ["d = np.random.default_rng(1).random((9, 5)); floyd_warshall(d)"]
