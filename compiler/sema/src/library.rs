//! The standard library: typed Python that compiled code may call, embedded as text and parsed when first used.
//!
//! `stdlib/builtins/NAME.py` defines the builtin `NAME` and the methods of the builtin type `NAME`;
//! `stdlib/MODULE.py` is the module `MODULE`. Must never be read by the user's name resolution except through
//! qualified names such as `builtins.abs` and `math.sin`.

use std::cell::OnceCell;

use snek_diagnostics::{Diagnostic, SourceMap};
use snek_syntax::ast;

/// Path and text of each file, sorted by path.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/library.rs"));

/// Which functions of `vector/FILE.py` compute what intrinsics compute, within 1 ulp, without calls: intrinsic, file, name.
const VECTOR_FORMS: &[(&str, &str, &str)] = &[
    ("snek_rt_float_pow", "vector/pow", "pow"),
    ("snek_rt_math_acos", "vector/inverse", "acos"),
    ("snek_rt_math_asin", "vector/inverse", "asin"),
    ("snek_rt_math_atan", "vector/inverse", "atan"),
    ("snek_rt_math_atan2", "vector/inverse", "atan2"),
    ("snek_rt_math_cbrt", "vector/roots", "cbrt"),
    ("snek_rt_math_cos", "vector/trig", "cos"),
    ("snek_rt_math_cosh", "vector/exp", "cosh"),
    ("snek_rt_math_erf", "vector/erf", "erf"),
    ("snek_rt_math_erfc", "vector/erf", "erfc"),
    ("snek_rt_math_exp", "vector/exp", "exp"),
    ("snek_rt_math_exp2", "vector/exp", "exp2"),
    ("snek_rt_math_expm1", "vector/exp", "expm1"),
    ("snek_rt_math_fmod", "vector/roots", "fmod"),
    ("snek_rt_math_hypot", "vector/roots", "hypot"),
    ("snek_rt_math_log", "vector/log", "log"),
    ("snek_rt_math_log10", "vector/log", "log10"),
    ("snek_rt_math_log1p", "vector/log", "log1p"),
    ("snek_rt_math_log2", "vector/log", "log2"),
    ("snek_rt_math_pow", "vector/pow", "pow"),
    ("snek_rt_math_sin", "vector/trig", "sin"),
    ("snek_rt_math_sinh", "vector/exp", "sinh"),
    ("snek_rt_math_tan", "vector/trig", "tan"),
    ("snek_rt_math_tanh", "vector/exp", "tanh"),
];

/// The vector form of an intrinsic, if it has one: the intrinsic, the file, the function's name.
pub fn vector_form(intrinsic: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let at = VECTOR_FORMS.binary_search_by(|(name, ..)| (*name).cmp(intrinsic));
    at.ok().map(|at| &VECTOR_FORMS[at])
}

/// The parsed files.
pub struct Library {
    modules: Vec<OnceCell<Option<ast::Module>>>,
}

impl Default for Library {
    fn default() -> Self {
        Library {
            modules: FILES.iter().map(|_| OnceCell::new()).collect(),
        }
    }
}

impl Library {
    /// The file of this path (`math`, `builtins/abs`): its name as it is in the table, and its tree. Its text joins
    /// `sources` as `<snek math>`. `None` if there is no such file; one that does not parse is a bug, and panics in tests.
    pub fn module(
        &self,
        path: &str,
        sources: &mut SourceMap,
    ) -> Option<(&'static str, &ast::Module)> {
        let at = FILES.binary_search_by(|(name, _)| (*name).cmp(path)).ok()?;
        let (name, text) = FILES[at];
        let module = self.modules[at].get_or_init(|| {
            let file = sources.add(format!("<snek {name}>"), text);
            let result = snek_syntax::parse(file, text.as_bytes());
            debug_assert!(
                result.module.is_some(),
                "{name}: {:?}",
                result
                    .diagnostics
                    .iter()
                    .map(|d: &Diagnostic| &d.message)
                    .collect::<Vec<_>>()
            );
            result.module
        });
        module.as_ref().map(|module| (name, module))
    }

