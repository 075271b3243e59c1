//! A look at the brackets, the indentation and the operators of a source before it is parsed.
//!
//! It bounds how deep the parser and everything after it can recurse, so that no source can overflow a stack, and it
//! finds unbalanced brackets, for which it gives CPython's messages. It must never refuse what CPython accepts.

use snek_diagnostics::{Code, Diagnostic, FileId, Span};

/// CPython's limit for nested brackets.
const MAX_BRACKETS: usize = 200;
/// CPython's limit for nested blocks.
const MAX_INDENTS: usize = 100;
/// CPython's limit for f-strings inside of f-strings.
const MAX_FSTRINGS: usize = 150;

/// What the scan found.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    /// An upper bound (a rough one) of the depth of the tree.
    pub depth: u32,
    /// Where `depth` was reached.
    pub deepest: u32,
    /// A limit of CPython's is exceeded; then the scan ended there.
    pub limit: Option<Diagnostic>,
    /// Brackets that do not match.
    pub brackets: Option<Diagnostic>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// `(`, `[` or `{`.
    Bracket(u8),
    /// The literal part of an f-string.
    FString { quote: u8, triple: bool, raw: bool },
    /// The part after `:` of a replacement field, which ends before the `}`.
    FormatSpec,
}

struct Level {
    open: Open,
    at: usize,
    /// Operators since the last separator at this level.
    operators: u32,
    /// `lambda`s since the start of the line or bracket.
    lambdas: u32,
}

struct Scanner<'a> {
    file: FileId,
    bytes: &'a [u8],
    at: usize,
    /// The first one is the module's, with no bracket.
    levels: Vec<Level>,
    /// Sum of the counters of all levels but the last.
    outer: u32,
    /// Things that deepen the recursion until the end of the file, since the parser recovers past them.
    lasting: u32,
    indents: Vec<usize>,
    scan: Scan,
}

/// Scans a whole text.
pub(crate) fn scan(file: FileId, text: &str) -> Scan {
    let mut scanner = Scanner {
        file,
        bytes: text.as_bytes(),
        at: 0,
        levels: vec![Level {
            open: Open::Bracket(0),
            at: 0,
            operators: 0,
            lambdas: 0,
        }],
        outer: 0,
        lasting: 0,
        indents: vec![0],
        scan: Scan::default(),
    };
    scanner.run();
    scanner.scan
}

