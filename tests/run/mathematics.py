"""The module `math`."""

import math
from math import hypot, sqrt


def roots(x: float) -> float:
    return sqrt(x)


def logarithms(x: float) -> tuple[float, float, float, float]:
    return math.log(x), math.log2(x), math.log10(x), math.log1p(x)


def exponential(x: float) -> float:
    return math.exp(x)


def trigonometry(x: float) -> tuple[float, float, float]:
    return math.sin(x), math.cos(x), math.tan(x)


def inverse(x: float) -> tuple[float, float, float]:
    return math.asin(x), math.acos(x), math.atan(x)


def hyperbolic(x: float) -> tuple[float, float, float]:
    return math.sinh(x), math.cosh(x), math.tanh(x)


def integers(x: float) -> tuple[int, int, int]:
    return math.floor(x), math.ceil(x), math.trunc(x)


def classify(x: float) -> tuple[bool, bool, bool]:
    return math.isnan(x), math.isinf(x), math.isfinite(x)


def angles(y: float, x: float) -> tuple[float, float]:
    return math.atan2(y, x), hypot(x, y)


def remainders(x: float, y: float) -> float:
    return math.fmod(x, y)


def power(x: float, y: float) -> float:
    return math.pow(x, y)


def signs(x: float, y: float) -> tuple[float, float]:
    return math.copysign(x, y), math.fabs(x)


def whole(a: int, b: int) -> tuple[int, int]:
    return math.gcd(a, b), math.isqrt(a)


def constants() -> tuple[float, float, float]:
    return math.pi, math.e, math.tau


def circle(radius: float) -> float:
    return math.pi * radius**2


def degrees(x: float) -> tuple[float, float]:
    return math.degrees(x), math.radians(x)


_VALUES = (
    "0.0",
    "-0.0",
    "0.5",
    "-0.5",
    "1.0",
    "2.0",
    "-3.7",
    "100.0",
    "800.0",
    "inf",
    "-inf",
    "nan",
)

CASES = [
    *(
        f"{name}({x})"
        for name in (
            "roots",
            "logarithms",
            "exponential",
            "trigonometry",
            "inverse",
            "hyperbolic",
            "integers",
            "classify",
        )
        for x in _VALUES
    ),
    *(
        f"{name}({x}, {y})"
        for name in ("angles", "remainders", "power", "signs")
        for x in _VALUES
        for y in ("0.0", "-0.0", "2.0", "-1.0", "inf", "nan")
    ),
    *(f"whole({a}, {b})" for a in (0, 1, 99, 2**62) for b in (0, -12, 33)),
    "whole(-1, 2)",
    "constants()",
    "circle(2.0)",
    "degrees(1.0)",
]
