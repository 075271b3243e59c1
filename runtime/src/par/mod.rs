//! Parallel loops.
//!
//! A loop is cut into chunks by its length alone ([`grid`]); each folds into a partial of its
//! own, and the partials are combined in a tree fixed by their number: the bits of the result do
//! not depend on how many threads there are. Threads claim chunks in ascending order from one
//! counter, so when a chunk fails every lower one has been claimed: those still run, higher ones
//! are skipped, and the lowest failure is the one that is raised, as in a serial loop.
//!
//! It must never touch a Python object: pool threads have no thread state.

mod accumulate;
mod grid;
mod pool;
mod team;

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use snek_abi::{AccumulatorDesc, CombineFn, ParallelBody};

use crate::exc::{self, Pending};
use crate::guard::guard;
use crate::host;
use crate::lock;
use crate::print::{self, Captured};

use accumulate::{Copies, Way};
pub use pool::{SHARED_VERSION, Shared, own_pool};

thread_local! {
    /// Whether this thread runs a chunk: loops within it run in this thread.
    static IN_CHUNK: Cell<bool> = const { Cell::new(false) };
}

/// Partials lie this far apart at least, so that threads do not share cache lines.
const PARTIAL_ALIGNMENT: usize = 64;
/// Bytes of partials that fit without an allocation: those of a full default grid.
const PARTIALS_INLINE: usize = grid::CHUNKS * PARTIAL_ALIGNMENT;

/// Into how many batches of chunks a thread's share is cut.
const BATCHES: usize = 16;
/// How often the thread that entered native code looks for signals (Ctrl-C).
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Positions in `snek_abi::parallel::SCHEDULES`.
const STATIC: i64 = 1;
const DYNAMIC: i64 = 2;

/// What the chunks of one loop share.
struct Loop {
    body: ParallelBody,
    context: *const u8,
    grid: grid::Grid,
    /// One partial per chunk, `stride` bytes apart.
    partials: *mut u8,
    stride: usize,
    initial: *const u8,
    partial_size: usize,
    /// How many chunks are claimed at once.
    batch: usize,
    /// The elements that chunks fold into.
    copies: Option<Copies>,
    /// The next chunk to claim.
    next: AtomicUsize,
    /// The lowest chunk that has failed.
    failed: AtomicUsize,
    outcome: Mutex<Outcome>,
}

/// What chunks leave beside their partials.
#[derive(Default)]
struct Outcome {
    /// The exception of the lowest chunk that has failed.
    failure: Option<(usize, Pending)>,
    /// What chunks have printed.
    output: Vec<(usize, Captured)>,
}

// SAFETY: the pointers are to memory that outlives the loop; each chunk writes its own partial,
// and the compiler has proved that chunks touch disjoint memory otherwise.
unsafe impl Sync for Loop {}

impl Loop {
    /// Claims chunks and runs them until there is none left.
    fn work(&self) {
        let nested = IN_CHUNK.replace(true);
        if !nested {
            print::capture(true);
        }
        let mut polled: Option<Instant> = None;
        let locks = lock::depth();
        loop {
            let first = self.next.fetch_add(self.batch, Ordering::Relaxed);
            if first >= self.grid.chunks {
                break;
            }
            for chunk in first..self.grid.chunks.min(first + self.batch) {
                // A higher chunk than a failed one would not have run.
                if chunk > self.failed.load(Ordering::Relaxed) {
                    break;
                }
                self.run(chunk, nested, locks);
            }
            let now = Instant::now();
            if now.duration_since(*polled.get_or_insert(now)) > POLL_INTERVAL {
                polled = Some(now);
                if !host::poll() {
                    exc::raise_python();
                    self.fail(0);
                }
            }
        }
        if !nested {
            print::capture(false);
        }
        IN_CHUNK.set(nested);
    }

    /// Runs one chunk. A loop within a chunk (`nested`) leaves its output to the outer one.
    /// `locks` is how many locks its thread holds.
    #[inline]
    fn run(&self, chunk: usize, nested: bool, locks: usize) {
        let (lo, hi) = self.grid.bounds(chunk);
        // SAFETY: the partial is this chunk's own and `initial` is as long.
        let status = unsafe {
            let partial = self.partials.add(chunk * self.stride);
            if self.partial_size != 0 {
                std::ptr::copy_nonoverlapping(self.initial, partial, self.partial_size);
            }
            let context = match &self.copies {
                Some(copies) => copies.prepare(chunk, self.context),
                None => self.context,
            };
            (self.body)(context, lo, hi, partial)
        };
        if !nested && (print::has_captured() || status != 0) {
            let captured = print::take_captured();
            self.outcome().output.push((chunk, captured));
        }
        if status != 0 {
            lock::release_to(locks);
            self.fail(chunk);
        }
    }

    fn outcome(&self) -> MutexGuard<'_, Outcome> {
        self.outcome
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Keeps the exception that is pending in this thread, if no lower chunk has failed.
    #[cold]
    fn fail(&self, chunk: usize) {
        let mut outcome = self.outcome();
        self.failed.fetch_min(chunk, Ordering::Relaxed);
        if let Some(pending) = exc::take()
            && outcome
                .failure
                .as_ref()
                .is_none_or(|(lowest, _)| chunk < *lowest)
        {
            outcome.failure = Some((chunk, pending));
        }
    }

