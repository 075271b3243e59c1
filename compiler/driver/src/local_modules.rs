//! The modules that a script imports from its own folder, found in the sources alone.
//!
//! What is found here is only a proposal: Python's own search decides at the import whether it is that file.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

use snek_diagnostics::FileId;
use snek_syntax::ast::{Stmt, StmtKind};
use snek_syntax::visit::{self, Visitor};

use crate::input;

/// A module beside the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalModule {
    /// Its full dotted name.
    pub name: String,
    /// Its source.
    pub source: PathBuf,
}

/// The modules under `root` that a script with this source imports, directly or through each other, by their names.
/// `__init__.py` files are followed but not among them: Python runs these from their source.
pub fn find(source: &[u8], root: &Path) -> Vec<LocalModule> {
    let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
    let mut pending: VecDeque<String> = imports(source, "").into();
    while let Some(name) = pending.pop_front() {
        // The packages around a module are imported before it.
        let ends = name.match_indices('.').map(|(at, _)| at);
        for end in ends.chain([name.len()]) {
            let name = &name[..end];
            if found.contains_key(name) {
                continue;
            }
            let base = name
                .split('.')
                .fold(root.to_owned(), |path, part| path.join(part));
            let package = base.join("__init__.py");
            let (path, inside) = if package.is_file() {
                (package, name)
            } else {
                let around = name.rsplit_once('.').map_or("", |(package, _)| package);
                (base.with_extension("py"), around)
            };
            // Most names are of modules elsewhere. What cannot be read is for Python to complain about.
            let Ok(text) = input::read(&path) else {
                break;
            };
            found.insert(name.to_owned(), path);
            pending.extend(imports(&text, inside));
        }
    }
    let modules = found
        .into_iter()
        .filter(|(_, path)| !path.ends_with("__init__.py"));
    modules
        .map(|(name, source)| LocalModule { name, source })
        .collect()
}

/// The names that a source imports, in its order; `package` is the one that relative imports start from. A name that is
/// imported from a package may be a module in it.
fn imports(source: &[u8], package: &str) -> Vec<String> {
    let mut imports = Imports {
        package,
        names: Vec::new(),
    };
    if let Some(module) = snek_syntax::parse(FileId(0), source).module {
        for stmt in &module.body {
            imports.visit_stmt(stmt);
        }
    }
    imports.names
}

struct Imports<'p> {
    package: &'p str,
    names: Vec<String>,
}

impl<'a> Visitor<'a> for Imports<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match &stmt.kind {
            StmtKind::Import { names } => {
                self.names
                    .extend(names.iter().map(|alias| alias.name.name.to_string()));
            }
            StmtKind::ImportFrom {
                module,
                names,
                level,
            } => {
                let mut parts: Vec<&str> = Vec::new();
                if *level > 0 {
                    parts.extend(self.package.split('.').filter(|part| !part.is_empty()));
                    for _ in 1..*level {
                        parts.pop();
                    }
                }
                parts.extend(module.iter().map(|module| &*module.name));
                let from = parts.join(".");
                for alias in names {
                    let dot = if from.is_empty() { "" } else { "." };
                    self.names.push(format!("{from}{dot}{}", alias.name.name));
                }
                if !from.is_empty() {
                    self.names.push(from);
                }
            }
            _ => visit::walk_stmt(self, stmt),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_import() {
        let source = b"import a, b.c as d\nfrom e import f\ndef g():\n    from . import h\n    from ..i import j\n";
        let want = ["a", "b.c", "e.f", "e", "p.q.h", "p.q", "p.i.j", "p.i"];
        assert_eq!(imports(source, "p.q"), want);
        assert!(imports(b"import (", "").is_empty());
    }
}
