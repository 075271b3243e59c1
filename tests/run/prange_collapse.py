"""`prange`: nests that run as one loop, asked for or not; results depend on the numbers of iterations alone."""

from snek import Array1D, Array2D, Array3D, f64, i64, parallel, prange


@parallel
def fill(a: Array2D[i64]) -> None:
    n, m = a.shape
    for i in prange(n):
        for j in prange(m):
            a[i, j] = i * 1000 + j


@parallel
def outer_product(a: Array1D[f64], b: Array1D[f64], out: Array2D[f64]) -> None:
    for i in prange(len(a)):
        for j in prange(len(b)):
            out[i, j] = a[i] * b[j]


@parallel
def asked(a: Array2D[f64]) -> None:
    for i in prange(a.shape[0], collapse=2):
        for j in range(a.shape[1]):
            a[i, j] = a[i, j] * 2.0 + i - j


@parallel
def three(a: Array3D[i64], threads: int) -> int:
    s = 0
    for i in prange(a.shape[0], collapse=3, threads=threads, schedule="dynamic"):
        for j in prange(a.shape[1]):
            for k in range(a.shape[2]):
                a[i, j, k] += i + 10 * j + 100 * k
                s += a[i, j, k]
    return s


@parallel
def only_two_of_three(a: Array3D[i64]) -> None:
    for i in prange(a.shape[0], collapse=2):
        for j in range(a.shape[1]):
            for k in range(a.shape[2]):
                a[i, j, k] = i + 10 * j + 100 * k


@parallel
def sum_of_products(n: int, m: int, threads: int) -> float:
    s = 0.0
    for i in prange(n, threads=threads):
        for j in prange(m):
            s += 1.0 / (1.0 + i) - 0.3 * j
    return s


@parallel
def asked_sum(n: int, m: int, chunk: int, threads: int) -> float:
    s = 0.0
    for i in prange(n, chunk=chunk, threads=threads, collapse=2):
        for j in range(m):
            s += 1.0 / (1.0 + i) - 0.3 * j
    return s


def same_bits(n: int, m: int) -> bool:
    one = sum_of_products(n, m, 1)
    other = asked_sum(n, m, 5, 1)
    for threads in range(1, 8):
        if sum_of_products(n, m, threads) != one:
            return False
        for chunk in (1, 5, 1000):
            if asked_sum(n, m, chunk, threads) != other:
                return False
    return True


@parallel
def steps(n: int, m: int, a: Array2D[i64]) -> int:
    count = 0
    for i in prange(n, 0, -3):
        for j in prange(1, m, 2):
            a[i, j] = i - j
            count += 1
    return count


@parallel
def between(n: int, m: int, a: Array2D[i64], b: Array1D[i64]) -> None:
    for i in prange(n):
        c = b[i] * 3
        d = i * 2
        for j in prange(m):
            a[i, j] = c + d + j


@parallel
def reads_what_it_writes(a: Array2D[i64]) -> None:
    for i in prange(a.shape[0]):
        c = a[i, 0]
        for j in prange(a.shape[1]):
            a[i, j] = a[i, j] + c


@parallel
def triangle(a: Array2D[i64]) -> int:
    s = 0
    for i in prange(a.shape[0]):
        for j in prange(i):
            a[i, j] = i * j
            s += i
    return s


@parallel
def conditional(n: int, m: int) -> int:
    s = 0
    for i in prange(n):
        for j in prange(m):
            if (i + j) % 3 == 0:
                continue
            s += i * j
    return s


@parallel
def largest(a: Array2D[f64]) -> tuple[float, int, int]:
    best = -1.0
    row, column = -1, -1
    for i in prange(a.shape[0]):
        for j in prange(a.shape[1]):
            if a[i, j] >= best:
                best = a[i, j]
                row, column = i, j
    return best, row, column


