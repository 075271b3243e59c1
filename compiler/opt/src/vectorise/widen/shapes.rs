//! What each value of a loop's body is when lanes run at once, and where lanes part.
//!
//! A value is the same in all lanes, or differs by a constant from lane to lane, or is anything: *uniform*, *linear*,
//! *varying*. That is said of the lanes that are at the value's definition together: a counter of a loop that lanes leave
//! at different times is uniform inside, while its final value varies. Found by walking the body until nothing changes,
//! starting from the best.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use snek_mir::edit::{self, Parents};
use snek_mir::ir::{
    Function, IntOp, IntUnaryOp, LabelId, LoopKind, OpId, OpKind, Overflow, RegionId, Type, ValueId,
};
use snek_mir::ops::Raises;

use super::{Carry, Obstacle, obstacle};

/// What the lanes of a value have to do with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The same in all lanes.
    Uniform,
    /// Lane k is lane 0 plus k times this, which is not 0; I64.
    Linear(i64),
    /// Anything.
    Varying,
}

impl Shape {
    fn linear(step: Option<i64>) -> Shape {
        match step {
            Some(0) => Shape::Uniform,
            Some(step) => Shape::Linear(step),
            None => Shape::Varying,
        }
    }

    /// The distance from lane to lane, if it is constant.
    pub fn step(self) -> Option<i64> {
        match self {
            Shape::Uniform => Some(0),
            Shape::Linear(step) => Some(step),
            Shape::Varying => None,
        }
    }

    fn join(self, other: Shape) -> Shape {
        if self == other { self } else { Shape::Varying }
    }
}

/// The shapes of a body, and the control flow by which lanes part.
pub struct Plan {
    shapes: FxHashMap<ValueId, Shape>,
    /// What the body defines.
    inside: FxHashSet<ValueId>,
    /// `break`s and `next`s by which some lanes leave what others stay in.
    divergent: BTreeSet<OpId>,
    /// Counted loops whose bounds vary.
    ranged: FxHashSet<OpId>,
    /// Regions that surely end by leaving the loop: they are not done in lanes.
    escaping: FxHashSet<RegionId>,
    /// `break`s and `next`s by what they name.
    exits: FxHashMap<LabelId, Vec<OpId>>,
    /// Who owns a label.
    owners: FxHashMap<LabelId, OpId>,
    parents: Parents,
    root: OpId,
    changed: bool,
    /// What is carried as a scalar, and the ops that change it lane by lane.
    in_order: FxHashMap<ValueId, OpId>,
}

impl Plan {
    /// Analyses the body of a loop.
    pub fn new(
        function: &Function,
        root: OpId,
        carries: &[Carry],
        may_exit: bool,
    ) -> Result<Plan, Obstacle> {
        let mut plan = Plan {
            shapes: FxHashMap::default(),
            inside: FxHashSet::default(),
            divergent: BTreeSet::new(),
            ranged: FxHashSet::default(),
            escaping: FxHashSet::default(),
            exits: FxHashMap::default(),
            owners: FxHashMap::default(),
            parents: Parents::compute(function),
            root,
            changed: true,
            in_order: FxHashMap::default(),
        };
        let OpKind::For(data) = &function.ops[root].kind else {
            return Err(obstacle(function, root, "it is no counted loop"));
        };
        plan.owners.insert(data.label, root);
        for region in edit::regions_in(function, data.body) {
            plan.inside.extend(&function.regions[region].params);
        }
        for op in edit::ops_in(function, data.body) {
            plan.inside.extend(&function.ops[op].results);
            plan.owners
                .extend(function.ops[op].kind.label().map(|label| (label, op)));
        }
        let mut skipped = FxHashSet::default();
        for region in edit::regions_in(function, data.body) {
            if may_exit && plan.must_escape(function, region) {
                plan.escaping.insert(region);
                skipped.extend(edit::ops_in(function, region));
            }
        }
        for op in edit::ops_in(function, data.body) {
            if !skipped.contains(&op) {
                plan.survey(function, op, may_exit)?;
            }
        }
        // What leaves the loop is no exit by which lanes part: they all leave.
        let mut outside = None;
        for (label, exits) in &mut plan.exits {
            let owner = plan.owners.get(label).copied();
            exits.retain(|exit| {
                let breaks = matches!(function.ops[*exit].kind, OpKind::Break(_));
                let inside = owner.is_some_and(|owner| owner != root || !breaks);
                if !inside {
                    outside = Some(*exit);
                }
                inside
            });
        }
        if let (Some(exit), false) = (outside, may_exit) {
            return Err(obstacle(function, exit, "the loop may be left early"));
        }
        let params = &function.regions[data.body].params;
        plan.shapes.insert(params[0], Shape::Linear(data.step));
        for (param, carry) in params[1..].iter().zip(carries) {
            let shape = match carry {
                Carry::Lanes(_) => Shape::Varying,
                Carry::Unchanged => Shape::Uniform,
                Carry::InOrder(op) => {
                    plan.in_order.insert(*param, *op);
                    Shape::Uniform
                }
            };
            plan.shapes.insert(*param, shape);
        }
        while plan.changed {
            plan.changed = false;
            plan.region(function, data.body);
            plan.part(function);
        }
        plan.accept(function, data.body)?;
        Ok(plan)
    }

