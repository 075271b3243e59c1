//! Loops inside of the one that is widened. One whose bounds are the same in all lanes stays as it is, on wider values; one
//! that lanes are done with at different times carries the mask of those still in it. Bounds that vary: the loop runs from
//! the least start to the greatest stop, and a mask says whose iteration it is.

use snek_mir::edit;
use snek_mir::ir::{
    Compare, For, IntOp, LabelId, OpId, OpKind, ReductionOp, RegionId, Type, ValueDef, ValueId,
};

use super::control::{End, Landing};
use super::shapes::Shape;
use super::{Active, Obstacle, Widener};

/// A counter must compare so to a bound.
type Test = (Compare, ValueId);

impl Widener<'_> {
    /// What is stored in a loop may have been stored before anything in it.
    fn expect_stores(&mut self, op: OpId) {
        for region in self.function.ops[op].kind.regions() {
            self.stored |= self.plan.writes(self.function, region);
        }
    }

    /// The slots that a loop carries: its own, and those that lanes leave to from inside.
    fn carried_slots(&self, op: OpId, own: &Landing) -> Vec<usize> {
        let mut slots: Vec<usize> = own.slots().collect();
        for (label, breaks) in self.plan.leaves(self.function, op) {
            if let Some(target) = self.targets.get(&label) {
                let landing = if breaks {
                    &target.breaks
                } else {
                    &target.nexts
                };
                slots.extend(landing.slots());
            }
        }
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    pub(super) fn for_(&mut self, op: OpId, data: &For) -> Result<(), Obstacle> {
        let args = self.function.ops[op].args.clone();
        let results = self.function.ops[op].results.clone();
        let params = self.function.regions[data.body].params.clone();
        let by_lane = self.plan.ends_by_lane(self.function, op);
        let ranged = self.plan.is_ranged(op);
        let leaves = !self.plan.leaves(self.function, op).is_empty();
        let (entry, sure) = (self.active, self.sure);
        self.expect_stores(op);
        let target = self.target(op, data.label, &params[1..], &results)?;
        let (label, breaks, nexts) = (target.label, target.breaks.clone(), target.nexts.clone());
        self.targets.insert(data.label, target);
        let slots = self.carried_slots(op, &breaks);

        // What the loop starts from.
        let mut tests = Vec::new();
        let mut given = if ranged {
            let (bounds, found) = self.union_of_ranges(&args, data.step)?;
            tests = found;
            bounds
        } else {
            vec![self.scalar(args[0])?, self.scalar(args[1])?]
        };
        if by_lane {
            given.push(self.mask());
        }
        for (arg, param) in args[2..].iter().zip(&params[1..]) {
            given.push(self.form(*arg, *param)?);
        }
        for slot in &slots {
            given.push(self.in_slot(*slot)?);
        }
        let types = self.function.types(&given[2..]);

        // The body.
        let region = self.function.add_region();
        self.inside(region, |this| {
            this.add_param(region, params[0])?;
            let mut active = entry;
            let mut live = None;
            if by_lane {
                let param = this.function.add_param(region, this.mask_type(), None);
                live = Some(param);
                active = Active::Some(param);
            }
            let mut carried = Vec::new();
            for param in &params[1..] {
                carried.push(this.add_param(region, *param)?);
            }
            for slot in &slots {
                let ty = this.slot_types[*slot];
                this.slots[*slot] = Some(this.function.add_param(region, ty, None));
            }
            for slot in nexts.slots() {
                this.slots[slot] = None;
            }
            if ranged {
                let counter = this.vector(params[0])?;
                for (compare, bound) in tests {
                    let ty = this.mask_type();
                    let test = this.value(OpKind::Compare(compare), vec![counter, bound], ty);
                    active = Active::Some(this.narrow(active, test));
                }
            }
            this.active = active;
            this.sure = sure && !ranged;
            let end = this.ops(data.body)?;
            if this.is_closed(region) {
                return Ok(());
            }
            if matches!(end, End::Left) && !by_lane && nexts.values.is_empty() && !ranged {
                this.op(OpKind::Unreachable, Vec::new(), &[]);
                return Ok(());
            }
            let mut next = this.next_values(data.label, &end, &params[1..])?;
            if ranged && let Active::Some(mask) = active {
                // Lanes out of their range keep what they have.
                for ((next, old), param) in next.iter_mut().zip(&carried).zip(&params[1..]) {
                    if this.plan.shape(*param) == Shape::Varying {
                        *next = this.pick(mask, *next, *old);
                    }
                }
            }
            if let Some(live) = live {
                let left = this.slot_active(nexts.left);
                let mut stay = this.widest(this.active, left);
                if ranged && let Active::Some(mask) = active {
                    let not = this.not(mask);
                    let outside = this.int(IntOp::And, live, not);
                    stay = this.widest(stay, Active::Some(outside));
                }
                this.active = stay;
                let stay = this.mask();
                next.insert(0, stay);
            }
            for slot in &slots {
                next.push(this.in_slot(*slot)?);
            }
            if live.is_some() {
                let any = this.any(next[0]);
                this.exit_on(false, any, OpKind::Break(label), next.clone());
            }
            this.op(OpKind::Next(label), next, &[]);
            Ok(())
        })?;
        let kind = OpKind::For(For {
            label,
            body: region,
            ..data.clone()
        });
        let mut values = self.op(kind, given, &types);

        // What comes out.
        let live = by_lane.then(|| values.remove(0));
        let carried: Vec<ValueId> = values.drain(..results.len()).collect();
        for slot in nexts.slots() {
            self.slots[slot] = None;
        }
        for (slot, value) in slots.iter().zip(values) {
            self.slots[*slot] = Some(value);
        }
        for (n, result) in results.iter().enumerate() {
            let slot = breaks.values.get(n).copied().flatten();
            let value = match (slot.and_then(|slot| self.slots[slot]), live) {
                (Some(left), Some(live)) => {
                    let shape = self.plan.shape(params[1 + n]);
                    let value = match shape {
                        Shape::Varying => carried[n],
                        shape => self.spread_out(carried[n], shape)?,
                    };
                    self.pick(live, value, left)
                }
                _ if self.function.ty(carried[n]) != self.type_of(*result)? => continue,
                _ => carried[n],
            };
            self.define(*result, value);
        }
        (self.active, self.sure) = (entry, sure);
        if leaves {
            let left = self.slot_active(breaks.left);
            let live = live.map_or(Active::Nobody, Active::Some);
            self.active = self.widest(live, left);
            self.sure = false;
        }
        Ok(())
    }

    /// Does what the terminator says if the condition is as said.
    pub(super) fn exit_on(
        &mut self,
        truth: bool,
        condition: ValueId,
        terminator: OpKind,
        args: Vec<ValueId>,
    ) {
        let (stay, leave) = (self.function.add_region(), self.function.add_region());
        let here = std::mem::replace(&mut self.region, stay);
        self.op(OpKind::Yield, Vec::new(), &[]);
        self.region = leave;
        self.op(terminator, args, &[]);
        self.region = here;
        let (then, other) = if truth { (leave, stay) } else { (stay, leave) };
        self.op(OpKind::If { then, other }, vec![condition], &[]);
    }

    /// Start and stop of a loop that does the iterations of all lanes, and the tests for those of each.
    fn union_of_ranges(
        &mut self,
        args: &[ValueId],
        step: i64,
    ) -> Result<(Vec<ValueId>, Vec<Test>), Obstacle> {
        // With a negative step the loop runs from the greatest start down to the least stop.
        let (least, inside_start, inside_stop) = if step > 0 {
            ([true, false], Compare::Ge, Compare::Lt)
        } else {
            ([false, true], Compare::Le, Compare::Gt)
        };
        let mut bounds = Vec::new();
        let mut tests = Vec::new();
        for (n, compare) in [inside_start, inside_stop].into_iter().enumerate() {
            let shape = self.plan.shape(args[n]);
            if shape == Shape::Uniform {
                bounds.push(self.scalar(args[n])?);
                continue;
            }
            let vector = self.vector(args[n])?;
            tests.push((compare, vector));
            if let (Shape::Linear(step), Active::All) = (shape, self.active) {
                let first = (step > 0) == least[n];
                let lane = if first { 0 } else { self.lanes - 1 };
                bounds.push(self.lane_of_linear(args[n], step, lane)?);
                continue;
            }
            let (op, none) = if least[n] {
                (ReductionOp::Min, i64::MAX)
            } else {
                (ReductionOp::Max, i64::MIN)
            };
            let ty = self.function.ty(vector);
            let mut all = vector;
            if let Active::Some(mask) = self.active {
                let none = self.value(OpKind::ConstInt(none), Vec::new(), ty);
                all = self.pick(mask, vector, none);
            }
            bounds.push(self.value(OpKind::Reduce(op), vec![all], Type::I64));
        }
        Ok((bounds, tests))
    }

    pub(super) fn while_(
        &mut self,
        op: OpId,
        label: LabelId,
        cond: RegionId,
        body: RegionId,
    ) -> Result<(), Obstacle> {
        let args = self.function.ops[op].args.clone();
        let results = self.function.ops[op].results.clone();
        let heads = self.function.regions[cond].params.clone();
        let params = self.function.regions[body].params.clone();
        let by_lane = self.plan.ends_by_lane(self.function, op);
        let leaves = !self.plan.leaves(self.function, op).is_empty();
        let (entry, sure) = (self.active, self.sure);
        self.expect_stores(op);
        let mut target = self.target(op, label, &heads, &results)?;
        let counts = self.counts(op, label, cond, body);
        if by_lane && target.breaks.values.is_empty() {
            // Lanes leave by the condition alone.
            for result in &results {
                let ty = self.vector_type(self.function.ty(*result))?;
                let slot = (self.used[*result] > 0).then(|| self.slot(ty));
                target.breaks.values.push(slot);
            }
            if leaves {
                target.breaks.left = Some(self.slot(self.mask_type()));
            }
        }
        let new = target.label;
        let (breaks, nexts) = (target.breaks.clone(), target.nexts.clone());
        self.targets.insert(label, target);
        let slots = self.carried_slots(op, &breaks);

        let mut given = Vec::new();
        if by_lane {
            given.push(self.mask());
        }
        for (arg, head) in args.iter().zip(&heads) {
            given.push(self.form(*arg, *head)?);
        }
        for slot in &slots {
            let count = counts
                .iter()
                .find(|c| breaks.values[c.result] == Some(*slot));
            given.push(match count {
                Some(count) => self.vector(args[count.head])?,
                None => self.in_slot(*slot)?,
            });
        }

        // The condition.
        let new_cond = self.function.add_region();
        let types = self.inside(new_cond, |this| {
            let mut live = None;
            if by_lane {
                live = Some(this.function.add_param(new_cond, this.mask_type(), None));
                this.active = live.map_or(Active::All, Active::Some);
                this.sure &= !this.plan.has_divergent(this.function, label, true) && !leaves;
            }
            for head in &heads {
                this.add_param(new_cond, *head)?;
            }
            for slot in &slots {
                let ty = this.slot_types[*slot];
                this.slots[*slot] = Some(this.function.add_param(new_cond, ty, None));
            }
            let End::Yield(end) = this.ops(cond)? else {
                return this.obstacle("a condition has no end");
            };
            let mut values = Vec::new();
            let Some(live) = live else {
                values.push(this.scalar(end[0])?);
                for (value, param) in end[1..].iter().zip(&params) {
                    values.push(this.form(*value, *param)?);
                }
                let types = this.function.types(&values[1..]);
                this.op(OpKind::Yield, values, &[]);
                return Ok(types);
            };
            // Lanes that leave take the values of now; those that stay will take others.
            for (n, value) in end[1..].iter().enumerate() {
                let counted = counts.iter().any(|count| count.result == n);
                if let (Some(slot), false) = (breaks.values[n], counted) {
                    let value = this.vector(*value)?;
                    let old = this.in_slot(slot)?;
                    this.slots[slot] = Some(this.pick(live, value, old));
                }
            }
            let (mut all, mut each) = (Vec::new(), Vec::new());
            if breaks.left.is_some() {
                each.push(end[0]);
            } else {
                this.conjuncts(cond, end[0], &mut all, &mut each);
            }
            let mut stay = live;
            for part in each {
                let part = this.vector(part)?;
                stay = this.int(IntOp::And, stay, part);
            }
            let mut any = this.any(stay);
            for part in all {
                let part = this.scalar(part)?;
                any = this.int(IntOp::And, part, any);
            }
            if let Some(slot) = breaks.left {
                let old = this.in_slot(slot)?;
                let not = this.not(stay);
                let gone = this.int(IntOp::And, live, not);
                this.slots[slot] = Some(this.int(IntOp::Or, old, gone));
            }
            values.extend([any, stay]);
            for (value, param) in end[1..].iter().zip(&params) {
                values.push(this.form(*value, *param)?);
            }
            for slot in &slots {
                values.push(this.in_slot(*slot)?);
            }
            let types = this.function.types(&values[1..]);
            this.op(OpKind::Yield, values, &[]);
            Ok(types)
        })?;

        // The body.
        let new_body = self.function.add_region();
        self.inside(new_body, |this| {
            (this.active, this.sure) = (entry, sure);
            if by_lane {
                let stay = this.function.add_param(new_body, this.mask_type(), None);
                (this.active, this.sure) = (Active::Some(stay), true);
            }
            let stay = this.active;
            for param in &params {
                this.add_param(new_body, *param)?;
            }
            if by_lane {
                for slot in &slots {
                    let ty = this.slot_types[*slot];
                    this.slots[*slot] = Some(this.function.add_param(new_body, ty, None));
                }
            }
            for slot in nexts.slots() {
                this.slots[slot] = None;
            }
            let end = this.ops(body)?;
            if this.is_closed(new_body) {
                return Ok(());
            }
            if matches!(end, End::Left) && !by_lane && nexts.values.is_empty() {
                this.op(OpKind::Unreachable, Vec::new(), &[]);
                return Ok(());
            }
            let mut next = this.next_values(label, &end, &heads)?;
            if by_lane {
                let left = this.slot_active(nexts.left);
                this.active = this.widest(this.active, left);
                let live = this.mask();
                next.insert(0, live);
                for count in &counts {
                    // Lanes that are still here have done one more iteration.
                    if let (Some(slot), Active::Some(mask)) = (breaks.values[count.result], stay) {
                        let ty = this.slot_types[slot];
                        let step = this.value(OpKind::ConstInt(count.step), Vec::new(), ty);
                        let none = this.zero(ty)?;
                        let step = this.pick(mask, step, none);
                        let old = this.in_slot(slot)?;
                        this.slots[slot] = Some(this.int(IntOp::Add, old, step));
                    }
                }
                for slot in &slots {
                    next.push(this.in_slot(*slot)?);
                }
            }
            this.op(OpKind::Next(new), next, &[]);
            Ok(())
        })?;
        let kind = OpKind::While {
            label: new,
            cond: new_cond,
            body: new_body,
        };
        let values = self.op(kind, given, &types);
        for slot in nexts.slots() {
            self.slots[slot] = None;
        }
        (self.active, self.sure) = (entry, sure);
        if !by_lane {
            for (result, value) in results.iter().zip(values) {
                self.define(*result, value);
            }
            return Ok(());
        }
        for (slot, value) in slots.iter().zip(&values[1 + results.len()..]) {
            self.slots[*slot] = Some(*value);
        }
        for (n, result) in results.iter().enumerate() {
            if let Some(slot) = breaks.values[n] {
                let value = self.in_slot(slot)?;
                self.define(*result, value);
            }
        }
        if leaves {
            self.active = self.slot_active(breaks.left);
            self.sure = false;
        }
        Ok(())
    }

    /// Takes a condition apart into what all lanes have in common, and the rest.
    fn conjuncts(
        &self,
        region: RegionId,
        condition: ValueId,
        all: &mut Vec<ValueId>,
        each: &mut Vec<ValueId>,
    ) {
        if self.plan.shape(condition) == Shape::Uniform {
            return all.push(condition);
        }
        let def = self.function.values[condition].def;
        if let ValueDef::Result(op, _) = def
            && let OpKind::Int(IntOp::And, _) = self.function.ops[op].kind
            && self.function.regions[region].ops.contains(&op)
        {
            let args = self.function.ops[op].args.clone();
            for arg in args {
                self.conjuncts(region, arg, all, each);
            }
        } else {
            each.push(condition);
        }
    }

    /// Results of a loop that lanes leave by its condition which are uniform counters inside: the final value is the
    /// initial one and a step for each iteration that the lane did.
    fn counts(&self, op: OpId, label: LabelId, cond: RegionId, body: RegionId) -> Vec<Count> {
        let function = &*self.function;
        let results = &function.ops[op].results;
        let by_lane = self.plan.ends_by_lane(function, op);
        let other_ways = self.plan.has_divergent(function, label, true)
            || self.plan.has_divergent(function, label, false)
            || !self.plan.leaves(function, op).is_empty();
        let (Some(end), Some(tail)) = (function.terminator(cond), function.terminator(body)) else {
            return Vec::new();
        };
        let exits = edit::exits(function, body).labels;
        let next = &function.ops[tail];
        if !by_lane || other_ways || !exits.is_subset(&[label].into()) {
            return Vec::new();
        }
        if !self.plan.is_tail(function, tail) || self.plan.exits(label) != 1 {
            return Vec::new();
        }
        let heads = &function.regions[cond].params;
        let params = &function.regions[body].params;
        let mut counts = Vec::new();
        for (result, value) in function.ops[end].args[1..].iter().enumerate() {
            let Some(head) = heads.iter().position(|head| head == value) else {
                continue;
            };
            let used = self.used[results[result]] > 0;
            if !used || self.plan.shape(*value) != Shape::Uniform {
                continue;
            }
            let Some(add) = function.def_op(next.args[head]) else {
                continue;
            };
            if !matches!(add.kind, OpKind::Int(IntOp::Add, _)) || add.args[0] != params[result] {
                continue;
            }
            if let Some(step) = function.const_int(add.args[1]) {
                counts.push(Count { result, head, step });
            }
        }
        counts
    }
}
/// See [`Widener::counts`].
struct Count {
    result: usize,
    head: usize,
    step: i64,
}
