//! Interchange: a loop over neighbours that adds to what it stores comes out of the loop that it adds over.
//!
//! `for i { for k { for j { c[i, j] += a[i, k] * b[k, j] } } }` loads and stores each element of `c` for every `k`. It
//! becomes `for i { for j { s = c[i, j]; for k { s += a[i, k] * b[k, j] }; c[i, j] = s } }`, the form in which `tile`,
//! `vectorise` and `jam` keep sums in registers. Each element gets the same terms in the same order.
//!
//! It is done where all of `i` read the same `b`; else the loops are best as they are. Elements that are stored to are
//! reached by nothing else: all accesses to their array have the same subscripts, which do not depend on `k`, and tests
//! before the nest say that the arrays are apart. Nothing raises, and there is a first `k`, so all elements are stored to
//! anyway.

use snek_analysis::dependence::{Access, Lanes, accesses};
use snek_analysis::ranges::ranges;
use snek_analysis::structure::{Structure, is_loop};
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{Compare, For, Function, LoopKind, OpId, OpKind, Type, ValueId};
use snek_mir::ir::{IntOp, Overflow, RegionId};

use crate::jam::is_simple;
use crate::rewrite::{emit, split_on};
use crate::vectorise::build::{PAIRS, tested_at, tests};

/// Bodies of more ops are not doubled.
const SIZE: usize = 120;

/// Runs the pass.
pub fn run(function: &mut Function) {
    let structure = Structure::new(function);
    let ops = structure.order.iter().copied();
    let nests: Vec<Nest> = ops
        .filter_map(|op| find(function, &structure, op))
        .collect();
    if nests.is_empty() {
        return;
    }
    let facts = ranges(function, &structure);
    for nest in nests {
        let dependences = Lanes::new(function, &structure, &facts, nest.rows)
            .and_then(|mut lanes| lanes.dependences(&nest.accesses).ok());
        let Some(dependences) = dependences.filter(|found| found.apart.len() <= PAIRS) else {
            continue;
        };
        let site = function.ops[nest.rows].site;
        let place = tested_at(function, &structure, nest.rows, &dependences);
        let apart = place.and_then(|place| tests(function, &dependences, place, site));
        let mut before = Vec::new();
        let depth = &function.ops[nest.depth];
        let bounds = depth.args[..2].to_vec();
        let runs = match &depth.kind {
            OpKind::For(f) if f.step < 0 => Compare::Gt,
            _ => Compare::Lt,
        };
        let runs = OpKind::Compare(runs);
        let mut condition = emit(function, &mut before, runs, bounds, Type::BOOL, site);
        if let Some(apart) = apart {
            let and = OpKind::Int(IntOp::And, Overflow::Wrap);
            let both = vec![apart, condition];
            condition = emit(function, &mut before, and, both, Type::BOOL, site);
        }
        let twin = Cloner::within().op(function, nest.rows);
        interchange(function, &nest);
        split_on(function, nest.rows, before, condition, twin);
    }
}

/// `for rows { for depth { for columns { load; ...; store } } }`.
struct Nest {
    rows: OpId,
    depth: OpId,
    columns: OpId,
    load: OpId,
    store: OpId,
    accesses: Vec<Access>,
}

/// A serial loop that carries nothing.
fn plain(function: &Function, op: OpId) -> Option<(&For, ValueId)> {
    let data = &function.ops[op];
    match &data.kind {
        OpKind::For(f) if f.kind == LoopKind::Serial && data.results.is_empty() => {
            Some((f, function.regions[f.body].params[0]))
        }
        _ => None,
    }
}

/// The only op with regions in a region, if it is a loop.
fn only_loop(function: &Function, region: RegionId) -> Option<OpId> {
    let ops = function.regions[region].ops.iter().copied();
    let mut structured = ops.filter(|op| function.ops[*op].kind.properties().structured);
    let only = structured.next()?;
    (structured.next().is_none() && is_loop(&function.ops[only].kind)).then_some(only)
}

