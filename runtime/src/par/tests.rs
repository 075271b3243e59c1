//! Parallel loops with bodies written in Rust, as compiled code would be.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use snek_abi::ExcKind;

use super::claims::{Claims, Deal};
use super::entries::*;
use crate::exc::{self, Raised};
use crate::print::entries::*;

/// The pool's size is the process's: tests that set it take turns.
static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn with_threads<T>(threads: i64, test: impl FnOnce() -> T) -> T {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    super::own_pool().set_thread_count(threads);
    test()
}

unsafe extern "C" fn add_harmonics(_context: *const u8, lo: i64, hi: i64, partial: *mut u8) -> i32 {
    let partial = partial.cast::<f64>();
    for i in lo..hi {
        // SAFETY: the partial is a double.
        unsafe { *partial += 1.0 / (i + 1) as f64 };
    }
    0
}

unsafe extern "C" fn add(accumulator: *mut u8, other: *const u8) -> i32 {
    // SAFETY: both are doubles.
    unsafe { *accumulator.cast::<f64>() += *other.cast::<f64>() };
    0
}

fn harmonic(count: i64, chunk: i64) -> f64 {
    folded(add_harmonics, count, chunk, 0, 1)
}

/// Folds a loop into 10.0.
fn folded(body: snek_abi::ParallelBody, count: i64, chunk: i64, schedule: i64, grain: i64) -> f64 {
    let (status, result) = try_folded(body, count, chunk, schedule, grain);
    assert_eq!(status, 0);
    result
}

fn try_folded(
    body: snek_abi::ParallelBody,
    count: i64,
    chunk: i64,
    schedule: i64,
    grain: i64,
) -> (i32, f64) {
    let mut result = 10.0f64;
    let zero = 0.0f64;
    // SAFETY: body, combiner and partials agree on a double.
    let status = unsafe {
        snek_rt_parallel_for_with(
            body,
            Some(add),
            std::ptr::null(),
            count,
            chunk,
            0,
            8,
            std::ptr::from_ref(&zero).cast(),
            std::ptr::from_mut(&mut result).cast(),
            schedule,
            std::ptr::null(),
            0,
            0,
            grain,
            0,
            std::ptr::null(),
            0,
        )
    };
    (status, result)
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    for count in [0, 1, 2, 3, 7, 255, 256, 257, 1000, 100_003] {
        for grain in [1, 64, 4096] {
            let loop_of = |chunk, schedule| folded(add_harmonics, count, chunk, schedule, grain);
            let expected = with_threads(1, || loop_of(0, 0)).to_bits();
            for threads in [1, 2, 3, 8] {
                for (chunk, schedule) in [(0, 0), (1, 0), (10, 2), (0, 1), (0, 2), (0, 3), (7, 3)] {
                    let other = with_threads(threads, || loop_of(chunk, schedule));
                    assert_eq!(other.to_bits(), expected);
                }
            }
        }
    }
    assert_eq!(with_threads(2, || harmonic(0, 0)), 10.0);
}

unsafe extern "C" fn nested(_context: *const u8, lo: i64, hi: i64, partial: *mut u8) -> i32 {
    for i in lo..hi {
        // SAFETY: the partial is a double.
        unsafe { *partial.cast::<f64>() += harmonic(i, 0) };
    }
    0
}

#[test]
fn nested_loops_run_in_the_same_chunks() {
    let run = || folded(nested, 600, 0, 0, 1).to_bits();
    assert_eq!(with_threads(1, run), with_threads(4, run));
}

static RUN: AtomicI64 = AtomicI64::new(0);

/// Raises at every multiple of 1000 from 5000 on, and prints each multiple of 1000.
unsafe extern "C" fn fail(_context: *const u8, lo: i64, hi: i64, _partial: *mut u8) -> i32 {
    for i in lo..hi {
        RUN.fetch_add(1, Ordering::Relaxed);
        if i % 1000 == 0 {
            snek_rt_print_begin();
            snek_rt_print_int(i);
            snek_rt_print_end(0);
            if i >= 5000 {
                snek_rt_exc_begin_int(i);
                return 1;
            }
        }
    }
    0
}

