//! The way of the data, from source text to module, as one function.

use snek_diagnostics::{Diagnostic, InternalError, SourceMap, sort};

use crate::input::Unit;
use crate::options::{Emit, Options};
use crate::report::FunctionReport;

/// What a compilation makes.
#[derive(Debug)]
pub enum Artifact {
    /// Nothing was asked for.
    None,
    /// A stage, as text.
    Text(String),
    /// An object file.
    Object(Vec<u8>),
    /// An extension module.
    Module(Vec<u8>),
}

/// A module without errors.
#[derive(Debug)]
pub struct Compiled {
    /// What was asked for.
    pub artifact: Artifact,
    /// What became of each function.
    pub functions: Vec<FunctionReport>,
}

impl Compiled {
    fn text(text: String) -> Self {
        Self {
            artifact: Artifact::Text(text),
            functions: Vec::new(),
        }
    }
}

/// Compiles the text `source` of a module.
///
/// Files that messages speak of are added to `sources`, messages to `diagnostics`. There is no result if one
/// of them is an error.
pub fn compile(
    unit: &Unit,
    source: &[u8],
    options: &Options,
    sources: &mut SourceMap,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Option<Compiled>, InternalError> {
    let file = sources.add(unit.source.display().to_string(), "");
    let parsed = snek_syntax::parse(file, source);
    sources.set_text(file, parsed.text);
    diagnostics.extend(parsed.diagnostics);
    let Some(module) = parsed.module.filter(|_| !refused(diagnostics)) else {
        return Ok(None);
    };
    if options.emit == Emit::Ast {
        let text = snek_syntax::dump(&module, sources.file(file));
        return Ok(Some(Compiled::text(text)));
    }
    if options.emit == Emit::Check {
        return Ok(Some(Compiled {
            artifact: Artifact::None,
            functions: Vec::new(),
        }));
    }
    Err(InternalError::new(
        "driver",
        "the stages after the parser are not connected yet",
    ))
}

/// Whether the module has errors; they are shown in the order of the source.
fn refused(diagnostics: &mut [Diagnostic]) -> bool {
    sort(diagnostics);
    diagnostics.iter().any(Diagnostic::is_error)
}
