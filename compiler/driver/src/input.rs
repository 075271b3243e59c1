//! From paths to modules: which files to compile, what their modules are called, where the results go.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use snek_diagnostics::{Code, Diagnostic};

use crate::output::reason;

/// One module to compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its source, as messages name it.
    pub source: PathBuf,
    /// Its full dotted name.
    pub module: String,
    /// The file to make, without its suffix.
    pub target: PathBuf,
}

impl Unit {
    /// The file to make.
    pub fn output(&self, suffix: &str) -> PathBuf {
        let mut name = self.target.file_name().unwrap_or_default().to_owned();
        name.push(".");
        name.push(suffix);
        self.target.with_file_name(name)
    }
}

/// What the arguments of a command stand for.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The modules, in the order of the arguments and sorted in packages.
    pub units: Vec<Unit>,
    /// What is wrong with the arguments, and what was left out.
    pub diagnostics: Vec<Diagnostic>,
}

impl Inputs {
    /// Calls the one module `name`. Its last part must be the name of the file, or nobody could import it.
    pub fn rename(&mut self, name: String) {
        let refused = match self.units.as_mut_slice() {
            [] => return, // The file was refused, which has been said.
            [unit] => {
                let stem = unit.source.file_stem().unwrap_or_default();
                let last = name.rsplit('.').next();
                if last == stem.to_str() && name.split('.').all(is_module_name) {
                    unit.module = name;
                    return;
                }
                let stem = stem.to_string_lossy();
                format!("a name for this file is `{stem}`, or `package.{stem}`")
            }
            _ => "give one file with `--module`".to_owned(),
        };
        self.units.clear();
        self.diagnostics.push(
            Diagnostic::file_error(
                Code::D005,
                "--module",
                format!("`{name}` cannot be the name of what is built"),
            )
            .help(refused),
        );
    }
}

/// Finds the modules that `paths` (files and package directories) stand for.
pub fn find_units(paths: &[PathBuf], output_dir: Option<&Path>) -> Inputs {
    let mut inputs = Inputs::default();
    for path in paths {
        let found = if path.is_dir() {
            add_package(path, output_dir, &mut inputs)
        } else {
            file_unit(path, output_dir).map(|unit| inputs.units.push(unit))
        };
        if let Err(diagnostic) = found {
            inputs.diagnostics.push(diagnostic);
        }
    }
    refuse_shared_outputs(&mut inputs);
    inputs
}

fn file_unit(path: &Path, output_dir: Option<&Path>) -> Result<Unit, Diagnostic> {
    let shown = path.display().to_string();
    if path.extension().is_none_or(|extension| extension != "py") {
        return Err(match fs::metadata(path) {
            Err(error) => cannot_read(path, &error),
            Ok(_) => Diagnostic::file_error(Code::D005, shown, "is not a Python source file")
                .help("give a file that ends in `.py`, or the directory of a package"),
        });
    }
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    if !is_module_name(&stem) {
        return Err(Diagnostic::file_error(
            Code::D005,
            shown,
            format!("`{stem}` cannot be the name of a module"),
        )
        .help(
            "rename the file so that `import` can name it: letters, digits and `_`, no keyword",
        ));
    }
    let directory = path.parent().unwrap_or(Path::new(""));
    Ok(Unit {
        source: path.to_owned(),
        module: qualified_name(directory, &stem),
        target: output_dir.unwrap_or(directory).join(stem),
    })
}

/// The dotted name of a module in `directory`, which is part of a package if it has an `__init__.py`.
fn qualified_name(directory: &Path, stem: &str) -> String {
    let mut name = stem.to_owned();
    let Ok(mut directory) = fs::canonicalize(if directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        directory
    }) else {
        return name;
    };
    while directory.join("__init__.py").is_file() {
        let Some(package) = directory.file_name().and_then(|name| name.to_str()) else {
            break;
        };
        name = format!("{package}.{name}");
        if !directory.pop() {
            break;
        }
    }
    name
}

