"""Sums and products of floats, whose bits depend on the order of their terms."""

from snek import Array1D, Array2D, f32, f64


def distance(a: Array1D[f64], b: Array1D[f64]) -> float:
    total = 0.0
    for i in range(min(len(a), len(b))):
        delta = a[i] - b[i]
        total += delta * delta
    return total


def left(a: Array1D[f64], b: Array1D[f64], start: float) -> float:
    for i in range(min(len(a), len(b))):
        start = (a[i] * 3.0 - b[i] * b[i]) + start
    return start


def rest(a: Array1D[f32], b: Array1D[f32]) -> float:
    total = f32(1.0)
    for i in range(min(len(a), len(b))):
        total -= a[i] * b[i] + f32(0.1) * a[i] * a[i]
    return float(total)


def product(a: Array1D[f64], b: Array1D[f64]) -> float:
    total = 1.0
    for i in range(min(len(a), len(b))):
        total *= 1.0 + a[i] * b[i] / 7.0
    return total


def several(a: Array1D[f64], b: Array1D[f64]) -> tuple[float, float, int]:
    up = 0.0
    down = 100.0
    count = 0
    for i in range(min(len(a), len(b)) - 1, -1, -1):
        x = a[i] * b[i] + a[i] * a[i]
        up += x * x - b[i]
        down -= x * 0.5 - b[i] * a[i]
        count += 1
    return up, down, count


def reset(a: Array1D[f64], b: Array1D[f64]) -> float:
    total = 0.0
    for i in range(min(len(a), len(b))):
        term = a[i] * a[i] - b[i] * b[i] + 0.5 * a[i] * b[i]
        if a[i] > 4.0:
            total += term
    return total


def twice(a: Array1D[f64], b: Array1D[f64]) -> float:
    total = 0.0
    for i in range(min(len(a), len(b))):
        total += a[i] * a[i] * 0.5 - b[i]
        total += b[i] * b[i] * 0.5 - a[i]
    return total


def until(a: Array1D[f64], b: Array1D[f64], end: float) -> float:
    total = 0.25
    for i in range(min(len(a), len(b))):
        if a[i] == end:
            break
        total += a[i] * a[i] * 0.5 - b[i] * b[i]
    return total


def divided(a: Array1D[f64], b: Array1D[f64]) -> float:
    total = 0.0
    for i in range(min(len(a), len(b))):
        total += float(a[i]) * 0.5 / float(b[i]) - float(a[i]) * float(a[i])
    return total


def counted(n: int, x: float) -> float:
    total = 0.0
    for i in range(n):
        total += x * i * i - 0.3 * i
    return total


def stored(a: Array1D[f64], b: Array1D[f64]) -> float:
    total = 0.0
    for i in range(min(len(a), len(b))):
        x = a[i] * b[i] - a[i] * a[i] * 0.5
        b[i] = x
        total += x * x
    return total


def nearest(points: Array2D[f64], centres: Array2D[f64]) -> int:
    sum_of_places = 0
    for i in range(len(points)):
        best = 0
        least = 1e300
        for c in range(len(centres)):
            distance = 0.0
            for k in range(points.shape[1]):
                delta = points[i, k] - centres[c, k]
                distance += delta * delta
            if distance < least:
                least = distance
                best = c
        sum_of_places += best
    return sum_of_places


_A = "(np.arange({n}) * 37 % 101 / 7)"
_B = "(np.arange({n}) * 53 % 89 / 9 + 0.3)"
_F = ("distance", "product", "several", "reset", "twice", "divided", "stored")
CASES = [f"{f}({_A.format(n=n)}, {_B.format(n=n)})" for f in _F for n in (*range(20), 33, 67)]
CASES += [f"distance({_A.format(n=n)}, {_B.format(n=n)})" for n in range(20, 68)]
CASES += [
    f"rest({_A.format(n=n)}.astype(np.float32), {_B.format(n=n)}.astype(np.float32))"
    for n in (*range(20), 50)
]
CASES += [f"left({_A.format(n=n)}, {_B.format(n=n)}, -0.0)" for n in range(20)]
CASES += [
    f"until({_A.format(n=50)}, {_B.format(n=50)}, {_A.format(n=50)}[{at}])"
    for at in (*range(12), 30, 49)
]
CASES += ["until(np.arange(40.0), np.ones(40), -1.0)"]
CASES += [f"counted({n}, {x})" for n in (-1, 0, 3, 9, 40) for x in (0.1, "inf", "nan", -0.0)]
# Great and small terms, infinities, NaN, signs of zero.
_X = "np.array([1e16, 1.0, -1e16, 3.0, 1e-9, -1.0, 2.5, 1e8] * 5)[{s}]"
CASES += [
    f"{f}({_X.format(s=s)}, {_X.format(s=t)} * 0.37)"
    for f in _F
    for s, t in ((":", ":"), ("::-1", ":"), ("::3", "1::3"), ("1:", ":-1"))
]
CASES += [
    f"(a := np.zeros(19), a.__setitem__(slice(3, 15, {step}), {x}), distance(a, np.ones(19)),"
    f" left(a, -a, -0.0), product(a, a), several(a, a[::-1]))"
    for step in (4, 5)
    for x in ("inf", "nan", "-0.0", "-inf")
]
CASES += ["divided(np.ones(30), np.array([1.0] * 21 + [0.0] + [2.0] * 8))"]
CASES += [
    f"(b := np.arange(80) % 13 / 2, stored({x}, {y}), b)"
    for x in ("b[:40]", "b[1:41]", "b[::2]")
    for y in ("b[:40]", "b[2:42]", "b[39::-1]")
]
CASES += [
    f"nearest(np.random.default_rng({n}).random((n := {n}, {d})), np.random.default_rng(1).random((4, {d})))"
    for n in (0, 1, 30)
    for d in (0, 1, 3, 4, 8, 13)
]
