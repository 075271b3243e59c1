"""`snek.random`: the same numbers both ways, on any number of threads."""

import snek
from snek import Array1D, Array2D, f64, native, parallel, prange, random
from snek.random import integer, uniform


@native
def stream(seed: int, i: int) -> int:
    return random.stream(seed, i)


@native
def bits(s: int, k: int) -> int:
    return snek.random.bits(s, k)


@native
def floats(s: int, k: int) -> float:
    return uniform(s, k)


@native
def dice(s: int, k: int, stop: int) -> int:
    return integer(s, k, stop)


@parallel
def fill(seed: int, out: Array2D[f64]) -> None:
    for i in prange(out.shape[0]):
        s = random.stream(seed, i)
        for k in range(out.shape[1]):
            out[i, k] = random.uniform(s, k)


@parallel
def pi(seed: int, n: int) -> float:
    hits = 0
    for i in prange(n):
        s = random.stream(seed, i)
        x = random.uniform(s, 0)
        y = random.uniform(s, 1)
        if x * x + y * y < 1.0:
            hits += 1
    return 4.0 * hits / n


@parallel
def walk(seed: int, ends: Array1D[f64], steps: int) -> None:
    for i in prange(len(ends)):
        s = random.stream(seed, i)
        at = 0
        for k in range(steps):
            at += 2 * random.integer(s, k, 2) - 1
        ends[i] = float(at)


SEEDS = (0, 1, -1, 12345, 2**63 - 1, -(2**63))
CASES = [
    # Salmon et al.'s own test vectors, through bits of the output.
    "stream(0, 0) & 0xFFFFFFFF == 0x6B200159 and (stream(0, 0) >> 32) & 0xFFFFFFFF == 0x99BA4EFE",
    "stream(-1, -1) & 0xFFFFFFFF == 0x1CB996FC and (stream(-1, -1) >> 32) & 0xFFFFFFFF == 0xBB002BE7",
    *(f"stream({seed}, {i})" for seed in SEEDS for i in SEEDS),
    *(f"bits({seed}, {k})" for seed in SEEDS for k in (0, 1, 2**40)),
    *(f"floats({seed}, {k})" for seed in SEEDS for k in (0, 1, -7)),
    *(f"dice({seed}, {k}, {stop})" for seed in SEEDS for k in (0, 9) for stop in (1, 2, 6, 2**31)),
    *(f"dice(1, 1, {stop})" for stop in (0, -5, 2**31 + 1)),
    "out = np.zeros((300, 7)); fill(42, out)",
    "out = np.zeros((300, 7)); fill(42, out[::-1])",
    "out = np.zeros((0, 7)); fill(42, out)",
    "pi(7, 5000)",
    "ends = np.zeros(50); walk(3, ends, 40)",
]
