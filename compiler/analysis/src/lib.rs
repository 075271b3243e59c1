//! snek compiler: analysis.