    /// Writes what was printed and raises what was raised. Returns a status.
    fn finish(self) -> i32 {
        if let Some(copies) = &self.copies {
            let failed = self.failed.load(Ordering::Relaxed);
            // SAFETY: all threads have left the loop; the arrays belong to the caller.
            unsafe { copies.merge(failed.saturating_add(1)) };
        }
        let mut outcome = self
            .outcome
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let failed = self.failed.into_inner();
        outcome.output.retain(|(chunk, _)| *chunk <= failed);
        outcome.output.sort_by_key(|(chunk, _)| *chunk);
        for (_, captured) in &outcome.output {
            if (captured.flush || !captured.text.is_empty())
                && print::write(&captured.text, captured.flush) != 0
            {
                return 1;
            }
        }
        match outcome.failure {
            Some((_, pending)) => {
                exc::set(pending);
                1
            }
            None => i32::from(failed != usize::MAX),
        }
    }
}

/// What each thread of a loop runs.
unsafe extern "C" fn work(context: *const u8) {
    // SAFETY: `parallel_for` passes its loop, which outlives the call.
    let this = unsafe { &*context.cast::<Loop>() };
    let nested = IN_CHUNK.get();
    let well = guard(false, || {
        this.work();
        true
    });
    if !well {
        // A bug of the runtime's: some chunk has not run, so the loop must fail.
        IN_CHUNK.set(nested);
        guard((), || {
            print::capture(nested);
            this.fail(0);
        });
    }
}

/// What a parallel loop is given.
struct Request {
    body: ParallelBody,
    combine: CombineFn,
    context: *const u8,
    trip_count: i64,
    chunk: i64,
    threads: i64,
    partial_size: usize,
    initial: *const u8,
    result: *mut u8,
    /// A position in `snek_abi::parallel::SCHEDULES`.
    schedule: i64,
    /// Arrays to fold into.
    accumulators: *const AccumulatorDesc,
    accumulator_count: usize,
    context_size: usize,
    /// The size of chunks must not change what is folded with what.
    fixed_grid: bool,
}

/// Runs a parallel loop. Returns a status.
///
/// # Safety
/// The pointers must be as `snek_rt_parallel_for` is promised them.
unsafe fn parallel_for(request: &Request) -> i32 {
    let folds = request.accumulator_count != 0 || request.combine.is_some();
    let chunk = if request.fixed_grid && folds {
        0
    } else {
        request.chunk
    };
    let mut grid = grid::Grid::new(request.trip_count, chunk);
    if grid.chunks == 0 {
        return 0;
    }
    let nested = IN_CHUNK.get();
    let shared = pool::shared();
    let asked = match (nested, request.threads) {
        (true, _) => 1,
        (false, 0) => i64::MAX,
        (false, threads) => threads.max(1),
    };
    let asked = asked.min(shared.thread_count());
    let mut copies = None;
    if request.accumulator_count != 0 {
        // SAFETY: the caller's promise.
        let way = unsafe {
            let all = std::slice::from_raw_parts(request.accumulators, request.accumulator_count);
            let (context, size) = (request.context, request.context_size);
            Copies::plan(all, context, size, request.trip_count, asked)
        };
        match way {
            Way::Direct => grid = grid::Grid::pieces(request.trip_count, 1),
            Way::Copies(made) => {
                grid = grid::Grid::pieces(request.trip_count, made.chunks);
                copies = Some(made);
            }
            Way::NoMemory => {
                exc::raise(snek_abi::ExcKind::MemoryError, Vec::new());
                return 1;
            }
        }
    }
    let stride = request.partial_size.next_multiple_of(PARTIAL_ALIGNMENT);
    let size = stride * grid.chunks;
    let mut inline = Aligned([MaybeUninit::uninit(); PARTIALS_INLINE]);
    let mut heap: Vec<Aligned<PARTIAL_ALIGNMENT>> = Vec::new();
    let partials: *mut u8 = if size <= PARTIALS_INLINE {
        inline.0.as_mut_ptr().cast()
    } else {
        let blocks = size.div_ceil(PARTIAL_ALIGNMENT);
        if heap.try_reserve_exact(blocks).is_err() {
            exc::raise(snek_abi::ExcKind::MemoryError, Vec::new());
            return 1;
        }
        heap.as_mut_ptr().cast()
    };
    let threads = asked.min(grid.chunks as i64);
    let share = grid.chunks.div_ceil(threads as usize);
    let batch = match request.schedule {
        STATIC => share,
        DYNAMIC => 1,
        _ => grid.chunks / (threads as usize * BATCHES),
    };
    // A chunk size that the grid could not take.
    let wanted = if chunk == request.chunk {
        0
    } else {
        let size = (request.trip_count / grid.chunks as i64).max(1);
        usize::try_from(request.chunk / size).unwrap_or(0)
    };
    let this = Loop {
        body: request.body,
        context: request.context,
        grid,
        partials,
        stride,
        initial: request.initial,
        partial_size: request.partial_size,
        batch: batch.max(wanted).clamp(1, share),
        copies,
        next: AtomicUsize::new(0),
        failed: AtomicUsize::new(usize::MAX),
        outcome: Mutex::new(Outcome::default()),
    };
    let context = std::ptr::from_ref(&this).cast();
    // SAFETY: `work` takes such a loop in any thread, and stops its own panics.
    unsafe {
        if threads <= 1 {
            work(context);
        } else {
            shared.run(work, context, threads - 1);
        }
    }
    let status = this.finish();
    if status != 0 {
        return status;
    }
    let Some(combine) = request.combine else {
        return 0;
    };
    let mut step = 1;
    while step < grid.chunks {
        for left in (0..grid.chunks - step).step_by(2 * step) {
            // SAFETY: both partials are initialised, as every chunk has run, and differ.
            let status = unsafe {
                combine(
                    partials.add(left * stride),
                    partials.add((left + step) * stride),
                )
            };
            if status != 0 {
                return status;
            }
        }
        step *= 2;
    }
    // SAFETY: `result` holds the initial value, of the same type.
    unsafe { combine(request.result, partials) }
}

