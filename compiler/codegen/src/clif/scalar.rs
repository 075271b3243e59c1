//! Arithmetic, comparisons and conversions of scalars.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Opcode, Value};
use snek_abi::Message as RuntimeMessage;
use snek_mir::ir::{
    Compare, Convert, FloatOp, FloatUnaryOp, IntOp, IntUnaryOp, Op, Overflow, Scalar, SiteId,
};

use super::raise::What;
use super::signature::scalar_type;
use super::{Lower, Val, View};
use crate::{CodegenError, marks};

/// The smallest value of a signed type.
pub(super) fn minimum(ty: Type) -> i64 {
    i64::MIN >> (64 - ty.bits())
}

impl<'a> Lower<'a> {
    /// Branches to OverflowError if `overflows`.
    fn overflow_if(&mut self, overflows: Value, site: SiteId) -> Result<(), CodegenError> {
        let what = What::Message(RuntimeMessage::IntOverflow);
        self.raise_if(overflows, what, site)
    }

    pub(super) fn int_op(
        &mut self,
        op: &Op,
        kind: IntOp,
        overflow: Overflow,
    ) -> Result<(), CodegenError> {
        let [a, b] = self.operands(op)?;
        let scalar = self.scalar_of(op.results[0])?;
        let signed = scalar.is_signed();
        let checked = overflow == Overflow::Checked;
        let value = match kind {
            IntOp::Add | IntOp::Sub if checked && signed => self.checked_sum(op, kind, a, b)?,
            IntOp::Add | IntOp::Sub | IntOp::Mul if checked => {
                self.with_flag(op.site, |lower| {
                    let ins = lower.b.ins.ins();
                    match (kind, signed) {
                        (IntOp::Add, _) => ins.uadd_overflow(a, b),
                        (IntOp::Sub, _) => ins.usub_overflow(a, b),
                        (_, true) => ins.smul_overflow(a, b),
                        (_, false) => ins.umul_overflow(a, b),
                    }
                })?
            }
            IntOp::Add => self.b.ins.ins().iadd(a, b),
            IntOp::Sub => self.b.ins.ins().isub(a, b),
            IntOp::Mul => {
                let factors = [(a, op.args[1]), (b, op.args[0])];
                let short = factors.into_iter().find_map(|(value, factor)| {
                    let factor = self.const_int(factor)?;
                    self.short_product(value, factor)
                });
                match short {
                    Some(product) => product,
                    None => self.b.ins.ins().imul(a, b),
                }
            }
            IntOp::FloorDiv | IntOp::FloorMod if !signed => {
                let opcode = match kind {
                    IntOp::FloorDiv => Opcode::Udiv,
                    _ => Opcode::Urem,
                };
                let ty = scalar_type(scalar);
                match self.const_int(op.args[1]) {
                    // Made of products.
                    Some(_) => self.divided(opcode, a, b, ty),
                    None => self.divide(opcode, a, b, ty)?,
                }
            }
            IntOp::FloorDiv | IntOp::FloorMod => match self.const_int(op.args[1]) {
                Some(divisor) if divisor != 0 && divisor != -1 => {
                    self.floor_by_constant(kind, a, b, divisor, scalar_type(scalar))
                }
                _ => self.floor_by_any(op, kind, overflow, a, b, scalar_type(scalar))?,
            },
            IntOp::And => self.b.ins.ins().band(a, b),
            IntOp::Or => self.b.ins.ins().bor(a, b),
            IntOp::Xor => self.b.ins.ins().bxor(a, b),
            IntOp::Shl => self.shift_left(op, overflow, a, b, scalar)?,
            IntOp::Shr => self.shift_right(op, a, b, scalar),
            IntOp::Min if signed => self.b.ins.ins().smin(a, b),
            IntOp::Min => self.b.ins.ins().umin(a, b),
            IntOp::Max if signed => self.b.ins.ins().smax(a, b),
            IntOp::Max => self.b.ins.ins().umax(a, b),
        };
        self.define(op.results[0], value);
        Ok(())
    }

