from arrays import Floats


@export("matmul")
def matmul(
    a: Floats, n: Int, m: Int, b: Floats, m2: Int, p: Int, result: Floats, n2: Int, p2: Int
) abi("C"):
    for i in range(n):
        for j in range(p):
            var total = 0.0
            for k in range(m):
                total += a[i * m + k] * b[k * p + j]
            result[i * p + j] = total
