from snek import Array1D, Array2D, f64, parallel, prange, u8


def add(a: Array1D[f64], b: Array1D[f64], out: Array1D[f64]) -> None:
    for i in range(len(a)):
        out[i] = a[i] + b[i]


def row_sum(row: Array1D[f64]) -> f64:
    total = f64(0.0)
    for x in row:
        total += x
    return total


def sums(a: Array2D[f64], out: Array1D[f64]) -> None:
    for i, row in enumerate(a):
        out[i] = row_sum(row)


def fill(out: Array2D[u8], value: int) -> None:
    for y in range(out.shape[0]):
        row = out[y]
        for x in range(len(row)):
            row[x] = u8(value)


def fill_first(a: Array2D[u8], b: Array2D[u8]) -> None:
    fill(a, b.shape[1])


@parallel
def blur(src: Array2D[u8], out: Array2D[u8], radius: int) -> float:
    h, w = src.shape
    total = 0.0
    for y in prange(h):
        for x in range(w):
            s = 0
            for k in range(max(0, x - radius), min(w, x + radius + 1)):
                s += int(src[y, k])
            out[y, x] = u8(s // (2 * radius + 1))
            total += s
    return total
