//! Puts a vector loop before a scalar one: `if there is work for lanes, and they may { vector loop }`, then the scalar
//! loop for what is left, or for all.

use rustc_hash::FxHashSet;
use snek_analysis::arrays::view;
use snek_analysis::dependence::{Access, Dependences, Far};
use snek_analysis::ranges::Ranges;
use snek_analysis::structure::Structure;
use snek_mir::builder::Builder;
use snek_mir::edit;
use snek_mir::ir::{
    Compare, For, Function, IntOp, IntUnaryOp, LabelId, LoopKind, OpId, OpKind, Overflow,
    ReductionOp, RegionId, Scalar, SiteId, Type, ValueId,
};

use super::overlap::Overlap;
use super::rounds;
use super::shape::{Fold, may_exit};
use super::widen::{Carry, Obstacle, Widened, widen, widen_with_exits};
use crate::rewrite::place_of;

/// More pairs of arrays are not tested before a loop, whoever asks.
pub const PAIRS: usize = 24;
/// Sums whose parts stay within this do not overflow in any order.
const MODERATE: i64 = 1 << 62;

/// What is known of a loop that is to run in lanes.
#[derive(Clone, Copy)]
pub struct Plan<'p> {
    /// The loop.
    pub op: OpId,
    /// How many lanes.
    pub lanes: u8,
    /// Only for what has registers of 512 bits.
    pub for_widest: bool,
    /// Its carried values.
    pub folds: &'p [Fold],
    /// What must be tested.
    pub dependences: &'p Dependences,
    /// Loads of what the loop does not write, if the tests hold.
    pub unwritten: &'p [Access],
    /// Iterations may be done twice, if these arrays are apart: see [`super::overlap`].
    pub again: Option<&'p [(ValueId, ValueId)]>,
}

