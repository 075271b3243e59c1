"""The fast Fourier transform of 2**k points, in place."""

import numpy as np
from snek import Array1D, f64, native


@native
def fft(re: Array1D[f64], im: Array1D[f64], cosines: Array1D[f64], sines: Array1D[f64]) -> None:
    n = len(re)
    j = 0
    for i in range(1, n):
        bit = n >> 1
        while j & bit != 0:
            j ^= bit
            bit >>= 1
        j ^= bit
        if i < j:
            re[i], re[j] = re[j], re[i]
            im[i], im[j] = im[j], im[i]
    half = 1
    while half < n:
        step = n // (2 * half)
        for start in range(0, n, 2 * half):
            for k in range(half):
                c = cosines[k * step]
                s = sines[k * step]
                a = start + k
                b = a + half
                x = re[b] * c - im[b] * s
                y = re[b] * s + im[b] * c
                re[b] = re[a] - x
                im[b] = im[a] - y
                re[a] += x
                im[a] += y
        half *= 2


def inputs(n):
    random = np.random.default_rng(n)
    angles = -2 * np.pi * np.arange(n // 2) / max(n, 1)
    return random.random(n), random.random(n), np.cos(angles), np.sin(angles)


def right(value, given, after):
    return np.allclose(after[0] + 1j * after[1], np.fft.fft(given[0] + 1j * given[1]))


ROWS = [{"what": "FFT radix-2", "inputs": (2**16,), "targets": {"best": 1.0}}]
# Others than powers of two give other exceptions, at the same places.
SIZES = range(0, 68)
