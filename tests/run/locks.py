"""`with lock:` in native code, in loops and out of them, with every way out."""

from snek import Array1D, Lock, f64, i64, native, parallel, prange

lock = Lock()
other = Lock()


@parallel
def bounded_histogram(data: Array1D[i64], bins: Array1D[i64], most: int) -> None:
    for i in prange(len(data)):
        b = int(data[i])
        with lock:
            if bins[b] < most:
                bins[b] += 1


@parallel
def pairs(data: Array1D[i64], count: Array1D[i64], total: Array1D[f64]) -> None:
    for i in prange(len(data), schedule="dynamic", chunk=1):
        b = int(data[i])
        with lock, other:
            count[b] = count[b] + 1
            total[b] = total[b] + 0.5


def put(bins: Array1D[i64], b: int) -> None:
    with lock:
        bins[b] = bins[b] + 1
        bins[0] = bins[0] + 1


@parallel
def in_a_function(data: Array1D[i64], bins: Array1D[i64]) -> None:
    for i in prange(len(data)):
        put(bins, int(data[i]))


@parallel
def every_way_out(data: Array1D[i64], bins: Array1D[i64]) -> None:
    for i in prange(len(data)):
        for k in range(3):
            with lock:
                if data[i] % 5 == k:
                    continue
                if data[i] % 7 == 6:
                    break
                bins[k] = bins[k] + 1
        with lock:
            if data[i] == 3:
                continue
            bins[3] = bins[3] + 1


@native
def returns(data: Array1D[i64], wanted: int) -> int:
    for i in range(len(data)):
        with lock:
            with other:
                if data[i] == wanted:
                    return i * 2 + int(data[i])
            if data[i] > 1000:
                return -2
    return -1


@parallel
def fails(data: Array1D[i64], bins: Array1D[i64]) -> None:
    for i in prange(len(data)):
        with lock:
            bins[int(data[i])] = bins[int(data[i])] + 1


@native
def fails_at_once(data: Array1D[i64]) -> int:
    with lock:
        with other:
            return int(data[5]) // int(data[0])


@parallel
def reductions_beside(data: Array1D[i64], bins: Array1D[i64]) -> int:
    s = 0
    for i in prange(len(data)):
        s += i
        with lock:
            bins[0] = bins[0] + 1
    return s


CASES = [
    *(
        f"b = np.zeros(10, np.int64); {f}(np.arange({n}) * 7919 % 10, b{more}); b"
        for n in (0, 1, 100, 5000)
        for f, more in (
            ("bounded_histogram", ", 20"),
            ("bounded_histogram", ", 10**9"),
            ("pairs", ", np.zeros(10)"),
            ("in_a_function", ""),
            ("every_way_out", ""),
            ("reductions_beside", ""),
        )
    ),
    *(f"returns(np.arange({n}) * 3, {w})" for n in (0, 10, 1000) for w in (0, 9, 10, 999)),
    "b = np.zeros(10, np.int64); fails(np.array([10]), b)",
    "fails_at_once(np.array([0, 0, 0, 0, 0, 0]))",
    "fails_at_once(np.array([0]))",
    "fails_at_once(np.array([1, 0, 0, 0, 0, 7]))",
    # The locks are free again.
    "b = np.zeros(10, np.int64); in_a_function(np.arange(10), b); b",
    "returns(np.arange(5), 3)",
]
