//! Runs the programs of `tests/types/`: what `reveal_type` sees and what is reported must be what their comments say.
//!
//! `# revealed: int` stands on the line of a `reveal_type(...)`; `# error: T014`, `# warning: T014` and `# help: N003`
//! on the line that the diagnostic is about, each optionally with a part of the message in quotes. Several are
//! separated by `;`. Everything reported must be expected. A file whose first line is `# strict` is checked strictly.

use std::collections::BTreeSet;
use std::path::Path;

use snek_diagnostics::SourceMap;
use snek_sema::{Input, analyze};

/// A line, what is expected of it, and a part of the message.
type Expectation = (u32, String, String);

fn expectations(text: &str) -> Vec<Expectation> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let Some((_, comment)) = line.rsplit_once("# ") else {
            continue;
        };
        for part in comment.split("; ") {
            let markers = ["revealed:", "error:", "warning:", "help:"];
            if !markers.iter().any(|marker| part.starts_with(marker)) {
                continue;
            }
            let (head, message) = match part.split_once('"') {
                Some((head, message)) => (head.trim(), message.trim_end().trim_end_matches('"')),
                None => (part.trim(), ""),
            };
            found.push((number as u32 + 1, head.to_owned(), message.to_owned()));
        }
    }
    found
}

fn check(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("readable test");
    let mut sources = SourceMap::new();
    let file = sources.add(path.file_name().expect("a file").to_string_lossy(), "");
    let parsed = snek_syntax::parse(file, text.as_bytes());
    sources.set_text(file, parsed.text);
    let mut actual: Vec<Expectation> = Vec::new();
    let mut diagnostics = parsed.diagnostics;
    if let Some(module) = &parsed.module {
        let input = Input {
            module,
            name: "test",
            strict: text.starts_with("# strict"),
        };
        let analysis = analyze(&input, &mut sources);
        diagnostics.extend(analysis.diagnostics);
        for (span, ty) in &analysis.revealed {
            let line = sources.line_column(*span).line;
            actual.push((line, format!("revealed: {ty}"), String::new()));
        }
        // Nothing that an error left behind gets into a program.
        let hir = snek_sema::write_program(&analysis.program);
        assert!(!hir.contains("Never"), "{path:?}\n{hir}");
    }
    for diagnostic in &diagnostics {
        let line = diagnostic
            .primary
            .map_or(0, |span| sources.line_column(span).line);
        let head = format!("{}: {}", diagnostic.severity.as_str(), diagnostic.code);
        actual.push((line, head, diagnostic.message.clone()));
    }
    let expected = expectations(&text);
    let mut failures = Vec::new();
    let mut used = BTreeSet::new();
    for (line, head, message) in &actual {
        let found = expected
            .iter()
            .enumerate()
            .find(|(i, (at, expected, part))| {
                !used.contains(i)
                    && at == line
                    && expected == head
                    && message.contains(part.as_str())
            });
        match found {
            Some((i, _)) => {
                used.insert(i);
            }
            None => failures.push(format!(
                "{}:{line}: unexpected {head} {message}",
                path.display()
            )),
        }
    }
    for (i, (line, head, part)) in expected.iter().enumerate() {
        if !used.contains(&i) {
            failures.push(format!("{}:{line}: missing {head} {part}", path.display()));
        }
    }
    failures
}

#[test]
fn programs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/types");
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .expect("tests/types")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    let failures: Vec<String> = paths.iter().flat_map(|path| check(path)).collect();
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}
