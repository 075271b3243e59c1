//! Reductions of more than one operation: the best of all iterations with what belongs to it, and functions of the user's.
//!
//! - `if e < key: key = e; companion = x` takes the values of the iteration whose `e` is the least. Ties go to the
//!   iteration that the loop in order would end with: the first for `<`, the last for `<=`.
//! - `acc = longest(acc, e)`, where the module has `longest = snek.reduction(identity, function)`.

use std::collections::BTreeMap;

use snek_diagnostics::Span;

use super::{Place, Walk};
use crate::hir::{
    Choice, CompareOp, Const, ExprId, ExprKind, LocalId, Stmt, StmtKind, Type, UserFold,
};
use crate::infer::Infer;

/// An update of a key.
pub(super) struct Update {
    op: CompareOp,
    companions: Vec<LocalId>,
    span: Span,
}

/// What a statement does, if it is such an update.
pub(super) struct Found {
    pub key: LocalId,
    /// What is compared with the key.
    pub tested: ExprId,
    pub update: Update,
}

impl Walk<'_, '_, '_> {
    /// `if e < key: key = e; companion = x`
    pub(super) fn choice(&self, cond: ExprId, then: &[Stmt], other: &[Stmt]) -> Option<Found> {
        let ExprKind::Compare(op, left, right) = *self.kind(cond) else {
            return None;
        };
        if !other.is_empty() {
            return None;
        }
        let is_hidden = |local: LocalId| self.infer.locals[local].name.starts_with('.');
        // `best, where = e, i` goes through hidden variables.
        let mut hidden: BTreeMap<LocalId, ExprId> = BTreeMap::new();
        let mut assigned: Vec<(LocalId, ExprId, Span)> = Vec::new();
        for stmt in then {
            let StmtKind::Assign { local, value } = stmt.kind else {
                return None;
            };
            match is_hidden(local) {
                true => drop(hidden.insert(local, value)),
                false => assigned.push((local, value, stmt.span)),
            }
        }
        let resolved = |value: ExprId| match self.kind(self.plain(value)) {
            ExprKind::Local { local, .. } => hidden.get(local).copied().unwrap_or(value),
            _ => value,
        };
        let (at, tested, op) = assigned
            .iter()
            .enumerate()
            .find_map(|(at, (key, value, _))| {
                let value = resolved(*value);
                let is_key = |side: ExprId| self.is_place(side, Place::Local(*key));
                let is_value = |side: ExprId| self.same(self.plain(side), self.plain(value));
                if is_key(right) && is_value(left) {
                    Some((at, left, op))
                } else if is_key(left) && is_value(right) {
                    Some((at, right, swapped(op)))
                } else {
                    None
                }
            })?;
        let (key, _, span) = assigned.remove(at);
        let companions: Vec<LocalId> = assigned.iter().map(|each| each.0).collect();
        let all = || companions.iter().copied().chain([key]);
        let values = assigned
            .iter()
            .map(|each| each.1)
            .chain(hidden.values().copied());
        let mut sorted = companions.clone();
        sorted.sort_unstable();
        sorted.dedup();
        let fits = !companions.is_empty()
            && sorted.len() == companions.len()
            && !matches!(op, CompareOp::Eq | CompareOp::Ne)
            && all().all(|local| !self.definite.contains(&local))
            && companions
                .iter()
                .all(|local| is_value(&self.infer.locals[*local].ty))
            && !all().any(|local| self.mentions(tested, local))
            && !values
                .into_iter()
                .any(|value| all().any(|local| self.mentions(value, local)));
        fits.then_some(Found {
            key,
            tested,
            update: Update {
                op,
                companions: sorted,
                span,
            },
        })
    }

    /// Notes an update; `then` is what it runs.
    pub(super) fn chosen(&mut self, found: Found, then: &[Stmt]) {
        let Found {
            key,
            tested,
            update,
        } = found;
        self.expr(tested);
        let before = self.definite.clone();
        for stmt in then {
            let StmtKind::Assign { local, value } = stmt.kind else {
                continue;
            };
            if local == key || update.companions.contains(&local) {
                self.assigned.entry(local).or_default().push(stmt.span);
                if local != key {
                    self.expr(value);
                }
            } else {
                self.expr(value);
                self.assign(local, stmt.span);
            }
        }
        self.definite = before;
        self.choices.entry(key).or_default().push(update);
    }

    /// The choices whose parts are used for nothing else.
    pub(super) fn settled_choices(&self) -> Vec<Choice> {
        let mut found = Vec::new();
        for (key, updates) in &self.choices {
            let first = &updates[0];
            let alike = updates
                .iter()
                .all(|each| each.op == first.op && each.companions == first.companions);
            let only = |local: &LocalId| {
                self.assigned.get(local).map(Vec::len) == Some(updates.len())
                    && !self.reads.contains_key(local)
                    && !self.updates.contains_key(local)
                    && !self.folded.contains_key(local)
            };
            let others = |local: &LocalId| {
                let mut rest = self.choices.iter().filter(|(other, _)| *other != key);
                rest.any(|(other, updates)| {
                    other == local || updates.iter().any(|each| each.companions.contains(local))
                })
            };
            let mut all = first.companions.iter().chain([key]);
            if alike && all.all(|local| only(local) && !others(local)) {
                found.push(Choice {
                    key: *key,
                    op: first.op,
                    taken: None,
                    companions: first.companions.clone(),
                    span: first.span,
                });
            }
        }
        found
    }

    /// Variables that are assigned by choices, or by reductions of the user's, alone: how and where.
    pub(super) fn reduced_otherwise(&self) -> BTreeMap<LocalId, (&'static str, Span)> {
        let mut found = BTreeMap::new();
        for (local, places) in &self.assigned {
            if let Some(calls) = self.folded.get(local)
                && calls.len() == places.len()
            {
                found.insert(*local, ("by a function", calls[0].1));
            }
            let mut updates = self.choices.iter().flat_map(|(key, updates)| {
                let is_part = move |each: &&Update| key == local || each.companions.contains(local);
                updates.iter().filter(is_part)
            });
            if let Some(first) = updates.next()
                && updates.count() + 1 == places.len()
            {
                found.insert(*local, ("the best of all", first.span));
            }
        }
        found
    }

    /// `local = reduction(local, e)`: the reduction, as a position in the list of its calls, and `e`.
    pub(super) fn user_fold(&self, local: LocalId, value: ExprId) -> Option<(usize, ExprId)> {
        let call = self.plain(value);
        let ExprKind::Call { function, args } = self.kind(call) else {
            return None;
        };
        let [left, right] = args[..] else { return None };
        let span = self.infer.exprs[call].span;
        let at = self.infer.reductions.iter().position(|known| {
            known.call == call && known.function == *function && known.span == span
        })?;
        let fits = self.is_place(left, Place::Local(local))
            && !self.mentions(right, local)
            && is_value(&self.infer.locals[local].ty);
        fits.then_some((at, right))
    }

    /// The variables that are folded by one reduction of the user's, and used for nothing else.
    pub(super) fn settled_folds(&self) -> Vec<(LocalId, usize, Span)> {
        let known = &self.infer.reductions;
        let settled = self.folded.iter().filter(|(local, calls)| {
            let (first, _) = calls[0];
            self.assigned.get(local).map(Vec::len) == Some(calls.len())
                && !self.reads.contains_key(local)
                && calls.iter().all(|(at, _)| {
                    known[*at].function == known[first].function
                        && known[*at].name == known[first].name
                })
        });
        settled
            .map(|(local, calls)| (*local, calls[0].0, calls[0].1))
            .collect()
    }
}

