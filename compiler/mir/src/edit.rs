//! What passes need to read and change a function: walks in order, replacement of values, clones of regions, counts of
//! uses, parents, exits. Each walks the live code on demand; nothing is cached. Must hold no knowledge about a pass.

use crate::ir::{
    Fold, Function, FunctionId, LabelId, Op, OpId, OpKind, Program, RegionId, SiteId, Value,
    ValueDef, ValueId,
};
use oxc_index::IndexVec;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// Calls `visit` with each op of a region and of the regions in it, outer ones first, in the order of the text.
pub fn walk(function: &Function, region: RegionId, visit: &mut impl FnMut(RegionId, OpId)) {
    for op in &function.regions[region].ops {
        visit(region, *op);
        for inner in function.ops[*op].kind.regions() {
            walk(function, inner, visit);
        }
    }
}

/// The ops of a region and of the regions in it, outer ones first, in the order of the text.
pub fn ops_in(function: &Function, region: RegionId) -> Vec<OpId> {
    let mut ops = Vec::new();
    walk(function, region, &mut |_, op| ops.push(op));
    ops
}

/// All live ops, outer ones first, in the order of the text.
pub fn ops(function: &Function) -> Vec<OpId> {
    ops_in(function, function.body)
}

/// A region and the regions in it, outer ones first, in the order of the text.
pub fn regions_in(function: &Function, region: RegionId) -> Vec<RegionId> {
    let mut regions = vec![region];
    walk(function, region, &mut |_, op| {
        regions.extend(function.ops[op].kind.regions());
    });
    regions
}

/// How many operands of live ops each value is.
pub fn use_counts(function: &Function) -> IndexVec<ValueId, u32> {
    let mut counts = IndexVec::from_vec(vec![0; function.values.len()]);
    walk(function, function.body, &mut |_, op| {
        for arg in &function.ops[op].args {
            counts[*arg] += 1;
        }
    });
    counts
}

/// Whether an op inside of a region uses the value.
pub fn is_used_in(function: &Function, region: RegionId, value: ValueId) -> bool {
    let mut found = false;
    walk(function, region, &mut |_, op| {
        found |= function.ops[op].args.contains(&value);
    });
    found
}

/// Makes each live use of a key of `map` a use of its value; a value that is itself a key is looked up again.
pub fn replace_uses(function: &mut Function, map: &FxHashMap<ValueId, ValueId>) {
    if map.is_empty() {
        return;
    }
    for op in ops(function) {
        for arg in &mut function.ops[op].args {
            let mut steps = 0;
            while let Some(new) = map.get(arg)
                && steps <= map.len()
            {
                *arg = *new;
                steps += 1;
            }
        }
    }
}

/// Makes each live use of `old` a use of `new`.
pub fn replace_all_uses(function: &mut Function, old: ValueId, new: ValueId) {
    replace_uses(function, &FxHashMap::from_iter([(old, new)]));
}

/// Takes an op out of its region. Its results must be unused.
pub fn remove_op(function: &mut Function, region: RegionId, op: OpId) {
    function.regions[region].ops.retain(|other| *other != op);
}

/// Takes all ops out of a region, and out of the regions in it, for which `keep` is false.
pub fn retain_ops(
    function: &mut Function,
    region: RegionId,
    keep: &mut impl FnMut(&Function, OpId) -> bool,
) {
    let ops = std::mem::take(&mut function.regions[region].ops);
    let mut kept = Vec::with_capacity(ops.len());
    for op in ops {
        if keep(function, op) {
            kept.push(op);
            for inner in function.ops[op].kind.regions() {
                retain_ops(function, inner, keep);
            }
        }
    }
    function.regions[region].ops = kept;
}

/// Who contains whom, at the time it was computed.
#[derive(Clone, Debug)]
pub struct Parents {
    /// The region that an op is in; none for dead ops.
    pub region_of: IndexVec<OpId, Option<RegionId>>,
    /// The op that owns a region; none for the body and for dead regions.
    pub owner_of: IndexVec<RegionId, Option<OpId>>,
}

impl Parents {
    /// Computes both maps.
    pub fn compute(function: &Function) -> Parents {
        let mut parents = Parents {
            region_of: IndexVec::from_vec(vec![None; function.ops.len()]),
            owner_of: IndexVec::from_vec(vec![None; function.regions.len()]),
        };
        walk(function, function.body, &mut |region, op| {
            parents.region_of[op] = Some(region);
            for inner in function.ops[op].kind.regions() {
                parents.owner_of[inner] = Some(op);
            }
        });
        parents
    }

