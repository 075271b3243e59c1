//! Each folder of `tests/mir/opt` is named as a pass (or `pipeline`); each file there has a program, a line `=== after`,
//! and what the pass makes of the program. `SNEK_UPDATE=1 cargo test` writes the second part.

use std::path::{Path, PathBuf};

use snek_mir::ir::Program;
use snek_mir::parse::parse;
use snek_mir::verify::verify;
use snek_opt::pipeline::run_pass;
use snek_opt::{Level, Options, optimise};

const SEPARATOR: &str = "\n=== after\n";

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

fn run(program: &mut Program, pass: &str) {
    if pass == "pipeline" {
        let options = Options {
            level: Level::O2,
            verify: true,
        };
        optimise(program, options).unwrap();
    } else {
        assert!(run_pass(program, pass), "no pass `{pass}`");
    }
}

fn assert_verified(program: &Program, path: &Path, when: &str) {
    let faults: Vec<String> = verify(program).iter().map(ToString::to_string).collect();
    assert!(
        faults.is_empty(),
        "{} {when}: {faults:#?}\n{program}",
        path.display()
    );
}

#[test]
fn passes_do_what_their_tests_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/mir/opt");
    let update = std::env::var_os("SNEK_UPDATE").is_some();
    let mut wrong = Vec::new();
    for folder in entries(&root) {
        let pass = folder.file_name().unwrap().to_str().unwrap().to_string();
        for path in entries(&folder) {
            let text = std::fs::read_to_string(&path).unwrap();
            let (before, after) = text.split_once(SEPARATOR).unwrap_or((text.trim_end(), ""));
            let mut program =
                parse(before).unwrap_or_else(|error| panic!("{}:{error}", path.display()));
            assert_verified(&program, &path, "before");
            run(&mut program, &pass);
            assert_verified(&program, &path, "after");
            let printed = program.to_string();
            // A pass finds nothing more to do in what it made, but for what it doubles.
            if !matches!(pass.as_str(), "version" | "guard") {
                run(&mut program, &pass);
                assert_verified(&program, &path, "after the second run");
            }
            if printed.trim() != after.trim() {
                if update {
                    let text = format!("{before}{SEPARATOR}{}\n", printed.trim());
                    std::fs::write(&path, text).unwrap();
                } else {
                    wrong.push(format!("{}:\n{printed}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
