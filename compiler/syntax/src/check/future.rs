//! `from __future__ import`: known features, and only at the start of the module.

use snek_diagnostics::{Code, Diagnostic};

use crate::ast::*;
use crate::visit::{self, Visitor};

const FEATURES: [&str; 10] = [
    "nested_scopes",
    "generators",
    "division",
    "absolute_import",
    "with_statement",
    "print_function",
    "unicode_literals",
    "barry_as_FLUFL",
    "generator_stop",
    "annotations",
];

/// Whether it is a `from __future__ import`.
fn is_future(stmt: &Stmt) -> bool {
    match &stmt.kind {
        StmtKind::ImportFrom {
            module: Some(module),
            level: 0,
            ..
        } => module.name == "__future__",
        _ => false,
    }
}

pub(super) fn check(module: &Module, diagnostics: &mut Vec<Diagnostic>) {
    let after_docstring = usize::from(module.docstring().is_some());
    let (start, body) = module.body.split_at(after_docstring);
    debug_assert!(start.len() <= 1);
    let prefix = body.iter().take_while(|stmt| is_future(stmt)).count();
    let (head, rest) = body.split_at(prefix);
    for stmt in head {
        let StmtKind::ImportFrom { names, .. } = &stmt.kind else {
            continue;
        };
        for alias in names {
            let name = alias.name.name.as_str();
            if FEATURES.contains(&name) {
                continue;
            }
            let message = match name {
                "braces" => "not a chance".to_owned(),
                _ => format!("future feature {name} is not defined"),
            };
            diagnostics.push(Diagnostic::error(Code::P010, alias.span, message));
        }
    }
    Late { diagnostics }.visit_body(rest);
}

struct Late<'d> {
    diagnostics: &'d mut Vec<Diagnostic>,
}

impl<'a> Visitor<'a> for Late<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if is_future(stmt) {
            let message = "from __future__ imports must occur at the beginning of the file";
            let error = Diagnostic::error(Code::P010, stmt.span, message);
            self.diagnostics.push(error);
        }
        visit::walk_stmt(self, stmt);
    }

    // There are no statements in expressions.
    fn visit_expr(&mut self, _: &'a Expr) {}
}
