//! Arrays: views taken apart into values, and the addresses of elements.
//!
//! Descriptors do not change while a function that got one runs, so their loads may move anywhere;
//! Cranelift keeps those that are used and hoists them out of loops. Addresses are built as a base
//! that does not depend on the last index, plus the last index times the element's size, so that
//! the base leaves the innermost loop and the rest is one addressing mode.
//!
//! All elements are in one alias region, apart from the stack: two arrays may share memory.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{self, Type};
use cranelift_codegen::ir::{AliasRegion, AliasRegionData, InstBuilder, MemFlagsData, Value};
use snek_abi::{ArrayDesc, RANK_MAX};
use snek_mir::ir::{ArrayType, Bound, Element, Layout, Op, Scalar, SiteId, ValueId};

use super::builder::Builder;
use super::raise::What;
use super::signature::{array_parts, scalar_type};
use super::{Lower, Val};
use crate::CodegenError;

/// An array, taken apart.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Its type.
    pub ty: ArrayType,
    /// The descriptor by which exactly this view came into the function, or 0.
    descriptor: Value,
    /// Whether `descriptor` is known to be one.
    described: bool,
    data: Value,
    extents: [Value; RANK_MAX],
    /// Set up to the rank, and only if the layout is strided.
    strides: [Value; RANK_MAX],
}

/// Flags for fields of descriptors.
fn descriptor_flags() -> MemFlagsData {
    MemFlagsData::trusted().with_readonly().with_can_move()
}

/// The type of what an element holds, and how many of them it holds.
pub(super) fn element_parts(element: Element) -> (Type, usize) {
    let (scalar, count) = element.scalars();
    (scalar_type(scalar), count)
}

impl View {
    pub(super) fn rank(&self) -> usize {
        usize::from(self.ty.rank)
    }

    /// The view that a descriptor describes.
    pub fn of_descriptor(b: &mut Builder<'_>, ty: ArrayType, descriptor: Value) -> View {
        let mut field = |offset: usize| {
            b.ins
                .ins()
                .load(types::I64, descriptor_flags(), descriptor, offset as i32)
        };
        let data = field(ArrayDesc::DATA);
        let mut view = View {
            ty,
            descriptor,
            described: true,
            data,
            extents: [data; RANK_MAX],
            strides: [data; RANK_MAX],
        };
        for axis in 0..view.rank() {
            view.extents[axis] = field(ArrayDesc::EXTENTS + 8 * axis);
            if ty.layout == Layout::Strided {
                view.strides[axis] = field(ArrayDesc::STRIDES + 8 * axis);
            }
        }
        view
    }

    /// Rebuilds a view from its parts.
    pub fn from_parts(ty: ArrayType, parts: &mut impl Iterator<Item = Value>) -> Option<View> {
        let descriptor = parts.next()?;
        let data = parts.next()?;
        let mut view = View {
            ty,
            descriptor,
            described: false,
            data,
            extents: [data; RANK_MAX],
            strides: [data; RANK_MAX],
        };
        for axis in 0..view.rank() {
            view.extents[axis] = parts.next()?;
        }
        if ty.layout == Layout::Strided {
            for axis in 0..view.rank() {
                view.strides[axis] = parts.next()?;
            }
        }
        Some(view)
    }

    /// Takes the view apart.
    pub fn push_parts(&self, parts: &mut Vec<Value>) {
        parts.push(self.descriptor);
        parts.push(self.data);
        parts.extend(&self.extents[..self.rank()]);
        if self.ty.layout == Layout::Strided {
            parts.extend(&self.strides[..self.rank()]);
        }
        debug_assert!(parts.len() >= array_parts(self.ty));
    }

    /// `a` if `condition`, else `b`.
    pub fn select(b: &mut Builder<'_>, condition: Value, left: &View, right: &View) -> View {
        let (mut lefts, mut rights) = (Vec::new(), Vec::new());
        left.push_parts(&mut lefts);
        right.push_parts(&mut rights);
        let mut parts = lefts
            .into_iter()
            .zip(rights)
            .map(|(left, right)| b.ins.ins().select(condition, left, right));
        // Both have one type, so the parts are as many as a view of it has.
        View::from_parts(left.ty, &mut parts).unwrap_or(*left)
    }

    /// The extent of an axis.
    pub fn extent(&self, axis: usize) -> Value {
        self.extents[axis]
    }

    /// The first element's address.
    pub fn data(&self) -> Value {
        self.data
    }

