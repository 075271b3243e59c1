//! Selection for integers beyond what other selections do: sums whose overflow is asked for, division, rotation, and what
//! takes its operands from memory.

use cranelift_codegen::ir::types::Type;
use cranelift_codegen::ir::{Inst as ClifInst, Opcode, Value, ValueDef};
use iced_x86::Code;
use regalloc2::{Operand, PRegSet, VReg};

use super::machine::{Condition, Size, general};
use super::scalar::whole;
use super::select::{A, Maybe, Select, refuse, size_of};

/// Instructions of two operands, of which the first is overwritten: with a register or memory, with a byte, with 32 bits.
pub fn two_operands(opcode: Opcode, long: bool) -> [Code; 3] {
    match (opcode, long) {
        (Opcode::Iadd, true) => [
            Code::Add_r64_rm64,
            Code::Add_rm64_imm8,
            Code::Add_rm64_imm32,
        ],
        (Opcode::Iadd, false) => [
            Code::Add_r32_rm32,
            Code::Add_rm32_imm8,
            Code::Add_rm32_imm32,
        ],
        (Opcode::Isub, true) => [
            Code::Sub_r64_rm64,
            Code::Sub_rm64_imm8,
            Code::Sub_rm64_imm32,
        ],
        (Opcode::Isub, false) => [
            Code::Sub_r32_rm32,
            Code::Sub_rm32_imm8,
            Code::Sub_rm32_imm32,
        ],
        (Opcode::Band, true) => [
            Code::And_r64_rm64,
            Code::And_rm64_imm8,
            Code::And_rm64_imm32,
        ],
        (Opcode::Band, false) => [
            Code::And_r32_rm32,
            Code::And_rm32_imm8,
            Code::And_rm32_imm32,
        ],
        (Opcode::Bor, true) => [Code::Or_r64_rm64, Code::Or_rm64_imm8, Code::Or_rm64_imm32],
        (Opcode::Bor, false) => [Code::Or_r32_rm32, Code::Or_rm32_imm8, Code::Or_rm32_imm32],
        (_, true) => [
            Code::Xor_r64_rm64,
            Code::Xor_rm64_imm8,
            Code::Xor_rm64_imm32,
        ],
        (_, false) => [
            Code::Xor_r32_rm32,
            Code::Xor_rm32_imm8,
            Code::Xor_rm32_imm32,
        ],
    }
}

/// What is taken from a sum whose overflow is asked for: the op without that question.
fn without_question(opcode: Opcode) -> Option<Opcode> {
    Some(match opcode {
        Opcode::SaddOverflow | Opcode::UaddOverflow => Opcode::Iadd,
        Opcode::SsubOverflow | Opcode::UsubOverflow => Opcode::Isub,
        Opcode::SmulOverflow | Opcode::UmulOverflow => Opcode::Imul,
        _ => return None,
    })
}

/// Whether an op says if it overflowed.
pub fn may_overflow(opcode: Opcode) -> bool {
    without_question(opcode).is_some()
}

