//! What became of each loop of a module, for `--report loops`.

use std::fmt::Write;

use serde_json::{Value, json};
use snek_diagnostics::{SourceMap, Span};
use snek_mir::ir::Program;
use snek_opt::{Became, LoopNote, LoopReport, LoopShape, Notes, ShapeNote};

/// One loop of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopLine {
    /// The function that it is written in.
    pub function: String,
    /// Its line.
    pub line: u32,
    /// Its variable, if it has one.
    pub variable: Option<String>,
    /// What was done, and what stopped the rest.
    pub text: String,
    /// For programs.
    pub json: Value,
}

/// The loops that are written in the module itself, in the order of the source.
pub fn loops(program: &Program, notes: &Notes, sources: &SourceMap) -> Vec<LoopLine> {
    let left = snek_opt::loop_reports(program);
    let mut lines: Vec<LoopLine> = Vec::new();
    for note in notes.loops() {
        let frame = &program.frames[note.frame];
        if frame.file.starts_with('<') {
            continue;
        }
        let same = |report: &&LoopReport| (report.frame, report.line) == (note.frame, note.line);
        let left = left.iter().find(same);
        let shape = notes.shapes().find(|shape| shape.span == note.span);
        lines.push(line(note, left, shape, &frame.name, sources));
    }
    // Loops that are not there any more, since they are part of others.
    for shape in notes.shapes() {
        let frame = &program.frames[shape.frame];
        if !frame.file.starts_with('<') && !notes.loops().any(|note| note.span == shape.span) {
            lines.push(LoopLine {
                function: frame.name.clone(),
                line: shape.line,
                variable: shape.variable.clone(),
                text: in_words(shape.shape),
                json: json!({
                    "function": frame.name,
                    "line": shape.line,
                    "variable": shape.variable,
                    "span": place_of(shape.span, sources),
                    "lanes": null,
                    "outer": false,
                    "reason": null,
                    "places": [],
                    "fused_with": fused_with(Some(shape)),
                    "shape": name(Some(shape)),
                    "parallel": false,
                    "checks": 0,
                }),
            });
        }
    }
    // Loops that are only there in parallel, or that no pass looked at.
    for report in &left {
        let frame = &program.frames[report.frame];
        let noted = |note: &LoopNote| (note.frame, note.line) == (report.frame, report.line);
        let shaped = |note: &ShapeNote| (note.frame, note.line) == (report.frame, report.line);
        let is_known = notes.loops().any(noted) || notes.shapes().any(shaped);
        if !frame.file.starts_with('<') && !is_known {
            let mut parts = Vec::new();
            describe(Some(report), &mut parts);
            lines.push(LoopLine {
                function: frame.name.clone(),
                line: report.line,
                variable: report.variable.clone(),
                json: json!({
                    "function": frame.name,
                    "line": report.line,
                    "variable": report.variable,
                    "span": null,
                    "lanes": null,
                    "outer": false,
                    "reason": null,
                    "places": [],
                    "fused_with": null,
                    "shape": null,
                    "parallel": report.parallel,
                    "checks": report.checks,
                }),
                text: parts.join(", "),
            });
        }
    }
    lines.sort_by_key(|line| line.line);
    lines
}

