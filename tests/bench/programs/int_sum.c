#include <stdint.h>

int64_t int_sum(const int64_t *a, int64_t n) {
    int64_t total = 0;
    for (int64_t i = 0; i < n; i++)
        total += a[i];
    return total;
}
