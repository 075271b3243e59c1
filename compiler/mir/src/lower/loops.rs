//! Loops. A `for` over a range with a constant step is a counted loop as it stands; everything else is a counted loop
//! over positions, whose items are computed at its head.
//!
//! A loop carries what its body assigns and somebody reads later: in the next iteration or after the loop. A loop with
//! both `break` and `else` is inside of a block, which `break` leaves.

use super::arith::compare_of;
use super::function::{Body, Handed, Loop};
use super::live::{
    Locals, LoopLive, assigned, assigned_in_expr, each_target, for_head, is_true, while_live,
};
use super::types::Number;
use super::{Result, bug};
use crate::ir::{
    Bound, Compare, Convert, Fold, For, IntOp, IntUnaryOp, LabelId, LoopKind, OpKind, Overflow,
    ReductionOp, Scalar, Type, ValueId,
};
use snek_sema::hir::{
    self, Const, ExprId, ExprKind, Iter, LocalId, Stmt, StmtKind, Target, UnaryOp,
};

/// An iterable whose expressions have been evaluated.
enum Source {
    Range {
        start: ValueId,
        stop: ValueId,
        step: Step,
    },
    Array(ValueId),
    Enumerate {
        inner: Box<Source>,
        start: ValueId,
        from_zero: bool,
    },
    Zip(Vec<Source>),
    Reversed {
        inner: Box<Source>,
        /// The last position of `inner`; -1 if there is none.
        last: ValueId,
    },
}

#[derive(Clone, Copy)]
enum Step {
    Const(i64),
    Value(ValueId),
}

const U64: Type = Type::Scalar(Scalar::U64);

