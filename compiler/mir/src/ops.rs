//! The properties of each op, in one table: [`OpKind::properties`]. Beside it: names of the text form, regions,
//! labels. The typing rules are in `typing.rs`.
//!
//! To add an op: a variant in `ir.rs`, then every exhaustive `match` here asks for its row. Nothing here looks at more
//! than the op itself: what a callee or a nested region does is the business of `analysis`.

use crate::ir::{
    ArrayType, AtomicOp, Bound, Compare, Convert, Element, FloatOp, FloatUnaryOp, IntOp,
    IntUnaryOp, LabelId, OpKind, Overflow, Raise, RegionId, Scalar, Schedule, Type,
};
use smallvec::{SmallVec, smallvec};
use snek_abi::{AbiType, Effect, RuntimeFn};

/// Whether an op itself may raise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raises {
    /// Never.
    No,
    /// Perhaps.
    Yes,
    /// If the function that it calls may ([`crate::ir::Function::may_raise`]).
    Callee,
}

/// What an op does beyond computing its results. Of structured ops: without what is in their regions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Properties {
    /// Ends a region.
    pub terminator: bool,
    /// Owns regions.
    pub structured: bool,
    /// May raise.
    pub raises: Raises,
    /// May read memory of arrays.
    pub reads: bool,
    /// May write memory of arrays, or the world (prints, pending exceptions).
    pub writes: bool,
    /// May run for ever.
    pub diverges: bool,
}

const PURE: Properties = Properties {
    terminator: false,
    structured: false,
    raises: Raises::No,
    reads: false,
    writes: false,
    diverges: false,
};
const STRUCTURED: Properties = Properties {
    structured: true,
    ..PURE
};
const TERMINATOR: Properties = Properties {
    terminator: true,
    ..PURE
};
const CALL: Properties = Properties {
    raises: Raises::Callee,
    reads: true,
    writes: true,
    diverges: true,
    ..PURE
};

fn raises_if(condition: bool) -> Raises {
    if condition { Raises::Yes } else { Raises::No }
}

impl Properties {
    /// The results depend on the operands alone and nothing else happens: the op may be dropped, merged and moved to
    /// where its operands are visible.
    pub fn is_pure(self) -> bool {
        self == PURE
    }

    /// May be dropped if its results are unused.
    pub fn is_removable(self) -> bool {
        !self.terminator
            && !self.structured
            && self.raises == Raises::No
            && !self.writes
            && !self.diverges
    }
}

impl OpKind {
    /// THE table.
    pub fn properties(&self) -> Properties {
        match self {
            OpKind::ConstInt(_)
            | OpKind::ConstFloat(_)
            | OpKind::ConstText(_)
            | OpKind::Undefined
            | OpKind::VectorLevel
            | OpKind::Float(_)
            | OpKind::FloatUnary(_)
            | OpKind::FusedMulAdd
            | OpKind::Compare(_)
            | OpKind::Select
            | OpKind::Convert(_)
            | OpKind::Extent(_)
            | OpKind::Stride(_)
            | OpKind::View
            | OpKind::AsStrided
            | OpKind::Accumulator(_)
            | OpKind::DataPointer
            | OpKind::Splat
            | OpKind::Iota
            | OpKind::Extract(_)
            | OpKind::FromLanes
            | OpKind::Reduce(_)
            | OpKind::Disjoint => PURE,
            OpKind::LoadLanes(_) | OpKind::Gather { .. } => Properties {
                reads: true,
                ..PURE
            },
            // Two of them are two pieces of memory.
            OpKind::StoreLanes(_) | OpKind::Scatter { .. } | OpKind::Local(_) => Properties {
                writes: true,
                ..PURE
            },
            OpKind::Int(_, overflow) | OpKind::IntUnary(_, overflow) => Properties {
                raises: raises_if(*overflow == Overflow::Checked),
                ..PURE
            },
            OpKind::Row(bounds) => Properties {
                raises: raises_if(bounds.iter().any(|bound| bound.may_raise())),
                ..PURE
            },
            OpKind::Load(bounds) => Properties {
                raises: raises_if(bounds.iter().any(|bound| bound.may_raise())),
                reads: true,
                ..PURE
            },
            OpKind::Store(bounds) => Properties {
                raises: raises_if(bounds.iter().any(|bound| bound.may_raise())),
                writes: true,
                ..PURE
            },
            OpKind::Atomic(_, bounds) => Properties {
                raises: raises_if(bounds.iter().any(|bound| bound.may_raise())),
                reads: true,
                writes: true,
                ..PURE
            },
            OpKind::Check(_) => Properties {
                raises: Raises::Yes,
                ..PURE
            },
            OpKind::Call(_) => CALL,
            OpKind::CallRuntime(name) => match RuntimeFn::find(name) {
                Some(row) => Properties {
                    raises: raises_if(row.raises),
                    reads: row.effect != Effect::Pure,
                    writes: matches!(row.effect, Effect::Any | Effect::Cold),
                    ..PURE
                },
                None => CALL,
            },
            OpKind::ParallelCall { .. } => CALL,
            OpKind::If { .. } | OpKind::Block { .. } | OpKind::For(_) => STRUCTURED,
            OpKind::While { .. } => Properties {
                diverges: true,
                ..STRUCTURED
            },
            OpKind::Yield
            | OpKind::Next(_)
            | OpKind::Break(_)
            | OpKind::Return
            | OpKind::Unreachable => TERMINATOR,
            OpKind::Raise(_) => Properties {
                raises: Raises::Yes,
                ..TERMINATOR
            },
        }
    }

