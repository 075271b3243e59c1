//! Makes ops. Used by lowering, by passes and by tests.
//!
//! A [`Builder`] is cheap: it borrows the function and knows where to insert and which site new ops have. It checks
//! nothing but what it needs to give results their types; `verify` does.

use crate::ir::{
    Compare, Convert, FloatOp, FloatUnaryOp, Fold, For, FrameId, Function, IntOp, IntUnaryOp,
    LabelId, LoopKind, Op, OpId, OpKind, Overflow, Raise, Region, RegionId, Role, Scalar, Site,
    SiteId, Type, Value, ValueDef, ValueId,
};
use oxc_index::IndexVec;

impl Function {
    /// A function without code: a body with parameters, to which ops can be added.
    pub fn new(
        symbol: impl Into<String>,
        frame: FrameId,
        params: &[(&str, Type)],
        results: &[Type],
    ) -> Function {
        let mut function = Function {
            symbol: symbol.into(),
            frame,
            body: RegionId::from_usize(0),
            results: results.to_vec(),
            may_raise: true,
            recursive: false,
            fastmath: false,
            strict_math: false,
            auto_parallel: false,
            role: Role::Plain,
            values: IndexVec::new(),
            ops: IndexVec::new(),
            regions: IndexVec::new(),
            labels: IndexVec::new(),
            sites: IndexVec::new(),
        };
        function.body = function.add_region();
        let body = function.body;
        for (name, ty) in params {
            let name = (!name.is_empty()).then(|| (*name).to_string());
            function.add_param(body, *ty, name);
        }
        function
    }

    /// An empty region.
    pub fn add_region(&mut self) -> RegionId {
        self.regions.push(Region::default())
    }

    /// A further parameter of a region.
    pub fn add_param(&mut self, region: RegionId, ty: Type, name: Option<String>) -> ValueId {
        let index = self.regions[region].params.len() as u32;
        let def = ValueDef::Param(region, index);
        let value = self.values.push(Value { ty, def, name });
        self.regions[region].params.push(value);
        value
    }

    /// A further result of an op.
    pub fn add_result(&mut self, op: OpId, ty: Type, name: Option<String>) -> ValueId {
        let index = self.ops[op].results.len() as u32;
        let def = ValueDef::Result(op, index);
        let value = self.values.push(Value { ty, def, name });
        self.ops[op].results.push(value);
        value
    }

    /// A label.
    pub fn add_label(&mut self, name: impl Into<String>) -> LabelId {
        self.labels.push(name.into())
    }

    /// The site with this content: the last one is reused if it is the same.
    pub fn add_site(&mut self, site: Site) -> SiteId {
        match self.sites.last() {
            Some(last) if *last == site => SiteId::from_usize(self.sites.len() - 1),
            _ => self.sites.push(site),
        }
    }

    /// The type of a value.
    pub fn ty(&self, value: ValueId) -> Type {
        self.values[value].ty
    }

    /// The types of values.
    pub fn types(&self, values: &[ValueId]) -> Vec<Type> {
        values.iter().map(|value| self.ty(*value)).collect()
    }

    /// The parameters.
    pub fn params(&self) -> &[ValueId] {
        &self.regions[self.body].params
    }

    /// The op that defines a value; none for parameters of regions.
    pub fn def_op(&self, value: ValueId) -> Option<&Op> {
        match self.values[value].def {
            ValueDef::Result(op, _) => Some(&self.ops[op]),
            ValueDef::Param(..) => None,
        }
    }

    /// The integer that a value is known to be, if a `ConstInt` defines it.
    pub fn const_int(&self, value: ValueId) -> Option<i64> {
        match self.def_op(value)?.kind {
            OpKind::ConstInt(bits) => Some(bits),
            _ => None,
        }
    }

    /// The terminator of a region; none while it is being built.
    pub fn terminator(&self, region: RegionId) -> Option<OpId> {
        let last = *self.regions[region].ops.last()?;
        self.ops[last].kind.is_terminator().then_some(last)
    }
}

/// Inserts ops into a region.
pub struct Builder<'f> {
    /// The function.
    pub function: &'f mut Function,
    region: RegionId,
    /// Where the next op goes; `None`: at the end.
    index: Option<usize>,
    /// The site of new ops.
    pub site: SiteId,
}

impl<'f> Builder<'f> {
    /// Inserts at the end of a region.
    pub fn at_end(function: &'f mut Function, region: RegionId, site: SiteId) -> Builder<'f> {
        Builder {
            function,
            region,
            index: None,
            site,
        }
    }

    /// Inserts before the op at `index` of a region; later ops follow the earlier ones.
    pub fn before(
        function: &'f mut Function,
        region: RegionId,
        index: usize,
        site: SiteId,
    ) -> Builder<'f> {
        Builder {
            function,
            region,
            index: Some(index),
            site,
        }
    }

