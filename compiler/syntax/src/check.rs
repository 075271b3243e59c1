//! The syntax errors that CPython finds after parsing, in its symbol table and compiler: statements where they cannot
//! stand, names that are declared twice, targets that cannot be assigned.
//!
//! Messages are CPython's. It must never refuse what CPython compiles; the few checks of CPython's that are missing here
//! (number of nested blocks, say) are made by CPython itself when the module is imported.

use std::collections::HashMap;

use snek_diagnostics::{Code, Diagnostic, Span};

use crate::ast::*;
use crate::visit::{self, Visitor};

mod future;
mod patterns;
mod scopes;

use scopes::{Scope, ScopeKind, Uses};

/// Finds all errors of a module.
pub(crate) fn check(module: &Module) -> Vec<Diagnostic> {
    let mut checker = Checker::new();
    future::check(module, &mut checker.diagnostics);
    checker.visit_body(&module.body);
    checker.finish();
    checker.diagnostics
}

struct Checker<'a> {
    scopes: Vec<Scope<'a>>,
    current: usize,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    fn new() -> Self {
        let mut checker = Self {
            scopes: Vec::new(),
            current: 0,
            diagnostics: Vec::new(),
        };
        checker.enter(ScopeKind::Module);
        checker
    }

    fn error(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.diagnostics
            .push(Diagnostic::error(code, span, message));
    }

    fn misplaced(&mut self, span: Span, message: &str) {
        self.error(Code::P008, span, message);
    }

    fn enter(&mut self, kind: ScopeKind) {
        let parent = self.current;
        let iterables = self
            .scopes
            .get(parent)
            .map_or(0, |scope| scope.iterables.min(1));
        self.current = self.scopes.len();
        self.scopes.push(Scope {
            kind,
            parent,
            names: HashMap::new(),
            is_generator: false,
            awaits: false,
            returns: None,
            loops: 0,
            except_star: None,
            forbidden: None,
            iterables,
        });
    }

    fn leave(&mut self) {
        self.current = self.scope().parent;
    }

    fn scope(&mut self) -> &mut Scope<'a> {
        &mut self.scopes[self.current]
    }

    fn kind(&self) -> ScopeKind {
        self.scopes[self.current].kind
    }

    fn uses(&mut self, name: &'a str) -> &mut Uses {
        self.scope().names.entry(name).or_default()
    }

    /// Binds a name in the current scope.
    fn bind(&mut self, name: &'a str, span: Span) {
        self.not_debug(name, span);
        self.uses(name).bound = true;
    }

    fn not_debug(&mut self, name: &str, span: Span) {
        if name == "__debug__" {
            self.error(Code::P007, span, "cannot assign to __debug__");
        }
    }

    fn bind_identifier(&mut self, name: &'a Identifier) {
        self.bind(&name.name, name.span);
    }

    /// The parameters' names, in the function's scope.
    fn bind_parameters(&mut self, args: &'a Arguments) {
        for (_, arg, _) in args.iter() {
            let name = arg.arg.name.as_str();
            self.not_debug(name, arg.arg.span);
            if self.uses(name).parameter {
                let message = format!("duplicate argument '{name}' in function definition");
                self.error(Code::P009, arg.arg.span, message);
            }
            self.uses(name).parameter = true;
            self.uses(name).bound = true;
        }
    }

    fn defaults(&mut self, args: &'a Arguments) {
        self.visit_exprs(&args.defaults);
        for default in args.kw_defaults.iter().flatten() {
            self.visit_expr(default);
        }
    }

    fn annotations(&mut self, args: &'a Arguments) {
        for (kind, arg, _) in args.iter() {
            match arg.annotation.as_deref() {
                // `*args: *Ts`
                Some(Expr {
                    kind: ExprKind::Starred { value, .. },
                    ..
                }) if kind == ParameterKind::VarPositional => self.visit_expr(value),
                Some(annotation) => self.visit_expr(annotation),
                None => {}
            }
        }
    }

    fn type_params(&mut self, params: &'a [TypeParam]) {
        for (i, param) in params.iter().enumerate() {
            let name = param.name.name.as_str();
            if self.uses(name).bound {
                let message = format!("duplicate type parameter '{name}'");
                self.error(Code::P009, param.name.span, message);
            }
            self.bind(name, param.name.span);
            let defaulted = params[..i]
                .iter()
                .any(|before| before.default_value.is_some());
            if defaulted && param.default_value.is_none() {
                let message =
                    format!("non-default type parameter '{name}' follows default type parameter");
                self.error(Code::P001, param.span, message);
            }
            let outer = self.scope().forbidden.replace("a TypeVar bound");
            if let TypeParamKind::TypeVar { bound: Some(bound) } = &param.kind {
                self.visit_expr(bound);
            }
            if let Some(default) = &param.default_value {
                // `*Ts = *default`
                match (&param.kind, &default.kind) {
                    (TypeParamKind::TypeVarTuple, ExprKind::Starred { value, .. }) => {
                        self.visit_expr(value)
                    }
                    _ => self.visit_expr(default),
                }
            }
            self.scope().forbidden = outer;
        }
    }

    fn function(&mut self, def: &'a FunctionDef) {
        self.bind_identifier(&def.name);
        self.defaults(&def.args);
        self.visit_exprs(&def.decorator_list);
        let generic = !def.type_params.is_empty();
        if generic {
            self.enter(ScopeKind::TypeParams);
            self.type_params(&def.type_params);
            self.scope().forbidden = Some("the definition of a generic");
        }
        self.annotations(&def.args);
        if let Some(returns) = &def.returns {
            self.visit_expr(returns);
        }
        self.enter(ScopeKind::Function {
            is_async: def.is_async,
        });
        self.bind_parameters(&def.args);
        self.visit_body(&def.body);
        if let (true, true, Some(span)) = (
            def.is_async,
            self.scope().is_generator,
            self.scope().returns,
        ) {
            self.misplaced(span, "'return' with value in async generator");
        }
        self.leave();
        if generic {
            self.leave();
        }
    }

    fn class(&mut self, def: &'a ClassDef) {
        self.bind_identifier(&def.name);
        self.visit_exprs(&def.decorator_list);
        let generic = !def.type_params.is_empty();
        if generic {
            self.enter(ScopeKind::TypeParams);
            self.type_params(&def.type_params);
            self.scope().forbidden = Some("the definition of a generic");
        }
        self.elements(&def.bases);
        for keyword in &def.keywords {
            self.keyword(keyword);
        }
        self.enter(ScopeKind::Class);
        self.visit_body(&def.body);
        self.leave();
        if generic {
            self.leave();
        }
    }

    fn keyword(&mut self, keyword: &'a Keyword) {
        if let Some(arg) = &keyword.arg {
            self.not_debug(&arg.name, arg.span);
        }
        self.visit_expr(&keyword.value);
    }

    /// Expressions among which `*x` may be.
    fn elements(&mut self, exprs: &'a [Expr]) {
        for expr in exprs {
            match &expr.kind {
                ExprKind::Starred { value, .. } => self.visit_expr(value),
                _ => self.visit_expr(expr),
            }
        }
    }

    fn targets(&mut self, elts: &'a [Expr]) {
        let is_starred = |e: &&Expr| matches!(e.kind, ExprKind::Starred { .. });
        if let Some(second) = elts.iter().filter(is_starred).nth(1) {
            self.error(
                Code::P007,
                second.span,
                "multiple starred expressions in assignment",
            );
        }
    }

    fn target(&mut self, target: &'a Expr) {
        match &target.kind {
            ExprKind::Starred { value, .. } => {
                let message = "starred assignment target must be in a list or tuple";
                self.error(Code::P007, target.span, message);
                self.visit_expr(value);
            }
            _ => self.visit_expr(target),
        }
    }

    fn comprehension(
        &mut self,
        span: Span,
        name: &'static str,
        generators: &'a [Comprehension],
        elements: [Option<&'a Expr>; 2],
    ) {
        let Some((first, rest)) = generators.split_first() else {
            return;
        };
        let is_generator = name == "generator expression";
        self.scope().iterables += 1;
        self.visit_expr(&first.iter);
        self.scope().iterables -= 1;
        self.enter(ScopeKind::Comprehension(name));
        self.clause_after_iter(first);
        for clause in rest {
            self.scope().iterables += 1;
            self.visit_expr(&clause.iter);
            self.scope().iterables -= 1;
            self.clause_after_iter(clause);
        }
        for element in elements.into_iter().flatten() {
            self.visit_expr(element);
        }
        let is_async = self.scope().awaits || generators.iter().any(|g| g.is_async);
        self.leave();
        if is_async && !is_generator {
            match self.kind() {
                ScopeKind::Function { is_async: true } => {}
                ScopeKind::Comprehension(_) => self.scope().awaits = true,
                ScopeKind::Function { .. }
                | ScopeKind::Module
                | ScopeKind::Class
                | ScopeKind::Lambda
                | ScopeKind::TypeParams => self.misplaced(
                    span,
                    "asynchronous comprehension outside of an asynchronous function",
                ),
            }
        }
    }

    fn clause_after_iter(&mut self, clause: &'a Comprehension) {
        let mut names = Vec::new();
        target_names(&clause.target, &mut names);
        for (name, span) in names {
            if self.uses(name).named {
                let message = format!(
                    "comprehension inner loop cannot rebind assignment expression target '{name}'"
                );
                self.error(Code::P009, span, message);
            }
            self.uses(name).iteration = true;
        }
        self.target(&clause.target);
        self.visit_exprs(&clause.ifs);
    }

    fn named_expr(&mut self, span: Span, target: &'a Expr) {
        if let Some(place) = self.scope().forbidden {
            self.misplaced(
                span,
                &format!("named expression cannot be used within {place}"),
            );
        }
        let ExprKind::Name { id, .. } = &target.kind else {
            return self.visit_expr(target);
        };
        self.not_debug(id, target.span);
        if self.scope().iterables > 0 {
            let message =
                "assignment expression cannot be used in a comprehension iterable expression";
            return self.misplaced(span, message);
        }
        // It binds in the scope around all comprehensions.
        let mut at = self.current;
        while let ScopeKind::Comprehension(_) = self.scopes[at].kind {
            let uses = self.scopes[at].names.entry(id).or_default();
            uses.named = true;
            if uses.iteration {
                let message = format!(
                    "assignment expression cannot rebind comprehension iteration variable '{id}'"
                );
                return self.error(Code::P009, target.span, message);
            }
            at = self.scopes[at].parent;
        }
        if let (true, Some(place)) = (at != self.current, self.scopes[at].forbidden) {
            let message = format!(
                "assignment expression within a comprehension cannot be used within {place}"
            );
            return self.misplaced(span, &message);
        }
        if at != self.current && self.scopes[at].kind == ScopeKind::Class {
            let message =
                "assignment expression within a comprehension cannot be used in a class body";
            return self.misplaced(span, message);
        }
        self.scopes[at].names.entry(id).or_default().bound = true;
    }

    fn yields(&mut self, span: Span, is_from: bool) {
        if let Some(place) = self.scope().forbidden {
            self.misplaced(
                span,
                &format!("yield expression cannot be used within {place}"),
            );
        }
        match self.kind() {
            ScopeKind::Function { is_async } => {
                if is_from && is_async {
                    self.misplaced(span, "'yield from' inside async function");
                }
            }
            ScopeKind::Lambda => {}
            ScopeKind::Comprehension(name) => {
                self.misplaced(span, &format!("'yield' inside {name}"));
            }
            ScopeKind::Module | ScopeKind::Class => {
                self.misplaced(span, "'yield' outside function");
            }
            ScopeKind::TypeParams => {}
        }
        self.scope().is_generator = true;
    }

    fn awaits(&mut self, span: Span) {
        if let Some(place) = self.scope().forbidden {
            self.misplaced(
                span,
                &format!("await expression cannot be used within {place}"),
            );
        }
        self.scope().awaits = true;
        match self.kind() {
            ScopeKind::Function { is_async: true } | ScopeKind::Comprehension(_) => {}
            ScopeKind::Function { .. } | ScopeKind::Lambda => {
                self.misplaced(span, "'await' outside async function");
            }
            ScopeKind::Module | ScopeKind::Class => {
                self.misplaced(span, "'await' outside function")
            }
            ScopeKind::TypeParams => {}
        }
    }

    fn in_async_function(&self) -> bool {
        self.kind() == ScopeKind::Function { is_async: true }
    }

    fn loop_body(&mut self, body: &'a [Stmt]) {
        self.scope().loops += 1;
        self.visit_body(body);
        self.scope().loops -= 1;
    }

    /// `break`, `continue` and `return` in an `except*`.
    fn leaves_except_star(&mut self, span: Span, is_return: bool) -> bool {
        let loops = self.scope().loops;
        let leaves = match self.scope().except_star {
            Some(outside) => is_return || loops <= outside,
            None => false,
        };
        if leaves {
            let message = "'break', 'continue' and 'return' cannot appear in an except* block";
            self.misplaced(span, message);
        }
        leaves
    }
}

