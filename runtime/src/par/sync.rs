//! What [`board`](super::board) and [`claims`](super::claims) are made of: the standard library's here, and in `tests/model`, which
//! compiles the same two files, those of a model checker. They must name no other means of synchronisation.

pub use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
pub use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Looks between two looks at the clock.
const LOOKS: u32 = 64;

/// Busy waiting for a limited time.
pub struct Clock {
    start: Option<Instant>,
    limit: Duration,
    looks: u32,
}

impl Clock {
    /// Begins to wait.
    pub fn start(limit: Duration) -> Clock {
        Clock {
            start: None,
            limit,
            looks: 0,
        }
    }

    /// Waits a moment, and says whether the time is over.
    pub fn is_over(&mut self) -> bool {
        std::hint::spin_loop();
        self.looks += 1;
        if !self.looks.is_multiple_of(LOOKS) {
            return false;
        }
        self.start.get_or_insert_with(Instant::now).elapsed() >= self.limit
    }
}
