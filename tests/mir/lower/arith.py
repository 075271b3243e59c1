def add(a: int, b: int) -> int:
    return a + b


def floordiv(a: int, b: int) -> int:
    return a // b


def mod(a: int, b: int) -> int:
    return a % b


def div(a: int, b: int) -> float:
    return a / b


def shift(a: int, b: int) -> tuple[int, int]:
    return a >> b, a << b


def fdiv(a: float, b: float) -> float:
    return a / b


def ffloor(a: float, b: float) -> tuple[float, float]:
    return a // b, a % b


def to_int(x: float) -> int:
    return int(x)


def clamp(x: int, low: int, high: int) -> int:
    return low if x < low else high if x > high else x


def between(x: int, low: int, high: int) -> bool:
    return low <= x < high


def product(a: float, b: float, c: float, d: float) -> complex:
    return complex(a, b) * complex(c, d)


def logic(a: int, b: bool) -> bool:
    return not b and a > 0 or a // 2 == 3


# run: add(2, 3)
# run: floordiv(-7, 2)
# run: floordiv(7, -2)
# run: floordiv(7, 0)
# run: mod(-7, 2)
# run: mod(7, -2)
# run: mod(7, 0)
# run: div(1, 3)
# run: div(9007199254740993, 3)
# run: div(1, 0)
# run: shift(-9, 2)
# run: shift(1, -1)
# run: shift(0, 100)
# run: fdiv(1.0, 3.0)
# run: fdiv(1.0, 0.0)
# run: fdiv(1.0, -0.0)
# run: ffloor(7.5, 2.0)
# run: ffloor(7.5, 0.0)
# run: to_int(2.9)
# run: to_int(-2.9)
# run: to_int(nan)
# run: to_int(inf)
# run: to_int(-9223372036854775808.0)
# run: clamp(5, 1, 3)
# run: clamp(-5, 1, 3)
# run: clamp(2, 1, 3)
# run: between(1, 1, 3)
# run: between(3, 1, 3)
# run: product(1.0, 2.0, 3.0, 4.0)
# run: logic(3, True)
# run: logic(7, True)
# run: logic(1, False)
