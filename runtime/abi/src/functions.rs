//! THE table of runtime functions: the one place where their signatures are written.
//!
//! The compiler declares its imports from [`RUNTIME_FUNCTIONS`]; the runtime checks each of its
//! functions against the same rows with [`for_each_runtime_function`](crate::for_each_runtime_function).
//!
//! To add a function: write its row here, write the function in the runtime, export it from
//! `runtime/src/entries.rs`. The runtime does not compile until the two agree.
//!
//! Conventions: a `bool` crosses as an `i32` that is 0 or 1; a function has no result, one, or a
//! pair of like ones (which both 64-bit targets return in two registers); a function that may
//! raise returns a status as its only result (0: well, 1: an exception is pending).

use crate::layout::{FrameInfo, ModuleDesc};
use crate::parallel::AccumulatorDesc;

/// A machine type that crosses the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AbiType {
    /// A 64-bit integer.
    I64,
    /// A 32-bit integer.
    I32,
    /// A double.
    F64,
    /// A single.
    F32,
    /// An address.
    Ptr,
}

/// What the optimiser may assume of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// The result depends on the arguments alone: calls may be dropped, merged and moved.
    Pure,
    /// Reads memory, changes none: calls may be dropped.
    Reads,
    /// Anything.
    Any,
    /// Anything, and only ever called on the way to an exception.
    Cold,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct RuntimeFn {
    /// The symbol.
    pub name: &'static str,
    /// The types of the parameters.
    pub params: &'static [AbiType],
    /// The types of the results: none, one, or two that are alike.
    pub results: &'static [AbiType],
    /// What a call does.
    pub effect: Effect,
    /// Whether the result is a status.
    pub raises: bool,
}

/// A Rust type that crosses as an [`AbiType`].
pub trait AbiValue {
    /// The machine type.
    const TYPE: AbiType;
}

/// A Rust type that a runtime function may return.
pub trait AbiResult {
    /// The machine types.
    const TYPES: &'static [AbiType];
}

macro_rules! abi_values {
    ($($rust:ty => $abi:ident),*) => {
        $(
            impl AbiValue for $rust {
                const TYPE: AbiType = AbiType::$abi;
            }
            impl AbiResult for $rust {
                const TYPES: &'static [AbiType] = &[AbiType::$abi];
            }
        )*
    };
}

abi_values!(i64 => I64, i32 => I32, f64 => F64, f32 => F32);

impl<T> AbiValue for *const T {
    const TYPE: AbiType = AbiType::Ptr;
}
impl<T> AbiValue for *mut T {
    const TYPE: AbiType = AbiType::Ptr;
}
impl<T> AbiResult for *const T {
    const TYPES: &'static [AbiType] = &[AbiType::Ptr];
}
impl<T> AbiResult for *mut T {
    const TYPES: &'static [AbiType] = &[AbiType::Ptr];
}
impl AbiResult for () {
    const TYPES: &'static [AbiType] = &[];
}

/// The body of a parallel loop: runs iterations `lo..hi` and folds into `partial`. Returns a status.
pub type ParallelBody =
    unsafe extern "C" fn(context: *const u8, lo: i64, hi: i64, partial: *mut u8) -> i32;
/// Folds the partial `other`, of later iterations, into `accumulator`. Returns a status.
pub type CombineFn = Option<unsafe extern "C" fn(accumulator: *mut u8, other: *const u8) -> i32>;

impl AbiValue for ParallelBody {
    const TYPE: AbiType = AbiType::Ptr;
}
impl AbiValue for CombineFn {
    const TYPE: AbiType = AbiType::Ptr;
}

/// Two doubles, in two floating-point registers.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairF64 {
    /// The first result.
    pub first: f64,
    /// The second result.
    pub second: f64,
}

/// Two integers, in two registers.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairI64 {
    /// The first result.
    pub first: i64,
    /// The second result.
    pub second: i64,
}

impl AbiResult for PairF64 {
    const TYPES: &'static [AbiType] = &[AbiType::F64, AbiType::F64];
}
impl AbiResult for PairI64 {
    const TYPES: &'static [AbiType] = &[AbiType::I64, AbiType::I64];
}

