//! Runtime ABI.
