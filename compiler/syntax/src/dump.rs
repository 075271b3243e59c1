//! The tree as text, for `--emit ast` and for the comparison with CPython's own tree.
//!
//! One node a line: the class name of CPython's `ast`, its place (line from 1, byte column from 0, as `ast` counts), and
//! its plain values; below it, indented, the nodes that it holds. What is empty or absent is not shown, so the text does
//! not depend on a version of Python.

use std::fmt::Write;

use snek_diagnostics::{SourceFile, Span};

use crate::ast::*;

mod constants;

pub use constants::constant;
use constants::quote;

/// Dumps a module with all places.
pub fn dump(module: &Module, source: &SourceFile) -> String {
    dump_with(module, source, true)
}

/// Dumps a module, without the places inside of f-strings (which CPython 3.11 does not know well) if so wished.
pub fn dump_with(module: &Module, source: &SourceFile, fstring_places: bool) -> String {
    let mut dumper = Dumper {
        out: String::new(),
        source,
        indent: 0,
        fstring_places,
        in_fstring: 0,
    };
    dumper.out.push_str("Module\n");
    dumper.stmts("body", &module.body);
    dumper.out
}

struct Dumper<'a> {
    out: String,
    source: &'a SourceFile,
    indent: usize,
    fstring_places: bool,
    in_fstring: u32,
}

