"""Methods of `float`."""


def is_integer(self: float) -> bool:
    return self - self == 0.0 and self % 1.0 == 0.0


def conjugate(self: float) -> float:
    return self
