"""Integers of few bits, as Python's `int`: what they give in lanes, at the edges of all types."""

from snek import Array1D, Array2D, f32, i8, i16, i32, i64, native, parallel, prange, u8, u16, u32


@native
def blur(a: Array2D[u8], out: Array2D[u8]) -> None:
    h, w = a.shape
    for y in range(h):
        for x in range(1, w - 1):
            value = int(a[y, x - 1]) + 2 * int(a[y, x]) + int(a[y, x + 1])
            out[y, x] = u8(value >> 2)


@native
def grey(r: Array1D[u8], g: Array1D[u8], b: Array1D[u8], out: Array1D[u8]) -> None:
    for i in range(len(r)):
        out[i] = u8((77 * int(r[i]) + 150 * int(g[i]) + 29 * int(b[i])) >> 8)


@native
def apart(a: Array1D[i8], b: Array1D[u8], out: Array1D[i32]) -> None:
    for i in range(len(a)):
        d = int(a[i]) - int(b[i])
        out[i] = i32(d) if d < -300 or d > -3 else i32(-d)


@native
def edges(a: Array1D[u16], b: Array1D[i16], out: Array1D[i64]) -> None:
    for i in range(len(a)):
        out[i] = i64(int(a[i]) * int(b[i]) - (int(a[i]) ^ 65535))


@native
def mixed(a: Array1D[u8], out: Array1D[f32]) -> int:
    total = 0
    for i in range(len(a)):
        v = int(a[i]) - 128
        out[i] = f32(v * v * v)
        total += abs(v) << 3
    return total


@native
def many(a: Array1D[u32], limit: int) -> int:
    count = 0
    for i in range(len(a)):
        if int(a[i]) + 1 == limit or int(a[i]) - 1 == -limit:
            count += 1
    return count


@native
def rule(a: Array2D[u8], out: Array2D[u8]) -> None:
    h, w = a.shape
    for y in range(1, h - 1):
        for x in range(1, w - 1):
            around = int(a[y, x - 1]) + int(a[y, x + 1]) + int(a[y - 1, x]) + int(a[y + 1, x])
            out[y, x] = 1 if around == 2 or (around == 3 and a[y, x] == 0) else 0


@native
def beyond(a: Array1D[u8], b: Array1D[u8], out: Array1D[u8]) -> None:
    # What is looked at seldom is not always there.
    for i in range(len(a)):
        v = int(a[i]) + 1
        if v > 200:
            out[i] = u8(max(v, int(b[i])) & 127)


@parallel
def threshold(a: Array1D[u8], out: Array1D[u8], limit: int) -> None:
    for i in prange(len(a)):
        out[i] = 255 if int(a[i]) * 2 > 255 else min(int(a[i]), 99)


@native
def bits(a: Array1D[u8]) -> None:
    for i in range(len(a)):
        a[i] = (int(a[i]) & 6) | 1


def pixels(kind, *shape):
    return f"np.random.default_rng({shape[-1]}).integers(0, 256, {shape}).astype(np.{kind})"


LENGTHS = (0, 1, 7, 16, 31, 33, 64, 67, 150)
CASES = [
    *(f"out = np.zeros((3, {n}), np.uint8); blur({pixels('uint8', 3, n)}, out)" for n in LENGTHS),
    *(
        f"out = np.zeros((4, {n}), np.uint8); rule({pixels('uint8', 4, n)} & 1, out)"
        for n in LENGTHS
    ),
    *(
        f"out = np.zeros({n}, np.uint8); "
        f"grey({pixels('uint8', n)}, laid('{way}', {pixels('uint8', n)})[0], {pixels('uint8', n)}, out)"
        for n in LENGTHS
        for way in ("plain", "reversed", "step2")
    ),
    *(
        f"out = np.zeros({n}, np.int32); apart({pixels('int8', n)}, {pixels('uint8', n)}, out)"
        for n in LENGTHS
    ),
    "out = np.zeros(70, np.int32); apart(np.full(70, -128, np.int8), np.full(70, 255, np.uint8), out)",
    *(
        f"out = np.zeros(40, np.int64); edges(np.full(40, {a}, np.uint16), np.full(40, {b}, np.int16), out)"
        for a in (0, 65535)
        for b in (-32768, 32767)
    ),
    *(f"out = np.zeros({n}, np.float32); mixed({pixels('uint8', n)}, out)" for n in LENGTHS),
    *(
        f"many(np.full(50, {a}, np.uint32), {limit})"
        for a in (0, 2**32 - 1)
        for limit in (1, -1, 2**32)
    ),
    *(f"a = {pixels('uint8', n)}; bits(a)" for n in LENGTHS),
    "a = np.arange(90, dtype=np.uint8); beyond(a, a[:50], a.copy())",
    "a = np.arange(256, dtype=np.uint8); out = a.copy(); beyond(a, a[:220], out)",
    "a = np.arange(256, dtype=np.uint8); out = a.copy(); beyond(a, a, out)",
    *(
        f"out = np.zeros({n}, np.uint8); threshold({pixels('uint8', n)}, out, 3)"
        for n in (0, 5, 100, 5000)
    ),
]
