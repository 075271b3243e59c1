//! What a loop costs in lanes, and how many lanes it gets. Units are about the time of an addition.
//!
//! Must never decide whether a loop may run in lanes, only whether it should.

use rustc_hash::{FxHashMap, FxHashSet};
use snek_analysis::dependence::{Access, Motion};
use snek_mir::ir::{
    Convert, FloatOp, FloatUnaryOp, IntOp, Layout, OpId, OpKind, ReductionOp, RegionId, Scalar,
    Type, ValueId,
};

use super::shape::{Context, Fold};
use crate::level::is_for_widest;

/// Bits of the vectors that are hoped for, and of those that a loop for the widest ones has.
const NATIVE: u32 = 256;
const NATIVE_WIDEST: u32 = 512;
/// Iterations of inner loops are taken to be as many.
const INNER: f64 = 16.0;
/// A loop must gain this much.
const WORTHWHILE: f64 = 1.25;
const WORTHWHILE_IN_ORDER: f64 = 1.7;
/// What an iteration stores and so few iterations later is loaded is not in the cache yet; lanes that were stored by two
/// instructions are waited for.
const NEAR: u64 = 8;
/// Bits of all the registers that one value may take.
const WIDEST: u32 = 2048;
/// Chains of operations that take so many cycles are waited for, unless another group of iterations has its turn.
const LONG: u32 = 36;
/// Bodies of more operations leave no registers for that.
const ROOM: u32 = 110;

/// Loops of so much arithmetic are worth another form for registers of 512 bits; others wait for memory.
const HEAVY: f64 = 20.0;

/// Lanes of a second loop behind one of more: loops are often shorter than many lanes.
pub const NARROW_REST: u8 = 16;

/// Cycles of the instructions for eight quotients, and what a loop with such must gain.
const OF_QUOTIENT: f64 = 11.0;
const WORTHWHILE_PRODUCTS: f64 = 1.4;

/// Sums in order that leave the machine waiting.
const CHAINS: usize = 2;

/// What a loop would be in lanes.
#[derive(Clone, Copy, Debug)]
pub struct Estimate {
    /// How many.
    pub lanes: u8,
    /// How many times as fast.
    pub gain: f64,
    /// The lanes of a second loop for what is left, if that is worth one.
    pub rest: Option<u8>,
    /// The lanes of a loop before it that only registers of 512 bits have, if that is worth one.
    pub widest: Option<u8>,
}

/// What a value is over the iterations of the loop.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Moves by a constant: a scalar in lanes, unless something else than an address wants it.
    Linear,
    /// Another one each time.
    Varying,
}

struct Model<'c, 'f> {
    context: &'c Context<'f>,
    accesses: FxHashMap<OpId, (Access, Motion)>,
    shapes: FxHashMap<ValueId, Shape>,
    /// What is done lane by lane.
    in_order: FxHashSet<OpId>,
    /// Varying values that are as far from each other from lane to lane: scalars say where lanes are.
    lines: FxHashSet<ValueId>,
    /// Arrays have neighbours side by side along their last dimension, whatever their layout says.
    dense: bool,
    /// Bits of the widest scalar in lanes.
    widest: u32,
    /// Ops on vectors.
    ops: u32,
    /// What those cost that wider registers make faster, and those that they do not.
    arithmetic: f64,
    divisions: f64,
    /// The divisions of doubles, and their roots.
    quotients: u32,
    roots: u32,
    /// The cycles after which each value is there, and the last of them.
    ready: FxHashMap<ValueId, u32>,
    chain: u32,
    /// Of one iteration, as it is.
    scalar: f64,
    /// Of a group of iterations whatever its size.
    shared: f64,
    /// Of a group, per lane.
    lane: f64,
    /// Of a group, per bit of a lane, that is per register in the end.
    bits: f64,
    diverges: bool,
    may_diverge: u32,
}

