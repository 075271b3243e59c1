//! Assignments: to names, to several names at once, to elements of arrays.

use snek_diagnostics::{Code, Diagnostic, Span};
use snek_syntax::ast::{self, ExprKind as E};

use super::{Infer, children};
use crate::env::{NameId, Slot};
use crate::hir::{BinaryOp, CompareOp, ExprId, ExprKind, Stmt, StmtKind, Type};

impl<'a> Infer<'_, 'a> {
    /// A value as the variable's declared type, if it has one.
    pub fn as_declared(&mut self, name: NameId, value: ExprId) -> ExprId {
        match self.declared.get(&name).cloned() {
            Some((ty, at)) => {
                let what = format!("`{}` is declared", self.names[name]);
                self.coerce(value, &ty, &what, Some(at))
            }
            None => value,
        }
    }

    /// Whether a variable can hold a value; if not, that is reported, and the variable is poisoned.
    pub fn can_hold(&mut self, name: NameId, value: ExprId, at: Span) -> bool {
        if self.ty(value).has_text() {
            let text = self.names[name];
            self.not_native(at, format!("keeps a string in `{text}`"));
            self.env.slots[name] = Slot::Poisoned;
            return false;
        }
        if self.is_poison(value) {
            self.env.slots[name] = Slot::Poisoned;
            return false;
        }
        true
    }

    /// `name = value`
    pub fn assign_name(&mut self, name: NameId, value: ExprId, at: Span, out: &mut Vec<Stmt>) {
        let value = self.as_declared(name, value);
        if !self.can_hold(name, value, at) {
            return;
        }
        let ty = self.ty(value).clone();
        let local = self.bind(name, &ty, at);
        out.push(Stmt {
            kind: StmtKind::Assign { local, value },
            span: at,
        });
    }

    /// `target = value`, where the value is used nowhere else.
    pub fn assign(&mut self, target: &'a ast::Expr, value: ExprId, out: &mut Vec<Stmt>) {
        match &target.kind {
            E::Name { id, .. } => {
                if let Some(name) = self.name_ids.get(id.as_str()).copied() {
                    self.assign_name(name, value, target.span, out);
                }
            }
            E::Tuple { elts, .. } | E::List { elts, .. } => self.unpack(target, elts, value, out),
            E::Subscript {
                value: array,
                slice,
                ..
            } => self.store(target, array, slice, value, out),
            E::Attribute { attr, .. } => {
                self.not_native(
                    target.span,
                    format!("assigns to the attribute `{}`", attr.name),
                );
            }
            E::Starred { .. } => {
                self.not_native(target.span, "unpacks with `*`");
            }
            _ => {
                self.not_native(target.span, "assigns to something that is no name");
            }
        }
    }

    /// `a, b = value`
    fn unpack(
        &mut self,
        target: &'a ast::Expr,
        targets: &'a [ast::Expr],
        value: ExprId,
        out: &mut Vec<Stmt>,
    ) {
        let span = target.span;
        if let Some(starred) = targets.iter().find(|t| matches!(t.kind, E::Starred { .. })) {
            self.not_native(starred.span, "unpacks with `*`");
        }
        let items: Vec<ExprId> = match self.ty(value).clone() {
            Type::Tuple(types) if types.len() != targets.len() => {
                let (expected, got) = (targets.len(), types.len());
                let message = if got > expected {
                    format!("too many values to unpack (expected {expected}, got {got})")
                } else {
                    format!("not enough values to unpack (expected {expected}, got {got})")
                };
                let at = self.exprs[value].span;
                self.problem(
                    Diagnostic::error(Code::T011, span, message).label(at, format!("{got} values")),
                );
                self.poison_targets(targets);
                return;
            }
            Type::Tuple(types) => match &self.exprs[value].kind {
                // All are evaluated before any is assigned: `a, b = b, a`.
                ExprKind::Tuple(items) => {
                    let items = items.clone();
                    let mut kept = Vec::new();
                    for item in items {
                        if self.const_of(item).is_some() {
                            kept.push(item);
                        } else {
                            let at = self.exprs[item].span;
                            let local = self.keep(item, out);
                            kept.push(self.read(local, at));
                        }
                    }
                    kept
                }
                _ => {
                    let local = self.keep(value, out);
                    (0..types.len())
                        .map(|i| {
                            let tuple = self.read(local, span);
                            self.field(tuple, i, span)
                        })
                        .collect()
                }
            },
            Type::Array { element, rank } => {
                let array = self.keep(value, out);
                self.check_count(array, targets.len(), span, out);
                let ty = match rank {
                    1 => element.value_type(),
                    _ => Type::Array {
                        element,
                        rank: rank - 1,
                    },
                };
                (0..targets.len())
                    .map(|i| {
                        let base = self.read(array, span);
                        let index = self.int(i as i64, span);
                        let kind = ExprKind::Subscript {
                            array: base,
                            indices: vec![index],
                        };
                        self.push(kind, ty.clone(), span)
                    })
                    .collect()
            }
            Type::Never => {
                self.poison_targets(targets);
                return;
            }
            ty => {
                let at = self.exprs[value].span;
                let message = format!("cannot unpack non-iterable {ty} object");
                self.problem(Diagnostic::error(Code::T011, at, message));
                self.poison_targets(targets);
                return;
            }
        };
        for (target, item) in targets.iter().zip(items) {
            self.assign(target, item, out);
        }
    }

    /// Raises ValueError if an array has another number of elements than there are names.
    fn check_count(
        &mut self,
        array: crate::hir::LocalId,
        count: usize,
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        let base = self.read(array, span);
        let extent = self.push(
            ExprKind::Extent {
                array: base,
                axis: 0,
            },
            Type::Int,
            span,
        );
        let expected = self.int(count as i64, span);
        let differs = self.push(
            ExprKind::Compare(CompareOp::Ne, extent, expected),
            Type::Bool,
            span,
        );
        let base = self.read(array, span);
        let extent = self.push(
            ExprKind::Extent {
                array: base,
                axis: 0,
            },
            Type::Int,
            span,
        );
        let expected = self.int(count as i64, span);
        let kind = ExprKind::Intrinsic {
            name: "raise.unpack".to_owned(),
            args: vec![expected, extent],
        };
        let raise = self.push(kind, Type::None, span);
        let raise = Stmt {
            kind: StmtKind::Expr(raise),
            span,
        };
        out.push(Stmt {
            kind: StmtKind::If {
                cond: differs,
                then: vec![raise],
                other: Vec::new(),
            },
            span,
        });
    }

    /// Nobody complains about names that an error left without a value.
    pub fn poison_targets(&mut self, targets: &'a [ast::Expr]) {
        for target in targets {
            match &target.kind {
                E::Name { id, .. } => {
                    if let Some(name) = self.name_ids.get(id.as_str()).copied() {
                        self.env.slots[name] = Slot::Poisoned;
                    }
                }
                E::Tuple { elts, .. } | E::List { elts, .. } => self.poison_targets(elts),
                _ => {}
            }
        }
    }

    /// `array[slice] = value`
    fn store(
        &mut self,
        target: &'a ast::Expr,
        array: &'a ast::Expr,
        slice: &'a ast::Expr,
        value: ExprId,
        out: &mut Vec<Stmt>,
    ) {
        // Python evaluates the value first.
        let is_const = self.const_of(value).is_some();
        let first_later = self.exprs.len();
        let base = self.expr(array);
        let Some((element, indices)) = self.element_place(base, target, slice) else {
            return;
        };
        let later = (first_later..self.exprs.len()).map(ExprId::from_usize);
        let is_later_pure = later.into_iter().all(|expr| self.is_pure(expr));
        let value = if is_const || is_later_pure || self.is_poison(value) {
            value
        } else {
            let at = self.exprs[value].span;
            let local = self.keep(value, out);
            self.read(local, at)
        };
        let value = self.coerce_element(value, element);
        if self.is_poison(value) {
            return;
        }
        out.push(Stmt {
            kind: StmtKind::Store {
                array: base,
                indices,
                value,
                augmented: None,
            },
            span: target.span,
        });
    }

    /// The element type and the complete indices of a subscript that is written.
    fn element_place(
        &mut self,
        base: ExprId,
        target: &'a ast::Expr,
        slice: &'a ast::Expr,
    ) -> Option<(crate::hir::Element, Vec<ExprId>)> {
        match self.ty(base).clone() {
            Type::Never => None,
            Type::Array { element, rank } => {
                let indices = self.indices(slice, rank)?;
                if indices.len() < usize::from(rank) {
                    self.not_native(target.span, "assigns to many elements of an array at once");
                    return None;
                }
                Some((element, indices))
            }
            Type::Tuple(_) => {
                let message = "'tuple' object does not support item assignment";
                self.problem(Diagnostic::error(Code::T007, target.span, message));
                None
            }
            ty => {
                let message = format!("'{ty}' object does not support item assignment");
                self.problem(Diagnostic::error(Code::T007, target.span, message));
                None
            }
        }
    }

    /// `target op= value`
    pub fn augmented(
        &mut self,
        stmt: &'a ast::Stmt,
        target: &'a ast::Expr,
        op: ast::Operator,
        value: &'a ast::Expr,
        out: &mut Vec<Stmt>,
    ) {
        match &target.kind {
            E::Name { id, .. } => {
                let Some(name) = self.name_ids.get(id.as_str()).copied() else {
                    return;
                };
                let old = self.read_name(name, target.span);
                let value = self.expr(value);
                let new = self.binary(op, old, value, stmt.span);
                self.assign_name(name, new, target.span, out);
            }
            E::Subscript {
                value: array,
                slice,
                ..
            } => {
                let base = self.expr(array);
                let Some((element, indices)) = self.element_place(base, target, slice) else {
                    self.expr(value);
                    return;
                };
                // Array and indices are evaluated once, and used twice.
                let assigns = contains_walrus(value);
                let place = Place {
                    base: self.twice(base, assigns, out),
                    indices: indices
                        .into_iter()
                        .map(|index| self.twice(index, assigns, out))
                        .collect(),
                };
                let (array, read_indices) = self.place(&place);
                let kind = ExprKind::Subscript {
                    array,
                    indices: read_indices,
                };
                let old = self.push(kind, element.value_type(), target.span);
                let value = self.expr(value);
                let new = self.binary(op, old, value, stmt.span);
                let new = self.coerce_element(new, element);
                if self.is_poison(new) {
                    return;
                }
                let (array, indices) = self.place(&place);
                out.push(Stmt {
                    kind: StmtKind::Store {
                        array,
                        indices,
                        value: new,
                        augmented: hir_op(op),
                    },
                    span: stmt.span,
                });
            }
            _ => {
                self.not_native(target.span, "changes an attribute in place");
            }
        }
    }

    /// A value that is used twice: a constant or a variable as it is, anything else through a variable.
    fn twice(&mut self, value: ExprId, may_change: bool, out: &mut Vec<Stmt>) -> Twice {
        let span = self.exprs[value].span;
        match &self.exprs[value].kind {
            ExprKind::Const(constant) => {
                Twice::Const(self.ty(value).clone(), constant.clone(), span)
            }
            ExprKind::Local {
                local,
                check_unbound: false,
            } if !may_change => Twice::Local(*local, span),
            _ => Twice::Local(self.keep(value, out), span),
        }
    }

    fn place(&mut self, place: &Place) -> (ExprId, Vec<ExprId>) {
        let array = self.again(&place.base);
        let indices = place
            .indices
            .iter()
            .map(|index| self.again(index))
            .collect();
        (array, indices)
    }

    fn again(&mut self, value: &Twice) -> ExprId {
        match value {
            Twice::Const(ty, value, span) => self.constant(ty.clone(), value.clone(), *span),
            Twice::Local(local, span) => self.read(*local, *span),
        }
    }
}

