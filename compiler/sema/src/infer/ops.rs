//! Operators on typed operands: asks `promote.rs` for the rule and emits it.

use snek_diagnostics::{Code, Diagnostic, Span};
use snek_syntax::ast::{CmpOp, Operator, UnaryOp};

use super::Infer;
use crate::constants;
use crate::hir;
use crate::hir::{BinaryOp, CompareOp, Const, ExprId, ExprKind, Type};
use crate::promote;

impl Infer<'_, '_> {
    /// `op operand`.
    pub fn unary(&mut self, op: UnaryOp, operand: ExprId, span: Span) -> ExprId {
        if op == UnaryOp::Not {
            let operand = self.truth(operand);
            if self.is_poison(operand) {
                return operand;
            }
            if let Some(Const::Bool(value)) = self.const_of(operand) {
                let value = !*value;
                return self.constant(Type::Bool, Const::Bool(value), span);
            }
            return self.push(
                ExprKind::Unary(hir::UnaryOp::Not, operand),
                Type::Bool,
                span,
            );
        }
        let ty = self.ty(operand).clone();
        if ty == Type::Never {
            return operand;
        }
        if let Some(value) = self.python_const(operand)
            && let Some(value) = constants::unary(op, &value)
        {
            return self.constant(crate::analyzer::type_of(&value), value, span);
        }
        let Some(result) = promote::unary(op, &ty) else {
            let message = format!("`{}` does not take `{ty}`", op.as_str());
            return self.poison(Diagnostic::error(Code::T004, span, message));
        };
        let operand = self.convert_raw(operand, &result, false);
        let op = match op {
            UnaryOp::UAdd | UnaryOp::Not => return operand,
            UnaryOp::USub => hir::UnaryOp::Neg,
            UnaryOp::Invert => hir::UnaryOp::Invert,
        };
        self.push(ExprKind::Unary(op, operand), result, span)
    }

    /// A constant of one of Python's own scalar types.
    pub fn python_const(&self, expr: ExprId) -> Option<Const> {
        match self.ty(expr) {
            Type::Bool | Type::Int | Type::Float | Type::Complex => self.const_of(expr).cloned(),
            _ => None,
        }
    }

    /// `left op right`.
    pub fn binary(&mut self, op: Operator, left: ExprId, right: ExprId, span: Span) -> ExprId {
        if self.is_poison(left) || self.is_poison(right) {
            return self.silent_poison(span);
        }
        let (left_type, right_type) = (self.ty(left).clone(), self.ty(right).clone());
        if let (Some(a), Some(b)) = (self.python_const(left), self.python_const(right))
            && let Some((ty, value)) = constants::binary(op, &a, &b)
        {
            return self.constant(ty, value, span);
        }
        if let (Operator::Add, Type::Tuple(a), Type::Tuple(b)) = (op, &left_type, &right_type) {
            return self.concatenate(left, a.len(), right, b.len(), span);
        }
        if op == Operator::Pow {
            return self.power(left, right, span);
        }
        let Some(rule) = promote::binary(op, &left_type, &right_type) else {
            return self.no_operator(op.as_str(), &left_type, &right_type, span);
        };
        let left = self.convert_weak(left, &rule.operand);
        let right = self.convert_weak(right, &rule.operand);
        if self.is_poison(left) || self.is_poison(right) {
            return self.silent_poison(span);
        }
        let op = match op {
            Operator::Add => BinaryOp::Add,
            Operator::Sub => BinaryOp::Sub,
            Operator::Mult => BinaryOp::Mul,
            Operator::Div => BinaryOp::TrueDiv,
            Operator::FloorDiv => BinaryOp::FloorDiv,
            Operator::Mod => BinaryOp::Mod,
            Operator::BitAnd => BinaryOp::BitAnd,
            Operator::BitOr => BinaryOp::BitOr,
            Operator::BitXor => BinaryOp::BitXor,
            Operator::LShift => BinaryOp::Shl,
            Operator::RShift => BinaryOp::Shr,
            Operator::Pow | Operator::MatMult => {
                return self.no_operator(op.as_str(), &left_type, &right_type, span);
            }
        };
        self.push(ExprKind::Binary(op, left, right), rule.result, span)
    }

    fn no_operator(&mut self, op: &str, left: &Type, right: &Type, span: Span) -> ExprId {
        if *left == Type::Str || *right == Type::Str {
            return self.not_native(span, format!("uses `{op}` on a string"));
        }
        let message = format!("`{op}` does not take `{left}` and `{right}`");
        let error = Diagnostic::error(Code::T004, span, message);
        let is_array = |ty: &Type| matches!(ty, Type::Array { .. });
        let error = if is_array(left) || is_array(right) {
            error.help(
                "arithmetic on whole arrays is not native yet: write a loop over their elements",
            )
        } else {
            error
        };
        self.poison(error)
    }

