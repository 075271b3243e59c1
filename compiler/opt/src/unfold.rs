//! Recursive functions inlined into themselves, a few levels deep, as far as their size allows.
//!
//! A call that is left is made only where the callee would not return at once: the callee's first test, with what it
//! returns then, is repeated before the call. Of a recursion that branches, most calls are of that kind.
//!
//! The stack is tested once per call that is left, so several levels of the source share one test; each keeps its frame in
//! tracebacks, by the chain of calls in the places of its ops.

use snek_analysis::structure::{Structure, is_loop};
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{
    Function, FunctionId, OpId, OpKind, Program, RegionId, Role, ValueDef, ValueId,
};

use crate::inline::inline;
use crate::rewrite::{is_speculatable, new_op, place_of};
use crate::{cse, dce, simplify, unblock};

/// Levels that are put in at most.
const LEVELS: usize = 4;
/// No function grows beyond this many ops, constants apart.
const LIMIT: usize = 600;
/// The same of functions with loops that have no part in the recursion: each level has a copy of them.
const LIMIT_OF_LOOPS: usize = 110;
/// The same of functions that call themselves in a loop: what is put into it takes registers from it.
const LIMIT_IN_LOOPS: usize = 220;
/// Ops up to the first test, and behind it up to the `return`, that are repeated before a call.
const HEAD: usize = 6;

/// Runs the pass.
pub fn run(program: &mut Program) {
    for id in program.functions.indices() {
        let function = &mut program.functions[id];
        if function.recursive && function.role == Role::Plain {
            unfold(function, id);
        }
    }
}

fn unfold(function: &mut Function, id: FunctionId) {
    let calls = calls(function, id);
    if calls.is_empty() {
        return;
    }
    let original = function.clone();
    let head = Head::of(&original);
    let structure = Structure::new(function);
    let is_in_loop = |call: &OpId| !structure.loops_around(function, *call).is_empty();
    let has_loops = (structure.order.iter()).any(|op| is_loop(&function.ops[*op].kind));
    let limit = match (has_loops, calls.iter().any(is_in_loop)) {
        (false, _) => LIMIT,
        (true, true) => LIMIT_IN_LOOPS,
        (true, false) => LIMIT_OF_LOOPS,
    };
    for _ in 0..levels(size(function), calls.len(), limit) {
        for call in self::calls(function, id) {
            inline(function, call, &original);
        }
    }
    if let Some(head) = head {
        for call in self::calls(function, id) {
            guard(function, call, &original, &head);
        }
    }
    unblock::run(function);
    simplify::run(function);
    cse::run(function);
    dce::run(function);
}

/// How many levels fit: each has as many copies as the one before has calls.
fn levels(size: usize, calls: usize, limit: usize) -> usize {
    let (mut copies, mut total) = (1, size);
    for level in 0..LEVELS {
        copies *= calls;
        total += copies * size;
        if total > limit {
            return level;
        }
    }
    LEVELS
}

/// The ops that make code.
fn size(function: &Function) -> usize {
    let is_code = |op: &OpId| {
        let kind = &function.ops[*op].kind;
        !matches!(
            kind,
            OpKind::ConstInt(_) | OpKind::ConstFloat(_) | OpKind::Undefined | OpKind::Yield
        )
    };
    edit::ops(function).iter().filter(|op| is_code(op)).count()
}

/// The calls of itself.
fn calls(function: &Function, id: FunctionId) -> Vec<OpId> {
    let is_call =
        |op: &OpId| matches!(function.ops[*op].kind, OpKind::Call(callee) if callee == id);
    edit::ops(function).into_iter().filter(is_call).collect()
}

/// The start of a function that may end it.
struct Head {
    /// What is computed before the test.
    before: Vec<OpId>,
    /// The test.
    test: OpId,
    /// Its side that returns.
    returns: RegionId,
    /// What it returns.
    values: Vec<ValueId>,
    /// That is the side taken if the condition is true.
    if_true: bool,
}

