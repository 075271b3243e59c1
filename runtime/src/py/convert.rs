//! One argument into frame slots, and results back.

use std::fmt;

use pyo3_ffi::{
    Py_False, Py_IncRef, Py_None, Py_True, PyBool_FromLong, PyComplex_FromDoubles,
    PyComplex_ImagAsDouble, PyComplex_RealAsDouble, PyComplex_Type, PyErr_Clear, PyErr_Occurred,
    PyExc_OverflowError, PyExc_TypeError, PyFloat_AsDouble, PyFloat_FromDouble, PyFloat_Type,
    PyIndex_Check, PyLong_AsDouble, PyLong_AsLongLongAndOverflow, PyLong_AsUnsignedLongLong,
    PyLong_FromLongLong, PyLong_FromUnsignedLongLong, PyLong_Type, PyNumber_Index, PyObject,
    PyObject_CallNoArgs, PyObject_GetAttrString, PyObject_IsTrue, PyObject_Str, PyTuple_GetItem,
    PyTuple_New, PyTuple_SetItem, PyTuple_Size, PyTuple_Type,
};
use snek_abi::{FunctionDesc, ScalarKind, TypeDesc, TypeTag};

use super::api::{
    Owned, PyResult, Raised, is_float, is_instance, is_int, set_error, text_of, type_name, type_of,
};
use super::buffer::Buffers;

/// Which argument is being converted; its text begins messages: `f() argument 'x'`.
pub struct Argument<'a> {
    /// The function's `__qualname__`.
    pub function: &'a str,
    /// The parameter's name.
    pub name: &'a str,
    /// Its position among the parameters.
    pub position: usize,
    /// Positions within tuples, outermost first.
    pub path: Vec<usize>,
}

impl fmt::Display for Argument<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}() argument '{}'", self.function, self.name)?;
        for index in &self.path {
            write!(out, "[{index}]")?;
        }
        Ok(())
    }
}

