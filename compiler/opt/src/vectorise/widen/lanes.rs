//! Arithmetic: once for all lanes, on vectors, or lane by lane where there is no vector form.

use snek_mir::ir::{Compare, IntOp, IntUnaryOp, OpId, OpKind, Overflow, Type, ValueId};
use snek_mir::ops::Raises;

use super::exits::{Raising, unchecked};
use super::shapes::Shape;
use super::{Active, Obstacle, Widener};
use crate::rewrite::is_speculatable;

impl Widener<'_> {
    /// An op whose operands and results are uniform or linear: it stays one on scalars.
    pub(super) fn uniform(&mut self, op: OpId) -> Result<(), Obstacle> {
        let data = self.function.ops[op].clone();
        let properties = data.kind.properties();
        if properties.writes {
            return self.obstacle("the runtime is called");
        }
        let linear = |v: &ValueId| self.plan.shape(*v) != Shape::Uniform;
        let differs = data.args.iter().chain(&data.results).any(linear);
        let mut kind = data.kind.clone();
        if properties.raises != Raises::No && self.raising(op, !differs)? == Raising::Early {
            self.require_no_overflow(op)?;
            kind = unchecked(&kind);
        }
        let mut args = Vec::new();
        for arg in &data.args {
            args.push(self.scalar(*arg)?);
        }
        if self.active != Active::All {
            // Lane 0 may compute what the program does not.
            wrap(&mut kind);
        }
        let types = self.function.types(&data.results);
        let traps = !is_speculatable(self.function, op);
        let results = if traps && !self.sure {
            self.if_any(&types, |this| Ok(this.op(kind, args, &types)))?
        } else {
            self.op(kind, args, &types)
        };
        for (old, new) in data.results.iter().zip(results) {
            self.define(*old, new);
        }
        Ok(())
    }

    /// An op with an operand or result that varies.
    pub(super) fn varying(&mut self, op: OpId) -> Result<(), Obstacle> {
        let data = self.function.ops[op].clone();
        let mut kind = data.kind.clone();
        if kind.properties().raises != Raises::No {
            self.raising(op, false)?;
            self.require_no_overflow(op)?;
            kind = unchecked(&kind);
        }
        wrap(&mut kind);
        let by_lane = match &kind {
            OpKind::Int(IntOp::Shl | IntOp::Shr, _) => {
                self.plan.shape(data.args[1]) != Shape::Uniform
            }
            OpKind::Int(IntOp::FloorDiv | IntOp::FloorMod, _) | OpKind::CallRuntime(_) => true,
            OpKind::IntUnary(op, _) => matches!(
                op,
                IntUnaryOp::LeadingZeros | IntUnaryOp::TrailingZeros | IntUnaryOp::PopCount
            ),
            _ => false,
        };
        if by_lane {
            return self.lane_by_lane(op, &kind);
        }
        let result = match kind {
            OpKind::Select => {
                let (a, b) = (self.vector(data.args[1])?, self.vector(data.args[2])?);
                let bits = self.function.ty(data.args[1]) == Type::BOOL;
                if self.plan.shape(data.args[0]) == Shape::Uniform && !bits {
                    let ty = self.function.ty(a);
                    let condition = self.scalar(data.args[0])?;
                    self.value(OpKind::Select, vec![condition, a, b], ty)
                } else {
                    let mask = self.vector(data.args[0])?;
                    self.pick(mask, a, b)
                }
            }
            OpKind::Compare(compare) if self.function.ty(data.args[0]) == Type::BOOL => {
                let (a, b) = (self.vector(data.args[0])?, self.vector(data.args[1])?);
                self.compare_masks(compare, a, b)
            }
            OpKind::Int(IntOp::Mul, _) if self.is_steady(&data.args) => {
                self.steady(data.results[0], &data.args)?
            }
            OpKind::Int(..)
            | OpKind::IntUnary(..)
            | OpKind::Float(_)
            | OpKind::FloatUnary(_)
            | OpKind::FusedMulAdd
            | OpKind::Compare(_)
            | OpKind::Convert(_) => {
                let mut args = Vec::new();
                for arg in &data.args {
                    args.push(self.vector(*arg)?);
                }
                let ty = self.vector_type(self.function.ty(data.results[0]))?;
                self.value(kind, args, ty)
            }
            other => return self.obstacle(format!("`{}` has no vector form", other.name())),
        };
        self.define(data.results[0], result);
        self.note_sum(op)
    }

    /// The operands are one that moves by a constant from lane to lane, and one that is the same in all.
    fn is_steady(&self, args: &[ValueId]) -> bool {
        let shapes = [args[0], args[1]].map(|arg| self.plan.shape(arg));
        matches!(
            shapes,
            [Shape::Linear(_), Shape::Uniform] | [Shape::Uniform, Shape::Linear(_)]
        )
    }

    /// Their product: lane 0's, and the distances from it, which are the same in all iterations.
    fn steady(&mut self, product: ValueId, args: &[ValueId]) -> Result<ValueId, Obstacle> {
        let (moving, same) = match self.plan.shape(args[0]) {
            Shape::Uniform => (args[1], args[0]),
            _ => (args[0], args[1]),
        };
        let step = self.plan.shape(moving).step().unwrap_or(1);
        let (first, by) = (self.scalar(moving)?, self.scalar(same)?);
        let ty = self.vector_type(self.function.ty(first))?;
        let first = self.int(IntOp::Mul, first, by);
        let apart = self.constant(by, step);
        let apart = self.int(IntOp::Mul, by, apart);
        self.note_product(product, first, apart);
        let first = self.value(OpKind::Splat, vec![first], ty);
        let mut lanes = self.value(OpKind::Iota, Vec::new(), ty);
        if step != 1 {
            let step = self.value(OpKind::ConstInt(step), Vec::new(), ty);
            lanes = self.int(IntOp::Mul, lanes, step);
        }
        let by = self.value(OpKind::Splat, vec![by], ty);
        let distances = self.int(IntOp::Mul, lanes, by);
        Ok(self.int(IntOp::Add, first, distances))
    }

    /// An op on a carried scalar and one lane after the other.
    pub(super) fn in_order(&mut self, op: OpId) -> Result<(), Obstacle> {
        let data = self.function.ops[op].clone();
        if self.active != Active::All {
            return self.obstacle("a carried value changes in some iterations only");
        }
        let at = usize::from(!self.plan.is_carried_in_order(data.args[0]));
        let (mut carried, term) = (self.scalar(data.args[at])?, data.args[1 - at]);
        let ty = self.function.ty(carried);
        let lanes = match self.plan.shape(term) {
            Shape::Uniform => None,
            _ => Some(self.vector(term)?),
        };
        for lane in 0..self.lanes {
            let term = match lanes {
                Some(vector) => self.extract(vector, lane),
                None => self.scalar(term)?,
            };
            let args = match at {
                0 => vec![carried, term],
                _ => vec![term, carried],
            };
            carried = self.value(data.kind.clone(), args, ty);
        }
        self.define(data.results[0], carried);
        Ok(())
    }

    /// Comparisons of Bool are arithmetic of bits.
    fn compare_masks(&mut self, compare: Compare, a: ValueId, b: ValueId) -> ValueId {
        match compare {
            Compare::Ne => self.int(IntOp::Xor, a, b),
            Compare::Eq => {
                let differ = self.int(IntOp::Xor, a, b);
                self.not(differ)
            }
            Compare::Lt => {
                let not = self.not(a);
                self.int(IntOp::And, not, b)
            }
            Compare::Le => {
                let not = self.not(a);
                self.int(IntOp::Or, not, b)
            }
            Compare::Gt | Compare::Ge => self.compare_masks(compare.swapped(), b, a),
        }
    }

    /// An op on scalars for each lane. A vector form of functions of the runtime would be taken here.
    fn lane_by_lane(&mut self, op: OpId, kind: &OpKind) -> Result<(), Obstacle> {
        let data = self.function.ops[op].clone();
        if data.kind.properties().reads {
            return self.obstacle("the runtime is called");
        }
        let mut args = data.args.clone();
        // Lanes that are not active must not trap, and shift by something sensible.
        let harmless = match kind {
            OpKind::Int(IntOp::FloorDiv | IntOp::FloorMod, _) => Some(1),
            OpKind::Int(IntOp::Shl | IntOp::Shr, _) => Some(0),
            _ => None,
        };
        let mut second = None;
        let constant = args.get(1).and_then(|v| self.function.const_int(*v));
        let needs = harmless.filter(|_| constant.is_none_or(|c| c == -1));
        if let (Active::Some(mask), Some(value)) = (self.active, needs) {
            let by = self.vector(args[1])?;
            let ty = self.function.ty(by);
            let value = self.value(OpKind::ConstInt(value), Vec::new(), ty);
            second = Some(self.pick(mask, by, value));
            args.truncate(1);
        }
        let types = self.function.types(&data.results);
        let mut lanes: Vec<Vec<ValueId>> = vec![Vec::new(); types.len()];
        for lane in 0..self.lanes {
            let mut given = Vec::new();
            for arg in &args {
                given.push(self.lane_of(*arg, lane)?);
            }
            if let Some(vector) = second {
                given.push(self.extract(vector, lane));
            }
            let results = self.op(kind.clone(), given, &types);
            for (all, result) in lanes.iter_mut().zip(results) {
                all.push(result);
            }
        }
        for ((old, lanes), ty) in data.results.iter().zip(lanes).zip(types) {
            let ty = self.vector_type(ty)?;
            let vector = self.value(OpKind::FromLanes, lanes, ty);
            self.define(*old, vector);
        }
        Ok(())
    }

    /// One lane of a value.
    fn lane_of(&mut self, value: ValueId, lane: u8) -> Result<ValueId, Obstacle> {
        match self.plan.shape(value) {
            Shape::Uniform => self.scalar(value),
            Shape::Linear(step) => self.lane_of_linear(value, step, lane),
            Shape::Varying => {
                let vector = self.vector(value)?;
                Ok(self.extract(vector, lane))
            }
        }
    }

    /// One lane of a linear value.
    pub(super) fn lane_of_linear(
        &mut self,
        value: ValueId,
        step: i64,
        lane: u8,
    ) -> Result<ValueId, Obstacle> {
        let base = self.scalar(value)?;
        if lane == 0 {
            return Ok(base);
        }
        let distance = OpKind::ConstInt(step * i64::from(lane));
        let distance = self.value(distance, Vec::new(), Type::I64);
        Ok(self.int(IntOp::Add, base, distance))
    }

    pub(super) fn extract(&mut self, vector: ValueId, lane: u8) -> ValueId {
        let scalar = self.function.ty(vector).scalar();
        let ty = scalar.map_or(Type::I64, Type::Scalar);
        self.value(OpKind::Extract(lane), vec![vector], ty)
    }
}

/// Arithmetic wraps where nothing is known of its operands, and on vectors.
fn wrap(kind: &mut OpKind) {
    match kind {
        OpKind::Int(op, overflow) if op.heeds_overflow() && *overflow == Overflow::Proved => {
            *overflow = Overflow::Wrap;
        }
        OpKind::IntUnary(op, overflow) if op.heeds_overflow() && *overflow == Overflow::Proved => {
            *overflow = Overflow::Wrap;
        }
        _ => {}
    }
}
