//! Parallel loops that the race check accepted on a condition: they run serially where it does not hold.
//!
//! Not an optimisation: it runs at every level, before anything else.

use snek_analysis::effects::effects;
use snek_analysis::races::{Guard, guards};
use snek_mir::edit::Cloner;
use snek_mir::ir::{Compare, Function, IntOp, LoopKind, OpKind, Overflow, Program, Type, ValueId};

use crate::rewrite::{emit, split_on};

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
        for guard in guards(program, id, &summaries).into_iter().rev() {
            apply(&mut program.functions[id], &guard);
        }
    }
}

fn apply(function: &mut Function, guard: &Guard) {
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
