//! The start of a module: `PyInit_NAME` for 3.11 to 3.14, `PyModExport_NAME` from 3.15 on, and
//! what both lead to: the module's text is compiled and run as CPython would, in a namespace that
//! puts native functions in the place of the plain ones that it defines.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3_ffi::{
    Py_CompileString, Py_DecRef, Py_Version, Py_file_input, PyCFunction_NewEx,
    PyCapsule_GetPointer, PyCapsule_New, PyDict_GetItemString, PyDict_New, PyDict_SetItem,
    PyDict_SetItemString, PyErr_Clear, PyEval_EvalCode, PyEval_GetBuiltins, PyExc_ImportError,
    PyImport_AddModule, PyImport_ImportModule, PyInterpreterState_Get, PyInterpreterState_GetDict,
    PyLong_AsSize_t, PyLong_FromLongLong, PyMethodDef, PyMethodDefPointer, PyModule_GetDict,
    PyModule_GetState, PyModuleDef_Init, PyObject, PyObject_CallFunctionObjArgs,
    PyObject_CallMethod, PyObject_GetAttrString, PyTuple_New, PyTuple_SetItem,
    PyUnicode_InternFromString, visitproc,
};
use snek_abi::{ABI_VERSION, FunctionDesc, ModuleDesc};

use super::api::{
    Owned, PyResult, Raised, header_size, learn_layout, new_text, set_error, text_of,
};
use super::{call, function, pool};
use crate::guard::{guard, silence_panics};
use crate::host;
use crate::par::{self, SHARED_VERSION, Shared};

/// What a module holds in one interpreter: all of its Python objects.
#[repr(C)]
pub struct State {
    /// The type of native functions.
    function_type: *mut PyObject,
    /// `types.MethodType`.
    pub method_type: *mut PyObject,
    /// The dictionary of the module.
    pub names: *mut PyObject,
    /// What `tracebacks.py` makes: null until native code raises.
    pub tracebacks: AtomicPtr<PyObject>,
    /// The path of the source file.
    pub file: *mut PyObject,
    /// `"__defaults__"`.
    pub name_defaults: *mut PyObject,
    /// `"__kwdefaults__"`.
    pub name_keyword_defaults: *mut PyObject,
}

/// The module of this `.so`: each has its own copy of the runtime.
static MODULE: AtomicPtr<ModuleDesc> = AtomicPtr::new(std::ptr::null_mut());

/// The name under which the first module of an interpreter publishes its pool.
const POOL_NAME: &CStr = c"snek.pool.3";
const _: () = assert!(SHARED_VERSION == 3, "the name above carries the version");

// The slots of a module definition, by the versions that know them.
const SLOT_EXEC: c_int = 2;
const SLOT_MULTIPLE_INTERPRETERS: c_int = 3;
const SLOT_GIL: c_int = 4;
const PER_INTERPRETER_GIL_SUPPORTED: usize = 2;
const GIL_NOT_USED: usize = 1;

/// The functions that generated code calls.
pub mod entries {
    use snek_abi::ModuleDesc;

    use crate::guard::guard;

    /// What `PyInit_NAME` returns.
    ///
    /// # Safety
    /// `module` must point to a record that lives for ever; the interpreter must be the caller.
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn snek_rt_module_init(module: *const ModuleDesc) -> *mut u8 {
        // SAFETY: the caller's promise.
        guard(std::ptr::null_mut(), || unsafe {
            super::definition(module)
        })
    }

    /// What `PyModExport_NAME` returns.
    ///
    /// # Safety
    /// As for [`snek_rt_module_init`].
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn snek_rt_module_export(module: *const ModuleDesc) -> *mut u8 {
        // SAFETY: the caller's promise.
        guard(std::ptr::null_mut(), || unsafe { super::export(module) })
    }
}

/// The minor version of the running Python 3.
fn minor_version() -> u32 {
    // SAFETY: the interpreter never changes it.
    (unsafe { Py_Version } >> 16) as u32 & 0xff
}

/// The name of a module for the interpreter: lives for ever.
fn name_of(module: &ModuleDesc) -> *const c_char {
    // SAFETY: descriptions are constant data.
    let name = unsafe { module.name.as_str() };
    CString::new(name).unwrap_or_default().into_raw()
}

