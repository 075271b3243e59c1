"""All of `math` that works on scalars: values and errors."""

import math
from math import cos, inf, nan, pi, sin, tau
from math import sqrt as root

X = [
    0.0,
    -0.0,
    0.1,
    0.5,
    -0.5,
    1.0,
    -1.0,
    1.5,
    2.0,
    -2.0,
    3.7,
    10.0,
    100.5,
    -100.5,
    170.6,
    200.0,
    709.9,
    1e10,
    1e300,
    -1e300,
    5e-324,
    inf,
    -inf,
    nan,
]

_UNARY = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cbrt",
    "cos",
    "cosh",
    "degrees",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "fabs",
    "gamma",
    "lgamma",
    "log",
    "log10",
    "log1p",
    "log2",
    "radians",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "ulp",
    "isfinite",
    "isinf",
    "isnan",
    "modf",
    "frexp",
]


def f_acos(x: float) -> float:
    return math.acos(x)


def f_acosh(x: float) -> float:
    return math.acosh(x)


def f_asin(x: float) -> float:
    return math.asin(x)


def f_asinh(x: float) -> float:
    return math.asinh(x)


def f_atan(x: float) -> float:
    return math.atan(x)


def f_atanh(x: float) -> float:
    return math.atanh(x)


def f_cbrt(x: float) -> float:
    return math.cbrt(x)


def f_cos(x: float) -> float:
    return math.cos(x)


def f_cosh(x: float) -> float:
    return math.cosh(x)


def f_degrees(x: float) -> float:
    return math.degrees(x)


def f_erf(x: float) -> float:
    return math.erf(x)


def f_erfc(x: float) -> float:
    return math.erfc(x)


def f_exp(x: float) -> float:
    return math.exp(x)


def f_exp2(x: float) -> float:
    return math.exp2(x)


def f_expm1(x: float) -> float:
    return math.expm1(x)


def f_fabs(x: float) -> float:
    return math.fabs(x)


def f_gamma(x: float) -> float:
    return math.gamma(x)


def f_lgamma(x: float) -> float:
    return math.lgamma(x)


def f_log(x: float) -> float:
    return math.log(x)


def f_log10(x: float) -> float:
    return math.log10(x)


def f_log1p(x: float) -> float:
    return math.log1p(x)


def f_log2(x: float) -> float:
    return math.log2(x)


def f_radians(x: float) -> float:
    return math.radians(x)


def f_sin(x: float) -> float:
    return math.sin(x)


def f_sinh(x: float) -> float:
    return math.sinh(x)


def f_sqrt(x: float) -> float:
    return math.sqrt(x)


def f_tan(x: float) -> float:
    return math.tan(x)


def f_tanh(x: float) -> float:
    return math.tanh(x)


def f_ulp(x: float) -> float:
    return math.ulp(x)


def f_isfinite(x: float) -> bool:
    return math.isfinite(x)


def f_isinf(x: float) -> bool:
    return math.isinf(x)


def f_isnan(x: float) -> bool:
    return math.isnan(x)


def f_ceil(x: float) -> int:
    return math.ceil(x)


def f_floor(x: float) -> int:
    return math.floor(x)


def f_trunc(x: float) -> int:
    return math.trunc(x)


def f_atan2(x: float, y: float) -> float:
    return math.atan2(x, y)


def f_copysign(x: float, y: float) -> float:
    return math.copysign(x, y)


def f_fmod(x: float, y: float) -> float:
    return math.fmod(x, y)


def f_pow(x: float, y: float) -> float:
    return math.pow(x, y)


def f_remainder(x: float, y: float) -> float:
    return math.remainder(x, y)


def f_nextafter(x: float, y: float) -> float:
    return math.nextafter(x, y)


def f_hypot(x: float, y: float) -> float:
    return math.hypot(x, y)


def f_log_base(x: float, y: float) -> float:
    return math.log(x, y)


def f_isclose(x: float, y: float) -> bool:
    return math.isclose(x, y)


def f_isclose_tolerances(x: float, y: float, r: float, a: float) -> bool:
    return math.isclose(x, y, rel_tol=r, abs_tol=a)


def f_modf(x: float) -> tuple[float, float]:
    return math.modf(x)


def f_frexp(x: float) -> tuple[float, int]:
    return math.frexp(x)


def f_ldexp(x: float, n: int) -> float:
    return math.ldexp(x, n)


def f_factorial(n: int) -> int:
    return math.factorial(n)


def f_isqrt(n: int) -> int:
    return math.isqrt(n)


def f_gcd(a: int, b: int) -> int:
    return math.gcd(a, b)


def f_lcm(a: int, b: int) -> int:
    return math.lcm(a, b)


def f_gcd3(a: int, b: int, c: int) -> int:
    return math.gcd(a, b, c)


def f_comb(n: int, k: int) -> int:
    return math.comb(n, k)


def f_perm(n: int, k: int) -> int:
    return math.perm(n, k)


def f_of_int(n: int) -> tuple[float, float, int]:
    return root(n), math.exp(n % 10), math.floor(n)


def f_names(x: float) -> float:
    return sin(x) * cos(x) + pi - tau + math.e + (0.0 if x < inf else nan)


def f_hypot3(x: float, y: float, z: float) -> float:
    return math.hypot(x, y, z)


_INTS = [0, 1, 2, 5, 12, 20, -1, -7, 10**9, 2**53 + 1, 2**62, 9223372036854775807]
CASES = [f"f_{f}({x!r})" for f in _UNARY if f not in ("modf", "frexp") for x in X]
CASES += [f"f_{f}({x!r})" for f in ("modf", "frexp") for x in X]
CASES += [f"f_{f}({x!r})" for f in ("ceil", "floor", "trunc") for x in X if not 1e18 < abs(x) < inf]
CASES += [
    f"f_{f}({x!r}, {y!r})"
    for f in (
        "atan2",
        "copysign",
        "fmod",
        "pow",
        "remainder",
        "nextafter",
        "hypot",
        "log_base",
        "isclose",
    )
    for x in X
    for y in X
]
CASES += [
    f"f_isclose_tolerances(1.0, 1.1, {r}, {a})" for r in (0.0, 0.2, -1.0) for a in (0.0, 0.2, -1.0)
]
CASES += [
    f"f_ldexp({x!r}, {n})"
    for x in X
    for n in (0, 1, -1, 1023, 1024, -1074, -2000, 5000, 2**40, -(2**40))
]
CASES += (
    [f"f_factorial({n})" for n in (0, 1, 5, 20, -1)]
    + [f"f_isqrt({n})" for n in _INTS]
    + [f"f_of_int({n})" for n in _INTS]
)
CASES += [
    f"f_{f}({a}, {b})"
    for f in ("gcd", "comb")
    for a in (0, 1, 5, 12, -12, 40)
    for b in (0, 1, 5, 18, -3)
]
CASES += [
    f"f_{f}({a}, {b})"
    for f in ("lcm", "perm")
    for a in (0, 1, 5, 12, -12)
    for b in (0, 1, 5, 18, -3)
]
CASES += ["f_gcd3(12, 18, -27)", "f_hypot3(1.0, 2.0, 3.0)", "f_hypot3(nan, inf, 1.0)"] + [
    f"f_names({x!r})" for x in (0.5, inf, nan)
]
