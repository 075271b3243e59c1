//! Machine code before registers are chosen, in the form that `regalloc2` reads.

use iced_x86::Code;
use regalloc2::{
    Block, Function, Inst as InstId, InstRange, MachineEnv, Operand, Output, PReg, PRegSet,
    RegAllocError, RegClass, RegallocOptions, VReg,
};

/// How much of a register an operand means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// 8 bits.
    B1,
    /// 16 bits.
    B2,
    /// 32 bits.
    B4,
    /// 64 bits.
    B8,
    /// 128 bits of a vector register.
    X,
    /// 256 bits of one.
    Y,
    /// 512 bits of one.
    Z,
    /// A mask register.
    K,
}

/// A condition, by its number in the encodings of jumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Condition {
    Overflow = 0,
    NotOverflow = 1,
    Below = 2,
    NotBelow = 3,
    Equal = 4,
    NotEqual = 5,
    NotAbove = 6,
    Above = 7,
    Less = 12,
    NotLess = 13,
    NotGreater = 14,
    Greater = 15,
}

impl Condition {
    /// The opposite.
    pub fn inverse(self) -> Condition {
        match self {
            Condition::Overflow => Condition::NotOverflow,
            Condition::NotOverflow => Condition::Overflow,
            Condition::Below => Condition::NotBelow,
            Condition::NotBelow => Condition::Below,
            Condition::Equal => Condition::NotEqual,
            Condition::NotEqual => Condition::Equal,
            Condition::NotAbove => Condition::Above,
            Condition::Above => Condition::NotAbove,
            Condition::Less => Condition::NotLess,
            Condition::NotLess => Condition::Less,
            Condition::NotGreater => Condition::Greater,
            Condition::Greater => Condition::NotGreater,
        }
    }
}

/// Memory; registers by their place among the operands of the instruction.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// Address.
    pub base: Option<usize>,
    /// Added to it, times a factor of 1, 2, 4 or 8.
    pub index: Option<(usize, u32)>,
    /// Added to it.
    pub offset: i32,
    /// A constant of the function, instead of a base.
    pub constant: Option<usize>,
    /// A parameter that came on the stack: its number among these.
    pub incoming: Option<u32>,
    /// A stack slot of the function: its offset among these.
    pub slot: Option<u32>,
    /// From where the stack ends.
    pub stack: bool,
}

/// An operand of the machine's instruction.
#[derive(Clone, Copy, Debug)]
pub enum Arg {
    /// A register, or the place on the stack where it is kept, by its place among the operands.
    Reg(usize, Size),
    /// Memory.
    Mem(Memory),
    /// A mask register, by its place among the operands: the lanes that are written. Others are left as they are, or, if
    /// that is said, cleared.
    Mask(usize, bool),
    /// An immediate of 8 bits.
    Imm8(u8),
    /// One of 8 bits, extended to 32.
    Imm8to32(i8),
    /// One of 8 bits, extended to 64.
    Imm8to64(i8),
    /// One of 16 bits.
    Imm16(i16),
    /// One of 32 bits.
    Imm32(i32),
    /// One of 32 bits, extended to 64.
    Imm32to64(i32),
    /// One of 64 bits.
    Imm64(i64),
}

/// What an instruction does.
#[derive(Clone, Debug)]
pub enum What {
    /// An instruction of the machine.
    Code(Code, Vec<Arg>),
    /// The same, but only where a condition holds, by flags that the instruction before has set. That is seldom so: it is
    /// done out of the way.
    Seldom(Condition, Code, Vec<Arg>),
    /// A call of the n-th extern.
    Call(u32),
    /// The address of the n-th extern, in the first operand.
    Address(u32),
    /// Parameters arrive.
    Params,
    /// To a block, with its parameters.
    Jump(Block),
    /// To one of two blocks, by flags that the instruction before has set.
    Branch(Condition, Block, Block),
    /// To the caller, results in their registers.
    Return,
    /// Is never reached.
    Trap,
}

/// An instruction.
#[derive(Clone, Debug)]
pub struct Inst {
    /// What it does.
    pub what: What,
    /// The registers that it reads and writes.
    pub operands: Vec<Operand>,
    /// Registers that it destroys.
    pub clobbers: PRegSet,
    /// Source line.
    pub line: u32,
}

/// Instructions in blocks.
#[derive(Clone, Debug, Default)]
pub struct BlockCode {
    /// First and end.
    pub range: (usize, usize),
    /// Where it goes.
    pub successors: Vec<Block>,
    /// Where it is come from.
    pub predecessors: Vec<Block>,
    /// What it takes.
    pub params: Vec<VReg>,
    /// What its jump gives.
    pub args: Vec<VReg>,
    /// How many loops are around it, and whether it is the first of one.
    pub is_loop_head: bool,
    /// Whether it seldom runs.
    pub is_cold: bool,
}

