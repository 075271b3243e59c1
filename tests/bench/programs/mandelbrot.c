#include <stdint.h>

int64_t mandelbrot(int32_t *out, int64_t h, int64_t w, int64_t limit) {
    int64_t total = 0;
    for (int64_t y = 0; y < h; y++) {
        double ci = 3.0 * y / h - 1.5;
        for (int64_t x = 0; x < w; x++) {
            double cr = 3.0 * x / w - 2.0, zr = 0.0, zi = 0.0;
            int64_t k = 0;
            while (k < limit && zr * zr + zi * zi <= 4.0) {
                double t = zr * zr - zi * zi + cr;
                zi = 2.0 * zr * zi + ci;
                zr = t;
                k++;
            }
            out[y * w + x] = k;
            total += k;
        }
    }
    return total;
}
