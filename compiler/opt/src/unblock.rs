//! Blocks that are left early become branches: `block { if c { break x }; rest; yield y }` is `if c { x } else { rest; y }`.
//!
//! Inlining makes such blocks of functions with several `return`s. As branches they are seen through by everything else.
//! Only where a single branch goes on behind the `if`, so that nothing is doubled.

use rustc_hash::FxHashMap;
use snek_mir::edit;
use snek_mir::ir::{Function, LabelId, OpId, OpKind, RegionId, Type, ValueId};

use crate::rewrite::new_op;

/// Runs the pass.
pub fn run(function: &mut Function) {
    let mut replaced: FxHashMap<ValueId, ValueId> = FxHashMap::default();
    for op in edit::ops(function) {
        if let OpKind::Block { label, body } = function.ops[op].kind
            && can_dissolve(function, body, label)
        {
            let results = function.ops[op].results.clone();
            let types: Vec<Type> = results.iter().map(|r| function.ty(*r)).collect();
            dissolve(function, body, label, &types, &mut replaced);
        }
    }
    edit::replace_uses(function, &replaced);
}

/// The first op of a region, terminators apart, from within which the label is left.
fn first_leaving(function: &Function, region: RegionId, label: LabelId) -> Option<usize> {
    let ops = &function.regions[region].ops;
    ops.iter().position(|op| {
        let regions = function.ops[*op].kind.regions();
        regions.into_iter().any(|r| leaves(function, r, label))
    })
}

fn leaves(function: &Function, region: RegionId, label: LabelId) -> bool {
    let is_break =
        |op: &OpId| matches!(function.ops[*op].kind, OpKind::Break(target) if target == label);
    edit::ops_in(function, region).iter().any(is_break)
}

fn ends_with_yield(function: &Function, region: RegionId) -> bool {
    let end = function.terminator(region);
    end.is_some_and(|end| matches!(function.ops[end].kind, OpKind::Yield))
}

/// Whether a region at the end of the block can do without leaving it.
fn can_dissolve(function: &Function, region: RegionId, label: LabelId) -> bool {
    let Some(at) = first_leaving(function, region, label) else {
        return true;
    };
    let ops = &function.regions[region].ops;
    let OpKind::If { then, other } = function.ops[ops[at]].kind else {
        return false;
    };
    let falling = [then, other]
        .into_iter()
        .filter(|r| ends_with_yield(function, *r))
        .collect::<Vec<_>>();
    if falling.len() > 1 {
        return false;
    }
    // The rest of the region goes into the branch that falls through, which must not leave the block before.
    let rest_leaves = ops[at + 1..].iter().any(|op| {
        let regions = function.ops[*op].kind.regions();
        regions.into_iter().any(|r| leaves(function, r, label))
    });
    [then, other].into_iter().all(|branch| {
        let falls = falling.contains(&branch);
        match (falls, first_leaving(function, branch, label)) {
            (true, Some(_)) => false,
            (true, None) => !rest_leaves || can_dissolve_rest(function, region, at, label),
            (false, _) => can_dissolve(function, branch, label),
        }
    })
}

/// The same for what follows a position.
fn can_dissolve_rest(function: &Function, region: RegionId, after: usize, label: LabelId) -> bool {
    let ops = &function.regions[region].ops[after + 1..];
    let next = ops.iter().position(|op| {
        let regions = function.ops[*op].kind.regions();
        regions.into_iter().any(|r| leaves(function, r, label))
    });
    let Some(at) = next else { return true };
    let at = after + 1 + at;
    let OpKind::If { then, other } = function.ops[function.regions[region].ops[at]].kind else {
        return false;
    };
    let falls = |r| ends_with_yield(function, r);
    let branches = [then, other];
    if falls(then) && falls(other) {
        return false;
    }
    branches.into_iter().all(|branch| match falls(branch) {
        true => first_leaving(function, branch, label).is_none(),
        false => can_dissolve(function, branch, label),
    }) && can_dissolve_rest(function, region, at, label)
}

fn dissolve(
    function: &mut Function,
    region: RegionId,
    label: LabelId,
    types: &[Type],
    replaced: &mut FxHashMap<ValueId, ValueId>,
) {
    let Some(at) = first_leaving(function, region, label) else {
        if let Some(end) = function.terminator(region)
            && matches!(function.ops[end].kind, OpKind::Break(target) if target == label)
        {
            function.ops[end].kind = OpKind::Yield;
        }
        return;
    };
    let branch = function.regions[region].ops[at];
    let OpKind::If { then, other } = function.ops[branch].kind else {
        return;
    };
    let rest = function.regions[region].ops.split_off(at + 1);
    let old = std::mem::take(&mut function.ops[branch].results);
    for ty in types {
        function.add_result(branch, *ty, None);
    }
    for inner in [then, other] {
        if ends_with_yield(function, inner)
            && let Some(end) = function.regions[inner].ops.pop()
        {
            let values = function.ops[end].args.clone();
            replaced.extend(old.iter().copied().zip(values));
            function.regions[inner].ops.extend(rest.iter().copied());
        }
        dissolve(function, inner, label, types, replaced);
    }
    let site = function.ops[branch].site;
    let values = function.ops[branch].results.clone();
    let end = new_op(function, OpKind::Yield, values, &[], site);
    function.regions[region].ops.push(end);
}
