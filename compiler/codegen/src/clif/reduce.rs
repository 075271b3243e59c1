//! Lanes folded into a scalar: lane k with lane k + n/2, then the halves so. The order is part of the result for floats.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{InstBuilder, Value};
use snek_mir::ir::{FloatOp, IntOp, Op, ReductionOp, Scalar};

use super::Lower;
use super::vector::{Shape, Vector, bytes};
use crate::CodegenError;

impl<'a> Lower<'a> {
    pub(super) fn reduce(&mut self, op: &Op, kind: ReductionOp) -> Result<(), CodegenError> {
        let vector = self.vector(op.args[0])?;
        let scalar = self.lane_scalar(op.args[0])?;
        let value = match (scalar, kind) {
            (Scalar::Bool, ReductionOp::And) => self.all_lanes(&vector),
            (Scalar::Bool, ReductionOp::Or) => self.any_lane(&vector),
            _ => {
                let value = self.fold(&vector, scalar, kind)?;
                match scalar {
                    Scalar::Bool => self.bool_of_lane(value),
                    _ => value,
                }
            }
        };
        self.define(op.results[0], value);
        Ok(())
    }

    fn fold(
        &mut self,
        vector: &Vector,
        scalar: Scalar,
        kind: ReductionOp,
    ) -> Result<Value, CodegenError> {
        let mut parts = vector.parts.clone();
        while parts.len() > 1 {
            let upper = parts.split_off(parts.len() / 2);
            for (part, upper) in parts.iter_mut().zip(upper) {
                *part = self.folded(kind, scalar, *part, upper)?;
            }
        }
        let mut part = parts[0];
        while self.b.ins.func.dfg.value_type(part).bits() > 128 {
            let (low, high) = (self.half(part, false), self.half(part, true));
            part = self.folded(kind, scalar, low, high)?;
        }
        let size = vector.shape.lane.bytes() as u8;
        let single = Shape::single(vector.shape.lane).lanes;
        let mut lanes = usize::from(vector.shape.lanes.min(single));
        while lanes > 1 {
            lanes /= 2;
            let down = lanes as u8 * size;
            let upper = self.b.shuffle(part, part, bytes(|k| (k + down) % 16));
            part = self.folded(kind, scalar, part, upper)?;
        }
        Ok(self.b.ins.ins().extractlane(part, 0))
    }

    fn folded(
        &mut self,
        kind: ReductionOp,
        scalar: Scalar,
        a: Value,
        b: Value,
    ) -> Result<Value, CodegenError> {
        if scalar.is_float() {
            let kind = match kind {
                ReductionOp::Add => FloatOp::Add,
                ReductionOp::Mul => FloatOp::Mul,
                ReductionOp::Min => FloatOp::Min,
                ReductionOp::Max => FloatOp::Max,
                ReductionOp::And | ReductionOp::Or | ReductionOp::Xor => {
                    return Err(CodegenError::Internal("bits of floats".to_owned()));
                }
            };
            return Ok(self.float_parts(kind, a, b));
        }
        let kind = match kind {
            ReductionOp::Add => IntOp::Add,
            ReductionOp::Mul => IntOp::Mul,
            ReductionOp::Min => IntOp::Min,
            ReductionOp::Max => IntOp::Max,
            ReductionOp::And => IntOp::And,
            ReductionOp::Or => IntOp::Or,
            ReductionOp::Xor => IntOp::Xor,
        };
        self.int_parts(kind, scalar, a, b)
    }

    /// The bits of the lanes of the only register of a narrow mask, as an integer.
    fn low_bits(&mut self, shape: Shape, part: Value) -> Value {
        let lane = Type::int(shape.bits() as u16).unwrap_or(types::I64);
        let ty = Shape::single(lane).register();
        let part = self.b.recast(ty, part);
        self.b.ins.ins().extractlane(part, 0)
    }

    /// Whether every lane of a mask is on.
    pub(super) fn all_lanes(&mut self, mask: &Vector) -> Value {
        let part = self.combined(mask, |s, a, b| s.b.ins.ins().band(a, b));
        if mask.shape.bits() >= 128 {
            return self.b.ins.ins().vall_true(part);
        }
        let bits = self.low_bits(mask.shape, part);
        self.b.ins.ins().icmp_imm_s(IntCC::Equal, bits, -1)
    }

    /// Whether some lane of a mask is on.
    pub(super) fn any_lane(&mut self, mask: &Vector) -> Value {
        let part = self.combined(mask, |s, a, b| s.b.ins.ins().bor(a, b));
        if mask.shape.bits() >= 128 {
            return self.b.ins.ins().vany_true(part);
        }
        let bits = self.low_bits(mask.shape, part);
        self.b.ins.ins().icmp_imm_s(IntCC::NotEqual, bits, 0)
    }

    fn combined(
        &mut self,
        mask: &Vector,
        mut f: impl FnMut(&mut Self, Value, Value) -> Value,
    ) -> Value {
        let mut parts = mask.parts.clone();
        while parts.len() > 1 {
            let upper = parts.split_off(parts.len() / 2);
            for (part, upper) in parts.iter_mut().zip(upper) {
                *part = f(self, *part, upper);
            }
        }
        parts[0]
    }
}
