//! Arrays: the buffers that a call borrows, checked and described for native code.

use std::mem::MaybeUninit;

use pyo3_ffi::{
    Py_buffer, PyBUF_FORMAT, PyBUF_STRIDES, PyBUF_WRITABLE, PyBuffer_Release, PyErr_Clear,
    PyExc_TypeError, PyExc_ValueError, PyObject, PyObject_GetAttrString, PyObject_GetBuffer,
    PyObject_Str,
};
use snek_abi::{
    ArrayDesc, EXTENT_MAX, RANK_MAX, ScalarKind, TYPE_DISJOINT, TYPE_WRITTEN, TypeDesc,
};

use super::api::{Owned, PyResult, Raised, set_error, text_of, type_name};
use super::convert::Argument;

/// How many arrays fit without an allocation.
const INLINE: usize = 8;

/// A borrowed buffer. It must not move while it is borrowed: some exporters point into the view.
pub struct Buffer {
    view: Py_buffer,
    /// What native code sees.
    pub array: ArrayDesc,
    /// The object that exports it, borrowed from the call.
    pub object: *mut PyObject,
    kind: TypeDesc,
    /// The position of its parameter.
    pub parameter: usize,
}

/// The buffers of one call, released when it ends.
pub struct Buffers {
    inline: [MaybeUninit<Buffer>; INLINE],
    /// Room for the rest, reserved before the first is used.
    more: Vec<Buffer>,
    count: usize,
    /// Whether all arrays are C-contiguous.
    pub contiguous: bool,
}

impl Default for Buffers {
    /// None yet.
    #[inline]
    fn default() -> Buffers {
        Buffers {
            inline: [const { MaybeUninit::uninit() }; INLINE],
            more: Vec::new(),
            count: 0,
            contiguous: true,
        }
    }
}

impl Buffers {
    /// Whether there is one.
    #[inline]
    pub fn has_any(&self) -> bool {
        self.count != 0
    }

    /// The buffers, in the order of the parameters.
    pub fn iter(&self) -> impl Iterator<Item = &Buffer> {
        // SAFETY: the first `count` are initialised.
        let inline = self.inline[..self.count.min(INLINE)]
            .iter()
            .map(|buffer| unsafe { buffer.assume_init_ref() });
        inline.chain(self.more.iter())
    }

    /// Borrows the buffer of `object` for a parameter of type `kind` and gives what native code
    /// sees of it. `most` is the number of parameters.
    ///
    /// # Safety
    /// The object must be alive during the call and the GIL held.
    pub unsafe fn borrow(
        &mut self,
        object: *mut PyObject,
        kind: &TypeDesc,
        argument: &Argument<'_>,
        most: usize,
    ) -> PyResult<*const ArrayDesc> {
        let place: *mut Buffer = if self.count < INLINE {
            self.inline[self.count].as_mut_ptr()
        } else {
            if self.more.capacity() == 0 {
                self.more.reserve_exact(most);
            }
            // The capacity is enough for all parameters, so none moves.
            self.more.spare_capacity_mut()[0].as_mut_ptr()
        };
        // SAFETY: the place is writable; it counts as initialised once the buffer is borrowed.
        unsafe {
            let view = &raw mut (*place).view;
            get_buffer(object, view, kind, argument)?;
            (&raw mut (*place).object).write(object);
            (&raw mut (*place).kind).write(*kind);
            (&raw mut (*place).parameter).write(argument.position);
            match describe(&*view, kind) {
                Ok((array, contiguous)) => {
                    (&raw mut (*place).array).write(array);
                    self.contiguous &= contiguous;
                }
                Err(problem) => {
                    let raised = problem.raise(object, &*view, kind, argument);
                    PyBuffer_Release(view);
                    return Err(raised);
                }
            }
            if self.count >= INLINE {
                self.more.set_len(self.more.len() + 1);
            }
            self.count += 1;
            Ok(&raw const (*place).array)
        }
    }

