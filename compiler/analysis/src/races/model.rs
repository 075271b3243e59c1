//! What is known of the integers in subscripts, as conditions of a [`System`](super::system::System): bounds of loops,
//! strides, remainders and quotients, minima, the branches that lead to a place.
//!
//! Each condition holds wherever its symbols are defined, or at the place that it was asked for. Symbols that are no
//! values of the function are numbered from [`SYNTHETIC`]; must never be looked up in the function.

use rustc_hash::{FxHashMap, FxHashSet};
use snek_mir::ir::{
    Compare, Function, IntOp, IntUnaryOp, OpId, OpKind, Overflow, Program, Scalar, Type, ValueDef,
    ValueId,
};

use super::system::replace;
use crate::affine::{Affine, Polynomial};
use crate::arrays::extent_of;
use crate::ranges::Ranges;
use crate::structure::{Structure, falls_through, terminator};

/// Symbols from here on are no values of the function.
pub(super) const SYNTHETIC: usize = 1 << 27;
/// Added to what varies in the second of two iterations.
pub(super) const OTHER: usize = 1 << 28;

/// Bounds beyond this say nothing.
const FAR: i128 = 1 << 40;
/// Conditions of one access beyond which no more are collected.
const CONDITIONS: usize = 48;

/// Subscripts, and what holds where they are used.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    pub subscripts: Vec<Polynomial>,
    /// Each is at least 0.
    pub conditions: Vec<Polynomial>,
}

/// What a symbol stands for.
#[derive(Clone, Debug, Default)]
struct Meaning {
    /// It is this.
    value: Option<Polynomial>,
    /// Each is at least 0.
    conditions: Vec<Polynomial>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// The iteration of a loop, counted from 0.
    Position(ValueId),
    /// A quotient rounded down.
    Quotient(
        Vec<(Vec<ValueId>, i128)>,
        i128,
        Vec<(Vec<ValueId>, i128)>,
        i128,
    ),
    Extent(ValueId, u8),
}

/// The integers of one function, seen from one loop.
pub(super) struct Model<'f> {
    program: &'f Program,
    function: &'f Function,
    structure: &'f Structure,
    facts: &'f Ranges,
    pub affine: Affine<'f>,
    /// The parallel loop; `None` for a function that is called.
    scope: Option<OpId>,
    /// What is supposed not to be negative.
    pub nonnegative: Vec<ValueId>,
    /// Steps of the parallel loop that are not constant: their sign is not known.
    pub steps: Vec<Polynomial>,
    /// Symbols of which nothing more is known than their conditions.
    pub opaque: FxHashSet<ValueId>,
    made: FxHashMap<Key, ValueId>,
    /// Whether each synthetic symbol differs from iteration to iteration.
    varying: Vec<bool>,
    meanings: FxHashMap<ValueId, Meaning>,
}

impl<'f> Model<'f> {
    pub fn new(
        program: &'f Program,
        function: &'f Function,
        structure: &'f Structure,
        facts: &'f Ranges,
        scope: Option<OpId>,
    ) -> Self {
        Self {
            program,
            function,
            structure,
            facts,
            affine: Affine::new(function, structure),
            scope,
            nonnegative: Vec::new(),
            steps: Vec::new(),
            opaque: FxHashSet::default(),
            made: FxHashMap::default(),
            varying: Vec::new(),
            meanings: FxHashMap::default(),
        }
    }

    /// A symbol that is no value.
    pub fn fresh(&mut self, varying: bool) -> ValueId {
        self.varying.push(varying);
        ValueId::from_usize(SYNTHETIC + self.varying.len() - 1)
    }

    fn synthetic(&mut self, key: Key, varying: bool) -> (ValueId, bool) {
        if let Some(known) = self.made.get(&key) {
            return (*known, false);
        }
        let symbol = self.fresh(varying);
        self.made.insert(key, symbol);
        (symbol, true)
    }

    /// Whether a symbol may differ from one iteration of the parallel loop to another.
    pub fn is_varying(&self, symbol: ValueId) -> bool {
        match symbol.index().checked_sub(SYNTHETIC) {
            Some(at) => self.varying.get(at).copied().unwrap_or(true),
            None => match self.scope {
                Some(scope) => !self.structure.is_invariant(self.function, symbol, scope),
                None => false,
            },
        }
    }

