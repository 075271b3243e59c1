//! Conversions of vectors. They give the very values that the conversions of scalars give; where the machine has no good
//! sequence for that, lanes are converted one by one.

use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{InstBuilder, Value};
use snek_mir::ir::{Convert, Op, Scalar};

use super::Lower;
use super::vector::{Shape, Vector, bytes};
use crate::CodegenError;

/// The low halves of two registers, one after the other.
const LOW_HALVES: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];

impl<'a> Lower<'a> {
    pub(super) fn convert_lanes(
        &mut self,
        op: &Op,
        kind: Convert,
        shape: Shape,
    ) -> Result<Vector, CodegenError> {
        let from = self.lane_scalar(op.args[0])?;
        let to = self.lane_scalar(op.results[0])?;
        if from == Scalar::Bool {
            return self.convert_mask(op, to, shape);
        }
        let vector = self.vector(op.args[0])?;
        Ok(match kind {
            Convert::Extend => self.resized(vector, shape.lane, from.is_signed()),
            Convert::Truncate => self.resized(vector, shape.lane, false),
            Convert::Bitcast => {
                let ty = shape.register();
                let parts = vector.parts.iter();
                Vector {
                    shape,
                    parts: parts.map(|part| self.b.recast(ty, *part)).collect(),
                }
            }
            Convert::IntToFloat => self.int_lanes_to_float(vector, from, to, shape),
            Convert::FloatToInt => self.float_lanes_to_int(vector, from, to, shape),
            Convert::FloatToFloat if to == Scalar::F64 => {
                let mut parts = Vec::new();
                for (part, high) in halves(&vector, shape) {
                    let part = self.low_half(part, high);
                    parts.push(match shape.register_bits() {
                        128 => self.b.ins.ins().fvpromote_low(part),
                        _ => self.b.ins.ins().fpromote(shape.register(), part),
                    });
                }
                Vector { shape, parts }
            }
            Convert::FloatToFloat => {
                let half = half_of(vector.shape, types::F32);
                self.joined(&vector, shape, |s, part| match half {
                    Some(half) => s.b.ins.ins().fdemote(half, part),
                    None => s.b.ins.ins().fvdemote(part),
                })
            }
        })
    }

    /// A mask as numbers: 1 where it is on.
    fn convert_mask(&mut self, op: &Op, to: Scalar, shape: Shape) -> Result<Vector, CodegenError> {
        let mask = self.mask(op.args[0], shape.lane.bits())?;
        let one = match to {
            Scalar::F32 => i64::from(1f32.to_bits()),
            Scalar::F64 => 1f64.to_bits() as i64,
            _ => 1,
        };
        let one = self.everywhere(mask.shape, one);
        let parts = mask.parts.iter().map(|part| {
            let part = self.b.ins.ins().band(*part, one);
            self.b.recast(shape.register(), part)
        });
        let parts = parts.collect();
        Ok(Vector { shape, parts })
    }

    /// Integers of another width.
    fn resized(&mut self, vector: Vector, lane: Type, signed: bool) -> Vector {
        let mut vector = vector;
        while vector.shape.lane.bits() < lane.bits() {
            vector = self.widened(&vector, signed);
        }
        while vector.shape.lane.bits() > lane.bits() {
            vector = self.narrowed(&vector, false);
        }
        vector
    }

    /// Integers of twice the width.
    pub(super) fn widened(&mut self, vector: &Vector, signed: bool) -> Vector {
        let lane = vector.shape.lane;
        let lane = lane.double_width().unwrap_or(lane);
        let shape = vector.shape.with_lane(lane);
        let parts = halves(vector, shape).map(|(part, high)| {
            if shape.register_bits() > 128 {
                let part = self.low_half(part, high);
                return self.b.widen_lanes(shape.register(), part, signed);
            }
            let ins = self.b.ins.ins();
            match (high == Some(true), signed) {
                (false, true) => ins.swiden_low(part),
                (true, true) => ins.swiden_high(part),
                (false, false) => ins.uwiden_low(part),
                (true, false) => ins.uwiden_high(part),
            }
        });
        let parts = parts.collect();
        Vector { shape, parts }
    }

