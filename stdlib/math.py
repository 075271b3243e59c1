"""`math`, with the errors and messages of CPython's `mathmodule.c`.

Each function takes what CPython's converts: ints and NumPy's scalars become floats. The functions of the C library
are the runtime's; what CPython makes of their results is here.
"""

pi = 3.141592653589793
e = 2.718281828459045
tau = 6.283185307179586
inf = float("inf")
nan = float("nan")


@intrinsic("op.sqrt")
def _sqrt(x: float) -> float: ...


@intrinsic("op.floor")
def _floor(x: float) -> float: ...


@intrinsic("op.ceil")
def _ceil(x: float) -> float: ...


@intrinsic("op.trunc")
def _trunc(x: float) -> float: ...


@intrinsic("op.fabs")
def _fabs(x: float) -> float: ...


@intrinsic("op.copysign")
def _copysign(x: float, y: float) -> float: ...


@intrinsic("op.fma")
def _fma(x: float, y: float, z: float) -> float: ...


@intrinsic("snek_rt_math_acos")
def _acos(x: float) -> float: ...


@intrinsic("snek_rt_math_acosh")
def _acosh(x: float) -> float: ...


@intrinsic("snek_rt_math_asin")
def _asin(x: float) -> float: ...


@intrinsic("snek_rt_math_asinh")
def _asinh(x: float) -> float: ...


@intrinsic("snek_rt_math_atan")
def _atan(x: float) -> float: ...


@intrinsic("snek_rt_math_atanh")
def _atanh(x: float) -> float: ...


@intrinsic("snek_rt_math_cbrt")
def _cbrt(x: float) -> float: ...


@intrinsic("snek_rt_math_cos")
def _cos(x: float) -> float: ...


@intrinsic("snek_rt_math_cosh")
def _cosh(x: float) -> float: ...


@intrinsic("snek_rt_math_erf")
def _erf(x: float) -> float: ...


@intrinsic("snek_rt_math_erfc")
def _erfc(x: float) -> float: ...


@intrinsic("snek_rt_math_exp")
def _exp(x: float) -> float: ...


@intrinsic("snek_rt_math_exp2")
def _exp2(x: float) -> float: ...


@intrinsic("snek_rt_math_expm1")
def _expm1(x: float) -> float: ...


@intrinsic("snek_rt_math_gamma")
def _gamma(x: float) -> float: ...


@intrinsic("snek_rt_math_lgamma")
def _lgamma(x: float) -> float: ...


@intrinsic("snek_rt_math_log")
def _log(x: float) -> float: ...


@intrinsic("snek_rt_math_log10")
def _log10(x: float) -> float: ...


@intrinsic("snek_rt_math_log1p")
def _log1p(x: float) -> float: ...


@intrinsic("snek_rt_math_log2")
def _log2(x: float) -> float: ...


@intrinsic("snek_rt_math_sin")
def _sin(x: float) -> float: ...


@intrinsic("snek_rt_math_sinh")
def _sinh(x: float) -> float: ...


@intrinsic("snek_rt_math_tan")
def _tan(x: float) -> float: ...


@intrinsic("snek_rt_math_tanh")
def _tanh(x: float) -> float: ...


@intrinsic("snek_rt_math_ulp")
def _ulp(x: float) -> float: ...


@intrinsic("snek_rt_math_atan2")
def _atan2(y: float, x: float) -> float: ...


@intrinsic("snek_rt_math_fmod")
def _fmod(x: float, y: float) -> float: ...


@intrinsic("snek_rt_math_hypot")
def _hypot(x: float, y: float) -> float: ...


@intrinsic("snek_rt_math_nextafter")
def _nextafter(x: float, y: float) -> float: ...


@intrinsic("snek_rt_math_pow")
def _pow(x: float, y: float) -> float: ...


@intrinsic("snek_rt_math_remainder")
def _remainder(x: float, y: float) -> float: ...


@intrinsic("snek_rt_math_hypot3")
def _hypot3(x: float, y: float, z: float) -> float: ...


@intrinsic("snek_rt_math_fsum")
def _fsum(seq: Array1D[f64]) -> tuple[float, float]: ...


