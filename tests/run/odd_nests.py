"""Nests and comparisons that random programs have found to be refused by a pass or a rule."""

from snek import Array1D, Array2D, f64, i32, i64, native, parallel, prange, u8


@parallel
def equals_its_double(out: Array1D[bool], at: Array1D[i64]) -> None:
    for i in prange(out.shape[0]):
        out[i] = int(at[i]) == int(at[i]) + int(at[i])


@native
def equals_a_sum(out: Array1D[u8], a: Array1D[i32], b: Array1D[i32]) -> None:
    for i in range(out.shape[0]):
        out[i] = u8(a[i] == a[i] + b[i]) + u8(a[i] - a[i] == b[i]) + u8(a[i] ^ a[i])


@native
def endless_within(a: Array2D[f64], at: Array1D[i64], limit: int) -> tuple[float, int]:
    total = 0.0
    steps = 0
    for i in range(0, a.shape[0], 2):
        for j in range(i + 1, at.shape[0]):
            k = 0
            while k < at.shape[0] and (at[j] <= 0 or at[i] < 1):
                total += a[i, k % a.shape[1]]
                steps += 1
                k += 1
                if steps > limit:
                    return total, steps
    return total, steps


def _lengths():
    return [*range(20), 31, 32, 33, 63, 64, 65, 100]


CASES = [
    *(
        f"""at = np.arange({n}, dtype=np.int64) % 3 - 1
out = np.ones({n}, dtype=bool)
equals_its_double(out, at)"""
        for n in _lengths()
    ),
    *(
        f"""a = np.arange({n}, dtype=np.int32)
b = np.arange({n}, dtype=np.int32) % 2
out = np.zeros({n}, dtype=np.uint8)
equals_a_sum(out, a, b)"""
        for n in _lengths()
    ),
    """a = np.arange(20, dtype=np.float64).reshape(4, 5)
endless_within(a, np.array([0, -1, 3, 0, 2]), 1000)""",
    """a = np.arange(20, dtype=np.float64).reshape(4, 5)
endless_within(a, np.array([0, -1, 3, 0, 2]), 3)""",
]
