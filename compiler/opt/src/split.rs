//! Fission: what can be in lanes comes out of a loop that cannot.
//!
//! `for i: y = exp(a[i]); state = 0.9 * state + y; out[i] = state` waits for each `state`, and calls `exp` for one element
//! after the other. It becomes blocks of some hundred iterations: a loop that computes all `y` of a block, which
//! `vectorise` puts into lanes, then the loop as it was for these iterations, which takes each `y` out of memory that the
//! function has for that. Stores that do not depend on the rest go with the first loop, too.
//!
//! The early part computes and loads; it cannot be noticed, so it may run before an exception of the rest. It stores only
//! where nothing in the loop raises, leaves or calls. It is right if no access of it comes too early: to an element that
//! the rest reaches in an iteration before ([`snek_analysis::adjacent`]; arrays that are apart are tested before the
//! loop). What stands behind something that may raise or leave is loaded only where tests say that it is there.
//!
//! Innermost loops only, and those that lanes refuse as they are; not where a loop around gains more in lanes with all that
//! is in it. It pays where the early part takes much time, and the
//! rest does not wait for itself all that time anyway: calls of functions that have a form for lanes, divisions, or much
//! arithmetic beside a scatter. Runs before `vector_math`, which then finds a loop for lanes.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use snek_analysis::adjacent::{Meeting, Pair};
use snek_analysis::dependence::{Access, Dependences, accesses};
use snek_analysis::effects::effects;
use snek_analysis::ranges::Ranges;
use snek_analysis::structure::{Structure, is_loop};
use snek_mir::builder::Builder;
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{
    ArrayType, Bound, Compare, Element, FloatOp, FloatUnaryOp, For, Function, FunctionId, IntOp,
    Layout, LoopKind, OpId, OpKind, Overflow, Program, Role, Scalar, Type, ValueDef, ValueId,
};
use snek_mir::ops::Raises;

use crate::jam::is_rest;
use crate::report::{LoopShape, Names, Notes};
use crate::rewrite::{and, forget_proof, is_speculatable, place_of};
use crate::vector_math;
use crate::vectorise::build::{PAIRS, tested_at, tests, trip_count};
use crate::vectorise::shape::{Context, Known, is_fallback};
use crate::vectorise::{chunk, gain_as_a_whole, runs_in_lanes};

/// Iterations of a block.
const BLOCK: i64 = 256;
/// Bits of a value in a block whose early part is short: the machine begins with the early part of the next block while the
/// rest of this one waits for itself, as far as it sees ahead.
const SHORT_BLOCK: u32 = 2048;
/// Early parts of more ops are not short.
const SHORT: usize = 40;
/// Loops of less iterations run as they are.
const LEAST: u8 = 32;
/// Bodies of more ops are not doubled.
const SIZE: usize = 200;
/// No more values go through memory from one part to the other.
const CROSSING: usize = 4;
/// Values that take less cycles are computed again.
const CHEAP: f64 = 3.0;
/// How many times as long the loop must take as it is.
const GAIN: f64 = 1.15;

/// Runs the pass.
pub fn run(
    program: &Program,
    id: FunctionId,
    names: &Names,
    notes: &mut Notes,
) -> Option<Function> {
    let function = &program.functions[id];
    // The stack of recursive functions is counted in calls of moderate size.
    if function.recursive || !matches!(function.role, Role::Plain | Role::ParallelBody) {
        return None;
    }
    let structure = Structure::new(function);
    let loops = structure.order.iter().copied();
    let loops: Vec<OpId> = loops
        .filter(|op| is_candidate(function, &structure, *op))
        .collect();
    let mut plans: Vec<Plan> = loops
        .into_iter()
        .filter_map(|op| Plan::find(program, id, &structure, op))
        .collect();
    if plans.is_empty() {
        return None;
    }
    // Not where a loop around gains more.
    once_forms(program, function, names, |context| {
        plans.retain(|plan| {
            let around = structure.loops_around(function, plan.op);
            let whole = |outer: &OpId| gain_as_a_whole(context, *outer);
            let mut gains = around.iter().filter_map(whole);
            !gains.any(|gain| gain >= plan.gain)
        });
    });
    let mut done: Option<Function> = None;
    for plan in plans {
        let now = done.as_ref().unwrap_or(function);
        if let Some(split) = plan.apply(program, now, names) {
            notes.shaped(function, plan.op, LoopShape::Split);
            done = Some(split);
        }
    }
    done
}

