//! The list of passes, in order.

use snek_diagnostics::InternalError;
use snek_mir::ir::{Function, Program};
use snek_mir::verify::verify;

use crate::report::Notes;
use crate::{
    auto_parallel, carry, cse, dce, divide, effects, guard, ifconvert, inline, interchange, jam,
    leaf, licm, masked, outline, prove, share, simplify, strength, tile, unblock, unfold, unroll,
    vector_math, vectorise, version,
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

/// A step of the pipeline.
pub struct Pass {
    /// Its name, for `--emit mir:after=NAME` and for tests.
    pub name: &'static str,
    /// It runs at this level and above.
    pub level: Level,
    run: fn(&mut Program, &mut Notes),
}

const fn at(level: Level, name: &'static str, run: fn(&mut Program, &mut Notes)) -> Pass {
    Pass { name, level, run }
}

use Level::{O0, O2};

/// THE list. A pass may be there several times.
pub const PASSES: &[Pass] = &[
    // Conditions under which the race check accepted a loop.
    at(O0, "guard", |p, _| guard::run(p)),
    // Make functions small, then bring them together.
    at(O2, "simplify", |p, _| each(p, simplify::run)),
    at(O2, "inline", |p, _| inline::run(p)),
    at(O2, "forms", |p, _| vector_math::keep_needed(p)),
    at(O2, "effects", |p, _| effects::run(p)),
    at(O2, "unblock", |p, _| each(p, unblock::run)),
    at(O2, "simplify", |p, _| each(p, simplify::run)),
    at(O2, "cse", |p, _| each(p, cse::run)),
    at(O2, "dce", |p, _| each(p, dce::run)),
    // Conditions before a loop need the extents that its inner loops end at.
    at(O2, "extents", |p, _| each(p, licm::extents)),
    at(O2, "cse", |p, _| each(p, cse::run)),
    // Take checks out by proof, then by testing once before a loop.
    at(O2, "prove", |p, _| each(p, prove::run)),
    at(O2, "simplify", |p, _| each(p, simplify::run)),
    at(O2, "dce", |p, _| each(p, dce::run)),
    // What is proved of one level of a recursion holds in its copies.
    at(O2, "unfold", |p, _| unfold::run(p)),
    at(O2, "version", |p, _| each(p, version::run)),
    at(O2, "prove", |p, _| each(p, prove::run)),
    at(O2, "simplify", |p, _| each(p, simplify::run)),
    at(O2, "auto_parallel", auto_parallel::run),
    at(O2, "divide", |p, _| each(p, divide::run)),
    // Nothing is proved any more: code that moves leaves the place where its proofs hold.
    at(O2, "ifconvert", |p, _| each(p, ifconvert::run)),
    at(O2, "simplify", |p, _| each(p, simplify::run)),
    at(O2, "share", |p, _| each(p, share::run)),
    at(O2, "cse", |p, _| each(p, cse::run)),
    at(O2, "licm", |p, _| each(p, licm::run)),
    at(O2, "cse", |p, _| each(p, cse::run)),
    at(O2, "dce", |p, _| each(p, dce::run)),
    // What code generation wants. Vectors do not cross functions, so they come after.
    at(O0, "outline", |p, _| outline::run(p)),
    // Loops: small ones are unrolled, sums come inside and read what lies close together, the best of each nest run in
    // lanes, and several iterations of loops around share what they read.
    at(O2, "unroll", |p, _| each(p, unroll::run)),
    at(O2, "simplify", |p, _| each(p, simplify::run)),
    at(O2, "interchange", |p, _| each(p, interchange::run)),
    at(O2, "tile", |p, _| each(p, tile::run)),
    at(O2, "vector_math", |p, _| vector_math::run(p)),
    at(O2, "vectorise", vectorise::run),
    at(O2, "chunk_math", |p, _| vector_math::chunks(p)),
    at(O2, "chunks", vectorise::chunks),
    at(O2, "licm", |p, _| each(p, licm::run)),
    at(O2, "jam_chunks", jam::chunks),
    at(O2, "jam", jam::run),
    at(O2, "licm", |p, _| each(p, licm::run)),
    // Loops that stay scalar.
    at(O2, "masked", |p, _| each(p, masked::run)),
    at(O2, "carry", |p, _| each(p, carry::run)),
    at(O2, "strength", |p, _| each(p, strength::run)),
    at(O2, "cse", |p, _| each(p, cse::run)),
    at(O2, "dce", |p, _| each(p, dce::run)),
    at(O0, "no_forms", |p, _| p.vector_forms.clear()),
    at(O0, "effects", |p, _| effects::run(p)),
    at(O2, "leaf", |p, _| leaf::run(p)),
];

/// Runs a pass on every function.
fn each(program: &mut Program, pass: fn(&mut Function)) {
    for function in &mut program.functions {
        pass(function);
    }
}

/// Optimises a program that has been verified and checked for races.
pub fn optimise(program: &mut Program, options: Options) -> Result<Notes, InternalError> {
    optimise_observed(program, options, &mut |_, _| {})
}

/// Optimises a program and shows it after each pass.
pub fn optimise_observed(
    program: &mut Program,
    options: Options,
    observe: &mut dyn FnMut(&str, &Program),
) -> Result<Notes, InternalError> {
    let mut notes = Notes::default();
    for pass in PASSES.iter().filter(|pass| pass.level <= options.level) {
        (pass.run)(program, &mut notes);
        if options.verify {
            check(program, pass.name)?;
        }
        observe(pass.name, program);
    }
    Ok(notes)
}

/// Runs one pass by its name, for tests; whether there is such a pass.
pub fn run_pass(program: &mut Program, name: &str) -> bool {
    let pass = PASSES.iter().find(|pass| pass.name == name);
    if let Some(pass) = pass {
        (pass.run)(program, &mut Notes::default());
    }
    pass.is_some()
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
