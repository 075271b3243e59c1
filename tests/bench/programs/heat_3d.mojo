from arrays import Floats


@always_inline
def step(d: Int, h: Int, w: Int, a: Floats, b: Floats):
    var hw = h * w
    for i in range(1, d - 1):
        for j in range(1, h - 1):
            for k in range(1, w - 1):
                var c = i * hw + j * w + k
                b[c] = (
                    0.125 * (a[c + hw] - 2.0 * a[c] + a[c - hw])
                    + 0.125 * (a[c + w] - 2.0 * a[c] + a[c - w])
                    + 0.125 * (a[c + 1] - 2.0 * a[c] + a[c - 1])
                    + a[c]
                )


@export("heat_3d")
def heat_3d(
    a: Floats, d: Int, h: Int, w: Int, b: Floats, d2: Int, h2: Int, w2: Int, steps: Int
) abi("C"):
    for _ in range(steps):
        step(d, h, w, a, b)
        step(d, h, w, b, a)
