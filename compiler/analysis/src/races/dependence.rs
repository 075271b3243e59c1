//! Whether two subscripts can be equal in two iterations of a parallel loop: ZIV, SIV, GCD and symbolic span tests.

use snek_mir::ir::{Function, IntOp, OpId, OpKind, ValueDef, ValueId};

use super::Reason;
use crate::affine::{Affine, Polynomial};
use crate::ranges::Ranges;
use crate::structure::Structure;

/// What one dimension says about iterations `p` of the first and `q` of the second access, `p != q`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dim {
    /// Never equal.
    Disjoint,
    /// Equal exactly if `q == p + d`.
    Distance(i128),
    /// Equal whatever the iterations are (for some iteration of inner loops).
    Always,
    /// Perhaps.
    Unknown(Reason),
}

/// The parallel loop.
pub(super) struct Scope<'f> {
    function: &'f Function,
    structure: &'f Structure,
    facts: &'f Ranges,
    pub op: OpId,
    pub induction: ValueId,
    pub start: ValueId,
    pub stop: ValueId,
    pub step: i128,
}

/// A subscript between two polynomials over the induction variable and invariants.
struct Span {
    low: Polynomial,
    /// Each is an upper bound.
    high: Vec<Polynomial>,
    exact: bool,
}

impl<'f> Scope<'f> {
    pub fn new(
        function: &'f Function,
        structure: &'f Structure,
        op: OpId,
        facts: &'f Ranges,
    ) -> Self {
        let data = &function.ops[op];
        let (induction, step) = match &data.kind {
            OpKind::For(f) => (function.regions[f.body].params[0], i128::from(f.step)),
            _ => (data.args[0], 1),
        };
        Self {
            function,
            structure,
            facts,
            op,
            induction,
            start: data.args[0],
            stop: data.args[1],
            step,
        }
    }

    /// The number of iterations, if it is constant.
    pub fn trip_count(&self, affine: &mut Affine<'_>) -> Option<i128> {
        let span = affine
            .of(self.stop)
            .sub(&affine.of(self.start))
            .as_constant()?;
        let (span, step) = if self.step > 0 {
            (span, self.step)
        } else {
            (-span, -self.step)
        };
        Some(((span + step - 1) / step).max(0))
    }

    pub fn compare(&mut self, f: &Polynomial, g: &Polynomial, affine: &mut Affine<'_>) -> Dim {
        let (Some(a), Some(b)) = (self.span(f, affine), self.span(g, affine)) else {
            return Dim::Unknown(Reason::Computed);
        };
        let split = |p: &Polynomial| p.split(self.induction);
        let (Some((factor, low_a)), Some((factor_b, low_b))) = (split(&a.low), split(&b.low))
        else {
            return Dim::Unknown(Reason::Computed);
        };
        if a.exact && b.exact {
            return self.compare_exact(&factor, &low_a, &factor_b, &low_b, affine);
        }
        if factor != factor_b {
            return Dim::Unknown(Reason::Computed);
        }
        let highs = |span: &Span| -> Vec<Polynomial> {
            let split = span.high.iter().filter_map(split);
            split
                .filter(|(c, _)| *c == factor)
                .map(|(_, rest)| rest)
                .collect()
        };
        let (high_a, high_b) = (highs(&a), highs(&b));
        if factor.as_constant() == Some(0) {
            let apart = |high: &[Polynomial], low: &Polynomial| {
                high.iter().any(|h| self.is_positive(&low.sub(h)))
            };
            if apart(&high_a, &low_b) || apart(&high_b, &low_a) {
                return Dim::Disjoint;
            }
            return if f == g {
                Dim::Always
            } else {
                Dim::Unknown(Reason::Overlap)
            };
        }
        // From one iteration to another the subscript moves by `stride` at least; is that more than it spans?
        let by_step = factor.scale(self.step.abs());
        let stride = match by_step.as_constant() {
            Some(c) => Polynomial::constant(c.abs()),
            None => by_step,
        };
        let narrow = |high: &[Polynomial], low: &Polynomial| {
            high.iter()
                .any(|h| self.is_positive(&stride.sub(&h.sub(low))))
        };
        if narrow(&high_a, &low_b) && narrow(&high_b, &low_a) {
            Dim::Disjoint
        } else {
            Dim::Unknown(Reason::Overlap)
        }
    }

