//! The emitter for leaves with vectors of 256 and of 512 bits.
//!
//! Cranelift has vectors of 128 bits. A function of [`snek_mir::ir::Role::Leaf`] that works on wider ones gets further
//! forms here: the same translation to Cranelift IR with registers of 256 bits ([`crate::clif`]), optimised by Cranelift's
//! middle end, then instructions for x86-64 level 3 ([`select`], from the [`table`]) in an order ([`schedule`]), registers by `regalloc2`
//! ([`machine`]), bytes by `iced-x86` ([`emit`]); and, if it has vectors of 512 bits, the same again with such registers
//! for level 4 (AVX-512), where masks have registers of their own ([`masked`]). Callers ask the processor which form to call.
//!
//! What the selection does not know, it refuses ([`Refused`]), and there is no such form. It must never give another
//! result than the first form, bit for bit (but for the payload of a NaN, and for functions with `fastmath`: [`contract`]).

mod arithmetic;
mod call;
mod contract;
mod convert;
mod division;
mod emit;
mod evex;
mod latch;
mod layout;
mod machine;
mod masked;
mod scalar;
mod schedule;
mod select;
mod shuffle;
mod spills;
mod table;
mod vector;

use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::types;
use snek_mir::edit;
use snek_mir::ir::{
    FloatOp, FloatUnaryOp, Function, Layout, Op, OpId, OpKind, RegionId, Role, Scalar, Type,
    ValueId,
};
use target_lexicon::Architecture;

use crate::CodegenError;
use crate::clif::Translated;
use crate::isa::{CodegenOptions, Isa, OptLevel, SecondForms};
use crate::strides;
use crate::unit::Compiled;

/// The widest registers of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Width {
    /// 256 bits.
    Y,
    /// 512 bits.
    Z,
}

impl Width {
    /// Bits of such a register.
    pub fn bits(self) -> u32 {
        match self {
            Width::Y => 256,
            Width::Z => 512,
        }
    }

    /// What `vector_level` is in forms with them, and what the runtime must say at least for these to be called, if they
    /// need no more: see `snek_rt_vector_level`.
    pub fn level(self) -> u8 {
        match self {
            Width::Y => 1,
            Width::Z => 2,
        }
    }

    /// A form with them that needs no more.
    pub fn form(self) -> Form {
        Form {
            width: self,
            level: self.level(),
        }
    }
}

/// How a form is made.
#[derive(Clone, Copy, Debug)]
pub struct How {
    /// Its registers.
    pub width: Width,
    /// A product that is added may be rounded once with the sum.
    pub contract: bool,
    /// It gains only if some division is made of products.
    pub needs_products: bool,
}

impl How {
    /// How a form of a function is made.
    pub fn new(function: &Function, width: Width) -> How {
        How {
            width,
            contract: function.fastmath,
            needs_products: width == Width::Z && waits_for_divisions(function),
        }
    }
}

/// A form that there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Its registers.
    pub width: Width,
    /// What the runtime must say at least for it to be called: see `snek_rt_vector_level`.
    pub level: u8,
}

/// What the runtime must say for divisions by products to gain: the machine does products of 512 bits at once.
const OF_PRODUCTS: u8 = 3;

/// Why a function has no such form: what the selection does not know.
#[derive(Debug)]
pub struct Refused(pub String);

/// The forms that a function may have on this machine, besides its first one.
pub fn wanted(function: &Function, isa: &Isa, options: &CodegenOptions) -> &'static [Width] {
    if isa.target.triple().architecture != Architecture::X86_64 {
        return &[];
    }
    match function.role {
        Role::Leaf => wanted_of_leaf(function),
        // Arrays of any strides are seldom passed, and wait for memory: more code is not worth its compilation.
        _ if is_strided(function) && options.second_forms != SecondForms::Everywhere => &[],
        _ if options.second_forms == SecondForms::Everywhere => &[Width::Y],
        _ if options.opt_level == OptLevel::Speed && loop_gains(function) => &[Width::Y],
        _ => &[],
    }
}

fn wanted_of_leaf(function: &Function) -> &'static [Width] {
    let bits = |ty: Type| match ty {
        Type::Vector(scalar, lanes) => scalar.bits() * u32::from(lanes),
        _ => 0,
    };
    let is_vector = |ty: Type| matches!(ty, Type::Vector(..) | Type::Mask(_));
    let most = function.values.iter().map(|value| bits(value.ty)).max();
    match most.unwrap_or(0) {
        bits if bits >= 512 && !is_strided(function) && widest_gains(function) => {
            &[Width::Y, Width::Z]
        }
        bits if bits >= 256 => &[Width::Y],
        // Vectors that fill no register gain nothing; scalars have instructions of three operands.
        _ if function.values.iter().any(|value| is_vector(value.ty)) => &[],
        _ => &[Width::Y],
    }
}

