#include <math.h>
#include <stdint.h>

static double least(double a, double b) { return b < a ? b : a; }

void ray_march(double *depth, int64_t h, int64_t w, int64_t limit) {
    for (int64_t row = 0; row < h; row++)
        for (int64_t column = 0; column < w; column++) {
            double u = 2.0 * column / w - 1.0, v = 1.0 - 2.0 * row / h;
            double norm = sqrt(u * u + v * v + 2.25);
            double dx = u / norm, dy = v / norm, dz = 1.5 / norm, t = 0.0;
            for (int64_t i = 0; i < limit; i++) {
                double x = t * dx, y = t * dy, z = t * dz - 4.0;
                double sphere = sqrt(x * x + y * y + z * z) - 1.0;
                double other = sqrt((x - 1.2) * (x - 1.2) + (y + 0.4) * (y + 0.4) + z * z) - 0.5;
                double distance = least(least(sphere, other), y + 1.0);
                t += distance;
                if (distance < 0.0001 || t > 50.0)
                    break;
            }
            depth[row * w + column] = t;
        }
}
