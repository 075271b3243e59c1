//! Branches, blocks, and lanes that leave (`loops` has the loops). A condition that is the same in all lanes stays a branch; one that varies becomes a mask, and both
//! sides are written one behind the other.
//!
//! Lanes that `break` or `next` while others stay leave their values in *slots*: vectors that are picked up where the
//! label's construct ends. A loop that lanes leave one by one carries the mask of those still in it, and ends with the
//! last. Slots are followed like variables: a branch yields those that a side has changed, a loop carries them.

use snek_mir::ir::{IntOp, LabelId, OpId, OpKind, RegionId, Type, ValueId};

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
pub(super) struct Landing {
    pub(super) left: Option<usize>,
    pub(super) values: Vec<Option<usize>>,
}

impl Landing {
    pub(super) fn slots(&self) -> impl Iterator<Item = usize> {
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
    pub(super) breaks: Landing,
    pub(super) nexts: Landing,
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

    pub(super) fn slot(&mut self, ty: Type) -> usize {
        self.slot_types.push(ty);
        // Slots of a branch's other side have been dropped.
        self.slots.resize(self.slot_types.len(), None);
        self.slots.len() - 1
    }

    /// What is in a slot.
    pub(super) fn in_slot(&mut self, slot: usize) -> Result<ValueId, Obstacle> {
        match self.slots[slot] {
            Some(value) => Ok(value),
            None => self.zero(self.slot_types[slot]),
        }
    }

    /// Writes into a new region; vectors of scalars that are made there are forgotten behind it.
    pub(super) fn inside<T>(
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

    pub(super) fn is_closed(&self, region: RegionId) -> bool {
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
            _ => return self.escape(),
        };
        let escapes = breaks && self.plan.is_root(label);
        let Some(target) = self.targets.get(&label).filter(|_| !escapes) else {
            return self.escape();
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
            if self.plan.is_root(label) {
                self.next_iterations(args);
                self.active = Active::Nobody;
                return Ok(End::Left);
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
        self.partings += 1;
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
    pub(super) fn narrow(&mut self, active: Active, mask: ValueId) -> ValueId {
        match active {
            Active::Some(outer) => self.int(IntOp::And, outer, mask),
            _ => mask,
        }
    }

    /// The lanes of either.
    pub(super) fn widest(&mut self, a: Active, b: Active) -> Active {
        match (a, b) {
            (Active::Nobody, other) | (other, Active::Nobody) => other,
            (Active::Some(a), Active::Some(b)) if a != b => Active::Some(self.int(IntOp::Or, a, b)),
            (Active::Some(a), Active::Some(_)) => Active::Some(a),
            _ => Active::All,
        }
    }

    pub(super) fn slot_active(&self, slot: Option<usize>) -> Active {
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
        let partings = self.partings;
        let a = self.masked(then, taken, &results, &used, &types)?;
        // A side that no lane takes, or else all leave.
        let gone = self.active == Active::Nobody && self.partings == partings;
        if gone {
            (self.active, self.sure) = (entry, sure);
            let b = self.yielding(other, &results, &used)?;
            for (n, value) in used.iter().zip(b.unwrap_or_default()) {
                self.define(results[*n], value);
            }
            return Ok(());
        }
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
            let partings = self.partings;
            let b = self.masked(other, rest, &results, &used, &types)?;
            let gone = self.active == Active::Nobody && self.partings == partings;
            if gone && !parted {
                // All lanes that are still here took the first side.
                (self.active, self.sure) = (entry, sure);
                for (n, value) in used.iter().zip(a.unwrap_or_default()) {
                    self.define(results[*n], value);
                }
                return Ok(());
            }
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
        let escapes = self.plan.is_escaping(region);
        if !escapes && self.plan.cost(self.function, region) >= WORTH_A_TEST {
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
}
