//! The rule that the body of a parallel loop uses an accumulator only to fold into it. Sums, products and `xor` are
//! checked strictly; `and`, `or`, `min` and `max` are written with conditions on the accumulator (`ok and x`, `x if x <
//! acc else acc`), whose legality sema has decided, as it has for choices and the reductions of users.

use crate::edit::walk;
use crate::ir::{
    FloatOp, Fold, For, Function, IntOp, LoopKind, OpId, OpKind, ReductionOp, RegionId, ValueId,
};
use rustc_hash::{FxHashMap, FxHashSet};

/// The faults of all parallel loops of a well-formed function.
pub(super) fn check(function: &Function) -> Vec<(OpId, String)> {
    let mut faults = Vec::new();
    walk(function, function.body, &mut |_, op| {
        if let OpKind::For(data) = &function.ops[op].kind
            && data.kind == LoopKind::Parallel
        {
            for (index, fold) in data.reductions.iter().enumerate() {
                if let Fold::By(by @ (ReductionOp::Add | ReductionOp::Mul | ReductionOp::Xor), _) =
                    fold
                {
                    check_one(function, data, index, *by, &mut faults);
                }
            }
        }
    });
    faults
}

fn check_one(
    function: &Function,
    data: &For,
    index: usize,
    fold: ReductionOp,
    faults: &mut Vec<(OpId, String)>,
) {
    let accumulator = function.regions[data.body].params[1 + index];
    let flows = flows(function, data.body);
    let mut members = FxHashSet::from_iter([accumulator]);
    let mut work = vec![accumulator];
    while let Some(value) = work.pop() {
        for next in flows.get(&value).into_iter().flatten() {
            let into = match next {
                Flow::Same(into) => *into,
                Flow::Op(op) => match folded(function, *op, fold, &members) {
                    Some(result) => result,
                    None => continue,
                },
            };
            if members.insert(into) {
                work.push(into);
            }
        }
    }
    walk(function, data.body, &mut |_, op| {
        let op_data = &function.ops[op];
        let used = op_data.args.iter().any(|arg| members.contains(arg));
        let message = match &op_data.kind {
            OpKind::Next(label) if *label == data.label => {
                let ok = members.contains(&op_data.args[index])
                    && op_data
                        .args
                        .iter()
                        .enumerate()
                        .all(|(i, arg)| i == index || !members.contains(arg));
                (!ok).then_some("does not hand the accumulator on")
            }
            _ if !used => None,
            OpKind::Yield
            | OpKind::Next(_)
            | OpKind::Break(_)
            | OpKind::For(_)
            | OpKind::While { .. } => None,
            _ => folded(function, op, fold, &members)
                .is_none()
                .then_some("uses an accumulator of a parallel loop for more than folding"),
        };
        if let Some(message) = message {
            faults.push((op, message.to_string()));
        }
    });
}

/// The result of an op that folds into a member.
fn folded(
    function: &Function,
    op: OpId,
    fold: ReductionOp,
    members: &FxHashSet<ValueId>,
) -> Option<ValueId> {
    let data = &function.ops[op];
    let (matches, only_left) = match (&data.kind, fold) {
        (OpKind::Int(IntOp::Add, _) | OpKind::Float(FloatOp::Add), ReductionOp::Add)
        | (OpKind::Int(IntOp::Mul, _) | OpKind::Float(FloatOp::Mul), ReductionOp::Mul)
        | (OpKind::Int(IntOp::Xor, _), ReductionOp::Xor) => (true, false),
        (OpKind::Int(IntOp::Sub, _) | OpKind::Float(FloatOp::Sub), ReductionOp::Add) => {
            (true, true)
        }
        // a * b + accumulator
        (OpKind::FusedMulAdd, ReductionOp::Add) => {
            let ok = !members.contains(&data.args[0])
                && !members.contains(&data.args[1])
                && members.contains(&data.args[2]);
            return ok.then(|| data.results[0]);
        }
        // Reads its condition only: `acc if skip else acc + x`.
        (OpKind::Select, _) => {
            let ok = !members.contains(&data.args[0])
                && members.contains(&data.args[1])
                && members.contains(&data.args[2]);
            // While members are being collected, one side is enough.
            let one = members.contains(&data.args[1]) || members.contains(&data.args[2]);
            return (ok || one).then(|| data.results[0]);
        }
        _ => (false, false),
    };
    if !matches {
        return None;
    }
    let left = members.contains(&data.args[0]);
    let right = members.contains(&data.args[1]);
    let ok = if only_left {
        left && !right
    } else {
        left != right
    };
    ok.then(|| data.results[0])
}

/// Where a value goes.
enum Flow {
    /// It becomes this value.
    Same(ValueId),
    /// It is an operand of this op.
    Op(OpId),
}

/// Where each value goes within a region: through ops, and out of and into structured ops.
fn flows(function: &Function, region: RegionId) -> FxHashMap<ValueId, Vec<Flow>> {
    let mut flows: FxHashMap<ValueId, Vec<Flow>> = FxHashMap::default();
    let mut labels = FxHashMap::default();
    let mut owners = FxHashMap::default();
    walk(function, region, &mut |_, op| {
        let kind = &function.ops[op].kind;
        if let Some(label) = kind.label() {
            labels.insert(label, op);
        }
        for inner in kind.regions() {
            owners.insert(inner, op);
        }
    });
    walk(function, region, &mut |inside, op| {
        let data = &function.ops[op];
        let mut link = |from: &[ValueId], into: &[ValueId]| {
            for (from, into) in from.iter().zip(into) {
                flows.entry(*from).or_default().push(Flow::Same(*into));
            }
        };
        let params = |region: RegionId| function.regions[region].params.as_slice();
        match &data.kind {
            OpKind::For(inner) => {
                let init = &data.args[2..];
                link(init, &params(inner.body)[1..]);
                link(init, &data.results);
            }
            OpKind::While { cond, .. } => link(&data.args, params(*cond)),
            OpKind::Yield => {
                if let Some(owner) = owners.get(&inside) {
                    let owner = &function.ops[*owner];
                    if let OpKind::While { body, .. } = owner.kind {
                        link(&data.args[1..], params(body));
                        link(&data.args[1..], &owner.results);
                    } else {
                        link(&data.args, &owner.results);
                    }
                }
            }
            OpKind::Next(label) => {
                if let Some(target) = labels.get(label) {
                    let target = &function.ops[*target];
                    match &target.kind {
                        OpKind::For(inner) => {
                            link(&data.args, &params(inner.body)[1..]);
                            link(&data.args, &target.results);
                        }
                        OpKind::While { cond, .. } => link(&data.args, params(*cond)),
                        _ => {}
                    }
                }
            }
            OpKind::Break(label) => {
                if let Some(target) = labels.get(label) {
                    link(&data.args, &function.ops[*target].results);
                }
            }
            _ => {
                for arg in &data.args {
                    flows.entry(*arg).or_default().push(Flow::Op(op));
                }
            }
        }
    });
    flows
}
