//! The walk: scopes, regions, loops and subscripts. `transfer.rs` has the scalar ops, `conditions.rs` the branches.

use oxc_index::IndexVec;
use rustc_hash::FxHashMap;
use snek_abi::ScalarKind;
use snek_mir::ir::{
    Bound, Function, IntOp, LabelId, Layout, LoopKind, Message, OpId, OpKind, Overflow, RegionId,
    Scalar, Type, ValueId,
};

use super::counters::{COUNTER, counters};
use super::interval::Interval;
use super::join::{Join, Joined};
use super::relations::{Mark, Node, Relations, Way};
use super::{EXTENT_LIMIT, Hypotheses, MEMORY_LIMIT, Need, OverflowNeed, Ranges, Unbounded};
use crate::arrays::extent_of;
use crate::structure::{Structure, falls_through, is_loop, terminator};

/// What is supposed of a value that a loop carries, in every iteration.
#[derive(Clone, Debug)]
struct Supposition {
    interval: Interval,
    /// `value <= node + k`.
    above: Vec<(Node, i128)>,
    /// `value >= node + k`.
    below: Vec<(Node, i128)>,
    /// What the last walk saw arrive.
    seen: Interval,
    /// In the iterations of a counted loop: `value <= node + k`; none before the first walk of its body.
    inside: Option<Vec<(Node, i128)>>,
}

/// A loop or block that is being walked.
#[derive(Debug)]
struct Frame {
    /// When it was entered: older nodes are visible around it.
    entry: u32,
    exit: Join,
    /// For loops: the parameters that `next` gives new values.
    carried: Vec<ValueId>,
}

/// One analysis of one function.
pub(super) struct Walk<'f> {
    pub(super) function: &'f Function,
    pub(super) structure: &'f Structure,
    pub(super) relations: Relations,
    born: Vec<u32>,
    clock: u32,
    counters: Option<IndexVec<ValueId, bool>>,
    extents: FxHashMap<(ValueId, u8), Node>,
    suppositions: FxHashMap<Node, Supposition>,
    frames: FxHashMap<LabelId, Frame>,
    stable: bool,
    gave_up: bool,
    hypotheses: &'f Hypotheses,
    pub(super) facts: Ranges,
}

/// Sums of sums are taken apart so far.
const PARTS: u32 = 2;

impl<'f> Walk<'f> {
    pub(super) fn new(
        function: &'f Function,
        structure: &'f Structure,
        hypotheses: &'f Hypotheses,
    ) -> Self {
        let mut relations = Relations::default();
        for value in &function.values {
            let any = Interval::new(i128::MIN, i128::MAX);
            relations.add_node(type_interval(value.ty).unwrap_or(any));
        }
        let has_loops = structure
            .order
            .iter()
            .any(|op| is_loop(&function.ops[*op].kind));
        Self {
            function,
            structure,
            born: vec![0; function.values.len()],
            clock: 1,
            counters: has_loops.then(|| counters(function, structure)),
            relations,
            extents: FxHashMap::default(),
            suppositions: FxHashMap::default(),
            frames: FxHashMap::default(),
            stable: true,
            gave_up: false,
            hypotheses,
            facts: Ranges::default(),
        }
    }

    /// Walks the function; whether all suppositions held.
    pub(super) fn run(&mut self) -> bool {
        self.stable = true;
        self.facts = Ranges::default();
        self.extents.clear();
        self.facts.intervals = self
            .function
            .values
            .iter()
            .map(|v| type_interval(v.ty))
            .collect();
        let mark = self.relations.mark();
        for &param in &self.function.regions[self.function.body].params {
            if let Some(all) = type_interval(self.function.ty(param)) {
                self.define(param, all);
            }
        }
        self.region(self.function.body);
        self.relations.rollback(mark);
        self.stable || self.gave_up
    }

    /// Supposes nothing any more.
    pub(super) fn give_up(&mut self) {
        self.gave_up = true;
        for (node, supposition) in &mut self.suppositions {
            supposition.above.clear();
            supposition.below.clear();
            supposition.inside = Some(Vec::new());
            let ty = self.function.values[ValueId::from_usize(*node as usize)].ty;
            supposition.interval = type_interval(ty).unwrap_or(supposition.interval);
        }
    }

    /// Takes over what the last walk saw of carried values; whether that is more than was supposed.
    pub(super) fn narrow(&mut self) -> bool {
        let mut changed = false;
        for supposition in self.suppositions.values_mut() {
            let narrowed = supposition.interval.intersect(supposition.seen);
            changed |= narrowed != supposition.interval;
            supposition.interval = narrowed;
        }
        changed
    }

