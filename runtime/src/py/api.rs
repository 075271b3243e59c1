//! Owned references, and what the limited API of 3.11 does not say: where an object keeps its
//! type, how long its header is, functions that later versions have added.

use std::ffi::{CStr, c_char, c_void};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

use pyo3_ffi::{
    Py_DecRef, Py_IncRef, PyBaseObject_Type, PyErr_Clear, PyErr_SetString, PyExc_SystemError,
    PyFloat_AsDouble, PyFloat_FromDouble, PyFloat_Type, PyLong_AsSize_t, PyLong_Type, PyObject,
    PyObject_GetAttrString, PyObject_Type, PyType_GetName, PyType_IsSubtype, PyTypeObject,
    PyUnicode_AsUTF8AndSize, PyUnicode_FromStringAndSize,
};

/// An error is set in the interpreter's indicator.
#[derive(Clone, Copy, Debug)]
pub struct Raised;

/// A result whose error is in the interpreter's indicator.
pub type PyResult<T> = Result<T, Raised>;

/// A strong reference.
pub struct Owned(NonNull<PyObject>);

impl Owned {
    /// Takes over a new reference; null means that an error is set.
    ///
    /// # Safety
    /// The caller must own the reference and hold the GIL.
    pub unsafe fn new(object: *mut PyObject) -> PyResult<Owned> {
        NonNull::new(object).map(Owned).ok_or(Raised)
    }

    /// Makes a strong reference of a borrowed one; null means that an error is set.
    ///
    /// # Safety
    /// The object must be alive and the GIL held.
    pub unsafe fn borrowed(object: *mut PyObject) -> PyResult<Owned> {
        // SAFETY: the caller's promise; null is accepted.
        unsafe {
            Py_IncRef(object);
            Owned::new(object)
        }
    }

    /// The object, borrowed.
    pub fn get(&self) -> *mut PyObject {
        self.0.as_ptr()
    }

    /// Gives the reference away.
    pub fn into_raw(self) -> *mut PyObject {
        let object = self.0.as_ptr();
        std::mem::forget(self);
        object
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the reference is this value's own, and the GIL is held wherever one lives.
        unsafe { Py_DecRef(self.0.as_ptr()) }
    }
}

/// Bytes of the header of every object.
static HEADER_SIZE: AtomicUsize = AtomicUsize::new(0);
/// Where in the header the type is; 0 if it is not where it always was.
static TYPE_OFFSET: AtomicUsize = AtomicUsize::new(0);
/// Whether the value of a float lies right behind the header.
static FLOATS_ARE_PLAIN: AtomicBool = AtomicBool::new(false);

/// Bytes of the header of every object: 16, or 32 in free-threaded builds.
pub fn header_size() -> usize {
    HEADER_SIZE.load(Ordering::Relaxed)
}

/// Finds out how this interpreter lays out objects.
///
/// # Safety
/// The GIL must be held.
pub unsafe fn learn_layout() -> PyResult<()> {
    if header_size() != 0 {
        return Ok(());
    }
    // SAFETY: the objects asked are alive; the header's last word is read of objects that are
    // longer than it.
    unsafe {
        let base = (&raw mut PyBaseObject_Type).cast::<PyObject>();
        let size = Owned::new(PyObject_GetAttrString(base, c"__basicsize__".as_ptr()))?;
        let size = PyLong_AsSize_t(size.get());
        if !(16..=64).contains(&size) {
            PyErr_SetString(PyExc_SystemError, c"unexpected size of object".as_ptr());
            return Err(Raised);
        }
        let offset = size - size_of::<usize>();
        let float = Owned::new(PyFloat_FromDouble(0.5))?;
        let well = [float.get(), base].iter().all(|&object| {
            let found = object.byte_add(offset).cast::<*mut PyObject>().read();
            let expected = PyObject_Type(object);
            Py_DecRef(expected);
            found == expected
        });
        TYPE_OFFSET.store(if well { offset } else { 0 }, Ordering::Relaxed);
        let kind = PyObject_Type(float.get());
        let kind = Owned::new(kind)?;
        let float_size = Owned::new(PyObject_GetAttrString(
            kind.get(),
            c"__basicsize__".as_ptr(),
        ))?;
        let plain = PyLong_AsSize_t(float_size.get()) == size + size_of::<f64>()
            && float.get().byte_add(size).cast::<f64>().read() == 0.5;
        FLOATS_ARE_PLAIN.store(plain, Ordering::Relaxed);
        HEADER_SIZE.store(size, Ordering::Relaxed);
    }
    Ok(())
}

/// The type of an object, borrowed from it.
///
/// # Safety
/// The object must be alive and the GIL held.
#[inline]
pub unsafe fn type_of(object: *mut PyObject) -> *mut PyTypeObject {
    let offset = TYPE_OFFSET.load(Ordering::Relaxed);
    // SAFETY: the layout was checked by `learn_layout`; else the interpreter is asked.
    unsafe {
        if offset != 0 {
            return object.byte_add(offset).cast::<*mut PyTypeObject>().read();
        }
        let found = PyObject_Type(object);
        Py_DecRef(found);
        found.cast()
    }
}

