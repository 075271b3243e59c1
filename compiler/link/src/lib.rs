//! Links an object and the embedded runtime into a shared object.
//!
//! `wild` does it in this process, on files in memory: it reads no other file, starts no program and
//! leaves nothing behind. The system's `cc` is the fallback (that for the machine, of another one); it needs files, so it gets a work folder
//! from the caller, leaves its inputs and its output there, and is the only I/O of this crate.
//! The output depends on the inputs alone: no build id, no paths, no time.
//!
//! `wild` is generic over what files are, and whoever brings files of his own compiles nearly all of
//! it once more, for minutes. So its own way is taken, by path, to files that the kernel keeps in
//! memory (Linux's `memfd`). It is a crate of its own for it must never know of MIR or of Cranelift,
//! which change more often than the runtime that is built for it.
//!
//! Exported are only the hooks that CPython looks for. Symbols of libc, libm and Python stay
//! without a version, so one module loads wherever these names exist, whatever the glibc of the
//! machine that built it.

mod archive;
mod targets;

use std::fmt;
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};

use nix::sys::memfd::{MFdFlags, memfd_create};
use object::write::elf::{FileHeader, Sym, Writer};
use object::{Endianness, elf};

use target_lexicon::{Architecture, Triple};

use crate::archive::RUNTIME_ARCHIVES;
pub use crate::targets::TARGETS;

/// What the linker must know of the machine that the code is made for.
#[derive(Clone, Copy)]
pub struct Target {
    /// The runtime for the machine.
    archive: &'static [u8],
    /// ELF's number for the machine.
    machine: u16,
    /// The linker's name for the machine.
    emulation: &'static str,
    /// The C compiler for the machine.
    cc: &'static str,
    /// The level that the dynamic loader should ask of an x86-64 machine before it loads code.
    x86_level: Option<&'static str>,
}

