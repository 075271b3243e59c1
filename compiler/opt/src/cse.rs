//! Common subexpressions: an op whose twin has been executed on every way here is that twin.
//!
//! The scope of what is available is the tree of regions. Loads are twins as long as nothing was stored between; a load
//! behind a store to the same element is the stored value. A checked op that has passed once passes again, so twins of
//! checks go, too.

use std::collections::HashMap;

use snek_mir::edit;
use snek_mir::ir::{Function, OpId, OpKind, Overflow, RegionId, Type, ValueId};

use crate::rewrite::Replacements;

/// Runs the pass.
pub fn run(function: &mut Function) {
    let mut pass = Cse {
        replacements: Replacements::new(function),
        function,
        available: HashMap::new(),
        added: Vec::new(),
        memory: 0,
    };
    let body = pass.function.body;
    pass.region(body);
}

/// What makes two ops twins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    name: &'static str,
    field: u64,
    args: Vec<ValueId>,
    ty: Option<Type>,
    /// For what reads memory: its state.
    memory: u64,
}

struct Cse<'f> {
    function: &'f mut Function,
    replacements: Replacements,
    available: HashMap<Key, Vec<ValueId>>,
    /// Keys with what they hid, to leave scopes.
    added: Vec<(Key, Option<Vec<ValueId>>)>,
    /// Changes with every store.
    memory: u64,
}

impl Cse<'_> {
    fn region(&mut self, region: RegionId) {
        let mark = self.added.len();
        let mut ops = std::mem::take(&mut self.function.regions[region].ops);
        ops.retain(|&op| self.op(op));
        self.function.regions[region].ops = ops;
        while self.added.len() > mark {
            if let Some((key, hidden)) = self.added.pop() {
                match hidden {
                    Some(values) => self.available.insert(key, values),
                    None => self.available.remove(&key),
                };
            }
        }
    }

    /// Whether the op stays.
    fn op(&mut self, op: OpId) -> bool {
        self.replacements.apply(self.function, op);
        let properties = self.function.ops[op].kind.properties();
        if properties.structured {
            let regions = self.function.ops[op].kind.regions();
            let is_loop = !matches!(
                self.function.ops[op].kind,
                OpKind::If { .. } | OpKind::Block { .. }
            );
            if is_loop && regions.iter().any(|r| self.writes(*r)) {
                self.memory += 1;
            }
            for inner in regions {
                self.region(inner);
            }
            return true;
        }
        if let Some(key) = key(self.function, op, self.memory) {
            if let Some(twins) = self.available.get(&key) {
                let results = self.function.ops[op].results.clone();
                for (result, twin) in results.into_iter().zip(twins.clone()) {
                    self.name_twin(result, twin);
                    self.replacements.replace(result, twin);
                }
                return false;
            }
            let results = self.function.ops[op].results.clone();
            self.add(key, results);
        }
        if properties.writes {
            self.memory += 1;
        }
        if matches!(self.function.ops[op].kind, OpKind::Store(_)) {
            self.forward(op);
        }
        true
    }

    fn add(&mut self, key: Key, values: Vec<ValueId>) {
        let hidden = self.available.insert(key.clone(), values);
        self.added.push((key, hidden));
    }

    fn name_twin(&mut self, from: ValueId, twin: ValueId) {
        if self.function.values[twin].name.is_none() {
            self.function.values[twin].name = self.function.values[from].name.clone();
        }
    }

    /// Makes the stored value available to loads of that element.
    fn forward(&mut self, op: OpId) {
        let data = &self.function.ops[op];
        let OpKind::Store(bounds) = &data.kind else {
            return;
        };
        let (place, values) = data.args.split_at(bounds.len() + 1);
        let values = values.to_vec();
        let key = Key {
            name: "load",
            field: 0,
            args: place.to_vec(),
            ty: values.first().map(|v| self.function.ty(*v)),
            memory: self.memory + 1,
        };
        self.add(key, values);
    }

    fn writes(&self, region: RegionId) -> bool {
        edit::ops_in(self.function, region)
            .iter()
            .any(|op| self.function.ops[*op].kind.properties().writes)
    }
}

/// What the op is known by, if it may have twins. `memory` is the state that loads see.
pub(crate) fn key(function: &Function, op: OpId, memory: u64) -> Option<Key> {
    let data = &function.ops[op];
    let properties = data.kind.properties();
    let mut args = data.args.clone();
    let mut seen = 0;
    let field = match &data.kind {
        OpKind::ConstInt(bits) => *bits as u64,
        OpKind::ConstFloat(bits) => *bits,
        // Each is a way to say that nothing is known; text is unique enough.
        OpKind::Undefined | OpKind::ConstText(_) => return None,
        OpKind::Extent(axis) | OpKind::Stride(axis) => u64::from(*axis),
        OpKind::Extract(lane) => u64::from(*lane),
        OpKind::Reduce(op) => *op as u64,
        OpKind::Int(int, overflow) => {
            if int.is_commutative() {
                args.sort_unstable();
            }
            u64::from(*overflow == Overflow::Wrap)
        }
        OpKind::IntUnary(_, overflow) => u64::from(*overflow == Overflow::Wrap),
        OpKind::Row(_) => 0,
        OpKind::Accumulator(op) => *op as u64,
        OpKind::Load(_) => {
            seen = memory + 1;
            0
        }
        // The condition alone counts: the message is never seen.
        OpKind::Check(_) => {
            args.truncate(1);
            0
        }
        _ if properties.is_pure() => 0,
        _ => return None,
    };
    let name = match &data.kind {
        OpKind::CallRuntime(name) => name,
        kind => kind.name(),
    };
    Some(Key {
        name,
        field,
        args,
        ty: data.results.first().map(|r| function.ty(*r)),
        memory: seen,
    })
}

impl Key {
    /// The same op on other operands.
    pub(crate) fn with_args(mut self, args: Vec<ValueId>) -> Key {
        self.args = args;
        self
    }

    /// Puts the operands of a commutative op into the order of keys.
    pub(crate) fn sort_args(&mut self) {
        self.args.sort_unstable();
    }
}
