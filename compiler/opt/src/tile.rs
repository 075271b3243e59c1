//! Tiling with packing: what a nest reads again in each of its outermost iterations is read in panels of a few columns,
//! copied to where it lies close together.
//!
//! `for i { for j { for k { s += a[i, k] * b[k, j] } } }` walks down the columns of `b` for every `i`: with a large `b`
//! each step is another line of the cache. It becomes
//! `for group { copy the panels; for i { for panel { for j in panel { for k { ... copy[panel, k, j] } } } } }` and the nest
//! as it was for the columns that are left, or for all where arrays overlap, `b` is small, or there is no memory. Any load
//! that moves with the two inner loops and not with the outer one is such a `b`, in either order of its subscripts.
//!
//! A group is as many panels as stay in the second cache, so that each element of `a` comes from memory once for all of
//! them. The loops over `i` are there twice, behind a branch on how wide the vectors are: the widest ones take a panel's row
//! at once, others a half of it, and `vectorise` and `jam` choose for each side.
//!
//! Each iteration does what it did, and those of one `i` keep their order. Iterations of different `i` must not meet: an
//! array that is stored to has `i` itself as a subscript wherever it is accessed, and shares no memory with the others.
//! Nothing may raise, so the copy is given back on every way. Where the outermost loop has become parallel, each part of it
//! makes panels of its own, so its parts should be large: [`together`] says so to the calls. Runs before `vectorise`, which then finds a short loop
//! over neighbours.

use snek_analysis::dependence::{Access, Dependences, Lanes, accesses};
use snek_analysis::ranges::ranges;
use snek_analysis::structure::{Structure, is_loop};
use snek_mir::builder::Builder;
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{
    ArrayType, Bound, Compare, Element, For, Function, IntOp, Layout, LoopKind, Op, OpId, OpKind,
    Overflow, Program, RegionId, Role, Type, ValueId,
};

use crate::jam::is_simple;
use crate::rewrite::{and, new_op, place_of};
use crate::vectorise::build::{PAIRS, tested_at, tests};

/// Bytes of a panel's row: two of the widest registers.
const ROW: u32 = 128;
/// Bytes of a group of panels: what fits into the second caches of most machines, beside what else is read.
const CACHE: i64 = 512 << 10;
/// Smaller arrays stay in the first cache as they are.
const LARGE: i64 = 64 << 10;
/// Fewer iterations of the outer loop do not pay for the copy.
const ROWS: i64 = 12;
/// Rows that a parallel loop should do at a time.
const ROWS_TOGETHER: u16 = 32;
/// Panels of more rows are not made.
const LONGEST: i64 = 1 << 20;
/// Bodies of more ops are not doubled.
const SIZE: usize = 200;

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
        if let Some(dependences) = dependences.filter(|found| found.apart.len() <= PAIRS) {
            build(function, &structure, &nest, &dependences);
        }
    }
}

/// Has parallel loops whose bodies have panels run many rows at a time.
pub fn together(program: &mut Program) {
    let has_panels: Vec<bool> = program.functions.iter().map(takes_memory).collect();
    for function in &mut program.functions {
        for data in &mut function.ops {
            if let OpKind::ParallelCall {
                body,
                combine: None,
                accumulators,
                cut,
                ..
            } = &mut data.kind
                && cut.grain == 1
                && accumulators.is_empty()
                && has_panels[body.index()]
            {
                cut.together = ROWS_TOGETHER;
            }
        }
    }
}

fn takes_memory(function: &Function) -> bool {
    let takes = |op: &Op| matches!(op.kind, OpKind::CallRuntime("snek_rt_scratch_take"));
    function.role == Role::ParallelBody && function.ops.iter().any(takes)
}

/// `for rows { for columns { for depth { array[depth, columns] } } }`, each loop by 1, and the inner ones from 0.
struct Nest {
    rows: OpId,
    columns: OpId,
    depth: OpId,
    /// What is copied.
    load: OpId,
    /// Its access, rows of arrays followed.
    packed: Access,
    element: ArrayType,
    accesses: Vec<Access>,
}

/// A serial loop by 1, and its induction variable.
fn serial(function: &Function, op: OpId) -> Option<(&For, ValueId)> {
    let OpKind::For(f) = &function.ops[op].kind else {
        return None;
    };
    let is_plain = f.kind == LoopKind::Serial && f.step == 1;
    is_plain.then(|| (f, function.regions[f.body].params[0]))
}

