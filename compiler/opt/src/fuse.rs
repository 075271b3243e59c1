//! Fusion: two loops that follow each other and go through the same arrays become one.
//!
//! `for i: b[i] = f(a[i])`, then `for i: c[i] = g(a[i], b[i])` reads `a` and `b` once more than it has to. As one loop it
//! has `b[i]` in a register. Nests are fused level by level, all of them or none: rows first, then their elements.
//!
//! It is right if the loops have the same iterations, no iteration of the second one reaches an element that a later one of
//! the first reaches ([`snek_analysis::adjacent`]), the second one does not use what the first one gives, and nothing in
//! them raises, leaves or calls. Where that rests on tests (arrays that are apart, extents that are equal, conditions of
//! `version` that both loops stand behind), the loops as they were stay for when these fail.
//!
//! It pays where loads go: an element that the second loop loads was loaded or stored in the same iteration of the first.
//! Loops stay two if one of them runs in lanes and together they would not, if they would want many registers, or if the
//! second one loads what the first one stored a few iterations before: in lanes that load waits for several stores.

use rustc_hash::FxHashSet;
use snek_analysis::adjacent::{Meeting, Pair};
use snek_analysis::dependence::{Access, Dependences, WINDOW, accesses};
use snek_analysis::structure::{Structure, is_loop};
use snek_mir::builder::Builder;
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{
    Compare, For, Function, LoopKind, OpId, OpKind, RegionId, Type, ValueDef, ValueId,
};

use crate::jam::{is_rest, is_simple};
use crate::report::{Names, Notes};
use crate::rewrite::{and, is_speculatable, new_op, without_yield};
use crate::vectorise::build::{PAIRS, tested_at, tests};
use crate::vectorise::runs_in_lanes;
use crate::vectorise::shape::Known;

/// Together they have no more ops.
const SIZE: usize = 80;
/// Nor more arrays, each of which wants an address.
const ARRAYS: usize = 8;
/// No more pairs of loops are fused in a function.
const MOST: usize = 16;

/// Runs the pass.
pub fn run(function: &mut Function, names: &Names, notes: &mut Notes) {
    // What stays for when tests fail.
    let mut left: FxHashSet<OpId> = FxHashSet::default();
    for _ in 0..MOST {
        let structure = Structure::new(function);
        let mut candidates = candidates(function, &structure);
        candidates.retain(|c| !c.stages.iter().any(|stage| left.contains(&stage.outer)));
        let fused = candidates.into_iter().any(|candidate| {
            // Cheap tests come before a copy of the function.
            let Some(needs) = candidate.needs(function, &structure) else {
                return false;
            };
            let mut trial = function.clone();
            let mut pairs = Vec::new();
            if !fuse_nest(&mut trial, names, &candidate, &needs, &mut pairs) {
                return false;
            }
            for [first, second] in pairs {
                notes.fused(&trial, first, second);
            }
            *function = trial;
            left.extend(candidate.stages.map(|stage| stage.outer));
            true
        });
        if !fused {
            return;
        }
    }
}

/// A loop with the condition that it stands behind.
#[derive(Clone, Copy)]
struct Stage {
    /// What is in the region: the loop, or an `if` of which one side is the loop.
    outer: OpId,
    op: OpId,
}

/// Two loops with nothing but pure ops between them.
struct Candidate {
    region: RegionId,
    stages: [Stage; 2],
    /// The pure ops.
    between: Vec<OpId>,
}

/// What must hold at run time.
struct Needs {
    dependences: Dependences,
    /// Dimensions of arrays that must have one extent.
    extents: Option<[(ValueId, u8); 2]>,
}

fn candidates(function: &Function, structure: &Structure) -> Vec<Candidate> {
    let loops = structure.order.iter().copied();
    let regions = loops.filter_map(|op| {
        let stage = structure.region_of[op]?;
        is_loop(&function.ops[op].kind).then(|| match structure.owner_of[stage] {
            Some(owner) if matches!(function.ops[owner].kind, OpKind::If { .. }) => {
                vec![structure.region_of[owner], Some(stage)]
            }
            _ => vec![Some(stage)],
        })
    });
    let mut regions: Vec<RegionId> = regions.flatten().flatten().collect();
    regions.sort_unstable();
    regions.dedup();
    let mut found = Vec::new();
    for region in regions {
        let mut last: Option<(Stage, Vec<OpId>)> = None;
        for &op in &function.regions[region].ops {
            if let Some(stage) = stage(function, structure, op) {
                if let Some((first, between)) = last.take() {
                    found.push(Candidate {
                        region,
                        stages: [first, stage],
                        between,
                    });
                }
                last = Some((stage, Vec::new()));
            } else if !is_speculatable(function, op) {
                last = None;
            } else if let Some((_, between)) = &mut last {
                between.push(op);
            }
        }
    }
    found
}

