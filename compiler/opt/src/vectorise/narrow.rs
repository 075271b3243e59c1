//! Comparisons of widened integers, done before the widening: a lane of them takes as few bits as it can.

use snek_analysis::structure::Structure;
use snek_mir::edit;
use snek_mir::ir::{Convert, Function, OpId, OpKind, Scalar, Type, ValueId};
use snek_mir::ops::int_fits;

use crate::rewrite::{new_op, place_of};

/// Rewrites comparisons in loops; whether there were any.
pub fn run(function: &mut Function, structure: &Structure) -> bool {
    let mut changed = false;
    for op in edit::ops(function) {
        let in_loop = !structure.loops_around(function, op).is_empty();
        if in_loop && matches!(function.ops[op].kind, OpKind::Compare(_)) {
            changed |= compare(function, op);
        }
    }
    changed
}

/// The integer that a value was extended from, and its type.
fn extended(function: &Function, value: ValueId) -> Option<(ValueId, Scalar)> {
    let data = function.def_op(value)?;
    let OpKind::Convert(Convert::Extend) = data.kind else {
        return None;
    };
    let (Type::Scalar(from), Type::Scalar(to)) = (function.ty(data.args[0]), function.ty(value))
    else {
        return None;
    };
    // All values must be the same numbers in both types.
    let keeps = to.min_value() <= from.min_value() && from.max_value() <= to.max_value();
    (from.is_int() && from.bits() < to.bits() && keeps).then_some((data.args[0], from))
}

fn compare(function: &mut Function, op: OpId) -> bool {
    let args = function.ops[op].args.clone();
    let sides = [extended(function, args[0]), extended(function, args[1])];
    let new = match sides {
        [Some((a, of_a)), Some((b, of_b))] if of_a == of_b => vec![a, b],
        [Some((a, of_a)), None] => match constant(function, op, args[1], of_a) {
            Some(b) => vec![a, b],
            None => return false,
        },
        [None, Some((b, of_b))] => match constant(function, op, args[0], of_b) {
            Some(a) => vec![a, b],
            None => return false,
        },
        _ => return false,
    };
    function.ops[op].args = new;
    true
}

/// The constant in the narrower type, before the comparison, if it fits.
fn constant(function: &mut Function, op: OpId, value: ValueId, ty: Scalar) -> Option<ValueId> {
    let number = function.const_int(value)?;
    if !int_fits(number, ty) {
        return None;
    }
    let (region, at) = place_of(function, op)?;
    let site = function.ops[op].site;
    let kind = OpKind::ConstInt(number);
    let made = new_op(function, kind, Vec::new(), &[Type::Scalar(ty)], site);
    function.regions[region].ops.insert(at, made);
    function.ops[made].results.first().copied()
}