/// Bytes on a cache line of their own.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Aligned<const N: usize>([MaybeUninit<u8>; N]);

/// The functions that compiled code calls.
pub mod entries {
    use snek_abi::parallel::{HAS_CHUNK, HAS_THREADS};
    use snek_abi::{AccumulatorDesc, CombineFn, ExcKind, ParallelBody};

    use super::{Request, parallel_for, pool};
    use crate::guard::guard;
    use crate::{exc, host};

    /// Runs `body` over `0..trip_count`; see the table. Returns a status.
    ///
    /// # Safety
    /// `body` and `combine` must be compiled code for partials of `partial_size` bytes;
    /// `partial_initial` and `result` must point to such; what `context` points to must be safe
    /// to use from several threads at once.
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn snek_rt_parallel_for(
        body: ParallelBody,
        combine: CombineFn,
        context: *const u8,
        trip_count: i64,
        chunk: i64,
        threads: i64,
        partial_size: i64,
        partial_initial: *const u8,
        result: *mut u8,
    ) -> i32 {
        guard(1, || {
            let request = Request {
                body,
                combine,
                context,
                trip_count,
                chunk,
                threads,
                partial_size: partial_size.max(0) as usize,
                initial: partial_initial,
                result,
                schedule: 0,
                accumulators: core::ptr::null(),
                accumulator_count: 0,
                context_size: 0,
                fixed_grid: false,
            };
            // SAFETY: the caller's promise.
            unsafe { parallel_for(&request) }
        })
    }

    /// Runs `body` over `0..trip_count` with options and accumulators; see the table. Returns a
    /// status.
    ///
    /// # Safety
    /// As for [`snek_rt_parallel_for`]; `context` must be `context_size` bytes, with the address
    /// of an array's descriptor in each slot that an accumulator names.
    #[allow(clippy::too_many_arguments, reason = "the row in the table")]
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn snek_rt_parallel_for_with(
        body: ParallelBody,
        combine: CombineFn,
        context: *const u8,
        trip_count: i64,
        chunk: i64,
        threads: i64,
        partial_size: i64,
        partial_initial: *const u8,
        result: *mut u8,
        schedule: i64,
        accumulators: *const AccumulatorDesc,
        accumulator_count: i64,
        context_size: i64,
    ) -> i32 {
        guard(1, || {
            let request = Request {
                body,
                combine,
                context,
                trip_count,
                chunk,
                threads,
                partial_size: partial_size.max(0) as usize,
                initial: partial_initial,
                result,
                schedule,
                accumulators,
                accumulator_count: accumulator_count.max(0) as usize,
                context_size: context_size.max(0) as usize,
                fixed_grid: true,
            };
            // SAFETY: the caller's promise.
            unsafe { parallel_for(&request) }
        })
    }

    /// Checks the options of a parallel loop. Returns a status.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_parallel_options(flags: i64, chunk: i64, threads: i64) -> i32 {
        guard(1, || {
            let given = [
                ("chunk", HAS_CHUNK, chunk),
                ("threads", HAS_THREADS, threads),
            ];
            for (name, flag, value) in given {
                if flags & flag != 0 && value < 1 {
                    let message = format!("{name} must be at least 1, not {value}");
                    exc::raise_text(ExcKind::ValueError, message);
                    return 1;
                }
            }
            0
        })
    }

    /// Runs the handlers of signals that have arrived. Returns a status.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_poll() -> i32 {
        guard(1, || {
            if host::poll() {
                return 0;
            }
            exc::raise_python();
            1
        })
    }

    /// How many threads a parallel loop uses at most.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_num_threads() -> i64 {
        guard(1, || pool::shared().thread_count())
    }

    /// Sets it, for the whole process; 0 asks for the default.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_set_num_threads(threads: i64) {
        guard((), || pool::shared().set_thread_count(threads));
    }
}

#[cfg(test)]
mod tests;
