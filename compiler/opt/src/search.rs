//! Loops that seldom change what they carry look in lanes for the next iteration that does: `if a[i] < least: least = a[i];
//! place = i`.
//!
//! The loop runs in blocks. Of each block lanes first test the condition with the values as they are; only where it holds
//! somewhere the block runs as it was written. So the order, ties and NaN are the loop's own, and at worst each block is
//! read once more.
//!
//! Runs before `vectorise`, which does the rest; loops that would not run in lanes are not touched.

use rustc_hash::{FxHashMap, FxHashSet};
use snek_analysis::structure::Structure;
use snek_mir::builder::Builder;
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{
    Bound, Compare, For, Function, IntOp, Layout, LoopKind, OpId, OpKind, Overflow, RegionId, Role,
    Type, ValueDef, ValueId,
};
use snek_mir::ops::Raises;

use crate::rewrite::{place_of, yielded};

/// Iterations of a block.
const BLOCK: i64 = 512;
/// What is left is not tested before if it is shorter.
const SHORT: i64 = 64;
/// Larger conditions are not computed twice.
const CONDITION: usize = 12;

/// Runs the pass.
pub fn run(function: &mut Function) {
    if function.role != Role::Plain {
        return;
    }
    let structure = Structure::new(function);
    let mut found = Vec::new();
    for &op in &structure.order {
        if let OpKind::For(the_loop) = &function.ops[op].kind
            && structure.loops_around(function, op).is_empty()
            && let Some(search) = search(function, &structure, op, the_loop)
        {
            found.push((op, search));
        }
    }
    let mut replaced = FxHashMap::default();
    for (op, search) in found {
        run_in_blocks(function, op, &search, &mut replaced);
    }
    edit::replace_uses(function, &replaced);
}

/// A loop that seldom changes what it carries.
struct Search {
    /// Something changes where this is `changes`.
    condition: ValueId,
    changes: bool,
    /// What it is computed from: ops that are the same in all iterations of a block, and others.
    before: Vec<OpId>,
    inside: Vec<OpId>,
}

fn search(function: &Function, structure: &Structure, op: OpId, the_loop: &For) -> Option<Search> {
    let label = &structure.labels[the_loop.label];
    let body = &function.regions[the_loop.body];
    let [next] = label.nexts[..] else { return None };
    if the_loop.kind != LoopKind::Serial
        || the_loop.step != 1
        || !label.breaks.is_empty()
        || body.ops.last() != Some(&next)
    {
        return None;
    }
    let does_nothing_else = edit::ops_in(function, the_loop.body).iter().all(|inner| {
        let kind = &function.ops[*inner].kind;
        let properties = kind.properties();
        *inner == next
            || matches!(kind, OpKind::Yield | OpKind::If { .. })
            || (properties.raises == Raises::No && !properties.writes && kind.regions().is_empty())
                && !properties.terminator
                && !matches!(kind, OpKind::Call(_) | OpKind::CallRuntime(_))
    });
    if !does_nothing_else {
        return None;
    }
    let (condition, changes) = decision(function, &body.params, &function.ops[next].args)?;
    let own: FxHashSet<OpId> = body.ops.iter().copied().collect();
    let mut slice = FxHashSet::default();
    slice_of(function, &own, condition, &mut slice);
    if slice.len() > CONDITION {
        return None;
    }
    // In the order of the body; what the variable reaches is `inside`.
    let variable = body.params[0];
    let (mut before, mut inside): (Vec<OpId>, Vec<OpId>) = (Vec::new(), Vec::new());
    let mut moving = FxHashSet::from_iter([variable]);
    let (mut loads, mut carried) = (false, false);
    for &inner in body.ops.iter().filter(|inner| slice.contains(*inner)) {
        let data = &function.ops[inner];
        carried |= data.args.iter().any(|arg| body.params[1..].contains(arg));
        if !data.args.iter().any(|arg| moving.contains(arg)) {
            before.push(inner);
            continue;
        }
        moving.extend(&data.results);
        inside.push(inner);
        match &data.kind {
            OpKind::Load(bounds) => {
                let (last, others) = data.args[1..].split_last()?;
                let is_dense = matches!(
                    function.ty(data.args[0]),
                    Type::Array(array) if array.layout == Layout::Contiguous
                );
                let is_next = *last == variable && !others.iter().any(|i| moving.contains(i));
                if !is_dense || !is_next || bounds.iter().any(|bound| *bound != Bound::Proved) {
                    return None;
                }
                loads = true;
            }
            OpKind::Compare(_)
            | OpKind::Float(_)
            | OpKind::FloatUnary(_)
            | OpKind::Convert(_)
            | OpKind::Select
            | OpKind::Int(IntOp::Add | IntOp::Sub | IntOp::And | IntOp::Or | IntOp::Xor, _) => {}
            _ => return None,
        }
    }
    let is_moving = moving.contains(&condition);
    (loads && carried && is_moving && !folds(function, op, next)).then_some(Search {
        condition,
        changes,
        before,
        inside,
    })
}