fn the_loop(function: &Function, op: OpId) -> Option<&For> {
    match &function.ops[op].kind {
        OpKind::For(f) => Some(f),
        _ => None,
    }
}

/// An innermost serial loop by 1 that is not left by `break`.
fn is_candidate(function: &Function, structure: &Structure, op: OpId) -> bool {
    let Some(f) = the_loop(function, op) else {
        return false;
    };
    let label = &structure.labels[f.label];
    if f.kind != LoopKind::Serial
        || f.step != 1
        || !label.breaks.is_empty()
        || label.nexts.len() != 1
        || label.nexts.first() != function.regions[f.body].ops.last()
        || is_rest(function, op)
        || chunk(function) == Some(op)
    {
        return false;
    }
    let ops = edit::ops_in(function, f.body);
    let is_fit = |op: &OpId| match &function.ops[*op].kind {
        OpKind::CallRuntime(name) => {
            function.ops[*op].kind.properties().is_pure() || name.starts_with("snek_rt_exc")
        }
        OpKind::Atomic(..) | OpKind::ParallelCall { .. } | OpKind::Local(_) => false,
        kind => !is_loop(kind),
    };
    ops.len() <= SIZE && ops.iter().all(is_fit)
}

/// Cycles of an op in the middle of others, and those of one element in lanes.
fn cycles(kind: &OpKind) -> (f64, f64) {
    match kind {
        OpKind::ConstInt(_) | OpKind::ConstFloat(_) | OpKind::Extent(_) => (0.0, 0.0),
        OpKind::Call(_) => (20.0, 20.0),
        OpKind::CallRuntime(_) => (20.0, 5.0),
        OpKind::Float(FloatOp::Div) | OpKind::FloatUnary(FloatUnaryOp::Sqrt) => (4.5, 2.2),
        OpKind::Int(IntOp::FloorDiv | IntOp::FloorMod, _) => (6.0, 6.0),
        OpKind::Store(_) => (0.8, 0.2),
        OpKind::If { .. } => (1.0, 1.0),
        _ => (0.35, 0.1),
    }
}

/// How long the next op waits for the result.
fn latency(kind: &OpKind) -> f64 {
    match kind {
        OpKind::Float(FloatOp::Div) => 13.0,
        OpKind::FloatUnary(FloatUnaryOp::Sqrt) => 18.0,
        OpKind::Float(_) | OpKind::FusedMulAdd => 4.0,
        OpKind::CallRuntime(_) | OpKind::Call(_) => 20.0,
        OpKind::Int(IntOp::FloorDiv | IntOp::FloorMod, _) => 14.0,
        OpKind::Int(IntOp::Mul, _) => 3.0,
        OpKind::ConstInt(_) | OpKind::ConstFloat(_) => 0.0,
        _ => 1.0,
    }
}

/// A loop in two parts.
struct Plan {
    op: OpId,
    /// How many times as fast the loop will be.
    gain: f64,
    /// What the early part has: ops of the body, in order.
    early: Vec<OpId>,
    /// Iterations of a block.
    block: i64,
    /// Values of it that go through memory.
    crossing: Vec<ValueId>,
    dependences: Dependences,
    /// Subscripts of the early part that must be within an extent in all iterations: the distance from the induction
    /// variable, or the value; array and dimension.
    within: Vec<(Subscript, ValueId, u8)>,
}

/// A subscript that is known before the loop.
#[derive(Clone, Copy)]
enum Subscript {
    /// The induction variable and a constant.
    Moving(i64),
    /// The same in all iterations.
    Still(ValueId),
}

/// The ops of a body as they are told apart.
struct Body<'f> {
    function: &'f Function,
    structure: &'f Structure,
    op: OpId,
    induction: ValueId,
    ops: &'f [OpId],
    /// Where each access is in the text.
    accesses: Vec<Access>,
    place: FxHashMap<OpId, usize>,
    /// Nothing in it raises, leaves or calls.
    quiet: bool,
}

