//! Whether consecutive iterations of a loop may run in lanes: pairs of accesses to one array of which one writes.
//!
//! In lanes, each op does all of its lanes before the next op begins. So an access that comes later in the body and
//! reaches in iteration `q` the element that an earlier one reaches in iteration `p > q` would come too late. Subscripts
//! are compared as polynomials modulo 2^64, which is exact for what is asked here: subscripts are below the limit of
//! extents, and the iterations of a group are less than [`WINDOW`] apart.
//!
//! Different array values may be one memory: such pairs are listed for a test at run time. What is not known is a
//! conflict; this must never say less. Calls are not looked at.

use std::collections::{BTreeMap, BTreeSet};

use snek_mir::edit;
use snek_mir::ir::{Bound, Function, Layout, Op, OpId, OpKind, ValueDef, ValueId};

use crate::affine::{Affine, Polynomial};
use crate::arrays::extent_of;
use crate::ranges::Ranges;
use crate::structure::{Structure, is_loop};

/// No group has more iterations.
pub const WINDOW: i128 = 64;
/// Factors and distances beyond this might wrap within a window.
const FAR: i128 = 1 << 56;

/// An access to an array in a loop.
#[derive(Clone, Debug)]
pub struct Access {
    /// The load or store.
    pub op: OpId,
    /// The array that it goes to, rows and casts followed.
    pub base: ValueId,
    /// One per dimension of the base.
    pub subscripts: Vec<ValueId>,
    /// For each: it does not say where the access is. It may be negative, and then counts from the end, or lanes lie
    /// along it.
    pub wraps: Vec<bool>,
    /// It is a store.
    pub writes: bool,
    /// It is in a loop inside of the loop.
    pub nested: bool,
}

/// How an access moves with the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// The same element in all iterations (for each iteration of inner loops).
    Still,
    /// By this many elements along a dimension, each iteration.
    Along(u8, i64),
    /// In a way that is not known.
    Anyhow,
}

/// What keeps iterations of a loop from running in lanes: two accesses that may meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The earlier one in the text.
    pub first: OpId,
    /// The later one.
    pub second: OpId,
    /// How many iterations lie between, if that is known.
    pub distance: Option<i64>,
    /// They are of two array values that cannot be tested before the loop.
    pub arrays: bool,
}

/// Under which conditions groups of iterations may run in lanes.
#[derive(Clone, Debug)]
pub struct Dependences {
    /// No group may have more iterations.
    pub window: u64,
    /// What limits the window.
    pub narrowest: Option<Conflict>,
    /// Arrays that must not share memory, with an access of each.
    pub apart: BTreeMap<(ValueId, ValueId), (OpId, OpId)>,
    /// Arrays in which different subscripts must be different elements.
    pub injective: BTreeSet<ValueId>,
    /// Arrays of any strides whose elements along the last dimension must be neighbours in memory. It is who asks that
    /// adds them.
    pub dense: BTreeSet<ValueId>,
    /// Loads of elements that no iteration stores, if arrays are apart (and the iteration of the pivot is left out).
    pub unwritten: BTreeSet<OpId>,
    /// The iteration with this value of the induction variable must not be in a group: it stores what others load.
    pub pivot: Option<ValueId>,
    /// Distances that must be long enough, or in the order of the text.
    pub far: Vec<Far>,
}

/// A distance between two accesses that is known before the loop, but not to us. A later one reaches an element as many
/// iterations after an earlier one as the distance has strides, and must not be in the same group then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Far {
    /// In elements; of values that are the same in all iterations.
    pub distance: Polynomial,
    /// By how much the accesses move with each iteration; not 0.
    pub stride: i64,
    /// If it is negative or 0 lanes keep the order.
    pub ordered: bool,
}

impl Dependences {
    /// Of iterations that are independent by declaration.
    pub fn none() -> Self {
        Self {
            window: WINDOW as u64,
            narrowest: None,
            apart: BTreeMap::new(),
            injective: BTreeSet::new(),
            dense: BTreeSet::new(),
            unwritten: BTreeSet::new(),
            pivot: None,
            far: Vec::new(),
        }
    }
}

