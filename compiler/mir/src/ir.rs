//! MIR: the mid-level IR. Monomorphic, typed, structured.
//!
//! # Shape
//! A [`Function`] is a tree of regions. A [`Region`] has parameters and a list of ops; the last op of a region, and only
//! the last, is a terminator. Structured ops (`if`, `block`, `for`, `while`) own regions. Every value is defined once,
//! by an op or as a parameter of a region, and is visible in its region after the definition and in regions nested
//! there. There are no phis and no edges: regions hand values over by their terminators.
//!
//! # Structured ops
//! - `if c { then } else { other }`: both regions end with `yield` of the op's results (or leave by another terminator).
//! - `block @l { body }`: runs once; `break @l vals` or `yield vals` give its results.
//! - `for`: a counted loop. Operands: start, stop (I64), then the initial carried values (`step` is a constant field, not 0).
//!   Start and stop are evaluated before. Region parameters: the induction variable, then the carried values. `next @l
//!   vals` starts the next iteration (it ends the body, and is Python's `continue`), `break @l vals` leaves. Results:
//!   the carried values. The trip count is `max(0, ceil((stop - start) / step))`; the induction variable never overflows.
//!   `kind` says whether iterations run in order, in any order, or in lanes.
//! - A parallel `for` has no `break`, its carried values are exactly its declared reductions, and its body uses an
//!   accumulator only to fold into it.
//! - `while @l`: two regions. `cond` has the carried values as parameters and yields a bool, then the values that the
//!   body takes; if the bool is false these values are the results. `body` ends with `next @l carried`; `break @l vals`
//!   leaves with results.
//!
//! # Leaving
//! `yield`, `next`, `break`, `return`, `raise`, `unreachable` are the terminators. `break` and `next` name the loop or
//! block that they leave or continue, any number of levels up. `raise` and every op that may raise leave the function
//! (this language step catches nothing).
//!
//! # Values
//! Scalars, vectors of scalars, masks, array views, pointers to constant text. Tuples and complex numbers do not exist
//! here: lowering takes them apart. An op on vectors is the op on scalars with a vector type. A constant of a vector type
//! has its value in every lane. Bits (`and`, `or`, `xor`, `not`) work on masks too.
//!
//! # Vectors
//! A vector has 2 to 64 lanes, a power of two; it may be wider or narrower than a machine register, the back end takes it
//! apart. A `for.vectorN` loop is to everybody but reports a serial loop: its step is N times the step of the loop that it
//! was made from, its induction variable is the scalar one of lane 0, and the scalar loop that does the remaining
//! iterations stands behind it. Ops on vectors never raise: overflow is `wrap` or `proved`, subscripts are in `0..n`.
//! There is no vector `floordiv`, `floormod`, `clz`, `ctz` or `popcount`; the count of a vector shift is the same in every
//! lane (a constant or a `splat`). Memory is reached by `load_lanes`, `store_lanes` (one place and a distance) and
//! `gather`, `scatter` (a place per lane). Conditions of structured ops are scalar; `reduce` makes them of masks.
//!
//! An array value is a view *by value*: loops may carry several rows of one array at a time, so a `row` in a loop must
//! not reuse the memory of a descriptor that a carried value still stands for.
//!
//! Integer ops that do not heed [`Overflow`] have [`Overflow::Wrap`].
//!
//! # Failure
//! What may fail says so in its own fields: [`Overflow::Checked`], [`Bound::Checked`], `check`. Proving is changing the
//! field. Each op has a span, and a chain of spans after inlining, so that an exception names the user's lines.
//!
//! Facts about MIR are never stored in it; they live in `analysis`. The one exception is [`Function::may_raise`], which
//! is part of the calling convention.

use oxc_index::{IndexVec, define_index_type};
pub use snek_abi::parallel::Cut;
use snek_abi::{ExcKind, ScalarKind};
use snek_diagnostics::Span;

define_index_type! {
    /// A value of one function.
    pub struct ValueId = u32;
}
define_index_type! {
    /// An op of one function.
    pub struct OpId = u32;
}
define_index_type! {
    /// A region of one function.
    pub struct RegionId = u32;
}
define_index_type! {
    /// A name for a loop or a block of one function, which `break` and `next` refer to.
    pub struct LabelId = u32;
}
define_index_type! {
    /// A place in the source with the calls that were inlined around it.
    pub struct SiteId = u32;
}
define_index_type! {
    /// A function of the program.
    pub struct FunctionId = u32;
}
define_index_type! {
    /// A Python function as tracebacks name it.
    pub struct FrameId = u32;
}