    /// Whether there is such a file.
    pub fn has(path: &str) -> bool {
        FILES
            .binary_search_by(|(name, _)| (*name).cmp(path))
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyzer::Analyzer;
    use crate::hir::{Element, Fixed, Type};
    use crate::signatures::ParamType;

    /// The argument types to try a parameter with.
    fn types(param: &ParamType) -> Vec<Type> {
        let arrays = || {
            let elements = Fixed::ALL.into_iter().map(Element::Fixed);
            elements
                .chain([Element::Bool])
                .map(|element| Type::Array { element, rank: 1 })
        };
        match param {
            ParamType::Declared(ty) => vec![ty.clone()],
            ParamType::Class(class) => Fixed::ALL
                .into_iter()
                .map(Type::Fixed)
                .chain(arrays())
                .filter(|ty| class.holds(ty))
                .collect(),
            ParamType::Any => vec![Type::Int, Type::Float],
            ParamType::AnyRank(_) | ParamType::Bad => panic!("{param:?}"),
        }
    }

    /// Every function of the library is native for every type that it says it takes.
    #[test]
    fn is_native() {
        let mut sources = SourceMap::new();
        let user = sources.add("empty.py", "");
        let module = snek_syntax::parse(user, b"")
            .module
            .expect("an empty module");
        let library = Library::default();
        let mut analyzer = Analyzer::new(&module, &library, &mut sources);
        let mut count = 0;
        for (path, _) in FILES {
            let Some(scope) = analyzer.library_scope(path) else {
                panic!("{path} does not parse");
            };
            for def in analyzer.defs_of(scope) {
                let signature = analyzer.signature(def);
                let name = &analyzer.defs[def].ast.name.name;
                assert!(
                    signature.problems.is_empty(),
                    "{path}: {name}: {:?}",
                    signature.problems
                );
                if signature.intrinsic.is_some() {
                    continue;
                }
                let mut combinations: Vec<Vec<Type>> = vec![Vec::new()];
                for param in &signature.params {
                    let of_kind = match param.kind {
                        snek_syntax::ast::ParameterKind::VarPositional => {
                            vec![Type::Tuple(vec![]), Type::Tuple(vec![Type::Int; 3])]
                        }
                        _ => types(&param.ty),
                    };
                    combinations = combinations
                        .into_iter()
                        .flat_map(|types| {
                            of_kind.iter().map(move |ty| {
                                let mut types = types.clone();
                                types.push(ty.clone());
                                types
                            })
                        })
                        .collect();
                }
                for types in combinations {
                    // Two parameters without a type are of one type: operators bring them to it.
                    let generic = signature.params.iter().zip(&types);
                    let mut generic =
                        generic.filter(|(param, _)| !matches!(param.ty, ParamType::Declared(_)));
                    let first = generic.next().map(|(_, ty)| ty.clone());
                    if generic.any(|(_, ty)| Some(ty) != first.as_ref()) {
                        continue;
                    }
                    let is_operator =
                        *path == "builtins/operators" && first.is_some() && types.len() == 2;
                    if is_operator && types[0] == types[1] {
                        continue;
                    }
                    let is_complex = matches!(
                        types.first(),
                        Some(Type::Array { element: Element::Fixed(fixed), .. }) if fixed.is_complex()
                    );
                    if is_complex && ["builtins/min", "builtins/max"].contains(path) {
                        continue;
                    }
                    let id = analyzer.instance(def, types.clone());
                    let problems = &analyzer.instances[id].problems;
                    assert!(problems.is_empty(), "{path}: {name}{types:?}: {problems:?}");
                    count += 1;
                }
            }
        }
        assert!(count > 100, "{count}");
    }

    /// Every public function in `vector` is the form of an intrinsic.
    #[test]
    fn vector_forms_exist() {
        assert!(VECTOR_FORMS.is_sorted());
        for (path, text) in FILES {
            for line in text.lines().filter(|_| path.starts_with("vector/")) {
                let name = line
                    .strip_prefix("def ")
                    .and_then(|rest| rest.split('(').next());
                if let Some(name) = name.filter(|name| !name.starts_with('_')) {
                    let form = vector_form(&format!("snek_rt_math_{name}"));
                    assert!(
                        form.is_some_and(|(_, file, def)| file == path && *def == name),
                        "{path}: {name}"
                    );
                }
            }
        }
    }

    /// Intrinsics of the runtime are rows of its table.
    #[test]
    fn intrinsics_exist() {
        for (path, text) in FILES {
            for line in text.lines() {
                let Some(name) = line
                    .strip_prefix("@intrinsic(\"")
                    .and_then(|rest| rest.strip_suffix("\")"))
                else {
                    continue;
                };
                let exists = match name.split_once('.') {
                    Some(("op", _)) => true,
                    Some(("raise", message)) => snek_abi::Message::ALL
                        .iter()
                        .any(|known| format!("{known:?}") == message),
                    _ => snek_abi::RuntimeFn::find(name).is_some(),
                };
                assert!(exists, "{path}: {name}");
            }
        }
    }
}
