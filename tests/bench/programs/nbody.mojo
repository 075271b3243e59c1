from std.math import sqrt

from arrays import Floats


@export("nbody")
def nbody(
    p: Floats,
    n: Int,
    three: Int,
    v: Floats,
    n2: Int,
    three2: Int,
    m: Floats,
    n3: Int,
    steps: Int,
) abi("C") -> Float64:
    comptime dt = 0.01
    for _ in range(steps):
        for i in range(n):
            for j in range(i + 1, n):
                var dx = p[3 * i] - p[3 * j]
                var dy = p[3 * i + 1] - p[3 * j + 1]
                var dz = p[3 * i + 2] - p[3 * j + 2]
                var d2 = dx * dx + dy * dy + dz * dz
                var mag = dt / (d2 * sqrt(d2))
                v[3 * i] -= dx * m[j] * mag
                v[3 * i + 1] -= dy * m[j] * mag
                v[3 * i + 2] -= dz * m[j] * mag
                v[3 * j] += dx * m[i] * mag
                v[3 * j + 1] += dy * m[i] * mag
                v[3 * j + 2] += dz * m[i] * mag
        for i in range(3 * n):
            p[i] += dt * v[i]
    var energy = 0.0
    for i in range(n):
        var vx = v[3 * i]
        var vy = v[3 * i + 1]
        var vz = v[3 * i + 2]
        energy += 0.5 * m[i] * (vx * vx + vy * vy + vz * vz)
        for j in range(i + 1, n):
            var dx = p[3 * i] - p[3 * j]
            var dy = p[3 * i + 1] - p[3 * j + 1]
            var dz = p[3 * i + 2] - p[3 * j + 2]
            energy -= m[i] * m[j] / sqrt(dx * dx + dy * dy + dz * dz)
    return energy
