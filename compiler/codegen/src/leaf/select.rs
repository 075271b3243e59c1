//! Instruction selection: the frame of it. Blocks are walked from their ends to their starts, uses before definitions, so
//! that what nobody needs is not made, and what only one instruction needs may become part of it.

mod address;
pub mod registers;

use std::collections::BTreeMap;

use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{
    Block as ClifBlock, Function, Inst as ClifInst, InstructionData, Opcode, Value,
};
use cranelift_codegen::loop_analysis::LoopAnalysis;
use iced_x86::Code;
use regalloc2::{Block, Operand, OperandConstraint, PReg, PRegSet, RegClass, VReg};
use rustc_hash::{FxHashMap, FxHashSet};

use super::call::PARAMS;
use super::division::{Divisions, Reciprocal};
use super::machine::{
    Arg, BlockCode, Condition, Inst, LOW, MachineCode, Memory, Size, What, general, vector,
};
use super::{How, Refused, Width};
use crate::marks;

/// An operand of an instruction to be made.
#[derive(Clone, Copy, Debug)]
pub enum A {
    /// A register that is written.
    D(VReg, Size),
    /// A register that is read.
    U(VReg, Size),
    /// See [`Arg`]. Must be the last one.
    Mask(VReg, bool),
    /// A register that is read, or the place on the stack where it is kept.
    R(VReg, Size),
    /// A register that is written, and before that is another one, which is read.
    B(VReg, VReg, Size),
    /// Memory.
    M(Address),
    /// See [`Arg`].
    Imm8(u8),
    /// See [`Arg`].
    Imm8to32(i8),
    /// See [`Arg`].
    Imm8to64(i8),
    /// See [`Arg`].
    Imm16(i16),
    /// See [`Arg`].
    Imm32(i32),
    /// See [`Arg`].
    Imm32to64(i32),
    /// See [`Arg`].
    Imm64(i64),
}

/// Memory, by virtual registers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Address {
    base: Option<VReg>,
    index: Option<(VReg, u32)>,
    offset: i32,
    constant: Option<usize>,
    incoming: Option<u32>,
    slot: Option<u32>,
    stack: bool,
}

impl Address {
    /// So many bytes from where the stack ends.
    pub fn on_stack(offset: i32) -> Address {
        Address {
            stack: true,
            offset,
            ..Address::default()
        }
    }

    /// Whether it is just what a register says.
    pub fn is_at(&self, register: VReg) -> bool {
        self.base == Some(register) && self.index.is_none() && self.offset == 0
    }
}

/// What the selection gives.
pub type Maybe<T> = Result<T, Refused>;

/// What is not known.
pub fn refuse<T>(what: impl std::fmt::Display) -> Maybe<T> {
    Err(Refused(what.to_string()))
}

/// The selection of one function.
pub struct Select<'a> {
    /// What is translated.
    pub func: &'a Function,
    loops: &'a LoopAnalysis,
    /// How the form is made.
    pub how: How,
    /// The divisions that are made of products: see [`super::division`].
    pub by_products: &'a Divisions,
    /// What is made besides divisors that do not change.
    pub reciprocals: FxHashMap<Value, Reciprocal>,
    /// Bytes of the most arguments that a call has on the stack.
    pub outgoing: u32,
    uses: FxHashMap<Value, u32>,
    registers: FxHashMap<Value, VReg>,
    next: usize,
    /// Those of masks.
    masks: FxHashMap<Value, VReg>,
    needed: FxHashSet<Value>,
    /// What has become part of the end of its block.
    pub done: FxHashSet<ClifInst>,
    /// An op that has no instruction was asked for.
    unknown: bool,
    constants: Vec<Vec<u8>>,
    /// Registers for constants, which are filled at the start of the function if they are used.
    constant_registers: BTreeMap<usize, VReg>,
    /// Which constants these are for.
    constant_of: FxHashMap<VReg, usize>,
    used_constants: FxHashSet<usize>,
    /// Instructions take constants from memory where they can.
    from_memory: bool,
    places: FxHashMap<ClifInst, Place>,
    /// Where the selection is.
    here: Place,
    /// Whether that seldom runs.
    is_cold_here: bool,
    line: u32,
    slots: Vec<u32>,
    buffer: Vec<Inst>,
}