    /// The low halves of the lanes of two registers.
    pub(super) fn low_halves(&mut self, a: Value, b: Value) -> Value {
        match self.b.ins.func.dfg.value_type(a) {
            types::I64X2 => {
                let (a, b) = (
                    self.b.recast(types::I32X4, a),
                    self.b.recast(types::I32X4, b),
                );
                let even = bytes(|k| 8 * (k / 4) + k % 4);
                self.b.shuffle(a, b, even)
            }
            ty => {
                let lane = ty.lane_type();
                let mask = self.everywhere(Shape::single(lane), (1 << (lane.bits() / 2)) - 1);
                let a = self.b.ins.ins().band(a, mask);
                let b = self.b.ins.ins().band(b, mask);
                self.b.ins.ins().unarrow(a, b)
            }
        }
    }

    /// Integers of half the width: their low bits. Those of a mask are all equal.
    pub(super) fn narrowed(&mut self, vector: &Vector, mask: bool) -> Vector {
        let lane = vector.shape.lane;
        let wide = lane.bits() == 64;
        let shape = vector.shape.with_lane(lane.half_width().unwrap_or(lane));
        if let Some(half) = half_of(vector.shape, shape.lane) {
            // Each register becomes half of one.
            let parts = vector.parts.iter();
            let parts = parts.map(|part| self.b.truncate_lanes(half, *part));
            let narrow = Vector {
                shape: shape.in_registers_of(half.bits()),
                parts: parts.collect(),
            };
            return self.in_shape(&narrow, shape);
        }
        let parts = vector.parts.chunks(2).map(|pair| {
            let (a, b) = (pair[0], *pair.last().unwrap_or(&pair[0]));
            if mask && !wide {
                self.b.ins.ins().snarrow(a, b)
            } else {
                self.low_halves(a, b)
            }
        });
        let parts = parts.collect();
        Vector { shape, parts }
    }

    /// What of a register becomes one with lanes twice as wide: all of one if that has twice the bits, else half of it, in
    /// the low part.
    fn low_half(&mut self, part: Value, high: Option<bool>) -> Value {
        match high {
            None => part,
            Some(high) if self.b.ins.func.dfg.value_type(part).bits() > 128 => {
                self.half(part, high)
            }
            Some(false) => part,
            Some(true) => self.b.shuffle(part, part, bytes(|k| (k + 8) % 16)),
        }
    }

    /// Converts each register to the low half of one, and joins these.
    fn joined(
        &mut self,
        vector: &Vector,
        shape: Shape,
        mut f: impl FnMut(&mut Self, Value) -> Value,
    ) -> Vector {
        let mut parts = Vec::with_capacity(shape.part_count());
        for pair in vector.parts.chunks(2) {
            let converted: Vec<Value> = pair.iter().map(|part| f(self, *part)).collect();
            match converted.as_slice() {
                [a, b] if vector.shape.register_bits() > 128 => parts.push(self.join(*a, *b)),
                [a, b] => parts.push(self.b.shuffle(*a, *b, LOW_HALVES)),
                [a] => parts.push(*a),
                _ => {}
            }
        }
        Vector { shape, parts }
    }

    /// Lane by lane.
    fn one_by_one(
        &mut self,
        vector: &Vector,
        from: Scalar,
        to: Scalar,
        kind: Convert,
        shape: Shape,
    ) -> Vector {
        let lanes: Vec<Value> = (0..usize::from(shape.lanes))
            .map(|lane| {
                let lane = self.lane(vector, lane);
                self.converted(lane, from, to, kind)
            })
            .collect();
        self.vector_of(shape, &lanes)
    }

