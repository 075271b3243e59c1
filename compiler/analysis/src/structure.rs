//! Who owns what in a function: the region of each op, the op of each region, and who leaves or continues each label.
//!
//! Computed in one walk over what is reachable from the body. Every other analysis starts from it.
//! It must never outlive a change of the function.

use oxc_index::IndexVec;
use snek_mir::ir::{Function, LabelId, OpId, OpKind, RegionId, ValueDef, ValueId};

/// Whether the op repeats what it owns.
pub fn is_loop(kind: &OpKind) -> bool {
    matches!(kind, OpKind::For(_) | OpKind::While { .. })
}

/// Who uses a label.
#[derive(Clone, Debug, Default)]
pub struct LabelUses {
    /// The loop or block that it names; `None` if that is not reachable.
    pub owner: Option<OpId>,
    /// Its `next` terminators.
    pub nexts: Vec<OpId>,
    /// Its `break` terminators.
    pub breaks: Vec<OpId>,
}

/// The tree of a function.
#[derive(Clone, Debug)]
pub struct Structure {
    /// The region in which each op is; `None` for dead ops.
    pub region_of: IndexVec<OpId, Option<RegionId>>,
    /// The op that owns each region; `None` for the body and for dead regions.
    pub owner_of: IndexVec<RegionId, Option<OpId>>,
    /// Nesting depth of each region; the body has 0. Dead regions have 0 too.
    pub depth: IndexVec<RegionId, u32>,
    /// Who uses each label.
    pub labels: IndexVec<LabelId, LabelUses>,
    /// All reachable ops, an owner before what it owns, each region in order.
    pub order: Vec<OpId>,
}

impl Structure {
    /// Walks the function.
    pub fn new(function: &Function) -> Self {
        let mut this = Self {
            region_of: IndexVec::from_vec(vec![None; function.ops.len()]),
            owner_of: IndexVec::from_vec(vec![None; function.regions.len()]),
            depth: IndexVec::from_vec(vec![0; function.regions.len()]),
            labels: IndexVec::from_vec(vec![LabelUses::default(); function.labels.len()]),
            order: Vec::with_capacity(function.ops.len()),
        };
        // An explicit stack of (region, next position), so that depth costs heap and not stack.
        let mut stack = vec![(function.body, 0usize, Vec::<RegionId>::new())];
        while let Some((region, position, pending)) = stack.last_mut() {
            if let Some(child) = pending.pop() {
                this.depth[child] = this.depth[*region] + 1;
                stack.push((child, 0, Vec::new()));
                continue;
            }
            let Some(&op) = function.regions[*region].ops.get(*position) else {
                stack.pop();
                continue;
            };
            *position += 1;
            this.order.push(op);
            this.region_of[op] = Some(*region);
            let kind = &function.ops[op].kind;
            for child in kind.regions() {
                this.owner_of[child] = Some(op);
                pending.insert(0, child);
            }
            match kind {
                OpKind::Next(label) => this.labels[*label].nexts.push(op),
                OpKind::Break(label) => this.labels[*label].breaks.push(op),
                _ => {
                    if let Some(label) = kind.label() {
                        this.labels[label].owner = Some(op);
                    }
                }
            }
        }
        this
    }

    /// The values that live ops and regions define. Others may have definitions that are out of date.
    pub fn live_values(&self, function: &Function) -> Vec<ValueId> {
        let mut values = function.regions[function.body].params.clone();
        for &op in &self.order {
            let data = &function.ops[op];
            values.extend(&data.results);
            for region in data.kind.regions() {
                values.extend(&function.regions[region].params);
            }
        }
        values
    }

    /// The region in which a value is defined.
    pub fn region_of_value(&self, function: &Function, value: ValueId) -> Option<RegionId> {
        match function.values[value].def {
            ValueDef::Result(op, _) => self.region_of[op],
            ValueDef::Param(region, _) => Some(region),
        }
    }

    /// Whether `region` is `ancestor` or lies inside of it.
    pub fn is_inside(&self, region: RegionId, ancestor: RegionId) -> bool {
        let mut region = region;
        while self.depth[region] > self.depth[ancestor] {
            match self.parent(region) {
                Some(parent) => region = parent,
                None => return false,
            }
        }
        region == ancestor
    }

    /// The region that holds the op that owns `region`.
    pub fn parent(&self, region: RegionId) -> Option<RegionId> {
        self.owner_of[region].and_then(|op| self.region_of[op])
    }

    /// Whether the value is defined outside of everything that `op` owns, so that it is the same in all iterations.
    pub fn is_invariant(&self, function: &Function, value: ValueId, op: OpId) -> bool {
        let Some(mut region) = self.region_of_value(function, value) else {
            return false;
        };
        loop {
            match self.owner_of[region] {
                Some(owner) if owner == op => return false,
                Some(owner) => match self.region_of[owner] {
                    Some(outer) => region = outer,
                    None => return false,
                },
                None => return true,
            }
        }
    }

    /// Whether a value that was defined before `op` is visible there: not only inside of some earlier branch.
    pub fn is_visible_at(&self, function: &Function, value: ValueId, op: OpId) -> bool {
        match (self.region_of_value(function, value), self.region_of[op]) {
            (Some(definition), Some(place)) => self.is_inside(place, definition),
            _ => false,
        }
    }

    /// The loops around an op, innermost first.
    pub fn loops_around(&self, function: &Function, op: OpId) -> Vec<OpId> {
        let mut loops = Vec::new();
        let mut region = self.region_of[op];
        while let Some(owner) = region.and_then(|r| self.owner_of[r]) {
            if is_loop(&function.ops[owner].kind) {
                loops.push(owner);
            }
            region = self.region_of[owner];
        }
        loops
    }
}

/// How a region ends: its last op.
pub fn terminator(function: &Function, region: RegionId) -> OpId {
    *function.regions[region]
        .ops
        .last()
        .expect("a region ends with a terminator")
}

/// Whether control goes on behind the op that owns the region (it ends with `yield`).
pub fn falls_through(function: &Function, region: RegionId) -> bool {
    matches!(
        function.ops[terminator(function, region)].kind,
        OpKind::Yield
    )
}
