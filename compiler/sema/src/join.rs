//! `snek.join(lambda: a, lambda: b)`: two tasks in native code. Lambdas are understood here and nowhere else, and evaluated
//! in place: each runs once, before the call ends.

use snek_abi::parallel::{JOIN_LEFT, JOIN_RIGHT, JOIN_UNCHECKED};
use snek_diagnostics::{Code, Diagnostic, Span};
use snek_syntax::ast::{self, ExprKind as E};

use crate::analyzer::Reference;
use crate::calls::Arguments;
use crate::hir::{Const, ExprId, ExprKind, Type};
use crate::infer::{Infer, children};

impl<'a> Infer<'_, 'a> {
    /// The call; gives the tuple of both values.
    pub fn tasks(
        &mut self,
        expr: &'a ast::Expr,
        args: &'a [ast::Expr],
        keywords: &'a [ast::Keyword],
    ) -> ExprId {
        let span = expr.span;
        let mut flags = 0;
        for keyword in keywords {
            let is_unchecked = keyword
                .arg
                .as_ref()
                .is_some_and(|arg| arg.name == "unchecked");
            let value = self.expr(&keyword.value);
            match self.const_of(value) {
                Some(Const::Bool(value)) if is_unchecked => {
                    flags |= if *value { JOIN_UNCHECKED } else { 0 };
                }
                _ => {
                    let message = "join() takes two functions, and `unchecked=True` or `False`";
                    return self.poison(Diagnostic::error(Code::T003, keyword.span, message));
                }
            }
        }
        let [left, right] = args else {
            let message = format!(
                "join() takes 2 positional arguments but {} were given",
                args.len()
            );
            return self.poison(Diagnostic::error(Code::T003, span, message));
        };
        let mut values = Vec::new();
        for (arg, flag) in [(left, JOIN_LEFT), (right, JOIN_RIGHT)] {
            flags |= if matches!(arg.kind, E::Lambda { .. }) {
                flag
            } else {
                0
            };
            let value = self.task(arg);
            if self.is_poison(value) {
                return self.silent_poison(span);
            }
            if !is_value(self.ty(value)) {
                let what = self.ty(value).clone();
                return self.not_native(arg.span, format!("gives `{what}` from a task"));
            }
            values.push(value);
        }
        self.parallel_loops += 1;
        let types = values.iter().map(|value| self.ty(*value).clone()).collect();
        let flags = self.int(flags, span);
        let kind = ExprKind::Intrinsic {
            name: "task.join".to_owned(),
            args: vec![flags, values[0], values[1]],
        };
        self.push(kind, Type::Tuple(types), span)
    }

    /// What a task gives: the value of a lambda without parameters, or of a function of the module that takes none.
    fn task(&mut self, arg: &'a ast::Expr) -> ExprId {
        if let E::Lambda { args, body } = &arg.kind {
            if args.iter().next().is_some() {
                let message = "a task takes no arguments";
                return self.poison(Diagnostic::error(Code::T003, arg.span, message));
            }
            if let Some(at) = assigns(body) {
                return self.not_native(at, "assigns in a lambda");
            }
            return self.expr(body);
        }
        match self.an.resolve_dotted(self.scope, arg) {
            Some(Reference::Functions(defs)) if !self.is_local(arg) => {
                let none = Arguments {
                    positional: Vec::new(),
                    named: Vec::new(),
                };
                self.call_defs(&defs, none, arg.span, arg.span)
            }
            _ => self.not_native(arg.span, "joins something else than lambdas and functions"),
        }
    }

    fn is_local(&self, expr: &ast::Expr) -> bool {
        matches!(&expr.kind, E::Name { id, .. } if self.name_ids.contains_key(id.as_str()))
    }
}

/// Whether a task can hand it over.
fn is_value(ty: &Type) -> bool {
    match ty {
        Type::None => true,
        Type::Tuple(parts) => parts.iter().all(is_value),
        ty => ty.is_scalar(),
    }
}

fn assigns(expr: &ast::Expr) -> Option<Span> {
    match &expr.kind {
        E::NamedExpr { .. } => Some(expr.span),
        _ => children(expr).into_iter().find_map(assigns),
    }
}
