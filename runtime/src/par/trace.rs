//! The timeline of chunks that `SNEK_TRACE=file.json` asks for, in the Chrome trace format.
//!
//! All modules record into the pool's, which writes the file at the exit of the process that
//! began it: a forked child records and writes nothing. Where it is off, a loop loads one flag.

use std::cell::Cell;
use std::fmt::Write;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::sync::{Mutex, MutexGuard};
use super::team;

/// Whether this module records.
static ON: AtomicBool = AtomicBool::new(false);
/// Chunks that are kept at most: some 70 MB.
const EVENTS_MAX: usize = 1 << 20;

/// A chunk that has been run.
#[repr(C)]
pub struct Event {
    /// The name of the function, which must live for ever.
    pub name: *const u8,
    /// Its bytes.
    pub length: usize,
    /// The line of the loop.
    pub line: i64,
    /// Its first iteration.
    pub from: i64,
    /// The one behind its last.
    pub to: i64,
    /// By [`now`].
    pub begin: u64,
    /// By [`now`].
    pub end: u64,
}

/// An event, and the thread.
struct Record {
    event: Event,
    thread: u32,
}

// SAFETY: the name lives for ever and is never written to.
unsafe impl Send for Record {}

/// What this process has recorded.
#[derive(Default)]
struct Timeline {
    process: u32,
    records: Vec<Record>,
    /// Threads by their number, and their index when first seen.
    threads: Vec<(u32, i64)>,
    lost: usize,
}

static TIMELINE: Mutex<Option<Timeline>> = Mutex::new(None);
/// The process that records. A forked child must not touch the lock: it may be held for ever.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// Begins to record, if the environment asks for it.
pub fn start() {
    if path().is_some() {
        ON.store(true, Ordering::Relaxed);
    }
}

/// Whether to record.
#[inline]
pub fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Nanoseconds on a clock that all modules share.
pub fn now() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: it writes to what it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The file to write: `%p` in its name is the process.
fn path() -> Option<String> {
    let path = std::env::var("SNEK_TRACE").ok()?;
    let process = std::process::id().to_string();
    (!path.is_empty()).then(|| path.replace("%p", &process))
}

fn timeline() -> MutexGuard<'static, Option<Timeline>> {
    TIMELINE
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A small number for this thread.
fn thread() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    thread_local! {
        static NUMBER: Cell<u32> = const { Cell::new(0) };
    }
    if NUMBER.get() == 0 {
        NUMBER.set(NEXT.fetch_add(1, Ordering::Relaxed));
    }
    NUMBER.get()
}

/// Keeps an event of this thread.
///
/// # Safety
/// The event must be alive, and its name for ever.
pub unsafe extern "C" fn record(event: *const Event) {
    let process = std::process::id();
    let first = PROCESS.compare_exchange(0, process, Ordering::Relaxed, Ordering::Relaxed);
    if first.is_err_and(|first| first != process) {
        return;
    }
    static EXIT: Once = Once::new();
    EXIT.call_once(at_exit);
    let mut timeline = timeline();
    let timeline = timeline.get_or_insert_with(Timeline::default);
    timeline.process = process;
    let thread = thread();
    if timeline.threads.iter().all(|(known, _)| *known != thread) {
        timeline.threads.push((thread, team::thread_index()));
    }
    if timeline.records.len() >= EVENTS_MAX {
        timeline.lost += 1;
        return;
    }
    // SAFETY: the caller's promise.
    let event = unsafe { event.read() };
    timeline.records.push(Record { event, thread });
}

fn at_exit() {
    extern "C" fn exit(_: *mut u8) {
        if PROCESS.load(Ordering::Relaxed) != std::process::id() {
            return;
        }
        crate::guard::guard((), || {
            let timeline = timeline().take();
            if let (Some(timeline), Some(path)) = (timeline, path()) {
                // There is nobody to tell.
                let _ = std::fs::write(path, text(&timeline));
            }
        });
    }
    unsafe extern "C" {
        // What `atexit` calls; that one is in a static part of the C library.
        fn __cxa_atexit(exit: extern "C" fn(*mut u8), argument: *mut u8, library: *const u8)
        -> i32;
    }
    // SAFETY: Python never unloads a module, so the function is there at the end.
    unsafe { __cxa_atexit(exit, std::ptr::null_mut(), std::ptr::null()) };
}

fn text(timeline: &Timeline) -> String {
    let process = timeline.process;
    let mut out = String::from("{\"displayTimeUnit\": \"ms\", \"traceEvents\": [");
    for (thread, index) in &timeline.threads {
        let name = match index {
            0 => "caller".to_owned(),
            index => format!("snek-{index}"),
        };
        let _ = write!(
            out,
            "\n{{\"ph\": \"M\", \"pid\": {process}, \"tid\": {thread}, \"name\": \"thread_name\", \
             \"args\": {{\"name\": \"{name}\"}}}},"
        );
    }
    let micros = |nanos: u64| format!("{}.{:03}", nanos / 1000, nanos % 1000);
    for Record { event, thread } in &timeline.records {
        // SAFETY: as `record` was promised.
        let name = unsafe { std::slice::from_raw_parts(event.name, event.length) };
        // A Python identifier needs no escapes.
        let name = String::from_utf8_lossy(name);
        let Event {
            line,
            from,
            to,
            begin,
            end,
            ..
        } = event;
        let _ = write!(
            out,
            "\n{{\"ph\": \"X\", \"pid\": {process}, \"tid\": {thread}, \"cat\": \"prange\", \
             \"name\": \"{name}:{line}\", \"ts\": {}, \"dur\": {}, \
             \"args\": {{\"from\": {from}, \"to\": {to}}}}},",
            micros(*begin),
            micros(end.saturating_sub(*begin)),
        );
    }
    let lost = timeline.lost;
    let _ = write!(
        out,
        "\n{{\"ph\": \"M\", \"pid\": {process}, \"name\": \"process_labels\", \
         \"args\": {{\"labels\": \"{lost} chunks left out\"}}}}\n]}}\n"
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeline_is_json() {
        let name = "render";
        let event = |begin, end| Event {
            name: name.as_ptr(),
            length: name.len(),
            line: 7,
            from: 0,
            to: 10,
            begin,
            end,
        };
        let timeline = Timeline {
            process: 1,
            records: vec![Record {
                event: event(1_000_500, 1_002_000),
                thread: 1,
            }],
            threads: vec![(1, 0), (2, 3)],
            lost: 0,
        };
        let text = text(&timeline);
        assert!(text.contains("\"name\": \"render:7\", \"ts\": 1000.500, \"dur\": 1.500,"));
        assert!(text.contains("{\"name\": \"caller\"}") && text.contains("{\"name\": \"snek-3\"}"));
        assert_eq!(text.matches('{').count(), text.matches('}').count());
        assert!(!text.contains(",\n]"));
    }
}
