//! The way of the data, from source text to module, as one function.

use std::path::Path;

use snek_codegen::{CodegenError, CodegenOptions, Isa, ModuleInfo, ObjectFile};
use snek_diagnostics::{Code, Diagnostic, InternalError, SourceMap, sort};
use snek_link::{LinkError, Linker, Target};
use snek_mir::ir::Program;
use snek_opt::pipeline::PASSES;

use crate::input::Unit;
use crate::loops::{self, LoopLine};
use crate::options::{Emit, OptLevel, Options, Report};
use crate::output::{self, WorkDir};
use crate::parallel;
use crate::report::{self, FunctionReport};

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
    /// What became of each loop, if that was asked for.
    pub loops: Vec<LoopLine>,
}

/// Why a compilation stops.
pub enum Stop {
    /// The user's program or files: there are errors among the diagnostics.
    Refused,
    /// A bug of ours.
    Internal(InternalError),
}

impl From<InternalError> for Stop {
    fn from(error: InternalError) -> Self {
        Stop::Internal(error)
    }
}

/// What a compilation says and speaks of.
#[derive(Debug, Default)]
pub struct Context {
    /// The files that spans are in.
    pub sources: SourceMap,
    /// Messages to the user, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
}

impl Context {
    /// Adds an error.
    fn refuse(&mut self, diagnostic: Diagnostic) -> Stop {
        self.diagnostics.push(diagnostic);
        Stop::Refused
    }

    /// Adds messages, and stops the compilation if one is an error.
    fn add(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) -> Result<(), Stop> {
        self.diagnostics.extend(diagnostics);
        sort(&mut self.diagnostics);
        match self.diagnostics.iter().any(Diagnostic::is_error) {
            true => Err(Stop::Refused),
            false => Ok(()),
        }
    }
}

/// Compiles the text `source` of a module.
pub fn compile(
    unit: &Unit,
    source: &[u8],
    options: &Options,
    context: &mut Context,
) -> Result<Compiled, Stop> {
    let text = |text| Compiled {
        artifact: Artifact::Text(text),
        functions: Vec::new(),
        loops: Vec::new(),
    };

    let file = context.sources.add(unit.source.display().to_string(), "");
    let parsed = snek_syntax::parse(file, source);
    context.sources.set_text(file, parsed.text);
    context.add(parsed.diagnostics)?;
    let module = parsed
        .module
        .ok_or_else(|| InternalError::new("parser", "neither a tree nor an error"))?;
    if options.emit == Emit::Ast {
        return Ok(text(snek_syntax::dump(&module, context.sources.file(file))));
    }

    let input = snek_sema::Input {
        module: &module,
        name: &unit.module,
        strict: options.strict,
    };
    let analysis = snek_sema::analyze(&input, &mut context.sources);
    // What is well goes on to the race check, so that one run shows all errors.
    let refused = context.add(analysis.diagnostics);
    if options.emit == Emit::Hir {
        refused?;
        return Ok(text(snek_sema::write_program(&analysis.program)));
    }

    let lowered = snek_mir::lower::lower(&analysis.program, &context.sources);
    let mut program = match (lowered, refused) {
        (Err(_), Err(stop)) => return Err(stop),
        (lowered, _) => lowered?,
    };
    if options.verify {
        snek_mir::verify::expect_valid(&program, "lowering")?;
    }
    context.add(snek_analysis::races::check(&program))?;
    if options.emit == Emit::Check {
        return Ok(Compiled {
            artifact: Artifact::None,
            functions: report::functions(&analysis.report, &program),
            loops: Vec::new(),
        });
    }

    let parallel = match options.report {
        Some(Report::Parallel) => parallel::loops(&analysis.program, &program),
        _ => Vec::new(),
    };
    if let Emit::Mir { after: Some(pass) } = &options.emit {
        return match mir_after(pass, &mut program, options)? {
            Some(mir) => Ok(text(mir)),
            None => Err(context.refuse(unknown_pass(pass))),
        };
    }
    let notes = snek_opt::optimise(&mut program, opt_options(options))?;
    if options.emit == (Emit::Mir { after: None }) {
        return Ok(text(program.to_string()));
    }
    let functions = report::functions(&analysis.report, &program);
    let loops = match options.report {
        Some(Report::Loops) => loops::loops(&program, &notes, &context.sources),
        Some(Report::Parallel) => parallel::with_plain(parallel, &program, &notes),
        None => Vec::new(),
    };

    let codegen = CodegenOptions {
        triple: options.target.clone(),
        cpu: options.cpu,
        opt_level: match options.opt_level {
            OptLevel::None => snek_codegen::OptLevel::None,
            OptLevel::Full => snek_codegen::OptLevel::Speed,
        },
        verify: options.verify,
        ..CodegenOptions::default()
    };
    let isa = Isa::new(&codegen).map_err(codegen_error)?;
    match options.emit {
        Emit::Clif => {
            let clif = snek_codegen::emit_clif(&program, &isa).map_err(codegen_error)?;
            return Ok(text(clif));
        }
        Emit::Asm => {
            let asm = snek_codegen::emit_asm(&program, &isa, &codegen).map_err(codegen_error)?;
            return Ok(text(asm));
        }
        _ => {}
    }
    let file_name = unit
        .source
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let info = ModuleInfo {
        source: context.sources.file(file).text(),
        file_name: &file_name,
    };
    let object = snek_codegen::compile(&program, info, &isa, &codegen).map_err(codegen_error)?;
    if options.emit == Emit::Object {
        return Ok(Compiled {
            artifact: Artifact::Object(object.bytes),
            functions,
            loops,
        });
    }

    let module = link(&object, &isa, options.linker, &unit.output("so"))
        .map_err(|error| context.refuse(error))?;
    Ok(Compiled {
        artifact: Artifact::Module(module),
        functions,
        loops,
    })
}