/// The accesses in a loop.
pub fn accesses(function: &Function, structure: &Structure, loop_op: OpId) -> Vec<Access> {
    let mut found = Vec::new();
    for region in function.ops[loop_op].kind.regions() {
        for op in edit::ops_in(function, region) {
            let data = &function.ops[op];
            let writes = match &data.kind {
                OpKind::Load(_) | OpKind::LoadLanes(_) | OpKind::Gather { .. } => false,
                OpKind::Store(_) | OpKind::StoreLanes(_) | OpKind::Scatter { .. } => true,
                _ => continue,
            };
            let (mut base, mut subscripts, mut wraps) = (data.args[0], Vec::new(), Vec::new());
            let mut select = |data: &Op| {
                let rank = match &data.kind {
                    OpKind::Row(bounds) => bounds.len(),
                    _ => {
                        let array = function.ty(data.args[0]).array();
                        array.map_or(0, |array| usize::from(array.rank))
                    }
                };
                let bounds = data.kind.bounds().unwrap_or_default();
                // Lanes reach further along their axis than their subscript says.
                let axis = match &data.kind {
                    OpKind::LoadLanes(lanes) | OpKind::StoreLanes(lanes) => Some(lanes.axis),
                    _ => None,
                };
                let may_wrap = |n| {
                    matches!(bounds.get(n), Some(Bound::Checked | Bound::Wrapping))
                        || axis.is_some_and(|axis| usize::from(axis) == n)
                };
                subscripts.splice(0..0, data.args.iter().skip(1).take(rank).copied());
                wraps.splice(0..0, (0..rank).map(may_wrap));
            };
            select(data);
            while let Some(op) = function.def_op(base) {
                match &op.kind {
                    OpKind::Row(_) => select(op),
                    OpKind::AsStrided | OpKind::Accumulator(_) => {}
                    _ => break,
                }
                base = op.args[0];
            }
            let around = structure.loops_around(function, op);
            found.push(Access {
                op,
                base,
                subscripts,
                wraps,
                writes,
                nested: around.first() != Some(&loop_op),
            });
        }
    }
    found
}

/// The loop whose iterations are asked about.
pub struct Lanes<'f> {
    function: &'f Function,
    structure: &'f Structure,
    facts: &'f Ranges,
    affine: Affine<'f>,
    op: OpId,
    induction: ValueId,
    step: i128,
    /// One iteration may be left out, and distances are tested before the loop.
    pivots: bool,
}

/// No more distances are tested.
const TESTED: usize = 6;

/// What one dimension says of the positions `p` of the earlier and `q` of the later access.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Dim {
    /// Never equal.
    Apart,
    /// Equal only if `p - q` is this.
    At(i128),
    /// Equal only if one of the two is in the iteration with this value of the induction variable.
    In(ValueId),
    /// Equal only if `p - q` is as many iterations as there are of these strides in the distance.
    Far(Polynomial, i64),
    /// Perhaps.
    Perhaps,
}

impl<'f> Lanes<'f> {
    /// For a `for` loop; `None` for others.
    pub fn new(
        function: &'f Function,
        structure: &'f Structure,
        facts: &'f Ranges,
        op: OpId,
    ) -> Option<Self> {
        let OpKind::For(f) = &function.ops[op].kind else {
            return None;
        };
        Some(Self {
            function,
            structure,
            facts,
            affine: Affine::modular(function, structure),
            op,
            induction: function.regions[f.body].params[0],
            step: i128::from(f.step),
            pivots: false,
        })
    }

    /// The loop.
    pub fn op(&self) -> OpId {
        self.op
    }

    /// Whether two accesses to one array are never to the same element, in whichever iterations.
    pub fn never_meet(&mut self, first: &Access, second: &Access) -> bool {
        self.pivots = false;
        let pairs = first.subscripts.iter().zip(&second.subscripts);
        let wraps = first.wraps.iter().zip(&second.wraps);
        pairs.zip(wraps).any(|((a, b), (wraps_a, wraps_b))| {
            !wraps_a && !wraps_b && self.compare(*a, *b) == Dim::Apart
        })
    }

