//! MIR to Cranelift IR.
//!
//! One MIR function becomes one Cranelift function: values map to values (an array to its parts,
//! see [`array`]), regions to blocks, results of regions to block parameters ([`control`]).
//! Whatever raises branches to a cold block ([`raise`]), so that the fast path is straight code.
//! Optimises nothing that MIR could: only the choice of instructions is made here.

mod array;
mod atomic;
pub mod builder;
mod call;
mod condition;
mod control;
mod convert;
mod exchange;
mod lanes;
mod raise;
mod reduce;
mod scalar;
pub mod signature;
mod thunk;
mod vector;

use cranelift_codegen::ir::types::Type;
use cranelift_codegen::ir::{self as clif, InstBuilder, SourceLoc, Value};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use oxc_index::IndexVec;
use rustc_hash::FxHashMap;
use snek_mir::edit;
use snek_mir::ir::{
    Convert, FrameId, Function, FunctionId, Op, OpKind, Program, Scalar, SiteId, Type as MirType,
    ValueId,
};

use crate::CodegenError;
use crate::data::Extern;
use crate::isa::Isa;
use crate::leaf::Width;
use crate::marks;
use crate::masks::MaskWidths;
use crate::unit::{Forms, Unit};
use array::View;
use builder::Builder;
use control::Scope;
use raise::Raising;
use signature::Results;
use vector::Vector;

/// A Cranelift function and what it refers to.
pub struct Translated {
    /// The function.
    pub function: clif::Function,
    /// What `u0:n` stands for.
    pub externs: Vec<Extern>,
}

/// Translates units, one after the other.
pub struct Translator<'a> {
    program: &'a Program,
    isa: &'a Isa,
    /// The functions that have further forms.
    forms: &'a Forms,
    context: FunctionBuilderContext,
}

impl<'a> Translator<'a> {
    /// A translator for the units of a program.
    pub fn new(program: &'a Program, isa: &'a Isa, forms: &'a Forms) -> Self {
        Translator {
            program,
            isa,
            forms,
            context: FunctionBuilderContext::new(),
        }
    }

    /// Translates one unit.
    pub fn translate(&mut self, unit: Unit) -> Result<Translated, CodegenError> {
        let signature = match unit {
            Unit::Body(id) | Unit::Wide(id, _) => {
                signature::body_signature(&self.program.functions[id])?
            }
            Unit::Entry(_) => thunk::entry_signature(),
            Unit::ParallelThunk(_) => thunk::parallel_signature(),
            Unit::CombineThunk(_) => thunk::combine_signature(),
            Unit::IndexError => thunk::index_error_signature(),
            Unit::Init | Unit::Export => thunk::hook_signature(),
        };
        let mut function = clif::Function::with_name_signature(Default::default(), signature);
        let mut builder = Builder::new(FunctionBuilder::new(&mut function, &mut self.context));
        let block = builder.ins.create_block();
        builder.ins.append_block_params_for_function_params(block);
        builder.ins.switch_to_block(block);
        let params = builder.ins.block_params(block).to_vec();
        let built = match unit {
            Unit::Body(id) => {
                Lower::new(self.program, id, builder, None, self.forms)?.function(&params)
            }
            Unit::Wide(id, width) => {
                Lower::new(self.program, id, builder, Some(width), self.forms)?.function(&params)
            }
            Unit::Entry(id) => thunk::entry(self.program, id, self.forms, builder, &params),
            Unit::ParallelThunk(id) => {
                thunk::parallel(self.program, id, self.forms, builder, &params)
            }
            Unit::CombineThunk(id) => {
                thunk::combine(self.program, id, self.forms, builder, &params)
            }
            Unit::IndexError => thunk::index_error(builder, &params),
            Unit::Init => thunk::hook("snek_rt_module_init", builder),
            Unit::Export => thunk::hook("snek_rt_module_export", builder),
        };
        let externs = match built {
            Ok(Builder {
                mut ins, externs, ..
            }) => {
                ins.seal_all_blocks();
                ins.finalize(self.isa.target.frontend_config());
                externs
            }
            Err(error) => {
                // The context of a function that was given up cannot be used again.
                self.context = FunctionBuilderContext::new();
                return Err(error);
            }
        };
        Ok(Translated { function, externs })
    }
}

/// A MIR value in Cranelift's terms.
#[derive(Clone, Debug)]
enum Val {
    /// A scalar or an address.
    One(Value),
    /// An array.
    Array(View),
    /// A vector or a mask.
    Vector(Vector),
}

