//! Unroll and jam: a few iterations of a loop at once, so that the loops in it run once for all of them.
//!
//! `for i { for j in lanes { for k { s += a[i, k] * b[k, j] } } }` becomes the nest with four sums `s`, which read each
//! `b[k, j]` once and do not wait for each other, and the loop as it was for the rest. No sum changes its order. It is done
//! where loops inside run in lanes and have loads that are the same in all iterations or sums that wait for themselves, and
//! where such sums could not be put into lanes at all.
//!
//! That it is right follows from what lets iterations run in lanes ([`snek_analysis::dependence`], with the same tests at
//! run time), if nothing raises or leaves and loops and branches go the same way in all iterations. Between two loops or
//! branches all of one iteration comes before the next iteration, which is nearer to the serial order than lanes are.
//! Runs after `vectorise`: it must know what is in lanes.
//!
//! Where sums fill registers of 512 bits there are twice as many of these as there are of 256: there more iterations are done
//! at once, by a loop of its own, which only the form of the function for such vectors keeps. A loop that stands behind a
//! branch on the level has only what is for its side. Of loops in each other, the one whose iterations load the same vectors
//! is taken.

use rustc_hash::{FxHashMap, FxHashSet};
use snek_analysis::dependence::{Access, Lanes, Motion, accesses};
use snek_analysis::ranges::{Ranges, ranges};
use snek_analysis::structure::{Structure, is_loop};
use snek_mir::builder::Builder;
use snek_mir::edit;
use snek_mir::ir::{
    For, Function, IntOp, LoopKind, OpId, OpKind, Overflow, RegionId, Role, Type, ValueId,
};
use snek_mir::ops::Raises;

use crate::level::is_for_widest;
use crate::rewrite::{new_op, place_of};
use crate::vectorise::build::{PAIRS, advance, tested_at, tests, trip_count};

/// Iterations that are done at once, at most.
const FACTOR: u8 = 4;
/// The same with registers of 512 bits.
const WIDEST_FACTOR: u8 = 8;
/// Bodies of more ops are not multiplied.
const SIZE: usize = 300;
/// Registers for sums; the rest is for what they are made of.
const REGISTERS: u32 = 12;
/// Bits of a register.
const NATIVE: u32 = 256;
/// Those of the widest ones, and how many of them are for sums.
const WIDEST: u32 = 512;
const WIDEST_REGISTERS: u32 = 24;

/// Runs the pass on serial loops.
pub fn run(function: &mut Function) {
    nests(function, |_, _| Some(false));
}

/// Runs the pass on the loops over the chunks of parallel loops, whose iterations are independent by declaration.
pub fn chunks(function: &mut Function) {
    if function.role == Role::ParallelBody {
        nests(function, |structure, op| {
            (structure.region_of[op] == Some(function_body(structure))).then_some(true)
        });
    }
}

/// The region without an owner that has ops: where the first op is.
fn function_body(structure: &Structure) -> RegionId {
    let first = structure
        .order
        .first()
        .and_then(|op| structure.region_of[*op]);
    first.unwrap_or(RegionId::from_usize(0))
}

/// Looks at loops from the inside; `wanted` says which, and whether their iterations are independent.
fn nests(function: &mut Function, wanted: impl Fn(&Structure, OpId) -> Option<bool>) {
    let structure = Structure::new(function);
    let is_nest = |op: &OpId| {
        matches!(&function.ops[*op].kind, OpKind::For(f) if f.kind == LoopKind::Serial)
            && function.ops[*op].results.is_empty()
            && wanted(&structure, *op).is_some()
            && has_loop(function, *op)
    };
    let nests: Vec<OpId> = structure
        .order
        .iter()
        .rev()
        .copied()
        .filter(is_nest)
        .collect();
    if nests.is_empty() {
        return;
    }
    let facts = ranges(function, &structure);
    let mut done: Vec<OpId> = Vec::new();
    // A vector that is loaded for several iterations is worth more than sums that do not wait.
    for alike in [true, false] {
        for &op in &nests {
            let is_in = |inner: OpId, outer: OpId| {
                let around = structure.loops_around(function, inner);
                around.contains(&outer)
            };
            if done
                .iter()
                .any(|done| *done == op || is_in(*done, op) || is_in(op, *done))
            {
                continue;
            }
            let independent = wanted(&structure, op) == Some(true);
            if jam(function, (&structure, &facts), op, independent, alike).is_some() {
                done.push(op);
            }
        }
    }
}

