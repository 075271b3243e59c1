#include <math.h>
#include <stdint.h>

void gravity(double *restrict x, int64_t n, double *restrict y, int64_t n1, double *restrict z,
             int64_t n2, double *restrict vx, int64_t n3, double *restrict vy, int64_t n4,
             double *restrict vz, int64_t n5, const double *restrict m, int64_t n6, int64_t steps) {
    const double dt = 0.001;
    for (int64_t s = 0; s < steps; s++) {
        for (int64_t i = 0; i < n; i++) {
            double ax = 0.0, ay = 0.0, az = 0.0;
            for (int64_t j = 0; j < n; j++) {
                double dx = x[j] - x[i], dy = y[j] - y[i], dz = z[j] - z[i];
                double d2 = dx * dx + dy * dy + dz * dz + 0.01, f = m[j] / (d2 * sqrt(d2));
                ax += dx * f;
                ay += dy * f;
                az += dz * f;
            }
            vx[i] += dt * ax;
            vy[i] += dt * ay;
            vz[i] += dt * az;
        }
        for (int64_t i = 0; i < n; i++) {
            x[i] += dt * vx[i];
            y[i] += dt * vy[i];
            z[i] += dt * vz[i];
        }
    }
}