/// A machine scalar. `Bool` is 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Scalar {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
}

/// What an array holds. A complex element loads and stores two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Element {
    Scalar(Scalar),
    /// Two `f32`.
    Complex64,
    /// Two `f64`.
    Complex128,
}

/// What is known of an array's strides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layout {
    /// C-contiguous: the last dimension's stride is the element size, each other one the product of what follows.
    Contiguous,
    /// Any byte strides, negative and zero ones included.
    Strided,
}

/// The type of an array view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArrayType {
    /// What it holds.
    pub element: Element,
    /// 1 to 4.
    pub rank: u8,
    /// Its strides.
    pub layout: Layout,
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// A scalar.
    Scalar(Scalar),
    /// `lanes` scalars (2, 4, 8, ...). Every op on scalars is also one on vectors of equal lane count.
    Vector(Scalar, u8),
    /// What comparing vectors gives: a bool per lane.
    Mask(u8),
    /// A view of memory, passed by reference to a descriptor that outlives the call.
    Array(ArrayType),
    /// Address of constant text.
    Ptr,
}

/// The whole module.
#[derive(Debug, Default)]
pub struct Program {
    /// Dotted module name.
    pub module: String,
    /// All functions; ids are stable.
    pub functions: IndexVec<FunctionId, Function>,
    /// What Python can call.
    pub exports: Vec<Export>,
    /// What may stand for calls of the runtime in loops that run in lanes.
    pub vector_forms: Vec<VectorForm>,
    /// Python functions as tracebacks name them.
    pub frames: IndexVec<FrameId, Frame>,
}

/// A Python function as tracebacks name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Frame {
    /// `co_name`.
    pub name: String,
    /// Path of the source as the diagnostics know it; the standard library of snek has names like `<snek math>`, whose
    /// frames are not shown to users.
    pub file: String,
    /// `co_firstlineno`.
    pub first_line: u32,
}

/// A function of the program that computes what a function of the runtime computes, within 1 ulp, in arithmetic that
/// vectors have. Floats in, one float out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VectorForm {
    /// Name of the runtime's function.
    pub name: &'static str,
    /// The program's.
    pub function: FunctionId,
}

/// A native function that Python calls by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Name in the module.
    pub name: String,
    /// `co_firstlineno`.
    pub first_line: u32,
    /// Parameters as declared. Flattened (arrays: one value, complex: two, tuples: their elements) they are the
    /// function's parameters.
    pub params: Vec<ExportParam>,
    /// Result as declared or inferred; flattened it is the function's results.
    pub result: PyType,
    /// The body for C-contiguous arrays (or without arrays).
    pub contiguous: FunctionId,
    /// The body for any strides; `None` if there are no array parameters.
    pub strided: Option<FunctionId>,
}

/// A declared parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportParam {
    /// Name.
    pub name: String,
    /// How it may be passed.
    pub kind: ParamKind,
    /// Type that the boundary converts to.
    pub ty: PyType,
    /// For arrays: some call may write it, so a read-only buffer is refused.
    pub written: bool,
}

pub use snek_sema::hir::ParamKind;

/// A type at the boundary to Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PyType {
    /// A scalar or None.
    Scalar(ScalarKind),
    /// An array view.
    Array {
        /// What it holds: `Bool` or a fixed-width kind.
        element: ScalarKind,
        /// 1 to 4.
        rank: u8,
    },
    /// A tuple.
    Tuple(Vec<PyType>),
}

