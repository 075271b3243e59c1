"""Powers of few operations: as the C library's in scalar code, one operation in lanes; nonzero numbers that may have either
sign, and divisions by them."""

import random

import numpy as np
from snek import Array1D, f64


def square(x: float) -> float:
    return x**2


def cube(x: float) -> float:
    return x**3.0


def root(x: float) -> float:
    return x**0.5


def reciprocal(x: float) -> float:
    return x**-1.0


def chain(x: float, steps: int) -> float:
    for _ in range(steps):
        x = (x**2 + 0.3) ** 0.5 + (x + 1.0) ** -1.0
    return x


# Elements whose results are exact, so that lanes must agree to the bit.
def squares(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = x[i] ** 2


def roots(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = x[i] ** 0.5


def reciprocals(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = x[i] ** -1.0


def float_roots(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = float(x[i]) ** 0.5


def distances(x: Array1D[f64], y: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = (x[i] ** 2 + y[i] ** 2) ** 0.5


def gcd(a: int, b: int) -> int:
    while b != 0:
        a, b = b, a % b
    return a


def digits(n: int, base: int) -> int:
    count = 0
    while n != 0 and base != 0:
        n = n // base
        count += 1
        if n == -1:
            break
    return count


def rests(n: int, by: int) -> int:
    total = 0
    while by != 0:
        total += n % by + n // by
        by += 1 if by < 0 else -1
    return total


def applied(function, values, *more):
    x = np.array(values, float)
    out = np.zeros(len(x))
    with np.errstate(all="ignore"):
        function(x, *more, out)
    return out


RANDOM = random.Random(5)
ANY = [RANDOM.uniform(0, 3) for _ in range(60)] + [
    RANDOM.uniform(0, 1) * 10.0**e for e in range(-300, 300, 23)
]
ENDS = [0.0, -0.0, 1.0, 2.0, 0.25, 4.0, 3.0, 1e-320, 1e300, 5e-324, 1e154, 1.5e154, 1e103, 1e-110]
# Roots of these are complex numbers.
NEGATIVE = [-1.0, -3.0, -1e300, -1e-300, -0.3]
SPECIAL = "[0.0, -0.0, np.inf, -np.inf, np.nan, 4.0, 9.0, 0.25, 1e-300, 1e300, -2.0, 16.0, 36.0, 0.0625, 5e-324, -5e-324, 64.0]"
WHOLE = "[float(k * k) for k in range(1, 40)]"

CASES = [
    *(f"{name}({x!r})" for name in ("square", "cube", "root", "reciprocal") for x in ANY),
    *(f"{name}({x!r})" for name in ("square", "cube", "root", "reciprocal") for x in ENDS),
    *(f"{name}({x!r})" for name in ("square", "cube", "reciprocal") for x in NEGATIVE),
    *(
        f"{name}({x})"
        for name in ("square", "cube", "root", "reciprocal")
        for x in ("inf", "-inf", "nan")
    ),
    *(f"chain({x!r}, 200)" for x in (0.1, 0.7, 3.0)),
    f"applied(squares, {SPECIAL})",
    f"applied(roots, {SPECIAL})",
    f"applied(roots, {WHOLE})",
    f"applied(reciprocals, {SPECIAL})",
    f"applied(float_roots, {WHOLE})",
    "applied(float_roots, [4.0] * 20 + [-inf, -0.0, inf])",
    "applied(distances, [3.0, 5.0, 8.0, -0.0] * 9, np.array([4.0, 12.0, 15.0, 0.0] * 9))",
    *(
        f"gcd({a}, {b})"
        for a in (0, 12, -12, 2**40 + 15, -(2**63), 2**63 - 1)
        for b in (0, 18, -18, 2**33, -1, 1, 2**32 - 1, 2**63 - 1, -(2**63))
    ),
    *(
        f"digits({n}, {base})"
        for n in (0, 7, 12345, -12345, 2**40, -(2**63))
        for base in (2, 10, -3, 0)
    ),
    *(
        f"rests({n}, {by})"
        for n in (0, 1000, -1000, 2**33 + 5, -(2**34), 2**32, 2**32 - 1)
        for by in (0, 9, -9)
    ),
    *(f"rests({n}, {by})" for n in (5, -5, 2**61, -(2**61)) for by in (1, -1, 3, -3)),
]
