//! `print`: text is collected in this thread and written to `sys.stdout` in one piece.
//!
//! Within a chunk of a parallel loop nothing is written: the loop takes each chunk's text and
//! writes all of it afterwards, in the order of the chunks.

use std::cell::{Cell, RefCell};

use crate::{exc, host};

/// The text that this thread has yet to write.
struct Output {
    text: Vec<u8>,
    /// Whether a chunk of a parallel loop keeps the text.
    capturing: bool,
    /// Whether the chunk has asked for a flush.
    flush: bool,
}

thread_local! {
    /// Whether a chunk has printed something that is kept: asked after every chunk.
    static HAS_CAPTURED: Cell<bool> = const { Cell::new(false) };
    static OUTPUT: RefCell<Output> =
        const { RefCell::new(Output { text: Vec::new(), capturing: false, flush: false }) };
}

/// What a chunk has printed.
#[derive(Debug, Default)]
pub struct Captured {
    /// The text.
    pub text: Vec<u8>,
    /// Whether to flush after it.
    pub flush: bool,
}

/// While it lives, what this thread prints is kept; afterwards all is as it was before.
pub struct Capture {
    before: Output,
    had_captured: bool,
}

impl Capture {
    /// Begins to keep what this thread prints.
    pub fn begin() -> Capture {
        let own = Output {
            text: Vec::new(),
            capturing: true,
            flush: false,
        };
        Capture {
            before: OUTPUT.replace(own),
            had_captured: HAS_CAPTURED.replace(false),
        }
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        let none = Output {
            text: Vec::new(),
            capturing: false,
            flush: false,
        };
        OUTPUT.set(std::mem::replace(&mut self.before, none));
        HAS_CAPTURED.set(self.had_captured);
    }
}

/// Whether this thread has printed something since it was last taken.
#[inline]
pub fn has_captured() -> bool {
    HAS_CAPTURED.get()
}

/// Takes what this thread has printed.
pub fn take_captured() -> Captured {
    HAS_CAPTURED.set(false);
    OUTPUT.with(|output| {
        let mut output = output.borrow_mut();
        Captured {
            text: std::mem::take(&mut output.text),
            flush: std::mem::take(&mut output.flush),
        }
    })
}

/// Writes text out, or adds it to what is kept. Returns a status.
pub fn write(text: &[u8], flush: bool) -> i32 {
    let is_kept = OUTPUT.with(|output| {
        let mut output = output.borrow_mut();
        if output.capturing {
            output.text.extend_from_slice(text);
            output.flush |= flush;
            HAS_CAPTURED.set(true);
        }
        output.capturing
    });
    if is_kept {
        return 0;
    }
    if host::write(text, flush) {
        0
    } else {
        exc::raise_python();
        1
    }
}

fn append(write: impl FnOnce(&mut Vec<u8>)) {
    crate::guard::guard((), || {
        OUTPUT.with(|output| write(&mut output.borrow_mut().text))
    });
}

/// The functions that compiled code calls.
pub mod entries {
    use snek_abi::{ScalarKind, StrDesc};

    use super::{HAS_CAPTURED, OUTPUT, append, write};
    use crate::format;
    use crate::guard::guard;

