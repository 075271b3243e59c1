"""Means over the neighbours in a graph: few vertices have most of the edges."""

import numpy as np
from snek import Array1D, f64, i64, parallel, prange


@parallel
def parallel_graph(
    starts: Array1D[i64], targets: Array1D[i64], values: Array1D[f64], out: Array1D[f64]
) -> None:
    for v in prange(len(out)):
        first = int(starts[v])
        last = int(starts[v + 1])
        total = 0.0
        for e in range(first, last):
            total += values[targets[e]]
        out[v] = total / (last - first)


def inputs(n, most=30):
    random = np.random.default_rng(n)
    degrees = 1 + (most * np.arange(1, n + 1) ** -0.75).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(degrees)])
    return starts, random.integers(0, max(n, 1), starts[-1]), random.random(n), np.zeros(n)


def right(value, given, after):
    starts, targets, values, _ = given
    sums = np.add.reduceat(values[targets], starts[:-1])
    return np.allclose(after[3], sums / np.diff(starts))


ROWS = [
    {"what": "power-law graph", "inputs": (100_000, 60_000), "targets": {"balance": 0.95}},
]
SIZES = range(68)
OVERLAPPING = False
