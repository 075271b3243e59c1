//! Which thread runs which chunk of a loop, and which chunks need not be run any more.
//!
//! Chunks are claimed in ascending order: when one fails, all lower ones have been claimed and
//! still run, so the lowest failure is known. `tests/model` checks this file and `board`.

use super::sync::{AtomicUsize, Ordering};

/// How chunks are dealt out.
#[derive(Clone, Copy)]
pub enum Deal {
    /// So many at once.
    Batches(usize),
    /// A part of those that are left, one in so many, but at least so many.
    Shrinking {
        /// One in so many,
        part: usize,
        /// but at least so many.
        least: usize,
    },
}

/// The chunks of one loop.
pub struct Claims {
    chunks: usize,
    deal: Deal,
    /// The next chunk to claim.
    next: AtomicUsize,
    /// How many chunks, from the first, must be run: up to the lowest that has failed, which is in
    /// it, and none once a signal has stopped the loop.
    needed: AtomicUsize,
}

impl Claims {
    /// All are needed, and none is claimed.
    pub fn new(chunks: usize, deal: Deal) -> Claims {
        Claims {
            chunks,
            deal,
            next: AtomicUsize::new(0),
            needed: AtomicUsize::new(usize::MAX),
        }
    }

    /// Takes the next chunks: the first, and the one behind the last.
    #[inline]
    pub fn claim(&self) -> Option<(usize, usize)> {
        let chunks = self.chunks;
        match self.deal {
            Deal::Batches(batch) => {
                let first = self.next.fetch_add(batch, Ordering::Relaxed);
                (first < chunks).then(|| (first, chunks.min(first + batch)))
            }
            Deal::Shrinking { part, least } => {
                let size = |first: usize| ((chunks - first) / part).max(least);
                let take = |first: usize| (first < chunks).then(|| first + size(first));
                let order = Ordering::Relaxed;
                let first = self.next.fetch_update(order, order, take).ok()?;
                Some((first, chunks.min(first + size(first))))
            }
        }
    }

    /// Whether there is something to claim.
    #[inline]
    pub fn is_left(&self) -> bool {
        self.next.load(Ordering::Relaxed) < self.chunks
    }

    /// How many chunks must be run: a chunk need not, if it is not less.
    #[inline]
    pub fn needed(&self) -> usize {
        self.needed.load(Ordering::Relaxed)
    }

    /// Says that only so many need be run. Whether it was more before: then what is known of the
    /// failure takes the place of what was known, under a lock that is held around this.
    pub fn stop_at(&self, needed: usize) -> bool {
        needed < self.needed.fetch_min(needed, Ordering::Relaxed)
    }
}
