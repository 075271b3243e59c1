//! Which thread runs which chunk of a loop, and which chunks need not be run any more.
//!
//! The chunks are shared out, neighbours together. A thread claims from the front of its share;
//! when that is empty, it takes the rear half of what another one has left. So a loop finds in the
//! caches what the loop before has left there, threads do not meet before the end, and the end is
//! as even as the chunks are small.
//!
//! Every chunk that a failure leaves in need stays in some share until it is claimed, and who has
//! claimed it runs it: when a chunk fails, all lower ones do run, so the lowest failure is known. `tests/model`
//! checks this file and `board`.

use super::sync::{AtomicU64, AtomicUsize, Ordering};

/// Shares, at most: more threads have some of them together.
const SHARES: usize = 16;
/// Where claims are timed, one is at least one in so many of what it may be at most.
const TIMED_PARTS: usize = 32;

/// How much is claimed at once.
#[derive(Clone, Copy)]
pub struct Deal {
    /// One in so many of the share's chunks that are left. 1 takes all, from others, too, if that is not timed.
    pub part: usize,
    /// But at least so many.
    pub least: usize,
    /// Whether the thread says how many at most.
    pub is_timed: bool,
}

/// Chunks from one up to, but without, another: each half of a word.
#[repr(align(64))]
struct Share(AtomicU64);

/// Loads and compare-exchanges of shares hand no memory over: the chunks are independent, and the
/// team synchronises the end of the loop.
const ORDER: Ordering = Ordering::Relaxed;

fn pack(first: usize, end: usize) -> u64 {
    (first as u64) << 32 | end as u64
}

fn unpack(word: u64) -> (usize, usize) {
    ((word >> 32) as usize, (word & u64::from(u32::MAX)) as usize)
}

/// The chunks of one loop.
pub struct Claims {
    shares: [Share; SHARES],
    /// How many shares there are.
    used: usize,
    deal: Deal,
    /// How many chunks, from the first, must be run: up to the lowest that has failed, which is in
    /// it, and none once a signal has stopped the loop.
    needed: AtomicUsize,
}

impl Claims {
    /// All are needed, and none is claimed. There are fewer than 2^32.
    pub fn new(chunks: usize, threads: usize, deal: Deal) -> Claims {
        let claims = Claims {
            shares: std::array::from_fn(|_| Share(AtomicU64::new(0))),
            used: threads.clamp(1, SHARES),
            deal,
            needed: AtomicUsize::new(usize::MAX),
        };
        for (n, share) in claims.shares().iter().enumerate() {
            let bound = |n: usize| chunks * n / claims.used;
            share.0.store(pack(bound(n), bound(n + 1)), ORDER);
        }
        claims
    }

    fn shares(&self) -> &[Share] {
        &self.shares[..self.used]
    }

    /// Takes chunks for a thread: the first, and the one behind the last. They are neighbours.
    #[inline]
    pub fn claim(&self, thread: usize, most: usize) -> Option<(usize, usize)> {
        let own = &self.shares[thread % self.used].0;
        let mut known = own.load(ORDER);
        loop {
            let (first, end) = unpack(known);
            if first >= end {
                return self.take_over(thread % self.used, known, most);
            }
            let middle = first + self.size(end - first, most);
            match own.compare_exchange(known, pack(middle, end), ORDER, ORDER) {
                Ok(_) => return Some((first, middle)),
                Err(now) => known = now,
            }
        }
    }

    /// How many of so many chunks to claim.
    fn size(&self, left: usize, most: usize) -> usize {
        let Deal {
            part,
            least,
            is_timed,
        } = self.deal;
        let size = (left / part).max(least);
        let timed = if is_timed {
            size.max(most / TIMED_PARTS).min(most)
        } else {
            size
        };
        timed.clamp(1, left)
    }

    /// Takes the rear half of what another share has. The own one, which is `empty`, gets what is
    /// not claimed at once.
    #[cold]
    fn take_over(&self, own: usize, empty: u64, most: usize) -> Option<(usize, usize)> {
        for n in 1..self.used {
            let other = &self.shares[(own + n) % self.used].0;
            let mut known = other.load(ORDER);
            loop {
                let (first, end) = unpack(known);
                if first >= end {
                    break;
                }
                let kept = if self.deal.part == 1 && !self.deal.is_timed {
                    0
                } else {
                    (end - first) / 2
                };
                let middle = first + kept;
                match other.compare_exchange(known, pack(first, middle), ORDER, ORDER) {
                    Ok(_) => {
                        let claimed = middle + self.size(end - middle, most);
                        let rest = pack(claimed, end);
                        // Another thread with the same share may have been faster.
                        let all = self.shares[own]
                            .0
                            .compare_exchange(empty, rest, ORDER, ORDER)
                            .is_err();
                        return Some((middle, if all { end } else { claimed }));
                    }
                    Err(now) => known = now,
                }
            }
        }
        None
    }

    /// Whether there is something to claim.
    #[inline]
    pub fn is_left(&self) -> bool {
        self.shares().iter().any(|share| {
            let (first, end) = unpack(share.0.load(ORDER));
            first < end
        })
    }

    /// How many chunks must be run: a chunk need not, if it is not less.
    #[inline]
    pub fn needed(&self) -> usize {
        self.needed.load(ORDER)
    }

    /// Says that only so many need be run. Whether it was more before: then what is known of the
    /// failure takes the place of what was known, under a lock that is held around this.
    pub fn stop_at(&self, needed: usize) -> bool {
        needed < self.needed.fetch_min(needed, ORDER)
    }
}
