//! Where memory is: sums, products by the size of an element and constants become part of the instruction that reads or
//! writes there, and loads of the instruction that needs them. It makes no instruction. Of another block only what is in
//! the same innermost loop: registers are not kept for the parts of a sum from before a loop.

use cranelift_codegen::ir::{InstructionData, Opcode, Value};

use super::{Address, Select};

impl Select<'_> {
    /// The memory at an address.
    pub fn address(&mut self, address: Value, offset: i32) -> Address {
        let mut at = address;
        let mut offset = i64::from(offset);
        let fits = |offset: i64| i32::try_from(offset).is_ok();
        while let Some((inst, opcode)) = self.def(at).filter(|(inst, _)| self.is_near(*inst)) {
            if opcode == Opcode::StackAddr
                && let InstructionData::StackAddr {
                    stack_slot,
                    offset: more,
                    ..
                } = self.func.dfg.insts[inst]
            {
                let slot = self.slots[stack_slot.as_u32() as usize];
                return Address {
                    slot: Some(slot),
                    offset: (offset + i64::from(i32::from(more))) as i32,
                    ..Address::default()
                };
            }
            if let Some((rest, constant)) = self.sum_with_constant(at) {
                if !fits(offset.wrapping_add(constant)) {
                    break;
                }
                offset += constant;
                at = rest;
                continue;
            }
            if opcode != Opcode::Iadd {
                break;
            }
            let (a, b) = (self.arg(inst, 0), self.arg(inst, 1));
            let (base, index) = match (self.scaled(a), self.scaled(b)) {
                (_, Some(scaled)) => (a, scaled),
                (Some(scaled), None) => (b, scaled),
                (None, None) => {
                    let (index, constant) = self.peeled(b);
                    (a, (index, 1, constant))
                }
            };
            let (index, scale, more) = index;
            if fits(offset.wrapping_add(more)) {
                let index = (self.reg(index), scale);
                // What is left of the base may still be a constant away from another.
                let (rest, constant) = self.peeled(base);
                let total = offset + more;
                let (base, offset) = match total.checked_add(constant) {
                    Some(sum) if fits(sum) => (rest, sum),
                    _ => (base, total),
                };
                let base = Some(self.reg(base));
                return Address {
                    base,
                    index: Some(index),
                    offset: offset as i32,
                    ..Address::default()
                };
            }
            break;
        }
        Address {
            base: Some(self.reg(at)),
            offset: offset as i32,
            ..Address::default()
        }
    }

    /// A value that is made here, or near, as another one plus a constant.
    fn sum_with_constant(&self, value: Value) -> Option<(Value, i64)> {
        let (inst, opcode) = self.def(value).filter(|(inst, _)| self.is_near(*inst))?;
        if !matches!(opcode, Opcode::Iadd | Opcode::Isub) {
            return None;
        }
        let (a, b) = (self.arg(inst, 0), self.arg(inst, 1));
        match (opcode, self.int_const(a), self.int_const(b)) {
            (Opcode::Isub, _, constant) => Some((a, constant?.checked_neg()?)),
            (_, _, Some(constant)) => Some((a, constant)),
            (_, constant, None) => Some((b, constant?)),
        }
    }

    /// A value as another one plus a constant.
    fn peeled(&self, value: Value) -> (Value, i64) {
        let (mut value, mut sum) = (value, 0i64);
        while let Some((rest, constant)) = self.sum_with_constant(value)
            && let Some(more) = sum.checked_add(constant)
        {
            (value, sum) = (rest, more);
        }
        (value, sum)
    }

    /// A value as another one times 1, 2, 4 or 8, plus a constant.
    fn scaled(&self, value: Value) -> Option<(Value, u32, i64)> {
        let inst = self.def_as(value, Opcode::Ishl)?;
        if !self.is_near(inst) {
            return None;
        }
        let shift = self
            .int_const(self.arg(inst, 1))
            .filter(|shift| (0..=3).contains(shift))?;
        let inner = self.arg(inst, 0);
        if let Some((rest, constant)) = self.sum_with_constant(inner)
            && constant.abs() < 1 << 24
        {
            return Some((rest, 1 << shift, constant << shift));
        }
        Some((inner, 1 << shift, 0))
    }

    /// Whether a value is loaded for one instruction alone, the one that is made now.
    pub fn is_foldable(&self, value: Value) -> bool {
        let load = self.def_as(value, Opcode::Load);
        let is_same = load.is_some_and(|inst| self.is_same_memory(inst));
        is_same && self.is_used_once(value)
    }

    /// The address of a load that can become part of the only instruction that needs it.
    pub fn folded(&mut self, value: Value) -> Option<Address> {
        let value = self.func.dfg.resolve_aliases(value);
        let value = match self.def(value) {
            Some((inst, Opcode::Bitcast)) if self.uses.get(&value) == Some(&1) => {
                let inner = self.func.dfg.resolve_aliases(self.arg(inst, 0));
                (self.ty(inner).is_vector() && self.is_here(inst)).then_some(inner)?
            }
            _ => value,
        };
        let inst = self.def_as(value, Opcode::Load)?;
        let once = self.uses.get(&value) == Some(&1);
        if !once || !self.is_same_memory(inst) {
            return None;
        }
        let InstructionData::Load { arg, offset, .. } = self.func.dfg.insts[inst] else {
            return None;
        };
        Some(self.address(arg, i32::from(offset)))
    }

    /// A vector before casts to other lanes.
    pub fn without_casts(&self, value: Value) -> Value {
        let mut value = self.func.dfg.resolve_aliases(value);
        while let Some(inst) = self.def_as(value, Opcode::Bitcast) {
            let inner = self.func.dfg.resolve_aliases(self.arg(inst, 0));
            if !self.ty(inner).is_vector() {
                break;
            }
            value = inner;
        }
        value
    }

    /// The address of some bytes of a vector that is loaded here, in whatever register that may be, too.
    pub fn in_memory(&mut self, value: Value, first: u32, bytes: u32) -> Option<Address> {
        let (mut value, mut first) = (self.without_casts(value), first);
        if let Some((whole, high)) = self.half(value) {
            first += if high { self.ty(whole).bytes() / 2 } else { 0 };
            value = self.without_casts(whole);
        }
        if let Some(inst) = self.def_as(value, Opcode::ScalarToVector) {
            value = self.func.dfg.resolve_aliases(self.arg(inst, 0));
        }
        let inst = self.def_as(value, Opcode::Load)?;
        let InstructionData::Load { arg, offset, .. } = self.func.dfg.insts[inst] else {
            return None;
        };
        let reaches = self.ty(value).bytes() >= first + bytes;
        let same = self.is_same_memory(inst);
        let offset = i32::from(offset).checked_add(first as i32)?;
        (reaches && same).then(|| self.address(arg, offset))
    }
}
