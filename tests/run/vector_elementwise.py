"""Loops over elements: sizes around the number of lanes, strides, overlaps, mixed types."""

from snek import Array1D, Array2D, f32, f64, i32, i64, u8


def scaled(a: float, x: Array1D[f64], y: Array1D[f64]) -> None:
    for i in range(min(len(x), len(y))):
        y[i] += a * x[i]


def stencil(x: Array1D[f64], y: Array1D[f64]) -> None:
    for i in range(1, min(len(x), len(y)) - 1):
        y[i] = (x[i - 1] + 2.0 * x[i] + x[i + 1]) * 0.25


def in_place(x: Array1D[f32]) -> None:
    for i in range(len(x)):
        x[i] = x[i] * x[i] - f32(0.5)


def forward(x: Array1D[i64]) -> None:
    for i in range(1, len(x)):
        x[i - 1] = x[i]


def recurrence(x: Array1D[i64]) -> None:
    for i in range(1, len(x)):
        x[i] = x[i - 1] + x[i]


def far(x: Array1D[i64], y: Array1D[i64]) -> None:
    for i in range(5, len(x)):
        x[i] = x[i - 5] + 1
    for i in range(8, len(y)):
        y[i] = y[i - 8] * 3


def backwards(x: Array1D[i32], y: Array1D[i32]) -> None:
    for i in range(min(len(x), len(y)) - 1, -1, -1):
        y[i] = x[i] * 3 + 1


def every_other(x: Array1D[f64], y: Array1D[f64]) -> None:
    for i in range(0, min(len(x), len(y)) - 1, 2):
        y[i] = x[i + 1]
        y[i + 1] = x[i]


def threes(x: Array1D[f64]) -> None:
    for i in range(1, len(x), 3):
        x[i] = -x[i]


def reverse_into(x: Array1D[u8], y: Array1D[u8]) -> None:
    n = min(len(x), len(y))
    for i in range(n):
        y[n - 1 - i] = x[i]


def fill(x: Array1D[u8], v: u8) -> None:
    for i in range(len(x)):
        x[i] = v


def count_up(x: Array1D[f64], y: Array1D[i64]) -> None:
    for i in range(len(x)):
        x[i] = i * 0.5
    for i in range(len(y)):
        y[i] = 3 * i - 7


def widths(a: Array1D[u8], b: Array1D[f32], c: Array1D[i32], d: Array1D[i64]) -> None:
    for i in range(min(len(a), len(b), len(c), len(d))):
        b[i] = f32(a[i]) * f32(0.25)
        d[i] = i64(c[i]) - i64(a[i])
        c[i] = i32(a[i]) << i32(3)


def masks(x: Array1D[f64], m: Array1D[bool], k: Array1D[i64]) -> None:
    for i in range(min(len(x), len(m), len(k))):
        m[i] = x[i] > 0.25 and k[i] != 3


def clipped(x: Array1D[f64], y: Array1D[f64]) -> None:
    for i in range(min(len(x), len(y))):
        v = x[i]
        if v < 0.0:
            y[i] = 0.0
        elif v > 1.0:
            y[i] = 1.0
        else:
            y[i] = v * v


def guarded(x: Array1D[i64], y: Array1D[i64]) -> None:
    for i in range(min(len(x), len(y))):
        if x[i] > 2:
            y[i] = x[i] - y[i]


def roots(x: Array1D[f64], y: Array1D[f64]) -> None:
    for i in range(min(len(x), len(y))):
        y[i] = abs(x[i]) ** 0.5 if x[i] < 0.5 else 1.0 / x[i]


def transposed(a: Array2D[f64], b: Array2D[f64]) -> None:
    for i in range(min(a.shape[0], b.shape[1])):
        for j in range(min(a.shape[1], b.shape[0])):
            b[j, i] = a[i, j]


def jacobi(a: Array2D[f64], b: Array2D[f64]) -> None:
    for i in range(1, a.shape[0] - 1):
        for j in range(1, a.shape[1] - 1):
            b[i, j] = 0.25 * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])


def gauss_seidel(a: Array2D[f64]) -> None:
    for i in range(1, a.shape[0] - 1):
        for j in range(1, a.shape[1] - 1):
            a[i, j] = 0.25 * (a[i - 1, j] + a[i + 1, j] + a[i, j - 1] + a[i, j + 1])


def shortest(d: Array2D[f64]) -> None:
    n = d.shape[0]
    for k in range(n):
        for i in range(n):
            for j in range(n):
                d[i, j] = min(d[i, j], d[i, k] + d[k, j])


def gathered(x: Array1D[f64], at: Array1D[i64], y: Array1D[f64]) -> None:
    for i in range(min(len(at), len(y))):
        y[i] = x[at[i]] + 1.0


def fails(x: Array1D[i64], y: Array1D[i64], n: int) -> None:
    for i in range(n):
        y[i] = 2 * x[i]


def divides(x: Array1D[i64], y: Array1D[i64]) -> None:
    for i in range(min(len(x), len(y))):
        y[i] = 1000 // int(x[i])


