//! Stops panics at the entries of the runtime.

use std::panic::{AssertUnwindSafe, catch_unwind};

use snek_abi::ExcKind;

use crate::exc;

/// Runs `body`; a panic leaves a `SystemError` pending and gives `on_panic`.
pub fn guard<T>(on_panic: T, body: impl FnOnce() -> T) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => value,
        Err(payload) => {
            let what = payload
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
                .unwrap_or("no message");
            exc::raise_text(
                ExcKind::SystemError,
                format!("bug in the snek runtime: {what}"),
            );
            on_panic
        }
    }
}

/// Keeps panics, which become exceptions, from being written to stderr as well.
pub fn silence_panics() {
    std::panic::set_hook(Box::new(|_| {}));
}
