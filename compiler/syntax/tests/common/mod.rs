//! A CPython process that answers what `ast` makes of a file.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The running oracle.
pub struct Oracle {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// Python's minor version.
    pub minor: u8,
    /// The folder of the standard library.
    pub stdlib: PathBuf,
}

impl Oracle {
    /// Starts `python3`, or what `SNEK_TEST_PYTHON` names.
    pub fn start() -> Self {
        let python = std::env::var("SNEK_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle.py");
        let mut child = Command::new(&python)
            .arg("-B")
            .arg(script)
            .env("PYTHONUTF8", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| {
                panic!("this test compares with CPython, but `{python}` does not start: {e}")
            });
        let input = child.stdin.take().expect("stdin is piped");
        let output = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut oracle = Self {
            child,
            input,
            output,
            minor: 0,
            stdlib: PathBuf::new(),
        };
        let version = oracle.line();
        let minor = version.split(' ').nth(1).and_then(|v| v.parse().ok());
        oracle.minor = minor.expect("the oracle prints its version");
        oracle.stdlib = PathBuf::from(oracle.line());
        oracle
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output
            .read_line(&mut line)
            .expect("the oracle answers");
        assert!(!line.is_empty(), "the oracle died");
        line.trim_end().to_owned()
    }

    /// Sends a request and gives the answer: a line, or for `show` the whole dump.
    pub fn ask(&mut self, command: &str, path: &Path) -> String {
        writeln!(self.input, "{command} {}", path.display()).expect("the oracle listens");
        self.input.flush().expect("the oracle listens");
        let line = self.line();
        if command != "show" {
            return line;
        }
        let mut bytes = vec![0; line.parse().expect("a length")];
        self.output.read_exact(&mut bytes).expect("the dump");
        String::from_utf8(bytes).expect("the dump is ASCII")
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
