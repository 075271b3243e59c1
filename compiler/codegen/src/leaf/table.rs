//! The tables of instruction selection: which instruction does an op on lanes of a type, in registers of 128 and of 256
//! bits. For those of 512 bits see [`evex`].

use cranelift_codegen::ir::Opcode;
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::types::{self, Type};
use iced_x86::Code;

use super::evex;
use super::machine::{Condition, Size};

/// An instruction for both sizes of registers.
pub type Pair = (Code, Code);

/// The one for this size; `Code::INVALID` if there is none.
pub fn of(pair: Pair, size: Size) -> Code {
    match size {
        Size::Z => evex::widened(pair.1),
        Size::Y => pair.1,
        _ => pair.0,
    }
}

/// Instructions of two operands.
pub fn binary(opcode: Opcode, lane: Type) -> Option<Pair> {
    Some(match (opcode, lane) {
        (Opcode::Iadd, types::I8) => (
            Code::VEX_Vpaddb_xmm_xmm_xmmm128,
            Code::VEX_Vpaddb_ymm_ymm_ymmm256,
        ),
        (Opcode::Iadd, types::I16) => (
            Code::VEX_Vpaddw_xmm_xmm_xmmm128,
            Code::VEX_Vpaddw_ymm_ymm_ymmm256,
        ),
        (Opcode::Iadd, types::I32) => (
            Code::VEX_Vpaddd_xmm_xmm_xmmm128,
            Code::VEX_Vpaddd_ymm_ymm_ymmm256,
        ),
        (Opcode::Iadd, types::I64) => (
            Code::VEX_Vpaddq_xmm_xmm_xmmm128,
            Code::VEX_Vpaddq_ymm_ymm_ymmm256,
        ),
        (Opcode::Isub, types::I8) => (
            Code::VEX_Vpsubb_xmm_xmm_xmmm128,
            Code::VEX_Vpsubb_ymm_ymm_ymmm256,
        ),
        (Opcode::Isub, types::I16) => (
            Code::VEX_Vpsubw_xmm_xmm_xmmm128,
            Code::VEX_Vpsubw_ymm_ymm_ymmm256,
        ),
        (Opcode::Isub, types::I32) => (
            Code::VEX_Vpsubd_xmm_xmm_xmmm128,
            Code::VEX_Vpsubd_ymm_ymm_ymmm256,
        ),
        (Opcode::Isub, types::I64) => (
            Code::VEX_Vpsubq_xmm_xmm_xmmm128,
            Code::VEX_Vpsubq_ymm_ymm_ymmm256,
        ),
        (Opcode::Imul, types::I16) => (
            Code::VEX_Vpmullw_xmm_xmm_xmmm128,
            Code::VEX_Vpmullw_ymm_ymm_ymmm256,
        ),
        (Opcode::Imul, types::I32) => (
            Code::VEX_Vpmulld_xmm_xmm_xmmm128,
            Code::VEX_Vpmulld_ymm_ymm_ymmm256,
        ),
        (Opcode::Smin, types::I8) => (
            Code::VEX_Vpminsb_xmm_xmm_xmmm128,
            Code::VEX_Vpminsb_ymm_ymm_ymmm256,
        ),
        (Opcode::Smin, types::I16) => (
            Code::VEX_Vpminsw_xmm_xmm_xmmm128,
            Code::VEX_Vpminsw_ymm_ymm_ymmm256,
        ),
        (Opcode::Smin, types::I32) => (
            Code::VEX_Vpminsd_xmm_xmm_xmmm128,
            Code::VEX_Vpminsd_ymm_ymm_ymmm256,
        ),
        (Opcode::Smax, types::I8) => (
            Code::VEX_Vpmaxsb_xmm_xmm_xmmm128,
            Code::VEX_Vpmaxsb_ymm_ymm_ymmm256,
        ),
        (Opcode::Smax, types::I16) => (
            Code::VEX_Vpmaxsw_xmm_xmm_xmmm128,
            Code::VEX_Vpmaxsw_ymm_ymm_ymmm256,
        ),
        (Opcode::Smax, types::I32) => (
            Code::VEX_Vpmaxsd_xmm_xmm_xmmm128,
            Code::VEX_Vpmaxsd_ymm_ymm_ymmm256,
        ),
        (Opcode::Umin, types::I8) => (
            Code::VEX_Vpminub_xmm_xmm_xmmm128,
            Code::VEX_Vpminub_ymm_ymm_ymmm256,
        ),
        (Opcode::Umin, types::I16) => (
            Code::VEX_Vpminuw_xmm_xmm_xmmm128,
            Code::VEX_Vpminuw_ymm_ymm_ymmm256,
        ),
        (Opcode::Umin, types::I32) => (
            Code::VEX_Vpminud_xmm_xmm_xmmm128,
            Code::VEX_Vpminud_ymm_ymm_ymmm256,
        ),
        (Opcode::Umax, types::I8) => (
            Code::VEX_Vpmaxub_xmm_xmm_xmmm128,
            Code::VEX_Vpmaxub_ymm_ymm_ymmm256,
        ),
        (Opcode::Umax, types::I16) => (
            Code::VEX_Vpmaxuw_xmm_xmm_xmmm128,
            Code::VEX_Vpmaxuw_ymm_ymm_ymmm256,
        ),
        (Opcode::Umax, types::I32) => (
            Code::VEX_Vpmaxud_xmm_xmm_xmmm128,
            Code::VEX_Vpmaxud_ymm_ymm_ymmm256,
        ),
        (Opcode::Fadd, types::F32) => (
            Code::VEX_Vaddps_xmm_xmm_xmmm128,
            Code::VEX_Vaddps_ymm_ymm_ymmm256,
        ),
        (Opcode::Fadd, types::F64) => (
            Code::VEX_Vaddpd_xmm_xmm_xmmm128,
            Code::VEX_Vaddpd_ymm_ymm_ymmm256,
        ),
        (Opcode::Fsub, types::F32) => (
            Code::VEX_Vsubps_xmm_xmm_xmmm128,
            Code::VEX_Vsubps_ymm_ymm_ymmm256,
        ),
        (Opcode::Fsub, types::F64) => (
            Code::VEX_Vsubpd_xmm_xmm_xmmm128,
            Code::VEX_Vsubpd_ymm_ymm_ymmm256,
        ),
        (Opcode::Fmul, types::F32) => (
            Code::VEX_Vmulps_xmm_xmm_xmmm128,
            Code::VEX_Vmulps_ymm_ymm_ymmm256,
        ),
        (Opcode::Fmul, types::F64) => (
            Code::VEX_Vmulpd_xmm_xmm_xmmm128,
            Code::VEX_Vmulpd_ymm_ymm_ymmm256,
        ),
        (Opcode::Fdiv, types::F32) => (
            Code::VEX_Vdivps_xmm_xmm_xmmm128,
            Code::VEX_Vdivps_ymm_ymm_ymmm256,
        ),
        (Opcode::Fdiv, types::F64) => (
            Code::VEX_Vdivpd_xmm_xmm_xmmm128,
            Code::VEX_Vdivpd_ymm_ymm_ymmm256,
        ),
        (Opcode::Band, types::F32) => (
            Code::VEX_Vandps_xmm_xmm_xmmm128,
            Code::VEX_Vandps_ymm_ymm_ymmm256,
        ),
        (Opcode::Band, types::F64) => (
            Code::VEX_Vandpd_xmm_xmm_xmmm128,
            Code::VEX_Vandpd_ymm_ymm_ymmm256,
        ),
        (Opcode::Band, _) => (
            Code::VEX_Vpand_xmm_xmm_xmmm128,
            Code::VEX_Vpand_ymm_ymm_ymmm256,
        ),
        (Opcode::Bor, types::F32) => (
            Code::VEX_Vorps_xmm_xmm_xmmm128,
            Code::VEX_Vorps_ymm_ymm_ymmm256,
        ),
        (Opcode::Bor, types::F64) => (
            Code::VEX_Vorpd_xmm_xmm_xmmm128,
            Code::VEX_Vorpd_ymm_ymm_ymmm256,
        ),
        (Opcode::Bor, _) => (
            Code::VEX_Vpor_xmm_xmm_xmmm128,
            Code::VEX_Vpor_ymm_ymm_ymmm256,
        ),
        (Opcode::Bxor, types::F32) => (
            Code::VEX_Vxorps_xmm_xmm_xmmm128,
            Code::VEX_Vxorps_ymm_ymm_ymmm256,
        ),
        (Opcode::Bxor, types::F64) => (
            Code::VEX_Vxorpd_xmm_xmm_xmmm128,
            Code::VEX_Vxorpd_ymm_ymm_ymmm256,
        ),
        (Opcode::Bxor, _) => (
            Code::VEX_Vpxor_xmm_xmm_xmmm128,
            Code::VEX_Vpxor_ymm_ymm_ymmm256,
        ),
        _ => return None,
    })
}

