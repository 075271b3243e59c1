from snek import Array1D, f64, parallel, prange


@parallel
def carried(n: int) -> float:
    x = 1.0
    for i in prange(n):
        x = x * 0.5 + i
    return x


@parallel
def leaves(a: Array1D[f64]) -> int:
    for i in prange(len(a)):
        if a[i] < 0.0:
            return i
    return -1