/// Estimates a loop; `None` if it would not gain.
pub fn estimate(
    context: &Context<'_>,
    op: OpId,
    accesses: Vec<(Access, Motion)>,
    folds: &[Fold],
    window: u64,
    dense: bool,
) -> Option<Estimate> {
    let OpKind::For(f) = &context.function.ops[op].kind else {
        return None;
    };
    let mut model = Model {
        context,
        accesses: accesses.into_iter().map(|(a, m)| (a.op, (a, m))).collect(),
        shapes: FxHashMap::default(),
        in_order: FxHashSet::default(),
        lines: FxHashSet::default(),
        dense,
        widest: 8,
        ops: 0,
        arithmetic: 0.0,
        divisions: 0.0,
        quotients: 0,
        roots: 0,
        ready: FxHashMap::default(),
        chain: 0,
        scalar: 0.0,
        shared: 0.0,
        lane: 0.0,
        bits: 0.0,
        diverges: false,
        may_diverge: 0,
    };
    let params = &context.function.regions[f.body].params;
    model.shapes.insert(params[0], Shape::Linear);
    for (param, fold) in params[1..].iter().zip(folds) {
        match fold.in_order {
            Some(op) => {
                model.in_order.insert(op);
            }
            None => model.vary(*param),
        }
    }
    model.region(f.body, 1.0);
    let register = match is_for_widest(context.function, context.structure, op) {
        Some(true) => NATIVE_WIDEST,
        Some(false) | None => NATIVE,
    };
    let native = (register / model.widest).max(2);
    // Several registers per value hide the latency of folds, and the overhead of short bodies.
    let hides = folds.iter().any(|fold| fold.in_order.is_none());
    let sums_floats = folds.iter().zip(&params[1..]).any(|(fold, param)| {
        let scalar = context.function.ty(*param).scalar();
        fold.op == ReductionOp::Add && scalar.is_some_and(Scalar::is_float)
    });
    let is_pair = !model.diverges && model.chain >= LONG && (15..=ROOM).contains(&model.ops);
    let times = match (!hides, model.ops) {
        _ if model.diverges || is_pair => 2,
        // A sum of floats waits for the one before as long as six others take.
        (false, 0..=2) if sums_floats => 8,
        (false, 0..=6) => 4,
        (false, 7..=14) | (true, 0..=8) => 2,
        _ => 1,
    };
    let most = (WIDEST / model.widest).min(64);
    let trip = constant_trip(context, op);
    let fitting = |wanted: u32| {
        let mut lanes = wanted.min(most);
        while u64::from(lanes) > window || trip.is_some_and(|trip| i128::from(lanes) > trip) {
            lanes /= 2;
        }
        lanes
    };
    let lanes = fitting(native * times);
    if lanes < 2 || window < NEAR {
        return None;
    }
    // So many sums do not wait for each other as they are.
    if model.in_order.len() > CHAINS {
        return None;
    }
    let per_lane = f64::from(lanes);
    let group =
        1.0 + model.shared + model.lane * per_lane + model.bits * per_lane / f64::from(register);
    let gain = (model.scalar + 1.0) * per_lane / group;
    let lanes = lanes as u8;
    let worthwhile = match model.in_order.is_empty() {
        true => WORTHWHILE,
        // Where iterations wait for the sum, nothing else takes time.
        false => WORTHWHILE_IN_ORDER,
    };
    // Groups that take turns, and many short sums, leave much for iterations one by one.
    let many = is_pair || times == 8 || (times == 4 && sums_floats);
    let is_whole = u32::from(lanes) == native * times;
    let rest = (many && is_whole).then_some(native as u8);
    // So do groups of many.
    let rest = rest.or((lanes > NARROW_REST).then_some(NARROW_REST));
    // Lanes that fold would give other sums there.
    let is_heavy = model.arithmetic >= HEAVY.max(model.divisions);
    let is_heavy = (is_heavy || model.divides_by_products()) && times == 1 && !hides;
    let widest = fitting(2 * native);
    let widest = (is_heavy && widest > native).then_some(widest as u8);
    (gain >= worthwhile).then_some(Estimate {
        lanes,
        gain,
        rest,
        widest,
    })
}

