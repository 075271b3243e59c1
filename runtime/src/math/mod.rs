//! Arithmetic that is no machine instruction, and the functions of Python's `math`.
//!
//! Transcendental functions are the C library's, as CPython's are, so that their bits agree.
//! Nothing here raises: callers test arguments before, or results after.

mod complex;
mod float;
mod gamma;
mod int;
mod libm;
mod norm;
mod power;
mod sum;

#[cfg(test)]
pub mod python;
#[cfg(test)]
mod tests;

/// The functions that compiled code calls.
pub mod entries {
    pub use super::complex::entries::*;
    pub use super::float::entries::*;
    pub use super::gamma::entries::*;
    pub use super::int::entries::*;
    pub use super::libm::entries::*;
    pub use super::norm::entries::*;
    pub use super::sum::entries::*;
}