    /// A product by a constant that a shift and a sum give, in a third of the time of the
    /// machine's multiplication. (Powers of two are Cranelift's.)
    fn short_product(&mut self, value: Value, factor: i64) -> Option<Value> {
        let (shift, subtract) = match factor {
            3 => (1, false),
            5 => (2, false),
            9 => (3, false),
            7 => (3, true),
            _ => return None,
        };
        let shifted = self.b.ins.ins().ishl_imm_u(value, shift);
        let ins = self.b.ins.ins();
        Some(if subtract {
            ins.isub(shifted, value)
        } else {
            ins.iadd(shifted, value)
        })
    }

    /// A signed sum or difference that raises. With a constant, whether it overflowed shows in
    /// how the result compares with the other operand: one instruction less than Cranelift's
    /// overflow flag, which it stores and tests, and plain arithmetic to its optimiser.
    fn checked_sum(
        &mut self,
        op: &Op,
        kind: IntOp,
        a: Value,
        b: Value,
    ) -> Result<Value, CodegenError> {
        let subtract = kind == IntOp::Sub;
        let (other, constant) = match (self.const_int(op.args[0]), self.const_int(op.args[1])) {
            (_, Some(constant)) => (a, Some(constant)),
            (Some(constant), None) if !subtract => (b, Some(constant)),
            _ => (a, None),
        };
        let Some(constant) = constant else {
            return self.with_flag(op.site, |lower| {
                let ins = lower.b.ins.ins();
                match subtract {
                    true => ins.ssub_overflow(a, b),
                    false => ins.sadd_overflow(a, b),
                }
            });
        };
        let ins = self.b.ins.ins();
        let value = match subtract {
            true => ins.isub(a, b),
            false => ins.iadd(a, b),
        };
        if constant == 0 {
            return Ok(value);
        }
        let grows = (constant >= 0) != subtract;
        let wrong = match grows {
            true => IntCC::SignedLessThan,
            false => IntCC::SignedGreaterThan,
        };
        let overflows = self.b.ins.ins().icmp(wrong, value, other);
        self.overflow_if(overflows, op.site)?;
        Ok(value)
    }

    /// Arithmetic that sets a flag where it overflows, and the branch on that: [`crate::flags`] makes one jump of it.
    fn with_flag(
        &mut self,
        site: SiteId,
        arithmetic: impl FnOnce(&mut Self) -> (Value, Value),
    ) -> Result<Value, CodegenError> {
        let location = self.location(site);
        self.b.ins.set_srcloc(marks::with_flag(location));
        let (value, overflows) = arithmetic(self);
        self.overflow_if(overflows, site)?;
        self.b.ins.set_srcloc(location);
        Ok(value)
    }

    /// Floor division or modulo by a constant other than 0 and -1: no overflow, no branch.
    fn floor_by_constant(
        &mut self,
        kind: IntOp,
        a: Value,
        b: Value,
        divisor: i64,
        ty: Type,
    ) -> Value {
        if divisor > 0 && (divisor as u64).is_power_of_two() {
            return match kind {
                IntOp::FloorDiv => {
                    let shift = i64::from(divisor.trailing_zeros());
                    self.b.ins.ins().sshr_imm_u(a, shift)
                }
                _ => {
                    let mask = self.b.int(ty, divisor - 1);
                    self.b.ins.ins().band(a, mask)
                }
            };
        }
        let quotient = self.b.ins.ins().sdiv(a, b);
        let product = self.b.ins.ins().imul(quotient, b);
        let rest = self.b.ins.ins().isub(a, product);
        // All ones where the rest has the wrong sign.
        let bits = i64::from(ty.bits());
        let wrong = if divisor > 0 {
            self.b.ins.ins().sshr_imm_u(rest, bits - 1)
        } else {
            let negated = self.b.ins.ins().ineg(rest);
            self.b.ins.ins().sshr_imm_u(negated, bits - 1)
        };
        match kind {
            IntOp::FloorDiv => self.b.ins.ins().iadd(quotient, wrong),
            _ => {
                let correction = self.b.ins.ins().band(wrong, b);
                self.b.ins.ins().iadd(rest, correction)
            }
        }
    }