    fn concatenate(
        &mut self,
        left: ExprId,
        left_len: usize,
        right: ExprId,
        right_len: usize,
        span: Span,
    ) -> ExprId {
        let mut items = Vec::new();
        for (tuple, len) in [(left, left_len), (right, right_len)] {
            let ty = self.ty(tuple).clone();
            let local = self.temporary(ty.clone());
            for i in 0..len {
                let tuple = if i == 0 {
                    let kind = ExprKind::Assign {
                        local,
                        value: tuple,
                    };
                    self.push(kind, ty.clone(), span)
                } else {
                    self.read(local, span)
                };
                items.push(self.field(tuple, i, span));
            }
        }
        self.tuple(items, span)
    }

    /// `base ** exponent`
    fn power(&mut self, base: ExprId, exponent: ExprId, span: Span) -> ExprId {
        let (base_type, exponent_type) = (self.ty(base).clone(), self.ty(exponent).clone());
        let Some(rule) = promote::binary(Operator::Pow, &base_type, &exponent_type) else {
            return self.no_operator("**", &base_type, &exponent_type, span);
        };
        let mut operand = rule.operand;
        if operand == Type::Int {
            match self.const_of(exponent) {
                Some(Const::Int(value)) if *value < 0 => operand = Type::Float,
                _ if self.is_nonnegative(exponent) => {}
                _ => {
                    let message = "the result of `int ** int` is an int or a float, depending on the sign of the exponent";
                    return self.poison(
                        Diagnostic::error(Code::T013, span, message)
                            .label(self.exprs[exponent].span, "may be negative")
                            .help("write `int(a ** b)` or `float(a ** b)`, or use an exponent that is a constant or comes from a `range`"),
                    );
                }
            }
        }
        let base = self.convert_weak(base, &operand);
        let exponent = self.convert_weak(exponent, &operand);
        // Exact for integers, and the usual case. A float's square is not always what `pow` gives.
        if operand.is_integral() && matches!(self.const_of(exponent), Some(Const::Int(2))) {
            let local = self.temporary(operand.clone());
            let kind = ExprKind::Assign { local, value: base };
            let first = self.push(kind, operand.clone(), span);
            let second = self.read(local, span);
            return self.push(
                ExprKind::Binary(BinaryOp::Mul, first, second),
                operand,
                span,
            );
        }
        self.call_library("builtins/pow", "pow", vec![base, exponent], span)
    }

    /// What is certainly not negative by its form.
    pub fn is_nonnegative(&self, expr: ExprId) -> bool {
        match &self.exprs[expr].kind {
            ExprKind::Const(Const::Int(value)) => *value >= 0,
            ExprKind::Const(Const::Bool(_)) | ExprKind::Extent { .. } => true,
            ExprKind::Local { local, .. } => self.nonnegative.contains(local),
            ExprKind::Convert { operand, .. } => match self.ty(*operand) {
                Type::Bool => true,
                Type::Fixed(fixed) => fixed.is_unsigned(),
                _ => false,
            },
            // Overflow raises, so sums and products of what is not negative are not.
            ExprKind::Binary(
                BinaryOp::Add
                | BinaryOp::Mul
                | BinaryOp::FloorDiv
                | BinaryOp::BitAnd
                | BinaryOp::BitOr
                | BinaryOp::Shr,
                a,
                b,
            ) => self.is_nonnegative(*a) && self.is_nonnegative(*b),
            // Python's remainder has the divisor's sign.
            ExprKind::Binary(BinaryOp::Mod, _, divisor) => self.is_nonnegative(*divisor),
            _ => false,
        }
    }

    /// `left op right` of one comparison.
    pub fn compare(&mut self, op: CmpOp, left: ExprId, right: ExprId, span: Span) -> ExprId {
        if self.is_poison(left) || self.is_poison(right) {
            return self.silent_poison(span);
        }
        let (left_type, right_type) = (self.ty(left).clone(), self.ty(right).clone());
        match op {
            CmpOp::Is | CmpOp::IsNot => return self.identity(op, left, right, span),
            CmpOp::In | CmpOp::NotIn => return self.membership(op, left, right, span),
            _ => {}
        }
        if let (Type::Tuple(a), Type::Tuple(b)) = (&left_type, &right_type)
            && matches!(op, CmpOp::Eq | CmpOp::NotEq)
        {
            return self.compare_tuples(op, (left, a.len()), (right, b.len()), span);
        }
        let Some(rule) = promote::compare(op, &left_type, &right_type) else {
            return self.no_operator(op.as_str(), &left_type, &right_type, span);
        };
        match rule {
            promote::Compare::As(ty) => {
                let left = self.convert_raw(left, &ty, false);
                let right = self.convert_raw(right, &ty, false);
                let op = match op {
                    CmpOp::Eq => CompareOp::Eq,
                    CmpOp::NotEq => CompareOp::Ne,
                    CmpOp::Lt => CompareOp::Lt,
                    CmpOp::LtE => CompareOp::Le,
                    CmpOp::Gt => CompareOp::Gt,
                    _ => CompareOp::Ge,
                };
                self.push(ExprKind::Compare(op, left, right), Type::Bool, span)
            }
            promote::Compare::Exact => {
                // A constant that is the same number in the other type needs no care.
                for (constant, other) in [(left, right), (right, left)] {
                    let target = self.ty(other).clone();
                    if let Some(Const::Int(value)) = self.const_of(constant)
                        && (target == Type::Float && value.unsigned_abs() <= 1 << 53
                            || matches!(target, Type::Fixed(fixed) if fixed.holds(*value)))
                    {
                        let (left, right) = (
                            self.convert_raw(left, &target, false),
                            self.convert_raw(right, &target, false),
                        );
                        return self.compare(op, left, right, span);
                    }
                }
                let widen = |ty: &Type| match ty {
                    Type::Bool => Type::Int,
                    other => other.clone(),
                };
                let (left_type, right_type) = (widen(self.ty(left)), widen(self.ty(right)));
                let left = self.convert_raw(left, &left_type, false);
                let right = self.convert_raw(right, &right_type, false);
                let name = match op {
                    CmpOp::Eq => "eq",
                    CmpOp::NotEq => "ne",
                    CmpOp::Lt => "lt",
                    CmpOp::LtE => "le",
                    CmpOp::Gt => "gt",
                    _ => "ge",
                };
                self.call_library("builtins/operators", name, vec![left, right], span)
            }
        }
    }

