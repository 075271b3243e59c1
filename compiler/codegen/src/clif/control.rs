//! Regions: loops, branches, and the terminators that leave them.
//!
//! Loops are tested at the bottom: before a counted loop one branch skips it if it has no
//! iterations, and its trip count is known from then on, so the induction variable cannot
//! overflow. The condition of a `while` is laid out twice, before the loop and at its end, if it
//! is short.

use cranelift_codegen::ir::condcodes::{CondCode as _, IntCC};
use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, InstructionData, Value};
use snek_mir::edit;
use snek_mir::ir::{
    Compare, For, IntOp, LabelId, LoopKind, Op, OpId, OpKind, RegionId, ValueDef, ValueId,
};

use super::Lower;
use super::condition::Test;
use crate::CodegenError;

/// A condition of a `while` with more ops than this is laid out once.
const SHORT_CONDITION: usize = 12;

/// A region that a terminator may leave.
#[derive(Clone, Debug)]
pub enum Scope {
    /// Of an `if`: `yield` goes to the block.
    If(Block),
    /// A `block`.
    Block {
        /// Its name.
        label: LabelId,
        /// Where `yield` and `break` go.
        exit: Block,
    },
    /// A loop.
    Loop {
        /// Its name.
        label: LabelId,
        /// Where `break` goes.
        exit: Block,
        /// What `next` does.
        latch: Latch,
        /// How many values there were before it: these are the same in all iterations.
        before: usize,
    },
    /// The condition of a `while`: where `yield` goes.
    Condition {
        /// Whether this is the loop's first block, from which all others are reached.
        header: bool,
        /// If it is true.
        body: Block,
        /// If not.
        exit: Block,
    },
    /// A side of a branch that makes a condition: where `yield` goes.
    Test(Test),
}

/// The end of an iteration.
#[derive(Clone, Copy, Debug)]
pub enum Latch {
    /// There are several `next`: each goes to this block.
    Shared(Block),
    /// There is one `next`, which ends the counted loop's iteration itself.
    Counted(Counter),
    /// There is one `next`, which tests the condition of the `while` itself.
    Tested {
        /// The condition.
        cond: RegionId,
        /// The body's block.
        body: Block,
    },
}

/// How a counted loop goes on.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    variable: Value,
    step: i64,
    /// How the next value compares with the bound where there is a next iteration.
    goes_on: IntCC,
    /// The stop, or what would come next behind the last value of the variable.
    bound: Value,
    body: Block,
    exit: Block,
}

pub fn args(values: &[Value]) -> Vec<BlockArg> {
    values.iter().map(|value| BlockArg::from(*value)).collect()
}

impl<'a> Lower<'a> {
    /// Lays out the ops of a region.
    pub(super) fn region(&mut self, region: RegionId) -> Result<(), CodegenError> {
        let function = self.function;
        for (at, op) in function.regions[region].ops.iter().enumerate() {
            let op = &function.ops[*op];
            if self.makes_condition(region, at) {
                self.deferred.push(op);
            } else {
                self.op(op)?;
            }
        }
        Ok(())
    }

    /// A block with parameters.
    fn block_with(&mut self, types: &[Type]) -> Block {
        let block = self.b.ins.create_block();
        for ty in types {
            self.b.ins.append_block_param(block, *ty);
        }
        block
    }

    /// Goes on in a block whose parameters are the results of an op.
    fn enter_with_results(
        &mut self,
        block: Block,
        results: &[ValueId],
    ) -> Result<(), CodegenError> {
        self.b.ins.switch_to_block(block);
        let params = self.b.ins.block_params(block).to_vec();
        self.define_all(results, &params)
    }

    /// The opposite of a condition, without an instruction of its own where it is a comparison.
    ///
    /// Branches out of a loop go to their first target: Cranelift's code motion walks the dominator
    /// tree, second targets before first ones, and forgets the loops that it is in when it comes
    /// to a block outside of them. Nothing that it sees after that is hoisted.
    pub(super) fn negated(&mut self, condition: Value) -> Value {
        let dfg = &self.b.ins.func.dfg;
        let made_by = dfg.value_def(condition).inst().map(|inst| dfg.insts[inst]);
        match made_by {
            Some(InstructionData::IntCompare { cond, args, .. }) => {
                self.b.ins.ins().icmp(cond.complement(), args[0], args[1])
            }
            Some(InstructionData::FloatCompare { cond, args, .. }) => {
                self.b.ins.ins().fcmp(cond.complement(), args[0], args[1])
            }
            _ => self.b.ins.ins().icmp_imm_u(IntCC::Equal, condition, 0),
        }
    }

