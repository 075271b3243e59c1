#include <stdint.h>

static void step(int64_t d, int64_t h, int64_t w, const double *restrict a, double *restrict b) {
    int64_t hw = h * w;
    for (int64_t i = 1; i < d - 1; i++)
        for (int64_t j = 1; j < h - 1; j++)
            for (int64_t k = 1; k < w - 1; k++) {
                int64_t c = i * hw + j * w + k;
                b[c] = 0.125 * (a[c + hw] - 2.0 * a[c] + a[c - hw]) +
                       0.125 * (a[c + w] - 2.0 * a[c] + a[c - w]) +
                       0.125 * (a[c + 1] - 2.0 * a[c] + a[c - 1]) + a[c];
            }
}

void heat_3d(double *a, int64_t d, int64_t h, int64_t w, double *b, int64_t d2, int64_t h2,
             int64_t w2, int64_t steps) {
    for (int64_t s = 0; s < steps; s++) {
        step(d, h, w, a, b);
        step(d, h, w, b, a);
    }
}
