"""`stdlib/math.py` run by CPython, its primitives taken from the C library, against CPython's `math`.

What is compared is the layer that the file adds: which arguments raise, what, and with which message.
"""

import builtins
import ctypes
import ctypes.util
import inspect
import itertools
import math
import pathlib
import struct

import pytest

SOURCE = pathlib.Path(__file__).parents[2] / "stdlib" / "math.py"
libm = ctypes.CDLL(ctypes.util.find_library("m"))
INF, NAN = math.inf, math.nan


def _c_function(name, count):
    function = getattr(libm, name)
    function.restype = ctypes.c_double
    function.argtypes = [ctypes.c_double] * count
    return function


def _gamma(x):
    # As CPython's own: the C library has other ideas of poles.
    try:
        return math.gamma(x)
    except ValueError:
        return math.copysign(INF, x) if x == 0 else NAN
    except OverflowError:
        return INF


def _lgamma(x):
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):
        return INF


def _frexp(index):
    return lambda x: math.frexp(x)[index]


def _ldexp(x, i):
    try:
        return math.ldexp(x, i)
    except OverflowError:
        return math.copysign(INF, x)


PRIMITIVES = {
    "op.sqrt": lambda x: math.sqrt(x) if x >= 0 else NAN,
    "op.floor": _c_function("floor", 1),
    "op.ceil": _c_function("ceil", 1),
    "op.trunc": _c_function("trunc", 1),
    "op.fabs": math.fabs,
    "op.copysign": math.copysign,
    "op.fma": _c_function("fma", 3),
    "snek_rt_math_gamma": _gamma,
    "snek_rt_math_lgamma": _lgamma,
    "snek_rt_math_ulp": math.ulp,
    "snek_rt_math_nextafter": math.nextafter,
    "snek_rt_math_hypot": math.hypot,
    "snek_rt_math_hypot3": math.hypot,
    "snek_rt_math_modf": math.modf,
    "snek_rt_math_frexp_mantissa": _frexp(0),
    "snek_rt_math_frexp_exponent": _frexp(1),
    "snek_rt_math_ldexp": _ldexp,
    "snek_rt_int_gcd": lambda a, b: (math.gcd(a, b), int(math.gcd(a, b) > 2**63 - 1)),
    "snek_rt_int_isqrt": math.isqrt,
}


def _load():
    """The module's functions, with overloads chosen by the types of the arguments."""
    overloads = {}

    def intrinsic(name):
        def decorate(function):
            if name in PRIMITIVES:
                return PRIMITIVES[name]
            if "fsum" in name or "dist" in name:
                return function
            return _c_function(
                name.removeprefix("snek_rt_math_"), len(inspect.signature(function).parameters)
            )

        return decorate

    def overload(function):
        known = overloads.setdefault(function.__name__, [])
        known.append((function, inspect.signature(function)))

        def call(*args):
            for exact in (True, False):
                for candidate, signature in known:
                    kinds = [p.annotation for p in signature.parameters.values()]
                    if len(kinds) != len(args):
                        continue
                    if all(
                        type(a) is k or (not exact and k in (int, float) and isinstance(a, int))
                        for a, k in zip(args, kinds)
                    ):
                        converted = [k(a) if k in (int, float) else a for a, k in zip(args, kinds)]
                        return candidate(*converted)
            raise TypeError(f"{function.__name__}{args}")

        return call

    class Names(dict):
        def __missing__(self, name):
            if hasattr(builtins, name):
                return getattr(builtins, name)
            return Array

    class Array:
        def __class_getitem__(cls, item):
            return cls

    namespace = Names(intrinsic=intrinsic, overload=overload)
    exec(compile(SOURCE.read_text(), str(SOURCE), "exec"), namespace)
    return namespace


