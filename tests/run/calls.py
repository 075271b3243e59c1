"""Calls: every kind of parameter, defaults, recursion, helpers without annotations."""

SCALE = 10
RATE = 0.25


def plain(a: int, b: int) -> int:
    return a * 100 + b


def defaults(a: int, b: int = 2, c: float = 1.5) -> float:
    return a * b + c


def positional_only(a: int, /, b: int, *, c: int = 3, d: int) -> int:
    return a * 1000 + b * 100 + c * 10 + d


def uses_keywords(x: int) -> int:
    return plain(b=x, a=1) + positional_only(x, b=2, d=4) + positional_only(x, 1, d=0, c=0)


def uses_defaults(x: int) -> float:
    return defaults(x) + defaults(x, 5) + defaults(x, c=0.5)


def fibonacci(n: int) -> int:
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def is_even(n: int) -> bool:
    return True if n == 0 else is_odd(n - 1)


def is_odd(n: int) -> bool:
    return False if n == 0 else is_even(n - 1)


def ackermann(m: int, n: int) -> int:
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def forever(n: int) -> int:
    return forever(n + 1) + 1


def square(x):
    return x * x


def squares(a: int, x: float) -> tuple[int, float]:
    return square(a), square(x)


def constants(n: int) -> float:
    return n * SCALE + RATE


def two(a: int, b: int) -> tuple[int, int]:
    return a + b, a - b


def unpacked(a: int, b: int) -> int:
    s, d = two(a, b)
    (x, y), z = two(s, d), 3
    return s * d + x * y - z


def converted(x: float) -> float:
    return x / 2


CASES = [
    "plain(1, 2)",
    "plain(b=1, a=2)",
    "plain(1, b=2)",
    "defaults(3)",
    "defaults(3, 4)",
    "defaults(3, c=4.5)",
    "positional_only(1, 2, d=4)",
    "positional_only(1, b=2, c=9, d=4)",
    "uses_keywords(7)",
    "uses_defaults(7)",
    "[fibonacci(n) for n in range(20)]",
    "is_even(100), is_odd(100), is_even(101)",
    "ackermann(2, 3)",
    "forever(0)",
    "squares(7, 1.5)",
    "squares(2**31, 1e200)",
    "constants(4)",
    "two(3, 5)",
    "unpacked(9, 4)",
    "converted(3.0)",
    # The messages of calls that do not fit.
    "plain()",
    "plain(1)",
    "plain(1, 2, 3)",
    "plain(1, 2, c=3)",
    "plain(1, 2, a=3)",
    "defaults()",
    "positional_only(1, 2)",
    "positional_only(a=1, b=2, d=3)",
    "positional_only(1, 2, 3, d=4)",
]