/// Values of less than 64 bits that are extended, and the first type that they are extended to.
fn extended(function: &Function) -> FxHashMap<ValueId, (Scalar, Option<Value>)> {
    let mut found = FxHashMap::default();
    for data in &function.ops {
        if let OpKind::Convert(Convert::Extend) = data.kind
            && let Some(to) = data.results.first()
            && let (MirType::Scalar(from), MirType::Scalar(to)) =
                (function.ty(data.args[0]), function.ty(*to))
            && from != Scalar::Bool
            && from.bits() < to.bits()
        {
            found.entry(data.args[0]).or_insert((to, None));
        }
    }
    found
}

/// The translation of one function.
struct Lower<'a> {
    program: &'a Program,
    function: &'a Function,
    b: Builder<'a>,
    /// What each MIR value is; `None` before its definition.
    values: IndexVec<ValueId, Option<Val>>,
    /// The regions around the current op that a terminator may name, the innermost last.
    scopes: Vec<Scope>,
    /// How often each value is used.
    uses: IndexVec<ValueId, u32>,
    /// Branches that make the condition of the op that comes next, which lays them out: of several, the last one is next.
    deferred: Vec<&'a Op>,
    /// The current op runs only where a test before a loop failed.
    seldom: bool,
    raising: Raising,
    results: Results,
    /// The thread's stack limit, if the function has it.
    limit: Option<Value>,
    /// The return area, if there is one.
    area: Option<Value>,
    /// The source file that line tables are about.
    file: &'a str,
    /// Values that are extended somewhere, and to what: loads of them extend at once.
    extended: FxHashMap<ValueId, (Scalar, Option<Value>)>,
    /// That of the form, if it is not the first: vectors are in such registers where they fill them.
    width: Option<Width>,
    forms: &'a Forms,
    masks: MaskWidths,
    /// Memory of zeros that lanes read which are off, and memory that they write.
    idle: Option<(clif::StackSlot, clif::StackSlot)>,
}

