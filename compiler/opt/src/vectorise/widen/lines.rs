//! Values whose lanes are a distance apart that is the same for all lanes, but known only when the program runs, as
//! `k * step` has them, or `i * n + j` if `i` counts.
//!
//! They are vectors like others; but as subscripts their lanes are scalars, and it is enough to test the outermost ones.

use snek_mir::ir::{Compare, IntOp, OpId, OpKind, Type, ValueId};

use super::shapes::Shape;
use super::{Active, Obstacle, Widener};

/// Lane k is the first one plus k times the distance.
#[derive(Clone, Copy)]
pub(super) struct Line {
    first: ValueId,
    distance: ValueId,
}

/// Distances are less than two to this, so that between the ends of a line nothing wraps around.
const BITS: u32 = 48;

impl Widener<'_> {
    /// Notes a product of what moves by a constant from lane to lane and what is the same in all.
    pub(super) fn note_product(&mut self, product: ValueId, first: ValueId, distance: ValueId) {
        if self.function.ty(first) == Type::I64 {
            self.lines.insert(product, Line { first, distance });
        }
    }

    /// Notes the result of a sum or difference of which a line is part.
    pub(super) fn note_sum(&mut self, op: OpId) -> Result<(), Obstacle> {
        let data = &self.function.ops[op];
        let (sum, args) = (data.results[0], data.args.clone());
        let OpKind::Int(int @ (IntOp::Add | IntOp::Sub), _) = data.kind else {
            return Ok(());
        };
        if !args.iter().any(|arg| self.lines.contains_key(arg)) {
            return Ok(());
        }
        if let (Some(a), Some(b)) = (self.line(args[0])?, self.line(args[1])?) {
            let first = self.int(int, a.first, b.first);
            let distance = self.int(int, a.distance, b.distance);
            self.lines.insert(sum, Line { first, distance });
        }
        Ok(())
    }

    fn line(&mut self, value: ValueId) -> Result<Option<Line>, Obstacle> {
        let step = match self.plan.shape(value) {
            Shape::Uniform => 0,
            Shape::Linear(step) => step,
            Shape::Varying => return Ok(self.lines.get(&value).copied()),
        };
        let first = self.scalar(value)?;
        let distance = self.constant(first, step);
        Ok(Some(Line { first, distance }))
    }

    /// The lanes of a subscript, as a vector made of scalars, if it is a line.
    pub(super) fn lanes_of_line(&mut self, index: ValueId) -> Option<ValueId> {
        let Line { first, distance } = *self.lines.get(&index)?;
        let mut lane = first;
        let mut lanes = vec![first];
        for _ in 1..self.lanes {
            lane = self.int(IntOp::Add, lane, distance);
            lanes.push(lane);
        }
        let ty = self.vector_type(Type::I64).ok()?;
        Some(self.value(OpKind::FromLanes, lanes, ty))
    }

    /// Leaves the loop unless all lanes of a subscript are below an extent, and, if `signed`, not negative. Tests the
    /// outermost lanes of a line; whether it is one.
    pub(super) fn require_line(&mut self, index: ValueId, extent: ValueId, signed: bool) -> bool {
        let Some(Line { first, distance }) = self.lines.get(&index).copied() else {
            return false;
        };
        if self.active != Active::All {
            return false;
        }
        let count = self.constant(first, i64::from(self.lanes) - 1);
        let span = self.int(IntOp::Mul, distance, count);
        let last = self.int(IntOp::Add, first, span);
        let [least, most] = [-(1 << BITS), 1 << BITS].map(|n| self.constant(first, n));
        let more = self.compare(Compare::Gt, distance, least);
        let less = self.compare(Compare::Lt, distance, most);
        let steady = self.int(IntOp::And, more, less);
        self.require(steady);
        for end in [first, last] {
            let below = self.compare(Compare::Lt, end, extent);
            self.require(below);
            if signed {
                let zero = self.constant(first, 0);
                let counts = self.compare(Compare::Ge, end, zero);
                self.require(counts);
            }
        }
        true
    }
}
