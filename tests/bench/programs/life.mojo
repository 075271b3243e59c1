from arrays import Bytes


@export("life")
def life(a: Bytes, h: Int, w: Int, b: Bytes, h2: Int, w2: Int) abi("C"):
    for i in range(1, h - 1):
        var up = (i - 1) * w
        var row = i * w
        var down = (i + 1) * w
        for j in range(1, w - 1):
            # Eight cells fit a byte.
            var above = a[up + j - 1] + a[up + j] + a[up + j + 1]
            var below = a[down + j - 1] + a[down + j] + a[down + j + 1]
            var around = above + below + a[row + j - 1] + a[row + j + 1]
            b[row + j] = 1 if around == 3 or (around == 2 and a[row + j] == 1) else 0
