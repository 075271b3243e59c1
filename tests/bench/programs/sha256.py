"""SHA-256 of a message that is already padded."""

import hashlib

import numpy as np
from snek import Array1D, native, u8, u32


def rotate(x: u32, n: int) -> u32:
    return u32((x >> n) | (x << (32 - n)))


@native
def sha256(data: Array1D[u8], k: Array1D[u32], w: Array1D[u32], state: Array1D[u32]) -> None:
    for block in range(0, len(data), 64):
        for t in range(16):
            word = 0
            for byte in range(4):
                word = word << 8 | int(data[block + 4 * t + byte])
            w[t] = word
        for t in range(16, 64):
            x = w[t - 15]
            y = w[t - 2]
            s0 = u32(rotate(x, 7) ^ rotate(x, 18) ^ (x >> 3))
            s1 = u32(rotate(y, 17) ^ rotate(y, 19) ^ (y >> 10))
            w[t] = u32(w[t - 16] + s0 + w[t - 7] + s1)
        a = u32(state[0])
        b = u32(state[1])
        c = u32(state[2])
        d = u32(state[3])
        e = u32(state[4])
        f = u32(state[5])
        g = u32(state[6])
        h = u32(state[7])
        for t in range(64):
            s1 = u32(rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25))
            choice = u32((e & f) ^ (~e & g))
            t1 = u32(h + s1 + choice + k[t] + w[t])
            s0 = u32(rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22))
            majority = u32((a & b) ^ (a & c) ^ (b & c))
            h = g
            g = f
            f = e
            e = u32(d + t1)
            d = c
            c = b
            b = a
            a = u32(t1 + s0 + majority)
        state[0] = u32(state[0] + a)
        state[1] = u32(state[1] + b)
        state[2] = u32(state[2] + c)
        state[3] = u32(state[3] + d)
        state[4] = u32(state[4] + e)
        state[5] = u32(state[5] + f)
        state[6] = u32(state[6] + g)
        state[7] = u32(state[7] + h)


def primes(count):
    found = []
    candidate = 2
    while len(found) < count:
        if all(candidate % p for p in found):
            found.append(candidate)
        candidate += 1
    return found


def bits(primes, degree):
    """The first 32 bits behind the point of the roots of prime numbers."""
    found = []
    for p in primes:
        wanted = p << 32 * degree
        root = int(round(wanted ** (1 / degree)))
        while root**degree > wanted:
            root -= 1
        while (root + 1) ** degree <= wanted:
            root += 1
        found.append(root & 0xFFFFFFFF)
    return np.array(found, np.uint32)


def padded(message):
    zeros = bytes(-(len(message) + 9) % 64)
    data = message + b"\x80" + zeros + (8 * len(message)).to_bytes(8, "big")
    return np.frombuffer(data, np.uint8).copy()


def inputs(n):
    data = padded(np.random.default_rng(n).bytes(n))
    return data, bits(primes(64), 3), np.zeros(64, np.uint32), bits(primes(8), 2)


def right(value, given, after):
    data = given[0].tobytes()
    message = data[: int.from_bytes(data[-8:], "big") // 8]
    return after[3].astype(">u4").tobytes() == hashlib.sha256(message).digest()


ROWS = [{"what": "SHA-256", "inputs": (1_000_000,), "targets": {"best": 1.0}}]
SIZES = range(0, 68, 5)
