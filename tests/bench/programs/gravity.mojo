from std.math import sqrt

from arrays import Floats


@export("gravity")
def gravity(
    x: Floats,
    n: Int,
    y: Floats,
    n1: Int,
    z: Floats,
    n2: Int,
    vx: Floats,
    n3: Int,
    vy: Floats,
    n4: Int,
    vz: Floats,
    n5: Int,
    m: Floats,
    n6: Int,
    steps: Int,
) abi("C"):
    comptime dt = 0.001
    for _ in range(steps):
        for i in range(n):
            var ax = 0.0
            var ay = 0.0
            var az = 0.0
            for j in range(n):
                var dx = x[j] - x[i]
                var dy = y[j] - y[i]
                var dz = z[j] - z[i]
                var d2 = dx * dx + dy * dy + dz * dz + 0.01
                var f = m[j] / (d2 * sqrt(d2))
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
