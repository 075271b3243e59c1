"""`stdlib/vector` evaluated by NumPy, against exact results: within 1 ulp over the whole range, special values as libm's."""

import ctypes
import ctypes.util
import itertools
import math
import zlib

import mpmath
import numpy as np
import pytest
from vector_source import FOLDER, load

FUNCTIONS = load()
COUNT = 700
INF, NAN = math.inf, math.nan
PI_2 = math.pi / 2
SPECIAL = [0.0, 5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, 1e-30, 1e-9, 0.25, 0.5, 0.75, 1.0]
SPECIAL += [
    math.nextafter(1.0, 0.0),
    math.nextafter(1.0, 2.0),
    1.5,
    2.0,
    3.0,
    4.5,
    5.0,
    22.0,
    100.0,
]
SPECIAL += [
    709.782712893384,
    709.7827128933841,
    710.4758600739439,
    710.475860073944,
    745.2,
    1023.0,
    1024.0,
]
SPECIAL += [
    1e6,
    1048576.0,
    2.0**31,
    2.0**52,
    2.0**53 + 2,
    1e22,
    1e300,
    1.7976931348623157e308,
    INF,
    NAN,
]
SPECIAL += [-x for x in SPECIAL]

libm = ctypes.CDLL(ctypes.util.find_library("m"))
mpmath.mp.prec = 140


def uniform(low, high):
    return lambda random: random.uniform(low, high, COUNT)


def signed(values, random):
    return values * random.choice([-1.0, 1.0], COUNT)


def magnitudes(low, high):
    """Both signs, exponents of 2 spread evenly."""
    return lambda random: signed(np.exp2(random.uniform(low, high, COUNT)), random)


def positive(low, high):
    return lambda random: np.exp2(random.uniform(low, high, COUNT))


def near(x, low):
    """x changed by a relative 2**low .. 1/2."""
    return lambda random: x * (1.0 + magnitudes(low, -1)(random))


def patterns(random):
    """Any bits."""
    values = random.integers(0, 2**64, COUNT, dtype=np.uint64).view(np.float64)
    return np.where(np.isfinite(values), values, 1.0)


def multiples(step, most):
    """The numbers next to multiples of `step`, where periodic functions are 0 or have poles."""
    return lambda random: np.rint(random.uniform(-most, most, COUNT)) * step


def below_one(random):
    """Both signs, |x| near 1."""
    return signed(1.0 - np.exp2(random.uniform(-53.0, -1.0, COUNT)), random)


ANGLES = [
    uniform(-1.0, 1.0),
    uniform(-12.0, 12.0),
    uniform(-1048576.0, 1048576.0),
    multiples(PI_2, 667000.0),
    multiples(PI_2 / 2, 40.0),
    magnitudes(-1074, 20),
    magnitudes(20, 60),
]
UNIT = [uniform(-1.0, 1.0), magnitudes(-1074, 0), near(0.5, -40), below_one]
LOGARITHMS = [positive(-1074, 1024), positive(-1, 1), near(1.0, -53), positive(-1074, -1022)]
PAIRS = [
    (magnitudes(-1074, 1024), magnitudes(-1074, 1024)),
    (magnitudes(-3, 3), magnitudes(-3, 3)),
    (magnitudes(-1074, -1000), magnitudes(-1074, -1000)),
    (magnitudes(1000, 1023), magnitudes(1000, 1023)),
    (uniform(-1.0, 1.0), near(1.0, -53)),
    (patterns, patterns),
]
SWEEPS = {
    "exp": [
        uniform(-746.0, 709.7),
        uniform(-1.0, 1.0),
        magnitudes(-1074, 0),
        uniform(-746.0, -700.0),
    ],
    "exp2": [
        uniform(-1075.0, 1023.9),
        uniform(-1.0, 1.0),
        magnitudes(-1074, 0),
        multiples(0.5, 2000.0),
    ],
    "expm1": [uniform(-50.0, 709.7), uniform(-2.0, 2.0), magnitudes(-1074, 0), uniform(-0.4, 0.4)],
    "log": LOGARITHMS,
    "log2": LOGARITHMS,
    "log10": LOGARITHMS,
    "log1p": [magnitudes(-1074, -1), positive(-1, 1024), uniform(-1.0, 3.0), uniform(-0.45, 0.45)],
    "sin": ANGLES,
    "cos": ANGLES,
    "tan": ANGLES,
    "asin": UNIT,
    "acos": UNIT,
    "atan": [magnitudes(-1074, 1024), uniform(-3.0, 3.0), near(0.4375, -40), near(2.4375, -40)],
    "atan2": PAIRS,
    "hypot": PAIRS,
    "fmod": [
        *PAIRS,
        (magnitudes(-3, 24), magnitudes(-3, 3)),
        (magnitudes(0, 60), magnitudes(0, 30)),
    ],
    "sinh": [uniform(-1.1, 1.1), uniform(-710.4, 710.4), magnitudes(-1074, 2)],
    "cosh": [uniform(-1.1, 1.1), uniform(-710.4, 710.4), magnitudes(-1074, 2)],
    "tanh": [uniform(-0.6, 0.6), uniform(0.5, 1.0), uniform(-23.0, 23.0), magnitudes(-1074, 2)],
    "erf": [uniform(-1.0, 1.0), uniform(0.7, 1.6), uniform(-6.5, 6.5), magnitudes(-1074, 2)],
    "erfc": [uniform(-1.0, 1.6), uniform(-6.5, 28.0), uniform(1.2, 3.2), magnitudes(-1074, 2)],
    "cbrt": [magnitudes(-1074, 1024), uniform(1.0, 8.0), magnitudes(-1074, -1022)],
    "pow": [
        (positive(-3, 3), uniform(-340.0, 340.0)),
        (positive(-1074, 1024), uniform(-1.0, 1.0)),
        (near(1.0, -52), magnitudes(10, 62)),
        (positive(-1, 1), uniform(-1074.0, 1024.0)),
        (uniform(-40.0, 40.0), multiples(1.0, 100.0)),
        (uniform(0.0, 10.0), uniform(-10.0, 10.0)),
    ],
}

