//! Parallel loops directly inside of one another, run as one loop over all their iterations.
//!
//! A loop of few iterations gives few threads work. If nothing but the next parallel loop is in it, and the bounds of that
//! one are known before, the iterations of both are counted through and dealt out together: position `k` of the one loop is
//! iteration `k // m` of the outer and `k % m` of the inner loop. A piece `lo..hi` of it runs as a nest again, over the parts
//! of rows that it has, so the innermost loop stays a plain one. Whether this is done depends on the numbers of iterations
//! alone: how reductions are combined must not depend on anything else.
//!
//! Outlining does it (`outline.rs`); here are the conditions and the loops.

use rustc_hash::FxHashSet;
use snek_analysis::arrays::roots;
use snek_analysis::structure::Structure;
use snek_mir::builder::Builder;
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{
    Compare, Convert, Fold, For, Function, IntOp, LoopKind, OpId, OpKind, Overflow, RegionId,
    Scalar, Type, ValueDef, ValueId,
};

use crate::rewrite::{forget_proof, is_speculatable};

/// Outer loops with fewer iterations are collapsed without being asked: with more, each thread has enough of them.
pub const FEW: i64 = 64;

/// Positions of a collapsed loop are counted to here at most.
const MOST: i64 = 1 << 62;

const U64: Type = Type::Scalar(Scalar::U64);

/// A parallel loop and those directly inside of it, as far as their iterations can be counted through; at least two, or
/// none.
pub fn nest(function: &Function, op: OpId) -> Vec<OpId> {
    let inside = defined_inside(function, op);
    let is_inside = |value: ValueId| inside.contains(&value);
    let mut found = vec![op];
    while let Some(next) = directly_inside(function, found[found.len() - 1]) {
        let bounds = &function.ops[next].args[..2];
        if !bounds
            .iter()
            .all(|v| is_known_before(function, *v, &is_inside))
        {
            break;
        }
        found.push(next);
    }
    if found.len() < 2 {
        found.clear();
    }
    found
}

/// The values that are defined in a loop.
pub(crate) fn defined_inside(function: &Function, op: OpId) -> FxHashSet<ValueId> {
    let mut inside = FxHashSet::default();
    if let OpKind::For(f) = &function.ops[op].kind {
        for region in edit::regions_in(function, f.body) {
            inside.extend(&function.regions[region].params);
            for inner in &function.regions[region].ops {
                inside.extend(&function.ops[*inner].results);
            }
        }
    }
    inside
}

fn parallel(function: &Function, op: OpId) -> Option<&For> {
    match &function.ops[op].kind {
        OpKind::For(f) if f.kind == LoopKind::Parallel => Some(f),
        _ => None,
    }
}

/// The parallel loop that is all that an iteration of another one does, but for what may be done several times.
fn directly_inside(function: &Function, op: OpId) -> Option<OpId> {
    let f = parallel(function, op)?;
    let [before @ .., inner, end] = &function.regions[f.body].ops[..] else {
        return None;
    };
    let (inner, end) = (*inner, *end);
    let g = parallel(function, inner)?;
    // What is carried goes through, and folds alike.
    let carried = &function.regions[f.body].params[1..];
    let folds_alike = f.reductions.len() == g.reductions.len()
        && f.reductions
            .iter()
            .zip(&g.reductions)
            .all(|pair| match pair {
                (Fold::By(a, _), Fold::By(b, _)) => a == b,
                (a, b) => a == b,
            });
    let passes = folds_alike
        && function.ops[inner].args[2..] == *carried
        && matches!(function.ops[end].kind, OpKind::Next(label) if label == f.label)
        && function.ops[end].args == function.ops[inner].results;
    let exits = edit::exits(function, g.body);
    let stays = !exits.returns && exits.labels.iter().all(|label| *label == g.label);
    if !passes || !stays {
        return None;
    }
    let mut loads = Vec::new();
    for op in before {
        let properties = function.ops[*op].kind.properties();
        if properties.structured || properties.writes || properties.diverges {
            return None;
        }
        if properties.reads {
            loads.push(function.ops[*op].args.first().copied()?);
        }
    }
    (loads.is_empty() || !may_write(function, g.body, &loads)).then_some(inner)
}

/// Whether something in a region may write to one of these arrays.
fn may_write(function: &Function, region: RegionId, arrays: &[ValueId]) -> bool {
    let structure = Structure::new(function);
    let of = |array: ValueId| match function.ty(array) {
        Type::Array(_) => roots(function, &structure, array),
        _ => None,
    };
    let read: Vec<_> = arrays.iter().map(|array| of(*array)).collect();
    edit::ops_in(function, region).iter().any(|op| {
        let data = &function.ops[*op];
        if !data.kind.properties().writes {
            return false;
        }
        let is_store = matches!(data.kind, OpKind::Store(_) | OpKind::Atomic(..));
        let Some(written) = is_store.then(|| of(data.args[0])).flatten() else {
            return true;
        };
        let apart = |read: &Option<Vec<ValueId>>| {
            let roots = read.as_ref();
            roots.is_some_and(|roots| !roots.iter().any(|root| written.contains(root)))
        };
        !read.iter().all(apart)
    })
}

