//! What the processor has. Compiled modules carry some loops in two forms and ask here which to take.

use std::sync::OnceLock;

/// Whether the processor has the instructions of x86-64 level 3, and `SNEK_CPU=baseline` does not forbid them.
pub fn has_wide_vectors() -> bool {
    static KNOWN: OnceLock<bool> = OnceLock::new();
    *KNOWN.get_or_init(|| {
        let forbidden = std::env::var_os("SNEK_CPU").is_some_and(|cpu| cpu == "baseline");
        detected() && !forbidden
    })
}

#[cfg(target_arch = "x86_64")]
fn detected() -> bool {
    std::is_x86_feature_detected!("avx2")
        && std::is_x86_feature_detected!("fma")
        && std::is_x86_feature_detected!("bmi1")
        && std::is_x86_feature_detected!("bmi2")
        && std::is_x86_feature_detected!("lzcnt")
}

#[cfg(not(target_arch = "x86_64"))]
fn detected() -> bool {
    false
}

/// The function that compiled code calls.
pub mod entries {
    use crate::guard::guard;

    /// 1 if the wide forms of loops can run, else 0.
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_vector_level() -> i32 {
        guard(0, || i32::from(super::has_wide_vectors()))
    }
}
