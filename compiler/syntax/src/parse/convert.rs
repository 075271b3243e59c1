//! The parser crate's tree to ours, node by node.

use snek_diagnostics::{Code, Diagnostic, FileId, Span};

use super::{Ranged, TextRange, r, too_deep};
use crate::ast::*;
use crate::{Dialect, MAX_DEPTH};

/// Where the text that is parsed stands in the file.
#[derive(Clone, Copy)]
pub enum Place {
    /// It starts at this offset.
    Offset {
        /// The file.
        file: FileId,
        /// Where the text starts.
        offset: u32,
    },
    /// It is the value of a string with escapes: all nodes get this span.
    Whole(Span),
}

impl Place {
    pub(super) fn file(self) -> FileId {
        match self {
            Place::Offset { file, .. } => file,
            Place::Whole(span) => span.file,
        }
    }

    pub(super) fn span(self, range: TextRange) -> Span {
        match self {
            Place::Offset { file, offset } => Span::new(
                file,
                offset + range.start().to_u32(),
                offset + range.end().to_u32(),
            ),
            Place::Whole(span) => span,
        }
    }
}

pub(super) struct Converter<'a> {
    pub(super) place: Place,
    pub(super) text: &'a str,
    pub(super) depth: u32,
    pub(super) minor: u8,
    /// How many format specs of the current f-string we are in.
    pub(super) specs: u32,
    /// The first thing that could not be converted.
    error: Option<Diagnostic>,
}

impl<'a> Converter<'a> {
    pub(super) fn new(place: Place, text: &'a str, dialect: Dialect) -> Self {
        Self {
            place,
            text,
            depth: 0,
            minor: dialect.minor,
            specs: 0,
            error: None,
        }
    }

    pub(super) fn whole<T>(
        mut self,
        convert: impl FnOnce(&mut Self) -> T,
    ) -> Result<T, Diagnostic> {
        let tree = convert(&mut self);
        match self.error {
            None => Ok(tree),
            Some(error) => Err(error),
        }
    }

    pub(super) fn span(&self, node: &impl Ranged) -> Span {
        self.place.span(node.range())
    }

    /// What CPython's grammar refuses and the parser takes.
    pub(super) fn invalid(&mut self, node: &impl Ranged, message: &str) {
        let span = self.span(node);
        self.fail(Diagnostic::error(Code::P001, span, message));
    }

    /// The last byte before a node that is not blank, if it is in the same line.
    fn byte_before(&self, node: &impl Ranged) -> Option<u8> {
        let before = &self.text.as_bytes()[..node.range().start().to_usize()];
        let is_blank = |b: &&u8| !matches!(b, b' ' | b'\t' | 0x0C | b'\\');
        before.iter().rev().find(is_blank).copied()
    }

    pub(super) fn fail(&mut self, error: Diagnostic) {
        self.error.get_or_insert(error);
    }

    fn identifier(&self, name: &r::Identifier) -> Identifier {
        Identifier {
            name: name.id.to_string(),
            span: self.span(name),
        }
    }

    fn identifiers(&self, names: &[r::Identifier]) -> Vec<Identifier> {
        names.iter().map(|name| self.identifier(name)).collect()
    }

    pub(super) fn suite(&mut self, body: &[r::Stmt]) -> Vec<Stmt> {
        body.iter().map(|stmt| self.stmt(stmt)).collect()
    }

