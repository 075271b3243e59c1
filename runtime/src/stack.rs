//! How deep compiled code may recurse in this thread.

use std::cell::Cell;

/// The most that compiled code uses of a stack: one without a limit would take all memory.
const MOST: usize = 256 << 20;
/// Left for the runtime, the interpreter and signal handlers below the limit.
const RESERVE: usize = 128 * 1024;

thread_local! {
    /// The lowest and the highest address of the stack; 0 until asked for.
    static BOUNDS: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// The stack of this thread, lowest and highest address; `None` where the system does not say.
fn bounds() -> Option<(usize, usize)> {
    let known = BOUNDS.get();
    if known.1 != 0 {
        return Some(known);
    }
    let found = ask_system()?;
    BOUNDS.set(found);
    Some(found)
}

#[cfg(target_os = "linux")]
fn ask_system() -> Option<(usize, usize)> {
    // SAFETY: the attributes are initialised by the first call if it succeeds, and destroyed once.
    unsafe {
        let mut attributes = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &mut attributes) != 0 {
            return None;
        }
        let (mut lowest, mut size, mut guard) = (std::ptr::null_mut(), 0, 0);
        let result = libc::pthread_attr_getstack(&attributes, &mut lowest, &mut size);
        libc::pthread_attr_getguardsize(&attributes, &mut guard);
        libc::pthread_attr_destroy(&mut attributes);
        let lowest = lowest as usize;
        (result == 0).then_some((lowest + guard, lowest + size))
    }
}

#[cfg(target_os = "macos")]
fn ask_system() -> Option<(usize, usize)> {
    // SAFETY: both take this thread's own handle.
    unsafe {
        let this = libc::pthread_self();
        let highest = libc::pthread_get_stackaddr_np(this) as usize;
        Some((highest - libc::pthread_get_stacksize_np(this), highest))
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn ask_system() -> Option<(usize, usize)> {
    None
}

/// The lowest address that compiled code may let the stack reach.
pub fn limit() -> usize {
    let mark = 0u8;
    let here = std::ptr::from_ref(std::hint::black_box(&mark)).addr();
    match bounds() {
        Some((lowest, highest)) if (lowest..highest).contains(&here) => {
            // A small stack keeps a quarter of it in reserve.
            (lowest + RESERVE.min((highest - lowest) / 4)).max(highest.saturating_sub(MOST))
        }
        // A stack that the system does not know of (a coroutine's): allow a modest depth.
        _ => here.saturating_sub(RESERVE / 2),
    }
}

/// The function that compiled code calls.
pub mod entries {
    use crate::guard::guard;

    /// The lowest address that this thread's stack may reach.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_stack_limit() -> i64 {
        guard(0, || super::limit() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_lies_below_here_and_is_far() {
        let mark = 0u8;
        let here = std::ptr::from_ref(std::hint::black_box(&mark)).addr();
        assert!(limit() < here && here - limit() > 256 * 1024);
    }

    #[test]
    fn each_thread_has_its_own() {
        let other = std::thread::Builder::new()
            .stack_size(1 << 20)
            .spawn(limit)
            .unwrap()
            .join()
            .unwrap();
        assert_ne!(other, limit());
    }
}
