//! Checks that every row of the table in `snek-abi` has a function with that very signature.
//!
//! A row without a function, or a function that differs from its row, does not compile.

/// Every function that compiled code may call, under its symbol.
#[allow(unused_imports, reason = "the names are used by the check below")]
mod all {
    pub use crate::cpu::entries::*;
    #[cfg(test)]
    pub use crate::entries::without_python::*;
    pub use crate::exc::entries::*;
    pub use crate::lock::entries::*;
    pub use crate::math::entries::*;
    pub use crate::par::entries::*;
    pub use crate::print::entries::*;
    #[cfg(not(test))]
    pub use crate::py::entries::*;
    pub use crate::scratch::entries::*;
    pub use crate::stack::entries::*;
}

/// Unit tests have no interpreter to link with; these stand in for the entries that need it.
#[cfg(test)]
mod without_python {
    use snek_abi::ModuleDesc;

    pub extern "C" fn snek_rt_module_init(_module: *const ModuleDesc) -> *mut u8 {
        core::ptr::null_mut()
    }

    pub extern "C" fn snek_rt_module_export(_module: *const ModuleDesc) -> *mut u8 {
        core::ptr::null_mut()
    }
}

macro_rules! check {
    ($($effect:ident fn $name:ident($($param:ident: $ty:ty),* $(,)?) $(-> $result:ty)?;)*) => {
        mod signatures {
            #[allow(unused_imports, reason = "the types that rows name")]
            use snek_abi::{AccumulatorDesc, CombineFn, FrameInfo, ModuleDesc, PairF64, PairI64, ParallelBody};

            $(const _: unsafe extern "C" fn($($ty),*) $(-> $result)? = super::all::$name;)*
        }
    };
}

snek_abi::for_each_runtime_function!(check);
