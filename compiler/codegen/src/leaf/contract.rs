//! A product that is added becomes one instruction with one rounding, in functions with `fastmath` only.
//!
//! Only products that nobody else needs and that are made in the same block: then nothing is computed twice, and nothing
//! comes into a loop that was not in it.

use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{Opcode, Value};
use iced_x86::Code;
use regalloc2::VReg;

use super::evex;
use super::machine::Size;
use super::select::{A, Select};

/// What is done with a product and a third operand.
#[derive(Clone, Copy)]
enum Fused {
    /// `a * b + c`
    Add,
    /// `a * b - c`
    Subtract,
    /// `c - a * b`
    SubtractFrom,
}

impl Select<'_> {
    /// Makes one instruction of a sum or difference and a product in it. Gives whether that could be done.
    pub fn fused(
        &mut self,
        opcode: Opcode,
        ty: Type,
        size: Size,
        to: VReg,
        args: [Value; 2],
    ) -> bool {
        if !self.how.contract {
            return false;
        }
        let [left, right] = args;
        let found = match opcode {
            Opcode::Fadd => {
                let of = |this: &Self, sum: (Value, Value)| Some((this.product(sum.0)?, sum.1));
                of(self, (right, left))
                    .or_else(|| of(self, (left, right)))
                    .map(|(product, other)| (Fused::Add, product, other))
            }
            Opcode::Fsub => match (self.product(left), self.product(right)) {
                (_, Some(product)) => Some((Fused::SubtractFrom, product, left)),
                (Some(product), None) => Some((Fused::Subtract, product, right)),
                (None, None) => None,
            },
            _ => None,
        };
        let Some((fused, (a, b), other)) = found else {
            return false;
        };
        let code = code(fused, ty, size);
        let sum = A::B(to, self.reg(other), size);
        let a = A::U(self.reg(a), size);
        let b = self.rm(b, size);
        self.op(code, &[sum, a, b]);
        true
    }

    /// The factors of a product that is made here for one user.
    fn product(&self, value: Value) -> Option<(Value, Value)> {
        let inst = self.def_as(value, Opcode::Fmul)?;
        let alone = self.is_here(inst) && self.is_used_once(value);
        let (mut a, mut b) = (self.arg(inst, 0), self.arg(inst, 1));
        if self.def_as(a, Opcode::Load).is_some() {
            (a, b) = (b, a);
        }
        alone.then_some((a, b))
    }
}

/// The forms `231`: the first operand is the third one and becomes the result.
fn code(fused: Fused, ty: Type, size: Size) -> Code {
    if size == Size::Z {
        return evex::widened(code(fused, ty, Size::Y));
    }
    let single = ty.lane_type() == types::F32;
    match (fused, ty.is_vector(), size) {
        (Fused::Add, false, _) if single => Code::VEX_Vfmadd231ss_xmm_xmm_xmmm32,
        (Fused::Add, false, _) => Code::VEX_Vfmadd231sd_xmm_xmm_xmmm64,
        (Fused::Add, true, Size::Y) if single => Code::VEX_Vfmadd231ps_ymm_ymm_ymmm256,
        (Fused::Add, true, Size::Y) => Code::VEX_Vfmadd231pd_ymm_ymm_ymmm256,
        (Fused::Add, true, _) if single => Code::VEX_Vfmadd231ps_xmm_xmm_xmmm128,
        (Fused::Add, true, _) => Code::VEX_Vfmadd231pd_xmm_xmm_xmmm128,
        (Fused::Subtract, false, _) if single => Code::VEX_Vfmsub231ss_xmm_xmm_xmmm32,
        (Fused::Subtract, false, _) => Code::VEX_Vfmsub231sd_xmm_xmm_xmmm64,
        (Fused::Subtract, true, Size::Y) if single => Code::VEX_Vfmsub231ps_ymm_ymm_ymmm256,
        (Fused::Subtract, true, Size::Y) => Code::VEX_Vfmsub231pd_ymm_ymm_ymmm256,
        (Fused::Subtract, true, _) if single => Code::VEX_Vfmsub231ps_xmm_xmm_xmmm128,
        (Fused::Subtract, true, _) => Code::VEX_Vfmsub231pd_xmm_xmm_xmmm128,
        (Fused::SubtractFrom, false, _) if single => Code::VEX_Vfnmadd231ss_xmm_xmm_xmmm32,
        (Fused::SubtractFrom, false, _) => Code::VEX_Vfnmadd231sd_xmm_xmm_xmmm64,
        (Fused::SubtractFrom, true, Size::Y) if single => Code::VEX_Vfnmadd231ps_ymm_ymm_ymmm256,
        (Fused::SubtractFrom, true, Size::Y) => Code::VEX_Vfnmadd231pd_ymm_ymm_ymmm256,
        (Fused::SubtractFrom, true, _) if single => Code::VEX_Vfnmadd231ps_xmm_xmm_xmmm128,
        (Fused::SubtractFrom, true, _) => Code::VEX_Vfnmadd231pd_xmm_xmm_xmmm128,
    }
}
