//! Loops with bounds tests that one test before the loop makes needless: two versions of the loop.
//!
//! `for i in range(len(x)): y[i]` needs `len(x) <= len(y)`. Where such conditions are known before a loop nest, the nest
//! is doubled: the first version runs where they hold, and the next `prove` takes its tests out; the second one is the
//! loop as it was, so exceptions stay what they are.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;
use snek_analysis::arrays::extent_of;
use snek_analysis::ranges::{Need, OverflowNeed, Ranges, Unbounded, ranges};
use snek_analysis::structure::Structure;
use snek_mir::edit::{self, Cloner};
use snek_mir::ir::{
    Compare, Function, IntOp, LoopKind, OpId, OpKind, Overflow, Scalar, SiteId, Type, ValueDef,
    ValueId,
};
use snek_mir::ops::Raises;

use crate::rewrite::{emit, split_on, yielded};

/// Nests larger than this are not doubled.
const NEST: usize = 800;
/// Terms with larger constants say too little: the condition would hardly ever hold.
const NEAR: u64 = 1 << 32;
/// A subscript that is never larger is compared with the extent by itself.
const SMALL: i64 = 1 << 12;
/// More conditions than this are not worth it.
const CONDITIONS: usize = 24;

/// Sums of more than this are not moderate because their summands are.
const PARTS: usize = 2;

/// A condition on values that are known before a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Condition {
    /// `value + k < extent(array, axis)`.
    Below(ValueId, i64, ValueId, u8),
    /// `k < extent(array, axis)`.
    ConstantBelow(i64, ValueId, u8),
    /// `value + k >= 0`.
    NotNegative(ValueId, i64),
    /// `-(2 ** bits) <= value <= 2 ** bits`.
    Within(ValueId, u32),
}

impl Condition {
    /// Whether it asks something of a value.
    fn is_of(self, asked: ValueId) -> bool {
        match self {
            Condition::Below(value, ..)
            | Condition::NotNegative(value, _)
            | Condition::Within(value, _) => value == asked,
            Condition::ConstantBelow(..) => false,
        }
    }
}

/// Runs the pass.
pub fn run(function: &mut Function) {
    let structure = Structure::new(function);
    let facts = ranges(function, &structure);
    // For each loop that is to be doubled: the conditions, and whether an innermost loop gains.
    let mut plans: BTreeMap<OpId, (BTreeSet<Condition>, bool)> = BTreeMap::new();
    let tested: FxHashSet<OpId> = facts.needs.iter().map(|need| need.op).collect();
    for need in &facts.needs {
        let loops = structure.loops_around(function, need.op);
        let Some(innermost) = loops.first() else {
            continue;
        };
        let found = loops
            .iter()
            .rev()
            .find_map(|l| conditions(function, &structure, need, *l).map(|c| (*l, c)));
        if let Some((outer, conditions)) = found {
            // A loop around others may become parallel where it cannot raise, or run in lanes.
            let gains = function.auto_parallel
                || is_innermost(function, *innermost)
                || sums_would_run_in_lanes(function, &tested, *innermost);
            let plan = plans.entry(outer).or_default();
            plan.0.extend(conditions);
            plan.1 |= gains;
        }
    }
    for need in &facts.overflow_needs {
        let loops = structure.loops_around(function, need.op);
        let Some(innermost) = loops.first() else {
            continue;
        };
        if !is_innermost(function, *innermost) {
            continue;
        }
        // Within a parallel loop: what is outside of it is not known in its body once that is a function of its own. But a
        // test of its counter, in each iteration, would keep these from running in lanes.
        let parallel = |l: &OpId| match &function.ops[*l].kind {
            OpKind::For(f) if f.kind == LoopKind::Parallel => {
                Some(function.regions[f.body].params[0])
            }
            _ => None,
        };
        let inside = loops.iter().position(|l| parallel(l).is_some());
        let inside = inside.unwrap_or(loops.len());
        let at = |l: &OpId| {
            let terms = moderate(function, &structure, &facts, need, *l)?;
            Some((*l, terms))
        };
        let mut found = loops[..inside.max(1)].iter().rev().find_map(at);
        if let (Some((_, terms)), Some(around)) = (&found, loops.get(inside))
            && let Some(counter) = parallel(around)
            && terms.iter().any(|term| term.is_of(counter))
            // Nests of parallel loops stay nests.
            && !loops[inside + 1..].iter().any(|l| parallel(l).is_some())
        {
            found = at(around).or(found);
        }
        if let Some((outer, terms)) = found {
            let plan = plans.entry(outer).or_default();
            plan.0.extend(terms);
            plan.1 = true;
        }
    }
    // Outer loops first; what lies in a doubled one is not doubled again.
    let mut done: BTreeSet<OpId> = BTreeSet::new();
    let order: Vec<OpId> = structure.order.clone();
    for op in order {
        let Some((conditions, gains)) = plans.get(&op) else {
            continue;
        };
        let size: usize = function.ops[op]
            .kind
            .regions()
            .into_iter()
            .map(|r| edit::ops_in(function, r).len())
            .sum();
        let around = structure.loops_around(function, op);
        let inside_of_done = around.iter().any(|l| done.contains(l));
        if !gains || size > NEST || conditions.len() > CONDITIONS || inside_of_done {
            continue;
        }
        done.insert(op);
        double(function, op, conditions);
    }
}

