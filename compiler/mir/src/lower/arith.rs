//! Arithmetic: Python's with its exceptions, and NumPy's, which wraps.

use super::function::Body;
use super::types::Number;
use super::{Result, bug};
use crate::ir::{
    Compare, Convert, FloatOp, FloatUnaryOp, IntOp, IntUnaryOp, Overflow, Scalar, Type, ValueId,
};
use snek_abi::Message;
use snek_sema::hir::{self, BinaryOp, CompareOp, UnaryOp};

/// Ints of at most this magnitude are exact as doubles.
const EXACT: i64 = 1 << 53;

impl Body<'_, '_> {
    fn number(&self, ty: &hir::Type) -> Result<Number> {
        match Number::of(ty) {
            Some(number) => Ok(number),
            None => bug(format!("`{}`: arithmetic of {ty:?}", self.hir.name)),
        }
    }

    /// A binary operation on two values of a type.
    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        ty: &hir::Type,
        left: &[ValueId],
        right: &[ValueId],
    ) -> Result<Vec<ValueId>> {
        let number = self.number(ty)?;
        if left.len() != number.width() || right.len() != number.width() {
            return self.dead(number.scalar(), number.width());
        }
        let (a, b) = (left[0], right[0]);
        let value = match number {
            Number::Bool => self.bool_binary(op, a, b)?,
            Number::Int => self.int_binary(op, a, b),
            Number::Fixed(scalar) => self.fixed_binary(op, scalar, a, b)?,
            Number::Float(scalar, python) => self.float_binary(op, scalar, python, a, b)?,
            Number::Complex(scalar, python) => {
                return self.complex_binary(op, scalar, python, [a, left[1]], [b, right[1]]);
            }
        };
        Ok(vec![value])
    }

    /// Values that dead code computes; a bug if the code is not dead.
    pub(super) fn dead(&mut self, scalar: Scalar, count: usize) -> Result<Vec<ValueId>> {
        if self.reachable {
            return bug(format!("`{}`: an operand has no value", self.hir.name));
        }
        let ty = Type::Scalar(scalar);
        Ok((0..count).map(|_| self.b().undefined(ty)).collect())
    }

    fn bool_binary(&mut self, op: BinaryOp, a: ValueId, b: ValueId) -> Result<ValueId> {
        let op = match op {
            BinaryOp::BitAnd => IntOp::And,
            BinaryOp::BitOr => IntOp::Or,
            BinaryOp::BitXor => IntOp::Xor,
            _ => return bug(format!("`{}`: {op:?} of bools", self.hir.name)),
        };
        Ok(self.b().int(op, Overflow::Wrap, a, b))
    }

    /// `value != 0`.
    fn nonzero(&mut self, value: ValueId) -> ValueId {
        let ty = self.function.ty(value);
        let zero = self.zero(ty);
        self.b().compare(Compare::Ne, value, zero)
    }

    /// 0 of a scalar type.
    pub(super) fn zero(&mut self, ty: Type) -> ValueId {
        if ty.scalar().is_some_and(Scalar::is_float) {
            self.b().const_float(ty, 0.0)
        } else {
            self.b().const_int(ty, 0)
        }
    }

    fn int_binary(&mut self, op: BinaryOp, a: ValueId, b: ValueId) -> ValueId {
        let checked = |body: &mut Self, op| body.b().int(op, Overflow::Checked, a, b);
        match op {
            BinaryOp::Add => checked(self, IntOp::Add),
            BinaryOp::Sub => checked(self, IntOp::Sub),
            BinaryOp::Mul => checked(self, IntOp::Mul),
            BinaryOp::FloorDiv => {
                let nonzero = self.nonzero(b);
                self.require(nonzero, Message::IntFloorDivByZero);
                checked(self, IntOp::FloorDiv)
            }
            BinaryOp::Mod => {
                let nonzero = self.nonzero(b);
                self.require(nonzero, Message::IntModByZero);
                checked(self, IntOp::FloorMod)
            }
            BinaryOp::TrueDiv => self.int_true_div(a, b),
            BinaryOp::BitAnd => checked(self, IntOp::And),
            BinaryOp::BitOr => checked(self, IntOp::Or),
            BinaryOp::BitXor => checked(self, IntOp::Xor),
            BinaryOp::Shl | BinaryOp::Shr => {
                let zero = self.b().const_i64(0);
                let ok = self.b().compare(Compare::Ge, b, zero);
                self.require(ok, Message::NegativeShift);
                let op = if op == BinaryOp::Shl {
                    IntOp::Shl
                } else {
                    IntOp::Shr
                };
                checked(self, op)
            }
        }
    }

    /// `a / b` of Python ints, correctly rounded: one division if both are exact as doubles.
    fn int_true_div(&mut self, a: ValueId, b: ValueId) -> ValueId {
        let nonzero = self.nonzero(b);
        self.require(nonzero, Message::IntTrueDivByZero);
        let mut b_ = self.b();
        // Both are in -2**53 .. 2**53: the sums are, as unsigned numbers, below 2**54.
        let offset = b_.const_i64(EXACT);
        let high = b_.int(IntOp::Add, Overflow::Wrap, a, offset);
        let low = b_.int(IntOp::Add, Overflow::Wrap, b, offset);
        let both = b_.int(IntOp::Or, Overflow::Wrap, high, low);
        let u64_type = Type::Scalar(Scalar::U64);
        let both = b_.convert(Convert::Extend, both, u64_type);
        let limit = b_.const_int(u64_type, EXACT * 2);
        let exact = b_.compare(Compare::Lt, both, limit);
        let results = b_.if_(
            exact,
            &[Type::F64],
            |inner| {
                let x = inner.convert(Convert::IntToFloat, a, Type::F64);
                let y = inner.convert(Convert::IntToFloat, b, Type::F64);
                vec![inner.float(FloatOp::Div, x, y)]
            },
            |inner| inner.call_runtime("snek_rt_int_true_div", vec![a, b], &[Type::F64]),
        );
        results[0]
    }

    fn fixed_binary(
        &mut self,
        op: BinaryOp,
        scalar: Scalar,
        a: ValueId,
        b: ValueId,
    ) -> Result<ValueId> {
        let ty = Type::Scalar(scalar);
        let plain = |body: &mut Self, op| Ok(body.b().int(op, Overflow::Wrap, a, b));
        match op {
            BinaryOp::Add => plain(self, IntOp::Add),
            BinaryOp::Sub => plain(self, IntOp::Sub),
            BinaryOp::Mul => plain(self, IntOp::Mul),
            BinaryOp::BitAnd => plain(self, IntOp::And),
            BinaryOp::BitOr => plain(self, IntOp::Or),
            BinaryOp::BitXor => plain(self, IntOp::Xor),
            BinaryOp::FloorDiv | BinaryOp::Mod => {
                // By zero: 0.
                let nonzero = self.nonzero(b);
                let mut b_ = self.b();
                let one = b_.const_int(ty, 1);
                let divisor = b_.select(nonzero, b, one);
                let op = if op == BinaryOp::FloorDiv {
                    IntOp::FloorDiv
                } else {
                    IntOp::FloorMod
                };
                let value = b_.int(op, Overflow::Wrap, a, divisor);
                let zero = b_.const_int(ty, 0);
                Ok(b_.select(nonzero, value, zero))
            }
            BinaryOp::Shl | BinaryOp::Shr => {
                let op = if op == BinaryOp::Shl {
                    IntOp::Shl
                } else {
                    IntOp::Shr
                };
                let count = if scalar.is_signed() {
                    // A negative count is, as an unsigned number, beyond the width.
                    let mut b_ = self.b();
                    let zero = b_.const_int(ty, 0);
                    let width = b_.const_int(ty, i64::from(scalar.bits()));
                    let negative = b_.compare(Compare::Lt, b, zero);
                    b_.select(negative, width, b)
                } else {
                    b
                };
                Ok(self.b().int(op, Overflow::Wrap, a, count))
            }
            BinaryOp::TrueDiv => bug(format!("`{}`: {op:?} of {scalar}", self.hir.name)),
        }
    }

    fn float_binary(
        &mut self,
        op: BinaryOp,
        scalar: Scalar,
        python: bool,
        a: ValueId,
        b: ValueId,
    ) -> Result<ValueId> {
        let ty = Type::Scalar(scalar);
        let single = scalar == Scalar::F32;
        let (message, call) = match op {
            BinaryOp::Add => return Ok(self.b().float(FloatOp::Add, a, b)),
            BinaryOp::Sub => return Ok(self.b().float(FloatOp::Sub, a, b)),
            BinaryOp::Mul => return Ok(self.b().float(FloatOp::Mul, a, b)),
            BinaryOp::TrueDiv => (Message::FloatDivByZero, None),
            BinaryOp::FloorDiv if single => {
                (Message::FloatFloorDivByZero, Some("snek_rt_f32_floor_div"))
            }
            BinaryOp::FloorDiv => (
                Message::FloatFloorDivByZero,
                Some("snek_rt_float_floor_div"),
            ),
            BinaryOp::Mod if single => (Message::FloatModByZero, Some("snek_rt_f32_mod")),
            BinaryOp::Mod => (Message::FloatModByZero, Some("snek_rt_float_mod")),
            BinaryOp::BitAnd
            | BinaryOp::BitOr
            | BinaryOp::BitXor
            | BinaryOp::Shl
            | BinaryOp::Shr => {
                return bug(format!("`{}`: {op:?} of floats", self.hir.name));
            }
        };
        if python {
            let nonzero = self.nonzero(b);
            self.require(nonzero, message);
        }
        Ok(match call {
            None => self.b().float(FloatOp::Div, a, b),
            Some(name) => self.b().call_runtime(name, vec![a, b], &[ty])[0],
        })
    }

    fn complex_binary(
        &mut self,
        op: BinaryOp,
        scalar: Scalar,
        python: bool,
        [ar, ai]: [ValueId; 2],
        [br, bi]: [ValueId; 2],
    ) -> Result<Vec<ValueId>> {
        match op {
            BinaryOp::Add | BinaryOp::Sub => {
                let op = if op == BinaryOp::Add {
                    FloatOp::Add
                } else {
                    FloatOp::Sub
                };
                let mut b = self.b();
                Ok(vec![b.float(op, ar, br), b.float(op, ai, bi)])
            }
            BinaryOp::Mul => {
                let mut b = self.b();
                let rr = b.float(FloatOp::Mul, ar, br);
                let ii = b.float(FloatOp::Mul, ai, bi);
                let ri = b.float(FloatOp::Mul, ar, bi);
                let ir = b.float(FloatOp::Mul, ai, br);
                Ok(vec![
                    b.float(FloatOp::Sub, rr, ii),
                    b.float(FloatOp::Add, ri, ir),
                ])
            }
            BinaryOp::TrueDiv if python => {
                let real = self.nonzero(br);
                let imaginary = self.nonzero(bi);
                let nonzero = self.b().int(IntOp::Or, Overflow::Wrap, real, imaginary);
                self.require(nonzero, Message::ComplexDivByZero);
                let args = vec![ar, ai, br, bi];
                Ok(self
                    .b()
                    .call_runtime("snek_rt_complex_div", args, &[Type::F64; 2]))
            }
            BinaryOp::TrueDiv => Ok(self.fixed_complex_div(scalar, [ar, ai], [br, bi])),
            _ => bug(format!("`{}`: {op:?} of complex numbers", self.hir.name)),
        }
    }

    /// NumPy's division: Smith's algorithm with one reciprocal, and infinities or NaN for a zero.
    fn fixed_complex_div(
        &mut self,
        scalar: Scalar,
        [ar, ai]: [ValueId; 2],
        [br, bi]: [ValueId; 2],
    ) -> Vec<ValueId> {
        use FloatOp::{Add, Div, Mul, Sub};
        let ty = Type::Scalar(scalar);
        let mut b = self.b();
        let br_abs = b.float_unary(FloatUnaryOp::Abs, br);
        let bi_abs = b.float_unary(FloatUnaryOp::Abs, bi);
        let real_leads = b.compare(Compare::Ge, br_abs, bi_abs);
        let zero = b.const_float(ty, 0.0);
        b.if_(
            real_leads,
            &[ty, ty],
            |b| {
                let real_zero = b.compare(Compare::Eq, br_abs, zero);
                let imaginary_zero = b.compare(Compare::Eq, bi_abs, zero);
                let both = b.int(IntOp::And, Overflow::Wrap, real_zero, imaginary_zero);
                b.if_(
                    both,
                    &[ty, ty],
                    |b| vec![b.float(Div, ar, br_abs), b.float(Div, ai, br_abs)],
                    |b| {
                        let ratio = b.float(Div, bi, br);
                        let part = b.float(Mul, bi, ratio);
                        let sum = b.float(Add, br, part);
                        let one = b.const_float(ty, 1.0);
                        let scale = b.float(Div, one, sum);
                        let x = b.float(Mul, ai, ratio);
                        let x = b.float(Add, ar, x);
                        let y = b.float(Mul, ar, ratio);
                        let y = b.float(Sub, ai, y);
                        vec![b.float(Mul, x, scale), b.float(Mul, y, scale)]
                    },
                )
            },
            |b| {
                let ratio = b.float(Div, br, bi);
                let part = b.float(Mul, br, ratio);
                let sum = b.float(Add, bi, part);
                let one = b.const_float(ty, 1.0);
                let scale = b.float(Div, one, sum);
                let x = b.float(Mul, ar, ratio);
                let x = b.float(Add, x, ai);
                let y = b.float(Mul, ai, ratio);
                let y = b.float(Sub, y, ar);
                vec![b.float(Mul, x, scale), b.float(Mul, y, scale)]
            },
        )
    }

    /// A unary operation on a value of a type.
    pub(super) fn unary(
        &mut self,
        op: UnaryOp,
        ty: &hir::Type,
        operand: &[ValueId],
    ) -> Result<Vec<ValueId>> {
        let number = self.number(ty)?;
        if operand.len() != number.width() {
            return self.dead(number.scalar(), number.width());
        }
        let a = operand[0];
        let value = match (op, number) {
            (UnaryOp::Not, Number::Bool)
            | (UnaryOp::Invert, Number::Bool | Number::Int | Number::Fixed(_)) => {
                self.b().int_unary(IntUnaryOp::Not, Overflow::Wrap, a)
            }
            (UnaryOp::Neg, Number::Int) => {
                self.b().int_unary(IntUnaryOp::Neg, Overflow::Checked, a)
            }
            (UnaryOp::Neg, Number::Fixed(_)) => {
                self.b().int_unary(IntUnaryOp::Neg, Overflow::Wrap, a)
            }
            (UnaryOp::Neg, Number::Float(..)) => self.b().float_unary(FloatUnaryOp::Neg, a),
            (UnaryOp::Neg, Number::Complex(..)) => {
                let mut b = self.b();
                return Ok(operand
                    .iter()
                    .map(|part| b.float_unary(FloatUnaryOp::Neg, *part))
                    .collect());
            }
            _ => return bug(format!("`{}`: {op:?} of {ty:?}", self.hir.name)),
        };
        Ok(vec![value])
    }

    /// A comparison of two values of a type.
    pub(super) fn comparison(
        &mut self,
        op: CompareOp,
        ty: &hir::Type,
        left: &[ValueId],
        right: &[ValueId],
    ) -> Result<ValueId> {
        let op = compare_of(op);
        if matches!(ty, hir::Type::None) && matches!(op, Compare::Eq | Compare::Ne) {
            return Ok(self.b().const_bool(op == Compare::Eq));
        }
        let number = self.number(ty)?;
        if left.len() != number.width() || right.len() != number.width() {
            return Ok(self.dead(Scalar::Bool, 1)?[0]);
        }
        let first = self.b().compare(op, left[0], right[0]);
        if number.width() == 1 {
            return Ok(first);
        }
        let second = self.b().compare(op, left[1], right[1]);
        let join = match op {
            Compare::Eq => IntOp::And,
            Compare::Ne => IntOp::Or,
            _ => return bug(format!("`{}`: {op:?} of complex numbers", self.hir.name)),
        };
        Ok(self.b().int(join, Overflow::Wrap, first, second))
    }

    /// The truth of a value of a type.
    pub(super) fn truth(&mut self, ty: &hir::Type, values: &[ValueId]) -> Result<ValueId> {
        match ty {
            hir::Type::None => return Ok(self.b().const_bool(false)),
            hir::Type::Tuple(items) => return Ok(self.b().const_bool(!items.is_empty())),
            hir::Type::Str if values.len() == 2 => return Ok(self.nonzero(values[1])),
            _ => {}
        }
        let number = self.number(ty)?;
        if values.len() != number.width() {
            return Ok(self.dead(Scalar::Bool, 1)?[0]);
        }
        if number == Number::Bool {
            return Ok(values[0]);
        }
        let first = self.nonzero(values[0]);
        match values.get(1) {
            None => Ok(first),
            Some(part) => {
                let second = self.nonzero(*part);
                Ok(self.b().int(IntOp::Or, Overflow::Wrap, first, second))
            }
        }
    }
}

/// The op of a comparison.
pub(super) fn compare_of(op: CompareOp) -> Compare {
    match op {
        CompareOp::Eq => Compare::Eq,
        CompareOp::Ne => Compare::Ne,
        CompareOp::Lt => Compare::Lt,
        CompareOp::Le => Compare::Le,
        CompareOp::Gt => Compare::Gt,
        CompareOp::Ge => Compare::Ge,
    }
}
