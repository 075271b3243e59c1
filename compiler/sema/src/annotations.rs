//! Every spelling of a type -> one [`Type`].
//!
//! This is the only place that reads annotations. Must never guess: what it does not know is an error with a
//! suggestion, what it knows but native code cannot hold is a reason to stay Python.

use snek_diagnostics::{Code, Diagnostic, Span};
use snek_syntax::ast::{self, Constant, ExprKind, Operator, StmtKind};

use crate::analyzer::{Analyzer, BUILTIN_NAMES, Reference, scalar_type};
use crate::hir::{Element, Fixed, Type};
use crate::library::Library;
use crate::modules::ScopeId;
use crate::suggestions::nearest;

/// What an annotation says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Annotation {
    /// A type.
    Type(Type),
    /// An array type with what is said of its extents.
    Shaped(Type, Vec<Extent>),
    /// An array whose number of dimensions is left open.
    AnyRank(Element),
    /// A class of types, in the standard library only.
    Class(Class),
    /// `NoReturn` and `Never`.
    Never,
    /// `Final` without a type.
    Unspecified,
}

/// What is said of one extent of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Nothing.
    Any,
    /// A number.
    Fixed(i64),
    /// The same as every other extent of this name.
    Symbol(String),
}

/// NumPy's abstract scalar types: they accept a kind of type and specialise on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// `i8` to `i64`.
    SignedInteger,
    /// `u8` to `u64`.
    UnsignedInteger,
    /// Both.
    Integer,
    /// `f32`, `f64`.
    Floating,
    /// `c64`, `c128`.
    ComplexFloating,
    /// An array of one dimension.
    Vector,
    /// An array of two or more dimensions.
    Matrix,
    /// A tuple.
    Tuple,
}

impl Class {
    fn from_name(name: &str) -> Option<Class> {
        Some(match name {
            "signedinteger" => Class::SignedInteger,
            "unsignedinteger" => Class::UnsignedInteger,
            "integer" => Class::Integer,
            "floating" => Class::Floating,
            "complexfloating" => Class::ComplexFloating,
            "vector" => Class::Vector,
            "matrix" => Class::Matrix,
            "tuple" => Class::Tuple,
            _ => return None,
        })
    }

    /// Whether a type is of this class.
    pub fn holds(self, ty: &Type) -> bool {
        match (self, ty) {
            (Class::SignedInteger, Type::Fixed(fixed)) => fixed.is_signed(),
            (Class::UnsignedInteger, Type::Fixed(fixed)) => fixed.is_unsigned(),
            (Class::Integer, Type::Fixed(fixed)) => fixed.is_integer(),
            (Class::Floating, Type::Fixed(fixed)) => fixed.is_float(),
            (Class::ComplexFloating, Type::Fixed(fixed)) => fixed.is_complex(),
            (Class::Vector, Type::Array { rank, .. }) => *rank == 1,
            (Class::Matrix, Type::Array { rank, .. }) => *rank > 1,
            (Class::Tuple, Type::Tuple(_)) => true,
            _ => false,
        }
    }
}

type Result<T> = std::result::Result<T, Diagnostic>;

const MAX_DEPTH: usize = 50;

impl<'a> Analyzer<'a> {
    /// Reads an annotation that stands in a module.
    pub fn annotation(&mut self, scope: ScopeId, expr: &ast::Expr) -> Result<Annotation> {
        Reader {
            analyzer: self,
            scope,
            place: None,
            depth: 0,
        }
        .read(expr)
    }
}

struct Reader<'s, 'a> {
    analyzer: &'s mut Analyzer<'a>,
    scope: ScopeId,
    /// Where to report: the whole string of a string annotation, or the use of an alias.
    place: Option<Span>,
    depth: usize,
}