    /// Begins a line.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_print_begin() {
        guard((), || {
            OUTPUT.with(|output| {
                let mut output = output.borrow_mut();
                if !output.capturing {
                    output.text.clear();
                }
            });
        });
    }

    /// An `int`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_print_int(value: i64) {
        append(|out| format::int(out, value));
    }

    /// An unsigned integer.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_print_uint(value: i64) {
        append(|out| format::uint(out, value as u64));
    }

    /// A `float`, or a `float64`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_print_float(value: f64) {
        append(|out| format::float(out, value));
    }

    /// A `float32`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_print_f32(value: f32) {
        append(|out| format::f32(out, value));
    }

    /// A `bool`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_print_bool(value: i32) {
        append(|out| format::boolean(out, value != 0));
    }

    /// A `complex`, or a `complex128`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_print_complex(real: f64, imaginary: f64) {
        append(|out| format::complex(out, real, imaginary));
    }

    /// A `complex64`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_print_c64(real: f32, imaginary: f32) {
        append(|out| format::c64(out, real, imaginary));
    }

    /// `None`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_print_none() {
        append(|out| out.extend_from_slice(b"None"));
    }

    /// A text as it is.
    ///
    /// # Safety
    /// `text` must be valid for `length` bytes of UTF-8.
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn snek_rt_print_str(text: *const u8, length: i64) {
        // SAFETY: the caller's promise.
        let text = unsafe { StrDesc { data: text, length }.as_str() };
        append(|out| out.extend_from_slice(text.as_bytes()));
    }

    /// `repr()` of a text.
    ///
    /// # Safety
    /// `text` must be valid for `length` bytes of UTF-8.
    #[unsafe(no_mangle)]
    pub unsafe extern "C" fn snek_rt_print_repr_str(text: *const u8, length: i64) {
        // SAFETY: the caller's promise.
        let text = unsafe { StrDesc { data: text, length }.as_str() };
        append(|out| format::repr_str(out, text));
    }

    /// `repr()` of a fixed-width integer.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_print_repr_fixed(value: i64, scalar: i32) {
        append(|out| {
            format::repr_fixed(
                out,
                value,
                ScalarKind::from_u8(scalar as u8).unwrap_or(ScalarKind::I64),
            )
        });
    }

    /// `repr()` of a `float32`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_print_repr_f32(value: f32) {
        append(|out| {
            out.extend_from_slice(b"np.float32(");
            format::f32(out, value);
            out.push(b')');
        });
    }

    /// `repr()` of a `float64`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_print_repr_f64(value: f64) {
        append(|out| {
            out.extend_from_slice(b"np.float64(");
            format::float(out, value);
            out.push(b')');
        });
    }

    /// `repr()` of a `complex64`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_print_repr_c64(real: f32, imaginary: f32) {
        append(|out| {
            out.extend_from_slice(b"np.complex64(");
            strip_parentheses(out, |out| format::c64(out, real, imaginary));
            out.push(b')');
        });
    }

    /// `repr()` of a `complex128`.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_print_repr_c128(real: f64, imaginary: f64) {
        append(|out| {
            out.extend_from_slice(b"np.complex128(");
            strip_parentheses(out, |out| format::complex(out, real, imaginary));
            out.push(b')');
        });
    }

    /// NumPy writes `np.complex128(1+2j)`, with one pair of parentheses.
    fn strip_parentheses(out: &mut Vec<u8>, number: impl FnOnce(&mut Vec<u8>)) {
        let start = out.len();
        number(out);
        if out.get(start) == Some(&b'(') {
            out.remove(start);
            out.pop();
        }
    }

    /// Ends a line: writes it out, unless a chunk of a parallel loop keeps it. Returns a status.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_print_end(flush: i32) -> i32 {
        guard(1, || {
            let text = OUTPUT.with(|output| {
                let mut output = output.borrow_mut();
                if output.capturing {
                    output.flush |= flush != 0;
                    HAS_CAPTURED.set(true);
                    return None;
                }
                Some(std::mem::take(&mut output.text))
            });
            let Some(mut text) = text else { return 0 };
            // `write` may run Python code, which may print from native code in turn.
            let status = write(&text, flush != 0);
            text.clear();
            OUTPUT.with(|output| {
                let mut output = output.borrow_mut();
                if output.text.capacity() < text.capacity() && text.capacity() <= 1 << 16 {
                    output.text = text;
                }
            });
            status
        })
    }
}

#[cfg(test)]
mod tests {
    use super::entries::*;
    use super::*;

    #[test]
    fn a_chunk_keeps_what_it_prints() {
        let keeping = Capture::begin();
        snek_rt_print_begin();
        snek_rt_print_int(1);
        // SAFETY: the texts are constants.
        unsafe { snek_rt_print_str(" ".as_ptr(), 1) };
        snek_rt_print_repr_c128(1.0, 2.0);
        assert_eq!(snek_rt_print_end(0), 0);
        snek_rt_print_begin();
        snek_rt_print_repr_fixed(-1, snek_abi::ScalarKind::U64 as i32);
        assert_eq!(snek_rt_print_end(1), 0);
        assert!(has_captured());
        let captured = take_captured();
        drop(keeping);
        assert!(!has_captured());
        assert_eq!(
            captured.text,
            b"1 np.complex128(1+2j)np.uint64(18446744073709551615)"
        );
        assert!(captured.flush);
    }
}