    /// The span of a decorated definition without its decorators: from its keyword, which nothing but blanks precedes.
    fn undecorated(&self, full: Span, decorators: &[r::Decorator]) -> Span {
        let Some(last) = decorators.last() else {
            return full;
        };
        let Place::Offset { offset, .. } = self.place else {
            return full;
        };
        let mut at = last.range().end().to_usize();
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(at) {
                Some(b'#') => {
                    let rest = &bytes[at..];
                    at += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                }
                Some(b' ' | b'\t' | b'\n' | b'\\' | 0x0C) => at += 1,
                Some(_) | None => break,
            }
        }
        Span::new(full.file, offset + at as u32, full.end)
    }

    fn stmt(&mut self, stmt: &r::Stmt) -> Stmt {
        let mut span = self.span(stmt);
        if !self.enter(span) {
            return Stmt {
                span,
                kind: StmtKind::Pass,
            };
        }
        let kind = match stmt {
            r::Stmt::FunctionDef(s) => {
                let full_span = span;
                span = self.undecorated(span, &s.decorator_list);
                StmtKind::FunctionDef(Box::new(FunctionDef {
                    decorator_list: self.decorators(&s.decorator_list),
                    name: self.identifier(&s.name),
                    type_params: self.type_params(s.type_params.as_deref()),
                    args: self.arguments(&s.parameters),
                    returns: self.boxed(s.returns.as_deref()),
                    body: self.suite(&s.body),
                    is_async: s.is_async,
                    full_span,
                }))
            }
            r::Stmt::ClassDef(s) => {
                for base in s.arguments.iter().flat_map(|a| &a.args) {
                    if matches!(base, r::Expr::Generator(g) if !g.parenthesized) {
                        self.invalid(base, "invalid syntax: a generator cannot be a base class");
                    }
                }
                let full_span = span;
                span = self.undecorated(span, &s.decorator_list);
                let arguments = s.arguments.as_deref();
                StmtKind::ClassDef(Box::new(ClassDef {
                    decorator_list: self.decorators(&s.decorator_list),
                    name: self.identifier(&s.name),
                    type_params: self.type_params(s.type_params.as_deref()),
                    bases: arguments.map_or_else(Vec::new, |a| self.exprs(&a.args)),
                    keywords: arguments.map_or_else(Vec::new, |a| self.keywords(&a.keywords)),
                    body: self.suite(&s.body),
                    full_span,
                }))
            }
            r::Stmt::Return(s) => StmtKind::Return {
                value: self.boxed(s.value.as_deref()),
            },
            r::Stmt::Delete(s) => StmtKind::Delete {
                targets: self.exprs(&s.targets),
            },
            r::Stmt::TypeAlias(s) => StmtKind::TypeAlias {
                name: self.boxed_expr(&s.name),
                type_params: self.type_params(s.type_params.as_deref()),
                value: self.boxed_expr(&s.value),
            },
            r::Stmt::Assign(s) => StmtKind::Assign {
                targets: self.exprs(&s.targets),
                value: self.boxed_expr(&s.value),
            },
            r::Stmt::AugAssign(s) => StmtKind::AugAssign {
                target: self.boxed_expr(&s.target),
                op: operator(s.op),
                value: self.boxed_expr(&s.value),
            },
            r::Stmt::AnnAssign(s) => StmtKind::AnnAssign {
                target: self.boxed_expr(&s.target),
                annotation: self.boxed_expr(&s.annotation),
                value: self.boxed(s.value.as_deref()),
                simple: s.simple,
            },
            r::Stmt::For(s) => StmtKind::For {
                target: self.boxed_expr(&s.target),
                iter: self.boxed_expr(&s.iter),
                body: self.suite(&s.body),
                orelse: self.suite(&s.orelse),
                is_async: s.is_async,
            },
            r::Stmt::While(s) => StmtKind::While {
                test: self.boxed_expr(&s.test),
                body: self.suite(&s.body),
                orelse: self.suite(&s.orelse),
            },
            r::Stmt::If(s) => StmtKind::If {
                test: self.boxed_expr(&s.test),
                body: self.suite(&s.body),
                orelse: self.elif_else(&s.elif_else_clauses, span),
            },
            r::Stmt::With(s) => StmtKind::With {
                items: s.items.iter().map(|item| self.with_item(item)).collect(),
                body: self.suite(&s.body),
                is_async: s.is_async,
            },
            r::Stmt::Match(s) => StmtKind::Match {
                subject: self.boxed_expr(&s.subject),
                cases: s.cases.iter().map(|case| self.match_case(case)).collect(),
            },
            r::Stmt::Raise(s) => StmtKind::Raise {
                exc: self.boxed(s.exc.as_deref()),
                cause: self.boxed(s.cause.as_deref()),
            },
            r::Stmt::Try(s) => StmtKind::Try {
                body: self.suite(&s.body),
                handlers: s.handlers.iter().map(|h| self.handler(h)).collect(),
                orelse: self.suite(&s.orelse),
                finalbody: self.suite(&s.finalbody),
                is_star: s.is_star,
            },
            r::Stmt::Assert(s) => StmtKind::Assert {
                test: self.boxed_expr(&s.test),
                msg: self.boxed(s.msg.as_deref()),
            },
            r::Stmt::Import(s) => StmtKind::Import {
                names: s.names.iter().map(|name| self.alias(name)).collect(),
            },
            r::Stmt::ImportFrom(s) => StmtKind::ImportFrom {
                module: s.module.as_ref().map(|name| self.identifier(name)),
                names: s.names.iter().map(|name| self.alias(name)).collect(),
                level: s.level,
            },
            r::Stmt::Global(s) => StmtKind::Global {
                names: self.identifiers(&s.names),
            },
            r::Stmt::Nonlocal(s) => StmtKind::Nonlocal {
                names: self.identifiers(&s.names),
            },
            r::Stmt::Expr(s) => StmtKind::Expr {
                value: self.boxed_expr(&s.value),
            },
            r::Stmt::Pass(_) => StmtKind::Pass,
            r::Stmt::Break(_) => StmtKind::Break,
            r::Stmt::Continue(_) => StmtKind::Continue,
            r::Stmt::IpyEscapeCommand(_) => {
                self.fail(Diagnostic::error(Code::P001, span, "invalid syntax"));
                StmtKind::Pass
            }
        };
        self.depth -= 1;
        if is_compound(stmt) {
            span = self.with_semicolon(span);
        }
        Stmt { span, kind }
    }

    /// A block that ends in `x;` ends after the semicolon.
    fn with_semicolon(&self, mut span: Span) -> Span {
        let Place::Offset { offset, .. } = self.place else {
            return span;
        };
        let rest = &self.text.as_bytes()[(span.end - offset) as usize..];
        let mut at = 0;
        loop {
            match rest.get(at..) {
                Some([b'\\', b'\n', ..]) => at += 2,
                Some([b' ' | b'\t' | 0x0C, ..]) => at += 1,
                Some([b';', ..]) => {
                    span.end += at as u32 + 1;
                    return span;
                }
                Some(_) | None => return span,
            }
        }
    }

    /// One level down; false (and an error) if that is too deep.
    pub(super) fn enter(&mut self, span: Span) -> bool {
        if self.depth >= MAX_DEPTH {
            self.fail(too_deep(span));
            return false;
        }
        self.depth += 1;
        true
    }

    /// `elif`s become nested `If`s, which end where the whole statement ends.
    fn elif_else(&mut self, clauses: &[r::ElifElseClause], whole: Span) -> Vec<Stmt> {
        let end = self.with_semicolon(whole).end;
        let depth = self.depth;
        let mut converted = Vec::with_capacity(clauses.len());
        for clause in clauses {
            let span = self.span(clause);
            if !self.enter(span) {
                break;
            }
            let test = clause.test.as_ref().map(|test| self.boxed_expr(test));
            converted.push((span, test, self.suite(&clause.body)));
        }
        self.depth = depth;
        let mut orelse = Vec::new();
        for (span, test, body) in converted.into_iter().rev() {
            orelse = match test {
                None => body,
                Some(test) => vec![Stmt {
                    span: Span::new(span.file, span.start, end.max(span.start)),
                    kind: StmtKind::If { test, body, orelse },
                }],
            };
        }
        orelse
    }

    fn decorators(&mut self, decorators: &[r::Decorator]) -> Vec<Expr> {
        decorators
            .iter()
            .map(|d| self.expr(&d.expression))
            .collect()
    }

    fn type_params(&mut self, params: Option<&r::TypeParams>) -> Vec<TypeParam> {
        let params = params.map_or(&[][..], |params| &params.type_params);
        let convert = |param: &r::TypeParam| {
            let (name, kind, default) = match param {
                r::TypeParam::TypeVar(p) => {
                    let bound = self.boxed(p.bound.as_deref());
                    (&p.name, TypeParamKind::TypeVar { bound }, &p.default)
                }
                r::TypeParam::TypeVarTuple(p) => (&p.name, TypeParamKind::TypeVarTuple, &p.default),
                r::TypeParam::ParamSpec(p) => (&p.name, TypeParamKind::ParamSpec, &p.default),
            };
            TypeParam {
                span: self.span(param),
                kind,
                name: self.identifier(name),
                default_value: self.boxed(default.as_deref()),
            }
        };
        params.iter().map(convert).collect()
    }

    fn arg(&mut self, parameter: &r::Parameter) -> Arg {
        let arg = self.identifier(&parameter.name);
        let annotation = self.boxed(parameter.annotation.as_deref());
        // The parser's range includes the stars of `*args`.
        let mut span = self.span(parameter);
        span.start = arg.span.start;
        Arg {
            span,
            arg,
            annotation,
        }
    }

    fn arguments(&mut self, parameters: &r::Parameters) -> Arguments {
        let mut defaults = Vec::new();
        let mut positional = |c: &mut Self, list: &[r::ParameterWithDefault]| -> Vec<Arg> {
            let mut args = Vec::with_capacity(list.len());
            for p in list {
                args.push(c.arg(&p.parameter));
                defaults.extend(p.default.as_deref().map(|default| c.expr(default)));
            }
            args
        };
        let posonlyargs = positional(self, &parameters.posonlyargs);
        let args = positional(self, &parameters.args);
        let mut kwonlyargs = Vec::new();
        let mut kw_defaults = Vec::new();
        for p in &parameters.kwonlyargs {
            kwonlyargs.push(self.arg(&p.parameter));
            kw_defaults.push(p.default.as_deref().map(|default| self.expr(default)));
        }
        Arguments {
            posonlyargs,
            args,
            vararg: parameters.vararg.as_deref().map(|p| Box::new(self.arg(p))),
            kwonlyargs,
            kw_defaults,
            kwarg: parameters.kwarg.as_deref().map(|p| Box::new(self.arg(p))),
            defaults,
        }
    }

    fn keywords(&mut self, keywords: &[r::Keyword]) -> Vec<Keyword> {
        let convert = |keyword: &r::Keyword| Keyword {
            span: self.span(keyword),
            arg: keyword.arg.as_ref().map(|name| self.identifier(name)),
            value: self.expr(&keyword.value),
        };
        keywords.iter().map(convert).collect()
    }

    fn alias(&mut self, alias: &r::Alias) -> Alias {
        if alias.name.id == "*" && self.byte_before(alias) == Some(b'(') {
            self.invalid(
                alias,
                "invalid syntax: `*` cannot stand in parentheses here",
            );
        }
        Alias {
            span: self.span(alias),
            name: self.identifier(&alias.name),
            asname: alias.asname.as_ref().map(|name| self.identifier(name)),
        }
    }

    fn with_item(&mut self, item: &r::WithItem) -> WithItem {
        WithItem {
            context_expr: self.expr(&item.context_expr),
            optional_vars: self.boxed(item.optional_vars.as_deref()),
        }
    }

    fn handler(&mut self, handler: &r::ExceptHandler) -> ExceptHandler {
        let r::ExceptHandler::ExceptHandler(handler) = handler;
        ExceptHandler {
            span: self.with_semicolon(self.span(handler)),
            type_: self.boxed(handler.type_.as_deref()),
            name: handler.name.as_ref().map(|name| self.identifier(name)),
            body: self.suite(&handler.body),
        }
    }

    fn match_case(&mut self, case: &r::MatchCase) -> MatchCase {
        MatchCase {
            span: self.span(case),
            pattern: self.pattern(&case.pattern),
            guard: self.boxed(case.guard.as_deref()),
            body: self.suite(&case.body),
        }
    }

    fn patterns(&mut self, patterns: &[r::Pattern]) -> Vec<Pattern> {
        patterns
            .iter()
            .map(|pattern| self.pattern(pattern))
            .collect()
    }

    fn pattern(&mut self, pattern: &r::Pattern) -> Pattern {
        let span = self.span(pattern);
        if !self.enter(span) {
            let kind = PatternKind::MatchStar { name: None };
            return Pattern { span, kind };
        }
        let kind = match pattern {
            r::Pattern::MatchValue(p) => PatternKind::MatchValue {
                value: self.boxed_expr(&p.value),
            },
            r::Pattern::MatchSingleton(p) => PatternKind::MatchSingleton {
                value: match p.value {
                    r::Singleton::None => Constant::None,
                    r::Singleton::True => Constant::Bool(true),
                    r::Singleton::False => Constant::Bool(false),
                },
            },
            r::Pattern::MatchSequence(p) => PatternKind::MatchSequence {
                patterns: self.patterns(&p.patterns),
            },
            r::Pattern::MatchMapping(p) if p.rest.as_ref().is_some_and(|r| r.id == "_") => {
                self.invalid(pattern, "invalid syntax: `**_` is not needed in a pattern");
                PatternKind::MatchStar { name: None }
            }
            r::Pattern::MatchMapping(p) => PatternKind::MatchMapping {
                keys: self.exprs(&p.keys),
                patterns: self.patterns(&p.patterns),
                rest: p.rest.as_ref().map(|name| self.identifier(name)),
            },
            r::Pattern::MatchClass(p) => {
                let keywords = &p.arguments.keywords;
                PatternKind::MatchClass {
                    cls: self.boxed_expr(&p.cls),
                    patterns: self.patterns(&p.arguments.patterns),
                    kwd_attrs: keywords.iter().map(|k| self.identifier(&k.attr)).collect(),
                    kwd_patterns: keywords.iter().map(|k| self.pattern(&k.pattern)).collect(),
                }
            }
            r::Pattern::MatchStar(p) => PatternKind::MatchStar {
                name: p.name.as_ref().map(|name| self.identifier(name)),
            },
            r::Pattern::MatchAs(p) => PatternKind::MatchAs {
                pattern: p.pattern.as_deref().map(|p| Box::new(self.pattern(p))),
                name: p.name.as_ref().map(|name| self.identifier(name)),
            },
            r::Pattern::MatchOr(p) => PatternKind::MatchOr {
                patterns: self.patterns(&p.patterns),
            },
        };
        self.depth -= 1;
        Pattern { span, kind }
    }

    fn exprs(&mut self, exprs: &[r::Expr]) -> Vec<Expr> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    pub(super) fn boxed_expr(&mut self, expr: &r::Expr) -> Box<Expr> {
        Box::new(self.expr(expr))
    }

    fn boxed(&mut self, expr: Option<&r::Expr>) -> Option<Box<Expr>> {
        expr.map(|expr| self.boxed_expr(expr))
    }

    fn generators(&mut self, generators: &[r::Comprehension]) -> Vec<Comprehension> {
        let convert = |g: &r::Comprehension| Comprehension {
            span: self.span(g),
            target: self.expr(&g.target),
            iter: self.expr(&g.iter),
            ifs: self.exprs(&g.ifs),
            is_async: g.is_async,
        };
        generators.iter().map(convert).collect()
    }

    pub(super) fn expr(&mut self, expr: &r::Expr) -> Expr {
        let span = self.span(expr);
        if !self.enter(span) {
            let kind = ExprKind::Constant {
                value: Constant::None,
            };
            return Expr { span, kind };
        }
        let constant = |value| ExprKind::Constant { value };
        let kind = match expr {
            r::Expr::BoolOp(e) => ExprKind::BoolOp {
                op: match e.op {
                    r::BoolOp::And => BoolOp::And,
                    r::BoolOp::Or => BoolOp::Or,
                },
                values: self.exprs(&e.values),
            },
            r::Expr::Named(e) => ExprKind::NamedExpr {
                target: self.boxed_expr(&e.target),
                value: self.boxed_expr(&e.value),
            },
            r::Expr::BinOp(e) => ExprKind::BinOp {
                left: self.boxed_expr(&e.left),
                op: operator(e.op),
                right: self.boxed_expr(&e.right),
            },
            r::Expr::UnaryOp(e) => ExprKind::UnaryOp {
                op: match e.op {
                    r::UnaryOp::Invert => UnaryOp::Invert,
                    r::UnaryOp::Not => UnaryOp::Not,
                    r::UnaryOp::UAdd => UnaryOp::UAdd,
                    r::UnaryOp::USub => UnaryOp::USub,
                },
                operand: self.boxed_expr(&e.operand),
            },
            r::Expr::Lambda(e) => ExprKind::Lambda {
                args: Box::new(match &e.parameters {
                    Some(parameters) => self.arguments(parameters),
                    None => Arguments::default(),
                }),
                body: self.boxed_expr(&e.body),
            },
            r::Expr::If(e) => ExprKind::IfExp {
                test: self.boxed_expr(&e.test),
                body: self.boxed_expr(&e.body),
                orelse: self.boxed_expr(&e.orelse),
            },
            r::Expr::Dict(e) => ExprKind::Dict {
                keys: e
                    .items
                    .iter()
                    .map(|i| i.key.as_ref().map(|key| self.expr(key)))
                    .collect(),
                values: e.items.iter().map(|i| self.expr(&i.value)).collect(),
            },
            r::Expr::Set(e) => ExprKind::Set {
                elts: self.exprs(&e.elts),
            },
            r::Expr::ListComp(e) => ExprKind::ListComp {
                elt: self.boxed_expr(&e.elt),
                generators: self.generators(&e.generators),
            },
            r::Expr::SetComp(e) => ExprKind::SetComp {
                elt: self.boxed_expr(&e.elt),
                generators: self.generators(&e.generators),
            },
            r::Expr::DictComp(e) => ExprKind::DictComp {
                key: self.boxed_expr(&e.key),
                value: self.boxed_expr(&e.value),
                generators: self.generators(&e.generators),
            },
            r::Expr::Generator(e) => ExprKind::GeneratorExp {
                elt: self.boxed_expr(&e.elt),
                generators: self.generators(&e.generators),
            },
            r::Expr::Await(e) => ExprKind::Await {
                value: self.boxed_expr(&e.value),
            },
            r::Expr::Yield(e) => ExprKind::Yield {
                value: self.boxed(e.value.as_deref()),
            },
            r::Expr::YieldFrom(e) => ExprKind::YieldFrom {
                value: self.boxed_expr(&e.value),
            },
            r::Expr::Compare(e) => ExprKind::Compare {
                left: self.boxed_expr(&e.left),
                ops: e.ops.iter().map(|op| comparison(*op)).collect(),
                comparators: self.exprs(&e.comparators),
            },
            r::Expr::Call(e) => self.call(e),
            r::Expr::FString(e) => self.f_string(e),
            r::Expr::TString(_) => {
                let message = "t-strings are not supported";
                self.fail(Diagnostic::error(Code::P011, span, message));
                constant(Constant::None)
            }
            r::Expr::StringLiteral(e) => constant(self.string(&e.value)),
            r::Expr::BytesLiteral(e) => constant(Constant::Bytes(e.value.bytes().collect())),
            r::Expr::NumberLiteral(e) => constant(self.number(e)),
            r::Expr::BooleanLiteral(e) => constant(Constant::Bool(e.value)),
            r::Expr::NoneLiteral(_) => constant(Constant::None),
            r::Expr::EllipsisLiteral(_) => constant(Constant::Ellipsis),
            r::Expr::Attribute(e) => ExprKind::Attribute {
                value: self.boxed_expr(&e.value),
                attr: self.identifier(&e.attr),
                ctx: context(e.ctx),
            },
            r::Expr::Subscript(e) => ExprKind::Subscript {
                value: self.boxed_expr(&e.value),
                slice: self.boxed_expr(&e.slice),
                ctx: context(e.ctx),
            },
            r::Expr::Starred(e) => ExprKind::Starred {
                value: self.boxed_expr(&e.value),
                ctx: context(e.ctx),
            },
            r::Expr::Name(e) => ExprKind::Name {
                id: e.id.to_string(),
                ctx: context(e.ctx),
            },
            r::Expr::List(e) => ExprKind::List {
                elts: self.exprs(&e.elts),
                ctx: context(e.ctx),
            },
            r::Expr::Tuple(e) => {
                let is_yield =
                    |e: &&r::Expr| matches!(e, r::Expr::Yield(_) | r::Expr::YieldFrom(_));
                for elt in e.elts.iter().filter(is_yield) {
                    if self.byte_before(elt) == Some(b',') {
                        self.invalid(elt, "invalid syntax: this `yield` needs parentheses");
                    }
                }
                ExprKind::Tuple {
                    elts: self.exprs(&e.elts),
                    ctx: context(e.ctx),
                }
            }
            r::Expr::Slice(e) => ExprKind::Slice {
                lower: self.boxed(e.lower.as_deref()),
                upper: self.boxed(e.upper.as_deref()),
                step: self.boxed(e.step.as_deref()),
            },
            r::Expr::IpyEscapeCommand(_) => {
                self.fail(Diagnostic::error(Code::P001, span, "invalid syntax"));
                constant(Constant::None)
            }
        };
        self.depth -= 1;
        Expr { span, kind }
    }

    fn call(&mut self, call: &r::ExprCall) -> ExprKind {
        let func = self.boxed_expr(&call.func);
        let mut args = self.exprs(&call.arguments.args);
        // A generator that is the only argument owns the parentheses of the call.
        if let ([r::Expr::Generator(generator)], [arg]) = (&*call.arguments.args, &mut *args)
            && !generator.parenthesized
        {
            arg.span = self.span(&call.arguments);
        }
        ExprKind::Call {
            func,
            args,
            keywords: self.keywords(&call.arguments.keywords),
        }
    }
}

