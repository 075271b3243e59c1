//! The ends of loops, as the selection wants them.
//!
//! Cranelift's middle end computes a counter's next value where that is used first, which may be long before the old value
//! is used last: then two registers are needed, and a move. And it computes again, in each block that uses it, what takes
//! a constant as operand, so that bounds of loops are computed in each iteration. Here the next value is computed last, and
//! such bounds before the loop. Only where things are computed changes.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{
    Block, Function, Inst, InstBuilder, InstructionData, Opcode, Value, ValueDef,
};

/// Bounds that are made by a longer chain of instructions stay.
const DEPTH: u32 = 4;

/// Changes all loops of a function.
pub fn run(func: &mut Function, cfg: &ControlFlowGraph, domtree: &DominatorTree) {
    let blocks: Vec<Block> = func.layout.blocks().collect();
    for head in blocks {
        let latches: Vec<Block> = cfg
            .pred_iter(head)
            .map(|pred| pred.block)
            .filter(|block| domtree.block_dominates(head, *block))
            .collect();
        let Some(before) = domtree.idom(head) else {
            continue;
        };
        for latch in latches {
            Latch {
                func,
                domtree,
                head,
                before,
            }
            .run(latch);
        }
    }
}

struct Latch<'f> {
    func: &'f mut Function,
    domtree: &'f DominatorTree,
    head: Block,
    /// Outside of the loop; all ways into it come from here.
    before: Block,
}

impl Latch<'_> {
    fn run(&mut self, latch: Block) {
        let Some(end) = self.func.layout.last_inst(latch) else {
            return;
        };
        let InstructionData::Brif { arg, blocks, .. } = self.func.dfg.insts[end] else {
            return;
        };
        let lists = &self.func.dfg.value_lists;
        let Some(again) = blocks.iter().find(|call| call.block(lists) == self.head) else {
            return;
        };
        let given: Vec<Option<Value>> = again.args(lists).map(|arg| arg.as_value()).collect();
        let params = self.func.dfg.block_params(self.head).to_vec();
        let mut later = Vec::new();
        for (param, value) in params.into_iter().zip(given) {
            if let Some(value) = value
                && let Some((Opcode::Iadd, [from, by])) = self.made_by(value)
                && from == param
                && self.is_constant(by)
            {
                let next = FuncCursor::new(self.func).at_inst(end).ins().iadd(from, by);
                later.push((self.func.dfg.resolve_aliases(value), next));
            }
        }
        let new = |value: Value| {
            let found = later.iter().find(|(old, _)| *old == value);
            found.map_or(value, |(_, new)| *new)
        };
        let mut condition = arg;
        if let Some(compare) = self.def(arg)
            && let InstructionData::IntCompare { cond, args, .. } = self.func.dfg.insts[compare]
        {
            let [a, b] = args.map(|arg| {
                let arg = self.func.dfg.resolve_aliases(arg);
                match new(arg) {
                    same if same == arg => self.hoisted(arg, DEPTH).unwrap_or(arg),
                    next => next,
                }
            });
            if [a, b] != args {
                condition = FuncCursor::new(self.func)
                    .at_inst(end)
                    .ins()
                    .icmp(cond, a, b);
            }
        }
        let aliases: Vec<(Value, Value)> = self
            .func
            .dfg
            .inst_values(end)
            .map(|value| (value, self.func.dfg.resolve_aliases(value)))
            .collect();
        self.func.dfg.map_inst_values(end, |value| {
            let found = aliases.iter().find(|(alias, _)| *alias == value);
            match found {
                _ if value == arg => condition,
                Some((_, real)) => new(*real),
                None => value,
            }
        });
    }

    fn def(&self, value: Value) -> Option<Inst> {
        let value = self.func.dfg.resolve_aliases(value);
        match self.func.dfg.value_def(value) {
            ValueDef::Result(inst, 0) => Some(inst),
            _ => None,
        }
    }

    /// The instruction that makes a value, if it has two operands.
    fn made_by(&self, value: Value) -> Option<(Opcode, [Value; 2])> {
        match self.func.dfg.insts[self.def(value)?] {
            InstructionData::Binary { opcode, args } => {
                Some((opcode, args.map(|arg| self.func.dfg.resolve_aliases(arg))))
            }
            _ => None,
        }
    }

    fn is_constant(&self, value: Value) -> bool {
        let opcode = |inst| self.func.dfg.insts[inst].opcode();
        self.def(value).map(opcode) == Some(Opcode::Iconst)
    }

    /// Whether a value is known before the loop.
    fn is_before(&self, value: Value) -> bool {
        let block = match self.func.dfg.value_def(value) {
            ValueDef::Result(inst, _) => self.func.layout.inst_block(inst),
            ValueDef::Param(block, _) => Some(block),
            ValueDef::Union(..) => None,
        };
        block.is_some_and(|block| !self.domtree.block_dominates(self.head, block))
    }

    /// Makes a value before the loop that is made in it of what is known before; `None` if it is not, or need not be.
    fn hoisted(&mut self, value: Value, depth: u32) -> Option<Value> {
        if depth == 0 || self.is_before(value) || self.is_constant(value) {
            return None;
        }
        let (opcode, args) = self.made_by(value)?;
        let simple = matches!(
            opcode,
            Opcode::Iadd | Opcode::Isub | Opcode::Band | Opcode::Bor | Opcode::Bxor
        );
        if !simple {
            return None;
        }
        let mut known = [None; 2];
        for (known, arg) in known.iter_mut().zip(args) {
            *known = match arg {
                _ if self.is_before(arg) => Some(arg),
                _ if self.is_constant(arg) => Some(self.constant_before(arg)?),
                _ => self.hoisted(arg, depth - 1),
            };
        }
        let [Some(a), Some(b)] = known else {
            return None;
        };
        let ty = self.func.dfg.value_type(value);
        let end = self.func.layout.last_inst(self.before)?;
        let cursor = FuncCursor::new(self.func).at_inst(end);
        let mut cursor = cursor;
        let (inst, dfg) = cursor.ins().Binary(opcode, ty, a, b);
        Some(dfg.first_result(inst))
    }

    fn constant_before(&mut self, value: Value) -> Option<Value> {
        let InstructionData::UnaryImm { imm, .. } = self.func.dfg.insts[self.def(value)?] else {
            return None;
        };
        let ty = self.func.dfg.value_type(value);
        let end = self.func.layout.last_inst(self.before)?;
        Some(
            FuncCursor::new(self.func)
                .at_inst(end)
                .ins()
                .iconst(ty, imm),
        )
    }
}
