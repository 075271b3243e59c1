//! `math.hypot` and `math.dist`: the square root of a sum of squares, kept in two doubles so
//! that the result is correctly rounded in all but very rare cases, as CPython's is.

use super::libm::{c, frexp, looked_up};

/// A sum of two doubles.
#[derive(Clone, Copy, Default)]
struct Double {
    high: f64,
    low: f64,
}

impl Double {
    /// Adds without losing what the sum rounds off.
    fn add(self, value: f64, error: f64) -> Double {
        let high = self.high + value;
        let part = high - self.high;
        let lost = (self.high - (high - part)) + (value - part);
        Double {
            high,
            low: self.low + (lost + error),
        }
    }

    fn total(self) -> f64 {
        self.high + self.low
    }
}

/// A product and what it rounds off.
fn product(left: f64, right: f64) -> (f64, f64) {
    let high = left * right;
    (high, looked_up::fma(left, right, -high))
}

/// The norm of the values that `value` gives for `0..count`.
fn norm(count: usize, value: &dyn Fn(usize) -> f64) -> f64 {
    let (mut largest, mut nan) = (0f64, false);
    for i in 0..count {
        let size = value(i).abs();
        nan |= size.is_nan();
        largest = largest.max(size);
    }
    if largest.is_infinite() {
        return largest;
    }
    if nan {
        return f64::NAN;
    }
    if largest == 0.0 || count <= 1 {
        return largest;
    }
    if largest < f64::MIN_POSITIVE * 4.0 {
        // Too small for the scale below: make the values normal first.
        return norm(count, &|i| value(i) / f64::MIN_POSITIVE) * f64::MIN_POSITIVE;
    }
    // Scaled by a power of two, the largest lies in 0.5..1 and no square overflows.
    let scale = c::ldexp(1.0, -(frexp(largest).1 as i32));
    let mut sum = Double::default();
    for i in 0..count {
        let (square, error) = product(value(i) * scale, value(i) * scale);
        sum = sum.add(square, error);
    }
    let root = sum.total().sqrt();
    let (square, error) = product(-root, root);
    let left = sum.add(square, error).total();
    (root + left / (2.0 * root)) / scale
}

/// The functions that compiled code calls.
pub mod entries {
    use super::norm;

    /// `math.hypot(x, y)`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_math_hypot(x: f64, y: f64) -> f64 {
        norm(2, &|i| if i == 0 { x } else { y })
    }

    /// `math.hypot(x, y, z)`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_math_hypot3(x: f64, y: f64, z: f64) -> f64 {
        norm(3, &|i| [x, y, z][i])
    }

    /// `math.dist`, or the norm of `left` if `right` is null.
    ///
    /// # Safety
    /// `count` doubles must lie `left_stride` bytes apart at `left`, and so at `right`.
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn snek_rt_math_dist(
        left: *const u8,
        left_stride: i64,
        right: *const u8,
        right_stride: i64,
        count: i64,
    ) -> f64 {
        norm(count.max(0) as usize, &|i| {
            // SAFETY: the caller's promise.
            let at = |data: *const u8, stride: i64| unsafe {
                data.offset(i as isize * stride as isize)
                    .cast::<f64>()
                    .read_unaligned()
            };
            if right.is_null() {
                at(left, left_stride)
            } else {
                at(left, left_stride) - at(right, right_stride)
            }
        })
    }
}