@intrinsic("snek_rt_math_dist")
def _dist(p: Array1D[f64], q: Array1D[f64]) -> float: ...


@intrinsic("snek_rt_math_ldexp")
def _ldexp(x: float, exponent: int) -> float: ...


@intrinsic("snek_rt_math_modf")
def _modf(x: float) -> tuple[float, float]: ...


@intrinsic("snek_rt_math_frexp_mantissa")
def _frexp_mantissa(x: float) -> float: ...


@intrinsic("snek_rt_math_frexp_exponent")
def _frexp_exponent(x: float) -> int: ...


@intrinsic("snek_rt_int_gcd")
def _gcd(a: int, b: int) -> tuple[int, int]: ...


@intrinsic("snek_rt_int_isqrt")
def _isqrt(n: int) -> int: ...


# Classification.


def isnan(x: float, /) -> bool:
    return x != x


def isinf(x: float, /) -> bool:
    return _fabs(x) == inf


def isfinite(x: float, /) -> bool:
    return _fabs(x) < inf


def isclose(a: float, b: float, *, rel_tol: float = 1e-09, abs_tol: float = 0.0) -> bool:
    if rel_tol < 0.0 or abs_tol < 0.0:
        raise ValueError("tolerances must be non-negative")
    if a == b:
        return True
    if isinf(a) or isinf(b):
        return False
    difference = _fabs(b - a)
    return (
        difference <= _fabs(rel_tol * b)
        or difference <= _fabs(rel_tol * a)
        or difference <= abs_tol
    )


# Rounding.


@overload
def floor(x: int, /) -> int:
    return x


@overload
def floor(x: integer, /) -> int:
    return int(x)


@overload
def floor(x: float, /) -> int:
    return int(_floor(x))


@overload
def ceil(x: int, /) -> int:
    return x


@overload
def ceil(x: integer, /) -> int:
    return int(x)


@overload
def ceil(x: float, /) -> int:
    return int(_ceil(x))


@overload
def trunc(x: int, /) -> int:
    return x


@overload
def trunc(x: integer, /) -> int:
    return int(x)


@overload
def trunc(x: float, /) -> int:
    return int(x)


def fabs(x: float, /) -> float:
    return _fabs(x)


def copysign(x: float, y: float, /) -> float:
    return _copysign(x, y)


def modf(x: float, /) -> tuple[float, float]:
    if isinf(x):
        return _copysign(0.0, x), x
    if isnan(x):
        return x, x
    return _modf(x)


def frexp(x: float, /) -> tuple[float, int]:
    if isnan(x) or isinf(x) or x == 0.0:
        return x, 0
    return _frexp_mantissa(x), _frexp_exponent(x)


def ldexp(x: float, i: int, /) -> float:
    if x == 0.0 or not isfinite(x):
        return x
    if i > 2147483647:
        raise OverflowError("math range error")
    if i < -2147483648:
        return _copysign(0.0, x)
    result = _ldexp(x, i)
    if isinf(result):
        raise OverflowError("math range error")
    return result


def nextafter(x: float, y: float, /) -> float:
    return _nextafter(x, y)


def ulp(x: float, /) -> float:
    return _ulp(x)


def fmod(x: float, y: float, /) -> float:
    if isinf(y) and isfinite(x):
        return x
    result = _fmod(x, y)
    if isnan(result) and not isnan(x) and not isnan(y):
        raise ValueError("math domain error")
    return result


def remainder(x: float, y: float, /) -> float:
    result = _remainder(x, y)
    if isnan(result) and not isnan(x) and not isnan(y):
        raise ValueError("math domain error")
    return result


def fma(x: float, y: float, z: float, /) -> float:
    result = _fma(x, y, z)
    if isfinite(result):
        return result
    if isnan(result):
        if not isnan(x) and not isnan(y) and not isnan(z):
            raise ValueError("invalid operation in fma")
    elif isfinite(x) and isfinite(y) and isfinite(z):
        raise OverflowError("overflow in fma")
    return result


# Powers and logarithms.


def sqrt(x: float, /) -> float:
    if x < 0.0:
        raise ValueError("math domain error")
    return _sqrt(x)