    fn varies(&self, polynomial: &Polynomial) -> bool {
        polynomial.symbols().iter().any(|v| self.is_varying(*v))
    }

    /// The iteration of the parallel loop, counted from 0.
    pub fn position(&mut self, induction: ValueId) -> ValueId {
        self.meaning(induction);
        self.synthetic(Key::Position(induction), true).0
    }

    /// The extent of an array.
    pub fn extent(&mut self, array: ValueId, axis: u8) -> Polynomial {
        let of = extent_of(self.function, array, axis);
        if let Some(known) = self.affine.extent(of) {
            return known;
        }
        let (symbol, new) = self.synthetic(Key::Extent(of.0, of.1), false);
        if new {
            let conditions = vec![Polynomial::symbol(symbol)];
            let meaning = Meaning {
                value: None,
                conditions,
            };
            self.meanings.insert(symbol, meaning);
        }
        Polynomial::symbol(symbol)
    }

    /// Subscripts in terms of symbols whose conditions are known, with these.
    pub fn form(&mut self, subscripts: &[Polynomial], conditions: &[Polynomial]) -> Form {
        let subscripts: Vec<Polynomial> = subscripts.iter().map(|p| self.expand(p)).collect();
        let mut form = Form {
            subscripts,
            conditions: Vec::new(),
        };
        let mut seen: FxHashSet<ValueId> = FxHashSet::default();
        let mut todo: Vec<ValueId> = Vec::new();
        let mut given: Vec<Polynomial> = conditions.to_vec();
        for polynomial in &form.subscripts {
            todo.extend(polynomial.symbols());
        }
        loop {
            if let Some(condition) = given.pop() {
                let condition = self.expand(&condition);
                if condition.as_constant().is_some_and(|c| c >= 0)
                    || form.conditions.contains(&condition)
                {
                    continue;
                }
                todo.extend(condition.symbols());
                form.conditions.push(condition);
            } else if let Some(symbol) = todo.pop() {
                if seen.insert(symbol) {
                    given.extend(self.meaning(symbol).conditions);
                }
            } else {
                break;
            }
            if form.conditions.len() > CONDITIONS {
                break;
            }
        }
        form
    }

    /// Replaces symbols by what they are.
    fn expand(&mut self, polynomial: &Polynomial) -> Polynomial {
        let mut result = polynomial.clone();
        for _ in 0..32 {
            let mut next = None;
            for symbol in result.symbols() {
                if let Some(value) = self.meaning(symbol).value {
                    next = replace(&result, symbol, &value);
                    if next.is_some() {
                        break;
                    }
                }
            }
            match next {
                Some(next) => result = next,
                None => break,
            }
        }
        result
    }

    fn meaning(&mut self, symbol: ValueId) -> Meaning {
        if let Some(known) = self.meanings.get(&symbol) {
            return known.clone();
        }
        // What it refers to may refer to it.
        self.meanings.insert(symbol, Meaning::default());
        let meaning = if symbol.index() >= SYNTHETIC {
            Meaning::default()
        } else {
            self.find(symbol)
        };
        self.meanings.insert(symbol, meaning.clone());
        meaning
    }

    fn find(&mut self, symbol: ValueId) -> Meaning {
        let mut meaning = Meaning::default();
        let own = Polynomial::symbol(symbol);
        if let Some(interval) = self.facts.intervals.get(symbol).copied().flatten() {
            if interval.lo.abs() < FAR {
                let bound = own.sub(&Polynomial::constant(interval.lo));
                meaning.conditions.push(bound);
            }
            if interval.hi.abs() < FAR {
                let bound = Polynomial::constant(interval.hi).sub(&own);
                meaning.conditions.push(bound);
            }
        }
        if self.nonnegative.contains(&symbol) {
            meaning.conditions.push(own.clone());
        }
        match self.function.values[symbol].def {
            ValueDef::Param(region, 0) => {
                let owner = self.structure.owner_of[region];
                match owner.map(|owner| (owner, &self.function.ops[owner])) {
                    Some((owner, op)) if matches!(op.kind, OpKind::For(_)) => {
                        self.induction(symbol, owner, &mut meaning);
                    }
                    Some(_) => self.note_opaque(symbol),
                    None => {}
                }
            }
            ValueDef::Param(region, _) => {
                if self.structure.owner_of[region].is_some() {
                    self.note_opaque(symbol);
                }
            }
            ValueDef::Result(op, _) => self.computed(symbol, op, &mut meaning),
        }
        meaning
    }

