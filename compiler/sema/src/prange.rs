//! What the variables assigned in a `prange` body are: private to an iteration, reduced over the iterations, or an error.
//!
//! - *private*: no iteration reads it before it has assigned it.
//! - *reduction*: its only uses are updates of one kind, such as `s += e`, `s = min(s, e)`, `if e < s: s = e`,
//!   `ok = ok and e`.
//! - *choice* and *user's reduction*: see `prange/folds.rs`.
//! - anything else is carried from one iteration to the next, which runs at the same time.
//!
//! Reads after the loop are seen where they stand (`env::Slot::AfterParallel`). Of arrays only one thing is found here:
//! those of which the body does nothing but update elements in one way. Whether accesses to arrays meet is for the race
//! check to find out, on MIR.

mod folds;

use std::collections::{BTreeMap, BTreeSet};

use snek_diagnostics::{Code, Diagnostic, Span};

use crate::hir::{
    BinaryOp, Choice, CompareOp, ExprId, ExprKind, Fixed, For, Iter, LocalId, Reduction,
    ReductionOp, Stmt, StmtKind, Target, Type, UserFold,
};
use crate::infer::Infer;

/// The variables that a `prange` body assigns, by kind.
#[derive(Default)]
pub(crate) struct Classified {
    pub reductions: Vec<Reduction>,
    /// Arrays whose elements are updated, all in one way.
    pub arrays: Vec<Reduction>,
    pub choices: Vec<Choice>,
    pub folds: Vec<UserFold>,
    pub privates: Vec<LocalId>,
    /// None of these, which was reported.
    pub carried: Vec<LocalId>,
}

/// Classifies the variables that a `prange` body assigns, and reports those that are neither private nor reduced.
/// A choice may get a variable that is set in the body and, in `out`, before the loop.
pub(crate) fn classify(
    infer: &mut Infer<'_, '_>,
    each: &mut For,
    span: Span,
    out: &mut Vec<Stmt>,
) -> Classified {
    let mut walk = Walk {
        infer,
        assigned: BTreeMap::new(),
        carried: BTreeMap::new(),
        reads: BTreeMap::new(),
        updates: BTreeMap::new(),
        definite: BTreeSet::new(),
        elements: BTreeMap::new(),
        choices: BTreeMap::new(),
        folded: BTreeMap::new(),
    };
    walk.target(&each.target);
    walk.block(&each.body);
    let mut choices = walk.settled_choices();
    let folds = walk.settled_folds();
    let others = walk.reduced_otherwise();
    let Walk {
        assigned,
        carried,
        reads,
        updates,
        elements,
        ..
    } = walk;

    let mut found = Classified::default();
    let mut settled: BTreeSet<LocalId> = BTreeSet::new();
    for choice in &mut choices {
        settled.insert(choice.key);
        settled.extend(&choice.companions);
        folds::add_flag(infer, choice, &mut each.body, out);
    }
    found.choices = choices;
    for fold in folds {
        let local = fold.0;
        if let Some(fold) = folds::user_fold(infer, fold) {
            settled.insert(local);
            found.folds.push(fold);
        }
    }
    for (local, updates) in elements {
        let is_other = assigned.contains_key(&local) || reads.contains_key(&local);
        let (op, span) = updates[0];
        if !is_other && updates.iter().all(|update| update.0 == op) {
            found.arrays.push(Reduction { local, op, span });
        }
    }
    for (local, places) in &assigned {
        if settled.contains(local) {
            continue;
        }
        let updates = updates.get(local).map_or(&[][..], |updates| &updates[..]);
        let is_reduction = updates.len() == places.len()
            && !updates.is_empty()
            && !reads.contains_key(local)
            && updates.iter().all(|update| update.0 == updates[0].0);
        if is_reduction {
            found.reductions.push(Reduction {
                local: *local,
                op: updates[0].0,
                span: updates[0].1,
            });
            continue;
        }
        let Some(read) = carried.get(local).copied().or_else(|| {
            // An update reads what earlier iterations left, whatever else there is.
            updates.first().map(|update| update.1)
        }) else {
            found.privates.push(*local);
            continue;
        };
        let reduced = match updates.first() {
            Some((op, at)) if updates.len() == places.len() => Some((op_word(*op), *at)),
            _ => others.get(local).copied(),
        };
        let read = match (reduced, reads.get(local)) {
            (Some(reduced), Some(other)) => Err((reduced, *other)),
            _ => Ok(read),
        };
        let problem = complain(infer, *local, places, updates, read, span);
        infer.problem(problem);
        found.carried.push(*local);
    }
    found
}

