//! The body of a loop, made to do several consecutive iterations at once, one per lane.
//!
//! `shapes` says what is one scalar for all lanes and what is a vector, and where lanes part. Then the body is written
//! once more, in program order, into new regions: `lanes` does arithmetic, `memory` loads and stores, `control` branches,
//! `loops` inner loops. Where only some lanes are active, a mask says which: what the others compute is never looked at,
//! they touch no memory, and whatever may trap or raise runs only if some lane is active. An op does all lanes before the
//! next op begins, in the order of the text; that lanes may do so is for the caller to prove.
//!
//! What raises or leaves the loop becomes an *early exit*: before anything of these iterations has been stored, the vector
//! loop is left with the state in which they began, and the scalar loop behind it does them again, one by one. Nothing may
//! be left that way after a store.

mod control;
mod exits;
mod lanes;
mod lines;
mod loops;
mod memory;
mod shapes;

use std::collections::BTreeSet;

use oxc_index::IndexVec;
use rustc_hash::FxHashMap;
use snek_mir::edit;
use snek_mir::ir::{
    Function, IntOp, IntUnaryOp, LabelId, Lanes, OpId, OpKind, Overflow, ReductionOp, RegionId,
    Scalar, SiteId, Type, ValueId,
};

use crate::rewrite::new_op;
use control::{End, Target};
use lines::Line;
use memory::Row;
use shapes::{Plan, Shape};

/// How a carried value of the loop becomes a value of the vector loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carry {
    /// One accumulator per lane.
    Lanes(ReductionOp),
    /// A scalar: this op, which does something to it in each iteration, does that with one lane after the other.
    InOrder(OpId),
    /// Every iteration hands it on as it is: it stays the initial value, and the vector loop does not carry it.
    Unchanged,
}

/// A body in lanes.
#[derive(Clone, Copy, Debug)]
pub struct Widened {
    /// The body.
    pub region: RegionId,
    /// The loop may be left early. Then it carries one value more, the last one, an I64: where the next iteration starts.
    /// It begins as the loop's start; if the loop was left, the scalar loop goes on from there, and from what was carried.
    pub exits: bool,
}

/// What stopped the widening: where, and a phrase for the report.
#[derive(Clone, Debug)]
pub struct Obstacle {
    /// The op.
    pub site: SiteId,
    /// Follows "not vectorised: ".
    pub reason: String,
}

fn obstacle(function: &Function, op: OpId, reason: impl Into<String>) -> Obstacle {
    Obstacle {
        site: function.ops[op].site,
        reason: reason.into(),
    }
}

/// Builds the body of a vector loop that does `lanes` consecutive iterations of `loop_op` (a `for`) at once: a new region
/// with parameters (the induction variable of lane 0, then a vector per carried value) that ends with `next @label`.
/// Elements of the arrays `dense` are neighbours in memory along the last dimension.
/// `loop_op` stays as it is. On `Err` the function is as before but for unreferenced entries of its arenas.
pub fn widen(
    function: &mut Function,
    loop_op: OpId,
    lanes: u8,
    carries: &[Carry],
    dense: &BTreeSet<ValueId>,
    label: LabelId,
) -> Result<RegionId, Obstacle> {
    let widened = in_lanes(function, loop_op, lanes, carries, dense, label, false)?;
    Ok(widened.region)
}

/// As [`widen`], but what raises or leaves the loop before its first store becomes an early exit: `break @label`. See
/// [`Widened::exits`].
pub fn widen_with_exits(
    function: &mut Function,
    loop_op: OpId,
    lanes: u8,
    carries: &[Carry],
    dense: &BTreeSet<ValueId>,
    label: LabelId,
) -> Result<Widened, Obstacle> {
    in_lanes(function, loop_op, lanes, carries, dense, label, true)
}