/// Whether a value can be computed before the loop.
pub(crate) fn is_known_before(
    function: &Function,
    value: ValueId,
    is_inside: &impl Fn(ValueId) -> bool,
) -> bool {
    if !is_inside(value) {
        return true;
    }
    let ValueDef::Result(op, _) = function.values[value].def else {
        return false;
    };
    let args = &function.ops[op].args;
    is_speculatable(function, op)
        && args
            .iter()
            .all(|v| is_known_before(function, *v, is_inside))
}

/// Computes a value before the loop.
pub(crate) fn compute_before(
    b: &mut Builder<'_>,
    cloner: &mut Cloner<'_>,
    value: ValueId,
    is_inside: &impl Fn(ValueId) -> bool,
) -> ValueId {
    if let Some(known) = cloner.values.get(&value) {
        return *known;
    }
    let ValueDef::Result(op, n) = b.function.values[value].def else {
        return value;
    };
    if !is_inside(value) {
        return value;
    }
    for arg in b.function.ops[op].args.clone() {
        compute_before(b, cloner, arg, is_inside);
    }
    let new = cloner.op(b.function, op);
    forget_proof(b.function, new);
    b.insert(new);
    b.function.ops[new].results[n as usize]
}

/// What is known before a nest is run as one loop.
pub struct Counted {
    /// Whether to do so.
    pub condition: ValueId,
    /// The number of iterations of each loop, the outermost first.
    pub trips: Vec<ValueId>,
    /// The number of iterations of all together.
    pub total: ValueId,
}

/// Emits before the nest what says whether to run it as one loop. `asked`: the user wants it.
pub fn count(b: &mut Builder<'_>, nest: &[OpId], asked: bool) -> Counted {
    let inside = defined_inside(b.function, nest[0]);
    let is_inside = |value: ValueId| inside.contains(&value);
    let mut cloner = Cloner::within();
    let mut trips = Vec::new();
    for op in nest {
        let bounds: Vec<ValueId> = b.function.ops[*op].args[..2].to_vec();
        let start = compute_before(b, &mut cloner, bounds[0], &is_inside);
        let stop = compute_before(b, &mut cloner, bounds[1], &is_inside);
        let step = match &b.function.ops[*op].kind {
            OpKind::For(f) => f.step,
            _ => 1,
        };
        trips.push(trip_count(b, start, stop, step));
    }
    let one = b.const_i64(1);
    let and = |b: &mut Builder<'_>, x, y| b.int(IntOp::And, Overflow::Wrap, x, y);
    let mut condition = b.compare(Compare::Ge, trips[0], one);
    if !asked {
        let few = b.const_i64(FEW);
        let is_few = b.compare(Compare::Lt, trips[0], few);
        condition = and(b, condition, is_few);
    }
    let most = b.const_i64(MOST);
    let mut total = trips[trips.len() - 1];
    for trip in trips[..trips.len() - 1].iter().rev() {
        // All inner loops have iterations, and so few that they can be counted.
        let some = b.compare(Compare::Ge, total, one);
        condition = and(b, condition, some);
        let divisor = b.int(IntOp::Max, Overflow::Wrap, total, one);
        let room = b.int(IntOp::FloorDiv, Overflow::Wrap, most, divisor);
        let fits = b.compare(Compare::Le, *trip, room);
        condition = and(b, condition, fits);
        total = b.int(IntOp::Mul, Overflow::Wrap, *trip, total);
    }
    Counted {
        condition,
        trips,
        total,
    }
}

/// The number of iterations; a number beyond 63 bits comes out negative.
pub(crate) fn trip_count(b: &mut Builder<'_>, start: ValueId, stop: ValueId, step: i64) -> ValueId {
    let (low, high) = if step > 0 {
        (start, stop)
    } else {
        (stop, start)
    };
    let some = b.compare(Compare::Lt, low, high);
    let mut count = b.int(IntOp::Sub, Overflow::Wrap, high, low);
    if step.unsigned_abs() != 1 {
        let one = b.const_int(U64, 1);
        let stride = b.const_int(U64, step.unsigned_abs() as i64);
        let distance = b.convert(Convert::Extend, count, U64);
        let steps = b.int(IntOp::Sub, Overflow::Wrap, distance, one);
        let steps = b.int(IntOp::FloorDiv, Overflow::Wrap, steps, stride);
        let steps = b.int(IntOp::Add, Overflow::Wrap, steps, one);
        count = b.convert(Convert::Extend, steps, Type::I64);
    }
    let zero = b.const_i64(0);
    b.select(some, count, zero)
}

