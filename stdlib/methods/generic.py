"""Methods of NumPy's scalars."""


@overload
def conjugate(self: integer):
    return self


@overload
def conjugate(self: floating):
    return self


@overload
def conjugate(self: c128) -> c128:
    return c128(complex(float(self.real), float(-self.imag)))


@overload
def conjugate(self: c64) -> c64:
    return c64(complex(float(self.real), float(-self.imag)))


@overload
def item(self: integer) -> int:
    return int(self)


@overload
def item(self: floating) -> float:
    return float(self)


@overload
def item(self: complexfloating) -> complex:
    return complex(self)


@overload
def is_integer(self: integer) -> bool:
    return True


@overload
def is_integer(self: floating) -> bool:
    return self - self == 0 and self % 1 == 0
