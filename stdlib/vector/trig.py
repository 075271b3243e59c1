"""`sin`, `cos`, `tan` for loops in lanes: within 1 ulp, branch-free but for huge arguments, without fused operations.

After FreeBSD's msun (`e_rem_pio2.c`, `k_sin.c`, `k_cos.c`): x is n pi/2 + r, pi/2 being three numbers of 33 bits, whose
products with n are exact, and a rest. Arguments beyond 2**20 go to the C library: few loops have them.
"""

_LIMIT = 1048576.0
_MAGIC = 6755399441055744.0


@intrinsic("op.bits")
def _bits(x: f64) -> u64: ...


@intrinsic("op.from_bits")
def _from_bits(x: u64) -> f64: ...


@intrinsic("op.fabs")
def _fabs(x: f64) -> f64: ...


@intrinsic("snek_rt_math_sin")
def _c_sin(x: f64) -> f64: ...


@intrinsic("snek_rt_math_cos")
def _c_cos(x: f64) -> f64: ...


@intrinsic("snek_rt_math_tan")
def _c_tan(x: f64) -> f64: ...


@intrinsic("op.bits")
def _signed_bits(x: f64) -> i64: ...


@intrinsic("op.from_bits")
def _from_signed_bits(x: i64) -> f64: ...


def _head(x: f64) -> f64:
    """The first 26 bits: their square is exact."""
    return _from_signed_bits(_signed_bits(x) & -134217728)


def _difference(a: f64, b: f64) -> tuple[f64, f64]:
    """a - b, and what its rounding has lost (Knuth)."""
    result = a - b
    part = result - a
    return result, (a - (result - part)) - (b + part)


def _reduce(x: f64) -> tuple[f64, f64, u64]:
    """r, what r has lost, and a number whose lowest two bits are those of n."""
    shifted = x * 0.6366197723675814 + _MAGIC
    n = shifted - _MAGIC
    # Each difference keeps what it lost; the first is exact.
    a = x - n * 1.5707963267341256
    b, lost_b = _difference(a, n * 6.077100506303966e-11)
    c, lost_c = _difference(b, n * 2.0222662487111665e-21)
    lost = (lost_b + lost_c) - n * 8.4784276603689e-32
    r = c + lost
    return r, (c - r) + lost, _bits(shifted)


def _sin(r: f64, lost: f64) -> f64:
    z = r * r
    p = -2.5050760253406863e-08 + z * 1.58969099521155e-10
    p = 2.7557313707070068e-06 + z * p
    p = -0.0001984126982985795 + z * p
    p = 0.00833333333332249 + z * p
    v = z * r
    return r - ((z * (0.5 * lost - v * p) - lost) - v * -0.16666666666666632)


def _cos(r: f64, lost: f64) -> f64:
    z = r * r
    p = 2.087572321298175e-09 + z * -1.1359647557788195e-11
    p = -2.7557314351390663e-07 + z * p
    p = 2.480158728947673e-05 + z * p
    p = -0.001388888888887411 + z * p
    p = 0.0416666666666666 + z * p
    half = 0.5 * z
    w = 1.0 - half
    return w + (((1.0 - w) - half) + (z * (z * p) - r * lost))


def sin(x: f64) -> f64:
    r, lost, n = _reduce(x)
    s = _sin(r, lost)
    c = _cos(r, lost)
    result = c if (n & 1) == 1 else s
    result = _from_bits(_bits(result) ^ ((n & 2) << 62))
    # The reduction loses the sign of -0.0.
    result = x if x == 0.0 else result
    if _fabs(x) > _LIMIT:
        result = _c_sin(x)
    return result


def cos(x: f64) -> f64:
    r, lost, n = _reduce(x)
    s = _sin(r, lost)
    c = _cos(r, lost)
    result = s if (n & 1) == 1 else c
    result = _from_bits(_bits(result) ^ (((n + 1) & 2) << 62))
    if _fabs(x) > _LIMIT:
        result = _c_cos(x)
    return result


def tan(x: f64) -> f64:
    r, lost, n = _reduce(x)
    z = r * r
    # Sine and cosine, each as a sum of two.
    p = -2.5050760253406863e-08 + z * 1.58969099521155e-10
    p = 2.7557313707070068e-06 + z * p
    p = -0.0001984126982985795 + z * p
    p = 0.00833333333332249 + z * p
    p = -0.16666666666666632 + z * p
    p = z * r * p + lost * (1.0 - 0.5 * z)
    s = r + p
    s_low = (r - s) + p
    p = 2.087572321298175e-09 + z * -1.1359647557788195e-11
    p = -2.7557314351390663e-07 + z * p
    p = 2.480158728947673e-05 + z * p
    p = -0.001388888888887411 + z * p
    p = 0.0416666666666666 + z * p
    # r*r exactly: the square of a half, and the rest.
    head = _head(r)
    square = 0.5 * head * head
    p = z * (z * p) - ((0.5 * (r - head)) * (r + head) + r * lost)
    w = 1.0 - square
    c = w + p
    c_low = (w - c) + (((1.0 - w) - square) + p)
    # The quotient, and what its rounding has lost.
    is_odd = (n & 1) == 1
    top = c if is_odd else s
    top_low = c_low if is_odd else s_low
    bottom = s if is_odd else c
    bottom_low = s_low if is_odd else c_low
    q = top / bottom
    q_head = _head(q)
    b_head = _head(bottom)
    q_rest = q - q_head
    rest = ((top - q_head * b_head) - q_head * (bottom - b_head)) - q_rest * b_head
    rest = rest - q_rest * (bottom - b_head)
    result = q + (rest + (top_low - q * bottom_low)) / bottom
    result = _from_bits(_bits(result) ^ ((n & 1) << 63))
    result = x if _fabs(x) < 1e-9 else result
    if _fabs(x) > _LIMIT:
        result = _c_tan(x)
    return result