/// Where an instruction is.
#[derive(Clone, Copy)]
struct Place {
    block: ClifBlock,
    /// How many stores are before it, counted from the last block on the way that several lead to. Memory is the same where
    /// this is.
    stores: (ClifBlock, u32),
}

/// The class of the registers that a type lives in.
pub fn class_of(ty: Type) -> RegClass {
    if ty.is_vector() || ty.is_float() {
        RegClass::Float
    } else {
        RegClass::Int
    }
}

/// How much of a register a type fills.
pub fn size_of(ty: Type) -> Maybe<Size> {
    Ok(match ty.bits() {
        512 => Size::Z,
        256 => Size::Y,
        128 if ty.is_vector() => Size::X,
        _ if ty.is_float() => Size::X,
        64 => Size::B8,
        32 => Size::B4,
        16 => Size::B2,
        8 => Size::B1,
        _ => return refuse(ty),
    })
}

/// The bytes of a vector register.
fn bytes_of(size: Size) -> usize {
    match size {
        Size::Z => 64,
        Size::Y => 32,
        _ => 16,
    }
}

impl<'a> Select<'a> {
    /// The type of a value.
    pub fn ty(&self, value: Value) -> Type {
        self.func.dfg.value_type(value)
    }

    /// The instruction that makes a value.
    pub fn def(&self, value: Value) -> Option<(ClifInst, Opcode)> {
        let inst = registers::def(self.func, value)?;
        Some((inst, self.func.dfg.insts[inst].opcode()))
    }

    /// The instruction that makes a value, if it is of this kind.
    pub fn def_as(&self, value: Value, opcode: Opcode) -> Option<ClifInst> {
        match self.def(value) {
            Some((inst, found)) if found == opcode => Some(inst),
            _ => None,
        }
    }

    /// The n-th operand of an instruction.
    pub fn arg(&self, inst: ClifInst, at: usize) -> Value {
        self.func.dfg.inst_args(inst)[at]
    }

    /// Whether an instruction is in the block that is worked on.
    pub fn is_here(&self, inst: ClifInst) -> bool {
        self.places
            .get(&inst)
            .is_some_and(|place| place.block == self.here.block)
    }

    /// Whether an instruction is in the block that is worked on, or in another one of the innermost loop around that.
    pub fn is_near(&self, inst: ClifInst) -> bool {
        let around = |block| self.loops.innermost_loop(block);
        let block = self.places.get(&inst).map(|place| place.block);
        let is_beside = |block| around(block).is_some() && around(block) == around(self.here.block);
        block.is_some_and(|block| block == self.here.block || is_beside(block))
    }

    /// Whether a load would load the same where the selection is: nothing has been stored since.
    fn is_same_memory(&self, load: ClifInst) -> bool {
        let place = self.places.get(&load);
        place.is_some_and(|place| place.stores == self.here.stores)
    }

    /// Whether one operand of one instruction is all that needs a value.
    pub fn is_used_once(&self, value: Value) -> bool {
        self.uses.get(&self.func.dfg.resolve_aliases(value)) == Some(&1)
    }

    /// A value whose register another one can use as it is, with other eyes.
    fn same_register(&self, value: Value) -> Option<Value> {
        let (inst, opcode) = self.def(value)?;
        let arg = || self.arg(inst, 0);
        match opcode {
            Opcode::X86Cvtt2dq => self
                .half(value)
                .filter(|(_, high)| !high)
                .map(|(part, _)| part),
            Opcode::Ireduce => Some(arg()),
            Opcode::Bitcast if self.ty(value).is_vector() && self.ty(arg()).is_vector() => {
                Some(arg())
            }
            Opcode::Extractlane if self.ty(value).is_float() => {
                let InstructionData::BinaryImm8 { imm, .. } = self.func.dfg.insts[inst] else {
                    return None;
                };
                (imm == 0).then(arg)
            }
            _ => None,
        }
    }

