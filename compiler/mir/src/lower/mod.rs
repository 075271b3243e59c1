//! HIR to MIR. Every instance of HIR becomes a MIR function per combination of array layouts that it is called with.
//!
//! - `function.rs`: one function: its variables as values, places, control flow around code.
//! - `live.rs`, `layouts.rs`: what is known of HIR before.
//! - `stmt.rs`, `loops.rs`, `expr.rs`, `arith.rs`, `convert.rs`, `intrinsics.rs`, `print.rs`, `raise.rs`: the parts of
//!   the language.
//! - `written.rs`: which array parameters are written.
//!
//! Must never fail on a program that sema accepts, nor optimise beyond what keeps MIR readable. What it cannot lower is a
//! bug of the compiler: [`InternalError`].

mod arith;
mod convert;
mod expr;
mod function;
mod intrinsics;
mod join;
mod layouts;
mod live;
mod loops;
mod print;
mod raise;
mod stmt;
mod types;
mod written;

use crate::edit;
use crate::ir::{
    Export, ExportParam, Frame, FrameId, Function, FunctionId, Layout, Program, VectorForm,
};
use oxc_index::IndexVec;
use rustc_hash::{FxHashMap, FxHashSet};
use snek_diagnostics::{InternalError, SourceMap};
use snek_sema::hir;
use std::collections::VecDeque;

type Result<T> = std::result::Result<T, InternalError>;

fn bug<T>(message: impl Into<String>) -> Result<T> {
    Err(InternalError::new("lowering to MIR", message))
}

/// Deeply nested sources need deep stacks; only what is used becomes memory.
const STACK_SIZE: usize = 512 << 20;

/// Lowers a program. `sources` gives the lines and names of the files that spans are in.
pub fn lower(hir: &hir::Program, sources: &SourceMap) -> Result<Program> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_SIZE);
        match thread.spawn_scoped(scope, || lower_here(hir, sources)) {
            Ok(handle) => match handle.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            },
            Err(error) => bug(format!("cannot start a thread: {error}")),
        }
    })
}

fn lower_here(hir: &hir::Program, sources: &SourceMap) -> Result<Program> {
    let mut lowering = Lowering {
        hir,
        sources,
        instances: FxHashMap::default(),
        queue: VecDeque::new(),
        functions: IndexVec::new(),
        frames: IndexVec::new(),
        frame_of: FxHashMap::default(),
        symbols: FxHashSet::default(),
    };
    let exports = lowering.exports()?;
    let forms = lowering.vector_forms()?;
    lowering.run()?;
    lowering.finish(exports, forms)
}

/// What the functions share.
struct Lowering<'h> {
    hir: &'h hir::Program,
    sources: &'h SourceMap,
    /// By HIR function and the layouts of all arrays in its parameters.
    instances: FxHashMap<(hir::FunctionId, Vec<Layout>), FunctionId>,
    queue: VecDeque<(hir::FunctionId, Vec<Layout>, FunctionId)>,
    /// Those in the queue have their symbol, and no code yet.
    functions: IndexVec<FunctionId, Function>,
    frames: IndexVec<FrameId, Frame>,
    frame_of: FxHashMap<hir::FunctionId, FrameId>,
    symbols: FxHashSet<String>,
}

impl<'h> Lowering<'h> {
    fn exports(&mut self) -> Result<Vec<Export>> {
        let hir = self.hir;
        let mut exports = Vec::with_capacity(hir.exports.len());
        // All first, so that the plain symbols are theirs.
        for export in &hir.exports {
            let function = self.hir_function(export.function)?;
            let first_line = export.first_line;
            self.frame(export.function, Some(first_line))?;
            let mut arrays = 0;
            let mut params = Vec::with_capacity(export.params.len());
            for (param, local) in export.params.iter().zip(&function.params) {
                let ty = &function.locals[*local].ty;
                arrays += types::arrays(ty);
                params.push(ExportParam {
                    name: param.name.clone(),
                    kind: param.kind,
                    ty: types::py_type(ty)?,
                    written: false,
                });
            }
            if params.len() != function.params.len() {
                return bug(format!("export `{}` has other parameters", function.name));
            }
            let contiguous = self.instance(export.function, vec![Layout::Contiguous; arrays])?;
            let strided = if arrays > 0 {
                Some(self.instance(export.function, vec![Layout::Strided; arrays])?)
            } else {
                None
            };
            exports.push(Export {
                name: function.name.clone(),
                first_line,
                params,
                result: types::py_type(&function.result)?,
                contiguous,
                strided,
            });
        }
        Ok(exports)
    }

