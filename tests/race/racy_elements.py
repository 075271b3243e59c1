"""Races on elements of arrays: loop-carried dependences of every kind that subscripts can make."""

from snek import Array1D, Array2D, Array3D, f64, i64, prange, u8


def flow(a: Array1D[f64]) -> None:
    for i in prange(1, len(a)):
        a[i] = a[i - 1] + 1.0  # race: R001


def anti(a: Array1D[f64]) -> None:
    for i in prange(len(a) - 1):
        a[i] = a[i + 1] + 1.0  # race: R001


def output(a: Array1D[f64]) -> None:
    for i in prange(len(a) - 1):
        a[i] = 1.0  # race: R001
        a[i + 1] = 2.0


def far(a: Array1D[f64]) -> None:
    for i in prange(100, len(a)):
        a[i] = a[i - 100]  # race: R001


def prefix_sum(a: Array1D[f64], s: Array1D[f64]) -> None:
    for i in prange(1, len(a)):
        s[i] = s[i - 1] + a[i]  # race: R001


def recurrence(a: Array1D[f64]) -> None:
    for i in prange(2, len(a)):
        a[i] = a[i - 1] + a[i - 2]  # race: R001


def in_place_stencil(a: Array2D[f64]) -> None:
    h, w = a.shape
    for y in prange(1, h - 1):
        for x in range(1, w - 1):
            a[y, x] = 0.25 * (a[y - 1, x] + a[y + 1, x] + a[y, x - 1] + a[y, x + 1])  # race: R001


def shift_rows(a: Array2D[f64]) -> None:
    for y in prange(a.shape[0] - 1):
        for x in range(a.shape[1]):
            a[y + 1, x] = a[y, x]  # race: R001


def diagonal(a: Array2D[f64]) -> None:
    for i in prange(1, a.shape[0]):
        for j in range(1, a.shape[1]):
            a[i, j] = a[i - 1, j - 1]  # race: R001


def skewed(a: Array2D[f64], n: int) -> None:
    for i in prange(1, n):
        for j in range(n - 1):
            a[i, j] = a[i - 1, j + 1]  # race: R001


