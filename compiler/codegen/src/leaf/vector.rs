//! Selection for vectors. Vectors of 128 bits have the same instructions as those of 256, and, but for masks, those of 512.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{Inst as ClifInst, InstructionData, Opcode, Value};
use iced_x86::Code;
use regalloc2::VReg;

use super::evex;
use super::machine::{Condition, Size};
use super::select::{A, Maybe, Select, refuse, size_of};
use super::table::{self, float_predicate, of};

impl Select<'_> {
    /// Makes the instructions of an op on vectors.
    pub fn lower_vector(&mut self, inst: ClifInst, opcode: Opcode, ty: Type) -> Maybe<()> {
        let size = size_of(ty)?;
        if size == Size::Z && self.lower_mask(inst, opcode, ty)? {
            return Ok(());
        }
        let to = self.result(inst);
        let lane = ty.lane_type();
        let args = self.func.dfg.inst_args(inst).to_vec();
        if ty.is_vector() {
            if opcode == Opcode::Band && self.and_not(size, to, &args) {
                return Ok(());
            }
            if let [left, right] = args[..]
                && self.fused(opcode, ty, size, to, [left, right])
            {
                return Ok(());
            }
            if let Some(way) = self.by_products.get(&inst) {
                self.divide(to, *way, args[0], args[1]);
                return Ok(());
            }
            let code = match table::binary(opcode, lane) {
                Some(pair) => Some(of(pair, size)),
                None if size == Size::Z && lane == types::I64 => evex::of_longs(opcode),
                None => None,
            };
            if let Some(code) = code {
                let (mut left, mut right) = (args[0], args[1]);
                let either = matches!(
                    opcode,
                    Opcode::Iadd | Opcode::Imul | Opcode::Band | Opcode::Bor | Opcode::Bxor
                );
                if either && self.def_as(left, Opcode::Load).is_some() {
                    (left, right) = (right, left);
                }
                let left = A::U(self.near(left, size), size);
                let right = self.rm(right, size);
                self.op(code, &[A::D(to, size), left, right]);
                return Ok(());
            }
            if let Some(pair) = table::unary(opcode, lane) {
                let value = self.rm(args[0], size);
                self.op(of(pair, size), &[A::D(to, size), value]);
                return Ok(());
            }
        }
        match opcode {
            Opcode::Bnot => {
                let ones = self.every(&[0xff], size);
                let value = self.reg(args[0]);
                self.pair(
                    table::binary(Opcode::Bxor, types::I64),
                    size,
                    to,
                    value,
                    ones,
                );
            }
            Opcode::Ineg => {
                let zero = self.every(&[0], size);
                let value = self.reg(args[0]);
                self.pair(Some(table::subtract(lane)), size, to, zero, value);
            }
            Opcode::Iabs if size == Size::Z => {
                let value = self.rm(args[0], size);
                let code = Code::EVEX_Vpabsq_zmm_k1z_zmmm512b64;
                self.op(code, &[A::D(to, size), value]);
            }
            Opcode::Iabs => self.absolute(size, to, args[0]),
            Opcode::Imul if lane == types::I64 => self.long_product(size, to, &args),
            Opcode::Smin | Opcode::Smax | Opcode::Umin | Opcode::Umax => {
                self.long_extreme(opcode, size, to, &args);
            }
            Opcode::Ishl | Opcode::Ushr | Opcode::Sshr => {
                self.shift_vector(opcode, ty, size, to, &args)?;
            }
            Opcode::Icmp => self.compare_vectors(inst, to)?,
            Opcode::Fcmp => {
                let InstructionData::FloatCompare { args, cond, .. } = self.func.dfg.insts[inst]
                else {
                    return refuse("a comparison");
                };
                let code = of(table::compare_floats(self.ty(args[0]).lane_type()), size);
                let left = A::U(self.reg(args[0]), size);
                let right = self.rm(args[1], size);
                let predicate = A::Imm8(float_predicate(cond));
                self.op(code, &[A::D(to, size), left, right, predicate]);
            }
            Opcode::Bitselect => {
                if self.machine_extreme(lane, size, to, &args) {
                    return Ok(());
                }
                let signs = self.sign_alone(args[0], lane);
                if size == Size::Z {
                    let mask = match signs {
                        Some(value) => {
                            let value = self.reg(value);
                            self.signs(value, lane)
                        }
                        None => self.mask_of(args[0], lane),
                    };
                    let other = self.near(args[2], size);
                    let then = self.rm(args[1], size);
                    self.blend_masked(lane, to, mask, (other, then));
                    return Ok(());
                }
                let mask = match signs {
                    Some(value) => self.reg(value),
                    None => self.reg(args[0]),
                };
                let other = self.near(args[2], size);
                let then = self.rm(args[1], size);
                let args = [A::D(to, size), A::U(other, size), then, A::U(mask, size)];
                self.op(of(table::blend(lane), size), &args);
            }
            Opcode::Select if size == Size::Z => {
                let bits = self.condition_bits(args[0])?;
                let mask = self.mask_of_bits(bits);
                let (then, other) = (self.reg(args[1]), self.reg(args[2]));
                self.blend_masked(lane, to, mask, (other, A::U(then, size)));
            }
            Opcode::Select => {
                let mask = self.condition_mask(args[0], size)?;
                let (then, other) = (self.reg(args[1]), self.reg(args[2]));
                let args = [
                    A::D(to, size),
                    A::U(other, size),
                    A::U(then, size),
                    A::U(mask, size),
                ];
                self.op(of(table::blend(types::I64), size), &args);
            }
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
                self.lanes_of_floats(opcode, lane, size, to, &args)?;
            }
            Opcode::Splat => self.splat(ty, size, to, args[0])?,
            Opcode::ScalarToVector if self.ty(args[0]).is_float() => {
                self.float_to_vector(to, args[0]);
            }
            Opcode::ScalarToVector => {
                let code = match self.ty(args[0]).bits() {
                    64 => Code::VEX_Vmovq_xmm_rm64,
                    32 => Code::VEX_Vmovd_xmm_rm32,
                    _ => return refuse("scalar_to_vector"),
                };
                let value = self.rm(args[0], size_of(self.ty(args[0]))?);
                self.op(code, &[A::D(to, size), value]);
            }
            Opcode::Bitcast => {
                let value = self.reg(args[0]);
                let code = (Code::VEX_Vmovups_xmm_xmmm128, Code::VEX_Vmovups_ymm_ymmm256);
                if !self.ty(args[0]).is_vector() {
                    return refuse("a bitcast of a scalar to a vector");
                }
                self.op(of(code, size), &[A::D(to, size), A::U(value, size)]);
            }
            Opcode::Insertlane => self.insert(inst, ty, to, &args)?,
            Opcode::Extractlane => self.extract(inst, ty, to, args[0])?,
            Opcode::Shuffle => self.shuffle(inst, to, &args)?,
            Opcode::VanyTrue | Opcode::VallTrue => {
                let condition = self.mask_flags(inst, opcode)?;
                self.set(to, condition);
            }
            _ => return self.convert_vector((inst, opcode), ty, size, to, &args),
        }
        Ok(())
    }

    /// Whether `a < b ? a : b` is chosen of two floats, or of lanes of them, or `a > b ? a : b`: the machine's minimum or
    /// maximum, which gives its second operand where the comparison does not hold, so also for zeros and NaN.
    pub fn chooses_smaller(&self, args: &[Value]) -> Option<bool> {
        let compare = self.def_as(self.without_casts(args[0]), Opcode::Fcmp)?;
        let InstructionData::FloatCompare {
            args: [a, b], cond, ..
        } = self.func.dfg.insts[compare]
        else {
            return None;
        };
        let (then, other) = (args[1], args[2]);
        let straight = self.is_same(a, then) && self.is_same(b, other);
        let crossed = self.is_same(b, then) && self.is_same(a, other);
        match cond {
            _ if !straight && !crossed => None,
            FloatCC::LessThan => Some(straight),
            FloatCC::GreaterThan => Some(!straight),
            _ => None,
        }
    }

    /// A choice between lanes of two floats that the machine has: whether that is what is wanted.
    fn machine_extreme(&mut self, lane: Type, size: Size, to: VReg, args: &[Value]) -> bool {
        let Some(is_min) = self.chooses_smaller(args).filter(|_| lane.is_float()) else {
            return false;
        };
        let (then, other) = (args[1], args[2]);
        let code = of(table::machine_extreme(is_min, lane == types::F32), size);
        let first = self.near(then, size);
        let second = self.rm(other, size);
        self.op(code, &[A::D(to, size), A::U(first, size), second]);
        true
    }

    /// Whether two values have the same lanes.
    fn is_same(&self, a: Value, b: Value) -> bool {
        let (a, b) = (self.without_casts(a), self.without_casts(b));
        a == b || (self.const_bytes(a).is_some() && self.const_bytes(a) == self.const_bytes(b))
    }

    /// The value whose signs a mask says: a blend looks at nothing else.
    fn sign_alone(&self, mask: Value, lane: Type) -> Option<Value> {
        let mask = self.without_casts(mask);
        let compare = self.def_as(mask, Opcode::Icmp)?;
        let InstructionData::IntCompare { args, cond, .. } = self.func.dfg.insts[compare] else {
            return None;
        };
        let ints = self.ty(args[0]).lane_type();
        let is_zero = |value| {
            let bytes = self.const_bytes(value);
            bytes.is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0))
        };
        let fits = ints.bits() == lane.bits() && lane.bits() >= 32;
        (fits && cond == IntCC::SignedLessThan && is_zero(args[1])).then_some(args[0])
    }

    /// One operand without the bits of another: whether that is what is wanted.
    fn and_not(&mut self, size: Size, to: VReg, args: &[Value]) -> bool {
        let inverted = [1, 0].into_iter().find_map(|at| {
            let inst = self.def_as(args[at], Opcode::Bnot)?;
            let here = self.is_here(inst) && self.ty(self.arg(inst, 0)).is_vector();
            here.then(|| (self.arg(inst, 0), args[1 - at]))
        });
        let Some((drop, keep)) = inverted else {
            return false;
        };
        let code = (
            Code::VEX_Vpandn_xmm_xmm_xmmm128,
            Code::VEX_Vpandn_ymm_ymm_ymmm256,
        );
        let (drop, keep) = (self.reg(drop), self.reg(keep));
        self.pair(Some(code), size, to, drop, keep);
        true
    }

    /// An instruction of two registers.
    pub fn pair(&mut self, code: Option<table::Pair>, size: Size, to: VReg, a: VReg, b: VReg) {
        if let Some(code) = code {
            let args = [A::D(to, size), A::U(a, size), self.last(b, size)];
            self.op(of(code, size), &args);
        }
    }

    /// An instruction of two registers, its result in a new one.
    pub fn made(&mut self, code: Option<table::Pair>, size: Size, a: VReg, b: VReg) -> VReg {
        let to = self.vector();
        self.pair(code, size, to, a, b);
        to
    }

    /// A shift by a constant, its result in a new register.
    pub fn shifted(&mut self, opcode: Opcode, lane: Type, size: Size, a: VReg, by: u8) -> VReg {
        let to = self.vector();
        if let Some(code) = table::shift_lanes(opcode, lane) {
            let args = [A::D(to, size), A::U(a, size), A::Imm8(by)];
            self.op(of(code, size), &args);
        }
        to
    }

    fn absolute(&mut self, size: Size, to: VReg, value: Value) {
        let zero = self.every(&[0], size);
        let value = self.reg(value);
        let sign = self.made(Some(table::greater(types::I64)), size, zero, value);
        let xor = table::binary(Opcode::Bxor, types::I64);
        let flipped = self.made(xor, size, value, sign);
        self.pair(Some(table::subtract(types::I64)), size, to, flipped, sign);
    }

    /// The low halves of products of 64 bits, from products of 32.
    fn long_product(&mut self, size: Size, to: VReg, args: &[Value]) {
        let multiply = Some((
            Code::VEX_Vpmuludq_xmm_xmm_xmmm128,
            Code::VEX_Vpmuludq_ymm_ymm_ymmm256,
        ));
        let add = table::binary(Opcode::Iadd, types::I64);
        let (a, b) = (self.reg(args[0]), self.reg(args[1]));
        let a_high = self.shifted(Opcode::Ushr, types::I64, size, a, 32);
        let b_high = self.shifted(Opcode::Ushr, types::I64, size, b, 32);
        let low = self.made(multiply, size, a, b);
        let cross = self.made(multiply, size, a_high, b);
        let other = self.made(multiply, size, a, b_high);
        let cross = self.made(add, size, cross, other);
        let cross = self.shifted(Opcode::Ishl, types::I64, size, cross, 32);
        self.pair(add, size, to, low, cross);
    }

    /// The smaller or larger of lanes of 64 bits.
    fn long_extreme(&mut self, opcode: Opcode, size: Size, to: VReg, args: &[Value]) {
        let (a, b) = (self.reg(args[0]), self.reg(args[1]));
        let (mut x, mut y) = (a, b);
        if matches!(opcode, Opcode::Umin | Opcode::Umax) {
            (x, y) = self.signs_flipped(size, types::I64, a, b);
        }
        let greater = self.made(Some(table::greater(types::I64)), size, x, y);
        let (first, second) = match opcode {
            Opcode::Smax | Opcode::Umax => (b, a),
            _ => (a, b),
        };
        let args = [
            A::D(to, size),
            A::U(first, size),
            A::U(second, size),
            A::U(greater, size),
        ];
        self.op(of(table::blend(types::I64), size), &args);
    }

    fn signs_flipped(&mut self, size: Size, lane: Type, a: VReg, b: VReg) -> (VReg, VReg) {
        let mut sign = vec![0; lane.bytes() as usize];
        if let Some(last) = sign.last_mut() {
            *last = 0x80;
        }
        let sign = self.every(&sign, size);
        let xor = table::binary(Opcode::Bxor, types::I64);
        (self.made(xor, size, a, sign), self.made(xor, size, b, sign))
    }

    fn shift_vector(
        &mut self,
        opcode: Opcode,
        ty: Type,
        size: Size,
        to: VReg,
        args: &[Value],
    ) -> Maybe<()> {
        let lane = ty.lane_type();
        let bits = lane.bits() as i64;
        let value = self.reg(args[0]);
        let Some(count) = self.int_const(args[1]) else {
            return self.shift_by_any(opcode, lane, size, to, value, args[1]);
        };
        let count = (count & (bits - 1)) as u8;
        if size == Size::Z && (opcode, lane) == (Opcode::Sshr, types::I64) {
            let args = [A::D(to, size), A::U(value, size), A::Imm8(count)];
            self.op(Code::EVEX_Vpsraq_zmm_k1z_zmmm512b64_imm8, &args);
            return Ok(());
        }
        if let Some(code) = table::shift_lanes(opcode, lane) {
            let args = [A::D(to, size), A::U(value, size), A::Imm8(count)];
            self.op(of(code, size), &args);
            return Ok(());
        }
        let and = table::binary(Opcode::Band, types::I64);
        // Bytes are shifted as pairs, and what came from the neighbour is cleared.
        let (wide, mask) = match lane {
            types::I8 => (types::I16, true),
            _ => (types::I64, false),
        };
        let logical = if opcode == Opcode::Ishl {
            Opcode::Ishl
        } else {
            Opcode::Ushr
        };
        let mut shifted = self.shifted(logical, wide, size, value, count);
        if mask {
            let keep = if opcode == Opcode::Ishl {
                0xffu8 << count
            } else {
                0xffu8 >> count
            };
            let keep = self.every(&[keep], size);
            if opcode != Opcode::Sshr {
                self.pair(and, size, to, shifted, keep);
                return Ok(());
            }
            shifted = self.made(and, size, shifted, keep);
        }
        // The sign: where the highest bit came to, it is spread by a flip and a difference.
        let sign = match lane {
            types::I8 => vec![0x80u8 >> count],
            _ => (0x8000_0000_0000_0000u64 >> count).to_le_bytes().to_vec(),
        };
        let sign = self.every(&sign, size);
        let xor = table::binary(Opcode::Bxor, types::I64);
        let flipped = self.made(xor, size, shifted, sign);
        self.pair(Some(table::subtract(lane)), size, to, flipped, sign);
        Ok(())
    }

    fn shift_by_any(
        &mut self,
        opcode: Opcode,
        lane: Type,
        size: Size,
        to: VReg,
        value: VReg,
        count: Value,
    ) -> Maybe<()> {
        let count = self.reg(count);
        let (cut, low) = (self.general(), self.vector());
        let most = A::Imm32(lane.bits() as i32 - 1);
        self.op(Code::And_rm32_imm32, &[A::B(cut, count, Size::B4), most]);
        self.op(
            Code::VEX_Vmovd_xmm_rm32,
            &[A::D(low, Size::X), A::U(cut, Size::B4)],
        );
        if size == Size::Z && (opcode, lane) == (Opcode::Sshr, types::I64) {
            let args = [A::D(to, size), A::U(value, size), A::U(low, Size::X)];
            self.op(Code::EVEX_Vpsraq_zmm_k1z_zmm_xmmm128, &args);
            return Ok(());
        }
        if let Some(code) = table::shift_lanes_by(opcode, lane) {
            let args = [A::D(to, size), A::U(value, size), A::U(low, Size::X)];
            self.op(of(code, size), &args);
            return Ok(());
        }
        let Some(code) = table::shift_lanes_by(Opcode::Ushr, lane) else {
            return refuse("a shift of bytes");
        };
        let sign = self.every(&0x8000_0000_0000_0000u64.to_le_bytes(), size);
        let (shifted, moved) = (self.vector(), self.vector());
        for (to, from) in [(shifted, value), (moved, sign)] {
            let args = [A::D(to, size), A::U(from, size), A::U(low, Size::X)];
            self.op(of(code, size), &args);
        }
        let xor = table::binary(Opcode::Bxor, types::I64);
        let flipped = self.made(xor, size, shifted, moved);
        self.pair(Some(table::subtract(lane)), size, to, flipped, moved);
        Ok(())
    }

    fn compare_vectors(&mut self, inst: ClifInst, to: VReg) -> Maybe<()> {
        let InstructionData::IntCompare { args, cond, .. } = self.func.dfg.insts[inst] else {
            return refuse("a comparison");
        };
        let ty = self.ty(args[0]);
        let (lane, size) = (ty.lane_type(), size_of(ty)?);
        let (a, b) = (self.reg(args[0]), self.reg(args[1]));
        let equal = Some(table::equal(lane));
        let greater = Some(table::greater(lane));
        // Which comparison of which operands, and whether the opposite is wanted.
        let long = lane == types::I64;
        let (code, x, y, inverted) = match cond {
            IntCC::Equal => (equal, a, b, false),
            IntCC::NotEqual => (equal, a, b, true),
            IntCC::SignedGreaterThan => (greater, a, b, false),
            IntCC::SignedLessThan => (greater, b, a, false),
            IntCC::SignedLessThanOrEqual => (greater, a, b, true),
            IntCC::SignedGreaterThanOrEqual => (greater, b, a, true),
            _ if long => {
                let (a, b) = self.signs_flipped(size, lane, a, b);
                match cond {
                    IntCC::UnsignedGreaterThan => (greater, a, b, false),
                    IntCC::UnsignedLessThan => (greater, b, a, false),
                    IntCC::UnsignedLessThanOrEqual => (greater, a, b, true),
                    _ => (greater, b, a, true),
                }
            }
            IntCC::UnsignedGreaterThanOrEqual => {
                let most = self.made(Some(table::max_unsigned(lane)), size, a, b);
                (equal, a, most, false)
            }
            IntCC::UnsignedLessThan => {
                let most = self.made(Some(table::max_unsigned(lane)), size, a, b);
                (equal, a, most, true)
            }
            IntCC::UnsignedLessThanOrEqual => {
                let least = self.made(Some(table::min_unsigned(lane)), size, a, b);
                (equal, a, least, false)
            }
            IntCC::UnsignedGreaterThan => {
                let least = self.made(Some(table::min_unsigned(lane)), size, a, b);
                (equal, a, least, true)
            }
        };
        if !inverted {
            self.pair(code, size, to, x, y);
            return Ok(());
        }
        let mask = self.made(code, size, x, y);
        let ones = self.every(&[0xff], size);
        self.pair(
            table::binary(Opcode::Bxor, types::I64),
            size,
            to,
            mask,
            ones,
        );
        Ok(())
    }

    /// Sets the flags for `vany_true` and `vall_true`.
    pub fn mask_flags(&mut self, inst: ClifInst, opcode: Opcode) -> Maybe<Condition> {
        let arg = self.without_casts(self.arg(inst, 0));
        let ty = self.ty(arg);
        let size = size_of(ty)?;
        if size == Size::Z {
            return Ok(self.test_mask(opcode, arg));
        }
        let test = (Code::VEX_Vptest_xmm_xmmm128, Code::VEX_Vptest_ymm_ymmm256);
        if opcode == Opcode::VanyTrue {
            // The machine's test is that of a conjunction.
            if let Some(both) = self
                .def_as(arg, Opcode::Band)
                .filter(|both| self.is_here(*both))
                && self.is_used_once(arg)
            {
                let (a, b) = (self.arg(both, 0), self.arg(both, 1));
                let (a, b) = (self.reg(a), self.reg(b));
                self.op(of(test, size), &[A::U(a, size), A::U(b, size)]);
                return Ok(Condition::NotEqual);
            }
            let value = self.reg(arg);
            self.op(of(test, size), &[A::U(value, size), A::U(value, size)]);
            return Ok(Condition::NotEqual);
        }
        let value = self.reg(arg);
        // A mask is all ones, or zero: carry is set if no bit of the ones is missing.
        let ones = self.every(&[0xff], size);
        let ones = self.last(ones, size);
        self.op(of(test, size), &[A::U(value, size), ones]);
        Ok(Condition::Below)
    }

    /// Ops that floats have in all lanes alike, also those of scalars.
    pub fn lanes_of_floats(
        &mut self,
        opcode: Opcode,
        lane: Type,
        size: Size,
        to: VReg,
        args: &[Value],
    ) -> Maybe<()> {
        let sign = match lane {
            types::F32 => 0x8000_0000u32.to_le_bytes().to_vec(),
            _ => 0x8000_0000_0000_0000u64.to_le_bytes().to_vec(),
        };
        let and = table::binary(Opcode::Band, lane);
        let or = table::binary(Opcode::Bor, lane);
        let xor = table::binary(Opcode::Bxor, lane);
        match opcode {
            Opcode::Fneg => {
                let (value, sign) = (self.reg(args[0]), self.every(&sign, size));
                self.pair(xor, size, to, value, sign);
            }
            Opcode::Fabs => {
                let rest: Vec<u8> = sign.iter().map(|byte| !byte).collect();
                let (value, rest) = (self.reg(args[0]), self.every(&rest, size));
                self.pair(and, size, to, value, rest);
            }
            Opcode::Fcopysign => {
                let rest: Vec<u8> = sign.iter().map(|byte| !byte).collect();
                let (sign, rest) = (self.every(&sign, size), self.every(&rest, size));
                let (a, b) = (self.reg(args[0]), self.reg(args[1]));
                let magnitude = self.made(and, size, a, rest);
                let sign = self.made(and, size, b, sign);
                self.pair(or, size, to, magnitude, sign);
            }
            Opcode::Floor | Opcode::Ceil | Opcode::Trunc | Opcode::Nearest => {
                let way = match opcode {
                    Opcode::Nearest => 8,
                    Opcode::Floor => 9,
                    Opcode::Ceil => 10,
                    _ => 11,
                };
                let value = self.reg(args[0]);
                let args = [A::D(to, size), A::U(value, size), A::Imm8(way)];
                self.op(of(table::round(lane), size), &args);
            }
            Opcode::Fma => {
                let code = match lane {
                    types::F32 => (
                        Code::VEX_Vfmadd213ps_xmm_xmm_xmmm128,
                        Code::VEX_Vfmadd213ps_ymm_ymm_ymmm256,
                    ),
                    _ => (
                        Code::VEX_Vfmadd213pd_xmm_xmm_xmmm128,
                        Code::VEX_Vfmadd213pd_ymm_ymm_ymmm256,
                    ),
                };
                let (a, b, c) = (self.reg(args[0]), self.reg(args[1]), self.reg(args[2]));
                let args = [A::B(to, a, size), A::U(b, size), A::U(c, size)];
                self.op(of(code, size), &args);
            }
            Opcode::Fmin | Opcode::Fmax => self.extreme(opcode, lane, size, to, args),
            _ => return refuse(format!("{opcode}.{lane}")),
        }
        Ok(())
    }

    /// As Cranelift has it: the machine's own gives the second operand for zeros and NaN, so it is asked both ways.
    fn extreme(&mut self, opcode: Opcode, lane: Type, size: Size, to: VReg, args: &[Value]) {
        let (x, y) = (self.reg(args[0]), self.reg(args[1]));
        let single = lane == types::F32;
        let machine = table::machine_extreme(opcode == Opcode::Fmin, single);
        let or = table::binary(Opcode::Bor, lane);
        let first = self.made(Some(machine), size, x, y);
        let second = self.made(Some(machine), size, y, x);
        let unordered = self.vector();
        let value = if opcode == Opcode::Fmin {
            let either = self.made(or, size, first, second);
            self.float_mask_of(lane, size, unordered, (first, second), 3);
            self.made(or, size, either, unordered)
        } else {
            let apart = self.made(table::binary(Opcode::Bxor, lane), size, first, second);
            let blended = self.made(or, size, first, apart);
            self.float_mask_of(lane, size, unordered, (blended, blended), 3);
            self.made(table::binary(Opcode::Fsub, lane), size, blended, apart)
        };
        // Of a NaN only the bit that makes it quiet is left.
        let (ints, by) = if single {
            (types::I32, 10)
        } else {
            (types::I64, 13)
        };
        let payload = self.shifted(Opcode::Ushr, ints, size, unordered, by);
        let code = (
            Code::VEX_Vpandn_xmm_xmm_xmmm128,
            Code::VEX_Vpandn_ymm_ymm_ymmm256,
        );
        self.pair(Some(code), size, to, payload, value);
    }

    /// A comparison of floats by a predicate, as lanes of ones and zeros.
    pub fn float_mask_of(
        &mut self,
        lane: Type,
        size: Size,
        to: VReg,
        (a, b): (VReg, VReg),
        predicate: u8,
    ) {
        if size == Size::Z {
            self.compared_lanes(lane, to, a, b, predicate);
            return;
        }
        let code = of(table::compare_floats(lane), size);
        let args = [
            A::D(to, size),
            A::U(a, size),
            A::U(b, size),
            A::Imm8(predicate),
        ];
        self.op(code, &args);
    }
}
