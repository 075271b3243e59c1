"""Sums, counts, minima around the number of lanes, and loops that must keep their order."""

from snek import Array1D, Array2D, f32, f64, i32, i64, parallel, prange, u8


def total(x: Array1D[i64]) -> i64:
    s = i64(0)
    for i in range(len(x)):
        s += x[i]
    return s


def checked(x: Array1D[i32], start: int) -> int:
    s = start
    for i in range(len(x)):
        s += int(x[i])
    return s


def minus(x: Array1D[u8], start: int) -> int:
    s = start
    for i in range(len(x)):
        s -= int(x[i])
    return s


def checked_wide(x: Array1D[i64]) -> int:
    s = 0
    for i in range(len(x)):
        s += int(x[i])
    return s


def of_bytes(x: Array1D[u8]) -> int:
    s = 0
    for i in range(len(x)):
        s += int(x[i])
    return s


def narrow(x: Array1D[u8]) -> u8:
    s = u8(0)
    for i in range(len(x)):
        s += x[i]
    return s


def some(x: Array1D[i32], limit: int) -> int:
    s = 0
    for i in range(len(x)):
        if int(x[i]) > limit:
            s += int(x[i]) * 3
    return s


def product(x: Array1D[i64]) -> i64:
    p = i64(1)
    for i in range(len(x)):
        p *= x[i]
    return p


def bits(x: Array1D[i64]) -> tuple[i64, i64, i64]:
    a = i64(-1)
    o = i64(0)
    e = i64(0)
    for i in range(len(x)):
        a &= x[i]
        o |= x[i]
        e ^= x[i]
    return a, o, e


def count(x: Array1D[f64]) -> int:
    n = 0
    for i in range(len(x)):
        if x[i] > 0.5:
            n += 1
    return n


def extremes(x: Array1D[i64]) -> tuple[i64, i64]:
    low = x[0]
    high = x[0]
    for i in range(1, len(x)):
        low = min(low, x[i])
        high = max(high, x[i])
    return low, high


def float_extremes(x: Array1D[f64]) -> tuple[f64, f64]:
    low = x[0]
    high = x[0]
    for i in range(1, len(x)):
        if x[i] < low:
            low = x[i]
        if x[i] > high:
            high = x[i]
    return low, high


def largest(x: Array1D[f64], m: float) -> float:
    for i in range(len(x)):
        m = max(m, float(x[i]))
    return m


def smallest(x: Array1D[f32]) -> f32:
    m = f32(100.0)
    for i in range(len(x)):
        m = x[i] if x[i] <= m else m
    return m


def position(x: Array1D[f64]) -> int:
    best = 0
    for i in range(len(x)):
        if x[i] < x[best]:
            best = i
    return best


def any_of(x: Array1D[i64], v: int) -> tuple[bool, bool]:
    found = False
    only = True
    for i in range(len(x)):
        found = found or int(x[i]) == v
        only = only and int(x[i]) == v
    return found, only


def first(x: Array1D[i64], v: int) -> int:
    for i in range(len(x)):
        if int(x[i]) == v:
            return i
    return -1


def last(x: Array1D[f64]) -> f64:
    v = f64(0.0)
    for i in range(len(x)):
        v = x[i] * 2.0
    return v


def strict(x: Array1D[f64]) -> f64:
    s = f64(0.0)
    for i in range(len(x)):
        s += x[i]
    return s


def rows(a: Array2D[f64], out: Array1D[f64]) -> None:
    for i in range(min(a.shape[0], len(out))):
        s = f64(0.0)
        for j in range(a.shape[1]):
            s += a[i, j]
        out[i] = s


def columns(a: Array2D[f64], out: Array1D[f64]) -> None:
    for j in range(min(a.shape[1], len(out))):
        s = f64(0.0)
        for i in range(a.shape[0]):
            s += a[i, j] * a[i, j]
        out[j] = s