impl Target {
    /// The machine `triple`; of x86-64 the loader asks for `x86_level`, as `x86-64-v2`.
    pub fn new(triple: &Triple, x86_level: Option<&'static str>) -> Result<Target, LinkError> {
        let name = triple.to_string();
        let at = RUNTIME_ARCHIVES.iter().position(|(of, _)| *of == name);
        let at = at.ok_or(LinkError::NoRuntime(name))?;
        let (machine, emulation, cross) = match triple.architecture {
            Architecture::Aarch64(_) => (elf::EM_AARCH64, "aarch64linux", "aarch64-linux-gnu-gcc"),
            _ => (elf::EM_X86_64, "elf_x86_64", "x86_64-linux-gnu-gcc"),
        };
        Ok(Target {
            archive: RUNTIME_ARCHIVES[at].1,
            machine,
            emulation,
            cc: if at == 0 { "cc" } else { cross },
            x86_level,
        })
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
    /// This build of the compiler has no runtime for a machine.
    NoRuntime(String),
    /// The linker in this process gave up.
    Wild(String),
    /// A file in memory could not be made, or be as large as it must.
    Memory(std::io::Error),
    /// The C compiler of this name could not be started, or failed.
    Cc(&'static str, String),
    /// A file in the work folder could not be written or read.
    Io(PathBuf, std::io::Error),
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkError::NoRuntime(triple) => write!(f, "there is no runtime for {triple}"),
            LinkError::Wild(reason) => write!(f, "the built-in linker failed: {reason}"),
            LinkError::Memory(error) => write!(f, "the built-in linker got no memory: {error}"),
            LinkError::Cc(cc, reason) => write!(f, "`{cc}` failed: {reason}"),
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
            // Where memory has no room for files of this size, nor has the folder.
            Some(_) if !matches!(error, LinkError::Memory(_)) => {
                link_with_cc(object, exports, target, work_dir).map_err(|second| match second {
                    // No `cc` here: what went wrong first is what matters.
                    LinkError::Cc(..) => error,
                    other => other,
                })
            }
            _ => Err(error),
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
    let script = version_script(exports);
    let object = MemoryFile::with(OBJECT, object)?;
    let archive = MemoryFile::with(ARCHIVE, target.archive)?;
    let script = MemoryFile::with(SCRIPT, script.as_bytes())?;
    let mut libraries = Vec::new();
    for (name, symbols) in SYSTEM_LIBRARIES {
        let stub = stub_library(name, symbols, target)?;
        libraries.push(MemoryFile::with(name, &stub)?);
    }
    let output = MemoryFile::with(OUTPUT, &[])?;

    let mut arguments = vec!["ld", "-m", target.emulation, "-shared", "--build-id=none"];
    arguments.extend(["--no-identity-comment", "--threads=1", "--gc-sections"]);
    arguments.extend(["--eh-frame-hdr", "-z", "now", "--hash-style=gnu"]);
    arguments.extend(["-z", "noexecstack"]);
    if let Some(level) = target.x86_level {
        arguments.extend(["-z", level]);
    }
    arguments.extend(["-o", &output.path, "--version-script", &script.path]);
    arguments.extend([&*object.path, &archive.path, "--no-as-needed"]);
    arguments.extend(libraries.iter().map(|library| &*library.path));
    run_wild(&arguments)?;
    output.read()
}

fn run_wild(arguments: &[&str]) -> Result<(), LinkError> {
    // A panic of the linker's is an error of the linker's. Its state is dropped with it, and so is
    // its pool of threads: rayon's global one would stay behind, and not survive a fork.
    let linked = std::panic::catch_unwind(|| {
        let list = || arguments.iter().copied();
        let mut args = libwild::Args::new(list)?;
        args.on_warning(Box::new(drop));
        args.parse(list)?;
        libwild::run(args)
    });
    match linked {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            let reason = format!("{error:?}");
            Err(LinkError::Wild(reason.trim_end().to_owned()))
        }
        Err(_) => Err(LinkError::Wild("it panicked".to_owned())),
    }
}

/// A file in memory, which has a path as long as it is open.
struct MemoryFile {
    file: File,
    path: String,
}

impl MemoryFile {
    fn with(name: &str, bytes: &[u8]) -> Result<MemoryFile, LinkError> {
        let fd = memfd_create(name, MFdFlags::MFD_CLOEXEC)
            .map_err(|error| LinkError::Memory(error.into()))?;
        let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
        let mut file = File::from(fd);
        file.write_all(bytes).map_err(LinkError::Memory)?;
        Ok(MemoryFile { file, path })
    }

    fn read(mut self) -> Result<Vec<u8>, LinkError> {
        let mut bytes = Vec::new();
        self.file
            .rewind()
            .and_then(|()| self.file.read_to_end(&mut bytes))
            .map_err(LinkError::Memory)?;
        match bytes.is_empty() {
            true => Err(LinkError::Wild("it wrote nothing".to_owned())),
            false => Ok(bytes),
        }
    }
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

fn link_with_cc(
    object: &[u8],
    exports: &[String],
    target: Target,
    work_dir: Option<&Path>,
) -> Result<Vec<u8>, LinkError> {
    let Some(dir) = work_dir else {
        let reason = "there is no folder for its files".to_owned();
        return Err(LinkError::Cc(target.cc, reason));
    };
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.join(name);
        std::fs::write(&path, bytes).map_err(|error| LinkError::Io(path, error))
    };
    write(OBJECT, object)?;
    write(ARCHIVE, target.archive)?;
    write(SCRIPT, version_script(exports).as_bytes())?;

    let mut command = std::process::Command::new(target.cc);
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
        .map_err(|error| LinkError::Cc(target.cc, error.to_string()))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let reason = format!("{}\n{}", output.status, text.trim_end());
        return Err(LinkError::Cc(target.cc, reason));
    }
    let path = dir.join(OUTPUT);
    std::fs::read(&path).map_err(|error| LinkError::Io(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_a_runtime_is_an_error() {
        let triple: Triple = "riscv64gc-unknown-linux-gnu".parse().expect("a triple");
        let error = Target::new(&triple, None).err().expect("no runtime");
        assert!(
            matches!(&error, LinkError::NoRuntime(of) if of == "riscv64gc-unknown-linux-gnu"),
            "{error}"
        );
    }
}
