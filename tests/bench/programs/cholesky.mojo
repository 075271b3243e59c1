from std.math import sqrt

from arrays import Floats


@export("cholesky")
def cholesky(a: Floats, n: Int, n1: Int, f: Floats, n2: Int, n3: Int) abi("C"):
    for i in range(n):
        for j in range(i + 1):
            var rest = a[i * n + j]
            for k in range(j):
                rest -= f[i * n + k] * f[j * n + k]
            f[i * n + j] = sqrt(rest) if i == j else rest / f[j * n + j]
