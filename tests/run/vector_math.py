"""Math functions in loops that run in lanes: within 1 ulp of `math`, the same wherever the element is, the same exceptions.

Results may differ from the interpreter's by 1 ulp, so cases compare with `math` themselves.
"""

import math

import numpy as np
from snek import Array1D, f64, native, parallel, prange


def do_exp(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.exp(x[i])


def do_expm1(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.expm1(x[i])


def do_log(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.log(x[i])


def do_log2(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.log2(x[i])


def do_log10(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.log10(x[i])


def do_log1p(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.log1p(x[i])


def do_sin(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.sin(x[i])


def do_cos(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.cos(x[i])


def do_tan(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.tan(x[i])


def do_asin(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.asin(x[i])


def do_acos(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.acos(x[i])


def do_atan(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.atan(x[i])


def do_sinh(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.sinh(x[i])


def do_cosh(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.cosh(x[i])


def do_tanh(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.tanh(x[i])


def do_erf(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.erf(x[i])


def do_erfc(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.erfc(x[i])


def do_atan2(y: Array1D[f64], x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(min(len(x), len(y))):
        out[i] = math.atan2(y[i], x[i])


def do_hypot(y: Array1D[f64], x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(min(len(x), len(y))):
        out[i] = math.hypot(y[i], x[i])


def do_fmod(y: Array1D[f64], x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(min(len(x), len(y))):
        out[i] = math.fmod(y[i], x[i])


def do_pow(y: Array1D[f64], x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(min(len(x), len(y))):
        out[i] = math.pow(y[i], x[i])


@parallel
def parallel_sin(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in prange(len(x)):
        out[i] = math.sin(x[i])


@native(strict_math=True)
def strict_sin(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.sin(x[i])


@native(strict_math=True)
def strict_exp(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        out[i] = math.exp(x[i])


def gauss(a: Array1D[f64], b: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(a)):
        out[i] = b[i] * math.exp(-a[i] * a[i])


def gaussian(a, b):
    return b * math.exp(-a * a)


def ulps(got, want):
    if got == want or (got != got and want != want):
        return 0.0
    return abs(got - want) / math.ulp(want)


def apart(function, reference, *arrays):
    """The largest distance from what `reference` gives for each element, in ulps; at most 2 for two roundings."""
    out = np.zeros(min(map(len, arrays)))
    function(*arrays, out)
    want = [reference(*numbers) for numbers in zip(*(array.tolist() for array in arrays))]
    return max(map(ulps, out.tolist(), want), default=0.0)


def is_near(function, reference, *arrays):
    # Both may be 1 ulp from the exact result.
    return apart(function, reference, *arrays) <= 2.0


def is_same_everywhere(function, x):
    """An element's result does not depend on its neighbours."""
    out = np.zeros(len(x))
    function(x, out)
    for i in range(len(x)):
        alone = np.zeros(len(x) - i)
        function(x[i:].copy(), alone)
        if alone.tobytes() != out[i:].tobytes():
            return False
    return True


def raised(function, *arrays):
    """What is raised, and which elements were written before."""
    out = np.full(min(map(len, arrays)), 7.0)
    try:
        function(*arrays, out)
    except (OverflowError, ValueError) as error:
        return f"{type(error).__name__}: {error}", int((out != 7.0).sum())
    return None


def numbers(n, low, high):
    return np.random.default_rng(n).uniform(low, high, n)


RANGES = {
    "exp": (-740.0, 709.0),
    "expm1": (-40.0, 40.0),
    "log": (1e-300, 50.0),
    "log2": (1e-300, 50.0),
    "log10": (1e-300, 50.0),
    "log1p": (-0.999, 5.0),
    "sin": (-50.0, 50.0),
    "cos": (-50.0, 50.0),
    "tan": (-50.0, 50.0),
    "asin": (-1.0, 1.0),
    "acos": (-1.0, 1.0),
    "atan": (-5.0, 5.0),
    "sinh": (-700.0, 700.0),
    "cosh": (-700.0, 700.0),
    "tanh": (-25.0, 25.0),
    "erf": (-6.5, 6.5),
    "erfc": (-6.5, 27.0),
}
SPECIAL = (
    "np.array([0.0, -0.0, inf, -inf, nan, 5e-324, -5e-324, 1e-310, 0.5, -0.5, 1e300, -1e300, 1.0])"
)

CASES = [
    *(
        f"[is_near(do_{name}, math.{name}, numbers(n, {low}, {high})) for n in (0, 1, 2, 3, 4, 5, 7, 8, 67, 500)]"
        for name, (low, high) in RANGES.items()
    ),
    *(
        f"is_near(do_{name}, math.{name}, numbers(99, {low}, {high})[::-2])"
        for name, (low, high) in RANGES.items()
    ),
    *(
        f"is_same_everywhere(do_{name}, numbers(23, {low}, {high}))"
        for name, (low, high) in RANGES.items()
    ),
    *(f"is_near(do_{name}, math.{name}, {SPECIAL})" for name in ("atan", "tanh", "erf", "erfc")),
    *(
        f"is_near(do_{name}, math.{name}, numbers(67, -9.0, 9.0), numbers(68, -9.0, 9.0))"
        for name in ("atan2", "hypot", "fmod")
    ),
    "is_near(do_pow, math.pow, numbers(67, 0.0, 9.0), numbers(68, -90.0, 90.0))",
    "is_near(do_pow, math.pow, np.array([0.0, -1.5, 2.0, -2.0, inf, nan, 1.0]), np.array([3.0, 3.0, 0.5, 4.0, -1.0, 0.0, nan]))",
    "is_near(do_fmod, math.fmod, np.array([1e300, 5.0, -5.0, 7.0, -0.0]), np.array([3.0, inf, 3.0, 1e-300, 2.0]))",
    # Arguments that go to the C library, among others.
    "is_near(do_sin, math.sin, np.array([1.0, 1e6, 1e7, 1e22, -1e300, 2.0, 3.0, 1e5, 4.0]))",
    "is_near(do_cos, math.cos, np.array([1.0, 1e6, 1e7, 1e22, -1e300, 2.0, 3.0, 1e5, 4.0]))",
    "is_near(do_tan, math.tan, np.array([1.0, 1e6, 1e7, 1e22, -1e300, 2.0, 3.0, 1e5, 4.0]))",
    "is_near(parallel_sin, math.sin, numbers(1000, -50.0, 50.0))",
    "is_near(gauss, gaussian, numbers(67, -3.0, 3.0), numbers(68, -3.0, 3.0))",
    "is_near(gauss, gaussian, np.array([]), np.array([]))",
    # `strict_math`: the C library's bits.
    "apart(strict_sin, math.sin, numbers(5000, -50.0, 50.0))",
    "apart(strict_exp, math.exp, numbers(5000, -50.0, 50.0))",
    # Errors come where they would, after all that was before.
    *(
        f"raised(do_log, np.array([1.0] * {before} + [0.0] + [2.0] * {after}))"
        for before in (0, 1, 3, 4, 9)
        for after in (0, 5)
    ),
    "raised(do_log, np.array([1.0] * 9 + [-1.0, nan, 0.0]))",
    "raised(do_exp, np.array([1.0] * 9 + [710.0] + [1.0] * 9))",
    "raised(do_exp, np.array([1.0] * 9 + [inf, nan, -inf] + [1.0] * 9))",
    "raised(do_sin, np.array([1.0] * 9 + [inf] + [1.0] * 9))",
    "raised(do_asin, np.array([1.0] * 9 + [1.5] + [1.0] * 9))",
    "raised(do_pow, np.array([2.0] * 9 + [0.0] + [2.0] * 9), np.array([2.0] * 9 + [-1.0] + [2.0] * 9))",
    "raised(do_fmod, np.array([2.0] * 9), np.array([2.0] * 6 + [0.0] + [2.0] * 2))",
    "raised(do_cosh, np.array([2.0] * 9 + [-800.0]))",
]
