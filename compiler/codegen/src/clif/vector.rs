//! Vectors: lists of registers, and the ops that work lane by lane.
//!
//! A vector of any lane count fills as many 128-bit registers as it needs; one that is narrower than a register lies in
//! its low part, and nobody looks at what is above. A mask has lanes of all ones or zeros, as wide as [`crate::masks`]
//! says.
//!
//! For the emitter of [`crate::leaf`] registers have 256 or 512 bits, but for vectors that fill less. Such functions are not
//! for Cranelift's own back end; some ops in them have types that only the emitter knows.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{Endianness, InstBuilder, MemFlagsData, Opcode, Value};
use snek_mir::ir::{
    Compare, FloatOp, FloatUnaryOp, IntOp, IntUnaryOp, Op, OpKind, Scalar, Type as MirType, ValueId,
};

use super::scalar::minimum;
use super::signature::scalar_type;
use super::{Lower, Val};
use crate::CodegenError;

/// The registers of a vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Of each lane.
    pub lane: Type,
    /// How many.
    pub lanes: u8,
    /// Registers have so many bits, if there is enough to fill one, else less, but no less than 128.
    pub most: u32,
}

impl Shape {
    /// The lanes of one register of 128 bits.
    pub fn single(lane: Type) -> Shape {
        Shape {
            lane,
            lanes: (128 / lane.bits()) as u8,
            most: 128,
        }
    }

    /// Bits of a register.
    pub fn register_bits(self) -> u32 {
        match self.bits().min(self.most) {
            bits if bits >= 512 => 512,
            bits if bits >= 256 => 256,
            _ => 128,
        }
    }

    /// How many lanes a register has.
    pub fn per_part(self) -> usize {
        (self.register_bits() / self.lane.bits()) as usize
    }

    /// How many registers there are.
    pub fn part_count(self) -> usize {
        usize::from(self.lanes).div_ceil(self.per_part())
    }

    /// The type of each register.
    pub fn register(self) -> Type {
        // There are such types for every lane.
        self.lane.by(self.per_part() as u32).unwrap_or(types::I8X16)
    }

    /// The types of all registers.
    pub fn part_types(self) -> impl Iterator<Item = Type> {
        std::iter::repeat_n(self.register(), self.part_count())
    }

    /// Bits that lanes are in.
    pub fn bits(self) -> u32 {
        self.lane.bits() * u32::from(self.lanes)
    }

    /// As many lanes of another type.
    pub fn with_lane(self, lane: Type) -> Shape {
        Shape { lane, ..self }
    }

    /// The same lanes in registers of so many bits at most.
    pub fn in_registers_of(self, most: u32) -> Shape {
        Shape { most, ..self }
    }

    /// The same lanes in registers of 128 bits.
    pub fn narrow(self) -> Shape {
        self.in_registers_of(128)
    }
}

/// A vector or mask.
#[derive(Clone, Debug)]
pub struct Vector {
    /// What it looks like.
    pub shape: Shape,
    /// Its registers.
    pub parts: Vec<Value>,
}

/// The byte k of a result is byte `f(k)`.
pub fn bytes(f: impl Fn(u8) -> u8) -> [u8; 16] {
    std::array::from_fn(|k| f(k as u8))
}

impl<'a> Lower<'a> {
    /// The registers of a MIR value, if it is a vector or mask.
    pub(super) fn shape(&self, id: ValueId) -> Option<Shape> {
        match self.function.values[id].ty {
            MirType::Vector(scalar, lanes) => Some(Shape {
                lane: scalar_type(scalar),
                lanes,
                most: self.widest(),
            }),
            MirType::Mask(lanes) => {
                let bits = self.masks.bits(id, lanes) as u16;
                let lane = Type::int(bits).unwrap_or(types::I8);
                Some(Shape {
                    lane,
                    lanes,
                    most: self.widest(),
                })
            }
            _ => None,
        }
    }

    pub(super) fn shape_of(&self, id: ValueId) -> Result<Shape, CodegenError> {
        self.shape(id)
            .ok_or_else(|| CodegenError::Internal("a scalar as a vector".to_owned()))
    }

