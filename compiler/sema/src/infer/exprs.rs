//! Expressions.

use snek_diagnostics::{Code, Diagnostic, Span};
use snek_syntax::ast::{self, BoolOp, CmpOp, Constant, ExprKind as E};

use super::Infer;
use crate::analyzer::smallest_int;
use crate::constants;
use crate::hir::{Const, ExprId, ExprKind, Type};

impl<'a> Infer<'_, 'a> {
    /// Evaluates an expression.
    pub fn expr(&mut self, expr: &'a ast::Expr) -> ExprId {
        let span = expr.span;
        match &expr.kind {
            E::Constant { value } => self.literal(value, span),
            E::Name { id, .. } => match self.name_ids.get(id.as_str()).copied() {
                Some(name) => self.read_name(name, span),
                None => self.module_name(id, expr),
            },
            E::NamedExpr { target, value } => self.walrus(target, value, span),
            E::BoolOp { op, values } => self.bool_op(*op, values, span),
            E::BinOp { left, op, right } => {
                if let (
                    E::Constant {
                        value: Constant::Str(_),
                    },
                    ast::Operator::Mod,
                ) = (&left.kind, op)
                {
                    return self.not_native(span, "formats a string with `%`");
                }
                let left = self.expr(left);
                let right = self.expr(right);
                self.binary(*op, left, right, span)
            }
            E::UnaryOp { op, operand } => {
                if let Some(value) = smallest_int(*op, operand) {
                    return self.value(&value, span);
                }
                let operand = self.expr(operand);
                self.unary(*op, operand, span)
            }
            E::IfExp { test, body, orelse } => self.if_expr(test, body, orelse, span),
            E::Compare {
                left,
                ops,
                comparators,
            } => self.compare_chain(left, ops, comparators, span),
            E::Call {
                func,
                args,
                keywords,
            } => self.call(expr, func, args, keywords),
            E::Attribute { value, attr, .. } => self.attribute(expr, value, attr),
            E::Subscript { value, slice, .. } => self.subscript(value, slice, span),
            E::Tuple { elts, .. } => {
                if let Some(starred) = elts.iter().find(|e| matches!(e.kind, E::Starred { .. })) {
                    return self.not_native(starred.span, "unpacks into a tuple with `*`");
                }
                let items: Vec<ExprId> = elts.iter().map(|element| self.expr(element)).collect();
                self.tuple(items, span)
            }
            E::JoinedStr { .. } | E::FormattedValue { .. } => {
                self.not_native(span, "uses an f-string")
            }
            E::List { .. } => self.not_native(span, "makes a list"),
            E::Dict { .. } => self.not_native(span, "makes a dict"),
            E::Set { .. } => self.not_native(span, "makes a set"),
            E::ListComp { .. } => self.not_native(span, "uses a list comprehension"),
            E::SetComp { .. } => self.not_native(span, "uses a set comprehension"),
            E::DictComp { .. } => self.not_native(span, "uses a dict comprehension"),
            E::GeneratorExp { .. } => self.not_native(span, "uses a generator expression"),
            E::Lambda { .. } => self.not_native(span, "uses a lambda"),
            E::Await { .. } => self.not_native(span, "uses `await`"),
            E::Yield { .. } | E::YieldFrom { .. } => {
                // Nothing about such a function is what it looks like.
                self.env.reachable = false;
                self.not_native(span, "is a generator")
            }
            E::Starred { .. } => self.not_native(span, "unpacks with `*`"),
            E::Slice { .. } => self.not_native(span, "uses a slice"),
        }
    }

    fn literal(&mut self, value: &Constant, span: Span) -> ExprId {
        if let Some(value) = constants::literal(value) {
            return self.value(&value, span);
        }
        match value {
            Constant::BigInt(digits) => {
                let message = format!("{digits} does not fit in 64 bits, as native ints do");
                self.poison(
                    Diagnostic::error(Code::T016, span, message)
                        .help("write a float, such as `1e30`, if it need not be exact"),
                )
            }
            Constant::Bytes(_) => self.not_native(span, "uses bytes"),
            Constant::Ellipsis => self.not_native(span, "uses `...` as a value"),
            _ => self.not_native(span, "uses a string with surrogates"),
        }
    }

    fn module_name(&mut self, id: &'a str, expr: &'a ast::Expr) -> ExprId {
        match self.an.resolve_name(self.scope, id) {
            Some(reference) => self.module_value(reference, expr),
            None => self.unknown_name(expr, id),
        }
    }

    fn walrus(&mut self, target: &'a ast::Expr, value: &'a ast::Expr, span: Span) -> ExprId {
        let value = self.expr(value);
        let E::Name { id, .. } = &target.kind else {
            return self.not_native(
                target.span,
                "assigns to something else than a name with `:=`",
            );
        };
        let Some(name) = self.name_ids.get(id.as_str()).copied() else {
            return self.silent_poison(span);
        };
        let value = self.as_declared(name, value);
        if !self.can_hold(name, value, target.span) {
            return self.silent_poison(span);
        }
        let ty = self.ty(value).clone();
        let local = self.bind(name, &ty, target.span);
        self.push(ExprKind::Assign { local, value }, ty, span)
    }

    /// The truth of an expression that is only tested.
    pub fn condition(&mut self, expr: &'a ast::Expr) -> ExprId {
        match &expr.kind {
            E::BoolOp { op, values } => {
                let mut result: Option<ExprId> = None;
                let mut before = None;
                for value in values {
                    let value = self.condition(value);
                    if let Some(before) = before.take() {
                        self.join_in_expr(&before);
                    }
                    result = Some(match result {
                        None => value,
                        Some(left) => self.and_or(*op, left, value, expr.span),
                    });
                    before = Some(self.env.clone());
                }
                result.unwrap_or_else(|| self.silent_poison(expr.span))
            }
            E::UnaryOp {
                op: ast::UnaryOp::Not,
                operand,
            } => {
                let operand = self.condition(operand);
                self.unary(ast::UnaryOp::Not, operand, expr.span)
            }
            _ => {
                let value = self.expr(expr);
                self.truth(value)
            }
        }
    }

    fn and_or(&mut self, op: BoolOp, left: ExprId, right: ExprId, span: Span) -> ExprId {
        if self.is_poison(left) || self.is_poison(right) {
            return self.silent_poison(span);
        }
        match (op, self.const_of(left)) {
            (BoolOp::And, Some(Const::Bool(true))) | (BoolOp::Or, Some(Const::Bool(false))) => {
                right
            }
            (BoolOp::And, Some(Const::Bool(false))) | (BoolOp::Or, Some(Const::Bool(true))) => left,
            (BoolOp::And, _) => self.push(ExprKind::And(left, right), Type::Bool, span),
            (BoolOp::Or, _) => self.push(ExprKind::Or(left, right), Type::Bool, span),
        }
    }

    /// `a and b`, whose value is one of the operands.
    fn bool_op(&mut self, op: BoolOp, values: &'a [ast::Expr], span: Span) -> ExprId {
        let [init @ .., last] = values else {
            return self.silent_poison(span);
        };
        // `a and b and c` is `a and (b and c)`.
        let mut lefts = Vec::new();
        for value in init {
            lefts.push((self.expr(value), self.env.clone()));
        }
        let mut result = self.expr(last);
        for (left, env) in lefts.into_iter().rev() {
            self.join_in_expr(&env);
            if self.is_poison(left) || self.is_poison(result) {
                result = self.silent_poison(span);
                continue;
            }
            let (left_type, right_type) = (self.ty(left).clone(), self.ty(result).clone());
            if left_type == Type::Bool && right_type == Type::Bool {
                result = self.and_or(op, left, result, span);
                continue;
            }
            let Some(common) = left_type.join(&right_type) else {
                let word = match op {
                    BoolOp::And => "and",
                    BoolOp::Or => "or",
                };
                let (at, to) = (self.exprs[left].span, self.exprs[result].span);
                let message = format!(
                    "`{word}` gives `{left_type}` or `{right_type}`, depending on the left one"
                );
                let problem = Diagnostic::error(Code::T014, span, message)
                    .label(at, format!("`{left_type}`"))
                    .label(to, format!("`{right_type}`"))
                    .help("if only the truth matters, write `bool(...)` around each");
                result = self.poison(problem);
                continue;
            };
            let local = self.temporary(left_type.clone());
            let kept = self.push(ExprKind::Assign { local, value: left }, left_type, span);
            let truth = self.truth(kept);
            if self.is_poison(truth) {
                result = truth;
                continue;
            }
            let value = self.read(local, span);
            let left = self.convert_raw(value, &common, false);
            let right = self.convert_raw(result, &common, false);
            let (then, other) = match op {
                BoolOp::And => (right, left),
                BoolOp::Or => (left, right),
            };
            result = self.push(
                ExprKind::If {
                    cond: truth,
                    then,
                    other,
                },
                common,
                span,
            );
        }
        result
    }

    fn if_expr(
        &mut self,
        test: &'a ast::Expr,
        body: &'a ast::Expr,
        orelse: &'a ast::Expr,
        span: Span,
    ) -> ExprId {
        let cond = self.condition(test);
        if let Some(Const::Bool(value)) = self.const_of(cond) {
            return if *value {
                self.expr(body)
            } else {
                self.expr(orelse)
            };
        }
        let before = self.env.clone();
        let then = self.expr(body);
        let after = std::mem::replace(&mut self.env, before);
        let other = self.expr(orelse);
        self.join_in_expr(&after);
        // The type of a recursive call may not be known yet: the other branch tells.
        match (self.is_poison(then), self.is_poison(other)) {
            _ if self.is_poison(cond) => return self.silent_poison(span),
            (true, _) => return other,
            (_, true) => return then,
            (false, false) => {}
        }
        let (then_type, other_type) = (self.ty(then).clone(), self.ty(other).clone());
        let Some(common) = then_type.join(&other_type) else {
            let message =
                format!("this is `{then_type}` or `{other_type}`, depending on the condition");
            let problem = Diagnostic::error(Code::T014, span, message)
                .label(body.span, format!("`{then_type}`"))
                .label(orelse.span, format!("`{other_type}`"))
                .help("convert one of them");
            return self.poison(problem);
        };
        if common == Type::Str {
            return self.not_native(span, "chooses between strings");
        }
        let then = self.convert_raw(then, &common, false);
        let other = self.convert_raw(other, &common, false);
        self.push(ExprKind::If { cond, then, other }, common, span)
    }

    /// `a < b <= c`: `b` is evaluated once, `c` only if needed.
    fn compare_chain(
        &mut self,
        left: &'a ast::Expr,
        ops: &[CmpOp],
        comparators: &'a [ast::Expr],
        span: Span,
    ) -> ExprId {
        let mut left_value = self.expr(left);
        let mut left_span = left.span;
        let mut result: Option<ExprId> = None;
        for (i, (op, right)) in ops.iter().zip(comparators).enumerate() {
            let before = self.env.clone();
            let mut right_value = self.expr(right);
            if i > 0 {
                self.join_in_expr(&before);
            }
            let is_last = i + 1 == ops.len();
            let mut next = right_value;
            if !is_last && !self.is_poison(right_value) && self.const_of(right_value).is_none() {
                let ty = self.ty(right_value).clone();
                let local = self.temporary(ty.clone());
                let kind = ExprKind::Assign {
                    local,
                    value: right_value,
                };
                right_value = self.push(kind, ty, right.span);
                next = self.read(local, right.span);
            }
            let place = if ops.len() == 1 {
                span
            } else {
                left_span.to(right.span)
            };
            let compared = self.compare(*op, left_value, right_value, place);
            result = Some(match result {
                None => compared,
                Some(sofar) => self.and_or(BoolOp::And, sofar, compared, span),
            });
            left_value = next;
            left_span = right.span;
        }
        result.unwrap_or_else(|| self.silent_poison(span))
    }

    /// `value[slice]`, read.
    fn subscript(&mut self, value: &'a ast::Expr, slice: &'a ast::Expr, span: Span) -> ExprId {
        let base = self.expr(value);
        match self.ty(base).clone() {
            Type::Never => {
                self.expr_quietly(slice);
                self.silent_poison(span)
            }
            Type::Array { element, rank } => {
                let Some(indices) = self.indices(slice, rank) else {
                    return self.silent_poison(span);
                };
                let rest = rank - indices.len() as u8;
                if indices.is_empty() {
                    return base;
                }
                let ty = match rest {
                    0 => element.value_type(),
                    rank => Type::Array { element, rank },
                };
                let kind = ExprKind::Subscript {
                    array: base,
                    indices,
                };
                self.push(kind, ty, span)
            }
            Type::Tuple(types) => {
                let index = self.expr(slice);
                if self.is_poison(index) {
                    return index;
                }
                let Some(Const::Int(index)) = self.const_of(index).cloned() else {
                    let problem = Diagnostic::error(
                        Code::T007,
                        slice.span,
                        "the index of a tuple must be a constant: its elements may differ in type",
                    )
                    .help("iterate over it, or use an array");
                    return self.poison(problem);
                };
                let len = types.len() as i64;
                let at = if index < 0 { index + len } else { index };
                if !(0..len).contains(&at) {
                    let message = format!("tuple index out of range: it has {len} elements");
                    return self.poison(Diagnostic::error(Code::T007, slice.span, message));
                }
                self.field(base, at as usize, span)
            }
            Type::Str => self.not_native(span, "indexes a string"),
            ty => {
                let message = format!("'{ty}' object is not subscriptable");
                self.poison(Diagnostic::error(Code::T007, span, message))
            }
        }
    }

    /// Evaluates for the sake of its errors.
    fn expr_quietly(&mut self, expr: &'a ast::Expr) {
        if !matches!(expr.kind, E::Slice { .. }) {
            self.expr(expr);
        }
    }

    /// The indices of a subscript, each Int; at most one per dimension. `None` if something is wrong.
    pub fn indices(&mut self, slice: &'a ast::Expr, rank: u8) -> Option<Vec<ExprId>> {
        let mut parts: &'a [ast::Expr] = match &slice.kind {
            E::Tuple { elts, .. } => elts,
            _ => std::slice::from_ref(slice),
        };
        // `a[i, :]` and `a[i, ...]` are `a[i]`.
        let is_rest = |part: &ast::Expr| {
            matches!(
                part.kind,
                E::Slice {
                    lower: None,
                    upper: None,
                    step: None
                } | E::Constant {
                    value: Constant::Ellipsis
                }
            )
        };
        if parts.len() <= usize::from(rank) {
            while let [init @ .., last] = parts
                && is_rest(last)
            {
                parts = init;
            }
        }
        let mut indices = Vec::new();
        let mut fine = true;
        for part in parts {
            if matches!(part.kind, E::Slice { .. }) || is_rest(part) {
                self.not_native(part.span, "slices an array");
                fine = false;
                continue;
            }
            let index = self.expr(part);
            let index = match self.ty(index) {
                Type::Bool => self.not_native(part.span, "indexes an array with a bool"),
                Type::Array { .. } => self.not_native(part.span, "indexes an array with an array"),
                Type::None => self.not_native(part.span, "indexes an array with `None`"),
                _ => self.index(index, "an index"),
            };
            fine &= !self.is_poison(index);
            indices.push(index);
        }
        if indices.len() > usize::from(rank) {
            let message = format!(
                "too many indices for array: array is {rank}-dimensional, but {} were indexed",
                indices.len()
            );
            self.problem(Diagnostic::error(Code::T007, slice.span, message));
            return None;
        }
        fine.then_some(indices)
    }
}
