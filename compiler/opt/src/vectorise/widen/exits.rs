//! What raises or leaves the loop: done as it is where it is the same in all lanes, else an early exit.
//!
//! A test may be stricter than what it stands for: the scalar loop finds out. An exit that is taken is seldom, so tests
//! aim at few ops.

use snek_mir::ir::{
    Bound, Compare, IntOp, IntUnaryOp, Message, OpId, OpKind, Overflow, ReductionOp, Scalar, Type,
    ValueId,
};

use super::control::End;
use super::shapes::Shape;
use super::{Active, Obstacle, Widener};

/// How an op that may raise is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Raising {
    /// As it is.
    Directly,
    /// By an early exit that is taken if it might raise.
    Early,
}

impl Widener<'_> {
    /// An op that raises directly must be the same in all lanes, and nothing of a later lane may have happened before.
    pub(super) fn raising(&mut self, op: OpId, uniform: bool) -> Result<Raising, Obstacle> {
        if uniform && !self.stored && !self.plan.is_masked(self.function, op) {
            return Ok(Raising::Directly);
        }
        if self.may_exit && !self.stored {
            return Ok(Raising::Early);
        }
        let data = &self.function.ops[op];
        let what = match (&data.kind, data.kind.raise()) {
            (OpKind::Int(..) | OpKind::IntUnary(..), _) => {
                "integer arithmetic may overflow".to_string()
            }
            (_, Some(raise)) => match &raise.message {
                Message::Text(text) => format!("{} may be raised: {text}", raise.kind.name()),
                _ => format!("{} may be raised", raise.kind.name()),
            },
            (OpKind::Load(_) | OpKind::Store(_) | OpKind::Row(_), _) => {
                "a subscript may be out of bounds".to_string()
            }
            _ => "an exception may be raised".to_string(),
        };
        match self.may_exit {
            true => self.obstacle(format!("{what} after something was stored")),
            false => self.obstacle(what),
        }
    }

    /// All active lanes leave the loop, if there are any.
    pub(super) fn escape(&mut self) -> Result<End, Obstacle> {
        if !self.may_exit {
            return self.obstacle("the loop may be left early");
        }
        if self.stored {
            return self.obstacle("the loop may be left after something was stored");
        }
        let any = match self.active {
            Active::Some(mask) => self.any(mask),
            _ => self.value(OpKind::ConstInt(1), Vec::new(), Type::BOOL),
        };
        self.exit_if(any);
        self.active = Active::Nobody;
        Ok(End::Left)
    }

    /// Leaves the vector loop if the condition holds.
    fn exit_if(&mut self, condition: ValueId) {
        self.exits = true;
        self.exit_on(
            true,
            condition,
            OpKind::Break(self.label),
            self.begin.clone(),
        );
    }

    /// Leaves the vector loop if the condition, of one lane or of each, does not hold in an active lane.
    pub(super) fn require(&mut self, good: ValueId) {
        self.exits = true;
        let good = if self.function.ty(good) == Type::BOOL {
            match self.active {
                Active::Some(mask) if !self.sure => {
                    let any = self.any(mask);
                    let none = self.not(any);
                    self.int(IntOp::Or, none, good)
                }
                _ => good,
            }
        } else {
            let all = match self.active {
                Active::Some(mask) => {
                    let not = self.not(mask);
                    self.int(IntOp::Or, not, good)
                }
                _ => good,
            };
            self.value(OpKind::Reduce(ReductionOp::And), vec![all], Type::BOOL)
        };
        self.exit_on(false, good, OpKind::Break(self.label), self.begin.clone());
    }

    /// The scalar of a uniform value, the vector of another one.
    fn plainest(&mut self, value: ValueId) -> Result<ValueId, Obstacle> {
        match self.plan.shape(value) {
            Shape::Uniform => self.scalar(value),
            _ => self.vector(value),
        }
    }

    pub(super) fn check(&mut self, op: OpId) -> Result<(), Obstacle> {
        let condition = self.function.ops[op].args[0];
        let operands = self.function.ops[op].args.clone();
        let uniform = operands
            .iter()
            .all(|v| self.plan.shape(*v) == Shape::Uniform);
        if self.raising(op, uniform)? == Raising::Directly {
            return self.uniform(op);
        }
        let good = self.plainest(condition)?;
        self.require(good);
        Ok(())
    }

    pub(super) fn compare(&mut self, compare: Compare, a: ValueId, b: ValueId) -> ValueId {
        let ty = self.function.ty(a).with_scalar(Scalar::Bool);
        let ty = ty.unwrap_or(Type::BOOL);
        self.value(OpKind::Compare(compare), vec![a, b], ty)
    }

    /// A constant of the type of another value.
    pub(super) fn constant(&mut self, like: ValueId, value: i64) -> ValueId {
        let ty = self.function.ty(like);
        self.value(OpKind::ConstInt(value), Vec::new(), ty)
    }

    /// Leaves the loop if arithmetic overflows; of products also if their operands are large.
    pub(super) fn require_no_overflow(&mut self, op: OpId) -> Result<(), Obstacle> {
        let data = self.function.ops[op].clone();
        if !matches!(data.kind, OpKind::Int(..) | OpKind::IntUnary(..)) {
            return self.obstacle("an exception may be raised");
        }
        if self.function.ty(data.results[0]) != Type::I64 {
            return self.obstacle("integer arithmetic may overflow");
        }
        let varies = data
            .args
            .iter()
            .any(|arg| self.plan.shape(*arg) != Shape::Uniform);
        let mut args = Vec::new();
        for arg in &data.args {
            args.push(match varies {
                true => self.vector(*arg)?,
                false => self.scalar(*arg)?,
            });
        }
        let a = args[0];
        let zero = self.constant(a, 0);
        let good = match (&data.kind, args.get(1)) {
            (OpKind::Int(IntOp::Add, _), Some(b)) => {
                let sum = self.int(IntOp::Add, a, *b);
                let (x, y) = (self.int(IntOp::Xor, a, sum), self.int(IntOp::Xor, *b, sum));
                let sign = self.int(IntOp::And, x, y);
                self.compare(Compare::Ge, sign, zero)
            }
            (OpKind::Int(IntOp::Sub, _), Some(b)) => {
                let difference = self.int(IntOp::Sub, a, *b);
                let (x, y) = (
                    self.int(IntOp::Xor, a, *b),
                    self.int(IntOp::Xor, a, difference),
                );
                let sign = self.int(IntOp::And, x, y);
                self.compare(Compare::Ge, sign, zero)
            }
            (OpKind::Int(IntOp::Mul, _), Some(b)) => self.factors_fit(&data.args, a, *b),
            (OpKind::IntUnary(IntUnaryOp::Neg | IntUnaryOp::Abs, _), _) => {
                let least = self.constant(a, i64::MIN);
                self.compare(Compare::Ne, a, least)
            }
            (OpKind::Int(IntOp::FloorDiv, _), Some(_)) => {
                let least = self.constant(a, i64::MIN);
                self.compare(Compare::Ne, a, least)
            }
            _ => return self.obstacle("integer arithmetic may overflow"),
        };
        self.require(good);
        Ok(())
    }

    /// Both factors are in 32 bits, or one is a constant and the other is small enough for it.
    fn factors_fit(&mut self, args: &[ValueId], a: ValueId, b: ValueId) -> ValueId {
        let constants = [1, 0].map(|n| self.function.const_int(args[n]));
        for (constant, factor) in constants.into_iter().zip([a, b]) {
            if let Some(c) = constant.filter(|c| *c != 0 && *c != i64::MIN) {
                let most = i64::MAX / c.abs();
                let (low, high) = (self.constant(factor, -most), self.constant(factor, most));
                let above = self.compare(Compare::Ge, factor, low);
                let below = self.compare(Compare::Le, factor, high);
                return self.int(IntOp::And, above, below);
            }
        }
        let half = self.constant(a, 1 << 31);
        let (x, y) = (self.int(IntOp::Add, a, half), self.int(IntOp::Add, b, half));
        let both = self.int(IntOp::Or, x, y);
        let (zero, most) = (self.constant(a, 0), self.constant(a, (1 << 32) - 1));
        let above = self.compare(Compare::Ge, both, zero);
        let below = self.compare(Compare::Le, both, most);
        self.int(IntOp::And, above, below)
    }

    /// Leaves the loop unless an index is in `0..n`.
    pub(super) fn require_bounds(
        &mut self,
        array: ValueId,
        axis: u8,
        index: ValueId,
        bound: Bound,
    ) -> Result<(), Obstacle> {
        let extent = self.value(OpKind::Extent(axis), vec![array], Type::I64);
        let signed = bound == Bound::Checked;
        if self.require_line(index, extent, signed) {
            return Ok(());
        }
        let ends = match (self.plan.shape(index), self.active) {
            (Shape::Uniform, _) => Some((self.scalar(index)?, self.scalar(index)?)),
            (Shape::Linear(step), Active::All) => {
                let first = self.scalar(index)?;
                let last = self.lane_of_linear(index, step, self.lanes - 1)?;
                Some(if step > 0 {
                    (first, last)
                } else {
                    (last, first)
                })
            }
            _ => None,
        };
        let (low, high) = match ends {
            Some(ends) => ends,
            None => {
                let vector = self.vector(index)?;
                (vector, vector)
            }
        };
        let extent = match self.function.ty(high) {
            Type::I64 => extent,
            ty => self.value(OpKind::Splat, vec![extent], ty),
        };
        let mut good = self.compare(Compare::Lt, high, extent);
        if signed {
            let zero = self.constant(low, 0);
            let more = self.compare(Compare::Ge, low, zero);
            good = self.int(IntOp::And, good, more);
            if low != high {
                // Nothing wrapped in between.
                let order = self.compare(Compare::Le, low, high);
                good = self.int(IntOp::And, good, order);
            }
        }
        self.require(good);
        Ok(())
    }
}

/// The op without its exception.
pub(super) fn unchecked(kind: &OpKind) -> OpKind {
    match kind {
        OpKind::Int(op, Overflow::Checked) => OpKind::Int(*op, Overflow::Wrap),
        OpKind::IntUnary(op, Overflow::Checked) => OpKind::IntUnary(*op, Overflow::Wrap),
        other => other.clone(),
    }
}