/// No counted loop is inside. A `while` loop there may go in lanes with it.
fn is_innermost(function: &Function, op: OpId) -> bool {
    let regions = function.ops[op].kind.regions();
    !regions.into_iter().any(|region| {
        let inner = edit::ops_in(function, region);
        inner
            .iter()
            .any(|op| matches!(function.ops[*op].kind, OpKind::For(_)))
    })
}

/// Whether a loop around others that sum floats, each in its order, would not raise without the tests of subscripts: then
/// these sums may run side by side, in lanes. `tested`: the ops that these tests belong to.
fn sums_would_run_in_lanes(function: &Function, tested: &FxHashSet<OpId>, op: OpId) -> bool {
    let OpKind::For(f) = &function.ops[op].kind else {
        return false;
    };
    let sums = |op: &OpId| {
        let data = &function.ops[*op];
        let is_float = |value: &ValueId| function.ty(*value).scalar().is_some_and(Scalar::is_float);
        matches!(data.kind, OpKind::For(_)) && data.results.iter().any(is_float)
    };
    let raises = |op: &OpId| {
        let kind = &function.ops[*op].kind;
        !kind.properties().structured && kind.properties().raises != Raises::No
    };
    let inside = edit::ops_in(function, f.body);
    let mut raising = inside.iter().filter(|op| raises(op));
    inside.iter().any(sums) && raising.all(|op| tested.contains(op))
}

/// What would prove a subscript, in terms of values that are known before the loop.
fn conditions(
    function: &Function,
    structure: &Structure,
    need: &Need,
    outer: OpId,
) -> Option<Vec<Condition>> {
    let known = |value: ValueId| structure.is_visible_at(function, value, outer);
    // That an extent is beyond itself never holds.
    let is_own = |value: ValueId| match function.def_op(value) {
        Some(op) => match op.kind {
            OpKind::Extent(axis) => {
                extent_of(function, op.args[0], axis) == extent_of(function, need.array, need.axis)
            }
            _ => false,
        },
        None => false,
    };
    let usable = |(value, k): &&(ValueId, i64)| {
        known(*value) && k.unsigned_abs() < NEAR && (*k < 0 || !is_own(*value))
    };
    if !known(need.array) {
        return None;
    }
    let mut conditions = Vec::new();
    if need.lacks_upper {
        let term = need.above.iter().find(usable);
        let term = term.filter(|_| need.largest.is_none_or(|largest| largest > SMALL));
        conditions.push(match term {
            Some(&(value, k)) => match function.const_int(value) {
                Some(c) => Condition::ConstantBelow(c.checked_add(k)?, need.array, need.axis),
                None => Condition::Below(value, k, need.array, need.axis),
            },
            None => {
                let largest = need
                    .largest
                    .filter(|largest| largest.unsigned_abs() < NEAR)?;
                Condition::ConstantBelow(largest, need.array, need.axis)
            }
        });
    }
    if need.lacks_lower {
        let &(value, k) = need.below.iter().find(usable)?;
        if function.const_int(value).is_some() {
            // A constant that is negative: no condition helps.
            return None;
        }
        conditions.push(Condition::NotNegative(value, k));
    }
    Some(conditions)
}