    /// Where it inserts.
    pub fn region(&self) -> RegionId {
        self.region
    }

    /// Where the next op goes within the region.
    pub fn position(&self) -> usize {
        self.index
            .unwrap_or(self.function.regions[self.region].ops.len())
    }

    /// A builder at the end of a region of the same function.
    pub fn inside(&mut self, region: RegionId) -> Builder<'_> {
        Builder::at_end(self.function, region, self.site)
    }

    /// Any op.
    pub fn op(&mut self, kind: OpKind, args: Vec<ValueId>, results: &[Type]) -> OpId {
        let op = self.function.ops.push(Op {
            kind,
            args,
            results: Vec::new(),
            site: self.site,
        });
        for ty in results {
            self.function.add_result(op, *ty, None);
        }
        self.insert(op);
        op
    }

    /// An op that is in no region yet.
    pub fn insert(&mut self, op: OpId) {
        let position = self.position();
        self.function.regions[self.region].ops.insert(position, op);
        if let Some(index) = &mut self.index {
            *index += 1;
        }
    }

    /// Any op with one result.
    pub fn value(&mut self, kind: OpKind, args: Vec<ValueId>, ty: Type) -> ValueId {
        let op = self.op(kind, args, &[ty]);
        self.function.ops[op].results[0]
    }

    /// Any op with any number of results.
    pub fn values(&mut self, kind: OpKind, args: Vec<ValueId>, types: &[Type]) -> Vec<ValueId> {
        let op = self.op(kind, args, types);
        self.function.ops[op].results.clone()
    }

    /// The constant `value` of an integer or Bool type.
    pub fn const_int(&mut self, ty: Type, value: i64) -> ValueId {
        self.value(OpKind::ConstInt(value), Vec::new(), ty)
    }

    /// An `I64` constant.
    pub fn const_i64(&mut self, value: i64) -> ValueId {
        self.const_int(Type::I64, value)
    }

    /// A `Bool` constant.
    pub fn const_bool(&mut self, value: bool) -> ValueId {
        self.const_int(Type::BOOL, i64::from(value))
    }

    /// A float constant.
    pub fn const_float(&mut self, ty: Type, value: f64) -> ValueId {
        self.value(OpKind::ConstFloat(value.to_bits()), Vec::new(), ty)
    }

    /// Constant text: its address and its length.
    pub fn const_text(&mut self, text: impl Into<String>) -> Vec<ValueId> {
        self.values(
            OpKind::ConstText(text.into()),
            Vec::new(),
            &[Type::Ptr, Type::I64],
        )
    }

    /// A value that is never looked at.
    pub fn undefined(&mut self, ty: Type) -> ValueId {
        self.value(OpKind::Undefined, Vec::new(), ty)
    }

    /// Whether the vectors for which the code that runs was made have 512 bits.
    pub fn has_widest_vectors(&mut self) -> ValueId {
        let level = self.value(OpKind::VectorLevel, Vec::new(), Type::I64);
        let widest = self.const_i64(2);
        self.compare(Compare::Ge, level, widest)
    }

    /// Integer arithmetic; `overflow` counts only where the op heeds it.
    pub fn int(&mut self, op: IntOp, overflow: Overflow, a: ValueId, b: ValueId) -> ValueId {
        let ty = self.function.ty(a);
        let overflow = if op.heeds_overflow() {
            overflow
        } else {
            Overflow::Wrap
        };
        self.value(OpKind::Int(op, overflow), vec![a, b], ty)
    }

    /// Integer arithmetic with one operand; `overflow` counts only where the op heeds it.
    pub fn int_unary(&mut self, op: IntUnaryOp, overflow: Overflow, a: ValueId) -> ValueId {
        let ty = self.function.ty(a);
        let overflow = if op.heeds_overflow() {
            overflow
        } else {
            Overflow::Wrap
        };
        self.value(OpKind::IntUnary(op, overflow), vec![a], ty)
    }

    /// Float arithmetic.
    pub fn float(&mut self, op: FloatOp, a: ValueId, b: ValueId) -> ValueId {
        let ty = self.function.ty(a);
        self.value(OpKind::Float(op), vec![a, b], ty)
    }

    /// Float arithmetic with one operand.
    pub fn float_unary(&mut self, op: FloatUnaryOp, a: ValueId) -> ValueId {
        let ty = self.function.ty(a);
        self.value(OpKind::FloatUnary(op), vec![a], ty)
    }

    /// A comparison.
    pub fn compare(&mut self, op: Compare, a: ValueId, b: ValueId) -> ValueId {
        let ty = self.function.ty(a);
        let ty = ty.with_scalar(Scalar::Bool).unwrap_or(Type::BOOL);
        self.value(OpKind::Compare(op), vec![a, b], ty)
    }

    /// `cond ? a : b`, both computed.
    pub fn select(&mut self, cond: ValueId, a: ValueId, b: ValueId) -> ValueId {
        let ty = self.function.ty(a);
        self.value(OpKind::Select, vec![cond, a, b], ty)
    }

    /// A conversion.
    pub fn convert(&mut self, op: Convert, value: ValueId, to: Type) -> ValueId {
        self.value(OpKind::Convert(op), vec![value], to)
    }

    /// The extent of an array's dimension.
    pub fn extent(&mut self, array: ValueId, axis: u8) -> ValueId {
        self.value(OpKind::Extent(axis), vec![array], Type::I64)
    }

    /// Raises if `cond` is false.
    pub fn check(&mut self, cond: ValueId, raise: Raise, operands: &[ValueId]) {
        let mut args = vec![cond];
        args.extend_from_slice(operands);
        self.op(OpKind::Check(raise), args, &[]);
    }

    /// Calls a function of the runtime.
    pub fn call_runtime(
        &mut self,
        name: &'static str,
        args: Vec<ValueId>,
        results: &[Type],
    ) -> Vec<ValueId> {
        self.values(OpKind::CallRuntime(name), args, results)
    }

    /// An `if` whose branches the closures fill; what they return is yielded, unless they end with a terminator of their
    /// own.
    pub fn if_(
        &mut self,
        cond: ValueId,
        results: &[Type],
        then: impl FnOnce(&mut Builder<'_>) -> Vec<ValueId>,
        other: impl FnOnce(&mut Builder<'_>) -> Vec<ValueId>,
    ) -> Vec<ValueId> {
        let then_region = self.function.add_region();
        let other_region = self.function.add_region();
        let mut inner = self.inside(then_region);
        let values = then(&mut inner);
        inner.end_with_yield(values);
        let mut inner = self.inside(other_region);
        let values = other(&mut inner);
        inner.end_with_yield(values);
        let kind = OpKind::If {
            then: then_region,
            other: other_region,
        };
        self.values(kind, vec![cond], results)
    }

    /// A counted loop over `start..stop`, whose body the closure fills: it gets the induction variable and the carried
    /// values and returns the next ones.
    pub fn for_(
        &mut self,
        name: &str,
        bounds: (ValueId, ValueId, i64),
        carried: Vec<ValueId>,
        body: impl FnOnce(&mut Builder<'_>, LabelId, ValueId, &[ValueId]) -> Vec<ValueId>,
    ) -> Vec<ValueId> {
        self.loop_(name, bounds, LoopKind::Serial, carried, Vec::new(), body)
    }

    /// A counted loop of any kind, with the reductions of a parallel one.
    pub fn loop_(
        &mut self,
        name: &str,
        (start, stop, step): (ValueId, ValueId, i64),
        kind: LoopKind,
        carried: Vec<ValueId>,
        reductions: Vec<Fold>,
        body: impl FnOnce(&mut Builder<'_>, LabelId, ValueId, &[ValueId]) -> Vec<ValueId>,
    ) -> Vec<ValueId> {
        let label = self.function.add_label(name);
        let region = self.function.add_region();
        let name = (!name.is_empty()).then(|| name.to_string());
        let induction = self.function.add_param(region, Type::I64, name);
        let types = self.function.types(&carried);
        let mut params = Vec::with_capacity(types.len());
        for ty in &types {
            params.push(self.function.add_param(region, *ty, None));
        }
        let mut inner = self.inside(region);
        let next = body(&mut inner, label, induction, &params);
        inner.end_with(OpKind::Next(label), next);
        let kind = OpKind::For(For {
            label,
            kind,
            step,
            body: region,
            reductions,
            auto: false,
            grain: 0,
        });
        let mut args = vec![start, stop];
        args.extend(carried);
        self.values(kind, args, &types)
    }

    /// Ends the region with a terminator, unless it has one.
    pub fn end_with(&mut self, kind: OpKind, args: Vec<ValueId>) {
        if self.function.terminator(self.region).is_none() {
            self.op(kind, args, &[]);
        }
    }

    /// Ends the region with `yield`, unless it has a terminator.
    pub fn end_with_yield(&mut self, values: Vec<ValueId>) {
        self.end_with(OpKind::Yield, values);
    }

    /// Names a value for the text form, unless it has a name.
    pub fn name(&mut self, value: ValueId, name: &str) {
        let slot = &mut self.function.values[value].name;
        if slot.is_none() && !name.is_empty() {
            *slot = Some(name.to_string());
        }
    }
}
