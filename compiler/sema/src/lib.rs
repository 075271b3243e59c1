//! snek compiler: sema.
