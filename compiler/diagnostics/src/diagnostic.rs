//! One message to the user, as data: what is wrong, where, why, and what to do.

use crate::{Code, Span};

/// How bad it is. Only errors make a compilation fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The program is refused.
    Error,
    /// The program is suspicious.
    Warning,
    /// Something that the user may want to know, such as why a function stays Python.
    Help,
    /// A fact beside another message.
    Note,
}

impl Severity {
    /// The word that renderers show.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Help => "help",
            Severity::Note => "note",
        }
    }
}

/// A message. Built with [`Diagnostic::error`] and friends, then the methods in any order.
///
/// Write backquotes around code. The message says what is wrong; labels say what each place has to do with it;
/// `help` lines say what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The stable code.
    pub code: Code,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// The place that the message is about; none for errors about files and options.
    pub primary: Option<Span>,
    /// What to write at the primary place; may be empty.
    pub primary_label: String,
    /// Other places and what they have to do with it.
    pub labels: Vec<(Span, String)>,
    /// What to do.
    pub help: Vec<String>,
    /// Background.
    pub notes: Vec<String>,
    /// The file that the message is about, if it has no span.
    pub path: Option<String>,
}

impl Diagnostic {
    /// A message of any severity, not yet with a place.
    pub fn new(severity: Severity, code: Code, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            message: message.into(),
            primary: None,
            primary_label: String::new(),
            labels: Vec::new(),
            help: Vec::new(),
            notes: Vec::new(),
            path: None,
        }
    }

    /// An error at a place.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message).at(span)
    }

    /// A warning at a place.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message).at(span)
    }

    /// Information at a place, such as why something stays Python.
    pub fn info(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Help, code, message).at(span)
    }

    /// An error about a file as a whole or an option.
    pub fn file_error(code: Code, path: impl Into<String>, message: impl Into<String>) -> Self {
        let mut diagnostic = Self::new(Severity::Error, code, message);
        diagnostic.path = Some(path.into());
        diagnostic
    }

    /// Sets the primary place.
    pub fn at(mut self, span: Span) -> Self {
        self.primary = Some(span);
        self
    }

    /// Sets what to write at the primary place.
    pub fn primary_label(mut self, text: impl Into<String>) -> Self {
        self.primary_label = text.into();
        self
    }

    /// Adds another place.
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push((span, text.into()));
        self
    }

    /// Adds advice.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds background.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Whether the compilation fails because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Puts diagnostics into the order in which they are shown: those without a place first, then by file and position.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by_key(|d| (d.primary, d.severity, d.code));
}
