//! Each program of `tests/race` has the verdict that it says. In MIR, the first line has it: `ok`, `guard NAMES` (accepted
//! if these are not negative), or the code, message and labels of its errors. In Python, each line that is at fault has a
//! comment `# race: CODE`.

use std::path::{Path, PathBuf};

use snek_analysis::effects::effects;
use snek_analysis::races::{check, plans};
use snek_diagnostics::SourceMap;
use snek_mir::parse::parse;
use snek_mir::verify::verify;

fn files(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/race");
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == kind))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

#[test]
fn python_programs_have_their_verdicts() {
    let mut wrong = Vec::new();
    for path in files("py") {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut sources = SourceMap::new();
        let file = sources.add("race.py", text.as_str());
        let parsed = snek_syntax::parse(file, text.as_bytes());
        let module = parsed.module.expect("it is Python");
        let input = snek_sema::Input {
            module: &module,
            name: "race",
            strict: true,
        };
        let analysis = snek_sema::analyze(&input, &mut sources);
        let mut errors: Vec<_> = analysis.diagnostics;
        errors.retain(|diagnostic| diagnostic.is_error());
        let program = snek_mir::lower::lower(&analysis.program, &sources).unwrap();
        errors.extend(check(&program));
        let mut said = Vec::new();
        let mut found: Vec<String> = errors
            .iter()
            .map(|error| {
                let line = error
                    .primary
                    .map_or(0, |span| sources.file(file).line_index(span.start) + 1);
                let text = format!("{line}: {}", error.code);
                said.push((
                    text.clone(),
                    format!("{} | {}", error.message, error.primary_label),
                ));
                text
            })
            .collect();
        found.sort();
        // A line may be at fault for two variables.
        found.dedup();
        let mut wanted: Vec<String> = text
            .lines()
            .enumerate()
            .filter_map(|(n, line)| {
                let mark = line.split_once("# race: ").or(line.split_once("# limit: "));
                let (_, code) = mark?;
                Some(format!("{}: {}", n + 1, code.trim()))
            })
            .collect();
        wanted.sort();
        if found != wanted {
            let only = |a: &[String], b: &[String]| -> Vec<String> {
                a.iter().filter(|x| !b.contains(x)).cloned().collect()
            };
            let (extra, missing) = (only(&found, &wanted), only(&wanted, &found));
            let extra: Vec<_> = said
                .iter()
                .filter(|(text, _)| extra.contains(text))
                .collect();
            wrong.push(format!(
                "{}: {extra:#?}, wanted {missing:?}",
                path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The functions of a file with a `prange` of their own, each with the marks in it.
fn cases(text: &str) -> (usize, usize, usize) {
    let (mut racy, mut clean, mut limits) = (0, 0, 0);
    for function in text.split("\ndef ").skip(1) {
        if !function.contains(" prange(") {
            continue;
        }
        match (
            function.contains("# race: "),
            function.contains("# limit: "),
        ) {
            (true, _) => racy += 1,
            (false, true) => limits += 1,
            (false, false) => clean += 1,
        }
    }
    (racy, clean, limits)
}

/// The set is large enough to say something, and what is refused without reason stays the exception.
#[test]
fn the_set_is_large() {
    let (mut racy, mut clean, mut limits) = (0, 0, 0);
    for path in files("py") {
        let found = cases(&std::fs::read_to_string(&path).unwrap());
        racy += found.0;
        clean += found.1;
        limits += found.2;
    }
    assert!(racy >= 60 && clean >= 60, "{racy} racy, {clean} clean");
    assert!(limits <= clean / 10, "{limits} limits");
}

#[test]
fn mir_programs_have_their_verdicts() {
    let mut wrong = Vec::new();
    for path in files("mir") {
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
                for guard in plans(&program, id, &summaries) {
                    if guard.nonnegative.is_empty() {
                        continue;
                    }
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
        if found != wanted && std::env::var_os("SNEK_UPDATE").is_some() {
            let rest: Vec<&str> = text
                .lines()
                .skip_while(|line| line.starts_with("; "))
                .collect();
            let text = format!("; {}\n{}\n", found.join("\n; "), rest.join("\n"));
            std::fs::write(&path, text).unwrap();
        } else if found != wanted {
            wrong.push(format!(
                "{}: found\n; {}",
                path.display(),
                found.join("\n; ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
