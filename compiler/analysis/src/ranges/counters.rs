//! Values that only ever move by small constants, starting from moderate ones: counters.
//!
//! A counter that starts within 2^61 and moves by at most 8 per executed op needs more than 2^57 ops to leave 2^62: years
//! on any machine. So its additions cannot overflow, whatever the loop around them does. This holds for what is executed
//! op by op; a pass that replaced a loop by a closed form would have to keep the check.

use oxc_index::IndexVec;
use snek_mir::ir::{
    Convert, Fold, Function, IntOp, LabelId, LoopKind, OpKind, ReductionOp, Scalar, Type, ValueDef,
    ValueId,
};

use super::interval::Interval;
use crate::structure::{Structure, falls_through, terminator};

/// What a counter's value is in.
pub const COUNTER: Interval = Interval::new(-(1 << 62), 1 << 62);

const MODERATE: i128 = 1 << 61;
const STEP: i64 = 8;

enum Source {
    /// Never leaves the moderate range.
    Moderate,
    /// As large as these, moved by a small constant at most.
    From(Vec<ValueId>),
    /// May be anything.
    Any,
}

/// Which values are counters (or moderate).
pub fn counters(function: &Function, structure: &Structure) -> IndexVec<ValueId, bool> {
    let count = function.values.len();
    let mut is_counter: IndexVec<ValueId, bool> = IndexVec::from_vec(vec![false; count]);
    let mut users: IndexVec<ValueId, Vec<ValueId>> = IndexVec::from_vec(vec![Vec::new(); count]);
    let mut work = Vec::new();
    let live = structure.live_values(function);
    for &value in &live {
        is_counter[value] = true;
    }
    for value in live {
        match source(function, structure, value) {
            Source::Moderate => {}
            Source::From(origins) => {
                for origin in origins {
                    users[origin].push(value);
                }
            }
            Source::Any => {
                is_counter[value] = false;
                work.push(value);
            }
        }
    }
    while let Some(value) = work.pop() {
        for user in std::mem::take(&mut users[value]) {
            if is_counter[user] {
                is_counter[user] = false;
                work.push(user);
            }
        }
    }
    is_counter
}

fn source(function: &Function, structure: &Structure, value: ValueId) -> Source {
    let Type::Scalar(scalar) = function.values[value].ty else {
        return Source::Any;
    };
    match Interval::of(scalar) {
        None => return Source::Any,
        Some(all) if all.hi <= MODERATE && all.lo >= -MODERATE => return Source::Moderate,
        Some(_) if scalar != Scalar::I64 => return Source::Any,
        Some(_) => {}
    }
    match function.values[value].def {
        ValueDef::Result(op, n) => {
            let data = &function.ops[op];
            match &data.kind {
                OpKind::ConstInt(c) if i128::from(*c).abs() <= MODERATE => Source::Moderate,
                OpKind::Extent(_) => Source::Moderate,
                OpKind::Convert(Convert::Extend) => Source::From(vec![data.args[0]]),
                OpKind::Int(IntOp::Add | IntOp::Sub, _) => {
                    let small = |v: ValueId| function.const_int(v).is_some_and(|c| c.abs() <= STEP);
                    let is_add = matches!(data.kind, OpKind::Int(IntOp::Add, _));
                    if small(data.args[1]) {
                        Source::From(vec![data.args[0]])
                    } else if is_add && small(data.args[0]) {
                        Source::From(vec![data.args[1]])
                    } else {
                        Source::Any
                    }
                }
                OpKind::Int(IntOp::Min | IntOp::Max, _) => Source::From(data.args.clone()),
                OpKind::Select => Source::From(data.args[1..].to_vec()),
                OpKind::If { then, other } => {
                    let mut origins = Vec::new();
                    for region in [*then, *other] {
                        if falls_through(function, region) {
                            let end = terminator(function, region);
                            origins.push(function.ops[end].args[n as usize]);
                        }
                    }
                    Source::From(origins)
                }
                OpKind::Block { label, body } => {
                    let mut origins = leaving(function, structure, *label, n as usize);
                    if falls_through(function, *body) {
                        origins.push(function.ops[terminator(function, *body)].args[n as usize]);
                    }
                    Source::From(origins)
                }
                OpKind::For(f) => {
                    if f.kind == LoopKind::Parallel {
                        // Partial results are added to each other.
                        return Source::Any;
                    }
                    let mut origins = leaving(function, structure, f.label, n as usize);
                    origins.push(function.regions[f.body].params[n as usize + 1]);
                    Source::From(origins)
                }
                OpKind::While { label, cond, .. } => {
                    let mut origins = leaving(function, structure, *label, n as usize);
                    let end = terminator(function, *cond);
                    match function.ops[end].args.get(n as usize + 1) {
                        Some(&origin) => origins.push(origin),
                        None => return Source::Any,
                    }
                    Source::From(origins)
                }
                _ => Source::Any,
            }
        }
        ValueDef::Param(region, n) => {
            let n = n as usize;
            let Some(owner) = structure.owner_of[region] else {
                return Source::Any;
            };
            let data = &function.ops[owner];
            match &data.kind {
                OpKind::For(f) => {
                    if n == 0 {
                        return Source::From(data.args[..2].to_vec());
                    }
                    let mut origins = continuing(function, structure, f.label, n - 1);
                    if f.kind != LoopKind::Parallel {
                        origins.push(data.args[n + 1]);
                    } else if f
                        .reductions
                        .get(n - 1)
                        .is_none_or(|fold| !matches!(fold, Fold::By(ReductionOp::Add, _)))
                    {
                        // A chunk starts from the identity, which is moderate for sums.
                        return Source::Any;
                    }
                    Source::From(origins)
                }
                OpKind::While { label, cond, body } => {
                    if region == *body {
                        let end = terminator(function, *cond);
                        return match function.ops[end].args.get(n + 1) {
                            Some(&origin) => Source::From(vec![origin]),
                            None => Source::Any,
                        };
                    }
                    let mut origins = continuing(function, structure, *label, n);
                    origins.push(data.args[n]);
                    Source::From(origins)
                }
                _ => Source::Any,
            }
        }
    }
}

fn leaving(function: &Function, structure: &Structure, label: LabelId, n: usize) -> Vec<ValueId> {
    let breaks = &structure.labels[label].breaks;
    breaks.iter().map(|op| function.ops[*op].args[n]).collect()
}

fn continuing(
    function: &Function,
    structure: &Structure,
    label: LabelId,
    n: usize,
) -> Vec<ValueId> {
    let nexts = &structure.labels[label].nexts;
    nexts.iter().map(|op| function.ops[*op].args[n]).collect()
}