/// A single value that is selected folds as a minimum does, which lanes do better.
fn folds(function: &Function, op: OpId, next: OpId) -> bool {
    let args = &function.ops[next].args;
    let selected = |arg: &ValueId| {
        function
            .def_op(*arg)
            .is_some_and(|by| matches!(by.kind, OpKind::Select))
    };
    function.ops[op].results.len() == 1 && args.iter().all(selected)
}

/// The condition on which all that is carried is kept or replaced, and when it is replaced.
fn decision(function: &Function, params: &[ValueId], nexts: &[ValueId]) -> Option<(ValueId, bool)> {
    let mut found = None;
    for (param, next) in params[1..].iter().zip(nexts) {
        if param == next {
            continue;
        }
        let ValueDef::Result(by, n) = function.values[*next].def else {
            return None;
        };
        let data = &function.ops[by];
        let sides = match data.kind {
            OpKind::If { then, other } => {
                [then, other].map(|side| yielded(function, side).get(n as usize).copied())
            }
            OpKind::Select => [Some(data.args[1]), Some(data.args[2])],
            _ => return None,
        };
        let changes = match sides {
            [_, Some(kept)] if kept == *param => true,
            [Some(kept), _] if kept == *param => false,
            _ => return None,
        };
        let decision = (data.args[0], changes);
        if *found.get_or_insert(decision) != decision {
            return None;
        }
    }
    found
}

/// The ops of a body that a value is computed from.
fn slice_of(
    function: &Function,
    own: &FxHashSet<OpId>,
    value: ValueId,
    slice: &mut FxHashSet<OpId>,
) {
    if let ValueDef::Result(op, _) = function.values[value].def
        && own.contains(&op)
        && slice.insert(op)
    {
        for arg in &function.ops[op].args {
            slice_of(function, own, *arg, slice);
        }
    }
}

fn run_in_blocks(
    function: &mut Function,
    op: OpId,
    search: &Search,
    replaced: &mut FxHashMap<ValueId, ValueId>,
) {
    let data = function.ops[op].clone();
    let OpKind::For(the_loop) = &data.kind else {
        return;
    };
    let Some((region, at)) = place_of(function, op) else {
        return;
    };
    let body: RegionId = the_loop.body;
    let params = function.regions[body].params.clone();
    let types = function.types(&data.results);
    function.regions[region].ops.remove(at);
    let mut builder = Builder::before(function, region, at, data.site);
    let bounds = (data.args[0], data.args[1], BLOCK);
    let carried = data.args[2..].to_vec();
    let results = builder.for_("made.block", bounds, carried, |b, _, start, carried| {
        let size = b.const_i64(BLOCK);
        let stop = b.int(IntOp::Add, Overflow::Wrap, start, size);
        let stop = b.int(IntOp::Min, Overflow::Wrap, stop, data.args[1]);
        let left = b.int(IntOp::Sub, Overflow::Wrap, stop, start);
        let short = b.const_i64(SHORT);
        let is_long = b.compare(Compare::Ge, left, short);
        let known = params[1..].iter().copied().zip(carried.iter().copied());
        let known: FxHashMap<ValueId, ValueId> = known.collect();
        let test = |b: &mut Builder<'_>| {
            let mut cloner = Cloner::within();
            cloner.values.extend(known.clone());
            for op in &search.before {
                let op = cloner.op(b.function, *op);
                b.insert(op);
            }
            let no = b.const_bool(false);
            b.for_(
                "",
                (start, stop, 1),
                vec![no],
                |b, label, variable, found| {
                    cloner.values.insert(params[0], variable);
                    for op in &search.inside {
                        let op = cloner.op(b.function, *op);
                        b.insert(op);
                    }
                    let condition = cloner.values[&search.condition];
                    let leave = |b: &mut Builder<'_>| {
                        let yes = b.const_bool(true);
                        b.end_with(OpKind::Break(label), vec![yes]);
                        Vec::new()
                    };
                    let stay = |_: &mut Builder<'_>| Vec::new();
                    match search.changes {
                        true => b.if_(condition, &[], leave, stay),
                        false => b.if_(condition, &[], stay, leave),
                    };
                    found.to_vec()
                },
            )
        };
        let changes = b.if_(is_long, &[Type::BOOL], test, |b| vec![b.const_bool(true)]);
        b.if_(
            changes[0],
            &types,
            |b| {
                let mut cloner = Cloner::within();
                let inner = cloner.op(b.function, op);
                let args = [start, stop].into_iter().chain(carried.iter().copied());
                b.function.ops[inner].args = args.collect();
                b.insert(inner);
                b.function.ops[inner].results.clone()
            },
            |_| carried.to_vec(),
        )
    });
    replaced.extend(data.results.into_iter().zip(results));
}
