//! Sums of several integers, and what else may be grouped at will, wait least for what an iteration hands to the next:
//! `h + s + c + k` with a late `s` is `((h + k) + c) + s`.
//!
//! For arithmetic that wraps, in loops, where it makes the way from carried values shorter. Bits that one value chooses
//! from two others take three steps: `(x & y) ^ (~x & z)` is `((y ^ z) & x) ^ z`. So do those that most of three values have:
//! `(x & y) ^ (x & z) ^ (y & z)` is `((x ^ y) & (y ^ z)) ^ y`, whose first step is the second one of the next iteration where
//! values move on from name to name.

use oxc_index::IndexVec;
use rustc_hash::FxHashMap;
use snek_analysis::structure::Structure;
use snek_mir::edit;
use snek_mir::ir::{
    Convert, Function, IntOp, IntUnaryOp, OpId, OpKind, Overflow, RegionId, Type, ValueDef, ValueId,
};

use crate::rewrite::{emit, yielded};

/// Values that depend on the iteration before come about this much later than others, in cycles.
const LATE: u32 = 1 << 16;
/// Operands that are put together anew at most.
const OPERANDS: usize = 32;

/// Runs the pass.
pub fn run(function: &mut Function) {
    let is_loop = |op: &OpId| snek_analysis::structure::is_loop(&function.ops[*op].kind);
    let loops: Vec<OpId> = edit::ops(function).into_iter().filter(is_loop).collect();
    if loops.is_empty() {
        return;
    }
    let structure = Structure::new(function);
    let mut users = IndexVec::from_vec(vec![User::None; function.values.len()]);
    for &op in &structure.order {
        for arg in &function.ops[op].args {
            users[*arg] = match users[*arg] {
                User::None => User::One(op),
                _ => User::Many,
            };
        }
    }
    let mut pass = Balance {
        users,
        structure,
        function,
    };
    for op in loops {
        let body = match &pass.function.ops[op].kind {
            OpKind::For(f) => f.body,
            OpKind::While { body, .. } => *body,
            _ => continue,
        };
        let mut ranks = pass.carried(op, body);
        pass.region(body, &mut ranks);
    }
}

/// Who uses a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum User {
    None,
    One(OpId),
    Many,
}

/// When values of a loop's body are there, in cycles; others are there from the start.
type Ranks = FxHashMap<ValueId, u32>;

struct Balance<'f> {
    function: &'f mut Function,
    users: IndexVec<ValueId, User>,
    structure: Structure,
}

