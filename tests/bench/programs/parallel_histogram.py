"""How often each value occurs in an image, on all cores."""

import numpy as np
from snek import Array1D, Array2D, i64, parallel, prange, u8


@parallel
def parallel_histogram(image: Array2D[u8], bins: Array1D[i64]) -> None:
    h, w = image.shape
    for y in prange(h):
        for x in range(w):
            bins[image[y, x]] += 1


@parallel
def histogram_in_parts(image: Array2D[u8], bins: Array1D[i64], parts: Array2D[i64]) -> None:
    """The same for compilers that do not make copies of `bins` themselves."""
    h, w = image.shape
    n = parts.shape[0]
    for part in prange(n):
        for y in range(part * h // n, (part + 1) * h // n):
            for x in range(w):
                parts[part, image[y, x]] += 1
    for part in range(n):
        for k in range(len(bins)):
            bins[k] += parts[part, k]


def inputs(n):
    image = np.random.default_rng(n).integers(0, 256, (n, n + n // 2), np.uint8)
    return image, np.zeros(256, np.int64)


def peer_inputs(n):
    return *inputs(n), np.zeros((2, 256), np.int64)


def right(value, given, after):
    return np.array_equal(after[1], np.bincount(given[0].ravel(), minlength=256))


ROWS = [
    {
        "what": "histogram of an image",
        "inputs": (2_000,),
        "peer": "histogram_in_parts",
        "targets": {"speedup": 1.85},
    }
]
SIZES = range(40)
OVERLAPPING = False
CASES = [f"given = peer_inputs({n}); histogram_in_parts(*given)" for n in (0, 1, 2, 3, 17)] + [
    "image = np.arange(9, dtype=np.uint8).reshape(3, 3); parallel_histogram(image, np.ones(9, int))"
]
