//! Links an object and the embedded runtime into a shared object.
//!
//! `wild` does it in this process and in memory: it reads no file, starts no program and writes
//! nothing. The system's `cc` is the fallback; it needs files, so it gets a work folder from the
//! caller, leaves its inputs and its output there, and is the only I/O of this crate.
//! The output depends on the inputs alone: no build id, no paths, no time.
//!
//! It is a crate of its own because `wild` is generic over its files: whoever calls it compiles
//! most of it. It must never know of MIR or of Cranelift, so that a change there leaves it alone.
//!
//! Exported are only the hooks that CPython looks for. Symbols of libc, libm and Python stay
//! without a version, so one module loads wherever these names exist, whatever the glibc of the
//! machine that built it.

mod archive;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use libwild::{FileSystem, FileType, InputFileData, OutputFileData, OutputOptions};
use object::write::elf::{FileHeader, Sym, Writer};
use object::{Endianness, elf};

use target_lexicon::{Architecture, Triple};

use crate::archive::RUNTIME_ARCHIVE;

/// What the linker must know of the machine that the code is made for.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// ELF's number for the machine.
    machine: u16,
    /// The linker's name for the machine.
    emulation: &'static str,
    /// The level that the dynamic loader should ask of an x86-64 machine before it loads code.
    x86_level: Option<&'static str>,
}

impl Target {
    /// The machine `triple`; of x86-64 the loader asks for `x86_level`, as `x86-64-v2`.
    pub fn new(triple: &Triple, x86_level: Option<&'static str>) -> Target {
        let (machine, emulation) = match triple.architecture {
            Architecture::Aarch64(_) => (elf::EM_AARCH64, "aarch64linux"),
            _ => (elf::EM_X86_64, "elf_x86_64"),
        };
        Target {
            machine,
            emulation,
            x86_level,
        }
    }
}

/// Which linker to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Linker {
    /// `wild`, and `cc` if that fails.
    #[default]
    Auto,
    /// The linker in this process.
    Wild,
    /// The system's C compiler as a linker.
    Cc,
}

impl Linker {
    /// The linker of this name, as users write it.
    pub fn from_name(name: &str) -> Option<Linker> {
        match name {
            "auto" => Some(Linker::Auto),
            "wild" => Some(Linker::Wild),
            "cc" => Some(Linker::Cc),
            _ => None,
        }
    }
}