    /// Looks for arrays that share memory with one that must share none: their parameters.
    pub fn overlap(&self) -> Option<(usize, usize)> {
        for (i, one) in self.iter().enumerate() {
            if one.kind.flags & TYPE_DISJOINT == 0 {
                continue;
            }
            for (j, other) in self.iter().enumerate() {
                if i != j && shares_memory(one, other) {
                    return Some((one.parameter, other.parameter));
                }
            }
        }
        None
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        let inline = self.count.min(INLINE);
        for buffer in &mut self.inline[..inline] {
            // SAFETY: the first `count` are borrowed, and the GIL is held when a call ends.
            unsafe { PyBuffer_Release(&raw mut (*buffer.as_mut_ptr()).view) };
        }
        for buffer in &mut self.more {
            // SAFETY: as above.
            unsafe { PyBuffer_Release(&raw mut buffer.view) };
        }
    }
}

/// Asks the object for its buffer.
///
/// # Safety
/// `view` must be writable, the object alive and the GIL held.
unsafe fn get_buffer(
    object: *mut PyObject,
    view: *mut Py_buffer,
    kind: &TypeDesc,
    argument: &Argument<'_>,
) -> PyResult<()> {
    let written = kind.flags & TYPE_WRITTEN != 0;
    let flags = PyBUF_FORMAT | PyBUF_STRIDES;
    // SAFETY: the caller's promise.
    unsafe {
        if PyObject_GetBuffer(
            object,
            view,
            if written {
                flags | PyBUF_WRITABLE
            } else {
                flags
            },
        ) == 0
        {
            return Ok(());
        }
        PyErr_Clear();
        if written && PyObject_GetBuffer(object, view, flags) == 0 {
            // It has a buffer, but it may not be written to; another fault of it comes first.
            let raised = match describe(&*view, kind) {
                Err(problem) => problem.raise(object, &*view, kind, argument),
                Ok(_) => set_error(
                    PyExc_ValueError,
                    &format!(
                        "{argument} is read-only, and {}() writes to it",
                        argument.function
                    ),
                ),
            };
            PyBuffer_Release(view);
            return Err(raised);
        }
        PyErr_Clear();
        Err(set_error(
            PyExc_TypeError,
            &format!(
                "{argument} must be {}, got {}",
                wanted(kind),
                name_of(object)
            ),
        ))
    }
}

/// What is wrong with a buffer.
enum Problem {
    /// The number of dimensions, or the type of the elements.
    Type,
    /// The bytes of the elements are in the other order.
    ByteOrder,
    /// Elements do not lie at multiples of their size.
    Alignment,
    /// An extent is beyond what index arithmetic is good for.
    Extent,
}

impl Problem {
    /// # Safety
    /// The object must be alive and the GIL held.
    unsafe fn raise(
        &self,
        object: *mut PyObject,
        view: &Py_buffer,
        kind: &TypeDesc,
        argument: &Argument<'_>,
    ) -> Raised {
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Problem::Type => {
                    let got = format!("a {}-d {} array", view.ndim, element_name(object, view));
                    set_error(
                        PyExc_TypeError,
                        &format!("{argument} must be {}, got {got}", wanted(kind)),
                    )
                }
                Problem::ByteOrder => set_error(
                    PyExc_TypeError,
                    &format!(
                        "{argument} must be {} in the machine's byte order, got {}",
                        wanted(kind),
                        if cfg!(target_endian = "little") {
                            "a big-endian one"
                        } else {
                            "a little-endian one"
                        }
                    ),
                ),
                Problem::Alignment => set_error(
                    PyExc_ValueError,
                    &format!("{argument} is not aligned in memory; pass a copy of it"),
                ),
                Problem::Extent => set_error(
                    PyExc_ValueError,
                    &format!("{argument} has an extent beyond {EXTENT_MAX}"),
                ),
            }
        }
    }
}

