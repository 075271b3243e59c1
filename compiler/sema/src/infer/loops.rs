//! Loops: what they run over, and the rounds until the types at their heads are settled.

use snek_diagnostics::{Code, Diagnostic, Span};
use snek_syntax::ast::{self, ExprKind as E};

use super::{Infer, MAX_ROUNDS};
use crate::analyzer::Reference;
use crate::env::{Env, Slot};
use crate::hir::{
    Choice, CompareOp, Const, ExprId, ExprKind, For, Iter, LocalId, Parallel, Stmt, StmtKind,
    Target, Type,
};
use crate::prange;

use snek_abi::parallel::{
    COLLAPSE_SHIFT, HAS_CHUNK, HAS_THREADS, PROGRESS, SCHEDULES, UNCHECKED, USER_SCHEDULES,
};

/// The most loops that are run as one.
const COLLAPSE_MAX: i64 = 7;

/// A loop whose body is being walked.
pub(crate) struct Loop {
    /// What is assumed at its head.
    head: Env,
    /// What is assumed behind it, once it has been walked.
    exit: Option<Env>,
    /// The `break`s so far.
    breaks: Vec<Env>,
    /// The `continue`s so far.
    continues: Vec<Env>,
    /// `Some` for `prange`: the call's place.
    pub parallel: Option<Span>,
}

/// What was found out about a loop the last time that it was walked.
#[derive(Clone, Default)]
pub(crate) struct Memo {
    head: Option<Env>,
    exit: Option<Env>,
}

/// How much was emitted, so that it can be dropped.
struct Mark {
    exprs: usize,
    problems: usize,
    callees: usize,
    revealed: usize,
    returns: usize,
    parallel_loops: usize,
}

/// The value of one iteration.
enum Item {
    /// A value of this type.
    Value(Type),
    /// `enumerate` and `zip`: several.
    Parts(Vec<Item>),
    /// An index into a tuple, which is a variable.
    Select(LocalId, Vec<Type>, Type),
    /// Unknown, after an error.
    Poison,
}

/// What a loop is driven by.
enum Source<'a> {
    While(&'a ast::Expr),
    For {
        target: &'a ast::Expr,
        iter: Iter,
        item: Item,
        parallel: Option<Span>,
        /// Whether the loop variable is never negative.
        nonnegative: bool,
    },
}

