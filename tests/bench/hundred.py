"""A module of a hundred lines, for the time of a build."""

from math import cos, exp, sin, sqrt

from snek import Array1D, Array2D, f64, i64, parallel, prange

# Where Newton's method stops.
TOLERANCE = 1e-9
STEPS = 50


def norm(a: Array1D[f64]) -> float:
    total = 0.0
    for i in range(len(a)):
        total += a[i] * a[i]
    return sqrt(total)


def axpy(k: float, a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in range(len(a)):
        b[i] += k * a[i]


def newton(x: float, steps: int = STEPS) -> float:
    for _ in range(steps):
        change = (x * x * x - x - 2.0) / (3.0 * x * x - 1.0)
        x -= change
        if abs(change) < TOLERANCE:
            break
    return x


def primes(limit: int, out: Array1D[i64]) -> int:
    found = 0
    candidate = 2
    while candidate < limit and found < len(out):
        divisor = 2
        while divisor * divisor <= candidate:
            if candidate % divisor == 0:
                break
            divisor += 1
        else:
            out[found] = candidate
            found += 1
        candidate += 1
    return found


@parallel
def jacobi(a: Array2D[f64], b: Array2D[f64]) -> float:
    h, w = a.shape
    worst = 0.0
    for i in prange(1, h - 1):
        for j in range(1, w - 1):
            value = 0.25 * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])
            worst = max(worst, abs(float(value - a[i, j])))
            b[i, j] = value
    return worst


@parallel
def matmul(a: Array2D[f64], b: Array2D[f64], out: Array2D[f64]) -> None:
    for i in prange(a.shape[0]):
        for j in range(b.shape[1]):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            out[i, j] = s


def simpson(low: float, high: float, n: int) -> float:
    step = (high - low) / n
    total = integrand(low) + integrand(high)
    for i in range(1, n):
        weight = 4 if i % 2 == 1 else 2
        total += weight * integrand(low + i * step)
    return total * step / 3.0


def integrand(x):
    return exp(-x * x) * (sin(x) + cos(2.0 * x))


def gcd(a: int, b: int) -> int:
    while b:
        a, b = b, a % b
    return abs(a)


def horner(coefficients: Array1D[f64], x: float) -> float:
    result = 0.0
    for i in range(len(coefficients) - 1, -1, -1):
        result = result * x + coefficients[i]
    return result


def ackermann(m: int, n: int) -> int:
    if m == 0:
        return n + 1
    return ackermann(m - 1, 1 if n == 0 else ackermann(m, n - 1))
