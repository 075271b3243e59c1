//! Memory that compiled loops use for their own time: copies of what they read many times.
//!
//! Each taker has a piece of its own, so loops on several threads, or one within the other, do not meet. It must never
//! raise: whoever gets none does without.

use std::alloc::{Layout, alloc, dealloc};

/// Pieces begin at cache lines.
const ALIGN: usize = 64;

/// What `bytes` stand for; `None` if that is no piece.
fn layout(bytes: i64) -> Option<Layout> {
    let bytes = usize::try_from(bytes).ok().filter(|bytes| *bytes > 0)?;
    Layout::from_size_align(bytes, ALIGN).ok()
}

/// The functions that compiled code calls.
pub mod entries {
    use super::*;

    /// The address of a new piece, or 0.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_scratch_take(bytes: i64) -> i64 {
        match layout(bytes) {
            // SAFETY: the layout is not empty.
            Some(layout) => unsafe { alloc(layout) }.expose_provenance() as i64,
            None => 0,
        }
    }

    /// The end of a piece that `snek_rt_scratch_take` gave for as many bytes.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_scratch_give(address: i64, bytes: i64) {
        let piece = std::ptr::with_exposed_provenance_mut::<u8>(address as usize);
        if let Some(layout) = layout(bytes).filter(|_| !piece.is_null()) {
            // SAFETY: compiled code gives back what it took, once, with the same size.
            unsafe { dealloc(piece, layout) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::entries::{snek_rt_scratch_give, snek_rt_scratch_take};

    #[test]
    fn pieces_are_apart_and_aligned() {
        let (a, b) = (snek_rt_scratch_take(100), snek_rt_scratch_take(100));
        assert!(a != 0 && b != 0 && a.abs_diff(b) >= 100);
        assert_eq!((a % 64, b % 64), (0, 0));
        snek_rt_scratch_give(a, 100);
        snek_rt_scratch_give(b, 100);
    }

    #[test]
    fn no_memory_is_no_piece() {
        for bytes in [0, -1, i64::MIN, i64::MAX] {
            assert_eq!(snek_rt_scratch_take(bytes), 0);
            snek_rt_scratch_give(0, bytes);
        }
    }
}