impl Plan {
    fn find(program: &Program, id: FunctionId, structure: &Structure, op: OpId) -> Option<Plan> {
        let function = &program.functions[id];
        let f = the_loop(function, op)?;
        let (_, ops) = function.regions[f.body].ops.split_last()?;
        let inside = edit::ops_in(function, f.body);
        let place = inside.iter().copied().zip(0..).collect();
        let calls = |op: &OpId| matches!(function.ops[*op].kind, OpKind::Call(_));
        let body = Body {
            function,
            structure,
            op,
            induction: function.regions[f.body].params[0],
            ops,
            accesses: accesses(function, structure, op),
            place,
            quiet: !inside.iter().any(|op| leaves(function, *op) || calls(op)),
        };
        // Most loops end here.
        let heavy = |op: &OpId| cycles(&function.ops[*op].kind).0 > CHEAP;
        let stores = body.accesses.iter().filter(|access| access.writes).count();
        if !(ops.iter().any(heavy) || body.quiet && stores > 1) {
            return None;
        }
        let (mut early, mut dependences, tested) = body.early()?;
        let within = body.within(&early, &tested)?;
        let crossing = body.crossing(&early)?;
        body.drop_unneeded(&mut early, &crossing);
        if !body.loads_again(&early, &crossing, &mut dependences) {
            return None;
        }
        let gain = body.gain(&early, &crossing).filter(|gain| *gain > GAIN)?;
        if inside.iter().any(calls) {
            let effects = effects(program);
            let is_harmless = |op: &OpId| match function.ops[*op].kind {
                OpKind::Call(callee) => effects[callee].changes_nothing(),
                _ => true,
            };
            if !inside.iter().all(is_harmless) {
                return None;
            }
        }
        Some(Plan {
            op,
            gain,
            block: block(function, &early),
            early,
            crossing,
            dependences,
            within,
        })
    }
}

/// How many iterations are a block, by its early part.
fn block(function: &Function, early: &[OpId]) -> i64 {
    let calls = |op: &OpId| {
        matches!(
            function.ops[*op].kind,
            OpKind::Call(_) | OpKind::CallRuntime(_)
        )
    };
    let results = early.iter().flat_map(|op| &function.ops[*op].results);
    let scalars = results.filter_map(|value| function.ty(*value).scalar());
    match scalars.map(Scalar::bits).max() {
        Some(bits) if early.len() <= SHORT && !early.iter().any(calls) => {
            i64::from(SHORT_BLOCK / bits.max(8))
        }
        _ => BLOCK,
    }
}

/// May raise, leave the loop, or run for ever.
fn leaves(function: &Function, op: OpId) -> bool {
    let kind = &function.ops[op].kind;
    kind.properties().raises != Raises::No
        || matches!(
            kind,
            OpKind::Return | OpKind::Raise(_) | OpKind::Unreachable | OpKind::Break(_)
        )
}

