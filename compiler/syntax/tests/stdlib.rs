//! Every file of the standard library of the machine's Python gives the tree that CPython's own parser gives, places
//! and all; what CPython refuses is refused.

mod common;

use std::path::{Path, PathBuf};

use common::Oracle;
use snek_diagnostics::{FileId, SourceMap};
use snek_syntax::{Dialect, ParseResult, dump_with, parse_with};

/// CRC-32 as in zlib, which is what Python has built in.
fn crc32(bytes: &[u8]) -> u32 {
    let mut table = [0u32; 256];
    for (i, entry) in table.iter_mut().enumerate() {
        *entry = (0..8).fold(i as u32, |c, _| {
            if c & 1 == 1 {
                0xEDB8_8320 ^ (c >> 1)
            } else {
                c >> 1
            }
        });
    }
    !bytes.iter().fold(!0, |c, b| {
        table[((c ^ u32::from(*b)) & 0xFF) as usize] ^ (c >> 8)
    })
}

fn python_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("the standard library can be read");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if !path.ends_with("site-packages") && !path.ends_with("__pycache__") {
                python_files(&path, files);
            }
        } else if path.extension().is_some_and(|e| e == "py") {
            files.push(path);
        }
    }
}

/// Compares one file: an error says how it differs.
fn compare(oracle: &mut Oracle, path: &Path) -> Result<(), String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let dialect = Dialect {
        minor: oracle.minor,
    };
    let ParseResult {
        module,
        text,
        diagnostics,
    } = parse_with(FileId(0), &bytes, dialect);
    let answer = oracle.ask("dump", path);
    let Some(module) = module else {
        if answer.starts_with("error") || oracle.ask("compile", path).starts_with("error") {
            return Ok(());
        }
        return Err(format!(
            "CPython accepts it; we say {:?}",
            diagnostics.first()
        ));
    };
    if !diagnostics.is_empty() {
        return Err(format!("accepted with errors: {diagnostics:?}"));
    }
    let Some(crc) = answer.strip_prefix("ok ") else {
        return Err(format!("we accept it; CPython says {answer}"));
    };
    let deliberately_bad = path
        .file_name()
        .is_some_and(|name| name.to_string_lossy().contains("bad"));
    if deliberately_bad {
        let answer = oracle.ask("compile", path);
        if answer != "ok" {
            return Err(format!("we accept it; CPython's compiler says {answer}"));
        }
    }
    let mut sources = SourceMap::new();
    let id = sources.add("", text);
    let ours = dump_with(&module, sources.file(id), oracle.minor >= 12);
    if crc32(ours.as_bytes()).to_string() == crc {
        return Ok(());
    }
    let theirs = oracle.ask("show", path);
    let mut lines = ours.lines().zip(theirs.lines());
    match lines.find(|(a, b)| a != b) {
        Some((a, b)) => Err(format!("\n  ours    {}\n  CPython {}", a.trim(), b.trim())),
        None => Err("one dump is longer".into()),
    }
}

#[test]
fn trees_are_cpythons() {
    let mut files = Vec::new();
    python_files(&Oracle::start().stdlib, &mut files);
    assert!(files.len() > 500, "only {} files found", files.len());
    let middle: usize = files.len() / 2;
    let (front, back) = files.split_at(middle);
    let failures: Vec<String> = std::thread::scope(|scope| {
        let work = |files: &[PathBuf]| {
            let mut oracle = Oracle::start();
            let mut failures = Vec::new();
            for path in files {
                if let Err(difference) = compare(&mut oracle, path) {
                    failures.push(format!("{}: {difference}", path.display()));
                }
            }
            failures
        };
        let other = scope.spawn(move || work(back));
        let mut failures = work(front);
        failures.extend(other.join().expect("no panic"));
        failures
    });
    let shown = &failures[..failures.len().min(20)];
    assert!(
        failures.is_empty(),
        "{} of {} files differ:\n{}",
        failures.len(),
        files.len(),
        shown.join("\n")
    );
}