/// An element of an array that is read and written.
struct Place {
    base: Twice,
    indices: Vec<Twice>,
}

/// Something that can be evaluated twice.
enum Twice {
    Const(Type, crate::hir::Const, Span),
    Local(crate::hir::LocalId, Span),
}

fn contains_walrus(expr: &ast::Expr) -> bool {
    matches!(expr.kind, E::NamedExpr { .. }) || children(expr).into_iter().any(contains_walrus)
}

/// The operator of an augmented assignment, as the race check knows it.
fn hir_op(op: ast::Operator) -> Option<BinaryOp> {
    Some(match op {
        ast::Operator::Add => BinaryOp::Add,
        ast::Operator::Sub => BinaryOp::Sub,
        ast::Operator::Mult => BinaryOp::Mul,
        ast::Operator::Div => BinaryOp::TrueDiv,
        ast::Operator::FloorDiv => BinaryOp::FloorDiv,
        ast::Operator::Mod => BinaryOp::Mod,
        ast::Operator::BitAnd => BinaryOp::BitAnd,
        ast::Operator::BitOr => BinaryOp::BitOr,
        ast::Operator::BitXor => BinaryOp::BitXor,
        ast::Operator::LShift => BinaryOp::Shl,
        ast::Operator::RShift => BinaryOp::Shr,
        ast::Operator::Pow | ast::Operator::MatMult => return None,
    })
}