    /// Floor division or modulo by a divisor known to be other than 0.
    fn floor_by_any(
        &mut self,
        op: &Op,
        kind: IntOp,
        overflow: Overflow,
        a: Value,
        b: Value,
        ty: Type,
    ) -> Result<Value, CodegenError> {
        // Small numbers have no sign to see to.
        let short = match kind {
            IntOp::FloorDiv => Opcode::Udiv,
            _ => Opcode::Urem,
        };
        self.divide_short_or(short, a, b, ty, |lower| {
            lower.floor_of_signed(op, kind, overflow, a, b, ty)
        })
    }

    fn floor_of_signed(
        &mut self,
        op: &Op,
        kind: IntOp,
        overflow: Overflow,
        a: Value,
        b: Value,
        ty: Type,
    ) -> Result<Value, CodegenError> {
        // The machine's division faults on MIN / -1, so -1 gets another divisor.
        let one = self.b.int(ty, 1);
        let proved = overflow == Overflow::Proved && kind == IntOp::FloorDiv;
        let minus_one = if proved {
            None
        } else {
            Some(self.b.ins.ins().icmp_imm_s(IntCC::Equal, b, -1))
        };
        let divisor = match minus_one {
            Some(minus_one) => self.b.ins.ins().select(minus_one, one, b),
            None => b,
        };
        let zero = self.b.int(ty, 0);
        if kind == IntOp::FloorMod {
            let rest = self.divided(Opcode::Srem, a, divisor, ty);
            let wrong = self.has_wrong_sign(rest, divisor, zero);
            // With 1 for -1 the rest is 0, which is right for -1 too.
            let corrected = self.b.ins.ins().iadd(rest, divisor);
            return Ok(self.b.ins.ins().select(wrong, corrected, rest));
        }
        let quotient = self.divided(Opcode::Sdiv, a, divisor, ty);
        let product = self.b.ins.ins().imul(quotient, divisor);
        let rest = self.b.ins.ins().isub(a, product);
        let wrong = self.has_wrong_sign(rest, divisor, zero);
        let below = self.b.ins.ins().isub(quotient, one);
        let floor = self.b.ins.ins().select(wrong, below, quotient);
        let Some(minus_one) = minus_one else {
            return Ok(floor);
        };
        if overflow == Overflow::Checked {
            let smallest = self.b.int(ty, minimum(ty));
            let is_smallest = self.b.ins.ins().icmp(IntCC::Equal, a, smallest);
            let overflows = self.b.ins.ins().band(minus_one, is_smallest);
            self.overflow_if(overflows, op.site)?;
        }
        let negated = self.b.ins.ins().ineg(a);
        Ok(self.b.ins.ins().select(minus_one, negated, floor))
    }

    /// Whether a rest is not 0 and has not the divisor's sign.
    fn has_wrong_sign(&mut self, rest: Value, divisor: Value, zero: Value) -> Value {
        let inexact = self.b.ins.ins().icmp(IntCC::NotEqual, rest, zero);
        let signs = self.b.ins.ins().bxor(rest, divisor);
        let apart = self.b.ins.ins().icmp(IntCC::SignedLessThan, signs, zero);
        self.b.ins.ins().band(inexact, apart)
    }

    /// A division by an instruction.
    fn divided(&mut self, opcode: Opcode, a: Value, b: Value, ty: Type) -> Value {
        let (inst, dfg) = self.b.ins.ins().Binary(opcode, ty, a, b);
        dfg.first_result(inst)
    }

    /// A quotient or a rest of numbers without a sign.
    fn divide(
        &mut self,
        opcode: Opcode,
        a: Value,
        b: Value,
        ty: Type,
    ) -> Result<Value, CodegenError> {
        self.divide_short_or(
            opcode,
            a,
            b,
            ty,
            |lower| Ok(lower.divided(opcode, a, b, ty)),
        )
    }