    /// Whether the current op is in a loop.
    pub(super) fn in_loop(&self) -> bool {
        self.scopes
            .iter()
            .any(|scope| matches!(scope, Scope::Loop { .. } | Scope::Condition { .. }))
    }

    /// Whether the innermost loop around the current op, if there is one, leaves a value as it is.
    pub(super) fn is_steady(&self, value: Value) -> bool {
        let before = self.scopes.iter().rev().find_map(|scope| match scope {
            Scope::Loop { before, .. } => Some(*before),
            Scope::Condition { .. } => Some(0),
            Scope::If(_) | Scope::Test(_) | Scope::Block { .. } => None,
        });
        before.is_some_and(|before| value.as_u32() < before as u32)
    }

    /// Whether a region ends by leaving what is around it.
    fn leaves(&self, region: RegionId) -> bool {
        let last = self.function.regions[region].ops.last();
        last.is_some_and(|op| {
            matches!(
                self.function.ops[*op].kind,
                OpKind::Break(_) | OpKind::Return | OpKind::Raise(_) | OpKind::Unreachable
            )
        })
    }

    /// Whether a region only leads to an exception, or does nothing but test for one.
    fn is_cold(&self, region: RegionId) -> bool {
        let last = self.function.regions[region].ops.last();
        let raises = last.is_some_and(|op| {
            matches!(
                self.function.ops[*op].kind,
                OpKind::Raise(_) | OpKind::Unreachable
            )
        });
        raises || self.only_checks(region)
    }

    /// Whether there are checks in a region, and nothing that is of use if they pass.
    fn only_checks(&self, region: RegionId) -> bool {
        let function = self.function;
        let Some((end, ops)) = function.regions[region].ops.split_last() else {
            return false;
        };
        let (mut any, mut is_plain) = (false, true);
        for op in ops {
            let op = &function.ops[*op];
            match op.kind {
                OpKind::Check(_) => any = true,
                OpKind::If { then, other } if op.results.is_empty() => {
                    let is_empty = |side: RegionId| function.regions[side].ops.len() == 1;
                    let sides = [then, other];
                    any |= sides.into_iter().any(|side| self.only_checks(side));
                    is_plain &= sides
                        .into_iter()
                        .all(|side| is_empty(side) || self.only_checks(side));
                }
                _ => is_plain &= op.kind.properties().is_pure(),
            }
        }
        let end = &function.ops[*end];
        any && is_plain && matches!(end.kind, OpKind::Yield) && end.args.is_empty()
    }

    /// Whether a region only says that this iteration is the best so far, as the other one says that another is:
    /// `if a[i] < a[best]: best = i`.
    fn is_seldom(&self, region: RegionId, other: RegionId) -> bool {
        let function = self.function;
        let only = |region: RegionId| match function.regions[region].ops[..] {
            [end] if matches!(function.ops[end].kind, OpKind::Yield) => &function.ops[end].args[..],
            _ => &[],
        };
        let places = only(region).iter().zip(only(other));
        places.into_iter().any(|(now, before)| {
            let defs = [now, before].map(|value| &function.values[*value].def);
            let [ValueDef::Param(body, 0), ValueDef::Param(same, 1..)] = defs else {
                return false;
            };
            let is_body = |op: &Op| matches!(&op.kind, OpKind::For(f) if f.body == *body);
            body == same && function.ops.iter().any(is_body)
        })
    }