/// Builds it. On `Err` the function is as it was.
pub fn build(
    function: &mut Function,
    structure: &Structure,
    facts: &Ranges,
    plan: &Plan<'_>,
) -> Result<(), Obstacle> {
    let op = plan.op;
    let OpKind::For(f) = function.ops[op].kind.clone() else {
        return Ok(());
    };
    let site = function.ops[op].site;
    let Some(step) = f.step.checked_mul(i64::from(plan.lanes)) else {
        let reason = "its step is too large".to_string();
        return Err(Obstacle { site, reason });
    };
    let name = function.labels[f.label].clone();
    let label = function.add_label(name);
    let Widened {
        region: body,
        exits,
    } = widened(function, plan, label)?;

    let same = leave(function, plan, body, exits);
    let watches = watch(function, plan, body);
    let place = tested_at(function, structure, plan.op, plan.dependences);
    let apart = place.and_then(|place| tests(function, plan.dependences, place, site));
    let pivot = plan.dependences.pivot;
    let end = pivot.and_then(|pivot| rounds::around(function, op, pivot));
    let Some((region, at)) = place_of(function, op) else {
        return Ok(());
    };
    let (start, stop) = (
        function.ops[op].args[0],
        end.unwrap_or(function.ops[op].args[1]),
    );
    let inits = function.ops[op].args[2..].to_vec();
    let mut types = vec![Type::I64];
    types.extend(function.types(&inits));
    let mut b = Builder::before(function, region, at, site);
    let (trip, mut condition) = trip_count(&mut b, facts, start, stop, &f, plan.lanes);
    if let Some(apart) = apart {
        condition = b.int(IntOp::And, Overflow::Wrap, condition, apart);
    }
    for far in &plan.dependences.far {
        let holds = is_far(&mut b, far, plan.lanes);
        condition = b.int(IntOp::And, Overflow::Wrap, condition, holds);
    }
    for (fold, init) in plan.folds.iter().zip(&inits) {
        let most = match fold.watched {
            true => Some(0),
            false => fold.bounded,
        };
        if let Some(most) = most {
            let fits = sums_fit(&mut b, facts, trip, *init, most);
            condition = b.int(IntOp::And, Overflow::Wrap, condition, fits);
        }
    }
    if plan.for_widest {
        let has = b.has_widest_vectors();
        condition = b.int(IntOp::And, Overflow::Wrap, condition, has);
    }
    let overlap = plan.again.filter(|_| !exits).map(|pairs| Overlap {
        pairs,
        body,
        step: f.step,
        lanes: plan.lanes,
    });
    let branch = b.if_(
        condition,
        &types,
        |b| {
            let mask = b.const_i64(-i64::from(plan.lanes));
            let main = b.int(IntOp::And, Overflow::Wrap, trip, mask);
            let end = advance(b, start, main, f.step);
            let region = b.region();
            b.function.regions[region].ops.extend(&same);
            let vector = For {
                label,
                kind: LoopKind::Vector(plan.lanes),
                step,
                body,
                reductions: Vec::new(),
                auto: false,
                grain: 0,
            };
            let mut args = vec![start, end];
            let mut vectors = Vec::new();
            for (fold, init) in plan.folds.iter().zip(&inits) {
                if fold.unchanged {
                    continue;
                }
                if fold.in_order.is_some() {
                    args.push(*init);
                    vectors.push(b.function.ty(*init));
                    continue;
                }
                let ty = in_lanes(b.function.ty(*init), plan.lanes);
                args.push(identity(b, fold.op, ty));
                vectors.push(ty);
            }
            if exits {
                args.push(start);
                vectors.push(Type::I64);
            }
            for _ in 0..watches {
                let ty = Type::Vector(Scalar::I64, plan.lanes);
                args.push(b.const_int(ty, 0));
                vectors.push(ty);
            }
            let mut folded = b.values(OpKind::For(vector), args, &vectors);
            if let Some(overlap) = &overlap {
                return vec![overlap.build(b, (start, trip), (end, stop))];
            }
            let mut next = end;
            let mut values = Vec::new();
            let lanes = plan.folds.iter().filter(|fold| !fold.unchanged).count();
            let mut others = folded.split_off(lanes);
            if exits {
                return where_lanes_left(b, plan, &inits, &folded, others.remove(0));
            }
            for seen in others {
                let seen = b.value(OpKind::Reduce(ReductionOp::Or), vec![seen], Type::I64);
                let beyond = b.const_i64(!(2 * headroom(plan.lanes) - 1));
                let seen = b.int(IntOp::And, Overflow::Wrap, seen, beyond);
                let zero = b.const_i64(0);
                let moderate = b.compare(Compare::Eq, seen, zero);
                next = b.select(moderate, next, start);
            }
            let mut folded = folded.into_iter();
            for (fold, init) in plan.folds.iter().zip(&inits) {
                let Some(vector) = (!fold.unchanged).then(|| folded.next()).flatten() else {
                    values.push(*init);
                    continue;
                };
                if fold.in_order.is_some() {
                    values.push(vector);
                    continue;
                }
                let ty = b.function.ty(*init);
                let lanes = b.value(OpKind::Reduce(fold.op), vec![vector], ty);
                let value = combine(b, fold, *init, lanes);
                if fold.picks {
                    // Which of several zeros, or of NaNs, is for the serial loop to say.
                    let zero = b.const_float(ty, 0.0);
                    let less = b.compare(Compare::Lt, value, zero);
                    let more = b.compare(Compare::Gt, value, zero);
                    let plain = b.int(IntOp::Or, Overflow::Wrap, less, more);
                    next = b.select(plain, next, start);
                }
                values.push(value);
            }
            if next != end {
                // All or nothing.
                let done = b.compare(Compare::Eq, next, end);
                for (value, init) in values.iter_mut().zip(&inits) {
                    *value = b.select(done, *value, *init);
                }
            }
            values.insert(0, next);
            values
        },
        |_| {
            let mut values = vec![start];
            values.extend(&inits);
            values
        },
    );
    let args = &mut function.ops[op].args;
    args[0] = branch[0];
    args.splice(2.., branch[1..].iter().copied());
    Ok(())
}

