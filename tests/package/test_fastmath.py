"""`fastmath=True`: what may change, and what may not."""

import math
import random

import numpy as np

SOURCE = """
from snek import Array1D, f64, native

@native{option}
def dot(a: Array1D[f64], b: Array1D[f64]) -> float:
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total

@native{option}
def fused(a: Array1D[f64], b: Array1D[f64], c: Array1D[f64]) -> None:
    for i in range(len(a)):
        c[i] = a[i] * b[i] + c[i]
"""
STRICT, FAST = (SOURCE.format(option=option) for option in ("()", "(fastmath=True)"))


def test_products_are_fused_only_where_asked(snekc, write):
    write("strict.py", STRICT)
    write("fast.py", FAST)
    assert "vfmadd" not in snekc("build", "--emit", "asm", "strict.py").stdout
    assert "vfmadd231pd" in snekc("build", "--emit", "asm", "fast.py").stdout


def test_strict_results_are_pythons(compiled):
    strict = compiled(STRICT)
    random.seed(1)
    a, b = (np.array([random.gauss(0, 1) for _ in range(1001)]) for _ in range(2))
    assert strict.dot(a, b) == strict.dot.__wrapped__(a, b)
    # Once rounded this is -2**-60, twice rounded 0.
    c = np.full(67, -1.0)
    strict.fused(np.full(67, 1 + 2**-30), np.full(67, 1 - 2**-30), c)
    assert (c == 0).all()


def test_fast_results_are_close(compiled):
    fast = compiled(FAST)
    random.seed(1)
    for n in (0, 1, 7, 64, 67, 1001):
        a, b = (np.array([random.gauss(0, 1) for _ in range(n)]) for _ in range(2))
        exact = math.fsum(a * b)
        assert abs(fast.dot(a, b) - exact) <= 1e-15 * n * math.fsum(abs(a * b)) / max(n, 1) * 8
    c = np.full(67, -1.0)
    fast.fused(np.full(67, 1 + 2**-30), np.full(67, 1 - 2**-30), c)
    assert np.isin(c, [0, -(2.0**-60)]).all()


def test_options_that_do_not_exist(snekc, write):
    write("wrong.py", SOURCE.format(option="(fast=True)"))
    result = snekc("build", "wrong.py")
    assert result.returncode == 1
    assert "error[T003]" in result.stderr and "`strict_math`, `fastmath`" in result.stderr
    write("wrong.py", SOURCE.format(option="(fastmath=1)"))
    result = snekc("build", "wrong.py")
    assert result.returncode == 1 and "write `True` or `False`" in result.stderr
