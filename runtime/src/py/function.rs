//! The type of native functions: callable by vectorcall, bound like functions, and in all else a
//! front for the plain Python function that they wrap.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::mem::offset_of;

use pyo3_ffi::{
    Py_DecRef, Py_IncRef, Py_None, Py_READONLY, Py_T_PYSSIZET, Py_TPFLAGS_DEFAULT,
    Py_TPFLAGS_HAVE_GC, Py_ssize_t, Py_tp_call, Py_tp_clear, Py_tp_dealloc, Py_tp_descr_get,
    Py_tp_getset, Py_tp_members, Py_tp_methods, Py_tp_repr, Py_tp_traverse, PyExc_SystemError,
    PyGetSetDef, PyMemberDef, PyMethodDef, PyMethodDefPointer, PyObject,
    PyObject_CallFunctionObjArgs, PyObject_ClearWeakRefs, PyObject_DelAttrString, PyObject_GC_Del,
    PyObject_GC_UnTrack, PyObject_GenericGetDict, PyObject_GenericSetDict, PyObject_GetAttrString,
    PyObject_SetAttrString, PyType_FromModuleAndSpec, PyType_GenericAlloc, PyType_Slot,
    PyType_Spec, PyTypeObject, PyUnicode_FromFormat, visitproc,
};
use snek_abi::FunctionDesc;

use super::api::{self, Owned, PyResult, header_size, set_error, type_of};
use super::call;
use super::module::State;

/// What a native function holds, after the object header.
#[repr(C)]
pub struct NativeFunction {
    /// Where the interpreter finds how to call it.
    vectorcall: api::VectorcallFn,
    /// What codegen says of it.
    pub desc: *const FunctionDesc,
    /// Of [`call::simple`].
    pub simple: call::Simple,
    /// The state of its module, which `module` keeps alive.
    pub state: *const State,
    /// The plain Python function.
    pub wrapped: *mut PyObject,
    module: *mut PyObject,
    dict: *mut PyObject,
    weak_references: *mut PyObject,
}

impl NativeFunction {
    /// What an object of this type holds.
    ///
    /// # Safety
    /// The object must be a native function that outlives the result.
    #[inline]
    pub unsafe fn of<'a>(object: *mut PyObject) -> &'a NativeFunction {
        // SAFETY: the caller's promise.
        unsafe { &*data(object) }
    }
}

/// # Safety
/// The object must be a native function.
#[inline]
unsafe fn data(object: *mut PyObject) -> *mut NativeFunction {
    // SAFETY: the caller's promise: what it holds lies after the header.
    unsafe { object.byte_add(header_size()).cast() }
}

/// Not in the limited API of 3.11, but fixed: instances cannot be made from Python.
const DISALLOW_INSTANTIATION: c_uint = 1 << 7;
/// The type's attributes cannot be set.
const IMMUTABLE_TYPE: c_uint = 1 << 8;
/// Calls go to the function at `__vectorcalloffset__`.
const HAVE_VECTORCALL: c_uint = 1 << 11;

/// Attributes that are the plain function's: read and set there.
const FORWARDED: [&CStr; 13] = [
    c"__annotate__",
    c"__annotations__",
    c"__builtins__",
    c"__closure__",
    c"__code__",
    c"__defaults__",
    c"__doc__",
    c"__globals__",
    c"__kwdefaults__",
    c"__module__",
    c"__name__",
    c"__qualname__",
    c"__type_params__",
];

/// The attributes, made once: the type keeps a pointer to them.
struct Attributes([PyGetSetDef; FORWARDED.len() + 3]);

// SAFETY: the records are constant after they are made, and their pointers are to constants.
unsafe impl Send for Attributes {}
// SAFETY: as above.
unsafe impl Sync for Attributes {}

static ATTRIBUTES: std::sync::LazyLock<Attributes> = std::sync::LazyLock::new(|| {
    let attribute = |name: &'static CStr, get, set, closure| PyGetSetDef {
        name: name.as_ptr(),
        get: Some(get),
        set: Some(set),
        doc: std::ptr::null(),
        closure,
    };
    let none = std::ptr::null_mut();
    let mut all = [PyGetSetDef::default(); FORWARDED.len() + 3];
    for (place, name) in all.iter_mut().zip(FORWARDED) {
        *place = attribute(
            name,
            get_forwarded,
            set_forwarded,
            name.as_ptr().cast_mut().cast(),
        );
    }
    all[FORWARDED.len()] = attribute(
        c"__dict__",
        PyObject_GenericGetDict,
        PyObject_GenericSetDict,
        none,
    );
    all[FORWARDED.len() + 1] = PyGetSetDef {
        set: None,
        ..attribute(c"__wrapped__", get_wrapped, set_forwarded, none)
    };
    Attributes(all)
});