/// That a distance is so long that a group of iterations does not bridge it.
fn is_far(b: &mut Builder<'_>, far: &Far, lanes: u8) -> ValueId {
    let mut sum = b.const_i64(far.distance.constant as i64);
    for (product, factor) in &far.distance.terms {
        let mut term = b.const_i64(*factor as i64);
        for value in product {
            term = b.int(IntOp::Mul, Overflow::Wrap, term, *value);
        }
        sum = b.int(IntOp::Add, Overflow::Wrap, sum, term);
    }
    let reach = b.const_i64(i64::from(lanes) * far.stride);
    let zero = b.const_i64(0);
    let (beyond, behind) = match far.stride > 0 {
        true => (Compare::Ge, Compare::Le),
        false => (Compare::Le, Compare::Ge),
    };
    let beyond = b.compare(beyond, sum, reach);
    // In the other direction the text has the order, or the same distance is wanted.
    let behind = match far.ordered {
        true => b.compare(behind, sum, zero),
        false => {
            let reach = b.const_i64(-i64::from(lanes) * far.stride);
            b.compare(behind, sum, reach)
        }
    };
    b.int(IntOp::Or, Overflow::Wrap, beyond, behind)
}

/// Where the serial loop goes on, and from what, if lanes may leave early.
fn where_lanes_left(
    b: &mut Builder<'_>,
    plan: &Plan<'_>,
    inits: &[ValueId],
    folded: &[ValueId],
    next: ValueId,
) -> Vec<ValueId> {
    let mut values = vec![next];
    let mut folded = folded.iter();
    for (fold, init) in plan.folds.iter().zip(inits) {
        let vector = match fold.unchanged {
            true => None,
            false => folded.next(),
        };
        values.push(match vector {
            Some(sum) if fold.in_order.is_some() => *sum,
            Some(vector) => {
                let ty = b.function.ty(*init);
                let lanes = b.value(OpKind::Reduce(fold.op), vec![*vector], ty);
                combine(b, fold, *init, lanes)
            }
            None => *init,
        });
    }
    values
}

/// The body in lanes. Folds that raise wrap there.
fn widened(function: &mut Function, plan: &Plan<'_>, label: LabelId) -> Result<Widened, Obstacle> {
    let carry = |fold: &Fold| match (fold.unchanged, fold.in_order) {
        (true, _) => Carry::Unchanged,
        (_, Some(op)) => Carry::InOrder(op),
        _ => Carry::Lanes(fold.op),
    };
    let carries: Vec<Carry> = plan.folds.iter().map(carry).collect();
    let mut kept = Vec::new();
    for &op in plan.folds.iter().flat_map(|fold| &fold.arithmetic) {
        if let OpKind::Int(_, overflow) = &mut function.ops[op].kind {
            kept.push((op, *overflow));
            *overflow = Overflow::Wrap;
        }
    }
    let (op, lanes) = (plan.op, plan.lanes);
    let dense = &plan.dependences.dense;
    let body = match may_exit(plan.folds) {
        true => widen_with_exits(function, op, lanes, &carries, dense, label),
        false => widen(function, op, lanes, &carries, dense, label).map(|region| Widened {
            region,
            exits: false,
        }),
    };
    for (op, old) in kept.into_iter().rev() {
        if let OpKind::Int(_, overflow) = &mut function.ops[op].kind {
            *overflow = old;
        }
    }
    body
}

/// The sums of lanes within this, together, are moderate.
fn headroom(lanes: u8) -> i64 {
    MODERATE / i64::from(lanes)
}

/// Makes the body collect the bits of each watched sum, moved so that moderate ones are small and not negative. Gives the
/// number of these further carried values.
fn watch(function: &mut Function, plan: &Plan<'_>, body: RegionId) -> usize {
    let Some(end) = function.terminator(body) else {
        return 0;
    };
    let site = function.ops[end].site;
    let ty = Type::Vector(Scalar::I64, plan.lanes);
    let mut count = 0;
    for (n, _) in plan
        .folds
        .iter()
        .filter(|fold| !fold.unchanged)
        .enumerate()
        .filter(|(_, fold)| fold.watched)
    {
        let seen = function.add_param(body, ty, None);
        let sum = function.ops[end].args[n];
        let at = function.regions[body].ops.len() - 1;
        let mut b = Builder::before(function, body, at, site);
        let middle = b.const_int(ty, headroom(plan.lanes));
        let moved = b.int(IntOp::Add, Overflow::Wrap, sum, middle);
        let all = b.int(IntOp::Or, Overflow::Wrap, seen, moved);
        function.ops[end].args.push(all);
        count += 1;
    }
    count
}