EXACT = {
    "exp2": lambda x: mpmath.power(2, x),
    "log2": lambda x: mpmath.log(x, 2),
    "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
    "pow": lambda x, y: mpmath.power(x, y),
}


def exact(name, numbers):
    """The result with 140 bits."""
    if name == "fmod":
        return mpmath.mpf(math.fmod(*numbers))
    function = EXACT.get(name) or getattr(mpmath, name)
    return function(*map(mpmath.mpf, numbers))


def distance(name, numbers, got):
    """How far `got` is from the result, in ulps of it."""
    want = exact(name, numbers)
    rounded = float(want)
    if math.isinf(rounded):
        return 0.0 if got == rounded else INF
    if not math.isfinite(got):
        return INF
    return float(abs(mpmath.mpf(got) - want) / mpmath.mpf(math.ulp(rounded)))


def evaluate(name, arrays):
    with np.errstate(all="ignore"):
        return FUNCTIONS[name](*arrays).tolist()


def test_every_function_is_swept():
    assert set(FUNCTIONS) == set(SWEEPS)
    assert FOLDER.is_dir()


@pytest.mark.parametrize("name", sorted(SWEEPS))
def test_within_1_ulp(name):
    random = np.random.default_rng(zlib.crc32(name.encode()))
    worst = (0.0, None, None)
    for sweep in SWEEPS[name]:
        sweep = sweep if isinstance(sweep, tuple) else (sweep,)
        arrays = [values(random) for values in sweep]
        results = evaluate(name, arrays)
        for *numbers, got in zip(*(array.tolist() for array in arrays), results):
            if name == "fmod" and numbers[1] == 0.0:
                continue
            worst = max(worst, (distance(name, numbers, got), numbers, got), key=lambda w: w[0])
    assert worst[0] <= 1.0, worst


@pytest.mark.parametrize("name", sorted(SWEEPS))
def test_special_values(name):
    """NaN, infinities, zeros with their signs: as the C library. Finite results: within 1 ulp."""
    count = 2 if isinstance(SWEEPS[name][0], tuple) else 1
    function = getattr(libm, name)
    function.restype = ctypes.c_double
    function.argtypes = [ctypes.c_double] * count
    rows = list(itertools.product(SPECIAL, repeat=count))
    results = evaluate(name, np.array(rows).T)
    for numbers, got in zip(rows, results):
        want = function(*numbers)
        if math.isnan(want) or math.isinf(want) or want == 0.0:
            same = repr(got) == repr(want)
        else:
            is_finite = all(map(math.isfinite, numbers))
            same = got == want or (is_finite and distance(name, numbers, got) <= 1.0)
        assert same, (numbers, got, want)


@pytest.mark.parametrize("k", range(-1074, 1024, 7))
def test_exact_powers(k):
    x = math.ldexp(1.0, k)
    assert evaluate("log2", [np.array([x])]) == [k]
    assert evaluate("exp2", [np.array([float(k)])]) == [x]
