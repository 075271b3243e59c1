//! The threads of the pool: a rayon pool whose tasks stay a moment after each loop.
//!
//! rayon puts idle threads to sleep within a few microseconds and takes some 15 to wake one. A
//! task therefore does not end with its loop: it watches the board for the next one for
//! [`HOT_TIME`], so that loops that follow each other start within a microsecond. Only helpers
//! that are missing are asked of rayon, and never more tasks than there are threads: a thread that
//! is done with a loop looks at the board for another one, so loops within loops find it.
//!
//! Nobody ever waits for a helper that has not joined, and whoever has joined runs chunks to their
//! end: there is no way to wait in a circle. While the thread of an outermost loop waits, it helps
//! with the loops within it, which must end first anyway.
//!
//! A forked child has no threads but the forking one: a handler drops the team there (its memory
//! is given up), and the next loop builds another.

use std::cell::Cell;
use std::sync::atomic::{AtomicI64, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, Once};
use std::time::{Duration, Instant};

/// The work of a loop: claims chunks until none is left.
pub type WorkFn = unsafe extern "C" fn(context: *const u8);

/// How long a helper watches for the next loop.
const HOT_TIME: Duration = Duration::from_micros(50);
/// How long a loop's own thread waits for its last helpers before it sleeps.
const WAIT_TIME: Duration = Duration::from_micros(50);
/// How long it sleeps before it looks for signals.
const SLEEP_TIME: Duration = Duration::from_millis(10);
/// The most threads of a loop.
const THREADS_MAX: i64 = 4096;
/// Looks between two looks at the clock.
const LOOKS: u32 = 64;
/// Compiled code may recurse, and a thread's stack costs nothing until it is used.
const STACK_SIZE: usize = 8 << 20;

/// A loop that wants helpers. Lives on the stack of the thread that runs it.
struct Job {
    work: WorkFn,
    context: *const u8,
    /// The thread count where it was started: indices of its threads are less.
    limit: i64,
    /// The outermost loop that it is within, or itself.
    root: *const Job,
    /// Helpers that may still join; changed under the board's lock.
    places: AtomicUsize,
    /// Helpers at work; changed under the board's lock.
    active: AtomicUsize,
}

/// A pointer to a job that is on the board.
#[derive(Clone, Copy, PartialEq)]
struct JobPointer(*const Job);

// SAFETY: a job is shared only while its thread waits for those who have joined it.
unsafe impl Send for JobPointer {}

/// The threads, and the board where loops ask for them.
struct Team {
    threads: rayon::ThreadPool,
    size: usize,
    board: Mutex<Vec<JobPointer>>,
    /// Counts the loops that were posted.
    posted: AtomicU64,
    /// Helpers that watch for a loop.
    watching: AtomicUsize,
    /// Helpers that have been asked for and have not gone to sleep again.
    awake: AtomicUsize,
    /// Helpers that work on a loop.
    working: AtomicUsize,
    /// Threads that wait for the helpers of an outermost loop.
    waiting: AtomicUsize,
    /// Told when the last helper leaves a loop whose thread sleeps.
    left: Condvar,
}

static TEAM: AtomicPtr<Team> = AtomicPtr::new(std::ptr::null_mut());
static BUILDING: Mutex<()> = Mutex::new(());
/// The number of threads that was asked for, or 0.
static THREADS: AtomicI64 = AtomicI64::new(0);
/// The indices that helpers have, one bit each.
static INDICES: [AtomicU64; THREADS_MAX as usize / 64] =
    [const { AtomicU64::new(0) }; THREADS_MAX as usize / 64];

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
    let Some(team) = (unsafe { TEAM.load(Ordering::Relaxed).as_ref() }) else {
        return 0;
    };
    let helpers = (team.size as i64).min(thread_count() - 1);
    let working = team.working.load(Ordering::Relaxed) as i64;
    (helpers - working).max(0) + team.waiting.load(Ordering::Relaxed) as i64
}

/// Takes the lowest index that no helper has, if it is less than `limit`.
fn take_index(limit: i64) -> Option<i64> {
    for (word, bits) in (0..).zip(&INDICES) {
        loop {
            let known = bits.load(Ordering::Relaxed);
            // Index 0 is the caller's, so the first bit is for index 1.
            let bit = i64::from(known.trailing_ones());
            let index = 64 * word + bit + 1;
            if index >= limit {
                return None;
            }
            if bit == 64 {
                break;
            }
            if bits.fetch_or(1 << bit, Ordering::Acquire) & (1 << bit) == 0 {
                return Some(index);
            }
        }
    }
    None
}

