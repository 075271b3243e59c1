//! Bugs of the compiler itself: caught, told from errors of the user's, and reported as what they are.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

use snek_diagnostics::InternalError;

thread_local! {
    /// Where and why this thread panicked, until `catch` takes it.
    static LAST_PANIC: RefCell<Option<InternalError>> = const { RefCell::new(None) };
}

/// Runs a part of the compiler; a panic in it becomes an [`InternalError`].
pub fn catch<T>(run: impl FnOnce() -> Result<T, InternalError>) -> Result<T, InternalError> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| panic::set_hook(Box::new(remember)));
    panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let remembered = LAST_PANIC.take();
        Err(remembered.unwrap_or_else(|| InternalError::new("the compiler", "unknown panic")))
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
    LAST_PANIC.set(Some(InternalError::new(place, message)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_internal_error() {
        let error = catch::<()>(|| panic!("broken {}", 1)).unwrap_err();
        assert_eq!(error.message, "broken 1");
        assert!(error.place.contains("internal.rs"), "{}", error.place);
    }
}
