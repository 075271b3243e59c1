//! Subscripts that move by a distance which only the run knows: `base + i * stride` becomes a value that the loop carries
//! and adds to, so that no iteration multiplies.
//!
//! Works on Cranelift IR after its middle end, which has taken apart what MIR says of arrays. All is arithmetic modulo
//! 2**64, so the addresses stay what they are.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{
    Block, Function, Inst, InstBuilder, InstructionData, Opcode, Value, ValueDef, types,
};
use rustc_hash::{FxHashMap, FxHashSet};

/// A loop carries no more of them: each takes two registers.
const MOST: usize = 5;
/// Longer chains of arithmetic are not followed.
const DEPTH: u32 = 8;

/// Changes the innermost loops of a function, if they have one way in and one way back. In loops around others registers
/// are dearer than products.
pub fn run(func: &mut Function, cfg: &ControlFlowGraph, domtree: &DominatorTree) {
    let blocks: Vec<Block> = func.layout.blocks().collect();
    for head in blocks {
        let mut latches = Vec::new();
        let mut before = Vec::new();
        for pred in cfg.pred_iter(head) {
            match domtree.block_dominates(head, pred.block) {
                true => latches.push(pred.block),
                false => before.push(pred.block),
            }
        }
        if let ([latch], [before]) = (&latches[..], &before[..])
            && domtree.idom(head) == Some(*before)
        {
            let (latch, before) = (*latch, *before);
            let Some(body) = innermost(cfg, domtree, head, latch) else {
                continue;
            };
            Loop {
                func,
                domtree,
                head,
                latch,
                before,
                body,
                steps: FxHashMap::default(),
            }
            .run();
        }
    }
}

/// The blocks of a loop, if no other loop is in it.
fn innermost(
    cfg: &ControlFlowGraph,
    domtree: &DominatorTree,
    head: Block,
    latch: Block,
) -> Option<FxHashSet<Block>> {
    let mut body = FxHashSet::from_iter([head]);
    let mut pending = vec![latch];
    while let Some(block) = pending.pop() {
        if body.insert(block) {
            pending.extend(cfg.pred_iter(block).map(|pred| pred.block));
        }
    }
    let is_head = |block: &Block| {
        let mut preds = cfg.pred_iter(*block);
        preds.any(|pred| domtree.block_dominates(*block, pred.block))
    };
    let alone = !body.iter().any(|block| *block != head && is_head(block));
    alone.then_some(body)
}

struct Loop<'f> {
    func: &'f mut Function,
    domtree: &'f DominatorTree,
    head: Block,
    /// Jumps back.
    latch: Block,
    /// Jumps into it.
    before: Block,
    body: FxHashSet<Block>,
    /// What is added to values in each iteration, by what says how: made before the loop.
    steps: FxHashMap<Vec<(Opcode, Option<Value>, i64)>, Value>,
}

/// A parameter of the head that a constant is added to in each iteration.
#[derive(Clone, Copy)]
struct Counter {
    param: Value,
    first: Value,
    step: i64,
}

