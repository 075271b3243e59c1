//! Whether two loops that follow each other may run as one: pairs of accesses, one in each, of which one writes.
//!
//! As one loop, iteration `q` of the second runs before iteration `p > q` of the first. So no two such iterations may reach
//! one element. The loops start at the same value and have the same step and trip count; that is for who asks to see to.
//!
//! Different array values may be one memory: such pairs are listed for a test at run time. What is not known is an
//! obstacle; this must never say less. Calls are not looked at.

use snek_mir::ir::{Function, Layout, OpId, OpKind, ValueId};

use crate::affine::{Affine, Polynomial};
use crate::arrays::extent_of;
use crate::dependence::{Access, Dependences};
use crate::structure::Structure;

/// Subscripts that move faster might wrap before a loop ends.
const FAST: i128 = 1 << 8;
/// Starts that lie further apart are not compared.
const FAR: i128 = 1 << 56;

/// How two accesses to one array meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// Never at one element.
    Apart,
    /// At one element only if the second loop is so many iterations ahead of the first one.
    Ahead(i128),
    /// In ways that are not known.
    Anyhow,
}

/// Two loops, and what is known of their subscripts.
pub struct Pair<'f> {
    function: &'f Function,
    structure: &'f Structure,
    affine: Affine<'f>,
    loops: [OpId; 2],
    inductions: [ValueId; 2],
    step: i128,
}

impl<'f> Pair<'f> {
    /// For two `for` loops with the same step; `None` for others.
    pub fn new(function: &'f Function, structure: &'f Structure, loops: [OpId; 2]) -> Option<Self> {
        let [first, second] = loops.map(|op| match &function.ops[op].kind {
            OpKind::For(f) => Some((f.step, function.regions[f.body].params[0])),
            _ => None,
        });
        let (first, second) = (first?, second?);
        (first.0 == second.0).then(|| Self {
            function,
            structure,
            affine: Affine::modular(function, structure),
            loops,
            inductions: [first.1, second.1],
            step: i128::from(first.0),
        })
    }

    /// The difference of two values that are there before both loops, if that is a constant.
    pub fn distance(&mut self, a: ValueId, b: ValueId) -> Option<i128> {
        self.affine.of(b).sub(&self.affine.of(a)).as_constant()
    }

    /// The two extents (arrays and dimensions) that must be equal for two values to be, if that is how they differ.
    pub fn equal_extents(&mut self, a: ValueId, b: ValueId) -> Option<[(ValueId, u8); 2]> {
        let difference = self.affine.of(a).sub(&self.affine.of(b));
        let [(x, f), (y, g)] = &difference.terms[..] else {
            return None;
        };
        let ([x], [y]) = (&x[..], &y[..]) else {
            return None;
        };
        let extent = |value: ValueId| {
            let op = self.function.def_op(value)?;
            match op.kind {
                OpKind::Extent(axis) => Some(extent_of(self.function, op.args[0], axis)),
                _ => None,
            }
        };
        let opposite = f.abs() == 1 && *f == -*g && difference.constant == 0;
        let extents = [extent(*x)?, extent(*y)?];
        opposite.then_some(extents)
    }

    /// What must be tested for the loops to run as one; `None` if they may not.
    pub fn as_one(&mut self, first: &[Access], second: &[Access]) -> Option<Dependences> {
        let mut found = Dependences::none();
        for a in first {
            for b in second {
                if !(a.writes || b.writes) {
                    continue;
                }
                let fixed = |base, at: usize| {
                    let op = self.loops[at];
                    self.structure.is_invariant(self.function, base, op)
                };
                if !fixed(a.base, 0) || !fixed(b.base, 1) {
                    return None;
                }
                if a.base != b.base {
                    let key = (a.base.min(b.base), a.base.max(b.base));
                    found.apart.entry(key).or_insert((a.op, b.op));
                    continue;
                }
                let array = self.function.ty(a.base).array();
                if array.is_some_and(|array| array.layout == Layout::Strided) {
                    found.injective.insert(a.base);
                }
                match self.meeting(a, b) {
                    Meeting::Apart => {}
                    Meeting::Ahead(by) if by >= 0 => {}
                    Meeting::Ahead(_) | Meeting::Anyhow => return None,
                }
            }
        }
        Some(found)
    }

    /// How an access of the first loop and one of the second meet, if their arrays are one.
    pub fn meeting(&mut self, a: &Access, b: &Access) -> Meeting {
        let mut ahead = None;
        for n in 0..a.subscripts.len().min(b.subscripts.len()) {
            if a.wraps[n] || b.wraps[n] {
                continue;
            }
            match self.compare(a.subscripts[n], b.subscripts[n]) {
                Meeting::Apart => return Meeting::Apart,
                Meeting::Ahead(by) if ahead.is_some_and(|other| other != by) => {
                    return Meeting::Apart;
                }
                Meeting::Ahead(by) => ahead = Some(by),
                Meeting::Anyhow => {}
            }
        }
        ahead.map_or(Meeting::Anyhow, Meeting::Ahead)
    }

    /// Whether an access of the second loop is, in each iteration, to the element of the first loop's.
    pub fn is_same(&mut self, a: &Access, b: &Access) -> bool {
        let pairs = a.subscripts.iter().zip(&b.subscripts);
        let [i, j] = self.inductions;
        a.base == b.base
            && a.subscripts.len() == b.subscripts.len()
            && pairs.into_iter().all(|(x, y)| {
                let (f, g) = (self.affine.of(*x).split(i), self.affine.of(*y).split(j));
                f.is_some() && f == g
            })
    }

    fn compare(&mut self, a: ValueId, b: ValueId) -> Meeting {
        let [i, j] = self.inductions;
        let (f, g) = (self.affine.of(a).split(i), self.affine.of(b).split(j));
        let (Some((factor, rest)), Some((other, rest_of_other))) = (f, g) else {
            return Meeting::Anyhow;
        };
        if !self.is_still(&rest) || !self.is_still(&rest_of_other) {
            return Meeting::Anyhow;
        }
        let (Some(factor), Some(other)) = (factor.as_constant(), other.as_constant()) else {
            return Meeting::Anyhow;
        };
        let Some(difference) = rest.sub(&rest_of_other).as_constant() else {
            return Meeting::Anyhow;
        };
        let stride = factor.saturating_mul(self.step);
        if factor != other || stride.abs() > FAST || difference.abs() > FAR {
            return Meeting::Anyhow;
        }
        match (stride, difference) {
            (0, 0) => Meeting::Anyhow,
            (0, _) => Meeting::Apart,
            _ if difference % stride == 0 => Meeting::Ahead(difference / stride),
            _ => Meeting::Apart,
        }
    }

    /// All of its values are there before both loops.
    fn is_still(&self, polynomial: &Polynomial) -> bool {
        let fixed = |value| {
            let mut loops = self.loops.iter();
            loops.all(|op| self.structure.is_invariant(self.function, value, *op))
        };
        polynomial.symbols().into_iter().all(|value| {
            fixed(value)
                || match self.function.def_op(value) {
                    Some(op) => match op.kind {
                        OpKind::Extent(axis) => fixed(extent_of(self.function, op.args[0], axis).0),
                        _ => false,
                    },
                    None => false,
                }
        })
    }
}