fn give_index(index: i64) {
    let bit = (index - 1) as usize;
    INDICES[bit / 64].fetch_and(!(1 << (bit % 64)), Ordering::Release);
}

/// Runs in a forked child: the threads are gone and the locks may be held for ever.
extern "C" fn after_fork_in_child() {
    TEAM.store(std::ptr::null_mut(), Ordering::SeqCst);
    for bits in &INDICES {
        bits.store(0, Ordering::SeqCst);
    }
}

#[cfg(target_os = "linux")]
fn watch_forks() {
    unsafe extern "C" {
        // What `pthread_atfork` calls; that one is in a static part of the C library.
        fn __register_atfork(
            prepare: Option<extern "C" fn()>,
            parent: Option<extern "C" fn()>,
            child: Option<extern "C" fn()>,
            library: *const u8,
        ) -> i32;
    }
    // SAFETY: the handler only stores to an atomic. Python never unloads a module, so nothing
    // needs to find the handler by its library.
    unsafe { __register_atfork(None, None, Some(after_fork_in_child), std::ptr::null()) };
}

#[cfg(not(target_os = "linux"))]
fn watch_forks() {
    // SAFETY: the handler only stores to an atomic.
    unsafe { libc::pthread_atfork(None, None, Some(after_fork_in_child)) };
}

/// The team, with at least `size` threads if they can be had; `None` if there is none.
fn team(size: usize) -> Option<&'static Team> {
    // SAFETY: a team is never freed.
    let current = unsafe { TEAM.load(Ordering::Acquire).as_ref() };
    if current.is_some_and(|team| team.size >= size) {
        return current;
    }
    // A child that was forked while another thread was building cannot wait for that thread.
    let Ok(_building) = BUILDING.try_lock() else {
        return current;
    };
    // SAFETY: as above.
    let current = unsafe { TEAM.load(Ordering::Acquire).as_ref() };
    if current.is_some_and(|team| team.size >= size) {
        return current;
    }
    static ONCE: Once = Once::new();
    ONCE.call_once(watch_forks);
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(size)
        .stack_size(STACK_SIZE)
        .thread_name(|index| format!("snek-{index}"))
        .build();
    match threads {
        Ok(threads) => {
            let team = Box::leak(Box::new(Team {
                threads,
                size,
                board: Mutex::new(Vec::new()),
                posted: AtomicU64::new(0),
                watching: AtomicUsize::new(0),
                awake: AtomicUsize::new(0),
                working: AtomicUsize::new(0),
                waiting: AtomicUsize::new(0),
                left: Condvar::new(),
            }));
            TEAM.store(team, Ordering::Release);
            Some(team)
        }
        // The system gives no more threads: do with those that there are.
        Err(_) => current,
    }
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
    let wanted = wanted.min(team.size);
    let root = ROOT.get();
    let mut job = Job {
        work,
        context,
        limit,
        root,
        places: AtomicUsize::new(wanted),
        active: AtomicUsize::new(0),
    };
    let is_root = root.is_null();
    if is_root {
        job.root = &raw const job;
        ROOT.set(job.root);
    }
    let job = job;
    let pointer = JobPointer(&raw const job);
    team.board().push(pointer);
    team.posted.fetch_add(1, Ordering::SeqCst);
    // A helper that stops watching or goes to sleep says so first and then looks once more: it
    // sees this loop, or this sees that it has gone. One that works will look when it is done.
    let missing = wanted.saturating_sub(team.watching.load(Ordering::SeqCst));
    for _ in 0..missing {
        if team.awake.fetch_add(1, Ordering::SeqCst) >= team.size {
            team.awake.fetch_sub(1, Ordering::SeqCst);
            break;
        }
        team.threads.spawn(|| team.help());
    }
    if !is_root && team.waiting.load(Ordering::SeqCst) != 0 {
        team.left.notify_all();
    }
    // SAFETY: the caller's promise.
    unsafe { work(context) };
    team.board().retain(|other| *other != pointer);
    // From here on no helper joins.
    if is_root {
        team.waiting.fetch_add(1, Ordering::SeqCst);
    }
    let mut seen = None;
    let mut clock = Clock::start(WAIT_TIME);
    while job.active.load(Ordering::Acquire) != 0 {
        let posted = team.posted.load(Ordering::SeqCst);
        if is_root && seen != Some(posted) {
            seen = Some(posted);
            while let Some((inner, _)) = team.join(Some(&raw const job)) {
                team.waiting.fetch_sub(1, Ordering::SeqCst);
                // SAFETY: a loop that was joined is alive until it is left.
                unsafe { team.work_on(inner) };
                team.waiting.fetch_add(1, Ordering::SeqCst);
                clock = Clock::start(WAIT_TIME);
            }
        }
        if clock.is_over() {
            let board = team.board();
            let is_news = is_root && team.posted.load(Ordering::SeqCst) != posted;
            if job.active.load(Ordering::Acquire) != 0 && !is_news {
                drop(team.left.wait_timeout(board, SLEEP_TIME));
                // SAFETY: the caller's promise. The lock is free: handlers of signals may run loops.
                unsafe { waiting(context) };
            }
        }
    }
    if is_root {
        team.waiting.fetch_sub(1, Ordering::SeqCst);
        ROOT.set(root);
    }
}