fn swapped(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::Le => CompareOp::Ge,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::Ge => CompareOp::Le,
        CompareOp::Eq | CompareOp::Ne => op,
    }
}

/// Whether parts of a loop can have a value of this type for themselves.
fn is_value(ty: &Type) -> bool {
    match ty {
        Type::Tuple(parts) => !parts.is_empty() && parts.iter().all(is_value),
        ty => ty.is_scalar(),
    }
}

/// A folded variable with what it starts from, if that can be its value.
pub(super) fn user_fold(
    infer: &mut Infer<'_, '_>,
    (local, at, span): (LocalId, usize, Span),
) -> Option<UserFold> {
    let known = infer.reductions[at].clone();
    let ty = infer.locals[local].ty.clone();
    let value = known.identity.keep_as(&ty)?;
    Some(UserFold {
        local,
        name: known.name,
        function: known.function,
        identity: infer.value(&value, span),
        span,
    })
}

/// Gives a choice by `<=` or `>=` its flag: set in `out`, before the loop, and wherever the key is assigned.
pub(super) fn add_flag(
    infer: &mut Infer<'_, '_>,
    choice: &mut Choice,
    body: &mut Vec<Stmt>,
    out: &mut Vec<Stmt>,
) {
    if matches!(choice.op, CompareOp::Lt | CompareOp::Gt) {
        return;
    }
    let taken = infer.temporary(Type::Bool);
    choice.taken = Some(taken);
    out.push(set(infer, taken, choice.span));
    adopt(choice.key, taken, body);
    mark(infer, choice.key, taken, body);
}