/// Instructions of one operand.
pub fn unary(opcode: Opcode, lane: Type) -> Option<Pair> {
    Some(match (opcode, lane) {
        (Opcode::Iabs, types::I8) => (Code::VEX_Vpabsb_xmm_xmmm128, Code::VEX_Vpabsb_ymm_ymmm256),
        (Opcode::Iabs, types::I16) => (Code::VEX_Vpabsw_xmm_xmmm128, Code::VEX_Vpabsw_ymm_ymmm256),
        (Opcode::Iabs, types::I32) => (Code::VEX_Vpabsd_xmm_xmmm128, Code::VEX_Vpabsd_ymm_ymmm256),
        (Opcode::Sqrt, types::F32) => {
            (Code::VEX_Vsqrtps_xmm_xmmm128, Code::VEX_Vsqrtps_ymm_ymmm256)
        }
        (Opcode::Sqrt, types::F64) => {
            (Code::VEX_Vsqrtpd_xmm_xmmm128, Code::VEX_Vsqrtpd_ymm_ymmm256)
        }
        _ => return None,
    })
}

/// Equal lanes.
pub fn equal(lane: Type) -> Pair {
    match lane {
        types::I8 => (
            Code::VEX_Vpcmpeqb_xmm_xmm_xmmm128,
            Code::VEX_Vpcmpeqb_ymm_ymm_ymmm256,
        ),
        types::I16 => (
            Code::VEX_Vpcmpeqw_xmm_xmm_xmmm128,
            Code::VEX_Vpcmpeqw_ymm_ymm_ymmm256,
        ),
        types::I32 => (
            Code::VEX_Vpcmpeqd_xmm_xmm_xmmm128,
            Code::VEX_Vpcmpeqd_ymm_ymm_ymmm256,
        ),
        _ => (
            Code::VEX_Vpcmpeqq_xmm_xmm_xmmm128,
            Code::VEX_Vpcmpeqq_ymm_ymm_ymmm256,
        ),
    }
}

