//! Conversions: between scalars, of constants, of tuples; what is implicit, and what must be asked for.

use snek_diagnostics::{Code, Diagnostic, Span};

use super::Infer;
use crate::constants::{self, Value};
use crate::hir::{Const, Element, ExprId, ExprKind, Fixed, Type};

impl Infer<'_, '_> {
    /// A constant of any type.
    pub fn value(&mut self, value: &Value, span: Span) -> ExprId {
        match value {
            Value::Scalar(ty, value) => self.constant(ty.clone(), value.clone(), span),
            Value::Tuple(items) => {
                let items: Vec<ExprId> = items.iter().map(|item| self.value(item, span)).collect();
                self.tuple(items, span)
            }
        }
    }

    /// A tuple of values.
    pub fn tuple(&mut self, items: Vec<ExprId>, span: Span) -> ExprId {
        if items.iter().any(|item| self.is_poison(*item)) {
            return self.silent_poison(span);
        }
        let ty = Type::Tuple(items.iter().map(|item| self.ty(*item).clone()).collect());
        self.push(ExprKind::Tuple(items), ty, span)
    }

    /// An element of a tuple.
    pub fn field(&mut self, tuple: ExprId, index: usize, span: Span) -> ExprId {
        // The other elements need not be evaluated if nobody could tell.
        if let ExprKind::Tuple(items) = &self.exprs[tuple].kind
            && index < items.len()
            && items
                .iter()
                .enumerate()
                .all(|(i, item)| i == index || self.is_pure(*item))
        {
            return items[index];
        }
        match self.ty(tuple).clone() {
            Type::Tuple(types) if index < types.len() => {
                self.push(ExprKind::Field { tuple, index }, types[index].clone(), span)
            }
            _ => self.silent_poison(span),
        }
    }

    /// Whether evaluating an expression can neither be noticed nor fail.
    pub fn is_pure(&self, expr: ExprId) -> bool {
        match &self.exprs[expr].kind {
            ExprKind::Const(_) => true,
            ExprKind::Local { check_unbound, .. } => !check_unbound,
            ExprKind::Extent { array, .. } => self.is_pure(*array),
            _ => false,
        }
    }

    /// Converts between scalar types (and tuples of them) without asking whether one may.
    pub fn convert_raw(&mut self, operand: ExprId, target: &Type, checked: bool) -> ExprId {
        let span = self.exprs[operand].span;
        let ty = self.ty(operand).clone();
        if ty == *target || ty == Type::Never {
            return operand;
        }
        if let Some(value) = self.const_of(operand)
            && let Some(value) = constants::convert(value, target)
        {
            return self.constant(target.clone(), value, span);
        }
        if let (Type::Tuple(from), Type::Tuple(to)) = (&ty, target)
            && from.len() == to.len()
        {
            let local = self.temporary(ty.clone());
            let mut items = Vec::new();
            for (i, to) in to.iter().enumerate() {
                let tuple = if i == 0 {
                    let kind = ExprKind::Assign {
                        local,
                        value: operand,
                    };
                    self.push(kind, ty.clone(), span)
                } else {
                    self.read(local, span)
                };
                let item = self.field(tuple, i, span);
                items.push(self.convert_raw(item, to, checked));
            }
            return self.tuple(items, span);
        }
        self.push(ExprKind::Convert { operand, checked }, target.clone(), span)
    }

    /// A weak Python scalar beside a fixed-width type: an int must fit.
    pub fn convert_weak(&mut self, operand: ExprId, target: &Type) -> ExprId {
        let checked = matches!(self.ty(operand), Type::Int) && target.is_integral();
        if checked
            && let Type::Fixed(fixed) = target
            && fixed.is_integer()
            && let Some(Const::Int(value)) = self.const_of(operand)
            && !fixed.holds(*value)
        {
            let message = format!(
                "Python integer {value} out of bounds for {}",
                fixed.numpy_name()
            );
            let span = self.exprs[operand].span;
            return self.poison(Diagnostic::error(Code::T016, span, message).help(format!(
                "convert the other operand first: `int(...)` of the `{}`",
                fixed.name()
            )));
        }
        self.convert_raw(operand, target, checked)
    }

