//! What an iteration stores and the next one loads stays in a register: `a[i] = f(a[i - 1])`.
//!
//! The value becomes a carried value of the loop; the element that the first iteration loads is loaded before. Only where
//! nothing else in the loop writes memory, so that the element is what was stored whatever arrays overlap. The store
//! stays.
//!
//! Such loops wait for each iteration's result anyway, so nothing here is in the way of vectors.

use std::collections::HashMap;

use snek_analysis::structure::Structure;
use snek_mir::edit;
use snek_mir::ir::{
    Bound, Compare, For, Function, IntOp, LoopKind, OpId, OpKind, Overflow, Type, ValueId,
};
use snek_mir::ops::Raises;

use crate::rewrite::{emit, new_op, place_of};

/// Runs the pass.
pub fn run(function: &mut Function) {
    let structure = Structure::new(function);
    let mut found = Vec::new();
    for &op in &structure.order {
        if let OpKind::For(the_loop) = &function.ops[op].kind
            && the_loop.kind == LoopKind::Serial
            && let Some(pair) = pair(function, &structure, op, the_loop)
        {
            found.push((op, pair));
        }
    }
    let mut replaced = HashMap::new();
    for (op, pair) in found {
        carry(function, op, &pair, &mut replaced);
    }
    edit::replace_uses(function, &replaced);
}

/// A load of what the iteration before stored.
struct Pair {
    load: OpId,
    array: ValueId,
    stored: ValueId,
    /// Which of the subscripts moves.
    dimension: usize,
    /// The load's subscript is the induction variable plus this.
    offset: i64,
    /// Something before the load may raise, and its proof may rest on that.
    tested: bool,
}

fn pair(function: &Function, structure: &Structure, op: OpId, the_loop: &For) -> Option<Pair> {
    let label = &structure.labels[the_loop.label];
    let body = &function.regions[the_loop.body];
    let [next] = label.nexts[..] else { return None };
    if !label.breaks.is_empty() || body.ops.last() != Some(&next) {
        return None;
    }
    let mut writers = edit::ops_in(function, the_loop.body)
        .into_iter()
        .filter(|inner| function.ops[*inner].kind.properties().writes);
    let (store, None) = (writers.next()?, writers.next()) else {
        return None;
    };
    let data = &function.ops[store];
    let OpKind::Store(bounds) = &data.kind else {
        return None;
    };
    let at = body.ops.iter().position(|inner| *inner == store)?;
    let rank = bounds.len();
    let (array, indices, values) = (data.args[0], &data.args[1..=rank], &data.args[rank + 1..]);
    let [stored] = *values else { return None };
    let invariant = |value| structure.is_invariant(function, value, op);
    if bounds.iter().any(|b| *b != Bound::Proved) || !invariant(array) {
        return None;
    }
    let variable = body.params[0];
    let mut moving = (0..rank).filter(|d| !invariant(indices[*d]));
    let (dimension, None) = (moving.next()?, moving.next()) else {
        return None;
    };
    let offset = offset(function, indices[dimension], variable)?.checked_sub(the_loop.step)?;
    let mut tested = false;
    for &load in &body.ops[..at] {
        let data = &function.ops[load];
        tested |= data.kind.properties().raises != Raises::No || !data.kind.regions().is_empty();
        let OpKind::Load(bounds) = &data.kind else {
            continue;
        };
        let same = |d: usize| {
            let index = data.args[d + 1];
            if d == dimension {
                self::offset(function, index, variable) == Some(offset)
            } else {
                index == indices[d]
            }
        };
        if data.args[0] == array
            && bounds.iter().all(|b| *b == Bound::Proved)
            && data.results.len() == 1
            && function.ty(data.results[0]) == function.ty(stored)
            && (0..rank).all(same)
        {
            return Some(Pair {
                load,
                array,
                stored,
                dimension,
                offset,
                tested,
            });
        }
    }
    None
}

/// `value - variable`, if that is a constant.
fn offset(function: &Function, value: ValueId, variable: ValueId) -> Option<i64> {
    if value == variable {
        return Some(0);
    }
    let data = function.def_op(value)?;
    let constant = function.const_int(*data.args.get(1)?)?;
    let inner = offset(function, data.args[0], variable)?;
    match data.kind {
        OpKind::Int(IntOp::Add, _) => inner.checked_add(constant),
        OpKind::Int(IntOp::Sub, _) => inner.checked_sub(constant),
        _ => None,
    }
}

fn carry(function: &mut Function, op: OpId, pair: &Pair, replaced: &mut HashMap<ValueId, ValueId>) {
    let OpKind::For(the_loop) = &function.ops[op].kind else {
        return;
    };
    let (step, body) = (the_loop.step, the_loop.body);
    let Some((region, at)) = place_of(function, op) else {
        return;
    };
    let site = function.ops[pair.load].site;
    let (start, stop) = (function.ops[op].args[0], function.ops[op].args[1]);
    let ty = function.ty(pair.stored);
    let mut before = Vec::new();
    let compare = if step > 0 { Compare::Lt } else { Compare::Gt };
    let kind = OpKind::Compare(compare);
    let mut runs = emit(
        function,
        &mut before,
        kind,
        vec![start, stop],
        Type::BOOL,
        site,
    );

    // The first element, if there is an iteration: else its place may not exist.
    let mut value = |kind, args, ty| emit(function, &mut before, kind, args, ty, site);
    let offset = value(OpKind::ConstInt(pair.offset), vec![], Type::I64);
    let add = OpKind::Int(IntOp::Add, Overflow::Wrap);
    let index = value(add, vec![start, offset], Type::I64);
    if pair.tested {
        // If there is none, the first iteration raises.
        let and = || OpKind::Int(IntOp::And, Overflow::Wrap);
        let zero = value(OpKind::ConstInt(0), vec![], Type::I64);
        let extent = OpKind::Extent(pair.dimension as u8);
        let extent = value(extent, vec![pair.array], Type::I64);
        let below = value(
            OpKind::Compare(Compare::Lt),
            vec![index, extent],
            Type::BOOL,
        );
        let above = value(OpKind::Compare(Compare::Ge), vec![index, zero], Type::BOOL);
        let inside = value(and(), vec![below, above], Type::BOOL);
        runs = value(and(), vec![runs, inside], Type::BOOL);
    }
    let mut ops = Vec::new();
    let data = &function.ops[pair.load];
    let (kind, mut args) = (data.kind.clone(), data.args.clone());
    args[pair.dimension + 1] = index;
    let first = emit(function, &mut ops, kind, args, ty, site);
    ops.push(new_op(function, OpKind::Yield, vec![first], &[], site));
    let then = function.add_region();
    function.regions[then].ops = ops;
    let mut ops = Vec::new();
    let none = emit(function, &mut ops, OpKind::Undefined, vec![], ty, site);
    ops.push(new_op(function, OpKind::Yield, vec![none], &[], site));
    let other = function.add_region();
    function.regions[other].ops = ops;
    let branch = OpKind::If { then, other };
    let first = emit(function, &mut before, branch, vec![runs], ty, site);

    function.ops[op].args.push(first);
    function.add_result(op, ty, None);
    let param = function.add_param(body, ty, None);
    if let Some(next) = function.terminator(body) {
        function.ops[next].args.push(pair.stored);
    }
    let loaded = function.ops[pair.load].results[0];
    replaced.insert(loaded, param);
    edit::remove_op(function, body, pair.load);
    function.regions[region].ops.splice(at..at, before);
}
