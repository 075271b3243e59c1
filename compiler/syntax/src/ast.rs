//! The abstract syntax tree: a value tree with the node names and fields of CPython's `ast` module (grammar of 3.13).
//!
//! Every node has a [`Span`], equal to the positions that CPython gives it. What differs from `ast`, for convenience:
//! `Async*` nodes are the plain ones with `is_async`, `TryStar` is `Try` with `is_star`, names that CPython keeps as
//! plain strings are [`Identifier`]s with a span, and there are no type comments.
//! Depth is bounded by [`crate::MAX_DEPTH`], so recursion over a tree is safe on a thread with a stack of a few MiB.
//! It must never hold types of the parser crate.

use snek_diagnostics::{FileId, Span};

/// A whole file.
#[derive(Clone, Debug, PartialEq)]
pub struct Module {
    /// The file.
    pub file: FileId,
    /// The whole text.
    pub span: Span,
    /// Its statements.
    pub body: Vec<Stmt>,
}

/// A name as written (after NFKC normalisation, as CPython does), and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier {
    /// The normalised name.
    pub name: String,
    /// Where it stands.
    pub span: Span,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    /// Its place; that of a decorated definition starts at `def` or `class`, as in CPython.
    pub span: Span,
    /// What it is.
    pub kind: StmtKind,
}

/// What a statement is.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of CPython's `ast`")]
pub enum StmtKind {
    /// `def` and `async def`.
    FunctionDef(Box<FunctionDef>),
    /// `class`.
    ClassDef(Box<ClassDef>),
    /// `return value`
    Return { value: Option<Box<Expr>> },
    /// `del targets`
    Delete { targets: Vec<Expr> },
    /// `targets = value`, with several targets for `a = b = value`.
    Assign {
        targets: Vec<Expr>,
        value: Box<Expr>,
    },
    /// `type name[type_params] = value`
    TypeAlias {
        name: Box<Expr>,
        type_params: Vec<TypeParam>,
        value: Box<Expr>,
    },
    /// `target op= value`
    AugAssign {
        target: Box<Expr>,
        op: Operator,
        value: Box<Expr>,
    },
    /// `target: annotation = value`; `simple` if the target is a name without parentheses.
    AnnAssign {
        target: Box<Expr>,
        annotation: Box<Expr>,
        value: Option<Box<Expr>>,
        simple: bool,
    },
    /// `for target in iter: body else: orelse`
    For {
        target: Box<Expr>,
        iter: Box<Expr>,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
        is_async: bool,
    },
    /// `while test: body else: orelse`
    While {
        test: Box<Expr>,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
    },
    /// `if test: body else: orelse`; an `elif` is an `If` alone in `orelse`.
    If {
        test: Box<Expr>,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
    },
    /// `with items: body`
    With {
        items: Vec<WithItem>,
        body: Vec<Stmt>,
        is_async: bool,
    },
    /// `match subject: cases`
    Match {
        subject: Box<Expr>,
        cases: Vec<MatchCase>,
    },
    /// `raise exc from cause`
    Raise {
        exc: Option<Box<Expr>>,
        cause: Option<Box<Expr>>,
    },
    /// `try`; `is_star` with `except*`.
    Try {
        body: Vec<Stmt>,
        handlers: Vec<ExceptHandler>,
        orelse: Vec<Stmt>,
        finalbody: Vec<Stmt>,
        is_star: bool,
    },
    /// `assert test, msg`
    Assert {
        test: Box<Expr>,
        msg: Option<Box<Expr>>,
    },
    /// `import names`
    Import { names: Vec<Alias> },
    /// `from module import names`; `level` counts the leading dots; the name `*` stands for all.
    ImportFrom {
        module: Option<Identifier>,
        names: Vec<Alias>,
        level: u32,
    },
    /// `global names`
    Global { names: Vec<Identifier> },
    /// `nonlocal names`
    Nonlocal { names: Vec<Identifier> },
    /// An expression whose value is dropped.
    Expr { value: Box<Expr> },
    /// `pass`
    Pass,
    /// `break`
    Break,
    /// `continue`
    Continue,
}

