"""Iterations that do not fill a group of lanes: a last group that goes back over some, where these may be done twice."""

import numpy as np
from snek import Array1D, Array2D, f32, f64, i16, i64, native, parallel, prange, u8, u16


def median(x: Array1D[u8], out: Array1D[u8]) -> None:
    for i in range(1, min(len(x), len(out)) - 1):
        a = int(x[i - 1])
        b = int(x[i])
        c = int(x[i + 1])
        out[i] = u8(max(min(a, b), min(max(a, b), c)))


def in_place(x: Array1D[u8]) -> None:
    for i in range(len(x)):
        x[i] = x[i] ^ u8(0x55)


def thirds(x: Array1D[i16], out: Array1D[i16]) -> None:
    for i in range(0, min(len(x), len(out)), 3):
        out[i] = x[i] + i16(1)


def backwards(x: Array1D[f32], out: Array1D[f32]) -> None:
    for i in range(min(len(x), len(out)) - 1, -1, -1):
        out[i] = x[i] * f32(0.5)


def rows(x: Array2D[f64], out: Array2D[f64]) -> None:
    h, w = out.shape
    for i in range(h):
        for j in range(1, w - 1):
            out[i, j] = x[i, j - 1] + x[i, j + 1]


def where(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(min(len(x), len(out))):
        if x[i] > 0.0:
            out[i] = x[i]


def counter(out: Array1D[i64], first: int) -> None:
    for i in range(len(out)):
        out[i] = i * 3 + first


def two_stores(x: Array1D[u16], a: Array1D[u16], b: Array1D[u16]) -> None:
    for i in range(min(len(x), len(a), len(b))):
        a[i] = x[i] + u16(1)
        b[i] = x[i] * u16(3)


def scattered(x: Array1D[f64], to: Array1D[i64], out: Array1D[f64]) -> None:
    for i in range(min(len(x), len(to))):
        out[to[i]] = x[i] + 1.0


def summed(x: Array1D[u8], out: Array1D[u8]) -> int:
    total = 0
    for i in range(min(len(x), len(out))):
        out[i] = x[i] + u8(1)
        total += int(x[i])
    return total


def first_large(x: Array1D[f64], out: Array1D[f64]) -> int:
    for i in range(min(len(x), len(out))):
        out[i] = x[i]
        if x[i] > 90.0:
            return i
    return -1


@parallel
def scaled(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in prange(min(len(x), len(out))):
        out[i] = x[i] * 3.0


@parallel
def scaled_unchecked(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in prange(min(len(x), len(out)), unchecked=True):
        out[i] = x[i] * 3.0


@parallel
def brighter(x: Array2D[u8], out: Array2D[u8]) -> None:
    h, w = out.shape
    for i in prange(h):
        for j in range(w):
            out[i, j] = u8(min(int(x[i, j]) + 40, 255))


@native
def far(x: Array1D[u8], out: Array1D[u8], start: int, stop: int, base: int) -> None:
    for i in range(start, stop):
        out[i - base] = x[i - base] ^ u8(1)


def bytes_of(n):
    return (np.arange(n) * 37 % 251).astype(np.uint8)


COUNTS = [*range(0, 36), *range(60, 70), 95, 96, 97, 127, 128, 129, 200]
TOP = 2**63 - 1

CASES = [
    *(f"x = bytes_of({n}); out = np.zeros({n}, np.uint8); median(x, out); out" for n in COUNTS),
    *(f"x = bytes_of({n}); in_place(x); x" for n in COUNTS),
    *(f"x = bytes_of({n}); median(x, x); x" for n in COUNTS),
    *(f"x = bytes_of({n}); median(x[1:], x[:-1]); x" for n in (40, 70, 133)),
    *(f"x = bytes_of({n}); median(x[:-1], x[1:]); x" for n in (40, 70, 133)),
    *(f"x = bytes_of({n}); median(x[::-1], x); x" for n in (40, 70, 133)),
    *(f"x = np.arange({n}, dtype=np.int16); out = x * 0; thirds(x, out); out" for n in COUNTS),
    *(f"x = np.arange({n}, dtype=np.float32); out = x * 0; backwards(x, out); out" for n in COUNTS),
    *(f"x = np.arange({n}, dtype=np.float32); backwards(x, x); x" for n in (9, 20, 35)),
    *(
        f"x = np.arange({h * w}.0).reshape({h}, {w}); out = np.zeros(({h}, {w})); rows(x, out); out"
        for h in (0, 1, 3)
        for w in range(0, 24)
    ),
    "x = np.arange(400.0).reshape(20, 20); rows(x, x); x",
    "x = np.arange(400.0).reshape(20, 20).T; out = np.zeros((20, 20)); rows(x, out); out",
    "x = np.arange(400.0).reshape(20, 20); out = np.zeros((20, 40)); rows(x, out[:, ::2]); out",
    *(f"x = np.arange({n}.0) % 3 - 1; out = np.full({n}, 7.0); where(x, out); out" for n in COUNTS),
    *(f"out = np.zeros({n}, np.int64); counter(out, -5); out" for n in COUNTS),
    *(
        f"x = np.arange({n}, dtype=np.uint16); a = x * 0; b = x * 0; two_stores(x, a, b); a, b"
        for n in COUNTS
    ),
    *(f"x = np.arange({n}, dtype=np.uint16); a = x * 0; two_stores(x, a, a); a" for n in (17, 40)),
    *(
        f"x = np.arange({n}, dtype=np.uint16); b = x * 0; two_stores(x, x, b); x, b"
        for n in (17, 40)
    ),
    *(
        f"x = np.arange({n}.0); out = np.zeros(8); scattered(x, np.arange({n}) * 5 % 8, out); out"
        for n in COUNTS
    ),
    "x = np.arange(20.0); out = np.zeros(8); scattered(x, np.arange(20) % 9, out)",
    *(f"x = bytes_of({n}); out = x * 0; summed(x, out), out" for n in COUNTS),
    *(
        f"x = np.arange({n}.0); out = x * 0; first_large(x, out), out"
        for n in (50, 91, 92, 99, 130)
    ),
    *(f"x = np.arange({n}.0); out = x * 0; scaled(x, out); out" for n in COUNTS),
    *(f"x = np.arange({n}.0); out = x * 0; scaled_unchecked(x, out); out" for n in COUNTS),
    *(
        f"x = bytes_of({3 * w}).reshape(3, {w}); out = x * 0; brighter(x, out); out"
        for w in (1, 15, 33, 64, 90)
    ),
    *(
        f"x = bytes_of(150); out = x * 0; far(x, out, {start}, {stop}, {start}); out"
        for start, stop in (
            (TOP - 150, TOP),
            (TOP - 70, TOP),
            (-TOP - 1, -TOP + 130),
            (TOP - 64, TOP),
        )
    ),
]
