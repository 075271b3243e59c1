"""Statistics of images."""

from .moments import mean, variance
from .report import describe

__all__ = ["describe", "mean", "variance"]
