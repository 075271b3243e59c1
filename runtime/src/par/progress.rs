//! The bar that `prange(..., progress="label")` shows while it runs: on standard error, if that
//! is a terminal, and nothing otherwise.
//!
//! Only the thread that entered the loop draws, when it looks for signals anyway.

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// Between two looks of the bar; a loop that is over sooner shows none.
const INTERVAL: Duration = Duration::from_millis(100);
/// Characters of the bar.
const WIDTH: usize = 24;

thread_local! {
    /// The label of the loop that this thread is about to run.
    static LABEL: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Sets the label of the loop that follows.
pub fn announce(label: &str) {
    LABEL.with(|slot| {
        let mut slot = slot.borrow_mut();
        slot.clear();
        // One line, whatever the label is.
        slot.extend(label.chars().map(|c| if c.is_control() { ' ' } else { c }));
    });
}

/// How far a loop is.
pub struct Progress {
    label: String,
    total: i64,
    /// Iterations that have been run.
    done: AtomicI64,
    start: Instant,
    /// When it was last drawn; the thread that entered the loop alone looks at it.
    drawn: Cell<Instant>,
    is_shown: Cell<bool>,
}

impl Progress {
    /// For a loop that begins now; `None` if there is no terminal to see it.
    pub fn begin(total: i64) -> Option<Progress> {
        // SAFETY: it looks at a descriptor.
        if unsafe { libc::isatty(2) } != 1 || std::env::var_os("TERM").is_some_and(|t| t == "dumb")
        {
            return None;
        }
        let now = Instant::now();
        Some(Progress {
            label: LABEL.take(),
            total,
            done: AtomicI64::new(0),
            start: now,
            drawn: Cell::new(now),
            is_shown: Cell::new(false),
        })
    }

    /// So many more iterations have been run.
    pub fn add(&self, iterations: i64) {
        self.done.fetch_add(iterations, Ordering::Relaxed);
    }

    /// Draws the bar, if it is time to. In the thread that entered the loop.
    pub fn show(&self) {
        let now = Instant::now();
        if now.duration_since(self.drawn.get()) >= INTERVAL {
            self.drawn.set(now);
            self.draw("");
        }
    }

    /// Leaves the bar behind, as far as it came, if it was ever shown.
    pub fn end(&self) {
        if self.is_shown.get() {
            self.draw("\n");
        }
    }

    fn draw(&self, end: &str) {
        self.is_shown.set(true);
        let line = line(
            &self.label,
            self.done.load(Ordering::Relaxed),
            self.total,
            self.start.elapsed(),
        );
        // There is nobody to tell that the terminal has gone.
        let _ = std::io::stderr().write_all(format!("\r{line}\x1b[K{end}").as_bytes());
    }
}

fn line(label: &str, done: i64, total: i64, elapsed: Duration) -> String {
    let part = (done as f64 / total.max(1) as f64).clamp(0.0, 1.0);
    let full = (part * WIDTH as f64) as usize;
    let bar = format!("{}{}", "█".repeat(full), "·".repeat(WIDTH - full));
    let elapsed = elapsed.as_secs_f64();
    let time = if part > 0.0 && part < 1.0 {
        format!("{:.1} s left", elapsed / part - elapsed)
    } else {
        format!("{elapsed:.1} s")
    };
    let space = if label.is_empty() { "" } else { " " };
    format!(
        "{label}{space}{bar} {:3.0} % {time}",
        (100.0 * part).floor()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar() {
        let second = Duration::from_secs(1);
        let half = line("rendering", 50, 100, second);
        assert_eq!(half, "rendering ████████████············  50 % 1.0 s left");
        assert!(line("", 0, 0, second).ends_with("  0 % 1.0 s"));
        assert!(line("", i64::MAX, i64::MAX, second).ends_with("100 % 1.0 s"));
    }
}