fn opt_options(options: &Options) -> snek_opt::Options {
    snek_opt::Options {
        level: match options.opt_level {
            OptLevel::None => snek_opt::Level::O0,
            OptLevel::Full => snek_opt::Level::O2,
        },
        verify: options.verify,
    }
}

/// The name of the state before the first pass.
const LOWER: &str = "lower";

/// The program as the last pass of this name leaves it.
fn mir_after(
    pass: &str,
    program: &mut Program,
    options: &Options,
) -> Result<Option<String>, InternalError> {
    let mut text = (pass == LOWER).then(|| program.to_string());
    snek_opt::optimise_observed(program, opt_options(options), &mut |name, program| {
        if name == pass {
            text = Some(program.to_string());
        }
    })?;
    Ok(text)
}

fn unknown_pass(pass: &str) -> Diagnostic {
    let mut names = vec![LOWER];
    for pass in PASSES {
        if !names.contains(&pass.name) {
            names.push(pass.name);
        }
    }
    let message = format!("no pass `{pass}` runs at this level of optimisation");
    Diagnostic::file_error(Code::D004, "--emit", message)
        .help(format!("the passes are: {}", names.join(", ")))
}

fn codegen_error(error: CodegenError) -> InternalError {
    let (CodegenError::Target(reason) | CodegenError::Internal(reason)) = error;
    InternalError::new("code generation", reason)
}

/// Makes the bytes of the module that will be at `path`.
fn link(
    object: &ObjectFile,
    isa: &Isa,
    linker: Linker,
    path: &Path,
) -> Result<Vec<u8>, Diagnostic> {
    // The linker in this process needs no folder. Without one it is the only one.
    let work_dir = WorkDir::new().ok();
    let work_dir = work_dir.as_ref().map(WorkDir::path);
    let linked = Target::new(isa.triple(), isa.x86_level()).and_then(|target| {
        snek_link::link(&object.bytes, &object.exports, target, linker, work_dir)
    });
    linked.map_err(|error| link_failed(error, path))
}

fn link_failed(error: LinkError, path: &Path) -> Diagnostic {
    match error {
        LinkError::NoRuntime(ref triple) => {
            let message = format!("this `snekc` was built without the runtime for {triple}");
            Diagnostic::file_error(Code::L003, "--target", message).help(format!(
                "run `rustup target add {triple}` and build snek again, or install a wheel that has it"
            ))
        }
        LinkError::Io(path, error) => output::cannot_write(&path, &error),
        LinkError::Memory(error) => output::cannot_write(path, &error),
        LinkError::Wild(_) => Diagnostic::file_error(Code::L001, "linker", error.to_string())
            .help("install `cc` and try `SNEK_LINKER=cc`, and please report this"),
        LinkError::Cc(..) => Diagnostic::file_error(Code::L001, "linker", error.to_string())
            .help("unset `SNEK_LINKER` to use the built-in linker"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_a_runtime_is_named_with_what_to_do() {
        let error = LinkError::NoRuntime("aarch64-unknown-linux-gnu".to_owned());
        let diagnostic = link_failed(error, Path::new("sample.so"));
        assert_eq!(diagnostic.code, Code::L003);
        assert!(
            diagnostic
                .message
                .contains("without the runtime for aarch64-unknown-linux-gnu")
        );
        let help = format!("{:?}", diagnostic.help);
        assert!(
            help.contains("rustup target add aarch64-unknown-linux-gnu"),
            "{help}"
        );
    }
}
