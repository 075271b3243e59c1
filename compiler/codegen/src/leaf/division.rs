//! Divisions of doubles by products, at 512 bits.
//!
//! The machine divides eight doubles in 16 cycles, and begins no other division or root meanwhile; in this time it does 32
//! products or sums of as many. So where a loop waits for divisions, some of them are made of these: an approximation of the
//! reciprocal, which three steps of Newton's make the nearest double to it, the product with the dividend, and a last
//! correction with the exact remainder. The quotient is the same, bit for bit.
//!
//! That it is, is a theorem: P. Markstein, "Computation of elementary functions on the IBM RISC System/6000 processor",
//! IBM Journal of Research and Development 34, 1990; also M. Cornea, J. Harrison, P. Tang, "Scientific Computing on
//! Itanium-based Systems", 2002. If `y` is the double nearest to `1 / b` and `q` is next to `a / b`, the double nearest to
//! `q + (a - b * q) * y` is the one nearest to `a / b`: the remainder has no rounding then. (The product `a * y` may be up to
//! one and a half units off, but not where `a / b` is almost between two doubles, and only there it matters.) And where `y` is
//! next to `1 / b`, the double nearest to `y + (1 - b * y) * y` is nearest to it, but for a `b` whose fraction has ones alone.
//! Nothing may overflow or lose digits below the smallest exponent, which is sure where both operands are within `2**512`
//! times 1, either way, or the dividend is +0. The lanes are tested for that, and if one fails, the machine divides them all.

use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{
    Block, Function, Inst as ClifInst, InstructionData, Opcode, Value, ValueDef,
};
use cranelift_codegen::loop_analysis::{Loop, LoopAnalysis};
use iced_x86::Code;
use regalloc2::VReg;
use rustc_hash::{FxHashMap, FxHashSet};

use super::machine::{Condition, Size};
use super::select::{A, Select};

/// What is divided at 512 bits.
const DOUBLES: Type = types::F64X8;
/// Instructions for a division by products, and for a reciprocal: they share two units.
const OF_DIVISION: u32 = 22;
const OF_RECIPROCAL: u32 = 15;
/// How many times as fast the loop must be: the chain of instructions is longer, so that the machine sees less far ahead.
const GAIN: (u32, u32) = (5, 4);

/// The work of one iteration of a loop, in half cycles: of the two units for vectors, and of the one that divides.
#[derive(Default)]
struct Work {
    vectors: u32,
    divider: u32,
    /// Of 512 bits.
    divisions: Vec<ClifInst>,
}

/// The divisions that gain: as many in each loop without one in it as make it wait less for one unit or the other.
pub fn by_products(
    func: &Function,
    cfg: &ControlFlowGraph,
    loops: &LoopAnalysis,
) -> FxHashSet<ClifInst> {
    let mut work: FxHashMap<Loop, Work> = FxHashMap::default();
    let outer: FxHashSet<Loop> = loops
        .loops()
        .filter_map(|inner| loops.loop_parent(inner))
        .collect();
    for block in func
        .layout
        .blocks()
        .filter(|block| !func.layout.is_cold(*block))
    {
        let Some(around) = loops.innermost_loop(block) else {
            continue;
        };
        if outer.contains(&around) {
            continue;
        }
        let work = work.entry(around).or_default();
        for inst in func.layout.block_insts(block) {
            note(func, inst, work);
        }
    }
    let mut chosen = FxHashSet::default();
    for (around, mut work) in work {
        for inst in work.divisions {
            let cost = match is_one(func, func.dfg.inst_args(inst)[0]) {
                true => OF_RECIPROCAL,
                false => OF_DIVISION,
            };
            let vectors = work.vectors + cost;
            let divider = work.divider - divider(Opcode::Fdiv, DOUBLES);
            let after = vectors.max(divider) * GAIN.0;
            let gains = after < work.vectors.max(work.divider) * GAIN.1;
            if gains && !feeds_itself(func, cfg, loops, around, inst) {
                (work.vectors, work.divider) = (vectors, divider);
                chosen.insert(inst);
            }
        }
    }
    chosen
}

