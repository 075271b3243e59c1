//! The one pool of the process.
//!
//! Every compiled module carries a copy of this runtime, but their loops share one pool: the
//! module that is imported first in an interpreter publishes its own [`Shared`] record (a
//! capsule in the interpreter's dictionary; `py::module` does it), later ones use that record's
//! function pointers, which run in the first module's code. The record is a plain C structure
//! with a version, so modules built by different releases can share it. A module that is
//! imported in several interpreters uses the pool that it found first.

use super::team::{self, WorkFn};
use crate::host;

/// The version of [`Shared`]; part of the name under which it is published.
pub const SHARED_VERSION: u32 = 1;

/// A pool that other modules may use.
#[repr(C)]
pub struct Shared {
    /// [`SHARED_VERSION`].
    pub version: u32,
    run: unsafe extern "C" fn(work: WorkFn, context: *const u8, helpers: i64),
    thread_count: extern "C" fn() -> i64,
    set_thread_count: extern "C" fn(threads: i64),
}

impl Shared {
    /// Calls `work` in this thread and in up to `helpers` others; returns when all have returned.
    ///
    /// # Safety
    /// `work` must accept `context` in several threads at once, and must not unwind.
    pub unsafe fn run(&self, work: WorkFn, context: *const u8, helpers: i64) {
        // SAFETY: the caller's promise.
        unsafe { (self.run)(work, context, helpers) }
    }

    /// How many threads a loop may use, the calling one included.
    pub fn thread_count(&self) -> i64 {
        (self.thread_count)()
    }

    /// Sets it; 0 asks for the default.
    pub fn set_thread_count(&self, threads: i64) {
        (self.set_thread_count)(threads);
    }
}

static OWN: Shared = Shared {
    version: SHARED_VERSION,
    run: team::run,
    thread_count: team::thread_count,
    set_thread_count: team::set_thread_count,
};

/// The pool of this module's copy of the runtime.
pub fn own_pool() -> &'static Shared {
    &OWN
}

/// The pool to use: the one that was published first, else this module's own.
pub fn shared() -> &'static Shared {
    host::shared_pool().unwrap_or(&OWN)
}
