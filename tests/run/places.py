"""The place of the least element and the like: ties, NaN, zeros, and where blocks begin and end."""

from snek import Array1D, f32, f64, i32, native, u8


@native
def amin(a: Array1D[f64]) -> int:
    best = 0
    for i in range(1, len(a)):
        if a[i] < a[best]:
            best = i
    return best


@native
def amax_last(a: Array1D[f32]) -> int:
    best = 0
    for i in range(1, len(a)):
        if a[i] >= a[best]:
            best = i
    return best


@native
def both(a: Array1D[i32]) -> tuple[int, int]:
    least = 2**31
    where = -1
    for i in range(len(a)):
        if int(a[i]) < least:
            least = int(a[i])
            where = i
    return least, where


@native
def shifted(a: Array1D[f64], b: Array1D[f64]) -> tuple[float, int]:
    least = 1e300
    where = -1
    for i in range(len(a)):
        d = a[i] * 2.0 - b[i]
        if d < least:
            least = float(d)
            where = i
    return least, where


@native
def second(a: Array1D[f64]) -> tuple[int, int]:  # NaN is taken
    best = 0
    before = 0
    for i in range(1, len(a)):
        if not (a[i] <= a[best]):
            before = best
            best = i
    return best, before


@native
def largest(a: Array1D[u8]) -> int:
    best = 0
    for i in range(1, len(a)):
        if a[i] > a[best]:
            best = i
    return best


_SIZES = (1, 2, 63, 64, 65, 100, 511, 512, 513, 514, 575, 576, 577, 1100, 3000)
_MADE = "np.random.default_rng({s})"
CASES = ["amin(np.zeros(0))", "both(np.zeros(0, np.int32))"]
CASES += [
    text.format(n=n, r=_MADE.format(s=s), q=_MADE.format(s=s + 5))
    for n in _SIZES
    for s in range(3)
    for text in (
        "amin({r}.random({n}))",
        "amax_last({r}.integers(0, 9, {n}).astype(np.float32))",
        "both({r}.integers(-2**31, 2**31, {n}).astype(np.int32))",
        "shifted({r}.random({n}), {q}.random({n}))",
        "second({r}.random({n}))",
        "largest({r}.integers(0, 255, {n}).astype(np.uint8))",
    )
]
CASES += [
    text.format(n=n, p=p)
    for n in _SIZES
    for p in (0, 1, n // 2, n - 1)
    for text in (
        "a = np.random.default_rng(3).random({n}); a[{p} % {n}] = np.nan; amin(a)",
        "a = np.zeros({n}); a[{p} % {n}] = -0.0; amin(a)",
        "a = np.zeros({n}); a[{p} % {n}] = np.nan; second(a)",
        "a = np.arange({n}, 0.0, -1.0); a[{p} % {n}] = -np.inf; amin(a)",
    )
]
CASES += [
    text.format(n=n)
    for n in _SIZES
    for text in (
        "amin(np.arange({n}, 0.0, -1.0))",
        "amin(np.arange({n} * 2.0)[::-2])",
        "second(np.arange({n} * 1.0))",
        "shifted(np.zeros({n}), np.zeros({n} // 2))",
        "both(np.zeros({n}, np.int32))",
    )
]
