//! loom's atomics and locks, under the names that the runtime has for the standard library's.

pub use loom::sync::atomic::{AtomicPtr, Ordering};
pub use loom::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use loom::sync::atomic::fence;

/// loom takes `SeqCst` for `AcqRel`, except for fences: so there is a fence where the order of two variables counts,
/// between a change of one and a look at the other.
macro_rules! atomic {
    ($name:ident, $value:ty: $($change:ident),*) => {
        pub struct $name(loom::sync::atomic::$name);

        impl $name {
            pub fn new(value: $value) -> $name {
                $name(loom::sync::atomic::$name::new(value))
            }

            pub fn load(&self, order: Ordering) -> $value {
                if order == Ordering::SeqCst {
                    fence(Ordering::SeqCst);
                }
                self.0.load(order)
            }

            $(
                pub fn $change(&self, value: $value, order: Ordering) -> $value {
                    let known = self.0.$change(value, order);
                    if order == Ordering::SeqCst {
                        fence(Ordering::SeqCst);
                    }
                    known
                }
            )*
        }
    };
}

atomic!(AtomicU64, u64: fetch_add, fetch_sub, fetch_or, fetch_and);
atomic!(AtomicUsize, usize: fetch_add, fetch_sub, fetch_or, fetch_min);

impl AtomicUsize {
    pub fn store(&self, value: usize, order: Ordering) {
        self.0.store(value, order);
    }
}

impl AtomicU64 {
    pub fn store(&self, value: u64, order: Ordering) {
        self.0.store(value, order);
    }

    pub fn compare_exchange(
        &self,
        old: u64,
        new: u64,
        set: Ordering,
        get: Ordering,
    ) -> Result<u64, u64> {
        self.0.compare_exchange(old, new, set, get)
    }
}

/// Whoever watches looks once: what it sees then, and in which order, is the model's to try out.
pub struct Clock;

impl Clock {
    pub fn start(_: Duration) -> Clock {
        Clock
    }

    pub fn is_over(&mut self) -> bool {
        true
    }
}