fn in_lanes(
    function: &mut Function,
    loop_op: OpId,
    lanes: u8,
    carries: &[Carry],
    dense: &BTreeSet<ValueId>,
    label: LabelId,
    may_exit: bool,
) -> Result<Widened, Obstacle> {
    let plan = Plan::new(function, loop_op, carries, may_exit)?;
    let OpKind::For(data) = function.ops[loop_op].kind.clone() else {
        return Err(obstacle(function, loop_op, "it is no counted loop"));
    };
    let Some(step) = data.step.checked_mul(i64::from(lanes)) else {
        return Err(obstacle(function, loop_op, "its step is too large"));
    };
    let params = function.regions[data.body].params.clone();
    debug_assert_eq!(carries.len() + 1, params.len());
    let region = function.add_region();
    let used = edit::use_counts(function);
    let data_op = &function.ops[loop_op];
    let (site, inits) = (data_op.site, data_op.args[2..].to_vec());
    let mut widener = Widener {
        function,
        plan,
        lanes,
        scalars: FxHashMap::default(),
        vectors: FxHashMap::default(),
        rows: FxHashMap::default(),
        lines: FxHashMap::default(),
        spread: Vec::new(),
        region,
        body: region,
        loaded: Vec::new(),
        dense: dense.clone(),
        site,
        active: Active::All,
        sure: true,
        stored: false,
        slots: Vec::new(),
        slot_types: Vec::new(),
        targets: FxHashMap::default(),
        partings: 0,
        used,
        may_exit,
        exits: false,
        begin: Vec::new(),
        label,
        step,
        carries: carries.to_vec(),
        nexts: Vec::new(),
    };
    let counter = widener.add_param(region, params[0])?;
    for ((param, carry), init) in params[1..].iter().zip(carries).zip(inits) {
        if *carry == Carry::Unchanged {
            widener.scalars.insert(*param, init);
        } else {
            let begin = widener.add_param(region, *param)?;
            widener.begin.push(begin);
        }
    }
    widener.begin.push(counter);
    let mut target = widener.target(loop_op, data.label, &params[1..], &[])?;
    target.label = label;
    widener.targets.insert(data.label, target);
    let end = widener.ops(data.body)?;
    widener.site = site;
    let all = widener.next_values(data.label, &end, &params[1..])?;
    widener.next_iterations(all);
    let exits = widener.exits;
    if exits {
        widener.function.add_param(region, Type::I64, None);
        for (op, start) in std::mem::take(&mut widener.nexts) {
            widener.function.ops[op].args.push(start);
        }
    }
    Ok(Widened { region, exits })
}

/// Which lanes do what is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Active {
    All,
    /// A mask.
    Some(ValueId),
    Nobody,
}

/// The state of the writing.
struct Widener<'f> {
    function: &'f mut Function,
    plan: Plan,
    lanes: u8,
    /// What uniform values are now, and lane 0 of linear ones.
    scalars: FxHashMap<ValueId, ValueId>,
    /// What varying values are now, and vectors made of others.
    vectors: FxHashMap<ValueId, ValueId>,
    /// Rows of arrays that no value stands for.
    rows: FxHashMap<ValueId, Row>,
    /// Values whose lanes are a distance apart that is not constant.
    lines: FxHashMap<ValueId, Line>,
    /// Values whose vector was made of scalars, in the order in which that happened: it is known in its region only.
    spread: Vec<ValueId>,
    /// Where ops are added.
    region: RegionId,
    /// The whole body.
    body: RegionId,
    /// What all lanes have loaded there: the array and its subscripts.
    loaded: Vec<(Lanes, Vec<ValueId>)>,
    /// Arrays whose elements along the last dimension are neighbours in memory.
    dense: BTreeSet<ValueId>,
    site: SiteId,
    active: Active,
    /// At least one lane is active.
    sure: bool,
    /// Something may have been stored since the lanes' first op.
    stored: bool,
    /// What lanes that have left take with them, as vectors; none before the first lane leaves.
    slots: Vec<Option<ValueId>>,
    slot_types: Vec<Type>,
    targets: FxHashMap<LabelId, Target>,
    /// How many times lanes have parted by leaving.
    partings: u32,
    /// Uses of values of the function as it was.
    used: IndexVec<ValueId, u32>,
    /// Early exits are allowed; there are some.
    may_exit: bool,
    exits: bool,
    /// What an early exit leaves with: the carried values and the induction variable at the begin.
    begin: Vec<ValueId>,
    label: LabelId,
    step: i64,
    carries: Vec<Carry>,
    /// What begins the next iterations, and where they start.
    nexts: Vec<(OpId, ValueId)>,
}

