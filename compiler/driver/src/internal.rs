//! Bugs of the compiler itself: caught, told from errors of the user's, and reported as what they are.

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Mutex, Once, PoisonError};

use snek_diagnostics::InternalError;

use crate::pipeline::Stop;

/// Where and why a thread panicked last, until `catch` takes it. Not a thread's own: stages start threads.
static LAST_PANIC: Mutex<Option<InternalError>> = Mutex::new(None);

/// Runs a part of the compiler; a panic in it becomes an [`InternalError`].
pub fn catch<T>(run: impl FnOnce() -> Result<T, Stop>) -> Result<T, Stop> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| panic::set_hook(Box::new(remember)));
    panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let remembered = LAST_PANIC
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let error =
            remembered.unwrap_or_else(|| InternalError::new("the compiler", "unknown panic"));
        Err(Stop::Internal(error))
    })
}

fn remember(info: &PanicHookInfo<'_>) {
    let place = info.location().map_or_else(
        || "the compiler".to_owned(),
        |location| format!("{}:{}", location.file(), location.line()),
    );
    let payload = info.payload();
    let message = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic without a message".to_owned());
    let error = InternalError::new(place, message);
    *LAST_PANIC.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_internal_error() {
        let Err(Stop::Internal(error)) = catch::<()>(|| panic!("broken {}", 1)) else {
            panic!("not caught");
        };
        assert_eq!(error.message, "broken 1");
        assert!(error.place.contains("internal.rs"), "{}", error.place);
    }
}