    pub(super) fn if_op(
        &mut self,
        op: &'a Op,
        then: RegionId,
        other: RegionId,
    ) -> Result<(), CodegenError> {
        if self.deferred.is_empty() && self.is_exchange(op, then, other) {
            return self.exchange(op, then);
        }
        let merge = {
            let types = self.part_types(&op.results)?;
            self.block_with(&types)
        };
        if let Some(holds) = self.known_of_level(op.args[0]) {
            self.scopes.push(Scope::If(merge));
            self.region(if holds { then } else { other })?;
            self.scopes.pop();
            return self.enter_with_results(merge, &op.results);
        }
        let blocks = [self.b.ins.create_block(), self.b.ins.create_block()];
        for (block, region, opposite) in [(blocks[0], then, other), (blocks[1], other, then)] {
            if self.is_cold(region) || self.is_seldom(region, opposite) {
                self.b.ins.set_cold_block(block);
            }
        }
        let test = Test {
            met: (blocks[0], Vec::new()),
            unmet: (blocks[1], Vec::new()),
            leaves: self.leaves(other) && !self.leaves(then),
        };
        self.branch_on(op.args[0], &test)?;
        let around = self.seldom;
        for (block, region) in blocks.iter().zip([then, other]) {
            self.b.ins.switch_to_block(*block);
            self.scopes.push(Scope::If(merge));
            let first = self.b.ins.func.dfg.num_blocks();
            self.seldom = around || region == other && self.is_fallback(then, other);
            self.region(region)?;
            if self.seldom && !around {
                self.b.ins.set_cold_block(*block);
                for block in first..self.b.ins.func.dfg.num_blocks() {
                    self.b.ins.set_cold_block(Block::from_u32(block as u32));
                }
            }
            self.scopes.pop();
        }
        self.seldom = around;
        self.enter_with_results(merge, &op.results)
    }

    /// What a condition is in this form, if it asks how wide the vectors are and that decides it.
    pub(super) fn known_of_level(&self, condition: ValueId) -> Option<bool> {
        let function = self.function;
        let op = function.def_op(condition)?;
        let is_level = |value: ValueId| {
            let def = function.def_op(value);
            def.is_some_and(|def| matches!(def.kind, OpKind::VectorLevel))
        };
        match op.kind {
            OpKind::Int(IntOp::And, _) => {
                let mut parts = op.args.iter().map(|arg| self.known_of_level(*arg));
                parts.any(|part| part == Some(false)).then_some(false)
            }
            OpKind::Compare(Compare::Ge) if is_level(op.args[0]) => {
                let least = self.const_int(op.args[1])?;
                Some(least <= self.vector_level())
            }
            _ => None,
        }
    }

    /// Whether `other` is the loop of `then` as it was, for the case that a test before it fails.
    fn is_fallback(&self, then: RegionId, other: RegionId) -> bool {
        let function = self.function;
        let loops = |region: RegionId| {
            let ops = function.regions[region].ops.iter();
            let ops = ops.map(|op| &function.ops[*op]);
            ops.filter(|op| matches!(op.kind, OpKind::For(_) | OpKind::While { .. }))
        };
        loops(other).any(|op| loops(then).any(|twin| twin.site == op.site))
    }

    pub(super) fn block_op(
        &mut self,
        op: &'a Op,
        label: LabelId,
        body: RegionId,
    ) -> Result<(), CodegenError> {
        let types = self.part_types(&op.results)?;
        let exit = self.block_with(&types);
        self.scopes.push(Scope::Block { label, exit });
        self.region(body)?;
        self.scopes.pop();
        self.enter_with_results(exit, &op.results)
    }

    /// Whether the only `next` of a loop is the one that ends its body.
    fn ends_once(&self, body: RegionId, label: LabelId) -> bool {
        let ends =
            |op: OpId| matches!(self.function.ops[op].kind, OpKind::Next(named) if named == label);
        let count = edit::ops_in(self.function, body)
            .into_iter()
            .filter(|op| ends(*op))
            .count();
        let last = self.function.regions[body].ops.last();
        count == 1 && last.is_some_and(|op| ends(*op))
    }

