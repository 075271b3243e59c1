"""The same filters in NumPy, as one would write them by hand: whole arrays at a time."""

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]


def greyscale(rgb: NDArray[np.uint8], out: Grey) -> None:
    weighted = rgb.astype(np.int64) @ np.array([77, 150, 29])
    out[:] = weighted >> 8


def box_blur(src: Grey, out: Grey, radius: int) -> float:
    """By a table of sums over all rectangles that start in the corner."""
    h, w = src.shape
    sums = np.zeros((h + 1, w + 1), np.int64)
    sums[1:, 1:] = src.astype(np.int64).cumsum(0).cumsum(1)
    top, bottom = np.maximum(np.arange(h) - radius, 0), np.minimum(np.arange(h) + radius + 1, h)
    left, right = np.maximum(np.arange(w) - radius, 0), np.minimum(np.arange(w) + radius + 1, w)
    brightness = (
        sums[np.ix_(bottom, right)]
        - sums[np.ix_(top, right)]
        - sums[np.ix_(bottom, left)]
        + sums[np.ix_(top, left)]
    )
    out[:] = brightness // np.outer(bottom - top, right - left)
    return float(out.sum(dtype=np.int64)) / (h * w)


def sobel(src: Grey, out: Grey) -> None:
    s = src.astype(np.int64)
    gx = s[:-2, 2:] + 2 * s[1:-1, 2:] + s[2:, 2:] - s[:-2, :-2] - 2 * s[1:-1, :-2] - s[2:, :-2]
    gy = s[2:, :-2] + 2 * s[2:, 1:-1] + s[2:, 2:] - s[:-2, :-2] - 2 * s[:-2, 1:-1] - s[:-2, 2:]
    out[1:-1, 1:-1] = np.minimum(255, np.sqrt(gx * gx + gy * gy))


def histogram(src: Grey, bins: NDArray[np.int64]) -> None:
    bins += np.bincount(src.ravel(), minlength=256)


def mandelbrot(out: Grey, first_row: int, rows: int, limit: int) -> int:
    h, w = out.shape
    ci = (2.5 * (first_row + np.arange(h)) / rows - 1.25)[:, None]
    cr = (3.0 * np.arange(w) / w - 2.2)[None, :]
    zr = np.zeros((h, w))
    zi = np.zeros((h, w))
    steps = np.full((h, w), limit)
    inside = np.ones((h, w), bool)
    for step in range(limit):
        zr2 = zr * zr
        zi2 = zi * zi
        escaped = inside & (zr2 + zi2 > 4.0)
        steps[escaped] = step
        inside &= ~escaped
        if not inside.any():
            break
        zi = np.where(inside, 2.0 * zr * zi + ci, zi)
        zr = np.where(inside, zr2 - zi2 + cr, zr)
    out[:] = 255 - 255 * steps // limit
    return int(steps.sum())