/// Greater lanes, with a sign.
pub fn greater(lane: Type) -> Pair {
    match lane {
        types::I8 => (
            Code::VEX_Vpcmpgtb_xmm_xmm_xmmm128,
            Code::VEX_Vpcmpgtb_ymm_ymm_ymmm256,
        ),
        types::I16 => (
            Code::VEX_Vpcmpgtw_xmm_xmm_xmmm128,
            Code::VEX_Vpcmpgtw_ymm_ymm_ymmm256,
        ),
        types::I32 => (
            Code::VEX_Vpcmpgtd_xmm_xmm_xmmm128,
            Code::VEX_Vpcmpgtd_ymm_ymm_ymmm256,
        ),
        _ => (
            Code::VEX_Vpcmpgtq_xmm_xmm_xmmm128,
            Code::VEX_Vpcmpgtq_ymm_ymm_ymmm256,
        ),
    }
}

/// Differences.
pub fn subtract(lane: Type) -> Pair {
    match lane {
        types::I8 => (
            Code::VEX_Vpsubb_xmm_xmm_xmmm128,
            Code::VEX_Vpsubb_ymm_ymm_ymmm256,
        ),
        types::I16 => (
            Code::VEX_Vpsubw_xmm_xmm_xmmm128,
            Code::VEX_Vpsubw_ymm_ymm_ymmm256,
        ),
        types::I32 => (
            Code::VEX_Vpsubd_xmm_xmm_xmmm128,
            Code::VEX_Vpsubd_ymm_ymm_ymmm256,
        ),
        _ => (
            Code::VEX_Vpsubq_xmm_xmm_xmmm128,
            Code::VEX_Vpsubq_ymm_ymm_ymmm256,
        ),
    }
}

