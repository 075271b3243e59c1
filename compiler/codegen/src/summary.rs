//! What the boundary to Python must know of a function, callees included.

use oxc_index::IndexVec;
use snek_mir::edit;
use snek_mir::ir::{FunctionId, OpKind, Program};

/// Properties of a function and of everything that it calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// It may run long, so Python's lock is released around it.
    pub long: bool,
    /// It runs loops over `prange`, so what it writes must be nobody else's.
    pub parallel: bool,
}

impl Summary {
    pub fn join(self, other: Summary) -> Summary {
        Summary {
            long: self.long || other.long,
            parallel: self.parallel || other.parallel,
        }
    }
}

/// The summary of each function.
pub fn summaries(program: &Program) -> IndexVec<FunctionId, Summary> {
    let mut found: IndexVec<FunctionId, Summary> = program
        .functions
        .iter()
        .map(|function| {
            let mut summary = Summary {
                long: function.recursive,
                parallel: false,
            };
            for op in edit::ops(function) {
                match function.ops[op].kind {
                    OpKind::For(_) | OpKind::While { .. } => summary.long = true,
                    // Who holds it may wait for Python's lock.
                    OpKind::CallRuntime("snek_rt_lock") => summary.long = true,
                    OpKind::ParallelCall { body, .. } => {
                        summary.long = true;
                        // Such a loop tests its arrays itself.
                        summary.parallel |= !program.functions[body].auto_parallel;
                    }
                    _ => {}
                }
            }
            summary
        })
        .collect();
    // Properties only grow, so this ends after at most as many rounds as there are functions.
    loop {
        let mut changed = false;
        for (id, function) in program.functions.iter_enumerated() {
            let mut summary = found[id];
            for callee in edit::callees(function) {
                summary = summary.join(found[callee]);
            }
            changed |= summary != found[id];
            found[id] = summary;
        }
        if !changed {
            return found;
        }
    }
}
