//! py
pub mod entries {
    use snek_abi::ModuleDesc;
    pub extern "C" fn snek_rt_module_init(_module: *const ModuleDesc) -> *mut u8 {
        core::ptr::null_mut()
    }
    pub extern "C" fn snek_rt_module_export(_module: *const ModuleDesc) -> *mut u8 {
        core::ptr::null_mut()
    }
}
