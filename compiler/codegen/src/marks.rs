//! What the translation says of stretches of code, beside the line that they come from: Cranelift hands on a number for
//! each, whose upper bits are free.

use cranelift_codegen::ir::SourceLoc;

/// The code is arithmetic whose overflow is branched on: see [`crate::flags`].
const FLAG: u32 = 1 << 31;
/// The code runs only where a test before a loop failed: see [`crate::placement`].
const SELDOM: u32 = 1 << 30;

/// Code of a line.
pub fn location(line: u32, seldom: bool) -> SourceLoc {
    SourceLoc::new(line | if seldom { SELDOM } else { 0 })
}

/// The same, with arithmetic whose overflow is branched on.
pub fn with_flag(location: SourceLoc) -> SourceLoc {
    SourceLoc::new(location.bits() | FLAG)
}

/// The line.
pub fn line(location: SourceLoc) -> u32 {
    match location.is_default() {
        true => location.bits(),
        false => location.bits() & !(FLAG | SELDOM),
    }
}

/// Whether it is arithmetic whose overflow is branched on.
pub fn is_flag(location: SourceLoc) -> bool {
    !location.is_default() && location.bits() & FLAG != 0
}

/// Whether it seldom runs.
pub fn is_seldom(location: SourceLoc) -> bool {
    !location.is_default() && location.bits() & SELDOM != 0
}