LENGTHS = range(68)
CASES = [f"(scaled(0.1, np.arange({n}) * 0.3, y := np.arange({n}) / 7), y)" for n in LENGTHS]
CASES += [f"(stencil(np.arange({n}) * 0.3, y := np.zeros({n})), y)" for n in LENGTHS]
CASES += [f"(in_place(x := np.arange({n}, dtype=np.float32) / 8), x)" for n in LENGTHS]
CASES += [
    f"(widths(np.arange({n}, dtype=np.uint8) * 3, b := np.zeros({n}, np.float32),"
    f" c := np.arange({n}, dtype=np.int32), d := np.zeros({n}, int)), b, c, d)"
    for n in LENGTHS
]
CASES += [
    f"({f}(x := np.arange({n}) * 7 % 11), x)"
    for f in ("forward", "recurrence")
    for n in (0, 1, 2, 3, 9, 33, 67)
]
CASES += [f"(far(x := np.arange({n}), y := np.arange({n})), x, y)" for n in LENGTHS]
CASES += [
    f"(backwards(np.arange({n}, dtype=np.int32), y := np.zeros({n}, np.int32)), y)" for n in LENGTHS
]
CASES += [f"(every_other(np.arange({n}) * 0.5, y := np.zeros({n})), y)" for n in LENGTHS]
CASES += [f"(threes(x := np.arange({n}) * 0.5), x)" for n in LENGTHS]
CASES += [
    f"(reverse_into(np.arange({n}, dtype=np.uint8), y := np.zeros({n}, np.uint8)), y)"
    for n in LENGTHS
]
CASES += [f"(fill(x := np.zeros({n}, np.uint8), 7), x)" for n in LENGTHS]
CASES += [f"(count_up(x := np.zeros({n}), y := np.zeros({n}, int)), x, y)" for n in LENGTHS]
CASES += [
    f"(masks(np.arange({n}) % 5 / 10, m := np.zeros({n}, bool), np.arange({n}) % 4), m)"
    for n in LENGTHS
]
CASES += [f"(clipped((np.arange({n}) - 9) / 7, y := np.zeros({n})), y)" for n in LENGTHS]
CASES += [f"(guarded(np.arange({n}) * 5 % 7, y := np.arange({n})), y)" for n in LENGTHS]
CASES += [
    f"(roots((np.arange({n}) - 9) / 7, y := np.zeros({n})), y)" for n in LENGTHS if n < 9 or n > 60
]
CASES += ["(clipped(np.array([0.5, -0.0, np.nan, np.inf, -np.inf] * 9), y := np.ones(45)), y)"]
CASES += ["(scaled(np.inf, np.array([0.0, -0.0, np.nan, 1.0] * 9), y := np.zeros(36)), y)"]
# Strides, unaligned bases, arguments that overlap.
_B = "(b := np.arange(140) / 7)"
CASES += [
    f"({_B}, scaled(0.5, {x}, {y}), b)"
    for x in ("b[:67]", "b[1:68]", "b[::2]", "b[66::-1]", "b[3:60:3]")
    for y in ("b[:67]", "b[1:68]", "b[70:]", "b[::2]", "b[::-2]", "b[5:72]")
]
CASES += [
    f"({_B}, stencil({x}, {y}), b)"
    for x in ("b[:67]", "b[1:68]", "b[::-1]")
    for y in ("b[:67]", "b[1:68]", "b[68:]", "b[68:].reshape(-1)[::1]")
]
CASES += [
    f"(b := np.arange(90, dtype=np.uint8), reverse_into({x}, {y}), b)"
    for x in ("b[:40]", "b[1:41]", "b[::2]")
    for y in ("b[:40]", "b[45:]", "b[20:60]", "b[::-1]")
]
CASES += [
    "(x := np.zeros(1, np.int32), v := np.lib.stride_tricks.as_strided(x, (50,), (0,)),"
    " backwards(np.arange(50, dtype=np.int32), v), x)",
    "(x := np.arange(80), v := np.lib.stride_tricks.as_strided(x, (20,), (32,)), forward(v), x)",
    "(x := np.arange(80), v := np.lib.stride_tricks.as_strided(x[78:], (20,), (-16,)), forward(v), x)",
    "(x := np.arange(9, dtype=np.uint8), v := np.broadcast_to(x[:1], (40,)),"
    " reverse_into(v, y := np.zeros(40, np.uint8)), y)",
]
_M = "np.arange({n} * {m}).reshape({n}, {m}) % 17 / 3"
CASES += [
    f"({f}({_M.format(n=n, m=m)}, b := np.zeros(({m2}, {n2}))), b)"
    for f, swap in (("transposed", True), ("jacobi", False))
    for n, m in ((0, 3), (3, 3), (5, 19), (18, 35))
    for n2, m2 in ([(n, m)] if swap else [(m, n)])
]
CASES += [f"(gauss_seidel(a := {_M.format(n=n, m=m)}), a)" for n, m in ((3, 3), (6, 21))]
CASES += [
    f"(jacobi(a := {_M.format(n=9, m=40)}, a), a)",
    f"(jacobi(a := {_M.format(n=9, m=40)}, a.T), a)",
]
CASES += [f"(shortest(d := ({_M.format(n=n, m=n)}) * 1.7), d)" for n in (0, 1, 4, 11, 20)]
CASES += [
    f"(gathered(np.arange(30) * 1.5, np.arange({n}) * 7 % 30, y := np.zeros({n})), y)"
    for n in (0, 5, 33)
]
CASES += ["gathered(np.arange(30) * 1.5, np.array([3] * 20 + [-1, -30, -31]), np.zeros(40))"]
CASES += [
    f"(y := np.zeros(30, int), fails(np.arange({a}), y, {n}))" for a, n in ((40, 31), (20, 25))
]
CASES += ["(y := np.zeros(30, int), divides(np.arange(30)[::-1] - 3, y))"]
