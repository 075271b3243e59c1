//! Integers in loops that run in lanes, in as few bits as their values need: more lanes fit in a register.
//!
//! `int(a[i]) + int(b[i]) > 300` of bytes is arithmetic on 64 bits to Python, and on 16 bits to whoever looks at the
//! numbers that it can give. What is extended from a narrower type is bounded by that type, and sums, products and the like
//! of such values by those of their operands; nothing else is asked, so it rests on no proof that code may have moved away
//! from. Values that meet (as operands, or in a comparison) form a group and get one type, the narrowest that holds all of
//! them. Whoever else needs one of them extends it.
//!
//! Only innermost loops, and only where that gains in lanes: scalar code has no use for it.

use rustc_hash::FxHashMap;
use snek_analysis::structure::{Structure, is_loop};
use snek_mir::edit;
use snek_mir::ir::{
    Convert, Function, IntOp, IntUnaryOp, LoopKind, OpId, OpKind, Overflow, Scalar, SiteId, Type,
    ValueId,
};

use crate::report::{LoopShape, Names, Notes};
use crate::rewrite::{emit, place_of};
use crate::vectorise::shape::Known;
use crate::vectorise::{chunk, gain_in_lanes};

/// The types that a group may get, narrowest first.
const TYPES: [Scalar; 5] = [
    Scalar::I8,
    Scalar::U8,
    Scalar::I16,
    Scalar::U16,
    Scalar::I32,
];

/// Runs the pass.
pub fn run(function: &mut Function, names: &Names, notes: &mut Notes) {
    let structure = Structure::new(function);
    let is_innermost = |op: &OpId| match &function.ops[*op].kind {
        OpKind::For(f) if f.kind == LoopKind::Serial => {
            let mut inner = edit::ops_in(function, f.body).into_iter();
            !inner.any(|op| is_loop(&function.ops[op].kind))
        }
        _ => false,
    };
    let loops = structure.order.iter().copied();
    for op in loops.filter(is_innermost).collect::<Vec<OpId>>() {
        let groups = Groups::of(function, op);
        if groups.types.is_empty() {
            continue;
        }
        let mut trial = function.clone();
        groups.rewrite(&mut trial);
        crate::dce::run(&mut trial);
        if gain(&trial, names, op) > gain(function, names, op).max(1.0) {
            let bits = groups.types.values().map(|scalar| scalar.bits()).max();
            let bits = bits.unwrap_or_default();
            notes.shaped(function, op, LoopShape::Narrow { bits });
            *function = trial;
        }
    }
}

fn gain(function: &Function, names: &Names, op: OpId) -> f64 {
    let known = Known::of(function, names);
    gain_in_lanes(&known.context(), op, chunk(function) == Some(op))
}

/// The least and the greatest value.
type Interval = (i128, i128);

/// A value that may have fewer bits.
struct Member {
    value: ValueId,
    op: OpId,
    interval: Interval,
}

/// Values that may have fewer bits, in the order of the text, and the types that their groups get.
struct Groups {
    members: Vec<Member>,
    at: FxHashMap<ValueId, usize>,
    /// For each member another one of its group, or itself.
    parents: Vec<usize>,
    /// By the first of a group.
    types: FxHashMap<usize, Scalar>,
    /// Comparisons that are made in the type of their operands' group.
    compares: Vec<OpId>,
}

impl Groups {
    fn of(function: &Function, op: OpId) -> Groups {
        let mut groups = Groups {
            members: Vec::new(),
            at: FxHashMap::default(),
            parents: Vec::new(),
            types: FxHashMap::default(),
            compares: Vec::new(),
        };
        let OpKind::For(f) = &function.ops[op].kind else {
            return groups;
        };
        let ops = edit::ops_in(function, f.body);
        for op in &ops {
            groups.add(function, *op);
        }
        for op in ops {
            groups.add_compare(function, op);
        }
        groups.choose(function);
        groups
    }

