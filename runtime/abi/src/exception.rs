//! The builtin exceptions that compiled code can raise, and the messages whose wording is
//! CPython's own and differs between its versions.

macro_rules! exceptions {
    ($($name:ident = $number:literal),* $(,)?) => {
        /// A builtin exception class.
        #[repr(u32)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "each is named as Python names it")]
        pub enum ExcKind {
            $($name = $number,)*
        }

        impl ExcKind {
            /// Every kind, in the order of its number.
            pub const ALL: &'static [ExcKind] = &[$(ExcKind::$name),*];

            /// The name in Python's `builtins`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(ExcKind::$name => stringify!($name),)*
                }
            }

            /// The kind with this name in Python's `builtins`.
            pub fn from_name(name: &str) -> Option<ExcKind> {
                match name {
                    $(stringify!($name) => Some(ExcKind::$name),)*
                    _ => None,
                }
            }
        }
    };
}

// Unicode errors and exception groups are not here: they cannot be made from a message alone.
exceptions! {
    BaseException = 0,
    Exception = 1,
    ArithmeticError = 2,
    AssertionError = 3,
    AttributeError = 4,
    BlockingIOError = 5,
    BrokenPipeError = 6,
    BufferError = 7,
    BytesWarning = 8,
    ChildProcessError = 9,
    ConnectionAbortedError = 10,
    ConnectionError = 11,
    ConnectionRefusedError = 12,
    ConnectionResetError = 13,
    DeprecationWarning = 14,
    EOFError = 15,
    EncodingWarning = 16,
    FileExistsError = 17,
    FileNotFoundError = 18,
    FloatingPointError = 19,
    FutureWarning = 20,
    GeneratorExit = 21,
    ImportError = 22,
    ImportWarning = 23,
    IndentationError = 24,
    IndexError = 25,
    InterruptedError = 26,
    IsADirectoryError = 27,
    KeyError = 28,
    KeyboardInterrupt = 29,
    LookupError = 30,
    MemoryError = 31,
    ModuleNotFoundError = 32,
    NameError = 33,
    NotADirectoryError = 34,
    NotImplementedError = 35,
    OSError = 36,
    OverflowError = 37,
    PendingDeprecationWarning = 38,
    PermissionError = 39,
    ProcessLookupError = 40,
    RecursionError = 41,
    ReferenceError = 42,
    ResourceWarning = 43,
    RuntimeError = 44,
    RuntimeWarning = 45,
    StopAsyncIteration = 46,
    StopIteration = 47,
    SyntaxError = 48,
    SyntaxWarning = 49,
    SystemError = 50,
    SystemExit = 51,
    TabError = 52,
    TimeoutError = 53,
    TypeError = 54,
    UnboundLocalError = 55,
    UnicodeError = 56,
    UnicodeWarning = 57,
    UserWarning = 58,
    ValueError = 59,
    Warning = 60,
    ZeroDivisionError = 61,
}

impl ExcKind {
    /// The kind with this number.
    pub fn from_u32(number: u32) -> Option<ExcKind> {
        Self::ALL.get(number as usize).copied()
    }
}

/// The wording of a message: `text`, or `text_since` from Python 3.`since` on.
#[derive(Clone, Copy, Debug)]
pub struct MessageText {
    /// The class of the exception.
    pub kind: ExcKind,
    /// The message in Python 3.11.
    pub text: &'static str,
    /// The minor version of Python 3 that changed it; 0 if none did.
    pub since: u32,
    /// The message from that version on.
    pub text_since: &'static str,
    /// The `errno` that is the first argument; 0 for none.
    pub errno: i64,
}

macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident = $number:literal: $kind:ident, $text:literal
        $(, since $since:literal: $text_since:literal)? $(, errno $errno:literal)?;)*) => {
        /// A message of CPython's for `snek_rt_raise_message`; the runtime picks the wording of
        /// the Python that it runs in.
        #[repr(u32)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Message {
            $($(#[$doc])* $name = $number,)*
        }

        impl Message {
            /// Every message, in the order of its number.
            pub const ALL: &'static [Message] = &[$(Message::$name),*];

            /// Its class and wording.
            pub const fn text(self) -> MessageText {
                match self {
                    $(Message::$name => {
                        #[allow(unused_mut, reason = "most messages have one wording")]
                        let mut message = MessageText {
                            kind: ExcKind::$kind, text: $text, since: 0, text_since: "", errno: 0,
                        };
                        $(message.since = $since; message.text_since = $text_since;)?
                        $(message.errno = $errno;)?
                        message
                    })*
                }
            }
        }
    };
}

