//! Integers: powers, rounding, and what mixes them with floats.

/// `base ** exponent` for `exponent >= 0`; `None` beyond 64 bits.
fn pow(base: i64, exponent: i64) -> Option<i64> {
    let (mut base, mut exponent, mut result) = (base, exponent.max(0), 1i64);
    loop {
        if exponent & 1 != 0 {
            result = result.checked_mul(base)?;
        }
        exponent >>= 1;
        if exponent == 0 {
            return Some(result);
        }
        match base.checked_mul(base) {
            Some(square) => base = square,
            // Some bit of the exponent is left, so the result would be larger still.
            None => return None,
        }
    }
}

/// `base ** exponent` for `exponent >= 0`, modulo 2**64.
fn pow_wrapping(base: i64, exponent: i64) -> i64 {
    let (mut base, mut exponent, mut result) = (base, exponent.max(0), 1i64);
    while exponent != 0 {
        if exponent & 1 != 0 {
            result = result.wrapping_mul(base);
        }
        base = base.wrapping_mul(base);
        exponent >>= 1;
    }
    result
}

/// `pow(base, exponent, modulus)` for `modulus != 0`, with the sign of `modulus`; `None` if
/// `exponent` is negative and `base` has no inverse.
fn pow_mod(base: i64, exponent: i64, modulus: i64) -> Option<i64> {
    let size = i128::from(modulus).abs();
    let mut base = i128::from(base).rem_euclid(size);
    if exponent < 0 {
        base = inverse(base, size)?;
    }
    let mut exponent = exponent.unsigned_abs();
    let mut result = 1 % size;
    while exponent != 0 {
        if exponent & 1 != 0 {
            result = result * base % size;
        }
        base = base * base % size;
        exponent >>= 1;
    }
    if modulus < 0 && result != 0 {
        result -= size;
    }
    Some(result as i64)
}

/// The inverse of `value` modulo `modulus`, by Euclid's extended algorithm.
fn inverse(value: i128, modulus: i128) -> Option<i128> {
    let (mut old, mut rest, mut old_factor, mut factor) = (value, modulus, 1i128, 0i128);
    while rest != 0 {
        let quotient = old / rest;
        (old, rest) = (rest, old - quotient * rest);
        (old_factor, factor) = (factor, old_factor - quotient * factor);
    }
    (old == 1 || modulus == 1).then(|| old_factor.rem_euclid(modulus))
}

/// `round(value, digits)`: half to even; `None` beyond 64 bits.
fn round(value: i64, digits: i64) -> Option<i64> {
    if digits >= 0 {
        return Some(value);
    }
    if digits < -19 {
        return Some(0);
    }
    let unit = 10i128.pow(-digits as u32);
    let value = i128::from(value);
    let (quotient, rest) = (value.div_euclid(unit), value.rem_euclid(unit));
    let up = rest * 2 > unit || (rest * 2 == unit && quotient & 1 != 0);
    i64::try_from((quotient + i128::from(up)) * unit).ok()
}

/// `dividend / divisor`, correctly rounded. The divisor is not 0.
fn true_div(dividend: i64, divisor: i64) -> f64 {
    const EXACT: u64 = 1 << 53;
    let (top, bottom) = (dividend.unsigned_abs(), divisor.unsigned_abs());
    if top <= EXACT && bottom <= EXACT {
        // Both are exact as doubles, and the hardware rounds once.
        return dividend as f64 / divisor as f64;
    }
    if top == 0 || bottom == 0 {
        return dividend as f64 / divisor as f64;
    }
    // A quotient of at least 64 bits, with a last bit that says whether something is left.
    let shift = u128::from(top).leading_zeros();
    let (top, bottom) = (u128::from(top) << shift, u128::from(bottom));
    let quotient = (top / bottom) | u128::from(!top.is_multiple_of(bottom));
    let size = quotient as f64 * 2f64.powi(-(shift as i32));
    if (dividend < 0) != (divisor < 0) {
        -size
    } else {
        size
    }
}

/// Compares exactly: -1, 0, 1, or 2 if `right` is NaN.
fn compare(left: i64, right: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if right.is_nan() {
        return 2;
    }
    if right >= LIMIT {
        return -1;
    }
    if right < -LIMIT {
        return 1;
    }
    let whole = right.trunc();
    match left.cmp(&(whole as i64)) {
        std::cmp::Ordering::Less => -1,
        std::cmp::Ordering::Greater => 1,
        std::cmp::Ordering::Equal if right > whole => -1,
        std::cmp::Ordering::Equal if right < whole => 1,
        std::cmp::Ordering::Equal => 0,
    }
}

fn gcd(left: i64, right: i64) -> u64 {
    let (mut left, mut right) = (left.unsigned_abs(), right.unsigned_abs());
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

/// The functions that compiled code calls.
pub mod entries {
    use snek_abi::PairI64;

    fn pair(value: Option<i64>) -> PairI64 {
        PairI64 {
            first: value.unwrap_or(0),
            second: i64::from(value.is_none()),
        }
    }

    /// `base ** exponent`, and whether it does not fit.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_int_pow(base: i64, exponent: i64) -> PairI64 {
        pair(super::pow(base, exponent))
    }

    /// `base ** exponent`, modulo 2**64.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_int_pow_wrapping(base: i64, exponent: i64) -> i64 {
        super::pow_wrapping(base, exponent)
    }

    /// `pow(base, exponent, modulus)`, and whether there is no inverse.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_int_pow_mod(base: i64, exponent: i64, modulus: i64) -> PairI64 {
        pair(if modulus == 0 {
            None
        } else {
            super::pow_mod(base, exponent, modulus)
        })
    }

    /// `round(value, digits)`, and whether it does not fit.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_int_round(value: i64, digits: i64) -> PairI64 {
        pair(super::round(value, digits))
    }

    /// `dividend / divisor`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_int_true_div(dividend: i64, divisor: i64) -> f64 {
        super::true_div(dividend, divisor)
    }

    /// The order of an int and a float.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_int_float_compare(left: i64, right: f64) -> i64 {
        super::compare(left, right)
    }

    /// `math.gcd`, and whether it does not fit.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_int_gcd(left: i64, right: i64) -> PairI64 {
        pair(i64::try_from(super::gcd(left, right)).ok())
    }

    /// `math.isqrt` of a value that is not negative.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_int_isqrt(value: i64) -> i64 {
        value.max(0).isqrt()
    }
}