    pub(super) fn into_facts(self) -> Ranges {
        self.facts
    }

    /// The op that owns a region.
    pub(super) fn owner(&self, region: RegionId) -> Option<OpId> {
        self.structure.owner_of[region]
    }

    /// The node of an integer value.
    pub(super) fn node(&self, value: ValueId) -> Option<Node> {
        type_interval(self.function.values[value].ty)?;
        Some(value.index() as Node)
    }

    /// All that is known of a value; the type's range for what is no integer.
    pub(super) fn bounds(&mut self, value: ValueId) -> Option<Interval> {
        let node = self.node(value)?;
        Some(self.relations.bounds(node))
    }

    /// Begins the life of a value. `interval` is cut to its type's range.
    pub(super) fn define(&mut self, value: ValueId, interval: Interval) {
        let Some(node) = self.node(value) else {
            return;
        };
        let mut interval = match type_interval(self.function.values[value].ty) {
            Some(all) => all.intersect(interval),
            None => interval,
        };
        if self.counters.as_ref().is_some_and(|c| c[value]) {
            interval = interval.intersect(COUNTER);
        }
        self.born[node as usize] = self.clock;
        self.relations.define(node, interval);
        self.facts.intervals[value] = Some(interval);
    }

    pub(super) fn define_joined(&mut self, value: ValueId, joined: &Joined) {
        self.define(value, joined.interval);
        let Some(node) = self.node(value) else {
            return;
        };
        for &(base, k) in &joined.above {
            self.relations.add(node, base, k);
        }
        for &(base, k) in &joined.below {
            self.relations.add(base, node, k.saturating_neg());
        }
    }

    /// Begins the life of a value that equals another one.
    pub(super) fn define_equal(&mut self, value: ValueId, other: ValueId) {
        let (Some(a), Some(b)) = (self.node(value), self.node(other)) else {
            return;
        };
        let interval = self.relations.bounds(b);
        self.define(value, interval);
        self.relations.add_equal(a, b, 0);
    }

    fn tick(&mut self) -> u32 {
        self.clock += 1;
        self.clock
    }

    /// The node of an extent; rows and casts are followed to the array that they view.
    pub(super) fn extent(&mut self, array: ValueId, axis: u8) -> Node {
        let (base, axis) = extent_of(self.function, array, axis);
        if let Some(&node) = self.extents.get(&(base, axis)) {
            return node;
        }
        let most = match self.function.ty(base) {
            // Its elements lie side by side in memory.
            Type::Array(array) if array.rank == 1 && array.layout == Layout::Contiguous => {
                MEMORY_LIMIT / i128::from(array.element.size())
            }
            _ => EXTENT_LIMIT,
        };
        let node = self.relations.add_node(Interval::new(0, most));
        self.born.push(0);
        let born = match self.structure.region_of_value(self.function, base) {
            Some(region) if region == self.function.body => 0,
            // A view that is made in a loop is another one each time.
            _ => self.clock,
        };
        self.born[node as usize] = born;
        self.extents.insert((base, axis), node);
        node
    }

    pub(super) fn arrive(&mut self, join: &mut Join, values: &[ValueId], entry: u32) {
        let nodes: Vec<Option<Node>> = values.iter().map(|v| self.node(*v)).collect();
        let born = &self.born;
        join.arrive(&mut self.relations, &nodes, |n| born[n as usize] < entry);
    }

    fn arrive_at(&mut self, label: LabelId, values: &[ValueId]) {
        if let Some(mut frame) = self.frames.remove(&label) {
            self.arrive(&mut frame.exit, values, frame.entry);
            self.frames.insert(label, frame);
        }
    }

    fn define_results(&mut self, op: OpId, join: &Join) {
        for (index, &result) in self.function.ops[op].results.iter().enumerate() {
            if let Some(joined) = join.finish(&self.relations, index) {
                self.define_joined(result, &joined);
            }
        }
    }

    fn region(&mut self, region: RegionId) {
        let function = self.function;
        for &op in &function.regions[region].ops {
            self.op(op);
        }
    }

