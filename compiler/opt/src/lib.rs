//! snek compiler: opt.
