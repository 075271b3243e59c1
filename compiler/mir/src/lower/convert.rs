//! Conversions between scalar types: the table of what is legal and what raises.
//!
//! | from | to | what |
//! |---|---|---|
//! | any | `bool` | `x != 0` |
//! | `bool` | number | 0 or 1 |
//! | `int` | fixed int | checked: OverflowError "Python integer 300 out of bounds for uint8"; else wraps |
//! | fixed int | `int` | exact; a `u64` beyond 63 bits: OverflowError |
//! | fixed int | fixed int | wraps; checked: as if by `int` |
//! | int, fixed int | float | nearest even; `int` to `f32` by way of `f64`, as NumPy does |
//! | float | `int` | toward zero; ValueError for NaN, OverflowError for infinity and beyond 64 bits |
//! | float | fixed int | as to `int`, then as from `int` |
//! | float | float | nearest even |
//! | real | complex | the real part |
//! | complex | complex | each part |

use super::function::Body;
use super::types::{Number, scalar_kind};
use super::{Result, bug};
use crate::ir::{
    Compare, Convert, FloatUnaryOp, IntOp, Message, Overflow, Raise, Scalar, Type, ValueId,
};
use snek_abi::ExcKind;
use snek_sema::hir;

/// 2**63.
const TWO_63: f64 = 9_223_372_036_854_775_808.0;

impl Body<'_, '_> {
    /// Converts a value.
    pub(super) fn conversion(
        &mut self,
        from: &hir::Type,
        to: &hir::Type,
        checked: bool,
        values: &[ValueId],
    ) -> Result<Vec<ValueId>> {
        if from == to {
            return Ok(values.to_vec());
        }
        if *to == hir::Type::Bool {
            return Ok(vec![self.truth(from, values)?]);
        }
        let (Some(source), Some(target)) = (Number::of(from), Number::of(to)) else {
            return bug(format!(
                "`{}`: conversion of {from:?} to {to:?}",
                self.hir.name
            ));
        };
        if values.len() != source.width() {
            return self.dead(target.scalar(), target.width());
        }
        let x = values[0];
        let scalar = target.scalar();
        let value = match (source, target) {
            (Number::Complex(..), Number::Complex(..)) => {
                return Ok(values
                    .iter()
                    .map(|part| self.float_to_float(*part, scalar))
                    .collect());
            }
            (_, Number::Complex(..)) => {
                let real = self.real_to_float(source, x, scalar);
                let imaginary = self.zero(Type::Scalar(scalar));
                return Ok(vec![real, imaginary]);
            }
            (Number::Complex(..), _) | (_, Number::Bool) => {
                return bug(format!(
                    "`{}`: conversion of {from:?} to {to:?}",
                    self.hir.name
                ));
            }
            (_, Number::Float(..)) => self.real_to_float(source, x, scalar),
            (Number::Float(..), Number::Int) => self.float_to_int(x),
            (Number::Float(..), Number::Fixed(_)) => {
                let int = self.float_to_int(x);
                self.int_to_fixed(int, scalar, to, checked)
            }
            (Number::Bool, Number::Int | Number::Fixed(_)) => {
                self.b().convert(Convert::Extend, x, Type::Scalar(scalar))
            }
            (Number::Fixed(_), Number::Int) => self.fixed_to_int(x),
            (Number::Int, Number::Int) => x,
            (Number::Int, Number::Fixed(_)) => self.int_to_fixed(x, scalar, to, checked),
            (Number::Fixed(_), Number::Fixed(_)) if checked => {
                let int = self.fixed_to_int(x);
                self.int_to_fixed(int, scalar, to, true)
            }
            (Number::Fixed(_), Number::Fixed(_)) => self.resize(x, scalar),
        };
        Ok(vec![value])
    }

