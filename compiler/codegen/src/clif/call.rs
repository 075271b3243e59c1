//! Calls: of MIR functions, of the runtime, and of parallel loops.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{InstBuilder, Value};
use snek_abi::parallel::LOOP_PROGRESS;
use snek_abi::{AbiType, FoldOp, ScalarKind};
use snek_mir::ir::{
    Element, Function, FunctionId, Op, OpKind, Program, ReductionOp, Scalar, Schedule,
    Type as MirType, ValueId,
};

use super::builder::{Builder, runtime};
use super::control::Scope;
use super::signature::{Results, abi_type, body_signature};
use super::{Lower, Val};
use crate::CodegenError;
use crate::data::{Data, Extern};
use crate::leaf::{self, Width};
use crate::unit::{Forms, Unit};

/// A call of a MIR function: its status, if it has one, and the parts of its results.
pub struct Called {
    /// 0 is well.
    pub status: Option<Value>,
    /// Parts of all results.
    pub parts: Vec<Value>,
}

/// Which form of a function is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// The one that runs everywhere.
    First,
    /// The one of this width: the caller is such a form itself.
    Of(Width),
    /// The processor says which: the first one, or one of these, the widest last.
    Asked(&'a [leaf::Form]),
}

/// The form to call of a function. `own` is the width of the caller, if it is not a first form.
pub fn form_of(forms: &Forms, callee: FunctionId, own: Option<Width>) -> Target<'_> {
    match (forms.get(&callee).map(Vec::as_slice), own) {
        (None | Some([]), _) => Target::First,
        (Some([only]), Some(own)) if only.width <= own => Target::Of(only.width),
        (Some(forms), _) => Target::Asked(forms),
    }
}

/// Calls a form of a MIR function with its visible arguments; `limit` is the thread's stack limit, if the
/// caller knows it. The status is not tested, and results are only right if it is 0.
pub fn call_body(
    b: &mut Builder<'_>,
    program: &Program,
    callee: FunctionId,
    mut args: Vec<Value>,
    limit: Option<Value>,
    form: Target<'_>,
) -> Result<Called, CodegenError> {
    let function = &program.functions[callee];
    let results = Results::new(function)?;
    if function.recursive {
        args.push(match limit {
            Some(limit) => limit,
            None => b.call_runtime(runtime("snek_rt_stack_limit")?, &[])[0],
        });
    }
    let area = match results.area_size() {
        0 => None,
        size => {
            let slot = b.stack_slot(size);
            Some(b.slot_address(slot))
        }
    };
    args.extend(area);
    let signature = body_signature(function)?;
    let call = if let Target::Asked(forms) = form {
        let level = b.call_runtime(runtime("snek_rt_vector_level")?, &[])[0];
        let mut target = b.function_address(Extern::Unit(Unit::Body(callee)), &signature);
        for form in forms {
            let least = i64::from(form.level);
            let unit = Extern::Unit(Unit::Wide(callee, form.width));
            let form = b.function_address(unit, &signature);
            let can = IntCC::SignedGreaterThanOrEqual;
            let can = b.ins.ins().icmp_imm_s(can, level, least);
            target = b.ins.ins().select(can, form, target);
        }
        let signature = b.ins.import_signature(signature);
        b.ins.ins().call_indirect(signature, target, &args)
    } else {
        let unit = match form {
            Target::Of(width) => Unit::Wide(callee, width),
            Target::First | Target::Asked(_) => Unit::Body(callee),
        };
        let target = b.function(Extern::Unit(unit), &signature);
        b.ins.ins().call(target, &args)
    };
    let mut registers = b.ins.inst_results(call).to_vec().into_iter();
    let missing = || CodegenError::Internal("too few results".to_owned());
    let status = match function.may_raise {
        true => Some(registers.next().ok_or_else(missing)?),
        false => None,
    };
    let mut parts = Vec::with_capacity(results.parts.len());
    let mut offset = 0;
    for (ty, fits) in results.parts.iter().zip(&results.in_register) {
        if *fits {
            parts.push(registers.next().ok_or_else(missing)?);
        } else if let Some(area) = area {
            parts.push(b.load(*ty, area, offset));
            offset += 8;
        }
    }
    Ok(Called { status, parts })
}

