//! Plain loops of `@parallel` functions that are made parallel.
//!
//! A loop is taken if nobody can tell the difference: the race check accepts it without what it believes of `prange` (arrays
//! are tested for overlap at run time), nothing in it raises, leaves it or can be seen from outside, and what it carries
//! folds in integers, whose order does not matter. Sums of floats keep their order, so they are no reason to take a loop.
//! Whether it is worth it is decided at run time, by the number of iterations and what they cost: the old loop stands behind
//! that test.
//!
//! It runs where proofs have been made and still hold. Functions without `@parallel` cost nothing.

use rustc_hash::FxHashSet;
use snek_analysis::arrays::view;
use snek_analysis::effects::{Effects, effects};
use snek_analysis::races::plan_of;
use snek_analysis::ranges::ranges;
use snek_analysis::structure::{Structure, is_loop};
use snek_mir::builder::Builder;
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{
    Compare, FloatOp, FloatUnaryOp, Fold, For, Function, FunctionId, IntOp, LoopKind, OpId, OpKind,
    Overflow, Program, RegionId, Scalar, Type, ValueId,
};
use snek_mir::ops::Raises;

use crate::collapse::{compute_before, defined_inside, is_known_before, trip_count};
use crate::report::{Notes, ParallelNote};
use crate::rewrite::{place_of, split_on};
use crate::vectorise::shape::{self, Context};

use oxc_index::IndexVec;

/// The work, in simple ops, from which several threads are worth it: a few times what it takes to wake one.
const WORTH: i64 = 1 << 18;
/// Iterations of a loop inside whose number is not known before.
const GUESS: i64 = 16;
/// Numbers of iterations are cut to this where costs are multiplied.
const MOST_TRIPS: i64 = 1 << 16;
/// What one iteration of straight code costs at most, for the same reason.
const MOST_COST: i64 = 1 << 12;
/// Nests deeper than this are guessed.
const DEPTH: usize = 3;
/// Pairs of arrays that are tested for overlap, at most.
const PAIRS: usize = 12;

/// Runs the pass.
pub fn run(program: &mut Program, notes: &mut Notes) {
    if !program
        .functions
        .iter()
        .any(|function| function.auto_parallel)
    {
        return;
    }
    let summaries = effects(program);
    for id in program.functions.indices() {
        if program.functions[id].auto_parallel {
            of_function(program, id, &summaries, notes);
        }
    }
}

fn of_function(
    program: &mut Program,
    id: FunctionId,
    summaries: &IndexVec<FunctionId, Effects>,
    notes: &mut Notes,
) {
    let mut chosen: Vec<(OpId, Choice)> = Vec::new();
    {
        let function = &program.functions[id];
        let structure = Structure::new(function);
        let facts = ranges(function, &structure);
        let names = IndexVec::new();
        let context = Context {
            function,
            structure: &structure,
            facts: &facts,
            names: &names,
            relaxed: false,
        };
        let mut taken: FxHashSet<OpId> = FxHashSet::default();
        for &op in &structure.order {
            let OpKind::For(f) = &function.ops[op].kind else {
                continue;
            };
            let around = structure.loops_around(function, op);
            let is_parallel = |l: &OpId| matches!(&function.ops[*l].kind, OpKind::For(f) if f.kind == LoopKind::Parallel);
            let inside = around.iter().any(|l| taken.contains(l) || is_parallel(l));
            if f.kind != LoopKind::Serial || inside {
                continue;
            }
            let outcome = consider(program, id, &context, summaries, op);
            let note = ParallelNote::new(function, op, outcome.as_ref().err().map(String::as_str));
            if !program.frames[note.frame].file.starts_with('<') {
                notes.add_parallel(note);
            }
            if let Ok(choice) = outcome {
                taken.insert(op);
                chosen.push((op, choice));
            }
        }
    }
    for (op, choice) in chosen {
        make_parallel(&mut program.functions[id], op, choice);
    }
}

/// How a loop is made parallel.
struct Choice {
    folds: Vec<Fold>,
    /// Sums that were proved in the order of the loop, or wrap.
    arithmetic: Vec<OpId>,
    /// What must not be negative.
    nonnegative: Vec<ValueId>,
    /// Arrays that must not overlap.
    apart: Vec<(ValueId, ValueId)>,
}