impl<'a> Lower<'a> {
    fn new(
        program: &'a Program,
        id: FunctionId,
        b: Builder<'a>,
        width: Option<Width>,
        forms: &'a Forms,
    ) -> Result<Lower<'a>, CodegenError> {
        let function = &program.functions[id];
        Ok(Lower {
            program,
            function,
            b,
            values: function.values.iter().map(|_| None).collect(),
            scopes: Vec::new(),
            uses: edit::use_counts(function),
            deferred: Vec::new(),
            seldom: false,
            raising: Raising::default(),
            results: Results::new(function)?,
            limit: None,
            area: None,
            file: &program.frames[function.frame].file,
            extended: extended(function),
            width,
            forms,
            masks: MaskWidths::of(function),
            idle: None,
        })
    }

    fn function(mut self, params: &[Value]) -> Result<Builder<'a>, CodegenError> {
        let mut params = params.iter().copied();
        let mut next = || {
            params
                .next()
                .ok_or_else(|| CodegenError::Internal("too few parameters".to_owned()))
        };
        for param in &self.function.regions[self.function.body].params {
            let value = next()?;
            let value = match self.function.values[*param].ty {
                MirType::Array(ty) => Val::Array(View::of_descriptor(&mut self.b, ty, value)),
                MirType::Scalar(_) | MirType::Ptr => Val::One(value),
                MirType::Vector(..) | MirType::Mask(_) => return Err(signature::no_vectors()),
            };
            self.values[*param] = Some(value);
        }
        if self.function.recursive {
            self.limit = Some(next()?);
        }
        if self.results.area_size() > 0 {
            self.area = Some(next()?);
        }
        self.check_stack()?;
        self.region(self.function.body)?;
        self.finish_raising()?;
        Ok(self.b)
    }

    /// Bits of the widest registers.
    fn widest(&self) -> u32 {
        self.width.map_or(128, Width::bits)
    }

    /// See [`OpKind::VectorLevel`].
    fn vector_level(&self) -> i64 {
        i64::from(self.width.map_or(0, Width::level))
    }

    /// The only value of a scalar or an address.
    fn one(&self, id: ValueId) -> Result<Value, CodegenError> {
        match self.val(id)? {
            Val::One(value) => Ok(value),
            Val::Array(_) => Err(CodegenError::Internal("an array as a scalar".to_owned())),
            Val::Vector(_) => Err(CodegenError::Internal("a vector as a scalar".to_owned())),
        }
    }

    fn view(&self, id: ValueId) -> Result<View, CodegenError> {
        match self.val(id)? {
            Val::Array(view) => Ok(view),
            _ => Err(CodegenError::Internal("a scalar as an array".to_owned())),
        }
    }

    fn val(&self, id: ValueId) -> Result<Val, CodegenError> {
        self.values[id].clone().ok_or_else(|| {
            CodegenError::Internal(format!(
                "value {} is used before its definition",
                id.index()
            ))
        })
    }

    fn scalar_of(&self, id: ValueId) -> Result<Scalar, CodegenError> {
        match self.function.values[id].ty {
            MirType::Scalar(scalar) => Ok(scalar),
            other => Err(CodegenError::Internal(format!("{other:?} is no scalar"))),
        }
    }

    /// The value of an integer constant.
    fn const_int(&self, id: ValueId) -> Option<i64> {
        self.function.const_int(id)
    }

    /// Takes a value apart, in the order of [`signature::push_parts`].
    fn parts(&self, id: ValueId, parts: &mut Vec<Value>) -> Result<(), CodegenError> {
        match self.val(id)? {
            Val::One(value) => parts.push(value),
            Val::Array(view) => view.push_parts(parts),
            Val::Vector(vector) => parts.extend(vector.parts),
        }
        Ok(())
    }

    /// Takes several values apart.
    fn all_parts(&self, ids: &[ValueId]) -> Result<Vec<Value>, CodegenError> {
        let mut parts = Vec::new();
        for id in ids {
            self.parts(*id, &mut parts)?;
        }
        Ok(parts)
    }

    /// The types of the parts of several values.
    fn part_types(&self, ids: &[ValueId]) -> Result<Vec<Type>, CodegenError> {
        let mut types = Vec::new();
        for id in ids {
            match self.shape(*id) {
                Some(shape) => types.extend(shape.part_types()),
                None => signature::push_parts(self.function.values[*id].ty, &mut types)?,
            }
        }
        Ok(types)
    }

    /// Gives values their parts.
    fn define_all(&mut self, ids: &[ValueId], parts: &[Value]) -> Result<(), CodegenError> {
        let mut parts = parts.iter().copied();
        let missing = || CodegenError::Internal("too few values".to_owned());
        for id in ids {
            let value = match self.function.values[*id].ty {
                MirType::Array(ty) => {
                    Val::Array(View::from_parts(ty, &mut parts).ok_or_else(missing)?)
                }
                MirType::Vector(..) | MirType::Mask(_) => {
                    let shape = self.shape(*id).ok_or_else(missing)?;
                    let parts: Vec<Value> = parts.by_ref().take(shape.part_count()).collect();
                    if parts.len() < shape.part_count() {
                        return Err(missing());
                    }
                    Val::Vector(Vector { shape, parts })
                }
                _ => Val::One(parts.next().ok_or_else(missing)?),
            };
            self.values[*id] = Some(value);
        }
        Ok(())
    }

    fn define(&mut self, id: ValueId, value: Value) {
        self.values[id] = Some(Val::One(value));
    }

    /// The source line of an op, and how often it runs.
    fn location(&self, site: SiteId) -> SourceLoc {
        marks::location(self.line(site), self.seldom)
    }

    /// The line that an op is shown at: of the innermost call that is in the user's file.
    fn line(&self, site: SiteId) -> u32 {
        let mut site = &self.function.sites[site];
        loop {
            match site.caller {
                Some(caller) if self.program.frames[site.frame].file != self.file => {
                    site = &self.function.sites[caller];
                }
                _ => return site.line,
            }
        }
    }

    /// The frames of an op for a traceback, innermost first.
    fn frames(&self, site: SiteId) -> Vec<(FrameId, u32)> {
        let mut frames = Vec::new();
        let mut next = Some(site);
        while let Some(site) = next {
            let site = &self.function.sites[site];
            // The standard library's own frames are not shown, as C's are not.
            if !self.program.frames[site.frame].file.starts_with('<') {
                frames.push((site.frame, site.line));
            }
            next = site.caller;
        }
        frames
    }

    fn op(&mut self, op: &'a Op) -> Result<(), CodegenError> {
        self.b.ins.set_srcloc(self.location(op.site));
        if self.is_lanewise(op) {
            return self.lanewise(op);
        }
        match &op.kind {
            OpKind::ConstInt(value) => {
                let ty = signature::scalar_type(self.scalar_of(op.results[0])?);
                let value = self.b.int(ty, *value);
                self.define(op.results[0], value);
            }
            OpKind::ConstFloat(bits) => {
                let value = f64::from_bits(*bits);
                let value = match self.scalar_of(op.results[0])? {
                    Scalar::F32 => self.b.ins.ins().f32const(value as f32),
                    _ => self.b.ins.ins().f64const(value),
                };
                self.define(op.results[0], value);
            }
            OpKind::ConstText(text) => {
                let address = self.b.address(crate::data::Data::Text(text.clone()));
                let length = self.b.int(clif::types::I64, text.len() as i64);
                self.define(op.results[0], address);
                self.define(op.results[1], length);
            }
            OpKind::VectorLevel => {
                let level = self.b.int(clif::types::I64, self.vector_level());
                self.define(op.results[0], level);
            }
            OpKind::Undefined => {
                let types = self.part_types(&op.results)?;
                let parts: Vec<Value> = types.into_iter().map(|ty| self.b.zero(ty)).collect();
                self.define_all(&op.results, &parts)?;
            }
            OpKind::Int(kind, overflow) => self.int_op(op, *kind, *overflow)?,
            OpKind::IntUnary(kind, overflow) => self.int_unary(op, *kind, *overflow)?,
            OpKind::Float(kind) => self.float_op(op, *kind)?,
            OpKind::FloatUnary(kind) => self.float_unary(op, *kind)?,
            OpKind::FusedMulAdd => {
                let [a, b, c] = self.operands(op)?;
                let value = self.b.ins.ins().fma(a, b, c);
                self.define(op.results[0], value);
            }
            OpKind::Compare(kind) => self.compare(op, *kind)?,
            OpKind::Select => self.select(op)?,
            OpKind::Convert(kind) => self.convert(op, *kind)?,
            OpKind::Splat => self.splat(op)?,
            OpKind::Iota => self.iota(op)?,
            OpKind::Extract(lane) => self.extract(op, *lane)?,
            OpKind::FromLanes => self.gather_scalars(op)?,
            OpKind::Reduce(kind) => self.reduce(op, *kind)?,
            OpKind::LoadLanes(lanes) => self.load_lanes(op, *lanes)?,
            OpKind::StoreLanes(lanes) => self.store_lanes(op, *lanes)?,
            OpKind::Gather { masked } => self.gather(op, *masked)?,
            OpKind::Scatter { masked } => self.scatter(op, *masked)?,
            OpKind::Disjoint => self.disjoint(op)?,
            OpKind::Extent(axis) => {
                let extent = self.view(op.args[0])?.extent(usize::from(*axis));
                self.define(op.results[0], extent);
            }
            OpKind::Row(bounds) => self.row(op, bounds)?,
            OpKind::View => self.view_of_memory(op)?,
            OpKind::Local(bytes) => {
                let slot = self.b.stack_slot(*bytes);
                let address = self.b.slot_address(slot);
                self.define(op.results[0], address);
            }
            OpKind::AsStrided => self.as_strided(op)?,
            // Outside of parallel loops it is the array.
            OpKind::Accumulator(_) => {
                self.values[op.results[0]] = Some(Val::Array(self.view(op.args[0])?));
            }
            OpKind::Atomic(kind, bounds) => self.atomic(op, *kind, bounds)?,
            OpKind::DataPointer => {
                let data = self.view(op.args[0])?.data();
                self.define(op.results[0], data);
            }
            OpKind::Stride(axis) => self.stride_op(op, *axis)?,
            OpKind::Load(bounds) => self.array_load(op, bounds)?,
            OpKind::Store(bounds) => self.array_store(op, bounds)?,
            OpKind::Check(raise) => {
                let condition = self.one(op.args[0])?;
                self.check(condition, raise, &op.args[1..], op.site)?;
            }
            OpKind::Call(callee) => self.call(op, *callee)?,
            OpKind::CallRuntime(name) => self.call_runtime(op, name)?,
            OpKind::ParallelCall { .. } => self.parallel_call(op)?,
            OpKind::If { then, other } => self.if_op(op, *then, *other)?,
            OpKind::Block { label, body } => self.block_op(op, *label, *body)?,
            OpKind::For(the_loop) => self.for_op(op, the_loop)?,
            OpKind::While { label, cond, body } => self.while_op(op, *label, *cond, *body)?,
            OpKind::Yield => self.yield_op(&op.args)?,
            OpKind::Next(label) => self.next(*label, &op.args)?,
            OpKind::Break(label) => self.break_op(*label, &op.args)?,
            OpKind::Return => self.return_op(&op.args)?,
            OpKind::Raise(raise) => self.raise(raise, &op.args, op.site)?,
            OpKind::Unreachable => {
                self.b.ins.ins().trap(clif::TrapCode::unwrap_user(1));
            }
        }
        Ok(())
    }

    /// Exactly so many scalar operands.
    fn operands<const N: usize>(&self, op: &Op) -> Result<[Value; N], CodegenError> {
        if op.args.len() != N {
            return Err(CodegenError::Internal(format!(
                "{:?} has {} operands",
                op.kind,
                op.args.len()
            )));
        }
        let mut values = [Value::from_u32(0); N];
        for (value, arg) in values.iter_mut().zip(&op.args) {
            *value = self.one(*arg)?;
        }
        Ok(values)
    }
}

/// Blocks by what leads to them.
type BlockMap<K> = FxHashMap<K, clif::Block>;
