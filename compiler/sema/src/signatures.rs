//! Parameters and result of a `def`, read once: kinds, declared types, constant defaults, symbolic extents.
//!
//! Must never look into bodies.

use std::rc::Rc;

use snek_diagnostics::{Code, Diagnostic, Span};
use snek_syntax::ast::{self, ExprKind, ParameterKind};

use crate::analyzer::{Analyzer, DefId, Reference};
use crate::annotations::{Annotation, Class, Extent, dotted};
use crate::constants::Value;
use crate::hir::{Element, Type};

/// What a parameter accepts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ParamType {
    /// Values of, or that convert to, this type.
    Declared(Type),
    /// Anything: the function is specialised.
    Any,
    /// Types of a class: the function is specialised.
    Class(Class),
    /// Arrays of this element: the function is specialised by rank.
    AnyRank(Element),
    /// The annotation is wrong or not native.
    Bad,
}

/// A parameter.
pub(crate) struct Param<'a> {
    pub name: &'a str,
    pub span: Span,
    pub kind: ParameterKind,
    pub annotated: bool,
    pub ty: ParamType,
    pub default: Option<Default<'a>>,
    /// What is said of its extents.
    pub extents: Vec<Extent>,
}

/// A default value.
pub(crate) struct Default<'a> {
    pub expr: &'a ast::Expr,
    /// `None` if it is known only at run time.
    pub value: Option<Value>,
}

/// What is declared of the result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Returns {
    /// This type.
    Declared(Type),
    /// Nothing: it is inferred.
    Inferred,
    /// That there is none.
    Never,
    /// The annotation is wrong or not native.
    Bad,
}

/// Parameters and result of a `def`.
pub(crate) struct Signature<'a> {
    pub params: Vec<Param<'a>>,
    pub returns: Returns,
    /// What is wrong with the annotations.
    pub problems: Vec<Diagnostic>,
    /// `@native`, `@parallel`: must be native.
    pub demanded: Option<&'static str>,
    /// `@parallel`
    pub parallel: bool,
    /// Not `@parallel(auto=False)`
    pub auto: bool,
    /// `@native(strict_math=True)`
    pub strict_math: bool,
    /// `@native(fastmath=True)`
    pub fastmath: bool,
    /// `@intrinsic("name")` of the standard library.
    pub intrinsic: Option<&'a str>,
}

