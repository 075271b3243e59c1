//! Parallel loops.
//!
//! A loop is cut into chunks by its length and its body alone ([`grid`]); each folds into a partial
//! of its own, and the partials are combined in a tree fixed by their number: the bits of the result
//! do not depend on how many threads there are. Which thread runs which is [`claims`]' matter. When
//! a chunk fails, all lower ones still run, higher ones are skipped, and the lowest failure is the
//! one that is raised, as in a serial loop.
//!
//! A chunk is run in steps, between which a thread looks whether it should stop. Where chunks fold,
//! how many iterations a step has is fixed, too: a body in lanes folds differently in other steps.
//! Where they do not, chunks that were claimed together run as one.
//!
//! It must never touch a Python object: pool threads have no thread state.

mod accumulate;
mod board;
mod claims;
pub mod entries;
mod grid;
mod pool;
mod progress;
mod sync;
mod team;
pub mod trace;

use std::cell::Cell;
use std::mem::MaybeUninit;

use snek_abi::parallel::Cut;
use snek_abi::{AccumulatorDesc, CombineFn, ExcKind, FrameInfo, ParallelBody};

use crate::exc::{self, Pending, Raised};
use crate::guard::guard;
use crate::host;
use crate::lock;
use crate::print::{self, Capture, Captured};

use accumulate::{Copies, Way};
use claims::{Claims, Deal};
pub use pool::{SHARED_VERSION, Shared, own_pool, shared};
use progress::Progress;
use sync::{Mutex, MutexGuard};

thread_local! {
    /// Whether this thread runs a chunk: loops within it ask for threads that are idle only.
    static IN_CHUNK: Cell<bool> = const { Cell::new(false) };
    /// Whether this is the thread that the process began with, once it is known.
    static IS_MAIN: Cell<Option<bool>> = const { Cell::new(None) };
    /// When this thread looked for signals in a join.
    static POLLED: Cell<u64> = const { Cell::new(0) };
    /// How many joins this thread is in, of those that had another thread's help in mind; and up to how many more do.
    static JOINS: Cell<(u32, u32)> = const { Cell::new((0, 0)) };
}

/// Partials lie this far apart at least, so that threads do not share cache lines.
const PARTIAL_ALIGNMENT: usize = 64;
/// Bytes of partials that fit without an allocation: those of a full default grid.
const PARTIALS_INLINE: usize = grid::CHUNKS * PARTIAL_ALIGNMENT;
/// Words of the partial of a loop in one piece that fit without an allocation.
const PARTIAL_WORDS: usize = 8;

/// How often the thread that entered native code looks for signals (Ctrl-C), in nanoseconds.
const POLL_INTERVAL: u64 = 10_000_000;

/// How often the threads of a loop offer their cores to others, in nanoseconds, if it is not the main thread's loop: then the
/// main thread may have an event loop, which is not to wait until the scheduler finds that its turn has come.
const YIELD_INTERVAL: u64 = 500_000;

/// Positions in `snek_abi::parallel::SCHEDULES`.
const STATIC: i64 = 1;
const DYNAMIC: i64 = 2;
const GUIDED: i64 = 3;
const JOIN: i64 = 4;

/// Tasks are handed out to so many levels below what gives each thread one.
const JOIN_LEVELS: u32 = 7;

/// How many iterations a thread runs before it looks whether it should stop.
#[derive(Clone, Copy)]
enum Steps {
    /// Always as many.
    Fixed(i64),
    /// As many as take a moment, up to `STEP_MOST`.
    Timed,
}

