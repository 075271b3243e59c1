//! A walk over the tree: override what you care about and call the `walk_*` function to go on below it.
//!
//! Children come in the order of the source, but for what CPython evaluates or binds first: values of assignments before
//! their targets.

use crate::ast::*;

/// Visits nodes of a tree.
pub trait Visitor<'a> {
    /// A statement.
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        walk_stmt(self, stmt);
    }

    /// An expression in any context.
    fn visit_expr(&mut self, expr: &'a Expr) {
        walk_expr(self, expr);
    }

    /// A pattern of a `case`.
    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        walk_pattern(self, pattern);
    }

    /// A `for` clause of a comprehension.
    fn visit_comprehension(&mut self, comprehension: &'a Comprehension) {
        walk_comprehension(self, comprehension);
    }

    /// Parameters of a function or lambda: annotations and defaults.
    fn visit_arguments(&mut self, args: &'a Arguments) {
        walk_arguments(self, args);
    }

    /// A type parameter.
    fn visit_type_param(&mut self, param: &'a TypeParam) {
        walk_type_param(self, param);
    }

    /// An `except` clause.
    fn visit_handler(&mut self, handler: &'a ExceptHandler) {
        walk_handler(self, handler);
    }

    /// A list of statements.
    fn visit_body(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            self.visit_stmt(stmt);
        }
    }

    /// A list of expressions.
    fn visit_exprs(&mut self, exprs: &'a [Expr]) {
        for expr in exprs {
            self.visit_expr(expr);
        }
    }
}

fn optional<'a, V: Visitor<'a> + ?Sized>(v: &mut V, expr: &'a Option<Box<Expr>>) {
    if let Some(expr) = expr {
        v.visit_expr(expr);
    }
}

/// Visits what a statement holds.
pub fn walk_stmt<'a, V: Visitor<'a> + ?Sized>(v: &mut V, stmt: &'a Stmt) {
    match &stmt.kind {
        StmtKind::FunctionDef(def) => {
            v.visit_exprs(&def.decorator_list);
            for param in &def.type_params {
                v.visit_type_param(param);
            }
            v.visit_arguments(&def.args);
            optional(v, &def.returns);
            v.visit_body(&def.body);
        }
        StmtKind::ClassDef(def) => {
            v.visit_exprs(&def.decorator_list);
            for param in &def.type_params {
                v.visit_type_param(param);
            }
            v.visit_exprs(&def.bases);
            for keyword in &def.keywords {
                v.visit_expr(&keyword.value);
            }
            v.visit_body(&def.body);
        }
        StmtKind::Return { value } => optional(v, value),
        StmtKind::Delete { targets } => v.visit_exprs(targets),
        StmtKind::Assign { targets, value } => {
            v.visit_expr(value);
            v.visit_exprs(targets);
        }
        StmtKind::TypeAlias {
            name,
            type_params,
            value,
        } => {
            v.visit_expr(name);
            for param in type_params {
                v.visit_type_param(param);
            }
            v.visit_expr(value);
        }
        StmtKind::AugAssign { target, value, .. } => {
            v.visit_expr(target);
            v.visit_expr(value);
        }
        StmtKind::AnnAssign {
            target,
            annotation,
            value,
            ..
        } => {
            v.visit_expr(annotation);
            optional(v, value);
            v.visit_expr(target);
        }
        StmtKind::For {
            target,
            iter,
            body,
            orelse,
            ..
        } => {
            v.visit_expr(iter);
            v.visit_expr(target);
            v.visit_body(body);
            v.visit_body(orelse);
        }
        StmtKind::While { test, body, orelse } | StmtKind::If { test, body, orelse } => {
            v.visit_expr(test);
            v.visit_body(body);
            v.visit_body(orelse);
        }
        StmtKind::With { items, body, .. } => {
            for item in items {
                v.visit_expr(&item.context_expr);
                optional(v, &item.optional_vars);
            }
            v.visit_body(body);
        }
        StmtKind::Match { subject, cases } => {
            v.visit_expr(subject);
            for case in cases {
                v.visit_pattern(&case.pattern);
                optional(v, &case.guard);
                v.visit_body(&case.body);
            }
        }
        StmtKind::Raise { exc, cause } => {
            optional(v, exc);
            optional(v, cause);
        }
        StmtKind::Try {
            body,
            handlers,
            orelse,
            finalbody,
            ..
        } => {
            v.visit_body(body);
            for handler in handlers {
                v.visit_handler(handler);
            }
            v.visit_body(orelse);
            v.visit_body(finalbody);
        }
        StmtKind::Assert { test, msg } => {
            v.visit_expr(test);
            optional(v, msg);
        }
        StmtKind::Expr { value } => v.visit_expr(value),
        StmtKind::Import { .. }
        | StmtKind::ImportFrom { .. }
        | StmtKind::Global { .. }
        | StmtKind::Nonlocal { .. }
        | StmtKind::Pass
        | StmtKind::Break
        | StmtKind::Continue => {}
    }
}

