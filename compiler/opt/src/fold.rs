//! Constants of ops on constants, exactly as Python and IEEE 754 define them. `None` where the op raises, or where the
//! result's bits are not defined (NaN).

use snek_analysis::ranges::floor_div;
use snek_mir::ir::{Compare, Convert, FloatOp, FloatUnaryOp, IntOp, IntUnaryOp, Overflow, Scalar};

/// A constant: an integer or Bool by its sign-extended bits, or a float.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Constant {
    /// As `OpKind::ConstInt` holds it.
    Int(i64),
    /// The value; for `F32` exactly representable.
    Float(f64),
}

/// The number that the bits of an integer constant stand for.
pub fn number(scalar: Scalar, bits: i64) -> i128 {
    match scalar {
        Scalar::U64 => i128::from(bits as u64),
        _ => i128::from(bits),
    }
}

/// The bits of a number, wrapped to the type.
pub fn wrap(scalar: Scalar, number: i128) -> i64 {
    match scalar {
        Scalar::Bool => (number & 1) as i64,
        Scalar::I8 => i64::from(number as i8),
        Scalar::I16 => i64::from(number as i16),
        Scalar::I32 => i64::from(number as i32),
        Scalar::U8 => i64::from(number as u8),
        Scalar::U16 => i64::from(number as u16),
        Scalar::U32 => i64::from(number as u32),
        Scalar::I64 | Scalar::U64 | Scalar::F32 | Scalar::F64 => number as i64,
    }
}

fn fit(scalar: Scalar, overflow: Overflow, exact: i128) -> Option<i64> {
    let wrapped = wrap(scalar, exact);
    let fits = number(scalar, wrapped) == exact;
    (fits || overflow == Overflow::Wrap).then_some(wrapped)
}

/// Integer arithmetic.
pub fn int(op: IntOp, overflow: Overflow, scalar: Scalar, a: i64, b: i64) -> Option<i64> {
    let (x, y) = (number(scalar, a), number(scalar, b));
    let width = i128::from(scalar.bits());
    let exact = match op {
        IntOp::Add => x + y,
        IntOp::Sub => x - y,
        IntOp::Mul => x.checked_mul(y)?,
        IntOp::FloorDiv if y != 0 => floor_div(x, y),
        IntOp::FloorMod if y != 0 => x - y * floor_div(x, y),
        IntOp::FloorDiv | IntOp::FloorMod => return None,
        IntOp::And => x & y,
        IntOp::Or => x | y,
        IntOp::Xor => x ^ y,
        IntOp::Shl if y < 0 => return None,
        IntOp::Shl if y >= width => {
            return (overflow == Overflow::Wrap || x == 0).then_some(0);
        }
        IntOp::Shl => x << y,
        IntOp::Shr if y < 0 => return None,
        IntOp::Shr => x >> y.min(127),
        IntOp::Min => x.min(y),
        IntOp::Max => x.max(y),
    };
    let overflow = match op {
        IntOp::Add | IntOp::Sub | IntOp::Mul | IntOp::FloorDiv | IntOp::Shl => overflow,
        _ => Overflow::Wrap,
    };
    fit(scalar, overflow, exact)
}

/// Integer arithmetic with one operand.
pub fn int_unary(op: IntUnaryOp, overflow: Overflow, scalar: Scalar, a: i64) -> Option<i64> {
    let x = number(scalar, a);
    let width = scalar.bits();
    let bits = (x as u128) & ((1u128 << width) - 1);
    match op {
        IntUnaryOp::Neg => fit(scalar, overflow, -x),
        IntUnaryOp::Abs => fit(scalar, overflow, x.abs()),
        IntUnaryOp::Not => Some(wrap(scalar, !x)),
        IntUnaryOp::LeadingZeros => Some(i64::from(bits.leading_zeros()) - i64::from(128 - width)),
        IntUnaryOp::TrailingZeros => Some(i64::from(bits.trailing_zeros().min(width))),
        IntUnaryOp::PopCount => Some(i64::from(bits.count_ones())),
    }
}