fn set(infer: &mut Infer<'_, '_>, local: LocalId, span: Span) -> Stmt {
    let value = infer.constant(Type::Bool, Const::Bool(true), span);
    Stmt {
        kind: StmtKind::Assign { local, value },
        span,
    }
}

/// Loops inside that choose by the same key go on with this flag.
fn adopt(key: LocalId, taken: LocalId, body: &mut Vec<Stmt>) {
    let mut flags = Vec::new();
    for stmt in body.iter_mut() {
        match &mut stmt.kind {
            StmtKind::If { then, other, .. } => {
                adopt(key, taken, then);
                adopt(key, taken, other);
            }
            StmtKind::While { body, other, .. } => {
                adopt(key, taken, body);
                adopt(key, taken, other);
            }
            StmtKind::For(each) => {
                let choices = each.parallel.iter_mut().flat_map(|p| &mut p.choices);
                let mut own = choices.filter(|choice| choice.key == key);
                if let Some(flag) = own.next().and_then(|choice| choice.taken.replace(taken)) {
                    rename(flag, taken, &mut each.body);
                    flags.push(flag);
                } else {
                    adopt(key, taken, &mut each.body);
                }
                adopt(key, taken, &mut each.other);
            }
            _ => {}
        }
    }
    // They do not set it anew.
    body.retain(
        |stmt| !matches!(stmt.kind, StmtKind::Assign { local, .. } if flags.contains(&local)),
    );
}

fn rename(from: LocalId, to: LocalId, body: &mut [Stmt]) {
    for stmt in body {
        match &mut stmt.kind {
            StmtKind::Assign { local, .. } if *local == from => *local = to,
            StmtKind::If { then, other, .. } => {
                rename(from, to, then);
                rename(from, to, other);
            }
            StmtKind::While { body, other, .. } => {
                rename(from, to, body);
                rename(from, to, other);
            }
            StmtKind::For(each) => {
                for choice in each.parallel.iter_mut().flat_map(|p| &mut p.choices) {
                    if choice.taken == Some(from) {
                        choice.taken = Some(to);
                    }
                }
                rename(from, to, &mut each.body);
                rename(from, to, &mut each.other);
            }
            _ => {}
        }
    }
}

fn mark(infer: &mut Infer<'_, '_>, key: LocalId, taken: LocalId, body: &mut Vec<Stmt>) {
    let is_key = |stmt: &Stmt| matches!(stmt.kind, StmtKind::Assign { local, .. } if local == key);
    let is_marked =
        |stmt: &Stmt| matches!(stmt.kind, StmtKind::Assign { local, .. } if local == taken);
    if body.iter().any(is_marked) {
        return;
    }
    if let Some(span) = body.iter().find(|stmt| is_key(stmt)).map(|stmt| stmt.span) {
        body.push(set(infer, taken, span));
        return;
    }
    for stmt in body {
        match &mut stmt.kind {
            StmtKind::If { then, other, .. } => {
                mark(infer, key, taken, then);
                mark(infer, key, taken, other);
            }
            StmtKind::While { body, other, .. } => {
                mark(infer, key, taken, body);
                mark(infer, key, taken, other);
            }
            StmtKind::For(each) => {
                mark(infer, key, taken, &mut each.body);
                mark(infer, key, taken, &mut each.other);
            }
            _ => {}
        }
    }
}
