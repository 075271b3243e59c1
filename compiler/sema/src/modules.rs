//! What the names of a module stand for: imports, constants, type aliases, functions, and what is none of these.
//!
//! A [`Scope`] is made of the AST alone. Must never evaluate anything: `constants.rs` and `annotations.rs` do, on demand.

use std::collections::HashMap;

use oxc_index::define_index_type;
use snek_diagnostics::Span;
use snek_syntax::ast::{self, ExprKind, StmtKind};

define_index_type! {
    /// A module that functions are written in: the user's, or one of the standard library's.
    pub struct ScopeId = u32;
}

/// The names of one module.
pub struct Scope<'a> {
    /// `Some` for a module of the standard library: its path in the library, such as `math` or `builtins/abs`.
    pub library: Option<&'static str>,
    /// What each name is bound to.
    pub names: HashMap<&'a str, Binding<'a>>,
    /// The modules of `from module import *`.
    pub stars: Vec<String>,
    /// All functions at module level, in source order.
    pub functions: Vec<&'a ast::FunctionDef>,
}

/// What a name of a module stands for.
#[derive(Clone)]
pub enum Binding<'a> {
    /// A `def`, or several of the standard library's overloads. Positions in [`Scope::functions`].
    Functions(Vec<usize>),
    /// `import a.b as name`.
    Module(String),
    /// `from module import member as name`.
    Member {
        /// The module, with a leading dot for each level of a relative import.
        module: String,
        /// The name there.
        member: &'a str,
    },
    /// Bound once, to an expression.
    Value {
        /// The expression.
        value: &'a ast::Expr,
        /// `name: annotation = value`.
        annotation: Option<&'a ast::Expr>,
        /// The name's place.
        span: Span,
    },
    /// `type name = value`.
    TypeAlias(&'a ast::Expr),
    /// A class.
    Class,
    /// Something that is known only at run time.
    Opaque {
        /// A place that makes it so.
        span: Span,
        /// Such as "is assigned more than once".
        why: &'static str,
    },
}

