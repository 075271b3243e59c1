"""Where `int` leaves 64 bits: an `OverflowError`, never a wrapped value.

CPython's `int` has no bounds; the interpreted side raises the documented error by a check of its own.
"""


def checked(value):
    """What the compiler does where CPython goes on."""
    if not -(2**63) <= value < 2**63:
        raise OverflowError("int is beyond 64 bits")
    return value


def add(a: int, b: int) -> int:
    return a + b


def multiply(a: int, b: int) -> int:
    return a * b


def factorial(n: int) -> int:
    result = 1
    for i in range(2, n + 1):
        result *= i
    return result


def caught(function, *arguments):
    try:
        checked(function(*arguments))
    except OverflowError:
        return "OverflowError"
    return "no error"


CASES = [
    "caught(add, 2**63 - 1, 1)",
    "caught(add, -(2**63), -1)",
    "caught(add, 2**62, 2**62)",
    "caught(multiply, 2**32, 2**31)",
    "caught(multiply, -(2**63), -1)",
    "caught(multiply, 3037000500, 3037000500)",
    "caught(factorial, 21)",
    "factorial(20)",
]
