"""Calls: Fibonacci's numbers, by their definition."""

from snek import native


@native
def fib(n: int) -> int:
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def inputs(n):
    return (n,)


def right(value, given, after):
    return value == {35: 9_227_465}[given[0]]


ROWS = [{"what": "fib(35)", "inputs": (35,), "targets": {"numba": 0.4, "c": 1.1}}]
SIZES = range(-2, 16)
