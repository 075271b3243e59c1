//! Sums of several iterations abreast: `for j { s = ...; for k { s += ... }; what is made of s }` waits for each addition.
//!
//! The loops over `k` of four iterations of `j` become one loop with four sums, which do not wait for each other; then
//! comes what is made of each sum, in order. No sum changes its order. Where `k` ends at `j`, as in factorisations and
//! substitutions of triangles, the loop that all four share ends at the first `j`, and each sum goes on from there after
//! what the iterations before have stored.
//!
//! So what comes earlier than it did are loads and arithmetic, which cannot be noticed. They must not be of what these few
//! iterations store: that is shown from subscripts, or tested before the loop for arrays that may share memory. Unlike for
//! `jam`, what is made of the sums may raise, go different ways and carry values on.
//!
//! Only for float sums in order, in loops over `j` that do not run in lanes. Runs before `vectorise`.

use snek_analysis::affine::{Affine, Polynomial};
use snek_analysis::dependence::{Access, Dependences, accesses};
use snek_analysis::ranges::Ranges;
use snek_analysis::structure::{Structure, is_loop};
use snek_mir::builder::Builder;
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{
    Bound, For, Function, IntOp, Layout, LoopKind, OpId, OpKind, Overflow, Role, ValueId,
};
use snek_mir::ops::Raises;

use crate::jam::is_rest;
use crate::report::{LoopShape, Names, Notes};
use crate::rewrite::{and, is_speculatable, place_of};
use crate::vectorise::build::{PAIRS, advance, tested_at, tests, trip_count};
use crate::vectorise::shape::{Context, Known, folds};
use crate::vectorise::{chunk, runs_as_a_whole};

/// Iterations that are done at once.
const FACTOR: u8 = 4;
/// Registers for sums.
const REGISTERS: usize = 12;
/// Ops of the loop that is made, at most.
const SIZE: usize = 400;
/// Starts that lie further apart are not compared.
const FAR: i128 = 1 << 56;

/// Runs the pass.
pub fn run(function: &mut Function, names: &Names, notes: &mut Notes) {
    if !matches!(function.role, Role::Plain | Role::ParallelBody) {
        return;
    }
    let structure = Structure::new(function);
    let loops = structure.order.iter().copied();
    let nests: Vec<Nest> = loops
        .filter_map(|op| Nest::find(function, &structure, op))
        .collect();
    if nests.is_empty() {
        return;
    }
    let known = Known::of(function, names);
    let nests: Vec<Nest> = nests
        .into_iter()
        .filter(|nest| nest.waits(&known.context()))
        .collect();
    let Known { facts, .. } = known;
    for nest in nests {
        notes.shaped(function, nest.outer, LoopShape::Abreast);
        nest.build(function, &structure, &facts);
    }
}

/// `for outer { before; for inner { ... }; after }`.
struct Nest {
    outer: OpId,
    inner: OpId,
    before: Vec<OpId>,
    after: Vec<OpId>,
    /// The inner loop ends at the induction variable of the outer one.
    triangle: bool,
    dependences: Dependences,
}

fn the_loop(function: &Function, op: OpId) -> Option<&For> {
    match &function.ops[op].kind {
        OpKind::For(f) if f.kind == LoopKind::Serial && f.step == 1 => Some(f),
        _ => None,
    }
}