/// The same, if it is from 0.
fn counted(function: &Function, op: OpId) -> Option<(&For, ValueId)> {
    serial(function, op).filter(|_| function.const_int(function.ops[op].args[0]) == Some(0))
}

/// The loops in a region, those in other loops left out.
fn loops_in(function: &Function, region: RegionId) -> Vec<OpId> {
    let ops = function.regions[region].ops.iter().copied();
    ops.filter(|op| is_loop(&function.ops[*op].kind)).collect()
}

fn find(function: &Function, structure: &Structure, rows: OpId) -> Option<Nest> {
    let (f, i) = serial(function, rows)?;
    let [columns] = loops_in(function, f.body)[..] else {
        return None;
    };
    let (g, j) = counted(function, columns)?;
    let fixed = |op: OpId| structure.is_invariant(function, function.ops[op].args[1], rows);
    if !function.ops[rows].results.is_empty()
        || !function.ops[columns].results.is_empty()
        || !fixed(columns)
    {
        return None;
    }
    let ops = edit::ops_in(function, f.body);
    // What is beside the loop over columns is done again for each panel.
    let beside = function.regions[f.body]
        .ops
        .iter()
        .filter(|op| **op != columns);
    let is_pure = |op: &OpId| {
        let properties = function.ops[*op].kind.properties();
        properties.is_pure() || properties.terminator
    };
    if ops.len() > SIZE
        || !ops.iter().all(|op| is_simple(function, *op))
        || !beside.clone().all(is_pure)
    {
        return None;
    }
    let accesses = accesses(function, structure, rows);
    if !are_apart(&accesses, i) {
        return None;
    }
    for depth in loops_in(function, g.body) {
        let Some((h, k)) = counted(function, depth).filter(|_| fixed(depth)) else {
            continue;
        };
        // What does not sum up may run in lanes itself.
        if function.ops[depth].results.is_empty() {
            continue;
        }
        for &load in &function.regions[h.body].ops {
            let Some(access) = accesses.iter().find(|access| access.op == load) else {
                continue;
            };
            let stored = accesses
                .iter()
                .any(|other| other.writes && other.base == access.base);
            let count = |value| access.subscripts.iter().filter(|s| **s == value).count();
            let rest_is_fixed = access.subscripts.iter().all(|subscript| {
                [j, k].contains(subscript) || structure.is_invariant(function, *subscript, rows)
            });
            let array = function.ty(access.base).array()?;
            let is_scalar = matches!(array.element, Element::Scalar(_));
            if !stored
                && matches!(function.ops[load].kind, OpKind::Load(_))
                && (count(j), count(k)) == (1, 1)
                && rest_is_fixed
                && is_scalar
                && !access.wraps.contains(&true)
                && structure.is_invariant(function, access.base, rows)
                && structure.is_visible_at(function, access.base, rows)
            {
                return Some(Nest {
                    rows,
                    columns,
                    depth,
                    load,
                    packed: access.clone(),
                    element: array,
                    accesses,
                });
            }
        }
    }
    None
}

/// Each array that is stored to has `i` at one subscript, the same in all accesses.
fn are_apart(accesses: &[Access], i: ValueId) -> bool {
    let stores = accesses.iter().filter(|access| access.writes);
    let mut any = false;
    for store in stores {
        any = true;
        let mut same = accesses.iter().filter(|other| other.base == store.base);
        let is_at =
            |access: &Access, n: usize| access.subscripts.get(n) == Some(&i) && !access.wraps[n];
        let first = (0..store.subscripts.len()).find(|n| is_at(store, *n));
        if first.is_none_or(|n| !same.all(|other| is_at(other, n))) {
            return false;
        }
    }
    any
}

