//! Which locals are read later: so that `if` and loops hand over only these. On HIR, backwards, on demand.
//!
//! A loop needs no iteration to a fixed point: what is live at its head is `f(nothing)`, where `f` maps what is live at
//! the end of the body to what is live at the head, because `f(x)` is `f(nothing)` plus a part of `x`.

use snek_sema::hir::{
    Const, ExprId, ExprKind, For, Function, Iter, LocalId, Stmt, StmtKind, Target,
};

/// A set of locals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Locals(Vec<u64>);

impl Locals {
    /// Adds one.
    pub(super) fn insert(&mut self, local: LocalId) {
        let word = local.index() / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (local.index() % 64);
    }

    fn remove(&mut self, local: LocalId) {
        if let Some(word) = self.0.get_mut(local.index() / 64) {
            *word &= !(1 << (local.index() % 64));
        }
    }

    /// Adds all of another set.
    pub(super) fn extend(&mut self, other: &Locals) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    /// Whether it has a local.
    pub(super) fn contains(&self, local: LocalId) -> bool {
        self.0
            .get(local.index() / 64)
            .is_some_and(|word| word >> (local.index() % 64) & 1 == 1)
    }

    /// Its members, in order, that another set has, too.
    pub(super) fn common(&self, other: &Locals) -> Vec<LocalId> {
        self.iter().filter(|local| other.contains(*local)).collect()
    }

    /// Its members, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = LocalId> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            (0..64)
                .filter(move |bit| word >> bit & 1 == 1)
                .map(move |bit| LocalId::from_usize(index * 64 + bit))
        })
    }
}

/// What is live where the innermost loop goes on, and where it is left.
#[derive(Clone, Debug, Default)]
pub(super) struct LoopLive {
    /// At `continue`.
    pub(super) next: Locals,
    /// At `break`.
    pub(super) exit: Locals,
}

/// The condition is the constant `True`.
pub(super) fn is_true(function: &Function, cond: ExprId) -> bool {
    match function.exprs[cond].kind {
        ExprKind::Const(Const::Bool(value)) => value,
        ExprKind::Const(Const::Int(value)) => value != 0,
        ExprKind::Truth(operand) => is_true(function, operand),
        _ => false,
    }
}

/// Makes `live`, what is live after a list, what is live before it.
pub(super) fn before_block(
    function: &Function,
    stmts: &[Stmt],
    live: &mut Locals,
    exits: &LoopLive,
) {
    for stmt in stmts.iter().rev() {
        before_stmt(function, stmt, live, exits);
    }
}

/// Makes `live`, what is live after a statement, what is live before it.
pub(super) fn before_stmt(function: &Function, stmt: &Stmt, live: &mut Locals, exits: &LoopLive) {
    match &stmt.kind {
        StmtKind::Expr(value) => before_expr(function, *value, live),
        StmtKind::Assign { local, value } => {
            live.remove(*local);
            before_expr(function, *value, live);
        }
        StmtKind::Store {
            array,
            indices,
            value,
            augmented: _,
        } => {
            before_expr(function, *value, live);
            before_all(function, indices, live);
            before_expr(function, *array, live);
        }
        // Reads whether the local is assigned.
        StmtKind::Delete(local) => live.insert(*local),
        StmtKind::If { cond, then, other } => {
            let mut then_live = live.clone();
            before_block(function, then, &mut then_live, exits);
            before_block(function, other, live, exits);
            live.extend(&then_live);
            before_expr(function, *cond, live);
        }
        StmtKind::While { .. } => *live = while_live(function, stmt, live, false).0,
        StmtKind::For(data) => {
            *live = for_head(function, data, live);
            before_iter(function, &data.iter, live);
        }
        StmtKind::Break => live.clone_from(&exits.exit),
        StmtKind::Continue => live.clone_from(&exits.next),
        StmtKind::Return(value) => {
            *live = Locals::default();
            if let Some(value) = value {
                before_expr(function, *value, live);
            }
        }
        StmtKind::Raise { args, .. } => {
            *live = Locals::default();
            before_all(function, args.as_deref().unwrap_or_default(), live);
        }
        StmtKind::Assert { cond, message } => {
            if let Some(message) = message {
                before_expr(function, *message, live);
            }
            before_expr(function, *cond, live);
        }
        StmtKind::Print { args, .. } => before_all(function, args, live),
    }
}

