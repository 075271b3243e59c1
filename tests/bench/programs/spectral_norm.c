#include <math.h>
#include <stdint.h>

static double element(int64_t i, int64_t j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

static void multiply(int64_t n, const double *restrict v, double *restrict out) {
    for (int64_t i = 0; i < n; i++) {
        double total = 0.0;
        for (int64_t j = 0; j < n; j++)
            total += element(i, j) * v[j];
        out[i] = total;
    }
}

static void multiply_transposed(int64_t n, const double *restrict v, double *restrict out) {
    for (int64_t i = 0; i < n; i++) {
        double total = 0.0;
        for (int64_t j = 0; j < n; j++)
            total += element(j, i) * v[j];
        out[i] = total;
    }
}

double spectral_norm(double *restrict u, int64_t n, double *restrict v, int64_t n1,
                     double *restrict w, int64_t n2, int64_t steps) {
    for (int64_t s = 0; s < steps; s++) {
        multiply(n, u, w);
        multiply_transposed(n, w, v);
        multiply(n, v, w);
        multiply_transposed(n, w, u);
    }
    double uv = 0.0, vv = 0.0;
    for (int64_t i = 0; i < n; i++) {
        uv += u[i] * v[i];
        vv += v[i] * v[i];
    }
    return sqrt(uv / vv);
}
