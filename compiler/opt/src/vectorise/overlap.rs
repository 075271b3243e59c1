//! What is left of a loop after its full groups, in one more group, which goes back over iterations that are done.
//!
//! A loop of 510 iterations in 64 lanes has 62 left, which take longer one by one than the others in lanes. Where an
//! iteration may be done twice, a last group begins so many iterations before the end that it is full: `for i in start..full
//! step lanes { group at i }`, then `if full < stop { group at stop - lanes }`.
//!
//! An iteration may be done twice if it gives the same again: it folds nothing, leaves nowhere, and loads nothing that the
//! loop stores. Whatever iterations of a group store to one place is stored in their order, and all iterations from the
//! first of the last group on are done again, so that the last one of them stores last.

use snek_analysis::dependence::{Dependences, accesses};
use snek_analysis::structure::Structure;
use snek_mir::builder::Builder;
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{
    Compare, Function, IntOp, OpId, OpKind, Overflow, Region, RegionId, Type, ValueId,
};

use super::build::{PAIRS, advance};
use super::shape::Fold;

/// The pairs of arrays that must be apart for iterations to be done twice, besides those that lanes need to be.
pub type Pairs = Vec<(ValueId, ValueId)>;

/// Whether iterations may be done twice, if so many arrays are apart.
pub fn pairs(
    function: &Function,
    structure: &Structure,
    op: OpId,
    folds: &[Fold],
    dependences: &Dependences,
) -> Option<Pairs> {
    let OpKind::For(f) = &function.ops[op].kind else {
        return None;
    };
    let is_store = |kind: &OpKind| matches!(kind, OpKind::Store(_));
    let changes = |op: &OpId| {
        let kind = &function.ops[*op].kind;
        kind.properties().writes && !is_store(kind)
    };
    let body = edit::ops_in(function, f.body);
    let goes_on_early = structure.labels[f.label].nexts.len() != 1;
    let has_state = !folds.is_empty() || dependences.pivot.is_some();
    if has_state || goes_on_early || body.iter().any(changes) {
        return None;
    }
    let accesses = accesses(function, structure, op);
    let (stores, loads): (Vec<_>, Vec<_>) = accesses.iter().partition(|access| access.writes);
    let mut pairs = Pairs::new();
    for store in &stores {
        for load in &loads {
            let (a, b) = (store.base.min(load.base), store.base.max(load.base));
            let is_fixed = |array| structure.is_invariant(function, array, op);
            if a == b || !is_fixed(a) || !is_fixed(b) {
                return None;
            }
            if !dependences.apart.contains_key(&(a, b)) && !pairs.contains(&(a, b)) {
                pairs.push((a, b));
            }
        }
    }
    (pairs.len() <= PAIRS).then_some(pairs)
}

/// A loop with a last group that goes back.
pub struct Overlap<'o> {
    /// See [`pairs`].
    pub pairs: &'o [(ValueId, ValueId)],
    /// What a group does.
    pub body: RegionId,
    /// Of the loop as it was.
    pub step: i64,
    /// The lanes of a group.
    pub lanes: u8,
}

impl Overlap<'_> {
    /// Does the last group behind a loop that has done all full ones, `trip` iterations from `start` having been asked for, at
    /// least one group. Gives where iterations are left from: `stop`, or `full` if the arrays are not apart.
    pub fn build(
        &self,
        b: &mut Builder<'_>,
        (start, trip): (ValueId, ValueId),
        (full, stop): (ValueId, ValueId),
    ) -> ValueId {
        let lanes = b.const_i64(i64::from(self.lanes));
        let before = b.int(IntOp::Sub, Overflow::Wrap, trip, lanes);
        let compare = match self.step > 0 {
            true => Compare::Lt,
            false => Compare::Gt,
        };
        let mut wanted = b.compare(compare, full, stop);
        for &(x, y) in self.pairs {
            let apart = b.value(OpKind::Disjoint, vec![x, y], Type::BOOL);
            wanted = b.int(IntOp::And, Overflow::Wrap, wanted, apart);
        }
        let group = |b: &mut Builder<'_>| {
            let last = advance(b, start, before, self.step);
            let Region { params, mut ops } = b.function.regions[self.body].clone();
            let mut cloner = Cloner::within();
            cloner.values.insert(params[0], last);
            let region = b.region();
            // Without what ends an iteration.
            ops.pop();
            for op in ops {
                let copy = cloner.op(b.function, op);
                b.function.regions[region].ops.push(copy);
            }
            vec![stop]
        };
        b.if_(wanted, &[Type::I64], group, |_| vec![full])[0]
    }
}
