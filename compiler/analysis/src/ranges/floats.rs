//! What floats can be by the way they are computed: between which two they are, and whether they may be NaN.
//!
//! From constants and integers, through arithmetic, choices and branches, so that `u8(min(max(x, 0.0), 255.0))` need not
//! ask whether the number fits, and the root of a sum of squares not for its sign. Rounding keeps the order of numbers, so
//! the bounds of a result are the results of bounds, in its own precision. What is loaded may be anything; of what loops
//! carry it is found whether it can become negative.
//!
//! Zeros of either sign are one number here. They are not when something is divided by them: a divisor whose span holds 0
//! gives infinities of either sign.

use snek_mir::ir::{
    Compare, Convert, FloatOp, FloatUnaryOp, LoopKind, OpId, OpKind, RegionId, Scalar, Type,
    ValueDef, ValueId,
};

use super::interval::Interval;
use super::walk::Walk;

/// Values are followed so far.
const DEPTH: u32 = 12;

/// All floats from `lo` to `hi`, zeros of either sign being one, and NaN if that may be.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Span {
    lo: f64,
    hi: f64,
    nan: bool,
}

const ANY: Span = Span {
    lo: f64::NEG_INFINITY,
    hi: f64::INFINITY,
    nan: true,
};
const NOT_NEGATIVE: Span = Span { lo: 0.0, ..ANY };

impl Span {
    fn new(lo: f64, hi: f64) -> Span {
        Span { lo, hi, nan: false }
    }

    fn is_finite(self) -> bool {
        self.lo.is_finite() && self.hi.is_finite()
    }

    fn negated(self) -> Span {
        Span {
            lo: -self.hi,
            hi: -self.lo,
            nan: self.nan,
        }
    }

    fn magnitude(self) -> Span {
        let crosses = self.lo <= 0.0 && self.hi >= 0.0;
        let (lo, hi) = (self.lo.abs(), self.hi.abs());
        Span {
            lo: if crosses { 0.0 } else { lo.min(hi) },
            hi: lo.max(hi),
            nan: self.nan,
        }
    }

    fn plus(self, other: Span, round: impl Fn(f64) -> f64) -> Span {
        let (infinite, negative) = (f64::INFINITY, f64::NEG_INFINITY);
        let cancel = |a: Span, b: Span| a.hi == infinite && b.lo == negative;
        let or = |sum: f64, otherwise: f64| if sum.is_nan() { otherwise } else { round(sum) };
        Span {
            lo: or(self.lo + other.lo, negative),
            hi: or(self.hi + other.hi, infinite),
            nan: self.nan || other.nan || cancel(self, other) || cancel(other, self),
        }
    }

    /// What `f` makes of numbers of both, where that is largest and smallest at their ends.
    fn corners(self, other: Span, f: impl Fn(f64, f64) -> f64) -> Span {
        let (a, b) = (self, other);
        let ends = [(a.lo, b.lo), (a.lo, b.hi), (a.hi, b.lo), (a.hi, b.hi)];
        let ends = ends.map(|(x, y)| f(x, y));
        Span {
            lo: ends.into_iter().fold(f64::INFINITY, f64::min),
            hi: ends.into_iter().fold(f64::NEG_INFINITY, f64::max),
            nan: a.nan || b.nan,
        }
    }

    fn hull(self, other: Span) -> Span {
        Span {
            lo: self.lo.min(other.lo),
            hi: self.hi.max(other.hi),
            nan: self.nan || other.nan,
        }
    }

    /// What a function that keeps order makes of it.
    fn map(self, f: impl Fn(f64) -> f64) -> Span {
        Span {
            lo: f(self.lo),
            hi: f(self.hi),
            nan: self.nan,
        }
    }

    /// Those that are, or are not, so to a number of another span.
    fn where_compared(self, compare: Compare, other: Span, holds: bool) -> Span {
        let mut span = self;
        let (below, above) = match compare {
            Compare::Lt | Compare::Le => (holds, !holds),
            Compare::Gt | Compare::Ge => (!holds, holds),
            Compare::Eq | Compare::Ne => return self,
        };
        // A comparison that fails says nothing of NaN.
        if !holds && other.nan {
            return self;
        }
        span.nan &= !holds;
        if below {
            span.hi = span.hi.min(other.hi);
        }
        if above {
            span.lo = span.lo.max(other.lo);
        }
        span
    }
}

impl<'f> Walk<'f> {
    fn span(&mut self, value: ValueId) -> Span {
        let mut spans = Spans {
            walk: self,
            supposed: Vec::new(),
        };
        spans.of(value, DEPTH)
    }

