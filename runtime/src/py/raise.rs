//! Makes Python's exception of the one that is pending in this thread. Cold.

use std::sync::atomic::Ordering;

use pyo3_ffi::{
    Py_IncRef, Py_None, PyBool_FromLong, PyComplex_FromDoubles, PyErr_Clear, PyErr_Fetch,
    PyErr_NormalizeException, PyErr_Restore, PyErr_SetObject, PyExc_SystemError,
    PyFloat_FromDouble, PyList_Append, PyList_New, PyLong_FromLongLong,
    PyLong_FromUnsignedLongLong, PyObject, PyObject_CallFunctionObjArgs, PyObject_GetAttrString,
    PyTuple_GetItem, PyTuple_New, PyTuple_SetItem,
};

use super::api::{Owned, PyResult, Raised, new_text, set_error, type_of};
use super::module::{self, State};
use crate::exc::{self, Argument, Frame, Pending, Raised as What};

/// Raises the pending exception in the interpreter.
///
/// # Safety
/// The state must be that of a live module, and the GIL held.
#[cold]
pub unsafe fn pending(state: &State) {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(pending) = exc::take() else {
            set_error(PyExc_SystemError, "native code failed without an exception");
            return;
        };
        // If this fails, the error that made it fail is set.
        let _ = raise(state, &pending);
    }
}

/// # Safety
/// As for [`pending`].
unsafe fn raise(state: &State, pending: &Pending) -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe {
        match &pending.raised {
            What::Builtin(kind, arguments) => {
                // An interrupted loop may have left an error that lost to this one.
                PyErr_Clear();
                let tracebacks = tracebacks(state)?;
                let frames = frames(state, pending)?;
                let name = new_text(kind.name())?;
                let values = tuple(arguments)?;
                let error = Owned::new(PyObject_CallFunctionObjArgs(
                    PyTuple_GetItem(tracebacks, 0),
                    name.get(),
                    values.get(),
                    frames.get(),
                    std::ptr::null_mut::<PyObject>(),
                ))?;
                PyErr_SetObject(type_of(error.get()).cast(), error.get());
            }
            What::Python => {
                let (mut class, mut value, mut traceback) = (
                    std::ptr::null_mut(),
                    std::ptr::null_mut(),
                    std::ptr::null_mut(),
                );
                PyErr_Fetch(&mut class, &mut value, &mut traceback);
                PyErr_NormalizeException(&mut class, &mut value, &mut traceback);
                let (class, value) = (Owned::new(class), Owned::new(value));
                let inner = Owned::new(traceback).ok();
                let (Ok(class), Ok(value)) = (class, value) else {
                    return Err(set_error(
                        PyExc_SystemError,
                        "native code failed without an exception",
                    ));
                };
                let tracebacks = tracebacks(state)?;
                let frames = frames(state, pending)?;
                let inner = inner.as_ref().map_or(Py_None(), Owned::get);
                let error = Owned::new(PyObject_CallFunctionObjArgs(
                    PyTuple_GetItem(tracebacks, 1),
                    value.get(),
                    frames.get(),
                    inner,
                    std::ptr::null_mut::<PyObject>(),
                ))?;
                let traceback = PyObject_GetAttrString(error.get(), c"__traceback__".as_ptr());
                PyErr_Restore(class.into_raw(), error.into_raw(), traceback);
            }
        }
        Ok(())
    }
}

/// The functions of `tracebacks.py`, a pair: `make_exception`, `add_frames`. Borrowed.
///
/// # Safety
/// As for [`pending`].
unsafe fn tracebacks(state: &State) -> PyResult<*mut PyObject> {
    let known = state.tracebacks.load(Ordering::Acquire);
    if !known.is_null() {
        return Ok(known);
    }
    // SAFETY: the caller's promise.
    unsafe {
        let source = module::source()?;
        let arguments = [state.names, state.file, source.get()];
        let made = module::call_python(include_str!("tracebacks.py"), c"tracebacks", arguments)?;
        let null = std::ptr::null_mut();
        match state.tracebacks.compare_exchange(
            null,
            made.get(),
            Ordering::AcqRel,
            Ordering::Acquire,
        ) {
            Ok(_) => Ok(made.into_raw()),
            // Another thread was faster.
            Err(known) => Ok(known),
        }
    }
}

/// # Safety
/// The GIL must be held.
unsafe fn tuple(items: &[Argument]) -> PyResult<Owned> {
    // SAFETY: the caller's promise.
    unsafe {
        let tuple = Owned::new(PyTuple_New(items.len() as isize))?;
        for (index, item) in items.iter().enumerate() {
            if PyTuple_SetItem(tuple.get(), index as isize, object(item)?.into_raw()) != 0 {
                return Err(Raised);
            }
        }
        Ok(tuple)
    }
}

/// # Safety
/// The GIL must be held.
unsafe fn object(argument: &Argument) -> PyResult<Owned> {
    // SAFETY: the caller's promise.
    unsafe {
        Owned::new(match argument {
            Argument::Int(value) => PyLong_FromLongLong(*value),
            Argument::UInt(value) => PyLong_FromUnsignedLongLong(*value),
            Argument::Float(value) => PyFloat_FromDouble(*value),
            Argument::Bool(value) => PyBool_FromLong(i64::from(*value)),
            Argument::Complex(real, imaginary) => PyComplex_FromDoubles(*real, *imaginary),
            Argument::Str(text) => return new_text(text),
            Argument::Tuple(items) => return tuple(items),
            Argument::None => {
                Py_IncRef(Py_None());
                Py_None()
            }
        })
    }
}

/// The frames as a list of tuples `(file, name, qualname, first line, line)`, innermost first.
///
/// # Safety
/// As for [`pending`].
unsafe fn frames(state: &State, pending: &Pending) -> PyResult<Owned> {
    // SAFETY: the caller's promise; frame records are constant data.
    unsafe {
        let list = Owned::new(PyList_New(0))?;
        for Frame { function, line } in pending.inner.iter().chain(&pending.outer) {
            let file = function.file.as_str();
            let file = if file.is_empty() {
                Owned::borrowed(state.file)?
            } else {
                new_text(file)?
            };
            let items = [
                file,
                new_text(function.name.as_str())?,
                new_text(function.qualname.as_str())?,
                Owned::new(PyLong_FromLongLong(function.first_line))?,
                Owned::new(PyLong_FromLongLong(*line))?,
            ];
            let tuple = Owned::new(PyTuple_New(items.len() as isize))?;
            for (index, item) in items.into_iter().enumerate() {
                if PyTuple_SetItem(tuple.get(), index as isize, item.into_raw()) != 0 {
                    return Err(Raised);
                }
            }
            if PyList_Append(list.get(), tuple.get()) != 0 {
                return Err(Raised);
            }
        }
        Ok(list)
    }
}
