from std.math import sqrt

from max.algorithm import parallelize

from arrays import Floats


@always_inline
def element(i: Int, j: Int) -> Float64:
    return 1.0 / Float64((i + j) * (i + j + 1) // 2 + i + 1)


@always_inline
def multiply(n: Int, v: Floats, result: Floats, threads: Int):
    def row(i: Int) {imm}:
        var total = 0.0
        for j in range(n):
            total += element(i, j) * v[j]
        result[i] = total

    parallelize(row, n, threads)


@always_inline
def multiply_transposed(n: Int, v: Floats, result: Floats, threads: Int):
    def column(i: Int) {imm}:
        var total = 0.0
        for j in range(n):
            total += element(j, i) * v[j]
        result[i] = total

    parallelize(column, n, threads)


@export("parallel_spectral_norm")
def parallel_spectral_norm(
    u: Floats, n: Int, v: Floats, n1: Int, w: Floats, n2: Int, steps: Int, threads: Int
) abi("C") -> Float64:
    for _ in range(steps):
        multiply(n, u, w, threads)
        multiply_transposed(n, w, v, threads)
        multiply(n, v, w, threads)
        multiply_transposed(n, w, u, threads)
    var uv = 0.0
    var vv = 0.0
    for i in range(n):
        uv += u[i] * v[i]
        vv += v[i] * v[i]
    return sqrt(uv / vv)