impl<'h> Body<'_, 'h> {
    /// Whether a `break` of this very loop is in its body.
    fn has_break(stmts: &[Stmt]) -> bool {
        stmts.iter().any(|stmt| match &stmt.kind {
            StmtKind::Break => true,
            StmtKind::If { then, other, .. } => Self::has_break(then) || Self::has_break(other),
            // A break in the `else` of an inner loop is ours.
            StmtKind::While { other, .. } => Self::has_break(other),
            StmtKind::For(data) => Self::has_break(&data.other),
            _ => false,
        })
    }

    /// Lowers a loop with its `else`. `lower` makes the loop op: it is told where `break` goes, if not to the loop itself,
    /// and says whether control may leave by the loop's own end.
    fn with_else(
        &mut self,
        body: &[Stmt],
        other: &'h [Stmt],
        mut changed: Locals,
        after: &Locals,
        lower: impl FnOnce(&mut Self, Option<(LabelId, Handed)>) -> Result<bool>,
    ) -> Result<()> {
        if other.is_empty() || !Self::has_break(body) {
            lower(self, None)?;
            if self.reachable {
                self.block(other, after)?;
            }
            return Ok(());
        }
        assigned(self.hir, other, &mut changed);
        let handed = Handed::new(changed.common(after));
        let label = self.function.add_label("else");
        let before = self.env.clone();
        let region = self.region;
        let site = self.place();
        let block = self.function.add_region();
        self.region = block;
        let breaks = lower(self, Some((label, handed.clone())))?;
        if self.reachable {
            self.block(other, after)?;
        }
        let falls = self.reachable;
        if falls {
            let values = self.handed_values(&handed);
            self.b().end_with_yield(values);
        }
        self.env = before;
        self.region = region;
        self.back(site);
        self.reachable = falls || breaks;
        let types = self.handed_types(&handed);
        let kind = OpKind::Block { label, body: block };
        if !self.reachable {
            self.b().op(kind, Vec::new(), &types);
            self.leave(OpKind::Unreachable, Vec::new());
            return Ok(());
        }
        let results = self.b().values(kind, Vec::new(), &types);
        self.bind(&handed, &results);
        Ok(())
    }

    /// `while`.
    pub(super) fn while_(
        &mut self,
        stmt: &'h Stmt,
        cond: ExprId,
        body: &'h [Stmt],
        other: &'h [Stmt],
        after: &Locals,
    ) -> Result<()> {
        let mut changed = Locals::default();
        assigned(self.hir, body, &mut changed);
        assigned_in_expr(self.hir, cond, &mut changed);
        let (head, after_cond) = while_live(self.hir, stmt, after, true);
        let mut wanted = after_cond;
        wanted.extend(after);
        // What the next iteration gets, and what the body and those after the loop get.
        let next = Handed::new(changed.common(&head));
        let taken = Handed::new(changed.common(&wanted));
        self.with_else(body, other, changed, after, |this, exit| {
            let live = LoopLive {
                next: head,
                exit: after.clone(),
            };
            this.while_loop(cond, body, (next, taken), exit, live)
        })
    }

    fn while_loop(
        &mut self,
        cond: ExprId,
        body: &'h [Stmt],
        (next, taken): (Handed, Handed),
        exit: Option<(LabelId, Handed)>,
        live: LoopLive,
    ) -> Result<bool> {
        let label = self.function.add_label("while");
        let init = self.handed_values(&next);
        let before = self.env.clone();
        let region = self.region;
        let site = self.place();
        let types = self.handed_types(&taken);

        let to_else = exit.is_some();
        self.region_with(&[], &next);
        let cond_region = self.region;
        let test = self.condition(cond)?;
        let mut yielded = vec![test];
        yielded.extend(self.handed_values(&taken));
        let cond_falls = self.reachable;
        self.b().end_with_yield(yielded);

        let head = live.next.clone();
        self.loops.push(Loop {
            next: (label, next.clone()),
            exit: exit.unwrap_or((label, taken.clone())),
            live,
            breaks: false,
        });
        // Variables that are not taken are dead; values of the condition's region must not stay in them.
        self.env.clone_from(&before);
        self.region_with(&[], &taken);
        let body_region = self.region;
        self.block(body, &head)?;
        if self.reachable {
            let values = self.handed_values(&next);
            self.leave(OpKind::Next(label), values);
        }
        let breaks = self.loops.pop().is_some_and(|inner| inner.breaks);

        self.env = before;
        self.region = region;
        self.back(site);
        let kind = OpKind::While {
            label,
            cond: cond_region,
            body: body_region,
        };
        let results = self.b().values(kind, init, &types);
        self.bind(&taken, &results);
        let ends = cond_falls && !is_true(self.hir, cond);
        self.reachable = ends || (breaks && !to_else);
        if !self.reachable {
            self.leave(OpKind::Unreachable, Vec::new());
        }
        Ok(breaks)
    }

    /// `for`.
    pub(super) fn for_(&mut self, data: &'h hir::For, after: &Locals) -> Result<()> {
        let source = self.source(&data.iter)?;
        let mut changed = Locals::default();
        assigned(self.hir, &data.body, &mut changed);
        each_target(&data.target, &mut |local| changed.insert(local));
        let head = for_head(self.hir, data, after);
        let mut wanted = head.clone();
        wanted.extend(after);
        let folds = match &data.parallel {
            None => None,
            Some(parallel) => self.folds(parallel)?,
        };
        let handed = match &data.parallel {
            Some(parallel) if folds.is_some() => {
                let mut locals: Vec<LocalId> =
                    parallel.reductions.iter().map(|fold| fold.local).collect();
                for choice in &parallel.choices {
                    locals.push(choice.key);
                    locals.extend(choice.taken);
                    locals.extend(&choice.companions);
                }
                locals.extend(parallel.folds.iter().map(|fold| fold.local));
                Handed {
                    locals,
                    flags: false,
                }
            }
            _ => Handed::new(changed.common(&wanted)),
        };
        // Parts of a loop are combined by all that they carry, whether or not anybody reads it.
        let mut head = head;
        if folds.is_some() {
            handed.locals.iter().for_each(|local| head.insert(*local));
        }
        let live = LoopLive {
            next: head,
            exit: after.clone(),
        };
        self.with_else(&data.body, &data.other, changed, after, |this, exit| {
            this.for_loop(data, source, (handed, folds), exit, live)
        })
    }

    fn for_loop(
        &mut self,
        data: &'h hir::For,
        source: Source,
        (handed, folds): (Handed, Option<Vec<Fold>>),
        exit: Option<(LabelId, Handed)>,
        live: LoopLive,
    ) -> Result<bool> {
        let name = self.target_name(&data.target);
        let label = self.function.add_label(name.unwrap_or("for"));
        let (start, stop, step) = self.positions(&source);
        let mut args = vec![start, stop];
        args.extend(self.handed_values(&handed));
        let before = self.env.clone();
        let region = self.region;
        let site = self.place();
        let types = self.handed_types(&handed);

        if let (Some(parallel), Some(_)) = (&data.parallel, &folds) {
            self.accumulators(parallel)?;
        }
        let next = live.next.clone();
        self.loops.push(Loop {
            next: (label, handed.clone()),
            exit: exit.unwrap_or((label, handed.clone())),
            live,
            breaks: false,
        });
        let position = self.region_with(&[Type::I64], &handed)[0];
        let body_region = self.region;
        self.head(&source, &data.target, position)?;
        self.b().name(position, "position");
        self.block(&data.body, &next)?;
        if self.reachable {
            let values = self.handed_values(&handed);
            self.leave(OpKind::Next(label), values);
        }
        let breaks = self.loops.pop().is_some_and(|inner| inner.breaks);

        self.env = before;
        self.region = region;
        self.back(site);
        self.reachable = true;
        let (kind, reductions) = match folds {
            None => (LoopKind::Serial, Vec::new()),
            Some(folds) => (LoopKind::Parallel, folds),
        };
        let kind = OpKind::For(For {
            label,
            kind,
            step,
            body: body_region,
            reductions,
            auto: false,
        });
        if let Some(parallel) = &data.parallel {
            self.enter(parallel.span);
        }
        let results = self.b().values(kind, args, &types);
        self.back(site);
        self.bind(&handed, &results);
        Ok(breaks)
    }

    /// How each carried value of a parallel loop folds. None for a product of complex numbers: its parts do not fold one
    /// by one, so the loop runs in order.
    fn folds(&mut self, parallel: &hir::Parallel) -> Result<Option<Vec<Fold>>> {
        let mut folds = Vec::new();
        for reduction in &parallel.reductions {
            let ty = &self.hir.locals[reduction.local].ty;
            let Some(number) = Number::of(ty) else {
                return bug(format!("`{}`: a reduction of {ty:?}", self.hir.name));
            };
            let op = fold_of(reduction.op);
            if number.width() > 1 && op != ReductionOp::Add {
                return Ok(None);
            }
            let sums = matches!(op, ReductionOp::Add | ReductionOp::Mul);
            let overflow = if sums && number == Number::Int {
                Overflow::Checked
            } else {
                Overflow::Wrap
            };
            folds.extend(std::iter::repeat_n(Fold::By(op, overflow), number.width()));
        }
        for choice in &parallel.choices {
            folds.push(Fold::Best(compare_of(choice.op)));
            for local in choice.taken.iter().chain(&choice.companions) {
                let width = self.local_types(*local).len();
                folds.extend(std::iter::repeat_n(Fold::With(0), width));
            }
        }
        for fold in &parallel.folds {
            let mut bits = Vec::new();
            self.constant_bits(fold.identity, &mut bits)?;
            let Some((first, rest)) = bits.split_first() else {
                return bug(format!("`{}`: a reduction of nothing", self.hir.name));
            };
            folds.push(Fold::Call {
                function: self.lowering.instance(fold.function, Vec::new())?,
                identity: *first,
            });
            folds.extend(rest.iter().map(|bits| Fold::With(*bits)));
        }
        Ok(Some(folds))
    }

    /// The bits of a constant, or of the parts of a tuple of them.
    fn constant_bits(&self, expr: ExprId, out: &mut Vec<u64>) -> Result<()> {
        match &self.hir_expr(expr)?.kind {
            ExprKind::Tuple(parts) => {
                for part in parts {
                    self.constant_bits(*part, out)?;
                }
            }
            ExprKind::Const(Const::Bool(value)) => out.push(u64::from(*value)),
            ExprKind::Const(Const::Int(value)) => out.push(*value as u64),
            ExprKind::Const(Const::Float(value)) => out.push(value.to_bits()),
            ExprKind::Const(Const::Complex(re, im)) => out.extend([re.to_bits(), im.to_bits()]),
            _ => return bug(format!("`{}`: an identity is constant", self.hir.name)),
        }
        Ok(())
    }

    /// Arrays whose elements the body of a parallel loop folds are others in it: the race check and the outlining pass see
    /// by them what is folded.
    fn accumulators(&mut self, parallel: &hir::Parallel) -> Result<()> {
        for reduction in &parallel.arrays {
            let Some(array) = self.env[reduction.local].values.clone() else {
                continue;
            };
            let op = fold_of(reduction.op);
            let mut views = Vec::with_capacity(array.len());
            for value in array {
                let ty = self.function.ty(value);
                let name = self.function.values[value].name.clone();
                let view = self.b().value(OpKind::Accumulator(op), vec![value], ty);
                if let Some(name) = name {
                    self.b().name(view, &name);
                }
                views.push(view);
            }
            self.assign(reduction.local, views)?;
        }
        Ok(())
    }

    fn target_name(&self, target: &Target) -> Option<&'h str> {
        let mut name = None;
        each_target(target, &mut |local| {
            let local = self.hir.locals[local].name.as_str();
            if !local.starts_with('.') {
                name = name.or(Some(local));
            }
        });
        name
    }

    /// Evaluates the expressions of an iterable.
    fn source(&mut self, iter: &Iter) -> Result<Source> {
        match iter {
            Iter::Range { start, stop, step } => {
                let constant = self.constant_step(*step);
                let start = self.scalar(*start)?;
                let stop = self.scalar(*stop)?;
                let step = match constant {
                    Some(step) if step != 0 => Step::Const(step),
                    _ => {
                        let step = self.scalar(*step)?;
                        let zero = self.b().const_i64(0);
                        let ok = self.b().compare(Compare::Ne, step, zero);
                        self.require(ok, snek_abi::Message::RangeStepZero);
                        Step::Value(step)
                    }
                };
                Ok(Source::Range { start, stop, step })
            }
            Iter::Array(array) => Ok(Source::Array(self.scalar(*array)?)),
            Iter::Enumerate { inner, start } => {
                let inner = Box::new(self.source(inner)?);
                let from_zero =
                    matches!(self.hir_expr(*start)?.kind, ExprKind::Const(Const::Int(0)));
                let start = self.scalar(*start)?;
                Ok(Source::Enumerate {
                    inner,
                    start,
                    from_zero,
                })
            }
            Iter::Zip(iters) => Ok(Source::Zip(
                iters
                    .iter()
                    .map(|iter| self.source(iter))
                    .collect::<Result<_>>()?,
            )),
            Iter::Reversed(inner) => {
                let inner = Box::new(self.source(inner)?);
                let count = self.count(&inner);
                let one = self.b().const_i64(1);
                // A count is not negative.
                let last = self.b().int(IntOp::Sub, Overflow::Proved, count, one);
                Ok(Source::Reversed { inner, last })
            }
        }
    }

    fn constant_step(&self, step: ExprId) -> Option<i64> {
        match &self.hir.exprs.get(step)?.kind {
            ExprKind::Const(Const::Int(step)) => Some(*step),
            ExprKind::Unary(UnaryOp::Neg, operand) => {
                self.constant_step(*operand).and_then(i64::checked_neg)
            }
            _ => None,
        }
    }

    /// Start, stop and step of the loop over a source.
    fn positions(&mut self, source: &Source) -> (ValueId, ValueId, i64) {
        match source {
            Source::Range {
                start,
                stop,
                step: Step::Const(step),
            } => (*start, *stop, *step),
            Source::Reversed { last, .. } => {
                let stop = self.b().const_i64(-1);
                (*last, stop, -1)
            }
            _ => {
                let stop = self.count(source);
                let start = self.b().const_i64(0);
                (start, stop, 1)
            }
        }
    }

    /// Assigns the items at the loop's position.
    fn head(&mut self, source: &Source, target: &Target, position: ValueId) -> Result<()> {
        match (source, target) {
            (
                Source::Range {
                    step: Step::Const(_),
                    ..
                },
                Target::Local(local),
            ) => self.assign(*local, vec![position]),
            // The loop itself runs backwards.
            (Source::Reversed { inner, .. }, _) => self.items(inner, target, position),
            _ => self.items(source, target, position),
        }
    }

    /// Assigns the items at a position.
    fn items(&mut self, source: &Source, target: &Target, position: ValueId) -> Result<()> {
        match (source, target) {
            (Source::Range { start, step, .. }, Target::Local(local)) => {
                // Right modulo 2**64, and the item fits.
                let offset = match step {
                    Step::Const(1) => position,
                    Step::Const(step) => {
                        let mut b = self.b();
                        let step = b.const_i64(*step);
                        b.int(IntOp::Mul, Overflow::Wrap, position, step)
                    }
                    Step::Value(step) => self.b().int(IntOp::Mul, Overflow::Wrap, position, *step),
                };
                let item = if self.function.const_int(*start) == Some(0) {
                    offset
                } else {
                    self.b().int(IntOp::Add, Overflow::Wrap, *start, offset)
                };
                self.assign(*local, vec![item])
            }
            (Source::Array(array), Target::Local(local)) => {
                let values = self.subscript(vec![*array, position], vec![Bound::Proved])?;
                self.assign(*local, values)
            }
            (
                Source::Enumerate {
                    inner,
                    start,
                    from_zero,
                },
                Target::Parts(parts),
            ) => {
                let [index, item] = parts.as_slice() else {
                    return bug(format!("`{}`: enumerate gives two", self.hir.name));
                };
                let Target::Local(index) = index else {
                    return bug(format!("`{}`: an index is an int", self.hir.name));
                };
                let value = if *from_zero {
                    position
                } else {
                    self.b()
                        .int(IntOp::Add, Overflow::Checked, *start, position)
                };
                self.assign(*index, vec![value])?;
                self.items(inner, item, position)
            }
            (Source::Zip(sources), Target::Parts(parts)) if sources.len() == parts.len() => {
                for (source, part) in sources.iter().zip(parts) {
                    self.items(source, part, position)?;
                }
                Ok(())
            }
            (Source::Reversed { inner, last }, _) => {
                // Both are in 0..count.
                let position = self.b().int(IntOp::Sub, Overflow::Proved, *last, position);
                self.items(inner, target, position)
            }
            _ => bug(format!(
                "`{}`: a loop's target has another shape",
                self.hir.name
            )),
        }
    }

    /// The number of items, not negative. Counts beyond 63 bits are cut: nobody gets there.
    fn count(&mut self, source: &Source) -> ValueId {
        match source {
            Source::Range {
                start,
                stop,
                step: Step::Const(step),
            } => {
                let (low, high) = if *step > 0 {
                    (*start, *stop)
                } else {
                    (*stop, *start)
                };
                let some = self.b().compare(Compare::Lt, low, high);
                let mut b = self.b();
                let mut count = b.int(IntOp::Sub, Overflow::Wrap, high, low);
                if step.unsigned_abs() == 1 {
                    // From a start that is not negative the difference fits.
                    let fits = b.function.const_int(low).is_some_and(|low| low >= 0);
                    return self.range_count(some, count, fits);
                }
                count = b.convert(Convert::Extend, count, U64);
                let step = b.const_int(U64, step.unsigned_abs() as i64);
                self.divided_count(some, count, step)
            }
            Source::Range {
                start,
                stop,
                step: Step::Value(step),
            } => {
                let mut b = self.b();
                let zero = b.const_i64(0);
                let up = b.compare(Compare::Gt, *step, zero);
                let low = b.select(up, *start, *stop);
                let high = b.select(up, *stop, *start);
                let some = b.compare(Compare::Lt, low, high);
                let count = b.int(IntOp::Sub, Overflow::Wrap, high, low);
                let count = b.convert(Convert::Extend, count, U64);
                let step = b.int_unary(IntUnaryOp::Abs, Overflow::Wrap, *step);
                let step = b.convert(Convert::Extend, step, U64);
                self.divided_count(some, count, step)
            }
            Source::Array(array) => self.b().extent(*array, 0),
            Source::Enumerate { inner, .. } => self.count(inner),
            Source::Zip(sources) => {
                let counts: Vec<ValueId> =
                    sources.iter().map(|source| self.count(source)).collect();
                let mut counts = counts.into_iter();
                let Some(mut least) = counts.next() else {
                    return self.b().const_i64(0);
                };
                for count in counts {
                    least = self.b().int(IntOp::Min, Overflow::Wrap, least, count);
                }
                least
            }
            Source::Reversed { last, .. } => {
                let one = self.b().const_i64(1);
                self.b().int(IntOp::Add, Overflow::Proved, *last, one)
            }
        }
    }

    /// `some ? (distance - 1) / step + 1 : 0` of unsigned numbers, as an I64.
    fn divided_count(&mut self, some: ValueId, distance: ValueId, step: ValueId) -> ValueId {
        let mut b = self.b();
        let one = b.const_int(U64, 1);
        let count = b.int(IntOp::Sub, Overflow::Wrap, distance, one);
        let count = b.int(IntOp::FloorDiv, Overflow::Wrap, count, step);
        let count = b.int(IntOp::Add, Overflow::Wrap, count, one);
        let count = b.convert(Convert::Extend, count, Type::I64);
        self.range_count(some, count, false)
    }

    /// `some ? count : 0`; a count beyond 63 bits, which looks negative, is cut.
    fn range_count(&mut self, some: ValueId, count: ValueId, fits: bool) -> ValueId {
        let mut b = self.b();
        let zero = b.const_i64(0);
        let mut count = count;
        if !fits {
            let most = b.const_i64(i64::MAX);
            let negative = b.compare(Compare::Lt, count, zero);
            count = b.select(negative, most, count);
        }
        b.select(some, count, zero)
    }
}

fn fold_of(op: hir::ReductionOp) -> ReductionOp {
    match op {
        hir::ReductionOp::Add => ReductionOp::Add,
        hir::ReductionOp::Mul => ReductionOp::Mul,
        hir::ReductionOp::Min => ReductionOp::Min,
        hir::ReductionOp::Max => ReductionOp::Max,
        hir::ReductionOp::BitAnd | hir::ReductionOp::And => ReductionOp::And,
        hir::ReductionOp::BitOr | hir::ReductionOp::Or => ReductionOp::Or,
        hir::ReductionOp::BitXor => ReductionOp::Xor,
    }
}
