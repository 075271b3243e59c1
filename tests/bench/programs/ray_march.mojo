from std.math import sqrt

from arrays import Floats


@export("ray_march")
def ray_march(depth: Floats, h: Int, w: Int, limit: Int) abi("C"):
    for row in range(h):
        for column in range(w):
            var u = 2.0 * Float64(column) / Float64(w) - 1.0
            var v = 1.0 - 2.0 * Float64(row) / Float64(h)
            var norm = sqrt(u * u + v * v + 2.25)
            var dx = u / norm
            var dy = v / norm
            var dz = 1.5 / norm
            var t = 0.0
            for _ in range(limit):
                var x = t * dx
                var y = t * dy
                var z = t * dz - 4.0
                var sphere = sqrt(x * x + y * y + z * z) - 1.0
                var other = sqrt((x - 1.2) * (x - 1.2) + (y + 0.4) * (y + 0.4) + z * z) - 0.5
                var distance = min(min(sphere, other), y + 1.0)
                t += distance
                if distance < 0.0001 or t > 50.0:
                    break
            depth[row * w + column] = t