    /// Takes elements along the last axis to be neighbours.
    pub(super) fn make_dense(&mut self, b: &mut Builder<'_>) {
        if let Some(last) = self.rank().checked_sub(1) {
            self.strides[last] = b.int(types::I64, i64::from(self.ty.element.size()));
        }
    }

    /// The bytes from one element to the next along an axis.
    pub(super) fn stride(&self, b: &mut Builder<'_>, axis: usize) -> Value {
        match self.ty.layout {
            Layout::Strided => self.strides[axis],
            Layout::Contiguous => {
                let mut stride = b.int(types::I64, i64::from(self.ty.element.size()));
                for inner in (axis + 1..self.rank()).rev() {
                    stride = b.ins.ins().imul(stride, self.extents[inner]);
                }
                stride
            }
        }
    }

    /// The address of a descriptor of this view. If Python gave none it is made on the stack, and
    /// `copies` gets its address.
    pub fn described(&self, b: &mut Builder<'_>, copies: &mut Vec<Value>) -> Value {
        if self.described {
            return self.descriptor;
        }
        let slot = b.stack_slot(ArrayDesc::SIZE as u32);
        let copy = b.slot_address(slot);
        b.store(self.data, copy, ArrayDesc::DATA);
        for axis in 0..self.rank() {
            b.store(self.extents[axis], copy, ArrayDesc::EXTENTS + 8 * axis);
            let stride = self.stride(b, axis);
            b.store(stride, copy, ArrayDesc::STRIDES + 8 * axis);
        }
        copies.push(copy);
        b.ins.ins().select(self.descriptor, self.descriptor, copy)
    }

    /// Forgets the descriptor if it is one of these copies, which the next call may overwrite.
    pub fn forget(&mut self, b: &mut Builder<'_>, copies: &[Value]) {
        for copy in copies {
            let is_copy = b.ins.ins().icmp(IntCC::Equal, self.descriptor, *copy);
            let none = b.int(types::I64, 0);
            self.descriptor = b.ins.ins().select(is_copy, none, self.descriptor);
        }
    }

    /// The address of an element whose indices are in bounds.
    pub(super) fn address(&self, b: &mut Builder<'_>, indices: &[Value]) -> Value {
        let size = i64::from(self.ty.element.size());
        let Some((last, outer)) = indices.split_last() else {
            return self.data;
        };
        let (base, step) = match self.ty.layout {
            Layout::Strided => {
                let mut base = self.data;
                for (axis, index) in outer.iter().enumerate() {
                    let offset = b.ins.ins().imul(*index, self.strides[axis]);
                    base = b.ins.ins().iadd(base, offset);
                }
                (base, b.ins.ins().imul(*last, self.strides[outer.len()]))
            }
            Layout::Contiguous => {
                let mut rows = None;
                for (axis, index) in outer.iter().enumerate() {
                    let sum = match rows {
                        None => *index,
                        Some(rows) => {
                            let rows = b.ins.ins().imul(rows, self.extents[axis]);
                            b.ins.ins().iadd(rows, *index)
                        }
                    };
                    rows = Some(sum);
                }
                let base = match rows {
                    None => self.data,
                    Some(rows) => {
                        let elements = b.ins.ins().imul(rows, self.extents[outer.len()]);
                        let offset = scaled(b, elements, size);
                        b.ins.ins().iadd(self.data, offset)
                    }
                };
                (base, scaled(b, *last, size))
            }
        };
        b.ins.ins().iadd(base, step)
    }
}

/// A multiple by a power of two.
fn scaled(b: &mut Builder<'_>, value: Value, size: i64) -> Value {
    match size {
        1 => value,
        _ => b
            .ins
            .ins()
            .ishl_imm_u(value, i64::from(size.trailing_zeros())),
    }
}

impl<'a> Lower<'a> {
    /// Flags for elements. Python aligns arrays as it likes, so nothing is said of alignment.
    pub(super) fn element_flags(&mut self) -> MemFlagsData {
        let regions = &mut self.b.ins.func.dfg.alias_regions;
        let region: AliasRegion = regions.insert(AliasRegionData {
            user_id: 1,
            description: "elements of arrays".into(),
        });
        MemFlagsData::new()
            .with_notrap()
            .with_alias_region(Some(region))
    }