/// The methods; the type keeps a pointer to them.
struct Methods([PyMethodDef; 2]);

// SAFETY: constant data.
unsafe impl Sync for Methods {}

static METHODS: Methods = Methods([
    PyMethodDef {
        ml_name: c"__reduce__".as_ptr(),
        ml_meth: PyMethodDefPointer {
            PyCFunction: reduce,
        },
        ml_flags: pyo3_ffi::METH_NOARGS,
        ml_doc: c"Pickled by name.".as_ptr(),
    },
    PyMethodDef::zeroed(),
]);

/// Makes the type, for one module in one interpreter.
///
/// # Safety
/// The module must be alive, the layout learnt, and the GIL held.
pub unsafe fn new_type(module: *mut PyObject) -> PyResult<Owned> {
    let call = api::VECTORCALL_CALL.get();
    if call.is_null() {
        // SAFETY: the caller's promise.
        return Err(unsafe {
            set_error(
                PyExc_SystemError,
                "this interpreter has no PyVectorcall_Call",
            )
        });
    }
    let header = header_size();
    let member = |name: &CStr, offset: usize| PyMemberDef {
        name: name.as_ptr(),
        type_code: Py_T_PYSSIZET,
        offset: (header + offset) as Py_ssize_t,
        flags: Py_READONLY,
        doc: std::ptr::null(),
    };
    let mut members = [
        member(
            c"__vectorcalloffset__",
            offset_of!(NativeFunction, vectorcall),
        ),
        member(c"__dictoffset__", offset_of!(NativeFunction, dict)),
        member(
            c"__weaklistoffset__",
            offset_of!(NativeFunction, weak_references),
        ),
        PyMemberDef::default(),
    ];
    let slot = |slot: c_int, pfunc: *mut c_void| PyType_Slot { slot, pfunc };
    let mut slots = [
        slot(Py_tp_dealloc, deallocate as *mut c_void),
        slot(Py_tp_traverse, traverse as *mut c_void),
        slot(Py_tp_clear, clear as *mut c_void),
        slot(Py_tp_call, call),
        slot(Py_tp_repr, represent as *mut c_void),
        slot(Py_tp_descr_get, bind as *mut c_void),
        slot(Py_tp_members, members.as_mut_ptr().cast()),
        slot(Py_tp_getset, ATTRIBUTES.0.as_ptr().cast_mut().cast()),
        slot(Py_tp_methods, METHODS.0.as_ptr().cast_mut().cast()),
        slot(0, std::ptr::null_mut()),
    ];
    let mut spec = PyType_Spec {
        name: c"snek.native_function".as_ptr(),
        basicsize: (header + size_of::<NativeFunction>()) as c_int,
        itemsize: 0,
        flags: (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC) as c_uint
            | DISALLOW_INSTANTIATION
            | IMMUTABLE_TYPE
            | HAVE_VECTORCALL,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: the interpreter copies the specification and the members, and keeps the pointers
    // to attributes and methods, which live for ever.
    unsafe {
        Owned::new(PyType_FromModuleAndSpec(
            module,
            &mut spec,
            std::ptr::null_mut(),
        ))
    }
}

/// Wraps a plain function.
///
/// # Safety
/// `class` must come from [`new_type`]; `state` must be that of `module`; the GIL must be held.
pub unsafe fn wrap(
    class: *mut PyObject,
    desc: *const FunctionDesc,
    module: *mut PyObject,
    state: *const State,
    wrapped: *mut PyObject,
) -> PyResult<Owned> {
    // SAFETY: the caller's promise; a new object is zeroed but for its header.
    unsafe {
        // The dictionary is the plain function's own, so that both always agree.
        let dict = Owned::new(PyObject_GetAttrString(wrapped, c"__dict__".as_ptr()))?;
        let object = Owned::new(PyType_GenericAlloc(class.cast::<PyTypeObject>(), 0))?;
        Py_IncRef(wrapped);
        Py_IncRef(module);
        data(object.get()).write(NativeFunction {
            vectorcall: call::vectorcall,
            desc,
            simple: call::simple(&*desc),
            state,
            wrapped,
            module,
            dict: dict.into_raw(),
            weak_references: std::ptr::null_mut(),
        });
        Ok(object)
    }
}

unsafe extern "C" fn deallocate(this: *mut PyObject) {
    // SAFETY: the interpreter calls it once, with the last reference gone.
    unsafe {
        PyObject_GC_UnTrack(this.cast());
        if !(*data(this)).weak_references.is_null() {
            PyObject_ClearWeakRefs(this);
        }
        clear(this);
        let class = type_of(this);
        PyObject_GC_Del(this.cast());
        Py_DecRef(class.cast());
    }
}

unsafe extern "C" fn traverse(
    this: *mut PyObject,
    visit: visitproc,
    context: *mut c_void,
) -> c_int {
    // SAFETY: the collector calls it with a live object.
    unsafe {
        let fields = data(this);
        for object in [
            type_of(this).cast(),
            (*fields).wrapped,
            (*fields).module,
            (*fields).dict,
        ] {
            if !object.is_null() {
                let result = visit(object, context);
                if result != 0 {
                    return result;
                }
            }
        }
        0
    }
}

unsafe extern "C" fn clear(this: *mut PyObject) -> c_int {
    // SAFETY: the interpreter calls it with a live object. `wrapped` and `module` stay until the
    // object is freed: it may be called until then, and they are in no cycle without `dict`.
    unsafe {
        let fields = data(this);
        for field in [
            &raw mut (*fields).dict,
            &raw mut (*fields).wrapped,
            &raw mut (*fields).module,
        ] {
            let object = std::ptr::replace(field, std::ptr::null_mut());
            Py_DecRef(object);
        }
        0
    }
}

unsafe extern "C" fn represent(this: *mut PyObject) -> *mut PyObject {
    // SAFETY: the interpreter calls it with a live object.
    unsafe {
        let Ok(name) = forwarded(this, c"__qualname__".as_ptr()) else {
            return std::ptr::null_mut();
        };
        PyUnicode_FromFormat(c"<snek function %U at %p>".as_ptr(), name.get(), this)
    }
}

/// `__get__`: a function found in a class is bound to the instance.
unsafe extern "C" fn bind(
    this: *mut PyObject,
    instance: *mut PyObject,
    _class: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the interpreter calls it with live objects.
    unsafe {
        if instance.is_null() || instance == Py_None() {
            Py_IncRef(this);
            return this;
        }
        let state = &*(*data(this)).state;
        let end = std::ptr::null_mut::<PyObject>();
        PyObject_CallFunctionObjArgs(state.method_type, this, instance, end)
    }
}

unsafe extern "C" fn reduce(this: *mut PyObject, _nothing: *mut PyObject) -> *mut PyObject {
    // SAFETY: the interpreter calls it with a live object.
    unsafe {
        forwarded(this, c"__qualname__".as_ptr()).map_or(std::ptr::null_mut(), Owned::into_raw)
    }
}

/// An attribute of the plain function.
///
/// # Safety
/// `this` must be a native function, `name` a C string, and the GIL held.
unsafe fn forwarded(this: *mut PyObject, name: *const c_char) -> PyResult<Owned> {
    // SAFETY: the caller's promise.
    unsafe {
        let wrapped = (*data(this)).wrapped;
        if wrapped.is_null() {
            return Err(set_error(
                pyo3_ffi::PyExc_AttributeError,
                "the function has been cleared",
            ));
        }
        Owned::new(PyObject_GetAttrString(wrapped, name))
    }
}

unsafe extern "C" fn get_forwarded(this: *mut PyObject, name: *mut c_void) -> *mut PyObject {
    // SAFETY: the interpreter calls it with a live object and the closure, a C string.
    unsafe { forwarded(this, name.cast()).map_or(std::ptr::null_mut(), Owned::into_raw) }
}

unsafe extern "C" fn set_forwarded(
    this: *mut PyObject,
    value: *mut PyObject,
    name: *mut c_void,
) -> c_int {
    // SAFETY: as above; a null value asks for the attribute to be deleted.
    unsafe {
        let wrapped = (*data(this)).wrapped;
        if wrapped.is_null() {
            set_error(
                pyo3_ffi::PyExc_AttributeError,
                "the function has been cleared",
            );
            return -1;
        }
        if value.is_null() {
            PyObject_DelAttrString(wrapped, name.cast())
        } else {
            PyObject_SetAttrString(wrapped, name.cast(), value)
        }
    }
}

unsafe extern "C" fn get_wrapped(this: *mut PyObject, _closure: *mut c_void) -> *mut PyObject {
    // SAFETY: the interpreter calls it with a live object.
    unsafe {
        let wrapped = (*data(this)).wrapped;
        let wrapped = if wrapped.is_null() {
            Py_None()
        } else {
            wrapped
        };
        Py_IncRef(wrapped);
        wrapped
    }
}
