//! Which array parameters a function writes, itself or through those that it calls; for the exports.

use crate::edit::walk;
use crate::ir::{Function, FunctionId, Layout, OpId, OpKind, Program, RegionId, Type, ValueId};
use crate::verify::flatten;
use oxc_index::IndexVec;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// Which parameters of each function are written, by their position.
type Written = IndexVec<FunctionId, BTreeSet<usize>>;

/// Fills `written` of the exports' parameters.
pub(super) fn mark(program: &mut Program) {
    let origins: Vec<_> = program.functions.iter().map(origins).collect();
    let mut written: Written = program.functions.iter().map(|_| BTreeSet::new()).collect();
    loop {
        let mut changed = false;
        for (id, function) in program.functions.iter_enumerated() {
            let found = written_by(function, &origins[id.index()], &written);
            changed |= found != written[id];
            written[id] = found;
        }
        if !changed {
            break;
        }
    }
    for export in &mut program.exports {
        let mut position = 0;
        for param in &mut export.params {
            let count = flatten(&param.ty, Layout::Strided).len();
            let bodies = [Some(export.contiguous), export.strided];
            param.written = bodies.into_iter().flatten().any(|body| {
                written[body]
                    .range(position..position + count)
                    .next()
                    .is_some()
            });
            position += count;
        }
    }
}

fn written_by(
    function: &Function,
    origins: &FxHashMap<ValueId, BTreeSet<usize>>,
    written: &Written,
) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    walk(function, function.body, &mut |_, op| {
        let data = &function.ops[op];
        let arrays: Vec<ValueId> = match &data.kind {
            OpKind::Store(_) | OpKind::Atomic(..) => {
                data.args.first().copied().into_iter().collect()
            }
            OpKind::Call(callee) => written
                .get(*callee)
                .into_iter()
                .flatten()
                .filter_map(|index| data.args.get(*index).copied())
                .collect(),
            _ => Vec::new(),
        };
        for array in arrays {
            found.extend(origins.get(&array).into_iter().flatten());
        }
    });
    found
}

/// The parameters that each array value may be a view of.
fn origins(function: &Function) -> FxHashMap<ValueId, BTreeSet<usize>> {
    let mut origins: FxHashMap<ValueId, BTreeSet<usize>> = FxHashMap::default();
    let is_array = |value: ValueId| matches!(function.ty(value), Type::Array(_));
    for (index, param) in function.params().iter().enumerate() {
        if is_array(*param) {
            origins.insert(*param, BTreeSet::from([index]));
        }
    }
    if origins.is_empty() {
        return origins;
    }
    let mut links: Vec<(ValueId, ValueId)> = Vec::new();
    let mut labels: FxHashMap<_, OpId> = FxHashMap::default();
    let mut owners: FxHashMap<RegionId, OpId> = FxHashMap::default();
    walk(function, function.body, &mut |_, op| {
        let kind = &function.ops[op].kind;
        if let Some(label) = kind.label() {
            labels.insert(label, op);
        }
        for inner in kind.regions() {
            owners.insert(inner, op);
        }
    });
    walk(function, function.body, &mut |region, op| {
        let data = &function.ops[op];
        let mut link = |from: &[ValueId], into: &[ValueId]| {
            for (from, into) in from.iter().zip(into) {
                if is_array(*from) {
                    links.push((*from, *into));
                }
            }
        };
        let params = |region: RegionId| function.regions[region].params.as_slice();
        match &data.kind {
            OpKind::For(inner) => {
                link(&data.args[2..], &params(inner.body)[1..]);
                link(&data.args[2..], &data.results);
            }
            OpKind::While { cond, .. } => link(&data.args, params(*cond)),
            OpKind::Yield => {
                if let Some(owner) = owners.get(&region).map(|owner| &function.ops[*owner]) {
                    if let OpKind::While { body, .. } = owner.kind {
                        link(&data.args[1..], params(body));
                        link(&data.args[1..], &owner.results);
                    } else {
                        link(&data.args, &owner.results);
                    }
                }
            }
            OpKind::Next(label) => {
                let Some(target) = labels.get(label).map(|target| &function.ops[*target]) else {
                    return;
                };
                match &target.kind {
                    OpKind::For(inner) => {
                        link(&data.args, &params(inner.body)[1..]);
                        link(&data.args, &target.results);
                    }
                    OpKind::While { cond, .. } => link(&data.args, params(*cond)),
                    _ => {}
                }
            }
            OpKind::Break(label) => {
                if let Some(target) = labels.get(label) {
                    link(&data.args, &function.ops[*target].results);
                }
            }
            // A call may give any of its arguments.
            _ => {
                for result in data.results.iter().filter(|result| is_array(**result)) {
                    for arg in &data.args {
                        link(&[*arg], &[*result]);
                    }
                }
            }
        }
    });
    loop {
        let mut changed = false;
        for (from, into) in &links {
            let Some(found) = origins.get(from).cloned() else {
                continue;
            };
            let slot = origins.entry(*into).or_default();
            let before = slot.len();
            slot.extend(found);
            changed |= slot.len() != before;
        }
        if !changed {
            return origins;
        }
    }
}
