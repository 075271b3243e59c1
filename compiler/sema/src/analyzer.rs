//! The state of one analysis: modules, definitions, and the instances that were asked for.
//!
//! Names of other modules are *qualified names* such as `math.sin`, `numpy.uint8`, `builtins.len`; every spelling of an
//! import leads to the same one. Must never walk function bodies: `infer` does.

use std::collections::HashMap;
use std::rc::Rc;

use oxc_index::{IndexVec, define_index_type};
use snek_diagnostics::{Diagnostic, FileId, SourceMap, Span};
use snek_syntax::ast::{self, ExprKind};

use crate::constants::{self, Value};
use crate::hir::{self, FunctionId, Type};
use crate::library::Library;
use crate::modules::{Binding, Scope, ScopeId};
use crate::signatures::Signature;

define_index_type! {
    /// A `def` at module level.
    pub struct DefId = u32;
}

/// How deeply calls of helpers may nest before specialising them is given up.
const MAX_CALL_DEPTH: usize = 300;
/// How deeply constants and aliases may refer to one another.
const MAX_CONSTANT_DEPTH: usize = 100;

/// A `def` at module level.
pub(crate) struct Def<'a> {
    pub scope: ScopeId,
    pub ast: &'a ast::FunctionDef,
    pub signature: Option<Rc<Signature<'a>>>,
}

/// A function at given argument types.
pub(crate) struct Instance {
    pub def: DefId,
    /// Types of all parameters.
    pub args: Vec<Type>,
    /// `None` while it is made, and if it cannot be.
    pub function: Option<hir::Function>,
    /// What it returns: what is assumed so far while it is made; `Never` if it always raises.
    pub result: Type,
    /// What keeps it from being native.
    pub problems: Vec<Diagnostic>,
    /// Whom it calls, and where.
    pub callees: Vec<(FunctionId, Span)>,
    /// Position on the stack of those being made.
    pub in_progress: Option<usize>,
    /// It was called while being made, with the result still to be inferred.
    pub assumed: bool,
    /// Loops over `prange` in it.
    pub parallel_loops: usize,
}

/// What a name or a dotted name stands for.
#[derive(Clone)]
pub(crate) enum Reference<'a> {
    /// Something of another module, by its qualified name.
    External(String),
    /// A module.
    Module(String),
    /// A function, or overloads of one.
    Functions(Vec<DefId>),
    /// A name bound once to an expression.
    Value {
        scope: ScopeId,
        value: &'a ast::Expr,
        annotation: Option<&'a ast::Expr>,
        span: Span,
    },
    /// `type name = value`.
    TypeAlias(ScopeId, &'a ast::Expr),
    /// A class of this module.
    Class,
    /// Known only at run time.
    Opaque { span: Span, why: &'static str },
}

/// The state of one analysis.
pub(crate) struct Analyzer<'a> {
    pub sources: &'a mut SourceMap,
    pub library: &'a Library,
    pub scopes: IndexVec<ScopeId, Scope<'a>>,
    first_defs: IndexVec<ScopeId, DefId>,
    pub defs: IndexVec<DefId, Def<'a>>,
    library_scopes: HashMap<&'static str, ScopeId>,
    pub instances: IndexVec<FunctionId, Instance>,
    by_key: HashMap<(DefId, Vec<Type>), FunctionId>,
    /// Instances being made, outermost first.
    pub stack: Vec<FunctionId>,
    /// For each of the stack: the lowest position of an unfinished one that it has used the assumed result of.
    pub lowest: Vec<usize>,
    /// What `reveal_type` saw, in the order of evaluation.
    pub revealed: Vec<(Span, Type)>,
}

impl<'a> Analyzer<'a> {
    pub fn new(module: &'a ast::Module, library: &'a Library, sources: &'a mut SourceMap) -> Self {
        let mut analyzer = Analyzer {
            sources,
            library,
            scopes: IndexVec::new(),
            first_defs: IndexVec::new(),
            defs: IndexVec::new(),
            library_scopes: HashMap::new(),
            instances: IndexVec::new(),
            by_key: HashMap::new(),
            stack: Vec::new(),
            lowest: Vec::new(),
            revealed: Vec::new(),
        };
        analyzer.add_scope(Scope::new(module, None));
        analyzer
    }

    /// The user's module.
    pub const USER: ScopeId = ScopeId::from_raw_unchecked(0);