/// Does several iterations of a loop at once, if that is right and worth it. `alike`: where they load the same vectors.
fn jam(
    function: &mut Function,
    (structure, facts): (&Structure, &Ranges),
    op: OpId,
    independent: bool,
    alike: bool,
) -> Option<()> {
    let mut lanes = Lanes::new(function, structure, facts, op)?;
    let nest = Nest {
        function,
        structure,
        op,
        accesses: accesses(function, structure, op),
    };
    let factors = nest.factors(&mut lanes, alike)?;
    let dependences = match independent {
        true => snek_analysis::dependence::Dependences::none(),
        false => lanes.dependences(&nest.accesses).ok()?,
    };
    let window = dependences.window;
    let least = factors.iter().map(|(factor, _)| *factor).min()?;
    if window < u64::from(least) || dependences.apart.len() > PAIRS {
        return None;
    }
    let varying = Varying::find(&nest)?;
    let mut loops = Vec::new();
    for (factor, asks) in factors {
        if window >= u64::from(factor) {
            loops.push((many(function, op, factor, &varying)?, factor, asks));
        }
    }
    let place = tested_at(function, structure, op, &dependences);
    let site = function.ops[op].site;
    let apart = place.and_then(|place| tests(function, &dependences, place, site));
    for (many, factor, asks) in loops {
        enter(function, facts, op, (many, factor), (apart, asks));
    }
    Some(())
}

/// Puts `many`, which does `factor` iterations at once, before the loop, which does the rest, or all if the arrays are not
/// apart. `asks`: it is for registers of 512 bits, and has to ask whether there are any.
fn enter(
    function: &mut Function,
    facts: &Ranges,
    op: OpId,
    (many, factor): (For, u8),
    (apart, asks): (Option<ValueId>, bool),
) {
    let OpKind::For(f) = function.ops[op].kind.clone() else {
        return;
    };
    let Some((region, at)) = place_of(function, op) else {
        return;
    };
    let data = &function.ops[op];
    let (start, stop, site) = (data.args[0], data.args[1], data.site);
    let mut b = Builder::before(function, region, at, site);
    let (trip, mut condition) = trip_count(&mut b, facts, start, stop, &f, factor);
    if let Some(apart) = apart {
        condition = b.int(IntOp::And, Overflow::Wrap, condition, apart);
    }
    if asks {
        let has = b.has_widest_vectors();
        condition = b.int(IntOp::And, Overflow::Wrap, condition, has);
    }
    let rest = b.if_(
        condition,
        &[Type::I64],
        |b| {
            let mask = b.const_i64(-i64::from(factor));
            let main = b.int(IntOp::And, Overflow::Wrap, trip, mask);
            let end = advance(b, start, main, f.step);
            b.op(OpKind::For(many), vec![start, end], &[]);
            vec![end]
        },
        |_| vec![start],
    );
    function.ops[op].args[0] = rest[0];
}

fn has_loop(function: &Function, op: OpId) -> bool {
    let regions = function.ops[op].kind.regions();
    let mut inner = regions
        .iter()
        .flat_map(|region| edit::ops_in(function, *region));
    inner.any(|op| is_loop(&function.ops[op].kind))
}

/// A loop with loops inside.
struct Nest<'f> {
    function: &'f Function,
    structure: &'f Structure,
    op: OpId,
    accesses: Vec<Access>,
}

