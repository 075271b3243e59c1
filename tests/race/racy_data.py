"""Races through indices that are data, through functions, through aliases; reductions done wrongly; temporaries shared."""

from snek import Array1D, Array2D, Lock, atomic, f64, i64, join, prange, reduction, u8


def scatter(a: Array1D[f64], index: Array1D[i64]) -> None:
    for i in prange(len(index)):
        a[int(index[i])] = 1.0  # race: R001


def gather_from_written(a: Array1D[f64], index: Array1D[i64]) -> None:
    for i in prange(len(index)):
        a[i] = a[int(index[i])]  # race: R001


def histogram_that_looks(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        hist[int(data[i])] += 1
        if hist[0] > 100:
            hist[1] += 1  # race: R003


def histogram_in_two_ways(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        hist[int(data[i])] += 1  # race: R001
        hist[int(data[i]) + 1] *= 2


def histogram_set(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        hist[int(data[i])] += 1
        hist[0] = 7  # race: R003


def histogram_by_division(data: Array1D[u8], hist: Array1D[f64]) -> None:
    for i in prange(len(data)):
        hist[int(data[i])] /= 2.0  # race: R001


def histogram_of_itself(hist: Array1D[i64], n: int) -> None:
    for _ in prange(n):
        hist[int(hist[0])] += 1  # race: R001


def histogram_by_its_value(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        hist[int(data[i])] += hist[1]  # race: R001


def float_added_to_int(data: Array1D[u8], hist: Array1D[i64], w: Array1D[f64]) -> None:
    for i in prange(len(data)):
        hist[int(data[i])] = int(float(hist[int(data[i])]) + float(w[i]))  # race: R001


def alias_of_histogram(data: Array1D[u8], hist: Array1D[i64]) -> int:
    seen = hist
    total = 0
    for i in prange(len(data)):
        hist[int(data[i])] += 1  # race: R001
        total += int(seen[0])
    return total


def row_of_histogram(data: Array1D[u8], hist: Array2D[i64]) -> None:
    for i in prange(len(data)):
        hist[0, int(data[i])] += 1
        row = hist[0]
        row[0] = 3  # race: R003


def fill(row: Array1D[f64], value: float) -> None:
    for i in range(len(row)):
        row[i] = value


def put(a: Array1D[f64], at: int, value: float) -> None:
    a[at] = value


def put_two(a: Array1D[f64], at: int) -> None:
    a[at] = 1.0
    a[at + 1] = 2.0


def get(a: Array1D[f64], at: int) -> float:
    return float(a[at])


def smooth(a: Array1D[f64], at: int) -> None:
    a[at] = 0.5 * (a[at - 1] + a[at + 1])


def whole_to_function(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        fill(a, float(i))  # race: R001


def same_row_to_function(a: Array2D[f64], n: int) -> None:
    for i in prange(n):
        fill(a[0], float(i))  # race: R001


def function_writes_two(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        put_two(a, i)  # race: R001


def function_half(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        put(a, i // 2, 1.0)  # race: R001


def function_same(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        put(a, 5, float(i))  # race: R001


def function_reads_neighbour(a: Array1D[f64], n: int) -> None:
    for i in prange(1, n):
        put(a, i, get(a, i - 1))  # race: R001


def function_stencil(a: Array1D[f64]) -> None:
    for i in prange(1, len(a) - 1):
        smooth(a, i)  # race: R001


def function_by_data(a: Array1D[f64], index: Array1D[i64]) -> None:
    for i in prange(len(index)):
        put(a, int(index[i]), 1.0)  # race: R001


def two_of_one(a: Array2D[f64], n: int) -> None:
    for i in prange(1, n):
        fill(a[i], 1.0)  # race: R001
        fill(a[i - 1], 2.0)


def either(a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in prange(1, len(a)):
        target = a if i % 2 == 0 else b
        target[i] = a[i - 1]  # race: R001


def renamed(a: Array1D[f64]) -> None:
    b = a
    for i in prange(1, len(a)):
        b[i] = a[i - 1]  # race: R001


def renamed_row(a: Array2D[f64]) -> None:
    row = a[0]
    for i in prange(1, a.shape[1]):
        row[i] = a[0, i - 1]  # race: R001


def swapped_wrongly(a: Array1D[f64], b: Array1D[f64], steps: int) -> None:
    for _ in range(steps):
        for i in prange(1, len(a)):
            b[i] = a[i - 1]  # race: R001
        a = b
        for i in prange(1, len(a)):
            b[i] = a[i - 1]  # race: R001


def shared_temporary(a: Array1D[f64], tmp: Array1D[f64], n: int) -> None:
    for i in prange(n):
        tmp[0] = float(i)  # race: R003
        a[i] = tmp[0] * 2.0


def shared_scratch_row(a: Array2D[f64], scratch: Array1D[f64]) -> None:
    for y in prange(a.shape[0]):
        for x in range(a.shape[1]):
            scratch[x] = a[y, x]  # race: R003
        for x in range(a.shape[1]):
            a[y, x] = scratch[a.shape[1] - 1 - x]


def counter_as_index(a: Array1D[f64], out: Array1D[f64]) -> None:
    k = 0
    for i in prange(len(a)):
        if a[i] > 0.0:
            out[k] = a[i]  # race: R002
            k += 1


def last_value(a: Array1D[f64]) -> float:
    x = 0.0
    for i in prange(len(a)):
        a[i] = x  # race: R002
        x = float(a[i])
    return x


def assigned_on_one_way(a: Array1D[f64]) -> None:
    t = 0.0
    for i in prange(len(a)):
        if a[i] > 0.0:
            t = 2.0
        a[i] = t  # race: R002


def sum_that_looks(a: Array1D[f64], b: Array1D[f64]) -> float:
    s = 0.0
    for i in prange(len(a)):
        s += float(a[i])
        b[i] = s  # race: R002
    return s


def sum_and_product(a: Array1D[f64]) -> float:
    s = 0.0
    for i in prange(len(a)):
        s += float(a[i])
        s *= 2.0  # race: R002
    return s


def exponential_average(a: Array1D[f64]) -> float:
    s = 0.0
    for i in prange(len(a)):
        s = 0.5 * s + float(a[i])  # race: R002
    return s


def linear_congruential(a: Array1D[i64], seed: int) -> None:
    x = seed
    for i in prange(len(a)):
        x = (x * 5 + 1) % 65536  # race: R002
        a[i] = x


def swap_of_scalars(a: Array1D[f64]) -> None:
    p, q = 0.0, 1.0
    for i in prange(len(a)):
        p, q = q, p  # race: R002
        a[i] = 1.0


def atomic_and_plain(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        atomic.add(hist, int(data[i]), 1)
        hist[0] = 1  # race: R003


def atomic_and_read(data: Array1D[u8], hist: Array1D[i64], out: Array1D[i64]) -> None:
    for i in prange(len(data)):
        atomic.add(hist, int(data[i]), 1)  # race: R001
        out[i] = hist[int(data[i])]


def atomic_of_another(data: Array1D[u8], a: Array1D[i64], b: Array1D[i64]) -> None:
    for i in prange(len(data)):
        atomic.add(a, int(data[i]), 1)
        b[int(data[i])] = 2  # race: R001


def longer(a: int, b: int) -> int:
    return max(a, b)


longest = reduction(0, longer)


def later_value_first(data: Array1D[u8]) -> int:
    best = 0
    for i in prange(len(data)):
        best = longest(int(data[i]), best)  # race: R002
    return best


def own_reduction_and_sum(data: Array1D[u8]) -> int:
    best = 0
    for i in prange(len(data)):
        best = longest(best, int(data[i]))  # race: R002
        best += 1
    return best


def own_reduction_that_looks(data: Array1D[u8], out: Array1D[i64]) -> int:
    best = 0
    for i in prange(len(data)):
        best = longest(best, int(data[i]))
        out[i] = best  # race: R002
    return best


def argmin_that_may_have_none(x: Array1D[f64]) -> int:
    best = 1e300
    for i in prange(len(x)):
        if x[i] < best:
            best = x[i]
            where = i  # race: R002
    return where


def argmin_in_two_ways(x: Array1D[f64]) -> float:
    best = 1e300
    where = -1
    for i in prange(len(x)):
        if x[i] < best:  # race: R002
            best = x[i]
            where = i
        if x[i] <= best:
            best = x[i]
            where = -i
    return best


def argmin_whose_place_is_read(x: Array1D[f64], out: Array1D[i64]) -> float:
    best = 1e300
    where = -1
    for i in prange(len(x)):
        if x[i] < best:  # race: R002
            best = x[i]
            where = i
        out[i] = where  # race: R002
    return best


def argmin_that_counts(x: Array1D[f64]) -> float:
    best = 1e300
    times = 0
    for i in prange(len(x)):
        if x[i] < best:  # race: R002
            best = x[i]
            times += 1
    return best


def best_of_another(x: Array1D[f64], y: Array1D[f64]) -> float:
    best = 1e300
    where = -1
    for i in prange(len(x)):
        if x[i] < best:  # race: R002
            best = y[i]
            where = i
    return best


def two_keys_of_one(x: Array1D[f64], y: Array1D[f64]) -> float:
    low = 1e300
    high = -1e300
    where = -1
    for i in prange(len(x)):
        if x[i] < low:  # race: R002
            low = x[i]
            where = i
        if y[i] > high:  # race: R002
            high = y[i]
            where = i
    return low + high


def collapsed_over_an_inner_recurrence(a: Array2D[f64], n: int) -> None:
    for i in prange(n, collapse=2):
        for j in range(1, n):
            a[i, j] = a[i, j - 1] + 1.0  # race: R001


def collapsed_sum_of_each_row(a: Array2D[f64], out: Array1D[f64]) -> None:
    for i in prange(a.shape[0], collapse=2):
        for j in range(a.shape[1]):
            out[i] = a[i, j]  # race: R003


lock = Lock()
other = Lock()


def read_outside_of_the_lock(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        old = hist[int(data[i])]
        with lock:
            hist[int(data[i])] = old + 1  # race: R001


def two_different_locks(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        with lock:
            hist[0] = int(data[i])  # race: R003
        with other:
            hist[0] = i


def lock_around_the_loop(data: Array1D[u8], hist: Array1D[i64]) -> None:
    with lock:
        for i in prange(len(data)):
            hist[int(data[i])] = i  # race: R001


def locked_put(hist: Array1D[i64], b: int) -> None:
    with other:
        hist[b] = hist[b] * 2


def another_lock_in_a_callee(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        locked_put(hist, int(data[i]))
        with lock:
            hist[7] = 0  # race: R001


def after_the_lock(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        with lock:
            if data[i] == 0:
                continue
            hist[1] = 1  # race: R003
        hist[1] = i


def set_all(a: Array1D[f64], x: float) -> None:
    for i in range(len(a)):
        a[i] = x


def set_from(a: Array1D[f64], lo: int, hi: int, x: float) -> None:
    for i in range(lo, hi):
        a[i] = x


def first(a: Array1D[f64]) -> float:
    return a[0]


def tasks_on_one_array(a: Array1D[f64]) -> None:
    join(lambda: set_all(a, 1.0), lambda: set_all(a, 2.0))  # race: R001


def task_reads_what_the_other_writes(a: Array1D[f64]) -> float:
    x, y = join(lambda: set_all(a, 1.0), lambda: first(a))  # race: R001
    return y


def tasks_on_halves_that_overlap(a: Array1D[f64]) -> None:
    mid = len(a) // 2
    join(lambda: set_from(a, 0, mid + 1, 1.0), lambda: set_from(a, mid, len(a), 2.0))  # race: R001
