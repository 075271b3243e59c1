//! A call from Python: binds and converts the arguments, runs native code, converts the result.

use std::cell::Cell;
use std::mem::MaybeUninit;

use pyo3_ffi::{
    PyDict_Copy, PyDict_GetItemWithError, PyErr_CheckSignals, PyErr_Clear, PyErr_Occurred,
    PyEval_RestoreThread, PyEval_SaveThread, PyExc_ValueError, PyFloat_FromDouble, PyFloat_Type,
    PyLong_AsDouble, PyLong_AsLongLongAndOverflow, PyLong_FromLongLong, PyLong_Type, PyObject,
    PyObject_GetAttr, PyThreadState, PyTuple_GetItem, PyTuple_Size,
};
use snek_abi::{
    EXTENT_FREE, FUNCTION_RELEASES_GIL, FrameEntry, FunctionDesc, ParamDesc, ScalarKind, TypeDesc,
    TypeTag,
};

use super::api::{
    self, Owned, PyResult, Raised, float_value, new_text, set_error, text_of, type_of,
};
use super::buffer::Buffers;
use super::convert::{Argument, from_slots, to_slots};
use super::function::NativeFunction;
use super::raise;
use crate::guard::guard;
use crate::lock;

/// Slots of a frame that fits on the stack.
const INLINE_SLOTS: usize = 32;
/// Parameters that fit on the stack.
const INLINE_PARAMETERS: usize = 16;
/// The bit of a vectorcall's count that says that the place before the arguments may be used.
const ARGUMENTS_OFFSET: usize = 1 << (usize::BITS - 1);

thread_local! {
    /// The thread state that was saved when this thread left Python for native code.
    static SAVED: Cell<*mut PyThreadState> = const { Cell::new(std::ptr::null_mut()) };
}

/// Runs `action` with the GIL held, from native code that was called from Python.
pub fn with_gil<T>(action: impl FnOnce() -> T) -> T {
    let saved = SAVED.replace(std::ptr::null_mut());
    if saved.is_null() {
        return action();
    }
    // SAFETY: the state was saved by this thread, and is saved again afterwards.
    unsafe {
        PyEval_RestoreThread(saved);
        let result = action();
        SAVED.set(PyEval_SaveThread());
        result
    }
}

/// Runs the handlers of signals that have arrived, if this thread has released the GIL to run
/// native code; the interpreter itself lets only its main thread do so. False if one has raised.
pub fn poll() -> bool {
    if SAVED.get().is_null() {
        return true;
    }
    // SAFETY: the GIL is held.
    with_gil(|| unsafe { PyErr_CheckSignals() == 0 })
}

/// Slots of a frame for [`simple_call`].
const SIMPLE_SLOTS: usize = 8;

/// The vectorcall of native functions.
///
/// # Safety
/// As the interpreter calls it.
pub unsafe extern "C" fn vectorcall(
    callable: *mut PyObject,
    arguments: *const *mut PyObject,
    count: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the interpreter calls it with a native function, its arguments, and the GIL held.
    unsafe {
        let function = NativeFunction::of(callable);
        if names.is_null()
            && count & !ARGUMENTS_OFFSET == function.simple.parameters
            && let Some(result) = simple_call(function, arguments)
        {
            return result;
        }
        guarded_call(function, arguments, count, names)
    }
}

/// What [`simple_call`] must know of a function.
#[derive(Clone, Copy)]
pub struct Simple {
    /// How many parameters the function has, if they and its result are single floats and ints. Else
    /// a number that no call has.
    parameters: usize,
    /// A bit for each parameter that is a float, and one behind them for the result.
    floating: u32,
    entry: Option<FrameEntry>,
}

/// Finds out whether a function is one for [`simple_call`].
///
/// # Safety
/// The description must be whole.
pub unsafe fn simple(desc: &FunctionDesc) -> Simple {
    let kinds = [
        ScalarKind::Float,
        ScalarKind::Int,
        ScalarKind::F64,
        ScalarKind::I64,
    ]
    .map(|kind| kind as u8);
    let single =
        |kind: &TypeDesc| kind.tag == TypeTag::Scalar as u8 && kinds.contains(&kind.scalar);
    // SAFETY: the caller's promise.
    let parameters: &[ParamDesc] = unsafe { slice(desc.params, desc.param_count as usize) };
    let simple = parameters.iter().all(|parameter| single(&parameter.ty))
        && single(&desc.result)
        && desc.keyword_only == 0
        && desc.flags & FUNCTION_RELEASES_GIL == 0
        && desc.frame_slots as usize <= SIMPLE_SLOTS;
    let kinds = parameters.iter().map(|parameter| &parameter.ty);
    let kinds = kinds.chain([&desc.result]).take(SIMPLE_SLOTS + 1);
    let bits = kinds
        .enumerate()
        .map(|(n, kind)| u32::from(is_floating(kind.scalar)) << n);
    Simple {
        parameters: if simple { parameters.len() } else { usize::MAX },
        floating: bits.fold(0, |all, bit| all | bit),
        entry: desc.entry_strided,
    }
}

