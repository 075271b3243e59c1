//! The race check: whether the iterations of each parallel loop touch disjoint memory.
//!
//! For each parallel loop of fresh MIR (before any pass, so that no diagnosis depends on optimisation), every pair of
//! accesses to one array of which one writes must be proved to meet only within one iteration. What is not proved is
//! refused: as a race where two colliding iterations can be named, else with the reason why nothing is known.
//!
//! Distinct array parameters are taken as distinct memory here: arrays that overlap are for a test at entry to refuse.
//! Index arithmetic of Python counts negative indices from the end, so a proof needs the indices' sign. Where that
//! depends on values known only at run time, the loop is accepted on the condition that they are not negative
//! ([`Guard`]): `opt` runs it serially if they are.

mod accesses;
mod dependence;
mod meet;
mod model;
mod report;
mod system;

use oxc_index::IndexVec;
use rustc_hash::FxHashMap;
use snek_diagnostics::{Code, Diagnostic};
use snek_mir::edit;
use snek_mir::ir::{Bound, Function, FunctionId, LoopKind, OpId, OpKind, Program, ValueId};

use crate::arrays::{are_distinct, roots};
use crate::effects::{Effects, effects};
use crate::ranges::{Hypotheses, Ranges, ranges, ranges_if};
use crate::structure::Structure;
use accesses::{Access, Callees, Collector, Way};
use dependence::{Dim, Scope};
use meet::Meet;
use model::{Model, SYNTHETIC};

/// How a parallel loop that is free of races is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The loop.
    pub op: OpId,
    /// It is free of races as long as these integers, defined outside of it, are not negative.
    pub nonnegative: Vec<ValueId>,
    /// The accumulators that it must fold through; others that it captures are not needed.
    pub accumulators: Vec<ValueId>,
    /// The arrays that it accesses, and why that is safe.
    pub arrays: Vec<ArrayNote>,
}

/// Why the accesses of a loop to an array are safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrayNote {
    /// Its name.
    pub name: String,
    /// It is written.
    pub writes: bool,
    /// Such as "each iteration has its own `a[i]`".
    pub reason: String,
}

/// How two accesses relate.
#[derive(Clone, Debug)]
enum Verdict {
    Disjoint,
    /// They meet: iteration `p` of the first with iteration `p + distance` of the second; 0: any two iterations.
    Race(i128),
    /// Nothing is known because of this.
    Unknown(Reason),
}

/// Why nothing is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// An index is loaded from memory or computed in a way that is not followed.
    Computed,
    /// The two may be one array or two.
    Arrays,
    /// A callee gets the array without an index of this loop.
    Callee,
    /// Inner loops may reach into the part of another iteration.
    Overlap,
    /// Indices that may be negative may count from the end.
    Sign,
    /// One iteration writes what the others use.
    Element,
    /// The array is folded, and used otherwise.
    Folded,
}

/// Checks all parallel loops of a program: the errors.
pub fn check(program: &Program) -> Vec<Diagnostic> {
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    let summaries = effects(program);
    let callees = Callees::new(program, &summaries);
    for (_, function) in program.functions.iter_enumerated() {
        for finding in Checker::new(program, function, &callees).check() {
            let Err(found) = finding else { continue };
            for diagnostic in found {
                // A function has a body for each layout of its arrays.
                if !diagnostics.contains(&diagnostic) {
                    diagnostics.push(diagnostic);
                }
            }
        }
    }
    diagnostics
}

/// How the parallel loops of a checked function are to be run.
pub fn plans(
    program: &Program,
    id: FunctionId,
    summaries: &IndexVec<FunctionId, Effects>,
) -> Vec<Plan> {
    let callees = Callees::new(program, summaries);
    let checker = Checker::new(program, &program.functions[id], &callees);
    checker.check().into_iter().flatten().collect()
}

/// How a loop that is not parallel could be run as one, if it is free of races.
pub fn plan_of(
    program: &Program,
    id: FunctionId,
    op: OpId,
    summaries: &IndexVec<FunctionId, Effects>,
) -> Option<Plan> {
    let callees = Callees::new(program, summaries);
    let mut checker = Checker::new(program, &program.functions[id], &callees);
    checker.explains = false;
    let facts = ranges(checker.function, &checker.structure);
    checker.check_loop(op, &facts).ok()
}

struct Checker<'p> {
    program: &'p Program,
    function: &'p Function,
    structure: Structure,
    callees: &'p Callees<'p>,
    /// It says why: what can be written of source that is as the user wrote it.
    explains: bool,
}

/// What is asked of while the accesses of one loop are compared.
struct Question<'c> {
    scope: Scope<'c>,
    model: Model<'c>,
    signs: FxHashMap<(OpId, usize), bool>,
}

