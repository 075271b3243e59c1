"""Rays that step through a field of distances until they meet something or are lost."""

from math import sqrt

import numpy as np
from snek import Array2D, f64, native


@native
def ray_march(depth: Array2D[f64], limit: int) -> None:
    h, w = depth.shape
    for row in range(h):
        for column in range(w):
            u = 2.0 * column / w - 1.0
            v = 1.0 - 2.0 * row / h
            norm = sqrt(u * u + v * v + 2.25)
            dx = u / norm
            dy = v / norm
            dz = 1.5 / norm
            t = 0.0
            for _ in range(limit):
                x = t * dx
                y = t * dy
                z = t * dz - 4.0
                sphere = sqrt(x * x + y * y + z * z) - 1.0
                other = sqrt((x - 1.2) * (x - 1.2) + (y + 0.4) * (y + 0.4) + z * z) - 0.5
                distance = min(sphere, other, y + 1.0)
                t += distance
                if distance < 0.0001 or t > 50.0:
                    break
            depth[row, column] = t


def inputs(n, limit=30):
    return np.zeros((n, n + n // 2)), limit


def right(value, given, after):
    # The ray of the middle meets the sphere three units ahead; the upper corners are lost.
    depth, _ = after
    h, w = depth.shape
    return bool(abs(depth[h // 2, w // 2] - 3.0) < 0.001 and depth[0, 0] > 50.0)


ROWS = [{"what": "ray marching", "inputs": (200, 100), "targets": {"best": 1.0}}]
SIZES = range(0, 16)