    /// The region in which a value is defined.
    pub fn region_of_value(&self, function: &Function, value: ValueId) -> Option<RegionId> {
        match function.values[value].def {
            ValueDef::Result(op, _) => self.region_of[op],
            ValueDef::Param(region, _) => Some(region),
        }
    }

    /// Whether `inner` is `outer` or lies in it.
    pub fn is_inside(&self, inner: RegionId, outer: RegionId) -> bool {
        let mut region = inner;
        loop {
            if region == outer {
                return true;
            }
            match self.owner_of[region].and_then(|op| self.region_of[op]) {
                Some(parent) => region = parent,
                None => return false,
            }
        }
    }
}

/// How control leaves a region, other than by its own `yield` or `next`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exits {
    /// Labels of loops and blocks *around* the region that something in it breaks or continues.
    pub labels: BTreeSet<LabelId>,
    /// Something in it returns.
    pub returns: bool,
    /// It has an op that may raise or call.
    pub raises: bool,
}

/// The summary of a region's exits.
pub fn exits(function: &Function, region: RegionId) -> Exits {
    let mut exits = Exits::default();
    let mut own = BTreeSet::new();
    walk(function, region, &mut |_, op| {
        let kind = &function.ops[op].kind;
        own.extend(kind.label());
        exits.labels.extend(kind.target());
        exits.returns |= matches!(kind, OpKind::Return);
        exits.raises |= kind.properties().raises != crate::ops::Raises::No;
    });
    exits.labels = &exits.labels - &own;
    exits
}

/// Copies regions, of another function or of the same one, into `target`.
pub struct Cloner<'s> {
    /// Where regions come from; `None`: from the target itself.
    pub source: Option<&'s Function>,
    /// What values of the source are in the target. Values that are not here and not defined by what is cloned stay as
    /// they are (which is right only within one function).
    pub values: FxHashMap<ValueId, ValueId>,
    /// The same for labels.
    pub labels: FxHashMap<LabelId, LabelId>,
    /// What sites of the source are in the target. Filled on demand by `site`.
    pub sites: FxHashMap<SiteId, SiteId>,
    /// When inlining: the site of the call, which becomes the caller of copied sites.
    pub call: Option<SiteId>,
}

impl<'s> Cloner<'s> {
    /// Copies within one function.
    pub fn within() -> Cloner<'s> {
        Cloner {
            source: None,
            values: FxHashMap::default(),
            labels: FxHashMap::default(),
            sites: FxHashMap::default(),
            call: None,
        }
    }

    /// Copies from another function; `call` is the site of the call that is being replaced.
    pub fn inlining(source: &'s Function, call: SiteId) -> Cloner<'s> {
        Cloner {
            source: Some(source),
            call: Some(call),
            ..Cloner::within()
        }
    }

    fn value(&self, value: ValueId) -> ValueId {
        self.values.get(&value).copied().unwrap_or(value)
    }

    fn new_value(&mut self, target: &mut Function, old: ValueId, def: ValueDef) -> ValueId {
        let data = &self.source.unwrap_or(target).values[old];
        let data = Value {
            def,
            ..data.clone()
        };
        let new = target.values.push(data);
        self.values.insert(old, new);
        new
    }

    fn label(&mut self, target: &mut Function, label: LabelId, defines: bool) -> LabelId {
        if let Some(new) = self.labels.get(&label) {
            return *new;
        }
        if !defines {
            return label;
        }
        let name = self.source.unwrap_or(target).labels[label].clone();
        let new = target.labels.push(name);
        self.labels.insert(label, new);
        new
    }

    /// The target's site for one of the source's.
    pub fn site(&mut self, target: &mut Function, site: SiteId) -> SiteId {
        let Some(source) = self.source else {
            return site;
        };
        if let Some(new) = self.sites.get(&site) {
            return *new;
        }
        let mut data = source.sites[site];
        data.caller = match data.caller {
            Some(caller) => Some(self.site(target, caller)),
            None => self.call,
        };
        let new = target.sites.push(data);
        self.sites.insert(site, new);
        new
    }

    /// Copies a region with all that is in it. Its parameters get copies, too.
    pub fn region(&mut self, target: &mut Function, region: RegionId) -> RegionId {
        let new = target.add_region();
        let params = self.source.unwrap_or(target).regions[region].params.clone();
        for (index, param) in params.into_iter().enumerate() {
            let def = ValueDef::Param(new, index as u32);
            let value = self.new_value(target, param, def);
            target.regions[new].params.push(value);
        }
        self.ops(target, region, new);
        new
    }

    /// Copies the ops of a region to the end of another one, whose parameters must be in `values`.
    pub fn ops(&mut self, target: &mut Function, from: RegionId, to: RegionId) {
        let ops = self.source.unwrap_or(target).regions[from].ops.clone();
        for op in ops {
            let new = self.op(target, op);
            target.regions[to].ops.push(new);
        }
    }

    /// Copies an op with all that is in it; it is in no region yet.
    pub fn op(&mut self, target: &mut Function, op: OpId) -> OpId {
        let mut data = self.source.unwrap_or(target).ops[op].clone();
        for arg in &mut data.args {
            *arg = self.value(*arg);
        }
        let defines = data.kind.label().is_some();
        if let Some(label) = data.kind.label_mut() {
            *label = self.label(target, *label, defines);
        }
        for inner in data.kind.regions_mut() {
            *inner = self.region(target, *inner);
        }
        let site = self.site(target, data.site);
        let results = std::mem::take(&mut data.results);
        let new = target.ops.push(Op { site, ..data });
        for (index, result) in results.into_iter().enumerate() {
            let def = ValueDef::Result(new, index as u32);
            let value = self.new_value(target, result, def);
            target.ops[new].results.push(value);
        }
        new
    }
}