impl Select<'_> {
    /// The flags of arithmetic whose overflow is asked for, if nothing stands between it and the end of the block: the
    /// arithmetic is then done here.
    pub fn overflow_flags(&mut self, value: Value) -> Maybe<Option<Condition>> {
        let value = self.func.dfg.resolve_aliases(value);
        let ValueDef::Result(inst, 1) = self.func.dfg.value_def(value) else {
            return Ok(None);
        };
        let next = self.func.layout.next_inst(inst);
        let is_last = next.is_some_and(|next| self.func.dfg.insts[next].opcode().is_terminator());
        if !self.is_here(inst) || !is_last || !self.is_used_once(value) {
            return Ok(None);
        }
        self.done.insert(inst);
        self.overflowing(inst).map(Some)
    }

    /// Arithmetic whose overflow is asked for.
    pub fn sum_with_question(&mut self, inst: ClifInst) -> Maybe<()> {
        let condition = self.overflowing(inst)?;
        let [_, overflows] = self.func.dfg.inst_results(inst) else {
            return refuse("a sum without a question");
        };
        let to = self.own_register(*overflows);
        self.set(to, condition);
        Ok(())
    }

    /// Makes the value of arithmetic, and says which condition holds if it overflowed.
    fn overflowing(&mut self, inst: ClifInst) -> Maybe<Condition> {
        let opcode = self.func.dfg.insts[inst].opcode();
        let to = self.result(inst);
        let args = self.func.dfg.inst_args(inst).to_vec();
        let ty = self.ty(args[0]);
        let Some(plain) = without_question(opcode).filter(|_| ty.bits() >= 32) else {
            return refuse(format!("{opcode}.{ty}"));
        };
        if opcode == Opcode::UmulOverflow {
            let (a, b) = (self.reg(args[0]), self.reg(args[1]));
            let size = whole(ty);
            let code = match size {
                Size::B8 => Code::Mul_rm64,
                _ => Code::Mul_rm32,
            };
            let more = [
                Operand::reg_fixed_use(a, general(0)),
                Operand::reg_fixed_def(to, general(0)),
            ];
            self.op_with(
                code,
                &[A::U(b, size)],
                &more,
                PRegSet::empty().with(general(2)),
            );
            return Ok(Condition::Overflow);
        }
        match plain {
            Opcode::Imul => self.multiply(ty, to, &args),
            _ => self.overwriting(plain, ty, to, &args),
        }
        Ok(match opcode {
            Opcode::UaddOverflow | Opcode::UsubOverflow => Condition::Below,
            _ => Condition::Overflow,
        })
    }

    /// The operands of an instruction, the one from memory as the last one.
    fn ordered(&self, args: &[Value], commutes: bool) -> [Value; 2] {
        let [a, b] = [args[0], args[1]];
        let swaps = commutes
            && self.int_const(b).is_none()
            && (self.int_const(a).is_some() || self.is_foldable(a) && !self.is_foldable(b));
        if swaps { [b, a] } else { [a, b] }
    }

    /// Arithmetic of two operands, of which the first is overwritten.
    pub fn overwriting(&mut self, opcode: Opcode, ty: Type, to: VReg, args: &[Value]) {
        let size = whole(ty);
        let long = size == Size::B8;
        let [register, byte, word] = two_operands(opcode, long);
        let [a, b] = self.ordered(args, opcode != Opcode::Isub);
        let left = A::B(to, self.reg(a), size);
        let constant = self.int_const(b).and_then(|c| i32::try_from(c).ok());
        match (constant, constant.and_then(|c| i8::try_from(c).ok())) {
            (_, Some(constant)) if long => self.op(byte, &[left, A::Imm8to64(constant)]),
            (_, Some(constant)) => self.op(byte, &[left, A::Imm8to32(constant)]),
            (Some(constant), _) if long => self.op(word, &[left, A::Imm32to64(constant)]),
            (Some(constant), _) => self.op(word, &[left, A::Imm32(constant)]),
            (None, _) => {
                let right = self.whole_rm(b, ty, size);
                self.op(register, &[left, right]);
            }
        }
    }

    /// A product of integers.
    pub fn multiply(&mut self, ty: Type, to: VReg, args: &[Value]) {
        let size = whole(ty);
        let long = size == Size::B8;
        let [a, b] = self.ordered(args, true);
        let constant = self.int_const(b).and_then(|c| i32::try_from(c).ok());
        if let Some(constant) = constant {
            let left = self.whole_rm(a, ty, size);
            let (code, constant) = match (i8::try_from(constant), long) {
                (Ok(byte), true) => (Code::Imul_r64_rm64_imm8, A::Imm8to64(byte)),
                (Ok(byte), false) => (Code::Imul_r32_rm32_imm8, A::Imm8to32(byte)),
                (Err(_), true) => (Code::Imul_r64_rm64_imm32, A::Imm32to64(constant)),
                (Err(_), false) => (Code::Imul_r32_rm32_imm32, A::Imm32(constant)),
            };
            self.op(code, &[A::D(to, size), left, constant]);
            return;
        }
        let code = if long {
            Code::Imul_r64_rm64
        } else {
            Code::Imul_r32_rm32
        };
        let left = A::B(to, self.reg(a), size);
        let right = self.whole_rm(b, ty, size);
        self.op(code, &[left, right]);
    }

    /// An integer as the last operand, from memory only if all of the operand is the value's.
    pub fn whole_rm(&mut self, value: Value, ty: Type, size: Size) -> A {
        let operand = match ty.bits() {
            32 | 64 => self.rm(value, size),
            _ => A::U(self.reg(value), size),
        };
        match operand {
            A::U(register, size) => A::R(register, size),
            other => other,
        }
    }

    /// Quotient or rest.
    pub fn division(&mut self, opcode: Opcode, ty: Type, to: VReg, args: &[Value]) {
        let size = whole(ty);
        let long = size == Size::B8;
        let signed = matches!(opcode, Opcode::Sdiv | Opcode::Srem);
        let a = self.extended(args[0], signed);
        let b = self.extended(args[1], signed);
        let (low, high) = (general(0), general(2));
        let upper = self.general();
        if signed {
            let code = if long { Code::Cqo } else { Code::Cdq };
            let more = [
                Operand::reg_fixed_use(a, low),
                Operand::reg_fixed_def(upper, high),
            ];
            self.op_with(code, &[], &more, PRegSet::empty());
        } else {
            self.constant_int(upper, 0);
        }
        let code = match (signed, long) {
            (true, true) => Code::Idiv_rm64,
            (true, false) => Code::Idiv_rm32,
            (false, true) => Code::Div_rm64,
            (false, false) => Code::Div_rm32,
        };
        let (made, lost) = match opcode {
            Opcode::Sdiv | Opcode::Udiv => (low, high),
            _ => (high, low),
        };
        let more = [
            Operand::reg_fixed_use(a, low),
            Operand::reg_fixed_use(upper, high),
            Operand::reg_fixed_def(to, made),
        ];
        self.op_with(code, &[A::U(b, size)], &more, PRegSet::empty().with(lost));
    }

    /// A rotation by a constant.
    pub fn rotation(&mut self, opcode: Opcode, ty: Type, to: VReg, args: &[Value]) -> Maybe<()> {
        let bits = i64::from(ty.bits());
        let Some(count) = self.int_const(args[1]).filter(|_| bits >= 32) else {
            return refuse(format!("{opcode}.{ty}"));
        };
        let count = if opcode == Opcode::Rotl {
            -count
        } else {
            count
        };
        let code = match bits {
            64 => Code::VEX_Rorx_r64_rm64_imm8,
            _ => Code::VEX_Rorx_r32_rm32_imm8,
        };
        let size = size_of(ty)?;
        let from = self.rm(args[0], size);
        let count = A::Imm8((count & (bits - 1)) as u8);
        self.op(code, &[A::D(to, size), from, count]);
        Ok(())
    }

    /// `a & ~b` and `a & -a` take one instruction; whether it is one of them.
    pub fn special_and(&mut self, ty: Type, to: VReg, args: &[Value]) -> bool {
        let size = whole(ty);
        let long = size == Size::B8;
        for (a, b) in [(args[0], args[1]), (args[1], args[0])] {
            let found = self.def(b);
            let Some((inst, opcode @ (Opcode::Bnot | Opcode::Ineg))) = found else {
                continue;
            };
            let inner = self.func.dfg.resolve_aliases(self.arg(inst, 0));
            let once = self.is_used_once(b);
            match opcode {
                Opcode::Bnot if once => {
                    let code = match long {
                        true => Code::VEX_Andn_r64_r64_rm64,
                        false => Code::VEX_Andn_r32_r32_rm32,
                    };
                    let inverse = A::U(self.reg(inner), size);
                    let other = self.whole_rm(a, ty, size);
                    self.op(code, &[A::D(to, size), inverse, other]);
                    return true;
                }
                Opcode::Ineg
                    if once && inner == self.func.dfg.resolve_aliases(a) && ty.bits() >= 32 =>
                {
                    let code = match long {
                        true => Code::VEX_Blsi_r64_rm64,
                        false => Code::VEX_Blsi_r32_rm32,
                    };
                    let value = A::U(self.reg(inner), size);
                    self.op(code, &[A::D(to, size), value]);
                    return true;
                }
                _ => {}
            }
        }
        false
    }
}
