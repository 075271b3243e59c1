"""Calls: defaults, keywords, positional-only, keyword-only, recursion, helpers specialised at their call sites."""

import inspect
import pickle

SCALE = 3
HALF = 0.5
LIMITS = (2, 10)


def defaults(a: int, b: int = 5, c: float = HALF, *, d: bool = False, e: int = SCALE * 2) -> float:
    """A docstring with ünïcödé."""
    return a * 1000 + b * 100 + c + e + (0.25 if d else 0.0)


def positional_only(a: int, b: int = 2, /, c: int = 3) -> int:
    return a * 100 + b * 10 + c


def keyword_only(*, a: int, b: int = 7) -> int:
    return a - b


def no_parameters() -> int:
    return SCALE


def fib(n: int) -> int:
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def ackermann(m: int, n: int) -> int:
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def is_even(n: int) -> bool:
    return True if n == 0 else is_odd(n - 1)


def is_odd(n: int) -> bool:
    return False if n == 0 else is_even(n - 1)


def endless(n: int) -> int:
    return endless(n + 1) + 1


def clamp(x, low, high):
    return low if x < low else high if x > high else x


def clamp_int(x: int) -> int:
    return clamp(x, LIMITS[0], LIMITS[1])


def clamp_float(x: float) -> float:
    return clamp(x, 0.0, 1.0)


def twice(x):
    return x + x


def uses_twice(a: int, b: float, c: complex) -> tuple[int, float, complex]:
    return twice(a), twice(b), twice(c)


def pair(a: int) -> tuple[int, tuple[float, bool]]:
    return a, (a / 2, a > 0)


def unpack_pair(a: int) -> float:
    n, (half, positive) = pair(a)
    p = pair(n + 1)
    return n + half + p[0] + p[1][0] + (1 if positive else 0) + p[-2]


def takes_tuple(t: tuple[int, float], scale: float) -> float:
    return (t[0] + t[1]) * scale


def inner_keywords(a: int) -> float:
    return defaults(a, d=True, c=2.0) + keyword_only(a=a) + positional_only(a, c=a)


def raises_below(a: int, b: int) -> int:
    return a // (b - clamp_int(b))


def int_for_float(x: float) -> float:
    return x / 2


CASES = [
    "defaults(1)",
    "defaults(1, 2)",
    "defaults(1, c=1.5)",
    "defaults(b=1, a=2)",
    "defaults(1, 2, 3.0, d=True, e=0)",
    "defaults()",
    "defaults(1, 2, 3.0, True)",
    "defaults(1, f=2)",
    "defaults(1, a=2)",
    "defaults(1, **{'d': True})",
    "defaults(*[1, 2])",
    "positional_only(1)",
    "positional_only(1, 2, 4)",
    "positional_only(1, c=9)",
    "positional_only(a=1)",
    "positional_only(1, b=2)",
    "positional_only()",
    "positional_only(1, 2, 3, 4)",
    "keyword_only(a=1)",
    "keyword_only(a=1, b=2)",
    "keyword_only()",
    "keyword_only(1)",
    "keyword_only(b=1)",
    "no_parameters()",
    "no_parameters(1)",
    "no_parameters(x=1)",
    "fib(20)",
    "ackermann(2, 3)",
    "is_even(10)",
    "is_odd(7)",
    "endless(0)",
    "clamp_int(-5)",
    "clamp_int(5)",
    "clamp_int(50)",
    "clamp_float(-0.5)",
    "clamp_float(0.25)",
    "clamp_float(float('nan'))",
    "clamp(3, 1, 2)",
    "twice('ab')",
    "uses_twice(1, 2.5, 1j)",
    "pair(3)",
    "unpack_pair(4)",
    "unpack_pair(-4)",
    "takes_tuple((1, 2.5), 2.0)",
    "takes_tuple((1, 2.0), 3.0)",
    "inner_keywords(2)",
    "raises_below(1, 5)",
    "int_for_float(3)",
    "int_for_float(True)",
    "defaults.__name__",
    "defaults.__qualname__",
    "defaults.__doc__",
    "str(inspect.signature(defaults))",
    "str(inspect.signature(positional_only))",
    "str(inspect.signature(keyword_only))",
    "defaults.__defaults__",
    "defaults.__kwdefaults__",
    "defaults.__annotations__",
    "callable(fib)",
    "fib.__module__ == __name__",
]
