//! Loads and stores of lanes.
//!
//! Neighbours move as registers, all others one by one. A lane that is off never touches the array, whose memory may end
//! before it: where some lanes are off, each one's address is chosen between that of its element and that of memory of
//! our own, without a branch.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, StackSlot, Value};
use snek_mir::ir::{Element, Lanes, Layout, Op, OpKind, Scalar, Type as MirType, ValueId};

use super::array::{View, element_parts};
use super::vector::{Shape, Vector, bytes};
use super::{Lower, Val};
use crate::CodegenError;

/// Where lanes lie.
struct Place {
    view: View,
    /// The address of each lane.
    address: Addresses,
    mask: Option<Vector>,
}

enum Addresses {
    /// Neighbours in memory; the address of the first lane, and whether the lanes go down from it.
    Row { first: Value, down: bool },
    /// One for each.
    Each(Vec<Value>),
}

impl<'a> Lower<'a> {
    /// Takes the operands of a load or store of lanes apart.
    fn place(&mut self, op: &Op, lanes: Lanes, count: usize) -> Result<Place, CodegenError> {
        let mut view = self.view(op.args[0])?;
        if lanes.dense {
            view.make_dense(&mut self.b);
        }
        let mut indices = Vec::with_capacity(view.rank());
        for axis in 0..view.rank() {
            indices.push(self.one(op.args[1 + axis])?);
        }
        let first = view.address(&mut self.b, &indices);
        let axis = usize::from(lanes.axis);
        let row = (view.ty.layout == Layout::Contiguous || lanes.dense)
            && axis + 1 == view.rank()
            && matches!(lanes.step, 1 | -1);
        let address = if row {
            let down = lanes.step < 0;
            Addresses::Row { first, down }
        } else {
            let stride = view.stride(&mut self.b, axis);
            let distance = self.b.ins.ins().imul_imm_s(stride, lanes.step);
            let mut each = vec![first];
            for lane in 1..count as i64 {
                let offset = self.b.ins.ins().imul_imm_s(distance, lane);
                each.push(self.b.ins.ins().iadd(first, offset));
            }
            Addresses::Each(each)
        };
        let mask = match lanes.masked {
            true => Some(self.last_mask(op)?),
            false => None,
        };
        Ok(Place {
            view,
            address,
            mask,
        })
    }

    fn last_mask(&mut self, op: &Op) -> Result<Vector, CodegenError> {
        let mask = op.args.last().copied();
        mask.map_or_else(
            || Err(CodegenError::Internal("no mask".to_owned())),
            |mask| self.vector(mask),
        )
    }

    /// Takes the operands of a gather or scatter apart.
    fn places(&mut self, op: &Op, masked: bool, count: usize) -> Result<Place, CodegenError> {
        let view = self.view(op.args[0])?;
        let subscripts = &op.args[1..1 + view.rank()];
        let mut each = Vec::with_capacity(count);
        for lane in 0..count {
            let mut indices = Vec::with_capacity(subscripts.len());
            for id in subscripts {
                // Lanes that were scalars are still there.
                let made = self.function.def_op(*id);
                let scalars = made.filter(|op| matches!(op.kind, OpKind::FromLanes));
                indices.push(match (scalars, self.val(*id)?) {
                    (Some(op), _) => self.one(op.args[lane])?,
                    (None, Val::Vector(vector)) => self.lane(&vector, lane),
                    (None, _) => self.one(*id)?,
                });
            }
            each.push(view.address(&mut self.b, &indices));
        }
        let mask = match masked {
            true => Some(self.last_mask(op)?),
            false => None,
        };
        Ok(Place {
            view,
            address: Addresses::Each(each),
            mask,
        })
    }

    /// The shape that lanes have in memory.
    fn memory_shape(&self, view: &View, value: ValueId) -> Result<Shape, CodegenError> {
        let (lane, _) = element_parts(view.ty.element);
        let lanes = self.function.ty(value).lanes().unwrap_or(0);
        match lanes {
            0 => Err(CodegenError::Internal("a scalar as a vector".to_owned())),
            _ => Ok(Shape {
                lane,
                lanes,
                most: self.widest(),
            }),
        }
    }

