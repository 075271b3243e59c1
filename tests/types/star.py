"""A star import of anything may hide almost everything."""

from os.path import *


def f(n: int) -> int:  # help: N003 "calls `abs`, which may come from a `from ... import *`"
    return abs(n)
