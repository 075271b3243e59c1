//! `snekc run`: the script is built as the module `__main__` into a cache, and so is what it imports from its own folder;
//! Python runs them from there.

use std::collections::hash_map::DefaultHasher;
use std::ffi::OsString;
use std::fs;
use std::hash::{Hash, Hasher};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use snek_diagnostics::{Code, Diagnostic};

use crate::build::{Built, build_unit};
use crate::cli::Host;
use crate::input::{self, Unit};
use crate::local_modules::{self, LocalModule};
use crate::messages::{self, Messages};
use crate::options::Options;
use crate::output;

/// Executes a built script as `__main__`.
const RUNNER: &str = include_str!("run_main.py");

/// Builds `script` and its local modules unless the cache has them, and replaces this process by Python running it.
///
/// Comes back only if that fails.
pub fn run(
    script: &Path,
    arguments: &[OsString],
    options: &Options,
    host: &Host,
    messages: Messages,
) -> Result<Built, Diagnostic> {
    let source = input::read(script)?;
    // As Python does: the folder of the script itself, whatever link led to it.
    let script_file = fs::canonicalize(script).unwrap_or_else(|_| script.to_owned());
    let root = script_file.parent().unwrap_or(Path::new("."));
    let mut modules = local_modules::find(&source, root);
    let main = LocalModule {
        name: "__main__".to_owned(),
        source: script.to_owned(),
    };
    modules.insert(0, main);
    let mut made: Vec<[OsString; 3]> = Vec::new();
    for LocalModule { name, source } in modules {
        match cached(&name, &source, options, host, messages)? {
            Ok(module) => made.push([name.into(), source.into_os_string(), module.into()]),
            Err(built) => return Ok(built),
        }
    }
    let error = Command::new(&host.python)
        .args(["-c", RUNNER])
        .arg(made.len().to_string())
        .args(made.into_iter().flatten())
        .arg(script)
        .args(arguments)
        .exec();
    let shown = host.python.display().to_string();
    let reason = output::reason(&error);
    Err(
        Diagnostic::file_error(Code::D007, shown, format!("cannot be started: {reason}"))
            .help("`snekc run` needs a Python 3.11 or later; install snek into it with `pip install snek`"),
    )
}

/// The module of a source in the cache; built first, if it is not there. What was said instead, if it cannot be built.
fn cached(
    name: &str,
    source: &Path,
    options: &Options,
    host: &Host,
    messages: Messages,
) -> Result<Result<PathBuf, Built>, Diagnostic> {
    let directory = cache_dir()?.join(key(&input::read(source)?, name, source, options, host));
    let unit = Unit {
        source: source.to_owned(),
        module: name.to_owned(),
        target: directory.join(name),
    };
    let module = unit.output("so");
    if !module.is_file() {
        output::create_dir(&directory)?;
        let built = build_unit(&unit, options, messages);
        if !built.ok {
            // An empty folder would only be litter; one that another process fills stays.
            let _ = fs::remove_dir(&directory);
            return Ok(Err(built));
        }
        messages::say(&built.messages);
    }
    Ok(Ok(module))
}

/// Where builds are kept: `SNEK_CACHE_DIR`, or `snek` in the user's cache.
fn cache_dir() -> Result<PathBuf, Diagnostic> {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("SNEK_CACHE_DIR")
        // The specification says that a relative path here is to be ignored.
        .or_else(|| {
            set("XDG_CACHE_HOME")
                .filter(|path| path.is_absolute())
                .map(|path| path.join("snek"))
        })
        .or_else(|| set("HOME").map(|path| path.join(".cache").join("snek")))
        .ok_or_else(|| {
            Diagnostic::file_error(Code::D004, "snekc run", "there is no cache directory")
                .help("set `SNEK_CACHE_DIR`, `XDG_CACHE_HOME` or `HOME`")
        })
}

/// Names a build by all that it depends on.
fn key(source: &[u8], name: &str, path: &Path, options: &Options, host: &Host) -> String {
    let compiler = host
        .compiler
        .as_deref()
        .and_then(|path| fs::metadata(path).ok());
    let built = compiler.map(|metadata| {
        let modified = metadata.modified().ok();
        let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        (metadata.len(), modified)
    });
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        built.hash(&mut hasher);
        (options.opt_level, options.strict).hash(&mut hasher);
        // Messages and tracebacks name the file.
        (name, path).hash(&mut hasher);
        source.hash(&mut hasher);
        hasher.finish()
    };
    format!("{:016x}{:016x}", half(0), half(1))
}
