#include <stdint.h>

void convolution(const uint8_t *restrict image, int64_t ih, int64_t iw,
                 const float *restrict kernel, int64_t kh, int64_t kw, float *restrict out,
                 int64_t h, int64_t w) {
    for (int64_t y = 0; y < h; y++)
        for (int64_t x = 0; x < w; x++) {
            float total = 0.0f;
            for (int64_t i = 0; i < 5; i++)
                for (int64_t j = 0; j < 5; j++)
                    total += (float)image[(y + i) * iw + x + j] * kernel[i * 5 + j];
            out[y * w + x] = total;
        }
}
