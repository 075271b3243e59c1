//! What the condition of a `while` has computed and its body would compute again is handed over.
//!
//! `while x*x + y*y <= 4: ... x*x - y*y ...` computes the squares once an iteration: values of the condition's region are
//! not visible in the body, so each shared one becomes one more value that the condition yields.

use rustc_hash::FxHashMap;
use snek_mir::edit;
use snek_mir::ir::{Function, LabelId, OpId, OpKind, RegionId, Type, ValueId};

use crate::cse::{Key, key};
use crate::rewrite::{Replacements, yielded};

/// Conditions with more ops than this are left alone.
const CONDITION: usize = 64;

/// Runs the pass.
pub fn run(function: &mut Function) {
    let mut replacements = Replacements::new(function);
    let mut changed = false;
    // Inner loops first, so that an outer one sees what they have become.
    for op in edit::ops(function).into_iter().rev() {
        if let OpKind::While { label, cond, body } = function.ops[op].kind {
            changed |= share(function, op, (label, cond, body), &mut replacements);
        }
    }
    if !changed {
        return;
    }
    for op in edit::ops(function) {
        replacements.apply(function, op);
    }
}

fn share(
    function: &mut Function,
    op: OpId,
    (label, cond, body): (LabelId, RegionId, RegionId),
    replacements: &mut Replacements,
) -> bool {
    let ops = function.regions[cond].ops.clone();
    if ops.len() > CONDITION {
        return false;
    }
    // Values of the condition that the body has, too: what is yielded, and what is defined around the loop.
    let mut known: FxHashMap<ValueId, ValueId> = FxHashMap::default();
    let params = function.regions[body].params.clone();
    for (value, param) in yielded(function, cond)[1..].iter().zip(params) {
        known.insert(*value, param);
    }
    let mut own: Vec<ValueId> = function.regions[cond].params.clone();
    for &inner in &ops {
        own.extend(&function.ops[inner].results);
    }
    let mut changed = false;
    for first in ops {
        let data = &function.ops[first];
        let [result] = data.results[..] else { continue };
        let is_worth = !matches!(data.kind, OpKind::ConstInt(_) | OpKind::ConstFloat(_))
            && data.kind.properties().is_pure()
            && matches!(function.ty(result), Type::Scalar(_));
        if !is_worth || known.contains_key(&result) {
            continue;
        }
        let in_body: Option<Vec<ValueId>> = data
            .args
            .iter()
            .map(|arg| match known.get(arg) {
                Some(param) => Some(*param),
                None => (!own.contains(arg)).then_some(*arg),
            })
            .collect();
        let (Some(args), Some(twin)) = (in_body, key(function, first, 0)) else {
            continue;
        };
        let twins: Vec<OpId> = find_twins(function, body, &twin.with_args(&args), replacements);
        if twins.is_empty() {
            continue;
        }
        let param = hand_over(function, op, label, (cond, body), result);
        known.insert(result, param);
        for twin in twins {
            replacements.replace(function.ops[twin].results[0], param);
        }
        changed = true;
    }
    changed
}

fn find_twins(
    function: &Function,
    body: RegionId,
    wanted: &Key,
    replacements: &Replacements,
) -> Vec<OpId> {
    let mut ops = edit::ops_in(function, body);
    ops.retain(|op| {
        let Some(found) = key(function, *op, 0) else {
            return false;
        };
        let args = function.ops[*op].args.iter();
        let args: Vec<ValueId> = args.map(|arg| replacements.resolve(*arg)).collect();
        let (mut found, mut wanted) = (found.with_args(&args), wanted.clone());
        if matches!(function.ops[*op].kind, OpKind::Int(int, _) if int.is_commutative()) {
            found.sort_args();
            wanted.sort_args();
        }
        found == wanted
    });
    ops
}

/// Makes the condition yield one more value; gives the body's parameter for it.
fn hand_over(
    function: &mut Function,
    op: OpId,
    label: LabelId,
    (cond, body): (RegionId, RegionId),
    value: ValueId,
) -> ValueId {
    let ty = function.ty(value);
    let name = function.values[value].name.clone();
    let param = function.add_param(body, ty, name);
    function.add_result(op, ty, None);
    if let Some(end) = function.terminator(cond) {
        function.ops[end].args.push(value);
    }
    for inner in edit::ops_in(function, body) {
        if matches!(function.ops[inner].kind, OpKind::Break(target) if target == label) {
            function.ops[inner].args.push(param);
        }
    }
    param
}
