//! Which functions become native, which stay Python, and what the user is told of it.
//!
//! A function is attempted if all its parameters are annotated and something of it is. What keeps it from being native
//! is a *problem* of its instance; a caller of it has the problem of calling it. `@native`, `@parallel` and `--strict`
//! make errors of problems; races are errors everywhere, since nobody asks for `prange` by accident.

use std::collections::{BTreeSet, HashMap};

use oxc_index::IndexVec;
use snek_diagnostics::{Code, Diagnostic, Severity, Span};
use snek_syntax::ast::{self, ParameterKind, StmtKind};

use crate::analyzer::{Analyzer, DefId};
use crate::hir::{self, Export, ExportParam, FunctionId, ParamKind, Type};
use crate::library::vector_form;
use crate::modules::bodies;
use crate::signatures::{ParamType, Signature};
use crate::{Analysis, FunctionReport, Input, Reason};

/// Analyses a module.
pub(crate) fn run(analyzer: &mut Analyzer<'_>, input: &Input<'_>) -> Analysis {
    let mut decided = Vec::new();
    for def in analyzer.defs_of(Analyzer::USER) {
        decided.push((def, attempt(analyzer, def)));
    }
    propagate(analyzer);
    let mut reporter = Reporter {
        analyzer,
        strict: input.strict,
        diagnostics: Vec::new(),
        report: Vec::new(),
    };
    let mut exported = Vec::new();
    for (def, decision) in decided {
        if let Some(instance) = reporter.decide(def, decision) {
            exported.push((def, instance));
        }
    }
    reporter.others(&input.module.body, None);
    let Reporter {
        mut diagnostics,
        mut report,
        ..
    } = reporter;
    snek_diagnostics::sort(&mut diagnostics);
    report.sort_by_key(|function| function.span);
    let mut revealed = std::mem::take(&mut analyzer.revealed);
    revealed.sort_by_key(|(span, _)| *span);
    revealed.dedup();
    Analysis {
        program: assemble(analyzer, input.name, &exported),
        report,
        diagnostics,
        revealed,
    }
}

/// What became of a function at first sight.
enum Decision {
    /// An instance was made, or tried.
    Attempted(FunctionId),
    /// It is not attempted.
    Skipped(Diagnostic),
}

fn attempt(analyzer: &mut Analyzer<'_>, def: DefId) -> Decision {
    let signature = analyzer.signature(def);
    let ast = analyzer.defs[def].ast;
    let name = ast.name.span;
    let has_annotation =
        ast.returns.is_some() || signature.params.iter().any(|param| param.annotated);
    if !has_annotation && signature.demanded.is_none() {
        return Decision::Skipped(Diagnostic::error(Code::N002, name, "is not annotated"));
    }
    let missing = signature.params.iter().find(|param| {
        !param.annotated
            && !matches!(
                param.kind,
                ParameterKind::VarPositional | ParameterKind::VarKeyword
            )
    });
    if let Some(param) = missing {
        let message = format!("has the parameter `{}` without a type", param.name);
        return Decision::Skipped(
            Diagnostic::error(Code::N002, param.span, message)
                .help(format!("annotate it: `{}: int`, for example", param.name)),
        );
    }
    let mut types = Vec::new();
    for param in &signature.params {
        match &param.ty {
            ParamType::Declared(ty) => types.push(ty.clone()),
            ParamType::AnyRank(element) => {
                let message = format!(
                    "has the parameter `{}`, whose number of dimensions is left open",
                    param.name
                );
                return Decision::Skipped(Diagnostic::error(Code::N001, param.span, message).help(
                    format!("write `Array1D[{element}]` to `Array4D[{element}]` (from snek)"),
                ));
            }
            ParamType::Any | ParamType::Class(_) | ParamType::Bad => types.push(Type::Never),
        }
    }
    Decision::Attempted(analyzer.instance(def, types))
}

