"""`snek.atomic`: elements changed by several iterations at once."""

import snek
from snek import Array1D, Array2D, atomic, f32, f64, i64, parallel, prange, u8


@parallel
def histogram(data: Array1D[u8], hist: Array1D[i64]) -> None:
    for i in prange(len(data)):
        atomic.add(hist, int(data[i]), 1)


@parallel
def image(data: Array1D[u8], out: Array2D[u8]) -> None:
    for i in prange(len(data)):
        atomic.add(out, int(data[i]) % 3, int(data[i]) % 4, 200)


@parallel
def extremes(data: Array1D[i64], out: Array1D[i64]) -> None:
    for i in prange(len(data)):
        atomic.min(out, 0, int(data[i]))
        atomic.max(out, 1, int(data[i]))
        snek.atomic.sub(out, 2, int(data[i]))


@parallel
def floats(data: Array1D[f64], out: Array1D[f64], low: Array1D[f32]) -> None:
    for i in prange(len(data)):
        atomic.add(out, 0, data[i])
        atomic.sub(out, 1, data[i])
        atomic.min(out, 2, data[i])
        atomic.max(out, -1, data[i])
        atomic.add(low, 0, f32(0.5))


@parallel
def bits(data: Array1D[i64], out: Array1D[i64]) -> None:
    for i in prange(len(data)):
        atomic.or_(out, 0, int(data[i]))
        atomic.and_(out, 1, int(data[i]))
        atomic.xor(out, 2, int(data[i]))


def one_by_one(
    a: Array1D[i64], b: Array1D[f64], c: Array1D[u8]
) -> tuple[i64, i64, i64, f64, f64, u8]:
    p = atomic.exchange(a, 0, 7)
    q = atomic.compare_exchange(a, 0, 7, 9)
    r = atomic.compare_exchange(a, 0, 7, 11)
    s = atomic.exchange(b, 1, 2.5)
    t = atomic.compare_exchange(b, 1, 2.5, -0.0)
    u = atomic.max(c, 2, 200)
    return p, q, r, s, t, u


def any_index(a: Array1D[i64], k: int) -> i64:
    return atomic.add(a, k, 5)


def flags(a: Array1D[bool], k: int) -> tuple[bool, bool]:
    return atomic.or_(a, k, True), atomic.exchange(a, k + 1, False)


CASES = [
    f"(histogram(np.arange({n}).astype(np.uint8), h := np.zeros(256, int)), h)"
    for n in (0, 1, 1000, 9999)
]
CASES += ["(image(np.arange(5000).astype(np.uint8), o := np.zeros((3, 4), np.uint8)), o)"]
CASES += ["(extremes(np.arange(5000) * 7919 % 10007 - 5000, o := np.zeros(3, int)), o)"]
CASES += [
    "(floats(np.arange(2000) * 0.5 - 300.0, o := np.zeros(4), g := np.zeros(1, np.float32)), o, g)"
]
CASES += ["(bits(np.arange(3000) * 7919, o := np.array([0, -1, 5])), o)"]
CASES += [
    "(one_by_one(a := np.arange(3), b := np.ones(3), c := np.arange(3, dtype=np.uint8)), a, b, c)"
]
CASES += [f"(any_index(a := np.arange(5), {k}), a)" for k in (0, 4, -1, -5, 5, -6)]
CASES += ["(flags(a := np.array([False, True, True]), 0), a)"]
CASES += ["(any_index(a := np.array([2**63 - 1]), 0), a)"]
