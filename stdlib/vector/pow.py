"""`pow` for loops in lanes: within 1 ulp, branch-free, without fused operations.

After FreeBSD's msun (`e_pow.c`): log2(|x|) as a sum of two, about 66 bits of it; times y, as a sum of two; its power of 2.
"""

_INF = float("inf")
_NAN = float("nan")


@intrinsic("op.bits")
def _bits(x: f64) -> u64: ...


@intrinsic("op.from_bits")
def _from_bits(x: u64) -> f64: ...


@intrinsic("op.fabs")
def _fabs(x: f64) -> f64: ...


@intrinsic("op.rint")
def _rint(x: f64) -> f64: ...


@intrinsic("op.bits")
def _signed_bits(x: f64) -> i64: ...


@intrinsic("op.from_bits")
def _from_signed_bits(x: i64) -> f64: ...


def _head(x: f64) -> f64:
    """The first 21 bits: their square is exact."""
    return _from_signed_bits(_signed_bits(x) & -4294967296)


def _log2(x: f64) -> tuple[f64, f64]:
    """log2 of a positive finite number, the first part of 21 bits."""
    is_small = x < 2.2250738585072014e-308
    normal = x * 18014398509481984.0
    normal = normal if is_small else x
    bias = 4503599627371573.0 if is_small else 4503599627371519.0
    # x is 2**n m, m between sqrt(3)/2 and sqrt(3).
    bits = _bits(normal) + 0x4498600000000
    n = _from_bits((bits >> 52) | 0x4330000000000000) - bias
    m = _from_bits((bits & 0xFFFFFFFFFFFFF) + 0x3FEBB67A00000000)
    is_upper = m > 1.224744871391589
    center = 1.5 if is_upper else 1.0
    center_high = 0.5849624872207642 if is_upper else 0.0
    center_low = 1.350039202129749e-08 if is_upper else 0.0
    # s = (m - center) / (m + center), as a sum of two.
    u = m - center
    v = 1.0 / (m + center)
    s = u * v
    s_high = _head(s)
    t_high = _head(m + center)
    t_low = m - (t_high - center)
    s_low = v * ((u - s_high * t_high) - s_high * t_low)
    z = s * s
    r = 0.23066074577556175 + z * 0.20697501780033842
    r = 0.272728123808534 + z * r
    r = 0.33333332981837743 + z * r
    r = 0.4285714285785502 + z * r
    r = 0.5999999999999946 + z * r
    r = z * z * r + s_low * (s_high + s)
    z = s_high * s_high
    t_high = _head(3.0 + z + r)
    t_low = r - ((t_high - 3.0) - z)
    u = s_high * t_high
    v = s_low * t_high + t_low * s
    p_high = _head(u + v)
    p_low = v - (p_high - u)
    z_high = 0.9617967009544373 * p_high
    z_low = -7.028461650952758e-09 * p_high + p_low * 0.9617966939259756 + center_low
    high = _head(((z_high + z_low) + center_high) + n)
    return high, z_low - (((high - n) - center_high) - z_high)


def pow(x: f64, y: f64) -> f64:
    a = _fabs(x)
    high, low = _log2(a)
    # Beyond these bounds the result is 0, 1 or infinity, as at them.
    exponent = 1.8446744073709552e19 if y > 1.8446744073709552e19 else y
    exponent = -1.8446744073709552e19 if y < -1.8446744073709552e19 else exponent
    y_head = _head(exponent)
    p_low = (exponent - y_head) * high + exponent * low
    p_high = y_head * high
    z = p_low + p_high
    p_low = 0.0 if _fabs(z) > 1100.0 else p_low
    p_high = 1100.0 if z > 1100.0 else p_high
    p_high = -1100.0 if z < -1100.0 else p_high
    k = _rint(p_low + p_high)
    p_high = p_high - k
    head = _head(p_low + p_high)
    u = head * 0.6931471824645996
    v = (p_low - (head - p_high)) * 0.6931471805599453 + head * -1.904654299957768e-09
    r = u + v
    lost = v - (r - u)
    # Estrin's scheme: the processor does several of these at once.
    square = r * r
    fourth = square * square
    c0 = 0.5 + r * 0.1666666666666667
    c1 = 0.04166666666666667 + r * 0.008333333333326141
    c2 = 0.0013888888888883752 + r * 0.00019841269874800683
    c3 = 2.4801587325533502e-05 + r * 2.75572554255029e-06
    c4 = 2.7557273661174726e-07 + r * 2.5105206475334834e-08 + square * 2.091467944897855e-09
    p = (c0 + square * c1) + fourth * ((c2 + square * c3) + fourth * c4)
    p = 1.0 + (r + (lost + r * r * p))
    half = _rint(k * 0.5)
    rest = k - half
    p = p * _from_bits(_bits(half + 6755399441056767.0) << 52)
    result = p * _from_bits(_bits(rest + 6755399441056767.0) << 52)
    # 0 and infinity, whose logarithm is none.
    is_up = y > 0.0
    of_zero = 0.0 if is_up else _INF
    of_infinity = _INF if is_up else 0.0
    result = of_zero if a == 0.0 else result
    result = of_infinity if a == _INF else result
    # Negative numbers.
    is_whole = _rint(y) == y
    result = _NAN if x < 0.0 and a < _INF and not is_whole else result
    y_half = y * 0.5
    is_odd = is_whole and _rint(y_half) != y_half
    negated = _from_bits(_bits(result) ^ ((_bits(x) >> 63) << 63))
    result = negated if is_odd else result
    result = x + y if x != x or y != y else result
    return 1.0 if x == 1.0 or y == 0.0 else result
