//! Parallel loops as functions that the runtime calls for a range of iterations.
//!
//! Runs last at every level. Each parallel `for` becomes a `parallel_call`; its body becomes a function of role
//! `ParallelBody`, its reductions one of role `Combine`. Constants are not captured but made again. Loops in loops are
//! outlined too, from the inside of the new functions. A nest of them may run as one loop (`collapse.rs`): behind a test,
//! with the plain loop where it fails.

use rustc_hash::{FxHashMap, FxHashSet};
use snek_analysis::structure::Structure;
use snek_mir::builder::Builder;
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{
    Compare, Cut, FloatOp, Fold, For, Function, FunctionId, IntOp, LoopKind, OpId, OpKind,
    Overflow, Program, ReductionOp, RegionId, Role, Scalar, Schedule, SiteId, Type, ValueDef,
    ValueId,
};

use crate::collapse::{self, Loops};
use crate::grain;
use crate::rewrite::{place_of, split_on};

/// Runs the pass.
pub fn run(program: &mut Program) {
    let mut next = 0;
    // The list grows while it is walked.
    while next < program.functions.len() {
        let id = FunctionId::from_usize(next);
        let mut count = 0;
        // Loops of nests that are run as one loop elsewhere.
        let mut plain: FxHashSet<OpId> = FxHashSet::default();
        while let Some(op) = first_parallel(&program.functions[id]) {
            let mut nest = None;
            if !plain.contains(&op)
                && let Some((collapsed, twin)) = collapse(&mut program.functions[id], op)
            {
                nest = Some(collapsed);
                plain.insert(twin);
            }
            outline(program, id, op, count, nest);
            count += 1;
        }
        next += 1;
    }
}

fn first_parallel(function: &Function) -> Option<OpId> {
    let is_parallel = |op: &OpId| matches!(&function.ops[*op].kind, OpKind::For(f) if f.kind == LoopKind::Parallel);
    edit::ops(function).into_iter().find(is_parallel)
}

/// A nest that runs as one loop.
struct Nest {
    loops: Vec<OpId>,
    /// The number of iterations of each.
    trips: Vec<ValueId>,
    /// The constant 0, and the number of iterations of all together.
    bounds: (ValueId, ValueId),
}

/// Puts a test before a nest that may run as one loop; gives the nest and its twin, where the test fails.
fn collapse(function: &mut Function, op: OpId) -> Option<(Nest, OpId)> {
    use snek_abi::parallel::{COLLAPSE_MASK, COLLAPSE_SHIFT, HAS_CHUNK};
    let mut loops = collapse::nest(function, op);
    let site = function.ops[op].site;
    let flags = options(function, op, site).map_or(0, |options| options.flags);
    let asked = (flags >> COLLAPSE_SHIFT) & COLLAPSE_MASK;
    // `chunk` counts what the user has written.
    if asked == 1 || (asked == 0 && flags & HAS_CHUNK != 0) {
        return None;
    }
    if asked > 1 {
        loops.truncate(asked as usize);
    }
    if loops.len() < 2 {
        return None;
    }
    let twin = Cloner::within().op(function, op);
    let (region, at) = place_of(function, op)?;
    let mut b = Builder::before(function, region, at, site);
    let counted = collapse::count(&mut b, &loops, asked > 1);
    let zero = b.const_i64(0);
    split_on(function, op, Vec::new(), counted.condition, twin);
    let nest = Nest {
        loops,
        trips: counted.trips,
        bounds: (zero, counted.total),
    };
    Some((nest, twin))
}

