from max.algorithm import parallelize

from arrays import Floats


@export("parallel_matmul")
def parallel_matmul(
    a: Floats,
    n: Int,
    m: Int,
    b: Floats,
    m2: Int,
    p: Int,
    result: Floats,
    n2: Int,
    p2: Int,
    threads: Int,
) abi("C"):
    def row(i: Int) {imm}:
        for j in range(p):
            var total = 0.0
            for k in range(m):
                total += a[i * m + k] * b[k * p + j]
            result[i * p + j] = total

    parallelize(row, n, threads)