impl<'a> Argument<'a> {
    /// The argument for parameter `position`.
    ///
    /// # Safety
    /// The position must be that of a parameter.
    pub unsafe fn new(function: &'a FunctionDesc, position: usize) -> Argument<'a> {
        // SAFETY: the caller's promise; the descriptions are constant data.
        unsafe {
            Argument {
                function: function.qualname.as_str(),
                name: (*function.params.add(position)).name.as_str(),
                position,
                path: Vec::new(),
            }
        }
    }
}

/// Converts an argument into the slots at `slot` and gives the slot after them.
///
/// # Safety
/// The object must be alive during the call, the slots enough, and the GIL held.
#[inline]
pub unsafe fn to_slots(
    object: *mut PyObject,
    kind: &TypeDesc,
    slot: *mut u64,
    buffers: &mut Buffers,
    function: &FunctionDesc,
    position: usize,
) -> PyResult<*mut u64> {
    // SAFETY: the caller's promise.
    unsafe {
        if kind.tag == TypeTag::Scalar as u8 {
            // Exact types first: this is the way of nearly every call.
            if (kind.scalar == ScalarKind::Float as u8 || kind.scalar == ScalarKind::F64 as u8)
                && type_of(object) == &raw mut PyFloat_Type
            {
                slot.write(PyFloat_AsDouble(object).to_bits());
                return Ok(slot.add(1));
            }
            if (kind.scalar == ScalarKind::Int as u8 || kind.scalar == ScalarKind::I64 as u8)
                && type_of(object) == &raw mut PyLong_Type
            {
                let mut overflow = 0;
                let value = PyLong_AsLongLongAndOverflow(object, &mut overflow);
                if overflow == 0 {
                    slot.write(value as u64);
                    return Ok(slot.add(1));
                }
            }
        } else if kind.tag == TypeTag::Array as u8 {
            let argument = Argument::new(function, position);
            let array = buffers.borrow(object, kind, &argument, function.param_count as usize)?;
            slot.write(array as u64);
            return Ok(slot.add(1));
        }
        let mut argument = Argument::new(function, position);
        general(object, kind, slot, &mut argument)
    }
}

/// Any scalar or tuple.
///
/// # Safety
/// As for [`to_slots`].
unsafe fn general(
    object: *mut PyObject,
    kind: &TypeDesc,
    slot: *mut u64,
    argument: &mut Argument<'_>,
) -> PyResult<*mut u64> {
    // SAFETY: the caller's promise.
    unsafe {
        if kind.tag == TypeTag::Tuple as u8 {
            return tuple(object, kind, slot, argument);
        }
        let scalar = ScalarKind::from_u8(kind.scalar).unwrap_or(ScalarKind::None);
        match scalar {
            ScalarKind::Float | ScalarKind::F64 => {
                slot.write(float(object, scalar, argument)?.to_bits());
            }
            ScalarKind::F32 => {
                let value = float(object, scalar, argument)? as f32;
                slot.write(u64::from(value.to_bits()));
            }
            ScalarKind::Complex | ScalarKind::C128 => {
                let (real, imaginary) = complex(object, scalar, argument)?;
                slot.write(real.to_bits());
                slot.add(1).write(imaginary.to_bits());
            }
            ScalarKind::C64 => {
                let (real, imaginary) = complex(object, scalar, argument)?;
                slot.write(u64::from((real as f32).to_bits()));
                slot.add(1).write(u64::from((imaginary as f32).to_bits()));
            }
            ScalarKind::Bool => slot.write(u64::from(boolean(object, argument)?)),
            ScalarKind::None => {
                if object != Py_None() {
                    return Err(wrong_type(object, "None", argument));
                }
            }
            ScalarKind::U64 => slot.write(unsigned(object, argument)?),
            ScalarKind::Int
            | ScalarKind::I8
            | ScalarKind::I16
            | ScalarKind::I32
            | ScalarKind::I64
            | ScalarKind::U8
            | ScalarKind::U16
            | ScalarKind::U32 => slot.write(signed(object, scalar, argument)? as u64),
        }
        Ok(slot.add(scalar.slots()))
    }
}

/// # Safety
/// The object must be alive and the GIL held.
unsafe fn wrong_type(object: *mut PyObject, wanted: &str, argument: &Argument<'_>) -> Raised {
    // SAFETY: the caller's promise.
    unsafe {
        let got = type_name(object);
        set_error(
            PyExc_TypeError,
            &format!("{argument} must be {wanted}, got {got}"),
        )
    }
}

/// # Safety
/// As for [`to_slots`].
unsafe fn tuple(
    object: *mut PyObject,
    kind: &TypeDesc,
    slot: *mut u64,
    argument: &mut Argument<'_>,
) -> PyResult<*mut u64> {
    // SAFETY: the caller's promise; the items of a tuple live as long as it does.
    unsafe {
        let count = kind.count as usize;
        let size = if is_instance(object, &raw mut PyTuple_Type) {
            PyTuple_Size(object)
        } else {
            -1
        };
        if size < 0 {
            return Err(wrong_type(object, &format!("a tuple of {count}"), argument));
        }
        if size as usize != count {
            let message = format!("{argument} must be a tuple of {count}, got one of {size}");
            return Err(set_error(PyExc_TypeError, &message));
        }
        let mut slot = slot;
        for index in 0..count {
            argument.path.push(index);
            let item = PyTuple_GetItem(object, index as isize);
            slot = general(item, &*kind.items.add(index), slot, argument)?;
            argument.path.pop();
        }
        Ok(slot)
    }
}

/// The interpreter's own error, if one is set.
fn checked<T>(value: T) -> PyResult<T> {
    // SAFETY: conversions run with the GIL held.
    if unsafe { PyErr_Occurred() }.is_null() {
        Ok(value)
    } else {
        Err(Raised)
    }
}

/// Whether an object is one of NumPy's scalars.
///
/// # Safety
/// The object must be alive and the GIL held.
unsafe fn is_numpy_scalar(object: *mut PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let module = Owned::new(PyObject_GetAttrString(
            type_of(object).cast(),
            c"__module__".as_ptr(),
        ));
        let from_numpy = module.is_ok_and(|module| {
            is_instance(module.get(), &raw mut pyo3_ffi::PyUnicode_Type)
                && text_of(module.get()) == Some("numpy")
        });
        PyErr_Clear();
        from_numpy && type_name(object) != "ndarray"
    }
}

