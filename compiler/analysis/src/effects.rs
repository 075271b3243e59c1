//! What functions do beyond computing their results: raise, read and write arrays, loop, call the runtime.
//!
//! Summaries go bottom-up over the call graph; in a cycle they grow until nothing changes. A summary may claim more than
//! a function does, never less.

use oxc_index::IndexVec;
use snek_abi::{Effect, RuntimeFn};
use snek_mir::edit::call_components;
use snek_mir::ir::{Fold, Function, FunctionId, OpKind, Program, ValueId};
use snek_mir::ops::Raises;

use crate::arrays::roots;
use crate::structure::{Structure, is_loop};

/// The summary of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// May end with an exception.
    pub may_raise: bool,
    /// For each parameter: elements of this array (or of a view of it) may be read.
    pub reads: Vec<bool>,
    /// For each parameter: elements of this array (or of a view of it) may be written.
    pub writes: Vec<bool>,
    /// Has a loop, or calls a function that has.
    pub has_loops: bool,
    /// Calls the runtime for something that the world can see (printing).
    pub acts: bool,
}

impl Effects {
    /// Changes nothing and reads nothing that can change.
    pub fn is_pure(&self) -> bool {
        !self.may_raise && !self.acts && !self.reads.contains(&true) && !self.writes.contains(&true)
    }

    /// Changes no memory and nothing in the world.
    pub fn changes_nothing(&self) -> bool {
        !self.acts && !self.writes.contains(&true)
    }
}

/// The summaries of all functions.
pub fn effects(program: &Program) -> IndexVec<FunctionId, Effects> {
    let empty = |f: &Function| Effects {
        reads: vec![false; f.params().len()],
        writes: vec![false; f.params().len()],
        ..Effects::default()
    };
    let mut summaries: IndexVec<FunctionId, Effects> =
        program.functions.iter().map(empty).collect();
    for component in call_components(program) {
        loop {
            let mut changed = false;
            for &id in &component {
                let function = &program.functions[id];
                // Entering a recursive function may raise RecursionError.
                let mut summary = summarise(function, &summaries);
                summary.may_raise |= function.recursive;
                changed |= summary != summaries[id];
                summaries[id] = summary;
            }
            if !changed || component.len() == 1 && !program.functions[component[0]].recursive {
                break;
            }
        }
    }
    summaries
}

fn summarise(function: &Function, summaries: &IndexVec<FunctionId, Effects>) -> Effects {
    let params = function.params();
    let structure = Structure::new(function);
    let mut effects = Effects {
        reads: vec![false; params.len()],
        writes: vec![false; params.len()],
        ..Effects::default()
    };
    let touch = |array: ValueId, touched: &mut Vec<bool>| match roots(function, &structure, array) {
        Some(roots) => {
            for (n, param) in params.iter().enumerate() {
                touched[n] |= roots.contains(param);
            }
        }
        None => touched.fill(true),
    };
    for &op in &structure.order {
        let data = &function.ops[op];
        effects.has_loops |= is_loop(&data.kind);
        effects.may_raise |= data.kind.properties().raises == Raises::Yes;
        match &data.kind {
            OpKind::Load(_) | OpKind::LoadLanes(_) | OpKind::Gather { .. } => {
                touch(data.args[0], &mut effects.reads)
            }
            OpKind::Store(_) | OpKind::StoreLanes(_) | OpKind::Scatter { .. } => {
                touch(data.args[0], &mut effects.writes)
            }
            OpKind::Atomic(..) => {
                touch(data.args[0], &mut effects.reads);
                touch(data.args[0], &mut effects.writes);
            }
            OpKind::Call(callee) => {
                let callee = &summaries[*callee];
                effects.may_raise |= callee.may_raise;
                effects.has_loops |= callee.has_loops;
                effects.acts |= callee.acts;
                for (n, &arg) in data.args.iter().enumerate() {
                    if callee.reads[n] {
                        touch(arg, &mut effects.reads);
                    }
                    if callee.writes[n] {
                        touch(arg, &mut effects.writes);
                    }
                }
            }
            OpKind::For(f) => {
                for fold in &f.reductions {
                    if let Fold::Call { function, .. } = fold {
                        effects.may_raise |= summaries[*function].may_raise;
                        effects.acts |= summaries[*function].acts;
                    }
                }
            }
            OpKind::ParallelCall { body, combine, .. } => {
                effects.has_loops = true;
                // The runtime may fail, too.
                effects.may_raise = true;
                effects.acts |= summaries[*body].acts;
                if let Some(combine) = combine {
                    effects.acts |= summaries[*combine].acts;
                }
                let callee = &summaries[*body];
                let reductions = data.results.len();
                // Captured values are the last operands here and the first parameters there.
                for (n, &arg) in data.args[2 + reductions..].iter().enumerate() {
                    if callee.reads.get(n) == Some(&true) {
                        touch(arg, &mut effects.reads);
                    }
                    if callee.writes.get(n) == Some(&true) {
                        touch(arg, &mut effects.writes);
                    }
                }
            }
            OpKind::DataPointer => touch(data.args[0], &mut effects.reads),
            OpKind::CallRuntime(name) => match RuntimeFn::find(name) {
                Some(row) => effects.acts |= matches!(row.effect, Effect::Any | Effect::Cold),
                None => effects.acts = true,
            },
            _ => {}
        }
    }
    effects
}
