//! What a compilation can be asked for. Plain data: [`crate::cli`] makes it of arguments, the pipeline reads it.

use std::path::PathBuf;

use snek_codegen::Cpu;
use snek_link::Linker;
use target_lexicon::Triple;

/// How messages are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum MessageFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// How much the optimiser does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OptLevel {
    /// Only what is needed to run.
    None,
    /// Everything.
    #[default]
    Full,
}

/// What to make of a module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Emit {
    /// Nothing: only the messages.
    Check,
    /// The syntax tree, as text.
    Ast,
    /// The typed tree, as text.
    Hir,
    /// The mid-level IR, as text.
    Mir {
        /// After the pass of this name; after the last one without it.
        after: Option<String>,
    },
    /// Cranelift's IR, as text.
    Clif,
    /// Machine code, as text.
    Asm,
    /// The object file, before it is linked.
    Object,
    /// The extension module.
    #[default]
    Module,
}

impl Emit {
    /// Reads the argument of `--emit`.
    pub fn parse(text: &str) -> Result<Emit, String> {
        Ok(match text {
            "ast" => Emit::Ast,
            "hir" => Emit::Hir,
            "mir" => Emit::Mir { after: None },
            "clif" => Emit::Clif,
            "asm" => Emit::Asm,
            "obj" => Emit::Object,
            _ => match text.strip_prefix("mir:after=") {
                Some(pass) if !pass.is_empty() => Emit::Mir {
                    after: Some(pass.to_owned()),
                },
                _ => return Err("expected ast, hir, mir, mir:after=PASS, clif, asm or obj".into()),
            },
        })
    }
}

/// What there is to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Report {
    /// What was done with each loop, and what stopped the rest.
    Loops,
    /// How each loop over `prange` is run, and why its accesses to arrays are safe.
    Parallel,
}

/// Everything that a build depends on beside the source.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What to make.
    pub emit: Emit,
    /// How much to optimise.
    pub opt_level: OptLevel,
    /// Every annotated function must be native.
    pub strict: bool,
    /// Say nothing but errors and warnings.
    pub quiet: bool,
    /// What to report beside what became of each function.
    pub report: Option<Report>,
    /// The machine that code is made for; this one without it.
    pub target: Option<Triple>,
    /// The instructions that compiled code may use.
    pub cpu: Cpu,
    /// The linker.
    pub linker: Linker,
    /// Check the compiler's own work after every pass.
    pub verify: bool,
    /// Where modules go; beside their sources without it.
    pub output_dir: Option<PathBuf>,
}
