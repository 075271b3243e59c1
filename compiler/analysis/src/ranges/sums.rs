//! Bounds of what a loop sums up: at most so many iterations, of which each adds at most so much.
//!
//! `count += 1`, `total += int(bytes[i])` and the like cannot overflow where the number of iterations is bounded by an
//! extent in memory. What is added is bounded by its type alone, so nothing here is a supposition that a later walk would
//! have to test.

use snek_mir::ir::{
    Compare, Convert, IntOp, OpId, OpKind, Overflow, RegionId, Type, ValueDef, ValueId,
};

use super::interval::Interval;
use super::walk::{Walk, type_interval};
use crate::structure::{falls_through, terminator};

/// Ops that are followed from the end of an iteration to its start.
const DEPTH: u32 = 12;

impl Walk<'_> {
    /// Notes what the carried values of a loop can be, given their initial values and the number of iterations.
    pub(super) fn bound_sums(&mut self, op: OpId, carried: &[ValueId], initial: &[ValueId]) {
        let Some(trips) = self.trips(op, carried, initial) else {
            return;
        };
        for (&param, &init) in carried.iter().zip(initial) {
            let (Some(node), Some(start)) = (self.node(param), self.bounds(init)) else {
                continue;
            };
            let Some(step) = self.step_of(op, carried, param) else {
                continue;
            };
            let most = step.hi.saturating_mul(trips).max(0);
            let least = step.lo.saturating_mul(trips).min(0);
            let all = start.add(Interval::new(least, most));
            self.relations.refine(node, all);
            if let Some(known) = &mut self.facts.intervals[param] {
                *known = known.intersect(all);
            }
        }
    }

    /// How many iterations there are at most.
    fn trips(&mut self, op: OpId, carried: &[ValueId], initial: &[ValueId]) -> Option<i128> {
        let function = self.function;
        let data = &function.ops[op];
        let (step, first, last) = match &data.kind {
            OpKind::For(f) => {
                let (start, stop) = (self.bounds(data.args[0])?, self.bounds(data.args[1])?);
                let step = i128::from(f.step);
                if step > 0 {
                    (step, start.lo, stop.hi)
                } else {
                    (-step, stop.lo, start.hi)
                }
            }
            OpKind::While { cond, .. } => {
                if !falls_through(function, *cond) {
                    return None;
                }
                // `while variable < limit`, where each iteration adds to the variable.
                let goes_on = function.ops[terminator(function, *cond)].args[0];
                let test = function.def_op(goes_on)?;
                let (variable, limit, beyond) = match test.kind {
                    OpKind::Compare(Compare::Lt) => (test.args[0], test.args[1], 0),
                    OpKind::Compare(Compare::Le) => (test.args[0], test.args[1], 1),
                    OpKind::Compare(Compare::Gt) => (test.args[1], test.args[0], 0),
                    OpKind::Compare(Compare::Ge) => (test.args[1], test.args[0], 1),
                    _ => return None,
                };
                let position = carried.iter().position(|param| *param == variable)?;
                if !self.structure.is_visible_at(function, limit, op) {
                    return None;
                }
                let step = self.step_of(op, carried, variable)?.lo;
                let first = self.bounds(initial[position])?.lo;
                (step, first, self.bounds(limit)?.hi.saturating_add(beyond))
            }
            _ => return None,
        };
        if step < 1 {
            return None;
        }
        let distance = last.saturating_sub(first).max(0);
        Some(distance.saturating_add(step - 1) / step)
    }

    /// What an iteration adds to a carried value of a loop.
    fn step_of(&self, op: OpId, carried: &[ValueId], param: ValueId) -> Option<Interval> {
        let position = carried.iter().position(|p| *p == param)?;
        let label = self.function.ops[op].kind.label()?;
        let mut step = Interval::new(1, 0);
        for next in &self.structure.labels[label].nexts {
            let value = *self.function.ops[*next].args.get(position)?;
            step = step.hull(self.change(op, value, param, DEPTH)?);
        }
        (!step.is_empty()).then_some(step)
    }

    /// `value - param`, where `value` is computed in an iteration of a loop that carries `param`.
    fn change(&self, op: OpId, value: ValueId, param: ValueId, depth: u32) -> Option<Interval> {
        if value == param {
            return Some(Interval::exactly(0));
        }
        if depth == 0 {
            return None;
        }
        let function = self.function;
        let follow = |value| self.change(op, value, param, depth - 1);
        match function.values[value].def {
            ValueDef::Param(region, n) => {
                // The body of a `while` takes what its condition hands on.
                let OpKind::While { cond, body, .. } = function.ops[op].kind else {
                    return None;
                };
                if region != body || !falls_through(function, cond) {
                    return None;
                }
                let yielded = &function.ops[terminator(function, cond)].args;
                follow(*yielded.get(n as usize + 1)?)
            }
            ValueDef::Result(made_by, n) => {
                let data = &function.ops[made_by];
                match data.kind {
                    OpKind::Int(_, Overflow::Wrap) => None,
                    OpKind::Int(IntOp::Add, _) => {
                        let (a, b) = (data.args[0], data.args[1]);
                        match follow(a) {
                            Some(change) => Some(change.add(self.size(b, depth))),
                            None => Some(follow(b)?.add(self.size(a, depth))),
                        }
                    }
                    OpKind::Int(IntOp::Sub, _) => {
                        Some(follow(data.args[0])?.sub(self.size(data.args[1], depth)))
                    }
                    OpKind::Select => Some(follow(data.args[1])?.hull(follow(data.args[2])?)),
                    OpKind::If { then, other } => {
                        let yielded = |region: RegionId| -> Option<Interval> {
                            if !falls_through(function, region) {
                                return Some(Interval::new(1, 0));
                            }
                            let end = terminator(function, region);
                            follow(function.ops[end].args[n as usize])
                        };
                        Some(yielded(then)?.hull(yielded(other)?))
                    }
                    _ => None,
                }
            }
        }
    }

    /// What a value can be at any time, from how it is made.
    fn size(&self, value: ValueId, depth: u32) -> Interval {
        let function = self.function;
        let all = type_interval(function.ty(value)).unwrap_or(Interval::new(i128::MIN, i128::MAX));
        let (Some(depth), Some(data)) = (depth.checked_sub(1), function.def_op(value)) else {
            return all;
        };
        let exact = match &data.kind {
            OpKind::ConstInt(c) if function.ty(value) == Type::I64 => {
                Interval::exactly(i128::from(*c))
            }
            OpKind::Convert(Convert::Extend) => self.size(data.args[0], depth),
            OpKind::Int(IntOp::And, _) => {
                let (a, b) = (
                    self.size(data.args[0], depth),
                    self.size(data.args[1], depth),
                );
                a.and(b).unwrap_or(all)
            }
            OpKind::Select => self
                .size(data.args[1], depth)
                .hull(self.size(data.args[2], depth)),
            _ => all,
        };
        // A conversion between signs of one width is no extension.
        if all.contains(exact) { exact } else { all }
    }
}
