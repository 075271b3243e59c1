//! Python's `//`, `%` and `round` of floats.

use super::libm::looked_up;

macro_rules! division {
    ($floor_div:ident, $modulo:ident, $ty:ty, $fmod:path) => {
        /// `dividend // divisor`; NumPy's answer for a divisor of 0.
        fn $floor_div(dividend: $ty, divisor: $ty) -> $ty {
            if divisor == 0.0 {
                return dividend / divisor;
            }
            let rest = $fmod(dividend, divisor);
            let mut quotient = (dividend - rest) / divisor;
            if rest != 0.0 && (divisor < 0.0) != (rest < 0.0) {
                quotient -= 1.0;
            }
            if quotient == 0.0 {
                return (0.0 as $ty).copysign(dividend / divisor);
            }
            let whole = quotient.floor();
            if quotient - whole > 0.5 {
                whole + 1.0
            } else {
                whole
            }
        }

        /// `dividend % divisor`; NaN, as NumPy's, for a divisor of 0.
        fn $modulo(dividend: $ty, divisor: $ty) -> $ty {
            let rest = $fmod(dividend, divisor);
            if divisor == 0.0 {
                return rest;
            }
            if rest == 0.0 {
                return (0.0 as $ty).copysign(divisor);
            }
            if (divisor < 0.0) != (rest < 0.0) {
                rest + divisor
            } else {
                rest
            }
        }
    };
}

division!(floor_div_f64, mod_f64, f64, looked_up::fmod);
division!(floor_div_f32, mod_f32, f32, looked_up::fmodf);

/// `round(value, digits)`: the nearest decimal of the exact value, ties to even.
fn round(value: f64, digits: i64) -> f64 {
    // Beyond these every finite double is its own rounding, or rounds to 0.
    if !value.is_finite() || value == 0.0 || digits > 323 {
        return value;
    }
    if digits < -308 {
        return 0.0 * value;
    }
    let mut text = Vec::with_capacity(400);
    if digits >= 0 {
        use std::io::Write;
        let _ = write!(text, "{:.*}", digits as usize, value);
    } else {
        round_left(&mut text, value, -digits as usize);
    }
    std::str::from_utf8(&text)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(value)
}

/// Writes `value` rounded to a multiple of `10**places`.
fn round_left(out: &mut Vec<u8>, value: f64, places: usize) {
    use std::io::Write;
    let whole = value.trunc();
    if value < 0.0 {
        out.push(b'-');
    }
    let start = out.len();
    // A leading zero takes the carry. The digits of a whole double are exact.
    let _ = write!(out, "0{:.0}", whole.abs());
    let count = out.len() - start;
    if count <= places {
        // `places` digits at least are cut off, and the first of them is this 0.
        out.truncate(start);
        out.push(b'0');
        return;
    }
    let kept = start + count - places;
    let cut = &out[kept..];
    let beyond = cut[1..].iter().any(|&digit| digit != b'0') || whole != value;
    let last_is_odd = (out[kept - 1] - b'0') & 1 != 0;
    let up = cut[0] > b'5' || (cut[0] == b'5' && (beyond || last_is_odd));
    out[kept..].fill(b'0');
    if up {
        // The leading zero stops the carry.
        let nines = out[start..kept]
            .iter()
            .rev()
            .take_while(|digit| **digit == b'9')
            .count();
        out[kept - nines..kept].fill(b'0');
        out[kept - nines - 1] += 1;
    }
}

/// The functions that compiled code calls.
pub mod entries {
    /// `dividend // divisor`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_float_floor_div(dividend: f64, divisor: f64) -> f64 {
        super::floor_div_f64(dividend, divisor)
    }

    /// `dividend % divisor`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_float_mod(dividend: f64, divisor: f64) -> f64 {
        super::mod_f64(dividend, divisor)
    }

    /// `dividend // divisor` in single precision.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_f32_floor_div(dividend: f32, divisor: f32) -> f32 {
        super::floor_div_f32(dividend, divisor)
    }

    /// `dividend % divisor` in single precision.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_f32_mod(dividend: f32, divisor: f32) -> f32 {
        super::mod_f32(dividend, divisor)
    }

    /// `round(value, digits)`; infinite where that raises.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_float_round(value: f64, digits: i64) -> f64 {
        crate::guard::guard(f64::NAN, || super::round(value, digits))
    }
}
