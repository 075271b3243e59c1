//! The hand-over of loops to helpers: the board where loops ask for them.
//!
//! Nobody ever waits for a helper that has not joined, and whoever has joined runs chunks to their
//! end: there is no way to wait in a circle. While the thread of an outermost loop waits, it helps
//! with the loops within it, which must end first anyway.
//!
//! `tests/model` checks this file in all orders in which threads may run. It must not touch a
//! thread-local or a static.

use std::time::Duration;

use super::sync::{AtomicU64, AtomicUsize, Clock, Condvar, Mutex, MutexGuard, Ordering};

/// The work of a loop: claims chunks until none is left.
pub type WorkFn = unsafe extern "C" fn(context: *const u8);

/// How long a helper watches for the next loop.
const HOT_TIME: Duration = Duration::from_micros(50);
/// How long a loop's own thread waits for its last helpers before it sleeps.
const WAIT_TIME: Duration = Duration::from_micros(50);
/// How long it sleeps before it looks for signals.
const SLEEP_TIME: Duration = Duration::from_millis(10);

/// A loop that wants helpers. Lives on the stack of the thread that runs it.
pub struct Job {
    work: WorkFn,
    context: *const u8,
    /// The thread count where it was started: indices of its threads are less.
    pub limit: i64,
    /// The outermost loop that it is within, or null.
    root: *const Job,
    /// Helpers that may still join; changed under the board's lock.
    places: AtomicUsize,
    /// Helpers at work; changed under the board's lock.
    active: AtomicUsize,
}

impl Job {
    /// A loop within the loop `root`, if that is not null.
    pub fn new(work: WorkFn, context: *const u8, limit: i64, root: *const Job) -> Job {
        Job {
            work,
            context,
            limit,
            root,
            places: AtomicUsize::new(0),
            active: AtomicUsize::new(0),
        }
    }

    /// The outermost loop that it is within, or itself.
    pub fn root(&self) -> *const Job {
        if self.root.is_null() { self } else { self.root }
    }
}

/// A pointer to a job that is on the board.
#[derive(Clone, Copy, PartialEq)]
struct JobPointer(*const Job);

// SAFETY: a job is shared only while its thread waits for those who have joined it.
unsafe impl Send for JobPointer {}

/// The indices that helpers have, one bit each.
pub struct Indices<const WORDS: usize>(pub [AtomicU64; WORDS]);

