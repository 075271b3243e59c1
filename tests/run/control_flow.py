"""Loops with their `else`, `break`, `continue`, `assert`, `raise`, names that may be unassigned."""


def for_else(n: int, wanted: int) -> int:
    for i in range(n):
        if i == wanted:
            result = i * 10
            break
    else:
        result = -1
    return result


def while_else(n: int, limit: int) -> int:
    steps = 0
    while n != 1:
        if steps == limit:
            break
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    else:
        return steps
    return -steps


def skip(n: int) -> int:
    total = 0
    for i in range(n):
        if i % 3 == 0:
            continue
        for j in range(i):
            if j > 4:
                break
            if j == 2:
                continue
            total += i * j
    return total


def ranges(start: int, stop: int, step: int) -> int:
    total = 0
    for i in range(start, stop, step):
        total = total * 3 + i
    return total


def last_index(n: int) -> int:
    i = -1
    for i in range(n):
        pass
    return i


def rebinding(n: int) -> int:
    total = 0
    for i in range(n):
        i = i * 2
        total += i
    return total


def maybe_unassigned(flag: bool) -> int:
    if flag:
        value = 3
    return value


def loop_unassigned(n: int) -> int:
    for i in range(n):
        last = i
    return last


def asserted(x: int) -> int:
    assert x > 0
    assert x < 100, "too large"
    return x


def refused(kind: int) -> int:
    if kind == 0:
        raise ValueError("kind is zero")
    elif kind == 1:
        raise IndexError
    elif kind == 2:
        raise ZeroDivisionError("made by hand")
    elif kind == 3:
        raise RuntimeError()
    elif kind == 4:
        raise KeyError("missing")
    return kind


def falls_off(x: int) -> None:
    if x > 0:
        return


def returns_none(x: int):
    if x > 3:
        return None
    pass


def nested(depth: int) -> int:
    if depth > 0:
        while True:
            for i in range(10):
                if i == depth:
                    return i
            return -1
    return 0


CASES = [
    *(f"for_else({n}, {w})" for n in (0, 3, 5) for w in (0, 4)),
    *(f"while_else({n}, {limit})" for n in (1, 6, 27) for limit in (5, 200)),
    *(f"skip({n})" for n in (0, 5, 12)),
    *(f"ranges({a}, {b}, {c})" for a in (-3, 0, 5) for b in (-5, 0, 6) for c in (-2, 0, 1, 3)),
    *(f"last_index({n})" for n in (-1, 0, 4)),
    "rebinding(5)",
    "maybe_unassigned(True)",
    "maybe_unassigned(False)",
    "loop_unassigned(3)",
    "loop_unassigned(0)",
    *(f"asserted({x})" for x in (0, 5, 100)),
    *(f"refused({kind})" for kind in range(6)),
    "falls_off(1)",
    "falls_off(-1)",
    "returns_none(1)",
    *(f"nested({d})" for d in (0, 4, 11)),
]