    pub(super) fn for_op(&mut self, op: &'a Op, the_loop: &'a For) -> Result<(), CodegenError> {
        let [start, stop, initial @ ..] = op.args.as_slice() else {
            return Err(CodegenError::Internal("a loop without bounds".to_owned()));
        };
        let (start, stop) = (self.one(*start)?, self.one(*stop)?);
        let initial = self.all_parts(initial)?;
        let carried = self.part_types(&op.results)?;
        let step = the_loop.step;

        let values = self.b.ins.func.dfg.num_values();
        let exit = self.block_with(&carried);
        let body = self.block_with(&[types::I64]);
        for ty in &carried {
            self.b.ins.append_block_param(body, *ty);
        }
        let before = if step > 0 {
            IntCC::SignedLessThan
        } else {
            IntCC::SignedGreaterThan
        };
        // Where the variable meets the stop, or lies one beside it, it does not overflow.
        let meets = matches!(step, 1 | -1) || matches!(the_loop.kind, LoopKind::Vector(_));
        let (goes_on, bound) = match meets {
            true => (before, stop),
            false => (IntCC::NotEqual, self.end_value(start, stop, step)),
        };
        let runs = self.b.ins.ins().icmp(before, start, stop);
        let mut first = vec![start];
        first.extend(&initial);
        self.b
            .ins
            .ins()
            .brif(runs, body, &args(&first), exit, &args(&initial));

        self.b.ins.switch_to_block(body);
        let params = self.b.ins.block_params(body).to_vec();
        let region_params = &self.function.regions[the_loop.body].params;
        self.define_all(region_params, &params)?;
        let counter = Counter {
            variable: params[0],
            step,
            goes_on,
            bound,
            body,
            exit,
        };
        let (latch, shared) = if self.ends_once(the_loop.body, the_loop.label) {
            (Latch::Counted(counter), None)
        } else {
            let block = self.block_with(&carried);
            (Latch::Shared(block), Some(block))
        };
        self.scopes.push(Scope::Loop {
            label: the_loop.label,
            exit,
            latch,
            before: values,
        });
        self.region(the_loop.body)?;
        self.scopes.pop();
        if let Some(block) = shared {
            self.b.ins.switch_to_block(block);
            let carried = self.b.ins.block_params(block).to_vec();
            self.count(counter, &carried);
        }
        self.enter_with_results(exit, &op.results)
    }

    /// What comes next, modulo 2^64, behind the induction variable of the last iteration, if there is one.
    fn end_value(&mut self, start: Value, stop: Value, step: i64) -> Value {
        // In 64 bits without a sign, the distance is right whatever the bounds.
        let ins = &mut self.b.ins;
        let distance = if step > 0 {
            ins.ins().isub(stop, start)
        } else {
            ins.ins().isub(start, stop)
        };
        let distance = ins.ins().iadd_imm_s(distance, -1);
        let width = step.unsigned_abs() as i64;
        let steps = ins.ins().udiv_imm_u(distance, width);
        let steps = ins.ins().iadd_imm_s(steps, 1);
        let way = ins.ins().imul_imm_s(steps, step);
        ins.ins().iadd(start, way)
    }

    /// Ends an iteration of a counted loop.
    fn count(&mut self, counter: Counter, carried: &[Value]) {
        let next = self.b.ins.ins().iadd_imm_s(counter.variable, counter.step);
        let goes_on = self.b.ins.ins().icmp(counter.goes_on, next, counter.bound);
        let mut again = vec![next];
        again.extend(carried);
        let (again, done) = (args(&again), args(carried));
        self.b
            .ins
            .ins()
            .brif(goes_on, counter.body, &again, counter.exit, &done);
    }

    pub(super) fn while_op(
        &mut self,
        op: &'a Op,
        label: LabelId,
        cond: RegionId,
        body_region: RegionId,
    ) -> Result<(), CodegenError> {
        let initial = self.all_parts(&op.args)?;
        let values = self.b.ins.func.dfg.num_values();
        let carried = self.part_types(&self.function.regions[cond].params)?;
        let body_params = &self.function.regions[body_region].params;
        let body = {
            let types = self.part_types(body_params)?;
            self.block_with(&types)
        };
        let exit = {
            let types = self.part_types(&op.results)?;
            self.block_with(&types)
        };

        let twice = edit::ops_in(self.function, cond).len() <= SHORT_CONDITION;
        let header = if twice {
            self.condition(cond, &initial, (false, body, exit))?;
            None
        } else {
            let header = self.block_with(&carried);
            self.b.ins.ins().jump(header, &args(&initial));
            self.b.ins.switch_to_block(header);
            let params = self.b.ins.block_params(header).to_vec();
            self.condition(cond, &params, (true, body, exit))?;
            Some(header)
        };

        let (latch, shared) = match header {
            Some(header) => (Latch::Shared(header), None),
            None if self.ends_once(body_region, label) => (Latch::Tested { cond, body }, None),
            None => {
                let block = self.block_with(&carried);
                (Latch::Shared(block), Some(block))
            }
        };
        self.enter_with_results(body, body_params)?;
        self.scopes.push(Scope::Loop {
            label,
            exit,
            latch,
            before: values,
        });
        self.region(body_region)?;
        self.scopes.pop();
        if let Some(block) = shared {
            self.b.ins.switch_to_block(block);
            let carried = self.b.ins.block_params(block).to_vec();
            self.condition(cond, &carried, (false, body, exit))?;
        }
        self.enter_with_results(exit, &op.results)
    }

