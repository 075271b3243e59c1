//! Branches on how wide the vectors are: on `vector_level`, which each form of a leaf has its own answer to.

use snek_analysis::structure::Structure;
use snek_mir::ir::{Compare, Function, IntOp, OpId, OpKind, ValueId};

/// The level with vectors of 512 bits.
const WIDEST: i64 = 2;

/// Whether a condition depends on how wide the vectors are.
pub fn is_of_level(function: &Function, value: ValueId) -> bool {
    let Some(data) = function.def_op(value) else {
        return false;
    };
    match data.kind {
        OpKind::VectorLevel => true,
        OpKind::Compare(_) | OpKind::Int(IntOp::And, _) => {
            data.args.iter().any(|arg| is_of_level(function, *arg))
        }
        _ => false,
    }
}

/// Whether an op runs in the form with the widest vectors alone, or in the others alone; `None` if a branch around it does
/// not say.
pub fn is_for_widest(function: &Function, structure: &Structure, op: OpId) -> Option<bool> {
    let mut region = structure.region_of[op]?;
    loop {
        let owner = structure.owner_of[region]?;
        let data = &function.ops[owner];
        if let OpKind::If { then, .. } = data.kind
            && asks_for_widest(function, data.args[0])
        {
            return Some(region == then);
        }
        region = structure.region_of[owner]?;
    }
}

fn asks_for_widest(function: &Function, condition: ValueId) -> bool {
    let Some(data) = function.def_op(condition) else {
        return false;
    };
    let is_level = |value: ValueId| {
        let def = function.def_op(value);
        def.is_some_and(|def| matches!(def.kind, OpKind::VectorLevel))
    };
    matches!(data.kind, OpKind::Compare(Compare::Ge))
        && is_level(data.args[0])
        && function.const_int(data.args[1]) == Some(WIDEST)
}
