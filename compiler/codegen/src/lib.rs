//! snek compiler: codegen.
