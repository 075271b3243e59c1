"""`pow` and `**`. Both operands have been brought to one type."""


_INF = float("inf")
_NAN = float("nan")


@intrinsic("snek_rt_int_pow")
def _int_pow(base: int, exponent: int) -> tuple[int, int]: ...


@intrinsic("snek_rt_int_pow_mod")
def _int_pow_mod(base: int, exponent: int, modulus: int) -> tuple[int, int]: ...


@intrinsic("snek_rt_float_pow")
def _float_pow(base: float, exponent: float) -> float: ...


@intrinsic("snek_rt_f32_pow")
def _f32_pow(base: f32, exponent: f32) -> f32: ...


@intrinsic("snek_rt_complex_pow")
def _complex_pow(
    base_re: float, base_im: float, exponent_re: float, exponent_im: float
) -> tuple[float, float]: ...


@intrinsic("raise.FloatPowOverflow")
def _raise_overflow() -> NoReturn: ...


@overload
def pow(base: int, exp: int) -> int:
    # Only called where the exponent is known not to be negative: else the result might be a float.
    result, overflow = _int_pow(base, exp)
    if overflow:
        raise OverflowError("int result does not fit in 64 bits")
    return result


@overload
def pow(base: float, exp: float) -> float:
    if base == 0.0 and exp < 0.0 and exp - exp == 0.0:
        raise ZeroDivisionError("0.0 cannot be raised to a negative power")
    if base < 0.0 and exp - exp == 0.0 and base - base == 0.0 and exp % 1.0 != 0.0:
        # Python goes on with a complex number; the type of a native result cannot depend on its value.
        raise ValueError("negative number cannot be raised to a fractional power: use complex(x) ** y")
    result = _float_pow(base, exp)
    if result - result != 0.0 and base - base == 0.0 and exp - exp == 0.0:
        _raise_overflow()
    return result


@overload
def pow(base: complex, exp: complex) -> complex:
    if base == 0 and exp != 0 and (exp.imag != 0.0 or exp.real < 0.0):
        raise ZeroDivisionError("0.0 to a negative or complex power")
    re, im = _complex_pow(base.real, base.imag, exp.real, exp.imag)
    if re == _INF or re == -_INF or im == _INF or im == -_INF:
        raise OverflowError("complex exponentiation")
    is_base_finite = base.real - base.real == 0.0 and base.imag - base.imag == 0.0
    is_exp_finite = exp.real - exp.real == 0.0 and exp.imag - exp.imag == 0.0
    has_angle = base.imag != 0.0 or base.real < 0.0
    is_infinite = exp.real == _INF or exp.real == -_INF
    if re != re and (
        (is_base_finite and is_infinite and has_angle)
        or (base == base and not is_base_finite and is_exp_finite and exp.imag != 0.0)
    ):
        # The sine of an infinite angle: an error of the domain, which CPython words so.
        raise ZeroDivisionError("0.0 to a negative or complex power")
    return complex(re, im)


@overload
def pow(base: unsignedinteger, exp: unsignedinteger):
    # Wraps, as NumPy's do.
    result = base * 0 + 1
    while exp != 0:
        if exp & 1:
            result = result * base
        exp = exp >> 1
        base = base * base
    return result


@overload
def pow(base: signedinteger, exp: signedinteger):
    if exp < 0:
        raise ValueError("Integers to negative integer powers are not allowed.")
    result = base * 0 + 1
    while exp != 0:
        if exp & 1:
            result = result * base
        exp = exp >> 1
        base = base * base
    return result


@overload
def pow(base: f64, exp: f64) -> f64:
    return f64(_float_pow(float(base), float(exp)))


@overload
def pow(base: f32, exp: f32) -> f32:
    return _f32_pow(base, exp)


@overload
def pow(base: complexfloating, exp: complexfloating):
    # As NumPy's `npy_cpow`.
    if exp == 0:
        return exp + 1
    if base == 0:
        return base - base if exp.real > 0 else exp * _NAN
    x = exp.real
    if exp.imag == 0 and x > -100 and x < 100 and int(x) == x:
        n = int(x)
        if n == 1:
            return base
        if n == 2:
            return base * base
        if n == 3:
            return base * (base * base)
        rest = -n if n < 0 else n
        result = exp - exp + 1
        while True:
            if rest & 1:
                result = result * base
            rest >>= 1
            if rest == 0:
                break
            base = base * base
        return 1 / result if n < 0 else result
    return _pow_general(base, exp)


@overload
def _pow_general(base: c128, exp: c128) -> c128:
    re, im = _complex_pow(float(base.real), float(base.imag), float(exp.real), float(exp.imag))
    return c128(complex(re, im))


@overload
def _pow_general(base: c64, exp: c64) -> c64:
    re, im = _complex_pow(float(base.real), float(base.imag), float(exp.real), float(exp.imag))
    return c64(complex(re, im))


@overload
def pow(base: int, exp: int, mod: int) -> int:
    if mod == 0:
        raise ValueError("pow() 3rd argument cannot be 0")
    result, failed = _int_pow_mod(base, exp, mod)
    if failed:
        raise ValueError("base is not invertible for the given modulus")
    return result


def pow_to_int(base: int, exp: int) -> int:
    """`int(base ** exp)`, whatever the sign of the exponent."""
    if exp < 0:
        return int(pow(float(base), float(exp)))
    return pow(base, exp)


def pow_to_float(base: int, exp: int) -> float:
    """`float(base ** exp)`, whatever the sign of the exponent."""
    if exp < 0:
        return pow(float(base), float(exp))
    return float(pow(base, exp))
