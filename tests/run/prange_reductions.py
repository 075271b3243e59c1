"""`prange`: reductions, privates, steps, nesting, exceptions of the lowest iteration."""

from snek import Array1D, Array2D, f64, i64, parallel, prange


@parallel
def int_sum(n: int) -> int:
    total = 0
    for i in prange(n):
        total += i * i
    return total


@parallel
def product(n: int) -> int:
    p = 1
    for i in prange(1, n):
        p *= i
    return p


@parallel
def minus(n: int) -> int:
    x = 1000
    for i in prange(n):
        x -= i
    return x


@parallel
def extremes(a: Array1D[i64]) -> tuple[int, int]:
    low = 10**6
    high = -(10**6)
    for i in prange(len(a)):
        low = min(low, int(a[i]))
        v = int(a[i])
        if v > high:
            high = v
    return low, high


@parallel
def bits(n: int) -> tuple[int, int, int]:
    a = -1
    o = 0
    x = 0
    for i in prange(3, n):
        a &= i | 8
        o |= i
        x ^= i
    return a, o, x


@parallel
def logic(a: Array1D[i64], limit: int) -> tuple[bool, bool]:
    every = True
    some = False
    for i in prange(len(a)):
        every = every and a[i] < limit
        some = some or a[i] == limit
    return every, some


@parallel
def steps(start: int, stop: int, step: int) -> int:
    total = 0
    for i in prange(start, stop, step):
        total += i
    return total


@parallel
def downwards(n: int) -> int:
    total = 0
    for i in prange(n, 0, -2):
        total += i
    return total


@parallel
def fill(out: Array2D[f64], scale: float) -> None:
    h, w = out.shape
    for y in prange(h):
        for x in range(w):
            v = y * scale + x
            out[y, x] = v


@parallel
def nested(n: int) -> int:
    total = 0
    for i in prange(n):
        row = 0
        for j in prange(i):
            row += j
        total += row
    return total


@parallel
def first_bad(a: Array1D[i64], out: Array1D[i64]) -> None:
    for i in prange(len(a)):
        if a[i] < 0:
            raise ValueError("negative", i)
        out[i] = a[i] * 2


@parallel
def divides(a: Array1D[i64], n: int) -> int:
    total = 0
    for i in prange(len(a)):
        total += n // int(a[i])
    return total


@parallel
def conditional(a: Array1D[i64]) -> int:
    count = 0
    for i in prange(len(a)):
        if a[i] % 2 == 0:
            for j in range(3):
                if a[i] > j:
                    count += 1
        else:
            continue
    return count


@parallel
def exact_floats(n: int) -> float:
    total = 0.0
    for i in prange(n):
        total += i * 0.5
    return total


@parallel
def nothing(n: int) -> int:
    total = 7
    for _ in prange(n):
        total += 0
    return total


CASES = [
    f"{f}({n})"
    for f in ("int_sum", "minus", "nested", "downwards", "exact_floats")
    for n in (0, 1, 2, 7, 255, 256, 257, 1000)
]
CASES += [f"product({n})" for n in (0, 1, 2, 20)] + [f"bits({n})" for n in (0, 4, 300)]
CASES += [
    "extremes(np.arange(1000) * 7919 % 1009)",
    "extremes(np.array([], np.int64))",
    "extremes(np.array([5]))",
]
CASES += [f"logic(np.arange({n}), {m})" for n in (0, 10, 1000) for m in (0, 5, 999, 1000)]
CASES += [
    f"steps({a}, {b}, {s})" for a in (0, 10, -10) for b in (0, 100, -100) for s in (1, 3, -1, -7, 0)
]
CASES += [
    "(fill(o := np.zeros((5, 7)), 0.5), o)",
    "(fill(o := np.zeros((0, 7)), 0.5), o)",
    "(fill(o := np.zeros((7, 5)).T, 0.5), o)",
]
CASES += [
    "first_bad(a := np.arange(1000) - 3, np.zeros(1000, int))",
    "first_bad(-np.arange(2000), np.zeros(2000, int))",
    "(first_bad(np.arange(5), o := np.zeros(5, int)), o)",
    "first_bad(np.arange(5), np.zeros(3, int))",
]
CASES += [
    "divides(np.arange(1, 500), 1000)",
    "divides(np.arange(500)[::-1], 1000)",
    "conditional(np.arange(1000))",
]
CASES += [f"nothing({n})" for n in (-1, 0, 5, 1000)]
