//! What became of each function of a module: native or Python, and why.

use std::fmt::Write;
use std::time::Duration;

use serde_json::json;

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
    /// How long it took.
    pub elapsed: Duration,
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
    text
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