impl Nest<'_> {
    /// How many iterations are worth doing at once: by the first loop, by one for what that leaves, and so on, and which of
    /// them ask for registers of 512 bits.
    fn factors(&self, lanes: &mut Lanes<'_>, alike: bool) -> Option<Vec<(u8, bool)>> {
        let sums = self.gains(lanes, alike)?;
        let fits = |factor: &u8| u32::from(*factor) * sums <= REGISTERS;
        let factor = [FACTOR, FACTOR / 2].into_iter().find(fits);
        let widest = self.widest_factor();
        let is_for_widest = is_for_widest(self.function, self.structure, self.op);
        let mut factors = match (is_for_widest, widest) {
            (None, Some(most)) if most == WIDEST_FACTOR => vec![(most, true)],
            (Some(true), Some(most)) => {
                let less = (most > FACTOR).then_some((most / 2, false));
                return Some([(most, false)].into_iter().chain(less).collect());
            }
            (None | Some(_), _) => Vec::new(),
        };
        factors.push((factor?, false));
        Some(factors)
    }

    /// Whether more iterations at once gain; gives the registers that the sums of one take.
    fn gains(&self, lanes: &mut Lanes<'_>, alike: bool) -> Option<u32> {
        let function = self.function;
        let OpKind::For(f) = &function.ops[self.op].kind else {
            return None;
        };
        f.step.checked_mul(i64::from(WIDEST_FACTOR))?;
        let ops = edit::ops_in(function, f.body);
        if ops.len() > SIZE
            || !ops.iter().all(|op| is_simple(function, *op))
            || is_rest(function, self.op)
        {
            return None;
        }
        let loops: Vec<OpId> = ops
            .into_iter()
            .filter(|op| is_loop(&function.ops[*op].kind))
            .collect();
        let in_lanes: Vec<OpId> = loops
            .iter()
            .copied()
            .filter(|op| is_vector(function, *op))
            .collect();
        let mut sums = 0;
        for &inner in &loops {
            let around = self.structure.loops_around(function, inner);
            let is_inside = |op: &OpId| is_vector(function, *op);
            if in_lanes.is_empty() || around.iter().any(is_inside) {
                sums = sums.max(self.sums(inner));
            }
        }
        let gains = match alike {
            true => self.loads_alike(lanes, &in_lanes),
            false => sums > 0,
        };
        gains.then_some(sums)
    }

    /// How many iterations registers of 512 bits have room for, at most: where all sums fill them.
    fn widest_factor(&self) -> Option<u8> {
        let function = self.function;
        let OpKind::For(f) = &function.ops[self.op].kind else {
            return None;
        };
        let mut most = 0;
        for inner in edit::ops_in(function, f.body) {
            let data = &function.ops[inner];
            if !is_loop(&data.kind) || data.results.is_empty() {
                continue;
            }
            let mut sums = 0;
            for value in &data.results {
                let Type::Vector(scalar, lanes) = function.ty(*value) else {
                    continue;
                };
                let bits = scalar.bits() * u32::from(lanes);
                if bits % WIDEST != 0 {
                    return None;
                }
                sums += bits / WIDEST;
            }
            most = most.max(sums);
        }
        let fits = |factor: &u8| u32::from(*factor) * most <= WIDEST_REGISTERS;
        let mut factors = [WIDEST_FACTOR, WIDEST_FACTOR / 2, WIDEST_FACTOR / 4].into_iter();
        factors.find(fits).filter(|_| most > 0)
    }

    /// Registers for the sums of floats that a loop carries.
    fn sums(&self, op: OpId) -> u32 {
        let function = self.function;
        let bits = |value: &ValueId| match function.ty(*value) {
            Type::Scalar(scalar) if scalar.is_float() => NATIVE,
            Type::Vector(scalar, lanes) if scalar.is_float() => scalar.bits() * u32::from(lanes),
            _ => 0,
        };
        let results = function.ops[op].results.iter();
        results.map(|value| bits(value).div_ceil(NATIVE)).sum()
    }

    /// Some loads of lanes are the same in all iterations.
    fn loads_alike(&self, lanes: &mut Lanes<'_>, in_lanes: &[OpId]) -> bool {
        self.accesses.iter().any(|access| {
            let around = self.structure.loops_around(self.function, access.op);
            let is_wide = matches!(self.function.ops[access.op].kind, OpKind::LoadLanes(_));
            is_wide
                && in_lanes.iter().any(|op| around.contains(op))
                && lanes.motion(access) == Motion::Still
        })
    }
}

