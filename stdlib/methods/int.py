"""Methods of `int` and `bool`."""


@intrinsic("op.clz")
def _leading_zeros(x: int) -> int: ...


@intrinsic("op.popcount")
def _one_bits(x: int) -> int: ...


def bit_length(self: int) -> int:
    """Number of bits of the absolute value."""
    if self == -9223372036854775808:
        return 64
    return 64 - _leading_zeros(-self if self < 0 else self)


def bit_count(self: int) -> int:
    """Number of one bits of the absolute value."""
    if self == -9223372036854775808:
        return 1
    return _one_bits(-self if self < 0 else self)


def conjugate(self: int) -> int:
    return self


def is_integer(self: int) -> bool:
    return True