    pub(super) fn load_lanes(&mut self, op: &Op, lanes: Lanes) -> Result<(), CodegenError> {
        let count = self.shape_of(op.results[0])?.lanes;
        let place = self.place(op, lanes, usize::from(count))?;
        self.load_place(op, place)
    }

    pub(super) fn gather(&mut self, op: &Op, masked: bool) -> Result<(), CodegenError> {
        let count = self.shape_of(op.results[0])?.lanes;
        let place = self.places(op, masked, usize::from(count))?;
        self.load_place(op, place)
    }

    pub(super) fn store_lanes(&mut self, op: &Op, lanes: Lanes) -> Result<(), CodegenError> {
        let view = self.view(op.args[0])?;
        let count = self.shape_of(op.args[1 + view.rank()])?.lanes;
        let place = self.place(op, lanes, usize::from(count))?;
        self.store_place(op, place)
    }

    pub(super) fn scatter(&mut self, op: &Op, masked: bool) -> Result<(), CodegenError> {
        let view = self.view(op.args[0])?;
        let count = self.shape_of(op.args[1 + view.rank()])?.lanes;
        let place = self.places(op, masked, usize::from(count))?;
        self.store_place(op, place)
    }

    fn load_place(&mut self, op: &Op, place: Place) -> Result<(), CodegenError> {
        let shape = self.memory_shape(&place.view, op.results[0])?;
        let count = op.results.len();
        let vectors = match (&place.address, &place.mask) {
            (Addresses::Row { first, down }, None) => self.load_row(*first, *down, shape, count),
            (Addresses::Row { first, down }, Some(mask)) => {
                self.masked_row_load(*first, *down, shape, count, mask)
            }
            (Addresses::Each(each), None) => self.load_each(each, shape, count),
            (Addresses::Each(each), Some(mask)) => {
                let each = self.idle_off(each, mask, true);
                self.load_each(&each, shape, count)
            }
        };
        for (result, vector) in op.results.iter().zip(vectors) {
            if place.view.ty.element == Element::Scalar(Scalar::Bool) {
                // Memory that Python calls bool may hold other bytes than 0 and 1.
                let zero = self.everywhere(vector.shape, 0);
                let mask = self.map(&vector, |s, part| {
                    s.b.ins.ins().icmp(IntCC::NotEqual, part, zero)
                });
                self.define_mask(*result, mask)?;
            } else {
                self.define_vector(*result, vector);
            }
        }
        Ok(())
    }

    fn store_place(&mut self, op: &Op, place: Place) -> Result<(), CodegenError> {
        let first = 1 + place.view.rank();
        let shape = self.memory_shape(&place.view, op.args[first])?;
        let (_, count) = element_parts(place.view.ty.element);
        let mut vectors = Vec::with_capacity(count);
        for value in &op.args[first..first + count] {
            vectors.push(match self.function.ty(*value) {
                MirType::Mask(_) => {
                    let mask = self.mask(*value, 8)?;
                    let one = self.everywhere(mask.shape, 1);
                    self.map(&mask, |s, part| s.b.ins.ins().band(part, one))
                }
                _ => self.vector(*value)?,
            });
        }
        match (&place.address, &place.mask) {
            (Addresses::Row { first, down }, None) => self.store_row(*first, *down, &vectors),
            (Addresses::Row { first, down }, Some(mask)) => {
                self.masked_row_store(*first, *down, shape, &vectors, mask);
            }
            (Addresses::Each(each), None) => self.store_each(each, &vectors),
            (Addresses::Each(each), Some(mask)) => {
                let each = self.idle_off(each, mask, false);
                self.store_each(&each, &vectors);
            }
        }
        Ok(())
    }

    /// The address of the lowest of the neighbours.
    fn lowest(&mut self, first: Value, down: bool, shape: Shape, count: usize) -> Value {
        if !down {
            return first;
        }
        let size = i64::from(shape.lane.bytes()) * count as i64;
        let way = size * (i64::from(shape.lanes) - 1);
        self.b.ins.ins().iadd_imm_s(first, -way)
    }

