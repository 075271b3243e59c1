"""Loops on integers that stay scalar: what newer processors run in a form of its own."""

import numpy as np
from snek import Array1D, f64, i8, i32, i64, native, u8, u16, u32, u64


@native
def running(a: Array1D[i64], out: Array1D[i64], factor: int, less: int) -> int:
    """Raises in the middle: what was stored before stays."""
    total = 0
    for i in range(len(a)):
        total = total * factor
        out[3 * i] = total
        total = total + int(a[i])
        out[3 * i + 1] = total
        total = total - less
        out[3 * i + 2] = total
    return total


@native
def negated(a: Array1D[i64], out: Array1D[i64]) -> int:
    last = 0
    for i in range(len(a)):
        x = -int(a[i])
        out[i] = x
        x = abs(x)
        out[i] = x
        last = x - last
        out[i] = last
    return last


def outcome(function, *arguments):
    """What is returned, or the kind of the exception: CPython finds only when it stores that a number is too large."""
    try:
        return function(*arguments)
    except OverflowError:
        return "OverflowError"


@native
def divided(a: Array1D[i64], by: Array1D[i64], out: Array1D[i64]) -> int:
    total = 0
    for i in range(len(a)):
        q = int(a[i]) // int(by[i])
        out[i] = q
        total ^= q + int(a[i]) % int(by[i])
    return total


@native
def narrow(a: Array1D[i8], b: Array1D[u16], out: Array1D[i32]) -> int:
    x = i8(1)
    y = u16(1)
    for i in range(len(a)):
        x = i8(x * i8(3) + a[i])
        y = u16(y * u16(5) ^ (b[i] >> 3))
        out[i] = int(x) * 65536 + int(y) if a[i] < x else int(x // i8(7)) - int(y % u16(11))
    return int(x) + int(y)


@native
def mixed(a: Array1D[u32], b: Array1D[u64]) -> int:
    x = u32(1)
    y = u64(1)
    for i in range(len(a)):
        x = u32((x << 7 | x >> 25) ^ (a[i] & ~x))
        y = u64((y << 41 | y >> 23) + (b[i] & (~b[i] + u64(1))) + (y // u64(3)) % u64(10**9 + 7))
    return int(x) ^ int(y >> 1)


@native
def product(a: Array1D[u64], out: Array1D[u64]) -> None:
    x = u64(1)
    for i in range(len(a)):
        x = u64(x * a[i] + u64(0x1E3779B97F4A7C15))
        out[i] = x


@native
def sink(a: Array1D[i32]) -> int:
    """Exchanges without a branch: only what is exchanged is written."""
    n = len(a)
    steps = 0
    for last in range(n):
        for i in range(n - 1 - last):
            steps += 1
            if a[i] > a[i + 1]:
                a[i], a[i + 1] = a[i + 1], a[i]
    return steps


@native
def sink_floats(a: Array1D[f64], up: bool) -> None:
    n = len(a)
    for last in range(n):
        for i in range(n - 1 - last):
            if (a[i] > a[i + 1]) == up:
                a[i], a[i + 1] = a[i + 1], a[i]


@native
def from_both_ends(a: Array1D[f64], pivot: float, j: int) -> int:
    """Subscripts that go below zero count from the end, then raise."""
    i = 0
    while a[i] < pivot:
        i += 1
    while a[j] > pivot:
        j -= 1
    return i * 1000 + j


@native
def two_back(w: Array1D[u32]) -> None:
    for t in range(2, len(w)):
        w[t] = u32(w[t - 2] * u32(5) + w[t])


@native
def both_back(w: Array1D[i64]) -> int:
    for t in range(2, len(w)):
        w[t] = int(w[t - 2]) + int(w[t - 1])
    return int(w[len(w) - 1])


@native
def bits(a: Array1D[u8]) -> int:
    count = 0
    for i in range(len(a)):
        x = int(a[i])
        while x != 0:
            bit = x & -x
            x -= bit
            count += 1 if bit & 0x55 else 3
    return count


@native
def helped(n: int) -> int:
    total = 0
    for i in range(n):
        total += gcd(i * 7 + 3, n) * gcd(n, i)
    return total


@native
def gcd(a: int, b: int) -> int:
    while b != 0:
        a, b = b, a % b
    return a


M = 2**63 - 1
EDGES = np.array([0, 1, -1, 2, -2, 7, -9, 2**31, -(2**31), 2**62, -(2**62), M - 1, M, -M, -M - 1])

CASES = [
    *(
        f"a = np.array([3, {x}, {y}, 5]); out = np.zeros(12, np.int64); "
        f"outcome(running, a, out, {f}, {d})"
        for x in (0, 2**62, M, -M - 1)
        for y in (1, -1, M)
        for f in (0, 1, -1, 3)
        for d in (0, 1, -M)
    ),
    *(
        f"out = np.zeros(3, np.int64); outcome(negated, np.array([1, {x}, 2]), out)"
        for x in (M, -M, -M - 1)
    ),
    "out = np.zeros(15, np.int64); outcome(negated, EDGES, out)",
    *(
        f"a = EDGES.copy(); out = np.zeros(15, np.int64); "
        f"outcome(divided, a, np.full(15, {d}), out)"
        for d in (1, -1, 2, -3, 7, 10**9, M, -M - 1, 0)
    ),
    "by = np.array([5, 0, 3]); out = np.zeros(3, np.int64); divided(np.array([9, 9, 9]), by, out)",
    *(
        f"out = np.zeros({n}, np.int32); "
        f"narrow(laid('{way}', np.random.default_rng({n}).integers(-128, 128, {n}, np.int8))[0], "
        f"np.random.default_rng({n + 1}).integers(0, 65536, {n}, np.uint16), out)"
        for n in (0, 1, 40)
        for way in ("plain", "step2")
    ),
    *(
        f"mixed(np.random.default_rng({n}).integers(0, 2**32, {n}, np.uint32), "
        f"np.random.default_rng({n + 1}).integers(0, 2**64, {n}, np.uint64))"
        for n in (0, 1, 50)
    ),
    "out = np.zeros(9, np.uint64); product(np.arange(9, dtype=np.uint64) + np.uint64(2**63), out)",
    *(
        f"a = laid('{way}', np.random.default_rng({n}).integers(-9, 9, {n}, np.int32))[0]; sink(a)"
        for n in (0, 1, 2, 31)
        for way in ("plain", "step2", "reversed", "unaligned")
    ),
    *(
        f"a = np.array([3.0, nan, -0.0, 0.0, inf, 2.0, nan, -inf, 1.0]); sink_floats(a, {up})"
        for up in (True, False)
    ),
    *(
        f"from_both_ends(np.arange(6.0), {pivot}, {j})"
        for pivot in (-1.0, 0.0, 2.5, 9.0)
        for j in (5, 0, -1, -6, -7, 6)
    ),
    *(
        f"w = laid('{way}', np.arange({n}, dtype=np.uint32))[0]; two_back(w)"
        for n in (0, 1, 2, 3, 4, 20)
        for way in ("plain", "step2", "reversed")
    ),
    "base = np.arange(9, dtype=np.uint32); w = np.lib.stride_tricks.as_strided(base, (9,), (0,)); two_back(w)",
    *(f"w = np.ones({n}, np.int64); outcome(both_back, w)" for n in (1, 2, 3, 40, 92, 93, 95)),
    "bits(np.arange(256, dtype=np.uint8))",
    "helped(50)",
    "helped(0)",
]