/// `def` or `async def`.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionDef {
    /// Its name.
    pub name: Identifier,
    /// Its parameters.
    pub args: Arguments,
    /// Its statements.
    pub body: Vec<Stmt>,
    /// The expressions after `@`, outermost first.
    pub decorator_list: Vec<Expr>,
    /// The annotation after `->`.
    pub returns: Option<Box<Expr>>,
    /// `[T, *Ts, **P]` after the name.
    pub type_params: Vec<TypeParam>,
    /// Whether it is `async def`.
    pub is_async: bool,
    /// From the first decorator's `@` to the end. Its first line is the code object's `co_firstlineno`.
    pub full_span: Span,
}

impl FunctionDef {
    /// The docstring, if the body starts with one.
    pub fn docstring(&self) -> Option<&Expr> {
        docstring(&self.body)
    }
}

/// `class`.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassDef {
    /// Its name.
    pub name: Identifier,
    /// Positional arguments.
    pub bases: Vec<Expr>,
    /// Keyword arguments such as `metaclass=M`.
    pub keywords: Vec<Keyword>,
    /// Its statements.
    pub body: Vec<Stmt>,
    /// The expressions after `@`, outermost first.
    pub decorator_list: Vec<Expr>,
    /// `[T, *Ts, **P]` after the name.
    pub type_params: Vec<TypeParam>,
    /// From the first decorator's `@` to the end.
    pub full_span: Span,
}

impl Module {
    /// The docstring, if the file starts with one.
    pub fn docstring(&self) -> Option<&Expr> {
        docstring(&self.body)
    }
}

