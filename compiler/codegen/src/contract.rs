//! A product that is added becomes one operation with one rounding, in functions with `fastmath` only, on machines that all
//! have it. (For x86-64 [`crate::leaf`] does the same: there only the second forms of leaves may use it.)
//!
//! Only products that nobody else needs and that are made in the same block: then nothing is computed twice, and nothing
//! comes into a loop that was not in it.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::{Block, Function, Inst, InstBuilder, Opcode, Value};
use rustc_hash::FxHashMap;

/// Changes the sums and differences of a function.
pub fn run(func: &mut Function) {
    let mut uses: FxHashMap<Value, u32> = FxHashMap::default();
    for block in func.layout.blocks() {
        for inst in func.layout.block_insts(block) {
            for value in func.dfg.inst_values(inst) {
                *uses.entry(func.dfg.resolve_aliases(value)).or_default() += 1;
            }
        }
    }
    let blocks: Vec<Block> = func.layout.blocks().collect();
    for block in blocks {
        let insts: Vec<Inst> = func.layout.block_insts(block).collect();
        for inst in insts {
            let opcode = func.dfg.insts[inst].opcode();
            if matches!(opcode, Opcode::Fadd | Opcode::Fsub) {
                fuse(func, &uses, block, inst, opcode == Opcode::Fsub);
            }
        }
    }
}

fn fuse(
    func: &mut Function,
    uses: &FxHashMap<Value, u32>,
    block: Block,
    inst: Inst,
    subtract: bool,
) {
    let product = |value: Value| {
        let value = func.dfg.resolve_aliases(value);
        let made_by = func.dfg.value_def(value).inst()?;
        let alone = func.dfg.insts[made_by].opcode() == Opcode::Fmul
            && func.layout.inst_block(made_by) == Some(block)
            && uses.get(&value) == Some(&1);
        alone.then_some(made_by)
    };
    let &[left, right] = func.dfg.inst_args(inst) else {
        return;
    };
    let (made_by, other, is_right) = match (product(left), product(right)) {
        (_, Some(made_by)) => (made_by, left, true),
        (Some(made_by), None) => (made_by, right, false),
        (None, None) => return,
    };
    let &[a, b] = func.dfg.inst_args(made_by) else {
        return;
    };
    let sum = func.dfg.first_result(inst);
    let mut at = FuncCursor::new(func).at_inst(inst);
    at.use_srcloc(inst);
    let (a, other) = match (subtract, is_right) {
        (false, _) => (a, other),
        (true, true) => (at.ins().fneg(a), other),
        (true, false) => (a, at.ins().fneg(other)),
    };
    let fused = at.ins().fma(a, b, other);
    func.layout.remove_inst(inst);
    func.layout.remove_inst(made_by);
    func.dfg.clear_results(inst);
    func.dfg.change_to_alias(sum, fused);
}
