//! `snekc` as a program of its own: the same command as the wheel's script, for machines and tests without the wheel.

use std::process::ExitCode;

use snek_driver::{Host, cli};

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1).collect();
    let host = Host {
        python: "python3".into(),
        compiler: std::env::current_exe().ok(),
    };
    ExitCode::from(cli::main(arguments, &host))
}
