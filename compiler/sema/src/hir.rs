//! HIR: what a program means, with every name resolved and every expression typed.
//!
//! One [`Function`] is one *instance*: its parameters have concrete types, so an unannotated helper that two
//! callers use with different types is two functions here. All implicit conversions are explicit
//! ([`ExprKind::Convert`]), every evaluation order is Python's: operands left to right, each once (sema introduces
//! hidden locals where Python evaluates something once and uses it twice).
//!
//! Control flow is Python's own tree. Locals are mutable; `mir::lower` turns them into values.
//! Plain data: nothing here computes. HIR must never mention machine layouts, passes or the parser crate.

use oxc_index::{IndexVec, define_index_type};
use snek_diagnostics::{FileId, Span};

define_index_type! {
    /// An expression of one function.
    pub struct ExprId = u32;
}
define_index_type! {
    /// A local variable of one function: a parameter, a Python name at one type, or a hidden temporary.
    pub struct LocalId = u32;
}
define_index_type! {
    /// A function instance of the program.
    pub struct FunctionId = u32;
}

/// A fixed-width scalar, NumPy's semantics (wraps; IEEE division).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Fixed {
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
    C64,
    C128,
}

/// What an array holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Element {
    /// One byte, 0 or 1; read as Python's `bool`.
    Bool,
    /// A fixed-width scalar.
    Fixed(Fixed),
}

/// A type of a value. Small trees; compared structurally.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// No value reaches here (an expression that always raises).
    Never,
    /// `None`.
    None,
    /// Python's `bool`.
    Bool,
    /// Python's `int`, 64 bits, checked.
    Int,
    /// Python's `float`.
    Float,
    /// Python's `complex`.
    Complex,
    /// A fixed-width scalar.
    Fixed(Fixed),
    /// A string, known at compile time (this step has no run-time strings).
    Str,
    /// A view of memory. `rank` is 1 to 4.
    Array {
        /// What it holds.
        element: Element,
        /// Number of dimensions.
        rank: u8,
    },
    /// A fixed number of values.
    Tuple(Vec<Type>),
}

/// The whole program of one module: the functions that are native, in an order in which ids are stable.
#[derive(Debug, Default)]
pub struct Program {
    /// Dotted module name as Python knows it, such as `pkg.blur`.
    pub module: String,
    /// All instances: exported ones, helpers, stdlib.
    pub functions: IndexVec<FunctionId, Function>,
    /// What Python can call: in source order.
    pub exports: Vec<Export>,
    /// Functions that do what intrinsics of the runtime do, in arithmetic that has lanes: by the intrinsic's name.
    pub vector_forms: Vec<(&'static str, FunctionId)>,
}

/// A native function that Python calls by name.
#[derive(Debug)]
pub struct Export {
    /// Its instance.
    pub function: FunctionId,
    /// Line of its `def` (1-based), as in `co_firstlineno` (the first decorator's line if there is one).
    pub first_line: u32,
    /// Parameters as declared, in order: one for each of the function's.
    pub params: Vec<ExportParam>,
}

/// A declared parameter.
#[derive(Debug)]
pub struct ExportParam {
    /// Its name.
    pub name: String,
    /// How it may be passed.
    pub kind: ParamKind,
}

/// How a parameter may be passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ParamKind {
    PositionalOnly,
    PositionalOrKeyword,
    KeywordOnly,
}

/// One instance of a function.
#[derive(Debug)]
pub struct Function {
    /// Python's name, for tracebacks, reports and symbols.
    pub name: String,
    /// Where it is written.
    pub file: FileId,
    /// The span of its name in the `def`.
    pub name_span: Span,
    /// `@parallel`.
    pub parallel: bool,
    /// `@parallel`, and not with `auto=False`: plain loops may be made parallel.
    pub auto_parallel: bool,
    /// `strict_math=True`: functions of `math` are the C library's everywhere.
    pub strict_math: bool,
    /// `fastmath=True`: sums may be added in any order, and a product that is added may be one rounding less.
    pub fastmath: bool,
    /// Parameters, in the order of the call: each is a local.
    pub params: Vec<LocalId>,
    /// Result type (`Type::None` for procedures).
    pub result: Type,
    /// Variables.
    pub locals: IndexVec<LocalId, Local>,
    /// Expressions.
    pub exprs: IndexVec<ExprId, Expr>,
    /// The code. Falls off its end with `None`.
    pub body: Vec<Stmt>,
}