impl Balance<'_> {
    /// The carried values that an iteration computes anew. Those that it only hands on have been there for long.
    fn carried(&self, op: OpId, body: RegionId) -> Ranks {
        let function = &*self.function;
        let params = &function.regions[body].params;
        let OpKind::For(f) = &function.ops[op].kind else {
            return params.iter().map(|param| (*param, LATE)).collect();
        };
        let nexts = &self.structure.labels[f.label].nexts;
        let is_handed_on = |n: usize| {
            let arg = |next: &OpId| function.ops[*next].args.get(n).copied();
            let mut args = nexts.iter().map(arg);
            args.all(|arg| arg.is_some_and(|arg| params.contains(&arg)))
        };
        let carried = params[1..].iter().enumerate();
        let computed = carried.filter(|(n, _)| !is_handed_on(*n));
        computed.map(|(_, param)| (*param, LATE)).collect()
    }

    fn region(&mut self, region: RegionId, ranks: &mut Ranks) {
        let ops = std::mem::take(&mut self.function.regions[region].ops);
        let mut out = Vec::with_capacity(ops.len());
        for op in ops {
            self.choose(op, &mut out, ranks);
            self.majority(op, &mut out, ranks);
            if let Some(int) = self.kind(op)
                && !self.is_inner(op, int)
            {
                out.extend(self.balance(op, int, ranks));
            }
            let rank = match self.function.ops[op].kind {
                OpKind::If { then, other } => {
                    self.region(then, ranks);
                    self.region(other, ranks);
                    let values = [then, other].map(|side| yielded(self.function, side).to_vec());
                    rank_of(&values.concat(), ranks).max(self.rank(op, ranks))
                }
                _ => self.rank(op, ranks),
            };
            for result in &self.function.ops[op].results {
                ranks.insert(*result, rank);
            }
            out.push(op);
        }
        self.function.regions[region].ops = out;
    }

    /// When the results of an op are there.
    fn rank(&self, op: OpId, ranks: &Ranks) -> u32 {
        let data = &self.function.ops[op];
        rank_of(&data.args, ranks) + latency(&data.kind)
    }

    /// What may be grouped at will.
    fn kind(&self, op: OpId) -> Option<IntOp> {
        let data = &self.function.ops[op];
        let is_scalar = |value: &ValueId| matches!(self.function.ty(*value), Type::Scalar(_));
        match data.kind {
            OpKind::Int(int @ (IntOp::Add | IntOp::Mul), Overflow::Wrap | Overflow::Proved)
            | OpKind::Int(int @ (IntOp::And | IntOp::Or | IntOp::Xor), _)
                if data.results.iter().all(is_scalar) =>
            {
                Some(int)
            }
            _ => None,
        }
    }

    /// The op that uses a value, if there is one only.
    fn user(&self, value: ValueId) -> Option<OpId> {
        match self.users.get(value) {
            Some(User::One(op)) => Some(*op),
            _ => None,
        }
    }

    fn defined_by(&self, value: ValueId) -> Option<OpId> {
        match self.function.values[value].def {
            ValueDef::Result(op, _) => Some(op),
            ValueDef::Param(..) => None,
        }
    }

    /// Whether two ops are of the same run of code, so that one does not run without the other.
    fn are_together(&self, a: OpId, b: OpId) -> bool {
        let region = |op| self.structure.region_of.get(op).copied().flatten();
        region(a).is_some() && region(a) == region(b)
    }

    /// Whether an op is an operand of one of its kind alone.
    fn is_inner(&self, op: OpId, int: IntOp) -> bool {
        let user = self.user(self.function.ops[op].results[0]);
        user.is_some_and(|user| self.kind(user) == Some(int) && self.are_together(op, user))
    }

    /// The operands of a group.
    fn operands(&self, op: OpId, int: IntOp, found: &mut Vec<ValueId>) {
        for &arg in &self.function.ops[op].args {
            match self.defined_by(arg) {
                Some(inner) if self.kind(inner) == Some(int) && self.is_inner(inner, int) => {
                    self.operands(inner, int, found);
                }
                _ => found.push(arg),
            }
        }
    }

    /// Groups the operands of `root` anew, early ones first; gives the ops before it.
    fn balance(&mut self, root: OpId, int: IntOp, ranks: &mut Ranks) -> Vec<OpId> {
        let mut operands = Vec::new();
        self.operands(root, int, &mut operands);
        let rank = |value: &ValueId| ranks.get(value).copied().unwrap_or(0);
        let mut ranked: Vec<(u32, ValueId)> = operands.iter().map(|v| (rank(v), *v)).collect();
        let latency = latency(&OpKind::Int(int, Overflow::Wrap));
        let mut order = ranked.clone();
        let best = loop {
            order.sort_by_key(|(rank, _)| *rank);
            match order[..] {
                [_, (late, _)] => break late + latency,
                [_, (late, value), ..] => drop(order.splice(..2, [(late + latency, value)])),
                _ => return Vec::new(),
            }
        };
        let known = |op: OpId| rank_of(&self.function.ops[op].args, ranks) + latency;
        let is_few = (3..=OPERANDS).contains(&operands.len());
        if !is_few || best < LATE || best >= known(root) {
            return Vec::new();
        }
        let site = self.function.ops[root].site;
        let ty = self.function.ty(self.function.ops[root].results[0]);
        let kind = OpKind::Int(int, Overflow::Wrap);
        let mut out = Vec::new();
        loop {
            ranked.sort_by_key(|(rank, _)| *rank);
            let (first, second) = (ranked[0], ranked[1]);
            let args = vec![first.1, second.1];
            if ranked.len() == 2 {
                self.function.ops[root].kind = kind;
                self.function.ops[root].args = args;
                return out;
            }
            let sum = emit(self.function, &mut out, kind.clone(), args, ty, site);
            let rank = first.0.max(second.0) + latency;
            ranks.insert(sum, rank);
            ranked.splice(..2, [(rank, sum)]);
        }
    }

    /// `(x & y) ^ (~x & z)`, or with `|`.
    fn choose(&mut self, op: OpId, out: &mut Vec<OpId>, ranks: &mut Ranks) {
        let (Some(IntOp::Xor | IntOp::Or), [a, b]) =
            (self.kind(op), &self.function.ops[op].args[..])
        else {
            return;
        };
        let Some((x, y, z)) = self.choice(op, *a, *b).or_else(|| self.choice(op, *b, *a)) else {
            return;
        };
        let ty = self.function.ty(x);
        let site = self.function.ops[op].site;
        let kind = |int| OpKind::Int(int, Overflow::Wrap);
        let apart = emit(self.function, out, kind(IntOp::Xor), vec![y, z], ty, site);
        let chosen = emit(
            self.function,
            out,
            kind(IntOp::And),
            vec![apart, x],
            ty,
            site,
        );
        for value in [apart, chosen] {
            if let Some(by) = self.defined_by(value) {
                let rank = self.rank(by, ranks);
                ranks.insert(value, rank);
            }
        }
        self.function.ops[op].kind = kind(IntOp::Xor);
        self.function.ops[op].args = vec![chosen, z];
    }

    /// `(x & y) ^ (x & z) ^ (y & z)`, or with `|`.
    fn majority(&mut self, op: OpId, out: &mut Vec<OpId>, ranks: &mut Ranks) {
        let Some(int @ (IntOp::Xor | IntOp::Or)) = self.kind(op) else {
            return;
        };
        let operands = |value: ValueId, kind: IntOp| -> Option<[ValueId; 2]> {
            let by = self.defined_by(value)?;
            let args = self.function.ops[by].args.clone();
            (self.kind(by) == Some(kind)).then(|| args.try_into().ok())?
        };
        let [left, right] = self.function.ops[op].args[..] else {
            return;
        };
        let sides = operands(left, int).zip(operands(right, IntOp::And));
        let sides = sides.or_else(|| operands(right, int).zip(operands(left, IntOp::And)));
        let Some(([first, second], last)) = sides else {
            return;
        };
        let (Some(first), Some(second)) =
            (operands(first, IntOp::And), operands(second, IntOp::And))
        else {
            return;
        };
        let common = |a: [ValueId; 2], b: [ValueId; 2]| {
            let mut shared = a.into_iter().filter(|value| b.contains(value));
            shared.next().filter(|_| shared.next().is_none())
        };
        let (Some(x), Some(y), Some(z)) = (
            common(first, second),
            common(first, last),
            common(second, last),
        ) else {
            return;
        };
        if x == y || y == z || x == z {
            return;
        }
        let (ty, site) = (self.function.ty(x), self.function.ops[op].site);
        let kind = |int| OpKind::Int(int, Overflow::Wrap);
        let mut step = |pass: &mut Self, int, args: [ValueId; 2]| {
            let value = emit(pass.function, out, kind(int), args.to_vec(), ty, site);
            ranks.insert(value, rank_of(&args, ranks) + latency(&kind(int)));
            value
        };
        let above = step(self, IntOp::Xor, [x, y]);
        let below = step(self, IntOp::Xor, [y, z]);
        let apart = step(self, IntOp::And, [above, below]);
        self.function.ops[op].kind = kind(IntOp::Xor);
        self.function.ops[op].args = vec![apart, y];
    }

    /// `x`, `y` and `z` of a choice whose sides are used nowhere else.
    fn choice(
        &self,
        op: OpId,
        plain: ValueId,
        negated: ValueId,
    ) -> Option<(ValueId, ValueId, ValueId)> {
        let sides = |value: ValueId| -> Option<[ValueId; 2]> {
            let by = self.defined_by(value)?;
            let is_own = self.user(value) == Some(op) && self.are_together(by, op);
            let args = self.function.ops[by].args.clone();
            (is_own && self.kind(by) == Some(IntOp::And)).then(|| args.try_into().ok())?
        };
        let negation = |value: ValueId| {
            let by = self.function.def_op(value)?;
            matches!(by.kind, OpKind::IntUnary(IntUnaryOp::Not, _)).then(|| by.args[0])
        };
        let (plain, [first, second]) = (sides(plain)?, sides(negated)?);
        let ways = [(first, second), (second, first)];
        ways.into_iter().find_map(|(inverse, z)| {
            let x = negation(inverse)?;
            match plain {
                [a, y] | [y, a] if a == x => Some((x, y, z)),
                _ => None,
            }
        })
    }
}

fn rank_of(values: &[ValueId], ranks: &Ranks) -> u32 {
    let ranks = values
        .iter()
        .map(|value| ranks.get(value).copied().unwrap_or(0));
    ranks.max().unwrap_or(0)
}

/// Cycles, roughly.
fn latency(kind: &OpKind) -> u32 {
    match kind {
        OpKind::Int(IntOp::Mul, _) => 3,
        OpKind::Int(IntOp::FloorDiv | IntOp::FloorMod, _) => 20,
        OpKind::Int(IntOp::Min | IntOp::Max, _) => 2,
        OpKind::Load(_) | OpKind::Float(_) | OpKind::FloatUnary(_) => 4,
        OpKind::Convert(Convert::IntToFloat | Convert::FloatToInt) => 5,
        OpKind::ConstInt(_) | OpKind::ConstFloat(_) => 0,
        kind if !kind.regions().is_empty() => 8,
        _ => 1,
    }
}
