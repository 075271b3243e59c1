//! The scalar types, numbered as they cross the ABI.

/// A scalar type, as a parameter, a result or the element of an array.
///
/// `Int`, `Float` and `Complex` are Python's own; the fixed-width ones are NumPy's.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarKind {
    /// Python's `int`, as a checked `i64`.
    Int = 0,
    /// Python's `bool`, and the element of a `bool` array: one byte in memory.
    Bool = 1,
    /// Python's `float`.
    Float = 2,
    /// Python's `complex`.
    Complex = 3,
    /// `numpy.int8`.
    I8 = 4,
    /// `numpy.int16`.
    I16 = 5,
    /// `numpy.int32`.
    I32 = 6,
    /// `numpy.int64`.
    I64 = 7,
    /// `numpy.uint8`.
    U8 = 8,
    /// `numpy.uint16`.
    U16 = 9,
    /// `numpy.uint32`.
    U32 = 10,
    /// `numpy.uint64`.
    U64 = 11,
    /// `numpy.float32`.
    F32 = 12,
    /// `numpy.float64`.
    F64 = 13,
    /// `numpy.complex64`.
    C64 = 14,
    /// `numpy.complex128`.
    C128 = 15,
    /// `None`: takes no slot.
    None = 16,
}

impl ScalarKind {
    /// Every kind, in the order of its number.
    pub const ALL: [ScalarKind; 17] = [
        ScalarKind::Int,
        ScalarKind::Bool,
        ScalarKind::Float,
        ScalarKind::Complex,
        ScalarKind::I8,
        ScalarKind::I16,
        ScalarKind::I32,
        ScalarKind::I64,
        ScalarKind::U8,
        ScalarKind::U16,
        ScalarKind::U32,
        ScalarKind::U64,
        ScalarKind::F32,
        ScalarKind::F64,
        ScalarKind::C64,
        ScalarKind::C128,
        ScalarKind::None,
    ];

    /// The kind with this number.
    pub const fn from_u8(number: u8) -> Option<ScalarKind> {
        if (number as usize) < Self::ALL.len() {
            Some(Self::ALL[number as usize])
        } else {
            None
        }
    }

    /// How many 8-byte frame slots a value takes: two for a complex, none for `None`.
    pub const fn slots(self) -> usize {
        match self {
            ScalarKind::Complex | ScalarKind::C64 | ScalarKind::C128 => 2,
            ScalarKind::None => 0,
            ScalarKind::Int
            | ScalarKind::Bool
            | ScalarKind::Float
            | ScalarKind::I8
            | ScalarKind::I16
            | ScalarKind::I32
            | ScalarKind::I64
            | ScalarKind::U8
            | ScalarKind::U16
            | ScalarKind::U32
            | ScalarKind::U64
            | ScalarKind::F32
            | ScalarKind::F64 => 1,
        }
    }

    /// Bytes of an array element of this kind.
    pub const fn size(self) -> usize {
        match self {
            ScalarKind::None => 0,
            ScalarKind::Bool | ScalarKind::I8 | ScalarKind::U8 => 1,
            ScalarKind::I16 | ScalarKind::U16 => 2,
            ScalarKind::I32 | ScalarKind::U32 | ScalarKind::F32 => 4,
            ScalarKind::Int
            | ScalarKind::I64
            | ScalarKind::U64
            | ScalarKind::Float
            | ScalarKind::F64
            | ScalarKind::C64 => 8,
            ScalarKind::Complex | ScalarKind::C128 => 16,
        }
    }

    /// The name that messages use: Python's for Python's types, NumPy's for NumPy's.
    pub const fn name(self) -> &'static str {
        match self {
            ScalarKind::Int => "int",
            ScalarKind::Bool => "bool",
            ScalarKind::Float => "float",
            ScalarKind::Complex => "complex",
            ScalarKind::I8 => "int8",
            ScalarKind::I16 => "int16",
            ScalarKind::I32 => "int32",
            ScalarKind::I64 => "int64",
            ScalarKind::U8 => "uint8",
            ScalarKind::U16 => "uint16",
            ScalarKind::U32 => "uint32",
            ScalarKind::U64 => "uint64",
            ScalarKind::F32 => "float32",
            ScalarKind::F64 => "float64",
            ScalarKind::C64 => "complex64",
            ScalarKind::C128 => "complex128",
            ScalarKind::None => "None",
        }
    }
}
