//! Calls replaced by the callee's code, bottom-up over the call graph.
//!
//! What is small, or called once, goes in; recursive functions do not (`unfold` puts those into themselves). Places keep
//! the chain of calls, so tracebacks and messages stay those of the source.

use oxc_index::IndexVec;
use snek_analysis::structure::is_loop;
use snek_mir::edit::{self, Cloner, call_components};
use snek_mir::ir::{
    Function, FunctionId, LabelId, OpId, OpKind, Program, RegionId, Role, ValueDef,
};

use crate::rewrite::{new_op, place_of};
use crate::{cse, dce, simplify, unblock};

/// Ops of a callee that is always worth it: about what a call costs, with its status test and its lost facts.
const SMALL: usize = 60;
/// Ops of a callee that has one call only.
const ONLY_CALL: usize = 400;
/// No caller grows beyond this many ops.
const LIMIT: usize = 4000;

/// Runs the pass.
pub fn run(program: &mut Program) {
    let mut calls: IndexVec<FunctionId, usize> =
        IndexVec::from_vec(vec![0; program.functions.len()]);
    for function in &program.functions {
        for op in edit::ops(function) {
            if let OpKind::Call(callee) = function.ops[op].kind {
                calls[callee] += 1;
            }
        }
    }
    for export in &program.exports {
        // Python calls these, too.
        calls[export.contiguous] += 1;
        if let Some(strided) = export.strided {
            calls[strided] += 1;
        }
    }
    let mut sizes: IndexVec<FunctionId, usize> = program
        .functions
        .iter()
        .map(|f| edit::ops(f).len())
        .collect();
    for component in call_components(program) {
        for id in component {
            let is_form = program.vector_forms.iter().any(|form| form.function == id);
            let worth = |callee: FunctionId, size: usize| {
                let function = &program.functions[callee];
                let limit = match calls[callee] {
                    // Forms are to stand in loops.
                    _ if is_form => LIMIT,
                    1 => ONLY_CALL,
                    _ => SMALL,
                };
                callee != id
                    && !function.recursive
                    && function.role == Role::Plain
                    && (function.fastmath == program.functions[id].fastmath || !has_loop(function))
                    && (!function.strict_math || program.functions[id].strict_math)
                    && (!function.auto_parallel
                        || program.functions[id].auto_parallel
                        || !edit::ops(function)
                            .iter()
                            .any(|op| is_loop(&function.ops[*op].kind)))
                    && sizes[callee] <= limit
                    && size + sizes[callee] <= LIMIT
            };
            let mut size = sizes[id];
            let mut chosen = Vec::new();
            for op in edit::ops(&program.functions[id]) {
                if let OpKind::Call(callee) = program.functions[id].ops[op].kind
                    && worth(callee, size)
                {
                    size += sizes[callee];
                    chosen.push((op, callee));
                }
            }
            if chosen.is_empty() {
                continue;
            }
            for (op, callee) in chosen {
                let callee = program.functions[callee].clone();
                inline(&mut program.functions[id], op, &callee);
            }
            let function = &mut program.functions[id];
            unblock::run(function);
            simplify::run(function);
            cse::run(function);
            dce::run(function);
            sizes[id] = edit::ops(function).len();
        }
    }
}

/// Loops keep the order of their sums, or not, as the function says that they are written in.
fn has_loop(function: &Function) -> bool {
    let mut ops = edit::ops(function).into_iter();
    ops.any(|op| is_loop(&function.ops[op].kind))
}

/// Replaces one call.
pub fn inline(function: &mut Function, call: OpId, callee: &Function) {
    let Some((region, at)) = place_of(function, call) else {
        return;
    };
    let data = &function.ops[call];
    let (args, results, site) = (data.args.clone(), data.results.clone(), data.site);
    let mut cloner = Cloner::inlining(callee, site);
    for (param, arg) in callee.params().iter().zip(args) {
        cloner.values.insert(*param, arg);
    }
    // The body goes into a block, which every `return` leaves; `simplify` dissolves it where there is but one way out.
    let body = function.add_region();
    cloner.ops(function, callee.body, body);
    let label = function.add_label("inlined");
    replace_returns(function, body, label);
    let block = new_op(function, OpKind::Block { label, body }, vec![], &[], site);
    for (n, result) in results.into_iter().enumerate() {
        function.values[result].def = ValueDef::Result(block, n as u32);
        function.ops[block].results.push(result);
    }
    function.regions[region].ops[at] = block;
}

/// Makes each `return` a way out of the block: `yield` at its end, `break` elsewhere.
fn replace_returns(function: &mut Function, body: RegionId, label: LabelId) {
    let last = function.regions[body].ops.last().copied();
    for op in edit::ops_in(function, body) {
        if matches!(function.ops[op].kind, OpKind::Return) {
            function.ops[op].kind = if Some(op) == last {
                OpKind::Yield
            } else {
                OpKind::Break(label)
            };
        }
    }
}
