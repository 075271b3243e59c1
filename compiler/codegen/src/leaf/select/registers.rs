//! Which register a value is in, before registers are chosen: one of its own, or one that holds a constant.

use cranelift_codegen::ir::{Function, Inst, InstructionData, Opcode, Value, ValueDef};
use iced_x86::Code;
use regalloc2::{RegClass, VReg};

use super::{A, Address, Select, bytes_of, class_of};
use crate::leaf::machine::Size;

/// The value of an integer constant, sign-extended.
fn int_const(func: &Function, value: Value) -> Option<i64> {
    let inst = def(func, value)?;
    let InstructionData::UnaryImm {
        opcode: Opcode::Iconst,
        imm,
    } = func.dfg.insts[inst]
    else {
        return None;
    };
    let bits = func.dfg.value_type(value).bits();
    Some(imm.bits() << (64 - bits) >> (64 - bits))
}

/// The bytes of a constant that lives in a vector register.
pub fn const_bytes(func: &Function, value: Value) -> Option<Vec<u8>> {
    let inst = def(func, value)?;
    let ty = |value| func.dfg.value_type(value);
    let arg = || func.dfg.inst_args(inst)[0];
    let data = &func.dfg.insts[inst];
    match (data.opcode(), data) {
        (_, InstructionData::UnaryIeee32 { imm, .. }) => Some(imm.bits().to_le_bytes().to_vec()),
        (_, InstructionData::UnaryIeee64 { imm, .. }) => Some(imm.bits().to_le_bytes().to_vec()),
        (
            Opcode::Vconst,
            InstructionData::UnaryConst {
                constant_handle, ..
            },
        ) => Some(func.dfg.constants.get(*constant_handle).as_slice().to_vec()),
        (Opcode::Splat, _) => {
            let one = match int_const(func, arg()) {
                Some(value) => value.to_le_bytes()[..ty(arg()).bytes() as usize].to_vec(),
                None => const_bytes(func, arg())?,
            };
            Some(one.repeat(ty(value).lane_count() as usize))
        }
        (Opcode::Bitcast, _) if ty(value).is_vector() => const_bytes(func, arg()),
        _ => None,
    }
}

/// The instruction whose first result a value is.
pub(super) fn def(func: &Function, value: Value) -> Option<Inst> {
    match func.dfg.value_def(func.dfg.resolve_aliases(value)) {
        ValueDef::Result(inst, 0) => Some(inst),
        _ => None,
    }
}

impl Select<'_> {
    /// The value of an integer constant, sign-extended.
    pub fn int_const(&self, value: Value) -> Option<i64> {
        int_const(self.func, value)
    }

    /// The bytes of a constant that lives in a vector register.
    pub fn const_bytes(&self, value: Value) -> Option<Vec<u8>> {
        const_bytes(self.func, value)
    }

    /// A register of its own.
    pub fn fresh(&mut self, class: RegClass) -> VReg {
        self.next += 1;
        VReg::new(self.next - 1, class)
    }

    /// A new vector register.
    pub fn vector(&mut self) -> VReg {
        self.fresh(RegClass::Float)
    }

    /// A new general register.
    pub fn general(&mut self) -> VReg {
        self.fresh(RegClass::Int)
    }

    pub(super) fn constant(&mut self, bytes: Vec<u8>) -> usize {
        match self.constants.iter().position(|known| *known == bytes) {
            Some(index) => index,
            None => {
                self.constants.push(bytes);
                self.constants.len() - 1
            }
        }
    }

    /// A register that holds a constant, which is loaded once.
    pub fn constant_register(&mut self, bytes: Vec<u8>) -> VReg {
        let index = self.constant(bytes);
        if let Some(register) = self.constant_registers.get(&index) {
            return *register;
        }
        let register = self.vector();
        self.constant_registers.insert(index, register);
        self.constant_of.insert(register, index);
        register
    }

    /// A vector register as the last operand of an instruction: as memory, if it is for a constant that need not be in one.
    pub fn last(&self, register: VReg, size: Size) -> A {
        let bytes = bytes_of(size);
        match self.constant_of.get(&register) {
            Some(index) if self.from_memory && self.constants[*index].len() == bytes => {
                A::M(Address {
                    constant: Some(*index),
                    ..Address::default()
                })
            }
            _ => A::U(register, size),
        }
    }

    /// A register with the same bits in every lane.
    pub fn every(&mut self, lane: &[u8], size: Size) -> VReg {
        let bytes = bytes_of(size);
        self.constant_register(lane.repeat(bytes / lane.len()))
    }

    /// The register of a value, which from now on must be made.
    pub fn reg(&mut self, value: Value) -> VReg {
        let value = self.func.dfg.resolve_aliases(value);
        if let Some(bytes) = self.const_bytes(value) {
            return self.constant_register(bytes);
        }
        if let Some(same) = self.same_register(value) {
            return self.reg(same);
        }
        // Behind a rare branch: so that no loop around it keeps a register for the constant.
        if let Some(constant) = self.int_const(value).filter(|_| self.is_cold_here) {
            let register = self.general();
            self.constant_int(register, constant);
            return register;
        }
        self.needed.insert(value);
        self.own_register(value)
    }

    /// The mask register of a value that is made as a mask, which from now on must be made.
    pub fn own_mask(&mut self, value: Value) -> VReg {
        self.needed.insert(value);
        if let Some(register) = self.masks.get(&value) {
            return *register;
        }
        let register = self.fresh(RegClass::Vector);
        self.masks.insert(value, register);
        register
    }

    /// The mask register of a value, if it must be made.
    pub fn known_mask(&self, value: Value) -> Option<VReg> {
        self.masks.get(&value).copied()
    }

    /// Whether the register of a value must be made.
    pub fn has_register(&self, value: Value) -> bool {
        self.registers.contains_key(&value)
    }

    /// Another register for a float, which is moved to its own. What a loop carries is given to such a one when the loop
    /// ends: the allocator takes the two sides of a block's parameter for one value, and no register for floats outlives a
    /// call, so it would keep what is needed after one in memory for the whole loop.
    pub fn moved_to(&mut self, own: VReg) -> VReg {
        let register = self.vector();
        let args = [A::D(own, Size::X), A::U(register, Size::X)];
        self.op(Code::VEX_Vmovups_xmm_xmmm128, &args);
        register
    }

    /// The register that is a value's own.
    pub fn own_register(&mut self, value: Value) -> VReg {
        if let Some(register) = self.registers.get(&value) {
            return *register;
        }
        let register = self.fresh(class_of(self.ty(value)));
        self.registers.insert(value, register);
        register
    }
}