    fn vector_forms(&mut self) -> Result<Vec<VectorForm>> {
        let mut forms = Vec::new();
        for (name, function) in &self.hir.vector_forms {
            let function = self.instance(*function, Vec::new())?;
            forms.push(VectorForm { name, function });
        }
        Ok(forms)
    }

    fn hir_function(&self, id: hir::FunctionId) -> Result<&'h hir::Function> {
        match self.hir.functions.get(id) {
            Some(function) => Ok(function),
            None => bug(format!("function {} does not exist", id.index())),
        }
    }

    fn frame(&mut self, id: hir::FunctionId, first_line: Option<u32>) -> Result<FrameId> {
        if let Some(frame) = self.frame_of.get(&id) {
            return Ok(*frame);
        }
        let function = self.hir_function(id)?;
        let Some(file) = self.sources.get(function.file) else {
            return bug(format!("the file of `{}` is not known", function.name));
        };
        let line = || file.line_index(function.name_span.start) + 1;
        let frame = self.frames.push(Frame {
            name: function.name.clone(),
            file: file.name().to_string(),
            first_line: first_line.unwrap_or_else(line),
        });
        self.frame_of.insert(id, frame);
        Ok(frame)
    }

    /// The MIR function of a HIR function for these layouts; it is lowered later if it is new.
    fn instance(&mut self, id: hir::FunctionId, layouts: Vec<Layout>) -> Result<FunctionId> {
        let key = (id, layouts);
        if let Some(instance) = self.instances.get(&key) {
            return Ok(*instance);
        }
        let function = self.hir_function(id)?;
        let strided = key.1.contains(&Layout::Strided);
        let suffix = if strided { "$strided" } else { "" };
        let symbol = self.symbol(&format!("{}{suffix}", function.name));
        let frame = self.frame(id, None)?;
        let results = types::flatten(&function.result, &[]);
        let instance = self
            .functions
            .push(Function::new(symbol, frame, &[], &results));
        self.queue.push_back((id, key.1.clone(), instance));
        self.instances.insert(key, instance);
        Ok(instance)
    }

    /// A symbol that nobody has yet, made of a Python name.
    fn symbol(&mut self, name: &str) -> String {
        let mut base = String::new();
        for c in name.chars() {
            if c.is_ascii_alphanumeric() || c == '_' || c == '$' {
                base.push(c);
            } else {
                base.push_str(&format!("$u{:x}", u32::from(c)));
            }
        }
        let mut symbol = base.clone();
        let mut number = 1;
        while !self.symbols.insert(symbol.clone()) {
            number += 1;
            symbol = format!("{base}${number}");
        }
        symbol
    }

    fn run(&mut self) -> Result<()> {
        while let Some((id, layouts, instance)) = self.queue.pop_front() {
            let function = self.hir_function(id)?;
            let code = function::lower_function(self, function, &layouts, instance)?;
            self.functions[instance] = code;
        }
        Ok(())
    }

    fn finish(self, exports: Vec<Export>, vector_forms: Vec<VectorForm>) -> Result<Program> {
        let mut program = Program {
            module: self.hir.module.clone(),
            functions: self.functions,
            exports,
            vector_forms,
            frames: self.frames,
        };
        for component in edit::call_components(&program) {
            for id in &component {
                let recursive =
                    component.len() > 1 || edit::callees(&program.functions[*id]).contains(id);
                program.functions[*id].recursive = recursive;
            }
        }
        written::mark(&mut program);
        Ok(program)
    }
}