impl<'p> Checker<'p> {
    fn new(program: &'p Program, function: &'p Function, callees: &'p Callees<'p>) -> Self {
        Self {
            program,
            function,
            structure: Structure::new(function),
            callees,
            explains: true,
        }
    }

    /// For each parallel loop: how to run it, or the errors.
    fn check(&self) -> Vec<Result<Plan, Vec<Diagnostic>>> {
        let is_parallel = |op: &&OpId| matches!(&self.function.ops[**op].kind, OpKind::For(f) if f.kind == LoopKind::Parallel);
        let loops: Vec<OpId> = self
            .structure
            .order
            .iter()
            .filter(is_parallel)
            .copied()
            .collect();
        if loops.is_empty() {
            return Vec::new();
        }
        let facts = ranges(self.function, &self.structure);
        loops
            .iter()
            .map(|op| self.check_loop(*op, &facts))
            .collect()
    }

    fn question<'c>(&'c self, op: OpId, facts: &'c Ranges) -> Question<'c> {
        Question {
            scope: Scope::new(self.function, &self.structure, op, facts),
            model: Model::new(
                self.program,
                self.function,
                &self.structure,
                facts,
                Some(op),
            ),
            signs: subscript_signs(self.function, facts),
        }
    }

    fn check_loop(&self, op: OpId, facts: &Ranges) -> Result<Plan, Vec<Diagnostic>> {
        let mut plan = Plan {
            op,
            nonnegative: Vec::new(),
            accumulators: Vec::new(),
            arrays: Vec::new(),
        };
        let is_join = self.schedule(op) == Some("join");
        let mut question = self.question(op, facts);
        let accesses = self.accesses(op, &mut question.model);
        let unchecked = self.is_unchecked(op);
        let mut bad = match unchecked {
            true => Vec::new(),
            false => self.pairs(&mut question, &accesses),
        };
        self.fold(&accesses, &mut bad, &mut plan.accumulators);
        if bad.is_empty() {
            if self.explains {
                plan.arrays = self.notes(&question, &accesses, &plan, unchecked);
            }
            return Ok(plan);
        }
        if is_join && self.explains {
            return Err(vec![self.join_conflict(op, &bad)]);
        }
        // Would it be well if the invariants in the subscripts were not negative?
        let is_sign = |verdict: &Verdict| matches!(verdict, Verdict::Unknown(Reason::Sign));
        if bad.iter().all(|(_, _, verdict)| is_sign(verdict)) {
            let mut nonnegative = vec![self.function.ops[op].args[0]];
            for access in &accesses {
                let form = question.form(access);
                for symbol in form.subscripts.iter().flat_map(|p| p.symbols()) {
                    if symbol.index() < SYNTHETIC && !question.model.is_varying(symbol) {
                        nonnegative.push(symbol);
                    }
                }
            }
            nonnegative.retain(|v| {
                facts.intervals[*v].is_some_and(|i| i.lo < 0 && i.hi >= 0)
                    && self.structure.is_invariant(self.function, *v, op)
            });
            nonnegative.sort_unstable();
            nonnegative.dedup();
            let hypotheses = Hypotheses::from_iter([(op, nonnegative.clone())]);
            let facts = ranges_if(self.function, &self.structure, &hypotheses);
            let mut question = self.question(op, &facts);
            question.model.nonnegative.clone_from(&nonnegative);
            let accesses = self.accesses(op, &mut question.model);
            let mut left = self.pairs(&mut question, &accesses);
            self.fold(&accesses, &mut left, &mut plan.accumulators);
            if left.is_empty() {
                plan.nonnegative = nonnegative;
                if self.explains {
                    plan.arrays = self.notes(&question, &accesses, &plan, false);
                }
                return Ok(plan);
            }
            return Err(match self.explains {
                true => self.report(op, &mut question, &left),
                false => Vec::new(),
            });
        }
        Err(match self.explains {
            true => self.report(op, &mut question, &bad),
            false => Vec::new(),
        })
    }

    /// Two tasks that may use the same memory.
    fn join_conflict(&self, op: OpId, bad: &[(&Access, &Access, Verdict)]) -> Diagnostic {
        let span = |op: OpId| self.function.sites[self.function.ops[op].site].span;
        let Some((a, b, _)) = bad.first() else {
            return Diagnostic::error(Code::R001, span(op), "the tasks are not independent");
        };
        let name = self.function.values[a.base].name.as_deref();
        let name = name.map_or("one array".to_owned(), |name| format!("`{name}`"));
        let message = format!("the two tasks of this `join` may use the same elements of {name}");
        let problem =
            Diagnostic::error(Code::R001, span(a.op), message).primary_label("writes here");
        let problem = match span(b.op) == span(a.op) {
            true => problem,
            false => problem.label(span(b.op), "and the other one may be here at the same time"),
        };
        problem
            .label(span(op), "may run both at the same time")
            .help(
                "give each task an array of its own, or write `unchecked=True` if they never meet",
            )
    }

