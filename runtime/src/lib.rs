//! The snek runtime: linked into every compiled module.
//!
//! It must never panic across an entry ([`guard`]), never touch Python objects outside [`py`],
//! and never let two modules disagree on a signature: [`entries`] checks each function against
//! the table in `snek-abi`.
//!
//! | module | for |
//! |---|---|
//! | [`exc`] | the exception that is pending in this thread |
//! | [`cpu`] | which instructions there are |
//! | [`stack`] | the stack limit of this thread |
//! | [`scratch`] | memory for the time of a loop |
//! | [`fork`] | what is done in a forked child |
//! | [`par`] | parallel loops, on one pool per process |
//! | [`lock`] | locks of the module's own |
//! | [`print`], [`format`] | `print`, and numbers as Python writes them |
//! | [`math`] | arithmetic that is no machine instruction, and `math` |
//! | [`host`] | what the above need of the interpreter, as function pointers |
//! | [`py`] | the CPython glue: module start, native functions, calls |

pub mod cpu;
pub mod entries;
pub mod exc;
pub mod fork;
pub mod format;
pub mod guard;
pub mod host;
pub mod lock;
pub mod math;
pub mod par;
pub mod print;
// Unit tests run without an interpreter, so they cannot link its symbols.
#[cfg(not(test))]
pub mod py;
pub mod scratch;
pub mod stack;

// Rust's thread-local destructors name this symbol, which a C compiler's start files define.
// Compiled modules are linked without those files; where they are linked, theirs wins.
#[cfg(target_os = "linux")]
core::arch::global_asm!(
    ".pushsection .data.__dso_handle,\"aw\",@progbits",
    ".weak __dso_handle",
    ".hidden __dso_handle",
    ".p2align 3",
    "__dso_handle:",
    ".quad 0",
    ".popsection",
);