    fn op(&mut self, op: OpId) {
        let function = self.function;
        let data = &function.ops[op];
        match &data.kind {
            OpKind::If { then, other } => self.if_op(op, *then, *other),
            OpKind::Block { label, body } => {
                let mark = self.relations.mark();
                let entry = self.tick();
                self.open(*label, entry, Vec::new());
                self.region(*body);
                if falls_through(function, *body) {
                    let values = &function.ops[terminator(function, *body)].args;
                    self.arrive_at(*label, values);
                }
                if let Some(frame) = self.frames.remove(label) {
                    if !self.structure.labels[*label].breaks.is_empty() {
                        self.relations.rollback(mark);
                    }
                    self.define_results(op, &frame.exit);
                }
            }
            OpKind::For(_) => self.for_op(op),
            OpKind::While { .. } => self.while_op(op),
            OpKind::Next(label) => self.next(*label, &data.args),
            OpKind::Break(label) => self.arrive_at(*label, &data.args),
            OpKind::Load(bounds)
            | OpKind::Store(bounds)
            | OpKind::Row(bounds)
            | OpKind::Atomic(_, bounds) => {
                for (position, &bound) in bounds.iter().enumerate() {
                    self.subscript(op, position, bound);
                }
                for &result in &data.results {
                    if let Some(all) = type_interval(function.ty(result)) {
                        self.define(result, all);
                    }
                }
            }
            OpKind::Check(raise) => {
                let condition = data.args[0];
                if let Some(truth) = self.truth(condition) {
                    self.facts.conditions.push((op, truth));
                } else if let Message::WeakInt(kind) = &raise.message
                    && matches!(kind, ScalarKind::I32 | ScalarKind::U32)
                    && let Some(node) = self.node(data.args[1])
                {
                    self.note_overflow_need(op, 30, &[node]);
                }
                self.assume(condition, true);
            }
            OpKind::Yield | OpKind::Return | OpKind::Raise(_) | OpKind::Unreachable => {}
            _ => self.scalar(op),
        }
    }

    fn open(&mut self, label: LabelId, entry: u32, carried: Vec<ValueId>) {
        let exit = Join::default();
        self.frames.insert(
            label,
            Frame {
                entry,
                exit,
                carried,
            },
        );
    }

    /// What a Bool is known to be here.
    pub(super) fn truth(&mut self, condition: ValueId) -> Option<bool> {
        let node = self.node(condition)?;
        if let Some(c) = self.relations.interval(node).constant() {
            return Some(c == 1);
        }
        let function = self.function;
        let data = function.def_op(condition)?;
        match data.kind {
            OpKind::Compare(compare) => self.decide(compare, data.args[0], data.args[1]),
            _ => None,
        }
    }

    fn if_op(&mut self, op: OpId, then: RegionId, other: RegionId) {
        let function = self.function;
        let condition = function.ops[op].args[0];
        if let Some(truth) = self.truth(condition) {
            self.facts.conditions.push((op, truth));
        }
        let entry = self.tick();
        // A branch that goes on alone is walked last, and its facts stay.
        let order = if falls_through(function, other) || !falls_through(function, then) {
            [(then, true), (other, false)]
        } else {
            [(other, false), (then, true)]
        };
        let mut join = Join::default();
        for (n, (region, truth)) in order.into_iter().enumerate() {
            let mark = self.relations.mark();
            self.assume(condition, truth);
            self.region(region);
            if !falls_through(function, region) {
                self.relations.rollback(mark);
                continue;
            }
            let values = &function.ops[terminator(function, region)].args;
            if n == 1 && join.is_empty() {
                for (&result, &value) in function.ops[op].results.iter().zip(values) {
                    self.define_equal(result, value);
                }
                return;
            }
            self.arrive(&mut join, values, entry);
            self.relations.rollback(mark);
        }
        self.define_results(op, &join);
    }