fn constant_trip(context: &Context<'_>, op: OpId) -> Option<i128> {
    let function = context.function;
    let data = &function.ops[op];
    let OpKind::For(f) = &data.kind else {
        return None;
    };
    let (start, stop) = (
        function.const_int(data.args[0])?,
        function.const_int(data.args[1])?,
    );
    let span = i128::from(stop) - i128::from(start);
    let step = i128::from(f.step);
    let (span, step) = if step > 0 {
        (span, step)
    } else {
        (-span, -step)
    };
    Some(((span + step - 1) / step).max(0))
}

impl Model<'_, '_> {
    fn vary(&mut self, value: ValueId) {
        self.shapes.insert(value, Shape::Varying);
        if let Some(scalar) = self.context.function.ty(value).scalar() {
            self.widen(scalar);
        }
    }

    fn widen(&mut self, scalar: Scalar) {
        if scalar != Scalar::Bool {
            self.widest = self.widest.max(scalar.bits());
        }
    }

    fn shape(&self, value: ValueId) -> Option<Shape> {
        self.shapes.get(&value).copied()
    }

    fn region(&mut self, region: RegionId, weight: f64) {
        for op in self.context.function.regions[region].ops.clone() {
            self.op(op, weight);
        }
    }

    fn op(&mut self, op: OpId, weight: f64) {
        let function = self.context.function;
        let data = &function.ops[op];
        self.wait(op);
        if let Some((access, motion)) = self.accesses.get(&op).cloned() {
            return self.access(op, &access, motion, weight);
        }
        if self.in_order.contains(&op) {
            self.scalar += weight;
            self.lane += 2.0 * weight;
            for arg in &data.args {
                if self.shape(*arg) == Some(Shape::Linear) {
                    self.vary_linear(*arg);
                }
            }
            return;
        }
        let shapes: Vec<Option<Shape>> = data.args.iter().map(|arg| self.shape(*arg)).collect();
        let is_uniform = shapes.iter().all(Option::is_none);
        match &data.kind {
            OpKind::For(inner) => {
                for (n, param) in function.regions[inner.body].params.iter().enumerate() {
                    if n > 0 {
                        self.vary(*param);
                    }
                }
                self.scalar += weight;
                self.shared += weight;
                self.region(inner.body, weight * INNER);
                for result in &data.results {
                    self.vary(*result);
                }
            }
            OpKind::While { cond, body, .. } => {
                for region in [*cond, *body] {
                    for param in &function.regions[region].params {
                        self.vary(*param);
                    }
                }
                // Masks are kept, and lanes wait for each other.
                self.diverges = true;
                self.scalar += weight * INNER;
                self.shared += weight * INNER * 3.0;
                self.region(*cond, weight * INNER);
                self.region(*body, weight * INNER * 1.2);
                for result in &data.results {
                    self.vary(*result);
                }
            }
            OpKind::If { then, other } => {
                // In lanes both sides run; the scalar loop takes one, and guesses which.
                let before = self.scalar;
                self.may_diverge += u32::from(!is_uniform);
                for side in [*then, *other] {
                    // What calls the runtime in one of two ways does so for rare arguments.
                    let ops = &function.regions[side].ops;
                    let calls =
                        |op: &OpId| matches!(function.ops[*op].kind, OpKind::CallRuntime(_));
                    let seldom = if ops.iter().any(calls) { 0.02 } else { 1.0 };
                    self.region(side, weight * seldom);
                }
                self.scalar = before + (self.scalar - before) / 2.0 + weight * 2.0;
                for result in &data.results {
                    if is_uniform {
                        self.shared += weight;
                    }
                    self.vary(*result);
                }
                if !is_uniform {
                    self.may_diverge -= 1;
                    self.bits += weight * data.results.len() as f64 * 64.0;
                }
            }
            OpKind::Yield | OpKind::Next(_) | OpKind::Break(_) => {}
            kind => {
                let (cost, cost_in_lanes) = costs(kind, function.types(&data.args).as_slice());
                self.scalar += cost * weight;
                let by_constant = data
                    .args
                    .iter()
                    .any(|arg| function.const_int(*arg).is_some());
                let is_linear = match kind {
                    OpKind::Int(IntOp::Add | IntOp::Sub, _) => true,
                    OpKind::Int(IntOp::Mul, _) => by_constant,
                    _ => false,
                } && !shapes.contains(&Some(Shape::Varying));
                if is_uniform {
                    self.shared += cost * weight;
                } else if is_linear {
                    self.shared += cost * weight * 0.5;
                    for result in &data.results {
                        self.shapes.insert(*result, Shape::Linear);
                    }
                } else {
                    for (arg, shape) in data.args.iter().zip(&shapes) {
                        if shape == &Some(Shape::Linear) {
                            self.vary_linear(*arg);
                        }
                    }
                    for result in &data.results {
                        self.vary(*result);
                    }
                    let types = data.results.iter().chain(&data.args);
                    let bits = types
                        .filter_map(|value| function.ty(*value).scalar())
                        .map(Scalar::bits)
                        .max();
                    // The distances from lane to lane are the same in all iterations.
                    let is_steady = shapes.contains(&None) && shapes.contains(&Some(Shape::Linear));
                    let in_line = |(arg, shape): (&ValueId, &Option<Shape>)| {
                        *shape != Some(Shape::Varying) || self.lines.contains(arg)
                    };
                    let is_line = match kind {
                        OpKind::Int(IntOp::Mul, _) => is_steady,
                        OpKind::Int(IntOp::Add | IntOp::Sub, _) => {
                            data.args.iter().zip(&shapes).all(in_line)
                        }
                        _ => false,
                    };
                    if is_line {
                        self.lines.extend(&data.results);
                    }
                    let cost_in_lanes = match kind {
                        OpKind::Int(IntOp::Mul, _) if is_steady => 2.0,
                        _ => cost_in_lanes,
                    };
                    self.ops += 1;
                    let is_double = bits == Some(64);
                    match kind {
                        OpKind::Float(FloatOp::Div) => {
                            self.divisions += cost_in_lanes;
                            self.quotients += u32::from(is_double);
                        }
                        OpKind::FloatUnary(FloatUnaryOp::Sqrt) => {
                            self.divisions += cost_in_lanes;
                            self.roots += u32::from(is_double);
                        }
                        // Lane by lane.
                        OpKind::CallRuntime(_)
                        | OpKind::Int(IntOp::FloorDiv | IntOp::FloorMod, _) => {}
                        _ => self.arithmetic += cost_in_lanes,
                    }
                    self.bits += weight * cost_in_lanes * f64::from(bits.unwrap_or(64).max(8));
                }
            }
        }
    }

