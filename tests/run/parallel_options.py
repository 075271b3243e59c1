"""`prange`: schedules, chunk sizes, numbers of threads: none changes a result, and bad ones are errors."""

from snek import Array1D, f64, i64, parallel, prange


@parallel
def static(a: Array1D[f64]) -> None:
    for i in prange(len(a), schedule="static"):
        a[i] = a[i] * 2.0 + i


@parallel
def dynamic(a: Array1D[f64], chunk: int) -> None:
    for i in prange(1, len(a), 2, schedule="dynamic", chunk=chunk):
        a[i] = a[i - 1] + 1.0


@parallel
def guided(a: Array1D[f64], threads: int) -> float:
    s = 0.0
    for i in prange(len(a), schedule="guided", threads=threads):
        s += float(a[i]) * 0.5
    return s


@parallel
def all_of_them(n: int, chunk: int, threads: int) -> int:
    s = 0
    for i in prange(n, schedule="auto", threads=threads, chunk=chunk, unchecked=False):
        s += i
    return s


@parallel
def by_expressions(a: Array1D[i64]) -> int:
    s = 0
    for i in prange(int(a[0]), int(a[1]), int(a[2]), chunk=int(a[3]), threads=int(a[4])):
        s += i
    return s


@parallel
def unset(n: int) -> int:
    s = 0
    for i in prange(n, chunk=None, threads=None):
        s += i
    return s


@parallel
def unchecked(a: Array1D[f64], index: Array1D[i64]) -> None:
    for i in prange(len(index), unchecked=True):
        a[int(index[i])] = float(i)


@parallel
def histogram(data: Array1D[i64], hist: Array1D[i64], chunk: int) -> None:
    for i in prange(len(data), schedule="dynamic", chunk=chunk, threads=2):
        hist[int(data[i])] += 1


CASES = [f"(static(a := np.arange({n}) * 0.5), a)" for n in (0, 1, 7, 1000)]
CASES += [f"(dynamic(a := np.arange(1001.0), {c}), a)" for c in (1, 3, 64, 10**6, 2**62, 0, -1)]
CASES += [f"guided(np.arange(3000.0), {t})" for t in (1, 2, 3, 7, 1000, 2**62, 0, -5)]
CASES += [
    f"all_of_them({n}, {c}, {t})" for n in (0, 10, 5000) for c in (0, 1, 7) for t in (0, 1, 3)
]
CASES += ["by_expressions(np.array([0, 100, 3, 4, 2]))", "by_expressions(np.array([0, 100, 3, 4]))"]
CASES += [
    "by_expressions(np.array([0, 100, 0, 4, 2]))",
    "by_expressions(np.array([0, 100, 1, 0, 2]))",
]
CASES += ["unset(1000)", "(unchecked(a := np.zeros(100), np.arange(100)[::-1]), a)"]
CASES += [f"(histogram(np.arange(4000) % 50, h := np.zeros(50, int), {c}), h)" for c in (1, 1000)]
