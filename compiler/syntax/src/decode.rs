//! A file's bytes to text, as CPython's tokenizer does it: byte order mark, coding cookie (PEP 263), line ends.
//!
//! The text that comes out has no byte order mark and only `\n` line ends; all spans of the compiler refer to it.
//! So CRLF inside of triple-quoted strings is `\n` in their values, as it is in CPython.

use std::borrow::Cow;

use encoding_rs::Encoding;
use snek_diagnostics::{Code, Diagnostic, FileId, Span};

/// Decodes a file. The text is there even when it has errors (with U+FFFD for what cannot be decoded), to show them.
pub(crate) fn decode(file: FileId, bytes: &[u8]) -> (String, Option<Diagnostic>) {
    const BOM: &[u8] = b"\xEF\xBB\xBF";
    let (bytes, bom) = match bytes.strip_prefix(BOM) {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    let cookie = cookie(bytes);
    let name = cookie
        .as_ref()
        .map_or("utf-8".to_owned(), |c| c.normalised());
    // After a byte order mark, CPython takes only the first of these names.
    let is_utf8 = name == "utf-8" || !bom && matches!(name.as_str(), "utf8" | "u8");

    if is_utf8 {
        return match std::str::from_utf8(bytes) {
            Ok(text) => (normalise_line_ends(text), None),
            Err(error) => {
                let declared = bom || cookie.is_some();
                not_utf8(file, bytes, error.valid_up_to(), declared)
            }
        };
    }
    // `is_utf8` is the case without a cookie.
    let cookie_span = |text: &str| {
        let (start, end) = cookie.as_ref().map_or((0, 0), |c| (c.start, c.end));
        // All before the cookie is ASCII, or its bytes are in the two first lines and became U+FFFD: stay in the text.
        let end = text.len().min(end);
        Span::new(file, start.min(end) as u32, end as u32)
    };
    let written = cookie.as_ref().map_or("", |c| c.name.as_str());
    if bom {
        let text = normalise_line_ends(&String::from_utf8_lossy(bytes));
        let error = Diagnostic::error(
            Code::P002,
            cookie_span(&text),
            format!("encoding problem: {written} with BOM"),
        )
        .note("the file starts with the byte order mark of UTF-8")
        .help("remove the coding cookie");
        return (text, Some(error));
    }
    let Some(decoded) = decode_named(&name, bytes) else {
        let text = normalise_line_ends(&String::from_utf8_lossy(bytes));
        let error = Diagnostic::error(
            Code::P002,
            cookie_span(&text),
            format!("unknown encoding: {written}"),
        )
        .help("save the file as UTF-8 and remove the coding cookie");
        return (text, Some(error));
    };
    let text = normalise_line_ends(&decoded.text);
    let error = decoded.fails.then(|| {
        let at = text.find('\u{FFFD}').unwrap_or(0) as u32;
        Diagnostic::error(
            Code::P002,
            Span::new(file, at, at + '\u{FFFD}'.len_utf8() as u32),
            format!("this is not text in the declared encoding `{written}`"),
        )
        .label(cookie_span(&text), "declared here")
        .help("save the file as UTF-8 and remove the coding cookie")
    });
    (text, error)
}

struct Decoded<'a> {
    text: Cow<'a, str>,
    fails: bool,
}

/// Decodes by the (normalised) name of one of Python's codecs; `None` if it is unknown or no encoding for sources.
fn decode_named<'a>(name: &str, bytes: &'a [u8]) -> Option<Decoded<'a>> {
    let latin1 = |limit: u8| {
        let to_char = |b: &u8| if *b < limit { *b as char } else { '\u{FFFD}' };
        Decoded {
            text: Cow::Owned(bytes.iter().map(to_char).collect()),
            fails: bytes.iter().any(|b| *b >= limit),
        }
    };
    match name {
        "iso-8859-1" | "latin-1" | "latin1" | "iso8859-1" | "8859" | "cp819" | "l1" => {
            let text = bytes.iter().map(|b| *b as char).collect();
            return Some(Decoded {
                text: Cow::Owned(text),
                fails: false,
            });
        }
        "ascii" | "us-ascii" | "646" => return Some(latin1(0x80)),
        _ => {}
    }
    let label = match name {
        "mac-roman" => "macintosh".to_owned(),
        "cp866" | "koi8-r" | "koi8-u" | "gbk" | "big5" => name.to_owned(),
        "cp932" => "shift-jis".to_owned(),
        "cp936" => "gbk".to_owned(),
        "cp949" => "euc-kr".to_owned(),
        "cp950" => "big5".to_owned(),
        _ => match name.strip_prefix("cp") {
            Some(page) => format!("windows-{page}"),
            None => name.to_owned(),
        },
    };
    // UTF-16 is not a superset of ASCII and CPython refuses it; `replacement` stands for encodings that are dangerous.
    let encoding = Encoding::for_label(label.as_bytes())
        .filter(|e| e.is_ascii_compatible() && *e != encoding_rs::REPLACEMENT)
        // Names that browsers read as Windows-1252 are not Python's names for it.
        .filter(|e| *e != encoding_rs::WINDOWS_1252 || label.ends_with("1252"))
        .filter(|e| *e != encoding_rs::X_USER_DEFINED)?;
    let (text, fails) = encoding.decode_without_bom_handling(bytes);
    Some(Decoded { text, fails })
}

