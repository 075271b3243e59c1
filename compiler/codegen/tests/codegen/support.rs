//! Programs in MIR, made by hand, and what is needed to run them under Python.

use std::path::{Path, PathBuf};
use std::process::Command;

use oxc_index::IndexVec;
use snek_abi::ScalarKind;
use snek_codegen::{CodegenOptions, Isa, ModuleInfo, SecondForms, compile};
use snek_diagnostics::{FileId, Span};
use snek_link::{Linker, Target};
use snek_mir::builder::Builder;
use snek_mir::ir::{
    ArrayType, Element, Export, ExportParam, Frame, Function, FunctionId, Layout, OpKind,
    ParamKind, Program, PyType, Scalar, Site, Type, ValueId,
};

pub struct Module {
    pub program: Program,
}

impl Module {
    pub fn new(name: &str) -> Module {
        let program = Program {
            module: name.to_owned(),
            functions: IndexVec::new(),
            exports: Vec::new(),
            vector_forms: Vec::new(),
            frames: IndexVec::new(),
        };
        Module { program }
    }

    /// Adds a function, its body made by `body` from the parameters; ops are at the line after
    /// its first one.
    pub fn function(
        &mut self,
        name: &str,
        params: &[(&str, Type)],
        results: &[Type],
        body: impl FnOnce(&mut Builder<'_>, &[ValueId]) -> Vec<ValueId>,
    ) -> FunctionId {
        let first_line = 10 * (self.program.frames.len() as u32 + 1);
        let file = format!("somewhere/{}.py", self.program.module);
        let frame = Frame {
            name: name.to_owned(),
            file,
            first_line,
        };
        let frame = self.program.frames.push(frame);
        let symbol = format!("{name}.{}", frame.index());
        let mut function = Function::new(symbol, frame, params, results);
        let span = Span::at(FileId(0), 0);
        let site = Site {
            span,
            line: first_line + 1,
            frame,
            caller: None,
        };
        let site = function.add_site(site);
        let args = function.params().to_vec();
        let region = function.body;
        let mut builder = Builder::at_end(&mut function, region, site);
        let values = body(&mut builder, &args);
        builder.end_with(OpKind::Return, values);
        self.program.functions.push(function)
    }

    /// Lets Python call a function.
    pub fn export(&mut self, contiguous: FunctionId, strided: Option<FunctionId>) {
        let function = &self.program.functions[contiguous];
        let frame = &self.program.frames[function.frame];
        let params = function.params().iter().map(|param| ExportParam {
            name: function.values[*param].name.clone().unwrap_or_default(),
            kind: ParamKind::PositionalOrKeyword,
            ty: py_type(function.values[*param].ty),
            written: false,
        });
        let mut results: Vec<PyType> = function.results.iter().map(|ty| py_type(*ty)).collect();
        let result = match results.len() {
            0 => PyType::Scalar(ScalarKind::None),
            1 => results.remove(0),
            _ => PyType::Tuple(results),
        };
        self.program.exports.push(Export {
            name: frame.name.clone(),
            first_line: frame.first_line,
            params: params.collect(),
            result,
            contiguous,
            strided,
        });
    }

    /// Adds a function and lets Python call it.
    pub fn exported(
        &mut self,
        name: &str,
        params: &[(&str, Type)],
        results: &[Type],
        body: impl FnOnce(&mut Builder<'_>, &[ValueId]) -> Vec<ValueId>,
    ) -> FunctionId {
        let id = self.function(name, params, results, body);
        self.export(id, None);
        id
    }

    /// The source in which Python finds a plain function for each export.
    pub fn source(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        for export in &self.program.exports {
            let line = export.first_line as usize;
            lines.resize(lines.len().max(line + 1), String::new());
            let params: Vec<&str> = export.params.iter().map(|param| &*param.name).collect();
            lines[line - 1] = format!("def {}({}):", export.name, params.join(", "));
            lines[line] = "    raise SystemError('this is the plain function')".to_owned();
        }
        lines.push(String::new());
        lines.join("\n")
    }

    pub fn object(&self, isa: &Isa, options: &CodegenOptions) -> snek_codegen::ObjectFile {
        let source = self.source();
        let file_name = format!("{}.py", self.program.module);
        let info = ModuleInfo {
            source: &source,
            file_name: &file_name,
        };
        compile(&self.program, info, isa, options).expect("the module compiles")
    }

    pub fn linked(&self, options: &CodegenOptions, linker: Linker, work: Option<&Path>) -> Vec<u8> {
        let isa = Isa::new(options).expect("the target is known");
        let object = self.object(&isa, options);
        let target = Target::new(isa.triple(), isa.x86_level()).expect("a runtime");
        snek_link::link(&object.bytes, &object.exports, target, linker, work).expect("it links")
    }

    /// Writes the module and its source to a folder of its own.
    pub fn install(&self, options: &CodegenOptions) -> PathBuf {
        let dir = folder(&self.program.module);
        let bytes = self.linked(options, Linker::Wild, None);
        std::fs::write(dir.join(format!("{}.so", self.program.module)), bytes).expect("writable");
        std::fs::write(
            dir.join(format!("{}.py", self.program.module)),
            self.source(),
        )
        .expect("writable");
        dir
    }

    /// Runs a script with the module importable, at every effort; it must end well.
    pub fn check(&self, script: &str) {
        for opt_level in [snek_codegen::OptLevel::None, snek_codegen::OptLevel::Speed] {
            let options = CodegenOptions {
                opt_level,
                verify: true,
                second_forms: SecondForms::Everywhere,
                ..Default::default()
            };
            let dir = self.install(&options);
            run_python(&dir, script);
            say_which_forms();
            for cpu in ["modern", "baseline"] {
                run_python_with(&dir, script, &[("SNEK_CPU", cpu)]);
            }
            self.check_for_aarch64(&options, script);
        }
    }

    /// The same for a machine that this one need not be: it compiles for it and, where there is a
    /// Python of that machine (`tests/aarch64.py`), runs there.
    fn check_for_aarch64(&self, options: &CodegenOptions, script: &str) {
        let triple = "aarch64-unknown-linux-gnu".parse().expect("a triple");
        let options = CodegenOptions {
            triple: Some(triple),
            ..options.clone()
        };
        match std::env::var_os("SNEK_AARCH64_PYTHON") {
            Some(python) => {
                let dir = self.install(&options);
                run_in(Path::new(&python), &dir, script, &[]);
            }
            None => {
                let isa = Isa::new(&options).expect("the target is known");
                self.object(&isa, &options);
            }
        }
    }

    /// The machine code, as text.
    pub fn listing(&self, opt_level: snek_codegen::OptLevel) -> String {
        let options = CodegenOptions {
            opt_level,
            ..CodegenOptions::default()
        };
        let isa = Isa::new(&options).expect("the target is known");
        snek_codegen::emit_asm(&self.program, &isa, &options).expect("it compiles")
    }

    /// The forms that leaves do not have although they have such vectors, and why.
    pub fn refusals(&self) -> Vec<String> {
        let text = self.listing(CodegenOptions::default().opt_level);
        let lines = text.lines().filter(|line| line.starts_with("; no "));
        lines.map(str::to_owned).collect()
    }
}

/// Says which forms of leaves this machine cannot run.
fn say_which_forms() {
    #[cfg(target_arch = "x86_64")]
    {
        if !std::is_x86_feature_detected!("avx2") {
            eprintln!("no AVX2 here: leaves run in their first form alone");
        }
        if !std::is_x86_feature_detected!("avx512dq") {
            eprintln!("no AVX-512 here: the widest form of leaves is made but not run");
        }
    }
}

/// An empty folder.
pub fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("the build folder is writable");
    dir
}

/// The Python to test with, which has NumPy: that of the project's environment, if there is one.
pub fn python() -> PathBuf {
    if let Some(python) = std::env::var_os("SNEK_TEST_PYTHON") {
        return python.into();
    }
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    if own.exists() { own } else { "python3".into() }
}

pub fn run_python(dir: &Path, script: &str) -> String {
    run_python_with(dir, script, &[])
}

pub fn run_python_with(dir: &Path, script: &str, environment: &[(&str, &str)]) -> String {
    run_in(&python(), dir, script, environment)
}

fn run_in(python: &Path, dir: &Path, script: &str, environment: &[(&str, &str)]) -> String {
    let script = format!("import sys\nsys.path.insert(0, '.')\n{script}");
    let output = Command::new(python)
        .args(["-X", "faulthandler", "-c", &script])
        .current_dir(dir)
        .envs(environment.iter().copied())
        .output()
        .expect("python starts");
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{}\n{text}", output.status);
    text
}

fn scalar_kind(scalar: Scalar, element: bool) -> ScalarKind {
    match scalar {
        Scalar::Bool => ScalarKind::Bool,
        Scalar::I8 => ScalarKind::I8,
        Scalar::I16 => ScalarKind::I16,
        Scalar::I32 => ScalarKind::I32,
        Scalar::I64 if element => ScalarKind::I64,
        Scalar::I64 => ScalarKind::Int,
        Scalar::U8 => ScalarKind::U8,
        Scalar::U16 => ScalarKind::U16,
        Scalar::U32 => ScalarKind::U32,
        Scalar::U64 => ScalarKind::U64,
        Scalar::F32 => ScalarKind::F32,
        Scalar::F64 if element => ScalarKind::F64,
        Scalar::F64 => ScalarKind::Float,
    }
}

fn py_type(ty: Type) -> PyType {
    match ty {
        Type::Scalar(scalar) => PyType::Scalar(scalar_kind(scalar, false)),
        Type::Array(ArrayType { element, rank, .. }) => {
            let element = match element {
                Element::Scalar(scalar) => scalar_kind(scalar, true),
                Element::Complex64 => ScalarKind::C64,
                Element::Complex128 => ScalarKind::C128,
            };
            PyType::Array { element, rank }
        }
        Type::Ptr | Type::Vector(..) | Type::Mask(_) => panic!("no boundary type"),
    }
}

pub fn array(scalar: Scalar, rank: u8, layout: Layout) -> Type {
    Type::Array(ArrayType {
        element: Element::Scalar(scalar),
        rank,
        layout,
    })
}