const STEP_MOST: i64 = 256;
/// A step of a heavy loop that folds. Lanes divide it.
const STEP_FOLDING: i64 = 16;
/// Pieces of the least size in a step of a light loop: about a millisecond.
const STEP_PIECES: i64 = 256;
/// Steps of a light loop before the first look at the clock: some milliseconds.
const LOOKS_LIGHT: u64 = 8;
/// Steps of iterations that are better run together are made longer up to so many nanoseconds.
const STEP_TOGETHER: u64 = 2_000_000;
/// Up to so many of them, it is taken for granted that a step of `STEP_MOST` may be as long.
const FEW: i64 = 1024;
/// Steps that are shorter, in nanoseconds, are worth making longer, as are claims,
const STEP_SHORT: u64 = 32_000;
/// and claims that are longer leave too little to others,
const CLAIM_LONG: u64 = 4 * STEP_SHORT;
/// and such steps hold up who wants to stop the loop.
const STEP_LONG: u64 = 20_000_000;

/// What the chunks of one loop share.
struct Loop {
    body: ParallelBody,
    context: *const u8,
    grid: grid::Grid,
    steps: Steps,
    /// One partial per chunk, `stride` bytes apart.
    partials: *mut u8,
    stride: usize,
    initial: *const u8,
    partial_size: usize,
    claims: Claims,
    /// So many iterations are better run together.
    together: i64,
    /// So many are done at once: pieces are multiples, and so are steps.
    unit: i64,
    /// Whether each chunk has something of its own to fold into.
    folds: bool,
    /// The elements that chunks fold into.
    copies: Option<Copies>,
    /// What threads that work on it have as [`JOINS`].
    joins: (u32, u32),
    /// How many threads it may have.
    threads: i64,
    /// What `Shared::forks` said when it began.
    forks: i64,
    /// Whether its threads offer their cores to others now and then.
    yields: bool,
    outcome: Mutex<Outcome>,
    /// Where it is, if chunks are recorded.
    place: Option<(&'static FrameInfo, i64)>,
    progress: Option<Progress>,
}

/// What chunks leave beside their partials.
#[derive(Default)]
struct Outcome {
    /// The exception of the lowest chunk that has failed, or of a signal's handler.
    failure: Option<Pending>,
    /// What chunks have printed.
    output: Vec<(usize, Captured)>,
}

// SAFETY: the pointers are to memory that outlives the loop; each chunk writes its own partial,
// and the compiler has proved that chunks touch disjoint memory otherwise. What is a `Cell` belongs
// to the thread that entered the loop.
unsafe impl Sync for Loop {}

/// Whose loop it is.
#[derive(Clone, Copy, PartialEq)]
enum Who {
    /// The thread that entered it: it looks for signals.
    Caller,
    /// The same, in a chunk of another loop: it leaves early when threads are idle.
    CallerInChunk,
    /// A helper.
    Helper,
}

/// When a thread looks at the clock.
struct Pace {
    who: Who,
    /// How many locks the thread held before.
    locks: usize,
    /// Iterations of a step.
    step: i64,
    /// Chunks of a claim, at most.
    batch: usize,
    /// Steps between two looks at the clock, and since the last.
    looks: u64,
    steps: u64,
    /// When it did so last, or 0; and for signals, offered its core, and claimed.
    looked: u64,
    polled: u64,
    yielded: u64,
    claimed: u64,
}

impl Loop {
    /// Claims chunks and runs them until there is none left, or threads are idle that the loop
    /// could have: then it says so.
    fn work(&self, who: Who) -> bool {
        let _in_chunk = InChunk(IN_CHUNK.replace(true));
        let _in_join = InJoin(JOINS.replace(self.joins));
        let _capture = Capture::begin();
        let share = shared().thread_index() as usize;
        // What is light takes a known time, and less than a look at the clock is worth.
        let is_light = matches!(self.steps, Steps::Fixed(step) if step > STEP_FOLDING);
        let now = if is_light { 0 } else { trace::now() };
        let mut pace = Pace {
            who,
            step: match self.steps {
                Steps::Fixed(step) => step,
                Steps::Timed => self.together.max(self.unit),
            },
            batch: if is_light {
                usize::MAX
            } else {
                self.grid.chunks_of(self.together)
            },
            looks: if is_light { LOOKS_LIGHT } else { 1 },
            steps: 0,
            locks: lock::depth(),
            looked: now,
            polled: now,
            yielded: now,
            claimed: now,
        };
        while let Some((first, end)) = self.claims.claim(share, pace.batch) {
            // What chunks run as one.
            let size = if self.folds { 1 } else { end - first };
            for chunk in (first..end).step_by(size) {
                if chunk != first {
                    self.pause(&mut pace);
                }
                // A higher chunk than a failed one would not have run.
                if chunk >= self.claims.needed() {
                    break;
                }
                self.run(chunk, chunk + size, &mut pace);
            }
            if is_light {
                self.pause(&mut pace);
            } else {
                pace.steps += 1;
                self.look(&mut pace);
                self.resize(&mut pace);
            }
            if who == Who::CallerInChunk && self.claims.is_left() && shared().idle() > 0 {
                return true;
            }
        }
        false
    }

