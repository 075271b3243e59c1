//! Selection for conversions of vectors.

use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{Inst as ClifInst, Opcode, Value};
use iced_x86::Code;
use regalloc2::VReg;

use super::machine::Size;
use super::select::{A, Maybe, Select, refuse, size_of};
use super::table::{self, of};

/// The first lane that a widening takes, and whether lanes have signs.
fn first_widened(opcode: Opcode, from: Type) -> (u32, bool) {
    match opcode {
        Opcode::SwidenHigh => (from.lane_count() / 2, true),
        Opcode::UwidenHigh => (from.lane_count() / 2, false),
        Opcode::SwidenLow | Opcode::FcvtToSintSat => (0, true),
        _ => (0, false),
    }
}

impl Select<'_> {
    /// Conversions, and what joins registers.
    pub fn convert_vector(
        &mut self,
        (inst, opcode): (ClifInst, Opcode),
        ty: Type,
        size: Size,
        to: VReg,
        args: &[Value],
    ) -> Maybe<()> {
        let from = self.ty(args[0]);
        let x = Size::X;
        match opcode {
            Opcode::SwidenLow | Opcode::UwidenLow | Opcode::SwidenHigh | Opcode::UwidenHigh => {
                self.widen(opcode, ty, size, to, args[0])?;
            }
            // See `clif::Builder::widen_lanes`.
            Opcode::FcvtToSintSat | Opcode::FcvtToUintSat if from.lane_type().is_int() => {
                self.widen(opcode, ty, size, to, args[0])?;
            }
            Opcode::X86Cvtt2dq => self.reduce(inst, ty, to, args[0])?,
            Opcode::Snarrow if matches!(size, Size::Y | Size::Z) => {
                let halves = [0, 1].map(|at| self.def_as(args[at], Opcode::FcvtToSintSat));
                let [Some(low), Some(high)] = halves else {
                    return refuse("snarrow");
                };
                let (low, high) = (self.arg(low, 0), self.arg(high, 0));
                let (code, half) = match size {
                    Size::Z => (Code::EVEX_Vinserti64x4_zmm_k1z_zmm_ymmm256_imm8, Size::Y),
                    _ => (Code::VEX_Vinserti128_ymm_ymm_xmmm128_imm8, x),
                };
                let low = A::U(self.reg(low), size);
                let high = self.rm(high, half);
                self.op(code, &[A::D(to, size), low, high, A::Imm8(1)]);
            }
            Opcode::Snarrow | Opcode::Uunarrow if from == types::I64X2 => {
                let Some((inst, inner)) = self.def(args[0]) else {
                    return refuse(opcode);
                };
                let unsigned = inner == Opcode::FcvtToUintSat;
                if !unsigned && inner != Opcode::FcvtToSintSat {
                    return refuse(opcode);
                }
                let value = self.arg(inst, 0);
                self.doubles_to_words(to, value, x, unsigned);
            }
            Opcode::Snarrow | Opcode::Unarrow => {
                let code = match (opcode, from.lane_type()) {
                    (Opcode::Snarrow, types::I16) => Code::VEX_Vpacksswb_xmm_xmm_xmmm128,
                    (Opcode::Snarrow, _) => Code::VEX_Vpackssdw_xmm_xmm_xmmm128,
                    (_, types::I16) => Code::VEX_Vpackuswb_xmm_xmm_xmmm128,
                    _ => Code::VEX_Vpackusdw_xmm_xmm_xmmm128,
                };
                let (a, b) = (self.reg(args[0]), self.reg(args[1]));
                self.op(code, &[A::D(to, x), A::U(a, x), A::U(b, x)]);
            }
            Opcode::FcvtFromSint | Opcode::FcvtFromUint => {
                self.ints_as_floats(opcode == Opcode::FcvtFromSint, ty, size, to, args[0])?;
            }
            Opcode::FcvtToSintSat | Opcode::FcvtToUintSat => {
                let unsigned = opcode == Opcode::FcvtToUintSat;
                match (from.lane_type(), ty.lane_type()) {
                    (types::F32, types::I32) | (types::F64, types::I64) if size == Size::Z => {
                        self.floats_to_ints(to, args[0], unsigned)?;
                    }
                    (types::F64, types::I32) if from.bits() == 512 => {
                        self.doubles_to_half(to, args[0], unsigned);
                    }
                    (types::F32, types::I32) => {
                        self.singles_to_words(to, args[0], size, unsigned);
                    }
                    (types::F64, types::I32) => {
                        self.doubles_to_words(to, args[0], size_of(from)?, unsigned);
                    }
                    _ => return refuse(format!("{opcode}.{ty}")),
                }
            }
            Opcode::Fpromote | Opcode::FvpromoteLow => {
                let (code, half) = match size {
                    Size::Z => (Code::EVEX_Vcvtps2pd_zmm_k1z_ymmm256b32_sae, Size::Y),
                    Size::Y => (Code::VEX_Vcvtps2pd_ymm_xmmm128, x),
                    _ => (Code::VEX_Vcvtps2pd_xmm_xmmm64, x),
                };
                let part = self.reg(args[0]);
                self.op(code, &[A::D(to, size), A::U(part, half)]);
            }
            Opcode::Fdemote | Opcode::Fvdemote => {
                let part = self.reg(args[0]);
                let (code, size) = match from.bits() {
                    512 => {
                        let code = Code::EVEX_Vcvtpd2ps_ymm_k1z_zmmm512b64_er;
                        self.op(code, &[A::D(to, Size::Y), A::U(part, Size::Z)]);
                        return Ok(());
                    }
                    256 => (Code::VEX_Vcvtpd2ps_xmm_ymmm256, Size::Y),
                    _ => (Code::VEX_Vcvtpd2ps_xmm_xmmm128, x),
                };
                self.op(code, &[A::D(to, x), A::U(part, size)]);
            }
            _ => return refuse(format!("{opcode}.{ty}")),
        }
        Ok(())
    }

    /// Wider lanes of integers. What was widened just for this is widened once, and what was loaded just for this is read
    /// where it is.
    fn widen(&mut self, opcode: Opcode, ty: Type, size: Size, to: VReg, value: Value) -> Maybe<()> {
        let lane = ty.lane_type();
        let (first, signed) = first_widened(opcode, self.ty(value));
        let mut found = (value, first, signed);
        // Half of a wider register may have been widened as a whole.
        let of = self.ty(value).lane_type();
        let (whole, before) = match self.half(self.without_casts(value)) {
            Some((whole, high)) => {
                let half = self.ty(whole).bits() / 2 / of.bits();
                (whole, if high { half } else { 0 })
            }
            None => (value, 0),
        };
        if let Some((inner, opcode, narrow)) = self.widened_from(whole)
            && let (more, inner_signed) = first_widened(opcode, self.ty(narrow))
            && (inner_signed == signed || !inner_signed)
            && self.ty(inner).lane_type() == of
        {
            found = (narrow, first + before + more, inner_signed);
        }
        for (source, first, signed) in [found, (value, first, signed)] {
            let from = self.ty(source).lane_type();
            let code = table::of(table::widen(from, lane, signed), size);
            let bytes = from.bytes() * ty.lane_count();
            if let Some(address) = self.in_memory(source, first * from.bytes(), bytes) {
                self.op(code, &[A::D(to, size), A::M(address)]);
                return Ok(());
            }
            if first == 0 {
                let part = self.reg(source);
                let of = if bytes > 16 { Size::Y } else { Size::X };
                self.op(code, &[A::D(to, size), A::U(part, of)]);
                return Ok(());
            }
        }
        let part = self.reg(value);
        let part = match size {
            Size::Z => return refuse("a half of a register"),
            Size::Y => self.high_half(part),
            _ => self.upper(part),
        };
        let code = table::of(table::widen(of, lane, signed), size);
        self.op(code, &[A::D(to, size), A::U(part, Size::X)]);
        Ok(())
    }

    /// A value that is wider lanes of another one: itself without casts, how, and that.
    fn widened_from(&self, value: Value) -> Option<(Value, Opcode, Value)> {
        let value = self.without_casts(value);
        let (inst, opcode) = self.def(value)?;
        let narrow = match opcode {
            Opcode::SwidenLow | Opcode::UwidenLow | Opcode::SwidenHigh | Opcode::UwidenHigh => {
                self.arg(inst, 0)
            }
            Opcode::FcvtToSintSat | Opcode::FcvtToUintSat => self.arg(inst, 0),
            _ => return None,
        };
        let ints = [value, narrow].map(|value| self.ty(value).lane_type().is_int());
        (ints == [true; 2]).then_some((value, opcode, narrow))
    }

    /// The upper half of a register of 128 bits in the lower one.
    fn upper(&mut self, part: VReg) -> VReg {
        let to = self.vector();
        let args = [A::D(to, Size::X), A::U(part, Size::X), A::Imm8(0xee)];
        self.op(Code::VEX_Vpshufd_xmm_xmmm128_imm8, &args);
        to
    }

    /// Lanes of half the width.
    fn reduce(&mut self, by: ClifInst, ty: Type, to: VReg, value: Value) -> Maybe<()> {
        let x = Size::X;
        let inst = self.def(value).map(|(inst, _)| inst);
        // A half, as `clif::Lower::half` has it. Its low one is the register itself.
        if let Some(inst) = inst
            && matches!(self.def(value), Some((_, Opcode::UwidenHigh)))
            && self.half(self.func.dfg.first_result(by)).is_some()
        {
            let part = self.arg(inst, 0);
            let is_widest = self.ty(part).bits() == 512;
            let part = self.reg(part);
            if is_widest {
                let code = Code::EVEX_Vextracti64x4_ymmm256_k1z_zmm_imm8;
                let args = [A::D(to, Size::Y), A::U(part, Size::Z), A::Imm8(1)];
                self.op(code, &args);
                return Ok(());
            }
            let code = Code::VEX_Vextracti128_xmmm128_ymm_imm8;
            self.op(code, &[A::D(to, x), A::U(part, Size::Y), A::Imm8(1)]);
            return Ok(());
        }
        let mut part = self.reg(value);
        let lane = ty.lane_type();
        if self.ty(value).bits() == 512 {
            return self.truncated(to, part, lane);
        }
        let code = match lane {
            types::I32 => {
                let high = self.high_half(part);
                let args = [A::D(to, x), A::U(part, x), A::U(high, x), A::Imm8(0x88)];
                self.op(Code::VEX_Vshufps_xmm_xmm_xmmm128_imm8, &args);
                return Ok(());
            }
            types::I16 => Code::VEX_Vpackusdw_xmm_xmm_xmmm128,
            types::I8 => Code::VEX_Vpackuswb_xmm_xmm_xmmm128,
            _ => return refuse(format!("lanes of {ty}")),
        };
        let mut keep = vec![0xff; lane.bytes() as usize];
        keep.resize(2 * keep.len(), 0);
        let keep = self.every(&keep, Size::Y);
        part = self.made(table::binary(Opcode::Band, types::I64), Size::Y, part, keep);
        let high = self.high_half(part);
        self.op(code, &[A::D(to, x), A::U(part, x), A::U(high, x)]);
        Ok(())
    }

    /// Integers to floats.
    fn ints_as_floats(
        &mut self,
        signed: bool,
        ty: Type,
        size: Size,
        to: VReg,
        value: Value,
    ) -> Maybe<()> {
        let x = Size::X;
        let from = self.ty(value);
        match (from.lane_type(), ty.lane_type()) {
            (types::I32, types::F32) => {
                let code = (
                    Code::VEX_Vcvtdq2ps_xmm_xmmm128,
                    Code::VEX_Vcvtdq2ps_ymm_ymmm256,
                );
                let words = self.reg(value);
                if signed {
                    self.op(of(code, size), &[A::D(to, size), A::U(words, size)]);
                    return Ok(());
                }
                if size == Size::Z {
                    let code = Code::EVEX_Vcvtudq2ps_zmm_k1z_zmmm512b32_er;
                    self.op(code, &[A::D(to, size), A::U(words, size)]);
                    return Ok(());
                }
                // Both halves are exact, and so is the product; the sum rounds once.
                let keep = self.every(&0xffffu32.to_le_bytes(), size);
                let low = self.made(table::binary(Opcode::Band, types::I32), size, words, keep);
                let high = self.shifted(Opcode::Ushr, types::I32, size, words, 16);
                let (low_float, high_float) = (self.vector(), self.vector());
                self.op(of(code, size), &[A::D(low_float, size), A::U(low, size)]);
                self.op(of(code, size), &[A::D(high_float, size), A::U(high, size)]);
                let factor = self.every(&65536f32.to_le_bytes(), size);
                let multiply = table::binary(Opcode::Fmul, types::F32);
                let high = self.made(multiply, size, high_float, factor);
                self.pair(
                    table::binary(Opcode::Fadd, types::F32),
                    size,
                    to,
                    high,
                    low_float,
                );
            }
            (types::I32, types::F64) => {
                let words = self.reg(value);
                self.words_to_doubles(signed, size, to, words);
            }
            (types::I64, types::F64) => {
                // From 32 bits, where they were widened just for this.
                if let Some((inst, opcode)) = self.def(value) {
                    let inner = match opcode {
                        Opcode::SwidenLow if signed => Some(self.arg(inst, 0)),
                        Opcode::UwidenLow if !signed => Some(self.arg(inst, 0)),
                        _ => None,
                    };
                    if let Some(inner) = inner.filter(|inner| self.ty(*inner) == types::I32X4) {
                        let words = self.reg(inner);
                        self.words_to_doubles(signed, x, to, words);
                        return Ok(());
                    }
                }
                if size == Size::Z {
                    let code = match signed {
                        true => Code::EVEX_Vcvtqq2pd_zmm_k1z_zmmm512b64_er,
                        false => Code::EVEX_Vcvtuqq2pd_zmm_k1z_zmmm512b64_er,
                    };
                    let value = self.rm(value, size);
                    self.op(code, &[A::D(to, size), value]);
                    return Ok(());
                }
                self.longs_to_doubles(signed, size, to, value);
            }
            _ => return refuse(format!("a conversion from {from} to {ty}")),
        }
        Ok(())
    }

    fn words_to_doubles(&mut self, signed: bool, size: Size, to: VReg, words: VReg) {
        let x = Size::X;
        if size == Size::Z {
            let code = match signed {
                true => Code::EVEX_Vcvtdq2pd_zmm_k1z_ymmm256b32_er,
                false => Code::EVEX_Vcvtudq2pd_zmm_k1z_ymmm256b32_er,
            };
            self.op(code, &[A::D(to, size), A::U(words, Size::Y)]);
            return;
        }
        if signed {
            let code = match size {
                Size::Y => Code::VEX_Vcvtdq2pd_ymm_xmmm128,
                _ => Code::VEX_Vcvtdq2pd_xmm_xmmm64,
            };
            self.op(code, &[A::D(to, size), A::U(words, x)]);
            return;
        }
        // In the low bits of 2^52, from which that is subtracted.
        let wide = self.vector();
        let code = of(table::widen(types::I32, types::I64, false), size);
        self.op(code, &[A::D(wide, size), A::U(words, x)]);
        let exponent = self.every(&0x4330_0000_0000_0000u64.to_le_bytes(), size);
        let or = table::binary(Opcode::Bor, types::I64);
        let sum = self.made(or, size, wide, exponent);
        self.pair(
            table::binary(Opcode::Fsub, types::F64),
            size,
            to,
            sum,
            exponent,
        );
    }

    /// The halves in the low bits of 2^52 and of 2^84; the difference from these is exact, the sum rounds once.
    fn longs_to_doubles(&mut self, signed: bool, size: Size, to: VReg, value: Value) {
        let value = self.reg(value);
        let or = table::binary(Opcode::Bor, types::I64);
        let keep = self.every(&0xffff_ffffu64.to_le_bytes(), size);
        let low = self.made(table::binary(Opcode::Band, types::I64), size, value, keep);
        let exponent = self.every(&0x4330_0000_0000_0000u64.to_le_bytes(), size);
        let low = self.made(or, size, low, exponent);
        let high = self.shifted(Opcode::Ushr, types::I64, size, value, 32);
        // A sign is made a number from 0 on, which the difference takes back.
        let (bits, both) = if signed {
            (0x4530_0000_8000_0000u64, 0x4530_0000_8010_0000u64)
        } else {
            (0x4530_0000_0000_0000, 0x4530_0000_0010_0000)
        };
        let bits = self.every(&bits.to_le_bytes(), size);
        let both = self.every(&both.to_le_bytes(), size);
        let high = self.made(table::binary(Opcode::Bxor, types::I64), size, high, bits);
        let subtract = table::binary(Opcode::Fsub, types::F64);
        let high = self.made(subtract, size, high, both);
        self.pair(table::binary(Opcode::Fadd, types::F64), size, to, low, high);
    }

    /// Saturating, NaN is 0.
    fn singles_to_words(&mut self, to: VReg, value: Value, size: Size, unsigned: bool) {
        let value = self.reg(value);
        let compare = of(table::compare_floats(types::F32), size);
        let convert = (
            Code::VEX_Vcvttps2dq_xmm_xmmm128,
            Code::VEX_Vcvttps2dq_ymm_ymmm256,
        );
        let and = table::binary(Opcode::Band, types::F32);
        let xor = table::binary(Opcode::Bxor, types::F32);
        let limit = self.every(&2_147_483_648f32.to_le_bytes(), size);
        let above = self.vector();
        let raw = self.vector();
        if !unsigned {
            let ordered = self.vector();
            let args = [
                A::D(ordered, size),
                A::U(value, size),
                A::U(value, size),
                A::Imm8(0),
            ];
            self.op(compare, &args);
            let number = self.made(and, size, value, ordered);
            let args = [
                A::D(above, size),
                A::U(number, size),
                A::U(limit, size),
                A::Imm8(0x1d),
            ];
            self.op(compare, &args);
            self.op(of(convert, size), &[A::D(raw, size), A::U(number, size)]);
            // Too large gives the smallest, whose bits are those of the largest, inverted.
            self.pair(xor, size, to, raw, above);
            return;
        }
        let zero = self.every(&[0], size);
        let most = Some((
            Code::VEX_Vmaxps_xmm_xmm_xmmm128,
            Code::VEX_Vmaxps_ymm_ymm_ymmm256,
        ));
        // Of a NaN and a number this gives the second.
        let number = self.made(most, size, value, zero);
        let args = [
            A::D(above, size),
            A::U(number, size),
            A::U(limit, size),
            A::Imm8(0x1d),
        ];
        self.op(compare, &args);
        let part = self.made(and, size, above, limit);
        let rest = self.made(table::binary(Opcode::Fsub, types::F32), size, number, part);
        self.op(of(convert, size), &[A::D(raw, size), A::U(rest, size)]);
        let sign = self.every(&0x8000_0000u32.to_le_bytes(), size);
        let sign = self.made(and, size, above, sign);
        let value = self.made(xor, size, raw, sign);
        let whole = self.every(&4_294_967_296f32.to_le_bytes(), size);
        let beyond = self.vector();
        let args = [
            A::D(beyond, size),
            A::U(number, size),
            A::U(whole, size),
            A::Imm8(0x1d),
        ];
        self.op(compare, &args);
        self.pair(
            table::binary(Opcode::Bor, types::F32),
            size,
            to,
            value,
            beyond,
        );
    }

    /// Saturating, NaN is 0; `size` is that of the floats.
    fn doubles_to_words(&mut self, to: VReg, value: Value, size: Size, unsigned: bool) {
        let x = Size::X;
        let value = self.reg(value);
        let least = Some((
            Code::VEX_Vminpd_xmm_xmm_xmmm128,
            Code::VEX_Vminpd_ymm_ymm_ymmm256,
        ));
        if !unsigned {
            let compare = of(table::compare_floats(types::F64), size);
            let ordered = self.vector();
            let args = [
                A::D(ordered, size),
                A::U(value, size),
                A::U(value, size),
                A::Imm8(0),
            ];
            self.op(compare, &args);
            let limit = self.every(&2_147_483_647f64.to_le_bytes(), size);
            let and = table::binary(Opcode::Band, types::F64);
            // 0 for a NaN, of which the machine then takes this second operand.
            let limit = self.made(and, size, ordered, limit);
            let number = self.made(least, size, value, limit);
            let code = match size {
                Size::Y => Code::VEX_Vcvttpd2dq_xmm_ymmm256,
                _ => Code::VEX_Vcvttpd2dq_xmm_xmmm128,
            };
            self.op(code, &[A::D(to, x), A::U(number, size)]);
            return;
        }
        let most = Some((
            Code::VEX_Vmaxpd_xmm_xmm_xmmm128,
            Code::VEX_Vmaxpd_ymm_ymm_ymmm256,
        ));
        let zero = self.every(&[0], size);
        let limit = self.every(&4_294_967_295f64.to_le_bytes(), size);
        let number = self.made(most, size, value, zero);
        let number = self.made(least, size, number, limit);
        let whole = self.vector();
        let args = [A::D(whole, size), A::U(number, size), A::Imm8(11)];
        self.op(of(table::round(types::F64), size), &args);
        // The integer is in the low bits of 2^52 more.
        let exponent = self.every(&0x4330_0000_0000_0000u64.to_le_bytes(), size);
        let add = table::binary(Opcode::Fadd, types::F64);
        let sum = self.made(add, size, whole, exponent);
        let high = match size {
            Size::Y => self.high_half(sum),
            _ => self.every(&[0], x),
        };
        let args = [A::D(to, x), A::U(sum, x), A::U(high, x), A::Imm8(0x88)];
        self.op(Code::VEX_Vshufps_xmm_xmm_xmmm128_imm8, &args);
    }
}
