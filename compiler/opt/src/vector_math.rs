//! Math functions in loops that are going to run in lanes: the call of the runtime gives way to the function's vector form,
//! which is arithmetic like any other.
//!
//! A form may differ from the C library's result by 1 ulp. So it is put into the scalar loop before that is vectorised, and
//! what stays of the loop for the last iterations computes the same: an element's result does not depend on where it is.
//! Loops that stay scalar keep the C library. Which loops run in lanes is found by trying, on a copy of the function.
//!
//! Must never touch functions with `strict_math`, nor the calls that forms themselves make for rare arguments.

use rustc_hash::FxHashSet;
use snek_analysis::structure::Structure;
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{
    Compare, FloatOp, FloatUnaryOp, Function, FunctionId, OpId, OpKind, Program, Role, Type,
    ValueId, VectorForm,
};

use crate::report::{Names, Notes};
use crate::rewrite::{emit, place_of};
use crate::vectorise;

/// Files of the standard library that hold forms.
const FORMS: &str = "<snek vector/";

/// Drops the forms that no loop could use, before work is put into them.
pub fn keep_needed(program: &mut Program) {
    if program.vector_forms.is_empty() {
        return;
    }
    let mut needed = FxHashSet::default();
    for function in &program.functions {
        if !function.strict_math {
            let calls = calls(program, function);
            needed.extend(calls.into_iter().map(|(_, form)| form));
        }
    }
    program
        .vector_forms
        .retain(|form| needed.contains(&form.function));
}

/// Runs the pass on the serial loops of a function.
pub fn run(program: &Program, id: FunctionId, names: &Names, _: &mut Notes) -> Option<Function> {
    with_forms(program, id, names, vectorise::serial)
}

/// Runs the pass on the loop over the chunks of a parallel loop.
pub fn chunks(program: &Program, id: FunctionId, names: &Names, _: &mut Notes) -> Option<Function> {
    with_forms(program, id, names, vectorise::in_chunk)
}

/// A function with all forms that it could use, whatever its loops become, and where; `None` if there are none.
pub(crate) fn all_forms(program: &Program, function: &Function) -> Option<(Function, Calls)> {
    if function.strict_math || program.vector_forms.is_empty() {
        return None;
    }
    let calls = calls(program, function);
    let mut trial = (!calls.is_empty()).then(|| function.clone())?;
    replace(program, &mut trial, &calls);
    Some((trial, calls))
}

/// Calls, each with the form that stands for it.
type Calls = Vec<(OpId, FunctionId)>;

type Vectorise = fn(&mut Function, &Names, &mut Notes) -> Vec<OpId>;

fn with_forms(
    program: &Program,
    id: FunctionId,
    names: &Names,
    vectorise: Vectorise,
) -> Option<Function> {
    let function = &program.functions[id];
    let (mut trial, calls) = all_forms(program, function)?;
    let loops: FxHashSet<OpId> = vectorise(&mut trial, names, &mut Notes::default())
        .into_iter()
        .collect();
    if loops.is_empty() {
        return None;
    }
    let structure = Structure::new(function);
    let inside = |call: &(OpId, FunctionId)| {
        let around = structure.loops_around(function, call.0);
        around.iter().any(|op| loops.contains(op))
    };
    let calls: Calls = calls.into_iter().filter(inside).collect();
    let mut function = function.clone();
    replace(program, &mut function, &calls);
    Some(function)
}

/// The calls in counted loops that have a form, with it.
fn calls(program: &Program, function: &Function) -> Calls {
    let form_of = |op: &OpId| {
        let data = &function.ops[*op];
        let OpKind::CallRuntime(name) = data.kind else {
            return None;
        };
        let form: &VectorForm = program.vector_forms.iter().find(|form| form.name == name)?;
        let frame = function.sites[data.site].frame;
        let own = program.frames[frame].file.starts_with(FORMS);
        (!own && is_plain(program, form)).then_some((*op, form.function))
    };
    let calls: Calls = edit::ops(function).iter().filter_map(form_of).collect();
    if calls.is_empty() {
        return calls;
    }
    let structure = Structure::new(function);
    let in_loop = |call: &(OpId, FunctionId)| {
        let around = structure.loops_around(function, call.0);
        let is_for = |op: &OpId| matches!(function.ops[*op].kind, OpKind::For(_));
        function.role == Role::ParallelBody || around.iter().any(is_for)
    };
    calls.into_iter().filter(in_loop).collect()
}

