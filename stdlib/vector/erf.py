"""`erf` and `erfc` for loops in lanes: within 1 ulp, branch-free, without fused operations.

`erf` is x + x P(x*x) up to 1, beyond it 1 - e**(-x*x) Q. `erfc` is after FreeBSD's msun (`s_erf.c`): rational functions
whose coefficients are selected, and e**(-x*x), in which the square is a sum of two, times what remains.
"""

_MAGIC = 6755399441055744.0
_SCALE = 6755399441056767.0


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


def _near(z: f64) -> f64:
    """erf(a) / a - 1 for z = a * a in 0 .. 1: a minimax fit about 1, its even and odd parts apart."""
    d = z - 1.0
    w = d * d
    p = 5.153566602081105e-09
    p = 6.747778118939663e-07 + w * p
    p = 5.1038508939309765e-05 + w * p
    p = 0.002333076296512885 + w * p
    p = 0.05657061146818443 + w * p
    p = -0.15729920705028513 + w * p
    q = -7.779465729549996e-10
    q = -6.774040654724043e-08 + w * q
    q = -6.212684805916845e-06 + w * q
    q = -0.0003701541995791264 + w * q
    q = -0.012549884773482534 + w * q
    q = -0.2137966477645619 + w * q
    return p + d * q


def _far(a: f64) -> tuple[f64, f64, f64]:
    """log(a * e**(a*a) * erfc(a)) for a in 1.25 .. 28, without the factor a from 0.46875, as a sum.

    The second part has few bits, the third one takes most of what varies.
    """
    is_near = a < 1.25
    is_middle = a < 2.857142857142857
    distance = a - 0.875
    inverse = 1.0 / (a * a)
    z = distance if is_near else inverse
    c = -0.015106103803714525 if is_middle else 0.0
    c = 0.0 if is_near else c
    p = c
    c = 1.6425624425798204 if is_middle else -5.610238111646455
    c = 0.0 if is_near else c
    p = c + z * p
    c = 17.344422041275713 if is_middle else 118.63213530173884
    c = 0.0 if is_near else c
    p = c + z * p
    c = 25.964599500585365 if is_middle else 154.7434099996397
    c = 0.00043645485068102797 if is_near else c
    p = c + z * p
    c = -23.258274973394066 if is_middle else -225.13057673392836
    c = 0.005351857820026917 if is_near else c
    p = c + z * p
    c = -53.75520009376616 if is_middle else -253.3840468472804
    c = 0.026039944121383506 if is_near else c
    p = c + z * p
    c = -27.960893914446245 if is_middle else -79.18825660667844
    c = 0.04452614381848326 if is_near else c
    p = c + z * p
    c = -5.645808308463477 if is_middle else -10.173439731884137
    c = -0.028114424082580684 if is_near else c
    p = c + z * p
    c = -0.44385857270718176 if is_middle else -0.549283237680523
    c = -0.19861977928719343 if is_near else c
    p = c + z * p
    c = -0.009864944034847148 if is_middle else -0.0098649429247001
    c = -0.017199436598551675 if is_near else c
    p = c + z * p
    c = -0.0604244152148581 if is_middle else 0.0
    c = 0.0 if is_near else c
    q = c
    c = 6.570249770319282 if is_middle else -22.44095244658582
    c = 0.0 if is_near else c
    q = c + z * q
    c = 108.63500554177944 if is_middle else 474.52854120695537
    c = -1.3753704394308427e-06 if is_near else c
    q = c + z * q
    c = 429.00814002756783 if is_middle else 2553.0504064331644
    c = 0.0009360345753968001 if is_near else c
    q = c + z * q
    c = 645.3872717332679 if is_middle else 3199.8582195085955
    c = 0.017198160931849556 if is_near else c
    q = c + z * q
    c = 434.56587747522923 if is_middle else 1536.729586084437
    c = 0.12923639539020093 if is_near else c
    q = c + z * q
    c = 137.65775414351904 if is_middle else 325.7925129965739
    c = 0.510053519231367 if is_near else c
    q = c + z * q
    c = 19.651271667439257 if is_middle else 30.33806074348246
    c = 1.069805759445902 if is_near else c
    q = c + z * q
    center = -0.75 if is_near else -0.5625
    slope = 0.5 if is_near else 0.25
    return p / (1.0 + z * q), center, -slope * z


