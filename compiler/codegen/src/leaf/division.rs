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
use cranelift_codegen::ir::{Block, Function, Inst as ClifInst, Opcode, Value, ValueDef};
use cranelift_codegen::loop_analysis::{Loop, LoopAnalysis};
use iced_x86::Code;
use regalloc2::VReg;
use rustc_hash::{FxHashMap, FxHashSet};

use super::machine::{Condition, Size};
use super::select::registers::const_bytes;
use super::select::{A, Select};

const DIVIDE: Code = Code::EVEX_Vdivpd_zmm_k1z_zmm_zmmm512b64_er;
/// The first factor becomes its product with the second one and the third operand, or that less the product.
const ADDED: Code = Code::EVEX_Vfmadd213pd_zmm_k1z_zmm_zmmm512b64_er;
const SUBTRACTED: Code = Code::EVEX_Vfnmadd213pd_zmm_k1z_zmm_zmmm512b64_er;
const SHARE_NONE: Code = Code::EVEX_Vptestnmq_kr_k1_zmm_zmmm512b64;
const SHARE_SOME: Code = Code::EVEX_Vptestmq_kr_k1_zmm_zmmm512b64;

/// Less this, the exponents that are near have one bit clear that others have set.
const LEAST: [u8; 8] = (511u64 << 52).to_le_bytes();
const IS_FAR: [u8; 8] = (1u64 << 62).to_le_bytes();
const FRACTION: [u8; 8] = ((1u64 << 52) - 1).to_le_bytes();

/// What is divided at 512 bits.
const DOUBLES: Type = types::F64X8;

/// How a quotient is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Of any two operands.
    Any,
    /// Of 1 and any divisor.
    Reciprocal,
    /// By the same divisor in all iterations: the machine divides 1 by it before the loop.
    Invariant,
}

impl Way {
    /// Instructions: they share two units.
    fn cost(self) -> u32 {
        match self {
            Way::Any => 22,
            Way::Reciprocal => 15,
            Way::Invariant => 9,
        }
    }
}

