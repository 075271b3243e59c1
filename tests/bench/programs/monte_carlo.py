"""Pi by chance, with a linear congruential generator."""

from snek import native


@native
def monte_carlo(n: int, seed: int) -> float:
    inside = 0
    for _ in range(n):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        x = seed / 2147483648.0
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        y = seed / 2147483648.0
        if x * x + y * y <= 1.0:
            inside += 1
    return 4.0 * inside / n


def inputs(n, seed=42):
    return n, seed


def right(value, given, after):
    return abs(value - 3.1416) < 0.01


ROWS = [{"what": "LCG Monte Carlo", "inputs": (5_000_000,), "targets": {"best": 1.0}}]
SIZES = range(68)
