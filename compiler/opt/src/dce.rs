//! Dead code: ops without use and effect, results of branches and loops that nobody reads, values that loops carry in
//! vain.
//!
//! Liveness goes backward from what has an effect. A `while` stays even if it computes nothing, for it may run for ever.

use oxc_index::IndexVec;
use snek_analysis::structure::{Structure, falls_through, terminator};
use snek_mir::ir::{Fold, Function, LabelId, OpId, OpKind, RegionId, ValueDef, ValueId};

/// Runs the pass.
pub fn run(function: &mut Function) {
    let structure = Structure::new(function);
    let mut live = Live {
        values: IndexVec::from_vec(vec![false; function.values.len()]),
        ops: IndexVec::from_vec(vec![false; function.ops.len()]),
        work: Vec::new(),
        function,
        structure: &structure,
    };
    live.mark_all();
    let (values, ops) = (live.values, live.ops);
    trim(function, &structure, &values, &ops);
    for region in function.regions.indices() {
        let mut kept = std::mem::take(&mut function.regions[region].ops);
        kept.retain(|op| ops[*op]);
        function.regions[region].ops = kept;
    }
}

struct Live<'a> {
    function: &'a Function,
    structure: &'a Structure,
    values: IndexVec<ValueId, bool>,
    ops: IndexVec<OpId, bool>,
    work: Vec<ValueId>,
}