/// The functions that a function calls, parallel bodies and combiners included, each once.
pub fn callees(function: &Function) -> BTreeSet<FunctionId> {
    let mut callees = BTreeSet::new();
    walk(
        function,
        function.body,
        &mut |_, op| match &function.ops[op].kind {
            OpKind::Call(callee) => {
                callees.insert(*callee);
            }
            OpKind::For(f) => {
                callees.extend(f.reductions.iter().filter_map(|fold| match fold {
                    Fold::Call { function, .. } => Some(*function),
                    _ => None,
                }));
            }
            OpKind::ParallelCall { body, combine, .. } => {
                callees.insert(*body);
                callees.extend(combine);
            }
            _ => {}
        },
    );
    callees
}

/// The strongly connected components of the call graph, callees before callers. A function that calls nobody in its own
/// component is a component of one.
pub fn call_components(program: &Program) -> Vec<Vec<FunctionId>> {
    struct Tarjan<'p> {
        edges: IndexVec<FunctionId, Vec<FunctionId>>,
        index: IndexVec<FunctionId, u32>,
        low: IndexVec<FunctionId, u32>,
        on_stack: IndexVec<FunctionId, bool>,
        stack: Vec<FunctionId>,
        next: u32,
        out: &'p mut Vec<Vec<FunctionId>>,
    }
    impl Tarjan<'_> {
        // With an explicit stack: chains of calls may be long.
        fn visit(&mut self, root: FunctionId) {
            let mut work = vec![(root, 0)];
            while let Some((function, edge)) = work.pop() {
                if edge == 0 {
                    self.next += 1;
                    self.index[function] = self.next;
                    self.low[function] = self.next;
                    self.stack.push(function);
                    self.on_stack[function] = true;
                }
                if let Some(callee) = self.edges[function].get(edge).copied() {
                    work.push((function, edge + 1));
                    if self.index[callee] == 0 {
                        work.push((callee, 0));
                    } else if self.on_stack[callee] {
                        self.low[function] = self.low[function].min(self.index[callee]);
                    }
                    continue;
                }
                if self.low[function] == self.index[function] {
                    let mut component = Vec::new();
                    while let Some(member) = self.stack.pop() {
                        self.on_stack[member] = false;
                        component.push(member);
                        if member == function {
                            break;
                        }
                    }
                    component.sort_unstable();
                    self.out.push(component);
                }
                if let Some((caller, _)) = work.last() {
                    self.low[*caller] = self.low[*caller].min(self.low[function]);
                }
            }
        }
    }
    let count = program.functions.len();
    let mut out = Vec::new();
    let mut tarjan = Tarjan {
        edges: program
            .functions
            .iter()
            .map(|function| callees(function).into_iter().collect())
            .collect(),
        index: IndexVec::from_vec(vec![0; count]),
        low: IndexVec::from_vec(vec![0; count]),
        on_stack: IndexVec::from_vec(vec![false; count]),
        stack: Vec::new(),
        next: 0,
        out: &mut out,
    };
    for function in program.functions.indices() {
        if tarjan.index[function] == 0 {
            tarjan.visit(function);
        }
    }
    out
}
