//! Counting in several places in turn: `bins[data[i]] += 1` waits for the sum of the iteration before whenever two that
//! follow each other count in one bin, and the processor has to find out which do.
//!
//! Four iterations at a time count in `bins` itself and in three copies, which start from zero and are added to it in the
//! end. Only for sums of integers that wrap, which are the same in any order, in loops that do not look at the array
//! otherwise, and where nothing raises. How many iterations and bins there are, and that arrays do not share memory, is
//! tested before the outermost loop around that does nothing else; the loops stay as they were where a test fails.
//!
//! Runs on what `vectorise` has left scalar.

use snek_analysis::dependence::{Access, Dependences, accesses};
use snek_analysis::structure::{Structure, is_loop};
use snek_mir::builder::Builder;
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{
    ArrayType, Bound, Compare, Element, For, Function, IntOp, Layout, LoopKind, OpId, OpKind,
    Overflow, RegionId, Scalar, Type, ValueDef, ValueId,
};

use crate::jam::is_simple;
use crate::rewrite::{and, place_of};
use crate::vectorise::build::tests;

/// Iterations at a time.
const PLACES: i64 = 4;
/// Bytes of all copies: they should stay in the first cache, with the array and what is counted.
const COPIES: i64 = 12 << 10;
/// Iterations per bin that pay for copies.
const PER_BIN: i64 = 4;
/// Fewer iterations do not pay for the tests.
const TRIPS: i64 = 2048;
/// Iterations of a loop are counted up to this: a product of several is a number.
const MANY: i64 = 1 << 15;
/// Larger bodies take longer than they wait.
const SIZE: usize = 16;
/// Arrays that are tested.
const ARRAYS: usize = 6;

/// Runs the pass.
pub fn run(function: &mut Function) {
    let structure = Structure::new(function);
    let loops = structure.order.iter().copied();
    let found: Vec<Tally> = loops
        .filter_map(|op| find(function, &structure, op))
        .collect();
    for tally in found {
        build(function, &tally);
    }
}

/// A loop that counts.
struct Tally {
    /// The loop, and the outermost one around that does nothing else.
    inner: OpId,
    outer: OpId,
    /// From the inner to the outer one.
    loops: Vec<OpId>,
    array: ValueId,
    element: ArrayType,
    /// The accesses to the array.
    load: OpId,
    store: OpId,
    needs: Dependences,
}

/// A serial loop by 1 that carries nothing and goes to its end.
fn counted<'f>(function: &'f Function, structure: &Structure, op: OpId) -> Option<&'f For> {
    let OpKind::For(f) = &function.ops[op].kind else {
        return None;
    };
    let label = &structure.labels[f.label];
    let is_plain = f.kind == LoopKind::Serial
        && f.step == 1
        && function.ops[op].results.is_empty()
        && label.breaks.is_empty()
        && label.nexts.len() == 1
        && label.nexts.first() == function.regions[f.body].ops.last();
    is_plain.then_some(f)
}

fn find(function: &Function, structure: &Structure, inner: OpId) -> Option<Tally> {
    let f = counted(function, structure, inner)?;
    let ops = &function.regions[f.body].ops;
    let is_fit = |op: &OpId| {
        let kind = &function.ops[*op].kind;
        kind.regions().is_empty() && is_simple(function, *op)
    };
    if ops.len() > SIZE || !ops.iter().all(is_fit) {
        return None;
    }
    let mut writers = ops.iter().filter(|op| {
        let properties = function.ops[**op].kind.properties();
        properties.writes
    });
    let (&store, None) = (writers.next()?, writers.next()) else {
        return None;
    };
    let (array, load) = sum(function, store)?;
    let element = function.ty(array).array()?;
    let Element::Scalar(scalar) = element.element else {
        return None;
    };
    let is_plain = element.rank == 1 && element.layout == Layout::Contiguous;
    if !is_plain || scalar.is_float() || scalar == Scalar::Bool {
        return None;
    }
    let accesses = accesses(function, structure, inner);
    if !is_chosen(function, f.body, function.ops[store].args[1]) {
        return None;
    }
    let mut needs = Dependences::none();
    for access in &accesses {
        if access.base == array {
            if ![load, store].contains(&access.op) {
                return None;
            }
            continue;
        }
        let key = (array.min(access.base), array.max(access.base));
        needs.apart.entry(key).or_insert((access.op, store));
    }
    if needs.apart.len() > ARRAYS {
        return None;
    }
    let mut tally = Tally {
        inner,
        outer: inner,
        loops: Vec::new(),
        array,
        element,
        load,
        store,
        needs,
    };
    for around in std::iter::once(inner).chain(structure.loops_around(function, inner)) {
        if !tally.may_have_copies_before(function, structure, around, &accesses) {
            break;
        }
        tally.outer = around;
        tally.loops.push(around);
    }
    (!tally.loops.is_empty()).then_some(tally)
}