fn line(
    note: &LoopNote,
    left: Option<&LoopReport>,
    shape: Option<&ShapeNote>,
    function: &str,
    sources: &SourceMap,
) -> LoopLine {
    let mut parts = Vec::new();
    parts.extend(shape.map(|shape| in_words(shape.shape)));
    let (mut lanes, mut outer, mut reason) = (None, false, None);
    let mut places = Vec::new();
    match &note.became {
        Became::Lanes { lanes: n, outer: o } => {
            (lanes, outer) = (Some(*n), *o);
            let whole = if *o { " with the loops in it" } else { "" };
            parts.push(format!("{n} lanes{whole}"));
        }
        Became::Inner => parts.push("a loop in it runs in lanes".to_string()),
        Became::Scalar { reason: why, spans } => {
            let why = fill(why, spans, sources);
            let at = spans.first().map(|span| sources.line_column(*span).line);
            let place = match at {
                Some(at) if at != note.line => format!(" (line {at})"),
                _ => String::new(),
            };
            parts.push(format!("not vectorised: {why}{place}"));
            places = spans.iter().map(|span| place_of(*span, sources)).collect();
            reason = Some(why);
        }
    }
    describe(left, &mut parts);
    LoopLine {
        function: function.to_string(),
        line: note.line,
        variable: note.variable.clone(),
        text: parts.join(", "),
        json: json!({
            "function": function,
            "line": note.line,
            "variable": note.variable,
            "span": place_of(note.span, sources),
            "lanes": lanes,
            "outer": outer,
            "reason": reason,
            "places": places,
            "fused_with": fused_with(shape),
            "shape": name(shape),
            "parallel": left.is_some_and(|report| report.parallel),
            "checks": left.map_or(0, |report| report.checks),
        }),
    }
}

fn in_words(shape: LoopShape) -> String {
    match shape {
        LoopShape::Fused { with } => format!("one loop with that of line {with}"),
        LoopShape::Split => "two loops, block by block".to_string(),
        LoopShape::Skewed => "several rows at a time, one column apart".to_string(),
        LoopShape::Abreast => "sums of several iterations at a time".to_string(),
        LoopShape::Narrow { bits } => format!("integers of {bits} bits"),
    }
}

/// What a loop has become, for programs.
fn name(shape: Option<&ShapeNote>) -> Option<&'static str> {
    Some(match shape?.shape {
        LoopShape::Fused { .. } => "fused",
        LoopShape::Split => "split",
        LoopShape::Skewed => "skewed",
        LoopShape::Abreast => "abreast",
        LoopShape::Narrow { .. } => "narrow",
    })
}

/// The line of the loop that it is one with.
fn fused_with(shape: Option<&ShapeNote>) -> Option<u32> {
    match shape?.shape {
        LoopShape::Fused { with } => Some(with),
        LoopShape::Split | LoopShape::Skewed | LoopShape::Abreast | LoopShape::Narrow { .. } => {
            None
        }
    }
}

fn describe(left: Option<&LoopReport>, parts: &mut Vec<String>) {
    let Some(report) = left else { return };
    if report.parallel {
        parts.insert(0, "parallel".to_string());
    }
    match report.checks {
        0 => {}
        1 => parts.push("1 check left".to_string()),
        n => parts.push(format!("{n} checks left")),
    }
}

/// Puts the text of the places into a phrase.
fn fill(phrase: &str, spans: &[Span], sources: &SourceMap) -> String {
    let mut spans = spans.iter();
    let mut filled = String::new();
    for (n, part) in phrase.split("{}").enumerate() {
        if n > 0 {
            let text = spans.next().map_or("?", |span| sources.text(*span));
            let words: Vec<&str> = text.split_whitespace().collect();
            filled.push_str(&words.join(" "));
        }
        filled.push_str(part);
    }
    filled
}

fn place_of(span: Span, sources: &SourceMap) -> Value {
    let at = sources.line_column(span);
    json!({
        "file": sources.file(span.file).name(),
        "start": span.start,
        "end": span.end,
        "line": at.line,
        "column": at.column,
    })
}

/// For people: a line for each loop.
pub fn render(loops: &[LoopLine]) -> String {
    let mut text = String::new();
    let mut function = "";
    let names = loops
        .iter()
        .map(|l| l.variable.as_ref().map_or(0, String::len));
    let width = names.max().unwrap_or(0);
    for found in loops {
        if found.function != function {
            function = &found.function;
            let _ = writeln!(text, "  loops of {function}");
        }
        let variable = found.variable.as_deref().unwrap_or("");
        let line = format!("    {:>5}  {variable:width$}  {}", found.line, found.text);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}
