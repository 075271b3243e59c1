"""The builtin functions on scalars."""


def absolute(a: int, x: float) -> tuple[int, float]:
    return abs(a), abs(x)


def extremes(a: int, b: int, c: int) -> tuple[int, int, int, int]:
    return min(a, b), max(a, b), min(a, b, c), max(a, b, c)


def quotient(a: int, b: int) -> tuple[int, int]:
    return divmod(a, b)


def powers(a: int, x: float) -> tuple[int, float, float]:
    return pow(a, 2), pow(x, 2), pow(x, 0.5)


def modular(a: int, b: int, m: int) -> int:
    return pow(a, b, m)


def to_int(x: float, b: bool) -> tuple[int, int]:
    return int(x), int(b)


def to_float(a: int, b: bool) -> tuple[float, float]:
    return float(a), float(b)


def to_bool(a: int, x: float) -> tuple[bool, bool]:
    return bool(a), bool(x)


def enumerated(n: int) -> int:
    total = 0
    for index, value in enumerate(range(n, 0, -1)):
        total += index * value
    for index, value in enumerate(range(3), 10):
        total += index * value
    return total


def zipped(n: int) -> int:
    total = 0
    for a, b in zip(range(n), range(100, 0, -7)):
        total += a * b
    for index, (a, b) in enumerate(zip(range(n), range(1, 50, 5))):
        total += index * a - b
    return total


def lengths(n: int) -> tuple[int, int, int]:
    return len(range(n)), len(range(2, n, 3)), len((1, 2, n))


def printed(a: int, x: float, b: bool) -> None:
    print(a, x, b)
    print("text", a, sep=", ", end="!\n")
    print()
    print(-0.0, 1e16, 1e-5, 123456789.125, 1e22, x / 3.0)


CASES = [
    *(f"absolute({a}, {x})" for a in (-3, 0, 4) for x in ("-1.5", "-0.0", "-inf", "nan")),
    *(f"extremes({a}, {b}, {c})" for a in (1, 2) for b in (1, 3) for c in (0, 5)),
    *(f"quotient({a}, {b})" for a in (-7, 0, 7) for b in (-2, 0, 2)),
    *(f"powers({a}, {x})" for a in (-3, 7) for x in ("2.0", "0.0", "9.0")),
    *(f"modular({a}, {b}, {m})" for a in (2, -3) for b in (0, 10) for m in (7, -7, 1)),
    "modular(2, 10, 0)",
    "modular(3037000500, 1000, 9223372036854775783)",
    *(f"to_int({x}, {b})" for x in ("1.9", "-1.9", "inf", "nan") for b in (True, False)),
    *(f"to_float({a}, True)" for a in (0, 2**53 + 1, -5)),
    *(f"to_bool({a}, {x})" for a in (0, 1) for x in ("0.0", "nan")),
    *(f"enumerated({n})" for n in (0, 1, 10)),
    *(f"zipped({n})" for n in (0, 3, 30)),
    *(f"lengths({n})" for n in (-1, 0, 3, 10)),
    "printed(-5, 2.5, True)",
    "printed(0, float('inf'), False)",
]
