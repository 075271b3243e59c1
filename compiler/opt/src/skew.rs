//! Skewing: rows of a nest in which each element waits for the one before it, several at a time.
//!
//! `for i { for j { a[i, j] = f(a[i - 1, j], a[i, j - 1], a[i, j + 1], a[i + 1, j]) } }` waits for each `a[i, j]` in turn.
//! Row `i + 1` may do column `j - 1` while row `i` does column `j`: then four rows wait side by side. What the step before
//! has stored stays in a register, where the next element of the row or the row below wants it.
//!
//! The first columns of the upper rows come before, row by row, and the last ones of the lower rows behind; rows that are
//! left run as they did. Each element is computed from the same values: two accesses to one element, of which one writes,
//! keep their order if the later one lies at most as many columns to the left as it lies rows below. That is shown from
//! the distances of subscripts, or tested before the nest for arrays that may share memory. Nothing may raise.
//!
//! Only for nests in which a row waits for itself, so that lanes have refused it. Runs before `vectorise`.

use rustc_hash::{FxHashMap, FxHashSet};
use snek_analysis::affine::Affine;
use snek_analysis::dependence::{Access, Dependences, accesses};
use snek_analysis::ranges::{Ranges, ranges};
use snek_analysis::structure::Structure;
use snek_mir::builder::Builder;
use snek_mir::edit::Cloner;
use snek_mir::ir::{
    Bound, For, Function, IntOp, Layout, LoopKind, OpId, OpKind, Overflow, Role, ValueDef, ValueId,
};

use crate::jam::is_rest;
use crate::report::{LoopShape, Names, Notes};
use crate::rewrite::{and, is_speculatable, place_of};
use crate::vectorise::build::{PAIRS, advance, tested_at, tests, trip_count};
use crate::vectorise::chunk;

/// Rows at a time.
const ROWS: i64 = 4;
/// Larger bodies are not multiplied.
const SIZE: usize = 40;
/// Distances beyond this are not compared.
const FAR: i128 = 1 << 40;

/// Runs the pass.
pub fn run(function: &mut Function, _: &Names, notes: &mut Notes) {
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
    let facts = ranges(function, &structure);
    for nest in nests {
        notes.shaped(function, nest.rows, LoopShape::Skewed);
        nest.build(function, &structure, &facts);
    }
}

/// `for rows { before; for columns { ... } }`.
struct Nest {
    rows: OpId,
    columns: OpId,
    before: Vec<OpId>,
    dependences: Dependences,
    /// The store whose values stay in registers.
    store: OpId,
    /// The loads of them: how many rows below the store, and how many steps after it, 0 or 1.
    loads: FxHashMap<OpId, (i64, i64)>,
}

/// How far apart, in rows and columns, two iterations are that reach one element. `None`: anything.
#[derive(Clone, Copy, Default)]
struct Distance {
    rows: Option<i64>,
    columns: Option<i64>,
}

/// A serial loop by 1 that carries nothing.
fn plain(function: &Function, op: OpId) -> Option<&For> {
    match &function.ops[op].kind {
        OpKind::For(f)
            if f.kind == LoopKind::Serial && f.step == 1 && function.ops[op].results.is_empty() =>
        {
            Some(f)
        }
        _ => None,
    }
}

impl Nest {
    fn find(function: &Function, structure: &Structure, rows: OpId) -> Option<Nest> {
        let f = plain(function, rows)?;
        let ends = |f: &For| {
            let label = &structure.labels[f.label];
            label.breaks.is_empty() && label.nexts.len() == 1
        };
        let [before @ .., columns, _] = &function.regions[f.body].ops[..] else {
            return None;
        };
        let g = plain(function, *columns)?;
        let still = |value: &ValueId| structure.is_invariant(function, *value, rows);
        let (_, body) = function.regions[g.body].ops.split_last()?;
        let is_fit = |op: &OpId| match &function.ops[*op].kind {
            OpKind::Load(bounds) | OpKind::Store(bounds) => {
                bounds.iter().all(|bound| *bound == Bound::Proved)
            }
            _ => is_speculatable(function, *op),
        };
        let waits = |op: &OpId| matches!(function.ops[*op].kind, OpKind::Float(_));
        if !ends(f)
            || !ends(g)
            || is_rest(function, rows)
            || is_rest(function, *columns)
            || chunk(function) == Some(rows)
            || !function.ops[*columns].args.iter().all(still)
            || body.len() > SIZE
            || !body.iter().all(is_fit)
            || !body.iter().any(waits)
            || !before.iter().all(|op| is_speculatable(function, *op))
        {
            return None;
        }
        let accesses = accesses(function, structure, rows);
        let mut stores = accesses.iter().filter(|access| access.writes);
        let (store, None) = (stores.next()?, stores.next()) else {
            return None;
        };
        let mut this = Nest {
            rows,
            columns: *columns,
            before: before.to_vec(),
            dependences: Dependences::none(),
            store: store.op,
            loads: FxHashMap::default(),
        };
        let mut affine = Affine::modular(function, structure);
        let mut waits = false;
        for other in accesses.iter().filter(|other| !other.writes) {
            waits |= this.compare(function, structure, &mut affine, (store, other))?;
        }
        // A store of one element by several iterations.
        this.compare(function, structure, &mut affine, (store, store))?;
        (waits && this.dependences.apart.len() <= PAIRS).then_some(this)
    }