/// Array and load of `array[n] = array[n] + term`, if nobody else looks at the sums.
fn sum(function: &Function, store: OpId) -> Option<(ValueId, OpId)> {
    let proved = |bounds: &[Bound]| bounds.iter().all(|bound| *bound == Bound::Proved);
    let data = &function.ops[store];
    let OpKind::Store(bounds) = &data.kind else {
        return None;
    };
    let [array, subscript, sum] = data.args[..] else {
        return None;
    };
    let add = function.def_op(sum)?;
    if !proved(bounds) || !matches!(add.kind, OpKind::Int(IntOp::Add, Overflow::Wrap)) {
        return None;
    }
    let is_old = |value: &&ValueId| {
        let data = function.def_op(**value);
        data.is_some_and(|data| {
            matches!(&data.kind, OpKind::Load(bounds) if proved(bounds))
                && data.args == [array, subscript]
        })
    };
    let old = add.args.iter().find(is_old)?;
    let uses = edit::use_counts(function);
    let load = match function.values[*old].def {
        ValueDef::Result(op, _) => op,
        _ => return None,
    };
    (uses[*old] == 1 && uses[sum] == 1).then_some((array, load))
}

/// Whether a subscript is chosen by what some array has.
fn is_chosen(function: &Function, body: RegionId, subscript: ValueId) -> bool {
    let inside = &function.regions[body].ops;
    let mut next = vec![subscript];
    let mut steps = 0;
    while let Some(value) = next.pop() {
        let ValueDef::Result(op, _) = function.values[value].def else {
            continue;
        };
        steps += 1;
        if !inside.contains(&op) || steps > SIZE {
            continue;
        }
        let data = &function.ops[op];
        if matches!(data.kind, OpKind::Load(_)) {
            return true;
        }
        next.extend(&data.args);
    }
    false
}

impl Tally {
    /// Whether copies can be made before a loop around, and all of it counts in them.
    fn may_have_copies_before(
        &self,
        function: &Function,
        structure: &Structure,
        around: OpId,
        accesses: &[Access],
    ) -> bool {
        let Some(f) = counted(function, structure, around) else {
            return false;
        };
        let is_fit = |op: &OpId| {
            let kind = &function.ops[*op].kind;
            let is_loop_of_ours = !is_loop(kind) || *op == self.inner || self.loops.contains(op);
            let touches = matches!(kind, OpKind::Load(_) | OpKind::Row(_))
                && function.ops[*op].args[0] == self.array
                && *op != self.load;
            is_simple(function, *op)
                && is_loop_of_ours
                && (!kind.properties().writes || *op == self.store)
                && !touches
        };
        let fixed = |value: ValueId| {
            structure.is_visible_at(function, value, around)
                && structure.is_invariant(function, value, around)
        };
        let bounds = |op: &OpId| function.ops[*op].args[..2].iter().all(|end| fixed(*end));
        let ops = edit::ops_in(function, f.body);
        let beside = ops.len() - function.regions[f.body].ops.len();
        beside <= 3 * SIZE
            && ops.iter().all(is_fit)
            && accesses.iter().all(|access| fixed(access.base))
            && fixed(self.array)
            && self.loops.iter().all(bounds)
            && bounds(&around)
    }
}