/// How a loop may be made parallel, or why not.
fn consider(
    program: &Program,
    id: FunctionId,
    context: &Context<'_>,
    summaries: &IndexVec<FunctionId, Effects>,
    op: OpId,
) -> Result<Choice, String> {
    let function = context.function;
    let OpKind::For(f) = &function.ops[op].kind else {
        return Err("it is a `while` loop".to_owned());
    };
    keeps_to_itself(program, function, f, summaries)?;
    let carried = function.types(&function.regions[f.body].params[1..]);
    if carried
        .iter()
        .any(|ty| ty.scalar().is_some_and(Scalar::is_float))
    {
        return Err("it carries floats, whose sums and minima keep their order".to_owned());
    }
    let mut folds = Vec::new();
    let mut arithmetic = Vec::new();
    for fold in shape::folds(context, op).map_err(|obstacle| plain(&obstacle.reason))? {
        if fold.picks {
            return Err("the order of iterations says which zero or NaN is the least".to_owned());
        }
        if fold.unchanged || fold.watched || fold.bounded.is_some() {
            return Err("a sum may overflow on the way".to_owned());
        }
        folds.push(Fold::By(fold.op, Overflow::Wrap));
        arithmetic.extend(fold.arithmetic);
    }
    let apart = pairs(context, op, f)?;
    let Some(plan) = plan_of(program, id, op, summaries) else {
        return Err("its iterations may not be independent".to_owned());
    };
    if !plan.accumulators.is_empty() {
        return Err("its iterations may not be independent".to_owned());
    }
    Ok(Choice {
        folds,
        arithmetic,
        nonnegative: plan.nonnegative,
        apart,
    })
}

/// A reason without the places that it names.
fn plain(reason: &str) -> String {
    if reason.contains('{') {
        "a sum may overflow on the way".to_owned()
    } else {
        reason.to_owned()
    }
}

/// Nothing but its results and what it stores can be seen of a loop.
fn keeps_to_itself(
    program: &Program,
    function: &Function,
    f: &For,
    summaries: &IndexVec<FunctionId, Effects>,
) -> Result<(), String> {
    let exits = edit::exits(function, f.body);
    if exits.returns || exits.labels.iter().any(|label| *label != f.label) {
        return Err("it may be left before its end".to_owned());
    }
    for op in edit::ops_in(function, f.body) {
        let data = &function.ops[op];
        let reason = match &data.kind {
            OpKind::Break(label) if *label == f.label => "it may be left before its end",
            OpKind::Next(label)
                if *label == f.label && function.regions[f.body].ops.last() != Some(&op) =>
            {
                "it has a `continue` that could not be taken out"
            }
            OpKind::For(inner) if inner.kind == LoopKind::Parallel => "it has a `prange` inside",
            OpKind::Call(callee) => {
                let summary = &summaries[*callee];
                let name = &program.frames[program.functions[*callee].frame].name;
                if summary.may_raise || summary.acts {
                    return Err(format!(
                        "it calls `{name}`, which may raise or do more than compute"
                    ));
                }
                continue;
            }
            OpKind::CallRuntime(name)
                if data.kind.properties().writes && data.kind.properties().raises == Raises::No =>
            {
                match *name {
                    name if name.starts_with("snek_rt_print") => "it prints",
                    _ => "it does more than compute",
                }
            }
            OpKind::Atomic(..) => "it has atomic operations, whose order matters",
            kind if kind.properties().raises == Raises::Yes => {
                // The line of the function itself, of what was inlined into it.
                let mut site = &function.sites[data.site];
                while let Some(caller) = site.caller {
                    site = &function.sites[caller];
                }
                let what = match kind {
                    OpKind::Check(raise) | OpKind::Raise(raise) => raise.kind.name(),
                    OpKind::Int(..) | OpKind::IntUnary(..) => "OverflowError",
                    OpKind::Load(_) | OpKind::Store(_) | OpKind::Row(_) => "IndexError",
                    _ => "an exception",
                };
                return Err(format!("line {} may raise {what}", site.line));
            }
            OpKind::CallRuntime(name)
                if name.starts_with("snek_rt_raise") || name.starts_with("snek_rt_exc") =>
            {
                continue;
            }
            _ => continue,
        };
        return Err(reason.to_owned());
    }
    Ok(())
}

/// The pairs of arrays of which one is written and that may share memory.
fn pairs(context: &Context<'_>, op: OpId, f: &For) -> Result<Vec<(ValueId, ValueId)>, String> {
    let function = context.function;
    let mut used: Vec<(ValueId, bool)> = Vec::new();
    for inner in edit::ops_in(function, f.body) {
        let data = &function.ops[inner];
        let properties = data.kind.properties();
        let touches = properties.reads || properties.writes;
        if !touches && !matches!(data.kind, OpKind::DataPointer) {
            continue;
        }
        for &arg in &data.args {
            if !matches!(function.ty(arg), Type::Array(_)) {
                continue;
            }
            let base = view(function, arg).base;
            if !context.structure.is_invariant(function, base, op) {
                return Err("an array differs from one iteration to the next".to_owned());
            }
            match used.iter_mut().find(|(known, _)| *known == base) {
                Some((_, written)) => *written |= properties.writes,
                None => used.push((base, properties.writes)),
            }
        }
    }
    let mut found = Vec::new();
    for (n, (a, a_written)) in used.iter().enumerate() {
        for (b, b_written) in &used[n + 1..] {
            if *a_written || *b_written {
                found.push((*a, *b));
            }
        }
    }
    match found.len() <= PAIRS {
        true => Ok(found),
        false => Err("too many arrays would have to be tested for overlap".to_owned()),
    }
}