fn closer(open: u8) -> u8 {
    match open {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn top(&mut self) -> &mut Level {
        self.levels
            .last_mut()
            .expect("the module's level is never popped")
    }

    fn run(&mut self) {
        self.line_start();
        while self.at < self.bytes.len() && self.scan.limit.is_none() {
            match self.top().open {
                Open::Bracket(_) => self.code(),
                Open::FString { .. } | Open::FormatSpec => self.literal(),
            }
        }
        if self.scan.limit.is_none() && self.scan.brackets.is_none() {
            let unclosed = self.levels.iter().skip(1).find_map(|l| match l.open {
                Open::Bracket(bracket) => Some((bracket, l.at)),
                Open::FString { .. } | Open::FormatSpec => None,
            });
            // In an f-string, the parser's own message is better.
            let in_fstring = self
                .levels
                .iter()
                .any(|l| !matches!(l.open, Open::Bracket(_)));
            if let (Some((bracket, at)), false) = (unclosed, in_fstring) {
                let message = format!("'{}' was never closed", bracket as char);
                self.scan.brackets = Some(Diagnostic::error(Code::P001, self.span(at), message));
            }
        }
    }

    fn span(&self, at: usize) -> Span {
        Span::new(self.file, at as u32, at as u32 + 1)
    }

    /// Notes the depth after a counter went up.
    fn note(&mut self) {
        let indents = self.indents.len() as u32;
        let nesting = self.levels.len() as u32;
        let top = self.top();
        let own = top.operators + top.lambdas;
        let depth = indents + nesting + self.outer + own + self.lasting;
        if depth > self.scan.depth {
            self.scan.depth = depth;
            self.scan.deepest = self.at as u32;
        }
    }

    fn operator(&mut self) {
        self.top().operators += 1;
        self.note();
    }

    fn push(&mut self, open: Open) {
        let top = self.top();
        top.operators += 1;
        let own = top.operators + top.lambdas;
        self.outer += own;
        self.levels.push(Level {
            open,
            at: self.at,
            operators: 0,
            lambdas: 0,
        });
        self.note();
        let fstrings = |l: &&Level| matches!(l.open, Open::FString { .. });
        if self.levels.len() > MAX_BRACKETS {
            let brackets = |l: &&Level| matches!(l.open, Open::Bracket(_));
            if self.levels.iter().filter(brackets).count() > MAX_BRACKETS {
                self.limit("too many nested parentheses", "at most 200 can be nested");
            }
        }
        if self.levels.iter().filter(fstrings).count() > MAX_FSTRINGS {
            self.limit("too many nested f-strings", "at most 150 can be nested");
        }
    }

    fn limit(&mut self, message: &str, note: &str) {
        let error = Diagnostic::error(Code::P004, self.span(self.at), message).note(note);
        self.scan.limit = Some(error);
    }

    fn pop(&mut self) {
        if self.levels.len() > 1 {
            self.levels.pop();
            let top = self.top();
            let own = top.operators + top.lambdas;
            self.outer -= own;
        }
    }

    fn separator(&mut self) {
        let top = self.top();
        // Commas and colons of a lambda do not end the expression that the lambda is in.
        if top.lambdas == 0 {
            top.operators = 0;
        }
    }

    /// Measures the indentation of the next line that has code.
    fn line_start(&mut self) {
        let top = self.top();
        top.operators = 0;
        top.lambdas = 0;
        loop {
            let mut column = 0;
            loop {
                match self.peek(0) {
                    b' ' => column += 1,
                    b'\t' => column = (column / 8 + 1) * 8,
                    0x0C => column = 0,
                    _ => break,
                }
                self.at += 1;
            }
            match self.peek(0) {
                b'#' => self.comment(),
                b'\n' => {}
                _ => {
                    self.indent(column);
                    return;
                }
            }
            if self.at >= self.bytes.len() {
                return;
            }
            self.at += 1;
        }
    }

    fn indent(&mut self, column: usize) {
        while self.indents.last().is_some_and(|last| column < *last) {
            self.indents.pop();
        }
        if self.indents.last().is_none_or(|last| column > *last) {
            self.indents.push(column);
            if self.indents.len() > MAX_INDENTS {
                self.limit(
                    "too many levels of indentation",
                    "at most 99 blocks can be nested",
                );
            }
        }
    }

    fn comment(&mut self) {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|b| *b == b'\n');
        self.at += length.unwrap_or(rest.len());
    }

    /// One token of code.
    fn code(&mut self) {
        let byte = self.peek(0);
        match byte {
            b'\n' => {
                self.at += 1;
                if self.levels.len() == 1 {
                    self.line_start();
                }
            }
            b'#' => self.comment(),
            b'\\' => self.at += 2,
            b'"' | b'\'' => self.string(false, false),
            b'(' | b'[' | b'{' => {
                self.push(Open::Bracket(byte));
                self.at += 1;
            }
            b')' | b']' | b'}' => {
                self.close(byte);
                self.at += 1;
            }
            b',' | b';' => {
                self.separator();
                self.at += 1;
            }
            // Comparisons do not nest, and do not separate: `x if a <= b else y if ...` nests on.
            b'=' | b'<' | b'>' | b'!' | b':' if self.peek(1) == b'=' => self.at += 2,
            b'<' | b'>' if self.peek(1) != byte => self.at += 1,
            b':' => {
                self.separator();
                let n = self.levels.len();
                let in_field = n > 2
                    && self.levels[n - 1].open == Open::Bracket(b'{')
                    && !matches!(self.levels[n - 2].open, Open::Bracket(_));
                if in_field {
                    self.push(Open::FormatSpec);
                }
                self.at += 1;
            }
            b'=' => {
                self.separator();
                self.at += 1;
            }
            b'+' | b'-' | b'*' | b'/' | b'%' | b'@' | b'&' | b'|' | b'^' | b'~' | b'.' | b'<'
            | b'>' => {
                self.operator();
                self.at += 1;
            }
            b'0'..=b'9' => {
                while matches!(self.peek(0), b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'.')
                {
                    self.at += 1;
                }
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => self.word(),
            _ => self.at += 1,
        }
    }

    fn word(&mut self) {
        let start = self.at;
        while matches!(self.peek(0), b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80..) {
            self.at += 1;
        }
        let word = &self.bytes[start..self.at];
        if matches!(self.peek(0), b'"' | b'\'') && word.len() <= 2 {
            let lower: Vec<u8> = word.iter().map(u8::to_ascii_lowercase).collect();
            match lower.as_slice() {
                b"f" | b"t" => return self.string(true, false),
                b"fr" | b"rf" | b"tr" | b"rt" => return self.string(true, true),
                b"r" | b"u" | b"b" | b"br" | b"rb" => return self.string(false, false),
                _ => {}
            }
        }
        match word {
            b"not" | b"await" | b"if" | b"else" | b"yield" | b"in" | b"is" => self.operator(),
            b"lambda" => {
                self.top().lambdas += 1;
                self.note();
            }
            b"async" => {
                // The parser recurses on what follows a stray `async`, even in another line.
                let rest = self.bytes[self.at..].trim_ascii_start();
                if ![&b"def"[..], b"for", b"with"]
                    .iter()
                    .any(|w| rest.starts_with(w))
                {
                    self.lasting += 1;
                    self.note();
                }
            }
            _ => {}
        }
    }

    /// A string whose quote is at the current position.
    fn string(&mut self, is_f: bool, raw: bool) {
        let quote = self.peek(0);
        let triple = self.peek(1) == quote && self.peek(2) == quote;
        if is_f {
            self.push(Open::FString { quote, triple, raw });
        }
        self.at += if triple { 3 } else { 1 };
        if is_f {
            return;
        }
        while self.at < self.bytes.len() {
            let byte = self.peek(0);
            if byte == b'\\' {
                self.at += 2;
            } else if byte == quote && (!triple || self.peek(1) == quote && self.peek(2) == quote) {
                self.at += if triple { 3 } else { 1 };
                return;
            } else if byte == b'\n' && !triple {
                return;
            } else {
                self.at += 1;
            }
        }
    }

    /// One byte or so of the literal part of an f-string, or of a format spec.
    fn literal(&mut self) {
        let spec = self.top().open == Open::FormatSpec;
        let fstring = self.levels.iter().rev().find_map(|l| match l.open {
            Open::FString { quote, triple, raw } => Some((quote, triple, raw)),
            Open::Bracket(_) | Open::FormatSpec => None,
        });
        let Some((quote, triple, raw)) = fstring else {
            self.pop();
            return;
        };
        let byte = self.peek(0);
        match byte {
            b'\\' if !raw && self.peek(1) == b'N' && self.peek(2) == b'{' => self.at += 3,
            b'\\' if matches!(self.peek(1), b'{' | b'}') => self.at += 1,
            b'\\' => self.at += 2,
            b'{' if !spec && self.peek(1) == b'{' => self.at += 2,
            b'{' => {
                self.push(Open::Bracket(b'{'));
                self.at += 1;
            }
            // The end of the spec; the bracket is closed by `code`.
            b'}' if spec => self.pop(),
            _ if byte == quote && (!triple || self.peek(1) == quote && self.peek(2) == quote) => {
                self.leave_fstring();
                self.at += if triple { 3 } else { 1 };
            }
            b'\n' if !triple => self.leave_fstring(),
            _ => self.at += 1,
        }
    }

    fn leave_fstring(&mut self) {
        while self.levels.len() > 1 {
            let was = self.top().open;
            self.pop();
            if matches!(was, Open::FString { .. }) {
                return;
            }
        }
    }

    fn close(&mut self, byte: u8) {
        let (open, at) = (self.top().open, self.top().at);
        let error = match open {
            Open::Bracket(0) => Some(Diagnostic::error(
                Code::P001,
                self.span(self.at),
                format!("unmatched '{}'", byte as char),
            )),
            Open::Bracket(bracket) if closer(bracket) != byte => Some(
                Diagnostic::error(
                    Code::P001,
                    self.span(self.at),
                    format!(
                        "closing parenthesis '{}' does not match opening parenthesis '{}'",
                        byte as char, bracket as char
                    ),
                )
                .label(self.span(at), "opened here"),
            ),
            Open::Bracket(_) | Open::FString { .. } | Open::FormatSpec => None,
        };
        let in_fstring = self
            .levels
            .iter()
            .any(|l| !matches!(l.open, Open::Bracket(_)));
        if !in_fstring && self.scan.brackets.is_none() {
            self.scan.brackets = error;
        }
        self.pop();
    }
}