    /// Whether the loads wait for what the row has just stored; `None` if the two would not keep their order.
    fn compare(
        &mut self,
        function: &Function,
        structure: &Structure,
        affine: &mut Affine<'_>,
        (store, other): (&Access, &Access),
    ) -> Option<bool> {
        let fixed = |base| structure.is_invariant(function, base, self.rows);
        if !fixed(store.base) || !fixed(other.base) {
            return None;
        }
        if store.base != other.base {
            let key = (store.base.min(other.base), store.base.max(other.base));
            let pair = (store.op, other.op);
            self.dependences.apart.entry(key).or_insert(pair);
            return Some(false);
        }
        let array = function.ty(store.base).array();
        if array.is_some_and(|array| array.layout == Layout::Strided) {
            self.dependences.injective.insert(store.base);
        }
        let Some(distance) = self.distance(function, structure, affine, (store, other))? else {
            return Some(false);
        };
        let keeps = match (distance.rows, distance.columns) {
            (Some(0), _) => true,
            (Some(rows), Some(columns)) if rows > 0 => columns + rows >= 0,
            (Some(rows), Some(columns)) => columns + rows <= 0,
            (Some(_), None) => false,
            (None, Some(columns)) => columns.abs() <= 1,
            (None, None) => false,
        };
        if !keeps {
            return None;
        }
        let (Some(rows), Some(columns)) = (distance.rows, distance.columns) else {
            return Some(false);
        };
        let later = (0..ROWS).contains(&rows) && matches!(rows + columns, 0 | 1);
        let is_it = store.op == other.op || (rows == 0 && columns <= 0);
        let (loaded, stored) = (&function.ops[other.op], &function.ops[store.op]);
        let same = loaded.results.len() == 1
            && stored
                .args
                .last()
                .is_some_and(|value| function.ty(*value) == function.ty(loaded.results[0]));
        if later && !is_it && same {
            self.loads.insert(other.op, (rows, rows + columns));
        }
        Some((rows, columns) == (0, 1) && same)
    }

    /// How many rows and columns behind the store the other access reaches the same element; `None` inside: it never does.
    fn distance(
        &self,
        function: &Function,
        structure: &Structure,
        affine: &mut Affine<'_>,
        (store, other): (&Access, &Access),
    ) -> Option<Option<Distance>> {
        let variable = |op| plain(function, op).map(|f| function.regions[f.body].params[0]);
        let (i, j) = (variable(self.rows)?, variable(self.columns)?);
        let mut distance = Distance::default();
        for n in 0..store.subscripts.len().min(other.subscripts.len()) {
            if store.wraps[n] || other.wraps[n] {
                return None;
            }
            let mut parts = |value| {
                let (of_i, rest) = affine.of(value).split(i)?;
                let (of_j, rest) = rest.split(j)?;
                let still = |value: &ValueId| structure.is_invariant(function, *value, self.rows);
                let fixed = rest.symbols().iter().all(still);
                let factors = (of_i.as_constant()?, of_j.as_constant()?);
                fixed.then_some((factors, rest))
            };
            let (of_store, of_other) = (parts(store.subscripts[n])?, parts(other.subscripts[n])?);
            if of_store.0 != of_other.0 {
                return None;
            }
            let far = of_store.1.sub(&of_other.1).as_constant()?;
            if far.abs() > FAR {
                return None;
            }
            let known = match of_store.0 {
                (0, 0) if far == 0 => continue,
                (0, 0) => return Some(None),
                (1, 0) => &mut distance.rows,
                (0, 1) => &mut distance.columns,
                _ => return None,
            };
            let far = far as i64;
            if known.is_some_and(|known| known != far) {
                return Some(None);
            }
            *known = Some(far);
        }
        Some(Some(distance))
    }

    fn build(self, function: &mut Function, structure: &Structure, facts: &Ranges) {
        let data = function.ops[self.rows].clone();
        let (Some(f), Some(g)) = (
            plain(function, self.rows).cloned(),
            plain(function, self.columns).cloned(),
        ) else {
            return;
        };
        let place = tested_at(function, structure, self.rows, &self.dependences);
        let apart = place.and_then(|place| tests(function, &self.dependences, place, data.site));
        let Some((region, at)) = place_of(function, self.rows) else {
            return;
        };
        let columns = function.ops[self.columns].args.clone();
        let (start, stop) = (data.args[0], data.args[1]);
        let mut b = Builder::before(function, region, at, data.site);
        let rows = ROWS as u8;
        let (trip, mut condition) = trip_count(&mut b, facts, start, stop, &f, rows);
        let (_, enough) = trip_count(&mut b, facts, columns[0], columns[1], &g, rows);
        condition = and(&mut b, Some(condition), enough);
        if let Some(apart) = apart {
            condition = and(&mut b, Some(condition), apart);
        }
        let ty = b.function.ty(start);
        let rest = b.if_(
            condition,
            &[ty],
            |b| {
                let mask = b.const_i64(-ROWS);
                let main = b.int(IntOp::And, Overflow::Wrap, trip, mask);
                let end = advance(b, start, main, 1);
                b.for_("made.rows", (start, end, ROWS), vec![], |b, _, first, _| {
                    self.group(b, (&f, &g), first, (columns[0], columns[1]));
                    Vec::new()
                });
                vec![end]
            },
            |_| vec![start],
        );
        function.ops[self.rows].args[0] = rest[0];
    }

