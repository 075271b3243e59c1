#include <stdint.h>

int64_t queens(int64_t n, int64_t columns, int64_t left, int64_t right) {
    int64_t all = ((int64_t)1 << n) - 1, count = 0;
    if (columns == all)
        return 1;
    int64_t free = all & ~(columns | left | right);
    while (free != 0) {
        int64_t bit = free & -free;
        free -= bit;
        count += queens(n, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return count;
}