/// A function.
#[derive(Debug, Default)]
pub struct MachineCode {
    /// In the order of `blocks`.
    pub insts: Vec<Inst>,
    /// In the order of layout; the first is the entry.
    pub blocks: Vec<BlockCode>,
    /// How many virtual registers there are.
    pub registers: usize,
    /// Constants in memory.
    pub constants: Vec<Vec<u8>>,
    /// Bytes of stack slots.
    pub slots: u32,
    /// Bytes of the most arguments that a call has on the stack: they lie where it ends.
    pub outgoing: u32,
    /// There are 32 vector registers of 512 bits, and masks.
    pub widest: bool,
}

impl MachineCode {
    /// How many vector registers there are.
    pub fn vectors(&self) -> usize {
        if self.widest { VECTORS } else { LOW }
    }
}

/// The vector registers that instructions of less than 512 bits can name.
pub const LOW: usize = 16;
/// All of them.
pub const VECTORS: usize = 32;
/// The mask registers that can choose lanes: as the mask of an instruction, the one before them stands for all lanes.
pub const MASKS: usize = 7;

impl Function for MachineCode {
    fn num_insts(&self) -> usize {
        self.insts.len()
    }

    fn num_blocks(&self) -> usize {
        self.blocks.len()
    }

    fn entry_block(&self) -> Block {
        Block::new(0)
    }

    fn block_insns(&self, block: Block) -> InstRange {
        let (first, end) = self.blocks[block.index()].range;
        InstRange::new(InstId::new(first), InstId::new(end))
    }

    fn block_succs(&self, block: Block) -> &[Block] {
        &self.blocks[block.index()].successors
    }

    fn block_preds(&self, block: Block) -> &[Block] {
        &self.blocks[block.index()].predecessors
    }

    fn block_params(&self, block: Block) -> &[VReg] {
        &self.blocks[block.index()].params
    }

    fn is_ret(&self, inst: InstId) -> bool {
        matches!(self.insts[inst.index()].what, What::Return | What::Trap)
    }

    fn is_branch(&self, inst: InstId) -> bool {
        matches!(
            self.insts[inst.index()].what,
            What::Jump(_) | What::Branch(..)
        )
    }

    fn branch_blockparams(&self, block: Block, _: InstId, _: usize) -> &[VReg] {
        &self.blocks[block.index()].args
    }

    fn inst_operands(&self, inst: InstId) -> &[Operand] {
        &self.insts[inst.index()].operands
    }

    fn inst_clobbers(&self, inst: InstId) -> PRegSet {
        self.insts[inst.index()].clobbers
    }

    fn num_vregs(&self) -> usize {
        self.registers
    }

    fn spillslot_size(&self, class: RegClass) -> usize {
        match class {
            RegClass::Float if self.widest => 8,
            RegClass::Float => 4,
            RegClass::Int | RegClass::Vector => 1,
        }
    }
}

/// A general register by its number in encodings.
pub fn general(number: usize) -> PReg {
    PReg::new(number, RegClass::Int)
}

/// A vector register.
pub fn vector(number: usize) -> PReg {
    PReg::new(number, RegClass::Float)
}

/// A mask register.
pub fn mask(number: usize) -> PReg {
    PReg::new(number, RegClass::Vector)
}

/// Those that a function leaves as they are: rbx, r12 to r15. (rbp is the frame pointer.)
pub const SAVED: [usize; 5] = [3, 12, 13, 14, 15];

/// Chooses registers.
pub fn allocate(code: &MachineCode) -> Result<Output, RegAllocError> {
    let set = |registers: &mut dyn Iterator<Item = PReg>| {
        registers.fold(PRegSet::empty(), |set, register| set.with(register))
    };
    let free = set(&mut [0, 1, 2, 6, 7, 8, 9, 10, 11].map(general).into_iter());
    let saved = set(&mut SAVED.map(general).into_iter());
    let vectors = set(&mut (0..code.vectors()).map(vector));
    let masks = set(&mut (1..=if code.widest { MASKS } else { 0 }).map(mask));
    let machine = MachineEnv {
        preferred_regs_by_class: [free, vectors, masks],
        non_preferred_regs_by_class: [saved, PRegSet::empty(), PRegSet::empty()],
        scratch_by_class: [None; 3],
        fixed_stack_slots: Vec::new(),
    };
    let options = RegallocOptions {
        validate_ssa: cfg!(debug_assertions),
        ..Default::default()
    };
    regalloc2::run(code, &machine, &options)
}
