//! What the standard library cannot say in Python: constructors, variadic functions, attributes of values.
//!
//! Everything else is a file of `stdlib/`. Must never list what such a file defines.

use snek_diagnostics::{Code, Diagnostic, Span};
use snek_syntax::ast::{self, ExprKind as E, Operator};

use crate::analyzer::{Reference, scalar_type};
use crate::annotations::dotted;
use crate::calls::Arguments;
use crate::constants;
use crate::hir::{BinaryOp, Const, Element, ExprId, ExprKind, Fixed, Type};
use crate::infer::Infer;
use crate::suggestions::nearest;

impl<'a> Infer<'_, 'a> {
    /// A call of something of another module, by its qualified name.
    pub fn call_external(
        &mut self,
        expr: &'a ast::Expr,
        qualified: &str,
        func: &'a ast::Expr,
        args: &'a [ast::Expr],
        keywords: &'a [ast::Keyword],
    ) -> ExprId {
        let span = expr.span;
        if let Some(ty) = scalar_type(qualified) {
            return self.construct(&ty, span, args, keywords);
        }
        if qualified == "typing.reveal_type" {
            return self.reveal(span, args);
        }
        let (module, name) = qualified.rsplit_once('.').unwrap_or(("", qualified));
        match (module, name) {
            ("builtins", "len" | "min" | "max" | "sum" | "any" | "all") => {
                if let Some(bad) = args
                    .iter()
                    .find(|arg| matches!(arg.kind, E::GeneratorExp { .. } | E::ListComp { .. }))
                {
                    return self.expr(bad);
                }
                if let ("len" | "sum", [argument], []) = (name, args, keywords)
                    && let Some(bounds) = self.range_bounds(argument)
                {
                    return self.call_library("builtins/range", name, bounds, span);
                }
                let Some(arguments) = self.arguments(args, keywords) else {
                    return self.silent_poison(span);
                };
                return self.variadic(name, arguments, span, func.span);
            }
            ("snek", "join") => return self.tasks(expr, args, keywords),
            ("builtins", "range" | "enumerate" | "zip" | "reversed") | ("snek", "prange") => {
                return self.not_native(span, format!("uses `{name}` outside of a `for`"));
            }
            (
                "snek.atomic",
                "add" | "sub" | "min" | "max" | "and_" | "or_" | "xor" | "exchange"
                | "compare_exchange",
            ) => {
                let Some(arguments) = self.arguments(args, keywords) else {
                    return self.silent_poison(span);
                };
                return self.atomic(name, &arguments.positional, arguments.named.first(), span);
            }
            ("builtins", "print") => {
                return self.not_native(span, "uses the result of `print`");
            }
            _ => {}
        }
        match self.an.in_library(qualified) {
            Some(Reference::Functions(defs)) => {
                let Some(arguments) = self.arguments(args, keywords) else {
                    return self.silent_poison(span);
                };
                self.call_defs(&defs, arguments, span, func.span)
            }
            Some(_) => {
                let message = format!("`{}` is a number, not a function", dotted(func));
                self.poison(Diagnostic::error(Code::T009, func.span, message))
            }
            None => self.unknown_external(module, name, func),
        }
    }

    /// `snek.atomic.NAME(array, index..., value)`.
    fn atomic(
        &mut self,
        name: &str,
        args: &[ExprId],
        named: Option<&(&'a str, Span, ExprId)>,
        span: Span,
    ) -> ExprId {
        let wrong = |message: String| Diagnostic::error(Code::T003, span, message);
        if let Some((word, at, _)) = named {
            let message = format!("{name}() got an unexpected keyword argument '{word}'");
            return self.poison(Diagnostic::error(Code::T003, *at, message));
        }
        let count = if name == "compare_exchange" { 2 } else { 1 };
        let usage = match count {
            2 => format!("`atomic.{name}(array, index, expected, value)`"),
            _ => format!("`atomic.{name}(array, index, value)`"),
        };
        let Some((array, rest)) = args.split_first() else {
            return self.poison(wrong(format!("{name}() needs an array: {usage}")));
        };
        let Type::Array { element, rank } = self.ty(*array).clone() else {
            let ty = self.ty(*array).clone();
            let message = format!("{name}() works on elements of arrays, and this is `{ty}`");
            return self.poison(wrong(message).help(usage));
        };
        if rest.len() != usize::from(rank) + count {
            let message = format!(
                "{name}() of a {rank}-d array takes {} arguments behind it, not {}",
                usize::from(rank) + count,
                rest.len()
            );
            return self.poison(wrong(message).help(format!("{usage}, one index per dimension")));
        }
        let legal = match element {
            Element::Bool => !matches!(name, "add" | "sub" | "min" | "max"),
            Element::Fixed(fixed) if fixed.is_complex() => false,
            Element::Fixed(fixed) if fixed.is_float() => !matches!(name, "and_" | "or_" | "xor"),
            Element::Fixed(_) => true,
        };
        let ty = element.value_type();
        if !legal {
            return self.poison(wrong(format!(
                "{name}() does not work on elements of `{ty}`"
            )));
        }
        let (indices, values) = rest.split_at(usize::from(rank));
        let mut all = vec![*array];
        for index in indices {
            all.push(self.index(*index, "an index"));
        }
        for value in values {
            all.push(self.coerce_element(*value, element));
        }
        if all.iter().any(|value| self.is_poison(*value)) {
            return self.silent_poison(span);
        }
        let name = format!("atomic.{}", name.trim_end_matches('_'));
        self.push(ExprKind::Intrinsic { name, args: all }, ty, span)
    }

    /// Start, stop and step of a `range(...)` that is no loop's.
    fn range_bounds(&mut self, expr: &'a ast::Expr) -> Option<Vec<ExprId>> {
        let E::Call { args, keywords, .. } = &expr.kind else {
            return None;
        };
        if self.callee(expr)? != "builtins.range" || !keywords.is_empty() {
            return None;
        }
        let arguments = self.arguments(args, keywords)?.positional;
        let mut values: Vec<ExprId> = arguments
            .into_iter()
            .map(|value| self.index(value, "an argument of `range`"))
            .collect();
        if values.len() == 1 {
            values.insert(0, self.int(0, expr.span));
        }
        if values.len() == 2 {
            values.push(self.int(1, expr.span));
        }
        (values.len() == 3).then_some(values)
    }

    /// Something of another module that native code does not know.
    pub fn unknown_external(&mut self, module: &str, name: &str, expr: &ast::Expr) -> ExprId {
        let span = expr.span;
        if module == "builtins" {
            return self.not_native(span, format!("uses `{name}`"));
        }
        if crate::annotations::is_library_module(module) {
            let near = self.an.library_scope(module).and_then(|scope| {
                let names = self.an.scopes[scope].names.keys().copied();
                nearest(name, names.filter(|known| !known.starts_with('_'))).map(str::to_owned)
            });
            return match near {
                Some(near) => {
                    let message = format!("`{module}` has nothing named `{name}` that is native");
                    self.poison(
                        Diagnostic::error(Code::T006, span, message)
                            .help(format!("did you mean `{module}.{near}`?")),
                    )
                }
                None => self.not_native(span, format!("uses `{module}.{name}`")),
            };
        }
        match module {
            "numpy" | "snek" => self.not_native(span, format!("uses `{module}.{name}`")),
            _ => self.not_native(
                span,
                format!("uses `{}`, which is imported from `{module}`", dotted(expr)),
            ),
        }
    }

    /// `u8(x)`, `int(x)`, `complex(a, b)`.
    fn construct(
        &mut self,
        ty: &Type,
        span: Span,
        args: &'a [ast::Expr],
        keywords: &'a [ast::Keyword],
    ) -> ExprId {
        if let Some(keyword) = keywords.first() {
            return self.not_native(
                keyword.span,
                format!("calls `{ty}` with a keyword argument"),
            );
        }
        // `int(a ** b)` needs no type for `a ** b` alone.
        if let ([argument], Type::Int | Type::Float) = (args, ty)
            && let E::BinOp {
                left,
                op: Operator::Pow,
                right,
            } = &argument.kind
        {
            let (base, exponent) = (self.expr(left), self.expr(right));
            let is_int = |ty: &Type| matches!(ty, Type::Int | Type::Bool);
            if is_int(self.ty(base)) && is_int(self.ty(exponent)) && !self.is_nonnegative(exponent)
            {
                let name = if *ty == Type::Int {
                    "pow_to_int"
                } else {
                    "pow_to_float"
                };
                return self.call_library("builtins/pow", name, vec![base, exponent], span);
            }
            let power = self.binary(Operator::Pow, base, exponent, argument.span);
            return self.construct_from(ty, power, span);
        }
        let Some(arguments) = self.arguments(args, keywords) else {
            return self.silent_poison(span);
        };
        match &arguments.positional[..] {
            [] => {
                let zero =
                    constants::convert(&Const::Bool(false), ty).unwrap_or(Const::Bool(false));
                self.constant(ty.clone(), zero, span)
            }
            [value] => self.construct_from(ty, *value, span),
            [re, im]
                if *ty == Type::Complex && self.ty(*re).is_real() && self.ty(*im).is_real() =>
            {
                let re = self.convert_raw(*re, &Type::Float, false);
                let im = self.convert_raw(*im, &Type::Float, false);
                let kind = ExprKind::Intrinsic {
                    name: "op.complex".to_owned(),
                    args: vec![re, im],
                };
                self.push(kind, Type::Complex, span)
            }
            more => {
                let count = more.len();
                self.not_native(span, format!("calls `{ty}` with {count} arguments"))
            }
        }
    }

    fn construct_from(&mut self, target: &Type, value: ExprId, span: Span) -> ExprId {
        let ty = self.ty(value).clone();
        if let Some(Const::Str(text)) = self.const_of(value) {
            if *target == Type::Float
                && let Some(number) = constants::parse_float(text)
            {
                return self.constant(Type::Float, Const::Float(number), span);
            }
            return self.not_native(span, format!("makes `{target}` of a string"));
        }
        match (&ty, target) {
            (Type::Never, _) => self.silent_poison(span),
            (ty, target) if ty == target => value,
            (ty, Type::Bool) if ty.is_scalar() || matches!(ty, Type::Tuple(_)) => self.truth(value),
            // Out of range is an error for `int`s; NumPy's own scalars wrap.
            (Type::Int, Type::Fixed(fixed)) if fixed.is_integer() => {
                self.convert_weak(value, target)
            }
            (Type::Float, Type::Fixed(fixed)) if fixed.is_integer() => {
                let int = self.convert_raw(value, &Type::Int, true);
                self.convert_weak(int, target)
            }
            (Type::Fixed(fixed), Type::Int) if fixed.is_integer() => {
                self.convert_raw(value, target, *fixed == Fixed::U64)
            }
            (Type::Float, Type::Int) | (Type::Fixed(Fixed::F32 | Fixed::F64), Type::Int) => {
                self.convert_raw(value, target, true)
            }
            (ty, _) if ty.is_real() => self.convert_raw(value, target, false),
            (ty, Type::Complex | Type::Fixed(Fixed::C64 | Fixed::C128)) if ty.is_scalar() => {
                self.convert_raw(value, target, false)
            }
            (ty, _) if ty.is_scalar() => {
                let message = format!("`{target}()` does not take `{ty}`");
                self.poison(
                    Diagnostic::error(Code::T004, span, message)
                        .help("write `x.real`, for example"),
                )
            }
            _ => self.not_native(span, format!("calls `{target}` with `{ty}`")),
        }
    }

    /// Builtins of any number of arguments of any type.
    fn variadic(
        &mut self,
        name: &str,
        arguments: Arguments<'a>,
        span: Span,
        callee: Span,
    ) -> ExprId {
        if let Some((keyword, at, _)) = arguments.named.first() {
            return self.not_native(*at, format!("calls `{name}` with the argument `{keyword}`"));
        }
        let values = arguments.positional;
        match (name, &values[..]) {
            ("len", [value]) => self.len(*value, span),
            ("len", other) => {
                let count = other.len();
                let message = format!("len() takes exactly one argument ({count} given)");
                self.poison(Diagnostic::error(Code::T003, span, message))
            }
            (_, []) => {
                let message = match name {
                    "sum" => "sum() takes at least 1 positional argument (0 given)".to_owned(),
                    "min" | "max" => format!("{name} expected at least 1 argument, got 0"),
                    _ => format!("{name}() takes exactly one argument (0 given)"),
                };
                self.poison(Diagnostic::error(Code::T003, span, message))
            }
            ("min" | "max", [value]) => match self.ty(*value).clone() {
                Type::Tuple(types) if !types.is_empty() => {
                    let items = self.fields(*value, types.len(), span);
                    self.fold_least(name, items, span)
                }
                _ => self.whole(name, *value, span, callee),
            },
            ("min" | "max", _) => self.fold_least(name, values, span),
            ("sum", [value]) | ("sum", [value, _]) => match self.ty(*value).clone() {
                Type::Tuple(types) => {
                    let items = self.fields(*value, types.len(), span);
                    let mut total = match values.get(1) {
                        Some(start) => *start,
                        None => self.int(0, span),
                    };
                    for item in items {
                        total = self.binary(Operator::Add, total, item, span);
                    }
                    total
                }
                _ if values.len() == 2 => self.not_native(span, "calls `sum` with a start value"),
                _ => self.whole(name, *value, span, callee),
            },
            ("any" | "all", [value]) => match self.ty(*value).clone() {
                Type::Tuple(types) => {
                    let items = self.fields(*value, types.len(), span);
                    let is_any = name == "any";
                    let mut result = self.constant(Type::Bool, Const::Bool(!is_any), span);
                    for (i, item) in items.into_iter().enumerate() {
                        let truth = self.truth(item);
                        if self.is_poison(truth) {
                            return truth;
                        }
                        result = match (i, is_any) {
                            (0, _) => truth,
                            (_, true) => self.push(ExprKind::Or(result, truth), Type::Bool, span),
                            (_, false) => self.push(ExprKind::And(result, truth), Type::Bool, span),
                        };
                    }
                    result
                }
                _ => self.whole(name, *value, span, callee),
            },
            (_, other) => {
                let count = other.len();
                let message = format!("{name}() takes at most 2 arguments ({count} given)");
                self.poison(Diagnostic::error(Code::T003, span, message))
            }
        }
    }

    /// `min(a)` of an array, and such: the standard library's.
    fn whole(&mut self, name: &str, value: ExprId, span: Span, callee: Span) -> ExprId {
        match self.ty(value).clone() {
            Type::Array { rank: 1, .. } => {
                let found = self.an.in_library(&format!("builtins.{name}"));
                let Some(Reference::Functions(defs)) = found else {
                    return self.not_native(span, format!("uses `{name}`"));
                };
                let arguments = Arguments {
                    positional: vec![value],
                    named: Vec::new(),
                };
                self.call_defs(&defs, arguments, span, callee)
            }
            Type::Array { rank, .. } => self.not_native(
                span,
                format!("calls `{name}` with an array of {rank} dimensions"),
            ),
            ty => {
                let message = format!("`{ty}` cannot be iterated over");
                self.poison(Diagnostic::error(Code::T008, span, message))
            }
        }
    }

    /// The elements of a tuple that is evaluated once.
    pub fn fields(&mut self, tuple: ExprId, count: usize, span: Span) -> Vec<ExprId> {
        if let ExprKind::Tuple(items) = &self.exprs[tuple].kind {
            return items.clone();
        }
        let ty = self.ty(tuple).clone();
        let local = self.temporary(ty.clone());
        (0..count)
            .map(|i| {
                let part = if i == 0 {
                    let kind = ExprKind::Assign {
                        local,
                        value: tuple,
                    };
                    self.push(kind, ty.clone(), span)
                } else {
                    self.read(local, span)
                };
                self.field(part, i, span)
            })
            .collect()
    }

    /// `min(a, b, c)`: the first that no later one is less than.
    fn fold_least(&mut self, name: &str, values: Vec<ExprId>, span: Span) -> ExprId {
        let mut common = self.ty(values[0]).clone();
        for value in &values[1..] {
            let ty = self.ty(*value).clone();
            match common.join(&ty) {
                Some(joined) => common = joined,
                None => {
                    let message =
                        format!("`{name}` gives `{common}` or `{ty}`, depending on the values");
                    let first = self.exprs[values[0]].span;
                    let mut problem = Diagnostic::error(Code::T014, span, message)
                        .label(first, format!("`{}`", self.ty(values[0])))
                        .label(self.exprs[*value].span, format!("`{ty}`"));
                    problem = match (&common, &ty) {
                        (Type::Int, Type::Float) | (Type::Float, Type::Int) => {
                            problem.help("write the int as a float: `0.0`, or `float(...)`")
                        }
                        _ => problem.help(format!(
                            "convert one of them: `{common}(...)` or `{ty}(...)`"
                        )),
                    };
                    return self.poison(problem);
                }
            }
        }
        if !common.is_real() {
            if common.is_scalar() {
                let message =
                    format!("`{name}` does not take `{common}`: complex numbers have no order");
                return self.poison(Diagnostic::error(Code::T004, span, message));
            }
            return self.not_native(span, format!("calls `{name}` with `{common}`"));
        }
        let mut values = values.into_iter();
        let Some(first) = values.next() else {
            return self.silent_poison(span);
        };
        let mut least = self.convert_raw(first, &common, false);
        for value in values {
            let value = self.convert_raw(value, &common, false);
            least = self.call_library(&format!("builtins/{name}"), name, vec![least, value], span);
        }
        least
    }

    fn len(&mut self, value: ExprId, span: Span) -> ExprId {
        match self.ty(value).clone() {
            Type::Never => self.silent_poison(span),
            Type::Array { .. } => {
                let kind = ExprKind::Extent {
                    array: value,
                    axis: 0,
                };
                self.push(kind, Type::Int, span)
            }
            Type::Tuple(types) => self.int(types.len() as i64, span),
            Type::Str => match self.const_of(value) {
                Some(Const::Str(text)) => {
                    let count = text.chars().count() as i64;
                    self.int(count, span)
                }
                _ => self.silent_poison(span),
            },
            ty => {
                let message = format!("object of type '{ty}' has no len()");
                self.poison(Diagnostic::error(Code::T005, span, message))
            }
        }
    }

    /// `value.method(...)`.
    pub fn call_method(
        &mut self,
        expr: &'a ast::Expr,
        value: &'a ast::Expr,
        attr: &'a ast::Identifier,
        args: &'a [ast::Expr],
        keywords: &'a [ast::Keyword],
    ) -> ExprId {
        let receiver = self.expr(value);
        let ty = self.ty(receiver).clone();
        if ty == Type::Never {
            return self.silent_poison(expr.span);
        }
        let name = attr.name.as_str();
        match self.an.method(&ty, name) {
            Some(defs) => {
                let Some(mut arguments) = self.arguments(args, keywords) else {
                    return self.silent_poison(expr.span);
                };
                arguments.positional.insert(0, receiver);
                self.call_defs(&defs, arguments, expr.span, attr.span)
            }
            None => {
                let what = match ty {
                    Type::Str => "a string".to_owned(),
                    Type::Array { .. } => "an array".to_owned(),
                    other => format!("`{other}`"),
                };
                self.not_native(attr.span, format!("calls the method `{name}` of {what}"))
            }
        }
    }

    /// `value.attr`, not called.
    pub fn attribute(
        &mut self,
        expr: &'a ast::Expr,
        value: &'a ast::Expr,
        attr: &'a ast::Identifier,
    ) -> ExprId {
        if self.is_module_path(value) {
            return match self.an.resolve_dotted(self.scope, expr) {
                Some(reference) => self.module_value(reference, expr),
                None => self.not_native(expr.span, format!("uses `{}`", dotted(expr))),
            };
        }
        let base = self.expr(value);
        let span = expr.span;
        let name = attr.name.as_str();
        match (self.ty(base).clone(), name) {
            (Type::Never, _) => self.silent_poison(span),
            (Type::Array { rank, .. }, "ndim") => self.int(i64::from(rank), span),
            (Type::Array { rank, .. }, "shape") => {
                let extents = self.extents(base, rank, span);
                self.tuple(extents, span)
            }
            (Type::Array { rank, .. }, "size") => {
                let extents = self.extents(base, rank, span);
                self.product(extents, span)
            }
            (Type::Array { element, .. }, "itemsize") => self.int(element_size(element), span),
            (Type::Array { element, rank }, "nbytes") => {
                let mut factors = self.extents(base, rank, span);
                factors.push(self.int(element_size(element), span));
                self.product(factors, span)
            }
            (Type::Array { .. }, _) => {
                let known = ["ndim", "shape", "size", "itemsize", "nbytes"];
                match nearest(name, known) {
                    Some(near) => {
                        let message = format!("an array has no attribute `{name}` that is native");
                        self.poison(
                            Diagnostic::error(Code::T006, attr.span, message)
                                .help(format!("did you mean `{near}`?")),
                        )
                    }
                    None => self.not_native(
                        attr.span,
                        format!("uses the attribute `{name}` of an array"),
                    ),
                }
            }
            (ty, "real" | "imag") if ty.is_scalar() => self.part(base, &ty, name, span),
            (ty, _) => {
                let message = format!("`{ty}` has no attribute `{name}` that is native");
                if ty.is_scalar() && self.an.method(&ty, name).is_some() {
                    return self
                        .not_native(span, format!("uses the method `{name}` without calling it"));
                }
                self.poison(Diagnostic::error(Code::T006, attr.span, message))
            }
        }
    }

    fn extents(&mut self, array: ExprId, rank: u8, span: Span) -> Vec<ExprId> {
        let ty = self.ty(array).clone();
        // A plain variable may be named for each axis; anything else is evaluated once.
        let plain = match self.exprs[array].kind {
            ExprKind::Local {
                local,
                check_unbound: false,
            } => Some(local),
            _ => None,
        };
        let local = plain.unwrap_or_else(|| self.temporary(ty.clone()));
        (0..rank)
            .map(|axis| {
                let array = match (axis, plain) {
                    (0, Some(_)) => array,
                    (0, None) => {
                        let kind = ExprKind::Assign {
                            local,
                            value: array,
                        };
                        self.push(kind, ty.clone(), span)
                    }
                    _ => self.read(local, span),
                };
                self.push(ExprKind::Extent { array, axis }, Type::Int, span)
            })
            .collect()
    }

    fn product(&mut self, factors: Vec<ExprId>, span: Span) -> ExprId {
        let mut factors = factors.into_iter();
        let first = factors.next();
        let first = first.unwrap_or_else(|| self.int(1, span));
        factors.fold(first, |product, factor| {
            let kind = ExprKind::Binary(BinaryOp::Mul, product, factor);
            self.push(kind, Type::Int, span)
        })
    }

    /// `x.real`, `x.imag`.
    fn part(&mut self, value: ExprId, ty: &Type, name: &str, span: Span) -> ExprId {
        let part = match ty {
            Type::Complex => Some(Type::Float),
            Type::Fixed(fixed) => fixed.part().map(Type::Fixed),
            _ => None,
        };
        match part {
            Some(part) => {
                let kind = ExprKind::Intrinsic {
                    name: format!("op.{name}"),
                    args: vec![value],
                };
                self.push(kind, part, span)
            }
            None if name == "real" => match ty {
                Type::Bool => self.convert_raw(value, &Type::Int, false),
                _ => value,
            },
            None => {
                // The value is evaluated, and is what the type says.
                let ty = if *ty == Type::Bool {
                    Type::Int
                } else {
                    ty.clone()
                };
                let zero = constants::convert(&Const::Bool(false), &ty).unwrap_or(Const::Int(0));
                let zero = self.constant(ty, zero, span);
                let both = self.tuple(vec![value, zero], span);
                self.field(both, 1, span)
            }
        }
    }

    /// What a name of the module, or of another one, is worth.
    pub fn module_value(&mut self, reference: Reference<'a>, expr: &'a ast::Expr) -> ExprId {
        let span = expr.span;
        if let Some(value) = self.an.constant_reference(reference.clone(), 0) {
            return self.value(&value, span);
        }
        let name = dotted(expr);
        match reference {
            Reference::External(qualified) => {
                let (module, member) = qualified.rsplit_once('.').unwrap_or(("", &qualified));
                if self.an.in_library(&qualified).is_some() || scalar_type(&qualified).is_some() {
                    return self.not_native(span, format!("uses `{name}` as a value"));
                }
                self.unknown_external(module, member, expr)
            }
            Reference::Functions(_) => {
                self.not_native(span, format!("uses the function `{name}` as a value"))
            }
            Reference::Module(_) => {
                self.not_native(span, format!("uses the module `{name}` as a value"))
            }
            Reference::Class => self.not_native(span, format!("uses the class `{name}`")),
            Reference::Value { span: at, .. } => {
                let problem = Diagnostic::error(
                    Code::N001,
                    span,
                    format!(
                        "uses the module's variable `{name}`, whose value is known only at run time"
                    ),
                )
                .label(at, "assigned here")
                .help(format!(
                    "pass `{name}` as a parameter, or give it a constant value"
                ));
                self.poison(problem)
            }
            Reference::TypeAlias(..) => {
                self.not_native(span, format!("uses the type `{name}` as a value"))
            }
            Reference::Opaque { span: at, why } => {
                let problem = Diagnostic::error(
                    Code::N001,
                    span,
                    format!("uses the module's variable `{name}`, which {why}"),
                )
                .label(at, "here")
                .help(format!("pass `{name}` as a parameter"));
                self.poison(problem)
            }
        }
    }
}

const fn element_size(element: Element) -> i64 {
    match element {
        Element::Bool => 1,
        Element::Fixed(fixed) => (fixed.bits() / 8) as i64,
    }
}