impl Live<'_> {
    fn mark_all(&mut self) {
        for &op in &self.structure.order {
            let kind = &self.function.ops[op].kind;
            let properties = kind.properties();
            let has_effect = match kind {
                OpKind::While { .. } => true,
                OpKind::Return | OpKind::Raise(_) | OpKind::Unreachable => true,
                _ => !properties.structured && !properties.terminator && !properties.is_removable(),
            };
            // A jump over live code is marked with what it jumps out of, below.
            if has_effect {
                self.mark_op(op);
            }
        }
        loop {
            while let Some(value) = self.work.pop() {
                self.follow(value);
            }
            if !self.mark_jumps() {
                break;
            }
        }
    }

    fn mark_value(&mut self, value: ValueId) {
        if !self.values[value] {
            self.values[value] = true;
            self.work.push(value);
        }
    }

    /// Marks an op and what it takes to get there.
    fn mark_op(&mut self, op: OpId) {
        let mut op = op;
        while !self.ops[op] {
            self.ops[op] = true;
            let data = &self.function.ops[op];
            match &data.kind {
                OpKind::If { .. } | OpKind::For(_) => {
                    let control = if matches!(data.kind, OpKind::For(_)) {
                        2
                    } else {
                        1
                    };
                    for &arg in &data.args[..control] {
                        self.mark_value(arg);
                    }
                    self.mark_terminators(op);
                }
                OpKind::While { cond, .. } => {
                    let end = terminator(self.function, *cond);
                    if falls_through(self.function, *cond) {
                        self.mark_value(self.function.ops[end].args[0]);
                    }
                    self.mark_terminators(op);
                }
                OpKind::Block { .. } => self.mark_terminators(op),
                // Which of their operands count is decided slot by slot.
                OpKind::Yield | OpKind::Next(_) | OpKind::Break(_) => {}
                _ => {
                    for &arg in &data.args {
                        self.mark_value(arg);
                    }
                }
            }
            let Some(owner) =
                self.structure.region_of[op].and_then(|region| self.structure.owner_of[region])
            else {
                return;
            };
            op = owner;
        }
    }

    /// The terminators of the regions of a live op stay.
    fn mark_terminators(&mut self, op: OpId) {
        for region in self.function.ops[op].kind.regions() {
            let end = terminator(self.function, region);
            // Others have an effect, and operands that count.
            if matches!(
                self.function.ops[end].kind,
                OpKind::Yield | OpKind::Next(_) | OpKind::Break(_)
            ) {
                self.ops[end] = true;
            }
        }
    }

    /// Ops that leave a live op's label, and what decides on them. Whether something was marked.
    fn mark_jumps(&mut self) -> bool {
        let mut changed = false;
        for (label, uses) in self.structure.labels.iter_enumerated() {
            let Some(owner) = uses.owner else { continue };
            if !self.ops[owner] {
                continue;
            }
            for &jump in uses.nexts.iter().chain(&uses.breaks) {
                changed |= self.mark_jump(jump, label);
            }
        }
        changed
    }

    fn mark_jump(&mut self, jump: OpId, _label: LabelId) -> bool {
        let owner = self.structure.region_of[jump].and_then(|r| self.structure.owner_of[r]);
        let was_live = self.ops[jump] && owner.is_none_or(|owner| self.ops[owner]);
        if !was_live {
            self.ops[jump] = true;
            if let Some(owner) = owner {
                self.mark_op(owner);
            }
        }
        !was_live
    }

    /// Marks what a live value is made of.
    fn follow(&mut self, value: ValueId) {
        match self.function.values[value].def {
            ValueDef::Result(op, n) => {
                let n = n as usize;
                self.mark_op(op);
                match &self.function.ops[op].kind {
                    OpKind::If { then, other } => {
                        for region in [*then, *other] {
                            self.mark_yielded(region, n);
                        }
                    }
                    OpKind::Block { label, body } => {
                        self.mark_yielded(*body, n);
                        self.mark_operands(*label, n, false);
                    }
                    OpKind::For(f) => {
                        self.mark_value(self.function.regions[f.body].params[n + 1]);
                        self.mark_operands(f.label, n, false);
                        // What folds together stays together.
                        let is_with =
                            |at: usize| matches!(f.reductions.get(at), Some(Fold::With(_)));
                        let results = &self.function.ops[op].results;
                        if n > 0 && is_with(n) {
                            self.mark_value(results[n - 1]);
                        }
                        if is_with(n + 1) {
                            self.mark_value(results[n + 1]);
                        }
                    }
                    OpKind::While { label, cond, .. } => {
                        self.mark_yielded(*cond, n + 1);
                        self.mark_operands(*label, n, false);
                    }
                    _ => {}
                }
            }
            ValueDef::Param(region, n) => {
                let n = n as usize;
                let Some(owner) = self.structure.owner_of[region] else {
                    return;
                };
                let data = &self.function.ops[owner];
                match &data.kind {
                    OpKind::For(f) if n > 0 => {
                        self.mark_value(data.args[n + 1]);
                        self.mark_operands(f.label, n - 1, true);
                        // A result goes with each parameter.
                        self.mark_value(data.results[n - 1]);
                    }
                    OpKind::While { label, cond, body } => {
                        if region == *body {
                            self.mark_yielded(*cond, n + 1);
                            self.mark_value(data.results[n]);
                        } else {
                            self.mark_value(data.args[n]);
                            self.mark_operands(*label, n, true);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn mark_yielded(&mut self, region: RegionId, n: usize) {
        if falls_through(self.function, region) {
            let end = terminator(self.function, region);
            self.mark_value(self.function.ops[end].args[n]);
        }
    }

    fn mark_operands(&mut self, label: LabelId, n: usize, next: bool) {
        let uses = &self.structure.labels[label];
        let jumps = if next { &uses.nexts } else { &uses.breaks };
        for &jump in jumps {
            self.mark_value(self.function.ops[jump].args[n]);
        }
    }
}

/// Takes out the slots of structured ops whose value nobody reads.
fn trim(
    function: &mut Function,
    structure: &Structure,
    values: &IndexVec<ValueId, bool>,
    ops: &IndexVec<OpId, bool>,
) {
    for &op in &structure.order {
        if !ops[op] {
            continue;
        }
        match function.ops[op].kind.clone() {
            OpKind::If { then, other } => {
                let keep = flags(values, &function.ops[op].results);
                for region in [then, other] {
                    trim_yield(function, region, 0, &keep);
                }
                trim_results(function, op, &keep);
            }
            OpKind::Block { label, body } => {
                let keep = flags(values, &function.ops[op].results);
                trim_yield(function, body, 0, &keep);
                trim_jumps(function, &structure.labels[label].breaks, &keep);
                trim_results(function, op, &keep);
            }
            OpKind::For(f) => {
                let params = &function.regions[f.body].params[1..];
                let keep: Vec<bool> = params
                    .iter()
                    .zip(&function.ops[op].results)
                    .map(|(p, r)| values[*p] || values[*r])
                    .collect();
                let uses = &structure.labels[f.label];
                trim_jumps(function, &uses.nexts, &keep);
                trim_jumps(function, &uses.breaks, &keep);
                retain(&mut function.ops[op].args, 2, &keep);
                trim_params(function, f.body, 1, &keep);
                trim_results(function, op, &keep);
                if let OpKind::For(f) = &mut function.ops[op].kind {
                    retain(&mut f.reductions, 0, &keep);
                }
            }
            OpKind::While { label, cond, body } => {
                let uses = &structure.labels[label];
                let carried = flags(values, &function.regions[cond].params);
                trim_jumps(function, &uses.nexts, &carried);
                retain(&mut function.ops[op].args, 0, &carried);
                trim_params(function, cond, 0, &carried);
                let handed: Vec<bool> = function.regions[body]
                    .params
                    .iter()
                    .zip(&function.ops[op].results)
                    .map(|(p, r)| values[*p] || values[*r])
                    .collect();
                trim_yield(function, cond, 1, &handed);
                trim_jumps(function, &uses.breaks, &handed);
                trim_params(function, body, 0, &handed);
                trim_results(function, op, &handed);
            }
            _ => {}
        }
    }
}

fn flags(values: &IndexVec<ValueId, bool>, of: &[ValueId]) -> Vec<bool> {
    of.iter().map(|v| values[*v]).collect()
}

/// Keeps the first `fixed` items and those with a flag.
fn retain<T>(items: &mut Vec<T>, fixed: usize, keep: &[bool]) {
    let mut n = 0;
    items.retain(|_| {
        n += 1;
        n <= fixed || keep.get(n - 1 - fixed).copied().unwrap_or(true)
    });
}

fn trim_yield(function: &mut Function, region: RegionId, fixed: usize, keep: &[bool]) {
    if falls_through(function, region) {
        let end = terminator(function, region);
        retain(&mut function.ops[end].args, fixed, keep);
    }
}

fn trim_jumps(function: &mut Function, jumps: &[OpId], keep: &[bool]) {
    for &jump in jumps {
        retain(&mut function.ops[jump].args, 0, keep);
    }
}

fn trim_results(function: &mut Function, op: OpId, keep: &[bool]) {
    retain(&mut function.ops[op].results, 0, keep);
    for (n, result) in function.ops[op].results.clone().into_iter().enumerate() {
        function.values[result].def = ValueDef::Result(op, n as u32);
    }
}

fn trim_params(function: &mut Function, region: RegionId, fixed: usize, keep: &[bool]) {
    retain(&mut function.regions[region].params, fixed, keep);
    for (n, param) in function.regions[region]
        .params
        .clone()
        .into_iter()
        .enumerate()
    {
        function.values[param].def = ValueDef::Param(region, n as u32);
    }
}