/// A serial loop that only counts, alone or behind a condition.
fn stage(function: &Function, structure: &Structure, outer: OpId) -> Option<Stage> {
    let op = match function.ops[outer].kind {
        OpKind::If { then, .. } => {
            let ops = without_yield(function, then)?;
            let mut others = ops.iter().filter(|op| !is_speculatable(function, **op));
            let op = *others.next()?;
            others.next().is_none().then_some(op)?
        }
        _ => outer,
    };
    let OpKind::For(f) = &function.ops[op].kind else {
        return None;
    };
    let label = &structure.labels[f.label];
    let plain = f.kind == LoopKind::Serial
        && label.breaks.is_empty()
        && label.nexts.len() == 1
        && label.nexts.first() == function.regions[f.body].ops.last()
        && !is_rest(function, op);
    plain.then_some(Stage { outer, op })
}

fn the_loop(function: &Function, op: OpId) -> Option<&For> {
    match &function.ops[op].kind {
        OpKind::For(f) => Some(f),
        _ => None,
    }
}

/// Nothing in the loop can be noticed but what it stores.
fn is_plain(function: &Function, op: OpId) -> bool {
    let kind = &function.ops[op].kind;
    let properties = kind.properties();
    let calls = matches!(kind, OpKind::CallRuntime(_)) && properties.is_pure();
    let touches = properties.reads || properties.writes;
    let is_access = matches!(kind, OpKind::Load(_) | OpKind::Store(_));
    calls || (is_simple(function, op) && (!touches || is_access || properties.structured))
}

impl Candidate {
    /// Whether the loops may run as one and that would pay as far as this level tells.
    fn needs(&self, function: &Function, structure: &Structure) -> Option<Needs> {
        let loops = self.stages.map(|stage| stage.op);
        let [first, second] = loops;
        let (f, g) = (the_loop(function, first)?, the_loop(function, second)?);
        let bodies = [f.body, g.body].map(|body| edit::ops_in(function, body));
        let [of_first, of_second] = &bodies;
        if of_first.len() + of_second.len() > SIZE
            || !bodies.iter().flatten().all(|op| is_plain(function, *op))
        {
            return None;
        }
        // A nest is fused with one of the same form.
        let inner = [f.body, g.body].map(|body| {
            let ops = function.regions[body].ops.iter();
            ops.filter(|op| function.ops[**op].kind.properties().structured)
                .count()
        });
        let carries = loops.iter().any(|op| !function.ops[*op].results.is_empty());
        let nests = bodies.iter().map(|ops| {
            let mut ops = ops.iter();
            ops.any(|op| is_loop(&function.ops[*op].kind))
        });
        match nests.collect::<Vec<_>>()[..] {
            [false, false] => {}
            [true, true] if inner == [1, 1] && !carries => {}
            _ => return None,
        }
        if !self.is_apart(function) {
            return None;
        }
        let [a, b] = loops.map(|op| function.ops[op].args[..2].to_vec());
        let mut pair = Pair::new(function, structure, loops)?;
        if pair.distance(a[0], b[0]) != Some(0) {
            return None;
        }
        let extents = match pair.distance(a[1], b[1]) {
            Some(0) => None,
            _ => Some(pair.equal_extents(a[1], b[1])?),
        };
        let outer = self.stages[0].outer;
        let seen = |(array, _): &(ValueId, u8)| structure.is_visible_at(function, *array, outer);
        if !extents.iter().flatten().all(seen) {
            return None;
        }
        let [x, y] = loops.map(|op| accesses(function, structure, op));
        let dependences = pair.as_one(&x, &y)?;
        let mut arrays: Vec<ValueId> = x.iter().chain(&y).map(|access| access.base).collect();
        arrays.sort_unstable();
        arrays.dedup();
        let near = |pair: &mut Pair<'_>, a: &Access, b: &Access| match pair.meeting(a, b) {
            Meeting::Ahead(by) => a.writes && a.base == b.base && by > 0 && by < WINDOW,
            Meeting::Apart | Meeting::Anyhow => false,
        };
        let is_nest = inner == [1, 1];
        let pairs = x.iter().flat_map(|a| y.iter().map(move |b| (a, b)));
        let (mut saves, mut waits) = (false, false);
        for (a, b) in pairs {
            saves |= match is_nest {
                true => a.base == b.base,
                false => !b.writes && pair.is_same(a, b),
            };
            waits |= !is_nest && near(&mut pair, a, b);
        }
        let fits = dependences.apart.len() <= PAIRS && arrays.len() <= ARRAYS;
        (saves && !waits && fits).then_some(Needs {
            dependences,
            extents,
        })
    }

    /// The second loop, and what is between, do not use what the first one gives.
    fn is_apart(&self, function: &Function) -> bool {
        let results = &function.ops[self.stages[0].outer].results;
        let mut later = self.between.clone();
        later.push(self.stages[1].outer);
        for region in function.ops[self.stages[1].outer].kind.regions() {
            later.extend(edit::ops_in(function, region));
        }
        let uses = |op: &OpId| {
            let mut args = function.ops[*op].args.iter();
            args.any(|arg| results.contains(arg))
        };
        results.is_empty() || !later.iter().any(uses)
    }
}