impl<'a> Scope<'a> {
    /// Collects the names of a module.
    pub fn new(module: &'a ast::Module, library: Option<&'static str>) -> Scope<'a> {
        let mut scope = Scope {
            library,
            names: HashMap::new(),
            stars: Vec::new(),
            functions: Vec::new(),
        };
        scope.collect(&module.body, None);
        scope.note_globals(&module.body);
        scope
    }

    /// The binding of a name.
    pub fn get(&self, name: &str) -> Option<&Binding<'a>> {
        self.names.get(name)
    }

    fn bind(&mut self, name: &'a str, span: Span, binding: Binding<'a>) {
        match self.names.get_mut(name) {
            None => {
                self.names.insert(name, binding);
            }
            Some(Binding::Functions(old)) if self.library.is_some() => {
                if let Binding::Functions(new) = binding {
                    old.extend(new);
                }
            }
            Some(Binding::Module(old)) if matches!(&binding, Binding::Module(new) if new == old) => {
            }
            Some(Binding::Member { module, member }) if matches!(&binding, Binding::Member { module: m, member: n } if m == module && n == member) =>
                {}
            Some(old) => {
                *old = Binding::Opaque {
                    span,
                    why: "is assigned more than once",
                }
            }
        }
    }

    /// `nested` says why bindings made here are not certain, if they are not.
    fn collect(&mut self, body: &'a [ast::Stmt], nested: Option<&'static str>) {
        for stmt in body {
            self.collect_stmt(stmt, nested);
        }
    }

    fn collect_stmt(&mut self, stmt: &'a ast::Stmt, nested: Option<&'static str>) {
        let opaque = |span: Span| nested.map(|why| Binding::Opaque { span, why });
        match &stmt.kind {
            StmtKind::FunctionDef(def) => {
                let span = def.name.span;
                let binding = opaque(span).unwrap_or_else(|| {
                    self.functions.push(def);
                    Binding::Functions(vec![self.functions.len() - 1])
                });
                self.bind(&def.name.name, span, binding);
            }
            StmtKind::ClassDef(class) => {
                let span = class.name.span;
                self.bind(&class.name.name, span, Binding::Class);
            }
            // An import is what it says even if it stands under `if TYPE_CHECKING` or `try`.
            StmtKind::Import { names } => {
                for alias in names {
                    let dotted = alias.name.name.as_str();
                    let (name, module) = match &alias.asname {
                        Some(asname) => (asname.name.as_str(), dotted),
                        None => {
                            let first = dotted.split('.').next().unwrap_or(dotted);
                            (first, first)
                        }
                    };
                    self.bind(name, alias.span, Binding::Module(module.to_owned()));
                }
            }
            StmtKind::ImportFrom {
                module,
                names,
                level,
            } => {
                let mut path = ".".repeat(*level as usize);
                if let Some(module) = module {
                    path.push_str(&module.name);
                }
                for alias in names {
                    if alias.name.name == "*" {
                        self.stars.push(path.clone());
                        continue;
                    }
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    let binding = Binding::Member {
                        module: path.clone(),
                        member: &alias.name.name,
                    };
                    self.bind(&name.name, alias.span, binding);
                }
            }
            StmtKind::Assign { targets, value } => {
                if let [target] = &targets[..]
                    && let ExprKind::Name { id, .. } = &target.kind
                {
                    let binding = opaque(target.span).unwrap_or(Binding::Value {
                        value,
                        annotation: None,
                        span: target.span,
                    });
                    self.bind(id, target.span, binding);
                    return;
                }
                for target in targets {
                    self.bind_target(target, "is assigned together with other names");
                }
            }
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
                ..
            } => {
                if let (ExprKind::Name { id, .. }, Some(value)) = (&target.kind, value) {
                    let binding = opaque(target.span).unwrap_or(Binding::Value {
                        value,
                        annotation: Some(annotation),
                        span: target.span,
                    });
                    self.bind(id, target.span, binding);
                }
            }
            StmtKind::TypeAlias { name, value, .. } => {
                if let ExprKind::Name { id, .. } = &name.kind {
                    self.bind(id, name.span, Binding::TypeAlias(value));
                }
            }
            StmtKind::AugAssign { target, .. } => {
                self.bind_target(target, "is changed by an augmented assignment");
            }
            StmtKind::Delete { targets } => {
                for target in targets {
                    self.bind_target(target, "is deleted");
                }
            }
            StmtKind::For {
                target,
                body,
                orelse,
                ..
            } => {
                self.bind_target(target, "is the target of a loop");
                self.collect(body, Some("is assigned in a loop"));
                self.collect(orelse, Some("is assigned in a loop"));
            }
            StmtKind::While { body, orelse, .. } => {
                self.collect(body, Some("is assigned in a loop"));
                self.collect(orelse, Some("is assigned in a loop"));
            }
            StmtKind::If { body, orelse, .. } => {
                self.collect(body, Some("is assigned under an `if`"));
                self.collect(orelse, Some("is assigned under an `if`"));
            }
            StmtKind::With { items, body, .. } => {
                for item in items {
                    if let Some(target) = &item.optional_vars {
                        self.bind_target(target, "is assigned by a `with`");
                    }
                }
                self.collect(body, Some("is assigned in a `with`"));
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finalbody,
                ..
            } => {
                let why = Some("is assigned in a `try`");
                self.collect(body, why);
                for handler in handlers {
                    self.collect(&handler.body, why);
                }
                self.collect(orelse, why);
                self.collect(finalbody, why);
            }
            StmtKind::Match { cases, .. } => {
                for case in cases {
                    self.collect(&case.body, Some("is assigned in a `match`"));
                }
            }
            StmtKind::Return { .. }
            | StmtKind::Raise { .. }
            | StmtKind::Assert { .. }
            | StmtKind::Global { .. }
            | StmtKind::Nonlocal { .. }
            | StmtKind::Expr { .. }
            | StmtKind::Pass
            | StmtKind::Break
            | StmtKind::Continue => {}
        }
    }

    fn bind_target(&mut self, target: &'a ast::Expr, why: &'static str) {
        match &target.kind {
            ExprKind::Name { id, .. } => {
                let span = target.span;
                self.bind(id, span, Binding::Opaque { span, why });
                // Whatever it was before, it is that no more.
                self.names.insert(id, Binding::Opaque { span, why });
            }
            ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => {
                for element in elts {
                    self.bind_target(element, why);
                }
            }
            ExprKind::Starred { value, .. } => self.bind_target(value, why),
            _ => {}
        }
    }

    /// A name that some function declares `global` may be assigned at any time.
    fn note_globals(&mut self, body: &'a [ast::Stmt]) {
        let mut found = Vec::new();
        for stmt in body {
            walk_globals(stmt, &mut found);
        }
        for identifier in found {
            let binding = Binding::Opaque {
                span: identifier.span,
                why: "is declared `global` in a function",
            };
            self.names.insert(&identifier.name, binding);
        }
    }
}

fn walk_globals<'a>(stmt: &'a ast::Stmt, found: &mut Vec<&'a ast::Identifier>) {
    if let StmtKind::Global { names } = &stmt.kind {
        found.extend(names);
    }
    for body in bodies(stmt) {
        for stmt in body {
            walk_globals(stmt, found);
        }
    }
}

/// The lists of statements that are directly inside of a statement, those of functions and classes included.
pub fn bodies(stmt: &ast::Stmt) -> Vec<&[ast::Stmt]> {
    match &stmt.kind {
        StmtKind::FunctionDef(def) => vec![&def.body],
        StmtKind::ClassDef(class) => vec![&class.body],
        StmtKind::For { body, orelse, .. }
        | StmtKind::While { body, orelse, .. }
        | StmtKind::If { body, orelse, .. } => vec![body, orelse],
        StmtKind::With { body, .. } => vec![body],
        StmtKind::Match { cases, .. } => cases.iter().map(|case| &case.body[..]).collect(),
        StmtKind::Try {
            body,
            handlers,
            orelse,
            finalbody,
            ..
        } => std::iter::once(&body[..])
            .chain(handlers.iter().map(|handler| &handler.body[..]))
            .chain([&orelse[..], &finalbody[..]])
            .collect(),
        _ => Vec::new(),
    }
}
