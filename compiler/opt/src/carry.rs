//! What an iteration stores and the next one loads, or the one after that, stays in a register: `a[i] = f(a[i - 1])`.
//!
//! The value becomes a carried value of the loop; the elements that the first iterations load are loaded before. Only where
//! nothing else in the loop writes memory, so that the element is what was stored whatever arrays overlap, or other elements
//! of the same array alone. The store stays.
//!
//! Such loops wait for each iteration's result anyway, so nothing here is in the way of vectors.

use rustc_hash::FxHashMap;
use snek_analysis::structure::Structure;
use snek_mir::edit;
use snek_mir::ir::{
    Bound, Compare, For, Function, IntOp, Layout, LoopKind, OpId, OpKind, Overflow, Type, ValueId,
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
    let mut replaced = FxHashMap::default();
    for (op, pair) in found {
        carry(function, op, &pair, &mut replaced);
    }
    edit::replace_uses(function, &replaced);
}

/// Values are carried over no more iterations.
const FAR: usize = 2;

/// Loads of what iterations before stored.
struct Pair {
    /// The loads, and how many iterations before that was.
    loads: Vec<(OpId, usize)>,
    array: ValueId,
    stored: ValueId,
    /// Which of the subscripts moves.
    dimension: usize,
    /// The store's subscript is the induction variable plus this.
    offset: i64,
    /// Something before the load may raise, and its proof may rest on that.
    tested: bool,
}

/// Stores of a loop, at most.
const STORES: usize = 8;

fn pair(function: &Function, structure: &Structure, op: OpId, the_loop: &For) -> Option<Pair> {
    let label = &structure.labels[the_loop.label];
    let body = &function.regions[the_loop.body];
    let [next] = label.nexts[..] else { return None };
    if !label.breaks.is_empty() || body.ops.last() != Some(&next) {
        return None;
    }
    let writers: Vec<OpId> = edit::ops_in(function, the_loop.body)
        .into_iter()
        .filter(|inner| function.ops[*inner].kind.properties().writes)
        .collect();
    if writers.len() > STORES {
        return None;
    }
    let mut stores = writers.iter();
    stores.find_map(|store| pair_of(function, structure, op, the_loop, *store, &writers))
}

/// The loads of what `store` has stored, one of those that write in the loop.
fn pair_of(
    function: &Function,
    structure: &Structure,
    op: OpId,
    the_loop: &For,
    store: OpId,
    writers: &[OpId],
) -> Option<Pair> {
    let body = &function.regions[the_loop.body];
    let data = &function.ops[store];
    let OpKind::Store(bounds) = &data.kind else {
        return None;
    };
    let place = |op: OpId| body.ops.iter().position(|inner| *inner == op);
    let at = place(store)?;
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
    let offset = offset(function, indices[dimension], variable)?;
    let raises = |op: &OpId| {
        let kind = &function.ops[*op].kind;
        kind.properties().raises != Raises::No || !kind.regions().is_empty()
    };
    // The elements between the one that is loaded and the one that is stored exist if the iteration gets to its store, and
    // are memory of their own if the strides say so.
    let layout = function.ty(array).array().map(|array| array.layout);
    let is_far = layout == Some(Layout::Contiguous) && !body.ops[..at].iter().any(raises);
    let far = if is_far { FAR } else { 1 };
    let mut loads = Vec::new();
    let mut tested = false;
    for &load in &body.ops[..at] {
        if loads.is_empty() {
            tested |= raises(&load);
        }
        let data = &function.ops[load];
        let OpKind::Load(bounds) = &data.kind else {
            continue;
        };
        let is_before = |distance: usize| {
            let back = the_loop.step.checked_mul(distance as i64);
            let wanted = back.and_then(|back| offset.checked_sub(back));
            (0..rank).all(|d| {
                let index = data.args[d + 1];
                if d == dimension {
                    wanted.is_some() && self::offset(function, index, variable) == wanted
                } else {
                    index == indices[d]
                }
            })
        };
        if data.args[0] == array
            && bounds.iter().all(|b| *b == Bound::Proved)
            && data.results.len() == 1
            && function.ty(data.results[0]) == function.ty(stored)
            && let Some(distance) = (1..=far).find(|distance| is_before(*distance))
            && writers.iter().all(|other| {
                *other == store
                    || place(*other)
                        .zip(place(load))
                        .is_some_and(|(other_at, load_at)| {
                            let between = Between {
                                variable,
                                step: the_loop.step,
                                distance: distance as i64,
                                dimension,
                                // In the first iteration of these, and in the last.
                                in_first: other_at > at,
                                in_last: other_at < load_at,
                            };
                            spares(function, *other, load, &between)
                        })
            })
        {
            loads.push((load, distance));
        }
    }
    (!loads.is_empty()).then_some(Pair {
        loads,
        array,
        stored,
        dimension,
        offset,
        tested,
    })
}

