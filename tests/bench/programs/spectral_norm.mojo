from std.math import sqrt

from arrays import Floats


@always_inline
def element(i: Int, j: Int) -> Float64:
    return 1.0 / Float64((i + j) * (i + j + 1) // 2 + i + 1)


@always_inline
def multiply(n: Int, v: Floats, result: Floats):
    for i in range(n):
        var total = 0.0
        for j in range(n):
            total += element(i, j) * v[j]
        result[i] = total


@always_inline
def multiply_transposed(n: Int, v: Floats, result: Floats):
    for i in range(n):
        var total = 0.0
        for j in range(n):
            total += element(j, i) * v[j]
        result[i] = total


@export("spectral_norm")
def spectral_norm(
    u: Floats, n: Int, v: Floats, n1: Int, w: Floats, n2: Int, steps: Int
) abi("C") -> Float64:
    for _ in range(steps):
        multiply(n, u, w)
        multiply_transposed(n, w, v)
        multiply(n, v, w)
        multiply_transposed(n, w, u)
    var uv = 0.0
    var vv = 0.0
    for i in range(n):
        uv += u[i] * v[i]
        vv += v[i] * v[i]
    return sqrt(uv / vv)
