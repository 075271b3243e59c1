//! What crosses between compiled code and the runtime: the table of runtime functions, the
//! layouts of the descriptors that codegen emits, and the numbering of kinds.
//!
//! Both sides read this crate, so each signature and each offset exists once. It must never
//! depend on anything, allocate or hold behaviour.
#![no_std]

mod exception;
mod functions;
mod layout;
pub mod parallel;
mod scalar;

pub use exception::{ExcKind, Message, MessageText};
pub use functions::{
    AbiResult, AbiType, AbiValue, CombineFn, Effect, PairF64, PairI64, ParallelBody,
    RUNTIME_FUNCTIONS, RuntimeFn,
};
pub use layout::{
    ABI_VERSION, ArrayDesc, EXTENT_FREE, EXTENT_MAX, FUNCTION_RELEASES_GIL, FrameEntry, FrameInfo,
    FunctionDesc, ModuleDesc, ParamDesc, RANK_MAX, StrDesc, TYPE_DISJOINT, TYPE_WRITTEN, TypeDesc,
    TypeTag, extent_symbol,
};
pub use parallel::{AccumulatorDesc, FoldOp, LOCKS};
pub use scalar::ScalarKind;
