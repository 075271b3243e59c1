//! Options of parallel loops, and the arrays that they fold into.

use crate::ScalarKind;

/// How chunks are dealt out, by number; the names are the user's.
pub const SCHEDULES: &[&str] = &["auto", "static", "dynamic", "guided", "join"];
/// How many of them users may ask for; `join` is that of two tasks.
pub const USER_SCHEDULES: usize = 4;
/// The schedule in the flags of `snek_rt_parallel_options`.
pub const SCHEDULE_MASK: i64 = 0xff;
/// The user has asked for no race check.
pub const UNCHECKED: i64 = 1 << 8;
/// The user has given a chunk size.
pub const HAS_CHUNK: i64 = 1 << 9;
/// The user has given a number of threads.
pub const HAS_THREADS: i64 = 1 << 10;
/// Where the flags say how many loops of a nest the user wants to run as one; 0: as the compiler sees fit.
pub const COLLAPSE_SHIFT: u32 = 16;
/// That number.
pub const COLLAPSE_MASK: i64 = 0xff;

/// In the flags of `task.join`: the left side is the body of a lambda.
pub const JOIN_LEFT: i64 = 1;
/// The right side is.
pub const JOIN_RIGHT: i64 = 2;
/// The user has asked for no race check.
pub const JOIN_UNCHECKED: i64 = 4;

/// The most locks (`snek.Lock`) of a module.
pub const LOCKS: usize = 64;
/// The user wants to see how far the loop is: `snek_rt_parallel_progress` follows.
pub const PROGRESS: i64 = 1 << 11;

/// In the flags of a loop: it shows how far it is, under the label that was given last.
pub const LOOP_PROGRESS: i64 = 1;

/// The most iterations that a piece of a light loop has at least.
pub const GRAIN_MAX: u32 = 4096;
/// Added to so many iterations in the place of a grain: each is worth a piece, but so many at once are worth more, as they
/// share copies of what they read.
pub const TOGETHER: u32 = 1 << 16;

/// How elements fold.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FoldOp {
    Add = 0,
    Mul = 1,
    Min = 2,
    Max = 3,
    And = 4,
    Or = 5,
    Xor = 6,
}

/// An array that chunks of a parallel loop fold into, each into elements of its own.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccumulatorDesc {
    /// Which 8 bytes of the context hold the address of its descriptor.
    pub slot: u32,
    /// A [`FoldOp`].
    pub op: FoldOp,
    /// What the array holds.
    pub scalar: ScalarKind,
    /// Its dimensions.
    pub rank: u8,
    /// 1: an iteration has loops or calls in it, so it may be much work.
    pub heavy: u8,
}

impl AccumulatorDesc {
    /// Bytes.
    pub const SIZE: usize = 8;
}

const _: () = assert!(size_of::<AccumulatorDesc>() == AccumulatorDesc::SIZE);