/// Puts the tests and the loops with copies before a loop, which becomes the way for all other cases.
fn build(function: &mut Function, tally: &Tally) {
    let site = function.ops[tally.outer].site;
    let apart = tests(function, &tally.needs, tally.outer, site);
    let Some((region, at)) = place_of(function, tally.outer) else {
        return;
    };
    let size = i64::from(tally.element.element.size());
    let mut b = Builder::before(function, region, at, site);
    let count = b.extent(tally.array, 0);
    let mut trips: Option<ValueId> = None;
    let mut condition = apart;
    let (none, many) = (b.const_i64(0), b.const_i64(MANY));
    for &op in &tally.loops {
        let (start, stop) = bounds(b.function, op);
        // The distance may wrap: then it is negative, or the loop is empty.
        let runs = b.compare(Compare::Lt, start, stop);
        condition = Some(and(&mut b, condition, runs));
        let trip = b.int(IntOp::Sub, Overflow::Wrap, stop, start);
        let counts = b.compare(Compare::Ge, trip, none);
        condition = Some(and(&mut b, condition, counts));
        let trip = b.int(IntOp::Min, Overflow::Wrap, trip, many);
        trips = Some(match trips {
            Some(trips) => {
                let trips = b.int(IntOp::Mul, Overflow::Wrap, trips, trip);
                b.int(IntOp::Min, Overflow::Wrap, trips, many)
            }
            None => trip,
        });
    }
    let trips = trips.unwrap_or(none);
    let per_bin = b.const_i64(PER_BIN);
    let least = b.const_i64(TRIPS);
    let most = b.const_i64(COPIES / ((PLACES - 1) * size));
    let worth = b.int(IntOp::Mul, Overflow::Wrap, count, per_bin);
    for (compare, left, right) in [
        (Compare::Le, count, most),
        (Compare::Ge, trips, worth),
        (Compare::Ge, trips, least),
    ] {
        let holds = b.compare(compare, left, right);
        condition = Some(and(&mut b, condition, holds));
    }
    let Some(condition) = condition else { return };
    let done = b.if_(
        condition,
        &[Type::BOOL],
        |b| with_copies(b, tally, count, none),
        |b| vec![b.const_bool(false)],
    );
    let position = b.position();
    // The loops as they were.
    function.regions[region].ops.remove(position);
    let mut b = Builder::before(function, region, position, site);
    let outer = tally.outer;
    b.if_(
        done[0],
        &[],
        |_| Vec::new(),
        |b| {
            b.insert(outer);
            Vec::new()
        },
    );
}

/// Start and stop of a loop.
fn bounds(function: &Function, op: OpId) -> (ValueId, ValueId) {
    let args = &function.ops[op].args;
    (args[0], args[1])
}

/// Makes copies, counts, and adds them up, if there is memory. Whether it has.
fn with_copies(b: &mut Builder<'_>, tally: &Tally, count: ValueId, zero: ValueId) -> Vec<ValueId> {
    let size = b.const_i64(i64::from(tally.element.element.size()));
    let each = b.int(IntOp::Mul, Overflow::Wrap, count, size);
    let copies = b.const_i64(PLACES - 1);
    let bytes = b.int(IntOp::Mul, Overflow::Wrap, each, copies);
    let taken = b.call_runtime("snek_rt_scratch_take", vec![bytes], &[Type::I64]);
    let there = b.compare(Compare::Ne, taken[0], zero);
    b.if_(
        there,
        &[Type::BOOL],
        |b| {
            let mut address = taken[0];
            let mut places = vec![tally.array];
            for n in 1..PLACES {
                let ty = Type::Array(tally.element);
                places.push(b.value(OpKind::View, vec![address, count], ty));
                if n + 1 < PLACES {
                    address = b.int(IntOp::Add, Overflow::Wrap, address, each);
                }
            }
            let ty = b
                .function
                .types(&b.function.ops[tally.load].results.clone())[0];
            let nothing = b.const_int(ty, 0);
            let store = || OpKind::Store(vec![Bound::Proved]);
            let load = || OpKind::Load(vec![Bound::Proved]);
            b.for_("made.bin", (zero, count, 1), vec![], |b, _, bin, _| {
                for copy in &places[1..] {
                    b.op(store(), vec![*copy, bin, nothing], &[]);
                }
                Vec::new()
            });
            count_in_turn(b, tally, &places);
            b.for_("made.bin", (zero, count, 1), vec![], |b, _, bin, _| {
                let mut sum = b.value(load(), vec![tally.array, bin], ty);
                for copy in &places[1..] {
                    let more = b.value(load(), vec![*copy, bin], ty);
                    sum = b.int(IntOp::Add, Overflow::Wrap, sum, more);
                }
                b.op(store(), vec![tally.array, bin, sum], &[]);
                Vec::new()
            });
            b.call_runtime("snek_rt_scratch_give", vec![taken[0], bytes], &[]);
            vec![b.const_bool(true)]
        },
        |b| vec![b.const_bool(false)],
    )
}

