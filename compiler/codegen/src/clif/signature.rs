//! The calling convention of compiled functions, and how MIR types look in registers.
//!
//! Parameters: each MIR parameter in order (an array as the address of its descriptor), then the
//! thread's stack limit if the function is recursive, then the address of a return area if there
//! are results that no register takes.
//!
//! Results: a status first (an `i32`: 0 is well, 1 means that an exception is pending) if the
//! function may raise; then the results, of which an array is all its parts. Two integer and two
//! float registers carry them, as in C on x86-64; the others go to the return area, 8 bytes each.

use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{AbiParam, Signature};
use cranelift_codegen::isa::CallConv;
use snek_abi::{AbiType, RuntimeFn};
use snek_mir::ir::{self, ArrayType, Function, Layout, Scalar};

use crate::CodegenError;

/// The Cranelift type of a scalar.
pub fn scalar_type(scalar: Scalar) -> Type {
    match scalar {
        Scalar::Bool | Scalar::I8 | Scalar::U8 => types::I8,
        Scalar::I16 | Scalar::U16 => types::I16,
        Scalar::I32 | Scalar::U32 => types::I32,
        Scalar::I64 | Scalar::U64 => types::I64,
        Scalar::F32 => types::F32,
        Scalar::F64 => types::F64,
    }
}

/// How many values an array is taken apart into: its descriptor, its data, its extents and, if
/// they are not known from these, its strides.
pub fn array_parts(array: ArrayType) -> usize {
    let rank = usize::from(array.rank);
    match array.layout {
        Layout::Contiguous => 2 + rank,
        Layout::Strided => 2 + 2 * rank,
    }
}

/// Appends the types of the values that a MIR value is taken apart into.
pub fn push_parts(ty: ir::Type, parts: &mut Vec<Type>) -> Result<(), CodegenError> {
    match ty {
        ir::Type::Scalar(scalar) => parts.push(scalar_type(scalar)),
        ir::Type::Ptr => parts.push(types::I64),
        ir::Type::Array(array) => {
            parts.extend(std::iter::repeat_n(types::I64, array_parts(array)));
        }
        ir::Type::Vector(..) | ir::Type::Mask(_) => return Err(no_vectors()),
    }
    Ok(())
}

/// Vectors stay within functions.
pub fn no_vectors() -> CodegenError {
    CodegenError::Internal("a vector as a parameter or result of a function".to_owned())
}

/// Where the results of a function are.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// Types of all parts of all results, in order.
    pub parts: Vec<Type>,
    /// For each part, whether a register takes it.
    pub in_register: Vec<bool>,
}

impl Results {
    /// Distributes the results of a function.
    pub fn new(function: &Function) -> Result<Results, CodegenError> {
        let mut parts = Vec::new();
        for ty in &function.results {
            push_parts(*ty, &mut parts)?;
        }
        let mut integers = 2 - usize::from(function.may_raise);
        let mut floats = 2;
        let in_register = parts
            .iter()
            .map(|ty| {
                let left = if ty.is_float() {
                    &mut floats
                } else {
                    &mut integers
                };
                let fits = *left > 0;
                *left -= usize::from(fits);
                fits
            })
            .collect();
        Ok(Results { parts, in_register })
    }

    /// Bytes of the return area.
    pub fn area_size(&self) -> u32 {
        8 * self.in_register.iter().filter(|fits| !**fits).count() as u32
    }
}

/// The signature of a MIR function.
pub fn body_signature(function: &Function) -> Result<Signature, CodegenError> {
    let mut signature = Signature::new(CallConv::SystemV);
    for param in &function.regions[function.body].params {
        let ty = match function.values[*param].ty {
            ir::Type::Scalar(scalar) => scalar_type(scalar),
            ir::Type::Ptr | ir::Type::Array(_) => types::I64,
            ir::Type::Vector(..) | ir::Type::Mask(_) => return Err(no_vectors()),
        };
        signature.params.push(AbiParam::new(ty));
    }
    let results = Results::new(function)?;
    if function.recursive {
        signature.params.push(AbiParam::new(types::I64));
    }
    if results.area_size() > 0 {
        signature.params.push(AbiParam::new(types::I64));
    }
    if function.may_raise {
        signature.returns.push(AbiParam::new(types::I32));
    }
    for (ty, fits) in results.parts.iter().zip(&results.in_register) {
        if *fits {
            signature.returns.push(AbiParam::new(*ty));
        }
    }
    Ok(signature)
}

/// The type of a value that crosses to the runtime.
pub fn abi_type(ty: AbiType) -> Type {
    match ty {
        AbiType::I64 | AbiType::Ptr => types::I64,
        AbiType::I32 => types::I32,
        AbiType::F64 => types::F64,
        AbiType::F32 => types::F32,
    }
}

/// The signature of a function of the runtime.
pub fn runtime_signature(row: &RuntimeFn) -> Signature {
    let list = |types: &[AbiType]| {
        types
            .iter()
            .map(|ty| AbiParam::new(abi_type(*ty)))
            .collect()
    };
    Signature {
        params: list(row.params),
        returns: list(row.results),
        call_conv: CallConv::SystemV,
    }
}

/// A signature of plain C types.
pub fn c_signature(params: &[Type], returns: &[Type]) -> Signature {
    let list = |types: &[Type]| types.iter().map(|ty| AbiParam::new(*ty)).collect();
    Signature {
        params: list(params),
        returns: list(returns),
        call_conv: CallConv::SystemV,
    }
}
