//! The items of a range whose step is known only at run time: `start + position * step` for the positions of a counted
//! loop.
//!
//! Such a loop runs over `0..count`, where `count` is `start < stop ? (stop - start - 1) / step + 1 : 0` in unsigned
//! arithmetic; that expression is recognised here, as lowering writes it and `simplify` leaves it. Then, with a step that
//! is at least 1, the items are exact and lie in `start..stop`.

use snek_mir::ir::{
    Compare, Convert, IntOp, IntUnaryOp, OpId, OpKind, Scalar, Type, ValueDef, ValueId,
};

use super::interval::Interval;
use super::walk::Walk;

/// The first item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    Value(ValueId),
    Zero,
}

impl Walk<'_> {
    /// Defines the result of an op, if it is an item of a range; whether it is.
    pub(super) fn progression(&mut self, result: ValueId, op: OpId) -> bool {
        let function = self.function;
        let data = &function.ops[op];
        let pairs = match data.kind {
            OpKind::Int(IntOp::Add, _) => {
                let (a, b) = (data.args[0], data.args[1]);
                vec![(Start::Value(a), b), (Start::Value(b), a)]
            }
            _ => vec![(Start::Zero, result)],
        };
        for (start, product) in pairs {
            let Some((OpKind::Int(IntOp::Mul, _), factors)) = self.parts(product) else {
                continue;
            };
            let (a, b) = (factors[0], factors[1]);
            for (position, step) in [(a, b), (b, a)] {
                if let Some(stop) = self.stop_of(position, start, step) {
                    self.define_item(result, start, stop);
                    return true;
                }
            }
        }
        false
    }

    fn define_item(&mut self, item: ValueId, start: Start, stop: ValueId) {
        let (Some(i), Some(to)) = (self.node(item), self.node(stop)) else {
            return;
        };
        let low = match start {
            Start::Value(start) => self.bounds(start).map_or(i128::MIN, |b| b.lo),
            Start::Zero => 0,
        };
        let high = self.relations.bounds(to).hi.saturating_sub(1);
        self.define(item, Interval::new(low, high));
        self.relations.add(i, to, -1);
        if let Start::Value(start) = start
            && let Some(from) = self.node(start)
        {
            self.relations.add(from, i, 0);
        }
    }

    fn parts(&self, value: ValueId) -> Option<(&OpKind, &[ValueId])> {
        let op = self.function.def_op(value)?;
        Some((&op.kind, &op.args))
    }

    /// The stop of the range with this start and step, if `position` counts its items and the step is positive.
    fn stop_of(&mut self, position: ValueId, start: Start, step: ValueId) -> Option<ValueId> {
        let function = self.function;
        let ValueDef::Param(region, 0) = function.values[position].def else {
            return None;
        };
        let data = &function.ops[self.owner(region)?];
        let OpKind::For(f) = &data.kind else {
            return None;
        };
        if f.step != 1 || function.const_int(data.args[0]) != Some(0) {
            return None;
        }
        if self.bounds(step)?.lo < 1 {
            return None;
        }
        // some ? count : 0
        let (OpKind::Select, choice) = self.parts(data.args[1])? else {
            return None;
        };
        if function.const_int(choice[2]) != Some(0) {
            return None;
        }
        let (OpKind::Compare(compare), ends) = self.parts(choice[0])? else {
            return None;
        };
        let (low, stop) = match compare {
            Compare::Lt => (ends[0], ends[1]),
            Compare::Gt => (ends[1], ends[0]),
            _ => return None,
        };
        self.is_start(low, start).then_some(())?;
        // A count beyond 63 bits is cut.
        let mut count = choice[1];
        if let Some((OpKind::Select, cut)) = self.parts(count) {
            let (OpKind::Compare(Compare::Lt), test) = self.parts(cut[0])? else {
                return None;
            };
            let is_cut = test[0] == cut[2]
                && function.const_int(test[1]) == Some(0)
                && function.const_int(cut[1]) == Some(i64::MAX);
            is_cut.then_some(())?;
            count = cut[2];
        }
        // (distance - 1) / step + 1
        let count = self.converted(count, Scalar::U64)?;
        let quotient = self.with_constant(count, IntOp::Add, 1)?;
        let (OpKind::Int(IntOp::FloorDiv, _), division) = self.parts(quotient)? else {
            return None;
        };
        let divisor = self.converted(division[1], Scalar::I64)?;
        let is_step = divisor == step
            || matches!(
                self.parts(divisor),
                Some((OpKind::IntUnary(IntUnaryOp::Abs, _), [of])) if *of == step
            );
        is_step.then_some(())?;
        let distance = self.with_constant(division[0], IntOp::Sub, 1)?;
        let distance = self.converted(distance, Scalar::I64)?;
        let is_distance = match self.parts(distance) {
            Some((OpKind::Int(IntOp::Sub, _), [to, from])) => {
                *to == stop && self.is_start(*from, start)
            }
            _ => false,
        };
        let from_zero = distance == stop && start == Start::Zero;
        (is_distance || from_zero).then_some(stop)
    }

    fn is_start(&self, value: ValueId, start: Start) -> bool {
        let constant = self.function.const_int(value);
        match start {
            Start::Value(s) => {
                s == value || (constant.is_some() && constant == self.function.const_int(s))
            }
            Start::Zero => constant == Some(0),
        }
    }

    /// The operand of a change of sign between 64-bit types.
    fn converted(&self, value: ValueId, from: Scalar) -> Option<ValueId> {
        match self.parts(value)? {
            (OpKind::Convert(Convert::Extend), [operand])
                if self.function.ty(*operand) == Type::Scalar(from) =>
            {
                Some(*operand)
            }
            _ => None,
        }
    }

    /// The other operand of arithmetic with this constant.
    fn with_constant(&self, value: ValueId, op: IntOp, constant: i64) -> Option<ValueId> {
        match self.parts(value)? {
            (OpKind::Int(found, _), [a, b])
                if *found == op && self.function.const_int(*b) == Some(constant) =>
            {
                Some(*a)
            }
            _ => None,
        }
    }
}