/// Values known before the loop that must be moderate for the operands of an op to be.
fn moderate(
    function: &Function,
    structure: &Structure,
    facts: &Ranges,
    need: &OverflowNeed,
    outer: OpId,
) -> Option<Vec<Condition>> {
    let known = |value: ValueId| structure.is_visible_at(function, value, outer);
    let bits = need.bits;
    let mut conditions = Vec::new();
    let usable = |value: ValueId| known(value) && function.const_int(value).is_none();
    let near = |terms: &[(ValueId, i64)]| {
        let mut terms = terms.iter().copied();
        terms.find(|(value, k)| usable(*value) && k.unsigned_abs() < 1 << bits)
    };
    for Unbounded { terms, parts } in &need.unbounded {
        let parts: Option<Vec<_>> = parts.iter().map(|terms| near(terms)).collect();
        let parts = parts.filter(|parts| !parts.is_empty() && parts.len() <= PARTS);
        if let (None, Some(parts)) = (near(terms), parts) {
            let within = parts.iter().map(|(v, _)| Condition::Within(*v, bits));
            conditions.extend(within);
            continue;
        }
        let counted = || Some((limit_of_counter(function, need.op, &usable)?, 0));
        let begins = || {
            let carried = terms.iter().find_map(|(value, k)| {
                let initial = begin_of(function, structure, facts, *value, bits)?;
                Some((initial, *k))
            });
            carried.filter(|(initial, _)| usable(*initial))
        };
        let (value, k) = near(terms).or_else(counted).or_else(begins)?;
        if k.unsigned_abs() >= 1 << bits {
            return None;
        }
        conditions.push(Condition::Within(value, bits));
    }
    Some(conditions)
}

/// The initial value of what a loop carries, if each iteration hands on something moderate: `s = (s * a + c) % m`.
fn begin_of(
    function: &Function,
    structure: &Structure,
    facts: &Ranges,
    carried: ValueId,
    bits: u32,
) -> Option<ValueId> {
    let ValueDef::Param(region, n) = function.values[carried].def else {
        return None;
    };
    let owner = structure.owner_of[region]?;
    let OpKind::For(f) = &function.ops[owner].kind else {
        return None;
    };
    let n = (n as usize).checked_sub(1)?;
    let far = 1i128 << (bits + 1);
    let is_moderate = |next: &OpId| {
        let interval = facts.intervals.get(function.ops[*next].args[n]);
        let interval = interval.copied().flatten();
        interval.is_some_and(|interval| interval.lo >= -far && interval.hi <= far)
    };
    let all = structure.labels[f.label].nexts.iter().all(is_moderate);
    all.then(|| function.ops[owner].args[n + 2])
}

/// What `k` is compared with in `while k < limit ...`, if the op checks what such a loop counted. It is a guess at what
/// bounds it (with the initial value), which the next `prove` confirms or not.
fn limit_of_counter(
    function: &Function,
    check: OpId,
    usable: &dyn Fn(ValueId) -> bool,
) -> Option<ValueId> {
    let OpKind::Check(_) = function.ops[check].kind else {
        return None;
    };
    let checked = *function.ops[check].args.get(1)?;
    let ValueDef::Result(op, n) = function.values[checked].def else {
        return None;
    };
    let OpKind::While { cond, .. } = function.ops[op].kind else {
        return None;
    };
    let counter = *yielded(function, cond).get(n as usize + 1)?;
    edit::ops_in(function, cond).into_iter().find_map(|op| {
        let data = &function.ops[op];
        let OpKind::Compare(compare) = data.kind else {
            return None;
        };
        let (low, high) = match compare {
            Compare::Lt | Compare::Le => (data.args[0], data.args[1]),
            Compare::Gt | Compare::Ge => (data.args[1], data.args[0]),
            Compare::Eq | Compare::Ne => return None,
        };
        (low == counter && usable(high)).then_some(high)
    })
}

