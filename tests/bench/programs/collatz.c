#include <stdint.h>

int64_t collatz(int64_t n) {
    int64_t longest = 0;
    for (int64_t start = 1; start < n; start++) {
        int64_t x = start, steps = 0;
        while (x != 1) {
            x = x % 2 == 0 ? x / 2 : 3 * x + 1;
            steps++;
        }
        longest = steps > longest ? steps : longest;
    }
    return longest;
}
