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
pub const GRAIN_MAX: u32 = 8192;

/// How a parallel loop is cut into pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cut {
    /// How many iterations are worth a piece of their own: 1 if they have loops or calls in them.
    pub grain: u32,
    /// How many iterations the code does at once (in lanes, and several groups of them): a piece that has not as many takes
    /// the slow way. 1 if it does them one by one.
    pub unit: u16,
    /// How many iterations at once are worth more than each by itself, as they share copies of what they read; 1 if they do
    /// not.
    pub together: u16,
}

impl Cut {
    /// In pieces of at least so many iterations, and no more is known.
    pub const fn of(grain: u32) -> Cut {
        Cut {
            grain,
            unit: 1,
            together: 1,
        }
    }

    /// As it crosses to the runtime.
    pub const fn to_bits(self) -> i64 {
        (self.grain as u64 | (self.unit as u64) << 32 | (self.together as u64) << 48) as i64
    }

    /// What [`Cut::to_bits`] gave. Each is at least 1.
    pub const fn from_bits(bits: i64) -> Cut {
        let bits = bits as u64;
        let (grain, unit, together) = (bits as u32, (bits >> 32) as u16, (bits >> 48) as u16);
        Cut {
            grain: if grain == 0 { 1 } else { grain },
            unit: if unit == 0 { 1 } else { unit },
            together: if together == 0 { 1 } else { together },
        }
    }
}

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
