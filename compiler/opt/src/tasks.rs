//! What runs below the last `join` that is worth another thread: copies of the functions without joins.
//!
//! The runtime hands tasks out for some levels only, and once it does not, it does not for anything below. So where a join
//! runs its tasks in order, they call copies in which all joins do: recursion costs there what it would without them.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use snek_mir::edit::{self, callees};
use snek_mir::ir::{Function, FunctionId, OpId, OpKind, Program, RegionId};

const WANTED: &str = "snek_rt_join_wanted";

/// Runs the pass.
pub fn run(program: &mut Program) {
    let joins = |function: &Function| {
        let mut ops = edit::ops(function).into_iter();
        ops.any(|op| matches!(function.ops[op].kind, OpKind::CallRuntime(WANTED)))
    };
    let direct: Vec<FunctionId> = program
        .functions
        .iter_enumerated()
        .filter(|(_, function)| joins(function))
        .map(|(id, _)| id)
        .collect();
    if direct.is_empty() {
        return;
    }
    // And all that call them.
    let mut all: BTreeSet<FunctionId> = direct.iter().copied().collect();
    loop {
        let before = all.len();
        for (id, function) in program.functions.iter_enumerated() {
            if callees(function).iter().any(|callee| all.contains(callee)) {
                all.insert(id);
            }
        }
        if all.len() == before {
            break;
        }
    }
    // Only what is called below some join is copied.
    let mut copies: FxHashMap<FunctionId, FunctionId> = FxHashMap::default();
    let mut work: Vec<FunctionId> = Vec::new();
    for id in direct {
        for region in in_order(&program.functions[id]) {
            redirect(program, id, region, &all, &mut copies, &mut work);
        }
    }
    while let Some(copy) = work.pop() {
        let function = &mut program.functions[copy];
        for op in edit::ops(function) {
            if matches!(function.ops[op].kind, OpKind::CallRuntime(WANTED)) {
                function.ops[op].kind = OpKind::ConstInt(0);
            }
        }
        let body = program.functions[copy].body;
        redirect(program, copy, body, &all, &mut copies, &mut work);
    }
}

/// Where joins run their tasks in order.
fn in_order(function: &Function) -> Vec<RegionId> {
    let is_wanted = |op: OpId| {
        let cond = function.ops[op].args[0];
        let test = function.def_op(cond)?;
        let call = function.def_op(*test.args.first()?)?;
        matches!(call.kind, OpKind::CallRuntime(WANTED)).then_some(())
    };
    let ops = edit::ops(function).into_iter();
    ops.filter_map(|op| match function.ops[op].kind {
        OpKind::If { other, .. } => is_wanted(op).map(|()| other),
        _ => None,
    })
    .collect()
}

/// Lets a region call copies, which are made as they are needed.
fn redirect(
    program: &mut Program,
    id: FunctionId,
    region: RegionId,
    all: &BTreeSet<FunctionId>,
    copies: &mut FxHashMap<FunctionId, FunctionId>,
    work: &mut Vec<FunctionId>,
) {
    for op in edit::ops_in(&program.functions[id], region) {
        let OpKind::Call(callee) = program.functions[id].ops[op].kind else {
            continue;
        };
        if !all.contains(&callee) {
            continue;
        }
        let copy = *copies.entry(callee).or_insert_with(|| {
            let mut function = program.functions[callee].clone();
            function.symbol = format!("{}$serial", function.symbol);
            let copy = program.functions.push(function);
            work.push(copy);
            copy
        });
        program.functions[id].ops[op].kind = OpKind::Call(copy);
    }
}