    fn add_scope(&mut self, scope: Scope<'a>) -> ScopeId {
        let functions = scope.functions.clone();
        let id = self.scopes.push(scope);
        self.first_defs.push(self.defs.next_idx());
        for ast in functions {
            self.defs.push(Def {
                scope: id,
                ast,
                signature: None,
            });
        }
        id
    }

    /// The functions of a module in source order.
    pub fn defs_of(&self, scope: ScopeId) -> impl Iterator<Item = DefId> + use<> {
        let first = self.first_defs[scope].index();
        let count = self.scopes[scope].functions.len();
        (first..first + count).map(DefId::from_usize)
    }

    /// A module of the standard library.
    pub fn library_scope(&mut self, path: &str) -> Option<ScopeId> {
        if let Some(id) = self.library_scopes.get(path) {
            return Some(*id);
        }
        let (name, module) = self.library.module(path, self.sources)?;
        let id = self.add_scope(Scope::new(module, Some(name)));
        self.library_scopes.insert(name, id);
        Some(id)
    }

    /// Whether a function belongs to the standard library: its file's path there.
    pub fn library_path(&self, def: DefId) -> Option<&'static str> {
        self.scopes[self.defs[def].scope].library
    }

    /// What a name means in a module, after locals were looked at.
    pub fn resolve_name(&self, scope: ScopeId, name: &str) -> Option<Reference<'a>> {
        let module = &self.scopes[scope];
        let Some(binding) = module.get(name) else {
            if let Some(found) = self.star_import(scope, name) {
                return Some(found);
            }
            if BUILTIN_NAMES.binary_search(&name).is_ok() {
                return Some(Reference::External(format!("builtins.{name}")));
            }
            // Files of the standard library need no imports.
            return module
                .library
                .map(|_| Reference::External(format!("snek.{name}")));
        };
        Some(match binding {
            Binding::Functions(positions) => {
                let first = self.first_defs[scope].index();
                let ids = positions.iter().map(|at| DefId::from_usize(first + at));
                Reference::Functions(ids.collect())
            }
            Binding::Module(module) => Reference::Module(module.clone()),
            Binding::Member { module, member } => match (module.as_str(), *member) {
                ("numpy", "typing") => Reference::Module("numpy.typing".to_owned()),
                ("snek", "atomic" | "random") => Reference::Module(format!("snek.{member}")),
                ("typing_extensions", member) => Reference::External(format!("typing.{member}")),
                (module, member) => Reference::External(format!("{module}.{member}")),
            },
            Binding::Value {
                value,
                annotation,
                span,
            } => Reference::Value {
                scope,
                value,
                annotation: *annotation,
                span: *span,
            },
            Binding::TypeAlias(value) => Reference::TypeAlias(scope, value),
            Binding::Class => Reference::Class,
            Binding::Opaque { span, why } => Reference::Opaque { span: *span, why },
        })
    }

    /// What a name is that `from module import *` may have brought.
    fn star_import(&self, scope: ScopeId, name: &str) -> Option<Reference<'a>> {
        self.scopes[scope]
            .stars
            .iter()
            .rev()
            .find_map(|module| match module.as_str() {
                "math" => MATH_NAMES
                    .contains(&name)
                    .then(|| Reference::External(format!("math.{name}"))),
                "snek" if matches!(name, "atomic" | "random") => {
                    Some(Reference::Module(format!("snek.{name}")))
                }
                "snek" => SNEK_NAMES
                    .contains(&name)
                    .then(|| Reference::External(format!("snek.{name}"))),
                // Whatever it exports hides builtins, too; but hardly anyone exports another `int` or `len`.
                _ => (!is_hardly_hidden(name)).then(|| Reference::Opaque {
                    span: Span::at(
                        self.defs
                            .first()
                            .map_or(FileId(0), |def| def.ast.name.span.file),
                        0,
                    ),
                    why: "may come from a `from ... import *`",
                }),
            })
    }

    /// What `a.b.c` means in a module. `None` if it is no dotted name, or an unknown one.
    pub fn resolve_dotted(&self, scope: ScopeId, expr: &ast::Expr) -> Option<Reference<'a>> {
        match &expr.kind {
            ExprKind::Name { id, .. } => self.resolve_name(scope, id),
            ExprKind::Attribute { value, attr, .. } => match self.resolve_dotted(scope, value)? {
                Reference::Module(module) => {
                    let module = match module.as_str() {
                        "typing_extensions" => "typing",
                        other => other,
                    };
                    let qualified = format!("{module}.{}", attr.name);
                    Some(match qualified.as_str() {
                        "numpy.typing" | "os.path" | "collections.abc" | "snek.atomic"
                        | "snek.random" => Reference::Module(qualified),
                        _ => Reference::External(qualified),
                    })
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The part of the standard library that a qualified name stands for, if it has it.
    pub fn in_library(&mut self, qualified: &str) -> Option<Reference<'a>> {
        let (module, name) = qualified.rsplit_once('.')?;
        if name.starts_with('_') {
            return None;
        }
        let path = match module {
            "builtins" => format!("builtins/{name}"),
            other => other.replace('.', "/"),
        };
        let scope = self.library_scope(&path)?;
        match self.resolve_name(scope, name)? {
            found @ (Reference::Functions(_) | Reference::Value { .. }) => Some(found),
            _ => None,
        }
    }

    /// Whether an expression is a call of the function with this qualified name.
    pub fn makes(&self, scope: ScopeId, value: &ast::Expr, qualified: &str) -> bool {
        let ExprKind::Call { func, .. } = &value.kind else {
            return false;
        };
        matches!(self.resolve_dotted(scope, func), Some(Reference::External(name)) if name == qualified)
    }

    /// The number of the lock that a name of a module stands for: `name = snek.Lock()`.
    pub fn lock(&self, scope: ScopeId, name: &str) -> Option<usize> {
        let is_lock = |binding: &Binding<'a>| match binding {
            Binding::Value { value, span, .. } => {
                self.makes(scope, value, "snek.Lock").then_some(span.start)
            }
            _ => None,
        };
        let names = &self.scopes[scope].names;
        let at = is_lock(names.get(name)?)?;
        let before = names.values().filter_map(is_lock);
        Some(before.filter(|other| *other < at).count())
    }

    /// The functions that implement `receiver.name(...)`.
    pub fn method(&mut self, receiver: &Type, name: &str) -> Option<Vec<DefId>> {
        if name.starts_with('_') {
            return None;
        }
        let file = match receiver {
            Type::Bool | Type::Int => "int",
            Type::Float => "float",
            Type::Complex => "complex",
            Type::Fixed(_) => "generic",
            Type::Array { .. } => "ndarray",
            _ => return None,
        };
        let scope = self.library_scope(&format!("methods/{file}"))?;
        match self.scopes[scope].get(name)? {
            Binding::Functions(_) => match self.resolve_name(scope, name)? {
                Reference::Functions(ids) => Some(ids),
                _ => None,
            },
            _ => None,
        }
    }

    /// The value of an expression at module level, if it is a constant.
    pub fn constant(&mut self, scope: ScopeId, expr: &ast::Expr) -> Option<Value> {
        self.constant_at(scope, expr, 0)
    }

    fn constant_at(&mut self, scope: ScopeId, expr: &ast::Expr, depth: usize) -> Option<Value> {
        match &expr.kind {
            ExprKind::Constant { value } => constants::literal(value),
            ExprKind::Tuple { elts, .. } => elts
                .iter()
                .map(|element| self.constant_at(scope, element, depth))
                .collect::<Option<Vec<_>>>()
                .map(Value::Tuple),
            ExprKind::UnaryOp { op, operand } => {
                if let Some(value) = smallest_int(*op, operand) {
                    return Some(value);
                }
                let Value::Scalar(ty, value) = self.constant_at(scope, operand, depth)? else {
                    return None;
                };
                if matches!(ty, Type::Fixed(_)) {
                    return None;
                }
                let value = constants::unary(*op, &value)?;
                Some(Value::Scalar(type_of(&value), value))
            }
            ExprKind::BinOp { left, op, right } => {
                let left = self.constant_at(scope, left, depth)?;
                let right = self.constant_at(scope, right, depth)?;
                let (Value::Scalar(left_type, left), Value::Scalar(right_type, right)) =
                    (left, right)
                else {
                    return None;
                };
                if matches!(left_type, Type::Fixed(_)) || matches!(right_type, Type::Fixed(_)) {
                    return None;
                }
                let (ty, value) = constants::binary(*op, &left, &right)?;
                Some(Value::Scalar(ty, value))
            }
            ExprKind::Call {
                func,
                args,
                keywords,
            } => {
                let [argument] = &args[..] else { return None };
                if !keywords.is_empty() {
                    return None;
                }
                let Reference::External(name) = self.resolve_dotted(scope, func)? else {
                    return None;
                };
                let target = scalar_type(&name)?;
                let value = self.constant_at(scope, argument, depth)?;
                match (&value, &target) {
                    (Value::Scalar(Type::Str, hir::Const::Str(text)), Type::Float) => {
                        let value = constants::parse_float(text)?;
                        Some(Value::Scalar(Type::Float, hir::Const::Float(value)))
                    }
                    _ => value.keep_as(&target),
                }
            }
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                let reference = self.resolve_dotted(scope, expr)?;
                self.constant_reference(reference, depth)
            }
            _ => None,
        }
    }

    /// The value of what a name stands for, if it is a constant.
    pub fn constant_reference(&mut self, reference: Reference<'a>, depth: usize) -> Option<Value> {
        if depth > MAX_CONSTANT_DEPTH {
            return None;
        }
        match reference {
            Reference::Value {
                scope,
                value,
                annotation,
                ..
            } => {
                let value = self.constant_at(scope, value, depth + 1)?;
                let Some(annotation) = annotation else {
                    return Some(value);
                };
                match self.annotation(scope, annotation) {
                    Ok(crate::annotations::Annotation::Type(ty)) => value.keep_as(&ty),
                    // `Final` alone says nothing of the type.
                    Ok(crate::annotations::Annotation::Unspecified) => Some(value),
                    _ => None,
                }
            }
            Reference::External(name) => match name.as_str() {
                "typing.TYPE_CHECKING" => Some(Value::Scalar(Type::Bool, hir::Const::Bool(false))),
                "builtins.__debug__" => Some(Value::Scalar(Type::Bool, hir::Const::Bool(true))),
                "sys.maxsize" => Some(Value::Scalar(Type::Int, hir::Const::Int(i64::MAX))),
                "numpy.pi" | "numpy.e" | "numpy.inf" | "numpy.nan" => {
                    let inner = self.in_library(&name.replace("numpy.", "math."))?;
                    self.constant_reference(inner, depth + 1)
                }
                _ => {
                    let inner = self.in_library(&name)?;
                    self.constant_reference(inner, depth + 1)
                }
            },
            Reference::Module(_)
            | Reference::Functions(_)
            | Reference::TypeAlias(..)
            | Reference::Class
            | Reference::Opaque { .. } => None,
        }
    }

    /// The instance of a function for these parameter types, made now if it is new.
    pub fn instance(&mut self, def: DefId, args: Vec<Type>) -> FunctionId {
        let key = (def, args);
        if let Some(id) = self.by_key.get(&key) {
            return *id;
        }
        let id = self.instances.push(Instance {
            def,
            args: key.1.clone(),
            function: None,
            result: Type::Never,
            problems: Vec::new(),
            callees: Vec::new(),
            in_progress: None,
            assumed: false,
            parallel_loops: 0,
        });
        self.by_key.insert(key, id);
        if self.stack.len() >= MAX_CALL_DEPTH {
            let name = &self.defs[def].ast.name;
            let message = format!("calls functions nested too deeply, down to `{}`", name.name);
            let problem = Diagnostic::error(snek_diagnostics::Code::N001, name.span, message);
            self.instances[id].problems.push(problem);
            return id;
        }
        crate::infer::make_instance(self, id);
        id
    }

    /// Forgets an instance that was made on an assumption that proved wrong.
    pub fn forget(&mut self, id: FunctionId) {
        let instance = &self.instances[id];
        self.by_key.remove(&(instance.def, instance.args.clone()));
    }

    /// The line of a place, for messages.
    pub fn line(&self, span: Span) -> u32 {
        self.sources.line_column(span).line
    }
}

