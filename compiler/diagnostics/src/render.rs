//! Diagnostics as text for people and as JSON for programs. Both give strings: printing is the driver's.

use std::ops::Range;

use codespan_reporting::diagnostic as cs;
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term;
use serde_json::{Value, json};

use crate::{Diagnostic, FileId, Severity, SourceMap, Span};

impl<'a> Files<'a> for SourceMap {
    type FileId = FileId;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: FileId) -> Result<&'a str, Error> {
        Ok(self.get(id).ok_or(Error::FileMissing)?.name())
    }

    fn source(&'a self, id: FileId) -> Result<&'a str, Error> {
        Ok(self.get(id).ok_or(Error::FileMissing)?.text())
    }

    fn line_index(&'a self, id: FileId, offset: usize) -> Result<usize, Error> {
        let file = self.get(id).ok_or(Error::FileMissing)?;
        Ok(file.line_index(offset as u32) as usize)
    }

    fn line_range(&'a self, id: FileId, line: usize) -> Result<Range<usize>, Error> {
        let file = self.get(id).ok_or(Error::FileMissing)?;
        file.line_range(line as u32).ok_or(Error::LineTooLarge {
            given: line,
            max: file.line_count() as usize - 1,
        })
    }
}

/// Clamps a span to the text of its file and to whole characters, so that rendering cannot fail on a wrong one.
fn clamp(sources: &SourceMap, span: Span) -> Option<Range<usize>> {
    let text = sources.get(span.file)?.text();
    let mut start = (span.start as usize).min(text.len());
    let mut end = (span.end as usize).clamp(start, text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    Some(start..end)
}

/// A very long label range (a whole function) is cut to its first line: the place is what matters.
fn shorten(text: &str, range: Range<usize>) -> Range<usize> {
    const MAX_LINES: usize = 6;
    let slice = &text[range.clone()];
    if slice.bytes().filter(|b| *b == b'\n').count() < MAX_LINES {
        return range;
    }
    let first = slice.find('\n').unwrap_or(slice.len());
    range.start..range.start + first
}

/// Renders for a terminal, with a trailing empty line; `colour` adds ANSI escapes.
pub fn render_terminal(sources: &SourceMap, diagnostic: &Diagnostic, colour: bool) -> String {
    let severity = match diagnostic.severity {
        Severity::Error => cs::Severity::Error,
        Severity::Warning => cs::Severity::Warning,
        Severity::Help => cs::Severity::Help,
        Severity::Note => cs::Severity::Note,
    };
    let message = match (&diagnostic.path, diagnostic.primary) {
        (Some(path), None) => format!("{path}: {}", diagnostic.message),
        (_, _) => diagnostic.message.clone(),
    };
    let label = |style, span: Span, text: &str| {
        let range = clamp(sources, span)?;
        let range = shorten(sources.file(span.file).text(), range);
        Some(cs::Label::new(style, span.file, range).with_message(text))
    };
    let primary = diagnostic
        .primary
        .and_then(|span| label(cs::LabelStyle::Primary, span, &diagnostic.primary_label));
    let others = diagnostic
        .labels
        .iter()
        .filter_map(|(span, text)| label(cs::LabelStyle::Secondary, *span, text));
    let notes = diagnostic.notes.iter().map(|text| format!("note: {text}"));
    let helps = diagnostic.help.iter().map(|text| format!("help: {text}"));
    let rendered = cs::Diagnostic::new(severity)
        .with_code(diagnostic.code)
        .with_message(message)
        .with_labels(primary.into_iter().chain(others).collect())
        .with_notes(notes.chain(helps).collect());

    let config = term::Config::default();
    let mut out = Vec::new();
    let result = if colour {
        let mut ansi = term::termcolor::Ansi::new(&mut out);
        let styles = term::Styles::default();
        let mut writer = term::StylesWriter::new(&mut ansi, &styles);
        term::emit_to_write_style(&mut writer, &config, sources, &rendered)
    } else {
        term::emit_to_io_write(&mut out, &config, sources, &rendered)
    };
    match result {
        Ok(()) if colour => String::from_utf8_lossy(&out).into_owned(),
        // The renderer pads lines with blanks.
        Ok(()) => String::from_utf8_lossy(&out)
            .lines()
            .flat_map(|line| [line.trim_end(), "\n"])
            .collect(),
        // All ranges are clamped, so this is for files that the map does not have.
        Err(_) => format!(
            "{}[{}]: {}\n",
            diagnostic.severity.as_str(),
            diagnostic.code,
            diagnostic.message
        ),
    }
}

/// Renders as one line of JSON, without the line end.
///
/// Keys: `severity`, `code`, `message`, `file` (or null), `span` (or null; with `label`), `labels` (spans with `label`),
/// `help`, `notes`. A span has `file`, `start` and `end` (bytes), `line`, `column`, `end_line`, `end_column` (from 1).
pub fn render_json(sources: &SourceMap, diagnostic: &Diagnostic) -> String {
    let span_value = |span: Span, label: &str| -> Value {
        let Some(file) = sources.get(span.file) else {
            return Value::Null;
        };
        let start = file.line_column(span.start);
        let end = file.line_column(span.end);
        json!({
            "file": file.name(),
            "start": span.start,
            "end": span.end,
            "line": start.line,
            "column": start.column,
            "end_line": end.line,
            "end_column": end.column,
            "label": label,
        })
    };
    let file = match diagnostic.primary {
        Some(span) => sources.get(span.file).map(|file| file.name().to_owned()),
        None => diagnostic.path.clone(),
    };
    let primary = diagnostic
        .primary
        .map(|span| span_value(span, &diagnostic.primary_label));
    let labels = diagnostic
        .labels
        .iter()
        .map(|(span, text)| span_value(*span, text));
    json!({
        "severity": diagnostic.severity.as_str(),
        "code": diagnostic.code.as_str(),
        "message": diagnostic.message,
        "file": file,
        "span": primary,
        "labels": labels.collect::<Vec<_>>(),
        "help": diagnostic.help,
        "notes": diagnostic.notes,
    })
    .to_string()
}
