//! Code generation: MIR to Cranelift IR, to an object.
//!
//! The only crate that names Cranelift. It must never know of Python's syntax, read the
//! environment, or do I/O.
//!
//! - `isa`: the target and the options.
//! - `masks`: how wide the lanes of masks are.
//! - `clif`: one MIR function to one Cranelift function; the thunks around them.
//! - `contract`: products that are added, with `fastmath`.
//! - `leaf`: the emitter for leaves with vectors of 256 and 512 bits, and for loops on scalars.
//! - `object`, `debug`, `data`: the object file: code, descriptors, unwind and line tables.

mod clif;
mod contract;
mod data;
mod debug;
mod flags;
pub mod isa;
mod leaf;
mod marks;
mod masks;
mod object_file;
mod placement;
mod strides;
mod summary;
mod unit;

use std::fmt;

use snek_mir::ir::Program;

pub use isa::{CodegenOptions, Cpu, Isa, OptLevel, SecondForms};

/// Why there is no code. Never the user's fault but for the choice of a target.
#[derive(Debug)]
pub enum CodegenError {
    /// The target is unknown or cannot be had.
    Target(String),
    /// A bug of ours.
    Internal(String),
}

impl fmt::Display for CodegenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CodegenError::Target(reason) | CodegenError::Internal(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for CodegenError {}

/// What a module carries besides its code.
#[derive(Clone, Copy, Debug)]
pub struct ModuleInfo<'a> {
    /// The whole source text.
    pub source: &'a str,
    /// The base name of the source file.
    pub file_name: &'a str,
}

/// An object file.
#[derive(Clone, Debug)]
pub struct ObjectFile {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The symbols that the linked module exports.
    pub exports: Vec<String>,
}

/// Compiles a program to an object file.
pub fn compile(
    program: &Program,
    info: ModuleInfo<'_>,
    isa: &Isa,
    options: &CodegenOptions,
) -> Result<ObjectFile, CodegenError> {
    let mut units = unit::reachable(program);
    let (compiled, _) = unit::compile_all(program, &mut units, isa, options, false)?;
    object_file::assemble(program, info, &units, compiled, isa, options)
}

/// The Cranelift IR of a program, before Cranelift's own passes.
pub fn emit_clif(program: &Program, isa: &Isa) -> Result<String, CodegenError> {
    unit::clif_text(program, &unit::reachable(program), isa)
}

/// The machine code of a program, as Cranelift writes it.
pub fn emit_asm(
    program: &Program,
    isa: &Isa,
    options: &CodegenOptions,
) -> Result<String, CodegenError> {
    let mut units = unit::reachable(program);
    let (compiled, refusals) = unit::compile_all(program, &mut units, isa, options, true)?;
    Ok(unit::asm_text(program, &units, &compiled, &refusals))
}