/// The larger, without a sign.
pub fn max_unsigned(lane: Type) -> Pair {
    match lane {
        types::I8 => (
            Code::VEX_Vpmaxub_xmm_xmm_xmmm128,
            Code::VEX_Vpmaxub_ymm_ymm_ymmm256,
        ),
        types::I16 => (
            Code::VEX_Vpmaxuw_xmm_xmm_xmmm128,
            Code::VEX_Vpmaxuw_ymm_ymm_ymmm256,
        ),
        _ => (
            Code::VEX_Vpmaxud_xmm_xmm_xmmm128,
            Code::VEX_Vpmaxud_ymm_ymm_ymmm256,
        ),
    }
}

/// The smaller, without a sign.
pub fn min_unsigned(lane: Type) -> Pair {
    match lane {
        types::I8 => (
            Code::VEX_Vpminub_xmm_xmm_xmmm128,
            Code::VEX_Vpminub_ymm_ymm_ymmm256,
        ),
        types::I16 => (
            Code::VEX_Vpminuw_xmm_xmm_xmmm128,
            Code::VEX_Vpminuw_ymm_ymm_ymmm256,
        ),
        _ => (
            Code::VEX_Vpminud_xmm_xmm_xmmm128,
            Code::VEX_Vpminud_ymm_ymm_ymmm256,
        ),
    }
}

/// The first operand if it is smaller, or larger, than the second one, else that.
pub fn float_extreme(is_smaller: bool, ty: Type) -> Code {
    match (is_smaller, ty == types::F32) {
        (true, true) => Code::VEX_Vminss_xmm_xmm_xmmm32,
        (true, false) => Code::VEX_Vminsd_xmm_xmm_xmmm64,
        (false, true) => Code::VEX_Vmaxss_xmm_xmm_xmmm32,
        (false, false) => Code::VEX_Vmaxsd_xmm_xmm_xmmm64,
    }
}

/// The smaller or larger float, as the machine has it.
pub fn machine_extreme(is_min: bool, single: bool) -> Pair {
    match (is_min, single) {
        (true, true) => (
            Code::VEX_Vminps_xmm_xmm_xmmm128,
            Code::VEX_Vminps_ymm_ymm_ymmm256,
        ),
        (true, false) => (
            Code::VEX_Vminpd_xmm_xmm_xmmm128,
            Code::VEX_Vminpd_ymm_ymm_ymmm256,
        ),
        (false, true) => (
            Code::VEX_Vmaxps_xmm_xmm_xmmm128,
            Code::VEX_Vmaxps_ymm_ymm_ymmm256,
        ),
        (false, false) => (
            Code::VEX_Vmaxpd_xmm_xmm_xmmm128,
            Code::VEX_Vmaxpd_ymm_ymm_ymmm256,
        ),
    }
}

/// The second where the third is on, else the first.
pub fn blend(lane: Type) -> Pair {
    match lane {
        types::F32 | types::I32 => (
            Code::VEX_Vblendvps_xmm_xmm_xmmm128_xmm,
            Code::VEX_Vblendvps_ymm_ymm_ymmm256_ymm,
        ),
        types::F64 | types::I64 => (
            Code::VEX_Vblendvpd_xmm_xmm_xmmm128_xmm,
            Code::VEX_Vblendvpd_ymm_ymm_ymmm256_ymm,
        ),
        _ => (
            Code::VEX_Vpblendvb_xmm_xmm_xmmm128_xmm,
            Code::VEX_Vpblendvb_ymm_ymm_ymmm256_ymm,
        ),
    }
}

/// Comparison by a predicate.
pub fn compare_floats(lane: Type) -> Pair {
    match lane {
        types::F32 => (
            Code::VEX_Vcmpps_xmm_xmm_xmmm128_imm8,
            Code::VEX_Vcmpps_ymm_ymm_ymmm256_imm8,
        ),
        _ => (
            Code::VEX_Vcmppd_xmm_xmm_xmmm128_imm8,
            Code::VEX_Vcmppd_ymm_ymm_ymmm256_imm8,
        ),
    }
}

/// Rounding to an integer.
pub fn round(lane: Type) -> Pair {
    match lane {
        types::F32 => (
            Code::VEX_Vroundps_xmm_xmmm128_imm8,
            Code::VEX_Vroundps_ymm_ymmm256_imm8,
        ),
        _ => (
            Code::VEX_Vroundpd_xmm_xmmm128_imm8,
            Code::VEX_Vroundpd_ymm_ymmm256_imm8,
        ),
    }
}

