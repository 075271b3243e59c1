//! What the processor has. Compiled modules carry some loops in several forms and ask here which to take.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::__cpuid;
use std::sync::OnceLock;

/// Which forms of loops can run, as far as `SNEK_CPU` does not forbid them: 1 with the instructions of x86-64 level 3, 2 with
/// those of level 4, 3 if the units for vectors are as wide as these, else 0.
pub fn vector_level() -> u8 {
    static KNOWN: OnceLock<u8> = OnceLock::new();
    *KNOWN.get_or_init(|| {
        let most = match std::env::var_os("SNEK_CPU") {
            Some(cpu) if cpu == "baseline" => 0,
            Some(cpu) if cpu == "modern" => 1,
            _ => u8::MAX,
        };
        detected().min(most)
    })
}

#[cfg(target_arch = "x86_64")]
fn detected() -> u8 {
    let modern = std::is_x86_feature_detected!("avx2")
        && std::is_x86_feature_detected!("fma")
        && std::is_x86_feature_detected!("bmi1")
        && std::is_x86_feature_detected!("bmi2")
        && std::is_x86_feature_detected!("lzcnt");
    let widest = std::is_x86_feature_detected!("avx512f")
        && std::is_x86_feature_detected!("avx512bw")
        && std::is_x86_feature_detected!("avx512cd")
        && std::is_x86_feature_detected!("avx512dq")
        && std::is_x86_feature_detected!("avx512vl");
    match (modern, widest) {
        (true, true) => 2 + u8::from(has_wide_units()),
        (true, false) => 1,
        (false, _) => 0,
    }
}

/// Whether an operation on 512 bits is done at once. AMD's first processors with such vectors (Zen 4) take two turns.
#[cfg(target_arch = "x86_64")]
fn has_wide_units() -> bool {
    let vendor = __cpuid(0);
    let name = [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes);
    let version = __cpuid(1).eax;
    // The second part counts where the first one is full.
    let family = (version >> 8 & 0xf) + (version >> 20 & 0xff);
    name.as_flattened() != b"AuthenticAMD" || family > ZEN_4
}

/// The family of AMD's processors up to Zen 4.
#[cfg(target_arch = "x86_64")]
const ZEN_4: u32 = 0x19;

#[cfg(not(target_arch = "x86_64"))]
fn detected() -> u8 {
    0
}

/// The function that compiled code calls.
pub mod entries {
    use crate::guard::guard;

    /// Which forms of loops can run: see [`super::vector_level`].
    #[unsafe(no_mangle)]
    pub extern "C" fn snek_rt_vector_level() -> i32 {
        guard(0, || i32::from(super::vector_level()))
    }
}