def through_second_array(a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in prange(1, len(a)):
        b[i] = a[i - 1]
        a[i] = b[i] + 1.0  # race: R001


def two_carried(a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in prange(1, len(a)):
        a[i] = b[i - 1]
        b[i] = 2.0  # race: R001


def overlapping_windows(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        for k in range(4):
            a[3 * i + k] = 1.0  # race: R001


def overlapping_blocks(a: Array1D[f64], n: int) -> None:
    for b in prange(n):
        for i in range(b * 64, b * 64 + 65):
            a[i] = 0.0  # race: R001


def half_blocks(a: Array1D[f64], n: int) -> None:
    for b in prange(n):
        for i in range(b * 32, (b + 2) * 32):
            a[i] = 1.0  # race: R001


def symbolic_blocks_overlap(a: Array1D[f64], n: int, k: int) -> None:
    for b in prange(n):
        for i in range(b * k, b * k + k + 1):
            a[i] = 0.0  # race: R001


def even_reads_odd(a: Array1D[i64], n: int) -> None:
    for i in prange(n):
        a[2 * i] = a[2 * i + 2]  # race: R001


def stride_meets(a: Array1D[i64], n: int) -> None:
    for i in prange(n):
        a[2 * i] = a[3 * i]  # race: R001


def strided_loop_meets(a: Array1D[f64], n: int) -> None:
    for i in prange(0, n, 2):
        a[i + 2] = a[i]  # race: R001


def strided_loop_wide(a: Array1D[f64], n: int) -> None:
    for i in prange(0, n, 2):
        for j in range(i, i + 3):
            a[j] = 1.0  # race: R001


def backwards(a: Array1D[f64], n: int) -> None:
    for i in prange(n - 1, 0, -1):
        a[i] = a[i - 1]  # race: R001


def mirrored(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        a[i] = a[n - 1 - i]  # race: R001


def crossing(a: Array1D[f64]) -> None:
    for i in prange(100):
        a[i] = a[99 - i]  # race: R001


def from_both_ends(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        a[i] = 1.0  # race: R001
        a[2 * n - 3 - i] = 2.0


def transpose(a: Array2D[f64], n: int) -> None:
    for i in prange(n):
        for j in range(n):
            a[i, j] = a[j, i]  # race: R001


def symmetric_fill(a: Array2D[f64], n: int) -> None:
    for i in prange(n):
        for j in range(n):
            a[i, j] = 1.0  # race: R001
            a[j, i] = 2.0


def lower_then_upper(a: Array2D[f64], n: int) -> None:
    for i in prange(n):
        for j in range(i + 2):
            a[i, j] = 1.0  # race: R001
            a[j, i] = 1.0


def gauss_elimination(a: Array2D[f64], n: int) -> None:
    for k in prange(n):
        for i in range(k + 1, n):
            for j in range(k, n):
                a[i, j] -= a[k, j]  # race: R001


def floyd(d: Array2D[f64], n: int) -> None:
    for k in prange(n):
        for i in range(n):
            for j in range(n):
                if d[i, k] + d[k, j] < d[i, j]:
                    d[i, j] = d[i, k] + d[k, j]  # race: R003


def triangle_of_the_wrong_side(a: Array2D[f64], n: int) -> None:
    for i in prange(n):
        for j in range(i):
            a[j, i] = a[i, j] + a[j, j]
            a[j, j] = 0.0  # race: R003


def flattened_too_wide(out: Array1D[u8], h: int, w: int) -> None:
    for y in prange(h):
        for x in range(w + 1):
            out[y * w + x] = u8(1)  # race: R001


def flattened_wrong_stride(out: Array1D[u8], h: int, w: int) -> None:
    for y in prange(h):
        for x in range(w):
            out[y * (w - 1) + x] = u8(1)  # race: R001


def column_major_mix(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        for j in range(n):
            a[j * n + i] = a[i * n + j]  # race: R001


def quotient(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        a[i // 2] = 1.0  # race: R001


def remainder(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        a[i % 16] = float(i)  # race: R001


def remainder_of_window(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        a[(i + 1) % 10] += 1.0 + a[0]  # race: R001


def shifted_bits(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        a[i >> 1] = 1.0  # race: R001


def masked_bits(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        a[i & 7] = 1.0  # race: R001


def clamped(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        a[min(i, 10)] = 1.0  # race: R001


def clamped_below(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        a[max(i - 1, 0)] = a[i]  # race: R001


def plane_above(a: Array3D[f64]) -> None:
    for z in prange(1, a.shape[0]):
        for y in range(a.shape[1]):
            for x in range(a.shape[2]):
                a[z, y, x] += a[z - 1, y, x]  # race: R001


def wrong_dimension(a: Array3D[f64], n: int) -> None:
    for x in prange(n):
        for z in range(n):
            for y in range(1, n):
                a[z, y, 0] = a[z, y, x]  # race: R003


def one_element(a: Array1D[f64], b: Array1D[f64]) -> None:
    for i in prange(len(b)):
        a[3] = b[i]  # race: R003


def invariant_element(a: Array1D[f64], k: int, n: int) -> None:
    for i in prange(n):
        a[k] = float(i)  # race: R003


def last_element(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        a[-1] = float(i)  # race: R003


def reads_what_one_writes(a: Array1D[f64], n: int) -> None:
    for i in prange(1, n):
        if i == 1:
            a[0] = 5.0  # race: R003
        a[i] = a[0]


def inner_only(a: Array1D[f64], n: int) -> None:
    for _ in prange(n):
        for j in range(len(a)):
            a[j] = 1.0  # race: R003


def guarded_by_the_wrong_side(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        if i > 0:
            a[i] = a[i - 1]  # race: R001


def sum_of_indices(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        for j in range(n):
            a[i + j] = 1.0  # race: R001


def difference_of_indices(a: Array1D[f64], n: int) -> None:
    for i in prange(n):
        for j in range(i + 1):
            a[i - j] = 1.0  # race: R001


def nested_inner_race(a: Array2D[f64]) -> None:
    for y in prange(a.shape[0]):
        for x in prange(1, a.shape[1]):
            a[y, x] = a[y, x - 1]  # race: R001


def nested_outer_race(a: Array2D[f64]) -> None:
    for y in prange(1, a.shape[0]):
        for x in prange(a.shape[1]):
            a[y, x] = a[y - 1, x]  # race: R001


def step_of_the_user(a: Array1D[f64], n: int, step: int) -> None:
    for i in prange(0, n, step):
        a[i + step] = a[i]  # race: R001


def step_too_small(a: Array1D[f64], n: int, step: int) -> None:
    for i in prange(0, n, step):
        for j in range(i, i + step + 1):
            a[j] = 0.0  # race: R001
