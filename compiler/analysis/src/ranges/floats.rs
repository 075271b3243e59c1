//! Floats that are not negative by the way they are computed: squares, magnitudes, roots, and their sums, products and
//! quotients. They may still be NaN, which is neither less nor greater than anything. And floats that are integers other
//! than 0.

use snek_mir::ir::{Compare, Convert, FloatOp, FloatUnaryOp, OpKind, ValueId};

use super::walk::Walk;

const DEPTH: u32 = 12;

impl Walk<'_> {
    /// What a comparison of floats is known to be.
    pub(super) fn decide_floats(
        &mut self,
        compare: Compare,
        a: ValueId,
        b: ValueId,
    ) -> Option<bool> {
        if matches!(compare, Compare::Eq | Compare::Ne) {
            let is_zero = |value: ValueId| match self.function.def_op(value).map(|op| &op.kind) {
                Some(OpKind::ConstFloat(bits)) => f64::from_bits(*bits) == 0.0,
                _ => false,
            };
            let differ = is_zero(a) && self.is_nonzero(b) || is_zero(b) && self.is_nonzero(a);
            return differ.then_some(compare == Compare::Ne);
        }
        let impossible = match compare {
            Compare::Lt => self.is_at_most_zero(b) && self.is_nonnegative(a, DEPTH),
            Compare::Gt => self.is_at_most_zero(a) && self.is_nonnegative(b, DEPTH),
            _ => false,
        };
        impossible.then_some(false)
    }

    /// Made of an integer that is not 0: rounded, it is not 0 either.
    fn is_nonzero(&mut self, value: ValueId) -> bool {
        let data = self.function.def_op(value);
        let integer = data.filter(|data| matches!(data.kind, OpKind::Convert(Convert::IntToFloat)));
        let interval = integer.and_then(|data| self.bounds(data.args[0]));
        interval.is_some_and(|interval| interval.lo > 0 || interval.hi < 0)
    }

    fn is_at_most_zero(&self, value: ValueId) -> bool {
        match self.function.def_op(value).map(|op| &op.kind) {
            Some(OpKind::ConstFloat(bits)) => f64::from_bits(*bits) <= 0.0,
            _ => false,
        }
    }

    /// Not less than 0, if it is not NaN.
    fn is_nonnegative(&mut self, value: ValueId, depth: u32) -> bool {
        let function = self.function;
        let Some(data) = function.def_op(value) else {
            return false;
        };
        if depth == 0 {
            return false;
        }
        let args = &data.args;
        match &data.kind {
            OpKind::ConstFloat(bits) => f64::from_bits(*bits) >= 0.0,
            OpKind::FloatUnary(FloatUnaryOp::Abs | FloatUnaryOp::Sqrt) => true,
            OpKind::FloatUnary(
                FloatUnaryOp::Floor
                | FloatUnaryOp::Ceil
                | FloatUnaryOp::Trunc
                | FloatUnaryOp::Nearest,
            )
            | OpKind::Convert(Convert::FloatToFloat) => self.is_nonnegative(args[0], depth - 1),
            OpKind::Float(FloatOp::Mul) if args[0] == args[1] => true,
            OpKind::Float(FloatOp::Add | FloatOp::Mul | FloatOp::Div) => {
                self.is_nonnegative(args[0], depth - 1) && self.is_nonnegative(args[1], depth - 1)
            }
            OpKind::Select => {
                self.is_nonnegative(args[1], depth - 1) && self.is_nonnegative(args[2], depth - 1)
            }
            OpKind::Convert(Convert::IntToFloat) => self
                .bounds(args[0])
                .is_some_and(|interval| interval.lo >= 0),
            _ => false,
        }
    }
}
