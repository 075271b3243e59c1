//! The properties of each op, in one table: [`OpKind::properties`]. Beside it: names of the text form, regions, labels,
//! and the typing rule of ops without regions.
//!
//! To add an op: a variant in `ir.rs`, then every exhaustive `match` here asks for its row. Nothing here looks at more
//! than the op itself: what a callee or a nested region does is the business of `analysis`.

use crate::ir::{
    ArrayType, AtomicOp, Bound, Compare, Convert, Element, FloatOp, FloatUnaryOp, IntOp,
    IntUnaryOp, LabelId, Lanes, Layout, OpKind, Overflow, Raise, RegionId, Scalar, Schedule, Type,
};
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
            OpKind::StoreLanes(_) | OpKind::Scatter { .. } => Properties {
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
    pub fn regions(&self) -> Vec<RegionId> {
        match self {
            OpKind::If { then, other } => vec![*then, *other],
            OpKind::Block { body, .. } => vec![*body],
            OpKind::For(data) => vec![data.body],
            OpKind::While { cond, body, .. } => vec![*cond, *body],
            _ => Vec::new(),
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
    Auto = "auto", Static = "static", Dynamic = "dynamic", Guided = "guided",
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

    fn is_int(self) -> bool {
        self.scalar().is_some_and(Scalar::is_int)
    }

    fn is_float(self) -> bool {
        self.scalar().is_some_and(Scalar::is_float)
    }

    fn is_bool(self) -> bool {
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

fn expect(condition: bool, message: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(message()) }
}

fn list(types: &[Type]) -> String {
    let types: Vec<String> = types.iter().map(ToString::to_string).collect();
    format!("({})", types.join(", "))
}

/// Checks that all of `types` are `ty`.
fn same(what: &str, types: &[Type], wanted: &[Type]) -> Result<(), String> {
    expect(types == wanted, || {
        format!("{what} are {}, want {}", list(types), list(wanted))
    })
}

/// The typing rule of an op that has no regions, is no terminator and calls no function of the program (those need the
/// context that `verify` has). `args` and `results` are the types of its operands and results.
pub fn check_types(kind: &OpKind, args: &[Type], results: &[Type]) -> Result<(), String> {
    let arity = |operands: usize, outputs: usize| {
        expect(args.len() == operands && results.len() == outputs, || {
            format!(
                "has {} operands and {} results, want {operands} and {outputs}",
                args.len(),
                results.len()
            )
        })
    };
    match kind {
        OpKind::ConstInt(value) => {
            arity(0, 1)?;
            let scalar = results[0].scalar();
            expect(scalar.is_some_and(|s| int_fits(*value, s)), || {
                format!("{value} is no constant of {}", results[0])
            })
        }
        OpKind::ConstFloat(bits) => {
            arity(0, 1)?;
            expect(results[0].is_float(), || {
                format!("a float constant of {}", results[0])
            })?;
            let value = f64::from_bits(*bits);
            let fits = results[0].scalar() == Some(Scalar::F64)
                || value.is_nan()
                || f64::from(value as f32) == value;
            expect(fits, || format!("{value:?} is no f32"))
        }
        OpKind::ConstText(_) => same("results", results, &[Type::Ptr, Type::I64]),
        OpKind::Undefined => arity(0, 1),
        OpKind::Int(op, overflow) => {
            arity(2, 1)?;
            let bits = matches!(op, IntOp::And | IntOp::Or | IntOp::Xor);
            expect(
                results[0].is_int() || (bits && results[0].is_bool()),
                || format!("of type {}", results[0]),
            )?;
            expect(op.heeds_overflow() || *overflow == Overflow::Wrap, || {
                "does not heed overflow, want `wrap`".to_string()
            })?;
            never_raises(*overflow, results[0])?;
            let division = matches!(op, IntOp::FloorDiv | IntOp::FloorMod);
            expect(!division || results[0].lanes() == Some(0), || {
                format!("of type {}", results[0])
            })?;
            same("operands", args, &[results[0], results[0]])
        }
        OpKind::IntUnary(op, overflow) => {
            arity(1, 1)?;
            expect(
                results[0].is_int() || (*op == IntUnaryOp::Not && results[0].is_bool()),
                || format!("of type {}", results[0]),
            )?;
            expect(op.heeds_overflow() || *overflow == Overflow::Wrap, || {
                "does not heed overflow, want `wrap`".to_string()
            })?;
            never_raises(*overflow, results[0])?;
            let counts = matches!(
                op,
                IntUnaryOp::LeadingZeros | IntUnaryOp::TrailingZeros | IntUnaryOp::PopCount
            );
            expect(!counts || results[0].lanes() == Some(0), || {
                format!("of type {}", results[0])
            })?;
            same("operands", args, &[results[0]])
        }
        OpKind::Float(_) => {
            arity(2, 1)?;
            expect(results[0].is_float(), || format!("of type {}", results[0]))?;
            same("operands", args, &[results[0], results[0]])
        }
        OpKind::FloatUnary(_) => {
            arity(1, 1)?;
            expect(results[0].is_float(), || format!("of type {}", results[0]))?;
            same("operands", args, &[results[0]])
        }
        OpKind::FusedMulAdd => {
            arity(3, 1)?;
            expect(results[0].is_float(), || format!("of type {}", results[0]))?;
            same("operands", args, &[results[0]; 3])
        }
        OpKind::Compare(_) => {
            arity(2, 1)?;
            same("operands", &args[1..], &args[..1])?;
            let want = args[0].with_scalar(Scalar::Bool);
            expect(want == Some(results[0]), || {
                format!("of {} gives {}", args[0], results[0])
            })
        }
        OpKind::Select => {
            arity(3, 1)?;
            let condition = args[0] == Type::BOOL
                || matches!((args[0], results[0].lanes()), (Type::Mask(m), Some(n)) if m == n);
            expect(condition, || format!("by {}", args[0]))?;
            same("operands", &args[1..], &[results[0], results[0]])
        }
        OpKind::Convert(op) => {
            arity(1, 1)?;
            expect(convert_is_legal(*op, args[0], results[0]), || {
                format!("from {} to {}", args[0], results[0])
            })
        }
        OpKind::Extent(axis) | OpKind::Stride(axis) => {
            arity(1, 1)?;
            let array = array_of(args)?;
            expect(*axis < array.rank, || {
                format!("of axis {axis} of {}", args[0])
            })?;
            same("results", results, &[Type::I64])
        }
        OpKind::View => {
            let array = array_of(results)?;
            arity(usize::from(array.rank) + 1, 1)?;
            expect(array.layout == Layout::Contiguous, || {
                format!("gives {}", results[0])
            })?;
            same("operands", args, &vec![Type::I64; args.len()])
        }
        OpKind::AsStrided => {
            arity(1, 1)?;
            let want = ArrayType {
                layout: Layout::Strided,
                ..array_of(args)?
            };
            same("results", results, &[Type::Array(want)])
        }
        OpKind::Accumulator(op) => {
            arity(1, 1)?;
            let (scalar, parts) = array_of(args)?.element.scalars();
            let legal = match op {
                ReductionOp::Add => scalar != Scalar::Bool,
                ReductionOp::Mul => scalar != Scalar::Bool && parts == 1,
                ReductionOp::Min | ReductionOp::Max => parts == 1,
                ReductionOp::And | ReductionOp::Or | ReductionOp::Xor => !scalar.is_float(),
            };
            expect(legal, || format!("of {}", args[0]))?;
            same("results", results, args)
        }
        OpKind::Atomic(op, bounds) => {
            let (scalar, parts) = subscripts(bounds, args)?;
            let values = if *op == AtomicOp::CompareExchange {
                2
            } else {
                1
            };
            arity(1 + bounds.len() + values, 1)?;
            let legal = match op {
                AtomicOp::Add | AtomicOp::Sub => scalar != Scalar::Bool,
                AtomicOp::And | AtomicOp::Or | AtomicOp::Xor => !scalar.is_float(),
                _ => true,
            };
            expect(legal && parts == 1, || format!("of {}", args[0]))?;
            let found = &args[1 + bounds.len()..];
            same("values", found, &vec![Type::Scalar(scalar); values])?;
            same("results", results, &[Type::Scalar(scalar)])
        }
        OpKind::DataPointer => {
            arity(1, 1)?;
            array_of(args)?;
            same("results", results, &[Type::Ptr])
        }
        OpKind::Row(bounds) => {
            let array = array_of(args)?;
            let count = bounds.len();
            expect(count >= 1 && count < usize::from(array.rank), || {
                format!("has {count} bounds, the array's rank is {}", array.rank)
            })?;
            arity(1 + count, 1)?;
            same("subscripts", &args[1..], &vec![Type::I64; count])?;
            let want = ArrayType {
                rank: array.rank - count as u8,
                ..array
            };
            same("results", results, &[Type::Array(want)])
        }
        OpKind::Splat => {
            arity(1, 1)?;
            let lanes = results[0].lanes().unwrap_or(0);
            expect(
                lanes > 0 && results[0].scalar().map(Type::Scalar) == Some(args[0]),
                || format!("of {} gives {}", args[0], results[0]),
            )
        }
        OpKind::Iota => {
            arity(0, 1)?;
            let lanes = results[0].lanes().unwrap_or(0);
            expect(lanes > 0 && results[0].is_int(), || {
                format!("of type {}", results[0])
            })
        }
        OpKind::Extract(lane) => {
            arity(1, 1)?;
            let lanes = args[0].lanes().unwrap_or(0);
            expect(*lane < lanes, || format!("of lane {lane} of {}", args[0]))?;
            let scalar = args[0].scalar().map(Type::Scalar);
            same("results", results, &Vec::from_iter(scalar))
        }
        OpKind::FromLanes => {
            expect(results.len() == 1, || "has no result".to_string())?;
            let lanes = usize::from(results[0].lanes().unwrap_or(0));
            expect(lanes > 0, || format!("of type {}", results[0]))?;
            let scalar = results[0].scalar().map(Type::Scalar);
            same("operands", args, &vec![scalar.unwrap_or(Type::Ptr); lanes])
        }
        OpKind::Reduce(op) => {
            arity(1, 1)?;
            let lanes = args[0].lanes().unwrap_or(0);
            let (bits, sums) = match op {
                ReductionOp::And | ReductionOp::Or | ReductionOp::Xor => (true, false),
                ReductionOp::Add | ReductionOp::Mul | ReductionOp::Min | ReductionOp::Max => {
                    (false, true)
                }
            };
            let fits = (bits && !args[0].is_float()) || (sums && !args[0].is_bool());
            expect(lanes > 0 && fits, || format!("of {}", args[0]))?;
            let scalar = args[0].scalar().map(Type::Scalar);
            same("results", results, &Vec::from_iter(scalar))
        }
        OpKind::LoadLanes(lanes) => {
            let rank = usize::from(array_of(args)?.rank);
            lanes_fit(*lanes, rank)?;
            let indices = args.get(1..=rank).unwrap_or_default();
            same("subscripts", indices, &vec![Type::I64; rank])?;
            lane_values(args, results, &args[1 + rank..], lanes.masked)
        }
        OpKind::StoreLanes(lanes) => {
            let rank = usize::from(array_of(args)?.rank);
            lanes_fit(*lanes, rank)?;
            let indices = args.get(1..=rank).unwrap_or_default();
            same("subscripts", indices, &vec![Type::I64; rank])?;
            stored_lanes(args, results, lanes.masked)
        }
        OpKind::Gather { masked } => {
            let rank = gathered(args, results.first().and_then(|ty| ty.lanes()))?;
            lane_values(args, results, &args[1 + rank..], *masked)
        }
        OpKind::Scatter { masked } => {
            let rank = usize::from(array_of(args)?.rank);
            gathered(args, args.get(1 + rank).and_then(|ty| ty.lanes()))?;
            stored_lanes(args, results, *masked)
        }
        OpKind::Disjoint => {
            arity(2, 1)?;
            array_of(args)?;
            array_of(&args[1..])?;
            same("results", results, &[Type::BOOL])
        }
        OpKind::Load(bounds) => {
            let (scalar, count) = subscripts(bounds, args)?;
            arity(1 + bounds.len(), count)?;
            same("results", results, &vec![Type::Scalar(scalar); count])
        }
        OpKind::Store(bounds) => {
            let (scalar, count) = subscripts(bounds, args)?;
            arity(1 + bounds.len() + count, 0)?;
            let values = &args[1 + bounds.len()..];
            same("values", values, &vec![Type::Scalar(scalar); count])
        }
        OpKind::Check(raise) => {
            expect(results.is_empty(), || "has results".to_string())?;
            expect(args.first() == Some(&Type::BOOL), || {
                "wants a condition".to_string()
            })?;
            same("message operands", &args[1..], &raise.message.operands())
        }
        OpKind::CallRuntime(name) => {
            let Some(row) = RuntimeFn::find(name) else {
                return Err(format!("of `{name}`, which the runtime does not have"));
            };
            let types =
                |types: &[AbiType]| -> Vec<Type> { types.iter().copied().map(abi_type).collect() };
            same("operands", args, &types(row.params))?;
            let want = if row.raises {
                Vec::new()
            } else {
                types(row.results)
            };
            same("results", results, &want)
        }
        OpKind::Call(_)
        | OpKind::ParallelCall { .. }
        | OpKind::If { .. }
        | OpKind::Block { .. }
        | OpKind::For(_)
        | OpKind::While { .. }
        | OpKind::Yield
        | OpKind::Next(_)
        | OpKind::Break(_)
        | OpKind::Return
        | OpKind::Raise(_)
        | OpKind::Unreachable => Ok(()),
    }
}

fn array_of(args: &[Type]) -> Result<ArrayType, String> {
    match args.first() {
        Some(Type::Array(array)) => Ok(*array),
        Some(ty) => Err(format!("of {ty}, want an array")),
        None => Err("has no operands, want an array".to_string()),
    }
}

/// Checks the subscripts of a load or store; gives the scalars of an element.
fn subscripts(bounds: &[Bound], args: &[Type]) -> Result<(Scalar, usize), String> {
    let array = array_of(args)?;
    expect(bounds.len() == usize::from(array.rank), || {
        format!(
            "has {} bounds, the array's rank is {}",
            bounds.len(),
            array.rank
        )
    })?;
    let indices = args.get(1..=bounds.len()).unwrap_or_default();
    same("subscripts", indices, &vec![Type::I64; bounds.len()])?;
    Ok(array.element.scalars())
}

fn never_raises(overflow: Overflow, ty: Type) -> Result<(), String> {
    expect(
        overflow != Overflow::Checked || ty.lanes() == Some(0),
        || format!("is checked, of type {ty}"),
    )
}

fn lanes_fit(lanes: Lanes, rank: usize) -> Result<(), String> {
    expect(usize::from(lanes.axis) < rank && lanes.step != 0, || {
        format!("lies along axis {}, step {}", lanes.axis, lanes.step)
    })
}

/// Checks what a vector load gives, and its mask, which is all of `rest`.
fn lane_values(args: &[Type], results: &[Type], rest: &[Type], masked: bool) -> Result<(), String> {
    let (scalar, count) = array_of(args)?.element.scalars();
    let lanes = results.first().and_then(|ty| ty.lanes()).unwrap_or(0);
    let want = Type::Vector(Scalar::F64, lanes).with_scalar(scalar);
    expect(lanes > 0, || format!("results are {}", list(results)))?;
    same("results", results, &vec![want.unwrap_or(Type::Ptr); count])?;
    let mask = if masked {
        vec![Type::Mask(lanes)]
    } else {
        Vec::new()
    };
    same("masks", rest, &mask)
}

/// Checks what a vector store takes behind its subscripts.
fn stored_lanes(args: &[Type], results: &[Type], masked: bool) -> Result<(), String> {
    expect(results.is_empty(), || "has results".to_string())?;
    let array = array_of(args)?;
    let (_, count) = array.element.scalars();
    let first = 1 + usize::from(array.rank);
    expect(args.len() >= first + count, || {
        "has too few operands".to_string()
    })?;
    let (values, rest) = args[first..].split_at(count);
    lane_values(args, values, rest, masked)
}

/// Checks the subscripts of a gather or scatter of `lanes` lanes; gives their number.
fn gathered(args: &[Type], lanes: Option<u8>) -> Result<usize, String> {
    let rank = usize::from(array_of(args)?.rank);
    let indices = args.get(1..=rank).unwrap_or_default();
    let vector = lanes.map(|lanes| Type::Vector(Scalar::I64, lanes));
    let fits = |ty: &Type| *ty == Type::I64 || Some(*ty) == vector;
    expect(
        indices.len() == rank
            && indices.iter().all(fits)
            && indices.iter().any(|ty| *ty != Type::I64),
        || format!("subscripts are {}", list(indices)),
    )?;
    Ok(rank)
}

fn convert_is_legal(op: Convert, from: Type, to: Type) -> bool {
    let (Some(a), Some(b)) = (from.scalar(), to.scalar()) else {
        return false;
    };
    if from.lanes() != to.lanes() {
        return false;
    }
    match op {
        Convert::Extend => !a.is_float() && b.is_int() && a.bits() <= b.bits() && a != b,
        Convert::Truncate => a.is_int() && b.is_int() && a.bits() > b.bits(),
        Convert::IntToFloat => !a.is_float() && b.is_float(),
        Convert::FloatToInt => a.is_float() && b.is_int(),
        Convert::FloatToFloat => a.is_float() && b.is_float() && a != b,
        Convert::Bitcast => a.bits() == b.bits() && a != b && a != Scalar::Bool,
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