    /// What no shape can help with; collects exits.
    fn survey(&mut self, function: &Function, op: OpId, may_exit: bool) -> Result<(), Obstacle> {
        let data = &function.ops[op];
        let reason = match &data.kind {
            OpKind::Call(_) | OpKind::ParallelCall { .. } => "a function is called",
            OpKind::Atomic(..) => "an element is changed atomically",
            OpKind::Return | OpKind::Raise(_) if may_exit => return Ok(()),
            OpKind::Return => "the loop may be left early",
            OpKind::Raise(_) => "an exception may be raised",
            OpKind::CallRuntime(_) if data.kind.properties().writes => "the runtime is called",
            OpKind::For(inner) if inner.kind != LoopKind::Serial => {
                "it has a loop that does not run in order"
            }
            OpKind::Break(label) | OpKind::Next(label) => {
                self.exits.entry(*label).or_default().push(op);
                return Ok(());
            }
            _ => {
                let vector = |v: &ValueId| function.ty(*v).lanes().is_some_and(|lanes| lanes > 0);
                if !data.results.iter().any(vector) {
                    return Ok(());
                }
                "it is in lanes already"
            }
        };
        Err(obstacle(function, op, reason))
    }

    /// The region ends by raising or leaving the loop, and has no other end.
    fn must_escape(&self, function: &Function, region: RegionId) -> bool {
        let leaves = |label: &LabelId| !self.owners.contains_key(label);
        let Some(end) = function.terminator(region) else {
            return false;
        };
        let escapes = match &function.ops[end].kind {
            OpKind::Raise(_) | OpKind::Return => true,
            OpKind::Next(label) => leaves(label),
            OpKind::Break(label) => leaves(label) || self.is_root(*label),
            _ => false,
        };
        let root = |label: &LabelId| self.is_root(*label);
        let exits = edit::exits(function, region).labels;
        let ends = |op: &OpId| matches!(function.ops[*op].kind, OpKind::Next(_));
        let continues = edit::ops_in(function, region).iter().any(ends);
        escapes && exits.iter().all(|l| leaves(l) || root(l)) && !continues
    }

    /// See `escaping`.
    pub fn is_escaping(&self, region: RegionId) -> bool {
        self.escaping.contains(&region)
    }

