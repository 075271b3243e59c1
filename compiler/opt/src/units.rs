//! How many iterations of a parallel loop its code does at once, which the runtime asks when it cuts the loop into pieces.
//!
//! Lanes, and groups of them, take so many iterations; what a piece has beyond a multiple takes the way of the remaining
//! iterations, which is several times slower where the iterations are long. Where pieces fold, the runtime does not heed it:
//! how they are cut is in the bits of the result. Runs when all loops have their form, and before `leaf` takes them away.

use oxc_index::IndexVec;
use snek_mir::edit;
use snek_mir::ir::{Function, FunctionId, OpKind, Program, RegionId, Role};

/// No piece has to be a multiple of more.
const MOST: u64 = 64;

/// Runs the pass.
pub fn run(program: &mut Program) {
    let steps: IndexVec<FunctionId, u64> = program
        .functions
        .iter()
        .map(|function| match function.role {
            Role::ParallelBody => longest_step(function, function.body),
            Role::Plain | Role::Combine | Role::Leaf => 1,
        })
        .collect();
    for function in &mut program.functions {
        for op in edit::ops(function) {
            if let OpKind::ParallelCall {
                body, step, cut, ..
            } = &mut function.ops[op].kind
            {
                let unit = steps[*body] / step.unsigned_abs().max(1);
                if unit.is_power_of_two() && unit <= MOST {
                    cut.unit = unit as u16;
                }
            }
        }
    }
}

/// The longest step of a loop that is in no other one.
fn longest_step(function: &Function, region: RegionId) -> u64 {
    let steps = function.regions[region].ops.iter().map(|op| {
        let kind = &function.ops[*op].kind;
        match kind {
            OpKind::For(data) => data.step.unsigned_abs(),
            OpKind::While { .. } => 1,
            _ => {
                let inner = kind.regions();
                let steps = inner.iter().map(|region| longest_step(function, *region));
                steps.max().unwrap_or(1)
            }
        }
    });
    steps.max().unwrap_or(1)
}
