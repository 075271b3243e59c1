//! Loops in lanes.

pub mod widen;
