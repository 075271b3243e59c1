//! Lowering: what comes out, and what it does.

mod interpret;
mod random;
mod sources;