/// A float, or what is one without loss of meaning: an int, a scalar of NumPy's.
///
/// # Safety
/// The object must be alive and the GIL held.
unsafe fn float(object: *mut PyObject, kind: ScalarKind, argument: &Argument<'_>) -> PyResult<f64> {
    // SAFETY: the caller's promise.
    unsafe {
        if is_float(object) {
            return checked(PyFloat_AsDouble(object));
        }
        if is_int(object) {
            return checked(PyLong_AsDouble(object))
                .map_err(|raised| beyond(object, kind.name(), argument, raised));
        }
        if is_numpy_scalar(object) && !is_numpy_complex(object) {
            let value = PyFloat_AsDouble(object);
            if PyErr_Occurred().is_null() {
                return Ok(value);
            }
            PyErr_Clear();
        }
        Err(wrong_type(object, kind.name(), argument))
    }
}

/// # Safety
/// The object must be alive and the GIL held.
unsafe fn is_numpy_complex(object: *mut PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe { type_name(object).starts_with('c') }
}

/// An int, or what has `__index__`: a scalar of NumPy's.
///
/// # Safety
/// The object must be alive and the GIL held.
unsafe fn index(
    object: *mut PyObject,
    kind: ScalarKind,
    argument: &Argument<'_>,
) -> PyResult<Owned> {
    // SAFETY: the caller's promise.
    unsafe {
        if is_int(object) {
            return Owned::borrowed(object);
        }
        if PyIndex_Check(object) != 0 && type_name(object) != "ndarray" {
            return Owned::new(PyNumber_Index(object));
        }
        let wanted = if kind == ScalarKind::Int {
            "int".to_owned()
        } else {
            format!("an int ({})", kind.name())
        };
        Err(wrong_type(object, &wanted, argument))
    }
}

