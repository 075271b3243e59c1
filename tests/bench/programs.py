"""The programs of `make bench`.

One source for all: CPython runs it, `snekc` compiles it, and for Numba `worker.py` gives it
decorators of Numba's under the names of snek's.  Integers stay below 64 bits, so wrapping and
checked arithmetic give the same.
"""

from math import sqrt

from snek import Array1D, Array2D, f64, i32, i64, native, parallel, prange, u8


@native
def mandelbrot(out: Array2D[i32], limit: int) -> int:
    h, w = out.shape
    total = 0
    for y in range(h):
        ci = 3.0 * y / h - 1.5
        for x in range(w):
            cr = 3.0 * x / w - 2.0
            zr = 0.0
            zi = 0.0
            k = 0
            while k < limit and zr * zr + zi * zi <= 4.0:
                t = zr * zr - zi * zi + cr
                zi = 2.0 * zr * zi + ci
                zr = t
                k += 1
            out[y, x] = k
            total += k
    return total


@parallel
def mandelbrot_parallel(out: Array2D[i32], limit: int) -> int:
    h, w = out.shape
    total = 0
    for y in prange(h):
        ci = 3.0 * y / h - 1.5
        for x in range(w):
            cr = 3.0 * x / w - 2.0
            zr = 0.0
            zi = 0.0
            k = 0
            while k < limit and zr * zr + zi * zi <= 4.0:
                t = zr * zr - zi * zi + cr
                zi = 2.0 * zr * zi + ci
                zr = t
                k += 1
            out[y, x] = k
            total += k
    return total


@native
def sieve(flags: Array1D[u8]) -> int:
    n = len(flags)
    for i in range(n):
        flags[i] = 1
    i = 2
    while i * i < n:
        if flags[i] != 0:
            j = i * i
            while j < n:
                flags[j] = 0
                j += i
        i += 1
    count = 0
    for i in range(2, n):
        count += int(flags[i])
    return count


@native
def sieve_wrapping(flags: Array1D[u8]) -> int:
    """`sieve` on a type whose arithmetic is not checked."""
    n = i64(len(flags))
    k = i64(0)
    while k < n:
        flags[k] = 1
        k += i64(1)
    i = i64(2)
    while i * i < n:
        if flags[i] != 0:
            j = i * i
            while j < n:
                flags[j] = 0
                j += i
        i += i64(1)
    count = i64(0)
    k = i64(2)
    while k < n:
        count += i64(flags[k])
        k += i64(1)
    return int(count)


@native
def sieve_checked(flags: Array1D[u8]) -> int:
    """`sieve_wrapping`, loop for loop, on checked integers."""
    n = len(flags)
    k = 0
    while k < n:
        flags[k] = 1
        k += 1
    i = 2
    while i * i < n:
        if flags[i] != 0:
            j = i * i
            while j < n:
                flags[j] = 0
                j += i
        i += 1
    count = 0
    k = 2
    while k < n:
        count += int(flags[k])
        k += 1
    return count


@native
def collatz(n: int) -> int:
    longest = 0
    for start in range(1, n):
        x = start
        steps = 0
        while x != 1:
            if x % 2 == 0:
                x //= 2
            else:
                x = 3 * x + 1
            steps += 1
        longest = max(longest, steps)
    return longest


@parallel
def collatz_parallel(n: int) -> int:
    longest = 0
    for start in prange(1, n):
        x = start
        steps = 0
        while x != 1:
            if x % 2 == 0:
                x //= 2
            else:
                x = 3 * x + 1
            steps += 1
        longest = max(longest, steps)
    return longest


@native
def nbody(p: Array2D[f64], v: Array2D[f64], m: Array1D[f64], steps: int) -> float:
    n = len(m)
    dt = 0.01
    for _ in range(steps):
        for i in range(n):
            for j in range(i + 1, n):
                dx = p[i, 0] - p[j, 0]
                dy = p[i, 1] - p[j, 1]
                dz = p[i, 2] - p[j, 2]
                d2 = dx * dx + dy * dy + dz * dz
                mag = dt / (d2 * sqrt(d2))
                v[i, 0] -= dx * m[j] * mag
                v[i, 1] -= dy * m[j] * mag
                v[i, 2] -= dz * m[j] * mag
                v[j, 0] += dx * m[i] * mag
                v[j, 1] += dy * m[i] * mag
                v[j, 2] += dz * m[i] * mag
        for i in range(n):
            p[i, 0] += dt * v[i, 0]
            p[i, 1] += dt * v[i, 1]
            p[i, 2] += dt * v[i, 2]
    energy = 0.0
    for i in range(n):
        energy += 0.5 * m[i] * (v[i, 0] ** 2 + v[i, 1] ** 2 + v[i, 2] ** 2)
        for j in range(i + 1, n):
            dx = p[i, 0] - p[j, 0]
            dy = p[i, 1] - p[j, 1]
            dz = p[i, 2] - p[j, 2]
            energy -= m[i] * m[j] / sqrt(dx * dx + dy * dy + dz * dz)
    return energy


@native
def nbody_wrapping(p: Array2D[f64], v: Array2D[f64], m: Array1D[f64], steps: int) -> float:
    """`nbody_checked`, loop for loop, on a type whose arithmetic is not checked."""
    n = i64(len(m))
    one = i64(1)
    dt = 0.01
    for _ in range(steps):
        i = i64(0)
        while i < n:
            j = i + one
            while j < n:
                dx = p[i, 0] - p[j, 0]
                dy = p[i, 1] - p[j, 1]
                dz = p[i, 2] - p[j, 2]
                d2 = dx * dx + dy * dy + dz * dz
                mag = dt / (d2 * sqrt(d2))
                v[i, 0] -= dx * m[j] * mag
                v[i, 1] -= dy * m[j] * mag
                v[i, 2] -= dz * m[j] * mag
                v[j, 0] += dx * m[i] * mag
                v[j, 1] += dy * m[i] * mag
                v[j, 2] += dz * m[i] * mag
                j += one
            i += one
        i = i64(0)
        while i < n:
            p[i, 0] += dt * v[i, 0]
            p[i, 1] += dt * v[i, 1]
            p[i, 2] += dt * v[i, 2]
            i += one
    return float(p[0, 0])


@native
def nbody_checked(p: Array2D[f64], v: Array2D[f64], m: Array1D[f64], steps: int) -> float:
    n = len(m)
    dt = 0.01
    for _ in range(steps):
        i = 0
        while i < n:
            j = i + 1
            while j < n:
                dx = p[i, 0] - p[j, 0]
                dy = p[i, 1] - p[j, 1]
                dz = p[i, 2] - p[j, 2]
                d2 = dx * dx + dy * dy + dz * dz
                mag = dt / (d2 * sqrt(d2))
                v[i, 0] -= dx * m[j] * mag
                v[i, 1] -= dy * m[j] * mag
                v[i, 2] -= dz * m[j] * mag
                v[j, 0] += dx * m[i] * mag
                v[j, 1] += dy * m[i] * mag
                v[j, 2] += dz * m[i] * mag
                j += 1
            i += 1
        i = 0
        while i < n:
            p[i, 0] += dt * v[i, 0]
            p[i, 1] += dt * v[i, 1]
            p[i, 2] += dt * v[i, 2]
            i += 1
    return float(p[0, 0])


@native
def scalar(x: float) -> float:
    return x + 1.0


@native
def array(a: Array1D[f64], x: float) -> float:
    return x + 1.0
