//! The `#[repr(C)]` records that codegen emits as constant data, and the frame convention.
//!
//! # Frames
//! Python calls a compiled function through a frame of 8-byte slots. Arguments are flattened into
//! it in order: `int`, `bool` and the fixed-width integers sign- or zero-extended to 64 bits;
//! `float` and `f64` as their bits; `f32` in the low 32 bits; a complex as two such slots (two
//! `f32` slots for `c64`); a tuple as its elements; an array as ONE slot that holds a pointer to
//! an [`ArrayDesc`] that lives during the call. The entry writes its results, flattened the same
//! way, to the slots after the arguments, and returns 0, or returns 1 with an exception pending.
//!
//! An array result is a pointer to the [`ArrayDesc`] of one of the array arguments: the caller
//! gets that very Python object.

use crate::scalar::ScalarKind;

/// Changes with every incompatible change of the layouts or of the table.
pub const ABI_VERSION: u32 = 1;

/// The largest number of dimensions of an array.
pub const RANK_MAX: usize = 4;

/// The largest extent of an array that is taken. No memory is as large, but a stride of 0 makes views that say so; below
/// it, the compiler may count on index arithmetic that stays within 64 bits.
pub const EXTENT_MAX: i64 = 1 << 60;

/// A UTF-8 text in constant data; codegen puts a NUL after it, which is not counted.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct StrDesc {
    /// The first byte.
    pub data: *const u8,
    /// The number of bytes.
    pub length: i64,
}

/// A view of the memory of an array.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ArrayDesc {
    /// The element whose indices are all 0.
    pub data: *mut u8,
    /// The number of elements along each axis; 0 beyond the rank.
    pub extents: [i64; RANK_MAX],
    /// The bytes from one element to the next along each axis; may be negative; 0 beyond the rank.
    pub strides: [i64; RANK_MAX],
}

/// What a [`TypeDesc`] describes.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeTag {
    /// A scalar (or `None`): `scalar` says which.
    Scalar = 0,
    /// A tuple of `count` types at `items`.
    Tuple = 1,
    /// An array of `rank` dimensions with elements of `scalar`.
    Array = 2,
}

/// Flag of an array type: the function writes to it, so a read-only buffer is refused.
pub const TYPE_WRITTEN: u8 = 1;
/// Flag of an array type: it must not share memory with another array argument of the call.
pub const TYPE_DISJOINT: u8 = 2;

/// The type of a parameter or of a result.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct TypeDesc {
    /// A [`TypeTag`].
    pub tag: u8,
    /// A [`ScalarKind`].
    pub scalar: u8,
    /// Dimensions, of an array.
    pub rank: u8,
    /// `TYPE_*` bits, of an array.
    pub flags: u8,
    /// How many types are at `items`, for a tuple.
    pub count: u32,
    /// The element types of a tuple, or null.
    pub items: *const TypeDesc,
}

impl TypeDesc {
    /// A scalar type.
    pub const fn scalar(kind: ScalarKind) -> TypeDesc {
        TypeDesc {
            tag: TypeTag::Scalar as u8,
            scalar: kind as u8,
            rank: 0,
            flags: 0,
            count: 0,
            items: core::ptr::null(),
        }
    }

    /// An array type.
    pub const fn array(element: ScalarKind, rank: u8, flags: u8) -> TypeDesc {
        TypeDesc {
            tag: TypeTag::Array as u8,
            scalar: element as u8,
            rank,
            flags,
            count: 0,
            items: core::ptr::null(),
        }
    }

    /// A tuple type; `items` must live as long as the description is used.
    pub const fn tuple(items: &'static [TypeDesc]) -> TypeDesc {
        TypeDesc {
            tag: TypeTag::Tuple as u8,
            scalar: ScalarKind::None as u8,
            rank: 0,
            flags: 0,
            count: items.len() as u32,
            items: items.as_ptr(),
        }
    }
}

/// In [`ParamDesc::extents`]: any extent will do.
pub const EXTENT_FREE: i64 = -1;

/// In [`ParamDesc::extents`]: the extent named by symbol `number` of [`FunctionDesc::symbols`],
/// which must be the same wherever the symbol occurs.
pub const fn extent_symbol(number: u32) -> i64 {
    -2 - number as i64
}

/// A parameter of an exported function.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ParamDesc {
    /// Its name.
    pub name: StrDesc,
    /// Its type.
    pub ty: TypeDesc,
    /// For an array, null or as many extents as it has dimensions: a required extent (>= 0),
    /// [`EXTENT_FREE`], or [`extent_symbol`].
    pub extents: *const i64,
}

/// A native entry that takes its arguments and leaves its results in a frame.
pub type FrameEntry = unsafe extern "C" fn(frame: *mut u64) -> i32;

/// Flag of a function: it may run long, so the GIL is released around the call.
pub const FUNCTION_RELEASES_GIL: u32 = 1;

/// What tracebacks say of a function: [`snek_rt_traceback`](crate::RUNTIME_FUNCTIONS) gets one.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FrameInfo {
    /// `__name__`.
    pub name: StrDesc,
    /// `__qualname__`.
    pub qualname: StrDesc,
    /// The source file; empty for the module's own.
    pub file: StrDesc,
    /// The line of the `def` (of its first decorator, if it has one), from 1.
    pub first_line: i64,
}