    /// The unsigned division `short` where both numbers have 32 bits at most, else the `long` way. 64-bit division is several
    /// times slower than 32-bit on many machines, and most numbers are small.
    fn divide_short_or(
        &mut self,
        short: Opcode,
        a: Value,
        b: Value,
        ty: Type,
        long: impl FnOnce(&mut Self) -> Result<Value, CodegenError>,
    ) -> Result<Value, CodegenError> {
        if ty != types::I64 {
            return long(self);
        }
        let (small, large, done) = {
            let ins = &mut self.b.ins;
            (ins.create_block(), ins.create_block(), ins.create_block())
        };
        self.b.ins.append_block_param(done, types::I64);
        let either = self.b.ins.ins().bor(a, b);
        let high = self.b.ins.ins().ushr_imm_u(either, 32);
        self.b.ins.ins().brif(high, large, &[], small, &[]);

        self.b.ins.switch_to_block(small);
        let short_a = self.b.ins.ins().ireduce(types::I32, a);
        let short_b = self.b.ins.ins().ireduce(types::I32, b);
        let result = self.divided(short, short_a, short_b, types::I32);
        let result = self.b.ins.ins().uextend(types::I64, result);
        self.b.ins.ins().jump(done, &[result.into()]);

        self.b.ins.switch_to_block(large);
        let result = long(self)?;
        self.b.ins.ins().jump(done, &[result.into()]);

        self.b.ins.switch_to_block(done);
        Ok(self.b.ins.block_params(done)[0])
    }

    fn shift_left(
        &mut self,
        op: &Op,
        overflow: Overflow,
        a: Value,
        count: Value,
        scalar: Scalar,
    ) -> Result<Value, CodegenError> {
        let ty = scalar_type(scalar);
        let bits = i64::from(ty.bits());
        let known = self.const_int(op.args[1]);
        let shifted = self.b.ins.ins().ishl(a, count);
        let zero = self.b.int(ty, 0);
        let value = match known {
            Some(count) if (0..bits).contains(&count) => shifted,
            Some(_) => zero,
            None => {
                let fits = self
                    .b
                    .ins
                    .ins()
                    .icmp_imm_u(IntCC::UnsignedLessThan, count, bits);
                self.b.ins.ins().select(fits, shifted, zero)
            }
        };
        if overflow == Overflow::Checked {
            // It fits if shifting back gives the same; counts beyond the width are cut to it.
            let most = self.b.int(ty, bits - 1);
            let back_by = self.b.ins.ins().umin(count, most);
            let back = if scalar.is_signed() {
                self.b.ins.ins().sshr(value, back_by)
            } else {
                self.b.ins.ins().ushr(value, back_by)
            };
            let overflows = self.b.ins.ins().icmp(IntCC::NotEqual, back, a);
            self.overflow_if(overflows, op.site)?;
        }
        Ok(value)
    }

    fn shift_right(&mut self, op: &Op, a: Value, count: Value, scalar: Scalar) -> Value {
        let ty = scalar_type(scalar);
        let bits = i64::from(ty.bits());
        let known = self
            .const_int(op.args[1])
            .filter(|count| (0..bits).contains(count));
        if scalar.is_signed() {
            let count = match known {
                Some(_) => count,
                None => {
                    let most = self.b.int(ty, bits - 1);
                    self.b.ins.ins().umin(count, most)
                }
            };
            return self.b.ins.ins().sshr(a, count);
        }
        let shifted = self.b.ins.ins().ushr(a, count);
        if known.is_some() {
            return shifted;
        }
        let zero = self.b.int(ty, 0);
        let fits = self
            .b
            .ins
            .ins()
            .icmp_imm_u(IntCC::UnsignedLessThan, count, bits);
        self.b.ins.ins().select(fits, shifted, zero)
    }

