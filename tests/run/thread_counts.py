"""`snek.num_threads` and `snek.thread_index` in native code, in and outside of loops."""

import snek
from snek import Array1D, Array2D, f64, i64, native, num_threads, parallel, prange, thread_index


@native
def outside() -> int:
    return thread_index()


@native
def is_positive() -> bool:
    return num_threads() >= 1 and snek.num_threads() == num_threads()


@parallel
def in_range(n: int) -> int:
    bad = 0
    for i in prange(n):
        t = thread_index()
        if t < 0 or t >= num_threads():
            bad += 1
    return bad


@parallel
def scratch(a: Array2D[f64], temporary: Array2D[f64], out: Array1D[f64]) -> None:
    # Each thread has a row for its own use.
    for i in prange(a.shape[0], unchecked=True):
        t = snek.thread_index()
        for j in range(a.shape[1]):
            temporary[t, j] = a[i, j] * 2.0
        s = 0.0
        for j in range(a.shape[1]):
            s += float(temporary[t, a.shape[1] - 1 - j])
        out[i] = s


@parallel
def nested(n: int, m: int, hits: Array2D[i64]) -> int:
    bad = 0
    for i in prange(n):
        for j in prange(m):
            hits[i, j] += 1
            if thread_index() >= num_threads():
                bad += 1
    return bad


CASES = [
    "outside()",
    "is_positive()",
    *(f"in_range({n})" for n in (0, 1, 2, 300, 10_000)),
    *(
        f"a = np.arange({n} * 40.0).reshape({n}, 40); t = np.zeros((64, 40)); out = np.zeros({n}); "
        "scratch(a, t, out); del t; out"
        for n in (1, 5, 400)
    ),
    *(
        f"hits = np.zeros(({n}, {m}), np.int64); nested({n}, {m}, hits)"
        for n, m in ((1, 700), (2, 300), (3, 1), (40, 90))
    ),
]