    /// Neighbours, of which each has `count` values of this shape.
    fn load_row(&mut self, first: Value, down: bool, shape: Shape, count: usize) -> Vec<Vector> {
        let lowest = self.lowest(first, down, shape, count);
        let flags = self.element_flags();
        let bits = shape.bits() * count as u32;
        // Pairs are taken apart in registers of 128 bits.
        let wanted = shape;
        let shape = if count == 1 { shape } else { shape.narrow() };
        let ty = shape.register();
        let mut parts = Vec::new();
        if bits < 128 {
            let lane = Type::int(bits as u16).unwrap_or(types::I64);
            let value = self.b.ins.ins().load(lane, flags, lowest, 0);
            let (lane, value) = match lane {
                types::I64 => (types::I64, value),
                types::I32 => (types::I32, value),
                _ => (types::I32, self.b.ins.ins().uextend(types::I32, value)),
            };
            let register = Shape::single(lane).register();
            let part = self.b.ins.ins().scalar_to_vector(register, value);
            parts.push(self.b.recast(ty, part));
        } else {
            let size = ty.bytes() as i32;
            for part in 0..(bits / ty.bits()) as i32 {
                parts.push(self.b.ins.ins().load(ty, flags, lowest, size * part));
            }
        }
        let mut vectors = if count == 1 {
            vec![Vector { shape, parts }]
        } else {
            let vectors = self.apart(shape.narrow(), &parts);
            let vectors = vectors.iter();
            vectors
                .map(|vector| self.in_shape(vector, wanted))
                .collect()
        };
        if down {
            for vector in &mut vectors {
                *vector = self.reversed(vector);
            }
        }
        vectors
    }

    fn store_row(&mut self, first: Value, down: bool, vectors: &[Vector]) {
        let shape = vectors[0].shape;
        let lowest = self.lowest(first, down, shape, vectors.len());
        let flags = self.element_flags();
        let mut vectors = vectors.to_vec();
        if down {
            for vector in &mut vectors {
                *vector = self.reversed(vector);
            }
        }
        let parts = match vectors.as_slice() {
            [real, imaginary] => {
                let [real, imaginary] =
                    [real, imaginary].map(|vector| self.in_shape(vector, shape.narrow()));
                self.together(&real, &imaginary)
            }
            _ => vectors[0].parts.clone(),
        };
        let bits = shape.bits() * vectors.len() as u32;
        if bits < 128 {
            let lane = Type::int(bits as u16).unwrap_or(types::I64);
            let register = Shape::single(lane).register();
            let part = self.b.recast(register, parts[0]);
            let value = self.b.ins.ins().extractlane(part, 0);
            self.b.ins.ins().store(flags, value, lowest, 0);
        } else {
            let mut offset = 0;
            for part in parts {
                // Of pairs of few lanes only the first register is full.
                if offset < (bits / 8) as i32 {
                    self.b.ins.ins().store(flags, part, lowest, offset);
                }
                offset += self.b.ins.func.dfg.value_type(part).bytes() as i32;
            }
        }
    }

    /// Pairs of values as two vectors.
    fn apart(&mut self, shape: Shape, parts: &[Value]) -> Vec<Vector> {
        let size = shape.lane.bytes() as u8;
        [0, 1]
            .map(|which| {
                let bytes = bytes(|k| 2 * size * (k / size) + k % size + which * size);
                let parts = parts.chunks(2).map(|pair| {
                    let last = *pair.last().unwrap_or(&pair[0]);
                    self.b.shuffle(pair[0], last, bytes)
                });
                let parts = parts.collect();
                Vector { shape, parts }
            })
            .into()
    }

    /// Two vectors as pairs of values.
    fn together(&mut self, a: &Vector, b: &Vector) -> Vec<Value> {
        let size = a.shape.lane.bytes() as u8;
        let mut parts = Vec::new();
        for (a, b) in a.parts.iter().zip(&b.parts) {
            for half in [0, 8] {
                let bytes = bytes(|k| {
                    let (pair, rest) = (k / (2 * size), k % (2 * size));
                    half + size * pair + rest % size + 16 * (rest / size)
                });
                parts.push(self.b.shuffle(*a, *b, bytes));
            }
        }
        parts
    }