    pub(super) fn int_unary(
        &mut self,
        op: &Op,
        kind: IntUnaryOp,
        overflow: Overflow,
    ) -> Result<(), CodegenError> {
        let [a] = self.operands(op)?;
        let scalar = self.scalar_of(op.results[0])?;
        let ty = scalar_type(scalar);
        let value = match kind {
            IntUnaryOp::Neg | IntUnaryOp::Abs => {
                if overflow == Overflow::Checked && scalar.is_signed() {
                    let smallest = self.b.int(ty, minimum(ty));
                    let overflows = self.b.ins.ins().icmp(IntCC::Equal, a, smallest);
                    self.overflow_if(overflows, op.site)?;
                }
                match kind {
                    IntUnaryOp::Neg => self.b.ins.ins().ineg(a),
                    _ if scalar.is_signed() => self.b.ins.ins().iabs(a),
                    _ => a,
                }
            }
            IntUnaryOp::Not if scalar == Scalar::Bool => self.b.ins.ins().bxor_imm_u(a, 1),
            IntUnaryOp::Not => self.b.ins.ins().bnot(a),
            IntUnaryOp::LeadingZeros => self.b.ins.ins().clz(a),
            IntUnaryOp::TrailingZeros => self.b.ins.ins().ctz(a),
            IntUnaryOp::PopCount => self.b.ins.ins().popcnt(a),
        };
        self.define(op.results[0], value);
        Ok(())
    }

    pub(super) fn float_op(&mut self, op: &Op, kind: FloatOp) -> Result<(), CodegenError> {
        let [a, b] = self.operands(op)?;
        let ins = self.b.ins.ins();
        let value = match kind {
            FloatOp::Add => ins.fadd(a, b),
            FloatOp::Sub => ins.fsub(a, b),
            FloatOp::Mul => ins.fmul(a, b),
            FloatOp::Div => ins.fdiv(a, b),
            FloatOp::Min => ins.fmin(a, b),
            FloatOp::Max => ins.fmax(a, b),
            FloatOp::CopySign => ins.fcopysign(a, b),
        };
        self.define(op.results[0], value);
        Ok(())
    }

    pub(super) fn float_unary(&mut self, op: &Op, kind: FloatUnaryOp) -> Result<(), CodegenError> {
        let [a] = self.operands(op)?;
        let ins = self.b.ins.ins();
        let value = match kind {
            FloatUnaryOp::Neg => ins.fneg(a),
            FloatUnaryOp::Abs => ins.fabs(a),
            FloatUnaryOp::Sqrt => ins.sqrt(a),
            FloatUnaryOp::Floor => ins.floor(a),
            FloatUnaryOp::Ceil => ins.ceil(a),
            FloatUnaryOp::Trunc => ins.trunc(a),
            FloatUnaryOp::Nearest => ins.nearest(a),
        };
        self.define(op.results[0], value);
        Ok(())
    }

    pub(super) fn compare(&mut self, op: &Op, kind: Compare) -> Result<(), CodegenError> {
        let [a, b] = self.operands(op)?;
        let scalar = self.scalar_of(op.args[0])?;
        let value = if scalar.is_float() {
            let code = match kind {
                Compare::Eq => FloatCC::Equal,
                Compare::Ne => FloatCC::NotEqual,
                Compare::Lt => FloatCC::LessThan,
                Compare::Le => FloatCC::LessThanOrEqual,
                Compare::Gt => FloatCC::GreaterThan,
                Compare::Ge => FloatCC::GreaterThanOrEqual,
            };
            self.b.ins.ins().fcmp(code, a, b)
        } else {
            let code = match (kind, scalar.is_signed()) {
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
            };
            self.b.ins.ins().icmp(code, a, b)
        };
        self.define(op.results[0], value);
        Ok(())
    }

