//! The program `snekc`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::SIGXFSZ;
use snek_driver::{Host, cli};

fn main() -> ExitCode {
    // A file beyond the limit of the user is an error of `write`, which is reported, and not the end of this process.
    // Where no handler can be had, that signal does what it always does.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
    let arguments = std::env::args_os().skip(1).collect();
    let compiler = std::env::current_exe().ok();
    let host = Host {
        python: python(compiler.as_ref()),
        compiler,
    };
    ExitCode::from(cli::main(arguments, &host))
}

/// `SNEK_PYTHON`; else the one of the environment that this program is installed in; else the one of the user's path.
fn python(program: Option<&PathBuf>) -> PathBuf {
    if let Some(chosen) = std::env::var_os("SNEK_PYTHON").filter(|path| !path.is_empty()) {
        return chosen.into();
    }
    let neighbour = program.map(|program| program.with_file_name("python3"));
    neighbour
        .filter(|path| path.is_file())
        .unwrap_or_else(|| "python3".into())
}
