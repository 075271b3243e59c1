"""What stays Python, and why."""

import os
import functools
from dataclasses import dataclass

import snek
from snek import native, parallel, prange, Array1D, f64

counter = 0


@dataclass
class Point:
    x: float

    def norm(self) -> float:
        return self.x

    @native
    def method(self) -> float:  # error: N005
        return 1.0


def bump() -> int:  # help: N003 "declares `counter` global"
    global counter
    counter += 1
    return counter


def text(n: int) -> str:  # help: N003
    return f"{n}"


def evaluate(n: int) -> int:  # help: N003 "`evaluate` stays Python: it uses `eval` (line 36)"
    return eval("n")


def calls_evaluate(n: int) -> int:  # help: N003 "calls `evaluate`, which stays Python"
    return evaluate(n) + 1


def calls_caller(n: int) -> int:  # help: N003 "calls `calls_evaluate`, which stays Python"
    return calls_evaluate(n)


@native
def must(n: int) -> int:
    return evaluate(n)  # error: N004 "`must` is `@native`, but it calls `evaluate`, which stays Python"


@snek.parallel()
def must_too(n: int) -> int:
    with open("x") as f:  # error: N001 "uses `with`"
        pass
    return n


@functools.cache
def cached(n: int) -> int:  # help: N003 "is decorated with `functools.cache`"
    return n


@native
@functools.cache  # error: N001
def native_cached(n: int) -> int:
    return n


@native
def many(n: int) -> int:
    a = [1, 2]  # error: N001 "makes a list"
    b = {1: 2}  # error: N001 "makes a dict"
    c = lambda: 1  # error: N001 "uses a lambda"
    d = "a" + "b"  # error: N001
    e = sum(x for x in (1, 2))  # error: N001 "generator expression"
    os.getpid()  # error: N001 "imported from `os`"
    p = Point(1.0)  # error: N001 "makes an object of the class `Point`"
    open("x")  # error: N001 "uses `open`"
    undefined(n)  # error: T001
    prnt(n)  # error: T001

    def inner() -> int:  # error: N001
        return 1

    try:  # error: N001 "uses `try`"
        pass
    except ValueError:
        pass
    return n


async def coroutine(n: int) -> int:  # help: N003 "is a coroutine"
    return n


def generator(n: int) -> int:  # help: N003 "is a generator"
    yield n


def variadic(*args: int) -> int:  # help: N003
    return 1


def unannotated(x):
    return eval(x)


@native
def raises(n: int) -> int:
    if n == 1:
        raise ValueError("one", n)
    elif n == 2:
        raise KeyError
    elif n == 3:
        raise Point(1.0)  # error: N001 "no builtin exception"
    elif n == 4:
        raise ValueError(f"{n}")  # error: N001 "f-string"
    assert n > 0, "message"
    return n


if counter:

    def conditional(n: int) -> int:
        return n


def default_python(n: int, m: int = counter) -> int:
    return n + m


def calls_default(n: int) -> int:  # help: N003 "default of `m`"
    return default_python(n)
