//! The order of a block's instructions, before registers are chosen.
//!
//! What people write has long chains of operations, one after the other: the processor sees some hundred instructions
//! ahead, and where these are one chain it waits. Here the operations of several chains take turns, as many as there are
//! registers for: always the one on which the longest chain hangs, of those whose operands would be ready.
//!
//! Only vector instructions move. All others, stores among them, keep their order, and with it the flags that they set.

use iced_x86::Code;
use regalloc2::{Operand, OperandConstraint, OperandKind, RegClass, VReg};
use rustc_hash::FxHashMap;

use super::machine::{Arg, Inst, MachineCode, What};

/// The vector registers that may be filled at any time, by the ways that are tried.
const FILLED: [usize; 7] = [15, 13, 12, 11, 10, 9, 8];
/// The same where there are 32.
const FILLED_OF_MANY: [usize; 7] = [31, 28, 25, 22, 19, 16, 13];
/// Nothing is done more cycles than this before it is needed, if nothing else took time.
const EARLY: u32 = 16;
/// Blocks with fewer vector instructions stay: the processor sees past their ends.
const LEAST: usize = 24;
/// Blocks with more instructions stay.
const MOST: usize = 1500;

/// Changes the order in all loops of a function.
pub fn run(code: &mut MachineCode) {
    let live = Live::new(code);
    let filled = match code.widest {
        true => FILLED_OF_MANY,
        false => FILLED,
    };
    for block in 0..code.blocks.len() {
        let (first, end) = code.blocks[block].range;
        let insts = &code.insts[first..end];
        let vectors = insts.iter().filter(|inst| may_move(inst)).count();
        if vectors < LEAST || insts.len() > MOST || block == 0 {
            continue;
        }
        let (insts, constants) = without_constants(insts, &live.out[block]);
        let insts = &insts[..];
        let is_known = |register: &VReg| !constants.contains_key(register);
        let graph = Graph::new(insts, &live.out[block], live.through[block], is_known);
        let old: Vec<usize> = (0..insts.len()).collect();
        let most = graph.pressure(&old).max(filled[0]);
        let order = filled
            .iter()
            .map(|filled| graph.order(*filled))
            .find(|order| graph.pressure(order) <= most);
        if let Some(order) = order {
            let insts = order.iter().map(|at| insts[*at].clone());
            let insts = with_constants(insts, constants);
            code.insts.splice(first..end, insts);
        }
    }
}

fn is_vector(operand: &Operand) -> bool {
    operand.vreg().class() == RegClass::Float
}

fn is_def(operand: &Operand) -> bool {
    operand.kind() == OperandKind::Def
}

/// Whether an instruction does nothing but make a vector, or a mask.
fn may_move(inst: &Inst) -> bool {
    let What::Code(_, args) = &inst.what else {
        return false;
    };
    let free = |operand: &Operand| {
        matches!(
            operand.constraint(),
            OperandConstraint::Any
                | OperandConstraint::Reg
                | OperandConstraint::Reuse(_)
                | OperandConstraint::Limit(_)
        )
    };
    let mut defs = inst.operands.iter().filter(|operand| is_def(operand));
    let is_made = |operand: &Operand| operand.vreg().class() != RegClass::Int;
    let one = defs.next().is_some_and(is_made) && defs.next().is_none();
    one && !matches!(args.first(), Some(Arg::Mem(_)))
        && inst.clobbers.is_empty(RegClass::Int)
        && inst.clobbers.is_empty(RegClass::Float)
        && inst.operands.iter().all(free)
}

/// The instructions of a block but for those that load constants, which are wherever they are needed first.
fn without_constants(insts: &[Inst], out: &[bool]) -> (Vec<Inst>, FxHashMap<VReg, Inst>) {
    let loaded = |inst: &Inst| match (&inst.what, &inst.operands[..]) {
        (What::Code(_, args), [def]) if may_move(inst) && !out[def.vreg().vreg()] => {
            let is_constant = |arg: &Arg| matches!(arg, Arg::Mem(at) if at.constant.is_some());
            args.iter().any(is_constant).then_some(def.vreg())
        }
        _ => None,
    };
    let mut rest = Vec::with_capacity(insts.len());
    let mut constants = FxHashMap::default();
    for inst in insts {
        match loaded(inst) {
            Some(register) => {
                constants.insert(register, inst.clone());
            }
            None => rest.push(inst.clone()),
        }
    }
    (rest, constants)
}

