//! Constant folding, exact identities, conditions that are known, structure that does nothing.
//!
//! One walk in order: operands are replaced before an op is looked at, so chains fold in one go. Floats keep IEEE
//! semantics: only identities that hold for every operand (signed zeros, infinities, NaN) are used.

use oxc_index::IndexVec;
use snek_mir::edit;
use snek_mir::ir::{
    Compare, Convert, FloatOp, FloatUnaryOp, Function, IntOp, IntUnaryOp, LabelId, OpId, OpKind,
    Overflow, RegionId, Scalar, SiteId, Type, ValueId,
};

use crate::fold::{self, Constant};
use crate::rewrite::{Replacements, emit, without_yield, yielded};

/// Runs the pass.
pub fn run(function: &mut Function) {
    let mut breaks = IndexVec::from_vec(vec![0; function.labels.len()]);
    for op in edit::ops(function) {
        if let OpKind::Break(label) = function.ops[op].kind {
            breaks[label] += 1;
        }
    }
    let mut pass = Simplify {
        replacements: Replacements::new(function),
        breaks,
        function,
    };
    let body = pass.function.body;
    pass.region(body);
    // What was found out behind its uses: values that loops hand on unchanged.
    for op in edit::ops(pass.function) {
        pass.replacements.apply(pass.function, op);
    }
}

struct Simplify<'f> {
    function: &'f mut Function,
    replacements: Replacements,
    /// How many ops leave each label.
    breaks: IndexVec<LabelId, u32>,
}

/// What becomes of an op.
enum Outcome {
    Keep,
    /// Its only result is this value.
    Value(ValueId),
    /// It becomes another op with the same results.
    Become(OpKind, Vec<ValueId>),
    /// It is not needed.
    Remove,
    /// It is replaced by the ops of a region, whose `yield` gives its results.
    Splice(RegionId),
}

