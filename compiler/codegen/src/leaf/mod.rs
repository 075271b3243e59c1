//! The emitter for leaves with 256-bit vectors.
//!
//! Cranelift has vectors of 128 bits. A function of [`snek_mir::ir::Role::Leaf`] that works on wider ones gets a second
//! form here: the same translation to Cranelift IR with registers of 256 bits ([`crate::clif`]), optimised by Cranelift's
//! middle end, then instructions for x86-64 level 3 ([`select`], from the [`table`]) in an order ([`schedule`]), registers by `regalloc2`
//! ([`machine`]), bytes by `iced-x86` ([`emit`]). Callers ask the processor which form to call.
//!
//! What the selection does not know, it refuses ([`Refused`]), and there is no second form. It must never give another
//! result than the first form, bit for bit (but for the payload of a NaN, and for functions with `fastmath`: [`contract`]).

mod arithmetic;
mod call;
mod contract;
mod convert;
mod emit;
mod latch;
mod machine;
mod scalar;
mod schedule;
mod select;
mod table;
mod vector;

use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::types;
use snek_mir::edit;
use snek_mir::ir::{Function, OpId, OpKind, Role, Type};
use target_lexicon::Architecture;

use crate::CodegenError;
use crate::clif::Translated;
use crate::isa::{CodegenOptions, Isa, OptLevel, SecondForms};
use crate::strides;
use crate::unit::Compiled;

/// Why a function has no second form: what the selection does not know.
#[derive(Debug)]
pub struct Refused(pub String);

/// Whether a function may have a second form on this machine.
pub fn is_wanted(function: &Function, isa: &Isa, options: &CodegenOptions) -> bool {
    let x86 = isa.target.triple().architecture == Architecture::X86_64;
    let gains = match function.role {
        Role::Leaf => leaf_gains(function),
        _ if options.second_forms == SecondForms::Everywhere => true,
        _ => options.opt_level == OptLevel::Speed && loop_gains(function),
    };
    x86 && gains
}

/// Whether a leaf gains: vectors that fill no register gain nothing, scalars have instructions of three operands.
fn leaf_gains(function: &Function) -> bool {
    let fills = |ty: Type| match ty {
        Type::Vector(scalar, lanes) => scalar.bits() * u32::from(lanes) >= 256,
        _ => false,
    };
    let is_vector = |ty: Type| matches!(ty, Type::Vector(..) | Type::Mask(_));
    let mut values = function.values.iter();
    values.clone().any(|value| fills(value.ty)) || values.all(|value| !is_vector(value.ty))
}

/// Whether there is a loop on scalars without one inside, which is laid out in few lines, and whose integers have
/// instructions of their own.
fn loop_gains(function: &Function) -> bool {
    let is_loop = |op: OpId| matches!(function.ops[op].kind, OpKind::For(_) | OpKind::While { .. });
    let is_innermost = |op: &OpId| {
        let mut inner = function.ops[*op].kind.regions().into_iter();
        is_loop(*op)
            && !inner.any(|region| {
                let mut ops = edit::ops_in(function, region).into_iter();
                ops.any(|op| is_loop(op) || matches!(function.ops[op].kind, OpKind::Call(_)))
            })
    };
    edit::ops(function).iter().any(is_innermost)
}

/// The second forms that callers may ask for: those that the emitter does not refuse. `contract`: a product that is added
/// may be rounded once with the sum.
pub fn compile(
    context: &mut Context,
    translated: Translated,
    isa: &Isa,
    contract: bool,
    listing: bool,
) -> Result<Result<Compiled, Refused>, CodegenError> {
    context.clear();
    context.func = translated.function;
    // Registers of 256 bits are unknown to Cranelift's verifier, and to some rules of its middle end, which panic.
    let optimised = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        context.optimize(&*isa.unverified, &mut ControlPlane::default())
    }));
    match optimised {
        Ok(optimised) => {
            optimised.map_err(|error| CodegenError::Internal(format!("{error:?}")))?;
        }
        Err(_) => {
            *context = Context::new();
            return Ok(Err(Refused("a rule for 128 bits at most".to_owned())));
        }
    }
    context.compute_cfg();
    context.compute_domtree();
    strides::run(&mut context.func, &context.cfg, &context.domtree);
    latch::run(&mut context.func, &context.cfg, &context.domtree);
    if context
        .func
        .signature
        .params
        .iter()
        .any(|param| param.value_type == types::I128)
    {
        return Ok(Err(Refused("128-bit integers".to_owned())));
    }
    let mut code = match select::select(&context.func, &context.cfg, &context.domtree, contract) {
        Ok(code) => code,
        Err(refused) => return Ok(Err(refused)),
    };
    schedule::run(&mut code);
    let allocation = machine::allocate(&code)
        .map_err(|error| CodegenError::Internal(format!("registers of a leaf: {error:?}")))?;
    emit::emit(&code, &allocation, translated.externs, listing)
}