fn note(func: &Function, inst: ClifInst, work: &mut Work) {
    let opcode = func.dfg.insts[inst].opcode();
    let Some(result) = func.dfg.inst_results(inst).first() else {
        return;
    };
    let ty = func.dfg.value_type(*result);
    match opcode {
        Opcode::Fdiv | Opcode::Sqrt => {
            work.divider += divider(opcode, ty);
            if opcode == Opcode::Fdiv && ty == DOUBLES {
                work.divisions.push(inst);
            }
        }
        // Others have units of their own, or are no instructions.
        Opcode::Load | Opcode::Vconst | Opcode::Bitcast => {}
        Opcode::Splat if func.dfg.value_type(func.dfg.inst_args(inst)[0]).is_float() => {}
        Opcode::Imul if ty.lane_type() == types::I64 => work.vectors += 3,
        _ => work.vectors += u32::from(ty.is_vector()),
    }
}

/// For how many half cycles the unit that divides is busy.
fn divider(opcode: Opcode, ty: Type) -> u32 {
    let is_double = ty.lane_type() == types::F64;
    let of_128_bits = match (opcode, is_double) {
        (Opcode::Fdiv, true) => 8,
        (Opcode::Fdiv, false) => 6,
        (_, true) => 9,
        (_, false) => 6,
    };
    match ty.bits() {
        512 => 4 * of_128_bits,
        256 => 2 * of_128_bits,
        _ => of_128_bits,
    }
}

/// Whether a quotient is needed, some iterations later, to make its own operands: then only the time from operands to
/// quotient counts, and the machine's is shorter.
fn feeds_itself(
    func: &Function,
    cfg: &ControlFlowGraph,
    loops: &LoopAnalysis,
    around: Loop,
    division: ClifInst,
) -> bool {
    let is_inside = |block: Block| loops.is_in_loop(block, around);
    let mut pending: Vec<Value> = func.dfg.inst_args(division).to_vec();
    let mut seen: FxHashSet<Value> = FxHashSet::default();
    while let Some(value) = pending.pop() {
        let value = func.dfg.resolve_aliases(value);
        if !seen.insert(value) {
            continue;
        }
        match func.dfg.value_def(value) {
            ValueDef::Result(inst, _) if inst == division => return true,
            ValueDef::Result(inst, _) => {
                let block = func.layout.inst_block(inst);
                if block.is_some_and(is_inside) {
                    pending.extend(func.dfg.inst_values(inst));
                }
            }
            ValueDef::Param(block, at) if is_inside(block) => {
                for pred in cfg.pred_iter(block).filter(|pred| is_inside(pred.block)) {
                    let calls = func.dfg.insts[pred.inst]
                        .branch_destination(&func.dfg.jump_tables, &func.dfg.exception_tables);
                    let calls = calls
                        .iter()
                        .filter(|call| call.block(&func.dfg.value_lists) == block);
                    let args = calls.filter_map(|call| call.args(&func.dfg.value_lists).nth(at));
                    pending.extend(args.filter_map(|arg| arg.as_value()));
                }
            }
            ValueDef::Param(..) | ValueDef::Union(..) => {}
        }
    }
    false
}

/// Whether every lane is 1.
fn is_one(func: &Function, value: Value) -> bool {
    let def = |value| func.dfg.value_def(func.dfg.resolve_aliases(value)).inst();
    let one = 1f64.to_bits();
    def(value).is_some_and(|inst| match func.dfg.insts[inst] {
        InstructionData::UnaryIeee64 { imm, .. } => imm.bits() == one,
        InstructionData::UnaryConst {
            constant_handle, ..
        } => {
            let bytes = func.dfg.constants.get(constant_handle).as_slice();
            bytes.chunks(8).all(|lane| lane == one.to_le_bytes())
        }
        InstructionData::Unary {
            opcode: Opcode::Splat,
            arg,
        } => is_one(func, arg),
        _ => false,
    })
}

