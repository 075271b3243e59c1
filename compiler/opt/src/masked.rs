//! Of `(...) & (2**k - 1)` only the last k bits are computed: masks inside are left out, and constants are combined.
//!
//! Congruential generators are chains of such steps, `s = (s * a + c) % m`. Two steps in one expression become one product
//! that waits for the state and another that does not: `(s * a + c) * a + c` is `s * (a * a) + (c * a + c)`, modulo two to
//! the k.

use snek_mir::edit;
use snek_mir::ir::{Function, IntOp, OpId, OpKind, Overflow, RegionId, Type, ValueId};

use crate::rewrite::emit;

/// Ops that are looked through.
const DEPTH: u32 = 8;

/// Runs the pass.
pub fn run(function: &mut Function) {
    for region in edit::regions_in(function, function.body) {
        run_in(function, region);
    }
}

fn run_in(function: &mut Function, region: RegionId) {
    let ops = std::mem::take(&mut function.regions[region].ops);
    let mut out = Vec::with_capacity(ops.len());
    for op in ops {
        if let Some((value, mask)) = masked(function, op) {
            let mut low = Low {
                function,
                out: Vec::new(),
                mask,
                site_of: op,
                gains: false,
            };
            let value = low.linear(value, DEPTH);
            let value = low.value(value);
            if low.gains {
                out.append(&mut low.out);
                function.ops[op].args[0] = value;
            }
        }
        out.push(op);
    }
    function.regions[region].ops = out;
}

/// What an op masks, and with which low bits.
fn masked(function: &Function, op: OpId) -> Option<(ValueId, i64)> {
    let data = &function.ops[op];
    let OpKind::Int(IntOp::And, _) = data.kind else {
        return None;
    };
    let mask = function.const_int(data.args[1])?;
    let is_low = mask > 0 && (mask & mask.wrapping_add(1)) == 0;
    (is_low && function.ty(data.results[0]) == Type::I64).then_some((data.args[0], mask))
}

/// `base * factor + offset`; without a base only the offset.
#[derive(Clone, Copy)]
struct Linear {
    base: Option<ValueId>,
    factor: i64,
    offset: i64,
}

/// Values of which only the bits of a mask count.
struct Low<'f> {
    function: &'f mut Function,
    out: Vec<OpId>,
    mask: i64,
    site_of: OpId,
    /// A mask was left out.
    gains: bool,
}

impl Low<'_> {
    fn linear(&mut self, value: ValueId, depth: u32) -> Linear {
        let itself = Linear {
            base: Some(value),
            factor: 1,
            offset: 0,
        };
        if let Some(offset) = self.function.const_int(value) {
            return Linear {
                base: None,
                factor: 0,
                offset,
            };
        }
        let (Some(depth), Some(data)) = (depth.checked_sub(1), self.function.def_op(value)) else {
            return itself;
        };
        let OpKind::Int(int, overflow) = data.kind else {
            return itself;
        };
        let (a, b) = (data.args[0], data.args[1]);
        let constant = self.function.const_int(b);
        match (int, constant) {
            (IntOp::And, Some(mask)) if mask & self.mask == self.mask => {
                self.gains = true;
                self.linear(a, depth)
            }
            _ if overflow == Overflow::Checked => itself,
            (IntOp::Add | IntOp::Sub, Some(constant)) => {
                let mut inner = self.linear(a, depth);
                inner.offset = if int == IntOp::Add {
                    inner.offset.wrapping_add(constant)
                } else {
                    inner.offset.wrapping_sub(constant)
                };
                inner
            }
            (IntOp::Mul, Some(constant)) => {
                let inner = self.linear(a, depth);
                Linear {
                    base: inner.base,
                    factor: inner.factor.wrapping_mul(constant),
                    offset: inner.offset.wrapping_mul(constant),
                }
            }
            _ => itself,
        }
    }

    /// The value of a linear form, its constants cut to the bits that count.
    fn value(&mut self, form: Linear) -> ValueId {
        let site = self.function.ops[self.site_of].site;
        let (factor, offset) = (form.factor & self.mask, form.offset & self.mask);
        let mut emit = |kind, args| emit(self.function, &mut self.out, kind, args, Type::I64, site);
        let Some(base) = form.base else {
            return emit(OpKind::ConstInt(offset), vec![]);
        };
        let mut value = base;
        for (int, neutral, operand) in [(IntOp::Mul, 1, factor), (IntOp::Add, 0, offset)] {
            if operand != neutral {
                let operand = emit(OpKind::ConstInt(operand), vec![]);
                value = emit(OpKind::Int(int, Overflow::Wrap), vec![value, operand]);
            }
        }
        value
    }
}
