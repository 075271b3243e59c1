# Choices and reductions of the user's.
# run: nearest(5, 12)
# run: nearest(0, 3)
# run: last(40)
# run: joined(9)

from snek import prange, reduction


def nearest(n: int, x: int) -> tuple[int, int]:
    best = 1000
    where = -1
    for i in prange(n):
        d = abs(i * i - x)
        if d < best:
            best = d
            where = i
    return best, where


def last(n: int) -> tuple[int, float]:
    best = -1
    where = 0.5
    for i in prange(n):
        if i % 7 >= best:
            best, where = i % 7, i * 2.0
    return best, where


def both(a: tuple[int, float], b: tuple[int, float]) -> tuple[int, float]:
    return a[0] + b[0], a[1] * b[1]


pair = reduction((0, 1.0), both)


def joined(n: int) -> tuple[int, float]:
    acc = (0, 1.0)
    for i in prange(n):
        acc = pair(acc, (i, 2.0))
    return acc
