//! Lowers each `tests/mir/lower/*.py` and compares with the `.mir` beside it (`SNEK_UPDATE=1` writes it). Lines
//! `# run: f(1, 2.5)` are run, by CPython and by the interpreter of MIR, and must give the same. Each `tests/run/*.py`
//! must lower to valid MIR that reads back, too.

use crate::interpret::{Machine, Value, View};
use snek_diagnostics::{Severity, SourceMap};
use snek_mir::ir::Program;
use snek_mir::lower::lower;
use snek_mir::parse::parse;
use snek_mir::verify::verify;
use snek_sema::{Input, analyze};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests")
        .join(name)
}

fn python_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no tests in {}", folder.display());
    files
}

/// The MIR of a file, checked, and its text.
fn lowered(path: &Path, all_native: bool) -> (Program, String) {
    let source = std::fs::read_to_string(path).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let mut sources = SourceMap::new();
    let file = sources.add(name, source.as_str());
    let parsed = snek_syntax::parse(file, source.as_bytes());
    let module = parsed.module.expect("the file parses");
    let input = Input {
        module: &module,
        name: path.file_stem().unwrap().to_str().unwrap(),
        strict: all_native,
    };
    let analysis = analyze(&input, &mut sources);
    let errors: Vec<String> = analysis
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(|diagnostic| snek_diagnostics::render_terminal(&sources, diagnostic, false))
        .collect();
    assert!(
        errors.is_empty() || !all_native,
        "{}:\n{}",
        path.display(),
        errors.join("\n")
    );
    let program = lower(&analysis.program, &sources)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let text = program.to_string();
    let faults: Vec<String> = verify(&program).iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{}: {faults:#?}\n{text}", path.display());
    let again = parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(again.to_string(), text, "{}", path.display());
    (program, text)
}

#[test]
fn sources_lower_as_written_down() {
    let update = std::env::var_os("SNEK_UPDATE").is_some();
    for path in python_files(&folder("mir/lower")) {
        let (_, text) = lowered(&path, true);
        let expected = path.with_extension("mir");
        if update {
            std::fs::write(&expected, &text).unwrap();
            continue;
        }
        let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
        assert!(
            text == wanted,
            "{} has changed (SNEK_UPDATE=1 writes it):\n{text}",
            expected.display()
        );
    }
}

#[test]
fn programs_that_run_both_ways_lower() {
    for path in python_files(&folder("run")) {
        lowered(&path, false);
    }
}

/// The arguments in `f(1, 2.5, True)`.
fn arguments(text: &str) -> Vec<Value> {
    text.split(',')
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(|text| match text {
            "True" => Value::Int(1),
            "False" => Value::Int(0),
            _ => match text.parse() {
                Ok(int) => Value::Int(int),
                Err(_) => Value::Float(text.trim_matches('\'').parse().unwrap()),
            },
        })
        .collect()
}

fn show(value: &Value, program: &Program, export: usize, index: usize) -> String {
    let ty = program.functions[program.exports[export].contiguous].results[index];
    match value {
        Value::Int(value) if ty == snek_mir::ir::Type::BOOL => {
            if *value == 1 { "True" } else { "False" }.to_string()
        }
        Value::Int(value) => value.to_string(),
        Value::Float(value) => format!("{:016x}", value.to_bits()),
        other => format!("{other:?}"),
    }
}

const HARNESS: &str = "
import struct
def _show(x):
    if isinstance(x, float):
        return struct.pack('>d', x).hex()
    if isinstance(x, complex):
        return _show(x.real) + ' ' + _show(x.imag)
    if isinstance(x, tuple):
        return ' '.join(map(_show, x))
    return '' if x is None else str(x)
def _run(f, *args):
    try:
        print('=', _show(f(*args)))
    except Exception as error:
        print('!', ': '.join(filter(None, [type(error).__name__, str(error)])))
";

#[test]
fn sources_run_as_cpython_runs_them() {
    for path in python_files(&folder("mir/lower")) {
        let source = std::fs::read_to_string(&path).unwrap();
        let runs: Vec<&str> = source
            .lines()
            .filter_map(|line| line.strip_prefix("# run: "))
            .collect();
        if runs.is_empty() {
            continue;
        }
        let (program, _) = lowered(&path, true);
        let mut script = format!("{source}\n{HARNESS}");
        let mut found = Vec::new();
        for run in &runs {
            let (name, rest) = run.split_once('(').unwrap();
            let args = rest.strip_suffix(')').unwrap();
            let python_args = args
                .replace("inf", "float('inf')")
                .replace("nan", "float('nan')");
            let _ = writeln!(script, "_run({name}, {python_args})");
            let export = program
                .exports
                .iter()
                .position(|export| export.name == name)
                .unwrap_or_else(|| panic!("{}: no `{name}`", path.display()));
            let mut machine = Machine::new(&program);
            let result = machine.call(program.exports[export].contiguous, arguments(args));
            let line = match result {
                Ok(values) => {
                    let values: Vec<String> = values
                        .iter()
                        .enumerate()
                        .map(|(index, value)| show(value, &program, export, index))
                        .collect();
                    format!("= {}", values.join(" "))
                }
                Err(text) => format!("! {text}"),
            };
            let printed = machine.output + &line;
            found.push(printed.trim_end().to_string());
        }
        let output = Command::new("python3")
            .args(["-c", &script])
            .env("PYTHONPATH", folder("../stdlib"))
            .output()
            .expect("python3 runs");
        assert!(
            output.status.success(),
            "{}: {}",
            path.display(),
            String::from_utf8_lossy(&output.stderr)
        );
        let wanted = String::from_utf8(output.stdout).unwrap();
        let wanted: Vec<&str> = wanted.lines().map(str::trim_end).collect();
        let found: Vec<&str> = found.iter().flat_map(|text| text.lines()).collect();
        for (index, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
            let run = runs.get(index).unwrap_or(&"");
            assert_eq!(found, wanted, "{}: {run}", path.display());
        }
        assert_eq!(found.len(), wanted.len());
    }
}

/// Both bodies of functions on arrays, the strided one with arrays that run backwards.
#[test]
fn arrays_are_read_and_written_by_both_bodies() {
    let (program, _) = lowered(&folder("mir/lower").join("arrays.py"), true);
    let floats = |values: &[f64]| -> Vec<Value> {
        values.iter().map(|value| Value::Float(*value)).collect()
    };
    let export = |name: &str| {
        program
            .exports
            .iter()
            .find(|export| export.name == name)
            .unwrap()
    };
    let read = |view: &View| -> Vec<String> {
        view.data
            .borrow()
            .iter()
            .map(|value| format!("{value:?}"))
            .collect()
    };
    for strided in [false, true] {
        let body = |name: &str| {
            let export = export(name);
            if strided {
                export.strided.unwrap()
            } else {
                export.contiguous
            }
        };
        let matrix = View::new(&[2, 3], floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        let mut out = View::new(&[2], floats(&[0.0, 0.0]));
        if strided {
            out.offset = 1;
            out.strides = vec![-1];
        }
        let mut machine = Machine::new(&program);
        let args = vec![Value::Array(matrix), Value::Array(out.clone())];
        machine.call(body("sums"), args).unwrap();
        let wanted = if strided { [15.0, 6.0] } else { [6.0, 15.0] };
        assert_eq!(read(&out), read(&View::new(&[2], floats(&wanted))));

        let bytes = View::new(&[2, 2], vec![Value::Int(0); 4]);
        let args = vec![Value::Array(bytes.clone()), Value::Int(200)];
        machine.call(body("fill"), args).unwrap();
        assert_eq!(read(&bytes), vec!["Int(200)"; 4]);
        let args = vec![Value::Array(bytes.clone()), Value::Int(256)];
        let error = machine.call(body("fill"), args).unwrap_err();
        assert_eq!(
            error,
            "OverflowError: Python integer 256 out of bounds for uint8"
        );

        let short = View::new(&[1], floats(&[0.0]));
        let long = View::new(&[2], floats(&[1.0, 2.0]));
        let args = [&long, &long, &short].map(|view| Value::Array(view.clone()));
        let error = machine.call(body("add"), args.to_vec()).unwrap_err();
        assert_eq!(
            error,
            "IndexError: index 1 is out of bounds for axis 0 with size 1"
        );
    }
    let written: Vec<&str> = program
        .exports
        .iter()
        .flat_map(|export| &export.params)
        .filter(|param| param.written)
        .map(|param| param.name.as_str())
        .collect();
    assert_eq!(written, ["out", "out", "out", "a", "out"]);
}