/// Why a link failed.
#[derive(Debug)]
pub enum LinkError {
    /// The linker in this process gave up.
    Wild(String),
    /// `cc` could not be started, or failed.
    Cc(String),
    /// A file in the work folder could not be written or read.
    Io(PathBuf, std::io::Error),
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkError::Wild(reason) => write!(f, "the built-in linker failed: {reason}"),
            LinkError::Cc(reason) => write!(f, "`cc` failed: {reason}"),
            LinkError::Io(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for LinkError {}

/// Links `object` with the runtime and gives the bytes of the shared object, which exports
/// `exports` alone.
///
/// `work_dir` is where `cc` may leave files; without it `cc` cannot be used.
pub fn link(
    object: &[u8],
    exports: &[String],
    target: Target,
    linker: Linker,
    work_dir: Option<&Path>,
) -> Result<Vec<u8>, LinkError> {
    match linker {
        Linker::Wild => link_with_wild(object, exports, target),
        Linker::Cc => link_with_cc(object, exports, target, work_dir),
        Linker::Auto => link_with_wild(object, exports, target).or_else(|error| match work_dir {
            Some(_) => {
                link_with_cc(object, exports, target, work_dir).map_err(|second| match second {
                    // No `cc` here: what went wrong first is what matters.
                    LinkError::Cc(_) => error,
                    other => other,
                })
            }
            None => Err(error),
        }),
    }
}

const OBJECT: &str = "module.o";
const ARCHIVE: &str = "libsnek_runtime.a";
const SCRIPT: &str = "exports.map";
const OUTPUT: &str = "module.so";

/// The libraries of the system that a module names as needed, and what is taken from them by
/// name. All else is found in the process, which has them loaded.
const SYSTEM_LIBRARIES: &[(&str, &[&str])] = &[
    (
        "libgcc_s.so.1",
        &[
            "_Unwind_Backtrace",
            "_Unwind_DeleteException",
            "_Unwind_FindEnclosingFunction",
            "_Unwind_GetCFA",
            "_Unwind_GetDataRelBase",
            "_Unwind_GetIP",
            "_Unwind_GetIPInfo",
            "_Unwind_GetLanguageSpecificData",
            "_Unwind_GetRegionStart",
            "_Unwind_GetTextRelBase",
            "_Unwind_RaiseException",
            "_Unwind_Resume",
            "_Unwind_SetGR",
            "_Unwind_SetIP",
        ],
    ),
    ("libm.so.6", &["snek_stub_libm"]),
    ("libc.so.6", &["snek_stub_libc"]),
];

fn version_script(exports: &[String]) -> String {
    let mut script = String::from("{ global: ");
    for export in exports {
        script.push_str(export);
        script.push_str("; ");
    }
    script.push_str("local: *; };\n");
    script
}

fn link_with_wild(object: &[u8], exports: &[String], target: Target) -> Result<Vec<u8>, LinkError> {
    let files = MemoryFiles::default();
    let mut args = vec![
        "--gc-sections",
        "--eh-frame-hdr",
        "-z",
        "now",
        "--hash-style=gnu",
    ];
    args.extend(["-z", "noexecstack"]);
    if let Some(level) = target.x86_level {
        args.extend(["-z", level]);
    }
    args.extend([
        "--version-script",
        SCRIPT,
        OBJECT,
        ARCHIVE,
        "--no-as-needed",
    ]);
    files.insert(OBJECT, Bytes::Owned(object.into()));
    files.insert(ARCHIVE, Bytes::Static(RUNTIME_ARCHIVE));
    files.insert(
        SCRIPT,
        Bytes::Owned(version_script(exports).into_bytes().into()),
    );
    for (name, symbols) in SYSTEM_LIBRARIES {
        let stub = files.with(name, &stub_library(name, symbols, target)?);
        args.push(stub);
    }
    run_wild(&args, &files, target)
}

/// A shared library with nothing behind its names: all that a linker wants to see of one.
fn stub_library(soname: &str, symbols: &[&str], target: Target) -> Result<Vec<u8>, LinkError> {
    let wild = |error: object::write::Error| LinkError::Wild(error.to_string());
    let mut bytes = Vec::new();
    let mut elf = Writer::new(Endianness::Little, true, &mut bytes);

    let soname = elf.add_dynamic_string(soname.as_bytes());
    let names: Vec<_> = symbols
        .iter()
        .map(|name| elf.add_dynamic_string(name.as_bytes()))
        .collect();
    elf.reserve_file_header();
    elf.reserve_null_dynamic_symbol_index();
    for _ in symbols {
        elf.reserve_dynamic_symbol_index();
    }
    elf.reserve_dynsym_section_index();
    elf.reserve_dynstr_section_index();
    // Symbols are in some section, or else they would be undefined.
    let section = elf.reserve_dynamic_section_index();
    elf.reserve_shstrtab_section_index();
    elf.reserve_dynsym();
    elf.reserve_dynstr();
    elf.reserve_dynamic(2);
    elf.reserve_shstrtab();
    elf.reserve_section_headers();

    elf.write_file_header(&FileHeader {
        os_abi: elf::ELFOSABI_NONE,
        abi_version: 0,
        e_type: elf::ET_DYN,
        e_machine: target.machine,
        e_entry: 0,
        e_flags: 0,
    })
    .map_err(wild)?;
    elf.write_null_dynamic_symbol();
    for name in names {
        elf.write_dynamic_symbol(&Sym {
            name: Some(name),
            section: Some(section),
            st_info: (elf::STB_GLOBAL << 4) | elf::STT_FUNC,
            st_other: elf::STV_DEFAULT,
            st_shndx: 0,
            st_value: 0,
            st_size: 4,
        });
    }
    elf.write_dynstr();
    elf.write_align_dynamic();
    elf.write_dynamic_string(elf::DT_SONAME, soname)
        .map_err(wild)?;
    elf.write_dynamic(elf::DT_NULL, 0).map_err(wild)?;
    elf.write_shstrtab();
    elf.write_null_section_header();
    elf.write_dynsym_section_header(0, 1);
    elf.write_dynstr_section_header(0);
    elf.write_dynamic_section_header(0);
    elf.write_shstrtab_section_header();
    Ok(bytes)
}

fn run_wild(arguments: &[&str], files: &MemoryFiles, target: Target) -> Result<Vec<u8>, LinkError> {
    let mut all = vec!["ld", "-m", target.emulation, "-shared", "--build-id=none"];
    all.extend(["--no-identity-comment", "-o", OUTPUT]);
    all.extend(arguments);

    // A panic of the linker's is an error of the linker's. Its state is dropped with it.
    let linked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let list = || all.iter().copied();
        let mut args = libwild::Args::new(list).map_err(|error| format!("{error:?}"))?;
        args.on_warning(Box::new(drop));
        args.parse(list).map_err(|error| format!("{error:?}"))?;
        // A pool of its own: rayon's global one would stay behind, and not survive a fork.
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .map_err(|error| error.to_string())?;
        pool.install(|| {
            let linker = libwild::Linker::with_file_system(files.clone());
            linker
                .run(&args)
                .map(drop)
                .map_err(|error| format!("{error:?}"))
        })
    }));
    match linked {
        Ok(Ok(())) => files
            .take(OUTPUT)
            .ok_or_else(|| LinkError::Wild("it wrote nothing".to_owned())),
        Ok(Err(reason)) => Err(LinkError::Wild(reason.trim_end().to_owned())),
        Err(_) => Err(LinkError::Wild("it panicked".to_owned())),
    }
}