/// The value of an object whose type is `float` itself.
///
/// # Safety
/// It must be one, alive, and the GIL held.
#[inline]
pub unsafe fn float_value(object: *mut PyObject) -> f64 {
    // SAFETY: the layout was checked by `learn_layout`; else the interpreter is asked.
    unsafe {
        if FLOATS_ARE_PLAIN.load(Ordering::Relaxed) {
            return object.byte_add(header_size()).cast::<f64>().read();
        }
        PyFloat_AsDouble(object)
    }
}

/// Whether an object is of a type or of one derived from it.
///
/// # Safety
/// The object must be alive and the GIL held.
#[inline]
pub unsafe fn is_instance(object: *mut PyObject, base: *mut PyTypeObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let found = type_of(object);
        found == base || PyType_IsSubtype(found, base) != 0
    }
}

/// Whether an object is a `float`.
///
/// # Safety
/// As for [`is_instance`].
#[inline]
pub unsafe fn is_float(object: *mut PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe { is_instance(object, &raw mut PyFloat_Type) }
}

/// Whether an object is an `int`.
///
/// # Safety
/// As for [`is_instance`].
#[inline]
pub unsafe fn is_int(object: *mut PyObject) -> bool {
    // SAFETY: the caller's promise.
    unsafe { is_instance(object, &raw mut PyLong_Type) }
}

/// `type(object).__name__`, for messages; `None` for that.
///
/// # Safety
/// The object must be alive and the GIL held.
pub unsafe fn type_name(object: *mut PyObject) -> String {
    // SAFETY: the caller's promise.
    unsafe {
        if object == pyo3_ffi::Py_None() {
            return "None".to_owned();
        }
        let name = Owned::new(PyType_GetName(type_of(object)));
        name.ok()
            .and_then(|name| text_of(name.get()).map(str::to_owned))
            .unwrap_or_else(|| {
                PyErr_Clear();
                "object".to_owned()
            })
    }
}

/// The UTF-8 of a `str`, which lives as long as it does; `None` if it has none.
///
/// # Safety
/// The object must be a `str` that outlives the result, and the GIL held.
pub unsafe fn text_of<'a>(object: *mut PyObject) -> Option<&'a str> {
    // SAFETY: the caller's promise; the interpreter gives valid UTF-8 of that length.
    unsafe {
        let mut length = 0;
        let data = PyUnicode_AsUTF8AndSize(object, &mut length);
        if data.is_null() {
            PyErr_Clear();
            return None;
        }
        let bytes = std::slice::from_raw_parts(data.cast::<u8>(), length as usize);
        Some(std::str::from_utf8_unchecked(bytes))
    }
}

/// A new `str`.
///
/// # Safety
/// The GIL must be held.
pub unsafe fn new_text(text: &str) -> PyResult<Owned> {
    // SAFETY: the caller's promise.
    unsafe {
        Owned::new(PyUnicode_FromStringAndSize(
            text.as_ptr().cast::<c_char>(),
            text.len() as isize,
        ))
    }
}

/// Sets an error with a message.
///
/// # Safety
/// `class` must be an exception class and the GIL held.
pub unsafe fn set_error(class: *mut PyObject, message: &str) -> Raised {
    // SAFETY: the caller's promise.
    unsafe {
        if let Ok(text) = new_text(message) {
            pyo3_ffi::PyErr_SetObject(class, text.get());
        }
    }
    Raised
}

/// A function of the interpreter that is not in the limited API of 3.11.
pub struct Newer {
    name: &'static CStr,
    found: AtomicPtr<c_void>,
}

impl Newer {
    /// The function of this name.
    pub const fn new(name: &'static CStr) -> Newer {
        Newer {
            name,
            found: AtomicPtr::new(std::ptr::null_mut()),
        }
    }

    /// Its address, or null.
    pub fn get(&self) -> *mut c_void {
        let found = self.found.load(Ordering::Relaxed);
        if !found.is_null() {
            return found;
        }
        // SAFETY: the name ends with a NUL.
        let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, self.name.as_ptr()) };
        self.found.store(found, Ordering::Relaxed);
        found
    }
}

/// `PyVectorcall_Call`: exported by 3.9 and later, in the limited API since 3.12.
pub static VECTORCALL_CALL: Newer = Newer::new(c"PyVectorcall_Call");
/// `PyObject_Vectorcall`: exported by 3.9 and later, in the limited API since 3.12.
pub static VECTORCALL: Newer = Newer::new(c"PyObject_Vectorcall");

/// The type of [`VECTORCALL`].
pub type VectorcallFn = unsafe extern "C" fn(
    callable: *mut PyObject,
    arguments: *const *mut PyObject,
    count: usize,
    names: *mut PyObject,
) -> *mut PyObject;

/// Calls an object with arguments as a vectorcall passes them.
///
/// # Safety
/// The arguments must be as the vectorcall protocol wants them, and the GIL held.
pub unsafe fn vectorcall(
    callable: *mut PyObject,
    arguments: *const *mut PyObject,
    count: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    let function = VECTORCALL.get();
    // SAFETY: the function is the interpreter's own; the rest is the caller's promise.
    unsafe {
        if function.is_null() {
            set_error(
                PyExc_SystemError,
                "this interpreter has no PyObject_Vectorcall",
            );
            return std::ptr::null_mut();
        }
        std::mem::transmute::<*mut c_void, VectorcallFn>(function)(
            callable, arguments, count, names,
        )
    }
}