impl Widener<'_> {
    fn op(&mut self, kind: OpKind, args: Vec<ValueId>, results: &[Type]) -> Vec<ValueId> {
        let op = new_op(self.function, kind, args, results, self.site);
        self.function.regions[self.region].ops.push(op);
        self.function.ops[op].results.clone()
    }

    fn value(&mut self, kind: OpKind, args: Vec<ValueId>, ty: Type) -> ValueId {
        self.op(kind, args, &[ty])[0]
    }

    fn obstacle<T>(&self, reason: impl Into<String>) -> Result<T, Obstacle> {
        Err(Obstacle {
            site: self.site,
            reason: reason.into(),
        })
    }

    fn mask_type(&self) -> Type {
        Type::Mask(self.lanes)
    }

    /// The vector of a scalar type.
    fn vector_type(&self, ty: Type) -> Result<Type, Obstacle> {
        match ty {
            Type::Scalar(Scalar::Bool) => Ok(self.mask_type()),
            Type::Scalar(scalar) => Ok(Type::Vector(scalar, self.lanes)),
            _ => self.obstacle("a value has no vector form"),
        }
    }

    /// Begins the next iterations of the vector loop, with values for all that the loop carries.
    fn next_iterations(&mut self, values: Vec<ValueId>) {
        let carries = std::mem::take(&mut self.carries);
        let lanes = values.into_iter().zip(&carries);
        let args = lanes.filter(|(_, carry)| **carry != Carry::Unchanged);
        let args: Vec<ValueId> = args.map(|(value, _)| value).collect();
        self.carries = carries;
        let by = self.value(OpKind::ConstInt(self.step), Vec::new(), Type::I64);
        let counter = self.begin[self.begin.len() - 1];
        let start = self.int(IntOp::Add, counter, by);
        self.op(OpKind::Next(self.label), args, &[]);
        let ops = &self.function.regions[self.region].ops;
        self.nexts.push((ops[ops.len() - 1], start));
    }

    /// The type that a value has now.
    fn type_of(&self, value: ValueId) -> Result<Type, Obstacle> {
        let ty = self.function.ty(value);
        match self.plan.shape(value) {
            Shape::Varying => self.vector_type(ty),
            _ => Ok(ty),
        }
    }

    /// The scalar of a uniform value, or of lane 0 of a linear one.
    fn scalar(&self, value: ValueId) -> Result<ValueId, Obstacle> {
        match self.scalars.get(&value) {
            Some(new) => Ok(*new),
            None if !self.plan.is_inside(value) => Ok(value),
            None => self.obstacle("a value has no scalar form"),
        }
    }

    /// The vector of a value.
    fn vector(&mut self, value: ValueId) -> Result<ValueId, Obstacle> {
        if let Some(vector) = self.vectors.get(&value) {
            return Ok(*vector);
        }
        let shape = self.plan.shape(value);
        let scalar = self.scalar(value)?;
        let vector = self.spread_out(scalar, shape)?;
        self.vectors.insert(value, vector);
        self.spread.push(value);
        Ok(vector)
    }

    /// The vector of a scalar, which is lane 0, by the distance from lane to lane.
    fn spread_out(&mut self, scalar: ValueId, shape: Shape) -> Result<ValueId, Obstacle> {
        let ty = self.vector_type(self.function.ty(scalar))?;
        let constant = self.function.def_op(scalar).map(|op| op.kind.clone());
        let base = match constant {
            Some(kind @ (OpKind::ConstInt(_) | OpKind::ConstFloat(_) | OpKind::Undefined)) => {
                self.value(kind, Vec::new(), ty)
            }
            _ => self.value(OpKind::Splat, vec![scalar], ty),
        };
        let Shape::Linear(step) = shape else {
            return Ok(base);
        };
        let mut offsets = self.value(OpKind::Iota, Vec::new(), ty);
        if step != 1 {
            let step = self.value(OpKind::ConstInt(step), Vec::new(), ty);
            offsets = self.int(IntOp::Mul, offsets, step);
        }
        Ok(self.int(IntOp::Add, base, offsets))
    }

    /// The form that `wanted` has, of a value that is to become it.
    fn form(&mut self, value: ValueId, wanted: ValueId) -> Result<ValueId, Obstacle> {
        match self.plan.shape(wanted) {
            Shape::Varying => self.vector(value),
            _ => self.scalar(value),
        }
    }

    /// From now on `new` is what `value` was, in the form that its shape asks for.
    fn define(&mut self, value: ValueId, new: ValueId) {
        let name = self.function.values[value].name.clone();
        let slot = &mut self.function.values[new].name;
        if slot.is_none() {
            *slot = name;
        }
        match self.plan.shape(value) {
            Shape::Varying => self.vectors.insert(value, new),
            _ => self.scalars.insert(value, new),
        };
    }

    /// A parameter in the form of a value, which it becomes.
    fn add_param(&mut self, region: RegionId, value: ValueId) -> Result<ValueId, Obstacle> {
        let ty = self.type_of(value)?;
        let param = self.function.add_param(region, ty, None);
        self.define(value, param);
        Ok(param)
    }

    /// Integer arithmetic, on masks too.
    fn int(&mut self, op: IntOp, a: ValueId, b: ValueId) -> ValueId {
        let ty = self.function.ty(a);
        self.value(OpKind::Int(op, Overflow::Wrap), vec![a, b], ty)
    }

    fn not(&mut self, a: ValueId) -> ValueId {
        let ty = self.function.ty(a);
        let kind = OpKind::IntUnary(IntUnaryOp::Not, Overflow::Wrap);
        self.value(kind, vec![a], ty)
    }

    /// Zero of any type but arrays and pointers.
    fn zero(&mut self, ty: Type) -> Result<ValueId, Obstacle> {
        match ty.scalar() {
            Some(scalar) if scalar.is_float() => {
                Ok(self.value(OpKind::ConstFloat(0), Vec::new(), ty))
            }
            Some(_) => Ok(self.value(OpKind::ConstInt(0), Vec::new(), ty)),
            None => self.obstacle("an array is known only in some iterations"),
        }
    }

    /// The mask of the active lanes.
    fn mask(&mut self) -> ValueId {
        let ty = self.mask_type();
        match self.active {
            Active::Some(mask) => mask,
            Active::All => self.value(OpKind::ConstInt(1), Vec::new(), ty),
            Active::Nobody => self.value(OpKind::ConstInt(0), Vec::new(), ty),
        }
    }

    /// Whether a lane of the mask is set.
    fn any(&mut self, mask: ValueId) -> ValueId {
        self.value(OpKind::Reduce(ReductionOp::Or), vec![mask], Type::BOOL)
    }

    /// Lanes of `a` where the mask is set, else of `b`.
    fn pick(&mut self, mask: ValueId, a: ValueId, b: ValueId) -> ValueId {
        if a == b {
            return a;
        }
        let ty = self.function.ty(a);
        if ty.scalar() != Some(Scalar::Bool) {
            return self.value(OpKind::Select, vec![mask, a, b], ty);
        }
        let bit = |this: &Self, value: ValueId| this.function.const_int(value);
        match (bit(self, a), bit(self, b)) {
            (Some(0), _) => {
                let not = self.not(mask);
                self.int(IntOp::And, not, b)
            }
            (Some(_), _) => self.int(IntOp::Or, mask, b),
            (_, Some(0)) => self.int(IntOp::And, mask, a),
            _ => {
                let not = self.not(mask);
                let b = self.int(IntOp::And, not, b);
                let a = self.int(IntOp::And, mask, a);
                self.int(IntOp::Or, a, b)
            }
        }
    }

    /// Writes the ops of a region where ops are added.
    fn ops(&mut self, region: RegionId) -> Result<End, Obstacle> {
        if self.plan.is_escaping(region) {
            return self.escape();
        }
        for op in self.function.regions[region].ops.clone() {
            self.site = self.function.ops[op].site;
            if self.function.ops[op].kind.is_terminator() {
                return self.terminator(op);
            }
            match self.function.ops[op].kind.clone() {
                OpKind::If { then, other } => self.if_(op, then, other)?,
                OpKind::Block { label, body } => self.block(op, label, body)?,
                OpKind::For(data) => self.for_(op, &data)?,
                OpKind::While { label, cond, body } => self.while_(op, label, cond, body)?,
                _ => self.plain(op)?,
            }
            if self.active == Active::Nobody {
                return Ok(End::Left);
            }
        }
        Ok(End::Left)
    }

    /// An op without regions.
    fn plain(&mut self, op: OpId) -> Result<(), Obstacle> {
        let data = self.function.ops[op].clone();
        match &data.kind {
            OpKind::Row(bounds) => self.row(op, bounds),
            OpKind::Extent(axis) | OpKind::Stride(axis) => self.extent(op, *axis),
            OpKind::Load(bounds) => self.load(op, bounds),
            OpKind::Store(bounds) => self.store(op, bounds),
            OpKind::Check(_) => self.check(op),
            _ if self.plan.is_in_order(op) => self.in_order(op),
            _ => {
                let shapes = data.args.iter().chain(&data.results);
                let mut shapes = shapes.map(|v| self.plan.shape(*v));
                if shapes.any(|shape| shape == Shape::Varying) {
                    self.varying(op)
                } else {
                    self.uniform(op)
                }
            }
        }
    }
}