/// A variable.
#[derive(Debug)]
pub struct Local {
    /// Python's name; hidden temporaries start with a dot.
    pub name: String,
    /// Its one type (a Python name that has two types at two places is two locals).
    pub ty: Type,
    /// Some read may find it unassigned: reads with `check_unbound` need a flag beside it.
    pub maybe_unbound: bool,
}

/// An expression with its type and place.
#[derive(Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its type.
    pub ty: Type,
    /// Its place.
    pub span: Span,
}

/// A compile-time constant.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Const {
    None,
    Bool(bool),
    /// For `int` and the fixed-width ints (`u64` by its bits).
    Int(i64),
    /// For `float`, `f64` and `f32` (already rounded).
    Float(f64),
    /// For `complex`, `c128`, `c64`.
    Complex(f64, f64),
    Str(String),
}

/// Unary operators. The operand has the expression's type, but for `Not` (Bool to Bool).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum UnaryOp {
    Neg,
    /// `~`
    Invert,
    Not,
}

/// Binary operators. Both operands have one type, and the result has it too, except
/// `TrueDiv` on ints (`Int/Int -> Float`, correctly rounded; fixed ints are converted to F64 before by sema).
/// The type decides the semantics: `Int` is checked and raises, `Float` raises ZeroDivisionError, `Fixed` wraps / IEEE.
/// `Pow` never appears here: sema calls the stdlib's `pow` functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    TrueDiv,
    FloorDiv,
    Mod,
    BitAnd,
    BitOr,
    BitXor,
    /// Right operand of the same type; negative counts raise ValueError for `Int`.
    Shl,
    Shr,
}

/// Comparisons. Both operands have one scalar type (sema calls a stdlib function for exact int-float comparison);
/// the result is Bool. Complex has `Eq` and `Ne` only. Bools compare as 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// What an expression is.
#[derive(Debug)]
pub enum ExprKind {
    /// A constant of the expression's type.
    Const(Const),
    /// The value of a local.
    Local {
        /// Which.
        local: LocalId,
        /// Raise UnboundLocalError if it is unassigned.
        check_unbound: bool,
    },
    /// See [`UnaryOp`].
    Unary(UnaryOp, ExprId),
    /// See [`BinaryOp`].
    Binary(BinaryOp, ExprId, ExprId),
    /// See [`CompareOp`].
    Compare(CompareOp, ExprId, ExprId),
    /// `a and b` on Bools; the right side is evaluated only if needed. On other types sema builds Python's value
    /// semantics from `If`, `Truth` and a hidden local.
    And(ExprId, ExprId),
    /// See `And`.
    Or(ExprId, ExprId),
    /// `then if cond else other`.
    If {
        /// Bool.
        cond: ExprId,
        /// Value if true.
        then: ExprId,
        /// Value if false.
        other: ExprId,
    },
    /// Between scalar types; the table of what is legal, and what raises, is in `mir/lower/convert.rs`.
    /// Int -> fixed int raises OverflowError "Python integer 300 out of bounds for uint8" when `checked`, else wraps.
    Convert {
        /// Value to convert.
        operand: ExprId,
        /// For narrowing of ints: raise (weak Python ints) instead of wrap (`u8(x)` of a fixed-width int).
        checked: bool,
    },
    /// The truth of a scalar: `x != 0`.
    Truth(ExprId),
    /// Call of a function instance; arguments are complete, in the callee's order and types.
    Call {
        /// Callee.
        function: FunctionId,
        /// All arguments.
        args: Vec<ExprId>,
    },
    /// Call of a primitive that the stdlib names with `@intrinsic("name")`: a MIR op or a runtime function.
    ///
    /// - `snek_rt_*`: that row of `snek_abi`'s table. Pairs are tuples of two, an `i32` result is a Bool.
    /// - `op.sqrt op.floor op.ceil op.trunc op.rint op.fabs op.copysign op.fma`: on Float.
    /// - `op.bits` (Float to Int) and `op.from_bits` (Int to Float): the same 64 bits.
    /// - `op.complex` (Float, Float to Complex), `op.real`, `op.imag`; also between C64 and F32, C128 and F64.
    /// - `raise.NAME`: raises `snek_abi::Message::NAME`; no arguments; the type is None, control does not go on.
    /// - `raise.unpack` (expected Int, got Int): raises the ValueError of `a, b = array`; else as `raise.NAME`.
    Intrinsic {
        /// Its name, as `mir/lower/intrinsics.rs` lists them.
        name: String,
        /// Arguments, of the types that the stdlib declares.
        args: Vec<ExprId>,
    },
    /// A tuple.
    Tuple(Vec<ExprId>),
    /// An element of a tuple.
    Field {
        /// The tuple.
        tuple: ExprId,
        /// 0-based.
        index: usize,
    },
    /// `array[i, j]` with one index (Int) per dimension: a scalar; with fewer: a view of the rest.
    Subscript {
        /// An array.
        array: ExprId,
        /// Indices, each Int, negative ones count from the end.
        indices: Vec<ExprId>,
    },
    /// `array.shape[axis]`, `len(array)`: Int.
    Extent {
        /// An array.
        array: ExprId,
        /// 0-based.
        axis: u8,
    },
    /// Assigns, then is the value (walrus, and what sema needs to evaluate once).
    Assign {
        /// Target.
        local: LocalId,
        /// Value, of the local's type.
        value: ExprId,
    },
}