/// `-9223372036854775808`, whose digits alone do not fit.
pub(crate) fn smallest_int(op: ast::UnaryOp, operand: &ast::Expr) -> Option<Value> {
    match (op, &operand.kind) {
        (
            ast::UnaryOp::USub,
            ExprKind::Constant {
                value: ast::Constant::BigInt(digits),
            },
        ) if digits == "9223372036854775808" => {
            Some(Value::Scalar(Type::Int, hir::Const::Int(i64::MIN)))
        }
        _ => None,
    }
}

/// The type of a Python constant.
pub(crate) fn type_of(value: &hir::Const) -> Type {
    match value {
        hir::Const::None => Type::None,
        hir::Const::Bool(_) => Type::Bool,
        hir::Const::Int(_) => Type::Int,
        hir::Const::Float(_) => Type::Float,
        hir::Const::Complex(..) => Type::Complex,
        hir::Const::Str(_) => Type::Str,
    }
}

/// The scalar type that a qualified name stands for.
pub(crate) fn scalar_type(qualified: &str) -> Option<Type> {
    let (module, name) = qualified.rsplit_once('.')?;
    match (module, name) {
        ("builtins", "int") => Some(Type::Int),
        ("builtins", "float") => Some(Type::Float),
        ("builtins", "bool") => Some(Type::Bool),
        ("builtins", "complex") => Some(Type::Complex),
        ("snek", name) => hir::Fixed::from_name(name).map(Type::Fixed),
        ("numpy", "bool_" | "bool") => Some(Type::Bool),
        ("numpy", name) => hir::Fixed::from_numpy_name(name).map(Type::Fixed),
        _ => None,
    }
}

