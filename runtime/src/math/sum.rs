//! `math.fsum` and `math.sumprod`: sums that round once, whatever cancels on the way.

/// An exact sum of doubles, as partials that do not overlap (Shewchuk), smallest first.
#[derive(Default)]
struct Exact {
    partials: Vec<f64>,
    /// The sum of the values that are not finite, and of those only the infinite ones.
    special: f64,
    infinite: f64,
    overflow: bool,
}

impl Exact {
    fn add(&mut self, value: f64) {
        let mut x = value;
        let mut kept = 0;
        for i in 0..self.partials.len() {
            let mut y = self.partials[i];
            if x.abs() < y.abs() {
                (x, y) = (y, x);
            }
            let high = x + y;
            let low = y - (high - x);
            if low != 0.0 {
                self.partials[kept] = low;
                kept += 1;
            }
            x = high;
        }
        self.partials.truncate(kept);
        if x.is_finite() {
            if x != 0.0 {
                self.partials.push(x);
            }
            return;
        }
        // A finite value that went beyond the range is an error; another one is kept apart.
        if value.is_finite() {
            self.overflow = true;
        }
        if value.is_infinite() {
            self.infinite += value;
        }
        self.special += value;
        self.partials.clear();
    }

    /// The sum, rounded half to even.
    fn total(&self) -> f64 {
        let mut rest = self.partials.iter().copied().rev();
        let Some(mut high) = rest.next() else {
            return 0.0;
        };
        let mut low = 0.0;
        for value in rest.by_ref() {
            let sum = high + value;
            low = value - (sum - high);
            high = sum;
            if low != 0.0 {
                break;
            }
        }
        // On a tie the partials below decide.
        if let Some(next) = rest.next()
            && ((low < 0.0 && next < 0.0) || (low > 0.0 && next > 0.0))
        {
            let doubled = low * 2.0;
            let sum = high + doubled;
            if doubled == sum - high {
                high = sum;
            }
        }
        high
    }
}

/// The functions that compiled code calls.
pub mod entries {
    use snek_abi::PairF64;

    use super::Exact;
    use crate::guard::guard;
    use crate::math::libm::looked_up::fma;

    /// # Safety
    /// A double must lie `i * stride` bytes after `data`.
    unsafe fn at(data: *const u8, stride: i64, i: i64) -> f64 {
        // SAFETY: the caller's promise.
        unsafe {
            data.offset((i * stride) as isize)
                .cast::<f64>()
                .read_unaligned()
        }
    }

    /// `math.fsum`: the sum, and 0, 1 (overflow) or 2 (infinities of both signs).
    ///
    /// # Safety
    /// `count` doubles must lie `stride` bytes apart at `data`.
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn snek_rt_math_fsum(
        data: *const u8,
        count: i64,
        stride: i64,
    ) -> PairF64 {
        guard(
            PairF64 {
                first: f64::NAN,
                second: 1.0,
            },
            || {
                let mut sum = Exact::default();
                for i in 0..count {
                    // SAFETY: the caller's promise.
                    sum.add(unsafe { at(data, stride, i) });
                    if sum.overflow {
                        return PairF64 {
                            first: f64::NAN,
                            second: 1.0,
                        };
                    }
                }
                if sum.special != 0.0 {
                    let both = sum.infinite.is_nan();
                    return PairF64 {
                        first: sum.special,
                        second: if both { 2.0 } else { 0.0 },
                    };
                }
                PairF64 {
                    first: sum.total(),
                    second: 0.0,
                }
            },
        )
    }

    /// `math.sumprod`: the sum of products, rounded once.
    ///
    /// # Safety
    /// `count` doubles must lie `left_stride` bytes apart at `left`, and so at `right`.
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn snek_rt_math_sumprod(
        left: *const u8,
        left_stride: i64,
        right: *const u8,
        right_stride: i64,
        count: i64,
    ) -> f64 {
        guard(f64::NAN, || {
            let mut sum = Exact::default();
            let mut plain = 0.0;
            for i in 0..count {
                // SAFETY: the caller's promise.
                let (x, y) = unsafe { (at(left, left_stride, i), at(right, right_stride, i)) };
                let high = x * y;
                plain += high;
                sum.add(high);
                sum.add(fma(x, y, -high));
            }
            if sum.overflow || sum.special != 0.0 {
                plain
            } else {
                sum.total()
            }
        })
    }
}