/// A `PyModuleDef`, laid out by hand: its object header differs between builds.
///
/// # Safety
/// As for [`entries::snek_rt_module_init`].
unsafe fn definition(module: *const ModuleDesc) -> *mut u8 {
    static DEFINITION: OnceLock<usize> = OnceLock::new();
    // SAFETY: the caller's promise; the memory is this definition's own and lives for ever.
    unsafe {
        MODULE.store(module.cast_mut(), Ordering::Release);
        if learn_layout().is_err() {
            return std::ptr::null_mut();
        }
        let address = *DEFINITION.get_or_init(|| {
            let header = header_size() / size_of::<usize>();
            let mut words = vec![0usize; header + 13];
            if header == 2 {
                words[0] = 1;
            } else {
                // Free-threaded: an immortal local count, in the upper half of the second word.
                words[1] = 0xffff_ffff << 32;
            }
            let body = &mut words[header..];
            // m_init, m_index, m_copy come first, and m_doc stays empty.
            body[3] = name_of(&*module) as usize;
            body[5] = size_of::<State>();
            body[7] = Box::leak(slots(minor_version())).as_ptr() as usize;
            body[8] = traverse as *const c_void as usize;
            body[9] = clear as *const c_void as usize;
            body[10] = free as *const c_void as usize;
            words.leak().as_ptr() as usize
        });
        PyModuleDef_Init(address as *mut _).cast()
    }
}

/// A slot list that this version understands.
fn slots(minor: u32) -> Box<[(c_int, usize)]> {
    let mut slots = vec![(SLOT_EXEC, execute as *const c_void as usize)];
    if minor >= 12 {
        slots.push((SLOT_MULTIPLE_INTERPRETERS, PER_INTERPRETER_GIL_SUPPORTED));
    }
    if minor >= 13 {
        slots.push((SLOT_GIL, GIL_NOT_USED));
    }
    slots.push((0, 0));
    slots.into_boxed_slice()
}

/// A slot of 3.15's module export (PEP 793 and PEP 820).
#[repr(C)]
struct ExportSlot {
    id: u16,
    flags: u16,
    reserved: u32,
    value: usize,
}

/// # Safety
/// As for [`entries::snek_rt_module_init`].
unsafe fn export(module: *const ModuleDesc) -> *mut u8 {
    /// 3.15's flags of a slot: skip it if unknown; its value lives for ever; its value is a number.
    const OPTIONAL: u16 = 1;
    const STATIC: u16 = 2;
    const NUMBER: u16 = 4;
    /// `PyABIInfo`: structure version 1.0, then the flags STABLE, GIL and FREETHREADED, then the
    /// version that this was built by and the one whose ABI it uses.
    #[repr(C)]
    struct AbiInfo {
        major: u8,
        minor: u8,
        flags: u16,
        build_version: u32,
        abi_version: u32,
    }
    static ABI: AbiInfo = AbiInfo {
        major: 1,
        minor: 0,
        flags: 1 | 2 | 4,
        build_version: 0x030f_0000,
        abi_version: 0x030f_0000,
    };
    static SLOTS: OnceLock<usize> = OnceLock::new();
    MODULE.store(module.cast_mut(), Ordering::Release);
    let address = *SLOTS.get_or_init(|| {
        let slot = |id, flags, value| ExportSlot {
            id,
            flags,
            reserved: 0,
            value,
        };
        // SAFETY: the caller's promise.
        let name = name_of(unsafe { &*module }) as usize;
        let slots = vec![
            slot(109, STATIC, (&raw const ABI) as usize),
            slot(100, STATIC, name),
            slot(102, NUMBER, size_of::<State>()),
            slot(104, 0, traverse as *const c_void as usize),
            slot(105, 0, clear as *const c_void as usize),
            slot(106, 0, free as *const c_void as usize),
            slot(85, 0, execute as *const c_void as usize),
            slot(86, NUMBER | OPTIONAL, PER_INTERPRETER_GIL_SUPPORTED),
            slot(87, NUMBER | OPTIONAL, GIL_NOT_USED),
            slot(0, 0, 0),
        ];
        slots.leak().as_ptr() as usize
    });
    address as *mut u8
}

impl State {
    fn objects(&mut self) -> [&mut *mut PyObject; 7] {
        [
            &mut self.function_type,
            &mut self.method_type,
            &mut self.names,
            self.tracebacks.get_mut(),
            &mut self.file,
            &mut self.name_defaults,
            &mut self.name_keyword_defaults,
        ]
    }
}

/// # Safety
/// The module must be one of ours and alive.
unsafe fn state_of(module: *mut PyObject) -> *mut State {
    // SAFETY: the caller's promise.
    unsafe { PyModule_GetState(module).cast() }
}

unsafe extern "C" fn traverse(
    module: *mut PyObject,
    visit: visitproc,
    context: *mut c_void,
) -> c_int {
    // SAFETY: the collector calls it with a live module; without a state there is nothing yet.
    unsafe {
        let Some(state) = state_of(module).as_mut() else {
            return 0;
        };
        for object in state.objects() {
            if !object.is_null() {
                let result = visit(*object, context);
                if result != 0 {
                    return result;
                }
            }
        }
        0
    }
}

