//! The C library's mathematical functions, under the runtime's names.

use std::ffi::c_int;

/// Declared here, not called through `std`, so that the compiler neither folds nor replaces them.
pub mod c {
    use super::c_int;

    unsafe extern "C" {
        pub safe fn acos(x: f64) -> f64;
        pub safe fn acosh(x: f64) -> f64;
        pub safe fn asin(x: f64) -> f64;
        pub safe fn asinh(x: f64) -> f64;
        pub safe fn atan(x: f64) -> f64;
        pub safe fn atan2(y: f64, x: f64) -> f64;
        pub safe fn atanh(x: f64) -> f64;
        pub safe fn cos(x: f64) -> f64;
        pub safe fn cosh(x: f64) -> f64;
        pub safe fn erf(x: f64) -> f64;
        pub safe fn erfc(x: f64) -> f64;
        pub safe fn exp(x: f64) -> f64;
        pub safe fn exp2(x: f64) -> f64;
        pub safe fn expm1(x: f64) -> f64;
        pub safe fn hypot(x: f64, y: f64) -> f64;
        pub safe fn ldexp(x: f64, exponent: c_int) -> f64;
        pub safe fn log(x: f64) -> f64;
        pub safe fn log10(x: f64) -> f64;
        pub safe fn log1p(x: f64) -> f64;
        pub safe fn log2(x: f64) -> f64;
        pub safe fn nextafter(x: f64, y: f64) -> f64;
        pub safe fn pow(x: f64, y: f64) -> f64;
        pub safe fn powf(x: f32, y: f32) -> f32;
        pub safe fn remainder(x: f64, y: f64) -> f64;
        pub safe fn sin(x: f64) -> f64;
        pub safe fn sinh(x: f64) -> f64;
        pub safe fn tan(x: f64) -> f64;
        pub safe fn tanh(x: f64) -> f64;
    }
}

/// Functions that Rust's compiler library defines too, and differently (`cbrt`) or slowly; at
/// link time its definitions would win, so the C library's are looked up at run time.
pub mod looked_up {
    use std::ffi::c_void;
    use std::sync::atomic::{AtomicPtr, Ordering};

    macro_rules! look_up {
        ($($name:ident($($x:ident),*): $ty:ty, $symbol:literal, $otherwise:expr;)*) => {
            $(
                #[doc = concat!("The C library's `", stringify!($name), "`.")]
                pub fn $name($($x: $ty),*) -> $ty {
                    type Function = extern "C" fn($(look_up!(@ $x $ty)),*) -> $ty;
                    extern "C" fn otherwise($($x: $ty),*) -> $ty {
                        $otherwise
                    }
                    static FOUND: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
                    let mut found = FOUND.load(Ordering::Relaxed);
                    if found.is_null() {
                        // SAFETY: the name ends with a NUL.
                        found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, $symbol.as_ptr()) };
                        if found.is_null() {
                            found = otherwise as *mut c_void;
                        }
                        FOUND.store(found, Ordering::Relaxed);
                    }
                    // SAFETY: the function has C's standard type, or is the one above.
                    let function = unsafe { std::mem::transmute::<*mut c_void, Function>(found) };
                    function($($x),*)
                }
            )*
        };
        (@ $x:ident $ty:ty) => { $ty };
    }

    look_up! {
        cbrt(x): f64, c"cbrt", x.cbrt();
        fmod(x, y): f64, c"fmod", x % y;
        fmodf(x, y): f32, c"fmodf", x % y;
        fma(x, y, z): f64, c"fma", x.mul_add(y, z);
    }
}

/// Splits into a fraction in 0.5..1 (or 0, or not finite) and a power of two.
pub fn frexp(x: f64) -> (f64, i64) {
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    let (x, shift) = if x.abs() < f64::MIN_POSITIVE {
        (x * 2f64.powi(54), -54)
    } else {
        (x, 0)
    };
    let bits = x.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i64 - 1022;
    (
        f64::from_bits((bits & !(0x7ff << 52)) | (1022 << 52)),
        exponent + shift,
    )
}