    /// The op ends a region.
    pub fn is_terminator(&self) -> bool {
        self.properties().terminator
    }

    /// The regions that it owns, in the order in which they are written.
    pub fn regions(&self) -> SmallVec<[RegionId; 2]> {
        match self {
            OpKind::If { then, other } => smallvec![*then, *other],
            OpKind::Block { body, .. } => smallvec![*body],
            OpKind::For(data) => smallvec![data.body],
            OpKind::While { cond, body, .. } => smallvec![*cond, *body],
            _ => SmallVec::new(),
        }
    }

    /// The regions that it owns, to change them.
    pub fn regions_mut(&mut self) -> Vec<&mut RegionId> {
        match self {
            OpKind::If { then, other } => vec![then, other],
            OpKind::Block { body, .. } => vec![body],
            OpKind::For(data) => vec![&mut data.body],
            OpKind::While { cond, body, .. } => vec![cond, body],
            _ => Vec::new(),
        }
    }

    /// The label that it defines.
    pub fn label(&self) -> Option<LabelId> {
        match self {
            OpKind::Block { label, .. } | OpKind::While { label, .. } => Some(*label),
            OpKind::For(data) => Some(data.label),
            _ => None,
        }
    }

    /// The label that it leaves or continues.
    pub fn target(&self) -> Option<LabelId> {
        match self {
            OpKind::Next(label) | OpKind::Break(label) => Some(*label),
            _ => None,
        }
    }

    /// Any label in it, to change it.
    pub fn label_mut(&mut self) -> Option<&mut LabelId> {
        match self {
            OpKind::Block { label, .. }
            | OpKind::While { label, .. }
            | OpKind::Next(label)
            | OpKind::Break(label) => Some(label),
            OpKind::For(data) => Some(&mut data.label),
            _ => None,
        }
    }

    /// What it raises by a message of its own.
    pub fn raise(&self) -> Option<&Raise> {
        match self {
            OpKind::Check(raise) | OpKind::Raise(raise) => Some(raise),
            _ => None,
        }
    }

    /// Its bounds, one per subscript.
    pub fn bounds(&self) -> Option<&[Bound]> {
        match self {
            OpKind::Row(bounds)
            | OpKind::Load(bounds)
            | OpKind::Store(bounds)
            | OpKind::Atomic(_, bounds) => Some(bounds),
            _ => None,
        }
    }

    /// Its bounds, to change them.
    pub fn bounds_mut(&mut self) -> Option<&mut Vec<Bound>> {
        match self {
            OpKind::Row(bounds)
            | OpKind::Load(bounds)
            | OpKind::Store(bounds)
            | OpKind::Atomic(_, bounds) => Some(bounds),
            _ => None,
        }
    }