    pub(super) fn select(&mut self, op: &Op) -> Result<(), CodegenError> {
        let condition = self.one(op.args[0])?;
        let value = match (self.val(op.args[1])?, self.val(op.args[2])?) {
            (Val::One(a), Val::One(b)) => Val::One(self.b.ins.ins().select(condition, a, b)),
            (Val::Array(a), Val::Array(b)) => {
                Val::Array(View::select(&mut self.b, condition, &a, &b))
            }
            _ => return Err(CodegenError::Internal("a select of two kinds".to_owned())),
        };
        self.values[op.results[0]] = Some(value);
        Ok(())
    }

    pub(super) fn convert(&mut self, op: &Op, kind: Convert) -> Result<(), CodegenError> {
        let [value] = self.operands(op)?;
        let from = self.scalar_of(op.args[0])?;
        let to = self.scalar_of(op.results[0])?;
        if let (Convert::Extend, Some((wide, Some(loaded)))) =
            (kind, self.extended.get(&op.args[0]))
            && scalar_type(*wide) == scalar_type(to)
        {
            let loaded = *loaded;
            self.define(op.results[0], loaded);
            return Ok(());
        }
        let value = self.converted(value, from, to, kind);
        self.define(op.results[0], value);
        Ok(())
    }

    pub(super) fn converted(
        &mut self,
        value: Value,
        from: Scalar,
        to: Scalar,
        kind: Convert,
    ) -> Value {
        let (old, new) = (scalar_type(from), scalar_type(to));
        match kind {
            Convert::Extend if old == new => value,
            Convert::Extend if from.is_signed() => self.b.ins.ins().sextend(new, value),
            Convert::Extend => self.b.ins.ins().uextend(new, value),
            Convert::Truncate if old == new => value,
            Convert::Truncate => self.b.ins.ins().ireduce(new, value),
            Convert::IntToFloat => match from {
                Scalar::U64 => self.b.ins.ins().fcvt_from_uint(new, value),
                Scalar::I32 | Scalar::I64 => self.b.ins.ins().fcvt_from_sint(new, value),
                Scalar::U32 => {
                    let wide = self.b.ins.ins().uextend(types::I64, value);
                    self.b.ins.ins().fcvt_from_sint(new, wide)
                }
                Scalar::I8 | Scalar::I16 => {
                    let wide = self.b.ins.ins().sextend(types::I32, value);
                    self.b.ins.ins().fcvt_from_sint(new, wide)
                }
                Scalar::Bool | Scalar::U8 | Scalar::U16 | Scalar::F32 | Scalar::F64 => {
                    let wide = self.b.ins.ins().uextend(types::I32, value);
                    self.b.ins.ins().fcvt_from_sint(new, wide)
                }
            },
            Convert::FloatToInt => self.float_to_int(value, to),
            Convert::FloatToFloat if old == new => value,
            Convert::FloatToFloat if new == types::F64 => self.b.ins.ins().fpromote(new, value),
            Convert::FloatToFloat => self.b.ins.ins().fdemote(new, value),
            Convert::Bitcast if old == new => value,
            Convert::Bitcast => self.b.ins.ins().bitcast(new, MemFlagsData::new(), value),
        }
    }

    fn float_to_int(&mut self, value: Value, to: Scalar) -> Value {
        let ty = scalar_type(to);
        if ty.bits() >= 32 {
            return if to.is_signed() {
                self.b.ins.ins().fcvt_to_sint_sat(ty, value)
            } else {
                self.b.ins.ins().fcvt_to_uint_sat(ty, value)
            };
        }
        // The machine converts to 32 bits and more; the rest of the saturation is ours.
        let wide = self.b.ins.ins().fcvt_to_sint_sat(types::I32, value);
        let (low, high) = if to.is_signed() {
            (minimum(ty), -1 - minimum(ty))
        } else {
            (0, (1 << ty.bits()) - 1)
        };
        let low = self.b.int(types::I32, low);
        let high = self.b.int(types::I32, high);
        let wide = self.b.ins.ins().smax(wide, low);
        let wide = self.b.ins.ins().smin(wide, high);
        self.b.ins.ins().ireduce(ty, wide)
    }
}
