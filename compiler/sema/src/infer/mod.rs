//! Types and HIR of one function instance, in one forward walk over its AST.
//!
//! The walk keeps, for each variable, what it holds ([`Env`]); assignments replace that, and where ways meet it is
//! joined. HIR is emitted on the way. A loop is walked again until what is assumed at its head holds; what was emitted
//! before is dropped. Conversions that a join needs (`float` meets `f64`) are emitted at the ends of the ways that meet.
//!
//! A problem never stops the walk: a wrong expression is *poison* (type `Never`), of which nobody complains again.

mod assign;
mod exprs;
mod flow;
mod literals;
mod loops;
mod ops;
mod options;
mod stmts;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use oxc_index::IndexVec;
use snek_diagnostics::{Code, Diagnostic, Span};
use snek_syntax::ast::{self, ExprKind as E, ParameterKind, StmtKind as S};

use crate::analyzer::{Analyzer, DefId};
use crate::annotations::{Annotation, Extent};
use crate::constants::Value;
use crate::env::{Env, NameId, Slot};
use crate::hir::{self, Const, Expr, ExprId, ExprKind, FunctionId, Local, LocalId, Stmt, Type};
use crate::modules::ScopeId;
use crate::signatures::{ParamType, Returns, Signature};

pub(crate) use loops::Loop;

/// How often a loop or a recursive function is walked before its types are called endless.
const MAX_ROUNDS: usize = 12;

/// The walk over one function.
pub(crate) struct Infer<'s, 'a> {
    pub an: &'s mut Analyzer<'a>,
    pub def: DefId,
    pub id: FunctionId,
    pub scope: ScopeId,
    pub exprs: IndexVec<ExprId, Expr>,
    pub locals: IndexVec<LocalId, Local>,
    /// The names that are local, in order of appearance.
    pub names: IndexVec<NameId, &'a str>,
    pub name_ids: HashMap<&'a str, NameId>,
    /// The variable's local at each type.
    local_of: HashMap<(NameId, Type), LocalId>,
    /// `x: float` in the body, annotated parameters.
    pub declared: HashMap<NameId, (Type, Span)>,
    pub env: Env,
    pub loops: Vec<Loop>,
    pub memo: HashMap<u32, loops::Memo>,
    pub problems: Vec<Diagnostic>,
    pub callees: Vec<(FunctionId, Span)>,
    pub revealed: Vec<(Span, Type)>,
    pub returns: Vec<(Type, Span)>,
    /// The result: declared, or assumed for now.
    pub result: Option<Type>,
    pub is_result_declared: bool,
    pub never_returns: bool,
    pub parallel_loops: usize,
    /// Calls of reductions of the user's. Some may have been dropped: whoever looks compares place and function.
    pub reductions: Vec<ReductionCall>,
    /// The locks that are held, or the number of threads that is: their numbers, and how many loops are around the `with`.
    pub locks: Vec<(i64, usize)>,
    /// How many loops the `prange` that was read last wants to run as one.
    pub collapse: usize,
    /// Loops that are run as one with the `prange` around them: where they begin.
    pub collapsed: HashSet<u32>,
    /// Loop variables that are never negative and assigned by one loop alone.
    pub nonnegative: HashSet<LocalId>,
    /// Something was not understood, so it is not known whether the end can be reached.
    pub is_opaque: bool,
    /// In how many places each name is assigned.
    pub assignments: HashMap<&'a str, usize>,
}

/// A call of a `snek.reduction`.
#[derive(Clone)]
pub(crate) struct ReductionCall {
    pub call: ExprId,
    pub span: Span,
    pub function: FunctionId,
    /// The name of the reduction.
    pub name: String,
    pub identity: Value,
}