    pub(super) fn vector(&self, id: ValueId) -> Result<Vector, CodegenError> {
        match self.val(id)? {
            Val::Vector(vector) => Ok(vector),
            _ => Err(CodegenError::Internal("a scalar as a vector".to_owned())),
        }
    }

    /// The scalar of a vector's lanes.
    pub(super) fn lane_scalar(&self, id: ValueId) -> Result<Scalar, CodegenError> {
        self.function.values[id]
            .ty
            .scalar()
            .ok_or_else(|| CodegenError::Internal("an array as a vector".to_owned()))
    }

    pub(super) fn define_vector(&mut self, id: ValueId, vector: Vector) {
        self.values[id] = Some(Val::Vector(vector));
    }

    /// Gives a mask its value, in the width that it has for everybody.
    pub(super) fn define_mask(&mut self, id: ValueId, mask: Vector) -> Result<(), CodegenError> {
        let bits = self.shape_of(id)?.lane.bits();
        let mask = self.mask_of_width(mask, bits);
        self.define_vector(id, mask);
        Ok(())
    }

    /// A mask's operand in lanes of so many bits.
    pub(super) fn mask(&mut self, id: ValueId, bits: u32) -> Result<Vector, CodegenError> {
        let mask = self.vector(id)?;
        Ok(self.mask_of_width(mask, bits))
    }

    /// A mask with lanes of so many bits.
    pub(super) fn mask_of_width(&mut self, mask: Vector, bits: u32) -> Vector {
        let mut mask = mask;
        while mask.shape.lane.bits() < bits {
            mask = self.widened(&mask, true);
        }
        while mask.shape.lane.bits() > bits {
            mask = self.narrowed(&mask, true);
        }
        mask
    }

    /// Every register with the same function.
    pub(super) fn map(
        &mut self,
        vector: &Vector,
        mut f: impl FnMut(&mut Self, Value) -> Value,
    ) -> Vector {
        Vector {
            shape: vector.shape,
            parts: vector.parts.iter().map(|part| f(self, *part)).collect(),
        }
    }

    /// Every pair of registers with the same function.
    pub(super) fn zip(
        &mut self,
        a: &Vector,
        b: &Vector,
        mut f: impl FnMut(&mut Self, Value, Value) -> Value,
    ) -> Vector {
        let parts = a.parts.iter().zip(&b.parts);
        Vector {
            shape: a.shape,
            parts: parts.map(|(a, b)| f(self, *a, *b)).collect(),
        }
    }

    /// A register of a shape with the same value in every lane.
    pub(super) fn everywhere(&mut self, shape: Shape, value: i64) -> Value {
        let size = shape.lane.bytes() as usize;
        let value = value.to_le_bytes();
        let ty = shape.register();
        let bytes: Vec<u8> = (0..ty.bytes() as usize).map(|k| value[k % size]).collect();
        self.b.vector_const(ty, &bytes)
    }

    /// Whether an op is one of scalars that here has vectors.
    pub(super) fn is_lanewise(&self, op: &Op) -> bool {
        let Some(result) = op.results.first() else {
            return false;
        };
        self.shape(*result).is_some()
            && matches!(
                op.kind,
                OpKind::ConstInt(_)
                    | OpKind::ConstFloat(_)
                    | OpKind::Int(..)
                    | OpKind::IntUnary(..)
                    | OpKind::Float(_)
                    | OpKind::FloatUnary(_)
                    | OpKind::FusedMulAdd
                    | OpKind::Compare(_)
                    | OpKind::Select
                    | OpKind::Convert(_)
            )
    }