/// A function. Regions, ops, values are arenas; ids are never reused, dead ones stay unreferenced.
#[derive(Clone, Debug)]
pub struct Function {
    /// Unique within the program: letters, digits, `_`, `.`, `$`.
    pub symbol: String,
    /// For tracebacks and reports.
    pub frame: FrameId,
    /// The region that the function runs; its parameters are the function's.
    pub body: RegionId,
    /// Types of what `return` gives.
    pub results: Vec<Type>,
    /// It may end with an exception: then it returns a status beside its results. Lowering says `true`; the `effects`
    /// pass of `opt` clears it where nothing raises.
    pub may_raise: bool,
    /// It is in a cycle of the call graph: it takes the thread's stack limit as a hidden parameter.
    pub recursive: bool,
    /// Sums and products of floats in loops may be reassociated, and a product that is added may be rounded once with
    /// the sum.
    pub fastmath: bool,
    /// No vector form stands for a call of the runtime.
    pub strict_math: bool,
    /// Plain loops in it may be made parallel. Of a `ParallelBody`: it was one.
    pub auto_parallel: bool,
    /// Who calls it.
    pub role: Role,
    /// All values.
    pub values: IndexVec<ValueId, Value>,
    /// All ops.
    pub ops: IndexVec<OpId, Op>,
    /// All regions.
    pub regions: IndexVec<RegionId, Region>,
    /// Names of loops and blocks, for the text form.
    pub labels: IndexVec<LabelId, String>,
    /// Places.
    pub sites: IndexVec<SiteId, Site>,
}

/// Who calls a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Other MIR functions, and frame entries.
    Plain,
    /// The runtime, for a range of iterations of a parallel loop: parameters are the captured values, then the loop's
    /// start (I64), then `lo` and `hi` (I64, positions in the iteration space 0..trip count; the induction variable is
    /// `start + position * step`), then the partial results so far; results are the partial results.
    ParallelBody,
    /// The runtime, to combine two sets of partial results: parameters are the left set, then the right set; results are
    /// the combined set.
    Combine,
    /// Other MIR functions, for a loop on vectors: no op in it calls or raises. The back end may make several forms of it
    /// for several processors.
    Leaf,
}

/// A place in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// Bytes of the source.
    pub span: Span,
    /// Its line, 1-based.
    pub line: u32,
    /// The function that was written there.
    pub frame: FrameId,
    /// The call that was inlined, if any.
    pub caller: Option<SiteId>,
}

/// A value.
#[derive(Clone, Debug)]
pub struct Value {
    /// Its type.
    pub ty: Type,
    /// Where it comes from.
    pub def: ValueDef,
    /// Python's name for it, if it has one (for the text form and for reports).
    pub name: Option<String>,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueDef {
    /// The n-th result of an op.
    Result(OpId, u32),
    /// The n-th parameter of a region.
    Param(RegionId, u32),
}

/// A list of ops with parameters. The last op is its terminator.
#[derive(Clone, Debug, Default)]
pub struct Region {
    /// Values that whoever enters the region gives.
    pub params: Vec<ValueId>,
    /// Ops in order.
    pub ops: Vec<OpId>,
}

/// An op.
#[derive(Clone, Debug)]
pub struct Op {
    /// What it does.
    pub kind: OpKind,
    /// Operands.
    pub args: Vec<ValueId>,
    /// Results.
    pub results: Vec<ValueId>,
    /// Its place.
    pub site: SiteId,
}

/// What integer arithmetic does beyond its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Overflow {
    /// Raises OverflowError.
    Checked,
    /// Was proved not to happen.
    Proved,
    /// Wraps.
    Wrap,
}

/// What a subscript is known to be. `n` is the extent of its dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bound {
    /// Anything: negative ones count from the end, outside `-n..n` raises IndexError.
    Checked,
    /// Not negative: `>= n` raises IndexError.
    NonNegative,
    /// In `0..n`.
    Proved,
    /// In `-n..n`: cannot raise, but may count from the end.
    Wrapping,
}

/// Integer arithmetic. Operands and result have one type. On `Bool`: `And`, `Or`, `Xor` only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntOp {
    /// Sum. Heeds [`Overflow`], as do `Sub`, `Mul`, `Neg`, `Abs`, `FloorDiv`, `Shl`.
    Add,
    /// Difference.
    Sub,
    /// Product.
    Mul,
    /// Quotient rounded down (Python's `//`). The divisor is not 0 (a `check` precedes). Only `MIN // -1` overflows.
    FloorDiv,
    /// Remainder with the divisor's sign (Python's `%`). The divisor is not 0. `x % -1` is 0.
    FloorMod,
    /// Bits.
    And,
    /// Bits.
    Or,
    /// Bits.
    Xor,
    /// Left shift by `0 <= count` (a `check` precedes). Counts of the width or more: all bits shifted out.
    Shl,
    /// Right shift by `0 <= count`, arithmetic for signed types. Counts of the width or more: 0 or -1.
    Shr,
    /// The smaller.
    Min,
    /// The larger.
    Max,
}