    /// What a comparison of floats is known to be.
    pub(super) fn decide_floats(
        &mut self,
        compare: Compare,
        a: ValueId,
        b: ValueId,
    ) -> Option<bool> {
        let same = a == b;
        let a = self.span(a);
        if same {
            let is_number = !a.nan;
            return match compare {
                Compare::Eq | Compare::Le | Compare::Ge => is_number.then_some(true),
                Compare::Ne => is_number.then_some(false),
                Compare::Lt | Compare::Gt => Some(false),
            };
        }
        if a == ANY {
            return None;
        }
        let b = self.span(b);
        let numbers = !a.nan && !b.nan;
        let apart = a.hi < b.lo || a.lo > b.hi;
        // Of NaN no order holds.
        let (holds, fails) = match compare {
            Compare::Lt => (numbers && a.hi < b.lo, a.lo >= b.hi),
            Compare::Le => (numbers && a.hi <= b.lo, a.lo > b.hi),
            Compare::Gt => (numbers && a.lo > b.hi, a.hi <= b.lo),
            Compare::Ge => (numbers && a.lo >= b.hi, a.hi < b.lo),
            Compare::Eq => (false, apart),
            Compare::Ne => (apart, false),
        };
        (holds || fails).then_some(holds)
    }

    /// The integers that a float becomes, toward zero; those that do not fit their type become the nearest that does, and NaN
    /// is 0.
    pub(super) fn truncated(&mut self, value: ValueId, all: Interval) -> Interval {
        let span = self.span(value);
        // Conversion to integers saturates.
        let whole = Interval::new(span.lo as i128, span.hi as i128);
        let whole = match span.nan {
            true => whole.hull(Interval::exactly(0)),
            false => whole,
        };
        Interval::new(
            whole.lo.clamp(all.lo, all.hi),
            whole.hi.clamp(all.lo, all.hi),
        )
    }
}

/// One question.
struct Spans<'w, 'f> {
    walk: &'w mut Walk<'f>,
    /// What loops carry that is supposed not to be negative.
    supposed: Vec<ValueId>,
}

impl Spans<'_, '_> {
    fn of(&mut self, value: ValueId, depth: u32) -> Span {
        let function = self.walk.function;
        if depth == 0 {
            return ANY;
        }
        let depth = depth - 1;
        let (op, n) = match function.values[value].def {
            ValueDef::Result(op, n) => (op, n as usize),
            ValueDef::Param(region, n) => {
                let owner = self.walk.structure.owner_of[region];
                let carried = owner.zip((n as usize).checked_sub(1));
                return carried.map_or(ANY, |(op, n)| self.carried(op, n, depth));
            }
        };
        let is_single = function.ty(value) == Type::Scalar(Scalar::F32);
        let round = |x: f64| if is_single { f64::from(x as f32) } else { x };
        let data = &function.ops[op];
        let args = &data.args;
        match &data.kind {
            OpKind::ConstFloat(bits) => match f64::from_bits(*bits) {
                nan if nan.is_nan() => ANY,
                number => Span::new(number, number),
            },
            OpKind::Convert(Convert::IntToFloat) => match self.walk.bounds(args[0]) {
                Some(bounds) if !bounds.is_empty() && is_single => {
                    Span::new(f64::from(bounds.lo as f32), f64::from(bounds.hi as f32))
                }
                Some(bounds) if !bounds.is_empty() => Span::new(bounds.lo as f64, bounds.hi as f64),
                _ => ANY,
            },
            OpKind::Convert(Convert::FloatToFloat) => self.of(args[0], depth).map(round),
            OpKind::FloatUnary(unary) => {
                let span = self.of(args[0], depth);
                match unary {
                    FloatUnaryOp::Neg => span.negated(),
                    FloatUnaryOp::Abs => span.magnitude(),
                    FloatUnaryOp::Floor => span.map(f64::floor),
                    FloatUnaryOp::Ceil => span.map(f64::ceil),
                    FloatUnaryOp::Trunc => span.map(f64::trunc),
                    FloatUnaryOp::Nearest => span.map(f64::round_ties_even),
                    FloatUnaryOp::Sqrt => Span {
                        nan: span.nan || span.lo < 0.0,
                        ..span.map(|x| round(x.max(0.0).sqrt()))
                    },
                }
            }
            OpKind::Float(FloatOp::Mul) if args[0] == args[1] => {
                self.of(args[0], depth).magnitude().map(|x| round(x * x))
            }
            OpKind::Float(op) => self.of_two(*op, args, round, depth),
            OpKind::Select => self.of_choice(args[0], [args[1], args[2]], depth),
            OpKind::If { then, other } => {
                let given = |side: RegionId| {
                    let end = &function.ops[function.terminator(side)?];
                    matches!(end.kind, OpKind::Yield).then(|| end.args[n])
                };
                match [given(*then), given(*other)] {
                    [Some(then), Some(other)] => self.of_choice(args[0], [then, other], depth),
                    // What does not yield gives nothing.
                    [Some(value), None] | [None, Some(value)] => self.of(value, depth),
                    [None, None] => ANY,
                }
            }
            OpKind::For(_) => self.carried(op, n, depth),
            _ => ANY,
        }
    }

