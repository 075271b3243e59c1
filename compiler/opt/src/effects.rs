//! Functions that cannot raise say so, which makes calls of them cheap; functions that nobody can call go.

use rustc_hash::FxHashMap;
use snek_analysis::effects::effects;
use snek_mir::edit::callees;
use snek_mir::ir::{Fold, FunctionId, OpKind, Program};

/// Runs the pass.
pub fn run(program: &mut Program) {
    drop_unused(program);
    let summaries = effects(program);
    for (id, summary) in summaries.into_iter_enumerated() {
        program.functions[id].may_raise = summary.may_raise;
    }
}

/// Keeps what exports and vector forms reach, and renumbers it.
fn drop_unused(program: &mut Program) {
    let mut used = vec![false; program.functions.len()];
    let mut work: Vec<FunctionId> = Vec::new();
    for export in &program.exports {
        work.push(export.contiguous);
        work.extend(export.strided);
    }
    work.extend(program.vector_forms.iter().map(|form| form.function));
    if program.exports.is_empty() {
        // Nothing is exported in tests of single functions.
        return;
    }
    while let Some(id) = work.pop() {
        if !std::mem::replace(&mut used[id.index()], true) {
            work.extend(callees(&program.functions[id]));
        }
    }
    if used.iter().all(|used| *used) {
        return;
    }
    let mut ids: FxHashMap<FunctionId, FunctionId> = FxHashMap::default();
    let old = std::mem::take(&mut program.functions);
    for (id, function) in old.into_iter_enumerated() {
        if used[id.index()] {
            ids.insert(id, program.functions.push(function));
        }
    }
    let renumber = |id: &mut FunctionId| {
        if let Some(new) = ids.get(id) {
            *id = *new;
        }
    };
    for export in &mut program.exports {
        renumber(&mut export.contiguous);
        if let Some(strided) = &mut export.strided {
            renumber(strided);
        }
    }
    for form in &mut program.vector_forms {
        renumber(&mut form.function);
    }
    for function in &mut program.functions {
        // Dead ops may name functions that are gone; nobody reads them.
        for op in &mut function.ops {
            match &mut op.kind {
                OpKind::Call(callee) => renumber(callee),
                OpKind::For(f) => {
                    for fold in &mut f.reductions {
                        if let Fold::Call { function, .. } = fold {
                            renumber(function);
                        }
                    }
                }
                OpKind::ParallelCall { body, combine, .. } => {
                    renumber(body);
                    if let Some(combine) = combine {
                        renumber(combine);
                    }
                }
                _ => {}
            }
        }
    }
}
