//! The functions around MIR functions: what Python, the runtime and the loader call.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{InstBuilder, Signature, Value};
use snek_abi::ExcKind;
use snek_mir::ir::{Function, FunctionId, Program, Scalar, Type as MirType};

use super::builder::{Builder, runtime};
use super::call::{Called, call_body, form_of, param_types};
use super::signature::{array_parts, c_signature, no_vectors, scalar_type};
use crate::CodegenError;
use crate::data::Data;
use crate::unit::Forms;

/// `fn(frame) -> status`.
pub fn entry_signature() -> Signature {
    c_signature(&[types::I64], &[types::I32])
}

/// `fn(context, lo, hi, partial) -> status`.
pub fn parallel_signature() -> Signature {
    c_signature(&[types::I64; 4], &[types::I32])
}

/// `fn(accumulator, other) -> status`.
pub fn combine_signature() -> Signature {
    c_signature(&[types::I64; 2], &[types::I32])
}

/// `fn() -> object`.
pub fn hook_signature() -> Signature {
    c_signature(&[], &[types::I64])
}

/// `fn(place, axis, rank)`.
pub fn index_error_signature() -> Signature {
    c_signature(&[types::I64; 3], &[])
}

/// Raises IndexError for the index and the extent that lie at `place`. Functions hand them over in
/// memory because arguments in registers would tie the values to these registers: the register
/// allocator does not know how cold the call is, and moves them to and fro in hot loops.
pub fn index_error<'b>(mut b: Builder<'b>, params: &[Value]) -> Result<Builder<'b>, CodegenError> {
    let [place, axis, rank] = params else {
        return Err(CodegenError::Internal("too few parameters".to_owned()));
    };
    let index = b.load(types::I64, *place, 0);
    let extent = b.load(types::I64, *place, 8);
    b.call_runtime(
        runtime("snek_rt_raise_index")?,
        &[index, *axis, extent, *rank],
    );
    b.ins.ins().return_(&[]);
    Ok(b)
}

/// A hook of the loader's: hands the module's description to the runtime.
pub fn hook<'b>(name: &str, mut b: Builder<'b>) -> Result<Builder<'b>, CodegenError> {
    let module = b.address(Data::Module);
    let object = b.call_runtime(runtime(name)?, &[module]);
    b.ins.ins().return_(&object);
    Ok(b)
}

/// Loads a value from an 8-byte slot.
fn load_slot(
    b: &mut Builder<'_>,
    ty: MirType,
    base: Value,
    index: usize,
) -> Result<Value, CodegenError> {
    let ty = match ty {
        MirType::Scalar(scalar) => scalar_type(scalar),
        MirType::Array(_) | MirType::Ptr => types::I64,
        MirType::Vector(..) | MirType::Mask(_) => return Err(no_vectors()),
    };
    // Both targets are little-endian: a narrow value is the first bytes of its slot.
    Ok(b.load(ty, base, 8 * index))
}

/// Stores a scalar to an 8-byte slot, all of which it fills.
fn store_slot(b: &mut Builder<'_>, scalar: Scalar, value: Value, base: Value, index: usize) {
    let ty = scalar_type(scalar);
    let value = if ty.is_int() && ty.bits() < 64 {
        if scalar.is_signed() {
            b.ins.ins().sextend(types::I64, value)
        } else {
            b.ins.ins().uextend(types::I64, value)
        }
    } else {
        value
    };
    b.store(value, base, 8 * index);
}

/// Leaves with status 1 if a call did not go well.
fn leave_on_error(b: &mut Builder<'_>, called: &Called) {
    let Some(status) = called.status else {
        return;
    };
    let failed = b.ins.create_block();
    b.ins.set_cold_block(failed);
    let goes_on = b.ins.create_block();
    b.ins.ins().brif(status, failed, &[], goes_on, &[]);
    b.ins.switch_to_block(failed);
    b.ins.ins().return_(&[status]);
    b.ins.switch_to_block(goes_on);
}

fn leave_well(b: &mut Builder<'_>) {
    let well = b.int(types::I32, 0);
    b.ins.ins().return_(&[well]);
}

fn is_f32(ty: Type) -> bool {
    ty == types::F32
}

/// The frame entry of an exported function.
pub fn entry<'b>(
    program: &Program,
    id: FunctionId,
    forms: &Forms,
    mut b: Builder<'b>,
    params: &[Value],
) -> Result<Builder<'b>, CodegenError> {
    let function = &program.functions[id];
    let frame = params[0];
    let mut args = Vec::new();
    let mut arrays = Vec::new();
    for (index, ty) in param_types(function).enumerate() {
        let value = load_slot(&mut b, ty, frame, index)?;
        if matches!(ty, MirType::Array(_)) {
            arrays.push(value);
        }
        args.push(value);
    }
    let first_result = args.len();
    let called = call_body(&mut b, program, id, args, None, form_of(forms, id, None))?;
    leave_on_error(&mut b, &called);

    let mut parts = called.parts.iter().copied();
    for (index, ty) in function.results.iter().enumerate() {
        let slot = first_result + index;
        match ty {
            MirType::Scalar(scalar) => {
                let Some(value) = parts.next() else {
                    return Err(CodegenError::Internal("too few results".to_owned()));
                };
                if is_f32(scalar_type(*scalar)) {
                    // The upper half of the slot is 0.
                    let zero = b.int(types::I64, 0);
                    b.store(zero, frame, 8 * slot);
                }
                store_slot(&mut b, *scalar, value, frame, slot);
            }
            MirType::Array(array) => {
                let parts: Vec<Value> = parts.by_ref().take(array_parts(*array)).collect();
                let descriptor = returned_array(&mut b, function, &parts, &arrays)?;
                b.store(descriptor, frame, 8 * slot);
            }
            MirType::Ptr => return Err(CodegenError::Internal("a text as a result".to_owned())),
            MirType::Vector(..) | MirType::Mask(_) => return Err(no_vectors()),
        }
    }
    leave_well(&mut b);
    Ok(b)
}