@parallel
def largest_of_rows(a: Array3D[i64]) -> tuple[int, int, int]:
    best = -1
    at, where = -1, -1
    for i in prange(a.shape[0]):
        if i % 2 == 1:
            for j in prange(a.shape[1]):
                for k in prange(a.shape[2]):
                    if a[i, j, k] >= best:
                        best, at, where = a[i, j, k], i * 1000 + j, k
        for k in prange(a.shape[2]):
            if a[i, 0, k] >= best:
                best, at, where = a[i, 0, k], -i, k
    return best, at, where


@parallel
def histogram(a: Array2D[i64], bins: Array1D[i64]) -> None:
    for i in prange(a.shape[0]):
        for j in prange(a.shape[1]):
            bins[int(a[i, j])] += 1


@parallel
def fails(a: Array2D[i64], limit: int) -> None:
    for i in prange(a.shape[0]):
        for j in prange(a.shape[1]):
            if i * a.shape[1] + j >= limit:
                raise ValueError(i * 1000 + j)
            a[i, j] = 1


@parallel
def fails_between(n: int, m: int, b: Array1D[i64], a: Array2D[i64]) -> None:
    for i in prange(n):
        c = b[i]
        for j in prange(m):
            a[i, j] = c


LENGTHS = [(n, m) for n in (0, 1, 2, 3, 7, 63, 64, 65) for m in (0, 1, 2, 5, 64, 67, 300)]
CASES = [
    *(f"a = np.zeros(({n}, {m}), np.int64); fill(a); a" for n, m in LENGTHS),
    *(
        f"a = np.cos(np.arange({n})); b = np.sin(np.arange({m})); c = np.zeros(({n}, {m})); outer_product(a, b, c)"
        for n, m in LENGTHS
    ),
    *(f"a = np.ones(({n}, {m})); asked(a); a" for n, m in LENGTHS),
    *(f"a = np.ones(({n}, {m})).T; asked(a); a" for n, m in LENGTHS[::3]),
    *(
        f"a = np.arange({n} * {m} * {k}).reshape({n}, {m}, {k}); three(a, {t}), a"
        for n in (0, 1, 2, 5, 40)
        for m in (0, 1, 3, 50)
        for k in (0, 1, 4, 33)
        for t in (1, 3)
    ),
    *(
        f"a = np.zeros(({n}, {m}, {k}), np.int64); only_two_of_three(a); a"
        for n in (0, 1, 5)
        for m in (0, 1, 30)
        for k in (0, 1, 33)
    ),
    *(f"same_bits({n}, {m})" for n, m in LENGTHS),
    *(f"a = np.zeros((70, 310), np.int64); steps({n}, {m}, a), a" for n, m in LENGTHS),
    *(
        f"a = np.zeros(({n}, {m}), np.int64); between({n}, {m}, a, np.arange({n})); a"
        for n, m in LENGTHS
    ),
    *(f"a = np.arange({n} * {m}).reshape({n}, {m}); reads_what_it_writes(a); a" for n, m in LENGTHS if m),
    *(f"a = np.zeros(({n}, {n}), np.int64); triangle(a), a" for n in (0, 1, 2, 7, 63, 64, 100)),
    *(f"conditional({n}, {m})" for n, m in LENGTHS),
    *(f"largest(np.round(np.cos(np.arange({n} * {m}).reshape({n}, {m})), 1))" for n, m in LENGTHS),
    *(
        f"largest_of_rows(np.arange({n} * 7 * {m}).reshape({n}, 7, {m}) * 7919 % {k} - {z})"
        for n, m in LENGTHS
        for k, z in ((1, 0), (17, 0), (1000, 0), (17, 100))
    ),
    *(
        f"b = np.zeros(10, np.int64); histogram(np.arange({n} * {m}).reshape({n}, {m}) % 10, b); b"
        for n, m in LENGTHS
    ),
    *(
        f"a = np.zeros(({n}, {m}), np.int64); fails(a, {limit})"
        for n, m in LENGTHS
        for limit in (0, 10, 10**6)
        if limit != 10 or n * m == 0
    ),
    *(f"fails_between({n}, {m}, np.arange(1), np.zeros((9, 9), np.int64))" for n in (0, 1, 2, 5) for m in (0, 3)),
]