unsafe extern "C" fn clear(module: *mut PyObject) -> c_int {
    // SAFETY: as above.
    unsafe {
        let Some(state) = state_of(module).as_mut() else {
            return 0;
        };
        for object in state.objects() {
            Py_DecRef(std::mem::replace(object, std::ptr::null_mut()));
        }
        0
    }
}

unsafe extern "C" fn free(module: *mut c_void) {
    // SAFETY: the interpreter calls it with the module.
    unsafe {
        clear(module.cast());
    }
}

/// Runs the module.
unsafe extern "C" fn execute(module: *mut PyObject) -> c_int {
    // SAFETY: the interpreter calls it with a new module and the GIL held.
    let result = guard(Some(Err(Raised)), || Some(unsafe { run(module) }));
    match result {
        Some(Ok(())) => 0,
        _ => {
            // A panic has left its error pending, and Python wants one set.
            // SAFETY: as above.
            unsafe {
                if let Some(pending) = crate::exc::take()
                    && pyo3_ffi::PyErr_Occurred().is_null()
                {
                    set_error(
                        pyo3_ffi::PyExc_SystemError,
                        &format!("{:?}", pending.raised),
                    );
                }
            }
            -1
        }
    }
}

/// # Safety
/// As for [`execute`].
unsafe fn run(module: *mut PyObject) -> PyResult<()> {
    // SAFETY: the caller's promise; descriptions are constant data.
    unsafe {
        let desc = &*MODULE.load(Ordering::Acquire);
        if desc.abi_version != ABI_VERSION {
            return Err(set_error(
                PyExc_ImportError,
                "this module was compiled for another snek runtime",
            ));
        }
        start(minor_version())?;
        let names = PyModule_GetDict(module);
        PyDict_SetItemString(names, c"__builtins__".as_ptr(), PyEval_GetBuiltins());
        let file = source_path(module, desc)?;
        let source = source()?;
        let code = compile(source.get(), file.get())?;

        if desc.source.as_str().contains("snek") {
            stand_in_for_snek()?;
        }

        let state = &mut *state_of(module);
        state.function_type = function::new_type(module)?.into_raw();
        let types = Owned::new(PyImport_ImportModule(c"types".as_ptr()))?;
        state.method_type =
            Owned::new(PyObject_GetAttrString(types.get(), c"MethodType".as_ptr()))?.into_raw();
        state.file = Owned::borrowed(file.get())?.into_raw();
        state.name_defaults =
            Owned::new(PyUnicode_InternFromString(c"__defaults__".as_ptr()))?.into_raw();
        state.name_keyword_defaults =
            Owned::new(PyUnicode_InternFromString(c"__kwdefaults__".as_ptr()))?.into_raw();
        state.names = Owned::borrowed(names)?.into_raw();

        let native = native_functions(desc)?;
        let wrap = Owned::new(PyCFunction_NewEx(
            (&raw const WRAP.0).cast_mut(),
            module,
            std::ptr::null_mut(),
        ))?;
        let arguments = [names, native.get(), wrap.get()];
        let namespace = call_python(include_str!("namespace.py"), c"Namespace", arguments)?;
        Owned::new(PyEval_EvalCode(code.get(), names, namespace.get())).map(drop)
    }
}

/// Makes `import snek` work where the package is not installed.
///
/// # Safety
/// The GIL must be held.
unsafe fn stand_in_for_snek() -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe {
        let package = new_text(include_str!("../../../stdlib/snek/__init__.py"))?;
        let modules = [
            ("_tasks", include_str!("../../../stdlib/snek/_tasks.py")),
            ("_threads", include_str!("../../../stdlib/snek/_threads.py")),
            ("_types", include_str!("../../../stdlib/snek/_types.py")),
            ("atomic", include_str!("../../../stdlib/snek/atomic.py")),
            ("random", include_str!("../../../stdlib/snek/random.py")),
        ];
        let texts = Owned::new(PyTuple_New(2 * modules.len() as isize))?;
        for (at, (name, text)) in (0..).zip(modules) {
            PyTuple_SetItem(texts.get(), 2 * at, new_text(name)?.into_raw());
            PyTuple_SetItem(texts.get(), 2 * at + 1, new_text(text)?.into_raw());
        }
        let arguments = [package.get(), texts.get(), texts.get()];
        call_python(include_str!("standalone.py"), c"provide", arguments).map(drop)
    }
}

