"""The longest Collatz sequence."""

from snek import native, parallel, prange


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


def inputs(n):
    return (n,)


def right(value, given, after):
    return value == {300_000: 442}[given[0]]


ROWS = [
    {"what": "collatz", "inputs": (300_000,), "targets": {"best": 1.0, "numba": 1.1}},
    {
        "what": "collatz",
        "function": "collatz_parallel",
        "inputs": (300_000,),
        "targets": {"speedup": 1.85},
        "lacks": {"cython-parallel": "has no reduction by `max`"},
    },
]
SIZES = range(-1, 67)
