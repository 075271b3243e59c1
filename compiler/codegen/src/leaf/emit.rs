//! Bytes of blocks: the frame, instructions, moves between registers and the stack. [`layout`] puts the blocks together.
//!
//! [`layout`]: super::layout

use std::collections::BTreeSet;

use cranelift_codegen::binemit::Reloc;
use iced_x86::{Encoder, FastFormatter, Instruction, OpKind, Register};
use regalloc2::{
    Allocation, AllocationKind, Block, Edit, Inst as InstId, InstOrEdit, Output, RegClass,
    SpillSlot,
};

use super::Refused;
use super::layout::{End, Piece, assemble, ordered};
use super::machine::{Arg, Condition, Inst, MachineCode, Memory, SAVED, Size, What};
use crate::CodegenError;
use crate::data::Extern;
use crate::unit::Compiled;

/// The largest frame: beyond it the stack would have to be probed.
const LARGEST_FRAME: u32 = 4096;

fn internal(error: &dyn std::fmt::Display) -> CodegenError {
    CodegenError::Internal(format!("a leaf: {error}"))
}

const GENERAL: [[Register; 4]; 16] = {
    use Register::*;
    [
        [AL, AX, EAX, RAX],
        [CL, CX, ECX, RCX],
        [DL, DX, EDX, RDX],
        [BL, BX, EBX, RBX],
        [SPL, SP, ESP, RSP],
        [BPL, BP, EBP, RBP],
        [SIL, SI, ESI, RSI],
        [DIL, DI, EDI, RDI],
        [R8L, R8W, R8D, R8],
        [R9L, R9W, R9D, R9],
        [R10L, R10W, R10D, R10],
        [R11L, R11W, R11D, R11],
        [R12L, R12W, R12D, R12],
        [R13L, R13W, R13D, R13],
        [R14L, R14W, R14D, R14],
        [R15L, R15W, R15D, R15],
    ]
};

fn register(allocation: Allocation, size: Size) -> Result<Register, CodegenError> {
    let register = allocation
        .as_reg()
        .ok_or_else(|| internal(&"an operand on the stack"))?;
    let number = register.hw_enc();
    Ok(match size {
        Size::B1 => GENERAL[number][0],
        Size::B2 => GENERAL[number][1],
        Size::B4 => GENERAL[number][2],
        Size::B8 => GENERAL[number][3],
        Size::X => Register::XMM0 + number as u32,
        Size::Y => Register::YMM0 + number as u32,
        Size::Z => Register::ZMM0 + number as u32,
        Size::K => Register::K0 + number as u32,
    })
}

/// An instruction whose operands are yet to be set.
fn blank(code: iced_x86::Code) -> Instruction {
    let mut instruction = Instruction::default();
    instruction.set_code(code);
    instruction
}

struct Emitter<'a> {
    code: &'a MachineCode,
    output: &'a Output,
    encoder: Encoder,
    formatter: Option<FastFormatter>,
    /// Where spill slots and stack slots begin, in bytes from where the stack ends: above the arguments of calls, and above
    /// the spill slots. The saved registers are above both.
    spills: u32,
    slots: u32,
    saved: Vec<usize>,
    /// Whether registers of more than 128 bits are used.
    wide: bool,
    piece: Piece,
}

/// Makes the machine code of a function.
pub fn emit(
    code: &MachineCode,
    output: &Output,
    externs: Vec<Extern>,
    listing: bool,
) -> Result<Result<Compiled, Refused>, CodegenError> {
    let used = used_registers(code, output);
    let saved: Vec<usize> = SAVED
        .into_iter()
        .filter(|number| used.contains(number))
        .collect();
    let mut emitter = Emitter {
        code,
        output,
        encoder: Encoder::new(64),
        formatter: listing.then(FastFormatter::new),
        spills: 0,
        slots: 0,
        saved,
        wide: code.insts.iter().any(is_wide),
        piece: Piece::default(),
    };
    emitter.spills = code.outgoing.next_multiple_of(emitter.vector_bytes());
    emitter.slots = emitter.spills + 8 * output.num_spillslots as u32;
    if emitter.frame_size() > LARGEST_FRAME {
        return Ok(Err(Refused("a large frame".to_owned())));
    }
    let mut pieces = Vec::with_capacity(code.blocks.len());
    for block in 0..code.blocks.len() {
        pieces.push(emitter.block(block)?);
    }
    let (blocks, pieces) = ordered(&code.blocks, pieces);
    Ok(Ok(assemble(
        &blocks,
        &code.constants,
        pieces,
        externs,
        listing,
    )))
}

