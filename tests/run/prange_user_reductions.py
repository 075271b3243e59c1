"""`prange`: reductions by functions of the user's."""

from snek import Array1D, f64, i64, parallel, prange, reduction, u8


def gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return abs(a)


def hypot(a: float, b: float) -> float:
    return max(a, b)


def leftmost(a: int, b: int) -> int:
    return b if a < 0 else a


def rightmost(a: int, b: int) -> int:
    return a if b < 0 else b


def joined(a: tuple[int, int, bool], b: tuple[int, int, bool]) -> tuple[int, int, bool]:
    return a[0] + b[0], max(a[1], b[1]), a[2] or b[2]


def product(a: complex, b: complex) -> complex:
    return a * b


def picky(a: int, b: int) -> int:
    if a == 3 and b == 4:
        raise ValueError(a + b)
    return max(a, b)


def wrapping(a: u8, b: u8) -> u8:
    return a + b


divisor = reduction(0, gcd)
largest = reduction(float("-inf"), hypot)
first = reduction(-1, leftmost)
last = reduction(-1, rightmost)
summary = reduction((0, -(2**62), False), joined)
turned = reduction(1 + 0j, product)
strict = reduction(-1, picky)
bytewise = reduction(0, wrapping)


@parallel
def common_divisor(x: Array1D[i64]) -> int:
    result = 0
    for i in prange(len(x)):
        result = divisor(result, int(x[i]))
    return result


@parallel
def greatest(x: Array1D[f64], start: float) -> float:
    result = start
    for i in prange(len(x)):
        if x[i] > 0.0:
            result = largest(result, x[i])
    return result


@parallel
def ends(x: Array1D[i64], wanted: int) -> tuple[int, int]:
    a = -1
    b = -1
    for i in prange(len(x)):
        found = i if x[i] == wanted else -1
        a = first(a, found)
        b = last(b, found)
    return a, b


@parallel
def summed(x: Array1D[i64]) -> tuple[int, int, bool]:
    result = (0, 0, False)
    count = 0
    for i in prange(len(x)):
        result = summary(result, (1, int(x[i]), x[i] == 17))
        count += 1
    return result[0] + count, result[1], result[2]


@parallel
def rotation(n: int) -> tuple[int, int]:
    z = 1 + 0j
    for i in prange(n):
        z = turned(z, 1j if i % 3 else 1 + 0j)
    return int(z.real), int(z.imag)


@parallel
def serial_use(x: Array1D[i64]) -> int:
    result = 0
    for i in range(len(x)):
        result = divisor(result, int(x[i]))
    return divisor(result, 0)


@parallel
def raises(n: int, threads: int) -> int:
    result = -1
    for i in prange(n, threads=threads):
        result = strict(result, i % 3)
    return strict(result, 4 if n == 5 else 0)


@parallel
def modulo(x: Array1D[u8]) -> int:
    result = u8(7)
    for i in prange(len(x)):
        result = bytewise(result, x[i])
    return int(result)


LENGTHS = (0, 1, 2, 3, 64, 255, 256, 257, 1000)
CASES = [
    *(f"common_divisor(np.arange({n}) * 84 + 42)" for n in LENGTHS),
    *(f"greatest(np.cos(np.arange({n})), {s})" for n in LENGTHS for s in ("-1.0", "0.5", "inf")),
    *(f"ends(np.arange({n}) % 50, {w})" for n in LENGTHS for w in (0, 17, 49, 99)),
    *(f"summed(np.arange({n}) * 31 % 101)" for n in LENGTHS),
    *(f"rotation({n})" for n in LENGTHS),
    *(f"serial_use(np.arange({n}) * 84)" for n in LENGTHS),
    *(f"raises({n}, {t})" for n in LENGTHS for t in (1, 3)),
    "raises(5, 2)",
    *(f"modulo(np.arange({n}).astype(np.uint8))" for n in LENGTHS),
    "divisor(12, 18), divisor.identity",
]