impl<const WORDS: usize> Indices<WORDS> {
    /// Takes the lowest index that no helper has, if it is less than `limit`.
    fn take(&self, limit: i64) -> Option<i64> {
        for (word, bits) in (0..).zip(&self.0) {
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

    fn give(&self, index: i64) {
        let bit = (index - 1) as usize;
        self.0[bit / 64].fetch_and(!(1 << (bit % 64)), Ordering::Release);
    }
}

/// The loops that want helpers, and how many of these are where.
pub struct Board<const WORDS: usize> {
    /// How many helpers there are.
    pub size: usize,
    indices: &'static Indices<WORDS>,
    jobs: Mutex<Vec<JobPointer>>,
    /// Counts the loops that were posted; changed under the lock.
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

impl<const WORDS: usize> Board<WORDS> {
    /// An empty board. All boards of a process have the same indices.
    pub fn new(size: usize, indices: &'static Indices<WORDS>) -> Board<WORDS> {
        Board {
            size,
            indices,
            jobs: Mutex::new(Vec::new()),
            posted: AtomicU64::new(0),
            watching: AtomicUsize::new(0),
            awake: AtomicUsize::new(0),
            working: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            left: Condvar::new(),
        }
    }

    fn jobs(&self) -> MutexGuard<'_, Vec<JobPointer>> {
        self.jobs
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// How many threads have nothing to do, roughly, if there are so many helpers at most.
    pub fn idle(&self, helpers: i64) -> i64 {
        let helpers = (self.size as i64).min(helpers);
        let working = self.working.load(Ordering::Relaxed) as i64;
        (helpers - working).max(0) + self.waiting.load(Ordering::Relaxed) as i64
    }

    /// Works on a loop in this thread and in up to `wanted` helpers; returns when all have left it.
    /// `ask` has one more helper call [`help`](Board::help), `wait` is called now and then while
    /// others work and this thread does not. `is_lost` says whether this process was forked
    /// meanwhile, by the handler of a signal: then there are no others, and nobody gives locks back.
    ///
    /// # Safety
    /// The job's work must accept its context in several threads at once, and neither must unwind.
    pub unsafe fn run(
        &self,
        job: &Job,
        wanted: usize,
        ask: impl Fn(),
        wait: impl Fn(),
        is_lost: impl Fn() -> bool,
    ) {
        let wanted = wanted.min(self.size);
        let is_root = job.root.is_null();
        let pointer = JobPointer(job);
        let mut jobs = self.jobs();
        job.places.store(wanted, Ordering::Relaxed);
        jobs.push(pointer);
        self.posted.fetch_add(1, Ordering::SeqCst);
        drop(jobs);
        // A helper that stops watching or goes to sleep says so first and then looks once more: it
        // sees this loop, or this sees that it has gone. One that works will look when it is done.
        let missing = wanted.saturating_sub(self.watching.load(Ordering::SeqCst));
        for _ in 0..missing {
            if self.awake.fetch_add(1, Ordering::SeqCst) >= self.size {
                self.awake.fetch_sub(1, Ordering::SeqCst);
                break;
            }
            ask();
        }
        if !is_root && self.waiting.load(Ordering::SeqCst) != 0 {
            self.left.notify_all();
        }
        // SAFETY: the caller's promise.
        unsafe { (job.work)(job.context) };
        if is_lost() {
            return;
        }
        self.jobs().retain(|other| *other != pointer);
        // From here on no helper joins.
        if is_root {
            self.waiting.fetch_add(1, Ordering::SeqCst);
        }
        let mut seen = None;
        let mut clock = Clock::start(WAIT_TIME);
        while job.active.load(Ordering::Acquire) != 0 {
            let posted = self.posted.load(Ordering::SeqCst);
            if is_root && seen != Some(posted) {
                seen = Some(posted);
                while let Some((inner, _)) = self.join(Some(job)) {
                    self.waiting.fetch_sub(1, Ordering::SeqCst);
                    // SAFETY: a loop that was joined is alive until it is left.
                    unsafe { ((*inner.0).work)((*inner.0).context) };
                    if is_lost() {
                        return;
                    }
                    self.leave(inner);
                    self.waiting.fetch_add(1, Ordering::SeqCst);
                    clock = Clock::start(WAIT_TIME);
                }
            }
            if clock.is_over() {
                let jobs = self.jobs();
                let is_news = is_root && self.posted.load(Ordering::SeqCst) != posted;
                if job.active.load(Ordering::Acquire) != 0 && !is_news {
                    drop(self.left.wait_timeout(jobs, SLEEP_TIME));
                    // The lock is free: handlers of signals may run loops.
                    wait();
                    if is_lost() {
                        return;
                    }
                }
            }
        }
        if is_root {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// The task of a helper: joins loops until there has been none for a while. `enter` is told of
    /// each, and of the index there, and `leave` afterwards.
    pub fn help(&self, enter: impl Fn(&Job, i64), leave: impl Fn()) {
        loop {
            let seen = self.posted.load(Ordering::SeqCst);
            if let Some((job, index)) = self.join(None) {
                self.working.fetch_add(1, Ordering::Relaxed);
                // SAFETY: a loop that was joined is alive until it is left.
                unsafe {
                    enter(&*job.0, index);
                    ((*job.0).work)((*job.0).context);
                }
                self.leave(job);
                leave();
                self.indices.give(index);
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

    /// Leaves a loop that was joined.
    fn leave(&self, job: JobPointer) {
        let jobs = self.jobs();
        // SAFETY: the job's thread waits until `active` is back to 0, and this is the last that is
        // done with the job: the lock is the board's.
        if unsafe { (*job.0).active.fetch_sub(1, Ordering::Release) } == 1 {
            self.left.notify_all();
        }
        drop(jobs);
    }

    /// Joins the oldest loop that wants a helper, and gets an index there. The thread of an
    /// outermost loop, which has one, joins only what is `within` that.
    fn join(&self, within: Option<*const Job>) -> Option<(JobPointer, i64)> {
        let jobs = self.jobs();
        jobs.iter().copied().find_map(|pointer| {
            // SAFETY: a job that is on the board is alive, and the board is locked.
            let job = unsafe { &*pointer.0 };
            let places = job.places.load(Ordering::Relaxed);
            if places == 0 {
                return None;
            }
            let index = match within {
                Some(root) if root == job.root() => 0,
                Some(_) => return None,
                None => self.indices.take(job.limit)?,
            };
            job.places.store(places - 1, Ordering::Relaxed);
            job.active.fetch_add(1, Ordering::Relaxed);
            Some((pointer, index))
        })
    }
}