messages! {
    /// `int // 0`, `divmod(int, 0)`.
    IntFloorDivByZero = 0: ZeroDivisionError, "integer division or modulo by zero";
    /// `int % 0`.
    IntModByZero = 1: ZeroDivisionError, "integer modulo by zero";
    /// `int / 0`.
    IntTrueDivByZero = 2: ZeroDivisionError, "division by zero";
    /// `float / 0`.
    FloatDivByZero = 3: ZeroDivisionError, "float division by zero";
    /// `float // 0`.
    FloatFloorDivByZero = 4: ZeroDivisionError, "float floor division by zero";
    /// `float % 0`.
    FloatModByZero = 5: ZeroDivisionError, "float modulo", since 13: "float modulo by zero";
    /// `divmod(float, 0)`.
    FloatDivmodByZero = 6: ZeroDivisionError, "float divmod()";
    /// `complex / 0`.
    ComplexDivByZero = 7: ZeroDivisionError, "complex division by zero";
    /// `0 ** negative`, of ints and floats.
    ZeroToNegativePower = 8: ZeroDivisionError, "0.0 cannot be raised to a negative power";
    /// `0j ** negative`.
    ComplexZeroToPower = 9: ZeroDivisionError, "0.0 to a negative or complex power";
    /// `float ** float` out of range.
    FloatPowOverflow = 10: OverflowError, "Numerical result out of range", errno 34;
    /// `complex ** complex` out of range.
    ComplexPowOverflow = 11: OverflowError, "complex exponentiation";
    /// `abs(complex)` out of range.
    ComplexAbsOverflow = 12: OverflowError, "absolute value too large";
    /// `x << negative`, `x >> negative`.
    NegativeShift = 13: ValueError, "negative shift count";
    /// `pow(x, negative, m)` without an inverse.
    NotInvertible = 14: ValueError, "base is not invertible for the given modulus";
    /// `pow(x, y, 0)`.
    PowModZero = 15: ValueError, "pow() 3rd argument cannot be 0";
    /// `int(nan)`, `round(nan)`.
    NanToInt = 16: ValueError, "cannot convert float NaN to integer";
    /// `int(inf)`, `round(inf)`.
    InfToInt = 17: OverflowError, "cannot convert float infinity to integer";
    /// `round(float, ndigits)` out of range.
    RoundOverflow = 18: OverflowError, "rounded value too large to represent";
    /// `range(a, b, 0)`.
    RangeStepZero = 19: ValueError, "range() arg 3 must not be zero";
    /// `min` of nothing.
    MinEmpty = 20: ValueError, "min() arg is an empty sequence", since 12: "min() iterable argument is empty";
    /// `max` of nothing.
    MaxEmpty = 21: ValueError, "max() arg is an empty sequence", since 12: "max() iterable argument is empty";
    /// An `int` beyond 64 bits: snek's own, where Python would go on.
    IntOverflow = 22: OverflowError, "int result does not fit in 64 bits";
    /// `float` to `int` beyond 64 bits: snek's own, where Python would go on.
    FloatToIntOverflow = 23: OverflowError, "float does not fit in a 64-bit int";
    /// `tuple[i]` with an `i` known only at run time.
    TupleIndex = 24: IndexError, "tuple index out of range";
    /// `range(...)[i]`.
    RangeIndex = 25: IndexError, "range object index out of range";
    /// A domain error of a `math` function.
    MathDomain = 26: ValueError, "math domain error";
    /// A range error of a `math` function.
    MathRange = 27: OverflowError, "math range error";
    /// A power of ints with a negative exponent in fixed-width types, as NumPy words it.
    NegativeIntPower = 28: ValueError, "Integers to negative integer powers are not allowed.";
}

impl Message {
    /// The message with this number.
    pub fn from_u32(number: u32) -> Option<Message> {
        Self::ALL.get(number as usize).copied()
    }
}

// Numbers are positions, so that the look-ups above are right.
const _: () = {
    let mut i = 0;
    while i < ExcKind::ALL.len() {
        assert!(ExcKind::ALL[i] as usize == i);
        i += 1;
    }
    let mut i = 0;
    while i < Message::ALL.len() {
        assert!(Message::ALL[i] as usize == i);
        i += 1;
    }
};
