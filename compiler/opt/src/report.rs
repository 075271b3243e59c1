//! Facts about the loops of an optimised program, for the driver's report.

use std::collections::{BTreeMap, BTreeSet};

use oxc_index::IndexVec;
use snek_analysis::structure::{Structure, is_loop};
use snek_diagnostics::Span;
use snek_mir::edit;
use snek_mir::ir::{FrameId, Function, FunctionId, OpId, OpKind, Program, Role, SiteId};
use snek_mir::ops::Raises;

use crate::vectorise::widen::Obstacle;

/// Whether a pass has made a loop, by the name of its variable: those of Python have no dot.
fn is_made(variable: Option<&String>) -> bool {
    variable.is_some_and(|name| name.starts_with("made."))
}

/// What passes have to say of loops, beside what they did.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    loops: BTreeMap<(FrameId, u32, u32), LoopNote>,
    parallel: BTreeMap<(FrameId, u32, u32), ParallelNote>,
    shapes: BTreeMap<(FrameId, u32, u32), ShapeNote>,
}

/// That a loop of the source is not one loop of the program.
#[derive(Clone, Debug)]
pub struct ShapeNote {
    /// The Python function that it is written in.
    pub frame: FrameId,
    /// Its line.
    pub line: u32,
    /// The loop.
    pub span: Span,
    /// The name of its variable, if it has one.
    pub variable: Option<String>,
    /// What it is.
    pub shape: LoopShape,
}

/// What a loop of the source became part of, or was taken into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopShape {
    /// One loop with that of this line.
    Fused {
        /// The line.
        with: u32,
    },
    /// Two loops, block by block.
    Split,
    /// Several rows at a time, each one column behind the one above it.
    Skewed,
    /// The sums of several iterations at a time.
    Abreast,
    /// Integers in lanes as narrow as their values are.
    Narrow {
        /// Bits of the widest of them.
        bits: u32,
    },
}

impl ShapeNote {
    fn new(function: &Function, op: OpId, shape: LoopShape) -> Self {
        let site = &function.sites[function.ops[op].site];
        Self {
            frame: site.frame,
            line: site.line,
            span: site.span,
            variable: variable(function, op),
            shape,
        }
    }
}

/// The name of a loop's variable, if it has one.
fn variable(function: &Function, op: OpId) -> Option<String> {
    match &function.ops[op].kind {
        OpKind::For(f) => {
            let induction = function.regions[f.body].params[0];
            function.values[induction].name.clone()
        }
        _ => None,
    }
}

/// What `auto_parallel` did with a loop.
#[derive(Clone, Debug)]
pub struct ParallelNote {
    /// The Python function that it is written in.
    pub frame: FrameId,
    /// Its line.
    pub line: u32,
    /// The loop.
    pub span: Span,
    /// The name of its variable, if it has one.
    pub variable: Option<String>,
    /// Why it stays as it is; `None`: it is parallel where that is worth it.
    pub reason: Option<String>,
}

impl ParallelNote {
    pub(crate) fn new(function: &Function, op: OpId, reason: Option<&str>) -> Self {
        let site = &function.sites[function.ops[op].site];
        Self {
            frame: site.frame,
            line: site.line,
            span: site.span,
            variable: variable(function, op),
            reason: reason.map(str::to_owned),
        }
    }
}

/// What `vectorise` did with a loop.
#[derive(Clone, Debug)]
pub struct LoopNote {
    /// The Python function that it is written in.
    pub frame: FrameId,
    /// Its line.
    pub line: u32,
    /// The loop.
    pub span: Span,
    /// The name of its variable, if it has one.
    pub variable: Option<String>,
    /// What became of it.
    pub became: Became,
}

/// What became of a loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// It does so many iterations at once.
    Lanes {
        /// How many.
        lanes: u8,
        /// There are loops in it.
        outer: bool,
    },
    /// A loop inside does.
    Inner,
    /// It runs as it is written.
    Scalar {
        /// Why: a phrase in which each span's text takes the place of a `{}`.
        reason: String,
        /// The places.
        spans: Vec<Span>,
    },
}

