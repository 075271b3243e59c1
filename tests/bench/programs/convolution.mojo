from arrays import Bytes, Floats32


@export("convolution")
def convolution(
    image: Bytes,
    ih: Int,
    iw: Int,
    kernel: Floats32,
    kh: Int,
    kw: Int,
    result: Floats32,
    h: Int,
    w: Int,
) abi("C"):
    for y in range(h):
        for x in range(w):
            var total: Float32 = 0.0
            for i in range(5):
                for j in range(5):
                    total += Float32(image[(y + i) * iw + x + j]) * kernel[i * 5 + j]
            result[y * w + x] = total
