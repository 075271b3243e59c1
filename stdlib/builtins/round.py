"""`round`."""


@intrinsic("op.rint")
def _rint(x: float) -> float: ...


@intrinsic("snek_rt_float_round")
def _round_digits(x: float, digits: int) -> float: ...


@intrinsic("snek_rt_int_round")
def _round_int(x: int, digits: int) -> tuple[int, int]: ...


@intrinsic("snek_rt_float_pow")
def _float_pow(base: float, exponent: float) -> float: ...


@overload
def round(x: int) -> int:
    return x


@overload
def round(x: bool) -> int:
    return int(x)


@overload
def round(x: integer) -> int:
    return int(x)


@overload
def round(x: float) -> int:
    return int(_rint(x))


@overload
def round(x: f64) -> int:
    return int(_rint(float(x)))


@overload
def round(x: f32) -> int:
    return int(_rint(float(x)))


@overload
def round(number: int, ndigits: None) -> int:
    return number


@overload
def round(number: float, ndigits: None) -> int:
    return round(number)


@overload
def round(number: int, ndigits: int) -> int:
    result, overflow = _round_int(number, ndigits)
    if overflow:
        raise OverflowError("int result does not fit in 64 bits")
    return result


@overload
def round(number: float, ndigits: int) -> float:
    if number - number != 0.0:
        return number
    result = _round_digits(number, ndigits)
    if result - result != 0.0:
        raise OverflowError("rounded value too large to represent")
    return result


# NumPy scales, rounds and scales back, which may differ from Python's in the last digit.


@overload
def round(number: f64, ndigits: int) -> f64:
    x = float(number)
    if ndigits >= 0:
        scale = f64(_float_pow(10.0, float(ndigits)))
        return f64(_rint(float(x * scale))) / scale
    scale = f64(_float_pow(10.0, float(-ndigits)))
    return f64(_rint(float(x / scale))) * scale


@overload
def round(number: f32, ndigits: int) -> f32:
    if ndigits >= 0:
        scale = f32(_float_pow(10.0, float(ndigits)))
        return f32(_rint(float(number * scale))) / scale
    scale = f32(_float_pow(10.0, float(-ndigits)))
    return f32(_rint(float(number / scale))) * scale


@overload
def round(number: integer, ndigits: int):
    if ndigits >= 0:
        return number
    scale = _float_pow(10.0, float(-ndigits))
    return number * 0 + int(_rint(float(number) / scale) * scale)
