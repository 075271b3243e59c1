//! Whether the body of a loop has the shape that lanes need: what it carries from one iteration to the next only folds, and
//! nothing in it raises or leaves, unless that may be an early exit of the vector loop.

use rustc_hash::{FxHashMap, FxHashSet};
use snek_analysis::ranges::{Interval, Ranges, ranges};
use snek_analysis::structure::{Structure, is_loop};
use snek_mir::edit;
use snek_mir::ir::{
    Compare, FloatOp, For, Function, IntOp, LabelId, LoopKind, OpId, OpKind, Overflow, ReductionOp,
    RegionId, Scalar, SiteId, Type, ValueId,
};
use snek_mir::ops::Raises;

use super::widen::Obstacle;
use crate::report::Names;

/// The reason why a loop stays whose inner loop was taken.
pub const INNER: &str = "its inner loop runs in lanes";
/// Terms beyond this would make the test of the trip count fail for arrays that people have.
const LARGE: i128 = 1 << 33;

/// What is known of a function while its loops are looked at.
pub struct Context<'f> {
    /// The function.
    pub function: &'f Function,
    /// Its tree.
    pub structure: &'f Structure,
    /// Its integers.
    pub facts: &'f Ranges,
    /// Names of the program's functions, for reports.
    pub names: &'f Names,
    /// Float folds may change their order.
    pub relaxed: bool,
}

/// A function with all that a [`Context`] of it has.
pub struct Known<'f> {
    function: &'f Function,
    /// Its tree.
    pub structure: Structure,
    /// Its integers.
    pub facts: Ranges,
    names: &'f Names,
}

impl<'f> Known<'f> {
    /// Looks at a function.
    pub fn of(function: &'f Function, names: &'f Names) -> Known<'f> {
        let structure = Structure::new(function);
        let facts = ranges(function, &structure);
        Known {
            function,
            structure,
            facts,
            names,
        }
    }

    /// The context, in which sums are ordered as the function says.
    pub fn context(&self) -> Context<'_> {
        Context {
            function: self.function,
            structure: &self.structure,
            facts: &self.facts,
            names: self.names,
            relaxed: self.function.fastmath,
        }
    }
}

/// How a carried value folds.
#[derive(Clone, Debug)]
pub struct Fold {
    /// The operation.
    pub op: ReductionOp,
    /// Arithmetic that raises, or was proved, in the order of the serial loop: in lanes it wraps.
    pub arithmetic: Vec<OpId>,
    /// Sums that raise must be shown not to overflow in any order: by what an iteration adds at most, or by watching.
    pub bounded: Option<i128>,
    /// The terms may be large: the sums of the lanes are watched, and what leaves a moderate range is done again serially.
    pub watched: bool,
    /// Every iteration hands it on as it is (where the loop is left it may become something else).
    pub unchanged: bool,
    /// A sum or product of floats in the order of iterations: only what it adds is computed in lanes. The op.
    pub in_order: Option<OpId>,
    /// A float minimum or maximum: zeros and NaN are left to the serial loop, which keeps the first of equal ones.
    pub picks: bool,
}

/// The folds of a loop, one per carried value, whatever else is in it.
pub fn folds(context: &Context<'_>, op: OpId) -> Result<Vec<Fold>, Obstacle> {
    let function = context.function;
    let OpKind::For(f) = &function.ops[op].kind else {
        return obstacle(function.ops[op].site, "it is a `while` loop");
    };
    let end = function.terminator(f.body);
    if !end.is_some_and(|end| matches!(function.ops[end].kind, OpKind::Next(l) if l == f.label)) {
        return obstacle(function.ops[op].site, "it is left in its first iteration");
    }
    let carried = function.regions[f.body].params.len() - 1;
    (0..carried).map(|n| Walk::fold(context, f, n)).collect()
}

