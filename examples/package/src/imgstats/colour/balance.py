"""The balance of an RGB image's channels."""

from snek import Array3D, parallel, prange, u8


@parallel
def means(image: Array3D[u8]) -> tuple[float, float, float]:
    """The mean of each channel."""
    h, w, _ = image.shape
    red = 0
    green = 0
    blue = 0
    for y in prange(h):
        for x in range(w):
            red += int(image[y, x, 0])
            green += int(image[y, x, 1])
            blue += int(image[y, x, 2])
    n = h * w
    return red / n, green / n, blue / n