    /// The lanes in reversed order.
    fn reversed(&mut self, vector: &Vector) -> Vector {
        let wanted = vector.shape;
        let vector = &self.in_shape(vector, wanted.narrow());
        let size = vector.shape.lane.bytes() as u8;
        let lanes = vector.shape.lanes.min(vector.shape.per_part() as u8);
        let bytes = bytes(|k| {
            let lane = (2 * lanes - 1 - k / size % lanes) % lanes;
            size * lane + k % size
        });
        let parts = vector.parts.iter().rev();
        let reversed = Vector {
            shape: vector.shape,
            parts: parts
                .map(|part| self.b.shuffle(*part, *part, bytes))
                .collect(),
        };
        self.in_shape(&reversed, wanted)
    }

    fn load_each(&mut self, each: &[Value], shape: Shape, count: usize) -> Vec<Vector> {
        let flags = self.element_flags();
        let size = shape.lane.bytes() as i32;
        (0..count as i32)
            .map(|which| {
                let lanes: Vec<Value> = each
                    .iter()
                    .map(|address| {
                        let ins = self.b.ins.ins();
                        ins.load(shape.lane, flags, *address, size * which)
                    })
                    .collect();
                self.vector_of(shape, &lanes)
            })
            .collect()
    }

    fn store_each(&mut self, each: &[Value], vectors: &[Vector]) {
        let flags = self.element_flags();
        for (lane, address) in each.iter().enumerate() {
            let mut offset = 0;
            for vector in vectors {
                let value = self.lane(vector, lane);
                self.b.ins.ins().store(flags, value, *address, offset);
                offset += vector.shape.lane.bytes() as i32;
            }
        }
    }

    /// The address of every neighbour.
    fn neighbours(&mut self, first: Value, down: bool, shape: Shape, count: usize) -> Vec<Value> {
        let size = i64::from(shape.lane.bytes()) * count as i64;
        let size = if down { -size } else { size };
        (0..i64::from(shape.lanes))
            .map(|lane| self.b.ins.ins().iadd_imm_s(first, size * lane))
            .collect()
    }

    /// Neighbours of which some are off: if none is, they are loaded as usual.
    fn masked_row_load(
        &mut self,
        first: Value,
        down: bool,
        shape: Shape,
        count: usize,
        mask: &Vector,
    ) -> Vec<Vector> {
        let (whole, some, done) = {
            let ins = &mut self.b.ins;
            (ins.create_block(), ins.create_block(), ins.create_block())
        };
        for _ in 0..count {
            for ty in shape.part_types() {
                self.b.ins.append_block_param(done, ty);
            }
        }
        let all = self.all_lanes(mask);
        self.b.ins.ins().brif(all, whole, &[], some, &[]);
        for block in [whole, some] {
            self.b.ins.switch_to_block(block);
            let vectors = if block == whole {
                self.load_row(first, down, shape, count)
            } else {
                let each = self.neighbours(first, down, shape, count);
                let each = self.idle_off(&each, mask, true);
                self.load_each(&each, shape, count)
            };
            let parts: Vec<_> = vectors
                .iter()
                .flat_map(|vector| vector.parts.iter().map(|part| (*part).into()))
                .collect();
            self.b.ins.ins().jump(done, &parts);
        }
        self.b.ins.switch_to_block(done);
        let params = self.b.ins.block_params(done).to_vec();
        let vectors = params.chunks(shape.part_count());
        vectors
            .map(|parts| Vector {
                shape,
                parts: parts.to_vec(),
            })
            .collect()
    }

    fn masked_row_store(
        &mut self,
        first: Value,
        down: bool,
        shape: Shape,
        vectors: &[Vector],
        mask: &Vector,
    ) {
        let (whole, some, done) = {
            let ins = &mut self.b.ins;
            (ins.create_block(), ins.create_block(), ins.create_block())
        };
        let all = self.all_lanes(mask);
        self.b.ins.ins().brif(all, whole, &[], some, &[]);
        for block in [whole, some] {
            self.b.ins.switch_to_block(block);
            if block == whole {
                self.store_row(first, down, vectors);
            } else {
                let each = self.neighbours(first, down, shape, vectors.len());
                let each = self.idle_off(&each, mask, false);
                self.store_each(&each, vectors);
            }
            self.b.ins.ins().jump(done, &[]);
        }
        self.b.ins.switch_to_block(done);
    }