    /// What the shapes turned out to be must be possible.
    fn accept(&self, function: &Function, body: RegionId) -> Result<(), Obstacle> {
        let mut skipped = FxHashSet::default();
        for region in edit::regions_in(function, body) {
            if self.is_escaping(region) || skipped.contains(&region) {
                skipped.extend(edit::regions_in(function, region));
                continue;
            }
            let values = function.regions[region].params.clone();
            let owner = self.parents.owner_of[region].unwrap_or(self.root);
            self.accept_values(function, owner, &values)?;
            for op in &function.regions[region].ops {
                let data = &function.ops[*op];
                if !matches!(data.kind, OpKind::Row(_)) {
                    self.accept_values(function, *op, &data.results)?;
                }
                if self.ranged.contains(op)
                    && matches!(&data.kind, OpKind::For(data) if data.step.abs() != 1)
                {
                    let reason = "the bounds of an inner loop differ between iterations";
                    return Err(obstacle(function, *op, reason));
                }
                if let OpKind::While { cond, .. } = data.kind {
                    let exits = edit::exits(function, cond);
                    if !exits.labels.is_empty() {
                        return Err(obstacle(function, *op, "a condition leaves the loop"));
                    }
                }
            }
        }
        Ok(())
    }

    fn accept_values(
        &self,
        function: &Function,
        op: OpId,
        values: &[ValueId],
    ) -> Result<(), Obstacle> {
        let opaque = |v: &ValueId| matches!(function.ty(*v), Type::Array(_) | Type::Ptr);
        let varies = |v: &ValueId| opaque(v) && self.shape(*v) != Shape::Uniform;
        if values.iter().any(varies) {
            let reason = "which array is used differs between iterations";
            return Err(obstacle(function, op, reason));
        }
        Ok(())
    }

    /// The shape of a value; what is defined outside of the loop is uniform.
    pub fn shape(&self, value: ValueId) -> Shape {
        self.shapes.get(&value).copied().unwrap_or(Shape::Uniform)
    }

    /// The op does something to a carried scalar, lane by lane.
    pub fn is_in_order(&self, op: OpId) -> bool {
        self.in_order.values().any(|known| *known == op)
    }

    /// The value is such a scalar.
    pub fn is_carried_in_order(&self, value: ValueId) -> bool {
        self.in_order.contains_key(&value)
    }

    /// The value is defined in the loop.
    pub fn is_inside(&self, value: ValueId) -> bool {
        self.inside.contains(&value)
    }

    /// By this `break` or `next` some lanes leave what others stay in.
    pub fn is_divergent(&self, exit: OpId) -> bool {
        self.divergent.contains(&exit)
    }

    /// The bounds of this counted loop vary.
    pub fn is_ranged(&self, op: OpId) -> bool {
        self.ranged.contains(&op)
    }

    /// Some divergent exit breaks (or continues) this label.
    pub fn has_divergent(&self, function: &Function, label: LabelId, breaks: bool) -> bool {
        let exits = self.exits.get(&label).map_or(&[][..], Vec::as_slice);
        exits.iter().any(|exit| {
            self.is_divergent(*exit)
                && breaks == matches!(function.ops[*exit].kind, OpKind::Break(_))
        })
    }

    /// The label of the loop that is widened.
    pub fn is_root(&self, label: LabelId) -> bool {
        self.owners.get(&label) == Some(&self.root)
    }

    /// How many `break`s and `next`s name a label.
    pub fn exits(&self, label: LabelId) -> usize {
        self.exits.get(&label).map_or(0, Vec::len)
    }

    /// What the first `next` of a label gives to the n-th carried value.
    pub fn argument(&self, function: &Function, label: LabelId, n: usize) -> Option<ValueId> {
        let nexts = self.arguments(function, label, false);
        nexts.first().map(|args| args[n])
    }

    /// Labels around an op that divergent exits in it name, each with whether it is broken.
    pub fn leaves(&self, function: &Function, op: OpId) -> BTreeSet<(LabelId, bool)> {
        let mut found = BTreeSet::new();
        for exit in &self.divergent {
            let kind = &function.ops[*exit].kind;
            let Some(label) = kind.target() else { continue };
            if self.is_around(op, *exit) && self.is_around(self.owners[&label], op) {
                found.insert((label, matches!(kind, OpKind::Break(_))));
            }
        }
        found
    }