    fn for_op(&mut self, op: OpId) {
        let function = self.function;
        let data = &function.ops[op];
        let OpKind::For(f) = &data.kind else {
            return;
        };
        let (start, stop) = (data.args[0], data.args[1]);
        let params = &function.regions[f.body].params;
        let entry = self.tick();
        let mark = self.relations.mark();
        let carried = params[1..].to_vec();
        self.open(f.label, entry, carried.clone());
        for (&param, &init) in carried.iter().zip(&data.args[2..]) {
            if f.kind == LoopKind::Parallel {
                // A chunk starts from the identity, not from the initial value.
                if let Some(all) = type_interval(function.ty(param)) {
                    self.define(param, all);
                }
            } else {
                self.enter_carried(param, init);
            }
        }
        if f.kind != LoopKind::Parallel {
            self.bound_sums(op, &carried, &data.args[2..]);
            self.arrive_at(f.label, &carried);
        }
        for &value in self.hypotheses.get(&op).into_iter().flatten() {
            if let Some(node) = self.node(value) {
                self.relations.refine(node, Interval::new(0, i128::MAX));
            }
        }
        let induction = params[0];
        if let (Some(i), Some(from), Some(to)) =
            (self.node(induction), self.node(start), self.node(stop))
        {
            let (s, t) = (self.relations.bounds(from), self.relations.bounds(to));
            if f.step > 0 {
                self.define(induction, Interval::new(s.lo, t.hi.saturating_sub(1)));
                self.relations.add(from, i, 0);
                self.relations.add(i, to, -1);
                let most = Interval::new(s.lo.saturating_add(1), i128::MAX);
                self.relations.refine(to, most);
            } else {
                self.define(induction, Interval::new(t.lo.saturating_add(1), s.hi));
                self.relations.add(i, from, 0);
                self.relations.add(to, i, -1);
            }
        }
        if f.kind != LoopKind::Parallel && f.step > 0 {
            for (&param, &init) in carried.iter().zip(&data.args[2..]) {
                self.enter_iteration(param, init, stop);
            }
        }
        self.region(f.body);
        self.leave_loop(op, f.label, mark);
    }

    fn while_op(&mut self, op: OpId) {
        let function = self.function;
        let data = &function.ops[op];
        let OpKind::While { label, cond, body } = &data.kind else {
            return;
        };
        let entry = self.tick();
        let mark = self.relations.mark();
        let carried = function.regions[*cond].params.clone();
        self.open(*label, entry, carried.clone());
        for (&param, &init) in carried.iter().zip(&data.args) {
            self.enter_carried(param, init);
        }
        self.bound_sums(op, &carried, &data.args);
        self.region(*cond);
        if falls_through(function, *cond) {
            let yielded = &function.ops[terminator(function, *cond)].args;
            let inner = self.relations.mark();
            self.assume(yielded[0], false);
            self.arrive_at(*label, &yielded[1..]);
            self.relations.rollback(inner);
            self.assume(yielded[0], true);
            for (&param, &value) in function.regions[*body].params.iter().zip(&yielded[1..]) {
                self.define_equal(param, value);
            }
            self.region(*body);
        }
        self.leave_loop(op, *label, mark);
    }

    /// Takes over what is supposed of a carried value, after testing it on the initial value.
    fn enter_carried(&mut self, param: ValueId, init: ValueId) {
        let (Some(p), Some(i)) = (self.node(param), self.node(init)) else {
            return;
        };
        let interval = self.relations.bounds(i);
        let mut supposition = match self.suppositions.remove(&p) {
            Some(supposition) => supposition,
            None => {
                let bases = if interval.constant().is_some() || self.gave_up {
                    Vec::new()
                } else {
                    vec![(i, 0)]
                };
                Supposition {
                    interval: match type_interval(self.function.ty(param)) {
                        Some(all) if self.gave_up => all,
                        _ => interval,
                    },
                    above: bases.clone(),
                    below: bases,
                    seen: interval,
                    inside: None,
                }
            }
        };
        supposition.seen = interval;
        let before = supposition.above.len() + supposition.below.len();
        let r = &mut self.relations;
        supposition.above.retain(|&(base, k)| r.is_le(i, base, k));
        supposition
            .below
            .retain(|&(base, k)| r.is_le(base, i, k.saturating_neg()));
        self.stable &= before == supposition.above.len() + supposition.below.len();
        if !supposition.interval.contains(interval) {
            supposition.interval = widened(supposition.interval, interval);
            self.stable = false;
        }
        let joined = Joined {
            interval: supposition.interval,
            above: supposition.above.clone(),
            below: supposition.below.clone(),
        };
        self.suppositions.insert(p, supposition);
        self.define_joined(param, &joined);
    }

    /// Supposes that a carried value is below the stop of its loop, where there is an iteration at all: it holds a place
    /// that was found, and starts as the first one.
    fn enter_iteration(&mut self, param: ValueId, init: ValueId, stop: ValueId) {
        let (Some(p), Some(i), Some(to)) = (self.node(param), self.node(init), self.node(stop))
        else {
            return;
        };
        let Some(mut supposition) = self.suppositions.remove(&p) else {
            return;
        };
        let gave_up = self.gave_up;
        let inside = supposition
            .inside
            .get_or_insert_with(|| if gave_up { Vec::new() } else { vec![(to, -1)] });
        let before = inside.len();
        inside.retain(|&(base, k)| self.relations.is_le(i, base, k));
        self.stable &= before == inside.len();
        for &(base, k) in inside.iter() {
            self.relations.add(p, base, k);
        }
        self.suppositions.insert(p, supposition);
    }