    fn of_two(
        &mut self,
        op: FloatOp,
        args: &[ValueId],
        round: impl Fn(f64) -> f64,
        depth: u32,
    ) -> Span {
        let a = self.of(args[0], depth);
        if a == ANY {
            return ANY;
        }
        let b = self.of(args[1], depth);
        if b == ANY {
            return ANY;
        }
        let finite = a.is_finite() && b.is_finite();
        match op {
            FloatOp::Add => a.plus(b, round),
            FloatOp::Sub => a.plus(b.negated(), round),
            FloatOp::Mul if finite => a.corners(b, |x, y| round(x * y)),
            FloatOp::Div if finite && (b.lo > 0.0 || b.hi < 0.0) => {
                a.corners(b, |x, y| round(x / y))
            }
            FloatOp::Mul if a.lo > 0.0 && b.lo > 0.0 => Span {
                lo: round(a.lo * b.lo),
                ..NOT_NEGATIVE
            },
            FloatOp::Mul if a.lo >= 0.0 && b.lo >= 0.0 => NOT_NEGATIVE,
            FloatOp::Div if a.lo >= 0.0 && b.lo > 0.0 => NOT_NEGATIVE,
            FloatOp::Min => a.corners(b, f64::min),
            FloatOp::Max => a.corners(b, f64::max),
            FloatOp::Mul | FloatOp::Div | FloatOp::CopySign => ANY,
        }
    }

    /// Of one value if a condition holds, else of another; what the condition compares is known to be so.
    fn of_choice(&mut self, condition: ValueId, sides: [ValueId; 2], depth: u32) -> Span {
        let function = self.walk.function;
        let compared = function.def_op(condition).and_then(|op| match op.kind {
            OpKind::Compare(compare) => Some((compare, op.args[0], op.args[1])),
            _ => None,
        });
        // To decide one of floats would be to begin anew.
        let is_float = |value| function.ty(value).scalar().is_some_and(Scalar::is_float);
        if let Some((compare, a, b)) = compared
            && !is_float(a)
            && let Some(truth) = self.walk.decide(compare, a, b)
        {
            return self.of(sides[usize::from(!truth)], depth);
        }
        let [then, other] = [(sides[0], true), (sides[1], false)].map(|(value, holds)| {
            let span = self.of(value, depth);
            match compared {
                Some((compare, a, b)) if a == value => {
                    span.where_compared(compare, self.of(b, depth), holds)
                }
                Some((compare, a, b)) if b == value => {
                    span.where_compared(compare.swapped(), self.of(a, depth), holds)
                }
                _ => span,
            }
        });
        then.hull(other)
    }

    /// Of the n-th value that a serial loop carries: it is never negative if it is not at first, nor in the next iteration if
    /// it was not.
    fn carried(&mut self, op: OpId, n: usize, depth: u32) -> Span {
        let (function, structure) = (self.walk.function, self.walk.structure);
        let data = &function.ops[op];
        let OpKind::For(f) = &data.kind else {
            return ANY;
        };
        let param = function.regions[f.body].params[n + 1];
        if self.supposed.contains(&param) {
            return NOT_NEGATIVE;
        }
        if f.kind != LoopKind::Serial {
            return ANY;
        }
        let label = &structure.labels[f.label];
        let given = label.nexts.iter().chain(&label.breaks);
        let given = given.map(|end| function.ops[*end].args[n]);
        let values: Vec<ValueId> = given.chain([data.args[n + 2]]).collect();
        self.supposed.push(param);
        let mut values = values.into_iter();
        let holds = values.all(|value| self.of(value, depth).lo >= 0.0);
        self.supposed.pop();
        if holds { NOT_NEGATIVE } else { ANY }
    }
}