    /// An op of scalars on vectors.
    pub(super) fn lanewise(&mut self, op: &Op) -> Result<(), CodegenError> {
        let result = op.results[0];
        let shape = self.shape_of(result)?;
        let scalar = self.lane_scalar(result)?;
        let vector = match &op.kind {
            OpKind::ConstInt(value) => {
                let value = if scalar == Scalar::Bool {
                    -value
                } else {
                    *value
                };
                let part = self.everywhere(shape, value);
                self.repeated(shape, part)
            }
            OpKind::ConstFloat(bits) => {
                let bits = match scalar {
                    Scalar::F32 => i64::from((f64::from_bits(*bits) as f32).to_bits()),
                    _ => *bits as i64,
                };
                let part = self.everywhere(shape, bits);
                self.repeated(shape, part)
            }
            OpKind::Int(kind @ (IntOp::Shl | IntOp::Shr), _) => self.shift(op, *kind, scalar)?,
            OpKind::Int(kind, _) => {
                let (a, b) = (self.vector(op.args[0])?, self.vector(op.args[1])?);
                let mut parts = Vec::with_capacity(a.parts.len());
                for (a, b) in a.parts.iter().zip(&b.parts) {
                    parts.push(self.int_parts(*kind, scalar, *a, *b)?);
                }
                Vector { shape, parts }
            }
            OpKind::IntUnary(kind, _) => {
                let a = self.vector(op.args[0])?;
                let kind = *kind;
                match kind {
                    IntUnaryOp::Neg => self.map(&a, |s, a| s.b.ins.ins().ineg(a)),
                    IntUnaryOp::Abs if scalar.is_signed() => {
                        self.map(&a, |s, a| s.b.ins.ins().iabs(a))
                    }
                    IntUnaryOp::Abs => a,
                    IntUnaryOp::Not => self.map(&a, |s, a| s.b.ins.ins().bnot(a)),
                    other => return Err(unknown(&other)),
                }
            }
            OpKind::Float(kind) => {
                let (a, b) = (self.vector(op.args[0])?, self.vector(op.args[1])?);
                self.zip(&a, &b, |s, a, b| s.float_parts(*kind, a, b))
            }
            OpKind::FloatUnary(kind) => {
                let a = self.vector(op.args[0])?;
                self.map(&a, |s, a| {
                    let ins = s.b.ins.ins();
                    match kind {
                        FloatUnaryOp::Neg => ins.fneg(a),
                        FloatUnaryOp::Abs => ins.fabs(a),
                        FloatUnaryOp::Sqrt => ins.sqrt(a),
                        FloatUnaryOp::Floor => ins.floor(a),
                        FloatUnaryOp::Ceil => ins.ceil(a),
                        FloatUnaryOp::Trunc => ins.trunc(a),
                        FloatUnaryOp::Nearest => ins.nearest(a),
                    }
                })
            }
            OpKind::FusedMulAdd => {
                let [a, b, c] = [0, 1, 2].map(|at| self.vector(op.args[at]));
                let (a, b, c) = (a?, b?, c?);
                let mut addends = c.parts.into_iter();
                self.zip(&a, &b, |s, a, b| {
                    let c = addends.next().unwrap_or(a);
                    s.b.ins.ins().fma(a, b, c)
                })
            }
            OpKind::Compare(kind) => {
                let mask = self.compare_lanes(op, *kind)?;
                return self.define_mask(result, mask);
            }
            OpKind::Select => self.select_lanes(op, shape)?,
            OpKind::Convert(kind) => self.convert_lanes(op, *kind, shape)?,
            other => return Err(unknown(other)),
        };
        self.define_vector(result, vector);
        Ok(())
    }

    /// The same register for all of a vector.
    pub(super) fn repeated(&mut self, shape: Shape, part: Value) -> Vector {
        let parts = vec![part; shape.part_count()];
        Vector { shape, parts }
    }

    /// Integer arithmetic of two registers.
    pub(super) fn int_parts(
        &mut self,
        kind: IntOp,
        scalar: Scalar,
        a: Value,
        b: Value,
    ) -> Result<Value, CodegenError> {
        let signed = scalar.is_signed();
        let ty = self.b.ins.func.dfg.value_type(a);
        let ins = self.b.ins.ins();
        Ok(match kind {
            IntOp::Add => ins.iadd(a, b),
            IntOp::Sub => ins.isub(a, b),
            IntOp::Mul if ty.lane_type() == types::I8 => self.byte_product(a, b),
            IntOp::Mul => ins.imul(a, b),
            IntOp::And => ins.band(a, b),
            IntOp::Or => ins.bor(a, b),
            IntOp::Xor => ins.bxor(a, b),
            IntOp::Min if signed => ins.smin(a, b),
            IntOp::Min => ins.umin(a, b),
            IntOp::Max if signed => ins.smax(a, b),
            IntOp::Max => ins.umax(a, b),
            IntOp::Shl | IntOp::Shr | IntOp::FloorDiv | IntOp::FloorMod => {
                return Err(unknown(&kind));
            }
        })
    }