    /// Tests what is supposed of carried values on those of the next iteration.
    fn next(&mut self, label: LabelId, values: &[ValueId]) {
        let Some(frame) = self.frames.get(&label) else {
            return;
        };
        let carried = frame.carried.clone();
        for (&param, &value) in carried.iter().zip(values) {
            let (Some(p), Some(v)) = (self.node(param), self.node(value)) else {
                continue;
            };
            let Some(mut supposition) = self.suppositions.remove(&p) else {
                continue;
            };
            let interval = self.relations.bounds(v);
            supposition.seen = supposition.seen.hull(interval);
            let before = supposition.above.len() + supposition.below.len();
            let r = &mut self.relations;
            supposition.above.retain(|&(base, k)| r.is_le(v, base, k));
            supposition
                .below
                .retain(|&(base, k)| r.is_le(base, v, k.saturating_neg()));
            self.stable &= before == supposition.above.len() + supposition.below.len();
            if let Some(inside) = &mut supposition.inside {
                let before = inside.len();
                inside.retain(|&(base, k)| r.is_le(v, base, k));
                self.stable &= before == inside.len();
            }
            self.suppositions.insert(p, supposition);
        }
    }

    fn leave_loop(&mut self, op: OpId, label: LabelId, mark: Mark) {
        let Some(frame) = self.frames.remove(&label) else {
            return;
        };
        for &param in &frame.carried {
            let Some(supposition) = self.node(param).and_then(|p| self.suppositions.get_mut(&p))
            else {
                continue;
            };
            if !supposition.interval.contains(supposition.seen) {
                supposition.interval = widened(supposition.interval, supposition.seen);
                self.stable = false;
            }
        }
        self.relations.rollback(mark);
        if frame.exit.is_empty() {
            for &result in &self.function.ops[op].results {
                if let Some(all) = type_interval(self.function.ty(result)) {
                    self.define(result, all);
                }
            }
        } else {
            self.define_results(op, &frame.exit);
        }
    }

    fn subscript(&mut self, op: OpId, position: usize, bound: Bound) {
        let function = self.function;
        let data = &function.ops[op];
        let array = data.args[0];
        let index = data.args[position + 1];
        let Some(x) = self.node(index) else {
            return;
        };
        let extent = self.extent(array, position as u8);
        let of_index = self.relations.bounds(x);
        let not_negative = of_index.lo >= 0 || matches!(bound, Bound::NonNegative | Bound::Proved);
        let below = bound == Bound::Proved || self.relations.is_le(x, extent, -1);
        let counts_back = of_index.lo >= self.relations.bounds(extent).lo.saturating_neg();
        let found = match (not_negative, below) {
            (true, true) => Bound::Proved,
            (true, false) => Bound::NonNegative,
            (false, true) if counts_back => Bound::Wrapping,
            (false, _) => Bound::Checked,
        };
        if strength(found) > strength(bound) {
            self.facts.bounds.push((op, position, found));
        }
        if strength(found).max(strength(bound)) < strength(Bound::Wrapping) {
            self.note_need(op, position, !below, !not_negative);
        }
        // The op did not raise, so its index was good.
        self.relations.add(x, extent, -1);
        if not_negative {
            self.relations.refine(x, Interval::new(0, EXTENT_LIMIT));
            self.relations
                .refine(extent, Interval::new(1, EXTENT_LIMIT));
        } else if of_index.hi < 0 {
            self.relations.refine(
                extent,
                Interval::new(of_index.hi.saturating_neg(), EXTENT_LIMIT),
            );
        }
    }

    /// Values that are nodes, of what a search found.
    fn terms(&self, found: &[(Node, i128)]) -> Vec<(ValueId, i64)> {
        let count = self.function.values.len();
        found
            .iter()
            .filter(|(n, k)| (*n as usize) < count && k.unsigned_abs() < EXTENT_LIMIT as u128)
            .map(|&(n, k)| (ValueId::from_usize(n as usize), k as i64))
            .filter(|(value, _)| self.function.ty(*value) == Type::I64)
            .collect()
    }