/// The docstring of a body: the string constant that is its first statement.
pub fn docstring(body: &[Stmt]) -> Option<&Expr> {
    let StmtKind::Expr { value } = &body.first()?.kind else {
        return None;
    };
    match &value.kind {
        ExprKind::Constant {
            value: Constant::Str(_) | Constant::SurrogateStr(_),
        } => Some(value),
        _ => None,
    }
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// Its place, without parentheses around it (but with those of a tuple or a generator).
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of CPython's `ast`")]
pub enum ExprKind {
    /// `a and b and c`: one node for a run of the same operator.
    BoolOp { op: BoolOp, values: Vec<Expr> },
    /// `target := value`
    NamedExpr { target: Box<Expr>, value: Box<Expr> },
    /// `left op right`
    BinOp {
        left: Box<Expr>,
        op: Operator,
        right: Box<Expr>,
    },
    /// `op operand`
    UnaryOp { op: UnaryOp, operand: Box<Expr> },
    /// `lambda args: body`
    Lambda {
        args: Box<Arguments>,
        body: Box<Expr>,
    },
    /// `body if test else orelse`
    IfExp {
        test: Box<Expr>,
        body: Box<Expr>,
        orelse: Box<Expr>,
    },
    /// `{k: v, **d}`; a `**d` has no key.
    Dict {
        keys: Vec<Option<Expr>>,
        values: Vec<Expr>,
    },
    /// `{a, b}`
    Set { elts: Vec<Expr> },
    /// `[elt for ...]`
    ListComp {
        elt: Box<Expr>,
        generators: Vec<Comprehension>,
    },
    /// `{elt for ...}`
    SetComp {
        elt: Box<Expr>,
        generators: Vec<Comprehension>,
    },
    /// `{key: value for ...}`
    DictComp {
        key: Box<Expr>,
        value: Box<Expr>,
        generators: Vec<Comprehension>,
    },
    /// `(elt for ...)`
    GeneratorExp {
        elt: Box<Expr>,
        generators: Vec<Comprehension>,
    },
    /// `await value`
    Await { value: Box<Expr> },
    /// `yield value`
    Yield { value: Option<Box<Expr>> },
    /// `yield from value`
    YieldFrom { value: Box<Expr> },
    /// `left ops[0] comparators[0] ops[1] ...`
    Compare {
        left: Box<Expr>,
        ops: Vec<CmpOp>,
        comparators: Vec<Expr>,
    },
    /// `func(args, keywords)`; `*x` among the arguments is a `Starred`, `**x` a keyword without a name.
    Call {
        func: Box<Expr>,
        args: Vec<Expr>,
        keywords: Vec<Keyword>,
    },
    /// `{value!conversion:format_spec}` inside of a `JoinedStr`; the spec is a `JoinedStr`.
    FormattedValue {
        value: Box<Expr>,
        conversion: Option<Conversion>,
        format_spec: Option<Box<Expr>>,
    },
    /// An f-string: string constants and `FormattedValue`s.
    JoinedStr { values: Vec<Expr> },
    /// A literal.
    Constant { value: Constant },
    /// `value.attr`
    Attribute {
        value: Box<Expr>,
        attr: Identifier,
        ctx: ExprContext,
    },
    /// `value[slice]`; several subscripts are a `Tuple`.
    Subscript {
        value: Box<Expr>,
        slice: Box<Expr>,
        ctx: ExprContext,
    },
    /// `*value`
    Starred { value: Box<Expr>, ctx: ExprContext },
    /// A name.
    Name { id: String, ctx: ExprContext },
    /// `[a, b]`
    List { elts: Vec<Expr>, ctx: ExprContext },
    /// `a, b` and `(a, b)`
    Tuple { elts: Vec<Expr>, ctx: ExprContext },
    /// `lower:upper:step` inside of a subscript.
    Slice {
        lower: Option<Box<Expr>>,
        upper: Option<Box<Expr>>,
        step: Option<Box<Expr>>,
    },
}

/// A literal's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// `...`
    Ellipsis,
    /// An integer of 64 bits; never negative, since a minus sign is an operator.
    Int(i64),
    /// An integer that needs more than 64 bits, in decimal.
    BigInt(String),
    /// A float.
    Float(f64),
    /// An imaginary number, `imag` times `1j`.
    Complex {
        /// The imaginary part.
        imag: f64,
    },
    /// A string; adjacent literals are joined.
    Str(String),
    /// A string with lone surrogates, as code points.
    SurrogateStr(Vec<u32>),
    /// Bytes; adjacent literals are joined.
    Bytes(Vec<u8>),
}

/// Whether an expression is read, written or deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExprContext {
    /// Read.
    Load,
    /// Written.
    Store,
    /// Deleted.
    Del,
}

/// `and`, `or`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BoolOp {
    /// `and`
    And,
    /// `or`
    Or,
}

/// A binary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mult,
    /// `@`
    MatMult,
    /// `/`
    Div,
    /// `%`
    Mod,
    /// `**`
    Pow,
    /// `<<`
    LShift,
    /// `>>`
    RShift,
    /// `|`
    BitOr,
    /// `^`
    BitXor,
    /// `&`
    BitAnd,
    /// `//`
    FloorDiv,
}

impl Operator {
    /// As written in the source.
    pub fn as_str(self) -> &'static str {
        match self {
            Operator::Add => "+",
            Operator::Sub => "-",
            Operator::Mult => "*",
            Operator::MatMult => "@",
            Operator::Div => "/",
            Operator::Mod => "%",
            Operator::Pow => "**",
            Operator::LShift => "<<",
            Operator::RShift => ">>",
            Operator::BitOr => "|",
            Operator::BitXor => "^",
            Operator::BitAnd => "&",
            Operator::FloorDiv => "//",
        }
    }
}

/// A unary operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `~`
    Invert,
    /// `not`
    Not,
    /// `+`
    UAdd,
    /// `-`
    USub,
}