    /// Says how many chunks to claim at most, after a claim.
    fn resize(&self, pace: &mut Pace) {
        let spent = pace.looked - pace.claimed;
        pace.claimed = pace.looked;
        if self.together > 1 {
            pace.batch = self.grid.chunks_of(pace.step);
        } else if spent < STEP_SHORT {
            pace.batch = pace.batch.saturating_mul(4);
        } else if spent > CLAIM_LONG {
            pace.batch = (pace.batch / 2).max(1);
        }
    }

    /// Runs one chunk, or several up to `end` that do not fold.
    #[inline]
    fn run(&self, chunk: usize, end: usize, pace: &mut Pace) {
        let (lo, hi) = (self.grid.bounds(chunk).0, self.grid.bounds(end - 1).1);
        let begin = if self.place.is_some() {
            trace::now()
        } else {
            0
        };
        // SAFETY: the partial is this chunk's own and `initial` is as long.
        let (partial, context) = unsafe {
            let partial = self.partials.add(chunk * self.stride);
            if self.partial_size != 0 {
                std::ptr::copy_nonoverlapping(self.initial, partial, self.partial_size);
            }
            let context = match &self.copies {
                Some(copies) => copies.prepare(chunk, self.context),
                None => self.context,
            };
            (partial, context)
        };
        let mut at = lo;
        let status = loop {
            let end = hi.min(at.saturating_add(pace.step));
            // SAFETY: as for the loop.
            let status = unsafe { (self.body)(context, at, end, partial) };
            if status != 0 || end >= hi {
                break status;
            }
            at = end;
            self.pause(pace);
            if chunk >= self.claims.needed() {
                break 0;
            }
        };
        if let Some((frame, line)) = self.place {
            self.record(frame, line, (lo, hi), begin);
        }
        if let Some(progress) = &self.progress {
            progress.add(hi - lo);
        }
        if print::has_captured() || status != 0 {
            let captured = print::take_captured();
            self.outcome().output.push((chunk, captured));
        }
        if status != 0 {
            lock::release_to(pace.locks);
            self.fail(chunk);
        }
    }

    /// Between two steps: looks at the clock, now and then.
    #[inline]
    fn pause(&self, pace: &mut Pace) {
        pace.steps += 1;
        if pace.steps >= pace.looks {
            self.look(pace);
        }
    }

    fn look(&self, pace: &mut Pace) {
        let now = trace::now();
        let each = if pace.looked == 0 {
            pace.polled = now;
            pace.yielded = now;
            0
        } else {
            (now - pace.looked) / pace.steps
        };
        pace.looked = now;
        pace.steps = 0;
        // Few of them, so that one that takes long is noticed soon.
        pace.looks = if each < STEP_SHORT { 16 } else { 1 };
        if let Steps::Timed = self.steps {
            let short = if self.together > 1 {
                STEP_TOGETHER
            } else {
                STEP_SHORT
            };
            if each < short && pace.step < STEP_MOST {
                pace.step = STEP_MOST.min(8 * pace.step);
                pace.looks = 1;
            } else if each > STEP_LONG {
                pace.step = (pace.step / 2).max(self.unit);
            }
        }
        if pace.who != Who::Helper && now - pace.polled > POLL_INTERVAL {
            pace.polled = now;
            self.poll();
        }
        if self.yields && now - pace.yielded > YIELD_INTERVAL {
            pace.yielded = now;
            std::thread::yield_now();
        }
    }

