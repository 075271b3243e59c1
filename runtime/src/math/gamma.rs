//! `math.gamma` and `math.lgamma`: CPython has its own, so these follow its method (Lanczos'
//! approximation with Boost's parameters, N = 13, and reflection) to give its bits.

use std::f64::consts::PI;

use super::libm::c::{cos, exp, log, pow, sin};
use super::libm::looked_up::fmod;

const G: f64 = 6.02468004077673;
const G_MINUS_HALF: f64 = 5.52468004077673;
const LOG_PI: f64 = 1.1447298858494002;

/// The numerator and the denominator of Lanczos' sum, from the constant term up.
const TERMS: [(f64, f64); 13] = [
    (23531376880.41076, 0.0),
    (42919803642.6491, 39916800.0),
    (35711959237.35567, 120543840.0),
    (17921034426.03721, 150917976.0),
    (6039542586.352028, 105258076.0),
    (1439720407.3117216, 45995730.0),
    (248874557.86205417, 13339535.0),
    (31426415.585400194, 2637558.0),
    (2876370.6289353725, 357423.0),
    (186056.26539522348, 32670.0),
    (8071.672002365816, 1925.0),
    (210.82427775157936, 66.0),
    (2.5066282746310002, 1.0),
];

/// Lanczos' sum, for `x > 0`. Large arguments go by powers of `1/x`, which cannot overflow.
fn lanczos_sum(x: f64) -> f64 {
    let (mut numerator, mut denominator) = (0.0, 0.0);
    if x < 5.0 {
        for (n, d) in TERMS.iter().rev() {
            numerator = numerator * x + n;
            denominator = denominator * x + d;
        }
    } else {
        for (n, d) in TERMS {
            numerator = numerator / x + n;
            denominator = denominator / x + d;
        }
    }
    numerator / denominator
}

/// `sin(pi * x)` for a finite `x`.
fn sin_pi(x: f64) -> f64 {
    let y = fmod(x.abs(), 2.0);
    let size = match (2.0 * y).round() as i32 {
        0 => sin(PI * y),
        1 => cos(PI * (y - 0.5)),
        2 => sin(PI * (1.0 - y)),
        3 => -cos(PI * (y - 1.5)),
        _ => sin(PI * (y - 2.0)),
    };
    1f64.copysign(x) * size
}

/// `math.gamma`, NaN or infinite where that raises.
fn gamma(x: f64) -> f64 {
    if !x.is_finite() {
        return if x == f64::NEG_INFINITY { f64::NAN } else { x };
    }
    if x == 0.0 {
        return f64::INFINITY.copysign(x);
    }
    if x == x.floor() {
        if x < 0.0 {
            return f64::NAN;
        }
        if x <= 23.0 {
            // Factorials up to 22! are exact in a double.
            return (2..x as u32).fold(1.0, |product, factor| product * f64::from(factor));
        }
    }
    let size = x.abs();
    if size < 1e-20 {
        return 1.0 / x;
    }
    if size > 200.0 {
        return if x < 0.0 {
            0.0 / sin_pi(x)
        } else {
            f64::INFINITY
        };
    }
    let y = size + G_MINUS_HALF;
    // What the sum has lost to rounding, which the power would magnify.
    let error = if size > G_MINUS_HALF {
        (y - size) - G_MINUS_HALF
    } else {
        (y - G_MINUS_HALF) - size
    };
    let correction = error * G / y;
    if x < 0.0 {
        let mut result = -PI / sin_pi(size) / size * exp(y) / lanczos_sum(size);
        result -= correction * result;
        if size < 140.0 {
            result / pow(y, size - 0.5)
        } else {
            let root = pow(y, size / 2.0 - 0.25);
            result / root / root
        }
    } else {
        let mut result = lanczos_sum(size) / exp(y);
        result += correction * result;
        if size < 140.0 {
            result * pow(y, size - 0.5)
        } else {
            let root = pow(y, size / 2.0 - 0.25);
            result * root * root
        }
    }
}

/// `math.lgamma`, infinite where that raises.
fn lgamma(x: f64) -> f64 {
    if !x.is_finite() {
        return if x.is_nan() { x } else { f64::INFINITY };
    }
    if x == x.floor() && x <= 2.0 {
        return if x <= 0.0 { f64::INFINITY } else { 0.0 };
    }
    let size = x.abs();
    if size < 1e-20 {
        return -log(size);
    }
    let mut result = log(lanczos_sum(size)) - G;
    result += (size - 0.5) * (log(size + G - 0.5) - 1.0);
    if x < 0.0 {
        LOG_PI - log(sin_pi(size).abs()) - log(size) - result
    } else {
        result
    }
}

/// The functions that compiled code calls.
pub mod entries {
    /// `math.gamma`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_math_gamma(x: f64) -> f64 {
        super::gamma(x)
    }

    /// `math.lgamma`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_math_lgamma(x: f64) -> f64 {
        super::lgamma(x)
    }
}