/// Rounds to the type, and refuses NaN.
fn rounded(scalar: Scalar, value: f64) -> Option<f64> {
    let value = match scalar {
        Scalar::F32 => f64::from(value as f32),
        _ => value,
    };
    (!value.is_nan()).then_some(value)
}

/// Float arithmetic. An `F32` result is computed in `F64` and rounded once more, which is exact for these ops.
pub fn float(op: FloatOp, scalar: Scalar, a: f64, b: f64) -> Option<f64> {
    if a.is_nan() || b.is_nan() {
        return None;
    }
    let value = match op {
        FloatOp::Add => a + b,
        FloatOp::Sub => a - b,
        FloatOp::Mul => a * b,
        FloatOp::Div => a / b,
        FloatOp::Min if a == b => {
            if a.is_sign_negative() {
                a
            } else {
                b
            }
        }
        FloatOp::Max if a == b => {
            if a.is_sign_negative() {
                b
            } else {
                a
            }
        }
        FloatOp::Min => a.min(b),
        FloatOp::Max => a.max(b),
        FloatOp::CopySign => a.copysign(b),
    };
    rounded(scalar, value)
}

/// Float arithmetic with one operand.
pub fn float_unary(op: FloatUnaryOp, scalar: Scalar, a: f64) -> Option<f64> {
    if a.is_nan() {
        return None;
    }
    let value = match op {
        FloatUnaryOp::Neg => -a,
        FloatUnaryOp::Abs => a.abs(),
        FloatUnaryOp::Sqrt => a.sqrt(),
        FloatUnaryOp::Floor => a.floor(),
        FloatUnaryOp::Ceil => a.ceil(),
        FloatUnaryOp::Trunc => a.trunc(),
        FloatUnaryOp::Nearest => a.round_ties_even(),
    };
    rounded(scalar, value)
}

/// A comparison of numbers.
pub fn compare<T: PartialOrd>(op: Compare, a: T, b: T) -> bool {
    match op {
        Compare::Eq => a == b,
        Compare::Ne => a != b,
        Compare::Lt => a < b,
        Compare::Le => a <= b,
        Compare::Gt => a > b,
        Compare::Ge => a >= b,
    }
}

