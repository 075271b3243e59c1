//! Branches and loops. A condition that is the same in all lanes stays a branch; one that varies becomes a mask, and both
//! sides are written one behind the other.
//!
//! Lanes that `break` or `next` while others stay leave their values in *slots*: vectors that are picked up where the
//! label's construct ends. A loop that lanes leave one by one carries the mask of those still in it, and ends with the
//! last. Slots are followed like variables: a branch yields those that a side has changed, a loop carries them.

use snek_mir::edit;
use snek_mir::ir::{
    Compare, For, IntOp, LabelId, OpId, OpKind, ReductionOp, RegionId, Type, ValueId,
};

use super::shapes::Shape;
use super::{Active, Obstacle, Widener};

/// What a side of a branch must cost to be jumped over when no lane takes it.
const WORTH_A_TEST: u32 = 16;

/// How a region ended.
pub(super) enum End {
    /// With these operands, as they were before.
    Yield(Vec<ValueId>),
    /// The end of a loop's body.
    Next(Vec<ValueId>),
    /// No lane comes to its end.
    Left,
}

/// Where lanes that leave are waited for: slots for the mask of those that have, and for what they bring.
#[derive(Clone, Default)]
struct Landing {
    left: Option<usize>,
    values: Vec<Option<usize>>,
}

impl Landing {
    fn slots(&self) -> impl Iterator<Item = usize> {
        self.left
            .into_iter()
            .chain(self.values.iter().copied().flatten())
    }
}

/// What a label of the loop has become.
pub(super) struct Target {
    pub(super) label: LabelId,
    /// The parameters that `next` gives values to, and the results that `break` does.
    params: Vec<ValueId>,
    results: Vec<ValueId>,
    breaks: Landing,
    nexts: Landing,
}

/// A side of a branch after it was written.
struct Side {
    region: RegionId,
    /// It ended with a terminator of its own.
    closed: bool,
    values: Option<Vec<ValueId>>,
    slots: Vec<Option<ValueId>>,
    active: Active,
    sure: bool,
}