/// The text of a file that should be UTF-8 and is not, with the error that CPython gives.
fn not_utf8(file: FileId, bytes: &[u8], at: usize, declared: bool) -> (String, Option<Diagnostic>) {
    let before = String::from_utf8_lossy(&bytes[..at]);
    let start = normalise_line_ends(&before).len() as u32;
    let text = normalise_line_ends(&String::from_utf8_lossy(bytes));
    let end = start + '\u{FFFD}'.len_utf8() as u32;
    let byte = bytes[at];
    let message = if declared {
        format!("'utf-8' codec can't decode byte 0x{byte:02x} in position {at}")
    } else {
        format!("Non-UTF-8 code starting with '\\x{byte:02x}', but no encoding declared")
    };
    let error = Diagnostic::error(Code::P002, Span::new(file, start, end), message)
        .primary_label(format!("byte 0x{byte:02x}"))
        .help("save the file as UTF-8, or declare its encoding in the first line, as in `# -*- coding: latin-1 -*-`");
    (text, Some(error))
}

/// Makes `\r\n` and `\r` to `\n`.
fn normalise_line_ends(text: &str) -> String {
    if !text.contains('\r') {
        return text.to_owned();
    }
    text.replace("\r\n", "\n").replace('\r', "\n")
}

struct Cookie {
    name: String,
    start: usize,
    end: usize,
}

impl Cookie {
    /// As CPython normalises it: lower case, `_` as `-`, and every `latin-1-*` and `utf-8-*` as its stem.
    fn normalised(&self) -> String {
        let name = self.name.to_ascii_lowercase().replace('_', "-");
        for stem in ["utf-8", "latin-1", "iso-8859-1", "iso-latin-1"] {
            let rest = name.strip_prefix(stem);
            if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-')) {
                return if stem == "utf-8" { stem } else { "iso-8859-1" }.to_owned();
            }
        }
        name
    }
}

/// Finds `coding[:=]\s*([-\w.]+)` in a comment that is alone in the first line, or in the second after a blank one.
fn cookie(bytes: &[u8]) -> Option<Cookie> {
    let mut start = 0;
    for _ in 0..2 {
        let rest = &bytes[start..];
        let length = rest
            .iter()
            .position(|b| matches!(b, b'\n' | b'\r'))
            .unwrap_or(rest.len());
        let line = &rest[..length];
        let first = line.iter().position(|b| !matches!(b, b' ' | b'\t' | 0x0C));
        match first {
            Some(i) if line[i] == b'#' => {
                if let Some(cookie) = cookie_in_comment(line, i, start) {
                    return Some(cookie);
                }
            }
            Some(_) => return None,
            None => {}
        }
        start += length;
        start += match &bytes[start..] {
            [b'\r', b'\n', ..] => 2,
            [_, ..] => 1,
            [] => return None,
        };
    }
    None
}

fn cookie_in_comment(line: &[u8], comment: usize, line_start: usize) -> Option<Cookie> {
    const WORD: &[u8] = b"coding";
    for i in comment..line.len().saturating_sub(WORD.len()) {
        if !line[i..].starts_with(WORD) || !matches!(line[i + WORD.len()], b':' | b'=') {
            continue;
        }
        let after = &line[i + WORD.len() + 1..];
        let blanks = after
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t'))
            .count();
        let name: Vec<u8> = after[blanks..]
            .iter()
            .copied()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
            .collect();
        if !name.is_empty() {
            let start = line_start + i + WORD.len() + 1 + blanks;
            return Some(Cookie {
                end: start + name.len(),
                start,
                name: name.into_iter().map(char::from).collect(),
            });
        }
    }
    None
}