    fn note_opaque(&mut self, symbol: ValueId) {
        self.opaque.insert(symbol);
    }

    /// The variable of a loop.
    fn induction(&mut self, symbol: ValueId, owner: OpId, meaning: &mut Meaning) {
        let OpKind::For(f) = &self.function.ops[owner].kind else {
            return;
        };
        let args = &self.function.ops[owner].args;
        let (start, stop) = (self.affine.of(args[0]), self.affine.of(args[1]));
        let step = i128::from(f.step);
        let sign = step.signum();
        let one = Polynomial::constant(1);
        let mut item = Polynomial::symbol(symbol);
        if step.abs() != 1 || Some(owner) == self.scope {
            let varying = self.is_varying(symbol);
            let (position, _) = self.synthetic(Key::Position(symbol), varying);
            let position = Polynomial::symbol(position);
            item = start.add(&position.scale(step));
            meaning.conditions.push(position);
            meaning.value = Some(item.clone());
        } else {
            meaning.conditions.push(item.sub(&start).scale(sign));
        }
        let room = stop.sub(&item).scale(sign).sub(&one);
        meaning.conditions.push(room);
        // Conditions go with the symbols that are left of the value.
        if let Some(value) = &meaning.value
            && let Some(position) = value.symbols().into_iter().find(|v| v.index() >= SYNTHETIC)
        {
            let conditions = meaning.conditions.clone();
            let conditions = conditions
                .iter()
                .filter_map(|c| replace(c, symbol, value))
                .collect();
            let of_position = Meaning {
                value: None,
                conditions,
            };
            self.meanings.insert(position, of_position);
        }
    }

    fn computed(&mut self, symbol: ValueId, op: OpId, meaning: &mut Meaning) {
        let data = &self.function.ops[op];
        let own = Polynomial::symbol(symbol);
        let is_u64 = self.function.ty(symbol) == Type::Scalar(Scalar::U64);
        match data.kind {
            OpKind::Extent(_) => meaning.conditions.push(own),
            OpKind::Int(int @ (IntOp::FloorDiv | IntOp::FloorMod), _) if !is_u64 => {
                let divisor = self.affine.of(data.args[1]);
                let interval = self.facts.intervals[data.args[1]];
                let least = divisor
                    .as_constant()
                    .or(interval.map(|interval| interval.lo));
                let dividend = self.affine.of(data.args[0]);
                // It is not 0: that raises before.
                if least.is_some_and(|least| least >= 0) {
                    self.quotient(int == IntOp::FloorMod, &dividend, &divisor, meaning);
                }
            }
            OpKind::Int(IntOp::Shr, _) if !is_u64 => {
                if let Some(count @ 0..=62) = self.function.const_int(data.args[1]) {
                    let dividend = self.affine.of(data.args[0]);
                    self.quotient(false, &dividend, &Polynomial::constant(1 << count), meaning);
                }
            }
            OpKind::Int(IntOp::And, _) if !is_u64 => {
                for (x, mask) in [(0, 1), (1, 0)] {
                    if let Some(mask) = self.function.const_int(data.args[mask])
                        && mask > 0
                        && (i128::from(mask) + 1).count_ones() == 1
                    {
                        let dividend = self.affine.of(data.args[x]);
                        let divisor = Polynomial::constant(i128::from(mask) + 1);
                        self.quotient(true, &dividend, &divisor, meaning);
                        break;
                    }
                }
            }
            OpKind::Int(int @ (IntOp::Min | IntOp::Max), _) if !is_u64 => {
                let sign = if int == IntOp::Min { 1 } else { -1 };
                self.extreme(symbol, &data.args, sign, meaning);
            }
            OpKind::Call(callee) if !is_u64 && data.args.len() == 2 => {
                // The standard library's functions are calls until they are inlined.
                let frame = self.program.functions[callee].frame;
                match self.program.frames[frame].file.as_str() {
                    "<snek builtins/min>" => self.extreme(symbol, &data.args, 1, meaning),
                    "<snek builtins/max>" => self.extreme(symbol, &data.args, -1, meaning),
                    _ => self.note_opaque(symbol),
                }
            }
            OpKind::Int(IntOp::Add | IntOp::Mul, Overflow::Wrap) => match self.item(symbol) {
                Some((start, position, step, owner)) => {
                    let start = start.map_or(Polynomial::default(), |v| self.affine.of(v));
                    let step = self.affine.of(step);
                    let product = Polynomial::symbol(position).mul(&step);
                    meaning.value = product.map(|product| start.add(&product));
                    if Some(owner) == self.scope && !self.steps.contains(&step) {
                        self.steps.push(step);
                    }
                }
                None => self.note_opaque(symbol),
            },
            _ => self.note_opaque(symbol),
        }
        if meaning.value.is_some() {
            meaning.conditions.clear();
        }
    }