impl Loop<'_> {
    fn run(&mut self) {
        let counters = self.counters();
        for counter in counters {
            let products = self.products(counter.param);
            for product in products.into_iter().take(MOST) {
                self.carry(counter, product);
            }
        }
    }

    fn counters(&self) -> Vec<Counter> {
        let dfg = &self.func.dfg;
        let given = |from: Block, at: usize| {
            let end = self.func.layout.last_inst(from)?;
            let calls = dfg.insts[end].branch_destination(&dfg.jump_tables, &dfg.exception_tables);
            let mut calls = calls
                .iter()
                .filter(|call| call.block(&dfg.value_lists) == self.head);
            let call = calls.next().filter(|_| calls.next().is_none())?;
            let value = call.args(&dfg.value_lists).nth(at)?.as_value()?;
            Some(dfg.resolve_aliases(value))
        };
        let params = dfg.block_params(self.head).iter().enumerate();
        params
            .filter(|(_, param)| dfg.value_type(**param) == types::I64)
            .filter_map(|(at, param)| {
                let (_, [a, b]) = self
                    .made_by(given(self.latch, at)?)
                    .filter(|(opcode, _)| *opcode == Opcode::Iadd)?;
                let step = match (a == *param, b == *param) {
                    (true, false) => self.constant(b)?,
                    (false, true) => self.constant(a)?,
                    _ => return None,
                };
                Some(Counter {
                    param: *param,
                    first: given(self.before, at)?,
                    step,
                })
            })
            .collect()
    }

    fn def(&self, value: Value) -> Option<Inst> {
        match self
            .func
            .dfg
            .value_def(self.func.dfg.resolve_aliases(value))
        {
            ValueDef::Result(inst, 0) => Some(inst),
            _ => None,
        }
    }

    /// The instruction of two operands that makes a value.
    fn made_by(&self, value: Value) -> Option<(Opcode, [Value; 2])> {
        match self.func.dfg.insts[self.def(value)?] {
            InstructionData::Binary { opcode, args } => {
                Some((opcode, args.map(|arg| self.func.dfg.resolve_aliases(arg))))
            }
            _ => None,
        }
    }

    fn constant(&self, value: Value) -> Option<i64> {
        match self.func.dfg.insts[self.def(value)?] {
            InstructionData::UnaryImm {
                opcode: Opcode::Iconst,
                imm,
            } => Some(imm.bits()),
            _ => None,
        }
    }

    /// Whether a value is the same in all iterations.
    fn is_fixed(&self, value: Value) -> bool {
        let block = match self.func.dfg.value_def(value) {
            ValueDef::Result(inst, _) => self.func.layout.inst_block(inst),
            ValueDef::Param(block, _) => Some(block),
            ValueDef::Union(..) => None,
        };
        self.constant(value).is_some()
            || block.is_some_and(|block| !self.domtree.block_dominates(self.head, block))
    }

    /// The operand that moves with a counter, if a value does so by the other one alone.
    fn moves_by(&self, value: Value) -> Option<(Opcode, Value, Value)> {
        let (opcode, [a, b]) = self.made_by(value)?;
        match (opcode, self.is_fixed(a), self.is_fixed(b)) {
            (Opcode::Iadd | Opcode::Imul, false, true) => Some((opcode, a, b)),
            (Opcode::Iadd | Opcode::Imul, true, false) => Some((opcode, b, a)),
            (Opcode::Isub, false, true) => Some((opcode, a, b)),
            (Opcode::Ishl, false, true) => self.constant(b).map(|_| (opcode, a, b)),
            _ => None,
        }
    }

    /// The chain of ops that leads from a counter to a value.
    fn chain(&self, value: Value, counter: Value) -> Option<Vec<(Opcode, Value)>> {
        let mut value = self.func.dfg.resolve_aliases(value);
        let mut chain = Vec::new();
        for _ in 0..DEPTH {
            if value == counter {
                chain.reverse();
                return Some(chain);
            }
            let (opcode, moving, by) = self.moves_by(value)?;
            chain.push((opcode, by));
            value = moving;
        }
        None
    }

    /// What is computed in each iteration from a product of the counter, as far as it is needed by one thing only.
    fn products(&self, counter: Value) -> Vec<Value> {
        let dfg = &self.func.dfg;
        let mut uses: FxHashMap<Value, Vec<Inst>> = FxHashMap::default();
        let mut products = Vec::new();
        for block in self.func.layout.blocks() {
            let inside = self.body.contains(&block);
            for inst in self.func.layout.block_insts(block) {
                for value in dfg.inst_values(inst) {
                    uses.entry(dfg.resolve_aliases(value))
                        .or_default()
                        .push(inst);
                }
                let is_product = dfg.insts[inst].opcode() == Opcode::Imul;
                if let (true, [result]) = (is_product && inside, dfg.inst_results(inst))
                    && dfg.value_type(*result) == types::I64
                {
                    products.push(*result);
                }
            }
        }
        let mut found = Vec::new();
        for product in products {
            let Some(chain) = self.chain(product, counter) else {
                continue;
            };
            // By a constant of a byte it is one addition of addresses.
            let last = chain.last().and_then(|(_, by)| self.constant(*by));
            if last.is_some_and(|by| matches!(by, 1 | 2 | 4 | 8)) {
                continue;
            }
            let mut value = product;
            while let Some([user]) = uses.get(&value).map(Vec::as_slice)
                && let [result] = dfg.inst_results(*user)
                && dfg.value_type(*result) == types::I64
                && self
                    .func
                    .layout
                    .inst_block(*user)
                    .is_some_and(|block| self.body.contains(&block))
                && self.chain(*result, counter).is_some()
            {
                value = *result;
            }
            if !found.contains(&value) {
                found.push(value);
            }
        }
        found
    }

    /// A value as it is before the loop, or what is added to it in each iteration.
    fn made_before(
        &mut self,
        chain: &[(Opcode, Value)],
        first: Value,
        step: bool,
    ) -> Option<Value> {
        let end = self.func.layout.last_inst(self.before)?;
        let mut value = first;
        for (opcode, by) in chain {
            let constant = self.constant(*by);
            let mut cursor = FuncCursor::new(self.func).at_inst(end);
            if step && matches!(opcode, Opcode::Iadd | Opcode::Isub) {
                continue;
            }
            let by = match constant {
                Some(constant) => cursor.ins().iconst(types::I64, constant),
                None => *by,
            };
            value = match opcode {
                Opcode::Iadd => cursor.ins().iadd(value, by),
                Opcode::Isub => cursor.ins().isub(value, by),
                Opcode::Imul => cursor.ins().imul(value, by),
                _ => cursor.ins().ishl(value, by),
            };
        }
        Some(value)
    }

    /// Makes the loop carry a value instead of computing it.
    fn carry(&mut self, counter: Counter, value: Value) -> Option<()> {
        let chain = self.chain(value, counter.param)?;
        let inst = self.def(value)?;
        let end = self.func.layout.last_inst(self.before)?;
        let first = self.made_before(&chain, counter.first, false)?;
        let factors: Vec<(Opcode, Option<Value>, i64)> = chain
            .iter()
            .filter(|(opcode, _)| matches!(opcode, Opcode::Imul | Opcode::Ishl))
            .map(|(opcode, by)| match self.constant(*by) {
                Some(constant) => (*opcode, None, constant),
                None => (*opcode, Some(*by), 0),
            })
            .chain([(Opcode::Iconst, None, counter.step)])
            .collect();
        let step = match self.steps.get(&factors) {
            Some(step) => *step,
            None => {
                let one = FuncCursor::new(self.func)
                    .at_inst(end)
                    .ins()
                    .iconst(types::I64, counter.step);
                let step = self.made_before(&chain, one, true)?;
                self.steps.insert(factors, step);
                step
            }
        };
        let param = self.func.dfg.append_block_param(self.head, types::I64);
        let back = self.func.layout.last_inst(self.latch)?;
        let next = FuncCursor::new(self.func)
            .at_inst(back)
            .ins()
            .iadd(param, step);
        for (from, value) in [(end, first), (back, next)] {
            let dfg = &mut self.func.dfg;
            let calls = dfg.insts[from]
                .branch_destination_mut(&mut dfg.jump_tables, &mut dfg.exception_tables);
            for call in calls {
                if call.block(&dfg.value_lists) == self.head {
                    call.append_argument(value, &mut dfg.value_lists);
                }
            }
        }
        self.func.layout.remove_inst(inst);
        self.func.dfg.clear_results(inst);
        self.func.dfg.change_to_alias(value, param);
        Some(())
    }
}
