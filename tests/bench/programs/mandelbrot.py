"""The Mandelbrot set: a `while` loop that runs a different number of times for each pixel."""

import numpy as np
from snek import Array2D, i32, native, parallel, prange


@native
def mandelbrot(out: Array2D[i32], limit: int) -> int:
    h, w = out.shape
    total = 0
    for y in range(h):
        ci = 3.0 * y / h - 1.5
        for x in range(w):
            cr = 3.0 * x / w - 2.0
            zr = 0.0
            zi = 0.0
            k = 0
            while k < limit and zr * zr + zi * zi <= 4.0:
                t = zr * zr - zi * zi + cr
                zi = 2.0 * zr * zi + ci
                zr = t
                k += 1
            out[y, x] = k
            total += k
    return total


@parallel
def mandelbrot_parallel(out: Array2D[i32], limit: int) -> int:
    h, w = out.shape
    total = 0
    for y in prange(h):
        ci = 3.0 * y / h - 1.5
        for x in range(w):
            cr = 3.0 * x / w - 2.0
            zr = 0.0
            zi = 0.0
            k = 0
            while k < limit and zr * zr + zi * zi <= 4.0:
                t = zr * zr - zi * zi + cr
                zi = 2.0 * zr * zi + ci
                zr = t
                k += 1
            out[y, x] = k
            total += k
    return total


def inputs(n, limit=20):
    return np.zeros((n, n + n // 3), np.int32), limit


def right(value, given, after):
    out, limit = after
    h, w = out.shape
    c = 3.0 * np.arange(w) / w - 2.0 + 1j * (3.0 * np.arange(h)[:, None] / h - 1.5)
    z = np.zeros_like(c)
    counts = np.zeros(c.shape, np.int64)
    for _ in range(limit):
        inside = z.real * z.real + z.imag * z.imag <= 4.0
        counts += inside
        z[inside] = z[inside] ** 2 + c[inside]
    # Fused multiplications move the edge of the set by some pixels.
    return value == out.sum() and (counts != out).mean() < 0.001


ROWS = [
    {"what": "mandelbrot", "inputs": (600, 100), "targets": {"best": 0.40, "numba": 1.1}},
    {
        "what": "mandelbrot",
        "function": "mandelbrot_parallel",
        "inputs": (600, 100),
        "targets": {"speedup": 1.85},
    },
]
SIZES = range(0, 24)
