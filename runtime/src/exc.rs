//! The exception that is pending in this thread: what compiled code has raised and the frames
//! that it has left since. Only ever on the way out: nothing here is for a hot path.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::VecDeque;

use snek_abi::{ExcKind, FrameInfo, Message};

use crate::host;

/// An argument of an exception.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    /// A Python `int`.
    Int(i64),
    /// A Python `int` from an unsigned one.
    UInt(u64),
    /// A Python `float`.
    Float(f64),
    /// A Python `bool`.
    Bool(bool),
    /// A Python `complex`.
    Complex(f64, f64),
    /// A Python `str`.
    Str(Cow<'static, str>),
    /// `None`.
    None,
    /// A `tuple`.
    Tuple(Vec<Argument>),
}

/// An exception whose arguments are being computed.
struct Building {
    kind: ExcKind,
    /// The arguments so far; above them the items of tuples that are open, outermost first.
    levels: Vec<Vec<Argument>>,
}

/// What has been raised.
#[derive(Clone, Debug, PartialEq)]
pub enum Raised {
    /// A builtin exception that has yet to be made.
    Builtin(ExcKind, Vec<Argument>),
    /// The exception in the interpreter's own error indicator.
    Python,
}

/// How many frames are kept at each end of a deep traceback.
const FRAMES_KEPT: usize = 500;

/// A frame that the exception has passed through.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The function.
    pub function: &'static FrameInfo,
    /// The line, from 1.
    pub line: i64,
}

/// An exception and the native frames that it has passed through, innermost first.
#[derive(Clone, Debug)]
pub struct Pending {
    /// What has been raised.
    pub raised: Raised,
    /// The innermost frames.
    pub inner: Vec<Frame>,
    /// The outermost frames of a deep traceback; what lay between is dropped.
    pub outer: VecDeque<Frame>,
}

impl Pending {
    /// An exception that has passed through no frame yet.
    pub fn new(raised: Raised) -> Pending {
        Pending {
            raised,
            inner: Vec::new(),
            outer: VecDeque::new(),
        }
    }

    fn push(&mut self, frame: Frame) {
        if self.inner.len() < FRAMES_KEPT {
            self.inner.push(frame);
            return;
        }
        if self.outer.len() == FRAMES_KEPT {
            self.outer.pop_front();
        }
        self.outer.push_back(frame);
    }
}

thread_local! {
    static PENDING: RefCell<Option<Pending>> = const { RefCell::new(None) };
    /// The exception whose arguments are being computed.
    static BUILDING: RefCell<Option<Building>> = const { RefCell::new(None) };
}

/// Leaves an exception pending, in place of one that already was.
pub fn set(pending: Pending) {
    PENDING.with(|slot| *slot.borrow_mut() = Some(pending));
}

/// Takes the pending exception away.
pub fn take() -> Option<Pending> {
    PENDING.with(|slot| slot.borrow_mut().take())
}

/// Raises a builtin exception.
pub fn raise(kind: ExcKind, arguments: Vec<Argument>) {
    set(Pending::new(Raised::Builtin(kind, arguments)));
}

/// Raises a builtin exception with a message.
pub fn raise_text(kind: ExcKind, message: impl Into<Cow<'static, str>>) {
    raise(kind, vec![Argument::Str(message.into())]);
}

/// Raises what the interpreter's error indicator holds.
pub fn raise_python() {
    set(Pending::new(Raised::Python));
}

/// Raises one of CPython's messages, in the wording of the running version.
pub fn raise_message(message: Message) {
    let text = message.text();
    let wording = if text.since != 0 && host::python_minor() >= text.since {
        text.text_since
    } else {
        text.text
    };
    let mut arguments = Vec::new();
    if text.errno != 0 {
        arguments.push(Argument::Int(text.errno));
    }
    arguments.push(Argument::Str(Cow::Borrowed(wording)));
    raise(text.kind, arguments);
}

fn kind_of(number: i32) -> ExcKind {
    ExcKind::from_u32(number as u32).unwrap_or(ExcKind::SystemError)
}

/// The functions that compiled code calls.
pub mod entries {
    use std::borrow::Cow;

    use snek_abi::{ExcKind, FrameInfo, Message, ScalarKind, StrDesc};

    use super::{
        Argument, BUILDING, Building, Frame, PENDING, kind_of, raise, raise_message, raise_text,
    };
    use crate::guard::guard;

