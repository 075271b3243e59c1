//! What the compiler says to its user: source files, spans, stable error codes, diagnostics and their renderers.
//!
//! This crate is at the bottom of the compiler: every other crate makes [`Diagnostic`] values, the driver prints them.
//! It must never read or write a file: callers hand in text and get text back.

mod codes;
mod diagnostic;
mod internal;
mod render;
mod source;

pub use codes::Code;
pub use diagnostic::{Diagnostic, Severity, sort};
pub use internal::InternalError;
pub use render::{render_json, render_terminal};
pub use source::{FileId, LineColumn, SourceFile, SourceMap, Span};
