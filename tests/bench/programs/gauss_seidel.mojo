from arrays import Floats


@export("gauss_seidel")
def gauss_seidel(a: Floats, h: Int, w: Int, steps: Int) abi("C"):
    for _ in range(steps):
        for i in range(1, h - 1):
            for j in range(1, w - 1):
                a[i * w + j] = 0.25 * (
                    a[(i - 1) * w + j]
                    + a[i * w + j - 1]
                    + a[i * w + j + 1]
                    + a[(i + 1) * w + j]
                )
