"""`divmod`."""


@overload
def divmod(a: int, b: int) -> tuple[int, int]:
    return a // b, a % b


@overload
def divmod(a: float, b: float) -> tuple[float, float]:
    if b == 0.0:
        raise ZeroDivisionError("float divmod()")
    return a // b, a % b


@overload
def divmod(a: int, b: float) -> tuple[float, float]:
    return divmod(float(a), b)


@overload
def divmod(a: float, b: int) -> tuple[float, float]:
    return divmod(a, float(b))


@overload
def divmod(a, b):
    return a // b, a % b