    /// The smallest (`sign` 1) or largest (-1) of integers.
    fn extreme(&mut self, symbol: ValueId, of: &[ValueId], sign: i128, meaning: &mut Meaning) {
        let own = Polynomial::symbol(symbol);
        for &value in of {
            let bound = self.affine.of(value).sub(&own);
            meaning.conditions.push(bound.scale(sign));
        }
        self.note_opaque(symbol);
    }

    /// A quotient rounded down, or the remainder, by a divisor of at least 1.
    fn quotient(
        &mut self,
        remainder: bool,
        dividend: &Polynomial,
        divisor: &Polynomial,
        meaning: &mut Meaning,
    ) {
        let key = Key::Quotient(
            dividend.terms.clone(),
            dividend.constant,
            divisor.terms.clone(),
            divisor.constant,
        );
        let varying = self.varies(dividend) || self.varies(divisor);
        let (symbol, new) = self.synthetic(key, varying);
        let quotient = Polynomial::symbol(symbol);
        let Some(whole) = quotient.mul(divisor) else {
            return;
        };
        let rest = dividend.sub(&whole);
        if new {
            let room = divisor.sub(&rest).sub(&Polynomial::constant(1));
            let positive = divisor.sub(&Polynomial::constant(1));
            let of_quotient = Meaning {
                value: None,
                conditions: vec![rest.clone(), room, positive],
            };
            self.meanings.insert(symbol, of_quotient);
        }
        meaning.value = Some(if remainder { rest } else { quotient });
    }

    /// `start + position * step` of a loop over a range whose step is no constant, as lowering makes it: it is exact,
    /// though it is computed modulo 2**64. With the loop.
    fn item(&self, symbol: ValueId) -> Option<(Option<ValueId>, ValueId, ValueId, OpId)> {
        let function = self.function;
        let op = function.def_op(symbol)?;
        let (start, offset) = match op.kind {
            OpKind::Int(IntOp::Add, Overflow::Wrap) => (Some(op.args[0]), op.args[1]),
            _ => (None, symbol),
        };
        let offset = function.def_op(offset)?;
        if !matches!(offset.kind, OpKind::Int(IntOp::Mul, Overflow::Wrap)) {
            return None;
        }
        let (position, step) = (offset.args[0], offset.args[1]);
        let ValueDef::Param(region, 0) = function.values[position].def else {
            return None;
        };
        let owner = self.structure.owner_of[region]?;
        let each = &function.ops[owner];
        if !matches!(each.kind, OpKind::For(_)) || function.const_int(each.args[0]) != Some(0) {
            return None;
        }
        // The count: `low < high ? ... : 0`, where `low` is the start if the step is positive.
        let count = function.def_op(each.args[1])?;
        let some = function.def_op(*count.args.first()?)?;
        let low = function.def_op(*some.args.first()?)?;
        let up = function.def_op(*low.args.first()?)?;
        let selects = matches!(count.kind, OpKind::Select) && matches!(low.kind, OpKind::Select);
        let compares = matches!(some.kind, OpKind::Compare(Compare::Lt))
            && matches!(up.kind, OpKind::Compare(Compare::Gt));
        let begins = match start {
            Some(start) => low.args[1] == start,
            None => function.const_int(low.args[1]) == Some(0),
        };
        let number = function.def_op(count.args[1])?;
        let counted = matches!(number.kind, OpKind::Select);
        (selects && compares && begins && counted && up.args[0] == step)
            .then_some((start, position, step, owner))
    }

