//! The compiler as the Python module `snek._compiler`, for the script `snekc` and the setuptools hook.
//! Must hold no logic: it converts arguments and results.

use std::ffi::OsString;
use std::path::PathBuf;

use pyo3::prelude::*;

/// The compiler of snek. Not a public interface: use `snekc`.
#[pymodule]
mod _compiler {
    use super::{OsString, PathBuf, PyResult, Python, pyfunction};
    use pyo3::prelude::PyAnyMethods;
    use snek_driver::input::Unit;
    use snek_driver::options::{MessageFormat, Options};
    use snek_driver::{Host, Messages, build_unit, cli};

    /// Run the command line `snekc ARGUMENTS` and return its exit status.
    #[pyfunction]
    fn main(py: Python<'_>, arguments: Vec<OsString>, python: PathBuf) -> PyResult<u8> {
        let host = Host {
            python,
            compiler: py
                .import("snek._compiler")?
                .getattr("__file__")?
                .extract()?,
        };
        Ok(py.detach(|| cli::main(arguments, &host)))
    }

    /// Compile the file `source` as `module` to the file `output`; return success and messages.
    #[pyfunction]
    #[pyo3(signature = (source, module, output, *, strict = false))]
    fn build_module(
        py: Python<'_>,
        source: PathBuf,
        module: String,
        output: PathBuf,
        strict: bool,
    ) -> (bool, String) {
        let unit = Unit {
            source,
            module,
            target: output.with_extension(""),
        };
        let options = Options {
            strict,
            ..Options::default()
        };
        let messages = Messages::plain(MessageFormat::Human);
        let built = py.detach(|| build_unit(&unit, &options, messages));
        (built.ok, built.messages.trim_end().to_owned())
    }
}