/// Calls a macro with every row: `effect fn name(parameter: type, ...) -> result;` each, where a
/// function that raises is written `raises fn`.
#[macro_export]
macro_rules! for_each_runtime_function {
    ($callback:path) => {
        $callback! {
            // Module start; called by `PyInit_NAME` and `PyModExport_NAME`.
            Any fn snek_rt_module_init(module: *const ModuleDesc) -> *mut u8;
            Any fn snek_rt_module_export(module: *const ModuleDesc) -> *mut u8;

            // Raising: each leaves an exception pending; the caller then returns status 1.
            // `kind` is an `ExcKind`; a negative length stands for no argument at all.
            Cold fn snek_rt_raise(kind: i32, message: *const u8, length: i64);
            Cold fn snek_rt_raise_message(message: i32);
            Cold fn snek_rt_raise_index(index: i64, axis: i64, extent: i64, rank: i64);
            Cold fn snek_rt_raise_weak_int(value: i64, scalar: i32);
            Cold fn snek_rt_raise_unbound(name: *const u8, length: i64);
            Cold fn snek_rt_raise_unpack(expected: i64, got: i64);
            Cold fn snek_rt_raise_recursion();
            // An exception with computed arguments: begin, its arguments in order, end.
            Cold fn snek_rt_exc_begin(kind: i32);
            Cold fn snek_rt_exc_arg_int(value: i64);
            Cold fn snek_rt_exc_arg_uint(value: i64);
            Cold fn snek_rt_exc_arg_float(value: f64);
            Cold fn snek_rt_exc_arg_bool(value: i32);
            Cold fn snek_rt_exc_arg_complex(real: f64, imaginary: f64);
            Cold fn snek_rt_exc_arg_str(text: *const u8, length: i64);
            Cold fn snek_rt_exc_arg_none();
            // What lies between these two is one argument: a tuple, which may hold others.
            Cold fn snek_rt_exc_tuple_begin();
            Cold fn snek_rt_exc_tuple_end();
            Cold fn snek_rt_exc_end();
            // Appends a frame to the pending exception, innermost first.
            Cold fn snek_rt_traceback(function: *const FrameInfo, line: i64);

            // The lowest address that this thread's stack may reach.
            Reads fn snek_rt_stack_limit() -> i64;
            // Which forms of loops the processor can run: 1 with x86-64 level 3, 2 with level 4, else 0.
            Pure fn snek_rt_vector_level() -> i32;

            // Runs the handlers of signals that have arrived (Ctrl-C): for loops that run long.
            raises fn snek_rt_poll() -> i32;

            // Runs `body` over 0..trip_count, in up to 256 chunks, cut as `parallel::Cut` says.
            // `result` holds the initial value, and the combined one afterwards. `place` and
            // `line` say where the loop is.
            raises fn snek_rt_parallel_for(
                body: ParallelBody,
                combine: CombineFn,
                context: *const u8,
                trip_count: i64,
                partial_size: i64,
                partial_initial: *const u8,
                result: *mut u8,
                cut: i64,
                place: *const FrameInfo,
                line: i64,
            ) -> i32;
            // The same with what the user has asked for (a chunk is `chunk` iterations, or 0; as
            // many `threads`, or 0 for all; `schedule` is a position in `parallel::SCHEDULES`),
            // and with arrays that chunks fold into. `context` is `context_size` bytes. Neither
            // changes the bits of results. `flags` as in `parallel`.
            raises fn snek_rt_parallel_for_with(
                body: ParallelBody,
                combine: CombineFn,
                context: *const u8,
                trip_count: i64,
                chunk: i64,
                threads: i64,
                partial_size: i64,
                partial_initial: *const u8,
                result: *mut u8,
                schedule: i64,
                accumulators: *const AccumulatorDesc,
                accumulator_count: i64,
                context_size: i64,
                cut: i64,
                flags: i64,
                place: *const FrameInfo,
                line: i64,
            ) -> i32;
            // Checks the options of a loop that follows; `flags` as in `parallel`.
            raises fn snek_rt_parallel_options(flags: i64, chunk: i64, threads: i64) -> i32;
            // The label under which the loop that follows shows how far it is.
            Any fn snek_rt_parallel_progress(label: *const u8, length: i64);
            Reads fn snek_rt_num_threads() -> i64;
            // Sets it for the process.
            raises fn snek_rt_set_num_threads(count: i64) -> i32;
            // Sets it for the loops of this thread, up to the end, or an exception.
            raises fn snek_rt_threads_begin(count: i64) -> i32;
            Any fn snek_rt_threads_end();
            // Not the same everywhere in a function, so it must stay where it is.
            Any fn snek_rt_thread_index() -> i64;

            // Whether another thread could do one of two tasks.
            Reads fn snek_rt_join_wanted() -> i32;

            // Takes the module's lock of a number below `LOCKS`, and gives it back.
            raises fn snek_rt_lock(id: i64) -> i32;
            Any fn snek_rt_unlock(id: i64);

            // Memory for the time of a loop: its address, aligned to 64 bytes, or 0 if there is none; and its end.
            Any fn snek_rt_scratch_take(bytes: i64) -> i64;
            Any fn snek_rt_scratch_give(address: i64, bytes: i64);

            // Printing: begin, the pieces in order, end, which writes them out. Separators and
            // the end are `str` pieces. `print_*` is `str()` of a value; `print_repr_*` is
            // `repr()`, for elements of tuples. `scalar` is a `ScalarKind`.
            Any fn snek_rt_print_begin();
            Any fn snek_rt_print_int(value: i64);
            Any fn snek_rt_print_uint(value: i64);
            Any fn snek_rt_print_float(value: f64);
            Any fn snek_rt_print_f32(value: f32);
            Any fn snek_rt_print_bool(value: i32);
            Any fn snek_rt_print_complex(real: f64, imaginary: f64);
            Any fn snek_rt_print_c64(real: f32, imaginary: f32);
            Any fn snek_rt_print_none();
            Any fn snek_rt_print_str(text: *const u8, length: i64);
            Any fn snek_rt_print_repr_str(text: *const u8, length: i64);
            Any fn snek_rt_print_repr_fixed(value: i64, scalar: i32);
            Any fn snek_rt_print_repr_f32(value: f32);
            Any fn snek_rt_print_repr_f64(value: f64);
            Any fn snek_rt_print_repr_c64(real: f32, imaginary: f32);
            Any fn snek_rt_print_repr_c128(real: f64, imaginary: f64);
            raises fn snek_rt_print_end(flush: i32) -> i32;

            // Integers. Pairs are (value, 1 if it does not fit in 64 bits).
            Pure fn snek_rt_int_pow(base: i64, exponent: i64) -> PairI64;
            Pure fn snek_rt_int_pow_wrapping(base: i64, exponent: i64) -> i64;
            // `modulus` is not 0; the second is 1 if there is no inverse.
            Pure fn snek_rt_int_pow_mod(base: i64, exponent: i64, modulus: i64) -> PairI64;
            Pure fn snek_rt_int_round(value: i64, digits: i64) -> PairI64;
            // Correctly rounded; the divisor is not 0.
            Pure fn snek_rt_int_true_div(dividend: i64, divisor: i64) -> f64;
            // -1, 0, 1, or 2 if unordered.
            Pure fn snek_rt_int_float_compare(left: i64, right: f64) -> i64;
            Pure fn snek_rt_int_gcd(left: i64, right: i64) -> PairI64;
            Pure fn snek_rt_int_isqrt(value: i64) -> i64;

            // Floats. Python's functions, but no error is raised: callers test for it before
            // (a divisor of 0) or after (an infinite result). With a divisor of 0 `floor_div`
            // and `mod` give what NumPy gives.
            Pure fn snek_rt_float_floor_div(dividend: f64, divisor: f64) -> f64;
            Pure fn snek_rt_float_mod(dividend: f64, divisor: f64) -> f64;
            Pure fn snek_rt_f32_floor_div(dividend: f32, divisor: f32) -> f32;
            Pure fn snek_rt_f32_mod(dividend: f32, divisor: f32) -> f32;
            Pure fn snek_rt_float_pow(base: f64, exponent: f64) -> f64;
            Pure fn snek_rt_f32_pow(base: f32, exponent: f32) -> f32;
            Pure fn snek_rt_float_round(value: f64, digits: i64) -> f64;
            Pure fn snek_rt_complex_div(
                left_real: f64, left_imaginary: f64, right_real: f64, right_imaginary: f64,
            ) -> PairF64;
            Pure fn snek_rt_complex_pow(
                base_real: f64, base_imaginary: f64, exponent_real: f64, exponent_imaginary: f64,
            ) -> PairF64;
            Pure fn snek_rt_complex_abs(real: f64, imaginary: f64) -> f64;

            // `math`, as CPython computes it, without its errors.
            Pure fn snek_rt_math_acos(x: f64) -> f64;
            Pure fn snek_rt_math_acosh(x: f64) -> f64;
            Pure fn snek_rt_math_asin(x: f64) -> f64;
            Pure fn snek_rt_math_asinh(x: f64) -> f64;
            Pure fn snek_rt_math_atan(x: f64) -> f64;
            Pure fn snek_rt_math_atan2(y: f64, x: f64) -> f64;
            Pure fn snek_rt_math_atanh(x: f64) -> f64;
            Pure fn snek_rt_math_cbrt(x: f64) -> f64;
            Pure fn snek_rt_math_ceil(x: f64) -> f64;
            Pure fn snek_rt_math_copysign(x: f64, y: f64) -> f64;
            Pure fn snek_rt_math_cos(x: f64) -> f64;
            Pure fn snek_rt_math_cosh(x: f64) -> f64;
            Pure fn snek_rt_math_erf(x: f64) -> f64;
            Pure fn snek_rt_math_erfc(x: f64) -> f64;
            Pure fn snek_rt_math_exp(x: f64) -> f64;
            Pure fn snek_rt_math_exp2(x: f64) -> f64;
            Pure fn snek_rt_math_expm1(x: f64) -> f64;
            Pure fn snek_rt_math_fabs(x: f64) -> f64;
            Pure fn snek_rt_math_floor(x: f64) -> f64;
            Pure fn snek_rt_math_fmod(x: f64, y: f64) -> f64;
            Pure fn snek_rt_math_frexp_exponent(x: f64) -> i64;
            Pure fn snek_rt_math_frexp_mantissa(x: f64) -> f64;
            Pure fn snek_rt_math_gamma(x: f64) -> f64;
            Pure fn snek_rt_math_hypot(x: f64, y: f64) -> f64;
            Pure fn snek_rt_math_hypot3(x: f64, y: f64, z: f64) -> f64;
            Pure fn snek_rt_math_ldexp(x: f64, exponent: i64) -> f64;
            Pure fn snek_rt_math_lgamma(x: f64) -> f64;
            Pure fn snek_rt_math_log(x: f64) -> f64;
            Pure fn snek_rt_math_log10(x: f64) -> f64;
            Pure fn snek_rt_math_log1p(x: f64) -> f64;
            Pure fn snek_rt_math_log2(x: f64) -> f64;
            // (fractional part, integral part).
            Pure fn snek_rt_math_modf(x: f64) -> PairF64;
            Pure fn snek_rt_math_nextafter(x: f64, y: f64) -> f64;
            Pure fn snek_rt_math_pow(x: f64, y: f64) -> f64;
            Pure fn snek_rt_math_remainder(x: f64, y: f64) -> f64;
            Pure fn snek_rt_math_sin(x: f64) -> f64;
            Pure fn snek_rt_math_sinh(x: f64) -> f64;
            Pure fn snek_rt_math_sqrt(x: f64) -> f64;
            Pure fn snek_rt_math_tan(x: f64) -> f64;
            Pure fn snek_rt_math_tanh(x: f64) -> f64;
            Pure fn snek_rt_math_trunc(x: f64) -> f64;
            Pure fn snek_rt_math_ulp(x: f64) -> f64;
            // Sums of `count` doubles that lie `stride` bytes apart. The second of the pair is 0,
            // 1 for "intermediate overflow in fsum", 2 for "-inf + inf in fsum".
            Reads fn snek_rt_math_fsum(data: *const u8, count: i64, stride: i64) -> PairF64;
            // `math.dist` and `math.hypot` over `count` doubles; `hypot` takes `right` null.
            Reads fn snek_rt_math_dist(
                left: *const u8, left_stride: i64, right: *const u8, right_stride: i64, count: i64,
            ) -> f64;
            Reads fn snek_rt_math_sumprod(
                left: *const u8, left_stride: i64, right: *const u8, right_stride: i64, count: i64,
            ) -> f64;
        }
    };
}

macro_rules! effect {
    (raises) => {
        Effect::Any
    };
    ($effect:ident) => {
        Effect::$effect
    };
}

macro_rules! raises {
    (raises) => {
        true
    };
    ($effect:ident) => {
        false
    };
}

macro_rules! result_types {
    () => {
        <() as AbiResult>::TYPES
    };
    ($result:ty) => {
        <$result as AbiResult>::TYPES
    };
}

macro_rules! rows {
    ($($effect:ident fn $name:ident($($param:ident: $ty:ty),* $(,)?) $(-> $result:ty)?;)*) => {
        /// The functions that compiled code may call.
        pub const RUNTIME_FUNCTIONS: &[RuntimeFn] = &[
            $(RuntimeFn {
                name: stringify!($name),
                params: &[$(<$ty as AbiValue>::TYPE),*],
                results: result_types!($($result)?),
                effect: effect!($effect),
                raises: raises!($effect),
            },)*
        ];
    };
}

for_each_runtime_function!(rows);

impl RuntimeFn {
    /// The row of the function of this name.
    pub fn find(name: &str) -> Option<&'static RuntimeFn> {
        RUNTIME_FUNCTIONS.iter().find(|row| row.name == name)
    }
}
