#include <math.h>
#include <stdint.h>

double nbody(double (*restrict p)[3], int64_t n, int64_t three, double (*restrict v)[3], int64_t n2,
             int64_t three2, const double *restrict m, int64_t n3, int64_t steps) {
    const double dt = 0.01;
    for (int64_t s = 0; s < steps; s++) {
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = i + 1; j < n; j++) {
                double dx = p[i][0] - p[j][0], dy = p[i][1] - p[j][1], dz = p[i][2] - p[j][2];
                double d2 = dx * dx + dy * dy + dz * dz, mag = dt / (d2 * sqrt(d2));
                v[i][0] -= dx * m[j] * mag;
                v[i][1] -= dy * m[j] * mag;
                v[i][2] -= dz * m[j] * mag;
                v[j][0] += dx * m[i] * mag;
                v[j][1] += dy * m[i] * mag;
                v[j][2] += dz * m[i] * mag;
            }
        for (int64_t i = 0; i < n; i++)
            for (int64_t k = 0; k < 3; k++)
                p[i][k] += dt * v[i][k];
    }
    double energy = 0.0;
    for (int64_t i = 0; i < n; i++) {
        energy += 0.5 * m[i] * (v[i][0] * v[i][0] + v[i][1] * v[i][1] + v[i][2] * v[i][2]);
        for (int64_t j = i + 1; j < n; j++) {
            double dx = p[i][0] - p[j][0], dy = p[i][1] - p[j][1], dz = p[i][2] - p[j][2];
            energy -= m[i] * m[j] / sqrt(dx * dx + dy * dy + dz * dz);
        }
    }
    return energy;
}
