//! Sets of integers `lo..=hi`, and the arithmetic of MIR on them.
//!
//! Bounds are `i128`, so that signed and unsigned 64-bit values and their exact sums and products have one form.
//! Every function here gives a set that holds all results; it must never give a smaller one.

use snek_mir::ir::Scalar;

/// All integers from `lo` to `hi`, both included; empty if `lo > hi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The smallest.
    pub lo: i128,
    /// The largest.
    pub hi: i128,
}

#[allow(
    clippy::should_implement_trait,
    reason = "sets of results, not results"
)]
impl Interval {
    /// `lo..=hi`.
    pub const fn new(lo: i128, hi: i128) -> Self {
        Self { lo, hi }
    }

    /// The one number.
    pub const fn exactly(value: i128) -> Self {
        Self::new(value, value)
    }

    /// What a value of this type can be; `None` for floats.
    pub const fn of(scalar: Scalar) -> Option<Self> {
        Some(match scalar {
            Scalar::Bool => Self::new(0, 1),
            Scalar::I8 => Self::new(i8::MIN as i128, i8::MAX as i128),
            Scalar::I16 => Self::new(i16::MIN as i128, i16::MAX as i128),
            Scalar::I32 => Self::new(i32::MIN as i128, i32::MAX as i128),
            Scalar::I64 => Self::new(i64::MIN as i128, i64::MAX as i128),
            Scalar::U8 => Self::new(0, u8::MAX as i128),
            Scalar::U16 => Self::new(0, u16::MAX as i128),
            Scalar::U32 => Self::new(0, u32::MAX as i128),
            Scalar::U64 => Self::new(0, u64::MAX as i128),
            Scalar::F32 | Scalar::F64 => return None,
        })
    }

    /// No integer at all: such a value is never computed.
    pub const fn is_empty(self) -> bool {
        self.lo > self.hi
    }

    /// The number, if there is only one.
    pub const fn constant(self) -> Option<i128> {
        if self.lo == self.hi {
            Some(self.lo)
        } else {
            None
        }
    }

    /// Whether all of `other` is in this set.
    pub fn contains(self, other: Self) -> bool {
        other.is_empty() || (self.lo <= other.lo && other.hi <= self.hi)
    }

    /// What is in both.
    pub fn intersect(self, other: Self) -> Self {
        Self::new(self.lo.max(other.lo), self.hi.min(other.hi))
    }

    /// The smallest interval that holds both.
    pub fn hull(self, other: Self) -> Self {
        if self.is_empty() {
            other
        } else if other.is_empty() {
            self
        } else {
            Self::new(self.lo.min(other.lo), self.hi.max(other.hi))
        }
    }

    /// Exact sums.
    pub fn add(self, other: Self) -> Self {
        Self::new(
            self.lo.saturating_add(other.lo),
            self.hi.saturating_add(other.hi),
        )
    }

    /// Exact differences.
    pub fn sub(self, other: Self) -> Self {
        Self::new(
            self.lo.saturating_sub(other.hi),
            self.hi.saturating_sub(other.lo),
        )
    }

    /// Exact products.
    pub fn mul(self, other: Self) -> Self {
        let corners = [
            self.lo.saturating_mul(other.lo),
            self.lo.saturating_mul(other.hi),
            self.hi.saturating_mul(other.lo),
            self.hi.saturating_mul(other.hi),
        ];
        Self::of_corners(corners)
    }

    /// Exact opposites.
    pub fn neg(self) -> Self {
        Self::new(self.hi.saturating_neg(), self.lo.saturating_neg())
    }

    /// Exact magnitudes.
    pub fn abs(self) -> Self {
        if self.lo >= 0 {
            self
        } else if self.hi <= 0 {
            self.neg()
        } else {
            Self::new(0, self.hi.max(self.lo.saturating_neg()))
        }
    }

    /// Quotients rounded down; a divisor of 0 does not occur.
    pub fn floor_div(self, divisor: Self) -> Option<Self> {
        // Split the divisor at 0: on each side the quotient is monotone in both.
        let sides = [
            divisor.intersect(Self::new(1, i128::MAX)),
            divisor.intersect(Self::new(i128::MIN, -1)),
        ];
        let mut result: Option<Self> = None;
        for side in sides.into_iter().filter(|s| !s.is_empty()) {
            let corners = [
                floor_div(self.lo, side.lo),
                floor_div(self.lo, side.hi),
                floor_div(self.hi, side.lo),
                floor_div(self.hi, side.hi),
            ];
            let part = Self::of_corners(corners);
            result = Some(result.map_or(part, |r| r.hull(part)));
        }
        result
    }

