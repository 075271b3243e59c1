//! The CPython glue: the only place that names `pyo3-ffi` and touches Python objects.
//!
//! It uses the limited API of 3.11 alone; what is newer is looked up at run time. Every Python
//! object lives in the state of its module, never in a static, because one `.so` may be loaded
//! in several interpreters at once. Nothing here may run in a thread of the pool.
//!
//! | module | for |
//! |---|---|
//! | [`api`] | owned references, object layout, newer functions |
//! | [`module`] | `PyInit`, `PyModExport`, running the module's text |
//! | [`function`] | the type of native functions |
//! | [`call`] | a call from Python: arguments in, native code, result out |
//! | [`pool`] | the pool's settings, for the package `snek` |
//! | [`convert`], [`buffer`] | one argument into frame slots |
//! | [`raise`] | the pending exception into Python's |
//! | `namespace.py`, `tracebacks.py` | what is easier said in Python |

pub mod api;
pub mod buffer;
pub mod call;
pub mod convert;
pub mod function;
pub mod module;
pub mod pool;
pub mod raise;

/// The functions that compiled code calls.
pub mod entries {
    pub use super::module::entries::*;
}
