"""`cbrt`, `hypot`, `fmod` for loops in lanes: within 1 ulp (`fmod` exact), without fused operations."""

_INF = float("inf")


@intrinsic("op.bits")
def _bits(x: f64) -> u64: ...


@intrinsic("op.from_bits")
def _from_bits(x: u64) -> f64: ...


@intrinsic("op.fabs")
def _fabs(x: f64) -> f64: ...


@intrinsic("op.sqrt")
def _sqrt(x: f64) -> f64: ...


@intrinsic("op.trunc")
def _trunc(x: f64) -> f64: ...


@intrinsic("op.copysign")
def _copysign(x: f64, y: f64) -> f64: ...


@intrinsic("snek_rt_math_fmod")
def _c_fmod(x: f64, y: f64) -> f64: ...


@intrinsic("op.bits")
def _signed_bits(x: f64) -> i64: ...


@intrinsic("op.from_bits")
def _from_signed_bits(x: i64) -> f64: ...


def _head(x: f64) -> f64:
    """The first 26 bits: their square is exact."""
    return _from_signed_bits(_signed_bits(x) & -134217728)


def cbrt(x: f64) -> f64:
    # After FreeBSD's s_cbrt.c: |x| is 8**k y, y in 0.5 .. 4. A polynomial gives 22 bits of the root, a step of Halley's
    # method the rest; the square in it is exact.
    a = _fabs(x)
    is_small = a < 2.2250738585072014e-308
    normal = a * 18014398509481984.0
    normal = normal if is_small else a
    bias = 4503599627370550.0 if is_small else 4503599627370496.0
    bits = _bits(normal)
    exponent = (_from_bits((bits >> 52) | 0x4330000000000000) - bias) - 1023.0
    k = ((exponent * 0.3333333333333333) + 6755399441055744.0) - 6755399441055744.0
    rest = exponent - 3.0 * k
    m = _from_bits((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000)
    p = 0.029496704251914946 - m * 0.002703333870412061
    p = -0.13924853171031618 + m * p
    p = 0.3751475301420356 + m * p
    p = -0.655068561722188 + m * p
    p = 0.9437338117552575 + m * p
    p = 0.44864263080415745 + m * p
    factor = 1.2599210498948732 if rest > 0.5 else 1.0
    factor = 0.7937005259840998 if rest < -0.5 else factor
    power = 2.0 if rest > 0.5 else 1.0
    power = 0.5 if rest < -0.5 else power
    y = m * power
    t = _head(p * factor)
    r = y / (t * t)
    t = t + t * ((r - t) / (t + t + r))
    result = _copysign(t * _from_bits(_bits(k + 6755399441056767.0) << 52), x)
    result = x if not (a < _INF) else result
    return x if x == 0.0 else result


def hypot(x: f64, y: f64) -> f64:
    # The squares are exact, as sums of two.
    x = _fabs(x)
    y = _fabs(y)
    is_larger = y > x
    a = y if is_larger else x
    b = x if is_larger else y
    is_huge = a > 3.273390607896142e150
    is_tiny = a < 3.054936363499605e-151
    scale = 2.409919865102884e-181 if is_huge else 1.0
    scale = 4.149515568880993e180 if is_tiny else scale
    back = 4.149515568880993e180 if is_huge else 1.0
    back = 2.409919865102884e-181 if is_tiny else back
    a = a * scale
    b = b * scale
    a_head = _head(a)
    b_head = _head(b)
    a_square = a_head * a_head
    b_square = b_head * b_head
    total = a_square + b_square
    rest = (a_square - total) + b_square
    rest = rest + ((a - a_head) * (a + a_head) + (b - b_head) * (b + b_head))
    result = _sqrt(total + rest) * back
    result = x + y if x != x or y != y else result
    return _INF if x == _INF or y == _INF else result


def fmod(x: f64, y: f64) -> f64:
    # Where the quotient is small, quotient * y is exact, as a sum of two. The quotient may have been rounded up.
    a = _fabs(x)
    b = _fabs(y)
    quotient = a / b
    n = _trunc(quotient)
    head = _head(b)
    product = n * head
    difference = a - product
    part = difference - a
    lost = (a - (difference - part)) - (product + part)
    r = (difference - n * (b - head)) + lost
    above = r + b
    r = above if r < 0.0 else r
    result = _copysign(r, x)
    if not (quotient < 16777216.0 and b < _INF):
        result = _c_fmod(x, y)
    return result