/// Whether a parameter of a function is an array.
pub fn param_types(function: &Function) -> impl Iterator<Item = MirType> {
    let params = &function.regions[function.body].params;
    params.iter().map(|param| function.values[*param].ty)
}

impl<'a> Lower<'a> {
    /// A value as an argument: an array by its descriptor. `copies` gets the descriptors that were
    /// made for the call.
    fn argument(&mut self, id: ValueId, copies: &mut Vec<Value>) -> Result<Value, CodegenError> {
        Ok(match self.val(id)? {
            Val::One(value) => value,
            Val::Array(view) => view.described(&mut self.b, copies),
            Val::Vector(_) => return Err(super::signature::no_vectors()),
        })
    }

    /// The form to call of a function. A single loop that runs again and again amid scalar code gets none with the widest
    /// vectors: it is short, mostly, and while they are worked on, scalars have fewer units of the processor to themselves.
    fn form(&self, callee: FunctionId) -> Target<'a> {
        let form = form_of(self.forms, callee, self.width);
        let (Target::Asked(forms), Some(own)) = (form, self.width) else {
            return form;
        };
        let is_loop = |scope: &Scope| matches!(scope, Scope::Loop { .. });
        let stays = forms.iter().any(|form| form.width == own)
            && self.scopes.iter().any(is_loop)
            && leaf::is_flat(&self.program.functions[callee]);
        if stays { Target::Of(own) } else { form }
    }

    pub(super) fn call(&mut self, op: &Op, callee: FunctionId) -> Result<(), CodegenError> {
        let mut copies = Vec::new();
        let mut args = Vec::with_capacity(op.args.len());
        for arg in &op.args {
            args.push(self.argument(*arg, &mut copies)?);
        }
        let form = self.form(callee);
        let called = call_body(&mut self.b, self.program, callee, args, self.limit, form)?;
        if let Some(status) = called.status {
            self.test_status(status, op.site)?;
        }
        self.define_all(&op.results, &called.parts)?;
        for result in &op.results {
            if let Some(Val::Array(mut view)) = self.values[*result] {
                view.forget(&mut self.b, &copies);
                self.values[*result] = Some(Val::Array(view));
            }
        }
        Ok(())
    }

    pub(super) fn call_runtime(&mut self, op: &Op, name: &str) -> Result<(), CodegenError> {
        let row = runtime(name)?;
        if row.params.len() != op.args.len() {
            return Err(CodegenError::Internal(format!(
                "`{name}` takes {} arguments, not {}",
                row.params.len(),
                op.args.len()
            )));
        }
        let mut args = Vec::with_capacity(op.args.len());
        for (arg, ty) in op.args.iter().zip(row.params) {
            args.push(match self.val(*arg)? {
                Val::Array(view) => view.data(),
                Val::One(value) => self.fit(value, self.function.values[*arg].ty, *ty)?,
                Val::Vector(_) => return Err(super::signature::no_vectors()),
            });
        }
        let values = self.b.call_runtime(row, &args);
        if row.raises {
            return self.test_status(values[0], op.site);
        }
        if values.len() < op.results.len() {
            return Err(CodegenError::Internal(format!(
                "`{name}` has no such results"
            )));
        }
        for ((result, value), ty) in op.results.iter().zip(values).zip(row.results) {
            let value = self.fit_back(value, *ty, self.function.values[*result].ty)?;
            self.define(*result, value);
        }
        Ok(())
    }

    /// A scalar in the width that the runtime takes.
    fn fit(&mut self, value: Value, from: MirType, to: AbiType) -> Result<Value, CodegenError> {
        let signed = matches!(from, MirType::Scalar(scalar) if scalar.is_signed());
        self.resize(value, abi_type(to), signed)
    }

    /// What the runtime gave, in the width of the result.
    fn fit_back(
        &mut self,
        value: Value,
        from: AbiType,
        to: MirType,
    ) -> Result<Value, CodegenError> {
        let ty = match to {
            MirType::Scalar(scalar) => super::signature::scalar_type(scalar),
            _ => abi_type(from),
        };
        self.resize(value, ty, false)
    }

    fn resize(&mut self, value: Value, to: Type, signed: bool) -> Result<Value, CodegenError> {
        let from = self.b.ins.func.dfg.value_type(value);
        if from == to {
            return Ok(value);
        }
        if !from.is_int() || !to.is_int() {
            return Err(CodegenError::Internal(format!(
                "a {from} where a {to} is wanted"
            )));
        }
        let ins = self.b.ins.ins();
        Ok(match (from.bits() < to.bits(), signed) {
            (true, true) => ins.sextend(to, value),
            (true, false) => ins.uextend(to, value),
            (false, _) => ins.ireduce(to, value),
        })
    }

    /// How many iterations a loop has.
    fn trip_count(&mut self, start: Value, stop: Value, step: i64) -> Value {
        let ins = &mut self.b.ins;
        let (distance, before) = if step > 0 {
            (ins.ins().isub(stop, start), IntCC::SignedLessThan)
        } else {
            (ins.ins().isub(start, stop), IntCC::SignedGreaterThan)
        };
        let runs = ins.ins().icmp(before, start, stop);
        let count = if step.unsigned_abs() == 1 {
            distance
        } else {
            let most = ins.ins().iadd_imm_s(distance, -1);
            let steps = ins.ins().udiv_imm_u(most, step.unsigned_abs() as i64);
            ins.ins().iadd_imm_s(steps, 1)
        };
        // More iterations than an i64 counts cannot be run in a lifetime.
        let most = ins.ins().iconst(types::I64, i64::MAX);
        let count = ins.ins().umin(count, most);
        let zero = ins.ins().iconst(types::I64, 0);
        ins.ins().select(runs, count, zero)
    }

    /// Has the runtime run a parallel loop. The captured values and the loop's start are in a
    /// record on the stack, 8 bytes each, which the thunk of the body takes apart again.
    pub(super) fn parallel_call(&mut self, op: &Op) -> Result<(), CodegenError> {
        let OpKind::ParallelCall {
            body,
            combine,
            step,
            identities,
            accumulators,
            schedule,
            cut,
            progress,
        } = &op.kind
        else {
            return Err(CodegenError::Internal("no parallel call".to_owned()));
        };
        let (body, combine, step) = (*body, *combine, *step);
        let count = identities.len();
        if op.args.len() < 2 + count || op.results.len() != count {
            return Err(CodegenError::Internal(
                "a parallel call with few operands".to_owned(),
            ));
        }
        let start = self.one(op.args[0])?;
        let stop = self.one(op.args[1])?;
        let initial = &op.args[2..2 + count];
        let rest = &op.args[2 + count..];
        let (captured, options) = match schedule {
            Some(_) if rest.len() >= 2 => rest.split_at(rest.len() - 2),
            _ => (rest, &rest[rest.len()..]),
        };

        let slot = self.b.stack_slot(8 * (captured.len() as u32 + 1));
        let context = self.b.slot_address(slot);
        for (index, id) in captured.iter().enumerate() {
            let value = self.argument(*id, &mut Vec::new())?;
            self.b.store(value, context, 8 * index);
        }
        self.b.store(start, context, 8 * captured.len());

        let null = self.b.int(types::I64, 0);
        let result = if count == 0 {
            null
        } else {
            let slot = self.b.stack_slot(8 * count as u32);
            let result = self.b.slot_address(slot);
            for (index, id) in initial.iter().enumerate() {
                let value = self.one(*id)?;
                self.b.store(value, result, 8 * index);
            }
            result
        };
        let identity = if count == 0 {
            null
        } else {
            let bytes = identity_bytes(&self.program.functions[body], identities);
            self.b.address(Data::Bytes(bytes))
        };
        let body = Extern::Unit(Unit::ParallelThunk(body));
        let body = self
            .b
            .function_address(body, &super::thunk::parallel_signature());
        let combine = match combine {
            Some(id) => {
                let target = Extern::Unit(Unit::CombineThunk(id));
                self.b
                    .function_address(target, &super::thunk::combine_signature())
            }
            None => null,
        };
        let trips = self.trip_count(start, stop, step);
        let size = self.b.int(types::I64, 8 * count as i64);
        let (place, line) = match self.frames(op.site).first() {
            Some((frame, line)) => (
                self.b.address(Data::Frame(*frame)),
                self.b.int(types::I64, i64::from(*line)),
            ),
            None => (null, null),
        };
        let cut_value = self.b.int(types::I64, cut.to_bits());
        let mut args = vec![body, combine, context, trips];
        let mut name = "snek_rt_parallel_for";
        if schedule.is_some() || !accumulators.is_empty() {
            name = "snek_rt_parallel_for_with";
            let (chunk, threads) = match options {
                [chunk, threads] => (self.one(*chunk)?, self.one(*threads)?),
                _ => (null, null),
            };
            let number = Schedule::ALL.iter().position(|s| Some(*s) == *schedule);
            let number = self.b.int(types::I64, number.unwrap_or(0) as i64);
            let table = if accumulators.is_empty() {
                null
            } else {
                let mut bytes = Vec::new();
                for (at, fold) in accumulators {
                    let ty = captured
                        .get(*at as usize)
                        .map(|v| self.function.values[*v].ty);
                    let Some(MirType::Array(ty)) = ty else {
                        return Err(CodegenError::Internal("folds into no array".to_owned()));
                    };
                    bytes.extend_from_slice(&at.to_le_bytes());
                    let scalar = element_kind(ty.element) as u8;
                    bytes.extend_from_slice(&[fold_op(*fold) as u8, scalar, ty.rank]);
                    bytes.push(u8::from(cut.grain == 1));
                }
                self.b.address(Data::Bytes(bytes))
            };
            let entries = self.b.int(types::I64, accumulators.len() as i64);
            let context_size = self.b.int(types::I64, 8 * (captured.len() as i64 + 1));
            let flags = if *progress { LOOP_PROGRESS } else { 0 };
            let flags = self.b.int(types::I64, flags);
            args.extend([chunk, threads, size, identity, result, number, table]);
            args.extend([entries, context_size, cut_value, flags]);
        } else {
            args.extend([size, identity, result, cut_value]);
        }
        args.extend([place, line]);
        let status = self.b.call_runtime(runtime(name)?, &args);
        self.test_outlined_status(status[0])?;
        for (index, id) in op.results.iter().enumerate() {
            let ty = super::signature::scalar_type(self.scalar_of(*id)?);
            let value = self.b.load(ty, result, 8 * index);
            self.define(*id, value);
        }
        Ok(())
    }
}

