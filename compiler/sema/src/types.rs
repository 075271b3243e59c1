//! What sema asks about types: names, classes of types, value-preserving conversions, joins.
//!
//! Must never decide what an operator does: that is `promote.rs`.

use std::fmt;

use crate::hir::{Element, Fixed, Type};

impl Fixed {
    /// All of them, in the order of NumPy's kinds.
    pub const ALL: [Fixed; 12] = [
        Fixed::I8,
        Fixed::I16,
        Fixed::I32,
        Fixed::I64,
        Fixed::U8,
        Fixed::U16,
        Fixed::U32,
        Fixed::U64,
        Fixed::F32,
        Fixed::F64,
        Fixed::C64,
        Fixed::C128,
    ];

    /// snek's name, such as `u8`.
    pub const fn name(self) -> &'static str {
        match self {
            Fixed::I8 => "i8",
            Fixed::I16 => "i16",
            Fixed::I32 => "i32",
            Fixed::I64 => "i64",
            Fixed::U8 => "u8",
            Fixed::U16 => "u16",
            Fixed::U32 => "u32",
            Fixed::U64 => "u64",
            Fixed::F32 => "f32",
            Fixed::F64 => "f64",
            Fixed::C64 => "c64",
            Fixed::C128 => "c128",
        }
    }

    /// NumPy's name, such as `uint8`.
    pub const fn numpy_name(self) -> &'static str {
        match self {
            Fixed::I8 => "int8",
            Fixed::I16 => "int16",
            Fixed::I32 => "int32",
            Fixed::I64 => "int64",
            Fixed::U8 => "uint8",
            Fixed::U16 => "uint16",
            Fixed::U32 => "uint32",
            Fixed::U64 => "uint64",
            Fixed::F32 => "float32",
            Fixed::F64 => "float64",
            Fixed::C64 => "complex64",
            Fixed::C128 => "complex128",
        }
    }

    /// The type with this name of snek's.
    pub fn from_name(name: &str) -> Option<Fixed> {
        Fixed::ALL.into_iter().find(|fixed| fixed.name() == name)
    }

    /// The type with this name of NumPy's, the aliases that mean one type on every machine included.
    pub fn from_numpy_name(name: &str) -> Option<Fixed> {
        match name {
            "byte" => Some(Fixed::I8),
            "ubyte" => Some(Fixed::U8),
            "short" => Some(Fixed::I16),
            "ushort" => Some(Fixed::U16),
            "single" => Some(Fixed::F32),
            "double" => Some(Fixed::F64),
            "csingle" => Some(Fixed::C64),
            "cdouble" => Some(Fixed::C128),
            _ => Fixed::ALL
                .into_iter()
                .find(|fixed| fixed.numpy_name() == name),
        }
    }

    /// Number of bits of the whole value.
    pub const fn bits(self) -> u32 {
        match self {
            Fixed::I8 | Fixed::U8 => 8,
            Fixed::I16 | Fixed::U16 => 16,
            Fixed::I32 | Fixed::U32 | Fixed::F32 => 32,
            Fixed::I64 | Fixed::U64 | Fixed::F64 | Fixed::C64 => 64,
            Fixed::C128 => 128,
        }
    }

    /// `i8` to `i64`.
    pub const fn is_signed(self) -> bool {
        matches!(self, Fixed::I8 | Fixed::I16 | Fixed::I32 | Fixed::I64)
    }

    /// `u8` to `u64`.
    pub const fn is_unsigned(self) -> bool {
        matches!(self, Fixed::U8 | Fixed::U16 | Fixed::U32 | Fixed::U64)
    }

    /// An integer type.
    pub const fn is_integer(self) -> bool {
        self.is_signed() || self.is_unsigned()
    }

    /// `f32` and `f64`.
    pub const fn is_float(self) -> bool {
        matches!(self, Fixed::F32 | Fixed::F64)
    }

    /// `c64` and `c128`.
    pub const fn is_complex(self) -> bool {
        matches!(self, Fixed::C64 | Fixed::C128)
    }

    /// The type of the real part of a complex type.
    pub const fn part(self) -> Option<Fixed> {
        match self {
            Fixed::C64 => Some(Fixed::F32),
            Fixed::C128 => Some(Fixed::F64),
            _ => None,
        }
    }

    /// Whether an integer type can hold this value.
    pub const fn holds(self, value: i64) -> bool {
        match self {
            Fixed::I8 => value >= i8::MIN as i64 && value <= i8::MAX as i64,
            Fixed::I16 => value >= i16::MIN as i64 && value <= i16::MAX as i64,
            Fixed::I32 => value >= i32::MIN as i64 && value <= i32::MAX as i64,
            Fixed::I64 => true,
            Fixed::U8 => value >= 0 && value <= u8::MAX as i64,
            Fixed::U16 => value >= 0 && value <= u16::MAX as i64,
            Fixed::U32 => value >= 0 && value <= u32::MAX as i64,
            Fixed::U64 => value >= 0,
            Fixed::F32 | Fixed::F64 | Fixed::C64 | Fixed::C128 => false,
        }
    }
}