    /// No machine but ARM multiplies bytes.
    fn byte_product(&mut self, a: Value, b: Value) -> Value {
        if self.b.ins.func.dfg.value_type(a).bits() > 128 {
            let [low, high] = [false, true].map(|high| {
                let (a, b) = (self.half(a, high), self.half(b, high));
                self.byte_product(a, b)
            });
            return self.join(low, high);
        }
        let low = {
            let (a, b) = (
                self.b.ins.ins().uwiden_low(a),
                self.b.ins.ins().uwiden_low(b),
            );
            self.b.ins.ins().imul(a, b)
        };
        let high = {
            let (a, b) = (
                self.b.ins.ins().uwiden_high(a),
                self.b.ins.ins().uwiden_high(b),
            );
            self.b.ins.ins().imul(a, b)
        };
        self.low_halves(low, high)
    }

    /// Float arithmetic of two registers.
    pub(super) fn float_parts(&mut self, kind: FloatOp, a: Value, b: Value) -> Value {
        let ins = self.b.ins.ins();
        match kind {
            FloatOp::Add => ins.fadd(a, b),
            FloatOp::Sub => ins.fsub(a, b),
            FloatOp::Mul => ins.fmul(a, b),
            FloatOp::Div => ins.fdiv(a, b),
            FloatOp::Min => ins.fmin(a, b),
            FloatOp::Max => ins.fmax(a, b),
            FloatOp::CopySign => {
                let ty = self.b.ins.func.dfg.value_type(a);
                let lane = ty.lane_type();
                let lane = Type::int(lane.bits() as u16).unwrap_or(types::I64);
                let shape = Shape {
                    lane,
                    lanes: ty.lane_count() as u8,
                    most: self.widest(),
                };
                let sign = self.everywhere(shape, minimum(lane));
                let sign = self.b.recast(ty, sign);
                let magnitude = self.b.ins.ins().band_not(a, sign);
                let sign = self.b.ins.ins().band(b, sign);
                self.b.ins.ins().bor(magnitude, sign)
            }
        }
    }

    fn shift(&mut self, op: &Op, kind: IntOp, scalar: Scalar) -> Result<Vector, CodegenError> {
        let a = self.vector(op.args[0])?;
        let lane = a.shape.lane;
        let bits = i64::from(lane.bits());
        let left = kind == IntOp::Shl;
        let signed = scalar.is_signed();
        if let Some(count) = self.const_int(op.args[1]) {
            let outside = !(0..bits).contains(&count);
            if outside && (left || !signed) {
                let zero = self.everywhere(a.shape, 0);
                return Ok(self.repeated(a.shape, zero));
            }
            let count = if outside { bits - 1 } else { count };
            let count = self.b.int(types::I32, count);
            return Ok(self.map(&a, |s, a| s.shifted(a, count, left, signed)));
        }
        let made_by = self.function.def_op(op.args[1]);
        let count = match made_by.map(|op| (&op.kind, &op.args)) {
            Some((OpKind::Splat, args)) => self.one(args[0])?,
            _ => {
                let counts = self.vector(op.args[1])?;
                self.b.ins.ins().extractlane(counts.parts[0], 0)
            }
        };
        let most = self.b.int(lane, bits - 1);
        let cut = self.b.ins.ins().umin(count, most);
        let cut = match bits {
            8 | 16 => self.b.ins.ins().uextend(types::I32, cut),
            64 => self.b.ins.ins().ireduce(types::I32, cut),
            _ => cut,
        };
        let shifted = self.map(&a, |s, a| s.shifted(a, cut, left, signed));
        if !left && signed {
            return Ok(shifted);
        }
        // Where the count is the width or more, nothing is left.
        let fits = (self.b.ins.ins()).icmp(IntCC::UnsignedLessThanOrEqual, count, most);
        let fits = self.b.ins.ins().bmask(lane, fits);
        let fits = self.b.ins.ins().splat(a.shape.register(), fits);
        Ok(self.map(&shifted, |s, a| s.b.ins.ins().band(a, fits)))
    }