    /// An integer or Bool as another integer type: extends by its own signedness, or drops bits.
    pub(super) fn resize(&mut self, value: ValueId, to: Scalar) -> ValueId {
        let from = self.function.ty(value).scalar().unwrap_or(to);
        if from == to {
            value
        } else if from.bits() <= to.bits() {
            self.b().convert(Convert::Extend, value, Type::Scalar(to))
        } else {
            self.b().convert(Convert::Truncate, value, Type::Scalar(to))
        }
    }

    fn fixed_to_int(&mut self, value: ValueId) -> ValueId {
        let unsigned = self.function.ty(value) == Type::Scalar(Scalar::U64);
        let int = self.resize(value, Scalar::I64);
        if unsigned {
            let zero = self.b().const_i64(0);
            let ok = self.b().compare(Compare::Ge, int, zero);
            self.require(ok, snek_abi::Message::IntOverflow);
        }
        int
    }

    fn int_to_fixed(
        &mut self,
        value: ValueId,
        scalar: Scalar,
        ty: &hir::Type,
        checked: bool,
    ) -> ValueId {
        if checked && scalar != Scalar::I64 {
            let low = i64::try_from(scalar.min_value()).unwrap_or(i64::MIN);
            let mut ok = {
                let mut b = self.b();
                let low = b.const_i64(low);
                b.compare(Compare::Ge, value, low)
            };
            if let Ok(high) = i64::try_from(scalar.max_value()) {
                let mut b = self.b();
                let high = b.const_i64(high);
                let below = b.compare(Compare::Le, value, high);
                ok = b.int(IntOp::And, Overflow::Wrap, ok, below);
            }
            let kind = scalar_kind(ty).unwrap_or(snek_abi::ScalarKind::Int);
            let raise = Raise {
                kind: ExcKind::OverflowError,
                message: Message::WeakInt(kind),
            };
            self.b().check(ok, raise, &[value]);
        }
        self.resize(value, scalar)
    }

    pub(super) fn float_to_float(&mut self, value: ValueId, to: Scalar) -> ValueId {
        let to = Type::Scalar(to);
        if self.function.ty(value) == to {
            return value;
        }
        self.b().convert(Convert::FloatToFloat, value, to)
    }

    fn real_to_float(&mut self, source: Number, value: ValueId, to: Scalar) -> ValueId {
        match source {
            Number::Float(..) | Number::Complex(..) => self.float_to_float(value, to),
            Number::Int => {
                let double = self.b().convert(Convert::IntToFloat, value, Type::F64);
                self.float_to_float(double, to)
            }
            Number::Bool | Number::Fixed(_) => {
                self.b()
                    .convert(Convert::IntToFloat, value, Type::Scalar(to))
            }
        }
    }

    /// Python's `int(x)`.
    fn float_to_int(&mut self, value: ValueId) -> ValueId {
        let value = self.float_to_float(value, Scalar::F64);
        let mut b = self.b();
        let low = b.const_float(Type::F64, -TWO_63);
        let high = b.const_float(Type::F64, TWO_63);
        let above = b.compare(Compare::Ge, value, low);
        let below = b.compare(Compare::Lt, value, high);
        let fits = b.int(IntOp::And, Overflow::Wrap, above, below);
        b.if_(
            fits,
            &[],
            |_| Vec::new(),
            |b| {
                let known = super::function::known;
                let is_number = b.compare(Compare::Eq, value, value);
                b.check(is_number, known(snek_abi::Message::NanToInt), &[]);
                let magnitude = b.float_unary(FloatUnaryOp::Abs, value);
                let infinity = b.const_float(Type::F64, f64::INFINITY);
                let finite = b.compare(Compare::Ne, magnitude, infinity);
                b.check(finite, known(snek_abi::Message::InfToInt), &[]);
                let raise = known(snek_abi::Message::FloatToIntOverflow);
                b.end_with(crate::ir::OpKind::Raise(raise), Vec::new());
                Vec::new()
            },
        );
        b.convert(Convert::FloatToInt, value, Type::I64)
    }
}
