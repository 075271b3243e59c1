"""Calls: Ackermann's function."""

from snek import native


@native
def ackermann(m: int, n: int) -> int:
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def inputs(m, n=3):
    return m, n


def right(value, given, after):
    return value == {(3, 9): 4093}[tuple(given)]


ROWS = [{"what": "ackermann(3, 9)", "inputs": (3, 9), "targets": {"numba": 0.4, "c": 1.1}}]
SIZES = range(0, 4)
CASES = ["ackermann(2, 20)"]