    fn root(&self, mut member: usize) -> usize {
        while self.parents[member] != member {
            member = self.parents[member];
        }
        member
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b)] = a.min(b);
    }

    /// What a value can be, if that is known: of a member or of a constant.
    fn interval(&self, function: &Function, value: ValueId) -> Option<Interval> {
        match self.at.get(&value) {
            Some(member) => Some(self.members[*member].interval),
            None => {
                let number = function.const_int(value)?;
                let number = match function.ty(value) {
                    Type::Scalar(Scalar::U64) => i128::from(number as u64),
                    _ => i128::from(number),
                };
                Some((number, number))
            }
        }
    }

    /// Takes the result of an op as a member, if its values are known.
    fn add(&mut self, function: &Function, op: OpId) {
        let data = &function.ops[op];
        let &[value] = &data.results[..] else {
            return;
        };
        let Type::Scalar(ty) = function.ty(value) else {
            return;
        };
        if !ty.is_int() {
            return;
        }
        let operands = match data.kind {
            OpKind::Select => &data.args[1..],
            OpKind::Convert(Convert::Extend) => &[][..],
            _ => &data.args[..],
        };
        let known: Option<Vec<Interval>> = operands
            .iter()
            .map(|arg| self.interval(function, *arg))
            .collect();
        let Some(known) = known else { return };
        let interval = match (&data.kind, &known[..]) {
            (OpKind::Convert(Convert::Extend), _) => extended(function, data.args[0], ty),
            (OpKind::Select, [a, b]) => Some((a.0.min(b.0), a.1.max(b.1))),
            (OpKind::Int(int, _), [a, b]) => binary(*int, *a, *b),
            (OpKind::IntUnary(IntUnaryOp::Neg, _), [a]) => Some((-a.1, -a.0)),
            (OpKind::IntUnary(IntUnaryOp::Abs, _), [a]) => {
                let most = a.0.abs().max(a.1.abs());
                Some((0, most))
            }
            _ => None,
        };
        let Some(interval) = interval else { return };
        if interval.0 < ty.min_value() || interval.1 > ty.max_value() {
            return;
        }
        let member = self.members.len();
        let operands = operands.to_vec();
        self.at.insert(value, member);
        self.parents.push(member);
        self.members.push(Member {
            value,
            op,
            interval,
        });
        for operand in operands {
            if let Some(other) = self.at.get(&operand) {
                self.join(member, *other);
            }
        }
    }

    /// Takes a comparison of members, or of a member with a constant.
    fn add_compare(&mut self, function: &Function, op: OpId) {
        let data = &function.ops[op];
        if !matches!(data.kind, OpKind::Compare(_)) {
            return;
        }
        let known = |arg: &ValueId| self.interval(function, *arg).is_some();
        if !data.args.iter().all(known) {
            return;
        }
        match [data.args[0], data.args[1]].map(|arg| self.at.get(&arg).copied()) {
            [Some(a), Some(b)] => self.join(a, b),
            [None, None] => return,
            [Some(_), None] | [None, Some(_)] => {}
        }
        self.compares.push(op);
    }

    /// Finds the type of each group in which something is computed.
    fn choose(&mut self, function: &Function) {
        let mut all: FxHashMap<usize, (Interval, bool, u32)> = FxHashMap::default();
        let mut include = |root: usize, interval: Interval, computes: bool, least: u32| {
            let of = all.entry(root).or_insert((interval, false, 0));
            of.0 = (of.0.0.min(interval.0), of.0.1.max(interval.1));
            of.1 |= computes;
            of.2 = of.2.max(least);
        };
        for (number, member) in self.members.iter().enumerate() {
            let root = self.root(number);
            let data = &function.ops[member.op];
            let computes = !matches!(data.kind, OpKind::Convert(_));
            // Machines have no products and no shifts of bytes.
            let least = match data.kind {
                OpKind::Int(IntOp::Mul | IntOp::Shl | IntOp::Shr, _) => 16,
                _ => 8,
            };
            include(root, member.interval, computes, least);
            for arg in &data.args {
                if let Some(interval) = self.interval(function, *arg)
                    && computes
                {
                    include(root, interval, computes, least);
                }
            }
        }
        for op in &self.compares {
            let args = &function.ops[*op].args;
            let Some(member) = args.iter().find_map(|arg| self.at.get(arg)) else {
                continue;
            };
            for arg in args {
                if let Some(interval) = self.interval(function, *arg) {
                    include(self.root(*member), interval, true, 8);
                }
            }
        }
        for (root, (interval, computes, least)) in all {
            let Type::Scalar(now) = function.ty(self.members[root].value) else {
                continue;
            };
            let fits = |ty: &&Scalar| {
                ty.bits() >= least
                    && ty.bits() < now.bits()
                    && ty.min_value() <= interval.0
                    && interval.1 <= ty.max_value()
            };
            if let (true, Some(ty)) = (computes, TYPES.iter().find(fits)) {
                self.types.insert(root, *ty);
            }
        }
    }

    fn type_of(&self, value: ValueId) -> Option<Scalar> {
        let member = *self.at.get(&value)?;
        self.types.get(&self.root(member)).copied()
    }

    /// Computes the members in their new types, and lets others use these.
    fn rewrite(&self, function: &mut Function) {
        let mut new: FxHashMap<ValueId, ValueId> = FxHashMap::default();
        let mut wide: FxHashMap<ValueId, ValueId> = FxHashMap::default();
        for member in &self.members {
            let Some(ty) = self.type_of(member.value) else {
                continue;
            };
            let Some((region, at)) = place_of(function, member.op) else {
                continue;
            };
            let mut out = Vec::new();
            let made = narrowed(function, &mut out, member.op, ty, &new);
            let site = function.ops[member.op].site;
            let old = function.ty(member.value);
            let extend = OpKind::Convert(Convert::Extend);
            let again = emit(function, &mut out, extend, vec![made], old, site);
            new.insert(member.value, made);
            wide.insert(member.value, again);
            function.regions[region].ops.splice(at + 1..at + 1, out);
        }
        for op in &self.compares {
            let args = function.ops[*op].args.clone();
            let Some(ty) = args.iter().find_map(|arg| self.type_of(*arg)) else {
                continue;
            };
            let Some((region, at)) = place_of(function, *op) else {
                continue;
            };
            let site = function.ops[*op].site;
            let mut out = Vec::new();
            let args = args
                .into_iter()
                .map(|arg| operand(function, &mut out, arg, ty, site, &new));
            let args: Vec<ValueId> = args.collect();
            function.ops[*op].args = args;
            function.regions[region].ops.splice(at..at, out);
        }
        wide.extend(self.convert(function, &new));
        edit::replace_uses(function, &wide);
    }

    /// Conversions of members start from their new types. Gives what those to these very types are.
    fn convert(
        &self,
        function: &mut Function,
        new: &FxHashMap<ValueId, ValueId>,
    ) -> FxHashMap<ValueId, ValueId> {
        let mut same = FxHashMap::default();
        for op in edit::ops(function) {
            let data = &function.ops[op];
            let OpKind::Convert(convert) = data.kind else {
                continue;
            };
            let (arg, site) = (data.args[0], data.site);
            let (Some(from), Some(made)) = (self.type_of(arg), new.get(&arg)) else {
                continue;
            };
            let made = *made;
            let Type::Scalar(to) = function.ty(data.results[0]) else {
                continue;
            };
            match convert {
                // The lower bits are the same in all types.
                Convert::Truncate if to.bits() < from.bits() => {
                    function.ops[op].args = vec![made];
                }
                Convert::Truncate if to == from => {
                    same.insert(function.ops[op].results[0], made);
                }
                Convert::Truncate => {
                    function.ops[op].kind = OpKind::Convert(Convert::Extend);
                    function.ops[op].args = vec![made];
                }
                Convert::IntToFloat => {
                    let Some((region, at)) = place_of(function, op) else {
                        continue;
                    };
                    let mut out = Vec::new();
                    let value = match from {
                        Scalar::I32 => made,
                        _ => {
                            let extend = OpKind::Convert(Convert::Extend);
                            let ty = Type::Scalar(Scalar::I32);
                            emit(function, &mut out, extend, vec![made], ty, site)
                        }
                    };
                    function.ops[op].args = vec![value];
                    function.regions[region].ops.splice(at..at, out);
                }
                Convert::Extend
                | Convert::FloatToInt
                | Convert::FloatToFloat
                | Convert::Bitcast => {}
            }
        }
        same
    }
}

