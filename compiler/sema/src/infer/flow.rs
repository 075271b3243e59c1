//! Where ways meet: joins of environments, and the conversions that they need.

use snek_diagnostics::{Code, Diagnostic, Span};

use super::Infer;
use crate::env::{Env, NameId, Slot};
use crate::hir::{self, ExprId, ExprKind, Stmt, StmtKind, Type};

impl Infer<'_, '_> {
    /// What is known where two ways meet.
    pub fn join(&mut self, a: &Env, b: &Env) -> Env {
        if !a.reachable {
            return b.clone();
        }
        if !b.reachable {
            return a.clone();
        }
        let mut joined = a.clone();
        for name in a.slots.indices() {
            joined.slots[name] = self.join_slots(name, &a.slots[name], &b.slots[name]);
        }
        joined
    }

    fn join_slots(&mut self, name: NameId, a: &Slot, b: &Slot) -> Slot {
        match (a, b) {
            (a, b) if a == b => a.clone(),
            (Slot::Poisoned, _) | (_, Slot::Poisoned) => Slot::Poisoned,
            (conflict @ Slot::Conflict(_), _) | (_, conflict @ Slot::Conflict(_)) => {
                conflict.clone()
            }
            (after @ Slot::AfterParallel { .. }, _) | (_, after @ Slot::AfterParallel { .. }) => {
                after.clone()
            }
            (Slot::Unassigned, Slot::Bound { local, at, .. })
            | (Slot::Bound { local, at, .. }, Slot::Unassigned) => Slot::Bound {
                local: *local,
                maybe_unbound: true,
                at: *at,
            },
            (
                Slot::Bound {
                    local: left,
                    maybe_unbound: left_maybe,
                    at: left_at,
                },
                Slot::Bound {
                    local: right,
                    maybe_unbound: right_maybe,
                    at: right_at,
                },
            ) => {
                let maybe_unbound = *left_maybe || *right_maybe;
                let at = *left_at;
                if left == right {
                    return Slot::Bound {
                        local: *left,
                        maybe_unbound,
                        at,
                    };
                }
                let (left_type, right_type) = (
                    self.locals[*left].ty.clone(),
                    self.locals[*right].ty.clone(),
                );
                let conflict =
                    |left, right| Slot::Conflict(Box::new([(left, *left_at), (right, *right_at)]));
                match left_type.join(&right_type) {
                    // Converting what may be unassigned would need a test of its own; nobody has missed it.
                    Some(_) if maybe_unbound => conflict(left_type, right_type),
                    Some(joined) => Slot::Bound {
                        local: self.local(name, &joined),
                        maybe_unbound,
                        at,
                    },
                    None => conflict(left_type, right_type),
                }
            }
            (Slot::Unassigned, Slot::Unassigned) => Slot::Unassigned,
        }
    }

    /// Emits what turns the variables as they are in `from` into what `to` expects. Says whether anything was needed.
    pub fn convert_edge(&mut self, from: &Env, to: &Env, out: &mut Vec<Stmt>, span: Span) -> bool {
        if !from.reachable || !to.reachable {
            return false;
        }
        let mut any = false;
        for name in from.slots.indices() {
            if let (Slot::Bound { local: source, .. }, Slot::Bound { local: target, .. }) =
                (&from.slots[name], &to.slots[name])
                && source != target
            {
                let (source, target) = (*source, *target);
                let value = self.read(source, span);
                let ty = self.locals[target].ty.clone();
                let value = self.convert_raw(value, &ty, false);
                out.push(Stmt {
                    kind: StmtKind::Assign {
                        local: target,
                        value,
                    },
                    span,
                });
                any = true;
            }
        }
        any
    }