/// The folds of a loop that has the shape that lanes need.
pub fn shape(context: &Context<'_>, op: OpId) -> Result<Vec<Fold>, Obstacle> {
    let function = context.function;
    let OpKind::For(f) = &function.ops[op].kind else {
        return obstacle(function.ops[op].site, "it is a `while` loop");
    };
    leaves(context, f, true)?;
    let folds = folds(context, op)?;
    let folded: FxHashSet<OpId> = folds
        .iter()
        .flat_map(|fold| fold.arithmetic.iter().copied())
        .collect();
    let exits = may_exit(&folds) && !is_fallback(context, op);
    leaves(context, f, exits)?;
    raises(context, f, &folded, exits)?;
    let stores = edit::ops_in(function, f.body)
        .into_iter()
        .any(|op| function.ops[op].kind.properties().writes);
    // What gives up is done again from the start.
    if stores && folds.iter().any(|fold| fold.picks) {
        let reason = "it stores beside the minimum or maximum of floats that it carries";
        return obstacle(function.ops[op].site, reason);
    }
    if stores && let Some(sum) = folds.iter().find(|fold| fold.watched) {
        let at = sum.arithmetic.last().copied().unwrap_or(op);
        return obstacle(function.ops[at].site, "`{}` may overflow");
    }
    Ok(folds)
}

/// Whether lanes may leave the loop for the serial one in the middle of it. What all lanes together give up may not.
pub fn may_exit(folds: &[Fold]) -> bool {
    !folds.iter().any(|fold| fold.picks || fold.watched)
}

/// The loop is what `version` left for the case that its tests fail: seldom, and not worth more code.
pub(crate) fn is_fallback(context: &Context<'_>, op: OpId) -> bool {
    let (function, structure) = (context.function, context.structure);
    let mut at = op;
    while let Some(region) = structure.region_of[at] {
        let Some(owner) = structure.owner_of[region] else {
            return false;
        };
        if let OpKind::If { then, other } = function.ops[owner].kind
            && other == region
        {
            let site = function.ops[op].site;
            let twin = |op: &OpId| {
                let data = &function.ops[*op];
                is_loop(&data.kind) && data.site == site
            };
            if edit::ops_in(function, then).iter().any(twin) {
                return true;
            }
        }
        at = owner;
    }
    false
}

/// What is done only when the loop is left.
fn last_words(function: &Function, f: &For) -> FxHashSet<OpId> {
    let mut found = FxHashSet::default();
    for region in edit::regions_in(function, f.body) {
        let end = function
            .terminator(region)
            .map(|end| &function.ops[end].kind);
        let leaves = match end {
            Some(OpKind::Raise(_) | OpKind::Return) => true,
            Some(OpKind::Break(label)) => *label == f.label,
            _ => false,
        };
        if leaves {
            found.extend(edit::ops_in(function, region));
        }
    }
    found
}

fn obstacle<T>(site: SiteId, reason: impl Into<String>) -> Result<T, Obstacle> {
    let reason = reason.into();
    Err(Obstacle { site, reason })
}

/// Control that leaves the loop, unless lanes may, and loops that are not to be touched.
fn leaves(context: &Context<'_>, f: &For, exits: bool) -> Result<(), Obstacle> {
    let function = context.function;
    for op in edit::ops_in(function, f.body) {
        let data = &function.ops[op];
        let reason = match &data.kind {
            OpKind::For(inner) if matches!(inner.kind, LoopKind::Vector(_)) => INNER,
            OpKind::For(inner) if inner.kind == LoopKind::Parallel => {
                "it has a parallel loop inside"
            }
            OpKind::ParallelCall { .. } => "it has a parallel loop inside",
            OpKind::Break(label) if *label == f.label && !exits => "it may be left by `break`",
            OpKind::Next(label)
                if *label == f.label && function.regions[f.body].ops.last() != Some(&op) =>
            {
                "it has a `continue` that could not be taken out"
            }
            OpKind::Return if !exits => "it may be left by `return`",
            OpKind::Raise(raise) if !exits => {
                return obstacle(data.site, format!("it may raise {}", raise.kind.name()));
            }
            _ => continue,
        };
        return obstacle(data.site, reason);
    }
    Ok(())
}