/// The values of a narrower integer that is extended to `to`.
fn extended(function: &Function, value: ValueId, to: Scalar) -> Option<Interval> {
    let Type::Scalar(from) = function.ty(value) else {
        return None;
    };
    let interval = match from {
        Scalar::Bool => (0, 1),
        _ if from.is_int() => (from.min_value(), from.max_value()),
        _ => return None,
    };
    // All values must be the same numbers in both types.
    let keeps = to.min_value() <= interval.0 && interval.1 <= to.max_value();
    (from.bits() < to.bits() && keeps).then_some(interval)
}

/// What an operation gives of values in two intervals.
fn binary(int: IntOp, a: Interval, b: Interval) -> Option<Interval> {
    // Far beyond all types, and far below what overflows here.
    let is_small = |interval: Interval| interval.0 > -(1 << 62) && interval.1 < 1 << 62;
    if !is_small(a) || !is_small(b) {
        return None;
    }
    let bits = |most: i128| (most as u128 + 1).next_power_of_two() as i128 - 1;
    let count = (b.0 == b.1 && (0..32).contains(&b.0)).then_some(b.0 as u32);
    match int {
        IntOp::Add => Some((a.0 + b.0, a.1 + b.1)),
        IntOp::Sub => Some((a.0 - b.1, a.1 - b.0)),
        IntOp::Mul => {
            let ends = [a.0 * b.0, a.0 * b.1, a.1 * b.0, a.1 * b.1];
            Some((*ends.iter().min()?, *ends.iter().max()?))
        }
        IntOp::Min => Some((a.0.min(b.0), a.1.min(b.1))),
        IntOp::Max => Some((a.0.max(b.0), a.1.max(b.1))),
        IntOp::And if a.0 >= 0 && b.0 >= 0 => Some((0, a.1.min(b.1))),
        IntOp::Or | IntOp::Xor if a.0 >= 0 && b.0 >= 0 => Some((0, bits(a.1.max(b.1)))),
        IntOp::Shl => count.map(|count| (a.0 << count, a.1 << count)),
        IntOp::Shr => count.map(|count| (a.0 >> count, a.1 >> count)),
        IntOp::And | IntOp::Or | IntOp::Xor | IntOp::FloorDiv | IntOp::FloorMod => None,
    }
}

