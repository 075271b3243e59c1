"""Divisions in lanes, of operands whose quotients are hard to round, and of those that are none of the usual."""

from math import sqrt

import numpy as np
from snek import Array1D, f32, f64


def quotients(x: Array1D[f64], y: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(min(len(x), len(y), len(out))):
        out[i] = x[i] / y[i]


def reciprocals(y: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(min(len(y), len(out))):
        out[i] = f64(1.0) / y[i]


def of_constant(y: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(min(len(y), len(out))):
        out[i] = f64(-3.0) / y[i]


def by_one(x: Array1D[f64], y: f64, out: Array1D[f64]) -> None:
    for i in range(min(len(x), len(out))):
        out[i] = x[i] / y


def two_in_turn(x: Array1D[f64], y: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(min(len(x), len(y), len(out))):
        out[i] = x[i] / y[i] / (x[i] / (y[i] + x[i]))


def where_positive(x: Array1D[f64], y: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(min(len(x), len(y), len(out))):
        out[i] = x[i] / y[i] if y[i] > 0.0 else f64(-1.0)


def checked(x: Array1D[f64], y: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(min(len(x), len(y), len(out))):
        out[i] = float(x[i]) / float(y[i])


def attraction(x: Array1D[f64], m: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(out)):
        total = 0.0
        for j in range(len(x)):
            d = x[j] - x[i]
            d2 = d * d + 0.01
            total += d * (m[j] / (d2 * sqrt(d2)))
        out[i] = total


def roots(x: Array1D[f64], out: Array1D[f64], steps: int) -> None:
    for i in range(min(len(x), len(out))):
        root = x[i]
        for _ in range(steps):
            root = f64(0.5) * (root + x[i] / root)
        out[i] = root


def singles(x: Array1D[f32], y: Array1D[f32], out: Array1D[f32]) -> None:
    for i in range(min(len(x), len(y), len(out))):
        out[i] = x[i] / y[i]


def operands(seed, exponents):
    """Fractions of few ones or few zeros, and any, with exponents up to some, either way."""
    random = np.random.default_rng(seed)
    n = 4000
    few = random.integers(0, 64, n)
    ones = (1 << 52) - 1
    kinds = [random.integers(0, 1 << 52, n), few, ones - few, few << 46, np.full(n, ones)]
    fraction = np.choose(random.integers(0, len(kinds), n), kinds).astype(np.uint64)
    exponent = random.integers(1023 - exponents, 1024 + exponents, n).astype(np.uint64)
    sign = random.integers(0, 2, n).astype(np.uint64)
    return (sign << 63 | exponent << 52 | fraction).view(np.float64)


def near_halves(seed):
    """Dividends and divisors whose quotients lie almost between two doubles."""
    random = np.random.default_rng(seed)
    y = 1.0 + random.random(4000)
    middle = 1.0 + (2 * random.integers(0, 1 << 52, 4000) + 1) * 2.0**-53
    return y * middle, y


SPECIAL = np.array(
    [0.0, -0.0, 1.0, -1.0, 3.0, np.inf, -np.inf, np.nan, 5e-324, -2.2e-308, 1.7e308]
    + [2.0**k for k in (-1022, -513, -512, -511, 511, 512, 513, 1023)]
    + [(2.0 - 2.0**-52) * 2.0**k for k in (-1022, -512, 0, 511, 512, 1023)]
)
PAIRS = np.array([(a, b) for a in SPECIAL for b in SPECIAL])


def among(values, ordinary=1.5):
    """Each value in a vector of its own, amid ordinary ones."""
    out = np.full(9 * len(values), ordinary)
    out[np.arange(len(values)) * 9 + np.arange(len(values)) % 8] = values
    return out


CASES = [
    *(
        f"x, y = operands({seed}, {e}), operands({seed + 1}, {e}); out = np.zeros(4000); quotients(x, y, out); out"
        for seed in (1, 3)
        for e in (0, 20, 511, 520, 1022)
    ),
    "x, y = near_halves(5); out = np.zeros(4000); quotients(x, y, out); out",
    "x, y = near_halves(6); out = np.zeros(4000); two_in_turn(x, y, out); out",
    *(
        f"y = operands({seed}, {e}); out = np.zeros(4000); {function}(y, out); out"
        for seed, e in ((7, 0), (8, 500), (9, 1022))
        for function in ("reciprocals", "of_constant")
    ),
    "x, y = PAIRS.T.copy(); out = np.zeros(len(x)); quotients(x, y, out); out",
    "x, y = among(PAIRS[:, 0]), among(PAIRS[:, 1]); out = np.zeros(len(x)); quotients(x, y, out); out",
    "x, y = among(PAIRS[:, 0]), among(PAIRS[:, 1]); out = np.zeros(len(x)); where_positive(x, y, out); out",
    "out = np.zeros(len(SPECIAL)); reciprocals(SPECIAL, out); out",
    "y = among(SPECIAL); out = np.zeros(len(y)); reciprocals(y, out); out",
    *(
        f"x = among(SPECIAL); out = np.zeros(len(x)); by_one(x, np.float64({y}), out); out"
        for y in (3.0, 0.1, -0.0, "inf", 5e-324, 2.0**600)
    ),
    *(
        f"x = np.arange({n}) - 3.0; out = np.zeros({n}); quotients(x, x + 7.5, out); out"
        for n in range(35)
    ),
    *(
        f"x = np.arange({n}) * 0.37; out = np.zeros({n}); attraction(x, x + 1.0, out); out"
        for n in range(20)
    ),
    "x = np.arange(99.0); out = np.zeros(99); attraction(x, among(SPECIAL)[:99], out); out",
    "x = np.arange(1.0, 40.0); out = np.zeros(39); roots(x, out, 9); out",
    "x, y = np.arange(40.0), np.arange(40.0) - 30.0; out = np.zeros(40); checked(x, y, out)",
    "x, y = np.arange(40.0), np.arange(40.0) - 30.0; out = np.zeros(40)\ntry: checked(x, y, out)\n"
    "except ZeroDivisionError: pass\nout",
    "x = operands(1, 30).astype(np.float32); y = operands(2, 30).astype(np.float32); out = np.zeros(4000, np.float32); "
    "singles(x, y, out); out",
    "x = operands(1, 30)[::-2]; y = operands(2, 30)[::2]; out = np.zeros(2000); quotients(x, y, out); out",
]