impl Widener<'_> {
    /// What a label becomes.
    pub(super) fn target(
        &mut self,
        owner: OpId,
        old: LabelId,
        params: &[ValueId],
        results: &[ValueId],
    ) -> Result<Target, Obstacle> {
        let name = self.function.labels[old].clone();
        let label = self.function.add_label(name);
        let mut target = Target {
            label,
            params: params.to_vec(),
            results: results.to_vec(),
            breaks: Landing::default(),
            nexts: Landing::default(),
        };
        if self.plan.has_divergent(self.function, old, true) {
            if !self.plan.leaves(self.function, owner).is_empty() {
                target.breaks.left = Some(self.slot(self.mask_type()));
            }
            for result in results {
                let slot = self.used[*result] > 0 && self.plan.shape(*result) == Shape::Varying;
                let ty = self.vector_type(self.function.ty(*result))?;
                let slot = slot.then(|| self.slot(ty));
                target.breaks.values.push(slot);
            }
        }
        if self.plan.has_divergent(self.function, old, false) {
            if self.plan.ends_by_lane(self.function, owner) {
                target.nexts.left = Some(self.slot(self.mask_type()));
            }
            for param in params {
                let slot = self.plan.shape(*param) == Shape::Varying;
                let ty = self.type_of(*param)?;
                let slot = slot.then(|| self.slot(ty));
                target.nexts.values.push(slot);
            }
        }
        Ok(target)
    }

    fn slot(&mut self, ty: Type) -> usize {
        self.slot_types.push(ty);
        // Slots of a branch's other side have been dropped.
        self.slots.resize(self.slot_types.len(), None);
        self.slots.len() - 1
    }

    /// What is in a slot.
    fn in_slot(&mut self, slot: usize) -> Result<ValueId, Obstacle> {
        match self.slots[slot] {
            Some(value) => Ok(value),
            None => self.zero(self.slot_types[slot]),
        }
    }

    /// Writes into a new region; vectors of scalars that are made there are forgotten behind it.
    fn inside<T>(
        &mut self,
        region: RegionId,
        write: impl FnOnce(&mut Self) -> Result<T, Obstacle>,
    ) -> Result<T, Obstacle> {
        let outside = std::mem::replace(&mut self.region, region);
        let (known, site) = (self.spread.len(), self.site);
        let written = write(self)?;
        for value in self.spread.drain(known..) {
            self.vectors.remove(&value);
        }
        self.region = outside;
        self.site = site;
        Ok(written)
    }

    fn is_closed(&self, region: RegionId) -> bool {
        self.function.terminator(region).is_some()
    }

    /// `break`, `next`, `yield`.
    pub(super) fn terminator(&mut self, op: OpId) -> Result<End, Obstacle> {
        let data = self.function.ops[op].clone();
        let (label, breaks) = match data.kind {
            OpKind::Yield => return Ok(End::Yield(data.args)),
            OpKind::Next(_) if self.plan.is_tail(self.function, op) => {
                return Ok(End::Next(data.args));
            }
            OpKind::Next(label) => (label, false),
            OpKind::Break(label) => (label, true),
            OpKind::Unreachable => {
                self.active = Active::Nobody;
                return Ok(End::Left);
            }
            _ => return self.obstacle("the loop may be left early"),
        };
        let Some(target) = self.targets.get(&label) else {
            return self.obstacle("the loop may be left early");
        };
        let new = target.label;
        let (wanted, landing) = if breaks {
            (target.results.clone(), target.breaks.clone())
        } else {
            (target.params.clone(), target.nexts.clone())
        };
        if self.plan.is_divergent(op) {
            self.leave(&data.args, &landing)?;
        } else {
            let mut args = Vec::new();
            for (value, wanted) in data.args.iter().zip(wanted) {
                args.push(self.form(*value, wanted)?);
            }
            let kind = if breaks {
                OpKind::Break(new)
            } else {
                OpKind::Next(new)
            };
            self.op(kind, args, &[]);
        }
        self.active = Active::Nobody;
        Ok(End::Left)
    }

    /// The active lanes leave: what they bring goes into the slots.
    fn leave(&mut self, args: &[ValueId], landing: &Landing) -> Result<(), Obstacle> {
        let active = self.active;
        for (value, slot) in args.iter().zip(&landing.values) {
            let Some(slot) = *slot else { continue };
            let value = self.vector(*value)?;
            self.slots[slot] = Some(match (self.slots[slot], active) {
                (Some(old), Active::Some(mask)) => self.pick(mask, value, old),
                _ => value,
            });
        }
        if let Some(slot) = landing.left {
            let mask = self.mask();
            self.slots[slot] = Some(match self.slots[slot] {
                Some(old) => self.int(IntOp::Or, old, mask),
                None => mask,
            });
        }
        Ok(())
    }

    /// What lanes that come to the end bring, and those that left before.
    fn land(
        &mut self,
        slot: Option<usize>,
        value: Option<ValueId>,
    ) -> Result<Option<ValueId>, Obstacle> {
        let left = slot.and_then(|slot| self.slots[slot]);
        Ok(match (value, left, self.active) {
            (Some(value), Some(left), Active::Some(mask)) => Some(self.pick(mask, value, left)),
            (Some(value), None, _) | (Some(value), _, Active::All) => Some(value),
            (_, left, _) => left,
        })
    }

    /// The carried values at the end of a loop's body.
    pub(super) fn next_values(
        &mut self,
        label: LabelId,
        end: &End,
        params: &[ValueId],
    ) -> Result<Vec<ValueId>, Obstacle> {
        let landing = self.targets[&label].nexts.clone();
        let mut values = Vec::new();
        for (n, param) in params.iter().enumerate() {
            let value = match end {
                End::Next(args) => Some(self.form(args[n], *param)?),
                // All lanes bring the same value.
                _ if self.plan.shape(*param) != Shape::Varying => {
                    let steady = self.plan.argument(self.function, label, n);
                    Some(self.scalar(steady.unwrap_or(*param))?)
                }
                _ => None,
            };
            let slot = landing.values.get(n).copied().flatten();
            values.push(match self.land(slot, value)? {
                Some(value) => value,
                None => self.form(*param, *param)?,
            });
        }
        Ok(values)
    }

    /// `and` of a mask with the active lanes.
    fn narrow(&mut self, active: Active, mask: ValueId) -> ValueId {
        match active {
            Active::Some(outer) => self.int(IntOp::And, outer, mask),
            _ => mask,
        }
    }

    /// The lanes of either.
    fn widest(&mut self, a: Active, b: Active) -> Active {
        match (a, b) {
            (Active::Nobody, other) | (other, Active::Nobody) => other,
            (Active::Some(a), Active::Some(b)) if a != b => Active::Some(self.int(IntOp::Or, a, b)),
            (Active::Some(a), Active::Some(_)) => Active::Some(a),
            _ => Active::All,
        }
    }

    fn slot_active(&self, slot: Option<usize>) -> Active {
        let left = slot.and_then(|slot| self.slots[slot]);
        left.map_or(Active::Nobody, Active::Some)
    }

    /// What runs only if a lane is active; zeros otherwise.
    pub(super) fn if_any(
        &mut self,
        types: &[Type],
        write: impl FnOnce(&mut Self) -> Result<Vec<ValueId>, Obstacle>,
    ) -> Result<Vec<ValueId>, Obstacle> {
        let values = self.guarded(types, |this| write(this).map(Some))?;
        match values {
            Some(values) => Ok(values),
            None => self.obstacle("a branch has no end"),
        }
    }

    fn guarded(
        &mut self,
        types: &[Type],
        write: impl FnOnce(&mut Self) -> Result<Option<Vec<ValueId>>, Obstacle>,
    ) -> Result<Option<Vec<ValueId>>, Obstacle> {
        let mask = self.mask();
        let any = self.any(mask);
        let sure = self.sure;
        let then = |this: &mut Self| {
            this.sure = true;
            write(this)
        };
        let values = self.branch(any, types, true, then, |_| Ok(None))?;
        // Unless lanes have left it is as sure as before.
        self.sure &= sure;
        Ok(values)
    }

    /// A branch. Its sides give values of `types`, or none if no lane comes to their end. The second side of a guard is
    /// where no lane is active.
    fn branch(
        &mut self,
        condition: ValueId,
        types: &[Type],
        guard: bool,
        then: impl FnOnce(&mut Self) -> Result<Option<Vec<ValueId>>, Obstacle>,
        other: impl FnOnce(&mut Self) -> Result<Option<Vec<ValueId>>, Obstacle>,
    ) -> Result<Option<Vec<ValueId>>, Obstacle> {
        let before = (self.slots.clone(), self.active, self.sure);
        let then = self.side(then)?;
        (self.slots, self.active, self.sure) = before.clone();
        let mut other = self.side(other)?;
        let (slots, active, sure) = before;
        self.slots.clone_from(&slots);
        if guard {
            other.active = match then.active {
                state if state == active => active,
                _ => Active::Nobody,
            };
            other.sure = then.sure;
        }
        let sides = [then, other];
        let open: Vec<&Side> = sides.iter().filter(|side| !side.closed).collect();
        let ends = open.iter().any(|side| side.values.is_some());
        // What sides have changed becomes a result.
        let changed: Vec<usize> = (0..slots.len())
            .filter(|s| open.iter().any(|side| side.slots[*s] != slots[*s]))
            .collect();
        let same = open.iter().all(|side| side.active == active);
        let nobody = open.iter().all(|side| side.active == Active::Nobody);
        let merged = !same && !nobody;
        let still_sure = sure && open.iter().all(|side| side.sure);
        let mut results = Vec::new();
        if !open.is_empty() {
            if ends {
                results.extend_from_slice(types);
            }
            results.extend(changed.iter().map(|slot| self.slot_types[*slot]));
            if merged {
                results.push(self.mask_type());
            }
        }
        for side in &sides {
            if side.closed {
                continue;
            }
            self.inside(side.region, |this| {
                let mut values = Vec::new();
                match &side.values {
                    Some(given) if ends => values.extend_from_slice(given),
                    None if ends => {
                        for ty in types {
                            values.push(this.zero(*ty)?);
                        }
                    }
                    _ => {}
                }
                for slot in &changed {
                    values.push(match side.slots[*slot] {
                        Some(value) => value,
                        None => this.zero(this.slot_types[*slot])?,
                    });
                }
                if merged {
                    this.active = side.active;
                    values.push(this.mask());
                }
                this.op(OpKind::Yield, values, &[]);
                Ok(())
            })?;
        }
        let kind = OpKind::If {
            then: sides[0].region,
            other: sides[1].region,
        };
        let mut values = self.op(kind, vec![condition], &results);
        self.active = if open.is_empty() || nobody {
            Active::Nobody
        } else if merged {
            values.pop().map_or(Active::All, Active::Some)
        } else {
            active
        };
        self.sure = still_sure;
        let own = if ends { types.len() } else { 0 };
        for (slot, value) in changed.into_iter().zip(values.drain(own..)) {
            self.slots[slot] = Some(value);
        }
        Ok(ends.then_some(values))
    }

    fn side(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<Option<Vec<ValueId>>, Obstacle>,
    ) -> Result<Side, Obstacle> {
        let region = self.function.add_region();
        let values = self.inside(region, write)?;
        Ok(Side {
            region,
            closed: self.is_closed(region),
            values,
            slots: self.slots.clone(),
            active: self.active,
            sure: self.sure,
        })
    }

    /// A region that yields: its values in the form of these results.
    fn yielding(
        &mut self,
        region: RegionId,
        results: &[ValueId],
        used: &[usize],
    ) -> Result<Option<Vec<ValueId>>, Obstacle> {
        let End::Yield(args) = self.ops(region)? else {
            return Ok(None);
        };
        let mut values = Vec::new();
        for n in used {
            values.push(self.form(args[*n], results[*n])?);
        }
        Ok(Some(values))
    }

    pub(super) fn if_(
        &mut self,
        op: OpId,
        then: RegionId,
        other: RegionId,
    ) -> Result<(), Obstacle> {
        let data = self.function.ops[op].clone();
        let results = data.results;
        let used: Vec<usize> = (0..results.len())
            .filter(|n| self.used[results[*n]] > 0)
            .collect();
        let mut types = Vec::new();
        for n in &used {
            types.push(self.type_of(results[*n])?);
        }
        if self.plan.shape(data.args[0]) == Shape::Uniform {
            let condition = self.scalar(data.args[0])?;
            let values = self.branch(
                condition,
                &types,
                false,
                |this| this.yielding(then, &results, &used),
                |this| this.yielding(other, &results, &used),
            )?;
            for (n, value) in used.iter().zip(values.unwrap_or_default()) {
                self.define(results[*n], value);
            }
            return Ok(());
        }
        let (entry, sure) = (self.active, self.sure);
        let condition = self.vector(data.args[0])?;
        let taken = self.narrow(entry, condition);
        let a = self.masked(then, taken, &results, &used, &types)?;
        let a_end = self.active;
        let parted = a_end != Active::Some(taken);
        let trivial = self.function.regions[other].ops.len() == 1
            && super::shapes::yielded(self.function, other).is_some();
        let (b, b_end, b_parted) = if trivial && !parted {
            self.active = entry;
            (self.yielding(other, &results, &used)?, entry, false)
        } else {
            let not = self.not(condition);
            let rest = self.narrow(entry, not);
            let b = self.masked(other, rest, &results, &used, &types)?;
            (b, self.active, self.active != Active::Some(rest))
        };
        if parted || b_parted {
            self.active = self.widest(a_end, b_end);
            self.sure = false;
        } else {
            self.active = entry;
            self.sure = sure;
        }
        for (k, n) in used.iter().enumerate() {
            let value = match (&a, &b) {
                (Some(a), Some(b)) if self.plan.shape(results[*n]) == Shape::Varying => {
                    self.pick(condition, a[k], b[k])
                }
                // The same value, which is known outside.
                (Some(_), Some(b)) if trivial => b[k],
                (Some(_), Some(_)) => {
                    let end = super::shapes::yielded(self.function, then);
                    let value = end.map(|end| end[*n]);
                    self.scalar(value.unwrap_or(results[*n]))?
                }
                (Some(value), None) | (None, Some(value)) => value[k],
                (None, None) => return Ok(()),
            };
            self.define(results[*n], value);
        }
        Ok(())
    }

    /// A region for the lanes of a mask, behind a test if it is worth that.
    fn masked(
        &mut self,
        region: RegionId,
        mask: ValueId,
        results: &[ValueId],
        used: &[usize],
        types: &[Type],
    ) -> Result<Option<Vec<ValueId>>, Obstacle> {
        self.active = Active::Some(mask);
        self.sure = false;
        if self.plan.cost(self.function, region) >= WORTH_A_TEST {
            return self.guarded(types, |this| this.yielding(region, results, used));
        }
        self.yielding(region, results, used)
    }

    pub(super) fn block(
        &mut self,
        op: OpId,
        label: LabelId,
        body: RegionId,
    ) -> Result<(), Obstacle> {
        let results = self.function.ops[op].results.clone();
        let used: Vec<usize> = (0..results.len())
            .filter(|n| self.used[results[*n]] > 0)
            .collect();
        let target = self.target(op, label, &[], &results)?;
        let (new, landing) = (target.label, target.breaks.clone());
        self.targets.insert(label, target);
        let (entry, sure) = (self.active, self.sure);
        if self.plan.is_flat(self.function, op) {
            let leaves = !self.plan.leaves(self.function, op).is_empty();
            let values = self.yielding(body, &results, &used)?;
            for (k, n) in used.iter().enumerate() {
                let value = values.as_ref().map(|values| values[k]);
                let slot = landing.values.get(*n).copied().flatten();
                let value = match self.land(slot, value)? {
                    Some(value) => value,
                    None => {
                        let ty = self.type_of(results[*n])?;
                        self.zero(ty)?
                    }
                };
                self.define(results[*n], value);
            }
            if leaves {
                let left = self.slot_active(landing.left);
                self.active = self.widest(self.active, left);
                self.sure = false;
            } else {
                self.active = entry;
                self.sure = sure;
            }
            return Ok(());
        }
        let region = self.function.add_region();
        self.inside(region, |this| {
            let all: Vec<usize> = (0..results.len()).collect();
            match this.yielding(body, &results, &all)? {
                Some(values) => this.op(OpKind::Yield, values, &[]),
                None if !this.is_closed(region) => this.op(OpKind::Unreachable, vec![], &[]),
                None => Vec::new(),
            };
            Ok(())
        })?;
        (self.active, self.sure) = (entry, sure);
        let mut types = Vec::new();
        for result in &results {
            types.push(self.type_of(*result)?);
        }
        let kind = OpKind::Block {
            label: new,
            body: region,
        };
        let values = self.op(kind, Vec::new(), &types);
        for (result, value) in results.iter().zip(values) {
            self.define(*result, value);
        }
        Ok(())
    }

    /// What is stored in a loop may have been stored before anything in it.
    fn expect_stores(&mut self, op: OpId) {
        for region in self.function.ops[op].kind.regions() {
            let ops = edit::ops_in(self.function, region);
            self.stored |= ops
                .iter()
                .any(|op| self.function.ops[*op].kind.properties().writes);
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
                this.unless(any, OpKind::Break(label), next.clone());
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

    /// Does what the terminator says if the condition is false.
    fn unless(&mut self, condition: ValueId, terminator: OpKind, args: Vec<ValueId>) {
        let (then, other) = (self.function.add_region(), self.function.add_region());
        let here = std::mem::replace(&mut self.region, then);
        self.op(OpKind::Yield, Vec::new(), &[]);
        self.region = other;
        self.op(terminator, args, &[]);
        self.region = here;
        self.op(OpKind::If { then, other }, vec![condition], &[]);
    }

    /// Start and stop of a loop that does the iterations of all lanes, and the tests for those of each.
    #[allow(clippy::type_complexity)]
    fn union_of_ranges(
        &mut self,
        args: &[ValueId],
        step: i64,
    ) -> Result<(Vec<ValueId>, Vec<(Compare, ValueId)>), Obstacle> {
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
        if let snek_mir::ir::ValueDef::Result(op, _) = def
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
