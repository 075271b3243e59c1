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