    /// The register of which a value is a half, and whether it is the high one: see `clif::Lower::half`.
    pub fn half(&self, value: Value) -> Option<(Value, bool)> {
        let inst = self.def_as(value, Opcode::X86Cvtt2dq)?;
        let (wide, opcode) = self.def(self.arg(inst, 0))?;
        let high = match opcode {
            Opcode::UwidenLow => false,
            Opcode::UwidenHigh => true,
            _ => return None,
        };
        let part = self.arg(wide, 0);
        let is_half = matches!(
            (self.ty(part), self.ty(value)),
            (types::I32X8, types::I32X4) | (types::I32X16, types::I32X8)
        );
        is_half.then_some((part, high))
    }

    /// The register in which a value that is being made goes.
    pub fn result(&mut self, inst: ClifInst) -> VReg {
        let value = self.func.dfg.first_result(inst);
        self.own_register(value)
    }

    /// An instruction.
    pub fn op(&mut self, code: Code, args: &[A]) {
        self.op_with(code, args, &[], PRegSet::empty());
    }

    /// An instruction with operands and registers that its encoding does not name.
    pub fn op_with(&mut self, code: Code, args: &[A], more: &[Operand], clobbers: PRegSet) {
        let (named, mut operands) = self.operands(code, args);
        operands.extend(more);
        self.push(What::Code(code, named), operands, clobbers);
    }

    /// An instruction that is done only where a condition holds, which is seldom so: see [`What::Seldom`].
    pub fn seldom(&mut self, condition: Condition, code: Code, args: &[A]) {
        let (named, operands) = self.operands(code, args);
        let what = What::Seldom(condition, code, named);
        self.push(what, operands, PRegSet::empty());
    }

    /// What an instruction names, and the registers among it.
    fn operands(&mut self, code: Code, args: &[A]) -> (Vec<Arg>, Vec<Operand>) {
        self.unknown |= code == Code::INVALID;
        let mut operands = Vec::new();
        let mut named = Vec::with_capacity(args.len());
        // Only what has registers of 512 bits can name all of them.
        let is_wide = |arg: &A| {
            matches!(
                arg,
                A::D(_, Size::Z) | A::U(_, Size::Z) | A::B(_, _, Size::Z)
            )
        };
        let low = self.how.width == Width::Z && !args.iter().any(is_wide);
        let mut add = |operand: Operand| {
            let operand = match (operand.constraint(), operand.vreg().class()) {
                (OperandConstraint::Reg, RegClass::Float) if low => {
                    let limit = OperandConstraint::Limit(LOW);
                    Operand::new(operand.vreg(), limit, operand.kind(), operand.pos())
                }
                _ => operand,
            };
            operands.push(operand);
            operands.len() - 1
        };
        for arg in args {
            named.push(match arg {
                A::D(register, size) => Arg::Reg(add(Operand::reg_def(*register)), *size),
                A::U(register, size) => Arg::Reg(add(Operand::reg_use(*register)), *size),
                A::R(register, size) => Arg::Reg(add(Operand::any_use(*register)), *size),
                A::B(to, from, size) => {
                    let source = add(Operand::reg_use(*from));
                    Arg::Reg(add(Operand::reg_reuse_def(*to, source)), *size)
                }
                A::Mask(register, zeroing) => Arg::Mask(add(Operand::reg_use(*register)), *zeroing),
                A::M(address) => {
                    let base = address.base.map(|base| add(Operand::reg_use(base)));
                    let index = address
                        .index
                        .map(|(index, scale)| (add(Operand::reg_use(index)), scale));
                    Arg::Mem(Memory {
                        base,
                        index,
                        offset: address.offset,
                        constant: address.constant,
                        incoming: address.incoming,
                        slot: address.slot,
                        stack: address.stack,
                    })
                }
                A::Imm8(value) => Arg::Imm8(*value),
                A::Imm8to32(value) => Arg::Imm8to32(*value),
                A::Imm8to64(value) => Arg::Imm8to64(*value),
                A::Imm16(value) => Arg::Imm16(*value),
                A::Imm32(value) => Arg::Imm32(*value),
                A::Imm32to64(value) => Arg::Imm32to64(*value),
                A::Imm64(value) => Arg::Imm64(*value),
            });
        }
        (named, operands)
    }

