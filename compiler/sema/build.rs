//! Embeds the standard library's typed Python: every `.py` directly in `stdlib/` and in some
//! of its folders. Nothing is registered by hand: a new file is found.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The package `snek` is not embedded as a whole. `random` is typed Python itself, the same for
/// CPython and for compiled code; of the package's own functions, `native` says what they are.
const PACKAGE: [(&str, &str); 2] = [
    ("snek", "native/snek.py"),
    ("snek/random", "snek/random.py"),
];

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let stdlib = manifest.join("../../stdlib").canonicalize()?;
    println!("cargo::rerun-if-changed={}", stdlib.display());

    let mut modules = Vec::new();
    for folder in ["", "builtins", "methods", "vector"].map(|folder| stdlib.join(folder)) {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "py") {
                modules.push((module_name(&stdlib, &path), path));
            }
        }
    }
    modules.extend(PACKAGE.map(|(name, path)| (name.to_owned(), stdlib.join(path))));
    modules.sort();

    let mut table = String::from("&[\n");
    for (name, path) in modules {
        writeln!(table, "    ({name:?}, include_str!({path:?})),").expect("writing to a String");
    }
    table.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("library.rs"), table)
}

/// `stdlib/builtins/abs.py` is `builtins/abs`.
fn module_name(stdlib: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(stdlib).expect("it was found there");
    relative
        .with_extension("")
        .to_string_lossy()
        .replace('\\', "/")
}