/// Shifts by a constant; of lanes of 64 bits the arithmetic one does not exist.
pub fn shift_lanes(opcode: Opcode, lane: Type) -> Option<Pair> {
    Some(match (opcode, lane) {
        (Opcode::Ishl, types::I16) => {
            (Code::VEX_Vpsllw_xmm_xmm_imm8, Code::VEX_Vpsllw_ymm_ymm_imm8)
        }
        (Opcode::Ishl, types::I32) => {
            (Code::VEX_Vpslld_xmm_xmm_imm8, Code::VEX_Vpslld_ymm_ymm_imm8)
        }
        (Opcode::Ishl, types::I64) => {
            (Code::VEX_Vpsllq_xmm_xmm_imm8, Code::VEX_Vpsllq_ymm_ymm_imm8)
        }
        (Opcode::Ushr, types::I16) => {
            (Code::VEX_Vpsrlw_xmm_xmm_imm8, Code::VEX_Vpsrlw_ymm_ymm_imm8)
        }
        (Opcode::Ushr, types::I32) => {
            (Code::VEX_Vpsrld_xmm_xmm_imm8, Code::VEX_Vpsrld_ymm_ymm_imm8)
        }
        (Opcode::Ushr, types::I64) => {
            (Code::VEX_Vpsrlq_xmm_xmm_imm8, Code::VEX_Vpsrlq_ymm_ymm_imm8)
        }
        (Opcode::Sshr, types::I16) => {
            (Code::VEX_Vpsraw_xmm_xmm_imm8, Code::VEX_Vpsraw_ymm_ymm_imm8)
        }
        (Opcode::Sshr, types::I32) => {
            (Code::VEX_Vpsrad_xmm_xmm_imm8, Code::VEX_Vpsrad_ymm_ymm_imm8)
        }
        _ => return None,
    })
}

/// Shifts by the low lane of a register.
pub fn shift_lanes_by(opcode: Opcode, lane: Type) -> Option<Pair> {
    Some(match (opcode, lane) {
        (Opcode::Ishl, types::I16) => (
            Code::VEX_Vpsllw_xmm_xmm_xmmm128,
            Code::VEX_Vpsllw_ymm_ymm_xmmm128,
        ),
        (Opcode::Ishl, types::I32) => (
            Code::VEX_Vpslld_xmm_xmm_xmmm128,
            Code::VEX_Vpslld_ymm_ymm_xmmm128,
        ),
        (Opcode::Ishl, types::I64) => (
            Code::VEX_Vpsllq_xmm_xmm_xmmm128,
            Code::VEX_Vpsllq_ymm_ymm_xmmm128,
        ),
        (Opcode::Ushr, types::I16) => (
            Code::VEX_Vpsrlw_xmm_xmm_xmmm128,
            Code::VEX_Vpsrlw_ymm_ymm_xmmm128,
        ),
        (Opcode::Ushr, types::I32) => (
            Code::VEX_Vpsrld_xmm_xmm_xmmm128,
            Code::VEX_Vpsrld_ymm_ymm_xmmm128,
        ),
        (Opcode::Ushr, types::I64) => (
            Code::VEX_Vpsrlq_xmm_xmm_xmmm128,
            Code::VEX_Vpsrlq_ymm_ymm_xmmm128,
        ),
        (Opcode::Sshr, types::I16) => (
            Code::VEX_Vpsraw_xmm_xmm_xmmm128,
            Code::VEX_Vpsraw_ymm_ymm_xmmm128,
        ),
        (Opcode::Sshr, types::I32) => (
            Code::VEX_Vpsrad_xmm_xmm_xmmm128,
            Code::VEX_Vpsrad_ymm_ymm_xmmm128,
        ),
        _ => return None,
    })
}

