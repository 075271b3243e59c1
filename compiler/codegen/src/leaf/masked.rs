//! Selection for masks in registers of 512 bits.
//!
//! For MIR, and in Cranelift IR, a mask is a vector whose lanes are all ones or zeros. At 512 bits the machine compares into
//! registers of masks, a bit for each lane, and chooses by them. So such a value may be in two registers: its mask register
//! is made where it is compared, if somebody asks for it, and its vector from that, if somebody asks for that. Of masks that
//! come as vectors (loop-carried ones, for instance) the bits are taken where they are needed.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{Inst as ClifInst, InstructionData, Opcode, Value};
use iced_x86::Code;
use regalloc2::{RegClass, VReg};

use super::machine::{Condition, Size};
use super::select::{A, Maybe, Select, refuse};
use super::table::float_predicate;

/// Chains of operations on masks are followed so far.
const DEPTH: u32 = 8;

/// The bits of a vector's lanes, and the vector of a mask's bits.
fn conversions(lane: Type) -> (Code, Code) {
    match lane.bits() {
        8 => (Code::EVEX_Vpmovb2m_kr_zmm, Code::EVEX_Vpmovm2b_zmm_kr),
        16 => (Code::EVEX_Vpmovw2m_kr_zmm, Code::EVEX_Vpmovm2w_zmm_kr),
        32 => (Code::EVEX_Vpmovd2m_kr_zmm, Code::EVEX_Vpmovm2d_zmm_kr),
        _ => (Code::EVEX_Vpmovq2m_kr_zmm, Code::EVEX_Vpmovm2q_zmm_kr),
    }
}

/// Of two masks: for 8, 16, 32 and 64 lanes.
fn logic(opcode: Opcode, lanes: u32) -> Code {
    let codes = match opcode {
        Opcode::Band => [
            Code::VEX_Kandb_kr_kr_kr,
            Code::VEX_Kandw_kr_kr_kr,
            Code::VEX_Kandd_kr_kr_kr,
            Code::VEX_Kandq_kr_kr_kr,
        ],
        Opcode::Bor => [
            Code::VEX_Korb_kr_kr_kr,
            Code::VEX_Korw_kr_kr_kr,
            Code::VEX_Kord_kr_kr_kr,
            Code::VEX_Korq_kr_kr_kr,
        ],
        _ => [
            Code::VEX_Kxorb_kr_kr_kr,
            Code::VEX_Kxorw_kr_kr_kr,
            Code::VEX_Kxord_kr_kr_kr,
            Code::VEX_Kxorq_kr_kr_kr,
        ],
    };
    codes[at(lanes)]
}

fn at(lanes: u32) -> usize {
    (lanes.trailing_zeros() as usize).clamp(3, 6) - 3
}

/// The second where the mask is on, else the first.
fn blend(lane: Type) -> Code {
    match lane {
        types::I8 => Code::EVEX_Vpblendmb_zmm_k1z_zmm_zmmm512,
        types::I16 => Code::EVEX_Vpblendmw_zmm_k1z_zmm_zmmm512,
        types::I32 => Code::EVEX_Vpblendmd_zmm_k1z_zmm_zmmm512b32,
        types::F32 => Code::EVEX_Vblendmps_zmm_k1z_zmm_zmmm512b32,
        types::F64 => Code::EVEX_Vblendmpd_zmm_k1z_zmm_zmmm512b64,
        _ => Code::EVEX_Vpblendmq_zmm_k1z_zmm_zmmm512b64,
    }
}

/// A comparison of integers by a predicate.
fn compare_ints(lane: Type, signed: bool) -> Code {
    match (lane, signed) {
        (types::I8, true) => Code::EVEX_Vpcmpb_kr_k1_zmm_zmmm512_imm8,
        (types::I8, false) => Code::EVEX_Vpcmpub_kr_k1_zmm_zmmm512_imm8,
        (types::I16, true) => Code::EVEX_Vpcmpw_kr_k1_zmm_zmmm512_imm8,
        (types::I16, false) => Code::EVEX_Vpcmpuw_kr_k1_zmm_zmmm512_imm8,
        (types::I32, true) => Code::EVEX_Vpcmpd_kr_k1_zmm_zmmm512b32_imm8,
        (types::I32, false) => Code::EVEX_Vpcmpud_kr_k1_zmm_zmmm512b32_imm8,
        (_, true) => Code::EVEX_Vpcmpq_kr_k1_zmm_zmmm512b64_imm8,
        (_, false) => Code::EVEX_Vpcmpuq_kr_k1_zmm_zmmm512b64_imm8,
    }
}

