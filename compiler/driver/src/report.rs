//! What became of each function of a module: native or Python, and why.

use std::fmt::Write;
use std::time::Duration;

use serde_json::json;
use snek_mir::ir::Program;
use snek_opt::LoopReport;

use crate::loops::{self, LoopLine};

/// One function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionReport {
    /// Its name.
    pub name: String,
    /// Whether Python calls native code for it.
    pub native: bool,
    /// How it was compiled, or why it was not; may be empty.
    pub detail: String,
}

/// One module.
#[derive(Clone, Debug)]
pub struct ModuleReport {
    /// The source file, as the user named it.
    pub source: String,
    /// The file that was written.
    pub output: String,
    /// Its functions, in source order.
    pub functions: Vec<FunctionReport>,
    /// Its loops, if they were asked for.
    pub loops: Vec<LoopLine>,
    /// How long it took.
    pub elapsed: Duration,
}

/// What is known of the functions of a module once it is optimised.
pub fn functions(found: &[snek_sema::FunctionReport], program: &Program) -> Vec<FunctionReport> {
    let loops = snek_opt::loop_reports(program);
    let report = |function: &snek_sema::FunctionReport| FunctionReport {
        name: function.name.clone(),
        native: function.reason.is_none(),
        detail: match &function.reason {
            None => describe_loops(loops_of(&function.name, program, &loops)),
            Some(reason) => match reason.line {
                Some(line) => format!("{} (line {line})", reason.text),
                None => reason.text.clone(),
            },
        },
    };
    found.iter().map(report).collect()
}

/// The loops that are written in a function of the module itself.
fn loops_of<'l>(
    name: &'l str,
    program: &'l Program,
    loops: &'l [LoopReport],
) -> impl Iterator<Item = &'l LoopReport> + Clone {
    let exports = program.exports.iter();
    let line = exports
        .filter(|export| export.name == name)
        .map(|export| export.first_line)
        .next();
    loops.iter().filter(move |found| {
        let frame = &program.frames[found.frame];
        frame.name == name && Some(frame.first_line) == line
    })
}

/// Such as "parallel over `y`, no checks left in the inner loops".
fn describe_loops<'l>(loops: impl Iterator<Item = &'l LoopReport> + Clone) -> String {
    let mut parts = Vec::new();
    let parallel: Vec<_> = loops
        .clone()
        .filter(|found| found.parallel)
        .map(|found| match &found.variable {
            Some(name) => format!("`{name}`"),
            None => format!("line {}", found.line),
        })
        .collect();
    if !parallel.is_empty() {
        parts.push(format!("parallel over {}", parallel.join(", ")));
    }
    let inner: Vec<_> = loops.filter(|found| found.innermost).collect();
    let checked: Vec<_> = inner.iter().filter(|found| found.checks > 0).collect();
    match (inner.len(), checked.as_slice()) {
        (0, _) => {}
        (1, []) => parts.push("no checks left in the inner loop".into()),
        (_, []) => parts.push("no checks left in the inner loops".into()),
        (_, [first, ..]) => {
            let checks: usize = checked.iter().map(|found| found.checks).sum();
            let plural = if checks == 1 { "check" } else { "checks" };
            parts.push(format!(
                "{checks} {plural} left in inner loops, from line {}",
                first.line
            ));
        }
    }
    parts.join(", ")
}

const WIDTH: usize = 72;
const MAX_NAME: usize = 24;

/// For people: a heading and a line for each function.
pub fn render(report: &ModuleReport, colour: bool) -> String {
    let native = report.functions.iter().filter(|f| f.native).count();
    let python = report.functions.len() - native;
    let left = format!("{}   {native} native · {python} Python", report.source);
    let right = format!("{} ms", report.elapsed.as_millis());
    let used = left.chars().count() + right.len();
    let gap = WIDTH.saturating_sub(used).max(3);
    let paint = |text: &str, code: &str| match colour {
        true => format!("\x1b[{code}m{text}\x1b[0m"),
        false => text.to_owned(),
    };
    let mut text = format!("{}{:gap$}{right}\n", paint(&left, "1"), "");
    let names = report.functions.iter().map(|f| f.name.chars().count());
    let width = names.max().unwrap_or(0).clamp(12, MAX_NAME);
    for function in &report.functions {
        let kind = match function.native {
            true => paint("native", "32"),
            false => paint("Python", "33"),
        };
        let line = format!("  {:width$}  {kind}   {}", function.name, function.detail);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text + &loops::render(&report.loops)
}

/// For programs: one JSON object.
pub fn to_json(report: &ModuleReport) -> String {
    let functions = report.functions.iter().map(|function| {
        json!({"name": function.name, "native": function.native, "detail": function.detail})
    });
    json!({
        "severity": "report",
        "file": report.source,
        "output": report.output,
        "functions": functions.collect::<Vec<_>>(),
        "loops": report.loops.iter().map(|found| found.json.clone()).collect::<Vec<_>>(),
        "milliseconds": report.elapsed.as_secs_f64() * 1e3,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_each_function() {
        let function = |name: &str, native, detail: &str| FunctionReport {
            name: name.into(),
            native,
            detail: detail.into(),
        };
        let report = ModuleReport {
            source: "smooth.py".into(),
            output: "smooth.so".into(),
            functions: vec![
                function("smooth", true, ""),
                function("load", false, "uses `open`"),
            ],
            loops: Vec::new(),
            elapsed: Duration::from_millis(41),
        };
        assert_eq!(
            render(&report, false),
            "smooth.py   1 native · 1 Python                                    41 ms\n  \
             smooth        native\n  \
             load          Python   uses `open`\n"
        );
    }
}