/// Whether an instruction has to do with registers of more than 128 bits.
fn is_wide(inst: &Inst) -> bool {
    match &inst.what {
        What::Code(_, args) | What::Seldom(_, _, args) => args
            .iter()
            .any(|arg| matches!(arg, Arg::Reg(_, Size::Y | Size::Z))),
        What::Call(_)
        | What::Address(_)
        | What::Params
        | What::Jump(_)
        | What::Branch(..)
        | What::Return
        | What::Trap => false,
    }
}

/// The numbers of the general registers that are written.
fn used_registers(code: &MachineCode, output: &Output) -> BTreeSet<usize> {
    let mut used = BTreeSet::new();
    let mut note = |allocation: Allocation| {
        if let Some(register) = allocation.as_reg()
            && register.class() == RegClass::Int
        {
            used.insert(register.hw_enc());
        }
    };
    output.allocs.iter().copied().for_each(&mut note);
    for (_, Edit::Move { to, .. }) in &output.edits {
        note(*to);
    }
    for inst in &code.insts {
        for register in inst.clobbers {
            note(Allocation::reg(register));
        }
    }
    used
}

impl Emitter<'_> {
    /// Bytes below the frame pointer.
    fn frame_size(&self) -> u32 {
        let size = self.save_area() + 8 * self.saved.len() as u32;
        size.next_multiple_of(self.vector_bytes())
    }

    /// Of the widest vectors that are moved as a whole.
    fn vector_bytes(&self) -> u32 {
        match (self.code.widest, self.wide) {
            (true, _) => 64,
            (false, true) => 32,
            (false, false) => 16,
        }
    }

    /// Where saved registers lie, from the stack pointer.
    fn save_area(&self) -> u32 {
        self.slots + self.code.slots
    }

    /// Where a spill slot lies, from the stack pointer.
    fn spill(&self, slot: SpillSlot) -> i64 {
        i64::from(self.spills) + 8 * slot.index() as i64
    }

    fn encoded(&mut self, instruction: &Instruction) -> Result<Vec<u8>, CodegenError> {
        self.encoder
            .encode(instruction, 0)
            .map_err(|error| internal(&format!("{error} in {:?}", instruction.code())))?;
        Ok(self.encoder.take_buffer())
    }

    fn put(
        &mut self,
        instruction: &Instruction,
        constant: Option<usize>,
    ) -> Result<(), CodegenError> {
        let start = self.piece.bytes.len();
        let bytes = self.encoded(instruction)?;
        let offsets = self.encoder.get_constant_offsets();
        if let Some(constant) = constant {
            let at = start + offsets.displacement_offset();
            let end = start + bytes.len();
            self.piece.constants.push((at, end, constant));
        }
        self.piece.bytes.extend(bytes);
        if let Some(formatter) = &mut self.formatter {
            self.piece.listing.push_str("  ");
            formatter.format(instruction, &mut self.piece.listing);
            self.piece.listing.push('\n');
        }
        Ok(())
    }

    /// An instruction out of the way, and the jump to it.
    fn put_aside(
        &mut self,
        condition: Condition,
        instruction: &Instruction,
        constant: Option<usize>,
    ) -> Result<(), CodegenError> {
        if constant.is_some() {
            return Err(internal(&"a constant out of the way"));
        }
        let bytes = self.encoded(instruction)?;
        let back = self.piece.put_aside(condition, bytes);
        if let Some(formatter) = &mut self.formatter {
            let mut text = String::new();
            formatter.format(instruction, &mut text);
            let line = format!("  j({condition:?}) aside {back:#x}: {text}\n");
            self.piece.listing.push_str(&line);
        }
        Ok(())
    }

    /// An instruction that ends with the distance to an extern, which the linker fills in.
    fn put_extern(
        &mut self,
        instruction: &Instruction,
        kind: Reloc,
        target: u32,
    ) -> Result<(), CodegenError> {
        self.put(instruction, None)?;
        let at = self.piece.bytes.len() - 4;
        self.piece.externs.push((at, kind, target));
        Ok(())
    }

    fn simple(&mut self, code: iced_x86::Code, args: &[Register]) -> Result<(), CodegenError> {
        let mut instruction = blank(code);
        for (at, register) in args.iter().enumerate() {
            instruction.set_op_kind(at as u32, OpKind::Register);
            instruction.set_op_register(at as u32, *register);
        }
        self.put(&instruction, None)
    }

    fn stack_memory(instruction: &mut Instruction, at: u32, base: Register, offset: i64) {
        instruction.set_op_kind(at, OpKind::Memory);
        instruction.set_memory_base(base);
        instruction.set_memory_displacement64(offset as u64);
        // Where it does not fit in one byte, by the units of the instruction, the encoder takes more.
        instruction.set_memory_displ_size(1);
    }

    fn move_stack(
        &mut self,
        code: iced_x86::Code,
        register: Register,
        offset: i64,
        store: bool,
    ) -> Result<(), CodegenError> {
        let mut instruction = blank(code);
        let (memory, other) = if store { (0, 1) } else { (1, 0) };
        Self::stack_memory(&mut instruction, memory, Register::RSP, offset);
        instruction.set_op_kind(other, OpKind::Register);
        instruction.set_op_register(other, register);
        self.put(&instruction, None)
    }

    fn prologue(&mut self) -> Result<(), CodegenError> {
        use iced_x86::Code;
        self.simple(Code::Push_r64, &[Register::RBP])?;
        self.simple(Code::Mov_r64_rm64, &[Register::RBP, Register::RSP])?;
        let size = self.frame_size();
        if size > 0 {
            self.stack_pointer(Code::Sub_rm64_imm32, size as i32)?;
        }
        if size > 0 && self.wide {
            // Whole vectors on the stack lie in one line each.
            self.stack_pointer(Code::And_rm64_imm32, -(self.vector_bytes() as i32))?;
        }
        self.saved_registers(true)
    }

    fn stack_pointer(&mut self, code: iced_x86::Code, value: i32) -> Result<(), CodegenError> {
        let mut instruction = blank(code);
        instruction.set_op_kind(0, OpKind::Register);
        instruction.set_op_register(0, Register::RSP);
        instruction.set_op_kind(1, OpKind::Immediate32to64);
        instruction.set_immediate32to64(i64::from(value));
        self.put(&instruction, None)
    }

    fn saved_registers(&mut self, store: bool) -> Result<(), CodegenError> {
        use iced_x86::Code;
        let code = if store {
            Code::Mov_rm64_r64
        } else {
            Code::Mov_r64_rm64
        };
        let mut offset = i64::from(self.save_area());
        for number in self.saved.clone() {
            self.move_stack(code, GENERAL[number][3], offset, store)?;
            offset += 8;
        }
        Ok(())
    }

    fn block(&mut self, block: usize) -> Result<Piece, CodegenError> {
        self.piece = Piece::default();
        if block == 0 {
            self.prologue()?;
        }
        let (first, end) = self.code.blocks[block].range;
        let mut line = 0;
        let output = self.output;
        let items: Vec<_> = output
            .block_insts_and_edits(self.code, Block::new(block))
            .collect();
        debug_assert!(first < end);
        for item in items {
            match item {
                InstOrEdit::Edit(Edit::Move { from, to }) => self.move_value(*from, *to)?,
                InstOrEdit::Inst(inst) => {
                    let now = self.code.insts[inst.index()].line;
                    if now != line && now != 0 {
                        self.piece.lines.push((self.piece.bytes.len(), now));
                        line = now;
                    }
                    self.inst(inst)?;
                }
            }
        }
        Ok(std::mem::take(&mut self.piece))
    }

    fn move_value(&mut self, from: Allocation, to: Allocation) -> Result<(), CodegenError> {
        use iced_x86::Code;
        if from == to {
            return Ok(());
        }
        let slot = |allocation: Allocation| {
            let slot = allocation.as_stack();
            slot.map_or(0, |slot| self.spill(slot))
        };
        let class = [from, to]
            .into_iter()
            .find_map(Allocation::as_reg)
            .map_or(RegClass::Int, |register| register.class());
        let (size, load, store) = match class {
            RegClass::Int => (Size::B8, Code::Mov_r64_rm64, Code::Mov_rm64_r64),
            RegClass::Float if self.code.widest => (
                Size::Z,
                Code::EVEX_Vmovups_zmm_k1z_zmmm512,
                Code::EVEX_Vmovups_zmmm512_k1z_zmm,
            ),
            RegClass::Float if self.wide => (
                Size::Y,
                Code::VEX_Vmovups_ymm_ymmm256,
                Code::VEX_Vmovups_ymmm256_ymm,
            ),
            RegClass::Float => (
                Size::X,
                Code::VEX_Vmovups_xmm_xmmm128,
                Code::VEX_Vmovups_xmmm128_xmm,
            ),
            RegClass::Vector => (Size::K, Code::VEX_Kmovq_kr_km64, Code::VEX_Kmovq_m64_kr),
        };
        match (from.kind(), to.kind()) {
            (AllocationKind::Reg, AllocationKind::Reg) => {
                let args = [register(to, size)?, register(from, size)?];
                self.simple(load, &args)
            }
            (AllocationKind::Reg, _) => {
                self.move_stack(store, register(from, size)?, slot(to), true)
            }
            (_, AllocationKind::Reg) => {
                self.move_stack(load, register(to, size)?, slot(from), false)
            }
            _ => Err(internal(&"a move from stack to stack")),
        }
    }

    fn inst(&mut self, id: InstId) -> Result<(), CodegenError> {
        use iced_x86::Code;
        let inst = &self.code.insts[id.index()];
        let allocations = self.output.inst_allocs(id);
        match &inst.what {
            What::Params => Ok(()),
            What::Call(target) => {
                if self.wide {
                    self.simple(Code::VEX_Vzeroupper, &[])?;
                }
                let mut instruction = blank(Code::Call_rel32_64);
                instruction.set_op_kind(0, OpKind::NearBranch64);
                self.put_extern(&instruction, Reloc::X86CallPCRel4, *target)
            }
            What::Address(target) => {
                let to = register(allocations[0], Size::B8)?;
                let mut instruction = blank(Code::Mov_r64_rm64);
                instruction.set_op_kind(0, OpKind::Register);
                instruction.set_op_register(0, to);
                Self::stack_memory(&mut instruction, 1, Register::RIP, 0x1000_0000);
                instruction.set_memory_displ_size(8);
                self.put_extern(&instruction, Reloc::X86GOTPCRel4, *target)
            }
            What::Jump(to) => {
                self.piece.end = End::Jump(to.index());
                Ok(())
            }
            What::Branch(condition, then, other) => {
                self.piece.end = End::Branch(*condition, then.index(), other.index());
                Ok(())
            }
            What::Return => {
                if self.wide {
                    self.simple(Code::VEX_Vzeroupper, &[])?;
                }
                self.saved_registers(false)?;
                self.simple(Code::Leaveq, &[])?;
                self.simple(Code::Retnq, &[])
            }
            What::Trap => self.simple(Code::Ud2, &[]),
            What::Code(code, args) => {
                let (instruction, constant) = self.instruction(*code, args, allocations)?;
                self.put(&instruction, constant)
            }
            What::Seldom(condition, code, args) => {
                let (instruction, constant) = self.instruction(*code, args, allocations)?;
                self.put_aside(*condition, &instruction, constant)
            }
        }
    }

    /// An instruction with its operands, and the constant that it names.
    fn instruction(
        &self,
        code: iced_x86::Code,
        args: &[Arg],
        allocations: &[Allocation],
    ) -> Result<(Instruction, Option<usize>), CodegenError> {
        let mut instruction = blank(code);
        let mut constant = None;
        for (at, arg) in args.iter().enumerate() {
            let at = at as u32;
            let mut immediate = |kind: OpKind| {
                instruction.set_op_kind(at, kind);
            };
            match arg {
                Arg::Reg(operand, size) => match allocations[*operand].as_stack() {
                    Some(slot) => {
                        let offset = self.spill(slot);
                        Self::stack_memory(&mut instruction, at, Register::RSP, offset);
                    }
                    None => {
                        instruction.set_op_kind(at, OpKind::Register);
                        let register = register(allocations[*operand], *size)?;
                        instruction.set_op_register(at, register);
                    }
                },
                Arg::Imm8(value) => {
                    immediate(OpKind::Immediate8);
                    instruction.set_immediate8(*value);
                }
                Arg::Imm8to32(value) => {
                    immediate(OpKind::Immediate8to32);
                    instruction.set_immediate8to32(i32::from(*value));
                }
                Arg::Imm8to64(value) => {
                    immediate(OpKind::Immediate8to64);
                    instruction.set_immediate8to64(i64::from(*value));
                }
                Arg::Imm16(value) => {
                    immediate(OpKind::Immediate16);
                    instruction.set_immediate16(*value as u16);
                }
                Arg::Imm32(value) => {
                    immediate(OpKind::Immediate32);
                    instruction.set_immediate32(*value as u32);
                }
                Arg::Imm32to64(value) => {
                    immediate(OpKind::Immediate32to64);
                    instruction.set_immediate32to64(i64::from(*value));
                }
                Arg::Imm64(value) => {
                    immediate(OpKind::Immediate64);
                    instruction.set_immediate64(*value as u64);
                }
                Arg::Mask(operand, zeroing) => {
                    let mask = register(allocations[*operand], Size::K)?;
                    instruction.set_op_mask(mask);
                    instruction.set_zeroing_masking(*zeroing);
                }
                Arg::Mem(memory) => {
                    constant = memory.constant;
                    self.memory(&mut instruction, at, memory, allocations)?;
                }
            }
        }
        Ok((instruction, constant))
    }

    fn memory(
        &self,
        instruction: &mut Instruction,
        at: u32,
        memory: &Memory,
        allocations: &[Allocation],
    ) -> Result<(), CodegenError> {
        let mut offset = i64::from(memory.offset);
        if memory.constant.is_some() {
            // The distance is filled in when places are known.
            Self::stack_memory(instruction, at, Register::RIP, 0x1000_0000);
            instruction.set_memory_displ_size(8);
            return Ok(());
        }
        if let Some(number) = memory.incoming {
            // Above the frame pointer and the return address.
            offset += 16 + 8 * i64::from(number);
            Self::stack_memory(instruction, at, Register::RBP, offset);
            return Ok(());
        }
        if memory.stack {
            Self::stack_memory(instruction, at, Register::RSP, offset);
            instruction.set_memory_displ_size(u32::from(offset != 0));
        } else if let Some(slot) = memory.slot {
            offset += i64::from(self.slots + slot);
            Self::stack_memory(instruction, at, Register::RSP, offset);
        } else if let Some(base) = memory.base {
            let base = register(allocations[base], Size::B8)?;
            Self::stack_memory(instruction, at, base, offset);
            if offset == 0 {
                let needs = matches!(base, Register::RBP | Register::R13);
                instruction.set_memory_displ_size(u32::from(needs));
            }
        } else {
            Self::stack_memory(instruction, at, Register::None, offset);
            instruction.set_memory_displ_size(8);
        }
        if let Some((index, scale)) = memory.index {
            instruction.set_memory_index(register(allocations[index], Size::B8)?);
            instruction.set_memory_index_scale(scale);
        }
        Ok(())
    }
}