/// Lanes of twice the width: from a register of 128 bits.
pub fn widen(from: Type, to: Type, signed: bool) -> Pair {
    match (from, to, signed) {
        (types::I8, types::I16, true) => (
            Code::VEX_Vpmovsxbw_xmm_xmmm64,
            Code::VEX_Vpmovsxbw_ymm_xmmm128,
        ),
        (types::I8, types::I16, false) => (
            Code::VEX_Vpmovzxbw_xmm_xmmm64,
            Code::VEX_Vpmovzxbw_ymm_xmmm128,
        ),
        (types::I8, types::I32, true) => (
            Code::VEX_Vpmovsxbd_xmm_xmmm32,
            Code::VEX_Vpmovsxbd_ymm_xmmm64,
        ),
        (types::I8, types::I32, false) => (
            Code::VEX_Vpmovzxbd_xmm_xmmm32,
            Code::VEX_Vpmovzxbd_ymm_xmmm64,
        ),
        (types::I16, types::I32, true) => (
            Code::VEX_Vpmovsxwd_xmm_xmmm64,
            Code::VEX_Vpmovsxwd_ymm_xmmm128,
        ),
        (types::I16, types::I32, false) => (
            Code::VEX_Vpmovzxwd_xmm_xmmm64,
            Code::VEX_Vpmovzxwd_ymm_xmmm128,
        ),
        (types::I16, types::I64, true) => (
            Code::VEX_Vpmovsxwq_xmm_xmmm32,
            Code::VEX_Vpmovsxwq_ymm_xmmm64,
        ),
        (types::I16, types::I64, false) => (
            Code::VEX_Vpmovzxwq_xmm_xmmm32,
            Code::VEX_Vpmovzxwq_ymm_xmmm64,
        ),
        (_, _, true) => (
            Code::VEX_Vpmovsxdq_xmm_xmmm64,
            Code::VEX_Vpmovsxdq_ymm_xmmm128,
        ),
        (_, _, false) => (
            Code::VEX_Vpmovzxdq_xmm_xmmm64,
            Code::VEX_Vpmovzxdq_ymm_xmmm128,
        ),
    }
}

/// The same scalar in every lane, from the low lane of a register.
pub fn broadcast(lane: Type) -> Pair {
    match lane {
        types::I8 => (
            Code::VEX_Vpbroadcastb_xmm_xmmm8,
            Code::VEX_Vpbroadcastb_ymm_xmmm8,
        ),
        types::I16 => (
            Code::VEX_Vpbroadcastw_xmm_xmmm16,
            Code::VEX_Vpbroadcastw_ymm_xmmm16,
        ),
        types::I32 => (
            Code::VEX_Vpbroadcastd_xmm_xmmm32,
            Code::VEX_Vpbroadcastd_ymm_xmmm32,
        ),
        types::F32 => (
            Code::VEX_Vbroadcastss_xmm_xmm,
            Code::VEX_Vbroadcastss_ymm_xmm,
        ),
        types::F64 => (
            Code::VEX_Vmovddup_xmm_xmmm64,
            Code::VEX_Vbroadcastsd_ymm_xmm,
        ),
        _ => (
            Code::VEX_Vpbroadcastq_xmm_xmmm64,
            Code::VEX_Vpbroadcastq_ymm_xmmm64,
        ),
    }
}

/// The same from memory.
pub fn broadcast_memory(lane: Type) -> Pair {
    match lane {
        types::F32 => (
            Code::VEX_Vbroadcastss_xmm_m32,
            Code::VEX_Vbroadcastss_ymm_m32,
        ),
        types::F64 => (
            Code::VEX_Vmovddup_xmm_xmmm64,
            Code::VEX_Vbroadcastsd_ymm_m64,
        ),
        _ => broadcast(lane),
    }
}

/// Arithmetic of float scalars.
pub fn float_binary(opcode: Opcode, ty: Type) -> Option<Code> {
    Some(match (opcode, ty) {
        (Opcode::Fadd, types::F32) => Code::VEX_Vaddss_xmm_xmm_xmmm32,
        (Opcode::Fadd, types::F64) => Code::VEX_Vaddsd_xmm_xmm_xmmm64,
        (Opcode::Fsub, types::F32) => Code::VEX_Vsubss_xmm_xmm_xmmm32,
        (Opcode::Fsub, types::F64) => Code::VEX_Vsubsd_xmm_xmm_xmmm64,
        (Opcode::Fmul, types::F32) => Code::VEX_Vmulss_xmm_xmm_xmmm32,
        (Opcode::Fmul, types::F64) => Code::VEX_Vmulsd_xmm_xmm_xmmm64,
        (Opcode::Fdiv, types::F32) => Code::VEX_Vdivss_xmm_xmm_xmmm32,
        (Opcode::Fdiv, types::F64) => Code::VEX_Vdivsd_xmm_xmm_xmmm64,
        _ => return None,
    })
}