/// Whether there is a loop for vectors of 512 bits alone, or none that is better off with two of 256, or some division might
/// be made of products.
fn widest_gains(function: &Function) -> bool {
    let is_double = |value: &ValueId| matches!(function.ty(*value), Type::Vector(Scalar::F64, _));
    let divides = |op: OpId| {
        let op = &function.ops[op];
        matches!(op.kind, OpKind::Float(FloatOp::Div)) && op.results.iter().any(is_double)
    };
    !waits_for_divisions(function) || edit::ops(function).into_iter().any(divides)
}

/// Whether some array parameter may have any strides.
fn is_strided(function: &Function) -> bool {
    function.params().iter().any(|param| {
        let ty = function.ty(*param).array();
        ty.is_some_and(|ty| ty.layout == Layout::Strided)
    })
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

/// Whether there are divisions or roots in loops in other loops, and no loop is for vectors of 512 bits alone. The machine does those of 512 bits no faster than those of
/// 256 twice, and they take longer: two registers that take turns are ahead of one.
fn waits_for_divisions(function: &Function) -> bool {
    let asks = |op: OpId| matches!(function.ops[op].kind, OpKind::VectorLevel);
    if edit::ops(function).into_iter().any(asks) {
        return false;
    }
    let is_slow = |kind: &OpKind| {
        matches!(
            kind,
            OpKind::Float(FloatOp::Div) | OpKind::FloatUnary(FloatUnaryOp::Sqrt)
        )
    };
    let is_loop = |kind: &OpKind| matches!(kind, OpKind::For(_) | OpKind::While { .. });
    let inside = |region: RegionId| {
        edit::ops_in(function, region)
            .into_iter()
            .map(|op| &function.ops[op])
    };
    let regions = |op: &Op| op.kind.regions();
    edit::ops(function)
        .into_iter()
        .map(|op| &function.ops[op])
        .filter(|op| is_loop(&op.kind))
        .flat_map(|op| regions(op).into_iter().flat_map(inside))
        .filter(|op| is_loop(&op.kind))
        .flat_map(|op| regions(op).into_iter().flat_map(inside))
        .any(|op| {
            let is_vector = |value: &ValueId| matches!(function.ty(*value), Type::Vector(..));
            is_slow(&op.kind) && op.results.iter().any(is_vector)
        })
}

/// Whether no loop is in another one.
pub fn is_flat(function: &Function) -> bool {
    let is_loop = |op: &OpId| {
        matches!(
            function.ops[*op].kind,
            OpKind::For(_) | OpKind::While { .. }
        )
    };
    let loops = edit::ops(function).into_iter().filter(is_loop);
    let mut inside = loops
        .flat_map(|op| function.ops[op].kind.regions())
        .flat_map(|region| edit::ops_in(function, region));
    !inside.any(|op| is_loop(&op))
}

/// A form that callers may ask for, and what they ask for, unless the emitter refuses it.
pub fn compile(
    context: &mut Context,
    translated: Translated,
    isa: &Isa,
    how: How,
    listing: bool,
) -> Result<Result<(Compiled, Form), Refused>, CodegenError> {
    context.clear();
    context.func = translated.function;
    // Registers of more than 128 bits are unknown to Cranelift's verifier, and to some rules of its middle end, which panic.
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
    context.compute_loop_analysis();
    if context
        .func
        .signature
        .params
        .iter()
        .any(|param| param.value_type == types::I128)
    {
        return Ok(Err(Refused("128-bit integers".to_owned())));
    }
    let divisions = match how.width {
        Width::Y => division::Divisions::default(),
        Width::Z => division::by_products(&context.func, &context.cfg, &context.loop_analysis),
    };
    if how.needs_products && divisions.is_empty() {
        return Ok(Err(Refused("divisions take their time".to_owned())));
    }
    let level = match divisions.is_empty() {
        true => how.width.level(),
        false => OF_PRODUCTS,
    };
    let mut code = match select::select(
        &context.func,
        &context.cfg,
        &context.domtree,
        &context.loop_analysis,
        how,
        &divisions,
    ) {
        Ok(code) => code,
        Err(refused) => return Ok(Err(refused)),
    };
    schedule::run(&mut code);
    let mut allocation = machine::allocate(&code)
        .map_err(|error| CodegenError::Internal(format!("registers of a leaf: {error:?}")))?;
    spills::run(&code, &mut allocation);
    let compiled = emit::emit(&code, &allocation, translated.externs, listing)?;
    let form = Form {
        width: how.width,
        level,
    };
    Ok(compiled.map(|compiled| (compiled, form)))
}
