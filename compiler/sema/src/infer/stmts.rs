//! Statements.

use snek_abi::ExcKind;
use snek_diagnostics::{Code, Diagnostic, Span};
use snek_syntax::ast::{self, Constant, ExprKind as E, StmtKind as S};

use super::Infer;
use crate::analyzer::Reference;
use crate::annotations::dotted;
use crate::constants;
use crate::env::Slot;
use crate::hir::{self, Const, ExprId, ExprKind, Stmt, StmtKind, Type};

/// What `with` holds.
enum Held<'a> {
    /// A lock of the module.
    Lock(usize),
    /// So many threads for loops.
    Threads(&'a ast::Expr),
}

/// Stands for the number of a lock where the number of threads is held.
const THREADS: i64 = -1;

impl<'a> Infer<'_, 'a> {
    /// Statements in order; what control does not reach is left out.
    pub fn block(&mut self, body: &'a [ast::Stmt], out: &mut Vec<Stmt>) {
        for stmt in body {
            if !self.env.reachable {
                break;
            }
            self.stmt(stmt, out);
        }
    }

    fn stmt(&mut self, stmt: &'a ast::Stmt, out: &mut Vec<Stmt>) {
        let span = stmt.span;
        match &stmt.kind {
            S::Pass => {}
            S::Expr { value } => self.expr_stmt(value, span, out),
            S::Assign { targets, value } => {
                let value = self.expr(value);
                match &targets[..] {
                    [target] => self.assign(target, value, out),
                    _ => self.assign_many(targets, value, out),
                }
            }
            S::AnnAssign { target, value, .. } => {
                // What the annotation says was read before the body.
                if let Some(value) = value {
                    let value = self.expr(value);
                    self.assign(target, value, out);
                }
            }
            S::AugAssign { target, op, value } => self.augmented(stmt, target, *op, value, out),
            S::If { test, body, orelse } => self.if_stmt(test, body, orelse, span, out),
            S::While { test, body, orelse } => self.while_loop(stmt, test, body, orelse, out),
            S::For {
                target,
                iter,
                body,
                orelse,
                is_async: false,
            } => self.for_loop(stmt, target, iter, body, orelse, out),
            S::Break => self.break_stmt(span, out),
            S::Continue => self.continue_stmt(span, out),
            S::Return { value } => self.return_stmt(value.as_deref(), span, out),
            S::Raise { exc, cause } => self.raise_stmt(exc.as_deref(), cause.as_deref(), span, out),
            S::Assert { test, msg } => self.assert_stmt(test, msg.as_deref(), span, out),
            S::Delete { targets } => {
                for target in targets {
                    self.delete(target, out);
                }
            }
            S::FunctionDef(def) => {
                self.not_native(
                    def.name.span,
                    format!("defines the function `{}` inside", def.name.name),
                );
                self.poison_name(&def.name.name);
            }
            S::ClassDef(class) => {
                self.not_native(
                    class.name.span,
                    format!("defines the class `{}` inside", class.name.name),
                );
                self.poison_name(&class.name.name);
            }
            S::For { .. } => {
                self.not_native(span, "uses `async for`");
            }
            S::With {
                is_async: false,
                items,
                body,
            } if items.iter().all(|item| self.held_by(item).is_some()) => {
                self.with_held(items, body, out);
            }
            S::With {
                is_async, items, ..
            } => {
                let word = if *is_async { "async with" } else { "with" };
                let at = items.first().map_or(span, |item| item.context_expr.span);
                self.not_native(at, format!("uses `{word}`"));
                self.stop_here();
            }
            S::Try { .. } => {
                self.not_native(
                    Span::new(span.file, span.start, span.start + 3),
                    "uses `try`",
                );
                self.stop_here();
            }
            S::Match { subject, .. } => {
                self.not_native(subject.span, "uses `match`");
                self.stop_here();
            }
            S::Import { names } | S::ImportFrom { names, .. } => {
                self.not_native(span, "imports inside of a function");
                for alias in names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.poison_name(name.name.split('.').next().unwrap_or_default());
                }
            }
            S::Global { names } => {
                let name = names.first().map_or("", |name| &name.name);
                self.not_native(span, format!("declares `{name}` global"));
                self.stop_here();
            }
            S::Nonlocal { names } => {
                let name = names.first().map_or("", |name| &name.name);
                self.not_native(span, format!("declares `{name}` nonlocal"));
                self.stop_here();
            }
            S::TypeAlias { .. } => {
                self.not_native(span, "defines a type inside");
            }
        }
    }

    /// What follows rests on what was not understood: errors there would mislead.
    fn stop_here(&mut self) {
        self.is_opaque = true;
        for slot in &mut self.env.slots {
            *slot = Slot::Poisoned;
        }
    }

    fn poison_name(&mut self, name: &str) {
        if let Some(id) = self.name_ids.get(name).copied() {
            self.env.slots[id] = Slot::Poisoned;
        }
    }

    fn expr_stmt(&mut self, value: &'a ast::Expr, span: Span, out: &mut Vec<Stmt>) {
        // Docstrings, and `...` as a body.
        if constants::is_inert(value) {
            return;
        }
        if let E::Call {
            func,
            args,
            keywords,
        } = &value.kind
            && !matches!(&func.kind, E::Name { id, .. } if self.name_ids.contains_key(id.as_str()))
            && let Some(Reference::External(name)) = self.an.resolve_dotted(self.scope, func)
            && name == "builtins.print"
        {
            self.print(args, keywords, span, out);
            return;
        }
        let value = self.expr(value);
        if self.is_poison(value) || self.const_of(value).is_some() {
            return;
        }
        out.push(Stmt {
            kind: StmtKind::Expr(value),
            span,
        });
        if !self.env.reachable {
            // A call that never returns: nobody need prove it again.
            out.push(Stmt {
                kind: StmtKind::Raise {
                    exception: "SystemError".to_owned(),
                    args: None,
                },
                span,
            });
        }
    }

    fn assign_many(&mut self, targets: &'a [ast::Expr], value: ExprId, out: &mut Vec<Stmt>) {
        if self.is_poison(value) {
            self.poison_targets(targets);
            return;
        }
        let span = self.exprs[value].span;
        if let Some(value) = self.const_of(value).cloned() {
            let ty = crate::analyzer::type_of(&value);
            for target in targets {
                let value = self.constant(ty.clone(), value.clone(), span);
                self.assign(target, value, out);
            }
            return;
        }
        let local = self.keep(value, out);
        for target in targets {
            let value = self.read(local, span);
            self.assign(target, value, out);
        }
    }

    fn if_stmt(
        &mut self,
        test: &'a ast::Expr,
        body: &'a [ast::Stmt],
        orelse: &'a [ast::Stmt],
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        let cond = self.condition(test);
        if let Some(Const::Bool(value)) = self.const_of(cond) {
            let value = *value;
            self.block(if value { body } else { orelse }, out);
            return;
        }
        let before = self.env.clone();
        let mut then = Vec::new();
        self.block(body, &mut then);
        let after_then = std::mem::replace(&mut self.env, before);
        let mut other = Vec::new();
        self.block(orelse, &mut other);
        let after_other = self.env.clone();
        let joined = self.join(&after_then, &after_other);
        self.convert_edge(&after_then, &joined, &mut then, span);
        self.convert_edge(&after_other, &joined, &mut other, span);
        self.env = joined;
        if !self.is_poison(cond) {
            out.push(Stmt {
                kind: StmtKind::If { cond, then, other },
                span,
            });
        }
    }

    /// The lock that `with` names.
    fn lock_of(&self, item: &ast::WithItem) -> Option<usize> {
        let E::Name { id, .. } = &item.context_expr.kind else {
            return None;
        };
        if item.optional_vars.is_some() || self.name_ids.contains_key(id.as_str()) {
            return None;
        }
        let lock = self.an.lock(self.scope, id)?;
        (lock < snek_abi::LOCKS).then_some(lock)
    }

    /// What `with` holds, if it is something that native code can hold.
    fn held_by(&self, item: &'a ast::WithItem) -> Option<Held<'a>> {
        if let Some(lock) = self.lock_of(item) {
            return Some(Held::Lock(lock));
        }
        let call = &item.context_expr;
        let E::Call {
            func,
            args,
            keywords,
        } = &call.kind
        else {
            return None;
        };
        let mut root = &**func;
        while let E::Attribute { value, .. } = &root.kind {
            root = value;
        }
        let is_own =
            matches!(&root.kind, E::Name { id, .. } if self.name_ids.contains_key(id.as_str()));
        let ([count], true) = (&args[..], keywords.is_empty()) else {
            return None;
        };
        let is_count = !matches!(count.kind, E::Starred { .. });
        let is_plain = item.optional_vars.is_none() && !is_own && is_count;
        (is_plain && self.an.makes(self.scope, call, "snek.threads"))
            .then_some(Held::Threads(count))
    }

    /// `with lock:` and `with snek.threads(n):`. An exception in the body ends it at run time; other ways out do it here.
    fn with_held(
        &mut self,
        items: &'a [ast::WithItem],
        body: &'a [ast::Stmt],
        out: &mut Vec<Stmt>,
    ) {
        let before = self.locks.len();
        for item in items {
            let span = item.context_expr.span;
            let number = match self.held_by(item) {
                Some(Held::Lock(lock)) => {
                    let args = vec![self.int(lock as i64, span)];
                    self.call_lock("snek_rt_lock", args, span, out);
                    lock as i64
                }
                Some(Held::Threads(count)) => {
                    let count = self.expr(count);
                    let args = vec![self.index(count, "a number of threads")];
                    self.call_lock("snek_rt_threads_begin", args, span, out);
                    THREADS
                }
                None => return,
            };
            self.locks.push((number, self.loops.len()));
        }
        self.block(body, out);
        if self.env.reachable
            && let Some(last) = items.last()
        {
            self.unlock(before, last.context_expr.span, out);
        }
        self.locks.truncate(before);
    }

    /// Gives back the locks beyond the first `keep`, the last one first.
    pub fn unlock(&mut self, keep: usize, span: Span, out: &mut Vec<Stmt>) {
        let held: Vec<i64> = self.locks[keep..].iter().map(|held| held.0).collect();
        for lock in held.into_iter().rev() {
            if lock == THREADS {
                self.call_lock("snek_rt_threads_end", Vec::new(), span, out);
            } else {
                let args = vec![self.int(lock, span)];
                self.call_lock("snek_rt_unlock", args, span, out);
            }
        }
    }

    /// Gives back what was taken within the innermost loop.
    pub fn unlock_loop(&mut self, span: Span, out: &mut Vec<Stmt>) {
        let depth = self.loops.len();
        let keep = self.locks.iter().position(|(_, loops)| *loops >= depth);
        self.unlock(keep.unwrap_or(self.locks.len()), span, out);
    }

    fn call_lock(&mut self, name: &str, args: Vec<ExprId>, span: Span, out: &mut Vec<Stmt>) {
        let name = name.to_owned();
        let call = self.push(ExprKind::Intrinsic { name, args }, Type::None, span);
        out.push(Stmt {
            kind: StmtKind::Expr(call),
            span,
        });
    }

    fn return_stmt(&mut self, value: Option<&'a ast::Expr>, span: Span, out: &mut Vec<Stmt>) {
        let parallel = self.loops.iter().find_map(|enclosing| enclosing.parallel);
        if let Some(parallel) = parallel {
            let problem = Diagnostic::error(Code::R004, span, "`return` leaves a `prange`")
                .label(parallel, "runs its iterations in any order, so none is the first to return")
                .help("keep what you found in a variable (`found = found or ...`) and return it after the loop");
            self.problem(problem);
        }
        let name = &self.an.defs[self.def].ast.name.name;
        if self.never_returns {
            let message = format!("`{name}` is declared to never return");
            self.problem(Diagnostic::error(Code::T010, span, message));
            self.env.reachable = false;
            return;
        }
        let result = match value {
            Some(value) => self.expr(value),
            None => self.constant(Type::None, Const::None, span),
        };
        if !self.env.reachable {
            // `return fail()`: the call is all there is.
            out.push(Stmt {
                kind: StmtKind::Expr(result),
                span,
            });
            out.push(Stmt {
                kind: StmtKind::Raise {
                    exception: "SystemError".to_owned(),
                    args: None,
                },
                span,
            });
            return;
        }
        let place = value.map_or(span, |value| value.span);
        if !self.outlives(result) {
            let problem = Diagnostic::error(
                Code::N001,
                place,
                "returns an array that is not one of its parameters",
            )
            .help("take the array to write to as a parameter; what is passed in can be returned");
            self.problem(problem);
        }
        let value = if self.is_result_declared {
            let target = self.result.clone().unwrap_or(Type::None);
            let declared = self.an.defs[self.def]
                .ast
                .returns
                .as_ref()
                .map(|returns| returns.span);
            let actual = self.ty(result).clone();
            let fits = actual == Type::Never
                || target == Type::Never
                || actual.keeps_as(&target)
                || (actual.is_scalar() && target.is_scalar());
            if fits {
                let what = format!("`{name}` returns");
                self.coerce(result, &target, &what, declared)
            } else {
                let message = format!("`{name}` returns `{target}`, and this is `{actual}`");
                let problem = Diagnostic::error(Code::T010, place, message);
                self.poison(match declared {
                    Some(at) => problem.label(at, "declared here"),
                    None => problem,
                })
            }
        } else {
            self.returns.push((self.ty(result).clone(), place));
            match self.result.clone() {
                Some(target)
                    if target != Type::Never && self.ty(result).join(&target).is_some() =>
                {
                    self.convert_raw(result, &target, false)
                }
                _ => result,
            }
        };
        let is_none = *self.ty(value) == Type::None && self.const_of(value).is_some();
        let mut value = value;
        if !self.locks.is_empty() && !self.is_poison(value) {
            if !is_none && self.const_of(value).is_none() {
                let local = self.keep(value, out);
                value = self.read(local, span);
            }
            self.unlock(0, span, out);
        }
        out.push(Stmt {
            kind: StmtKind::Return((!is_none).then_some(value)),
            span,
        });
        self.env.reachable = false;
    }

    /// Whether a value may be returned: an array must be a parameter as it was passed, since a view made here ends
    /// with the call, and Python is given back the very object that it passed.
    fn outlives(&self, value: ExprId) -> bool {
        if !crate::signatures::has_array(self.ty(value)) {
            return true;
        }
        match &self.exprs[value].kind {
            ExprKind::Tuple(items) => items.iter().all(|item| self.outlives(*item)),
            ExprKind::Local { local, .. } => {
                let name = self.locals[*local].name.as_str();
                let is_param = self.an.defs[self.def]
                    .ast
                    .args
                    .iter()
                    .any(|(_, arg, _)| arg.arg.name == name);
                is_param
                    && matches!(self.ty(value), Type::Array { .. })
                    && self.assignments.get(name) == Some(&1)
            }
            _ => false,
        }
    }

    fn raise_stmt(
        &mut self,
        exc: Option<&'a ast::Expr>,
        cause: Option<&'a ast::Expr>,
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        let Some(exc) = exc else {
            self.not_native(span, "raises again with a bare `raise`");
            self.env.reachable = false;
            return;
        };
        if let Some(cause) = cause
            && !matches!(
                cause.kind,
                E::Constant {
                    value: Constant::None
                }
            )
        {
            self.not_native(cause.span, "raises with a cause (`from`)");
        }
        let (class, args) = match &exc.kind {
            E::Call {
                func,
                args,
                keywords,
            } if keywords.is_empty() => (&**func, Some(args)),
            _ => (exc, None),
        };
        let exception = match self.an.resolve_dotted(self.scope, class) {
            Some(Reference::External(name)) => name.strip_prefix("builtins.").map(str::to_owned),
            _ => None,
        };
        let exception = match exception.as_deref() {
            // Old names of the same class.
            Some("EnvironmentError" | "IOError") => Some("OSError".to_owned()),
            Some(name) if ExcKind::from_name(name).is_some() => exception,
            _ => None,
        };
        let Some(exception) = exception else {
            self.not_native(
                class.span,
                format!("raises `{}`, which is no builtin exception", dotted(class)),
            );
            self.env.reachable = false;
            return;
        };
        let args = match args {
            None => None,
            Some(args) => {
                let values: Vec<ExprId> = args.iter().map(|arg| self.printable(arg)).collect();
                if values.iter().any(|value| self.is_poison(*value)) {
                    self.env.reachable = false;
                    return;
                }
                Some(values)
            }
        };
        out.push(Stmt {
            kind: StmtKind::Raise { exception, args },
            span,
        });
        self.env.reachable = false;
    }

    fn assert_stmt(
        &mut self,
        test: &'a ast::Expr,
        message: Option<&'a ast::Expr>,
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        let cond = self.condition(test);
        let before = self.env.clone();
        let message = message.map(|message| self.printable(message));
        self.env = before;
        let is_false = matches!(self.const_of(cond), Some(Const::Bool(false)));
        let is_wrong =
            self.is_poison(cond) || message.is_some_and(|message| self.is_poison(message));
        if !is_wrong {
            out.push(Stmt {
                kind: StmtKind::Assert { cond, message },
                span,
            });
        }
        if is_false {
            self.env.reachable = false;
        }
    }

    /// A value that can be printed or put into an exception.
    fn printable(&mut self, expr: &'a ast::Expr) -> ExprId {
        fn has_array(ty: &Type) -> bool {
            crate::signatures::has_array(ty)
        }
        let value = self.expr(expr);
        if has_array(self.ty(value)) {
            return self.not_native(expr.span, "prints an array");
        }
        value
    }

    fn print(
        &mut self,
        args: &'a [ast::Expr],
        keywords: &'a [ast::Keyword],
        span: Span,
        out: &mut Vec<Stmt>,
    ) {
        let mut values = Vec::new();
        for arg in args {
            if let E::Starred { .. } = arg.kind {
                self.not_native(arg.span, "prints with `*`");
                continue;
            }
            values.push(self.printable(arg));
        }
        let (mut sep, mut end, mut flush) = (" ".to_owned(), "\n".to_owned(), false);
        for keyword in keywords {
            let name = keyword.arg.as_ref().map_or("", |arg| &arg.name);
            let value = self.expr(&keyword.value);
            match (name, self.const_of(value)) {
                ("sep", Some(Const::Str(text))) => sep = text.clone(),
                ("sep", Some(Const::None)) | ("end", Some(Const::None)) => {}
                ("end", Some(Const::Str(text))) => end = text.clone(),
                ("flush", Some(Const::Bool(value))) => flush = *value,
                _ => {
                    self.not_native(keyword.span, format!("calls `print` with `{name}=`"));
                }
            }
        }
        if values.iter().any(|value| self.is_poison(*value)) {
            return;
        }
        out.push(Stmt {
            kind: StmtKind::Print {
                args: values,
                sep,
                end,
                flush,
            },
            span,
        });
    }

    fn delete(&mut self, target: &'a ast::Expr, out: &mut Vec<Stmt>) {
        let E::Name { id, .. } = &target.kind else {
            self.not_native(target.span, "deletes something that is no name");
            return;
        };
        let Some(name) = self.name_ids.get(id.as_str()).copied() else {
            return;
        };
        // Deleting what is unassigned raises, as reading it does.
        let value = self.read_name(name, target.span);
        if self.is_poison(value) {
            return;
        }
        if let ExprKind::Local {
            check_unbound: true,
            ..
        } = self.exprs[value].kind
        {
            out.push(Stmt {
                kind: StmtKind::Expr(value),
                span: target.span,
            });
        }
        for local in self.locals_of(name) {
            out.push(Stmt {
                kind: hir::StmtKind::Delete(local),
                span: target.span,
            });
        }
        self.env.slots[name] = Slot::Unassigned;
    }
}
