//! Loads and stores: one place for all lanes, places at a constant distance, or a place per lane.

use snek_analysis::arrays::view;
use snek_mir::ir::{Bound, Compare, IntOp, Lanes, Layout, OpId, OpKind, Type, ValueId};

use super::exits::Raising;
use super::shapes::Shape;
use super::{Active, Obstacle, Widener};

/// A row that is not there as a value: indices of the leading dimensions of an array.
#[derive(Clone)]
pub(super) struct Row {
    array: ValueId,
    indices: Vec<(ValueId, Bound)>,
}

/// What a place is in lanes.
enum Place {
    /// One for all lanes: the scalar op's operands and bounds.
    One(Vec<ValueId>, Vec<Bound>),
    /// Array and indices of lane 0, the axis along which lanes lie, and their distance.
    Apart(Vec<ValueId>, Lanes),
    /// Array and indices, of which some are vectors.
    Any(Vec<ValueId>),
}

impl Widener<'_> {
    /// The array and the indices behind a value and further indices.
    fn resolve(&self, array: ValueId, indices: &[ValueId], bounds: &[Bound]) -> Row {
        let own = indices.iter().copied().zip(bounds.iter().copied());
        let mut row = self.rows.get(&array).cloned().unwrap_or(Row {
            array,
            indices: Vec::new(),
        });
        row.indices.extend(own);
        row
    }

    pub(super) fn row(&mut self, op: OpId, bounds: &[Bound]) -> Result<(), Obstacle> {
        let data = self.function.ops[op].clone();
        let row = self.resolve(data.args[0], &data.args[1..], bounds);
        let mut values = row.indices.iter().map(|(index, _)| *index);
        let uniform = values.all(|index| self.plan.shape(index) == Shape::Uniform);
        let row = if bounds.iter().any(|bound| bound.may_raise()) {
            let direct = self.raising(op, uniform)? == Raising::Directly;
            if direct && uniform && self.sure && !self.rows.contains_key(&data.args[0]) {
                return self.uniform(op);
            }
            self.checked(row)?
        } else {
            if uniform && self.sure && !self.rows.contains_key(&data.args[0]) {
                return self.uniform(op);
            }
            row
        };
        self.rows.insert(data.results[0], row);
        Ok(())
    }

    /// The same indices, which are good or the loop has been left.
    fn checked(&mut self, mut row: Row) -> Result<Row, Obstacle> {
        if !self.may_exit {
            return self.obstacle("a subscript may be out of bounds");
        }
        let array = self.scalar(row.array)?;
        for (axis, (index, bound)) in row.indices.iter_mut().enumerate() {
            if bound.may_raise() {
                self.require_bounds(array, axis as u8, *index, *bound)?;
                *bound = Bound::Proved;
            }
        }
        Ok(row)
    }

    pub(super) fn extent(&mut self, op: OpId, axis: u8) -> Result<(), Obstacle> {
        let data = self.function.ops[op].clone();
        let Some(row) = self.rows.get(&data.args[0]).cloned() else {
            return self.uniform(op);
        };
        let axis = axis + row.indices.len() as u8;
        let kind = match data.kind {
            OpKind::Stride(_) => OpKind::Stride(axis),
            _ => OpKind::Extent(axis),
        };
        let array = self.scalar(row.array)?;
        let extent = self.value(kind, vec![array], Type::I64);
        self.define(data.results[0], extent);
        Ok(())
    }

    fn place(
        &mut self,
        op: OpId,
        array: ValueId,
        indices: &[ValueId],
        bounds: &[Bound],
    ) -> Result<Place, Obstacle> {
        let mut row = self.resolve(array, indices, bounds);
        let shapes: Vec<Shape> = row
            .indices
            .iter()
            .map(|(index, _)| self.plan.shape(*index))
            .collect();
        let uniform = shapes.iter().all(|shape| *shape == Shape::Uniform);
        if row.indices.iter().any(|(_, bound)| bound.may_raise())
            && self.raising(op, uniform)? == Raising::Early
        {
            row = self.checked(row)?;
        }
        let mut args = vec![self.scalar(row.array)?];
        if uniform {
            for (index, _) in &row.indices {
                args.push(self.scalar(*index)?);
            }
            return Ok(Place::One(args, row.indices.iter().map(|i| i.1).collect()));
        }
        let mut linear = Vec::new();
        let mut varies = false;
        for (axis, shape) in shapes.iter().enumerate() {
            match shape {
                Shape::Uniform => {}
                Shape::Linear(step) if row.indices[axis].1 == Bound::Proved => {
                    linear.push((axis, *step));
                }
                _ => varies = true,
            }
        }
        let apart = match linear[..] {
            [(axis, step)] if !varies => Some(Lanes {
                axis: axis as u8,
                step,
                masked: matches!(self.active, Active::Some(_)),
                dense: axis + 1 == row.indices.len() && self.is_dense(row.array),
            }),
            _ => None,
        };
        for (axis, (index, bound)) in row.indices.iter().enumerate() {
            let scalar = shapes[axis] == Shape::Uniform || apart.is_some();
            let line = match bound {
                Bound::Proved if !scalar => self.lanes_of_line(*index),
                _ => None,
            };
            let index = match line {
                Some(line) => line,
                None if scalar => self.scalar(*index)?,
                None => self.vector(*index)?,
            };
            args.push(match bound {
                Bound::Wrapping => self.counted_from_start(args[0], axis as u8, index)?,
                _ => index,
            });
        }
        Ok(match apart {
            Some(lanes) => Place::Apart(args, lanes),
            None => Place::Any(args),
        })
    }

    /// Neighbours along the last dimension lie side by side, although the array's layout does not say so.
    fn is_dense(&self, array: ValueId) -> bool {
        let ty = self.function.ty(array).array();
        ty.is_some_and(|ty| ty.layout == Layout::Strided)
            && self.dense.contains(&view(self.function, array).base)
    }

    /// The index as it counts from the start.
    fn counted_from_start(
        &mut self,
        array: ValueId,
        axis: u8,
        index: ValueId,
    ) -> Result<ValueId, Obstacle> {
        let ty = self.function.ty(index);
        let mut extent = self.value(OpKind::Extent(axis), vec![array], Type::I64);
        if ty != Type::I64 {
            extent = self.value(OpKind::Splat, vec![extent], ty);
        }
        let zero = self.zero(ty)?;
        let truth = match ty.lanes() {
            Some(0) | None => Type::BOOL,
            Some(lanes) => Type::Mask(lanes),
        };
        let compare = OpKind::Compare(Compare::Lt);
        let negative = self.value(compare, vec![index, zero], truth);
        let moved = self.int(IntOp::Add, index, extent);
        Ok(self.value(OpKind::Select, vec![negative, moved, index], ty))
    }

    pub(super) fn load(&mut self, op: OpId, bounds: &[Bound]) -> Result<(), Obstacle> {
        let data = self.function.ops[op].clone();
        let place = self.place(op, data.args[0], &data.args[1..], bounds)?;
        let types = self.function.types(&data.results);
        let mask = match self.active {
            Active::Some(mask) => Some(mask),
            _ => None,
        };
        let mask = match &place {
            Place::Apart(args, lanes) if self.is_between(*lanes, args) => None,
            Place::Apart(..) | Place::One(..) | Place::Any(_) => mask,
        };
        let masked = mask.is_some();
        let (kind, mut args) = match place {
            Place::One(args, bounds) => {
                let kind = OpKind::Load(bounds);
                let results = if self.sure {
                    self.op(kind, args, &types)
                } else {
                    self.if_any(&types, |this| Ok(this.op(kind, args, &types)))?
                };
                for (old, new) in data.results.iter().zip(results) {
                    self.define(*old, new);
                }
                return Ok(());
            }
            Place::Apart(args, lanes) => (OpKind::LoadLanes(Lanes { masked, ..lanes }), args),
            Place::Any(args) => (OpKind::Gather { masked }, args),
        };
        if let OpKind::LoadLanes(lanes) = kind
            && !masked
            && self.region == self.body
        {
            self.loaded.push((lanes, args.clone()));
        }
        args.extend(mask);
        let mut vectors = Vec::new();
        for ty in types {
            vectors.push(self.vector_type(ty)?);
        }
        let results = self.op(kind, args, &vectors);
        for (old, new) in data.results.iter().zip(results) {
            self.define(*old, new);
        }
        Ok(())
    }

    pub(super) fn store(&mut self, op: OpId, bounds: &[Bound]) -> Result<(), Obstacle> {
        let data = self.function.ops[op].clone();
        let (indices, values) = data.args[1..].split_at(bounds.len());
        let place = self.place(op, data.args[0], indices, bounds)?;
        let mask = match self.active {
            Active::Some(mask) => Some(mask),
            _ => None,
        };
        let masked = mask.is_some();
        self.stored = true;
        let (kind, mut args) = match place {
            Place::One(args, bounds) => return self.store_one(args, bounds, values),
            Place::Apart(args, lanes) => (OpKind::StoreLanes(lanes), args),
            Place::Any(args) => (OpKind::Scatter { masked }, args),
        };
        if let (OpKind::StoreLanes(lanes), Some(mask)) = (&kind, mask)
            && let Some(all) = self.loaded_before(*lanes, &args)
        {
            return self.store_over(all, args, values, mask);
        }
        for value in values {
            args.push(self.vector(*value)?);
        }
        args.extend(mask);
        self.op(kind, args, &[]);
        Ok(())
    }

    /// Whether all lanes have loaded what lies before and what lies behind, so that what is between is there, too.
    fn is_between(&self, lanes: Lanes, args: &[ValueId]) -> bool {
        let at = 1 + usize::from(lanes.axis);
        let all = Lanes {
            masked: false,
            ..lanes
        };
        let (base, offset) = self.counted_from(args[at]);
        let mut before = false;
        let mut behind = false;
        for (known, place) in &self.loaded {
            let is_same = |n: usize| n == at || place[n] == args[n];
            if *known != all || place.len() != args.len() || !(0..args.len()).all(is_same) {
                continue;
            }
            let (of, other) = self.counted_from(place[at]);
            before |= of == base && other <= offset;
            behind |= of == base && other >= offset;
        }
        before && behind
    }

    /// A value as another one and what is added to it.
    fn counted_from(&self, value: ValueId) -> (ValueId, i128) {
        let counted = || {
            let data = self.function.def_op(value)?;
            let OpKind::Int(int, _) = data.kind else {
                return None;
            };
            let number = i128::from(self.function.const_int(data.args[1])?);
            match int {
                IntOp::Add => Some((data.args[0], number)),
                IntOp::Sub => Some((data.args[0], -number)),
                _ => None,
            }
        };
        counted().unwrap_or((value, 0))
    }

    /// Lanes that are neighbours, if all of them have been loaded from there before.
    fn loaded_before(&self, lanes: Lanes, args: &[ValueId]) -> Option<Lanes> {
        let masked = false;
        let all = Lanes { masked, ..lanes };
        let is_there = |(known, place): &(Lanes, Vec<ValueId>)| *known == all && place == args;
        let found = lanes.step.abs() == 1 && self.loaded.iter().any(is_there);
        found.then_some(all)
    }

    /// Some lanes store to elements that all have loaded: the others keep what is there. Nobody else stores there, since
    /// these iterations load it.
    fn store_over(
        &mut self,
        lanes: Lanes,
        mut args: Vec<ValueId>,
        values: &[ValueId],
        mask: ValueId,
    ) -> Result<(), Obstacle> {
        let mut new = Vec::new();
        for value in values {
            new.push(self.vector(*value)?);
        }
        let types = self.function.types(&new);
        let old = self.op(OpKind::LoadLanes(lanes), args.clone(), &types);
        for (new, old) in new.into_iter().zip(old) {
            let value = self.pick(mask, new, old);
            args.push(value);
        }
        self.op(OpKind::StoreLanes(lanes), args, &[]);
        Ok(())
    }

    /// All lanes store to one place: the last one's value stays.
    fn store_one(
        &mut self,
        mut args: Vec<ValueId>,
        bounds: Vec<Bound>,
        values: &[ValueId],
    ) -> Result<(), Obstacle> {
        let last = self.lanes - 1;
        for value in values {
            args.push(match self.plan.shape(*value) {
                Shape::Uniform => self.scalar(*value)?,
                _ if self.active != Active::All => {
                    return self.obstacle("several iterations store to one place");
                }
                Shape::Linear(step) => self.lane_of_linear(*value, step, last)?,
                Shape::Varying => {
                    let vector = self.vector(*value)?;
                    self.extract(vector, last)
                }
            });
        }
        let kind = OpKind::Store(bounds);
        if self.sure {
            self.op(kind, args, &[]);
        } else {
            self.if_any(&[], |this| Ok(this.op(kind, args, &[])))?;
        }
        Ok(())
    }
}