impl Dumper<'_> {
    /// Starts a node's line.
    fn node(&mut self, label: &str, class: &str, span: Option<Span>) {
        self.indent += 1;
        for _ in 0..self.indent {
            self.out.push(' ');
        }
        self.out.push_str(label);
        self.out.push(':');
        self.out.push_str(class);
        if let Some(span) = span
            && (self.in_fstring == 0 || self.fstring_places)
        {
            let (line, column) = self.position(span.start);
            let (end_line, end_column) = self.position(span.end);
            let _ = write!(self.out, " {line}:{column}-{end_line}:{end_column}");
        }
    }

    fn position(&self, offset: u32) -> (u32, u32) {
        let line = self.source.line_index(offset);
        let start = self
            .source
            .line_range(line)
            .map_or(0, |range| range.start as u32);
        (line + 1, offset - start)
    }

    /// Adds a plain value to the node's line.
    fn value(&mut self, field: &str, value: &str) {
        let _ = write!(self.out, " {field}={value}");
    }

    fn string(&mut self, field: &str, value: &str) {
        let quoted = quote(value.chars().map(u32::from));
        self.value(field, &quoted);
    }

    fn name(&mut self, field: &str, name: &Identifier) {
        self.string(field, &name.name);
    }

    fn optional_name(&mut self, field: &str, name: Option<&Identifier>) {
        if let Some(name) = name {
            self.name(field, name);
        }
    }

    fn names(&mut self, field: &str, names: &[Identifier]) {
        for name in names {
            self.name(field, name);
        }
    }

    /// Ends a node's line; its children follow.
    fn line(&mut self) {
        self.out.push('\n');
    }

    /// Ends a node.
    fn end(&mut self) {
        self.indent -= 1;
    }

    fn none(&mut self, label: &str) {
        self.node(label, "None", None);
        self.line();
        self.end();
    }

    fn stmts(&mut self, label: &str, stmts: &[Stmt]) {
        for stmt in stmts {
            self.stmt(label, stmt);
        }
    }

    fn stmt(&mut self, label: &str, stmt: &Stmt) {
        let span = Some(stmt.span);
        let mut open = |class: &str| self.node(label, class, span);
        match &stmt.kind {
            StmtKind::FunctionDef(def) => {
                open(if def.is_async {
                    "AsyncFunctionDef"
                } else {
                    "FunctionDef"
                });
                self.name("name", &def.name);
                self.line();
                self.arguments(&def.args);
                self.stmts("body", &def.body);
                self.exprs("decorator_list", &def.decorator_list);
                self.optional("returns", def.returns.as_deref());
                self.type_params(&def.type_params);
            }
            StmtKind::ClassDef(def) => {
                open("ClassDef");
                self.name("name", &def.name);
                self.line();
                self.exprs("bases", &def.bases);
                self.keywords(&def.keywords);
                self.stmts("body", &def.body);
                self.exprs("decorator_list", &def.decorator_list);
                self.type_params(&def.type_params);
            }
            StmtKind::Return { value } => {
                open("Return");
                self.line();
                self.optional("value", value.as_deref());
            }
            StmtKind::Delete { targets } => {
                open("Delete");
                self.line();
                self.exprs("targets", targets);
            }
            StmtKind::Assign { targets, value } => {
                open("Assign");
                self.line();
                self.exprs("targets", targets);
                self.expr("value", value);
            }
            StmtKind::TypeAlias {
                name,
                type_params,
                value,
            } => {
                open("TypeAlias");
                self.line();
                self.expr("name", name);
                self.type_params(type_params);
                self.expr("value", value);
            }
            StmtKind::AugAssign { target, op, value } => {
                open("AugAssign");
                self.value("op", operator_class(*op));
                self.line();
                self.expr("target", target);
                self.expr("value", value);
            }
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
                simple,
            } => {
                open("AnnAssign");
                self.flag("simple", *simple);
                self.line();
                self.expr("target", target);
                self.expr("annotation", annotation);
                self.optional("value", value.as_deref());
            }
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
                is_async,
            } => {
                open(if *is_async { "AsyncFor" } else { "For" });
                self.line();
                self.expr("target", target);
                self.expr("iter", iter);
                self.stmts("body", body);
                self.stmts("orelse", orelse);
            }
            StmtKind::While { test, body, orelse } => {
                open("While");
                self.line();
                self.expr("test", test);
                self.stmts("body", body);
                self.stmts("orelse", orelse);
            }
            StmtKind::If { test, body, orelse } => {
                open("If");
                self.line();
                self.expr("test", test);
                self.stmts("body", body);
                self.stmts("orelse", orelse);
            }
            StmtKind::With {
                items,
                body,
                is_async,
            } => {
                open(if *is_async { "AsyncWith" } else { "With" });
                self.line();
                for item in items {
                    self.node("items", "withitem", None);
                    self.line();
                    self.expr("context_expr", &item.context_expr);
                    self.optional("optional_vars", item.optional_vars.as_deref());
                    self.end();
                }
                self.stmts("body", body);
            }
            StmtKind::Match { subject, cases } => {
                open("Match");
                self.line();
                self.expr("subject", subject);
                for case in cases {
                    self.node("cases", "match_case", None);
                    self.line();
                    self.pattern("pattern", &case.pattern);
                    self.optional("guard", case.guard.as_deref());
                    self.stmts("body", &case.body);
                    self.end();
                }
            }
            StmtKind::Raise { exc, cause } => {
                open("Raise");
                self.line();
                self.optional("exc", exc.as_deref());
                self.optional("cause", cause.as_deref());
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finalbody,
                is_star,
            } => {
                open(if *is_star { "TryStar" } else { "Try" });
                self.line();
                self.stmts("body", body);
                for handler in handlers {
                    self.node("handlers", "ExceptHandler", Some(handler.span));
                    self.optional_name("name", handler.name.as_ref());
                    self.line();
                    self.optional("type", handler.type_.as_deref());
                    self.stmts("body", &handler.body);
                    self.end();
                }
                self.stmts("orelse", orelse);
                self.stmts("finalbody", finalbody);
            }
            StmtKind::Assert { test, msg } => {
                open("Assert");
                self.line();
                self.expr("test", test);
                self.optional("msg", msg.as_deref());
            }
            StmtKind::Import { names } => {
                open("Import");
                self.line();
                self.aliases(names);
            }
            StmtKind::ImportFrom {
                module,
                names,
                level,
            } => {
                open("ImportFrom");
                self.optional_name("module", module.as_ref());
                if *level > 0 {
                    self.value("level", &level.to_string());
                }
                self.line();
                self.aliases(names);
            }
            StmtKind::Global { names } => {
                open("Global");
                self.names("names", names);
                self.line();
            }
            StmtKind::Nonlocal { names } => {
                open("Nonlocal");
                self.names("names", names);
                self.line();
            }
            StmtKind::Expr { value } => {
                open("Expr");
                self.line();
                self.expr("value", value);
            }
            StmtKind::Pass => {
                open("Pass");
                self.line();
            }
            StmtKind::Break => {
                open("Break");
                self.line();
            }
            StmtKind::Continue => {
                open("Continue");
                self.line();
            }
        }
        self.end();
    }

    fn flag(&mut self, field: &str, set: bool) {
        if set {
            self.value(field, "1");
        }
    }

    fn aliases(&mut self, names: &[Alias]) {
        for alias in names {
            self.node("names", "alias", Some(alias.span));
            self.name("name", &alias.name);
            self.optional_name("asname", alias.asname.as_ref());
            self.line();
            self.end();
        }
    }

    fn arguments(&mut self, args: &Arguments) {
        self.node("args", "arguments", None);
        self.line();
        self.args("posonlyargs", &args.posonlyargs);
        self.args("args", &args.args);
        self.args("vararg", args.vararg.as_deref());
        self.args("kwonlyargs", &args.kwonlyargs);
        for default in &args.kw_defaults {
            match default {
                Some(default) => self.expr("kw_defaults", default),
                None => self.none("kw_defaults"),
            }
        }
        self.args("kwarg", args.kwarg.as_deref());
        self.exprs("defaults", &args.defaults);
        self.end();
    }

    fn args<'b>(&mut self, label: &str, args: impl IntoIterator<Item = &'b Arg>) {
        for arg in args {
            self.node(label, "arg", Some(arg.span));
            self.name("arg", &arg.arg);
            self.line();
            self.optional("annotation", arg.annotation.as_deref());
            self.end();
        }
    }

    fn keywords(&mut self, keywords: &[Keyword]) {
        for keyword in keywords {
            self.node("keywords", "keyword", Some(keyword.span));
            self.optional_name("arg", keyword.arg.as_ref());
            self.line();
            self.expr("value", &keyword.value);
            self.end();
        }
    }

    fn type_params(&mut self, params: &[TypeParam]) {
        for param in params {
            let class = match &param.kind {
                TypeParamKind::TypeVar { .. } => "TypeVar",
                TypeParamKind::TypeVarTuple => "TypeVarTuple",
                TypeParamKind::ParamSpec => "ParamSpec",
            };
            self.node("type_params", class, Some(param.span));
            self.name("name", &param.name);
            self.line();
            if let TypeParamKind::TypeVar { bound } = &param.kind {
                self.optional("bound", bound.as_deref());
            }
            self.optional("default_value", param.default_value.as_deref());
            self.end();
        }
    }

    fn pattern(&mut self, label: &str, pattern: &Pattern) {
        let span = Some(pattern.span);
        let mut open = |class: &str| self.node(label, class, span);
        match &pattern.kind {
            PatternKind::MatchValue { value } => {
                open("MatchValue");
                self.line();
                self.expr("value", value);
            }
            PatternKind::MatchSingleton { value } => {
                open("MatchSingleton");
                self.value("value", &constant(value));
                self.line();
            }
            PatternKind::MatchSequence { patterns } => {
                open("MatchSequence");
                self.line();
                self.patterns("patterns", patterns);
            }
            PatternKind::MatchMapping {
                keys,
                patterns,
                rest,
            } => {
                open("MatchMapping");
                self.optional_name("rest", rest.as_ref());
                self.line();
                self.exprs("keys", keys);
                self.patterns("patterns", patterns);
            }
            PatternKind::MatchClass {
                cls,
                patterns,
                kwd_attrs,
                kwd_patterns,
            } => {
                open("MatchClass");
                self.names("kwd_attrs", kwd_attrs);
                self.line();
                self.expr("cls", cls);
                self.patterns("patterns", patterns);
                self.patterns("kwd_patterns", kwd_patterns);
            }
            PatternKind::MatchStar { name } => {
                open("MatchStar");
                self.optional_name("name", name.as_ref());
                self.line();
            }
            PatternKind::MatchAs { pattern, name } => {
                open("MatchAs");
                self.optional_name("name", name.as_ref());
                self.line();
                if let Some(pattern) = pattern {
                    self.pattern("pattern", pattern);
                }
            }
            PatternKind::MatchOr { patterns } => {
                open("MatchOr");
                self.line();
                self.patterns("patterns", patterns);
            }
        }
        self.end();
    }

    fn patterns(&mut self, label: &str, patterns: &[Pattern]) {
        for pattern in patterns {
            self.pattern(label, pattern);
        }
    }

    fn exprs(&mut self, label: &str, exprs: &[Expr]) {
        for expr in exprs {
            self.expr(label, expr);
        }
    }

    fn optional(&mut self, label: &str, expr: Option<&Expr>) {
        if let Some(expr) = expr {
            self.expr(label, expr);
        }
    }

    fn generators(&mut self, generators: &[Comprehension]) {
        for generator in generators {
            self.node("generators", "comprehension", None);
            self.flag("is_async", generator.is_async);
            self.line();
            self.expr("target", &generator.target);
            self.expr("iter", &generator.iter);
            self.exprs("ifs", &generator.ifs);
            self.end();
        }
    }

    fn context(&mut self, ctx: ExprContext) {
        match ctx {
            ExprContext::Load => {}
            ExprContext::Store => self.value("ctx", "Store"),
            ExprContext::Del => self.value("ctx", "Del"),
        }
    }

    fn expr(&mut self, label: &str, expr: &Expr) {
        let span = Some(expr.span);
        let mut open = |class: &str| self.node(label, class, span);
        match &expr.kind {
            ExprKind::BoolOp { op, values } => {
                open("BoolOp");
                let class = match op {
                    BoolOp::And => "And",
                    BoolOp::Or => "Or",
                };
                self.value("op", class);
                self.line();
                self.exprs("values", values);
            }
            ExprKind::NamedExpr { target, value } => {
                open("NamedExpr");
                self.line();
                self.expr("target", target);
                self.expr("value", value);
            }
            ExprKind::BinOp { left, op, right } => {
                open("BinOp");
                self.value("op", operator_class(*op));
                self.line();
                self.expr("left", left);
                self.expr("right", right);
            }
            ExprKind::UnaryOp { op, operand } => {
                open("UnaryOp");
                let class = match op {
                    UnaryOp::Invert => "Invert",
                    UnaryOp::Not => "Not",
                    UnaryOp::UAdd => "UAdd",
                    UnaryOp::USub => "USub",
                };
                self.value("op", class);
                self.line();
                self.expr("operand", operand);
            }
            ExprKind::Lambda { args, body } => {
                open("Lambda");
                self.line();
                self.arguments(args);
                self.expr("body", body);
            }
            ExprKind::IfExp { test, body, orelse } => {
                open("IfExp");
                self.line();
                self.expr("test", test);
                self.expr("body", body);
                self.expr("orelse", orelse);
            }
            ExprKind::Dict { keys, values } => {
                open("Dict");
                self.line();
                for key in keys {
                    match key {
                        Some(key) => self.expr("keys", key),
                        None => self.none("keys"),
                    }
                }
                self.exprs("values", values);
            }
            ExprKind::Set { elts } => {
                open("Set");
                self.line();
                self.exprs("elts", elts);
            }
            ExprKind::ListComp { elt, generators } => {
                open("ListComp");
                self.line();
                self.expr("elt", elt);
                self.generators(generators);
            }
            ExprKind::SetComp { elt, generators } => {
                open("SetComp");
                self.line();
                self.expr("elt", elt);
                self.generators(generators);
            }
            ExprKind::DictComp {
                key,
                value,
                generators,
            } => {
                open("DictComp");
                self.line();
                self.expr("key", key);
                self.expr("value", value);
                self.generators(generators);
            }
            ExprKind::GeneratorExp { elt, generators } => {
                open("GeneratorExp");
                self.line();
                self.expr("elt", elt);
                self.generators(generators);
            }
            ExprKind::Await { value } => {
                open("Await");
                self.line();
                self.expr("value", value);
            }
            ExprKind::Yield { value } => {
                open("Yield");
                self.line();
                self.optional("value", value.as_deref());
            }
            ExprKind::YieldFrom { value } => {
                open("YieldFrom");
                self.line();
                self.expr("value", value);
            }
            ExprKind::Compare {
                left,
                ops,
                comparators,
            } => {
                open("Compare");
                for op in ops {
                    self.value("ops", comparison_class(*op));
                }
                self.line();
                self.expr("left", left);
                self.exprs("comparators", comparators);
            }
            ExprKind::Call {
                func,
                args,
                keywords,
            } => {
                open("Call");
                self.line();
                self.expr("func", func);
                self.exprs("args", args);
                self.keywords(keywords);
            }
            ExprKind::FormattedValue {
                value,
                conversion,
                format_spec,
            } => {
                open("FormattedValue");
                match conversion {
                    None => {}
                    Some(Conversion::Str) => self.value("conversion", "s"),
                    Some(Conversion::Repr) => self.value("conversion", "r"),
                    Some(Conversion::Ascii) => self.value("conversion", "a"),
                }
                self.line();
                self.expr("value", value);
                self.optional("format_spec", format_spec.as_deref());
            }
            ExprKind::JoinedStr { values } => {
                open("JoinedStr");
                self.line();
                self.in_fstring += 1;
                self.exprs("values", values);
                self.in_fstring -= 1;
            }
            ExprKind::Constant { value } => {
                open("Constant");
                self.value("value", &constant(value));
                self.line();
            }
            ExprKind::Attribute { value, attr, ctx } => {
                open("Attribute");
                self.name("attr", attr);
                self.context(*ctx);
                self.line();
                self.expr("value", value);
            }
            ExprKind::Subscript { value, slice, ctx } => {
                open("Subscript");
                self.context(*ctx);
                self.line();
                self.expr("value", value);
                self.expr("slice", slice);
            }
            ExprKind::Starred { value, ctx } => {
                open("Starred");
                self.context(*ctx);
                self.line();
                self.expr("value", value);
            }
            ExprKind::Name { id, ctx } => {
                open("Name");
                self.string("id", id);
                self.context(*ctx);
                self.line();
            }
            ExprKind::List { elts, ctx } => {
                open("List");
                self.context(*ctx);
                self.line();
                self.exprs("elts", elts);
            }
            ExprKind::Tuple { elts, ctx } => {
                open("Tuple");
                self.context(*ctx);
                self.line();
                self.exprs("elts", elts);
            }
            ExprKind::Slice { lower, upper, step } => {
                open("Slice");
                self.line();
                self.optional("lower", lower.as_deref());
                self.optional("upper", upper.as_deref());
                self.optional("step", step.as_deref());
            }
        }
        self.end();
    }
}

fn operator_class(op: Operator) -> &'static str {
    match op {
        Operator::Add => "Add",
        Operator::Sub => "Sub",
        Operator::Mult => "Mult",
        Operator::MatMult => "MatMult",
        Operator::Div => "Div",
        Operator::Mod => "Mod",
        Operator::Pow => "Pow",
        Operator::LShift => "LShift",
        Operator::RShift => "RShift",
        Operator::BitOr => "BitOr",
        Operator::BitXor => "BitXor",
        Operator::BitAnd => "BitAnd",
        Operator::FloorDiv => "FloorDiv",
    }
}

fn comparison_class(op: CmpOp) -> &'static str {
    match op {
        CmpOp::Eq => "Eq",
        CmpOp::NotEq => "NotEq",
        CmpOp::Lt => "Lt",
        CmpOp::LtE => "LtE",
        CmpOp::Gt => "Gt",
        CmpOp::GtE => "GtE",
        CmpOp::Is => "Is",
        CmpOp::IsNot => "IsNot",
        CmpOp::In => "In",
        CmpOp::NotIn => "NotIn",
    }
}
