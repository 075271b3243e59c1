//! Products of a loop's variable become sums that the loop carries: `start + i * k` is what it was plus `k * step`.
//!
//! For ops at the head level of serial counted loops, with a factor that the loop does not change, and arithmetic that
//! wraps or was proved: the carried value is exact modulo two to the word size, as the product was.

use rustc_hash::FxHashSet;
use snek_mir::edit;
use snek_mir::ir::{Function, IntOp, LoopKind, OpId, OpKind, Overflow, Type, ValueId};

use crate::rewrite::{Replacements, emit, new_op, place_of};

/// Runs the pass.
pub fn run(function: &mut Function) {
    let mut replacements = Replacements::new(function);
    let mut changed = false;
    for op in edit::ops(function) {
        changed |= reduce(function, op, &mut replacements);
    }
    if !changed {
        return;
    }
    for op in edit::ops(function) {
        replacements.apply(function, op);
    }
}

fn reduce(function: &mut Function, op: OpId, replacements: &mut Replacements) -> bool {
    let OpKind::For(f) = function.ops[op].kind.clone() else {
        return false;
    };
    if f.kind != LoopKind::Serial {
        return false;
    }
    let mut inside: FxHashSet<ValueId> = FxHashSet::default();
    for region in edit::regions_in(function, f.body) {
        inside.extend(&function.regions[region].params);
        for inner in &function.regions[region].ops {
            inside.extend(&function.ops[*inner].results);
        }
    }
    let induction = function.regions[f.body].params[0];
    let mut changed = false;
    for inner in function.regions[f.body].ops.clone() {
        let data = &function.ops[inner];
        let OpKind::Int(IntOp::Mul, Overflow::Wrap | Overflow::Proved) = data.kind else {
            continue;
        };
        let (a, b) = (data.args[0], data.args[1]);
        let factor = match (a == induction, b == induction) {
            (true, false) => b,
            (false, true) => a,
            _ => continue,
        };
        // By a constant the address arithmetic of the machine is as good.
        if inside.contains(&factor) || function.const_int(factor).is_some() {
            continue;
        }
        let product = data.results[0];
        let carried = carry(function, op, factor, f.step);
        let Some(carried) = carried else { continue };
        inside.insert(carried);
        replacements.replace(product, carried);
        changed = true;
    }
    changed
}

/// Makes the loop carry `induction * factor`.
fn carry(function: &mut Function, op: OpId, factor: ValueId, step: i64) -> Option<ValueId> {
    let OpKind::For(f) = function.ops[op].kind.clone() else {
        return None;
    };
    let (region, at) = place_of(function, op)?;
    let site = function.ops[op].site;
    let ty = function.ty(factor);
    if ty != Type::I64 {
        return None;
    }
    let mut before = Vec::new();
    let start = function.ops[op].args[0];
    let mul = OpKind::Int(IntOp::Mul, Overflow::Wrap);
    let init = match function.const_int(start) {
        Some(0) => emit(function, &mut before, OpKind::ConstInt(0), vec![], ty, site),
        Some(1) => factor,
        _ => emit(
            function,
            &mut before,
            mul.clone(),
            vec![start, factor],
            ty,
            site,
        ),
    };
    let stride = if step == 1 {
        factor
    } else {
        let step = emit(
            function,
            &mut before,
            OpKind::ConstInt(step),
            vec![],
            ty,
            site,
        );
        emit(function, &mut before, mul, vec![factor, step], ty, site)
    };
    function.regions[region].ops.splice(at..at, before);
    function.ops[op].args.push(init);
    function.add_result(op, ty, None);
    let param = function.add_param(f.body, ty, None);
    for region in edit::regions_in(function, f.body) {
        let Some(end) = function.terminator(region) else {
            continue;
        };
        match function.ops[end].kind {
            OpKind::Next(label) if label == f.label => {
                let add = OpKind::Int(IntOp::Add, Overflow::Wrap);
                let site = function.ops[end].site;
                let next = new_op(function, add, vec![param, stride], &[ty], site);
                let value = function.ops[next].results[0];
                let position = function.regions[region].ops.len() - 1;
                function.regions[region].ops.insert(position, next);
                function.ops[end].args.push(value);
            }
            OpKind::Break(label) if label == f.label => function.ops[end].args.push(param),
            _ => {}
        }
    }
    Some(param)
}