    /// Compares all pairs.
    pub fn dependences(&mut self, accesses: &[Access]) -> Result<Dependences, Conflict> {
        self.pivots = false;
        self.all(accesses)
    }

    /// Compares all pairs, for somebody who can do one iteration of a loop from 0 on, or later, between two
    /// groups, and who tests distances: see [`Dependences::pivot`] and [`Dependences::far`].
    pub fn dependences_but_one(&mut self, accesses: &[Access]) -> Result<Dependences, Conflict> {
        self.pivots = self.step == 1;
        self.all(accesses)
    }

    fn all(&mut self, accesses: &[Access]) -> Result<Dependences, Conflict> {
        let mut found = Dependences::none();
        let loads = accesses.iter().filter(|access| !access.writes);
        found.unwritten.extend(loads.map(|access| access.op));
        for (n, first) in accesses.iter().enumerate() {
            for second in &accesses[n..] {
                if (first.writes || second.writes) && self.pair(first, second, &mut found)? {
                    for access in [first, second] {
                        found.unwritten.remove(&access.op);
                    }
                }
            }
        }
        if found.window < 2
            && let Some(conflict) = found.narrowest
        {
            return Err(conflict);
        }
        Ok(found)
    }

    /// Whether the two may meet, at a distance that lanes allow.
    fn pair(
        &mut self,
        first: &Access,
        second: &Access,
        found: &mut Dependences,
    ) -> Result<bool, Conflict> {
        let conflict = Conflict {
            first: first.op,
            second: second.op,
            distance: None,
            arrays: first.base != second.base,
        };
        let fixed = |base| self.structure.is_invariant(self.function, base, self.op);
        if !fixed(first.base) || !fixed(second.base) {
            return Err(Conflict {
                arrays: true,
                ..conflict
            });
        }
        if first.base != second.base {
            let is_own = |base| {
                let op = self.function.def_op(base);
                op.is_some_and(|op| matches!(op.kind, OpKind::View))
            };
            // Memory that a function has for its own time is no array of others.
            if is_own(first.base) != is_own(second.base) {
                return Ok(false);
            }
            let key = (first.base.min(second.base), first.base.max(second.base));
            found.apart.entry(key).or_insert((first.op, second.op));
            return Ok(false);
        }
        let array = self.function.ty(first.base).array();
        if array.is_some_and(|a| a.layout == Layout::Strided) {
            found.injective.insert(first.base);
        }
        let (mut at, mut pivot, mut far) = (None, None, None);
        for n in 0..first.subscripts.len().min(second.subscripts.len()) {
            if first.wraps[n] || second.wraps[n] {
                continue;
            }
            match self.compare(first.subscripts[n], second.subscripts[n]) {
                Dim::Apart => return Ok(false),
                Dim::At(d) if at.is_some_and(|other| other != d) => return Ok(false),
                Dim::At(d) => at = Some(d),
                Dim::In(value) => pivot = Some(value),
                Dim::Far(distance, stride) => far = Some((distance, stride)),
                Dim::Perhaps => {}
            }
        }
        // Which comes first is only known of what is not repeated within an iteration.
        let ordered = !first.nested || !second.nested;
        match at {
            Some(0) => Ok(true),
            Some(d) if d < 0 && ordered => Ok(true),
            Some(d) => {
                if d.unsigned_abs() < u128::from(found.window) {
                    found.window = d.unsigned_abs() as u64;
                    found.narrowest = Some(Conflict {
                        distance: Some(d as i64),
                        ..conflict
                    });
                }
                Ok(true)
            }
            // One op that stores a lane after the other keeps their order.
            None if first.op == second.op && !first.nested => Ok(true),
            None => match (pivot, far) {
                (_, Some((distance, stride))) if found.far.len() < TESTED => {
                    let far = Far {
                        distance,
                        stride,
                        ordered,
                    };
                    if !found.far.contains(&far) {
                        found.far.push(far);
                    }
                    Ok(true)
                }
                (Some(value), _) if found.pivot.is_none_or(|known| known == value) => {
                    found.pivot = Some(value);
                    Ok(false)
                }
                _ => Err(conflict),
            },
        }
    }