    /// An instruction of any kind.
    pub fn push(&mut self, what: What, operands: Vec<Operand>, clobbers: PRegSet) {
        for operand in &operands {
            self.used_constants
                .extend(self.constant_of.get(&operand.vreg()));
        }
        self.buffer.push(Inst {
            what,
            operands,
            clobbers,
            line: self.line,
        });
    }

    /// A value as the last operand of an instruction: from memory if that is the only one that needs it.
    pub fn rm(&mut self, value: Value, size: Size) -> A {
        match self.folded(value) {
            Some(address) => A::M(address),
            None => {
                let register = self.reg(value);
                match self.constant_of.get(&register) {
                    Some(index)
                        if self.from_memory
                            && self.constants[*index].len() == self.ty(value).bytes() as usize =>
                    {
                        A::M(Address {
                            constant: Some(*index),
                            ..Address::default()
                        })
                    }
                    _ => A::U(register, size),
                }
            }
        }
    }

    /// A value in a register; a constant that need not be in one for the whole function is loaded here.
    pub fn near(&mut self, value: Value, size: Size) -> VReg {
        let register = self.reg(value);
        let bytes = self.ty(value).bytes() as usize;
        match self.constant_of.get(&register) {
            Some(index) if self.from_memory && self.constants[*index].len() == bytes => {
                let address = Address {
                    constant: Some(*index),
                    ..Address::default()
                };
                let code = match size {
                    Size::Z => Code::EVEX_Vmovups_zmm_k1z_zmmm512,
                    Size::Y => Code::VEX_Vmovups_ymm_ymmm256,
                    _ if bytes == 16 => Code::VEX_Vmovups_xmm_xmmm128,
                    _ => return register,
                };
                let near = self.vector();
                self.op(code, &[A::D(near, size), A::M(address)]);
                near
            }
            _ => register,
        }
    }

    fn terminator(
        &mut self,
        inst: ClifInst,
        blocks: &FxHashMap<ClifBlock, Block>,
        edges: &FxHashMap<(ClifBlock, usize), Block>,
    ) -> Maybe<(Vec<Block>, Vec<VReg>)> {
        let data = self.func.dfg.insts[inst];
        let block = self.here.block;
        match data {
            InstructionData::Jump { destination, .. } => {
                let to = destination.block(&self.func.dfg.value_lists);
                let args = self.block_args(&destination);
                let to = blocks[&to];
                self.push(What::Jump(to), Vec::new(), PRegSet::empty());
                Ok((vec![to], args))
            }
            InstructionData::Brif {
                arg, blocks: ways, ..
            } => {
                let [then, other] = [0, 1].map(|way| match edges.get(&(block, way)) {
                    Some(edge) => *edge,
                    None => blocks[&ways[way].block(&self.func.dfg.value_lists)],
                });
                if then == other {
                    self.push(What::Jump(then), Vec::new(), PRegSet::empty());
                    return Ok((vec![then], Vec::new()));
                }
                let condition = self.condition(arg)?;
                let what = What::Branch(condition, then, other);
                self.push(what, Vec::new(), PRegSet::empty());
                Ok((vec![then, other], Vec::new()))
            }
            InstructionData::MultiAry { .. } if data.opcode() == Opcode::Return => {
                let mut operands = Vec::new();
                let (mut ints, mut floats) = ([0, 2].into_iter(), [0, 1].into_iter());
                for value in self.func.dfg.inst_args(inst) {
                    let (register, number) = (self.reg(*value), class_of(self.ty(*value)));
                    let fixed = match number {
                        RegClass::Int => ints.next().map(general),
                        _ => floats.next().map(vector),
                    };
                    let Some(fixed) = fixed else {
                        return refuse("many results");
                    };
                    operands.push(Operand::reg_fixed_use(register, fixed));
                }
                self.push(What::Return, operands, PRegSet::empty());
                Ok((Vec::new(), Vec::new()))
            }
            InstructionData::Trap { .. } => {
                self.push(What::Trap, Vec::new(), PRegSet::empty());
                Ok((Vec::new(), Vec::new()))
            }
            _ => refuse(data.opcode()),
        }
    }

