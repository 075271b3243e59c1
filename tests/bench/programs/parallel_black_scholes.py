"""Prices of options, on all cores."""

from math import erf, exp, log, sqrt

import numpy as np
from snek import Array1D, f64, parallel, prange


@parallel
def parallel_black_scholes(
    spot: Array1D[f64],
    strike: Array1D[f64],
    years: Array1D[f64],
    call: Array1D[f64],
    put: Array1D[f64],
    rate: float,
    volatility: float,
) -> None:
    for i in prange(len(spot)):
        s = float(spot[i])
        k = float(strike[i])
        t = float(years[i])
        spread = volatility * sqrt(t)
        d1 = (log(s / k) + (rate + 0.5 * volatility * volatility) * t) / spread
        d2 = d1 - spread
        n1 = 0.5 * (1.0 + erf(d1 * 0.7071067811865476))
        n2 = 0.5 * (1.0 + erf(d2 * 0.7071067811865476))
        discounted = k * exp(-rate * t)
        call[i] = s * n1 - discounted * n2
        put[i] = discounted * (1.0 - n2) - s * (1.0 - n1)


def inputs(n):
    random = np.random.default_rng(n)
    prices = 50 + 50 * random.random(n), 60 + 60 * random.random(n), 0.25 + 1.75 * random.random(n)
    return *prices, np.zeros(n), np.zeros(n), 0.03, 0.25


def right(value, given, after):
    spot, strike, years, _, _, rate, _ = given
    _, _, _, call, put, _, _ = after
    # The parity of puts and calls, and what a call is worth at least and at most.
    forward = spot - strike * np.exp(-rate * years)
    least = np.maximum(forward, 0) - 1e-9
    return np.allclose(call - put, forward) and bool(((call >= least) & (call <= spot)).all())


ROWS = [{"what": "Black-Scholes", "inputs": (500_000,), "targets": {"speedup": 1.85}}]
SIZES = range(68)
EXACT = False
