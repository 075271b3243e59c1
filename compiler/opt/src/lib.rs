//! MIR to MIR: one file a pass, [`pipeline`] is the list in order.
//!
//! A pass may change how a program computes, never what it computes: results, exceptions and their places stay. Facts
//! come from `snek_analysis` and are dropped when the function changes. Nothing here may name Cranelift.

mod abreast;
mod auto_parallel;
mod balance;
mod bitwidth;
mod carry;
pub mod collapse;
mod cse;
mod dce;
mod divide;
mod effects;
mod fold;
mod fuse;
mod grain;
mod guard;
mod ifconvert;
mod inline;
mod interchange;
mod jam;
mod leaf;
mod level;
mod licm;
mod masked;
mod outline;
pub mod pipeline;
mod promote;
mod prove;
mod report;
mod rewrite;
mod search;
mod share;
mod simplify;
mod sink;
mod skew;
mod split;
mod strength;
mod tally;
mod tasks;
mod tile;
mod unblock;
mod unfold;
mod units;
mod unroll;
mod vector_math;
pub mod vectorise;
mod version;

pub use pipeline::{Level, Options, optimise, optimise_observed};
pub use report::{
    Became, LoopNote, LoopReport, LoopShape, Notes, ParallelNote, ShapeNote, loop_reports,
};
