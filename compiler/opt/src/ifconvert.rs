//! Small branches without effects become `select`: both sides are computed, nothing is predicted.
//!
//! A side with arithmetic that may overflow is converted, too, where its operand's good range is a constant: the test
//! moves out. Where the operand is not in range, which is seldom, the side must not be taken; the exception stays the
//! same. Bool results become `and` and `or`.

use snek_abi::{ExcKind, Message as Known};
use snek_analysis::ranges::{Interval, Ranges, floor_div, ranges};
use snek_analysis::structure::Structure;
use snek_mir::edit;
use snek_mir::ir::{
    Compare, Convert, FloatOp, FloatUnaryOp, Function, IntOp, IntUnaryOp, Message, OpId, OpKind,
    Overflow, Raise, RegionId, Scalar, SiteId, Type, ValueDef, ValueId,
};

use crate::rewrite::{emit, forget_proof, is_speculatable, new_op, without_yield, yielded};

/// What the two sides may cost together, by the results' type: predicted branches are cheap, too.
const COST: u32 = 6;
/// Conditions are cheap to combine, and loops turn on them.
const COST_OF_CONDITION: u32 = 10;
/// More results than this are not selected.
const RESULTS: usize = 3;

/// Runs the pass.
pub fn run(function: &mut Function) {
    let structure = Structure::new(function);
    let facts = ranges(function, &structure);
    // Inner branches first.
    for region in edit::regions_in(function, function.body).into_iter().rev() {
        let ops = std::mem::take(&mut function.regions[region].ops);
        let mut out = Vec::with_capacity(ops.len());
        for op in ops {
            match function.ops[op].kind {
                OpKind::If { then, other } => {
                    let stays = finds_place(function, &structure, op, then, other);
                    if stays || !convert(function, &facts, op, then, other, &mut out) {
                        out.push(op);
                    }
                }
                _ => out.push(op),
            }
        }
        function.regions[region].ops = out;
    }
}

/// Whether a branch keeps or replaces a carried value, and an element at that very place decides so in the next iteration:
/// `if a[i] < a[best]: best = i`. Selected, each iteration would wait for the load of the one before; the branch is seldom
/// taken, and predicted.
fn finds_place(
    function: &Function,
    structure: &Structure,
    op: OpId,
    then: RegionId,
    other: RegionId,
) -> bool {
    let data = &function.ops[op];
    let Some(condition) = function.def_op(data.args[0]) else {
        return false;
    };
    let places = condition.args.iter().filter_map(|arg| {
        let load = function.def_op(*arg)?;
        matches!(load.kind, OpKind::Load(_)).then(|| load.args[1..].to_vec())
    });
    let places: Vec<ValueId> = places.flatten().collect();
    let is_kept = |n: usize, place: ValueId| {
        [then, other]
            .into_iter()
            .any(|region| yielded(function, region).get(n) == Some(&place))
    };
    data.results.iter().enumerate().any(|(n, result)| {
        places
            .iter()
            .any(|place| is_kept(n, *place) && is_next(function, structure, *place, *result))
    })
}

/// Whether a value is handed to the next iteration as a loop's carried value.
fn is_next(function: &Function, structure: &Structure, carried: ValueId, value: ValueId) -> bool {
    let ValueDef::Param(region, n) = function.values[carried].def else {
        return false;
    };
    let Some(owner) = structure.owner_of[region] else {
        return false;
    };
    let kind = &function.ops[owner].kind;
    let position = match kind {
        OpKind::For(_) => (n as usize).checked_sub(1),
        OpKind::While { .. } => Some(n as usize),
        _ => None,
    };
    let (Some(position), Some(label)) = (position, kind.label()) else {
        return false;
    };
    let nexts = &structure.labels[label].nexts;
    nexts
        .iter()
        .any(|next| function.ops[*next].args.get(position) == Some(&value))
}

/// Converts an `if` into `out`; whether it did.
fn convert(
    function: &mut Function,
    facts: &Ranges,
    op: OpId,
    then: RegionId,
    other: RegionId,
    out: &mut Vec<OpId>,
) -> bool {
    let data = &function.ops[op];
    let (condition, results, site) = (data.args[0], data.results.clone(), data.site);
    let selectable = results
        .iter()
        .all(|r| matches!(function.ty(*r), Type::Scalar(_)));
    if results.is_empty() || results.len() > RESULTS || !selectable {
        return false;
    }
    let all_bool = results.iter().all(|r| function.ty(*r) == Type::BOOL);
    let limit = if all_bool { COST_OF_CONDITION } else { COST };
    let (Some(a), Some(b)) = (side(function, then), side(function, other)) else {
        return false;
    };
    // Floats are selected by a branch anyway, unless all sides are values that are there already.
    let any_float = results
        .iter()
        .any(|r| function.ty(*r).scalar().is_some_and(Scalar::is_float));
    if a.cost + b.cost > limit || (any_float && a.cost + b.cost > 0) {
        return false;
    }
    let (values_a, values_b) = (
        yielded(function, then).to_vec(),
        yielded(function, other).to_vec(),
    );
    for (side, taken) in [(a, true), (b, false)] {
        for test in &side.tests {
            emit_test(function, facts, out, condition, taken, test);
        }
        for op in side.ops {
            forget_proof(function, op);
            out.push(op);
        }
    }
    for ((result, a), b) in results.into_iter().zip(values_a).zip(values_b) {
        let (kind, args) = if a == b {
            (OpKind::Select, vec![condition, a, b])
        } else {
            combine(function, condition, a, b, site, out)
        };
        // The result keeps its id.
        let select = new_op(function, kind, args, &[], site);
        function.values[result].def = ValueDef::Result(select, 0);
        function.ops[select].results = vec![result];
        out.push(select);
    }
    true
}