/// Fuses two loops and those in them; whether all of that went well and pays. `pairs` gets the loops.
fn fuse_nest(
    function: &mut Function,
    names: &Names,
    candidate: &Candidate,
    needs: &Needs,
    pairs: &mut Vec<[OpId; 2]>,
) -> bool {
    pairs.push(candidate.stages.map(|stage| stage.op));
    let lanes = candidate
        .stages
        .map(|stage| in_lanes(function, names, stage.op));
    let Some(fused) = fuse(function, candidate, needs) else {
        return false;
    };
    let structure = Structure::new(function);
    let Some(body) = the_loop(function, fused).map(|f| f.body) else {
        return false;
    };
    let ops = function.regions[body].ops.iter();
    let is_nest = ops.filter(|op| is_loop(&function.ops[**op].kind)).count() > 0;
    if !is_nest {
        return lanes[0] == lanes[1] && in_lanes(function, names, fused) == lanes[0];
    }
    let inner = candidates(function, &structure);
    let inner = inner.into_iter().find(|inner| inner.region == body);
    let Some(inner) = inner else { return false };
    match inner.needs(function, &structure) {
        // The tests of the outer loops cover those of the inner ones but for their extents.
        Some(needs) if needs.extents.is_none() => {
            let none = Needs {
                dependences: Dependences::none(),
                extents: None,
            };
            fuse_nest(function, names, &inner, &none, pairs)
        }
        _ => false,
    }
}

fn in_lanes(function: &Function, names: &Names, op: OpId) -> bool {
    runs_in_lanes(&Known::of(function, names).context(), op)
}

/// Puts one loop where two are. Gives the loop.
fn fuse(function: &mut Function, candidate: &Candidate, needs: &Needs) -> Option<OpId> {
    let structure = Structure::new(function);
    let [first, second] = candidate.stages;
    let site = function.ops[first.op].site;
    let place = tested_at(function, &structure, first.outer, &needs.dependences);
    let mut condition = place.and_then(|place| tests(function, &needs.dependences, place, site));
    let region = candidate.region;
    // What is between comes before.
    let ops = &mut function.regions[region].ops;
    ops.retain(|op| !candidate.between.contains(op));
    let at = ops.iter().position(|op| *op == first.outer)?;
    ops.splice(at..at, candidate.between.iter().copied());
    let at = at + candidate.between.len();
    let mut b = Builder::before(function, region, at, site);
    for stage in candidate.stages {
        if stage.outer != stage.op {
            let holds = b.function.ops[stage.outer].args[0];
            condition = Some(and(&mut b, condition, holds));
        }
    }
    if let Some(extents) = needs.extents {
        let [x, y] = extents.map(|(array, axis)| b.extent(array, axis));
        let equal = b.compare(Compare::Eq, x, y);
        condition = Some(and(&mut b, condition, equal));
    }
    let at = b.position();
    let (mut ops, fused, values) = as_one(function, candidate)?;
    let old = [first.outer, second.outer].map(|op| function.ops[op].results.clone());
    let old = old.concat();
    let new = match condition {
        None => {
            function.ops[fused].results.clear();
            function.regions[region].ops.splice(at..=at + 1, ops);
            fused
        }
        Some(condition) => {
            let mut kept = Vec::new();
            for op in [first.outer, second.outer] {
                for result in std::mem::take(&mut function.ops[op].results) {
                    let ty = function.ty(result);
                    kept.push(function.add_result(op, ty, None));
                }
            }
            let (then, other) = (function.add_region(), function.add_region());
            ops.push(new_op(function, OpKind::Yield, values, &[], site));
            function.regions[then].ops = ops;
            let end = new_op(function, OpKind::Yield, kept, &[], site);
            function.regions[other].ops = vec![first.outer, second.outer, end];
            let kind = OpKind::If { then, other };
            let branch = new_op(function, kind, vec![condition], &[], site);
            function.regions[region].ops.splice(at..=at + 1, [branch]);
            branch
        }
    };
    for (n, result) in old.into_iter().enumerate() {
        function.values[result].def = ValueDef::Result(new, n as u32);
        function.ops[new].results.push(result);
    }
    Some(fused)
}

