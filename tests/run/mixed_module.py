"""A module that is not all native: classes, f-strings, foreign decorators stay Python."""

import functools
from dataclasses import dataclass

# python: cached, describe, greet

LIMIT = 5


@dataclass
class Point:
    x: int
    y: int


class Counter:
    total = 0

    def add(self, n: int) -> int:
        self.total += twice(n)
        return self.total


def twice(n: int) -> int:
    """Two times `n`."""
    return n * 2


@functools.lru_cache
def cached(n: int) -> int:
    return twice(n) + 1


def describe(p: Point) -> str:
    return f"({p.x}, {p.y})"


def greet(name: str) -> str:
    return f"hello {name}"


def limited(n: int) -> int:
    return min(n, LIMIT)


def unannotated(a, b):
    return a + b


if LIMIT > 3:
    LATER = twice(LIMIT)

CASES = [
    "twice(4)",
    "cached(4), cached.cache_info().hits",
    "describe(Point(1, 2))",
    "greet('you')",
    "c = Counter(); c.add(3); v = c.add(4); c = None; v",
    "limited(3), limited(30)",
    "unannotated('a', 'b'), unannotated(1, 2)",
    "LATER",
    "twice.__doc__, twice.__name__, twice.__qualname__",
    "__import__('inspect').signature(limited).__str__()",
]
