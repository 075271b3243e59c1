"""Integer arithmetic: floor division, modulo, shifts, bits, powers, overflow."""

# The type of its result is known only at run time.
# python: power


def add(a: int, b: int) -> int:
    return a + b


def subtract(a: int, b: int) -> int:
    return a - b


def multiply(a: int, b: int) -> int:
    return a * b


def floordiv(a: int, b: int) -> int:
    return a // b


def modulo(a: int, b: int) -> int:
    return a % b


def divide(a: int, b: int) -> float:
    return a / b


def shift_left(a: int, b: int) -> int:
    return a << b


def shift_right(a: int, b: int) -> int:
    return a >> b


def bits(a: int, b: int) -> tuple[int, int, int, int]:
    return a & b, a | b, a ^ b, ~a


def negate(a: int) -> tuple[int, int, int]:
    return -a, +a, abs(a)


def cube(a: int) -> int:
    return a**3


def inverse_square(a: int) -> float:
    return a**-2


def power(a: int, b: int) -> int:
    return a**b


def int_power(a: int, b: int) -> int:
    return int(a**b)


def polynomial(x: int) -> int:
    return 3 * x * x - 2 * x + 1


def augmented(a: int, b: int) -> int:
    a += b
    a *= 3
    a -= 1
    a //= b
    a %= 17
    a <<= 2
    a |= 1
    a ^= b
    a &= 0xFF
    a >>= 1
    return a


def gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return a


_SMALL = (-7, -3, -1, 0, 1, 2, 9)
_EDGE = (-(2**63), -(2**63) + 1, -1, 0, 1, 2**31, 2**62, 2**63 - 1)

CASES = [
    *(
        f"{name}({a}, {b})"
        for name in ("floordiv", "modulo", "divide", "bits", "add", "multiply")
        for a in _SMALL
        for b in _SMALL
    ),
    *(f"floordiv({a}, {b})" for a in _EDGE for b in _EDGE if (a, b) != (-(2**63), -1)),
    *(f"modulo({a}, {b})" for a in _EDGE for b in _EDGE),
    *(f"divide({a}, {b})" for a in _EDGE for b in _EDGE),
    *(f"bits({a}, {b})" for a in _EDGE for b in _EDGE),
    *(f"add({a}, {b})" for a in _EDGE for b in _EDGE if -(2**63) <= a + b < 2**63),
    *(f"subtract({a}, {b})" for a in _EDGE for b in _EDGE if -(2**63) <= a - b < 2**63),
    *(f"multiply({a}, {b})" for a in _EDGE for b in _EDGE if -(2**63) <= a * b < 2**63),
    *(f"shift_left({a}, {b})" for a in (-5, 0, 1, 3) for b in (-1, 0, 1, 31, 60)),
    "shift_left(0, 64)",
    "shift_left(0, 10**15)",
    *(
        f"shift_right({a}, {b})"
        for a in (-5, 0, 1, 1000, -(2**63))
        for b in (-1, 0, 1, 63, 64, 200)
    ),
    *(f"negate({a})" for a in (-7, 0, 7, 2**63 - 1, -(2**63) + 1)),
    *(f"cube({a})" for a in (-7, 0, 3, 2000000)),
    *(f"inverse_square({a})" for a in (-7, 0, 3, 2**40)),
    *(f"int_power({a}, {b})" for a in (-3, 0, 1, 2, 10) for b in (-2, 0, 1, 2, 5, 18)),
    *(f"power({a}, {b})" for a in (-3, -1, 0, 1, 2, 10) for b in (-1, 0, 5, 18)),
    *(f"polynomial({a})" for a in (-1000, 0, 5)),
    *(f"augmented({a}, {b})" for a in (-10, 0, 100) for b in (-3, 0, 4)),
    "gcd(1071, 462)",
    "gcd(0, 0)",
    "gcd(-12, 18)",
]