fn add_package(
    root: &Path,
    output_dir: Option<&Path>,
    inputs: &mut Inputs,
) -> Result<(), Diagnostic> {
    let before = inputs.units.len();
    let target = match output_dir {
        // The package's own folder is kept, so that `DIR` can be on `sys.path`.
        Some(directory) => match fs::canonicalize(root)
            .ok()
            .as_deref()
            .and_then(Path::file_name)
        {
            Some(name) => directory.join(name),
            None => directory.to_owned(),
        },
        None => root.to_owned(),
    };
    add_directory(root, &target, inputs)?;
    if inputs.units.len() == before {
        let shown = root.display().to_string();
        return Err(
            Diagnostic::file_error(Code::D003, shown, "has no Python modules to compile")
                .help("give the directory that holds the package's `.py` files"),
        );
    }
    Ok(())
}

fn add_directory(directory: &Path, target: &Path, inputs: &mut Inputs) -> Result<(), Diagnostic> {
    let entries = fs::read_dir(directory).map_err(|error| cannot_read(directory, &error))?;
    let mut entries: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .collect();
    entries.sort();
    for path in entries {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            // Folders that are not packages hold data, tests or caches. A link could lead in a circle.
            if path.join("__init__.py").is_file() && is_module_name(&name) && !path.is_symlink() {
                add_directory(&path, &target.join(&name), inputs)?;
            }
            continue;
        }
        let Some(stem) = name.strip_suffix(".py") else {
            continue;
        };
        // Python runs these two from their source.
        if stem == "__init__" || stem == "__main__" {
            continue;
        }
        if is_module_name(stem) {
            let unit = file_unit(&path, Some(target))?;
            inputs.units.push(unit);
        }
    }
    Ok(())
}

fn refuse_shared_outputs(inputs: &mut Inputs) {
    let mut first: HashMap<PathBuf, PathBuf> = HashMap::new();
    let mut diagnostics = Vec::new();
    inputs.units.retain(|unit| {
        let Some(other) = first.get(&unit.target) else {
            first.insert(unit.target.clone(), unit.source.clone());
            return true;
        };
        if *other != unit.source {
            let shown = unit.source.display().to_string();
            let output = unit.output("so");
            let (output, other) = (output.display(), other.display());
            diagnostics.push(
                Diagnostic::file_error(
                    Code::D006,
                    shown,
                    format!("would be written to `{output}`, as `{other}` is"),
                )
                .help("build them to different directories"),
            );
        }
        false
    });
    inputs.diagnostics.extend(diagnostics);
}

/// Reads a source file.
pub fn read(path: &Path) -> Result<Vec<u8>, Diagnostic> {
    // A folder can be opened, and a pipe or a device would be waited for.
    let metadata = fs::metadata(path).map_err(|error| cannot_read(path, &error))?;
    if metadata.is_dir() {
        return Err(cannot_read(path, &io::ErrorKind::IsADirectory.into()));
    }
    let bytes = fs::read(path).map_err(|error| cannot_read(path, &error))?;
    if bytes.len() > MAX_SOURCE {
        let shown = path.display().to_string();
        return Err(
            Diagnostic::file_error(Code::D001, shown, "is larger than 1 GiB")
                .help("split the module, or keep data in a file of its own"),
        );
    }
    Ok(bytes)
}

/// Places in a source are 32-bit numbers.
const MAX_SOURCE: usize = 1 << 30;

fn cannot_read(path: &Path, error: &io::Error) -> Diagnostic {
    let help = match error.kind() {
        io::ErrorKind::NotFound => "check the path; it is relative to the current directory",
        io::ErrorKind::PermissionDenied => "make it readable for this user",
        _ => "check that it is an ordinary file",
    };
    let shown = path.display().to_string();
    Diagnostic::file_error(
        Code::D001,
        shown,
        format!("cannot be read: {}", reason(error)),
    )
    .help(help)
}

/// Whether `import` can name it.
fn is_module_name(name: &str) -> bool {
    let mut characters = name.chars();
    let starts = characters
        .next()
        .is_some_and(|c| c == '_' || c.is_alphabetic());
    starts && characters.all(|c| c == '_' || c.is_alphanumeric()) && !KEYWORDS.contains(&name)
}

const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_modules() {
        for name in ["a", "_x1", "naïve", "match"] {
            assert!(is_module_name(name), "{name}");
        }
        for name in ["", "1a", "my-script", "a.b", "class", "a b"] {
            assert!(!is_module_name(name), "{name}");
        }
    }

    #[test]
    fn the_suffix_is_added_to_the_name() {
        let unit = Unit {
            source: "x.py".into(),
            module: "x".into(),
            target: "out/x".into(),
        };
        assert_eq!(unit.output("so"), Path::new("out/x.so"));
    }
}