    /// Its word in the text form, without its fields.
    pub fn name(&self) -> &'static str {
        match self {
            OpKind::ConstInt(_) => "const",
            OpKind::ConstFloat(_) => "fconst",
            OpKind::ConstText(_) => "text",
            OpKind::Undefined => "undefined",
            OpKind::VectorLevel => "vector_level",
            OpKind::Int(op, _) => op.name(),
            OpKind::IntUnary(op, _) => op.name(),
            OpKind::Float(op) => op.name(),
            OpKind::FloatUnary(op) => op.name(),
            OpKind::FusedMulAdd => "fma",
            OpKind::Compare(op) => op.name(),
            OpKind::Select => "select",
            OpKind::Convert(op) => op.name(),
            OpKind::Extent(_) => "extent",
            OpKind::Stride(_) => "stride",
            OpKind::Row(_) => "row",
            OpKind::View => "view",
            OpKind::Local(_) => "local",
            OpKind::AsStrided => "as_strided",
            OpKind::Accumulator(_) => "accumulator",
            OpKind::Atomic(..) => "atomic",
            OpKind::DataPointer => "data",
            OpKind::Splat => "splat",
            OpKind::Iota => "iota",
            OpKind::Extract(_) => "extract",
            OpKind::FromLanes => "from_lanes",
            OpKind::Reduce(_) => "reduce",
            OpKind::LoadLanes(_) => "load_lanes",
            OpKind::StoreLanes(_) => "store_lanes",
            OpKind::Gather { .. } => "gather",
            OpKind::Scatter { .. } => "scatter",
            OpKind::Disjoint => "disjoint",
            OpKind::Load(_) => "load",
            OpKind::Store(_) => "store",
            OpKind::Check(_) => "check",
            OpKind::Call(_) => "call",
            OpKind::CallRuntime(_) => "call_runtime",
            OpKind::ParallelCall { .. } => "parallel_call",
            OpKind::If { .. } => "if",
            OpKind::Block { .. } => "block",
            OpKind::For(_) => "for",
            OpKind::While { .. } => "while",
            OpKind::Yield => "yield",
            OpKind::Next(_) => "next",
            OpKind::Break(_) => "break",
            OpKind::Return => "return",
            OpKind::Raise(_) => "raise",
            OpKind::Unreachable => "unreachable",
        }
    }
}