/// What a result of two values becomes.
fn combine(
    function: &mut Function,
    condition: ValueId,
    a: ValueId,
    b: ValueId,
    site: SiteId,
    out: &mut Vec<OpId>,
) -> (OpKind, Vec<ValueId>) {
    let bits = |op| OpKind::Int(op, Overflow::Wrap);
    if function.ty(a) == Type::BOOL {
        match (function.const_int(a), function.const_int(b)) {
            (_, Some(0)) => return (bits(IntOp::And), vec![condition, a]),
            (Some(1), _) => return (bits(IntOp::Or), vec![condition, b]),
            (Some(0), _) | (_, Some(1)) => {
                let not = OpKind::IntUnary(IntUnaryOp::Not, Overflow::Wrap);
                let not = emit(function, out, not, vec![condition], Type::BOOL, site);
                return match function.const_int(a) {
                    Some(0) => (bits(IntOp::And), vec![not, b]),
                    _ => (bits(IntOp::Or), vec![not, a]),
                };
            }
            _ => {}
        }
    }
    (OpKind::Select, vec![condition, a, b])
}

/// A branch that can be computed always.
struct Side {
    ops: Vec<OpId>,
    cost: u32,
    tests: Vec<Test>,
}

/// `value` must be in `good` for the side to end well.
struct Test {
    value: ValueId,
    good: Interval,
    site: SiteId,
}

fn side(function: &Function, region: RegionId) -> Option<Side> {
    let ops = without_yield(function, region)?.to_vec();
    let mut side = Side {
        ops: ops.clone(),
        cost: 0,
        tests: Vec::new(),
    };
    // Values of this side as `factor * base + offset`.
    let mut linear: Vec<(ValueId, (ValueId, i128, i128))> = Vec::new();
    for op in ops {
        let data = &function.ops[op];
        side.cost += cost(&data.kind)?;
        if is_speculatable(function, op) && !is_exact(&data.kind) {
            continue;
        }
        let OpKind::Int(int, overflow) = data.kind else {
            return None;
        };
        let base = |v: ValueId| {
            let known = linear.iter().find(|(value, _)| *value == v);
            known.map_or((v, 1, 0), |(_, l)| *l)
        };
        let (constant, (v, factor, offset)) = match function.const_int(data.args[1]) {
            Some(c) => (i128::from(c), base(data.args[0])),
            None if overflow != Overflow::Checked => continue,
            None => return None,
        };
        let (factor, offset) = match int {
            IntOp::Add => (factor, offset + constant),
            IntOp::Sub => (factor, offset - constant),
            IntOp::Mul => (factor.checked_mul(constant)?, offset.checked_mul(constant)?),
            _ if overflow != Overflow::Checked => continue,
            _ => return None,
        };
        linear.push((data.results[0], (v, factor, offset)));
        if overflow != Overflow::Checked {
            continue;
        }
        if factor == 0 || function.ty(v) != Type::I64 {
            return None;
        }
        // All values with factor * v + offset in 64 bits.
        let all = Interval::of(Scalar::I64)?;
        let (lo, hi) = (all.lo - offset, all.hi - offset);
        let good = if factor > 0 {
            Interval::new(-floor_div(-lo, factor), floor_div(hi, factor))
        } else {
            Interval::new(-floor_div(-hi, factor), floor_div(lo, factor))
        };
        let line = |site: SiteId| function.sites[site].line;
        match side.tests.last_mut() {
            Some(last) if last.value == v && line(last.site) == line(data.site) => {
                last.good = last.good.intersect(good);
            }
            _ => side.tests.push(Test {
                value: v,
                good,
                site: data.site,
            }),
        }
    }
    // A value of the side itself cannot be tested before the side.
    let own = |v: &ValueId| {
        let mut results = side.ops.iter().flat_map(|op| &function.ops[*op].results);
        results.any(|r| r == v)
    };
    if side.tests.iter().any(|test| own(&test.value)) {
        return None;
    }
    Some(side)
}

