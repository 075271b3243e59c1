//! Tokens of MIR's text form.

use super::ParseError;

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A word: keywords, op names with their fields, types.
    Word(String),
    /// A number, or `-inf`.
    Number(String),
    /// A quoted text.
    Text(String),
    /// `%...`: a value.
    Value(String),
    /// `@...`: a function or a label.
    At(String),
    /// Punctuation.
    Mark(&'static str),
    /// The end.
    End,
}

const MARKS: [&str; 14] = [
    "->", "..", "(", ")", "[", "]", "{", "}", ",", ":", "=", "<", ">", "#",
];

/// All tokens with their offsets; the last is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ParseError> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c.is_whitespace() {
            at += c.len_utf8();
        } else if c == ';' {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if c == '"' {
            let (token, length) =
                quoted(rest).ok_or_else(|| ParseError::new(text, at, "the text does not end"))?;
            out.push((at, token));
            at += length;
        } else if c == '%' || c == '@' {
            let length = 1 + run(&rest[1..], |c| !c.is_whitespace() && !is_mark(c));
            let name = rest[1..length].to_string();
            let token = if c == '%' {
                Token::Value(name)
            } else {
                Token::At(name)
            };
            out.push((at, token));
            at += length;
        } else if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
            out.push((at, Token::Mark(mark)));
            at += mark.len();
        } else if c.is_ascii_digit() || c == '-' {
            let length = number(rest);
            out.push((at, Token::Number(rest[..length].to_string())));
            at += length;
        } else if c.is_alphabetic() || c == '_' {
            let length = run(rest, |c| c.is_alphanumeric() || c == '_' || c == '.');
            out.push((at, Token::Word(rest[..length].to_string())));
            at += length;
        } else {
            return Err(ParseError::new(text, at, format!("unexpected `{c}`")));
        }
    }
    out.push((at, Token::End));
    Ok(out)
}

fn is_mark(c: char) -> bool {
    matches!(
        c,
        '(' | ')' | '[' | ']' | '{' | '}' | ',' | ':' | '=' | '<' | '>' | '#' | '"' | ';'
    )
}

/// Bytes of the longest start of `text` whose characters all satisfy `keep`, and that has no `..`.
fn run(text: &str, keep: impl Fn(char) -> bool) -> usize {
    for (index, c) in text.char_indices() {
        if !keep(c) || text[index..].starts_with("..") {
            return index;
        }
    }
    text.len()
}

fn number(text: &str) -> usize {
    let hex = text.starts_with("0x");
    let mut previous = ' ';
    for (index, c) in text.char_indices() {
        let sign = matches!(c, '-' | '+') && (index == 0 || (!hex && previous == 'e'));
        let dot = c == '.' && !text[index..].starts_with("..");
        if !(c.is_ascii_alphanumeric() || sign || dot) {
            return index;
        }
        previous = c;
    }
    text.len()
}

/// A text and the bytes that it takes with its quotes.
fn quoted(text: &str) -> Option<(Token, usize)> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((index, c)) = chars.next() {
        match c {
            '"' => return Some((Token::Text(out), index + 1)),
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                'u' => {
                    if chars.next()?.1 != '{' {
                        return None;
                    }
                    let mut code = 0u32;
                    loop {
                        match chars.next()?.1 {
                            '}' => break,
                            digit => code = code.checked_mul(16)? + digit.to_digit(16)?,
                        }
                    }
                    out.push(char::from_u32(code)?);
                }
                other => out.push(other),
            },
            c => out.push(c),
        }
    }
    None
}