fn find(function: &Function, structure: &Structure, rows: OpId) -> Option<Nest> {
    let (f, i) = plain(function, rows)?;
    let depth = only_loop(function, f.body)?;
    let (g, k) = plain(function, depth)?;
    let columns = only_loop(function, g.body)?;
    let (h, j) = plain(function, columns)?;
    let fixed = |value: &ValueId| structure.is_invariant(function, *value, rows);
    let bounds = [depth, columns].map(|op| &function.ops[op].args[..2]);
    if !bounds.into_iter().flatten().all(fixed) {
        return None;
    }
    let ops = edit::ops_in(function, f.body);
    let is_straight = |op: &OpId| !function.ops[*op].kind.properties().structured;
    if ops.len() > SIZE
        || !ops.iter().all(|op| is_simple(function, *op))
        || !function.regions[h.body].ops.iter().all(is_straight)
    {
        return None;
    }
    let accesses = accesses(function, structure, rows);
    let mut stores = accesses.iter().filter(|access| access.writes);
    let store = stores.next()?;
    let loads: Vec<&Access> = accesses
        .iter()
        .filter(|access| !access.writes && access.base == store.base)
        .collect();
    let [load] = loads[..] else { return None };
    let is_inner = |op: OpId| structure.region_of[op] == Some(h.body);
    let (first, second) = (&function.ops[load.op], &function.ops[store.op]);
    let places = second.args.len().saturating_sub(1);
    let is_plain = stores.next().is_none()
        && matches!(
            (&first.kind, &second.kind),
            (OpKind::Load(_), OpKind::Store(_))
        )
        && first.results.len() == 1
        && is_inner(load.op)
        && is_inner(store.op)
        && first.args[..] == second.args[..places]
        && !store.wraps.contains(&true)
        && !load.wraps.contains(&true);
    let unmoved = |value: &ValueId| structure.is_invariant(function, *value, depth);
    let place = second.args.get(..places)?;
    if !is_plain
        || !place.iter().all(|value| *value == j || unmoved(value))
        || store.subscripts.last() != Some(&j)
        || !store.subscripts.contains(&i)
    {
        return None;
    }
    // Read again for every row.
    let is_shared = |access: &Access| {
        access.base != store.base
            && access.subscripts.last() == Some(&j)
            && access.subscripts.contains(&k)
            && access
                .subscripts
                .iter()
                .all(|s| *s == j || *s == k || fixed(s))
    };
    accesses.iter().any(is_shared).then(|| Nest {
        rows,
        depth,
        columns,
        load: load.op,
        store: store.op,
        accesses: accesses.clone(),
    })
}

/// Puts the loop over the depth into the one over columns.
fn interchange(function: &mut Function, nest: &Nest) {
    let bodies = [nest.rows, nest.depth, nest.columns].map(|op| match &function.ops[op].kind {
        OpKind::For(f) => f.body,
        _ => function.body,
    });
    let [rows, depth, columns] = bodies;
    let sum = function.ops[nest.load].results[0];
    let ty = function.ty(sum);
    let name = function.values[sum].name.clone();
    let carried = function.add_param(depth, ty, name.clone());
    let result = function.add_result(nest.depth, ty, name);
    function.ops[nest.depth].args.push(sum);
    let mut next = sum;
    if let Some(value) = function.ops[nest.store].args.last_mut() {
        next = std::mem::replace(value, result);
    }
    // What the columns did is done at the end of what the depth does.
    let mut inner = std::mem::take(&mut function.regions[columns].ops);
    let end_of_columns = inner.pop();
    inner.retain(|op| *op != nest.load && *op != nest.store);
    let mut outer = std::mem::take(&mut function.regions[depth].ops);
    let end_of_depth = outer.pop();
    let at = outer.iter().position(|op| *op == nest.columns);
    outer.splice(at.map_or(0..0, |at| at..at + 1), inner);
    if let Some(end) = end_of_depth {
        function.ops[end].args.push(next);
        outer.push(end);
    }
    for op in &outer {
        for arg in &mut function.ops[*op].args {
            if *arg == sum {
                *arg = carried;
            }
        }
    }
    function.regions[depth].ops = outer;
    let mut ops = vec![nest.load, nest.depth, nest.store];
    ops.extend(end_of_columns);
    function.regions[columns].ops = ops;
    for op in &mut function.regions[rows].ops {
        if *op == nest.depth {
            *op = nest.columns;
        }
    }
}