/// A conversion.
pub fn convert(op: Convert, from: Scalar, to: Scalar, value: Constant) -> Option<Constant> {
    match (op, value) {
        (Convert::Extend | Convert::Truncate, Constant::Int(bits)) => {
            Some(Constant::Int(wrap(to, number(from, bits))))
        }
        (Convert::IntToFloat, Constant::Int(bits)) => {
            let x = number(from, bits);
            Some(Constant::Float(match to {
                Scalar::F32 => f64::from(x as f32),
                _ => x as f64,
            }))
        }
        (Convert::FloatToInt, Constant::Float(x)) => {
            let (least, most) = (to.min_value(), to.max_value());
            // `as` saturates and takes NaN to 0, like the op.
            let exact = (x as i128).clamp(least, most);
            Some(Constant::Int(wrap(to, exact)))
        }
        (Convert::FloatToFloat, Constant::Float(x)) => rounded(to, x).map(Constant::Float),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_as_python_has_them() {
        use IntOp::{FloorDiv, FloorMod, Shl, Shr};
        let i = |op, a, b| int(op, Overflow::Checked, Scalar::I64, a, b);
        assert_eq!(i(FloorDiv, -7, 2), Some(-4));
        assert_eq!(i(FloorDiv, 7, -2), Some(-4));
        assert_eq!(i(FloorMod, -7, 2), Some(1));
        assert_eq!(i(FloorMod, 7, -2), Some(-1));
        assert_eq!(i(FloorDiv, i64::MIN, -1), None);
        assert_eq!(i(FloorMod, i64::MIN, -1), Some(0));
        assert_eq!(i(FloorDiv, 1, 0), None);
        assert_eq!(i(IntOp::Add, i64::MAX, 1), None);
        assert_eq!(i(IntOp::Mul, i64::MAX, 2), None);
        assert_eq!(i(Shl, 1, 63), None);
        assert_eq!(i(Shl, 1, 62), Some(1 << 62));
        assert_eq!(i(Shl, 0, 200), Some(0));
        assert_eq!(i(Shl, 1, 200), None);
        assert_eq!(i(Shr, -1, 200), Some(-1));
        let wrapping = |op, scalar, a, b| int(op, Overflow::Wrap, scalar, a, b);
        assert_eq!(wrapping(IntOp::Add, Scalar::U8, 200, 100), Some(44));
        assert_eq!(wrapping(IntOp::Add, Scalar::I8, 100, 100), Some(-56));
        assert_eq!(wrapping(IntOp::Sub, Scalar::U64, 0, 1), Some(-1));
        assert_eq!(wrapping(FloorDiv, Scalar::I8, -128, -1), Some(-128));
        assert_eq!(wrapping(FloorDiv, Scalar::U64, -1, 2), Some(i64::MAX));
        assert_eq!(
            int_unary(IntUnaryOp::Neg, Overflow::Checked, Scalar::I64, i64::MIN),
            None
        );
        assert_eq!(
            int_unary(IntUnaryOp::Not, Overflow::Wrap, Scalar::Bool, 1),
            Some(0)
        );
        assert_eq!(
            int_unary(IntUnaryOp::Not, Overflow::Wrap, Scalar::U8, 1),
            Some(254)
        );
        assert_eq!(
            int_unary(IntUnaryOp::LeadingZeros, Overflow::Wrap, Scalar::I8, 1),
            Some(7)
        );
        assert_eq!(
            int_unary(IntUnaryOp::TrailingZeros, Overflow::Wrap, Scalar::I16, 0),
            Some(16)
        );
        assert_eq!(
            int_unary(IntUnaryOp::PopCount, Overflow::Wrap, Scalar::I32, -1),
            Some(32)
        );
    }

    #[test]
    fn floats_as_ieee_has_them() {
        let f = |op, a, b| float(op, Scalar::F64, a, b);
        assert_eq!(f(FloatOp::Add, 0.1, 0.2), Some(0.1 + 0.2));
        assert_eq!(f(FloatOp::Div, 1.0, 0.0), Some(f64::INFINITY));
        assert_eq!(f(FloatOp::Div, 0.0, 0.0), None);
        assert_eq!(
            f(FloatOp::Min, 0.0, -0.0).map(f64::to_bits),
            Some((-0.0f64).to_bits())
        );
        assert_eq!(
            f(FloatOp::Max, -0.0, 0.0).map(f64::to_bits),
            Some(0.0f64.to_bits())
        );
        assert_eq!(f(FloatOp::Min, f64::NAN, 1.0), None);
        assert_eq!(float(FloatOp::Add, Scalar::F32, 1.0, 1e-9), Some(1.0));
        assert_eq!(
            float_unary(FloatUnaryOp::Nearest, Scalar::F64, 2.5),
            Some(2.0)
        );
        assert_eq!(float_unary(FloatUnaryOp::Sqrt, Scalar::F64, -1.0), None);
        let c = |op, from, to, v| convert(op, from, to, v);
        assert_eq!(
            c(
                Convert::FloatToInt,
                Scalar::F64,
                Scalar::I64,
                Constant::Float(1e30)
            ),
            Some(Constant::Int(i64::MAX))
        );
        assert_eq!(
            c(
                Convert::FloatToInt,
                Scalar::F64,
                Scalar::U8,
                Constant::Float(f64::NAN)
            ),
            Some(Constant::Int(0))
        );
        assert_eq!(
            c(
                Convert::IntToFloat,
                Scalar::U64,
                Scalar::F64,
                Constant::Int(-1)
            ),
            Some(Constant::Float(18446744073709551615.0))
        );
        assert_eq!(
            c(
                Convert::IntToFloat,
                Scalar::I64,
                Scalar::F64,
                Constant::Int((1 << 53) + 1)
            ),
            Some(Constant::Float(9007199254740992.0))
        );
        assert_eq!(
            c(Convert::Extend, Scalar::I8, Scalar::U64, Constant::Int(-1)),
            Some(Constant::Int(-1))
        );
        assert_eq!(
            c(
                Convert::Truncate,
                Scalar::I64,
                Scalar::U8,
                Constant::Int(-1)
            ),
            Some(Constant::Int(255))
        );
    }
}