fn with_constants(
    insts: impl Iterator<Item = Inst>,
    mut constants: FxHashMap<VReg, Inst>,
) -> Vec<Inst> {
    let mut all = Vec::new();
    for inst in insts {
        let used = inst.operands.iter().map(|operand| operand.vreg());
        all.extend(used.filter_map(|register| constants.remove(&register)));
        all.push(inst);
    }
    all
}

/// What an instruction does to memory: whether it reads what may be stored to, whether it may store.
fn memory(inst: &Inst) -> (bool, bool) {
    let args = match &inst.what {
        What::Code(_, args) => args,
        What::Call(_) => return (true, true),
        _ => return (false, false),
    };
    let mut found = (false, false);
    if !inst.clobbers.is_empty(RegClass::Float) {
        return (true, true);
    }
    for (at, arg) in args.iter().enumerate() {
        if let Arg::Mem(memory) = arg {
            found.0 |= memory.constant.is_none() && memory.incoming.is_none();
            found.1 |= at == 0;
        }
    }
    found
}

/// Where in the machine an instruction is done, and for how long its result is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Add,
    Multiply,
    Other,
}

fn cost(inst: &Inst) -> (Unit, u32) {
    let What::Code(code, _) = &inst.what else {
        return (Unit::Other, 1);
    };
    match code {
        Code::VEX_Vmulpd_ymm_ymm_ymmm256
        | Code::VEX_Vmulpd_xmm_xmm_xmmm128
        | Code::VEX_Vmulps_ymm_ymm_ymmm256
        | Code::VEX_Vmulps_xmm_xmm_xmmm128
        | Code::VEX_Vmulsd_xmm_xmm_xmmm64
        | Code::VEX_Vmulss_xmm_xmm_xmmm32
        | Code::EVEX_Vmulpd_zmm_k1z_zmm_zmmm512b64_er
        | Code::EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er => (Unit::Multiply, 4),
        Code::VEX_Vaddpd_ymm_ymm_ymmm256
        | Code::VEX_Vaddpd_xmm_xmm_xmmm128
        | Code::VEX_Vaddps_ymm_ymm_ymmm256
        | Code::VEX_Vaddps_xmm_xmm_xmmm128
        | Code::VEX_Vsubpd_ymm_ymm_ymmm256
        | Code::VEX_Vsubpd_xmm_xmm_xmmm128
        | Code::VEX_Vsubps_ymm_ymm_ymmm256
        | Code::VEX_Vsubps_xmm_xmm_xmmm128
        | Code::VEX_Vaddsd_xmm_xmm_xmmm64
        | Code::VEX_Vaddss_xmm_xmm_xmmm32
        | Code::VEX_Vsubsd_xmm_xmm_xmmm64
        | Code::VEX_Vsubss_xmm_xmm_xmmm32
        | Code::VEX_Vroundpd_ymm_ymmm256_imm8
        | Code::VEX_Vroundps_ymm_ymmm256_imm8
        | Code::EVEX_Vaddpd_zmm_k1z_zmm_zmmm512b64_er
        | Code::EVEX_Vaddps_zmm_k1z_zmm_zmmm512b32_er
        | Code::EVEX_Vsubpd_zmm_k1z_zmm_zmmm512b64_er
        | Code::EVEX_Vsubps_zmm_k1z_zmm_zmmm512b32_er
        | Code::EVEX_Vrndscalepd_zmm_k1z_zmmm512b64_imm8_sae
        | Code::EVEX_Vrndscaleps_zmm_k1z_zmmm512b32_imm8_sae => (Unit::Add, 4),
        Code::VEX_Vfmadd231pd_ymm_ymm_ymmm256
        | Code::VEX_Vfmadd231ps_ymm_ymm_ymmm256
        | Code::VEX_Vfmsub231pd_ymm_ymm_ymmm256
        | Code::VEX_Vfnmadd231pd_ymm_ymm_ymmm256
        | Code::EVEX_Vfmadd231pd_zmm_k1z_zmm_zmmm512b64_er
        | Code::EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er
        | Code::EVEX_Vfmsub231pd_zmm_k1z_zmm_zmmm512b64_er
        | Code::EVEX_Vfnmadd231pd_zmm_k1z_zmm_zmmm512b64_er => (Unit::Multiply, 4),
        Code::VEX_Vdivpd_ymm_ymm_ymmm256
        | Code::VEX_Vdivps_ymm_ymm_ymmm256
        | Code::VEX_Vdivpd_xmm_xmm_xmmm128
        | Code::VEX_Vdivps_xmm_xmm_xmmm128
        | Code::VEX_Vdivsd_xmm_xmm_xmmm64
        | Code::VEX_Vdivss_xmm_xmm_xmmm32 => (Unit::Multiply, 13),
        Code::EVEX_Vdivpd_zmm_k1z_zmm_zmmm512b64_er
        | Code::EVEX_Vdivps_zmm_k1z_zmm_zmmm512b32_er => (Unit::Multiply, 24),
        Code::EVEX_Vsqrtpd_zmm_k1z_zmmm512b64_er | Code::EVEX_Vsqrtps_zmm_k1z_zmmm512b32_er => {
            (Unit::Multiply, 32)
        }
        Code::EVEX_Vmovups_zmm_k1z_zmmm512 => (Unit::Other, 5),
        // From and to masks.
        Code::EVEX_Vcmppd_kr_k1_zmm_zmmm512b64_imm8_sae
        | Code::EVEX_Vcmpps_kr_k1_zmm_zmmm512b32_imm8_sae
        | Code::EVEX_Vpmovq2m_kr_zmm
        | Code::EVEX_Vpmovm2q_zmm_kr
        | Code::EVEX_Vpmovd2m_kr_zmm
        | Code::EVEX_Vpmovm2d_zmm_kr => (Unit::Other, 3),
        Code::VEX_Vsqrtpd_ymm_ymmm256 | Code::VEX_Vsqrtps_ymm_ymmm256 => (Unit::Multiply, 20),
        Code::VEX_Vmovups_ymm_ymmm256 | Code::VEX_Vmovups_xmm_xmmm128 => (Unit::Other, 5),
        _ => (Unit::Other, 1),
    }
}

