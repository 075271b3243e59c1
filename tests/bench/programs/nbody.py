"""The sun and the outer planets: a few bodies, many steps."""

from math import sqrt

import numpy as np
from snek import Array1D, Array2D, f64, native


@native
def nbody(p: Array2D[f64], v: Array2D[f64], m: Array1D[f64], steps: int) -> float:
    n = len(m)
    dt = 0.01
    for _ in range(steps):
        for i in range(n):
            for j in range(i + 1, n):
                dx = p[i, 0] - p[j, 0]
                dy = p[i, 1] - p[j, 1]
                dz = p[i, 2] - p[j, 2]
                d2 = dx * dx + dy * dy + dz * dz
                mag = dt / (d2 * sqrt(d2))
                v[i, 0] -= dx * m[j] * mag
                v[i, 1] -= dy * m[j] * mag
                v[i, 2] -= dz * m[j] * mag
                v[j, 0] += dx * m[i] * mag
                v[j, 1] += dy * m[i] * mag
                v[j, 2] += dz * m[i] * mag
        for i in range(n):
            p[i, 0] += dt * v[i, 0]
            p[i, 1] += dt * v[i, 1]
            p[i, 2] += dt * v[i, 2]
    energy = 0.0
    for i in range(n):
        energy += 0.5 * m[i] * (v[i, 0] ** 2 + v[i, 1] ** 2 + v[i, 2] ** 2)
        for j in range(i + 1, n):
            dx = p[i, 0] - p[j, 0]
            dy = p[i, 1] - p[j, 1]
            dz = p[i, 2] - p[j, 2]
            energy -= m[i] * m[j] / sqrt(dx * dx + dy * dy + dz * dz)
    return energy


def planets(steps):
    """At rest as a whole: positions, velocities, masses."""
    sun = 4 * np.pi**2
    p = np.array(
        [
            [0, 0, 0],
            [4.84143144246472090, -1.16032004402742839, -0.103622044471123109],
            [8.34336671824457987, 4.12479856412430479, -0.403523417114321381],
            [12.8943695621391310, -15.1111514016986312, -0.223307578892655734],
            [15.3796971148509165, -25.9193146099879641, 0.179258772950371181],
        ]
    )
    v = 365.24 * np.array(
        [
            [0, 0, 0],
            [0.00166007664274403694, 0.00769901118419740425, -0.0000690460016972063023],
            [-0.00276742510726411, 0.00499852801234917238, 0.0000230417297573763929],
            [0.00296460137564761618, 0.00237847173959480950, -0.0000296589568540237556],
            [0.00268067772490389322, 0.00162824170038242295, -0.000095159225451971587],
        ]
    )
    m = sun * np.array(
        [1, 0.000954791938424326609, 0.000285885980666130812]
        + [0.0000436624404335156298, 0.0000515138902046611451]
    )
    v[0] = -(m[1:, None] * v[1:]).sum(axis=0) / sun
    return p, v, m, steps


def inputs(n, steps=2):
    if n == 5:
        return planets(steps)
    random = np.random.default_rng(n)
    return random.random((n, 3)), random.random((n, 3)), random.random(n), steps


def right(value, given, after):
    # The energy is conserved, and does not depend on the order of sums.
    return abs(value + 0.169078) < 1e-4


ROWS = [
    {"what": "n-body, 5 bodies", "inputs": (5, 150_000), "targets": {"best": 1.0, "numba": 1.1}}
]
SIZES = range(0, 20)