/// Makes the function of an instance, or finds out why there is none.
pub(crate) fn make_instance(an: &mut Analyzer<'_>, id: FunctionId) {
    let def = an.instances[id].def;
    let signature = an.signature(def);
    let position = an.stack.len();
    an.instances[id].in_progress = Some(position);
    if let Returns::Declared(ty) = &signature.returns {
        an.instances[id].result = ty.clone();
    }
    let mut assumed: Option<Type> = None;
    let mut used = Vec::new();
    for round in 0.. {
        an.stack.push(id);
        an.lowest.push(position);
        an.instances[id].assumed = false;
        let first_instance = an.instances.len();
        let made = walk(an, id, &signature, assumed.clone());
        an.stack.pop();
        let lowest = an.lowest.pop().unwrap_or(position);
        let inferred = made.inferred;
        let settled = signature.returns != Returns::Inferred
            || (assumed.as_ref() == Some(&inferred)
                || (!an.instances[id].assumed && assumed.is_none() && made.uniform));
        let stuck = round >= MAX_ROUNDS;
        let instance = &mut an.instances[id];
        instance.problems = made.problems;
        instance.callees = made.callees;
        instance.parallel_loops = made.function.as_ref().map_or(0, |made| made.1);
        instance.function = made.function.map(|made| made.0);
        if signature.returns == Returns::Inferred {
            instance.result = inferred.clone();
        }
        used = made.revealed;
        if settled || stuck {
            // It rests on the assumed result of one further out: that one says when it is right.
            if lowest < position
                && let Some(outer) = an.lowest.last_mut()
            {
                *outer = lowest.min(*outer);
            }
            let is_endless = an.instances[id].assumed
                && inferred == Type::Never
                && signature.returns == Returns::Inferred
                && an.instances[id].problems.is_empty();
            if (stuck && !settled) || is_endless {
                let span = an.defs[def].ast.name.span;
                let name = &an.defs[def].ast.name.name;
                let message = if is_endless {
                    format!(
                        "the result of `{name}` cannot be inferred: it calls itself on every way"
                    )
                } else {
                    format!("the result of `{name}` cannot be inferred")
                };
                let problem = Diagnostic::error(Code::T013, span, message)
                    .help("declare it: `-> int`, for example");
                an.instances[id].problems.push(problem);
                an.instances[id].function = None;
            }
            break;
        }
        // What was made on the way may rest on the old assumption.
        for other in (first_instance..an.instances.len()).map(FunctionId::from_usize) {
            an.forget(other);
        }
        assumed = Some(inferred);
    }
    an.revealed.append(&mut used);
    an.instances[id].in_progress = None;
}

struct Made {
    /// With the number of its parallel loops.
    function: Option<(hir::Function, usize)>,
    problems: Vec<Diagnostic>,
    callees: Vec<(FunctionId, Span)>,
    revealed: Vec<(Span, Type)>,
    inferred: Type,
    /// All returns have the inferred type.
    uniform: bool,
}

fn walk<'a>(
    an: &mut Analyzer<'a>,
    id: FunctionId,
    signature: &Rc<Signature<'a>>,
    assumed: Option<Type>,
) -> Made {
    let def = an.instances[id].def;
    let ast = an.defs[def].ast;
    let (result, is_result_declared) = match &signature.returns {
        Returns::Declared(ty) => (Some(ty.clone()), true),
        Returns::Never => (Some(Type::None), true),
        Returns::Inferred => (assumed, false),
        Returns::Bad => (Some(Type::Never), true),
    };
    let mut infer = Infer {
        scope: an.defs[def].scope,
        an,
        def,
        id,
        exprs: IndexVec::new(),
        locals: IndexVec::new(),
        names: IndexVec::new(),
        name_ids: HashMap::new(),
        local_of: HashMap::new(),
        declared: HashMap::new(),
        env: Env {
            slots: IndexVec::new(),
            reachable: true,
        },
        loops: Vec::new(),
        memo: HashMap::new(),
        problems: signature.problems.clone(),
        callees: Vec::new(),
        revealed: Vec::new(),
        returns: Vec::new(),
        result,
        is_result_declared,
        never_returns: signature.returns == Returns::Never,
        parallel_loops: 0,
        reductions: Vec::new(),
        locks: Vec::new(),
        collapse: 1,
        collapsed: HashSet::new(),
        nonnegative: HashSet::new(),
        is_opaque: false,
        assignments: HashMap::new(),
    };
    infer.collect_names(ast);
    let mut body = Vec::new();
    let params = infer.bind_params(signature, &mut body);
    infer.block(&ast.body, &mut body);
    infer.finish(ast, signature, params, body)
}

