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

mod dependence;
mod report;

use std::collections::HashMap;

use oxc_index::IndexVec;
use snek_diagnostics::Diagnostic;
use snek_mir::edit;
use snek_mir::ir::{
    Bound, Function, FunctionId, LoopKind, OpId, OpKind, Program, ValueDef, ValueId,
};

use crate::affine::Affine;
use crate::arrays::{are_distinct, roots, view};
use crate::effects::{Effects, effects};
use crate::ranges::{Hypotheses, Ranges, ranges, ranges_if};
use crate::structure::Structure;
use dependence::{Dim, Scope};

/// A parallel loop that is free of races as long as these values are not negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// The loop.
    pub op: OpId,
    /// Integers defined outside of it.
    pub nonnegative: Vec<ValueId>,
}

/// An access to an array in the body of a parallel loop.
#[derive(Clone, Debug)]
struct Access {
    op: OpId,
    writes: bool,
    /// The array that it goes to, rows followed.
    base: ValueId,
    /// The parameters that the array may be.
    roots: Option<Vec<ValueId>>,
    /// Subscripts of the leading dimensions; a call with a whole array has none.
    subscripts: Vec<ValueId>,
    /// The op and position of each subscript, to ask what is known of its sign.
    places: Vec<(OpId, usize)>,
    /// The function that accesses it, if it is an argument.
    callee: Option<FunctionId>,
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
}

