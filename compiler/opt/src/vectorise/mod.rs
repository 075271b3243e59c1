//! Loops in lanes: consecutive iterations of a loop at once, the rest by the loop as it was.
//!
//! For each nest it asks of every loop whether its iterations may run in lanes (`shape`: what is carried folds, and nothing
//! raises or leaves but by early exits; `dependence`: no access comes too late) and what that would gain (`cost`), takes
//! the best loops, innermost ones unless an outer one gains more, lets `widen` make the body and puts the vector loop
//! before the scalar one (`build`). The scalar loop stays behind it for the remaining iterations, and for all of them where
//! a test at run time fails: of arrays that share memory, of sums that might overflow. So exceptions, order and bits stay
//! what they are.
//!
//! Runs after all proofs: what it makes is not proved again. Runs after `outline`, so that no vector is handed to another
//! function. Loops over chunks of parallel loops come last, where no loop in them was taken; their iterations are
//! independent by declaration, and their float reductions may be regrouped.

pub(crate) mod build;
mod cost;
mod narrow;
mod overlap;
mod rounds;
pub(crate) mod shape;
pub mod widen;

use std::collections::BTreeSet;

use snek_analysis::dependence::{Access, Conflict, Dependences, Lanes, Motion, WINDOW, accesses};
use snek_analysis::ranges::ranges;
use snek_analysis::structure::{Structure, is_loop};
use snek_mir::edit;
use snek_mir::ir::{Function, Layout, LoopKind, OpId, OpKind, Role, ValueId};

use crate::jam::is_rest;
use crate::report::{LoopNote, Names, Notes, Outcome};
use build::{PAIRS, Plan};
use cost::Estimate;
use shape::{Context, Fold};
use widen::Obstacle;

/// Larger bodies are not doubled.
const SIZE: usize = 600;
/// The same for the last group of a loop.
const TWICE: usize = 64;
/// Lanes for arrays of any strides give way to lanes for neighbours only, if these gain as many times as much.
const DENSER: f64 = 1.5;
/// An outer loop must be this much better than the loops in it.
const BETTER: f64 = 1.15;

/// Runs the pass on serial loops.
pub fn run(function: &mut Function, names: &Names, notes: &mut Notes) {
    serial(function, names, notes);
}

/// Runs the pass on the serial loops of a function. Gives those that run in lanes now.
pub(crate) fn serial(function: &mut Function, names: &Names, notes: &mut Notes) -> Vec<OpId> {
    let structure = Structure::new(function);
    if narrow::run(function, &structure) {
        crate::dce::run(function);
    }
    let structure = Structure::new(function);
    let relaxed = function.fastmath;
    let roots = roots(function, &structure);
    if roots.is_empty() {
        return roots;
    }
    nests(function, &structure, names, &roots, (relaxed, false), notes)
}

/// Runs the pass on the loops over the chunks of parallel loops.
pub fn chunks(function: &mut Function, names: &Names, notes: &mut Notes) {
    in_chunk(function, names, notes);
}

/// The same for one function. Gives the loop, if it runs in lanes now.
pub(crate) fn in_chunk(function: &mut Function, names: &Names, notes: &mut Notes) -> Vec<OpId> {
    if function.role != Role::ParallelBody {
        return Vec::new();
    }
    let structure = Structure::new(function);
    match chunk(function) {
        Some(op) => nests(function, &structure, names, &[op], (true, true), notes),
        None => Vec::new(),
    }
}

/// The loop over a chunk of a parallel loop: the last one at the top, since what it gives is returned.
pub(crate) fn chunk(function: &Function) -> Option<OpId> {
    let top = function.regions[function.body].ops.iter().copied();
    let is_for = |op: &OpId| matches!(function.ops[*op].kind, OpKind::For(_));
    let last = top.rev().find(is_for);
    last.filter(|_| function.role == Role::ParallelBody)
}

/// The outermost serial loops: those that no serial loop is around but the one over a chunk.
fn roots(function: &Function, structure: &Structure) -> Vec<OpId> {
    let chunk = chunk(function);
    let is_serial = |op: &OpId| match &function.ops[*op].kind {
        OpKind::For(f) => f.kind == LoopKind::Serial && Some(*op) != chunk,
        _ => false,
    };
    let ops = structure.order.iter().copied();
    ops.filter(|op| {
        let around = structure.loops_around(function, *op);
        is_serial(op) && !around.iter().any(is_serial)
    })
    .collect()
}

/// A loop that may run in lanes.
struct Candidate {
    folds: Vec<Fold>,
    dependences: Dependences,
    unwritten: Vec<Access>,
    again: Option<overlap::Pairs>,
    estimate: Estimate,
}

/// A nest of loops, each with what was found.
struct Nest {
    op: OpId,
    found: Result<Candidate, Obstacle>,
    inner: Vec<Nest>,
}