fn outline(program: &mut Program, id: FunctionId, op: OpId, count: usize, nest: Option<Nest>) {
    let function = &program.functions[id];
    let data = function.ops[op].clone();
    let OpKind::For(f) = data.kind else { return };
    let (remade, mut captured) = captures(function, f.body);
    let options = options(function, op, data.site);
    if let Some(nest) = &nest {
        captured.push(data.args[0]);
        captured.extend(&nest.trips[1..]);
    }
    // Of a nest that runs as one loop, an iteration is one of the innermost.
    let innermost = nest.as_ref().and_then(|nest| nest.loops.last().copied());
    let dealt = match innermost.map(|op| &function.ops[op].kind) {
        Some(OpKind::For(innermost)) => innermost,
        _ => &f,
    };
    let grain = match dealt.grain {
        0 => grain::of(program, function, dealt.body),
        grain => grain,
    };
    let accumulators: Vec<(u32, ReductionOp)> = captured
        .iter()
        .zip(0..)
        .filter_map(|(value, at)| match function.def_op(*value)?.kind {
            OpKind::Accumulator(fold) => Some((at, fold)),
            _ => None,
        })
        .collect();

    let symbol = format!("{}$par{count}", function.symbol);
    let single = [op];
    let loops = nest.as_ref().map_or(&single[..], |nest| &nest.loops);
    let mut body = make_body(
        function,
        loops,
        &remade,
        &captured,
        symbol.clone(),
        data.site,
    );
    let mut combine = make_combine(function, &f, format!("{symbol}$combine"), data.site);
    // The arrays of a loop that the compiler made parallel may be anybody's.
    body.auto_parallel = f.auto;
    // A part raises only if the whole does; `effects`, which runs next, knows better.
    body.may_raise = function.may_raise;
    if let Some(combine) = &mut combine {
        combine.may_raise = function.may_raise;
        if !function.may_raise {
            // The whole sum fits, so it is right whatever its parts are.
            for op in &mut combine.ops {
                if let OpKind::Int(_, overflow) = &mut op.kind {
                    *overflow = Overflow::Wrap;
                }
            }
        }
    }
    let identities = partials(function, &f)
        .iter()
        .zip(&f.reductions)
        .map(|(ty, fold)| fold_identity(*fold, *ty))
        .collect();
    let body = program.functions.push(body);
    let combine = combine.map(|combine| program.functions.push(combine));

    let function = &mut program.functions[id];
    let Some((region, at)) = place_of(function, op) else {
        return;
    };
    debug_assert_eq!(function.regions[region].ops[at], op);
    let data = &mut function.ops[op];
    data.args.extend(captured);
    if let Some(nest) = &nest {
        (data.args[0], data.args[1]) = nest.bounds;
    }
    let progress = options.as_ref().is_some_and(|options| options.progress);
    let schedule = options.map(|options| {
        data.args.extend([options.chunk, options.threads]);
        options.schedule
    });
    data.kind = OpKind::ParallelCall {
        body,
        combine,
        step: if nest.is_some() { 1 } else { f.step },
        identities,
        accumulators,
        schedule,
        cut: Cut::of(grain),
        progress,
    };
}

/// What the user has asked for.
struct Options {
    flags: i64,
    schedule: Schedule,
    chunk: ValueId,
    threads: ValueId,
    progress: bool,
}

/// The call that checks the options stands before the loop, at the loop's own place.
fn options(function: &Function, op: OpId, site: SiteId) -> Option<Options> {
    let structure = Structure::new(function);
    let span = function.sites[site].span;
    let (mut op, mut region) = (op, structure.region_of[op]);
    while let Some(inside) = region {
        let before = function.regions[inside].ops.iter();
        let before: Vec<OpId> = before.copied().take_while(|other| *other != op).collect();
        let found = before
            .iter()
            .rev()
            .map(|other| &function.ops[*other])
            .find(|data| {
                matches!(data.kind, OpKind::CallRuntime(name) if name == "snek_rt_parallel_options")
                    && function.sites[data.site].span == span
            });
        if let Some(data) = found {
            let flags = function.const_int(data.args[0])?;
            let names = snek_abi::parallel::SCHEDULES;
            let name = names.get((flags & snek_abi::parallel::SCHEDULE_MASK) as usize)?;
            return Some(Options {
                flags,
                schedule: Schedule::from_name(name)?,
                chunk: data.args[1],
                threads: data.args[2],
                progress: flags & snek_abi::parallel::PROGRESS != 0,
            });
        }
        op = structure.owner_of[inside]?;
        region = structure.region_of[op];
    }
    None
}

/// Types of the partial results.
fn partials(function: &Function, f: &For) -> Vec<Type> {
    function.types(&function.regions[f.body].params[1..])
}

/// What the body uses from outside: what is made again inside (constants), and the rest in the order of its first use.
fn captures(function: &Function, body: RegionId) -> (Vec<OpId>, Vec<ValueId>) {
    let mut inside = vec![false; function.values.len()];
    for region in edit::regions_in(function, body) {
        for param in &function.regions[region].params {
            inside[param.index()] = true;
        }
        for op in &function.regions[region].ops {
            for result in &function.ops[*op].results {
                inside[result.index()] = true;
            }
        }
    }
    let (mut remade, mut captured) = (Vec::new(), Vec::new());
    for op in edit::ops_in(function, body) {
        for &arg in &function.ops[op].args {
            capture(function, arg, &mut inside, &mut remade, &mut captured);
        }
    }
    (remade, captured)
}

