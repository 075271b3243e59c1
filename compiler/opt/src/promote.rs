//! Elements that stay where they are while a loop runs, and that it stores to, stay in registers: `row[i] += ...` in a loop
//! over `j` loads before the loop and stores behind it.
//!
//! For serial loops without loops inside in which nothing raises or leaves, so that nobody can see the element in between.
//! All other accesses in the loop must be to other elements, which is proved for the same array and tested before the
//! loops around for others; the loop stays as it was for arrays that share memory. Elements that are only read come along.
//!
//! Runs on what `vectorise` has left scalar.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use snek_analysis::dependence::{Access, Dependences, Lanes, accesses};
use snek_analysis::ranges::{Ranges, ranges};
use snek_analysis::structure::{Structure, is_loop};
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{
    Bound, Compare, Function, Layout, LoopKind, OpId, OpKind, RegionId, SiteId, Type, ValueId,
};

use crate::jam::{is_rest, is_simple};
use crate::rewrite::{emit, new_op, place_of, split_on};
use crate::vectorise::build::{PAIRS, tested_at, tests};

/// Larger bodies are not doubled.
const SIZE: usize = 200;
/// Registers for elements.
const ELEMENTS: usize = 8;

/// Runs the pass.
pub fn run(function: &mut Function) {
    let structure = Structure::new(function);
    let loops = structure.order.iter().copied();
    let loops: Vec<OpId> = loops
        .filter(|op| is_candidate(function, &structure, *op))
        .collect();
    if loops.is_empty() {
        return;
    }
    let facts = ranges(function, &structure);
    let plans: Vec<Plan> = loops
        .into_iter()
        .filter_map(|op| Plan::find(function, &structure, &facts, op))
        .collect();
    for plan in plans {
        plan.apply(function, &structure);
    }
}

/// A loop in which elements could be kept, and that stores to one that stays at its place.
fn is_candidate(function: &Function, structure: &Structure, op: OpId) -> bool {
    let OpKind::For(f) = &function.ops[op].kind else {
        return false;
    };
    let label = &structure.labels[f.label];
    let last = function.regions[f.body].ops.last();
    if f.kind != LoopKind::Serial
        || !label.breaks.is_empty()
        || label.nexts.len() != 1
        || label.nexts.first() != last
        || is_rest(function, op)
    {
        return false;
    }
    let stays = |inner: &OpId| {
        let data = &function.ops[*inner];
        let place = place(function, *inner);
        matches!(data.kind, OpKind::Store(_))
            && place.is_some_and(|place| {
                let seen = |value: &ValueId| structure.is_visible_at(function, *value, op);
                place.iter().all(seen)
            })
    };
    let ops = edit::ops_in(function, f.body);
    let is_fit = |inner: &OpId| {
        let kind = &function.ops[*inner].kind;
        is_simple(function, *inner)
            && !is_loop(kind)
            && (!kind.properties().writes || matches!(kind, OpKind::Store(_)))
    };
    ops.len() <= SIZE && function.regions[f.body].ops.iter().any(stays) && ops.iter().all(is_fit)
}

/// Array and subscripts of a load or store of one element whose bounds are proved.
fn place(function: &Function, op: OpId) -> Option<&[ValueId]> {
    let data = &function.ops[op];
    let (OpKind::Load(bounds) | OpKind::Store(bounds)) = &data.kind else {
        return None;
    };
    let proved = bounds.iter().all(|bound| *bound == Bound::Proved);
    proved.then(|| &data.args[..=bounds.len()])
}

/// What a loop does with one element.
struct Element {
    /// Array and subscripts.
    place: Vec<ValueId>,
    types: Vec<Type>,
    /// The first load.
    load: Option<OpId>,
    /// The last store.
    store: Option<OpId>,
}

/// Elements of a loop that are kept.
struct Plan {
    op: OpId,
    body: RegionId,
    elements: Vec<Element>,
    needs: Dependences,
}

