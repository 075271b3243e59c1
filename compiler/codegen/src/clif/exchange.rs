//! `if a[i] > a[j]: a[i], a[j] = a[j], a[i]` without a branch.
//!
//! Which of two elements is larger is what a processor guesses wrong half of the time, and each time costs more than some
//! dozen instructions. Here both stores always run; where the elements stay, they go to a place on the stack instead, so
//! that no element is touched which the program does not write.

use cranelift_codegen::ir::InstBuilder;
use snek_mir::ir::{Bound, Element, Op, OpId, OpKind, RegionId, ValueId};

use super::Lower;
use crate::CodegenError;

/// From the condition back to the comparison of the elements.
const DEPTH: u32 = 4;

impl<'a> Lower<'a> {
    /// Whether a branch does nothing but exchange two elements whose comparison decides.
    pub(super) fn is_exchange(&self, op: &Op, then: RegionId, other: RegionId) -> bool {
        let function = self.function;
        let ops = |region: RegionId| function.regions[region].ops.as_slice();
        if !op.results.is_empty() || ops(other).len() != 1 || !self.in_loop() {
            return false;
        }
        let Some((_, inner)) = ops(then).split_last() else {
            return false;
        };
        let is_store = |op: &&OpId| matches!(function.ops[**op].kind, OpKind::Store(_));
        let stores: Vec<&OpId> = inner.iter().filter(is_store).collect();
        let [first, second] = stores[..] else {
            return false;
        };
        let is_plain = |op: &OpId| {
            let kind = &function.ops[*op].kind;
            kind.properties().is_pure() && kind.regions().is_empty()
        };
        if !inner.iter().all(|op| is_store(&op) || is_plain(op)) {
            return false;
        }
        let (Some(first), Some(second)) = (self.element(*first), self.element(*second)) else {
            return false;
        };
        let loaded = |value: ValueId| function.def_op(value).map(|op| (&op.kind, &op.args[..]));
        let is_at = |value: ValueId, place: &[ValueId]| matches!(loaded(value), Some((OpKind::Load(_), args)) if args == place);
        let exchanged = is_at(first.1, second.0) && is_at(second.1, first.0);
        exchanged && self.compares(op.args[0], [first.1, second.1], DEPTH)
    }

    /// The place and the value of a store of one element that exists.
    fn element(&self, op: OpId) -> Option<(&[ValueId], ValueId)> {
        let data = &self.function.ops[op];
        let OpKind::Store(bounds) = &data.kind else {
            return None;
        };
        let array = self.function.ty(data.args[0]).array()?;
        let is_scalar = matches!(array.element, Element::Scalar(_));
        let is_proved = bounds.iter().all(|bound| *bound == Bound::Proved);
        let (place, values) = data.args.split_at(1 + bounds.len());
        (is_scalar && is_proved).then(|| (place, values[0]))
    }

    /// Whether a condition rests on a comparison of two values.
    fn compares(&self, condition: ValueId, values: [ValueId; 2], depth: u32) -> bool {
        let Some(op) = self.function.def_op(condition).filter(|_| depth > 0) else {
            return false;
        };
        let is_of_both = values.iter().all(|value| op.args.contains(value));
        match op.kind {
            OpKind::Compare(_) if is_of_both => true,
            OpKind::Compare(_) | OpKind::Int(..) | OpKind::IntUnary(..) => {
                let mut args = op.args.iter();
                args.any(|arg| self.compares(*arg, values, depth - 1))
            }
            _ => false,
        }
    }

    /// Exchanges two elements, or touches none of them.
    pub(super) fn exchange(&mut self, op: &'a Op, then: RegionId) -> Result<(), CodegenError> {
        let condition = self.one(op.args[0])?;
        let (_, waste) = self.idle_memory();
        let ops = &self.function.regions[then].ops;
        for inner in &ops[..ops.len() - 1] {
            let inner = &self.function.ops[*inner];
            let OpKind::Store(bounds) = &inner.kind else {
                self.op(inner)?;
                continue;
            };
            self.b.ins.set_srcloc(self.location(inner.site));
            let (_, address) = self.element_address(inner, bounds)?;
            let value = self.one(inner.args[1 + bounds.len()])?;
            let waste = self.b.slot_address(waste);
            let place = self.b.ins.ins().select(condition, address, waste);
            let flags = self.element_flags();
            self.b.ins.ins().store(flags, value, place, 0);
        }
        Ok(())
    }
}
