#include <stdint.h>

void kmeans(const double *restrict points, int64_t n, int64_t d, double *restrict centres,
            int64_t m, int64_t d1, int64_t *restrict labels, int64_t n1, double *restrict sums,
            int64_t m1, int64_t d2, int64_t *restrict counts, int64_t m2, int64_t steps) {
    for (int64_t s = 0; s < steps; s++) {
        for (int64_t c = 0; c < m; c++) {
            counts[c] = 0;
            for (int64_t k = 0; k < d; k++)
                sums[c * d + k] = 0.0;
        }
        for (int64_t i = 0; i < n; i++) {
            int64_t nearest = 0;
            double smallest = 1e300;
            for (int64_t c = 0; c < m; c++) {
                double distance = 0.0;
                for (int64_t k = 0; k < d; k++) {
                    double delta = points[i * d + k] - centres[c * d + k];
                    distance += delta * delta;
                }
                if (distance < smallest) {
                    smallest = distance;
                    nearest = c;
                }
            }
            labels[i] = nearest;
            counts[nearest]++;
            for (int64_t k = 0; k < d; k++)
                sums[nearest * d + k] += points[i * d + k];
        }
        for (int64_t c = 0; c < m; c++)
            if (counts[c] > 0)
                for (int64_t k = 0; k < d; k++)
                    centres[c * d + k] = sums[c * d + k] / counts[c];
    }
}