/// What may raise, unless lanes may leave, and calls.
fn raises(
    context: &Context<'_>,
    f: &For,
    folded: &FxHashSet<OpId>,
    exits: bool,
) -> Result<(), Obstacle> {
    let function = context.function;
    let last = last_words(function, f);
    for op in edit::ops_in(function, f.body) {
        let data = &function.ops[op];
        match &data.kind {
            _ if exits && last.contains(&op) => {}
            OpKind::Call(callee) => {
                let name = context.names.get(*callee).map_or("?", String::as_str);
                return obstacle(data.site, format!("it calls `{name}`"));
            }
            OpKind::CallRuntime(_) if data.kind.properties().is_pure() => {}
            OpKind::CallRuntime(name) => {
                let name = name.rsplit("snek_rt_").next().unwrap_or(name);
                return obstacle(data.site, format!("it calls `{name}` of the runtime"));
            }
            _ if exits || folded.contains(&op) => {}
            OpKind::Check(raise) => {
                return obstacle(data.site, format!("it may raise {}", raise.kind.name()));
            }
            OpKind::Int(..) | OpKind::IntUnary(..)
                if data.kind.properties().raises != Raises::No =>
            {
                return obstacle(data.site, "`{}` may overflow");
            }
            kind if kind.properties().raises != Raises::No => {
                return obstacle(data.site, "`{}` may be out of bounds");
            }
            _ => {}
        }
    }
    Ok(())
}

/// Follows a carried value through the body.
struct Walk<'c, 'f> {
    context: &'c Context<'f>,
    own: LabelId,
    index: usize,
    /// Values that the carried one has become.
    chain: FxHashSet<ValueId>,
    /// Comparisons of such a value with another one: the op's operator with the other value on the left.
    tests: FxHashMap<ValueId, (Compare, ValueId, ValueId)>,
    /// Loops inside that carry it on: where in their `next`.
    inner: FxHashMap<LabelId, Vec<usize>>,
    kind: Option<ReductionOp>,
    fold: Fold,
    /// What the checked sums of an iteration add at most.
    most: i128,
    any_checked: bool,
}

impl<'c, 'f> Walk<'c, 'f> {
    fn fold(context: &'c Context<'f>, f: &For, n: usize) -> Result<Fold, Obstacle> {
        let function = context.function;
        let param = function.regions[f.body].params[n + 1];
        let mut walk = Walk {
            context,
            own: f.label,
            index: n,
            chain: FxHashSet::from_iter([param]),
            tests: FxHashMap::default(),
            inner: FxHashMap::default(),
            kind: None,
            fold: Fold {
                op: ReductionOp::Add,
                arithmetic: Vec::new(),
                bounded: None,
                watched: false,
                unchanged: false,
                in_order: None,
                picks: false,
            },
            most: 0,
            any_checked: false,
        };
        walk.region(f.body, 0)?;
        let end = *function.regions[f.body].ops.last().ok_or(Obstacle {
            site: function
                .sites
                .indices()
                .next()
                .unwrap_or(SiteId::from_usize(0)),
            reason: "it has no end".to_string(),
        })?;
        let next = function.ops[end].args[n];
        if !walk.chain.contains(&next) {
            return walk.carries(end, param);
        }
        if next == param && walk.kind.is_none() {
            walk.fold.unchanged = true;
            return Ok(walk.fold);
        }
        walk.fold.op = walk.kind.unwrap_or(ReductionOp::Add);
        if !matches!(function.ty(param), Type::Scalar(_)) || (walk.kind.is_none()) {
            return walk.carries(end, param);
        }
        if let Some(op) = walk.fold.in_order
            && function.ops[op].results[0] != next
        {
            return walk.carries(end, param);
        }
        if walk.any_checked {
            if walk.fold.op != ReductionOp::Add {
                return obstacle(function.ops[end].site, "the product may overflow");
            }
            match walk.most <= LARGE {
                true => walk.fold.bounded = Some(walk.most),
                // Only the sum at the end of an iteration is watched.
                false if walk.fold.arithmetic.len() > 1 => {
                    let at = walk.fold.arithmetic.last().copied().unwrap_or(end);
                    return obstacle(function.ops[at].site, "`{}` may overflow");
                }
                false => walk.fold.watched = true,
            }
        }
        // A declared reduction takes any of several zeros.
        walk.fold.picks &= !context.relaxed;
        Ok(walk.fold)
    }

    fn carries<T>(&self, op: OpId, value: ValueId) -> Result<T, Obstacle> {
        let function = self.context.function;
        let names = [
            value,
            function.ops[op]
                .args
                .get(self.index)
                .copied()
                .unwrap_or(value),
        ];
        let name = names.iter().find_map(|v| function.values[*v].name.clone());
        let what = match name {
            Some(name) => format!("`{name}` goes from one iteration to the next"),
            None => "a value goes from one iteration to the next".to_string(),
        };
        obstacle(function.ops[op].site, what)
    }