    /// What the branches say that lead to an op.
    pub fn conditions_at(&mut self, op: OpId) -> Vec<Polynomial> {
        let mut conditions = Vec::new();
        let (mut op, mut region) = (op, self.structure.region_of[op]);
        while let Some(inside) = region {
            for &before in &self.function.regions[inside].ops {
                if before == op {
                    break;
                }
                let data = &self.function.ops[before];
                if let OpKind::If { then, other } = data.kind {
                    // A branch that leaves: what follows has the other condition.
                    let then = falls_through(self.function, then);
                    let other = falls_through(self.function, other);
                    if then != other {
                        self.suppose(data.args[0], then, &mut conditions, 4);
                    }
                }
            }
            let Some(owner) = self.structure.owner_of[inside] else {
                break;
            };
            if let OpKind::If { then, .. } = self.function.ops[owner].kind {
                let cond = self.function.ops[owner].args[0];
                self.suppose(cond, inside == then, &mut conditions, 4);
            }
            op = owner;
            region = self.structure.region_of[owner];
        }
        conditions
    }

    /// What it says that a condition is true or false.
    fn suppose(&mut self, cond: ValueId, truth: bool, out: &mut Vec<Polynomial>, depth: u32) {
        let function = self.function;
        let (Some(op), true) = (function.def_op(cond), depth > 0) else {
            return;
        };
        match &op.kind {
            OpKind::Compare(compare) => {
                let (a, b) = (op.args[0], op.args[1]);
                let ty = function.ty(a).scalar();
                if !ty.is_some_and(|ty| ty.is_int() && ty != Scalar::U64) {
                    return;
                }
                let (a, b) = (self.affine.of(a), self.affine.of(b));
                let one = Polynomial::constant(1);
                // `x <= y`, less a constant.
                let at_most = |x: &Polynomial, y: &Polynomial| y.sub(x);
                let less = |x: &Polynomial, y: &Polynomial| y.sub(x).sub(&one);
                match (compare, truth) {
                    (Compare::Lt, true) | (Compare::Ge, false) => out.push(less(&a, &b)),
                    (Compare::Le, true) | (Compare::Gt, false) => out.push(at_most(&a, &b)),
                    (Compare::Gt, true) | (Compare::Le, false) => out.push(less(&b, &a)),
                    (Compare::Ge, true) | (Compare::Lt, false) => out.push(at_most(&b, &a)),
                    (Compare::Eq, true) | (Compare::Ne, false) => {
                        out.push(at_most(&a, &b));
                        out.push(at_most(&b, &a));
                    }
                    (Compare::Eq, false) | (Compare::Ne, true) => {}
                }
            }
            OpKind::IntUnary(IntUnaryOp::Not, _) => {
                self.suppose(op.args[0], !truth, out, depth - 1)
            }
            OpKind::Int(IntOp::And, _) if truth => {
                for &arg in &op.args {
                    self.suppose(arg, true, out, depth - 1);
                }
            }
            OpKind::Int(IntOp::Or, _) if !truth => {
                for &arg in &op.args {
                    self.suppose(arg, false, out, depth - 1);
                }
            }
            // `a and b` is `if a then b else a`.
            OpKind::If { then, other } if op.results.len() == 1 => {
                let ends = [*then, *other].map(|region| {
                    let end = terminator(function, region);
                    falls_through(function, region).then(|| function.ops[end].args[0])
                });
                let never = |value: ValueId, on_then: bool| {
                    let constant = function.const_int(value);
                    // The condition itself has the value that leads there.
                    let itself = value == op.args[0] && on_then != truth;
                    itself || constant.is_some_and(|c| (c != 0) != truth)
                };
                match ends {
                    [Some(yes), Some(no)] if never(no, false) => {
                        self.suppose(op.args[0], true, out, depth - 1);
                        self.suppose(yes, truth, out, depth - 1);
                    }
                    [Some(yes), Some(no)] if never(yes, true) => {
                        self.suppose(op.args[0], false, out, depth - 1);
                        self.suppose(no, truth, out, depth - 1);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
}