fn snek_rt_exc_begin_int(value: i64) {
    exc::raise(ExcKind::ValueError, vec![exc::Argument::Int(value)]);
}

fn run_without_result(body: snek_abi::ParallelBody, count: i64) -> i32 {
    // SAFETY: the body uses neither context nor partial.
    unsafe {
        snek_rt_parallel_for(
            body,
            None,
            std::ptr::null(),
            count,
            0,
            std::ptr::null(),
            std::ptr::null_mut(),
            1,
            std::ptr::null(),
            0,
        )
    }
}

static WRITTEN: std::sync::Mutex<Vec<u8>> = std::sync::Mutex::new(Vec::new());

#[test]
fn the_lowest_exception_wins() {
    crate::host::set(crate::host::Host {
        write: |text, _| {
            WRITTEN.lock().unwrap().extend_from_slice(text);
            true
        },
        poll: || true,
    });
    for threads in [1, 2, 4] {
        for _ in 0..20 {
            let status = with_threads(threads, || run_without_result(fail, 1_000_000));
            assert_eq!(status, 1);
            let pending = exc::take().expect("an exception is pending");
            assert_eq!(
                pending.raised,
                Raised::Builtin(ExcKind::ValueError, vec![exc::Argument::Int(5000)])
            );
        }
    }
    assert!(
        RUN.load(Ordering::Relaxed) < 60 * 100_000,
        "chunks after a failure are skipped"
    );
}

static ALL_THERE: AtomicUsize = AtomicUsize::new(0);

/// Ends only when two threads are in it at once.
unsafe extern "C" fn meet(_context: *const u8, _lo: i64, _hi: i64, _partial: *mut u8) -> i32 {
    ALL_THERE.fetch_add(1, Ordering::SeqCst);
    let start = std::time::Instant::now();
    while ALL_THERE.load(Ordering::SeqCst) < 2 && start.elapsed().as_secs() < 20 {
        std::thread::yield_now();
    }
    0
}

#[test]
fn two_threads_work_at_once() {
    with_threads(2, || {
        for _ in 0..50 {
            ALL_THERE.store(0, Ordering::SeqCst);
            let start = std::time::Instant::now();
            assert_eq!(run_without_result(meet, 2), 0);
            assert!(start.elapsed().as_secs() < 20);
        }
    });
}

#[test]
fn loops_of_several_threads_do_not_disturb_each_other() {
    with_threads(3, || {
        let expected = harmonic(10_000, 0).to_bits();
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    for _ in 0..300 {
                        assert_eq!(harmonic(10_000, 0).to_bits(), expected);
                    }
                });
            }
        });
    });
}

#[test]
fn a_forked_child_has_a_pool_of_its_own() {
    with_threads(2, || {
        let expected = harmonic(10_000, 0);
        // SAFETY: the child only computes and exits.
        unsafe {
            let child = libc::fork();
            if child == 0 {
                let well = harmonic(10_000, 0) == expected;
                let grandchild = libc::fork();
                if grandchild == 0 {
                    libc::_exit(i32::from(harmonic(10_000, 0) != expected));
                }
                let mut status = 0;
                libc::waitpid(grandchild, &mut status, 0);
                libc::_exit(i32::from(!well || status != 0));
            }
            let mut status = -1;
            libc::waitpid(child, &mut status, 0);
            assert_eq!(status, 0);
        }
        assert_eq!(harmonic(10_000, 0), expected);
    });
}

static INNER: [AtomicI64; 8] = [const { AtomicI64::new(0) }; 8];

