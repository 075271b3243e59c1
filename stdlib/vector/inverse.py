"""`asin`, `acos`, `atan`, `atan2` for loops in lanes: within 1 ulp, branch-free, without fused operations.

After FreeBSD's msun (`e_asin.c`, `e_acos.c`, `s_atan.c`), whose cases are selected here. `atan2` keeps what the rounding of
its quotient loses.
"""

_INF = float("inf")
_PI_2_HIGH = 1.5707963267948966
_PI_2_LOW = 6.123233995736766e-17


@intrinsic("op.bits")
def _bits(x: f64) -> u64: ...


@intrinsic("op.from_bits")
def _from_bits(x: u64) -> f64: ...


@intrinsic("op.fabs")
def _fabs(x: f64) -> f64: ...


@intrinsic("op.sqrt")
def _sqrt(x: f64) -> f64: ...


@intrinsic("op.copysign")
def _copysign(x: f64, y: f64) -> f64: ...


@intrinsic("op.bits")
def _signed_bits(x: f64) -> i64: ...


@intrinsic("op.from_bits")
def _from_signed_bits(x: i64) -> f64: ...


def _head(x: f64) -> f64:
    """The first 21 bits: their square is exact."""
    return _from_signed_bits(_signed_bits(x) & -4294967296)


def _rational(z: f64) -> f64:
    """(asin(sqrt(z)) - sqrt(z)) / sqrt(z) for z in 0 .. 0.25."""
    p = 0.0007915349942898145 + z * 3.479331075960212e-05
    p = -0.04005553450067941 + z * p
    p = 0.20121253213486293 + z * p
    p = -0.3255658186224009 + z * p
    p = z * (0.16666666666666666 + z * p)
    q = -0.6882839716054533 + z * 0.07703815055590194
    q = 2.0209457602335057 + z * q
    q = -2.403394911734414 + z * q
    return p / (1.0 + z * q)


def asin(x: f64) -> f64:
    a = _fabs(x)
    is_small = a < 0.5
    z_small = x * x
    z_large = (1.0 - a) * 0.5
    z = z_small if is_small else z_large
    r = _rational(z)
    # pi/2 - 2 asin(sqrt(z)), the root being a sum of two.
    s = _sqrt(z)
    head = _head(s)
    rest = (z - head * head) / (s + head)
    quarter = 0.5 * _PI_2_HIGH
    large = quarter - ((2.0 * s * r - (_PI_2_LOW - 2.0 * rest)) - (quarter - 2.0 * head))
    large = _PI_2_HIGH if a == 1.0 else large
    small = x + x * r
    return small if is_small else _copysign(large, x)


def acos(x: f64) -> f64:
    a = _fabs(x)
    is_small = a < 0.5
    z_small = x * x
    z_large = (1.0 - a) * 0.5
    z = z_small if is_small else z_large
    r = _rational(z)
    s = _sqrt(z)
    head = _head(s)
    rest = (z - head * head) / (s + head)
    positive = 2.0 * (head + (r * s + rest))
    negative = 2.0 * (_PI_2_HIGH - (s + (r * s - _PI_2_LOW)))
    small = _PI_2_HIGH - (x - (_PI_2_LOW - x * r))
    large = negative if x < 0.0 else positive
    large = 0.0 if x == 1.0 else large
    return small if is_small else large


def _series(t: f64) -> f64:
    """(t - atan(t)) / t for |t| <= 0.44."""
    z = t * t
    w = z * z
    even = 0.049768779946159324 + w * 0.016285820115365782
    even = 0.06661073137387531 + w * even
    even = 0.09090887133436507 + w * even
    even = 0.14285714272503466 + w * even
    even = 0.3333333333333293 + w * even
    odd = -0.058335701337905735 + w * -0.036531572744216916
    odd = -0.0769187620504483 + w * odd
    odd = -0.11111110405462356 + w * odd
    odd = -0.19999999999876483 + w * odd
    return z * even + w * odd


