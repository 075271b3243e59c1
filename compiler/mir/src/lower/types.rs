//! HIR types as MIR values: what a type flattens to.

use super::Result;
use crate::ir::{ArrayType, Element, Layout, PyType, Scalar, Type};
use snek_abi::ScalarKind;
use snek_sema::hir;

/// A number type as arithmetic sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// `bool`.
    Bool,
    /// Python's `int`: checked.
    Int,
    /// A fixed-width integer: wraps.
    Fixed(Scalar),
    /// A float; Python's own if `true`: division by zero raises.
    Float(Scalar, bool),
    /// A complex of two such floats; Python's own if `true`.
    Complex(Scalar, bool),
}

impl Number {
    /// What a scalar HIR type is; none for what is no number.
    pub(super) fn of(ty: &hir::Type) -> Option<Number> {
        Some(match ty {
            hir::Type::Bool => Number::Bool,
            hir::Type::Int => Number::Int,
            hir::Type::Float => Number::Float(Scalar::F64, true),
            hir::Type::Complex => Number::Complex(Scalar::F64, true),
            hir::Type::Fixed(fixed) => match fixed {
                hir::Fixed::F32 => Number::Float(Scalar::F32, false),
                hir::Fixed::F64 => Number::Float(Scalar::F64, false),
                hir::Fixed::C64 => Number::Complex(Scalar::F32, false),
                hir::Fixed::C128 => Number::Complex(Scalar::F64, false),
                hir::Fixed::I8 => Number::Fixed(Scalar::I8),
                hir::Fixed::I16 => Number::Fixed(Scalar::I16),
                hir::Fixed::I32 => Number::Fixed(Scalar::I32),
                hir::Fixed::I64 => Number::Fixed(Scalar::I64),
                hir::Fixed::U8 => Number::Fixed(Scalar::U8),
                hir::Fixed::U16 => Number::Fixed(Scalar::U16),
                hir::Fixed::U32 => Number::Fixed(Scalar::U32),
                hir::Fixed::U64 => Number::Fixed(Scalar::U64),
            },
            hir::Type::Never
            | hir::Type::None
            | hir::Type::Str
            | hir::Type::Array { .. }
            | hir::Type::Tuple(_) => return None,
        })
    }

    /// The scalar of the value, or of both parts.
    pub(super) fn scalar(self) -> Scalar {
        match self {
            Number::Bool => Scalar::Bool,
            Number::Int => Scalar::I64,
            Number::Fixed(scalar) | Number::Float(scalar, _) | Number::Complex(scalar, _) => scalar,
        }
    }

    /// How many values it takes.
    pub(super) fn width(self) -> usize {
        match self {
            Number::Complex(..) => 2,
            _ => 1,
        }
    }
}

/// What an array holds.
pub(super) fn element(element: hir::Element) -> Element {
    match element {
        hir::Element::Bool => Element::Scalar(Scalar::Bool),
        hir::Element::Fixed(hir::Fixed::C64) => Element::Complex64,
        hir::Element::Fixed(hir::Fixed::C128) => Element::Complex128,
        hir::Element::Fixed(fixed) => {
            let scalar = Number::of(&hir::Type::Fixed(fixed)).map_or(Scalar::F64, Number::scalar);
            Element::Scalar(scalar)
        }
    }
}

/// Appends the MIR types of a value; `layouts` gives one layout per array in it, in order.
fn flatten_into(ty: &hir::Type, layouts: &mut impl Iterator<Item = Layout>, out: &mut Vec<Type>) {
    match ty {
        hir::Type::Never | hir::Type::None => {}
        hir::Type::Str => out.extend([Type::Ptr, Type::I64]),
        hir::Type::Array {
            element: held,
            rank,
        } => out.push(Type::Array(ArrayType {
            element: element(*held),
            rank: *rank,
            layout: layouts.next().unwrap_or(Layout::Strided),
        })),
        hir::Type::Tuple(items) => {
            for item in items {
                flatten_into(item, layouts, out);
            }
        }
        hir::Type::Bool
        | hir::Type::Int
        | hir::Type::Float
        | hir::Type::Complex
        | hir::Type::Fixed(_) => {
            if let Some(number) = Number::of(ty) {
                let scalar = Type::Scalar(number.scalar());
                out.extend(std::iter::repeat_n(scalar, number.width()));
            }
        }
    }
}

/// The MIR types of a value; arrays beyond `layouts` are strided.
pub(super) fn flatten(ty: &hir::Type, layouts: &[Layout]) -> Vec<Type> {
    let mut out = Vec::new();
    flatten_into(ty, &mut layouts.iter().copied(), &mut out);
    out
}

/// How many values a type flattens to.
pub(super) fn width(ty: &hir::Type) -> usize {
    match ty {
        hir::Type::Never | hir::Type::None => 0,
        hir::Type::Str => 2,
        hir::Type::Array { .. } => 1,
        hir::Type::Tuple(items) => items.iter().map(width).sum(),
        _ => Number::of(ty).map_or(0, Number::width),
    }
}

/// How many arrays are in a type.
pub(super) fn arrays(ty: &hir::Type) -> usize {
    match ty {
        hir::Type::Array { .. } => 1,
        hir::Type::Tuple(items) => items.iter().map(arrays).sum(),
        _ => 0,
    }
}

/// The kind that the boundary and the runtime know a scalar by.
pub(super) fn scalar_kind(ty: &hir::Type) -> Option<ScalarKind> {
    Some(match ty {
        hir::Type::None | hir::Type::Never => ScalarKind::None,
        hir::Type::Bool => ScalarKind::Bool,
        hir::Type::Int => ScalarKind::Int,
        hir::Type::Float => ScalarKind::Float,
        hir::Type::Complex => ScalarKind::Complex,
        hir::Type::Fixed(fixed) => fixed_kind(*fixed),
        hir::Type::Str | hir::Type::Array { .. } | hir::Type::Tuple(_) => return None,
    })
}

/// The kind of a fixed-width scalar.
pub(super) fn fixed_kind(fixed: hir::Fixed) -> ScalarKind {
    match fixed {
        hir::Fixed::I8 => ScalarKind::I8,
        hir::Fixed::I16 => ScalarKind::I16,
        hir::Fixed::I32 => ScalarKind::I32,
        hir::Fixed::I64 => ScalarKind::I64,
        hir::Fixed::U8 => ScalarKind::U8,
        hir::Fixed::U16 => ScalarKind::U16,
        hir::Fixed::U32 => ScalarKind::U32,
        hir::Fixed::U64 => ScalarKind::U64,
        hir::Fixed::F32 => ScalarKind::F32,
        hir::Fixed::F64 => ScalarKind::F64,
        hir::Fixed::C64 => ScalarKind::C64,
        hir::Fixed::C128 => ScalarKind::C128,
    }
}

/// The type at the boundary to Python.
pub(super) fn py_type(ty: &hir::Type) -> Result<PyType> {
    match ty {
        hir::Type::Array { element, rank } => Ok(PyType::Array {
            element: match element {
                hir::Element::Bool => ScalarKind::Bool,
                hir::Element::Fixed(fixed) => fixed_kind(*fixed),
            },
            rank: *rank,
        }),
        hir::Type::Tuple(items) => Ok(PyType::Tuple(
            items.iter().map(py_type).collect::<Result<_>>()?,
        )),
        _ => match scalar_kind(ty) {
            Some(kind) => Ok(PyType::Scalar(kind)),
            None => super::bug(format!("{ty:?} cannot cross to Python")),
        },
    }
}
