//! A Cranelift function under construction, with what it refers to.

use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{
    ConstantData, Endianness, ExtFuncData, ExternalName, FuncRef, GlobalValue, GlobalValueData,
    InstBuilder, MemFlagsData, Signature, StackSlot, StackSlotData, StackSlotKind,
    UserExternalName, Value,
};
use cranelift_frontend::FunctionBuilder;
use rustc_hash::FxHashMap;
use snek_abi::RuntimeFn;

use super::signature::runtime_signature;
use crate::CodegenError;
use crate::data::{Data, Extern};

/// A function builder that numbers the externs of its function.
pub struct Builder<'a> {
    /// Cranelift's own.
    pub ins: FunctionBuilder<'a>,
    /// What the function refers to: `u0:n` in its text.
    pub externs: Vec<Extern>,
    functions: FxHashMap<Extern, FuncRef>,
    data: FxHashMap<Extern, GlobalValue>,
}

impl<'a> Builder<'a> {
    /// Starts a function.
    pub fn new(ins: FunctionBuilder<'a>) -> Self {
        Builder {
            ins,
            externs: Vec::new(),
            functions: FxHashMap::default(),
            data: FxHashMap::default(),
        }
    }

    /// Cranelift's name for an extern.
    fn name(&mut self, target: Extern) -> ExternalName {
        let index = self.externs.len() as u32;
        self.externs.push(target);
        let name = UserExternalName::new(0, index);
        ExternalName::user(self.ins.func.declare_imported_user_function(name))
    }

    /// A function to call or to take the address of.
    pub fn function(&mut self, target: Extern, signature: &Signature) -> FuncRef {
        if let Some(function) = self.functions.get(&target) {
            return *function;
        }
        let name = self.name(target.clone());
        let signature = self.ins.import_signature(signature.clone());
        // The linker binds all of them within the module, so calls are direct.
        let data = ExtFuncData {
            name,
            signature,
            colocated: true,
            patchable: false,
        };
        let function = self.ins.import_function(data);
        self.functions.insert(target, function);
        function
    }

    /// The address of a function.
    pub fn function_address(&mut self, target: Extern, signature: &Signature) -> Value {
        let function = self.function(target, signature);
        self.ins.ins().func_addr(types::I64, function)
    }

    /// The address of constant data.
    pub fn address(&mut self, data: Data) -> Value {
        let target = Extern::Data(data);
        let global = match self.data.get(&target) {
            Some(global) => *global,
            None => {
                let name = self.name(target.clone());
                let offset = 0.into();
                let symbol = GlobalValueData::Symbol {
                    name,
                    offset,
                    colocated: true,
                    tls: false,
                };
                let global = self.ins.create_global_value(symbol);
                self.data.insert(target, global);
                global
            }
        };
        self.ins.ins().symbol_value(types::I64, global)
    }

    /// Calls a function of the runtime.
    pub fn call_runtime(&mut self, row: &'static RuntimeFn, args: &[Value]) -> Vec<Value> {
        let function = self.function(Extern::Runtime(row.name), &runtime_signature(row));
        let call = self.ins.ins().call(function, args);
        self.ins.inst_results(call).to_vec()
    }

    /// An integer constant, of any width.
    pub fn int(&mut self, ty: Type, value: i64) -> Value {
        let bits = ty.bits();
        // Cranelift wants the bits above the type's width to be 0.
        let value = if bits < 64 {
            value & ((1 << bits) - 1)
        } else {
            value
        };
        self.ins.ins().iconst(ty, value)
    }

    /// A zero of any scalar type.
    pub fn zero(&mut self, ty: Type) -> Value {
        match ty {
            types::F32 => self.ins.ins().f32const(0.0),
            types::F64 => self.ins.ins().f64const(0.0),
            _ if ty.is_vector() => self.vector_const(ty, &vec![0; ty.bytes() as usize]),
            _ => self.ins.ins().iconst(ty, 0),
        }
    }

    /// A constant vector.
    pub fn vector_const(&mut self, ty: Type, bytes: &[u8]) -> Value {
        let data = ConstantData::from(bytes);
        let constant = self.ins.func.dfg.constants.insert(data);
        self.ins.ins().vconst(ty, constant)
    }

    /// Lanes of twice the width, for registers of 256 bits ([`crate::leaf`]).
    ///
    /// Cranelift's widening ops keep the size of the register, and its middle end takes `sextend` for one of scalars. So
    /// conversions of floats to integers stand for those of integers: nothing that is known of them could be wrong.
    pub fn widen_lanes(&mut self, ty: Type, value: Value, signed: bool) -> Value {
        let ins = self.ins.ins();
        match signed {
            true => ins.fcvt_to_sint_sat(ty, value),
            false => ins.fcvt_to_uint_sat(ty, value),
        }
    }

    /// Lanes of half the width, their low bits: see [`Self::widen_lanes`].
    pub fn truncate_lanes(&mut self, ty: Type, value: Value) -> Value {
        self.ins.ins().x86_cvtt2dq(ty, value)
    }

    /// The same bits as lanes of another type.
    pub fn recast(&mut self, ty: Type, value: Value) -> Value {
        if self.ins.func.dfg.value_type(value) == ty {
            return value;
        }
        let flags = MemFlagsData::new().with_endianness(Endianness::Little);
        self.ins.ins().bitcast(ty, flags, value)
    }

    /// Bytes of two vectors: byte k of the result is byte `bytes[k]` of `a` followed by `b`.
    pub fn shuffle(&mut self, a: Value, b: Value, bytes: [u8; 16]) -> Value {
        let ty = self.ins.func.dfg.value_type(a);
        let (a, b) = (self.recast(types::I8X16, a), self.recast(types::I8X16, b));
        let mask = ConstantData::from(&bytes[..]);
        let mask = self.ins.func.dfg.immediates.push(mask);
        let shuffled = self.ins.ins().shuffle(a, b, mask);
        self.recast(ty, shuffled)
    }

    /// Space on the stack, aligned to 8.
    pub fn stack_slot(&mut self, size: u32) -> StackSlot {
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, size, 3);
        self.ins.create_sized_stack_slot(data)
    }

    /// The address of a stack slot.
    pub fn slot_address(&mut self, slot: StackSlot) -> Value {
        self.ins.ins().stack_addr(types::I64, slot, 0)
    }

    /// Stores to memory of our own.
    pub fn store(&mut self, value: Value, address: Value, offset: usize) {
        self.ins
            .ins()
            .store(MemFlagsData::trusted(), value, address, offset as i32);
    }

    /// Loads from memory of our own.
    pub fn load(&mut self, ty: Type, address: Value, offset: usize) -> Value {
        self.ins
            .ins()
            .load(ty, MemFlagsData::trusted(), address, offset as i32)
    }
}

/// The row of a function of the runtime.
pub fn runtime(name: &str) -> Result<&'static RuntimeFn, CodegenError> {
    RuntimeFn::find(name)
        .ok_or_else(|| CodegenError::Internal(format!("the runtime has no function `{name}`")))
}