/// The loops, of which the inner one does several iterations at a time, each with a place of its own.
fn count_in_turn(b: &mut Builder<'_>, tally: &Tally, places: &[ValueId]) {
    let mut cloner = Cloner::within();
    let outer = cloner.op(b.function, tally.outer);
    b.insert(outer);
    let induction = |function: &Function, op: OpId| match &function.ops[op].kind {
        OpKind::For(f) => Some((f.body, function.regions[f.body].params[0])),
        _ => None,
    };
    let Some((_, old)) = induction(b.function, tally.inner) else {
        return;
    };
    let new = cloner.values.get(&old).copied();
    // Where the inner loop has come to.
    let mut regions = vec![b.region()];
    if let Some((body, _)) = induction(b.function, outer) {
        regions.extend(edit::regions_in(b.function, body));
    }
    for region in regions {
        let ops = &b.function.regions[region].ops;
        let is_inner = |op: &OpId| induction(b.function, *op).map(|(_, i)| i) == new;
        if let Some(at) = ops.iter().position(is_inner) {
            let op = ops[at];
            in_turn(b.function, (region, at), op, tally.array, places);
            return;
        }
    }
}

/// Puts a loop that does several iterations at a time before a loop, which does the rest.
fn in_turn(
    function: &mut Function,
    (region, at): (RegionId, usize),
    op: OpId,
    array: ValueId,
    places: &[ValueId],
) {
    let OpKind::For(f) = function.ops[op].kind.clone() else {
        return;
    };
    let (start, stop) = bounds(function, op);
    let site = function.ops[op].site;
    let old = function.regions[f.body].params[0];
    let body = function.regions[f.body].ops.clone();
    let mut b = Builder::before(function, region, at, site);
    let trip = b.int(IntOp::Sub, Overflow::Wrap, stop, start);
    let mask = b.const_i64(-PLACES);
    let whole = b.int(IntOp::And, Overflow::Wrap, trip, mask);
    let zero = b.const_i64(0);
    let runs = b.compare(Compare::Lt, start, stop);
    let counts = b.compare(Compare::Ge, trip, zero);
    let runs = b.int(IntOp::And, Overflow::Wrap, runs, counts);
    let whole = b.select(runs, whole, zero);
    let end = b.int(IntOp::Add, Overflow::Wrap, start, whole);
    b.for_(
        "made.places",
        (start, end, PLACES),
        vec![],
        |b, _, first, _| {
            for (n, place) in (0..).zip(places) {
                let by = b.const_i64(n);
                let own = b.int(IntOp::Add, Overflow::Wrap, first, by);
                let mut cloner = Cloner::within();
                cloner.values.insert(old, own);
                for &inner in &body[..body.len() - 1] {
                    let op = cloner.op(b.function, inner);
                    let data = &mut b.function.ops[op];
                    if matches!(data.kind, OpKind::Load(_) | OpKind::Store(_))
                        && data.args[0] == array
                    {
                        data.args[0] = *place;
                    }
                    b.insert(op);
                }
            }
            Vec::new()
        },
    );
    function.ops[op].args[0] = end;
}
