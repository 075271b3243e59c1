//! The threads of the pool: a rayon pool whose tasks stay a moment after each loop.
//!
//! rayon puts idle threads to sleep within a few microseconds and takes some 15 to wake one. A
//! task therefore does not end with its loop: it watches the board for the next one for
//! [`HOT_TIME`], so that loops that follow each other start within a microsecond. Only helpers
//! that are missing are asked of rayon.
//!
//! A forked child has no threads but the forking one: a handler drops the team there (its memory
//! is given up), and the next loop builds another.

use std::sync::atomic::{AtomicI64, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, Once};
use std::time::{Duration, Instant};

/// The work of a loop: claims chunks until none is left.
pub type WorkFn = unsafe extern "C" fn(context: *const u8);

/// How long a helper watches for the next loop.
const HOT_TIME: Duration = Duration::from_micros(50);
/// How long a loop's own thread waits for its last helpers before it sleeps.
const WAIT_TIME: Duration = Duration::from_micros(50);
/// Looks between two looks at the clock.
const LOOKS: u32 = 64;
/// Compiled code may recurse, and a thread's stack costs nothing until it is used.
const STACK_SIZE: usize = 8 << 20;

/// A loop that wants helpers. Lives on the stack of the thread that runs it.
struct Job {
    work: WorkFn,
    context: *const u8,
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
    /// Told when the last helper leaves a loop whose thread sleeps.
    left: Condvar,
}

static TEAM: AtomicPtr<Team> = AtomicPtr::new(std::ptr::null_mut());
static BUILDING: Mutex<()> = Mutex::new(());
/// The number of threads that was asked for, or 0.
static THREADS: AtomicI64 = AtomicI64::new(0);

/// `SNEK_NUM_THREADS`, or the processors that this process may use (affinity and cgroups).
fn default_thread_count() -> i64 {
    static DEFAULT: AtomicI64 = AtomicI64::new(0);
    let known = DEFAULT.load(Ordering::Relaxed);
    if known != 0 {
        return known;
    }
    let asked = std::env::var("SNEK_NUM_THREADS")
        .ok()
        .and_then(|text| text.trim().parse::<i64>().ok());
    let count = match asked {
        Some(count) if count >= 1 => count.min(4096),
        _ => std::thread::available_parallelism().map_or(1, |count| count.get() as i64),
    };
    DEFAULT.store(count, Ordering::Relaxed);
    count
}

/// How many threads a loop may use, the calling one included.
pub extern "C" fn thread_count() -> i64 {
    match THREADS.load(Ordering::Relaxed) {
        0 => default_thread_count(),
        count => count,
    }
}

/// Sets it; 0 asks for the default.
pub extern "C" fn set_thread_count(threads: i64) {
    THREADS.store(threads.clamp(0, 4096), Ordering::Relaxed);
}

/// Runs in a forked child: the threads are gone and the locks may be held for ever.
extern "C" fn after_fork_in_child() {
    TEAM.store(std::ptr::null_mut(), Ordering::SeqCst);
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
///
/// # Safety
/// `work` must accept `context` in several threads at once, and must not unwind.
pub unsafe extern "C" fn run(work: WorkFn, context: *const u8, helpers: i64) {
    let wanted = (thread_count() - 1).min(helpers).max(0) as usize;
    let team = if wanted == 0 {
        None
    } else {
        team((thread_count() - 1) as usize)
    };
    let Some(team) = team else {
        // SAFETY: the caller's promise.
        unsafe { work(context) };
        return;
    };
    let wanted = wanted.min(team.size);
    let job = Job {
        work,
        context,
        places: AtomicUsize::new(wanted),
        active: AtomicUsize::new(0),
    };
    let pointer = JobPointer(&job);
    team.board().push(pointer);
    team.posted.fetch_add(1, Ordering::SeqCst);
    // A helper that stops watching says so first and then looks once more: it sees this loop, or
    // this sees that it has gone.
    let missing = wanted.saturating_sub(team.watching.load(Ordering::SeqCst));
    for _ in 0..missing {
        team.threads.spawn(|| team.help());
    }
    // SAFETY: the caller's promise.
    unsafe { work(context) };
    team.board().retain(|other| *other != pointer);
    // From here on no helper joins.
    let mut clock = Clock::start(WAIT_TIME);
    while job.active.load(Ordering::Acquire) != 0 {
        if clock.is_over() {
            let mut board = team.board();
            while job.active.load(Ordering::Acquire) != 0 {
                board = team
                    .left
                    .wait(board)
                    .unwrap_or_else(|poisoned| poisoned.into_inner());
            }
        }
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
            if let Some(JobPointer(job)) = self.join() {
                // SAFETY: the job's thread waits until `active` is back to 0, and this is the
                // last that is done with the job: the lock is the team's.
                unsafe {
                    ((*job).work)((*job).context);
                    let board = self.board();
                    if (*job).active.fetch_sub(1, Ordering::Release) == 1 {
                        self.left.notify_all();
                    }
                    drop(board);
                }
                continue;
            }
            self.watching.fetch_add(1, Ordering::SeqCst);
            let mut clock = Clock::start(HOT_TIME);
            while self.posted.load(Ordering::Acquire) == seen && !clock.is_over() {}
            self.watching.fetch_sub(1, Ordering::SeqCst);
            if self.posted.load(Ordering::SeqCst) == seen {
                return;
            }
        }
    }

    /// Joins a loop that wants a helper.
    fn join(&self) -> Option<JobPointer> {
        let board = self.board();
        board.iter().copied().find(|JobPointer(job)| {
            // SAFETY: a job that is on the board is alive, and the board is locked.
            let job = unsafe { &**job };
            let places = job.places.load(Ordering::Relaxed);
            if places == 0 {
                return false;
            }
            job.places.store(places - 1, Ordering::Relaxed);
            job.active.fetch_add(1, Ordering::Relaxed);
            true
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
