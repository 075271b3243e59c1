//! Small tools for the wording and the selection of syntax errors.

use snek_diagnostics::Diagnostic;

/// Messages start with a small letter.
pub(crate) fn lower_first(text: String) -> String {
    let mut chars = text.chars();
    match chars.next() {
        // Keeps `IPython` and the like.
        Some(first) if !chars.as_str().starts_with(|c: char| c.is_ascii_uppercase()) => {
            first.to_lowercase().chain(chars).collect()
        }
        Some(_) | None => text,
    }
}

/// Keeps the first error of each line: the others mostly follow from it.
pub(crate) fn one_per_line(diagnostics: &mut Vec<Diagnostic>, text: &str) {
    snek_diagnostics::sort(diagnostics);
    let mut last: Option<u32> = None;
    diagnostics.retain(|d| {
        let Some(span) = d.primary else {
            return true;
        };
        let keep = match last {
            Some(before) => text
                .get(before as usize..span.start as usize)
                .is_none_or(|between| between.contains('\n')),
            None => true,
        };
        if keep {
            last = Some(span.start);
        }
        keep
    });
}

/// `expected X, found Y`, with names of tokens that people know.
pub(crate) fn expected(expected: &str, found: &str) -> String {
    let name = |token: &str| match token {
        "FStringStart" => "an f-string".to_owned(),
        "FStringMiddle" => "text of the f-string".to_owned(),
        "FStringEnd" => "the end of the f-string".to_owned(),
        "Unknown" => "an invalid token".to_owned(),
        _ => token.to_owned(),
    };
    format!("expected {}, found {}", name(expected), name(found))
}

/// What CPython says of a malformed number, by what the parser crate says.
pub(crate) fn number(message: &str) -> Option<&'static str> {
    if message.starts_with("ParseIntError") {
        Some("invalid integer literal: its digits are missing")
    } else if message == "Invalid decimal integer literal" {
        Some(
            "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers",
        )
    } else if message == "Invalid Syntax" {
        Some("invalid decimal literal")
    } else {
        None
    }
}

/// `print "text"` of Python 2, when an error is right after its first word.
pub(crate) fn old_statement(text: &str, at: usize) -> Option<String> {
    let before = text.get(..at)?;
    let line = before.rsplit('\n').next()?.trim();
    let word = ["print", "exec"].into_iter().find(|word| *word == line)?;
    Some(format!(
        "Missing parentheses in call to '{word}'. Did you mean {word}(...)?"
    ))
}
