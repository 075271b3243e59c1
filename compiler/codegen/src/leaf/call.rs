//! Selection for calls, and for addresses of what lies elsewhere in the module.

use cranelift_codegen::ir::{
    ExternalName, GlobalValueData, Inst as ClifInst, InstructionData, Opcode, Value,
};
use iced_x86::Code;
use regalloc2::{Operand, PReg, PRegSet, RegClass};

use super::Width;
use super::machine::{Arg, LOW, MASKS, Size, VECTORS, What, general, mask, vector};
use super::select::{A, Address, Maybe, Select, class_of, refuse};

/// The registers of integer parameters.
pub const PARAMS: [usize; 6] = [7, 6, 2, 1, 8, 9];
/// The general registers that a call does not keep.
const LOST: [usize; 9] = [0, 1, 2, 6, 7, 8, 9, 10, 11];

impl Select<'_> {
    /// A call, and what gives addresses of functions and of data.
    pub fn call(&mut self, inst: ClifInst, opcode: Opcode) -> Maybe<()> {
        match self.func.dfg.insts[inst] {
            InstructionData::Call { func_ref, .. } => {
                let what = What::Call(self.extern_of(&self.func.dfg.ext_funcs[func_ref].name)?);
                let args = self.func.dfg.inst_args(inst).to_vec();
                self.call_of(inst, what, Vec::new(), &args)
            }
            InstructionData::CallIndirect { .. } => {
                let all = self.func.dfg.inst_args(inst).to_vec();
                let [callee, args @ ..] = &all[..] else {
                    return refuse(opcode);
                };
                let callee = Operand::reg_use(self.reg(*callee));
                let what = What::Code(Code::Call_rm64, vec![Arg::Reg(0, Size::B8)]);
                self.call_of(inst, what, vec![callee], args)
            }
            InstructionData::FuncAddr { func_ref, .. } => {
                let name = self.func.dfg.ext_funcs[func_ref].name.clone();
                self.address_of(inst, &name)
            }
            InstructionData::UnaryGlobalValue { global_value, .. } => {
                match &self.func.global_values[global_value] {
                    GlobalValueData::Symbol { name, offset, .. } if offset.bits() == 0 => {
                        let name = name.clone();
                        self.address_of(inst, &name)
                    }
                    _ => refuse(opcode),
                }
            }
            _ => refuse(opcode),
        }
    }

    fn extern_of(&self, name: &ExternalName) -> Maybe<u32> {
        match name {
            ExternalName::User(name) => Ok(self.func.params.user_named_funcs()[*name].index),
            _ => refuse("a function of a library"),
        }
    }

    fn address_of(&mut self, inst: ClifInst, name: &ExternalName) -> Maybe<()> {
        let what = What::Address(self.extern_of(name)?);
        let to = self.result(inst);
        self.push(what, vec![Operand::reg_def(to)], PRegSet::empty());
        Ok(())
    }

    /// A call whose own operands stand first.
    fn call_of(
        &mut self,
        inst: ClifInst,
        what: What,
        mut operands: Vec<Operand>,
        args: &[Value],
    ) -> Maybe<()> {
        let (mut ints, mut floats) = (PARAMS.into_iter(), 0..8);
        let mut on_stack = 0;
        for arg in args {
            let fixed = match class_of(self.ty(*arg)) {
                RegClass::Int => ints.next().map(general),
                _ => floats.next().map(vector),
            };
            let Some(fixed) = fixed else {
                self.hand_over(*arg, on_stack)?;
                on_stack += 1;
                continue;
            };
            // Constants are made where they are handed over, so that they take no register before.
            let register = match self.int_const(*arg) {
                Some(value) => {
                    let near = self.general();
                    self.constant_int(near, value);
                    near
                }
                None => self.reg(*arg),
            };
            operands.push(Operand::reg_fixed_use(register, fixed));
        }
        self.outgoing = self.outgoing.max(8 * on_stack);
        let (vectors, masks) = match self.how.width {
            Width::Y => (LOW, 0),
            Width::Z => (VECTORS, MASKS),
        };
        let lost = LOST.map(general).into_iter();
        let lost = lost.chain((0..vectors).map(vector));
        let lost = lost.chain((1..=masks).map(mask));
        let mut clobbers = lost.fold(PRegSet::empty(), PRegSet::with);
        let (mut ints, mut floats) = ([0, 2].into_iter(), [0, 1].into_iter());
        for value in self.func.dfg.inst_results(inst) {
            let fixed: Option<PReg> = match class_of(self.ty(*value)) {
                RegClass::Int => ints.next().map(general),
                _ => floats.next().map(vector),
            };
            let Some(fixed) = fixed else {
                return refuse("many results");
            };
            let register = self.own_register(*value);
            operands.push(Operand::reg_fixed_def(register, fixed));
            clobbers.remove(fixed);
        }
        self.push(what, operands, clobbers);
        Ok(())
    }

    /// Puts an argument onto the stack, where the callee finds the `number`-th of those that have no register.
    fn hand_over(&mut self, arg: Value, number: u32) -> Maybe<()> {
        let ty = self.ty(arg);
        if ty.bits() > 64 {
            return refuse("a call with many vectors");
        }
        let address = Address::on_stack(8 * number as i32);
        if class_of(ty) == RegClass::Int {
            // Bits above its own may be any.
            let constant = self.int_const(arg).and_then(|c| i32::try_from(c).ok());
            match constant {
                Some(constant) => self.op(
                    Code::Mov_rm64_imm32,
                    &[A::M(address), A::Imm32to64(constant)],
                ),
                None => {
                    let from = self.reg(arg);
                    self.op(Code::Mov_rm64_r64, &[A::M(address), A::U(from, Size::B8)]);
                }
            }
            return Ok(());
        }
        let code = match ty.bits() {
            64 => Code::VEX_Vmovsd_m64_xmm,
            _ => Code::VEX_Vmovss_m32_xmm,
        };
        let from = self.reg(arg);
        self.op(code, &[A::M(address), A::U(from, Size::X)]);
        Ok(())
    }
}

/// Whether an op is one of those of [`Select::call`].
pub fn is_call(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::Call | Opcode::CallIndirect | Opcode::FuncAddr | Opcode::SymbolValue
    )
}
