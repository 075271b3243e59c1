"""`log` and its kin for loops in lanes: within 1 ulp, branch-free, without fused operations.

After FreeBSD's msun (`e_log.c`, `k_log.h`, `e_log2.c`, `e_log10.c`, `s_log1p.c`): x is 2**k (1 + f) with 1 + f between
sqrt(2)/2 and sqrt(2); log(1 + f) is f - f*f/2 + s*(f*f/2 + R(s*s)) where s = f / (2 + f).
"""

_INF = float("inf")
_NAN = float("nan")
_LN2_HIGH = 0.6931471803691238
_LN2_LOW = 1.9082149292705877e-10


@intrinsic("op.bits")
def _bits(x: f64) -> u64: ...


@intrinsic("op.from_bits")
def _from_bits(x: u64) -> f64: ...


@intrinsic("op.fabs")
def _fabs(x: f64) -> f64: ...


@intrinsic("op.bits")
def _signed_bits(x: f64) -> i64: ...


@intrinsic("op.from_bits")
def _from_signed_bits(x: i64) -> f64: ...


def _head(x: f64) -> f64:
    """The first 21 bits: their square is exact."""
    return _from_signed_bits(_signed_bits(x) & -4294967296)


def _split(x: f64) -> tuple[f64, f64]:
    """k and 1 + f of a positive finite number."""
    is_small = x < 2.2250738585072014e-308
    normal = x * 18014398509481984.0
    normal = normal if is_small else x
    # The bias: 1023, 2**52, and the 54 of the numbers that were too small to be normal.
    bias = 4503599627371573.0 if is_small else 4503599627371519.0
    bits = _bits(normal) + 0x95F6200000000
    k = _from_bits((bits >> 52) | 0x4330000000000000) - bias
    return k, _from_bits((bits & 0xFFFFFFFFFFFFF) + 0x3FE6A09E00000000)


def _series(s: f64) -> f64:
    """R(s*s)."""
    z = s * s
    w = z * z
    even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373))
    odd = 0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)
    return even + z * (0.6666666666666735 + w * odd)


def _special(x: f64, result: f64) -> f64:
    """The results for what is not positive and finite: NaN, infinity, 0, and negative numbers."""
    result = x if not (x < _INF) else result
    result = _NAN if x < 0.0 else result
    return -_INF if x == 0.0 else result


def log(x: f64) -> f64:
    k, m = _split(x)
    f = m - 1.0
    s = f / (2.0 + f)
    half = 0.5 * f * f
    r = s * (half + _series(s))
    return _special(x, k * _LN2_HIGH - ((half - (r + k * _LN2_LOW)) - f))


def _parts(m: f64) -> tuple[f64, f64]:
    """log(m) = high + low, high of 21 bits."""
    f = m - 1.0
    s = f / (2.0 + f)
    half = 0.5 * f * f
    high = _head(f - half)
    return high, ((f - high) - half) + s * (half + _series(s))


def log2(x: f64) -> f64:
    k, m = _split(x)
    high, low = _parts(m)
    product = high * 1.4426950407214463
    rest = (low + high) * 1.6751713164886512e-10 + low * 1.4426950407214463
    result = k + product
    return _special(x, result + (rest + ((k - result) + product)))


def log10(x: f64) -> f64:
    k, m = _split(x)
    high, low = _parts(m)
    product = high * 0.4342944818781689
    whole = k * 0.30102999566361177
    rest = k * 3.694239077158931e-13 + (
        (low + high) * 2.5082946711645275e-11 + low * 0.4342944818781689
    )
    result = whole + product
    return _special(x, result + (rest + ((whole - result) + product)))


def log1p(x: f64) -> f64:
    total = 1.0 + x
    k, m = _split(total)
    # What the sum has lost, which counts where the logarithm is not near 0.
    large = 1.0 - (total - x)
    small = x - (total - 1.0)
    lost = (large if x > 1.0 else small) / total
    is_near = k == 0.0
    f = x if is_near else m - 1.0
    lost = 0.0 if is_near else lost
    s = f / (2.0 + f)
    half = 0.5 * f * f
    r = s * (half + _series(s))
    result = k * _LN2_HIGH - ((half - (r + (k * _LN2_LOW + lost))) - f)
    result = _special(total, result)
    return x if _fabs(x) < 1e-17 else result
