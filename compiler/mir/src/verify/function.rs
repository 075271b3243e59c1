//! The rules within one function.

use super::{fold, list};
use crate::ir::{
    Compare, Fold, For, Function, LabelId, LoopKind, OpId, OpKind, Overflow, Program, ReductionOp,
    RegionId, Role, Scalar, SiteId, Type, ValueDef, ValueId,
};
use crate::ops::Raises;
use crate::typing::check_types;
use oxc_index::IndexVec;

/// A structured op around what is being checked.
#[derive(Clone, Copy)]
struct Enclosing {
    op: OpId,
    region: RegionId,
}

struct Checker<'p> {
    program: &'p Program,
    function: &'p Function,
    faults: Vec<(Option<OpId>, String)>,
    visible: IndexVec<ValueId, bool>,
    seen_ops: IndexVec<OpId, bool>,
    seen_regions: IndexVec<RegionId, bool>,
    seen_labels: IndexVec<LabelId, bool>,
    enclosing: Vec<Enclosing>,
}

/// All faults of a function.
pub(super) fn check(program: &Program, function: &Function) -> Vec<(Option<OpId>, String)> {
    let mut checker = Checker {
        program,
        function,
        faults: Vec::new(),
        visible: IndexVec::from_vec(vec![false; function.values.len()]),
        seen_ops: IndexVec::from_vec(vec![false; function.ops.len()]),
        seen_regions: IndexVec::from_vec(vec![false; function.regions.len()]),
        seen_labels: IndexVec::from_vec(vec![false; function.labels.len()]),
        enclosing: Vec::new(),
    };
    if program.frames.get(function.frame).is_none() {
        checker.fault(
            None,
            format!("its frame #{} does not exist", function.frame.index()),
        );
    }
    if function.recursive && !function.may_raise {
        checker.fault(None, "it is recursive, so it may raise RecursionError");
    }
    if function.role == Role::Combine && function.recursive {
        checker.fault(None, "a combiner is recursive");
    }
    if function.role == Role::Leaf && function.may_raise {
        checker.fault(None, "a leaf may raise");
    }
    if function.regions.get(function.body).is_none() {
        checker.fault(None, "its body does not exist");
        return checker.faults;
    }
    checker.region(function.body, None);
    // Only a well-formed tree is looked at further.
    if checker.faults.is_empty() {
        for (op, message) in fold::check(function) {
            checker.fault(Some(op), message);
        }
    }
    checker.faults
}