/// What is done once in a process, and the pool, once in an interpreter.
///
/// # Safety
/// The GIL must be held.
unsafe fn start(minor: u32) -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe {
        learn_layout()?;
        host::set_python_minor(minor);
        host::set(host::Host {
            write: write_to_stdout,
            poll: call::poll,
        });
        silence_panics();
        par::trace::start();
        share_pool()
    }
}

/// Finds the pool that an earlier module has published, or publishes one.
///
/// # Safety
/// The GIL must be held.
unsafe fn share_pool() -> PyResult<()> {
    // SAFETY: the caller's promise; the capsule of this name holds a `Shared`.
    unsafe {
        let interpreter = PyInterpreterState_GetDict(PyInterpreterState_Get());
        if interpreter.is_null() {
            PyErr_Clear();
            return Ok(());
        }
        let own = std::ptr::from_ref(host::shared_pool().unwrap_or_else(par::own_pool));
        let own = PyCapsule_New(own.cast_mut().cast(), POOL_NAME.as_ptr(), None);
        let own = Owned::new(own)?;
        // In one step: without a GIL, two modules may be imported at once.
        let found = Owned::new(PyObject_CallMethod(
            interpreter,
            c"setdefault".as_ptr(),
            c"sO".as_ptr(),
            POOL_NAME.as_ptr(),
            own.get(),
        ))?;
        let shared = PyCapsule_GetPointer(found.get(), POOL_NAME.as_ptr()).cast::<Shared>();
        let Some(shared) = shared.as_ref() else {
            return Err(Raised);
        };
        if host::shared_pool().is_none() && shared.version == SHARED_VERSION {
            host::set_shared_pool(shared);
        }
        if found.get() == own.get() {
            return pool::publish();
        }
        Ok(())
    }
}

/// The path that the source file has, or would have, beside the module.
///
/// # Safety
/// The module must be alive and the GIL held.
unsafe fn source_path(module: *mut PyObject, desc: &ModuleDesc) -> PyResult<Owned> {
    // SAFETY: the caller's promise.
    unsafe {
        let origin = Owned::new(PyObject_GetAttrString(module, c"__spec__".as_ptr()))
            .and_then(|spec| Owned::new(PyObject_GetAttrString(spec.get(), c"origin".as_ptr())))
            .or_else(|_| {
                PyErr_Clear();
                Owned::new(PyObject_GetAttrString(module, c"__file__".as_ptr()))
            });
        let is_text = |object: *mut PyObject| {
            super::api::is_instance(object, &raw mut pyo3_ffi::PyUnicode_Type)
        };
        let origin = origin.ok().filter(|origin| is_text(origin.get()));
        PyErr_Clear();
        let file_name = desc.file_name.as_str();
        let folder = origin.as_ref().and_then(|origin| text_of(origin.get()));
        match folder.and_then(|path| path.rsplit_once('/')) {
            Some((folder, _)) => new_text(&format!("{folder}/{file_name}")),
            None => new_text(file_name),
        }
    }
}

/// `compile(source, file, "exec", dont_inherit=True)`: from a `str`, so that a coding comment,
/// which the compiler has obeyed already, is not obeyed again.
///
/// # Safety
/// Both must be `str`, and the GIL held.
unsafe fn compile(source: *mut PyObject, file: *mut PyObject) -> PyResult<Owned> {
    // SAFETY: the caller's promise.
    unsafe {
        let builtins = Owned::new(PyImport_ImportModule(c"builtins".as_ptr()))?;
        Owned::new(PyObject_CallMethod(
            builtins.get(),
            c"compile".as_ptr(),
            c"OOsii".as_ptr(),
            source,
            file,
            c"exec".as_ptr(),
            0 as c_int,
            1 as c_int,
        ))
    }
}

/// `{(name, first line): index}` of the native functions.
///
/// # Safety
/// The GIL must be held.
unsafe fn native_functions(desc: &ModuleDesc) -> PyResult<Owned> {
    // SAFETY: the caller's promise.
    unsafe {
        let functions = Owned::new(PyDict_New())?;
        for index in 0..desc.function_count as usize {
            let function: &FunctionDesc = &*desc.functions.add(index);
            let key = Owned::new(PyTuple_New(2))?;
            let name = new_text(function.name.as_str())?;
            let line = Owned::new(PyLong_FromLongLong(i64::from(function.first_line)))?;
            PyTuple_SetItem(key.get(), 0, name.into_raw());
            PyTuple_SetItem(key.get(), 1, line.into_raw());
            let index = Owned::new(PyLong_FromLongLong(index as i64))?;
            if PyDict_SetItem(functions.get(), key.get(), index.get()) != 0 {
                return Err(Raised);
            }
        }
        Ok(functions)
    }
}