impl Body<'_> {
    /// The largest early part: its ops, what must be tested, and the ops that stand behind what may raise or leave.
    fn early(&self) -> Option<(Vec<OpId>, Dependences, FxHashSet<OpId>)> {
        let mut pair = Pair::new(self.function, self.structure, [self.op, self.op])?;
        let mut late: FxHashSet<OpId> = FxHashSet::default();
        loop {
            let (early, tested) = self.closure(&late);
            let is_early: FxHashSet<OpId> = early.iter().copied().collect();
            let (first, second): (Vec<&Access>, Vec<&Access>) = self
                .accesses
                .iter()
                .partition(|access| is_early.contains(&access.op));
            let mut dependences = Dependences::none();
            let before = late.len();
            for a in first {
                for b in &second {
                    if (a.writes || b.writes) && !self.may(&mut pair, a, b, &mut dependences) {
                        late.insert(a.op);
                    }
                }
            }
            if late.len() == before {
                let fits = dependences.apart.len() <= PAIRS;
                return fits.then_some((early, dependences, tested));
            }
        }
    }

    /// Whether an early access may come before all late ones of its block.
    fn may(&self, pair: &mut Pair<'_>, a: &Access, b: &Access, found: &mut Dependences) -> bool {
        let fixed = |base| self.structure.is_invariant(self.function, base, self.op);
        if !fixed(a.base) || !fixed(b.base) {
            return false;
        }
        if a.base != b.base {
            let key = (a.base.min(b.base), a.base.max(b.base));
            found.apart.entry(key).or_insert((a.op, b.op));
            return true;
        }
        let array = self.function.ty(a.base).array();
        if array.is_some_and(|array| array.layout == Layout::Strided) {
            found.injective.insert(a.base);
        }
        match pair.meeting(a, b) {
            Meeting::Apart => true,
            Meeting::Ahead(by) => by > 0 || (by == 0 && self.place[&a.op] < self.place[&b.op]),
            Meeting::Anyhow => false,
        }
    }

    /// What depends on nothing but the induction variable and is not late, and which of it stands behind what may raise.
    fn closure(&self, late: &FxHashSet<OpId>) -> (Vec<OpId>, FxHashSet<OpId>) {
        let function = self.function;
        let mut known = FxHashSet::from_iter([self.induction]);
        let (mut early, mut tested, mut left) = (Vec::new(), FxHashSet::default(), false);
        for &op in self.ops {
            let data = &function.ops[op];
            let there = |value: &ValueId| {
                known.contains(value) || self.structure.is_invariant(function, *value, self.op)
            };
            let proved = |bounds: &[Bound]| bounds.iter().all(|bound| *bound == Bound::Proved);
            let may = match &data.kind {
                OpKind::Load(bounds) => proved(bounds),
                OpKind::Store(bounds) => {
                    self.quiet && proved(bounds) && self.moves(&data.args[1..=bounds.len()])
                }
                _ => is_speculatable(function, op),
            };
            if may && !late.contains(&op) && data.args.iter().all(there) {
                early.push(op);
                known.extend(&data.results);
                if left {
                    tested.insert(op);
                }
            }
            left |= leaves(function, op);
            for region in data.kind.regions() {
                let inner = edit::ops_in(function, region);
                left |= inner.iter().any(|op| leaves(function, *op));
            }
        }
        (early, tested)
    }

    /// What says that loads are within their arrays, of those that rest on what was there before.
    fn within(
        &self,
        early: &[OpId],
        tested: &FxHashSet<OpId>,
    ) -> Option<Vec<(Subscript, ValueId, u8)>> {
        let mut within = Vec::new();
        for &op in early.iter().filter(|op| tested.contains(op)) {
            let data = &self.function.ops[op];
            if !matches!(data.kind, OpKind::Load(_)) {
                continue;
            }
            for (axis, &index) in data.args[1..].iter().enumerate() {
                let subscript = match self.offset(index) {
                    Some(offset) => Subscript::Moving(offset),
                    None if self.structure.is_invariant(self.function, index, self.op) => {
                        Subscript::Still(index)
                    }
                    None => return None,
                };
                within.push((subscript, data.args[0], axis as u8));
            }
        }
        Some(within)
    }

    /// Subscripts of which one moves with the loop, and the others stay.
    fn moves(&self, subscripts: &[ValueId]) -> bool {
        let moving = |value: &&ValueId| self.offset(**value).is_some();
        let still = |value: &ValueId| self.structure.is_invariant(self.function, *value, self.op);
        let count = subscripts.iter().filter(moving).count();
        count == 1
            && subscripts
                .iter()
                .all(|value| self.offset(*value).is_some() || still(value))
    }

    /// The distance of a value from the induction variable, if that is a small constant.
    fn offset(&self, value: ValueId) -> Option<i64> {
        if value == self.induction {
            return Some(0);
        }
        let data = self.function.def_op(value)?;
        let inner = || self.offset(data.args[0]);
        let by = || self.function.const_int(data.args[1]);
        let sum = match data.kind {
            OpKind::Int(IntOp::Add, _) => inner()?.checked_add(by()?)?,
            OpKind::Int(IntOp::Sub, _) => inner()?.checked_sub(by()?)?,
            _ => return None,
        };
        (sum.abs() <= 1 << 20).then_some(sum)
    }

    /// What the rest uses of the early part and does not compute again.
    fn crossing(&self, early: &[OpId]) -> Option<Vec<ValueId>> {
        let function = self.function;
        let own: FxHashSet<OpId> = early.iter().copied().collect();
        let mut used: FxHashSet<ValueId> = FxHashSet::default();
        let f = the_loop(function, self.op)?;
        for op in edit::ops_in(function, f.body) {
            if !own.contains(&op) {
                used.extend(&function.ops[op].args);
            }
        }
        // From the end: what cannot be kept makes its operands wanted.
        let mut wanted = Vec::new();
        for &op in early.iter().rev() {
            let data = &function.ops[op];
            for result in &data.results {
                if !used.contains(result) {
                    continue;
                }
                let kept = match function.ty(*result) {
                    Type::Scalar(scalar) => scalar != Scalar::Bool,
                    _ => false,
                };
                match kept {
                    true => wanted.push(*result),
                    false => used.extend(&data.args),
                }
            }
        }
        wanted.reverse();
        let mut crossing: Vec<ValueId> = Vec::new();
        for value in wanted {
            let mut slice = FxHashSet::default();
            self.slice(value, &own, &crossing, &mut slice);
            let cost: f64 = slice
                .iter()
                .map(|op| cycles(&function.ops[*op].kind).0)
                .sum();
            if cost >= CHEAP {
                crossing.push(value);
            }
        }
        (crossing.len() <= CROSSING).then_some(crossing)
    }

    /// Whether loads of the rest, and those that it does again, find what they would have found: by then, all that the early
    /// part stores in the block is there.
    fn loads_again(&self, early: &[OpId], crossing: &[ValueId], found: &mut Dependences) -> bool {
        let loops = [self.op, self.op];
        let Some(mut pair) = Pair::new(self.function, self.structure, loops) else {
            return false;
        };
        let again = self.again(early, crossing);
        let is_stored = |a: &&Access| a.writes && early.contains(&a.op);
        let stores: Vec<&Access> = self.accesses.iter().filter(is_stored).collect();
        let is_late = |b: &&Access| !early.contains(&b.op) || again.contains(&b.op);
        let mut loads = self.accesses.iter().filter(is_late);
        let keep = |b: &Access| stores.iter().all(|a| self.may(&mut pair, a, b, found));
        loads.all(keep) && found.apart.len() <= PAIRS
    }

    /// The early ops that the rest does again.
    fn again(&self, early: &[OpId], crossing: &[ValueId]) -> FxHashSet<OpId> {
        let own: FxHashSet<OpId> = early.iter().copied().collect();
        let mut again = FxHashSet::default();
        let Some(f) = the_loop(self.function, self.op) else {
            return again;
        };
        for op in edit::ops_in(self.function, f.body) {
            if !own.contains(&op) {
                for arg in &self.function.ops[op].args {
                    self.slice(*arg, &own, crossing, &mut again);
                }
            }
        }
        again
    }

    /// The early ops that a value is computed from, but for what is known already.
    fn slice(
        &self,
        value: ValueId,
        own: &FxHashSet<OpId>,
        known: &[ValueId],
        slice: &mut FxHashSet<OpId>,
    ) {
        if let ValueDef::Result(op, _) = self.function.values[value].def
            && own.contains(&op)
            && !known.contains(&value)
            && slice.insert(op)
        {
            for arg in &self.function.ops[op].args {
                self.slice(*arg, own, known, slice);
            }
        }
    }

    /// Only what stores or what crosses is computed from is worth being early.
    fn drop_unneeded(&self, early: &mut Vec<OpId>, crossing: &[ValueId]) {
        let own: FxHashSet<OpId> = early.iter().copied().collect();
        let mut needed = FxHashSet::default();
        let is_store = |op: &&OpId| matches!(self.function.ops[**op].kind, OpKind::Store(_));
        for store in early.iter().filter(is_store) {
            needed.insert(*store);
            for arg in &self.function.ops[*store].args {
                self.slice(*arg, &own, &[], &mut needed);
            }
        }
        for value in crossing {
            self.slice(*value, &own, &[], &mut needed);
        }
        early.retain(|op| needed.contains(op));
    }

    /// How many times as fast an iteration would be, by the cycles of it as it is and of both parts. `None` without an early
    /// part.
    fn gain(&self, early: &[OpId], crossing: &[ValueId]) -> Option<f64> {
        let function = self.function;
        let f = the_loop(function, self.op)?;
        let own: FxHashSet<OpId> = early.iter().copied().collect();
        let all = edit::ops_in(function, f.body);
        let again = self.again(early, crossing);
        let (mut whole, mut rest, mut lanes) = (0.0, 0.0, 0.0);
        for op in &all {
            let (scalar, in_lanes) = cycles(&function.ops[*op].kind);
            whole += scalar;
            let is_early = own.contains(op);
            lanes += if is_early { in_lanes } else { 0.0 };
            rest += if !is_early || again.contains(op) {
                scalar
            } else {
                0.0
            };
        }
        let wait = self.wait(f);
        let values = crossing.len() as f64;
        let before = wait.max(whole);
        let after = wait.max(rest + values * 0.5) + lanes + values * 0.25 + 0.3;
        (!early.is_empty()).then_some(before / after)
    }

    /// How long an iteration waits for the one before.
    fn wait(&self, f: &For) -> f64 {
        let function = self.function;
        let params = &function.regions[f.body].params;
        let mut ready: BTreeMap<ValueId, f64> = params[1..].iter().map(|p| (*p, 0.0)).collect();
        for op in edit::ops_in(function, f.body) {
            let data = &function.ops[op];
            let args = data.args.iter().filter_map(|arg| ready.get(arg).copied());
            if let Some(latest) = args.reduce(f64::max) {
                let there = latest + latency(&data.kind);
                ready.extend(data.results.iter().map(|result| (*result, there)));
            }
        }
        let next = function.terminator(f.body);
        let next = next.map_or(&[][..], |next| &function.ops[next].args);
        let waits = next.iter().filter_map(|value| ready.get(value).copied());
        waits.fold(0.0, f64::max)
    }
}