    fn shifted(&mut self, a: Value, count: Value, left: bool, signed: bool) -> Value {
        let ins = self.b.ins.ins();
        match (left, signed) {
            (true, _) => ins.ishl(a, count),
            (false, true) => ins.sshr(a, count),
            (false, false) => ins.ushr(a, count),
        }
    }

    fn compare_lanes(&mut self, op: &Op, kind: Compare) -> Result<Vector, CodegenError> {
        let scalar = self.lane_scalar(op.args[0])?;
        let a = self.vector(op.args[0])?;
        let b = match scalar {
            Scalar::Bool => self.mask(op.args[1], a.shape.lane.bits())?,
            _ => self.vector(op.args[1])?,
        };
        let lane = Type::int(a.shape.lane.bits() as u16).unwrap_or(types::I64);
        let shape = a.shape.with_lane(lane);
        let parts = a.parts.iter().zip(&b.parts).map(|(a, b)| {
            if scalar.is_float() {
                let (a, b) = (self.in_register(*a), self.in_register(*b));
                self.b.ins.ins().fcmp(float_code(kind), a, b)
            } else {
                let code = int_code(kind, scalar.is_signed());
                self.b.ins.ins().icmp(code, *a, *b)
            }
        });
        let parts = parts.collect();
        Ok(Vector { shape, parts })
    }

    /// A vector of floats that comparisons do not read from memory: Cranelift takes `cmpps` for an instruction that reads
    /// any address, but it faults unless that is a multiple of 16.
    fn in_register(&mut self, value: Value) -> Value {
        let ty = self.b.ins.func.dfg.value_type(value);
        if self.widest() > 128 || !ty.is_vector() {
            return value;
        }
        let flags = MemFlagsData::new().with_endianness(Endianness::Little);
        let bits = self.b.ins.ins().bitcast(ty.as_int(), flags, value);
        self.b.ins.ins().bitcast(ty, flags, bits)
    }

    fn select_lanes(&mut self, op: &Op, shape: Shape) -> Result<Vector, CodegenError> {
        let (a, b) = (self.vector(op.args[1])?, self.vector(op.args[2])?);
        if self.function.ty(op.args[0]) == MirType::BOOL {
            let condition = self.one(op.args[0])?;
            return Ok(self.zip(&a, &b, |s, a, b| s.b.ins.ins().select(condition, a, b)));
        }
        let mask = self.mask(op.args[0], shape.lane.bits())?;
        Ok(self.chosen(&mask, &a, &b))
    }

    /// Lanes of `a` where the mask is on, else of `b`; all have one width.
    pub(super) fn chosen(&mut self, mask: &Vector, a: &Vector, b: &Vector) -> Vector {
        let mut masks = mask.parts.iter();
        self.zip(a, b, |s, a, b| {
            let ty = s.b.ins.func.dfg.value_type(a);
            match masks.next() {
                Some(mask) => {
                    let mask = s.b.recast(ty, *mask);
                    s.b.ins.ins().bitselect(mask, a, b)
                }
                None => a,
            }
        })
    }

    /// A scalar bool as all ones or zeros of a mask's lane.
    pub(super) fn lane_of_bool(&mut self, lane: Type, value: Value) -> Value {
        self.b.ins.ins().bmask(lane, value)
    }

