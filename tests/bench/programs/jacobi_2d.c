#include <stdint.h>

static void step(int64_t h, int64_t w, const double *restrict a, double *restrict b) {
    for (int64_t i = 1; i < h - 1; i++)
        for (int64_t j = 1; j < w - 1; j++)
            b[i * w + j] = 0.2 * (a[i * w + j] + a[i * w + j - 1] + a[i * w + j + 1] +
                                  a[(i + 1) * w + j] + a[(i - 1) * w + j]);
}

void jacobi_2d(double *a, int64_t h, int64_t w, double *b, int64_t h2, int64_t w2, int64_t steps) {
    for (int64_t s = 0; s < steps; s++) {
        step(h, w, a, b);
        step(h, w, b, a);
    }
}