/// The contents of a file in memory.
#[derive(Clone, Debug)]
enum Bytes {
    Static(&'static [u8]),
    Owned(Arc<[u8]>),
}

impl InputFileData for Bytes {
    fn bytes(&self) -> &[u8] {
        match self {
            Bytes::Static(bytes) => bytes,
            Bytes::Owned(bytes) => bytes,
        }
    }
}

/// The files of one link.
#[derive(Clone, Default)]
struct MemoryFiles {
    inputs: Arc<Mutex<HashMap<PathBuf, Bytes>>>,
    outputs: Arc<Mutex<HashMap<PathBuf, Vec<u8>>>>,
}

impl MemoryFiles {
    fn insert(&self, name: &str, bytes: Bytes) {
        let mut inputs = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
        inputs.insert(PathBuf::from(name), bytes);
    }

    fn with<'name>(&self, name: &'name str, bytes: &[u8]) -> &'name str {
        self.insert(name, Bytes::Owned(bytes.into()));
        name
    }

    fn take(&self, name: &str) -> Option<Vec<u8>> {
        let mut outputs = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        outputs.remove(Path::new(name))
    }

    fn get(&self, path: &Path) -> std::io::Result<Bytes> {
        let inputs = self.inputs.lock().unwrap_or_else(PoisonError::into_inner);
        inputs
            .get(path)
            .cloned()
            .ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }
}

struct MemoryOutput {
    path: Arc<Path>,
    bytes: Vec<u8>,
    outputs: Arc<Mutex<HashMap<PathBuf, Vec<u8>>>>,
}

impl OutputFileData for MemoryOutput {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    fn finish(self) -> libwild::error::Result {
        let mut outputs = self.outputs.lock().unwrap_or_else(PoisonError::into_inner);
        outputs.insert(self.path.to_path_buf(), self.bytes);
        Ok(())
    }
}

impl FileSystem for MemoryFiles {
    type Input = Bytes;
    type Output = MemoryOutput;

    fn open_input(
        &self,
        path: &Path,
        _prepopulate_maps: bool,
    ) -> libwild::error::Result<(Bytes, Option<Arc<std::fs::File>>)> {
        Ok((self.get(path)?, None))
    }

    fn file_type(&self, path: &Path) -> libwild::error::Result<FileType> {
        self.get(path)?;
        Ok(FileType::File)
    }

    fn canonicalize(&self, path: &Path) -> libwild::error::Result<PathBuf> {
        Ok(path.to_path_buf())
    }

    fn remove_file(&self, _path: &Path) -> libwild::error::Result<()> {
        Ok(())
    }

    fn rename_file(&self, path: &Path, _new_path: &Path) -> libwild::error::Result<()> {
        // Only an older output would be renamed, and there is none.
        self.get(path)?;
        Ok(())
    }

    fn create_output(
        &self,
        path: Arc<Path>,
        options: OutputOptions,
    ) -> libwild::error::Result<MemoryOutput> {
        let size = usize::try_from(options.size)
            .map_err(|_| libwild::error!("the output is too large"))?;
        Ok(MemoryOutput {
            path,
            bytes: vec![0; size],
            outputs: Arc::clone(&self.outputs),
        })
    }

    fn write_auxiliary(&self, _path: &Path, _bytes: &[u8]) -> libwild::error::Result {
        Ok(())
    }
}

fn link_with_cc(
    object: &[u8],
    exports: &[String],
    target: Target,
    work_dir: Option<&Path>,
) -> Result<Vec<u8>, LinkError> {
    let Some(dir) = work_dir else {
        return Err(LinkError::Cc("there is no folder for its files".to_owned()));
    };
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.join(name);
        std::fs::write(&path, bytes).map_err(|error| LinkError::Io(path, error))
    };
    write(OBJECT, object)?;
    write(ARCHIVE, RUNTIME_ARCHIVE)?;
    write(SCRIPT, version_script(exports).as_bytes())?;

    let mut command = std::process::Command::new("cc");
    command
        .current_dir(dir)
        .args(["-shared", "-o", OUTPUT, OBJECT, ARCHIVE])
        .args([
            "-Wl,--gc-sections",
            "-Wl,--build-id=none",
            "-Wl,--eh-frame-hdr",
            "-Wl,-X",
        ])
        .args(["-Wl,-z,now", "-Wl,-z,noexecstack", "-Wl,--hash-style=gnu"])
        .arg(format!("-Wl,--version-script={SCRIPT}"))
        .args(["-lgcc_s", "-lm", "-lc"]);
    if let Some(level) = target.x86_level {
        command.arg(format!("-Wl,-z,{level}"));
    }
    let output = command
        .output()
        .map_err(|error| LinkError::Cc(error.to_string()))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(LinkError::Cc(format!(
            "{}\n{}",
            output.status,
            text.trim_end()
        )));
    }
    let path = dir.join(OUTPUT);
    std::fs::read(&path).map_err(|error| LinkError::Io(path, error))
}