    /// `is` means something for `None` and bools only: numbers have no identity here.
    fn identity(&mut self, op: CmpOp, left: ExprId, right: ExprId, span: Span) -> ExprId {
        let (left_type, right_type) = (self.ty(left).clone(), self.ty(right).clone());
        let same = match (&left_type, &right_type) {
            (Type::None, Type::None) => true,
            (Type::None, _) | (_, Type::None) => false,
            (Type::Bool, Type::Bool) => {
                let op = match op {
                    CmpOp::Is => CompareOp::Eq,
                    _ => CompareOp::Ne,
                };
                return self.push(ExprKind::Compare(op, left, right), Type::Bool, span);
            }
            _ => {
                return self.not_native(span, "compares the identity of objects with `is`");
            }
        };
        self.constant(Type::Bool, Const::Bool(same == (op == CmpOp::Is)), span)
    }

    fn compare_tuples(
        &mut self,
        op: CmpOp,
        (left, left_len): (ExprId, usize),
        (right, right_len): (ExprId, usize),
        span: Span,
    ) -> ExprId {
        let (left_type, right_type) = (self.ty(left).clone(), self.ty(right).clone());
        let (a, b) = (
            self.temporary(left_type.clone()),
            self.temporary(right_type.clone()),
        );
        let left = self.push(
            ExprKind::Assign {
                local: a,
                value: left,
            },
            left_type,
            span,
        );
        let right = self.push(
            ExprKind::Assign {
                local: b,
                value: right,
            },
            right_type,
            span,
        );
        let kept = self.tuple(vec![left, right], span);
        // The tuple of both evaluates them; the fields are then compared one by one.
        let mut all = self.constant(Type::Bool, Const::Bool(left_len == right_len), span);
        if left_len == right_len {
            for i in 0..left_len {
                let (x, y) = if i == 0 {
                    (self.field(kept, 0, span), self.read(b, span))
                } else {
                    (self.read(a, span), self.read(b, span))
                };
                let (x, y) = (self.field(x, i, span), self.field(y, i, span));
                let equal = self.compare(CmpOp::Eq, x, y, span);
                if self.is_poison(equal) {
                    return equal;
                }
                all = match i {
                    0 => equal,
                    _ => self.push(ExprKind::And(all, equal), Type::Bool, span),
                };
            }
        }
        match op {
            CmpOp::NotEq => self.unary(UnaryOp::Not, all, span),
            _ => all,
        }
    }

    /// `x in (a, b, c)`
    fn membership(&mut self, op: CmpOp, left: ExprId, right: ExprId, span: Span) -> ExprId {
        let Type::Tuple(types) = self.ty(right).clone() else {
            let ty = self.ty(right).clone();
            return self.not_native(span, format!("uses `{}` on `{ty}`", op.as_str()));
        };
        let left_type = self.ty(left).clone();
        let value = self.temporary(left_type.clone());
        let tuple = self.temporary(Type::Tuple(types.clone()));
        let left = self.push(
            ExprKind::Assign {
                local: value,
                value: left,
            },
            left_type,
            span,
        );
        let right_type = self.ty(right).clone();
        let right = self.push(
            ExprKind::Assign {
                local: tuple,
                value: right,
            },
            right_type,
            span,
        );
        let both = self.tuple(vec![left, right], span);
        let mut any = self.constant(Type::Bool, Const::Bool(false), span);
        for i in 0..types.len() {
            let (x, container) = if i == 0 {
                (self.field(both, 0, span), self.read(tuple, span))
            } else {
                (self.read(value, span), self.read(tuple, span))
            };
            let item = self.field(container, i, span);
            let equal = self.compare(CmpOp::Eq, x, item, span);
            if self.is_poison(equal) {
                return equal;
            }
            any = match i {
                0 => equal,
                _ => self.push(ExprKind::Or(any, equal), Type::Bool, span),
            };
        }
        match op {
            CmpOp::NotIn => self.unary(UnaryOp::Not, any, span),
            _ => any,
        }
    }
}