/// Counts in which threads it runs, and takes a moment.
unsafe extern "C" fn linger(_context: *const u8, lo: i64, hi: i64, _partial: *mut u8) -> i32 {
    let index = snek_rt_thread_index();
    assert!(index < snek_rt_num_threads());
    for _ in lo..hi {
        INNER[index as usize].fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    0
}

unsafe extern "C" fn around(_context: *const u8, lo: i64, hi: i64, _partial: *mut u8) -> i32 {
    // All but one of these are over at once.
    for i in lo..hi {
        if i == 1 && run_without_result(linger, 256) != 0 {
            return 1;
        }
    }
    0
}

#[test]
fn loops_in_loops_have_the_idle_threads() {
    with_threads(4, || {
        INNER
            .iter()
            .for_each(|count| count.store(0, Ordering::Relaxed));
        assert_eq!(run_without_result(around, 2), 0);
        let counts: Vec<i64> = INNER
            .iter()
            .map(|count| count.load(Ordering::Relaxed))
            .collect();
        assert_eq!(counts.iter().sum::<i64>(), 256);
        // The thread that waits for the outer loop helps, too.
        assert!(counts[..4].iter().all(|count| *count > 0), "{counts:?}");
        assert_eq!(counts[4..], [0; 4]);
    });
}

/// Prints, and fails at the last of the inner ones.
unsafe extern "C" fn print_inner(context: *const u8, lo: i64, hi: i64, _partial: *mut u8) -> i32 {
    // SAFETY: the outer body passes its index.
    let outer = unsafe { *context.cast::<i64>() };
    for i in lo..hi {
        snek_rt_print_begin();
        snek_rt_print_int(100 * outer + i);
        snek_rt_print_end(0);
        std::thread::sleep(std::time::Duration::from_micros(300));
        if outer >= 2 && i >= 5 {
            snek_rt_exc_begin_int(100 * outer + i);
            return 1;
        }
    }
    0
}

unsafe extern "C" fn print_outer(_context: *const u8, lo: i64, hi: i64, _partial: *mut u8) -> i32 {
    for i in lo..hi {
        snek_rt_print_begin();
        snek_rt_print_int(-i);
        snek_rt_print_end(0);
        // SAFETY: the inner body takes the index.
        let status = unsafe {
            snek_rt_parallel_for(
                print_inner,
                None,
                std::ptr::from_ref(&i).cast(),
                10,
                0,
                std::ptr::null(),
                std::ptr::null_mut(),
                1,
                std::ptr::null(),
                0,
            )
        };
        if status != 0 {
            return 1;
        }
    }
    0
}

#[test]
fn loops_in_loops_print_and_raise_in_order() {
    for threads in [1, 2, 4, 8] {
        for _ in 0..5 {
            let all = with_threads(threads, || {
                let _keeping = crate::print::Capture::begin();
                assert_eq!(run_without_result(print_outer, 4), 1);
                crate::print::take_captured().text
            });
            let pending = exc::take().expect("an exception is pending");
            assert_eq!(
                pending.raised,
                Raised::Builtin(ExcKind::ValueError, vec![exc::Argument::Int(205)])
            );
            let mut expected = Vec::new();
            for outer in 0..3 {
                expected.push(-outer);
                expected.extend((0..if outer == 2 { 6 } else { 10 }).map(|i| 100 * outer + i));
            }
            let printed = expected.iter().map(i64::to_string).collect::<String>();
            assert_eq!(String::from_utf8_lossy(&all), printed);
        }
    }
}

#[test]
fn a_thread_may_have_a_count_of_its_own() {
    with_threads(3, || {
        let pool = super::own_pool();
        assert_eq!(pool.set_thread_count_here(5), 0);
        assert_eq!(pool.thread_count(), 5);
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(pool.thread_count(), 3));
        });
        assert_eq!(pool.set_thread_count_here(0), 5);
        assert_eq!(pool.thread_count(), 3);
    });
}

