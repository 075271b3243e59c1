"""Arrays of one to four dimensions, any dtype, strided views, negative indices, iteration."""

from snek import Array1D, Array2D, Array3D, Array4D, f32, f64, i32, i64, u8


def total(a: Array1D[f64]) -> float:
    result = 0.0
    for i in range(len(a)):
        result += a[i]
    return result


def iterated(a: Array1D[i64]) -> int:
    result = 0
    for value in a:
        result = result * 3 + int(value)
    return result


def element(a: Array1D[f64], i: int) -> float:
    return a[i]


def element_2d(a: Array2D[i32], i: int, j: int) -> int:
    return int(a[i, j])


def ends(a: Array1D[f64]) -> float:
    return a[0] - a[-1]


def assign(a: Array1D[f64], i: int, value: float) -> None:
    a[i] = value


def shape_2d(a: Array2D[f64]) -> tuple[int, int, int, int]:
    rows, columns = a.shape
    return rows, columns, a.size, len(a)


def shape_4d(a: Array4D[f32]) -> tuple[int, int, int, int, int]:
    return a.shape[0], a.shape[1], a.shape[-2], a.shape[3], a.size


def transpose_into(a: Array2D[f64], out: Array2D[f64]) -> None:
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            out[j, i] = a[i, j]


def sum_3d(a: Array3D[i64]) -> int:
    n, m, k = a.shape
    result = 0
    for i in range(n):
        for j in range(m):
            for l in range(k):
                result += int(a[i, j, l]) * (i + 2 * j + 3 * l)
    return result


def matmul(a: Array2D[f64], b: Array2D[f64], out: Array2D[f64]) -> None:
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            out[i, j] = s


def histogram(values: Array1D[u8], bins: Array1D[i64]) -> None:
    for i in range(values.size):
        bins[values[i]] += 1


def reverse(a: Array1D[f64]) -> None:
    i = 0
    j = len(a) - 1
    while i < j:
        a[i], a[j] = a[j], a[i]
        i += 1
        j -= 1


def flip_all(a: Array1D[bool]) -> int:
    count = 0
    for i in range(len(a)):
        a[i] = not a[i]
        if a[i]:
            count += 1
    return count


def prefix(a: Array1D[i64]) -> None:
    for i in range(1, len(a)):
        a[i] += a[i - 1]


CASES = [
    "total(np.arange(10.0))",
    "total(np.arange(10.0)[::-2])",
    "total(np.zeros(0))",
    "total(np.arange(12.0).reshape(3, 4)[:, 1])",
    "iterated(np.array([3, -1, 4, 1, -5]))",
    "iterated(np.arange(20)[::3])",
    *(f"element(np.arange(5.0), {i})" for i in (-6, -5, -1, 0, 4, 5, 10**12)),
    "element(np.arange(10.0)[::-1], 2)",
    "element(np.zeros(0), 0)",
    *(
        f"element_2d(np.arange(12, dtype=np.int32).reshape(3, 4), {i}, {j})"
        for i in (-4, -1, 2, 3)
        for j in (-5, -4, 3, 4)
    ),
    "element_2d(np.arange(12, dtype=np.int32).reshape(3, 4).T, 3, 2)",
    "ends(np.array([1.5, 2.5, 10.0]))",
    "ends(np.zeros(0))",
    "a = np.zeros(4); assign(a, 2, 1.5); assign(a, -1, nan)",
    "a = np.zeros(4); assign(a[::2], 1, 7.0)",
    "a = np.zeros(4); assign(a, 4, 1.0)",
    "shape_2d(np.zeros((3, 5)))",
    "shape_2d(np.zeros((0, 5)))",
    "shape_4d(np.zeros((2, 3, 4, 5), np.float32))",
    "out = np.zeros((3, 2)); transpose_into(np.arange(6.0).reshape(2, 3), out)",
    "out = np.zeros((3, 3)); transpose_into(np.arange(36.0).reshape(6, 6)[::2, 1::2], out)",
    "out = np.zeros((2, 2)); transpose_into(np.arange(6.0).reshape(2, 3), out)",
    "sum_3d(np.arange(24).reshape(2, 3, 4))",
    "sum_3d(np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1))",
    "out = np.zeros((2, 2)); matmul(np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(3, 2), out)",
    "bins = np.zeros(256, np.int64); histogram(np.array([1, 2, 2, 255], np.uint8), bins)",
    "bins = np.zeros(3, np.int64); histogram(np.array([1, 2, 2, 3], np.uint8), bins)",
    "a = np.arange(5.0); reverse(a)",
    "a = np.arange(6.0); reverse(a[1::2])",
    "a = np.array([True, False, True, True]); flip_all(a)",
    "a = np.array([1, 5, -2, 4]); prefix(a)",
    "a = array.array('d', [1.0, 2.0, 3.0]); total(a)",
    "a = array.array('d', [1.0, 2.0, 3.0]); reverse(a)",
]
