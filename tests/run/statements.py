"""Statements: loops with else, break, continue, early returns, walrus, conditional expressions, asserts, raises."""


def collatz(n: int) -> int:
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def find(n: int, wanted: int) -> int:
    for i in range(n):
        if i * i == wanted:
            break
    else:
        return -1
    return i


def while_with_else(n: int, stop: int) -> int:
    total = 0
    while n > 0:
        n -= 1
        if n == stop:
            break
        if n % 3 == 0:
            continue
        total += n
    else:
        total += 1000
    return total


def nested(n: int) -> int:
    count = 0
    for i in range(n):
        for j in range(i, n):
            if j == 7:
                break
            if (i + j) % 2:
                continue
            count += i * j
        else:
            count += 1
        if count > 5000:
            return -count
    return count


def loop_variable_after(n: int) -> int:
    for i in range(n):
        pass
    return i


def loop_variable_changed(n: int) -> int:
    total = 0
    for i in range(n):
        i *= 2
        total += i
    return total + i


def loop_variable_shadow(n: int) -> tuple[int, int]:
    i = 100
    for i in range(3, n):
        n = 0
    return i, n


def maybe_unbound(flag: bool) -> int:
    if flag:
        x = 3
    return x


def deleted(flag: bool) -> int:
    x = 1
    if flag:
        del x
    return x


def retyped(n: int) -> float:
    x = n
    y = x + 1
    x = 2.5
    return x * y


def walrus(n: int) -> int:
    total = 0
    while (half := n // 2) > 0:
        total += half
        n = half
    return total + half


def walrus_in_condition(a: int, b: int) -> int:
    if (c := a + b) > 10 and (d := c * 2) < 100:
        return d
    return c


def conditional(a: int, b: int) -> int:
    return a if a > b else b if b > 0 else 0


def short_circuit(a: int, b: int) -> bool:
    return b != 0 and a // b > 1 or a == 7


def value_and(a: int, b: int) -> int:
    return a and b


def value_or(a: float, b: float) -> float:
    return a or b


def not_of(a: int, b: float, c: bool) -> tuple[bool, bool, bool]:
    return not a, not b, not c


def asserting(n: int) -> int:
    assert n > 0
    assert n < 100, "too large"
    assert n != 50, n
    return n


def raising(kind: int) -> int:
    if kind == 0:
        raise ValueError
    elif kind == 1:
        raise ValueError("bad value")
    elif kind == 2:
        raise KeyError(kind)
    elif kind == 3:
        raise ArithmeticError("a", kind, 2.5, True)
    elif kind == 4:
        raise IndexError()
    elif kind == 5:
        raise NotImplementedError("später")
    elif kind == 6:
        raise StopIteration(3)
    elif kind == 7:
        raise ZeroDivisionError("mine")
    return kind


def swap(a: int, b: int, c: int) -> tuple[int, int, int]:
    a, b = b, a
    a, b, c = c, a, b
    (a, b), c = (b, c), a
    return a, b, c


def chained_assignment(n: int) -> int:
    a = b = c = n
    a += 1
    b += 2
    return a * 100 + b * 10 + c


def nothing(n: int) -> None:
    if n > 3:
        return
    pass


def falls_off(n: int):
    n += 1


def evaluation_order(n: int) -> int:
    x = n
    y = (x := x + 1) * 10 + (x := x + 1)
    return y * 100 + x


def reversed_range(n: int) -> int:
    r = 0
    for i in range(n - 1, -1, -1):
        r = r * 3 + i
    return r


def stepped(start: int, stop: int, step: int) -> tuple[int, int, int]:
    count = 0
    total = 0
    last = -99
    for i in range(start, stop, step):
        count += 1
        total += i
        last = i
        if count > 1000:
            break
    return count, total, last


MAX = 9223372036854775807
MIN = -MAX - 1
CASES = [f"collatz({n})" for n in (1, 2, 27, 97)]
CASES += [f"find({n}, {w})" for n in (0, 5, 10) for w in (0, 9, 16, 17)]
CASES += [f"while_with_else({n}, {s})" for n in (0, 5, 20) for s in (-1, 0, 3)]
CASES += [f"nested({n})" for n in (0, 1, 5, 9, 30)]
CASES += [
    f"{f}({n})"
    for f in ("loop_variable_after", "loop_variable_changed", "loop_variable_shadow")
    for n in (0, 1, 5)
]
CASES += [f"{f}({x})" for f in ("maybe_unbound", "deleted") for x in (True, False)]
CASES += [
    "retyped(3)",
    "walrus(100)",
    "walrus(0)",
    "walrus_in_condition(1, 2)",
    "walrus_in_condition(10, 2)",
    "walrus_in_condition(100, 2)",
]
CASES += [
    f"{f}({a}, {b})"
    for f in ("conditional", "short_circuit", "value_and")
    for a in (-1, 0, 7)
    for b in (-1, 0, 3)
]
CASES += [f"value_or({a}, {b})" for a in (0.0, -0.0, 1.5) for b in (2.5, -0.0)]
CASES += ["not_of(0, 0.0, False)", "not_of(1, -0.5, True)"]
CASES += [f"asserting({n})" for n in (1, 0, 100, 50)] + [f"raising({k})" for k in range(9)]
CASES += [
    "swap(1, 2, 3)",
    "chained_assignment(4)",
    "nothing(1)",
    "nothing(5)",
    "falls_off(1)",
    "evaluation_order(3)",
    "reversed_range(6)",
    "reversed_range(0)",
]
CASES += [
    f"stepped({a}, {b}, {s})"
    for a in (0, 5, -5)
    for b in (0, 10, -10)
    for s in (1, 2, 3, -1, -3, 0)
]
CASES += [
    f"stepped({a}, {b}, {s})"
    for a, b, s in [
        (MAX - 1, MAX, 1),
        (MAX - 1, MAX, 3),
        (MIN, MIN + 1, 1),
        (MIN + 1, MIN, -1),
        (0, 10, MAX),
        (0, -10, MIN),
        (MIN + 1, MAX, MAX),
    ]
]
