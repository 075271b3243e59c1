#include <stdint.h>

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

void sha256(const uint8_t *restrict data, int64_t n, const uint32_t *restrict k, int64_t n1,
            uint32_t *restrict w, int64_t n2, uint32_t *restrict state, int64_t n3) {
    for (const uint8_t *block = data; block < data + n; block += 64) {
        for (int t = 0; t < 16; t++) {
            uint32_t word = 0;
            for (int byte = 0; byte < 4; byte++)
                word = word << 8 | block[4 * t + byte];
            w[t] = word;
        }
        for (int t = 16; t < 64; t++) {
            uint32_t x = w[t - 15], y = w[t - 2];
            uint32_t s0 = rotate(x, 7) ^ rotate(x, 18) ^ x >> 3;
            uint32_t s1 = rotate(y, 17) ^ rotate(y, 19) ^ y >> 10;
            w[t] = w[t - 16] + s0 + w[t - 7] + s1;
        }
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
        uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
        for (int t = 0; t < 64; t++) {
            uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
            uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + k[t] + w[t];
            uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
            uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
            h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
        }
        state[0] += a, state[1] += b, state[2] += c, state[3] += d;
        state[4] += e, state[5] += f, state[6] += g, state[7] += h;
    }
}
