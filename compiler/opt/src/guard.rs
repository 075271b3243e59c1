//! What the race check planned for parallel loops: those accepted on a condition run serially where it does not hold, and
//! accumulators that need not be are the arrays themselves.
//!
//! Not an optimisation: it runs at every level, before anything else.

use snek_analysis::effects::effects;
use snek_analysis::races::{Plan, plans};
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{Compare, Function, IntOp, LoopKind, OpKind, Overflow, Program, Type, ValueId};

use crate::rewrite::{Replacements, emit, split_on};

/// Runs the pass.
pub fn run(program: &mut Program) {
    let is_parallel = |function: &Function| {
        let mut kinds = function.ops.iter().map(|op| &op.kind);
        kinds.any(|kind| matches!(kind, OpKind::For(f) if f.kind == LoopKind::Parallel))
    };
    if !program.functions.iter().any(is_parallel) {
        return;
    }
    let summaries = effects(program);
    for id in program.functions.indices() {
        // Inner loops first: they come last, and what is around them is copied with their guards.
        let plans = plans(program, id, &summaries);
        let function = &mut program.functions[id];
        drop_accumulators(function, &plans);
        for plan in plans.iter().rev() {
            apply(function, plan);
        }
    }
}

/// Lets loops that need no accumulator use the array itself.
fn drop_accumulators(function: &mut Function, plans: &[Plan]) {
    let mut replacements = Replacements::new(function);
    let mut dropped = Vec::new();
    for op in edit::ops(function) {
        replacements.apply(function, op);
        let data = &function.ops[op];
        let is_needed = |plan: &Plan| plan.accumulators.contains(&data.results[0]);
        if matches!(data.kind, OpKind::Accumulator(_)) && !plans.iter().any(is_needed) {
            replacements.replace(data.results[0], data.args[0]);
            dropped.push(op);
        }
    }
    for region in edit::regions_in(function, function.body) {
        function.regions[region]
            .ops
            .retain(|op| !dropped.contains(op));
    }
}

fn apply(function: &mut Function, guard: &Plan) {
    let op = guard.op;
    let site = function.ops[op].site;
    let mut out = Vec::new();
    let zero = emit(
        function,
        &mut out,
        OpKind::ConstInt(0),
        vec![],
        Type::I64,
        site,
    );
    let mut condition: Option<ValueId> = None;
    for &value in &guard.nonnegative {
        let compare = OpKind::Compare(Compare::Ge);
        let good = emit(
            function,
            &mut out,
            compare,
            vec![value, zero],
            Type::BOOL,
            site,
        );
        condition = Some(match condition {
            Some(all) => {
                let and = OpKind::Int(IntOp::And, Overflow::Wrap);
                emit(function, &mut out, and, vec![all, good], Type::BOOL, site)
            }
            None => good,
        });
    }
    let Some(condition) = condition else { return };
    // The serial twin.
    let serial = Cloner::within().op(function, op);
    if let OpKind::For(f) = &mut function.ops[serial].kind {
        f.kind = LoopKind::Serial;
        f.reductions.clear();
    }
    split_on(function, op, out, condition, serial);
}