    fn block_args(&mut self, call: &cranelift_codegen::ir::BlockCall) -> Vec<VReg> {
        let args: Vec<Value> = call
            .args(&self.func.dfg.value_lists)
            .filter_map(|arg| arg.as_value())
            .collect();
        let args: Vec<VReg> = args.into_iter().map(|arg| self.reg(arg)).collect();
        for arg in &args {
            self.used_constants.extend(self.constant_of.get(arg));
        }
        args
    }

    /// The registers in which parameters arrive, and the loads of those that come on the stack.
    fn params(&mut self, entry: ClifBlock) -> Maybe<()> {
        let params = self.func.dfg.block_params(entry).to_vec();
        let (mut ints, mut floats) = (PARAMS.into_iter(), 0..8);
        let mut operands = Vec::new();
        let mut loads = Vec::new();
        let mut stack = 0;
        for param in params {
            let ty = self.ty(param);
            let register = self.own_register(param);
            let fixed: Option<PReg> = match class_of(ty) {
                RegClass::Int => ints.next().map(general),
                _ => floats.next().map(vector),
            };
            match fixed {
                Some(fixed) => operands.push(Operand::reg_fixed_def(register, fixed)),
                None => {
                    loads.push((register, ty, stack));
                    stack += 1;
                }
            }
        }
        self.push(What::Params, operands, PRegSet::empty());
        for (register, ty, number) in loads {
            let address = Address {
                incoming: Some(number),
                ..Address::default()
            };
            self.load_from(register, ty, address)?;
        }
        let used = &self.used_constants;
        let mut registers = self.constant_registers.clone();
        registers.retain(|constant, _| used.contains(constant));
        for (constant, register) in registers {
            let address = Address {
                constant: Some(constant),
                ..Address::default()
            };
            let (code, size) = match self.constants[constant].len() {
                4 => (Code::VEX_Vmovss_xmm_m32, Size::X),
                8 => (Code::VEX_Vmovsd_xmm_m64, Size::X),
                16 => (Code::VEX_Vmovups_xmm_xmmm128, Size::X),
                32 => (Code::VEX_Vmovups_ymm_ymmm256, Size::Y),
                64 => (Code::EVEX_Vmovups_zmm_k1z_zmmm512, Size::Z),
                other => return refuse(format!("a constant of {other} bytes")),
            };
            self.op(code, &[A::D(register, size), A::M(address)]);
        }
        Ok(())
    }
}

/// Whether an instruction does something besides its result.
fn has_effect(opcode: Opcode) -> bool {
    opcode.is_terminator() || opcode.can_store() || opcode.is_call()
}

/// With more constants in registers than this there are too few for other values.
fn most_constants(width: Width) -> usize {
    match width {
        Width::Y => 6,
        Width::Z => 16,
    }
}

/// Selects the instructions of a function.
pub fn select(
    func: &Function,
    cfg: &ControlFlowGraph,
    domtree: &DominatorTree,
    loops: &LoopAnalysis,
    how: How,
    by_products: &Divisions,
) -> Maybe<MachineCode> {
    let select =
        |from_memory| select_with(func, cfg, domtree, loops, (how, by_products), from_memory);
    let (code, constants) = select(false)?;
    match constants > most_constants(how.width) {
        true => Ok(select(true)?.0),
        false => Ok(code),
    }
}