fn is_floating(kind: u8) -> bool {
    kind == ScalarKind::Float as u8 || kind == ScalarKind::F64 as u8
}

/// A call with nothing but exact floats and ints: nothing here allocates or panics. `None`, with
/// nothing done, if an argument is of another type.
///
/// # Safety
/// The function must be simple, with an argument for each parameter, and the GIL held.
#[inline]
unsafe fn simple_call(
    function: &NativeFunction,
    arguments: *const *mut PyObject,
) -> Option<*mut PyObject> {
    // SAFETY: the caller's promise.
    unsafe {
        let simple = function.simple;
        let mut frame = [MaybeUninit::<u64>::uninit(); SIMPLE_SLOTS];
        let frame = frame.as_mut_ptr().cast::<u64>();
        for index in 0..simple.parameters {
            let argument = *arguments.add(index);
            let found = type_of(argument);
            let bits = if simple.floating >> index & 1 != 0 {
                if found == &raw mut PyFloat_Type {
                    float_value(argument).to_bits()
                } else if found == &raw mut PyLong_Type {
                    let value = PyLong_AsDouble(argument);
                    if value == -1.0 && !PyErr_Occurred().is_null() {
                        // An int beyond the range: the general way says so better.
                        PyErr_Clear();
                        return None;
                    }
                    value.to_bits()
                } else {
                    return None;
                }
            } else {
                if found != &raw mut PyLong_Type {
                    return None;
                }
                let mut overflow = 0;
                let value = PyLong_AsLongLongAndOverflow(argument, &mut overflow);
                if overflow != 0 {
                    return None;
                }
                value as u64
            };
            frame.add(index).write(bits);
        }
        if simple.entry?(frame) != 0 {
            lock::release_all();
            return Some(failed(function));
        }
        let result = frame.add(simple.parameters).read();
        Some(if simple.floating >> simple.parameters & 1 != 0 {
            PyFloat_FromDouble(f64::from_bits(result))
        } else {
            PyLong_FromLongLong(result as i64)
        })
    }
}

/// Raises what native code has left pending.
///
/// # Safety
/// The GIL must be held.
#[cold]
#[inline(never)]
unsafe fn failed(function: &NativeFunction) -> *mut PyObject {
    // SAFETY: the caller's promise; the function keeps its module's state alive.
    unsafe {
        guard((), || raise::pending(&*function.state));
        if PyErr_Occurred().is_null() {
            // Making the exception has panicked, which has left one of its own pending.
            guard((), || raise::pending(&*function.state));
        }
    }
    std::ptr::null_mut()
}

/// Any call. Not inlined: what it needs of the stack would be set up for simple calls, too.
///
/// # Safety
/// As for [`vectorcall`].
#[inline(never)]
unsafe fn guarded_call(
    function: &NativeFunction,
    arguments: *const *mut PyObject,
    count: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the caller's promise.
    unsafe {
        match guard(None, || Some(call(function, arguments, count, names))) {
            Some(Ok(result)) => result.into_raw(),
            Some(Err(Raised)) => std::ptr::null_mut(),
            None => failed(function),
        }
    }
}

/// # Safety
/// As for [`vectorcall`].
#[inline]
unsafe fn call(
    function: &NativeFunction,
    arguments: *const *mut PyObject,
    count: usize,
    names: *mut PyObject,
) -> PyResult<Owned> {
    // SAFETY: the caller's promise; descriptions are constant data.
    unsafe {
        let desc = &*function.desc;
        let given = count & !ARGUMENTS_OFFSET;
        if names.is_null() && given == desc.param_count as usize && desc.keyword_only == 0 {
            return invoke(function, desc, arguments);
        }
        let parameters = desc.param_count as usize;
        let mut inline = [std::ptr::null_mut(); INLINE_PARAMETERS];
        let mut heap = Vec::new();
        let bound: &mut [*mut PyObject] = if parameters <= INLINE_PARAMETERS {
            &mut inline[..parameters]
        } else {
            heap.resize(parameters, std::ptr::null_mut());
            &mut heap
        };
        let mut defaults = Defaults::default();
        if bind(
            function,
            desc,
            arguments,
            given,
            names,
            bound,
            &mut defaults,
        )? {
            invoke(function, desc, bound.as_ptr())
        } else {
            // The plain function has the same signature: it raises just what Python raises.
            Owned::new(api::vectorcall(function.wrapped, arguments, count, names))
        }
    }
}

