//! What code and constant data refer to, by name or by content.

use snek_mir::ir::{FrameId, Program};

use crate::unit::Unit;

/// What an address in code or data may stand for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Extern {
    /// A function of this object.
    Unit(Unit),
    /// A function of the runtime.
    Runtime(&'static str),
    /// Constant data of this object.
    Data(Data),
}

/// Constant data; equal data is written once.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Data {
    /// A text, with a NUL after it.
    Text(String),
    /// Bytes, aligned to 8.
    Bytes(Vec<u8>),
    /// The `FrameInfo` of a Python function.
    Frame(FrameId),
    /// The `ModuleDesc`.
    Module,
}

impl Extern {
    /// A name for listings.
    pub fn describe(&self, program: &Program) -> String {
        match self {
            Extern::Unit(unit) => unit.symbol(program),
            Extern::Runtime(name) => (*name).to_owned(),
            Extern::Data(Data::Text(text)) => format!("the text {text:?}"),
            Extern::Data(Data::Bytes(bytes)) => format!("{} bytes", bytes.len()),
            Extern::Data(Data::Frame(frame)) => {
                format!("the frame of {}", program.frames[*frame].name)
            }
            Extern::Data(Data::Module) => "the module".to_owned(),
        }
    }
}