/// Splits a million iterations as random numbers say, with inner loops and failures.
#[test]
fn random_loops_agree_with_serial_ones() {
    let mut state = 12345u64;
    let mut random = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    let rounds = std::env::var("SNEK_STRESS").map_or(1000, |text| text.parse().unwrap_or(1000));
    for _ in 0..rounds {
        let (count, grain) = (random(3000) as i64, 1 << random(8));
        let (chunk, schedule) = (random(20) as i64, random(4) as i64);
        let body = [add_harmonics, nested, fail_some][random(3) as usize];
        let count = if std::ptr::fn_addr_eq(body, nested as snek_abi::ParallelBody) {
            count / 10
        } else {
            count
        };
        let run = || {
            let (status, result) = try_folded(body, count, chunk, schedule, grain);
            (
                status,
                result.to_bits(),
                exc::take().map(|pending| pending.raised),
            )
        };
        let expected = with_threads(1, run);
        let other = with_threads(2 + random(6) as i64, run);
        if expected.0 == 0 {
            assert_eq!(expected, other);
        } else {
            assert_eq!((expected.0, expected.2), (other.0, other.2));
        }
    }
}

/// Raises from the iteration 1777 on, in some of them.
unsafe extern "C" fn fail_some(context: *const u8, lo: i64, hi: i64, partial: *mut u8) -> i32 {
    for i in lo..hi {
        if i >= 1777 && i % 7 == 0 {
            snek_rt_exc_begin_int(i);
            return 1;
        }
        // SAFETY: as for this.
        unsafe { add_harmonics(context, i, i + 1, partial) };
    }
    0
}

fn claims_of(chunks: usize, threads: usize, part: usize) -> Claims {
    let is_timed = part == 4;
    Claims::new(
        chunks,
        threads,
        Deal {
            part,
            least: 1,
            is_timed,
        },
    )
}

#[test]
fn one_thread_claims_all() {
    for chunks in [1, 2, 3, 15, 16, 17, 256, 1 << 16] {
        for (threads, part) in [(1, 1), (2, 1), (2, 2), (3, 4), (16, 4), (40, usize::MAX)] {
            let claims = claims_of(chunks, threads, part);
            let mut seen = vec![0; chunks];
            while let Some((first, end)) = claims.claim(5, 3) {
                assert!(first < end);
                seen[first..end].iter_mut().for_each(|count| *count += 1);
            }
            assert!(!claims.is_left() && seen.iter().all(|count| *count == 1));
        }
    }
}

#[test]
fn threads_claim_each_chunk_once() {
    for round in 0..200 {
        let claims = claims_of(
            1 + 7 * round,
            1 + round % 20,
            [1, 2, 4, usize::MAX][round % 4],
        );
        let counts: Vec<AtomicUsize> = (0..1 + 7 * round).map(|_| AtomicUsize::new(0)).collect();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (claims, counts) = (&claims, &counts);
                scope.spawn(move || {
                    while let Some((first, end)) = claims.claim(thread, 1 + thread) {
                        for count in &counts[first..end] {
                            count.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert!(
            counts
                .iter()
                .all(|count| count.load(Ordering::Relaxed) == 1)
        );
    }
}

#[test]
fn static_shares_are_halves() {
    let claims = claims_of(10, 2, 1);
    assert_eq!(claims.claim(1, 1), Some((5, 10)));
    assert_eq!(claims.claim(1, 1), Some((0, 5)));
    assert_eq!(claims.claim(0, 1), None);
}

#[test]
fn the_rear_half_is_taken_over() {
    let claims = claims_of(16, 2, usize::MAX);
    assert_eq!(claims.claim(0, 1), Some((0, 1)));
    for chunk in 8..16 {
        assert_eq!(claims.claim(1, 1), Some((chunk, chunk + 1)));
    }
    assert_eq!(claims.claim(1, 1), Some((4, 5)));
    assert_eq!(claims.claim(0, 1), Some((1, 2)));
    assert_eq!(claims.claim(1, 1), Some((5, 6)));
}
