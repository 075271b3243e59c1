//! What the boundary to Python must know of a function, callees included.

use oxc_index::IndexVec;
use snek_mir::ir::{Function, FunctionId, Op, OpKind, Program, RegionId};

/// Properties of a function and of everything that it calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// It may run long, so Python's lock is released around it.
    pub long: bool,
    /// It runs loops in parallel, so what it writes must be nobody else's.
    pub parallel: bool,
}

impl Summary {
    pub fn join(self, other: Summary) -> Summary {
        Summary { long: self.long || other.long, parallel: self.parallel || other.parallel }
    }
}

/// Calls `visit` with every op of a function that is not dead.
pub fn each_op<'f>(function: &'f Function, visit: &mut dyn FnMut(&'f Op)) {
    each_op_in(function, function.body, visit);
}

/// Calls `visit` with every op in a region, nested ones after the op that owns them.
pub fn each_op_in<'f>(function: &'f Function, region: RegionId, visit: &mut dyn FnMut(&'f Op)) {
    for op in &function.regions[region].ops {
        let op = &function.ops[*op];
        visit(op);
        for region in regions_of(op) {
            each_op_in(function, region, visit);
        }
    }
}

/// The regions that an op owns.
pub fn regions_of(op: &Op) -> impl Iterator<Item = RegionId> {
    let (first, second) = match &op.kind {
        OpKind::If { then, other } => (Some(*then), Some(*other)),
        OpKind::Block { body, .. } => (Some(*body), None),
        OpKind::For(the_loop) => (Some(the_loop.body), None),
        OpKind::While { cond, body, .. } => (Some(*cond), Some(*body)),
        _ => (None, None),
    };
    first.into_iter().chain(second)
}

/// The functions that an op calls or hands to the runtime.
pub fn callees(op: &Op) -> impl Iterator<Item = FunctionId> {
    let (first, second) = match &op.kind {
        OpKind::Call(callee) => (Some(*callee), None),
        OpKind::ParallelCall { body, combine, .. } => (Some(*body), *combine),
        _ => (None, None),
    };
    first.into_iter().chain(second)
}

/// The summary of each function.
pub fn summaries(program: &Program) -> IndexVec<FunctionId, Summary> {
    let mut found: IndexVec<FunctionId, Summary> = program
        .functions
        .iter()
        .map(|function| {
            let mut summary = Summary { long: function.recursive, parallel: false };
            each_op(function, &mut |op| match op.kind {
                OpKind::For(_) | OpKind::While { .. } => summary.long = true,
                OpKind::ParallelCall { .. } => {
                    summary = Summary { long: true, parallel: true };
                }
                _ => {}
            });
            summary
        })
        .collect();
    // Properties only grow, so this ends after at most as many rounds as there are functions.
    loop {
        let mut changed = false;
        for (id, function) in program.functions.iter_enumerated() {
            let mut summary = found[id];
            each_op(function, &mut |op| {
                for callee in callees(op) {
                    summary = summary.join(found[callee]);
                }
            });
            changed |= summary != found[id];
            found[id] = summary;
        }
        if !changed {
            return found;
        }
    }
}