/// Visits what an expression holds.
pub fn walk_expr<'a, V: Visitor<'a> + ?Sized>(v: &mut V, expr: &'a Expr) {
    match &expr.kind {
        ExprKind::BoolOp { values, .. } | ExprKind::JoinedStr { values } => v.visit_exprs(values),
        ExprKind::NamedExpr { target, value } => {
            v.visit_expr(value);
            v.visit_expr(target);
        }
        ExprKind::BinOp { left, right, .. } => {
            v.visit_expr(left);
            v.visit_expr(right);
        }
        ExprKind::UnaryOp { operand, .. } => v.visit_expr(operand),
        ExprKind::Lambda { args, body } => {
            v.visit_arguments(args);
            v.visit_expr(body);
        }
        ExprKind::IfExp { test, body, orelse } => {
            v.visit_expr(test);
            v.visit_expr(body);
            v.visit_expr(orelse);
        }
        ExprKind::Dict { keys, values } => {
            for (key, value) in keys.iter().zip(values) {
                if let Some(key) = key {
                    v.visit_expr(key);
                }
                v.visit_expr(value);
            }
        }
        ExprKind::ListComp { elt, generators }
        | ExprKind::SetComp { elt, generators }
        | ExprKind::GeneratorExp { elt, generators } => {
            for generator in generators {
                v.visit_comprehension(generator);
            }
            v.visit_expr(elt);
        }
        ExprKind::DictComp {
            key,
            value,
            generators,
        } => {
            for generator in generators {
                v.visit_comprehension(generator);
            }
            v.visit_expr(key);
            v.visit_expr(value);
        }
        ExprKind::Await { value }
        | ExprKind::YieldFrom { value }
        | ExprKind::Attribute { value, .. }
        | ExprKind::Starred { value, .. } => v.visit_expr(value),
        ExprKind::Yield { value } => optional(v, value),
        ExprKind::Compare {
            left, comparators, ..
        } => {
            v.visit_expr(left);
            v.visit_exprs(comparators);
        }
        ExprKind::Call {
            func,
            args,
            keywords,
        } => {
            v.visit_expr(func);
            v.visit_exprs(args);
            for keyword in keywords {
                v.visit_expr(&keyword.value);
            }
        }
        ExprKind::FormattedValue {
            value, format_spec, ..
        } => {
            v.visit_expr(value);
            optional(v, format_spec);
        }
        ExprKind::Subscript { value, slice, .. } => {
            v.visit_expr(value);
            v.visit_expr(slice);
        }
        ExprKind::Set { elts } | ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => {
            v.visit_exprs(elts);
        }
        ExprKind::Slice { lower, upper, step } => {
            optional(v, lower);
            optional(v, upper);
            optional(v, step);
        }
        ExprKind::Constant { .. } | ExprKind::Name { .. } => {}
    }
}

/// Visits what a pattern holds.
pub fn walk_pattern<'a, V: Visitor<'a> + ?Sized>(v: &mut V, pattern: &'a Pattern) {
    match &pattern.kind {
        PatternKind::MatchValue { value } => v.visit_expr(value),
        PatternKind::MatchSingleton { .. } | PatternKind::MatchStar { .. } => {}
        PatternKind::MatchSequence { patterns } | PatternKind::MatchOr { patterns } => {
            for pattern in patterns {
                v.visit_pattern(pattern);
            }
        }
        PatternKind::MatchMapping { keys, patterns, .. } => {
            v.visit_exprs(keys);
            for pattern in patterns {
                v.visit_pattern(pattern);
            }
        }
        PatternKind::MatchClass {
            cls,
            patterns,
            kwd_patterns,
            ..
        } => {
            v.visit_expr(cls);
            for pattern in patterns.iter().chain(kwd_patterns) {
                v.visit_pattern(pattern);
            }
        }
        PatternKind::MatchAs { pattern, .. } => {
            if let Some(pattern) = pattern {
                v.visit_pattern(pattern);
            }
        }
    }
}

/// Visits what a `for` clause of a comprehension holds.
pub fn walk_comprehension<'a, V: Visitor<'a> + ?Sized>(v: &mut V, clause: &'a Comprehension) {
    v.visit_expr(&clause.iter);
    v.visit_expr(&clause.target);
    v.visit_exprs(&clause.ifs);
}

/// Visits annotations and defaults.
pub fn walk_arguments<'a, V: Visitor<'a> + ?Sized>(v: &mut V, args: &'a Arguments) {
    for (_, arg, default) in args.iter() {
        optional(v, &arg.annotation);
        if let Some(default) = default {
            v.visit_expr(default);
        }
    }
}

/// Visits the bound and the default of a type parameter.
pub fn walk_type_param<'a, V: Visitor<'a> + ?Sized>(v: &mut V, param: &'a TypeParam) {
    match &param.kind {
        TypeParamKind::TypeVar { bound } => optional(v, bound),
        TypeParamKind::TypeVarTuple | TypeParamKind::ParamSpec => {}
    }
    optional(v, &param.default_value);
}

/// Visits what an `except` clause holds.
pub fn walk_handler<'a, V: Visitor<'a> + ?Sized>(v: &mut V, handler: &'a ExceptHandler) {
    optional(v, &handler.type_);
    v.visit_body(&handler.body);
}