/// Shifts by a constant.
pub fn shift(opcode: Opcode, long: bool) -> Code {
    match (opcode, long) {
        (Opcode::Ishl, true) => Code::Shl_rm64_imm8,
        (Opcode::Ishl, false) => Code::Shl_rm32_imm8,
        (Opcode::Ushr, true) => Code::Shr_rm64_imm8,
        (Opcode::Ushr, false) => Code::Shr_rm32_imm8,
        (_, true) => Code::Sar_rm64_imm8,
        (_, false) => Code::Sar_rm32_imm8,
    }
}

/// Shifts by a register.
pub fn shift_by(opcode: Opcode, long: bool) -> Code {
    match (opcode, long) {
        (Opcode::Ishl, true) => Code::VEX_Shlx_r64_rm64_r64,
        (Opcode::Ishl, false) => Code::VEX_Shlx_r32_rm32_r32,
        (Opcode::Ushr, true) => Code::VEX_Shrx_r64_rm64_r64,
        (Opcode::Ushr, false) => Code::VEX_Shrx_r32_rm32_r32,
        (_, true) => Code::VEX_Sarx_r64_rm64_r64,
        (_, false) => Code::VEX_Sarx_r32_rm32_r32,
    }
}

/// 1 if a condition holds, else 0.
pub fn set(condition: Condition) -> Code {
    match condition {
        Condition::Overflow => Code::Seto_rm8,
        Condition::NotOverflow => Code::Setno_rm8,
        Condition::Below => Code::Setb_rm8,
        Condition::NotBelow => Code::Setae_rm8,
        Condition::Equal => Code::Sete_rm8,
        Condition::NotEqual => Code::Setne_rm8,
        Condition::NotAbove => Code::Setbe_rm8,
        Condition::Above => Code::Seta_rm8,
        Condition::Less => Code::Setl_rm8,
        Condition::NotLess => Code::Setge_rm8,
        Condition::NotGreater => Code::Setle_rm8,
        Condition::Greater => Code::Setg_rm8,
    }
}

/// The second if a condition holds, else the first.
pub fn choose(condition: Condition, long: bool) -> Code {
    let (short_code, long_code) = match condition {
        Condition::Overflow => (Code::Cmovo_r32_rm32, Code::Cmovo_r64_rm64),
        Condition::NotOverflow => (Code::Cmovno_r32_rm32, Code::Cmovno_r64_rm64),
        Condition::Below => (Code::Cmovb_r32_rm32, Code::Cmovb_r64_rm64),
        Condition::NotBelow => (Code::Cmovae_r32_rm32, Code::Cmovae_r64_rm64),
        Condition::Equal => (Code::Cmove_r32_rm32, Code::Cmove_r64_rm64),
        Condition::NotEqual => (Code::Cmovne_r32_rm32, Code::Cmovne_r64_rm64),
        Condition::NotAbove => (Code::Cmovbe_r32_rm32, Code::Cmovbe_r64_rm64),
        Condition::Above => (Code::Cmova_r32_rm32, Code::Cmova_r64_rm64),
        Condition::Less => (Code::Cmovl_r32_rm32, Code::Cmovl_r64_rm64),
        Condition::NotLess => (Code::Cmovge_r32_rm32, Code::Cmovge_r64_rm64),
        Condition::NotGreater => (Code::Cmovle_r32_rm32, Code::Cmovle_r64_rm64),
        Condition::Greater => (Code::Cmovg_r32_rm32, Code::Cmovg_r64_rm64),
    };
    if long { long_code } else { short_code }
}

/// The machine's number for a comparison of floats; none of them signals.
pub fn float_predicate(code: FloatCC) -> u8 {
    match code {
        FloatCC::Ordered => 0x07,
        FloatCC::Unordered => 0x03,
        FloatCC::Equal => 0x00,
        FloatCC::NotEqual => 0x04,
        FloatCC::OrderedNotEqual => 0x0c,
        FloatCC::UnorderedOrEqual => 0x08,
        FloatCC::LessThan => 0x11,
        FloatCC::LessThanOrEqual => 0x12,
        FloatCC::GreaterThan => 0x1e,
        FloatCC::GreaterThanOrEqual => 0x1d,
        FloatCC::UnorderedOrLessThan => 0x19,
        FloatCC::UnorderedOrLessThanOrEqual => 0x1a,
        FloatCC::UnorderedOrGreaterThan => 0x16,
        FloatCC::UnorderedOrGreaterThanOrEqual => 0x15,
    }
}