fn capture(
    function: &Function,
    value: ValueId,
    inside: &mut [bool],
    remade: &mut Vec<OpId>,
    captured: &mut Vec<ValueId>,
) {
    if std::mem::replace(&mut inside[value.index()], true) {
        return;
    }
    let ValueDef::Result(def, _) = function.values[value].def else {
        captured.push(value);
        return;
    };
    let data = &function.ops[def];
    // Lanes are not handed over: they are made of scalars again. A part of an accumulator must be one of the elements
    // that a chunk has for itself.
    let is_lanes = matches!(function.ty(value), Type::Vector(..) | Type::Mask(_));
    if is_constant(&data.kind)
        || (is_lanes && data.kind.properties().is_pure())
        || is_part_of_accumulator(function, value)
    {
        for &arg in &data.args {
            capture(function, arg, inside, remade, captured);
        }
        for result in &data.results {
            inside[result.index()] = true;
        }
        remade.push(def);
    } else {
        captured.push(value);
    }
}

/// Whether the value is a view of an accumulator, and not it itself.
fn is_part_of_accumulator(function: &Function, value: ValueId) -> bool {
    let mut next = value;
    while let Some(data) = function.def_op(next) {
        match data.kind {
            OpKind::Row(_) | OpKind::AsStrided => next = data.args[0],
            OpKind::Accumulator(_) => return next != value,
            _ => break,
        }
    }
    false
}

fn is_constant(kind: &OpKind) -> bool {
    matches!(
        kind,
        OpKind::ConstInt(_) | OpKind::ConstFloat(_) | OpKind::ConstText(_) | OpKind::Undefined
    )
}

fn empty(
    source: &Function,
    symbol: String,
    role: Role,
    params: &[(&str, Type)],
    results: &[Type],
) -> Function {
    let mut function = Function::new(symbol, source.frame, params, results);
    function.role = role;
    function.fastmath = source.fastmath;
    function.strict_math = source.strict_math;
    function
}

/// The function of a body. `loops` are the loop, or a nest that runs as one: then the last captured values are the start
/// of the outermost one and the numbers of iterations of the others.
fn make_body(
    source: &Function,
    loops: &[OpId],
    constants: &[OpId],
    captured: &[ValueId],
    symbol: String,
    site: SiteId,
) -> Function {
    let results = match &source.ops[loops[0]].kind {
        OpKind::For(f) => partials(source, f),
        _ => Vec::new(),
    };
    let mut params: Vec<(&str, Type)> = captured
        .iter()
        .map(|v| {
            (
                source.values[*v].name.as_deref().unwrap_or(""),
                source.ty(*v),
            )
        })
        .collect();
    params.extend([("start", Type::I64), ("lo", Type::I64), ("hi", Type::I64)]);
    params.extend(results.iter().map(|ty| ("", *ty)));
    let mut function = empty(source, symbol, Role::ParallelBody, &params, &results);
    let params = function.params().to_vec();
    let (given, rest) = params.split_at(captured.len());
    let (mut start, lo, hi) = (rest[0], rest[1], rest[2]);

    let mut cloner = Cloner {
        source: Some(source),
        ..Cloner::within()
    };
    cloner.values = captured
        .iter()
        .copied()
        .zip(given.iter().copied())
        .collect();
    // The stack limit and frames of callers do not change: places are copied with their chains.
    let site = cloner.site(&mut function, site);
    for &constant in constants {
        let new = cloner.op(&mut function, constant);
        let body = function.body;
        function.regions[body].ops.push(new);
    }

    let body = function.body;
    let mut b = Builder::at_end(&mut function, body, site);
    let mut sizes = Vec::new();
    if loops.len() > 1 {
        let (outer, trips) = given[given.len() - loops.len()..].split_at(1);
        start = outer[0];
        let mut size = trips[trips.len() - 1];
        sizes.push(size);
        for trip in trips[..trips.len() - 1].iter().rev() {
            size = b.int(IntOp::Mul, Overflow::Proved, *trip, size);
            sizes.insert(0, size);
        }
    }
    let loops = Loops {
        source,
        nest: loops,
        start,
        sizes,
    };
    let partial = rest[3..].to_vec();
    let values = loops.emit(&mut function, &mut cloner, body, 0, (lo, hi), partial);
    let mut b = Builder::at_end(&mut function, body, site);
    b.end_with(OpKind::Return, values);
    function
}