/// A statement with its place.
#[derive(Debug)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// Its place.
    pub span: Span,
}

/// What a statement is.
#[derive(Debug)]
pub enum StmtKind {
    /// Evaluate for effect.
    Expr(ExprId),
    /// `local = value`. Tuple targets are taken apart by sema.
    Assign {
        /// Target.
        local: LocalId,
        /// Value, of the local's type.
        value: ExprId,
    },
    /// `array[i, j] = value`, all indices given, value of the element's type. Evaluated: array, indices, value have been
    /// put into locals by sema where Python's order (value first) matters.
    Store {
        /// An array.
        array: ExprId,
        /// One Int per dimension.
        indices: Vec<ExprId>,
        /// Of the element's type.
        value: ExprId,
        /// `Some(op)` if this came from `array[i] op= x`: the race check recognises array reductions by it.
        augmented: Option<BinaryOp>,
    },
    /// `del name` of a local.
    Delete(LocalId),
    /// `if`.
    If {
        /// Bool.
        cond: ExprId,
        /// If true.
        then: Vec<Stmt>,
        /// If false.
        other: Vec<Stmt>,
    },
    /// `while`, with `else`.
    While {
        /// Bool; evaluated before each iteration.
        cond: ExprId,
        /// Body.
        body: Vec<Stmt>,
        /// Runs when the condition fails (not after `break`).
        other: Vec<Stmt>,
    },
    /// `for`, with `else`.
    For(Box<For>),
    /// Leaves the innermost loop.
    Break,
    /// Next iteration of the innermost loop.
    Continue,
    /// Value has the function's result type.
    Return(Option<ExprId>),
    /// Raises a builtin exception.
    Raise {
        /// Class name, such as `ValueError`; one that `abi::ExcKind` knows.
        exception: String,
        /// `None`: the bare class; else the arguments (scalars, strings, tuples of these).
        args: Option<Vec<ExprId>>,
    },
    /// `assert cond, message`.
    Assert {
        /// Bool.
        cond: ExprId,
        /// The argument of AssertionError.
        message: Option<ExprId>,
    },
    /// `print(...)`.
    Print {
        /// What to print, any printable type.
        args: Vec<ExprId>,
        /// Separator, `" "`.
        sep: String,
        /// End, `"\n"`.
        end: String,
        /// `flush=True`.
        flush: bool,
    },
}

/// A `for` loop.
#[derive(Debug)]
pub struct For {
    /// What gives the values.
    pub iter: Iter,
    /// Where each iteration's value goes, in the shape of `iter` (see [`Iter`]).
    pub target: Target,
    /// Body.
    pub body: Vec<Stmt>,
    /// `else`.
    pub other: Vec<Stmt>,
    /// `Some` for `prange`.
    pub parallel: Option<Parallel>,
}

/// Where an iteration's value goes. Matches the shape of its [`Iter`]; a tuple that goes into one name is a
/// hidden local per part followed by an assignment of the tuple at the head of the body.
#[derive(Debug)]
pub enum Target {
    /// A local of the item's type.
    Local(LocalId),
    /// For `Enumerate` (index, item) and `Zip` (one per iterator).
    Parts(Vec<Target>),
}

