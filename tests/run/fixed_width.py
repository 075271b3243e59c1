"""Fixed-width scalars: NumPy's semantics, they wrap."""

from snek import Array1D, f32, f64, i8, i16, i32, i64, u8, u16, u32, u64


def add_u8(a: Array1D[u8], b: Array1D[u8], out: Array1D[u8]) -> None:
    for i in range(len(a)):
        out[i] = a[i] + b[i]


def multiply_i32(a: Array1D[i32], b: Array1D[i32], out: Array1D[i32]) -> None:
    for i in range(len(a)):
        out[i] = a[i] * b[i]


def average(a: Array1D[u8], b: Array1D[u8], out: Array1D[u8]) -> None:
    for i in range(len(a)):
        out[i] = (int(a[i]) + int(b[i])) // 2


def divide_f64(a: Array1D[f64], b: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(a)):
        out[i] = a[i] / b[i]


def single(a: Array1D[f32], k: float, out: Array1D[f32]) -> None:
    for i in range(len(a)):
        out[i] = a[i] * k + a[i]


def promoted(a: Array1D[u8], b: Array1D[i16], out: Array1D[i16]) -> None:
    for i in range(len(a)):
        out[i] = a[i] + b[i]


def floor_by(a: Array1D[i32], b: Array1D[i32], out: Array1D[i32]) -> None:
    for i in range(len(a)):
        out[i] = a[i] // b[i] + a[i] % b[i]


def lcg(seed: int, n: int, out: Array1D[u32]) -> None:
    state = u32(seed)
    for i in range(n):
        state = state * u32(1664525) + u32(1013904223)
        out[i] = state


def xorshift(seed: int, n: int) -> int:
    x = u64(seed)
    for _ in range(n):
        x ^= x << u64(13)
        x ^= x >> u64(7)
        x ^= x << u64(17)
    return int(x)


def fnv(data: Array1D[u8]) -> int:
    h = u32(2166136261)
    for byte in data:
        h = (h ^ u32(byte)) * u32(16777619)
    return int(h)


def narrow(a: Array1D[i64], out: Array1D[i8]) -> None:
    for i in range(len(a)):
        out[i] = i8(a[i])


def halves(a: Array1D[u16], out: Array1D[u8]) -> None:
    for i in range(len(a)):
        out[2 * i] = a[i] & 255
        out[2 * i + 1] = a[i] >> 8


_U8 = "np.array([0, 1, 127, 128, 200, 255], np.uint8)"
_I32 = "np.array([0, 1, -1, 46341, 2**31 - 1, -2**31], np.int32)"
_F64 = "np.array([0.0, -1.0, inf, 2.0, nan, 1e300])"

CASES = [
    f"out = np.zeros(6, np.uint8); add_u8({_U8}, {_U8}[::-1].copy(), out)",
    f"out = np.zeros(6, np.uint8); add_u8({_U8}, {_U8}, out)",
    f"out = np.zeros(6, np.int32); multiply_i32({_I32}, {_I32}, out)",
    f"out = np.zeros(6, np.uint8); average({_U8}, {_U8}[::-1].copy(), out)",
    f"out = np.zeros(6); divide_f64({_F64}, {_F64}[::-1].copy(), out)",
    f"out = np.zeros(6); divide_f64({_F64}, np.zeros(6), out)",
    "out = np.zeros(3, np.float32); single(np.array([0.1, 1e30, 3e38], np.float32), 1.1, out)",
    f"out = np.zeros(6, np.int16); promoted({_U8}, np.array([32767, -1, 0, 5, -32768, 9], np.int16), out)",
    f"out = np.zeros(6, np.int32); floor_by({_I32}, {_I32}[::-1].copy(), out)",
    f"out = np.zeros(6, np.int32); floor_by({_I32}, np.full(6, -3, np.int32), out)",
    "out = np.zeros(5, np.uint32); lcg(42, 5, out)",
    "xorshift(88172645463325252, 1000)",
    "fnv(np.frombuffer(b'snek', np.uint8).copy())",
    "fnv(np.zeros(0, np.uint8))",
    "out = np.zeros(4, np.int8); narrow(np.array([1, -1, 127, -128]), out)",
    "out = np.zeros(4, np.uint8); halves(np.array([513, 65535], np.uint16), out)",
]
