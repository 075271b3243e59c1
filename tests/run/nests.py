"""Nests of loops that share what they read: products of matrices in all orders of the loops, windows, sums of rows."""

from snek import Array1D, Array2D, f32, f64, i64


def product(a: Array2D[f64], b: Array2D[f64], c: Array2D[f64]) -> None:
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            c[i, j] = s


def product_of_transposed(a: Array2D[f64], b: Array2D[f64], c: Array2D[f64]) -> None:
    n, m, p = a.shape[0], b.shape[0], a.shape[1]
    for i in range(n):
        for j in range(m):
            s = c[i, j]
            for k in range(p):
                s -= a[i, k] * b[j, k]
            c[i, j] = s


def product_added(a: Array2D[f64], b: Array2D[f64], c: Array2D[f64]) -> None:
    for i in range(a.shape[0]):
        for k in range(a.shape[1]):
            for j in range(b.shape[1]):
                c[i, j] += a[i, k] * b[k, j]


def product_single(a: Array2D[f32], b: Array2D[f32], c: Array2D[f32]) -> None:
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = c[i, j]
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            c[i, j] = s


def product_of_integers(a: Array2D[i64], b: Array2D[i64], c: Array2D[i64]) -> None:
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = c[i, j]
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            c[i, j] = s


def rows_summed(a: Array2D[f64], x: Array1D[f64], y: Array1D[f64]) -> None:
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j] * x[j]
        y[i] = s


def triangle(a: Array2D[f64], x: Array1D[f64], y: Array1D[f64]) -> None:
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(i):
            s += a[i, j] * x[j]
        y[i] = s


def window(image: Array2D[f64], weights: Array2D[f64], out: Array2D[f64]) -> None:
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            s = 0.0
            for dy in range(3):
                for dx in range(3):
                    s += image[y + dy, x + dx] * weights[dy, dx]
            out[y, x] = s


_MATRIX = "(np.arange({n} * {m}) % 13 * 0.37 - 1.7).reshape({n}, {m})"


def _matrix(n, m):
    return _MATRIX.format(n=n, m=m)


def _product(name, n, m, p, start=0.5):
    return f"({name}({_matrix(n, p)}, {_matrix(p, m)}, c := np.full(({n}, {m}), {start})), c)"


CASES = []
for _name in ("product", "product_added"):
    CASES += [_product(_name, n, n, n) for n in range(18)]
    CASES += [
        _product(_name, *sizes)
        for sizes in [
            (4, 8, 0),
            (4, 0, 8),
            (0, 8, 8),
            (4, 8, 1),
            (5, 67, 3),
            (66, 9, 2),
            (1, 33, 4),
            (24, 96, 96),
            (25, 100, 83),
            (30, 8, 1100),
            (27, 1027, 9),
            # Panels in several groups.
            (13, 117, 1100),
            (23, 96, 96),
        ]
    ]
    # An array that is two of the three, or overlaps.
    CASES += [
        f"({_name}(a := {_matrix(30, 30)}, a, c := np.zeros((30, 30))), c)",
        f"({_name}(a := {_matrix(9, 9)}, {_matrix(9, 9)}, a), a)",
        f"({_name}({_matrix(9, 9)}, a := {_matrix(9, 9)}, a), a)",
        f"({_name}({_matrix(96, 96)}, a := {_matrix(96, 96)}, a), a)",
        f"({_name}((a := {_matrix(20, 9)})[:9], {_matrix(9, 9)}, a[5:14]), a)",
    ]
    # Any strides.
    CASES += [
        f"({_name}({_matrix(19, 11)}.T, {_matrix(38, 44)}[::2, ::-2], c := np.ones((22, 22))[::2]), c)",
        f"({_name}({_matrix(96, 96)}.T, {_matrix(96, 96)}.T, c := np.ones((96, 96)).T), c)",
        f"({_name}({_matrix(96, 192)}[:, ::2], {_matrix(192, 96)}[::-2], c := np.ones((96, 96))), c)",
        f"({_name}({_matrix(12, 12)}, {_matrix(12, 12)}, c := np.lib.stride_tricks.as_strided(np.zeros(12), (12, 12), (0, 8))), c)",
    ]
    # Neither order nor signs change; too short a result is an error at its place, with all before it written.
    CASES += [
        f"({_name}(np.array([[np.inf, -0.0, np.nan]] * 6), np.array([[-0.0] * 9, [np.inf] * 9, [1.0] * 9]), c := np.zeros((6, 9))), c)",
        f"({_name}(-np.zeros((5, 2)), np.zeros((2, 9)), c := -np.zeros((5, 9))), c)",
        f"({_name}(np.array([[1e16, 1.0, -1e16]] * 30), np.ones((3, 20)), c := np.zeros((30, 20))), c)",
        f"{_name}({_matrix(9, 9)}, {_matrix(9, 9)}, np.zeros((7, 9)))",
        f"{_name}({_matrix(9, 9)}, {_matrix(8, 9)}, np.zeros((9, 9)))",
        f"{_name}({_matrix(9, 9)}, {_matrix(9, 9)}, np.zeros((9, 8)))",
    ]
CASES += [
    f"(product_of_transposed({_matrix(n, p)}, {_matrix(m, p)}, c := np.ones(({n}, {m}))), c)"
    for n, m, p in [(3, 3, 3), (7, 9, 5), (24, 97, 96), (40, 17, 513), (26, 130, 64)]
]
CASES += [
    f"(product_single({_matrix(n, p)}.astype(np.float32), {_matrix(p, m)}.astype(np.float32),"
    f" c := np.ones(({n}, {m}), np.float32)), c)"
    for n, m, p in [(3, 3, 3), (7, 19, 5), (25, 130, 130)]
]
CASES += [
    f"(product_of_integers(np.arange({n} * {p}).reshape({n}, {p}), np.arange({p} * {m}).reshape({p}, {m}) - 7,"
    f" c := np.ones(({n}, {m}), int)), c)"
    for n, m, p in [(3, 3, 3), (7, 19, 5), (25, 96, 96)]
]
CASES += [
    f"({name}({_matrix(n, n)}, {_matrix(1, n)}[0], y := np.ones({n})), y)"
    for name in ("rows_summed", "triangle")
    for n in [0, 1, 3, 4, 5, 8, 31, 67]
]
CASES += [
    f"(rows_summed({_matrix(9, 9)}, x := {_matrix(1, 9)}[0], x), x)",
    f"(rows_summed(a := {_matrix(9, 9)}, {_matrix(1, 9)}[0], a[:, 2]), a)",
    f"(rows_summed(a := {_matrix(9, 9)}, {_matrix(1, 9)}[0], a[3]), a)",
]
CASES += [
    f"(window({_matrix(n + 2, m + 2)}, {_matrix(3, 3)}, c := np.ones(({n}, {m}))), c)"
    for n, m in [(0, 0), (1, 1), (3, 7), (5, 8), (4, 33), (2, 67)]
]
CASES += [
    f"(window(a := {_matrix(12, 12)}, {_matrix(3, 3)}, a[1:-1, 1:-1]), a)",
    f"(window({_matrix(9, 9)}, {_matrix(3, 2)}, np.ones((7, 7))))",
]