/// What `vectorise` found.
pub(crate) enum Outcome {
    /// See [`Became`].
    Lanes {
        lanes: u8,
        outer: bool,
    },
    Inner,
    Not(Obstacle),
}

/// Stands for the text at a site in the reason of an obstacle; `{}` is the obstacle's own.
pub(crate) fn mark(site: SiteId) -> String {
    format!("{{{}}}", site.index())
}

impl LoopNote {
    pub(crate) fn new(function: &Function, op: OpId, outcome: Outcome) -> Self {
        let site = &function.sites[function.ops[op].site];
        let became = match outcome {
            Outcome::Lanes { lanes, outer } => Became::Lanes { lanes, outer },
            Outcome::Inner => Became::Inner,
            Outcome::Not(obstacle) => scalar(function, &obstacle),
        };
        Self {
            frame: site.frame,
            line: site.line,
            span: site.span,
            variable: variable(function, op),
            became,
        }
    }
}

/// Takes the marks out of a reason.
fn scalar(function: &Function, obstacle: &Obstacle) -> Became {
    let (mut reason, mut spans) = (String::new(), Vec::new());
    let mut rest = obstacle.reason.as_str();
    while let Some((before, behind)) = rest.split_once('{') {
        let Some((number, after)) = behind.split_once('}') else {
            break;
        };
        let site = match number.parse() {
            Ok(index) => SiteId::from_usize(index),
            Err(_) => obstacle.site,
        };
        spans.extend(function.sites.get(site).map(|site| site.span));
        reason.push_str(before);
        reason.push_str("{}");
        rest = after;
    }
    reason.push_str(rest);
    if spans.is_empty() {
        spans.extend(function.sites.get(obstacle.site).map(|site| site.span));
    }
    Became::Scalar { reason, spans }
}

/// Names of a program's functions.
pub(crate) type Names = IndexVec<FunctionId, String>;

pub(crate) fn names(program: &Program) -> Names {
    let name = |f: &Function| program.frames[f.frame].name.clone();
    program.functions.iter().map(name).collect()
}

impl Notes {
    /// Adds what was said of other functions.
    pub(crate) fn merge(&mut self, other: Notes) {
        for note in other.loops.into_values() {
            self.add(note);
        }
        self.shapes.extend(other.shapes);
    }

    /// Two loops are one now.
    pub(crate) fn fused(&mut self, function: &Function, first: OpId, second: OpId) {
        let line = |op: OpId| function.sites[function.ops[op].site].line;
        for (op, other) in [(first, second), (second, first)] {
            let with = line(other);
            self.shape(ShapeNote::new(function, op, LoopShape::Fused { with }));
        }
    }

    /// What a loop has become.
    pub(crate) fn shaped(&mut self, function: &Function, op: OpId, shape: LoopShape) {
        self.shape(ShapeNote::new(function, op, shape));
    }

    fn shape(&mut self, note: ShapeNote) {
        let key = (note.frame, note.span.start, note.span.end);
        if !is_made(note.variable.as_ref()) {
            self.shapes.entry(key).or_insert(note);
        }
    }

    /// Loops that are not loops of their own, in the order of the source.
    pub fn shapes(&self) -> impl Iterator<Item = &ShapeNote> {
        self.shapes.values()
    }

    /// A loop of several versions has the note of the best one.
    pub(crate) fn add(&mut self, note: LoopNote) {
        if is_made(note.variable.as_ref()) {
            return;
        }
        let rank = |became: &Became| match became {
            Became::Lanes { .. } => 2,
            Became::Inner => 1,
            Became::Scalar { .. } => 0,
        };
        let key = (note.frame, note.span.start, note.span.end);
        let Some(known) = self.loops.get_mut(&key) else {
            self.loops.insert(key, note);
            return;
        };
        // Parts that passes make of a loop may have no name.
        let variable = known.variable.clone().or_else(|| note.variable.clone());
        if rank(&note.became) > rank(&known.became) {
            *known = note;
        }
        known.variable = variable;
    }