fn nests(
    function: &mut Function,
    structure: &Structure,
    names: &Names,
    roots: &[OpId],
    (relaxed, independent): (bool, bool),
    notes: &mut Notes,
) -> Vec<OpId> {
    let facts = ranges(function, structure);
    let context = Context {
        function,
        structure,
        facts: &facts,
        names,
        relaxed,
    };
    let found: Vec<Nest> = roots
        .iter()
        .map(|op| nest(&context, *op, independent))
        .collect();
    let mut done = Vec::new();
    for nest in found {
        take(function, structure, &facts, nest, notes, &mut done);
    }
    done
}

fn nest(context: &Context<'_>, op: OpId, independent: bool) -> Nest {
    let inner = match independent {
        true => Vec::new(),
        false => directly_inside(context, op)
            .into_iter()
            .map(|inner| nest(context, inner, false))
            .collect(),
    };
    let found = candidate(context, op, independent);
    Nest { op, found, inner }
}

/// The loops in a loop that are in no other one.
fn directly_inside(context: &Context<'_>, op: OpId) -> Vec<OpId> {
    let function = context.function;
    let mut inner = Vec::new();
    for region in function.ops[op].kind.regions() {
        inner.extend(edit::ops_in(function, region));
    }
    let is_direct = |inner: &OpId| {
        let around = context.structure.loops_around(function, *inner);
        is_loop(&function.ops[*inner].kind) && around.first() == Some(&op)
    };
    inner.retain(is_direct);
    inner
}

/// Whether a loop would run in lanes, or one in it.
pub(crate) fn runs_in_lanes(context: &Context<'_>, op: OpId) -> bool {
    gain_in_lanes(context, op, false) > 1.0
}

/// How many times as fast a loop would be in lanes, or with loops in it in lanes; 1 if there are none. `independent`: its
/// iterations are, by declaration.
pub(crate) fn gain_in_lanes(context: &Context<'_>, op: OpId, independent: bool) -> f64 {
    gain(&nest(context, op, independent))
}

/// Whether a loop would run in lanes with all that is in it.
pub(crate) fn runs_as_a_whole(context: &Context<'_>, op: OpId) -> bool {
    gain_as_a_whole(context, op).is_some()
}

/// How many times as fast that would be.
pub(crate) fn gain_as_a_whole(context: &Context<'_>, op: OpId) -> Option<f64> {
    let found = candidate(context, op, false).ok()?;
    Some(found.estimate.gain)
}

fn candidate(context: &Context<'_>, op: OpId, independent: bool) -> Result<Candidate, Obstacle> {
    let function = context.function;
    let site = function.ops[op].site;
    let refuse = |reason: &str| {
        let reason = reason.to_string();
        Err(Obstacle { site, reason })
    };
    let folds = shape::shape(context, op)?;
    let OpKind::For(f) = &function.ops[op].kind else {
        return refuse("it is a `while` loop");
    };
    if f.kind != LoopKind::Serial {
        return refuse("it is done already");
    }
    let size = edit::ops_in(function, f.body).len();
    if size > SIZE {
        return refuse("it is too large");
    }
    // What is left of a loop whose sums ran abreast has few iterations.
    let around = context.structure.loops_around(function, op);
    let is_left = around
        .first()
        .is_some_and(|outer| is_rest(function, *outer));
    if is_left && folds.iter().any(|fold| fold.in_order.is_some()) {
        return refuse("sums of several iterations run side by side");
    }
    let Some(mut lanes) = Lanes::new(function, context.structure, context.facts, op) else {
        return refuse("it is a `while` loop");
    };
    let accesses = accesses(function, context.structure, op);
    let mut dependences = if independent {
        Dependences::none()
    } else {
        lanes
            .dependences_but_one(&accesses)
            .map_err(|conflict| explain(function, &conflict))?
    };
    if dependences.apart.len() > PAIRS {
        return refuse("it would need too many tests of arrays that may overlap");
    }
    let is_unwritten = |access: &&Access| dependences.unwritten.contains(&access.op);
    let unwritten = accesses.iter().filter(is_unwritten).cloned().collect();
    let moving: Vec<(Access, Motion)> = accesses
        .into_iter()
        .map(|access| {
            let motion = lanes.motion(&access);
            (access, motion)
        })
        .collect();
    let window = dependences.window.min(WINDOW as u64);
    let neighbours = neighbours(function, &moving);
    // Others have an address for each lane, which is carried from group to group where these are as far from each other.
    let side_by_side = moving.iter().all(|(access, motion)| {
        let ty = function.ty(access.base).array();
        let last = |axis| ty.is_some_and(|ty| axis + 1 == ty.rank);
        match motion {
            Motion::Still | Motion::Anyhow => true,
            Motion::Along(axis, step) => last(*axis) && step.abs() == 1,
        }
    });
    let estimate = |dense| cost::estimate(context, op, moving.clone(), &folds, window, dense);
    let mut found = estimate(false);
    if !neighbours.is_empty()
        && let Some(dense) = estimate(true)
        && found.is_none_or(|any| any.gain * DENSER < dense.gain)
    {
        dependences.dense = neighbours;
        found = Some(dense);
    }
    match found {
        Some(estimate) => Ok(Candidate {
            again: (side_by_side && size <= TWICE)
                .then(|| overlap::pairs(function, context.structure, op, &folds, &dependences))
                .flatten(),
            folds,
            dependences,
            unwritten,
            estimate,
        }),
        None => {
            let in_order = |fold: &Fold| Some((fold.in_order?, fold.op));
            match folds.iter().find_map(in_order) {
                Some((op, kind)) => Err(shape::keeps_order(function, op, kind)),
                None => refuse("lanes would not make it faster"),
            }
        }
    }
}