/// All names that a target binds.
fn target_names<'a>(target: &'a Expr, names: &mut Vec<(&'a str, Span)>) {
    match &target.kind {
        ExprKind::Name { id, .. } => names.push((id, target.span)),
        ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => {
            for elt in elts {
                target_names(elt, names);
            }
        }
        ExprKind::Starred { value, .. } => target_names(value, names),
        _ => {}
    }
}

impl<'a> Visitor<'a> for Checker<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        let span = stmt.span;
        match &stmt.kind {
            StmtKind::FunctionDef(def) => self.function(def),
            StmtKind::ClassDef(def) => self.class(def),
            StmtKind::Return { value } => {
                if !matches!(self.kind(), ScopeKind::Function { .. }) {
                    self.misplaced(span, "'return' outside function");
                }
                self.leaves_except_star(span, true);
                if value.is_some() {
                    self.scope().returns.get_or_insert(span);
                }
                visit::walk_stmt(self, stmt);
            }
            StmtKind::Break | StmtKind::Continue => {
                if self.leaves_except_star(span, false) || self.scope().loops > 0 {
                    return;
                }
                let message = match stmt.kind {
                    StmtKind::Break => "'break' outside loop",
                    _ => "'continue' not properly in loop",
                };
                self.misplaced(span, message);
            }
            StmtKind::Assign { targets, value } => {
                self.visit_expr(value);
                for target in targets {
                    self.target(target);
                }
            }
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
                simple,
            } => {
                if let ExprKind::Name { id, .. } = &target.kind {
                    let is_module = self.kind() == ScopeKind::Module;
                    let uses = *self.uses(id);
                    let declared = [(uses.global, "global"), (uses.nonlocal, "nonlocal")];
                    for (place, word) in declared {
                        if let (Some(place), true, false) = (place, *simple, is_module) {
                            let message = format!("annotated name '{id}' can't be {word}");
                            let error = Diagnostic::error(Code::P009, target.span, message);
                            self.diagnostics.push(error.label(place, "declared here"));
                        }
                    }
                    self.uses(id).annotated |= *simple;
                    if *simple || value.is_some() {
                        self.bind(id, target.span);
                    }
                } else {
                    self.target(target);
                }
                self.visit_expr(annotation);
                if let Some(value) = value {
                    self.visit_expr(value);
                }
            }
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
                is_async,
            } => {
                if *is_async && !self.in_async_function() {
                    self.misplaced(span, "'async for' outside async function");
                }
                self.visit_expr(iter);
                self.target(target);
                self.loop_body(body);
                self.visit_body(orelse);
            }
            StmtKind::While { test, body, orelse } => {
                self.visit_expr(test);
                self.loop_body(body);
                self.visit_body(orelse);
            }
            StmtKind::With {
                items,
                body,
                is_async,
            } => {
                if *is_async && !self.in_async_function() {
                    self.misplaced(span, "'async with' outside async function");
                }
                for item in items {
                    self.visit_expr(&item.context_expr);
                    if let Some(vars) = &item.optional_vars {
                        self.target(vars);
                    }
                }
                self.visit_body(body);
            }
            StmtKind::Match { cases, .. } => {
                patterns::check(cases, &mut self.diagnostics);
                visit::walk_stmt(self, stmt);
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finalbody,
                is_star,
            } => {
                self.visit_body(body);
                let last = handlers.len().saturating_sub(1);
                for (i, handler) in handlers.iter().enumerate() {
                    if handler.type_.is_none() && i < last {
                        self.error(Code::P001, handler.span, "default 'except:' must be last");
                    }
                    let outer = self.scope().except_star;
                    if *is_star {
                        self.scope().except_star = Some(self.scopes[self.current].loops);
                    }
                    self.visit_handler(handler);
                    self.scope().except_star = outer;
                }
                self.visit_body(orelse);
                self.visit_body(finalbody);
            }
            StmtKind::Import { names } => self.imports(names),
            StmtKind::ImportFrom { names, .. } => {
                let star = names.iter().find(|alias| alias.name.name == "*");
                if star.is_some() && self.kind() != ScopeKind::Module {
                    self.misplaced(span, "import * only allowed at module level");
                }
                self.imports(names);
            }
            StmtKind::Global { names } => self.declare(names, true),
            StmtKind::Nonlocal { names } => self.declare(names, false),
            StmtKind::TypeAlias {
                name,
                type_params,
                value,
            } => {
                self.visit_expr(name);
                self.enter(ScopeKind::TypeParams);
                self.type_params(type_params);
                self.scope().forbidden = Some("a type alias");
                self.visit_expr(value);
                self.leave();
            }
            StmtKind::Delete { .. }
            | StmtKind::AugAssign { .. }
            | StmtKind::If { .. }
            | StmtKind::Raise { .. }
            | StmtKind::Assert { .. }
            | StmtKind::Expr { .. }
            | StmtKind::Pass => visit::walk_stmt(self, stmt),
        }
    }

    fn visit_handler(&mut self, handler: &'a ExceptHandler) {
        if let Some(type_) = &handler.type_ {
            self.visit_expr(type_);
        }
        if let Some(name) = &handler.name {
            self.bind_identifier(name);
        }
        self.visit_body(&handler.body);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        match &pattern.kind {
            PatternKind::MatchStar { name } | PatternKind::MatchAs { name, .. } => {
                if let Some(name) = name {
                    self.bind_identifier(name);
                }
            }
            PatternKind::MatchMapping { rest, .. } => {
                if let Some(rest) = rest {
                    self.bind_identifier(rest);
                }
            }
            PatternKind::MatchClass { kwd_attrs, .. } => {
                for attr in kwd_attrs {
                    self.not_debug(&attr.name, attr.span);
                }
            }
            PatternKind::MatchValue { .. }
            | PatternKind::MatchSingleton { .. }
            | PatternKind::MatchSequence { .. }
            | PatternKind::MatchOr { .. } => {}
        }
        visit::walk_pattern(self, pattern);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        let span = expr.span;
        match &expr.kind {
            ExprKind::Name { id, ctx } => match ctx {
                ExprContext::Load => self.uses(id).used = true,
                ExprContext::Store => self.bind(id, span),
                ExprContext::Del => {
                    if id == "__debug__" {
                        self.error(Code::P007, span, "cannot delete __debug__");
                    }
                    self.uses(id).bound = true;
                }
            },
            ExprKind::Attribute { attr, ctx, value } => {
                match (ctx, attr.name.as_str()) {
                    (ExprContext::Store, "__debug__") => {
                        self.error(Code::P007, span, "cannot assign to __debug__");
                    }
                    (ExprContext::Del, "__debug__") => {
                        self.error(Code::P007, span, "cannot delete __debug__");
                    }
                    _ => {}
                }
                self.visit_expr(value);
            }
            ExprKind::Starred { value, .. } => {
                self.misplaced(span, "can't use starred expression here");
                self.visit_expr(value);
            }
            ExprKind::Tuple { elts, ctx } | ExprKind::List { elts, ctx } => {
                if *ctx == ExprContext::Store {
                    self.targets(elts);
                }
                self.elements(elts);
            }
            ExprKind::Set { elts } => self.elements(elts),
            ExprKind::Call {
                func,
                args,
                keywords,
            } => {
                self.visit_expr(func);
                self.elements(args);
                for keyword in keywords {
                    self.keyword(keyword);
                }
            }
            ExprKind::Lambda { args, body } => {
                self.defaults(args);
                self.enter(ScopeKind::Lambda);
                self.bind_parameters(args);
                self.visit_expr(body);
                self.leave();
            }
            ExprKind::NamedExpr { target, value } => {
                self.visit_expr(value);
                self.named_expr(span, target);
            }
            ExprKind::Yield { .. } => {
                self.yields(span, false);
                visit::walk_expr(self, expr);
            }
            ExprKind::YieldFrom { .. } => {
                self.yields(span, true);
                visit::walk_expr(self, expr);
            }
            ExprKind::Await { .. } => {
                self.awaits(span);
                visit::walk_expr(self, expr);
            }
            ExprKind::ListComp { elt, generators } => {
                self.comprehension(span, "list comprehension", generators, [Some(elt), None]);
            }
            ExprKind::SetComp { elt, generators } => {
                self.comprehension(span, "set comprehension", generators, [Some(elt), None]);
            }
            ExprKind::GeneratorExp { elt, generators } => {
                self.comprehension(span, "generator expression", generators, [Some(elt), None]);
            }
            ExprKind::DictComp {
                key,
                value,
                generators,
            } => {
                let elements = [Some(&**key), Some(&**value)];
                self.comprehension(span, "dict comprehension", generators, elements);
            }
            ExprKind::BoolOp { .. }
            | ExprKind::BinOp { .. }
            | ExprKind::UnaryOp { .. }
            | ExprKind::IfExp { .. }
            | ExprKind::Dict { .. }
            | ExprKind::Compare { .. }
            | ExprKind::FormattedValue { .. }
            | ExprKind::JoinedStr { .. }
            | ExprKind::Constant { .. }
            | ExprKind::Subscript { .. }
            | ExprKind::Slice { .. } => visit::walk_expr(self, expr),
        }
    }
}

impl<'a> Checker<'a> {
    fn imports(&mut self, names: &'a [Alias]) {
        for alias in names {
            match &alias.asname {
                Some(asname) => self.bind_identifier(asname),
                None if alias.name.name == "*" => {}
                None => {
                    let first = alias.name.name.split('.').next().unwrap_or_default();
                    self.bind(first, alias.name.span);
                }
            }
        }
    }
}