/// What a `for` loop runs over. All its expressions are evaluated once, before the loop.
#[derive(Debug)]
pub enum Iter {
    /// `range(start, stop, step)`, all Int. A zero step raises as Python does.
    Range {
        /// First value.
        start: ExprId,
        /// Excluded end.
        stop: ExprId,
        /// Step.
        step: ExprId,
    },
    /// Elements of a rank-1 array, or the rows (views) of one of higher rank. The extent is read once.
    Array(ExprId),
    /// `enumerate(inner, start)`.
    Enumerate {
        /// Counted.
        inner: Box<Iter>,
        /// Int.
        start: ExprId,
    },
    /// `zip(...)`: as long as the shortest.
    Zip(Vec<Iter>),
    /// `reversed(...)` of a range or an array.
    Reversed(Box<Iter>),
}

/// What sema found out about a `prange`.
#[derive(Debug)]
pub struct Parallel {
    /// Span of the `prange(...)` call.
    pub span: Span,
    /// Locals that are folded over the iterations.
    pub reductions: Vec<Reduction>,
    /// Arrays of which the body only updates elements, all in one way (`hist[b] += 1`). The race check decides whether
    /// that has to be folded.
    pub arrays: Vec<Reduction>,
    /// Locals that take the values of the iteration with the best key.
    pub choices: Vec<Choice>,
    /// Locals that are folded by a function of the user's.
    pub folds: Vec<UserFold>,
    /// Locals assigned in the body that no iteration reads before it assigns them, and nobody reads after the loop.
    pub privates: Vec<LocalId>,
}

/// `if e < key: key = e; companion = ...`
#[derive(Debug)]
pub struct Choice {
    /// What is compared.
    pub key: LocalId,
    /// How an iteration's value compares with the key if it is taken: `Lt`, `Le`, `Gt` or `Ge`.
    pub op: CompareOp,
    /// For `Le` and `Ge`: a hidden Bool, set before the loop and wherever the key is.
    pub taken: Option<LocalId>,
    /// What is assigned along with the key.
    pub companions: Vec<LocalId>,
    /// One update of it, for reports.
    pub span: Span,
}

/// `local = reduction(local, e)`, where `reduction = snek.reduction(identity, function)`.
#[derive(Debug)]
pub struct UserFold {
    /// The accumulator.
    pub local: LocalId,
    /// The name of the reduction.
    pub name: String,
    /// Combines two values.
    pub function: FunctionId,
    /// What each part of the loop starts from, a constant (or a tuple of them) of the local's type.
    pub identity: ExprId,
    /// One update of it, for reports.
    pub span: Span,
}

/// A reduction.
#[derive(Debug)]
pub struct Reduction {
    /// The accumulator.
    pub local: LocalId,
    /// How partial results combine.
    pub op: ReductionOp,
    /// One update of it, for reports.
    pub span: Span,
}

/// How partial results of a reduction combine. `Sub` accumulates like `Add`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ReductionOp {
    Add,
    Mul,
    Min,
    Max,
    BitAnd,
    BitOr,
    BitXor,
    /// Bool `and`.
    And,
    /// Bool `or`.
    Or,
}

/// Whether there is a `for` loop among the statements, however deep.
pub fn has_for(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::For(_) => true,
        StmtKind::If { then, other, .. } => has_for(then) || has_for(other),
        StmtKind::While { body, other, .. } => has_for(body) || has_for(other),
        _ => false,
    })
}

/// Calls `visit` with each `for` loop among the statements, however deep.
pub fn each_for_mut(body: &mut [Stmt], visit: &mut impl FnMut(&mut For)) {
    for stmt in body {
        match &mut stmt.kind {
            StmtKind::For(each) => {
                visit(each);
                each_for_mut(&mut each.body, visit);
                each_for_mut(&mut each.other, visit);
            }
            StmtKind::If { then, other, .. } => {
                each_for_mut(then, visit);
                each_for_mut(other, visit);
            }
            StmtKind::While { body, other, .. } => {
                each_for_mut(body, visit);
                each_for_mut(other, visit);
            }
            _ => {}
        }
    }
}