/// The functions that compiled code calls.
pub mod entries {
    use snek_abi::PairF64;

    use super::{c, c_int, looked_up};
    use crate::math::power;

    macro_rules! forward {
        ($($entry:ident($($x:ident),*) = $function:path;)*) => {
            $(
                #[doc = concat!("`", stringify!($function), "`.")]
                #[unsafe(no_mangle)]
                pub extern "C" fn $entry($($x: f64),*) -> f64 {
                    $function($($x),*)
                }
            )*
        };
    }

    forward! {
        snek_rt_math_acos(x) = c::acos;
        snek_rt_math_acosh(x) = c::acosh;
        snek_rt_math_asin(x) = c::asin;
        snek_rt_math_asinh(x) = c::asinh;
        snek_rt_math_atan(x) = c::atan;
        snek_rt_math_atan2(y, x) = c::atan2;
        snek_rt_math_atanh(x) = c::atanh;
        snek_rt_math_cbrt(x) = looked_up::cbrt;
        snek_rt_math_ceil(x) = f64::ceil;
        snek_rt_math_copysign(x, y) = f64::copysign;
        snek_rt_math_cos(x) = c::cos;
        snek_rt_math_cosh(x) = c::cosh;
        snek_rt_math_erf(x) = c::erf;
        snek_rt_math_erfc(x) = c::erfc;
        snek_rt_math_exp(x) = c::exp;
        snek_rt_math_exp2(x) = c::exp2;
        snek_rt_math_expm1(x) = c::expm1;
        snek_rt_math_fabs(x) = f64::abs;
        snek_rt_math_floor(x) = f64::floor;
        snek_rt_math_fmod(x, y) = looked_up::fmod;
        snek_rt_math_log(x) = c::log;
        snek_rt_math_log10(x) = c::log10;
        snek_rt_math_log1p(x) = c::log1p;
        snek_rt_math_log2(x) = c::log2;
        snek_rt_math_nextafter(x, y) = c::nextafter;
        snek_rt_math_pow(x, y) = power::pow;
        snek_rt_math_remainder(x, y) = c::remainder;
        snek_rt_math_sin(x) = c::sin;
        snek_rt_math_sinh(x) = c::sinh;
        snek_rt_math_sqrt(x) = f64::sqrt;
        snek_rt_math_tan(x) = c::tan;
        snek_rt_math_tanh(x) = c::tanh;
        snek_rt_math_trunc(x) = f64::trunc;
        snek_rt_float_pow(base, exponent) = power::pow;
        snek_rt_complex_abs(real, imaginary) = c::hypot;
    }

    /// `powf`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_f32_pow(base: f32, exponent: f32) -> f32 {
        c::powf(base, exponent)
    }

    /// `x * 2**exponent`; beyond the range of a double it is 0 or infinite.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_math_ldexp(x: f64, exponent: i64) -> f64 {
        c::ldexp(x, exponent.clamp(-5000, 5000) as c_int)
    }

    /// The fraction of `math.frexp`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_math_frexp_mantissa(x: f64) -> f64 {
        super::frexp(x).0
    }

    /// The exponent of `math.frexp`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_math_frexp_exponent(x: f64) -> i64 {
        super::frexp(x).1
    }

    /// `math.modf`: the fractional and the integral part, both with the sign of `x`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_math_modf(x: f64) -> PairF64 {
        let whole = x.trunc();
        let fraction = if x.is_infinite() { 0.0 } else { x - whole };
        PairF64 {
            first: if x.is_nan() { x } else { fraction.copysign(x) },
            second: whole,
        }
    }

    /// `math.ulp`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_math_ulp(x: f64) -> f64 {
        let x = x.abs();
        if !x.is_finite() {
            return x;
        }
        let next = f64::from_bits(x.to_bits() + 1);
        if next.is_infinite() {
            x - f64::from_bits(x.to_bits() - 1)
        } else {
            next - x
        }
    }
}