/// Arrays of any strides that the loop goes through element by element.
fn neighbours(function: &Function, moving: &[(Access, Motion)]) -> BTreeSet<ValueId> {
    let is_neighbour = |(access, motion): &&(Access, Motion)| {
        let of = function.ty(function.ops[access.op].args[0]).array();
        let rank = function.ty(access.base).array().map_or(0, |ty| ty.rank);
        let along = matches!(motion, Motion::Along(axis, 1 | -1) if axis + 1 == rank);
        along && of.is_some_and(|ty| ty.layout == Layout::Strided)
    };
    let found = moving.iter().filter(is_neighbour);
    found.map(|(access, _)| access.base).collect()
}

/// Two accesses that may meet, for people. `{}` is the text at the site.
fn explain(function: &Function, conflict: &Conflict) -> Obstacle {
    let (first, second) = (
        &function.ops[conflict.first],
        &function.ops[conflict.second],
    );
    let site = first.site;
    let other = crate::report::mark(second.site);
    let reason = match conflict {
        Conflict { arrays: true, .. } => format!("`{{}}` may alias `{other}`"),
        Conflict {
            distance: Some(d), ..
        } => {
            let d = d.unsigned_abs();
            let plural = if d == 1 { "" } else { "s" };
            format!("`{{}}` may be what `{other}` was {d} iteration{plural} before")
        }
        _ if conflict.first == conflict.second => {
            "`{}` may be one element in several iterations".to_string()
        }
        _ => format!("`{{}}` may be `{other}` of another iteration"),
    };
    Obstacle { site, reason }
}

/// The gain of the best loops of a nest.
fn gain(nest: &Nest) -> f64 {
    let own = nest.found.as_ref().map_or(1.0, |c| c.estimate.gain);
    own.max(gain_inside(nest))
}

fn gain_inside(nest: &Nest) -> f64 {
    if nest.inner.is_empty() {
        return 1.0;
    }
    // Times add up, not gains.
    let time: f64 = nest.inner.iter().map(|inner| 1.0 / gain(inner)).sum();
    nest.inner.len() as f64 / time
}

/// Makes the best loops of a nest run in lanes.
fn take(
    function: &mut Function,
    structure: &Structure,
    facts: &snek_analysis::ranges::Ranges,
    nest: Nest,
    notes: &mut Notes,
    done: &mut Vec<OpId>,
) {
    let inside = gain_inside(&nest);
    let outcome = match nest.found {
        Ok(candidate) if candidate.estimate.gain > inside * BETTER => {
            let estimate = &candidate.estimate;
            let plan = Plan {
                op: nest.op,
                lanes: estimate.lanes,
                for_widest: false,
                folds: &candidate.folds,
                dependences: &candidate.dependences,
                unwritten: &candidate.unwritten,
                // Loops with loops in them are copied enough.
                again: candidate.again.as_deref().filter(|_| nest.inner.is_empty()),
            };
            let is_alone = plan.dependences.pivot.is_none();
            if let Some(lanes) = estimate.widest.filter(|_| is_alone) {
                let widest = Plan {
                    lanes,
                    for_widest: true,
                    again: None,
                    ..plan
                };
                let _ = build::build(function, structure, facts, &widest);
            }
            let built = build::build(function, structure, facts, &plan);
            // Where the last group goes back, all is done but for loops that are shorter than a group.
            let is_left = plan.again.is_none() || plan.lanes > cost::NARROW_REST;
            if let (Ok(()), Some(lanes)) = (&built, estimate.rest.filter(|_| is_alone && is_left)) {
                // The same tests hold for what is left.
                let rest = Plan {
                    lanes,
                    again: None,
                    ..plan
                };
                let _ = build::build(function, structure, facts, &rest);
            }
            match built {
                Ok(()) => Outcome::Lanes {
                    lanes: plan.lanes,
                    outer: !nest.inner.is_empty(),
                },
                Err(obstacle) => Outcome::Not(obstacle),
            }
        }
        Ok(_) => Outcome::Inner,
        Err(obstacle) if obstacle.reason == shape::INNER => Outcome::Inner,
        Err(obstacle) => Outcome::Not(obstacle),
    };
    let in_lanes = matches!(outcome, Outcome::Lanes { .. });
    notes.add(LoopNote::new(function, nest.op, outcome));
    if in_lanes {
        done.push(nest.op);
        return;
    }
    for inner in nest.inner {
        take(function, structure, facts, inner, notes, done);
    }
}
