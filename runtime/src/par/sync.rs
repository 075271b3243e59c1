//! What [`board`](super::board) and [`claims`](super::claims) are made of: the standard library's here, and in `tests/model`, which
//! compiles the same two files, those of a model checker. They must name no other means of synchronisation.

#[cfg(feature = "tsan")]
pub use spinning::{Condvar, Mutex, MutexGuard};
pub use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};
#[cfg(not(feature = "tsan"))]
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

/// Locks for ThreadSanitizer (`tests/tsan.sh`): it sees what is compiled with it alone, and the
/// standard library is not.
#[cfg(feature = "tsan")]
mod spinning {
    use std::cell::UnsafeCell;
    use std::ops::{Deref, DerefMut};
    use std::sync::LockResult;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    #[derive(Default)]
    pub struct Mutex<T> {
        held: AtomicBool,
        value: UnsafeCell<T>,
    }

    // SAFETY: one thread at a time has the guard.
    unsafe impl<T: Send> Sync for Mutex<T> {}

    impl<T> Mutex<T> {
        pub const fn new(value: T) -> Mutex<T> {
            Mutex {
                held: AtomicBool::new(false),
                value: UnsafeCell::new(value),
            }
        }

        pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
            while self.held.swap(true, Ordering::Acquire) {
                std::thread::yield_now();
            }
            Ok(MutexGuard(self))
        }

        pub fn into_inner(self) -> LockResult<T> {
            Ok(self.value.into_inner())
        }
    }

    pub struct MutexGuard<'a, T>(&'a Mutex<T>);

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            // SAFETY: this is the only guard.
            unsafe { &*self.0.value.get() }
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            // SAFETY: as above.
            unsafe { &mut *self.0.value.get() }
        }
    }

    impl<T> Drop for MutexGuard<'_, T> {
        fn drop(&mut self) {
            self.0.held.store(false, Ordering::Release);
        }
    }

    pub struct Condvar;

    impl Condvar {
        pub const fn new() -> Condvar {
            Condvar
        }

        pub fn notify_all(&self) {}

        pub fn wait_timeout<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
            _: Duration,
        ) -> LockResult<(MutexGuard<'a, T>, ())> {
            let mutex = guard.0;
            drop(guard);
            std::thread::yield_now();
            Ok((mutex.lock().unwrap_or_else(|held| held.into_inner()), ()))
        }
    }
}
