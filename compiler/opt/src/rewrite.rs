//! What passes share: replacements applied while walking, and properties that moving code needs.

use oxc_index::IndexVec;
use snek_mir::builder::Builder;
use snek_mir::edit;
use snek_mir::ir::{
    Function, IntOp, Op, OpId, OpKind, Overflow, RegionId, SiteId, Type, ValueDef, ValueId,
};

/// Values that stand for others.
#[derive(Debug, Default)]
pub struct Replacements {
    map: IndexVec<ValueId, Option<ValueId>>,
    any: bool,
}

impl Replacements {
    /// Nothing is replaced.
    pub fn new(function: &Function) -> Self {
        Self {
            map: IndexVec::from_vec(vec![None; function.values.len()]),
            any: false,
        }
    }

    /// From now on `old` is `new`.
    pub fn replace(&mut self, old: ValueId, new: ValueId) {
        let new = self.resolve(new);
        if old == new {
            return;
        }
        if self.map.len() <= old.index() {
            self.map.resize(old.index() + 1, None);
        }
        self.map[old] = Some(new);
        self.any = true;
    }

    /// What stands for a value.
    pub fn resolve(&self, value: ValueId) -> ValueId {
        let mut value = value;
        while let Some(Some(new)) = self.map.get(value) {
            value = *new;
        }
        value
    }

    /// Replaces the operands of an op.
    pub fn apply(&self, function: &mut Function, op: OpId) {
        if self.any {
            for arg in &mut function.ops[op].args {
                *arg = self.resolve(*arg);
            }
        }
    }
}

/// Makes an op that is in no region yet.
pub fn new_op(
    function: &mut Function,
    kind: OpKind,
    args: Vec<ValueId>,
    results: &[Type],
    site: SiteId,
) -> OpId {
    let op = function.ops.push(Op {
        kind,
        args,
        results: Vec::new(),
        site,
    });
    for ty in results {
        function.add_result(op, *ty, None);
    }
    op
}

/// Makes an op with one result before what is built.
pub fn emit(
    function: &mut Function,
    out: &mut Vec<OpId>,
    kind: OpKind,
    args: Vec<ValueId>,
    ty: Type,
    site: SiteId,
) -> ValueId {
    let op = new_op(function, kind, args, &[ty], site);
    out.push(op);
    function.ops[op].results[0]
}

/// Whether an op may run where it did not before: it is pure and cannot trap.
pub fn is_speculatable(function: &Function, op: OpId) -> bool {
    let data = &function.ops[op];
    if !data.kind.properties().is_pure() {
        return false;
    }
    match data.kind {
        // The machine's division traps.
        OpKind::Int(IntOp::FloorDiv | IntOp::FloorMod, _) => function
            .const_int(data.args[1])
            .is_some_and(|c| c != 0 && c != -1),
        // Views are addresses within their base only where their index is good.
        OpKind::Row(_) => false,
        _ => true,
    }
}

/// Arithmetic that runs outside of where its overflow was excluded wraps: its exact result is not to be relied on.
pub fn forget_proof(function: &mut Function, op: OpId) {
    match &mut function.ops[op].kind {
        OpKind::Int(int, overflow) if int.heeds_overflow() => *overflow = Overflow::Wrap,
        OpKind::IntUnary(int, overflow) if int.heeds_overflow() => *overflow = Overflow::Wrap,
        _ => {}
    }
}

/// The ops of a region but for its terminator, if that is `yield`.
pub fn without_yield(function: &Function, region: RegionId) -> Option<&[OpId]> {
    let (last, ops) = function.regions[region].ops.split_last()?;
    matches!(function.ops[*last].kind, OpKind::Yield).then_some(ops)
}

/// The operands of a region's terminator.
pub fn yielded(function: &Function, region: RegionId) -> &[ValueId] {
    match function.regions[region].ops.last() {
        Some(last) => &function.ops[*last].args,
        None => &[],
    }
}

/// Both conditions, or the one that there is.
pub fn and(b: &mut Builder<'_>, all: Option<ValueId>, one: ValueId) -> ValueId {
    match all {
        Some(all) => b.int(IntOp::And, Overflow::Wrap, all, one),
        None => one,
    }
}

/// Where a live op is: its region and position.
pub fn place_of(function: &Function, op: OpId) -> Option<(RegionId, usize)> {
    let regions = edit::regions_in(function, function.body);
    regions.into_iter().find_map(|region| {
        let ops = &function.regions[region].ops;
        ops.iter().position(|o| *o == op).map(|at| (region, at))
    })
}

/// Puts `before` and then `if condition { op } else { twin }` where `op` is. The results of `op` become the branch's.
pub fn split_on(
    function: &mut Function,
    op: OpId,
    before: Vec<OpId>,
    condition: ValueId,
    twin: OpId,
) {
    let Some((region, at)) = place_of(function, op) else {
        return;
    };
    let site = function.ops[op].site;
    let results = std::mem::take(&mut function.ops[op].results);
    for result in &results {
        let ty = function.ty(*result);
        function.add_result(op, ty, None);
    }
    let mut regions = Vec::new();
    for inner in [op, twin] {
        let region = function.add_region();
        let values = function.ops[inner].results.clone();
        let end = new_op(function, OpKind::Yield, values, &[], site);
        function.regions[region].ops = vec![inner, end];
        regions.push(region);
    }
    let kind = OpKind::If {
        then: regions[0],
        other: regions[1],
    };
    let branch = new_op(function, kind, vec![condition], &[], site);
    for (n, result) in results.into_iter().enumerate() {
        function.values[result].def = ValueDef::Result(branch, n as u32);
        function.ops[branch].results.push(result);
    }
    let mut ops = before;
    ops.push(branch);
    function.regions[region].ops.splice(at..=at, ops);
}
