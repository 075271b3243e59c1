"""Pi by chance: each iteration has a linear congruential generator of its own."""

from snek import parallel, prange


@parallel
def parallel_monte_carlo(games: int, throws: int) -> float:
    inside = 0
    for game in prange(games):
        seed = (game * 7919 + 42) & 0x7FFFFFFF
        for _ in range(throws):
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            x = seed / 2147483648.0
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            y = seed / 2147483648.0
            if x * x + y * y <= 1.0:
                inside += 1
    return 4.0 * inside / (games * throws)


def inputs(games, throws=20):
    return games, throws


def right(value, given, after):
    return abs(value - 3.1416) < 0.01


ROWS = [{"what": "LCG Monte Carlo", "inputs": (4_000, 1_000), "targets": {"speedup": 1.85}}]
SIZES = range(68)