/// A comparison of floats by a predicate.
fn compare_floats(lane: Type) -> Code {
    match lane {
        types::F32 => Code::EVEX_Vcmpps_kr_k1_zmm_zmmm512b32_imm8_sae,
        _ => Code::EVEX_Vcmppd_kr_k1_zmm_zmmm512b64_imm8_sae,
    }
}

/// The machine's number for a comparison of integers, and whether these have signs.
fn int_predicate(code: IntCC) -> (u8, bool) {
    match code {
        IntCC::Equal => (0, true),
        IntCC::NotEqual => (4, true),
        IntCC::SignedLessThan => (1, true),
        IntCC::SignedLessThanOrEqual => (2, true),
        IntCC::SignedGreaterThanOrEqual => (5, true),
        IntCC::SignedGreaterThan => (6, true),
        IntCC::UnsignedLessThan => (1, false),
        IntCC::UnsignedLessThanOrEqual => (2, false),
        IntCC::UnsignedGreaterThanOrEqual => (5, false),
        IntCC::UnsignedGreaterThan => (6, false),
    }
}

impl Select<'_> {
    /// A new mask register.
    pub fn mask(&mut self) -> VReg {
        self.fresh(RegClass::Vector)
    }

    /// Whether a value is made as a mask, or of such.
    fn makes_mask(&self, value: Value, lanes: u32, depth: u32) -> bool {
        let ty = self.ty(value);
        if depth == 0 || ty.bits() != 512 || ty.lane_count() != lanes {
            return false;
        }
        let Some((inst, opcode)) = self.def(value) else {
            return false;
        };
        let is_made = |at: usize| {
            let arg = self.without_casts(self.arg(inst, at));
            self.makes_mask(arg, lanes, depth - 1)
        };
        match opcode {
            Opcode::Icmp | Opcode::Fcmp => true,
            Opcode::Bnot => is_made(0),
            Opcode::Band | Opcode::Bor | Opcode::Bxor => is_made(0) || is_made(1),
            _ => false,
        }
    }

    /// The mask register of a mask for lanes of a type.
    pub fn mask_of(&mut self, value: Value, lane: Type) -> VReg {
        let lanes = 512 / lane.bits();
        let made = self.without_casts(value);
        if self.makes_mask(made, lanes, DEPTH) {
            return self.own_mask(made);
        }
        let vector = self.reg(value);
        self.signs(vector, lane)
    }

    /// A mask of the lanes whose highest bits are set.
    pub fn signs(&mut self, vector: VReg, lane: Type) -> VReg {
        let mask = self.mask();
        let args = [A::D(mask, Size::K), A::U(vector, Size::Z)];
        self.op(conversions(lane).0, &args);
        mask
    }

    /// The vector of a mask.
    fn vector_of(&mut self, to: VReg, mask: VReg, lane: Type) {
        let args = [A::D(to, Size::Z), A::U(mask, Size::K)];
        self.op(conversions(lane).1, &args);
    }

    /// Makes the instructions of an op that gives a mask, if there is somebody who wants it in a mask register, or if the
    /// machine has it in no other. Gives whether that is so.
    pub fn lower_mask(&mut self, inst: ClifInst, opcode: Opcode, ty: Type) -> Maybe<bool> {
        let result = self.func.dfg.first_result(inst);
        let compares = matches!(opcode, Opcode::Icmp | Opcode::Fcmp);
        let (lane, lanes) = (ty.lane_type(), ty.lane_count());
        let mask = match self.known_mask(result) {
            Some(mask) => mask,
            None if compares => self.mask(),
            None => return Ok(false),
        };
        let wants_vector = self.has_register(result);
        // What is made here comes first.
        let to = A::D(mask, Size::K);
        match (opcode, self.func.dfg.insts[inst]) {
            (_, InstructionData::IntCompare { args, cond, .. }) => {
                let (predicate, signed) = int_predicate(cond);
                let left = A::U(self.reg(args[0]), Size::Z);
                let right = self.rm(args[1], Size::Z);
                let code = compare_ints(self.ty(args[0]).lane_type(), signed);
                self.op(code, &[to, left, right, A::Imm8(predicate)]);
            }
            (_, InstructionData::FloatCompare { args, cond, .. }) => {
                let left = A::U(self.reg(args[0]), Size::Z);
                let right = self.rm(args[1], Size::Z);
                let code = compare_floats(self.ty(args[0]).lane_type());
                let predicate = A::Imm8(float_predicate(cond));
                self.op(code, &[to, left, right, predicate]);
            }
            (Opcode::Bnot, _) => {
                let arg = self.arg(inst, 0);
                let from = self.mask_of(arg, lane);
                let codes = [
                    Code::VEX_Knotb_kr_kr,
                    Code::VEX_Knotw_kr_kr,
                    Code::VEX_Knotd_kr_kr,
                    Code::VEX_Knotq_kr_kr,
                ];
                self.op(codes[at(lanes)], &[to, A::U(from, Size::K)]);
            }
            _ => {
                let [a, b] = [0, 1].map(|at| self.arg(inst, at));
                let (a, b) = (self.mask_of(a, lane), self.mask_of(b, lane));
                let args = [to, A::U(a, Size::K), A::U(b, Size::K)];
                self.op(logic(opcode, lanes), &args);
            }
        }
        if wants_vector {
            let vector = self.result(inst);
            self.vector_of(vector, mask, lane);
        }
        Ok(true)
    }

    /// The mask of two vectors of floats that are compared by a predicate.
    pub fn compared(&mut self, lane: Type, a: VReg, b: VReg, predicate: u8) -> VReg {
        let mask = self.mask();
        let args = [
            A::D(mask, Size::K),
            A::U(a, Size::Z),
            self.last(b, Size::Z),
            A::Imm8(predicate),
        ];
        self.op(compare_floats(lane), &args);
        mask
    }

    /// The same as a vector.
    pub fn compared_lanes(&mut self, lane: Type, to: VReg, a: VReg, b: VReg, predicate: u8) {
        let mask = self.compared(lane, a, b, predicate);
        self.vector_of(to, mask, lane);
    }

    /// The second where a mask is on, else the first.
    pub fn blend_masked(&mut self, lane: Type, to: VReg, mask: VReg, (other, then): (VReg, A)) {
        let args = [
            A::D(to, Size::Z),
            A::U(other, Size::Z),
            then,
            A::Mask(mask, false),
        ];
        self.op(blend(lane), &args);
    }

    /// A scalar condition, all ones or zeros in a general register, as a mask.
    pub fn mask_of_bits(&mut self, bits: VReg) -> VReg {
        let mask = self.mask();
        let args = [A::D(mask, Size::K), A::U(bits, Size::B8)];
        self.op(Code::VEX_Kmovq_kr_r64, &args);
        mask
    }

    /// Sets the flags for whether some lane is on, or every one.
    pub fn test_mask(&mut self, opcode: Opcode, arg: Value) -> Condition {
        let ty = self.ty(arg);
        let mask = self.mask_of(arg, ty.lane_type());
        let codes = [
            Code::VEX_Kortestb_kr_kr,
            Code::VEX_Kortestw_kr_kr,
            Code::VEX_Kortestd_kr_kr,
            Code::VEX_Kortestq_kr_kr,
        ];
        let args = [A::U(mask, Size::K), A::U(mask, Size::K)];
        self.op(codes[at(ty.lane_count())], &args);
        match opcode {
            Opcode::VanyTrue => Condition::NotEqual,
            // All bits are set: carry.
            _ => Condition::Below,
        }
    }

    /// Floats to integers of as many bits: saturating, NaN is 0.
    pub fn floats_to_ints(&mut self, to: VReg, value: Value, unsigned: bool) -> Maybe<()> {
        let z = Size::Z;
        let lane = self.ty(value).lane_type();
        let single = lane == types::F32;
        let value = self.reg(value);
        if unsigned {
            let (most, convert) = match single {
                true => (
                    Code::EVEX_Vmaxps_zmm_k1z_zmm_zmmm512b32_sae,
                    Code::EVEX_Vcvttps2udq_zmm_k1z_zmmm512b32_sae,
                ),
                false => (
                    Code::EVEX_Vmaxpd_zmm_k1z_zmm_zmmm512b64_sae,
                    Code::EVEX_Vcvttpd2uqq_zmm_k1z_zmmm512b64_sae,
                ),
            };
            // Of a NaN and a number this gives the second. Too large gives all ones.
            let (zero, number) = (self.every(&[0], z), self.vector());
            let zero = self.last(zero, z);
            self.op(most, &[A::D(number, z), A::U(value, z), zero]);
            self.op(convert, &[A::D(to, z), A::U(number, z)]);
            return Ok(());
        }
        let (limit, largest, convert, ints) = match single {
            true => (
                2_147_483_648f32.to_le_bytes().to_vec(),
                i32::MAX.to_le_bytes().to_vec(),
                Code::EVEX_Vcvttps2dq_zmm_k1z_zmmm512b32_sae,
                types::I32,
            ),
            false => (
                9_223_372_036_854_775_808f64.to_le_bytes().to_vec(),
                i64::MAX.to_le_bytes().to_vec(),
                Code::EVEX_Vcvttpd2qq_zmm_k1z_zmmm512b64_sae,
                types::I64,
            ),
        };
        let ordered = self.compared(lane, value, value, 7);
        let raw = self.vector();
        let args = [A::D(raw, z), A::U(value, z), A::Mask(ordered, true)];
        self.op(convert, &args);
        // Too small gives the smallest, and so does too large.
        let limit = self.every(&limit, z);
        let above = self.compared(lane, value, limit, 0x1d);
        let largest = self.every(&largest, z);
        let largest = self.last(largest, z);
        self.blend_masked(ints, to, above, (raw, largest));
        Ok(())
    }

    /// Doubles to integers of 32 bits in half a register: saturating, NaN is 0.
    pub fn doubles_to_half(&mut self, to: VReg, value: Value, unsigned: bool) {
        let z = Size::Z;
        let value = self.reg(value);
        let number = self.vector();
        if unsigned {
            let zero = self.every(&[0], z);
            let args = [A::D(number, z), A::U(value, z), self.last(zero, z)];
            self.op(Code::EVEX_Vmaxpd_zmm_k1z_zmm_zmmm512b64_sae, &args);
            let args = [A::D(to, Size::Y), A::U(number, z)];
            self.op(Code::EVEX_Vcvttpd2udq_ymm_k1z_zmmm512b64_sae, &args);
            return;
        }
        let ordered = self.compared(types::F64, value, value, 7);
        let limit = self.every(&2_147_483_647f64.to_le_bytes(), z);
        let args = [A::D(number, z), A::U(value, z), self.last(limit, z)];
        self.op(Code::EVEX_Vminpd_zmm_k1z_zmm_zmmm512b64_sae, &args);
        let args = [A::D(to, Size::Y), A::U(number, z), A::Mask(ordered, true)];
        self.op(Code::EVEX_Vcvttpd2dq_ymm_k1z_zmmm512b64_sae, &args);
    }

    /// Lanes of half the width: the low bits of each.
    pub fn truncated(&mut self, to: VReg, from: VReg, lane: Type) -> Maybe<()> {
        let code = match lane {
            types::I32 => Code::EVEX_Vpmovqd_ymmm256_k1z_zmm,
            types::I16 => Code::EVEX_Vpmovdw_ymmm256_k1z_zmm,
            types::I8 => Code::EVEX_Vpmovwb_ymmm256_k1z_zmm,
            _ => return refuse(format!("lanes of {lane}")),
        };
        self.op(code, &[A::D(to, Size::Y), A::U(from, Size::Z)]);
        Ok(())
    }
}