fn make_parallel(function: &mut Function, op: OpId, choice: Choice) {
    let twin = Cloner::within().op(function, op);
    for op in choice.arithmetic {
        if let OpKind::Int(_, overflow) = &mut function.ops[op].kind {
            *overflow = Overflow::Wrap;
        }
    }
    let Some((region, at)) = place_of(function, op) else {
        return;
    };
    let site = function.ops[op].site;
    let mut b = Builder::before(function, region, at, site);
    let mut condition = is_worth_it(&mut b, op);
    let zero = b.const_i64(0);
    for value in choice.nonnegative {
        let good = b.compare(Compare::Ge, value, zero);
        condition = b.int(IntOp::And, Overflow::Wrap, condition, good);
    }
    for (x, y) in choice.apart {
        let good = b.value(OpKind::Disjoint, vec![x, y], Type::BOOL);
        condition = b.int(IntOp::And, Overflow::Wrap, condition, good);
    }
    if let OpKind::For(f) = &mut function.ops[op].kind {
        f.kind = LoopKind::Parallel;
        f.reductions = choice.folds;
        f.auto = true;
    }
    split_on(function, op, Vec::new(), condition, twin);
}

/// Emits before the loop whether there is enough work in it.
fn is_worth_it(b: &mut Builder<'_>, op: OpId) -> ValueId {
    let inside = defined_inside(b.function, op);
    let mut estimate = Estimate {
        inside: &inside,
        cloner: Cloner::within(),
    };
    let cost = estimate.of_loop(b, op, 0);
    let worth = b.const_i64(WORTH);
    let much = b.compare(Compare::Ge, cost, worth);
    let two = b.const_i64(2);
    let trips = estimate.trips(b, op);
    let several = b.compare(Compare::Ge, trips, two);
    b.int(IntOp::And, Overflow::Wrap, much, several)
}

struct Estimate<'e> {
    inside: &'e FxHashSet<ValueId>,
    cloner: Cloner<'e>,
}

impl Estimate<'_> {
    fn trips(&mut self, b: &mut Builder<'_>, op: OpId) -> ValueId {
        let bounds: Vec<ValueId> = b.function.ops[op].args[..2].to_vec();
        let is_inside = |value: ValueId| self.inside.contains(&value);
        let step = match &b.function.ops[op].kind {
            OpKind::For(f) => f.step,
            _ => 1,
        };
        if !bounds
            .iter()
            .all(|v| is_known_before(b.function, *v, &is_inside))
        {
            return b.const_i64(GUESS);
        }
        let start = compute_before(b, &mut self.cloner, bounds[0], &is_inside);
        let stop = compute_before(b, &mut self.cloner, bounds[1], &is_inside);
        let trips = trip_count(b, start, stop, step);
        let most = b.const_i64(MOST_TRIPS);
        // A number beyond 63 bits comes out negative: many.
        let zero = b.const_i64(0);
        let many = b.compare(Compare::Lt, trips, zero);
        let trips = b.int(IntOp::Min, Overflow::Wrap, trips, most);
        b.select(many, most, trips)
    }

    /// What all iterations of a loop cost.
    fn of_loop(&mut self, b: &mut Builder<'_>, op: OpId, depth: usize) -> ValueId {
        let OpKind::For(f) = &b.function.ops[op].kind else {
            return b.const_i64(GUESS);
        };
        let body = f.body;
        let mut straight = 0;
        let mut loops = Vec::new();
        straight_cost(b.function, body, &mut straight, &mut loops);
        let mut cost = b.const_i64(straight.clamp(1, MOST_COST));
        for inner in loops {
            let of_inner = match depth + 1 < DEPTH {
                true => self.of_loop(b, inner, depth + 1),
                false => b.const_i64(GUESS * MOST_COST / 64),
            };
            cost = b.int(IntOp::Add, Overflow::Wrap, cost, of_inner);
        }
        let trips = self.trips(b, op);
        b.int(IntOp::Mul, Overflow::Wrap, cost, trips)
    }
}

/// Costs of what is not in counted loops, and these loops. Of branches both count.
fn straight_cost(function: &Function, region: RegionId, cost: &mut i64, loops: &mut Vec<OpId>) {
    for &op in &function.regions[region].ops {
        let kind = &function.ops[op].kind;
        if matches!(kind, OpKind::For(_)) {
            loops.push(op);
            continue;
        }
        let times = if is_loop(kind) { GUESS } else { 1 };
        for inner in kind.regions() {
            let mut of_region = 0;
            straight_cost(function, inner, &mut of_region, loops);
            *cost += times * of_region;
        }
        *cost += match kind {
            OpKind::ConstInt(_) | OpKind::ConstFloat(_) | OpKind::ConstText(_) => 0,
            OpKind::Int(IntOp::FloorDiv | IntOp::FloorMod, _)
            | OpKind::Float(FloatOp::Div)
            | OpKind::FloatUnary(FloatUnaryOp::Sqrt) => 8,
            OpKind::CallRuntime(_) => 30,
            OpKind::Call(_) => 50,
            _ => 1,
        };
    }
}