    /// A loop of several versions has the note of the best one, and what is in a parallel one has none.
    pub(crate) fn add_parallel(&mut self, note: ParallelNote) {
        let holds = |outer: &ParallelNote, inner: &ParallelNote| {
            outer.reason.is_none()
                && outer.frame == inner.frame
                && outer.span.start <= inner.span.start
                && inner.span.end <= outer.span.end
        };
        if self.parallel.values().any(|known| holds(known, &note)) {
            return;
        }
        self.parallel.retain(|_, known| !holds(&note, known));
        let key = (note.frame, note.span.start, note.span.end);
        self.parallel.entry(key).or_insert(note);
    }

    /// What became of plain loops of `@parallel` functions, in the order of the source.
    pub fn parallel(&self) -> impl Iterator<Item = &ParallelNote> {
        self.parallel.values()
    }

    /// In the order of the source.
    pub fn loops(&self) -> impl Iterator<Item = &LoopNote> {
        self.loops.values()
    }
}

/// What is left of a loop in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopReport {
    /// The Python function that it is written in.
    pub frame: FrameId,
    /// Its line.
    pub line: u32,
    /// Runs on all cores.
    pub parallel: bool,
    /// Has no loop inside.
    pub innermost: bool,
    /// Ops in its body that may raise: tests that are left. Of a loop in two versions: of the better one.
    pub checks: usize,
    /// The name of its variable, if it has one.
    pub variable: Option<String>,
}

/// The loops of all functions, in the order of frames and lines. A line has one report: of its version with the fewest
/// checks.
pub fn loop_reports(program: &Program) -> Vec<LoopReport> {
    let mut reports: BTreeMap<(FrameId, u32), LoopReport> = BTreeMap::new();
    // Leaves that stand for what is at the top of a parallel body.
    let tops = program
        .functions
        .iter()
        .filter(|function| function.role == Role::ParallelBody);
    let of_parallel: BTreeSet<FunctionId> = tops
        .flat_map(|function| {
            let ops = function.regions[function.body].ops.iter();
            ops.filter_map(|op| match function.ops[*op].kind {
                OpKind::Call(callee) => Some(callee),
                _ => None,
            })
        })
        .filter(|callee| program.functions[*callee].role == Role::Leaf)
        .collect();
    for (id, function) in program.functions.iter_enumerated() {
        let structure = Structure::new(function);
        for &op in &structure.order {
            let data = &function.ops[op];
            if !is_loop(&data.kind) {
                continue;
            }
            let site = &function.sites[data.site];
            let (mut checks, mut innermost) = (0, true);
            for region in data.kind.regions() {
                for inner in edit::ops_in(function, region) {
                    let kind = &function.ops[inner].kind;
                    innermost &= !is_loop(kind) && !matches!(kind, OpKind::ParallelCall { .. });
                    if let OpKind::Call(callee) = kind {
                        innermost &= program.functions[*callee].role != Role::Leaf;
                    }
                    let raises = match kind {
                        OpKind::Call(callee) => program.functions[*callee].may_raise,
                        kind => kind.properties().raises == Raises::Yes,
                    };
                    checks += usize::from(raises);
                }
            }
            // The loop of a parallel body is the one that no other is around.
            let outermost = structure.loops_around(function, op).is_empty();
            let parallel =
                (function.role == Role::ParallelBody || of_parallel.contains(&id)) && outermost;
            let variable = variable(function, op);
            if is_made(variable.as_ref()) {
                continue;
            }
            let report = LoopReport {
                frame: site.frame,
                line: site.line,
                parallel,
                innermost,
                checks,
                variable,
            };
            let key = (site.frame, site.line);
            match reports.get_mut(&key) {
                Some(known) => {
                    let parallel = known.parallel | report.parallel;
                    if report.checks < known.checks {
                        *known = report;
                    }
                    known.parallel = parallel;
                    // The rounds of a loop are the loop.
                    known.innermost |= innermost;
                }
                None => {
                    reports.insert(key, report);
                }
            }
        }
    }
    reports.into_values().collect()
}
