"""Comparisons: chains, int against float exactly, boolean operators and their short cuts."""


def chain(a: int, b: int, c: int) -> bool:
    return a < b <= c


def chain_mixed(a: int, x: float, b: int) -> bool:
    return a <= x < b != a


def int_float(a: int, x: float) -> tuple[bool, bool, bool, bool, bool, bool]:
    return a < x, a <= x, a == x, a != x, a > x, a >= x


def within(x: float, low: float = 0.0, high: float = 1.0) -> bool:
    return low <= x <= high


def logic(a: bool, b: bool) -> tuple[bool, bool, bool]:
    return a and b, a or b, not a


def values(a: int, b: int) -> tuple[int, int]:
    return a and b, a or b


def guarded(a: int, b: int) -> bool:
    return b != 0 and a // b > 1


def conditional(x: float) -> float:
    return x if x > 0.0 else -x


def sign(a: int) -> int:
    return 1 if a > 0 else -1 if a < 0 else 0


def walrus(n: int) -> int:
    total = 0
    while (half := n // 2) > 0:
        total += half
        n = half
    return total


def as_number(a: bool, b: bool) -> int:
    return a + b * 2


def boolean(a: int, x: float) -> tuple[bool, bool]:
    return bool(a), bool(x)


CASES = [
    *(f"chain({a}, {b}, {c})" for a in (1, 2) for b in (1, 2, 3) for c in (2, 3)),
    *(
        f"chain_mixed({a}, {x}, {b})"
        for a in (0, 1)
        for x in ("0.5", "1.0", "nan")
        for b in (0, 1, 2)
    ),
    *(
        f"int_float({a}, {x})"
        for a in (0, 1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63))
        for x in (
            "0.0",
            "1.0",
            "9007199254740992.0",
            "9.223372036854775807e18",
            "inf",
            "-inf",
            "nan",
        )
    ),
    "within(0.5)",
    "within(-0.5)",
    "within(5.0, high=10.0)",
    "within(5.0, 6.0, 10.0)",
    *(f"logic({a}, {b})" for a in (True, False) for b in (True, False)),
    *(f"values({a}, {b})" for a in (0, 3) for b in (0, 4)),
    *(f"guarded({a}, {b})" for a in (0, 6) for b in (0, 2, 7)),
    *(f"conditional({x})" for x in ("1.5", "-1.5", "0.0", "nan")),
    *(f"sign({a})" for a in (-4, 0, 9)),
    "walrus(1000)",
    *(f"as_number({a}, {b})" for a in (True, False) for b in (True, False)),
    *(f"boolean({a}, {x})" for a in (0, -1) for x in ("0.0", "-0.0", "nan", "0.1")),
]
