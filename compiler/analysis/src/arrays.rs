//! Where array views come from: rows and casts followed to what they view.
//!
//! Two array *parameters* of a function may still be one memory (a caller may pass an array twice), so serial code is
//! optimised as if any two arrays may overlap. This must never claim more than that a view is part of its base.

use snek_mir::ir::{Function, LoopKind, OpId, OpKind, RegionId, ValueDef, ValueId};

use crate::structure::{Structure, falls_through, terminator};

/// The array and dimension whose extent is that of dimension `axis` of `array`.
pub fn extent_of(function: &Function, array: ValueId, axis: u8) -> (ValueId, u8) {
    let (mut array, mut axis) = (array, axis);
    while let Some(op) = function.def_op(array) {
        match &op.kind {
            OpKind::Row(bounds) => axis += bounds.len() as u8,
            OpKind::AsStrided | OpKind::Accumulator(_) => {}
            _ => break,
        }
        array = op.args[0];
    }
    (array, axis)
}

/// A view as a part of another array: the leading subscripts that select it.
#[derive(Clone, Debug)]
pub struct View {
    /// The array that is viewed: no row and no cast.
    pub base: ValueId,
    /// The subscripts of the rows on the way, outermost first.
    pub prefix: Vec<ValueId>,
}

/// Follows rows and casts.
pub fn view(function: &Function, array: ValueId) -> View {
    let mut base = array;
    let mut prefix: Vec<ValueId> = Vec::new();
    while let Some(op) = function.def_op(base) {
        match &op.kind {
            OpKind::Row(_) => {
                prefix.splice(0..0, op.args[1..].iter().copied());
            }
            OpKind::AsStrided | OpKind::Accumulator(_) => {}
            _ => break,
        }
        base = op.args[0];
    }
    View { base, prefix }
}

/// The parameters of the function that an array value may be (a view of). `None` stands for "anything".
pub fn roots(function: &Function, structure: &Structure, array: ValueId) -> Option<Vec<ValueId>> {
    let mut roots = Vec::new();
    let mut seen = vec![array];
    let mut next = 0;
    while next < seen.len() {
        let value = seen[next];
        next += 1;
        let mut from = |values: &[ValueId]| {
            for &v in values {
                if !seen.contains(&v) {
                    seen.push(v);
                }
            }
        };
        let args_at = |ops: &[OpId], n: usize| -> Vec<ValueId> {
            ops.iter().map(|op| function.ops[*op].args[n]).collect()
        };
        match function.values[value].def {
            ValueDef::Result(op, n) => {
                let n = n as usize;
                let data = &function.ops[op];
                match &data.kind {
                    OpKind::Row(_) | OpKind::AsStrided | OpKind::Accumulator(_) => {
                        from(&data.args[..1])
                    }
                    OpKind::Select => from(&data.args[1..]),
                    OpKind::If { then, other } => {
                        for region in [*then, *other] {
                            if falls_through(function, region) {
                                from(&args_at(&[terminator(function, region)], n));
                            }
                        }
                    }
                    OpKind::Block { label, body } => {
                        from(&args_at(&structure.labels[*label].breaks, n));
                        if falls_through(function, *body) {
                            from(&args_at(&[terminator(function, *body)], n));
                        }
                    }
                    OpKind::For(f) if f.kind != LoopKind::Parallel => {
                        from(&args_at(&structure.labels[f.label].breaks, n));
                        from(&function.regions[f.body].params[n + 1..n + 2]);
                    }
                    OpKind::While { label, cond, .. } => {
                        from(&args_at(&structure.labels[*label].breaks, n));
                        from(&args_at(&[terminator(function, *cond)], n + 1));
                    }
                    _ => return None,
                }
            }
            ValueDef::Param(region, n) => {
                let n = n as usize;
                let Some(owner) = structure.owner_of[region] else {
                    roots.push(value);
                    continue;
                };
                let data = &function.ops[owner];
                match &data.kind {
                    OpKind::For(f) if n > 0 => {
                        from(&data.args[n + 1..n + 2]);
                        from(&args_at(&structure.labels[f.label].nexts, n - 1));
                    }
                    OpKind::While { label, cond, body } => {
                        if region == *body {
                            from(&args_at(&[terminator(function, *cond)], n + 1));
                        } else {
                            from(&data.args[n..=n]);
                            from(&args_at(&structure.labels[*label].nexts, n));
                        }
                    }
                    _ => return None,
                }
            }
        }
    }
    roots.sort_unstable();
    Some(roots)
}

