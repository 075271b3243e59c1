//! Files that the compiler writes: each is there whole, or not at all.
//!
//! A file is written beside its place under a temporary name and then renamed, so that a module
//! which a process has loaded keeps its old contents for that process.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use snek_diagnostics::{Code, Diagnostic};

/// Removes its file when dropped, unless it has been renamed.
struct Temporary {
    path: PathBuf,
    keep: bool,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.keep {
            // Best effort: the error that brought us here is the one to report.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Writes `bytes` to `path`, replacing what is there at once.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    write_whole(path, bytes).map_err(|error| cannot_write(path, &error))
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let (mut file, mut temporary) = create_beside(path)?;
    file.write_all(bytes)?;
    drop(file);
    fs::rename(&temporary.path, path)?;
    temporary.keep = true;
    Ok(())
}

fn create_beside(path: &Path) -> io::Result<(File, Temporary)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut attempt = 0;
    loop {
        let process = std::process::id();
        let path = path.with_file_name(format!(".{name}.{process}.{attempt}.tmp"));
        let opened = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o777)
            .open(&path);
        match opened {
            Ok(file) => return Ok((file, Temporary { path, keep: false })),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => {
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Makes a folder and those above it.
pub fn create_dir(path: &Path) -> Result<(), Diagnostic> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path).map_err(|error| {
        let shown = path.display().to_string();
        match error.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
                Diagnostic::file_error(Code::D002, shown, "is not a directory")
                    .help("give the directory that the modules are to be written to")
            }
            _ => {
                let message = format!("directory cannot be made: {}", reason(&error));
                Diagnostic::file_error(Code::D002, shown, message)
                    .help("choose another directory with `-o DIR`")
            }
        }
    })
}

/// What to say when `path` cannot be written.
pub fn cannot_write(path: &Path, error: &io::Error) -> Diagnostic {
    let help = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "write to another directory with `-o DIR`"
        }
        io::ErrorKind::NotFound => {
            "the directory does not exist; make it, or choose one with `-o DIR`"
        }
        io::ErrorKind::IsADirectory => {
            "a directory has the name of the module to write; move it away"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the disk is full; free some space, or write elsewhere with `-o DIR`"
        }
        io::ErrorKind::FileTooLarge => {
            "the file is larger than the limit of this process (`ulimit -f`); raise it"
        }
        _ => "check the directory, or choose another with `-o DIR`",
    };
    let reason = reason(error);
    let message = format!("cannot be written: {reason}");
    Diagnostic::file_error(Code::D002, path.display().to_string(), message)
        .help(help)
        .note("nothing was left behind: an existing file is as it was")
}

/// An empty folder for intermediate files, removed with them when dropped.
#[derive(Debug)]
pub struct WorkDir(PathBuf);

impl WorkDir {
    /// Makes a folder that only this user can read.
    pub fn new() -> io::Result<Self> {
        static COUNTER: AtomicUsize = AtomicUsize::new(0);
        loop {
            let number = COUNTER.fetch_add(1, Ordering::Relaxed);
            let name = format!("snek-{}-{number}", std::process::id());
            let path = std::env::temp_dir().join(name);
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                // Left by a process that was killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 10_000 => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        // Best effort: it is in the system's folder for such.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The operating system's words for an error, without Rust's `(os error N)`.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let dir = std::env::temp_dir().join(format!("snek-output-{}", std::process::id()));
        fs::create_dir_all(dir.join("taken.so")).unwrap();
        let error = write(&dir.join("taken.so"), b"x").unwrap_err();
        assert_eq!(error.code, Code::D002);
        assert!(
            error.message.contains("is a directory"),
            "{}",
            error.message
        );
        write(&dir.join("new.so"), b"one").unwrap();
        write(&dir.join("new.so"), b"two").unwrap();
        assert_eq!(fs::read(dir.join("new.so")).unwrap(), b"two");
        let names = fs::read_dir(&dir).unwrap().count();
        assert_eq!(names, 2);
        fs::remove_dir_all(&dir).unwrap();
    }
}
