#include <stdint.h>

void bitonic_sort(int32_t *a, int64_t n) {
    for (int64_t k = 2; k <= n; k *= 2)
        for (int64_t j = k / 2; j > 0; j /= 2)
            for (int64_t i = 0; i < n; i++) {
                int64_t other = i ^ j;
                if (other > i && (a[i] > a[other]) == ((i & k) == 0)) {
                    int32_t t = a[i];
                    a[i] = a[other];
                    a[other] = t;
                }
            }
}
