//! snek compiler: diagnostics.
