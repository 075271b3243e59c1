//! Counted loops of a few iterations, known when compiled, that sum something up become straight code.
//!
//! Only inside of other loops, and only loops that carry a value: the loop around them may then be the innermost one,
//! whose iterations run in lanes. What does not depend on what comes before is left for lanes of its own. Runs before
//! `vectorise`.

use std::collections::HashMap;

use snek_analysis::structure::{Structure, is_loop};
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{Function, LoopKind, OpId, OpKind, Overflow, RegionId, Type, ValueId};

use crate::prove;
use crate::rewrite::{emit, place_of};

/// Loops of more iterations stay.
const TRIP: i128 = 8;
/// Ops of all iterations together.
const SIZE: usize = 240;

/// Runs the pass.
pub fn run(function: &mut Function) {
    let structure = Structure::new(function);
    let mut is_checked = false;
    // Inner loops first: then an outer one may be straight code as well.
    for &op in structure.order.iter().rev() {
        if !structure.loops_around(function, op).is_empty()
            && let Some(trip) = few_iterations(function, op)
        {
            is_checked |= edit::ops_in(function, function.ops[op].kind.regions()[0])
                .iter()
                .any(|inner| {
                    matches!(function.ops[*inner].kind, OpKind::Int(_, Overflow::Checked))
                });
            unroll(function, op, trip);
        }
    }
    // Of each iteration more is known than of all: `word << 8 | byte` grows.
    if is_checked {
        prove::run(function);
    }
}

/// How many, if the loop is to be unrolled.
fn few_iterations(function: &Function, op: OpId) -> Option<i64> {
    let data = &function.ops[op];
    let OpKind::For(f) = &data.kind else {
        return None;
    };
    if f.kind != LoopKind::Serial || data.results.is_empty() {
        return None;
    }
    let start = i128::from(function.const_int(data.args[0])?);
    let stop = i128::from(function.const_int(data.args[1])?);
    let step = i128::from(f.step);
    let (span, size) = match step > 0 {
        true => (stop - start, step),
        false => (start - stop, -step),
    };
    let trip = (span + size - 1).div_euclid(size);
    if !(1..=TRIP).contains(&trip) {
        return None;
    }
    let ops = edit::ops_in(function, f.body);
    let end = ops.last().copied();
    let is_plain = ops.iter().all(|inner| {
        let kind = &function.ops[*inner].kind;
        !is_loop(kind)
            && !matches!(kind, OpKind::Call(_) | OpKind::Return)
            && (kind.target() != Some(f.label) || Some(*inner) == end)
    });
    (is_plain && ops.len() * trip as usize <= SIZE).then_some(trip as i64)
}

fn unroll(function: &mut Function, op: OpId, trip: i64) {
    let data = function.ops[op].clone();
    let OpKind::For(f) = &data.kind else { return };
    let Some((region, at)) = place_of(function, op) else {
        return;
    };
    let Some(start) = function.const_int(data.args[0]) else {
        return;
    };
    let (params, body) = split(function, f.body);
    let mut carried = data.args[2..].to_vec();
    let mut out = Vec::new();
    for n in 0..trip {
        let kind = OpKind::ConstInt(start + n * f.step);
        let induction = emit(function, &mut out, kind, vec![], Type::I64, data.site);
        let mut cloner = Cloner::within();
        cloner.values.insert(params[0], induction);
        cloner
            .values
            .extend(params[1..].iter().copied().zip(carried));
        for &inner in &body.ops {
            out.push(cloner.op(function, inner));
        }
        let next = body.next.iter();
        carried = next
            .map(|v| cloner.values.get(v).copied().unwrap_or(*v))
            .collect();
    }
    function.regions[region].ops.splice(at..=at, out);
    let results: HashMap<ValueId, ValueId> = data.results.into_iter().zip(carried).collect();
    edit::replace_uses(function, &results);
}

/// The body of a loop: its ops, and what the next iteration gets.
struct Body {
    ops: Vec<OpId>,
    next: Vec<ValueId>,
}

fn split(function: &Function, region: RegionId) -> (Vec<ValueId>, Body) {
    let data = &function.regions[region];
    let mut ops = data.ops.clone();
    let end = ops.pop();
    let next = end.map_or(Vec::new(), |end| function.ops[end].args.clone());
    (data.params.clone(), Body { ops, next })
}
