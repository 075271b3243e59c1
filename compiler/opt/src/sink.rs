//! A store that both sides of a branch end with goes behind it, and what they load for it before it.
//!
//! `if c: d[i, j] = d[i - 1, j - 1] + 1 else: d[i, j] = max(d[i - 1, j], d[i, j - 1])` becomes one store of what either side
//! gives. Without memory in it the branch may become a choice, which nothing has to predict, and the loop may run in lanes.
//!
//! A store moves only where it cannot raise, and nothing else in its side writes. A load moves only if its subscripts are
//! good whatever the condition is: `ranges` is asked about the loads where they would be. Branches in loops only, and small
//! ones, which `ifconvert` takes.

use rustc_hash::FxHashSet;
use snek_analysis::ranges::ranges;
use snek_analysis::structure::Structure;
use snek_mir::edit;
use snek_mir::ir::{Bound, Function, OpId, OpKind, RegionId, Type, ValueId};

use crate::rewrite::{forget_proof, is_speculatable, place_of, without_yield};

/// Ops of both sides together, loads apart, and loads.
const OPS: usize = 8;
const LOADS: usize = 4;

/// Runs the pass.
pub fn run(function: &mut Function) {
    let mut branches = candidates(function);
    while !branches.is_empty() {
        let mut trial = function.clone();
        let mut moved: Vec<(OpId, OpId)> = Vec::new();
        for branch in &branches {
            let loads = sink(&mut trial, *branch);
            moved.extend(loads.into_iter().map(|load| (*branch, load)));
        }
        let failed = match moved.is_empty() {
            true => FxHashSet::default(),
            false => unproved(&mut trial, &moved),
        };
        if failed.is_empty() {
            for (_, load) in moved {
                set_bounds(&mut trial, load, Bound::Proved);
            }
            *function = trial;
            return;
        }
        // What one load has tested another one relies on: all is asked again.
        branches.retain(|branch| !failed.contains(branch));
    }
}

/// The branches of which a load is not good where it has moved to. Leaves loads checked.
fn unproved(trial: &mut Function, moved: &[(OpId, OpId)]) -> FxHashSet<OpId> {
    for (_, load) in moved {
        set_bounds(trial, *load, Bound::Checked);
    }
    let structure = Structure::new(trial);
    let facts = ranges(trial, &structure);
    let proved = facts
        .bounds
        .iter()
        .filter(|(_, _, bound)| *bound == Bound::Proved);
    let proved: FxHashSet<(OpId, usize)> =
        proved.map(|(op, position, _)| (*op, *position)).collect();
    let is_proved = |load: OpId| {
        let count = trial.ops[load].kind.bounds().map_or(0, <[Bound]>::len);
        (0..count).all(|position| proved.contains(&(load, position)))
    };
    let failed = moved.iter().filter(|(_, load)| !is_proved(*load));
    failed.map(|(branch, _)| *branch).collect()
}

/// The branches in loops that end with a store to one place.
fn candidates(function: &Function) -> Vec<OpId> {
    let structure = Structure::new(function);
    let is_candidate = |op: &OpId| {
        !structure.loops_around(function, *op).is_empty()
            && stores(function, *op).is_some_and(|(place, sides)| {
                let visible = |value: &ValueId| structure.is_visible_at(function, *value, *op);
                place.iter().all(visible) && are_small(function, sides)
            })
    };
    let ops = edit::ops(function).into_iter();
    ops.filter(is_candidate).collect()
}

/// Where both sides of a branch store at their ends: the array and subscripts; and the sides.
fn stores(function: &Function, op: OpId) -> Option<(Vec<ValueId>, [RegionId; 2])> {
    let OpKind::If { then, other } = function.ops[op].kind else {
        return None;
    };
    let place = |side: RegionId| {
        let last = without_yield(function, side)?.last()?;
        let data = &function.ops[*last];
        let (value, place) = data.args.split_last()?;
        let may_raise = data.kind.bounds()?.iter().any(|bound| bound.may_raise());
        let is_scalar = matches!(function.ty(*value), Type::Scalar(_));
        let fits = matches!(data.kind, OpKind::Store(_)) && is_scalar && !may_raise;
        fits.then_some((place, function.ty(*value)))
    };
    let (first, second) = (place(then)?, place(other)?);
    (first == second).then(|| (first.0.to_vec(), [then, other]))
}