/// `read` is where the variable is read that an earlier iteration assigned; or how it is reduced, and where, and where it is
/// read otherwise.
fn complain(
    infer: &Infer<'_, '_>,
    local: LocalId,
    assigned: &[Span],
    updates: &[(ReductionOp, Span)],
    read: Result<Span, ((&str, Span), Span)>,
    parallel: Span,
) -> Diagnostic {
    let name = &infer.locals[local].name;
    let carried = match read {
        Ok(carried) => carried,
        Err(((how, update), read)) => {
            return Diagnostic::error(
                Code::R002,
                read,
                format!(
                    "`{name}` is reduced over this `prange`, so its value in between cannot be used"
                ),
            )
            .primary_label("used here, where it depends on the order of iterations")
            .label(update, format!("reduced here ({how})"))
            .label(parallel, "runs its iterations in any order")
            .help("use the value after the loop, or `range` if the order matters");
        }
    };
    if let ([(a, first), rest @ ..], true) = (updates, updates.len() == assigned.len())
        && let Some((b, second)) = rest.iter().find(|update| update.0 != *a)
    {
        return Diagnostic::error(
            Code::R002,
            *second,
            format!("`{name}` is reduced in two ways, whose order matters"),
        )
        .primary_label(op_word(*b))
        .label(*first, op_word(*a))
        .label(parallel, "runs its iterations in any order")
        .help("use two variables and combine them after the loop");
    }
    let write = assigned
        .iter()
        .copied()
        .find(|at| *at != carried)
        .or(assigned.first().copied())
        .unwrap_or(carried);
    let problem = Diagnostic::error(
        Code::R002,
        carried,
        format!("`{name}` is carried from one iteration of this `prange` to another"),
    )
    .primary_label("reads what an earlier iteration assigned");
    let problem = if write == carried {
        problem
    } else {
        problem.label(write, "assigned here")
    };
    problem
        .label(parallel, "runs its iterations in any order")
        .help(format!(
            "assign `{name}` in each iteration before it is used, reduce it (`{name} += ...`), or use `range` if the order matters"
        ))
}

fn op_word(op: ReductionOp) -> &'static str {
    match op {
        ReductionOp::Add => "a sum",
        ReductionOp::Mul => "a product",
        ReductionOp::Min => "a minimum",
        ReductionOp::Max => "a maximum",
        ReductionOp::BitAnd => "`&`",
        ReductionOp::BitOr => "`|`",
        ReductionOp::BitXor => "`^`",
        ReductionOp::And => "`and`",
        ReductionOp::Or => "`or`",
    }
}

struct Walk<'w, 's, 'a> {
    infer: &'w Infer<'s, 'a>,
    /// Where each variable is assigned.
    assigned: BTreeMap<LocalId, Vec<Span>>,
    /// The first read of each variable that may see an earlier iteration's value.
    carried: BTreeMap<LocalId, Span>,
    /// The first read of each variable that is no part of an update.
    reads: BTreeMap<LocalId, Span>,
    /// Updates in a form that can be reduced.
    updates: BTreeMap<LocalId, Vec<(ReductionOp, Span)>>,
    /// Variables that this iteration has certainly assigned.
    definite: BTreeSet<LocalId>,
    /// Updates of elements of each array.
    elements: BTreeMap<LocalId, Vec<(ReductionOp, Span)>>,
    /// Updates of the key of each choice.
    choices: BTreeMap<LocalId, Vec<folds::Update>>,
    /// Updates by a reduction of the user's: its position in the list of their calls.
    folded: BTreeMap<LocalId, Vec<(usize, Span)>>,
}

/// What an update updates.
#[derive(Clone, Copy)]
enum Place<'p> {
    Local(LocalId),
    Element(LocalId, &'p [ExprId]),
}