impl Select<'_> {
    /// The quotient of two vectors of eight doubles, by products.
    pub fn divide(&mut self, to: VReg, dividend: Value, divisor: Value) {
        let z = Size::Z;
        let is_reciprocal = is_one(self.func, dividend);
        let (a, b) = (self.reg(dividend), self.reg(divisor));
        let one = self.every(&1f64.to_le_bytes(), z);
        let mut y = self.vector();
        let approximate = Code::EVEX_Vrcp14pd_zmm_k1z_zmmm512b64;
        self.op(approximate, &[A::D(y, z), A::U(b, z)]);
        for _ in 0..3 {
            // 1 - b * y, and what it adds to y.
            let wrong =
                self.product_and(Code::EVEX_Vfnmadd213pd_zmm_k1z_zmm_zmmm512b64_er, y, b, one);
            y = self.product_and(
                Code::EVEX_Vfmadd213pd_zmm_k1z_zmm_zmmm512b64_er,
                wrong,
                y,
                y,
            );
        }
        if !is_reciprocal {
            let q = self.vector();
            let multiply = Code::EVEX_Vmulpd_zmm_k1z_zmm_zmmm512b64_er;
            self.op(multiply, &[A::D(q, z), A::U(a, z), A::U(y, z)]);
            let rest = self.product_and(Code::EVEX_Vfnmadd213pd_zmm_k1z_zmm_zmmm512b64_er, q, b, a);
            y = self.product_and(Code::EVEX_Vfmadd213pd_zmm_k1z_zmm_zmmm512b64_er, rest, y, q);
        }
        let can = self.can_divide((!is_reciprocal).then_some(a), b);
        let test = Code::VEX_Kortestb_kr_kr;
        self.op(test, &[A::U(can, Size::K), A::U(can, Size::K)]);
        // No carry: not all of them are on.
        let divide = Code::EVEX_Vdivpd_zmm_k1z_zmm_zmmm512b64_er;
        let args = [A::B(to, y, z), A::U(a, z), A::U(b, z)];
        self.seldom(Condition::NotBelow, divide, &args);
    }

    /// The first factor times the second one, and a third operand, with one rounding.
    fn product_and(&mut self, code: Code, first: VReg, second: VReg, third: VReg) -> VReg {
        let z = Size::Z;
        let to = self.vector();
        let third = self.last(third, z);
        self.op(code, &[A::B(to, first, z), A::U(second, z), third]);
        to
    }

    /// The lanes whose quotients products give: see the head of this file.
    fn can_divide(&mut self, a: Option<VReg>, b: VReg) -> VReg {
        let z = Size::Z;
        // From here on the exponents have one bit clear that others have set.
        let least = (511u64 << 52).to_le_bytes();
        let is_far = (1u64 << 62).to_le_bytes();
        let fraction = ((1u64 << 52) - 1).to_le_bytes();
        let (least, is_far) = (self.every(&least, z), self.every(&is_far, z));
        let fraction = self.every(&fraction, z);
        let [no, some] = [
            Code::EVEX_Vptestnmq_kr_k1_zmm_zmmm512b64,
            Code::EVEX_Vptestmq_kr_k1_zmm_zmmm512b64,
        ];
        let mut can = None;
        if let Some(a) = a {
            let near = self.difference(a, least);
            let near = self.tested(no, near, is_far, None);
            let zero = self.tested(no, a, a, None);
            let either = self.mask();
            let args = [
                A::D(either, Size::K),
                A::U(near, Size::K),
                A::U(zero, Size::K),
            ];
            self.op(Code::VEX_Korb_kr_kr_kr, &args);
            can = Some(either);
        }
        let near = self.difference(b, least);
        let can = self.tested(no, near, is_far, can);
        let zeros = self.vector();
        let drop = Code::EVEX_Vpandnq_zmm_k1z_zmm_zmmm512b64;
        let fraction = self.last(fraction, z);
        self.op(drop, &[A::D(zeros, z), A::U(b, z), fraction]);
        self.tested(some, zeros, zeros, Some(can))
    }

    fn difference(&mut self, a: VReg, b: VReg) -> VReg {
        let to = self.vector();
        let b = self.last(b, Size::Z);
        let subtract = Code::EVEX_Vpsubq_zmm_k1z_zmm_zmmm512b64;
        self.op(subtract, &[A::D(to, Size::Z), A::U(a, Size::Z), b]);
        to
    }

    /// The lanes in which two vectors share ones, or do not, among those of a mask.
    fn tested(&mut self, code: Code, a: VReg, b: VReg, among: Option<VReg>) -> VReg {
        let to = self.mask();
        let mut args = vec![A::D(to, Size::K), A::U(a, Size::Z), self.last(b, Size::Z)];
        args.extend(among.map(|mask| A::Mask(mask, false)));
        self.op(code, &args);
        to
    }
}
