//! A bug of the compiler, which is not an error of the user's.

use std::fmt;

/// The compiler found itself wrong: an invariant is broken. It is reported as such, never as a user's error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InternalError {
    /// The part that noticed: a crate or a pass, such as `mir verifier after licm`.
    pub place: String,
    /// What is wrong.
    pub message: String,
}

impl InternalError {
    /// A bug noticed in `place`.
    pub fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for InternalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "internal error in {}: {}\n  = this is a bug of snek, not of your program; please report it with the source that shows it",
            self.place, self.message
        )
    }
}

impl std::error::Error for InternalError {}
