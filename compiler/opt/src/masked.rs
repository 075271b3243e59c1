//! Of `(...) & (2**k - 1)` only the last k bits are computed: masks inside are left out, and constants are combined.
//!
//! The same holds for values that a loop carries: they are carried unmasked, if each iteration masks what it makes of them,
//! and masked after the loop.
//!
//! Congruential generators are chains of such steps, `s = (s * a + c) % m`. Two steps in one expression become one product
//! that waits for the state and another that does not: `(s * a + c) * a + c` is `s * (a * a) + (c * a + c)`, modulo two to
//! the k.

use snek_analysis::structure::Structure;
use snek_mir::edit;
use snek_mir::ir::{
    Function, IntOp, LoopKind, OpId, OpKind, Overflow, RegionId, Type, Value, ValueDef, ValueId,
};

use crate::rewrite::{emit, forget_proof, new_op, place_of};

/// Ops that are looked through.
const DEPTH: u32 = 8;

/// Runs the pass.
pub fn run(function: &mut Function) {
    for region in edit::regions_in(function, function.body) {
        run_in(function, region);
    }
    let structure = Structure::new(function);
    for &op in &structure.order {
        unmask_carried(function, &structure, op);
    }
}

/// Carries values unmasked, where that makes no difference.
fn unmask_carried(function: &mut Function, structure: &Structure, op: OpId) {
    let OpKind::For(the_loop) = &function.ops[op].kind else {
        return;
    };
    let label = &structure.labels[the_loop.label];
    let (body, serial) = (the_loop.body, the_loop.kind == LoopKind::Serial);
    let [next] = label.nexts[..] else { return };
    if !serial || !label.breaks.is_empty() {
        return;
    }
    for n in 0..function.ops[next].args.len() {
        let end = function.ops[next].args[n];
        let ValueDef::Result(last, _) = function.values[end].def else {
            continue;
        };
        let Some((unmasked, mask)) = masked(function, last) else {
            continue;
        };
        // Without an iteration the result is the initial value, if somebody wants it.
        let initial = function.const_int(function.ops[op].args[n + 2]);
        let unwanted = || edit::use_counts(function)[function.ops[op].results[n]] == 0;
        let may_begin = initial.is_some_and(|c| c & mask == c) || unwanted();
        if !may_begin || structure.is_invariant(function, end, op) {
            continue;
        }
        let param = function.regions[body].params[n + 1];
        let inner = edit::ops_in(function, body);
        let mut exact = Vec::new();
        if !is_low(function, &inner, param, mask, &mut exact, DEPTH) {
            continue;
        }
        for op in exact {
            forget_proof(function, op);
        }
        function.ops[next].args[n] = unmasked;
        mask_result(function, op, n, mask);
    }
}

/// Whether all that is made of a value is masked. `exact` gets the arithmetic on the way.
fn is_low(
    function: &Function,
    ops: &[OpId],
    value: ValueId,
    mask: i64,
    exact: &mut Vec<OpId>,
    depth: u32,
) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let mut users = ops
        .iter()
        .filter(|op| function.ops[**op].args.contains(&value));
    users.all(|op| {
        let data = &function.ops[*op];
        let OpKind::Int(int, overflow) = data.kind else {
            return false;
        };
        match int {
            IntOp::And => function
                .const_int(data.args[1])
                .is_some_and(|m| m & mask == m),
            IntOp::Add | IntOp::Sub | IntOp::Mul if overflow != Overflow::Checked => {
                exact.push(*op);
                is_low(function, ops, data.results[0], mask, exact, depth)
            }
            _ => false,
        }
    })
}

/// Masks a result of a loop behind it.
fn mask_result(function: &mut Function, op: OpId, n: usize, mask: i64) {
    let Some((region, at)) = place_of(function, op) else {
        return;
    };
    let site = function.ops[op].site;
    let result = function.ops[op].results[n];
    let carried = function.values.push(Value {
        ty: Type::I64,
        def: ValueDef::Result(op, n as u32),
        name: None,
    });
    function.ops[op].results[n] = carried;
    let mut after = Vec::new();
    let constant = emit(
        function,
        &mut after,
        OpKind::ConstInt(mask),
        vec![],
        Type::I64,
        site,
    );
    let and = OpKind::Int(IntOp::And, Overflow::Wrap);
    let and = new_op(function, and, vec![carried, constant], &[], site);
    function.values[result].def = ValueDef::Result(and, 0);
    function.ops[and].results.push(result);
    after.push(and);
    function.regions[region].ops.splice(at + 1..at + 1, after);
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
