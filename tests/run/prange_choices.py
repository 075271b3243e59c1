"""`prange`: the best of all iterations with what belongs to it, exactly as the loop in order finds it."""

from snek import Array1D, Array2D, f32, f64, i64, parallel, prange, u8


@parallel
def argmin(x: Array1D[f64]) -> tuple[float, int]:
    best = 1e300
    where = -1
    for i in prange(len(x)):
        if x[i] < best:
            best = x[i]
            where = i
    return best, where


@parallel
def last_argmin(x: Array1D[f64], best: float) -> tuple[float, int]:
    where = -1
    for i in prange(len(x)):
        if x[i] <= best:
            best, where = float(x[i]), i
    return best, where


@parallel
def argmax(x: Array1D[f64], best: float) -> tuple[float, int]:
    where = -1
    for i in prange(len(x)):
        if best < x[i]:
            where, best = i, float(x[i])
    return best, where


@parallel
def last_argmax(x: Array1D[f64], best: float) -> tuple[float, int]:
    where = -1
    for i in prange(len(x)):
        v = float(x[i])
        if best <= v:
            best = v
            where = i
    return best, where


@parallel
def first_of_ints(x: Array1D[i64], best: int) -> tuple[int, int]:
    where = -1
    for i in prange(len(x)):
        if x[i] > best:
            best = int(x[i])
            where = i
    return best, where


@parallel
def last_of_ints(x: Array1D[i64], best: int) -> tuple[int, int]:
    where = -1
    for i in prange(len(x)):
        if int(x[i]) <= best:
            best = int(x[i])
            where = i
    return best, where


@parallel
def of_bytes(x: Array1D[u8]) -> tuple[int, int, int]:
    low = u8(255)
    at = -1
    high = u8(0)
    top = -1
    for i in prange(len(x)):
        if x[i] < low:
            low = x[i]
            at = i
        if x[i] >= high:
            high = x[i]
            top = i
    return int(low), at, int(high) * 1000 + top


@parallel
def largest(a: Array2D[f32]) -> tuple[float, int, int]:
    best = f32(-1.0)
    row = -1
    column = -1
    for i in prange(a.shape[0]):
        for j in range(a.shape[1]):
            if abs(a[i, j]) > best:
                best = abs(a[i, j])
                row, column = i, j
    return float(best), row, column


@parallel
def several(x: Array1D[f64], y: Array1D[f64]) -> tuple[float, float, bool, complex, float]:
    best = float("inf")
    other = 0.0
    odd = False
    both = 0j
    total = 0.0
    for i in prange(len(x)):
        d = (x[i] - 1.0) ** 2
        if d < best:
            best = d
            other = y[i]
            odd = i % 2 == 1
            both = complex(x[i], y[i])
        total += 1.0
    return best, other, odd, both, total


@parallel
def under_conditions(x: Array1D[f64], mask: Array1D[u8]) -> tuple[float, int]:
    best = float("inf")
    where = -1
    for i in prange(len(x)):
        if mask[i] == 0:
            continue
        if mask[i] == 1:
            if x[i] < best:
                best = x[i]
                where = i
        elif -x[i] < best:
            best = -x[i]
            where = -i
    return best, where


@parallel
def unused_companion(x: Array1D[f64]) -> float:
    best = float("inf")
    where = -1
    for i in prange(len(x)):
        if x[i] <= best:
            best = x[i]
            where = i
    return best


@parallel
def only_where(x: Array1D[f64]) -> int:
    best = float("-inf")
    where = -1
    for i in prange(len(x), schedule="dynamic", threads=3):
        if x[i] > best:
            best = x[i]
            where = i
    return where


@parallel
def each_row(a: Array2D[f64], found: Array1D[i64]) -> None:
    for i in prange(a.shape[0]):
        best = float("inf")
        where = -1
        for j in range(a.shape[1]):
            if a[i, j] < best:
                best = a[i, j]
                where = j
        found[i] = where


@parallel
def stops(x: Array1D[f64], y: Array1D[f64]) -> tuple[float, float]:
    best = float("inf")
    other = 0.0
    for i in prange(len(x)):
        if x[i] < best:
            best = x[i]
            other = y[i]
    return best, other


LENGTHS = (0, 1, 2, 3, 63, 64, 67, 255, 256, 257, 1000, 5000)
INPUTS = [
    *(f"np.cos(np.arange({n}) * 0.37)" for n in LENGTHS),
    *(f"np.round(np.cos(np.arange({n}) * 0.37) * 3)" for n in LENGTHS),
    *(f"np.full({n}, {v})" for n in (1, 300) for v in ("np.inf", "-np.inf", "np.nan", "0.0", "-0.0")),
    "np.where(np.arange(1000) % 3 == 0, np.nan, -np.arange(1000) // 7)",
    "np.where(np.arange(1000) % 2 == 0, -0.0, 0.0)",
    "np.where(np.arange(1000) > 700, np.inf, np.nan)",
    "np.cos(np.arange(2000) * 0.37)[::-2]",
]

CASES = [
    *(f"argmin({x})" for x in INPUTS),
    *(
        f"{f}({x}, {best})"
        for f in ("last_argmin", "argmax", "last_argmax")
        for x in INPUTS
        for best in ("nan", "inf", "-inf", "0.0")
    ),
    *(
        f"{f}(np.arange({n}) * 7919 % 31 - 15, {best})"
        for f in ("first_of_ints", "last_of_ints")
        for n in LENGTHS
        for best in ("2**63 - 1", "-2**63", "0")
    ),
    *(
        f"{f}(np.full({n}, {v}), {best})"
        for f in ("first_of_ints", "last_of_ints")
        for n in (1, 500)
        for v in ("2**63 - 1", "-2**63")
        for best in ("2**63 - 1", "-2**63")
    ),
    *(f"of_bytes((np.arange({n}) * 7919 % 256).astype(np.uint8))" for n in LENGTHS),
    "of_bytes(np.full(1000, 255, np.uint8))",
    "of_bytes(np.zeros(1000, np.uint8))",
    *(
        f"largest(np.sin(np.arange({n} * {m})).astype(np.float32).reshape({n}, {m}))"
        for n in (0, 1, 5, 300)
        for m in (0, 1, 7, 66)
    ),
    *(f"several(np.cos(np.arange({n})), np.arange({n}) * 1.0)" for n in LENGTHS),
    *(f"under_conditions({x}, np.arange(len({x})).astype(np.uint8) % 3)" for x in INPUTS),
    *(f"unused_companion({x})" for x in INPUTS),
    *(f"only_where({x})" for x in INPUTS),
    "a = np.sin(np.arange(500.0)).reshape(50, 10); r = np.zeros(50, np.int64); each_row(a, r)",
    "stops(np.arange(1000.0), np.zeros(2000))",
    "stops(-np.arange(1000.0), np.zeros(10))",
]