    fn compare(&mut self, a: ValueId, b: ValueId) -> Dim {
        let (f, g) = (self.affine.of(a), self.affine.of(b));
        let split = |p: &Polynomial| p.split(self.induction);
        let (Some((factor, rest)), Some((factor_b, rest_b))) = (split(&f), split(&g)) else {
            return Dim::Perhaps;
        };
        // Only what is the same in both iterations cancels.
        if !self.is_still(&factor) || !self.is_still(&rest) || !self.is_still(&rest_b) {
            return Dim::Perhaps;
        }
        let still = |factor: &Polynomial| factor.as_constant() == Some(0);
        match (still(&factor), still(&factor_b)) {
            (false, true) => return self.beside(&factor, &rest, b, &rest_b),
            (true, false) => return self.beside(&factor_b, &rest_b, a, &rest),
            _ if factor != factor_b => return Dim::Perhaps,
            _ => {}
        }
        let difference = rest_b.sub(&rest);
        let Some(difference) = difference.as_constant() else {
            if self.is_beyond(&factor, &difference) {
                return Dim::Apart;
            }
            let stride = factor
                .as_constant()
                .and_then(|by| by.checked_mul(self.step));
            let stride = stride.filter(|stride| *stride != 0 && stride.abs() <= WINDOW);
            let fixed = |value| self.structure.is_invariant(self.function, value, self.op);
            let is_known = || difference.symbols().into_iter().all(fixed);
            return match stride {
                Some(stride) if self.pivots && is_known() => Dim::Far(difference, stride as i64),
                _ => Dim::Perhaps,
            };
        };
        let Some(factor) = factor.as_constant() else {
            let moves = difference == 0 && self.is_moderate(&factor);
            return if moves { Dim::At(0) } else { Dim::Perhaps };
        };
        let Some(stride) = factor.checked_mul(self.step) else {
            return Dim::Perhaps;
        };
        if stride.abs() > FAR || difference.abs() > FAR {
            return Dim::Perhaps;
        }
        match (stride, difference) {
            (0, 0) => Dim::Perhaps,
            (0, _) => Dim::Apart,
            _ if difference % stride == 0 => Dim::At(difference / stride),
            _ => Dim::Apart,
        }
    }

    /// Positions that lie this far apart are further apart than the loop goes: `a[k]` and `a[k + n]` for `k` below `n`.
    fn is_beyond(&mut self, factor: &Polynomial, distance: &Polynomial) -> bool {
        if !matches!(factor.as_constant(), Some(1 | -1)) || self.step.abs() > 4 {
            return false;
        }
        let args = &self.function.ops[self.op].args;
        let span = self.affine.of(args[1]).sub(&self.affine.of(args[0]));
        let span = span.scale(self.step.signum());
        let beyond = |distance: &Polynomial| {
            let rest = distance.sub(&span).as_constant();
            rest.is_some_and(|rest| (0..=FAR).contains(&rest))
        };
        beyond(distance) || beyond(&distance.scale(-1))
    }

