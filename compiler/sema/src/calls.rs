//! Calls: which arguments fill which parameters, which overload is meant, and the call itself.

use std::rc::Rc;

use snek_diagnostics::{Code, Diagnostic, Span};
use snek_syntax::ast::{self, ExprKind as E, ParameterKind};

use crate::analyzer::{DefId, Reference};
use crate::annotations::dotted;
use crate::env::Slot;
use crate::hir::{self, ExprId, ExprKind, Type};
use crate::infer::{Infer, ReductionCall, is_positional};
use crate::modules::ScopeId;
use crate::signatures::{ParamType, Returns, Signature};

/// Evaluated arguments of a call.
pub(crate) struct Arguments<'a> {
    pub positional: Vec<ExprId>,
    pub named: Vec<(&'a str, Span, ExprId)>,
}

/// What fills a parameter.
enum Filled {
    Argument(ExprId),
    Default,
    Rest(Vec<ExprId>),
}

impl<'a> Infer<'_, 'a> {
    /// A call expression.
    pub fn call(
        &mut self,
        expr: &'a ast::Expr,
        func: &'a ast::Expr,
        args: &'a [ast::Expr],
        keywords: &'a [ast::Keyword],
    ) -> ExprId {
        let span = expr.span;
        if let E::Name { id, .. } = &func.kind
            && let Some(name) = self.name_ids.get(id.as_str()).copied()
        {
            return match self.env.slots[name] {
                Slot::Poisoned => self.silent_poison(span),
                _ => self.not_native(span, format!("calls the variable `{id}`")),
            };
        }
        if let E::Attribute { value, attr, .. } = &func.kind
            && (!self.is_module_path(value))
        {
            return self.call_method(expr, value, attr, args, keywords);
        }
        let Some(reference) = self.an.resolve_dotted(self.scope, func) else {
            let name = dotted(func);
            return match &func.kind {
                E::Name { id, .. } if id == "reveal_type" => self.reveal(span, args),
                E::Name { .. } => self.unknown_name(func, &name),
                _ => self.not_native(span, format!("calls `{name}`")),
            };
        };
        match reference {
            Reference::External(qualified) => {
                self.call_external(expr, &qualified, func, args, keywords)
            }
            Reference::Functions(defs) => {
                let Some(arguments) = self.arguments(args, keywords) else {
                    return self.silent_poison(span);
                };
                self.call_defs(&defs, arguments, span, func.span)
            }
            Reference::Class => self.not_native(
                span,
                format!("makes an object of the class `{}`", dotted(func)),
            ),
            Reference::Module(name) => {
                let message = format!("`{name}` is a module, not a function");
                self.poison(Diagnostic::error(Code::T009, func.span, message))
            }
            Reference::Value { scope, value, .. } => {
                // `Pixel = u8` at module level.
                match self.an.resolve_dotted(scope, value) {
                    Some(Reference::External(qualified))
                        if crate::analyzer::scalar_type(&qualified).is_some() =>
                    {
                        self.call_external(expr, &qualified, func, args, keywords)
                    }
                    _ if self.an.makes(scope, value, "snek.reduction") => {
                        self.call_reduction(expr, (scope, value), func, args, keywords)
                    }
                    _ => self.not_native(
                        span,
                        format!("calls the module's variable `{}`", dotted(func)),
                    ),
                }
            }
            Reference::TypeAlias(..) => {
                self.not_native(span, format!("calls the type alias `{}`", dotted(func)))
            }
            Reference::Opaque { why, .. } => {
                self.not_native(span, format!("calls `{}`, which {why}", dotted(func)))
            }
        }
    }

    /// Calls `name`, where the module has `name = snek.reduction(identity, function)`.
    fn call_reduction(
        &mut self,
        expr: &'a ast::Expr,
        (scope, made): (ScopeId, &'a ast::Expr),
        func: &'a ast::Expr,
        args: &'a [ast::Expr],
        keywords: &'a [ast::Keyword],
    ) -> ExprId {
        let span = expr.span;
        let name = dotted(func);
        let E::Call {
            args: given,
            keywords: none,
            ..
        } = &made.kind
        else {
            return self.silent_poison(span);
        };
        let parts = match (&given[..], &none[..]) {
            ([identity, function], []) => Some((identity, function)),
            _ => None,
        };
        let wrong = |at: Span, message: &str| {
            Diagnostic::error(Code::T003, at, message)
                .label(span, format!("`{name}` is used here"))
                .help("write `name = snek.reduction(identity, function)`")
        };
        let Some((identity_expr, function)) = parts else {
            let message = "reduction() takes an identity and a function";
            return self.poison(wrong(made.span, message));
        };
        let Some(identity) = self.an.constant(scope, identity_expr) else {
            let message = "the identity of a reduction must be a constant";
            return self.poison(wrong(identity_expr.span, message));
        };
        let def = match self.an.resolve_dotted(scope, function) {
            Some(Reference::Functions(defs)) if defs.len() == 1 => defs[0],
            _ => {
                let message = "a reduction combines by a function of this module";
                return self.poison(wrong(function.span, message));
            }
        };
        if let ([_, _], []) = (args, keywords) {
        } else {
            let message = format!("the reduction `{name}` takes two values");
            return self.poison(Diagnostic::error(Code::T003, span, message));
        }
        let Some(arguments) = self.arguments(args, keywords) else {
            return self.silent_poison(span);
        };
        let call = self.call_defs(&[def], arguments, span, func.span);
        if let ExprKind::Call { function: id, args } = &self.exprs[call].kind {
            let (id, result) = (*id, self.ty(call).clone());
            let types: Vec<Type> = args.iter().map(|arg| self.ty(*arg).clone()).collect();
            if types.iter().any(|ty| *ty != result) {
                let message = format!(
                    "the function of a reduction takes and returns one type, and this is ({}, {}) -> {result}",
                    types[0], types[1]
                );
                let problem = Diagnostic::error(Code::T003, span, message)
                    .label(self.an.defs[def].ast.name.span, "defined here");
                return self.poison(problem);
            }
            if identity.keep_as(&result).is_none() {
                let message = format!(
                    "the identity is `{}`, and the reduction is of `{result}`",
                    identity.ty()
                );
                let problem = Diagnostic::error(Code::T005, identity_expr.span, message)
                    .label(span, format!("`{name}` is used here"));
                return self.poison(problem);
            }
            self.reductions.push(ReductionCall {
                call,
                span,
                function: id,
                name,
                identity,
            });
        }
        call
    }

    /// Whether `value.attr` can be a member of a module rather than of a value.
    pub fn is_module_path(&self, value: &ast::Expr) -> bool {
        match &value.kind {
            E::Name { id, .. } => {
                !self.name_ids.contains_key(id.as_str())
                    && matches!(
                        self.an.resolve_name(self.scope, id),
                        Some(Reference::Module(_))
                    )
            }
            E::Attribute { value: inner, .. } => {
                self.is_module_path(inner)
                    && matches!(
                        self.an.resolve_dotted(self.scope, value),
                        Some(Reference::Module(_))
                    )
            }
            _ => false,
        }
    }

    /// Evaluates arguments. `None` if one of them is wrong.
    pub fn arguments(
        &mut self,
        args: &'a [ast::Expr],
        keywords: &'a [ast::Keyword],
    ) -> Option<Arguments<'a>> {
        let mut arguments = Arguments {
            positional: Vec::new(),
            named: Vec::new(),
        };
        let mut fine = true;
        for arg in args {
            if let E::Starred { value, .. } = &arg.kind {
                fine &= self.spread(value, &mut arguments.positional);
                continue;
            }
            let value = self.expr(arg);
            fine &= !self.is_poison(value);
            arguments.positional.push(value);
        }
        for keyword in keywords {
            let value = self.expr(&keyword.value);
            fine &= !self.is_poison(value);
            match &keyword.arg {
                Some(name) => arguments.named.push((&name.name, name.span, value)),
                None => {
                    self.not_native(keyword.span, "passes arguments with `**`");
                    fine = false;
                }
            }
        }
        fine.then_some(arguments)
    }

    /// `*pair` of a tuple.
    fn spread(&mut self, value: &'a ast::Expr, positional: &mut Vec<ExprId>) -> bool {
        let tuple = self.expr(value);
        let span = value.span;
        match self.ty(tuple).clone() {
            Type::Never => false,
            Type::Tuple(types) => {
                let local = self.temporary(Type::Tuple(types.clone()));
                for i in 0..types.len() {
                    let part = if i == 0 {
                        let kind = ExprKind::Assign {
                            local,
                            value: tuple,
                        };
                        self.push(kind, Type::Tuple(types.clone()), span)
                    } else {
                        self.read(local, span)
                    };
                    let item = self.field(part, i, span);
                    positional.push(item);
                }
                true
            }
            ty => {
                self.not_native(span, format!("passes the elements of `{ty}` as arguments"));
                false
            }
        }
    }

    /// Calls a function of the standard library with values that are complete.
    pub fn call_library(
        &mut self,
        path: &str,
        name: &str,
        positional: Vec<ExprId>,
        span: Span,
    ) -> ExprId {
        if positional.iter().any(|value| self.is_poison(*value)) {
            return self.silent_poison(span);
        }
        let defs = self.an.library_scope(path).and_then(|scope| {
            match self.an.resolve_name(scope, name)? {
                Reference::Functions(defs) => Some(defs),
                _ => None,
            }
        });
        let Some(defs) = defs else {
            return self.not_native(span, format!("uses `{name}`"));
        };
        let arguments = Arguments {
            positional,
            named: Vec::new(),
        };
        self.call_defs(&defs, arguments, span, span)
    }

    /// Calls one of several definitions of a name: the first that takes the arguments as they are, else the first
    /// that they convert to.
    pub fn call_defs(
        &mut self,
        defs: &[DefId],
        arguments: Arguments<'a>,
        span: Span,
        callee: Span,
    ) -> ExprId {
        if let [def] = defs {
            let signature = self.an.signature(*def);
            return match self.fill(*def, &signature, &arguments, span) {
                Ok(filled) => {
                    if self.an.library_path(*def).is_some()
                        && !self.takes(&signature, &filled, false)
                    {
                        return self.wrong_types(*def, &arguments, span);
                    }
                    let reorder = !arguments.named.is_empty();
                    self.call_def(*def, &signature, filled, reorder, (span, callee))
                }
                Err(problem) => self.poison(problem),
            };
        }
        for exact in [true, false] {
            for def in defs {
                let signature = self.an.signature(*def);
                if let Ok(filled) = self.fill(*def, &signature, &arguments, span)
                    && self.takes(&signature, &filled, exact)
                {
                    let reorder = !arguments.named.is_empty();
                    return self.call_def(*def, &signature, filled, reorder, (span, callee));
                }
            }
        }
        let Some(first) = defs.first() else {
            return self.silent_poison(span);
        };
        let types = self.types_of(&arguments);
        let arity_fits = defs.iter().any(|def| {
            let signature = self.an.signature(*def);
            self.fill(*def, &signature, &arguments, span).is_ok()
        });
        if arity_fits {
            return self.wrong_types(*first, &arguments, span);
        }
        let name = &self.an.defs[*first].ast.name.name;
        let count = types.len();
        let plural = if count == 1 { "" } else { "s" };
        // Python may well know what to do with them.
        self.not_native(
            span,
            format!("calls `{name}` with {count} argument{plural}"),
        )
    }

    fn types_of(&self, arguments: &Arguments<'a>) -> Vec<String> {
        let named = arguments.named.iter().map(|(_, _, value)| value);
        let values = arguments.positional.iter().chain(named);
        values
            .map(|value| format!("`{}`", self.ty(*value)))
            .collect()
    }

    /// A function of the standard library that takes no such types: natively, or at all.
    fn wrong_types(&mut self, def: DefId, arguments: &Arguments<'a>, span: Span) -> ExprId {
        let name = self.an.defs[def].ast.name.name.clone();
        let types = self.types_of(arguments).join(", ");
        let is_other = |value: &ExprId| !self.ty(*value).is_scalar();
        if arguments.positional.iter().any(is_other) {
            return self.not_native(span, format!("calls `{name}` with {types}"));
        }
        self.poison(Diagnostic::error(
            Code::T003,
            span,
            format!("`{name}()` does not take {types}"),
        ))
    }

    fn takes(&self, signature: &Signature<'a>, filled: &[Filled], exact: bool) -> bool {
        let fits = |param: &ParamType, value: ExprId| {
            let ty = self.ty(value);
            match param {
                ParamType::Declared(target) if exact => ty == target,
                ParamType::Declared(target) => library_converts(ty, target),
                ParamType::Any => true,
                ParamType::Class(class) => class.holds(ty),
                ParamType::AnyRank(element) => {
                    matches!(ty, Type::Array { element: e, .. } if e == element)
                }
                ParamType::Bad => false,
            }
        };
        signature
            .params
            .iter()
            .zip(filled)
            .all(|(param, filled)| match filled {
                Filled::Argument(value) => fits(&param.ty, *value),
                Filled::Default => true,
                Filled::Rest(values) => values.iter().all(|value| fits(&param.ty, *value)),
            })
    }

    /// Distributes arguments over parameters, as CPython does, with its words for what is wrong.
    fn fill(
        &mut self,
        def: DefId,
        signature: &Signature<'a>,
        arguments: &Arguments<'a>,
        span: Span,
    ) -> Result<Vec<Filled>, Diagnostic> {
        let name = self.an.defs[def].ast.name.name.as_str();
        let place = self.an.defs[def].ast.name.span;
        let is_library = self.an.library_path(def).is_some();
        let error = |message: String| {
            let error = Diagnostic::error(Code::T003, span, message);
            if is_library {
                error
            } else {
                error.label(place, "defined here")
            }
        };
        let params = &signature.params;
        let positional: Vec<usize> = (0..params.len())
            .filter(|i| is_positional(params[*i].kind))
            .collect();
        let mut filled: Vec<Option<Filled>> = params.iter().map(|_| None).collect();
        let given = arguments.positional.len();
        for (i, value) in positional.iter().zip(&arguments.positional) {
            filled[*i] = Some(Filled::Argument(*value));
        }
        let rest = params
            .iter()
            .position(|param| param.kind == ParameterKind::VarPositional);
        if let Some(rest) = rest {
            let extra = arguments
                .positional
                .get(positional.len()..)
                .unwrap_or_default();
            filled[rest] = Some(Filled::Rest(extra.to_vec()));
        } else if given > positional.len() {
            let needed = positional
                .iter()
                .filter(|i| params[**i].default.is_none())
                .count();
            let takes = match (needed, positional.len()) {
                (needed, all) if needed == all => format!("{all}"),
                (needed, all) => format!("from {needed} to {all}"),
            };
            let plural = if positional.len() == 1 && needed == 1 {
                ""
            } else {
                "s"
            };
            let was = if given == 1 { "was" } else { "were" };
            return Err(error(format!(
                "{name}() takes {takes} positional argument{plural} but {given} {was} given"
            )));
        }
        for (keyword, at, value) in &arguments.named {
            let found = params.iter().position(|param| param.name == *keyword);
            let Some(i) = found.filter(|i| {
                matches!(
                    params[*i].kind,
                    ParameterKind::PositionalOrKeyword | ParameterKind::KeywordOnly
                )
            }) else {
                let mut problem = error(format!(
                    "{name}() got an unexpected keyword argument '{keyword}'"
                ));
                problem.primary = Some(*at);
                if found.is_some() {
                    problem.message = format!(
                        "{name}() got some positional-only arguments passed as keyword arguments: '{keyword}'"
                    );
                } else if let Some(near) =
                    crate::suggestions::nearest(keyword, params.iter().map(|param| param.name))
                {
                    problem = problem.help(format!("did you mean `{near}`?"));
                }
                return Err(problem);
            };
            if filled[i].is_some() {
                let mut problem = error(format!(
                    "{name}() got multiple values for argument '{keyword}'"
                ));
                problem.primary = Some(*at);
                return Err(problem);
            }
            filled[i] = Some(Filled::Argument(*value));
        }
        let missing: Vec<usize> = (0..params.len())
            .filter(|i| filled[*i].is_none() && params[*i].default.is_none())
            .collect();
        if let Some(first) = missing.first() {
            let kind = match params[*first].kind {
                ParameterKind::KeywordOnly => "keyword-only",
                _ => "positional",
            };
            let names: Vec<String> = missing
                .iter()
                .filter(|i| {
                    (params[**i].kind == ParameterKind::KeywordOnly) == (kind == "keyword-only")
                })
                .map(|i| format!("'{}'", params[*i].name))
                .collect();
            let listed = match &names[..] {
                [one] => one.clone(),
                [one, two] => format!("{one} and {two}"),
                [init @ .., last] => format!("{}, and {last}", init.join(", ")),
                [] => String::new(),
            };
            let plural = if names.len() == 1 { "" } else { "s" };
            return Err(error(format!(
                "{name}() missing {} required {kind} argument{plural}: {listed}",
                names.len()
            )));
        }
        Ok(filled
            .into_iter()
            .map(|filled| filled.unwrap_or(Filled::Default))
            .collect())
    }

    fn call_def(
        &mut self,
        def: DefId,
        signature: &Rc<Signature<'a>>,
        filled: Vec<Filled>,
        reorder: bool,
        (span, callee): (Span, Span),
    ) -> ExprId {
        let name = self.an.defs[def].ast.name.name.clone();
        let is_library = self.an.library_path(def).is_some();
        // Python evaluates arguments in the order of the call, and so are the ids; `filled` is in the order of the
        // parameters. They differ only with keywords, where the values go through variables.
        let (filled, before) = match reorder {
            true => self.in_evaluation_order(filled),
            false => (filled, Vec::new()),
        };
        let mut values = Vec::new();
        let mut types = Vec::new();
        for (param, filled) in signature.params.iter().zip(filled) {
            let value = match filled {
                Filled::Argument(value) => value,
                Filled::Rest(items) => {
                    let items: Vec<ExprId> = items
                        .into_iter()
                        .map(|item| match &param.ty {
                            ParamType::Declared(ty) => self.convert_raw(item, ty, true),
                            _ => item,
                        })
                        .collect();
                    self.tuple(items, span)
                }
                Filled::Default => {
                    let Some(default) = &param.default else {
                        return self.silent_poison(span);
                    };
                    match &default.value {
                        Some(value) => {
                            let value = value.clone();
                            self.value(&value, span)
                        }
                        None => {
                            let message = format!(
                                "calls `{name}` with the default of `{}`, which is known only at run time",
                                param.name
                            );
                            return self.poison(
                                Diagnostic::error(Code::N001, span, message)
                                    .label(default.expr.span, "not a constant"),
                            );
                        }
                    }
                }
            };
            let value = match (&param.ty, param.kind) {
                (_, ParameterKind::VarPositional) => value,
                (ParamType::Declared(ty), _) if is_library => {
                    let is_u64 = matches!(self.ty(value), Type::Fixed(hir::Fixed::U64));
                    self.convert_raw(value, ty, is_u64)
                }
                (ParamType::Declared(ty), _) => {
                    let what = format!("`{}` of `{name}` is", param.name);
                    self.coerce(value, ty, &what, Some(param.span))
                }
                (ParamType::Any, _) => value,
                (ParamType::AnyRank(element), _) => {
                    let ty = self.ty(value).clone();
                    if !matches!(ty, Type::Array { element: e, .. } if e == *element) {
                        let message = format!(
                            "`{}` of `{name}` is an array of `{element}`, and this is `{ty}`",
                            param.name
                        );
                        self.poison(
                            Diagnostic::error(Code::T005, self.exprs[value].span, message)
                                .label(param.span, "declared here"),
                        )
                    } else {
                        value
                    }
                }
                (ParamType::Class(_), _) => value,
                (ParamType::Bad, _) => {
                    // The callee is refused for it.
                    types.push(Type::Never);
                    values.push(value);
                    continue;
                }
            };
            if self.is_poison(value) {
                return self.silent_poison(span);
            }
            if self.ty(value).has_text() && !is_library {
                return self.not_native(
                    self.exprs[value].span,
                    format!("passes a string to `{name}`"),
                );
            }
            types.push(self.ty(value).clone());
            values.push(value);
        }
        if let Some(intrinsic) = signature.intrinsic {
            let ty = match &signature.returns {
                Returns::Declared(ty) => ty.clone(),
                _ => Type::None,
            };
            let kind = ExprKind::Intrinsic {
                name: intrinsic.to_owned(),
                args: values,
            };
            let call = self.push(kind, ty, span);
            if signature.returns == Returns::Never {
                self.env.reachable = false;
            }
            return self.with_before(before, call, span);
        }
        let id = self.an.instance(def, types);
        let instance = &mut self.an.instances[id];
        if let Some(position) = instance.in_progress {
            if signature.returns == Returns::Inferred {
                instance.assumed = true;
                if let Some(lowest) = self.an.lowest.last_mut() {
                    *lowest = position.min(*lowest);
                }
                if self.an.instances[id].result == Type::Never {
                    self.callees.push((id, callee));
                    return self.silent_poison(span);
                }
            }
        } else if instance.function.is_none() {
            // Why is told once: where the callers' reports are made.
            self.callees.push((id, callee));
            let ty = match &signature.returns {
                Returns::Declared(ty) => ty.clone(),
                _ => return self.silent_poison(span),
            };
            return self.push(
                ExprKind::Call {
                    function: id,
                    args: values,
                },
                ty,
                span,
            );
        }
        self.callees.push((id, callee));
        let result = self.an.instances[id].result.clone();
        let never = signature.returns == Returns::Never
            || (signature.returns == Returns::Inferred && result == Type::Never);
        let ty = if never { Type::None } else { result };
        let kind = ExprKind::Call {
            function: id,
            args: values,
        };
        let call = self.push(kind, ty, span);
        if never {
            self.env.reachable = false;
        }
        self.with_before(before, call, span)
    }

    /// If arguments were evaluated in another order than that of the parameters: values in variables, and what assigns
    /// them.
    fn in_evaluation_order(&mut self, filled: Vec<Filled>) -> (Vec<Filled>, Vec<ExprId>) {
        let ids: Vec<ExprId> = filled
            .iter()
            .flat_map(|filled| match filled {
                Filled::Argument(value) => vec![*value],
                Filled::Rest(values) => values.clone(),
                Filled::Default => Vec::new(),
            })
            .collect();
        if ids.is_sorted() {
            return (filled, Vec::new());
        }
        let mut order = ids;
        order.sort();
        let mut before = Vec::new();
        let mut kept = std::collections::HashMap::new();
        for id in order {
            if self.const_of(id).is_some() {
                kept.insert(id, id);
                continue;
            }
            let span = self.exprs[id].span;
            let ty = self.ty(id).clone();
            let local = self.temporary(ty.clone());
            before.push(self.push(ExprKind::Assign { local, value: id }, ty, span));
            let read = self.read(local, span);
            kept.insert(id, read);
        }
        let filled = filled
            .into_iter()
            .map(|filled| match filled {
                Filled::Argument(value) => Filled::Argument(kept[&value]),
                Filled::Rest(values) => {
                    Filled::Rest(values.iter().map(|value| kept[value]).collect())
                }
                Filled::Default => Filled::Default,
            })
            .collect();
        (filled, before)
    }

    /// `value`, after what has to be evaluated before it.
    fn with_before(&mut self, before: Vec<ExprId>, value: ExprId, span: Span) -> ExprId {
        if before.is_empty() {
            return value;
        }
        let index = before.len();
        let ty = self.ty(value).clone();
        let mut items = before;
        items.push(value);
        let types = items.iter().map(|item| self.ty(*item).clone()).collect();
        let tuple = self.push(ExprKind::Tuple(items), Type::Tuple(types), span);
        self.push(ExprKind::Field { tuple, index }, ty, span)
    }

    /// `reveal_type(x)`: notes the type, and is the value.
    pub fn reveal(&mut self, span: Span, args: &'a [ast::Expr]) -> ExprId {
        match args {
            [argument] => {
                let value = self.expr(argument);
                let ty = self.ty(value).clone();
                self.revealed.push((span, ty));
                value
            }
            _ => {
                let message = "reveal_type() takes 1 positional argument";
                self.poison(Diagnostic::error(Code::T003, span, message))
            }
        }
    }

    pub fn unknown_name(&mut self, expr: &ast::Expr, name: &str) -> ExprId {
        let locals = self.name_ids.keys().copied();
        let module = self.an.scopes[self.scope].names.keys().copied();
        let builtins = crate::analyzer::BUILTIN_NAMES.iter().copied();
        let near = crate::suggestions::nearest(name, locals.chain(module).chain(builtins));
        let problem = Diagnostic::error(Code::T001, expr.span, format!("unknown name `{name}`"));
        let problem = match near {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None if ["prange", "parallel", "native"].contains(&name)
                || hir::Fixed::from_name(name).is_some() =>
            {
                problem.help(format!("`from snek import {name}`"))
            }
            None if crate::annotations::is_library_module(name) => {
                problem.help(format!("`import {name}`"))
            }
            None => problem,
        };
        self.poison(problem)
    }
}

/// What the standard library's declared parameters take: what Python's `__float__`, `__index__` and `__complex__` give.
fn library_converts(from: &Type, to: &Type) -> bool {
    match to {
        Type::Int => from.is_integral(),
        Type::Float => from.is_real(),
        Type::Complex => from.is_scalar(),
        _ => from.keeps_as(to),
    }
}