fn double(function: &mut Function, op: OpId, conditions: &BTreeSet<Condition>) {
    let site = function.ops[op].site;
    let mut out = Vec::new();
    let mut all: Option<ValueId> = None;
    for condition in strongest(conditions) {
        let test = emit_condition(function, &mut out, condition, site);
        all = Some(match all {
            Some(all) => {
                let and = OpKind::Int(IntOp::And, Overflow::Wrap);
                emit(function, &mut out, and, vec![all, test], Type::BOOL, site)
            }
            None => test,
        });
    }
    let Some(condition) = all else { return };
    let twin = Cloner::within().op(function, op);
    split_on(function, op, out, condition, twin);
}

/// Without conditions that follow from others: those with another constant.
fn strongest(conditions: &BTreeSet<Condition>) -> Vec<Condition> {
    let mut kept: BTreeMap<Condition, i64> = BTreeMap::new();
    for &condition in conditions {
        // Grouped by all but the constant, of which the largest or the least is the strongest.
        let (group, strength) = match condition {
            Condition::Below(v, k, array, axis) => (Condition::Below(v, 0, array, axis), k),
            Condition::ConstantBelow(c, array, axis) => {
                (Condition::ConstantBelow(0, array, axis), c)
            }
            Condition::NotNegative(v, k) => (Condition::NotNegative(v, 0), -k),
            Condition::Within(v, bits) => (Condition::Within(v, 0), -i64::from(bits)),
        };
        let entry = kept.entry(group).or_insert(strength);
        *entry = (*entry).max(strength);
    }
    kept.into_iter()
        .map(|(group, strength)| match group {
            Condition::Below(v, _, array, axis) => Condition::Below(v, strength, array, axis),
            Condition::ConstantBelow(_, array, axis) => {
                Condition::ConstantBelow(strength, array, axis)
            }
            Condition::NotNegative(v, _) => Condition::NotNegative(v, -strength),
            Condition::Within(v, _) => Condition::Within(v, (-strength) as u32),
        })
        .collect()
}

fn emit_condition(
    function: &mut Function,
    out: &mut Vec<OpId>,
    condition: Condition,
    site: SiteId,
) -> ValueId {
    let mut value = |kind, args, ty| emit(function, out, kind, args, ty, site);
    match condition {
        Condition::Below(v, k, array, axis) => {
            let extent = value(OpKind::Extent(axis), vec![array], Type::I64);
            let limit = if k == 0 {
                extent
            } else {
                // Neither is near the ends of 64 bits.
                let k = value(OpKind::ConstInt(k), vec![], Type::I64);
                let sub = OpKind::Int(IntOp::Sub, Overflow::Proved);
                value(sub, vec![extent, k], Type::I64)
            };
            value(OpKind::Compare(Compare::Lt), vec![v, limit], Type::BOOL)
        }
        Condition::ConstantBelow(c, array, axis) => {
            let extent = value(OpKind::Extent(axis), vec![array], Type::I64);
            let c = value(OpKind::ConstInt(c), vec![], Type::I64);
            value(OpKind::Compare(Compare::Gt), vec![extent, c], Type::BOOL)
        }
        Condition::NotNegative(v, k) => {
            let least = value(OpKind::ConstInt(-k), vec![], Type::I64);
            value(OpKind::Compare(Compare::Ge), vec![v, least], Type::BOOL)
        }
        Condition::Within(v, bits) => {
            let most = value(OpKind::ConstInt(1 << bits), vec![], Type::I64);
            let least = value(OpKind::ConstInt(-(1 << bits)), vec![], Type::I64);
            let below = value(OpKind::Compare(Compare::Le), vec![v, most], Type::BOOL);
            let above = value(OpKind::Compare(Compare::Ge), vec![v, least], Type::BOOL);
            let and = OpKind::Int(IntOp::And, Overflow::Wrap);
            value(and, vec![below, above], Type::BOOL)
        }
    }
}
