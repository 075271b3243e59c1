"""Random numbers that depend on nothing but a seed and two numbers.

The numbers of an iteration are the same whatever thread runs it, in whatever
order, compiled or in CPython:

    from snek import parallel, prange, random

    @parallel
    def pi(seed: int, n: int) -> float:
        hits = 0
        for i in prange(n):
            stream = random.stream(seed, i)
            x = random.uniform(stream, 0)
            y = random.uniform(stream, 1)
            if x * x + y * y < 1.0:
                hits += 1
        return 4.0 * hits / n

A stream is an int, and ``uniform(stream, k)`` is its ``k``-th number: nothing
is stored, so nothing is shared.  Behind it is Threefry-2x32 with 20 rounds
(Salmon et al., SC 2011).  A seed has 2**64 streams, which all differ.

Not for secrets.
"""

__all__ = ["bits", "integer", "stream", "uniform"]


def _rotated(x: int, count: int) -> int:
    return ((x << count) | (x >> (32 - count))) & 0xFFFFFFFF


def _four_rounds(
    a: int, b: int, first: int, second: int, third: int, fourth: int
) -> tuple[int, int]:
    a = (a + b) & 0xFFFFFFFF
    b = _rotated(b, first) ^ a
    a = (a + b) & 0xFFFFFFFF
    b = _rotated(b, second) ^ a
    a = (a + b) & 0xFFFFFFFF
    b = _rotated(b, third) ^ a
    a = (a + b) & 0xFFFFFFFF
    b = _rotated(b, fourth) ^ a
    return a, b


def _threefry(key: int, counter: int) -> tuple[int, int]:
    k0 = key & 0xFFFFFFFF
    k1 = (key >> 32) & 0xFFFFFFFF
    k2 = k0 ^ k1 ^ 0x1BD11BDA
    a = ((counter & 0xFFFFFFFF) + k0) & 0xFFFFFFFF
    b = (((counter >> 32) & 0xFFFFFFFF) + k1) & 0xFFFFFFFF
    a, b = _four_rounds(a, b, 13, 15, 26, 6)
    a, b = (a + k1) & 0xFFFFFFFF, (b + k2 + 1) & 0xFFFFFFFF
    a, b = _four_rounds(a, b, 17, 29, 16, 24)
    a, b = (a + k2) & 0xFFFFFFFF, (b + k0 + 2) & 0xFFFFFFFF
    a, b = _four_rounds(a, b, 13, 15, 26, 6)
    a, b = (a + k0) & 0xFFFFFFFF, (b + k1 + 3) & 0xFFFFFFFF
    a, b = _four_rounds(a, b, 17, 29, 16, 24)
    a, b = (a + k1) & 0xFFFFFFFF, (b + k2 + 4) & 0xFFFFFFFF
    a, b = _four_rounds(a, b, 13, 15, 26, 6)
    return (a + k2) & 0xFFFFFFFF, (b + k0 + 5) & 0xFFFFFFFF


def stream(seed: int, i: int) -> int:
    """Stream number ``i`` of a seed."""
    a, b = _threefry(seed, i)
    # Of 64 bits, with a sign, as an int of compiled code is.
    return ((b ^ 0x80000000) - 0x80000000) * 0x100000000 + a


def bits(stream: int, k: int) -> int:
    """63 random bits: the ``k``-th int of a stream, from 0 to 2**63 - 1."""
    a, b = _threefry(stream, k)
    return (b >> 1) * 0x100000000 + a


def uniform(stream: int, k: int) -> float:
    """The ``k``-th float of a stream: at least 0, less than 1, a multiple of 2**-53."""
    a, b = _threefry(stream, k)
    return float((b >> 5) * 0x4000000 + (a >> 6)) * 1.1102230246251565e-16


def integer(stream: int, k: int, stop: int) -> int:
    """An int from 0 to ``stop - 1``, for ``stop`` up to 2**31.

    All are as likely but for one part in 2**31 / ``stop``.
    """
    if stop < 1 or stop > 0x80000000:
        raise ValueError("stop must be from 1 to 2**31")
    a, b = _threefry(stream, k)
    return ((b >> 1) * stop) >> 31
