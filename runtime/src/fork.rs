//! What is done in a child when the process is forked: only the forking thread goes on there.

/// Has `handler` called in each forked child, at once. It may only store to atomics.
pub fn in_child(handler: extern "C" fn()) {
    #[cfg(target_os = "linux")]
    {
        unsafe extern "C" {
            // What `pthread_atfork` calls; that one is in a static part of the C library.
            fn __register_atfork(
                prepare: Option<extern "C" fn()>,
                parent: Option<extern "C" fn()>,
                child: Option<extern "C" fn()>,
                library: *const u8,
            ) -> i32;
        }
        // SAFETY: Python never unloads a module, so nothing needs to find the handler by its
        // library.
        unsafe { __register_atfork(None, None, Some(handler), std::ptr::null()) };
    }
    #[cfg(not(target_os = "linux"))]
    // SAFETY: as above.
    unsafe {
        libc::pthread_atfork(None, None, Some(handler))
    };
}