    /// Whether the handler of a signal has forked, and this is the child: there are no helpers here,
    /// nor what they had claimed.
    fn is_lost(&self) -> bool {
        self.threads > 1 && shared().forks() != self.forks
    }

    /// Looks for signals, and shows how far the loop is. In the thread that entered it.
    fn poll(&self) {
        if let Some(progress) = &self.progress {
            progress.show();
        }
        // Once it is stopped, the interpreter has an error that nothing must hide.
        if self.claims.needed() == 0 {
            return;
        }
        if !host::poll() {
            exc::raise_python();
            self.fail(0);
        } else if self.is_lost() {
            self.claims.stop_at(0);
        }
    }

    #[cold]
    fn record(&self, frame: &FrameInfo, line: i64, (from, to): (i64, i64), begin: u64) {
        shared().record(&trace::Event {
            name: frame.name.data,
            length: frame.name.length.max(0) as usize,
            line,
            from,
            to,
            begin,
            end: trace::now(),
        });
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
        let pending = exc::take();
        // What a handler of a signal has raised belongs to no iteration: it stops all of them.
        let stops = pending.as_ref().is_none_or(|p| p.raised == Raised::Python);
        let is_lower = self.claims.stop_at(if stops { 0 } else { chunk + 1 });
        if let Some(pending) = pending
            && is_lower
        {
            outcome.failure = Some(pending);
        }
    }