/// Checks all parallel loops of a program: the errors.
pub fn check(program: &Program) -> Vec<Diagnostic> {
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    let summaries = effects(program);
    for (id, function) in program.functions.iter_enumerated() {
        for finding in Checker::new(program, id, function, &summaries).check() {
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

/// The guards that the parallel loops of a checked function need.
pub fn guards(
    program: &Program,
    id: FunctionId,
    summaries: &IndexVec<FunctionId, Effects>,
) -> Vec<Guard> {
    let checker = Checker::new(program, id, &program.functions[id], summaries);
    checker.check().into_iter().flatten().flatten().collect()
}

struct Checker<'p> {
    program: &'p Program,
    function: &'p Function,
    structure: Structure,
    summaries: &'p IndexVec<FunctionId, Effects>,
}

impl<'p> Checker<'p> {
    fn new(
        program: &'p Program,
        id: FunctionId,
        function: &'p Function,
        summaries: &'p IndexVec<FunctionId, Effects>,
    ) -> Self {
        debug_assert!(id.index() < program.functions.len());
        Self {
            program,
            function,
            structure: Structure::new(function),
            summaries,
        }
    }

    /// For each parallel loop: the guard that it needs, if any, or the errors.
    fn check(&self) -> Vec<Result<Option<Guard>, Vec<Diagnostic>>> {
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

    fn check_loop(&self, op: OpId, facts: &Ranges) -> Result<Option<Guard>, Vec<Diagnostic>> {
        let accesses = self.accesses(op);
        let signs = subscript_signs(self.function, facts);
        let mut scope = Scope::new(self.function, &self.structure, op, facts);
        let mut affine = Affine::new(self.function, &self.structure);
        let mut bad = self.pairs(&mut scope, &mut affine, &accesses, &signs);
        if bad.is_empty() {
            return Ok(None);
        }
        // Would it be well if the invariants in the subscripts were not negative?
        let only_signs = bad
            .iter()
            .all(|(_, _, verdict)| matches!(verdict, Verdict::Unknown(Reason::Sign)));
        if only_signs {
            let mut nonnegative = vec![self.function.ops[op].args[0]];
            for access in &accesses {
                for &subscript in &access.subscripts {
                    for symbol in affine.of(subscript).symbols() {
                        if self.structure.is_invariant(self.function, symbol, op) {
                            nonnegative.push(symbol);
                        }
                    }
                }
            }
            nonnegative.retain(|v| {
                facts.intervals[*v].is_some_and(|i| i.lo < 0 && i.hi >= 0)
                    && self.structure.is_invariant(self.function, *v, op)
            });
            nonnegative.sort_unstable();
            nonnegative.dedup();
            let hypotheses = Hypotheses::from([(op, nonnegative.clone())]);
            let facts = ranges_if(self.function, &self.structure, &hypotheses);
            let signs = subscript_signs(self.function, &facts);
            let mut scope = Scope::new(self.function, &self.structure, op, &facts);
            let left = self.pairs(&mut scope, &mut affine, &accesses, &signs);
            if left.is_empty() {
                return Ok(Some(Guard { op, nonnegative }));
            }
            bad = left;
        }
        Err(self.report(op, &mut scope, &mut affine, &bad))
    }

    /// The pairs that are not disjoint.
    fn pairs<'a>(
        &self,
        scope: &mut Scope<'_>,
        affine: &mut Affine<'_>,
        accesses: &'a [Access],
        signs: &HashMap<(OpId, usize), bool>,
    ) -> Vec<(&'a Access, &'a Access, Verdict)> {
        let mut bad = Vec::new();
        for (n, a) in accesses.iter().enumerate() {
            for b in &accesses[n..] {
                if !(a.writes || b.writes) {
                    continue;
                }
                // The write first.
                let (first, second) = if a.writes { (a, b) } else { (b, a) };
                let verdict = self.compare(scope, affine, first, second, signs);
                if !matches!(verdict, Verdict::Disjoint) {
                    bad.push((first, second, verdict));
                }
            }
        }
        bad
    }

    fn accesses(&self, op: OpId) -> Vec<Access> {
        let OpKind::For(f) = &self.function.ops[op].kind else {
            return Vec::new();
        };
        let mut accesses = Vec::new();
        for inner in edit::ops_in(self.function, f.body) {
            let data = &self.function.ops[inner];
            match &data.kind {
                OpKind::Load(bounds) | OpKind::Store(bounds) => {
                    let writes = matches!(data.kind, OpKind::Store(_));
                    let own = (1..=bounds.len()).map(|n| data.args[n]).collect();
                    accesses.push(self.access(inner, data.args[0], writes, own, None));
                }
                OpKind::Call(callee) => {
                    let effects = &self.summaries[*callee];
                    for (n, &arg) in data.args.iter().enumerate() {
                        if effects.reads[n] || effects.writes[n] {
                            let writes = effects.writes[n];
                            let access = self.access(inner, arg, writes, Vec::new(), Some(*callee));
                            accesses.push(access);
                        }
                    }
                }
                OpKind::DataPointer => {
                    accesses.push(self.access(inner, data.args[0], false, Vec::new(), None));
                }
                _ => {}
            }
        }
        accesses
    }

    fn access(
        &self,
        op: OpId,
        array: ValueId,
        writes: bool,
        own: Vec<ValueId>,
        callee: Option<FunctionId>,
    ) -> Access {
        let viewed = view(self.function, array);
        let mut places = Vec::new();
        // The rows on the way, outermost last.
        let mut value = array;
        while let Some(data) = self.function.def_op(value) {
            match &data.kind {
                OpKind::Row(bounds) => {
                    if let ValueDef::Result(row, _) = self.function.values[value].def {
                        places.splice(0..0, (0..bounds.len()).map(|n| (row, n)));
                    }
                }
                OpKind::AsStrided => {}
                _ => break,
            }
            value = data.args[0];
        }
        places.extend((0..own.len()).map(|n| (op, n)));
        let mut subscripts = viewed.prefix;
        subscripts.extend(own);
        Access {
            op,
            writes,
            base: viewed.base,
            roots: roots(self.function, &self.structure, viewed.base),
            subscripts,
            places,
            callee,
        }
    }

    fn compare(
        &self,
        scope: &mut Scope<'_>,
        affine: &mut Affine<'_>,
        a: &Access,
        b: &Access,
        signs: &HashMap<(OpId, usize), bool>,
    ) -> Verdict {
        if a.base != b.base
            && let (Some(x), Some(y)) = (&a.roots, &b.roots)
            && !x.iter().any(|root| y.contains(root))
        {
            return Verdict::Disjoint;
        }
        // Distinct in every iteration, if they are the same arrays in all.
        let is_invariant = |v| self.structure.is_invariant(self.function, v, scope.op);
        if a.base != b.base
            && is_invariant(a.base)
            && is_invariant(b.base)
            && are_distinct(self.function, &self.structure, a.base, b.base)
        {
            return Verdict::Disjoint;
        }
        let mut same_array = a.base == b.base;
        if same_array && !self.structure.is_invariant(self.function, a.base, scope.op) {
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
        let mut distance: Option<i128> = None;
        let mut unknown = None;
        let dims = a.subscripts.len().min(b.subscripts.len());
        for n in 0..dims {
            let f = affine.of(a.subscripts[n]);
            let g = affine.of(b.subscripts[n]);
            let sign_known =
                signs.get(&a.places[n]) == Some(&true) && signs.get(&b.places[n]) == Some(&true);
            match scope.compare(&f, &g, affine) {
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
        if let Some(reason) = unknown {
            return Verdict::Unknown(reason);
        }
        if a.subscripts.len() != b.subscripts.len() || a.callee.is_some() || b.callee.is_some() {
            return Verdict::Unknown(Reason::Callee);
        }
        if !same_array {
            return Verdict::Unknown(Reason::Arrays);
        }
        Verdict::Race(distance.unwrap_or(0))
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
fn subscript_signs(function: &Function, facts: &Ranges) -> HashMap<(OpId, usize), bool> {
    let mut signs = HashMap::new();
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