/// Whether an instance cannot be native.
fn failed(instance: &crate::analyzer::Instance) -> bool {
    instance.function.is_none() || !instance.problems.is_empty()
}

/// A caller of what is not native is not native.
fn propagate(analyzer: &mut Analyzer<'_>) {
    loop {
        let mut changed = false;
        for id in analyzer.instances.indices() {
            let callees = analyzer.instances[id].callees.clone();
            for (callee, span) in callees {
                if callee == id || !failed(&analyzer.instances[callee]) {
                    continue;
                }
                let callee_def = analyzer.instances[callee].def;
                let name = &analyzer.defs[callee_def].ast.name.name;
                let message = format!("calls `{name}`, which stays Python");
                let known = analyzer.instances[id]
                    .problems
                    .iter()
                    .any(|problem| problem.code == Code::N004 && problem.message == message);
                if known {
                    continue;
                }
                let mut problem = Diagnostic::error(Code::N004, span, message);
                if let Some(cause) = analyzer.instances[callee].problems.first()
                    && let Some(place) = cause.primary
                {
                    let line = analyzer.line(place);
                    let what = match is_phrase(cause) {
                        true => format!("`{name}` {}", cause.message),
                        false => cause.message.clone(),
                    };
                    problem = problem.label(place, what.clone());
                    problem = problem.note(format!("{what} (line {line})"));
                }
                analyzer.instances[id].problems.push(problem);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// Problems with these codes are phrases that follow "it": "uses `eval`".
fn is_phrase(problem: &Diagnostic) -> bool {
    matches!(problem.code, Code::N001 | Code::N002 | Code::N004)
}

struct Reporter<'r, 'a> {
    analyzer: &'r mut Analyzer<'a>,
    strict: bool,
    diagnostics: Vec<Diagnostic>,
    report: Vec<FunctionReport>,
}

impl Reporter<'_, '_> {
    /// Reports on a function at module level; gives its instance if it is native.
    fn decide(&mut self, def: DefId, decision: Decision) -> Option<FunctionId> {
        let signature = self.analyzer.signature(def);
        let ast = self.analyzer.defs[def].ast;
        let annotated =
            ast.returns.is_some() || signature.params.iter().any(|param| param.annotated);
        let demand = match signature.demanded {
            Some(decorator) => Some(format!("is `{decorator}`")),
            None if self.strict && annotated => Some("must be native (`--strict`)".to_owned()),
            None => None,
        };
        let (problems, instance) = match decision {
            Decision::Skipped(problem) => {
                // What is wrong with the decorators and annotations is told, too.
                let mut problems = vec![problem];
                problems.extend(signature.problems.iter().cloned());
                (problems, None)
            }
            Decision::Attempted(id) => (self.analyzer.instances[id].problems.clone(), Some(id)),
        };
        if problems.is_empty() {
            let id = instance?;
            self.analyzer.instances[id].function.as_ref()?;
            let parallel_loops = self.analyzer.instances[id].parallel_loops;
            self.push_report(ast, None, parallel_loops, None);
            return Some(id);
        }
        let name = ast.name.name.clone();
        self.tell(
            &name,
            ast.name.span,
            demand.as_deref(),
            &problems,
            instance.is_some(),
        );
        let reason = self.reason(&problems[0]);
        self.push_report(ast, None, 0, Some(reason));
        None
    }

    fn reason(&self, problem: &Diagnostic) -> Reason {
        Reason {
            text: problem.message.clone(),
            is_phrase: is_phrase(problem),
            span: problem.primary,
            line: problem.primary.map(|span| self.analyzer.line(span)),
        }
    }

    fn push_report(
        &mut self,
        ast: &ast::FunctionDef,
        class: Option<&str>,
        parallel_loops: usize,
        reason: Option<Reason>,
    ) {
        let name = match class {
            Some(class) => format!("{class}.{}", ast.name.name),
            None => ast.name.name.clone(),
        };
        self.report.push(FunctionReport {
            name,
            span: ast.name.span,
            parallel_loops,
            reason,
        });
    }

    fn tell(
        &mut self,
        name: &str,
        at: Span,
        demand: Option<&str>,
        problems: &[Diagnostic],
        attempted: bool,
    ) {
        let mut python = Vec::new();
        for problem in problems {
            let mut problem = problem.clone();
            if is_phrase(&problem) {
                match demand {
                    Some(demand) => {
                        problem.message = format!("`{name}` {demand}, but it {}", problem.message);
                        if problem.primary.is_some_and(|span| !at.contains(span)) {
                            problem = problem.label(at, "must be native");
                        }
                    }
                    None => {
                        python.push(problem);
                        continue;
                    }
                }
            } else if demand.is_none() && !problem.code.as_str().starts_with('R') {
                problem.severity = Severity::Warning;
                problem = problem.note(format!("`{name}` stays Python because of this"));
            }
            // Two instances of one function have one problem.
            if !self.diagnostics.contains(&problem) {
                self.diagnostics.push(problem);
            }
        }
        let Some(first) = python.first().filter(|_| attempted) else {
            return;
        };
        let line = first.primary.map(|span| self.analyzer.line(span));
        let place = line.map_or(String::new(), |line| format!(" (line {line})"));
        let mut message = format!("`{name}` stays Python: it {}{place}", first.message);
        if python.len() > 1 {
            let count = python.len() - 1;
            let plural = if count == 1 { "reason" } else { "reasons" };
            message.push_str(&format!(", and for {count} more {plural}"));
        }
        let mut told = Diagnostic::info(Code::N003, at, message);
        for problem in &python {
            if let Some(span) = problem.primary.filter(|span| !at.contains(*span)) {
                told = told.label(span, problem.message.clone());
            }
        }
        told.help = first.help.clone();
        self.diagnostics.push(told);
    }

    /// Functions that are not at module level are never native.
    fn others(&mut self, body: &[ast::Stmt], outside: Option<&str>) {
        for stmt in body {
            match &stmt.kind {
                StmtKind::FunctionDef(def) => {
                    if let Some(outside) = outside {
                        self.other(def, outside, None);
                    }
                    self.others(&def.body, Some("is defined inside of another function"));
                }
                StmtKind::ClassDef(class) => {
                    for stmt in &class.body {
                        if let StmtKind::FunctionDef(def) = &stmt.kind {
                            self.other(def, "is a method", Some(&class.name.name));
                            self.others(&def.body, Some("is defined inside of a method"));
                        } else {
                            self.others(
                                std::slice::from_ref(stmt),
                                Some("is defined inside of a class"),
                            );
                        }
                    }
                }
                _ => {
                    let outside =
                        outside.or(Some("is defined under a condition, not at module level"));
                    for body in bodies(stmt) {
                        self.others(body, outside);
                    }
                }
            }
        }
    }

    fn other(&mut self, def: &ast::FunctionDef, reason: &str, class: Option<&str>) {
        let demand = def
            .decorator_list
            .iter()
            .find_map(|decorator| self.analyzer.demands_native(decorator));
        let span = def.name.span;
        if let Some(demand) = demand {
            let message = format!("`{}` is `{demand}`, but it {reason}", def.name.name);
            self.diagnostics.push(
                Diagnostic::error(Code::N005, span, message)
                    .help("only functions at module level can be native yet: move it there"),
            );
        }
        // Nested helpers are part of their function, not worth a line of their own.
        if class.is_some() || reason.contains("condition") {
            let reason = Reason {
                text: reason.to_owned(),
                is_phrase: true,
                span: Some(span),
                line: Some(self.analyzer.line(span)),
            };
            self.push_report(def, class, 0, Some(reason));
        }
    }
}

/// The program of all native functions and of what they call, renumbered.
fn assemble(
    analyzer: &mut Analyzer<'_>,
    name: &str,
    exported: &[(DefId, FunctionId)],
) -> hir::Program {
    let mut seen = BTreeSet::new();
    reach(
        analyzer,
        exported.iter().map(|(_, id)| *id).collect(),
        &mut seen,
    );
    let forms = vector_forms(analyzer, &seen);
    reach(
        analyzer,
        forms.iter().map(|(_, id)| *id).collect(),
        &mut seen,
    );
    let mut functions: IndexVec<FunctionId, hir::Function> = IndexVec::new();
    let mut numbers = HashMap::new();
    for id in seen {
        if let Some(function) = analyzer.instances[id].function.take() {
            numbers.insert(id, functions.push(function));
        }
    }
    for function in &mut functions {
        for expr in &mut function.exprs {
            if let hir::ExprKind::Call { function, .. } = &mut expr.kind
                && let Some(number) = numbers.get(function)
            {
                *function = *number;
            }
        }
        hir::each_for_mut(&mut function.body, &mut |each| {
            for fold in each
                .parallel
                .iter_mut()
                .flat_map(|parallel| &mut parallel.folds)
            {
                if let Some(number) = numbers.get(&fold.function) {
                    fold.function = *number;
                }
            }
        });
    }
    let mut exports = Vec::new();
    for (def, id) in exported {
        let signature = analyzer.signature(*def);
        let first_line = analyzer.line(analyzer.defs[*def].ast.full_span);
        if let Some(function) = numbers.get(id) {
            exports.push(Export {
                function: *function,
                first_line,
                params: export_params(&signature),
            });
        }
    }
    let number = |(name, id)| Some((name, *numbers.get(&id)?));
    hir::Program {
        module: name.to_owned(),
        functions,
        exports,
        vector_forms: forms.into_iter().filter_map(number).collect(),
    }
}

/// Adds instances and what they call.
fn reach(analyzer: &Analyzer<'_>, mut needed: Vec<FunctionId>, seen: &mut BTreeSet<FunctionId>) {
    while let Some(id) = needed.pop() {
        if seen.insert(id) {
            needed.extend(analyzer.instances[id].callees.iter().map(|(id, _)| *id));
        }
    }
}

/// The vector forms of the intrinsics that are used, if there are loops that could run in lanes at all.
fn vector_forms(
    analyzer: &mut Analyzer<'_>,
    seen: &BTreeSet<FunctionId>,
) -> Vec<(&'static str, FunctionId)> {
    let mut used = BTreeSet::new();
    let mut any_loop = false;
    for function in seen
        .iter()
        .filter_map(|id| analyzer.instances[*id].function.as_ref())
    {
        any_loop |= hir::has_for(&function.body);
        for expr in &function.exprs {
            if let hir::ExprKind::Intrinsic { name, .. } = &expr.kind {
                used.extend(vector_form(name));
            }
        }
    }
    if !any_loop {
        return Vec::new();
    }
    let mut forms = Vec::new();
    for (intrinsic, file, name) in used {
        let defs = analyzer.library_scope(file).into_iter();
        let mut defs = defs.flat_map(|scope| analyzer.defs_of(scope));
        if let Some(def) = defs.find(|def| analyzer.defs[*def].ast.name.name == name) {
            let count = analyzer.signature(def).params.len();
            let types = vec![Type::Fixed(hir::Fixed::F64); count];
            forms.push((intrinsic, analyzer.instance(def, types)));
        }
    }
    forms
}

fn export_params(signature: &Signature<'_>) -> Vec<ExportParam> {
    signature
        .params
        .iter()
        .map(|param| ExportParam {
            name: param.name.to_owned(),
            kind: match param.kind {
                ParameterKind::PositionalOnly => ParamKind::PositionalOnly,
                ParameterKind::KeywordOnly => ParamKind::KeywordOnly,
                ParameterKind::PositionalOrKeyword
                | ParameterKind::VarPositional
                | ParameterKind::VarKeyword => ParamKind::PositionalOrKeyword,
            },
        })
        .collect()
}