def matmul(a: Array2D[f64], b: Array2D[f64], c: Array2D[f64]) -> None:
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = f64(0.0)
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            c[i, j] = s


def escape(out: Array1D[i64], dx: float, limit: int) -> None:
    for x in range(len(out)):
        cr = -2.0 + dx * x
        ci = 0.3
        zr = 0.0
        zi = 0.0
        n = 0
        while n < limit and zr * zr + zi * zi <= 4.0:
            t = zr * zr - zi * zi + cr
            zi = 2.0 * zr * zi + ci
            zr = t
            n += 1
        out[x] = n


def collatz(n: int, out: Array1D[i64]) -> None:
    for i in range(1, min(n, len(out))):
        v = i
        steps = 0
        while v != 1:
            v = v // 2 if v % 2 == 0 else 3 * v + 1
            steps += 1
        out[i] = steps


@parallel
def in_parallel(x: Array1D[i64], y: Array1D[f64], z: Array1D[f64]) -> tuple[int, float]:
    s = 0
    m = -1.0
    for i in prange(min(len(x), len(y), len(z))):
        z[i] = y[i] * 2.0 + x[i]
        s += int(x[i]) & 1023
        m = max(m, float(y[i]))
    return s, m


@parallel
def exact_dot(x: Array1D[f64], y: Array1D[f64]) -> float:
    s = 0.0
    for i in prange(min(len(x), len(y))):
        s += float(x[i] * y[i])
    return s


@parallel
def rows_in_parallel(a: Array2D[f64], b: Array2D[f64]) -> None:
    for i in prange(min(a.shape[0], b.shape[0])):
        for j in range(min(a.shape[1], b.shape[1])):
            b[i, j] = a[i, j] * 0.5 + 1.0


def caught(f, start, terms, *arguments):
    """CPython goes on beyond 64 bits; compiled code raises where a sum leaves them."""
    try:
        value = f(*arguments)
    except OverflowError:
        return "beyond 64 bits"
    if type(f).__name__ != "native_function":
        for term in terms.tolist():
            start += term
            if not -(2**63) <= start < 2**63:
                return "beyond 64 bits"
    return value


