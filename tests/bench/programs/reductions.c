#include <stdint.h>

/* Not inlined, as a caller from another file would find them. */
__attribute__((noinline)) double dot(const double *restrict a, int64_t n, const double *restrict b) {
    double total = 0.0;
    for (int64_t i = 0; i < n; i++)
        total += a[i] * b[i];
    return total;
}

__attribute__((noinline)) double array_sum(const double *a, int64_t n) {
    double total = 0.0;
    for (int64_t i = 0; i < n; i++)
        total += a[i];
    return total;
}

double dot_often(double *a, int64_t n, const double *b, int64_t n2, int64_t times) {
    double total = 0.0;
    for (int64_t k = 0; k < times; k++) {
        a[k % n] += 1.0;
        total += dot(a, n, b);
    }
    return total;
}

double array_sum_often(double *a, int64_t n, const double *b, int64_t n2, int64_t times) {
    double total = 0.0;
    for (int64_t k = 0; k < times; k++) {
        a[k % n] += 1.0;
        total += array_sum(a, n);
    }
    return total;
}