/// The runtime's number for what an array holds.
fn element_kind(element: Element) -> ScalarKind {
    match element {
        Element::Complex64 => ScalarKind::C64,
        Element::Complex128 => ScalarKind::C128,
        Element::Scalar(scalar) => match scalar {
            Scalar::Bool => ScalarKind::Bool,
            Scalar::I8 => ScalarKind::I8,
            Scalar::I16 => ScalarKind::I16,
            Scalar::I32 => ScalarKind::I32,
            Scalar::I64 => ScalarKind::I64,
            Scalar::U8 => ScalarKind::U8,
            Scalar::U16 => ScalarKind::U16,
            Scalar::U32 => ScalarKind::U32,
            Scalar::U64 => ScalarKind::U64,
            Scalar::F32 => ScalarKind::F32,
            Scalar::F64 => ScalarKind::F64,
        },
    }
}

fn fold_op(fold: ReductionOp) -> FoldOp {
    match fold {
        ReductionOp::Add => FoldOp::Add,
        ReductionOp::Mul => FoldOp::Mul,
        ReductionOp::Min => FoldOp::Min,
        ReductionOp::Max => FoldOp::Max,
        ReductionOp::And => FoldOp::And,
        ReductionOp::Or => FoldOp::Or,
        ReductionOp::Xor => FoldOp::Xor,
    }
}

/// Partial results before any iteration, as they lie in memory. Floats come as the bits of an
/// `F64`, whatever their width.
fn identity_bytes(body: &Function, identities: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 * identities.len());
    for (bits, ty) in identities.iter().zip(&body.results) {
        let bits = match ty {
            MirType::Scalar(snek_mir::ir::Scalar::F32) => {
                u64::from((f64::from_bits(*bits) as f32).to_bits())
            }
            _ => *bits,
        };
        bytes.extend_from_slice(&bits.to_le_bytes());
    }
    bytes
}
