//! What the runtime needs of the interpreter, as function pointers that `py` fills in at import.
//!
//! Keeps everything else free of Python, so that it can be tested without one.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use crate::lock;
use crate::par::Shared;

/// The interpreter's services.
pub struct Host {
    /// Writes text to `sys.stdout`. Returns false with the interpreter's error indicator set.
    /// Called from the thread that entered native code, with or without the GIL.
    pub write: fn(text: &[u8], flush: bool) -> bool,
    /// Runs the handlers of signals that have arrived, if this thread may. Returns false with
    /// the interpreter's error indicator set, such as for Ctrl-C.
    pub poll: fn() -> bool,
}

static HOST: OnceLock<Host> = OnceLock::new();
static PYTHON_MINOR: AtomicU32 = AtomicU32::new(11);
static SHARED_POOL: AtomicPtr<Shared> = AtomicPtr::new(std::ptr::null_mut());

/// Sets the services; the first call counts.
pub fn set(host: Host) {
    let _ = HOST.set(host);
}

/// Writes text to `sys.stdout`, or to the process's own where there is no interpreter.
pub fn write(text: &[u8], flush: bool) -> bool {
    match HOST.get() {
        Some(host) => lock::outside(|| (host.write)(text, flush)),
        None => {
            use std::io::Write;
            let mut stdout = std::io::stdout();
            stdout.write_all(text).is_ok() && (!flush || stdout.flush().is_ok())
        }
    }
}

/// Runs the handlers of signals that have arrived. False if one has raised.
pub fn poll() -> bool {
    HOST.get().is_none_or(|host| lock::outside(host.poll))
}

/// The minor version of the running Python 3.
pub fn python_minor() -> u32 {
    PYTHON_MINOR.load(Ordering::Relaxed)
}

/// Says which Python 3 is running.
pub fn set_python_minor(minor: u32) {
    PYTHON_MINOR.store(minor, Ordering::Relaxed);
}

/// The pool that another compiled module has published, or this one's own.
pub fn shared_pool() -> Option<&'static Shared> {
    // SAFETY: the pointer is null or that of a `Shared` that lives for ever.
    unsafe { SHARED_POOL.load(Ordering::Acquire).as_ref() }
}

/// Sets the pool to use. The pool must live for ever.
pub fn set_shared_pool(pool: &'static Shared) {
    SHARED_POOL.store(std::ptr::from_ref(pool).cast_mut(), Ordering::Release);
}