/// The loops of an outlined body.
pub struct Loops<'s> {
    /// Where they come from.
    pub source: &'s Function,
    /// The loop, or the nest.
    pub nest: &'s [OpId],
    /// The start of the outermost loop, in the new function.
    pub start: ValueId,
    /// For each loop of a nest but the innermost: how many positions one iteration stands for.
    pub sizes: Vec<ValueId>,
}

impl Loops<'_> {
    fn data(&self, level: usize) -> Option<&For> {
        match &self.source.ops[self.nest[level]].kind {
            OpKind::For(f) => Some(f),
            _ => None,
        }
    }

    /// Emits the positions `lo..hi` of the loop at a level; returns what it carries.
    pub fn emit(
        &self,
        function: &mut Function,
        cloner: &mut Cloner<'_>,
        region: RegionId,
        level: usize,
        (lo, hi): (ValueId, ValueId),
        carried: Vec<ValueId>,
    ) -> Vec<ValueId> {
        let Some(f) = self.data(level) else {
            return carried;
        };
        let site = cloner.site(function, self.source.ops[self.nest[level]].site);
        let old_start = self.source.ops[self.nest[level]].args[0];
        let start = match level {
            0 => self.start,
            _ => cloner.values.get(&old_start).copied().unwrap_or(old_start),
        };
        let is_innermost = level + 1 == self.nest.len();
        let mut b = Builder::at_end(function, region, site);
        // With a step of 1 or -1 no position lies behind the stop, so neither end overflows; else positions are counted.
        let direct = is_innermost && f.step.abs() == 1;
        let bounds = if direct {
            let op = if f.step == 1 { IntOp::Add } else { IntOp::Sub };
            let from = b.int(op, Overflow::Proved, start, lo);
            let to = b.int(op, Overflow::Proved, start, hi);
            (from, to, f.step)
        } else if is_innermost {
            (lo, hi, 1)
        } else {
            let size = self.sizes[level];
            let one = b.const_i64(1);
            let from = b.int(IntOp::FloorDiv, Overflow::Proved, lo, size);
            let last = b.int(IntOp::Sub, Overflow::Proved, hi, one);
            let last = b.int(IntOp::FloorDiv, Overflow::Proved, last, size);
            let to = b.int(IntOp::Add, Overflow::Proved, last, one);
            (from, to, 1)
        };
        let step = b.const_i64(f.step);
        let label = b.function.add_label(self.source.labels[f.label].clone());
        cloner.labels.insert(f.label, label);
        let body = b.function.add_region();
        let old = &self.source.regions[f.body].params;
        let induction = self.source.values[old[0]].name.clone();
        let mut position = None;
        if direct {
            let i = b.function.add_param(body, Type::I64, induction);
            cloner.values.insert(old[0], i);
        } else {
            let at = b.function.add_param(body, Type::I64, None);
            position = Some(at);
            let mut inner = b.inside(body);
            let offset = match f.step {
                1 => at,
                _ => inner.int(IntOp::Mul, Overflow::Proved, at, step),
            };
            let i = inner.int(IntOp::Add, Overflow::Proved, start, offset);
            if let Some(induction) = induction {
                inner.name(i, &induction);
            }
            cloner.values.insert(old[0], i);
        }
        let mut params = Vec::new();
        for &param in &old[1..] {
            let name = self.source.values[param].name.clone();
            let new = b.function.add_param(body, self.source.ty(param), name);
            cloner.values.insert(param, new);
            params.push(new);
        }
        let types = self.source.types(&old[1..]);
        match position {
            Some(at) if !is_innermost => {
                // What is before the next loop, then the part of it that is in `lo..hi`.
                let ops = &self.source.regions[f.body].ops;
                for op in &ops[..ops.len() - 2] {
                    let new = cloner.op(b.function, *op);
                    b.function.regions[body].ops.push(new);
                }
                let size = self.sizes[level];
                let mut inner = b.inside(body);
                let zero = inner.const_i64(0);
                let base = inner.int(IntOp::Mul, Overflow::Proved, at, size);
                let from = inner.int(IntOp::Sub, Overflow::Proved, lo, base);
                let from = inner.int(IntOp::Max, Overflow::Wrap, from, zero);
                let to = inner.int(IntOp::Sub, Overflow::Proved, hi, base);
                let to = inner.int(IntOp::Min, Overflow::Wrap, to, size);
                let next = self.emit(b.function, cloner, body, level + 1, (from, to), params);
                b.inside(body).end_with(OpKind::Next(label), next);
            }
            _ => cloner.ops(b.function, f.body, body),
        }
        let kind = OpKind::For(For {
            label,
            kind: LoopKind::Serial,
            step: bounds.2,
            body,
            reductions: Vec::new(),
            auto: false,
            grain: 0,
        });
        let mut args = vec![bounds.0, bounds.1];
        args.extend(carried);
        b.values(kind, args, &types)
    }
}
