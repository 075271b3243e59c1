//! Divisions and remainders of numbers that are known not to be negative: unsigned ones, which need no correction for
//! signs. Late, because range facts do not look through the change of type.

use snek_analysis::ranges::ranges;
use snek_analysis::structure::Structure;
use snek_mir::ir::{Convert, Function, OpKind, Overflow, Scalar, Type};

use crate::rewrite::new_op;

/// Runs the pass.
pub fn run(function: &mut Function) {
    let structure = Structure::new(function);
    let facts = ranges(function, &structure);
    for &op in &facts.nonnegative_divisions {
        let data = &function.ops[op];
        let (OpKind::Int(int, _), Type::Scalar(scalar)) =
            (data.kind.clone(), function.ty(data.results[0]))
        else {
            continue;
        };
        let unsigned = match scalar {
            Scalar::I64 => Scalar::U64,
            Scalar::I32 => Scalar::U32,
            _ => continue,
        };
        let Some(region) = structure.region_of[op] else {
            continue;
        };
        let unsigned = Type::Scalar(unsigned);
        let (args, results, site) = (data.args.clone(), data.results.clone(), data.site);
        let mut before = Vec::new();
        let mut operands = Vec::new();
        for arg in args {
            let kind = OpKind::Convert(Convert::Extend);
            let convert = new_op(function, kind, vec![arg], &[unsigned], site);
            operands.push(function.ops[convert].results[0]);
            before.push(convert);
        }
        let overflow = if int.heeds_overflow() {
            Overflow::Proved
        } else {
            Overflow::Wrap
        };
        let division = new_op(
            function,
            OpKind::Int(int, overflow),
            operands,
            &[unsigned],
            site,
        );
        before.push(division);
        // The op itself becomes the way back, so that its result keeps its id.
        let quotient = function.ops[division].results[0];
        function.ops[op].kind = OpKind::Convert(Convert::Extend);
        function.ops[op].args = vec![quotient];
        debug_assert_eq!(function.ops[op].results, results);
        let ops = &mut function.regions[region].ops;
        if let Some(at) = ops.iter().position(|other| *other == op) {
            ops.splice(at..at, before);
        }
    }
}
