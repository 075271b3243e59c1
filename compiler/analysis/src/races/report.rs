//! What the user reads about a race: both accesses, two iterations that collide, and the ways out.

use snek_diagnostics::{Code, Diagnostic, Span};
use snek_mir::ir::{FloatOp, IntOp, OpId, OpKind, ValueId};

use super::dependence::Scope;
use super::{Access, Checker, Reason, Verdict};
use crate::affine::{Affine, Polynomial};

impl Checker<'_> {
    /// One error for each array: the plainest of its bad pairs.
    pub(super) fn report(
        &self,
        op: OpId,
        scope: &mut Scope<'_>,
        affine: &mut Affine<'_>,
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
                Verdict::Race(0) => self.one_element(op, scope, affine, a, b),
                Verdict::Race(distance) => self.collision(op, scope, affine, a, b, *distance),
                Verdict::Unknown(reason) => self.unproved(op, scope, affine, a, b, *reason),
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
        scope: &Scope<'_>,
        affine: &mut Affine<'_>,
        a: &Access,
        b: &Access,
    ) -> Diagnostic {
        let element = self.element(scope, affine, a, None);
        let induction = self.name(scope.induction, "i");
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
        let advice = if self.is_update(affine, a) {
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
        scope: &Scope<'_>,
        affine: &mut Affine<'_>,
        a: &Access,
        b: &Access,
        distance: i128,
    ) -> Diagnostic {
        let induction = self.name(scope.induction, "i");
        // Iteration `p` of the write meets iteration `p + distance` of the other one.
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
        let element = self.element(scope, affine, a, Some(p));
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

    fn unproved(
        &self,
        op: OpId,
        scope: &Scope<'_>,
        affine: &mut Affine<'_>,
        a: &Access,
        b: &Access,
        reason: Reason,
    ) -> Diagnostic {
        let array = self.name(a.base, "the array");
        let induction = self.name(scope.induction, "i");
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
            let element = self.element(scope, affine, b, None);
            diagnostic = diagnostic.label(self.span(b.op), format!("{does} {element}"));
        }
        match reason {
            Reason::Callee => {
                diagnostic = diagnostic.help(format!("give it a row: `{array}[{induction}]`"));
            }
            Reason::Sign => {
                diagnostic = diagnostic.help("write the index so that it cannot be negative");
            }
            _ if self.is_update(affine, a) => {
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
                let mut indices = op.args[1..].iter().zip(&data.args[1..]);
                matches!(op.kind, OpKind::Load(_))
                    && op.args[0] == data.args[0]
                    && indices.all(|(x, y)| affine.of(*x) == affine.of(*y))
            })
        };
        folds && update.args.iter().any(&mut reads_it)
    }

    /// The element as code: with numbers, if the iteration is given, else with names.
    fn element(
        &self,
        scope: &Scope<'_>,
        affine: &mut Affine<'_>,
        access: &Access,
        iteration: Option<i128>,
    ) -> String {
        let array = self.name(access.base, "the array");
        if access.subscripts.is_empty() {
            return format!("`{array}`");
        }
        let subscripts: Vec<String> = access
            .subscripts
            .iter()
            .map(|subscript| {
                let mut polynomial = affine.of(*subscript);
                if let Some(p) = iteration
                    && let Some((factor, rest)) = polynomial.split(scope.induction)
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
                .map(|v| self.function.values[*v].name.as_deref())
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
