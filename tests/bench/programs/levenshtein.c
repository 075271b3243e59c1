#include <stdint.h>

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

int64_t levenshtein(const uint8_t *restrict a, int64_t n, const uint8_t *restrict b, int64_t m,
                    int64_t *restrict row, int64_t m1) {
    for (int64_t j = 0; j <= m; j++)
        row[j] = j;
    for (int64_t i = 0; i < n; i++) {
        int64_t diagonal = row[0];
        row[0] = i + 1;
        for (int64_t j = 0; j < m; j++) {
            int64_t change = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = least(least(change, diagonal + 1), row[j] + 1);
        }
    }
    return row[m];
}