impl Plan {
    fn find(function: &Function, structure: &Structure, facts: &Ranges, op: OpId) -> Option<Plan> {
        let OpKind::For(f) = &function.ops[op].kind else {
            return None;
        };
        let mut lanes = Lanes::new(function, structure, facts, op)?;
        let accesses = accesses(function, structure, op);
        let mut groups: BTreeMap<&[ValueId], Vec<&Access>> = BTreeMap::new();
        for access in &accesses {
            if let Some(place) = place(function, access.op) {
                groups.entry(place).or_default().push(access);
            }
        }
        let head: FxHashSet<OpId> = function.regions[f.body].ops.iter().copied().collect();
        let mut needs = Dependences::none();
        let mut elements = Vec::new();
        for (place, group) in groups {
            let seen = |value: &ValueId| structure.is_visible_at(function, *value, op);
            if !place.iter().all(seen) || !group.iter().all(|access| head.contains(&access.op)) {
                continue;
            }
            let Some(types) = types(function, &group) else {
                continue;
            };
            let find = |writes: bool| group.iter().filter(move |a| a.writes == writes);
            let element = Element {
                place: place.to_vec(),
                types,
                load: find(false).next().map(|access| access.op),
                store: find(true).next_back().map(|access| access.op),
            };
            let others = accesses.iter().filter(|access| {
                self::place(function, access.op) != Some(place)
                    && (access.writes || element.store.is_some())
            });
            let mut also = needs.clone();
            let alone = others
                .into_iter()
                .all(|other| is_apart(function, structure, &mut lanes, group[0], other, &mut also));
            if alone && also.apart.len() <= PAIRS && elements.len() < ELEMENTS {
                needs = also;
                elements.push(element);
            }
        }
        let stores = elements.iter().any(|element| element.store.is_some());
        stores.then_some(Plan {
            op,
            body: f.body,
            elements,
            needs,
        })
    }

    fn apply(self, function: &mut Function, structure: &Structure) {
        let site = function.ops[self.op].site;
        let at = tested_at(function, structure, self.op, &self.needs);
        if let Some(apart) = at.and_then(|at| tests(function, &self.needs, at, site)) {
            let twin = Cloner::within().op(function, self.op);
            split_on(function, self.op, Vec::new(), apart, twin);
        }
        self.keep(function);
    }

    /// Takes the loads and stores out of the loop.
    fn keep(&self, function: &mut Function) {
        let (op, site) = (self.op, function.ops[self.op].site);
        let OpKind::For(f) = &function.ops[op].kind else {
            return;
        };
        let compare = if f.step > 0 { Compare::Lt } else { Compare::Gt };
        let bounds = function.ops[op].args[..2].to_vec();
        let (mut before, kind) = (Vec::new(), OpKind::Compare(compare));
        let runs = emit(function, &mut before, kind, bounds, Type::BOOL, site);

        let first = self.first(function, &mut before, runs, site);
        let mut values: Vec<Vec<ValueId>> = Vec::new();
        for (element, first) in self.elements.iter().zip(first) {
            if element.store.is_none() {
                values.push(first);
                continue;
            }
            let params = element.types.iter();
            let params = params
                .map(|ty| function.add_param(self.body, *ty, None))
                .collect();
            function.ops[op].args.extend(first);
            values.push(params);
        }
        self.replace(function, &mut values);
        let mut after = Vec::new();
        for (element, last) in self.elements.iter().zip(&values) {
            let Some(store) = element.store else { continue };
            let results: Vec<ValueId> = element
                .types
                .iter()
                .map(|ty| function.add_result(op, *ty, None))
                .collect();
            if let Some(next) = function.terminator(self.body) {
                function.ops[next].args.extend(last);
            }
            let (kind, site) = (function.ops[store].kind.clone(), function.ops[store].site);
            let args = [element.place.clone(), results].concat();
            after.push(new_op(function, kind, args, &[], site));
        }
        // An element that no iteration stores to must not be touched, and may not exist.
        let (then, other) = (function.add_region(), function.add_region());
        for (region, mut ops) in [(then, after), (other, Vec::new())] {
            ops.push(new_op(function, OpKind::Yield, vec![], &[], site));
            function.regions[region].ops = ops;
        }
        let stores = new_op(function, OpKind::If { then, other }, vec![runs], &[], site);
        if let Some((region, at)) = place_of(function, op) {
            function.regions[region].ops.insert(at + 1, stores);
            function.regions[region].ops.splice(at..at, before);
        }
    }

