//! AST to typed HIR: resolve names, infer, check. Must never know of machine layouts or passes.
//!
//! [`analyze`] is the entry. Types: `annotations` reads them, `promote` says what operators do, `infer` walks
//! functions. Names: `modules`, `analyzer`. What compiled code may call: `library` (typed Python of `stdlib/`) and
//! `builtins` (what Python cannot express). `prange` classifies variables, `native` decides and reports.

mod analyzer;
mod annotations;
mod builtins;
mod calls;
mod compact;
mod constants;
mod env;
pub mod hir;
mod hir_text;
mod infer;
mod join;
mod library;
mod modules;
mod native;
mod prange;
mod promote;
mod signatures;
mod suggestions;
mod types;

use snek_diagnostics::{Diagnostic, SourceMap, Span};
use snek_syntax::ast;

pub use hir_text::write_program;

/// What to analyse.
pub struct Input<'a> {
    /// The module.
    pub module: &'a ast::Module,
    /// Its dotted name as Python knows it.
    pub name: &'a str,
    /// Every annotated function must be native.
    pub strict: bool,
}

/// What came out.
#[derive(Debug)]
pub struct Analysis {
    /// The native functions.
    pub program: hir::Program,
    /// Each function of the module, in source order.
    pub report: Vec<FunctionReport>,
    /// Errors, warnings, and why functions stay Python.
    pub diagnostics: Vec<Diagnostic>,
    /// What `reveal_type(...)` saw: the call's place and the argument's type.
    pub revealed: Vec<(Span, hir::Type)>,
}

/// What became of a function.
#[derive(Clone, Debug)]
pub struct FunctionReport {
    /// Its name, with its class's before it.
    pub name: String,
    /// The name's place.
    pub span: Span,
    /// How many loops over `prange` it has, if it is native.
    pub parallel_loops: usize,
    /// `None`: it is native. Else why it stays Python.
    pub reason: Option<Reason>,
}

/// Why a function stays Python.
#[derive(Clone, Debug)]
pub struct Reason {
    /// Such as "uses `eval`".
    pub text: String,
    /// Whether the text continues "it ..."; else it is a sentence.
    pub is_phrase: bool,
    /// Where.
    pub span: Option<Span>,
    /// The line of that.
    pub line: Option<u32>,
}

/// Deeply nested sources need deep stacks; only what is used becomes memory. The smaller ones are for machines that
/// limit the address space.
const STACK_SIZES: [usize; 3] = [512 << 20, 64 << 20, 8 << 20];

/// Analyses a module. Files of the standard library that it uses join `sources`.
pub fn analyze(input: &Input<'_>, sources: &mut SourceMap) -> Analysis {
    let mut run = || {
        let library = library::Library::default();
        let mut analyzer = analyzer::Analyzer::new(input.module, &library, sources);
        native::run(&mut analyzer, input)
    };
    for size in STACK_SIZES {
        let done = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(size);
            let handle = thread.spawn_scoped(scope, &mut run).ok()?;
            match handle.join() {
                Ok(analysis) => Some(analysis),
                // A bug of ours: it goes on to whoever reports such.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        });
        if let Some(analysis) = done {
            return analysis;
        }
    }
    run()
}
