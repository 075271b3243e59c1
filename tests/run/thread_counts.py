"""How many threads there are, in native code: asked, set, and held by `with`; and which one runs an iteration."""

import snek
from snek import (
    Array1D,
    Array2D,
    f64,
    i64,
    native,
    num_threads,
    parallel,
    prange,
    set_num_threads,
    thread_index,
    threads,
)


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


@native
def set_and_ask(n: int) -> int:
    set_num_threads(n)
    snek.set_num_threads(n + 1)
    return num_threads()


@native
def held(n: int, m: int) -> tuple[int, int, int, bool]:
    before = num_threads()
    with snek.threads(n):
        outer = num_threads()
        with threads(m):
            inner = num_threads()
        after = num_threads()
    return outer, inner, after, num_threads() == before


@native
def returned(n: int) -> int:
    for i in range(1, 10):
        with threads(i):
            if i == n:
                continue
            if i == n + 1:
                return num_threads()
    return 0


@native
def broken(n: int) -> int:
    before = num_threads()
    for i in range(1, 10):
        with threads(i), threads(i + 1):
            if i == n:
                break
    return num_threads() - before


@native
def fails(a: Array1D[f64], n: int) -> float:
    with threads(n):
        return a[n]


@parallel
def of_loop(n: int, m: int) -> int:
    most = 0
    with threads(n):
        for i in prange(m):
            most = max(most, thread_index())
    return most // n


@parallel
def within(n: int) -> int:
    bad = 0
    for i in prange(n):
        with threads(2):
            if num_threads() != 2:
                bad += 1
    return bad


CASES = [
    *(f"set_and_ask({n}), snek.num_threads()" for n in (1, 3, -1, -5, 2)),
    *(f"held({n}, {m}), snek.num_threads()" for n, m in ((2, 5), (1, 1), (5000, 2))),
    "held(0, 1)",
    "held(1, -1)",
    "snek.num_threads()",
    *(f"returned({n}), snek.num_threads()" for n in (1, 5, 9)),
    *(f"broken({n}), snek.num_threads()" for n in (1, 5, 20)),
    "fails(np.zeros(5), 2)",
    "fails(np.zeros(5), 7)",
    "snek.num_threads()",
    *(f"of_loop({n}, {m})" for n, m in ((1, 3000), (2, 3000), (3, 0))),
    "within(1), within(1000)",
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