/// The descriptor that Python gave for an array that a function returns. A view that Python did
/// not give has none: the front refuses to return one, and this says so if it did not.
fn returned_array(
    b: &mut Builder<'_>,
    function: &Function,
    parts: &[Value],
    arrays: &[Value],
) -> Result<Value, CodegenError> {
    let [descriptor, ..] = parts else {
        return Err(CodegenError::Internal("too few results".to_owned()));
    };
    if arrays.is_empty() {
        return Err(CodegenError::Internal(format!(
            "{} returns no argument",
            function.symbol
        )));
    }
    let mut is_known = b.int(types::I8, 0);
    for array in arrays {
        let is_it = b.ins.ins().icmp(IntCC::Equal, *array, *descriptor);
        is_known = b.ins.ins().bor(is_known, is_it);
    }
    let failed = b.ins.create_block();
    b.ins.set_cold_block(failed);
    let goes_on = b.ins.create_block();
    b.ins.ins().brif(is_known, goes_on, &[], failed, &[]);

    b.ins.switch_to_block(failed);
    let text = "a compiled function returned a view of an array";
    let kind = b.int(types::I32, ExcKind::SystemError as i64);
    let address = b.address(Data::Text(text.to_owned()));
    let length = b.int(types::I64, text.len() as i64);
    b.call_runtime(runtime("snek_rt_raise")?, &[kind, address, length]);
    let status = b.int(types::I32, 1);
    b.ins.ins().return_(&[status]);

    b.ins.switch_to_block(goes_on);
    Ok(*descriptor)
}

/// What the runtime calls for a range of iterations: takes the context apart.
pub fn parallel<'b>(
    program: &Program,
    id: FunctionId,
    forms: &Forms,
    mut b: Builder<'b>,
    params: &[Value],
) -> Result<Builder<'b>, CodegenError> {
    let function = &program.functions[id];
    let [context, lo, hi, partial] = params else {
        return Err(CodegenError::Internal("too few parameters".to_owned()));
    };
    let types: Vec<MirType> = param_types(function).collect();
    let partials = function.results.len();
    let Some(captured) = types.len().checked_sub(3 + partials) else {
        return Err(CodegenError::Internal(
            "a parallel body with few parameters".to_owned(),
        ));
    };
    let mut args = Vec::with_capacity(types.len());
    // The captured values, then the loop's start.
    for (index, ty) in types.iter().take(captured + 1).enumerate() {
        args.push(load_slot(&mut b, *ty, *context, index)?);
    }
    args.extend([*lo, *hi]);
    for (index, ty) in types[captured + 3..].iter().enumerate() {
        args.push(load_slot(&mut b, *ty, *partial, index)?);
    }
    let called = call_body(&mut b, program, id, args, None, form_of(forms, id, None))?;
    leave_on_error(&mut b, &called);
    store_partials(&mut b, function, &called.parts, *partial)?;
    leave_well(&mut b);
    Ok(b)
}

/// What the runtime calls to combine partial results.
pub fn combine<'b>(
    program: &Program,
    id: FunctionId,
    forms: &Forms,
    mut b: Builder<'b>,
    params: &[Value],
) -> Result<Builder<'b>, CodegenError> {
    let function = &program.functions[id];
    let [accumulator, other] = params else {
        return Err(CodegenError::Internal("too few parameters".to_owned()));
    };
    let partials = function.results.len();
    let mut args = Vec::with_capacity(2 * partials);
    for base in [*accumulator, *other] {
        for (index, ty) in function.results.iter().enumerate() {
            args.push(load_slot(&mut b, *ty, base, index)?);
        }
    }
    let called = call_body(&mut b, program, id, args, None, form_of(forms, id, None))?;
    leave_on_error(&mut b, &called);
    store_partials(&mut b, function, &called.parts, *accumulator)?;
    leave_well(&mut b);
    Ok(b)
}

fn store_partials(
    b: &mut Builder<'_>,
    function: &Function,
    parts: &[Value],
    base: Value,
) -> Result<(), CodegenError> {
    for (index, (ty, value)) in function.results.iter().zip(parts).enumerate() {
        let MirType::Scalar(_) = ty else {
            return Err(CodegenError::Internal(
                "a partial result that is no scalar".to_owned(),
            ));
        };
        // The slot's other bytes are never read.
        b.store(*value, base, 8 * index);
    }
    Ok(())
}