impl UnaryOp {
    /// As written in the source.
    pub fn as_str(self) -> &'static str {
        match self {
            UnaryOp::Invert => "~",
            UnaryOp::Not => "not",
            UnaryOp::UAdd => "+",
            UnaryOp::USub => "-",
        }
    }
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CmpOp {
    /// `==`
    Eq,
    /// `!=`
    NotEq,
    /// `<`
    Lt,
    /// `<=`
    LtE,
    /// `>`
    Gt,
    /// `>=`
    GtE,
    /// `is`
    Is,
    /// `is not`
    IsNot,
    /// `in`
    In,
    /// `not in`
    NotIn,
}

impl CmpOp {
    /// As written in the source.
    pub fn as_str(self) -> &'static str {
        match self {
            CmpOp::Eq => "==",
            CmpOp::NotEq => "!=",
            CmpOp::Lt => "<",
            CmpOp::LtE => "<=",
            CmpOp::Gt => ">",
            CmpOp::GtE => ">=",
            CmpOp::Is => "is",
            CmpOp::IsNot => "is not",
            CmpOp::In => "in",
            CmpOp::NotIn => "not in",
        }
    }
}

/// `!s`, `!r` or `!a` in an f-string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Conversion {
    /// `!s`
    Str,
    /// `!r`
    Repr,
    /// `!a`
    Ascii,
}

/// `for target in iter if ifs` of a comprehension.
#[derive(Clone, Debug, PartialEq)]
pub struct Comprehension {
    /// Its place (CPython's node has none).
    pub span: Span,
    /// What each element is bound to.
    pub target: Expr,
    /// What is iterated.
    pub iter: Expr,
    /// The conditions.
    pub ifs: Vec<Expr>,
    /// Whether it is `async for`.
    pub is_async: bool,
}

/// An `except` clause.
#[derive(Clone, Debug, PartialEq)]
pub struct ExceptHandler {
    /// Its place.
    pub span: Span,
    /// The exception type or types.
    pub type_: Option<Box<Expr>>,
    /// The name after `as`.
    pub name: Option<Identifier>,
    /// Its statements.
    pub body: Vec<Stmt>,
}

/// The parameters of a function or lambda, in CPython's arrangement.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Arguments {
    /// Parameters before `/`.
    pub posonlyargs: Vec<Arg>,
    /// Parameters that are positional or keyword.
    pub args: Vec<Arg>,
    /// `*args`
    pub vararg: Option<Box<Arg>>,
    /// Parameters after `*`.
    pub kwonlyargs: Vec<Arg>,
    /// The default of each of `kwonlyargs`.
    pub kw_defaults: Vec<Option<Expr>>,
    /// `**kwargs`
    pub kwarg: Option<Box<Arg>>,
    /// The defaults of the last ones of `posonlyargs` followed by `args`.
    pub defaults: Vec<Expr>,
}

/// How a parameter takes its argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParameterKind {
    /// Before `/`.
    PositionalOnly,
    /// Plain.
    PositionalOrKeyword,
    /// `*args`
    VarPositional,
    /// After `*`.
    KeywordOnly,
    /// `**kwargs`
    VarKeyword,
}

