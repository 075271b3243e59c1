//! Conditions that branches make: `a and b`, `a or b`.
//!
//! MIR has them as an `if` whose result is a bool, mostly right before the op that asks for it. As a value it would be put
//! into a register, to be tested once more; so such an `if` is not laid out where it stands, but where its result decides, and
//! each of its sides branches to where that leads.

use cranelift_codegen::ir::{Block, InstBuilder, Value};
use snek_mir::ir::{Op, OpKind, RegionId, Type, ValueId};

use super::Lower;
use super::control::{Scope, args};
use crate::CodegenError;

/// Where a condition leads, with the values that are handed over there.
#[derive(Clone, Debug)]
pub struct Test {
    /// If it is true.
    pub met: (Block, Vec<Value>),
    /// If not.
    pub unmet: (Block, Vec<Value>),
    /// `unmet` leaves a loop: see [`Lower::negated`].
    pub leaves: bool,
}

impl<'a> Lower<'a> {
    /// Whether the op at a place of a region is a branch whose result is the condition of the next op, and nothing else.
    pub(super) fn makes_condition(&self, region: RegionId, at: usize) -> bool {
        let function = self.function;
        let ops = &function.regions[region].ops;
        let op = &function.ops[ops[at]];
        let (OpKind::If { .. }, [result]) = (&op.kind, &op.results[..]) else {
            return false;
        };
        let Some(next) = ops.get(at + 1).map(|next| &function.ops[*next]) else {
            return false;
        };
        let decides = match next.kind {
            OpKind::If { .. } => true,
            OpKind::Yield => {
                let scope = self.scopes.last();
                matches!(scope, Some(Scope::Condition { .. } | Scope::Test(_)))
            }
            _ => false,
        };
        decides
            && next.args.first() == Some(result)
            && function.ty(*result) == Type::BOOL
            && self.uses[*result] == 1
    }

    /// Lays out a branch that makes a condition, and goes where it leads.
    fn branch_by(&mut self, op: &'a Op, test: &Test) -> Result<(), CodegenError> {
        let OpKind::If { then, other } = op.kind else {
            return Err(CodegenError::Internal(
                "a condition without a branch".to_owned(),
            ));
        };
        self.b.ins.set_srcloc(self.location(op.site));
        if let Some(holds) = self.known_of_level(op.args[0]) {
            return self.side(if holds { then } else { other }, test);
        }
        let mut targets = Vec::with_capacity(2);
        for region in [then, other] {
            targets.push(match self.known_of_side(region) {
                Some(true) => test.met.clone(),
                Some(false) => test.unmet.clone(),
                None => (self.b.ins.create_block(), Vec::new()),
            });
        }
        let ways = Test {
            met: targets[0].clone(),
            unmet: targets[1].clone(),
            leaves: test.leaves && targets[1].0 == test.unmet.0,
        };
        self.branch_on(op.args[0], &ways)?;
        for (region, (block, _)) in [then, other].into_iter().zip(targets) {
            if self.known_of_side(region).is_none() {
                self.b.ins.switch_to_block(block);
                self.side(region, test)?;
            }
        }
        Ok(())
    }

    /// Lays out a side of such a branch.
    fn side(&mut self, region: RegionId, test: &Test) -> Result<(), CodegenError> {
        self.scopes.push(Scope::Test(test.clone()));
        self.region(region)?;
        self.scopes.pop();
        Ok(())
    }

    /// What a side does nothing but say.
    fn known_of_side(&self, region: RegionId) -> Option<bool> {
        let [end] = self.function.regions[region].ops[..] else {
            return None;
        };
        let end = &self.function.ops[end];
        match (&end.kind, &end.args[..]) {
            (OpKind::Yield, [value]) => self.const_int(*value).map(|value| value != 0),
            _ => None,
        }
    }

    /// Goes where a side of a branch leads that makes a condition.
    pub(super) fn end_side(&mut self, value: ValueId, test: &Test) -> Result<(), CodegenError> {
        match self.const_int(value) {
            Some(known) => {
                let (block, values) = if known != 0 { &test.met } else { &test.unmet };
                self.b.ins.ins().jump(*block, &args(values));
                Ok(())
            }
            None => self.branch_on(value, test),
        }
    }

    /// Goes where a condition leads that a value says, or the branch that waits for this.
    pub(super) fn branch_on(&mut self, value: ValueId, test: &Test) -> Result<(), CodegenError> {
        if let Some(op) = self.deferred.pop_if(|op| op.results[0] == value) {
            return self.branch_by(op, test);
        }
        let condition = self.one(value)?;
        if test.leaves {
            let condition = self.negated(condition);
            self.branch(condition, &test.unmet, &test.met);
        } else {
            self.branch(condition, &test.met, &test.unmet);
        }
        Ok(())
    }

    fn branch(
        &mut self,
        condition: Value,
        (then, given): &(Block, Vec<Value>),
        (other, given_other): &(Block, Vec<Value>),
    ) {
        let (given, given_other) = (args(given), args(given_other));
        let ins = self.b.ins.ins();
        ins.brif(condition, *then, &given, *other, &given_other);
    }
}