fn build(function: &mut Function, structure: &Structure, nest: &Nest, dependences: &Dependences) {
    let site = function.ops[nest.rows].site;
    let place = tested_at(function, structure, nest.rows, dependences);
    let apart = place.and_then(|place| tests(function, dependences, place, site));
    let Some((region, at)) = place_of(function, nest.rows) else {
        return;
    };
    let stop = |op: OpId| stop_of(function, op);
    let (columns, depth) = (stop(nest.columns), stop(nest.depth));
    let size = nest.element.element.size();
    let width = i64::from((ROW / size).max(1));
    let mut b = Builder::before(function, region, at, site);
    let mut condition = apart;
    let (first, last) = (
        b.function.ops[nest.rows].args[0],
        stop_of(b.function, nest.rows),
    );
    let rows = match b.function.const_int(first) {
        Some(0) => last,
        _ => {
            // The distance may wrap: then it is negative, or there are no rows.
            let runs = b.compare(Compare::Lt, first, last);
            condition = Some(and(&mut b, condition, runs));
            b.int(IntOp::Sub, Overflow::Wrap, last, first)
        }
    };
    for (value, compare, limit) in [
        (rows, Compare::Ge, ROWS),
        (columns, Compare::Ge, width),
        (depth, Compare::Ge, width),
        (depth, Compare::Le, LONGEST),
    ] {
        let limit = b.const_i64(limit);
        let holds = b.compare(compare, value, limit);
        condition = Some(and(&mut b, condition, holds));
    }
    let elements = b.int(IntOp::Mul, Overflow::Wrap, columns, depth);
    let limit = b.const_i64(LARGE / i64::from(size));
    let is_large = b.compare(Compare::Ge, elements, limit);
    let condition = and(&mut b, condition, is_large);
    let zero = b.const_i64(0);
    let first = b.if_(
        condition,
        &[Type::I64],
        |b| {
            let shift = b.const_i64(i64::from(width.trailing_zeros()));
            let all = b.int(IntOp::Shr, Overflow::Wrap, columns, shift);
            let row = b.const_i64(width * i64::from(size));
            let panel = b.int(IntOp::Mul, Overflow::Wrap, depth, row);
            let cache = b.const_i64(CACHE);
            let one = b.const_i64(1);
            let together = b.int(IntOp::FloorDiv, Overflow::Wrap, cache, panel);
            let together = b.int(IntOp::Max, Overflow::Wrap, together, one);
            let together = b.int(IntOp::Min, Overflow::Wrap, together, all);
            let bytes = b.int(IntOp::Mul, Overflow::Wrap, together, panel);
            let take = b.call_runtime("snek_rt_scratch_take", vec![bytes], &[Type::I64]);
            let there = b.compare(Compare::Ne, take[0], zero);
            b.if_(
                there,
                &[Type::I64],
                |b| {
                    let wide = b.const_i64(width);
                    let ty = Type::Array(ArrayType {
                        rank: 3,
                        layout: Layout::Contiguous,
                        ..nest.element
                    });
                    let extents = vec![take[0], together, depth, wide];
                    let panels = Panels {
                        view: b.value(OpKind::View, extents, ty),
                        zero,
                        depth,
                        wide,
                    };
                    // The last group may have less of them.
                    let less = b.int(IntOp::Sub, Overflow::Wrap, together, one);
                    let groups = b.int(IntOp::Add, Overflow::Wrap, all, less);
                    let groups = b.int(IntOp::FloorDiv, Overflow::Wrap, groups, together);
                    b.for_("made.group", (zero, groups, 1), vec![], |b, _, group, _| {
                        let first = b.int(IntOp::Mul, Overflow::Wrap, group, together);
                        let left = b.int(IntOp::Sub, Overflow::Wrap, all, first);
                        let count = b.int(IntOp::Min, Overflow::Wrap, together, left);
                        pack(b, nest, &panels, (first, count));
                        let rows = |b: &mut Builder<'_>| {
                            let region = b.region();
                            panel_nest(b.function, nest, region, &panels, (first, count));
                            Vec::new()
                        };
                        match is_dense(b.function, nest) {
                            // More columns, and more rows, fit into wider registers.
                            true => {
                                let widest = b.has_widest_vectors();
                                b.if_(widest, &[], rows, rows);
                            }
                            false => _ = rows(b),
                        }
                        Vec::new()
                    });
                    b.call_runtime("snek_rt_scratch_give", vec![take[0], bytes], &[]);
                    vec![b.int(IntOp::Mul, Overflow::Wrap, all, wide)]
                },
                |_| vec![zero],
            )
        },
        |_| vec![zero],
    );
    function.ops[nest.columns].args[0] = first[0];
}

fn stop_of(function: &Function, op: OpId) -> ValueId {
    function.ops[op].args[1]
}

/// Whether neighbours lie side by side in all arrays: there are no forms with the widest vectors of others.
fn is_dense(function: &Function, nest: &Nest) -> bool {
    let mut bases = nest.accesses.iter().map(|access| access.base);
    bases.all(|base| {
        let array = function.ty(base).array();
        array.is_some_and(|array| array.layout == Layout::Contiguous)
    })
}

/// Copies of columns: `view[panel, depth, column]`.
struct Panels {
    view: ValueId,
    zero: ValueId,
    depth: ValueId,
    wide: ValueId,
}

