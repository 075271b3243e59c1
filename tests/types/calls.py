"""Arguments, overloads, the standard library."""

import math
from math import sin as sine

from snek import Array1D, Array2D, f32, f64, i64, native, u8

LIMIT = 10
SCALE = 2.0 * math.pi
PAIR = (1, 2.5)
BAD = [1, 2]


def plain(a: int, b: float = 1, *, c: bool = False) -> float:
    return a + b + c


def only(a: int, /, b: int) -> int:
    return a + b


@native
def arguments(n: int) -> None:
    reveal_type(plain(n))  # revealed: float
    plain(n, c=True, b=n)
    plain(b=2.0, a=n)
    plain()  # error: T003 "plain() missing 1 required positional argument: 'a'"
    plain(1, 2, True)  # error: T003 "plain() takes from 1 to 2 positional arguments but 3 were given"
    plain(1, d=3)  # error: T003 "plain() got an unexpected keyword argument 'd'"
    plain(1, a=3)  # error: T003 "plain() got multiple values for argument 'a'"
    plain(1.5)  # error: T015
    only(a=1, b=2)  # error: T003 "positional-only"
    only(*(1, 2))
    only(1, *(2, 3))  # error: T003 "takes 2 positional arguments but 3 were given"


@native
def builtins(n: int, x: float, z: complex, b: bool, u: u8, d: f64, s: f32, a: Array1D[u8], m: Array2D[f64]) -> None:
    reveal_type(abs(n))  # revealed: int
    reveal_type(abs(b))  # revealed: int
    reveal_type(abs(z))  # revealed: float
    reveal_type(abs(u))  # revealed: u8
    reveal_type(abs(s))  # revealed: f32
    reveal_type(min(n, 3, 5))  # revealed: int
    reveal_type(max(x, d))  # revealed: f64
    reveal_type(min(a))  # revealed: u8
    reveal_type(min((3, 1, 2)))  # revealed: int
    reveal_type(sum(a))  # revealed: u8
    reveal_type(sum((1, 2.0)))  # revealed: float
    reveal_type(round(x))  # revealed: int
    reveal_type(round(x, 2))  # revealed: float
    reveal_type(round(d, 2))  # revealed: f64
    reveal_type(round(n))  # revealed: int
    reveal_type(divmod(n, 2))  # revealed: tuple[int, int]
    reveal_type(divmod(x, n))  # revealed: tuple[float, float]
    reveal_type(divmod(u, 2))  # revealed: tuple[u8, u8]
    reveal_type(pow(n, 2, 5))  # revealed: int
    reveal_type(pow(x, 2.0))  # revealed: float
    reveal_type(len(a))  # revealed: int
    reveal_type(len((1, 2)))  # revealed: int
    reveal_type(any((n, x)))  # revealed: bool
    reveal_type(all(a))  # revealed: bool
    reveal_type(int(x))  # revealed: int
    reveal_type(float("inf"))  # revealed: float
    reveal_type(bool(n))  # revealed: bool
    reveal_type(complex(n, x))  # revealed: complex
    reveal_type(u8(n))  # revealed: u8
    reveal_type(f32(x))  # revealed: f32
    reveal_type(z.real)  # revealed: float
    reveal_type(z.conjugate())  # revealed: complex
    reveal_type(n.bit_length())  # revealed: int
    reveal_type(u.item())  # revealed: int
    reveal_type(m.shape)  # revealed: tuple[int, int]
    reveal_type(m.shape[0])  # revealed: int
    reveal_type(m.size * m.ndim)  # revealed: int
    reveal_type(m[0])  # revealed: Array1D[f64]
    reveal_type(m[0, 1])  # revealed: f64
    reveal_type(m[0][1])  # revealed: f64
    reveal_type(m[0, :])  # revealed: Array1D[f64]
    max(0, x)  # error: T014
    min(z, z)  # error: T004
    abs()  # error: N001 "with 0 arguments"
    len(n)  # error: T005
    int(z)  # error: T004


@native
def mathematics(n: int, x: float, u: u8, d: f64) -> None:
    reveal_type(math.sqrt(n))  # revealed: float
    reveal_type(math.sqrt(d))  # revealed: float
    reveal_type(sine(u))  # revealed: float
    reveal_type(math.floor(x))  # revealed: int
    reveal_type(math.floor(n))  # revealed: int
    reveal_type(math.gcd(n, 4, 6))  # revealed: int
    reveal_type(math.frexp(x))  # revealed: tuple[float, int]
    reveal_type(math.log(x, 2))  # revealed: float
    reveal_type(math.hypot(x, n))  # revealed: float
    reveal_type(math.dist((x, n), (0, 0)))  # revealed: float
    reveal_type(math.isclose(x, 1, rel_tol=0.5))  # revealed: bool
    reveal_type(math.comb(n, 2))  # revealed: int
    reveal_type(math.pi)  # revealed: float
    reveal_type(math.inf)  # revealed: float
    reveal_type(LIMIT)  # revealed: int
    reveal_type(SCALE)  # revealed: float
    reveal_type(PAIR)  # revealed: tuple[int, float]
    math.sqrtt(x)  # error: T006
    math.sqrt("a")  # error: N001 "calls `sqrt` with `str`"
    math.sqrt(1j)  # error: T003
    math.sqrt(1, 2)  # error: T003
    math.fsum((x, x))  # error: N001 "calls `fsum` with `tuple[float, float]`"
    math.cosine(x)  # error: T006 "`math` has nothing named `cosine`"
    math.pi()  # error: T009
    print(BAD)  # error: N001 "uses the module's variable `BAD`"


@native
def iteration(a: Array1D[i64], m: Array2D[u8], n: int) -> None:
    for i, x in enumerate(a, 1):
        reveal_type(i)  # revealed: int
        reveal_type(x)  # revealed: i64
    for p, (q, r) in zip(a, enumerate(m)):
        reveal_type(r)  # revealed: Array1D[u8]
    for pair in zip(a, range(n)):
        reveal_type(pair)  # revealed: tuple[i64, int]
    for row in m:
        b, c = row
        reveal_type(b)  # revealed: u8
    for k in (1, 2, 3):
        reveal_type(k)  # revealed: int
    for k2 in reversed(range(n)):
        reveal_type(k2)  # revealed: int
    for bad in n:  # error: T008
        pass
    for mixed in (1, 2.0):  # error: T014
        pass
    for i in range(1.5):  # error: T005
        pass
    (d, e), f = (1, 2.0), n
    reveal_type(e)  # revealed: float
    g, h = 1, 2, 3  # error: T011