/// A loop that does what lanes, or this pass, have left over.
pub(crate) fn is_rest(function: &Function, op: OpId) -> bool {
    let data = &function.ops[op];
    let start = match data.kind {
        OpKind::For(_) => function.def_op(data.args[0]),
        _ => None,
    };
    let Some(data) = start else {
        return false;
    };
    let regions = data.kind.regions();
    let mut ops = regions
        .iter()
        .flat_map(|region| &function.regions[*region].ops);
    ops.any(|op| is_loop(&function.ops[*op].kind))
}

fn is_vector(function: &Function, op: OpId) -> bool {
    matches!(&function.ops[op].kind, OpKind::For(f) if matches!(f.kind, LoopKind::Vector(_)))
}

/// Can be done for several iterations at once.
pub(crate) fn is_simple(function: &Function, op: OpId) -> bool {
    let kind = &function.ops[op].kind;
    match kind {
        OpKind::For(f) => f.kind != LoopKind::Parallel,
        OpKind::If { then, other } => [then, other].into_iter().all(|region| {
            let end = function.terminator(*region);
            end.is_some_and(|end| matches!(function.ops[end].kind, OpKind::Yield))
        }),
        OpKind::Yield | OpKind::Next(_) => true,
        OpKind::CallRuntime(_) | OpKind::Block { .. } | OpKind::While { .. } => false,
        kind => kind.properties().raises == Raises::No && !kind.properties().terminator,
    }
}

/// What is not the same in all iterations of a loop.
struct Varying<'n> {
    nest: &'n Nest<'n>,
    values: FxHashSet<ValueId>,
    /// Loads of arrays that the loop stores to.
    unsteady: FxHashSet<OpId>,
}

impl<'n> Varying<'n> {
    /// `None` if loops or branches do not go the same way in all iterations.
    fn find(nest: &'n Nest<'n>) -> Option<FxHashSet<ValueId>> {
        let function = nest.function;
        let OpKind::For(f) = &function.ops[nest.op].kind else {
            return None;
        };
        let stored: FxHashSet<ValueId> = nest
            .accesses
            .iter()
            .filter(|access| access.writes)
            .map(|access| access.base)
            .collect();
        let loads = nest.accesses.iter().filter(|access| !access.writes);
        let mut this = Varying {
            nest,
            values: FxHashSet::from_iter([function.regions[f.body].params[0]]),
            unsteady: loads
                .filter(|access| stored.contains(&access.base))
                .map(|access| access.op)
                .collect(),
        };
        loop {
            let before = this.values.len();
            this.region(f.body)?;
            if this.values.len() == before {
                return Some(this.values);
            }
        }
    }

    fn region(&mut self, region: RegionId) -> Option<()> {
        let function = self.nest.function;
        for &op in &function.regions[region].ops {
            let data = &function.ops[op];
            let varies = |this: &Self, value: &ValueId| this.values.contains(value);
            match &data.kind {
                OpKind::If { then, other } => {
                    if varies(self, &data.args[0]) {
                        return None;
                    }
                    for inner in [*then, *other] {
                        self.region(inner)?;
                        self.hand_over(inner, &data.results);
                    }
                }
                OpKind::For(inner) => {
                    if data.args[..2].iter().any(|bound| varies(self, bound)) {
                        return None;
                    }
                    let params = function.regions[inner.body].params[1..].to_vec();
                    for (n, arg) in data.args[2..].iter().enumerate() {
                        if varies(self, arg) {
                            self.values.extend([params[n], data.results[n]]);
                        }
                    }
                    self.region(inner.body)?;
                    self.hand_over(inner.body, &params);
                    self.hand_over(inner.body, &data.results);
                }
                _ => {
                    let any = data.args.iter().any(|arg| varies(self, arg));
                    if any || self.unsteady.contains(&op) {
                        self.values.extend(&data.results);
                    }
                }
            }
        }
        Some(())
    }

