"""`abs`."""


@intrinsic("op.fabs")
def _fabs(x: float) -> float: ...


@intrinsic("snek_rt_complex_abs")
def _complex_abs(re: float, im: float) -> float: ...


@overload
def abs(x: int) -> int:
    return -x if x < 0 else x


@overload
def abs(x: float) -> float:
    return _fabs(x)


@overload
def abs(x: complex) -> float:
    re = x.real
    im = x.imag
    result = _complex_abs(re, im)
    if result - result != 0.0 and re - re == 0.0 and im - im == 0.0:
        raise OverflowError("absolute value too large")
    return result


@overload
def abs(x: bool) -> int:
    return int(x)


@overload
def abs(x: unsignedinteger):
    return x


@overload
def abs(x: signedinteger):
    # The most negative one stays as it is, as NumPy's does.
    return -x if x < 0 else x


@overload
def abs(x: f64) -> f64:
    return f64(_fabs(float(x)))


@overload
def abs(x: f32) -> f32:
    return f32(_fabs(float(x)))


@overload
def abs(x: c128) -> f64:
    return f64(_complex_abs(float(x.real), float(x.imag)))


@overload
def abs(x: c64) -> f32:
    return f32(_complex_abs(float(x.real), float(x.imag)))