/// Builtins that no `from module import *` is expected to hide.
fn is_hardly_hidden(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "bool",
        "complex",
        "enumerate",
        "float",
        "int",
        "len",
        "print",
        "range",
        "reversed",
        "tuple",
        "zip",
    ];
    NAMES.contains(&name) || name.ends_with("Error")
}

/// What `from snek import *` brings.
pub(crate) const SNEK_NAMES: &[&str] = &[
    "Lock",
    "Array",
    "Array1D",
    "Array2D",
    "Array3D",
    "Array4D",
    "atomic",
    "c128",
    "c64",
    "f32",
    "f64",
    "i16",
    "i32",
    "i64",
    "i8",
    "join",
    "native",
    "num_threads",
    "parallel",
    "prange",
    "random",
    "reduction",
    "set_num_threads",
    "thread_index",
    "threads",
    "u16",
    "u32",
    "u64",
    "u8",
];

/// What `from math import *` brings.
const MATH_NAMES: &[&str] = &[
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "ceil",
    "comb",
    "copysign",
    "cos",
    "cosh",
    "degrees",
    "dist",
    "e",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "fabs",
    "factorial",
    "floor",
    "fma",
    "fmod",
    "frexp",
    "fsum",
    "gamma",
    "gcd",
    "hypot",
    "inf",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "isqrt",
    "lcm",
    "ldexp",
    "lgamma",
    "log",
    "log10",
    "log1p",
    "log2",
    "modf",
    "nan",
    "nextafter",
    "perm",
    "pi",
    "pow",
    "prod",
    "radians",
    "remainder",
    "sin",
    "sinh",
    "sqrt",
    "sumprod",
    "tan",
    "tanh",
    "tau",
    "trunc",
    "ulp",
];

