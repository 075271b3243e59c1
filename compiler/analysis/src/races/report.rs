//! What the user reads about a race: both accesses, two iterations that collide, and the ways out.

use snek_diagnostics::{Code, Diagnostic, Span};
use snek_mir::ir::{FloatOp, IntOp, OpId, OpKind, ValueId};

use super::accesses::Way;
use super::meet::Example;
use super::model::SYNTHETIC;
use super::{Access, ArrayNote, Checker, Plan, Question, Reason, Verdict};
use crate::affine::{Affine, Polynomial};

impl Checker<'_> {
    /// One error for each array: the plainest of its bad pairs.
    pub(super) fn report(
        &self,
        op: OpId,
        question: &mut Question<'_>,
        bad: &[(&Access, &Access, Verdict)],
    ) -> Vec<Diagnostic> {
        let weight = |verdict: &Verdict| match verdict {
            Verdict::Race(0) => 0,
            Verdict::Race(_) => 1,
            Verdict::Unknown(Reason::Element) => 2,
            Verdict::Unknown(Reason::Callee) => 3,
            Verdict::Unknown(_) => 4,
            Verdict::Disjoint => 5,
        };
        let mut bases: Vec<ValueId> = Vec::new();
        let mut diagnostics = Vec::new();
        let mut sorted: Vec<&(&Access, &Access, Verdict)> = bad.iter().collect();
        sorted.sort_by_key(|(_, _, verdict)| weight(verdict));
        for (a, b, verdict) in sorted {
            if bases.contains(&a.base) || bases.contains(&b.base) {
                continue;
            }
            bases.push(a.base);
            diagnostics.push(match verdict {
                Verdict::Race(0) => self.one_element(op, question, a, b),
                Verdict::Race(distance) => self.collision(op, question, a, b, *distance),
                Verdict::Unknown(reason) => match question.example(a, b) {
                    Some(example) => self.example(op, question, a, b, &example),
                    None => self.unproved(op, question, a, b, *reason),
                },
                Verdict::Disjoint => continue,
            });
        }
        diagnostics
    }

    fn span(&self, op: OpId) -> Span {
        self.function.sites[self.function.ops[op].site].span
    }

    fn name(&self, value: ValueId, otherwise: &str) -> String {
        let name = self.function.values[value].name.as_deref();
        name.unwrap_or(otherwise).to_string()
    }

    fn one_element(
        &self,
        op: OpId,
        question: &mut Question<'_>,
        a: &Access,
        b: &Access,
    ) -> Diagnostic {
        let element = self.element(question, a, None);
        let induction = self.variable(op);
        let message = format!("all iterations of this `prange` write to {element}");
        let mut diagnostic = Diagnostic::error(Code::R003, self.span(a.op), message)
            .primary_label(format!("the index does not depend on `{induction}`"))
            .label(self.span(op), "runs its iterations in any order");
        if self.are_apart(a, b) {
            let does = if b.writes {
                "writes it, too"
            } else {
                "reads it"
            };
            diagnostic = diagnostic.label(self.span(b.op), does);
        }
        let advice = if self.is_update(&mut question.model.affine, a) {
            "add up in a variable (`total += ...` is recognised as a reduction) and store it after the loop"
        } else {
            "store it after the loop, or give each iteration an element of its own"
        };
        diagnostic
            .help(advice.to_string())
            .help("use `range` if the order matters")
    }

    fn collision(
        &self,
        op: OpId,
        question: &mut Question<'_>,
        a: &Access,
        b: &Access,
        distance: i128,
    ) -> Diagnostic {
        let induction = self.variable(op);
        // Iteration `p` of the write meets iteration `p + distance` of the other one.
        let (scope, affine) = (&question.scope, &mut question.model.affine);
        let start = affine.of(scope.start).as_constant().unwrap_or(0);
        let room = match scope.trip_count(affine) {
            Some(trip) => (trip - 1 - (distance / scope.step).abs()).clamp(0, 3),
            None => 3,
        };
        let first = start + scope.step * room;
        let p = if distance / scope.step > 0 {
            first
        } else {
            first - distance
        };
        let q = p + distance;
        let element = self.element(question, a, Some(p));
        let does = if b.writes { "writes" } else { "reads" };
        let too = if b.writes { ", too" } else { "" };
        let other = format!("`{induction} = {q}` {does} {element} ...");
        let diagnostic = Diagnostic::error(
            Code::R001,
            self.span(a.op),
            "iterations of this `prange` are not independent",
        )
        .primary_label(format!("... which `{induction} = {p}` writes{too}"))
        .label(self.span(op), "runs its iterations in any order")
        .label(self.span(b.op), other);
        let advice = if b.writes {
            "let each iteration write elements of its own, or use `range` if the order matters"
        } else {
            "write to another array, or use `range` if the order matters"
        };
        diagnostic.help(advice)
    }

    /// Small numbers show two iterations that collide.
    fn example(
        &self,
        op: OpId,
        question: &Question<'_>,
        a: &Access,
        b: &Access,
        example: &Example,
    ) -> Diagnostic {
        let induction = self.variable(op);
        let array = self.name(a.base, "the array");
        let index: Vec<String> = example.subscripts.iter().map(i128::to_string).collect();
        let element = format!("`{array}[{}]`", index.join(", "));
        let (first, second) = (example.first, example.second);
        let mut with = Vec::new();
        for (value, number) in &example.with {
            match &self.function.values[*value].name {
                Some(name) => with.push(format!("`{name} = {number}`")),
                None => {
                    with.clear();
                    break;
                }
            }
        }
        let with = match with[..] {
            [] => String::new(),
            _ => format!(" (if {})", with.join(", ")),
        };
        let message = "iterations of this `prange` are not independent";
        let mut diagnostic = Diagnostic::error(Code::R001, self.span(a.op), message);
        let called = |access: &Access| match access.callee {
            Some(id) => {
                let frame = self.program.functions[id].frame;
                format!(" in `{}`", self.program.frames[frame].name)
            }
            None => String::new(),
        };
        diagnostic = if self.are_apart(a, b) {
            let does = if b.writes { "writes" } else { "reads" };
            let too = if b.writes { ", too" } else { "" };
            let (inside, other) = (called(a), called(b));
            diagnostic
                .primary_label(format!(
                    "... which `{induction} = {first}` writes{inside}{too}"
                ))
                .label(
                    self.span(b.op),
                    format!("`{induction} = {second}` {does} {element}{other} ...{with}"),
                )
        } else {
            let does = if a.writes && b.writes { "write" } else { "use" };
            diagnostic.primary_label(format!(
                "`{induction} = {first}` and `{induction} = {second}` both {does} {element}{}{with}",
                called(a)
            ))
        };
        diagnostic = diagnostic.label(self.span(op), "runs its iterations in any order");
        let advice = match (question.scope.op == op && a.callee.is_some(), b.writes) {
            (true, _) => format!("give it a row: `{array}[{induction}]`"),
            (false, true) => "let each iteration write elements of its own".to_string(),
            (false, false) => "write to another array".to_string(),
        };
        diagnostic
            .help(advice)
            .help("use `range` if the order matters")
    }

    /// The loop's variable, as the user calls it.
    fn variable(&self, op: OpId) -> String {
        let OpKind::For(f) = &self.function.ops[op].kind else {
            return "i".to_string();
        };
        let induction = self.function.regions[f.body].params[0];
        let name = self.function.values[induction].name.as_deref();
        match name {
            Some(name) if name != "position" => name.to_string(),
            _ => match self.function.labels[f.label].as_str() {
                "" | "for" => "i".to_string(),
                label => label.to_string(),
            },
        }
    }

    /// Why the accesses of a loop without races are safe, array by array.
    pub(super) fn notes(
        &self,
        question: &Question<'_>,
        accesses: &[Access],
        plan: &Plan,
        unchecked: bool,
    ) -> Vec<ArrayNote> {
        let mut notes: Vec<ArrayNote> = Vec::new();
        let mut bases: Vec<ValueId> = Vec::new();
        for access in accesses {
            if bases.contains(&access.base) {
                continue;
            }
            bases.push(access.base);
            let name = self.name(access.base, "an array");
            let same: Vec<&Access> = accesses.iter().filter(|a| a.base == access.base).collect();
            let write = same.iter().find(|access| access.writes);
            let folded = same.iter().find_map(|access| match access.way {
                Way::Fold(view) if plan.accumulators.contains(&view) => Some(view),
                _ => None,
            });
            let reason = match (write, folded) {
                _ if unchecked => "not checked: `unchecked=True`".to_string(),
                (None, _) => "only read".to_string(),
                (_, Some(view)) => {
                    let fold = match self.function.def_op(view).map(|op| &op.kind) {
                        Some(OpKind::Accumulator(fold)) => fold.name(),
                        _ => "?",
                    };
                    format!(
                        "elements are folded ({fold}): each chunk has a copy, combined in a fixed order"
                    )
                }
                (Some(write), _) if same.iter().all(|access| access.way == Way::Atomic) => {
                    format!(
                        "{} is changed atomically",
                        self.element(question, write, None)
                    )
                }
                (Some(write), _) => {
                    let element = self.element(question, write, None);
                    let mut reason = format!("no two iterations meet in {element}");
                    let names: Vec<String> = plan
                        .nonnegative
                        .iter()
                        .map(|v| format!("`{}`", self.name(*v, "the start")))
                        .collect();
                    if !names.is_empty() {
                        reason = format!(
                            "{reason} if {} is not negative (else the loop runs serially)",
                            names.join(", ")
                        );
                    }
                    reason
                }
            };
            notes.push(ArrayNote {
                name,
                writes: write.is_some(),
                reason,
            });
        }
        notes
    }

    fn unproved(
        &self,
        op: OpId,
        question: &mut Question<'_>,
        a: &Access,
        b: &Access,
        reason: Reason,
    ) -> Diagnostic {
        let array = self.name(a.base, "the array");
        let induction = self.variable(op);
        let apart = self.are_apart(a, b);
        let (message, label) = match reason {
            Reason::Computed | Reason::Overlap if apart => (
                "cannot prove that iterations of this `prange` are independent".to_string(),
                format!("another iteration may use the element of `{array}` that this writes"),
            ),
            Reason::Computed => (
                "cannot prove that iterations of this `prange` are independent".to_string(),
                format!(
                    "two iterations may use the same element of `{array}`: its index is known only at run time"
                ),
            ),
            Reason::Overlap => (
                "cannot prove that iterations of this `prange` are independent".to_string(),
                format!("one iteration may reach elements of `{array}` that belong to another"),
            ),
            Reason::Element => (
                "iterations of this `prange` are not independent".to_string(),
                format!("one iteration writes an element of `{array}` that the others use"),
            ),
            Reason::Arrays => (
                "cannot prove that iterations of this `prange` are independent".to_string(),
                format!(
                    "`{array}` may be the same array as the other one, or another array in each iteration"
                ),
            ),
            Reason::Callee => {
                let callee = a.callee.or(b.callee);
                let callee = callee.map(|id| self.program.functions[id].frame);
                let callee = callee.map(|frame| self.program.frames[frame].name.clone());
                let callee = callee.map_or("this".to_string(), |name| format!("`{name}`"));
                (
                    format!(
                        "all iterations of this `prange` give `{array}` to {callee}, which writes it"
                    ),
                    format!("the part of `{array}` does not depend on `{induction}`"),
                )
            }
            Reason::Folded => (
                "cannot prove that iterations of this `prange` are independent".to_string(),
                format!("`{array}` is folded over the iterations here"),
            ),
            Reason::Sign => (
                "cannot prove that iterations of this `prange` are independent".to_string(),
                format!(
                    "a negative index counts from the end of `{array}`, where another iteration may write"
                ),
            ),
        };
        let span = self.span(a.op);
        let mut diagnostic = Diagnostic::error(Code::R001, span, message)
            .primary_label(label)
            .label(self.span(op), "runs its iterations in any order");
        if apart {
            let does = if b.writes { "writes" } else { "reads" };
            let element = self.element(question, b, None);
            diagnostic = diagnostic.label(self.span(b.op), format!("{does} {element}"));
        }
        match reason {
            Reason::Callee => {
                diagnostic = diagnostic.help(format!("give it a row: `{array}[{induction}]`"));
            }
            Reason::Sign => {
                diagnostic = diagnostic.help("write the index so that it cannot be negative");
            }
            Reason::Folded => {
                diagnostic = diagnostic.help(format!(
                    "update `{array}` in one way only, and use it after the loop"
                ));
            }
            _ if self.is_update(&mut question.model.affine, a) => {
                diagnostic = diagnostic.help(format!(
                    "give each iteration a row of its own (`{array}[{induction}, k] += ...`) and add up the rows after the loop"
                ));
            }
            _ if apart && !b.writes => {
                diagnostic = diagnostic.help("write to another array");
            }
            _ => {
                diagnostic = diagnostic.help(format!(
                    "write to an element that `{induction}` alone selects, such as `{array}[{induction}]`"
                ));
            }
        }
        diagnostic.help("use `range` if the order matters")
    }

    /// Whether two accesses are at two places: not one `a[i] += x`.
    fn are_apart(&self, a: &Access, b: &Access) -> bool {
        let (x, y) = (self.span(a.op), self.span(b.op));
        !x.contains(y) && !y.contains(x)
    }

    /// Whether a store adds to the element that it writes.
    fn is_update(&self, affine: &mut Affine<'_>, access: &Access) -> bool {
        let data = &self.function.ops[access.op];
        let OpKind::Store(bounds) = &data.kind else {
            return false;
        };
        let value = data.args[bounds.len() + 1];
        let Some(update) = self.function.def_op(value) else {
            return false;
        };
        let folds = matches!(
            update.kind,
            OpKind::Int(IntOp::Add | IntOp::Sub | IntOp::Mul, _)
                | OpKind::Float(FloatOp::Add | FloatOp::Sub | FloatOp::Mul)
        );
        let mut reads_it = |v: &ValueId| {
            self.function.def_op(*v).is_some_and(|op| {
                let mut indices = op.args.iter().zip(&data.args).skip(1);
                matches!(op.kind, OpKind::Load(_))
                    && op.args[0] == data.args[0]
                    && indices.all(|(x, y)| affine.of(*x) == affine.of(*y))
            })
        };
        folds && update.args.iter().any(&mut reads_it)
    }

    /// The element as code: with numbers, if the iteration is given, else with names.
    fn element(&self, question: &Question<'_>, access: &Access, iteration: Option<i128>) -> String {
        let array = self.name(access.base, "the array");
        if access.subscripts.is_empty() {
            return format!("`{array}`");
        }
        let subscripts: Vec<String> = access
            .subscripts
            .iter()
            .map(|subscript| {
                let mut polynomial = subscript.clone();
                if let Some(p) = iteration
                    && let Some((factor, rest)) = polynomial.split(question.scope.induction)
                {
                    polynomial = rest.add(&factor.scale(p));
                }
                self.text(&polynomial).unwrap_or("...".to_string())
            })
            .collect();
        format!("`{array}[{}]`", subscripts.join(", "))
    }

    fn text(&self, polynomial: &Polynomial) -> Option<String> {
        let mut text = String::new();
        for (product, factor) in &polynomial.terms {
            let names: Option<Vec<&str>> = product
                .iter()
                .map(|v| match v.index() < SYNTHETIC {
                    true => self.function.values[*v].name.as_deref(),
                    false => None,
                })
                .collect();
            let mut names = names?.join("*");
            if factor.abs() != 1 {
                names = format!("{}*{names}", factor.abs());
            }
            match (text.is_empty(), *factor > 0) {
                (true, true) => text = names,
                (true, false) => text = format!("-{names}"),
                (false, true) => text = format!("{text} + {names}"),
                (false, false) => text = format!("{text} - {names}"),
            }
        }
        match polynomial.constant {
            c if text.is_empty() => text = c.to_string(),
            0 => {}
            c if c > 0 => text = format!("{text} + {c}"),
            c => text = format!("{text} - {}", -c),
        }
        Some(text)
    }
}
