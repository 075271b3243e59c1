//! A loop in two rounds, for one that stores in a single iteration, that of the *pivot*, what the others load: as
//! `d[i, j] = min(d[i, j], d[i, k] + d[k, j])` does for `j == k`.
//!
//! The first round ends with that iteration, which is left to the scalar loop; so in both rounds lanes load nothing that
//! lanes of the same round store. The order of iterations does not change. A `break` of the loop leaves both rounds.

use snek_mir::builder::Builder;
use snek_mir::edit;
use snek_mir::ir::{Compare, Function, IntOp, LabelId, OpId, OpKind, Overflow, ValueDef, ValueId};

use crate::rewrite::place_of;

/// Puts a loop of two rounds around a loop that counts up by 1 from no negative number. Gives where lanes must end.
pub fn around(function: &mut Function, op: OpId, pivot: ValueId) -> Option<ValueId> {
    let (region, at) = place_of(function, op)?;
    let data = &mut function.ops[op];
    let (site, results) = (data.site, std::mem::take(&mut data.results));
    let (start, stop, inits) = (data.args[0], data.args[1], data.args[2..].to_vec());
    function.regions[region].ops.remove(at);

    let mut b = Builder::before(function, region, at, site);
    let [zero, one, two] = [0, 1, 2].map(|n| b.const_i64(n));
    let wrap = Overflow::Wrap;
    let stop = b.int(IntOp::Max, wrap, start, stop);
    let before = b.int(IntOp::Sub, wrap, start, one);
    let last = b.int(IntOp::Sub, wrap, stop, one);
    // Of a pivot that is no iteration, the round ends with the last one, or is empty.
    let pivot = b.int(IntOp::Max, wrap, pivot, before);
    let pivot = b.int(IntOp::Min, wrap, pivot, last);
    let middle = b.int(IntOp::Add, wrap, pivot, one);
    let mut end = stop;
    b.for_(
        "made.round",
        (zero, two, 1),
        inits,
        |b, label, round, carried| {
            leave_both(b.function, op, label);
            let is_first = b.compare(Compare::Eq, round, zero);
            let from = b.select(is_first, start, middle);
            let to = b.select(is_first, middle, stop);
            end = b.select(is_first, pivot, stop);
            b.function.ops[op].args = [&[from, to], carried].concat();
            let region = b.region();
            b.function.regions[region].ops.push(op);
            let types = b.function.types(carried);
            let add = |ty| b.function.add_result(op, ty, None);
            types.into_iter().map(add).collect()
        },
    );
    let rounds = b.function.regions[region].ops[b.position() - 1];
    for (n, value) in results.iter().enumerate() {
        function.values[*value].def = ValueDef::Result(rounds, n as u32);
    }
    function.ops[rounds].results = results;
    Some(end)
}

/// Has what leaves the loop leave the loop of its rounds too.
fn leave_both(function: &mut Function, op: OpId, rounds: LabelId) {
    let OpKind::For(f) = &function.ops[op].kind else {
        return;
    };
    let (own, body) = (f.label, f.body);
    for inner in edit::ops_in(function, body) {
        if matches!(function.ops[inner].kind, OpKind::Break(label) if label == own) {
            function.ops[inner].kind = OpKind::Break(rounds);
        }
    }
}