    /// What the user has asked for: the options of a loop are a call before it, at its place.
    fn schedule(&self, op: OpId) -> Option<&'static str> {
        let flags = self.flags(op)?;
        let names = snek_abi::parallel::SCHEDULES;
        let number = flags & snek_abi::parallel::SCHEDULE_MASK;
        names.get(number as usize).copied()
    }

    /// Whether the user has asked for no check.
    fn is_unchecked(&self, op: OpId) -> bool {
        let flags = self.flags(op);
        flags.is_some_and(|flags| flags & snek_abi::parallel::UNCHECKED != 0)
    }

    fn flags(&self, op: OpId) -> Option<i64> {
        let span = |op: OpId| self.function.sites[self.function.ops[op].site].span;
        self.structure.order.iter().find_map(|&other| {
            let data = &self.function.ops[other];
            let is_call = matches!(data.kind, OpKind::CallRuntime("snek_rt_parallel_options"));
            match is_call && span(other) == span(op) {
                true => self.function.const_int(data.args[0]),
                false => None,
            }
        })
    }

    /// The pairs that are not disjoint.
    fn pairs<'a>(
        &self,
        question: &mut Question<'_>,
        accesses: &'a [Access],
    ) -> Vec<(&'a Access, &'a Access, Verdict)> {
        let mut bad = Vec::new();
        for (n, a) in accesses.iter().enumerate() {
            for b in &accesses[n..] {
                if !(a.writes || b.writes) {
                    continue;
                }
                // The write first.
                let (first, second) = if a.writes { (a, b) } else { (b, a) };
                let verdict = self.compare(question, first, second);
                if !matches!(verdict, Verdict::Disjoint) {
                    bad.push((first, second, verdict));
                }
            }
        }
        bad
    }

    /// Lets accumulators settle pairs: an array of which the loop does nothing but fold into it. The loop then has
    /// elements of its own, so nothing else in it may look at the array.
    fn fold<'a>(
        &self,
        accesses: &'a [Access],
        bad: &mut Vec<(&'a Access, &'a Access, Verdict)>,
        needed: &mut Vec<ValueId>,
    ) {
        let both = |a: &Access, b: &Access| match (a.way, b.way) {
            (Way::Fold(x), Way::Fold(y)) if x == y => Some(x),
            _ => None,
        };
        for (a, b, verdict) in bad.iter() {
            if let Some(view) = both(a, b)
                && !matches!(verdict, Verdict::Unknown(Reason::Sign))
                && !needed.contains(&view)
            {
                needed.push(view);
            }
        }
        bad.retain(|(a, b, _)| both(a, b).is_none_or(|view| !needed.contains(&view)));
        for view in needed.iter() {
            let is_fold = |access: &&Access| access.way == Way::Fold(*view);
            let Some(fold) = accesses.iter().filter(|a| a.writes).find(is_fold) else {
                continue;
            };
            for other in accesses.iter().filter(|access| !is_fold(access)) {
                let seen = bad.iter().any(|(a, b, _)| {
                    std::ptr::eq(*a, other) && is_fold(b) || std::ptr::eq(*b, other) && is_fold(a)
                });
                if !seen && self.may_be_one(fold, other) {
                    bad.push((fold, other, Verdict::Unknown(Reason::Folded)));
                }
            }
        }
    }

    fn accesses(&self, op: OpId, model: &mut Model<'_>) -> Vec<Access> {
        let OpKind::For(f) = &self.function.ops[op].kind else {
            return Vec::new();
        };
        let collector = Collector {
            callees: self.callees,
            function: self.function,
            structure: &self.structure,
            scope: Some(op),
        };
        collector.collect(model, &edit::ops_in(self.function, f.body))
    }

    /// Whether two accesses may go to one array.
    fn may_be_one(&self, a: &Access, b: &Access) -> bool {
        if a.base == b.base {
            return true;
        }
        match (&a.roots, &b.roots) {
            (Some(x), Some(y)) => x.iter().any(|root| y.contains(root)),
            _ => true,
        }
    }

    fn compare(&self, question: &mut Question<'_>, a: &Access, b: &Access) -> Verdict {
        if !self.may_be_one(a, b) || (a.way == Way::Atomic && b.way == Way::Atomic) {
            return Verdict::Disjoint;
        }
        // One at a time.
        if a.locks.iter().any(|lock| b.locks.contains(lock)) {
            return Verdict::Disjoint;
        }
        // Distinct in every iteration, if they are the same arrays in all.
        let scope = question.scope.op;
        let is_invariant = |v| self.structure.is_invariant(self.function, v, scope);
        if a.base != b.base
            && is_invariant(a.base)
            && is_invariant(b.base)
            && are_distinct(self.function, &self.structure, a.base, b.base)
        {
            return Verdict::Disjoint;
        }
        let mut same_array = a.base == b.base;
        if same_array && !is_invariant(a.base) {
            // One value, but another array in another iteration.
            same_array = a.roots.as_ref().is_some_and(|roots| roots.len() == 1)
        }
        if !same_array {
            // If they are one array, the subscripts decide; if they are two, there is no race. This needs views of one
            // shape, which values of one root without rows between are.
            let whole = |access: &Access| access.roots.as_ref().is_some_and(|r| !r.is_empty());
            if !(whole(a) && whole(b)) || self.hides_rows(a.base) || self.hides_rows(b.base) {
                return Verdict::Unknown(Reason::Arrays);
            }
        }
        let verdict = self.by_dimension(question, a, b, same_array);
        if matches!(verdict, Verdict::Disjoint) {
            return verdict;
        }
        match question.meet(a, b) {
            Meet::Never => Verdict::Disjoint,
            Meet::Wrapped => Verdict::Unknown(Reason::Sign),
            Meet::Perhaps(_) => verdict,
        }
    }

    /// One dimension after the other: quick, and with a reason if it fails.
    fn by_dimension(
        &self,
        question: &mut Question<'_>,
        a: &Access,
        b: &Access,
        same_array: bool,
    ) -> Verdict {
        let is_whole = |access: &Access| {
            let rank = self.function.ty(access.base).array().map_or(0, |t| t.rank);
            access.subscripts.len() < usize::from(rank)
        };
        let Question {
            scope,
            model,
            signs,
        } = question;
        let mut distance: Option<i128> = None;
        let mut unknown = None;
        for (n, (f, g)) in a.subscripts.iter().zip(&b.subscripts).enumerate() {
            let is_value =
                |p: &crate::affine::Polynomial| p.symbols().iter().all(|v| v.index() < SYNTHETIC);
            if !is_value(f) || !is_value(g) {
                unknown.get_or_insert(Reason::Callee);
                continue;
            }
            let known = |access: &Access| {
                let place = access.places.get(n);
                place.is_some_and(|place| signs.get(place) == Some(&true))
            };
            let sign_known = known(a) && known(b);
            match scope.compare(f, g, &mut model.affine) {
                Dim::Disjoint if sign_known => return Verdict::Disjoint,
                Dim::Disjoint => unknown = Some(Reason::Sign),
                Dim::Distance(d) => match distance {
                    Some(other) if other != d && sign_known => return Verdict::Disjoint,
                    Some(_) => {}
                    None => distance = Some(d),
                },
                Dim::Always => {}
                Dim::Unknown(reason) => {
                    unknown.get_or_insert(reason);
                }
            }
        }
        let called = a.callee.is_some() || b.callee.is_some();
        if called && (is_whole(a) || is_whole(b)) {
            return Verdict::Unknown(Reason::Callee);
        }
        if let Some(reason) = unknown {
            return Verdict::Unknown(reason);
        }
        if a.subscripts.len() != b.subscripts.len() || called {
            return Verdict::Unknown(Reason::Callee);
        }
        if !same_array {
            return Verdict::Unknown(Reason::Arrays);
        }
        let distance = distance.unwrap_or(0);
        let moves = |access: &Access| {
            let mut all = access.subscripts.iter();
            all.any(|p| p.symbols().contains(&question.scope.induction))
        };
        if distance == 0 && moves(a) {
            return Verdict::Unknown(Reason::Overlap);
        }
        Verdict::Race(distance)
    }

    /// Whether an array value that is no parameter may be a row of its root.
    fn hides_rows(&self, base: ValueId) -> bool {
        let Some(array) = self.function.ty(base).array() else {
            return true;
        };
        let Some(all) = roots(self.function, &self.structure, base) else {
            return true;
        };
        all.iter()
            .any(|root| self.function.ty(*root).array().map(|t| t.rank) != Some(array.rank))
    }
}

/// Which subscripts are known not to be negative where they are used.
fn subscript_signs(function: &Function, facts: &Ranges) -> FxHashMap<(OpId, usize), bool> {
    let mut signs = FxHashMap::default();
    for (op, data) in function.ops.iter_enumerated() {
        let Some(bounds) = data.kind.bounds() else {
            continue;
        };
        for (n, bound) in bounds.iter().enumerate() {
            let at_definition =
                facts.intervals[data.args[n + 1]].is_some_and(|interval| interval.lo >= 0);
            let by_op = matches!(bound, Bound::NonNegative | Bound::Proved);
            signs.insert((op, n), at_definition || by_op);
        }
    }
    for (op, n, bound) in &facts.bounds {
        if matches!(bound, Bound::NonNegative | Bound::Proved) {
            signs.insert((*op, *n), true);
        }
    }
    signs
}
