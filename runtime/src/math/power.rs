//! Powers of few operations, exactly as the C library gives them.
//!
//! `pow` of the C library errs by less than 0.54 of the last place (glibc since 2.28, musl; older ones by less). So where a
//! power is nearer to some float than 0.44 of a place, that float is what `pow` gives. Products, quotients and roots are made
//! with what they round off, which tells how near they are: about one in ten is not, and is left to `pow`, as is all that is
//! beyond the range where what is rounded off is exact.

use super::libm::{c, looked_up};

/// How far, in units of the last place, the exact power may be from the float.
const NEAR: f64 = 0.44;
/// Between these, what operations round off is no subnormal number, nor infinite.
const LEAST: f64 = 1e-200;
const MOST: f64 = 1e200;

/// `pow(x, y)`.
pub fn pow(x: f64, y: f64) -> f64 {
    let short = match y {
        2.0 => square(x),
        0.5 => root(x),
        3.0 => cube(x),
        -1.0 => reciprocal(x),
        _ => None,
    };
    match short {
        Some(power) => power,
        None => c::pow(x, y),
    }
}

/// The float, if what it is too small by is little, `off / scale`.
fn near(power: f64, off: f64, scale: f64) -> Option<f64> {
    const EXPONENT: u64 = 0x7ff << 52;
    let bits = power.to_bits();
    let place = f64::from_bits(bits & EXPONENT) * f64::EPSILON;
    let in_range = (LEAST..MOST).contains(&power.abs());
    // Below a power of two places are half as large.
    let is_power_of_two = bits & !(EXPONENT | (1 << 63)) == 0;
    let is_near = off.abs() <= NEAR * place * scale.abs() && !is_power_of_two;
    (in_range && (is_near || off == 0.0)).then_some(power)
}

fn square(x: f64) -> Option<f64> {
    let power = x * x;
    near(power, looked_up::fma(x, x, -power), 1.0)
}

fn cube(x: f64) -> Option<f64> {
    let square = x * x;
    let power = square * x;
    let of_square = looked_up::fma(x, x, -square);
    let off = looked_up::fma(square, x, -power) + of_square * x;
    near(power, off, 1.0).filter(|_| square > LEAST)
}

fn root(x: f64) -> Option<f64> {
    if !(LEAST..MOST).contains(&x) {
        return None;
    }
    let power = x.sqrt();
    near(power, looked_up::fma(power, power, -x), 2.0 * power)
}

fn reciprocal(x: f64) -> Option<f64> {
    let power = 1.0 / x;
    near(power, looked_up::fma(power, x, -1.0), x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_powers_are_those_of_the_c_library() {
        let mut state = 88_172_645_463_325_252u64;
        let mut short = [0; 4];
        let count = 100_000;
        for n in 0..count {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // Half of them near 1, the others of any size and sign.
            let any = f64::from_bits(state);
            let x = match n % 2 {
                0 => (state >> 11) as f64 / (1u64 << 52) as f64,
                _ => any,
            };
            for (at, (y, power)) in [
                (2.0, square(x)),
                (0.5, root(x)),
                (3.0, cube(x)),
                (-1.0, reciprocal(x)),
            ]
            .into_iter()
            .enumerate()
            {
                if let Some(power) = power {
                    short[at] += 1;
                    assert_eq!(power.to_bits(), c::pow(x, y).to_bits(), "{x:e} ** {y}");
                }
            }
        }
        assert!(short.iter().all(|short| *short > count / 4), "{short:?}");
    }

    #[test]
    fn numbers_at_the_ends() {
        for x in [
            0.0,
            -0.0,
            1.0,
            -1.0,
            2.0,
            0.5,
            1e-320,
            -1e308,
            f64::INFINITY,
            f64::NAN,
        ] {
            for y in [2.0, 0.5, 3.0, -1.0, -0.0, 7.0, f64::NEG_INFINITY] {
                let (ours, theirs) = (pow(x, y), c::pow(x, y));
                assert!(
                    ours.to_bits() == theirs.to_bits() || ours.is_nan() && theirs.is_nan(),
                    "{x:e} ** {y}: {ours} {theirs}"
                );
            }
        }
    }
}