def atan(x: f64) -> f64:
    a = _fabs(x)
    # (a - c) / (1 + c a) for c = 0, 1/2, 1, 3/2, and -1 / a.
    top = 2.0 * a - 1.0
    bottom = 2.0 + a
    top = top if a >= 0.4375 else a
    bottom = bottom if a >= 0.4375 else 1.0
    high = 0.4636476090008061 if a >= 0.4375 else 0.0
    low = 2.2698777452961687e-17 if a >= 0.4375 else 0.0
    step = a - 1.0
    total = a + 1.0
    top = step if a >= 0.6875 else top
    bottom = total if a >= 0.6875 else bottom
    high = 0.7853981633974483 if a >= 0.6875 else high
    low = 3.061616997868383e-17 if a >= 0.6875 else low
    step = a - 1.5
    total = 1.0 + 1.5 * a
    top = step if a >= 1.1875 else top
    bottom = total if a >= 1.1875 else bottom
    high = 0.982793723247329 if a >= 1.1875 else high
    low = 1.3903311031230998e-17 if a >= 1.1875 else low
    top = -1.0 if a >= 2.4375 else top
    bottom = a if a >= 2.4375 else bottom
    high = 1.5707963267948966 if a >= 2.4375 else high
    low = 6.123233995736766e-17 if a >= 2.4375 else low
    t = top / bottom
    result = high - ((t * _series(t) - low) - t)
    result = _copysign(result, x)
    return x if a < 1e-9 else result


def atan2(y: f64, x: f64) -> f64:
    a = _fabs(x)
    b = _fabs(y)
    is_steep = b > a
    top = a if is_steep else b
    bottom = b if is_steep else a
    # 1 / 1 for two infinities; no overflow below.
    both = top == _INF
    top = 1.0 if both else top
    bottom = 1.0 if both else bottom
    is_huge = bottom > 8.452712498170644e270
    is_tiny = bottom < 1.4996968138956309e-241
    scale = 7.888609052210118e-31 if is_huge else 1.0
    scale = 1.6069380442589903e60 if is_tiny else scale
    top = top * scale
    bottom = bottom * scale
    bottom = 1.0 if bottom == 0.0 else bottom
    q = top / bottom
    # What the rounding of q has lost, as an angle.
    q_head = _head(q)
    head = _head(bottom)
    rest = bottom - head
    q_rest = q - q_head
    lost = (((top - q_head * head) - q_head * rest) - q_rest * head) - q_rest * rest
    lost = lost / (bottom + bottom * (q * q))
    # Next to nothing, and not to be had from products that are out of range.
    lost = 0.0 if top < 1e-290 or bottom == _INF else lost
    # (q - c) / (1 + c q) for c = 0, 1/2, 1.
    t_top = q - 0.5
    t_bottom = 1.0 + 0.5 * q
    t_top = t_top if q >= 0.4375 else q
    t_bottom = t_bottom if q >= 0.4375 else 1.0
    high = 0.4636476090008061 if q >= 0.4375 else 0.0
    low = 2.2698777452961687e-17 if q >= 0.4375 else 0.0
    step = q - 1.0
    total = q + 1.0
    t_top = step if q >= 0.6875 else t_top
    t_bottom = total if q >= 0.6875 else t_bottom
    high = 0.7853981633974483 if q >= 0.6875 else high
    low = 3.061616997868383e-17 if q >= 0.6875 else low
    t = t_top / t_bottom
    # The angle to the nearer axis is high + t + low; then from the positive x axis.
    low = (low + lost) - t * _series(t)
    sign = -1.0 if is_steep else 1.0
    base = _PI_2_HIGH if is_steep else 0.0
    base_low = _PI_2_LOW if is_steep else 0.0
    is_left = _copysign(1.0, x) < 0.0
    base = 3.141592653589793 if is_left and not is_steep else base
    base_low = 1.2246467991473532e-16 if is_left and not is_steep else base_low
    sign = -sign if is_left else sign
    head = base + sign * high
    rest = (base - head) + sign * high
    total = head + sign * t
    rest = rest + ((head - total) + sign * t)
    result = total + (rest + (base_low + sign * low))
    result = _copysign(result, y)
    return x + y if x != x or y != y else result
