#include <stdint.h>

void histogram(const uint8_t *restrict data, int64_t n, int64_t *restrict bins, int64_t m) {
    for (int64_t i = 0; i < m; i++)
        bins[i] = 0;
    for (int64_t i = 0; i < n; i++)
        bins[data[i]]++;
}