/// Whether a form's code ends with its only `return`, so that it can stand where a call is.
fn is_plain(program: &Program, form: &VectorForm) -> bool {
    let function = &program.functions[form.function];
    let ops = edit::ops(function);
    let returns = ops
        .iter()
        .filter(|op| function.ops[**op].kind.is_terminator());
    let leaves = |op: &&OpId| !matches!(function.ops[**op].kind, OpKind::Yield);
    let last = function.regions[function.body].ops.last();
    let returns: Vec<&OpId> = returns.filter(leaves).collect();
    returns.len() == 1
        && returns.first() == last.as_ref()
        && last.is_some_and(|op| matches!(function.ops[*op].kind, OpKind::Return))
}

/// Puts the forms' code where the calls are.
fn replace(program: &Program, function: &mut Function, calls: &[(OpId, FunctionId)]) {
    for (call, form) in calls {
        let Some((region, at)) = place_of(function, *call) else {
            continue;
        };
        if let Some((ops, value)) = short_power(function, *call) {
            let result = function.ops[*call].results[0];
            function.regions[region].ops.splice(at..=at, ops);
            edit::replace_all_uses(function, result, value);
            continue;
        }
        let form = &program.functions[*form];
        let data = function.ops[*call].clone();
        let mut cloner = Cloner::inlining(form, data.site);
        for (param, arg) in form.params().iter().zip(data.args) {
            cloner.values.insert(*param, arg);
        }
        let copy = function.add_region();
        cloner.ops(function, form.body, copy);
        let mut ops = std::mem::take(&mut function.regions[copy].ops);
        let Some(end) = ops.pop() else {
            continue;
        };
        let value = function.ops[end].args[0];
        function.regions[region].ops.splice(at..=at, ops);
        edit::replace_all_uses(function, data.results[0], value);
    }
}

/// A power that one operation computes, with the least error that there can be: the C library errs by more, if seldom, so
/// this is a form as well.
fn short_power(function: &mut Function, call: OpId) -> Option<(Vec<OpId>, ValueId)> {
    let data = function.ops[call].clone();
    let (OpKind::CallRuntime("snek_rt_float_pow" | "snek_rt_math_pow"), &[x, exponent]) =
        (&data.kind, &data.args[..])
    else {
        return None;
    };
    let OpKind::ConstFloat(bits) = function.def_op(exponent)?.kind else {
        return None;
    };
    let (ty, site) = (function.ty(x), data.site);
    let mut ops = Vec::new();
    let mut op = |kind, args, ty| emit(function, &mut ops, kind, args, ty, site);
    let mut constant = |x: f64| op(OpKind::ConstFloat(x.to_bits()), vec![], ty);
    let value = match f64::from_bits(bits) {
        2.0 => op(OpKind::Float(FloatOp::Mul), vec![x, x], ty),
        -1.0 => {
            let one = constant(1.0);
            op(OpKind::Float(FloatOp::Div), vec![one, x], ty)
        }
        0.5 => {
            let (zero, infinity) = (constant(0.0), constant(f64::INFINITY));
            let lowest = constant(f64::NEG_INFINITY);
            let root = op(OpKind::FloatUnary(FloatUnaryOp::Sqrt), vec![x], ty);
            // Of -0.0 the power is 0.0, and of the lowest it is the highest.
            let root = op(OpKind::Float(FloatOp::Add), vec![root, zero], ty);
            let is_lowest = op(OpKind::Compare(Compare::Eq), vec![x, lowest], Type::BOOL);
            op(OpKind::Select, vec![is_lowest, infinity, root], ty)
        }
        _ => return None,
    };
    Some((ops, value))
}
