from max.algorithm import parallelize

from arrays import Floats


@always_inline
def step(h: Int, w: Int, a: Floats, b: Floats, threads: Int):
    def row(above: Int) {imm}:
        var i = above + 1
        for j in range(1, w - 1):
            b[i * w + j] = 0.2 * (
                a[i * w + j]
                + a[i * w + j - 1]
                + a[i * w + j + 1]
                + a[(i + 1) * w + j]
                + a[(i - 1) * w + j]
            )

    parallelize(row, h - 2, threads)


@export("parallel_jacobi_2d")
def parallel_jacobi_2d(
    a: Floats, h: Int, w: Int, b: Floats, h2: Int, w2: Int, steps: Int, threads: Int
) abi("C"):
    for _ in range(steps):
        step(h, w, a, b, threads)
        step(h, w, b, a, threads)
