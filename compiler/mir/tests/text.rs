//! Reads each file of `tests/mir`: those in `valid` print as they are written and verify; those in `invalid` have the
//! faults that their `; error:` lines say, one each, in order.

use snek_mir::parse::parse;
use snek_mir::verify::verify;
use std::path::{Path, PathBuf};

fn files(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/mir")
        .join(folder);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "mir"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no tests in {}", folder.display());
    files
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path, text)
        })
        .collect()
}

#[test]
fn valid_programs_round_trip() {
    for (path, text) in files("valid") {
        let program = parse(&text).unwrap_or_else(|error| panic!("{}:{error}", path.display()));
        let printed = program.to_string();
        let code: String = text
            .lines()
            .filter(|line| !line.starts_with(';'))
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(
            printed.trim_start(),
            code.trim_start(),
            "{}",
            path.display()
        );
        let faults: Vec<String> = verify(&program).iter().map(ToString::to_string).collect();
        assert!(faults.is_empty(), "{}: {faults:#?}", path.display());
        // The parser fills gaps between ids, so a second trip must not change anything either.
        assert_eq!(parse(&printed).unwrap().to_string(), printed);
    }
}

#[test]
fn invalid_programs_are_refused() {
    for (path, text) in files("invalid") {
        let wanted: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("; error: "))
            .collect();
        let found: Vec<String> = match parse(&text) {
            Ok(program) => verify(&program).iter().map(ToString::to_string).collect(),
            Err(error) => vec![error.to_string()],
        };
        assert!(
            found == wanted,
            "{}: found\n; error: {}",
            path.display(),
            found.join("\n; error: ")
        );
    }
}

/// No text makes the parser or the verifier panic: every valid program, with each of its tokens left out or doubled.
#[test]
fn damaged_programs_do_not_panic() {
    for (_, text) in files("valid") {
        let words: Vec<&str> = text.split_inclusive([' ', '\n']).collect();
        for skip in 0..words.len() {
            for times in [0, 2] {
                let damaged: String = words
                    .iter()
                    .enumerate()
                    .flat_map(|(index, word)| {
                        std::iter::repeat_n(*word, if index == skip { times } else { 1 })
                    })
                    .collect();
                if let Ok(program) = parse(&damaged) {
                    verify(&program);
                    let _ = program.to_string();
                }
            }
        }
    }
}
