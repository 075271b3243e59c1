//! The functions that compiled code calls.

use snek_abi::parallel::{Cut, HAS_CHUNK, HAS_THREADS, LOOP_PROGRESS};
use snek_abi::{AccumulatorDesc, CombineFn, ExcKind, FrameInfo, ParallelBody, StrDesc};

use super::{Request, parallel_for, progress, shared};
use crate::guard::guard;
use crate::{exc, host, lock};

/// Runs `body` over `0..trip_count`; see the table. Returns a status.
///
/// # Safety
/// `body` and `combine` must be compiled code for partials of `partial_size` bytes;
/// `partial_initial` and `result` must point to such; what `context` points to must be safe
/// to use from several threads at once. `place` is null or a constant.
#[allow(clippy::too_many_arguments, reason = "the row in the table")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn snek_rt_parallel_for(
    body: ParallelBody,
    combine: CombineFn,
    context: *const u8,
    trip_count: i64,
    partial_size: i64,
    partial_initial: *const u8,
    result: *mut u8,
    cut: i64,
    place: *const FrameInfo,
    line: i64,
) -> i32 {
    guard(1, || {
        let request = Request {
            body,
            combine,
            context,
            trip_count,
            chunk: 0,
            threads: 0,
            partial_size: partial_size.max(0) as usize,
            initial: partial_initial,
            result,
            schedule: 0,
            accumulators: core::ptr::null(),
            accumulator_count: 0,
            context_size: 0,
            cut: Cut::from_bits(cut),
            progress: false,
            place,
            line,
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
    cut: i64,
    flags: i64,
    place: *const FrameInfo,
    line: i64,
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
            cut: Cut::from_bits(cut),
            progress: flags & LOOP_PROGRESS != 0,
            place,
            line,
        };
        // SAFETY: the caller's promise.
        unsafe { parallel_for(&request) }
    })
}

/// Whether another thread could do one of two tasks.
#[unsafe(no_mangle)]
pub extern "C" fn snek_rt_join_wanted() -> i32 {
    let (depth, limit) = super::JOINS.get();
    if depth != 0 {
        return i32::from(depth < limit);
    }
    guard(0, || i32::from(super::join_limit() > 0))
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

/// Sets the label of the loop that follows.
///
/// # Safety
/// `label` must be valid for `length` bytes of UTF-8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn snek_rt_parallel_progress(label: *const u8, length: i64) {
    let label = StrDesc {
        data: label,
        length,
    };
    // SAFETY: the caller's promise.
    guard((), || progress::announce(unsafe { label.as_str() }));
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
    guard(1, || shared().thread_count())
}

/// Sets how many threads parallel loops of the process use at most. Returns a status.
#[unsafe(no_mangle)]
pub extern "C" fn snek_rt_set_num_threads(count: i64) -> i32 {
    guard(1, || {
        let status = snek_rt_parallel_options(HAS_THREADS, 0, count);
        if status == 0 {
            shared().set_thread_count(count);
        }
        status
    })
}

/// Sets how many threads loops of this thread use at most, up to the end. Returns a status.
#[unsafe(no_mangle)]
pub extern "C" fn snek_rt_threads_begin(count: i64) -> i32 {
    guard(1, || {
        let status = snek_rt_parallel_options(HAS_THREADS, 0, count);
        if status == 0 {
            lock::hold_threads(count);
        }
        status
    })
}

/// The end of what was begun last.
#[unsafe(no_mangle)]
pub extern "C" fn snek_rt_threads_end() {
    guard((), lock::release_threads);
}

/// The number of this thread among those that work on a loop, from 0.
#[unsafe(no_mangle)]
pub extern "C" fn snek_rt_thread_index() -> i64 {
    guard(0, || shared().thread_index())
}