    /// Whether registers of 512 bits gain, where divisions may be made of products (`snek_codegen` does that): the time of
    /// eight iterations, by the unit that divides or by those for the rest, whatever is busy for longer.
    fn divides_by_products(&self) -> bool {
        let divider = |quotients: u32| f64::from(quotients * 16 + self.roots * 18);
        let by_products = |quotients| self.arithmetic / 2.0 + f64::from(quotients) * OF_QUOTIENT;
        let narrow = divider(self.quotients).max(self.arithmetic * 2.0 / 3.0);
        let times = (1..=self.quotients).map(|n| divider(self.quotients - n).max(by_products(n)));
        times
            .reduce(f64::min)
            .is_some_and(|wide| narrow > wide * WORTHWHILE_PRODUCTS)
    }

    /// Notes when the results of an op are there. Those of ops with regions are not waited for.
    fn wait(&mut self, op: OpId) {
        let data = &self.context.function.ops[op];
        let args = data.args.iter().filter_map(|arg| self.ready.get(arg));
        let ready = args.max().unwrap_or(&0) + latency(&data.kind);
        for result in &data.results {
            self.ready.insert(*result, ready);
        }
        self.chain = self.chain.max(ready);
    }

    /// The induction variable, or what moves with it, is wanted as a vector.
    fn vary_linear(&mut self, value: ValueId) {
        if let Some(scalar) = self.context.function.ty(value).scalar() {
            self.widen(scalar);
        }
        self.shared += 1.0;
    }