impl<'a> Infer<'_, 'a> {
    /// Every name that the function assigns is local to it, from its start.
    fn collect_names(&mut self, ast: &'a ast::FunctionDef) {
        for (_, arg, _) in ast.args.iter() {
            self.add_name(&arg.arg.name);
        }
        for stmt in &ast.body {
            self.collect_stmt_names(stmt);
        }
    }

    fn add_name(&mut self, name: &'a str) {
        *self.assignments.entry(name).or_default() += 1;
        if !self.name_ids.contains_key(name) {
            let id = self.names.push(name);
            self.name_ids.insert(name, id);
            self.env.slots.push(Slot::Unassigned);
        }
    }

    fn collect_target_names(&mut self, target: &'a ast::Expr) {
        match &target.kind {
            E::Name { id, .. } => self.add_name(id),
            E::Tuple { elts, .. } | E::List { elts, .. } => {
                for element in elts {
                    self.collect_target_names(element);
                }
            }
            E::Starred { value, .. } => self.collect_target_names(value),
            _ => {}
        }
    }

    fn collect_stmt_names(&mut self, stmt: &'a ast::Stmt) {
        match &stmt.kind {
            S::Assign { targets, .. } | S::Delete { targets } => {
                for target in targets {
                    self.collect_target_names(target);
                }
            }
            S::AugAssign { target, .. } | S::AnnAssign { target, .. } | S::For { target, .. } => {
                self.collect_target_names(target);
            }
            S::FunctionDef(def) => self.add_name(&def.name.name),
            S::ClassDef(class) => self.add_name(&class.name.name),
            S::Import { names } | S::ImportFrom { names, .. } => {
                for alias in names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.add_name(name.name.split('.').next().unwrap_or_default());
                }
            }
            S::With { items, .. } => {
                for item in items {
                    if let Some(target) = &item.optional_vars {
                        self.collect_target_names(target);
                    }
                }
            }
            _ => {}
        }
        if let S::AnnAssign {
            target, annotation, ..
        } = &stmt.kind
            && let E::Name { id, .. } = &target.kind
        {
            self.declare(id, annotation);
        }
        for expr in stmt_exprs(stmt) {
            self.collect_walrus_names(expr);
        }
        if !matches!(stmt.kind, S::FunctionDef(_) | S::ClassDef(_)) {
            for body in nested_bodies(stmt) {
                for stmt in body {
                    self.collect_stmt_names(stmt);
                }
            }
        }
    }

    fn collect_walrus_names(&mut self, expr: &'a ast::Expr) {
        if let E::NamedExpr { target, .. } = &expr.kind {
            self.collect_target_names(target);
        }
        for child in children(expr) {
            self.collect_walrus_names(child);
        }
    }

    fn declare(&mut self, name: &'a str, annotation: &ast::Expr) {
        let Some(id) = self.name_ids.get(name).copied() else {
            return;
        };
        match self.an.annotation(self.scope, annotation) {
            Ok(Annotation::Type(ty) | Annotation::Shaped(ty, _)) => {
                if let Some((old, at)) = self.declared.get(&id) {
                    if *old != ty {
                        let message =
                            format!("`{name}` is declared `{ty}` here and `{old}` before");
                        let problem = Diagnostic::error(Code::T005, annotation.span, message)
                            .label(*at, "declared before");
                        self.problem(problem);
                    }
                } else {
                    self.declared.insert(id, (ty, annotation.span));
                }
            }
            Ok(Annotation::Unspecified | Annotation::AnyRank(_) | Annotation::Class(_)) => {}
            Ok(Annotation::Never) => {
                let problem = Diagnostic::error(
                    Code::T002,
                    annotation.span,
                    "no variable can have this type",
                );
                self.problem(problem);
            }
            Err(problem) => {
                self.env.slots[id] = Slot::Poisoned;
                self.problem(problem);
            }
        }
    }

    fn bind_params(&mut self, signature: &Signature<'a>, body: &mut Vec<Stmt>) -> Vec<LocalId> {
        let types = self.an.instances[self.id].args.clone();
        let mut params = Vec::new();
        let mut symbols: HashMap<String, (LocalId, u8, &'a str)> = HashMap::new();
        for (param, ty) in signature.params.iter().zip(types) {
            let Some(name) = self.name_ids.get(param.name).copied() else {
                continue;
            };
            if param.ty == ParamType::Bad || ty == Type::Never {
                self.env.slots[name] = Slot::Poisoned;
                params.push(self.new_local(param.name.to_owned(), Type::None));
                continue;
            }
            let local = self.local(name, &ty);
            params.push(local);
            self.env.slots[name] = Slot::Bound {
                local,
                maybe_unbound: false,
                at: param.span,
            };
            if let ParamType::Declared(ty) = &param.ty {
                self.declared.insert(name, (ty.clone(), param.span));
            }
            for (axis, extent) in param.extents.iter().enumerate() {
                self.check_extent(param, local, axis as u8, extent, &mut symbols, body);
            }
        }
        params
    }

    /// `Float64[np.ndarray, "n 3"]`: checked once, on entry.
    fn check_extent(
        &mut self,
        param: &crate::signatures::Param<'a>,
        local: LocalId,
        axis: u8,
        extent: &Extent,
        symbols: &mut HashMap<String, (LocalId, u8, &'a str)>,
        body: &mut Vec<Stmt>,
    ) {
        let span = param.span;
        let function = &self.an.defs[self.def].ast.name.name;
        let name = param.name;
        let (expected, message) = match extent {
            Extent::Any => return,
            Extent::Fixed(number) => (
                self.constant(Type::Int, Const::Int(*number), span),
                format!("{function}() argument '{name}' must have shape[{axis}] == {number}"),
            ),
            Extent::Symbol(symbol) => match symbols.get(symbol) {
                None => {
                    symbols.insert(symbol.clone(), (local, axis, name));
                    return;
                }
                Some(&(first, first_axis, first_name)) => {
                    let array = self.read(first, span);
                    let expected = self.push(
                        ExprKind::Extent {
                            array,
                            axis: first_axis,
                        },
                        Type::Int,
                        span,
                    );
                    let message = format!(
                        "{function}() arguments '{first_name}' and '{name}' must agree on '{symbol}': \
                         {first_name}.shape[{first_axis}] == {name}.shape[{axis}]"
                    );
                    (expected, message)
                }
            },
        };
        let array = self.read(local, span);
        let actual = self.push(ExprKind::Extent { array, axis }, Type::Int, span);
        let differs = self.push(
            ExprKind::Compare(hir::CompareOp::Ne, actual, expected),
            Type::Bool,
            span,
        );
        let text = self.constant(Type::Str, Const::Str(message), span);
        let raise = Stmt {
            kind: hir::StmtKind::Raise {
                exception: "ValueError".to_owned(),
                args: Some(vec![text]),
            },
            span,
        };
        body.push(Stmt {
            kind: hir::StmtKind::If {
                cond: differs,
                then: vec![raise],
                other: Vec::new(),
            },
            span,
        });
    }

    fn finish(
        mut self,
        ast: &'a ast::FunctionDef,
        signature: &Signature<'a>,
        params: Vec<LocalId>,
        body: Vec<Stmt>,
    ) -> Made {
        let name_span = ast.name.span;
        let name = &ast.name.name;
        if self.env.reachable && !self.is_opaque {
            if self.never_returns {
                let message =
                    format!("`{name}` is declared to never return, but its end can be reached");
                self.problem(Diagnostic::error(Code::T010, name_span, message));
            } else if !self.is_result_declared {
                self.returns.push((Type::None, name_span));
            } else if !matches!(self.result, Some(Type::None | Type::Never)) {
                let declared = self.result.clone().unwrap_or(Type::None);
                let place = ast
                    .returns
                    .as_ref()
                    .map_or(name_span, |returns| returns.span);
                let problem = Diagnostic::error(
                    Code::T010,
                    name_span,
                    format!("`{name}` returns `{declared}`, but its end can be reached without a `return`"),
                )
                .label(place, "declared here")
                .help("return a value on every way, or raise an exception");
                self.problem(problem);
            }
        }
        let mut inferred = Type::Never;
        let mut uniform = true;
        if signature.returns == Returns::Inferred {
            let returns = std::mem::take(&mut self.returns);
            let mut first: Option<(Type, Span)> = None;
            for (ty, span) in &returns {
                let Some((sofar, at)) = &first else {
                    first = Some((ty.clone(), *span));
                    continue;
                };
                let Some(joined) = sofar.join(ty) else {
                    let missing = |ty: &Type, span: &Span| {
                        if *ty == Type::None && *span == name_span {
                            "`None`, where the end is reached without a `return`".to_owned()
                        } else {
                            format!("`{ty}`")
                        }
                    };
                    let problem = Diagnostic::error(
                        Code::T010,
                        *span,
                        format!(
                            "`{name}` returns {} here and {} elsewhere",
                            missing(ty, span),
                            missing(sofar, at)
                        ),
                    )
                    .label(*at, format!("`{sofar}`"))
                    .help("declare the result, or convert one of them");
                    self.problem(problem);
                    break;
                };
                uniform &= joined == *sofar && joined == *ty;
                first = Some((joined, *at));
            }
            if let Some((ty, at)) = first {
                if ty.has_text() {
                    self.problem(Diagnostic::error(Code::N001, at, "returns a string"));
                }
                inferred = ty;
            }
        }
        let failed = self.problems.iter().any(Diagnostic::is_error);
        let result = match self.result.clone() {
            Some(result) if result != Type::Never => result,
            _ if inferred == Type::Never => Type::None,
            _ => inferred.clone(),
        };
        let function = (!failed).then(|| {
            let mut function = hir::Function {
                name: name.clone(),
                file: name_span.file,
                name_span,
                parallel: signature.parallel || self.parallel_loops > 0,
                auto_parallel: signature.parallel && signature.auto,
                strict_math: signature.strict_math,
                fastmath: signature.fastmath,
                params,
                result,
                locals: self.locals,
                exprs: self.exprs,
                body,
            };
            crate::compact::compact(&mut function);
            (function, self.parallel_loops)
        });
        Made {
            function,
            problems: self.problems,
            callees: self.callees,
            revealed: self.revealed,
            inferred,
            uniform,
        }
    }

    // What all parts use.

    pub fn problem(&mut self, problem: Diagnostic) {
        // One conflict is told once, however often the variable is used.
        let is_known = self.problems.iter().any(|known| {
            known.code == problem.code
                && known.message == problem.message
                && (known.primary == problem.primary || problem.code == Code::T014)
        });
        if !is_known {
            self.problems.push(problem);
        }
    }

    /// Reports an error and stands for the value.
    pub fn poison(&mut self, problem: Diagnostic) -> ExprId {
        let span = problem
            .primary
            .unwrap_or(self.an.defs[self.def].ast.name.span);
        self.problem(problem);
        self.silent_poison(span)
    }

    /// Stands for a value that was already complained about.
    pub fn silent_poison(&mut self, span: Span) -> ExprId {
        self.push(ExprKind::Const(Const::None), Type::Never, span)
    }

    /// "uses X": a reason to stay Python.
    pub fn not_native(&mut self, span: Span, what: impl Into<String>) -> ExprId {
        self.poison(Diagnostic::error(Code::N001, span, what))
    }

    pub fn push(&mut self, kind: ExprKind, ty: Type, span: Span) -> ExprId {
        self.exprs.push(Expr { kind, ty, span })
    }

    pub fn constant(&mut self, ty: Type, value: Const, span: Span) -> ExprId {
        self.push(ExprKind::Const(value), ty, span)
    }

    pub fn int(&mut self, value: i64, span: Span) -> ExprId {
        self.constant(Type::Int, Const::Int(value), span)
    }

    pub fn ty(&self, expr: ExprId) -> &Type {
        &self.exprs[expr].ty
    }

    pub fn is_poison(&self, expr: ExprId) -> bool {
        self.exprs[expr].ty == Type::Never
    }

    /// Reads a local that is certainly assigned.
    pub fn read(&mut self, local: LocalId, span: Span) -> ExprId {
        let ty = self.locals[local].ty.clone();
        let kind = ExprKind::Local {
            local,
            check_unbound: false,
        };
        self.push(kind, ty, span)
    }

    pub fn new_local(&mut self, name: String, ty: Type) -> LocalId {
        self.locals.push(Local {
            name,
            ty,
            maybe_unbound: false,
        })
    }

    /// A hidden variable.
    pub fn temporary(&mut self, ty: Type) -> LocalId {
        let name = format!(".{}", self.locals.len());
        self.new_local(name, ty)
    }

    /// Keeps a value that is used twice, as a statement before.
    pub fn keep(&mut self, value: ExprId, out: &mut Vec<Stmt>) -> LocalId {
        let span = self.exprs[value].span;
        let local = self.temporary(self.ty(value).clone());
        out.push(Stmt {
            kind: hir::StmtKind::Assign { local, value },
            span,
        });
        local
    }

    /// The variable's local at a type.
    pub fn local(&mut self, name: NameId, ty: &Type) -> LocalId {
        if let Some(local) = self.local_of.get(&(name, ty.clone())) {
            return *local;
        }
        let local = self.new_local(self.names[name].to_owned(), ty.clone());
        self.local_of.insert((name, ty.clone()), local);
        local
    }

    /// Every local that a Python name has.
    pub fn locals_of(&self, name: NameId) -> Vec<LocalId> {
        let mut locals: Vec<LocalId> = self
            .local_of
            .iter()
            .filter(|((of, _), _)| *of == name)
            .map(|(_, local)| *local)
            .collect();
        locals.sort();
        locals
    }

    pub fn const_of(&self, expr: ExprId) -> Option<&Const> {
        match &self.exprs[expr].kind {
            ExprKind::Const(value) if self.exprs[expr].ty != Type::Never => Some(value),
            _ => None,
        }
    }
}

/// The expressions that a statement holds directly.
pub(crate) fn stmt_exprs(stmt: &ast::Stmt) -> Vec<&ast::Expr> {
    match &stmt.kind {
        S::Return { value } => value.as_deref().into_iter().collect(),
        S::Delete { targets } => targets.iter().collect(),
        S::Assign { targets, value } => targets.iter().chain([&**value]).collect(),
        S::AugAssign { target, value, .. } => vec![target, value],
        S::AnnAssign { target, value, .. } => {
            std::iter::once(&**target).chain(value.as_deref()).collect()
        }
        S::For { target, iter, .. } => vec![target, iter],
        S::While { test, .. } | S::If { test, .. } => vec![test],
        S::Raise { exc, cause } => exc.as_deref().into_iter().chain(cause.as_deref()).collect(),
        S::Assert { test, msg } => std::iter::once(&**test).chain(msg.as_deref()).collect(),
        S::Expr { value } => vec![value],
        S::With { items, .. } => items.iter().map(|item| &item.context_expr).collect(),
        S::Match { subject, .. } => vec![subject],
        _ => Vec::new(),
    }
}

fn nested_bodies(stmt: &ast::Stmt) -> Vec<&[ast::Stmt]> {
    crate::modules::bodies(stmt)
}

/// The expressions directly inside of an expression that are evaluated in its function.
pub(crate) fn children(expr: &ast::Expr) -> Vec<&ast::Expr> {
    match &expr.kind {
        E::BoolOp { values, .. } | E::JoinedStr { values } => values.iter().collect(),
        E::NamedExpr { target, value } => vec![target, value],
        E::BinOp { left, right, .. } => vec![left, right],
        E::UnaryOp { operand, .. } => vec![operand],
        E::IfExp { test, body, orelse } => vec![test, body, orelse],
        E::Dict { keys, values } => keys.iter().flatten().chain(values).collect(),
        E::Set { elts } | E::List { elts, .. } | E::Tuple { elts, .. } => elts.iter().collect(),
        E::Await { value } | E::YieldFrom { value } | E::FormattedValue { value, .. } => {
            vec![value]
        }
        E::Yield { value } => value.as_deref().into_iter().collect(),
        E::Compare {
            left, comparators, ..
        } => std::iter::once(&**left).chain(comparators).collect(),
        E::Call {
            func,
            args,
            keywords,
        } => std::iter::once(&**func)
            .chain(args)
            .chain(keywords.iter().map(|keyword| &keyword.value))
            .collect(),
        E::Attribute { value, .. } | E::Starred { value, .. } => vec![value],
        E::Subscript { value, slice, .. } => vec![value, slice],
        E::Slice { lower, upper, step } => [lower, upper, step]
            .into_iter()
            .flatten()
            .map(|part| &**part)
            .collect(),
        // A walrus inside of a comprehension binds in the function, too; comprehensions are not native.
        E::Lambda { .. }
        | E::ListComp { .. }
        | E::SetComp { .. }
        | E::DictComp { .. }
        | E::GeneratorExp { .. }
        | E::Constant { .. }
        | E::Name { .. } => Vec::new(),
    }
}

/// Whether the kinds of parameters can be filled by position.
pub(crate) fn is_positional(kind: ParameterKind) -> bool {
    matches!(
        kind,
        ParameterKind::PositionalOnly | ParameterKind::PositionalOrKeyword
    )
}
