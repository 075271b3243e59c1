#include <stdint.h>

double monte_carlo(int64_t n, int64_t seed) {
    int64_t inside = 0;
    for (int64_t i = 0; i < n; i++) {
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF;
        double x = seed / 2147483648.0;
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF;
        double y = seed / 2147483648.0;
        if (x * x + y * y <= 1.0)
            inside++;
    }
    return 4.0 * inside / n;
}