/// The default values in force, held while a call uses them.
#[derive(Default)]
struct Defaults {
    positional: Option<Owned>,
    by_keyword: Option<Owned>,
}

/// Gives each parameter its argument or default. False if they do not fit.
///
/// # Safety
/// As for [`vectorcall`]; `bound` must have a place for each parameter.
unsafe fn bind(
    function: &NativeFunction,
    desc: &FunctionDesc,
    arguments: *const *mut PyObject,
    given: usize,
    names: *mut PyObject,
    bound: &mut [*mut PyObject],
    defaults: &mut Defaults,
) -> PyResult<bool> {
    // SAFETY: the caller's promise.
    unsafe {
        let parameters: &[ParamDesc] = slice(desc.params, bound.len());
        let positional = bound.len() - desc.keyword_only as usize;
        if given > positional {
            return Ok(false);
        }
        for (index, place) in bound.iter_mut().enumerate().take(given) {
            *place = *arguments.add(index);
        }
        let named = if names.is_null() {
            0
        } else {
            PyTuple_Size(names) as usize
        };
        for index in 0..named {
            let Some(name) = text_of(PyTuple_GetItem(names, index as isize)) else {
                return Ok(false);
            };
            let first = desc.positional_only as usize;
            let found = parameters[first..]
                .iter()
                .position(|parameter| parameter.name.as_str() == name);
            let Some(found) = found.map(|found| found + first) else {
                return Ok(false);
            };
            if !bound[found].is_null() {
                return Ok(false);
            }
            bound[found] = *arguments.add(given + index);
        }
        if bound.iter().all(|argument| !argument.is_null()) {
            return Ok(true);
        }
        fill_in_defaults(function, parameters, positional, bound, defaults)
    }
}

/// Gives parameters without an argument their default. False if one has none.
///
/// # Safety
/// As for [`bind`].
unsafe fn fill_in_defaults(
    function: &NativeFunction,
    parameters: &[ParamDesc],
    positional: usize,
    bound: &mut [*mut PyObject],
    defaults: &mut Defaults,
) -> PyResult<bool> {
    // SAFETY: the caller's promise; the defaults are held by `defaults`.
    unsafe {
        let state = &*function.state;
        if bound[..positional]
            .iter()
            .any(|argument| argument.is_null())
        {
            let values = Owned::new(PyObject_GetAttr(function.wrapped, state.name_defaults))?;
            let values = defaults.positional.insert(values).get();
            let count = if values == pyo3_ffi::Py_None() {
                0
            } else {
                PyTuple_Size(values).max(0) as usize
            };
            for (index, place) in bound[..positional].iter_mut().enumerate() {
                if place.is_null() {
                    if index + count < positional {
                        return Ok(false);
                    }
                    *place = PyTuple_GetItem(values, (index + count - positional) as isize);
                }
            }
        }
        if bound[positional..]
            .iter()
            .any(|argument| argument.is_null())
        {
            let values = Owned::new(PyObject_GetAttr(
                function.wrapped,
                state.name_keyword_defaults,
            ))?;
            if values.get() == pyo3_ffi::Py_None() {
                return Ok(false);
            }
            // Without a GIL, another thread may change the dictionary meanwhile.
            let values = match api::header_size() {
                16 => values,
                _ => Owned::new(PyDict_Copy(values.get()))?,
            };
            let values = defaults.by_keyword.insert(values).get();
            for (place, parameter) in bound[positional..]
                .iter_mut()
                .zip(&parameters[positional..])
            {
                if place.is_null() {
                    let name = new_text(parameter.name.as_str())?;
                    *place = PyDict_GetItemWithError(values, name.get());
                    if place.is_null() {
                        return if PyErr_Occurred().is_null() {
                            Ok(false)
                        } else {
                            Err(Raised)
                        };
                    }
                }
            }
        }
        Ok(true)
    }
}

