//! Values known at compile time: literals, module constants, and Python's arithmetic on them.
//!
//! Folds only what cannot raise; what would raise is left to run time. Must never fold fixed-width arithmetic, which
//! has no Python literals of its own.

use snek_syntax::ast::{self, Constant, ExprKind, Operator, UnaryOp};

use crate::hir::{Const, Fixed, Type};

/// A constant with its type.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A scalar, `None` or a string.
    Scalar(Type, Const),
    /// A tuple.
    Tuple(Vec<Value>),
}

impl Value {
    /// Its type.
    pub fn ty(&self) -> Type {
        match self {
            Value::Scalar(ty, _) => ty.clone(),
            Value::Tuple(items) => Type::Tuple(items.iter().map(Value::ty).collect()),
        }
    }

    fn int(value: i64) -> Value {
        Value::Scalar(Type::Int, Const::Int(value))
    }

    fn float(value: f64) -> Value {
        Value::Scalar(Type::Float, Const::Float(value))
    }

    /// Converted as a declaration of `target` does, where the value allows.
    pub fn keep_as(&self, target: &Type) -> Option<Value> {
        match (self, target) {
            (value, target) if value.ty() == *target => Some(self.clone()),
            (Value::Scalar(_, value), target) => {
                convert(value, target).map(|value| Value::Scalar(target.clone(), value))
            }
            (Value::Tuple(items), Type::Tuple(types)) if items.len() == types.len() => items
                .iter()
                .zip(types)
                .map(|(item, ty)| item.keep_as(ty))
                .collect::<Option<Vec<_>>>()
                .map(Value::Tuple),
            (Value::Tuple(_), _) => None,
        }
    }
}

/// A constant as another type, if its value survives (floats may round, as in `f32(0.1)`).
pub fn convert(value: &Const, target: &Type) -> Option<Const> {
    match (value, target) {
        (Const::Bool(value), Type::Bool) => Some(Const::Bool(*value)),
        (Const::Bool(value), _) => convert(&Const::Int(i64::from(*value)), target),
        (Const::Int(value), Type::Int) => Some(Const::Int(*value)),
        (Const::Int(value), Type::Fixed(fixed)) if fixed.is_integer() => {
            fixed.holds(*value).then_some(Const::Int(*value))
        }
        (Const::Int(value), _) => convert(&Const::Float(*value as f64), target),
        (Const::Float(value), Type::Float | Type::Fixed(Fixed::F64)) => Some(Const::Float(*value)),
        (Const::Float(value), Type::Fixed(Fixed::F32)) => {
            Some(Const::Float(f64::from(*value as f32)))
        }
        (Const::Float(value), _) => convert(&Const::Complex(*value, 0.0), target),
        (Const::Complex(re, im), Type::Complex | Type::Fixed(Fixed::C128)) => {
            Some(Const::Complex(*re, *im))
        }
        (Const::Complex(re, im), Type::Fixed(Fixed::C64)) => {
            Some(Const::Complex(f64::from(*re as f32), f64::from(*im as f32)))
        }
        (Const::None, Type::None) => Some(Const::None),
        (Const::Str(text), Type::Str) => Some(Const::Str(text.clone())),
        (Const::None | Const::Str(_) | Const::Complex(..), _) => None,
    }
}

/// A literal. `None` for what no native type holds.
pub fn literal(constant: &Constant) -> Option<Value> {
    Some(match constant {
        Constant::None => Value::Scalar(Type::None, Const::None),
        Constant::Bool(value) => Value::Scalar(Type::Bool, Const::Bool(*value)),
        Constant::Int(value) => Value::int(*value),
        Constant::Float(value) => Value::float(*value),
        Constant::Complex { imag } => Value::Scalar(Type::Complex, Const::Complex(0.0, *imag)),
        Constant::Str(text) => Value::Scalar(Type::Str, Const::Str(text.clone())),
        Constant::Ellipsis
        | Constant::BigInt(_)
        | Constant::SurrogateStr(_)
        | Constant::Bytes(_) => return None,
    })
}

/// `op value` on Python's scalars.
pub fn unary(op: UnaryOp, value: &Const) -> Option<Const> {
    let value = match value {
        Const::Bool(value) if op != UnaryOp::Not => Const::Int(i64::from(*value)),
        other => other.clone(),
    };
    Some(match (op, value) {
        (UnaryOp::Not, value) => Const::Bool(!truth(&value)?),
        (UnaryOp::UAdd, value @ (Const::Int(_) | Const::Float(_) | Const::Complex(..))) => value,
        (UnaryOp::USub, Const::Int(value)) => Const::Int(value.checked_neg()?),
        (UnaryOp::USub, Const::Float(value)) => Const::Float(-value),
        (UnaryOp::USub, Const::Complex(re, im)) => Const::Complex(-re, -im),
        (UnaryOp::Invert, Const::Int(value)) => Const::Int(!value),
        _ => return None,
    })
}