impl<'a> Analyzer<'a> {
    /// The signature of a definition.
    pub fn signature(&mut self, def: DefId) -> Rc<Signature<'a>> {
        if let Some(signature) = &self.defs[def].signature {
            return Rc::clone(signature);
        }
        let signature = Rc::new(self.read_signature(def));
        self.defs[def].signature = Some(Rc::clone(&signature));
        signature
    }

    fn read_signature(&mut self, def: DefId) -> Signature<'a> {
        let (scope, ast) = (self.defs[def].scope, self.defs[def].ast);
        let mut signature = Signature {
            params: Vec::new(),
            returns: Returns::Inferred,
            problems: Vec::new(),
            demanded: None,
            parallel: false,
            auto: true,
            strict_math: false,
            fastmath: false,
            intrinsic: None,
        };
        let is_library = self.scopes[scope].library.is_some();
        for decorator in &ast.decorator_list {
            self.read_decorator(def, decorator, &mut signature);
        }
        if ast.is_async {
            let problem = Diagnostic::error(Code::N001, ast.name.span, "is a coroutine");
            signature.problems.push(problem);
        }
        if let Some(first) = ast.type_params.first() {
            let problem = Diagnostic::error(Code::N001, first.span, "has type parameters")
                .help("leave the annotation out: unannotated helpers are specialised where they are called");
            signature.problems.push(problem);
        }
        for (kind, arg, default) in ast.args.iter() {
            let stars = match kind {
                ParameterKind::VarPositional => "*",
                ParameterKind::VarKeyword => "**",
                _ => "",
            };
            let is_known = is_library && kind == ParameterKind::VarPositional;
            if !stars.is_empty() && !is_known {
                let message = format!("has the parameter `{stars}{}`", arg.arg.name);
                let problem = Diagnostic::error(Code::N001, arg.span, message);
                signature.problems.push(problem);
            }
            let mut param = Param {
                name: &arg.arg.name,
                span: arg.span,
                kind,
                annotated: arg.annotation.is_some(),
                ty: ParamType::Any,
                default: None,
                extents: Vec::new(),
            };
            if let Some(annotation) = &arg.annotation {
                match self.annotation(scope, annotation) {
                    Ok(Annotation::Type(ty)) => param.ty = ParamType::Declared(ty),
                    Ok(Annotation::Shaped(ty, extents)) => {
                        param.ty = ParamType::Declared(ty);
                        param.extents = extents;
                    }
                    Ok(Annotation::AnyRank(element)) => param.ty = ParamType::AnyRank(element),
                    Ok(Annotation::Class(class)) => param.ty = ParamType::Class(class),
                    Ok(Annotation::Never | Annotation::Unspecified) => {
                        let message =
                            format!("`{}` cannot be the type of a parameter", dotted(annotation));
                        let problem = Diagnostic::error(Code::T002, annotation.span, message);
                        signature.problems.push(problem);
                        param.ty = ParamType::Bad;
                    }
                    Err(problem) => {
                        signature
                            .problems
                            .push(in_parameter(problem, &arg.arg.name));
                        param.ty = ParamType::Bad;
                    }
                }
            }
            if let Some(expr) = default {
                let value = self.constant(scope, expr);
                let value = match (&value, &param.ty) {
                    (Some(value), ParamType::Declared(ty)) => {
                        let kept = value.keep_as(ty);
                        if kept.is_none() {
                            let message = format!(
                                "the default of `{}` is `{}`, declared is `{ty}`",
                                arg.arg.name,
                                value.ty()
                            );
                            let problem = Diagnostic::error(Code::T005, expr.span, message);
                            signature.problems.push(problem);
                        }
                        kept
                    }
                    _ => value,
                };
                param.default = Some(Default { expr, value });
            }
            signature.params.push(param);
        }
        if let Some(annotation) = &ast.returns {
            signature.returns = match self.annotation(scope, annotation) {
                Ok(Annotation::Type(ty) | Annotation::Shaped(ty, _)) => Returns::Declared(ty),
                Ok(Annotation::Never) => Returns::Never,
                Ok(Annotation::Unspecified | Annotation::Class(_)) => Returns::Inferred,
                Ok(Annotation::AnyRank(_)) => Returns::Inferred,
                Err(mut problem) => {
                    if problem.code == Code::N001 {
                        problem.message = problem.message.replacen("uses", "returns", 1);
                    }
                    signature.problems.push(problem);
                    Returns::Bad
                }
            };
        }
        signature
    }

    fn read_decorator(
        &mut self,
        def: DefId,
        decorator: &'a ast::Expr,
        signature: &mut Signature<'a>,
    ) {
        let scope = self.defs[def].scope;
        type Arguments<'a> = (&'a [ast::Expr], &'a [ast::Keyword]);
        let (callee, (args, keywords)): (&ast::Expr, Arguments<'_>) = match &decorator.kind {
            ExprKind::Call {
                func,
                args,
                keywords,
            } => (func, (args, keywords)),
            _ => (decorator, (&[], &[])),
        };
        let name = match self.resolve_dotted(scope, callee) {
            Some(Reference::External(name)) => name,
            _ => String::new(),
        };
        if matches!(name.as_str(), "snek.native" | "snek.parallel") {
            for keyword in keywords {
                read_option(keyword, name == "snek.parallel", signature);
            }
        }
        match (name.as_str(), args) {
            ("snek.native", []) => signature.demanded = signature.demanded.or(Some("@native")),
            ("snek.parallel", []) => {
                signature.demanded = Some("@parallel");
                signature.parallel = true;
            }
            ("snek.overload", []) if self.scopes[scope].library.is_some() => {}
            ("snek.intrinsic", [argument]) if self.scopes[scope].library.is_some() => {
                if let ExprKind::Constant {
                    value: ast::Constant::Str(name),
                } = &argument.kind
                {
                    signature.intrinsic = Some(name);
                }
            }
            _ => {
                let message = format!("is decorated with `{}`", dotted(decorator));
                let problem = Diagnostic::error(Code::N001, decorator.span, message);
                signature.problems.push(problem);
            }
        }
    }

    /// Whether a decorator is one of snek's that demand native code.
    pub fn demands_native(&self, decorator: &ast::Expr) -> Option<&'static str> {
        let callee = match &decorator.kind {
            ExprKind::Call { func, .. } => func,
            _ => decorator,
        };
        match self.resolve_dotted(Self::USER, callee)? {
            Reference::External(name) if name == "snek.native" => Some("@native"),
            Reference::External(name) if name == "snek.parallel" => Some("@parallel"),
            _ => None,
        }
    }
}

/// `strict_math=True`, `fastmath=True`, and `auto=False` of `@parallel`.
fn read_option(keyword: &ast::Keyword, is_parallel: bool, signature: &mut Signature<'_>) {
    let name = keyword.arg.as_ref().map_or("**", |name| name.name.as_str());
    let option = match name {
        "strict_math" => &mut signature.strict_math,
        "fastmath" => &mut signature.fastmath,
        "auto" if is_parallel => &mut signature.auto,
        _ => {
            let message = format!("there is no option `{name}`");
            let problem = Diagnostic::error(Code::T003, keyword.span, message);
            let help = match is_parallel {
                true => "the options are: `auto`, `strict_math`, `fastmath`",
                false => "the options are: `strict_math`, `fastmath`",
            };
            signature.problems.push(problem.help(help));
            return;
        }
    };
    match &keyword.value.kind {
        ExprKind::Constant {
            value: ast::Constant::Bool(value),
        } => *option = *value,
        _ => {
            let message = format!("`{name}` must be known when the function is compiled");
            let problem = Diagnostic::error(Code::T003, keyword.value.span, message);
            signature
                .problems
                .push(problem.help("write `True` or `False`"));
        }
    }
}

/// Whether a type holds an array.
pub(crate) fn has_array(ty: &Type) -> bool {
    match ty {
        Type::Array { .. } => true,
        Type::Tuple(items) => items.iter().any(has_array),
        _ => false,
    }
}

/// "uses the type `str`" of a parameter.
fn in_parameter(mut problem: Diagnostic, name: &str) -> Diagnostic {
    if problem.code == Code::N001 {
        problem.message = match problem.message.strip_prefix("uses ") {
            Some(rest) => {
                let rest = rest.trim_end_matches(" as a type");
                format!("has the parameter `{name}`, which is {}", article(rest))
            }
            None => problem.message,
        };
    }
    problem
}

/// "the type `str`" reads "of the type `str`".
fn article(rest: &str) -> String {
    if rest.starts_with("the type") || rest.starts_with("the class") || rest.starts_with("a union")
    {
        format!("of {rest}")
    } else {
        rest.to_owned()
    }
}