    /// Lays out the condition of a `while`.
    fn condition(
        &mut self,
        cond: RegionId,
        carried: &[Value],
        (header, body, exit): (bool, Block, Block),
    ) -> Result<(), CodegenError> {
        self.define_all(&self.function.regions[cond].params, carried)?;
        self.scopes.push(Scope::Condition { header, body, exit });
        self.region(cond)?;
        self.scopes.pop();
        Ok(())
    }

    pub(super) fn yield_op(&mut self, values: &[ValueId]) -> Result<(), CodegenError> {
        let scope = self.scopes.last().cloned();
        match scope {
            Some(Scope::If(exit) | Scope::Block { exit, .. }) => {
                let values = self.all_parts(values)?;
                self.b.ins.ins().jump(exit, &args(&values));
                Ok(())
            }
            Some(Scope::Condition { header, body, exit }) => {
                let [condition, values @ ..] = values else {
                    return Err(CodegenError::Internal(
                        "a loop without a condition".to_owned(),
                    ));
                };
                let values = self.all_parts(values)?;
                let test = Test {
                    met: (body, values.clone()),
                    unmet: (exit, values),
                    leaves: header,
                };
                self.branch_on(*condition, &test)
            }
            Some(Scope::Test(test)) => {
                let [condition] = values else {
                    return Err(CodegenError::Internal(
                        "a condition of several values".to_owned(),
                    ));
                };
                self.end_side(*condition, &test)
            }
            Some(Scope::Loop { .. }) | None => Err(CodegenError::Internal(
                "a `yield` that nothing takes".to_owned(),
            )),
        }
    }

    pub(super) fn next(&mut self, label: LabelId, values: &[ValueId]) -> Result<(), CodegenError> {
        let values = self.all_parts(values)?;
        let found = self.scopes.iter().rev().find_map(|scope| match scope {
            Scope::Loop {
                label: named,
                exit,
                latch,
                ..
            } if *named == label => Some((*exit, *latch)),
            _ => None,
        });
        match found {
            Some((_, Latch::Shared(block))) => {
                self.b.ins.ins().jump(block, &args(&values));
            }
            Some((_, Latch::Counted(counter))) => self.count(counter, &values),
            Some((exit, Latch::Tested { cond, body })) => {
                self.condition(cond, &values, (false, body, exit))?;
            }
            None => return Err(CodegenError::Internal("a `next` without a loop".to_owned())),
        }
        Ok(())
    }

    pub(super) fn break_op(
        &mut self,
        label: LabelId,
        values: &[ValueId],
    ) -> Result<(), CodegenError> {
        let values = self.all_parts(values)?;
        let exit = self.scopes.iter().rev().find_map(|scope| match scope {
            Scope::Loop {
                label: named, exit, ..
            }
            | Scope::Block { label: named, exit }
                if *named == label =>
            {
                Some(*exit)
            }
            _ => None,
        });
        let exit =
            exit.ok_or_else(|| CodegenError::Internal("a `break` out of nothing".to_owned()))?;
        self.b.ins.ins().jump(exit, &args(&values));
        Ok(())
    }

    pub(super) fn return_op(&mut self, values: &[ValueId]) -> Result<(), CodegenError> {
        let parts = self.all_parts(values)?;
        let mut registers = Vec::new();
        if self.function.may_raise {
            registers.push(self.b.int(types::I32, 0));
        }
        let results = self.results.clone();
        let mut offset = 0;
        for (part, fits) in parts.iter().zip(&results.in_register) {
            if *fits {
                registers.push(*part);
            } else if let Some(area) = self.area {
                self.b.store(*part, area, offset);
                offset += 8;
            }
        }
        self.b.ins.ins().return_(&registers);
        Ok(())
    }
}
