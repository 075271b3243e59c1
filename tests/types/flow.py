"""Joins, loops, names that may be unassigned."""

from snek import Array1D, f64, i64, native, u8


def strong(n: int) -> float:
    x = n
    reveal_type(x)  # revealed: int
    x = n / 2
    reveal_type(x)  # revealed: float
    return x


@native
def joins(a: Array1D[f64], b: Array1D[i64], c: bool) -> None:
    x = 0.0
    y = 0
    for i in range(3):
        x += a[i]
        y += b[i]
        reveal_type(x)  # revealed: f64
        reveal_type(y)  # revealed: i64
    reveal_type(x)  # revealed: f64
    reveal_type(y)  # revealed: i64
    z = 1.0 if c else a[0]
    reveal_type(z)  # revealed: f64


@native
def conflict(n: int) -> float:
    total = 0
    for i in range(n):
        total += 0.5  # error: T014 "`total` is `int` at line 31 and `float` at line 33"
    return total


@native
def branches(c: bool) -> None:
    if c:
        x = 1
        y = 1
    else:
        x = 2.0
        y = 2
    print(y)
    x = 3
    print(x)
    if c:
        z = 1
    else:
        z = u8(1)
    print(z)  # error: T014


@native
def unused_conflict(c: bool) -> int:
    if c:
        x = 1
    else:
        x = 1.0
    return 3


def unbound(n: int) -> int:
    for i in range(n):
        last = i
    return last


@native
def never_assigned() -> int:
    print(x)  # error: T012
    x = 1
    del x
    return x  # error: T012


@native
def dead(n: int) -> int:
    while True:
        n += 1
        if n > 10:
            return n
    x = 1 + "a"


@native
def missing_return(n: int) -> int:  # error: T010 "end can be reached"
    if n > 0:
        return 1


@native
def nested(n: int) -> float:
    total = 0.0
    for i in range(n):
        row = 0.0
        for j in range(i):
            if j == 3:
                continue
            if j == 7:
                break
            row += 1 / (j + 1)
        else:
            row = -row
        total += row
        while total > 100.0:
            total /= 2
    reveal_type(total)  # revealed: float
    return total


@native
def declared(n: int) -> float:
    x: float = 0
    for i in range(n):
        x = i
    reveal_type(x)  # revealed: float
    y: u8 = 3
    reveal_type(y)  # revealed: u8
    z: int = 0.5  # error: T015
    w: u8 = 300  # error: T016
    n = n / 2  # error: T015 "`n` is declared `int`"
    return x


@native
def conditions(n: int, x: float) -> bool:
    if n and x or not n:
        pass
    a = n and 3
    reveal_type(a)  # revealed: int
    b = n or x  # error: T014
    c = n > 1 and x  # error: T014
    return 0 < n <= 10 != 3


@native
def walrus(n: int) -> int:
    if (m := n * 2) > 3 and (k := m) > 4:
        print(k)
    return m


@native
def never(n: int) -> int:
    if n > 0:
        return n
    fail(n)


def fail(n):
    raise ValueError("no", n)


def fact(n: int) -> int:
    return 1 if n < 2 else n * fact(n - 1)


def even(n):
    return True if n == 0 else odd(n - 1)


def odd(n):
    return False if n == 0 else even(n - 1)


def endless(n):
    return endless(n + 1)


@native
def recursive(n: int) -> bool:
    reveal_type(even(n))  # revealed: bool
    return odd(n)


@native
def recursive_endless(n: int) -> bool:
    return endless(n)  # error: N004


def two(n, x):
    if n:
        return 0.0
    return x


@native
def specialised(a: Array1D[f64], n: int) -> None:
    reveal_type(two(n, a[0]))  # revealed: f64
    reveal_type(two(n, 1.0))  # revealed: float
    print(two(n, n))  # error: N004