/// What a parameter wants, in words: `a 2-d float64 array`.
fn wanted(kind: &TypeDesc) -> String {
    let element = ScalarKind::from_u8(kind.scalar).unwrap_or(ScalarKind::None);
    format!("a {}-d {} array", kind.rank, stored(element).name())
}

/// How elements of Python's own types lie in memory.
fn stored(element: ScalarKind) -> ScalarKind {
    match element {
        ScalarKind::Int => ScalarKind::I64,
        ScalarKind::Float => ScalarKind::F64,
        ScalarKind::Complex => ScalarKind::C128,
        other => other,
    }
}

/// Describes a buffer for native code, and says whether it is C-contiguous.
fn describe(view: &Py_buffer, kind: &TypeDesc) -> Result<(ArrayDesc, bool), Problem> {
    let wanted = stored(ScalarKind::from_u8(kind.scalar).unwrap_or(ScalarKind::None));
    let rank = usize::from(kind.rank);
    let (found, swapped) = element_of(view).ok_or(Problem::Type)?;
    if found != wanted || view.ndim as usize != rank || rank > RANK_MAX {
        return Err(Problem::Type);
    }
    if swapped && wanted.size() > 1 {
        return Err(Problem::ByteOrder);
    }
    let mut array = ArrayDesc {
        data: view.buf.cast(),
        extents: [0; RANK_MAX],
        strides: [0; RANK_MAX],
    };
    let (mut step, mut contiguous, mut empty) = (wanted.size() as i64, true, false);
    for axis in (0..rank).rev() {
        // SAFETY: shape and strides have `ndim` entries, as the buffer was asked for them.
        let (extent, stride) =
            unsafe { (*view.shape.add(axis) as i64, *view.strides.add(axis) as i64) };
        if extent > EXTENT_MAX {
            return Err(Problem::Extent);
        }
        array.extents[axis] = extent;
        array.strides[axis] = stride;
        empty |= extent == 0;
        // The stride of a single element says nothing.
        contiguous &= extent == 1 || stride == step;
        step = step.wrapping_mul(extent);
    }
    if empty || contiguous {
        // Native code for contiguous arrays may use the strides: give them as they should be.
        let mut step = wanted.size() as i64;
        for axis in (0..rank).rev() {
            array.strides[axis] = step;
            step = step.wrapping_mul(array.extents[axis]);
        }
    }
    let alignment = match wanted {
        ScalarKind::C64 => 4,
        ScalarKind::C128 => 8,
        other => other.size().max(1),
    };
    let aligned = (array.data as usize).is_multiple_of(alignment)
        && (0..rank)
            .all(|axis| array.extents[axis] <= 1 || array.strides[axis] % alignment as i64 == 0);
    if !aligned && !empty {
        return Err(Problem::Alignment);
    }
    Ok((array, contiguous || empty))
}