impl Simplify<'_> {
    fn region(&mut self, region: RegionId) {
        let ops = std::mem::take(&mut self.function.regions[region].ops);
        let mut out = Vec::with_capacity(ops.len());
        // Ops to look at, the next one last.
        let mut todo: Vec<OpId> = ops.into_iter().rev().collect();
        while let Some(op) = todo.pop() {
            self.replacements.apply(self.function, op);
            self.prepare(op);
            match self.simplify(op, &mut out) {
                Outcome::Keep => out.push(op),
                Outcome::Remove => continue,
                Outcome::Value(value) => {
                    let result = self.function.ops[op].results[0];
                    self.rename(result, value);
                    self.replacements.replace(result, value);
                    continue;
                }
                Outcome::Become(kind, args) => {
                    self.function.ops[op].kind = kind;
                    self.function.ops[op].args = args;
                    // Perhaps there is more to do.
                    todo.push(op);
                    continue;
                }
                Outcome::Splice(inner) => {
                    let results = self.function.ops[op].results.clone();
                    let ops = match without_yield(self.function, inner) {
                        Some(ops) => {
                            let ops = ops.to_vec();
                            let values = yielded(self.function, inner).to_vec();
                            for (result, value) in results.into_iter().zip(values) {
                                self.replacements.replace(result, value);
                            }
                            ops
                        }
                        None => {
                            // It leaves otherwise: what follows is never reached.
                            todo.clear();
                            self.function.regions[inner].ops.clone()
                        }
                    };
                    todo.extend(ops.into_iter().rev());
                    continue;
                }
            }
            for inner in self.function.ops[op].kind.regions() {
                self.region(inner);
            }
            self.finish(op);
        }
        self.function.regions[region].ops = out;
    }

    /// Gives a value that has no name the name of one that it stands for.
    fn rename(&mut self, from: ValueId, to: ValueId) {
        let to = self.replacements.resolve(to);
        if self.function.values[to].name.is_none() {
            self.function.values[to].name = self.function.values[from].name.clone();
        }
    }

    fn constant(&self, value: ValueId) -> Option<Constant> {
        match self.function.def_op(value)?.kind {
            OpKind::ConstInt(bits) => Some(Constant::Int(bits)),
            OpKind::ConstFloat(bits) => Some(Constant::Float(f64::from_bits(bits))),
            _ => None,
        }
    }

    fn int(&self, value: ValueId) -> Option<i64> {
        self.function.const_int(value)
    }

    fn float(&self, value: ValueId) -> Option<f64> {
        match self.constant(value)? {
            Constant::Float(x) => Some(x),
            Constant::Int(_) => None,
        }
    }

    /// The op that defines a value: kind and operands, resolved.
    fn definition(&self, value: ValueId) -> Option<(&OpKind, &[ValueId])> {
        let op = self.function.def_op(value)?;
        Some((&op.kind, &op.args))
    }

    /// Constants to the right.
    fn prepare(&mut self, op: OpId) {
        let data = &self.function.ops[op];
        let [a, b] = data.args[..] else { return };
        if self.constant(a).is_none() || self.constant(b).is_some() {
            return;
        }
        let data = &mut self.function.ops[op];
        match &mut data.kind {
            OpKind::Int(int, _) if int.is_commutative() => data.args.swap(0, 1),
            OpKind::Float(FloatOp::Add | FloatOp::Mul) => data.args.swap(0, 1),
            OpKind::Compare(compare) => {
                *compare = compare.swapped();
                data.args.swap(0, 1);
            }
            _ => {}
        }
    }

    fn simplify(&mut self, op: OpId, out: &mut Vec<OpId>) -> Outcome {
        let data = &self.function.ops[op];
        let site = data.site;
        let args = data.args.clone();
        let scalar = data
            .results
            .first()
            .and_then(|r| match self.function.ty(*r) {
                Type::Scalar(scalar) => Some(scalar),
                _ => None,
            });
        match &data.kind {
            OpKind::Int(int, overflow) => match scalar {
                Some(scalar) => self.int_op(*int, *overflow, scalar, args[0], args[1], site, out),
                None => Outcome::Keep,
            },
            OpKind::IntUnary(int, overflow) => {
                let (int, overflow) = (*int, *overflow);
                match scalar {
                    Some(scalar) => self.int_unary_op(int, overflow, scalar, args[0]),
                    None => Outcome::Keep,
                }
            }
            OpKind::Float(float) => match scalar {
                Some(scalar) => self.float_op(*float, scalar, args[0], args[1], site, out),
                None => Outcome::Keep,
            },
            OpKind::FloatUnary(float) => {
                let folded = self
                    .float(args[0])
                    .zip(scalar)
                    .and_then(|(x, s)| fold::float_unary(*float, s, x));
                if let Some(value) = folded {
                    return constant_float(value);
                }
                match (float, self.definition(args[0])) {
                    (FloatUnaryOp::Neg, Some((OpKind::FloatUnary(FloatUnaryOp::Neg), inner))) => {
                        Outcome::Value(inner[0])
                    }
                    _ => Outcome::Keep,
                }
            }
            OpKind::Compare(compare) if scalar == Some(Scalar::Bool) => {
                let compare = *compare;
                match self.sum_against_constant(compare, args[0], args[1], site, out) {
                    Outcome::Keep => self.compare_op(compare, args[0], args[1]),
                    outcome => outcome,
                }
            }
            OpKind::Convert(convert) => self.convert_op(*convert, scalar, op),
            OpKind::Select => self.select_op(&args),
            OpKind::Check(_) => match self.int(args[0]) {
                Some(1) => Outcome::Remove,
                _ => Outcome::Keep,
            },
            OpKind::If { then, other } => match self.int(args[0]) {
                Some(c) => Outcome::Splice(if c == 1 { *then } else { *other }),
                None => Outcome::Keep,
            },
            OpKind::Block { label, body } if self.breaks[*label] == 0 => Outcome::Splice(*body),
            OpKind::For(f) => {
                let (start, stop) = (self.int(args[0]), self.int(args[1]));
                let is_empty = match (start, stop) {
                    (Some(start), Some(stop)) if f.step > 0 => start >= stop,
                    (Some(start), Some(stop)) => start <= stop,
                    _ => false,
                };
                if is_empty {
                    for (n, result) in data.results.clone().into_iter().enumerate() {
                        self.replacements.replace(result, args[n + 2]);
                    }
                    return Outcome::Remove;
                }
                Outcome::Keep
            }
            _ => Outcome::Keep,
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one op, taken apart")]
    fn int_op(
        &mut self,
        int: IntOp,
        overflow: Overflow,
        scalar: Scalar,
        a: ValueId,
        b: ValueId,
        site: SiteId,
        out: &mut Vec<OpId>,
    ) -> Outcome {
        let ty = Type::Scalar(scalar);
        let (x, y) = (self.int(a), self.int(b));
        if let (Some(x), Some(y)) = (x, y) {
            return match fold::int(int, overflow, scalar, x, y) {
                Some(value) => constant_int(value),
                None => Outcome::Keep,
            };
        }
        if a == b {
            match int {
                IntOp::And | IntOp::Or | IntOp::Min | IntOp::Max => return Outcome::Value(a),
                IntOp::Sub | IntOp::Xor => return constant_int(0),
                _ => {}
            }
        }
        // Taking away bits that are set does not overflow: `x - (x & -x)`.
        if int == IntOp::Sub
            && overflow == Overflow::Checked
            && let Some((OpKind::Int(IntOp::And, _), bits)) = self.definition(b)
            && bits.contains(&a)
        {
            return Outcome::Become(OpKind::Int(int, Overflow::Proved), vec![a, b]);
        }
        let Some(y) = y else {
            return self.int_op_with_constant_left(int, x, a);
        };
        let ones = fold::wrap(scalar, -1);
        match (int, y) {
            (IntOp::Add | IntOp::Sub | IntOp::Or | IntOp::Xor | IntOp::Shl | IntOp::Shr, 0)
            | (IntOp::Mul | IntOp::FloorDiv, 1) => Outcome::Value(a),
            (IntOp::Mul | IntOp::And, 0) | (IntOp::FloorMod, 1) => constant_int(0),
            (IntOp::And, y) if y == ones => Outcome::Value(a),
            (IntOp::Or, y) if y == ones => constant_int(ones),
            (IntOp::Xor, 1) if scalar == Scalar::Bool => {
                Outcome::Become(OpKind::IntUnary(IntUnaryOp::Not, Overflow::Wrap), vec![a])
            }
            // Rounding down is what shifts and masks do, for negative numbers, too.
            (IntOp::FloorDiv, y) if is_power_of_two(scalar, y) => {
                let count = i64::from(y.trailing_zeros());
                let count = emit(
                    self.function,
                    out,
                    OpKind::ConstInt(count),
                    vec![],
                    ty,
                    site,
                );
                Outcome::Become(OpKind::Int(IntOp::Shr, Overflow::Wrap), vec![a, count])
            }
            (IntOp::FloorMod, y) if is_power_of_two(scalar, y) => {
                let mask = emit(
                    self.function,
                    out,
                    OpKind::ConstInt(y - 1),
                    vec![],
                    ty,
                    site,
                );
                Outcome::Become(OpKind::Int(IntOp::And, Overflow::Wrap), vec![a, mask])
            }
            // The machine says whether a sum overflows.
            (IntOp::Shl, 1) if overflow == Overflow::Checked => {
                Outcome::Become(OpKind::Int(IntOp::Add, overflow), vec![a, a])
            }
            // No dividend overflows with another divisor.
            (IntOp::FloorDiv, y) if overflow == Overflow::Checked && y != -1 && y != 0 => {
                Outcome::Become(OpKind::Int(int, Overflow::Proved), vec![a, b])
            }
            (IntOp::Add | IntOp::Sub | IntOp::Mul | IntOp::And | IntOp::Or | IntOp::Xor, y) => {
                self.reassociate(int, overflow, scalar, a, y, site, out)
            }
            _ => Outcome::Keep,
        }
    }

    fn int_op_with_constant_left(&self, int: IntOp, x: Option<i64>, a: ValueId) -> Outcome {
        match (int, x) {
            (IntOp::Shl | IntOp::Shr, Some(0)) => Outcome::Value(a),
            _ => Outcome::Keep,
        }
    }

    /// `(v op c) op d` is `v op (c op d)`, where neither can raise.
    #[allow(clippy::too_many_arguments, reason = "one op, taken apart")]
    fn reassociate(
        &mut self,
        int: IntOp,
        overflow: Overflow,
        scalar: Scalar,
        a: ValueId,
        d: i64,
        site: SiteId,
        out: &mut Vec<OpId>,
    ) -> Outcome {
        let Some((OpKind::Int(inner, inner_overflow), inner_args)) = self.definition(a) else {
            return Outcome::Keep;
        };
        let (inner, inner_overflow) = (*inner, *inner_overflow);
        let v = inner_args[0];
        let Some(c) = self.int(inner_args[1]) else {
            return Outcome::Keep;
        };
        if overflow == Overflow::Checked || inner_overflow != overflow {
            return Outcome::Keep;
        }
        // Additions and subtractions together, as additions.
        let (combined, constant) = match (inner, int) {
            (IntOp::Add, IntOp::Add) => (IntOp::Add, i128::from(c) + i128::from(d)),
            (IntOp::Add, IntOp::Sub) => (IntOp::Add, i128::from(c) - i128::from(d)),
            (IntOp::Sub, IntOp::Add) => (IntOp::Add, i128::from(d) - i128::from(c)),
            (IntOp::Sub, IntOp::Sub) => (IntOp::Sub, i128::from(c) + i128::from(d)),
            (IntOp::Mul, IntOp::Mul) => (IntOp::Mul, i128::from(c) * i128::from(d)),
            (IntOp::And, IntOp::And) => (IntOp::And, i128::from(c & d)),
            (IntOp::Or, IntOp::Or) => (IntOp::Or, i128::from(c | d)),
            (IntOp::Xor, IntOp::Xor) => (IntOp::Xor, i128::from(c ^ d)),
            _ => return Outcome::Keep,
        };
        let wrapped = fold::wrap(scalar, constant);
        if overflow == Overflow::Proved && i128::from(wrapped) != constant {
            return Outcome::Keep;
        }
        let kind = OpKind::ConstInt(wrapped);
        let constant = emit(self.function, out, kind, vec![], Type::Scalar(scalar), site);
        Outcome::Become(OpKind::Int(combined, overflow), vec![v, constant])
    }

    fn int_unary_op(
        &self,
        int: IntUnaryOp,
        overflow: Overflow,
        scalar: Scalar,
        a: ValueId,
    ) -> Outcome {
        if let Some(x) = self.int(a) {
            return match fold::int_unary(int, overflow, scalar, x) {
                Some(value) => constant_int(value),
                None => Outcome::Keep,
            };
        }
        match (int, self.definition(a)) {
            (IntUnaryOp::Not, Some((OpKind::IntUnary(IntUnaryOp::Not, _), inner))) => {
                Outcome::Value(inner[0])
            }
            (IntUnaryOp::Not, Some((OpKind::Compare(compare), inner)))
                if scalar == Scalar::Bool =>
            {
                let is_float = |v: ValueId| {
                    let scalar = self.function.ty(v).scalar();
                    scalar.is_none_or(Scalar::is_float)
                };
                match (inverse(*compare), compare) {
                    // NaN is neither less nor greater nor equal.
                    (inverse, Compare::Eq | Compare::Ne) => {
                        Outcome::Become(OpKind::Compare(inverse), inner.to_vec())
                    }
                    (inverse, _) if !is_float(inner[0]) => {
                        Outcome::Become(OpKind::Compare(inverse), inner.to_vec())
                    }
                    _ => Outcome::Keep,
                }
            }
            _ => Outcome::Keep,
        }
    }

    fn float_op(
        &mut self,
        float: FloatOp,
        scalar: Scalar,
        a: ValueId,
        b: ValueId,
        site: SiteId,
        out: &mut Vec<OpId>,
    ) -> Outcome {
        let (x, y) = (self.float(a), self.float(b));
        if let (Some(x), Some(y)) = (x, y)
            && let Some(value) = fold::float(float, scalar, x, y)
        {
            return constant_float(value);
        }
        let Some(y) = y else {
            return Outcome::Keep;
        };
        match float {
            FloatOp::Mul | FloatOp::Div if y == 1.0 => Outcome::Value(a),
            // Adding -0 and subtracting +0 keep every operand, -0 included.
            FloatOp::Add if y == 0.0 && y.is_sign_negative() => Outcome::Value(a),
            FloatOp::Sub if y == 0.0 && y.is_sign_positive() => Outcome::Value(a),
            // Dividing by a power of two is multiplying by its reciprocal, which is exact.
            FloatOp::Div if has_exact_reciprocal(scalar, y) => {
                let kind = OpKind::ConstFloat((1.0 / y).to_bits());
                let ty = Type::Scalar(scalar);
                let reciprocal = emit(self.function, out, kind, vec![], ty, site);
                Outcome::Become(OpKind::Float(FloatOp::Mul), vec![a, reciprocal])
            }
            _ => Outcome::Keep,
        }
    }

    /// `x + c < d` is `x < d - c`, as the sum is exact.
    fn sum_against_constant(
        &mut self,
        compare: Compare,
        a: ValueId,
        b: ValueId,
        site: SiteId,
        out: &mut Vec<OpId>,
    ) -> Outcome {
        let (Some(limit), Some((OpKind::Int(int, overflow), inner))) =
            (self.int(b), self.definition(a))
        else {
            return Outcome::Keep;
        };
        let (value, offset) = (inner[0], inner.get(1).and_then(|c| self.int(*c)));
        let (Some(offset), true) = (offset, self.function.ty(a) == Type::I64) else {
            return Outcome::Keep;
        };
        let limit = match (int, overflow) {
            (_, Overflow::Wrap) => None,
            (IntOp::Add, _) => limit.checked_sub(offset),
            (IntOp::Sub, _) => limit.checked_add(offset),
            _ => None,
        };
        let Some(limit) = limit else {
            return Outcome::Keep;
        };
        let kind = OpKind::ConstInt(limit);
        let limit = emit(self.function, out, kind, vec![], Type::I64, site);
        Outcome::Become(OpKind::Compare(compare), vec![value, limit])
    }

    fn compare_op(&self, compare: Compare, a: ValueId, b: ValueId) -> Outcome {
        let Type::Scalar(scalar) = self.function.ty(a) else {
            return Outcome::Keep;
        };
        match (self.constant(a), self.constant(b)) {
            (Some(Constant::Int(x)), Some(Constant::Int(y))) => {
                let (x, y) = (fold::number(scalar, x), fold::number(scalar, y));
                return constant_int(i64::from(fold::compare(compare, x, y)));
            }
            (Some(Constant::Float(x)), Some(Constant::Float(y))) => {
                return constant_int(i64::from(fold::compare(compare, x, y)));
            }
            _ => {}
        }
        if a == b && !scalar.is_float() {
            return constant_int(i64::from(fold::compare(compare, 0, 0)));
        }
        let Some(c @ 0..=1) = self.int(b) else {
            return Outcome::Keep;
        };
        // A Bool, or one made an integer, against 0 or 1.
        let boolean = if scalar == Scalar::Bool {
            Some(a)
        } else {
            match self.definition(a) {
                Some((OpKind::Convert(Convert::Extend), inner))
                    if self.function.ty(inner[0]) == Type::BOOL =>
                {
                    Some(inner[0])
                }
                _ => None,
            }
        };
        let Some(boolean) = boolean else {
            return Outcome::Keep;
        };
        let when = |x: i64| fold::compare(compare, x, c);
        match (when(0), when(1)) {
            (false, true) => Outcome::Value(boolean),
            (true, false) => Outcome::Become(
                OpKind::IntUnary(IntUnaryOp::Not, Overflow::Wrap),
                vec![boolean],
            ),
            (both, _) => constant_int(i64::from(both)),
        }
    }

    fn convert_op(&self, convert: Convert, to: Option<Scalar>, op: OpId) -> Outcome {
        let data = &self.function.ops[op];
        let operand = data.args[0];
        let (Type::Scalar(from), Some(to)) = (self.function.ty(operand), to) else {
            return Outcome::Keep;
        };
        if from == to && convert != Convert::FloatToFloat {
            return Outcome::Value(operand);
        }
        let folded = self
            .constant(operand)
            .and_then(|c| fold::convert(convert, from, to, c));
        match folded {
            Some(Constant::Int(value)) => return constant_int(value),
            Some(Constant::Float(value)) => return constant_float(value),
            None => {}
        }
        let Some((OpKind::Convert(inner), inner_args)) = self.definition(operand) else {
            return Outcome::Keep;
        };
        let origin = inner_args[0];
        let Type::Scalar(origin_scalar) = self.function.ty(origin) else {
            return Outcome::Keep;
        };
        match (inner, convert) {
            // Made wider and narrow again: the same bits.
            (Convert::Extend, Convert::Truncate) if origin_scalar == to => Outcome::Value(origin),
            // Made wider twice, by the first type's sign.
            (Convert::Extend, Convert::Extend)
                if origin_scalar.is_signed() == from.is_signed()
                    || (!origin_scalar.is_signed() && from.bits() > origin_scalar.bits()) =>
            {
                Outcome::Become(OpKind::Convert(Convert::Extend), vec![origin])
            }
            // An integer of a narrower type goes into a float alike.
            (Convert::Extend, Convert::IntToFloat)
                if from.bits() > origin_scalar.bits()
                    && (from.is_signed() || !origin_scalar.is_signed()) =>
            {
                Outcome::Become(OpKind::Convert(Convert::IntToFloat), vec![origin])
            }
            // To f64 and back.
            (Convert::FloatToFloat, Convert::FloatToFloat)
                if origin_scalar == Scalar::F32 && to == Scalar::F32 =>
            {
                Outcome::Value(origin)
            }
            _ => Outcome::Keep,
        }
    }

    fn select_op(&self, args: &[ValueId]) -> Outcome {
        let (condition, a, b) = (args[0], args[1], args[2]);
        if a == b {
            return Outcome::Value(a);
        }
        if let Some(c) = self.int(condition) {
            return Outcome::Value(if c == 1 { a } else { b });
        }
        let Type::Scalar(scalar) = self.function.ty(a) else {
            return Outcome::Keep;
        };
        if scalar == Scalar::Bool {
            let not = OpKind::IntUnary(IntUnaryOp::Not, Overflow::Wrap);
            let bits = |op| OpKind::Int(op, Overflow::Wrap);
            match (self.int(a), self.int(b)) {
                (Some(1), Some(0)) => return Outcome::Value(condition),
                (Some(0), Some(1)) => return Outcome::Become(not, vec![condition]),
                (Some(1), None) => return Outcome::Become(bits(IntOp::Or), vec![condition, b]),
                (None, Some(0)) => return Outcome::Become(bits(IntOp::And), vec![condition, a]),
                _ => {}
            }
        }
        if let Some((OpKind::IntUnary(IntUnaryOp::Not, _), inner)) = self.definition(condition) {
            return Outcome::Become(OpKind::Select, vec![inner[0], b, a]);
        }
        if scalar.is_int()
            && let Some((OpKind::Compare(compare), inner)) = self.definition(condition)
        {
            let (x, y) = (inner[0], inner[1]);
            let is_less = matches!(compare, Compare::Lt | Compare::Le);
            let is_greater = matches!(compare, Compare::Gt | Compare::Ge);
            let op = if (x, y) == (a, b) {
                (is_less, is_greater)
            } else if (x, y) == (b, a) {
                (is_greater, is_less)
            } else {
                (false, false)
            };
            let kind = |op| OpKind::Int(op, Overflow::Wrap);
            match op {
                (true, _) => return Outcome::Become(kind(IntOp::Min), vec![a, b]),
                (_, true) => return Outcome::Become(kind(IntOp::Max), vec![a, b]),
                _ => {}
            }
        }
        Outcome::Keep
    }

    /// What can be done once the regions of a kept op are simple.
    fn finish(&mut self, op: OpId) {
        match self.function.ops[op].kind.clone() {
            OpKind::If { then, other } => self.finish_if(op, then, other),
            OpKind::For(f) => {
                let params = self.function.regions[f.body].params.clone();
                if f.reductions.is_empty() {
                    self.drop_constant_carried(op, f.label, &params[1..], 2);
                }
            }
            OpKind::While { label, cond, .. } => {
                let params = self.function.regions[cond].params.clone();
                self.drop_constant_carried(op, label, &params, 0);
            }
            _ => {}
        }
    }

    /// Results that are the same value on both ways, and Bools that are the condition.
    fn finish_if(&mut self, op: OpId, then: RegionId, other: RegionId) {
        let results = self.function.ops[op].results.clone();
        let ends = |this: &Self, region| {
            without_yield(this.function, region)
                .is_some()
                .then(|| yielded(this.function, region).to_vec())
        };
        let (Some(a), Some(b)) = (ends(self, then), ends(self, other)) else {
            return;
        };
        let condition = self.function.ops[op].args[0];
        for (n, result) in results.into_iter().enumerate() {
            if a[n] == b[n] {
                self.replacements.replace(result, a[n]);
            } else if self.function.ty(result) == Type::BOOL
                && self.int(a[n]) == Some(1)
                && self.int(b[n]) == Some(0)
            {
                self.replacements.replace(result, condition);
            }
        }
    }

    /// A carried value that every iteration hands on unchanged is the initial value.
    fn drop_constant_carried(
        &mut self,
        op: OpId,
        label: LabelId,
        params: &[ValueId],
        first: usize,
    ) {
        let mut same = vec![true; params.len()];
        for region in self.function.ops[op].kind.regions() {
            for inner in edit::ops_in(self.function, region) {
                let data = &self.function.ops[inner];
                if data.kind.target() != Some(label) || !matches!(data.kind, OpKind::Next(_)) {
                    continue;
                }
                for (n, arg) in data.args.iter().enumerate() {
                    let arg = self.replacements.resolve(*arg);
                    same[n] &= arg == params[n] || self.is_body_param_of(op, arg, params[n]);
                }
            }
        }
        for (n, param) in params.iter().enumerate() {
            let init = self.function.ops[op].args[first + n];
            if same[n] && init != *param {
                self.replacements.replace(*param, init);
            }
        }
    }

    /// Whether `value` is the parameter of a `while` body through which `param` of its condition is handed on.
    fn is_body_param_of(&self, op: OpId, value: ValueId, param: ValueId) -> bool {
        let OpKind::While { cond, body, .. } = self.function.ops[op].kind else {
            return false;
        };
        let params = &self.function.regions[body].params;
        match params.iter().position(|p| *p == value) {
            Some(n) => {
                let yielded = yielded(self.function, cond);
                yielded.get(n + 1).map(|v| self.replacements.resolve(*v)) == Some(param)
            }
            None => false,
        }
    }
}

fn constant_int(value: i64) -> Outcome {
    Outcome::Become(OpKind::ConstInt(value), Vec::new())
}

fn constant_float(value: f64) -> Outcome {
    Outcome::Become(OpKind::ConstFloat(value.to_bits()), Vec::new())
}

fn is_power_of_two(scalar: Scalar, value: i64) -> bool {
    // The sign bit alone is negative, except for unsigned types, which are left alone here.
    scalar != Scalar::Bool && value > 1 && value & (value - 1) == 0
}

fn has_exact_reciprocal(scalar: Scalar, value: f64) -> bool {
    let mantissa = value.to_bits() & ((1 << 52) - 1);
    let reciprocal = 1.0 / value;
    let is_normal = match scalar {
        Scalar::F32 => (reciprocal as f32).is_normal() && (value as f32).is_normal(),
        _ => reciprocal.is_normal() && value.is_normal(),
    };
    mantissa == 0 && is_normal
}

fn inverse(compare: Compare) -> Compare {
    match compare {
        Compare::Eq => Compare::Ne,
        Compare::Ne => Compare::Eq,
        Compare::Lt => Compare::Ge,
        Compare::Le => Compare::Gt,
        Compare::Gt => Compare::Le,
        Compare::Ge => Compare::Lt,
    }
}
