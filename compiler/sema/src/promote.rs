//! THE table of operators on scalars: to which type both operands are converted, and what comes out.
//!
//! Python's scalars follow Python; as soon as a fixed-width type takes part, NumPy 2 decides (NEP 50: Python scalars
//! are weak). `tests/promotion.txt` is NumPy's own answer for every pair, and a test compares.
//! Must never look at values: types alone decide.

use snek_syntax::ast::{CmpOp, Operator, UnaryOp};

use crate::hir::{Fixed, Type};

/// What a binary operator does on two scalar types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binary {
    /// The type that both operands are converted to.
    pub operand: Type,
    /// The type of the result.
    pub result: Type,
}

/// What a comparison does on two scalar types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Both are converted to this type and compared.
    As(Type),
    /// The types have no common one that holds both values: the standard library compares exactly.
    Exact,
}

/// The result of a unary operator (`+ - ~`), which is also the type that the operand is converted to.
/// `not` takes everything and is not asked for here.
pub fn unary(op: UnaryOp, operand: &Type) -> Option<Type> {
    let operand = match operand {
        Type::Bool => Type::Int,
        other if other.is_scalar() => other.clone(),
        _ => return None,
    };
    match op {
        UnaryOp::Invert if !operand.is_integral() => None,
        UnaryOp::Invert | UnaryOp::UAdd | UnaryOp::USub => Some(operand),
        UnaryOp::Not => Some(Type::Bool),
    }
}

/// The rule for `left op right`; `None` if Python has no such operation.
pub fn binary(op: Operator, left: &Type, right: &Type) -> Option<Binary> {
    if !left.is_scalar() || !right.is_scalar() {
        return None;
    }
    let same = |ty: Type| {
        Some(Binary {
            operand: ty.clone(),
            result: ty,
        })
    };
    let common = common(left, right);
    match op {
        Operator::Add | Operator::Sub | Operator::Mult | Operator::Pow => same(common),
        Operator::Div => match common {
            Type::Int => Some(Binary {
                operand: Type::Int,
                result: Type::Float,
            }),
            Type::Fixed(fixed) if fixed.is_integer() => same(Type::Fixed(Fixed::F64)),
            other => same(other),
        },
        Operator::FloorDiv | Operator::Mod if common.is_real() => same(common),
        Operator::BitAnd | Operator::BitOr | Operator::BitXor
            if *left == Type::Bool && *right == Type::Bool =>
        {
            same(Type::Bool)
        }
        Operator::BitAnd
        | Operator::BitOr
        | Operator::BitXor
        | Operator::LShift
        | Operator::RShift
            if common.is_integral() =>
        {
            same(common)
        }
        Operator::FloorDiv
        | Operator::Mod
        | Operator::BitAnd
        | Operator::BitOr
        | Operator::BitXor
        | Operator::LShift
        | Operator::RShift
        | Operator::MatMult => None,
    }
}

/// The rule for `left op right` where `op` is a comparison of values (not `is`, not `in`).
pub fn compare(op: CmpOp, left: &Type, right: &Type) -> Option<Compare> {
    if !left.is_scalar() || !right.is_scalar() {
        return None;
    }
    let ordered = !matches!(op, CmpOp::Eq | CmpOp::NotEq);
    if ordered && !(left.is_real() && right.is_real()) {
        return None;
    }
    if left == right {
        return Some(Compare::As(left.clone()));
    }
    Some(match (left, right) {
        // An int and a float compare by value, not by the nearest float.
        (Type::Int, Type::Float | Type::Complex) | (Type::Float | Type::Complex, Type::Int) => {
            Compare::Exact
        }
        // So do Python ints and NumPy's: an int that does not fit is no error here.
        (Type::Int | Type::Bool, Type::Fixed(fixed))
        | (Type::Fixed(fixed), Type::Int | Type::Bool)
            if fixed.is_integer() =>
        {
            match fixed {
                Fixed::U64 => Compare::Exact,
                _ => Compare::As(Type::Int),
            }
        }
        (Type::Fixed(a), Type::Fixed(b)) if a.is_integer() && b.is_integer() => {
            match common(left, right) {
                Type::Fixed(Fixed::F64) => Compare::Exact,
                other => Compare::As(other),
            }
        }
        _ => Compare::As(common(left, right)),
    })
}

/// The type that arithmetic on the two happens in.
fn common(left: &Type, right: &Type) -> Type {
    use Type::{Bool, Complex, Fixed as F, Float, Int};
    match (left, right) {
        (F(a), F(b)) => F(common_fixed(*a, *b)),
        // `complex` treats `numpy.float64` as the `float` that it is a subclass of.
        (Complex, F(Fixed::F64)) => Complex,
        (F(fixed), weak) | (weak, F(fixed)) => F(with_weak(*fixed, weak)),
        (Complex, _) | (_, Complex) => Complex,
        (Float, _) | (_, Float) => Float,
        (Int | Bool, Int | Bool) => Int,
        _ => Type::Never,
    }
}