    /// The addresses, those of lanes that are off replaced by one of memory of our own: for loads it holds zeros.
    fn idle_off(&mut self, each: &[Value], mask: &Vector, load: bool) -> Vec<Value> {
        let (zeros, waste) = self.idle_memory();
        let slot = if load { zeros } else { waste };
        let idle = self.b.slot_address(slot);
        if load {
            // In the region of the elements, so that no load of them moves before it.
            let flags: MemFlagsData = self.element_flags();
            let zero = self.b.int(types::I64, 0);
            self.b.ins.ins().store(flags, zero, idle, 0);
            self.b.ins.ins().store(flags, zero, idle, 8);
        }
        let each = each.iter().enumerate();
        each.map(|(lane, address)| {
            let on = self.mask_lane(mask, lane);
            self.b.ins.ins().select(on, *address, idle)
        })
        .collect()
    }

    /// Memory of zeros that lanes read which are off, and memory that they write: an element's size each.
    pub(super) fn idle_memory(&mut self) -> (StackSlot, StackSlot) {
        if let Some(slots) = self.idle {
            return slots;
        }
        let slots = (self.b.stack_slot(16), self.b.stack_slot(16));
        self.idle = Some(slots);
        slots
    }

    /// Whether no byte between the first and the last that one array spans is spanned by the other.
    pub(super) fn disjoint(&mut self, op: &Op) -> Result<(), CodegenError> {
        let (a, b) = (self.view(op.args[0])?, self.view(op.args[1])?);
        let ((a_low, a_high, a_empty), (b_low, b_high, b_empty)) = (self.span(&a), self.span(&b));
        let ins = &mut self.b.ins;
        let below = ins
            .ins()
            .icmp(IntCC::UnsignedLessThanOrEqual, a_high, b_low);
        let above = ins
            .ins()
            .icmp(IntCC::UnsignedLessThanOrEqual, b_high, a_low);
        let apart = ins.ins().bor(below, above);
        let empty = ins.ins().bor(a_empty, b_empty);
        let disjoint = ins.ins().bor(apart, empty);
        self.define(op.results[0], disjoint);
        Ok(())
    }

    /// The first byte of an array, the one behind its last, and whether it has no elements.
    fn span(&mut self, view: &View) -> (Value, Value, Value) {
        let size = i64::from(view.ty.element.size());
        let mut empty = self.b.int(types::I8, 0);
        let (mut low, mut high) = (view.data(), view.data());
        let mut count = None;
        for axis in 0..view.rank() {
            let extent = view.extent(axis);
            let none = self.b.ins.ins().icmp_imm_s(IntCC::Equal, extent, 0);
            empty = self.b.ins.ins().bor(empty, none);
            match view.ty.layout {
                Layout::Contiguous => {
                    count = Some(match count {
                        None => extent,
                        Some(count) => self.b.ins.ins().imul(count, extent),
                    });
                }
                Layout::Strided => {
                    let stride = view.stride(&mut self.b, axis);
                    let steps = self.b.ins.ins().iadd_imm_s(extent, -1);
                    let way = self.b.ins.ins().imul(steps, stride);
                    let zero = self.b.int(types::I64, 0);
                    let down = self.b.ins.ins().smin(way, zero);
                    let up = self.b.ins.ins().smax(way, zero);
                    low = self.b.ins.ins().iadd(low, down);
                    high = self.b.ins.ins().iadd(high, up);
                }
            }
        }
        high = match count {
            None => self.b.ins.ins().iadd_imm_s(high, size),
            Some(count) => {
                let bytes = self.b.ins.ins().imul_imm_s(count, size);
                self.b.ins.ins().iadd(high, bytes)
            }
        };
        (low, high, empty)
    }
}