    /// Lanes may be done with this loop at different times.
    pub fn ends_by_lane(&self, function: &Function, op: OpId) -> bool {
        let data = &function.ops[op];
        let Some(label) = data.kind.label() else {
            return false;
        };
        self.has_varying_condition(function, op)
            || self.has_divergent(function, label, true)
            || !self.leaves(function, op).is_empty()
    }

    /// A block of which lanes leave by themselves.
    pub fn is_flat(&self, function: &Function, op: OpId) -> bool {
        let label = function.ops[op].kind.label();
        label.is_some_and(|label| self.has_divergent(function, label, true))
            || !self.leaves(function, op).is_empty()
    }

    /// Some lanes may not be at this op when others are.
    pub fn is_masked(&self, function: &Function, op: OpId) -> bool {
        let parts = |owner: OpId| {
            self.has_varying_condition(function, owner)
                || self.ranged.contains(&owner)
                || self.ends_by_lane(function, owner)
        };
        let names = |label: LabelId| self.is_around(self.owners[&label], op);
        self.ancestors(op).iter().any(|owner| parts(*owner))
            || self
                .divergent
                .iter()
                .any(|e| function.ops[*e].kind.target().is_some_and(names))
    }

    /// Something in a region stores, unless the loop is left there.
    pub fn writes(&self, function: &Function, region: RegionId) -> bool {
        !self.is_escaping(region)
            && function.regions[region].ops.iter().any(|op| {
                let kind = &function.ops[*op].kind;
                let inner = kind.regions();
                kind.properties().writes || inner.iter().any(|r| self.writes(function, *r))
            })
    }

    /// What computing a region takes, roughly.
    pub fn cost(&self, function: &Function, region: RegionId) -> u32 {
        let cost = |op: &OpId| match &function.ops[*op].kind {
            OpKind::ConstInt(_) | OpKind::ConstFloat(_) | OpKind::Undefined | OpKind::Yield => 0,
            OpKind::For(_) | OpKind::While { .. } | OpKind::CallRuntime(_) => 100,
            OpKind::Int(IntOp::FloorDiv | IntOp::FloorMod, _) => 40,
            kind if kind.properties().raises != Raises::No => 100,
            OpKind::Float(snek_mir::ir::FloatOp::Div) | OpKind::FloatUnary(_) => 5,
            OpKind::Load(_) | OpKind::Store(_) => 3,
            _ => 1,
        };
        edit::ops_in(function, region).iter().map(cost).sum()
    }

    fn has_varying_condition(&self, function: &Function, op: OpId) -> bool {
        match function.ops[op].kind {
            OpKind::If { .. } => self.shape(function.ops[op].args[0]) != Shape::Uniform,
            OpKind::While { cond, .. } => {
                let end = function.terminator(cond);
                end.is_some_and(|end| self.shape(function.ops[end].args[0]) != Shape::Uniform)
            }
            _ => false,
        }
    }

    /// The ops around an op, innermost first, without the loop that is widened.
    fn ancestors(&self, op: OpId) -> Vec<OpId> {
        let mut found = Vec::new();
        let mut at = op;
        while let Some(owner) = self.parents.region_of[at].and_then(|r| self.parents.owner_of[r]) {
            if owner == self.root {
                break;
            }
            found.push(owner);
            at = owner;
        }
        found
    }

    fn is_around(&self, outer: OpId, inner: OpId) -> bool {
        inner != outer && (outer == self.root || self.ancestors(inner).contains(&outer))
    }

    /// A `next` at the end of its loop's body, not inside of anything.
    pub fn is_tail(&self, function: &Function, exit: OpId) -> bool {
        let kind = &function.ops[exit].kind;
        let region = self.parents.region_of[exit];
        matches!(kind, OpKind::Next(label)
            if region.and_then(|r| self.parents.owner_of[r]) == Some(self.owners[label]))
    }

