//! The hand-over of loops to helpers: the board where loops ask for them.
//!
//! An outermost loop is posted without a lock, if no other thread has one there: its address is in the *slot*, and one word,
//! the *news*, which helpers watch, says how many of them it wants. Loops within loops, and those of further threads, are in a
//! list under a lock. Joining takes one of the places that a loop has; the loop's thread closes it by taking those that are
//! left, so it knows how many have joined, and waits until as many are done.
//!
//! Nobody ever waits for a helper that has not joined, and whoever has joined runs chunks to their
//! end: there is no way to wait in a circle. While the thread of an outermost loop waits, it helps
//! with the loops within it, which must end first anyway.
//!
//! `tests/model` checks this file in all orders in which threads may run. It must not touch a
//! thread-local or a static.

use std::time::Duration;

use super::sync::{AtomicPtr, AtomicU64, AtomicUsize, Clock, Condvar, Mutex, MutexGuard, Ordering};

/// The work of a loop: claims chunks until none is left.
pub type WorkFn = unsafe extern "C" fn(context: *const u8);

/// How long a helper watches for the next loop.
const HOT_TIME: Duration = Duration::from_micros(50);
/// How long a loop's own thread waits for its last helpers before it sleeps.
const WAIT_TIME: Duration = Duration::from_micros(50);
/// How long it sleeps before it looks for signals.
const SLEEP_TIME: Duration = Duration::from_millis(10);

/// In `Job::done`: the loop's thread sleeps, or is about to, and wants to be told. Below it, how many are done.
const SLEEPS: usize = 1 << 31;

