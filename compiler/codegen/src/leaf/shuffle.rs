//! Selection for what moves lanes: one to all, one in and out, halves, and any order.

use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{Inst as ClifInst, InstructionData, Opcode, Value};
use iced_x86::Code;
use regalloc2::VReg;

use super::machine::Size;
use super::select::{A, Maybe, Select, refuse};
use super::table::{self, of};

impl Select<'_> {
    pub fn splat(&mut self, ty: Type, size: Size, to: VReg, value: Value) -> Maybe<()> {
        let lane = ty.lane_type();
        if let Some(address) = self.folded(value) {
            let code = of(table::broadcast_memory(lane), size);
            self.op(code, &[A::D(to, size), A::M(address)]);
            return Ok(());
        }
        let mut low = self.reg(value);
        if lane.is_int() && size == Size::Z {
            let (code, part) = match lane {
                types::I64 => (Code::EVEX_Vpbroadcastq_zmm_k1z_r64, Size::B8),
                types::I32 => (Code::EVEX_Vpbroadcastd_zmm_k1z_r32, Size::B4),
                types::I16 => (Code::EVEX_Vpbroadcastw_zmm_k1z_r32, Size::B4),
                _ => (Code::EVEX_Vpbroadcastb_zmm_k1z_r32, Size::B4),
            };
            self.op(code, &[A::D(to, size), A::U(low, part)]);
            return Ok(());
        }
        if lane.is_int() {
            let register = self.vector();
            let (code, part) = match lane {
                types::I64 => (Code::VEX_Vmovq_xmm_rm64, Size::B8),
                _ => (Code::VEX_Vmovd_xmm_rm32, Size::B4),
            };
            self.op(code, &[A::D(register, Size::X), A::U(low, part)]);
            low = register;
        }
        let code = of(table::broadcast(lane), size);
        self.op(code, &[A::D(to, size), A::U(low, Size::X)]);
        Ok(())
    }

    fn lane_number(&self, inst: ClifInst) -> Maybe<u8> {
        match self.func.dfg.insts[inst] {
            InstructionData::BinaryImm8 { imm, .. } | InstructionData::TernaryImm8 { imm, .. } => {
                Ok(imm)
            }
            _ => refuse("a lane without a number"),
        }
    }

    pub fn insert(&mut self, inst: ClifInst, ty: Type, to: VReg, args: &[Value]) -> Maybe<()> {
        let at = self.lane_number(inst)?;
        if ty.bits() != 128 {
            return refuse("insertlane");
        }
        let x = Size::X;
        let vector = A::U(self.reg(args[0]), x);
        let to = A::D(to, x);
        let (code, size, imm) = match ty.lane_type() {
            types::I8 => (Code::VEX_Vpinsrb_xmm_xmm_r32m8_imm8, Size::B4, at),
            types::I16 => (Code::VEX_Vpinsrw_xmm_xmm_r32m16_imm8, Size::B4, at),
            types::I32 => (Code::VEX_Vpinsrd_xmm_xmm_rm32_imm8, Size::B4, at),
            types::I64 => (Code::VEX_Vpinsrq_xmm_xmm_rm64_imm8, Size::B8, at),
            types::F32 => (Code::VEX_Vinsertps_xmm_xmm_xmmm32_imm8, x, at << 4),
            _ => {
                let (code, value) = match (self.folded(args[1]), at) {
                    (Some(address), 0) => (Code::VEX_Vmovlpd_xmm_xmm_m64, A::M(address)),
                    (Some(address), _) => (Code::VEX_Vmovhpd_xmm_xmm_m64, A::M(address)),
                    (None, 0) => (Code::VEX_Vmovsd_xmm_xmm_xmm, A::U(self.reg(args[1]), x)),
                    (None, _) => {
                        let value = A::U(self.reg(args[1]), x);
                        (Code::VEX_Vunpcklpd_xmm_xmm_xmmm128, value)
                    }
                };
                self.op(code, &[to, vector, value]);
                return Ok(());
            }
        };
        let value = self.rm(args[1], size);
        self.op(code, &[to, vector, value, A::Imm8(imm)]);
        Ok(())
    }

    /// A float as the first of lanes, zeros as the others.
    pub fn float_to_vector(&mut self, to: VReg, value: Value) {
        let x = Size::X;
        let to = A::D(to, x);
        let is_long = self.ty(value) == types::F64;
        match (self.folded(value), is_long) {
            (Some(at), true) => self.op(Code::VEX_Vmovsd_xmm_m64, &[to, A::M(at)]),
            (Some(at), false) => self.op(Code::VEX_Vmovss_xmm_m32, &[to, A::M(at)]),
            (None, true) => {
                let from = A::U(self.reg(value), x);
                self.op(Code::VEX_Vmovq_xmm_xmmm64, &[to, from]);
            }
            (None, false) => {
                let from = A::U(self.reg(value), x);
                self.op(
                    Code::VEX_Vinsertps_xmm_xmm_xmmm32_imm8,
                    &[to, from, from, A::Imm8(0b1110)],
                );
            }
        }
    }

    /// The high half of a register of 256 bits.
    pub fn high_half(&mut self, part: VReg) -> VReg {
        let to = self.vector();
        let code = Code::VEX_Vextracti128_xmmm128_ymm_imm8;
        self.op(code, &[A::D(to, Size::X), A::U(part, Size::Y), A::Imm8(1)]);
        to
    }

    pub fn extract(&mut self, inst: ClifInst, ty: Type, to: VReg, value: Value) -> Maybe<()> {
        let mut at = u32::from(self.lane_number(inst)?);
        let from = self.ty(value);
        let mut part = self.reg(value);
        let per = 128 / ty.bits();
        if from.bits() == 512 && at >= per {
            return refuse("extractlane");
        }
        if from.bits() == 256 && at >= per {
            part = self.high_half(part);
            at -= per;
        }
        let x = Size::X;
        let at = at as u8;
        let (code, size) = match ty {
            types::I8 => (Code::VEX_Vpextrb_r32m8_xmm_imm8, Size::B4),
            types::I16 => (Code::VEX_Vpextrw_r32_xmm_imm8, Size::B4),
            types::I32 => (Code::VEX_Vpextrd_rm32_xmm_imm8, Size::B4),
            types::I64 => (Code::VEX_Vpextrq_rm64_xmm_imm8, Size::B8),
            types::F32 => (Code::VEX_Vpermilps_xmm_xmmm128_imm8, x),
            _ => (Code::VEX_Vpermilpd_xmm_xmmm128_imm8, x),
        };
        self.op(code, &[A::D(to, size), A::U(part, x), A::Imm8(at)]);
        Ok(())
    }

    pub fn shuffle(&mut self, inst: ClifInst, to: VReg, args: &[Value]) -> Maybe<()> {
        let InstructionData::Shuffle { imm, .. } = self.func.dfg.insts[inst] else {
            return refuse("a shuffle");
        };
        let bytes = self
            .func
            .dfg
            .immediates
            .get(imm)
            .map(|data| data.as_slice().to_vec());
        let Some(bytes) = bytes.filter(|bytes| bytes.len() == 16) else {
            return refuse("a shuffle");
        };
        let x = Size::X;
        let (a, b) = (self.reg(args[0]), self.reg(args[1]));
        let words = words_of(&bytes);
        let alone = a == b;
        if let Some(words) = words {
            let imm = words.iter().enumerate();
            let imm = imm.fold(0, |imm, (at, word)| imm | (word % 4) << (2 * at));
            let from = |at: usize| words[at] / 4;
            if alone || words.iter().all(|word| *word < 4) {
                let args = [A::D(to, x), A::U(a, x), A::Imm8(imm)];
                self.op(Code::VEX_Vpshufd_xmm_xmmm128_imm8, &args);
                return Ok(());
            }
            let code = match words {
                [0, 1, 4, 5] => Some(Code::VEX_Vunpcklpd_xmm_xmm_xmmm128),
                [2, 3, 6, 7] => Some(Code::VEX_Vunpckhpd_xmm_xmm_xmmm128),
                [0, 4, 1, 5] => Some(Code::VEX_Vunpcklps_xmm_xmm_xmmm128),
                [2, 6, 3, 7] => Some(Code::VEX_Vunpckhps_xmm_xmm_xmmm128),
                _ => None,
            };
            if let Some(code) = code {
                self.op(code, &[A::D(to, x), A::U(a, x), A::U(b, x)]);
                return Ok(());
            }
            if (from(0), from(1), from(2), from(3)) == (0, 0, 1, 1) {
                let args = [A::D(to, x), A::U(a, x), A::U(b, x), A::Imm8(imm)];
                self.op(Code::VEX_Vshufps_xmm_xmm_xmmm128_imm8, &args);
                return Ok(());
            }
        }
        let shuffle = Some((
            Code::VEX_Vpshufb_xmm_xmm_xmmm128,
            Code::VEX_Vpshufb_ymm_ymm_ymmm256,
        ));
        if alone {
            let bytes: Vec<u8> = bytes.iter().map(|byte| byte % 16).collect();
            let order = self.constant_register(bytes);
            self.pair(shuffle, x, to, a, order);
            return Ok(());
        }
        // Bytes that come from the other operand are 0.
        let pick = |wanted: u8| -> Vec<u8> {
            let pick = |byte: &u8| if byte / 16 == wanted { byte % 16 } else { 0x80 };
            bytes.iter().map(pick).collect()
        };
        let (first, second) = (
            self.constant_register(pick(0)),
            self.constant_register(pick(1)),
        );
        let first = self.made(shuffle, x, a, first);
        let second = self.made(shuffle, x, b, second);
        self.pair(table::binary(Opcode::Bor, types::I64), x, to, first, second);
        Ok(())
    }
}

/// A shuffle of bytes as one of words of 32 bits.
fn words_of(bytes: &[u8]) -> Option<[u8; 4]> {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks(4)) {
        let first = bytes[0];
        let whole = bytes
            .iter()
            .enumerate()
            .all(|(at, byte)| *byte == first + at as u8);
        if !whole || first % 4 != 0 {
            return None;
        }
        *word = first / 4;
    }
    Some(words)
}