    /// What the end of a region gives to `to`.
    fn hand_over(&mut self, region: RegionId, to: &[ValueId]) {
        let function = self.nest.function;
        let Some(end) = function.terminator(region) else {
            return;
        };
        for (arg, to) in function.ops[end].args.iter().zip(to) {
            if self.values.contains(arg) {
                self.values.insert(*to);
            }
        }
    }
}

/// The loop that does `factor` iterations at once.
fn many(
    function: &mut Function,
    op: OpId,
    factor: u8,
    varying: &FxHashSet<ValueId>,
) -> Option<For> {
    let OpKind::For(f) = function.ops[op].kind.clone() else {
        return None;
    };
    let site = function.ops[op].site;
    let name = function.labels[f.label].clone();
    let label = function.add_label(name);
    let body = function.add_region();
    let induction = function.regions[f.body].params[0];
    let name = function.values[induction].name.clone();
    let first = function.add_param(body, Type::I64, name);
    let mut jam = Jam {
        values: vec![FxHashMap::from_iter([(induction, first)])],
        labels: FxHashMap::from_iter([(f.label, label)]),
        function,
        varying,
    };
    for n in 1..i64::from(factor) {
        let mut b = Builder::at_end(jam.function, body, site);
        let ahead = b.const_i64(n * f.step);
        let value = b.int(IntOp::Add, Overflow::Wrap, first, ahead);
        jam.values.push(FxHashMap::from_iter([(induction, value)]));
    }
    jam.region(f.body, body, &[]);
    Some(For {
        label,
        kind: LoopKind::Serial,
        step: f.step * i64::from(factor),
        body,
        reductions: Vec::new(),
        auto: false,
        grain: 0,
    })
}

/// Writes a body for several iterations.
struct Jam<'f> {
    function: &'f mut Function,
    varying: &'f FxHashSet<ValueId>,
    /// What values are now, in each iteration.
    values: Vec<FxHashMap<ValueId, ValueId>>,
    labels: FxHashMap<snek_mir::ir::LabelId, snek_mir::ir::LabelId>,
}

