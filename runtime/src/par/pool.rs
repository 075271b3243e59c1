//! The one pool of the process.
//!
//! Every compiled module carries a copy of this runtime, but their loops share one pool: the
//! module that is imported first in an interpreter publishes its own [`Shared`] record (a
//! capsule in the interpreter's dictionary; `py::module` does it), later ones use that record's
//! function pointers, which run in the first module's code. The record is a plain C structure
//! with a version, so modules built by different releases can share it. A module that is
//! imported in several interpreters uses the pool that it found first.

use super::team::{self, WorkFn};
use super::trace::{self, Event};
use crate::host;

/// The version of [`Shared`]; part of the name under which it is published.
pub const SHARED_VERSION: u32 = 3;

/// A pool that other modules may use.
#[repr(C)]
pub struct Shared {
    /// [`SHARED_VERSION`].
    pub version: u32,
    run: unsafe extern "C" fn(work: WorkFn, waiting: WorkFn, context: *const u8, helpers: i64),
    thread_count: extern "C" fn() -> i64,
    set_thread_count: extern "C" fn(threads: i64),
    set_thread_count_here: extern "C" fn(threads: i64) -> i64,
    thread_index: extern "C" fn() -> i64,
    idle: extern "C" fn() -> i64,
    record: unsafe extern "C" fn(event: *const Event),
    forks: extern "C" fn() -> i64,
}

impl Shared {
    /// Calls `work` in this thread and in up to `helpers` others; returns when all have returned.
    /// Calls `waiting` every few milliseconds while others work and this thread does not.
    ///
    /// # Safety
    /// `work` must accept `context` in several threads at once, and neither must unwind.
    pub unsafe fn run(&self, work: WorkFn, waiting: WorkFn, context: *const u8, helpers: i64) {
        // SAFETY: the caller's promise.
        unsafe { (self.run)(work, waiting, context, helpers) }
    }

    /// How many threads a loop may use that this thread runs, itself included.
    pub fn thread_count(&self) -> i64 {
        (self.thread_count)()
    }

    /// Sets it for the process; 0 asks for the default.
    pub fn set_thread_count(&self, threads: i64) {
        (self.set_thread_count)(threads);
    }

    /// Sets it for loops that this thread runs, and says what was set before; 0 is nothing.
    pub fn set_thread_count_here(&self, threads: i64) -> i64 {
        (self.set_thread_count_here)(threads)
    }

    /// The number of this thread among those that work on a loop: less than
    /// [`Shared::thread_count`], 0 for the thread that began it.
    pub fn thread_index(&self) -> i64 {
        (self.thread_index)()
    }

    /// How many threads of the pool have nothing to do, roughly.
    pub fn idle(&self) -> i64 {
        (self.idle)()
    }

    /// Adds to the timeline.
    pub fn record(&self, event: &Event) {
        // SAFETY: the event is alive, and its name for ever.
        unsafe { (self.record)(event) }
    }

    /// Another number in each forked child.
    pub fn forks(&self) -> i64 {
        (self.forks)()
    }
}

static OWN: Shared = Shared {
    version: SHARED_VERSION,
    run: team::run,
    thread_count: team::thread_count,
    set_thread_count: team::set_thread_count,
    set_thread_count_here: team::set_thread_count_here,
    thread_index: team::thread_index,
    idle: team::idle,
    record: trace::record,
    forks: team::forks,
};

/// The pool of this module's copy of the runtime.
pub fn own_pool() -> &'static Shared {
    &OWN
}

/// The pool to use: the one that was published first, else this module's own.
pub fn shared() -> &'static Shared {
    host::shared_pool().unwrap_or(&OWN)
}
