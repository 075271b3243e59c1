//! The compiler as a program: options and files in, modules and messages out.
//!
//! [`pipeline::compile`] is the way of the data from source text to module, in one function;
//! [`cli::main`] is the command `snekc`. All I/O of the compiler is here, and no semantics of Python.

pub mod cli;
pub mod input;
pub mod options;
pub mod output;
pub mod pipeline;

mod build;
mod internal;
mod local_modules;
mod loops;
mod messages;
mod parallel;
mod report;
mod run;

pub use build::{Built, build_unit};
pub use cli::Host;
pub use messages::Messages;