/// Integer arithmetic with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntUnaryOp {
    /// `-x`; heeds [`Overflow`].
    Neg,
    /// Absolute value; heeds [`Overflow`].
    Abs,
    /// Bits inverted; on `Bool` and masks: not.
    Not,
    /// Number of leading zero bits.
    LeadingZeros,
    /// Number of trailing zero bits.
    TrailingZeros,
    /// Number of one bits.
    PopCount,
}

/// Float arithmetic, IEEE 754, one rounding each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FloatOp {
    /// Sum.
    Add,
    /// Difference.
    Sub,
    /// Product.
    Mul,
    /// Quotient; by zero: infinity or NaN.
    Div,
    /// `a` if `a < b`, else `b`... as IEEE 754-2019 `minimum`: NaN if either is.
    Min,
    /// See `Min`.
    Max,
    /// Magnitude of the first, sign of the second.
    CopySign,
}

/// Float arithmetic with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum FloatUnaryOp {
    Neg,
    Abs,
    /// NaN for negative operands.
    Sqrt,
    Floor,
    Ceil,
    Trunc,
    /// To the nearest integer, ties to even.
    Nearest,
}

/// Comparisons of two values of one type; integers by their signedness; floats ordered, `Ne` true for NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Compare {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// Conversions. The types are those of operand and result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Convert {
    /// Integer (or Bool) to a wider or equal integer: sign- or zero-extends by the operand's signedness; equal width
    /// reinterprets.
    Extend,
    /// Integer to a narrower one: drops bits.
    Truncate,
    /// Integer (or Bool) to float, rounded to nearest even.
    IntToFloat,
    /// Float to integer, toward zero; saturates outside the range, NaN is 0 (what raises is checked before).
    FloatToInt,
    /// Between F32 and F64, rounded to nearest even.
    FloatToFloat,
    /// The same bits as another type of equal size.
    Bitcast,
}

/// An exception that an op raises.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Raise {
    /// Class.
    pub kind: ExcKind,
    /// Argument.
    pub message: Message,
}

/// The argument of an exception. Operands are the trailing operands of the op.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// No argument: `raise ValueError`.
    Bare,
    /// Constant text.
    Text(String),
    /// A message of CPython's whose wording the runtime knows (it differs between Python's versions).
    Known(snek_abi::Message),
    /// "Python integer {operand} out of bounds for uint8": one I64 operand.
    WeakInt(ScalarKind),
    /// UnboundLocalError's text for this name.
    Unbound(String),
    /// The exception has been built by runtime calls (`snek_rt_exc_*`) just before.
    Pending,
}

/// Kinds of counted loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoopKind {
    /// Iterations run in order.
    Serial,
    /// Iterations are independent but for the declared reductions.
    Parallel,
    /// Each iteration stands for this many lanes; values in the body may be vectors. The distance of its bounds is a
    /// multiple of its step.
    Vector(u8),
}

/// How a carried value of a parallel loop folds. Partial results of a float `Min` combine as Python's `min(left, right)`
/// does (`right if right < left else left`), not as [`FloatOp::Min`]; `Max` likewise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum ReductionOp {
    Add,
    Mul,
    Min,
    Max,
    And,
    Or,
    Xor,
}

/// How a carried value of a parallel loop folds. Several values may fold together: those of a [`Fold::Best`] or
/// [`Fold::Call`] and of each [`Fold::With`] behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// By an operation; whether it may overflow.
    By(ReductionOp, Overflow),
    /// The key of a choice: the values of the later part are taken if its key compares so with that of the earlier part.
    /// With `Le` and `Ge` the next value is a Bool: whether the part has taken anything.
    Best(Compare),
    /// By a function of the program, which takes the values of the earlier part, then those of the later one, and gives
    /// the values of both.
    Call {
        /// The function.
        function: FunctionId,
        /// What each part starts from: the bits.
        identity: u64,
    },
    /// With the value before it; what each part starts from: the bits.
    With(u64),
}

