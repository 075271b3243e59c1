"""Float arithmetic: IEEE values by their bits, Python's errors and signs."""


def arithmetic(a: float, b: float) -> tuple[float, float, float]:
    return a + b, a - b, a * b


def divide(a: float, b: float) -> float:
    return a / b


def floordiv(a: float, b: float) -> float:
    return a // b


def modulo(a: float, b: float) -> float:
    return a % b


def both(a: float, b: float) -> tuple[float, float]:
    return divmod(a, b)


def power(a: float, n: int) -> float:
    return a**n


def square_root(a: float) -> float:
    return abs(a) ** 0.5


def compare(a: float, b: float) -> tuple[bool, bool, bool, bool, bool, bool]:
    return a < b, a <= b, a == b, a != b, a > b, a >= b


def smallest(a: float, b: float, c: float) -> tuple[float, float]:
    return min(a, b, c), max(a, b, c)


def rounded(a: float) -> int:
    return round(a)


def rounded_to(a: float, digits: int) -> float:
    return round(a, digits)


def truncated(a: float) -> int:
    return int(a)


def truth(a: float) -> bool:
    return not a


def from_int(a: int) -> float:
    return float(a)


def mixed(a: int, b: float) -> tuple[float, float, float]:
    return a + b, a * b, b - a


_VALUES = ("0.0", "-0.0", "1.5", "-2.5", "1e308", "5e-324", "inf", "-inf", "nan")

CASES = [
    *(
        f"{name}({a}, {b})"
        for name in ("arithmetic", "divide", "floordiv", "modulo", "both", "compare")
        for a in _VALUES
        for b in _VALUES
    ),
    "modulo(5.5, -2.0)",
    "modulo(-5.5, 2.0)",
    "floordiv(-7.0, 2.0)",
    *(f"power({a}, {n})" for a in ("2.0", "-1.5", "inf", "1.0") for n in (-2, 0, 1, 3)),
    "power(0.0, -1)",
    "power(10.0, 400)",
    *(f"square_root({a})" for a in _VALUES),
    *(f"smallest({a}, {b}, 1.0)" for a in _VALUES for b in ("nan", "0.0", "-0.0", "2.0")),
    *(
        f"rounded({a})"
        for a in ("0.5", "1.5", "2.5", "-0.5", "-1.5", "2.4999", "1e15", "inf", "nan")
    ),
    *(
        f"rounded_to({a}, {n})"
        for a in ("2.675", "1.005", "-1234.5678", "0.5")
        for n in (-2, 0, 1, 2, 3)
    ),
    *(f"truncated({a})" for a in ("1.9", "-1.9", "0.0", "-0.0", "9.2e18", "inf", "-inf", "nan")),
    *(f"truth({a})" for a in _VALUES),
    *(f"from_int({a})" for a in (0, 2**53 + 1, -(2**53) - 1, 2**63 - 1)),
    *(f"mixed({a}, {b})" for a in (0, 3, 2**53 + 1) for b in ("0.5", "-0.0", "inf")),
]