    /// Writes what was printed and raises what was raised. Returns a status.
    fn finish(self) -> i32 {
        if let Some(progress) = &self.progress {
            progress.end();
        }
        if let Some(copies) = &self.copies {
            let needed = self.claims.needed();
            // SAFETY: all threads have left the loop; the arrays belong to the caller.
            unsafe { copies.merge(needed) };
        }
        let is_lost = self.is_lost();
        let mut outcome = self
            .outcome
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let needed = self.claims.needed();
        outcome.output.retain(|(chunk, _)| *chunk < needed);
        outcome.output.sort_by_key(|(chunk, _)| *chunk);
        for (_, captured) in &outcome.output {
            if (captured.flush || !captured.text.is_empty())
                && print::write(&captured.text, captured.flush) != 0
            {
                return 1;
            }
        }
        match outcome.failure {
            Some(pending) => {
                exc::set(pending);
                1
            }
            None if is_lost => {
                let text = "fork in a loop, in the handler of a signal".into();
                exc::raise(ExcKind::RuntimeError, vec![exc::Argument::Str(text)]);
                1
            }
            None => i32::from(needed != usize::MAX),
        }
    }
}

/// While it lives, this thread runs chunks.
struct InJoin((u32, u32));

impl Drop for InJoin {
    fn drop(&mut self) {
        JOINS.set(self.0);
    }
}

struct InChunk(bool);

impl Drop for InChunk {
    fn drop(&mut self) {
        IN_CHUNK.set(self.0);
    }
}

/// Works on a loop as one of its threads. Whether there is more to do.
///
/// # Safety
/// `context` must be a [`Loop`].
unsafe fn work_as(context: *const u8, who: Who) -> bool {
    // SAFETY: the caller's promise.
    let this = unsafe { &*context.cast::<Loop>() };
    guard(None, || Some(this.work(who))).unwrap_or_else(|| {
        // A bug of the runtime's: some chunk has not run, so the loop must fail.
        guard((), || this.fail(0));
        false
    })
}

/// What the helpers of a loop run, and its own thread beside them.
unsafe extern "C" fn work(context: *const u8) {
    let who = match shared().thread_index() {
        0 => Who::Caller,
        _ => Who::Helper,
    };
    // SAFETY: `parallel_for` passes its loop, which outlives the call.
    unsafe { work_as(context, who) };
}

/// What the loop's own thread does while it waits for helpers.
unsafe extern "C" fn waiting(context: *const u8) {
    // SAFETY: as above.
    let this = unsafe { &*context.cast::<Loop>() };
    guard((), || this.poll());
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
    /// How it is cut.
    cut: Cut,
    /// Whether to show how far it is.
    progress: bool,
    /// The function that the loop is in, and the line.
    place: *const FrameInfo,
    line: i64,
}

/// Runs a parallel loop. Returns a status.
///
/// # Safety
/// The pointers must be as `snek_rt_parallel_for` is promised them.
#[inline]
unsafe fn parallel_for(request: &Request) -> i32 {
    if request.trip_count <= 0 {
        return 0;
    }
    // Not worth a second thread, nor a look at the clock: no more than a call.
    let least = 2 * i64::from(request.cut.grain);
    let single =
        request.trip_count < least && (request.cut.together == 1 || request.trip_count == 1);
    let fits = request.partial_size <= 8 * PARTIAL_WORDS && request.accumulator_count == 0;
    if single && fits && request.chunk == 0 && !trace::is_on() {
        // SAFETY: the caller's promise.
        return unsafe { in_one_piece(request) };
    }
    if fits && request.schedule == JOIN && IN_CHUNK.get() && !trace::is_on() && shared().idle() <= 0
    {
        // SAFETY: the caller's promise.
        return unsafe { in_order(request) };
    }
    // SAFETY: the caller's promise.
    unsafe { in_chunks(request) }
}

/// Runs two tasks in this thread, as there is no other: who becomes idle meanwhile gets tasks within these.
///
/// # Safety
/// As for [`parallel_for`].
unsafe fn in_order(request: &Request) -> i32 {
    let (depth, limit) = JOINS.get();
    let limit = if depth == 0 { join_limit() } else { limit };
    let _in_join = InJoin(JOINS.replace((depth + 1, limit)));
    if shared().thread_index() == 0 {
        let now = trace::now();
        if now - POLLED.get() > POLL_INTERVAL {
            POLLED.set(now);
            if !host::poll() {
                exc::raise_python();
                return 1;
            }
        }
    }
    // SAFETY: the caller's promise.
    unsafe { in_one_piece(request) }
}

/// # Safety
/// As for [`parallel_for`]; the partial must fit.
unsafe fn in_one_piece(request: &Request) -> i32 {
    let mut partial = [MaybeUninit::<u64>::uninit(); PARTIAL_WORDS];
    let partial = partial.as_mut_ptr().cast::<u8>();
    // SAFETY: the caller's promise.
    unsafe {
        if request.partial_size != 0 {
            std::ptr::copy_nonoverlapping(request.initial, partial, request.partial_size);
        }
        let status = (request.body)(request.context, 0, request.trip_count, partial);
        match request.combine {
            Some(combine) if status == 0 => combine(request.result, partial),
            _ => status,
        }
    }
}

/// Whether this thread is the one that the process began with.
fn is_main_thread() -> bool {
    IS_MAIN.get().unwrap_or_else(|| {
        // SAFETY: these only ask.
        let is_main = unsafe { libc::gettid() == libc::getpid() };
        IS_MAIN.set(Some(is_main));
        is_main
    })
}

/// How many joins within each other look for help.
fn join_limit() -> u32 {
    let threads = shared().thread_count();
    match threads {
        ..=1 => 0,
        _ => (threads as u64 - 1).ilog2() + 1 + JOIN_LEVELS,
    }
}

/// # Safety
/// As for [`parallel_for`].
#[inline(never)]
unsafe fn in_chunks(request: &Request) -> i32 {
    let folds = request.accumulator_count != 0 || request.combine.is_some();
    // The user's chunk size must not change what is folded with what.
    let chunk = if folds { 0 } else { request.chunk };
    let grain = i64::from(request.cut.grain);
    let together = match i64::from(request.cut.together) {
        // Where they are few, they do not take long.
        2.. if request.trip_count <= FEW => STEP_MOST,
        together => together,
    };
    let nested = IN_CHUNK.get();
    let shared = shared();
    let asked = match request.threads {
        0 => i64::MAX,
        threads => threads.max(1),
    };
    let asked = asked.min(shared.thread_count());
    // What folds is cut the same way whatever the code does at once; and better a slow way than no work for a thread.
    let unit = match i64::from(request.cut.unit) {
        unit if folds || request.trip_count / unit < asked => 1,
        unit => unit,
    };
    let mut grid = grid::Grid::new(request.trip_count, chunk, grain, unit);
    let mut copies = None;
    if request.accumulator_count != 0 {
        let threads = if nested && shared.idle() <= 0 {
            1
        } else {
            asked
        };
        // SAFETY: the caller's promise.
        let way = unsafe {
            let all = std::slice::from_raw_parts(request.accumulators, request.accumulator_count);
            let (context, size) = (request.context, request.context_size);
            Copies::plan(all, context, size, request.trip_count, threads)
        };
        match way {
            Way::Direct => grid = grid::Grid::pieces(request.trip_count, 1),
            Way::Copies(made) => {
                grid = grid::Grid::pieces(request.trip_count, made.chunks);
                copies = Some(made);
            }
            Way::NoMemory => {
                exc::raise(ExcKind::MemoryError, Vec::new());
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
            exc::raise(ExcKind::MemoryError, Vec::new());
            return 1;
        }
        heap.as_mut_ptr().cast()
    };
    // The pieces of a light loop are worth about as much as a thread's help: it should have two.
    let most = if grain > 1 && chunk == 0 {
        grid.chunks.div_ceil(2)
    } else {
        grid.chunks
    };
    let threads = asked.min(most as i64).max(1);
    // A chunk size that the grid could not take.
    let wanted = if chunk == request.chunk {
        0
    } else {
        grid.chunks_of(request.chunk)
    };
    let part = match request.schedule {
        _ if threads == 1 => 1,
        STATIC => 1,
        DYNAMIC | JOIN => usize::MAX,
        GUIDED => 2,
        _ if together > 1 => 1,
        _ if grain > 1 => 2,
        _ => 4,
    };
    let deal = Deal {
        part,
        least: wanted.max(1),
        is_timed: request.schedule == 0 && threads > 1 && grain == 1,
    };
    let steps = match (grain, folds) {
        (1, false) => Steps::Timed,
        (1, true) => Steps::Fixed(STEP_FOLDING),
        _ => Steps::Fixed(STEP_PIECES.saturating_mul(grain)),
    };
    // SAFETY: the place is null or a constant of the module, which Python never unloads.
    let place = unsafe { request.place.as_ref() };
    let this = Loop {
        body: request.body,
        context: request.context,
        grid,
        steps,
        partials,
        stride,
        initial: request.initial,
        partial_size: request.partial_size,
        claims: Claims::new(grid.chunks, threads as usize, deal),
        together,
        unit,
        folds,
        copies,
        joins: match (request.schedule, JOINS.get()) {
            (JOIN, (depth, _)) => (depth + 1, join_limit()),
            (_, known) => known,
        },
        threads,
        forks: shared.forks(),
        yields: !is_main_thread(),
        outcome: Mutex::new(Outcome::default()),
        place: place
            .filter(|_| trace::is_on())
            .map(|place| (place, request.line)),
        progress: if request.progress && !nested {
            Progress::begin(request.trip_count)
        } else {
            None
        },
    };
    let context = std::ptr::from_ref(&this).cast();
    // SAFETY: `work` takes such a loop in any thread, and stops its own panics.
    unsafe {
        let more = match (threads, nested) {
            (..=1, _) => work_as(context, Who::Caller),
            (_, false) => true,
            // The other task must be there for others before this thread is busy.
            (_, true) if request.schedule == JOIN && shared.idle() > 0 => true,
            (_, true) => work_as(context, Who::CallerInChunk),
        };
        if more {
            shared.run(work, waiting, context, threads - 1);
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

#[cfg(test)]
mod tests;
