"""Views whose rows lie in one piece, and views whose rows do not: strides of all kinds, overlaps."""

from snek import Array1D, Array2D, c128, f32, f64, i64, u8


def stencil(a: Array2D[f64], b: Array2D[f64]) -> None:
    for i in range(1, min(len(a), len(b)) - 1):
        for j in range(1, min(a.shape[1], b.shape[1]) - 1):
            b[i, j] = 0.25 * (a[i, j - 1] + a[i, j + 1] + a[i + 1, j] + a[i - 1, j])


def add(x: Array1D[f32], y: Array1D[f32]) -> None:
    for i in range(min(len(x), len(y))):
        y[i] += x[i] * f32(0.5)


def total(a: Array2D[i64]) -> int:
    count = 0
    for i in range(len(a)):
        for j in range(a.shape[1]):
            count += int(a[i, j])
    return count


def limited(a: Array2D[u8], most: int) -> int:
    changed = 0
    for i in range(len(a)):
        for j in range(a.shape[1] - 1, -1, -1):
            if a[i, j] > most:
                a[i, j] = most
                changed += 1
    return changed


def scaled(a: Array2D[c128], b: Array2D[f64]) -> None:
    for i in range(min(len(a), len(b))):
        for j in range(min(a.shape[1], b.shape[1])):
            a[i, j] = a[i, j] * 2.0
            b[i, j] = b[i, j] * 0.5


def places(a: Array1D[f64], at: Array1D[i64], out: Array1D[f64]) -> None:
    for i in range(min(len(at), len(out))):
        out[i] = a[at[i]] - out[i]


_VIEWS = ("[:, :]", "[:, 3:]", "[2:-1, 1:20]", "[::2, 1:]", "[::-1, :-2]", "[:, ::2]", "[:, ::-1]")
_VIEWS += ("[:, ::-1][:, ::-1]", ".T", ".T[1:, 2:]", "[1:2, :]", "[:0, 1:]", "[:, 5:5]")
_A = "(np.arange(25 * 37) * 37 % 101 / 8).reshape(25, 37)"
CASES = [f"(b := {_A} * 0.5, stencil(({_A}){x}, b{y}), b)" for x in _VIEWS for y in _VIEWS]
CASES += [f"(b := {_A}, stencil(b{x}, b{y}), b)" for x in _VIEWS[:5] for y in _VIEWS[:5]]
CASES += [
    f"(b := ({_A}).astype(np.float32).reshape(-1), add(b{x}, b{y}), b)"
    for x in ("[:67]", "[1:68]", "[::3]", "[66::-1]")
    for y in ("[:67]", "[70:200]", "[5::2]", "[2:69]")
]
CASES += [f"(b := ({_A}).astype(np.float32), add(b[2, 1:], b[:, 3]), b)"]
CASES += [f"(b := ({_A}).astype(np.float32), add(b[2, 1:], b[3, 2:-1]), b)"]
CASES += [f"total(({_A}).astype(np.int64){x})" for x in _VIEWS]
CASES += [f"(a := ({_A} * 9).astype(np.uint8), limited(a{x}, 60), a)" for x in _VIEWS]
CASES += [f"(a := ({_A}) * (1 + 2j), b := {_A}, scaled(a{x}, b{x}), a, b)" for x in _VIEWS]
CASES += [f"(a := ({_A}) * (1 + 2j), scaled(a{x}, a.real{x}), a)" for x in _VIEWS]
CASES += [
    f"(out := {_A}, places(({_A})[:, 1][::-1], np.arange(80)[::{step}] % 25, out[4, {x}]), out)"
    for step in (1, 2, -1)
    for x in ("1:", "::-1", ":")
]
# One element, again and again; elements that are too far from each other.
CASES += [
    f"(x := np.arange(64.0), v := np.lib.stride_tricks.as_strided(x, {shape}, {strides}),"
    f" stencil({_A}, v), x)"
    for shape, strides in (
        ((4, 9), (0, 8)),
        ((4, 9), (16, 8)),
        ((4, 9), (80, 0)),
        ((4, 9), (80, 8)),
        ((1, 30), (4, 8)),
    )
]