impl Plan {
    /// The function with this loop in two parts, if its early part then runs in lanes and it did not before.
    fn apply(&self, program: &Program, function: &Function, names: &Names) -> Option<Function> {
        let known = Known::of(function, names);
        if is_fallback(&known.context(), self.op) || in_lanes(program, function, names, self.op) {
            return None;
        }
        let mut split = function.clone();
        let early = self.build(&mut split, &known.structure, &known.facts)?;
        crate::dce::run(&mut split);
        in_lanes(program, &split, names, early).then_some(split)
    }

    /// Builds both parts. Gives the early loop.
    fn build(
        &self,
        function: &mut Function,
        structure: &Structure,
        facts: &Ranges,
    ) -> Option<OpId> {
        let data = function.ops[self.op].clone();
        let f = the_loop(function, self.op)?.clone();
        let types = function.types(&data.results);
        let place = tested_at(function, structure, self.op, &self.dependences);
        let apart = place.and_then(|place| tests(function, &self.dependences, place, data.site));
        let buffers = self.buffers(function);
        let (region, at) = place_of(function, self.op)?;
        function.regions[region].ops.remove(at);
        let mut b = Builder::before(function, region, at, data.site);
        let (start, stop) = (data.args[0], data.args[1]);
        let (_, mut condition) = trip_count(&mut b, facts, start, stop, &f, LEAST);
        if let Some(apart) = apart {
            condition = and(&mut b, Some(condition), apart);
        }
        for &(subscript, array, axis) in &self.within {
            let extent = b.extent(array, axis);
            let (first, last) = match subscript {
                Subscript::Moving(by) => {
                    let least = b.const_i64(-by);
                    let by = b.const_i64(by);
                    let end = b.int(IntOp::Sub, Overflow::Wrap, extent, by);
                    ((start, least), b.compare(Compare::Le, stop, end))
                }
                Subscript::Still(value) => {
                    let zero = b.const_i64(0);
                    ((value, zero), b.compare(Compare::Lt, value, extent))
                }
            };
            let above = b.compare(Compare::Ge, first.0, first.1);
            condition = and(&mut b, Some(condition), above);
            condition = and(&mut b, Some(condition), last);
        }
        let mut early = None;
        b.if_(
            condition,
            &types,
            |b| {
                let size = b.const_i64(self.block);
                let carried = data.args[2..].to_vec();
                let bounds = (start, stop, self.block);
                b.for_("made.block", bounds, carried, |b, _, first, carried| {
                    let left = b.int(IntOp::Sub, Overflow::Wrap, stop, first);
                    let count = b.int(IntOp::Min, Overflow::Wrap, left, size);
                    let end = b.int(IntOp::Add, Overflow::Wrap, first, count);
                    early = Some(self.early_loop(b, &f, (first, end), &buffers));
                    self.late_loop(b, &f, (first, end), carried, &buffers)
                })
            },
            |b| {
                let twin = Cloner::within().op(b.function, self.op);
                b.insert(twin);
                b.function.ops[twin].results.clone()
            },
        );
        let branch = b.function.regions[region].ops[b.position() - 1];
        for (n, result) in data.results.iter().enumerate() {
            function.values[*result].def = ValueDef::Result(branch, n as u32);
        }
        function.ops[branch].results = data.results;
        early
    }