impl<'a> Infer<'_, 'a> {
    fn mark(&self) -> Mark {
        Mark {
            exprs: self.exprs.len(),
            problems: self.problems.len(),
            callees: self.callees.len(),
            revealed: self.revealed.len(),
            returns: self.returns.len(),
            parallel_loops: self.parallel_loops,
        }
    }

    fn rewind(&mut self, mark: &Mark) {
        self.exprs.truncate(mark.exprs);
        self.problems.truncate(mark.problems);
        self.callees.truncate(mark.callees);
        self.revealed.truncate(mark.revealed);
        self.returns.truncate(mark.returns);
        self.parallel_loops = mark.parallel_loops;
    }

    pub fn while_loop(
        &mut self,
        stmt: &'a ast::Stmt,
        test: &'a ast::Expr,
        body: &'a [ast::Stmt],
        orelse: &'a [ast::Stmt],
        out: &mut Vec<Stmt>,
    ) {
        self.run_loop(stmt, Source::While(test), body, orelse, out);
    }

    pub fn for_loop(
        &mut self,
        stmt: &'a ast::Stmt,
        target: &'a ast::Expr,
        iter: &'a ast::Expr,
        body: &'a [ast::Stmt],
        orelse: &'a [ast::Stmt],
        out: &mut Vec<Stmt>,
    ) {
        let at = iter.span;
        let parallel = match self.collapsed.contains(&stmt.span.start) {
            true => Some(at),
            false => self.prange_call(iter),
        };
        if parallel.is_some()
            && let Some(first) = orelse.first()
        {
            let problem = Diagnostic::error(Code::R004, first.span, "a `prange` has no `else`")
                .label(iter.span, "runs its iterations in any order")
                .help("write what follows after the loop: without `break`, that is the same");
            self.problem(problem);
        }
        let (iter, item) = self.iterate(iter, out);
        let levels = std::mem::replace(&mut self.collapse, 1);
        if let Some(problem) = self.collapse_nest(at, target, body, levels) {
            self.problem(problem);
        }
        let nonnegative = match &iter {
            Iter::Range { start, step, .. } => {
                self.is_nonnegative(*start)
                    && matches!(self.const_of(*step), Some(Const::Int(step)) if *step > 0)
            }
            _ => false,
        };
        let source = Source::For {
            target,
            iter,
            item,
            parallel,
            nonnegative,
        };
        self.run_loop(stmt, source, body, orelse, out);
    }

    /// Notes the loops that are to be run as one with this `prange`, or says why there are not so many.
    fn collapse_nest(
        &mut self,
        at: Span,
        target: &'a ast::Expr,
        body: &'a [ast::Stmt],
        levels: usize,
    ) -> Option<Diagnostic> {
        let mut body = body;
        let mut names = Vec::new();
        assigned_names(target, &mut names);
        for _ in 1..levels {
            let [stmt] = body else {
                let span = body.get(1).map_or(at, |stmt| stmt.span);
                let message =
                    format!("`collapse={levels}` wants {levels} loops and nothing between them");
                return Some(
                    Diagnostic::error(Code::R004, span, message)
                        .label(at, "is to be run as one loop with those inside")
                        .help("leave out `collapse`, or move this into the innermost loop"),
                );
            };
            let ast::StmtKind::For {
                target,
                iter,
                body: inner,
                orelse,
                ..
            } = &stmt.kind
            else {
                let message = format!("`collapse={levels}` wants a `for` loop here");
                return Some(
                    Diagnostic::error(Code::R004, stmt.span, message)
                        .label(at, "is to be run as one loop with those inside"),
                );
            };
            let is_range = matches!(
                self.callee(iter).as_deref(),
                Some("builtins.range" | "snek.prange")
            );
            let is_plain = matches!(&iter.kind, E::Call { keywords, .. } if keywords.is_empty());
            if !is_range || !is_plain || !orelse.is_empty() {
                let message = format!("`collapse={levels}` wants a loop over a plain `range` here");
                return Some(
                    Diagnostic::error(Code::R004, iter.span, message)
                        .label(at, "is to be run as one loop with this one"),
                );
            }
            if let Some((name, span)) = names.iter().find(|(name, _)| mentions(iter, name)) {
                let message = format!(
                    "the bounds of this loop depend on `{name}`, so it cannot be run as one with the loop around"
                );
                return Some(
                    Diagnostic::error(Code::R004, iter.span, message)
                        .label(*span, format!("`{name}` differs between iterations"))
                        .help("leave out `collapse`"),
                );
            }
            assigned_names(target, &mut names);
            self.collapsed.insert(stmt.span.start);
            body = inner;
        }
        None
    }

    fn run_loop(
        &mut self,
        stmt: &'a ast::Stmt,
        source: Source<'a>,
        body: &'a [ast::Stmt],
        orelse: &'a [ast::Stmt],
        out: &mut Vec<Stmt>,
    ) {
        let key = stmt.span.start;
        let span = stmt.span;
        let entry = self.env.clone();
        let mark = self.mark();
        let mut memo = self.memo.get(&key).cloned().unwrap_or_default();
        let mut head = match &memo.head {
            Some(known) => {
                let known = known.clone();
                self.join(&entry, &known)
            }
            None => entry.clone(),
        };
        let parallel = match &source {
            Source::For { parallel, .. } => *parallel,
            Source::While(_) => None,
        };
        for round in 0.. {
            self.env = head.clone();
            self.loops.push(Loop {
                head: head.clone(),
                exit: memo.exit.clone(),
                breaks: Vec::new(),
                continues: Vec::new(),
                parallel,
            });
            let mut code = Vec::new();
            let mut cond = None;
            let mut place = None;
            let exit = match &source {
                Source::While(test) => {
                    let test = self.condition(test);
                    cond = Some(test);
                    let after = self.env.clone();
                    match self.const_of(test) {
                        Some(Const::Bool(true)) => after.dead(),
                        Some(Const::Bool(false)) => {
                            self.env = after.dead();
                            after
                        }
                        _ => after,
                    }
                }
                Source::For {
                    target,
                    item,
                    nonnegative,
                    ..
                } => {
                    place = Some(self.bind_item(target, item, *nonnegative, &mut code));
                    head.clone()
                }
            };
            self.block(body, &mut code);
            let back = self.env.clone();
            self.convert_edge(&back, &head, &mut code, span);
            let Some(done) = self.loops.pop() else { return };

            let mut settled = head.clone();
            for at in std::iter::once(&back).chain(&done.continues) {
                let at = without_poison(at, &head);
                settled = self.join(&settled, &at);
            }
            if settled != head && round < MAX_ROUNDS {
                self.rewind(&mark);
                memo.head = Some(settled.clone());
                head = settled;
                continue;
            }

            self.env = exit;
            let mut other = Vec::new();
            self.block(orelse, &mut other);
            let normal = self.env.clone();
            let mut behind = normal.clone();
            for at in &done.breaks {
                behind = self.join(&behind, at);
            }
            // A `break` converts to what was assumed behind the loop: it must be what came out.
            let mut scratch = Vec::new();
            let converts = done
                .breaks
                .iter()
                .any(|at| self.convert_edge(at, &behind, &mut scratch, span));
            let assumed = done.exit.as_ref() == Some(&behind);
            if converts && !assumed && round < MAX_ROUNDS {
                self.rewind(&mark);
                memo.exit = Some(behind);
                continue;
            }
            self.convert_edge(&normal, &behind, &mut other, span);
            self.convert_edge(&entry, &head, out, span);
            memo.head = Some(head);
            self.memo.insert(key, memo);
            self.env = behind;
            self.finish_loop(span, source, cond, place, code, other, body, out);
            return;
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one loop")]
    fn finish_loop(
        &mut self,
        span: Span,
        source: Source<'a>,
        cond: Option<ExprId>,
        place: Option<Target>,
        body: Vec<Stmt>,
        other: Vec<Stmt>,
        ast_body: &'a [ast::Stmt],
        out: &mut Vec<Stmt>,
    ) {
        match source {
            Source::While(_) => {
                let Some(cond) = cond else { return };
                let kind = StmtKind::While { cond, body, other };
                out.push(Stmt { kind, span });
            }
            Source::For {
                target: ast_target,
                iter,
                parallel,
                ..
            } => {
                let Some(target) = place else { return };
                let mut made = For {
                    iter,
                    target,
                    body,
                    other,
                    parallel: None,
                };
                if let Some(at) = parallel {
                    self.parallel_loops += 1;
                    let found = prange::classify(self, &mut made, at, out);
                    let mut assigned = Vec::new();
                    assigned_names(ast_target, &mut assigned);
                    for stmt in ast_body {
                        assigned_in(stmt, &mut assigned);
                    }
                    for (id, place) in assigned {
                        let Some(name) = self.name_ids.get(id).copied() else {
                            continue;
                        };
                        let locals = self.locals_of(name);
                        if matches!(self.env.slots[name], Slot::Poisoned) {
                            continue;
                        }
                        let chosen = |choice: &Choice| {
                            locals.contains(&choice.key)
                                || choice.companions.iter().any(|local| locals.contains(local))
                        };
                        let is_reduced = found
                            .reductions
                            .iter()
                            .any(|reduction| locals.contains(&reduction.local))
                            || found.choices.iter().any(chosen)
                            || found.folds.iter().any(|fold| locals.contains(&fold.local));
                        if is_reduced
                            && let Slot::Bound {
                                maybe_unbound: true,
                                ..
                            } = self.env.slots[name]
                        {
                            let problem = Diagnostic::error(
                                Code::R002,
                                place,
                                format!("`{id}` has no value if no iteration assigns it"),
                            )
                            .primary_label("assigned here, under a condition")
                            .label(at, "runs its iterations in any order")
                            .help(format!("assign `{id}` before the loop"));
                            self.problem(problem);
                            self.env.slots[name] = Slot::Poisoned;
                            continue;
                        }
                        let is_carried = found.carried.iter().any(|local| locals.contains(local));
                        if is_carried {
                            self.env.slots[name] = Slot::Poisoned;
                        } else if !is_reduced
                            && !self.problems.is_empty()
                            && !found.privates.iter().any(|local| locals.contains(local))
                        {
                            // What was assigned is wrong, which was reported.
                            self.env.slots[name] = Slot::Poisoned;
                        } else if !is_reduced {
                            self.env.slots[name] = Slot::AfterParallel {
                                at: place,
                                parallel: at,
                            };
                        }
                    }
                    made.parallel = Some(Parallel {
                        span: at,
                        reductions: found.reductions,
                        arrays: found.arrays,
                        choices: found.choices,
                        folds: found.folds,
                        privates: found.privates,
                    });
                }
                out.push(Stmt {
                    kind: StmtKind::For(Box::new(made)),
                    span,
                });
            }
        }
    }

    pub fn break_stmt(&mut self, span: Span, out: &mut Vec<Stmt>) {
        let Some(parallel) = self.loops.last().map(|enclosing| enclosing.parallel) else {
            return;
        };
        if let Some(parallel) = parallel {
            let problem = Diagnostic::error(Code::R004, span, "`break` leaves a `prange`")
                .label(
                    parallel,
                    "runs its iterations in any order, so none is the last",
                )
                .help("skip the rest with `continue` under a condition, or use `range`");
            self.problem(problem);
        }
        let env = self.env.clone();
        if let Some(exit) = self
            .loops
            .last()
            .and_then(|enclosing| enclosing.exit.clone())
        {
            self.convert_edge(&env, &exit, out, span);
        }
        if let Some(enclosing) = self.loops.last_mut() {
            enclosing.breaks.push(env);
        }
        self.unlock_loop(span, out);
        out.push(Stmt {
            kind: StmtKind::Break,
            span,
        });
        self.env.reachable = false;
    }

    pub fn continue_stmt(&mut self, span: Span, out: &mut Vec<Stmt>) {
        let env = self.env.clone();
        if let Some(head) = self.loops.last().map(|enclosing| enclosing.head.clone()) {
            self.convert_edge(&env, &head, out, span);
        }
        if let Some(enclosing) = self.loops.last_mut() {
            enclosing.continues.push(env);
        }
        self.unlock_loop(span, out);
        out.push(Stmt {
            kind: StmtKind::Continue,
            span,
        });
        self.env.reachable = false;
    }

    /// The place of a call of `prange`.
    fn prange_call(&self, iter: &ast::Expr) -> Option<Span> {
        match self.callee(iter)?.as_str() {
            "snek.prange" => Some(iter.span),
            _ => None,
        }
    }

    /// The qualified name of what an expression calls.
    pub fn callee(&self, expr: &ast::Expr) -> Option<String> {
        let E::Call { func, .. } = &expr.kind else {
            return None;
        };
        if let E::Name { id, .. } = &func.kind
            && self.name_ids.contains_key(id.as_str())
        {
            return None;
        }
        match self.an.resolve_dotted(self.scope, func)? {
            Reference::External(name) => Some(name),
            _ => None,
        }
    }

    /// What a `for` runs over.
    fn iterate(&mut self, expr: &'a ast::Expr, out: &mut Vec<Stmt>) -> (Iter, Item) {
        let span = expr.span;
        if let (Some(name), E::Call { args, keywords, .. }) = (self.callee(expr), &expr.kind) {
            match name.as_str() {
                "builtins.range" | "snek.prange" => {
                    let is_parallel = name == "snek.prange";
                    return self.range(is_parallel, expr, args, keywords, out);
                }
                "builtins.enumerate" => return self.enumerate(expr, args, keywords, out),
                "builtins.zip" => {
                    if let Some(keyword) = keywords.first() {
                        self.not_native(keyword.span, "calls `zip` with a keyword argument");
                        return self.no_iteration(span);
                    }
                    let (iters, items) =
                        args.iter().map(|arg| self.iterate_inner(arg, out)).unzip();
                    return (Iter::Zip(iters), Item::Parts(items));
                }
                "builtins.reversed" if keywords.is_empty() && args.len() == 1 => {
                    let (iter, item) = self.iterate_inner(&args[0], out);
                    return match iter {
                        Iter::Range { .. } | Iter::Array(_) => {
                            (Iter::Reversed(Box::new(iter)), item)
                        }
                        _ => {
                            self.not_native(
                                span,
                                "reverses something else than a range or an array",
                            );
                            self.no_iteration(span)
                        }
                    };
                }
                _ => {}
            }
        }
        let value = self.expr(expr);
        match self.ty(value).clone() {
            Type::Never => self.no_iteration(span),
            Type::Array { element, rank } => {
                let item = match rank {
                    1 => element.value_type(),
                    _ => Type::Array {
                        element,
                        rank: rank - 1,
                    },
                };
                (Iter::Array(value), Item::Value(item))
            }
            Type::Tuple(types) => {
                let mut common = Type::Never;
                for ty in &types {
                    match common.join(ty) {
                        Some(joined) => common = joined,
                        None => {
                            let message = format!(
                                "the elements of this tuple are `{common}` and `{ty}`: the loop variable would have two types"
                            );
                            self.problem(
                                Diagnostic::error(Code::T014, span, message)
                                    .help("convert the elements to one type"),
                            );
                            return self.no_iteration(span);
                        }
                    }
                }
                if common == Type::Str {
                    self.not_native(span, "iterates over strings");
                    return self.no_iteration(span);
                }
                let tuple = self.keep(value, out);
                let count = types.len() as i64;
                let iter = Iter::Range {
                    start: self.int(0, span),
                    stop: self.int(count, span),
                    step: self.int(1, span),
                };
                (iter, Item::Select(tuple, types, common))
            }
            Type::Str => {
                self.not_native(span, "iterates over a string");
                self.no_iteration(span)
            }
            ty => {
                let problem =
                    Diagnostic::error(Code::T008, span, format!("'{ty}' object is not iterable"));
                let problem = match ty {
                    Type::Int => problem.help("did you mean `range(...)`?"),
                    _ => problem,
                };
                self.problem(problem);
                self.no_iteration(span)
            }
        }
    }

    /// As `iterate`, for what `enumerate` and such take.
    fn iterate_inner(&mut self, expr: &'a ast::Expr, out: &mut Vec<Stmt>) -> (Iter, Item) {
        if self.prange_call(expr).is_some() {
            let problem = Diagnostic::error(
                Code::R004,
                expr.span,
                "`prange` is inside of another iterator",
            )
            .help("write `for i in prange(...)` and index with `i`");
            self.problem(problem);
            return self.no_iteration(expr.span);
        }
        self.iterate(expr, out)
    }

    fn no_iteration(&mut self, span: Span) -> (Iter, Item) {
        let nothing = Iter::Range {
            start: self.int(0, span),
            stop: self.int(0, span),
            step: self.int(1, span),
        };
        (nothing, Item::Poison)
    }

    fn range(
        &mut self,
        is_parallel: bool,
        expr: &'a ast::Expr,
        args: &'a [ast::Expr],
        keywords: &'a [ast::Keyword],
        out: &mut Vec<Stmt>,
    ) -> (Iter, Item) {
        let span = expr.span;
        if let (Some(keyword), false) = (keywords.first(), is_parallel) {
            let message = "range() takes no keyword arguments";
            self.problem(Diagnostic::error(Code::T003, keyword.span, message));
            return self.no_iteration(span);
        }
        let Some(arguments) = self.arguments(args, &[]) else {
            return self.no_iteration(span);
        };
        let mut values: Vec<ExprId> = arguments
            .positional
            .into_iter()
            .map(|value| self.index(value, "an argument of `range`"))
            .collect();
        if !keywords.is_empty() {
            // Python evaluates the bounds before the options.
            for value in &mut values {
                if !self.is_pure(*value) && !self.is_poison(*value) {
                    let at = self.exprs[*value].span;
                    let local = self.keep(*value, out);
                    *value = self.read(local, at);
                }
            }
            if !self.prange_options(expr, keywords, out) {
                return self.no_iteration(span);
            }
        }
        if values.iter().any(|value| self.is_poison(*value)) {
            return self.no_iteration(span);
        }
        let (start, stop, step) = match values[..] {
            [stop] => (self.int(0, span), stop, self.int(1, span)),
            [start, stop] => (start, stop, self.int(1, span)),
            [start, stop, step] => (start, stop, step),
            _ => {
                let count = values.len();
                let message = if count == 0 {
                    "range expected at least 1 argument, got 0".to_owned()
                } else {
                    format!("range expected at most 3 arguments, got {count}")
                };
                self.problem(Diagnostic::error(Code::T003, span, message));
                return self.no_iteration(span);
            }
        };
        (Iter::Range { start, stop, step }, Item::Value(Type::Int))
    }

    /// The options of `prange`, as a call before the loop that checks them. Whether they are good.
    fn prange_options(
        &mut self,
        expr: &'a ast::Expr,
        keywords: &'a [ast::Keyword],
        out: &mut Vec<Stmt>,
    ) -> bool {
        let mut flags = 0;
        let mut numbers = [None, None];
        let mut label = None;
        let mut fine = true;
        for keyword in keywords {
            let Some(name) = keyword.arg.as_ref().map(|name| name.name.as_str()) else {
                self.not_native(keyword.span, "calls `prange` with `**`");
                return false;
            };
            let value = self.expr(&keyword.value);
            if self.is_poison(value) {
                return false;
            }
            let constant = self.const_of(value).cloned();
            let at = keyword.value.span;
            let refuse = |message: String| Diagnostic::error(Code::R004, at, message);
            let problem = match (name, constant) {
                ("schedule", Some(Const::Str(word))) => {
                    let mut known = SCHEDULES[..USER_SCHEDULES].iter();
                    match known.position(|known| *known == word) {
                        Some(schedule) => {
                            flags |= schedule as i64;
                            continue;
                        }
                        None => refuse(format!("there is no schedule '{word}'"))
                            .help("a schedule is 'auto', 'static', 'dynamic' or 'guided'"),
                    }
                }
                ("schedule", _) => refuse("the schedule is known only at run time".to_owned())
                    .help("write it as text: `schedule=\"dynamic\"`"),
                ("unchecked", Some(Const::Bool(unchecked))) => {
                    flags |= if unchecked { UNCHECKED } else { 0 };
                    continue;
                }
                ("unchecked", _) => refuse("`unchecked` is not `True` or `False`".to_owned())
                    .help("whether a loop is checked is decided at compile time"),
                ("collapse", Some(Const::Int(number))) if number < 1 => {
                    refuse(format!("collapse must be at least 1, not {number}"))
                }
                ("collapse", Some(Const::Int(number))) if number <= COLLAPSE_MAX => {
                    flags |= number << COLLAPSE_SHIFT;
                    self.collapse = number as usize;
                    continue;
                }
                ("collapse", Some(Const::None)) => continue,
                ("collapse", _) => refuse("`collapse` is no small number".to_owned())
                    .help("write how many loops are to be run as one: `collapse=2`"),
                ("progress", Some(Const::Str(_))) => {
                    flags |= PROGRESS;
                    label = Some(value);
                    continue;
                }
                ("progress" | "chunk" | "threads", Some(Const::None)) => continue,
                ("progress", Some(_)) => refuse("the label of the bar is not a text".to_owned())
                    .help("write it as text: `progress=\"rendering\"`"),
                ("progress", _) => refuse("the label is known only at run time".to_owned())
                    .help("write it as text: `progress=\"rendering\"`"),
                ("chunk" | "threads", Some(Const::Int(number))) if number < 1 => {
                    refuse(format!("{name} must be at least 1, not {number}"))
                }
                ("chunk" | "threads", _) => {
                    let number = self.index(value, "an option of `prange`");
                    if self.is_poison(number) {
                        return false;
                    }
                    let (place, flag) = match name {
                        "chunk" => (0, HAS_CHUNK),
                        _ => (1, HAS_THREADS),
                    };
                    numbers[place] = Some(number);
                    flags |= flag;
                    continue;
                }
                _ => Diagnostic::error(
                    Code::T003,
                    keyword.span,
                    format!("prange() got an unexpected keyword argument '{name}'"),
                )
                .help("its options are `schedule`, `chunk`, `threads`, `collapse`, `progress` and `unchecked`"),
            };
            self.problem(problem);
            fine = false;
        }
        let span = expr.span;
        let mut args = vec![self.int(flags, span)];
        for number in numbers {
            args.push(match number {
                Some(number) => number,
                None => self.int(0, span),
            });
        }
        let name = "snek_rt_parallel_options".to_owned();
        let check = self.push(ExprKind::Intrinsic { name, args }, Type::None, span);
        let kind = StmtKind::Expr(check);
        out.push(Stmt { kind, span });
        if let Some(label) = label {
            let name = "snek_rt_parallel_progress".to_owned();
            let args = vec![label];
            let give = self.push(ExprKind::Intrinsic { name, args }, Type::None, span);
            let kind = StmtKind::Expr(give);
            out.push(Stmt { kind, span });
        }
        fine
    }

    fn enumerate(
        &mut self,
        expr: &'a ast::Expr,
        args: &'a [ast::Expr],
        keywords: &'a [ast::Keyword],
        out: &mut Vec<Stmt>,
    ) -> (Iter, Item) {
        let span = expr.span;
        let start = match (args, keywords) {
            ([_], []) => None,
            ([_, start], []) => Some(start),
            ([_], [keyword]) if keyword.arg.as_ref().is_some_and(|arg| arg.name == "start") => {
                Some(&keyword.value)
            }
            _ => {
                let message = "`enumerate` takes an iterable and a start";
                self.problem(Diagnostic::error(Code::T003, span, message));
                return self.no_iteration(span);
            }
        };
        let (inner, item) = self.iterate_inner(&args[0], out);
        let start = match start {
            Some(start) => {
                let start = self.expr(start);
                self.index(start, "the start of `enumerate`")
            }
            None => self.int(0, span),
        };
        if self.is_poison(start) {
            return self.no_iteration(span);
        }
        let iter = Iter::Enumerate {
            inner: Box::new(inner),
            start,
        };
        (iter, Item::Parts(vec![Item::Value(Type::Int), item]))
    }

    /// Gives the loop's variables the value of an iteration. What needs code of its own goes to the head of the body.
    fn bind_item(
        &mut self,
        target: &'a ast::Expr,
        item: &Item,
        nonnegative: bool,
        code: &mut Vec<Stmt>,
    ) -> Target {
        if let (E::Tuple { elts, .. } | E::List { elts, .. }, Item::Parts(items)) =
            (&target.kind, item)
            && elts.len() == items.len()
            && !elts
                .iter()
                .any(|element| matches!(element.kind, E::Starred { .. }))
        {
            let parts = elts
                .iter()
                .zip(items)
                .map(|(element, item)| self.bind_item(element, item, false, code))
                .collect();
            return Target::Parts(parts);
        }
        if let (E::Name { id, .. }, Item::Value(ty)) = (&target.kind, item)
            && let Some(name) = self.name_ids.get(id.as_str()).copied()
            && self
                .declared
                .get(&name)
                .is_none_or(|(declared, _)| declared == ty)
        {
            let local = self.bind(name, ty, target.span);
            if nonnegative && self.assignments.get(id.as_str()) == Some(&1) {
                self.nonnegative.insert(local);
            }
            return Target::Local(local);
        }
        let (place, value) = self.item_value(item, target.span);
        match value {
            Some(value) => self.assign(target, value, code),
            None => self.poison_targets(std::slice::from_ref(target)),
        }
        place
    }

    /// Hidden variables for an item, and the expression that makes one value of them.
    fn item_value(&mut self, item: &Item, span: Span) -> (Target, Option<ExprId>) {
        match item {
            Item::Value(ty) => {
                let local = self.temporary(ty.clone());
                (Target::Local(local), Some(self.read(local, span)))
            }
            Item::Poison => {
                let local = self.temporary(Type::Int);
                (Target::Local(local), None)
            }
            Item::Parts(items) => {
                let (places, values): (Vec<Target>, Vec<Option<ExprId>>) =
                    items.iter().map(|item| self.item_value(item, span)).unzip();
                let values: Option<Vec<ExprId>> = values.into_iter().collect();
                let value = values.map(|values| self.tuple(values, span));
                (Target::Parts(places), value)
            }
            Item::Select(tuple, types, common) => {
                let index = self.temporary(Type::Int);
                let mut value = None;
                for i in (0..types.len()).rev() {
                    let base = self.read(*tuple, span);
                    let field = self.field(base, i, span);
                    let field = self.convert_raw(field, common, false);
                    value = Some(match value {
                        None => field,
                        Some(other) => {
                            let at = self.read(index, span);
                            let number = self.int(i as i64, span);
                            let cond = self.push(
                                ExprKind::Compare(CompareOp::Eq, at, number),
                                Type::Bool,
                                span,
                            );
                            let kind = ExprKind::If {
                                cond,
                                then: field,
                                other,
                            };
                            self.push(kind, common.clone(), span)
                        }
                    });
                }
                (Target::Local(index), value)
            }
        }
    }
}

/// What an error left unknown at the end of a body stays as it was assumed at the head: else the next round would not
/// report that error.
fn without_poison(end: &Env, head: &Env) -> Env {
    let mut env = end.clone();
    for (name, slot) in env.slots.iter_mut_enumerated() {
        if matches!(slot, Slot::Poisoned) {
            *slot = head.slots[name].clone();
        }
    }
    env
}

/// The names that a target assigns, with their places.
fn assigned_names<'a>(target: &'a ast::Expr, found: &mut Vec<(&'a str, Span)>) {
    match &target.kind {
        E::Name { id, .. } => found.push((id, target.span)),
        E::Tuple { elts, .. } | E::List { elts, .. } => {
            for element in elts {
                assigned_names(element, found);
            }
        }
        _ => {}
    }
}

/// Whether an expression reads a name.
fn mentions(expr: &ast::Expr, name: &str) -> bool {
    matches!(&expr.kind, E::Name { id, .. } if id == name)
        || super::children(expr)
            .into_iter()
            .any(|child| mentions(child, name))
}

/// The names that a statement assigns, with their places.
fn assigned_in<'a>(stmt: &'a ast::Stmt, found: &mut Vec<(&'a str, Span)>) {
    match &stmt.kind {
        ast::StmtKind::Assign { targets, .. } => {
            for target in targets {
                assigned_names(target, found);
            }
        }
        ast::StmtKind::AugAssign { target, .. }
        | ast::StmtKind::AnnAssign {
            target,
            value: Some(_),
            ..
        }
        | ast::StmtKind::For { target, .. } => assigned_names(target, found),
        _ => {}
    }
    fn walrus<'a>(expr: &'a ast::Expr, found: &mut Vec<(&'a str, Span)>) {
        if let E::NamedExpr { target, .. } = &expr.kind {
            assigned_names(target, found);
        }
        for child in super::children(expr) {
            walrus(child, found);
        }
    }
    for expr in super::stmt_exprs(stmt) {
        walrus(expr, found);
    }
    for body in crate::modules::bodies(stmt) {
        for stmt in body {
            assigned_in(stmt, found);
        }
    }
}