    /// The text at `data`, which compiled code keeps for ever.
    ///
    /// # Safety
    /// `data` must be valid for `length` bytes of UTF-8 that live for ever.
    unsafe fn text(data: *const u8, length: i64) -> &'static str {
        // SAFETY: the caller's promise.
        unsafe { StrDesc { data, length }.as_str() }
    }

    fn argument(value: Argument) {
        guard((), || {
            BUILDING.with(|slot| {
                if let Some(level) = slot
                    .borrow_mut()
                    .as_mut()
                    .and_then(|building| building.levels.last_mut())
                {
                    level.push(value);
                }
            });
        });
    }

    /// Raises `kind` with a message, or without arguments if `length` is negative.
    ///
    /// # Safety
    /// `message` must be valid for `length` bytes of UTF-8 that live for ever.
    #[unsafe(no_mangle)]
    #[cold]
    pub unsafe extern "C" fn snek_rt_raise(kind: i32, message: *const u8, length: i64) {
        guard((), || {
            if length < 0 {
                raise(kind_of(kind), Vec::new());
            } else {
                // SAFETY: the caller's promise.
                raise_text(kind_of(kind), unsafe { text(message, length) });
            }
        });
    }

    /// Raises a [`Message`].
    #[unsafe(no_mangle)]
    #[cold]
    pub extern "C" fn snek_rt_raise_message(message: i32) {
        guard((), || match Message::from_u32(message as u32) {
            Some(message) => raise_message(message),
            None => raise_text(ExcKind::SystemError, "unknown message number"),
        });
    }

    /// Raises `IndexError` in NumPy's words.
    #[unsafe(no_mangle)]
    #[cold]
    pub extern "C" fn snek_rt_raise_index(index: i64, axis: i64, extent: i64, _rank: i64) {
        guard((), || {
            raise_text(
                ExcKind::IndexError,
                format!("index {index} is out of bounds for axis {axis} with size {extent}"),
            );
        });
    }

    /// Raises `OverflowError` for a Python int that a fixed-width type cannot hold.
    #[unsafe(no_mangle)]
    #[cold]
    pub extern "C" fn snek_rt_raise_weak_int(value: i64, scalar: i32) {
        guard((), || {
            let name = ScalarKind::from_u8(scalar as u8).map_or("integer", ScalarKind::name);
            raise_text(
                ExcKind::OverflowError,
                format!("Python integer {value} out of bounds for {name}"),
            );
        });
    }

    /// Raises `UnboundLocalError` for a local variable.
    ///
    /// # Safety
    /// `name` must be valid for `length` bytes of UTF-8.
    #[unsafe(no_mangle)]
    #[cold]
    pub unsafe extern "C" fn snek_rt_raise_unbound(name: *const u8, length: i64) {
        guard((), || {
            // SAFETY: the caller's promise.
            let name = unsafe { text(name, length) };
            raise_text(
                ExcKind::UnboundLocalError,
                format!(
                    "cannot access local variable '{name}' where it is not associated with a value"
                ),
            );
        });
    }

    /// Raises `ValueError` for an unpacking of the wrong length.
    #[unsafe(no_mangle)]
    #[cold]
    pub extern "C" fn snek_rt_raise_unpack(expected: i64, got: i64) {
        guard((), || {
            raise_text(
                ExcKind::ValueError,
                if got < expected {
                    format!("not enough values to unpack (expected {expected}, got {got})")
                } else {
                    format!("too many values to unpack (expected {expected})")
                },
            );
        });
    }

    /// Raises `RecursionError`.
    #[unsafe(no_mangle)]
    #[cold]
    pub extern "C" fn snek_rt_raise_recursion() {
        guard((), || {
            raise_text(ExcKind::RecursionError, "maximum recursion depth exceeded")
        });
    }

    /// Begins an exception with computed arguments.
    #[unsafe(no_mangle)]
    #[cold]
    pub extern "C" fn snek_rt_exc_begin(kind: i32) {
        guard((), || {
            BUILDING.with(|slot| {
                *slot.borrow_mut() = Some(Building {
                    kind: kind_of(kind),
                    levels: vec![Vec::new()],
                })
            })
        });
    }

    /// The next argument: an `int`.
    #[unsafe(no_mangle)]
    #[cold]
    pub extern "C" fn snek_rt_exc_arg_int(value: i64) {
        argument(Argument::Int(value));
    }

    /// The next argument: an `int` from unsigned bits.
    #[unsafe(no_mangle)]
    #[cold]
    pub extern "C" fn snek_rt_exc_arg_uint(value: i64) {
        argument(Argument::UInt(value as u64));
    }

    /// The next argument: a `float`.
    #[unsafe(no_mangle)]
    #[cold]
    pub extern "C" fn snek_rt_exc_arg_float(value: f64) {
        argument(Argument::Float(value));
    }

    /// The next argument: a `bool`.
    #[unsafe(no_mangle)]
    #[cold]
    pub extern "C" fn snek_rt_exc_arg_bool(value: i32) {
        argument(Argument::Bool(value != 0));
    }

    /// The next argument: a `complex`.
    #[unsafe(no_mangle)]
    #[cold]
    pub extern "C" fn snek_rt_exc_arg_complex(real: f64, imaginary: f64) {
        argument(Argument::Complex(real, imaginary));
    }

    /// The next argument: a `str`.
    ///
    /// # Safety
    /// `data` must be valid for `length` bytes of UTF-8.
    #[unsafe(no_mangle)]
    #[cold]
    pub unsafe extern "C" fn snek_rt_exc_arg_str(data: *const u8, length: i64) {
        // SAFETY: the caller's promise; the text is copied.
        argument(Argument::Str(Cow::Owned(
            unsafe { text(data, length) }.to_owned(),
        )));
    }

    /// The next argument: `None`.
    #[unsafe(no_mangle)]
    #[cold]
    pub extern "C" fn snek_rt_exc_arg_none() {
        argument(Argument::None);
    }

    /// Begins an argument that is a `tuple`.
    #[unsafe(no_mangle)]
    #[cold]
    pub extern "C" fn snek_rt_exc_tuple_begin() {
        guard((), || {
            BUILDING.with(|slot| {
                if let Some(building) = slot.borrow_mut().as_mut() {
                    building.levels.push(Vec::new());
                }
            });
        });
    }

    /// Ends it.
    #[unsafe(no_mangle)]
    #[cold]
    pub extern "C" fn snek_rt_exc_tuple_end() {
        let items = guard(None, || {
            BUILDING.with(|slot| {
                slot.borrow_mut()
                    .as_mut()
                    .and_then(|building| building.levels.pop())
            })
        });
        argument(Argument::Tuple(items.unwrap_or_default()));
    }

    /// Raises the exception that was begun.
    #[unsafe(no_mangle)]
    #[cold]
    pub extern "C" fn snek_rt_exc_end() {
        guard((), || {
            match BUILDING.with(|slot| slot.borrow_mut().take()) {
                Some(Building { kind, levels }) => {
                    raise(kind, levels.into_iter().next().unwrap_or_default())
                }
                None => raise_text(
                    ExcKind::SystemError,
                    "an exception was ended that was not begun",
                ),
            }
        });
    }

    /// Appends a frame to the pending exception.
    ///
    /// # Safety
    /// `function` must point to a record that lives for ever.
    #[unsafe(no_mangle)]
    #[cold]
    pub unsafe extern "C" fn snek_rt_traceback(function: *const FrameInfo, line: i64) {
        guard((), || {
            // SAFETY: the caller's promise.
            let Some(function) = (unsafe { function.as_ref() }) else {
                return;
            };
            PENDING.with(|slot| {
                if let Some(pending) = slot.borrow_mut().as_mut() {
                    pending.push(Frame { function, line });
                }
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use snek_abi::StrDesc;

    use super::entries::*;
    use super::*;

    static INFO: FrameInfo = FrameInfo {
        name: StrDesc::new("f"),
        qualname: StrDesc::new("f"),
        file: StrDesc::new(""),
        first_line: 1,
    };

    fn message() -> (ExcKind, Vec<Argument>) {
        match take().expect("an exception is pending").raised {
            Raised::Builtin(kind, arguments) => (kind, arguments),
            Raised::Python => panic!("not a builtin one"),
        }
    }

    #[test]
    fn a_negative_length_means_no_arguments() {
        // SAFETY: the pointer is not read.
        unsafe { snek_rt_raise(ExcKind::ValueError as i32, std::ptr::null(), -1) };
        assert_eq!(message(), (ExcKind::ValueError, vec![]));
        // SAFETY: the text is a constant.
        unsafe { snek_rt_raise(ExcKind::ValueError as i32, "".as_ptr(), 0) };
        assert_eq!(
            message(),
            (ExcKind::ValueError, vec![Argument::Str("".into())])
        );
    }

    #[test]
    fn arguments_keep_their_order() {
        snek_rt_exc_begin(ExcKind::KeyError as i32);
        snek_rt_exc_arg_int(7);
        snek_rt_exc_arg_float(0.5);
        snek_rt_exc_tuple_begin();
        snek_rt_exc_arg_bool(1);
        snek_rt_exc_tuple_begin();
        snek_rt_exc_tuple_end();
        snek_rt_exc_tuple_end();
        snek_rt_exc_arg_none();
        snek_rt_exc_end();
        let tuple = Argument::Tuple(vec![Argument::Bool(true), Argument::Tuple(vec![])]);
        let expected = vec![
            Argument::Int(7),
            Argument::Float(0.5),
            tuple,
            Argument::None,
        ];
        assert_eq!(message(), (ExcKind::KeyError, expected));
    }

    #[test]
    fn a_power_out_of_range_carries_its_errno() {
        snek_rt_raise_message(Message::FloatPowOverflow as i32);
        let expected = vec![
            Argument::Int(34),
            Argument::Str("Numerical result out of range".into()),
        ];
        assert_eq!(message(), (ExcKind::OverflowError, expected));
    }

    #[test]
    fn a_deep_traceback_keeps_both_ends() {
        raise(ExcKind::RecursionError, vec![]);
        for line in 0..10_000 {
            // SAFETY: the record is static.
            unsafe { snek_rt_traceback(&INFO, line) };
        }
        let pending = take().expect("an exception is pending");
        assert_eq!(
            (pending.inner.len(), pending.outer.len()),
            (FRAMES_KEPT, FRAMES_KEPT)
        );
        assert_eq!(
            (pending.inner[0].line, pending.outer[FRAMES_KEPT - 1].line),
            (0, 9_999)
        );
    }

    #[test]
    fn a_panic_becomes_a_system_error() {
        let status = crate::guard::guard(1, || panic!("boom"));
        assert_eq!(status, 1);
        let expected = vec![Argument::Str("bug in the snek runtime: boom".into())];
        assert_eq!(message(), (ExcKind::SystemError, expected));
    }
}
