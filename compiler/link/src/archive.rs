//! The runtime, as the static archive that the build script made for the target of this build.

/// The archive's bytes.
pub static RUNTIME_ARCHIVE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/libsnek_runtime.a"));
