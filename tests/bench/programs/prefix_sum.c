#include <stdint.h>

void prefix_sum(const int64_t *restrict a, int64_t n, int64_t *restrict out, int64_t n2) {
    int64_t total = 0;
    for (int64_t i = 0; i < n; i++) {
        total += a[i];
        out[i] = total;
    }
}