def cbrt(x: float, /) -> float:
    return _cbrt(x)


def exp(x: float, /) -> float:
    result = _exp(x)
    if result == inf and x != inf:
        raise OverflowError("math range error")
    return result


def exp2(x: float, /) -> float:
    result = _exp2(x)
    if result == inf and x != inf:
        raise OverflowError("math range error")
    return result


def expm1(x: float, /) -> float:
    result = _expm1(x)
    if result == inf and x != inf:
        raise OverflowError("math range error")
    return result


def pow(x: float, y: float, /) -> float:
    result = _pow(x, y)
    if isfinite(result) or not isfinite(x) or not isfinite(y):
        return result
    if isnan(result) or x == 0.0:
        raise ValueError("math domain error")
    raise OverflowError("math range error")


@overload
def log(x: float, /) -> float:
    if x <= 0.0:
        raise ValueError("math domain error")
    return _log(x)


@overload
def log(x: float, base: float, /) -> float:
    return log(x) / log(base)


def log2(x: float, /) -> float:
    if x <= 0.0:
        raise ValueError("math domain error")
    return _log2(x)


def log10(x: float, /) -> float:
    if x <= 0.0:
        raise ValueError("math domain error")
    return _log10(x)


def log1p(x: float, /) -> float:
    if x <= -1.0:
        raise ValueError("math domain error")
    return _log1p(x)


# Trigonometry.


def sin(x: float, /) -> float:
    if isinf(x):
        raise ValueError("math domain error")
    return _sin(x)


def cos(x: float, /) -> float:
    if isinf(x):
        raise ValueError("math domain error")
    return _cos(x)


def tan(x: float, /) -> float:
    if isinf(x):
        raise ValueError("math domain error")
    return _tan(x)


def asin(x: float, /) -> float:
    if x < -1.0 or x > 1.0:
        raise ValueError("math domain error")
    return _asin(x)


def acos(x: float, /) -> float:
    if x < -1.0 or x > 1.0:
        raise ValueError("math domain error")
    return _acos(x)


def atan(x: float, /) -> float:
    return _atan(x)


def atan2(y: float, x: float, /) -> float:
    return _atan2(y, x)


def sinh(x: float, /) -> float:
    result = _sinh(x)
    if isinf(result) and isfinite(x):
        raise OverflowError("math range error")
    return result


def cosh(x: float, /) -> float:
    result = _cosh(x)
    if isinf(result) and isfinite(x):
        raise OverflowError("math range error")
    return result


def tanh(x: float, /) -> float:
    return _tanh(x)


def asinh(x: float, /) -> float:
    return _asinh(x)


def acosh(x: float, /) -> float:
    if x < 1.0:
        raise ValueError("math domain error")
    return _acosh(x)


def atanh(x: float, /) -> float:
    if x <= -1.0 or x >= 1.0:
        raise ValueError("math domain error")
    return _atanh(x)


def degrees(x: float, /) -> float:
    return x * 57.29577951308232


def radians(x: float, /) -> float:
    return x * 0.017453292519943295


@overload
def hypot() -> float:
    return 0.0


@overload
def hypot(x: float, /) -> float:
    return _fabs(x)


@overload
def hypot(x: float, y: float, /) -> float:
    return _hypot(x, y)


@overload
def hypot(x: float, y: float, z: float, /) -> float:
    return _hypot3(x, y, z)


@overload
def dist(p: tuple[float], q: tuple[float], /) -> float:
    return _fabs(p[0] - q[0])


@overload
def dist(p: tuple[float, float], q: tuple[float, float], /) -> float:
    return _hypot(p[0] - q[0], p[1] - q[1])


@overload
def dist(p: tuple[float, float, float], q: tuple[float, float, float], /) -> float:
    return _hypot3(p[0] - q[0], p[1] - q[1], p[2] - q[2])


@overload
def dist(p: Array1D[f64], q: Array1D[f64], /) -> float:
    if len(p) != len(q):
        raise ValueError("both points must have the same number of dimensions")
    return _dist(p, q)


# Special functions.


def erf(x: float, /) -> float:
    return _erf(x)


def erfc(x: float, /) -> float:
    return _erfc(x)


