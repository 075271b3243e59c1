"""Image filters, written as plain loops over pixels.

CPython runs them as they are; `snekc build filters.py` makes them native and
their `prange` loops parallel.  A pixel is a NumPy `uint8`, whose arithmetic
wraps, so it becomes an `int` before anything is added to it.
"""

from math import sqrt

from snek import Array1D, Array2D, Array3D, i64, parallel, prange, u8


@parallel
def greyscale(rgb: Array3D[u8], out: Array2D[u8]) -> None:
    """Luminance by the weights of ITU-R BT.601, in 1/256."""
    h, w = out.shape
    for y in prange(h):
        for x in range(w):
            red = int(rgb[y, x, 0])
            green = int(rgb[y, x, 1])
            blue = int(rgb[y, x, 2])
            out[y, x] = (77 * red + 150 * green + 29 * blue) >> 8


@parallel
def box_blur(src: Array2D[u8], out: Array2D[u8], radius: int) -> float:
    """The mean of each pixel's square neighbourhood; returns the mean brightness of the result."""
    h, w = src.shape
    total = 0
    for y in prange(h):
        top = max(0, y - radius)
        bottom = min(h, y + radius + 1)
        for x in range(w):
            left = max(0, x - radius)
            right = min(w, x + radius + 1)
            brightness = 0
            for v in range(top, bottom):
                for u in range(left, right):
                    brightness += int(src[v, u])
            mean = brightness // ((bottom - top) * (right - left))
            out[y, x] = mean
            total += mean
    return total / (h * w)


@parallel
def sobel(src: Array2D[u8], out: Array2D[u8]) -> None:
    """The strength of edges: the gradient's length, cut at white.  The border stays as it is."""
    h, w = src.shape
    for y in prange(1, h - 1):
        for x in range(1, w - 1):
            nw = int(src[y - 1, x - 1])
            ne = int(src[y - 1, x + 1])
            sw = int(src[y + 1, x - 1])
            se = int(src[y + 1, x + 1])
            gx = ne + 2 * int(src[y, x + 1]) + se - nw - 2 * int(src[y, x - 1]) - sw
            gy = sw + 2 * int(src[y + 1, x]) + se - nw - 2 * int(src[y - 1, x]) - ne
            out[y, x] = min(255, int(sqrt(gx * gx + gy * gy)))


def histogram(src: Array2D[u8], bins: Array1D[i64]) -> None:
    """Counts the pixels of each brightness.  All rows share `bins`, so this loop is serial."""
    h, w = src.shape
    for y in range(h):
        for x in range(w):
            bins[int(src[y, x])] += 1


def escape_time(cr: float, ci: float, limit: int) -> int:
    """Iterations of z -> z*z + c until |z| > 2, at most `limit`."""
    zr = 0.0
    zi = 0.0
    for step in range(limit):
        zr2 = zr * zr
        zi2 = zi * zi
        if zr2 + zi2 > 4.0:
            return step
        zi = 2.0 * zr * zi + ci
        zr = zr2 - zi2 + cr
    return limit


@parallel
def mandelbrot(out: Array2D[u8], first_row: int, rows: int, limit: int) -> int:
    """Draws a band of a picture of the Mandelbrot set that has `rows` rows.

    Returns the iterations done, summed over the pixels.
    """
    h, w = out.shape
    total = 0
    for y in prange(h):
        ci = 2.5 * (first_row + y) / rows - 1.25
        for x in range(w):
            cr = 3.0 * x / w - 2.2
            steps = escape_time(cr, ci, limit)
            total += steps
            out[y, x] = 255 - 255 * steps // limit
    return total
