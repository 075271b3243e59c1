from arrays import Floats


@export("lu")
def lu(a: Floats, n: Int, n2: Int) abi("C"):
    for k in range(n):
        for i in range(k + 1, n):
            a[i * n + k] /= a[k * n + k]
            for j in range(k + 1, n):
                a[i * n + j] -= a[i * n + k] * a[k * n + j]