    pub(super) fn splat(&mut self, op: &Op) -> Result<(), CodegenError> {
        let result = op.results[0];
        let shape = self.shape_of(result)?;
        let mut value = self.one(op.args[0])?;
        if self.lane_scalar(result)? == Scalar::Bool {
            value = self.lane_of_bool(shape.lane, value);
        }
        let part = self.b.ins.ins().splat(shape.register(), value);
        let vector = self.repeated(shape, part);
        self.define_vector(result, vector);
        Ok(())
    }

    pub(super) fn iota(&mut self, op: &Op) -> Result<(), CodegenError> {
        let result = op.results[0];
        let shape = self.shape_of(result)?;
        let size = shape.lane.bytes() as usize;
        let mut parts = Vec::new();
        for part in 0..shape.part_count() {
            let bytes: Vec<u8> = (0..shape.register().bytes() as usize)
                .map(|k| {
                    let lane = (part * shape.per_part() + k / size) as u64;
                    lane.to_le_bytes()[k % size]
                })
                .collect();
            parts.push(self.b.vector_const(shape.register(), &bytes));
        }
        self.define_vector(result, Vector { shape, parts });
        Ok(())
    }

    /// A lane as a scalar; of a mask all ones or zeros.
    pub(super) fn lane(&mut self, vector: &Vector, lane: usize) -> Value {
        let mut per = vector.shape.per_part();
        let (mut part, mut lane) = (vector.parts[lane / per], lane % per);
        for _ in 0..(vector.shape.register_bits() / 128).trailing_zeros() {
            per /= 2;
            part = self.half(part, lane >= per);
            lane %= per;
        }
        self.b.ins.ins().extractlane(part, lane as u8)
    }

    /// A lane of a mask as a scalar bool.
    pub(super) fn mask_lane(&mut self, mask: &Vector, lane: usize) -> Value {
        let value = self.lane(mask, lane);
        self.bool_of_lane(value)
    }

    /// All ones or zeros as a scalar bool.
    pub(super) fn bool_of_lane(&mut self, value: Value) -> Value {
        let byte = match self.b.ins.func.dfg.value_type(value) {
            types::I8 => value,
            _ => self.b.ins.ins().ireduce(types::I8, value),
        };
        self.b.ins.ins().band_imm_u(byte, 1)
    }

    pub(super) fn extract(&mut self, op: &Op, lane: u8) -> Result<(), CodegenError> {
        let vector = self.vector(op.args[0])?;
        let value = if self.lane_scalar(op.args[0])? == Scalar::Bool {
            self.mask_lane(&vector, usize::from(lane))
        } else {
            self.lane(&vector, usize::from(lane))
        };
        self.define(op.results[0], value);
        Ok(())
    }

    /// A vector of scalars.
    pub(super) fn vector_of(&mut self, shape: Shape, lanes: &[Value]) -> Vector {
        if shape.register_bits() > 128 {
            let narrow = self.vector_of(shape.narrow(), lanes);
            return self.in_shape(&narrow, shape);
        }
        let mut parts = Vec::with_capacity(shape.part_count());
        for chunk in lanes.chunks(shape.per_part()) {
            // The other lanes are written, too: the first may be loaded as a vector with zeros in them.
            let is_whole = chunk.len() > 1 && shape.lane.bits() >= 32 && self.is_load(chunk[0]);
            let ins = self.b.ins.ins();
            let mut part = match is_whole {
                true => ins.scalar_to_vector(shape.register(), chunk[0]),
                false => ins.splat(shape.register(), chunk[0]),
            };
            for (at, lane) in chunk.iter().enumerate().skip(1) {
                part = self.b.ins.ins().insertlane(part, *lane, at as u8);
            }
            parts.push(part);
        }
        Vector { shape, parts }
    }

    fn is_load(&self, value: Value) -> bool {
        let dfg = &self.b.ins.func.dfg;
        let inst = dfg.value_def(value).inst();
        inst.is_some_and(|inst| dfg.insts[inst].opcode() == Opcode::Load)
    }