/// Copies the panels of a group, whose first one has the number `first`.
fn pack(b: &mut Builder<'_>, nest: &Nest, panels: &Panels, (first, count): (ValueId, ValueId)) {
    let Panels {
        view,
        zero,
        depth,
        wide,
    } = *panels;
    let induction = |b: &Builder<'_>, op: OpId| match &b.function.ops[op].kind {
        OpKind::For(f) => b.function.regions[f.body].params[0],
        _ => zero,
    };
    let (j, k) = (induction(b, nest.columns), induction(b, nest.depth));
    let ty = b.function.types(&b.function.ops[nest.load].results.clone());
    b.for_("made.panel", (zero, count, 1), vec![], |b, _, panel, _| {
        let number = b.int(IntOp::Add, Overflow::Wrap, first, panel);
        let begin = b.int(IntOp::Mul, Overflow::Wrap, number, wide);
        b.for_("made.depth", (zero, depth, 1), vec![], |b, _, row, _| {
            b.for_("made.column", (zero, wide, 1), vec![], |b, _, column, _| {
                let there = b.int(IntOp::Add, Overflow::Wrap, begin, column);
                let mut args = vec![nest.packed.base];
                for subscript in &nest.packed.subscripts {
                    args.push(match *subscript {
                        value if value == j => there,
                        value if value == k => row,
                        value => value,
                    });
                }
                let bounds = vec![Bound::Proved; args.len() - 1];
                let value = b.value(OpKind::Load(bounds), args, ty[0]);
                let bounds = vec![Bound::Proved; 3];
                let place = vec![view, panel, row, column, value];
                b.op(OpKind::Store(bounds), place, &[]);
                Vec::new()
            });
            Vec::new()
        });
        Vec::new()
    });
}

/// The nest for the columns of a group of panels, at the end of a region: its loop over columns becomes one over panels with
/// one over their columns inside.
fn panel_nest(
    function: &mut Function,
    nest: &Nest,
    region: RegionId,
    panels: &Panels,
    (first, count): (ValueId, ValueId),
) {
    let mut cloner = Cloner::within();
    let rows = cloner.op(function, nest.rows);
    function.regions[region].ops.push(rows);
    let copy = |cloner: &Cloner<'_>, function: &Function, op: OpId| match &function.ops[op].kind {
        OpKind::For(f) => {
            let induction = function.regions[f.body].params[0];
            cloner.values.get(&induction).copied()
        }
        _ => None,
    };
    let (Some(j), Some(k)) = (
        copy(&cloner, function, nest.columns),
        copy(&cloner, function, nest.depth),
    ) else {
        return;
    };
    let loaded = cloner.values[&function.ops[nest.load].results[0]];
    let is_over = |function: &Function, op: OpId, induction: ValueId| match &function.ops[op].kind {
        OpKind::For(f) => function.regions[f.body].params[0] == induction,
        _ => false,
    };
    let place = edit::regions_in(function, region)
        .into_iter()
        .find_map(|around| {
            let mut ops = function.regions[around].ops.iter();
            let at = ops.position(|op| is_over(function, *op, j))?;
            Some((around, at))
        });
    let Some((around, at)) = place else {
        return;
    };
    let columns = function.regions[around].ops.remove(at);
    let OpKind::For(f) = function.ops[columns].kind.clone() else {
        return;
    };
    let site = function.ops[columns].site;
    function.ops[columns].args[..2].copy_from_slice(&[panels.zero, panels.wide]);
    let mut b = Builder::before(function, around, at, site);
    let each = (panels.zero, count, 1);
    b.for_("made.panel", each, vec![], |b, _, panel, _| {
        let number = b.int(IntOp::Add, Overflow::Wrap, first, panel);
        let begin = b.int(IntOp::Mul, Overflow::Wrap, number, panels.wide);
        b.insert(columns);
        // Everybody but the load wants the column's own number.
        let add = OpKind::Int(IntOp::Add, Overflow::Wrap);
        let add = new_op(b.function, add, vec![begin, j], &[Type::I64], site);
        let column = b.function.ops[add].results[0];
        for inner in edit::ops_in(b.function, f.body) {
            let data = &mut b.function.ops[inner];
            if data.results.first() == Some(&loaded) {
                data.kind = OpKind::Load(vec![Bound::Proved; 3]);
                data.args = vec![panels.view, panel, k, j];
                continue;
            }
            for arg in &mut data.args {
                if *arg == j {
                    *arg = column;
                }
            }
        }
        b.function.regions[f.body].ops.insert(0, add);
        Vec::new()
    });
}
