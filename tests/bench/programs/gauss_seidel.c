#include <stdint.h>

void gauss_seidel(double *a, int64_t h, int64_t w, int64_t steps) {
    for (int64_t s = 0; s < steps; s++)
        for (int64_t i = 1; i < h - 1; i++)
            for (int64_t j = 1; j < w - 1; j++)
                a[i * w + j] = 0.25 * (a[(i - 1) * w + j] + a[i * w + j - 1] + a[i * w + j + 1] +
                                       a[(i + 1) * w + j]);
}