    /// Half of a register of 256 or 512 bits.
    ///
    /// Cranelift IR has no such op, but widening ops of halves; the emitter takes the pair for what it is.
    pub(super) fn half(&mut self, part: Value, high: bool) -> Value {
        let ty = self.b.ins.func.dfg.value_type(part);
        let (words, halves) = match ty.bits() {
            512 => (types::I32X16, types::I32X8),
            _ => (types::I32X8, types::I32X4),
        };
        let part = self.b.recast(words, part);
        let wide = match high {
            false => self.b.ins.ins().uwiden_low(part),
            true => self.b.ins.ins().uwiden_high(part),
        };
        let half = self.b.truncate_lanes(halves, wide);
        let ty = ty.lane_type().by(ty.lane_count() / 2).unwrap_or(ty);
        self.b.recast(ty, half)
    }

    /// Two registers as one of twice the bits: see [`Self::half`].
    pub(super) fn join(&mut self, low: Value, high: Value) -> Value {
        let ty = self.b.ins.func.dfg.value_type(low);
        let (words, wide) = match ty.bits() {
            256 => (types::I32X8, types::I64X8),
            _ => (types::I32X4, types::I64X4),
        };
        let [low, high] = [low, high].map(|half| {
            let half = self.b.recast(words, half);
            self.b.widen_lanes(wide, half, true)
        });
        let joined = self.b.ins.ins().snarrow(low, high);
        let ty = ty.lane_type().by(2 * ty.lane_count()).unwrap_or(ty);
        self.b.recast(ty, joined)
    }

    /// The same lanes in registers of another width.
    pub(super) fn in_shape(&mut self, vector: &Vector, shape: Shape) -> Vector {
        let (mut from, to) = (vector.shape.register_bits(), shape.register_bits());
        let mut parts = vector.parts.clone();
        while from > to {
            let halves = parts
                .iter()
                .flat_map(|part| [(*part, false), (*part, true)]);
            parts = halves.map(|(part, high)| self.half(part, high)).collect();
            from /= 2;
        }
        while from < to {
            let pairs = parts.chunks(2);
            parts = pairs.map(|pair| self.join(pair[0], pair[1])).collect();
            from *= 2;
        }
        Vector { shape, parts }
    }

    pub(super) fn gather_scalars(&mut self, op: &Op) -> Result<(), CodegenError> {
        let result = op.results[0];
        let shape = self.shape_of(result)?;
        let is_mask = self.lane_scalar(result)? == Scalar::Bool;
        let mut lanes = Vec::with_capacity(op.args.len());
        for arg in &op.args {
            let mut value = self.one(*arg)?;
            if is_mask {
                value = self.lane_of_bool(shape.lane, value);
            }
            lanes.push(value);
        }
        let vector = self.vector_of(shape, &lanes);
        self.define_vector(result, vector);
        Ok(())
    }
}

fn unknown(what: &dyn std::fmt::Debug) -> CodegenError {
    CodegenError::Internal(format!("{what:?} of vectors"))
}

fn float_code(kind: Compare) -> FloatCC {
    match kind {
        Compare::Eq => FloatCC::Equal,
        Compare::Ne => FloatCC::NotEqual,
        Compare::Lt => FloatCC::LessThan,
        Compare::Le => FloatCC::LessThanOrEqual,
        Compare::Gt => FloatCC::GreaterThan,
        Compare::Ge => FloatCC::GreaterThanOrEqual,
    }
}

fn int_code(kind: Compare, signed: bool) -> IntCC {
    match (kind, signed) {
        (Compare::Eq, _) => IntCC::Equal,
        (Compare::Ne, _) => IntCC::NotEqual,
        (Compare::Lt, true) => IntCC::SignedLessThan,
        (Compare::Le, true) => IntCC::SignedLessThanOrEqual,
        (Compare::Gt, true) => IntCC::SignedGreaterThan,
        (Compare::Ge, true) => IntCC::SignedGreaterThanOrEqual,
        (Compare::Lt, false) => IntCC::UnsignedLessThan,
        (Compare::Le, false) => IntCC::UnsignedLessThanOrEqual,
        (Compare::Gt, false) => IntCC::UnsignedGreaterThan,
        (Compare::Ge, false) => IntCC::UnsignedGreaterThanOrEqual,
    }
}