/// Which vector registers are needed after each block, and which in blocks that do not name them.
struct Live {
    out: Vec<Vec<bool>>,
    through: Vec<usize>,
}

impl Live {
    fn new(code: &MachineCode) -> Live {
        let count = code.blocks.len();
        let none = vec![false; code.registers];
        let (mut used, mut defined) = (vec![none.clone(); count], vec![none.clone(); count]);
        for (at, block) in code.blocks.iter().enumerate() {
            for param in &block.params {
                defined[at][param.vreg()] = true;
            }
            let insts = &code.insts[block.range.0..block.range.1];
            for operand in insts.iter().flat_map(|inst| &inst.operands) {
                let register = operand.vreg();
                if is_def(operand) {
                    defined[at][register.vreg()] = true;
                } else if !defined[at][register.vreg()] {
                    used[at][register.vreg()] |= is_vector(operand);
                }
            }
            for arg in &block.args {
                let is_vector = arg.class() == RegClass::Float;
                used[at][arg.vreg()] |= is_vector && !defined[at][arg.vreg()];
            }
        }
        let mut into = used.clone();
        let mut out = vec![none; count];
        let mut changed = true;
        while changed {
            changed = false;
            for at in (0..count).rev() {
                for to in &code.blocks[at].successors {
                    for register in 0..code.registers {
                        if into[to.index()][register] && !out[at][register] {
                            out[at][register] = true;
                            into[at][register] |= !defined[at][register];
                            changed = true;
                        }
                    }
                }
            }
        }
        // What the jump itself hands over is needed until then.
        let mut through = Vec::with_capacity(count);
        for (at, block) in code.blocks.iter().enumerate() {
            for arg in &block.args {
                out[at][arg.vreg()] |= arg.class() == RegClass::Float;
            }
            let insts = &code.insts[block.range.0..block.range.1];
            let mut named = vec![false; code.registers];
            for operand in insts.iter().flat_map(|inst| &inst.operands) {
                named[operand.vreg().vreg()] = true;
            }
            let passes = |register: &usize| into[at][*register] && !named[*register];
            through.push((0..code.registers).filter(passes).count());
        }
        Live { out, through }
    }
}