/// A native function that Python may call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FunctionDesc {
    /// `__name__`.
    pub name: StrDesc,
    /// `__qualname__`.
    pub qualname: StrDesc,
    /// `co_firstlineno` of the plain function: the line of its first decorator, or of `def`.
    pub first_line: u32,
    /// `FUNCTION_*` bits.
    pub flags: u32,
    /// The parameters: positional-only ones, then plain ones, then keyword-only ones.
    pub params: *const ParamDesc,
    /// How many parameters there are.
    pub param_count: u32,
    /// How many of them, at the start, are positional-only.
    pub positional_only: u32,
    /// How many of them, at the end, are keyword-only.
    pub keyword_only: u32,
    /// How many frame slots the arguments take.
    pub argument_slots: u32,
    /// How many frame slots there are in all, results included.
    pub frame_slots: u32,
    /// How many symbols there are.
    pub symbol_count: u32,
    /// The names of the symbolic extents.
    pub symbols: *const StrDesc,
    /// The type of the result.
    pub result: TypeDesc,
    /// For calls whose arrays are all C-contiguous.
    pub entry_contiguous: Option<FrameEntry>,
    /// For any strides. Never null; the same as `entry_contiguous` if there is no array.
    pub entry_strided: Option<FrameEntry>,
}

/// The module: codegen emits one for each object.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ModuleDesc {
    /// [`ABI_VERSION`] of the compiler.
    pub abi_version: u32,
    /// None yet: 0.
    pub flags: u32,
    /// The module's name; within a package the last part of it will do.
    pub name: StrDesc,
    /// The whole source text.
    pub source: StrDesc,
    /// The base name of the source file, such as `blur.py`.
    pub file_name: StrDesc,
    /// The native functions.
    pub functions: *const FunctionDesc,
    /// How many native functions there are.
    pub function_count: u64,
}

// SAFETY: the records are constant data: nobody writes through the pointers that they hold.
unsafe impl Sync for StrDesc {}
// SAFETY: as above.
unsafe impl Sync for TypeDesc {}
// SAFETY: as above.
unsafe impl Sync for ParamDesc {}
// SAFETY: as above.
unsafe impl Sync for FrameInfo {}
// SAFETY: as above.
unsafe impl Sync for FunctionDesc {}
// SAFETY: as above.
unsafe impl Sync for ModuleDesc {}
// SAFETY: as above.
unsafe impl Send for ModuleDesc {}

impl StrDesc {
    /// The description of a text that lives for ever.
    pub const fn new(text: &'static str) -> StrDesc {
        StrDesc {
            data: text.as_ptr(),
            length: text.len() as i64,
        }
    }

    /// The text.
    ///
    /// # Safety
    /// `data` must be valid for `length` bytes of UTF-8 that live for ever.
    pub const unsafe fn as_str(&self) -> &'static str {
        if self.length <= 0 {
            return "";
        }
        // SAFETY: the caller's promise.
        unsafe {
            core::str::from_utf8_unchecked(core::slice::from_raw_parts(
                self.data,
                self.length as usize,
            ))
        }
    }
}

// Sizes and offsets, for a compiler that writes the records byte by byte.
macro_rules! offsets {
    ($($record:ident { $($constant:ident: $field:ident),* $(,)? })*) => {
        $(
            impl $record {
                /// Bytes of the record.
                pub const SIZE: usize = core::mem::size_of::<$record>();
                $(
                    #[doc = concat!("Where `", stringify!($field), "` is.")]
                    pub const $constant: usize = core::mem::offset_of!($record, $field);
                )*
            }
        )*
    };
}

offsets! {
    StrDesc { DATA: data, LENGTH: length }
    ArrayDesc { DATA: data, EXTENTS: extents, STRIDES: strides }
    TypeDesc { TAG: tag, SCALAR: scalar, RANK: rank, FLAGS: flags, COUNT: count, ITEMS: items }
    ParamDesc { NAME: name, TY: ty, EXTENTS: extents }
    FrameInfo { NAME: name, QUALNAME: qualname, FILE: file, FIRST_LINE: first_line }
    FunctionDesc {
        NAME: name,
        QUALNAME: qualname,
        FIRST_LINE: first_line,
        FLAGS: flags,
        PARAMS: params,
        PARAM_COUNT: param_count,
        POSITIONAL_ONLY: positional_only,
        KEYWORD_ONLY: keyword_only,
        ARGUMENT_SLOTS: argument_slots,
        FRAME_SLOTS: frame_slots,
        SYMBOL_COUNT: symbol_count,
        SYMBOLS: symbols,
        RESULT: result,
        ENTRY_CONTIGUOUS: entry_contiguous,
        ENTRY_STRIDED: entry_strided,
    }
    ModuleDesc {
        ABI_VERSION: abi_version,
        FLAGS: flags,
        NAME: name,
        SOURCE: source,
        FILE_NAME: file_name,
        FUNCTIONS: functions,
        FUNCTION_COUNT: function_count,
    }
}

// The layouts that compiled code relies on, on every 64-bit target.
const _: () = assert!(ArrayDesc::SIZE == 72 && ArrayDesc::EXTENTS == 8 && ArrayDesc::STRIDES == 40);
const _: () = assert!(
    StrDesc::SIZE == 16 && TypeDesc::SIZE == 16 && ParamDesc::SIZE == 40 && FrameInfo::SIZE == 56
);