impl Nest {
    fn find(function: &Function, structure: &Structure, outer: OpId) -> Option<Nest> {
        let f = the_loop(function, outer)?;
        let label = &structure.labels[f.label];
        let body = &function.regions[f.body];
        let (end, ops) = body.ops.split_last()?;
        if !label.breaks.is_empty()
            || label.nexts[..] != [*end]
            || is_rest(function, outer)
            || chunk(function) == Some(outer)
        {
            return None;
        }
        let mut loops = ops.iter().filter(|op| is_loop(&function.ops[**op].kind));
        let (inner, None) = (*loops.next()?, loops.next()) else {
            return None;
        };
        let at = ops.iter().position(|op| *op == inner)?;
        let (before, after) = (ops[..at].to_vec(), ops[at + 1..].to_vec());
        let g = the_loop(function, inner)?;
        let data = &function.ops[inner];
        let sums = data.results.len();
        let (j, still) = (body.params[0], |value: ValueId| {
            structure.is_invariant(function, value, outer)
        });
        let triangle = data.args[1] == j;
        let inside = &function.regions[g.body].ops;
        if sums == 0
            || sums * usize::from(FACTOR) > REGISTERS
            || !still(data.args[0])
            || !(triangle || still(data.args[1]))
            || structure.labels[g.label].nexts.len() != 1
            || !structure.labels[g.label].breaks.is_empty()
        {
            return None;
        }
        let is_early = |op: &OpId| match &function.ops[*op].kind {
            OpKind::Load(bounds) => bounds.iter().all(|bound| *bound == Bound::Proved),
            _ => is_speculatable(function, *op),
        };
        let is_late = |op: &OpId| {
            let kind = &function.ops[*op].kind;
            let properties = kind.properties();
            let touches = properties.reads || properties.writes;
            let is_access = matches!(kind, OpKind::Load(_) | OpKind::Store(_));
            !is_loop(kind)
                && properties.raises != Raises::Callee
                && (!touches || is_access || is_exception(kind))
        };
        let mut late = Vec::new();
        for op in &after {
            late.push(*op);
            for region in function.ops[*op].kind.regions() {
                late.extend(edit::ops_in(function, region));
            }
        }
        let (_, straight) = inside.split_last()?;
        let copies = usize::from(FACTOR);
        if !before.iter().chain(straight).all(is_early)
            || !late.iter().all(is_late)
            || (before.len() + late.len() + 2 * inside.len()) * copies > SIZE
        {
            return None;
        }
        // What comes early does not wait for what iterations hand on.
        let carried = &body.params[1..];
        let early = before.iter().chain(straight).chain([&inner]);
        let args: Vec<ValueId> = early
            .flat_map(|op| function.ops[*op].args.clone())
            .collect();
        if args.iter().any(|arg| carried.contains(arg)) {
            return None;
        }
        let mut this = Nest {
            outer,
            inner,
            before,
            after,
            triangle,
            dependences: Dependences::none(),
        };
        this.dependences = this.apart(function, structure)?;
        (this.dependences.apart.len() <= PAIRS).then_some(this)
    }

    /// What must be tested for the early loads to be of nothing that the iterations before them store.
    fn apart(&self, function: &Function, structure: &Structure) -> Option<Dependences> {
        let accesses = accesses(function, structure, self.outer);
        let (stores, loads): (Vec<&Access>, Vec<&Access>) =
            accesses.iter().partition(|access| access.writes);
        let is_early = |access: &&&Access| access.nested || self.before.contains(&access.op);
        let mut affine = Affine::modular(function, structure);
        let mut found = Dependences::none();
        for load in loads.iter().filter(is_early) {
            for store in &stores {
                let fixed = |base| structure.is_invariant(function, base, self.outer);
                if !fixed(load.base) || !fixed(store.base) {
                    return None;
                }
                if load.base != store.base {
                    let key = (load.base.min(store.base), load.base.max(store.base));
                    found.apart.entry(key).or_insert((load.op, store.op));
                    continue;
                }
                let array = function.ty(load.base).array();
                if array.is_some_and(|array| array.layout == Layout::Strided) {
                    found.injective.insert(load.base);
                }
                let mut apart = false;
                for n in 0..load.subscripts.len().min(store.subscripts.len()) {
                    if !load.wraps[n] && !store.wraps[n] {
                        let of_load = affine.of(load.subscripts[n]);
                        let of_store = affine.of(store.subscripts[n]);
                        let stop = affine.of(function.ops[self.outer].args[1]);
                        apart |= self.is_apart(function, structure, &of_load, &of_store, &stop);
                    }
                }
                if !apart {
                    return None;
                }
            }
        }
        Some(found)
    }

