//! Drops what inference emitted and does not use: expressions of discarded rounds, variables nobody names.
//!
//! Ids are renumbered in the order of use, so that HIR does not depend on how often a loop was walked.

use oxc_index::IndexVec;

use crate::hir::{
    Expr, ExprId, ExprKind, For, Function, Iter, Local, LocalId, Parallel, Stmt, StmtKind, Target,
};

/// Renumbers a function.
pub(crate) fn compact(function: &mut Function) {
    let exprs = std::mem::take(&mut function.exprs);
    let locals = std::mem::take(&mut function.locals);
    let mut compactor = Compactor {
        old_exprs: exprs.into_iter().map(Some).collect(),
        old_locals: locals.into_iter().map(Some).collect(),
        new_locals: IndexVec::new(),
        exprs: IndexVec::new(),
        locals: IndexVec::new(),
    };
    compactor
        .new_locals
        .resize(compactor.old_locals.len(), None);
    for param in &mut function.params {
        compactor.local(param);
    }
    compactor.block(&mut function.body);
    function.exprs = compactor.exprs;
    function.locals = compactor.locals;
}

struct Compactor {
    old_exprs: IndexVec<ExprId, Option<Expr>>,
    old_locals: IndexVec<LocalId, Option<Local>>,
    new_locals: IndexVec<LocalId, Option<LocalId>>,
    exprs: IndexVec<ExprId, Expr>,
    locals: IndexVec<LocalId, Local>,
}

impl Compactor {
    fn local(&mut self, id: &mut LocalId) {
        if let Some(new) = self.new_locals[*id] {
            *id = new;
            return;
        }
        if let Some(mut local) = self.old_locals[*id].take() {
            if local.name.starts_with('.') {
                local.name = format!(".{}", self.locals.len());
            }
            let new = self.locals.push(local);
            self.new_locals[*id] = Some(new);
            *id = new;
        }
    }

    /// Each expression is used once, by one parent.
    fn expr(&mut self, id: &mut ExprId) {
        let Some(mut expr) = self.old_exprs[*id].take() else {
            debug_assert!(false, "expression {id:?} is used twice");
            return;
        };
        match &mut expr.kind {
            ExprKind::Const(_) => {}
            ExprKind::Local { local, .. } => self.local(local),
            ExprKind::Unary(_, a) | ExprKind::Truth(a) => self.expr(a),
            ExprKind::Binary(_, a, b)
            | ExprKind::Compare(_, a, b)
            | ExprKind::And(a, b)
            | ExprKind::Or(a, b) => {
                self.expr(a);
                self.expr(b);
            }
            ExprKind::If { cond, then, other } => {
                self.expr(cond);
                self.expr(then);
                self.expr(other);
            }
            ExprKind::Convert { operand, .. } => self.expr(operand),
            ExprKind::Call { args, .. }
            | ExprKind::Intrinsic { args, .. }
            | ExprKind::Tuple(args) => args.iter_mut().for_each(|arg| self.expr(arg)),
            ExprKind::Field { tuple, .. } => self.expr(tuple),
            ExprKind::Subscript { array, indices } => {
                self.expr(array);
                indices.iter_mut().for_each(|index| self.expr(index));
            }
            ExprKind::Extent { array, .. } => self.expr(array),
            ExprKind::Assign { local, value } => {
                self.expr(value);
                self.local(local);
            }
        }
        *id = self.exprs.push(expr);
    }

    fn block(&mut self, body: &mut [Stmt]) {
        body.iter_mut().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &mut Stmt) {
        match &mut stmt.kind {
            StmtKind::Expr(value) => self.expr(value),
            StmtKind::Assign { local, value } => {
                self.expr(value);
                self.local(local);
            }
            StmtKind::Store {
                array,
                indices,
                value,
                ..
            } => {
                self.expr(array);
                indices.iter_mut().for_each(|index| self.expr(index));
                self.expr(value);
            }
            StmtKind::Delete(local) => self.local(local),
            StmtKind::If { cond, then, other } => {
                self.expr(cond);
                self.block(then);
                self.block(other);
            }
            StmtKind::While { cond, body, other } => {
                self.expr(cond);
                self.block(body);
                self.block(other);
            }
            StmtKind::For(each) => self.each(each),
            StmtKind::Break | StmtKind::Continue => {}
            StmtKind::Return(value) => value.iter_mut().for_each(|value| self.expr(value)),
            StmtKind::Raise { args, .. } => {
                args.iter_mut().flatten().for_each(|arg| self.expr(arg));
            }
            StmtKind::Assert { cond, message } => {
                self.expr(cond);
                message.iter_mut().for_each(|message| self.expr(message));
            }
            StmtKind::Print { args, .. } => args.iter_mut().for_each(|arg| self.expr(arg)),
        }
    }

    fn each(&mut self, each: &mut For) {
        self.iter(&mut each.iter);
        self.target(&mut each.target);
        self.block(&mut each.body);
        self.block(&mut each.other);
        if let Some(Parallel {
            reductions,
            arrays,
            choices,
            folds,
            privates,
            ..
        }) = &mut each.parallel
        {
            for choice in choices {
                self.local(&mut choice.key);
                choice.taken.iter_mut().for_each(|local| self.local(local));
                choice
                    .companions
                    .iter_mut()
                    .for_each(|local| self.local(local));
            }
            for fold in folds {
                self.local(&mut fold.local);
                self.expr(&mut fold.identity);
            }
            reductions
                .iter_mut()
                .chain(arrays)
                .for_each(|reduction| self.local(&mut reduction.local));
            privates.iter_mut().for_each(|local| self.local(local));
        }
    }

    fn iter(&mut self, iter: &mut Iter) {
        match iter {
            Iter::Range { start, stop, step } => {
                self.expr(start);
                self.expr(stop);
                self.expr(step);
            }
            Iter::Array(array) => self.expr(array),
            Iter::Enumerate { inner, start } => {
                self.iter(inner);
                self.expr(start);
            }
            Iter::Zip(iters) => iters.iter_mut().for_each(|iter| self.iter(iter)),
            Iter::Reversed(inner) => self.iter(inner),
        }
    }

    fn target(&mut self, target: &mut Target) {
        match target {
            Target::Local(local) => self.local(local),
            Target::Parts(parts) => parts.iter_mut().for_each(|part| self.target(part)),
        }
    }
}
