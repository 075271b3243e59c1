"""Loops that are free of races by reductions, by what functions do, by private values, by atomic operations."""

from snek import Array1D, Array2D, Lock, atomic, c128, f32, f64, i64, join, prange, reduction, u8


def histogram(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        hist[int(data[i])] += 1


def histogram_of_image(image: Array2D[u8], hist: Array1D[i64]) -> None:
    for y in prange(image.shape[0]):
        for x in range(image.shape[1]):
            hist[int(image[y, x])] += 1


def histogram_2d(x: Array1D[u8], y: Array1D[u8], hist: Array2D[i64]) -> None:
    for i in prange(len(x)):
        hist[int(x[i]), int(y[i])] += 1


def weighted(data: Array1D[u8], w: Array1D[f64], hist: Array1D[f64]) -> None:
    for i in prange(len(data)):
        hist[int(data[i])] += w[i]


def subtracted(data: Array1D[u8], w: Array1D[f32], hist: Array1D[f32]) -> None:
    for i in prange(len(data)):
        hist[int(data[i])] -= w[i]


def products(data: Array1D[u8], w: Array1D[f64], out: Array1D[f64]) -> None:
    for i in prange(len(data)):
        out[int(data[i])] *= w[i]


def minima(data: Array1D[u8], w: Array1D[f64], out: Array1D[f64]) -> None:
    for i in prange(len(data)):
        b = int(data[i])
        out[b] = min(out[b], w[i])


def maxima_by_if(data: Array1D[u8], w: Array1D[f64], out: Array1D[f64]) -> None:
    for i in prange(len(data)):
        b = int(data[i])
        if w[i] > out[b]:
            out[b] = w[i]


def bits(
    data: Array1D[u8], w: Array1D[i64], a: Array1D[i64], b: Array1D[i64], c: Array1D[i64]
) -> None:
    for i in prange(len(data)):
        a[int(data[i])] |= w[i]
        b[int(data[i])] &= w[i]
        c[int(data[i])] ^= w[i]


def complex_sums(data: Array1D[u8], w: Array1D[c128], out: Array1D[c128]) -> None:
    for i in prange(len(data)):
        out[int(data[i])] += w[i]


def two_histograms(data: Array1D[u8], low: Array1D[i64], high: Array1D[i64]) -> None:
    for i in prange(len(data)):
        low[int(data[i]) % 16] += 1
        high[int(data[i]) // 16] += 1


def within_the_bins(data: Array1D[i64], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        b = int(data[i])
        if 0 <= b < len(hist):
            hist[b] += 1


def one_sum(a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in prange(len(b)):
        a[0] += b[i]


def column_sums(a: Array2D[f64], out: Array1D[f64]) -> None:
    for y in prange(a.shape[0]):
        for x in range(a.shape[1]):
            out[x] += a[y, x]


def sums_of_neighbours(a: Array1D[f64], out: Array1D[f64]) -> None:
    for i in prange(1, len(a) - 1):
        out[i - 1] += a[i]
        out[i + 1] += a[i]


def histogram_and_sum(data: Array1D[u8], hist: Array1D[i64]) -> int:
    total = 0
    for i in prange(len(data)):
        hist[int(data[i])] += 1
        total += int(data[i])
    return total


def own_update(a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in prange(len(a)):
        a[i] += b[i]


def total(a: Array1D[f64]) -> float:
    s = 0.0
    for i in prange(len(a)):
        s += float(a[i])
    return s


def product_and_least(a: Array1D[f64]) -> tuple[float, float]:
    p = 1.0
    least = 1e300
    for i in prange(len(a)):
        p *= float(a[i])
        least = min(least, float(a[i]))
    return p, least


def all_positive(a: Array1D[f64]) -> bool:
    ok = True
    for i in prange(len(a)):
        ok = ok and float(a[i]) > 0.0
    return ok


def private_scalars(a: Array1D[f64]) -> None:
    for i in prange(len(a)):
        t = 2.0 * a[i]
        if t > 1.0:
            t = 1.0
        a[i] = t


def private_loop(a: Array2D[f64], out: Array1D[f64]) -> None:
    for y in prange(a.shape[0]):
        s = 0.0
        for x in range(a.shape[1]):
            s += a[y, x]
        out[y] = s


def assigned_on_both_ways(a: Array1D[f64]) -> None:
    for i in prange(len(a)):
        if a[i] > 0.0:
            t = 1.0
        else:
            t = -1.0
        a[i] = t


def fill(row: Array1D[f64], value: float) -> None:
    for i in range(len(row)):
        row[i] = value


def put(a: Array1D[f64], at: int, value: float) -> None:
    a[at] = value


def put_pair(a: Array1D[f64], at: int) -> None:
    put(a, 2 * at, 1.0)
    put(a, 2 * at + 1, 2.0)


def put_range(a: Array1D[f64], low: int, high: int) -> None:
    for i in range(low, high):
        a[i] = a[i] + 1.0


def put_row(a: Array2D[f64], y: int) -> None:
    for x in range(a.shape[1]):
        a[y, x] = 1.0


def add_row(a: Array2D[f64], y: int) -> float:
    s = 0.0
    for x in range(a.shape[1]):
        s += a[y, x]
    return s


def get(a: Array1D[f64], at: int) -> float:
    return float(a[at])


def stencil(a: Array1D[f64], b: Array1D[f64], at: int) -> None:
    b[at] = 0.5 * (a[at - 1] + a[at + 1])


def rows_to_function(a: Array2D[f64]) -> None:
    for y in prange(a.shape[0]):
        fill(a[y], float(y))


def element_by_function(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        put(a, i, float(i))


def element_by_function_shifted(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        put(a, n - 1 - i, get(a, n - 1 - i))


def pair_by_functions(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        put_pair(a, i)


def range_by_function(a: Array1D[f64], n: int) -> None:
    for b in prange(n):
        put_range(a, b * 32, b * 32 + 32)


def row_by_index(a: Array2D[f64]) -> None:
    for y in prange(a.shape[0]):
        put_row(a, y)


def row_sums_by_function(a: Array2D[f64], out: Array1D[f64]) -> None:
    for y in prange(a.shape[0]):
        put(out, y, add_row(a, y))


def stencil_by_function(a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in prange(1, len(a) - 1):
        stencil(a, b, i)


def gather(a: Array1D[f64], b: Array1D[f64], index: Array1D[i64]) -> None:
    for i in prange(len(index)):
        b[i] = a[int(index[i])]


def rows_of_its_own(hist: Array2D[i64], data: Array2D[u8]) -> None:
    for y in prange(data.shape[0]):
        for x in range(data.shape[1]):
            hist[y, int(data[y, x])] += 1


def sparse_rows(
    start: Array1D[i64], column: Array1D[i64], x: Array1D[f64], y: Array1D[f64]
) -> None:
    for i in prange(len(y)):
        s = 0.0
        for k in range(int(start[i]), int(start[i + 1])):
            s += x[int(column[k])]
        y[i] = s


def distinct_by_branch(a: Array1D[f64], b: Array1D[f64], flag: bool) -> None:
    target = a if flag else b
    for i in prange(len(target)):
        target[i] = 1.0


def atomic_histogram(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        atomic.add(hist, int(data[i]), 1)


def atomic_of_two_kinds(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        atomic.add(hist, int(data[i]), 1)
        atomic.max(hist, 0, int(data[i]))


def atomic_beside_plain(data: Array1D[u8], hist: Array1D[i64], out: Array1D[f64]) -> None:
    for i in prange(len(data)):
        out[i] = float(atomic.add(hist, 0, 1))


def unchecked(a: Array1D[f64], index: Array1D[i64]) -> None:
    for i in prange(len(index), unchecked=True):
        a[int(index[i])] = 1.0


def with_options(a: Array1D[f64], k: int) -> None:
    for i in prange(len(a), schedule="dynamic", chunk=4, threads=k):
        a[i] = 1.0


def longer(a: int, b: int) -> int:
    return max(a, b)


longest = reduction(0, longer)


def own_reduction(data: Array1D[u8]) -> int:
    best = 0
    for i in prange(len(data)):
        best = longest(best, int(data[i]))
    return best


def argmin(x: Array1D[f64]) -> int:
    best = 1e300
    where = -1
    for i in prange(len(x)):
        if x[i] < best:
            best = x[i]
            where = i
    return where


def argmax_of_nest(a: Array2D[f64]) -> tuple[int, int]:
    best = -1.0
    row, column = -1, -1
    for i in prange(a.shape[0]):
        for j in range(a.shape[1]):
            if best <= abs(a[i, j]):
                best, row, column = abs(a[i, j]), i, j
    return row, column


def argmin_of_each_row(a: Array2D[f64], out: Array1D[i64]) -> None:
    for i in prange(a.shape[0]):
        best = 1e300
        where = -1
        for j in range(a.shape[1]):
            if a[i, j] < best:
                best = a[i, j]
                where = j
        out[i] = where


def collapsed(a: Array2D[f64], n: int) -> float:
    s = 0.0
    for i in prange(n, collapse=2):
        for j in range(n):
            a[i, j] = 1.0
            s += i * j
    return s


lock = Lock()
other = Lock()


def under_one_lock(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        with lock:
            if hist[int(data[i])] < 100:
                hist[int(data[i])] += 1
            hist[0] = hist[int(data[i])]


def under_two_locks(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        with lock, other:
            hist[0] = hist[1]
        with other:
            hist[1] = int(data[i])


def locked_put(hist: Array1D[i64], b: int) -> None:
    with lock:
        hist[b] = hist[b] * 2


def lock_in_a_callee(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        locked_put(hist, int(data[i]))
        with lock:
            hist[7] = 0


def set_all(a: Array1D[f64], x: float) -> None:
    for i in range(len(a)):
        a[i] = x


def set_from(a: Array1D[f64], lo: int, hi: int, x: float) -> None:
    for i in range(lo, hi):
        a[i] = x


def tasks_on_two_arrays(a: Array1D[f64], b: Array1D[f64]) -> None:
    join(lambda: set_all(a, 1.0), lambda: set_all(b, 2.0))


def tasks_on_two_rows(a: Array2D[f64]) -> None:
    join(lambda: set_all(a[0], 1.0), lambda: set_all(a[1], 2.0))


def tasks_that_read(a: Array1D[f64]) -> float:
    x, y = join(lambda: a[0], lambda: a[0])
    return x + y


def tasks_unchecked(a: Array1D[f64]) -> None:
    join(lambda: set_all(a, 1.0), lambda: set_all(a, 2.0), unchecked=True)


def tasks_on_halves(a: Array1D[f64]) -> None:
    mid = len(a) // 2
    join(lambda: set_from(a, 0, mid, 1.0), lambda: set_from(a, mid, len(a), 2.0))
