from snek import Array1D, Array2D, f64, i64, parallel, prange


@parallel
def neighbour(a: Array1D[f64]) -> None:
    for i in prange(1, len(a)):
        a[i] = 0.5 * (a[i - 1] + a[i])


@parallel
def fixed(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        a[0] = i


@parallel
def scatter(a: Array1D[i64], bins: Array1D[i64]) -> None:
    for i in prange(len(a)):
        bins[int(a[i])] = 1


@parallel
def looked_at(a: Array1D[i64], bins: Array1D[i64]) -> int:
    seen = bins
    total = 0
    for i in prange(len(a)):
        bins[int(a[i])] += 1
        total += int(seen[i])
    return total


@parallel
def windows(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        for j in range(i, i + 3):
            a[j] = 1.0


def put(a: Array1D[f64], at: int) -> None:
    a[at] = a[at + 1]


@parallel
def by_function(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        put(a, i)


@parallel
def options(n: int) -> int:
    s = 0
    for i in prange(n, schedule="fast", chunk=0, cores=2, progress=3):
        s += i
    return s


@parallel
def fine(a: Array2D[f64], out: Array1D[f64]) -> float:
    total = 0.0
    for i in prange(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j]
        out[i] = s
        total += s
    return total
