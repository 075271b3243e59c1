//! Statements.

use super::function::{Body, Handed};
use super::live::{Locals, LoopLive, assigned, before_stmt};
use super::{Result, bug};
use crate::ir::{Bound, OpKind, ValueId};
use snek_sema::hir::{Const, ExprId, ExprKind, Stmt, StmtKind};

impl<'h> Body<'_, 'h> {
    /// What is live where the innermost loop goes on and is left.
    fn exits(&self) -> LoopLive {
        self.loops
            .last()
            .map(|inner| inner.live.clone())
            .unwrap_or_default()
    }

    /// Lowers a list of statements up to where control cannot go on. `after` is what is live after it.
    pub(super) fn block(&mut self, stmts: &'h [Stmt], after: &Locals) -> Result<()> {
        let exits = self.exits();
        // What is live after each statement.
        let mut live = Vec::with_capacity(stmts.len());
        let mut now = after.clone();
        for stmt in stmts.iter().rev() {
            live.push(now.clone());
            before_stmt(self.hir, stmt, &mut now, &exits);
        }
        for (stmt, live) in stmts.iter().zip(live.into_iter().rev()) {
            if !self.reachable {
                break;
            }
            self.stmt(stmt, &live)?;
        }
        Ok(())
    }

    fn stmt(&mut self, stmt: &'h Stmt, after: &Locals) -> Result<()> {
        let site = self.enter(stmt.span);
        match &stmt.kind {
            StmtKind::Expr(value) => {
                self.expr(*value)?;
            }
            StmtKind::Assign { local, value } => {
                let values = self.expr(*value)?;
                self.assign(*local, values)?;
            }
            StmtKind::Store {
                array,
                indices,
                value,
                augmented: _,
            } => self.store(*array, indices, *value)?,
            StmtKind::Delete(local) => {
                if self.hir.locals[*local].maybe_unbound {
                    if let Some(flag) = self.env[*local].flag {
                        self.check_bound(*local, flag);
                    }
                    let flag = self.b().const_bool(false);
                    self.env[*local].flag = Some(flag);
                }
            }
            StmtKind::If { cond, then, other } => self.if_(*cond, then, other, after)?,
            StmtKind::While { cond, body, other } => {
                self.while_(stmt, *cond, body, other, after)?;
            }
            StmtKind::For(data) => self.for_(data, after)?,
            StmtKind::Break => {
                let Some(inner) = self.loops.last_mut() else {
                    return bug(format!("`{}`: a break outside of loops", self.hir.name));
                };
                inner.breaks = true;
                let (label, handed) = inner.exit.clone();
                let values = self.handed_values(&handed);
                self.leave(OpKind::Break(label), values);
            }
            StmtKind::Continue => {
                let Some(inner) = self.loops.last() else {
                    return bug(format!("`{}`: a continue outside of loops", self.hir.name));
                };
                let (label, handed) = inner.next.clone();
                let values = self.handed_values(&handed);
                self.leave(OpKind::Next(label), values);
            }
            StmtKind::Return(value) => {
                let values = match value {
                    Some(value) => self.expr(*value)?,
                    None => Vec::new(),
                };
                let types = self.function.results.clone();
                let values = self.coerce(values, &types)?;
                self.leave(OpKind::Return, values);
            }
            StmtKind::Raise { exception, args } => self.raise(exception, args.as_deref())?,
            StmtKind::Assert { cond, message } => self.assert(*cond, *message)?,
            StmtKind::Print {
                args,
                sep,
                end,
                flush,
            } => self.print(args, sep, end, *flush)?,
        }
        self.back(site);
        Ok(())
    }

    fn store(&mut self, array: ExprId, indices: &[ExprId], value: ExprId) -> Result<()> {
        let mut args = vec![self.scalar(array)?];
        for index in indices {
            args.push(self.scalar(*index)?);
        }
        let values = self.expr(value)?;
        args.extend(values);
        let bounds = vec![Bound::Checked; indices.len()];
        self.b().op(OpKind::Store(bounds), args, &[]);
        Ok(())
    }

    fn if_(
        &mut self,
        cond: ExprId,
        then: &'h [Stmt],
        other: &'h [Stmt],
        after: &Locals,
    ) -> Result<()> {
        // Not for speed: control flow must be what sema saw, and sema knows constants.
        if let ExprKind::Const(Const::Bool(value)) = self.hir_expr(cond)?.kind {
            return self.block(if value { then } else { other }, after);
        }
        let cond = self.condition(cond)?;
        let mut changed = Locals::default();
        assigned(self.hir, then, &mut changed);
        assigned(self.hir, other, &mut changed);
        let handed = Handed::new(changed.common(after));
        let code = |stmts: &'h [Stmt]| {
            move |body: &mut Self| -> Result<Vec<ValueId>> {
                body.block(stmts, after)?;
                Ok(Vec::new())
            }
        };
        self.branch(cond, &[], &handed, code(then), code(other))?;
        Ok(())
    }
}
