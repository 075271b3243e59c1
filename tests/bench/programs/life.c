#include <stdint.h>

void life(const uint8_t *restrict a, int64_t h, int64_t w, uint8_t *restrict b, int64_t h2,
          int64_t w2) {
    for (int64_t i = 1; i < h - 1; i++) {
        const uint8_t *up = a + (i - 1) * w, *row = a + i * w, *down = a + (i + 1) * w;
        for (int64_t j = 1; j < w - 1; j++) {
            int around = up[j - 1] + up[j] + up[j + 1] + down[j - 1] + down[j] + down[j + 1] +
                         row[j - 1] + row[j + 1];
            b[i * w + j] = around == 3 || (around == 2 && row[j] == 1);
        }
    }
}
