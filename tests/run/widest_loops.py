"""Loops with so much arithmetic that registers of 512 bits have lanes of their own, at all lengths around these."""

from math import sqrt

import numpy as np
from snek import Array1D, f32, f64, native, parallel, prange, u8


@native
def weights(v: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(out)):
        total = 0.0
        for j in range(len(v)):
            total += 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1) * v[j]
        out[i] = total


@parallel
def weights_of_rows(v: Array1D[f64], out: Array1D[f64], shift: int) -> None:
    for i in prange(len(out)):
        total = 0.0
        for j in range(len(v)):
            total += 1.0 / ((i + j) * (i + j + 1) // 2 + i + shift) * v[j]
        out[i] = total


@native
def products(x: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        z = float(x[i])
        a = z * 0.5 + 0.125
        b = z * 1.5 + 0.375
        c = z * -0.75 + -0.1875
        d = z * 2.5 + 0.625
        e = z * 0.25 + 0.0625
        f = z * -1.25 + -0.3125
        g = z * 3.5 + 0.875
        h = z * 0.625 + 0.15625
        p = a * b + c * d
        q = e * f + g * h
        r = a * d - b * e
        s = c * h - f * g
        out[i] = p * q + r * s


@native
def quotients(x: Array1D[f64], y: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(x)):
        z = float(x[i])
        a = z * 0.5 + 0.125
        b = z * 1.5 + 0.375
        c = z * -0.75 + -0.1875
        d = z * 2.5 + 0.625
        e = z * 0.25 + 0.0625
        f = z * -1.25 + -0.3125
        g = z * 3.5 + 0.875
        h = z * 0.625 + 0.15625
        p = a * b + c * d
        q = e * f + g * h
        r = a * d - b * e
        s = c * h - f * g
        out[i] = (p * q + r * s) / float(y[i])


@native
def singles(x: Array1D[f32], out: Array1D[f32]) -> None:
    for i in range(len(x)):
        z = x[i]
        a = z * f32(0.5) + f32(0.125)
        b = z * f32(1.5) + f32(0.375)
        c = z * f32(-0.75) + f32(-0.1875)
        d = z * f32(2.5) + f32(0.625)
        e = z * f32(0.25) + f32(0.0625)
        f = z * f32(-1.25) + f32(-0.3125)
        g = z * f32(3.5) + f32(0.875)
        h = z * f32(0.625) + f32(0.15625)
        p = a * b + c * d
        q = e * f + g * h
        r = a * d - b * e
        s = c * h - f * g
        out[i] = p * q + r * s


@native
def life(old: Array1D[u8], new: Array1D[u8], w: int) -> None:
    for i in range(w + 1, len(old) - w - 1):
        above = old[i - w - 1] + old[i - w] + old[i - w + 1]
        below = old[i + w - 1] + old[i + w] + old[i + w + 1]
        around = above + below + old[i - 1] + old[i + 1]
        corners = above + below - old[i - w] - old[i + w]
        sides = (around - corners) * (corners + 3) ^ (corners << 2) ^ (corners >> 1)
        alive = (around == 3) | ((around == 2) & (old[i] == 1)) | (sides > 20) & (corners < 3)
        if alive:
            new[i] = 1
        else:
            new[i] = 0


@native
def attraction(x: Array1D[f64], y: Array1D[f64], m: Array1D[f64], out: Array1D[f64]) -> None:
    n = len(x)
    for i in range(n):
        sum_x = 0.0
        sum_y = 0.0
        for j in range(n):
            dx = x[j] - x[i]
            dy = y[j] - y[i]
            square = dx * dx + dy * dy + 0.01
            force = m[j] / (square * sqrt(square))
            sum_x += dx * force
            sum_y += dy * force
        out[i] = sum_x - sum_y


LENGTHS = (0, 1, 3, 4, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 47, 64, 65, 70, 100)
CASES = [
    f"(weights(np.arange({m}) * 0.3, o := np.zeros({n})), o)" for m in (0, 1, 9) for n in LENGTHS
]
CASES += [
    f"(weights_of_rows(np.arange({m}) * 0.3, o := np.zeros({n}), {shift}), o)"
    for m in (1, 9)
    for n in LENGTHS
    for shift in (1, -45, 2**40)
]
CASES += [
    f"({name}(np.linspace(-0.9, 0.8, {n}, dtype={dtype}), o := np.zeros({n}, {dtype})), o)"
    for name, dtype in (("products", "'f8'"), ("singles", "'f4'"))
    for n in LENGTHS
]
# A division by zero somewhere.
CASES += [
    f"(quotients(np.linspace(-0.9, 0.8, {n}), y, o := np.zeros({n})), o)".replace(
        "y, o", f"(np.arange({n}) - {at}) * 0.5, o"
    )
    for n in LENGTHS
    for at in (-1, 0, 6, 8, 13, n - 1)
]
CASES += [
    f"(life((np.arange({n}) * 7 % 5 == 1).astype('u1'), o := np.zeros({n}, 'u1'), {w}), o)"
    for n in (*LENGTHS, 150, 300)
    for w in (1, 10)
]
CASES += [
    f"(attraction(x := np.linspace(0, 1, {n}), np.sin(x), x + 1, o := np.zeros({n})), o)"
    for n in LENGTHS
]