/// Python's builtin names, sorted.
pub(crate) const BUILTIN_NAMES: &[&str] = &[
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BaseException",
    "BaseExceptionGroup",
    "BlockingIOError",
    "BrokenPipeError",
    "BufferError",
    "BytesWarning",
    "ChildProcessError",
    "ConnectionAbortedError",
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "DeprecationWarning",
    "EOFError",
    "Ellipsis",
    "EncodingWarning",
    "EnvironmentError",
    "Exception",
    "ExceptionGroup",
    "False",
    "FileExistsError",
    "FileNotFoundError",
    "FloatingPointError",
    "FutureWarning",
    "GeneratorExit",
    "IOError",
    "ImportError",
    "ImportWarning",
    "IndentationError",
    "IndexError",
    "InterruptedError",
    "IsADirectoryError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "MemoryError",
    "ModuleNotFoundError",
    "NameError",
    "None",
    "NotADirectoryError",
    "NotImplemented",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PendingDeprecationWarning",
    "PermissionError",
    "ProcessLookupError",
    "PythonFinalizationError",
    "RecursionError",
    "ReferenceError",
    "ResourceWarning",
    "RuntimeError",
    "RuntimeWarning",
    "StopAsyncIteration",
    "StopIteration",
    "SyntaxError",
    "SyntaxWarning",
    "SystemError",
    "SystemExit",
    "TabError",
    "TimeoutError",
    "True",
    "TypeError",
    "UnboundLocalError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "UnicodeTranslateError",
    "UnicodeWarning",
    "UserWarning",
    "ValueError",
    "Warning",
    "ZeroDivisionError",
    "__build_class__",
    "__debug__",
    "__doc__",
    "__import__",
    "__loader__",
    "__name__",
    "__package__",
    "__spec__",
    "abs",
    "aiter",
    "all",
    "anext",
    "any",
    "ascii",
    "bin",
    "bool",
    "breakpoint",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "copyright",
    "credits",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "exit",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "license",
    "list",
    "locals",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "quit",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "vars",
    "zip",
];