impl Team {
    fn board(&self) -> MutexGuard<'_, Vec<JobPointer>> {
        self.board
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The task of a helper: joins loops until there has been none for a while.
    fn help(&self) {
        loop {
            let seen = self.posted.load(Ordering::SeqCst);
            if let Some((job, index)) = self.join(None) {
                self.working.fetch_add(1, Ordering::Relaxed);
                INDEX.set(index);
                // SAFETY: a loop that was joined is alive until it is left.
                unsafe {
                    THREADS_HERE.set((*job.0).limit);
                    ROOT.set((*job.0).root);
                    self.work_on(job);
                }
                ROOT.set(std::ptr::null());
                INDEX.set(0);
                give_index(index);
                self.working.fetch_sub(1, Ordering::Relaxed);
                continue;
            }
            self.watching.fetch_add(1, Ordering::SeqCst);
            let mut clock = Clock::start(HOT_TIME);
            while self.posted.load(Ordering::Acquire) == seen && !clock.is_over() {}
            self.watching.fetch_sub(1, Ordering::SeqCst);
            if self.posted.load(Ordering::SeqCst) != seen {
                continue;
            }
            self.awake.fetch_sub(1, Ordering::SeqCst);
            if self.posted.load(Ordering::SeqCst) == seen {
                return;
            }
            self.awake.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Works on a loop that was joined, and leaves it.
    ///
    /// # Safety
    /// This thread must have joined it.
    unsafe fn work_on(&self, JobPointer(job): JobPointer) {
        // SAFETY: the job's thread waits until `active` is back to 0, and this is the last that is
        // done with the job: the lock is the team's.
        unsafe {
            ((*job).work)((*job).context);
            let board = self.board();
            if (*job).active.fetch_sub(1, Ordering::Release) == 1 {
                self.left.notify_all();
            }
            drop(board);
        }
    }

    /// Joins the oldest loop that wants a helper, and gets an index there. The thread of an
    /// outermost loop, which has one, joins only what is `within` that.
    fn join(&self, within: Option<*const Job>) -> Option<(JobPointer, i64)> {
        let board = self.board();
        board.iter().copied().find_map(|pointer| {
            // SAFETY: a job that is on the board is alive, and the board is locked.
            let job = unsafe { &*pointer.0 };
            let places = job.places.load(Ordering::Relaxed);
            if places == 0 {
                return None;
            }
            let index = match within {
                Some(root) if root == job.root => 0,
                Some(_) => return None,
                None => take_index(job.limit)?,
            };
            job.places.store(places - 1, Ordering::Relaxed);
            job.active.fetch_add(1, Ordering::Relaxed);
            Some((pointer, index))
        })
    }
}

/// Busy waiting for a limited time.
struct Clock {
    start: Option<Instant>,
    limit: Duration,
    looks: u32,
}

impl Clock {
    fn start(limit: Duration) -> Clock {
        Clock {
            start: None,
            limit,
            looks: 0,
        }
    }

    /// Waits a moment, and says whether the time is over.
    fn is_over(&mut self) -> bool {
        std::hint::spin_loop();
        self.looks += 1;
        if !self.looks.is_multiple_of(LOOKS) {
            return false;
        }
        self.start.get_or_insert_with(Instant::now).elapsed() >= self.limit
    }
}