/// The operand of an op in a type: what stands for a member, or the constant.
fn operand(
    function: &mut Function,
    out: &mut Vec<OpId>,
    value: ValueId,
    ty: Scalar,
    site: SiteId,
    new: &FxHashMap<ValueId, ValueId>,
) -> ValueId {
    match (new.get(&value), function.const_int(value)) {
        (Some(made), _) => *made,
        (None, Some(number)) => {
            let kind = OpKind::ConstInt(number);
            emit(function, out, kind, Vec::new(), Type::Scalar(ty), site)
        }
        // Members come before their users, and all else is a constant.
        (None, None) => value,
    }
}

/// Makes what a member's op gives in another type.
fn narrowed(
    function: &mut Function,
    out: &mut Vec<OpId>,
    op: OpId,
    ty: Scalar,
    new: &FxHashMap<ValueId, ValueId>,
) -> ValueId {
    let data = function.ops[op].clone();
    let site = data.site;
    if let OpKind::Convert(_) = data.kind {
        let from = data.args[0];
        return match function.ty(from) == Type::Scalar(ty) {
            true => from,
            false => emit(function, out, data.kind, vec![from], Type::Scalar(ty), site),
        };
    }
    let kind = match data.kind {
        OpKind::Int(int, _) => OpKind::Int(int, Overflow::Wrap),
        OpKind::IntUnary(int, _) => OpKind::IntUnary(int, Overflow::Wrap),
        other => other,
    };
    let condition = usize::from(matches!(kind, OpKind::Select));
    let mut args = data.args[..condition].to_vec();
    for arg in &data.args[condition..] {
        args.push(operand(function, out, *arg, ty, site, new));
    }
    emit(function, out, kind, args, Type::Scalar(ty), site)
}