/// The definition of `wrap`, which the interpreter keeps a pointer to.
struct WrapDefinition(PyMethodDef);

// SAFETY: constant data.
unsafe impl Sync for WrapDefinition {}

static WRAP: WrapDefinition = WrapDefinition(PyMethodDef {
    ml_name: c"wrap".as_ptr(),
    ml_meth: PyMethodDefPointer {
        PyCFunctionFast: wrap,
    },
    ml_flags: pyo3_ffi::METH_FASTCALL,
    ml_doc: std::ptr::null(),
});

/// `wrap(index, function)`: the native function number `index`, in front of the plain one.
unsafe extern "C" fn wrap(
    module: *mut PyObject,
    arguments: *mut *mut PyObject,
    count: isize,
) -> *mut PyObject {
    // SAFETY: `namespace.py` calls it with two arguments; the module is alive.
    unsafe {
        let desc = &*MODULE.load(Ordering::Acquire);
        let index = if count == 2 {
            PyLong_AsSize_t(*arguments)
        } else {
            usize::MAX
        };
        if index >= desc.function_count as usize {
            set_error(pyo3_ffi::PyExc_SystemError, "no such native function");
            return std::ptr::null_mut();
        }
        let state = state_of(module);
        let class = (*state).function_type;
        function::wrap(
            class,
            desc.functions.add(index),
            module,
            state,
            *arguments.add(1),
        )
        .map_or(std::ptr::null_mut(), Owned::into_raw)
    }
}

/// Runs a text of the runtime's own and calls one of the names that it defines.
///
/// # Safety
/// The GIL must be held.
pub unsafe fn call_python(
    text: &str,
    name: &CStr,
    arguments: [*mut PyObject; 3],
) -> PyResult<Owned> {
    // SAFETY: the caller's promise.
    unsafe {
        let names = Owned::new(PyDict_New())?;
        PyDict_SetItemString(names.get(), c"__builtins__".as_ptr(), PyEval_GetBuiltins());
        let module = new_text("snek")?;
        PyDict_SetItemString(names.get(), c"__name__".as_ptr(), module.get());
        let text = CString::new(text).unwrap_or_default();
        let code = Owned::new(Py_CompileString(
            text.as_ptr(),
            c"<snek runtime>".as_ptr(),
            Py_file_input,
        ))?;
        Owned::new(PyEval_EvalCode(code.get(), names.get(), names.get()))?;
        let callable = Owned::borrowed(PyDict_GetItemString(names.get(), name.as_ptr()))?;
        let [first, second, third] = arguments;
        let end = std::ptr::null_mut::<PyObject>();
        Owned::new(PyObject_CallFunctionObjArgs(
            callable.get(),
            first,
            second,
            third,
            end,
        ))
    }
}

/// The source text of this `.so`'s module.
///
/// # Safety
/// The GIL must be held, and the module have been started.
pub unsafe fn source() -> PyResult<Owned> {
    // SAFETY: the caller's promise; descriptions are constant data.
    unsafe { new_text((*MODULE.load(Ordering::Acquire)).source.as_str()) }
}

/// Writes to `sys.stdout` as `print` does. False if that has raised.
fn write_to_stdout(text: &[u8], flush: bool) -> bool {
    call::with_gil(|| {
        // SAFETY: the GIL is held; `sys.stdout` is kept alive while it is used.
        let written = unsafe { try_write(text, flush) };
        written.is_ok()
    })
}

/// # Safety
/// The GIL must be held.
unsafe fn try_write(text: &[u8], flush: bool) -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe {
        // Not `PySys_GetObject`: without a GIL, what is borrowed may be gone.
        let sys = PyImport_AddModule(c"sys".as_ptr());
        let stdout = PyObject_GetAttrString(sys, c"stdout".as_ptr());
        let Ok(stdout) = Owned::new(stdout) else {
            return Err(set_error(pyo3_ffi::PyExc_RuntimeError, "lost sys.stdout"));
        };
        // Without a console there is no stdout, and `print` does nothing.
        if stdout.get() == pyo3_ffi::Py_None() {
            return Ok(());
        }
        if !text.is_empty() {
            let text = new_text(&String::from_utf8_lossy(text))?;
            Owned::new(PyObject_CallMethod(
                stdout.get(),
                c"write".as_ptr(),
                c"O".as_ptr(),
                text.get(),
            ))?;
        }
        if flush {
            Owned::new(PyObject_CallMethod(
                stdout.get(),
                c"flush".as_ptr(),
                std::ptr::null(),
            ))?;
        }
        Ok(())
    }
}