impl Head {
    fn of(function: &Function) -> Option<Head> {
        let mut before = Vec::new();
        let ops = &function.regions[function.body].ops;
        for (at, op) in ops.iter().enumerate() {
            if let OpKind::If { then, other } = function.ops[*op].kind {
                let after = ops.get(at + 1).copied();
                let (returns, values, if_true) = match (
                    returned(function, *op, then, after),
                    returned(function, *op, other, after),
                ) {
                    (Some(values), _) => (then, values, true),
                    (_, Some(values)) => (other, values, false),
                    _ => return None,
                };
                return Some(Head {
                    before,
                    test: *op,
                    returns,
                    values,
                    if_true,
                });
            }
            if before.len() == HEAD || !is_speculatable(function, *op) {
                return None;
            }
            before.push(*op);
        }
        None
    }
}

/// What a side of the branch `test` returns, by itself or by the op after the branch, if it has a few simple ops only.
fn returned(
    function: &Function,
    test: OpId,
    region: RegionId,
    after: Option<OpId>,
) -> Option<Vec<ValueId>> {
    let (last, ops) = function.regions[region].ops.split_last()?;
    let is_simple = |op: &OpId| {
        let kind = &function.ops[*op].kind;
        matches!(
            kind,
            OpKind::ConstInt(_)
                | OpKind::ConstFloat(_)
                | OpKind::Int(..)
                | OpKind::IntUnary(..)
                | OpKind::Float(_)
                | OpKind::FloatUnary(_)
                | OpKind::Compare(_)
                | OpKind::Convert(_)
                | OpKind::Load(_)
        )
    };
    if ops.len() > HEAD || !ops.iter().all(is_simple) {
        return None;
    }
    let last = &function.ops[*last];
    match last.kind {
        OpKind::Return => Some(last.args.clone()),
        OpKind::Yield => {
            let after = &function.ops[after?];
            let results = &function.ops[test].results;
            let of_branch = |value: &ValueId| {
                let n = results.iter().position(|result| result == value)?;
                last.args.get(n).copied()
            };
            match after.kind {
                OpKind::Return => after.args.iter().map(of_branch).collect(),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Makes a call where the callee's first test does not end it.
fn guard(function: &mut Function, call: OpId, callee: &Function, head: &Head) {
    let Some((region, at)) = place_of(function, call) else {
        return;
    };
    let data = &function.ops[call];
    let (args, results, site) = (data.args.clone(), data.results.clone(), data.site);
    let mut cloner = Cloner::inlining(callee, site);
    for (param, arg) in callee.params().iter().zip(args) {
        cloner.values.insert(*param, arg);
    }
    let mut ops: Vec<OpId> = Vec::with_capacity(head.before.len() + 1);
    for op in &head.before {
        ops.push(cloner.op(function, *op));
    }
    let short = function.add_region();
    cloner.ops(function, head.returns, short);
    let values = head.values.iter().map(|value| {
        let known = cloner.values.get(value).copied();
        known.unwrap_or(*value)
    });
    let values: Vec<ValueId> = values.collect();
    if let Some(end) = function.terminator(short) {
        function.ops[end].kind = OpKind::Yield;
        function.ops[end].args = values;
    }
    // The results are the branch's; the call gets others.
    function.ops[call].results.clear();
    for result in &results {
        let ty = function.ty(*result);
        function.add_result(call, ty, None);
    }
    let values = function.ops[call].results.clone();
    let end = new_op(function, OpKind::Yield, values, &[], site);
    let long = function.add_region();
    function.regions[long].ops = vec![call, end];

    let test = &callee.ops[head.test];
    let condition = cloner.values.get(&test.args[0]).copied();
    let condition = condition.unwrap_or(test.args[0]);
    let (then, other) = if head.if_true {
        (short, long)
    } else {
        (long, short)
    };
    let site = cloner.site(function, test.site);
    let kind = OpKind::If { then, other };
    let branch = new_op(function, kind, vec![condition], &[], site);
    for (n, result) in results.into_iter().enumerate() {
        function.values[result].def = ValueDef::Result(branch, n as u32);
        function.ops[branch].results.push(result);
    }
    ops.push(branch);
    function.regions[region].ops.splice(at..=at, ops);
}
