//! The list of passes, in order.
//!
//! Passes that follow each other and look at one function alone run on several functions at a time: what comes out does
//! not depend on the threads.

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use snek_diagnostics::InternalError;
use snek_mir::ir::{Function, FunctionId, Program};
use snek_mir::verify::verify;

use crate::report::{Names, Notes, names};
use crate::{
    abreast, auto_parallel, balance, bitwidth, carry, cse, dce, divide, effects, fuse, grain,
    guard, ifconvert, inline, interchange, jam, leaf, licm, masked, outline, promote, prove,
    search, share, simplify, sink, skew, split, strength, tally, tasks, tile, unblock, unfold,
    units, unroll, vector_math, vectorise, version,
};

/// How much to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What code generation needs.
    O0,
    /// All.
    O2,
}

/// How to run the pipeline.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How much to do.
    pub level: Level,
    /// Verify MIR after every pass.
    pub verify: bool,
}

impl Options {
    /// The options of a level; MIR is verified in debug builds.
    pub fn new(level: Level) -> Self {
        let verify = cfg!(debug_assertions);
        Self { level, verify }
    }
}

/// What a pass works on.
#[derive(Clone, Copy)]
enum Run {
    /// One function, whatever the others are.
    Local(fn(&mut Function)),
    /// The same, with something to say of its loops.
    Loops(fn(&mut Function, &Names, &mut Notes)),
    /// One function, seen with the others; gives what is to take its place, and may have something to say of its loops.
    Rewrite(fn(&Program, FunctionId, &Names, &mut Notes) -> Option<Function>),
    /// All of them.
    Whole(fn(&mut Program)),
    /// The same, with something to say of loops.
    Noted(fn(&mut Program, &mut Notes)),
}

/// A step of the pipeline.
pub struct Pass {
    /// Its name, for `--emit mir:after=NAME` and for tests.
    pub name: &'static str,
    /// It runs at this level and above.
    pub level: Level,
    run: Run,
}

const fn at(level: Level, name: &'static str, run: Run) -> Pass {
    Pass { name, level, run }
}

use Level::{O0, O2};
use Run::{Local, Loops, Noted, Rewrite, Whole};

/// THE list. A pass may be there several times.
pub const PASSES: &[Pass] = &[
    // Conditions under which the race check accepted a loop.
    at(O0, "guard", Whole(guard::run)),
    at(O0, "grain", Whole(grain::run)),
    // Below the last `join` that has another thread's help there is no need of any.
    at(O2, "tasks", Whole(tasks::run)),
    // Make functions small, then bring them together.
    at(O2, "simplify", Local(simplify::run)),
    at(O2, "inline", Whole(inline::run)),
    at(O2, "forms", Whole(vector_math::keep_needed)),
    at(O2, "effects", Whole(effects::run)),
    at(O2, "unblock", Local(unblock::run)),
    at(O2, "simplify", Local(simplify::run)),
    at(O2, "cse", Local(cse::run)),
    at(O2, "dce", Local(dce::run)),
    // Conditions before a loop need the extents that its inner loops end at.
    at(O2, "extents", Local(licm::extents)),
    at(O2, "cse", Local(cse::run)),
    // Take checks out by proof, then by testing once before a loop.
    at(O2, "prove", Local(prove::run)),
    at(O2, "simplify", Local(simplify::run)),
    at(O2, "dce", Local(dce::run)),
    // What is proved of one level of a recursion holds in its copies.
    at(O2, "unfold", Whole(unfold::run)),
    at(O2, "version", Local(version::run)),
    at(O2, "prove", Local(prove::run)),
    at(O2, "simplify", Local(simplify::run)),
    at(O2, "auto_parallel", Noted(auto_parallel::run)),
    at(O2, "divide", Local(divide::run)),
    // Nothing is proved any more: code that moves leaves the place where its proofs hold.
    at(O2, "sink", Local(sink::run)),
    at(O2, "ifconvert", Local(ifconvert::run)),
    at(O2, "simplify", Local(simplify::run)),
    at(O2, "share", Local(share::run)),
    at(O2, "cse", Local(cse::run)),
    at(O2, "licm", Local(licm::run)),
    at(O2, "cse", Local(cse::run)),
    at(O2, "dce", Local(dce::run)),
    // What code generation wants. Vectors do not cross functions, so they come after.
    at(O0, "outline", Whole(outline::run)),
    // Loops: small ones are unrolled, neighbours become one, sums come inside and read what lies close together, the best
    // of each nest run in lanes, and several iterations of loops around share what they read.
    at(O2, "unroll", Local(unroll::run)),
    at(O2, "simplify", Local(simplify::run)),
    at(O2, "fuse", Loops(fuse::run)),
    at(O2, "cse", Local(cse::run)),
    at(O2, "interchange", Local(interchange::run)),
    at(O2, "tile", Local(tile::run)),
    at(O2, "search", Local(search::run)),
    at(O2, "skew", Loops(skew::run)),
    at(O2, "abreast", Loops(abreast::run)),
    at(O2, "cse", Local(cse::run)),
    at(O2, "split", Rewrite(split::run)),
    at(O2, "bitwidth", Loops(bitwidth::run)),
    at(O2, "together", Whole(tile::together)),
    at(O2, "vector_math", Rewrite(vector_math::run)),
    at(O2, "vectorise", Loops(vectorise::run)),
    at(O2, "chunk_math", Rewrite(vector_math::chunks)),
    at(O2, "chunks", Loops(vectorise::chunks)),
    at(O2, "licm", Local(licm::run)),
    at(O2, "jam_chunks", Local(jam::chunks)),
    at(O2, "jam", Local(jam::run)),
    at(O2, "licm", Local(licm::run)),
    // Loops that stay scalar.
    at(O2, "promote", Local(promote::run)),
    at(O2, "masked", Local(masked::run)),
    at(O2, "tally", Local(tally::run)),
    at(O2, "carry", Local(carry::run)),
    at(O2, "balance", Local(balance::run)),
    at(O2, "strength", Local(strength::run)),
    at(O2, "cse", Local(cse::run)),
    at(O2, "dce", Local(dce::run)),
    at(O0, "no_forms", Whole(|p| p.vector_forms.clear())),
    at(O0, "effects", Whole(effects::run)),
    at(O2, "units", Whole(units::run)),
    at(O2, "leaf", Whole(leaf::run)),
];

