//! Floats that are not negative by the way they are computed: squares, magnitudes, roots, and their sums, products and
//! quotients, also those that a loop carries. They may still be NaN, which is neither less nor greater than anything. And floats that are integers other
//! than 0.

use snek_mir::ir::{
    Compare, Convert, FloatOp, FloatUnaryOp, LoopKind, OpId, OpKind, ValueDef, ValueId,
};

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
            if differ {
                return Some(compare == Compare::Ne);
            }
        }
        let impossible = match compare {
            Compare::Lt => {
                self.is_at_most_zero(b) && self.is_nonnegative(a, DEPTH, &mut Vec::new())
            }
            Compare::Gt => {
                self.is_at_most_zero(a) && self.is_nonnegative(b, DEPTH, &mut Vec::new())
            }
            _ => false,
        };
        match impossible {
            true => Some(false),
            false => self.compare_spans(compare, a, b),
        }
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

    /// Not less than 0, if it is not NaN. `supposed`: what loops carry that is supposed to be so.
    fn is_nonnegative(&mut self, value: ValueId, depth: u32, supposed: &mut Vec<ValueId>) -> bool {
        let function = self.function;
        if depth == 0 {
            return false;
        }
        let (op, n) = match function.values[value].def {
            ValueDef::Result(op, n) => (op, n as usize),
            ValueDef::Param(region, n) => {
                let owner = self.structure.owner_of[region];
                let carried = owner.zip((n as usize).checked_sub(1));
                return carried.is_some_and(|(op, n)| self.carries(op, n, depth, supposed));
            }
        };
        let data = &function.ops[op];
        let args = &data.args;
        let mut all = |values: &[ValueId]| {
            let mut values = values.iter();
            values.all(|value| self.is_nonnegative(*value, depth - 1, supposed))
        };
        match &data.kind {
            OpKind::ConstFloat(bits) => f64::from_bits(*bits) >= 0.0,
            OpKind::FloatUnary(FloatUnaryOp::Abs | FloatUnaryOp::Sqrt) => true,
            OpKind::FloatUnary(
                FloatUnaryOp::Floor
                | FloatUnaryOp::Ceil
                | FloatUnaryOp::Trunc
                | FloatUnaryOp::Nearest,
            )
            | OpKind::Convert(Convert::FloatToFloat) => all(&args[..1]),
            OpKind::Float(FloatOp::Mul) if args[0] == args[1] => true,
            OpKind::Float(FloatOp::Add | FloatOp::Mul | FloatOp::Div) => all(args),
            OpKind::Select => all(&args[1..]),
            OpKind::Convert(Convert::IntToFloat) => self
                .bounds(args[0])
                .is_some_and(|interval| interval.lo >= 0),
            OpKind::If { then, other } => {
                let yields = [*then, *other].map(|side| function.terminator(side));
                yields.into_iter().flatten().all(|end| {
                    let end = &function.ops[end];
                    // What does not yield gives nothing.
                    !matches!(end.kind, OpKind::Yield) || all(&end.args[n..=n])
                })
            }
            OpKind::For(_) => self.carries(op, n, depth, supposed),
            _ => false,
        }
    }

    /// Whether the n-th value that a serial loop carries is never negative: at first, and if it was not, in the next iteration.
    fn carries(&mut self, op: OpId, n: usize, depth: u32, supposed: &mut Vec<ValueId>) -> bool {
        let (function, structure) = (self.function, self.structure);
        let data = &function.ops[op];
        let OpKind::For(f) = &data.kind else {
            return false;
        };
        let param = function.regions[f.body].params[n + 1];
        if supposed.contains(&param) {
            return true;
        }
        if f.kind != LoopKind::Serial {
            return false;
        }
        let label = &structure.labels[f.label];
        let given = label.nexts.iter().chain(&label.breaks);
        let mut values: Vec<ValueId> = given.map(|end| function.ops[*end].args[n]).collect();
        values.push(data.args[n + 2]);
        supposed.push(param);
        let holds = values
            .into_iter()
            .all(|value| self.is_nonnegative(value, depth - 1, supposed));
        supposed.pop();
        holds
    }
}