    /// Joins after a part of an expression that may not have been evaluated. Nothing can be converted there, so a
    /// variable that would need it is a conflict.
    pub fn join_in_expr(&mut self, before: &Env) {
        let after = self.env.clone();
        let mut joined = self.join(before, &after);
        for name in before.slots.indices() {
            let needs_conversion = |slot: &Slot, joined: &Slot| match (slot, joined) {
                (Slot::Bound { local: a, .. }, Slot::Bound { local: b, .. }) => a != b,
                _ => false,
            };
            let (a, b) = (&before.slots[name], &after.slots[name]);
            if needs_conversion(a, &joined.slots[name]) || needs_conversion(b, &joined.slots[name])
            {
                let (
                    Slot::Bound {
                        local: x, at: x_at, ..
                    },
                    Slot::Bound {
                        local: y, at: y_at, ..
                    },
                ) = (a, b)
                else {
                    continue;
                };
                let pair = [
                    (self.locals[*x].ty.clone(), *x_at),
                    (self.locals[*y].ty.clone(), *y_at),
                ];
                joined.slots[name] = Slot::Conflict(Box::new(pair));
            }
        }
        self.env = joined;
    }

    /// Reads a variable.
    pub fn read_name(&mut self, name: NameId, span: Span) -> ExprId {
        let text = self.names[name];
        match self.env.slots[name].clone() {
            Slot::Bound {
                local,
                maybe_unbound,
                ..
            } => {
                if maybe_unbound {
                    self.locals[local].maybe_unbound = true;
                }
                let ty = self.locals[local].ty.clone();
                let kind = ExprKind::Local {
                    local,
                    check_unbound: maybe_unbound,
                };
                self.push(kind, ty, span)
            }
            Slot::Poisoned => self.silent_poison(span),
            Slot::Unassigned => {
                let message = format!("`{text}` is used before anything is assigned to it");
                self.poison(
                    Diagnostic::error(Code::T012, span, message)
                        .primary_label("has no value here")
                        .note(
                            "a name that is assigned anywhere in a function is local to all of it",
                        ),
                )
            }
            Slot::Conflict(sides) => {
                let [(a, a_at), (b, b_at)] = *sides;
                let line = self.an.line(b_at);
                let first = self.an.line(a_at);
                let message = if line == first {
                    format!("`{text}` is `{a}` or `{b}`, depending on the way here")
                } else {
                    format!("`{text}` is `{a}` at line {first} and `{b}` at line {line}")
                };
                let help = conflict_help(text, &a, &b);
                self.poison(
                    Diagnostic::error(Code::T014, span, message)
                        .primary_label("used where both types meet")
                        .label(a_at, format!("`{a}` here"))
                        .label(b_at, format!("`{b}` here"))
                        .help(help),
                )
            }
            Slot::AfterParallel { at, parallel } => {
                let message = format!("`{text}` is used after the `prange` that assigns it");
                self.poison(
                    Diagnostic::error(Code::R002, span, message)
                        .primary_label("which iteration's value?")
                        .label(at, "each iteration assigns its own")
                        .label(parallel, "runs its iterations in any order")
                        .help(format!(
                            "store what you need in an array, reduce it (`{text} += ...`), or use `range`"
                        )),
                )
            }
        }
    }

    /// Gives a variable a value of exactly the local's type, which the caller emits.
    pub fn bind(&mut self, name: NameId, ty: &Type, at: Span) -> hir::LocalId {
        let local = self.local(name, ty);
        self.env.slots[name] = Slot::Bound {
            local,
            maybe_unbound: false,
            at,
        };
        local
    }
}

/// What to write so that a variable has one type.
fn conflict_help(name: &str, a: &Type, b: &Type) -> String {
    let number = |ty: &Type| ty.is_scalar();
    match (a, b) {
        (Type::Int, Type::Float) => format!(
            "start with a float, such as `{name} = 0.0`, or declare it: `{name}: float = ...`"
        ),
        (Type::Float, Type::Int) => {
            format!("assign floats only, or declare it: `{name}: float = ...`")
        }
        (Type::Int | Type::Float, Type::Fixed(fixed)) => format!(
            "start with `{name} = {fixed}(...)`, or convert what is added: `{a}(...)`",
            fixed = fixed.name()
        ),
        _ if number(a) && number(b) => format!("convert one of them: `{a}(...)` or `{b}(...)`"),
        _ => "use two names".to_owned(),
    }
}