impl Jam<'_> {
    /// The ops of a region; `slots` says which values that its end hands over vary.
    fn region(&mut self, from: RegionId, to: RegionId, slots: &[bool]) {
        let ops = self.function.regions[from].ops.clone();
        let mut rest = &ops[..];
        while let Some(&op) = rest.first() {
            let properties = self.function.ops[op].kind.properties();
            if properties.terminator {
                self.end(op, to, slots);
                return;
            }
            if properties.structured {
                self.structured(op, to);
                rest = &rest[1..];
                continue;
            }
            let straight = |op: &OpId| {
                let properties = self.function.ops[*op].kind.properties();
                !properties.structured && !properties.terminator
            };
            let count = rest.iter().take_while(|op| straight(op)).count();
            for n in 0..self.values.len() {
                for &op in &rest[..count] {
                    self.straight(n, op, to);
                }
            }
            rest = &rest[count..];
        }
    }

    fn value(&self, n: usize, value: ValueId) -> ValueId {
        self.values[n].get(&value).copied().unwrap_or(value)
    }

    /// A value in all iterations, or the one that it is in all of them.
    fn expanded(&self, value: ValueId, varies: bool) -> Vec<ValueId> {
        let count = if varies { self.values.len() } else { 1 };
        (0..count).map(|n| self.value(n, value)).collect()
    }

    /// `new` are what a value is: one for each iteration, or one for all.
    fn known(&mut self, old: ValueId, new: &[ValueId]) {
        for (n, values) in self.values.iter_mut().enumerate() {
            values.insert(old, *new.get(n).unwrap_or(&new[0]));
        }
        let name = self.function.values[old].name.clone();
        for new in new {
            self.function.values[*new].name.clone_from(&name);
        }
    }

    /// An op in the n-th iteration. What is the same in all belongs to the first.
    fn straight(&mut self, n: usize, op: OpId, to: RegionId) {
        let data = self.function.ops[op].clone();
        let varies = data
            .results
            .iter()
            .any(|result| self.varying.contains(result));
        let each = varies || data.kind.properties().writes;
        if n > 0 && !each {
            return;
        }
        let args = data.args.iter().map(|arg| self.value(n, *arg)).collect();
        let types = self.function.types(&data.results);
        let new = new_op(self.function, data.kind, args, &types, data.site);
        self.function.regions[to].ops.push(new);
        for (at, old) in data.results.into_iter().enumerate() {
            let result = self.function.ops[new].results[at];
            let name = self.function.values[old].name.clone();
            self.function.values[result].name = name;
            match each {
                true => _ = self.values[n].insert(old, result),
                false => self.known(old, &[result]),
            }
        }
    }

    fn end(&mut self, op: OpId, to: RegionId, slots: &[bool]) {
        let data = self.function.ops[op].clone();
        let args = data.args.iter().zip(slots);
        let args = args
            .flat_map(|(arg, varies)| self.expanded(*arg, *varies))
            .collect();
        let kind = match data.kind {
            OpKind::Next(label) => OpKind::Next(self.labels.get(&label).copied().unwrap_or(label)),
            kind => kind,
        };
        let end = new_op(self.function, kind, args, &[], data.site);
        self.function.regions[to].ops.push(end);
    }

    /// An `if` or a loop, which goes the same way in all iterations.
    fn structured(&mut self, op: OpId, to: RegionId) {
        let data = self.function.ops[op].clone();
        let slots: Vec<bool> = data
            .results
            .iter()
            .map(|r| self.varying.contains(r))
            .collect();
        let mut types = Vec::new();
        for (result, varies) in data.results.iter().zip(&slots) {
            let count = if *varies { self.values.len() } else { 1 };
            types.extend(vec![self.function.ty(*result); count]);
        }
        let (kind, args) = match data.kind {
            OpKind::If { then, other } => {
                let regions = [then, other].map(|region| {
                    let new = self.function.add_region();
                    self.region(region, new, &slots);
                    new
                });
                let [then, other] = regions;
                (
                    OpKind::If { then, other },
                    vec![self.value(0, data.args[0])],
                )
            }
            OpKind::For(inner) => {
                let name = self.function.labels[inner.label].clone();
                let label = self.function.add_label(name);
                self.labels.insert(inner.label, label);
                let body = self.function.add_region();
                let params = self.function.regions[inner.body].params.clone();
                let mut args = vec![self.value(0, data.args[0]), self.value(0, data.args[1])];
                for (n, param) in params.iter().enumerate() {
                    let varies = n > 0 && slots[n - 1];
                    let count = if varies { self.values.len() } else { 1 };
                    let ty = self.function.ty(*param);
                    let new: Vec<ValueId> = (0..count)
                        .map(|_| self.function.add_param(body, ty, None))
                        .collect();
                    self.known(*param, &new);
                    if n > 0 {
                        args.extend(self.expanded(data.args[n + 1], varies));
                    }
                }
                self.region(inner.body, body, &slots);
                (
                    OpKind::For(For {
                        label,
                        body,
                        ..inner
                    }),
                    args,
                )
            }
            // `is_simple` has refused the others.
            kind => (kind, data.args.clone()),
        };
        let new = new_op(self.function, kind, args, &types, data.site);
        self.function.regions[to].ops.push(new);
        let mut results = self.function.ops[new].results.clone().into_iter();
        for (old, varies) in data.results.into_iter().zip(slots) {
            let count = if varies { self.values.len() } else { 1 };
            let new: Vec<ValueId> = results.by_ref().take(count).collect();
            self.known(old, &new);
        }
    }
}
