"""Floats between limits that are known: conversions that need not ask, and those that must."""

import numpy as np
from snek import Array1D, f32, f64, i8, native, u8


def clamped(x: Array1D[f64], out: Array1D[u8]) -> None:
    for i in range(min(len(x), len(out))):
        out[i] = u8(int(min(max(x[i] * 255.0, 0.0), 255.0)))


def clamped_other_way(x: Array1D[f64], out: Array1D[u8]) -> None:
    for i in range(min(len(x), len(out))):
        out[i] = u8(int(max(min(255.0, x[i]), 0.0)))


def a_little_too_large(x: Array1D[f64], out: Array1D[u8]) -> None:
    for i in range(min(len(x), len(out))):
        out[i] = u8(int(min(max(x[i], 0.0), 256.0)))


def a_little_too_small(x: Array1D[f64], out: Array1D[u8]) -> None:
    for i in range(min(len(x), len(out))):
        out[i] = u8(int(min(max(x[i], -1.0), 255.0)))


def without_nan(x: Array1D[f32], out: Array1D[u8]) -> None:
    for i in range(min(len(x), len(out))):
        v = x[i]
        if not (v > 0.0):
            v = f32(0.0)
        if v > 1.0:
            v = f32(1.0)
        out[i] = u8(int(v * f32(255.0)))


def with_nan(x: Array1D[f64], out: Array1D[u8]) -> None:
    for i in range(min(len(x), len(out))):
        v = x[i]
        if v < 0.0:
            v = f64(0.0)
        if v > 200.0:
            v = f64(200.0)
        out[i] = u8(int(v))


def blended(a: Array1D[u8], b: Array1D[u8], out: Array1D[u8]) -> None:
    for i in range(min(len(a), len(b), len(out))):
        out[i] = u8(int(int(a[i]) * 0.25 + int(b[i]) * 0.75))


def blended_too_far(a: Array1D[u8], b: Array1D[u8], out: Array1D[u8]) -> None:
    for i in range(min(len(a), len(b), len(out))):
        out[i] = u8(int(int(a[i]) * 0.25 + int(b[i]) * 0.76))


def signed(a: Array1D[u8], out: Array1D[i8]) -> None:
    for i in range(min(len(a), len(out))):
        out[i] = i8(int(127.5 - int(a[i])))


def halves(a: Array1D[u8], b: Array1D[u8], out: Array1D[f64]) -> None:
    for i in range(min(len(a), len(b), len(out))):
        out[i] = int(a[i]) / (int(b[i]) + 1)


@native
def compared(x: float, k: int) -> int:
    y = k * 0.5
    n = 0
    if x * 0.0 == x * 0.0:
        n += 1
    if abs(x) >= 0.0:
        n += 2
    if y == y:
        n += 4
    if -abs(x) > 0.0:
        n += 8
    return n


def huge(n: int) -> float:
    x = 1e200
    y = float(n)
    total = 0.0
    for i in range(n):
        total += x * x - y * 1e300 * 1e300
    return total


VALUES = [
    0.0,
    -0.0,
    0.5,
    1.0,
    254.999,
    255.0,
    255.5,
    255.999,
    256.0,
    -0.5,
    -0.999,
    -1.0,
    1e300,
    -1e300,
]

CASES = [
    *(
        f"x = np.array([{', '.join(map(repr, VALUES))}] * 3); out = np.zeros(len(x), np.uint8); {function}(x, out); out"
        for function in ("clamped", "clamped_other_way", "with_nan")
    ),
    *(
        f"x = np.full(20, 7.0); x[13] = {value}; out = np.zeros(20, np.uint8)\n"
        f"try: {function}(x, out)\nexcept (OverflowError, ValueError) as e: print(e)\nout"
        for function in (
            "clamped",
            "clamped_other_way",
            "a_little_too_large",
            "a_little_too_small",
            "with_nan",
        )
        for value in (0.0, 255.5, 256.0, 300.0, -0.5, -1.0, -7.0, "inf", "-inf", "nan")
    ),
    *(
        f"x = np.full(20, 7.0); x[13] = {value}; a_little_too_large(x, np.zeros(20, np.uint8))"
        for value in (256.0, "nan")
    ),
    *(
        f"x = np.full(20, 0.3, np.float32); x[13] = {value}; out = np.zeros(20, np.uint8); without_nan(x, out); out"
        for value in (0.0, 1.0, 2.0, -1.0, "inf", "-inf", "nan", 0.99999994)
    ),
    "a = np.arange(256, dtype=np.uint8); out = a * 0; blended(a, a[::-1].copy(), out); out",
    "a = np.arange(256, dtype=np.uint8); out = a * 0; blended(a, a, out); out",
    "a = np.full(9, 255, np.uint8); out = a * 0; blended_too_far(a, a, out)",
    "a = np.arange(256, dtype=np.uint8); out = np.zeros(256, np.int8); signed(a, out); out",
    "a = np.arange(256, dtype=np.uint8); out = np.zeros(256); halves(a, a[::-1].copy(), out); out",
    *(
        f"compared({x}, {k})"
        for x in (0.0, -0.0, 1.0, "nan", "inf", "-inf")
        for k in (0, -3, 2**62)
    ),
    *(f"huge({n})" for n in range(4)),
]