    fn region(&mut self, region: RegionId, depth: u32) -> Result<(), Obstacle> {
        let function = self.context.function;
        for &op in &function.regions[region].ops {
            self.op(op, depth)?;
        }
        Ok(())
    }

    fn is_chained(&self, value: ValueId) -> bool {
        self.chain.contains(&value)
    }

    fn op(&mut self, op: OpId, depth: u32) -> Result<(), Obstacle> {
        let function = self.context.function;
        let data = &function.ops[op];
        let tested = data.args.iter().any(|arg| self.tests.contains_key(arg));
        let used: Vec<usize> = (0..data.args.len())
            .filter(|n| self.is_chained(data.args[*n]))
            .collect();
        let first = used.first().map(|n| data.args[*n]);
        if tested && !matches!(data.kind, OpKind::Select) {
            return self.carries(op, data.args[0]);
        }
        match &data.kind {
            OpKind::If { then, other } if used.is_empty() => {
                self.region(*then, depth)?;
                self.region(*other, depth)?;
                self.merge(op, &[*then, *other])
            }
            OpKind::For(inner) => {
                if used.iter().any(|n| *n < 2) {
                    return self.carries(op, data.args[used[0]]);
                }
                let carried: Vec<usize> = used.iter().map(|n| n - 2).collect();
                for n in &carried {
                    self.chain
                        .insert(function.regions[inner.body].params[n + 1]);
                }
                self.inner.insert(inner.label, carried.clone());
                self.region(inner.body, depth + 1)?;
                for n in carried {
                    self.chain.insert(data.results[n]);
                }
                Ok(())
            }
            OpKind::Next(label) => {
                let expected = match *label == self.own {
                    true => vec![self.index],
                    false => self.inner.get(label).cloned().unwrap_or_default(),
                };
                match used == expected {
                    true => Ok(()),
                    false => self.carries(
                        op,
                        data.args
                            .first()
                            .copied()
                            .or(first)
                            .unwrap_or_else(|| function.regions[function.body].params[0]),
                    ),
                }
            }
            // Where the loop is left the serial loop has gone on from what was carried.
            OpKind::Return | OpKind::Raise(_) => Ok(()),
            OpKind::Break(label) if *label == self.own => Ok(()),
            OpKind::Yield => Ok(()),
            _ if used.is_empty() && !tested => {
                for region in data.kind.regions() {
                    let deeper = depth + u32::from(is_loop(&data.kind));
                    self.region(region, deeper)?;
                }
                Ok(())
            }
            OpKind::Int(int, overflow) if used.len() == 1 => {
                self.int(op, *int, *overflow, used[0], depth)
            }
            OpKind::Float(float) if used.len() == 1 => self.float(op, *float, used[0], depth),
            OpKind::Compare(compare) if used.len() == 1 => {
                let (value, compare) = match used[0] {
                    0 => (data.args[1], compare.swapped()),
                    _ => (data.args[0], *compare),
                };
                let chained = data.args[used[0]];
                self.tests
                    .insert(data.results[0], (compare, value, chained));
                Ok(())
            }
            OpKind::Select => self.select(op),
            _ => self.carries(op, first.unwrap_or(data.args[0])),
        }
    }

    /// Results of an `if` whose branches both yield the carried value.
    fn merge(&mut self, op: OpId, regions: &[RegionId]) -> Result<(), Obstacle> {
        let function = self.context.function;
        let ends: Vec<OpId> = regions
            .iter()
            .filter_map(|region| function.regions[*region].ops.last().copied())
            .filter(|end| matches!(function.ops[*end].kind, OpKind::Yield))
            .collect();
        for (n, &result) in function.ops[op].results.iter().enumerate() {
            let chained = |end: &OpId| self.is_chained(function.ops[*end].args[n]);
            if ends.iter().any(chained) {
                if !ends.iter().all(chained) {
                    return self.carries(op, result);
                }
                self.chain.insert(result);
            }
        }
        Ok(())
    }

    fn becomes(&mut self, op: OpId, kind: ReductionOp) -> Result<(), Obstacle> {
        let data = &self.context.function.ops[op];
        if self.kind.is_some_and(|known| known != kind) {
            return self.carries(op, data.args[0]);
        }
        self.kind = Some(kind);
        self.chain.insert(data.results[0]);
        Ok(())
    }

