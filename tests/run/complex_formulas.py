"""Complex arithmetic by CPython's own formulas."""

from math import inf, nan

VALUES = [
    0j,
    1 + 0j,
    1j,
    -1j,
    3 - 4j,
    complex(-0.0, 0.0),
    complex(0.0, -0.0),
    complex(inf, 1),
    complex(nan, 0),
    1e200 + 1e200j,
    1e-200 - 1e-200j,
]


def add(a: complex, b: complex) -> complex:
    return a + b


def sub(a: complex, b: complex) -> complex:
    return a - b


def mul(a: complex, b: complex) -> complex:
    return a * b


def div(a: complex, b: complex) -> complex:
    return a / b


def same(a: complex, b: complex) -> tuple[bool, bool]:
    return a == b, a != b


def neg(a: complex) -> complex:
    return -a


def parts(a: complex) -> tuple[float, float, complex]:
    return a.real, a.imag, a.conjugate()


def magnitude(a: complex) -> float:
    return abs(a)


def truth(a: complex) -> bool:
    return bool(a)


def build(x: float, y: float) -> complex:
    return complex(x, y)


def polynomial(z: complex) -> complex:
    return z * z + 2 * z - 1.5


def mandelbrot(c: complex, limit: int) -> int:
    z = 0j
    for i in range(limit):
        if abs(z) > 2.0:
            return i
        z = z * z + c
    return limit


CASES = [
    f"{f}({a!r}, {b!r})"
    for f in ["add", "sub", "mul", "div", "same"]
    for a in VALUES
    for b in VALUES
]
CASES += [
    f"{f}({a!r})" for f in ["neg", "parts", "truth", "polynomial", "magnitude"] for a in VALUES
]
CASES += [f"build({x!r}, {y!r})" for x in [0.0, -0.0, 1.5, inf, nan] for y in [0.0, -0.0, -2.5]]
CASES += [f"mandelbrot({c!r}, 50)" for c in [0j, 1 + 1j, -0.75 + 0.1j, -2 + 0j, 0.3 + 0.5j]]
