"""Methods of `complex`."""


def conjugate(self: complex) -> complex:
    return complex(self.real, -self.imag)