/// Python's truth of a constant.
pub fn truth(value: &Const) -> Option<bool> {
    Some(match value {
        Const::None => false,
        Const::Bool(value) => *value,
        Const::Int(value) => *value != 0,
        Const::Float(value) => *value != 0.0,
        Const::Complex(re, im) => *re != 0.0 || *im != 0.0,
        Const::Str(text) => !text.is_empty(),
    })
}

/// `left op right` on Python's scalars; `None` where it raises, or is not worth folding.
pub fn binary(op: Operator, left: &Const, right: &Const) -> Option<(Type, Const)> {
    if let (Const::Bool(a), Const::Bool(b)) = (left, right) {
        let value = match op {
            Operator::BitAnd => a & b,
            Operator::BitOr => a | b,
            Operator::BitXor => a ^ b,
            _ => return binary(op, &Const::Int(i64::from(*a)), &Const::Int(i64::from(*b))),
        };
        return Some((Type::Bool, Const::Bool(value)));
    }
    let widen = |value: &Const| match value {
        Const::Bool(value) => Const::Int(i64::from(*value)),
        other => other.clone(),
    };
    match (widen(left), widen(right)) {
        (Const::Int(a), Const::Int(b)) => binary_int(op, a, b),
        (Const::Float(a), Const::Float(b)) => binary_float(op, a, b),
        (Const::Int(a), Const::Float(b)) => binary_float(op, a as f64, b),
        (Const::Float(a), Const::Int(b)) => binary_float(op, a, b as f64),
        (Const::Complex(..), Const::Int(_) | Const::Float(_) | Const::Complex(..))
        | (Const::Int(_) | Const::Float(_), Const::Complex(..)) => {
            let part = |value: Const| match value {
                Const::Int(value) => (value as f64, 0.0),
                Const::Float(value) => (value, 0.0),
                Const::Complex(re, im) => (re, im),
                _ => (0.0, 0.0),
            };
            let ((a, b), (c, d)) = (part(widen(left)), part(widen(right)));
            let (re, im) = match op {
                Operator::Add => (a + c, b + d),
                Operator::Sub => (a - c, b - d),
                Operator::Mult => (a * c - b * d, a * d + b * c),
                _ => return None,
            };
            Some((Type::Complex, Const::Complex(re, im)))
        }
        _ => None,
    }
}

fn binary_int(op: Operator, a: i64, b: i64) -> Option<(Type, Const)> {
    let value = match op {
        Operator::Add => a.checked_add(b)?,
        Operator::Sub => a.checked_sub(b)?,
        Operator::Mult => a.checked_mul(b)?,
        Operator::FloorDiv if b != 0 => {
            let quotient = a.checked_div(b)?;
            quotient - i64::from(a % b != 0 && (a < 0) != (b < 0))
        }
        Operator::Mod if b != 0 => {
            let remainder = a.checked_rem(b)?;
            if remainder != 0 && (remainder < 0) != (b < 0) {
                remainder + b
            } else {
                remainder
            }
        }
        // Exact in floats: both are small. Others are divided at run time, correctly rounded.
        Operator::Div if b != 0 && a.unsigned_abs() <= 1 << 53 && b.unsigned_abs() <= 1 << 53 => {
            return Some((Type::Float, Const::Float(a as f64 / b as f64)));
        }
        Operator::Pow if b >= 0 => a.checked_pow(u32::try_from(b).ok()?)?,
        Operator::LShift if (0..63).contains(&b) => a.checked_mul(1 << b)?,
        Operator::RShift if b >= 0 => a >> b.min(63),
        Operator::BitAnd => a & b,
        Operator::BitOr => a | b,
        Operator::BitXor => a ^ b,
        _ => return None,
    };
    Some((Type::Int, Const::Int(value)))
}

fn binary_float(op: Operator, a: f64, b: f64) -> Option<(Type, Const)> {
    let value = match op {
        Operator::Add => a + b,
        Operator::Sub => a - b,
        Operator::Mult => a * b,
        Operator::Div if b != 0.0 => a / b,
        _ => return None,
    };
    Some((Type::Float, Const::Float(value)))
}

/// `float(text)` and `complex`-free numbers in strings: what Python's `float` takes.
pub fn parse_float(text: &str) -> Option<f64> {
    let trimmed = text.trim();
    let digits = trimmed.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let sign = if trimmed.starts_with('-') { -1.0 } else { 1.0 };
    if trimmed.len() - digits.len() > 1 {
        return None;
    }
    match digits.as_str() {
        "inf" | "infinity" => Some(sign * f64::INFINITY),
        "nan" => Some(f64::NAN.copysign(sign)),
        _ if digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') => {
            // Python allows single underscores between digits.
            let clean = digits.replace('_', "");
            if digits.contains("__") || digits.starts_with('_') || digits.ends_with('_') {
                return None;
            }
            clean.parse::<f64>().ok().map(|value| sign * value)
        }
        _ => None,
    }
}

/// Whether an expression is a docstring or another constant whose evaluation does nothing.
pub fn is_inert(expr: &ast::Expr) -> bool {
    matches!(expr.kind, ExprKind::Constant { .. })
}
