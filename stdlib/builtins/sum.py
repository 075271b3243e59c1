"""`sum` of an array: from left to right, in the type that NumPy's scalars give."""


@overload
def sum(a: vector):
    # An empty array gives the zero of its type, where Python gives the int 0.
    total = _zero(a)
    for x in a:
        total = total + x
    return total


@overload
def _zero(a: Array1D[bool]) -> int:
    return 0


@overload
def _zero(a: Array1D[i8]) -> i8:
    return i8(0)


@overload
def _zero(a: Array1D[i16]) -> i16:
    return i16(0)


@overload
def _zero(a: Array1D[i32]) -> i32:
    return i32(0)


@overload
def _zero(a: Array1D[i64]) -> i64:
    return i64(0)


@overload
def _zero(a: Array1D[u8]) -> u8:
    return u8(0)


@overload
def _zero(a: Array1D[u16]) -> u16:
    return u16(0)


@overload
def _zero(a: Array1D[u32]) -> u32:
    return u32(0)


@overload
def _zero(a: Array1D[u64]) -> u64:
    return u64(0)


@overload
def _zero(a: Array1D[f32]) -> f32:
    return f32(0.0)


@overload
def _zero(a: Array1D[f64]) -> f64:
    return f64(0.0)


@overload
def _zero(a: Array1D[c64]) -> c64:
    return c64(0.0)


@overload
def _zero(a: Array1D[c128]) -> c128:
    return c128(0.0)
