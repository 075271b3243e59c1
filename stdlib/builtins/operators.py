"""Comparisons of types that have no common one: exact, as Python's are."""


@intrinsic("snek_rt_int_float_compare")
def _compare(a: int, b: float) -> int:
    """-1, 0, 1, or 2 if unordered."""


@overload
def eq(a: int, b: float) -> bool:
    return _compare(a, b) == 0


@overload
def eq(a: float, b: int) -> bool:
    return _compare(b, a) == 0


@overload
def eq(a: int, b: complex) -> bool:
    return b.imag == 0.0 and _compare(a, b.real) == 0


@overload
def eq(a: complex, b: int) -> bool:
    return a.imag == 0.0 and _compare(b, a.real) == 0


@overload
def eq(a: int, b: u64) -> bool:
    return a >= 0 and u64(a) == b


@overload
def eq(a: u64, b: int) -> bool:
    return b >= 0 and a == u64(b)


@overload
def eq(a: signedinteger, b: u64) -> bool:
    return a >= 0 and u64(a) == b


@overload
def eq(a: u64, b: signedinteger) -> bool:
    return b >= 0 and a == u64(b)


def ne(a, b) -> bool:
    return not eq(a, b)


@overload
def lt(a: int, b: float) -> bool:
    return _compare(a, b) == -1


@overload
def lt(a: float, b: int) -> bool:
    return _compare(b, a) == 1


@overload
def lt(a: int, b: u64) -> bool:
    return a < 0 or u64(a) < b


@overload
def lt(a: u64, b: int) -> bool:
    return b >= 0 and a < u64(b)


@overload
def lt(a: signedinteger, b: u64) -> bool:
    return a < 0 or u64(a) < b


@overload
def lt(a: u64, b: signedinteger) -> bool:
    return b >= 0 and a < u64(b)


@overload
def le(a: int, b: float) -> bool:
    return _compare(a, b) <= 0


@overload
def le(a: float, b: int) -> bool:
    order = _compare(b, a)
    return order == 0 or order == 1


@overload
def le(a: int, b: u64) -> bool:
    return a < 0 or u64(a) <= b


@overload
def le(a: u64, b: int) -> bool:
    return b >= 0 and a <= u64(b)


@overload
def le(a: signedinteger, b: u64) -> bool:
    return a < 0 or u64(a) <= b


@overload
def le(a: u64, b: signedinteger) -> bool:
    return b >= 0 and a <= u64(b)


def gt(a, b) -> bool:
    return lt(b, a)


def ge(a, b) -> bool:
    return le(b, a)
