//! The machines that modules can be made for, beside that of the build. The build script reads this, too.

/// Their triples, as users write them.
pub const TARGETS: [&str; 2] = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"];
