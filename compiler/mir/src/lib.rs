//! snek compiler: mir.
