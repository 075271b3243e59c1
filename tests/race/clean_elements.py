"""Loops whose iterations touch elements of their own: what subscripts, bounds and branches prove."""

from snek import Array1D, Array2D, Array3D, Array4D, f64, i64, prange, u8


def own(a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in prange(len(a)):
        a[i] = b[i]


def own_and_itself(a: Array1D[f64]) -> None:
    for i in prange(len(a)):
        a[i] = a[i] * 2.0 + a[i]


def offset(a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in prange(1, len(a) - 1):
        a[i + 1] = b[i - 1]


def fixed_offset_apart(a: Array1D[f64]) -> None:
    for i in prange(100):
        a[i] = a[i + 100]


def symbolic_offset_apart(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        a[i] = a[i + n]


def halves(a: Array1D[f64]) -> None:
    h = len(a) // 2
    for i in prange(h):
        a[i] = a[i + h]


def second_half_mirrored(a: Array1D[f64]) -> None:
    n = len(a)
    for i in prange(n // 2):
        a[i] = a[n - 1 - i]


def reverse_in_place(a: Array1D[f64]) -> None:
    n = len(a)
    for i in prange(n // 2):
        t = a[i]
        a[i] = a[n - 1 - i]
        a[n - 1 - i] = t


def even_and_odd(a: Array1D[i64], n: int) -> None:
    for i in prange(n):
        a[2 * i] = a[2 * i + 1]


def three_of_pixel(out: Array1D[u8], n: int) -> None:
    for i in prange(n):
        for c in range(3):
            out[3 * i + c] = u8(c)


def multiples_apart(a: Array1D[i64], n: int) -> None:
    for i in prange(n):
        a[4 * i] = a[6 * i + 1]


def strided_loop(a: Array1D[f64], n: int) -> None:
    for i in prange(0, n, 2):
        a[i] = a[i + 1]


def strided_pairs(a: Array1D[f64], n: int) -> None:
    for i in prange(0, n, 4):
        for k in range(4):
            a[i + k] = 0.0


def strided_backwards(a: Array1D[f64], n: int) -> None:
    for i in prange(n, 2, -3):
        a[i] = a[i - 1] + a[i - 2]


def backwards(a: Array1D[f64]) -> None:
    for i in prange(len(a) - 1, -1, -1):
        a[i] = 1.0


def from_the_end(a: Array1D[f64]) -> None:
    for i in prange(len(a)):
        a[-1 - i] = float(i)


def step_of_the_user(a: Array1D[f64], n: int, step: int) -> None:
    for i in prange(0, n, step):
        a[i] = 1.0


def blocks_of_the_user(a: Array1D[f64], n: int, block: int) -> None:
    for i in prange(0, n, block):
        for j in range(i, min(i + block, n)):
            a[j] = a[j] + 1.0


def blocks(a: Array1D[f64], n: int) -> None:
    for b in prange(n):
        for i in range(b * 64, (b + 1) * 64):
            a[i] = 0.0


def symbolic_blocks(a: Array1D[f64], n: int, k: int) -> None:
    for b in prange(n):
        for i in range(b * k, b * k + k):
            a[i] = 0.0


def cut_blocks(a: Array1D[f64], n: int) -> None:
    for b in prange((n + 63) // 64):
        for i in range(b * 64, min(b * 64 + 64, n)):
            a[i] = 0.0


def rows(a: Array2D[f64]) -> None:
    for y in prange(a.shape[0]):
        for x in range(a.shape[1]):
            a[y, x] = a[y, a.shape[1] - 1 - x]


def rows_by_view(a: Array2D[f64]) -> None:
    for y in prange(a.shape[0]):
        row = a[y]
        for x in range(1, len(row)):
            row[x] = row[x - 1]


def columns(a: Array2D[f64]) -> None:
    for x in prange(a.shape[1]):
        for y in range(1, a.shape[0]):
            a[y, x] += a[y - 1, x]


def planes(a: Array3D[f64]) -> None:
    for z in prange(a.shape[0]):
        for y in range(1, a.shape[1]):
            for x in range(1, a.shape[2]):
                a[z, y, x] = a[z, y - 1, x] + a[z, y, x - 1]


def middle_dimension(a: Array3D[f64], n: int) -> None:
    for y in prange(n):
        for z in range(1, n):
            for x in range(n):
                a[z, y, x] = a[z - 1, y, n - 1 - x]


def four_dimensions(a: Array4D[f64], n: int) -> None:
    for i in prange(n):
        for j in range(n):
            for k in range(n):
                for m in range(n):
                    a[i, k, j, m] = a[i, j, k, m]


def matmul(a: Array2D[f64], b: Array2D[f64], c: Array2D[f64]) -> None:
    n, m = a.shape
    for i in prange(n):
        for j in range(b.shape[1]):
            s = 0.0
            for k in range(m):
                s += a[i, k] * b[k, j]
            c[i, j] = s


def jacobi(a: Array2D[f64], b: Array2D[f64], steps: int) -> None:
    h, w = a.shape
    for _ in range(steps):
        for y in prange(1, h - 1):
            for x in range(1, w - 1):
                b[y, x] = 0.25 * (a[y - 1, x] + a[y + 1, x] + a[y, x - 1] + a[y, x + 1])
        a, b = b, a


def lower_triangle(a: Array2D[f64], n: int) -> None:
    for i in prange(n):
        for j in range(i):
            a[i, j] = 1.0


def symmetric_from_lower(a: Array2D[f64], n: int) -> None:
    for i in prange(n):
        for j in range(i):
            a[j, i] = a[i, j]


def transpose_in_place(a: Array2D[f64], n: int) -> None:
    for i in prange(n):
        for j in range(i):
            t = a[i, j]
            a[i, j] = a[j, i]
            a[j, i] = t


def symmetric_both(a: Array2D[f64], n: int) -> None:
    for i in prange(n):
        for j in range(i + 1):
            a[i, j] = 1.0
            if j < i:
                a[j, i] = 1.0


def lower_and_upper(a: Array2D[f64], n: int) -> None:
    for i in prange(n):
        for j in range(i + 1):
            a[i, j] = 1.0
            a[j, i] = 1.0


def squares(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        a[i * i] = 1.0


def packed_triangle(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        for j in range(i + 1):
            a[i * (i + 1) // 2 + j] = 1.0


def elimination_step(a: Array2D[f64], k: int, n: int) -> None:
    for i in prange(k + 1, n):
        f = a[i, k] / a[k, k]
        for j in range(k, n):
            a[i, j] -= f * a[k, j]


def floyd_row_kept(d: Array2D[f64], row: Array1D[f64], k: int, n: int) -> None:
    for i in prange(n):
        for j in range(n):
            if d[i, k] + row[j] < d[i, j]:
                d[i, j] = d[i, k] + row[j]


def flattened(out: Array1D[u8], h: int, w: int) -> None:
    for y in prange(h):
        for x in range(w):
            out[y * w + x] = u8(1)


def flattened_3d(out: Array1D[f64], d: int, h: int, w: int) -> None:
    for z in prange(d):
        for y in range(h):
            for x in range(w):
                out[(z * h + y) * w + x] = 1.0


def flattened_columns(out: Array1D[f64], h: int, w: int) -> None:
    for x in prange(w):
        for y in range(h):
            out[y * w + x] = 1.0


def unflattened(a: Array2D[f64], n: int) -> None:
    for k in prange(n * 8):
        a[k // 8, k % 8] = float(k)


def unflattened_by_extent(a: Array2D[f64]) -> None:
    h, w = a.shape
    if w > 0:
        for k in prange(h * w):
            a[k // w, k % w] = float(k)


def unflattened_by_bits(a: Array2D[f64], n: int) -> None:
    for k in prange(n):
        a[k >> 3, k & 7] = float(k)


def quotient_of_strided(a: Array1D[f64], n: int) -> None:
    for i in prange(0, n, 2):
        a[i // 2] = 1.0


def remainder_of_few(a: Array1D[f64]) -> None:
    for i in prange(16):
        a[i % 16] = 1.0


def odd_remainder(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        a[2 * i + i % 2] = 1.0


def only_the_first(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        if i == 0:
            a[0] = 5.0
        else:
            a[i] = 1.0


def apart_by_branch(a: Array1D[f64], n: int) -> None:
    for i in prange(2 * n):
        if i < n:
            a[i] = 1.0
        else:
            a[i] = a[i] + 2.0


def reads_only_outside(a: Array1D[f64], n: int) -> None:
    for i in prange(2 * n):
        if i >= n:
            a[i] = a[i - n - n + 0] if i < 0 else 1.0


def kept_by_continue(a: Array1D[f64], n: int) -> None:
    for i in prange(2 * n):
        if i < n:
            continue
        a[i] = a[2 * n - 1 - i]


def inside_of_margins(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        if 0 < i and i < n - 1:
            a[i] = 1.0


def first_row_is_read(a: Array2D[f64], n: int) -> None:
    for y in prange(1, n):
        for x in range(n):
            a[y, x] = a[0, x]


def first_column_is_read(a: Array2D[f64], n: int) -> None:
    for x in prange(1, n):
        for y in range(n):
            a[y, x] = a[y, 0]


def own_row_other_column(a: Array2D[f64], n: int) -> None:
    for y in prange(n):
        a[y, 0] = a[y, 1] + a[y, 2]


def diagonal(a: Array2D[f64], n: int) -> None:
    for i in prange(n):
        a[i, i] = 1.0


def antidiagonal(a: Array2D[f64], n: int) -> None:
    for i in prange(n):
        a[i, n - 1 - i] = 1.0


def wavefront(a: Array2D[f64], n: int) -> None:
    for d in range(2, n):
        for i in prange(1, d):
            a[i, d - i] = a[i - 1, d - i] + a[i, d - i - 1]


def one_iteration(a: Array1D[f64]) -> None:
    for i in prange(1):
        a[i] = a[i + 1]
        a[0] = 1.0


def too_short_to_meet(a: Array1D[f64]) -> None:
    for i in prange(10):
        a[i] = a[i + 10]


def from_anywhere(a: Array1D[f64], low: int, high: int) -> None:
    for i in prange(low, high):
        a[i] = 1.0


def nested(a: Array3D[f64]) -> None:
    for z in prange(a.shape[0]):
        for y in prange(a.shape[1]):
            for x in range(1, a.shape[2]):
                a[z, y, x] += a[z, y, x - 1]