/// The type of the elements by the buffer's format, and whether their bytes are swapped.
fn element_of(view: &Py_buffer) -> Option<(ScalarKind, bool)> {
    if view.format.is_null() {
        return Some((ScalarKind::U8, false));
    }
    // SAFETY: a format is a C string.
    let format = unsafe { std::ffi::CStr::from_ptr(view.format) }.to_bytes();
    let (swapped, code) = match format {
        [b'<', rest @ ..] => (cfg!(target_endian = "big"), rest),
        [b'>' | b'!', rest @ ..] => (cfg!(target_endian = "little"), rest),
        [b'@' | b'=', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let size = view.itemsize;
    let kind = match (code, size) {
        (b"?", 1) => ScalarKind::Bool,
        (b"b", 1) => ScalarKind::I8,
        (b"B", 1) => ScalarKind::U8,
        (b"f", 4) => ScalarKind::F32,
        (b"d", 8) => ScalarKind::F64,
        (b"Zf", 8) => ScalarKind::C64,
        (b"Zd", 16) => ScalarKind::C128,
        (b"h" | b"i" | b"l" | b"q" | b"n", 2) => ScalarKind::I16,
        (b"h" | b"i" | b"l" | b"q" | b"n", 4) => ScalarKind::I32,
        (b"h" | b"i" | b"l" | b"q" | b"n", 8) => ScalarKind::I64,
        (b"H" | b"I" | b"L" | b"Q" | b"N", 2) => ScalarKind::U16,
        (b"H" | b"I" | b"L" | b"Q" | b"N", 4) => ScalarKind::U32,
        (b"H" | b"I" | b"L" | b"Q" | b"N", 8) => ScalarKind::U64,
        _ => return None,
    };
    Some((kind, swapped))
}

/// The type of an array's elements, for messages.
///
/// # Safety
/// The object must be alive and the GIL held.
unsafe fn element_name(object: *mut PyObject, view: &Py_buffer) -> String {
    // SAFETY: the caller's promise.
    unsafe {
        if let Some((kind, _)) = element_of(view) {
            return kind.name().to_owned();
        }
        dtype_name(object).unwrap_or_else(|| {
            // SAFETY: a format is a C string.
            let format = std::ffi::CStr::from_ptr(view.format);
            format!("'{}'", format.to_string_lossy())
        })
    }
}

/// `str(object.dtype)`, for messages.
///
/// # Safety
/// The object must be alive and the GIL held.
unsafe fn dtype_name(object: *mut PyObject) -> Option<String> {
    // SAFETY: the caller's promise.
    unsafe {
        let text = Owned::new(PyObject_GetAttrString(object, c"dtype".as_ptr()))
            .and_then(|dtype| Owned::new(PyObject_Str(dtype.get())));
        let name = text
            .ok()
            .and_then(|text| text_of(text.get()).map(str::to_owned));
        PyErr_Clear();
        name
    }
}

/// What was passed where an array is wanted: its type, and its `dtype` if it has one.
///
/// # Safety
/// The object must be alive and the GIL held.
unsafe fn name_of(object: *mut PyObject) -> String {
    // SAFETY: the caller's promise.
    unsafe {
        match dtype_name(object) {
            Some(dtype) => format!("{} of {dtype}", type_name(object)),
            None => type_name(object),
        }
    }
}

/// The bytes that an array touches: the lowest, and the first beyond the highest. Empty if equal.
fn range(buffer: &Buffer) -> (i64, i64) {
    let rank = usize::from(buffer.kind.rank);
    let (mut lo, mut hi) = (buffer.array.data as i64, buffer.array.data as i64);
    for axis in 0..rank {
        let (extent, stride) = (buffer.array.extents[axis], buffer.array.strides[axis]);
        if extent == 0 {
            return (0, 0);
        }
        let reach = (extent - 1) * stride;
        if reach < 0 { lo += reach } else { hi += reach }
    }
    (lo, hi + element_size(buffer))
}

fn element_size(buffer: &Buffer) -> i64 {
    ScalarKind::from_u8(buffer.kind.scalar)
        .unwrap_or(ScalarKind::None)
        .size() as i64
}

/// Whether two arrays may have an element in common. Slices that interleave, such as `a[::2]`
/// and `a[1::2]`, do not.
fn shares_memory(one: &Buffer, other: &Buffer) -> bool {
    let ((lo, hi), (other_lo, other_hi)) = (range(one), range(other));
    if lo >= other_hi || other_lo >= hi || lo == hi || other_lo == other_hi {
        return false;
    }
    // All addresses of an array are equal modulo the common divisor of the strides.
    let mut divisor = 0;
    for buffer in [one, other] {
        for axis in 0..usize::from(buffer.kind.rank) {
            if buffer.array.extents[axis] > 1 {
                divisor = gcd(divisor, buffer.array.strides[axis].abs());
            }
        }
    }
    if divisor == 0 {
        return true;
    }
    let distance = (other.array.data as i64 - one.array.data as i64).rem_euclid(divisor);
    !(distance >= element_size(one) && distance + element_size(other) <= divisor)
}

fn gcd(left: i64, right: i64) -> i64 {
    if right == 0 {
        left
    } else {
        gcd(right, left % right)
    }
}