    fn int(
        &mut self,
        op: OpId,
        int: IntOp,
        overflow: Overflow,
        at: usize,
        depth: u32,
    ) -> Result<(), Obstacle> {
        let data = &self.context.function.ops[op];
        let kind = match int {
            IntOp::Add => ReductionOp::Add,
            IntOp::Sub if at == 0 => ReductionOp::Add,
            IntOp::Mul => ReductionOp::Mul,
            IntOp::And => ReductionOp::And,
            IntOp::Or => ReductionOp::Or,
            IntOp::Xor => ReductionOp::Xor,
            IntOp::Min => ReductionOp::Min,
            IntOp::Max => ReductionOp::Max,
            IntOp::Sub | IntOp::FloorDiv | IntOp::FloorMod | IntOp::Shl | IntOp::Shr => {
                return self.carries(op, data.args[at]);
            }
        };
        self.becomes(op, kind)?;
        if int.heeds_overflow() {
            self.fold.arithmetic.push(op);
        }
        if overflow == Overflow::Checked {
            let added = self.interval(data.args[1 - at]);
            if depth > 0 {
                return obstacle(data.site, "`{}` may overflow");
            }
            self.any_checked = true;
            self.most = self.most.saturating_add(added.lo.abs().max(added.hi.abs()));
        }
        Ok(())
    }

    fn interval(&self, value: ValueId) -> Interval {
        let known = self.context.facts.intervals.get(value).copied().flatten();
        known.unwrap_or(Interval::new(i64::MIN.into(), i64::MAX.into()))
    }

    fn float(&mut self, op: OpId, float: FloatOp, at: usize, depth: u32) -> Result<(), Obstacle> {
        let data = &self.context.function.ops[op];
        let kind = match float {
            FloatOp::Add => ReductionOp::Add,
            FloatOp::Sub if at == 0 => ReductionOp::Add,
            FloatOp::Mul => ReductionOp::Mul,
            FloatOp::Min => ReductionOp::Min,
            FloatOp::Max => ReductionOp::Max,
            _ => return self.carries(op, data.args[at]),
        };
        let sum = matches!(kind, ReductionOp::Add | ReductionOp::Mul);
        let param = match self.context.structure.region_of[op] {
            Some(region) => self.context.function.regions[region]
                .params
                .get(self.index + 1),
            None => None,
        };
        // Once in each iteration, of the value that this begins with.
        let once = depth == 0 && self.kind.is_none() && param == Some(&data.args[at]);
        if sum && !self.context.relaxed && once {
            self.fold.in_order = Some(op);
        } else if sum && !self.context.relaxed {
            return Err(keeps_order(self.context.function, op, kind));
        }
        self.fold.picks |= !sum;
        self.becomes(op, kind)
    }

    fn select(&mut self, op: OpId) -> Result<(), Obstacle> {
        let function = self.context.function;
        let data = &function.ops[op];
        let (condition, yes, no) = (data.args[0], data.args[1], data.args[2]);
        let Some(&(compare, value, chained)) = self.tests.get(&condition) else {
            // Either way the carried value, folded or not.
            if self.is_chained(condition) || !self.is_chained(yes) || !self.is_chained(no) {
                return self.carries(op, condition);
            }
            self.chain.insert(data.results[0]);
            return Ok(());
        };
        let is_float = function.ty(value).scalar().is_some_and(Scalar::is_float);
        let takes = (yes, no) == (value, chained);
        let keeps = (yes, no) == (chained, value) && !is_float;
        let kind = match compare {
            Compare::Gt | Compare::Ge if takes => ReductionOp::Max,
            Compare::Lt | Compare::Le if takes => ReductionOp::Min,
            Compare::Gt | Compare::Ge if keeps => ReductionOp::Min,
            Compare::Lt | Compare::Le if keeps => ReductionOp::Max,
            _ => return self.carries(op, condition),
        };
        self.fold.picks |= is_float;
        self.becomes(op, kind)
    }
}

/// Why an op that folds floats one after the other is not done in lanes.
pub(super) fn keeps_order(function: &Function, op: OpId, kind: ReductionOp) -> Obstacle {
    let what = match kind {
        ReductionOp::Add => "sum",
        _ => "product",
    };
    Obstacle {
        site: function.ops[op].site,
        reason: format!("the {what} of floats keeps its order (use `prange`, or `fastmath`)"),
    }
}
