//! snek runtime.
