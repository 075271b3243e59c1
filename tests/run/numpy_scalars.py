"""Fixed-width scalars as NumPy 2 has them: wrapping, promotion, weak Python numbers, comparisons."""

from snek import Array1D, f32, f64, i8, i16, i32, i64, u8, u16, u32, u64


def add_u8(a: Array1D[u8], b: Array1D[u8], out: Array1D[u8]) -> None:
    for i in range(len(a)):
        out[i] = a[i] + b[i]


def all_u8(a: Array1D[u8], b: Array1D[u8], out: Array1D[u8]) -> None:
    for i in range(len(a)):
        x = a[i]
        y = b[i]
        out[0 + i] = (x - y) ^ (x * y) & (x | y) ^ (~x) ^ -y


def add_i8(a: Array1D[i8], b: Array1D[i8], out: Array1D[i8]) -> None:
    for i in range(len(a)):
        out[i] = a[i] * b[i] + abs(a[i])


def divide_i32(
    a: Array1D[i32],
    b: Array1D[i32],
    quotient: Array1D[i32],
    remainder: Array1D[i32],
    true: Array1D[f64],
) -> None:
    for i in range(len(a)):
        quotient[i] = a[i] // b[i]
        remainder[i] = a[i] % b[i]
        true[i] = a[i] / b[i]


def shifts_u16(a: Array1D[u16], b: Array1D[u16], left: Array1D[u16], right: Array1D[u16]) -> None:
    for i in range(len(a)):
        left[i] = a[i] << b[i]
        right[i] = a[i] >> b[i]


def weak_int(a: Array1D[u8], n: int, out: Array1D[u8]) -> None:
    for i in range(len(a)):
        out[i] = a[i] + n


def compare_with_int(a: Array1D[u8], n: int) -> int:
    count = 0
    for x in a:
        if x < n:
            count += 1
        if x == n:
            count += 100
    return count


def promote(
    a: Array1D[u8],
    b: Array1D[i8],
    c: Array1D[i64],
    d: Array1D[u64],
    e: Array1D[f32],
    out: Array1D[f64],
) -> None:
    out[0] = a[0] + b[0]
    out[1] = a[0] * c[0]
    out[2] = c[0] + d[0]
    out[3] = e[0] * a[0]
    out[4] = e[0] + c[0]
    out[5] = e[0] * 0.1
    out[6] = e[0] + 1


def f32_chain(a: Array1D[f32], out: Array1D[f32]) -> None:
    for i in range(len(a)):
        x = a[i]
        out[i] = x * x + x / 3 - 0.1


def ieee_division(a: Array1D[f64], b: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(a)):
        out[i] = a[i] / b[i]


def floor_and_mod(a: Array1D[f64], b: Array1D[f64], out: Array1D[f64], rest: Array1D[f64]) -> None:
    for i in range(len(a)):
        out[i] = a[i] // b[i]
        rest[i] = a[i] % b[i]


def sum_i64(a: Array1D[i64]) -> i64:
    total = i64(0)
    for x in a:
        total += x
    return total


def to_python(a: Array1D[u8]) -> int:
    total = 0
    for x in a:
        total += int(x)
    return total


def constructors(n: int, x: float) -> tuple[int, int, float, float]:
    return int(u8(n)), int(i16(n) + i16(1)), float(f32(x)), float(f64(x))


def hash_u32(n: int) -> int:
    h = u32(2166136261)
    for i in range(n):
        h = (h ^ u32(i % 256)) * u32(16777619)
    return int(h)


CASES = [
    "(add_u8(np.arange(250, 256, dtype=np.uint8), np.arange(6, dtype=np.uint8), o := np.zeros(6, np.uint8)), o)",
    "(all_u8(np.arange(0, 256, 5, dtype=np.uint8), np.arange(52, dtype=np.uint8), o := np.zeros(52, np.uint8)), o)",
    "(add_i8(np.array([-128, -1, 127, 100], np.int8), np.array([-1, -128, 127, 3], np.int8), o := np.zeros(4, np.int8)), o)",
    "(divide_i32(np.array([7, -7, 7, -7, 5, -2147483648, 0], np.int32), np.array([2, 2, -2, -2, 0, -1, 0], np.int32), q := np.zeros(7, np.int32), r := np.zeros(7, np.int32), t := np.zeros(7)), q, r, t)",
    "(shifts_u16(np.array([1, 3, 65535, 65535], np.uint16), np.array([15, 1, 16, 3], np.uint16), l := np.zeros(4, np.uint16), r := np.zeros(4, np.uint16)), l, r)",
    "(weak_int(np.array([1, 255], np.uint8), 10, o := np.zeros(2, np.uint8)), o)",
    "weak_int(np.array([1, 255], np.uint8), 300, np.zeros(2, np.uint8))",
    "weak_int(np.array([1, 255], np.uint8), -1, np.zeros(2, np.uint8))",
    "compare_with_int(np.arange(10, dtype=np.uint8), 5)",
    "compare_with_int(np.arange(10, dtype=np.uint8), -5)",
    "compare_with_int(np.arange(10, dtype=np.uint8), 5000)",
    "(promote(np.array([200], np.uint8), np.array([-100], np.int8), np.array([2**62], np.int64), np.array([2**63], np.uint64), np.array([0.1], np.float32), o := np.zeros(7)), o)",
    "(f32_chain(np.array([0.1, 1e20, -3.5, np.inf, np.nan], np.float32), o := np.zeros(5, np.float32)), o)",
    "(ieee_division(np.array([1.0, -1.0, 0.0, np.inf]), np.zeros(4), o := np.zeros(4)), o)",
    "(floor_and_mod(np.array([7.5, -7.5, 7.5, 1.0, 0.0, np.inf, -0.0]), np.array([2.0, 2.0, -2.0, 0.0, 0.0, 2.0, 3.0]), o := np.zeros(7), r := np.zeros(7)), o, r)",
    "sum_i64(np.array([1, 2, 3]))",
    "sum_i64(np.array([2**63 - 1, 1]))",
    "sum_i64(np.array([], np.int64))",
    "to_python(np.full(1000, 255, np.uint8))",
    "constructors(7, 0.1)",
    "constructors(300, 0.1)",
    "hash_u32(1000)",
]