def gamma(x: float, /) -> float:
    result = _gamma(x)
    if isfinite(result) or isnan(x) or x == inf:
        return result
    if x <= 0.0 and (x == _floor(x) or isnan(result)):
        raise ValueError("math domain error")
    raise OverflowError("math range error")


def lgamma(x: float, /) -> float:
    result = _lgamma(x)
    if isfinite(result) or not isfinite(x):
        return result
    if x <= 0.0 and x == _floor(x):
        raise ValueError("math domain error")
    raise OverflowError("math range error")


# Integers.


def isqrt(n: int, /) -> int:
    if n < 0:
        raise ValueError("isqrt() argument must be nonnegative")
    return _isqrt(n)


def _gcd2(a: int, b: int) -> int:
    result, overflow = _gcd(a, b)
    if overflow:
        raise OverflowError("int result does not fit in 64 bits")
    return result


def gcd(*integers: int) -> int:
    result = 0
    for n in integers:
        result = _gcd2(result, n)
    return result


def _lcm2(a: int, b: int) -> int:
    if a == 0 or b == 0:
        return 0
    return abs(a // _gcd2(a, b) * b)


def lcm(*integers: int) -> int:
    result = 1
    for n in integers:
        result = _lcm2(result, n)
    return result


def factorial(n: int, /) -> int:
    if n < 0:
        raise ValueError("factorial() not defined for negative values")
    result = 1
    for i in range(2, n + 1):
        result *= i
    return result


def comb(n: int, k: int, /) -> int:
    if n < 0:
        raise ValueError("n must be a non-negative integer")
    if k < 0:
        raise ValueError("k must be a non-negative integer")
    if k > n:
        return 0
    if k > n - k:
        k = n - k
    result = 1
    for i in range(1, k + 1):
        # Dividing first keeps every value below the result.
        common = _gcd2(result, i)
        result = result // common * ((n - k + i) // (i // common))
    return result


@overload
def perm(n: int, k: int, /) -> int:
    if n < 0:
        raise ValueError("n must be a non-negative integer")
    if k < 0:
        raise ValueError("k must be a non-negative integer")
    if k > n:
        return 0
    result = 1
    for i in range(k):
        result *= n - i
    return result


@overload
def perm(n: int, /) -> int:
    return factorial(n)


@overload
def perm(n: int, k: None, /) -> int:
    return factorial(n)


# Whole arrays.


def fsum(seq: Array1D[f64], /) -> float:
    result, error = _fsum(seq)
    if error == 1.0:
        raise OverflowError("intermediate overflow in fsum")
    if error == 2.0:
        raise ValueError("-inf + inf in fsum")
    return result


def prod(a: vector, /):
    # An empty array gives the one of its type, where Python gives the int 1.
    total = _one(a)
    for x in a:
        total = total * x
    return total


def sumprod(p: Array1D[f64], q: Array1D[f64], /) -> f64:
    if len(p) != len(q):
        raise ValueError("Inputs are not the same length")
    total = f64(0.0)
    for i in range(len(p)):
        total += p[i] * q[i]
    return total


@overload
def _one(a: Array1D[bool]) -> int:
    return 1


@overload
def _one(a: Array1D[i8]) -> i8:
    return i8(1)


@overload
def _one(a: Array1D[i16]) -> i16:
    return i16(1)


@overload
def _one(a: Array1D[i32]) -> i32:
    return i32(1)


@overload
def _one(a: Array1D[i64]) -> i64:
    return i64(1)


@overload
def _one(a: Array1D[u8]) -> u8:
    return u8(1)


@overload
def _one(a: Array1D[u16]) -> u16:
    return u16(1)


@overload
def _one(a: Array1D[u32]) -> u32:
    return u32(1)


@overload
def _one(a: Array1D[u64]) -> u64:
    return u64(1)


@overload
def _one(a: Array1D[f32]) -> f32:
    return f32(1)


@overload
def _one(a: Array1D[f64]) -> f64:
    return f64(1)


@overload
def _one(a: Array1D[c64]) -> c64:
    return c64(1)


@overload
def _one(a: Array1D[c128]) -> c128:
    return c128(1)
