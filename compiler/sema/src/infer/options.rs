//! The options of `prange`.

use snek_abi::parallel::{
    COLLAPSE_SHIFT, HAS_CHUNK, HAS_THREADS, PROGRESS, SCHEDULES, UNCHECKED, USER_SCHEDULES,
};
use snek_diagnostics::{Code, Diagnostic, Span};
use snek_syntax::ast::{self, ExprKind as E};

use super::Infer;
use super::loops::assigned_names;
use crate::hir::{Const, ExprKind, Stmt, StmtKind, Type};

/// The most loops that are run as one.
const COLLAPSE_MAX: i64 = 7;

impl<'a> Infer<'_, 'a> {
    /// The options of `prange`, as a call before the loop that checks them. Whether they are good.
    pub(super) fn prange_options(
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

    /// Notes the loops that are to be run as one with this `prange`, or says why there are not so many.
    pub(super) fn collapse_nest(
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
}

/// Whether an expression reads a name.
fn mentions(expr: &ast::Expr, name: &str) -> bool {
    matches!(&expr.kind, E::Name { id, .. } if id == name)
        || super::children(expr)
            .into_iter()
            .any(|child| mentions(child, name))
}
