//! Messages on their way to the user. Everything said goes to stderr; stdout is for what `--emit` prints.

use std::io::{self, IsTerminal, Write};

use serde_json::json;
use snek_diagnostics::{Diagnostic, InternalError, SourceMap, render_json, render_terminal};

use crate::options::MessageFormat;
use crate::report::{self, ModuleReport};

/// Renders and prints messages of one format.
#[derive(Clone, Copy, Debug)]
pub struct Messages {
    format: MessageFormat,
    colour: bool,
}

impl Messages {
    /// Messages on stderr: coloured if it is a terminal and `NO_COLOR` is not set.
    pub fn new(format: MessageFormat) -> Self {
        let colour =
            io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        Self { format, colour }
    }

    /// Messages that are returned as text.
    pub fn plain(format: MessageFormat) -> Self {
        Self {
            format,
            colour: false,
        }
    }

    /// Diagnostics, in the order given.
    pub fn diagnostics(self, sources: &SourceMap, diagnostics: &[Diagnostic]) -> String {
        let render = |diagnostic| match self.format {
            MessageFormat::Human => render_terminal(sources, diagnostic, self.colour),
            MessageFormat::Json => render_json(sources, diagnostic) + "\n",
        };
        diagnostics.iter().map(render).collect()
    }

    /// What became of the functions of a module.
    pub fn report(self, report: &ModuleReport) -> String {
        match self.format {
            MessageFormat::Human => report::render(report, self.colour),
            MessageFormat::Json => report::to_json(report) + "\n",
        }
    }

    /// A bug of ours.
    pub fn internal_error(self, error: &InternalError) -> String {
        match self.format {
            MessageFormat::Human => format!("{error}\n"),
            MessageFormat::Json => {
                json!({"severity": "internal error", "place": error.place, "message": error.message})
                    .to_string()
                    + "\n"
            }
        }
    }
}

/// Prints to stderr. If nobody listens there is nobody to tell.
pub fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
