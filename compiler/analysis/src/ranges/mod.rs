//! What integers can be: intervals, and relations `a <= b + k` among them and with array extents.
//!
//! A walk over the function in order adds facts where they begin to hold and takes them back where they end:
//! definitions, conditions of branches, checks that passed, subscripts that did not raise. Values that loops carry are
//! first supposed to keep what their initial values have (interval, and order relative to the initial value); a walk
//! tests the suppositions, those that fail are weakened, and the walk is repeated until all hold. A last walk uses what
//! was learnt. The number of walks is bounded, so time is linear in the function's size.
//!
//! This must never look at more than one function, nor change it: the result says what could be changed.

mod conditions;
mod counters;
mod floats;
mod interval;
mod join;
mod progression;
mod relations;
mod sums;
mod transfer;
mod walk;

pub use interval::{Interval, floor_div};

use oxc_index::IndexVec;
use rustc_hash::FxHashMap;
use snek_mir::ir::{Bound, Function, OpId, ValueId};

use crate::structure::Structure;

/// No array has more elements along a dimension: the runtime refuses it. Everything that relies on it reads it here.
pub const EXTENT_LIMIT: i128 = snek_abi::EXTENT_MAX as i128;

/// No process has more bytes of memory. Views with strides may have more elements: those may share their bytes.
pub const MEMORY_LIMIT: i128 = 1 << 48;

/// What was found out about a function.
#[derive(Clone, Debug, Default)]
pub struct Ranges {
    /// Each integer value at its definition; the type's range where nothing is known, `None` for other values.
    pub intervals: IndexVec<ValueId, Option<Interval>>,
    /// Arithmetic with `checked` that cannot overflow.
    pub no_overflow: Vec<OpId>,
    /// Subscripts (op, position) that are better than their op says.
    pub bounds: Vec<(OpId, usize, Bound)>,
    /// Bool values that are known, at their definition.
    pub decided: Vec<(ValueId, bool)>,
    /// `if` and `check` ops whose condition is known where they are.
    pub conditions: Vec<(OpId, bool)>,
    /// Signed divisions and remainders whose operands are not negative.
    pub nonnegative_divisions: Vec<OpId>,
    /// Subscripts that stay unproved, and what would prove them.
    pub needs: Vec<Need>,
    /// Arithmetic that stays unproved, and whose operands' bounds would prove it.
    pub overflow_needs: Vec<OverflowNeed>,
}

/// A subscript that could not be proved.
#[derive(Clone, Debug)]
pub struct Need {
    /// The load, store or row.
    pub op: OpId,
    /// The array whose extent counts, rows followed to their base.
    pub array: ValueId,
    /// The dimension of that array.
    pub axis: u8,
    /// `index <= value + k` for each; empty if the upper bound is proved.
    pub above: Vec<(ValueId, i64)>,
    /// `index >= value + k` for each; empty if it is not negative.
    pub below: Vec<(ValueId, i64)>,
    /// The largest that the index can be, if that is not far from any array's extent.
    pub largest: Option<i64>,
    /// The index may be too large.
    pub lacks_upper: bool,
    /// The index may be negative.
    pub lacks_lower: bool,
}

/// Arithmetic that could not be proved not to overflow, or a check that an integer fits a narrower type.
#[derive(Clone, Debug)]
pub struct OverflowNeed {
    /// The op.
    pub op: OpId,
    /// Operands within `-(2 ** bits)` and `2 ** bits`, give or take as much, would prove it.
    pub bits: u32,
    /// For each bound of an operand that is too far, what would bring it near.
    pub unbounded: Vec<Unbounded>,
}

/// A bound of an operand that is too far.
#[derive(Clone, Debug)]
pub struct Unbounded {
    /// `operand <= value + k`, or `operand >= value + k`, for each pair.
    pub terms: Vec<(ValueId, i64)>,
    /// The same for each of its summands, if it is an exact sum.
    pub parts: Vec<Vec<(ValueId, i64)>>,
}

/// Walks that test suppositions before they are all dropped.
const ROUNDS: usize = 6;

/// Values that are supposed not to be negative inside of a `for` loop.
pub type Hypotheses = FxHashMap<OpId, Vec<ValueId>>;

/// Analyses a function.
pub fn ranges(function: &Function, structure: &Structure) -> Ranges {
    ranges_if(function, structure, &Hypotheses::default())
}

/// Analyses a function under hypotheses.
pub fn ranges_if(function: &Function, structure: &Structure, hypotheses: &Hypotheses) -> Ranges {
    let mut walk = walk::Walk::new(function, structure, hypotheses);
    let mut rounds = 0;
    while !walk.run() {
        rounds += 1;
        if rounds == ROUNDS {
            walk.give_up();
        }
    }
    if walk.narrow() {
        // What the last walk learnt of carried values holds, so whatever this one finds holds as well.
        walk.run();
    }
    walk.into_facts()
}