/// How the chunks of a parallel loop are dealt out. Results do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Schedule {
    /// As the runtime sees fit.
    #[default]
    Auto,
    /// One range of iterations for each thread.
    Static,
    /// Whoever is free takes the next chunk.
    Dynamic,
    /// Chunks get smaller toward the end.
    Guided,
    /// The two tasks of a `join`.
    Join,
}

/// What an atomic op does to an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum AtomicOp {
    /// Integers wrap.
    Add,
    Sub,
    /// Floats as Python's `min(old, value)`: `value` if it is less.
    Min,
    Max,
    And,
    Or,
    Xor,
    Exchange,
    /// Takes the expected value, then the new one. Floats are compared by their bits.
    CompareExchange,
}

/// A counted loop.
#[derive(Clone, Debug)]
pub struct For {
    /// Its name.
    pub label: LabelId,
    /// Order of its iterations.
    pub kind: LoopKind,
    /// Added to the induction variable each time; not 0.
    pub step: i64,
    /// Its code.
    pub body: RegionId,
    /// For parallel loops: how each carried value folds; empty otherwise.
    pub reductions: Vec<Fold>,
    /// For parallel loops: the compiler made it one. It runs only where its arrays were seen not to overlap, so callers need
    /// not promise that.
    pub auto: bool,
    /// For parallel loops: how many iterations are worth a piece of their own. 0: that has not been found out.
    pub grain: u32,
}

/// Where the lanes of a `load_lanes` or `store_lanes` lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lanes {
    /// The dimension along which they lie.
    pub axis: u8,
    /// Positions from one lane to the next: 1 for neighbours, negative for reversed order; not 0.
    pub step: i64,
    /// The last operand is a mask.
    pub masked: bool,
    /// Elements along the last dimension are neighbours in memory, although the array's layout does not say so.
    pub dense: bool,
}

