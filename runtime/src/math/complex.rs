//! Python's division and powers of complex numbers, in the order of operations that gives
//! CPython's bits.

use super::libm::c;

/// A complex number.
type Complex = (f64, f64);

const ONE: Complex = (1.0, 0.0);

fn mul(left: Complex, right: Complex) -> Complex {
    (
        left.0 * right.0 - left.1 * right.1,
        left.0 * right.1 + left.1 * right.0,
    )
}

/// Smith's method; a divisor of 0 gives NaN, which callers test for before.
fn div(left: Complex, right: Complex) -> Complex {
    if right.0.abs() >= right.1.abs() {
        if right.0 == 0.0 {
            return (f64::NAN, f64::NAN);
        }
        let ratio = right.1 / right.0;
        let denominator = right.0 + right.1 * ratio;
        (
            (left.0 + left.1 * ratio) / denominator,
            (left.1 - left.0 * ratio) / denominator,
        )
    } else if right.1.abs() >= right.0.abs() {
        let ratio = right.0 / right.1;
        let denominator = right.0 * ratio + right.1;
        (
            (left.0 * ratio + left.1) / denominator,
            (left.1 * ratio - left.0) / denominator,
        )
    } else {
        (f64::NAN, f64::NAN)
    }
}

/// `base ** exponent` for `exponent >= 0`, by squaring.
fn pow_int(base: Complex, exponent: u32) -> Complex {
    let (mut result, mut power, mut rest) = (ONE, base, exponent);
    while rest != 0 {
        if rest & 1 != 0 {
            result = mul(result, power);
        }
        power = mul(power, power);
        rest >>= 1;
    }
    result
}

/// `base ** exponent`. A base of 0 with an exponent that is no positive real gives NaN, which
/// callers test for before.
fn pow(base: Complex, exponent: Complex) -> Complex {
    if exponent.1 == 0.0 && exponent.0 == exponent.0.floor() && exponent.0.abs() <= 100.0 {
        let size = pow_int(base, exponent.0.abs() as u32);
        return if exponent.0 > 0.0 {
            size
        } else {
            div(ONE, size)
        };
    }
    if base == (0.0, 0.0) {
        return if exponent.1 != 0.0 || exponent.0 < 0.0 {
            (f64::NAN, f64::NAN)
        } else {
            (0.0, 0.0)
        };
    }
    let size = c::hypot(base.0, base.1);
    let angle = c::atan2(base.1, base.0);
    let mut length = c::pow(size, exponent.0);
    let mut phase = angle * exponent.0;
    if exponent.1 != 0.0 {
        length /= c::exp(angle * exponent.1);
        phase += exponent.1 * c::log(size);
    }
    (length * c::cos(phase), length * c::sin(phase))
}

/// The functions that compiled code calls.
pub mod entries {
    use snek_abi::PairF64;

    /// Division.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_complex_div(
        left_real: f64,
        left_imaginary: f64,
        right_real: f64,
        right_imaginary: f64,
    ) -> PairF64 {
        let (first, second) =
            super::div((left_real, left_imaginary), (right_real, right_imaginary));
        PairF64 { first, second }
    }

    /// Power.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_complex_pow(
        base_real: f64,
        base_imaginary: f64,
        exponent_real: f64,
        exponent_imaginary: f64,
    ) -> PairF64 {
        let (first, second) = super::pow(
            (base_real, base_imaginary),
            (exponent_real, exponent_imaginary),
        );
        PairF64 { first, second }
    }
}