    /// An index in `0..extent`, with the check and the wrapping that it needs.
    fn index(
        &mut self,
        index: ValueId,
        axis: usize,
        view: &View,
        bound: Bound,
        site: SiteId,
    ) -> Result<Value, CodegenError> {
        let value = self.one(index)?;
        let extent = view.extents[axis];
        let rank = view.rank();
        match bound {
            Bound::Proved => Ok(value),
            Bound::Wrapping => {
                let wrapped = self.b.ins.ins().iadd(value, extent);
                let negative = self.b.ins.ins().icmp_imm_s(IntCC::SignedLessThan, value, 0);
                Ok(self.b.ins.ins().select(negative, wrapped, value))
            }
            Bound::NonNegative => {
                let ins = self.b.ins.ins();
                let outside = ins.icmp(IntCC::UnsignedGreaterThanOrEqual, value, extent);
                self.raise_if(
                    outside,
                    What::Index {
                        index: value,
                        axis,
                        extent,
                        rank,
                    },
                    site,
                )?;
                Ok(value)
            }
            Bound::Checked => match self.const_int(index) {
                Some(known) if known >= 0 => {
                    self.index(index, axis, view, Bound::NonNegative, site)
                }
                Some(_) => {
                    let wrapped = self.b.ins.ins().iadd(value, extent);
                    let zero = self.b.int(types::I64, 0);
                    let outside = self.b.ins.ins().icmp(IntCC::SignedLessThan, wrapped, zero);
                    self.raise_if(
                        outside,
                        What::Index {
                            index: value,
                            axis,
                            extent,
                            rank,
                        },
                        site,
                    )?;
                    Ok(wrapped)
                }
                None if self.is_steady(value) || rank > 1 && self.in_loop() => {
                    // No branch but the check: what lies behind another one in the loop does not leave that, and of rows
                    // the address shall.
                    let wrapped = self.b.ins.ins().iadd(value, extent);
                    let negative = (self.b.ins.ins()).icmp_imm_s(IntCC::SignedLessThan, value, 0);
                    let actual = self.b.ins.ins().select(negative, wrapped, value);
                    let ins = self.b.ins.ins();
                    let outside = ins.icmp(IntCC::UnsignedGreaterThanOrEqual, actual, extent);
                    self.raise_if(
                        outside,
                        What::Index {
                            index: value,
                            axis,
                            extent,
                            rank,
                        },
                        site,
                    )?;
                    Ok(actual)
                }
                None => self.any_index(value, axis, extent, rank, site),
            },
        }
    }

    /// An index that may count from the end: only those that do leave the straight path, and others do not wait for the
    /// test.
    fn any_index(
        &mut self,
        value: Value,
        axis: usize,
        extent: Value,
        rank: usize,
        site: SiteId,
    ) -> Result<Value, CodegenError> {
        let inside = self.b.ins.create_block();
        let unusual = self.b.ins.create_block();
        self.b.ins.set_cold_block(unusual);
        self.b.ins.append_block_param(inside, types::I64);
        let fits = self
            .b
            .ins
            .ins()
            .icmp(IntCC::UnsignedLessThan, value, extent);
        self.b
            .ins
            .ins()
            .brif(fits, inside, &[value.into()], unusual, &[]);

        self.b.ins.switch_to_block(unusual);
        let wrapped = self.b.ins.ins().iadd(value, extent);
        let negative = self.b.ins.ins().icmp_imm_s(IntCC::SignedLessThan, value, 0);
        let fits = self
            .b
            .ins
            .ins()
            .icmp(IntCC::UnsignedLessThan, wrapped, extent);
        let fits = self.b.ins.ins().band(negative, fits);
        let failed = self.raise_block(
            What::Index {
                index: value,
                axis,
                extent,
                rank,
            },
            site,
        )?;
        self.b
            .ins
            .ins()
            .brif(fits, inside, &[wrapped.into()], failed, &[]);

        self.b.ins.switch_to_block(inside);
        Ok(self.b.ins.block_params(inside)[0])
    }

    /// The address of the element that an op's operands after the array select.
    pub(super) fn element_address(
        &mut self,
        op: &Op,
        bounds: &[Bound],
    ) -> Result<(View, Value), CodegenError> {
        let view = self.view(op.args[0])?;
        if bounds.len() != view.rank() || op.args.len() <= bounds.len() {
            return Err(CodegenError::Internal(
                "a subscript per dimension is wanted".to_owned(),
            ));
        }
        let mut indices = Vec::with_capacity(bounds.len());
        for (axis, bound) in bounds.iter().enumerate() {
            indices.push(self.index(op.args[1 + axis], axis, &view, *bound, op.site)?);
        }
        let address = view.address(&mut self.b, &indices);
        Ok((view, address))
    }

