//! Text to AST. [`parse`] takes a file's bytes and gives our own tree ([`ast`]) and every syntax error with its place.
//!
//! The types of the parser crate must never leave `parse.rs`. Nothing here reads a file.

pub mod ast;
mod check;
mod decode;
mod dump;
mod literal;
mod message;
mod parse;
mod scan;
pub mod visit;

pub use dump::{constant as dump_constant, dump, dump_with};
pub use parse::Place;
use snek_diagnostics::{Code, Diagnostic, FileId, Span};

/// How deep a tree may be, in nodes from the module to a leaf. A deeper source is refused with `P004`.
///
/// It is where CPython 3.11 gives up, too (3.13 goes to about 10,000). What recurses over a tree needs a stack for it:
/// run it on a thread with a large one.
pub const MAX_DEPTH: u32 = 2990;

/// The Python whose grammar is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The minor version: 11 for 3.11.
    pub minor: u8,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { minor: 13 }
    }
}

/// What came out of a file.
#[derive(Clone, Debug)]
pub struct ParseResult {
    /// The tree, if there is no error.
    pub module: Option<ast::Module>,
    /// The decoded text with `\n` line ends, to which all spans refer.
    pub text: String,
    /// The errors, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a file.
pub fn parse(file: FileId, bytes: &[u8]) -> ParseResult {
    parse_with(file, bytes, Dialect::default())
}

/// Parses a file by the grammar of a version of Python.
pub fn parse_with(file: FileId, bytes: &[u8], dialect: Dialect) -> ParseResult {
    let (text, error) = decode::decode(file, bytes);
    let nul = || {
        let at = text.find('\0')? as u32;
        let message = "source code cannot contain null bytes";
        Some(Diagnostic::error(
            Code::P003,
            Span::new(file, at, at + 1),
            message,
        ))
    };
    if let Some(error) = error.or_else(nul) {
        return ParseResult {
            module: None,
            text,
            diagnostics: vec![error],
        };
    }
    if text.len() >= u32::MAX as usize {
        let error = Diagnostic::new(
            snek_diagnostics::Severity::Error,
            Code::P004,
            "the source is larger than 4 GiB",
        );
        return ParseResult {
            module: None,
            text: String::new(),
            diagnostics: vec![error],
        };
    }
    parse::parse_module(file, text, dialect)
}

/// Parses an expression that is written inside of a string, such as the annotation `x: "int"`.
pub fn parse_expression(place: Place, text: &str) -> Result<ast::Expr, Diagnostic> {
    parse::parse_expression(place, text)
}
