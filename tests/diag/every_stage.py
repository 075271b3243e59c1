from snek import Array1D, f64, native, parallel, prange


@native
def total(n: int) -> float:
    result = 0
    for i in range(n):
        result += 0.5
    return result


@parallel
def smooth(a: Array1D[f64]) -> None:
    for i in prange(1, len(a)):
        a[i] = 0.5 * (a[i - 1] + a[i])
