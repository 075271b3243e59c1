//! What a condition that is known to hold (or not to) says about the integers in it.

use snek_mir::ir::{
    Compare, Convert, IntOp, IntUnaryOp, OpKind, Overflow, Scalar, Type, ValueDef, ValueId,
};

use super::interval::Interval;
use super::walk::Walk;
use crate::structure::{falls_through, terminator};

/// Nested `and`, `or`, `not` that are looked through.
const DEPTH: u32 = 16;

impl Walk<'_> {
    /// Notes what follows from `condition == truth`.
    pub(super) fn assume(&mut self, condition: ValueId, truth: bool) {
        self.assume_to(condition, truth, DEPTH);
    }

    fn assume_to(&mut self, condition: ValueId, truth: bool, depth: u32) {
        if depth == 0 {
            return;
        }
        let bit = i128::from(truth);
        if let Some(node) = self.node(condition) {
            self.relations.refine(node, Interval::exactly(bit));
        }
        let ValueDef::Result(op, n) = self.function.values[condition].def else {
            return;
        };
        let data = &self.function.ops[op];
        match &data.kind {
            OpKind::Compare(compare) => {
                let compare = if truth { *compare } else { negated(*compare) };
                let (a, b) = (data.args[0], data.args[1]);
                // The negation of a float comparison says nothing here anyway: floats have no nodes.
                self.assume_compare(compare, a, b, depth);
            }
            OpKind::Int(IntOp::And, _) if truth => {
                self.assume_to(data.args[0], true, depth - 1);
                self.assume_to(data.args[1], true, depth - 1);
            }
            OpKind::Int(IntOp::Or, _) if !truth => {
                self.assume_to(data.args[0], false, depth - 1);
                self.assume_to(data.args[1], false, depth - 1);
            }
            OpKind::IntUnary(IntUnaryOp::Not, _) => {
                self.assume_to(data.args[0], !truth, depth - 1);
            }
            // `a and b`: an `if` whose one branch yields a constant.
            OpKind::If { then, other } => {
                let yielded = |region| {
                    falls_through(self.function, region).then(|| {
                        let end = terminator(self.function, region);
                        self.function.ops[end].args[n as usize]
                    })
                };
                let impossible = |value: Option<ValueId>| match value {
                    None => true,
                    Some(v) => self
                        .function
                        .const_int(v)
                        .is_some_and(|c| c != i64::from(truth)),
                };
                let (a, b) = (yielded(*then), yielded(*other));
                let (taken, value) = match (impossible(a), impossible(b)) {
                    (false, true) => (true, a),
                    (true, false) => (false, b),
                    _ => return,
                };
                self.assume_to(data.args[0], taken, depth - 1);
                if let Some(value) = value {
                    self.assume_to(value, truth, depth - 1);
                }
            }
            _ => {}
        }
    }

    fn assume_compare(&mut self, compare: Compare, a: ValueId, b: ValueId, depth: u32) {
        // `bool != 0` and the like.
        if let (Compare::Eq | Compare::Ne, Some(c @ 0..=1)) = (compare, self.function.const_int(b))
        {
            let is_bool = |v| self.function.ty(v) == Type::BOOL;
            let boolean = if is_bool(a) {
                Some(a)
            } else {
                match self.function.def_op(a) {
                    Some(op)
                        if matches!(op.kind, OpKind::Convert(Convert::Extend))
                            && is_bool(op.args[0]) =>
                    {
                        Some(op.args[0])
                    }
                    _ => None,
                }
            };
            if let Some(boolean) = boolean {
                self.assume_to(boolean, (compare == Compare::Eq) == (c == 1), depth - 1);
            }
        }
        let (Some(x), Some(y)) = (self.node(a), self.node(b)) else {
            return;
        };
        let r = &mut self.relations;
        match compare {
            Compare::Eq => r.add_equal(x, y, 0),
            Compare::Lt => r.add(x, y, -1),
            Compare::Le => r.add(x, y, 0),
            Compare::Gt => r.add(y, x, -1),
            Compare::Ge => r.add(y, x, 0),
            Compare::Ne => {
                let (of_x, of_y) = (r.bounds(x), r.bounds(y));
                if let Some(c) = of_y.constant() {
                    r.refine(x, without(of_x, c));
                    if c == 0 {
                        r.exclude_zero(x);
                    }
                } else if let Some(c) = of_x.constant() {
                    r.refine(y, without(of_y, c));
                    if c == 0 {
                        r.exclude_zero(y);
                    }
                } else if r.is_le(x, y, 0) {
                    r.add(x, y, -1);
                } else if r.is_le(y, x, 0) {
                    r.add(y, x, -1);
                }
            }
        }
        for product in [a, b] {
            self.refine_root(product);
        }
    }

    /// What is known of a square bounds its root.
    fn refine_root(&mut self, square: ValueId) {
        let function = self.function;
        let Some(data) = function.def_op(square) else {
            return;
        };
        let OpKind::Int(IntOp::Mul, Overflow::Checked | Overflow::Proved) = data.kind else {
            return;
        };
        let (Some(node), Some(root)) = (self.node(square), self.node(data.args[0])) else {
            return;
        };
        let most = self.relations.bounds(node).hi;
        if data.args[0] == data.args[1] && most >= 0 {
            let most = most.isqrt();
            self.relations
                .refine(root, Interval::new(most.saturating_neg(), most));
        }
    }

    /// What a comparison is known to be.
    pub(super) fn decide(&mut self, compare: Compare, a: ValueId, b: ValueId) -> Option<bool> {
        if self.function.ty(a).scalar().is_some_and(Scalar::is_float) {
            return self.decide_floats(compare, a, b);
        }
        let (x, y) = (self.node(a)?, self.node(b)?);
        let r = &mut self.relations;
        match compare {
            Compare::Lt if r.is_le(x, y, -1) => Some(true),
            Compare::Lt if r.is_le(y, x, 0) => Some(false),
            Compare::Le if r.is_le(x, y, 0) => Some(true),
            Compare::Le if r.is_le(y, x, -1) => Some(false),
            Compare::Gt if r.is_le(y, x, -1) => Some(true),
            Compare::Gt if r.is_le(x, y, 0) => Some(false),
            Compare::Ge if r.is_le(y, x, 0) => Some(true),
            Compare::Ge if r.is_le(x, y, -1) => Some(false),
            Compare::Eq | Compare::Ne => {
                let apart = match (r.bounds(x).constant(), r.bounds(y).constant()) {
                    (_, Some(0)) => r.is_not_zero(x),
                    (Some(0), _) => r.is_not_zero(y),
                    _ => r.is_le(x, y, -1) || r.is_le(y, x, -1),
                };
                let equal = if apart {
                    false
                } else if r.is_le(x, y, 0) && r.is_le(y, x, 0) {
                    true
                } else {
                    return None;
                };
                Some(equal == (compare == Compare::Eq))
            }
            _ => None,
        }
    }
}

fn without(interval: Interval, c: i128) -> Interval {
    if interval.lo == c {
        Interval::new(c.saturating_add(1), interval.hi)
    } else if interval.hi == c {
        Interval::new(interval.lo, c.saturating_sub(1))
    } else {
        interval
    }
}

/// The opposite, for integers.
pub(super) fn negated(compare: Compare) -> Compare {
    match compare {
        Compare::Eq => Compare::Ne,
        Compare::Ne => Compare::Eq,
        Compare::Lt => Compare::Ge,
        Compare::Le => Compare::Gt,
        Compare::Gt => Compare::Le,
        Compare::Ge => Compare::Lt,
    }
}