def _scaled(u: f64) -> f64:
    """e**(x*x) * erfc(x) for u = (x - 1) / (x + 2.8), x in 1 .. 6: a fit that is minimax in erf(x)."""
    w = u * u
    p = 0.007426795224882366 + w * -0.0025700406521324774
    p = -0.04629944568195625 + w * p
    p = 0.44147840398666377 + w * p
    p = 1.1909196900303662 + w * p
    p = 0.427583576155807 + w * p
    q = -0.003765823354254929 + w * 0.0014960440826294844
    q = 0.0197330691240119 + w * q
    q = -0.07047862558676644 + w * q
    q = -0.9272972034185828 + w * q
    q = -1.0382056561788084 + w * q
    return p + u * q


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


def erf(x: f64) -> f64:
    a = _fabs(x)
    small = x + x * _near(x * x)
    b = 6.0 if a > 6.0 else a
    # e**-(b*b)
    square = b * b
    k = (square * -1.4426950408889634 + _MAGIC) - _MAGIC
    r = (k * -0.6931471803691238 - square) - k * 1.9082149292705877e-10
    scaled = _scaled((b - 1.0) / (b + 2.8))
    scaled = scaled + scaled * (r + r * r * _tail(r))
    large = 1.0 - scaled * _from_bits(_bits(k + _SCALE) << 52)
    return small if a < 1.0 else _copysign(large, x)


def erfc(x: f64) -> f64:
    a = _fabs(x)
    z = x * x
    p = -0.005770270296489442 + z * -2.3763016656650163e-05
    p = -0.02848174957559851 + z * p
    p = -0.3250421072470015 + z * p
    p = 0.12837916709551256 + z * p
    q = 0.00013249473800432164 + z * -3.960228278775368e-06
    q = 0.005081306281875766 + z * q
    q = 0.0650222499887673 + z * q
    q = 0.39791722395915535 + z * q
    small = x * (p / (1.0 + z * q))
    half = 0.5 - (small + (x - 0.5))
    small = 1.0 - (x + small)
    small = half if x >= 0.25 else small
    b = 28.0 if a > 28.0 else a
    # center + slope + p - x*x: the square of a half is exact, and so is the sum with the center.
    head = _head(b)
    p, center, slope = _far(b)
    k = ((p + slope + center - b * b) * 1.4426950408889634 + _MAGIC) - _MAGIC
    high = (-(head * head) - k * 0.6931471803691238) + center
    low = (p - (b - head) * (b + head)) - k * 1.9082149292705877e-10
    total = high + slope
    part = total - high
    lost = (high - (total - part)) + (slope - part)
    r = total + low
    lost = lost + ((total - r) + low)
    high = 1.0 + r
    low = ((1.0 - high) + r) + (lost + r * r * _tail(r))
    # Divided by the factor, with what the rounding of the quotient loses.
    b = 1.0 if b < 1.25 else b
    head = 1.0 if b < 1.25 else head
    q = high / b
    q_head = _head(q)
    q_rest = q - q_head
    rest = (((high - q_head * head) - q_rest * head) - q_head * (b - head)) - q_rest * (b - head)
    q = q + (rest + low) / b
    scale_half = (k * 0.5 + _MAGIC) - _MAGIC
    large = q * _from_bits(_bits(scale_half + _SCALE) << 52)
    large = large * _from_bits(_bits(k - scale_half + _SCALE) << 52)
    large = 2.0 - large if x < 0.0 else large
    return small if a < 0.46875 else large