    /// One position that moves from iteration to iteration, `factor * i + rest`, against one that does not.
    fn beside(
        &mut self,
        factor: &Polynomial,
        rest: &Polynomial,
        still: ValueId,
        place: &Polynomial,
    ) -> Dim {
        // So slow that nobody waits until it wraps.
        let Some(factor @ (1 | -1)) = factor.as_constant() else {
            return Dim::Perhaps;
        };
        if self.step.abs() > 4 {
            return Dim::Perhaps;
        }
        let (start, stop) = {
            let args = &self.function.ops[self.op].args;
            (self.affine.of(args[0]), self.affine.of(args[1]))
        };
        let last = stop.sub(&Polynomial::constant(self.step.signum()));
        let from_place = |i: &Polynomial| {
            let distance = i.scale(factor).add(rest).sub(place).as_constant();
            distance.filter(|distance| distance.abs() <= FAR)
        };
        let up = factor * self.step > 0;
        let is_beyond = |distance: i128| if up { distance > 0 } else { distance < 0 };
        let is_before = |distance: i128| if up { distance < 0 } else { distance > 0 };
        if from_place(&start).is_some_and(is_beyond) || from_place(&last).is_some_and(is_before) {
            return Dim::Apart;
        }
        let there = factor == 1 && rest.as_constant() == Some(0);
        let known = self.structure.is_invariant(self.function, still, self.op);
        let start = self.function.ops[self.op].args[0];
        let start = self.facts.intervals.get(start).copied().flatten();
        let counts = start.is_some_and(|start| start.lo >= 0);
        match self.pivots && there && known && counts {
            true => Dim::In(still),
            false => Dim::Perhaps,
        }
    }

    /// All of its values are the same in all iterations.
    fn is_still(&self, polynomial: &Polynomial) -> bool {
        polynomial
            .symbols()
            .iter()
            .all(|value| self.is_same(*value))
    }

    /// The value is the same in all iterations: defined outside, or an extent of an array that is.
    fn is_same(&self, value: ValueId) -> bool {
        let fixed = |value| self.structure.is_invariant(self.function, value, self.op);
        if fixed(value) {
            return true;
        }
        match self.function.def_op(value) {
            Some(op) => match op.kind {
                OpKind::Extent(axis) => fixed(extent_of(self.function, op.args[0], axis).0),
                _ => false,
            },
            None => false,
        }
    }

    /// At least 1, and so small that a window of it does not wrap.
    fn is_moderate(&self, factor: &Polynomial) -> bool {
        let (mut least, mut most) = (factor.constant, factor.constant);
        for (product, by) in &factor.terms {
            let (mut low, mut high) = (*by, *by);
            for symbol in product {
                let Some(interval) = self.facts.intervals.get(*symbol).copied().flatten() else {
                    return false;
                };
                if interval.lo < 0 || *by < 0 {
                    return false;
                }
                low = low.saturating_mul(interval.lo);
                high = high.saturating_mul(interval.hi);
            }
            least = least.saturating_add(low);
            most = most.saturating_add(high);
        }
        least >= 1 && most.saturating_mul(self.step.abs()).saturating_mul(WINDOW) < 1 << 64
    }

    /// How an access moves from one iteration to the next.
    pub fn motion(&mut self, access: &Access) -> Motion {
        let mut along = None;
        for (axis, &subscript) in access.subscripts.iter().enumerate() {
            let Some((factor, rest)) = self.affine.of(subscript).split(self.induction) else {
                return Motion::Anyhow;
            };
            if !self.changes_only_inside(&rest) {
                return Motion::Anyhow;
            }
            let stride = factor.as_constant().map(|c| c.saturating_mul(self.step));
            match stride {
                Some(0) => {}
                Some(stride) if along.is_none() && stride.abs() < FAR => {
                    along = Some((axis as u8, stride as i64));
                }
                _ => return Motion::Anyhow,
            }
        }
        match along {
            None => Motion::Still,
            Some((axis, stride)) => Motion::Along(axis, stride),
        }
    }

    /// Its values are the same in all iterations, but for induction variables of inner loops, whose bounds are.
    fn changes_only_inside(&self, polynomial: &Polynomial) -> bool {
        polynomial.symbols().iter().all(|value| {
            self.is_same(*value)
                || match self.function.values[*value].def {
                    ValueDef::Param(region, 0) => {
                        self.structure.owner_of[region].is_some_and(|owner| {
                            let data = &self.function.ops[owner];
                            let bounds = data.args.iter().take(2);
                            matches!(data.kind, OpKind::For(_))
                                && is_loop(&data.kind)
                                && bounds.into_iter().all(|bound| self.is_same(*bound))
                        })
                    }
                    _ => false,
                }
        })
    }
}
