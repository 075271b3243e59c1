"""Loops that lanes run in two rounds, around an element that one iteration stores and others load, and leave by `break`."""

import numpy as np
from snek import Array1D, i64, native


@native
def added(a: Array1D[i64], stops: Array1D[bool], k: int) -> int:
    total = 0
    for j in range(len(a)):
        if stops[j]:
            break
        total += int(a[k])
        a[j] = a[j] * 3 + a[k]
    return total


@native
def place(a: Array1D[i64], stops: Array1D[bool], k: int) -> int:
    at = -1
    for j in range(len(a)):
        if stops[j]:
            at = j
            break
        a[j] = a[j] ^ a[k]
    return at


@native
def each(a: Array1D[i64], stops: Array1D[bool]) -> int:
    runs = 0
    for k in range(len(a)):
        for j in range(1, len(a)):
            if stops[j]:
                break
            if a[j] > 10**9:
                raise ValueError(j)
            a[j] = a[j] + a[k] % 3
            runs += 1
    return runs


def stops(n, *at):
    found = np.zeros(n, bool)
    found[list(at)] = True
    return found


CASES = [
    f"({name}(a := np.arange(1, {n + 1}), stops({n}, *{at}), {k}), a)"
    for name in ("added", "place")
    for n in (1, 5, 16, 41)
    for at in ((), (0,), (n // 2,), (n - 1,))
    for k in (0, n // 3, n // 2, n - 1, -1, n)
]
CASES += [
    f"(each(a := np.arange({n}) * 7, stops({n}, *{at})), a)"
    for n in (1, 9, 30, 67)
    for at in ((), (0,), (n // 2,), (n - 1,))
]
CASES += [
    "(a := np.arange(40), a.__setitem__(33, 10**10), each(a, stops(40, 39)))",
    "each(np.arange(9), stops(4))",
]
