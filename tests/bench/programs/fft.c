#include <stdint.h>

static void swap(double *a, int64_t i, int64_t j) {
    double t = a[i];
    a[i] = a[j];
    a[j] = t;
}

void fft(double *restrict re, int64_t n, double *restrict im, int64_t n1,
         const double *restrict cosines, int64_t n2, const double *restrict sines, int64_t n3) {
    int64_t j = 0;
    for (int64_t i = 1; i < n; i++) {
        int64_t bit = n >> 1;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j ^= bit;
        if (i < j) {
            swap(re, i, j);
            swap(im, i, j);
        }
    }
    for (int64_t half = 1; half < n; half *= 2) {
        int64_t step = n / (2 * half);
        for (int64_t start = 0; start < n; start += 2 * half)
            for (int64_t k = 0; k < half; k++) {
                double c = cosines[k * step], s = sines[k * step];
                int64_t a = start + k, b = a + half;
                double x = re[b] * c - im[b] * s, y = re[b] * s + im[b] * c;
                re[b] = re[a] - x;
                im[b] = im[a] - y;
                re[a] += x;
                im[a] += y;
            }
    }
}
