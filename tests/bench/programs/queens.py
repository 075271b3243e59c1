"""Calls: in how many ways n queens fit on a board."""

from snek import native


@native
def queens(n: int, columns: int, left: int, right: int) -> int:
    if columns == (1 << n) - 1:
        return 1
    count = 0
    free = ((1 << n) - 1) & ~(columns | left | right)
    while free != 0:
        bit = free & -free
        free -= bit
        count += queens(n, columns | bit, (left | bit) << 1, (right | bit) >> 1)
    return count


def inputs(n):
    return n, 0, 0, 0


def right(value, given, after):
    return value == {10: 724}[given[0]]


ROWS = [{"what": "10 queens", "inputs": (10,), "targets": {"numba": 0.4, "c": 1.1}}]
SIZES = range(0, 7)
CASES = ["queens(-1, 0, 0, 0)"]