/// Converts the arguments, runs the function and converts its result.
///
/// # Safety
/// There must be an argument for each parameter, alive during the call, and the GIL held.
#[inline]
unsafe fn invoke(
    function: &NativeFunction,
    desc: &FunctionDesc,
    arguments: *const *mut PyObject,
) -> PyResult<Owned> {
    // SAFETY: the caller's promise; the frame has as many slots as the description says.
    unsafe {
        let mut inline = [MaybeUninit::<u64>::uninit(); INLINE_SLOTS];
        let mut heap = Vec::new();
        let frame: *mut u64 = if desc.frame_slots as usize <= INLINE_SLOTS {
            inline.as_mut_ptr().cast()
        } else {
            heap.resize(desc.frame_slots as usize, 0u64);
            heap.as_mut_ptr()
        };
        let mut buffers = Buffers::default();
        let mut slot = frame;
        for index in 0..desc.param_count as usize {
            let kind = &(*desc.params.add(index)).ty;
            slot = to_slots(*arguments.add(index), kind, slot, &mut buffers, desc, index)?;
        }
        if buffers.has_any() {
            check_extents(desc, &buffers)?;
            check_overlap(desc, &buffers)?;
        }
        let entry = if buffers.contiguous {
            desc.entry_contiguous
        } else {
            desc.entry_strided
        };
        let Some(entry) = entry.or(desc.entry_strided) else {
            return Err(set_error(
                pyo3_ffi::PyExc_SystemError,
                "a native function without code",
            ));
        };
        let status = if desc.flags & FUNCTION_RELEASES_GIL != 0 {
            let outer = SAVED.replace(PyEval_SaveThread());
            let status = entry(frame);
            PyEval_RestoreThread(SAVED.replace(outer));
            status
        } else {
            // Code that prints must not take the state that an outer call has saved.
            entry(frame)
        };
        if status != 0 {
            lock::release_all();
            raise::pending(&*function.state);
            return Err(Raised);
        }
        let results = frame.add(desc.argument_slots as usize);
        from_slots(&desc.result, results, &buffers).map(|(result, _)| result)
    }
}

/// A slice of constant data, which may be null if it is empty.
///
/// # Safety
/// `count` records must be at `data`.
unsafe fn slice<'a, T>(data: *const T, count: usize) -> &'a [T] {
    if count == 0 {
        &[]
    } else {
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts(data, count) }
    }
}

/// Checks the extents that the annotations ask for.
///
/// # Safety
/// The description must be whole, and the GIL held.
#[cold]
unsafe fn check_named_extents(desc: &FunctionDesc, buffers: &Buffers) -> PyResult<()> {
    // SAFETY: the caller's promise; a parameter's extents are as many as its array's dimensions.
    unsafe {
        let symbols = slice(desc.symbols, desc.symbol_count as usize);
        let mut seen: Vec<Option<(i64, usize, usize)>> = vec![None; symbols.len()];
        for buffer in buffers.iter() {
            let parameter = &*desc.params.add(buffer.parameter);
            if parameter.extents.is_null() {
                continue;
            }
            for axis in 0..usize::from(parameter.ty.rank) {
                let (wanted, found) = (*parameter.extents.add(axis), buffer.array.extents[axis]);
                let argument = Argument::new(desc, buffer.parameter);
                if wanted >= 0 && wanted != found {
                    let message = format!(
                        "{argument} must have {wanted} elements along axis {axis}, got {found}"
                    );
                    return Err(set_error(PyExc_ValueError, &message));
                }
                if wanted >= EXTENT_FREE {
                    continue;
                }
                let number = (-2 - wanted) as usize;
                let Some(place) = seen.get_mut(number) else {
                    continue;
                };
                match *place {
                    None => *place = Some((found, buffer.parameter, axis)),
                    Some((expected, ..)) if expected == found => {}
                    Some((expected, first, first_axis)) => {
                        let message = format!(
                            "{argument} has {found} elements along axis {axis}, but '{}' has {expected} along axis \
                             {first_axis}; both are '{}'",
                            Argument::new(desc, first).name,
                            symbols[number].as_str(),
                        );
                        return Err(set_error(PyExc_ValueError, &message));
                    }
                }
            }
        }
        Ok(())
    }
}

/// # Safety
/// As for [`check_named_extents`].
#[inline]
unsafe fn check_extents(desc: &FunctionDesc, buffers: &Buffers) -> PyResult<()> {
    // SAFETY: the caller's promise.
    unsafe {
        let parameters: &[ParamDesc] = slice(desc.params, desc.param_count as usize);
        if parameters
            .iter()
            .all(|parameter| parameter.extents.is_null())
        {
            return Ok(());
        }
        check_named_extents(desc, buffers)
    }
}

/// # Safety
/// As for [`check_named_extents`].
#[inline]
unsafe fn check_overlap(desc: &FunctionDesc, buffers: &Buffers) -> PyResult<()> {
    let Some((one, other)) = buffers.overlap() else {
        return Ok(());
    };
    // SAFETY: the caller's promise.
    unsafe {
        let (one, other) = (Argument::new(desc, one), Argument::new(desc, other));
        let message = format!(
            "{}() arguments '{}' and '{}' share memory, and '{}' is written in parallel; pass a copy of one",
            one.function, one.name, other.name, one.name
        );
        Err(set_error(PyExc_ValueError, &message))
    }
}
