//! Parallel loops with bodies written in Rust, as compiled code would be.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use snek_abi::ExcKind;

use super::entries::*;
use crate::exc::{self, Raised};
use crate::print::entries::*;

/// The pool's size is the process's: tests that set it take turns.
static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn with_threads<T>(threads: i64, test: impl FnOnce() -> T) -> T {
    let _turn = TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    snek_rt_set_num_threads(threads);
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
    let mut result = 10.0f64;
    let zero = 0.0f64;
    // SAFETY: body, combiner and partials agree on a double.
    let status = unsafe {
        snek_rt_parallel_for(
            add_harmonics,
            Some(add),
            std::ptr::null(),
            count,
            chunk,
            0,
            8,
            std::ptr::from_ref(&zero).cast(),
            std::ptr::from_mut(&mut result).cast(),
        )
    };
    assert_eq!(status, 0);
    result
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    for count in [0, 1, 2, 3, 7, 255, 256, 257, 1000, 100_003] {
        for chunk in [0, 1, 10] {
            let expected = with_threads(1, || harmonic(count, chunk));
            for threads in [2, 3, 8] {
                let other = with_threads(threads, || harmonic(count, chunk));
                assert_eq!(other.to_bits(), expected.to_bits());
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
    let run = || {
        let (zero, mut result) = (0.0f64, 0.0f64);
        // SAFETY: body, combiner and partials agree on a double.
        let status = unsafe {
            snek_rt_parallel_for(
                nested,
                Some(add),
                std::ptr::null(),
                600,
                0,
                0,
                8,
                std::ptr::from_ref(&zero).cast(),
                std::ptr::from_mut(&mut result).cast(),
            )
        };
        assert_eq!(status, 0);
        result.to_bits()
    };
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
            0,
            0,
            std::ptr::null(),
            std::ptr::null_mut(),
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
