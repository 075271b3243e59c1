//! Facts about MIR, as values that passes ask for and drop: ranges, effects, affine forms, dependences, races.
//! Must never change MIR, nor keep facts in it.

pub mod adjacent;
pub mod affine;
pub mod arrays;
pub mod dependence;
pub mod effects;
pub mod races;
pub mod ranges;
pub mod structure;