/// A copy of two loops as one: the ops, the loop among them, and what stands for the results of both.
fn as_one(
    function: &mut Function,
    candidate: &Candidate,
) -> Option<(Vec<OpId>, OpId, Vec<ValueId>)> {
    let first = candidate.stages[0];
    let f = the_loop(function, first.op)?.clone();
    let site = function.ops[first.op].site;
    let name = function.labels[f.label].clone();
    let label = function.add_label(name);
    let body = function.add_region();
    let induction = function.regions[f.body].params[0];
    let name = function.values[induction].name.clone();
    let induction = function.add_param(body, Type::I64, name);
    let (mut ops, mut args, mut types, mut next) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut yields = Vec::new();
    for stage in candidate.stages {
        let mut cloner = Cloner::within();
        if let OpKind::If { then, .. } = function.ops[stage.outer].kind {
            // What stands before the loop, behind the condition.
            let before = without_yield(function, then)?.to_vec();
            for op in before.into_iter().filter(|op| *op != stage.op) {
                ops.push(cloner.op(function, op));
            }
        }
        let resolve = |cloner: &Cloner<'_>, value: &ValueId| {
            cloner.values.get(value).copied().unwrap_or(*value)
        };
        let data = function.ops[stage.op].clone();
        let from = the_loop(function, stage.op)?.body;
        let params = function.regions[from].params.clone();
        if args.is_empty() {
            args.extend(data.args[..2].iter().map(|arg| resolve(&cloner, arg)));
        }
        args.extend(data.args[2..].iter().map(|arg| resolve(&cloner, arg)));
        types.extend(function.types(&data.results));
        cloner.values.insert(params[0], induction);
        for param in &params[1..] {
            let value = function.values[*param].clone();
            let new = function.add_param(body, value.ty, value.name);
            cloner.values.insert(*param, new);
        }
        let (end, inner) = function.regions[from].ops.split_last()?;
        let (end, inner) = (*end, inner.to_vec());
        for op in inner {
            let op = cloner.op(function, op);
            function.regions[body].ops.push(op);
        }
        let ends = function.ops[end].args.clone();
        next.extend(ends.iter().map(|arg| resolve(&cloner, arg)));
        yields.push((stage, data.results, cloner));
    }
    let end = new_op(function, OpKind::Next(label), next, &[], site);
    function.regions[body].ops.push(end);
    let kind = OpKind::For(For { label, body, ..f });
    let fused = new_op(function, kind, args, &types, site);
    ops.push(fused);
    // What an `if` gives is what its side with the loop yields.
    let mut results = Vec::new();
    let mut given = function.ops[fused].results.clone().into_iter();
    for (stage, old, mut cloner) in yields {
        cloner
            .values
            .extend(old.iter().copied().zip(given.by_ref()));
        let values = match function.ops[stage.outer].kind {
            OpKind::If { then, .. } => {
                let end = function.terminator(then)?;
                function.ops[end].args.clone()
            }
            _ => old,
        };
        let values = values.iter();
        results.extend(values.map(|value| cloner.values.get(value).copied().unwrap_or(*value)));
    }
    Some((ops, fused, results))
}