/// A fixed-width type with a Python scalar, which has a kind but no width.
fn with_weak(fixed: Fixed, weak: &Type) -> Fixed {
    match weak {
        Type::Complex => match fixed {
            Fixed::F32 | Fixed::C64 => Fixed::C64,
            _ => Fixed::C128,
        },
        Type::Float if fixed.is_integer() => Fixed::F64,
        _ => fixed,
    }
}

/// NumPy's promotion of two fixed-width types.
fn common_fixed(a: Fixed, b: Fixed) -> Fixed {
    if a == b {
        return a;
    }
    let is_complex = a.is_complex() || b.is_complex();
    if a.is_integer() && b.is_integer() {
        return common_integer(a, b);
    }
    // The float that holds each: integers of up to 16 bits fit into f32.
    let is_single = |fixed: Fixed| match fixed {
        Fixed::F32 | Fixed::C64 => true,
        _ => fixed.is_integer() && fixed.bits() <= 16,
    };
    match (is_complex, is_single(a) && is_single(b)) {
        (true, true) => Fixed::C64,
        (true, false) => Fixed::C128,
        (false, true) => Fixed::F32,
        (false, false) => Fixed::F64,
    }
}

fn common_integer(a: Fixed, b: Fixed) -> Fixed {
    if a.is_signed() == b.is_signed() {
        return if a.bits() >= b.bits() { a } else { b };
    }
    let (signed, unsigned) = if a.is_signed() { (a, b) } else { (b, a) };
    // The signed type must be wider than the unsigned one to hold its values.
    let bits = signed.bits().max(unsigned.bits() * 2);
    match bits {
        8 => Fixed::I8,
        16 => Fixed::I16,
        32 => Fixed::I32,
        64 => Fixed::I64,
        _ => Fixed::F64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_named(name: &str) -> Type {
        match name {
            "bool" => Type::Bool,
            "int" => Type::Int,
            "float" => Type::Float,
            "complex" => Type::Complex,
            other => Type::Fixed(Fixed::from_name(other).expect("a type")),
        }
    }

    fn operator(text: &str) -> Option<Operator> {
        Some(match text {
            "+" => Operator::Add,
            "-" => Operator::Sub,
            "*" => Operator::Mult,
            "/" => Operator::Div,
            "//" => Operator::FloorDiv,
            "%" => Operator::Mod,
            "**" => Operator::Pow,
            "<<" => Operator::LShift,
            ">>" => Operator::RShift,
            "&" => Operator::BitAnd,
            "|" => Operator::BitOr,
            "^" => Operator::BitXor,
            _ => return None,
        })
    }

    fn comparison(text: &str) -> Option<CmpOp> {
        Some(match text {
            "==" => CmpOp::Eq,
            "!=" => CmpOp::NotEq,
            "<" => CmpOp::Lt,
            "<=" => CmpOp::LtE,
            ">" => CmpOp::Gt,
            ">=" => CmpOp::GtE,
            _ => return None,
        })
    }

    /// Each line of the recording is `LEFT OP RIGHT RESULT` or `OP OPERAND RESULT`, the result `error` if it raises.
    #[test]
    fn is_what_numpy_says() {
        let mut count = 0;
        for line in include_str!("../tests/promotion.txt").lines() {
            let words: Vec<&str> = line.split(' ').collect();
            let (actual, expected) = match words[..] {
                [left, op, right, expected] => {
                    let (left, right) = (type_named(left), type_named(right));
                    let actual = match (operator(op), comparison(op)) {
                        (Some(op), _) => binary(op, &left, &right).map(|rule| rule.result),
                        (_, Some(op)) => {
                            // NumPy orders complex numbers by their parts; no mathematics does, nor do we.
                            let ordered = !matches!(op, CmpOp::Eq | CmpOp::NotEq);
                            if ordered && !(left.is_real() && right.is_real()) {
                                assert_eq!(compare(op, &left, &right), None, "{line}");
                                continue;
                            }
                            compare(op, &left, &right).map(|_| Type::Bool)
                        }
                        _ => unreachable!("{line}"),
                    };
                    (actual, expected)
                }
                [op, operand, expected] => {
                    let op = match op {
                        "-" => UnaryOp::USub,
                        "+" => UnaryOp::UAdd,
                        "~" => UnaryOp::Invert,
                        "not" => UnaryOp::Not,
                        _ => continue,
                    };
                    (unary(op, &type_named(operand)), expected)
                }
                _ => unreachable!("{line}"),
            };
            let expected = (expected != "error").then(|| type_named(expected));
            assert_eq!(actual, expected, "{line}");
            count += 1;
        }
        assert!(count > 4000, "{count}");
    }
}
