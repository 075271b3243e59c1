"""Text about an image.  Formatting is no work for a compiler: this module stays Python."""

from . import moments
from .colour import balance


def describe(image):
    """One line about a grey or RGB image."""
    if image.ndim == 3:
        red, green, blue = balance.means(image)
        return f"red {red:.1f}, green {green:.1f}, blue {blue:.1f}"
    return f"mean {moments.mean(image):.1f}, variance {moments.variance(image):.1f}"