impl Checker<'_> {
    fn fault(&mut self, op: Option<OpId>, message: impl Into<String>) {
        self.faults.push((op, message.into()));
    }

    fn expect(&mut self, op: OpId, condition: bool, message: impl FnOnce() -> String) {
        if !condition {
            self.fault(Some(op), message());
        }
    }

    fn types(&self, values: &[ValueId]) -> Vec<Type> {
        values
            .iter()
            .filter_map(|value| self.function.values.get(*value))
            .map(|value| value.ty)
            .collect()
    }

    fn define(&mut self, op: Option<OpId>, value: ValueId, def: ValueDef) {
        let Some(data) = self.function.values.get(value) else {
            self.fault(op, format!("its value %{} does not exist", value.index()));
            return;
        };
        if data.def != def {
            self.fault(
                op,
                format!("%{} says that it is defined elsewhere", value.index()),
            );
        }
        if let Type::Array(array) = data.ty
            && !(1..=4).contains(&array.rank)
        {
            self.fault(op, format!("%{} has rank {}", value.index(), array.rank));
        }
        if let Type::Vector(_, lanes) | Type::Mask(lanes) = data.ty
            && !((2..=64).contains(&lanes) && lanes.is_power_of_two())
        {
            self.fault(op, format!("%{} has {lanes} lanes", value.index()));
        }
        if let Type::Vector(Scalar::Bool, _) = data.ty {
            self.fault(
                op,
                format!("%{} is a vector of bools, not a mask", value.index()),
            );
        }
        self.visible[value] = true;
    }

    /// Checks a region that `owner` owns.
    fn region(&mut self, region: RegionId, owner: Option<OpId>) {
        let function = self.function;
        let Some(data) = function.regions.get(region) else {
            self.fault(
                owner,
                format!("its region #{} does not exist", region.index()),
            );
            return;
        };
        if std::mem::replace(&mut self.seen_regions[region], true) {
            self.fault(owner, "its region has two owners");
            return;
        }
        let mut defined = data.params.clone();
        for (index, param) in data.params.iter().enumerate() {
            self.define(owner, *param, ValueDef::Param(region, index as u32));
        }
        for (index, op) in data.ops.iter().enumerate() {
            let Some(op_data) = function.ops.get(*op) else {
                self.fault(owner, format!("an op #{} does not exist", op.index()));
                continue;
            };
            if std::mem::replace(&mut self.seen_ops[*op], true) {
                self.fault(Some(*op), "is in two places");
                continue;
            }
            let last = index + 1 == data.ops.len();
            if op_data.kind.is_terminator() != last {
                let message = if last {
                    "the region ends without a terminator"
                } else {
                    "a terminator, but ops follow"
                };
                self.fault(Some(*op), message);
            }
            self.op(*op, region);
            for (index, result) in op_data.results.iter().enumerate() {
                self.define(Some(*op), *result, ValueDef::Result(*op, index as u32));
                defined.push(*result);
            }
        }
        if data.ops.is_empty() {
            self.fault(owner, "a region is empty");
        }
        for value in defined {
            if let Some(visible) = self.visible.get_mut(value) {
                *visible = false;
            }
        }
    }

    fn op(&mut self, op: OpId, region: RegionId) {
        let function = self.function;
        let data = &function.ops[op];
        for arg in &data.args {
            match self.visible.get(*arg) {
                None => {
                    self.fault(Some(op), format!("%{} does not exist", arg.index()));
                    return;
                }
                Some(false) => {
                    self.fault(Some(op), format!("%{} is not visible here", arg.index()));
                }
                Some(true) => {}
            }
        }
        self.site(op, data.site);
        if data
            .results
            .iter()
            .any(|v| function.values.get(*v).is_none())
        {
            return; // `define` says so.
        }
        let args = self.types(&data.args);
        let results = self.types(&data.results);
        if let Err(message) = check_types(&data.kind, &args, &results) {
            self.fault(Some(op), message);
        }
        if !function.may_raise && self.may_raise(&data.kind) {
            self.fault(Some(op), "may raise, in a function that may not");
        }
        match &data.kind {
            OpKind::Call(callee) => match self.program.functions.get(*callee) {
                None => self.fault(Some(op), "calls a function that does not exist"),
                Some(callee) => {
                    let params = types_of(callee, &callee_params(callee));
                    self.want(op, "operands", &args, &params);
                    self.want(op, "results", &results, &callee.results);
                    self.expect(op, matches!(callee.role, Role::Plain | Role::Leaf), || {
                        format!("@{} is not to be called so", callee.symbol)
                    });
                }
            },
            OpKind::ParallelCall { .. } => self.parallel_call(op, &args, &results),
            OpKind::If { then, other } => {
                self.want(op, "operands", &args, &[Type::BOOL]);
                for inner in [*then, *other] {
                    self.params(op, inner, &[]);
                    self.nested(op, inner);
                }
            }
            OpKind::Block { label, body } => {
                self.want(op, "operands", &args, &[]);
                self.label(op, *label);
                self.params(op, *body, &[]);
                self.nested(op, *body);
            }
            OpKind::For(data) => self.for_(op, data, &args, &results),
            OpKind::While { label, cond, body } => {
                self.label(op, *label);
                self.params(op, *cond, &args);
                self.params(op, *body, &results);
                self.nested(op, *cond);
                self.nested(op, *body);
            }
            OpKind::Yield => self.yield_(op, region, &args),
            OpKind::Next(label) => self.next(op, *label, &args),
            OpKind::Break(label) => self.break_(op, *label, &args),
            OpKind::Return => {
                self.want(op, "results of the function", &args, &function.results);
                if self
                    .enclosing
                    .iter()
                    .any(|outer| self.is_parallel(outer.op))
                {
                    self.fault(Some(op), "leaves a parallel loop");
                }
            }
            OpKind::Raise(raise) => {
                self.want(op, "message operands", &args, &raise.message.operands());
            }
            OpKind::Unreachable => self.want(op, "operands", &args, &[]),
            _ => {}
        }
        if data.kind.is_terminator() && !results.is_empty() {
            self.fault(Some(op), "a terminator with results");
        }
    }

    fn may_raise(&self, kind: &OpKind) -> bool {
        match kind.properties().raises {
            Raises::No => false,
            Raises::Yes => true,
            Raises::Callee => {
                let raises = |id: crate::ir::FunctionId| {
                    self.program
                        .functions
                        .get(id)
                        .is_none_or(|function| function.may_raise)
                };
                match kind {
                    OpKind::Call(callee) => raises(*callee),
                    OpKind::ParallelCall { body, combine, .. } => {
                        raises(*body) || combine.is_some_and(raises)
                    }
                    _ => true,
                }
            }
        }
    }

    fn site(&mut self, op: OpId, site: SiteId) {
        let function = self.function;
        let mut next = Some(site);
        let mut steps = 0;
        while let Some(site) = next {
            let Some(data) = function.sites.get(site) else {
                self.fault(Some(op), "its site does not exist");
                return;
            };
            if self.program.frames.get(data.frame).is_none() {
                self.fault(Some(op), "the frame of its site does not exist");
            }
            steps += 1;
            if steps > function.sites.len() {
                self.fault(Some(op), "its chain of sites has no end");
                return;
            }
            next = data.caller;
        }
    }

    fn want(&mut self, op: OpId, what: &str, found: &[Type], want: &[Type]) {
        self.expect(op, found == want, || {
            format!("{what} are ({}), want ({})", list(found), list(want))
        });
    }

    /// Checks the parameters of an owned region.
    fn params(&mut self, op: OpId, region: RegionId, want: &[Type]) {
        if let Some(data) = self.function.regions.get(region) {
            let found = self.types(&data.params);
            self.want(op, "parameters of its region", &found, want);
        }
    }

    fn nested(&mut self, op: OpId, region: RegionId) {
        self.enclosing.push(Enclosing { op, region });
        self.region(region, Some(op));
        self.enclosing.pop();
    }

    fn label(&mut self, op: OpId, label: LabelId) {
        match self.seen_labels.get_mut(label) {
            None => self.fault(Some(op), "its label does not exist"),
            Some(seen) => {
                if std::mem::replace(seen, true) {
                    self.fault(Some(op), "its label is taken");
                }
            }
        }
    }

    fn is_parallel(&self, op: OpId) -> bool {
        matches!(&self.function.ops[op].kind, OpKind::For(data) if data.kind == LoopKind::Parallel)
    }

    fn for_(&mut self, op: OpId, data: &For, args: &[Type], results: &[Type]) {
        self.label(op, data.label);
        self.expect(op, data.step != 0, || "its step is 0".to_string());
        if args.len() < 2 {
            self.fault(Some(op), "wants start and stop");
            return;
        }
        self.want(op, "start and stop", &args[..2], &[Type::I64; 2]);
        let mut params = vec![Type::I64];
        params.extend(&args[2..]);
        self.params(op, data.body, &params);
        self.want(op, "results", results, &args[2..]);
        if data.kind == LoopKind::Parallel {
            self.expect(op, data.reductions.len() == results.len(), || {
                format!(
                    "carries {} values but declares {} reductions",
                    results.len(),
                    data.reductions.len()
                )
            });
            self.folds(op, &data.reductions, results);
        } else {
            self.expect(op, data.reductions.is_empty(), || {
                "declares reductions but is not parallel".to_string()
            });
        }
        if let LoopKind::Vector(lanes) = data.kind {
            self.expect(
                op,
                (2..=64).contains(&lanes) && lanes.is_power_of_two(),
                || format!("has {lanes} lanes"),
            );
        }
        self.nested(op, data.body);
    }

    fn folds(&mut self, op: OpId, folds: &[Fold], types: &[Type]) {
        let mut folds_with = false;
        for (n, (fold, ty)) in folds.iter().zip(types).enumerate() {
            match fold {
                Fold::By(by, overflow) => {
                    self.expect(op, fold_is_legal(*by, *overflow, *ty), || {
                        format!("cannot fold {ty} by {}.{}", by.name(), overflow.name())
                    });
                }
                Fold::Best(compare) => {
                    let flag = match compare {
                        Compare::Lt | Compare::Gt => true,
                        Compare::Le | Compare::Ge => {
                            types.get(n + 1) == Some(&Type::BOOL)
                                && matches!(folds.get(n + 1), Some(Fold::With(_)))
                        }
                        Compare::Eq | Compare::Ne => false,
                    };
                    self.expect(op, flag && ty.scalar().is_some(), || {
                        format!("cannot choose {ty} by {}", compare.name())
                    });
                }
                Fold::Call { function, .. } => {
                    let rest = folds[n + 1..].iter();
                    let more = rest
                        .take_while(|fold| matches!(fold, Fold::With(_)))
                        .count();
                    let parts = &types[n..types.len().min(n + 1 + more)];
                    match self.program.functions.get(*function) {
                        Some(callee) => {
                            let found = types_of(callee, &callee_params(callee));
                            let want = [parts, parts].concat();
                            self.want(op, "parameters of the reduction", &found, &want);
                            self.want(op, "results of the reduction", &callee.results, parts);
                        }
                        None => self.fault(Some(op), "its reduction does not exist"),
                    }
                }
                Fold::With(_) => self.expect(op, folds_with, || {
                    "folds a value with another, but there is none before it".to_string()
                }),
            }
            folds_with = !matches!(fold, Fold::By(..));
        }
    }

    fn yield_(&mut self, op: OpId, region: RegionId, args: &[Type]) {
        let Some(owner) = self
            .enclosing
            .last()
            .copied()
            .filter(|e| e.region == region)
        else {
            self.fault(Some(op), "yields from the body of the function");
            return;
        };
        let data = &self.function.ops[owner.op];
        let results = self.types(&data.results);
        match &data.kind {
            OpKind::If { .. } | OpKind::Block { .. } => {
                self.want(op, "operands", args, &results);
            }
            OpKind::While { cond, .. } if *cond == region => {
                let mut want = vec![Type::BOOL];
                want.extend(results);
                self.want(op, "operands", args, &want);
            }
            _ => self.fault(Some(op), "yields from the body of a loop"),
        }
    }

    /// The op with this label around the current one, and the region of it that we are in. Reports what is left on the
    /// way that must not be.
    fn target(&mut self, op: OpId, label: LabelId) -> Option<Enclosing> {
        let position = self
            .enclosing
            .iter()
            .rposition(|outer| self.function.ops[outer.op].kind.label() == Some(label));
        let Some(position) = position else {
            self.fault(Some(op), "names nothing that is around it");
            return None;
        };
        if self.enclosing[position + 1..]
            .iter()
            .any(|inner| self.is_parallel(inner.op))
        {
            self.fault(Some(op), "leaves a parallel loop");
        }
        Some(self.enclosing[position])
    }

    fn next(&mut self, op: OpId, label: LabelId, args: &[Type]) {
        let Some(target) = self.target(op, label) else {
            return;
        };
        let data = &self.function.ops[target.op];
        match &data.kind {
            OpKind::For(_) => {
                let want = self.types(&data.args);
                self.want(op, "operands", args, want.get(2..).unwrap_or_default());
            }
            OpKind::While { body, .. } if *body == target.region => {
                let want = self.types(&data.args);
                self.want(op, "operands", args, &want);
            }
            _ => self.fault(Some(op), "continues what is not the body of a loop"),
        }
    }

    fn break_(&mut self, op: OpId, label: LabelId, args: &[Type]) {
        let Some(target) = self.target(op, label) else {
            return;
        };
        if self.is_parallel(target.op) {
            self.fault(Some(op), "leaves a parallel loop");
        }
        let data = &self.function.ops[target.op];
        if matches!(&data.kind, OpKind::While { cond, .. } if *cond == target.region) {
            self.fault(Some(op), "leaves a loop from its condition");
        }
        let results = self.types(&data.results);
        self.want(op, "operands", args, &results);
    }

    fn parallel_call(&mut self, op: OpId, args: &[Type], results: &[Type]) {
        let OpKind::ParallelCall {
            body,
            combine,
            step,
            identities,
            accumulators,
            schedule,
            ..
        } = &self.function.ops[op].kind
        else {
            return;
        };
        self.expect(op, *step != 0, || "its step is 0".to_string());
        self.expect(op, identities.len() == results.len(), || {
            format!(
                "has {} identities for {} results",
                identities.len(),
                results.len()
            )
        });
        self.expect(op, combine.is_some() != results.is_empty(), || {
            "has a combiner if and only if it has results".to_string()
        });
        let count = results.len();
        if args.len() < 2 + count {
            self.fault(Some(op), "wants start, stop and initial values");
            return;
        }
        self.want(op, "start and stop", &args[..2], &[Type::I64; 2]);
        self.want(op, "initial values", &args[2..2 + count], results);
        let mut args = args;
        if schedule.is_some() {
            let Some(rest) = args.len().checked_sub(2).filter(|n| *n >= 2 + count) else {
                self.fault(Some(op), "wants a chunk size and a number of threads");
                return;
            };
            self.want(op, "its options", &args[rest..], &[Type::I64; 2]);
            args = &args[..rest];
        }
        for (at, _) in accumulators {
            let found = args[2 + count..].get(*at as usize);
            self.expect(op, matches!(found, Some(Type::Array(_))), || {
                format!("captured value {at} is no array")
            });
        }
        match self.program.functions.get(*body) {
            Some(body) => {
                let mut want = args[2 + count..].to_vec();
                want.extend([Type::I64; 3]);
                want.extend(results);
                let found = types_of(body, &callee_params(body));
                self.want(op, "parameters of the body", &found, &want);
                self.want(op, "results of the body", &body.results, results);
                self.expect(op, body.role == Role::ParallelBody, || {
                    format!("@{} is no parallel body", body.symbol)
                });
            }
            None => self.fault(Some(op), "its body does not exist"),
        }
        if let Some(combine) = combine {
            match self.program.functions.get(*combine) {
                Some(combine) => {
                    let mut want = results.to_vec();
                    want.extend(results);
                    let found = types_of(combine, &callee_params(combine));
                    self.want(op, "parameters of the combiner", &found, &want);
                    self.want(op, "results of the combiner", &combine.results, results);
                    self.expect(op, combine.role == Role::Combine, || {
                        format!("@{} is no combiner", combine.symbol)
                    });
                }
                None => self.fault(Some(op), "its combiner does not exist"),
            }
        }
    }
}

fn callee_params(function: &Function) -> Vec<ValueId> {
    function
        .regions
        .get(function.body)
        .map(|body| body.params.clone())
        .unwrap_or_default()
}

fn types_of(function: &Function, values: &[ValueId]) -> Vec<Type> {
    values
        .iter()
        .filter_map(|value| function.values.get(*value))
        .map(|value| value.ty)
        .collect()
}

fn fold_is_legal(op: ReductionOp, overflow: Overflow, ty: Type) -> bool {
    let Some(scalar) = ty.scalar() else {
        return false;
    };
    let sums = matches!(op, ReductionOp::Add | ReductionOp::Mul);
    let type_fits = match op {
        ReductionOp::Add | ReductionOp::Mul => scalar != Scalar::Bool,
        ReductionOp::Min | ReductionOp::Max => true,
        ReductionOp::And | ReductionOp::Or | ReductionOp::Xor => !scalar.is_float(),
    };
    type_fits && (overflow == Overflow::Wrap || (sums && scalar.is_int()))
}
