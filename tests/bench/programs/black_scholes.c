#include <math.h>
#include <stdint.h>

void black_scholes(const double *restrict spot, int64_t n, const double *restrict strike,
                   int64_t n1, const double *restrict years, int64_t n2, double *restrict call,
                   int64_t n3, double *restrict put, int64_t n4, double rate, double volatility) {
    for (int64_t i = 0; i < n; i++) {
        double s = spot[i], k = strike[i], t = years[i];
        double spread = volatility * sqrt(t);
        double d1 = (log(s / k) + (rate + 0.5 * volatility * volatility) * t) / spread;
        double d2 = d1 - spread;
        double n_1 = 0.5 * (1.0 + erf(d1 * 0.7071067811865476));
        double n_2 = 0.5 * (1.0 + erf(d2 * 0.7071067811865476));
        double discounted = k * exp(-rate * t);
        call[i] = s * n_1 - discounted * n_2;
        put[i] = discounted * (1.0 - n_2) - s * (1.0 - n_1);
    }
}