LENGTHS = range(68)
_X = "np.arange({n}) * 7919 % 1009 - 500"
CASES = [
    f"{f}({_X.format(n=n)})" for f in ("total", "bits", "product", "checked_wide") for n in LENGTHS
]
CASES += [f"checked(({_X.format(n=n)}).astype(np.int32), 5)" for n in LENGTHS]
CASES += [f"some(({_X.format(n=n)}).astype(np.int32), 20)" for n in LENGTHS]
CASES += [
    f"{f}(np.arange({n}, dtype=np.uint8) * 5)" for f in ("of_bytes", "narrow") for n in LENGTHS
]
CASES += [f"minus(np.arange({n}, dtype=np.uint8), 5)" for n in (0, 3, 40)]
CASES += [f"count(np.arange({n}) * 7919 % 1009 / 1009)" for n in LENGTHS]
CASES += [f"{f}({_X.format(n=n)})" for f in ("extremes",) for n in LENGTHS]
CASES += [
    f"{f}(({_X.format(n=n)}) / 3)"
    for f in ("float_extremes", "position", "last", "strict")
    for n in LENGTHS
]
CASES += [f"any_of({_X.format(n=n)}, {v})" for n in (0, 1, 8, 33, 67) for v in (-500, 0, 12)]
CASES += [f"any_of(np.zeros({n}, int), 0)" for n in (1, 8, 33, 67)]
CASES += [f"first(np.arange({n}), {v})" for n in (0, 5, 67) for v in (0, 4, 66, 70)]
# Sums at the edges of 64 bits.
_BIG = "np.array([2**63 - 1, -2**63, 5, -7] * 9)"
CASES += [f"total({_BIG})", f"product({_BIG})"]
CASES += [
    f"caught(checked_wide, 0, x := {x}, x)"
    for x in (
        _BIG,
        f"{_BIG}[1:]",
        f"-{_BIG}",
        "np.full(64, 2**57)",
        "np.full(64, -2**57)",
        "np.full(63, 2**57)",
    )
]
CASES += [
    "caught(checked_wide, 0, x := np.array([2**62] * 2 + [-2**62] * 40), x)",
    "caught(checked_wide, 0, x := np.array([2**62 - 1] * 2 + [-2**62] * 2 + [3] * 40), x)",
]
CASES += [
    f"caught(checked, {s}, x := np.full(40, {v}, np.int32), x, {s})"
    for v in (2**31 - 1, -(2**31), 1, -1)
    for s in (0, 2**63 - 41, 2**63 - 40, -(2**63) + 40, -(2**63), 2**62)
]
CASES += [
    "caught(checked, s := -2**63 + 1, x := np.array([-1, 1] * 20, np.int32), x, s)",
    "caught(minus, s := -2**63 + 39, -(x := np.ones(40, np.uint8)).astype(int), x, s)",
]
# Zeros of both signs, NaN and infinities among floats.
for v in (
    "[0.0, -0.0]",
    "[-0.0, 0.0]",
    "[np.nan, 1.0]",
    "[1.0, np.nan]",
    "[-np.inf, -np.inf]",
    "[np.inf, 3.0]",
    "[-1.0, 0.0, -0.0, 0.0]",
):
    CASES += [f"float_extremes(np.array({v} * 20))", f"float_extremes(np.array({v} * 20)[::-1])"]
    CASES += [
        f"largest(np.array({v} * 20), {m})" for m in ("0.0", "-0.0", "np.nan", "-np.inf", "5.0")
    ]
    CASES += [f"smallest(np.array({v} * 20, np.float32))", f"count(np.array({v} * 20))"]
CASES += ["extremes(np.array([], int))", "float_extremes(np.array([]))"]
CASES += [
    f"({f}(np.arange({n} * {m}).reshape({n}, {m}) * 0.1, o := np.zeros({k})), o)"
    for f, k in (("rows", "{n}"), ("columns", "{m}"))
    for n, m in ((0, 4), (1, 1), (5, 9), (33, 18))
    for k in [k.format(n=n, m=m)]
]
CASES += [
    f"(matmul(np.arange({n} * {m}).reshape({n}, {m}) * 0.1, np.arange({m} * {p}).reshape({m}, {p}) * 0.3,"
    f" c := np.zeros(({n}, {p}))), c)"
    for n, m, p in ((0, 0, 0), (1, 1, 1), (3, 5, 7), (8, 8, 8), (5, 6, 33), (2, 0, 9))
]
CASES += ["(matmul(a := np.arange(64.0).reshape(8, 8), a, a), a)"]
CASES += [
    "(matmul(np.ones((9, 5)).T, np.arange(90.0).reshape(10, 9).T, c := np.zeros((10, 5)).T), c)"
]
CASES += [
    f"(escape(o := np.zeros({n}, int), {d}, {m}), o)"
    for n in (0, 1, 7, 40, 67)
    for d in (0.05, 1.0)
    for m in (0, 1, 50)
]
CASES += [f"(collatz(200, o := np.zeros({n}, int)), o)" for n in (0, 2, 30, 67)]
CASES += [
    f"(in_parallel({_X.format(n=n)}, ({_X.format(n=n)}) / 3, z := np.zeros({n})), z)"
    for n in (0, 1, 33, 255, 1000, 5000)
]
CASES += [f"exact_dot(np.arange({n}) * 0.5, np.ones({n}))" for n in (0, 1, 33, 255, 1000, 5000)]
CASES += [
    f"(rows_in_parallel(np.arange({n} * 37.0).reshape({n}, 37), b := np.zeros(({n}, 37))), b)"
    for n in (0, 1, 5, 300)
]