/// An instruction, as the schedule sees it.
#[derive(Default)]
struct Node {
    /// Those that must come after it.
    next: Vec<usize>,
    /// How many must come before it.
    waits: usize,
    /// How long what hangs on it takes, itself among it.
    height: u32,
    /// Its place in the old order; of what needs no vector register, that of what needs it first.
    place: usize,
    /// The vector registers that it reads, each once.
    reads: Vec<usize>,
    /// That it makes.
    makes: Option<usize>,
}

struct Graph<'a> {
    insts: &'a [Inst],
    nodes: Vec<Node>,
    /// How often each vector register is read.
    reads: FxHashMap<usize, usize>,
    out: &'a [bool],
    /// Registers that are filled at the start of the block.
    filled: usize,
}

impl<'a> Graph<'a> {
    /// `is_known`: of vector registers, whether they count. `through`: those that pass the block by.
    fn new(
        insts: &'a [Inst],
        out: &'a [bool],
        through: usize,
        is_known: impl Fn(&VReg) -> bool,
    ) -> Graph<'a> {
        let mut nodes: Vec<Node> = insts.iter().map(|_| Node::default()).collect();
        let edge = |nodes: &mut Vec<Node>, from: usize, to: usize| {
            if !nodes[from].next.contains(&to) {
                nodes[from].next.push(to);
                nodes[to].waits += 1;
            }
        };
        let mut made: FxHashMap<VReg, usize> = FxHashMap::default();
        let mut reads: FxHashMap<usize, usize> = FxHashMap::default();
        let (mut fixed, mut stored): (Option<usize>, Option<usize>) = (None, None);
        let mut loads: Vec<usize> = Vec::new();
        let mut moving: Vec<usize> = Vec::new();
        // The test at the end stays beside its jump.
        let end = insts.len() - 1;
        let sets_flags = |inst: &Inst| !inst.operands.iter().any(is_def) && !memory(inst).1;
        let tail = match (&insts[end].what, end.checked_sub(1)) {
            (What::Branch(..), Some(test)) if sets_flags(&insts[test]) => test,
            _ => end,
        };
        for (at, inst) in insts.iter().enumerate() {
            let (reads_memory, stores) = memory(inst);
            for operand in &inst.operands {
                let register = operand.vreg();
                if is_def(operand) {
                    made.insert(register, at);
                    if is_vector(operand) {
                        nodes[at].makes = Some(register.vreg());
                    }
                    continue;
                }
                if let Some(from) = made.get(&register).filter(|from| **from != at) {
                    edge(&mut nodes, *from, at);
                }
                let counts = is_vector(operand) && is_known(&register);
                if counts && !nodes[at].reads.contains(&register.vreg()) {
                    nodes[at].reads.push(register.vreg());
                    *reads.entry(register.vreg()).or_default() += 1;
                }
            }
            if stores {
                for load in loads.drain(..) {
                    edge(&mut nodes, load, at);
                }
                stored = Some(at);
            } else if reads_memory {
                if let Some(store) = stored {
                    edge(&mut nodes, store, at);
                }
                loads.push(at);
            }
            if !may_move(inst) {
                if let Some(before) = fixed {
                    edge(&mut nodes, before, at);
                }
                fixed = Some(at);
            } else {
                moving.push(at);
            }
            if at == tail {
                for from in std::mem::take(&mut moving) {
                    edge(&mut nodes, from, at);
                }
            }
        }
        for at in (0..insts.len()).rev() {
            let after = nodes[at].next.iter().map(|next| nodes[*next].height);
            nodes[at].height = after.max().unwrap_or(0) + cost(&insts[at]).1;
            let first = nodes[at].next.iter().map(|next| nodes[*next].place).min();
            nodes[at].place = match first {
                Some(first) if may_move(&insts[at]) && nodes[at].reads.is_empty() => first,
                None if may_move(&insts[at]) => insts.len(),
                _ => at,
            };
        }
        let here = |register: &&usize| made.keys().any(|made| made.vreg() == **register);
        let before = reads.keys().filter(|register| !here(register)).count();
        Graph {
            insts,
            nodes,
            reads,
            out,
            filled: before + through,
        }
    }

    /// How many more registers are filled after an instruction. `left`: how often each register will be read.
    fn growth(&self, at: usize, left: &FxHashMap<usize, usize>) -> isize {
        let node = &self.nodes[at];
        let dies = |register: &&usize| left.get(register) == Some(&1) && !self.out[**register];
        let dead = node.reads.iter().filter(dies).count() as isize;
        isize::from(node.makes.is_some()) - dead
    }

    fn done(&self, at: usize, left: &mut FxHashMap<usize, usize>) {
        for register in &self.nodes[at].reads {
            if let Some(left) = left.get_mut(register) {
                *left -= 1;
            }
        }
    }

    /// The most registers that are filled at once.
    fn pressure(&self, order: &[usize]) -> usize {
        let mut left = self.reads.clone();
        let mut filled = self.filled as isize;
        let mut most = filled;
        for at in order {
            filled += self.growth(*at, &left);
            most = most.max(filled);
            self.done(*at, &mut left);
        }
        most.max(0) as usize
    }

    /// An order that tries to fill no more registers than given.
    fn order(&self, limit: usize) -> Vec<usize> {
        let mut left = self.reads.clone();
        let mut waits: Vec<usize> = self.nodes.iter().map(|node| node.waits).collect();
        let mut ready: Vec<usize> = (0..waits.len()).filter(|at| waits[*at] == 0).collect();
        // What is needed late fills no register before.
        let length = self.nodes.iter().map(|node| node.height).max();
        let late = |node: &Node| length.unwrap_or(0).saturating_sub(node.height + EARLY);
        let mut when: Vec<u32> = self.nodes.iter().map(late).collect();
        let mut order = Vec::with_capacity(waits.len());
        let mut filled = self.filled as isize;
        let (mut cycle, mut adds, mut products, mut all) = (0u32, 0, 0, 0);
        while !ready.is_empty() {
            let scarce = filled >= limit as isize;
            let rank = |at: usize| {
                let growth = self.growth(at, &left);
                let unit = cost(&self.insts[at]).0;
                let full =
                    (unit == Unit::Add && adds >= 2) || (unit == Unit::Multiply && products >= 2);
                let waiting = when[at] > cycle || full;
                // Where registers are scarce, chains are followed to their ends in the old order.
                let grows = if scarce { growth.signum() } else { 0 };
                let place = if grows > 0 { self.nodes[at].place } else { 0 };
                let height = u32::MAX - self.nodes[at].height;
                let wait = if waiting { when[at] } else { 0 };
                (grows, place, waiting, wait, height, at)
            };
            let Some(place) = (0..ready.len()).min_by_key(|place| rank(ready[*place])) else {
                break;
            };
            let at = ready[place];
            if !scarce && rank(at).2 {
                // Nothing can begin in this cycle.
                cycle += 1;
                (adds, products, all) = (0, 0, 0);
                continue;
            }
            ready.swap_remove(place);
            let (unit, latency) = cost(&self.insts[at]);
            match unit {
                Unit::Add => adds += 1,
                Unit::Multiply => products += 1,
                Unit::Other => {}
            }
            all += 1;
            let from = cycle.max(when[at]);
            filled += self.growth(at, &left);
            self.done(at, &mut left);
            order.push(at);
            for next in &self.nodes[at].next {
                when[*next] = when[*next].max(from + latency);
                waits[*next] -= 1;
                if waits[*next] == 0 {
                    ready.push(*next);
                }
            }
            if all >= 4 {
                cycle += 1;
                (adds, products, all) = (0, 0, 0);
            }
        }
        order
    }
}