impl Walk<'_, '_, '_> {
    fn kind(&self, expr: ExprId) -> &ExprKind {
        &self.infer.exprs[expr].kind
    }

    fn target(&mut self, target: &Target) {
        match target {
            Target::Local(local) => {
                // The loop gives it its value: that is no assignment of the body's.
                self.definite.insert(*local);
                self.assigned.entry(*local).or_default();
            }
            Target::Parts(parts) => parts.iter().for_each(|part| self.target(part)),
        }
    }

    fn assign(&mut self, local: LocalId, span: Span) {
        self.assigned.entry(local).or_default().push(span);
        self.definite.insert(local);
    }

    fn read(&mut self, local: LocalId, span: Span) {
        if !self.definite.contains(&local) {
            self.carried.entry(local).or_insert(span);
        }
        self.reads.entry(local).or_insert(span);
    }

    fn update(&mut self, local: LocalId, op: ReductionOp, span: Span) {
        self.assigned.entry(local).or_default().push(span);
        self.updates.entry(local).or_default().push((op, span));
    }

    fn block(&mut self, body: &[Stmt]) {
        for stmt in body {
            self.stmt(stmt);
        }
    }

    /// Code that may or may not run.
    fn maybe(&mut self, body: &[Stmt]) -> BTreeSet<LocalId> {
        let before = self.definite.clone();
        self.block(body);
        std::mem::replace(&mut self.definite, before)
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Expr(value) => self.expr(*value),
            StmtKind::Assign { local, value }
                if !self.definite.contains(local) && self.user_fold(*local, *value).is_some() =>
            {
                if let Some((at, other)) = self.user_fold(*local, *value) {
                    self.expr(other);
                    self.assigned.entry(*local).or_default().push(stmt.span);
                    self.carried.entry(*local).or_insert(stmt.span);
                    let calls = self.folded.entry(*local).or_default();
                    calls.push((at, stmt.span));
                }
            }
            StmtKind::Assign { local, value } => match self.reduction(*local, *value) {
                // A variable that the iteration itself has set before is a plain one.
                Some((op, others)) if !self.definite.contains(local) => {
                    for other in others {
                        self.expr(other);
                    }
                    self.update(*local, op, stmt.span);
                }
                _ => {
                    self.expr(*value);
                    self.assign(*local, stmt.span);
                }
            },
            StmtKind::Store {
                array,
                indices,
                value,
                ..
            } => {
                if let ExprKind::Local { local, .. } = *self.kind(*array)
                    && let Some((op, others)) = self.element_update(local, indices, *value)
                {
                    indices.iter().for_each(|index| self.expr(*index));
                    others.into_iter().for_each(|other| self.expr(other));
                    self.elements
                        .entry(local)
                        .or_default()
                        .push((op, stmt.span));
                    return;
                }
                self.expr(*array);
                indices.iter().for_each(|index| self.expr(*index));
                self.expr(*value);
            }
            StmtKind::Delete(local) => {
                self.definite.remove(local);
            }
            StmtKind::If { cond, then, other } => {
                if let Some((local, op, value, at)) = self.guarded_update(*cond, then, other)
                    && !self.definite.contains(&local)
                {
                    self.expr(value);
                    self.update(local, op, at);
                    return;
                }
                if let Some(found) = self.choice(*cond, then, other) {
                    let at = self.infer.exprs[*cond].span;
                    self.carried.entry(found.key).or_insert(at);
                    self.chosen(found, then);
                    return;
                }
                if let Some((local, indices, op, value, at)) =
                    self.guarded_element(*cond, then, other)
                {
                    indices.into_iter().for_each(|index| self.expr(index));
                    self.expr(value);
                    self.elements.entry(local).or_default().push((op, at));
                    return;
                }
                self.expr(*cond);
                let after_then = self.maybe(then);
                let after_other = self.maybe(other);
                let leaves = |body: &[Stmt]| {
                    matches!(
                        body.last().map(|stmt| &stmt.kind),
                        Some(
                            StmtKind::Continue
                                | StmtKind::Break
                                | StmtKind::Raise { .. }
                                | StmtKind::Return(_)
                        )
                    )
                };
                self.definite = match (leaves(then), leaves(other)) {
                    (true, false) => after_other,
                    (false, true) => after_then,
                    _ => after_then.intersection(&after_other).copied().collect(),
                };
            }
            StmtKind::While { cond, body, other } => {
                self.expr(*cond);
                self.maybe(body);
                self.maybe(other);
            }
            StmtKind::For(each) => {
                self.iter(&each.iter);
                let before = self.definite.clone();
                self.inner_target(&each.target);
                self.block(&each.body);
                self.definite = before;
                self.maybe(&each.other);
            }
            StmtKind::Break | StmtKind::Continue => {}
            StmtKind::Return(value) => value.iter().for_each(|value| self.expr(*value)),
            StmtKind::Raise { args, .. } => args.iter().flatten().for_each(|arg| self.expr(*arg)),
            StmtKind::Assert { cond, message } => {
                self.expr(*cond);
                message.iter().for_each(|message| self.expr(*message));
            }
            StmtKind::Print { args, .. } => args.iter().for_each(|arg| self.expr(*arg)),
        }
    }

    fn inner_target(&mut self, target: &Target) {
        match target {
            Target::Local(local) => {
                self.assigned.entry(*local).or_default();
                self.definite.insert(*local);
            }
            Target::Parts(parts) => parts.iter().for_each(|part| self.inner_target(part)),
        }
    }

    fn iter(&mut self, iter: &Iter) {
        match iter {
            Iter::Range { start, stop, step } => {
                for part in [start, stop, step] {
                    self.expr(*part);
                }
            }
            Iter::Array(array) => self.expr(*array),
            Iter::Enumerate { inner, start } => {
                self.iter(inner);
                self.expr(*start);
            }
            Iter::Zip(iters) => iters.iter().for_each(|iter| self.iter(iter)),
            Iter::Reversed(inner) => self.iter(inner),
        }
    }

    fn expr(&mut self, expr: ExprId) {
        let infer = self.infer;
        let span = infer.exprs[expr].span;
        match &infer.exprs[expr].kind {
            ExprKind::Const(_) => {}
            // The shape of an array does not change.
            ExprKind::Extent { array, .. }
                if matches!(self.kind(*array), ExprKind::Local { .. }) => {}
            ExprKind::Local { local, .. } => self.read(*local, span),
            ExprKind::Assign { local, value } => {
                self.expr(*value);
                self.assign(*local, span);
            }
            // The right side may not be evaluated.
            ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                self.expr(*left);
                let before = self.definite.clone();
                self.expr(*right);
                self.definite = before;
            }
            ExprKind::If { cond, then, other } => {
                self.expr(*cond);
                let before = self.definite.clone();
                self.expr(*then);
                let after_then = std::mem::replace(&mut self.definite, before);
                self.expr(*other);
                self.definite = after_then.intersection(&self.definite).copied().collect();
            }
            other => {
                for child in operands(other) {
                    self.expr(child);
                }
            }
        }
    }

    /// The value behind conversions that change nothing: a declared `float` is added to as the `f64` that an array has.
    fn plain(&self, expr: ExprId) -> ExprId {
        let ty = |expr: ExprId| &self.infer.exprs[expr].ty;
        match self.kind(expr) {
            ExprKind::Convert { operand, .. }
                if matches!(
                    (ty(*operand), ty(expr)),
                    (Type::Float, Type::Fixed(Fixed::F64))
                        | (Type::Fixed(Fixed::F64), Type::Float)
                        | (Type::Int, Type::Fixed(Fixed::I64))
                        | (Type::Fixed(Fixed::I64), Type::Int)
                ) =>
            {
                self.plain(*operand)
            }
            _ => expr,
        }
    }

    fn is_place(&self, expr: ExprId, place: Place<'_>) -> bool {
        match (place, self.kind(self.plain(expr))) {
            (Place::Local(local), ExprKind::Local { local: read, .. }) => *read == local,
            (
                Place::Element(local, at),
                ExprKind::Subscript {
                    array,
                    indices: read,
                },
            ) => {
                let is_array =
                    matches!(self.kind(*array), ExprKind::Local { local: l, .. } if *l == local);
                let mut pairs = at.iter().zip(read);
                is_array && at.len() == read.len() && pairs.all(|(a, b)| self.same(*a, *b))
            }
            _ => false,
        }
    }

    fn mentions(&self, expr: ExprId, local: LocalId) -> bool {
        match self.kind(expr) {
            ExprKind::Local { local: read, .. } => *read == local,
            ExprKind::Assign { local: set, value } => *set == local || self.mentions(*value, local),
            other => operands(other)
                .into_iter()
                .any(|child| self.mentions(child, local)),
        }
    }

    /// `local = value` as an update: how it folds, and the expressions that it folds in.
    fn reduction(&self, local: LocalId, value: ExprId) -> Option<(ReductionOp, Vec<ExprId>)> {
        let (op, others) = self.fold(Place::Local(local), value)?;
        (!others.iter().any(|other| self.mentions(*other, local))).then_some((op, others))
    }

    /// `array[indices] = value` as an update that the elements can be folded by.
    fn element_update(
        &self,
        local: LocalId,
        indices: &[ExprId],
        value: ExprId,
    ) -> Option<(ReductionOp, Vec<ExprId>)> {
        let (op, others) = self.fold(Place::Element(local, indices), value)?;
        let mut all = others.iter().chain(indices);
        (self.folds_exactly(op, local, value) && !all.any(|other| self.mentions(*other, local)))
            .then_some((op, others))
    }

    /// Whether an update is computed in the type of the elements, in which their parts are combined.
    fn folds_exactly(&self, op: ReductionOp, local: LocalId, value: ExprId) -> bool {
        let Type::Array { element, .. } = &self.infer.locals[local].ty else {
            return false;
        };
        let wanted = element.value_type();
        let found = &self.infer.exprs[self.plain(value)].ty;
        let same =
            *found == wanted || matches!((found, &wanted), (Type::Float, Type::Fixed(Fixed::F64)));
        let legal = match (&wanted, op) {
            (Type::Bool, op) => matches!(
                op,
                ReductionOp::And
                    | ReductionOp::Or
                    | ReductionOp::BitAnd
                    | ReductionOp::BitOr
                    | ReductionOp::BitXor
            ),
            (_, ReductionOp::And | ReductionOp::Or) => false,
            (Type::Fixed(fixed), op) if fixed.is_complex() => op == ReductionOp::Add,
            _ => true,
        };
        same && legal
    }

    /// `if value < array[indices]: array[indices] = value`
    fn guarded_element(
        &self,
        cond: ExprId,
        then: &[Stmt],
        other: &[Stmt],
    ) -> Option<(LocalId, Vec<ExprId>, ReductionOp, ExprId, Span)> {
        let ([stmt], []) = (then, other) else {
            return None;
        };
        let StmtKind::Store {
            array,
            indices,
            value,
            ..
        } = &stmt.kind
        else {
            return None;
        };
        let ExprKind::Local { local, .. } = *self.kind(*array) else {
            return None;
        };
        let op = self.compared(cond, Place::Element(local, indices), *value)?;
        let mut all = std::iter::once(value).chain(indices);
        let is_element = matches!(self.infer.locals[local].ty, Type::Array { .. });
        (is_element
            && self.folds_exactly(op, local, *value)
            && !all.any(|expr| self.mentions(*expr, local)))
        .then(|| (local, indices.clone(), op, *value, stmt.span))
    }

    fn fold(&self, local: Place<'_>, value: ExprId) -> Option<(ReductionOp, Vec<ExprId>)> {
        match self.kind(self.plain(value)) {
            ExprKind::Binary(op, left, right) => {
                let (op, commutes) = match op {
                    BinaryOp::Add => (ReductionOp::Add, true),
                    BinaryOp::Sub => (ReductionOp::Add, false),
                    BinaryOp::Mul => (ReductionOp::Mul, true),
                    BinaryOp::BitAnd => (ReductionOp::BitAnd, true),
                    BinaryOp::BitOr => (ReductionOp::BitOr, true),
                    BinaryOp::BitXor => (ReductionOp::BitXor, true),
                    _ => return None,
                };
                self.operand(local, op, *left, *right, commutes)
            }
            ExprKind::And(left, right) => {
                self.operand(local, ReductionOp::And, *left, *right, true)
            }
            ExprKind::Or(left, right) => self.operand(local, ReductionOp::Or, *left, *right, true),
            ExprKind::Call { function, args } => {
                let instance = &self.infer.an.instances[*function];
                let op = match self.infer.an.library_path(instance.def)? {
                    "builtins/min" => ReductionOp::Min,
                    "builtins/max" => ReductionOp::Max,
                    _ => return None,
                };
                let [left, right] = args[..] else { return None };
                self.operand(local, op, left, right, true)
            }
            _ => None,
        }
    }

    /// One of the operands is the variable, or itself an update by the same operator: `s + a + b`, `min(s, a, b)`.
    fn operand(
        &self,
        local: Place<'_>,
        op: ReductionOp,
        left: ExprId,
        right: ExprId,
        commutes: bool,
    ) -> Option<(ReductionOp, Vec<ExprId>)> {
        for (this, other, allowed) in [(left, right, true), (right, left, commutes)] {
            if !allowed {
                continue;
            }
            if self.is_place(this, local) {
                return Some((op, vec![other]));
            }
            if let Some((inner, mut others)) = self.fold(local, this)
                && inner == op
            {
                others.push(other);
                return Some((op, others));
            }
        }
        None
    }

    /// `if value < local: local = value`
    fn guarded_update(
        &self,
        cond: ExprId,
        then: &[Stmt],
        other: &[Stmt],
    ) -> Option<(LocalId, ReductionOp, ExprId, Span)> {
        let ([stmt], []) = (then, other) else {
            return None;
        };
        let StmtKind::Assign { local, value } = stmt.kind else {
            return None;
        };
        let op = self.compared(cond, Place::Local(local), value)?;
        (!self.mentions(value, local)).then_some((local, op, value, stmt.span))
    }

    /// What it means that a place takes a value if it compares so with it.
    fn compared(&self, cond: ExprId, place: Place<'_>, value: ExprId) -> Option<ReductionOp> {
        let ExprKind::Compare(op, left, right) = *self.kind(cond) else {
            return None;
        };
        let (tested, is_left) = if self.is_place(right, place) {
            (left, true)
        } else if self.is_place(left, place) {
            (right, false)
        } else {
            return None;
        };
        if !self.same(self.plain(tested), self.plain(value)) {
            return None;
        }
        match (op, is_left) {
            (CompareOp::Lt | CompareOp::Le, true) | (CompareOp::Gt | CompareOp::Ge, false) => {
                Some(ReductionOp::Min)
            }
            (CompareOp::Gt | CompareOp::Ge, true) | (CompareOp::Lt | CompareOp::Le, false) => {
                Some(ReductionOp::Max)
            }
            (CompareOp::Eq | CompareOp::Ne, _) => None,
        }
    }

    /// Whether two expressions are written alike and give the same value: neither assigns nor calls.
    fn same(&self, a: ExprId, b: ExprId) -> bool {
        if self.infer.exprs[a].ty != self.infer.exprs[b].ty {
            return false;
        }
        let (a_kind, b_kind) = (self.kind(a), self.kind(b));
        let shallow = match (a_kind, b_kind) {
            (ExprKind::Const(a), ExprKind::Const(b)) => a == b,
            (ExprKind::Local { local: a, .. }, ExprKind::Local { local: b, .. }) => a == b,
            (ExprKind::Unary(a, _), ExprKind::Unary(b, _)) => a == b,
            (ExprKind::Binary(a, ..), ExprKind::Binary(b, ..)) => a == b,
            (ExprKind::Convert { checked: a, .. }, ExprKind::Convert { checked: b, .. }) => a == b,
            (ExprKind::Call { function: a, .. }, ExprKind::Call { function: b, .. }) => {
                // The standard library's functions have no effects.
                let def = self.infer.an.instances[*a].def;
                a == b && self.infer.an.library_path(def).is_some()
            }
            (ExprKind::Intrinsic { name: a, .. }, ExprKind::Intrinsic { name: b, .. }) => {
                a == b && !a.starts_with("atomic.")
            }
            (ExprKind::Subscript { .. }, ExprKind::Subscript { .. }) => true,
            (ExprKind::Field { index: a, .. }, ExprKind::Field { index: b, .. }) => a == b,
            (ExprKind::Extent { axis: a, .. }, ExprKind::Extent { axis: b, .. }) => a == b,
            _ => false,
        };
        let (a, b) = (operands(a_kind), operands(b_kind));
        shallow && a.len() == b.len() && a.into_iter().zip(b).all(|(a, b)| self.same(a, b))
    }
}

/// The expressions directly inside of an expression, in the order of evaluation.
fn operands(kind: &ExprKind) -> Vec<ExprId> {
    match kind {
        ExprKind::Const(_) | ExprKind::Local { .. } => Vec::new(),
        ExprKind::Unary(_, a) | ExprKind::Truth(a) => vec![*a],
        ExprKind::Binary(_, a, b)
        | ExprKind::Compare(_, a, b)
        | ExprKind::And(a, b)
        | ExprKind::Or(a, b) => vec![*a, *b],
        ExprKind::If { cond, then, other } => vec![*cond, *then, *other],
        ExprKind::Convert { operand, .. } => vec![*operand],
        ExprKind::Call { args, .. } | ExprKind::Intrinsic { args, .. } | ExprKind::Tuple(args) => {
            args.clone()
        }
        ExprKind::Field { tuple, .. } => vec![*tuple],
        ExprKind::Subscript { array, indices } => std::iter::once(*array)
            .chain(indices.iter().copied())
            .collect(),
        ExprKind::Extent { array, .. } => vec![*array],
        ExprKind::Assign { value, .. } => vec![*value],
    }
}
