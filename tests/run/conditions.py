"""Conditions of several parts: in branches and loops, one within the other, with parts that raise, and as values."""

from snek import Array1D, f64, i64


def between(x: int, low: int, high: int) -> int:
    if low <= x and x < high:
        return 1
    return 0


def outside(x: int, low: int, high: int) -> int:
    if x < low or x >= high:
        return 1
    return 0


def mixed(a: int, b: int, c: int) -> int:
    if (a > 0 and b > 0) or (c > 0 and not (a > 5 or b > 5)):
        return a + b
    elif a < 0 and (b < 0 or c < 0) and a + b + c < -3:
        return a - b
    return c


def sorted_in_place(a: Array1D[i64]) -> None:
    for i in range(1, len(a)):
        key = a[i]
        j = i - 1
        while j >= 0 and a[j] > key:
            a[j + 1] = a[j]
            j -= 1
        a[j + 1] = key


def first_beyond(a: Array1D[f64], limit: float, start: int) -> int:
    i = start
    # The second part raises where the first one does not stop it.
    while i < len(a) + 3 and not a[i] > limit:
        i += 1
    return i


def either(a: Array1D[f64], x: float, y: float) -> int:
    i = 0
    while i < len(a) and (a[i] < x or a[i] > y or a[i] != a[i]):
        if a[i] == 0.0 and i > 2:
            break
        i += 1
    return i


def nearest(cost: Array1D[f64], used: Array1D[i64]) -> tuple[int, float]:
    best = -1
    least = 1e300
    for i in range(min(len(cost), len(used))):
        if used[i] == 0 and cost[i] < least:
            least = float(cost[i])
            best = i
    return best, least


def counted(a: Array1D[i64], b: Array1D[i64]) -> int:
    count = 0
    for i in range(len(a)):
        if a[i] > 0 and 100 // a[i] > 3 and b[i] % a[i] == 1 or b[i] < -5:
            count += 1
            if count > 4 and (a[i] == 7 or b[i] == 7):
                return -count
    return count


def as_values(x: int, y: int) -> tuple[bool, bool, int]:
    p = x > 0 and y > 0
    q = p or x < y
    return p, q, (x > 3 and y > 3) + (x or y) + (x and y)


def chained(a: Array1D[f64], scale: float) -> float:
    """Floats that outlive loops with calls behind them."""
    total = 0.0
    for k in range(3):
        largest = -1e300
        for i in range(len(a)):
            if a[i] == a[i] and a[i] > largest:
                largest = float(a[i])
        total += largest**0.7 * scale if largest > 0.0 else largest
    return total


NUMBERS = (-6, -1, 0, 1, 4, 6)
CASES = [
    *(
        f"({name}({x}, {low}, {high}))"
        for name in ("between", "outside")
        for x in NUMBERS
        for low in (-1, 1)
        for high in (0, 4)
    ),
    *(f"mixed({a}, {b}, {c})" for a in NUMBERS for b in NUMBERS for c in NUMBERS),
    *(
        f"(a := np.array({list(a)}), sorted_in_place(a), a)"
        for a in ([1], [2, 1], [3, 1, 2, 2, 0, -5], range(9), range(9, 0, -1))
    ),
    *(
        f"first_beyond(np.arange({n}) / 2, {limit}, {start})"
        for n in (1, 5, 9)
        for limit in (1.0, 2.5, 9.0)
        for start in (0, -2, 7)
    ),
    *(
        f"either(np.array({a}), {x}, {y})"
        for a in ("[1.0, 9.0, nan, 0.0, 4.0]", "[nan]", "[0.0, 1.0, 2.0, 0.0]", "[5.0] * 3")
        for x in ("2.0", "nan")
        for y in ("3.0", "inf")
    ),
    *(
        f"nearest(np.cos(np.arange({n}) * 7.0), np.arange({n}) % {k})"
        for n in (0, 1, 7, 40)
        for k in (1, 2, 3)
    ),
    "nearest(np.array([nan, 2.0, nan, 1.0]), np.array([0, 0, 0, 1]))",
    *(
        f"counted(np.arange({n}) % {k} - 1, np.arange({n}) * 5 % 23 - 7)"
        for n in (0, 9, 60)
        for k in (3, 9, 40)
    ),
    *(f"as_values({x}, {y})" for x in NUMBERS for y in NUMBERS),
    "chained(np.array([1.0, nan, 3.0]), 2.0)",
    "chained(np.zeros(0), 2.0)",
    "chained(np.array([-1.0, -2.0, -0.5] * 9), 2.0)",
]
