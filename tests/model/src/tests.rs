//! Small loops, as `par/mod.rs` runs them: threads claim chunks, run them into partials of their own, and keep the lowest failure.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize as Count;
use std::sync::atomic::Ordering::SeqCst;

use loom::cell::UnsafeCell;
use loom::sync::{Mutex, atomic};

use crate::board::{Board, Indices, Job};
use crate::claims::{Claims, Deal};

const PREEMPTIONS: usize = 3;

fn model(run: impl Fn() + Sync + Send + 'static) {
    model_up_to(PREEMPTIONS, run);
}

fn model_up_to(preemptions: usize, run: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(run);
}

loom::thread_local! {
    /// The outermost loop that this thread works on, and its index: `par/team.rs` has the same.
    static ROOT: Cell<*const Job> = Cell::new(std::ptr::null());
    static INDEX: Cell<i64> = Cell::new(0);
}

/// The board and its helpers.
struct Pool {
    board: Board<1>,
    threads: i64,
    /// Helpers that have been asked for. Each is a thread of its own, which ends when it would go to sleep.
    helpers: Mutex<Vec<loom::thread::JoinHandle<()>>>,
}

impl Pool {
    fn new(threads: i64) -> Arc<Pool> {
        // loom's objects belong to one execution, so there is nothing to give back.
        let indices = Box::leak(Box::new(Indices([crate::sync::AtomicU64::new(0)])));
        Arc::new(Pool {
            board: Board::new(threads as usize - 1, indices),
            threads,
            helpers: Mutex::new(Vec::new()),
        })
    }

    /// As `par/team.rs` does it.
    fn run(self: &Arc<Pool>, work: &dyn Fn()) {
        unsafe extern "C" fn call(context: *const u8) {
            // SAFETY: `run` passes its closure, which outlives the job.
            unsafe { (*context.cast::<&dyn Fn()>())() }
        }
        let root = ROOT.with(Cell::get);
        let job = Job::new(call, (&raw const work).cast(), self.threads, root);
        ROOT.with(|known| known.set(job.root()));
        let ask = || {
            let pool = self.clone();
            let helper = loom::thread::spawn(move || pool.help());
            self.helpers.lock().unwrap().push(helper);
        };
        let wanted = self.threads as usize - 1;
        // SAFETY: the closure may be called in several threads; a panic ends the execution.
        unsafe { self.board.run(&job, wanted, ask, || (), || false) };
        ROOT.with(|known| known.set(root));
    }

    fn help(&self) {
        let enter = |job: &Job, index| {
            assert!(0 < index && index < self.threads);
            INDEX.with(|known| known.set(index));
            ROOT.with(|known| known.set(job.root()));
        };
        let leave = || {
            INDEX.with(|known| known.set(0));
            ROOT.with(|known| known.set(std::ptr::null()));
        };
        self.board.help(enter, leave);
    }

    /// Waits until all helpers sleep; none must have missed a loop.
    fn end(&self) {
        loop {
            let helper = self.helpers.lock().unwrap().pop();
            match helper {
                Some(helper) => helper.join().unwrap(),
                None => break,
            }
        }
        assert_eq!(self.board.idle(100), self.board.size as i64);
    }
}

/// A loop of some chunks.
struct Loop {
    claims: Claims,
    /// How often each chunk was run: written without any synchronisation, so loom checks that there is some.
    partials: Vec<UnsafeCell<u32>>,
    failure: Mutex<Option<usize>>,
    /// Which thread has which index, for the time of a chunk.
    scratch: Vec<UnsafeCell<u32>>,
}

impl Loop {
    fn new(pool: &Pool, chunks: usize, deal: Deal) -> Loop {
        Loop {
            claims: Claims::new(chunks, pool.threads as usize, deal),
            partials: (0..chunks).map(|_| UnsafeCell::new(0)).collect(),
            failure: Mutex::new(None),
            scratch: (0..pool.threads).map(|_| UnsafeCell::new(0)).collect(),
        }
    }

    /// Runs it to its end, in all threads that join; `body` says whether a chunk succeeds.
    fn run(&self, pool: &Arc<Pool>, body: &dyn Fn(usize) -> bool) {
        pool.run(&|| _ = self.work(body, || false));
    }