/// The least and the greatest value of a type that fits in 64 signed bits.
fn limits(kind: ScalarKind) -> (i64, i64) {
    match kind {
        ScalarKind::I8 => (i8::MIN.into(), i8::MAX.into()),
        ScalarKind::I16 => (i16::MIN.into(), i16::MAX.into()),
        ScalarKind::I32 => (i32::MIN.into(), i32::MAX.into()),
        ScalarKind::U8 => (0, u8::MAX.into()),
        ScalarKind::U16 => (0, u16::MAX.into()),
        ScalarKind::U32 => (0, u32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    }
}

/// # Safety
/// The object must be alive and the GIL held.
unsafe fn signed(
    object: *mut PyObject,
    kind: ScalarKind,
    argument: &Argument<'_>,
) -> PyResult<i64> {
    // SAFETY: the caller's promise.
    unsafe {
        let object = index(object, kind, argument)?;
        let mut overflow = 0;
        let value = PyLong_AsLongLongAndOverflow(object.get(), &mut overflow);
        let (least, greatest) = limits(kind);
        if overflow != 0 || value < least || value > greatest {
            let name = if kind == ScalarKind::Int {
                "a 64-bit int"
            } else {
                kind.name()
            };
            return Err(beyond(object.get(), name, argument, Raised));
        }
        checked(value)
    }
}

/// # Safety
/// The object must be alive and the GIL held.
unsafe fn unsigned(object: *mut PyObject, argument: &Argument<'_>) -> PyResult<u64> {
    // SAFETY: the caller's promise.
    unsafe {
        let object = index(object, ScalarKind::U64, argument)?;
        let value = PyLong_AsUnsignedLongLong(object.get());
        checked(value)
            .map_err(|raised| beyond(object.get(), ScalarKind::U64.name(), argument, raised))
    }
}

/// Raises `OverflowError` for an int that a type cannot hold, in place of the error that is set.
///
/// # Safety
/// The object must be alive and the GIL held.
unsafe fn beyond(
    object: *mut PyObject,
    kind: &str,
    argument: &Argument<'_>,
    _set: Raised,
) -> Raised {
    // SAFETY: the caller's promise.
    unsafe {
        PyErr_Clear();
        let text = Owned::new(PyObject_Str(object));
        let text = text
            .ok()
            .and_then(|text| text_of(text.get()).map(str::to_owned));
        PyErr_Clear();
        // Long ints are not spelled out: the interpreter refuses the longest.
        let value = match text {
            Some(text) if text.len() <= 40 => format!("Python integer {text}"),
            _ => "a Python integer of many digits".to_owned(),
        };
        set_error(
            PyExc_OverflowError,
            &format!("{argument}: {value} out of bounds for {kind}"),
        )
    }
}

/// # Safety
/// The object must be alive and the GIL held.
unsafe fn boolean(object: *mut PyObject, argument: &Argument<'_>) -> PyResult<bool> {
    // SAFETY: the caller's promise.
    unsafe {
        if object == Py_True() {
            return Ok(true);
        }
        if object == Py_False() {
            return Ok(false);
        }
        if is_numpy_scalar(object) && type_name(object).starts_with("bool") {
            let value = PyObject_IsTrue(object);
            return checked(value == 1);
        }
        Err(wrong_type(object, "bool", argument))
    }
}

/// # Safety
/// The object must be alive and the GIL held.
unsafe fn complex(
    object: *mut PyObject,
    kind: ScalarKind,
    argument: &Argument<'_>,
) -> PyResult<(f64, f64)> {
    // SAFETY: the caller's promise.
    unsafe {
        let parts = |object| {
            (
                PyComplex_RealAsDouble(object),
                PyComplex_ImagAsDouble(object),
            )
        };
        if is_instance(object, &raw mut PyComplex_Type) {
            return checked(parts(object));
        }
        if is_float(object) || is_int(object) {
            return float(object, kind, argument).map(|real| (real, 0.0));
        }
        if is_numpy_scalar(object) {
            if !is_numpy_complex(object) {
                return float(object, kind, argument).map(|real| (real, 0.0));
            }
            let method = Owned::new(PyObject_GetAttrString(object, c"__complex__".as_ptr()))?;
            let value = Owned::new(PyObject_CallNoArgs(method.get()))?;
            return checked(parts(value.get()));
        }
        Err(wrong_type(object, kind.name(), argument))
    }
}

/// Makes a Python object of the slots at `slot`, and gives the slot after them.
///
/// # Safety
/// The slots must hold a value of the type, and the GIL be held.
#[inline]
pub unsafe fn from_slots(
    kind: &TypeDesc,
    slot: *const u64,
    buffers: &Buffers,
) -> PyResult<(Owned, *const u64)> {
    // SAFETY: the caller's promise.
    unsafe {
        if kind.tag == TypeTag::Tuple as u8 {
            let tuple = Owned::new(PyTuple_New(kind.count as isize))?;
            let mut slot = slot;
            for index in 0..kind.count as usize {
                let (item, next) = from_slots(&*kind.items.add(index), slot, buffers)?;
                if PyTuple_SetItem(tuple.get(), index as isize, item.into_raw()) != 0 {
                    return Err(Raised);
                }
                slot = next;
            }
            return Ok((tuple, slot));
        }
        if kind.tag == TypeTag::Array as u8 {
            // Native code returns one of its arguments: the very object.
            let array = slot.read() as *const snek_abi::ArrayDesc;
            let Some(buffer) = buffers
                .iter()
                .find(|buffer| std::ptr::eq(&raw const buffer.array, array))
            else {
                return Err(set_error(
                    pyo3_ffi::PyExc_SystemError,
                    "a native function returned an array that is none of its arguments",
                ));
            };
            return Ok((Owned::borrowed(buffer.object)?, slot.add(1)));
        }
        let scalar = ScalarKind::from_u8(kind.scalar).unwrap_or(ScalarKind::None);
        let bits = |index: usize| slot.add(index).read();
        let single = |index: usize| f64::from(f32::from_bits(bits(index) as u32));
        let object = match scalar {
            ScalarKind::Float | ScalarKind::F64 => PyFloat_FromDouble(f64::from_bits(bits(0))),
            ScalarKind::F32 => PyFloat_FromDouble(single(0)),
            ScalarKind::Int
            | ScalarKind::I8
            | ScalarKind::I16
            | ScalarKind::I32
            | ScalarKind::I64 => PyLong_FromLongLong(bits(0) as i64),
            ScalarKind::U8 | ScalarKind::U16 | ScalarKind::U32 | ScalarKind::U64 => {
                PyLong_FromUnsignedLongLong(bits(0))
            }
            ScalarKind::Bool => PyBool_FromLong(i64::from(bits(0) & 0xff != 0)),
            ScalarKind::Complex | ScalarKind::C128 => {
                PyComplex_FromDoubles(f64::from_bits(bits(0)), f64::from_bits(bits(1)))
            }
            ScalarKind::C64 => PyComplex_FromDoubles(single(0), single(1)),
            ScalarKind::None => {
                let none = Py_None();
                Py_IncRef(none);
                none
            }
        };
        Ok((Owned::new(object)?, slot.add(scalar.slots())))
    }
}