    fn compare_exact(
        &self,
        factor: &Polynomial,
        rest: &Polynomial,
        factor_b: &Polynomial,
        rest_b: &Polynomial,
        affine: &mut Affine<'_>,
    ) -> Dim {
        let difference = rest.sub(rest_b);
        let (Some(a), Some(b)) = (factor.as_constant(), factor_b.as_constant()) else {
            // A symbolic stride: only that it is at least 1 can help.
            let same = factor == factor_b && difference.as_constant() == Some(0);
            return if same && self.is_positive(factor) {
                Dim::Disjoint
            } else {
                Dim::Unknown(Reason::Overlap)
            };
        };
        let Some(difference) = difference.as_constant() else {
            return Dim::Unknown(Reason::Computed);
        };
        let trip = self.trip_count(affine);
        if a == 0 && b == 0 {
            return match difference {
                0 => Dim::Always,
                _ => Dim::Disjoint,
            };
        }
        if a == b {
            // a*p + r == a*q + s  <=>  q - p == (r - s) / a
            if difference % (a * self.step) != 0 {
                return Dim::Disjoint;
            }
            let distance = difference / a;
            let too_far = trip.is_some_and(|trip| (distance / self.step).abs() >= trip);
            return if distance == 0 || too_far {
                Dim::Disjoint
            } else {
                Dim::Distance(distance)
            };
        }
        // With p = start + step*k and q = start + step*m: a*step*k - b*step*m == target.
        let Some(start) = affine.of(self.start).as_constant() else {
            return Dim::Unknown(Reason::Overlap);
        };
        let target = -difference - (a - b) * start;
        let (x, y) = (a * self.step, b * self.step);
        if target % gcd(x, y) != 0 {
            return Dim::Disjoint;
        }
        let lone = if y == 0 {
            Some(target / x)
        } else if x == 0 {
            Some(target / -y)
        } else {
            None
        };
        match lone {
            Some(k) if k < 0 || trip.is_some_and(|trip| k >= trip) => Dim::Disjoint,
            Some(_) => Dim::Unknown(Reason::Element),
            None => Dim::Unknown(Reason::Overlap),
        }
    }

    /// Replaces the induction variables of inner loops by their bounds. `None` if anything else varies.
    fn span(&self, polynomial: &Polynomial, affine: &mut Affine<'_>) -> Option<Span> {
        let mut exact = true;
        let mut low = polynomial.clone();
        while let Some((inner, start, stop, step)) = self.inner_induction(&low) {
            exact = false;
            let (factor, rest) = low.split(inner)?;
            let up = self.goes_up(&factor)? == (step > 0);
            let bound = if up {
                affine.of(start)
            } else {
                let last = affine.of(stop);
                last.sub(&Polynomial::constant(step.signum()))
            };
            low = rest.add(&factor.mul(&bound)?);
        }
        let mut high = vec![polynomial.clone()];
        while let Some(at) = high.iter().position(|h| self.inner_induction(h).is_some()) {
            let h = high.swap_remove(at);
            let (inner, start, stop, step) = self.inner_induction(&h)?;
            let (factor, rest) = h.split(inner)?;
            let up = self.goes_up(&factor)? == (step > 0);
            let bounds: Vec<Polynomial> = if up {
                let one = Polynomial::constant(step.signum());
                let ends = if step > 0 {
                    self.smaller_of(stop)
                } else {
                    vec![stop]
                };
                ends.into_iter().map(|v| affine.of(v).sub(&one)).collect()
            } else {
                vec![affine.of(start)]
            };
            for bound in bounds {
                high.push(rest.add(&factor.mul(&bound)?));
            }
            if high.len() > 4 {
                return None;
            }
        }
        let known = |v: &ValueId| {
            *v == self.induction || self.structure.is_invariant(self.function, *v, self.op)
        };
        if !low.symbols().iter().all(known) {
            return None;
        }
        high.retain(|h| h.symbols().iter().all(known));
        Some(Span { low, high, exact })
    }

    /// The operands of a `min`, or the value itself.
    fn smaller_of(&self, value: ValueId) -> Vec<ValueId> {
        match self.function.def_op(value) {
            Some(op) if matches!(op.kind, OpKind::Int(IntOp::Min, _)) => op.args.clone(),
            _ => vec![value],
        }
    }

    fn inner_induction(
        &self,
        polynomial: &Polynomial,
    ) -> Option<(ValueId, ValueId, ValueId, i128)> {
        // The innermost first: its bounds may depend on the others.
        let mut best = None;
        for symbol in polynomial.symbols() {
            let ValueDef::Param(region, 0) = self.function.values[symbol].def else {
                continue;
            };
            let Some(owner) = self.structure.owner_of[region] else {
                continue;
            };
            if symbol == self.induction
                || self.structure.is_invariant(self.function, symbol, self.op)
            {
                continue;
            }
            if let OpKind::For(f) = &self.function.ops[owner].kind {
                let args = &self.function.ops[owner].args;
                let depth = self.structure.depth[region];
                if best.is_none_or(|(d, _)| depth > d) {
                    best = Some((depth, (symbol, args[0], args[1], i128::from(f.step))));
                }
            }
        }
        best.map(|(_, found)| found)
    }

    /// Whether a factor is not negative (`true`) or not positive; `None` if that is not known.
    fn goes_up(&self, factor: &Polynomial) -> Option<bool> {
        if self.least(factor).is_some_and(|least| least >= 0) {
            Some(true)
        } else if self
            .least(&factor.scale(-1))
            .is_some_and(|least| least >= 0)
        {
            Some(false)
        } else {
            None
        }
    }

    fn is_positive(&self, polynomial: &Polynomial) -> bool {
        self.least(polynomial).is_some_and(|least| least >= 1)
    }

    /// A lower bound by the intervals of the symbols.
    fn least(&self, polynomial: &Polynomial) -> Option<i128> {
        let mut least = polynomial.constant;
        for (product, factor) in &polynomial.terms {
            let mut end = *factor;
            for &symbol in product {
                let interval = self.facts.intervals[symbol]?;
                if interval.lo < 0 {
                    return None;
                }
                let side = if *factor > 0 {
                    interval.lo
                } else {
                    interval.hi
                };
                end = end.checked_mul(side)?;
            }
            least = least.checked_add(end)?;
        }
        Some(least)
    }
}

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}
