"""Loops of checked integers, whose checks are joined, moved and proved."""

from snek import Array1D, Array2D, f64, i64, native, u8


@native
def running(a: Array1D[i64], out: Array1D[i64], total: int) -> int:
    for i in range(len(a)):
        total += int(a[i])
        out[i] = total
    return total


@native
def falling(a: Array1D[i64], out: Array1D[i64], total: int) -> int:
    for i in range(len(a)):
        total -= int(a[i])
        out[i] = total
    return total


@native
def growing(a: Array1D[i64], out: Array1D[i64], total: int) -> int:
    for i in range(len(a)):
        total *= int(a[i])
        out[i] = total
    return total


@native
def products(start: int, columns: int, out: Array1D[f64]) -> None:
    for i in range(len(out)):
        total = 0.0
        for j in range(columns):
            k = start + i
            total += 1.0 / ((k + j) * (k + j + 1) // 2 + k + 1)
        out[i] = total


@native
def table(out: Array2D[f64]) -> None:
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = 1.0 / ((i + j) * (i + j + 1) // 2 + i)


@native
def words(data: Array1D[u8], out: Array1D[i64], first: int) -> None:
    for i in range(len(out)):
        word = first
        for byte in range(4):
            word = word << 8 | int(data[4 * i + byte])
        out[i] = word


@native
def lowest_bits(n: int, taken: int) -> int:
    free = ((1 << n) - 1) & ~taken
    count = 0
    while free != 0:
        bit = free & -free
        free -= bit
        count = count * 3 + bit
    return count


@native
def edit_costs(row: Array1D[i64], same: Array1D[u8]) -> int:
    diagonal = int(row[0])
    for j in range(len(same)):
        change = diagonal if same[j] == 1 else diagonal + 1
        diagonal = int(row[j + 1])
        row[j + 1] = min(change, diagonal + 1, int(row[j]) + 1)
    return int(row[len(same)])


@native
def mixed(out: Array1D[i64], e: int, f: int, g: int, h: int) -> int:
    for i in range(len(out)):
        chosen = (e & f) ^ (~e & g)
        step = (h + chosen + (e >> 3) + i) & 0xFFFFFFFF
        h = g
        g = f
        f = e
        e = step
        out[i] = step
    return e


CASES = [
    f"a = np.arange({n}); a[{n} // 2] = {v}; out = np.zeros({n}, np.int64); {f}(a, out, {start})"
    for f in ("running", "falling")
    for n in (1, 3, 8, 33)
    for v in (5, -5, 2**40, -(2**62))
    for start in (0, 1, -1, 2**62 - 900)
    if f == "running" or v > 0
]
CASES += [
    f"a = np.arange(1, {n}); out = np.zeros({n} - 1, np.int64); growing(a, out, {start})"
    for n in (1, 2, 9, 20)
    for start in (0, 1, -3, 7)
]
CASES += ["a = np.arange(9); out = np.zeros(5, np.int64); running(a, out, 1)"]
CASES += [
    f"out = np.zeros({n}); products({start}, {columns}, out)"
    for n in (0, 1, 4, 9)
    for columns in (0, 1, 5)
    for start in (0, 1, -3, 2**30, 2**31, 3 * 10**9)
    if start < 2**31 or columns + n < 9
]
CASES += [f"out = np.zeros(({n}, {m})); table(out)" for n in (0, 1, 5, 9) for m in (0, 1, 7)]
CASES += [f"out = np.zeros((9, 7))[{k}:]; table(out)" for k in (1, 2)]
CASES += [
    f"d = np.arange({n}, dtype=np.uint8) * 37; out = np.zeros(5, np.int64); words(d, out, {first})"
    for n in (20, 19, 3)
    for first in (0, 1, -1, 2**30, 2**31 - 1, -(2**31))
]
CASES += [f"lowest_bits({n}, {t})" for n in (-1, 0, 1, 8, 20) for t in (0, 5, -1)]
CASES += [
    f"row = np.arange({n} + 1); row[{n} // 2] = {v}; edit_costs(row, np.arange({n}, dtype=np.uint8) % 2)"
    for n in (0, 1, 2, 9, 20)
    for v in (0, 2**31 - 1, 2**31, 2**62, -(2**62))
]
CASES += [f"mixed(np.zeros(12, np.int64), {e}, 2**31, 77, {h})" for e in (1, -9) for h in (3, -3)]