LIBRARY = _load()
FLOATS = [
    0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.5, 2.0, -2.0, -2.5, 3.0, 10.0, 171.5, 172.0, -171.5, 709.0, 710.0, -745.0,
    -746.0, 1e-310, -1e-310, 5e-324, 1e-20, 1e16, -1e16, 1e300, -1e300, 1.7976931348623157e308, INF, -INF, NAN,
    1023.0, 1024.0, -1075.0,
]  # fmt: skip
INTS = [0, 1, -1, 2, 3, 5, 6, 12, -12, 20, 21, 60, 66, 2**31, 2**53 + 1, 2**62, 2**63 - 1, -(2**63)]


def outcome(function, *args, **kwargs):
    try:
        value = function(*args, **kwargs)
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        return type(error), str(error)
    return value


def same(a, b):
    if isinstance(a, builtins.float) and isinstance(b, builtins.float):
        return struct.pack("d", a) == struct.pack("d", b) or (a != a and b != b)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
    return type(a) is type(b) and a == b


ONE = (
    "acos acosh asin asinh atan atanh cbrt ceil cos cosh degrees erf erfc exp exp2 expm1 fabs floor frexp gamma "
    "isfinite isinf isnan lgamma log log10 log1p log2 modf radians sin sinh sqrt tan tanh trunc ulp"
).split()
TWO = "atan2 copysign fmod hypot log nextafter pow remainder".split()


@pytest.mark.parametrize("name", ONE)
def test_one_float(name):
    for x in FLOATS:
        expected, actual = outcome(getattr(math, name), x), outcome(LIBRARY[name], x)
        if (
            name in ("floor", "ceil", "trunc")
            and isinstance(expected, int)
            and abs(expected) >= 2**63
        ):
            continue  # a native int has 64 bits
        assert same(expected, actual), (name, x, expected, actual)


@pytest.mark.parametrize("name", TWO)
def test_two_floats(name):
    for x, y in itertools.product(FLOATS, FLOATS):
        expected, actual = outcome(getattr(math, name), x, y), outcome(LIBRARY[name], x, y)
        assert same(expected, actual), (name, x, y, expected, actual)


def test_ldexp():
    for x, i in itertools.product(
        FLOATS, [0, 1, -1, 60, 1024, 2000, -1074, -2000, 2**31, -(2**31) - 1, 2**63 - 1]
    ):
        assert same(outcome(math.ldexp, x, i), outcome(LIBRARY["ldexp"], x, i)), (x, i)


def test_isclose():
    for a, b, r, t in itertools.product(FLOATS, FLOATS, [0.0, 1e-9, 0.5, -1.0], [0.0, 1.0, -1.0]):
        expected = outcome(math.isclose, a, b, rel_tol=r, abs_tol=t)
        assert expected == outcome(LIBRARY["isclose"], a, b, rel_tol=r, abs_tol=t), (a, b, r, t)


@pytest.mark.parametrize("name", ["factorial", "isqrt", "floor", "ceil", "trunc", "perm"])
def test_one_int(name):
    for n in INTS:
        if name in ("factorial", "perm") and n > 100:
            continue
        _compare_ints(name, n)


@pytest.mark.parametrize("name", ["gcd", "lcm", "comb", "perm"])
def test_two_ints(name):
    for a, b in itertools.product(INTS, INTS):
        if (name == "comb" and min(b, a - b) > 1000) or (name == "perm" and b > 1000):
            continue
        _compare_ints(name, a, b)


@pytest.mark.parametrize("name", ["gcd", "lcm"])
def test_any_number_of_ints(name):
    for args in [(), (4,), (-4,), (4, 6, 10), (0, 0, 3), (2, 3, 4, 5)]:
        _compare_ints(name, *args)


def _compare_ints(name, *args):
    expected, actual = outcome(getattr(math, name), *args), outcome(LIBRARY[name], *args)
    # Python's ints, which run this, do not overflow: native ones raise where the result does not fit.
    assert same(expected, actual) or "64 bits" in str(actual), (name, args, expected, actual)


def test_constants():
    for name in ("pi", "e", "tau", "inf"):
        assert LIBRARY[name] == getattr(math, name)
    assert LIBRARY["nan"] != LIBRARY["nan"]
