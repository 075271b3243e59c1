"""Floats: IEEE values, Python's errors, `//`, `%`, divmod, round, conversions, int-float comparison."""

from math import copysign, inf, nan

VALUES = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    3.7,
    -3.7,
    1e-310,
    5e-324,
    1e16,
    -1e16,
    1e308,
    1.7976931348623157e308,
    inf,
    -inf,
    nan,
]


def add(a: float, b: float) -> float:
    return a + b


def sub(a: float, b: float) -> float:
    return a - b


def mul(a: float, b: float) -> float:
    return a * b


def div(a: float, b: float) -> float:
    return a / b


def floordiv(a: float, b: float) -> float:
    return a // b


def mod(a: float, b: float) -> float:
    return a % b


def both(a: float, b: float) -> tuple[float, float]:
    return divmod(a, b)


def compare(a: float, b: float) -> tuple[bool, bool, bool, bool, bool, bool]:
    return a == b, a != b, a < b, a <= b, a > b, a >= b


def smallest(a: float, b: float) -> float:
    return min(a, b)


def largest(a: float, b: float) -> float:
    return max(a, b)


def neg(a: float) -> float:
    return -a


def absolute(a: float) -> float:
    return abs(a)


def truth(a: float) -> bool:
    return bool(a)


def to_int(a: float) -> int:
    return int(a)


def rounded(a: float) -> int:
    return round(a)


def rounded_to(a: float, n: int) -> float:
    return round(a, n)


def mixed_compare(i: int, x: float) -> tuple[bool, bool, bool, bool, bool, bool]:
    return i == x, i != x, i < x, i <= x, i > x, i >= x


def mixed_arithmetic(i: int, x: float) -> tuple[float, float, float]:
    return i + x, x - i, i * x


def int_to_float(i: int) -> float:
    return float(i)


def int_true_division(a: int, b: int) -> float:
    return a / b


def sqrt_by_power(a: float) -> float:
    return a**0.5 if a >= 0 else -1.0


def power_two(a: float) -> float:
    return a**2


def sign_of_zero(a: float) -> float:
    return copysign(1.0, a * 0.0)


_BINARY = ["add", "sub", "mul", "div", "floordiv", "mod", "both", "compare", "smallest", "largest"]
_UNARY = ["neg", "absolute", "truth", "sqrt_by_power", "power_two", "sign_of_zero"]
CASES = [f"{f}({a!r}, {b!r})" for f in _BINARY for a in VALUES for b in VALUES]
CASES += [f"{f}({a!r})" for f in _UNARY for a in VALUES]
CASES += [f"{f}({a!r})" for f in ["to_int", "rounded"] for a in VALUES if not 1e18 < abs(a) < inf]
CASES += [
    f"rounded_to({a!r}, {n})"
    for a in [2.675, 1.005, -2.5, 12345.6789, 0.5, 1e300, 5e-324, 0.0, -0.0, nan, inf]
    for n in (0, 1, 2, 3, -1, -2, -5, 20, 400, -400)
]
_INTS = [
    0,
    1,
    -1,
    2**53,
    2**53 + 1,
    -(2**53) - 1,
    2**62 + 1,
    9223372036854775807,
    -9223372036854775808,
]
CASES += [
    f"mixed_compare({i}, {x!r})"
    for i in _INTS
    for x in VALUES + [2.0**53, 2.0**62, 2.0**63, -(2.0**63)]
]
CASES += [f"mixed_arithmetic({i}, {x!r})" for i in _INTS for x in VALUES]
CASES += [f"int_to_float({i})" for i in _INTS]
CASES += [f"int_true_division({a}, {b})" for a in _INTS for b in _INTS + [3, 7, -10]]
