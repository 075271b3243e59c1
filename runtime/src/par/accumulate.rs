//! Arrays that a parallel loop folds into: each chunk gets elements of its own, which start from the identity, and they
//! are folded into the array in a tree that their number fixes.
//!
//! How many chunks there are depends on the length of the loop and of the arrays alone, so the bits of the result depend
//! on nothing else; for integers, which fold to the same bits in any way, on the number of threads, too. When a chunk fails, what the ones before it have done is kept, and what it has done itself: as in a
//! serial loop.

use std::alloc::{Layout, alloc_zeroed, dealloc};

use snek_abi::{AccumulatorDesc, ArrayDesc, FoldOp, RANK_MAX, ScalarKind};

/// Bytes that all copies of a loop take at most.
const BUDGET: usize = 64 << 20;
/// Copies for each thread, where their number does not show: so many even out the end.
const COPIES: usize = 16;
/// Copies start on cache lines of their own.
const ALIGNMENT: usize = 64;

/// One array.
struct Target {
    desc: AccumulatorDesc,
    array: *const ArrayDesc,
    count: usize,
    /// Where its elements are in a chunk's record.
    offset: usize,
}

/// The copies of all chunks. A chunk's record is a flag (8 bytes), the context, descriptors, elements.
pub struct Copies {
    targets: Vec<Target>,
    context_size: usize,
    /// Bytes of a record.
    stride: usize,
    /// The number of chunks.
    pub chunks: usize,
    memory: *mut u8,
    layout: Layout,
}

/// What to do about accumulators.
pub enum Way {
    /// Fold into the arrays themselves, in one piece.
    Direct,
    /// Fold into copies.
    Copies(Copies),
    /// There is no memory.
    NoMemory,
}

fn element_size(kind: ScalarKind) -> usize {
    match kind {
        ScalarKind::Bool | ScalarKind::I8 | ScalarKind::U8 => 1,
        ScalarKind::I16 | ScalarKind::U16 => 2,
        ScalarKind::I32 | ScalarKind::U32 | ScalarKind::F32 => 4,
        ScalarKind::C128 => 16,
        _ => 8,
    }
}

impl Copies {
    /// Plans the copies of a loop.
    ///
    /// # Safety
    /// The slots of `context` that the accumulators name must hold addresses of array descriptors.
    pub unsafe fn plan(
        accumulators: &[AccumulatorDesc],
        context: *const u8,
        context_size: usize,
        trip_count: i64,
        threads: i64,
    ) -> Way {
        let mut targets = Vec::with_capacity(accumulators.len());
        let head = 8 + context_size + accumulators.len() * size_of::<ArrayDesc>();
        let mut offset = head.next_multiple_of(ALIGNMENT);
        let (mut elements, mut exact, mut heavy) = (0usize, true, false);
        for desc in accumulators {
            // SAFETY: the caller's promise.
            let array = unsafe {
                *context
                    .add(8 * desc.slot as usize)
                    .cast::<*const ArrayDesc>()
            };
            // SAFETY: as above.
            let extents = unsafe { (*array).extents };
            let extents = extents.iter().take(usize::from(desc.rank));
            let count = extents.fold(1usize, |n, e| n.saturating_mul((*e).max(0) as usize));
            targets.push(Target {
                desc: *desc,
                array,
                count,
                offset,
            });
            elements = elements.saturating_add(count);
            let bytes = count.saturating_mul(element_size(desc.scalar));
            offset = offset
                .saturating_add(bytes)
                .checked_next_multiple_of(ALIGNMENT)
                .unwrap_or(usize::MAX);
            exact &= !matches!(
                desc.scalar,
                ScalarKind::F32 | ScalarKind::F64 | ScalarKind::C64 | ScalarKind::C128
            );
            heavy |= desc.heavy != 0;
        }
        let trips = trip_count.max(0) as usize;
        let mut chunks = trips.min(super::grid::CHUNKS).min(BUDGET / offset.max(1));
        if !heavy {
            // Making and folding a copy costs as much as some iterations.
            chunks = chunks.min(trips / elements.max(1));
        }
        // Integers fold to the same bits in any order: a few copies for each thread will do.
        if exact {
            chunks = chunks.min(COPIES.saturating_mul(threads.max(1) as usize));
        }
        if chunks <= 1 || elements == 0 || (exact && threads <= 1) {
            return Way::Direct;
        }
        let Ok(layout) = Layout::from_size_align(offset * chunks, ALIGNMENT) else {
            return Way::NoMemory;
        };
        // SAFETY: the size is not 0.
        let memory = unsafe { alloc_zeroed(layout) };
        if memory.is_null() {
            return Way::NoMemory;
        }
        Way::Copies(Copies {
            targets,
            context_size,
            stride: offset,
            chunks,
            memory,
            layout,
        })
    }