    /// The same in a chunk of another loop: others are asked when some are idle.
    fn run_within(&self, pool: &Arc<Pool>, body: &dyn Fn(usize) -> bool) {
        if self.work(body, || pool.board.idle(pool.threads - 1) > 0) {
            self.run(pool, body);
        }
    }

    /// Runs chunks until there is none left, or others are to be asked.
    fn work(&self, body: &dyn Fn(usize) -> bool, asks: impl Fn() -> bool) -> bool {
        let index = INDEX.with(Cell::get) as usize;
        while let Some((first, end)) = self.claims.claim(index, 2) {
            for chunk in first..end {
                if chunk >= self.claims.needed() {
                    break;
                }
                // SAFETY: loom checks that nobody else has it meanwhile; and so below.
                self.partials[chunk].with_mut(|count| unsafe { *count += 1 });
                self.scratch[index].with_mut(|count| unsafe { *count += 1 });
                if !body(chunk) {
                    self.fail(chunk + 1, chunk);
                }
            }
            if self.claims.is_left() && asks() {
                return true;
            }
        }
        false
    }

    fn fail(&self, needed: usize, why: usize) {
        let mut failure = self.failure.lock().unwrap();
        if self.claims.stop_at(needed) {
            *failure = Some(why);
        }
    }

    /// Up to which chunk all were run; each of them once, none behind a failure that was known.
    fn outcome(&self) -> (usize, Option<usize>) {
        let runs = self
            .partials
            .iter()
            .map(|partial| partial.with(|count| unsafe { *count }));
        let runs: Vec<u32> = runs.collect();
        assert!(runs.iter().all(|count| *count <= 1), "{runs:?}");
        let first = runs.iter().take_while(|count| **count == 1).count();
        (first, *self.failure.lock().unwrap())
    }
}

const fn deal(part: usize, is_timed: bool) -> Deal {
    Deal {
        part,
        least: 1,
        is_timed,
    }
}

const ONE_BY_ONE: Deal = deal(usize::MAX, false);
const HALVES: Deal = deal(2, false);
const STATIC: Deal = deal(1, false);

#[test]
fn every_chunk_is_run_once_and_seen() {
    for deal in [ONE_BY_ONE, HALVES, STATIC, deal(1, true)] {
        model(move || {
            let pool = Pool::new(2);
            let this = Loop::new(&pool, 3, deal);
            this.run(&pool, &|_| true);
            assert_eq!(this.outcome(), (3, None));
            pool.end();
        });
    }
}

#[test]
fn two_helpers_have_indices_of_their_own() {
    // Three threads have many more orders: with one preemption more, some minutes of them.
    model_up_to(PREEMPTIONS - 1, || {
        let pool = Pool::new(3);
        let this = Loop::new(&pool, 2, ONE_BY_ONE);
        this.run(&pool, &|_| true);
        assert_eq!(this.outcome(), (2, None));
        pool.end();
    });
}

#[test]
fn loops_in_a_row_find_the_helper_that_falls_asleep() {
    model(|| {
        let pool = Pool::new(2);
        for _ in 0..2 {
            let this = Loop::new(&pool, 2, ONE_BY_ONE);
            this.run(&pool, &|_| true);
            assert_eq!(this.outcome(), (2, None));
        }
        pool.end();
    });
}

/// Both chunks wait for each other: without a helper the loop would never end.
#[test]
fn a_helper_comes_to_every_loop() {
    model(|| {
        let pool = Pool::new(2);
        for _ in 0..2 {
            let this = Loop::new(&pool, 2, ONE_BY_ONE);
            let met = Arc::new((Mutex::new(0), loom::sync::Condvar::new()));
            this.run(&pool, &|_| {
                let mut here = met.0.lock().unwrap();
                *here += 1;
                met.1.notify_all();
                while *here < 2 {
                    here = met.1.wait(here).unwrap();
                }
                true
            });
            assert_eq!(this.outcome(), (2, None));
        }
        pool.end();
    });
}

#[test]
fn two_threads_share_a_helper() {
    model(|| {
        let pool = Pool::new(2);
        let other = pool.clone();
        let other = loom::thread::spawn(move || {
            let this = Loop::new(&other, 2, ONE_BY_ONE);
            this.run(&other, &|_| true);
            assert_eq!(this.outcome(), (2, None));
        });
        let this = Loop::new(&pool, 2, ONE_BY_ONE);
        this.run(&pool, &|_| true);
        assert_eq!(this.outcome(), (2, None));
        other.join().unwrap();
        pool.end();
    });
}

