//! Takes out what range facts prove: overflow tests, bounds tests, conditions, checks.
//!
//! The fields of ops are changed, and conditions that are known become constants; `simplify` then drops what they guard.

use snek_analysis::ranges::ranges;
use snek_analysis::structure::Structure;
use snek_mir::ir::{Function, OpId, OpKind, Overflow, RegionId, Type, ValueDef};

use crate::rewrite::new_op;

/// Runs the pass.
pub fn run(function: &mut Function) {
    let structure = Structure::new(function);
    let facts = ranges(function, &structure);
    for &op in &facts.no_overflow {
        if let OpKind::Int(_, overflow) | OpKind::IntUnary(_, overflow) = &mut function.ops[op].kind
        {
            *overflow = Overflow::Proved;
        }
    }
    for &(op, position, bound) in &facts.bounds {
        if let Some(bounds) = function.ops[op].kind.bounds_mut() {
            bounds[position] = bound;
        }
    }
    for &(value, truth) in &facts.decided {
        if let ValueDef::Result(op, _) = function.values[value].def {
            let data = &mut function.ops[op];
            data.kind = OpKind::ConstInt(i64::from(truth));
            data.args.clear();
        }
    }
    for &(op, truth) in &facts.conditions {
        let Some(region) = structure.region_of[op] else {
            continue;
        };
        // A check that always fails keeps its place and message.
        if matches!(function.ops[op].kind, OpKind::Check(_)) && !truth {
            continue;
        }
        if function.const_int(function.ops[op].args[0]).is_none() {
            set_condition(function, region, op, truth);
        }
    }
}

/// Gives an `if` or `check` a constant condition.
fn set_condition(function: &mut Function, region: RegionId, op: OpId, truth: bool) {
    let site = function.ops[op].site;
    let kind = OpKind::ConstInt(i64::from(truth));
    let constant = new_op(function, kind, Vec::new(), &[Type::BOOL], site);
    let value = function.ops[constant].results[0];
    let ops = &mut function.regions[region].ops;
    if let Some(at) = ops.iter().position(|other| *other == op) {
        ops.insert(at, constant);
        function.ops[op].args[0] = value;
    }
}
