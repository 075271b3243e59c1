//! snek compiler: python.
