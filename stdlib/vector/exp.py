"""`exp` and its kin for loops in lanes: within 1 ulp, branch-free, without fused operations.

The argument is k ln 2 + r with |r| <= ln(2)/2, after Cody and Waite: ln 2 is two numbers, the first with enough zeros at its
end for its product with k to be exact. e**r is 1 + r + r*r*Q(r), Q a minimax fit. What is lost in rounding 1 + r is kept
and added last.
"""

_MAGIC = 6755399441055744.0
_SCALE = 6755399441056767.0
# The same with a factor of 2**100, or 2**-100.
_SCALE_UP = 6755399441056867.0
_SCALE_DOWN = 6755399441056667.0
_LOG2E = 1.4426950408889634
_LN2_HIGH = 0.6931471803691238
_LN2_LOW = 1.9082149292705877e-10


@intrinsic("op.bits")
def _bits(x: f64) -> u64: ...


@intrinsic("op.from_bits")
def _from_bits(x: u64) -> f64: ...


@intrinsic("op.fabs")
def _fabs(x: f64) -> f64: ...


@intrinsic("op.copysign")
def _copysign(x: f64, y: f64) -> f64: ...


@intrinsic("op.bits")
def _signed_bits(x: f64) -> i64: ...


@intrinsic("op.from_bits")
def _from_signed_bits(x: i64) -> f64: ...


def _head(x: f64) -> f64:
    """The first 26 bits: their square is exact."""
    return _from_signed_bits(_signed_bits(x) & -134217728)


def _nearest(x: f64) -> f64:
    """The nearest integer, for |x| < 2**51."""
    return (x + _MAGIC) - _MAGIC


def _power_of_2(k: f64) -> f64:
    """2**k for an integer in -1022 .. 1023: k and the exponent's bias end up in the lowest bits of the sum."""
    return _from_bits(_bits(k + _SCALE) << 52)


def _scale(x: f64, k: f64) -> f64:
    """x * 2**k for |k| <= 1080: the first product is exact, only the second may round, overflow or underflow."""
    is_small = _signed_bits(k) < 0
    bias = _SCALE_UP if is_small else _SCALE_DOWN
    rest = 7.888609052210118e-31 if is_small else 1.2676506002282294e30
    return x * _from_bits(_bits(k + bias) << 52) * rest


def _tail(r: f64) -> f64:
    """(e**r - 1 - r) / r**2 for |r| <= ln(2)/2."""
    # Estrin's scheme: the processor does several of these at once.
    z = r * r
    w = z * z
    a = 0.5000000000000011 + r * 0.1666666666666641
    b = 0.04166666666652973 + r * 0.00833333333349498
    c = 0.001388888894375879 + r * 0.0001984126950576047
    d = 2.480149295080446e-05 + r * 2.755758681881435e-06
    e = 2.7630305859655486e-07 + r * 2.50000138317822e-08
    return (a + z * b) + w * ((c + z * d) + w * e)


def exp(x: f64) -> f64:
    # Beyond these bounds the result is 0 or infinity, as that of the bounds. NaN stays.
    x = -746.0 if x < -746.0 else x
    x = 710.0 if x > 710.0 else x
    k = _nearest(x * _LOG2E)
    high = x - k * _LN2_HIGH
    low = k * _LN2_LOW
    r = high - low
    lost = (high - r) - low
    return _scale(1.0 + (r + (lost + r * r * _tail(r))), k)


def exp2(x: f64) -> f64:
    x = -1080.0 if x < -1080.0 else x
    x = 1025.0 if x > 1025.0 else x
    k = _nearest(x)
    f = x - k
    # f ln 2, exactly: the product of two halves, and the rest.
    head = _head(f)
    r = f * 0.6931471805599453
    exact = head * 0.6931471675634384
    rest = (f - head) * 0.6931471675634384 + f * 1.2996506893889889e-08
    lost = (exact - r) + rest
    return _scale(1.0 + (r + (lost + r * r * _tail(r))), k)


def expm1(x: f64) -> f64:
    tiny = x
    x = -50.0 if x < -50.0 else x
    x = 710.0 if x > 710.0 else x
    k = _nearest(x * _LOG2E)
    high = x - k * _LN2_HIGH
    low = k * _LN2_LOW
    r = high - low
    lost = (high - r) - low
    # (1 + p) 2**k - 1 is p 2**k + (2**k - 1); half of it, lest 2**k overflows.
    p = r * r * _tail(r) + lost
    p_high = r + p
    p_low = (r - p_high) + p
    scale = _power_of_2(k - 1.0)
    whole = scale - 0.5
    p_high = p_high * scale
    result = whole + p_high
    rest = (whole - result) + p_high
    result = 2.0 * (result + (rest + p_low * scale))
    # A product with a very small number is not exact, and loses the sign of -0.0.
    return tiny if _fabs(tiny) < 1e-16 else result


def _exp_quarter(x: f64) -> tuple[f64, f64, f64]:
    """e**x = (high + low) * 4 * scale for x in 0 .. 710.5, high in 0.7 .. 1.5."""
    k = _nearest(x * _LOG2E)
    high = x - k * _LN2_HIGH
    low = k * _LN2_LOW
    r = high - low
    lost = (high - r) - low
    p = r + (lost + r * r * _tail(r))
    high = 1.0 + p
    low = (1.0 - high) + p
    return high, low, _power_of_2(k - 2.0)


def cosh(x: f64) -> f64:
    x = _fabs(x)
    x = 710.5 if x > 710.5 else x
    high, low, scale = _exp_quarter(x)
    # e**x / 4, to which e**-x / 4 is added.
    head = high * scale
    return 2.0 * (head + (low * scale + 0.0625 / head))


def sinh(x: f64) -> f64:
    a = _fabs(x)
    a = 710.5 if a > 710.5 else a
    high, low, scale = _exp_quarter(a)
    head = high * scale
    inverse = 0.0625 / head
    large = head - inverse
    large = 2.0 * (large + (((head - large) - inverse) + low * scale))
    z = x * x
    p = 7.646625361656657e-13 + z * 2.8445264169895285e-15
    p = 1.6059048396350562e-10 + z * p
    p = 2.505210836405804e-08 + z * p
    p = 2.755731922404034e-06 + z * p
    p = 0.00019841269841269773 + z * p
    p = 0.008333333333333333 + z * p
    p = 0.16666666666666666 + z * p
    small = x + x * (z * p)
    return small if a < 1.0 else _copysign(large, x)


def tanh(x: f64) -> f64:
    a = _fabs(x)
    # 1 - 2 / (e**2a + 1)
    doubled = 45.0 if a > 22.5 else 2.0 * a
    high, low, scale = _exp_quarter(doubled)
    scale = 4.0 * scale
    head = high * scale
    divisor = head + 1.0
    rest = ((head - divisor) + 1.0) + low * scale
    quotient = 2.0 / divisor
    large = 1.0 - quotient
    large = large + (((1.0 - large) - quotient) + quotient * quotient * 0.5 * rest)
    z = x * x
    p = 9.455133052924858e-05 + z * -3.372080112046316e-05 + (z * z) * 7.874274345344419e-06
    p = -0.0002384727248015252 + z * p
    p = 0.0005899052969492733 + z * p
    p = -0.001455819097151351 + z * p
    p = 0.0035921267699626346 + z * p
    p = -0.0088632354631468 + z * p
    p = 0.021869488534073906 + z * p
    p = -0.05396825396822037 + z * p
    p = 0.1333333333333331 + z * p
    p = -0.3333333333333333 + z * p
    small = a + a * (z * p)
    return _copysign(small if a < 0.55 else large, x)