    /// Memory of the function for each value that crosses, visible everywhere.
    fn buffers(&self, function: &mut Function) -> Vec<ValueId> {
        let (body, site) = (function.body, function.ops[self.op].site);
        let mut b = Builder::before(function, body, 0, site);
        let mut buffers = Vec::new();
        for &value in &self.crossing {
            let Type::Scalar(scalar) = b.function.ty(value) else {
                continue;
            };
            let element = Element::Scalar(scalar);
            let bytes = self.block as u32 * element.size();
            let address = b.value(OpKind::Local(bytes), vec![], Type::I64);
            let count = b.const_i64(self.block);
            let ty = Type::Array(ArrayType {
                element,
                rank: 1,
                layout: Layout::Contiguous,
            });
            buffers.push(b.value(OpKind::View, vec![address, count], ty));
        }
        buffers
    }

    fn early_loop(
        &self,
        b: &mut Builder<'_>,
        f: &For,
        (first, end): (ValueId, ValueId),
        buffers: &[ValueId],
    ) -> OpId {
        let induction = b.function.regions[f.body].params[0];
        b.for_("", (first, end, 1), vec![], |b, _, i, _| {
            let mut cloner = Cloner::within();
            cloner.values.insert(induction, i);
            for op in &self.early {
                let op = cloner.op(b.function, *op);
                forget_proof(b.function, op);
                b.insert(op);
            }
            if !buffers.is_empty() {
                let place = b.int(IntOp::Sub, Overflow::Wrap, i, first);
                for (value, buffer) in self.crossing.iter().zip(buffers) {
                    let value = cloner.values[value];
                    let store = OpKind::Store(vec![Bound::Proved]);
                    b.op(store, vec![*buffer, place, value], &[]);
                }
            }
            Vec::new()
        });
        b.function.regions[b.region()].ops[b.position() - 1]
    }

