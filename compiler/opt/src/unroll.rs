//! Counted loops of a few iterations, known when compiled, that sum something up become straight code.
//!
//! Only inside of other loops, and only loops that carry a value: the loop around them may then be the innermost one,
//! whose iterations run in lanes. What does not depend on what comes before is left for lanes of its own. Runs before
//! `vectorise`.
//!
//! Loops that only hand on most of what they carry, as `d = c; c = b; b = a`, do several iterations at once, so that each
//! value is back in its place: nothing moves.

use rustc_hash::FxHashMap;
use snek_analysis::structure::{Structure, is_loop};
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{Function, IntOp, LoopKind, OpId, OpKind, Overflow, RegionId, Type, ValueId};

use crate::prove;
use crate::rewrite::{emit, place_of};

/// Loops of more iterations stay.
const TRIP: i128 = 8;
/// Ops of all iterations together.
const SIZE: usize = 240;
/// Fewer values that are handed on are not worth it.
const HANDED_ON: usize = 4;

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
    for &op in &structure.order {
        if let Some(times) = turns(function, op) {
            repeat(function, op, times);
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
    let trip = trip(function, op)?;
    let times = (1..=TRIP).contains(&trip).then_some(trip as i64)?;
    fits(function, op, times).then_some(times)
}

/// The number of iterations, if it is known when compiled.
fn trip(function: &Function, op: OpId) -> Option<i128> {
    let data = &function.ops[op];
    let OpKind::For(f) = &data.kind else {
        return None;
    };
    let start = i128::from(function.const_int(data.args[0])?);
    let stop = i128::from(function.const_int(data.args[1])?);
    let step = i128::from(f.step);
    let (span, size) = match step > 0 {
        true => (stop - start, step),
        false => (start - stop, -step),
    };
    Some((span + size - 1).div_euclid(size))
}

/// Whether the body of a loop is straight code but for branches, and not too long so many times.
fn fits(function: &Function, op: OpId, times: i64) -> bool {
    let OpKind::For(f) = &function.ops[op].kind else {
        return false;
    };
    let ops = edit::ops_in(function, f.body);
    let end = ops.last().copied();
    let is_plain = ops.iter().all(|inner| {
        let kind = &function.ops[*inner].kind;
        !is_loop(kind)
            && !matches!(kind, OpKind::Call(_) | OpKind::Return)
            && (kind.target() != Some(f.label) || Some(*inner) == end)
    });
    is_plain && ops.len() * times as usize <= SIZE
}

/// How many iterations bring each value that is handed on back to its place, if that is worth it.
fn turns(function: &Function, op: OpId) -> Option<i64> {
    let OpKind::For(f) = &function.ops[op].kind else {
        return None;
    };
    let params = &function.regions[f.body].params[1..];
    let end = function.terminator(f.body)?;
    let data = &function.ops[end];
    if f.kind != LoopKind::Serial || data.kind.target() != Some(f.label) {
        return None;
    }
    // Where the value of each place comes from: another place, if it is only handed on.
    let from = |place: usize| {
        let source = params.iter().position(|param| *param == data.args[place])?;
        (source != place).then_some(source)
    };
    let handed_on = (0..params.len()).filter(|place| from(*place).is_some());
    if handed_on.count() < HANDED_ON {
        return None;
    }
    let chain = |place: usize| {
        let places = std::iter::successors(Some(place), |place| from(*place));
        places.take(params.len() + 1).count()
    };
    let times = (0..params.len()).map(chain).max()? as i64;
    let is_even =
        (1..=TRIP).contains(&i128::from(times)) && trip(function, op)? % i128::from(times) == 0;
    (is_even && fits(function, op, times)).then_some(times)
}

/// Does several iterations in one, whose number the trip count is a multiple of.
fn repeat(function: &mut Function, op: OpId, times: i64) {
    let OpKind::For(f) = function.ops[op].kind.clone() else {
        return;
    };
    let Some(end) = function.terminator(f.body) else {
        return;
    };
    let Some(step) = f.step.checked_mul(times) else {
        return;
    };
    let (params, body) = split(function, f.body);
    let site = function.ops[op].site;
    let mut carried = body.next.clone();
    let mut out = body.ops.clone();
    for n in 1..times {
        let distance = OpKind::ConstInt(n * f.step);
        let distance = emit(function, &mut out, distance, vec![], Type::I64, site);
        let sum = OpKind::Int(IntOp::Add, Overflow::Proved);
        let args = vec![params[0], distance];
        let induction = emit(function, &mut out, sum, args, Type::I64, site);
        let given = [&[induction], &carried[..]].concat();
        carried = body.copy(function, &params, given, &mut out);
    }
    out.push(end);
    function.ops[end].args = carried;
    function.regions[f.body].ops = out;
    if let OpKind::For(f) = &mut function.ops[op].kind {
        f.step = step;
    }
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
        let given = [&[induction], &carried[..]].concat();
        carried = body.copy(function, &params, given, &mut out);
    }
    function.regions[region].ops.splice(at..=at, out);
    let results: FxHashMap<ValueId, ValueId> = data.results.into_iter().zip(carried).collect();
    edit::replace_uses(function, &results);
}

/// The body of a loop: its ops, and what the next iteration gets.
struct Body {
    ops: Vec<OpId>,
    next: Vec<ValueId>,
}

impl Body {
    /// Adds an iteration whose parameters are `given`, and says what the next one gets.
    fn copy(
        &self,
        function: &mut Function,
        params: &[ValueId],
        given: Vec<ValueId>,
        out: &mut Vec<OpId>,
    ) -> Vec<ValueId> {
        let mut cloner = Cloner::within();
        cloner.values.extend(params.iter().copied().zip(given));
        for &op in &self.ops {
            out.push(cloner.op(function, op));
        }
        let next = self.next.iter();
        next.map(|v| cloner.values.get(v).copied().unwrap_or(*v))
            .collect()
    }
}

fn split(function: &Function, region: RegionId) -> (Vec<ValueId>, Body) {
    let data = &function.regions[region];
    let mut ops = data.ops.clone();
    let end = ops.pop();
    let next = end.map_or(Vec::new(), |end| function.ops[end].args.clone());
    (data.params.clone(), Body { ops, next })
}