fn make_combine(source: &Function, f: &For, symbol: String, site: SiteId) -> Option<Function> {
    let types = partials(source, f);
    if types.is_empty() {
        return None;
    }
    let params: Vec<(&str, Type)> = types.iter().chain(&types).map(|ty| ("", *ty)).collect();
    let mut function = empty(source, symbol, Role::Combine, &params, &types);
    let mut cloner = Cloner {
        source: Some(source),
        values: FxHashMap::default(),
        ..Cloner::within()
    };
    let site = cloner.site(&mut function, site);
    let params = function.params().to_vec();
    let (left, right) = params.split_at(types.len());
    let body = function.body;
    let mut b = Builder::at_end(&mut function, body, site);
    let mut values = Vec::new();
    while let Some(fold) = f.reductions.get(values.len()) {
        let at = values.len();
        let more = f.reductions[at + 1..]
            .iter()
            .take_while(|fold| matches!(fold, Fold::With(_)));
        let parts = at..at + 1 + more.count();
        let (left, right) = (&left[parts.clone()], &right[parts]);
        match *fold {
            Fold::By(fold, overflow) => {
                values.push(combine(&mut b, fold, overflow, left[0], right[0]));
            }
            Fold::Best(compare) => values.extend(better(&mut b, compare, left, right)),
            Fold::Call { function, .. } => {
                let types = b.function.types(left);
                values.extend(b.values(OpKind::Call(function), [left, right].concat(), &types));
            }
            // None stands alone.
            Fold::With(_) => values.push(left[0]),
        }
    }
    b.end_with(OpKind::Return, values);
    Some(function)
}

/// The values of the part that has chosen better: of equal ones the earlier or, for `Le` and `Ge`, the later one.
fn better(
    b: &mut Builder<'_>,
    compare: Compare,
    left: &[ValueId],
    right: &[ValueId],
) -> Vec<ValueId> {
    let mut take = b.compare(compare, right[0], left[0]);
    if matches!(compare, Compare::Le | Compare::Ge) {
        // A part that has taken nothing has the identity, which an element may equal.
        let bit = |b: &mut Builder<'_>, op, x, y| b.int(op, Overflow::Wrap, x, y);
        let one = b.const_bool(true);
        let empty = bit(b, IntOp::Xor, left[1], one);
        take = bit(b, IntOp::Or, take, empty);
        take = bit(b, IntOp::And, take, right[1]);
    }
    let pairs = left.iter().zip(right);
    pairs
        .map(|(left, right)| b.select(take, *right, *left))
        .collect()
}

/// The bits that a part starts from.
fn fold_identity(fold: Fold, ty: Type) -> u64 {
    match fold {
        Fold::By(fold, _) => identity(fold, ty),
        Fold::Best(Compare::Lt | Compare::Le) => identity(ReductionOp::Min, ty),
        Fold::Best(_) => identity(ReductionOp::Max, ty),
        Fold::Call { identity, .. } | Fold::With(identity) => identity,
    }
}

pub fn combine(
    b: &mut Builder<'_>,
    fold: ReductionOp,
    overflow: Overflow,
    left: ValueId,
    right: ValueId,
) -> ValueId {
    let is_float = b.function.ty(left).scalar().is_some_and(Scalar::is_float);
    match (fold, is_float) {
        (ReductionOp::Add, true) => b.float(FloatOp::Add, left, right),
        (ReductionOp::Mul, true) => b.float(FloatOp::Mul, left, right),
        // As Python's `min(left, right)`.
        (ReductionOp::Min, true) => {
            let less = b.compare(Compare::Lt, right, left);
            b.select(less, right, left)
        }
        (ReductionOp::Max, true) => {
            let greater = b.compare(Compare::Gt, right, left);
            b.select(greater, right, left)
        }
        (ReductionOp::Add, false) => b.int(IntOp::Add, overflow, left, right),
        (ReductionOp::Mul, false) => b.int(IntOp::Mul, overflow, left, right),
        (ReductionOp::Min, false) => b.int(IntOp::Min, overflow, left, right),
        (ReductionOp::Max, false) => b.int(IntOp::Max, overflow, left, right),
        (ReductionOp::And, _) => b.int(IntOp::And, overflow, left, right),
        (ReductionOp::Or, _) => b.int(IntOp::Or, overflow, left, right),
        (ReductionOp::Xor, _) => b.int(IntOp::Xor, overflow, left, right),
    }
}

/// The bits of the value that folding does not notice. Floats are by the bits of an `F64`.
pub fn identity(fold: ReductionOp, ty: Type) -> u64 {
    let Some(scalar) = ty.scalar() else { return 0 };
    if scalar.is_float() {
        let value = match fold {
            // -0.0, not 0.0: it keeps a sum of negative zeros.
            ReductionOp::Add => -0.0,
            ReductionOp::Mul => 1.0,
            ReductionOp::Min => f64::INFINITY,
            ReductionOp::Max => f64::NEG_INFINITY,
            ReductionOp::And | ReductionOp::Or | ReductionOp::Xor => 0.0,
        };
        return value.to_bits();
    }
    let value = match fold {
        ReductionOp::Add | ReductionOp::Or | ReductionOp::Xor => 0,
        ReductionOp::Mul => 1,
        ReductionOp::Min => scalar.max_value(),
        ReductionOp::Max => scalar.min_value(),
        ReductionOp::And if scalar == Scalar::Bool => 1,
        ReductionOp::And => -1,
    };
    crate::fold::wrap(scalar, value) as u64
}
