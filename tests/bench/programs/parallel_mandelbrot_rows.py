"""The Mandelbrot set by rows, of which some take far longer than others."""

import numpy as np
from snek import Array2D, i32, native, parallel, prange


@native
def mandelbrot_row(out: Array2D[i32], y: int, ci: float, limit: int) -> int:
    w = out.shape[1]
    total = 0
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
def parallel_mandelbrot_rows(out: Array2D[i32], limit: int) -> int:
    h, w = out.shape
    total = 0
    for y in prange(h):
        total += mandelbrot_row(out, y, 3.0 * y / h - 1.5, limit)
    return total


def by_threads(workers, row, out, limit):
    """The same with an executor of threads and a compiled `mandelbrot_row`."""
    h = len(out)
    return sum(workers.map(lambda y: row(out, y, 3.0 * y / h - 1.5, limit), range(h)))


def by_processes(workers, one, out, limit):
    """The same with a pool of processes; `one` calls `one_row`."""
    h, w = out.shape
    tasks = [(w, 3.0 * y / h - 1.5, limit) for y in range(h)]
    for y, row in enumerate(workers.map(one, tasks)):
        out[y] = row
    return int(out.sum())


def one_row(row, w, ci, limit):
    out = np.zeros((1, w), np.int32)
    row(out, 0, ci, limit)
    return out[0]


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
    {
        "what": "mandelbrot by rows",
        "function": "parallel_mandelbrot_rows",
        "row": "mandelbrot_row",
        "inputs": (360, 300),
        "targets": {"balance": 0.95},
    }
]
SIZES = range(0, 24)