/// What is live at the head of a `while`, and (only if asked for, because it takes another look at the body) after its
/// condition, given what is live after the loop.
pub(super) fn while_live(
    function: &Function,
    stmt: &Stmt,
    after: &Locals,
    both: bool,
) -> (Locals, Locals) {
    let StmtKind::While { cond, body, other } = &stmt.kind else {
        return (after.clone(), after.clone());
    };
    let mut exit = Locals::default();
    if !is_true(function, *cond) {
        exit.clone_from(after);
        before_block(function, other, &mut exit, &LoopLive::default());
    }
    let mut exits = LoopLive {
        next: Locals::default(),
        exit: after.clone(),
    };
    let mut head = Locals::default();
    before_block(function, body, &mut head, &exits);
    head.extend(&exit);
    before_expr(function, *cond, &mut head);
    if both {
        let mut body_live = head.clone();
        exits.next.clone_from(&head);
        before_block(function, body, &mut body_live, &exits);
        exit.extend(&body_live);
    }
    (head, exit)
}

/// What is live at the head of a `for`, after its iterables were evaluated, given what is live after it.
pub(super) fn for_head(function: &Function, data: &For, after: &Locals) -> Locals {
    let mut live = after.clone();
    before_block(function, &data.other, &mut live, &LoopLive::default());
    let exits = LoopLive {
        next: Locals::default(),
        exit: after.clone(),
    };
    let mut body_live = Locals::default();
    before_block(function, &data.body, &mut body_live, &exits);
    each_target(&data.target, &mut |local| body_live.remove(local));
    live.extend(&body_live);
    live
}

fn before_iter(function: &Function, iter: &Iter, live: &mut Locals) {
    match iter {
        Iter::Range { start, stop, step } => before_all(function, &[*start, *stop, *step], live),
        Iter::Array(array) => before_expr(function, *array, live),
        Iter::Enumerate { inner, start } => {
            before_expr(function, *start, live);
            before_iter(function, inner, live);
        }
        Iter::Zip(iters) => {
            for iter in iters.iter().rev() {
                before_iter(function, iter, live);
            }
        }
        Iter::Reversed(inner) => before_iter(function, inner, live),
    }
}

fn before_all(function: &Function, exprs: &[ExprId], live: &mut Locals) {
    for expr in exprs.iter().rev() {
        before_expr(function, *expr, live);
    }
}

fn before_expr(function: &Function, expr: ExprId, live: &mut Locals) {
    match &function.exprs[expr].kind {
        ExprKind::Const(_) => {}
        ExprKind::Local { local, .. } => live.insert(*local),
        ExprKind::Unary(_, operand)
        | ExprKind::Convert { operand, .. }
        | ExprKind::Truth(operand)
        | ExprKind::Field { tuple: operand, .. }
        | ExprKind::Extent { array: operand, .. } => before_expr(function, *operand, live),
        ExprKind::Binary(_, left, right) | ExprKind::Compare(_, left, right) => {
            before_expr(function, *right, live);
            before_expr(function, *left, live);
        }
        ExprKind::And(left, right) | ExprKind::Or(left, right) => {
            let mut right_live = live.clone();
            before_expr(function, *right, &mut right_live);
            live.extend(&right_live);
            before_expr(function, *left, live);
        }
        ExprKind::If { cond, then, other } => {
            let mut then_live = live.clone();
            before_expr(function, *then, &mut then_live);
            before_expr(function, *other, live);
            live.extend(&then_live);
            before_expr(function, *cond, live);
        }
        ExprKind::Call { args, .. } | ExprKind::Intrinsic { args, .. } | ExprKind::Tuple(args) => {
            before_all(function, args, live);
        }
        ExprKind::Subscript { array, indices } => {
            before_all(function, indices, live);
            before_expr(function, *array, live);
        }
        ExprKind::Assign { local, value } => {
            live.remove(*local);
            before_expr(function, *value, live);
        }
    }
}

/// Calls `visit` with each local of a target.
pub(super) fn each_target(target: &Target, visit: &mut impl FnMut(LocalId)) {
    match target {
        Target::Local(local) => visit(*local),
        Target::Parts(parts) => {
            for part in parts {
                each_target(part, visit);
            }
        }
    }
}