    /// Some rows.
    fn group(
        &self,
        b: &mut Builder<'_>,
        (f, g): (&For, &For),
        first: ValueId,
        (start, stop): (ValueId, ValueId),
    ) {
        let row = b.function.regions[f.body].params[0];
        let column = b.function.regions[g.body].params[0];
        let mut rows: Vec<Cloner<'_>> = Vec::new();
        for n in 0..ROWS {
            let mut cloner = Cloner::within();
            let i = ahead(b, first, n);
            cloner.values.insert(row, i);
            for op in &self.before {
                let op = cloner.op(b.function, *op);
                b.insert(op);
            }
            rows.push(cloner);
        }
        let body = b.function.regions[g.body].ops.clone();
        let body = &body[..body.len() - 1];
        let one_row = |b: &mut Builder<'_>, cloner: &mut Cloner<'_>, from: ValueId, to: ValueId| {
            b.for_("made.columns", (from, to, 1), vec![], |b, _, j, _| {
                cloner.values.insert(column, j);
                for op in body {
                    let op = cloner.op(b.function, *op);
                    b.insert(op);
                }
                Vec::new()
            });
        };
        for (n, cloner) in rows.iter_mut().enumerate().take(ROWS as usize - 1) {
            let to = ahead(b, start, ROWS - 1 - n as i64);
            one_row(b, cloner, start, to);
        }
        // What was stored last, or what the first column of the last row finds.
        let mut last = Vec::new();
        for (n, cloner) in rows.iter_mut().enumerate() {
            let j = ahead(b, start, ROWS - 2 - n as i64);
            cloner.values.insert(column, j);
            last.push(self.element(b, cloner, body));
        }
        let steps = ahead(b, start, ROWS - 1);
        b.for_(
            "made.columns",
            (steps, stop, 1),
            last,
            |b, _, step, last| {
                let mut now: Vec<ValueId> = Vec::new();
                for (n, cloner) in rows.iter_mut().enumerate() {
                    let j = ahead(b, step, -(n as i64));
                    cloner.values.insert(column, j);
                    for op in body {
                        let above = self.loads.get(op).and_then(|(above, age)| {
                            let above = n.checked_sub(*above as usize)?;
                            Some(if *age == 0 { now[above] } else { last[above] })
                        });
                        if let Some(above) = above {
                            let loaded = b.function.ops[*op].results[0];
                            cloner.values.insert(loaded, above);
                            continue;
                        }
                        let new = cloner.op(b.function, *op);
                        b.insert(new);
                        if *op == self.store {
                            now.extend(b.function.ops[new].args.last());
                        }
                    }
                }
                now
            },
        );
        for (n, cloner) in rows.iter_mut().enumerate().skip(1) {
            let from = ahead(b, stop, -(n as i64));
            one_row(b, cloner, from, stop);
        }
    }

    /// The element that the store reaches in a row and column.
    fn element(&self, b: &mut Builder<'_>, cloner: &mut Cloner<'_>, body: &[OpId]) -> ValueId {
        let data = b.function.ops[self.store].clone();
        let (array, places) = (data.args[0], &data.args[1..data.args.len() - 1]);
        let mut needed = FxHashSet::default();
        for place in places {
            slice(b.function, body, *place, &mut needed);
        }
        for op in body.iter().filter(|op| needed.contains(op)) {
            let op = cloner.op(b.function, *op);
            b.insert(op);
        }
        let known = |value: &ValueId| cloner.values.get(value).copied().unwrap_or(*value);
        let mut args = vec![known(&array)];
        args.extend(places.iter().map(known));
        let ty = b.function.ty(data.args[data.args.len() - 1]);
        b.value(OpKind::Load(vec![Bound::Proved; places.len()]), args, ty)
    }
}

/// The ops of a body that a value is computed from.
fn slice(function: &Function, body: &[OpId], value: ValueId, needed: &mut FxHashSet<OpId>) {
    if let ValueDef::Result(op, _) = function.values[value].def
        && body.contains(&op)
        && needed.insert(op)
    {
        for arg in &function.ops[op].args {
            slice(function, body, *arg, needed);
        }
    }
}

fn ahead(b: &mut Builder<'_>, value: ValueId, by: i64) -> ValueId {
    if by == 0 {
        return value;
    }
    let by = b.const_i64(by);
    b.int(IntOp::Add, Overflow::Wrap, value, by)
}
