"""Array views: negative indices, bounds, strides, empties, rows, iteration, every dtype, several dimensions."""

from snek import Array, Array1D, Array2D, Array3D, Array4D, c128, f64, i16, i64, u8


def get(a: Array1D[f64], i: int) -> float:
    return a[i]


def put(a: Array1D[f64], i: int, x: float) -> None:
    a[i] = x


def get2(a: Array2D[i64], i: int, j: int) -> int:
    return a[i, j]


def get2_chained(a: Array2D[i64], i: int, j: int) -> int:
    return a[i][j]


def get3(a: Array3D[u8], i: int, j: int, k: int) -> int:
    return a[i, j, k]


def get4(a: Array4D[i16], i: int, j: int, k: int, m: int) -> int:
    return a[i, j, k, m]


def shapes(a: Array2D[f64], b: Array3D[u8]) -> tuple[int, int, int, int, int, int]:
    h, w = a.shape
    return h, w, b.shape[0], b.shape[-1], b.size, len(a)


def total(a: Array1D[f64]) -> float:
    s = 0.0
    for x in a:
        s += x
    return s


def total2(a: Array2D[f64]) -> float:
    s = 0.0
    for row in a:
        for x in row:
            s += x
    return s


def transpose_into(a: Array2D[f64], out: Array2D[f64]) -> None:
    h, w = a.shape
    for i in range(h):
        for j in range(w):
            out[j, i] = a[i, j]


def reverse(a: Array1D[i64]) -> None:
    i = 0
    j = len(a) - 1
    while i < j:
        a[i], a[j] = a[j], a[i]
        i += 1
        j -= 1


def shift_back(a: Array1D[f64]) -> None:
    for i in range(1, len(a)):
        a[i] = a[i - 1] * 0.5 + a[i]


def from_the_end(a: Array1D[i64]) -> int:
    s = 0
    for i in range(1, len(a) + 1):
        s = s * 10 + int(a[-i])
    return s


def enumerated(a: Array1D[i64]) -> int:
    s = 0
    for i, x in enumerate(a, 1):
        s += i * int(x)
    return s


def zipped(a: Array1D[i64], b: Array1D[f64]) -> float:
    s = 0.0
    for x, y in zip(a, b):
        s += x * y
    return s


def both(a: Array1D[i64], b: Array1D[i64]) -> int:
    s = 0
    for i, (x, y) in enumerate(zip(a, b)):
        s += i * int(x) - int(y)
    return s


def biggest(a: Array1D[f64]) -> float:
    m = a[0]
    for x in a:
        m = max(m, x)
    return m


def sums(a: Array1D[f64], b: Array1D[i64]) -> tuple[float, int]:
    return sum(a), sum(b)


def conjugates(a: Array1D[c128], out: Array1D[c128]) -> None:
    for i in range(len(a)):
        out[i] = a[i].conjugate() * 2


def mask_count(a: Array1D[bool], flip: bool) -> int:
    n = 0
    for i in range(len(a)):
        if a[i]:
            n += 1
        if flip:
            a[i] = not a[i]
    return n


def fail_in_the_middle(a: Array1D[i64], n: int) -> None:
    for i in range(n):
        a[i] = i * 2


def store_augmented(a: Array2D[i64], i: int, j: int) -> None:
    a[i, j] += 5
    a[i, j] *= 3
    a[-1, -1] -= 1


def out_of_range_value(a: Array1D[u8], x: int) -> None:
    a[0] = x


def spelled(a: Array[f64, 2], b: "Array1D[f64]") -> float:
    return a[0, 0] + b[0]


_A = "np.arange(6.0)"
_M = "np.arange(12).reshape(3, 4)"
CASES = [f"get({_A}, {i})" for i in (0, 5, -1, -6, 6, -7, 2**62, -(2**63))]
CASES += [f"get({_A}[::{s}], {i})" for s in (2, -1, -2) for i in (0, 1, -1, 2, 3, 6)]
CASES += [f"(put(a := {_A}, {i}, 2.5), a)" for i in (0, -1, 3)] + [
    f"put({_A}, {i}, 2.5)" for i in (6, -7)
]
CASES += [
    f"{f}({m}, {i}, {j})"
    for f in ("get2", "get2_chained")
    for m in (_M, _M + ".T", _M + "[::-1, ::2]", _M + "[1:, 1:]")
    for i in (0, 1, -1, -3, 5)
    for j in (0, -1, 1, 9)
]
CASES += [
    f"get3(np.arange(24, dtype=np.uint8).reshape(2, 3, 4), {i}, {j}, {k})"
    for i, j, k in [(0, 0, 0), (1, 2, 3), (-1, -1, -1), (2, 0, 0), (0, 3, 0), (0, 0, 4)]
]
CASES += [
    f"get4(np.arange(120, dtype=np.int16).reshape(2, 3, 4, 5), {i}, 1, 2, {k})"
    for i, k in [(0, 0), (1, 4), (-1, -5), (2, 0), (0, 5)]
]
CASES += [
    "shapes(np.zeros((3, 5)), np.zeros((2, 0, 4), np.uint8))",
    f"total({_A})",
    f"total({_A}[::-2])",
    "total(np.array([]))",
    "total2(np.arange(12.0).reshape(3, 4).T)",
    "total2(np.zeros((0, 3)))",
]
CASES += [
    "(transpose_into(np.arange(6.0).reshape(2, 3), o := np.zeros((3, 2))), o)",
    "(transpose_into(np.arange(6.0).reshape(3, 2).T, o := np.zeros((2, 3)).T), o)",
    "transpose_into(np.arange(6.0).reshape(2, 3), np.zeros((2, 3)))",
]
CASES += [
    "(reverse(a := np.arange(7)), a)",
    "(reverse(a := np.arange(10)[::3]), a)",
    "(reverse(a := np.arange(0)), a)",
    "(shift_back(a := np.arange(8.0)), a)",
    "from_the_end(np.arange(1, 6))",
]
CASES += [
    "enumerated(np.arange(5))",
    "zipped(np.arange(5), np.arange(3.0))",
    "zipped(np.arange(2), np.arange(3.0))",
    "both(np.arange(5), np.arange(7))",
    f"biggest({_A})",
    "biggest(np.array([]))",
]
CASES += [
    "sums(np.array([0.1, 0.2, 0.3]), np.arange(10))",
    "(conjugates(np.array([1+2j, -0j]), o := np.zeros(2, complex)), o)",
    "(mask_count(m := np.array([True, False, True]), True), m)",
]
CASES += [
    "fail_in_the_middle(np.zeros(3, int), 5)",
    "(store_augmented(m := np.arange(12).reshape(3, 4), 1, -2), m)",
    "(store_augmented(m := np.arange(12).reshape(3, 4).T, 1, -2), m)",
    "store_augmented(np.zeros((0, 2), int), 0, 0)",
]
CASES += [
    "out_of_range_value(np.zeros(1, np.uint8), 256)",
    "out_of_range_value(np.zeros(1, np.uint8), -1)",
    "spelled(np.ones((1, 1)), np.ones(1))",
]
CASES += [
    "get(array.array('d', [1.5, 2.5]), -1)",
    "get(memoryview(array.array('d', [1.5, 2.5, 3.5]))[::-1], 0)",
]
CASES += ["get(np.broadcast_to(np.float64(2.5), 10**6), -1)"]