#[test]
fn loops_within_loops_end() {
    model(|| {
        let pool = Pool::new(2);
        let outer = Loop::new(&pool, 2, ONE_BY_ONE);
        let within = pool.clone();
        outer.run(&pool, &|chunk| {
            if chunk == 1 {
                let inner = Loop::new(&within, 3, ONE_BY_ONE);
                inner.run_within(&within, &|_| true);
                assert_eq!(inner.outcome(), (3, None));
            }
            true
        });
        assert_eq!(outer.outcome(), (2, None));
        pool.end();
    });
}

#[test]
fn a_failure_in_a_loop_within_a_loop_ends_both() {
    model(|| {
        let pool = Pool::new(2);
        let outer = Loop::new(&pool, 3, ONE_BY_ONE);
        let within = pool.clone();
        outer.run(&pool, &|chunk| {
            let inner = Loop::new(&within, 2, ONE_BY_ONE);
            inner.run_within(&within, &|inner| (chunk, inner) != (1, 0));
            inner.outcome().1.is_none()
        });
        let (run, failure) = outer.outcome();
        assert!(run > 1);
        assert_eq!(failure, Some(1));
        pool.end();
    });
}

/// The inner loop's chunks wait for each other, and the thread of the outer one is the only other.
#[test]
fn who_waits_for_a_loop_helps_with_what_is_within() {
    model(|| {
        let pool = Pool::new(2);
        let outer = Loop::new(&pool, 2, ONE_BY_ONE);
        let within = pool.clone();
        let entered = Arc::new((Mutex::new(0), loom::sync::Condvar::new()));
        outer.run(&pool, &|chunk| {
            // Each chunk in a thread of its own.
            let mut here = entered.0.lock().unwrap();
            *here += 1;
            entered.1.notify_all();
            while *here < 2 {
                here = entered.1.wait(here).unwrap();
            }
            drop(here);
            if chunk == 1 {
                let met = Arc::new((Mutex::new(0), loom::sync::Condvar::new()));
                let inner = Loop::new(&within, 2, ONE_BY_ONE);
                inner.run(&within, &|_| {
                    let mut here = met.0.lock().unwrap();
                    *here += 1;
                    met.1.notify_all();
                    while *here < 2 {
                        here = met.1.wait(here).unwrap();
                    }
                    true
                });
            }
            true
        });
        assert_eq!(outer.outcome(), (2, None));
        pool.end();
    });
}

#[test]
fn the_lowest_failure_wins() {
    for (first, deal) in [(1, ONE_BY_ONE), (0, ONE_BY_ONE), (1, HALVES)] {
        model(move || {
            let pool = Pool::new(2);
            let this = Loop::new(&pool, 4, deal);
            this.run(&pool, &|chunk| chunk < first || chunk == 3);
            let (run, failure) = this.outcome();
            assert!(run > first);
            assert_eq!(failure, Some(first));
            pool.end();
        });
    }
}

#[test]
fn an_interrupt_ends_the_loop() {
    static FEWER: Count = Count::new(0);
    model(|| {
        let pool = Pool::new(2);
        let this = Loop::new(&pool, 3, ONE_BY_ONE);
        let pressed = Arc::new(atomic::AtomicBool::new(false));
        let key = pressed.clone();
        let keyboard = loom::thread::spawn(move || key.store(true, atomic::Ordering::Relaxed));
        this.run(&pool, &|chunk| {
            // The thread that entered the loop looks for signals.
            let is_caller = INDEX.with(Cell::get) == 0;
            if is_caller && pressed.load(atomic::Ordering::Relaxed) {
                this.fail(0, 99);
            }
            chunk != 2
        });
        let (run, failure) = this.outcome();
        match failure {
            Some(99) => _ = FEWER.fetch_add(usize::from(run < 3), SeqCst),
            other => assert_eq!((run, other), (3, Some(2))),
        }
        keyboard.join().unwrap();
        pool.end();
    });
    assert!(FEWER.load(SeqCst) > 0, "some orders leave chunks out");
}
