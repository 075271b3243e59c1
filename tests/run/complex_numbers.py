"""Complex arithmetic."""

from snek import Array1D, c128


def arithmetic(a: complex, b: complex) -> tuple[complex, complex, complex]:
    return a + b, a - b, a * b


def divide(a: complex, b: complex) -> complex:
    return a / b


def parts(a: complex) -> tuple[float, float, float]:
    return a.real, a.imag, abs(a)


def conjugate(a: complex) -> complex:
    return a.conjugate()


def equal(a: complex, b: complex) -> tuple[bool, bool]:
    return a == b, a != b


def build(x: float, y: float) -> complex:
    return complex(x, y)


def rotated(a: complex, n: int) -> complex:
    for _ in range(n):
        a = a * 1j + 0.5
    return a


def escapes(c: complex, limit: int) -> int:
    z = 0j
    for i in range(limit):
        if abs(z) > 2.0:
            return i
        z = z * z + c
    return limit


def fill(out: Array1D[c128], step: complex) -> None:
    for i in range(len(out)):
        out[i] = i * step


_VALUES = ("0j", "1+2j", "-3.5j", "complex(inf, 1)", "complex(nan, -0.0)", "-0.0+0j")

CASES = [
    *(
        f"{name}({a}, {b})"
        for name in ("arithmetic", "divide", "equal")
        for a in _VALUES
        for b in _VALUES
    ),
    *(f"{name}({a})" for name in ("parts", "conjugate") for a in _VALUES),
    "build(1.5, -0.0)",
    "rotated(1+1j, 7)",
    "escapes(-0.75+0.1j, 100)",
    "escapes(0j, 20)",
    "escapes(1+1j, 20)",
    "out = np.zeros(4, complex); fill(out, 1-2j)",
]
