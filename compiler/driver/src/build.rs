//! Builds modules: reads, compiles, writes, and says what happened. Several modules are built at the same time.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use snek_diagnostics::{Diagnostic, InternalError, Severity};

use crate::input::{self, Unit};
use crate::internal;
use crate::messages::{self, Messages};
use crate::options::{Emit, Options};
use crate::output;
use crate::pipeline::{self, Artifact, Context, Stop};
use crate::report::ModuleReport;

/// What became of one module.
#[derive(Debug, Default)]
pub struct Built {
    /// Whether it was made.
    pub ok: bool,
    /// Whether the compiler itself failed.
    pub internal_error: bool,
    /// Messages, rendered.
    pub messages: String,
    /// What `--emit` prints.
    pub text: String,
}

/// The parser and the passes recurse on the source's nesting, which is limited to what fits in here.
const STACK: usize = 256 << 20;

/// Runs `work` on a thread with a stack of its own.
fn with_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, InternalError> {
    thread::scope(|scope| {
        let spawned = thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, work);
        match spawned {
            Ok(handle) => handle
                .join()
                .map_err(|_| InternalError::new("driver", "a compiler thread panicked")),
            Err(error) => Err(InternalError::new(
                "driver",
                format!("cannot start a thread: {error}"),
            )),
        }
    })
}

/// Builds one module.
pub fn build_unit(unit: &Unit, options: &Options, messages: Messages) -> Built {
    match with_stack(|| build_here(unit, options, messages)) {
        Ok(built) => built,
        Err(error) => failed(&error, messages),
    }
}

fn failed(error: &InternalError, messages: Messages) -> Built {
    Built {
        internal_error: true,
        messages: messages.internal_error(error),
        ..Built::default()
    }
}

fn build_here(unit: &Unit, options: &Options, messages: Messages) -> Built {
    let start = Instant::now();
    let mut context = Context::default();
    let result = internal::catch(|| {
        let source = input::read(&unit.source).map_err(|diagnostic| {
            context.diagnostics.push(diagnostic);
            Stop::Refused
        });
        source.and_then(|source| pipeline::compile(unit, &source, options, &mut context))
    });
    let Context {
        sources,
        mut diagnostics,
    } = context;
    let compiled = match result {
        Ok(compiled) => Some(compiled),
        Err(Stop::Refused) => None,
        Err(Stop::Internal(error)) => {
            // What was found until then may be why, so it is shown too.
            let mut built = failed(&error, messages);
            built.messages = messages.diagnostics(&sources, &diagnostics) + &built.messages;
            return built;
        }
    };
    let mut built = Built::default();
    let mut report = None;
    if let Some(compiled) = compiled {
        let mut write = |suffix: &str, bytes: &[u8]| {
            let path = unit.output(suffix);
            if let Some(directory) = path.parent().filter(|_| options.output_dir.is_some()) {
                output::create_dir(directory)?;
            }
            output::write(&path, bytes)?;
            report = Some(path.display().to_string());
            Ok::<(), Diagnostic>(())
        };
        let written = match compiled.artifact {
            Artifact::None => Ok(()),
            Artifact::Text(text) => {
                built.text = text;
                Ok(())
            }
            Artifact::Object(bytes) => write("o", &bytes),
            Artifact::Module(bytes) => write("so", &bytes),
        };
        built.ok = written.is_ok();
        diagnostics.extend(written.err());
        if let (Some(output), false) = (report, options.quiet) {
            let report = ModuleReport {
                source: unit.source.display().to_string(),
                output,
                functions: compiled.functions,
                loops: compiled.loops,
                elapsed: start.elapsed(),
            };
            built.messages = messages.report(&report);
        }
    }
    // The report says why functions stay Python, in one line each.
    if options.quiet || !built.messages.is_empty() {
        diagnostics.retain(|d| d.severity <= Severity::Warning);
    }
    built
        .messages
        .insert_str(0, &messages.diagnostics(&sources, &diagnostics));
    built
}

/// Builds modules on all cores. Messages come in the order of `units`, whatever is ready first.
pub fn build_all(units: &[Unit], options: &Options, messages: Messages) -> Vec<Built> {
    let threads = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(units.len());
    if threads <= 1 {
        return units
            .iter()
            .map(|unit| finish(build_unit(unit, options, messages)))
            .collect();
    }
    let progress = progress_bar(units.len(), options);
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<Built>>> = Mutex::new(units.iter().map(|_| None).collect());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((index, unit)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    units.get(index).map(|unit| (index, unit))
                } {
                    let built = build_unit(unit, options, messages);
                    if let Ok(mut results) = results.lock() {
                        results[index] = Some(built);
                    }
                    progress.inc(1);
                }
            });
        }
    });
    progress.finish_and_clear();
    let results = results
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    results.into_iter().flatten().map(finish).collect()
}

fn finish(built: Built) -> Built {
    messages::say(&built.messages);
    built
}

/// A bar that is seen only if the build takes longer than a moment and someone watches.
fn progress_bar(length: usize, options: &Options) -> ProgressBar {
    if options.quiet || options.emit != Emit::Module {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(length as u64), ProgressDrawTarget::hidden());
    if let Ok(style) = ProgressStyle::with_template("  building {wide_bar} {pos}/{len} modules") {
        bar.set_style(style);
    }
    let weak = bar.downgrade();
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        if let Some(bar) = weak.upgrade().filter(|bar| !bar.is_finished()) {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    });
    bar
}