impl Arguments {
    /// All parameters in the order of the source, each with its kind and its default.
    pub fn iter(&self) -> impl Iterator<Item = (ParameterKind, &Arg, Option<&Expr>)> {
        let positional = self.posonlyargs.len() + self.args.len();
        let first_default = positional.saturating_sub(self.defaults.len());
        let default = move |i: usize| self.defaults.get(i.checked_sub(first_default)?);
        let posonly = self
            .posonlyargs
            .iter()
            .enumerate()
            .map(move |(i, arg)| (ParameterKind::PositionalOnly, arg, default(i)));
        let args = self.args.iter().enumerate().map(move |(i, arg)| {
            let default = default(self.posonlyargs.len() + i);
            (ParameterKind::PositionalOrKeyword, arg, default)
        });
        let vararg = self
            .vararg
            .iter()
            .map(|arg| (ParameterKind::VarPositional, &**arg, None));
        let kwonly = self
            .kwonlyargs
            .iter()
            .zip(&self.kw_defaults)
            .map(|(arg, default)| (ParameterKind::KeywordOnly, arg, default.as_ref()));
        let kwarg = self
            .kwarg
            .iter()
            .map(|arg| (ParameterKind::VarKeyword, &**arg, None));
        posonly.chain(args).chain(vararg).chain(kwonly).chain(kwarg)
    }
}

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// Name and annotation, without stars and without the default.
    pub span: Span,
    /// The name.
    pub arg: Identifier,
    /// The annotation.
    pub annotation: Option<Box<Expr>>,
}

/// `arg=value` in a call; `**value` has no `arg`.
#[derive(Clone, Debug, PartialEq)]
pub struct Keyword {
    /// Its place.
    pub span: Span,
    /// The name.
    pub arg: Option<Identifier>,
    /// The value.
    pub value: Expr,
}

/// `name as asname` in an import; the name may be dotted, or `*`.
#[derive(Clone, Debug, PartialEq)]
pub struct Alias {
    /// Its place.
    pub span: Span,
    /// What is imported.
    pub name: Identifier,
    /// The name after `as`.
    pub asname: Option<Identifier>,
}

/// `context_expr as optional_vars` in a `with`.
#[derive(Clone, Debug, PartialEq)]
pub struct WithItem {
    /// The context manager.
    pub context_expr: Expr,
    /// The target after `as`.
    pub optional_vars: Option<Box<Expr>>,
}

/// A `case` of a `match`.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchCase {
    /// Its place (CPython's node has none).
    pub span: Span,
    /// The pattern.
    pub pattern: Pattern,
    /// The condition after `if`.
    pub guard: Option<Box<Expr>>,
    /// Its statements.
    pub body: Vec<Stmt>,
}

/// A pattern of a `case`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// Its place.
    pub span: Span,
    /// What it is.
    pub kind: PatternKind,
}

/// What a pattern is.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of CPython's `ast`")]
pub enum PatternKind {
    /// A literal or a dotted name, compared with `==`.
    MatchValue { value: Box<Expr> },
    /// `None`, `True` or `False`, compared with `is`.
    MatchSingleton { value: Constant },
    /// `[a, b, *rest]`
    MatchSequence { patterns: Vec<Pattern> },
    /// `{key: pattern, **rest}`
    MatchMapping {
        keys: Vec<Expr>,
        patterns: Vec<Pattern>,
        rest: Option<Identifier>,
    },
    /// `cls(patterns, kwd_attrs=kwd_patterns)`
    MatchClass {
        cls: Box<Expr>,
        patterns: Vec<Pattern>,
        kwd_attrs: Vec<Identifier>,
        kwd_patterns: Vec<Pattern>,
    },
    /// `*name` in a sequence; no name for `*_`.
    MatchStar { name: Option<Identifier> },
    /// `pattern as name`, `name`, or `_` with neither.
    MatchAs {
        pattern: Option<Box<Pattern>>,
        name: Option<Identifier>,
    },
    /// `a | b`
    MatchOr { patterns: Vec<Pattern> },
}

/// A type parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeParam {
    /// Its place.
    pub span: Span,
    /// What it is.
    pub kind: TypeParamKind,
    /// Its name.
    pub name: Identifier,
    /// The default after `=` (3.13).
    pub default_value: Option<Box<Expr>>,
}

/// What a type parameter is.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are those of CPython's `ast`")]
pub enum TypeParamKind {
    /// `T: bound`
    TypeVar { bound: Option<Box<Expr>> },
    /// `*Ts`
    TypeVarTuple,
    /// `**P`
    ParamSpec,
}
