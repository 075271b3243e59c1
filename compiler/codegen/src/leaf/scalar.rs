//! Selection for scalars and memory.

use cranelift_codegen::ir::condcodes::{CondCode as _, FloatCC, IntCC};
use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{Inst as ClifInst, InstructionData, Opcode, Value};
use iced_x86::Code;
use regalloc2::{Operand, PRegSet, VReg};

use super::arithmetic::may_overflow;
use super::call::is_call;
use super::machine::{Condition, Size, general};
use super::select::{A, Address, Maybe, Select, condition_of, refuse, size_of};
use super::table::{self, float_predicate};

/// The instruction that extends so many bits, to 64 if that is `long`, and the size of what it makes.
fn extension(bits: u32, signed: bool, long: bool) -> (Code, Size) {
    let code = match (bits, signed, long) {
        (8, false, _) => Code::Movzx_r32_rm8,
        (16, false, _) => Code::Movzx_r32_rm16,
        (_, false, _) => Code::Mov_r32_rm32,
        (8, true, false) => Code::Movsx_r32_rm8,
        (16, true, false) => Code::Movsx_r32_rm16,
        (8, true, true) => Code::Movsx_r64_rm8,
        (16, true, true) => Code::Movsx_r64_rm16,
        (_, true, _) => Code::Movsxd_r64_rm32,
    };
    let size = if signed && long { Size::B8 } else { Size::B4 };
    (code, size)
}

/// The size in which a type is calculated with.
pub fn whole(ty: Type) -> Size {
    if ty.bits() == 64 { Size::B8 } else { Size::B4 }
}