    /// The elements before the loop, if it runs.
    fn first(
        &self,
        function: &mut Function,
        before: &mut Vec<OpId>,
        runs: ValueId,
        site: SiteId,
    ) -> Vec<Vec<ValueId>> {
        let (then, other) = (function.add_region(), function.add_region());
        let (mut loads, mut nothing) = (Vec::new(), Vec::new());
        let (mut loaded, mut undefined, mut types) = (Vec::new(), Vec::new(), Vec::new());
        for element in &self.elements {
            types.extend(&element.types);
            let none = |function: &mut Function, out: &mut Vec<OpId>| -> Vec<ValueId> {
                let none = |ty: &Type| emit(function, out, OpKind::Undefined, vec![], *ty, site);
                element.types.iter().map(none).collect()
            };
            undefined.extend(none(function, &mut nothing));
            match element.load {
                Some(load) => {
                    let (kind, site) = (function.ops[load].kind.clone(), function.ops[load].site);
                    let load = new_op(function, kind, element.place.clone(), &element.types, site);
                    loads.push(load);
                    loaded.extend(&function.ops[load].results);
                }
                // Only stored to.
                None => loaded.extend(none(function, &mut loads)),
            }
        }
        for (region, mut ops, values) in [(then, loads, loaded), (other, nothing, undefined)] {
            ops.push(new_op(function, OpKind::Yield, values, &[], site));
            function.regions[region].ops = ops;
        }
        let branch = new_op(
            function,
            OpKind::If { then, other },
            vec![runs],
            &types,
            site,
        );
        before.push(branch);
        let mut results = function.ops[branch].results.iter().copied();
        let sizes = self.elements.iter().map(|element| element.types.len());
        sizes
            .map(|size| results.by_ref().take(size).collect())
            .collect()
    }

    /// Drops the loads and stores; `values` has what the elements are, first at the beginning of the body and then at its
    /// end.
    fn replace(&self, function: &mut Function, values: &mut [Vec<ValueId>]) {
        let mut replaced: FxHashMap<ValueId, ValueId> = FxHashMap::default();
        let resolve = |replaced: &FxHashMap<ValueId, ValueId>, value: &ValueId| {
            *replaced.get(value).unwrap_or(value)
        };
        let mut ops = std::mem::take(&mut function.regions[self.body].ops);
        ops.retain(|op| {
            let Some(place) = place(function, *op) else {
                return true;
            };
            let kept = self
                .elements
                .iter()
                .position(|element| element.place == place);
            let Some(kept) = kept else { return true };
            let data = &function.ops[*op];
            if data.results.is_empty() {
                let stored = data.args[place.len()..].iter();
                values[kept] = stored.map(|value| resolve(&replaced, value)).collect();
            } else {
                replaced.extend(
                    data.results
                        .iter()
                        .copied()
                        .zip(values[kept].iter().copied()),
                );
            }
            false
        });
        function.regions[self.body].ops = ops;
        edit::replace_uses(function, &replaced);
    }
}

/// Of the values of an element, if its loads and stores agree.
fn types(function: &Function, group: &[&Access]) -> Option<Vec<Type>> {
    let of = |access: &&Access| {
        let data = &function.ops[access.op];
        let values = match access.writes {
            true => &data.args[place(function, access.op).map_or(0, <[ValueId]>::len)..],
            false => &data.results[..],
        };
        function.types(values)
    };
    let first = of(group.first()?);
    group
        .iter()
        .all(|access| of(access) == first)
        .then_some(first)
}

/// Whether an element that stays is another one than those of an access, in all iterations. `needs` gets what must be
/// tested for that.
fn is_apart(
    function: &Function,
    structure: &Structure,
    lanes: &mut Lanes<'_>,
    element: &Access,
    other: &Access,
    needs: &mut Dependences,
) -> bool {
    let fixed = |base| structure.is_invariant(function, base, lanes.op());
    if !fixed(element.base) || !fixed(other.base) {
        return false;
    }
    if element.base != other.base {
        let key = (element.base.min(other.base), element.base.max(other.base));
        needs.apart.entry(key).or_insert((element.op, other.op));
        return true;
    }
    let array = function.ty(element.base).array();
    if array.is_some_and(|array| array.layout == Layout::Strided) {
        needs.injective.insert(element.base);
    }
    lanes.never_meet(element, other)
}
