#include <math.h>
#include <stdint.h>

void cholesky(const double *restrict a, int64_t n, int64_t n1, double *restrict f, int64_t n2,
              int64_t n3) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) {
            double rest = a[i * n + j];
            for (int64_t k = 0; k < j; k++)
                rest -= f[i * n + k] * f[j * n + k];
            f[i * n + j] = i == j ? sqrt(rest) : rest / f[j * n + j];
        }
}
