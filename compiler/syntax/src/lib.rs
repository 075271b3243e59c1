//! snek compiler: syntax.
