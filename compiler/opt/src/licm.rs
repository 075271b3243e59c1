//! Moves what is the same in every iteration out of loops.
//!
//! Pure ops move freely, for running them once too often changes nothing. Arithmetic that may overflow and checks move
//! out of a `for` only where the first iteration would run them before it does anything else, and then behind a
//! test that there is a first iteration.
//!
//! Arithmetic that was proved not to overflow was proved inside of the loop; outside it wraps. So this must run after
//! all proofs.

use oxc_index::IndexVec;
use snek_analysis::structure::Structure;
use snek_mir::edit;
use snek_mir::ir::{
    Compare, FloatOp, FloatUnaryOp, Function, IntOp, LoopKind, OpId, OpKind, RegionId, Type,
    ValueDef, ValueId,
};
use snek_mir::ops::Raises;

use crate::rewrite::{emit, forget_proof, is_speculatable, new_op, place_of};

/// Runs the pass.
pub fn run(function: &mut Function) {
    // Inner loops first: what leaves them may leave the next one as well.
    let mut loops: Vec<OpId> = edit::ops(function);
    loops.retain(|op| {
        matches!(
            function.ops[*op].kind,
            OpKind::For(_) | OpKind::While { .. }
        )
    });
    for op in loops.into_iter().rev() {
        hoist(function, op);
    }
}

/// Only extents of arrays leave loops: nothing is proved of them, so this may run before all proofs.
pub fn extents(function: &mut Function) {
    let structure = Structure::new(function);
    for &op in &structure.order {
        if !matches!(function.ops[op].kind, OpKind::Extent(_)) {
            continue;
        }
        let array = function.ops[op].args[0];
        let loops = structure.loops_around(function, op).into_iter();
        let outermost = loops
            .take_while(|around| structure.is_invariant(function, array, *around))
            .last();
        if let Some(outermost) = outermost
            && let (Some(from), Some(to)) =
                (structure.region_of[op], structure.region_of[outermost])
        {
            edit::remove_op(function, from, op);
            let ops = &mut function.regions[to].ops;
            let at = ops.iter().position(|other| *other == outermost);
            ops.insert(at.unwrap_or(0), op);
        }
    }
}

fn hoist(function: &mut Function, op: OpId) {
    let regions = function.ops[op].kind.regions();
    let mut exodus = Exodus {
        inside: IndexVec::from_vec(vec![false; function.values.len()]),
        behind_guard: IndexVec::from_vec(vec![false; function.values.len()]),
        writes: false,
        parallel: matches!(&function.ops[op].kind, OpKind::For(f) if f.kind == LoopKind::Parallel),
        moved: Vec::new(),
        guarded: Vec::new(),
    };
    for &region in &regions {
        for inner in edit::regions_in(function, region) {
            for param in &function.regions[inner].params {
                exodus.inside[*param] = true;
            }
            for inner in &function.regions[inner].ops {
                exodus.writes |= function.ops[*inner].kind.properties().writes;
                for result in &function.ops[*inner].results {
                    exodus.inside[*result] = true;
                }
            }
        }
    }
    for &region in &regions {
        let mut first = matches!(function.ops[op].kind, OpKind::For(_));
        exodus.collect(function, region, &mut first, true);
    }
    let (mut moved, guarded) = (exodus.moved, exodus.guarded);
    for &op in &moved {
        forget_proof(function, op);
    }
    if !guarded.is_empty() {
        moved.extend(guard(function, op, &guarded));
    }
    if let Some((region, at)) = place_of(function, op) {
        function.regions[region].ops.splice(at..at, moved);
    }
}

/// What leaves a loop.
struct Exodus {
    /// Values that are defined in the loop.
    inside: IndexVec<ValueId, bool>,
    /// Values that will be defined behind the test for a first iteration.
    behind_guard: IndexVec<ValueId, bool>,
    /// The loop writes memory.
    writes: bool,
    /// Its body will be a function of its own.
    parallel: bool,
    moved: Vec<OpId>,
    guarded: Vec<OpId>,
}

