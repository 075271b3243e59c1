//! Prints a module's HIR, its report and its diagnostics: `cargo run -p snek-sema --example hir FILE.py`.

use std::process::ExitCode;

use snek_diagnostics::SourceMap;
use snek_sema::{Input, analyze, write_program};

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: hir FILE.py");
        return ExitCode::from(2);
    };
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut sources = SourceMap::new();
    let file = sources.add(path, "");
    let parsed = snek_syntax::parse(file, &bytes);
    sources.set_text(file, parsed.text);
    let mut diagnostics = parsed.diagnostics;
    if let Some(module) = &parsed.module {
        let input = Input {
            module,
            name: "example",
            strict: false,
        };
        let analysis = analyze(&input, &mut sources);
        print!("{}", write_program(&analysis.program));
        for function in &analysis.report {
            match &function.reason {
                None => println!("{}: native", function.name),
                Some(reason) => println!("{}: Python: {}", function.name, reason.text),
            }
        }
        diagnostics.extend(analysis.diagnostics);
    }
    for diagnostic in &diagnostics {
        print!(
            "{}",
            snek_diagnostics::render_terminal(&sources, diagnostic, false)
        );
    }
    ExitCode::SUCCESS
}
