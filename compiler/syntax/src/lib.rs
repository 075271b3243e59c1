//! Text to AST. [`parse`] takes a file's bytes and gives our own tree ([`ast`]) and every syntax error with its place.
//!
//! The types of the parser crate must never leave `parse.rs`.

pub mod ast;

/// How deep a tree may be, in nodes from the module to a leaf. A deeper source is refused with `P004`.
pub const MAX_DEPTH: u32 = 1000;
