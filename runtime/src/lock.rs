//! Locks of a module's own (`snek.Lock`), by number.
//!
//! Each thread knows which ones it holds: an exception on the way out of native code leaves them to whoever ends that way,
//! a part of a parallel loop or the boundary to Python ([`release_to`]), since compiled code has no cleanup of its own.
//! What Python runs in between (a signal handler, a `write` of `sys.stdout`) keeps out of that by [`outside`].
//!
//! A forked child has the locks of the forking thread alone: those of others would be held for ever.

use std::cell::RefCell;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use snek_abi::{ExcKind, LOCKS};

use crate::{exc, fork};

const FREE: u32 = 0;
const HELD: u32 = 1;
/// Held, and somebody sleeps until it is free.
const WANTED: u32 = 2;

/// Looks at a lock before a thread sleeps.
const LOOKS: u32 = 200;
/// Stands in the list of held locks where Python code runs within native code.
const BARRIER: u32 = u32::MAX;

static STATES: [AtomicU32; LOCKS] = [const { AtomicU32::new(FREE) }; LOCKS];

thread_local! {
    /// The locks that this thread holds, in the order of taking them.
    static OWN: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

fn take(state: &AtomicU32) {
    for _ in 0..LOOKS {
        let free = state.load(Ordering::Relaxed) == FREE;
        if free
            && state
                .compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed)
                .is_ok()
        {
            return;
        }
        std::hint::spin_loop();
    }
    while state.swap(WANTED, Ordering::Acquire) != FREE {
        sleep(state);
    }
}

fn give(state: &AtomicU32) {
    if state.swap(FREE, Ordering::Release) == WANTED {
        wake(state);
    }
}

/// Sleeps until [`wake`], or for no reason; not if the lock is not wanted any more.
#[cfg(target_os = "linux")]
fn sleep(state: &AtomicU32) {
    let none = std::ptr::null::<libc::timespec>();
    // SAFETY: the state is alive, and the system only reads it.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            state,
            libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
            WANTED,
            none,
        )
    };
}

/// Wakes one sleeper, which takes the lock as one that others may want, too.
#[cfg(target_os = "linux")]
fn wake(state: &AtomicU32) {
    // SAFETY: as above.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            state,
            libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG,
            1,
        )
    };
}

#[cfg(not(target_os = "linux"))]
fn sleep(_: &AtomicU32) {
    std::thread::sleep(std::time::Duration::from_micros(100));
}

#[cfg(not(target_os = "linux"))]
fn wake(_: &AtomicU32) {}

extern "C" fn after_fork_in_child() {
    OWN.with_borrow(|own| {
        for (id, state) in (0..).zip(&STATES) {
            if !own.contains(&id) {
                state.store(FREE, Ordering::Relaxed);
            }
        }
    });
}

/// How many locks this thread holds.
pub fn depth() -> usize {
    OWN.with_borrow(Vec::len)
}

/// Gives back the locks that this thread has taken since it held `depth`.
pub fn release_to(depth: usize) {
    OWN.with_borrow_mut(|own| {
        while own.len() > depth
            && let Some(id) = own.pop()
        {
            if let Some(state) = STATES.get(id as usize) {
                give(state);
            }
        }
    });
}

/// Gives back the locks that native code has taken since Python called it in this thread.
pub fn release_all() {
    let from = OWN.with_borrow(|own| own.iter().rposition(|id| *id == BARRIER));
    release_to(from.map_or(0, |at| at + 1));
}

/// Runs what may call native code again: that must not give back the locks of this call.
pub fn outside<T>(run: impl FnOnce() -> T) -> T {
    let depth = depth();
    if depth == 0 {
        return run();
    }
    OWN.with_borrow_mut(|own| own.push(BARRIER));
    let result = run();
    release_to(depth);
    result
}

/// The functions that compiled code calls.
pub mod entries {
    use super::{BARRIER, ExcKind, OWN, Once, STATES, after_fork_in_child, exc, fork, give, take};
    use crate::guard::guard;