    /// Finds exits by which lanes part.
    fn part(&mut self, function: &Function) {
        let all: Vec<OpId> = self.exits.values().flatten().copied().collect();
        for exit in all {
            if self.divergent.contains(&exit) || self.is_tail(function, exit) {
                continue;
            }
            let Some(label) = function.ops[exit].kind.target() else {
                continue;
            };
            let owner = self.owners[&label];
            let mut between = self.ancestors(exit);
            if let Some(end) = between.iter().position(|op| *op == owner) {
                between.truncate(end + 1);
            }
            let parted = between
                .iter()
                .any(|op| self.has_varying_condition(function, *op) || self.ranged.contains(op));
            let follows = |other: &OpId| {
                let target = function.ops[*other].kind.target();
                self.is_around(owner, *other)
                    && target.is_some_and(|t| self.is_around(self.owners[&t], exit))
            };
            if parted || self.divergent.iter().any(follows) {
                self.divergent.insert(exit);
                self.changed = true;
            }
        }
    }

    fn set(&mut self, value: ValueId, shape: Shape) {
        let old = self.shapes.get(&value).copied();
        let new = old.map_or(shape, |old| old.join(shape));
        if old != Some(new) {
            self.shapes.insert(value, new);
            self.changed = true;
        }
    }

    /// The shape of what exits of an op bring; `parted` if lanes come by different ones: then it must have been known
    /// before the op, or be the parameter that it is given to.
    fn meet_exits(
        &self,
        function: &Function,
        values: &[ValueId],
        parted: Option<Gate>,
    ) -> Option<Shape> {
        let Some(gate) = parted else {
            return self.meet(values, false);
        };
        let first = *values.first()?;
        let region = self.parents.region_of_value(function, first);
        let around = self.parents.region_of[gate.owner];
        let before = match (region, around) {
            (Some(region), Some(around)) => self.parents.is_inside(around, region),
            _ => false,
        };
        let steady = values.iter().all(|v| *v == first) && (before || gate.param == Some(first));
        if steady {
            self.known(first)
        } else {
            Some(Shape::Varying)
        }
    }

    /// The shape where several ways meet; `parted` if lanes come by different ones. None if the walk has been at none of
    /// the values: they are as good as its next round will find.
    fn meet(&self, values: &[ValueId], parted: bool) -> Option<Shape> {
        if parted && values.iter().any(|other| *other != values[0]) {
            return Some(Shape::Varying);
        }
        let known = values.iter().filter_map(|v| self.known(*v));
        known.reduce(Shape::join)
    }

    fn known(&self, value: ValueId) -> Option<Shape> {
        match self.shapes.get(&value) {
            None if self.inside.contains(&value) => None,
            None => Some(Shape::Uniform),
            shape => shape.copied(),
        }
    }

    fn region(&mut self, function: &Function, region: RegionId) {
        if self.is_escaping(region) {
            return;
        }
        for op in &function.regions[region].ops {
            self.op(function, *op);
        }
    }

    fn op(&mut self, function: &Function, op: OpId) {
        let data = &function.ops[op];
        match &data.kind {
            OpKind::If { then, other } => {
                self.region(function, *then);
                self.region(function, *other);
                let parted = self.has_varying_condition(function, op);
                let ends: Vec<&[ValueId]> = [*then, *other]
                    .iter()
                    .filter_map(|region| yielded(function, *region))
                    .collect();
                self.set_results(&data.results, &ends, parted);
            }
            OpKind::Block { label, body } => {
                self.region(function, *body);
                let mut ends: Vec<&[ValueId]> = yielded(function, *body).into_iter().collect();
                ends.extend(self.arguments(function, *label, true));
                let parted = self.is_flat(function, op);
                for (n, result) in data.results.iter().enumerate() {
                    let values: Vec<ValueId> = ends.iter().map(|end| end[n]).collect();
                    let gate = Gate {
                        owner: op,
                        param: None,
                    };
                    let shape = self.meet_exits(function, &values, parted.then_some(gate));
                    self.set(*result, shape.unwrap_or(Shape::Uniform));
                }
            }
            OpKind::For(inner) => self.for_(function, op, inner),
            OpKind::While { label, cond, body } => {
                self.while_(function, op, *label, *cond, *body);
            }
            kind if kind.is_terminator() => {}
            _ => {
                let shape = self.transfer(function, op);
                for result in &data.results {
                    self.set(*result, shape);
                }
            }
        }
    }