/// Whether there is little to do in the sides, and nothing but the stores at their ends that others could notice.
fn are_small(function: &Function, sides: [RegionId; 2]) -> bool {
    let ops = sides.map(|side| without_yield(function, side).unwrap_or_default());
    let before = ops.map(|ops| &ops[..ops.len().saturating_sub(1)]);
    let is_load = |op: &OpId| matches!(function.ops[*op].kind, OpKind::Load(_));
    let is_fit = |op: &OpId| {
        let properties = function.ops[*op].kind.properties();
        !properties.writes && !properties.structured && !properties.diverges
    };
    let all = || before.into_iter().flatten();
    let loads = all().filter(|op| is_load(op)).count();
    loads <= LOADS && all().count() - loads <= OPS && all().all(is_fit)
}

/// Moves the stores of a branch behind it, and the loads before it. Gives the loads.
fn sink(function: &mut Function, branch: OpId) -> Vec<OpId> {
    let Some((place, sides)) = stores(function, branch) else {
        return Vec::new();
    };
    let Some((region, at)) = place_of(function, branch) else {
        return Vec::new();
    };
    let mut before = Vec::new();
    let mut store: Option<OpId> = None;
    let mut ty = None;
    for side in sides {
        let ops = &mut function.regions[side].ops;
        let end = ops[ops.len() - 1];
        let last = ops.remove(ops.len() - 2);
        let value = function.ops[last].args[place.len()];
        function.ops[end].args.push(value);
        ty = Some(function.ty(value));
        if let Some(first) = store.replace(last) {
            weaken(function, last, first);
        }
        before.extend(leave(function, side));
    }
    let (Some(store), Some(ty)) = (store, ty) else {
        return Vec::new();
    };
    let value = function.add_result(branch, ty, None);
    function.ops[store].args[place.len()] = value;
    let ops = &mut function.regions[region].ops;
    ops.insert(at + 1, store);
    ops.splice(at..at, before.iter().copied());
    before.retain(|op| matches!(function.ops[*op].kind, OpKind::Load(_)));
    before
}

/// Lets a store suppose of its subscripts only what another one does, too.
fn weaken(function: &mut Function, store: OpId, other: OpId) {
    let OpKind::Store(others) = function.ops[other].kind.clone() else {
        return;
    };
    if let OpKind::Store(bounds) = &mut function.ops[store].kind {
        for (bound, other) in bounds.iter_mut().zip(others) {
            if other == Bound::Wrapping {
                *bound = Bound::Wrapping;
            }
        }
    }
}

/// Takes the loads with proved subscripts, and what these are made of, out of a side.
fn leave(function: &mut Function, side: RegionId) -> Vec<OpId> {
    let ops = function.regions[side].ops.clone();
    let mut inside: FxHashSet<ValueId> = FxHashSet::default();
    let mut left = Vec::new();
    for op in ops {
        let data = &function.ops[op];
        let may_leave = match &data.kind {
            OpKind::Load(bounds) => bounds.iter().all(|bound| *bound == Bound::Proved),
            _ => is_speculatable(function, op),
        };
        if may_leave && !data.args.iter().any(|arg| inside.contains(arg)) {
            left.push(op);
        } else {
            inside.extend(&data.results);
        }
    }
    // Not more than the loads need.
    let mut needed: FxHashSet<ValueId> = FxHashSet::default();
    let mut kept = Vec::new();
    for op in left.into_iter().rev() {
        let data = &function.ops[op];
        let is_load = matches!(data.kind, OpKind::Load(_));
        if is_load || data.results.iter().any(|result| needed.contains(result)) {
            needed.extend(&data.args);
            kept.push(op);
        }
    }
    kept.reverse();
    function.regions[side].ops.retain(|op| !kept.contains(op));
    for op in &kept {
        forget_proof(function, *op);
    }
    kept
}

fn set_bounds(function: &mut Function, load: OpId, bound: Bound) {
    if let OpKind::Load(bounds) = &mut function.ops[load].kind {
        bounds.fill(bound);
    }
}
