#include <stdint.h>

int64_t argmin(const double *a, int64_t n) {
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (a[i] < a[best])
            best = i;
    return best;
}