    fn record(&self, chunk: usize) -> *mut u8 {
        debug_assert!(chunk < self.chunks);
        // SAFETY: the memory has a record for each chunk.
        unsafe { self.memory.add(chunk * self.stride) }
    }

    /// Makes a chunk's elements; gives the context that has them.
    ///
    /// # Safety
    /// `context` must be as in [`Copies::plan`], and no other thread may use this chunk's record.
    pub unsafe fn prepare(&self, chunk: usize, context: *const u8) -> *const u8 {
        let record = self.record(chunk);
        // SAFETY: a record has room for all of this, each part at its alignment, and nobody else looks at it.
        unsafe {
            let own = record.add(8);
            std::ptr::copy_nonoverlapping(context, own, self.context_size);
            let descs = own.add(self.context_size).cast::<ArrayDesc>();
            for (n, target) in self.targets.iter().enumerate() {
                let size = element_size(target.desc.scalar);
                let mut desc = *target.array;
                desc.data = record.add(target.offset);
                let mut stride = size as i64;
                for axis in (0..usize::from(target.desc.rank)).rev() {
                    desc.strides[axis] = stride;
                    stride *= desc.extents[axis];
                }
                descs.add(n).write(desc);
                let slot = own.add(8 * target.desc.slot as usize);
                slot.cast::<*const ArrayDesc>().write(descs.add(n));
                fill(&target.desc, desc.data, target.count);
            }
            record.cast::<u64>().write(1);
            own
        }
    }

    /// Folds the copies of the first chunks into the arrays.
    ///
    /// # Safety
    /// The loop must be over, and the arrays alive.
    pub unsafe fn merge(&self, chunks: usize) {
        let is_made = |chunk: &usize| {
            // SAFETY: a record starts with its flag.
            unsafe { self.record(*chunk).cast::<u64>().read() == 1 }
        };
        let made: Vec<usize> = (0..chunks.min(self.chunks)).filter(is_made).collect();
        if made.is_empty() {
            return;
        }
        for target in &self.targets {
            // SAFETY: copies have `count` elements each and differ; the array is alive.
            unsafe {
                let data = |n: usize| self.record(made[n]).add(target.offset);
                let mut step = 1;
                while step < made.len() {
                    for left in (0..made.len() - step).step_by(2 * step) {
                        fold(&target.desc, data(left), data(left + step), target.count);
                    }
                    step *= 2;
                }
                fold_strided(target, data(0));
            }
        }
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout.
        unsafe { dealloc(self.memory, self.layout) };
    }
}

/// An element type.
trait Element: Copy {
    fn identity(op: FoldOp) -> Self;
    fn fold(op: FoldOp, left: Self, right: Self) -> Self;
}

macro_rules! integers {
    ($($ty:ty),*) => {$(
        impl Element for $ty {
            fn identity(op: FoldOp) -> Self {
                match op {
                    FoldOp::Add | FoldOp::Or | FoldOp::Xor => 0,
                    FoldOp::Mul => 1,
                    FoldOp::Min => <$ty>::MAX,
                    FoldOp::Max => <$ty>::MIN,
                    FoldOp::And => !0,
                }
            }
            #[inline(always)]
            fn fold(op: FoldOp, left: Self, right: Self) -> Self {
                match op {
                    FoldOp::Add => left.wrapping_add(right),
                    FoldOp::Mul => left.wrapping_mul(right),
                    FoldOp::Min => left.min(right),
                    FoldOp::Max => left.max(right),
                    FoldOp::And => left & right,
                    FoldOp::Or => left | right,
                    FoldOp::Xor => left ^ right,
                }
            }
        }
    )*};
}
integers!(i8, i16, i32, i64, u8, u16, u32, u64);

macro_rules! floats {
    ($($ty:ty),*) => {$(
        impl Element for $ty {
            fn identity(op: FoldOp) -> Self {
                match op {
                    FoldOp::Mul => 1.0,
                    FoldOp::Min => <$ty>::INFINITY,
                    FoldOp::Max => <$ty>::NEG_INFINITY,
                    // It keeps a sum of negative zeros.
                    _ => -0.0,
                }
            }
            #[inline(always)]
            fn fold(op: FoldOp, left: Self, right: Self) -> Self {
                match op {
                    FoldOp::Mul => left * right,
                    // As Python's `min(left, right)`.
                    FoldOp::Min => if right < left { right } else { left },
                    FoldOp::Max => if right > left { right } else { left },
                    _ => left + right,
                }
            }
        }
    )*};
}
floats!(f32, f64);

/// A byte that Python calls bool: anything but 0 is true.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Bool(u8);

