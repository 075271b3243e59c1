//! `snek._pool`: the settings of the pool, for the package `snek`, which need not be installed.
//!
//! The first compiled module of an interpreter puts it into `sys.modules`, and tells the package if
//! that is there, for it may know of a number of threads that was asked for before.

use std::ffi::CStr;

use pyo3_ffi::{
    METH_NOARGS, METH_O, Py_DecRef, PyCFunction, PyCFunction_NewEx, PyDict_GetItemString,
    PyErr_Occurred, PyImport_AddModule, PyImport_GetModuleDict, PyLong_AsLongLong,
    PyLong_FromLongLong, PyMethodDef, PyMethodDefPointer, PyObject, PyObject_CallMethod,
    PyObject_SetAttrString,
};

use super::api::{Owned, PyResult, Raised};
use crate::par;

/// Definitions, which the interpreter keeps pointers to.
struct Definitions([PyMethodDef; 3]);

// SAFETY: constant data.
unsafe impl Sync for Definitions {}

const fn definition(name: &'static CStr, function: PyCFunction, flags: i32) -> PyMethodDef {
    PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: PyMethodDefPointer {
            PyCFunction: function,
        },
        ml_flags: flags,
        ml_doc: std::ptr::null(),
    }
}

static FUNCTIONS: Definitions = Definitions([
    definition(c"num_threads", num_threads, METH_NOARGS),
    definition(c"set_num_threads", set_num_threads, METH_O),
    definition(c"set_here", set_here, METH_O),
]);

/// `num_threads()`: of loops that this thread runs.
unsafe extern "C" fn num_threads(_: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: the interpreter calls it with the GIL held.
    unsafe { PyLong_FromLongLong(par::shared().thread_count()) }
}

/// `set_num_threads(count)`: of the process. Gives the count.
unsafe extern "C" fn set_num_threads(_: *mut PyObject, count: *mut PyObject) -> *mut PyObject {
    // SAFETY: as above.
    unsafe {
        let threads = PyLong_AsLongLong(count);
        if threads == -1 && !PyErr_Occurred().is_null() {
            return std::ptr::null_mut();
        }
        par::shared().set_thread_count(threads);
        PyLong_FromLongLong(threads)
    }
}

/// `set_here(count)`: of loops that this thread runs, or 0. Gives what it was.
unsafe extern "C" fn set_here(_: *mut PyObject, count: *mut PyObject) -> *mut PyObject {
    // SAFETY: as above.
    unsafe {
        let threads = PyLong_AsLongLong(count);
        if threads == -1 && !PyErr_Occurred().is_null() {
            return std::ptr::null_mut();
        }
        PyLong_FromLongLong(par::shared().set_thread_count_here(threads))
    }
}

/// Makes the module.
///
/// # Safety
/// The GIL must be held.
pub unsafe fn publish() -> PyResult<()> {
    // SAFETY: the caller's promise; definitions live for ever.
    unsafe {
        let module = Owned::borrowed(PyImport_AddModule(c"snek._pool".as_ptr()))?;
        for definition in &FUNCTIONS.0 {
            let function = Owned::new(PyCFunction_NewEx(
                std::ptr::from_ref(definition).cast_mut(),
                std::ptr::null_mut(),
                std::ptr::null_mut(),
            ))?;
            if PyObject_SetAttrString(module.get(), definition.ml_name, function.get()) != 0 {
                return Err(Raised);
            }
        }
        let modules = PyImport_GetModuleDict();
        let package = PyDict_GetItemString(modules, c"snek._threads".as_ptr());
        if package.is_null() {
            return Ok(());
        }
        let result = PyObject_CallMethod(package, c"apply".as_ptr(), c"O".as_ptr(), module.get());
        if result.is_null() {
            return Err(Raised);
        }
        Py_DecRef(result);
        Ok(())
    }
}