/// What an op does. `ops.rs` has the properties of each in one table.
#[derive(Clone, Debug)]
pub enum OpKind {
    /// An integer or Bool constant of the result's type: its value, of `U64` its bits.
    ConstInt(i64),
    /// A float constant, by the bits of its F64 value (for F32: exactly representable).
    ConstFloat(u64),
    /// Constant text: a pointer and its length in bytes (I64).
    ConstText(String),
    /// A value that is never looked at.
    Undefined,
    /// How wide the vectors are for which the code that runs was made, as an I64: 0 up to 128 bits, 1 up to 256, 2 up to
    /// 512. It is a constant of each form that code generation makes of a function, so what is chosen by it must have the
    /// same effects either way.
    VectorLevel,
    /// See [`IntOp`].
    Int(IntOp, Overflow),
    /// See [`IntUnaryOp`].
    IntUnary(IntUnaryOp, Overflow),
    /// See [`FloatOp`].
    Float(FloatOp),
    /// See [`FloatUnaryOp`].
    FloatUnary(FloatUnaryOp),
    /// `a * b + c` with one rounding.
    FusedMulAdd,
    /// See [`Compare`].
    Compare(Compare),
    /// `cond, a, b`: `a` if true, else `b`; both were computed.
    Select,
    /// See [`Convert`].
    Convert(Convert),
    /// Extent of the array's dimension `axis`: I64, not negative.
    Extent(u8),
    /// `array, indices...`: the view of the rest at one position of each of the leading dimensions; fewer indices than
    /// dimensions, at least one. One bound per index. The result has the operand's element and layout.
    Row(Vec<Bound>),
    /// The scalar operand in every lane (`Bool`: a mask).
    Splat,
    /// Lane k is k; an integer vector.
    Iota,
    /// The n-th lane of a vector or mask.
    Extract(u8),
    /// A vector or mask of its operands, one per lane.
    FromLanes,
    /// Folds the lanes of a vector or mask into a scalar: lane k with lane k + n/2, then the halves so, until one is left.
    /// Integers wrap; float `Min` and `Max` are [`FloatOp::Min`] and [`FloatOp::Max`].
    Reduce(ReductionOp),
    /// `array, indices...[, mask]`: lane k is the element at the indices with k * step added to that of the axis. Results
    /// as of `load`. Lanes that the mask leaves out are not read and are 0.
    LoadLanes(Lanes),
    /// `array, indices..., value[, mask]` (two values for complex). Lanes that the mask leaves out are not written.
    StoreLanes(Lanes),
    /// `array, indices...[, mask]`: each index is a scalar or a vector of I64; lane k is the element at the lanes k. Lanes
    /// that the mask leaves out are not read and are 0.
    Gather {
        /// The last operand is a mask.
        masked: bool,
    },
    /// `array, indices..., value[, mask]` (two values for complex): as if the lanes were stored in their order.
    Scatter {
        /// The last operand is a mask.
        masked: bool,
    },
    /// `array, array`: no byte between the first and the last that one of them spans is spanned by the other: Bool. An
    /// array without elements spans none.
    Disjoint,
    /// `address, extents...`: the contiguous array at an address (I64), which must have room for it. There is one such view
    /// of a piece of memory, and nothing else reaches it.
    View,
    /// The address (I64) of so many bytes that a call of the function has for its own time. Each op has its own.
    Local(u32),
    /// `array`: the same view, its type's layout changed from contiguous to strided (where both meet). No code.
    AsStrided,
    /// `array`: the same view. What a parallel loop does through it is fold into elements, by this operation alone: each
    /// part of the loop may have elements of its own, which start from the identity and are folded into the array's. No code.
    Accumulator(ReductionOp),
    /// `array, indices..., value` (`expected, value` for `CompareExchange`): changes the element in one step that no other
    /// thread sees half of. Result: what it was before.
    Atomic(AtomicOp, Vec<Bound>),
    /// `array`: the address of the element whose indices are all 0, for calls of the runtime.
    DataPointer,
    /// `array`: the bytes from one element to the next along a dimension: I64.
    Stride(u8),
    /// `array, indices...`: one index per dimension; one bound per index. Result: the element (two for complex).
    Load(Vec<Bound>),
    /// `array, indices..., value` (two values for complex). No result.
    Store(Vec<Bound>),
    /// `cond, operands of the message...`: raises if `cond` is false.
    Check(Raise),
    /// Calls a function of this program.
    Call(FunctionId),
    /// Calls a function of the runtime: a row of `snek_abi::RUNTIME_FUNCTIONS` by name. If the row may raise, the status
    /// is tested by the op and is not among its results.
    CallRuntime(&'static str),
    /// What the outlining pass makes of a parallel loop. Operands: start (I64), stop (I64), then the initial values of the
    /// reductions, then the captured values; with a schedule, then the chunk size (I64; 0: open) and the number of threads
    /// (I64; 0: all). Results: the reduced values. `body` has role `ParallelBody`; `combine` has role `Combine` and is `Some`
    /// iff there are reductions; `identities` are the constants that partial results start from.
    ParallelCall {
        /// The outlined body.
        body: FunctionId,
        /// Combines partial results.
        combine: Option<FunctionId>,
        /// Step of the loop.
        step: i64,
        /// What each partial result starts from: the bits.
        identities: Vec<u64>,
        /// Which captured values are arrays that chunks fold into, each into elements of its own.
        accumulators: Vec<(u32, ReductionOp)>,
        /// What the user has asked for.
        schedule: Option<Schedule>,
        /// How it is cut into pieces.
        cut: Cut,
        /// It shows how far it is.
        progress: bool,
    },
    /// See the header.
    If {
        /// If the operand is true.
        then: RegionId,
        /// If not.
        other: RegionId,
    },
    /// See the header.
    Block {
        /// Its name.
        label: LabelId,
        /// Its code.
        body: RegionId,
    },
    /// See the header.
    For(For),
    /// See the header.
    While {
        /// Its name.
        label: LabelId,
        /// Yields whether to go on, then the body's parameters.
        cond: RegionId,
        /// Its code.
        body: RegionId,
    },
    /// Terminator: the results of the enclosing `if`, `block` or `while` condition.
    Yield,
    /// Terminator: the next iteration of a loop, with its carried values.
    Next(LabelId),
    /// Terminator: leaves a loop or block with its results.
    Break(LabelId),
    /// Terminator: returns from the function.
    Return,
    /// Terminator: raises.
    Raise(Raise),
    /// Terminator: is never reached.
    Unreachable,
}
