//! The threads of the pool: a rayon pool whose tasks stay a moment after each loop.
//!
//! rayon puts idle threads to sleep within a few microseconds and takes some 15 to wake one. A
//! task therefore does not end with its loop: it watches the board for the next one for a while, so
//! that loops that follow each other start within a microsecond. Only helpers that are missing are
//! asked of rayon, and never more tasks than there are threads: a thread that is done with a loop
//! looks at the board for another one, so loops within loops find it. How that goes is [`board`]'s.
//!
//! A forked child has no threads but the forking one: a handler drops the team there (its memory
//! is given up), and the next loop builds another.

use std::cell::Cell;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicPtr, AtomicU64, Ordering};

use super::board::{Board, Indices, Job};
use crate::fork;

pub use super::board::WorkFn;

/// The most threads of a loop.
const THREADS_MAX: i64 = 4096;
const INDEX_WORDS: usize = THREADS_MAX as usize / 64;
/// Compiled code may recurse, and a thread's stack costs nothing until it is used.
const STACK_SIZE: usize = 8 << 20;

/// The threads, and the board where loops ask for them.
struct Team {
    threads: rayon::ThreadPool,
    board: Board<INDEX_WORDS>,
}

static TEAM: AtomicPtr<Team> = AtomicPtr::new(std::ptr::null_mut());
/// Whether a thread builds a team.
static BUILDING: AtomicBool = AtomicBool::new(false);
/// How often a process from which this one comes was forked since it had a team.
static FORKS: AtomicI64 = AtomicI64::new(0);
/// The number of threads that was asked for, or 0.
static THREADS: AtomicI64 = AtomicI64::new(0);
/// The indices that helpers have.
static INDICES: Indices<INDEX_WORDS> = Indices([const { AtomicU64::new(0) }; INDEX_WORDS]);

thread_local! {
    /// The number of threads that was asked for in this thread, or 0.
    static THREADS_HERE: Cell<i64> = const { Cell::new(0) };
    /// The outermost loop that this thread works on, or null.
    static ROOT: Cell<*const Job> = const { Cell::new(std::ptr::null()) };
    /// The index of this thread among those that work: 0 if it is none of the pool's.
    static INDEX: Cell<i64> = const { Cell::new(0) };
}

/// A number of threads in an environment variable. OpenMP's may be a list, by levels of nesting.
fn asked_for(name: &str) -> Option<i64> {
    let text = std::env::var(name).ok()?;
    let first = text.split(',').next()?.trim();
    first.parse::<i64>().ok().filter(|count| *count >= 1)
}

/// `SNEK_NUM_THREADS`, else `OMP_NUM_THREADS` (joblib and Dask set it, so that their processes share
/// the machine), else the processors that this process may use: its affinity and the quotas of its
/// control groups, both of which the standard library heeds.
fn default_thread_count() -> i64 {
    static DEFAULT: AtomicI64 = AtomicI64::new(0);
    let known = DEFAULT.load(Ordering::Relaxed);
    if known != 0 {
        return known;
    }
    let count = asked_for("SNEK_NUM_THREADS")
        .or_else(|| asked_for("OMP_NUM_THREADS"))
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, |n| n.get() as i64))
        .min(THREADS_MAX);
    DEFAULT.store(count, Ordering::Relaxed);
    count
}

/// How many threads a loop may use, the calling one included.
pub extern "C" fn thread_count() -> i64 {
    match (THREADS_HERE.get(), THREADS.load(Ordering::Relaxed)) {
        (0, 0) => default_thread_count(),
        (0, count) => count,
        (here, _) => here,
    }
}

/// Sets it; 0 asks for the default.
pub extern "C" fn set_thread_count(threads: i64) {
    THREADS.store(threads.clamp(0, THREADS_MAX), Ordering::Relaxed);
}

/// Sets it for loops that this thread runs (0: as in others), and gives what was set.
pub extern "C" fn set_thread_count_here(threads: i64) -> i64 {
    THREADS_HERE.replace(threads.clamp(0, THREADS_MAX))
}

/// The number of this thread among those that work on a loop; 0 for the one that began it.
pub extern "C" fn thread_index() -> i64 {
    INDEX.get()
}

/// How many threads of the pool have nothing to do, roughly.
pub extern "C" fn idle() -> i64 {
    // SAFETY: a team is never freed.
    match unsafe { TEAM.load(Ordering::Relaxed).as_ref() } {
        Some(team) => team.board.idle(thread_count() - 1),
        None => 0,
    }
}

/// Another number in each forked child: who forks in a loop has lost the loop's helpers there.
pub extern "C" fn forks() -> i64 {
    FORKS.load(Ordering::Relaxed)
}

/// Runs in a forked child: the threads are gone and the locks may be held for ever.
extern "C" fn after_fork_in_child() {
    TEAM.store(std::ptr::null_mut(), Ordering::SeqCst);
    BUILDING.store(false, Ordering::SeqCst);
    FORKS.fetch_add(1, Ordering::SeqCst);
    for bits in &INDICES.0 {
        bits.store(0, Ordering::SeqCst);
    }
}

/// The team, with at least `size` threads if they can be had; `None` if there is none.
fn team(size: usize) -> Option<&'static Team> {
    // SAFETY: a team is never freed.
    let current = || unsafe { TEAM.load(Ordering::Acquire).as_ref() };
    let is_enough = |team: Option<&Team>| team.is_some_and(|team| team.board.size >= size);
    if is_enough(current()) {
        return current();
    }
    // Whoever comes meanwhile does with what there is.
    if BUILDING.swap(true, Ordering::Acquire) {
        return current();
    }
    if !is_enough(current()) {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| fork::in_child(after_fork_in_child));
        // The system may give no more threads.
        if let Ok(threads) = rayon::ThreadPoolBuilder::new()
            .num_threads(size)
            .stack_size(STACK_SIZE)
            .thread_name(|index| format!("snek-{index}"))
            .build()
        {
            let board = Board::new(size, &INDICES);
            let team = Box::leak(Box::new(Team { threads, board }));
            TEAM.store(team, Ordering::Release);
        }
    }
    BUILDING.store(false, Ordering::Release);
    current()
}

/// Calls `work` in this thread and in up to `helpers` others; returns when all have returned.
/// Calls `waiting` now and then while others work and this thread does not.
///
/// # Safety
/// `work` must accept `context` in several threads at once, and neither must unwind.
pub unsafe extern "C" fn run(work: WorkFn, waiting: WorkFn, context: *const u8, helpers: i64) {
    let limit = thread_count();
    let wanted = (limit - 1).min(helpers).max(0) as usize;
    let team = if wanted == 0 {
        None
    } else {
        team((limit - 1) as usize)
    };
    let Some(team) = team else {
        // SAFETY: the caller's promise.
        unsafe { work(context) };
        return;
    };
    let root = ROOT.get();
    let forks = forks();
    let job = Job::new(work, context, limit, root);
    ROOT.set(job.root());
    let ask = || team.threads.spawn(|| team.board.help(enter, leave));
    // SAFETY: the caller's promise.
    unsafe {
        let wait = || waiting(context);
        let is_lost = || self::forks() != forks;
        team.board.run(&job, wanted, ask, wait, is_lost);
    }
    ROOT.set(root);
}

/// A helper joins a loop.
fn enter(job: &Job, index: i64) {
    INDEX.set(index);
    THREADS_HERE.set(job.limit);
    ROOT.set(job.root());
}

/// A helper has left a loop.
fn leave() {
    ROOT.set(std::ptr::null());
    INDEX.set(0);
}
