"""Lloyd's algorithm: points, each given to the nearest centre; centres, moved to their middle."""

import numpy as np
from snek import Array1D, Array2D, f64, i64, native


@native
def kmeans(
    points: Array2D[f64],
    centres: Array2D[f64],
    labels: Array1D[i64],
    sums: Array2D[f64],
    counts: Array1D[i64],
    steps: int,
) -> None:
    n, d = points.shape
    for _ in range(steps):
        for c in range(len(centres)):
            counts[c] = 0
            for k in range(d):
                sums[c, k] = 0.0
        for i in range(n):
            nearest = 0
            least = 1e300
            for c in range(len(centres)):
                distance = 0.0
                for k in range(d):
                    delta = points[i, k] - centres[c, k]
                    distance += delta * delta
                if distance < least:
                    least = distance
                    nearest = c
            labels[i] = nearest
            counts[nearest] += 1
            for k in range(d):
                sums[nearest, k] += points[i, k]
        for c in range(len(centres)):
            if counts[c] > 0:
                for k in range(d):
                    centres[c, k] = sums[c, k] / float(counts[c])


def inputs(n, centres=5, dimensions=3, steps=2):
    random = np.random.default_rng(n)
    points, first = random.random((n, dimensions)), random.random((centres, dimensions))
    return (
        points,
        first,
        np.zeros(n, np.int64),
        np.zeros((centres, dimensions)),
        np.zeros(centres, np.int64),
        steps,
    )


def right(value, given, after):
    points, centres, *_, steps = given
    for _ in range(steps):
        labels = ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        groups = [points[labels == c] for c in range(len(centres))]
        centres = np.array([g.mean(axis=0) if len(g) else c for g, c in zip(groups, centres)])
    return np.allclose(after[1], centres) and np.array_equal(after[2], labels)


ROWS = [{"what": "k-means", "inputs": (20_000, 16, 8, 5), "targets": {"best": 1.0}}]
SIZES = range(0, 40)