/// Calls `visit` with each expression that a statement evaluates itself, without those of statements in it.
pub(super) fn each_expr(stmt: &Stmt, visit: &mut impl FnMut(ExprId)) {
    fn iter_exprs(iter: &Iter, visit: &mut impl FnMut(ExprId)) {
        match iter {
            Iter::Range { start, stop, step } => [start, stop, step]
                .into_iter()
                .for_each(|expr| visit(*expr)),
            Iter::Array(array) => visit(*array),
            Iter::Enumerate { inner, start } => {
                iter_exprs(inner, visit);
                visit(*start);
            }
            Iter::Zip(iters) => {
                for iter in iters {
                    iter_exprs(iter, visit);
                }
            }
            Iter::Reversed(inner) => iter_exprs(inner, visit),
        }
    }
    match &stmt.kind {
        StmtKind::Expr(value) | StmtKind::Assign { value, .. } => visit(*value),
        StmtKind::Store {
            array,
            indices,
            value,
            augmented: _,
        } => {
            visit(*array);
            indices.iter().for_each(|index| visit(*index));
            visit(*value);
        }
        StmtKind::If { cond, .. } | StmtKind::While { cond, .. } => visit(*cond),
        StmtKind::For(data) => iter_exprs(&data.iter, visit),
        StmtKind::Return(value) => value.iter().for_each(|value| visit(*value)),
        StmtKind::Raise { args, .. } => {
            args.iter().flatten().for_each(|arg| visit(*arg));
        }
        StmtKind::Assert { cond, message } => {
            visit(*cond);
            message.iter().for_each(|message| visit(*message));
        }
        StmtKind::Print { args, .. } => args.iter().for_each(|arg| visit(*arg)),
        StmtKind::Delete(_) | StmtKind::Break | StmtKind::Continue => {}
    }
}

/// Calls `visit` with each statement of a list and of the lists in it.
pub(super) fn each_stmt<'s>(stmts: &'s [Stmt], visit: &mut impl FnMut(&'s Stmt)) {
    for stmt in stmts {
        visit(stmt);
        match &stmt.kind {
            StmtKind::If { then, other, .. } => {
                each_stmt(then, visit);
                each_stmt(other, visit);
            }
            StmtKind::While { body, other, .. } => {
                each_stmt(body, visit);
                each_stmt(other, visit);
            }
            StmtKind::For(data) => {
                each_stmt(&data.body, visit);
                each_stmt(&data.other, visit);
            }
            _ => {}
        }
    }
}

/// Calls `visit` with an expression and each one in it, outer ones first.
pub(super) fn each_subexpr(function: &Function, expr: ExprId, visit: &mut impl FnMut(ExprId)) {
    visit(expr);
    let mut all = |exprs: &[ExprId]| {
        for expr in exprs {
            each_subexpr(function, *expr, visit);
        }
    };
    match &function.exprs[expr].kind {
        ExprKind::Const(_) | ExprKind::Local { .. } => {}
        ExprKind::Unary(_, operand)
        | ExprKind::Convert { operand, .. }
        | ExprKind::Truth(operand)
        | ExprKind::Field { tuple: operand, .. }
        | ExprKind::Extent { array: operand, .. }
        | ExprKind::Assign { value: operand, .. } => all(&[*operand]),
        ExprKind::Binary(_, left, right)
        | ExprKind::Compare(_, left, right)
        | ExprKind::And(left, right)
        | ExprKind::Or(left, right) => all(&[*left, *right]),
        ExprKind::If { cond, then, other } => all(&[*cond, *then, *other]),
        ExprKind::Call { args, .. } | ExprKind::Intrinsic { args, .. } | ExprKind::Tuple(args) => {
            all(args);
        }
        ExprKind::Subscript { array, indices } => {
            all(&[*array]);
            all(indices);
        }
    }
}

/// The locals that an expression assigns or a list of statements assigns or deletes.
pub(super) fn assigned_in_expr(function: &Function, expr: ExprId, out: &mut Locals) {
    each_subexpr(function, expr, &mut |expr| {
        if let ExprKind::Assign { local, .. } = &function.exprs[expr].kind {
            out.insert(*local);
        }
    });
}

/// The locals that a list of statements assigns or deletes.
pub(super) fn assigned(function: &Function, stmts: &[Stmt], out: &mut Locals) {
    each_stmt(stmts, &mut |stmt| {
        match &stmt.kind {
            StmtKind::Assign { local, .. } | StmtKind::Delete(local) => out.insert(*local),
            StmtKind::For(data) => each_target(&data.target, &mut |local| out.insert(local)),
            _ => {}
        }
        each_expr(stmt, &mut |expr| assigned_in_expr(function, expr, out));
    });
}