    fn int_lanes_to_float(
        &mut self,
        vector: Vector,
        from: Scalar,
        to: Scalar,
        shape: Shape,
    ) -> Vector {
        let signed = from.is_signed();
        if from.bits() == 64 {
            if to == Scalar::F32 {
                return self.one_by_one(&vector, from, to, Convert::IntToFloat, shape);
            }
            let parts = vector.parts.iter().map(|part| {
                let ins = self.b.ins.ins();
                if signed {
                    ins.fcvt_from_sint(shape.register(), *part)
                } else {
                    ins.fcvt_from_uint(shape.register(), *part)
                }
            });
            let parts = parts.collect();
            return Vector { shape, parts };
        }
        // Narrow ones become I32, in which they are not negative without a sign.
        let narrow = from.bits() < 32;
        let vector = self.resized(vector, types::I32, signed);
        let signed = signed || narrow;
        if to == Scalar::F32 {
            let parts = vector.parts.iter().map(|part| {
                let ins = self.b.ins.ins();
                if signed {
                    ins.fcvt_from_sint(shape.register(), *part)
                } else {
                    ins.fcvt_from_uint(shape.register(), *part)
                }
            });
            let parts = parts.collect();
            return Vector { shape, parts };
        }
        let mut parts = Vec::with_capacity(shape.part_count());
        for (part, high) in halves(&vector, shape) {
            let part = self.low_half(part, high);
            parts.push(if shape.register_bits() > 128 {
                let ins = self.b.ins.ins();
                match signed {
                    true => ins.fcvt_from_sint(shape.register(), part),
                    false => ins.fcvt_from_uint(shape.register(), part),
                }
            } else if signed {
                let wide = self.b.ins.ins().swiden_low(part);
                self.b.ins.ins().fcvt_from_sint(types::F64X2, wide)
            } else {
                let wide = self.b.ins.ins().uwiden_low(part);
                self.b.ins.ins().fcvt_from_uint(types::F64X2, wide)
            });
        }
        Vector { shape, parts }
    }

    fn float_lanes_to_int(
        &mut self,
        vector: Vector,
        from: Scalar,
        to: Scalar,
        shape: Shape,
    ) -> Vector {
        if to.bits() == 64 && from == Scalar::F64 && shape.register_bits() == 512 {
            let parts = vector.parts.iter().map(|part| {
                let ins = self.b.ins.ins();
                if to == Scalar::U64 {
                    ins.fcvt_to_uint_sat(shape.register(), *part)
                } else {
                    ins.fcvt_to_sint_sat(shape.register(), *part)
                }
            });
            let parts = parts.collect();
            return Vector { shape, parts };
        }
        if to.bits() == 64 {
            return self.one_by_one(&vector, from, to, Convert::FloatToInt, shape);
        }
        let unsigned = to == Scalar::U32;
        let words = shape.with_lane(types::I32);
        let whole = if from == Scalar::F32 {
            let parts = vector.parts.iter().map(|part| {
                let ins = self.b.ins.ins();
                if unsigned {
                    ins.fcvt_to_uint_sat(words.register(), *part)
                } else {
                    ins.fcvt_to_sint_sat(words.register(), *part)
                }
            });
            let parts = parts.collect();
            Vector {
                shape: words,
                parts,
            }
        } else {
            let zero = self.b.vector_const(types::I64X2, &[0; 16]);
            let half = half_of(vector.shape, types::I32);
            self.joined(&vector, words, |s, part| {
                if let Some(half) = half {
                    let ins = s.b.ins.ins();
                    return match unsigned {
                        true => ins.fcvt_to_uint_sat(half, part),
                        false => ins.fcvt_to_sint_sat(half, part),
                    };
                }
                // The machine has both steps as one.
                if unsigned {
                    let wide = s.b.ins.ins().fcvt_to_uint_sat(types::I64X2, part);
                    s.b.ins.ins().uunarrow(wide, zero)
                } else {
                    let wide = s.b.ins.ins().fcvt_to_sint_sat(types::I64X2, part);
                    s.b.ins.ins().snarrow(wide, zero)
                }
            })
        };
        if to.bits() == 32 {
            return whole;
        }
        let low = self.everywhere(words, to.min_value() as i64);
        let high = self.everywhere(words, to.max_value() as i64);
        let cut = self.map(&whole, |s, part| {
            let part = s.b.ins.ins().smax(part, low);
            s.b.ins.ins().smin(part, high)
        });
        self.resized(cut, shape.lane, false)
    }
}

/// The register that one of a shape becomes with lanes of half the bits, if those are in registers that have more than 128.
fn half_of(shape: Shape, lane: Type) -> Option<Type> {
    let wide = shape.register_bits() > 128;
    let register = lane.by(shape.per_part() as u32);
    register.filter(|_| wide)
}

/// What of a vector's registers becomes each register of `shape`, whose lanes are twice as wide: a register, and which
/// half of it, if not all.
fn halves(vector: &Vector, shape: Shape) -> impl Iterator<Item = (Value, Option<bool>)> {
    let all = vector.shape.register_bits() < shape.register_bits();
    (0..shape.part_count()).map(move |at| {
        if all {
            (vector.parts[at], None)
        } else {
            (vector.parts[at / 2], Some(at % 2 == 1))
        }
    })
}