    /// Takes a lock. Returns a status.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_lock(id: i64) -> i32 {
        guard(1, || {
            let id = id as u32;
            let Some(state) = STATES.get(id as usize) else {
                return 1;
            };
            let again = OWN.with_borrow(|own| {
                let mut mine = own.iter().rev().take_while(|other| **other != BARRIER);
                mine.any(|other| *other == id)
            });
            if again {
                let message = "the lock is held by this very thread, which would wait for ever";
                exc::raise_text(ExcKind::RuntimeError, message.to_owned());
                return 1;
            }
            static ONCE: Once = Once::new();
            ONCE.call_once(|| fork::in_child(after_fork_in_child));
            take(state);
            OWN.with_borrow_mut(|own| own.push(id));
            0
        })
    }

    /// Gives a lock back.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_unlock(id: i64) {
        guard((), || {
            let id = id as u32;
            let held =
                OWN.with_borrow_mut(|own| match own.iter().rposition(|other| *other == id) {
                    Some(at) => {
                        own.remove(at);
                        true
                    }
                    None => false,
                });
            if held && let Some(state) = STATES.get(id as usize) {
                give(state);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::entries::{snek_rt_lock, snek_rt_unlock};
    use super::{depth, outside, release_all, release_to};
    use crate::exc;

    #[test]
    fn one_thread_at_a_time() {
        let (inside, total) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for n in 0..2000 {
                        assert_eq!(snek_rt_lock(7), 0);
                        assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
                        if n % 500 == 0 {
                            std::thread::sleep(std::time::Duration::from_micros(300));
                        }
                        total.store(total.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
                        inside.fetch_sub(1, Ordering::Relaxed);
                        snek_rt_unlock(7);
                    }
                });
            }
        });
        assert_eq!(total.load(Ordering::Relaxed), 8000);
    }

    #[test]
    fn a_forked_child_has_its_own_threads_locks_alone() {
        assert_eq!(snek_rt_lock(11), 0);
        let (ready, done) = (AtomicU64::new(0), AtomicU64::new(0));
        let wait_for = |what: &AtomicU64| {
            while what.load(Ordering::Acquire) == 0 {
                std::thread::yield_now();
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert_eq!(snek_rt_lock(12), 0);
                ready.store(1, Ordering::Release);
                wait_for(&done);
                snek_rt_unlock(12);
            });
            wait_for(&ready);
            // SAFETY: the child takes locks and exits.
            unsafe {
                let child = libc::fork();
                if child == 0 {
                    let well = snek_rt_lock(12) == 0 && snek_rt_lock(11) == 1 && depth() == 2;
                    libc::_exit(i32::from(!well));
                }
                let mut status = -1;
                libc::waitpid(child, &mut status, 0);
                assert_eq!(status, 0);
            }
            done.store(1, Ordering::Release);
        });
        release_all();
    }

    #[test]
    fn exceptions_give_back_what_was_taken_since() {
        assert_eq!((snek_rt_lock(1), snek_rt_lock(2)), (0, 0));
        let at = depth();
        assert_eq!((snek_rt_lock(3), snek_rt_lock(4)), (0, 0));
        release_to(at);
        assert_eq!(depth(), 2);
        // Python code that is run in between cannot take them away.
        outside(|| {
            assert_eq!(snek_rt_lock(5), 0);
            release_all();
            assert_eq!(depth(), 3);
        });
        assert_eq!(depth(), 2);
        assert_eq!(snek_rt_lock(3), 0);
        release_all();
        assert_eq!(depth(), 0);
        assert_eq!(snek_rt_lock(1), 0);
        snek_rt_unlock(1);
    }

    #[test]
    fn taking_a_lock_twice_is_an_error() {
        assert_eq!((snek_rt_lock(9), snek_rt_lock(9)), (0, 1));
        assert!(exc::take().is_some());
        snek_rt_unlock(9);
        assert_eq!(snek_rt_lock(9), 0);
        snek_rt_unlock(9);
        snek_rt_unlock(9);
    }
}
