"""Attraction between many bodies: sums over all others for each, in their order."""

from math import sqrt

import numpy as np
from snek import Array1D, f64, native


@native
def gravity(
    x: Array1D[f64],
    y: Array1D[f64],
    z: Array1D[f64],
    vx: Array1D[f64],
    vy: Array1D[f64],
    vz: Array1D[f64],
    m: Array1D[f64],
    steps: int,
) -> None:
    n = len(m)
    dt = 0.001
    for _ in range(steps):
        for i in range(n):
            ax = 0.0
            ay = 0.0
            az = 0.0
            for j in range(n):
                dx = x[j] - x[i]
                dy = y[j] - y[i]
                dz = z[j] - z[i]
                d2 = dx * dx + dy * dy + dz * dz + 0.01
                f = m[j] / (d2 * sqrt(d2))
                ax += dx * f
                ay += dy * f
                az += dz * f
            vx[i] += dt * ax
            vy[i] += dt * ay
            vz[i] += dt * az
        for i in range(n):
            x[i] += dt * vx[i]
            y[i] += dt * vy[i]
            z[i] += dt * vz[i]


def inputs(n, steps=1):
    random = np.random.default_rng(n)
    return *(random.random(n) for _ in range(7)), steps


def right(value, given, after):
    *_, m, steps = given
    p = np.stack(given[:3])
    v = np.stack(given[3:6])
    for _ in range(steps):
        d = p[:, None, :] - p[:, :, None]
        d2 = (d * d).sum(axis=0) + 0.01
        v += 0.001 * (d * (m / (d2 * np.sqrt(d2)))).sum(axis=2)
        p += 0.001 * v
    return np.allclose(np.stack(after[:3]), p) and np.allclose(np.stack(after[3:6]), v)


ROWS = [{"what": "n-body, 512 bodies", "inputs": (512, 20), "targets": {"best": 0.6}}]
SIZES = range(0, 68)