/// Takes loads out of the body that give the same in all iterations, since the tests say that nothing is stored there.
/// The vector loop runs at least once, so they may be done before it, unless lanes may have left before them.
fn leave(function: &mut Function, plan: &Plan<'_>, body: RegionId, exits: bool) -> Vec<OpId> {
    let mut inside: FxHashSet<ValueId> = FxHashSet::default();
    for region in edit::regions_in(function, body) {
        inside.extend(&function.regions[region].params);
        for op in &function.regions[region].ops {
            inside.extend(&function.ops[*op].results);
        }
    }
    let mut left = Vec::new();
    for op in function.regions[body].ops.clone() {
        let data = &function.ops[op];
        if exits && !data.kind.regions().is_empty() {
            break;
        }
        let same = match &data.kind {
            OpKind::Load(bounds) => {
                let view = view(function, data.args[0]);
                let place = [&view.prefix, &data.args[1..]].concat();
                let is_there =
                    |access: &Access| access.base == view.base && access.subscripts == place;
                plan.unwritten.iter().any(is_there) && bounds.iter().all(|bound| !bound.may_raise())
            }
            OpKind::Row(bounds) => bounds.iter().all(|bound| !bound.may_raise()),
            _ => false,
        };
        if same && !data.args.iter().any(|arg| inside.contains(arg)) {
            for result in &data.results {
                inside.remove(result);
            }
            left.push(op);
        }
    }
    function.regions[body].ops.retain(|op| !left.contains(op));
    left
}

/// The type of a value in lanes.
fn in_lanes(ty: Type, lanes: u8) -> Type {
    match ty.scalar() {
        Some(Scalar::Bool) => Type::Mask(lanes),
        Some(scalar) => Type::Vector(scalar, lanes),
        None => ty,
    }
}

/// The number of iterations, which counts only if the condition holds: that it is at least the number of lanes.
pub fn trip_count(
    b: &mut Builder<'_>,
    facts: &Ranges,
    start: ValueId,
    stop: ValueId,
    f: &For,
    lanes: u8,
) -> (ValueId, ValueId) {
    let (low, high) = if f.step > 0 {
        (start, stop)
    } else {
        (stop, start)
    };
    let is_zero = b.function.const_int(low) == Some(0);
    let distance = match is_zero {
        true => high,
        false => b.int(IntOp::Sub, Overflow::Wrap, high, low),
    };
    let trip = match f.step.unsigned_abs() {
        1 => distance,
        size => {
            // Rounded up; a negative distance stays too small.
            let more = b.const_i64(size as i64 - 1);
            let size = b.const_i64(size as i64);
            let sum = b.int(IntOp::Add, Overflow::Wrap, distance, more);
            b.int(IntOp::FloorDiv, Overflow::Wrap, sum, size)
        }
    };
    let least = b.const_i64(i64::from(lanes));
    let enough = b.compare(Compare::Ge, trip, least);
    let not_negative = |value: ValueId| {
        let known = facts.intervals.get(value).copied().flatten();
        known.is_some_and(|interval| interval.lo >= 0)
    };
    if is_zero || (not_negative(low) && not_negative(high)) {
        return (trip, enough);
    }
    // The distance may be beyond 64 bits: then it is taken for negative, or the loop is empty.
    let runs = b.compare(Compare::Lt, low, high);
    (trip, b.int(IntOp::And, Overflow::Wrap, enough, runs))
}

/// `start + count * step`.
pub fn advance(b: &mut Builder<'_>, start: ValueId, count: ValueId, step: i64) -> ValueId {
    let by = match step {
        1 => count,
        -1 => return b.int(IntOp::Sub, Overflow::Wrap, start, count),
        _ => {
            let step = b.const_i64(step);
            b.int(IntOp::Mul, Overflow::Wrap, count, step)
        }
    };
    match b.function.const_int(start) {
        Some(0) => by,
        _ => b.int(IntOp::Add, Overflow::Wrap, start, by),
    }
}

