//! How wide the lanes of each mask are.
//!
//! MIR's masks have lanes without a width; machines compare into lanes as wide as what was compared. Masks that flow into
//! one another (operands and results of bit operations and selects, carried values, results of regions) get one width
//! together: the one that most of their sources (comparisons; loads of bools, which are bytes) and users have. Sources
//! and users convert from and to theirs.

use rustc_hash::FxHashMap;
use snek_mir::ir::{Function, LabelId, OpKind, RegionId, Type, ValueId};

/// The widths of the masks of a function.
#[derive(Debug, Default)]
pub struct MaskWidths {
    bits: FxHashMap<ValueId, u32>,
}

impl MaskWidths {
    /// Looks at a whole function.
    pub fn of(function: &Function) -> MaskWidths {
        let is_mask = |value: &ValueId| matches!(function.ty(*value), Type::Mask(_));
        if !function
            .values
            .iter_enumerated()
            .any(|(id, _)| is_mask(&id))
        {
            return MaskWidths::default();
        }
        let mut walk = Walk {
            function,
            above: FxHashMap::default(),
            votes: Vec::new(),
            labels: FxHashMap::default(),
        };
        walk.region(function.body, &[]);
        walk.settle()
    }

    /// Bits of a mask's lanes.
    pub fn bits(&self, mask: ValueId, lanes: u8) -> u32 {
        self.bits
            .get(&mask)
            .copied()
            .unwrap_or_else(|| usual(lanes))
    }
}

/// The width that fills a register.
fn usual(lanes: u8) -> u32 {
    (128 / u32::from(lanes)).clamp(8, 64)
}

/// Where the operands of a terminator go: for `next` and for `break`.
type Targets = (Vec<ValueId>, Vec<ValueId>);

struct Walk<'a> {
    function: &'a Function,
    /// Union-find: a value that flows together with this one.
    above: FxHashMap<ValueId, ValueId>,
    /// Masks, and the widths that their sources and users have.
    votes: Vec<(ValueId, u32, u32)>,
    labels: FxHashMap<LabelId, Targets>,
}

impl Walk<'_> {
    fn root(&self, mut value: ValueId) -> ValueId {
        while let Some(above) = self.above.get(&value) {
            value = *above;
        }
        value
    }

    /// Two masks that should have one width.
    fn join(&mut self, a: ValueId, b: ValueId) {
        if !matches!(self.function.ty(a), Type::Mask(_)) {
            return;
        }
        let (a, b) = (self.root(a), self.root(b));
        if a != b {
            self.above.insert(b, a);
        }
    }

    fn join_all(&mut self, from: &[ValueId], to: &[ValueId]) {
        for (from, to) in from.iter().zip(to) {
            self.join(*to, *from);
        }
    }

    /// A mask is used beside lanes of some width.
    fn used(&mut self, mask: Option<&ValueId>, beside: Option<&ValueId>) {
        if let (Some(mask), Some(beside)) = (mask, beside)
            && matches!(self.function.ty(*mask), Type::Mask(_))
            && let Type::Vector(scalar, _) = self.function.ty(*beside)
        {
            self.votes.push((*mask, scalar.bits(), 1));
        }
    }

    fn region(&mut self, region: RegionId, yields: &[ValueId]) {
        let function = self.function;
        for id in &function.regions[region].ops {
            let op = &function.ops[*id];
            let params = |region: RegionId| function.regions[region].params.as_slice();
            match &op.kind {
                OpKind::Compare(_) => {
                    if let Type::Vector(scalar, _) = function.ty(op.args[0]) {
                        self.votes.push((op.results[0], scalar.bits(), 2));
                    } else {
                        self.join(op.results[0], op.args[0]);
                        self.join(op.results[0], op.args[1]);
                    }
                }
                OpKind::LoadLanes(_) | OpKind::Gather { .. } => {
                    for result in &op.results {
                        if matches!(function.ty(*result), Type::Mask(_)) {
                            self.votes.push((*result, 8, 2));
                        }
                    }
                    self.used(op.args.last(), op.results.first());
                }
                OpKind::StoreLanes(_) | OpKind::Scatter { .. } => {
                    let before = op.args.len().checked_sub(2).map(|at| &op.args[at]);
                    self.used(op.args.last(), before);
                }
                OpKind::Int(..) | OpKind::IntUnary(..) => {
                    for arg in &op.args {
                        self.join(op.results[0], *arg);
                    }
                }
                OpKind::Select => {
                    self.used(op.args.first(), op.args.get(1));
                    for arg in &op.args {
                        if function.ty(*arg) == function.ty(op.results[0]) {
                            self.join(op.results[0], *arg);
                        }
                    }
                }
                OpKind::Convert(_) => self.used(op.args.first(), op.results.first()),
                OpKind::If { then, other } => {
                    self.region(*then, &op.results);
                    self.region(*other, &op.results);
                }
                OpKind::Block { label, body } => {
                    let targets = (Vec::new(), op.results.clone());
                    self.labels.insert(*label, targets);
                    self.region(*body, &op.results);
                }
                OpKind::For(data) => {
                    let carried = params(data.body).get(1..).unwrap_or_default();
                    self.join_all(&op.args[2..], carried);
                    self.join_all(&op.results, carried);
                    let targets = (carried.to_vec(), op.results.clone());
                    self.labels.insert(data.label, targets);
                    self.region(data.body, &[]);
                }
                OpKind::While { label, cond, body } => {
                    self.join_all(&op.args, params(*cond));
                    self.join_all(&op.results, params(*body));
                    let targets = (params(*cond).to_vec(), op.results.clone());
                    self.labels.insert(*label, targets);
                    // The first operand of the condition's `yield` is a scalar, which goes nowhere.
                    let first = function.terminator(*cond);
                    let first = first.and_then(|op| function.ops[op].args.first());
                    let yields: Vec<ValueId> =
                        first.into_iter().chain(params(*body)).copied().collect();
                    self.region(*cond, &yields);
                    self.region(*body, &[]);
                }
                OpKind::Yield => self.join_all(&op.args, yields),
                OpKind::Next(label) | OpKind::Break(label) => {
                    let (next, broken) = self.labels.get(label).cloned().unwrap_or_default();
                    let to = match op.kind {
                        OpKind::Next(_) => next,
                        _ => broken,
                    };
                    self.join_all(&op.args, &to);
                }
                _ => {}
            }
        }
    }

    fn settle(self) -> MaskWidths {
        let mut counts: FxHashMap<ValueId, [u32; 4]> = FxHashMap::default();
        for (value, bits, weight) in &self.votes {
            let width = (bits.trailing_zeros() as usize).clamp(3, 6) - 3;
            counts.entry(self.root(*value)).or_default()[width] += weight;
        }
        let mut bits = FxHashMap::default();
        for (id, value) in self.function.values.iter_enumerated() {
            let Type::Mask(lanes) = value.ty else {
                continue;
            };
            let width = match counts.get(&self.root(id)) {
                None => usual(lanes),
                Some(counts) => {
                    let best = (0..4).max_by_key(|width| (counts[*width], *width));
                    8 << best.unwrap_or(0)
                }
            };
            bits.insert(id, width);
        }
        MaskWidths { bits }
    }
}
