from arrays import Floats


@always_inline
def step(h: Int, w: Int, a: Floats, b: Floats):
    for i in range(1, h - 1):
        for j in range(1, w - 1):
            b[i * w + j] = 0.2 * (
                a[i * w + j]
                + a[i * w + j - 1]
                + a[i * w + j + 1]
                + a[(i + 1) * w + j]
                + a[(i - 1) * w + j]
            )


@export("jacobi_2d")
def jacobi_2d(a: Floats, h: Int, w: Int, b: Floats, h2: Int, w2: Int, steps: Int) abi("C"):
    for _ in range(steps):
        step(h, w, a, b)
        step(h, w, b, a)