impl Element for Bool {
    fn identity(op: FoldOp) -> Self {
        Bool(u8::from(matches!(op, FoldOp::And | FoldOp::Min)))
    }
    #[inline(always)]
    fn fold(op: FoldOp, left: Self, right: Self) -> Self {
        let (left, right) = (left.0 != 0, right.0 != 0);
        Bool(u8::from(match op {
            FoldOp::And | FoldOp::Min | FoldOp::Mul => left & right,
            FoldOp::Xor => left ^ right,
            FoldOp::Or | FoldOp::Max | FoldOp::Add => left | right,
        }))
    }
}

/// Calls a generic function for the scalar of an element. A complex one is two floats, which add one by one.
macro_rules! for_scalar {
    ($kind:expr, $function:ident($($arg:expr),*)) => {
        match $kind {
            ScalarKind::Bool => $function::<Bool>($($arg),*),
            ScalarKind::I8 => $function::<i8>($($arg),*),
            ScalarKind::I16 => $function::<i16>($($arg),*),
            ScalarKind::I32 => $function::<i32>($($arg),*),
            ScalarKind::U8 => $function::<u8>($($arg),*),
            ScalarKind::U16 => $function::<u16>($($arg),*),
            ScalarKind::U32 => $function::<u32>($($arg),*),
            ScalarKind::U64 => $function::<u64>($($arg),*),
            ScalarKind::F32 | ScalarKind::C64 => $function::<f32>($($arg),*),
            ScalarKind::F64 | ScalarKind::C128 | ScalarKind::Float | ScalarKind::Complex => {
                $function::<f64>($($arg),*)
            }
            ScalarKind::I64 | ScalarKind::Int | ScalarKind::None => $function::<i64>($($arg),*),
        }
    };
}

fn parts(kind: ScalarKind) -> usize {
    match kind {
        ScalarKind::C64 | ScalarKind::C128 | ScalarKind::Complex => 2,
        _ => 1,
    }
}

/// # Safety
/// `data` has room for `count` elements.
unsafe fn fill(desc: &AccumulatorDesc, data: *mut u8, count: usize) {
    unsafe fn all<T: Element>(data: *mut u8, count: usize, op: FoldOp) {
        let identity = T::identity(op);
        for n in 0..count {
            // SAFETY: the caller's promise.
            unsafe { data.cast::<T>().add(n).write(identity) };
        }
    }
    let count = count * parts(desc.scalar);
    // SAFETY: the caller's promise.
    unsafe { for_scalar!(desc.scalar, all(data, count, desc.op)) }
}

/// Folds the elements at `right` into those at `left`.
///
/// # Safety
/// Both are `count` elements, and do not overlap.
unsafe fn fold(desc: &AccumulatorDesc, left: *mut u8, right: *const u8, count: usize) {
    unsafe fn all<T: Element>(left: *mut u8, right: *const u8, count: usize, op: FoldOp) {
        // SAFETY: the caller's promise.
        let (left, right) = unsafe {
            (
                std::slice::from_raw_parts_mut(left.cast::<T>(), count),
                std::slice::from_raw_parts(right.cast::<T>(), count),
            )
        };
        for (left, right) in left.iter_mut().zip(right) {
            *left = T::fold(op, *left, *right);
        }
    }
    let count = count * parts(desc.scalar);
    // SAFETY: the caller's promise.
    unsafe { for_scalar!(desc.scalar, all(left, right, count, desc.op)) }
}

/// Folds elements that lie one after the other into the array.
///
/// # Safety
/// The array is alive, `from` has as many elements.
unsafe fn fold_strided(target: &Target, from: *const u8) {
    unsafe fn all<T: Element>(place: *mut u8, from: *const u8, parts: usize, op: FoldOp) {
        for part in 0..parts {
            // SAFETY: the caller's promise. Python aligns arrays as it likes.
            unsafe {
                let place = place.cast::<T>().add(part);
                let right = from.cast::<T>().add(part).read();
                place.write_unaligned(T::fold(op, place.read_unaligned(), right));
            }
        }
    }
    // SAFETY: the caller's promise.
    let array = unsafe { &*target.array };
    let rank = usize::from(target.desc.rank);
    let size = element_size(target.desc.scalar);
    let mut index = [0i64; RANK_MAX];
    for n in 0..target.count {
        let offset: i64 = (0..rank)
            .map(|axis| index[axis] * array.strides[axis])
            .sum();
        // SAFETY: the index is within the extents.
        unsafe {
            let place = array.data.offset(offset as isize);
            let from = from.add(n * size);
            let (parts, op) = (parts(target.desc.scalar), target.desc.op);
            for_scalar!(target.desc.scalar, all(place, from, parts, op));
        }
        for axis in (0..rank).rev() {
            index[axis] += 1;
            if index[axis] < array.extents[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
}
