//! `snek.join(lambda: a, lambda: b)`: two tasks that may run at the same time.
//!
//! They are a parallel loop of two iterations, of which each evaluates one side: exceptions, output and the race check are
//! those of `prange`. What a side gives is folded into nothing, by an operation that leaves every value as it is. Where the
//! runtime sees no use for another thread, both sides run here, one after the other.

use super::function::{Body, Handed};
use super::types::flatten;
use super::{Result, bug};
use crate::ir::{
    Compare, FloatOp, Fold, For, Frame, IntOp, LoopKind, OpKind, Overflow, ReductionOp, Scalar,
    SiteId, Type, ValueId,
};
use snek_abi::parallel::{JOIN_LEFT, JOIN_RIGHT, JOIN_UNCHECKED, UNCHECKED};
use snek_sema::hir::{Const, ExprId, ExprKind};

/// The sides of a join: an expression each, and whether it is the body of a lambda.
type Sides = [(ExprId, bool); 2];

impl Body<'_, '_> {
    /// Lowers `task.join` (flags, left, right): both values.
    pub(super) fn join(&mut self, args: &[ExprId]) -> Result<Vec<ValueId>> {
        let [flags, left, right] = *args else {
            return bug(format!("`{}`: a join has two sides", self.hir.name));
        };
        let ExprKind::Const(Const::Int(flags)) = self.hir_expr(flags)?.kind else {
            return bug(format!("`{}`: a join has flags", self.hir.name));
        };
        let sides = [
            (left, flags & JOIN_LEFT != 0),
            (right, flags & JOIN_RIGHT != 0),
        ];
        let mut types = Vec::new();
        for (side, _) in sides {
            types.extend(flatten(&self.hir_expr(side)?.ty, &[]));
        }
        let site = self.place();
        let wanted = self.b().call_runtime(
            "snek_rt_join_wanted",
            Vec::new(),
            &[Type::Scalar(Scalar::I32)],
        );
        let none = self.b().const_int(Type::Scalar(Scalar::I32), 0);
        let wanted = self.b().compare(Compare::Ne, wanted[0], none);
        let together = |body: &mut Self| body.together(sides, flags, site);
        let in_order = |body: &mut Self| {
            let mut values = body.side(sides[0], site)?;
            if body.reachable {
                values.extend(body.side(sides[1], site)?);
            }
            Ok(values)
        };
        self.branch(wanted, &types, &Handed::default(), together, in_order)
    }

    /// Evaluates a side.
    fn side(&mut self, (side, is_lambda): (ExprId, bool), site: SiteId) -> Result<Vec<ValueId>> {
        let before = self.lambda;
        if is_lambda {
            let place = self.function.sites[site];
            let outer = self.lowering.frames[place.frame].clone();
            let frame = Frame {
                name: "<lambda>".to_owned(),
                first_line: place.line,
                ..outer
            };
            let frames = &mut self.lowering.frames;
            let known = frames.iter_enumerated().find(|(_, known)| **known == frame);
            let id = match known.map(|(id, _)| id) {
                Some(id) => id,
                None => frames.push(frame),
            };
            self.lambda = Some((id, site));
        }
        let values = self.expr(side)?;
        self.lambda = before;
        Ok(values)
    }

    /// Both sides as a parallel loop.
    fn together(&mut self, sides: Sides, flags: i64, site: SiteId) -> Result<Vec<ValueId>> {
        let mut types = Vec::new();
        let mut counts = [0; 2];
        for (n, (side, _)) in sides.into_iter().enumerate() {
            let parts = flatten(&self.hir_expr(side)?.ty, &[]);
            counts[n] = parts.len();
            types.extend(parts);
        }
        let schedule = snek_abi::parallel::SCHEDULES
            .iter()
            .position(|name| *name == "join");
        let unchecked = if flags & JOIN_UNCHECKED != 0 {
            UNCHECKED
        } else {
            0
        };
        let mut b = self.b();
        let options = b.const_i64(schedule.unwrap_or(0) as i64 | unchecked);
        let zero = b.const_i64(0);
        let two = b.const_i64(2);
        b.call_runtime("snek_rt_parallel_options", vec![options, zero, zero], &[]);
        let mut args = vec![zero, two];
        for ty in &types {
            args.push(match ty.scalar() {
                // The one number that keeps all others, negative zero among them.
                Some(scalar) if scalar.is_float() => b.const_float(*ty, -0.0),
                _ => b.const_int(*ty, 0),
            });
        }
        let mut folds = Vec::new();
        for ty in &types {
            let op = match ty.scalar() {
                Some(Scalar::Bool) => ReductionOp::Or,
                Some(_) => ReductionOp::Add,
                None => return bug(format!("`{}`: a task gives no scalar", self.hir.name)),
            };
            folds.push(Fold::By(op, Overflow::Wrap));
        }
        let label = self.function.add_label("join");
        let body = self.function.add_region();
        let side = self.function.add_param(body, Type::I64, None);
        let mut parts = Vec::new();
        for ty in &types {
            parts.push(self.function.add_param(body, *ty, None));
        }
        let (env, region) = (self.env.clone(), self.region);
        self.region = body;
        // The race check understands inequalities.
        let one = self.b().const_i64(1);
        let is_left = self.b().compare(Compare::Lt, side, one);
        let of = |n: usize| {
            let parts = parts.clone();
            move |this: &mut Self| -> Result<Vec<ValueId>> {
                let values = this.side(sides[n], site)?;
                let mut given = parts;
                if this.reachable {
                    let first = if n == 0 { 0 } else { counts[0] };
                    for (part, value) in given[first..].iter_mut().zip(values) {
                        *part = this.kept(*part, value);
                    }
                }
                Ok(given)
            }
        };
        let next = self.branch(is_left, &types, &Handed::default(), of(0), of(1))?;
        if self.reachable {
            self.b().op(OpKind::Next(label), next, &[]);
        }
        self.env = env;
        self.region = region;
        self.reachable = true;
        self.back(site);
        let kind = OpKind::For(For {
            label,
            kind: LoopKind::Parallel,
            step: 1,
            body,
            reductions: folds,
            auto: false,
        });
        Ok(self.b().values(kind, args, &types))
    }

    /// A value folded into the part of a join that it belongs to.
    fn kept(&mut self, part: ValueId, value: ValueId) -> ValueId {
        match self.function.ty(part).scalar() {
            Some(Scalar::Bool) => self.b().int(IntOp::Or, Overflow::Wrap, part, value),
            Some(scalar) if scalar.is_float() => self.b().float(FloatOp::Add, part, value),
            _ => self.b().int(IntOp::Add, Overflow::Wrap, part, value),
        }
    }
}
