//! What the scalar ops say about their results.

use snek_mir::ir::{Convert, IntOp, IntUnaryOp, OpId, OpKind, Overflow, Scalar, Type, ValueId};

use super::interval::Interval;
use super::join::Join;
use super::relations::Node;
use super::walk::{Walk, type_interval};

impl Walk<'_> {
    pub(super) fn scalar(&mut self, op: OpId) {
        let function = self.function;
        let data = &function.ops[op];
        for &result in &data.results {
            if let Some(all) = type_interval(function.ty(result)) {
                self.define(result, all);
            }
        }
        let Some(&result) = data.results.first() else {
            return;
        };
        let Some(all) = type_interval(function.ty(result)) else {
            return;
        };
        match &data.kind {
            OpKind::ConstInt(bits) => {
                let value = match function.ty(result) {
                    Type::Scalar(Scalar::U64) => i128::from(*bits as u64),
                    _ => i128::from(*bits),
                };
                self.define(result, Interval::exactly(value));
            }
            OpKind::Extent(axis) => {
                let extent = self.extent(data.args[0], *axis);
                let interval = self.relations.bounds(extent);
                self.define(result, interval);
                if let Some(node) = self.node(result) {
                    self.relations.add_equal(node, extent, 0);
                }
            }
            OpKind::Int(int, overflow) => {
                self.int(op, *int, *overflow, all, result, data.args[0], data.args[1]);
            }
            OpKind::IntUnary(int, overflow) => {
                let Some(x) = self.bounds(data.args[0]) else {
                    return;
                };
                let (overflow, exact) = match int {
                    IntUnaryOp::Neg => (*overflow, x.neg()),
                    IntUnaryOp::Abs => (*overflow, x.abs()),
                    IntUnaryOp::Not if all.hi == 1 => {
                        (Overflow::Wrap, Interval::new(1 - x.hi, 1 - x.lo))
                    }
                    IntUnaryOp::Not => (Overflow::Wrap, Interval::exactly(-1).sub(x)),
                    IntUnaryOp::LeadingZeros | IntUnaryOp::TrailingZeros | IntUnaryOp::PopCount => {
                        (Overflow::Wrap, Interval::new(0, 64))
                    }
                };
                let is_exact = self.finish(op, overflow, all, result, exact);
                if *int == IntUnaryOp::Abs && is_exact && x.lo >= 0 {
                    self.define_equal(result, data.args[0]);
                }
            }
            OpKind::Compare(compare) => {
                if let Some(truth) = self.decide(*compare, data.args[0], data.args[1]) {
                    self.define(result, Interval::exactly(i128::from(truth)));
                    self.facts.decided.push((result, truth));
                }
            }
            OpKind::Select => {
                let mut join = Join::default();
                let entry = u32::MAX;
                for (value, truth) in [(data.args[1], true), (data.args[2], false)] {
                    let mark = self.relations.mark();
                    self.assume(data.args[0], truth);
                    self.arrive(&mut join, &[value], entry);
                    self.relations.rollback(mark);
                }
                self.define_join(result, &join);
            }
            OpKind::Convert(Convert::FloatToInt) => {
                let interval = self.truncated(data.args[0], all);
                self.define(result, interval);
            }
            OpKind::Convert(Convert::Extend | Convert::Truncate) => {
                if let Some(x) = self.bounds(data.args[0])
                    && all.contains(x)
                {
                    self.define_equal(result, data.args[0]);
                }
            }
            _ => {}
        }
    }

    /// Defines the result of an op whose exact results are in `exact`; whether they all fit its type.
    fn finish(
        &mut self,
        op: OpId,
        overflow: Overflow,
        all: Interval,
        result: ValueId,
        exact: Interval,
    ) -> bool {
        let fits = all.contains(exact);
        if overflow == Overflow::Checked && fits {
            self.facts.no_overflow.push(op);
        }
        let is_exact = fits || overflow != Overflow::Wrap;
        self.define(result, if is_exact { exact } else { all });
        is_exact
    }

    #[allow(clippy::too_many_arguments, reason = "one op, taken apart")]
    fn int(
        &mut self,
        op: OpId,
        int: IntOp,
        overflow: Overflow,
        all: Interval,
        result: ValueId,
        left: ValueId,
        right: ValueId,
    ) {
        let (Some(a), Some(b), Some(t)) = (self.node(left), self.node(right), self.node(result))
        else {
            return;
        };
        let (x, y) = (self.relations.bounds(a), self.relations.bounds(b));
        let unproved = self.facts.no_overflow.len();
        self.int_result(
            op,
            int,
            overflow,
            all,
            (result, t),
            (left, a, x),
            (right, b, y),
        );
        let bits = match int {
            IntOp::Mul => 30,
            IntOp::Add | IntOp::Sub => 60,
            _ => return,
        };
        if overflow == Overflow::Checked && unproved == self.facts.no_overflow.len() {
            self.note_overflow_need(op, bits, &[a, b]);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one op, taken apart")]
    fn int_result(
        &mut self,
        op: OpId,
        int: IntOp,
        overflow: Overflow,
        all: Interval,
        (result, t): (ValueId, Node),
        (left, a, x): (ValueId, Node, Interval),
        (right, b, y): (ValueId, Node, Interval),
    ) {
        match int {
            IntOp::Add if overflow == Overflow::Wrap && self.progression(result, op) => {}
            IntOp::Mul if overflow == Overflow::Wrap && self.progression(result, op) => {}
            IntOp::Add => {
                if self.finish(op, overflow, all, result, x.add(y)) {
                    let r = &mut self.relations;
                    r.add(t, a, y.hi);
                    r.add(a, t, y.lo.saturating_neg());
                    r.add(t, b, x.hi);
                    r.add(b, t, x.lo.saturating_neg());
                }
            }
            IntOp::Sub => {
                // `a <= b + d` says `a - b <= d`.
                let related = Interval::new(
                    self.relations.difference(b, a).saturating_neg(),
                    self.relations.difference(a, b),
                );
                let exact = x.sub(y).intersect(related);
                if self.finish(op, overflow, all, result, exact) {
                    let r = &mut self.relations;
                    r.add(t, a, y.lo.saturating_neg());
                    r.add(a, t, y.hi);
                }
            }
            IntOp::Mul => {
                if self.finish(op, overflow, all, result, x.mul(y)) {
                    // Not smaller than a factor, if the other one is at least 1.
                    let r = &mut self.relations;
                    if x.lo >= 0 && y.lo >= 1 {
                        r.add(a, t, 0);
                    }
                    if y.lo >= 0 && x.lo >= 1 {
                        r.add(b, t, 0);
                    }
                    if let Some(factor) = y.constant() {
                        self.note_multiple(t, a, factor);
                    }
                }
            }
            IntOp::FloorDiv => {
                self.note_division(op, x, y);
                let Some(exact) = x.floor_div(y) else {
                    return;
                };
                if self.finish(op, overflow, all, result, exact) {
                    if x.lo >= 0 && y.lo >= 1 {
                        self.relations.add(t, a, 0);
                    }
                    if y.constant() == Some(2) {
                        self.note_middle(result, left);
                    }
                }
            }
            IntOp::FloorMod => {
                self.note_division(op, x, y);
                self.define(result, x.floor_mod(y));
                if y.lo >= 1 {
                    self.relations.add(t, b, -1);
                    if x.lo >= 0 {
                        self.relations.add(t, a, 0);
                    }
                }
            }
            IntOp::And => {
                if let Some(exact) = x.and(y) {
                    self.define(result, exact);
                }
                if x.lo >= 0 {
                    self.relations.add(t, a, 0);
                }
                if y.lo >= 0 {
                    self.relations.add(t, b, 0);
                }
            }
            IntOp::Or | IntOp::Xor => {
                if let Some(exact) = x.or(y) {
                    self.define(result, exact);
                }
            }
            IntOp::Shl => match x.shl(y) {
                Some(exact) => {
                    self.finish(op, overflow, all, result, exact);
                }
                // Exact, so not smaller than before.
                None if overflow != Overflow::Wrap && x.lo >= 0 => {
                    self.define(result, Interval::new(x.lo, all.hi));
                }
                None => self.define(result, all),
            },
            IntOp::Shr => {
                self.define(result, x.shr(y));
                if x.lo >= 0 {
                    self.relations.add(t, a, 0);
                }
                if y.constant() == Some(1) {
                    self.note_middle(result, left);
                }
            }
            IntOp::Min | IntOp::Max => {
                let mut join = Join::default();
                self.arrive(&mut join, &[left], u32::MAX);
                self.arrive(&mut join, &[right], u32::MAX);
                self.define_join(result, &join);
                let r = &mut self.relations;
                if int == IntOp::Min {
                    r.refine(t, x.min(y));
                    r.add(t, a, 0);
                    r.add(t, b, 0);
                } else {
                    r.refine(t, x.max(y));
                    r.add(a, t, 0);
                    r.add(b, t, 0);
                }
            }
        }
    }

    fn define_join(&mut self, result: ValueId, join: &Join) {
        if let Some(joined) = join.finish(&self.relations, 0) {
            self.define_joined(result, &joined);
        }
    }

    fn note_division(&mut self, op: OpId, dividend: Interval, divisor: Interval) {
        if dividend.lo >= 0 && divisor.lo >= 0 {
            self.facts.nonnegative_divisions.push(op);
        }
    }

    /// `a <= x // c + k` says `a * c <= x + k * c`.
    fn note_multiple(&mut self, product: Node, a: Node, factor: i128) {
        if factor < 2 {
            return;
        }
        let function = self.function;
        let found = self.relations.above(a).to_vec();
        for (node, k) in found {
            if node as usize >= function.values.len() {
                continue;
            }
            let quotient = ValueId::from_usize(node as usize);
            let Some(data) = function.def_op(quotient) else {
                continue;
            };
            let OpKind::Int(int @ (IntOp::FloorDiv | IntOp::Shr), _) = data.kind else {
                continue;
            };
            let divisor = match (int, function.const_int(data.args[1])) {
                (IntOp::FloorDiv, Some(divisor)) => i128::from(divisor),
                (IntOp::Shr, Some(count @ 0..=62)) => 1 << count,
                _ => continue,
            };
            if let Some(dividend) = self.node(data.args[0])
                && function.ty(quotient) == Type::I64
                && divisor == factor
            {
                let k = k.saturating_mul(factor);
                self.relations.add(product, dividend, k);
            }
        }
    }

    /// `(a + b) // 2` lies between `a` and `b`.
    fn note_middle(&mut self, middle: ValueId, sum: ValueId) {
        let function = self.function;
        let Some(data) = function.def_op(sum) else {
            return;
        };
        let OpKind::Int(IntOp::Add, Overflow::Checked | Overflow::Proved) = data.kind else {
            return;
        };
        let (Some(m), Some(a), Some(b)) = (
            self.node(middle),
            self.node(data.args[0]),
            self.node(data.args[1]),
        ) else {
            return;
        };
        let r = &mut self.relations;
        for (low, high) in [(a, b), (b, a)] {
            if r.is_le(low, high, 0) {
                let strictly = r.is_le(low, high, -1);
                r.add(low, m, 0);
                r.add(m, high, if strictly { -1 } else { 0 });
            }
        }
    }
}