/// The divisions that are made of products.
pub type Divisions = FxHashMap<ClifInst, Way>;

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
pub fn by_products(func: &Function, cfg: &ControlFlowGraph, loops: &LoopAnalysis) -> Divisions {
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
    let mut chosen = Divisions::default();
    for (around, mut work) in work {
        for inst in work.divisions {
            let [dividend, divisor] = [0, 1].map(|n| func.dfg.inst_args(inst)[n]);
            let way = match is_invariant(func, loops, around, divisor) {
                true => Way::Invariant,
                false if is_one(func, dividend) => Way::Reciprocal,
                false => Way::Any,
            };
            let vectors = work.vectors + way.cost();
            let divider = work.divider - divider(Opcode::Fdiv, DOUBLES);
            let after = vectors.max(divider) * GAIN.0;
            let gains = after < work.vectors.max(work.divider) * GAIN.1;
            if gains && !feeds_itself(func, cfg, loops, around, inst) {
                (work.vectors, work.divider) = (vectors, divider);
                chosen.insert(inst, way);
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

/// Whether a value is made before a loop, by an instruction of its own. Constants have no place, and values that are seen
/// with other eyes only no register.
fn is_invariant(func: &Function, loops: &LoopAnalysis, around: Loop, value: Value) -> bool {
    let value = func.dfg.resolve_aliases(value);
    let Some(inst) = func.dfg.value_def(value).inst() else {
        return false;
    };
    let block = func.layout.inst_block(inst);
    let is_before = block.is_some_and(|block| !loops.is_in_loop(block, around));
    let has_register = matches!(
        func.dfg.insts[inst].opcode(),
        Opcode::Splat | Opcode::Sqrt | Opcode::Fadd | Opcode::Fsub | Opcode::Fmul
    );
    is_before && has_register && const_bytes(func, value).is_none()
}

/// Whether every lane is 1.
fn is_one(func: &Function, value: Value) -> bool {
    let one = 1f64.to_le_bytes();
    const_bytes(func, value).is_some_and(|bytes| bytes.chunks(8).all(|lane| lane == one))
}

/// Of a divisor that does not change: its reciprocal, and the lanes for which that is used.
#[derive(Clone, Copy)]
pub struct Reciprocal {
    value: VReg,
    can: VReg,
}

impl Select<'_> {
    /// The quotient of two vectors of eight doubles, by products.
    pub fn divide(&mut self, to: VReg, way: Way, dividend: Value, divisor: Value) {
        let z = Size::Z;
        let (a, b) = (self.reg(dividend), self.reg(divisor));
        let known = (way == Way::Invariant).then(|| self.reciprocal(divisor));
        let y = match known {
            Some(known) => known.value,
            None => self.reciprocal_by_products(b),
        };
        let (quotient, can) = if way == Way::Reciprocal {
            (y, self.can_divide_by(b, None))
        } else {
            let q = self.vector();
            let multiply = Code::EVEX_Vmulpd_zmm_k1z_zmm_zmmm512b64_er;
            self.op(multiply, &[A::D(q, z), A::U(a, z), A::U(y, z)]);
            let rest = self.product_and(SUBTRACTED, q, b, a);
            let quotient = self.product_and(ADDED, rest, y, q);
            let can = match known {
                Some(known) => self.can_be_divided(a, Some(known.can)),
                None => {
                    let can = self.can_be_divided(a, None);
                    self.can_divide_by(b, Some(can))
                }
            };
            (quotient, can)
        };
        let test = Code::VEX_Kortestb_kr_kr;
        self.op(test, &[A::U(can, Size::K), A::U(can, Size::K)]);
        // No carry: not all of them are on.
        let args = [A::B(to, quotient, z), A::U(a, z), A::U(b, z)];
        self.seldom(Condition::NotBelow, DIVIDE, &args);
    }

    /// The double nearest to `1 / b`, but for a `b` whose fraction has ones alone.
    fn reciprocal_by_products(&mut self, b: VReg) -> VReg {
        let z = Size::Z;
        let one = self.every(&1f64.to_le_bytes(), z);
        let mut y = self.vector();
        let approximate = Code::EVEX_Vrcp14pd_zmm_k1z_zmmm512b64;
        self.op(approximate, &[A::D(y, z), A::U(b, z)]);
        for _ in 0..3 {
            // 1 - b * y, and what it adds to y.
            let wrong = self.product_and(SUBTRACTED, y, b, one);
            y = self.product_and(ADDED, wrong, y, y);
        }
        y
    }

    /// The reciprocal of a divisor that does not change, which from now on must be made where that is.
    fn reciprocal(&mut self, divisor: Value) -> Reciprocal {
        let divisor = self.func.dfg.resolve_aliases(divisor);
        if let Some(known) = self.reciprocals.get(&divisor) {
            return *known;
        }
        let (value, can) = (self.vector(), self.mask());
        let new = Reciprocal { value, can };
        self.reciprocals.insert(divisor, new);
        new
    }

    /// Makes the reciprocal of what an instruction gives, if somebody divides by that.
    pub fn make_reciprocal(&mut self, inst: ClifInst) {
        let z = Size::Z;
        let Some(result) = self.func.dfg.inst_results(inst).first().copied() else {
            return;
        };
        let Some(Reciprocal { value, can }) = self.reciprocals.get(&result).copied() else {
            return;
        };
        let b = self.reg(result);
        let one = self.every(&1f64.to_le_bytes(), z);
        self.op(DIVIDE, &[A::D(value, z), A::U(one, z), A::U(b, z)]);
        let near = self.difference(b, LEAST);
        let far = self.every(&IS_FAR, z);
        self.tested_into(can, SHARE_NONE, near, far, None);
    }

    /// The first factor times the second one, and a third operand, with one rounding.
    fn product_and(&mut self, code: Code, first: VReg, second: VReg, third: VReg) -> VReg {
        let z = Size::Z;
        let to = self.vector();
        let third = self.last(third, z);
        self.op(code, &[A::B(to, first, z), A::U(second, z), third]);
        to
    }

    /// The lanes with dividends whose quotients products give, among those of a mask: see the head of this file.
    fn can_be_divided(&mut self, a: VReg, among: Option<VReg>) -> VReg {
        let near = self.difference(a, LEAST);
        let far = self.every(&IS_FAR, Size::Z);
        let near = self.tested(SHARE_NONE, near, far, among);
        let zero = self.tested(SHARE_NONE, a, a, among);
        let either = self.mask();
        let args = [
            A::D(either, Size::K),
            A::U(near, Size::K),
            A::U(zero, Size::K),
        ];
        self.op(Code::VEX_Korb_kr_kr_kr, &args);
        either
    }

    /// The same of divisors.
    fn can_divide_by(&mut self, b: VReg, among: Option<VReg>) -> VReg {
        let z = Size::Z;
        let near = self.difference(b, LEAST);
        let far = self.every(&IS_FAR, z);
        let can = self.tested(SHARE_NONE, near, far, among);
        let zeros = self.vector();
        let drop = Code::EVEX_Vpandnq_zmm_k1z_zmm_zmmm512b64;
        let fraction = self.every(&FRACTION, z);
        let fraction = self.last(fraction, z);
        self.op(drop, &[A::D(zeros, z), A::U(b, z), fraction]);
        self.tested(SHARE_SOME, zeros, zeros, Some(can))
    }

    fn difference(&mut self, a: VReg, b: [u8; 8]) -> VReg {
        let to = self.vector();
        let b = self.every(&b, Size::Z);
        let b = self.last(b, Size::Z);
        let subtract = Code::EVEX_Vpsubq_zmm_k1z_zmm_zmmm512b64;
        self.op(subtract, &[A::D(to, Size::Z), A::U(a, Size::Z), b]);
        to
    }

    /// The lanes in which two vectors share ones, or do not, among those of a mask.
    fn tested(&mut self, code: Code, a: VReg, b: VReg, among: Option<VReg>) -> VReg {
        let to = self.mask();
        self.tested_into(to, code, a, b, among);
        to
    }

    fn tested_into(&mut self, to: VReg, code: Code, a: VReg, b: VReg, among: Option<VReg>) {
        let mut args = vec![A::D(to, Size::K), A::U(a, Size::Z), self.last(b, Size::Z)];
        args.extend(among.map(|mask| A::Mask(mask, false)));
        self.op(code, &args);
    }
}