/// That sums of `trip` terms of at most `most`, and the initial value, are moderate.
fn sums_fit(
    b: &mut Builder<'_>,
    facts: &Ranges,
    trip: ValueId,
    init: ValueId,
    most: i128,
) -> ValueId {
    let limit = i128::from(MODERATE) / most.max(1);
    let limit = b.const_i64(i64::try_from(limit).unwrap_or(MODERATE));
    let mut fits = b.compare(Compare::Le, trip, limit);
    let known = facts.intervals.get(init).copied().flatten();
    let moderate = i128::from(MODERATE);
    if known.is_none_or(|x| x.lo < -moderate || x.hi > moderate) {
        let (least, greatest) = (b.const_i64(-MODERATE), b.const_i64(MODERATE));
        for (compare, end) in [(Compare::Ge, least), (Compare::Le, greatest)] {
            let good = b.compare(compare, init, end);
            fits = b.int(IntOp::And, Overflow::Wrap, fits, good);
        }
    }
    fits
}

/// A vector of what a fold does not notice.
fn identity(b: &mut Builder<'_>, fold: ReductionOp, ty: Type) -> ValueId {
    let scalar = ty.scalar().unwrap_or(Scalar::I64);
    let bits = crate::outline::identity(fold, Type::Scalar(scalar));
    let kind = match scalar.is_float() {
        true => OpKind::ConstFloat(bits),
        false => OpKind::ConstInt(bits as i64),
    };
    b.value(kind, Vec::new(), ty)
}

/// The initial value with what the lanes made.
fn combine(b: &mut Builder<'_>, fold: &Fold, init: ValueId, lanes: ValueId) -> ValueId {
    crate::outline::combine(b, fold.op, Overflow::Wrap, init, lanes)
}

/// The op before which arrays are tested: the outermost loop around that still sees all of them.
pub fn tested_at(
    function: &Function,
    structure: &Structure,
    op: OpId,
    dependences: &Dependences,
) -> Option<OpId> {
    let pairs = dependences.apart.keys().flat_map(|(a, b)| [*a, *b]);
    let alone = dependences.injective.iter().chain(&dependences.dense);
    let arrays: Vec<ValueId> = pairs.chain(alone.copied()).collect();
    if arrays.is_empty() {
        return None;
    }
    let seen = |at: OpId| {
        let visible = |array: &ValueId| structure.is_visible_at(function, *array, at);
        let fixed = |array: &ValueId| structure.is_invariant(function, *array, at);
        arrays.iter().all(|a| visible(a) && fixed(a))
    };
    let around = structure.loops_around(function, op);
    let outermost = around.into_iter().rev().find(|at| seen(*at));
    Some(outermost.unwrap_or(op))
}

/// Tests that arrays do not share memory, that neighbours lie side by side, and that each element has one subscript.
pub fn tests(
    function: &mut Function,
    dependences: &Dependences,
    at: OpId,
    site: SiteId,
) -> Option<ValueId> {
    let (region, index) = place_of(function, at)?;
    let mut b = Builder::before(function, region, index, site);
    let mut all: Option<ValueId> = None;
    let and = |b: &mut Builder<'_>, all: &mut Option<ValueId>, test: ValueId| {
        *all = Some(match *all {
            Some(all) => b.int(IntOp::And, Overflow::Wrap, all, test),
            None => test,
        });
    };
    for &(x, y) in dependences.apart.keys() {
        let test = b.value(OpKind::Disjoint, vec![x, y], Type::BOOL);
        and(&mut b, &mut all, test);
    }
    for &array in &dependences.dense {
        let Some(ty) = b.function.ty(array).array() else {
            continue;
        };
        let stride = OpKind::Stride(ty.rank - 1);
        let stride = b.value(stride, vec![array], Type::I64);
        let size = b.const_i64(i64::from(ty.element.size()));
        let dense = b.compare(Compare::Eq, stride, size);
        and(&mut b, &mut all, dense);
    }
    for &array in &dependences.injective {
        let Some(ty) = b.function.ty(array).array() else {
            continue;
        };
        // From the last dimension outwards, each stride spans what the inner ones span.
        let mut span = b.const_i64(i64::from(ty.element.size()));
        for axis in (0..ty.rank).rev() {
            let stride = b.value(OpKind::Stride(axis), vec![array], Type::I64);
            let stride = b.int_unary(IntUnaryOp::Abs, Overflow::Wrap, stride);
            let wide = b.compare(Compare::Ge, stride, span);
            and(&mut b, &mut all, wide);
            if axis > 0 {
                let extent = b.extent(array, axis);
                span = b.int(IntOp::Mul, Overflow::Wrap, stride, extent);
            }
        }
    }
    all
}