/// Optimises a program that has been verified and checked for races.
pub fn optimise(program: &mut Program, options: Options) -> Result<Notes, InternalError> {
    let passes: Vec<&Pass> = at_level(options.level).collect();
    let is_local = |pass: &Pass| matches!(pass.run, Local(_) | Loops(_));
    // One after the other where each is looked at.
    let groups = passes.chunk_by(|a, b| !options.verify && is_local(a) && is_local(b));
    run_groups(program, groups, |program, group| match options.verify {
        true => check(program, group[0].name),
        false => Ok(()),
    })
}

/// Optimises a program and shows it after each pass.
pub fn optimise_observed(
    program: &mut Program,
    options: Options,
    observe: &mut dyn FnMut(&str, &Program),
) -> Result<Notes, InternalError> {
    let passes: Vec<&Pass> = at_level(options.level).collect();
    run_groups(program, passes.chunks(1), |program, group| {
        if options.verify {
            check(program, group[0].name)?;
        }
        observe(group[0].name, program);
        Ok(())
    })
}

/// Runs one pass by its name, for tests; whether there is such a pass.
pub fn run_pass(program: &mut Program, name: &str) -> bool {
    let pass = PASSES.iter().find(|pass| pass.name == name);
    if let Some(pass) = pass {
        run_group(program, &[pass], None, &mut Notes::default());
    }
    pass.is_some()
}

fn at_level(level: Level) -> impl Iterator<Item = &'static Pass> {
    PASSES.iter().filter(move |pass| pass.level <= level)
}

/// The most threads that optimise.
const THREADS: usize = 4;
/// The stack of each: passes recurse into regions. It is only touched as far as they nest.
const STACK: usize = 64 << 20;

fn run_groups<'p>(
    program: &mut Program,
    groups: impl Iterator<Item = &'p [&'static Pass]>,
    mut then: impl FnMut(&Program, &[&Pass]) -> Result<(), InternalError>,
) -> Result<Notes, InternalError> {
    let mut notes = Notes::default();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(THREADS).min(program.functions.len());
    // Without threads all is done in this one.
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK);
    let pool = (threads > 1).then(|| pool.build().ok()).flatten();
    for group in groups {
        run_group(program, group, pool.as_ref(), &mut notes);
        then(program, group)?;
    }
    Ok(notes)
}

/// Runs passes that follow each other: one of any kind, or some that look at one function alone.
fn run_group(program: &mut Program, group: &[&Pass], pool: Option<&ThreadPool>, notes: &mut Notes) {
    let names = names(program);
    match group[0].run {
        Whole(run) => run(program),
        Noted(run) => run(program, notes),
        Rewrite(run) => {
            let rewrite = |id: &FunctionId| {
                let mut notes = Notes::default();
                let function = run(program, *id, &names, &mut notes);
                function.map(|function| (*id, function, notes))
            };
            let ids: Vec<FunctionId> = program.functions.indices().collect();
            let rewritten: Vec<_> = match pool {
                Some(pool) => pool.install(|| {
                    let ids = ids.par_iter().with_max_len(1);
                    ids.filter_map(rewrite).collect()
                }),
                None => ids.iter().filter_map(rewrite).collect(),
            };
            for (id, function, said) in rewritten {
                program.functions[id] = function;
                notes.merge(said);
            }
        }
        Local(_) | Loops(_) => {
            let work = |function: &mut Function| {
                let mut notes = Notes::default();
                for pass in group {
                    match pass.run {
                        Local(run) => run(function),
                        Loops(run) => run(function, &names, &mut notes),
                        Rewrite(_) | Whole(_) | Noted(_) => {
                            unreachable!("not of one function alone")
                        }
                    }
                }
                notes
            };
            let functions = &mut program.functions.raw;
            let said: Vec<Notes> = match pool {
                Some(pool) => pool.install(|| {
                    let functions = functions.par_iter_mut().with_max_len(1);
                    functions.map(work).collect()
                }),
                None => functions.iter_mut().map(work).collect(),
            };
            said.into_iter().for_each(|said| notes.merge(said));
        }
    }
}

fn check(program: &Program, pass: &str) -> Result<(), InternalError> {
    let faults = verify(program);
    if faults.is_empty() {
        return Ok(());
    }
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    let place = format!("MIR after the pass `{pass}`");
    Err(InternalError::new(place, faults.join("\n")))
}
