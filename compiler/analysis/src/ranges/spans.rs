//! Spans of floats: between which two they are by the way they are computed, and whether they may be NaN.
//!
//! From constants and integers, through arithmetic, choices and branches, so that `u8(min(max(x, 0.0), 255.0))` need not
//! ask whether the number fits. Rounding keeps the order of numbers, so the bounds of a result are the results of bounds,
//! in its own precision. What is loaded, and what loops carry, may be anything.

use snek_mir::ir::{
    Compare, Convert, FloatOp, FloatUnaryOp, OpKind, RegionId, Scalar, Type, ValueDef, ValueId,
};

use super::interval::Interval;
use super::walk::Walk;

/// Values are followed so far.
const DEPTH: u32 = 8;

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

impl Span {
    fn new(lo: f64, hi: f64) -> Span {
        Span { lo, hi, nan: false }
    }

    fn is_finite(self) -> bool {
        self.lo.is_finite() && self.hi.is_finite()
    }

    fn hull(self, other: Span) -> Span {
        Span {
            lo: self.lo.min(other.lo),
            hi: self.hi.max(other.hi),
            nan: self.nan || other.nan,
        }
    }

    /// The span of some of its results, of which none is NaN.
    fn of(results: &[f64]) -> Span {
        let least = results.iter().copied().fold(f64::INFINITY, f64::min);
        let most = results.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Span::new(least, most)
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

impl Walk<'_> {
    /// What a comparison of floats is known to be by their spans.
    pub(super) fn compare_spans(
        &mut self,
        compare: Compare,
        a: ValueId,
        b: ValueId,
    ) -> Option<bool> {
        if a == b {
            let is_equal = !self.span(a, DEPTH).nan;
            return match compare {
                Compare::Eq | Compare::Le | Compare::Ge if is_equal => Some(true),
                Compare::Ne if is_equal => Some(false),
                Compare::Lt | Compare::Gt => Some(false),
                _ => None,
            };
        }
        let a = self.span(a, DEPTH);
        if a == ANY {
            return None;
        }
        let b = self.span(b, DEPTH);
        let numbers = !a.nan && !b.nan;
        // Of NaN no order holds.
        let (holds, fails) = match compare {
            Compare::Lt => (numbers && a.hi < b.lo, a.lo >= b.hi),
            Compare::Le => (numbers && a.hi <= b.lo, a.lo > b.hi),
            Compare::Gt => (numbers && a.lo > b.hi, a.hi <= b.lo),
            Compare::Ge => (numbers && a.lo >= b.hi, a.hi < b.lo),
            Compare::Eq => (false, a.hi < b.lo || a.lo > b.hi),
            Compare::Ne => (a.hi < b.lo || a.lo > b.hi, false),
        };
        (holds || fails).then_some(holds)
    }

    /// The integers that a float becomes, toward zero; those that do not fit their type become the nearest that does, and NaN
    /// is 0.
    pub(super) fn truncated(&mut self, value: ValueId, all: Interval) -> Interval {
        let span = self.span(value, DEPTH);
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

    fn span(&mut self, value: ValueId, depth: u32) -> Span {
        let function = self.function;
        let ValueDef::Result(op, n) = function.values[value].def else {
            return ANY;
        };
        let is_single = function.ty(value) == Type::Scalar(Scalar::F32);
        let round = |x: f64| if is_single { f64::from(x as f32) } else { x };
        let data = &function.ops[op];
        let args = &data.args;
        if depth == 0 {
            return ANY;
        }
        let depth = depth - 1;
        match &data.kind {
            OpKind::ConstFloat(bits) => match f64::from_bits(*bits) {
                nan if nan.is_nan() => ANY,
                number => Span::new(number, number),
            },
            OpKind::Convert(Convert::IntToFloat) => match self.bounds(args[0]) {
                Some(bounds) if !bounds.is_empty() => {
                    let single = |x: i128| f64::from(x as f32);
                    match is_single {
                        true => Span::new(single(bounds.lo), single(bounds.hi)),
                        false => Span::new(bounds.lo as f64, bounds.hi as f64),
                    }
                }
                _ => ANY,
            },
            OpKind::Convert(Convert::FloatToFloat) => self.span(args[0], depth).map(round),
            OpKind::FloatUnary(unary) => {
                let span = self.span(args[0], depth);
                match unary {
                    FloatUnaryOp::Neg => Span {
                        lo: -span.hi,
                        hi: -span.lo,
                        nan: span.nan,
                    },
                    FloatUnaryOp::Abs => {
                        let (lo, hi) = (span.lo.abs(), span.hi.abs());
                        let crosses = span.lo <= 0.0 && span.hi >= 0.0;
                        Span {
                            lo: if crosses { 0.0 } else { lo.min(hi) },
                            hi: lo.max(hi),
                            nan: span.nan,
                        }
                    }
                    FloatUnaryOp::Floor => span.map(f64::floor),
                    FloatUnaryOp::Ceil => span.map(f64::ceil),
                    FloatUnaryOp::Trunc => span.map(f64::trunc),
                    FloatUnaryOp::Nearest => span.map(f64::round_ties_even),
                    FloatUnaryOp::Sqrt if span.lo >= 0.0 => span.map(|x| round(x.sqrt())),
                    FloatUnaryOp::Sqrt => ANY,
                }
            }
            OpKind::Float(binary) => self.span_of_two(*binary, args, round, depth),
            OpKind::Select => {
                let sides = [args[1], args[2]];
                self.span_of_choice(args[0], sides, depth)
            }
            OpKind::If { then, other } => {
                let given = |side: RegionId| {
                    let end = &function.ops[function.terminator(side)?];
                    let yields = matches!(end.kind, OpKind::Yield);
                    yields.then(|| end.args[n as usize])
                };
                match [given(*then), given(*other)] {
                    [Some(then), Some(other)] => self.span_of_choice(args[0], [then, other], depth),
                    // What does not yield gives nothing.
                    [Some(value), None] | [None, Some(value)] => self.span(value, depth),
                    [None, None] => ANY,
                }
            }
            _ => ANY,
        }
    }

    fn span_of_two(
        &mut self,
        op: FloatOp,
        args: &[ValueId],
        round: impl Fn(f64) -> f64,
        depth: u32,
    ) -> Span {
        let a = self.span(args[0], depth);
        if !a.is_finite() {
            return ANY;
        }
        let b = self.span(args[1], depth);
        if !b.is_finite() {
            return ANY;
        }
        let corners = |f: fn(f64, f64) -> f64| {
            let all = [(a.lo, b.lo), (a.lo, b.hi), (a.hi, b.lo), (a.hi, b.hi)];
            Span::of(&all.map(|(x, y)| round(f(x, y))))
        };
        let span = match op {
            FloatOp::Add => Span::new(round(a.lo + b.lo), round(a.hi + b.hi)),
            FloatOp::Sub => Span::new(round(a.lo - b.hi), round(a.hi - b.lo)),
            FloatOp::Mul => corners(|x, y| x * y),
            FloatOp::Div if b.lo > 0.0 || b.hi < 0.0 => corners(|x, y| x / y),
            FloatOp::Min => Span::new(a.lo.min(b.lo), a.hi.min(b.hi)),
            FloatOp::Max => Span::new(a.lo.max(b.lo), a.hi.max(b.hi)),
            FloatOp::Div | FloatOp::CopySign => return ANY,
        };
        Span {
            nan: a.nan || b.nan,
            ..span
        }
    }

    /// Of one value if a condition holds, else of another; what the condition compares is known to be so.
    fn span_of_choice(&mut self, condition: ValueId, sides: [ValueId; 2], depth: u32) -> Span {
        let function = self.function;
        let compared = function.def_op(condition).and_then(|op| match op.kind {
            OpKind::Compare(compare) => Some((compare, op.args[0], op.args[1])),
            _ => None,
        });
        let [then, other] = [(sides[0], true), (sides[1], false)].map(|(value, holds)| {
            let span = self.span(value, depth);
            match compared {
                Some((compare, a, b)) if a == value => {
                    let limit = self.span(b, depth);
                    span.where_compared(compare, limit, holds)
                }
                Some((compare, a, b)) if b == value => {
                    let limit = self.span(a, depth);
                    span.where_compared(compare.swapped(), limit, holds)
                }
                _ => span,
            }
        });
        then.hull(other)
    }
}