    fn set_results(&mut self, results: &[ValueId], ends: &[&[ValueId]], parted: bool) {
        for (n, result) in results.iter().enumerate() {
            let values: Vec<ValueId> = ends.iter().map(|end| end[n]).collect();
            let shape = self.meet(&values, parted);
            self.set(*result, shape.unwrap_or(Shape::Uniform));
        }
    }

    /// The operands of all `break`s or `next`s of a label.
    fn arguments<'f>(
        &self,
        function: &'f Function,
        label: LabelId,
        breaks: bool,
    ) -> Vec<&'f [ValueId]> {
        let exits = self.exits.get(&label).map_or(&[][..], Vec::as_slice);
        let fits = |op: &&OpId| breaks == matches!(function.ops[**op].kind, OpKind::Break(_));
        exits
            .iter()
            .filter(fits)
            .map(|op| function.ops[*op].args.as_slice())
            .collect()
    }

    fn for_(&mut self, function: &Function, op: OpId, data: &snek_mir::ir::For) {
        let args = &function.ops[op].args;
        let results = &function.ops[op].results;
        let params = &function.regions[data.body].params;
        let bounds = (self.shape(args[0]), self.shape(args[1]));
        let counter = match bounds {
            (Shape::Uniform, Shape::Uniform) => Shape::Uniform,
            // The same number of iterations in all lanes.
            (Shape::Linear(a), Shape::Linear(b)) if a == b && !self.is_masked(function, op) => {
                Shape::Linear(a)
            }
            _ => {
                self.changed |= self.ranged.insert(op);
                Shape::Uniform
            }
        };
        let counter = if self.ranged.contains(&op) {
            Shape::Uniform
        } else {
            counter
        };
        if self.shapes.get(&params[0]) != Some(&counter) {
            self.shapes.insert(params[0], counter);
            self.changed = true;
        }
        let ranged = self.ranged.contains(&op);
        let nexts = self.arguments(function, data.label, false);
        let breaks = self.arguments(function, data.label, true);
        let parted_nexts = self.has_divergent(function, data.label, false);
        let parted_breaks = self.has_divergent(function, data.label, true);
        for n in 0..results.len() {
            let (initial, param) = (args[2 + n], params[1 + n]);
            let given: Vec<ValueId> = nexts.iter().map(|next| next[n]).collect();
            let unchanged = given.iter().all(|v| *v == param);
            let shape = if ranged && !unchanged {
                Shape::Varying
            } else {
                let initial = self.shape(initial);
                let gate = Gate {
                    owner: op,
                    param: Some(param),
                };
                let next = self.meet_exits(function, &given, parted_nexts.then_some(gate));
                next.map_or(initial, |next| initial.join(next))
            };
            self.set(param, shape);
            let ends: Vec<ValueId> = breaks.iter().map(|end| end[n]).collect();
            if parted_breaks {
                self.set(results[n], Shape::Varying);
            } else {
                // Both are one value of the loop that is made.
                for shape in ends
                    .iter()
                    .filter_map(|end| self.known(*end))
                    .collect::<Vec<_>>()
                {
                    self.set(param, shape);
                }
                let shape = self.shape(param);
                self.set(results[n], shape);
            }
        }
        self.region(function, data.body);
    }

    fn while_(
        &mut self,
        function: &Function,
        op: OpId,
        label: LabelId,
        cond: RegionId,
        body: RegionId,
    ) {
        let args = &function.ops[op].args;
        let results = &function.ops[op].results;
        let nexts = self.arguments(function, label, false);
        let parted = self.has_divergent(function, label, false);
        for (n, param) in function.regions[cond].params.iter().enumerate() {
            let given: Vec<ValueId> = nexts.iter().map(|next| next[n]).collect();
            let initial = self.shape(args[n]);
            let gate = Gate {
                owner: op,
                param: Some(*param),
            };
            let next = self.meet_exits(function, &given, parted.then_some(gate));
            self.set(*param, next.map_or(initial, |next| initial.join(next)));
        }
        self.region(function, cond);
        let Some(end) = function.terminator(cond) else {
            return;
        };
        let given = &function.ops[end].args[1..];
        let by_lane = self.ends_by_lane(function, op);
        let breaks = self.arguments(function, label, true);
        for (n, param) in function.regions[body].params.iter().enumerate() {
            let shape = self.shape(given[n]);
            self.set(*param, shape);
            if by_lane {
                self.set(results[n], Shape::Varying);
                continue;
            }
            for shape in breaks
                .iter()
                .filter_map(|end| self.known(end[n]))
                .collect::<Vec<_>>()
            {
                self.set(*param, shape);
            }
            let shape = self.shape(*param);
            self.set(results[n], shape);
        }
        self.region(function, body);
    }

    /// The shape of the results of an op without regions.
    fn transfer(&self, function: &Function, op: OpId) -> Shape {
        let data = &function.ops[op];
        if self.is_in_order(op) {
            return Shape::Uniform;
        }
        let shapes: Vec<Shape> = data.args.iter().map(|arg| self.shape(*arg)).collect();
        if shapes.iter().all(|shape| *shape == Shape::Uniform) {
            return Shape::Uniform;
        }
        // The extents of a row are those of its array.
        if matches!(data.kind, OpKind::Extent(_) | OpKind::Stride(_)) {
            return Shape::Uniform;
        }
        let whole = data
            .results
            .first()
            .is_some_and(|r| function.ty(*r) == Type::I64);
        if !whole {
            return Shape::Varying;
        }
        let steps: Vec<Option<i64>> = shapes.iter().map(|shape| shape.step()).collect();
        let constant = |n: usize| function.const_int(data.args[n]);
        let step = match (&data.kind, steps.as_slice()) {
            (OpKind::Int(IntOp::Add, _), [Some(a), Some(b)]) => a.checked_add(*b),
            (OpKind::Int(IntOp::Sub, _), [Some(a), Some(b)]) => a.checked_sub(*b),
            (OpKind::Int(IntOp::Mul, _), [Some(a), _]) if constant(1).is_some() => {
                constant(1).and_then(|c| a.checked_mul(c))
            }
            (OpKind::Int(IntOp::Mul, _), [_, Some(b)]) if constant(0).is_some() => {
                constant(0).and_then(|c| b.checked_mul(c))
            }
            (OpKind::Int(IntOp::Shl, Overflow::Proved | Overflow::Wrap), [Some(a), _]) => {
                let count = constant(1).filter(|count| (0..32).contains(count));
                count.and_then(|count| a.checked_mul(1 << count))
            }
            (OpKind::IntUnary(IntUnaryOp::Neg, _), [Some(a)]) => a.checked_neg(),
            (OpKind::Select, [Some(0), Some(a), Some(b)]) if a == b => Some(*a),
            _ => None,
        };
        Shape::linear(step.filter(|step| step.unsigned_abs() < 1 << 32))
    }
}

/// Where lanes arrive at different times.
struct Gate {
    owner: OpId,
    param: Option<ValueId>,
}

/// What a region yields, if it ends so.
pub fn yielded(function: &Function, region: RegionId) -> Option<&[ValueId]> {
    let end = function.terminator(region)?;
    matches!(function.ops[end].kind, OpKind::Yield).then(|| function.ops[end].args.as_slice())
}