impl Exodus {
    /// Takes out of a region what can leave the loop. `first` says that the first iteration surely comes here, before
    /// anything that can be noticed; `always`, that every iteration comes here.
    fn collect(
        &mut self,
        function: &mut Function,
        region: RegionId,
        first: &mut bool,
        always: bool,
    ) {
        let ops = std::mem::take(&mut function.regions[region].ops);
        let mut kept = Vec::with_capacity(ops.len());
        for op in ops {
            let data = &function.ops[op];
            let invariant = data.args.iter().all(|arg| !self.inside[*arg]);
            let needs_guard = data.args.iter().any(|arg| self.behind_guard[*arg]);
            // What is compared outside of a parallel loop is a bool in its body, which says nothing of the integers.
            let tells = self.parallel
                && matches!(data.kind, OpKind::Compare(_))
                && function.ty(data.args[0]) == Type::I64;
            let leaves = invariant && !tells;
            if leaves && !needs_guard && is_speculatable(function, op) {
                if always || is_cheap(&data.kind) {
                    self.leave(function, op, false);
                    self.moved.push(op);
                    continue;
                }
            } else if leaves && *first && can_guard(function, op, self.writes) {
                self.leave(function, op, true);
                self.guarded.push(op);
                continue;
            }
            let properties = data.kind.properties();
            if properties.structured {
                for inner in data.kind.regions() {
                    let mut inner_first = false;
                    self.collect(function, inner, &mut inner_first, false);
                }
                *first = false;
            } else if properties.raises != Raises::No || properties.writes || properties.diverges {
                *first = false;
            }
            kept.push(op);
        }
        function.regions[region].ops = kept;
    }

    fn leave(&mut self, function: &Function, op: OpId, guarded: bool) {
        for result in &function.ops[op].results {
            self.inside[*result] = false;
            self.behind_guard[*result] = guarded;
        }
    }
}

/// Worth running for nothing.
fn is_cheap(kind: &OpKind) -> bool {
    !matches!(
        kind,
        OpKind::CallRuntime(_)
            | OpKind::Float(FloatOp::Div)
            | OpKind::FloatUnary(FloatUnaryOp::Sqrt)
            | OpKind::Int(IntOp::FloorDiv | IntOp::FloorMod, _)
    )
}

/// Ops that may raise or trap but are worth a test: with one result of a simple type, or none.
fn can_guard(function: &Function, op: OpId, writes: bool) -> bool {
    let data = &function.ops[op];
    let simple = data
        .results
        .iter()
        .all(|r| matches!(function.ty(*r), Type::Scalar(_)));
    simple
        && match data.kind {
            OpKind::Int(..)
            | OpKind::IntUnary(..)
            | OpKind::Check(_)
            | OpKind::Float(_)
            | OpKind::FloatUnary(_)
            | OpKind::Compare(_)
            | OpKind::Select
            | OpKind::Convert(_) => true,
            OpKind::Load(_) => !writes,
            _ => false,
        }
}

/// Wraps ops into `if there is a first iteration { ops } else { zeros }`. Their results keep their ids outside.
fn guard(function: &mut Function, op: OpId, guarded: &[OpId]) -> Vec<OpId> {
    let data = &function.ops[op];
    let OpKind::For(f) = &data.kind else {
        return Vec::new();
    };
    let site = data.site;
    let (start, stop) = (data.args[0], data.args[1]);
    let compare = if f.step > 0 { Compare::Lt } else { Compare::Gt };
    let mut out = Vec::new();
    let condition = emit(
        function,
        &mut out,
        OpKind::Compare(compare),
        vec![start, stop],
        Type::BOOL,
        site,
    );
    let (then, other) = (function.add_region(), function.add_region());
    let branch = new_op(
        function,
        OpKind::If { then, other },
        vec![condition],
        &[],
        site,
    );
    // Inside, the ops get new results; the old ones become the branch's.
    let (mut values, mut zeros, mut zero_ops) = (Vec::new(), Vec::new(), Vec::new());
    let mut inner_ops = guarded.to_vec();
    let mut renamed = Vec::new();
    for &op in guarded {
        for arg in &mut function.ops[op].args {
            if let Some((_, new)) = renamed.iter().find(|(old, _)| old == arg) {
                *arg = *new;
            }
        }
        for old in std::mem::take(&mut function.ops[op].results) {
            let ty = function.ty(old);
            let new = function.add_result(op, ty, None);
            renamed.push((old, new));
            values.push(new);
            let zero = new_op(function, OpKind::Undefined, vec![], &[ty], site);
            zeros.push(function.ops[zero].results[0]);
            zero_ops.push(zero);
            let n = function.ops[branch].results.len() as u32;
            function.values[old].def = ValueDef::Result(branch, n);
            function.ops[branch].results.push(old);
        }
    }
    inner_ops.push(new_op(function, OpKind::Yield, values, &[], site));
    zero_ops.push(new_op(function, OpKind::Yield, zeros, &[], site));
    function.regions[then].ops = inner_ops;
    function.regions[other].ops = zero_ops;
    out.push(branch);
    out
}
