//! How many iterations of a parallel loop are worth a piece of their own.
//!
//! That says how the loop is cut, and so in which order its results are combined. It runs before all passes that make code
//! faster, so that the bits of a result depend neither on the level of optimisation nor on the layout of arrays, and it looks
//! at the body alone, so that they do not depend on the options of the loop.

use oxc_index::IndexVec;
use snek_abi::parallel::GRAIN_MAX;
use snek_abi::{Effect, RuntimeFn};
use snek_analysis::structure::is_loop;
use snek_mir::edit;
use snek_mir::ir::{
    FloatOp, FloatUnaryOp, Function, FunctionId, IntOp, LoopKind, OpKind, Program, RegionId,
};

/// Cost of the least piece of a loop, in ops of fresh MIR: a few microseconds, which is what it takes to have another thread
/// do it.
const PIECE_COST: u32 = 1 << 14;
/// The same of a body of plain ops, which will be done in lanes most likely: several at a time.
const PLAIN_PIECE_COST: u32 = 1 << 16;
/// A body that costs more is cut everywhere.
const HEAVY: u32 = PIECE_COST;

/// Runs the pass.
pub fn run(program: &mut Program) {
    let mut costs = Costs::new(program);
    let mut grains = Vec::new();
    for id in program.functions.indices() {
        let function = &program.functions[id];
        for op in edit::ops(function) {
            if let OpKind::For(f) = &function.ops[op].kind
                && f.kind == LoopKind::Parallel
            {
                grains.push((id, op, costs.grain(program, function, f.body)));
            }
        }
    }
    for (id, op, grain) in grains {
        if let OpKind::For(f) = &mut program.functions[id].ops[op].kind {
            f.grain = grain;
        }
    }
}

/// The grain of a loop that the pass has not seen: one that has become parallel later.
pub(crate) fn of(program: &Program, function: &Function, body: RegionId) -> u32 {
    Costs::new(program).grain(program, function, body)
}

/// What calls of functions cost, as far as that has been asked for.
struct Costs(IndexVec<FunctionId, Option<u32>>);

impl Costs {
    fn new(program: &Program) -> Self {
        Self(program.functions.iter().map(|_| None).collect())
    }

    /// A power of two, so that it does not change with every small thing.
    fn grain(&mut self, program: &Program, function: &Function, body: RegionId) -> u32 {
        let cost = self.body(program, function, body);
        let mut ops = edit::ops_in(function, body).into_iter();
        let piece = match ops.all(|op| is_plain(&function.ops[op].kind)) {
            true => PLAIN_PIECE_COST,
            false => PIECE_COST,
        };
        let most = (piece / cost.max(1)).clamp(1, GRAIN_MAX);
        1 << most.ilog2()
    }

    fn body(&mut self, program: &Program, function: &Function, body: RegionId) -> u32 {
        let mut cost = 1u32;
        for op in edit::ops_in(function, body) {
            let more = match &function.ops[op].kind {
                // As much work as one likes.
                kind if is_loop(kind) => HEAVY,
                OpKind::ParallelCall { .. } => HEAVY,
                OpKind::Call(callee) => self.call(program, *callee),
                OpKind::CallRuntime(name) => match RuntimeFn::find(name).map(|row| row.effect) {
                    Some(Effect::Cold) => 0,
                    Some(Effect::Pure | Effect::Reads) => 24,
                    Some(Effect::Any) | None => 64,
                },
                OpKind::ConstInt(_) | OpKind::ConstFloat(_) | OpKind::ConstText(_) => 0,
                OpKind::Int(IntOp::FloorDiv | IntOp::FloorMod, _)
                | OpKind::Float(FloatOp::Div)
                | OpKind::FloatUnary(FloatUnaryOp::Sqrt)
                | OpKind::Atomic(..) => 6,
                _ => 1,
            };
            cost = cost.saturating_add(more);
        }
        cost.min(HEAVY)
    }

    fn call(&mut self, program: &Program, callee: FunctionId) -> u32 {
        if let Some(cost) = self.0[callee] {
            return cost;
        }
        // While it is being found out: who calls itself may do so for ever.
        self.0[callee] = Some(HEAVY);
        let function = &program.functions[callee];
        let cost = self.body(program, function, function.body);
        self.0[callee] = Some(cost);
        cost
    }
}

/// Whether lanes have such an op.
fn is_plain(kind: &OpKind) -> bool {
    let properties = kind.properties();
    let is_call = matches!(
        kind,
        OpKind::Call(_) | OpKind::CallRuntime(_) | OpKind::ParallelCall { .. } | OpKind::Atomic(..)
    );
    !is_call && !properties.structured
}