    fn access(&mut self, op: OpId, access: &Access, motion: Motion, weight: f64) {
        let function = self.context.function;
        let data = &function.ops[op];
        let array = function.ty(data.args[0]).array();
        let (scalar, count) = match array {
            Some(array) => array.element.scalars(),
            None => (Scalar::F64, 1),
        };
        let count = count as f64;
        self.scalar += weight * count;
        let rank = function.ty(access.base).array().map_or(1, |a| a.rank);
        let contiguous = array.is_some_and(|a| self.dense || a.layout == Layout::Contiguous);
        let contiguous = contiguous && count < 2.0;
        let masked = if self.may_diverge > 0 { 2.0 } else { 1.0 };
        // A place per lane is taken out of a vector, a scalar goes in or out. In a loop that lanes leave one after the other, what
        // is loaded decides how it goes on: one by one, each load is waited for.
        let is_line = |value: &ValueId| {
            self.shape(*value) != Some(Shape::Varying) || self.lines.contains(value)
        };
        let is_cheap = self.diverges || access.subscripts.iter().all(is_line);
        let per_lane = match (motion, access.writes) {
            (Motion::Along(..), _) => 2.0,
            (_, true) if is_cheap => 4.0,
            (_, false) if is_cheap => 3.0,
            (_, true) => 8.0,
            (_, false) => 7.0,
        };
        match motion {
            Motion::Still if !access.writes => {
                self.shared += weight * count * masked;
                return;
            }
            Motion::Along(axis, 1) if contiguous && axis + 1 == rank => {
                self.bits += weight * masked * f64::from(scalar.bits());
            }
            Motion::Along(axis, -1) if contiguous && axis + 1 == rank => {
                self.bits += weight * masked * 2.0 * f64::from(scalar.bits());
            }
            _ => self.lane += weight * count * per_lane,
        }
        self.ops += 1;
        self.widen(scalar);
        for result in &data.results {
            self.vary(*result);
        }
    }
}

/// The cycles that a result in lanes is waited for.
fn latency(kind: &OpKind) -> u32 {
    match kind {
        OpKind::Float(FloatOp::Add | FloatOp::Sub | FloatOp::Mul) => 3,
        OpKind::Float(FloatOp::Div) => 13,
        OpKind::FloatUnary(FloatUnaryOp::Sqrt) => 19,
        OpKind::Select | OpKind::Compare(_) | OpKind::Int(..) | OpKind::Float(_) => 1,
        _ => 0,
    }
}

/// The cost of a scalar op, and of its form on one register.
fn costs(kind: &OpKind, args: &[Type]) -> (f64, f64) {
    let bits = args
        .first()
        .and_then(|ty| ty.scalar())
        .map_or(64, Scalar::bits);
    let is_wide = bits == 64;
    match kind {
        OpKind::ConstInt(_) | OpKind::ConstFloat(_) | OpKind::Undefined => (0.0, 0.0),
        OpKind::Extent(_) | OpKind::Stride(_) | OpKind::AsStrided => (0.0, 0.0),
        OpKind::Int(IntOp::FloorDiv | IntOp::FloorMod, _) => (12.0, 64.0),
        // Lane by lane.
        OpKind::CallRuntime(_) => (20.0, 100.0),
        OpKind::Int(IntOp::Mul, _) if is_wide => (1.0, 8.0),
        OpKind::Int(IntOp::Mul, _) if bits == 8 => (1.0, 4.0),
        OpKind::Int(IntOp::Shr, _) if is_wide => (1.0, 4.0),
        OpKind::Int(IntOp::Min | IntOp::Max, _) if is_wide => (1.5, 2.0),
        // Narrower registers divide no faster.
        OpKind::Float(FloatOp::Div) => (4.0, if is_wide { 12.0 } else { 8.0 }),
        OpKind::FloatUnary(FloatUnaryOp::Sqrt) => (4.5, if is_wide { 9.0 } else { 6.0 }),
        OpKind::Float(FloatOp::Min | FloatOp::Max) => (3.0, 3.0),
        OpKind::Convert(Convert::IntToFloat) if is_wide => (1.0, 8.0),
        OpKind::Convert(Convert::FloatToInt) => (2.0, 8.0),
        OpKind::Convert(_) => (0.5, 1.0),
        OpKind::Select => (1.5, 1.0),
        _ => (1.0, 1.0),
    }
}