/// From a store to the load of what it has stored, some iterations later.
struct Between {
    variable: ValueId,
    step: i64,
    distance: i64,
    dimension: usize,
    /// Another store comes after this one in the same iteration,
    in_first: bool,
    /// and before the load in its own.
    in_last: bool,
}

/// Whether a store writes other elements than the one that is loaded, as far as it comes between.
fn spares(function: &Function, store: OpId, load: OpId, between: &Between) -> bool {
    let (written, loaded) = (&function.ops[store], &function.ops[load]);
    let OpKind::Store(bounds) = &written.kind else {
        return false;
    };
    let array = function.ty(loaded.args[0]).array();
    let is_contiguous = array.is_some_and(|array| array.layout == Layout::Contiguous);
    if written.args[0] != loaded.args[0]
        || !is_contiguous
        || bounds.iter().any(|b| *b != Bound::Proved)
    {
        return false;
    }
    (0..bounds.len()).any(|d| {
        let (to, from) = (written.args[d + 1], loaded.args[d + 1]);
        if d != between.dimension {
            // The same in all iterations, and apart.
            return apart(function, to, from).is_some_and(|apart| apart != 0);
        }
        let offsets =
            offset(function, to, between.variable).zip(offset(function, from, between.variable));
        offsets.is_some_and(|(to, from)| {
            // The iteration that writes the element, counted from that of the load.
            let Some(distance) = from.checked_sub(to) else {
                return false;
            };
            if distance % between.step != 0 {
                return true;
            }
            match distance / between.step {
                0 => !between.in_last,
                when if when == -between.distance => !between.in_first,
                when => when > 0 || when < -between.distance,
            }
        })
    })
}

/// `a - b`, if that is a constant.
fn apart(function: &Function, a: ValueId, b: ValueId) -> Option<i64> {
    match offset(function, a, b) {
        Some(apart) => Some(apart),
        None => offset(function, b, a)?.checked_neg(),
    }
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

fn carry(
    function: &mut Function,
    op: OpId,
    pair: &Pair,
    replaced: &mut FxHashMap<ValueId, ValueId>,
) {
    let OpKind::For(the_loop) = &function.ops[op].kind else {
        return;
    };
    let (step, body) = (the_loop.step, the_loop.body);
    let Some((region, at)) = place_of(function, op) else {
        return;
    };
    let first_load = pair.loads[0].0;
    let site = function.ops[first_load].site;
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

    // The elements before the first one that is stored, the nearest first, if there is an iteration: else their places may
    // not exist.
    let mut value = |kind, args, ty| emit(function, &mut before, kind, args, ty, site);
    let add = OpKind::Int(IntOp::Add, Overflow::Wrap);
    let far = pair.loads.iter().map(|load| load.1).max().unwrap_or(1);
    let mut indices = Vec::new();
    for distance in 1..=far {
        let offset = pair.offset.wrapping_sub(step.wrapping_mul(distance as i64));
        let offset = value(OpKind::ConstInt(offset), vec![], Type::I64);
        indices.push(value(add.clone(), vec![start, offset], Type::I64));
    }
    if pair.tested {
        // If there is none, the first iteration raises.
        let index = indices[0];
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
    let data = &function.ops[first_load];
    let (kind, args) = (data.kind.clone(), data.args.clone());
    let (mut loads, mut loaded) = (Vec::new(), Vec::new());
    let (mut nothing, mut undefined) = (Vec::new(), Vec::new());
    for index in indices {
        let mut args = args.clone();
        args[pair.dimension + 1] = index;
        loaded.push(emit(function, &mut loads, kind.clone(), args, ty, site));
        let none = emit(function, &mut nothing, OpKind::Undefined, vec![], ty, site);
        undefined.push(none);
    }
    let (then, other) = (function.add_region(), function.add_region());
    for (region, mut ops, values) in [(then, loads, loaded), (other, nothing, undefined)] {
        ops.push(new_op(function, OpKind::Yield, values, &[], site));
        function.regions[region].ops = ops;
    }
    let branch = OpKind::If { then, other };
    let branch = new_op(function, branch, vec![runs], &vec![ty; far], site);
    before.push(branch);

    let first = function.ops[branch].results.clone();
    function.ops[op].args.extend(first);
    let mut carried = Vec::new();
    for _ in 0..far {
        function.add_result(op, ty, None);
        carried.push(function.add_param(body, ty, None));
    }
    if let Some(next) = function.terminator(body) {
        let args = &mut function.ops[next].args;
        args.push(pair.stored);
        args.extend(&carried[..far - 1]);
    }
    for (load, distance) in &pair.loads {
        let loaded = function.ops[*load].results[0];
        replaced.insert(loaded, carried[distance - 1]);
        edit::remove_op(function, body, *load);
    }
    function.regions[region].ops.splice(at..at, before);
}
