//! MIR, the mid-level IR: its definition, its text form, its verifier, and the lowering from HIR.
//! Must never optimise, nor name Cranelift.

pub mod builder;
pub mod edit;
pub mod ir;
pub mod lower;
pub mod ops;
pub mod parse;
pub mod text;
pub mod typing;
pub mod verify;