/// Whether two array values are never (views of) the same parameter at the same time, parameters being taken as distinct.
///
/// Loops that swap arrays are seen through: two carried arrays are distinct if their initial values are, and if every
/// iteration hands on two that are.
pub fn are_distinct(function: &Function, structure: &Structure, a: ValueId, b: ValueId) -> bool {
    let mut supposed = Vec::new();
    let mut work = vec![(view(function, a).base, view(function, b).base)];
    while let Some((a, b)) = work.pop() {
        if supposed.contains(&(a, b)) || supposed.contains(&(b, a)) {
            continue;
        }
        supposed.push((a, b));
        if supposed.len() > 64 || a == b {
            return false;
        }
        let pairs = match (ways(function, structure, a), ways(function, structure, b)) {
            (Some(Origin::Parameter), Some(Origin::Parameter)) => continue,
            // Two values of one merge: way by way.
            (Some(Origin::Merge(x, of_a)), Some(Origin::Merge(y, of_b))) if x == y => {
                of_a.into_iter().zip(of_b).collect::<Vec<_>>()
            }
            // Else all of the one against the other, which does not change while the first one does.
            (Some(Origin::Merge(_, of_a)), Some(Origin::Parameter)) => {
                of_a.into_iter().map(|x| (x, b)).collect()
            }
            (Some(Origin::Parameter), Some(Origin::Merge(_, of_b))) => {
                of_b.into_iter().map(|y| (a, y)).collect()
            }
            _ => return false,
        };
        let bases = |(x, y)| (view(function, x).base, view(function, y).base);
        work.extend(pairs.into_iter().map(bases));
    }
    true
}

/// Where an array value comes from.
enum Origin {
    /// It is a parameter of the function.
    Parameter,
    /// One of these, by the way that control took to a place.
    Merge(Place, Vec<ValueId>),
}

/// Where ways meet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The results of an op.
    Results(OpId),
    /// The parameters of a region.
    Params(RegionId),
}

fn ways(function: &Function, structure: &Structure, value: ValueId) -> Option<Origin> {
    let args_at = |ops: &[OpId], n: usize| -> Vec<ValueId> {
        ops.iter().map(|op| function.ops[*op].args[n]).collect()
    };
    match function.values[value].def {
        ValueDef::Result(op, n) => {
            let n = n as usize;
            let from = match &function.ops[op].kind {
                OpKind::If { then, other } => {
                    let mut ends = vec![*then, *other];
                    ends.retain(|region| falls_through(function, *region));
                    let ends: Vec<OpId> = ends.iter().map(|r| terminator(function, *r)).collect();
                    args_at(&ends, n)
                }
                OpKind::For(f) if f.kind != LoopKind::Parallel => {
                    let mut from = args_at(&structure.labels[f.label].breaks, n);
                    from.push(function.regions[f.body].params[n + 1]);
                    from
                }
                OpKind::While { label, cond, .. } => {
                    let mut from = args_at(&structure.labels[*label].breaks, n);
                    from.extend(args_at(&[terminator(function, *cond)], n + 1));
                    from
                }
                _ => return None,
            };
            Some(Origin::Merge(Place::Results(op), from))
        }
        ValueDef::Param(region, n) => {
            let n = n as usize;
            let Some(owner) = structure.owner_of[region] else {
                return Some(Origin::Parameter);
            };
            let data = &function.ops[owner];
            let from = match &data.kind {
                OpKind::For(f) if n > 0 => {
                    let mut from = args_at(&structure.labels[f.label].nexts, n - 1);
                    from.push(data.args[n + 1]);
                    from
                }
                OpKind::While { cond, body, .. } if region == *body => {
                    args_at(&[terminator(function, *cond)], n + 1)
                }
                OpKind::While { label, .. } => {
                    let mut from = args_at(&structure.labels[*label].nexts, n);
                    from.push(data.args[n]);
                    from
                }
                _ => return None,
            };
            Some(Origin::Merge(Place::Params(region), from))
        }
    }
}