    /// The loop as it was, with what crosses taken out of memory, and without what the early loop has stored.
    fn late_loop(
        &self,
        b: &mut Builder<'_>,
        f: &For,
        (first, end): (ValueId, ValueId),
        carried: &[ValueId],
        buffers: &[ValueId],
    ) -> Vec<ValueId> {
        let mut cloner = Cloner::within();
        let late = cloner.op(b.function, self.op);
        let mut args = vec![first, end];
        args.extend(carried);
        b.function.ops[late].args = args;
        b.insert(late);
        let Some(body) = the_loop(b.function, late).map(|f| f.body) else {
            return carried.to_vec();
        };
        let (i, site) = (b.function.regions[body].params[0], b.site);
        let is_stored = |op: &OpId| {
            self.early.contains(op) && matches!(b.function.ops[*op].kind, OpKind::Store(_))
        };
        let old = &b.function.regions[f.body].ops;
        let stored: Vec<bool> = old.iter().map(is_stored).collect();
        let mut stored = stored.into_iter();
        let ops = &mut b.function.regions[body].ops;
        ops.retain(|_| !stored.next().unwrap_or(false));
        if !buffers.is_empty() {
            let mut inner = Builder::before(b.function, body, 0, site);
            let place = inner.int(IntOp::Sub, Overflow::Wrap, i, first);
            let mut renamed = FxHashMap::default();
            for (value, buffer) in self.crossing.iter().zip(buffers) {
                let ty = inner.function.ty(*value);
                let load = OpKind::Load(vec![Bound::Proved]);
                let loaded = inner.value(load, vec![*buffer, place], ty);
                renamed.insert(cloner.values[value], loaded);
            }
            for op in edit::ops_in(b.function, body) {
                for arg in &mut b.function.ops[op].args {
                    *arg = renamed.get(arg).copied().unwrap_or(*arg);
                }
            }
        }
        b.function.ops[late].results.clone()
    }
}

/// Whether a loop would run in lanes once functions have given way to their forms.
fn in_lanes(program: &Program, function: &Function, names: &Names, op: OpId) -> bool {
    once_forms(program, function, names, |context| {
        runs_in_lanes(context, op)
    })
}

/// Asks about a function whose calls have given way to forms for lanes.
fn once_forms<T>(
    program: &Program,
    function: &Function,
    names: &Names,
    ask: impl FnOnce(&Context<'_>) -> T,
) -> T {
    let with_forms = vector_math::all_forms(program, function);
    let function = with_forms
        .as_ref()
        .map_or(function, |(with_forms, _)| with_forms);
    ask(&Known::of(function, names).context())
}