    pub(super) fn array_load(&mut self, op: &Op, bounds: &[Bound]) -> Result<(), CodegenError> {
        let (view, address) = self.element_address(op, bounds)?;
        let flags = self.element_flags();
        let (ty, count) = element_parts(view.ty.element);
        for part in 0..count {
            let offset = part as i32 * ty.bytes() as i32;
            if let (Some(wide), Element::Scalar(from)) =
                (self.extended.get_mut(&op.results[part]), view.ty.element)
            {
                let to = scalar_type(wide.0);
                let ins = self.b.ins.ins();
                let value = match (ty.bits(), from.is_signed()) {
                    (8, true) => ins.sload8(to, flags, address, offset),
                    (8, false) => ins.uload8(to, flags, address, offset),
                    (16, true) => ins.sload16(to, flags, address, offset),
                    (16, false) => ins.uload16(to, flags, address, offset),
                    (_, true) => ins.sload32(flags, address, offset),
                    (_, false) => ins.uload32(flags, address, offset),
                };
                wide.1 = Some(value);
                let value = self.b.ins.ins().ireduce(ty, value);
                self.define(op.results[part], value);
                continue;
            }
            let mut value = self.b.ins.ins().load(ty, flags, address, offset);
            if view.ty.element == Element::Scalar(Scalar::Bool) {
                // Memory that Python calls bool may hold other bytes than 0 and 1.
                value = self.b.ins.ins().icmp_imm_u(IntCC::NotEqual, value, 0);
            }
            self.define(op.results[part], value);
        }
        Ok(())
    }

    pub(super) fn array_store(&mut self, op: &Op, bounds: &[Bound]) -> Result<(), CodegenError> {
        let (view, address) = self.element_address(op, bounds)?;
        let flags = self.element_flags();
        let (ty, count) = element_parts(view.ty.element);
        for part in 0..count {
            let value = self.one(op.args[1 + bounds.len() + part])?;
            let offset = part as i32 * ty.bytes() as i32;
            self.b.ins.ins().store(flags, value, address, offset);
        }
        Ok(())
    }

    /// The view of what is left of an array at one position of each of its first dimensions.
    pub(super) fn row(&mut self, op: &Op, bounds: &[Bound]) -> Result<(), CodegenError> {
        let view = self.view(op.args[0])?;
        let (rank, fixed) = (view.rank(), bounds.len());
        if fixed == 0 || fixed >= rank || op.args.len() != 1 + fixed {
            return Err(CodegenError::Internal(
                "a row with the wrong indices".to_owned(),
            ));
        }
        let mut data = view.data;
        for (axis, bound) in bounds.iter().enumerate() {
            let index = self.index(op.args[1 + axis], axis, &view, *bound, op.site)?;
            let stride = view.stride(&mut self.b, axis);
            let offset = self.b.ins.ins().imul(index, stride);
            data = self.b.ins.ins().iadd(data, offset);
        }
        let mut row = view;
        row.ty.rank -= fixed as u8;
        row.descriptor = self.b.int(types::I64, 0);
        row.described = false;
        row.data = data;
        row.extents.copy_within(fixed..rank, 0);
        row.strides.copy_within(fixed..rank, 0);
        self.values[op.results[0]] = Some(Val::Array(row));
        Ok(())
    }

    /// An array at an address.
    pub(super) fn view_of_memory(&mut self, op: &Op) -> Result<(), CodegenError> {
        let Some(ty) = self.function.ty(op.results[0]).array() else {
            return Ok(());
        };
        let data = self.one(op.args[0])?;
        let none = self.b.int(types::I64, 0);
        let mut parts = vec![none, data];
        for extent in &op.args[1..] {
            parts.push(self.one(*extent)?);
        }
        let view = View::from_parts(ty, &mut parts.into_iter());
        self.values[op.results[0]] = view.map(Val::Array);
        Ok(())
    }

    /// A contiguous view as one of any strides; its descriptor has them already.
    pub(super) fn as_strided(&mut self, op: &Op) -> Result<(), CodegenError> {
        let mut view = self.view(op.args[0])?;
        for axis in 0..view.rank() {
            view.strides[axis] = view.stride(&mut self.b, axis);
        }
        view.ty.layout = Layout::Strided;
        self.values[op.results[0]] = Some(Val::Array(view));
        Ok(())
    }

    /// The bytes from one element to the next along an axis.
    pub(super) fn stride_op(&mut self, op: &Op, axis: u8) -> Result<(), CodegenError> {
        let stride = self
            .view(op.args[0])?
            .stride(&mut self.b, usize::from(axis));
        self.define(op.results[0], stride);
        Ok(())
    }
}
