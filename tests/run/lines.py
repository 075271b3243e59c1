"""Subscripts whose lanes are a distance apart that is known only when the program runs: products by an argument."""

import numpy as np
from snek import Array1D, Array2D, f32, f64, i64, native, u8


@native
def column(a: Array1D[f64], out: Array1D[f64], n: int, j: int) -> None:
    for i in range(len(out)):
        out[i] = a[i * n + j] * 2.0


@native
def apart(a: Array1D[i64], out: Array1D[i64], step: int) -> None:
    for k in range(len(out)):
        x = a[k * step]
        out[k] = (x ^ 5) + (x & 3) - (x | 8) + (x ^ k) - (x & k)


@native
def to_places(a: Array1D[f32], out: Array1D[f32], step: int, at: int) -> None:
    for k in range(len(a)):
        x = a[k]
        out[at - k * step] = ((x * x + x) * x - x) * (x + x) * x


@native
def both(a: Array2D[f64], b: Array1D[f64], n: int, m: int) -> float:
    total = 0.0
    most = 0.0
    for i in range(len(b)):
        most = max(most, a[i * n, m] * b[i])
        b[i] = a[i * n + m, m - i * m] - b[i]
        total += b[i]
    return total + most


@native
def sometimes(a: Array1D[u8], out: Array1D[u8], step: int) -> int:
    found = 0
    for k in range(len(out)):
        if out[k] > 3:
            out[k] = a[k * step] ^ out[k]
            found += 1
    return found


@native
def dft(re: Array1D[f64], cosines: Array1D[f64], out: Array1D[f64]) -> None:
    n = len(re)
    for k in range(n):
        for j in range(n // 2):
            out[k] += re[j] * cosines[j * k // n]


@native
def wrapped(a: Array1D[i64], out: Array1D[i64], by: i64) -> None:
    for k in range(len(out)):
        x = a[i64(k) * by]
        out[k] = (x ^ 5) + (x & 3) - (x | 8) + (x ^ k) - (x & k)


def numbers(n):
    return np.arange(n) * 7 % 23 / 4


CASES = [
    f"(column(numbers({size}), out := np.zeros({count}), {n}, {j}), out)"
    for size in (0, 40, 97)
    for count in (1, 7, 16, 33)
    for n, j in (
        (0, 0),
        (1, 0),
        (3, 1),
        (5, -1),
        (-3, 96),
        (-3, -1),
        (-1, 20),
        (2**62, 1),
        (-(2**61), 3),
    )
]
CASES += [
    f"(apart(np.arange({size}), out := np.zeros({count}, np.int64), {step}), out)"
    for size in (1, 64)
    for count in (8, 21, 64)
    for step in (0, 1, 2, 3, -1, 63, 2**63 - 1, -(2**63), 2**60, 6148914691236517205)
]
CASES += [
    f"(to_places(np.arange({count}, dtype=np.float32), out := np.zeros(70, np.float32), {step}, {at}), out)"
    for count in (5, 16, 35)
    for step in (0, 1, 2, -2, 13)
    for at in (0, 69, 34, -1)
]
CASES += [
    f"(both(numbers({40 * 9}).reshape(40, 9), b := numbers({count}), {n}, {m}), b)"
    for count in (4, 9, 20)
    for n, m in ((0, 0), (1, 1), (2, 0), (4, 3), (-1, 2), (2, 8))
]
CASES += [
    f"(sometimes(np.arange({size}, dtype=np.uint8), out := np.arange(50, dtype=np.uint8) % 7, {step}), out)"
    for size in (60, 50, 150)
    for step in (0, 1, 2, 3, -1, -3)
]
CASES += [
    f"(dft(numbers({n}), np.cos(np.arange({n})), out := np.zeros({n})), out)"
    for n in (1, 8, 19, 40)
]
CASES += [
    f"(apart(a := np.arange(99), a[{part}], {step}), a)"
    for part in ("50:", "::2", "::-1", "1:40")
    for step in (0, 1, 2, -1)
]
CASES += [
    f"(wrapped(np.arange(40), out := np.zeros({count}, np.int64), {by}), out)"
    for count in (4, 5, 16, 24)
    for by in (0, 1, 2, 2**62, 2**61, 2**60, -(2**63), 6148914691236517205, 2**63 - 1)
]