/// Makes the two directions of a table of names.
macro_rules! names {
    ($ty:ident, $($variant:ident = $name:literal),* $(,)?) => {
        impl $ty {
            /// Every variant.
            pub const ALL: &'static [$ty] = &[$($ty::$variant),*];

            /// Its word in the text form.
            pub fn name(self) -> &'static str {
                match self {
                    $($ty::$variant => $name,)*
                }
            }

            /// What this word means.
            pub fn from_name(name: &str) -> Option<$ty> {
                match name {
                    $($name => Some($ty::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

names! { IntOp,
    Add = "add", Sub = "sub", Mul = "mul", FloorDiv = "floordiv", FloorMod = "floormod",
    And = "and", Or = "or", Xor = "xor", Shl = "shl", Shr = "shr", Min = "min", Max = "max",
}
names! { Schedule,
    Auto = "auto", Static = "static", Dynamic = "dynamic", Guided = "guided", Join = "join",
}
names! { AtomicOp,
    Add = "add", Sub = "sub", Min = "min", Max = "max", And = "and", Or = "or", Xor = "xor",
    Exchange = "exchange", CompareExchange = "compare_exchange",
}
names! { IntUnaryOp,
    Neg = "neg", Abs = "abs", Not = "not", LeadingZeros = "clz", TrailingZeros = "ctz",
    PopCount = "popcount",
}
names! { FloatOp,
    Add = "fadd", Sub = "fsub", Mul = "fmul", Div = "fdiv", Min = "fmin", Max = "fmax",
    CopySign = "fcopysign",
}
names! { FloatUnaryOp,
    Neg = "fneg", Abs = "fabs", Sqrt = "fsqrt", Floor = "ffloor", Ceil = "fceil",
    Trunc = "ftrunc", Nearest = "fnearest",
}
names! { Compare,
    Eq = "cmp.eq", Ne = "cmp.ne", Lt = "cmp.lt", Le = "cmp.le", Gt = "cmp.gt", Ge = "cmp.ge",
}
names! { Convert,
    Extend = "extend", Truncate = "truncate", IntToFloat = "int_to_float",
    FloatToInt = "float_to_int", FloatToFloat = "float_to_float", Bitcast = "bitcast",
}
names! { Overflow, Checked = "checked", Proved = "proved", Wrap = "wrap" }
names! { Bound,
    Checked = "checked", NonNegative = "nonneg", Proved = "proved", Wrapping = "wrapping",
}
names! { Scalar,
    Bool = "bool", I8 = "i8", I16 = "i16", I32 = "i32", I64 = "i64",
    U8 = "u8", U16 = "u16", U32 = "u32", U64 = "u64", F32 = "f32", F64 = "f64",
}

use crate::ir::ReductionOp;
names! { ReductionOp,
    Add = "add", Mul = "mul", Min = "min", Max = "max", And = "and", Or = "or", Xor = "xor",
}

impl IntOp {
    /// Its result depends on [`Overflow`]; others have `Wrap`.
    pub fn heeds_overflow(self) -> bool {
        match self {
            IntOp::Add | IntOp::Sub | IntOp::Mul | IntOp::FloorDiv | IntOp::Shl => true,
            IntOp::FloorMod
            | IntOp::And
            | IntOp::Or
            | IntOp::Xor
            | IntOp::Shr
            | IntOp::Min
            | IntOp::Max => false,
        }
    }

    /// Swapping the operands changes nothing.
    pub fn is_commutative(self) -> bool {
        match self {
            IntOp::Add
            | IntOp::Mul
            | IntOp::And
            | IntOp::Or
            | IntOp::Xor
            | IntOp::Min
            | IntOp::Max => true,
            IntOp::Sub | IntOp::FloorDiv | IntOp::FloorMod | IntOp::Shl | IntOp::Shr => false,
        }
    }
}

impl IntUnaryOp {
    /// Its result depends on [`Overflow`]; others have `Wrap`.
    pub fn heeds_overflow(self) -> bool {
        matches!(self, IntUnaryOp::Neg | IntUnaryOp::Abs)
    }
}

impl Bound {
    /// Some index raises IndexError.
    pub fn may_raise(self) -> bool {
        matches!(self, Bound::Checked | Bound::NonNegative)
    }
}

impl Compare {
    /// The comparison of the swapped operands.
    pub fn swapped(self) -> Compare {
        match self {
            Compare::Eq => Compare::Eq,
            Compare::Ne => Compare::Ne,
            Compare::Lt => Compare::Gt,
            Compare::Le => Compare::Ge,
            Compare::Gt => Compare::Lt,
            Compare::Ge => Compare::Le,
        }
    }
}

impl Scalar {
    /// Bits of the value; a `Bool` counts as 1.
    pub fn bits(self) -> u32 {
        match self {
            Scalar::Bool => 1,
            Scalar::I8 | Scalar::U8 => 8,
            Scalar::I16 | Scalar::U16 => 16,
            Scalar::I32 | Scalar::U32 | Scalar::F32 => 32,
            Scalar::I64 | Scalar::U64 | Scalar::F64 => 64,
        }
    }

    /// Bytes in memory.
    pub fn size(self) -> u32 {
        self.bits().div_ceil(8)
    }

    /// A float.
    pub fn is_float(self) -> bool {
        matches!(self, Scalar::F32 | Scalar::F64)
    }

    /// An integer; `Bool` is none.
    pub fn is_int(self) -> bool {
        !self.is_float() && self != Scalar::Bool
    }

    /// A signed integer.
    pub fn is_signed(self) -> bool {
        matches!(self, Scalar::I8 | Scalar::I16 | Scalar::I32 | Scalar::I64)
    }

    /// The least value, for integers and `Bool`.
    pub fn min_value(self) -> i128 {
        if self.is_signed() {
            -(1 << (self.bits() - 1))
        } else {
            0
        }
    }

    /// The greatest value, for integers and `Bool`.
    pub fn max_value(self) -> i128 {
        if self.is_signed() {
            (1 << (self.bits() - 1)) - 1
        } else {
            (1 << self.bits()) - 1
        }
    }
}

impl Element {
    /// The scalars that an element consists of: one, or two alike.
    pub fn scalars(self) -> (Scalar, usize) {
        match self {
            Element::Scalar(scalar) => (scalar, 1),
            Element::Complex64 => (Scalar::F32, 2),
            Element::Complex128 => (Scalar::F64, 2),
        }
    }

    /// Bytes in memory.
    pub fn size(self) -> u32 {
        let (scalar, count) = self.scalars();
        scalar.size() * count as u32
    }
}

impl Type {
    /// `Bool`.
    pub const BOOL: Type = Type::Scalar(Scalar::Bool);
    /// `I64`.
    pub const I64: Type = Type::Scalar(Scalar::I64);
    /// `F64`.
    pub const F64: Type = Type::Scalar(Scalar::F64);

    /// The scalar, of a scalar or of each lane.
    pub fn scalar(self) -> Option<Scalar> {
        match self {
            Type::Scalar(scalar) | Type::Vector(scalar, _) => Some(scalar),
            Type::Mask(_) => Some(Scalar::Bool),
            Type::Array(_) | Type::Ptr => None,
        }
    }

    /// Number of lanes: `None` for what is no scalar and no vector; 0 for scalars.
    pub fn lanes(self) -> Option<u8> {
        match self {
            Type::Scalar(_) => Some(0),
            Type::Vector(_, lanes) | Type::Mask(lanes) => Some(lanes),
            Type::Array(_) | Type::Ptr => None,
        }
    }

    /// The same shape with another scalar; `Bool` lanes are a mask.
    pub fn with_scalar(self, scalar: Scalar) -> Option<Type> {
        match self.lanes()? {
            0 => Some(Type::Scalar(scalar)),
            lanes if scalar == Scalar::Bool => Some(Type::Mask(lanes)),
            lanes => Some(Type::Vector(scalar, lanes)),
        }
    }

    /// The array type.
    pub fn array(self) -> Option<ArrayType> {
        match self {
            Type::Array(array) => Some(array),
            _ => None,
        }
    }

    pub(crate) fn is_int(self) -> bool {
        self.scalar().is_some_and(Scalar::is_int)
    }

    pub(crate) fn is_float(self) -> bool {
        self.scalar().is_some_and(Scalar::is_float)
    }

    pub(crate) fn is_bool(self) -> bool {
        self.scalar() == Some(Scalar::Bool)
    }
}

/// The MIR type of an argument or result of a runtime function.
pub fn abi_type(ty: AbiType) -> Type {
    match ty {
        AbiType::I64 => Type::I64,
        AbiType::I32 => Type::Scalar(Scalar::I32),
        AbiType::F64 => Type::F64,
        AbiType::F32 => Type::Scalar(Scalar::F32),
        AbiType::Ptr => Type::Ptr,
    }
}

/// A constant that its type can hold, as `ConstInt` keeps it: sign-extended bits (for `U64`, too).
pub fn int_fits(value: i64, scalar: Scalar) -> bool {
    match scalar {
        Scalar::U64 => true,
        Scalar::F32 | Scalar::F64 => false,
        _ => (scalar.min_value()..=scalar.max_value()).contains(&i128::from(value)),
    }
}

impl crate::ir::Message {
    /// The types of its operands.
    pub fn operands(&self) -> Vec<Type> {
        use crate::ir::Message;
        match self {
            Message::WeakInt(_) => vec![Type::I64],
            Message::Bare
            | Message::Text(_)
            | Message::Known(_)
            | Message::Unbound(_)
            | Message::Pending => Vec::new(),
        }
    }
}
