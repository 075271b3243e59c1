//! Where array views come from: rows and casts followed to what they view.
//!
//! Two array *parameters* of a function may still be one memory (a caller may pass an array twice), so serial code is
//! optimised as if any two arrays may overlap. This must never claim more than that a view is part of its base.

use snek_mir::ir::{Function, LoopKind, OpKind, ValueDef, ValueId};

use crate::structure::{Structure, falls_through, terminator};

/// The array and dimension whose extent is that of dimension `axis` of `array`.
pub fn extent_of(function: &Function, array: ValueId, axis: u8) -> (ValueId, u8) {
    let (mut array, mut axis) = (array, axis);
    while let Some(op) = function.def_op(array) {
        match &op.kind {
            OpKind::Row(bounds) => axis += bounds.len() as u8,
            OpKind::AsStrided => {}
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
            OpKind::AsStrided => {}
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
        let args_at = |ops: &[snek_mir::ir::OpId], n: usize| -> Vec<ValueId> {
            ops.iter().map(|op| function.ops[*op].args[n]).collect()
        };
        match function.values[value].def {
            ValueDef::Result(op, n) => {
                let n = n as usize;
                let data = &function.ops[op];
                match &data.kind {
                    OpKind::Row(_) | OpKind::AsStrided => from(&data.args[..1]),
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