/// A loop that wants helpers. Lives on the stack of the thread that runs it.
#[repr(align(64))]
pub struct Job {
    work: WorkFn,
    context: *const u8,
    /// The thread count where it was started: indices of its threads are less.
    pub limit: i64,
    /// The outermost loop that it is within, or null.
    root: *const Job,
    /// Helpers that may still join, if it is in the list; changed under the board's lock.
    places: AtomicUsize,
    /// Helpers that have joined and are done with it: who has said so must not touch it again. Beside it: [`SLEEPS`].
    done: AtomicUsize,
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
            done: AtomicUsize::new(0),
        }
    }

    /// The outermost loop that it is within, or itself.
    pub fn root(&self) -> *const Job {
        if self.root.is_null() { self } else { self.root }
    }

    /// Whether so many are done with it.
    fn is_done(&self, joined: usize) -> bool {
        self.done.load(Ordering::Acquire) & !SLEEPS == joined
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

/// On a line of the cache of its own: who watches it does not slow down whoever changes what is beside it.
#[repr(align(64))]
struct Apart<T>(T);

impl<T> std::ops::Deref for Apart<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// What helpers watch: how many loops have been posted, ever; how many helpers watch; how many may still join the loop in the
/// slot.
mod news {
    /// A place in the slot's loop, of which it has up to so many.
    pub const PLACES: u64 = (1 << 12) - 1;
    /// One helper more that watches, of up to so many.
    pub const WATCH: u64 = 1 << 12;
    /// One loop more.
    pub const POST: u64 = 1 << 24;

    pub fn places(news: u64) -> usize {
        (news & PLACES) as usize
    }

    pub fn watching(news: u64) -> usize {
        ((news / WATCH) & PLACES) as usize
    }

    pub fn posted(news: u64) -> u64 {
        news / POST
    }
}

/// The loops that want helpers, and how many of these are where.
pub struct Board<const WORDS: usize> {
    /// How many helpers there are: fewer than there are places.
    pub size: usize,
    indices: &'static Indices<WORDS>,
    /// See [`news`].
    news: Apart<AtomicU64>,
    /// The loop that is posted there, or null.
    slot: Apart<AtomicPtr<Job>>,
    /// Other loops.
    jobs: Mutex<Vec<JobPointer>>,
    /// How many they are; changed under the lock.
    listed: AtomicUsize,
    /// Helpers that have been asked for and have not gone to sleep again.
    awake: AtomicUsize,
    /// Threads that wait for the helpers of an outermost loop.
    waiting: Apart<AtomicUsize>,
    /// Helpers that work on a loop.
    working: Apart<AtomicUsize>,
    /// Told when a helper leaves a loop whose thread sleeps.
    left: Condvar,
}

impl<const WORDS: usize> Board<WORDS> {
    /// An empty board. All boards of a process have the same indices.
    pub fn new(size: usize, indices: &'static Indices<WORDS>) -> Board<WORDS> {
        Board {
            size: size.min(news::PLACES as usize),
            indices,
            news: Apart(AtomicU64::new(0)),
            slot: Apart(AtomicPtr::new(std::ptr::null_mut())),
            jobs: Mutex::new(Vec::new()),
            listed: AtomicUsize::new(0),
            awake: AtomicUsize::new(0),
            waiting: Apart(AtomicUsize::new(0)),
            working: Apart(AtomicUsize::new(0)),
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
        let pointer = std::ptr::from_ref(job).cast_mut();
        let in_slot = is_root && self.take_slot(pointer);
        let known = if in_slot {
            // The loop before has left no places.
            self.news
                .fetch_add(news::POST + wanted as u64, Ordering::SeqCst)
        } else {
            let mut jobs = self.jobs();
            job.places.store(wanted, Ordering::Relaxed);
            jobs.push(JobPointer(job));
            self.listed.fetch_add(1, Ordering::SeqCst);
            self.news.fetch_add(news::POST, Ordering::SeqCst)
        };
        // A helper that stops watching or goes to sleep says so first and then looks once more: it
        // sees this loop, or this sees that it has gone. One that works will look when it is done.
        for _ in news::watching(known)..wanted {
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
        // From here on no helper joins.
        let joined = if in_slot {
            wanted - self.close_slot()
        } else {
            let mut jobs = self.jobs();
            jobs.retain(|other| *other != JobPointer(job));
            self.listed.fetch_sub(1, Ordering::SeqCst);
            wanted - job.places.load(Ordering::Relaxed)
        };
        if joined != 0 && !self.wait_for(job, joined, wait, is_lost) {
            return;
        }
        if in_slot {
            self.slot.store(std::ptr::null_mut(), Ordering::Release);
        }
    }

    /// Puts a loop into the slot, if there is none.
    fn take_slot(&self, job: *mut Job) -> bool {
        let (set, get) = (Ordering::Acquire, Ordering::Relaxed);
        self.slot
            .compare_exchange(std::ptr::null_mut(), job, set, get)
            .is_ok()
    }

    /// Takes the places that are left in the slot's loop, and says how many they were.
    fn close_slot(&self) -> usize {
        let known = self.news.fetch_and(!news::PLACES, Ordering::AcqRel);
        news::places(known)
    }

    /// Waits until so many helpers are done with a loop. Not so, if the process was forked meanwhile.
    fn wait_for(
        &self,
        job: &Job,
        joined: usize,
        wait: impl Fn(),
        is_lost: impl Fn() -> bool,
    ) -> bool {
        let is_root = job.root.is_null();
        if is_root {
            self.waiting.fetch_add(1, Ordering::SeqCst);
        }
        // With so many posted, there was none to help with.
        let mut seen = None;
        let mut clock = Clock::start(WAIT_TIME);
        while !job.is_done(joined) {
            if is_root && self.listed.load(Ordering::SeqCst) != 0 {
                let posted = news::posted(self.news.load(Ordering::SeqCst));
                while seen != Some(posted)
                    && let Some((inner, _)) = self.join_listed(Some(job))
                {
                    self.waiting.fetch_sub(1, Ordering::SeqCst);
                    // SAFETY: a loop that was joined is alive until it is left.
                    unsafe { ((*inner.0).work)((*inner.0).context) };
                    if is_lost() {
                        return false;
                    }
                    self.leave(inner);
                    self.waiting.fetch_add(1, Ordering::SeqCst);
                    clock = Clock::start(WAIT_TIME);
                }
                seen = Some(posted);
            }
            if clock.is_over() {
                let jobs = self.jobs();
                let posted = news::posted(self.news.load(Ordering::SeqCst));
                let is_news =
                    is_root && self.listed.load(Ordering::SeqCst) != 0 && seen != Some(posted);
                // Who is done after that finds that this thread sleeps, and waits for the lock to tell it.
                let done = job.done.fetch_or(SLEEPS, Ordering::AcqRel);
                if done & !SLEEPS != joined && !is_news {
                    drop(self.left.wait_timeout(jobs, SLEEP_TIME));
                    // The lock is free: handlers of signals may run loops.
                    wait();
                    if is_lost() {
                        return false;
                    }
                }
            }
        }
        if is_root {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
        }
        true
    }

    /// The task of a helper: joins loops until there has been none for a while. `enter` is told of
    /// each, and of the index there, and `leave` afterwards.
    pub fn help(&self, enter: impl Fn(&Job, i64), leave: impl Fn()) {
        loop {
            let seen = news::posted(self.news.load(Ordering::SeqCst));
            if let Some((job, index)) = self.join() {
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
            let mut known = self.news.fetch_add(news::WATCH, Ordering::SeqCst);
            let mut clock = Clock::start(HOT_TIME);
            while news::posted(known) == seen && !clock.is_over() {
                known = self.news.load(Ordering::Acquire);
            }
            known = self.news.fetch_sub(news::WATCH, Ordering::SeqCst);
            if news::posted(known) != seen {
                continue;
            }
            self.awake.fetch_sub(1, Ordering::SeqCst);
            if news::posted(self.news.load(Ordering::SeqCst)) == seen {
                return;
            }
            self.awake.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Leaves a loop that was joined, which its thread may end at once.
    fn leave(&self, job: JobPointer) {
        // SAFETY: the job's thread waits until all who have joined have done this.
        let done = unsafe { (*job.0).done.fetch_add(1, Ordering::AcqRel) };
        if done & SLEEPS != 0 {
            // Its thread sleeps, or holds the lock until it does.
            drop(self.jobs());
            self.left.notify_all();
        }
    }

    /// Joins a loop that wants a helper, and gets an index there.
    fn join(&self) -> Option<(JobPointer, i64)> {
        if let Some(job) = self.join_slot() {
            // SAFETY: a loop that was joined is alive until it is left.
            match self.indices.take(unsafe { (*job.0).limit }) {
                Some(index) => return Some((job, index)),
                None => self.leave(job),
            }
        }
        match self.listed.load(Ordering::SeqCst) {
            0 => None,
            _ => self.join_listed(None),
        }
    }

    /// Takes a place in the slot's loop.
    fn join_slot(&self) -> Option<JobPointer> {
        let mut known = self.news.load(Ordering::SeqCst);
        while news::places(known) != 0 {
            let (set, get) = (Ordering::AcqRel, Ordering::Relaxed);
            match self.news.compare_exchange(known, known - 1, set, get) {
                // It was there before it had places, and stays until who has taken one is done.
                Ok(_) => return Some(JobPointer(self.slot.load(Ordering::Relaxed))),
                Err(now) => known = now,
            }
        }
        None
    }

    /// Joins the oldest loop in the list that wants a helper, and gets an index there. The thread of
    /// an outermost loop, which has one, joins only what is `within` that.
    fn join_listed(&self, within: Option<*const Job>) -> Option<(JobPointer, i64)> {
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
            Some((pointer, index))
        })
    }
}
