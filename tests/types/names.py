"""What names stand for."""

import math as m
from math import *
from typing import TYPE_CHECKING, Final

import snek
from snek import *

if TYPE_CHECKING:
    from numpy import float64

N = 4
M = N * 2 + 1
HALF: float = N // 2
SMALL: Final = u8(7)
DEEP = (N, (1.5, True), None)
NEGATIVE = -(2**62) * 2
INFINITE = float("-inf")
BITS = 1 << 10 | 3
changed = 1
changed = 2
first, second = 1, 2
table = [1, 2]
Scalar = f32


def function(n: int) -> int:
    return n


alias = function


@native
def constants(n: int) -> None:
    reveal_type(M)  # revealed: int
    reveal_type(HALF)  # revealed: float
    reveal_type(SMALL)  # revealed: u8
    reveal_type(DEEP)  # revealed: tuple[int, tuple[float, bool], None]
    reveal_type(NEGATIVE)  # revealed: int
    reveal_type(INFINITE)  # revealed: float
    reveal_type(BITS)  # revealed: int
    reveal_type(m.tau)  # revealed: float
    reveal_type(sin(n))  # revealed: float
    reveal_type(pow(n, 2))  # revealed: float
    reveal_type(Scalar(1))  # revealed: f32
    reveal_type(len(range(n)) + sum(range(1, n, 2)))  # revealed: int
    for i in prange(n):
        pass


@native
def unknown(n: int) -> None:
    print(changed)  # error: N001 "`changed`, which is assigned more than once"
    print(first)  # error: N001 "assigned together with other names"
    print(table)  # error: N001 "known only at run time"
    print(function)  # error: N001 "uses the function `function` as a value"
    alias(n)  # error: N001 "calls the module's variable `alias`"
    print(m)  # error: N001 "uses the module `m` as a value"
    m.floor  # error: N001
    snek.zeros(3)  # error: N001
    functoin(n)  # error: T001