/// Selects instructions, with constants in registers or, where possible, in memory. Gives how many are in registers.
fn select_with(
    func: &Function,
    cfg: &ControlFlowGraph,
    domtree: &DominatorTree,
    loops: &LoopAnalysis,
    (how, by_products): (How, &Divisions),
    from_memory: bool,
) -> Maybe<(MachineCode, usize)> {
    let Some(entry) = func.layout.entry_block() else {
        return refuse("no code");
    };
    let mut select = Select {
        func,
        loops,
        how,
        by_products,
        reciprocals: FxHashMap::default(),
        outgoing: 0,
        uses: FxHashMap::default(),
        registers: FxHashMap::default(),
        masks: FxHashMap::default(),
        unknown: false,
        next: 0,
        needed: FxHashSet::default(),
        done: FxHashSet::default(),
        constants: Vec::new(),
        constant_registers: BTreeMap::new(),
        constant_of: FxHashMap::default(),
        used_constants: FxHashSet::default(),
        from_memory,
        places: FxHashMap::default(),
        here: Place {
            block: entry,
            stores: (entry, 0),
        },
        is_cold_here: false,
        line: 0,
        slots: Vec::new(),
        buffer: Vec::new(),
    };
    let mut slot_bytes = 0u32;
    for (_, slot) in func.sized_stack_slots.iter() {
        slot_bytes = slot_bytes.next_multiple_of(8);
        select.slots.push(slot_bytes);
        slot_bytes += slot.size;
    }
    let layout: Vec<ClifBlock> = func.layout.blocks().collect();
    let mut ends: FxHashMap<ClifBlock, (ClifBlock, u32)> = FxHashMap::default();
    for block in domtree.cfg_postorder().iter().rev() {
        let mut before = cfg.pred_iter(*block).map(|pred| pred.block);
        let only = before.next().filter(|_| before.next().is_none());
        let start = only.and_then(|before| ends.get(&before)).copied();
        let mut stores = start.unwrap_or((*block, 0));
        for inst in func.layout.block_insts(*block) {
            let block = *block;
            select.places.insert(inst, Place { block, stores });
            let opcode = func.dfg.insts[inst].opcode();
            stores.1 += u32::from(opcode.can_store() || opcode.is_call());
            for value in func.dfg.inst_values(inst) {
                let value = func.dfg.resolve_aliases(value);
                *select.uses.entry(value).or_default() += 1;
            }
        }
        ends.insert(*block, stores);
    }

    // Numbers: the blocks in their order, behind each those of its edges that are critical or have parameters. What is
    // cold stays where it is, so that the register allocator sees each loop in one piece.
    let reachable: FxHashSet<ClifBlock> = domtree.cfg_postorder().iter().copied().collect();
    let mut cold: FxHashSet<ClifBlock> = FxHashSet::default();
    for block in domtree.cfg_postorder().iter().rev() {
        let is_cold_before = domtree
            .idom(*block)
            .is_some_and(|before| cold.contains(&before));
        if is_cold_before || *block != entry && func.layout.is_cold(*block) {
            cold.insert(*block);
        }
    }
    let (mut blocks, mut edges) = (FxHashMap::default(), FxHashMap::default());
    let mut edge_calls = FxHashMap::default();
    let mut count = 0;
    let mut number = || {
        count += 1;
        Block::new(count - 1)
    };
    for block in layout.iter().filter(|block| reachable.contains(block)) {
        blocks.insert(*block, number());
        let Some(last) = func.layout.last_inst(*block) else {
            return refuse("an empty block");
        };
        if let InstructionData::Brif { blocks: ways, .. } = func.dfg.insts[last] {
            for (way, call) in ways.iter().enumerate() {
                let to = call.block(&func.dfg.value_lists);
                let alone = cfg.pred_iter(to).count() == 1 && func.dfg.block_params(to).is_empty();
                if !alone {
                    let edge = number();
                    edges.insert((*block, way), edge);
                    edge_calls.insert(edge, (*block, *call));
                }
            }
        }
    }

    let calls = layout.iter().any(|block| {
        let mut insts = func.layout.block_insts(*block);
        !cold.contains(block) && insts.any(|inst| func.dfg.insts[inst].opcode().is_call())
    });
    let mut done: Vec<Option<(BlockCode, Vec<Inst>)>> = (0..count).map(|_| None).collect();
    for block in domtree.cfg_postorder() {
        let last = func
            .layout
            .last_inst(*block)
            .unwrap_or(ClifInst::from_u32(0));
        select.here = select.places[&last];
        select.line = marks::line(func.srcloc(last));
        // The jumps of the edges first: they use what the block makes.
        for way in [0, 1] {
            if let Some(edge) = edges.get(&(*block, way)) {
                let (_, call) = edge_calls[edge];
                let target = call.block(&func.dfg.value_lists);
                select.is_cold_here = cold.contains(block) || cold.contains(&target);
                let args = select.block_args(&call);
                let to = blocks[&target];
                select.push(What::Jump(to), Vec::new(), PRegSet::empty());
                let code = BlockCode {
                    successors: vec![to],
                    args,
                    is_cold: select.is_cold_here,
                    ..BlockCode::default()
                };
                done[edge.index()] = Some((code, std::mem::take(&mut select.buffer)));
            }
        }
        select.is_cold_here = cold.contains(block);
        let mut reversed: Vec<Inst> = Vec::new();
        let (successors, args) = select.terminator(last, &blocks, &edges)?;
        reversed.extend(select.buffer.drain(..).rev());
        let mut cursor = func.layout.prev_inst(last);
        while let Some(inst) = cursor {
            cursor = func.layout.prev_inst(inst);
            let opcode = func.dfg.insts[inst].opcode();
            let results = func.dfg.inst_results(inst);
            let needed = results.iter().any(|result| select.needed.contains(result));
            let is_done = select.done.contains(&inst);
            if is_done || !needed && !has_effect(opcode) {
                continue;
            }
            select.here = select.places[&inst];
            select.line = marks::line(func.srcloc(inst));
            select.lower(inst, opcode)?;
            select.make_reciprocal(inst);
            reversed.extend(select.buffer.drain(..).rev());
        }
        let mut insts: Vec<Inst> = Vec::with_capacity(reversed.len() + 1);
        let mut params = Vec::new();
        if *block == entry {
            select.line = 0;
            select.params(entry)?;
            insts.append(&mut select.buffer);
        } else {
            let leaves = |pred: ClifBlock| loops.loop_level(pred) > loops.loop_level(*block);
            let is_exit = cfg.pred_iter(*block).any(|pred| leaves(pred.block));
            for param in func.dfg.block_params(*block) {
                let own = select.own_register(*param);
                let ty = func.dfg.value_type(*param);
                if is_exit && calls && ty.is_float() {
                    params.push(select.moved_to(own));
                } else {
                    params.push(own);
                }
            }
            insts.append(&mut select.buffer);
        }
        insts.extend(reversed.into_iter().rev());
        let is_loop_head = cfg
            .pred_iter(*block)
            .any(|pred| domtree.block_dominates(*block, pred.block));
        let code = BlockCode {
            successors,
            params,
            args,
            is_loop_head,
            is_cold: cold.contains(block),
            ..BlockCode::default()
        };
        done[blocks[block].index()] = Some((code, insts));
    }

    if select.unknown {
        return refuse("an instruction for 512 bits");
    }
    let mut code = MachineCode {
        registers: select.next,
        constants: select.constants,
        slots: slot_bytes.next_multiple_of(how.width.bits() / 8),
        outgoing: select.outgoing,
        widest: how.width == Width::Z,
        ..MachineCode::default()
    };
    for finished in done {
        let Some((mut block, insts)) = finished else {
            return refuse("a block that nothing leads to");
        };
        let first = code.insts.len();
        code.insts.extend(insts);
        block.range = (first, code.insts.len());
        code.blocks.push(block);
    }
    for block in 0..code.blocks.len() {
        for to in code.blocks[block].successors.clone() {
            code.blocks[to.index()].predecessors.push(Block::new(block));
        }
    }
    Ok((code, select.used_constants.len()))
}

/// The condition that an integer comparison asks for.
pub fn condition_of(code: cranelift_codegen::ir::condcodes::IntCC) -> Condition {
    use cranelift_codegen::ir::condcodes::IntCC;
    match code {
        IntCC::Equal => Condition::Equal,
        IntCC::NotEqual => Condition::NotEqual,
        IntCC::SignedLessThan => Condition::Less,
        IntCC::SignedGreaterThanOrEqual => Condition::NotLess,
        IntCC::SignedGreaterThan => Condition::Greater,
        IntCC::SignedLessThanOrEqual => Condition::NotGreater,
        IntCC::UnsignedLessThan => Condition::Below,
        IntCC::UnsignedGreaterThanOrEqual => Condition::NotBelow,
        IntCC::UnsignedGreaterThan => Condition::Above,
        IntCC::UnsignedLessThanOrEqual => Condition::NotAbove,
    }
}
