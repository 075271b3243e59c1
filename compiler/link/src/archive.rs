//! The runtime, as the static archives that the build script made, each for a machine.

/// The machines and the bytes of their archives; the first is the machine of this build.
pub static RUNTIME_ARCHIVES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/archives.rs"));
