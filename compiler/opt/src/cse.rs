//! Common subexpressions: an op whose twin has been executed on every way here is that twin.
//!
//! The scope of what is available is the tree of regions. Loads are twins as long as nothing was stored between; a load
//! behind a store to the same element is the stored value. A checked op that has passed once passes again, so twins of
//! checks go, too.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use snek_mir::edit;
use snek_mir::ir::{Function, OpId, OpKind, Overflow, RegionId, Type, ValueId};

use crate::rewrite::Replacements;

/// Runs the pass.
pub fn run(function: &mut Function) {
    let mut pass = Cse {
        replacements: Replacements::new(function),
        function,
        available: FxHashMap::default(),
        added: Vec::new(),
        memory: 0,
    };
    let body = pass.function.body;
    pass.region(body);
}

/// Most ops have no more operands or results.
type Values = SmallVec<[ValueId; 4]>;

/// What makes two ops twins.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    name: &'static str,
    field: u64,
    args: Values,
    ty: Option<Type>,
    /// For what reads memory: its state.
    memory: u64,
}

struct Cse<'f> {
    function: &'f mut Function,
    replacements: Replacements,
    available: FxHashMap<Key, Values>,
    /// Keys with what they hid, to leave scopes.
    added: Vec<(Key, Option<Values>)>,
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
            let results = SmallVec::from_slice(&self.function.ops[op].results);
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

    fn add(&mut self, key: Key, values: Values) {
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
        let values = Values::from_slice(values);
        let key = Key {
            name: "load",
            field: 0,
            args: Values::from_slice(place),
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
    let mut args = data.args.as_slice();
    let (mut seen, mut sorted) = (0, false);
    let field = match &data.kind {
        OpKind::ConstInt(bits) => *bits as u64,
        OpKind::ConstFloat(bits) => *bits,
        // Each is a way to say that nothing is known; text is unique enough.
        OpKind::Undefined | OpKind::ConstText(_) => return None,
        OpKind::Extent(axis) | OpKind::Stride(axis) => u64::from(*axis),
        OpKind::Extract(lane) => u64::from(*lane),
        OpKind::Reduce(op) => *op as u64,
        OpKind::Int(int, overflow) => {
            sorted = int.is_commutative();
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
            args = &args[..1];
            0
        }
        kind if kind.properties().is_pure() => 0,
        _ => return None,
    };
    let name = match &data.kind {
        OpKind::CallRuntime(name) => name,
        kind => kind.name(),
    };
    let mut args = Values::from_slice(args);
    if sorted {
        args.sort_unstable();
    }
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
    pub(crate) fn with_args(mut self, args: &[ValueId]) -> Key {
        self.args = Values::from_slice(args);
        self
    }

    /// Puts the operands of a commutative op into the order of keys.
    pub(crate) fn sort_args(&mut self) {
        self.args.sort_unstable();
    }
}