impl<'a> Reader<'_, 'a> {
    fn span(&self, expr: &ast::Expr) -> Span {
        self.place.unwrap_or(expr.span)
    }

    /// A type that exists, but that native code has no values of.
    fn not_native(&self, expr: &ast::Expr, what: impl Into<String>) -> Diagnostic {
        Diagnostic::error(Code::N001, self.span(expr), what)
    }

    fn unknown(&self, expr: &ast::Expr, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(Code::T002, self.span(expr), message)
    }

    fn read(&mut self, expr: &ast::Expr) -> Result<Annotation> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.unknown(expr, "this type refers to itself"));
        }
        let annotation = self.read_expr(expr);
        self.depth -= 1;
        annotation
    }

    fn read_type(&mut self, expr: &ast::Expr) -> Result<Type> {
        match self.read(expr)? {
            Annotation::Type(ty) | Annotation::Shaped(ty, _) => Ok(ty),
            _ => Err(self.unknown(expr, "a complete type is needed here")),
        }
    }

    fn read_expr(&mut self, expr: &ast::Expr) -> Result<Annotation> {
        match &expr.kind {
            ExprKind::Constant { value } => match value {
                Constant::None => Ok(Annotation::Type(Type::None)),
                Constant::Str(text) => self.read_text(expr, text),
                _ => Err(self.unknown(expr, "this is not a type")),
            },
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => self.read_name(expr),
            ExprKind::Subscript { value, slice, .. } => self.read_subscript(expr, value, slice),
            ExprKind::BinOp {
                op: Operator::BitOr,
                ..
            } => Err(self.not_native(expr, "uses a union type")),
            _ => Err(self.unknown(expr, "this is not a type")),
        }
    }

    /// A type in quotes.
    fn read_text(&mut self, expr: &ast::Expr, text: &str) -> Result<Annotation> {
        let source = format!("({text})");
        let parsed = snek_syntax::parse(expr.span.file, source.as_bytes());
        let inner = parsed
            .module
            .as_ref()
            .and_then(|module| match &module.body[..] {
                [stmt] => match &stmt.kind {
                    StmtKind::Expr { value } => Some(value),
                    _ => None,
                },
                _ => None,
            });
        let Some(inner) = inner else {
            return Err(self.unknown(expr, format!("`{text}` is not a type")));
        };
        let outer = self.place;
        self.place = Some(self.span(expr));
        let annotation = self.read(inner);
        self.place = outer;
        annotation
    }

    fn read_name(&mut self, expr: &ast::Expr) -> Result<Annotation> {
        let Some(reference) = self.analyzer.resolve_dotted(self.scope, expr) else {
            return Err(self.unknown_name(expr));
        };
        let (scope, value) = match reference {
            Reference::External(name) => return self.read_external(expr, &name),
            Reference::Value { scope, value, .. } | Reference::TypeAlias(scope, value) => {
                (scope, value)
            }
            Reference::Class => {
                let name = dotted(expr);
                return Err(self.not_native(expr, format!("uses the class `{name}` as a type")));
            }
            Reference::Module(name) => {
                return Err(self.unknown(expr, format!("`{name}` is a module, not a type")));
            }
            Reference::Functions(_) => {
                let name = dotted(expr);
                return Err(self.unknown(expr, format!("`{name}` is a function, not a type")));
            }
            Reference::Opaque { why, .. } => {
                let name = dotted(expr);
                return Err(self.not_native(expr, format!("uses the type `{name}`, which {why}")));
            }
        };
        // An alias: what is wrong with it is reported where it is used.
        let outer = (self.scope, self.place);
        (self.scope, self.place) = (scope, Some(self.span(expr)));
        let annotation = self.read(value);
        (self.scope, self.place) = outer;
        annotation.map_err(|error| match error.code {
            Code::T002 if error.message == "this is not a type" => {
                self.unknown(expr, format!("`{}` is not a type", dotted(expr)))
            }
            _ => error,
        })
    }

    fn unknown_name(&self, expr: &ast::Expr) -> Diagnostic {
        let name = dotted(expr);
        let error = self.unknown(expr, format!("unknown type `{name}`"));
        let known = self.analyzer.scopes[self.scope].names.keys().copied();
        if let Some(near) = nearest(&name, known.chain(BUILTIN_NAMES.iter().copied())) {
            return error.help(format!("did you mean `{near}`?"));
        }
        if let Some(near) = SNEK_TYPES
            .iter()
            .find(|known| **known == name)
            .copied()
            .or_else(|| nearest(&name, SNEK_TYPES.iter().copied()))
        {
            return error.help(format!("`from snek import {near}` gives the type `{near}`"));
        }
        error
    }

    fn read_external(&mut self, expr: &ast::Expr, qualified: &str) -> Result<Annotation> {
        if let Some(ty) = scalar_type(qualified) {
            return Ok(Annotation::Type(ty));
        }
        let (module, name) = qualified.rsplit_once('.').unwrap_or(("", qualified));
        if self.analyzer.scopes[self.scope].library.is_some()
            && let Some(class) = Class::from_name(name)
        {
            return Ok(Annotation::Class(class));
        }
        match (module, name) {
            ("typing" | "snek", "NoReturn") | ("typing", "Never") => Ok(Annotation::Never),
            ("typing", "Final") => Ok(Annotation::Unspecified),
            ("snek", "Array1D" | "Array2D" | "Array3D" | "Array4D" | "Array") => Err(self
                .unknown(expr, format!("`{name}` needs the type of its elements"))
                .help(format!("write `{}`, for example", match name {
                    "Array" => "Array[f64, 2]".to_owned(),
                    _ => format!("{name}[f64]"),
                }))),
            ("numpy", "ndarray") | ("numpy.typing", "NDArray" | "ArrayLike") => Err(self
                .not_native(expr, format!("uses the type `{}`, which says neither what the elements are nor how many dimensions there are", dotted(expr)))
                .help("write `Array2D[f64]` (from snek), for example")),
            ("builtins", "tuple") | ("typing", "Tuple") => Err(self
                .not_native(expr, "uses the type `tuple` without its elements' types")
                .help("write `tuple[int, float]`, for example")),
            ("snek", _) => {
                let error = self.unknown(expr, format!("snek has no type `{name}`"));
                Err(match nearest(name, SNEK_TYPES.iter().copied()) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None => error,
                })
            }
            ("numpy", _) => {
                let names = Fixed::ALL.into_iter().map(Fixed::numpy_name);
                Err(match nearest(name, names) {
                    Some(near) if name.chars().any(|c| c.is_ascii_digit()) => self
                        .unknown(expr, format!("numpy has no scalar type `{name}` that snek knows"))
                        .help(format!("did you mean `numpy.{near}`?")),
                    _ => self.not_native(expr, format!("uses the type `numpy.{name}`")),
                })
            }
            ("jaxtyping", _) => Err(self
                .not_native(expr, format!("uses the type `{name}` of jaxtyping without an array and a shape"))
                .help("write `Float64[np.ndarray, \"n m\"]`, for example")),
            _ => Err(self.not_native(expr, format!("uses the type `{}`", dotted(expr)))),
        }
    }

    fn read_subscript(
        &mut self,
        expr: &ast::Expr,
        value: &ast::Expr,
        slice: &ast::Expr,
    ) -> Result<Annotation> {
        let arguments: &[ast::Expr] = match &slice.kind {
            ExprKind::Tuple { elts, .. } => elts,
            _ => std::slice::from_ref(slice),
        };
        let qualified = match self.analyzer.resolve_dotted(self.scope, value) {
            None => return Err(self.unknown_name(value)),
            Some(Reference::External(name)) => name,
            // `Image[...]` of an alias such as `Image = Array2D`, or a scalar alias `T[:, :]`.
            Some(
                Reference::Value {
                    scope,
                    value: alias,
                    ..
                }
                | Reference::TypeAlias(scope, alias),
            ) => match self.analyzer.resolve_dotted(scope, alias) {
                Some(Reference::External(name)) => name,
                _ => {
                    let name = dotted(value);
                    return Err(self.not_native(expr, format!("uses the generic type `{name}`")));
                }
            },
            Some(_) => {
                let name = dotted(value);
                return Err(self.not_native(expr, format!("uses the generic type `{name}`")));
            }
        };
        if let Some(ty) = scalar_type(&qualified) {
            return self.read_memoryview(expr, &ty, arguments);
        }
        let (module, name) = qualified.rsplit_once('.').unwrap_or(("", &qualified));
        match (module, name) {
            ("snek", "Array1D" | "Array2D" | "Array3D" | "Array4D") => {
                let [element] = arguments else {
                    return Err(self
                        .unknown(
                            expr,
                            format!("`{name}` takes one parameter, the type of its elements"),
                        )
                        .help(format!("write `{name}[f64]`, for example")));
                };
                let rank = name.as_bytes()[5] - b'0';
                let element = self.read_element(element)?;
                Ok(Annotation::Type(Type::Array { element, rank }))
            }
            ("snek", "Array") => {
                let [element, rank] = arguments else {
                    return Err(self
                        .unknown(expr, "`Array` takes two parameters: the type of its elements and the number of dimensions")
                        .help("write `Array[f64, 2]`, for example"));
                };
                let element = self.read_element(element)?;
                let rank = match &rank.kind {
                    ExprKind::Constant {
                        value: Constant::Int(rank @ 1..=4),
                    } => *rank as u8,
                    _ => {
                        return Err(self.unknown(rank, "the number of dimensions is 1, 2, 3 or 4"));
                    }
                };
                Ok(Annotation::Type(Type::Array { element, rank }))
            }
            ("numpy.typing", "NDArray") => {
                let [element] = arguments else {
                    return Err(self.unknown(
                        expr,
                        "`NDArray` takes one parameter, the type of its elements",
                    ));
                };
                Ok(Annotation::AnyRank(self.read_element(element)?))
            }
            ("numpy", "ndarray") => self.read_ndarray(expr, arguments),
            ("builtins", "tuple") | ("typing", "Tuple") => self.read_tuple(expr, arguments),
            ("typing", "Final" | "ClassVar") => match arguments {
                [inner] => self.read(inner),
                _ => Err(self.unknown(expr, format!("`{name}` takes one parameter"))),
            },
            ("typing", "Annotated") => self.read_annotated(expr, arguments),
            ("jaxtyping", _) => self.read_jaxtyping(expr, name, arguments),
            _ => Err(self.not_native(expr, format!("uses the type `{}`", dotted(value)))),
        }
    }

    fn read_element(&mut self, expr: &ast::Expr) -> Result<Element> {
        let ty = self.read_type(expr)?;
        self.element(expr, &ty)
    }

    /// NumPy reads Python's scalar types as dtypes of 64 bits, too.
    fn element(&self, expr: &ast::Expr, ty: &Type) -> Result<Element> {
        Ok(match ty {
            Type::Bool => Element::Bool,
            Type::Int => Element::Fixed(Fixed::I64),
            Type::Float => Element::Fixed(Fixed::F64),
            Type::Complex => Element::Fixed(Fixed::C128),
            Type::Fixed(fixed) => Element::Fixed(*fixed),
            other => {
                return Err(self
                    .unknown(expr, format!("arrays cannot hold `{other}`"))
                    .help("the elements are `bool`, i8 to i64, u8 to u64, f32, f64, c64 or c128"));
            }
        })
    }

    /// `f64[:, :]`, and `f64[:, ::1]`, whose promise of contiguity needs no keeping: both layouts are compiled.
    fn read_memoryview(
        &mut self,
        expr: &ast::Expr,
        ty: &Type,
        arguments: &[ast::Expr],
    ) -> Result<Annotation> {
        let is_dimension = |argument: &ast::Expr| match &argument.kind {
            ExprKind::Slice {
                lower: None,
                upper: None,
                step,
            } => match step.as_deref() {
                None => true,
                Some(step) => matches!(
                    &step.kind,
                    ExprKind::Constant {
                        value: Constant::Int(1)
                    }
                ),
            },
            _ => false,
        };
        if !arguments.iter().all(is_dimension) {
            return Err(self
                .unknown(expr, format!("`{ty}` takes one `:` for each dimension"))
                .help(format!(
                    "write `{ty}[:, :]` or `Array2D[{ty}]`, for example"
                )));
        }
        let element = self.element(expr, ty)?;
        self.array(expr, element, arguments.len())
    }

    fn array(&self, expr: &ast::Expr, element: Element, rank: usize) -> Result<Annotation> {
        match u8::try_from(rank) {
            Ok(rank @ 1..=4) => Ok(Annotation::Type(Type::Array { element, rank })),
            _ => Err(self.not_native(
                expr,
                format!("uses an array of {rank} dimensions, where 1 to 4 are native"),
            )),
        }
    }

    /// `ndarray[tuple[int, int], dtype[float64]]`, `ndarray[Any, dtype[float64]]`.
    fn read_ndarray(&mut self, expr: &ast::Expr, arguments: &[ast::Expr]) -> Result<Annotation> {
        let [shape, dtype] = arguments else {
            return Err(self
                .unknown(
                    expr,
                    "`ndarray` takes two parameters: the shape and the dtype",
                )
                .help("write `Array2D[f64]` (from snek), for example"));
        };
        let ExprKind::Subscript { value, slice, .. } = &dtype.kind else {
            return Err(self.unknown(dtype, "the dtype is written `numpy.dtype[numpy.float64]`"));
        };
        match self.analyzer.resolve_dotted(self.scope, value) {
            Some(Reference::External(name)) if name == "numpy.dtype" => {}
            _ => {
                return Err(
                    self.unknown(dtype, "the dtype is written `numpy.dtype[numpy.float64]`")
                );
            }
        }
        let element = self.read_element(slice)?;
        if let ExprKind::Subscript { value, slice, .. } = &shape.kind
            && let Some(Reference::External(name)) = self.analyzer.resolve_dotted(self.scope, value)
            && matches!(name.as_str(), "builtins.tuple" | "typing.Tuple")
        {
            return match &slice.kind {
                ExprKind::Tuple { elts, .. } => match &elts[..] {
                    [_, rest] if is_ellipsis(rest) => Ok(Annotation::AnyRank(element)),
                    extents => self.array(expr, element, extents.len()),
                },
                _ => self.array(expr, element, 1),
            };
        }
        Ok(Annotation::AnyRank(element))
    }

    fn read_tuple(&mut self, expr: &ast::Expr, arguments: &[ast::Expr]) -> Result<Annotation> {
        if arguments.iter().any(is_ellipsis) {
            return Err(self
                .not_native(expr, "uses a tuple of unknown length")
                .help("write the type of each element: `tuple[int, int, int]`"));
        }
        let items = arguments
            .iter()
            .map(|argument| self.read_type(argument))
            .collect::<Result<Vec<_>>>()?;
        Ok(Annotation::Type(Type::Tuple(items)))
    }

    /// `Annotated[T, ...]`; a string beside an array is its shape in jaxtyping's notation.
    fn read_annotated(&mut self, expr: &ast::Expr, arguments: &[ast::Expr]) -> Result<Annotation> {
        let [inner, metadata @ ..] = arguments else {
            return Err(self.unknown(expr, "`Annotated` needs a type"));
        };
        let annotation = self.read(inner)?;
        let text = metadata.iter().find_map(|item| match &item.kind {
            ExprKind::Constant {
                value: Constant::Str(text),
            } => Some((item, text)),
            _ => None,
        });
        match (annotation, text) {
            (Annotation::Type(ty @ Type::Array { .. }), Some((item, text))) => {
                let Type::Array { element, rank } = ty else {
                    unreachable!("matched above")
                };
                let extents = self.read_shape(item, text)?;
                if extents.len() != usize::from(rank) {
                    return Err(self.unknown(
                        item,
                        format!(
                            "the shape `{text}` has {} dimensions, `{ty}` has {rank}",
                            extents.len()
                        ),
                    ));
                }
                Ok(Annotation::Shaped(Type::Array { element, rank }, extents))
            }
            (Annotation::AnyRank(element), Some((item, text))) => {
                self.shaped(expr, item, element, text)
            }
            (annotation, _) => Ok(annotation),
        }
    }

    fn read_jaxtyping(
        &mut self,
        expr: &ast::Expr,
        name: &str,
        arguments: &[ast::Expr],
    ) -> Result<Annotation> {
        let element = match name {
            "Bool" => Element::Bool,
            _ => match Fixed::from_numpy_name(&name.replace("UInt", "uint").to_ascii_lowercase()) {
                // `Float`, `Int` and such stand for several widths.
                Some(fixed) if name.ends_with(|c: char| c.is_ascii_digit()) => {
                    Element::Fixed(fixed)
                }
                _ => {
                    return Err(self
                        .not_native(
                            expr,
                            format!("uses `{name}` of jaxtyping, which stands for several types"),
                        )
                        .help("name the width, as `Float64` does"));
                }
            },
        };
        match arguments {
            [_, shape] => match &shape.kind {
                ExprKind::Constant {
                    value: Constant::Str(text),
                } => self.shaped(expr, shape, element, text),
                _ => Err(self.unknown(shape, "the shape is a string such as \"n m\"")),
            },
            _ => Err(self
                .unknown(expr, format!("`{name}` takes an array type and a shape"))
                .help(format!("write `{name}[np.ndarray, \"n m\"]`, for example"))),
        }
    }

    fn shaped(
        &self,
        expr: &ast::Expr,
        place: &ast::Expr,
        element: Element,
        text: &str,
    ) -> Result<Annotation> {
        let extents = self.read_shape(place, text)?;
        match self.array(expr, element, extents.len())? {
            Annotation::Type(ty) => Ok(Annotation::Shaped(ty, extents)),
            other => Ok(other),
        }
    }

    fn read_shape(&self, place: &ast::Expr, text: &str) -> Result<Vec<Extent>> {
        text.split_whitespace()
            .map(|word| {
                if let Ok(number) = word.parse::<i64>() {
                    return Ok(Extent::Fixed(number));
                }
                // `name=3` documents a number; `_name` and `?name` say nothing.
                if let Some((_, number)) = word.split_once('=')
                    && let Ok(number) = number.parse::<i64>()
                {
                    return Ok(Extent::Fixed(number));
                }
                if word.starts_with('_') {
                    return Ok(Extent::Any);
                }
                let is_name = word.starts_with(|c: char| c.is_alphabetic())
                    && word.chars().all(|c| c.is_alphanumeric() || c == '_');
                if is_name {
                    return Ok(Extent::Symbol(word.to_owned()));
                }
                Err(self
                    .not_native(
                        place,
                        format!("uses the shape `{text}`, where `{word}` is no plain extent"),
                    )
                    .help("native code knows names and numbers: \"n m\", \"3 n\", \"_ n\""))
            })
            .collect()
    }
}

/// What snek exports as types.
const SNEK_TYPES: &[&str] = &[
    "Array", "Array1D", "Array2D", "Array3D", "Array4D", "i8", "i16", "i32", "i64", "u8", "u16",
    "u32", "u64", "f32", "f64", "c64", "c128",
];

fn is_ellipsis(expr: &ast::Expr) -> bool {
    matches!(
        expr.kind,
        ExprKind::Constant {
            value: Constant::Ellipsis
        }
    )
}

/// A dotted name as written, for messages.
pub(crate) fn dotted(expr: &ast::Expr) -> String {
    match &expr.kind {
        ExprKind::Name { id, .. } => id.clone(),
        ExprKind::Attribute { value, attr, .. } => format!("{}.{}", dotted(value), attr.name),
        ExprKind::Call { func, .. } => format!("{}()", dotted(func)),
        ExprKind::Subscript { value, .. } => format!("{}[...]", dotted(value)),
        _ => "...".to_owned(),
    }
}

/// The modules of the standard library, for suggestions.
pub(crate) fn is_library_module(name: &str) -> bool {
    Library::has(&name.replace('.', "/"))
}
