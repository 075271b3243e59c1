//! The scopes of a module, and the declarations in them: `global` and `nonlocal`.

use std::collections::HashMap;

use snek_diagnostics::{Code, Diagnostic, Span};

use super::Checker;
use crate::ast::Identifier;

/// What a scope is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScopeKind {
    Module,
    Class,
    Function {
        is_async: bool,
    },
    Lambda,
    /// A comprehension, with its name in messages.
    Comprehension(&'static str),
    /// The type parameters of a definition, and its annotations or bases.
    TypeParams,
}

/// What happened to a name in a scope.
#[derive(Clone, Copy, Default)]
pub(super) struct Uses {
    /// Read.
    pub(super) used: bool,
    /// Bound, by anything but a declaration.
    pub(super) bound: bool,
    /// A parameter.
    pub(super) parameter: bool,
    /// Annotated without being a parameter.
    pub(super) annotated: bool,
    /// Bound by the `for` of a comprehension.
    pub(super) iteration: bool,
    /// Target of a `:=` inside of this comprehension.
    pub(super) named: bool,
    pub(super) global: Option<Span>,
    pub(super) nonlocal: Option<Span>,
}

pub(super) struct Scope<'a> {
    pub(super) kind: ScopeKind,
    pub(super) parent: usize,
    pub(super) names: HashMap<&'a str, Uses>,
    pub(super) is_generator: bool,
    /// In a comprehension: it awaits.
    pub(super) awaits: bool,
    /// The first `return` with a value.
    pub(super) returns: Option<Span>,
    /// Loops around the current statement, and those outside of the innermost `except*`.
    pub(super) loops: u32,
    pub(super) except_star: Option<u32>,
    /// What cannot contain `yield`, `await` and `:=`, if we are in it.
    pub(super) forbidden: Option<&'static str>,
    /// How deep in the iterables of comprehensions.
    pub(super) iterables: u32,
}

impl<'a> Checker<'a> {
    pub(super) fn declare(&mut self, names: &'a [Identifier], is_global: bool) {
        let word = if is_global { "global" } else { "nonlocal" };
        if !is_global && self.kind() == ScopeKind::Module {
            for name in names {
                self.error(
                    Code::P008,
                    name.span,
                    "nonlocal declaration not allowed at module level",
                );
            }
            return;
        }
        for Identifier { name, span } in names {
            let uses = *self.uses(name);
            let message = if uses.parameter {
                format!("name '{name}' is parameter and {word}")
            } else if uses.used {
                format!("name '{name}' is used prior to {word} declaration")
            } else if uses.annotated {
                format!("annotated name '{name}' can't be {word}")
            } else if uses.bound {
                format!("name '{name}' is assigned to before {word} declaration")
            } else {
                let uses = self.uses(name);
                if is_global {
                    uses.global = Some(*span);
                } else {
                    uses.nonlocal = Some(*span);
                }
                if uses.global.is_some() && uses.nonlocal.is_some() {
                    let message = format!("name '{name}' is nonlocal and global");
                    self.error(Code::P009, *span, message);
                }
                continue;
            };
            self.error(Code::P009, *span, message);
        }
    }

    /// Looks for what each `nonlocal` refers to, when all scopes are known.
    pub(super) fn finish(&mut self) {
        let mut errors = Vec::new();
        for scope in &self.scopes {
            for (name, uses) in &scope.names {
                let (Some(span), None) = (uses.nonlocal, uses.global) else {
                    continue;
                };
                let message = match self.binding_around(scope.parent, name) {
                    Some(ScopeKind::TypeParams) => {
                        format!("nonlocal binding not allowed for type parameter '{name}'")
                    }
                    Some(_) => continue,
                    None => format!("no binding for nonlocal '{name}' found"),
                };
                errors.push(Diagnostic::error(Code::P009, span, message));
            }
        }
        self.diagnostics.extend(errors);
        snek_diagnostics::sort(&mut self.diagnostics);
    }

    /// The kind of the scope, from `at` outwards, that `nonlocal name` refers to.
    fn binding_around(&self, mut at: usize, name: &str) -> Option<ScopeKind> {
        loop {
            let scope = &self.scopes[at];
            match scope.kind {
                ScopeKind::Module => return None,
                ScopeKind::Class if name == "__class__" => return Some(scope.kind),
                ScopeKind::Class => {}
                ScopeKind::Function { .. }
                | ScopeKind::Lambda
                | ScopeKind::Comprehension(_)
                | ScopeKind::TypeParams => match scope.names.get(name) {
                    Some(uses) if uses.global.is_some() => return None,
                    // A missing binding is reported for the outer `nonlocal`.
                    Some(uses) if uses.bound || uses.nonlocal.is_some() => return Some(scope.kind),
                    Some(_) | None => {}
                },
            }
            at = scope.parent;
        }
    }
}