/// Arithmetic whose results are followed.
fn is_exact(kind: &OpKind) -> bool {
    matches!(
        kind,
        OpKind::Int(
            IntOp::Add | IntOp::Sub | IntOp::Mul,
            Overflow::Checked | Overflow::Proved
        )
    )
}

fn cost(kind: &OpKind) -> Option<u32> {
    Some(match kind {
        OpKind::ConstInt(_) | OpKind::ConstFloat(_) | OpKind::Undefined => 0,
        OpKind::Int(IntOp::Mul, Overflow::Checked) => 2,
        OpKind::Int(IntOp::FloorDiv | IntOp::FloorMod, _) => return None,
        OpKind::Int(..) | OpKind::IntUnary(..) | OpKind::Compare(_) | OpKind::Convert(_) => 1,
        OpKind::Select | OpKind::Extent(_) => 1,
        OpKind::Float(FloatOp::Div) | OpKind::FloatUnary(FloatUnaryOp::Sqrt) => return None,
        OpKind::Float(_) | OpKind::FloatUnary(_) => 2,
        _ => return None,
    })
}

/// Checks that the side is not taken, where the value is not in the good range: seldom, so behind a branch.
fn emit_test(
    function: &mut Function,
    facts: &Ranges,
    out: &mut Vec<OpId>,
    condition: ValueId,
    taken: bool,
    test: &Test,
) {
    let site = test.site;
    let known = facts.intervals.get(test.value).copied().flatten();
    let all = known.unwrap_or(Interval::new(i64::MIN.into(), i64::MAX.into()));
    let good = test.good.intersect(all);
    if good == all {
        return;
    }
    let mut check = Vec::new();
    let holds = if taken {
        let not = OpKind::IntUnary(IntUnaryOp::Not, Overflow::Wrap);
        emit(function, &mut check, not, vec![condition], Type::BOOL, site)
    } else {
        condition
    };
    let raise = Raise {
        kind: ExcKind::OverflowError,
        message: Message::Known(Known::IntOverflow),
    };
    let kind = OpKind::Check(raise);
    check.push(new_op(function, kind, vec![holds], &[], site));
    let near = near(good, all);
    if near != good {
        let mut inner = Vec::new();
        branch_outside(function, &mut inner, test, good, all, check);
        check = inner;
    }
    branch_outside(function, out, test, near, all, check);
}

/// The part of an interval whose bounds are of 32 bits, so that they are parts of instructions. Numbers are small as a
/// rule; for those beyond it, the exact bounds are tested after that.
fn near(good: Interval, all: Interval) -> Interval {
    let (least, most) = (i128::from(i32::MIN), i128::from(i32::MAX));
    let near = if good.lo == all.lo {
        Interval::new(good.lo, most)
    } else if good.hi == all.hi {
        Interval::new(least, good.hi)
    } else {
        Interval::new(least / 2, most / 2)
    };
    if good.contains(near) && !near.is_empty() {
        near
    } else {
        good
    }
}

/// `if value is not in good { inner }`, where it is in `all` at any rate.
fn branch_outside(
    function: &mut Function,
    out: &mut Vec<OpId>,
    test: &Test,
    good: Interval,
    all: Interval,
    mut inner: Vec<OpId>,
) {
    let site = test.site;
    let mut value = |kind, args, ty| emit(function, out, kind, args, ty, site);
    let is_bad = if good.lo == all.lo {
        let most = value(OpKind::ConstInt(good.hi as i64), vec![], Type::I64);
        let kind = OpKind::Compare(Compare::Gt);
        value(kind, vec![test.value, most], Type::BOOL)
    } else if good.hi == all.hi {
        let least = value(OpKind::ConstInt(good.lo as i64), vec![], Type::I64);
        let kind = OpKind::Compare(Compare::Lt);
        value(kind, vec![test.value, least], Type::BOOL)
    } else {
        // Both ends at once: the distance from the lower one, unsigned.
        let unsigned = Type::Scalar(Scalar::U64);
        let least = value(OpKind::ConstInt(good.lo as i64), vec![], Type::I64);
        let sub = OpKind::Int(IntOp::Sub, Overflow::Wrap);
        let distance = value(sub, vec![test.value, least], Type::I64);
        let extend = OpKind::Convert(Convert::Extend);
        let distance = value(extend, vec![distance], unsigned);
        let span = OpKind::ConstInt((good.hi - good.lo) as i64);
        let most = value(span, vec![], unsigned);
        let kind = OpKind::Compare(Compare::Gt);
        value(kind, vec![distance, most], Type::BOOL)
    };
    inner.push(new_op(function, OpKind::Yield, vec![], &[], site));
    let (then, other) = (function.add_region(), function.add_region());
    function.regions[then].ops = inner;
    let end = new_op(function, OpKind::Yield, vec![], &[], site);
    function.regions[other].ops = vec![end];
    let branch = OpKind::If { then, other };
    out.push(new_op(function, branch, vec![is_bad], &[], site));
}
