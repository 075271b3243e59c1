"""`prange`: reductions, private variables, errors from the body, nesting."""

from snek import Array1D, Array2D, f64, i64, parallel, prange


@parallel
def sum_ints(n: int) -> int:
    total = 0
    for i in prange(n):
        total += i * i % 7
    return total


@parallel
def many(a: Array1D[i64]) -> tuple[int, int, int, int, int]:
    low = 2**62
    high = -(2**62)
    union = 0
    common = -1
    odd = 0
    for i in prange(len(a)):
        value = int(a[i])
        low = min(low, value)
        high = max(high, value)
        union |= value
        common &= value
        odd ^= value
    return low, high, union, common, odd


@parallel
def steps(start: int, stop: int, step: int) -> int:
    total = 0
    for i in prange(start, stop, step):
        total += i
    return total


@parallel
def fill(out: Array2D[f64]) -> None:
    h, w = out.shape
    for y in prange(h):
        scale = 1.0 / (y + 1)
        for x in range(w):
            out[y, x] = x * scale


@parallel
def nested(out: Array2D[i64]) -> int:
    total = 0
    for y in prange(out.shape[0]):
        for x in prange(out.shape[1]):
            out[y, x] = y * 10 + x
            total += y * x
    return total


@parallel
def first_error(a: Array1D[i64], divisor: Array1D[i64]) -> None:
    for i in prange(len(a)):
        a[i] = a[i] + 100 // int(divisor[i])


@parallel
def row_sums(a: Array2D[f64], out: Array1D[f64]) -> None:
    for i in prange(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j]
        out[i] = s


@parallel
def counted(n: int, k: int) -> int:
    count = 0
    for i in prange(n):
        if i % k == 0:
            count += 1
    return count


CASES = [
    *(f"sum_ints({n})" for n in (-1, 0, 1, 2, 255, 256, 257, 100000)),
    "many(np.array([5, -3, 12, 7]))",
    "many(np.arange(1, 5000) * 37 % 1009)",
    "many(np.zeros(0, np.int64))",
    *(f"steps({a}, {b}, {c})" for a in (0, 5) for b in (-20, 0, 1000) for c in (-3, 1, 7)),
    "out = np.zeros((300, 5)); fill(out)",
    "out = np.zeros((0, 5)); fill(out)",
    "out = np.zeros((40, 30), np.int64); nested(out)",
    "a = np.zeros(3, np.int64); first_error(a, np.array([1, 2, 5]))",
    "a = np.zeros(1, np.int64); first_error(a, np.array([0]))",
    "out = np.zeros(50); row_sums(np.arange(200.0).reshape(50, 4), out)",
    "out = np.zeros(10); row_sums(np.arange(400.0).reshape(20, 20)[::2, ::3], out)",
    "counted(10000, 3)",
    "counted(10, 0)",
]