impl Element {
    /// The type of a value that is read from an array of these.
    pub const fn value_type(self) -> Type {
        match self {
            Element::Bool => Type::Bool,
            Element::Fixed(fixed) => Type::Fixed(fixed),
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Element::Bool => f.write_str("bool"),
            Element::Fixed(fixed) => f.write_str(fixed.name()),
        }
    }
}

/// As a user writes it.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Never => f.write_str("Never"),
            Type::None => f.write_str("None"),
            Type::Bool => f.write_str("bool"),
            Type::Int => f.write_str("int"),
            Type::Float => f.write_str("float"),
            Type::Complex => f.write_str("complex"),
            Type::Fixed(fixed) => f.write_str(fixed.name()),
            Type::Str => f.write_str("str"),
            Type::Array { element, rank } => write!(f, "Array{rank}D[{element}]"),
            Type::Tuple(items) if items.is_empty() => f.write_str("tuple[()]"),
            Type::Tuple(items) => {
                f.write_str("tuple[")?;
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
        }
    }
}

impl Type {
    /// A number or a bool.
    pub const fn is_scalar(&self) -> bool {
        matches!(
            self,
            Type::Bool | Type::Int | Type::Float | Type::Complex | Type::Fixed(_)
        )
    }

    /// `bool`, `int`, or a fixed-width integer: what Python's `operator.index` takes.
    pub const fn is_integral(&self) -> bool {
        match self {
            Type::Bool | Type::Int => true,
            Type::Fixed(fixed) => fixed.is_integer(),
            _ => false,
        }
    }

    /// A scalar that is no complex number: what has an order, and converts to `float`.
    pub const fn is_real(&self) -> bool {
        match self {
            Type::Bool | Type::Int | Type::Float => true,
            Type::Fixed(fixed) => !fixed.is_complex(),
            _ => false,
        }
    }

    /// Is or holds a string.
    pub fn has_text(&self) -> bool {
        match self {
            Type::Str => true,
            Type::Tuple(items) => items.iter().any(Type::has_text),
            _ => false,
        }
    }

    /// What both become where they meet; `None` if they cannot.
    pub fn join(&self, other: &Type) -> Option<Type> {
        use Type::{Fixed as F, Float, Int};
        match (self, other) {
            (a, b) if a == b => Some(a.clone()),
            (Type::Never, b) => Some(b.clone()),
            (a, Type::Never) => Some(a.clone()),
            (Float, F(Fixed::F64)) | (F(Fixed::F64), Float) => Some(F(Fixed::F64)),
            (Int, F(Fixed::I64)) | (F(Fixed::I64), Int) => Some(F(Fixed::I64)),
            (Type::Complex, F(Fixed::C128)) | (F(Fixed::C128), Type::Complex) => {
                Some(F(Fixed::C128))
            }
            (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => a
                .iter()
                .zip(b)
                .map(|(a, b)| a.join(b))
                .collect::<Option<Vec<_>>>()
                .map(Type::Tuple),
            _ => None,
        }
    }

    /// Whether a value of this type may be kept as `target` without being asked: no value is lost by it, beyond
    /// the rounding of large ints that `float` declares.
    pub fn keeps_as(&self, target: &Type) -> bool {
        use Type::{Bool, Complex, Fixed as F, Float, Int};
        match (self, target) {
            (a, b) if a == b => true,
            (Type::Never, _) => true,
            (Bool, Int | Float | Complex | F(_)) => true,
            (Int, Float | Complex | F(Fixed::I64 | Fixed::F64 | Fixed::C128)) => true,
            (Float, Complex | F(Fixed::F64 | Fixed::C128)) => true,
            (Complex, F(Fixed::C128)) => true,
            (F(a), Int) => a.is_integer() && *a != Fixed::U64,
            (F(a), Float) => a.is_integer() || a.is_float(),
            (F(_), Complex) => true,
            (F(a), F(b)) => widens(*a, *b),
            (Type::Tuple(a), Type::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.keeps_as(b))
            }
            _ => false,
        }
    }
}

/// NumPy's `same_kind`-safe widenings.
fn widens(from: Fixed, to: Fixed) -> bool {
    if from == to {
        return true;
    }
    let integer_bits = |fixed: Fixed| fixed.bits();
    if from.is_unsigned() {
        return match to {
            _ if to.is_integer() => integer_bits(to) > integer_bits(from),
            Fixed::F32 | Fixed::C64 => integer_bits(from) <= 16,
            _ => true,
        };
    }
    if from.is_signed() {
        return match to {
            _ if to.is_unsigned() => false,
            _ if to.is_signed() => integer_bits(to) > integer_bits(from),
            Fixed::F32 | Fixed::C64 => integer_bits(from) <= 16,
            _ => true,
        };
    }
    matches!(
        (from, to),
        (Fixed::F32, Fixed::F64 | Fixed::C64 | Fixed::C128)
            | (Fixed::F64, Fixed::C128)
            | (Fixed::C64, Fixed::C128)
    )
}
