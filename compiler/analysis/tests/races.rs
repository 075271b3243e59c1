//! Each program of `tests/race` has the verdict that its first line says: `ok`, `guard NAMES` (accepted if these are not
//! negative), or the code, message and labels of its errors.

use std::path::Path;

use snek_analysis::effects::effects;
use snek_analysis::races::{check, guards};
use snek_mir::parse::parse;
use snek_mir::verify::verify;

#[test]
fn mir_programs_have_their_verdicts() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/race");
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "mir"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    let mut wrong = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let wanted: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("; "))
            .collect();
        let program = parse(&text).unwrap_or_else(|error| panic!("{}:{error}", path.display()));
        let faults: Vec<String> = verify(&program).iter().map(ToString::to_string).collect();
        assert!(faults.is_empty(), "{}: {faults:#?}", path.display());
        let mut found: Vec<String> = check(&program)
            .iter()
            .map(|d| {
                let labels: Vec<&str> = std::iter::once(d.primary_label.as_str())
                    .chain(d.labels.iter().map(|(_, text)| text.as_str()))
                    .collect();
                format!("{} {} | {}", d.code, d.message, labels.join(" | "))
            })
            .collect();
        if found.is_empty() {
            let summaries = effects(&program);
            for id in program.functions.indices() {
                for guard in guards(&program, id, &summaries) {
                    let names: Vec<&str> = guard
                        .nonnegative
                        .iter()
                        .filter_map(|v| program.functions[id].values[*v].name.as_deref())
                        .collect();
                    found.push(format!("guard {}", names.join(", ")));
                }
            }
        }
        if found.is_empty() {
            found.push("ok".to_string());
        }
        if found != wanted {
            wrong.push(format!(
                "{}: found\n; {}",
                path.display(),
                found.join("\n; ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
