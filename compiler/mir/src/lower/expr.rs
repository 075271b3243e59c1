//! Expressions. Each gives its flattened values.

use super::function::{Body, Handed};
use super::live::{Locals, assigned_in_expr};
use super::types::{Number, flatten, width};
use super::{Result, bug};
use crate::ir::{Bound, IntOp, Layout, OpKind, Overflow, Scalar, Type, ValueId};
use snek_sema::hir::{self, BinaryOp, Const, ExprId, ExprKind, UnaryOp};

/// How many nodes a branch may have to be computed whether it is needed or not.
const CHEAP_NODES: usize = 6;

impl<'h> Body<'_, 'h> {
    pub(super) fn hir_expr(&self, id: ExprId) -> Result<&'h hir::Expr> {
        match self.hir.exprs.get(id) {
            Some(expr) => Ok(expr),
            None => bug(format!("`{}`: an expression is missing", self.hir.name)),
        }
    }

    /// Lowers an expression.
    pub(super) fn expr(&mut self, id: ExprId) -> Result<Vec<ValueId>> {
        let expr = self.hir_expr(id)?;
        let site = self.enter(expr.span);
        let values = self.expr_here(expr)?;
        self.back(site);
        if !self.reachable && values.len() != width(&expr.ty) {
            let types = flatten(&expr.ty, &[]);
            return Ok(types.into_iter().map(|ty| self.b().undefined(ty)).collect());
        }
        Ok(values)
    }

    /// Lowers an expression that has one value.
    pub(super) fn scalar(&mut self, id: ExprId) -> Result<ValueId> {
        let values = self.expr(id)?;
        match values.as_slice() {
            [value] => Ok(*value),
            _ => Ok(self.dead(Scalar::I64, 1)?[0]),
        }
    }

    /// Lowers a condition.
    pub(super) fn condition(&mut self, id: ExprId) -> Result<ValueId> {
        let value = self.scalar(id)?;
        if self.function.ty(value) == Type::BOOL {
            return Ok(value);
        }
        Ok(self.dead(Scalar::Bool, 1)?[0])
    }

    /// Lowers expressions in order.
    pub(super) fn exprs(&mut self, ids: &[ExprId]) -> Result<Vec<Vec<ValueId>>> {
        ids.iter().map(|id| self.expr(*id)).collect()
    }

    fn expr_here(&mut self, expr: &'h hir::Expr) -> Result<Vec<ValueId>> {
        match &expr.kind {
            ExprKind::Const(value) => self.constant(value, &expr.ty),
            ExprKind::Local {
                local,
                check_unbound,
            } => self.read(*local, *check_unbound),
            ExprKind::Unary(op, operand) => {
                let ty = &self.hir_expr(*operand)?.ty;
                let values = self.expr(*operand)?;
                self.unary(*op, ty, &values)
            }
            ExprKind::Binary(op, left, right) => {
                let ty = &self.hir_expr(*left)?.ty;
                let left = self.expr(*left)?;
                let right = self.expr(*right)?;
                self.binary(*op, ty, &left, &right)
            }
            ExprKind::Compare(op, left, right) => {
                let ty = &self.hir_expr(*left)?.ty;
                let left = self.expr(*left)?;
                let right = self.expr(*right)?;
                Ok(vec![self.comparison(*op, ty, &left, &right)?])
            }
            ExprKind::And(left, right) => self.short_circuit(*left, *right, true),
            ExprKind::Or(left, right) => self.short_circuit(*left, *right, false),
            ExprKind::If { cond, then, other } => self.conditional(*cond, *then, *other, &expr.ty),
            ExprKind::Convert { operand, checked } => {
                let from = &self.hir_expr(*operand)?.ty;
                let values = self.expr(*operand)?;
                self.conversion(from, &expr.ty, *checked, &values)
            }
            ExprKind::Truth(operand) => {
                let ty = &self.hir_expr(*operand)?.ty;
                let values = self.expr(*operand)?;
                Ok(vec![self.truth(ty, &values)?])
            }
            ExprKind::Call { function, args } => self.call(*function, args),
            ExprKind::Intrinsic { name, args } => self.intrinsic(name, args, &expr.ty),
            ExprKind::Tuple(items) => Ok(self.exprs(items)?.concat()),
            ExprKind::Field { tuple, index } => {
                let hir::Type::Tuple(items) = &self.hir_expr(*tuple)?.ty else {
                    return bug(format!("`{}`: a field of no tuple", self.hir.name));
                };
                let values = self.expr(*tuple)?;
                let Some(item) = items.get(*index) else {
                    return bug(format!("`{}`: no field {index}", self.hir.name));
                };
                let skip: usize = items[..*index].iter().map(width).sum();
                Ok(values.into_iter().skip(skip).take(width(item)).collect())
            }
            ExprKind::Subscript { array, indices } => {
                let base = self.scalar(*array)?;
                let mut args = vec![base];
                for index in indices {
                    args.push(self.scalar(*index)?);
                }
                let bounds = vec![Bound::Checked; indices.len()];
                self.subscript(args, bounds)
            }
            ExprKind::Extent { array, axis } => {
                let array = self.scalar(*array)?;
                Ok(vec![self.b().extent(array, *axis)])
            }
            ExprKind::Assign { local, value } => {
                let values = self.expr(*value)?;
                self.assign(*local, values)?;
                self.read(*local, false)
            }
        }
    }

    fn constant(&mut self, value: &Const, ty: &hir::Type) -> Result<Vec<ValueId>> {
        let number = Number::of(ty);
        let scalar = number.map(|number| Type::Scalar(number.scalar()));
        let mut b = self.b();
        Ok(match (value, scalar) {
            (Const::None, _) => Vec::new(),
            (Const::Bool(value), _) => vec![b.const_bool(*value)],
            (Const::Str(text), _) => b.const_text(text.as_str()),
            (Const::Int(value), Some(ty)) => vec![b.const_int(ty, *value)],
            (Const::Float(value), Some(ty)) => vec![b.const_float(ty, *value)],
            (Const::Complex(real, imaginary), Some(ty)) => {
                vec![b.const_float(ty, *real), b.const_float(ty, *imaginary)]
            }
            _ => return bug(format!("`{}`: {value:?} of {ty:?}", self.hir.name)),
        })
    }

    /// A load if there is an index per dimension, else a view of the rest. `args`: the array, then the indices.
    pub(super) fn subscript(
        &mut self,
        args: Vec<ValueId>,
        bounds: Vec<Bound>,
    ) -> Result<Vec<ValueId>> {
        let Some(array) = self.function.ty(args[0]).array() else {
            if !self.reachable {
                return Ok(Vec::new());
            }
            return bug(format!("`{}`: a subscript of no array", self.hir.name));
        };
        if bounds.len() < usize::from(array.rank) {
            let ty = Type::Array(crate::ir::ArrayType {
                rank: array.rank - bounds.len() as u8,
                ..array
            });
            return Ok(vec![self.b().value(OpKind::Row(bounds), args, ty)]);
        }
        let (scalar, count) = array.element.scalars();
        let types = vec![Type::Scalar(scalar); count];
        Ok(self.b().values(OpKind::Load(bounds), args, &types))
    }

    fn call(&mut self, function: hir::FunctionId, args: &[ExprId]) -> Result<Vec<ValueId>> {
        let callee = self.lowering.hir_function(function)?;
        let values = self.exprs(args)?.concat();
        let layouts: Vec<Layout> = values
            .iter()
            .filter_map(|value| self.function.ty(*value).array())
            .map(|array| array.layout)
            .collect();
        let instance = self.lowering.instance(function, layouts)?;
        let results = flatten(&callee.result, &[]);
        let values = self.b().values(OpKind::Call(instance), values, &results);
        if callee.result == hir::Type::Never {
            self.leave(OpKind::Unreachable, Vec::new());
        }
        Ok(values)
    }

    /// `left and right`, or `left or right`.
    fn short_circuit(&mut self, left: ExprId, right: ExprId, and: bool) -> Result<Vec<ValueId>> {
        let first = self.condition(left)?;
        if self.is_cheap(right) {
            let second = self.condition(right)?;
            let op = if and { IntOp::And } else { IntOp::Or };
            return Ok(vec![self.b().int(op, Overflow::Wrap, first, second)]);
        }
        let handed = self.assigned_in(&[right]);
        let evaluate = |body: &mut Self| Ok(vec![body.condition(right)?]);
        let shortcut = |body: &mut Self| Ok(vec![body.b().const_bool(!and)]);
        if and {
            self.branch(first, &[Type::BOOL], &handed, evaluate, shortcut)
        } else {
            self.branch(first, &[Type::BOOL], &handed, shortcut, evaluate)
        }
    }

    fn assigned_in(&self, exprs: &[ExprId]) -> Handed {
        let mut assigned = Locals::default();
        for expr in exprs {
            assigned_in_expr(self.hir, *expr, &mut assigned);
        }
        Handed::new(assigned.iter().collect())
    }

    fn conditional(
        &mut self,
        cond: ExprId,
        then: ExprId,
        other: ExprId,
        ty: &hir::Type,
    ) -> Result<Vec<ValueId>> {
        let cond = self.condition(cond)?;
        if Number::of(ty).is_some() && self.is_cheap(then) && self.is_cheap(other) {
            let then = self.expr(then)?;
            let other = self.expr(other)?;
            let mut b = self.b();
            return Ok(then
                .into_iter()
                .zip(other)
                .map(|(then, other)| b.select(cond, then, other))
                .collect());
        }
        let handed = self.assigned_in(&[then, other]);
        let layouts = self.branch_layouts(then, other)?;
        let types = flatten(ty, &layouts);
        self.branch(
            cond,
            &types,
            &handed,
            |body| body.expr(then),
            |body| body.expr(other),
        )
    }

    fn branch_layouts(&mut self, then: ExprId, other: ExprId) -> Result<Vec<Layout>> {
        let mut layouts = super::layouts::of_expr(self.hir, &self.layouts, then);
        let found = super::layouts::of_expr(self.hir, &self.layouts, other);
        for (layout, other) in layouts.iter_mut().zip(found) {
            if other == Layout::Strided {
                *layout = Layout::Strided;
            }
        }
        Ok(layouts)
    }

    /// A small expression that cannot raise, reads no memory and assigns nothing: it may be computed unasked.
    fn is_cheap(&self, id: ExprId) -> bool {
        let mut nodes = 0;
        self.count_cheap(id, &mut nodes)
    }

    fn count_cheap(&self, id: ExprId, nodes: &mut usize) -> bool {
        *nodes += 1;
        let Some(expr) = self.hir.exprs.get(id) else {
            return false;
        };
        if *nodes > CHEAP_NODES || Number::of(&expr.ty).is_none() {
            return false;
        }
        let number_of = |id: ExprId| self.hir.exprs.get(id).and_then(|e| Number::of(&e.ty));
        match &expr.kind {
            ExprKind::Const(_) => true,
            ExprKind::Local {
                local,
                check_unbound,
            } => !check_unbound && self.env[*local].values.is_some(),
            ExprKind::Unary(op, operand) => {
                let raises = *op == UnaryOp::Neg && number_of(*operand) == Some(Number::Int);
                !raises && self.count_cheap(*operand, nodes)
            }
            ExprKind::Binary(op, left, right) => {
                let plain = matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul);
                let bits = matches!(op, BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor);
                let safe = match number_of(*left) {
                    Some(Number::Float(..) | Number::Fixed(_)) => plain || bits,
                    Some(Number::Int | Number::Bool) => bits,
                    _ => false,
                };
                safe && self.count_cheap(*left, nodes) && self.count_cheap(*right, nodes)
            }
            ExprKind::Compare(_, left, right)
            | ExprKind::And(left, right)
            | ExprKind::Or(left, right) => {
                self.count_cheap(*left, nodes) && self.count_cheap(*right, nodes)
            }
            ExprKind::Truth(operand) => self.count_cheap(*operand, nodes),
            ExprKind::Convert { operand, checked } => {
                let source = number_of(*operand);
                let safe = match (source, Number::of(&expr.ty)) {
                    (Some(_), Some(Number::Bool)) => true,
                    (Some(Number::Float(..)), Some(Number::Float(..))) => true,
                    (
                        Some(Number::Bool | Number::Int | Number::Fixed(_)),
                        Some(Number::Float(..)),
                    ) => true,
                    (Some(Number::Bool), Some(_)) => true,
                    (Some(Number::Fixed(from)), Some(Number::Int)) => from != Scalar::U64,
                    (Some(Number::Fixed(_)), Some(Number::Fixed(_))) => !checked,
                    _ => false,
                };
                safe && self.count_cheap(*operand, nodes)
            }
            ExprKind::If { .. }
            | ExprKind::Call { .. }
            | ExprKind::Intrinsic { .. }
            | ExprKind::Tuple(_)
            | ExprKind::Field { .. }
            | ExprKind::Subscript { .. }
            | ExprKind::Extent { .. }
            | ExprKind::Assign { .. } => false,
        }
    }
}
