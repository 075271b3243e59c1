"""Mean and variance, in one pass over the pixels on all cores."""

from snek import Array2D, parallel, prange, u8


@parallel
def mean(image: Array2D[u8]) -> float:
    """The mean brightness."""
    h, w = image.shape
    total = 0
    for y in prange(h):
        for x in range(w):
            total += int(image[y, x])
    return total / (h * w)


@parallel
def variance(image: Array2D[u8]) -> float:
    """The variance of the brightness."""
    h, w = image.shape
    total = 0
    squares = 0
    for y in prange(h):
        for x in range(w):
            value = int(image[y, x])
            total += value
            squares += value * value
    n = h * w
    return squares / n - (total / n) ** 2