    /// Whether an early load and a store of one of the up to three iterations before are never at one position, in a loop
    /// to `stop`.
    fn is_apart(
        &self,
        function: &Function,
        structure: &Structure,
        load: &Polynomial,
        store: &Polynomial,
        stop: &Polynomial,
    ) -> bool {
        let variable = |op| the_loop(function, op).map(|f| function.regions[f.body].params[0]);
        let (Some(j), Some(k)) = (variable(self.outer), variable(self.inner)) else {
            return false;
        };
        let still = |polynomial: &Polynomial| {
            let symbols = polynomial.symbols();
            symbols
                .iter()
                .all(|value| structure.is_invariant(function, *value, self.outer))
        };
        let parts = |polynomial: &Polynomial| {
            let (of_j, rest) = polynomial.split(j)?;
            let (of_k, rest) = rest.split(k)?;
            let factors = (of_j.as_constant()?, of_k.as_constant()?);
            still(&rest).then_some((factors, rest))
        };
        let (Some((factors, rest)), Some(((by, 0), place))) = (parts(load), parts(store)) else {
            return false;
        };
        let distance = |polynomial: &Polynomial| {
            let distance = polynomial.as_constant();
            distance.filter(|distance| distance.abs() <= FAR)
        };
        match factors {
            // The store's iteration is 1 to 3 before the load's.
            (same, 0) if same == by => match distance(&place.sub(&rest)) {
                Some(0) if by == 0 => false,
                Some(_) if by == 0 => true,
                Some(far) => {
                    let iterations = far / by;
                    far % by != 0 || !(1..i128::from(FACTOR)).contains(&iterations)
                }
                None => false,
            },
            // `k` is below all of these `j`, and they are below the end.
            (0, 1) if self.triangle => {
                let beyond = match by {
                    1 => distance(&place.sub(&rest)),
                    0 => {
                        let last = stop.sub(&Polynomial::constant(1));
                        distance(&place.sub(&rest).sub(&last))
                    }
                    _ => None,
                };
                beyond.is_some_and(|beyond| beyond >= 0)
            }
            _ => false,
        }
    }

    /// Whether the inner loop sums floats in order, and the outer one does not run in lanes.
    fn waits(&self, context: &Context<'_>) -> bool {
        let folds = folds(context, self.inner).unwrap_or_default();
        let in_order = !folds.is_empty() && folds.iter().all(|fold| fold.in_order.is_some());
        in_order && !runs_as_a_whole(context, self.outer)
    }

    fn build(self, function: &mut Function, structure: &Structure, facts: &Ranges) {
        let data = function.ops[self.outer].clone();
        let Some(f) = the_loop(function, self.outer).cloned() else {
            return;
        };
        let place = tested_at(function, structure, self.outer, &self.dependences);
        let apart = place.and_then(|place| tests(function, &self.dependences, place, data.site));
        let Some((region, at)) = place_of(function, self.outer) else {
            return;
        };
        let (start, stop) = (data.args[0], data.args[1]);
        let mut types = vec![function.ty(start)];
        types.extend(function.types(&data.results));
        let mut b = Builder::before(function, region, at, data.site);
        let (trip, mut condition) = trip_count(&mut b, facts, start, stop, &f, FACTOR);
        if let Some(apart) = apart {
            condition = and(&mut b, Some(condition), apart);
        }
        let inits = data.args[2..].to_vec();
        let rest = b.if_(
            condition,
            &types,
            |b| {
                let mask = b.const_i64(-i64::from(FACTOR));
                let main = b.int(IntOp::And, Overflow::Wrap, trip, mask);
                let end = advance(b, start, main, f.step);
                let bounds = (start, end, i64::from(FACTOR));
                let carried = b.for_(
                    "made.sums",
                    bounds,
                    inits.clone(),
                    |b, _, first, carried| self.abreast(b, &f, first, carried.to_vec()),
                );
                [vec![end], carried].concat()
            },
            |_| [vec![start], inits.clone()].concat(),
        );
        let args = &mut function.ops[self.outer].args;
        args[0] = rest[0];
        args.splice(2.., rest[1..].iter().copied());
    }

