//! Small tools for the wording of syntax errors.

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
    let before = text.get(..at)?.trim_end_matches([' ', '\t']);
    let word = ["print", "exec"]
        .into_iter()
        .find(|word| before.ends_with(word))?;
    let rest = before.strip_suffix(word)?.trim_end_matches([' ', '\t']);
    if !(rest.is_empty() || rest.ends_with('\n')) {
        return None;
    }
    Some(format!(
        "Missing parentheses in call to '{word}'. Did you mean {word}(...)?"
    ))
}