    /// Remainders with the divisor's sign; a divisor of 0 does not occur.
    pub fn floor_mod(self, divisor: Self) -> Self {
        if divisor.lo > 0 {
            if self.lo >= 0 && self.hi < divisor.lo {
                return self;
            }
            let hi = divisor.hi.saturating_sub(1);
            return Self::new(0, if self.lo >= 0 { hi.min(self.hi) } else { hi });
        }
        if divisor.hi < 0 {
            return Self::new(divisor.lo.saturating_add(1), 0);
        }
        Self::new(
            divisor.lo.saturating_add(1).min(0),
            divisor.hi.saturating_sub(1).max(0),
        )
    }

    /// `a & b`.
    pub fn and(self, other: Self) -> Option<Self> {
        match (self.lo >= 0, other.lo >= 0) {
            (true, true) => Some(Self::new(0, self.hi.min(other.hi))),
            (true, false) => Some(Self::new(0, self.hi)),
            (false, true) => Some(Self::new(0, other.hi)),
            (false, false) => None,
        }
    }

    /// `a | b` and `a ^ b` of numbers that are not negative.
    pub fn or(self, other: Self) -> Option<Self> {
        if self.lo < 0 || other.lo < 0 {
            return None;
        }
        let most = self.hi.max(other.hi);
        if !(0..1 << 64).contains(&most) {
            return None;
        }
        let bits = 128 - most.leading_zeros();
        Some(Self::new(0, (1i128 << bits) - 1))
    }

    /// Arithmetic right shift by a count that is not negative.
    pub fn shr(self, count: Self) -> Self {
        let least = count.lo.clamp(0, 127) as u32;
        let most = count.hi.clamp(0, 127) as u32;
        Self::of_corners([
            self.lo >> least,
            self.lo >> most,
            self.hi >> least,
            self.hi >> most,
        ])
    }

    /// Exact left shift by a count that is not negative.
    pub fn shl(self, count: Self) -> Option<Self> {
        if count.hi > 63 {
            return None;
        }
        let least = 1i128 << count.lo.clamp(0, 63);
        let most = 1i128 << count.hi.clamp(0, 63);
        Some(self.mul(Self::new(least, most)))
    }

    /// The smaller ones.
    pub fn min(self, other: Self) -> Self {
        Self::new(self.lo.min(other.lo), self.hi.min(other.hi))
    }

    /// The larger ones.
    pub fn max(self, other: Self) -> Self {
        Self::new(self.lo.max(other.lo), self.hi.max(other.hi))
    }

    fn of_corners(corners: [i128; 4]) -> Self {
        Self::new(
            corners.into_iter().min().expect("four corners"),
            corners.into_iter().max().expect("four corners"),
        )
    }
}

/// Python's `//` on exact integers; `b` is not 0.
pub fn floor_div(a: i128, b: i128) -> i128 {
    let quotient = a.wrapping_div(b);
    if a.wrapping_rem(b) != 0 && (a < 0) != (b < 0) {
        quotient.saturating_sub(1)
    } else {
        quotient
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operation on small intervals holds every result on their members.
    #[test]
    fn operations_hold_all_results() {
        let ends = [-9i128, -4, -1, 0, 1, 3, 8];
        let mut intervals = Vec::new();
        for lo in ends {
            for hi in ends {
                if lo <= hi {
                    intervals.push(Interval::new(lo, hi));
                }
            }
        }
        for &x in &intervals {
            for &y in &intervals {
                for a in x.lo..=x.hi {
                    for b in y.lo..=y.hi {
                        let has = |set: Interval, v: i128| set.lo <= v && v <= set.hi;
                        assert!(has(x.add(y), a + b));
                        assert!(has(x.sub(y), a - b));
                        assert!(has(x.mul(y), a * b));
                        assert!(has(x.min(y), a.min(b)));
                        assert!(has(x.max(y), a.max(b)));
                        assert!(x.and(y).is_none_or(|s| has(s, a & b)));
                        assert!(x.or(y).is_none_or(|s| has(s, a | b) && has(s, a ^ b)));
                        if b != 0 {
                            assert!(has(x.floor_div(y).expect("not only 0"), floor_div(a, b)));
                            assert!(has(x.floor_mod(y), a - b * floor_div(a, b)));
                        }
                        if y.lo >= 0 {
                            assert!(has(x.shr(y), a >> b));
                            assert!(x.shl(y).is_some_and(|s| has(s, a << b)));
                        }
                    }
                }
            }
            for a in x.lo..=x.hi {
                assert!(x.abs().lo <= a.abs() && a.abs() <= x.abs().hi);
                assert!(x.neg().lo <= -a && -a <= x.neg().hi);
            }
        }
    }
}
