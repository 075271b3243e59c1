"""Methods of `int` and `bool`."""


def bit_length(self: int) -> int:
    """Number of bits of the absolute value."""
    if self == -9223372036854775808:
        return 64
    rest = -self if self < 0 else self
    bits = 0
    while rest != 0:
        bits += 1
        rest >>= 1
    return bits


def bit_count(self: int) -> int:
    """Number of one bits of the absolute value."""
    if self == -9223372036854775808:
        return 1
    rest = -self if self < 0 else self
    count = 0
    while rest != 0:
        rest &= rest - 1
        count += 1
    return count


def conjugate(self: int) -> int:
    return self


def is_integer(self: int) -> bool:
    return True