    /// See [`OverflowNeed`].
    pub(super) fn note_overflow_need(&mut self, op: OpId, bits: u32, operands: &[Node]) {
        let far = 1 << (bits + 1);
        let mut unbounded = Vec::new();
        for &node in operands {
            let interval = self.relations.bounds(node);
            for (is_far, way) in [
                (interval.hi > far, Way::Up),
                (interval.lo < -far, Way::Down),
            ] {
                if is_far {
                    let terms = self.terms_beyond(node, way);
                    let mut parts = Vec::new();
                    self.summands(node, way, far, PARTS, &mut parts);
                    unbounded.push(Unbounded { terms, parts });
                }
            }
        }
        self.facts.overflow_needs.push(OverflowNeed {
            op,
            bits,
            unbounded,
        });
    }

    fn terms_beyond(&mut self, node: Node, way: Way) -> Vec<(ValueId, i64)> {
        let found = match way {
            Way::Up => self.relations.above(node).to_vec(),
            Way::Down => self.relations.below(node).to_vec(),
        };
        self.terms(&found)
    }

    /// What bounds the summands of an exact sum or difference, unless they are near.
    fn summands(
        &mut self,
        node: Node,
        way: Way,
        far: i128,
        depth: u32,
        found: &mut Vec<Vec<(ValueId, i64)>>,
    ) {
        let function = self.function;
        let sum = (node as usize) < function.values.len();
        let sum = sum.then(|| function.def_op(ValueId::from_usize(node as usize)));
        let Some(Some(data)) = sum else { return };
        let OpKind::Int(int @ (IntOp::Add | IntOp::Sub), Overflow::Checked | Overflow::Proved) =
            data.kind
        else {
            return;
        };
        let opposite = match way {
            Way::Up => Way::Down,
            Way::Down => Way::Up,
        };
        let ways = [way, if int == IntOp::Add { way } else { opposite }];
        for (value, way) in data.args.iter().zip(ways) {
            let Some(part) = self.node(*value) else {
                continue;
            };
            let interval = self.relations.bounds(part);
            let is_near = match way {
                Way::Up => interval.hi <= far,
                Way::Down => interval.lo >= -far,
            };
            if is_near {
                continue;
            }
            let before = found.len();
            if depth > 1 {
                self.summands(part, way, far, depth - 1, found);
            }
            if found.len() == before {
                let terms = self.terms_beyond(part, way);
                found.push(terms);
            }
        }
    }

    fn note_need(&mut self, op: OpId, position: usize, lacks_upper: bool, lacks_lower: bool) {
        let data = &self.function.ops[op];
        let (array, axis) = extent_of(self.function, data.args[0], position as u8);
        let Some(x) = self.node(data.args[position + 1]) else {
            return;
        };
        let above = if lacks_upper {
            let found = self.relations.above(x).to_vec();
            self.terms(&found)
        } else {
            Vec::new()
        };
        let below = if lacks_lower {
            let found = self.relations.below(x).to_vec();
            self.terms(&found)
        } else {
            Vec::new()
        };
        let largest = self.relations.bounds(x).hi;
        let largest = (largest < EXTENT_LIMIT).then_some(largest as i64);
        self.facts.needs.push(Need {
            op,
            largest,
            array,
            axis,
            above,
            below,
            lacks_upper,
            lacks_lower,
        });
    }
}

/// The range of an integer type.
pub(super) fn type_interval(ty: Type) -> Option<Interval> {
    match ty {
        Type::Scalar(scalar) => Interval::of(scalar),
        Type::Vector(..) | Type::Mask(_) | Type::Array(_) | Type::Ptr => None,
    }
}

/// An interval that holds both and grows in few steps only.
fn widened(old: Interval, seen: Interval) -> Interval {
    let all = Interval::of(Scalar::I64).unwrap_or(old);
    let lo = match seen.lo {
        lo if lo >= old.lo => old.lo,
        0.. => 0,
        -1 => -1,
        lo => lo.min(all.lo),
    };
    let hi = match seen.hi {
        hi if hi <= old.hi => old.hi,
        ..=255 => 255,
        hi => hi.max(Interval::of(Scalar::U64).map_or(hi, |u| u.hi)),
    };
    Interval::new(lo, hi)
}

fn strength(bound: Bound) -> u32 {
    match bound {
        Bound::Checked => 0,
        Bound::NonNegative => 1,
        Bound::Wrapping => 2,
        Bound::Proved => 3,
    }
}
