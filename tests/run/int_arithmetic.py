"""Checked 64-bit integers: signs of `//` and `%`, edges, shifts, powers, divmod."""

MAX = 9223372036854775807
MIN = -9223372036854775808
EDGES = [
    0,
    1,
    -1,
    2,
    -2,
    3,
    -3,
    7,
    -7,
    10,
    -10,
    63,
    64,
    65,
    MAX,
    MIN,
    MAX - 1,
    MIN + 1,
    2**32,
    -(2**32),
    2**53 + 1,
]


def add(a: int, b: int) -> int:
    return a + b


def sub(a: int, b: int) -> int:
    return a - b


def mul(a: int, b: int) -> int:
    return a * b


def floordiv(a: int, b: int) -> int:
    return a // b


def mod(a: int, b: int) -> int:
    return a % b


def both(a: int, b: int) -> tuple[int, int]:
    return divmod(a, b)


def truediv(a: int, b: int) -> float:
    return a / b


def neg(a: int) -> int:
    return -a


def invert(a: int) -> int:
    return ~a


def absolute(a: int) -> int:
    return abs(a)


def bits(a: int, b: int) -> tuple[int, int, int]:
    return a & b, a | b, a ^ b


def shl(a: int, b: int) -> int:
    return a << b


def shr(a: int, b: int) -> int:
    return a >> b


def square(a: int) -> int:
    return a**2


def cube(a: int) -> int:
    return a**3


def inverse(a: int) -> float:
    return a**-1


def inverse_square(a: int) -> float:
    return a**-2


def power_mod(a: int, b: int, m: int) -> int:
    return pow(a, b, m)


def compare(a: int, b: int) -> tuple[bool, bool, bool, bool, bool, bool]:
    return a == b, a != b, a < b, a <= b, a > b, a >= b


def chain(a: int, b: int, c: int) -> bool:
    return a < b <= c != a


def augmented(a: int, b: int) -> int:
    x = a
    x += b
    x -= 3
    x *= 2
    x //= 3
    x %= 1000
    x ^= 5
    x |= 16
    x &= 0xFF
    x <<= 2
    x >>= 1
    return x


def div_by_constants(a: int) -> tuple[int, int, int, int, int, int, int, int]:
    return a // 2, a % 2, a // -2, a % -2, a // 7, a % 7, a // -7, a % -7


def bool_arithmetic(a: bool, b: bool) -> tuple[int, int, int, int, bool, bool, bool, int]:
    return a + b, a - b, a * 3, -a, a & b, a | b, a ^ b, a << 3


# python: _fits
# Results beyond 64 bits are OverflowError in compiled code, so such pairs are left out here; `overflow.py` has them.
def _fits(text: str) -> bool:
    try:
        value = eval(text, globals())
    except (ZeroDivisionError, ValueError):
        return True
    except OverflowError:
        return True
    values = value if isinstance(value, tuple) else (value,)
    return all(not isinstance(v, int) or MIN <= v <= MAX for v in values)


_BINARY = ["add", "sub", "mul", "floordiv", "mod", "both", "truediv", "bits", "compare"]
CASES = [c for f in _BINARY for a in EDGES for b in EDGES if _fits(c := f"{f}({a}, {b})")]
CASES += [
    c
    for f in [
        "neg",
        "invert",
        "absolute",
        "square",
        "cube",
        "inverse",
        "inverse_square",
        "div_by_constants",
    ]
    for a in EDGES
    if _fits(c := f"{f}({a})")
]
CASES += [
    c
    for f in ["shl", "shr"]
    for a in EDGES
    for b in [0, 1, 5, 62, 63, 64, 65, 200, -1, MIN]
    if _fits(c := f"{f}({a}, {b})")
]
CASES += [
    f"power_mod({a}, {b}, {m})"
    for a in [0, 1, -3, 7, 10**9]
    for b in [0, 1, 5, 63]
    for m in [1, -1, 7, -7, 10**9 + 7, 0]
]
CASES += [f"chain({a}, {b}, {c})" for a in (1, 2) for b in (1, 2) for c in (1, 2, 3)]
CASES += [f"augmented({a}, {b})" for a in (0, 5, -5, 1000) for b in (0, 7, -9)]
CASES += [f"bool_arithmetic({a}, {b})" for a in (True, False) for b in (True, False)]
