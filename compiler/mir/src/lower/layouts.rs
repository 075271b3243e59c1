//! Which arrays are contiguous: one layout per array in the type of each local, whatever the place. Found before the code
//! is lowered, because the parameters of a loop need their types before its body is seen.

use super::live::{each_expr, each_stmt, each_subexpr};
use super::types::arrays;
use crate::ir::Layout;
use oxc_index::IndexVec;
use snek_sema::hir::{ExprId, ExprKind, Function, Iter, LocalId, StmtKind, Target, Type};

/// The layouts of the arrays in each local.
pub(super) type Layouts = IndexVec<LocalId, Vec<Layout>>;

/// Infers the layouts of all locals from those of the parameters (all arrays of all parameters, in order).
pub(super) fn infer(function: &Function, params: &[Layout]) -> Layouts {
    let mut layouts: Layouts = function
        .locals
        .iter()
        .map(|local| vec![Layout::Contiguous; arrays(&local.ty)])
        .collect();
    if layouts.iter().all(Vec::is_empty) {
        return layouts;
    }
    let mut given = params.iter();
    for param in &function.params {
        for layout in &mut layouts[*param] {
            *layout = given.next().copied().unwrap_or(Layout::Strided);
        }
    }
    // Layouts only ever go from contiguous to strided, so this ends.
    loop {
        let mut changed = false;
        each_stmt(&function.body, &mut |stmt| {
            each_expr(stmt, &mut |expr| {
                each_subexpr(function, expr, &mut |expr| {
                    if let ExprKind::Assign { local, value } = &function.exprs[expr].kind {
                        let found = of_expr(function, &layouts, *value);
                        changed |= join(&mut layouts[*local], &found);
                    }
                });
            });
            match &stmt.kind {
                StmtKind::Assign { local, value } => {
                    let found = of_expr(function, &layouts, *value);
                    changed |= join(&mut layouts[*local], &found);
                }
                StmtKind::For(data) => {
                    changed |= join_target(function, &mut layouts, &data.iter, &data.target);
                }
                _ => {}
            }
        });
        if !changed {
            return layouts;
        }
    }
}

fn join(into: &mut [Layout], found: &[Layout]) -> bool {
    let mut changed = false;
    for (index, layout) in into.iter_mut().enumerate() {
        let found = found.get(index).copied().unwrap_or(Layout::Strided);
        if *layout == Layout::Contiguous && found == Layout::Strided {
            *layout = Layout::Strided;
            changed = true;
        }
    }
    changed
}

fn join_target(function: &Function, layouts: &mut Layouts, iter: &Iter, target: &Target) -> bool {
    match (iter, target) {
        (Iter::Array(array), Target::Local(local)) => {
            let found = of_expr(function, layouts, *array);
            join(&mut layouts[*local], &found)
        }
        (Iter::Reversed(inner), target) => join_target(function, layouts, inner, target),
        (Iter::Enumerate { inner, .. }, Target::Parts(parts)) => match parts.as_slice() {
            [_, item] => join_target(function, layouts, inner, item),
            _ => false,
        },
        (Iter::Zip(iters), Target::Parts(parts)) => {
            let mut changed = false;
            for (iter, part) in iters.iter().zip(parts) {
                changed |= join_target(function, layouts, iter, part);
            }
            changed
        }
        _ => false,
    }
}

/// The layouts of the arrays in the value of an expression.
pub(super) fn of_expr(function: &Function, layouts: &Layouts, expr: ExprId) -> Vec<Layout> {
    let data = &function.exprs[expr];
    let count = arrays(&data.ty);
    if count == 0 {
        return Vec::new();
    }
    match &data.kind {
        ExprKind::Local { local, .. } | ExprKind::Assign { local, .. } => layouts[*local].clone(),
        ExprKind::If { then, other, .. } => {
            let mut found = of_expr(function, layouts, *then);
            join(&mut found, &of_expr(function, layouts, *other));
            found
        }
        ExprKind::Tuple(items) => items
            .iter()
            .flat_map(|item| of_expr(function, layouts, *item))
            .collect(),
        ExprKind::Field { tuple, index } => {
            let all = of_expr(function, layouts, *tuple);
            let skip = match &function.exprs[*tuple].ty {
                Type::Tuple(items) => items.iter().take(*index).map(arrays).sum(),
                _ => 0,
            };
            all.into_iter().skip(skip).take(count).collect()
        }
        ExprKind::Subscript { array, .. } => of_expr(function, layouts, *array),
        // A callee does not say what it gives.
        _ => vec![Layout::Strided; count],
    }
}