fn is_compound(stmt: &r::Stmt) -> bool {
    matches!(
        stmt,
        r::Stmt::FunctionDef(_)
            | r::Stmt::ClassDef(_)
            | r::Stmt::For(_)
            | r::Stmt::While(_)
            | r::Stmt::If(_)
            | r::Stmt::With(_)
            | r::Stmt::Match(_)
            | r::Stmt::Try(_)
    )
}

fn operator(op: r::Operator) -> Operator {
    match op {
        r::Operator::Add => Operator::Add,
        r::Operator::Sub => Operator::Sub,
        r::Operator::Mult => Operator::Mult,
        r::Operator::MatMult => Operator::MatMult,
        r::Operator::Div => Operator::Div,
        r::Operator::Mod => Operator::Mod,
        r::Operator::Pow => Operator::Pow,
        r::Operator::LShift => Operator::LShift,
        r::Operator::RShift => Operator::RShift,
        r::Operator::BitOr => Operator::BitOr,
        r::Operator::BitXor => Operator::BitXor,
        r::Operator::BitAnd => Operator::BitAnd,
        r::Operator::FloorDiv => Operator::FloorDiv,
    }
}

fn comparison(op: r::CmpOp) -> CmpOp {
    match op {
        r::CmpOp::Eq => CmpOp::Eq,
        r::CmpOp::NotEq => CmpOp::NotEq,
        r::CmpOp::Lt => CmpOp::Lt,
        r::CmpOp::LtE => CmpOp::LtE,
        r::CmpOp::Gt => CmpOp::Gt,
        r::CmpOp::GtE => CmpOp::GtE,
        r::CmpOp::Is => CmpOp::Is,
        r::CmpOp::IsNot => CmpOp::IsNot,
        r::CmpOp::In => CmpOp::In,
        r::CmpOp::NotIn => CmpOp::NotIn,
    }
}

fn context(ctx: r::ExprContext) -> ExprContext {
    match ctx {
        r::ExprContext::Load | r::ExprContext::Invalid => ExprContext::Load,
        r::ExprContext::Store => ExprContext::Store,
        r::ExprContext::Del => ExprContext::Del,
    }
}