    /// Keeps a value as a declared type. `what` says of what: "`x` is declared".
    pub fn coerce(
        &mut self,
        operand: ExprId,
        target: &Type,
        what: &str,
        declared: Option<Span>,
    ) -> ExprId {
        let ty = self.ty(operand).clone();
        if ty == *target || ty == Type::Never || *target == Type::Never {
            return operand;
        }
        if ty.keeps_as(target) {
            return self.convert_raw(operand, target, false);
        }
        let span = self.exprs[operand].span;
        if let Some(value) = self.const_of(operand) {
            // A literal says which value is meant: `x: u8 = 3`.
            if let Some(value) = constants::convert(value, target) {
                return self.constant(target.clone(), value, span);
            }
            if let (Const::Int(value), Type::Fixed(fixed)) = (value, target)
                && fixed.is_integer()
            {
                let message = format!("{value} does not fit in `{}`", fixed.name());
                return self.poison(Diagnostic::error(Code::T016, span, message));
            }
        }
        let error = if ty.is_scalar() && target.is_scalar() {
            let error = Diagnostic::error(
                Code::T015,
                span,
                format!("{what} `{target}`, and this is `{ty}`: the conversion may lose something, so it must be explicit"),
            )
            .primary_label(format!("`{ty}`"));
            match (&ty, target) {
                (Type::Complex, _) => error.help("write `x.real`, for example"),
                (_, Type::Int) if !ty.is_integral() => {
                    error.help("write `int(...)`, `round(...)` or `math.floor(...)`")
                }
                _ => error.help(format!("write `{target}(...)`")),
            }
        } else {
            Diagnostic::error(
                Code::T005,
                span,
                format!("{what} `{target}`, and this is `{ty}`"),
            )
            .primary_label(format!("`{ty}`"))
        };
        let error = match declared {
            Some(declared) if declared != span => error.label(declared, format!("`{target}`")),
            _ => error,
        };
        self.poison(error)
    }

    /// What NumPy does with a value that is stored in an array.
    pub fn coerce_element(&mut self, operand: ExprId, element: Element) -> ExprId {
        let target = element.value_type();
        let ty = self.ty(operand).clone();
        if ty == Type::Never || ty == target {
            return operand;
        }
        let span = self.exprs[operand].span;
        if !ty.is_scalar() {
            let message = format!("an element is `{target}`, and this is `{ty}`");
            return self.poison(
                Diagnostic::error(Code::T005, span, message).primary_label(format!("`{ty}`")),
            );
        }
        match (&ty, element) {
            (Type::Int, Element::Fixed(fixed)) if fixed.is_integer() => {
                self.convert_weak(operand, &target)
            }
            (Type::Bool, Element::Fixed(_)) => self.convert_raw(operand, &target, false),
            // NumPy asks its own scalars for an int where the array is signed, and casts (wraps) where it is not.
            (Type::Fixed(from), Element::Fixed(to)) if from.is_integer() && to.is_signed() => {
                if ty.keeps_as(&target) {
                    return self.convert_raw(operand, &target, false);
                }
                let int = self.convert_raw(operand, &Type::Int, *from == Fixed::U64);
                self.convert_weak(int, &target)
            }
            (Type::Fixed(from), Element::Fixed(to)) if from.is_integer() && to.is_integer() => {
                self.convert_raw(operand, &target, false)
            }
            (Type::Fixed(_) | Type::Int | Type::Float | Type::Complex, Element::Fixed(to))
                if to.is_complex() || (to.is_float() && ty.is_real()) =>
            {
                self.convert_raw(operand, &target, false)
            }
            _ => {
                let message = format!(
                    "the array holds `{target}`, and this is `{ty}`: the conversion must be explicit"
                );
                let help = match element {
                    Element::Fixed(fixed) if fixed.is_integer() && ty.is_real() => {
                        "write `int(...)` or `round(...)`".to_owned()
                    }
                    Element::Bool => "write `bool(...)`, or compare: `x != 0`".to_owned(),
                    Element::Fixed(_) => "write `x.real`, for example".to_owned(),
                };
                self.poison(
                    Diagnostic::error(Code::T015, span, message)
                        .primary_label(format!("`{ty}`"))
                        .help(help),
                )
            }
        }
    }

    /// The truth of a value, as Bool.
    pub fn truth(&mut self, operand: ExprId) -> ExprId {
        let span = self.exprs[operand].span;
        if let Some(value) = self.const_of(operand)
            && let Some(value) = constants::truth(value)
        {
            return self.constant(Type::Bool, Const::Bool(value), span);
        }
        match self.ty(operand).clone() {
            Type::Never | Type::Bool => operand,
            ty if ty.is_scalar() => self.push(ExprKind::Truth(operand), Type::Bool, span),
            Type::Array { .. } => {
                let error = Diagnostic::error(Code::T004, span, "an array has no truth value")
                    .help("compare an element, or `len(a) > 0`");
                self.poison(error)
            }
            Type::Tuple(items) => self.constant(Type::Bool, Const::Bool(!items.is_empty()), span),
            _ => self.not_native(span, "takes the truth of a string or `None`"),
        }
    }

    /// An index or a count as Int; what `operator.index` refuses is refused.
    pub fn index(&mut self, operand: ExprId, what: &str) -> ExprId {
        let ty = self.ty(operand).clone();
        let span = self.exprs[operand].span;
        match ty {
            Type::Never | Type::Int => operand,
            Type::Bool => self.convert_raw(operand, &Type::Int, false),
            Type::Fixed(fixed) if fixed.is_integer() => {
                self.convert_raw(operand, &Type::Int, fixed == Fixed::U64)
            }
            _ => {
                let message = format!("{what} must be an int, and this is `{ty}`");
                let error =
                    Diagnostic::error(Code::T005, span, message).primary_label(format!("`{ty}`"));
                let error = if ty.is_real() {
                    error.help("write `int(...)`, or divide with `//`")
                } else {
                    error
                };
                self.poison(error)
            }
        }
    }
}
