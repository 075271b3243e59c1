"""A kernel of 5 x 5 over an image: bytes in, single precision out."""

import numpy as np
from snek import Array2D, f32, native, u8


@native
def convolution(image: Array2D[u8], kernel: Array2D[f32], out: Array2D[f32]) -> None:
    h, w = out.shape
    for y in range(h):
        for x in range(w):
            total = f32(0.0)
            for i in range(5):
                for j in range(5):
                    total += f32(image[y + i, x + j]) * kernel[i, j]
            out[y, x] = total


def inputs(n):
    random = np.random.default_rng(n)
    image = random.integers(0, 256, (n + 4, n + 6), np.uint8)
    return image, random.random((5, 5), np.float32), np.zeros((n, n + 2), np.float32)


def right(value, given, after):
    image, kernel, _ = given
    windows = np.lib.stride_tricks.sliding_window_view(image.astype(np.float64), (5, 5))
    return np.allclose(after[2], np.einsum("yxij,ij->yx", windows, kernel), rtol=1e-5)


ROWS = [{"what": "5 x 5 convolution, `u8` to `f32`", "inputs": (1000,), "targets": {"best": 1.0}}]
SIZES = range(0, 20)
