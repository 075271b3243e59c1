//! What several tests of MIR need.

pub mod interpret;