impl Select<'_> {
    /// Makes the instructions of one op.
    pub fn lower(&mut self, inst: ClifInst, opcode: Opcode) -> Maybe<()> {
        let result = self.func.dfg.inst_results(inst).first().copied();
        let ty = result.map_or(types::INVALID, |result| self.ty(result));
        match opcode {
            _ if is_call(opcode) => return self.call(inst, opcode),
            _ if may_overflow(opcode) => return self.sum_with_question(inst),
            Opcode::Load => return self.load(inst, ty),
            Opcode::Uload8 => return self.extending_load(inst, 8, false),
            Opcode::Sload8 => return self.extending_load(inst, 8, true),
            Opcode::Uload16 => return self.extending_load(inst, 16, false),
            Opcode::Sload16 => return self.extending_load(inst, 16, true),
            Opcode::Uload32 => return self.extending_load(inst, 32, false),
            Opcode::Sload32 => return self.extending_load(inst, 32, true),
            Opcode::Store => return self.store(inst),
            Opcode::Nop => return Ok(()),
            _ => {}
        }
        let on_vectors = ty.is_vector()
            || self
                .func
                .dfg
                .inst_args(inst)
                .first()
                .is_some_and(|arg| self.ty(*arg).is_vector());
        if on_vectors {
            self.lower_vector(inst, opcode, ty)
        } else if ty.is_float() {
            self.lower_float(inst, opcode, ty)
        } else {
            self.lower_int(inst, opcode, ty)
        }
    }

    fn load(&mut self, inst: ClifInst, ty: Type) -> Maybe<()> {
        let InstructionData::Load { arg, offset, .. } = self.func.dfg.insts[inst] else {
            return refuse("a load");
        };
        let address = self.address(arg, i32::from(offset));
        let to = self.result(inst);
        self.load_from(to, ty, address)
    }

    fn extending_load(&mut self, inst: ClifInst, bits: u32, signed: bool) -> Maybe<()> {
        let InstructionData::Load { arg, offset, .. } = self.func.dfg.insts[inst] else {
            return refuse("a load");
        };
        let address = self.address(arg, i32::from(offset));
        let to = self.result(inst);
        let result = self.func.dfg.first_result(inst);
        let (code, size) = extension(bits, signed, whole(self.ty(result)) == Size::B8);
        self.op(code, &[A::D(to, size), A::M(address)]);
        Ok(())
    }

    /// A load of a type.
    pub fn load_from(&mut self, to: VReg, ty: Type, address: Address) -> Maybe<()> {
        let (code, size) = match (ty.bits(), ty.is_float()) {
            (512, _) => (Code::EVEX_Vmovups_zmm_k1z_zmmm512, Size::Z),
            (256, _) => (Code::VEX_Vmovups_ymm_ymmm256, Size::Y),
            (128, _) if ty.is_vector() => (Code::VEX_Vmovups_xmm_xmmm128, Size::X),
            (64, true) => (Code::VEX_Vmovsd_xmm_m64, Size::X),
            (32, true) => (Code::VEX_Vmovss_xmm_m32, Size::X),
            (64, false) => (Code::Mov_r64_rm64, Size::B8),
            (32, false) => (Code::Mov_r32_rm32, Size::B4),
            (16, false) => (Code::Movzx_r32_rm16, Size::B4),
            (8, false) => (Code::Movzx_r32_rm8, Size::B4),
            _ => return refuse(ty),
        };
        self.op(code, &[A::D(to, size), A::M(address)]);
        Ok(())
    }

    fn store(&mut self, inst: ClifInst) -> Maybe<()> {
        let InstructionData::Store { args, offset, .. } = self.func.dfg.insts[inst] else {
            return refuse("a store");
        };
        let [value, at] = args;
        let address = self.address(at, i32::from(offset));
        let ty = self.ty(value);
        if let Some(constant) = self.int_const(value).and_then(|c| i32::try_from(c).ok()) {
            let (code, constant) = match ty.bits() {
                64 => (Code::Mov_rm64_imm32, A::Imm32to64(constant)),
                32 => (Code::Mov_rm32_imm32, A::Imm32(constant)),
                16 => (Code::Mov_rm16_imm16, A::Imm16(constant as i16)),
                _ => (Code::Mov_rm8_imm8, A::Imm8(constant as u8)),
            };
            self.op(code, &[A::M(address), constant]);
            return Ok(());
        }
        let value = self.reg(value);
        let (code, size) = match (ty.bits(), ty.is_float()) {
            (512, _) => (Code::EVEX_Vmovups_zmmm512_k1z_zmm, Size::Z),
            (256, _) => (Code::VEX_Vmovups_ymmm256_ymm, Size::Y),
            (128, _) if ty.is_vector() => (Code::VEX_Vmovups_xmmm128_xmm, Size::X),
            (64, true) => (Code::VEX_Vmovsd_m64_xmm, Size::X),
            (32, true) => (Code::VEX_Vmovss_m32_xmm, Size::X),
            (64, false) => (Code::Mov_rm64_r64, Size::B8),
            (32, false) => (Code::Mov_rm32_r32, Size::B4),
            (16, false) => (Code::Mov_rm16_r16, Size::B2),
            (8, false) => (Code::Mov_rm8_r8, Size::B1),
            _ => return refuse(ty),
        };
        self.op(code, &[A::M(address), A::U(value, size)]);
        Ok(())
    }

    /// Sets the flags for a value that is 0 or not, and says which condition holds if it is not.
    pub fn condition(&mut self, value: Value) -> Maybe<Condition> {
        if let Some(condition) = self.overflow_flags(value)? {
            return Ok(condition);
        }
        if let Some((inner, is_on)) = self.truth(value) {
            let condition = self.condition(inner)?;
            return Ok(if is_on {
                condition
            } else {
                condition.inverse()
            });
        }
        if let Some((inst, opcode)) = self.def(value).filter(|(inst, _)| self.is_here(*inst)) {
            match opcode {
                Opcode::Icmp if !self.ty(self.arg(inst, 0)).is_vector() => {
                    return self.compare(inst);
                }
                Opcode::Fcmp if !self.ty(self.arg(inst, 0)).is_vector() => {
                    if let Some(condition) = self.float_flags(inst)? {
                        return Ok(condition);
                    }
                }
                Opcode::VanyTrue | Opcode::VallTrue => return self.mask_flags(inst, opcode),
                _ => {}
            }
        }
        let ty = self.ty(value);
        let register = self.reg(value);
        self.test(register, size_of(ty)?)?;
        Ok(Condition::NotEqual)
    }

    /// A value that says whether another one, which is 0 or 1 and is made here, is 1, or whether it is 0.
    fn truth(&self, value: Value) -> Option<(Value, bool)> {
        let inst = self.def_as(value, Opcode::Icmp)?;
        let InstructionData::IntCompare { args, cond, .. } = self.func.dfg.insts[inst] else {
            return None;
        };
        let is_on = match cond {
            IntCC::Equal => false,
            IntCC::NotEqual => true,
            _ => return None,
        };
        let (made, opcode) = self.def(args[0])?;
        let is_bit = matches!(
            opcode,
            Opcode::Icmp | Opcode::Fcmp | Opcode::VanyTrue | Opcode::VallTrue
        ) && !self.ty(args[0]).is_vector();
        let here = self.is_here(inst) && self.is_here(made);
        (is_bit && here && self.int_const(args[1]) == Some(0)).then_some((args[0], is_on))
    }

    /// Sets the flags by a register.
    pub fn test(&mut self, register: VReg, size: Size) -> Maybe<()> {
        let code = match size {
            Size::B1 => Code::Test_rm8_r8,
            Size::B2 => Code::Test_rm16_r16,
            Size::B4 => Code::Test_rm32_r32,
            Size::B8 => Code::Test_rm64_r64,
            Size::X | Size::Y | Size::Z | Size::K => return refuse("a test of a vector"),
        };
        self.op(code, &[A::U(register, size), A::U(register, size)]);
        Ok(())
    }

    fn compare(&mut self, inst: ClifInst) -> Maybe<Condition> {
        let InstructionData::IntCompare { args, cond, .. } = self.func.dfg.insts[inst] else {
            return refuse("a comparison");
        };
        let [mut a, mut b] = args;
        let mut cond = cond;
        if self.int_const(a).is_some() && self.int_const(b).is_none() {
            (a, b) = (b, a);
            cond = cond.swap_args();
        }
        let size = size_of(self.ty(a))?;
        let left = self.reg(a);
        match (self.int_const(b), size) {
            (Some(0), _) if matches!(cond, IntCC::Equal | IntCC::NotEqual) => {
                self.test(left, size)?;
            }
            (Some(value), Size::B1) => {
                let args = [A::U(left, size), A::Imm8(value as u8)];
                self.op(Code::Cmp_rm8_imm8, &args);
            }
            (Some(value), Size::B4) => match i8::try_from(value) {
                Ok(short) => {
                    let args = [A::U(left, size), A::Imm8to32(short)];
                    self.op(Code::Cmp_rm32_imm8, &args);
                }
                Err(_) => {
                    let args = [A::U(left, size), A::Imm32(value as i32)];
                    self.op(Code::Cmp_rm32_imm32, &args);
                }
            },
            (Some(value), Size::B8) if i32::try_from(value).is_ok() => match i8::try_from(value) {
                Ok(short) => {
                    let args = [A::U(left, size), A::Imm8to64(short)];
                    self.op(Code::Cmp_rm64_imm8, &args);
                }
                Err(_) => {
                    let args = [A::U(left, size), A::Imm32to64(value as i32)];
                    self.op(Code::Cmp_rm64_imm32, &args);
                }
            },
            _ => {
                let code = match size {
                    Size::B1 => Code::Cmp_r8_rm8,
                    Size::B2 => Code::Cmp_r16_rm16,
                    Size::B4 => Code::Cmp_r32_rm32,
                    _ => Code::Cmp_r64_rm64,
                };
                let right = self.whole_rm(b, self.ty(b), size);
                self.op(code, &[A::U(left, size), right]);
            }
        }
        Ok(condition_of(cond))
    }

    /// The flags of a comparison of floats, if one condition says it all.
    fn float_flags(&mut self, inst: ClifInst) -> Maybe<Option<Condition>> {
        let InstructionData::FloatCompare { args, cond, .. } = self.func.dfg.insts[inst] else {
            return refuse("a comparison");
        };
        let [a, b] = args;
        // Unordered sets the flags of "below" and "equal".
        let (left, right, condition) = match cond {
            FloatCC::GreaterThan => (a, b, Condition::Above),
            FloatCC::GreaterThanOrEqual => (a, b, Condition::NotBelow),
            FloatCC::LessThan => (b, a, Condition::Above),
            FloatCC::LessThanOrEqual => (b, a, Condition::NotBelow),
            FloatCC::UnorderedOrLessThan => (a, b, Condition::Below),
            FloatCC::UnorderedOrLessThanOrEqual => (a, b, Condition::NotAbove),
            FloatCC::UnorderedOrGreaterThan => (b, a, Condition::Below),
            FloatCC::UnorderedOrGreaterThanOrEqual => (b, a, Condition::NotAbove),
            _ => return Ok(None),
        };
        let code = match self.ty(a) {
            types::F32 => Code::VEX_Vucomiss_xmm_xmmm32,
            _ => Code::VEX_Vucomisd_xmm_xmmm64,
        };
        let left = A::U(self.reg(left), Size::X);
        let right = self.rm(right, Size::X);
        self.op(code, &[left, right]);
        Ok(Some(condition))
    }

    /// A condition as 0 or 1 in the low byte.
    pub fn set(&mut self, to: VReg, condition: Condition) {
        self.op(table::set(condition), &[A::D(to, Size::B1)]);
    }

    /// An integer constant in a register.
    pub fn constant_int(&mut self, to: VReg, value: i64) {
        if let Ok(value) = u32::try_from(value) {
            let args = [A::D(to, Size::B4), A::Imm32(value as i32)];
            self.op(Code::Mov_r32_imm32, &args);
        } else if let Ok(value) = i32::try_from(value) {
            let args = [A::D(to, Size::B8), A::Imm32to64(value)];
            self.op(Code::Mov_rm64_imm32, &args);
        } else {
            self.op(Code::Mov_r64_imm64, &[A::D(to, Size::B8), A::Imm64(value)]);
        }
    }

    /// A narrow integer in all of a register of 32 bits; others as they are.
    pub fn extended(&mut self, value: Value, signed: bool) -> VReg {
        let from = self.reg(value);
        let code = match (self.ty(value).bits(), signed) {
            (8, true) => Code::Movsx_r32_rm8,
            (8, false) => Code::Movzx_r32_rm8,
            (16, true) => Code::Movsx_r32_rm16,
            (16, false) => Code::Movzx_r32_rm16,
            _ => return from,
        };
        let size = if self.ty(value).bits() == 8 {
            Size::B1
        } else {
            Size::B2
        };
        let to = self.general();
        self.op(code, &[A::D(to, Size::B4), A::U(from, size)]);
        to
    }

    fn lower_int(&mut self, inst: ClifInst, opcode: Opcode, ty: Type) -> Maybe<()> {
        let to = self.result(inst);
        let size = whole(ty);
        let long = size == Size::B8;
        let args = self.func.dfg.inst_args(inst).to_vec();
        match opcode {
            Opcode::Iconst => {
                let value = self
                    .int_const(self.func.dfg.first_result(inst))
                    .unwrap_or(0);
                self.constant_int(to, value);
            }
            Opcode::StackAddr => {
                let address = self.address(self.func.dfg.first_result(inst), 0);
                self.op(Code::Lea_r64_m, &[A::D(to, Size::B8), A::M(address)]);
            }
            Opcode::Iadd if ty.bits() >= 32 && args.iter().any(|arg| self.is_foldable(*arg)) => {
                self.overwriting(opcode, ty, to, &args);
            }
            Opcode::Iadd => {
                let code = if long {
                    Code::Lea_r64_m
                } else {
                    Code::Lea_r32_m
                };
                // Sums of short integers may take wrong upper halves with them: nobody looks at these.
                let address = self.address(self.func.dfg.first_result(inst), 0);
                if !address.is_at(to) {
                    self.op(code, &[A::D(to, size), A::M(address)]);
                    return Ok(());
                }
                // A constant of more than 32 bits is no part of an address.
                self.overwriting(opcode, ty, to, &args);
            }
            Opcode::Band if self.special_and(ty, to, &args) => {}
            Opcode::Isub | Opcode::Band | Opcode::Bor | Opcode::Bxor => {
                self.overwriting(opcode, ty, to, &args);
            }
            Opcode::Imul => self.multiply(ty, to, &args),
            Opcode::Sdiv | Opcode::Udiv | Opcode::Srem | Opcode::Urem => {
                self.division(opcode, ty, to, &args);
            }
            Opcode::Rotl | Opcode::Rotr => self.rotation(opcode, ty, to, &args)?,
            Opcode::GetStackPointer => {
                self.op(
                    Code::Lea_r64_m,
                    &[A::D(to, Size::B8), A::M(Address::on_stack(0))],
                );
            }
            Opcode::Ineg | Opcode::Bnot => {
                let value = self.reg(args[0]);
                let code = match (opcode, long) {
                    (Opcode::Ineg, true) => Code::Neg_rm64,
                    (Opcode::Ineg, false) => Code::Neg_rm32,
                    (_, true) => Code::Not_rm64,
                    (_, false) => Code::Not_rm32,
                };
                self.op(code, &[A::B(to, value, size)]);
            }
            Opcode::Iabs => {
                let value = self.extended(args[0], true);
                let negated = self.general();
                let (neg, choose) = if long {
                    (Code::Neg_rm64, Code::Cmovl_r64_rm64)
                } else {
                    (Code::Neg_rm32, Code::Cmovl_r32_rm32)
                };
                self.op(neg, &[A::B(negated, value, size)]);
                // The flags are of the negated value: if it is negative, take the value.
                self.op(choose, &[A::B(to, negated, size), A::U(value, size)]);
            }
            Opcode::Ishl | Opcode::Ushr | Opcode::Sshr => self.shift(opcode, ty, to, &args)?,
            Opcode::Icmp => {
                let condition = self.compare(inst)?;
                self.set(to, condition);
            }
            Opcode::Fcmp => match self.float_flags(inst)? {
                Some(condition) => self.set(to, condition),
                None => {
                    let mask = self.float_mask(inst)?;
                    let bits = self.general();
                    let args = [A::D(bits, Size::B4), A::U(mask, Size::X)];
                    self.op(Code::VEX_Vmovd_rm32_xmm, &args);
                    let args = [A::B(to, bits, Size::B4), A::Imm32(1)];
                    self.op(Code::And_rm32_imm32, &args);
                }
            },
            Opcode::Select => {
                let (then, other) = (self.reg(args[1]), self.reg(args[2]));
                let condition = self.condition(args[0])?;
                let code = table::choose(condition, long);
                self.op(code, &[A::B(to, other, size), A::U(then, size)]);
            }
            Opcode::Smin | Opcode::Smax | Opcode::Umin | Opcode::Umax => {
                let signed = matches!(opcode, Opcode::Smin | Opcode::Smax);
                let (a, b) = (
                    self.extended(args[0], signed),
                    self.extended(args[1], signed),
                );
                let compare = if long {
                    Code::Cmp_r64_rm64
                } else {
                    Code::Cmp_r32_rm32
                };
                self.op(compare, &[A::U(a, size), A::U(b, size)]);
                // Take b where it is the one.
                let condition = match opcode {
                    Opcode::Smin => Condition::Greater,
                    Opcode::Smax => Condition::Less,
                    Opcode::Umin => Condition::Above,
                    _ => Condition::Below,
                };
                let code = table::choose(condition, long);
                self.op(code, &[A::B(to, a, size), A::U(b, size)]);
            }
            Opcode::Bmask => {
                let zero = self.general();
                let ones = self.general();
                self.constant_int(zero, 0);
                self.constant_int(ones, -1);
                let condition = self.condition(args[0])?;
                let code = table::choose(condition, true);
                self.op(code, &[A::B(to, zero, Size::B8), A::U(ones, Size::B8)]);
            }
            Opcode::Uextend | Opcode::Sextend => {
                let signed = opcode == Opcode::Sextend;
                let bits = self.ty(args[0]).bits();
                let (code, size) = extension(bits, signed, long);
                let to = A::D(to, size);
                let from = self.rm(args[0], size_of(self.ty(args[0]))?);
                self.op(code, &[to, from]);
            }
            Opcode::Bitcast => {
                let from = self.reg(args[0]);
                let (code, size) = match ty {
                    types::I64 => (Code::VEX_Vmovq_rm64_xmm, Size::B8),
                    types::I32 => (Code::VEX_Vmovd_rm32_xmm, Size::B4),
                    _ => return refuse("a bitcast"),
                };
                self.op(code, &[A::D(to, size), A::U(from, Size::X)]);
            }
            Opcode::Umulhi | Opcode::Smulhi if long => {
                let (a, b) = (self.reg(args[0]), self.reg(args[1]));
                let code = match opcode {
                    Opcode::Umulhi => Code::Mul_rm64,
                    _ => Code::Imul_rm64,
                };
                let more = [
                    Operand::reg_fixed_use(a, general(0)),
                    Operand::reg_fixed_def(to, general(2)),
                ];
                let clobbers = PRegSet::empty().with(general(0));
                self.op_with(code, &[A::U(b, Size::B8)], &more, clobbers);
            }
            Opcode::Clz | Opcode::Ctz | Opcode::Popcnt if ty.bits() >= 32 => {
                let code = match (opcode, long) {
                    (Opcode::Clz, true) => Code::Lzcnt_r64_rm64,
                    (Opcode::Clz, false) => Code::Lzcnt_r32_rm32,
                    (Opcode::Ctz, true) => Code::Tzcnt_r64_rm64,
                    (Opcode::Ctz, false) => Code::Tzcnt_r32_rm32,
                    (_, true) => Code::Popcnt_r64_rm64,
                    (_, false) => Code::Popcnt_r32_rm32,
                };
                let from = A::U(self.reg(args[0]), size);
                self.op(code, &[A::D(to, size), from]);
            }
            Opcode::FcvtToSintSat if ty.bits() >= 32 => self.float_to_int(to, args[0], ty)?,
            _ => return refuse(format!("{opcode}.{ty}")),
        }
        Ok(())
    }

    fn shift(&mut self, opcode: Opcode, ty: Type, to: VReg, args: &[Value]) -> Maybe<()> {
        let size = whole(ty);
        let long = size == Size::B8;
        let value = match opcode {
            Opcode::Ishl => self.reg(args[0]),
            _ => self.extended(args[0], opcode == Opcode::Sshr),
        };
        let bits = i64::from(ty.bits());
        if let Some(count) = self.int_const(args[1]) {
            let count = A::Imm8((count & (bits - 1)) as u8);
            self.op(table::shift(opcode, long), &[A::B(to, value, size), count]);
            return Ok(());
        }
        let mut count = self.reg(args[1]);
        if bits < 32 {
            let cut = self.general();
            let mask = A::Imm32(bits as i32 - 1);
            self.op(Code::And_rm32_imm32, &[A::B(cut, count, Size::B4), mask]);
            count = cut;
        }
        let args = [A::D(to, size), A::U(value, size), A::U(count, size)];
        self.op(table::shift_by(opcode, long), &args);
        Ok(())
    }

    /// A comparison of float scalars as a mask in the low lane.
    pub fn float_mask(&mut self, inst: ClifInst) -> Maybe<VReg> {
        let InstructionData::FloatCompare { args, cond, .. } = self.func.dfg.insts[inst] else {
            return refuse("a comparison");
        };
        let code = match self.ty(args[0]) {
            types::F32 => Code::VEX_Vcmpss_xmm_xmm_xmmm32_imm8,
            _ => Code::VEX_Vcmpsd_xmm_xmm_xmmm64_imm8,
        };
        let left = A::U(self.reg(args[0]), Size::X);
        let right = self.rm(args[1], Size::X);
        let to = self.vector();
        let predicate = A::Imm8(float_predicate(cond));
        self.op(code, &[A::D(to, Size::X), left, right, predicate]);
        Ok(to)
    }

    /// A condition as all ones or zeros in a general register.
    pub fn condition_bits(&mut self, value: Value) -> Maybe<VReg> {
        let (zero, ones, bits) = (self.general(), self.general(), self.general());
        self.constant_int(zero, 0);
        self.constant_int(ones, -1);
        let condition = self.condition(value)?;
        let code = table::choose(condition, true);
        self.op(code, &[A::B(bits, zero, Size::B8), A::U(ones, Size::B8)]);
        Ok(bits)
    }

    /// A condition as all ones or zeros in every lane of a register of 128 or 256 bits.
    pub fn condition_mask(&mut self, value: Value, size: Size) -> Maybe<VReg> {
        let bits = self.condition_bits(value)?;
        let low = self.vector();
        self.op(
            Code::VEX_Vmovq_xmm_rm64,
            &[A::D(low, Size::X), A::U(bits, Size::B8)],
        );
        let mask = self.vector();
        let code = match size {
            Size::Y => Code::VEX_Vpbroadcastq_ymm_xmmm64,
            _ => Code::VEX_Vpbroadcastq_xmm_xmmm64,
        };
        self.op(code, &[A::D(mask, size), A::U(low, Size::X)]);
        Ok(mask)
    }

    fn lower_float(&mut self, inst: ClifInst, opcode: Opcode, ty: Type) -> Maybe<()> {
        let to = self.result(inst);
        let args = self.func.dfg.inst_args(inst).to_vec();
        let x = Size::X;
        if let [left, right] = args[..]
            && self.fused(opcode, ty, x, to, [left, right])
        {
            return Ok(());
        }
        if let Some(code) = table::float_binary(opcode, ty) {
            let left = A::U(self.reg(args[0]), x);
            let right = self.rm(args[1], x);
            self.op(code, &[A::D(to, x), left, right]);
            return Ok(());
        }
        match opcode {
            Opcode::Sqrt => {
                let code = match ty {
                    types::F32 => Code::VEX_Vsqrtss_xmm_xmm_xmmm32,
                    _ => Code::VEX_Vsqrtsd_xmm_xmm_xmmm64,
                };
                let value = self.reg(args[0]);
                self.op(code, &[A::D(to, x), A::U(value, x), A::U(value, x)]);
            }
            // As in all lanes of a vector: what is in the others does not matter.
            Opcode::Fneg
            | Opcode::Fabs
            | Opcode::Fcopysign
            | Opcode::Fmin
            | Opcode::Fmax
            | Opcode::Floor
            | Opcode::Ceil
            | Opcode::Trunc
            | Opcode::Nearest
            | Opcode::Fma => {
                self.lanes_of_floats(opcode, ty, x, to, &args)?;
            }
            Opcode::Select => {
                if let Some(is_smaller) = self.chooses_smaller(&args) {
                    let code = table::float_extreme(is_smaller, ty);
                    let then = A::U(self.reg(args[1]), x);
                    let other = self.rm(args[2], x);
                    self.op(code, &[A::D(to, x), then, other]);
                    return Ok(());
                }
                let direct = self
                    .def_as(args[0], Opcode::Fcmp)
                    .filter(|inst| self.is_here(*inst) && self.ty(self.arg(*inst, 0)) == ty);
                let mask = match direct {
                    Some(inst) => self.float_mask(inst)?,
                    None => self.condition_mask(args[0], x)?,
                };
                let (then, other) = (self.reg(args[1]), self.reg(args[2]));
                let code = match ty {
                    types::F32 => Code::VEX_Vblendvps_xmm_xmm_xmmm128_xmm,
                    _ => Code::VEX_Vblendvpd_xmm_xmm_xmmm128_xmm,
                };
                self.op(
                    code,
                    &[A::D(to, x), A::U(other, x), A::U(then, x), A::U(mask, x)],
                );
            }
            Opcode::Fpromote | Opcode::Fdemote => {
                let code = match opcode {
                    Opcode::Fpromote => Code::VEX_Vcvtss2sd_xmm_xmm_xmmm32,
                    _ => Code::VEX_Vcvtsd2ss_xmm_xmm_xmmm64,
                };
                let value = self.reg(args[0]);
                self.op(code, &[A::D(to, x), A::U(value, x), A::U(value, x)]);
            }
            Opcode::Bitcast => {
                let from = self.reg(args[0]);
                let (code, size) = match ty {
                    types::F64 => (Code::VEX_Vmovq_xmm_rm64, Size::B8),
                    _ => (Code::VEX_Vmovd_xmm_rm32, Size::B4),
                };
                self.op(code, &[A::D(to, x), A::U(from, size)]);
            }
            Opcode::FcvtFromSint | Opcode::FcvtFromUint => {
                let signed = opcode == Opcode::FcvtFromSint;
                let bits = self.ty(args[0]).bits();
                let (value, size) = match (bits, signed) {
                    (64, true) => (self.reg(args[0]), Size::B8),
                    (64, false) => return refuse("fcvt_from_uint.i64"),
                    (32, false) => {
                        let (wide, value) = (self.general(), self.reg(args[0]));
                        let args = [A::D(wide, Size::B4), A::U(value, Size::B4)];
                        self.op(Code::Mov_r32_rm32, &args);
                        (wide, Size::B8)
                    }
                    _ => (self.extended(args[0], signed), Size::B4),
                };
                let code = match (ty, size) {
                    (types::F64, Size::B8) => Code::VEX_Vcvtsi2sd_xmm_xmm_rm64,
                    (types::F64, _) => Code::VEX_Vcvtsi2sd_xmm_xmm_rm32,
                    (_, Size::B8) => Code::VEX_Vcvtsi2ss_xmm_xmm_rm64,
                    _ => Code::VEX_Vcvtsi2ss_xmm_xmm_rm32,
                };
                // The upper part is of a register that is ready anyway.
                let zero = self.every(&[0], x);
                self.op(code, &[A::D(to, x), A::U(zero, x), A::U(value, size)]);
            }
            _ => return refuse(format!("{opcode}.{ty}")),
        }
        Ok(())
    }

    /// Saturating, NaN is 0.
    fn float_to_int(&mut self, to: VReg, value: Value, ty: Type) -> Maybe<()> {
        let x = Size::X;
        let double = self.ty(value) == types::F64;
        let long = ty == types::I64;
        let value = self.reg(value);
        let (compare, convert, limit) = match (double, long) {
            (true, true) => (
                Code::VEX_Vcmpsd_xmm_xmm_xmmm64_imm8,
                Code::VEX_Vcvttsd2si_r64_xmmm64,
                9_223_372_036_854_775_808f64.to_le_bytes().to_vec(),
            ),
            (true, false) => (
                Code::VEX_Vcmpsd_xmm_xmm_xmmm64_imm8,
                Code::VEX_Vcvttsd2si_r32_xmmm64,
                2_147_483_648f64.to_le_bytes().to_vec(),
            ),
            (false, true) => (
                Code::VEX_Vcmpss_xmm_xmm_xmmm32_imm8,
                Code::VEX_Vcvttss2si_r64_xmmm32,
                9_223_372_036_854_775_808f32.to_le_bytes().to_vec(),
            ),
            (false, false) => (
                Code::VEX_Vcmpss_xmm_xmm_xmmm32_imm8,
                Code::VEX_Vcvttss2si_r32_xmmm32,
                2_147_483_648f32.to_le_bytes().to_vec(),
            ),
        };
        let size = if long { Size::B8 } else { Size::B4 };
        let (ordered, number) = (self.vector(), self.vector());
        let args = [A::D(ordered, x), A::U(value, x), A::U(value, x), A::Imm8(0)];
        self.op(compare, &args);
        let args = [A::D(number, x), A::U(value, x), A::U(ordered, x)];
        self.op(Code::VEX_Vandps_xmm_xmm_xmmm128, &args);
        let limit = self.constant_register(limit);
        let above = self.vector();
        // Too large: the machine gives the smallest, whose bits are those of the largest, inverted.
        let args = [
            A::D(above, x),
            A::U(number, x),
            A::U(limit, x),
            A::Imm8(0x1d),
        ];
        self.op(compare, &args);
        let (flip, raw) = (self.general(), self.general());
        let (take, xor) = if long {
            (Code::VEX_Vmovq_rm64_xmm, Code::Xor_r64_rm64)
        } else {
            (Code::VEX_Vmovd_rm32_xmm, Code::Xor_r32_rm32)
        };
        // The upper half of a mask of 32 bits is the value's: only the low one is used then.
        if long && !double {
            let half = self.general();
            self.op(
                Code::VEX_Vmovd_rm32_xmm,
                &[A::D(half, Size::B4), A::U(above, x)],
            );
            self.op(
                Code::Movsxd_r64_rm32,
                &[A::D(flip, Size::B8), A::U(half, Size::B4)],
            );
        } else {
            self.op(take, &[A::D(flip, size), A::U(above, x)]);
        }
        self.op(convert, &[A::D(raw, size), A::U(number, x)]);
        self.op(xor, &[A::B(to, raw, size), A::U(flip, size)]);
        Ok(())
    }
}