    /// Some iterations of the outer loop. Gives what they carry on.
    fn abreast(
        &self,
        b: &mut Builder<'_>,
        f: &For,
        first: ValueId,
        mut carried: Vec<ValueId>,
    ) -> Vec<ValueId> {
        let inner = b.function.ops[self.inner].clone();
        let Some(g) = the_loop(b.function, self.inner).cloned() else {
            return carried;
        };
        let params = b.function.regions[f.body].params.clone();
        let known = |cloner: &Cloner<'_>, value: &ValueId| {
            cloner.values.get(value).copied().unwrap_or(*value)
        };
        let mut iterations: Vec<(ValueId, Cloner<'_>)> = Vec::new();
        let mut sums: Vec<ValueId> = Vec::new();
        for n in 0..i64::from(FACTOR) {
            let ahead = b.const_i64(n);
            let j = match n {
                0 => first,
                _ => b.int(IntOp::Add, Overflow::Wrap, first, ahead),
            };
            let mut cloner = Cloner::within();
            cloner.values.insert(params[0], j);
            for op in &self.before {
                let op = cloner.op(b.function, *op);
                b.insert(op);
            }
            sums.extend(inner.args[2..].iter().map(|init| known(&cloner, init)));
            iterations.push((j, cloner));
        }
        let stop = if self.triangle { first } else { inner.args[1] };
        let start = inner.args[0];
        let count = inner.results.len();
        let sums = b.for_("made.terms", (start, stop, 1), sums, |b, _, k, sums| {
            let each = iterations.iter_mut().zip(sums.chunks(count));
            each.flat_map(|((_, cloner), sums)| terms(b, &g, cloner, k, sums))
                .collect()
        });
        let constant = |value| b.function.const_int(value);
        let outer = constant(b.function.ops[self.outer].args[0]);
        let starts_before = constant(start).is_some_and(|k| outer.is_some_and(|j| k <= j));
        let made: Vec<ValueId> = iterations.iter().map(|(j, _)| *j).collect();
        let end = b.function.terminator(f.body);
        let next = end.map_or(Vec::new(), |end| b.function.ops[end].args.clone());
        for ((j, mut cloner), sums) in iterations.into_iter().zip(sums.chunks(count)) {
            let mut sums = sums.to_vec();
            // What the iterations before have made.
            if self.triangle && (starts_before || j == first) {
                for k in made.iter().copied().take_while(|k| *k != j) {
                    sums = terms(b, &g, &mut cloner, k, &sums);
                }
            } else if self.triangle {
                let from = b.int(IntOp::Max, Overflow::Wrap, start, first);
                sums = b.for_("made.terms", (from, j, 1), sums, |b, _, k, sums| {
                    terms(b, &g, &mut cloner, k, sums)
                });
            }
            cloner
                .values
                .extend(inner.results.iter().copied().zip(sums));
            cloner
                .values
                .extend(params[1..].iter().copied().zip(carried));
            for op in &self.after {
                let op = cloner.op(b.function, *op);
                b.insert(op);
            }
            carried = next.iter().map(|value| known(&cloner, value)).collect();
        }
        carried
    }
}

/// Builds an exception that is about to be raised.
fn is_exception(kind: &OpKind) -> bool {
    matches!(kind, OpKind::CallRuntime(name) if name.starts_with("snek_rt_exc"))
}

/// The body of the inner loop at `k`. Gives the sums.
fn terms(
    b: &mut Builder<'_>,
    g: &For,
    cloner: &mut Cloner<'_>,
    k: ValueId,
    sums: &[ValueId],
) -> Vec<ValueId> {
    let body = &b.function.regions[g.body];
    let (params, ops) = (body.params.clone(), body.ops.clone());
    cloner.values.insert(params[0], k);
    cloner
        .values
        .extend(params[1..].iter().copied().zip(sums.iter().copied()));
    let (end, ops) = match ops.split_last() {
        Some((end, ops)) => (*end, ops),
        None => return sums.to_vec(),
    };
    for op in ops {
        let op = cloner.op(b.function, *op);
        b.insert(op);
    }
    let next = b.function.ops[end].args.clone();
    let known = |value| cloner.values.get(&value).copied().unwrap_or(value);
    next.into_iter().map(known).collect()
}
